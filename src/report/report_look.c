/* The report of a look inside a network: sheets, the confusion matrix, a page. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <passband/report.h>

#include "base/file.h"
#include "base/json.h"
#include "data/npy.h"
#include "report/grid.h"
#include "report/page.h"
#include "report/plot.h"

enum { ROWS_MOST = 20, CHANNELS_MOST = 8, ABREAST = 8 };

typedef struct looked {
    pb_context *ctx;
    const char *folder;
    char *plots;
    json_t *json;
    pb_text page; /* figures so far */
} looked;

/* ---- reading ---- */

static const char *text_of(const json_t *json, const char *key)
{
    const json_t *text = json_object_get(json, key);
    return json_is_string(text) ? json_string_value(text) : "";
}

static int number_of(const json_t *json, const char *key)
{
    return (int)json_integer_value(json_object_get(json, key));
}

static const char *class_name(const looked *l, int label)
{
    const json_t *name = json_array_get(json_object_get(l->json, "class_names"), (size_t)label);
    return json_is_string(name) ? json_string_value(name) : "?";
}

static const json_t *samples_of(const looked *l)
{
    return json_object_get(l->json, "samples");
}

static int class_count(const looked *l)
{
    return (int)json_array_size(json_object_get(l->json, "class_names"));
}

/* An array of the folder as [n, planes, height, width], float64. */
typedef struct maps {
    size_t count, planes, height, width, each;
    double *pixels;
} maps;

static pb_status fail_array(pb_context *ctx, const char *path)
{
    return pb_fail(ctx, PB_ERR_DATA, "%s: must be float32 [samples, ...] as look.json tells", path);
}

static pb_status take_maps(pb_context *ctx, const char *path, const pb_npy *array, size_t count,
                           maps *m)
{
    if (array->dtype != PB_NPY_F32 || array->axes < 2 || array->axes > 4 || array->dim[0] != count)
        return fail_array(ctx, path);
    *m = (maps){.count = count, .planes = 1, .height = 1, .width = array->dim[array->axes - 1]};
    if (array->axes > 2) m->height = array->dim[array->axes - 2];
    if (array->axes > 3) m->planes = array->dim[1];
    m->each = m->planes * m->height * m->width;
    m->pixels = malloc((array->count + 1) * sizeof *m->pixels);
    if (!m->pixels) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for %s", path);
    for (size_t i = 0; i < array->count; i++)
        m->pixels[i] = (double)((const float *)array->data)[i];
    return PB_OK;
}

static pb_status load(const looked *l, const char *name, const char *suffix, size_t count, maps *m)
{
    char file[160];
    pb_npy array = {0};
    *m = (maps){0};
    snprintf(file, sizeof file, "%s%s.npy", name, suffix);
    char *path = pb_path_join(l->folder, file);
    pb_status status =
        path ? pb_npy_load(l->ctx, path, &array) : pb_fail(l->ctx, PB_ERR_MEMORY, "out of memory");
    if (status == PB_OK) status = take_maps(l->ctx, path, &array, count, m);
    pb_npy_clear(&array);
    free(path);
    return status;
}

static int label_of(const looked *l, size_t sample)
{
    return number_of(json_array_get(samples_of(l), sample), "label");
}

/* The mean over the samples of each class, of sizes where signs would cancel: NaN for a class
 * without any. */
static pb_status average(const looked *l, maps *m, bool absolute)
{
    const size_t classes = (size_t)class_count(l);
    double *means = calloc(classes * m->each + 1, sizeof *means);
    if (!means) return pb_fail(l->ctx, PB_ERR_MEMORY, "out of memory for the means of classes");
    for (size_t c = 0; c < classes; c++) {
        int members = 0;
        for (size_t i = 0; i < m->count; i++) {
            if ((size_t)label_of(l, i) != c) continue;
            members++;
            for (size_t k = 0; k < m->each; k++) {
                const double v = m->pixels[i * m->each + k];
                means[c * m->each + k] += absolute ? fabs(v) : v;
            }
        }
        for (size_t k = 0; k < m->each; k++) means[c * m->each + k] /= members;
    }
    free(m->pixels);
    m->pixels = means;
    m->count = classes;
    return PB_OK;
}

/* Rows of spectra turned by half their number: frequency 0 stands in the middle. */
static void centre(maps *m, double *plane)
{
    double *turned = malloc(m->height * m->width * sizeof *turned);
    if (!turned) return; /* the picture is then less easy to read, and no less true */
    for (size_t row = 0; row < m->height; row++)
        memcpy(turned + (row + m->height / 2) % m->height * m->width, plane + row * m->width,
               m->width * sizeof *turned);
    memcpy(plane, turned, m->height * m->width * sizeof *turned);
    free(turned);
}

