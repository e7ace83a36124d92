/* Compressing a data set: its samples through the first stages of a configuration on the device,
 * packed on the host, into a file. */
#include <stdlib.h>
#include <string.h>

#include <passband/run.h>

#include "data/loader.h"
#include "train/encoder.h"
#include "train/fit.h"
#include "train/run_data.h"

/* A compression at work. */
typedef struct compression {
    pb_context *ctx;
    const pb_config *config;
    const pb_compressing *options;
    pb_dataset *source, *packed;
    pb_fitted fitted;
    pb_device *device;
    pb_encoder encoder;
} compression;

/* ---- what the file says about the source ---- */

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
    pb_dataset_sha256(from, about->source.sha256);
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
    const pb_packing *p = &c->encoder.chain.packing;
    about->chain = pb_config_chain_yaml(c->config, c->encoder.chain.stages);
    if (!about->chain) return no_memory(c);
    about->fitted = c->fitted;
    c->fitted = (pb_fitted){0};
    c->packed->dtype = p->bits ? PB_U8 : PB_F32;
    c->packed->sample_shape = c->encoder.chain.shape;
    about->packing = *p;
    about->packing.offset = about->packing.step = NULL;
    if (!p->bits) return PB_OK;
    c->packed->sample_shape = PB_SHAPE((int)pb_packing_bytes(p));
    if (!p->steps) return PB_OK;
    about->packing.offset = copy_floats(p->offset, p->steps);
    about->packing.step = copy_floats(p->step, p->steps);
    return about->packing.offset && about->packing.step ? PB_OK : no_memory(c);
}

/* ---- samples ---- */

static pb_status encode_part(compression *c, const pb_samples *from, pb_samples *to)
{
    if (from->count == 0) return PB_OK;
    PB_TRY(pb_samples_alloc(c->ctx, c->packed, c->source->name, (uint64_t)from->count, to));
    memcpy(to->labels, from->labels, (size_t)from->count * sizeof *to->labels);
    for (int first = 0; first < from->count; first += c->encoder.chain.batch) {
        const int left = from->count - first, most = c->encoder.chain.batch;
        if (c->options->stop && *c->options->stop)
            return pb_fail(c->ctx, PB_INTERRUPTED, "interrupted, no file was written");
        PB_TRY(pb_encoder_pack(
            &c->encoder, (const char *)from->data + (size_t)first * c->encoder.source_bytes,
            left < most ? left : most, (char *)to->data + (size_t)first * c->encoder.packed_bytes));
    }
    return PB_OK;
}

/* ---- the device ---- */

static const char *selector(const compression *c)
{
    if (c->options->device) return c->options->device;
    return c->config->device ? c->config->device : getenv("PASSBAND_DEVICE");
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
    return pb_encoder_open(c->ctx, c->device, c->config, c->source, &c->fitted, stages,
                           &c->encoder);
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
    if (pb_config_cross_validates(c->config))
        return pb_fail(c->ctx, PB_ERR_CONFIG,
                       "%s: a file is made once, from what one training learns from; allowed: 0",
                       pb_option_where(c->config->train, "folds"));
    PB_TRY(pb_run_data_load(c->ctx, c->config, c->options->skip_damaged, &c->source));
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
    pb_encoder_close(&c.encoder);
    pb_device_close(&c.device);
    pb_fitted_clear(&c.fitted);
    pb_dataset_free(&c.packed);
    pb_dataset_free(&c.source);
    return status;
}
