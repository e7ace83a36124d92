/* passband report: draws a run, a search or a study again, or several runs into one comparison. */
#include <dirent.h>
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

/* ---- the runs ---- */

/* Run folders to draw. */
typedef struct list {
    char **folder; /* [count], on the heap */
    int count, capacity;
} list;

static pb_status add(pb_context *ctx, list *runs, char *folder)
{
    if (folder && runs->count == runs->capacity) {
        const int capacity = 2 * runs->capacity + 16;
        char **larger = realloc(runs->folder, (size_t)capacity * sizeof *larger);
        if (larger) {
            runs->folder = larger;
            runs->capacity = capacity;
        }
    }
    if (folder && runs->count < runs->capacity) {
        runs->folder[runs->count++] = folder;
        return PB_OK;
    }
    free(folder);
    return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a list of runs");
}

static void clear(list *runs)
{
    for (int i = 0; i < runs->count; i++) free(runs->folder[i]);
    free(runs->folder);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What has something of its own to draw is no folder of runs. */
static bool is_drawable(const char *folder)
{
    static const char *const files[] = {"config.yaml", "metrics.jsonl", "sweep.yaml",
                                        "sweep.json",  "study.yaml",    "study.json"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (holds(folder, files[i])) return true;
    return false;
}

/* The runs within a folder that have an epoch done, in the order of their names. */
static pb_status add_inner(pb_context *ctx, list *runs, const char *folder)
{
    const int before = runs->count;
    pb_status status = PB_OK;
    DIR *stream = opendir(folder);
    for (struct dirent *entry; stream && !status && (entry = readdir(stream));) {
        if (entry->d_name[0] == '.') continue;
        char *path = pb_path_join(folder, entry->d_name);
        if (path && !holds(path, "metrics.jsonl"))
            free(path);
        else
            status = add(ctx, runs, path);
    }
    if (stream) closedir(stream);
    if (runs->count > before)
        qsort(runs->folder + before, (size_t)(runs->count - before), sizeof *runs->folder, by_name);
    return status;
}

static pb_status add_word(pb_context *ctx, list *runs, const char *folder)
{
    const int before = runs->count;
    if (!is_drawable(folder)) PB_TRY(add_inner(ctx, runs, folder));
    return runs->count > before ? PB_OK : add(ctx, runs, strdup(folder));
}

/* ---- drawing ---- */

static pb_status draw(pb_context *ctx, const char *folder)
{
    if (holds(folder, "sweep.json")) return pb_report_sweep(ctx, folder);
    if (holds(folder, "study.json")) return pb_report_study(ctx, folder);
    return pb_report_run(ctx, folder);
}

static pb_status draw_one(pb_cli *cli, const char *folder)
{
    if (pb_cli_value(cli, "output"))
        return pb_fail(cli->ctx, PB_ERR_USAGE,
                       "report: --output is for a comparison; one run is drawn into its folder");
    PB_TRY(draw(cli->ctx, folder));
    if (!pb_cli_value(cli, "quiet")) printf("%s/index.html\n", folder);
    return PB_OK;
}

static pb_status draw_several(pb_cli *cli, const list *runs)
{
    const char *const *folders = (const char *const *)runs->folder;
    const char *output = pb_cli_value(cli, "output");
    if (!output && cli->word_count == 1) output = cli->words[0]; /* a folder of runs */
    char *folder = output ? strdup(output) : pb_cli_comparison_folder(cli);
    if (!folder) return output ? pb_fail(cli->ctx, PB_ERR_MEMORY, "out of memory") : PB_ERR_IO;
    pb_status status = pb_report_compare(cli->ctx, runs->count, folders, folder);
    if (!status && !pb_cli_value(cli, "quiet")) {
        status = pb_report_table(cli->ctx, runs->count, folders, stdout);
        printf("%s/index.html\n", folder);
    }
    free(folder);
    return status;
}

pb_status pb_cli_report(pb_cli *cli)
{
    list runs = {0};
    pb_status status = PB_OK;
    for (int i = 0; !status && i < cli->word_count; i++) {
        status = pb_cli_need_folder(cli, cli->words[i]);
        if (!status) status = add_word(cli->ctx, &runs, cli->words[i]);
    }
    if (!status)
        status = runs.count == 1 ? draw_one(cli, runs.folder[0]) : draw_several(cli, &runs);
    clear(&runs);
    return status;
}
