/* Finding an original among all by its compressed form. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/rng.h"
#include "data/loader.h"
#include "study/measure_identity.h"
#include "study/parts.h"
#include "study/ranks.h"

/* The samples that are looked for, and the room to do it. */
typedef struct hunt {
    const pb_stored *s;
    const pb_measure_options *options;
    int count;
    int32_t *own;    /* [count] samples of the file */
    char *originals; /* [count] */
    uint8_t *rows;   /* [count] packed */
    float *probes;   /* [count, values] */
    pb_rank *ranks;  /* [count] */
} hunt;

/* ---- probes ---- */

static void take_originals(const hunt *h)
{
    const size_t bytes = pb_sample_bytes(h->s->original);
    for (int i = 0; i < h->count; i++)
        memcpy(h->originals + (size_t)i * bytes, pb_stored_original(h->s, h->own[i]), bytes);
}

/* Number k of a sample always has the same noise, whatever else is looked for. */
static void add_noise(const hunt *h, double noise)
{
    const pb_stream stream = pb_stream_make(h->options->seed, "study.noise", 0);
    const size_t numbers = pb_shape_count(h->s->original->sample_shape);
    const double deviation = noise * (h->s->high - h->s->low);
    for (int i = 0; i < h->count; i++)
        for (size_t k = 0; k < numbers; k++) {
            const size_t at = (size_t)i * numbers + k;
            const uint64_t index = (uint64_t)h->own[i] * numbers + k;
            const double change = deviation * (double)pb_stream_normal(stream, index);
            if (h->s->original->dtype == PB_U8) {
                uint8_t *byte = (uint8_t *)h->originals + at;
                *byte = (uint8_t)lround(fmin(fmax(*byte + change, 0), 255));
            } else {
                float *number = (float *)(void *)h->originals + at;
                *number = (float)((double)*number + change);
            }
        }
}

static void unpack(const hunt *h)
{
    for (int i = 0; i < h->count; i++)
        pb_stored_values(h->s, h->rows + (size_t)i * h->s->row_bytes,
                         h->probes + (size_t)i * h->s->values);
}

/* As the file has them. */
static void take_stored(const hunt *h)
{
    for (int i = 0; i < h->count; i++)
        memcpy(h->rows + (size_t)i * h->s->row_bytes, pb_stored_row(h->s, h->own[i]),
               h->s->row_bytes);
}

static pb_status compress_noisy(const hunt *h)
{
    take_originals(h);
    add_noise(h, h->options->noise);
    return pb_stored_encode(h->s, h->originals, h->count, h->rows);
}

/* ---- ranks ---- */

double pb_rank_chance(int k, int closer, int equal)
{
    const double chance = (double)(k - closer) / (equal + 1);
    return chance < 0 ? 0 : chance > 1 ? 1 : chance;
}

static json_t *share_of_rank(const hunt *h, int k)
{
    double hits = 0;
    for (int i = 0; i < h->count; i++)
        hits += pb_rank_chance(k, h->ranks[i].closer, h->ranks[i].equal);
    return pb_share_json(hits, h->count);
}

static pb_status look(const hunt *h, const char *key, double noise, json_t *result)
{
    unpack(h);
    PB_TRY(pb_nearest_rank(h->s, h->probes, h->own, h->count, h->options->stop, h->ranks));
    json_t *row = json_pack("{s:s, s:f, s:i, s:i, s:o, s:o}", "key", key, "noise", noise, "probes",
                            h->count, "among", h->s->count, "rank_1", share_of_rank(h, 1),
                            "rank_10", share_of_rank(h, 10));
    return json_array_append_new(result, row) == 0
               ? PB_OK
               : pb_fail(h->s->ctx, PB_ERR_MEMORY, "no memory for measures");
}

static pb_status look_by_key(const hunt *h, const pb_config *config, json_t *result)
{
    take_originals(h);
    PB_TRY(pb_stored_encode_by(h->s, h->s->device, config, h->originals, h->count, h->rows));
    return look(h, "unknown", 0, result);
}

static pb_status look_without_key(const hunt *h, json_t *result)
{
    pb_config *config;
    PB_TRY(pb_stored_reseeded(h->s, "random_projection", &config));
    const pb_status status = config ? look_by_key(h, config, result) : PB_OK;
    pb_config_free(&config);
    return status;
}

static pb_status look_all_ways(const hunt *h, json_t *result)
{
    take_stored(h);
    PB_TRY(look(h, "known", 0, result));
    PB_TRY(compress_noisy(h));
    PB_TRY(look(h, "known", h->options->noise, result));
    return look_without_key(h, result);
}

/* ---- the whole ---- */

static pb_status open_hunt(hunt *h)
{
    const pb_stored *s = h->s;
    h->count = h->options->probes < s->count ? h->options->probes : s->count;
    const size_t count = (size_t)h->count;
    h->own = pb_draw_samples(h->options->seed, "study.probes", s->count);
    h->originals = malloc(count * pb_sample_bytes(s->original));
    h->rows = malloc(count * s->row_bytes);
    h->probes = malloc(count * s->values * sizeof *h->probes);
    h->ranks = malloc(count * sizeof *h->ranks);
    return h->own && h->originals && h->rows && h->probes && h->ranks
               ? PB_OK
               : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory to look for samples");
}

pb_status pb_measure_reidentification(const pb_stored *s, const pb_measure_options *options,
                                      json_t **result)
{
    hunt h = {.s = s, .options = options};
    *result = json_array();
    pb_status status =
        *result ? open_hunt(&h) : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for measures");
    if (status == PB_OK) status = look_all_ways(&h, *result);
    if (status != PB_OK) {
        json_decref(*result);
        *result = NULL;
    }
    free(h.own);
    free(h.originals);
    free(h.rows);
    free(h.probes);
    free(h.ranks);
    return status;
}
