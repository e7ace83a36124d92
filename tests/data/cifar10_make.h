/* Small files in CIFAR-10's binary format: a label and 3 x 32 x 32 pixels an image. */
#ifndef TESTS_DATA_CIFAR10_MAKE_H
#define TESTS_DATA_CIFAR10_MAKE_H

#include <stdint.h>

#include "../base/scratch.h"

enum { CIFAR_RECORD = 1 + 3 * 32 * 32 };

static const char *const cifar10_files[] = {
    "data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
    "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin",
};

/* Image i of file k. */
static inline int cifar10_label(int k, int i)
{
    return (3 * k + i) % 10;
}

static inline uint8_t cifar10_pixel(int k, int i, int place)
{
    return (uint8_t)(place % 32 * 4 + place / 1024 * 40 + 13 * cifar10_label(k, i) + i);
}

/* Writes file k of so many images as "<folder><name>"; the folder ends with a slash or is "". */
static inline void cifar10_put(scratch *s, const char *folder, int k, int images)
{
    char name[200];
    uint8_t *data = malloc((size_t)images * CIFAR_RECORD), *at = data;
    for (int i = 0; i < images; i++) {
        *at++ = (uint8_t)cifar10_label(k, i);
        for (int place = 0; place < CIFAR_RECORD - 1; place++) *at++ = cifar10_pixel(k, i, place);
    }
    snprintf(name, sizeof name, "%s%s", folder, cifar10_files[k]);
    scratch_put(s, name, data, (size_t)images * CIFAR_RECORD);
    free(data);
}

static inline void cifar10_put_all(scratch *s, const char *folder, int images)
{
    for (int k = 0; k < 6; k++) cifar10_put(s, folder, k, images);
}

#endif
