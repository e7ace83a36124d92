/* A tiny data set and configuration that train in a moment: three patterns of 8 x 8 pixels. */
#ifndef TESTS_CLI_TINY_SET_H
#define TESTS_CLI_TINY_SET_H

#include <stdint.h>

#include "../data/png_make.h"
#include "program.h"

enum { SIDE = 8, TRAIN = 60, TEST = 30 };

static const char tiny_config[] = "name: tiny\n"
                                  "data: {name: idx, path: data, validation: 0.2}\n"
                                  "train: {epochs: 2, batch_size: 8, seeds: [0]}\n"
                                  "stages:\n"
                                  "  - load\n"
                                  "  - dct2: {keep: 6}\n"
                                  "  - band_mask: {bands: 3}\n"
                                  "  - reshape: {shape: [1, 36]}\n"
                                  "  - conv1d: {channels: 2, kernel: 3, padding: 1}\n"
                                  "  - relu\n"
                                  "  - max_pool1d: {kernel: 2}\n"
                                  "  - linear: {features: 3}\n"
                                  "  - cross_entropy\n"
                                  "  - sgd: {lr: 0.1}\n";

static inline void put_big_endian(uint8_t *out, uint32_t number)
{
    for (int i = 0; i < 4; i++) out[i] = (uint8_t)(number >> (24 - 8 * i));
}

static inline uint8_t tiny_pixel(int sample, int y, int x)
{
    const int label = sample % 3;
    const int on = label == 0 ? y / 2 % 2 : label == 1 ? x / 2 % 2 : (x / 2 + y / 2) % 2;
    return (uint8_t)(on * 180 + (sample * 37 + y * 11 + x * 5) % 60);
}

/* IDX files: `claimed` samples in the header, `count` in the file. */
static inline void tiny_images(scratch *s, const char *name, uint32_t claimed, int count)
{
    static uint8_t file[16 + 100 * SIDE * SIDE];
    put_big_endian(file, 0x00000803);
    put_big_endian(file + 4, claimed);
    put_big_endian(file + 8, SIDE);
    put_big_endian(file + 12, SIDE);
    uint8_t *at = file + 16;
    for (int n = 0; n < count; n++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) *at++ = tiny_pixel(n, y, x);
    scratch_put(s, name, file, (size_t)(at - file));
}

static inline void tiny_labels(scratch *s, const char *name, uint32_t claimed, int count, int first)
{
    uint8_t file[8 + 100];
    put_big_endian(file, 0x00000801);
    put_big_endian(file + 4, claimed);
    for (int n = 0; n < count; n++) file[8 + n] = (uint8_t)(n % 3);
    if (first >= 0) file[8] = (uint8_t)first;
    scratch_put(s, name, file, 8 + (size_t)count);
}

static inline void tiny_data(scratch *s)
{
    mkdir(scratch_path(s, "data"), 0777);
    tiny_images(s, "data/train-images-idx3-ubyte", TRAIN, TRAIN);
    tiny_labels(s, "data/train-labels-idx1-ubyte", TRAIN, TRAIN, -1);
    tiny_images(s, "data/t10k-images-idx3-ubyte", TEST, TEST);
    tiny_labels(s, "data/t10k-labels-idx1-ubyte", TEST, TEST, -1);
}

/* A folder "shells" of three classes of 20 colour images, 20 high and 30 wide, told apart by their
 * brightness. */
enum { SHELLS = 60 };
static inline void tiny_shells(scratch *s)
{
    char name[64];
    mkdir(scratch_path(s, "shells"), 0777);
    for (int c = 0; c < 3; c++) {
        snprintf(name, sizeof name, "shells/kind%d", c);
        mkdir(scratch_path(s, name), 0777);
        for (int i = 0; i < SHELLS / 3; i++) {
            uint16_t pixels[3 * 20 * 30];
            for (int p = 0; p < 3 * 20 * 30; p++)
                pixels[p] = (uint16_t)(80 * c + (p * 7 + i * 13) % 60);
            snprintf(name, sizeof name, "shells/kind%d/%02d.png", c, i);
            png_make(scratch_path(s, name), (png_kind){.type = PNG_COLOR_TYPE_RGB, .depth = 8}, 30,
                     20, pixels, NULL, 0);
        }
    }
}

/* The configuration with every `from` replaced once by `to`. */
static inline void tiny_write_config(scratch *s, const char *from, const char *to)
{
    char text[4096];
    const char *at = from ? strstr(tiny_config, from) : NULL;
    ck_assert(!from || at);
    if (at)
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - tiny_config), tiny_config, to,
                 at + strlen(from));
    else
        snprintf(text, sizeof text, "%s", tiny_config);
    scratch_put(s, "c.yaml", text, strlen(text));
}

#endif
