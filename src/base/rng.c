/* Philox 4x32-10 and the draws made from it. */
#include <math.h>

#include "base/rng.h"

void pb_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = UINT64_C(0xD2511F53) * c0, p1 = UINT64_C(0xCD9E8D57) * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += UINT32_C(0x9E3779B9); /* golden ratio */
        k1 += UINT32_C(0xBB67AE85); /* sqrt(3) - 1  */
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

uint32_t pb_hash32(const char *text)
{
    uint32_t hash = UINT32_C(2166136261);
    for (; *text; text++) hash = (hash ^ (unsigned char)*text) * UINT32_C(16777619);
    return hash;
}

pb_stream pb_stream_make(uint64_t seed, const char *purpose, uint32_t epoch)
{
    return (pb_stream){
        .key = {(uint32_t)seed ^ (uint32_t)(seed >> 32), pb_hash32(purpose)},
        .epoch = epoch,
    };
}

static void draw_block(pb_stream s, uint64_t index, uint32_t out[4])
{
    const uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), s.epoch, 0};
    pb_philox4x32(counter, s.key, out);
}

uint32_t pb_stream_u32(pb_stream s, uint64_t index)
{
    uint32_t words[4];
    draw_block(s, index / 4, words);
    return words[index % 4];
}

float pb_stream_uniform(pb_stream s, uint64_t index)
{
    return (float)(pb_stream_u32(s, index) >> 8) * 0x1p-24f;
}

float pb_stream_normal(pb_stream s, uint64_t index)
{
    uint32_t words[4];
    draw_block(s, index, words);
    /* z = sqrt(-2 ln u1) cos(2 pi u2), u1 in (0, 1] so that the logarithm is finite */
    const double u1 = ((double)words[0] + 1.0) * 0x1p-32, u2 = (double)words[1] * 0x1p-32;
    return (float)(sqrt(-2.0 * log(u1)) * cos(6.283185307179586476925 * u2));
}

void pb_stream_shuffle(pb_stream s, int32_t *values, int count)
{
    for (int i = count - 1; i > 0; i--) {
        /* The product's high word lies in [0, i]; its bias is below 2^-32 (i + 1). */
        const uint64_t product = (uint64_t)pb_stream_u32(s, (uint64_t)i) * ((uint64_t)i + 1);
        const int j = (int)(product >> 32);
        const int32_t kept = values[i];
        values[i] = values[j];
        values[j] = kept;
    }
}
