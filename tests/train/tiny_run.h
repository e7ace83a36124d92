/* A data set and a network small enough to train in a moment, and what tests ask of a run folder.
 */
#ifndef TESTS_TRAIN_TINY_RUN_H
#define TESTS_TRAIN_TINY_RUN_H

#include <check.h>
#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <passband/dataset.h>
#include <passband/run.h>

#include "../base/scratch.h"
#include "data/npy.h"

enum { TINY_SIDE = 8, TINY_CLASSES = 3 };

/* Stripes across, stripes down, or a checker board, each dimmer or brighter, and a few wrong
 * pixels. */
static inline void tiny_image(int label, unsigned number, uint8_t pixels[TINY_SIDE * TINY_SIDE])
{
    unsigned state = 7919 * number + 12345;
    for (int i = 0; i < TINY_SIDE; i++)
        for (int j = 0; j < TINY_SIDE; j++) {
            state = state * 1103515245 + 12345;
            const int on = label == 0 ? i / 2 % 2 : label == 1 ? j / 2 % 2 : (i / 2 + j / 2) % 2;
            const int noise = (int)(state >> 16 & 63);
            pixels[i * TINY_SIDE + j] = (uint8_t)(on ? 160 + noise : 32 + noise);
        }
}

static inline void tiny_part(pb_context *ctx, scratch *s, const char *x_name, const char *y_name,
                             int count, unsigned first)
{
    uint8_t *x = malloc((size_t)count * TINY_SIDE * TINY_SIDE);
    int32_t *y = malloc((size_t)count * sizeof *y);
    for (int i = 0; i < count; i++) {
        y[i] = i % TINY_CLASSES;
        tiny_image(y[i], first + (unsigned)i, x + i * TINY_SIDE * TINY_SIDE);
    }
    const size_t dim[] = {(size_t)count, TINY_SIDE, TINY_SIDE};
    ck_assert_int_eq(pb_npy_save(ctx, scratch_path(s, x_name), PB_NPY_U8, 3, dim, x), PB_OK);
    ck_assert_int_eq(pb_npy_save(ctx, scratch_path(s, y_name), PB_NPY_I32, 1, dim, y), PB_OK);
    free(x);
    free(y);
}

/* 150 training and 65 test images: neither fills its last batch. */
static inline void tiny_data(pb_context *ctx, scratch *s)
{
    tiny_part(ctx, s, "x.npy", "y.npy", 150, 0);
    tiny_part(ctx, s, "x_test.npy", "y_test.npy", 65, 1000);
}

static const char tiny_yaml[] = "name: tiny\n"
                                "data: {name: npy, path: %s, validation: 0.2}\n"
                                "train: {epochs: 4, batch_size: 16, eval_batch_size: 25, "
                                "seeds: [3, 5], log_every: 3}\n"
                                "stages:\n"
                                "  - load\n"
                                "  - dct2: {keep: 6}\n"
                                "  - band_mask: {bands: 3}\n"
                                "  - reshape: {shape: [1, 36]}\n"
                                "  - conv1d: {channels: 4, kernel: 3, padding: 1}\n"
                                "  - relu\n"
                                "  - max_pool1d: {kernel: 2}\n"
                                "  - linear: {features: 3}\n"
                                "  - cross_entropy\n"
                                "  - reconstruction: {weight: 0.1}\n"
                                "  - adam: {params: \"band_mask*\", lr: 0.01}\n"
                                "  - sgd: {lr: 0.1, momentum: 0.9, schedule: cosine}\n";

/* Cuts overrides at each '|' and lists them; their number. The text, NULL: none, is changed. */
static inline int tiny_overrides(char *text, const char *list[16])
{
    int count = 0;
    for (char *part = text ? strtok(text, "|") : NULL; part; part = strtok(NULL, "|")) {
        ck_assert_int_lt(count, 16);
        list[count++] = part;
    }
    return count;
}

/* The tiny configuration with overrides, separated by '|' (NULL: none). Free it with
 * pb_config_free. */
static inline pb_config *tiny_config(pb_context *ctx, scratch *s, const char *overrides)
{
    char yaml[4096];
    snprintf(yaml, sizeof yaml, tiny_yaml, s->folder);
    scratch_put(s, "tiny.yaml", yaml, strlen(yaml));
    const char *list[16];
    char *copy = overrides ? strdup(overrides) : NULL;
    const int count = tiny_overrides(copy, list);
    pb_config *config = NULL;
    const pb_status status =
        pb_config_load(ctx, scratch_path(s, "tiny.yaml"), count, list, &config);
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
    free(copy);
    return config;
}

