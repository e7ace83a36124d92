/* RGB pictures and PNG. */
#include "report/image.h"

#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "base/file.h"

pb_status pb_image_create(pb_context *ctx, int width, int height, pb_colour background,
                          pb_image *image)
{
    *image = (pb_image){.width = width, .height = height};
    image->rgb = malloc((size_t)width * (size_t)height * 3);
    if (!image->rgb)
        return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for a picture of %d x %d", width, height);
    pb_image_fill(image, 0, 0, width, height, background);
    return PB_OK;
}

void pb_image_clear(pb_image *image)
{
    free(image->rgb);
    *image = (pb_image){0};
}

void pb_image_fill(pb_image *image, int x, int y, int width, int height, pb_colour colour)
{
    const int left = x > 0 ? x : 0, top = y > 0 ? y : 0;
    const int right = x + width < image->width ? x + width : image->width;
    const int bottom = y + height < image->height ? y + height : image->height;
    for (int row = top; row < bottom; row++)
        for (int column = left; column < right; column++) {
            uint8_t *pixel = image->rgb + ((size_t)row * (size_t)image->width + (size_t)column) * 3;
            pixel[0] = colour.r, pixel[1] = colour.g, pixel[2] = colour.b;
        }
}

/* ---- words ---- */

enum { GLYPH_WIDTH = 5, GLYPH_HEIGHT = 8, ADVANCE = 6 };

/* A row is five bits, the leftmost the highest; the last row is below the base line. */
static const uint8_t letters[26][GLYPH_HEIGHT] = {
    {0, 0, 14, 1, 15, 17, 15, 0},    {16, 16, 22, 25, 17, 17, 30, 0}, /* a b */
    {0, 0, 14, 17, 16, 17, 14, 0},   {1, 1, 13, 19, 17, 17, 15, 0},   /* c d */
    {0, 0, 14, 17, 31, 16, 14, 0},   {6, 9, 8, 28, 8, 8, 8, 0},       /* e f */
    {0, 0, 15, 17, 17, 15, 1, 14},   {16, 16, 22, 25, 17, 17, 17, 0}, /* g h */
    {4, 0, 12, 4, 4, 4, 14, 0},      {2, 0, 6, 2, 2, 2, 18, 12},      /* i j */
    {16, 16, 18, 20, 24, 20, 18, 0}, {12, 4, 4, 4, 4, 4, 14, 0},      /* k l */
    {0, 0, 26, 21, 21, 21, 21, 0},   {0, 0, 22, 25, 17, 17, 17, 0},   /* m n */
    {0, 0, 14, 17, 17, 17, 14, 0},   {0, 0, 30, 17, 17, 30, 16, 16},  /* o p */
    {0, 0, 15, 17, 17, 15, 1, 1},    {0, 0, 22, 25, 16, 16, 16, 0},   /* q r */
    {0, 0, 15, 16, 14, 1, 30, 0},    {8, 8, 28, 8, 8, 9, 6, 0},       /* s t */
    {0, 0, 17, 17, 17, 19, 13, 0},   {0, 0, 17, 17, 17, 10, 4, 0},    /* u v */
    {0, 0, 17, 17, 21, 21, 10, 0},   {0, 0, 17, 10, 4, 10, 17, 0},    /* w x */
    {0, 0, 17, 17, 17, 15, 1, 14},   {0, 0, 31, 2, 4, 8, 31, 0},      /* y z */
};

static const uint8_t digits[10][GLYPH_HEIGHT] = {
    {14, 17, 19, 21, 25, 17, 14, 0}, {4, 12, 4, 4, 4, 4, 14, 0},    /* 0 1 */
    {14, 17, 1, 2, 4, 8, 31, 0},     {31, 2, 4, 2, 1, 17, 14, 0},   /* 2 3 */
    {2, 6, 10, 18, 31, 2, 2, 0},     {31, 16, 30, 1, 1, 17, 14, 0}, /* 4 5 */
    {6, 8, 16, 30, 17, 17, 14, 0},   {31, 1, 2, 4, 8, 8, 8, 0},     /* 6 7 */
    {14, 17, 17, 14, 17, 17, 14, 0}, {14, 17, 17, 15, 1, 2, 12, 0}, /* 8 9 */
};

static const struct {
    char c;
    uint8_t glyph[GLYPH_HEIGHT];
} marks[] = {
    {'.', {0, 0, 0, 0, 0, 12, 12, 0}}, {'-', {0, 0, 0, 14, 0, 0, 0, 0}},
    {'_', {0, 0, 0, 0, 0, 0, 0, 31}},  {':', {0, 12, 12, 0, 12, 12, 0, 0}},
    {',', {0, 0, 0, 0, 12, 12, 4, 8}},
};

/* NULL where there is none: a space. */
static const uint8_t *glyph_of(char c)
{
    if (c >= 'a' && c <= 'z') return letters[c - 'a'];
    if (c >= '0' && c <= '9') return digits[c - '0'];
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (marks[i].c == c) return marks[i].glyph;
    return NULL;
}

bool pb_image_has(char c)
{
    return glyph_of(c) != NULL;
}

int pb_image_write_width(int scale, const char *words)
{
    return (int)strlen(words) * ADVANCE * scale;
}

int pb_image_write(pb_image *image, int x, int y, int scale, const char *words, pb_colour colour)
{
    for (int i = 0; words[i]; i++) {
        const uint8_t *glyph = glyph_of(words[i]);
        for (int row = 0; glyph && row < GLYPH_HEIGHT; row++)
            for (int column = 0; column < GLYPH_WIDTH; column++)
                if (glyph[row] >> (GLYPH_WIDTH - 1 - column) & 1)
                    pb_image_fill(image, x + (i * ADVANCE + column) * scale, y + row * scale, scale,
                                  scale, colour);
    }
    return pb_image_write_width(scale, words);
}

/* ---- PNG ---- */

static void note_error(png_structp png, png_const_charp message)
{
    (void)message;
    longjmp(png_jmpbuf(png), 1);
}

static void ignore_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

/* Nothing here has automatic variables that change after setjmp. */
static int encode(png_structp png, png_infop info, FILE *stream, const pb_image *image)
{
    if (setjmp(png_jmpbuf(png))) return 0;
    png_init_io(png, stream);
    png_set_IHDR(png, info, (png_uint_32)image->width, (png_uint_32)image->height, 8,
                 PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int row = 0; row < image->height; row++)
        png_write_row(png, image->rgb + (size_t)row * (size_t)image->width * 3);
    png_write_end(png, info);
    return 1;
}

pb_status pb_image_save(pb_context *ctx, const char *path, const pb_image *image)
{
    pb_file_writer writer;
    PB_TRY(pb_file_open(ctx, path, &writer));
    png_structp png =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, note_error, ignore_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    pb_status status = PB_OK;
    if (!info)
        status = pb_fail(ctx, PB_ERR_MEMORY, "out of memory writing %s", path);
    else if (!encode(png, info, writer.stream, image))
        status = pb_fail(ctx, PB_ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
    png_destroy_write_struct(&png, &info);
    if (status) {
        pb_file_abandon(&writer);
        return status;
    }
    return pb_file_commit(ctx, &writer);
}
