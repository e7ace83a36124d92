/* Training and validation loss against iterations: both in one panel for one run, a panel each for
 * several. */
#include <math.h>
#include <stdlib.h>

#include "report/pictures.h"
#include "report/plot.h"

#define BINS 100

typedef struct losses {
    pb_curve train, val;
    int train_block, val_block;
} losses;

/* Bands first, so that every line lies above every band. */
typedef enum layer { BAND, LINE } layer;

static void widen(const pb_curve *curve, double *low, double *high)
{
    for (size_t i = 0; i < curve->count; i++) {
        *low = fmin(*low, curve->low[i] > 0 ? curve->low[i] : curve->mean[i]);
        *high = fmax(*high, curve->high[i]);
    }
}

static void add(pb_plot *plot, layer what, const char **comma, const pb_curve *curve, int block,
                const char *colour)
{
    pb_text *s = &plot->script;
    if (!curve->count || (what == BAND && !curve->has_band)) return;
    pb_text_append(s, "%s'%s.dat' index %d using ", *comma, plot->name, block);
    *comma = ", \\\n     ";
    if (what == BAND) {
        pb_text_append(
            s,
            "1:3:4 with filledcurves fillcolor rgb '%s' fillstyle transparent solid 0.22 noborder",
            colour);
        return;
    }
    pb_text_append(s, "1:2 with %s linecolor rgb '%s' linewidth 2.2",
                   curve->count > 1 ? "lines" : "points pointtype 7", colour);
}

static void panel_of_one(pb_plot *plot, const losses *l)
{
    const char *comma = "plot ";
    for (layer what = BAND; what <= LINE; what++) {
        add(plot, what, &comma, &l->train, l->train_block, pb_plot_colour(0));
        add(plot, what, &comma, &l->val, l->val_block, pb_plot_colour(1));
    }
    pb_text_append(&plot->script, "\n");
}

static void panel_of_many(pb_plot *plot, int count, const losses all[], bool val)
{
    const char *comma = "plot ";
    for (layer what = BAND; what <= LINE; what++)
        for (int i = 0; i < count; i++)
            add(plot, what, &comma, val ? &all[i].val : &all[i].train,
                val ? all[i].val_block : all[i].train_block, pb_plot_colour(i));
    pb_text_append(&plot->script, "\n");
}

/* What all curves of the picture have in common. */
typedef struct extent {
    double low, high, last; /* least and largest loss, last iteration */
    int64_t bin;            /* widest bin of training loss, iterations */
    bool has_band, has_train, has_val;
} extent;

static pb_status gather(pb_context *ctx, int count, const pb_record runs[], losses all[], extent *e)
{
    *e = (extent){.low = INFINITY, .high = -INFINITY};
    for (int i = 0; i < count; i++) {
        pb_curve *train = &all[i].train, *val = &all[i].val;
        int64_t bin;
        PB_TRY(pb_curve_train_loss(ctx, &runs[i], BINS, train, &bin));
        PB_TRY(pb_curve_val_loss(ctx, &runs[i], val));
        widen(train, &e->low, &e->high);
        widen(val, &e->low, &e->high);
        if (train->count) e->last = fmax(e->last, train->x[train->count - 1]);
        if (val->count) e->last = fmax(e->last, val->x[val->count - 1]);
        if (bin > e->bin) e->bin = bin;
        e->has_band = e->has_band || train->has_band || val->has_band;
        e->has_train = e->has_train || train->count;
        e->has_val = e->has_val || val->count;
    }
    return PB_OK;
}

