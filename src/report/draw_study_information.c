/* What each value of the largest file of a method tells of the label: heat maps. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "data/npy.h"
#include "report/panels.h"
#include "report/study_measures.h"
#include "report/study_record.h"

enum { MAPS_MOST = 12 };

/* Channels, of which the mean is drawn. */
typedef struct map {
    const char *name;
    pb_npy array;
    size_t channels, height, width;
} map;

typedef struct maps {
    map all[MAPS_MOST];
    int count;
    double high;
} maps;

/* ---- which ---- */

static const json_t *largest_of(const json_t *study, const char *method)
{
    size_t i;
    json_t *p;
    const json_t *found = NULL;
    json_array_foreach(pb_study_points(study), i, p)
    {
        const double bytes = pb_study_number(p, "bytes_per_sample");
        if (strcmp(pb_study_text(p, "method"), method) == 0 &&
            (!found || bytes > pb_study_number(found, "bytes_per_sample")))
            found = p;
    }
    return found;
}

static pb_status shape_map(pb_context *ctx, const char *path, map *m)
{
    const pb_npy *a = &m->array;
    m->channels = a->axes == 3 ? a->dim[0] : 1;
    m->height = a->axes >= 2 ? a->dim[a->axes - 2] : 1;
    m->width = a->axes >= 1 ? a->dim[a->axes - 1] : 1;
    if (a->dtype == PB_NPY_F32 && a->axes <= 3 && a->count > 0) return PB_OK;
    return pb_fail(ctx, PB_ERR_DATA, "%s: must be float32 of 1 to 3 axes", path);
}

static pb_status load_map(pb_context *ctx, const char *folder, const json_t *point, maps *all)
{
    char *path = pb_measure_path(folder, point, "information_map.npy");
    pb_status status = path ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    if (status == PB_OK && pb_file_exists(path)) {
        map *m = &all->all[all->count];
        *m = (map){.name = pb_study_text(point, "point")};
        status = pb_npy_load(ctx, path, &m->array);
        if (status == PB_OK) all->count++;
        if (status == PB_OK) status = shape_map(ctx, path, m);
    }
    free(path);
    return status;
}

static pb_status load_maps(pb_context *ctx, const json_t *study, const char *folder, maps *all)
{
    size_t i;
    json_t *name;
    json_array_foreach(json_object_get(study, "methods"), i, name)
    {
        const json_t *point =
            json_is_string(name) ? largest_of(study, json_string_value(name)) : NULL;
        if (point && all->count < MAPS_MOST) PB_TRY(load_map(ctx, folder, point, all));
    }
    return PB_OK;
}

/* ---- drawing ---- */

static double cell_of(const map *m, size_t cell)
{
    const size_t cells = m->height * m->width;
    double sum = 0;
    for (size_t c = 0; c < m->channels; c++)
        sum += (double)((const float *)m->array.data)[c * cells + cell];
    return sum / (double)m->channels;
}

/* Estimates below 0 stand for 0. */
static void add_cells(pb_plot *plot, const map *m, double *high)
{
    pb_text_append(&plot->data, "# column row bits\n");
    for (size_t row = 0; row < m->height; row++)
        for (size_t column = 0; column < m->width; column++) {
            const double bits = cell_of(m, row * m->width + column);
            if (isfinite(bits))
                pb_text_append(&plot->data, "%zu %zu %.6g\n", column, row, fmax(bits, 0));
            else
                pb_text_append(&plot->data, "%zu %zu NaN\n", column, row);
            if (isfinite(bits)) *high = fmax(*high, bits);
        }
    pb_plot_end_block(plot);
}

/* Margins that keep cells square; a line of values fills the panel. */
static pb_room room_of(const pb_panels *panels, const map *m)
{
    const int top = 10, bottom = 60, name = panels->count > 1 ? 30 : 0, left = 70, right = 120;
    const int height = panels->height - top - bottom - name, width = panels->width - left - right;
    if (m->height == 1) return (pb_room){left + 40, right, top, bottom}; /* its axis has a name */
    const double side = fmin((double)width / (double)m->width, (double)height / (double)m->height);
    const int spare_width = width - (int)(side * (double)m->width),
              spare_height = height - (int)(side * (double)m->height);
    return (pb_room){left + spare_width / 2, right + spare_width - spare_width / 2, top,
                     bottom + spare_height};
}

