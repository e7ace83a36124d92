/* A small compressed data set for tests, made of numbers that a formula gives. */
#ifndef TESTS_DATA_COMPRESSED_SET_H
#define TESTS_DATA_COMPRESSED_SET_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <passband/dataset.h>

#include "base/packing.h"

enum { SET_HEIGHT = 5, SET_WIDTH = 7, SET_VALUES = 35, SET_TRAIN = 50, SET_TEST = 20 };

/* What lies in the file. */
typedef enum set_kind { SET_BYTES, SET_FLOATS, SET_CODES_1, SET_CODES_3, SET_CODES_8, SET_HALVES, SET_KINDS } set_kind;

static inline int set_bits(set_kind kind)
{
    static const int bits[SET_KINDS] = {0, 0, 1, 3, 8, PB_BITS_HALF};
    return bits[kind];
}

/* Value i of a sample: a code below 2^bits, a byte, or a number that float16 has. */
static inline int set_value(int sample, int i, set_kind kind)
{
    const int bits = set_bits(kind);
    const int spread = (sample * 31 + i * i * 7 + sample * i) % 251;
    return bits >= 1 && bits <= 8 ? spread % (1 << bits) : spread;
}

static inline int set_label(int sample)
{
    return (sample * 7 + sample / 5) % 3;
}

static inline void set_pack(int sample, set_kind kind, uint8_t *to)
{
    uint8_t codes[SET_VALUES];
    float numbers[SET_VALUES];
    for (int i = 0; i < SET_VALUES; i++) {
        codes[i] = (uint8_t)set_value(sample, i, kind);
        numbers[i] = (float)set_value(sample, i, kind) / 4 - 20;
    }
    if (kind == SET_BYTES)
        memcpy(to, codes, sizeof codes);
    else if (kind == SET_FLOATS)
        memcpy(to, numbers, sizeof numbers);
    else if (kind == SET_HALVES)
        pb_pack_halves(numbers, SET_VALUES, to);
    else
        pb_pack_codes(codes, SET_VALUES, set_bits(kind), to);
}

static inline size_t set_sample_bytes(const pb_dataset *d)
{
    return pb_dtype_bytes(d->dtype) * pb_shape_count(d->sample_shape);
}

static inline void set_part(pb_dataset *d, pb_samples *part, int first, int count, set_kind kind)
{
    const size_t bytes = set_sample_bytes(d);
    part->count = count;
    part->data = malloc(bytes * (size_t)count);
    part->labels = malloc(sizeof *part->labels * (size_t)count);
    for (int i = 0; i < count; i++) {
        set_pack(first + i, kind, (uint8_t *)part->data + bytes * (size_t)i);
        part->labels[i] = set_label(first + i);
    }
}

static inline pb_dataset *set_make(pb_context *ctx, set_kind kind)
{
    static const char *const names[] = {"left", "right", "über"};
    pb_dataset *d = calloc(1, sizeof *d);
    pb_compressed *c = d->compressed = calloc(1, sizeof *c);
    strcpy(d->name, "formula");
    d->dtype = kind == SET_FLOATS ? PB_F32 : PB_U8;
    d->sample_shape = PB_SHAPE(SET_HEIGHT, SET_WIDTH);
    d->classes = 3;
    d->class_names = calloc(3, sizeof *d->class_names);
    for (int i = 0; i < 3; i++) d->class_names[i] = strdup(names[i]);
    strcpy(c->source.name, "numbers");
    c->source.shape = PB_SHAPE(10, 14);
    c->source.dtype = PB_U8;
    memset(c->source.sha256, 'a', 64);
    if (kind != SET_BYTES) {
        const float learned[] = {1.5f, -2.25f, 1e-30f, 3e30f};
        c->chain = strdup("- load:\n    scale: unit\n- made_up:\n    \"odd\": \"\\n\"\n");
        ck_assert_int_eq(pb_fitted_put(ctx, &c->fitted, "made_up_1.basis", PB_SHAPE(2, 2), learned),
                         PB_OK);
    }
    if (set_bits(kind)) {
        c->packing = (pb_packing){.shape = d->sample_shape, .bits = set_bits(kind)};
        c->packing.steps = kind == SET_HALVES ? 0 : kind == SET_CODES_3 ? SET_VALUES : 1;
        c->packing.offset = calloc(SET_VALUES, sizeof(float));
        c->packing.step = calloc(SET_VALUES, sizeof(float));
        for (int i = 0; i < c->packing.steps; i++) {
            c->packing.offset[i] = -1 - (float)i / 8;
            c->packing.step[i] = 0.1f + (float)i / 3;
        }
        d->sample_shape = PB_SHAPE((int)pb_packing_bytes(&c->packing));
    }
    set_part(d, &d->train, 0, SET_TRAIN, kind);
    set_part(d, &d->test, SET_TRAIN, SET_TEST, kind);
    return d;
}

#endif
