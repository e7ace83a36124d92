/* One PNG image, read by libpng into 8-bit gray or RGB. */
#ifndef PB_DATA_PNG_READ_H
#define PB_DATA_PNG_READ_H

#include <stdbool.h>
#include <stdint.h>

#include <passband/status.h>

/** What the head of a file says. A palette that holds only grays is gray. */
typedef struct pb_png_info {
    int width, height;
    bool is_gray;
} pb_png_info;

/** Reads the head alone. PB_ERR_DATA names the file and the fault; at most 8192 pixels a side. */
pb_status pb_png_probe(pb_context *ctx, const char *path, pb_png_info *info);

/** Decodes an image of the size and colours that pb_png_probe gave.
 *
 *  @param channels  1 for a gray image; 3 for any, a gray one then has three equal planes
 *  @param pixels    [channels, height, width]
 *
 *  Any colour type, depth and interlacing. 16 bits are rounded to 8, fewer are stretched to 0..255,
 *  palettes are looked up; transparency and gamma are ignored, as Pillow's convert("RGB") does. */
pb_status pb_png_decode(pb_context *ctx, const char *path, pb_png_info info, int channels,
                        uint8_t *pixels);

#endif
