#include "study/stored.h"

#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/packing.h"
#include "data/loader.h"
#include "data/pbz.h"

/* ---- opening ---- */

bool pb_stored_has_chain(const pb_stored *s)
{
    return s->file->compressed->chain && s->file->compressed->chain[0];
}

static pb_status open_encoder(const pb_stored *s, pb_device *device, const pb_config *config,
                              pb_encoder *encoder)
{
    PB_TRY(pb_encoder_open(s->ctx, device, config, s->original, &s->file->compressed->fitted,
                           config->stage_count, encoder));
    if (encoder->packed_bytes == s->row_bytes) return PB_OK;
    return pb_fail(s->ctx, PB_ERR_DATA, "%s: its chain does not make samples of its size", s->path);
}

static pb_status check_source(const pb_stored *s)
{
    char sha256[65];
    if (s->original->compressed)
        return pb_fail(s->ctx, PB_ERR_DATA, "%s: is to be compared with a compressed data set",
                       s->path);
    pb_dataset_sha256(s->original, sha256);
    if (strcmp(sha256, s->file->compressed->source.sha256) == 0) return PB_OK;
    return pb_fail(s->ctx, PB_ERR_DATA,
                   "%s: was made from another data set than %s, or from another part of it",
                   s->path, s->original->name);
}

static void widen(const pb_samples *part, size_t count, double *low, double *high)
{
    const float *numbers = part->data;
    for (size_t i = 0; i < (size_t)part->count * count; i++) {
        if ((double)numbers[i] < *low) *low = (double)numbers[i];
        if ((double)numbers[i] > *high) *high = (double)numbers[i];
    }
}

static void find_range(pb_stored *s)
{
    s->low = 0;
    s->high = 255;
    if (s->original->dtype == PB_U8) return;
    const size_t count = pb_shape_count(s->original->sample_shape);
    s->low = DBL_MAX;
    s->high = -DBL_MAX;
    widen(&s->original->train, count, &s->low, &s->high);
    widen(&s->original->test, count, &s->low, &s->high);
}

pb_status pb_stored_open(pb_context *ctx, pb_device *device, const char *path,
                         const pb_dataset *original, pb_stored *s)
{
    *s = (pb_stored){.ctx = ctx, .device = device, .path = path, .original = original};
    PB_TRY(pb_pbz_read_all(ctx, path, NULL, &s->file));
    PB_TRY(check_source(s));
    PB_TRY(pb_config_of_chain(ctx, path, s->file->compressed->chain, 0, NULL, &s->config));
    s->count = s->file->train.count + s->file->test.count;
    s->shape = pb_pbz_values_shape(s->file);
    s->values = pb_shape_count(s->shape);
    s->row_bytes = pb_sample_bytes(s->file);
    find_range(s);
    if (!pb_stored_has_chain(s)) return PB_OK;
    s->encoder = calloc(1, sizeof *s->encoder);
    return s->encoder ? open_encoder(s, device, s->config, s->encoder)
                      : pb_fail(ctx, PB_ERR_MEMORY, "no memory to compress samples");
}

void pb_stored_close(pb_stored *s)
{
    if (s->encoder) pb_encoder_close(s->encoder);
    free(s->encoder);
    pb_config_free(&s->config);
    pb_dataset_free(&s->file);
}

/* ---- a sample ---- */

static const void *row_of(const pb_dataset *d, int sample)
{
    const bool is_test = sample >= d->train.count;
    const pb_samples *part = is_test ? &d->test : &d->train;
    const size_t at = (size_t)(is_test ? sample - d->train.count : sample);
    return (const char *)part->data + at * pb_sample_bytes(d);
}

const uint8_t *pb_stored_row(const pb_stored *s, int sample)
{
    return row_of(s->file, sample);
}

const void *pb_stored_original(const pb_stored *s, int sample)
{
    return row_of(s->original, sample);
}

int32_t pb_stored_label(const pb_stored *s, int sample)
{
    const int train = s->file->train.count;
    return sample < train ? s->file->train.labels[sample] : s->file->test.labels[sample - train];
}

/* Bits of the codes that a row consists of; 0: it has none. */
static int code_bits(const pb_stored *s)
{
    const int bits = s->file->compressed->packing.bits;
    if (bits > 0) return bits <= PB_BITS_CODE_MAX ? bits : 0;
    return s->file->dtype == PB_U8 ? 8 : 0;
}

