/* Weights before a threshold and after it, as sheets without gnuplot: the matrices of all layers,
 * and the units of the first. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/median.h"
#include "report/draw_weights.h"
#include "report/grid.h"

enum { MOST_LAYERS = 24, MOST_OUTPUTS = 320, MOST_INPUTS = 800, MOST_UNITS = 32, ABREAST = 8 };

/* Weights as so many images. */
typedef struct images {
    const float *numbers; /* [2, count, height, width] */
    size_t count, height, width;
} images;

static size_t extent(const pb_npy *a, int first, int last)
{
    size_t all = 1;
    for (int i = first; i < last; i++) all *= a->dim[i];
    return all;
}

/* One matrix: outputs by what each takes. */
static images as_matrix(const pb_npy *weights)
{
    return (images){weights->data, 1, weights->dim[1], extent(weights, 2, weights->axes)};
}

/* An image of each output, of each output and channel where it takes several: the last two axes;
 * where there is only one, that of the samples if it has as many numbers, else a line. */
static images as_units(const json_t *layer, const pb_npy *weights)
{
    const int axes = weights->axes, of_image = axes > 3 ? 2 : 1;
    const json_t *image = json_object_get(layer, "image");
    const size_t height = (size_t)json_integer_value(json_array_get(image, 0)),
                 width = (size_t)json_integer_value(json_array_get(image, 1));
    if (of_image == 1 && height > 0 && weights->dim[2] % height == 0 &&
        weights->dim[2] / height == width)
        return (images){weights->data, weights->dim[1], height, width};
    return (images){weights->data, extent(weights, 1, axes - of_image),
                    of_image == 2 ? weights->dim[axes - 2] : 1, weights->dim[axes - 1]};
}

static double largest(const images *i)
{
    double most = 0;
    for (size_t k = 0; k < 2 * i->count * i->height * i->width; k++)
        if (isfinite(i->numbers[k])) most = fmax(most, fabs((double)i->numbers[k]));
    return most;
}

/* The size that one weight in 200 exceeds before the threshold: of the largest alone, all others
 * would be pale. */
static pb_status usual_size(pb_context *ctx, const images *i, double *size)
{
    const size_t all = i->count * i->height * i->width;
    double *sizes = malloc(all * sizeof *sizes);
    size_t count = 0;
    if (!sizes) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for a sheet");
    for (size_t k = 0; k < all; k++)
        if (isfinite(i->numbers[k])) sizes[count++] = fabs((double)i->numbers[k]);
    pb_numbers_sort(sizes, count);
    *size = count ? sizes[count - 1 - count / 200] : 0;
    free(sizes);
    return PB_OK;
}

/* The top left of an image, at most so large, into a place of the grid, on the scale of the whole.
 */
static pb_status put(pb_context *ctx, pb_grid *grid, int row, int column, const images *from,
                     size_t which, size_t most_height, size_t most_width, double scale)
{
    const size_t height = from->height < most_height ? from->height : most_height,
                 width = from->width < most_width ? from->width : most_width;
    const float *numbers = from->numbers + which * from->height * from->width;
    double *pixels = malloc(height * width * sizeof *pixels);
    if (!pixels) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for a sheet");
    for (size_t i = 0; i < height * width; i++)
        pixels[i] = (double)numbers[i / width * from->width + i % width];
    const pb_status status = pb_grid_put(ctx, grid, row, column, 1, height, width, pixels,
                                         height > 1 ? PB_GRID_SIGNED : PB_GRID_PLAIN);
    grid->cells[row * grid->columns + column].scale = scale;
    free(pixels);
    return status;
}

static void words_of(pb_grid *grid, int row, int column, const char *text)
{
    pb_grid_words(grid->cells[row * grid->columns + column].words, text);
}

/* ---- all layers ---- */

