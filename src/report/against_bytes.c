#include "report/against_bytes.h"

#include <math.h>
#include <string.h>

#include "report/plot.h"
#include "report/study_record.h"

/* Points of a curve of a method; -1: there are none. */
static int add_curve(pb_plot *plot, const json_t *study, const char *method,
                     const pb_against_bytes *picture, int curve)
{
    size_t i;
    json_t *p;
    bool any = false;
    json_array_foreach(pb_study_points(study), i, p)
    {
        const pb_height h = picture->height(p, curve);
        const double bytes = pb_study_number(p, "bytes_per_sample");
        if (strcmp(pb_study_text(p, "method"), method) != 0 || !isfinite(h.at) || !(bytes > 0))
            continue;
        pb_text_append(&plot->data, "%.9g %.9g %.9g %.9g\n", bytes, h.at,
                       isfinite(h.low) ? h.low : h.at, isfinite(h.high) ? h.high : h.at);
        any = true;
    }
    return any ? pb_plot_end_block(plot) : -1;
}

static void put_curve(pb_plot *plot, const char **comma, int block, int method, int curve)
{
    const int shape = pb_plot_shape(method, curve == 0);
    const char *colour = pb_plot_colour(method);
    if (block < 0) return;
    pb_text_append(&plot->script,
                   "%s '%s.dat' index %d using 1:2 with lines linewidth 2 dashtype %d linecolor "
                   "rgb '%s', \\\n    '' index %d using 1:2:3:4 with yerrorbars pointtype %d "
                   "pointsize 1.1 linewidth 1.4 linecolor rgb '%s'",
                   *comma, plot->name, block, curve + 1, colour, block, shape, colour);
    *comma = ", \\\n    ";
}

/* Whether any curve of a method has a point. */
static bool put_curves(pb_plot *plot, const json_t *study, const pb_against_bytes *picture)
{
    const char *comma = "plot";
    size_t i;
    json_t *name;
    json_array_foreach(json_object_get(study, "methods"), i, name)
    {
        const char *method = json_string_value(name);
        for (int c = 0; method && c < picture->curves; c++)
            put_curve(plot, &comma, add_curve(plot, study, method, picture, c), (int)i, c);
    }
    if (isfinite(picture->line) && plot->blocks > 0)
        pb_text_append(&plot->script,
                       ", \\\n    %.9g with lines linewidth 1 linecolor rgb '#777777'",
                       picture->line);
    pb_text_append(&plot->script, "\n");
    return plot->blocks > 0;
}

/* Whether any curve of the picture has a point of a method. */
static bool has_points(const json_t *study, const pb_against_bytes *picture, const char *method)
{
    size_t i;
    json_t *p;
    json_array_foreach(pb_study_points(study), i, p)
    {
        if (strcmp(pb_study_text(p, "method"), method) != 0) continue;
        for (int c = 0; c < picture->curves; c++)
            if (isfinite(picture->height(p, c).at)) return true;
    }
    return false;
}

static void put_legend(pb_plot *plot, const json_t *study, const pb_against_bytes *picture)
{
    size_t i;
    json_t *name;
    json_array_foreach(json_object_get(study, "methods"), i, name)
    {
        if (json_is_string(name) && has_points(study, picture, json_string_value(name)))
            pb_plot_legend_of(plot, (int)i, json_string_value(name));
    }
    pb_plot_top_margin(plot);
}

pb_status pb_draw_against_bytes(pb_context *ctx, const json_t *study,
                                const pb_against_bytes *picture, const char *folder)
{
    pb_plot plot;
    pb_plot_begin(&plot, picture->name, 1200, 800);
    pb_plot_title(&plot, "%s: %s", picture->title, pb_study_text(study, "data_set"));
    pb_plot_subtitle(&plot, "%s", picture->subtitle);
    put_legend(&plot, study, picture);
    pb_text_append(
        &plot.script,
        "set logscale x 2\nset format x '%%g'\nset xlabel 'bytes a sample, of the file'\n"
        "set lmargin at screen 0.085\nset rmargin at screen 0.975\n"
        "set offsets graph 0.04, graph 0.04, graph 0.06, graph 0.04\n"
        "set ylabel '%s'\nset yrange %s\n",
        picture->axis, picture->range);
    if (put_curves(&plot, study, picture)) return pb_plot_draw(ctx, &plot, folder);
    pb_plot_clear(&plot);
    return pb_plot_discard(folder, picture->name);
}
