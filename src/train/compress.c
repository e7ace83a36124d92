/* Compressing a data set: its samples through the first stages of a configuration on the device,
 * packed on the host, into a file. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <passband/plan.h>
#include <passband/run.h>

#include "base/file.h"
#include "base/packing.h"
#include "data/loader.h"
#include "train/chain.h"
#include "train/fit.h"
#include "train/run_data.h"

enum { BATCH_MOST = 4096, BATCH_BYTES = 1 << 25 };

/* A compression at work. */
typedef struct compression {
    pb_context *ctx;
    const pb_config *config;
    const pb_compressing *options;
    pb_dataset *source, *packed;
    pb_fitted fitted;
    pb_device *device;
    pb_plan *plan;
    pb_chain chain;
    void *batch;  /* samples of the source on their way to the device */
    float *out;   /* [batch, values] from it */
    uint8_t *one; /* codes of one sample */
} compression;

/* ---- what the file says about the source ---- */

static void hash_source(const pb_dataset *d, char hex[65])
{
    const pb_samples *parts[] = {&d->train, &d->test};
    pb_sha256 *sum = pb_sha256_begin();
    for (int p = 0; p < 2; p++) {
        const size_t count = (size_t)parts[p]->count;
        pb_sha256_add(sum, parts[p]->data, count * pb_sample_bytes(d));
        pb_sha256_add(sum, parts[p]->labels, count * sizeof *parts[p]->labels);
    }
    pb_sha256_end(sum, hex);
}

static pb_status no_memory(const compression *c)
{
    return pb_fail(c->ctx, PB_ERR_MEMORY, "no memory for a compressed data set");
}

/* The packed data set takes over the source's labels and names. */
static pb_status describe(compression *c)
{
    pb_dataset *from = c->source, *to = c->packed = calloc(1, sizeof *to);
    if (!to) return no_memory(c);
    to->compressed = calloc(1, sizeof *to->compressed);
    if (!to->compressed) return no_memory(c);
    memcpy(to->name, from->name, sizeof to->name);
    to->dtype = from->dtype;
    to->sample_shape = from->sample_shape;
    pb_compressed *about = to->compressed;
    memcpy(about->source.name, from->name, sizeof about->source.name);
    about->source.dtype = from->dtype;
    about->source.shape = from->sample_shape;
    hash_source(from, about->source.sha256);
    to->classes = from->classes;
    return pb_class_names_set(c->ctx, (const char *const *)from->class_names, to);
}

static float *copy_floats(const float *from, int count)
{
    float *copy = malloc((size_t)count * sizeof *copy);
    if (copy) memcpy(copy, from, (size_t)count * sizeof *copy);
    return copy;
}

static pb_status describe_chain(compression *c)
{
    pb_compressed *about = c->packed->compressed;
    const pb_packing *p = &c->chain.packing;
    about->chain = pb_config_chain_yaml(c->config, c->chain.stages);
    if (!about->chain) return no_memory(c);
    about->fitted = c->fitted;
    c->fitted = (pb_fitted){0};
    c->packed->dtype = p->bits ? PB_U8 : PB_F32;
    c->packed->sample_shape = c->chain.shape;
    about->packing = *p;
    about->packing.offset = about->packing.step = NULL;
    if (!p->bits) return PB_OK;
    c->packed->sample_shape = PB_SHAPE((int)pb_packing_bytes(p));
    if (!p->steps) return PB_OK;
    about->packing.offset = copy_floats(p->offset, p->steps);
    about->packing.step = copy_floats(p->step, p->steps);
    return about->packing.offset && about->packing.step ? PB_OK : no_memory(c);
}

/* ---- packing ---- */

/* A code that no bits hold, or a value that is no number, is refused rather than stored. */
static pb_status pack_codes(compression *c, const float *codes, size_t count, uint8_t *to)
{
    const float most = (float)((1 << c->chain.packing.bits) - 1);
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        good = good && codes[i] >= 0 && codes[i] <= most;
        c->one[i] = good ? (uint8_t)(codes[i] + 0.5f) : 0;
    }
    pb_pack_codes(c->one, count, c->chain.packing.bits, to);
    return good ? PB_OK
                : pb_fail(c->ctx, PB_ERR_NOT_FINITE,
                          "the stages to compress with make a code that %d bits do not hold",
                          c->chain.packing.bits);
}

static pb_status pack_sample(compression *c, const float *values, uint8_t *to)
{
    const size_t count = pb_shape_count(c->chain.shape);
    const int bits = c->chain.packing.bits;
    if (bits > 0 && bits <= PB_BITS_CODE_MAX) return pack_codes(c, values, count, to);
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]) || (bits && fabsf(values[i]) >= 65520))
            return pb_fail(c->ctx, PB_ERR_NOT_FINITE,
                           "the stages to compress with make a value of %g, which cannot be stored",
                           (double)values[i]);
    if (bits)
        pb_pack_halves(values, count, to);
    else
        memcpy(to, values, count * sizeof *values);
    return PB_OK;
}

