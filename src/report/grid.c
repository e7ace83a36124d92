#include "report/grid.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum {
    TARGET = 96,
    CURVE_WIDTH = 150,
    CURVE_HEIGHT = 60,
    GAP = 10,
    TITLE = 24,
    HEADING = 26,
    LETTER = 6,
    WORDS = 14
};

static const pb_colour paper = {255, 255, 255}, ink = {70, 70, 70}, line = {210, 210, 210},
                       curve = {0, 114, 178};

pb_status pb_grid_create(pb_context *ctx, int rows, int columns, pb_grid *grid)
{
    *grid = (pb_grid){.rows = rows, .columns = columns};
    grid->cells = calloc((size_t)rows * (size_t)columns, sizeof *grid->cells);
    grid->headings = calloc((size_t)columns, sizeof *grid->headings);
    grid->names = calloc((size_t)rows, sizeof *grid->names);
    if (grid->cells && grid->headings && grid->names) return PB_OK;
    return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for a sheet of %d x %d", rows, columns);
}

void pb_grid_clear(pb_grid *grid)
{
    for (int i = 0; grid->cells && i < grid->rows * grid->columns; i++) free(grid->cells[i].pixels);
    free(grid->cells);
    free(grid->headings);
    free(grid->names);
    *grid = (pb_grid){0};
}

pb_status pb_grid_put(pb_context *ctx, pb_grid *grid, int row, int column, size_t planes,
                      size_t height, size_t width, const double pixels[], pb_grid_look look)
{
    pb_grid_cell *cell = &grid->cells[row * grid->columns + column];
    const size_t bytes = planes * height * width * sizeof *pixels;
    cell->pixels = malloc(bytes);
    if (!cell->pixels) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for a sheet");
    memcpy(cell->pixels, pixels, bytes);
    cell->planes = planes;
    cell->height = height;
    cell->width = width;
    cell->look = look;
    return PB_OK;
}

static void write_words(char *words, int size, const char *text)
{
    int i = 0;
    for (; text[i] && i < size - 1; i++) {
        const char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
        words[i] = pb_image_has(c) ? c : ' ';
    }
    words[i] = 0;
}

void pb_grid_words(char words[40], const char *text)
{
    write_words(words, 40, text);
}

void pb_grid_title(pb_grid *grid, const char *text)
{
    write_words(grid->title, sizeof grid->title, text);
}

/* ---- a picture ---- */

/* Pixels of the sheet for each number, and of the whole. */
typedef struct extent {
    int enlarge, width, height;
} extent;

static extent extent_of(const pb_grid *grid, const pb_grid_cell *cell)
{
    if (!cell->pixels) return (extent){1, 0, 0};
    if (cell->height == 1) return (extent){1, CURVE_WIDTH, CURVE_HEIGHT};
    const int longer = (int)(cell->height > cell->width ? cell->height : cell->width);
    const int target = grid->target > 0 ? grid->target : TARGET;
    const int enlarge = longer < target ? target / longer : 1;
    return (extent){enlarge, (int)cell->width * enlarge, (int)cell->height * enlarge};
}

/* Planes as one: added where signs matter, else averaged. */
static double value_of(const pb_grid_cell *cell, size_t pixel)
{
    double sum = 0;
    for (size_t p = 0; p < cell->planes; p++)
        sum += cell->pixels[p * cell->height * cell->width + pixel];
    return cell->look == PB_GRID_SIGNED ? sum : sum / (double)cell->planes;
}

static bool is_colour(const pb_grid_cell *cell)
{
    return cell->look == PB_GRID_PLAIN && cell->planes == 3;
}

static void range_of(const pb_grid *grid, const pb_grid_cell *cell, double *low, double *high)
{
    if (cell->look == PB_GRID_PLAIN && grid->high > grid->low) {
        *low = grid->low;
        *high = grid->high;
        return;
    }
    const size_t area = cell->height * cell->width;
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < area * (is_colour(cell) ? 3 : 1); i++) {
        const double v = is_colour(cell) ? cell->pixels[i] : value_of(cell, i);
        if (!isfinite(v)) continue;
        *low = fmin(*low, v);
        *high = fmax(*high, v);
    }
}

