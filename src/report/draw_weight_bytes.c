/* What compressed networks of several runs take and how accurate they are: a line a wavelet and
 * level, along which thresholds change. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/pictures.h"
#include "report/plot.h"
#include "report/weight_layers.h"

enum { MOST_LABELS = 60, KEY_BYTES = 200 };

/* A run in the picture. */
typedef struct point {
    double bytes, bytes_error, percent, percent_error;
    char curve[KEY_BYTES]; /* what its line is called                    */
    char wavelet[48];
    char threshold[32];
    char level[32];
    bool compressed; /* else the network is as large as its float32 numbers */
} point;

/* ---- gathering ---- */

static double error_of(const pb_score *score)
{
    return score->count > 1 && isfinite(score->std) ? score->std / sqrt((double)score->count) : 0;
}

/* What tells transforms apart beside wavelet, level and threshold, as far as any two runs differ in
 * it. */
static const char *const further[] = {"data_set", "name", "kind", "rule", "layout", "mode"};
enum { FURTHER = sizeof further / sizeof *further };

static bool differs(int count, json_t *const layers[], const char *key)
{
    const char *seen = NULL;
    for (int i = 0; i < count; i++) {
        const char *text = pb_weight_text(json_array_get(layers[i], 0), key);
        if (*text && seen && strcmp(seen, text) != 0) return true;
        if (*text) seen = text;
    }
    return false;
}

static bool number_differs(int count, json_t *const layers[], const char *key)
{
    const json_t *seen = NULL;
    for (int i = 0; i < count; i++) {
        const json_t *number = json_object_get(json_array_get(layers[i], 0), key);
        if (number && seen && !json_equal(seen, number)) return true;
        if (number) seen = number;
    }
    return false;
}

static size_t put_bits(int bits, char *text, size_t size)
{
    return (size_t)(bits > 0 ? snprintf(text, size, ", %d bits", bits)
                             : snprintf(text, size, ", not quantised in training"));
}

static void name_curve(point *p, int count, json_t *const layers[], const json_t *layer)
{
    const bool has_level = strcmp(p->level, "-") != 0, deepest = strcmp(p->level, "deepest") == 0;
    size_t at = (size_t)snprintf(p->curve, sizeof p->curve, "%s%s%s", p->wavelet,
                                 deepest     ? ", deepest level"
                                 : has_level ? ", level "
                                             : "",
                                 has_level && !deepest ? p->level : "");
    for (int i = 0; i < FURTHER && at < sizeof p->curve; i++)
        if (differs(count, layers, further[i]))
            at += (size_t)snprintf(p->curve + at, sizeof p->curve - at, ", %s",
                                   pb_weight_text(layer, further[i]));
    if (number_differs(count, layers, "bits") && at < sizeof p->curve)
        at += put_bits((int)pb_weight_number(layer, "bits"), p->curve + at, sizeof p->curve - at);
    if (number_differs(count, layers, "batch_size") && at < sizeof p->curve)
        snprintf(p->curve + at, sizeof p->curve - at, ", batches of %d",
                 (int)pb_weight_number(layer, "batch_size"));
}

/* What the run itself tells, beside the options of its first layer. */
static pb_status load(pb_context *ctx, const pb_record *run, json_t **layers)
{
    static const char *const keys[] = {"data_set", "name", "batch_size"};
    PB_TRY(pb_weight_layers_load(ctx, run, layers));
    for (size_t i = 0; json_array_size(*layers) && i < sizeof keys / sizeof *keys; i++) {
        json_t *fact = json_object_get(run->summary, keys[i]);
        if (fact) json_object_set(json_array_get(*layers, 0), keys[i], fact);
    }
    return PB_OK;
}

