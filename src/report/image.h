/* A picture of RGB pixels and its PNG file. */
#ifndef PB_REPORT_IMAGE_H
#define PB_REPORT_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <passband/status.h>

typedef struct pb_image {
    int width, height;
    uint8_t *rgb; /* [height, width, 3] */
} pb_image;

typedef struct pb_colour {
    uint8_t r, g, b;
} pb_colour;

pb_status pb_image_create(pb_context *ctx, int width, int height, pb_colour background,
                          pb_image *image);
void pb_image_clear(pb_image *image);
/** Fills a rectangle; what lies outside is left out. */
void pb_image_fill(pb_image *image, int x, int y, int width, int height, pb_colour colour);
/** Writes lower-case words and numbers (a to z, 0 to 9, . , : - _ and spaces) in a 5 x 7 font
 * enlarged `scale` times; returns the width. */
int pb_image_write(pb_image *image, int x, int y, int scale, const char *words, pb_colour colour);
/** Width that pb_image_write would take. */
int pb_image_write_width(int scale, const char *words);
/** Whether the font has a letter that shows. */
bool pb_image_has(char c);
/** Writes a PNG, whole or not at all. */
pb_status pb_image_save(pb_context *ctx, const char *path, const pb_image *image);

#endif