static void centre_all(maps *m)
{
    for (size_t p = 0; m->height > 1 && p < m->count * m->planes; p++)
        centre(m, m->pixels + p * m->height * m->width);
}

/* ---- sheets ---- */

static void add_figure(looked *l, const char *name, const char *suffix, const char *caption)
{
    pb_text_append(&l->page,
                   "<figure><a href=\"plots/%s.%s\"><img src=\"plots/%s.png\" alt=\"%s\"></a>"
                   "<figcaption>%s</figcaption></figure>\n",
                   name, suffix, name, caption, caption);
}

/* What a sheet shows: a row for the first sample of each class, or for the mean of each. */
typedef struct kind {
    bool classes, spectra;
} kind;

static int row_count(const looked *l)
{
    return class_count(l) < ROWS_MOST ? class_count(l) : ROWS_MOST;
}

/* The sample or class of a row; -1: the class has no sample. */
static int source_of(const looked *l, kind k, int row)
{
    if (k.classes) return row;
    for (size_t i = 0; i < json_array_size(samples_of(l)); i++)
        if (label_of(l, i) == row) return (int)i;
    return -1;
}

static pb_status fetch(const looked *l, const char *name, kind k, bool absolute, maps *m)
{
    PB_TRY(load(l, name, k.spectra ? "_spectra" : "", json_array_size(samples_of(l)), m));
    if (k.spectra) centre_all(m);
    return k.classes ? average(l, m, absolute) : PB_OK;
}

static void name_rows(const looked *l, pb_grid *grid)
{
    for (int r = 0; r < grid->rows; r++) {
        pb_grid_words(grid->names[r], class_name(l, r));
        grid->names[r][16] = 0;
    }
}

static pb_status put_column(const looked *l, pb_grid *grid, int column, const char *heading, kind k,
                            const maps *m, pb_grid_look look)
{
    pb_grid_words(grid->headings[column], heading);
    for (int r = 0; r < grid->rows; r++) {
        const int from = source_of(l, k, r);
        if (from >= 0)
            PB_TRY(pb_grid_put(l->ctx, grid, r, column, m->planes, m->height, m->width,
                               m->pixels + (size_t)from * m->each, look));
    }
    return PB_OK;
}

static pb_status add_column(const looked *l, pb_grid *grid, int column, const char *name, kind k,
                            pb_grid_look look)
{
    maps m;
    pb_status status = fetch(l, name, k, true, &m);
    if (status == PB_OK) status = put_column(l, grid, column, name, k, &m, look);
    free(m.pixels);
    return status;
}

static pb_status draw_methods(looked *l, kind k, const char *name, const char *caption)
{
    const json_t *methods = json_object_get(l->json, "methods");
    const int inputs = k.classes || k.spectra ? 0 : 1, count = (int)json_array_size(methods);
    const pb_grid_look look = k.classes || k.spectra ? PB_GRID_HEAT : PB_GRID_SIGNED;
    pb_grid grid;
    pb_status status = pb_grid_create(l->ctx, row_count(l), inputs + count, &grid);
    if (status == PB_OK) name_rows(l, &grid);
    if (status == PB_OK && inputs) status = add_column(l, &grid, 0, "inputs", k, PB_GRID_PLAIN);
    for (int i = 0; status == PB_OK && i < count; i++) {
        const json_t *method = json_array_get(methods, (size_t)i);
        status =
            json_is_string(method)
                ? add_column(l, &grid, inputs + i, json_string_value(method), k, look)
                : pb_fail(l->ctx, PB_ERR_DATA, "%s/look.json: methods must be names", l->folder);
    }
    if (status == PB_OK) status = pb_grid_draw(l->ctx, &grid, l->plots, name);
    if (status == PB_OK) add_figure(l, name, "png", caption);
    pb_grid_clear(&grid);
    return status;
}

/* The first channels of a layer, a column each. */
static pb_status draw_channels(looked *l, const char *layer, kind k, const char *suffix,
                               const char *what)
{
    char array[96], name[128], caption[200];
    maps m;
    pb_grid grid = {0};
    snprintf(array, sizeof array, "activations_%s", layer);
    snprintf(name, sizeof name, "%s%s", array, suffix);
    snprintf(caption, sizeof caption, "What %s leaves%s.", layer, what);
    pb_status status = fetch(l, array, k, false, &m);
    const int shown = m.planes < CHANNELS_MOST ? (int)m.planes : CHANNELS_MOST;
    if (status == PB_OK) status = pb_grid_create(l->ctx, row_count(l), shown, &grid);
    if (status == PB_OK) name_rows(l, &grid);
    for (int c = 0; status == PB_OK && c < shown; c++) {
        const maps one = {m.count, 1,      m.height,
                          m.width, m.each, m.pixels + (size_t)c * m.height * m.width};
        char heading[24] = "";
        if (m.planes > 1) snprintf(heading, sizeof heading, "channel %d", c);
        status =
            put_column(l, &grid, c, heading, k, &one, k.spectra ? PB_GRID_HEAT : PB_GRID_PLAIN);
    }
    if (status == PB_OK) status = pb_grid_draw(l->ctx, &grid, l->plots, name);
    if (status == PB_OK) add_figure(l, name, "png", caption);
    pb_grid_clear(&grid);
    free(m.pixels);
    return status;
}

