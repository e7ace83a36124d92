/* A compressed data set into memory, packed as it is. */
#include <stdio.h>
#include <string.h>

#include "data/loader.h"
#include "data/pbz.h"

/* A file on its way into memory. */
typedef struct loading {
    pb_context *ctx;
    const char *path;
    pb_compressed_file *file;
    pb_dataset *d;
    json_t *damaged; /* sentences about chunks that are left out; NULL: none may be */
} loading;

static pb_status leave_out(const loading *l)
{
    char sentence[1024];
    snprintf(sentence, sizeof sentence, "%s", pb_error(l->ctx));
    if (!l->damaged)
        return pb_fail(l->ctx, PB_ERR_DATA, "%s; --skip-damaged reads the rest", sentence);
    return json_array_append_new(l->damaged, json_string(sentence)) == 0
               ? PB_OK
               : pb_fail(l->ctx, PB_ERR_MEMORY, "no memory for a list of damaged chunks");
}

/* Appends a chunk to its part. */
static pb_status add_chunk(const loading *l, int chunk)
{
    int count;
    const pb_compressed_chunk *c = &pb_compressed_chunks(l->file, &count)[chunk];
    pb_samples *part = c->is_test ? &l->d->test : &l->d->train;
    char *to = (char *)part->data + (size_t)part->count * pb_sample_bytes(l->d);
    const pb_status status = pb_compressed_read(l->file, chunk, to, part->labels + part->count);
    if (status == PB_ERR_DATA) return leave_out(l);
    if (status == PB_OK) part->count += c->count;
    return status;
}

static pb_status alloc_part(const loading *l, int count, pb_samples *part)
{
    if (count == 0) return PB_OK;
    PB_TRY(pb_samples_alloc(l->ctx, l->d, l->path, (uint64_t)count, part));
    part->count = 0;
    return PB_OK;
}

static pb_status check_fingerprint(const loading *l)
{
    char fingerprint[65];
    PB_TRY(pb_pbz_fingerprint(l->ctx, l->d, fingerprint));
    if (strcmp(fingerprint, l->d->compressed->fingerprint) == 0) return PB_OK;
    return pb_fail(l->ctx, PB_ERR_DATA,
                   "%s: its content has another fingerprint than its header says", l->path);
}

static pb_status load(const loading *l)
{
    const pb_dataset *d = l->d;
    int chunks;
    pb_compressed_chunks(l->file, &chunks);
    PB_TRY(alloc_part(l, d->compressed->train_count, &l->d->train));
    PB_TRY(alloc_part(l, d->compressed->test_count, &l->d->test));
    for (int i = 0; i < chunks; i++) PB_TRY(add_chunk(l, i));
    return json_array_size(l->damaged) > 0 ? PB_OK : check_fingerprint(l);
}

pb_status pb_pbz_read_all(pb_context *ctx, const char *path, json_t *damaged, pb_dataset **dataset)
{
    loading l = {.ctx = ctx, .path = path, .damaged = damaged};
    *dataset = NULL;
    PB_TRY(pb_compressed_open(ctx, path, &l.file));
    l.d = pb_compressed_dataset(l.file);
    const pb_status status = load(&l);
    if (status == PB_OK) *dataset = pb_compressed_take(l.file);
    pb_compressed_close(&l.file);
    return status;
}

static pb_status need_samples(pb_context *ctx, const char *path, const pb_dataset *d)
{
    if (d->train.count > 0 && (d->test.count > 0 || d->compressed->test_count == 0)) return PB_OK;
    return pb_fail(ctx, PB_ERR_DATA, "%s: every chunk of %s samples is damaged", path,
                   d->train.count > 0 ? "test" : "training");
}

pb_status pb_pbz_load(pb_context *ctx, const pb_dataset_options *options, pb_dataset **dataset)
{
    json_t *damaged = options->skip_damaged ? json_array() : NULL;
    pb_status status = pb_pbz_read_all(ctx, options->path, damaged, dataset);
    for (size_t i = 0; i < json_array_size(damaged); i++)
        pb_log(ctx, PB_LOG_WARN, "%s; it is left out",
               json_string_value(json_array_get(damaged, i)));
    if (status == PB_OK) status = need_samples(ctx, options->path, *dataset);
    json_decref(damaged);
    return status;
}
