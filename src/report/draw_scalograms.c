/* Scalograms of a few test samples: what the wavelet of each scale sees at each time. */
#include <math.h>

#include "report/panels.h"
#include "report/pictures.h"

enum { MOST_SHOWN = 6, MOST_LABELS = 9 };

static double number_at(const json_t *list, size_t i)
{
    return json_number_value(json_array_get(list, i));
}

/* "time row value" lines of one sample; the largest value so far. */
static void add_block(pb_plot *plot, const pb_array *a, size_t sample, double period, double *high)
{
    const size_t scales = a->dim[1], points = a->dim[2];
    for (size_t row = 0; row < scales; row++)
        for (size_t k = 0; k < points; k++) {
            const double value = a->data[(sample * scales + row) * points + k];
            pb_text_append(&plot->data, "%.9g %zu %.9g\n", (double)k * period, row, value);
            if (isfinite(value)) *high = fmax(*high, value);
        }
    pb_plot_end_block(plot);
}

/* "4 (0.203)": a scale and its frequency. */
static void name_scales(pb_plot *plot, const json_t *axis, size_t count)
{
    const json_t *scales = json_object_get(axis, "scales"),
                 *frequencies = json_object_get(axis, "frequencies");
    pb_text *s = &plot->script;
    pb_text_append(s, "set yrange [%g:-0.5]\nset ytics (", (double)count - 0.5);
    for (size_t i = 0; i < count; i += (count - 1) / MOST_LABELS + 1)
        pb_text_append(s, "%s'%.3g (%.3g)' %zu", i ? ", " : "", number_at(scales, i),
                       number_at(frequencies, i), i);
    pb_text_append(s, ")\n");
}

static void name_sample(const pb_record *run, size_t sample, size_t size, char name[])
{
    const json_t *label = json_array_get(json_object_get(run->summary, "shown_labels"), sample);
    char buffer[16];
    if (json_is_integer(label))
        snprintf(name, size, "a test sample of class %s",
                 pb_record_class(run, (size_t)json_integer_value(label), buffer));
    else
        snprintf(name, size, "test sample %zu", sample + 1);
}

static void plot_sample(pb_plot *plot, const pb_panels *panels, int index, const pb_record *run)
{
    const pb_room room = {.left = 196, .right = 140, .top = 8, .bottom = 70};
    char name[80];
    name_sample(run, (size_t)index, sizeof name, name);
    pb_panels_next(plot, panels, index, room, name);
    /* gnuplot would put the image of an SVG into a file of its own */
    pb_text_append(&plot->script,
                   "if (format eq 'svg') plot '%s.dat' index %d using 1:2:3 with image pixels; "
                   "else plot '%s.dat' index %d using 1:2:3 with image\n",
                   plot->name, index, plot->name, index);
}

pb_status pb_draw_scalograms(pb_context *ctx, int count, const pb_record runs[], const char *folder)
{
    const pb_record *run = &runs[0];
    const pb_array *a = &run->scalograms;
    if (count > 1 || !a->data) return pb_plot_discard(folder, "scalograms");
    const json_t *axis = json_object_get(run->summary, "scalogram");
    const double period = json_number_value(json_object_get(axis, "sampling_period"));
    const bool in_points = fabs(period - 1) < 1e-12;
    const int shown = a->dim[0] < MOST_SHOWN ? (int)a->dim[0] : MOST_SHOWN;
    const pb_panels panels = pb_panels_arrange(shown, 740, 330);
    double high = 0;
    pb_plot plot;
    pb_panels_begin(&plot, &panels, "scalograms");
    for (int i = 0; i < shown; i++) add_block(&plot, a, (size_t)i, period, &high);
    pb_plot_title(&plot, "Scalograms that %s takes", run->name);
    pb_plot_subtitle(&plot, "%s; magnitudes of test samples by %s", pb_record_data_set(run),
                     json_string_value(json_object_get(axis, "wavelet")));
    pb_plot_palette(&plot);
    pb_text_append(&plot.script,
                   "unset grid\nunset key\nset border 15\nset cbrange [0:%.9g]\n"
                   "set xrange [%.9g:%.9g]\nset xlabel '%s' offset 0, 0.3\n"
                   "set ylabel 'scale (cycles per %s)' offset 0.5\nset cblabel 'magnitude'\n",
                   high > 0 ? high : 1, -0.5 * period, ((double)a->dim[2] - 0.5) * period,
                   in_points ? "point" : "time", in_points ? "point" : "unit of time");
    name_scales(&plot, axis, a->dim[1]);
    for (int i = 0; i < shown; i++) plot_sample(&plot, &panels, i, run);
    return pb_plot_draw(ctx, &plot, folder);
}