static pb_status draw_layers(looked *l)
{
    size_t i;
    const json_t *layer;
    json_array_foreach(json_object_get(l->json, "layers"), i, layer)
    {
        const char *name = text_of(layer, "name");
        PB_TRY(draw_channels(l, name, (kind){false, false}, "", " of a sample of each class"));
        PB_TRY(draw_channels(l, name, (kind){false, true}, "_spectra",
                             " of a sample of each class: magnitudes of its frequencies"));
        PB_TRY(draw_channels(l, name, (kind){true, false}, "_classes",
                             ", mean over the samples of each class"));
        PB_TRY(
            draw_channels(l, name, (kind){true, true}, "_class_spectra",
                          ": magnitudes of its frequencies, mean over the samples of each class"));
    }
    return PB_OK;
}

/* ---- mistakes ---- */

static pb_status draw_mistakes(looked *l)
{
    const json_t *list = json_object_get(l->json, "mistakes");
    const int count = (int)json_array_size(list);
    maps m;
    pb_grid grid = {0};
    if (count == 0) return PB_OK;
    pb_status status = load(l, "mistakes", "", (size_t)count, &m);
    const int columns = count < ABREAST ? count : ABREAST;
    if (status == PB_OK)
        status = pb_grid_create(l->ctx, (count + columns - 1) / columns, columns, &grid);
    grid.has_words = true;
    for (int i = 0; status == PB_OK && i < count; i++) {
        const json_t *mistake = json_array_get(list, (size_t)i);
        char words[120];
        snprintf(words, sizeof words, "%.12s as %.12s %.3f",
                 class_name(l, number_of(mistake, "label")),
                 class_name(l, number_of(mistake, "predicted")),
                 json_number_value(json_object_get(mistake, "probability")));
        status = pb_grid_put(l->ctx, &grid, i / columns, i % columns, m.planes, m.height, m.width,
                             m.pixels + (size_t)i * m.each, PB_GRID_PLAIN);
        pb_grid_words(grid.cells[i].words, words);
    }
    if (status == PB_OK) status = pb_grid_draw(l->ctx, &grid, l->plots, "mistakes");
    if (status == PB_OK)
        add_figure(l, "mistakes", "png",
                   "The most confident mistakes: true class, predicted class, its probability.");
    pb_grid_clear(&grid);
    free(m.pixels);
    return status;
}

/* ---- confusion ---- */

static double share_of(const json_t *row, size_t column)
{
    double sum = 0;
    for (size_t c = 0; c < json_array_size(row); c++)
        sum += json_number_value(json_array_get(row, c));
    return sum > 0 ? json_number_value(json_array_get(row, column)) / sum : 0;
}

static void name_axis(looked *l, pb_plot *plot, char axis, int classes)
{
    pb_text_append(&plot->script, "set %ctics (", axis);
    for (int c = 0; c < classes; c += classes / 30 + 1) {
        if (c > 0) pb_text_append(&plot->script, ", ");
        pb_plot_quote(&plot->script, class_name(l, c));
        pb_text_append(&plot->script, " %d", c);
    }
    pb_text_append(&plot->script, ")%s\n", axis == 'x' && classes > 5 ? " rotate by -35" : "");
}

