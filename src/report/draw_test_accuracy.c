/* Test accuracy: bars of the seeds and their mean for one run, a bar a run for several. */
#include <math.h>
#include <stdio.h>

#include "report/bars.h"
#include "report/pictures.h"

static double percent_of_seed(const pb_score *score, int index)
{
    const json_t *number = json_array_get(score->per_seed, (size_t)index);
    return json_is_number(number) ? 100 * json_number_value(number) : NAN;
}

static double error_of(const pb_score *score)
{
    return score->count > 1 ? 100 * score->std / sqrt((double)score->count) : 0;
}

static const char *name_of_run(const void *of, int index, char buffer[16])
{
    (void)buffer;
    return ((const pb_record *)of)[index].name;
}

/* Seeds, then their mean. */
static const char *name_of_seed(const void *of, int index, char buffer[16])
{
    const pb_record *run = of;
    if (index >= run->seed_count) return "mean";
    snprintf(buffer, 16, "seed %lld", (long long)run->seeds[index]);
    return buffer;
}

static void bars_of_one(pb_plot *plot, const pb_record *run, pb_bars *bars)
{
    const pb_score score = pb_record_score(run, "test_accuracy");
    const int seeds = run->seed_count;
    pb_series *of_seeds = &bars->series[0], *of_mean = &bars->series[1];
    for (int i = 0; i < seeds; i++) pb_bars_add(of_seeds, i, percent_of_seed(&score, i), 0);
    if (seeds > 1) {
        of_seeds->colour = "#9fc5de";
        of_mean->colour = pb_plot_colour(0);
        pb_bars_add(of_mean, seeds, 100 * score.mean, error_of(&score));
    }
    pb_plot_title(plot, "Test accuracy of %s", run->name);
    pb_bars_name_places(plot, seeds > 1 ? seeds + 1 : seeds, NULL, name_of_seed, run);
}

static void bars_of_many(pb_plot *plot, int count, const pb_record runs[], pb_bars *bars)
{
    for (int i = 0; i < count; i++) {
        const pb_score score = pb_record_score(&runs[i], "test_accuracy");
        pb_bars_add(&bars->series[i], i, 100 * score.mean, error_of(&score));
    }
    pb_plot_title(plot, "Test accuracy");
    pb_bars_name_places(plot, count, NULL, name_of_run, runs);
}

pb_status pb_draw_test_accuracy(pb_context *ctx, int count, const pb_record runs[],
                                const char *folder)
{
    bool scored = false;
    for (int i = 0; i < count; i++)
        scored = scored || isfinite(pb_record_score(&runs[i], "test_accuracy").mean);
    const bool by_fold = count == 1 && pb_record_folds(&runs[0]) > 0; /* draw_folds.c has more */
    if (!scored || by_fold) return pb_plot_discard(folder, "test_accuracy");
    pb_bars bars;
    pb_status status = pb_bars_create(ctx, count == 1 ? 2 : count,
                                      count == 1 ? runs[0].seed_count : 1, 0.6, &bars);
    if (!status) {
        pb_plot plot;
        pb_plot_begin(&plot, "test_accuracy", 1200, 800);
        if (count == 1)
            bars_of_one(&plot, &runs[0], &bars);
        else
            bars_of_many(&plot, count, runs, &bars);
        const bool whiskers = pb_bars_have_whiskers(&bars);
        pb_plot_subtitle(&plot, "%s%s%s%s", pb_record_data_set(&runs[0]),
                         whiskers ? "; mean over " : "",
                         whiskers ? pb_records_repeats(count, runs) : "",
                         whiskers ? ", whisker: one standard error" : "");
        pb_plot_top_margin(&plot);
        pb_bars_plot(&plot, &bars, "test accuracy");
        status = pb_plot_draw(ctx, &plot, folder);
    }
    pb_bars_clear(&bars);
    return status;
}