static uint8_t level(double share)
{
    return (uint8_t)lround(255 * fmin(fmax(share, 0), 1));
}

static pb_colour between(pb_colour a, pb_colour b, double share)
{
    return (pb_colour){level((a.r + share * (b.r - a.r)) / 255.0),
                       level((a.g + share * (b.g - a.g)) / 255.0),
                       level((a.b + share * (b.b - a.b)) / 255.0)};
}

static pb_colour heat(double share)
{
    static const pb_colour steps[] = {{0x44, 0x01, 0x54}, {0x41, 0x44, 0x87}, {0x2a, 0x78, 0x8e},
                                      {0x22, 0xa8, 0x84}, {0x7a, 0xd1, 0x51}, {0xfd, 0xe7, 0x25}};
    const double at = 5 * fmin(fmax(share, 0), 1);
    const int k = at < 4 ? (int)at : 4;
    return between(steps[k], steps[k + 1], at - k);
}

static pb_colour signed_colour(double share)
{
    static const pb_colour white = {255, 255, 255}, blue = {33, 102, 172}, red = {178, 24, 43};
    return between(white, share < 0 ? blue : red, fmin(fabs(share), 1));
}

static pb_colour colour_at(const pb_grid_cell *cell, size_t pixel, double low, double high)
{
    const size_t area = cell->height * cell->width;
    const double range = high > low ? high - low : 1;
    const double size = cell->scale > 0 ? cell->scale : fmax(fabs(low), fabs(high));
    if (is_colour(cell))
        return (pb_colour){level((cell->pixels[pixel] - low) / range),
                           level((cell->pixels[pixel + area] - low) / range),
                           level((cell->pixels[pixel + 2 * area] - low) / range)};
    const double v = value_of(cell, pixel);
    if (!isfinite(v)) return line;
    if (cell->look == PB_GRID_SIGNED) return signed_colour(size > 0 ? v / size : 0);
    if (cell->look == PB_GRID_HEAT) return heat(high > 0 ? v / high : 0);
    const uint8_t gray = level((v - low) / range);
    return (pb_colour){gray, gray, gray};
}

static void draw_pixels(pb_image *image, const pb_grid *grid, const pb_grid_cell *cell, int x,
                        int y, extent e)
{
    double low, high;
    range_of(grid, cell, &low, &high);
    for (size_t row = 0; row < cell->height; row++)
        for (size_t column = 0; column < cell->width; column++)
            pb_image_fill(image, x + (int)column * e.enlarge, y + (int)row * e.enlarge, e.enlarge,
                          e.enlarge, colour_at(cell, row * cell->width + column, low, high));
}

/* A curve from the left to the right edge, each pixel column joined to the next; a thin line at
 * zero where it is crossed. */
static void draw_curve(pb_image *image, const pb_grid *grid, const pb_grid_cell *cell, int x, int y)
{
    double low, high;
    range_of(grid, cell, &low, &high);
    if (cell->look == PB_GRID_HEAT) low = fmin(low, 0);
    if (!(high > low)) high = low + 1;
    const double range = high - low;
    if (low < 0 && high > 0)
        pb_image_fill(image, x, y + (int)((CURVE_HEIGHT - 1) * high / range), CURVE_WIDTH, 1, line);
    int before = -1;
    for (int column = 0; column < CURVE_WIDTH; column++) {
        const double at = (double)column / (CURVE_WIDTH - 1) * (double)(cell->width - 1);
        const size_t left = (size_t)at, right = left + 1 < cell->width ? left + 1 : left;
        const double v = value_of(cell, left) * (1 - (at - (double)left)) +
                         value_of(cell, right) * (at - (double)left);
        if (!isfinite(v)) continue;
        const int to = (int)lround((CURVE_HEIGHT - 2) * (high - v) / range);
        const int from = before < 0 ? to : before;
        const int top = from < to ? from : to, bottom = from < to ? to : from;
        pb_image_fill(image, x + column, y + top, 2, bottom - top + 2, curve);
        before = to;
    }
}

