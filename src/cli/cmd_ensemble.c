/* passband ensemble: judges the networks of finished runs together. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <passband/ensemble.h>
#include <passband/report.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/finish.h"

static void print_row(const char *what, const json_t *scores)
{
    printf("%-24s  %8.2f %%  %23.4f  %17.2f %%\n", what,
           100 * json_number_value(json_object_get(scores, "accuracy")),
           json_number_value(json_object_get(scores, "negative_log_likelihood")),
           100 * json_number_value(json_object_get(scores, "calibration_error")));
}

static pb_status print_result(pb_cli *cli, const char *folder)
{
    json_t *json = NULL;
    char what[48], *path = pb_path_join(folder, "ensemble.json");
    if (!path) return pb_fail(cli->ctx, PB_ERR_MEMORY, "out of memory");
    const pb_status status = pb_json_load(cli->ctx, path, &json);
    free(path);
    PB_TRY(status);
    const size_t members = json_array_size(json_object_get(json, "members"));
    printf("%-24s  %10s  %23s  %19s\n", "", "accuracy", "negative log-likelihood",
           "calibration error");
    snprintf(what, sizeof what, "mean of %zu networks", members);
    print_row(what, json_object_get(json, "mean_of_members"));
    print_row("their ensemble", json_object_get(json, "ensemble"));
    printf("%s/ensemble.json\n", folder);
    json_decref(json);
    return PB_OK;
}

/* Of one run the folder is its own. */
static char *choose_folder(pb_cli *cli)
{
    const char *output = pb_cli_value(cli, "output");
    if (!output && cli->word_count > 1) return pb_cli_dated_folder(cli, "ensemble");
    char *folder = strdup(output ? output : cli->words[0]);
    if (!folder) pb_fail(cli->ctx, PB_ERR_MEMORY, "out of memory");
    return folder;
}

pb_status pb_cli_ensemble(pb_cli *cli)
{
    const pb_ensemble_options options = {.device = pb_cli_value(cli, "device"), .stop = cli->stop};
    for (int i = 0; i < cli->word_count; i++) PB_TRY(pb_cli_need_folder(cli, cli->words[i]));
    char *folder = choose_folder(cli);
    if (!folder) return PB_ERR_IO;
    pb_status status = pb_ensemble_run(cli->ctx, cli->word_count, cli->words, &options, folder);
    if (!status) status = pb_cli_forgive_gnuplot(cli, pb_report_ensemble(cli->ctx, folder));
    if (!status && !pb_cli_value(cli, "quiet")) status = print_result(cli, folder);
    free(folder);
    return status;
}
