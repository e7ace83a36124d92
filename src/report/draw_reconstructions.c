/* A sheet of originals beside their masked reconstructions: enlarged pixels with thin separators.
 */
#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "report/image.h"
#include "report/pictures.h"

enum { MOST_PAIRS = 32, SEPARATOR = 2, GAP = 18, HEADING = 36, TARGET_WIDTH = 1260 };

static const pb_colour paper = {255, 255, 255}, line = {170, 170, 170}, ink = {70, 70, 70};

/* Each half is scaled to its own range: a mask of softmax weights leaves an eighth of the contrast.
 */
typedef struct range {
    double low, high;
} range;

static range range_of(const double *values, size_t count)
{
    range r = {INFINITY, -INFINITY};
    for (size_t i = 0; i < count; i++)
        if (isfinite(values[i])) r = (range){fmin(r.low, values[i]), fmax(r.high, values[i])};
    return r;
}

static uint8_t gray(double value, range r)
{
    if (!isfinite(value) || !(r.high > r.low)) return 127;
    return (uint8_t)lround(255 * fmin(fmax((value - r.low) / (r.high - r.low), 0), 1));
}

static void draw_cell(pb_image *image, const double *pixels, int height, int width, int x, int y,
                      int enlarge, range r)
{
    pb_image_fill(image, x - SEPARATOR, y - SEPARATOR, width * enlarge + 2 * SEPARATOR,
                  height * enlarge + 2 * SEPARATOR, line);
    for (int row = 0; row < height; row++)
        for (int column = 0; column < width; column++) {
            const uint8_t level = gray(pixels[row * width + column], r);
            pb_image_fill(image, x + column * enlarge, y + row * enlarge, enlarge, enlarge,
                          (pb_colour){level, level, level});
        }
}

static void head_column(pb_image *image, int x, int width, const char *words)
{
    const int scale = pb_image_write_width(2, "original") <= width ? 2 : 1; /* the longer word */
    pb_image_write(image, x + (width - pb_image_write_width(scale, words)) / 2,
                   HEADING / 2 - 4 * scale / 2, scale, words, ink);
}

pb_status pb_draw_reconstructions(pb_context *ctx, const pb_record *run, const char *folder)
{
    const pb_array *a = &run->reconstructions;
    if (!a->data) return PB_OK;
    if (a->dim[2] > 1024 || a->dim[3] > 1024) return PB_OK; /* not pictures for a sheet */
    const int pairs = a->dim[1] < MOST_PAIRS ? (int)a->dim[1] : MOST_PAIRS;
    const int height = (int)a->dim[2], width = (int)a->dim[3];
    const int longer = height > width ? height : width;
    const int abreast = pairs % 5 == 0 ? 5 : 4; /* ten classes fill two rows */
    const int columns = pairs < abreast ? pairs : abreast, rows = (pairs + columns - 1) / columns;
    const int cell = (TARGET_WIDTH / abreast - GAP - SEPARATOR) / 2;
    const int enlarge = longer < cell ? cell / longer : 1;
    const int cell_width = width * enlarge, cell_height = height * enlarge;
    const int pair_width = 2 * cell_width + SEPARATOR + GAP, row_height = cell_height + GAP;
    const size_t half = a->dim[1] * a->dim[2] * a->dim[3];
    const range original = range_of(a->data, half), masked = range_of(a->data + half, half);

    pb_image image;
    PB_TRY(pb_image_create(ctx, columns * pair_width + GAP, HEADING + rows * row_height, paper,
                           &image));
    for (int pair = 0; pair < pairs; pair++) {
        const int x = GAP + pair % columns * pair_width, y = HEADING + pair / columns * row_height;
        const double *pixels = a->data + pair * height * width;
        if (pair < columns) {
            head_column(&image, x, cell_width, "original");
            head_column(&image, x + cell_width + SEPARATOR, cell_width, "masked");
        }
        draw_cell(&image, pixels, height, width, x, y, enlarge, original);
        draw_cell(&image, pixels + half, height, width, x + cell_width + SEPARATOR, y, enlarge,
                  masked);
    }
    char *path = pb_path_join(folder, "reconstructions.png");
    const pb_status status =
        path ? pb_image_save(ctx, path, &image) : pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    free(path);
    pb_image_clear(&image);
    return status;
}
