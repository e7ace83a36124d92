/* passband data: which data sets there are, downloads, and generated ones as files. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "base/yaml.h"
#include "cli/cli.h"
#include "cli/terminal.h"
#include "data/fetch.h"
#include "data/mnist1d.h"

static const char *const actions[] = {"list", "fetch", "export"};
enum { ACTIONS = sizeof actions / sizeof *actions };

/* ---- list ---- */

static void print_row(pb_cli *cli, const pb_data_row *row, int width)
{
    char *folder = NULL;
    printf("%-*s  %s\n", width, row->name, row->summary);
    if (row->needs_path)
        printf("%-*s  data.path: %s\n", width, "", row->how);
    else if (row->generate)
        printf("%-*s  %s\n", width, "", row->how);
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

/* ---- export ---- */

/* The words "key=value" as options of mnist1d. */
static pb_status read_words(pb_cli *cli, pb_yaml *yaml, pb_mnist1d_options *options)
{
    for (int i = 3; i < cli->word_count; i++) {
        const char *equals = strchr(cli->words[i], '=');
        if (!equals || equals == cli->words[i])
            return pb_fail(cli->ctx, PB_ERR_USAGE,
                           "data: '%.100s' is not an option of mnist1d, which reads key=value "
                           "(num_samples=10000)",
                           cli->words[i]);
        char *key = strndup(cli->words[i], (size_t)(equals - cli->words[i]));
        if (!key) return pb_fail(cli->ctx, PB_ERR_MEMORY, "no memory for an option");
        const pb_status status = pb_node_set(cli->ctx, yaml, pb_yaml_root(yaml), key, equals + 1);
        free(key);
        PB_TRY(status);
    }
    pb_options *values;
    PB_TRY(pb_options_parse(cli->ctx, pb_mnist1d_table, pb_yaml_root(yaml), "", &values));
    const pb_status status = pb_mnist1d_read(cli->ctx, values, options);
    pb_options_free(&values);
    return status;
}

static pb_status export(pb_cli *cli)
{
    const pb_data_row *row;
    if (cli->word_count < 3)
        return pb_fail(cli->ctx, PB_ERR_USAGE,
                       "data: export needs a data set and a folder: passband data export mnist1d "
                       "DIR");
    PB_TRY(pb_data_find(cli->ctx, cli->words[1], &row));
    if (!row->generate)
        return pb_fail(cli->ctx, PB_ERR_USAGE,
                       "data: %s is not generated and not exported, mnist1d is", row->name);
    if (pb_cli_value(cli, "output"))
        return pb_fail(cli->ctx, PB_ERR_USAGE,
                       "data: --output is for fetch; export goes to the folder %s", cli->words[2]);
    pb_yaml *yaml;
    pb_mnist1d_options options;
    PB_TRY(pb_yaml_parse(cli->ctx, "command line", "{}", 2, &yaml));
    const pb_status status = read_words(cli, yaml, &options);
    pb_yaml_free(&yaml);
    PB_TRY(status);
    PB_TRY(pb_mnist1d_export(cli->ctx, &options, cli->words[2]));
    if (!pb_cli_value(cli, "quiet")) printf("%s is in %s\n", row->name, cli->words[2]);
    return PB_OK;
}

void pb_cli_print_exports(FILE *out)
{
    pb_options_print_table(pb_mnist1d_table, 2, out);
}

static pb_status at_most(pb_cli *cli, int words)
{
    if (cli->word_count <= words) return PB_OK;
    return pb_fail(cli->ctx, PB_ERR_USAGE, "data: %s is one argument too many after %s",
                   cli->words[words], cli->words[words - 1]);
}

pb_status pb_cli_data(pb_cli *cli)
{
    const char *action = cli->words[0];
    if (strcmp(action, "export") == 0) return export(cli);
    if (strcmp(action, "fetch") == 0) {
        PB_TRY(at_most(cli, 2));
        return fetch(cli);
    }
    if (strcmp(action, "list") == 0) {
        PB_TRY(at_most(cli, 1));
        return list(cli);
    }
    const char *near = pb_nearest(action, actions, ACTIONS);
    return pb_fail(cli->ctx, PB_ERR_USAGE, "data: unknown action %s%s%s%s", action,
                   near ? " (did you mean " : "; list, fetch and export are allowed",
                   near ? near : "", near ? "?)" : "");
}
