/* Reliability diagram of an ensemble: how often its predictions are right against how sure it is,
 * above the share of samples that is so sure. */
#include <stdlib.h>

#include <passband/report.h>

#include "base/file.h"
#include "base/json.h"
#include "report/plot.h"

static double number_at(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* Middle and width of a bin, accuracy, mean confidence, share of the samples; bins without samples
 * are left out. */
static void put_bins(pb_plot *plot, const json_t *bins, double samples)
{
    pb_text_append(&plot->data, "# middle width accuracy confidence share\n");
    for (size_t i = 0; i < json_array_size(bins); i++) {
        const json_t *bin = json_array_get(bins, i);
        const double from = number_at(bin, "from"), to = number_at(bin, "to");
        if (number_at(bin, "count") > 0)
            pb_text_append(&plot->data, "%.6g %.6g %.9g %.9g %.9g\n", (from + to) / 2, to - from,
                           number_at(bin, "accuracy"), number_at(bin, "confidence"),
                           number_at(bin, "count") / samples);
    }
    pb_plot_end_block(plot);
}

static pb_status draw(pb_context *ctx, const json_t *json, const char *plots)
{
    const json_t *ensemble = json_object_get(json, "ensemble");
    const char *name = json_string_value(json_object_get(json, "name"));
    pb_plot plot;
    pb_plot_begin(&plot, "reliability", 1000, 1000);
    pb_plot_title(&plot, "Reliability of %zu networks, %s",
                  json_array_size(json_object_get(json, "members")), name ? name : "");
    pb_plot_subtitle(&plot,
                     "accuracy %.2f %%, negative log-likelihood %.4f, expected calibration error "
                     "%.2f %%",
                     100 * number_at(ensemble, "accuracy"),
                     number_at(ensemble, "negative_log_likelihood"),
                     100 * number_at(ensemble, "calibration_error"));
    pb_plot_legend(&plot, pb_plot_colour(0), true, "accuracy");
    pb_plot_legend(&plot, pb_plot_colour(1), false, "gap to the mean confidence");
    put_bins(&plot, json_object_get(ensemble, "bins"), number_at(json, "test_samples"));
    pb_text_append(&plot.script,
                   "set multiplot\nset lmargin at screen 0.11\nset rmargin at screen 0.97\n"
                   "set xrange [0:1]\nset yrange [0:1]\nset xtics 0.2\nset ytics 0.2\n"
                   "set style fill solid 0.88 noborder\nset tmargin at screen 0.86\n"
                   "set bmargin at screen 0.32\nset format x ''\nset ylabel 'accuracy'\n"
                   "plot '%s.dat' using 1:3:(0.92 * $2) with boxes linecolor rgb '%s', \\\n"
                   "     x with lines linecolor rgb '#888888' dashtype 2, \\\n"
                   "     '%s.dat' using 4:3:(0):($4 - $3) with vectors nohead linecolor rgb '%s' "
                   "linewidth 2.6\n",
                   plot.name, pb_plot_colour(0), plot.name, pb_plot_colour(1));
    pb_text_append(
        &plot.script,
        "unset label\nunset object\nset tmargin at screen 0.28\nset bmargin at screen 0.085\n"
        "set format x '%%.1f'\nset yrange [0:*]\nset ytics autofreq\nset xlabel 'confidence'\n"
        "set ylabel 'share of samples'\n"
        "plot '%s.dat' using 1:5:(0.92 * $2) with boxes linecolor rgb '#9fc5de'\n",
        plot.name);
    return pb_plot_draw(ctx, &plot, plots);
}

pb_status pb_report_ensemble(pb_context *ctx, const char *folder)
{
    json_t *json = NULL;
    char *path = pb_path_join(folder, "ensemble.json"), *plots = pb_path_join(folder, "plots");
    pb_status status = path && plots ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    if (!status) status = pb_json_load(ctx, path, &json);
    if (!status) status = pb_folder_make(ctx, plots);
    if (!status) status = draw(ctx, json, plots);
    json_decref(json);
    free(path);
    free(plots);
    return status;
}
