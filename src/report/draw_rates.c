/* Learning rates over epochs, a line an optimiser. */
#include <math.h>

#include <passband/report.h>

#include "base/file.h"
#include "report/plot.h"

enum { POINTS = 2000 };

/* Iteration against rate: all of them, or so many that no corner is missed by more than a pixel. */
static void put_curve(pb_plot *plot, const pb_rate_curves *rates, const double of[])
{
    const size_t count = (size_t)rates->epochs * (size_t)rates->steps;
    const size_t every = (count - 1) / POINTS + 1;
    for (size_t i = 0; i < count; i++)
        if (i % every == 0 || i + 1 == count)
            pb_text_append(&plot->data, "%.9g %.9g\n", (double)i / rates->steps, of[i]);
    pb_plot_end_block(plot);
}

static double highest_of(const pb_rate_curves *rates)
{
    const size_t count = (size_t)rates->epochs * (size_t)rates->steps;
    double highest = 0;
    for (int k = 0; k < rates->count; k++)
        for (size_t i = 0; i < count; i++) highest = fmax(highest, rates->curves[k].rates[i]);
    return highest > 0 ? highest : 1;
}

pb_status pb_report_rates(pb_context *ctx, const char *name, const pb_rate_curves *rates,
                          const char *folder)
{
    pb_plot plot;
    PB_TRY(pb_folder_make(ctx, folder));
    pb_plot_begin(&plot, "schedule", 1200, 800);
    pb_plot_title(&plot, "Learning rates of %s", name);
    pb_plot_subtitle(&plot, "%d steps an epoch", rates->steps);
    for (int k = 0; k < rates->count; k++) {
        pb_plot_legend(&plot, pb_plot_colour(k), false, rates->curves[k].name);
        put_curve(&plot, rates, rates->curves[k].rates);
    }
    pb_plot_top_margin(&plot);
    pb_text_append(&plot.script,
                   "set lmargin at screen 0.095\nset rmargin at screen 0.975\n"
                   "set bmargin at screen 0.105\nset xlabel 'epoch'\nset ylabel 'learning rate'\n"
                   "set xrange [0:%d]\nset yrange [0:%.9g]\nplot ",
                   rates->epochs, 1.06 * highest_of(rates));
    for (int k = 0; k < rates->count; k++)
        pb_text_append(&plot.script,
                       "%s'%s.dat' index %d using 1:2 with lines linecolor rgb '%s' linewidth 2.4",
                       k > 0 ? ", \\\n     " : "", plot.name, k, pb_plot_colour(k));
    pb_text_append(&plot.script, "\n");
    return pb_plot_draw(ctx, &plot, folder);
}
