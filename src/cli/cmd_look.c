/* passband look: saliency, activations, confusion and mistakes of a trained network. */
#include <stdlib.h>
#include <string.h>

#include <passband/look.h>
#include <passband/report.h>

#include "base/file.h"
#include "base/number.h"
#include "cli/finish.h"

static pb_status read_noise(pb_cli *cli, double *noise)
{
    const char *text = pb_cli_value(cli, "noise");
    if (text && (pb_number_float(text, noise) != PB_NUMBER_OK || *noise < 0 || *noise > 10))
        return pb_fail(cli->ctx, PB_ERR_USAGE,
                       "look: --noise must be a number from 0 to 10, not %s", text);
    return PB_OK;
}

static pb_status read_baseline(pb_cli *cli, bool *mean)
{
    const char *text = pb_cli_value(cli, "baseline");
    *mean = text && strcmp(text, "mean") == 0;
    if (text && !*mean && strcmp(text, "zero") != 0)
        return pb_fail(cli->ctx, PB_ERR_USAGE, "look: --baseline must be zero or mean, not %s",
                       text);
    return PB_OK;
}

static pb_status look(pb_cli *cli, const pb_look_options *options, const char *folder)
{
    PB_TRY(pb_run_look(cli->ctx, cli->words[0], options, folder));
    PB_TRY(pb_cli_forgive_gnuplot(cli, pb_report_look(cli->ctx, folder)));
    if (!pb_cli_value(cli, "quiet")) printf("%s/index.html\n", folder);
    return PB_OK;
}

pb_status pb_cli_look(pb_cli *cli)
{
    pb_look_options options = PB_LOOK_DEFAULTS;
    options.device = pb_cli_value(cli, "device");
    options.stop = cli->stop;
    options.pixels = pb_cli_value(cli, "pixels") != NULL;
    options.prediction = pb_cli_value(cli, "prediction") != NULL;
    PB_TRY(pb_cli_seed(cli, &options.seed));
    PB_TRY(read_noise(cli, &options.noise));
    PB_TRY(read_baseline(cli, &options.mean_baseline));
    PB_TRY(pb_cli_count(cli, "samples", 1000, &options.per_class));
    PB_TRY(pb_cli_count(cli, "draws", 10000, &options.draws));
    PB_TRY(pb_cli_need_folder(cli, cli->words[0]));
    const char *output = pb_cli_value(cli, "output");
    char *folder = output ? strdup(output) : pb_path_join(cli->words[0], "inside");
    if (!folder) return pb_fail(cli->ctx, PB_ERR_MEMORY, "out of memory");
    const pb_status status = look(cli, &options, folder);
    free(folder);
    return status;
}
