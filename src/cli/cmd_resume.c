/* passband resume: goes on with a run that was interrupted, then draws it. */
#include <passband/report.h>

#include "cli/finish.h"
#include "cli/progress.h"

pb_status pb_cli_resume(pb_cli *cli)
{
    const char *folder = cli->words[0];
    const bool quiet = pb_cli_value(cli, "quiet") != NULL;
    pb_cli_progress progress;
    pb_run_options options = {
        .device = pb_cli_value(cli, "device"),
        .progress = pb_cli_progress_show,
        .user = &progress,
        .stop = cli->stop,
        .profile = pb_cli_value(cli, "profile") != NULL,
        .trace = pb_cli_trace(cli),
    };
    PB_TRY(pb_cli_need_folder(cli, folder));
    PB_TRY(pb_cli_count(cli, "side-by-side", 64, &options.side_by_side));
    pb_cli_progress_begin(&progress, quiet, folder);
    const pb_status status = pb_run_resume(cli->ctx, folder, &options);
    pb_cli_progress_end(&progress);
    PB_TRY(status);
    PB_TRY(pb_cli_draw_run(cli, folder));
    if (quiet) return PB_OK;
    if (options.profile) PB_TRY(pb_cli_print_profile(cli, folder));
    PB_TRY(pb_report_table(cli->ctx, 1, &folder, stdout));
    PB_TRY(pb_cli_print_any_ensemble(cli, folder));
    printf("%s/index.html\n", folder);
    return PB_OK;
}
