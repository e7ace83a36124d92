/* Training samples, each beside what augmentation makes of it in the first epochs: images of gray
 * or of three colours, and curves. All are on one scale. */
#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "report/image.h"
#include "report/pictures.h"

enum {
    ABREAST = PB_AUGMENTED_ABREAST,
    MOST_EXTENT = 512, /* of a sample that is drawn */
    TARGET_CELL = 84,
    SEPARATOR = 2,
    GAP = 10,
    HEADING = 30,
    CURVE_HEIGHT = 64
};

static const pb_colour paper = {255, 255, 255}, line = {170, 170, 170}, ink = {70, 70, 70};

/* Samples as planes; a row of numbers has height 1. */
typedef struct samples {
    const double *data;
    size_t count, channels, height, width;
    double low, high;
} samples;

/* Extents of 1 in front of a row's numbers do not count. */
static samples samples_of(const pb_array *a)
{
    samples s = {.data = a->data,
                 .count = a->dim[0],
                 .channels = 1,
                 .height = a->axes > 2 ? a->dim[a->axes - 2] : 1,
                 .width = a->dim[a->axes - 1],
                 .low = INFINITY,
                 .high = -INFINITY};
    if (a->axes > 3) s.channels = a->dim[1];
    for (size_t i = 0; i < s.count * s.channels * s.height * s.width; i++) {
        if (!isfinite(s.data[i])) continue;
        s.low = fmin(s.low, s.data[i]);
        s.high = fmax(s.high, s.data[i]);
    }
    return s;
}

/* From 0 at the lowest number to 1 at the highest. */
static double share(const samples *s, double value)
{
    return isfinite(value) && s->high > s->low ? (value - s->low) / (s->high - s->low) : 0.5;
}

static uint8_t level(const samples *s, size_t sample, size_t channel, size_t row, size_t column)
{
    const size_t plane = sample * s->channels + (s->channels == 3 ? channel : 0);
    return (uint8_t)lround(255 * share(s, s->data[(plane * s->height + row) * s->width + column]));
}

static void draw_plane(pb_image *image, const samples *s, size_t sample, int x, int y, int enlarge)
{
    for (size_t row = 0; row < s->height; row++)
        for (size_t column = 0; column < s->width; column++)
            pb_image_fill(
                image, x + (int)column * enlarge, y + (int)row * enlarge, enlarge, enlarge,
                (pb_colour){level(s, sample, 0, row, column), level(s, sample, 1, row, column),
                            level(s, sample, 2, row, column)});
}

/* Bars from each point's height to the next one's. */
static void draw_curve(pb_image *image, const samples *s, size_t sample, int x, int y, int enlarge)
{
    const double *points = s->data + sample * s->channels * s->width;
    pb_image_fill(image, x, y, (int)s->width * enlarge, CURVE_HEIGHT, paper);
    for (size_t k = 0; k < s->width; k++) {
        const double here = share(s, points[k]),
                     next = share(s, points[k + 1 < s->width ? k + 1 : k]);
        const int top = (int)((CURVE_HEIGHT - 2) * (1 - fmax(here, next))),
                  bottom = (int)((CURVE_HEIGHT - 2) * (1 - fmin(here, next)));
        pb_image_fill(image, x + (int)k * enlarge, y + top, enlarge, bottom - top + 2, ink);
    }
}

static void draw_cells(pb_image *image, const samples *s, int cell_width, int cell_height,
                       int enlarge)
{
    for (size_t i = 0; i < s->count; i++) {
        const int column = (int)(i % ABREAST), row = (int)(i / ABREAST);
        const int x = GAP + column * (cell_width + SEPARATOR) + (column ? GAP : 0),
                  y = HEADING + row * (cell_height + GAP);
        pb_image_fill(image, x - SEPARATOR, y - SEPARATOR, cell_width + 2 * SEPARATOR,
                      cell_height + 2 * SEPARATOR, line);
        if (s->height == 1)
            draw_curve(image, s, i, x, y, enlarge);
        else
            draw_plane(image, s, i, x, y, enlarge);
    }
}

static pb_status save(pb_context *ctx, const char *folder, const pb_image *image)
{
    char *path = pb_path_join(folder, "augmented.png");
    const pb_status status =
        path ? pb_image_save(ctx, path, image) : pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    free(path);
    return status;
}

pb_status pb_draw_augmented(pb_context *ctx, const pb_record *run, const char *folder)
{
    if (!run->augmented.data) return PB_OK;
    const samples s = samples_of(&run->augmented);
    if (s.height > MOST_EXTENT || s.width > MOST_EXTENT) return PB_OK; /* not for a sheet */
    const int longer = (int)(s.height > s.width ? s.height : s.width);
    const int enlarge = longer < TARGET_CELL ? TARGET_CELL / longer : 1;
    const int cell_width = (int)s.width * enlarge,
              cell_height = s.height == 1 ? CURVE_HEIGHT : (int)s.height * enlarge;
    const int rows = (int)(s.count / ABREAST);
    pb_image image;
    PB_TRY(pb_image_create(ctx, 3 * GAP + ABREAST * (cell_width + SEPARATOR),
                           HEADING + rows * (cell_height + GAP), paper, &image));
    pb_image_write(&image, GAP, 8, 1, "sample", ink);
    pb_image_write(&image, 2 * GAP + cell_width + SEPARATOR, 8, 1, "augmented in epochs 1 to 7",
                   ink);
    draw_cells(&image, &s, cell_width, cell_height, enlarge);
    const pb_status status = save(ctx, folder, &image);
    pb_image_clear(&image);
    return status;
}
