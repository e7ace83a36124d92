/* PNG files for tests, written by libpng. */
#ifndef TESTS_DATA_PNG_MAKE_H
#define TESTS_DATA_PNG_MAKE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <check.h>
#include <png.h>

typedef struct png_kind {
    const char *name;
    int type, depth; /* as libpng has them */
    int is_interlaced;
    int has_transparency; /* a tRNS chunk      */
} png_kind;

static inline int png_samples(int type)
{
    return (type & PNG_COLOR_MASK_PALETTE ? 1
            : type & PNG_COLOR_MASK_COLOR ? 3
                                          : 1) +
           (type & PNG_COLOR_MASK_ALPHA ? 1 : 0);
}

/* Writes samples [height, width, samples], each below 2^depth, packed as the depth asks. */
static inline void png_make(const char *path, png_kind kind, int width, int height,
                            const uint16_t *samples, const png_color palette[], int colours)
{
    const int per_row = width * png_samples(kind.type);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, kind.depth, kind.type,
                 kind.is_interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (palette) png_set_PLTE(png, info, palette, colours);
    png_byte alphas[2] = {0, 77};
    png_color_16 colour = {0};
    if (kind.has_transparency)
        png_set_tRNS(png, info, palette ? alphas : NULL, palette ? 2 : 0, palette ? NULL : &colour);
    png_write_info(png, info);
    png_bytep *rows = calloc((size_t)height, sizeof *rows);
    for (int y = 0; y < height; y++) {
        rows[y] = calloc((size_t)per_row, 2);
        for (int i = 0; i < per_row; i++) {
            const uint16_t v = samples[y * per_row + i];
            if (kind.depth == 16) {
                rows[y][2 * i] = (png_byte)(v >> 8);
                rows[y][2 * i + 1] = (png_byte)v;
            } else {
                const int bit = i * kind.depth;
                rows[y][bit / 8] |= (png_byte)(v << (8 - kind.depth - bit % 8));
            }
        }
    }
    png_write_image(png, rows);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    for (int y = 0; y < height; y++) free(rows[y]);
    free(rows);
    fclose(file);
}

/* A gray image of 8 bits whose pixel i is first + i. */
static inline void png_make_gray(const char *path, int width, int height, int first)
{
    uint16_t *samples = calloc((size_t)width * (size_t)height, sizeof *samples);
    for (int i = 0; i < width * height; i++) samples[i] = (uint16_t)((first + i) & 255);
    png_make(path, (png_kind){.type = PNG_COLOR_TYPE_GRAY, .depth = 8}, width, height, samples,
             NULL, 0);
    free(samples);
}

/* The same in colour: channel c of pixel i is first + i + 50 c. */
static inline void png_make_rgb(const char *path, int width, int height, int first)
{
    uint16_t *samples = calloc((size_t)width * (size_t)height * 3, sizeof *samples);
    for (int i = 0; i < 3 * width * height; i++)
        samples[i] = (uint16_t)((first + i / 3 + 50 * (i % 3)) & 255);
    png_make(path, (png_kind){.type = PNG_COLOR_TYPE_RGB, .depth = 8}, width, height, samples, NULL,
             0);
    free(samples);
}

#endif