/* Whether the run has a place in the picture. */
static bool fill(point *p, const pb_record *run, int count, json_t *const layers[],
                 const json_t *of_run)
{
    const json_t *layer = json_array_get(of_run, 0);
    const pb_score bytes = pb_record_score(run, "weight_bytes");
    const bool compressed = isfinite(bytes.mean);
    const pb_score score =
        pb_record_score(run, compressed ? "compressed_accuracy" : "test_accuracy");
    *p = (point){.compressed = compressed,
                 .bytes = compressed ? bytes.mean : 4 * pb_record_number(run, "parameters"),
                 .bytes_error = compressed ? error_of(&bytes) : 0,
                 .percent = 100 * score.mean,
                 .percent_error = 100 * error_of(&score)};
    snprintf(p->curve, sizeof p->curve, "%.150s%s", run->name, compressed ? "" : ", as float32");
    if (layer && compressed) {
        pb_weight_layers_levels(of_run, p->level, sizeof p->level);
        pb_weight_layers_wavelets(of_run, p->wavelet, sizeof p->wavelet);
        pb_weight_layers_thresholds(of_run, p->threshold, sizeof p->threshold);
        name_curve(p, count, layers, layer);
    }
    return p->bytes > 0 && isfinite(p->percent);
}

/* By curve, then by bytes. */
static int compare(const void *a, const void *b)
{
    const point *p = a, *q = b;
    if (p->compressed != q->compressed) return p->compressed ? -1 : 1;
    const int names = strcmp(p->curve, q->curve);
    return names ? names : (p->bytes > q->bytes) - (p->bytes < q->bytes);
}

/* ---- drawing ---- */

static const char *family_of(const point *p)
{
    return *p->wavelet ? p->wavelet : p->curve;
}

/* The place of a wavelet among those drawn. */
static int colour_of(const point all[], int which)
{
    int colour = 0, i = 0;
    for (; strcmp(family_of(&all[i]), family_of(&all[which])) != 0; i++)
        colour += strcmp(family_of(&all[i]), family_of(&all[i + 1])) != 0;
    return colour;
}

/* Curves of one wavelet have shapes of points and dashes of their own. */
static int look_of(const point all[], int first)
{
    int look = 0;
    for (int i = 1; i <= first; i++)
        if (strcmp(all[i].curve, all[i - 1].curve) != 0)
            look = strcmp(all[i].wavelet, all[i - 1].wavelet) == 0 ? look + 1 : 0;
    return look;
}

static void put_curve(pb_plot *plot, const point all[], int first, int count, const char **comma)
{
    static const int shapes[] = {7, 5, 9, 13, 11, 6, 4, 8};
    const int look = look_of(all, first);
    const int place = colour_of(all, first); /* beyond the colours there are, other shapes */
    const int shape = shapes[(look + place / 8) % 8];
    const char *colour = all[first].compressed ? pb_plot_colour(place) : "#777777";
    pb_text *s = &plot->script;
    pb_text_append(&plot->data, "# %s: bytes, percent, errors of both, threshold\n",
                   all[first].curve);
    for (int i = first; i < first + count; i++)
        pb_text_append(&plot->data, "%.9g %.9g %.9g %.9g \"%s\"\n", all[i].bytes, all[i].percent,
                       all[i].bytes_error, all[i].percent_error, all[i].threshold);
    const int block = pb_plot_end_block(plot);
    pb_text_append(s,
                   "%s'%s.dat' index %d using 1:2:3:4 with xyerrorbars pointtype 0 linewidth 1.2 "
                   "linecolor rgb '%s', \\\n     '' index %d using 1:2 with linespoints "
                   "pointtype %d pointsize 1.2 dashtype %d linewidth 1.8 linecolor rgb '%s' title ",
                   *comma, plot->name, block, colour, block, shape, look % 4 + 1, colour);
    pb_plot_quote(s, all[first].curve);
    *comma = ", \\\n     ";
}

static void put_labels(pb_plot *plot, int blocks)
{
    for (int i = 0; i < blocks; i++)
        pb_text_append(
            &plot->script,
            ", \\\n     '%s.dat' index %d using 1:2:5 with labels font tiny textcolor rgb "
            "'#555555' offset 0, -0.9",
            plot->name, i);
}

static int curve_length(const point all[], int first, int count)
{
    int length = 1;
    while (first + length < count && strcmp(all[first + length].curve, all[first].curve) == 0)
        length++;
    return length;
}