static pb_status encode_batch(compression *c, const pb_samples *from, int first, pb_samples *to)
{
    const size_t bytes = pb_sample_bytes(c->source), packed_bytes = pb_sample_bytes(c->packed);
    const size_t values = pb_shape_count(c->chain.shape);
    const int left = from->count - first, count = left < c->chain.batch ? left : c->chain.batch;
    if (c->options->stop && *c->options->stop)
        return pb_fail(c->ctx, PB_INTERRUPTED, "interrupted, no file was written");
    memcpy(c->batch, (const char *)from->data + (size_t)first * bytes, (size_t)count * bytes);
    PB_TRY(pb_plan_write(c->plan, c->chain.samples, c->batch, (size_t)c->chain.batch * bytes));
    PB_TRY(pb_plan_run(c->plan, "encode", 1));
    PB_TRY(pb_plan_read(c->plan, c->chain.out, c->out,
                        (size_t)c->chain.batch * values * sizeof *c->out));
    uint8_t *at = (uint8_t *)to->data + (size_t)first * packed_bytes;
    for (int i = 0; i < count; i++, at += packed_bytes)
        PB_TRY(pack_sample(c, c->out + (size_t)i * values, at));
    return PB_OK;
}

static pb_status encode_part(compression *c, const pb_samples *from, pb_samples *to)
{
    if (from->count == 0) return PB_OK;
    PB_TRY(pb_samples_alloc(c->ctx, c->packed, c->source->name, (uint64_t)from->count, to));
    memcpy(to->labels, from->labels, (size_t)from->count * sizeof *to->labels);
    for (int first = 0; first < from->count; first += c->chain.batch)
        PB_TRY(encode_batch(c, from, first, to));
    return PB_OK;
}

/* ---- the device ---- */

static const char *selector(const compression *c)
{
    if (c->options->device) return c->options->device;
    return c->config->device ? c->config->device : getenv("PASSBAND_DEVICE");
}

/* Samples that go through the device together. */
static int batch_of(const pb_dataset *source)
{
    const size_t bytes = pb_sample_bytes(source) * (source->dtype == PB_U8 ? sizeof(float) : 1);
    const size_t fit = BATCH_BYTES / bytes;
    const int most = source->train.count < BATCH_MOST ? source->train.count : BATCH_MOST;
    return fit < 1 ? 1 : fit < (size_t)most ? (int)fit : most;
}

/* The training samples that a run of the same configuration learns from. */
static pb_status learn(compression *c, int stages)
{
    pb_config first = *c->config;
    int32_t *train, *held;
    int train_count, held_count;
    first.stage_count = stages;
    PB_TRY(
        pb_run_data_split(c->ctx, c->config, c->source, &train, &train_count, &held, &held_count));
    const pb_status status =
        pb_fit(c->ctx, c->device, &first, c->source, train, train_count, &c->fitted);
    free(train);
    free(held);
    return status;
}

static pb_status make_plan(compression *c, int stages)
{
    PB_TRY(pb_device_open(c->ctx, selector(c), &c->device));
    PB_TRY(learn(c, stages));
    PB_TRY(pb_chain_create(c->ctx, c->config, c->source, &c->fitted, stages, batch_of(c->source),
                           &c->chain));
    PB_TRY(pb_plan_create(c->device, c->chain.g, &c->plan));
    c->batch = calloc((size_t)c->chain.batch, pb_sample_bytes(c->source));
    c->out = malloc((size_t)c->chain.batch * pb_shape_count(c->chain.shape) * sizeof *c->out);
    c->one = malloc(pb_shape_count(c->chain.shape));
    return c->batch && c->out && c->one ? PB_OK : no_memory(c);
}

static pb_status encode(compression *c, int stages)
{
    PB_TRY(make_plan(c, stages));
    PB_TRY(describe_chain(c));
    PB_TRY(encode_part(c, &c->source->train, &c->packed->train));
    return encode_part(c, &c->source->test, &c->packed->test);
}

/* ---- without transforms ---- */

/* The samples as they are. Those that are packed already stay so, which divides and compresses them
 * anew. */
static pb_status take_over(compression *c)
{
    pb_dataset *from = c->source, *to = c->packed;
    if (from->compressed) {
        pb_compressed_free(&to->compressed);
        to->compressed = from->compressed;
        from->compressed = NULL;
    }
    to->train = from->train;
    to->test = from->test;
    from->train = from->test = (pb_samples){0};
    return PB_OK;
}

static pb_status compress(compression *c, const char *path)
{
    int stages;
    PB_TRY(pb_run_data_load(c->ctx, c->config, false, &c->source));
    PB_TRY(pb_chain_length(c->ctx, c->config, c->source, &stages));
    if (stages > 1 && c->source->compressed)
        return pb_fail(c->ctx, PB_ERR_CONFIG,
                       "%s: is compressed already; compress what it was made from, or leave the "
                       "transforms out",
                       pb_option_string(c->config->data, "path"));
    PB_TRY(describe(c));
    PB_TRY(stages > 1 ? encode(c, stages) : take_over(c));
    const pb_compressed_options how = {.level = c->options->level,
                                       .chunk_samples = c->options->chunk_samples};
    return pb_compressed_write(c->ctx, path, c->packed, &how);
}

pb_status pb_run_compress(pb_context *ctx, const pb_config *config, const pb_compressing *options,
                          const char *path)
{
    static const pb_compressing usual = {0};
    compression c = {.ctx = ctx, .config = config, .options = options ? options : &usual};
    const pb_status status = compress(&c, path);
    pb_plan_free(&c.plan);
    pb_chain_clear(&c.chain);
    pb_device_close(&c.device);
    pb_fitted_clear(&c.fitted);
    pb_dataset_free(&c.packed);
    pb_dataset_free(&c.source);
    free(c.batch);
    free(c.out);
    free(c.one);
    return status;
}