/* The path of a folder of that name; it stays valid as long as the test. */
static inline const char *tiny_folder(const scratch *s, const char *name)
{
    static char paths[16][600];
    static int next;
    char *path = paths[next++ % 16];
    ck_assert_msg(strncmp(path, s->folder, strlen(s->folder)) != 0, "too many paths for one test");
    snprintf(path, sizeof paths[0], "%s/%s", s->folder, name);
    return path;
}

/* Trains the tiny configuration with overrides and options: what came of it. */
static inline pb_status tiny_try(pb_context *ctx, scratch *s, const char *overrides,
                                 const pb_run_options *options)
{
    pb_config *config = tiny_config(ctx, s, overrides);
    const pb_status status = pb_run_train(ctx, config, options, NULL);
    pb_config_free(&config);
    return status;
}

/* Trains into a folder of that name; the folder's path. */
static inline const char *tiny_train(pb_context *ctx, scratch *s, const char *overrides,
                                     const char *name)
{
    const pb_run_options options = {.folder = tiny_folder(s, name)};
    const pb_status status = tiny_try(ctx, s, overrides, &options);
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
    return options.folder;
}

/* ---- run folders ---- */

static inline double run_number(const json_t *json, const char *key, const char *inner)
{
    const json_t *at = json_object_get(json, key);
    if (inner) at = json_object_get(at, inner);
    ck_assert_msg(json_is_number(at), "%s is no number", key);
    return json_number_value(at);
}

/* A file of a run on the heap, or NULL where there is none. */
static inline char *run_file(const char *folder, const char *name, size_t *bytes)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    size_t capacity = 1 << 20;
    char *data = malloc(capacity);
    *bytes = fread(data, 1, capacity - 1, file);
    data[*bytes] = '\0';
    fclose(file);
    return data;
}

static inline json_t *run_json(const char *folder, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    json_error_t error;
    json_t *json = json_load_file(path, 0, &error);
    ck_assert_msg(json != NULL, "%s: %s", path, error.text);
    return json;
}

static inline void same_file(const char *a, const char *b, const char *name)
{
    size_t a_bytes = 0, b_bytes = 0;
    char *x = run_file(a, name, &a_bytes), *y = run_file(b, name, &b_bytes);
    ck_assert_msg(x && y, "%s is missing in %s", name, x ? b : a);
    ck_assert_msg(a_bytes == b_bytes && memcmp(x, y, a_bytes) == 0, "%s differs", name);
    free(x);
    free(y);
}

/* metrics.jsonl as one array, without the seconds. */
static inline json_t *run_metrics(const char *folder)
{
    size_t bytes = 0;
    char *text = run_file(folder, "metrics.jsonl", &bytes);
    ck_assert_ptr_nonnull(text);
    json_t *lines = json_array();
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        json_t *json = json_loads(line, 0, NULL);
        ck_assert_ptr_nonnull(json);
        ck_assert(json_object_del(json, "seconds") == 0);
        json_array_append_new(lines, json);
    }
    free(text);
    return lines;
}

static inline json_t *timeless_summary(const char *folder)
{
    json_t *json = run_json(folder, "summary.json");
    ck_assert(json_object_del(json, "seconds_per_epoch") == 0);
    ck_assert(json_object_del(json, "setup_seconds") == 0);
    ck_assert(json_object_del(json, "steps_per_second") == 0);
    ck_assert(json_object_del(json, "peak_host_bytes") == 0);
    return json;
}

/* Two finished runs agree bit for bit, but for what the clock said. */
static inline void same_run(const char *a, const char *b)
{
    static const char *const files[] = {"config.yaml",
                                        "plan.json",
                                        "train_loss.npy",
                                        "band_weights.npy",
                                        "class_accuracies.npy",
                                        "mask.npy",
                                        "reconstructions.npy",
                                        "seed-3/best.safetensors",
                                        "seed-5/best.safetensors"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) same_file(a, b, files[i]);
    json_t *x = run_metrics(a), *y = run_metrics(b);
    ck_assert_msg(json_equal(x, y), "metrics.jsonl differs");
    json_decref(x);
    json_decref(y);
    x = timeless_summary(a), y = timeless_summary(b);
    ck_assert_msg(json_equal(x, y), "summary.json differs");
    json_decref(x);
    json_decref(y);
}

#endif