static int key_width(const point all[], int count)
{
    int width = 0;
    for (int i = 0; i < count; i++) {
        const int own = pb_plot_text_width(all[i].curve);
        if (own > width) width = own;
    }
    return width < 520 ? width : 520;
}

/* The data set of the runs that are finished: the others do not tell theirs. */
static const char *data_set_of(int count, const pb_record runs[])
{
    const char *seen = "";
    for (int i = 0; i < count; i++) {
        const char *name = pb_record_text(&runs[i], "data_set");
        if (*name && *seen && strcmp(name, seen) != 0) return "several data sets";
        if (*name) seen = name;
    }
    return seen;
}

static pb_status draw(pb_context *ctx, int run_count, const pb_record runs[], const point all[],
                      int count, const char *folder)
{
    enum { WIDTH = 1300, HEIGHT = 800 };
    const int room = key_width(all, count) * 11 / 10 + 80; /* widths are estimates */
    const char *comma = "plot ";
    bool whiskers = false;
    for (int i = 0; i < count; i++)
        whiskers = whiskers || all[i].percent_error > 0 || all[i].bytes_error > 0;
    pb_plot plot;
    pb_plot_begin(&plot, "weight_bytes", WIDTH, HEIGHT);
    pb_plot_title(&plot, "Accuracy against bytes of compressed networks");
    pb_plot_subtitle(&plot, "%s; numbers are thresholds%s%s%s", data_set_of(run_count, runs),
                     whiskers ? "; mean over " : "",
                     whiskers ? pb_records_repeats(run_count, runs) : "",
                     whiskers ? ", whiskers: one standard error" : "");
    pb_plot_top_margin(&plot);
    pb_text_append(
        &plot.script,
        "set logscale x 2\nset format x '%%.0f'\nset xlabel 'size of the file (bytes)'\n"
        "set ylabel 'test accuracy of the network in the file (%%)'\n"
        "set offsets graph 0.05, graph 0.05, graph 0.06, graph 0.06\n"
        "set lmargin at screen %.5g\nset rmargin at screen %.5g\n"
        "set key at screen %.5g, graph 1 left top vertical Left reverse samplen 2 spacing 1.3\n",
        0.085, 1 - (double)room / WIDTH, 1 - (double)(room - 14) / WIDTH);
    for (int i = 0, length; i < count; i += length) {
        length = curve_length(all, i, count);
        put_curve(&plot, all, i, length, &comma);
    }
    if (count <= MOST_LABELS) put_labels(&plot, plot.blocks);
    pb_text_append(&plot.script, "\n");
    return pb_plot_draw(ctx, &plot, folder);
}

static pb_status draw_all(pb_context *ctx, int count, const pb_record runs[],
                          json_t *const layers[], point all[], const char *folder)
{
    int drawn = 0;
    bool any = false;
    for (int i = 0; i < count; i++) {
        if (!fill(&all[drawn], &runs[i], count, layers, layers[i])) continue;
        any = any || all[drawn].compressed;
        drawn++;
    }
    if (!any) return pb_plot_discard(folder, "weight_bytes");
    qsort(all, (size_t)drawn, sizeof *all, compare);
    return draw(ctx, count, runs, all, drawn, folder);
}

pb_status pb_draw_weight_bytes(pb_context *ctx, int count, const pb_record runs[],
                               const char *folder)
{
    if (count < 2) return pb_plot_discard(folder, "weight_bytes");
    json_t **layers = calloc((size_t)count, sizeof *layers);
    point *all = calloc((size_t)count, sizeof *all);
    pb_status status =
        layers && all ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "out of memory for %d runs", count);
    for (int i = 0; !status && i < count; i++) status = load(ctx, &runs[i], &layers[i]);
    if (!status)
        status = draw_all(ctx, count, runs, layers, all, folder);
    else
        pb_plot_discard(folder, "weight_bytes"); /* an earlier drawing would tell of other data */
    for (int i = 0; layers && i < count; i++) json_decref(layers[i]);
    free(layers);
    free(all);
    return status;
}
