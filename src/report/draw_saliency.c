/* What networks of one-dimensional inputs look at: classes by points, classes by frequencies, and a
 * few samples. */
#include <math.h>

#include "report/maps.h"
#include "report/panels.h"
#include "report/pictures.h"

/* ---- heat maps of the classes, a panel a run ---- */

typedef struct heat_map {
    const char *name, *title, *subtitle, *x_label, *colour_label;
    const pb_array *(*array)(const pb_record *run);
} heat_map;

static const pb_array *saliency_of(const pb_record *run)
{
    return &run->saliency;
}

static const pb_array *spectra_of(const pb_record *run)
{
    return &run->saliency_spectra;
}

static bool has_rows(const pb_array *array)
{
    return array->data && pb_maps_are_rows(array);
}

/* A block of "column row value" lines; the largest value. */
static pb_status add_cells(pb_context *ctx, pb_plot *plot, const pb_array *array, size_t *columns,
                           double *high)
{
    pb_maps maps;
    PB_TRY(pb_maps_make(ctx, array, PB_MAPS_PLAIN, &maps));
    *columns = maps.width;
    *high = 0;
    for (size_t i = 0; i < maps.count * maps.width; i++) {
        pb_text_append(&plot->data, "%zu %zu %.9g\n", i % maps.width, i / maps.width,
                       maps.pixels[i]);
        if (isfinite(maps.pixels[i])) *high = fmax(*high, maps.pixels[i]);
    }
    pb_maps_clear(&maps);
    pb_plot_end_block(plot);
    return PB_OK;
}

static void name_classes(pb_plot *plot, const pb_record *run, size_t classes)
{
    pb_text *s = &plot->script;
    char buffer[16];
    const size_t each = classes / 30 + 1;
    pb_text_append(s, "set yrange [%g:-0.5]\nset ytics (", (double)classes - 0.5);
    for (size_t c = 0; c < classes; c += each) {
        if (c > 0) pb_text_append(s, ", ");
        pb_plot_quote(s, pb_record_class(run, c, buffer));
        pb_text_append(s, " %zu", c);
    }
    pb_text_append(s, ")\n");
}

static int widest_class_name(const pb_record *run, size_t classes)
{
    int widest = 0;
    char buffer[16];
    for (size_t c = 0; c < classes; c++) {
        const int width = pb_plot_text_width(pb_record_class(run, c, buffer));
        if (width > widest) widest = width;
    }
    return widest < 240 ? widest : 240;
}

static pb_status plot_heat_map(pb_context *ctx, pb_plot *plot, const pb_panels *panels, int index,
                               const heat_map *h, const pb_record *run)
{
    const pb_array *array = h->array(run);
    size_t columns;
    double high;
    PB_TRY(add_cells(ctx, plot, array, &columns, &high));
    const pb_room room = {
        .left = 92 + widest_class_name(run, array->dim[0]), .right = 170, .top = 14, .bottom = 84};
    pb_panels_next(plot, panels, index, room, run->name);
    name_classes(plot, run, array->dim[0]);
    /* gnuplot would put the image of an SVG into a file of its own */
    pb_text_append(&plot->script,
                   "set xrange [-0.5:%g]\nset cbrange [0:%.9g]\n"
                   "if (format eq 'svg') plot '%s.dat' index %d using 1:2:3 with image pixels; "
                   "else plot '%s.dat' index %d using 1:2:3 with image\n",
                   (double)columns - 0.5, high > 0 ? high : 1, plot->name, index, plot->name,
                   index);
    return PB_OK;
}

static pb_status draw_heat_maps(pb_context *ctx, const heat_map *h, int count,
                                const pb_record runs[], const char *folder)
{
    int shown = 0, index = 0;
    const pb_record *first = NULL;
    for (int i = count - 1; i >= 0; i--)
        if (has_rows(h->array(&runs[i]))) first = &runs[i], shown++;
    if (!shown) return pb_plot_discard(folder, h->name);

    const pb_panels panels = pb_panels_arrange(shown, 760, 540);
    pb_plot plot;
    pb_panels_begin(&plot, &panels, h->name);
    pb_plot_title(&plot, "%s%s%s", h->title, shown == 1 ? " of " : "",
                  shown == 1 ? first->name : "");
    pb_plot_subtitle(&plot, "%s; %s", pb_record_data_set(first), h->subtitle);
    pb_plot_palette(&plot);
    pb_text_append(&plot.script,
                   "unset grid\nunset key\nset border 15\nset xlabel '%s'\nset ylabel 'class'\n"
                   "set cblabel '%s' offset 0.5\n",
                   h->x_label, h->colour_label);
    pb_status status = PB_OK;
    for (int i = 0; !status && i < count; i++)
        if (has_rows(h->array(&runs[i])))
            status = plot_heat_map(ctx, &plot, &panels, index++, h, &runs[i]);
    if (!status) return pb_plot_draw(ctx, &plot, folder);
    pb_plot_clear(&plot);
    return status;
}