static void head(pb_plot *plot, int count, const pb_record runs[], const extent *e)
{
    pb_text subtitle = {0};
    bool early = false;
    for (int i = 0; i < count; i++) early = early || pb_record_stopped_early(&runs[i]);
    pb_text_append(&subtitle, "%s", pb_record_data_set(&runs[0]));
    if (e->has_band)
        pb_text_append(&subtitle, "; line: mean over %s, band: one standard error",
                       pb_records_repeats(count, runs));
    if (early) pb_text_append(&subtitle, "; a training that stopped early leaves the mean");
    if (e->bin > 1)
        pb_text_append(&subtitle, "; training loss: means of %lld iterations", (long long)e->bin);
    if (count == 1)
        pb_plot_title(plot, "Loss of %s", runs[0].name);
    else
        pb_plot_title(plot, "%s",
                      !e->has_val     ? "Training loss"
                      : !e->has_train ? "Validation loss"
                                      : "Training and validation loss");
    pb_plot_subtitle(plot, "%s", subtitle.failed ? "" : subtitle.text);
    pb_text_free(&subtitle);
}

/* One legend for all panels. */
static void put_legend(pb_plot *plot, int count, const pb_record runs[], const extent *e)
{
    if (count == 1 && e->has_train) pb_plot_legend(plot, pb_plot_colour(0), false, "training loss");
    if (count == 1 && e->has_val) pb_plot_legend(plot, pb_plot_colour(1), false, "validation loss");
    if (count > 1)
        for (int i = 0; i < count; i++)
            pb_plot_legend(plot, pb_plot_colour(i), false, runs[i].name);
    pb_plot_top_margin(plot);
}

static void put_panels(pb_plot *plot, int count, const losses all[], const extent *e)
{
    pb_text *s = &plot->script;
    const char *scale = pb_plot_loss_axis(plot, e->low, e->high) ? ", logarithmic scale" : "";
    pb_text_append(s, "set xrange [0:%.9g]\nset format x '%%.0f'\nset xlabel 'iteration'\n",
                   e->last > 0 ? e->last * 1.005 : 1.0);
    pb_text_append(s, "set bmargin at screen 0.105\n");
    if (count == 1 || !e->has_train || !e->has_val) {
        const char *what = count == 1 ? "loss" : e->has_val ? "validation loss" : "training loss";
        pb_text_append(s,
                       "set lmargin at screen 0.095\nset rmargin at screen 0.975\n"
                       "set ylabel '%s%s'\n",
                       what, scale);
        if (count == 1)
            panel_of_one(plot, &all[0]);
        else
            panel_of_many(plot, count, all, e->has_val);
        return;
    }
    pb_text_append(s,
                   "set multiplot\nset lmargin at screen 0.095\nset rmargin at screen 0.49\n"
                   "set ylabel 'training loss%s'\n",
                   scale);
    panel_of_many(plot, count, all, false);
    pb_text_append(s,
                   "unset label\nunset object\nset lmargin at screen 0.595\n"
                   "set rmargin at screen 0.975\nset ylabel 'validation loss%s'\n",
                   scale);
    panel_of_many(plot, count, all, true);
}

static pb_status draw(pb_context *ctx, int count, const pb_record runs[], losses all[],
                      const char *folder)
{
    extent e;
    PB_TRY(gather(ctx, count, runs, all, &e));
    if (!e.has_train && !e.has_val) return pb_plot_discard(folder, "loss");
    pb_plot plot;
    pb_plot_begin(&plot, "loss", 1200, 800);
    head(&plot, count, runs, &e);
    put_legend(&plot, count, runs, &e);
    for (int i = 0; i < count; i++) {
        all[i].train_block = pb_plot_curve(&plot, &all[i].train);
        all[i].val_block = pb_plot_curve(&plot, &all[i].val);
    }
    put_panels(&plot, count, all, &e);
    return pb_plot_draw(ctx, &plot, folder);
}

pb_status pb_draw_loss(pb_context *ctx, int count, const pb_record runs[], const char *folder)
{
    losses *all = calloc((size_t)count, sizeof *all);
    if (!all) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory drawing the loss");
    const pb_status status = draw(ctx, count, runs, all, folder);
    for (int i = 0; i < count; i++) {
        pb_curve_clear(&all[i].train);
        pb_curve_clear(&all[i].val);
    }
    free(all);
    return status;
}
