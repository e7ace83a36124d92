/* What changes the fingerprint of a compressed data set, found out by changing it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "data/loader.h"
#include "data/pbz.h"
#include "study/measure_identity.h"

enum { TRAIN_MOST = 256, TEST_MOST = 64 };

/* A part of the file in memory of its own, to be changed. */
typedef struct part {
    const pb_stored *s;
    const char *path; /* where it is written for a moment */
    pb_dataset *d;
    char first[65]; /* fingerprint of what was not changed */
    json_t *result;
} part;

static pb_status no_memory(const part *p)
{
    return pb_fail(p->s->ctx, PB_ERR_MEMORY, "no memory for a part of a data set");
}

/* ---- the part ---- */

static pb_status copy_samples(const part *p, const pb_samples *from, int most, pb_samples *to)
{
    const int count = from->count < most ? from->count : most;
    if (count == 0) return PB_OK;
    PB_TRY(pb_samples_alloc(p->s->ctx, p->d, p->s->path, (uint64_t)count, to));
    memcpy(to->data, from->data, (size_t)count * pb_sample_bytes(p->d));
    memcpy(to->labels, from->labels, (size_t)count * sizeof *to->labels);
    return PB_OK;
}

static float *copy_floats(const float *from, int count)
{
    float *copy = malloc((size_t)count * sizeof *copy + 1);
    if (copy && count > 0) memcpy(copy, from, (size_t)count * sizeof *copy);
    return copy;
}

static pb_status copy_about(const part *p, const pb_compressed *from)
{
    pb_compressed *to = p->d->compressed = calloc(1, sizeof *to);
    if (!to) return no_memory(p);
    *to = (pb_compressed){.packing = from->packing, .source = from->source};
    to->packing.offset = copy_floats(from->packing.offset, from->packing.steps);
    to->packing.step = copy_floats(from->packing.step, from->packing.steps);
    to->chain = strdup(from->chain ? from->chain : "");
    if (!to->chain || !to->packing.offset || !to->packing.step) return no_memory(p);
    for (int i = 0; i < from->fitted.count; i++)
        PB_TRY(pb_fitted_put(p->s->ctx, &to->fitted, from->fitted.array[i].name,
                             from->fitted.array[i].shape, from->fitted.array[i].data));
    return PB_OK;
}

static pb_status copy_part(part *p)
{
    const pb_dataset *from = p->s->file;
    pb_dataset *to = p->d = calloc(1, sizeof *to);
    if (!to) return no_memory(p);
    memcpy(to->name, from->name, sizeof to->name);
    to->dtype = from->dtype;
    to->sample_shape = from->sample_shape;
    to->classes = from->classes;
    PB_TRY(pb_class_names_set(p->s->ctx, (const char *const *)from->class_names, to));
    PB_TRY(copy_about(p, from->compressed));
    PB_TRY(copy_samples(p, &from->train, TRAIN_MOST, &to->train));
    return copy_samples(p, &from->test, TEST_MOST, &to->test);
}

/* ---- writing it ---- */

/* As a file says it, not as memory holds it. */
static pb_status read_fingerprint(const part *p, char fingerprint[65])
{
    pb_compressed_file *file;
    PB_TRY(pb_compressed_open(p->s->ctx, p->path, &file));
    memcpy(fingerprint, pb_compressed_describe(file)->compressed->fingerprint, 65);
    pb_compressed_close(&file);
    return PB_OK;
}

static pb_status write_part(part *p, const char *change, const char *by,
                            const pb_compressed_options *how)
{
    char fingerprint[65];
    PB_TRY(pb_compressed_write(p->s->ctx, p->path, p->d, how));
    PB_TRY(read_fingerprint(p, fingerprint));
    if (!p->first[0]) memcpy(p->first, fingerprint, sizeof p->first);
    json_t *row = json_pack("{s:s, s:s, s:s, s:b}", "change", change, "by", by, "fingerprint",
                            fingerprint, "same", strcmp(fingerprint, p->first) == 0);
    return json_array_append_new(p->result, row) == 0 ? PB_OK : no_memory(p);
}

/* ---- changes, each taken back ---- */

static void swap_rows(const part *p, int other)
{
    const size_t bytes = pb_sample_bytes(p->d);
    uint8_t *a = p->d->train.data, *b = a + (size_t)other * bytes;
    for (size_t i = 0; i < bytes; i++) {
        const uint8_t byte = a[i];
        a[i] = b[i];
        b[i] = byte;
    }
    const int32_t label = p->d->train.labels[0];
    p->d->train.labels[0] = p->d->train.labels[other];
    p->d->train.labels[other] = label;
}

/* The first sample and one that differs from it. */
static pb_status change_order(part *p)
{
    const size_t bytes = pb_sample_bytes(p->d);
    const uint8_t *rows = p->d->train.data;
    int other = 1;
    while (other < p->d->train.count && memcmp(rows, rows + (size_t)other * bytes, bytes) == 0)
        other++;
    if (other >= p->d->train.count) return PB_OK;
    swap_rows(p, other);
    PB_TRY(write_part(p, "order of samples", "two of them exchanged", NULL));
    swap_rows(p, other);
    return PB_OK;
}

static pb_status change_label(part *p)
{
    int32_t *label = p->d->train.labels;
    const int32_t before = *label;
    *label = (before + 1) % p->d->classes;
    PB_TRY(write_part(p, "a label", "another class", NULL));
    *label = before;
    return PB_OK;
}

