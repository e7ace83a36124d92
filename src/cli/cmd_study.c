/* passband study: compares ways to compress a data set, then draws what came of it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <passband/report.h>
#include <passband/study.h>

#include "base/file.h"
#include "cli/finish.h"
#include "cli/progress.h"
#include "cli/terminal.h"

/* What is shown while it goes on: trainings, and a line for each file that they are done with. */
typedef struct display {
    bool quiet;
    char run[128]; /* in training */
    pb_cli_progress progress;
} display;

static void hear_training(void *user, const pb_progress *p)
{
    display *d = user;
    if (strcmp(d->run, p->run) != 0) { /* the next file's */
        snprintf(d->run, sizeof d->run, "%s", p->run);
        pb_cli_progress_begin(&d->progress, d->quiet || !pb_terminal_is(stderr), p->run);
    }
    pb_cli_progress_show(&d->progress, p);
}

static void hear_point(void *user, const pb_study_progress *p)
{
    const display *d = user;
    if (d->quiet) return;
    if (pb_terminal_is(stderr)) pb_terminal_clear_line(stderr);
    fprintf(stderr, "%s (%d of %d): ", p->point, p->finished, p->planned);
    if (p->problem)
        fprintf(stderr, "left out: %s\n", p->problem);
    else
        fprintf(stderr, "%.2f bytes a sample, test accuracy %.2f %%\n", p->bytes_per_sample,
                100 * p->accuracy);
}

static pb_status study(pb_cli *cli, const char *path, int override_count,
                       const char *const overrides[], char **folder)
{
    display d = {.quiet = pb_cli_value(cli, "quiet") != NULL};
    const pb_study_options options = {
        .folder = pb_cli_value(cli, "output"),
        .device = pb_cli_value(cli, "device"),
        .point = hear_point,
        .progress = hear_training,
        .user = &d,
        .stop = cli->stop,
    };
    const pb_status status =
        pb_study_run(cli->ctx, path, override_count, overrides, &options, folder);
    if (!d.quiet) pb_terminal_clear_line(stderr);
    return status;
}

static pb_status run_one(pb_cli *cli, const char *path, int count, const char *const overrides[])
{
    char *folder = NULL;
    pb_status status = study(cli, path, count, overrides, &folder);
    if (status == PB_OK) status = pb_cli_forgive_gnuplot(cli, pb_report_study(cli->ctx, folder));
    if (status == PB_OK && !pb_cli_value(cli, "quiet")) {
        status = pb_report_study_table(cli->ctx, folder, stdout);
        printf("%s/index.html\n", folder);
    }
    free(folder);
    return status;
}

static pb_status run(pb_cli *cli, const char **paths, const char **overrides)
{
    int path_count = 0, count = 0;
    for (int i = 0; i < cli->word_count; i++) {
        const char *word = cli->words[i];
        if (strchr(word, '=') && !pb_file_exists(word))
            overrides[count++] = word;
        else
            paths[path_count++] = word;
    }
    if (path_count == 0)
        return pb_fail(cli->ctx, PB_ERR_USAGE, "study: no configuration is given, only overrides");
    if (path_count > 1 && pb_cli_value(cli, "output"))
        return pb_fail(cli->ctx, PB_ERR_USAGE,
                       "study: --output is the folder of one study, but %d are given", path_count);
    for (int i = 0; i < path_count; i++)
        if (!pb_file_exists(paths[i])) PB_TRY(pb_cli_need_config(cli, paths[i]));
    for (int i = 0; i < path_count; i++) PB_TRY(run_one(cli, paths[i], count, overrides));
    return PB_OK;
}

pb_status pb_cli_study(pb_cli *cli)
{
    const char **paths = calloc((size_t)cli->word_count + 1, sizeof *paths);
    const char **overrides = calloc((size_t)cli->word_count + 1, sizeof *overrides);
    const pb_status status = paths && overrides ? run(cli, paths, overrides)
                                                : pb_fail(cli->ctx, PB_ERR_MEMORY, "out of memory");
    free(overrides);
    free(paths);
    return status;
}
