/* passband eval: scores the saved parameters of a run. */
#include <stdlib.h>

#include "cli/cli.h"

pb_status pb_cli_eval(pb_cli *cli)
{
    char *json = NULL;
    const pb_run_options options = {.device = pb_cli_value(cli, "device"),
                                    .stop = cli->stop,
                                    .skip_damaged = pb_cli_value(cli, "skip-damaged") != NULL};
    PB_TRY(pb_cli_need_folder(cli, cli->words[0]));
    PB_TRY(pb_run_eval(cli->ctx, cli->words[0], &options, &json));
    printf("%s\n", json);
    free(json);
    return PB_OK;
}