static pb_status change_bit(part *p)
{
    uint8_t *byte = p->d->train.data;
    *byte ^= 1;
    PB_TRY(write_part(p, "a sample", "one bit turned", NULL));
    *byte ^= 1;
    return PB_OK;
}

static pb_status change_names(part *p)
{
    char name[sizeof p->d->name], *class_name = p->d->class_names[0];
    memcpy(name, p->d->name, sizeof name);
    snprintf(p->d->name, sizeof p->d->name, "another name");
    PB_TRY(write_part(p, "name of the data set", "another name", NULL));
    memcpy(p->d->name, name, sizeof name);
    p->d->class_names[0] = "another name";
    const pb_status status = write_part(p, "name of a class", "another name", NULL);
    p->d->class_names[0] = class_name;
    return status;
}

static pb_status change_file(part *p)
{
    const pb_compressed_options chunks = {.chunk_samples = 7}, level = {.level = 1};
    PB_TRY(write_part(p, "samples of a chunk", "7", &chunks));
    return write_part(p, "zstd level", "1", &level);
}

/* ---- making the samples again ---- */

static const void *originals_of(const part *p, bool is_test)
{
    return is_test ? p->s->original->test.data : p->s->original->train.data;
}

static pb_status make_again(part *p, pb_device *device, const pb_config *config)
{
    for (int is_test = 0; is_test < 2; is_test++) {
        const pb_samples *to = is_test ? &p->d->test : &p->d->train;
        if (to->count > 0)
            PB_TRY(pb_stored_encode_by(p->s, device, config, originals_of(p, is_test), to->count,
                                       to->data));
    }
    return PB_OK;
}

static pb_status restore(part *p)
{
    const size_t bytes = pb_sample_bytes(p->d);
    memcpy(p->d->train.data, p->s->file->train.data, (size_t)p->d->train.count * bytes);
    if (p->d->test.count > 0)
        memcpy(p->d->test.data, p->s->file->test.data, (size_t)p->d->test.count * bytes);
    return PB_OK;
}

static pb_status write_again(part *p, const char *change, const char *by, pb_device *device,
                             const pb_config *config)
{
    PB_TRY(make_again(p, device, config));
    PB_TRY(write_part(p, change, by, NULL));
    return restore(p);
}

static pb_status write_reseeded(part *p, const char *stage, const pb_config *config)
{
    char *chain = p->d->compressed->chain;
    char *other = pb_config_chain_yaml(config, config->stage_count);
    if (!other) return no_memory(p);
    p->d->compressed->chain = other;
    const pb_status status = write_again(p, "seed", stage, p->s->device, config);
    p->d->compressed->chain = chain;
    free(other);
    return status;
}

static pb_status change_seeds(part *p)
{
    static const char *const stages[] = {"random_projection", "quantize"};
    for (int i = 0; i < 2; i++) {
        pb_config *config;
        PB_TRY(pb_stored_reseeded(p->s, stages[i], &config));
        const pb_status status = config ? write_reseeded(p, stages[i], config) : PB_OK;
        pb_config_free(&config);
        PB_TRY(status);
    }
    return PB_OK;
}

static bool is_same_device(const pb_device_info *a, const pb_device_info *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->platform, b->platform) == 0;
}

static pb_status change_to(part *p, int number, const pb_device_info *info)
{
    char selector[16];
    pb_device *device = NULL;
    snprintf(selector, sizeof selector, "%d", number);
    pb_status status = pb_device_open(p->s->ctx, selector, &device);
    if (status == PB_OK) status = write_again(p, "device", info->name, device, p->s->config);
    pb_device_close(&device);
    return status;
}

/* Every other device of this machine. */
static pb_status change_device(part *p)
{
    pb_device_info *list;
    int count;
    PB_TRY(pb_device_list(p->s->ctx, NULL, &list, &count));
    pb_status status = PB_OK;
    for (int i = 0; status == PB_OK && i < count; i++)
        if (!is_same_device(&list[i], pb_device_describe(p->s->device)))
            status = change_to(p, i, &list[i]);
    free(list);
    return status;
}

/* ---- the whole ---- */

static pb_status change(part *p)
{
    PB_TRY(copy_part(p));
    PB_TRY(write_part(p, "nothing", "", NULL));
    PB_TRY(change_file(p));
    PB_TRY(change_names(p));
    PB_TRY(change_order(p));
    PB_TRY(change_label(p));
    PB_TRY(change_bit(p));
    if (!pb_stored_has_chain(p->s)) return PB_OK;
    PB_TRY(write_again(p, "made again", pb_device_describe(p->s->device)->name, p->s->device,
                       p->s->config));
    PB_TRY(change_seeds(p));
    return change_device(p);
}

pb_status pb_measure_fingerprint(const pb_stored *s, const char *folder, json_t **result)
{
    char *path = pb_path_join(folder, "changed" PB_COMPRESSED_ENDING);
    part p = {.s = s, .path = path, .result = json_array()};
    pb_status status = path && p.result ? change(&p) : no_memory(&p);
    if (path) remove(path);
    *result = p.result;
    if (status != PB_OK) {
        json_decref(p.result);
        *result = NULL;
    }
    pb_dataset_free(&p.d);
    free(path);
    return status;
}
