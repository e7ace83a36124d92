/* Progress of a run. */
#include "cli/progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/terminal.h"

void pb_cli_progress_begin(pb_cli_progress *progress, bool quiet, const char *run)
{
    *progress = (pb_cli_progress){
        .quiet = quiet,
        .is_terminal = pb_terminal_is(stderr),
        .has_colour = pb_terminal_has_colour(stderr),
    };
    if (quiet) return;
    char line[256];
    snprintf(line, sizeof line, "%s: preparing", run);
    if (progress->is_terminal)
        pb_terminal_rewrite(stderr, line);
    else
        fprintf(stderr, "%s\n", line);
}

/* "12:05" or "1:02:03". */
static void print_time(char *out, size_t bytes, double seconds)
{
    const long whole = seconds > 0 && seconds < 1e9 ? (long)(seconds + 0.5) : 0;
    if (whole >= 3600)
        snprintf(out, bytes, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
    else
        snprintf(out, bytes, "%ld:%02ld", whole / 60, whole % 60);
}

/* Words about a number that may not have been measured. */
static void append(char *out, size_t bytes, size_t *at, const char *before, double number,
                   int digits, const char *after)
{
    if (!isfinite(number) || *at >= bytes) return;
    const int length = snprintf(out + *at, bytes - *at, "%s%.*f%s", before, digits, number, after);
    *at += length > 0 ? (size_t)length : 0;
}

/* The first epoch of a process also warms it up, so it counts only until there is another. */
static double seconds_of_epoch(const pb_cli_progress *progress)
{
    if (progress->epochs < 2) return progress->first;
    return (progress->seconds - progress->first) / (progress->epochs - 1);
}

/* The bar takes what room the words leave. */
static void show_bar(const pb_cli_progress *progress, const pb_progress *p)
{
    const double of_fold = (double)p->seed_count * p->epochs;
    const double planned = p->fold_count ? p->fold_count * of_fold : of_fold;
    const double before = p->fold_count ? (p->fold - 1) * of_fold : 0;
    const double done = before + p->done;
    char bar[40], left[32], fold[40] = "", words[256], line[512];
    print_time(left, sizeof left, (planned - done) / p->at_once * seconds_of_epoch(progress));
    if (p->fold_count) snprintf(fold, sizeof fold, "fold %d/%d  ", p->fold, p->fold_count);
    size_t at = (size_t)snprintf(words, sizeof words, "%sseed %d/%d  epoch %d/%d", fold,
                                 p->seed_index + 1, p->seed_count, p->epoch, p->epochs);
    append(words, sizeof words, &at, "  loss ", p->train_loss, 4, "");
    append(words, sizeof words, &at, "  val ", 100 * p->val_accuracy, 2, " %");
    if (at < sizeof words) snprintf(words + at, sizeof words - at, "  %s left", left);

    const int room = pb_terminal_columns(stderr) - 1 - (int)(strlen(p->run) + strlen(words)) - 6;
    if (room >= 6)
        pb_terminal_bar(bar, sizeof bar, done / planned, room < 24 ? room : 24);
    else
        snprintf(bar, sizeof bar, "%.0f %%", 100 * done / planned);
    const char *on = progress->has_colour ? "\033[36m" : "",
               *off = progress->has_colour ? "\033[0m" : "";
    snprintf(line, sizeof line, "%.200s  %s%s%s  %s", p->run, on, bar, off, words);
    pb_terminal_rewrite(stderr, line);
}

static void show_line(const pb_progress *p)
{
    char line[512], fold[40] = "";
    if (p->fold_count) snprintf(fold, sizeof fold, "fold %d of %d, ", p->fold, p->fold_count);
    size_t at = (size_t)snprintf(
        line, sizeof line, "%.200s: %sseed %lld (%d of %d), epoch %d of %d", p->run, fold,
        (long long)p->seed, p->seed_index + 1, p->seed_count, p->epoch, p->epochs);
    append(line, sizeof line, &at, ", training loss ", p->train_loss, 4, "");
    append(line, sizeof line, &at, ", validation loss ", p->val_loss, 4, "");
    append(line, sizeof line, &at, ", validation accuracy ", 100 * p->val_accuracy, 2, " %");
    append(line, sizeof line, &at, ", ", p->seconds_per_epoch, 2, " s");
    fprintf(stderr, "%s\n", line);
}

void pb_cli_progress_show(void *user, const pb_progress *p)
{
    pb_cli_progress *progress = user;
    if (isfinite(p->seconds_per_epoch)) {
        progress->epochs++;
        progress->seconds += p->seconds_per_epoch;
        if (progress->epochs == 1) progress->first = p->seconds_per_epoch;
    }
    if (progress->quiet) return;
    if (progress->is_terminal)
        show_bar(progress, p);
    else
        show_line(p);
}

void pb_cli_progress_end(pb_cli_progress *progress)
{
    if (!progress->quiet && progress->is_terminal) pb_terminal_clear_line(stderr);
}