static void draw_cell(pb_image *image, const pb_grid *grid, const pb_grid_cell *cell, int x, int y)
{
    const extent e = extent_of(grid, cell);
    if (!cell->pixels) return;
    pb_image_fill(image, x - 1, y - 1, e.width + 2, e.height + 2, line);
    pb_image_fill(image, x, y, e.width, e.height, paper);
    if (cell->height == 1)
        draw_curve(image, grid, cell, x, y);
    else
        draw_pixels(image, grid, cell, x, y, e);
    pb_image_write(image, x, y + e.height + 4, 1, cell->words, ink);
}

/* ---- the sheet ---- */

/* Where columns begin: the widest picture or heading of each decides; returns the width of the
 * sheet. */
static int place_columns(const pb_grid *grid, int left, int places[])
{
    int x = left;
    for (int c = 0; c < grid->columns; c++) {
        int width = (int)strlen(grid->headings[c]) * LETTER;
        for (int r = 0; r < grid->rows; r++) {
            const pb_grid_cell *cell = &grid->cells[r * grid->columns + c];
            const int own = extent_of(grid, cell).width, words = (int)strlen(cell->words) * LETTER;
            if (own > width) width = own;
            if (words > width) width = words;
        }
        places[c] = x;
        x += width + GAP;
    }
    return x;
}

static int height_of_row(const pb_grid *grid, int row)
{
    int height = 12;
    for (int c = 0; c < grid->columns; c++) {
        const int own = extent_of(grid, &grid->cells[row * grid->columns + c]).height;
        if (own > height) height = own;
    }
    return height + GAP + (grid->has_words ? WORDS : 0);
}

static int width_of_names(const pb_grid *grid)
{
    size_t longest = 0;
    for (int r = 0; r < grid->rows; r++)
        if (strlen(grid->names[r]) > longest) longest = strlen(grid->names[r]);
    return longest ? GAP + (int)longest * LETTER * 2 + GAP : GAP;
}

static void draw(pb_image *image, const pb_grid *grid, const int places[], int top)
{
    pb_image_write(image, GAP, GAP, 2, grid->title, ink);
    for (int c = 0; c < grid->columns; c++)
        pb_image_write(image, places[c], top - HEADING + 10, 1, grid->headings[c], ink);
    for (int r = 0, y = top; r < grid->rows; y += height_of_row(grid, r++)) {
        const int middle = (height_of_row(grid, r) - GAP) / 2 - 8;
        pb_image_write(image, GAP, y + middle, 2, grid->names[r], ink);
        for (int c = 0; c < grid->columns; c++)
            draw_cell(image, grid, &grid->cells[r * grid->columns + c], places[c], y);
    }
}

pb_status pb_grid_draw(pb_context *ctx, const pb_grid *grid, const char *folder, const char *name)
{
    char file[128];
    pb_image image;
    const int top = HEADING + (*grid->title ? TITLE : 0);
    int *places = malloc((size_t)grid->columns * sizeof *places), height = top + GAP;
    if (!places) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for a sheet");
    for (int r = 0; r < grid->rows; r++) height += height_of_row(grid, r);
    int width = place_columns(grid, width_of_names(grid), places);
    const int title = GAP + pb_image_write_width(2, grid->title) + GAP;
    if (width < title) width = title;
    snprintf(file, sizeof file, "%s.png", name);
    char *path = pb_path_join(folder, file);
    pb_status status = path ? pb_image_create(ctx, width, height, paper, &image)
                            : pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    if (status == PB_OK) {
        draw(&image, grid, places, top);
        status = pb_image_save(ctx, path, &image);
        pb_image_clear(&image);
    }
    free(path);
    free(places);
    return status;
}
