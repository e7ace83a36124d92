/* Histograms of the coefficients of each layer and level, with the threshold marked: a panel each.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/draw_weights.h"
#include "report/panels.h"

enum {
    BINS = 61,
    ABREAST = 4,
    MOST_PANELS = 60,
    MOST_LEVEL = 64
}; /* an odd number: one is around 0 */

/* The coefficients of a layer at a level, of all its parts there. */
typedef struct group {
    const json_t *layer;
    const pb_weight_arrays *arrays;
    int level;
} group;

static bool is_in(const group *g, const json_t *part)
{
    return (int)pb_weight_number(part, "level") == g->level;
}

/* ---- numbers ---- */

static double size_of(double number)
{
    return isfinite(number) ? fabs(number) : 0;
}

typedef struct facts {
    double largest, zeros, least,
        most; /* largest coefficient; share of zeros; the lowest threshold and the highest */
    double count;
} facts;

/* Every coefficient with the threshold of its part. */
typedef void see_coefficient(void *user, double number, double threshold);

static void visit(const group *g, see_coefficient *see, void *user)
{
    const pb_npy *c = &g->arrays->coefficients;
    size_t i;
    json_t *part;
    json_array_foreach(json_object_get(g->layer, "parts"), i, part)
    {
        const size_t offset = (size_t)pb_weight_number(part, "offset"),
                     count = (size_t)pb_weight_number(part, "count");
        const double threshold = pb_weight_number(part, "threshold");
        for (size_t line = 0; is_in(g, part) && line < c->dim[0]; line++)
            for (size_t k = 0; k < count; k++)
                see(user, (double)((const float *)c->data)[line * c->dim[1] + offset + k],
                    threshold);
    }
}

static void widen(void *user, double number, double threshold)
{
    (void)threshold;
    facts *f = user;
    f->largest = fmax(f->largest, size_of(number));
}

static facts facts_of(const group *g)
{
    facts f = {.least = INFINITY};
    size_t i;
    json_t *part;
    json_array_foreach(json_object_get(g->layer, "parts"), i, part)
    {
        if (!is_in(g, part)) continue;
        const double threshold = pb_weight_number(part, "threshold"),
                     count = pb_weight_number(part, "count");
        f.least = fmin(f.least, threshold);
        f.most = fmax(f.most, threshold);
        f.zeros += pb_weight_number(part, "zeros") * count;
        f.count += count;
    }
    f.zeros /= f.count;
    visit(g, widen, &f);
    return f;
}

typedef struct histogram {
    double half; /* bins reach from -half to half */
    size_t bins[BINS], kept[BINS];
} histogram;

static void add(void *user, double number, double threshold)
{
    histogram *h = user;
    const double place = (number / h->half + 1) / 2 * BINS;
    if (!isfinite(place)) return;
    const int bin = place < 0 ? 0 : place >= BINS ? BINS - 1 : (int)place;
    h->bins[bin]++;
    h->kept[bin] += fabs(number) > threshold;
}

/* ---- a panel ---- */

/* "middle count kept": whether most coefficients of that size are larger than their threshold; of
 * those that are not there, whether its middle is. */
static void add_block(pb_plot *plot, const group *g, const facts *f)
{
    histogram h = {.half = f->largest > 0 ? f->largest : 1};
    visit(g, add, &h);
    pb_text_append(&plot->data, "# %s, level %d: coefficient count kept\n",
                   pb_weight_text(g->layer, "layer"), g->level);
    for (int i = 0; i < BINS; i++) {
        const double middle = h.half * ((2.0 * i + 1) / BINS - 1);
        const bool kept = h.bins[i] > 0 ? 2 * h.kept[i] > h.bins[i] : fabs(middle) > f->most;
        pb_text_append(&plot->data, "%.9g %zu %d\n", middle, h.bins[i], kept);
    }
    pb_plot_end_block(plot);
}

/* The largest of 1, 2, 5 times a power of ten that is not above. */
static double round_number(double most)
{
    const double power = pow(10, floor(log10(most)));
    return most >= 5 * power ? 5 * power : most >= 2 * power ? 2 * power : power;
}

static void mark(pb_plot *plot, int arrow, double at)
{
    pb_text_append(&plot->script,
                   "set arrow %d from first %.9g, graph 0 to first %.9g, graph 1 nohead dashtype 2 "
                   "linewidth 1.4 linecolor rgb '#d55e00' front\n",
                   arrow, at, at);
}

/* Both thresholds where parts of a level differ: the lowest and the highest. */
static void mark_thresholds(pb_plot *plot, const facts *f)
{
    pb_text_append(&plot->script, "unset arrow\n");
    if (!(f->most > 0)) return;
    mark(plot, 1, -f->most);
    mark(plot, 2, f->most);
    if (!(f->least < f->most * 0.999)) return;
    mark(plot, 3, -f->least);
    mark(plot, 4, f->least);
}

