/* passband report: draws a run, a search or a study again, or several runs into one comparison. */
#include <stdlib.h>
#include <string.h>

#include <passband/report.h>

#include "base/file.h"
#include "cli/finish.h"

static bool holds(const char *folder, const char *file)
{
    char *path = pb_path_join(folder, file);
    const bool found = path && pb_file_exists(path);
    free(path);
    return found;
}

static pb_status draw(pb_context *ctx, const char *folder)
{
    if (holds(folder, "sweep.json")) return pb_report_sweep(ctx, folder);
    if (holds(folder, "study.json")) return pb_report_study(ctx, folder);
    return pb_report_run(ctx, folder);
}

static pb_status draw_one(pb_cli *cli)
{
    if (pb_cli_value(cli, "output"))
        return pb_fail(cli->ctx, PB_ERR_USAGE,
                       "report: --output is for a comparison; one run is drawn into its folder");
    PB_TRY(draw(cli->ctx, cli->words[0]));
    if (!pb_cli_value(cli, "quiet")) printf("%s/index.html\n", cli->words[0]);
    return PB_OK;
}

static pb_status draw_several(pb_cli *cli)
{
    const char *output = pb_cli_value(cli, "output");
    char *folder = output ? strdup(output) : pb_cli_comparison_folder(cli);
    if (!folder) return output ? pb_fail(cli->ctx, PB_ERR_MEMORY, "out of memory") : PB_ERR_IO;
    pb_status status = pb_report_compare(cli->ctx, cli->word_count, cli->words, folder);
    if (!status && !pb_cli_value(cli, "quiet")) {
        status = pb_report_table(cli->ctx, cli->word_count, cli->words, stdout);
        printf("%s/index.html\n", folder);
    }
    free(folder);
    return status;
}

pb_status pb_cli_report(pb_cli *cli)
{
    for (int i = 0; i < cli->word_count; i++) PB_TRY(pb_cli_need_folder(cli, cli->words[i]));
    return cli->word_count == 1 ? draw_one(cli) : draw_several(cli);
}
