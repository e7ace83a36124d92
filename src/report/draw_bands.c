/* Learned band weights over iterations, a panel a run. */
#include <math.h>
#include <stdlib.h>

#include "report/panels.h"
#include "report/pictures.h"

#define POINTS 200

typedef struct bands {
    const pb_record *run;
    int count;
    pb_curve *curves; /* [count] */
} bands;

static pb_status gather(pb_context *ctx, const pb_record *run, bands *b)
{
    b->run = run;
    b->curves = calloc(run->band_weights.dim[2], sizeof *b->curves);
    if (!b->curves) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory drawing the band weights");
    b->count = (int)run->band_weights.dim[2];
    for (int k = 0; k < b->count; k++)
        PB_TRY(pb_curve_band(ctx, run, (size_t)k, POINTS, &b->curves[k]));
    return PB_OK;
}

static void legend_of(pb_text *out, int band, int count)
{
    pb_text_append(out, " title 'band %d%s'", band,
                   band == 0           ? " (lowest)"
                   : band == count - 1 ? " (highest)"
                                       : "");
}

/* The highest band comes first, so that the legend stands like a spectrum with low frequencies
 * below. */
static void plot_panel(pb_plot *plot, const bands *b)
{
    pb_text *s = &plot->script;
    const int first = plot->blocks;
    char colour[8];
    for (int k = 0; k < b->count; k++) pb_plot_curve(plot, &b->curves[k]);
    pb_text_append(
        s,
        "plot %.9g with lines linecolor rgb '#888888' linewidth 1.2 dashtype '-' title 'uniform'",
        1.0 / b->count);
    for (int k = b->count - 1; k >= 0; k--) {
        if (!b->curves[k].has_band) continue;
        pb_plot_band_colour(k, b->count, colour);
        pb_text_append(
            s,
            ", \\\n     '%s.dat' index %d using 1:3:4 with filledcurves fillcolor rgb '%s' "
            "fillstyle transparent solid 0.25 noborder",
            plot->name, first + k, colour);
    }
    for (int k = b->count - 1; k >= 0; k--) {
        pb_plot_band_colour(k, b->count, colour);
        pb_text_append(
            s, ", \\\n     '%s.dat' index %d using 1:2 with lines linecolor rgb '%s' linewidth 2.4",
            plot->name, first + k, colour);
        legend_of(s, k, b->count);
    }
    pb_text_append(s, "\n");
}

static void extent_of(const bands all[], int count, double *highest, double *last, bool *has_band)
{
    *highest = *last = 0;
    *has_band = false;
    for (int i = 0; i < count; i++)
        for (int k = 0; k < all[i].count; k++) {
            const pb_curve *c = &all[i].curves[k];
            for (size_t p = 0; p < c->count; p++) *highest = fmax(*highest, c->high[p]);
            if (c->count) *last = fmax(*last, c->x[c->count - 1]);
            *has_band = *has_band || c->has_band;
        }
}

static pb_status draw(pb_context *ctx, const bands all[], int count, const char *folder)
{
    double highest, last;
    bool has_band;
    extent_of(all, count, &highest, &last, &has_band);
    const pb_panels panels = pb_panels_arrange(count, 800, 560);
    pb_plot plot;
    pb_panels_begin(&plot, &panels, "band_weights");
    if (count == 1)
        pb_plot_title(&plot, "Band weights of %s", all[0].run->name);
    else
        pb_plot_title(&plot, "Band weights");
    pb_plot_subtitle(&plot, "%s; softmax weight of each radial frequency band%s%s%s",
                     pb_record_data_set(all[0].run), has_band ? "; line: mean over " : "",
                     has_band ? pb_record_repeats(all[0].run) : "",
                     has_band ? ", band: one standard error" : "");
    pb_text_append(
        &plot.script,
        "set xrange [0:%.9g]\nset yrange [0:%.9g]\nset format x '%%.0f'\nset xlabel 'iteration'\n"
        "set ylabel 'weight'\n",
        last * 1.005, highest * 1.06);
    for (int i = 0; i < count; i++) {
        const pb_room room = {.left = 112, .right = 225, .top = 14, .bottom = 84};
        pb_panels_next(&plot, &panels, i, room, all[i].run->name);
        pb_text_append(&plot.script, "set key at ");
        pb_panels_place(&plot, &panels, i, panels.width - room.right + 14,
                        room.top + (count > 1 ? 30 : 0));
        pb_text_append(&plot.script, " left top vertical Left reverse samplen 1.6 spacing 1.3\n");
        plot_panel(&plot, &all[i]);
    }
    return pb_plot_draw(ctx, &plot, folder);
}

pb_status pb_draw_band_weights(pb_context *ctx, int count, const pb_record runs[],
                               const char *folder)
{
    bands *all = calloc((size_t)count, sizeof *all);
    if (!all) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory drawing the band weights");
    pb_status status = PB_OK;
    int learned = 0;
    for (int i = 0; !status && i < count; i++)
        if (pb_record_learns_bands(&runs[i])) status = gather(ctx, &runs[i], &all[learned++]);
    if (!status)
        status =
            learned ? draw(ctx, all, learned, folder) : pb_plot_discard(folder, "band_weights");
    for (int i = 0; i < learned; i++) {
        for (int k = 0; k < all[i].count; k++) pb_curve_clear(&all[i].curves[k]);
        free(all[i].curves);
    }
    free(all);
    return status;
}
