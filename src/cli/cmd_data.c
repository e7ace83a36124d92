/* passband data: which data sets there are, and downloads. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "cli/cli.h"
#include "cli/terminal.h"
#include "data/fetch.h"

static const char *const actions[] = {"list", "fetch"};
enum { ACTIONS = sizeof actions / sizeof *actions };

/* ---- list ---- */

static void print_row(pb_cli *cli, const pb_data_row *row, int width)
{
    char *folder = NULL;
    printf("%-*s  %s\n", width, row->name, row->summary);
    if (row->needs_path)
        printf("%-*s  data.path: %s\n", width, "", row->how);
    else if (pb_data_folder(cli->ctx, row, &folder) == PB_OK)
        printf("%-*s  in %s\n", width, "", folder);
    else
        printf("%-*s  not here; %s\n", width, "", row->how);
    free(folder);
}

static pb_status list(pb_cli *cli)
{
    int count = 0, widest = 0;
    const pb_data_row *rows = pb_data_rows(&count);
    for (int i = 0; i < count; i++)
        if ((int)strlen(rows[i].name) > widest) widest = (int)strlen(rows[i].name);
    for (int i = 0; i < count; i++) print_row(cli, &rows[i], widest);
    return PB_OK;
}

/* ---- fetch ---- */

typedef struct download {
    const volatile int *stop;
    bool quiet, is_terminal;
    char file[128]; /* the one that comes, for the first line about it */
} download;

static bool show(void *user, const char *file, uint64_t done_bytes, uint64_t total_bytes)
{
    download *d = user;
    const bool is_new = strncmp(d->file, file, sizeof d->file - 1) != 0;
    if (is_new) snprintf(d->file, sizeof d->file, "%s", file);
    if (d->quiet) return !*d->stop;
    const double mib = (double)done_bytes / (1 << 20), total_mib = (double)total_bytes / (1 << 20);
    if (d->is_terminal) {
        char bar[40] = "", line[256];
        if (total_bytes) pb_terminal_bar(bar, sizeof bar, mib / total_mib, 24);
        snprintf(line, sizeof line, total_bytes ? "%s  %s  %.1f of %.1f MiB" : "%s  %s  %.1f MiB",
                 file, bar, mib, total_mib);
        pb_terminal_rewrite(stderr, line);
    } else if (is_new) {
        fprintf(stderr, "fetching %s\n", file);
    }
    return !*d->stop;
}

static pb_status fetch(pb_cli *cli)
{
    if (cli->word_count < 2)
        return pb_fail(cli->ctx, PB_ERR_USAGE,
                       "data: fetch needs the name of a data set; passband data list shows them");
    download d = {.stop = cli->stop,
                  .quiet = pb_cli_value(cli, "quiet") != NULL,
                  .is_terminal = pb_terminal_is(stderr)};
    const pb_status status =
        pb_data_fetch(cli->ctx, cli->words[1], pb_cli_value(cli, "output"), show, &d);
    if (!d.quiet) pb_terminal_clear_line(stderr);
    PB_TRY(status);
    if (d.quiet) return PB_OK;
    if (pb_cli_value(cli, "output"))
        printf("%s is in %s\n", cli->words[1], pb_cli_value(cli, "output"));
    else
        printf("%s is ready\n", cli->words[1]);
    return PB_OK;
}

pb_status pb_cli_data(pb_cli *cli)
{
    const char *action = cli->words[0];
    if (strcmp(action, "fetch") == 0) return fetch(cli);
    if (strcmp(action, "list") != 0) {
        const char *near = pb_nearest(action, actions, ACTIONS);
        return pb_fail(cli->ctx, PB_ERR_USAGE, "data: unknown action %s%s%s%s", action,
                       near ? " (did you mean " : "; list and fetch are allowed", near ? near : "",
                       near ? "?)" : "");
    }
    if (cli->word_count > 1)
        return pb_fail(cli->ctx, PB_ERR_USAGE, "data: %s is one argument too many after list",
                       cli->words[1]);
    return list(cli);
}
