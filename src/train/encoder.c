#include "train/encoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/packing.h"
#include "data/loader.h"

enum { BATCH_MOST = 4096, BATCH_BYTES = 1 << 25 };

/* ---- packing ---- */

/* A code that no bits hold, or a value that is no number, is refused rather than stored. */
static pb_status pack_codes(pb_encoder *e, const float *codes, size_t count, uint8_t *to)
{
    const float most = (float)((1 << e->chain.packing.bits) - 1);
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        good = good && codes[i] >= 0 && codes[i] <= most;
        e->one[i] = good ? (uint8_t)(codes[i] + 0.5f) : 0;
    }
    pb_pack_codes(e->one, count, e->chain.packing.bits, to);
    return good ? PB_OK
                : pb_fail(e->ctx, PB_ERR_NOT_FINITE,
                          "the stages to compress with make a code that %d bits do not hold",
                          e->chain.packing.bits);
}

static pb_status pack_sample(pb_encoder *e, const float *values, uint8_t *to)
{
    const size_t count = pb_shape_count(e->chain.shape);
    const int bits = e->chain.packing.bits;
    if (bits > 0 && bits <= PB_BITS_CODE_MAX) return pack_codes(e, values, count, to);
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]) || (bits && fabsf(values[i]) >= 65520))
            return pb_fail(e->ctx, PB_ERR_NOT_FINITE,
                           "the stages to compress with make a value of %g, which cannot be stored",
                           (double)values[i]);
    if (bits)
        pb_pack_halves(values, count, to);
    else
        memcpy(to, values, count * sizeof *values);
    return PB_OK;
}

/* ---- a batch ---- */

static pb_status pack_batch(pb_encoder *e, const char *samples, int count, uint8_t *packed)
{
    const size_t values = pb_shape_count(e->chain.shape), batch = (size_t)e->chain.batch;
    memcpy(e->batch, samples, (size_t)count * e->source_bytes);
    PB_TRY(pb_plan_write(e->plan, e->chain.samples, e->batch, batch * e->source_bytes));
    PB_TRY(pb_plan_run(e->plan, "encode", 1));
    PB_TRY(pb_plan_read(e->plan, e->chain.out, e->out, batch * values * sizeof *e->out));
    for (int i = 0; i < count; i++)
        PB_TRY(pack_sample(e, e->out + (size_t)i * values, packed + (size_t)i * e->packed_bytes));
    return PB_OK;
}

pb_status pb_encoder_pack(pb_encoder *e, const void *samples, int count, void *packed)
{
    for (int first = 0; first < count; first += e->chain.batch) {
        const int left = count - first, batch = left < e->chain.batch ? left : e->chain.batch;
        PB_TRY(pack_batch(e, (const char *)samples + (size_t)first * e->source_bytes, batch,
                          (uint8_t *)packed + (size_t)first * e->packed_bytes));
    }
    return PB_OK;
}

/* ---- the whole ---- */

/* Samples that go through the device together. */
static int batch_of(const pb_dataset *source)
{
    const size_t bytes = pb_sample_bytes(source) * (source->dtype == PB_U8 ? sizeof(float) : 1);
    const size_t fit = BATCH_BYTES / bytes;
    const int most = source->train.count < BATCH_MOST ? source->train.count : BATCH_MOST;
    return fit < 1 ? 1 : fit < (size_t)most ? (int)fit : most;
}

pb_status pb_encoder_open(pb_context *ctx, pb_device *device, const pb_config *config,
                          const pb_dataset *source, const pb_fitted *fitted, int stages,
                          pb_encoder *e)
{
    *e = (pb_encoder){.ctx = ctx, .source_bytes = pb_sample_bytes(source)};
    PB_TRY(pb_chain_create(ctx, config, source, fitted, stages, batch_of(source), &e->chain));
    PB_TRY(pb_plan_create(device, e->chain.g, &e->plan));
    const size_t values = pb_shape_count(e->chain.shape);
    e->packed_bytes =
        e->chain.packing.bits ? pb_packing_bytes(&e->chain.packing) : values * sizeof(float);
    e->batch = calloc((size_t)e->chain.batch, e->source_bytes);
    e->out = malloc((size_t)e->chain.batch * values * sizeof *e->out);
    e->one = malloc(values);
    return e->batch && e->out && e->one
               ? PB_OK
               : pb_fail(ctx, PB_ERR_MEMORY, "no memory for a compressed data set");
}

void pb_encoder_close(pb_encoder *e)
{
    pb_plan_free(&e->plan);
    pb_chain_clear(&e->chain);
    free(e->batch);
    free(e->out);
    free(e->one);
    *e = (pb_encoder){0};
}
