/* passband sweep: searches for hyperparameters, tests the winners, then draws both. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <passband/report.h>
#include <passband/sweep.h>

#include "base/file.h"
#include "cli/finish.h"
#include "cli/progress.h"
#include "cli/terminal.h"

/* What is shown while it goes on: trials, then the trainings of winners. */
typedef struct display {
    bool quiet;
    char run[128]; /* the winner in training */
    pb_cli_progress progress;
} display;

/* "92.31 %" of an accuracy, "0.2134" of a loss, "-" when there is none. */
static void print_metric(char text[32], bool is_accuracy, double value)
{
    if (!isfinite(value))
        snprintf(text, 32, "-");
    else if (is_accuracy)
        snprintf(text, 32, "%.2f %%", 100 * value);
    else
        snprintf(text, 32, value < 1000 ? "%.4f" : "%.3g", value);
}

static void show_bar(const pb_sweep_progress *p)
{
    char bar[40], best[32], line[512];
    const double share = p->epochs ? (double)p->epoch / p->epochs : 0;
    const double done = (p->finished + (p->over ? 0 : share)) / p->planned;
    print_metric(best, p->maximise, p->best);
    pb_terminal_bar(bar, sizeof bar, done, 20);
    const bool colour = pb_terminal_has_colour(stderr);
    snprintf(line, sizeof line, "%.100s  %s%s%s  %d of %d trials  best %s  trial %d  epoch %d/%d",
             p->arm, colour ? "\033[36m" : "", bar, colour ? "\033[0m" : "", p->finished,
             p->planned, best, p->number, p->epoch, p->epochs);
    pb_terminal_rewrite(stderr, line);
}

static void show_trial(const pb_sweep_progress *p)
{
    char value[32], best[32];
    print_metric(value, p->maximise, p->value);
    print_metric(best, p->maximise, p->best);
    fprintf(stderr, "%s: trial %d (%d of %d), %s: %s, best %s", p->arm, p->number, p->finished,
            p->planned, p->point, value, best);
    if (p->problem)
        fprintf(stderr, "; ended after epoch %d of %d: %s", p->epoch, p->epochs, p->problem);
    fputc('\n', stderr);
}

static void hear_trial(void *user, const pb_sweep_progress *p)
{
    const display *d = user;
    if (d->quiet) return;
    if (pb_terminal_is(stderr))
        show_bar(p);
    else if (p->over)
        show_trial(p);
}

static void hear_winner(void *user, const pb_progress *p)
{
    display *d = user;
    if (strcmp(d->run, p->run) != 0) { /* the next arm's */
        pb_cli_progress_end(&d->progress);
        snprintf(d->run, sizeof d->run, "%s", p->run);
        pb_cli_progress_begin(&d->progress, d->quiet, p->run);
    }
    pb_cli_progress_show(&d->progress, p);
}

static pb_status draw(pb_cli *cli, const char *folder)
{
    const pb_status status = pb_report_sweep(cli->ctx, folder);
    if (status != PB_ERR_RUN) return status;
    pb_log(cli->ctx, PB_LOG_WARN, "%s", pb_error(cli->ctx)); /* without gnuplot it is no failure */
    return PB_OK;
}

static pb_status search(pb_cli *cli, const char *path, int override_count,
                        const char *const overrides[], char **folder)
{
    display d = {.quiet = pb_cli_value(cli, "quiet") != NULL};
    const pb_sweep_options options = {
        .folder = pb_cli_value(cli, "output"),
        .device = pb_cli_value(cli, "device"),
        .trial = hear_trial,
        .progress = hear_winner,
        .user = &d,
        .stop = cli->stop,
    };
    const pb_status status =
        pb_sweep_run(cli->ctx, path, override_count, overrides, &options, folder);
    if (!d.quiet) pb_terminal_clear_line(stderr);
    return status;
}

static pb_status run(pb_cli *cli, const char **overrides, char **folder)
{
    const char *path = NULL;
    int count = 0;
    for (int i = 0; i < cli->word_count; i++) {
        const char *word = cli->words[i];
        if (strchr(word, '=') && !pb_file_exists(word)) {
            overrides[count++] = word;
        } else if (path) {
            return pb_fail(cli->ctx, PB_ERR_USAGE,
                           "sweep: takes one configuration, but %s and %s are given; several are "
                           "compared as arms of one search",
                           path, word);
        } else {
            path = word;
        }
    }
    if (!path)
        return pb_fail(cli->ctx, PB_ERR_USAGE, "sweep: no configuration is given, only overrides");
    if (!pb_file_exists(path)) PB_TRY(pb_cli_need_config(cli, path));
    PB_TRY(search(cli, path, count, overrides, folder));
    PB_TRY(draw(cli, *folder));
    if (pb_cli_value(cli, "quiet")) return PB_OK;
    PB_TRY(pb_report_sweep_table(cli->ctx, *folder, stdout));
    printf("%s/index.html\n", *folder);
    return PB_OK;
}

pb_status pb_cli_sweep(pb_cli *cli)
{
    char *folder = NULL;
    const char **overrides = calloc((size_t)cli->word_count + 1, sizeof *overrides);
    const pb_status status = overrides ? run(cli, overrides, &folder)
                                       : pb_fail(cli->ctx, PB_ERR_MEMORY, "out of memory");
    free(overrides);
    free(folder);
    return status;
}
