/* passband run: trains one configuration or several, then draws them. */
#include <stdlib.h>
#include <string.h>

#include <passband/report.h>

#include "base/arena.h"
#include "base/file.h"
#include "cli/finish.h"
#include "cli/progress.h"
#include "train/session.h"

typedef struct batch {
    pb_cli *cli;
    int count;
    const char **paths, **overrides; /* parts of the arguments */
    int override_count;
    pb_config **configs; /* [count] */
    char **folders;      /* [count], NULL before a run has begun */
} batch;

static pb_status sort_words(batch *b)
{
    const size_t room = (size_t)b->cli->word_count;
    b->paths = calloc(room, sizeof *b->paths);
    b->overrides = calloc(room + 1, sizeof *b->overrides);
    b->configs = calloc(room, sizeof *b->configs);
    b->folders = calloc(room, sizeof *b->folders);
    if (!b->paths || !b->overrides || !b->configs || !b->folders)
        return pb_fail(b->cli->ctx, PB_ERR_MEMORY, "out of memory");
    for (int i = 0; i < b->cli->word_count; i++) {
        const char *word = b->cli->words[i];
        if (strchr(word, '=') && !pb_file_exists(word))
            b->overrides[b->override_count++] = word;
        else
            b->paths[b->count++] = word;
    }
    if (pb_cli_value(b->cli, "skip-damaged")) /* the run's folder shall tell of it */
        b->overrides[b->override_count++] = "data.skip_damaged=true";
    if (b->count == 0)
        return pb_fail(b->cli->ctx, PB_ERR_USAGE, "run: no configuration is given, only overrides");
    return PB_OK;
}

/* All are read before the first one runs: an error in the last should not cost hours. */
static pb_status load_configs(batch *b)
{
    for (int i = 0; i < b->count; i++) PB_TRY(pb_cli_need_source(b->cli, b->paths[i]));
    for (int i = 0; i < b->count; i++)
        PB_TRY(pb_config_load(b->cli->ctx, b->paths[i], b->override_count, b->overrides,
                              &b->configs[i]));
    return PB_OK;
}

/* Several: the data and the graph of each are made once before the first trains. */
static pb_status try_configs(batch *b)
{
    for (int i = 0; b->count > 1 && i < b->count; i++) {
        pb_session session;
        const pb_status status = pb_session_open(b->cli->ctx, b->configs[i], NULL, &session);
        pb_session_close(&session);
        PB_TRY(status);
    }
    return PB_OK;
}

static pb_status print_configs(const batch *b)
{
    for (int i = 0; i < b->count; i++) {
        char *yaml = pb_config_yaml(b->configs[i]);
        if (!yaml) return pb_fail(b->cli->ctx, PB_ERR_MEMORY, "out of memory");
        printf("%s%s", i ? "---\n" : "", yaml);
        free(yaml);
    }
    return PB_OK;
}

static int same_names_before(const batch *b, int which)
{
    int same = 0;
    for (int i = 0; i < which; i++)
        same += strcmp(pb_config_name(b->configs[i]), pb_config_name(b->configs[which])) == 0;
    return same;
}

/* Where a run goes: --output itself for one run, a folder in it for several. NULL: under runs/. */
static pb_status choose_folder(const batch *b, int which, char **folder)
{
    const char *output = pb_cli_value(b->cli, "output");
    pb_text path = {0};
    *folder = NULL;
    if (!output) return PB_OK;
    pb_text_append(&path, "%s", output);
    if (b->count > 1) {
        pb_text_append(&path, "/");
        for (const char *c = pb_config_name(b->configs[which]); *c; c++)
            pb_text_append(&path, "%c", *c == '/' ? '_' : *c);
        const int before = same_names_before(b, which);
        if (before) pb_text_append(&path, "-%d", before + 1);
    }
    if (path.failed) {
        pb_text_free(&path);
        return pb_fail(b->cli->ctx, PB_ERR_MEMORY, "out of memory");
    }
    *folder = path.text;
    return PB_OK;
}

static pb_status train(batch *b, int which)
{
    pb_cli *cli = b->cli;
    const bool quiet = pb_cli_value(cli, "quiet") != NULL;
    char *wanted;
    int side_by_side = 0;
    pb_cli_progress progress;
    PB_TRY(pb_cli_count(cli, "side-by-side", 64, &side_by_side));
    PB_TRY(choose_folder(b, which, &wanted));
    const pb_run_options options = {
        .folder = wanted,
        .device = pb_cli_value(cli, "device"),
        .progress = pb_cli_progress_show,
        .user = &progress,
        .stop = cli->stop,
        .profile = pb_cli_value(cli, "profile") != NULL,
        .trace = pb_cli_trace(cli),
        .side_by_side = side_by_side,
    };
    pb_cli_progress_begin(&progress, quiet, pb_config_name(b->configs[which]));
    pb_status status = pb_run_train(cli->ctx, b->configs[which], &options, &b->folders[which]);
    pb_cli_progress_end(&progress);
    free(wanted);
    if (!status) status = pb_cli_draw_run(cli, b->folders[which]);
    if (!status && options.profile && !quiet) status = pb_cli_print_profile(cli, b->folders[which]);
    return status;
}

static pb_status compare(batch *b, char **folder)
{
    const char *output = pb_cli_value(b->cli, "output");
    *folder = output ? strdup(output) : pb_cli_comparison_folder(b->cli);
    if (!*folder) return output ? pb_fail(b->cli->ctx, PB_ERR_MEMORY, "out of memory") : PB_ERR_IO;
    return pb_cli_draw_comparison(b->cli, b->count, (const char *const *)b->folders, *folder);
}

static pb_status conclude(batch *b)
{
    char *comparison = NULL;
    pb_status status = b->count > 1 ? compare(b, &comparison) : PB_OK;
    if (!status && !pb_cli_value(b->cli, "quiet")) {
        status = pb_report_table(b->cli->ctx, b->count, (const char *const *)b->folders, stdout);
        for (int i = 0; !status && i < b->count; i++)
            status = pb_cli_print_any_ensemble(b->cli, b->folders[i]);
        for (int i = 0; i < b->count; i++) printf("%s/index.html\n", b->folders[i]);
        if (comparison) printf("%s/index.html compares them\n", comparison);
    }
    free(comparison);
    return status;
}

static pb_status run(batch *b)
{
    PB_TRY(sort_words(b));
    PB_TRY(load_configs(b));
    if (pb_cli_value(b->cli, "print-config")) return print_configs(b);
    if (b->count > 1 && pb_cli_trace(b->cli))
        return pb_fail(b->cli->ctx, PB_ERR_USAGE,
                       "run: --profile %s traces one configuration, but %d are given",
                       pb_cli_trace(b->cli), b->count);
    PB_TRY(try_configs(b));
    for (int i = 0; i < b->count; i++) PB_TRY(train(b, i));
    return conclude(b);
}

pb_status pb_cli_run(pb_cli *cli)
{
    batch b = {.cli = cli};
    const pb_status status = run(&b);
    for (int i = 0; i < b.count; i++) {
        pb_config_free(&b.configs[i]);
        free(b.folders[i]);
    }
    free(b.configs);
    free(b.folders);
    free(b.paths);
    free(b.overrides);
    return status;
}