static void name_panel(const group *g, const facts *f, char *name, size_t size)
{
    const char *layer = pb_weight_text(g->layer, "layer");
    char level[32] = "approximation";
    if (g->level > 0) snprintf(level, sizeof level, "level %d", g->level);
    if (strcmp(pb_weight_text(g->layer, "wavelet"), "none") == 0)
        snprintf(level, sizeof level, "weights");
    snprintf(name, size, "%.24s, %s: %.1f %% are 0", layer, level, 100 * f->zeros);
}

static void plot_group(pb_plot *plot, const pb_panels *panels, int place, const group *g)
{
    const pb_room room = {.left = 92, .right = 18, .top = 4, .bottom = 62};
    const facts f = facts_of(g);
    const double half = (f.largest > f.most ? f.largest : f.most) * 1.04;
    char name[96];
    name_panel(g, &f, name, sizeof name);
    pb_panels_next(plot, panels, place, room, name);
    const double tic = half > 0 ? round_number(0.9 * half) : 1;
    pb_text_append(&plot->script,
                   "set xrange [%.9g:%.9g]\nset xtics (%.9g, 0, %.9g)\nset boxwidth %.9g "
                   "absolute\nset ylabel '%s'\n",
                   half > 0 ? -half : -1, half > 0 ? half : 1, -tic, tic,
                   2 * (f.largest > 0 ? f.largest : 1) / BINS,
                   place % panels->columns ? "" : "coefficients");
    mark_thresholds(plot, &f);
    add_block(plot, g, &f);
    pb_text_append(
        &plot->script,
        "plot '%s.dat' index %d using 1:($2 > 0 ? $2 : NaN):($3 > 0 ? 0x0072b2 : 0xb0b0b0) "
        "with boxes linecolor rgb variable\n",
        plot->name, plot->blocks - 1);
}

/* ---- the picture ---- */

static bool has_level(const json_t *layer, int level)
{
    const group g = {.layer = layer, .level = level};
    size_t i;
    json_t *part;
    json_array_foreach(json_object_get(layer, "parts"), i, part) if (is_in(&g, part)) return true;
    return false;
}

static int levels_of(const json_t *layer)
{
    int count = 0;
    for (int level = 0; level < MOST_LEVEL; level++) count += has_level(layer, level);
    return count;
}

static int rows_of(const json_t *layer, int columns)
{
    return (levels_of(layer) + columns - 1) / columns;
}

/* Layers begin a row each; as many as a picture has room for. */
static pb_panels arrange(const json_t *layers, int *shown)
{
    int columns = 1, rows = 0;
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const int levels = levels_of(json_array_get(layers, i));
        if (levels > columns) columns = levels < ABREAST ? levels : ABREAST;
    }
    for (*shown = 0; *shown < (int)json_array_size(layers); ++*shown) {
        const int more = rows_of(json_array_get(layers, (size_t)*shown), columns);
        if (*shown > 0 && (rows + more) * columns > MOST_PANELS) break;
        rows += more;
    }
    if (rows * columns == 1) return pb_panels_arrange(1, 0, 0);
    return (pb_panels){rows * columns, columns, rows, columns < 3 ? 560 : 430, 310};
}

/* From the approximation to the finest details. */
static int level_at(const json_t *layer, int place)
{
    if (has_level(layer, 0) && place-- == 0) return 0;
    for (int level = MOST_LEVEL - 1; level > 0; level--)
        if (has_level(layer, level) && place-- == 0) return level;
    return 0;
}

pb_status pb_draw_weight_histograms(pb_context *ctx, const pb_record *run, const json_t *layers,
                                    const pb_weight_arrays arrays[], const char *folder)
{
    int shown, row = 0;
    const pb_panels panels = arrange(layers, &shown);
    pb_plot plot;
    pb_panels_begin(&plot, &panels, "weight_histograms");
    pb_plot_title(&plot, "Coefficients of the weights of %s", run->name);
    pb_plot_subtitle(&plot,
                     "%s; coefficients by size%s; dashed: the threshold; gray: what becomes 0%s",
                     pb_record_data_set(run),
                     pb_record_folds(run) > 0 ? ", of the first fold"
                     : run->seed_count > 1    ? ", of the first seed"
                                              : "",
                     shown < (int)json_array_size(layers) ? "; the first layers" : "");
    pb_text_append(&plot.script,
                   "set logscale y\nset yrange [0.7:10<*]\nset format y '%%.0s%%c'\n"
                   "set style fill solid 1.0\nset xlabel 'coefficient' offset 0, 0.3\n");
    for (int i = 0; i < shown; i++) {
        const json_t *layer = json_array_get(layers, (size_t)i);
        for (int k = 0; k < levels_of(layer); k++) {
            const group g = {layer, &arrays[i], level_at(layer, k)};
            plot_group(&plot, &panels, row * panels.columns + k, &g);
        }
        row += rows_of(layer, panels.columns);
    }
    return pb_plot_draw(ctx, &plot, folder);
}