pb_status pb_draw_saliency(pb_context *ctx, int count, const pb_record runs[], const char *folder)
{
    const heat_map h = {"saliency",
                        "Saliency",
                        "mean |d logit of the class / d input| of each class's test samples",
                        "point of the input",
                        "mean |gradient|",
                        saliency_of};
    return draw_heat_maps(ctx, &h, count, runs, folder);
}

pb_status pb_draw_saliency_spectra(pb_context *ctx, int count, const pb_record runs[],
                                   const char *folder)
{
    const heat_map h = {"saliency_spectra",
                        "Saliency spectra",
                        "mean normalised magnitude of the saliency's frequencies, each class",
                        "frequency index",
                        "mean magnitude",
                        spectra_of};
    return draw_heat_maps(ctx, &h, count, runs, folder);
}

/* ---- samples, coloured by what matters in them ---- */

typedef struct extent {
    size_t points;
    double low, high, saliency; /* range of the inputs; the largest saliency */
} extent;

/* A block of "point value saliency" lines for each sample. */
static pb_status add_samples(pb_context *ctx, pb_plot *plot, const pb_record *run, extent *e)
{
    pb_maps inputs, saliency = {0};
    pb_status status = pb_maps_make(ctx, &run->saliency_inputs, PB_MAPS_PLAIN, &inputs);
    if (!status) status = pb_maps_make(ctx, &run->saliency_samples, PB_MAPS_ABSOLUTE, &saliency);
    *e = (extent){.points = inputs.width, .low = INFINITY, .high = -INFINITY};
    for (size_t i = 0; !status && i < inputs.count; i++) {
        for (size_t k = 0; k < inputs.width; k++) {
            const size_t at = i * inputs.width + k;
            pb_text_append(&plot->data, "%zu %.9g %.9g\n", k, inputs.pixels[at],
                           saliency.pixels[at]);
            e->saliency = fmax(e->saliency, saliency.pixels[at]);
            e->low = fmin(e->low, inputs.pixels[at]);
            e->high = fmax(e->high, inputs.pixels[at]);
        }
        pb_plot_end_block(plot);
    }
    pb_maps_clear(&inputs);
    pb_maps_clear(&saliency);
    return status;
}

/* About four steps to a range: 1, 2 or 5 times a power of ten. */
static double step_of(double range)
{
    const double power = range > 0 ? pow(10, floor(log10(range / 4))) : 1;
    return range < 6 * power ? power : range < 12 * power ? 2 * power : 5 * power;
}

static void name_sample(const pb_record *run, int sample, size_t size, char name[])
{
    const json_t *label =
        json_array_get(json_object_get(run->summary, "shown_labels"), (size_t)sample);
    char buffer[16];
    if (json_is_integer(label))
        snprintf(name, size, "a test sample of class %s",
                 pb_record_class(run, (size_t)json_integer_value(label), buffer));
    else
        snprintf(name, size, "test sample %d", sample + 1);
}

pb_status pb_draw_salient_samples(pb_context *ctx, int count, const pb_record runs[],
                                  const char *folder)
{
    const pb_record *run = &runs[0];
    if (count > 1 || !has_rows(&run->saliency_inputs))
        return pb_plot_discard(folder, "salient_samples");
    const int shown = (int)run->saliency_inputs.dim[0];
    const pb_panels panels = pb_panels_arrange(shown, 640, 262);
    extent e;
    pb_plot plot;
    pb_panels_begin(&plot, &panels, "salient_samples");
    const pb_status status = add_samples(ctx, &plot, run, &e);
    if (status) {
        pb_plot_clear(&plot);
        return status;
    }
    pb_plot_title(&plot, "Where %s looks", run->name);
    pb_plot_subtitle(&plot, "%s; test samples, coloured by |d logit of the class / d input|",
                     pb_record_data_set(run));
    pb_plot_palette(&plot);
    pb_text_append(&plot.script,
                   "unset key\nset cbrange [0:%.9g]\nset xrange [0:%zu]\nset yrange [%.9g:%.9g]\n"
                   "set ytics %.9g\nset xlabel 'point of the input' offset 0, 0.3\n"
                   "set ylabel 'value' offset 1\nset cblabel '|gradient|'\n",
                   e.saliency > 0 ? e.saliency : 1, e.points > 1 ? e.points - 1 : 1, e.low,
                   e.high > e.low ? e.high : e.low + 1, step_of(e.high - e.low));
    for (int i = 0; i < shown; i++) {
        char name[80];
        name_sample(run, i, sizeof name, name);
        const pb_room room = {.left = 76, .right = 134, .top = 8, .bottom = 70};
        pb_panels_next(&plot, &panels, i, room, name);
        pb_text_append(&plot.script,
                       "plot '%s.dat' index %d using 1:2:3 with lines linewidth 3 linecolor "
                       "palette\n",
                       plot.name, i);
    }
    return pb_plot_draw(ctx, &plot, folder);
}
