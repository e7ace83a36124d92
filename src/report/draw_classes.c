/* Test accuracy of each class, a group of bars a class. */
#include <stdlib.h>

#include "report/bars.h"
#include "report/pictures.h"

static const char *name_of_class(const void *of, int index, char buffer[16])
{
    return pb_record_class(of, (size_t)index, buffer);
}

static pb_status add_run(pb_context *ctx, const pb_record *run, double aside, pb_series *series)
{
    const pb_array *a = &run->class_accuracies;
    if (!a->data) return PB_OK;
    double *of_seeds = malloc(a->dim[0] * sizeof *of_seeds);
    if (!of_seeds) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory drawing the classes");
    for (size_t c = 0; c < a->dim[1]; c++) {
        double mean, error;
        for (size_t s = 0; s < a->dim[0]; s++) of_seeds[s] = 100 * a->data[s * a->dim[1] + c];
        pb_mean_and_error(of_seeds, a->dim[0], &mean, &error);
        pb_bars_add(series, (double)c + aside, mean, error);
    }
    free(of_seeds);
    return PB_OK;
}

static pb_status draw(pb_context *ctx, int count, const pb_record runs[], const pb_record *widest,
                      pb_bars *bars, const char *folder)
{
    for (int i = 0; i < count; i++)
        PB_TRY(add_run(ctx, &runs[i], (i - (count - 1) / 2.0) * bars->width, &bars->series[i]));
    pb_plot plot;
    pb_plot_begin(&plot, "class_accuracies", 1200, 800);
    if (count == 1)
        pb_plot_title(&plot, "Test accuracy of each class, %s", runs[0].name);
    else
        pb_plot_title(&plot, "Test accuracy of each class");
    const bool whiskers = pb_bars_have_whiskers(bars);
    pb_plot_subtitle(&plot, "%s%s%s%s", pb_record_data_set(&runs[0]),
                     whiskers ? "; mean over " : "",
                     whiskers ? pb_records_repeats(count, runs) : "",
                     whiskers ? ", whisker: one standard error" : "");
    if (count > 1)
        for (int i = 0; i < count; i++)
            pb_plot_legend(&plot, pb_plot_colour(i), true, runs[i].name);
    pb_plot_top_margin(&plot);
    pb_bars_name_places(&plot, (int)widest->class_accuracies.dim[1], "class", name_of_class,
                        widest);
    pb_bars_plot(&plot, bars, "test accuracy");
    return pb_plot_draw(ctx, &plot, folder);
}

pb_status pb_draw_class_accuracies(pb_context *ctx, int count, const pb_record runs[],
                                   const char *folder)
{
    const pb_record *widest = NULL; /* the run with the most classes names them */
    for (int i = 0; i < count; i++)
        if (runs[i].class_accuracies.data &&
            (!widest || runs[i].class_accuracies.dim[1] > widest->class_accuracies.dim[1]))
            widest = &runs[i];
    if (!widest) return pb_plot_discard(folder, "class_accuracies");
    pb_bars bars;
    pb_status status =
        pb_bars_create(ctx, count, (int)widest->class_accuracies.dim[1], 0.82 / count, &bars);
    if (!status) status = draw(ctx, count, runs, widest, &bars, folder);
    pb_bars_clear(&bars);
    return status;
}