static pb_status draw_confusion(looked *l)
{
    const json_t *test = json_object_get(l->json, "test");
    const json_t *confusion = json_object_get(test, "confusion");
    const int classes = (int)json_array_size(confusion);
    pb_plot plot;
    if (classes == 0) return PB_OK;
    pb_plot_begin(&plot, "confusion", 1080, 960);
    pb_plot_title(&plot, "Confusion of %s", text_of(l->json, "run"));
    pb_plot_subtitle(&plot, "%s; %d test samples, %.2f %% right; colour: share of the true class",
                     text_of(l->json, "data_set"), number_of(test, "samples"),
                     100 * json_number_value(json_object_get(test, "accuracy")));
    pb_plot_top_margin(&plot);
    pb_plot_palette(&plot);
    for (int t = 0; t < classes; t++)
        for (int p = 0; p < classes; p++) {
            const json_t *row = json_array_get(confusion, (size_t)t);
            pb_text_append(&plot.data, "%d %d %.9g %d\n", p, t, share_of(row, (size_t)p),
                           (int)json_integer_value(json_array_get(row, (size_t)p)));
        }
    pb_plot_end_block(&plot);
    name_axis(l, &plot, 'x', classes);
    name_axis(l, &plot, 'y', classes);
    pb_text_append(
        &plot.script,
        "unset grid\nunset key\nset border 15\nset rmargin 14\nset lmargin 16\nset bmargin 7\n"
        "set xlabel 'predicted class'\nset ylabel 'true class'\nset cbrange [0:1]\n"
        "set xrange [-0.5:%g]\nset yrange [%g:-0.5]\n"
        "set cblabel 'share of the true class' offset 0.5\n",
        classes - 0.5, classes - 0.5);
    const char *numbers =
        classes <= 20 ? ", 'confusion.dat' index 0 using 1:2:(sprintf('%d', $4)):($3 > 0.6 ? "
                        "0x000000 : 0xffffff) with labels textcolor rgb variable"
                      : "";
    pb_text_append(
        &plot.script,
        "if (format eq 'svg') plot 'confusion.dat' index 0 using 1:2:3 with image pixels%s; "
        "else plot 'confusion.dat' index 0 using 1:2:3 with image%s\n",
        numbers, numbers);
    const pb_status status = pb_plot_draw(l->ctx, &plot, l->plots);
    if (status == PB_OK)
        add_figure(l, "confusion", "svg", "Test samples of each class by the class predicted.");
    return status;
}

/* ---- the page ---- */

static pb_status save_page(looked *l)
{
    pb_text page = {0}, line = {0};
    pb_text_append(&line, "%s, seed %d: saliency of %s for the %s", text_of(l->json, "data_set"),
                   number_of(l->json, "seed"),
                   strcmp(text_of(l->json, "input"), "pixels") == 0 ? "the pixels"
                                                                    : "what the first layer takes",
                   strcmp(text_of(l->json, "of"), "label") == 0 ? "sample's own class"
                                                                : "predicted class");
    pb_page_open(&page, text_of(l->json, "run"), line.failed ? "" : line.text);
    pb_text_append(&page, "<h2>Pictures</h2>\n<div class=\"figures\">\n%s</div>\n",
                   l->page.length ? l->page.text : "");
    if (l->page.failed) page.failed = 1;
    pb_text_free(&line);
    return pb_page_save(l->ctx, l->folder, &page);
}

static pb_status draw_sheets(looked *l)
{
    PB_TRY(
        draw_methods(l, (kind){false, false}, "saliency",
                     "A test sample of each class and what speaks for it by each method: red for, "
                     "blue against, each picture scaled to its largest size."));
    PB_TRY(draw_methods(l, (kind){false, true}, "saliency_spectra",
                        "Magnitudes of the frequencies of these maps, frequency 0 at the left."));
    PB_TRY(draw_methods(l, (kind){true, false}, "class_saliency",
                        "Mean size of the maps over the samples of each class."));
    PB_TRY(draw_methods(l, (kind){true, true}, "class_spectra",
                        "Mean magnitudes of their frequencies."));
    PB_TRY(draw_mistakes(l));
    return draw_layers(l);
}

static pb_status load_json(looked *l)
{
    char *path = pb_path_join(l->folder, "look.json");
    pb_status status = path ? PB_OK : pb_fail(l->ctx, PB_ERR_MEMORY, "out of memory");
    if (status == PB_OK && !pb_file_exists(path))
        status = pb_fail(l->ctx, PB_ERR_USAGE, "%s: holds no look.json", l->folder);
    if (status == PB_OK) status = pb_json_load(l->ctx, path, &l->json);
    free(path);
    return status;
}

/* The page is written even when gnuplot is missing, which is then what is told. */
static pb_status draw_all(looked *l)
{
    const pb_status drawn = draw_confusion(l);
    if (drawn && drawn != PB_ERR_RUN) return drawn;
    char *sentence = drawn ? strdup(pb_error(l->ctx)) : NULL;
    pb_status status = draw_sheets(l);
    if (status == PB_OK) status = save_page(l);
    if (status == PB_OK && drawn)
        status = pb_fail(l->ctx, drawn, "%s", sentence ? sentence : pb_status_message(drawn));
    free(sentence);
    return status;
}

pb_status pb_report_look(pb_context *ctx, const char *folder)
{
    looked l = {.ctx = ctx, .folder = folder, .plots = pb_path_join(folder, "plots")};
    pb_status status = l.plots ? load_json(&l) : pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    if (status == PB_OK) status = pb_folder_make(ctx, l.plots);
    if (status == PB_OK) status = draw_all(&l);
    json_decref(l.json);
    pb_text_free(&l.page);
    free(l.plots);
    return status;
}