static bool is_half(const pb_stored *s)
{
    return s->file->compressed->packing.bits == PB_BITS_HALF;
}

int pb_stored_alphabet(const pb_stored *s)
{
    return code_bits(s) ? 1 << code_bits(s) : 0;
}

void pb_stored_values(const pb_stored *s, const uint8_t *row, float *values)
{
    const pb_packing *p = &s->file->compressed->packing;
    if (is_half(s)) {
        pb_unpack_halves(row, s->values, values);
        return;
    }
    if (!code_bits(s)) {
        memcpy(values, row, s->values * sizeof *values);
        return;
    }
    uint8_t *codes =
        (uint8_t *)(values + s->values) - s->values; /* read before it is written over */
    pb_unpack_codes(row, s->values, code_bits(s), codes);
    for (size_t i = 0; i < s->values; i++) {
        const float code = (float)codes[i];
        const size_t k = p->steps == 1 ? 0 : i;
        values[i] = p->steps ? p->offset[k] + p->step[k] * code : code;
    }
}

/* Floats as whole numbers in the same order: negative ones have all bits turned, others the first.
 */
static uint32_t in_order(uint32_t bits, uint32_t sign)
{
    return bits & sign ? ~bits & (2 * sign - 1) : bits | sign;
}

static void symbols_of_codes(const uint8_t *row, int bits, size_t plane, size_t first, size_t count,
                             uint32_t *symbols)
{
    uint8_t planes[PB_SYMBOLS_MOST], codes[PB_SYMBOLS_MOST];
    const size_t bytes = (count + 7) / 8;
    for (int p = 0; p < bits; p++)
        memcpy(planes + (size_t)p * bytes, row + (size_t)p * plane + first / 8, bytes);
    pb_unpack_codes(planes, count, bits, codes);
    for (size_t i = 0; i < count; i++) symbols[i] = codes[i];
}

void pb_stored_symbols(const pb_stored *s, const uint8_t *row, size_t first, size_t count,
                       uint32_t *symbols)
{
    const int bits = code_bits(s);
    if (bits == 8) {
        for (size_t i = 0; i < count; i++) symbols[i] = row[first + i];
    } else if (bits) {
        symbols_of_codes(row, bits, (s->values + 7) / 8, first, count, symbols);
    } else if (is_half(s)) {
        for (size_t i = first; i < first + count; i++)
            symbols[i - first] =
                in_order((uint32_t)row[i] | (uint32_t)row[s->values + i] << 8, 0x8000);
    } else {
        memcpy(symbols, row + first * sizeof *symbols, count * sizeof *symbols);
        for (size_t i = 0; i < count; i++) symbols[i] = in_order(symbols[i], 0x80000000);
    }
}

/* ---- the chain ---- */

pb_status pb_stored_encode(const pb_stored *s, const void *samples, int count, uint8_t *rows)
{
    if (s->encoder) return pb_encoder_pack(s->encoder, samples, count, rows);
    memcpy(rows, samples, (size_t)count * s->row_bytes);
    return PB_OK;
}

pb_status pb_stored_encode_by(const pb_stored *s, pb_device *device, const pb_config *config,
                              const void *samples, int count, uint8_t *rows)
{
    pb_encoder encoder;
    pb_status status = open_encoder(s, device, config, &encoder);
    if (status == PB_OK) status = pb_encoder_pack(&encoder, samples, count, rows);
    pb_encoder_close(&encoder);
    return status;
}

pb_status pb_stored_reseeded(const pb_stored *s, const char *name, pb_config **config)
{
    enum { MOST = 16 };
    char text[MOST][96];
    const char *overrides[MOST];
    int count = 0;
    *config = NULL;
    for (int i = 0; i < s->config->stage_count && count < MOST; i++) {
        const pb_config_stage *stage = &s->config->stages[i];
        if (strcmp(stage->stage->name, name) != 0) continue;
        const int64_t seed = pb_option_int(stage->options, "seed");
        snprintf(text[count], sizeof text[count], "stages.%s.%d.seed=%" PRId64, name,
                 stage->ordinal - 1, seed ^ 0x5eed);
        overrides[count] = text[count];
        count++;
    }
    if (count == 0) return PB_OK;
    return pb_config_of_chain(s->ctx, s->path, s->file->compressed->chain, count, overrides,
                              config);
}
