#include "report/sheet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

enum {
    PAIRS_ABREAST = 4,
    MOST_PAIRS = 32,
    SEPARATOR = 2,
    GAP = 18,
    HEADING = 36,
    TARGET_CELL = 140
};

static const pb_colour paper = {255, 255, 255}, line = {170, 170, 170}, ink = {70, 70, 70};

typedef struct range {
    double low, high;
} range;

/* Of all pairs, also of those that have no room. */
static range range_of(const pb_sheet_side *side, size_t pairs)
{
    range r = {INFINITY, -INFINITY};
    for (size_t i = 0; i < pairs * side->height * side->width; i++) {
        const double value = side->pixels[i];
        if (isfinite(value)) r = (range){fmin(r.low, value), fmax(r.high, value)};
    }
    return r;
}

static uint8_t gray(double value, range r)
{
    if (!isfinite(value) || !(r.high > r.low)) return 127;
    return (uint8_t)lround(255 * fmin(fmax((value - r.low) / (r.high - r.low), 0), 1));
}

static void draw_cell(pb_image *image, const pb_sheet_side *side, int pair, int x, int y,
                      int enlarge, range r)
{
    const int height = (int)side->height, width = (int)side->width;
    const double *pixels = side->pixels + (size_t)pair * side->height * side->width;
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
    const int scale = pb_image_write_width(2, words) <= width ? 2 : 1;
    pb_image_write(image, x + (width - pb_image_write_width(scale, words)) / 2,
                   HEADING / 2 - 4 * scale / 2, scale, words, ink);
}

static int larger(size_t a, size_t b)
{
    return (int)(a > b ? a : b);
}

pb_status pb_sheet_draw(pb_context *ctx, size_t pairs, pb_sheet_side left, pb_sheet_side right,
                        const char *folder, const char *name)
{
    const int shown = pairs < MOST_PAIRS ? (int)pairs : MOST_PAIRS;
    const int height = larger(left.height, right.height);
    const int longer = larger((size_t)height, (size_t)larger(left.width, right.width));
    const int enlarge = longer < TARGET_CELL ? TARGET_CELL / longer : 1;
    const int columns = shown < PAIRS_ABREAST ? shown : PAIRS_ABREAST,
              rows = (shown + columns - 1) / columns;
    const int left_width = (int)left.width * enlarge, right_width = (int)right.width * enlarge;
    const int pair_width = left_width + (right_width ? SEPARATOR + right_width : 0) + GAP,
              row_height = height * enlarge + GAP;
    const range of_left = range_of(&left, pairs), of_right = range_of(&right, pairs);

    pb_image image;
    PB_TRY(pb_image_create(ctx, columns * pair_width + GAP, HEADING + rows * row_height, paper,
                           &image));
    for (int pair = 0; pair < shown; pair++) {
        const int x = GAP + pair % columns * pair_width, y = HEADING + pair / columns * row_height;
        const int beside = x + left_width + SEPARATOR;
        if (pair < columns) head_column(&image, x, left_width, left.heading);
        draw_cell(&image, &left, pair, x, y, enlarge, of_left);
        if (!right_width) continue;
        if (pair < columns) head_column(&image, beside, right_width, right.heading);
        draw_cell(&image, &right, pair, beside, y, enlarge, of_right);
    }
    char file[64];
    snprintf(file, sizeof file, "%s.png", name);
    char *path = pb_path_join(folder, file);
    const pb_status status =
        path ? pb_image_save(ctx, path, &image) : pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    free(path);
    pb_image_clear(&image);
    return status;
}
