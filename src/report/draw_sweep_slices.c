/* Value of each trial against each of its coordinates, a panel a coordinate. */
#include <math.h>
#include <string.h>

#include "report/panels.h"
#include "report/sweep_record.h"

/* What one panel shows. */
typedef struct slice {
    const json_t *arm, *dimension;
    const char *key, *colour;
} slice;

/* Where a coordinate lies on the axis: a number, or the place of a choice. */
static double place_of(const slice *s, const json_t *trial)
{
    const json_t *value = json_object_get(json_object_get(trial, "params"), s->key);
    const json_t *choices = json_object_get(s->dimension, "choices");
    if (!choices) return json_is_number(value) ? json_number_value(value) : (double)NAN;
    size_t i;
    json_t *choice;
    json_array_foreach(choices, i, choice)
    {
        if (json_equal(choice, value)) return (double)i;
    }
    return NAN;
}

static int add_trials(pb_plot *plot, const json_t *sweep, const slice *s, bool complete,
                      double most)
{
    size_t i;
    json_t *trial;
    bool any = false;
    json_array_foreach(json_object_get(s->arm, "trials"), i, trial)
    {
        const double x = place_of(s, trial), y = pb_sweep_value(sweep, trial);
        if (!isfinite(x) || !isfinite(y) || pb_sweep_is_complete(trial) != complete) continue;
        pb_text_append(&plot->data, "%.9g %.9g\n", x, fmin(y, most));
        any = true;
    }
    return any ? pb_plot_end_block(plot) : -1;
}

static int add_best(pb_plot *plot, const json_t *sweep, const slice *s)
{
    const json_t *best = json_object_get(s->arm, "best");
    const double x = place_of(s, best), y = pb_sweep_value(sweep, best);
    if (!isfinite(x) || !isfinite(y)) return -1;
    pb_text_append(&plot->data, "%.9g %.9g\n", x, y);
    return pb_plot_end_block(plot);
}

static void put_choices(pb_text *out, const json_t *choices)
{
    size_t i;
    json_t *choice;
    pb_text_append(out, "unset logscale x\nset xrange [-0.5:%zu.5]\nset xtics (",
                   json_array_size(choices) - 1);
    json_array_foreach(choices, i, choice)
    {
        pb_text_append(out, "%s", i ? ", " : "");
        pb_plot_quote(out, json_is_string(choice) ? json_string_value(choice) : "?");
        pb_text_append(out, " %zu", i);
    }
    pb_text_append(out, ")\n");
}

static void put_axis(pb_text *out, const slice *s)
{
    const json_t *choices = json_object_get(s->dimension, "choices");
    if (json_array_size(choices) > 0) {
        put_choices(out, choices);
        return;
    }
    const double low = json_number_value(json_object_get(s->dimension, "low"));
    const double high = json_number_value(json_object_get(s->dimension, "high"));
    const bool log = json_is_true(json_object_get(s->dimension, "log"));
    const double factor = log && low > 0 ? pow(high / low, 0.04) : 1, room = 0.04 * (high - low);
    pb_text_append(out, "%s logscale x\nset xtics autofreq\nset format x '%%g'\n",
                   log ? "set" : "unset");
    pb_text_append(out, "set xrange [%.9g:%.9g]\n", log ? low / factor : low - room,
                   log ? high * factor : high + room);
}

static void add_points(pb_plot *plot, const char **comma, int block, const char *look,
                       const char *colour)
{
    if (block < 0) return;
    pb_text_append(&plot->script,
                   "%s '%s.dat' index %d using 1:2 with points %s linecolor rgb '%s'", *comma,
                   plot->name, block, look, colour);
    *comma = ", \\\n    ";
}

static void put_slice(pb_plot *plot, const json_t *sweep, const slice *s, double most)
{
    const char *comma = "plot";
    const int complete = add_trials(plot, sweep, s, true, most),
              early = add_trials(plot, sweep, s, false, most);
    const int best = add_best(plot, sweep, s);
    put_axis(&plot->script, s);
    add_points(plot, &comma, complete, "pointtype 7 pointsize 1", s->colour);
    add_points(plot, &comma, early, "pointtype 2 pointsize 0.9", s->colour);
    add_points(plot, &comma, best, "pointtype 6 pointsize 2.4 linewidth 2", "#222222");
    pb_text_append(&plot->script, "%s\n", complete < 0 && early < 0 && best < 0 ? "plot 1/0" : "");
}

/* All coordinates of all arms; returns how many. */
static int list_slices(const json_t *sweep, int most, slice slices[])
{
    size_t i, k;
    json_t *arm, *dimension;
    int count = 0;
    json_array_foreach(pb_sweep_arms(sweep), i, arm)
    {
        json_array_foreach(json_object_get(arm, "space"), k, dimension)
        {
            if (count == most) return count;
            slices[count++] =
                (slice){arm, dimension, pb_sweep_text(dimension, "key"), pb_plot_colour((int)i)};
        }
    }
    return count;
}

/* One range for all panels, so that they can be compared. */
static void put_range(pb_plot *plot, const json_t *sweep, double low, double high)
{
    pb_text_append(&plot->script, "set ylabel '%s'\n", pb_sweep_metric(sweep));
    if (pb_sweep_is_accuracy(sweep)) {
        const double room = high > low ? 0.08 * (high - low) : 1;
        pb_text_append(&plot->script, "set yrange [%.9g:%.9g]\n", low - room, high + room);
    } else {
        pb_plot_loss_axis(plot, low, high);
    }
}

pb_status pb_draw_sweep_slices(pb_context *ctx, const json_t *sweep, const char *folder)
{
    enum { MOST_PANELS = 24 };
    slice slices[MOST_PANELS];
    const int count = list_slices(sweep, MOST_PANELS, slices);
    double low, high;
    if (count == 0 || !pb_sweep_range(sweep, &low, &high))
        return pb_plot_discard(folder, "sweep_slices");
    const pb_panels panels = pb_panels_arrange(count, 640, 420);
    pb_plot plot;
    pb_panels_begin(&plot, &panels, "sweep_slices");
    pb_plot_title(&plot, "Trials of %s by what was searched over", pb_sweep_text(sweep, "name"));
    pb_plot_subtitle(&plot, "ring: best trial%s%s%s",
                     pb_sweep_has_pruned(sweep) ? ", cross: ended early" : "",
                     count == 1 ? "; " : "", count == 1 ? slices[0].key : "");
    put_range(&plot, sweep, low, high);
    for (int i = 0; i < count; i++) {
        pb_text name = {0};
        if (json_array_size(pb_sweep_arms(sweep)) > 1)
            pb_text_append(&name, "%s: ", pb_sweep_text(slices[i].arm, "name"));
        pb_text_append(&name, "%s", slices[i].key);
        const pb_room room = {.left = 90, .right = 24, .top = 12, .bottom = 56};
        pb_panels_next(&plot, &panels, i, room, name.failed ? "" : name.text);
        pb_text_free(&name);
        put_slice(&plot, sweep, &slices[i], high);
    }
    return pb_plot_draw(ctx, &plot, folder);
}
