/* passband ensemble: judges the networks of finished runs together. */
#include <stdlib.h>
#include <string.h>

#include <passband/ensemble.h>
#include <passband/report.h>

#include "cli/finish.h"

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
    if (!status && !pb_cli_value(cli, "quiet")) status = pb_cli_print_ensemble(cli, folder);
    free(folder);
    return status;
}
