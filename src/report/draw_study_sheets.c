/* Originals above what comes back of them at each budget: a sheet a method, drawn without gnuplot.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "data/npy.h"
#include "report/image.h"
#include "report/plot.h"
#include "report/study_measures.h"
#include "report/study_record.h"

enum { LINES_MOST = 16, SHOWN_MOST = 10, SIDE_MOST = 1024, TARGET = 84, GAP = 8, WORDS = 150 };

static const pb_colour paper = {255, 255, 255}, ink = {70, 70, 70};

/* A file's originals and what comes back: float32 [2, shown, channels, height, width]. */
typedef struct line {
    double bytes;
    pb_npy array;
} line;

typedef struct sheet {
    line lines[LINES_MOST]; /* largest file first */
    int count;
    size_t shown, channels, height, width;
    double low, high; /* of the originals: black and white of every cell */
} sheet;

/* ---- reading ---- */

static pb_status fail_shape(pb_context *ctx, const char *path)
{
    return pb_fail(ctx, PB_ERR_DATA,
                   "%s: must be float32 [2, n, ...] as the other files of the study", path);
}

/* The first file of a sheet decides the shape. */
static pb_status take_shape(pb_context *ctx, const char *path, const pb_npy *a, sheet *s)
{
    if (a->dtype != PB_NPY_F32 || a->axes < 3 || a->axes > 5 || a->dim[0] != 2 || a->count == 0)
        return fail_shape(ctx, path);
    const size_t height = a->axes >= 4 ? a->dim[a->axes - 2] : 1, width = a->dim[a->axes - 1];
    const size_t channels = a->axes == 5 ? a->dim[2] : 1;
    if (s->count > 0 && (s->shown != a->dim[1] || s->channels != channels || s->height != height ||
                         s->width != width))
        return fail_shape(ctx, path);
    s->shown = a->dim[1];
    s->channels = channels;
    s->height = height;
    s->width = width;
    return PB_OK;
}

static void insert_line(sheet *s, line added)
{
    int at = s->count++;
    for (; at > 0 && s->lines[at - 1].bytes < added.bytes; at--) s->lines[at] = s->lines[at - 1];
    s->lines[at] = added;
}

static pb_status add_line(pb_context *ctx, const char *path, double bytes, sheet *s)
{
    line added = {.bytes = bytes};
    PB_TRY(pb_npy_load(ctx, path, &added.array));
    const pb_status status = take_shape(ctx, path, &added.array, s);
    if (status == PB_OK)
        insert_line(s, added);
    else
        pb_npy_clear(&added.array);
    return status;
}

static pb_status load_sheet(pb_context *ctx, const json_t *study, const char *method,
                            const char *folder, sheet *s)
{
    size_t i;
    json_t *p;
    json_array_foreach(pb_study_points(study), i, p)
    {
        if (strcmp(pb_study_text(p, "method"), method) != 0 || s->count == LINES_MOST) continue;
        char *path = pb_measure_path(folder, p, "reconstructions.npy");
        pb_status status = path ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
        if (status == PB_OK && pb_file_exists(path))
            status = add_line(ctx, path, pb_study_number(p, "bytes_per_sample"), s);
        free(path);
        PB_TRY(status);
    }
    return PB_OK;
}

/* ---- drawing ---- */

static void find_range(sheet *s)
{
    const float *numbers = s->lines[0].array.data;
    s->low = INFINITY;
    s->high = -INFINITY;
    for (size_t i = 0; i < s->lines[0].array.count / 2; i++) {
        s->low = fmin(s->low, (double)numbers[i]);
        s->high = fmax(s->high, (double)numbers[i]);
    }
}

static uint8_t level(const sheet *s, double value)
{
    if (!isfinite(value) || !(s->high > s->low)) return 127;
    return (uint8_t)lround(255 * fmin(fmax((value - s->low) / (s->high - s->low), 0), 1));
}

/* Three channels are colours; of others the first is drawn. */
static pb_colour colour_of(const sheet *s, const float *sample, size_t pixel)
{
    const size_t plane = s->height * s->width, step = s->channels == 3 ? plane : 0;
    return (pb_colour){level(s, (double)sample[pixel]), level(s, (double)sample[pixel + step]),
                       level(s, (double)sample[pixel + 2 * step])};
}

/* Pixels of a cell: a number of the picture for each of the sample; a signal is a strip. */
typedef struct cell {
    int across, down, width, height;
} cell;

static cell cell_of(const sheet *s)
{
    const int longer = (int)(s->height > s->width ? s->height : s->width);
    const int enlarge = longer < TARGET ? TARGET / longer : 1;
    const int down = s->height == 1 ? TARGET / 3 : enlarge;
    return (cell){enlarge, down, (int)s->width * enlarge, (int)s->height * down};
}

static void draw_sample(pb_image *image, const sheet *s, const float *sample, cell c, int x, int y)
{
    for (size_t row = 0; row < s->height; row++)
        for (size_t column = 0; column < s->width; column++)
            pb_image_fill(image, x + (int)column * c.across, y + (int)row * c.down, c.across,
                          c.down, colour_of(s, sample, row * s->width + column));
}

static void draw_line(pb_image *image, const sheet *s, const float *samples, cell c, int y,
                      const char *words)
{
    const size_t numbers = s->channels * s->height * s->width;
    pb_image_write(image, GAP, y + c.height / 2 - 8, 2, words, ink);
    for (size_t i = 0; i < s->shown && i < SHOWN_MOST; i++)
        draw_sample(image, s, samples + i * numbers, c, WORDS + (int)i * (c.width + GAP), y);
}

static pb_status draw(pb_context *ctx, sheet *s, const char *path)
{
    const cell c = cell_of(s);
    const int shown = s->shown < SHOWN_MOST ? (int)s->shown : SHOWN_MOST;
    const int pitch = c.height + GAP > 24 ? c.height + GAP : 24;
    pb_image image;
    find_range(s);
    PB_TRY(pb_image_create(ctx, WORDS + shown * (c.width + GAP), GAP + (s->count + 1) * pitch,
                           paper, &image));
    draw_line(&image, s, s->lines[0].array.data, c, GAP, "original");
    for (int i = 0; i < s->count; i++) {
        char words[32];
        const float *both = s->lines[i].array.data;
        snprintf(words, sizeof words, "%.1f bytes", s->lines[i].bytes);
        draw_line(&image, s, both + s->lines[i].array.count / 2, c, GAP + (i + 1) * pitch, words);
    }
    const pb_status status = pb_image_save(ctx, path, &image);
    pb_image_clear(&image);
    return status;
}

static pb_status draw_method(pb_context *ctx, const json_t *study, const char *method,
                             const char *folder)
{
    sheet s = {0};
    pb_text name = {0};
    pb_text_append(&name, "plots/study_sheet_%s.png", method);
    char *path = name.failed ? NULL : pb_path_join(folder, name.text);
    pb_status status = path ? load_sheet(ctx, study, method, folder, &s)
                            : pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    if (status == PB_OK && s.count > 0 && s.height <= SIDE_MOST && s.width <= SIDE_MOST)
        status = draw(ctx, &s, path);
    for (int i = 0; i < s.count; i++) pb_npy_clear(&s.lines[i].array);
    pb_text_free(&name);
    free(path);
    return status;
}

pb_status pb_draw_study_sheets(pb_context *ctx, const json_t *study, const char *folder)
{
    size_t i;
    json_t *name;
    json_array_foreach(json_object_get(study, "methods"), i, name)
    {
        if (json_is_string(name)) PB_TRY(draw_method(ctx, study, json_string_value(name), folder));
    }
    return PB_OK;
}
