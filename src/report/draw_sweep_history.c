/* Trials of a search in their order, and the best so far. */
#include <math.h>

#include "report/plot.h"
#include "report/sweep_record.h"

/* Blocks of an arm's data: complete trials, pruned ones, the best so far; -1: there are none. */
typedef struct blocks {
    int complete, pruned, best;
} blocks;

static int add_trials(pb_plot *plot, const json_t *sweep, const json_t *arm, bool complete,
                      double most)
{
    size_t i;
    json_t *trial;
    bool any = false;
    json_array_foreach(json_object_get(arm, "trials"), i, trial)
    {
        const double value = pb_sweep_value(sweep, trial);
        if (!isfinite(value) || pb_sweep_is_complete(trial) != complete) continue;
        pb_text_append(&plot->data, "%" JSON_INTEGER_FORMAT " %.9g\n",
                       json_integer_value(json_object_get(trial, "number")), fmin(value, most));
        any = true;
    }
    return any ? pb_plot_end_block(plot) : -1;
}

/* A step at each trial that was better than all before, drawn on to the last one. */
static int add_best(pb_plot *plot, const json_t *sweep, const json_t *arm, double most)
{
    const bool maximise = pb_sweep_is_accuracy(sweep);
    double best = NAN;
    size_t i;
    json_t *trial;
    json_array_foreach(json_object_get(arm, "trials"), i, trial)
    {
        const double value = pb_sweep_value(sweep, trial);
        if (pb_sweep_is_complete(trial) && isfinite(value) &&
            (isnan(best) || (maximise ? value > best : value < best)))
            best = value;
        if (!isnan(best))
            pb_text_append(&plot->data, "%" JSON_INTEGER_FORMAT " %.9g\n",
                           json_integer_value(json_object_get(trial, "number")), fmin(best, most));
    }
    return isnan(best) ? -1 : pb_plot_end_block(plot);
}

static size_t longest(const json_t *sweep)
{
    size_t i, most = 2;
    json_t *arm;
    json_array_foreach(pb_sweep_arms(sweep), i, arm)
    {
        const size_t count = json_array_size(json_object_get(arm, "trials"));
        if (count > most) most = count;
    }
    return most;
}

static void add_curve(pb_plot *plot, const char **comma, int block, const char *look,
                      const char *colour)
{
    if (block < 0) return;
    pb_text_append(&plot->script, "%s '%s.dat' index %d using 1:2 %s linecolor rgb '%s'", *comma,
                   plot->name, block, look, colour);
    *comma = ", \\\n    ";
}

static void put_curves(pb_plot *plot, int count, const blocks all[])
{
    const char *comma = "plot";
    for (int i = 0; i < count; i++)
        add_curve(plot, &comma, all[i].best, "with steps linewidth 2.4", pb_plot_colour(i));
    for (int i = 0; i < count; i++) {
        add_curve(plot, &comma, all[i].complete, "with points pointtype 7 pointsize 1.1",
                  pb_plot_colour(i));
        add_curve(plot, &comma, all[i].pruned, "with points pointtype 2 pointsize 1",
                  pb_plot_colour(i));
    }
    pb_text_append(&plot->script, "\n");
}

static void put_axes(pb_plot *plot, const json_t *sweep, double low, double high)
{
    pb_text *s = &plot->script;
    pb_text_append(s,
                   "set xlabel 'trial'\nset ylabel '%s'\nset xrange [-0.8:%zu.8]\n"
                   "set lmargin at screen 0.085\nset rmargin at screen 0.975\n",
                   pb_sweep_metric(sweep), longest(sweep) - 1);
    if (pb_sweep_is_accuracy(sweep)) {
        const double room = high > low ? 0.06 * (high - low) : 1;
        pb_text_append(s, "set yrange [%.9g:%.9g]\n", low - room, high + room);
    } else {
        pb_plot_loss_axis(plot, low, high);
    }
}

pb_status pb_draw_sweep_history(pb_context *ctx, const json_t *sweep, const char *folder)
{
    enum { MOST_ARMS = 16 };
    blocks all[MOST_ARMS];
    double low, high;
    size_t i;
    json_t *arm;
    int count = 0;
    if (!pb_sweep_range(sweep, &low, &high)) return pb_plot_discard(folder, "sweep_history");
    pb_plot plot;
    pb_plot_begin(&plot, "sweep_history", 1200, 800);
    pb_plot_title(&plot, "Trials of %s", pb_sweep_text(sweep, "name"));
    pb_plot_subtitle(&plot, "sampler %s, pruner %s; line: best so far%s",
                     pb_sweep_text(sweep, "sampler"), pb_sweep_text(sweep, "pruner"),
                     pb_sweep_has_pruned(sweep) ? ", cross: ended early" : "");
    json_array_foreach(pb_sweep_arms(sweep), i, arm)
    {
        if (count == MOST_ARMS) break;
        pb_plot_legend(&plot, pb_plot_colour(count), false, pb_sweep_text(arm, "name"));
        all[count].complete = add_trials(&plot, sweep, arm, true, high);
        all[count].pruned = add_trials(&plot, sweep, arm, false, high);
        all[count].best = add_best(&plot, sweep, arm, high);
        count++;
    }
    pb_plot_top_margin(&plot);
    put_axes(&plot, sweep, low, high);
    put_curves(&plot, count, all);
    return pb_plot_draw(ctx, &plot, folder);
}
