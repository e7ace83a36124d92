/* passband eval: scores the saved parameters of a run, or a compressed network. */
#include <stdlib.h>
#include <sys/stat.h>

#include <passband/model.h>

#include "cli/cli.h"

static bool is_file(const char *path)
{
    struct stat entry;
    return stat(path, &entry) == 0 && S_ISREG(entry.st_mode);
}

static bool is_missing(const char *path)
{
    struct stat entry;
    return stat(path, &entry) != 0;
}

pb_status pb_cli_eval(pb_cli *cli)
{
    char *json = NULL;
    const char *what = cli->words[0];
    const pb_run_options options = {.device = pb_cli_value(cli, "device"),
                                    .stop = cli->stop,
                                    .skip_damaged = pb_cli_value(cli, "skip-damaged") != NULL};
    if (is_missing(what))
        return pb_fail(cli->ctx, PB_ERR_USAGE,
                       "eval: %s: there is no such run folder and no such file of a compressed "
                       "network",
                       what);
    if (is_file(what)) {
        PB_TRY(pb_model_eval(cli->ctx, what, &options, &json));
    } else {
        PB_TRY(pb_cli_need_folder(cli, what));
        PB_TRY(pb_run_eval(cli->ctx, what, &options, &json));
    }
    printf("%s\n", json);
    free(json);
    return PB_OK;
}
