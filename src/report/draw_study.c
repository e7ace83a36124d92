/* A study: test accuracy, and the time of a training, against bytes a sample. */
#include <math.h>
#include <string.h>

#include "report/plot.h"
#include "report/study_record.h"

/* A point's height and half of its error bar. */
typedef void measure(const json_t *point, double *height, double *error);

static void measure_accuracy(const json_t *point, double *height, double *error)
{
    *height = pb_study_accuracy(point);
    *error = pb_study_deviation(point);
}

static void measure_time(const json_t *point, double *height, double *error)
{
    const double seconds = pb_study_number(point, "seconds");
    *height = seconds > 0 ? seconds : NAN; /* none on a logarithmic scale */
    *error = 0;
}

/* Points of a method, NULL: of the Pareto front; -1: there are none. */
static int add_points(pb_plot *plot, const json_t *study, const char *method, measure *of)
{
    size_t i;
    json_t *p;
    bool any = false;
    json_array_foreach(pb_study_points(study), i, p)
    {
        double height, error;
        const bool wanted = method ? strcmp(pb_study_text(p, "method"), method) == 0
                                   : json_is_true(json_object_get(p, "on_front"));
        of(p, &height, &error);
        const double bytes = pb_study_number(p, "bytes_per_sample");
        if (!wanted || !isfinite(height) || !(bytes > 0)) continue;
        pb_text_append(&plot->data, "%.9g %.9g %.9g\n", bytes, height, isfinite(error) ? error : 0);
        any = true;
    }
    return any ? pb_plot_end_block(plot) : -1;
}

/* Whether a method (NULL: any) has a point in the picture. */
static bool has_points(const json_t *study, const char *method, measure *of)
{
    size_t i;
    json_t *p;
    json_array_foreach(pb_study_points(study), i, p)
    {
        double height, error;
        if (method && strcmp(pb_study_text(p, "method"), method) != 0) continue;
        of(p, &height, &error);
        if (isfinite(height) && pb_study_number(p, "bytes_per_sample") > 0) return true;
    }
    return false;
}

static void put_legend(pb_plot *plot, const json_t *study, measure *of)
{
    size_t i;
    json_t *name;
    json_array_foreach(json_object_get(study, "methods"), i, name)
    {
        if (json_is_string(name) && has_points(study, json_string_value(name), of))
            pb_plot_legend_of(plot, (int)i, json_string_value(name));
    }
    pb_plot_top_margin(plot);
}

/* A line a method. */
static void put_method(pb_plot *plot, const char **comma, int block, int index)
{
    const char *colour = pb_plot_colour(index);
    if (block < 0) return;
    pb_text_append(&plot->script,
                   "%s '%s.dat' index %d using 1:2 with lines linewidth 2 linecolor rgb '%s', \\\n"
                   "    '' index %d using 1:2:3 with yerrorbars pointtype %d pointsize 1.1 "
                   "linewidth 1.4 linecolor rgb '%s'",
                   *comma, plot->name, block, colour, block, pb_plot_shape(index, true), colour);
    *comma = ", \\\n    ";
}

static void put_front(pb_plot *plot, const char *comma, int block)
{
    if (block < 0) return;
    pb_text_append(&plot->script,
                   "%s '%s.dat' index %d using 1:2 with points pointtype 6 pointsize 2.6 "
                   "linewidth 1.6 linecolor rgb '#222222'",
                   comma, plot->name, block);
}

static void put_points(pb_plot *plot, const json_t *study, measure *of, bool front)
{
    const char *comma = "plot";
    size_t i;
    json_t *name;
    pb_text_append(
        &plot->script,
        "set logscale x 2\nset format x '%%g'\nset xlabel 'bytes a sample, of the file'\n"
        "set lmargin at screen 0.085\nset rmargin at screen 0.975\n");
    json_array_foreach(json_object_get(study, "methods"), i, name)
    {
        const char *method = json_string_value(name);
        if (method) put_method(plot, &comma, add_points(plot, study, method, of), (int)i);
    }
    if (front) put_front(plot, comma, add_points(plot, study, NULL, of));
    pb_text_append(&plot->script, "\n");
}

pb_status pb_draw_study_accuracy(pb_context *ctx, const json_t *study, const char *folder)
{
    pb_plot plot;
    if (!has_points(study, NULL, measure_accuracy))
        return pb_plot_discard(folder, "study_accuracy");
    pb_plot_begin(&plot, "study_accuracy", 1200, 800);
    pb_plot_title(&plot, "Accuracy against bytes: %s", pb_study_text(study, "data_set"));
    pb_plot_subtitle(&plot,
                     "test accuracy, mean over seeds; bar: standard deviation; ring: on the Pareto "
                     "front");
    put_legend(&plot, study, measure_accuracy);
    pb_text_append(&plot.script, "set ylabel 'test accuracy (%%)'\nset yrange [*:100]\nset offsets "
                                 "graph 0.04, graph 0.04, 0, graph 0.04\n");
    put_points(&plot, study, measure_accuracy, true);
    return pb_plot_draw(ctx, &plot, folder);
}

pb_status pb_draw_study_time(pb_context *ctx, const json_t *study, const char *folder)
{
    pb_plot plot;
    if (!has_points(study, NULL, measure_time)) return pb_plot_discard(folder, "study_time");
    pb_plot_begin(&plot, "study_time", 1200, 800);
    pb_plot_title(&plot, "Time of a training against bytes: %s", pb_study_text(study, "data_set"));
    pb_plot_subtitle(&plot, "seconds of all epochs of a seed, mean over seeds");
    put_legend(&plot, study, measure_time);
    pb_text_append(
        &plot.script,
        "set ylabel 'seconds'\nset logscale y\nset offsets graph 0.04, graph 0.04, 0, 0\n");
    put_points(&plot, study, measure_time, false);
    return pb_plot_draw(ctx, &plot, folder);
}