static pb_status put_layer(pb_context *ctx, pb_grid *grid, int row, const json_t *layer,
                           const pb_npy *weights)
{
    const images matrix = as_matrix(weights);
    const bool cut = matrix.height > MOST_OUTPUTS || matrix.width > MOST_INPUTS;
    double scale;
    char text[96];
    PB_TRY(usual_size(ctx, &matrix, &scale));
    pb_grid_words(grid->names[row], pb_weight_text(layer, "layer"));
    for (int after = 0; after < 2; after++)
        PB_TRY(
            put(ctx, grid, row, after, &matrix, (size_t)after, MOST_OUTPUTS, MOST_INPUTS, scale));
    snprintf(text, sizeof text, "%s%zu outputs x %zu inputs", cut ? "part of " : "", matrix.height,
             matrix.width);
    words_of(grid, row, 0, text);
    snprintf(text, sizeof text, "full colour at %.3g", scale);
    words_of(grid, row, 1, text);
    return PB_OK;
}

pb_status pb_draw_weight_matrices(pb_context *ctx, const json_t *layers,
                                  const pb_weight_arrays arrays[], const char *folder)
{
    const int all = (int)json_array_size(layers), rows = all < MOST_LAYERS ? all : MOST_LAYERS;
    pb_grid grid;
    PB_TRY(pb_grid_create(ctx, rows, 2, &grid));
    grid.has_words = true;
    grid.target = 480;
    pb_grid_words(grid.headings[0], "weights before the threshold");
    pb_grid_words(grid.headings[1], "after it");
    pb_status status = PB_OK;
    for (int i = 0; !status && i < rows; i++)
        status = put_layer(ctx, &grid, i, json_array_get(layers, (size_t)i), &arrays[i].weights);
    if (!status) status = pb_grid_draw(ctx, &grid, folder, "weights_before_after");
    pb_grid_clear(&grid);
    return status;
}

/* ---- the first layer ---- */

/* Units in blocks of two rows: before, and below it after. */
static pb_status put_unit(pb_context *ctx, pb_grid *grid, int unit, const images *from,
                          size_t channels, double scale)
{
    const int row = unit / ABREAST * 2, column = unit % ABREAST;
    char text[64];
    if (channels > 1)
        snprintf(text, sizeof text, "unit %zu channel %zu", (size_t)unit / channels + 1,
                 (size_t)unit % channels + 1);
    else
        snprintf(text, sizeof text, "unit %d", unit + 1);
    for (int after = 0; after < 2; after++) {
        PB_TRY(put(ctx, grid, row + after, column, from, (size_t)after * from->count + (size_t)unit,
                   from->height, from->width, scale));
        if (after) words_of(grid, row + after, column, text);
        pb_grid_words(grid->names[row + after], after ? "after" : "before");
    }
    return PB_OK;
}

static void name_sheet(pb_grid *grid, const json_t *layer, bool as_images, double scale)
{
    char text[sizeof grid->title];
    if (as_images)
        snprintf(text, sizeof text, "%.40s: full colour at %.3g", pb_weight_text(layer, "layer"),
                 scale);
    else
        snprintf(text, sizeof text, "%.40s: curves from %.3g to %.3g",
                 pb_weight_text(layer, "layer"), grid->low, grid->high);
    pb_grid_title(grid, text);
}

pb_status pb_draw_first_weights(pb_context *ctx, const json_t *layer,
                                const pb_weight_arrays *arrays, const char *folder)
{
    const pb_npy *weights = &arrays->weights;
    const images units = as_units(layer, weights);
    const size_t channels = units.count / weights->dim[1];
    const int shown = units.count < MOST_UNITS ? (int)units.count : MOST_UNITS;
    const int columns = shown < ABREAST ? shown : ABREAST;
    const double most = largest(&units);
    double scale;
    pb_grid grid;
    PB_TRY(usual_size(ctx, &units, &scale));
    PB_TRY(pb_grid_create(ctx, (shown + ABREAST - 1) / ABREAST * 2, columns, &grid));
    grid.has_words = true;
    grid.low = -most;
    grid.high = most;
    name_sheet(&grid, layer, units.height > 1, scale);
    pb_status status = PB_OK;
    for (int i = 0; !status && i < shown; i++)
        status = put_unit(ctx, &grid, i, &units, channels, scale);
    if (!status) status = pb_grid_draw(ctx, &grid, folder, "first_weights");
    pb_grid_clear(&grid);
    return status;
}