/* 1, 2 or 5 times a power of ten, of which some five fit. */
static size_t tics_of(size_t count)
{
    static const size_t steps[] = {2, 5, 10};
    size_t power = 1;
    for (;; power *= 10) {
        if (power * 5 >= count) return power;
        for (int i = 0; i < 3; i++)
            if (steps[i] * power * 6 >= count) return steps[i] * power;
    }
}

/* Values that have no place in an image: bars in their order. */
static void plot_line(pb_plot *plot, const map *m, int block, double high)
{
    pb_text_append(&plot->script,
                   "set xrange [-0.5:%g]\nset yrange [0:%.6g]\nset xtics 0, %zu\n"
                   "set ytics autofreq\nunset colorbox\n"
                   "set xlabel 'value'\nset ylabel 'bits' offset 1.4\n"
                   "plot '%s.dat' index %d using 1:3 with impulses linewidth %g linecolor rgb "
                   "'%s'\n",
                   (double)m->width - 0.5, high, tics_of(m->width), plot->name, block,
                   m->width > 100 ? 1.0 : 3.0, pb_plot_colour(0));
}

static void plot_map(pb_plot *plot, const map *m, int block)
{
    pb_text *s = &plot->script;
    pb_text_append(s, "unset xlabel\nunset ylabel\nset xrange [-0.5:%g]\nset yrange [%g:-0.5]\n",
                   (double)m->width - 0.5, (double)m->height - 0.5);
    pb_text_append(s, "set xtics 0, %zu\nset ytics 0, %zu\nset colorbox\n", tics_of(m->width),
                   tics_of(m->height));
    /* gnuplot would put the image of an SVG into a file of its own */
    pb_text_append(s,
                   "if (format eq 'svg') plot '%s.dat' index %d using 1:2:3 with image pixels; "
                   "else plot '%s.dat' index %d using 1:2:3 with image\n",
                   plot->name, block, plot->name, block);
}

static pb_status draw(pb_context *ctx, const json_t *study, maps *all, const char *plots)
{
    const pb_panels panels = pb_panels_arrange(all->count, 600, 500);
    pb_plot plot;
    pb_panels_begin(&plot, &panels, "study_information");
    for (int i = 0; i < all->count; i++) add_cells(&plot, &all->all[i], &all->high);
    pb_plot_title(&plot, "What each value tells of the label: %s",
                  pb_study_text(study, "data_set"));
    pb_plot_subtitle(
        &plot,
        "mutual information, bits; the largest file of each method; of channels and blocks the "
        "mean; values without a place in the image as bars");
    pb_plot_palette(&plot);
    pb_text_append(&plot.script,
                   "unset grid\nunset key\nset border 15\nset cbrange [0:%.6g]\n"
                   "set cblabel 'bits' offset 0.5\n",
                   all->high > 0 ? all->high : 1);
    for (int i = 0; i < all->count; i++) {
        pb_panels_next(&plot, &panels, i, room_of(&panels, &all->all[i]), all->all[i].name);
        if (all->all[i].height == 1)
            plot_line(&plot, &all->all[i], i, all->high > 0 ? all->high : 1);
        else
            plot_map(&plot, &all->all[i], i);
    }
    return pb_plot_draw(ctx, &plot, plots);
}

pb_status pb_draw_study_information(pb_context *ctx, const json_t *study, const char *folder)
{
    maps all = {0};
    char *plots = pb_path_join(folder, "plots");
    pb_status status =
        plots ? load_maps(ctx, study, folder, &all) : pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    if (status == PB_OK)
        status = all.count > 0 ? draw(ctx, study, &all, plots)
                               : pb_plot_discard(plots, "study_information");
    for (int i = 0; i < all.count; i++) pb_npy_clear(&all.all[i].array);
    free(plots);
    return status;
}
