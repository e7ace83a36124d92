/* The mask on the block of coefficients as a heat map, mean over seeds; a panel a run. */
#include <math.h>
#include <stdlib.h>

#include "report/panels.h"
#include "report/pictures.h"

static bool has_mask(const pb_record *run)
{
    return run->mask.data != NULL;
}

static double mean_over_seeds(const pb_array *mask, size_t cell)
{
    const size_t cells = mask->dim[1] * mask->dim[2];
    double sum = 0;
    for (size_t s = 0; s < mask->dim[0]; s++) sum += mask->data[s * cells + cell];
    return sum / (double)mask->dim[0];
}

/* A block of "column row value" lines; widens [low, high]. */
static void add_cells(pb_plot *plot, const pb_array *mask, double *low, double *high)
{
    pb_text_append(&plot->data, "# column row mask\n");
    for (size_t cell = 0; cell < mask->dim[1] * mask->dim[2]; cell++) {
        const double value = mean_over_seeds(mask, cell);
        pb_text_append(&plot->data, "%zu %zu %.9g\n", cell % mask->dim[2], cell / mask->dim[2],
                       value);
        *low = fmin(*low, value);
        *high = fmax(*high, value);
    }
    pb_plot_end_block(plot);
}

/* Margins that leave a square of cells, a little left of the middle, for the colour bar beside it.
 */
static pb_room square_room(const pb_panels *panels)
{
    const int top = 10, bottom = 88, name = panels->count > 1 ? 30 : 0, left = 100, right = 140;
    const int height = panels->height - top - bottom - name, width = panels->width - left - right;
    const int spare_width = width > height ? width - height : 0,
              spare_height = height > width ? height - width : 0;
    return (pb_room){left + spare_width / 2, right + spare_width - spare_width / 2, top,
                     bottom + spare_height};
}

static void plot_panel(pb_plot *plot, const pb_array *mask, int block)
{
    const size_t columns = mask->dim[2], rows = mask->dim[1];
    pb_text *s = &plot->script;
    pb_text_append(s, "set xrange [-0.5:%g]\nset yrange [%g:-0.5]\n", (double)columns - 0.5,
                   (double)rows - 0.5);
    pb_text_append(s, "set xtics 0, %zu\nset ytics 0, %zu\n",
                   columns > 20 ? columns / 8 : (size_t)1 + (columns > 10),
                   rows > 20 ? rows / 8 : (size_t)1 + (rows > 10));
    /* gnuplot would put the image of an SVG into a file of its own */
    pb_text_append(s,
                   "if (format eq 'svg') plot '%s.dat' index %d using 1:2:3 with image pixels; "
                   "else plot '%s.dat' index %d using 1:2:3 with image\n",
                   plot->name, block, plot->name, block);
}

pb_status pb_draw_mask(pb_context *ctx, int count, const pb_record runs[], const char *folder)
{
    int shown = 0, index = 0;
    const pb_record *first = NULL;
    for (int i = count - 1; i >= 0; i--)
        if (has_mask(&runs[i])) first = &runs[i], shown++;
    if (!shown) return pb_plot_discard(folder, "mask");

    const pb_panels panels = pb_panels_arrange(shown, 640, 540);
    double low = 0, high = 0;
    pb_plot plot;
    pb_panels_begin(&plot, &panels, "mask");
    for (int i = 0; i < count; i++)
        if (has_mask(&runs[i])) add_cells(&plot, &runs[i].mask, &low, &high);
    if (shown == 1)
        pb_plot_title(&plot, "Mask of %s", first->name);
    else
        pb_plot_title(&plot, "Masks");
    const bool is_mean = first->mask.dim[0] > 1;
    pb_plot_subtitle(&plot, "%s; factor on each DCT coefficient%s%s", pb_record_data_set(first),
                     is_mean ? ", mean over " : "", is_mean ? pb_record_repeats(first) : "");
    pb_plot_palette(&plot);
    pb_text_append(&plot.script, "unset grid\nunset key\nset border 15\n"
                                 "set xlabel 'horizontal frequency index'\n"
                                 "set ylabel 'vertical frequency index'\n");
    pb_text_append(&plot.script, "set cbrange [%.9g:%.9g]\nset cblabel 'mask' offset 0.5\n", low,
                   high > low ? high : low + 1);
    for (int i = 0; i < count; i++) {
        if (!has_mask(&runs[i])) continue;
        pb_panels_next(&plot, &panels, index, square_room(&panels), runs[i].name);
        plot_panel(&plot, &runs[i].mask, index);
        index++;
    }
    return pb_plot_draw(ctx, &plot, folder);
}
