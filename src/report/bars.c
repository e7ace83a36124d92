/* Bars of percentages. */
#include "report/bars.h"

#include <math.h>
#include <stdlib.h>

#define MOST_FIGURES   80 /* more bars than this are too narrow to carry their figure */
#define LEVEL_FIGURES  14 /* more bars than this carry it upright                     */
#define MOST_TICKS     40 /* more places than this cannot all be named                */
#define AXIS_PIXELS    1050
#define PICTURE_PIXELS 1200
#define LEFT           0.095 /* of the picture, where the plot begins */

pb_status pb_bars_create(pb_context *ctx, int series_count, int rows, double width, pb_bars *bars)
{
    *bars = (pb_bars){.series = calloc((size_t)series_count, sizeof *bars->series), .width = width};
    if (!bars->series) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory drawing bars");
    bars->series_count = series_count;
    for (int i = 0; i < series_count; i++) {
        bars->series[i].colour = pb_plot_colour(i);
        bars->series[i].rows = calloc((size_t)rows, sizeof *bars->series[i].rows);
        if (!bars->series[i].rows) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory drawing bars");
    }
    return PB_OK;
}

void pb_bars_clear(pb_bars *bars)
{
    for (int i = 0; i < bars->series_count; i++) free(bars->series[i].rows);
    free(bars->series);
    *bars = (pb_bars){0};
}

void pb_bars_add(pb_series *series, double at, double percent, double error)
{
    if (isfinite(percent))
        series->rows[series->count++] = (pb_bar){at, percent, isfinite(error) ? error : 0};
}

bool pb_bars_have_whiskers(const pb_bars *bars)
{
    for (int i = 0; i < bars->series_count; i++)
        for (int row = 0; row < bars->series[i].count; row++)
            if (bars->series[i].rows[row].error > 0) return true;
    return false;
}

static int count_bars(const pb_bars *bars)
{
    int count = 0;
    for (int i = 0; i < bars->series_count; i++) count += bars->series[i].count;
    return count;
}

/* ---- axes ---- */

/* Where the plot ends so that sloped names, which begin at their places, end within the picture. */
static double right_of_sloped(int count, int every, pb_place_name *name, const void *of)
{
    const double slope = cos(35 * acos(-1) / 180);
    double right = 0.975;
    char buffer[16];
    for (int i = 0; i < count; i += every) {
        const double own = slope * pb_plot_text_width(name(of, i, buffer)) / PICTURE_PIXELS;
        right = fmin(right, LEFT + (0.99 - own - LEFT) * (count + 0.2) / (i + 0.6));
    }
    return fmax(right, 0.5);
}

void pb_bars_name_places(pb_plot *plot, int count, const char *what, pb_place_name *name,
                         const void *of)
{
    pb_text *s = &plot->script;
    const int every = (count + MOST_TICKS - 1) / MOST_TICKS, shown = (count + every - 1) / every;
    int longest = 0; /* in pixels */
    char buffer[16];
    for (int i = 0; i < count; i += every) {
        const int width = pb_plot_text_width(name(of, i, buffer));
        if (width > longest) longest = width;
    }
    const bool sloped = (longest + 4) * shown > AXIS_PIXELS;
    const bool labelled = what && !sloped; /* sloped names leave no room and need no word */
    const double foot = labelled        ? 0.105
                        : !sloped       ? 0.075
                        : longest > 280 ? 0.28
                                        : 0.06 + 0.0008 * longest;
    if (labelled) pb_text_append(s, "set xlabel '%s'\n", what);
    pb_text_append(s,
                   "set bmargin at screen %g\nset lmargin at screen %g\nset rmargin at screen "
                   "%.4g\nset xtics scale 0 %s (",
                   foot, LEFT, sloped ? right_of_sloped(count, every, name, of) : 0.975,
                   sloped ? "rotate by -35" : "norotate");
    for (int i = 0; i < count; i += every) {
        pb_text_append(s, "%s", i ? ", " : "");
        pb_plot_quote(s, name(of, i, buffer));
        pb_text_append(s, " %d", i);
    }
    const double aside = count < 3 ? (3 - count) / 2.0 : 0; /* few bars stay slim */
    pb_text_append(s, ")\nset xrange [%g:%g]\n", -0.6 - aside, count - 0.4 + aside);
}

/* Room above 100 is for the figures. */
static void percent_axis(pb_plot *plot, const pb_bars *bars, bool upright, const char *what)
{
    double least = INFINITY, largest = -INFINITY;
    for (int i = 0; i < bars->series_count; i++)
        for (int row = 0; row < bars->series[i].count; row++) {
            const pb_bar *bar = &bars->series[i].rows[row];
            least = fmin(least, bar->percent - bar->error);
            largest = fmax(largest, bar->percent);
        }
    const pb_percent_axis axis = pb_percent_axis_for(least, largest);
    pb_text *s = &plot->script;
    pb_text_append(s, "set yrange [%g:%g]\nset ytics %g, %g, 100\nset ylabel '%s (%%)", axis.bottom,
                   100 + (100 - axis.bottom) * (upright ? 0.12 : 0.07), axis.bottom, axis.step,
                   what);
    if (axis.bottom > 0) pb_text_append(s, ", axis starts at %g", axis.bottom);
    pb_text_append(s, "'\n");
}

/* ---- bars ---- */

void pb_bars_plot(pb_plot *plot, const pb_bars *bars, const char *what)
{
    pb_text *s = &plot->script;
    const int count = count_bars(bars), first = plot->blocks;
    const bool upright = count > LEVEL_FIGURES;
    for (int i = 0; i < bars->series_count; i++) {
        if (!bars->series[i].count) continue; /* gnuplot does not count an empty block */
        pb_text_append(&plot->data, "# place percent standard_error\n");
        for (int row = 0; row < bars->series[i].count; row++) {
            const pb_bar *bar = &bars->series[i].rows[row];
            pb_text_append(&plot->data, "%.6g %.9g %.9g\n", bar->at, bar->percent, bar->error);
        }
        pb_plot_end_block(plot);
    }
    percent_axis(plot, bars, upright, what);
    pb_text_append(s, "set boxwidth %g absolute\nset style fill solid 0.88 noborder\n",
                   bars->width);
    const char *comma = "plot ";
    int block = first;
    for (int i = 0; i < bars->series_count; i++) {
        if (!bars->series[i].count) continue;
        pb_text_append(s, "%s'%s.dat' index %d using 1:2 with boxes linecolor rgb '%s'", comma,
                       plot->name, block++, bars->series[i].colour);
        comma = ", \\\n     ";
    }
    const int last = block - 1;
    if (pb_bars_have_whiskers(bars))
        pb_text_append(
            s,
            "%s'%s.dat' index %d:%d using ($3 > 0 ? $1 : NaN):($2 - $3):(0):(2 * $3) with vectors "
            "heads size screen 0.003, 90 linewidth 1.2 linecolor rgb '#222222'",
            comma, plot->name, first, last);
    if (count <= MOST_FIGURES)
        pb_text_append(
            s,
            "%s'%s.dat' index %d:%d using 1:($2 + $3):(sprintf('%s', $2)) with labels %s "
            "textcolor rgb '#222222'",
            comma, plot->name, first, last, upright ? "%.1f" : "%.2f",
            upright ? "left rotate by 90 offset 0, 0.4 font tiny" : "center offset 0, 0.7");
    pb_text_append(s, "\n");
}
