/* Accuracies of a cross-validation: a bar for each fold and seed, then the mean of each seed over
 * its folds with the standard deviation. */
#include <math.h>
#include <stdio.h>

#include "report/bars.h"
#include "report/pictures.h"

enum { MOST_NAMED_SEEDS = 12 };

static double percent_at(const json_t *list, size_t index)
{
    const json_t *number = json_array_get(list, index);
    return json_is_number(number) ? 100 * json_number_value(number) : NAN;
}

/* Mean and standard deviation (of a sample) over the folds of a seed, in percent. */
static void spread(const json_t *folds, double *mean, double *std)
{
    const size_t count = json_array_size(folds);
    double sum = 0, squares = 0;
    for (size_t f = 0; f < count; f++) sum += percent_at(folds, f);
    *mean = sum / (double)count;
    for (size_t f = 0; f < count; f++) squares += pow(percent_at(folds, f) - *mean, 2);
    *std = count > 1 ? sqrt(squares / (double)(count - 1)) : 0;
}

/* Folds, then their mean. */
static const char *name_of_fold(const void *of, int index, char buffer[16])
{
    if (index >= *(const int *)of) return "mean";
    snprintf(buffer, 16, "%d", index + 1);
    return buffer;
}

static void add_bars(pb_bars *bars, const json_t *per_fold, int folds)
{
    const int seeds = bars->series_count;
    for (int i = 0; i < seeds; i++) {
        const json_t *of_seed = json_array_get(per_fold, (size_t)i);
        const double aside = (i - (seeds - 1) / 2.0) * bars->width;
        double mean, std;
        spread(of_seed, &mean, &std);
        for (int f = 0; f < folds; f++)
            pb_bars_add(&bars->series[i], f + aside, percent_at(of_seed, (size_t)f), 0);
        pb_bars_add(&bars->series[i], folds + aside, mean, std);
    }
}

static pb_status draw(pb_context *ctx, const pb_record *run, const char *key, const char *what,
                      const char *name, const char *folder)
{
    const json_t *per_fold = json_object_get(json_object_get(run->summary, key), "per_fold");
    const pb_score score = pb_record_score(run, key);
    const int folds = pb_record_folds(run), seeds = (int)json_array_size(per_fold);
    if (folds == 0 || seeds == 0 || !isfinite(score.mean)) return pb_plot_discard(folder, name);
    pb_bars bars;
    pb_status status = pb_bars_create(ctx, seeds, folds + 1, 0.82 / seeds, &bars);
    if (!status) {
        pb_plot plot;
        add_bars(&bars, per_fold, folds);
        pb_plot_begin(&plot, name, 1200, 800);
        pb_plot_title(&plot, "%c%s of each fold, %s", what[0] - 'a' + 'A', what + 1, run->name);
        pb_plot_subtitle(&plot,
                         "%s; all: %.2f %%, standard deviation %.2f; whisker: standard deviation "
                         "over folds",
                         pb_record_data_set(run), 100 * score.mean, 100 * score.std);
        for (int i = 0; seeds > 1 && seeds <= MOST_NAMED_SEEDS && i < seeds; i++) {
            char words[32];
            const json_t *seed = json_array_get(json_object_get(run->summary, "seeds"), (size_t)i);
            snprintf(words, sizeof words, "seed %lld", (long long)json_integer_value(seed));
            pb_plot_legend(&plot, bars.series[i].colour, true, words);
        }
        pb_plot_top_margin(&plot);
        pb_bars_name_places(&plot, folds + 1, "fold", name_of_fold, &folds);
        pb_bars_plot(&plot, &bars, what);
        status = pb_plot_draw(ctx, &plot, folder);
    }
    pb_bars_clear(&bars);
    return status;
}

pb_status pb_draw_folds(pb_context *ctx, const pb_record *run, const char *folder)
{
    PB_TRY(draw(ctx, run, "val_accuracy", "validation accuracy", "fold_val_accuracy", folder));
    return draw(ctx, run, "test_accuracy", "test accuracy", "fold_test_accuracy", folder);
}
