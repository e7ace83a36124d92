#include "train/bit_coder.h"

#include <math.h>
#include <stdlib.h>

enum {
    ONE = 65536,          /* a probability of 1                                        */
    UNIT = 256,           /* of the logistic domain: ln(p / (1 - p)) = x / UNIT        */
    FARTHEST = 2815,      /* there: probabilities from 1 / 60000 to 1 - 1 / 60000      */
    FINE = 4096,          /* steps of a probability on its way into that domain        */
    LONGEST_MEMORY = 255, /* bits that a context goes back                             */
    PRIOR = 2,            /* bits that the general context's word counts for           */
    MIXER_RATE = 10,
    SLACK = 16, /* bytes that a decoder may look beyond the end */
};

struct pb_bit_coder {
    bool decodes, failed;
    uint32_t low, high, code;
    const uint8_t *in;
    uint8_t *out;
    size_t size, at, capacity;
    int16_t stretched[FINE];             /* ln(p / (1 - p))     */
    uint16_t squashed[2 * FARTHEST + 1]; /* 1 / (1 + exp(-x)) */
};

/* ---- the logistic domain ---- */

static int within(int x, int least, int most)
{
    return x < least ? least : x > most ? most : x;
}

static void fill_tables(pb_bit_coder *c)
{
    for (int i = 0; i < FINE; i++) {
        const double p = (i + 0.5) / FINE;
        c->stretched[i] =
            (int16_t)within((int)lround(UNIT * log(p / (1 - p))), -FARTHEST, FARTHEST);
    }
    for (int x = -FARTHEST; x <= FARTHEST; x++)
        c->squashed[x + FARTHEST] =
            (uint16_t)within((int)lround(ONE / (1 + exp(-(double)x / UNIT))), 1, ONE - 1);
}

/* floor(x / 2^shift), of negative numbers too */
static int64_t shifted(int64_t x, int shift)
{
    const int64_t unit = (int64_t)1 << shift;
    return x >= 0 ? x / unit : -((unit - 1 - x) / unit);
}

static int predict(const pb_bit_coder *c, pb_bit_mixer *m, int count,
                   pb_bit_context *const contexts[], int inputs[])
{
    int64_t sum = 0;
    for (int i = 0; i < count; i++) {
        pb_bit_context *k = contexts[i];
        if (k->seen == 0) {
            k->one = i == 0 ? ONE / 2 : contexts[0]->one;
            k->seen = i == 0 ? 1 : PRIOR;
        }
        if (!m->begun) m->weight[i] = ONE * 5 / (4 * count);
        inputs[i] = c->stretched[k->one / (ONE / FINE)];
        sum += (int64_t)m->weight[i] * inputs[i];
    }
    m->begun = true;
    return c->squashed[within((int)shifted(sum, 16), -FARTHEST, FARTHEST) + FARTHEST];
}

static void learn(pb_bit_mixer *m, int count, pb_bit_context *const contexts[], const int inputs[],
                  int one, int bit)
{
    const int target = bit ? ONE - 1 : 1;
    const int64_t error = ((int64_t)(bit ? ONE : 0) - one) * MIXER_RATE;
    for (int i = 0; i < count; i++) {
        pb_bit_context *k = contexts[i];
        m->weight[i] += (int32_t)shifted(inputs[i] * error + (1 << 19), 20);
        k->one = (uint16_t)within(k->one + (target - k->one) * 2 / (2 * k->seen + 3), 1, ONE - 1);
        if (k->seen < LONGEST_MEMORY) k->seen++;
    }
}

/* ---- the interval ---- */

static void put(pb_bit_coder *c, uint8_t byte)
{
    if (c->size == c->capacity) {
        const size_t wanted = c->capacity ? 2 * c->capacity : 1024;
        uint8_t *more = c->failed ? NULL : realloc(c->out, wanted);
        if (!more) {
            c->failed = true;
            return;
        }
        c->out = more;
        c->capacity = wanted;
    }
    c->out[c->size++] = byte;
}

static uint8_t get(pb_bit_coder *c)
{
    const uint8_t byte = c->at < c->size ? c->in[c->at] : 0;
    c->at++;
    return byte;
}

static int narrow(pb_bit_coder *c, int one, int bit)
{
    const uint32_t range = c->high - c->low;
    const uint32_t middle = c->low + (uint32_t)(((uint64_t)range * (uint32_t)one) >> 16);
    if (c->decodes) bit = c->code <= middle;
    if (bit)
        c->high = middle;
    else
        c->low = middle + 1;
    while ((c->low ^ c->high) >> 24 == 0) { /* the first byte is settled */
        if (c->decodes)
            c->code = c->code << 8 | get(c);
        else
            put(c, (uint8_t)(c->high >> 24));
        c->low <<= 8;
        c->high = c->high << 8 | 255;
    }
    return bit;
}

int pb_bit_code(pb_bit_coder *c, pb_bit_mixer *m, int count, pb_bit_context *const contexts[],
                int bit)
{
    int inputs[PB_BIT_INPUTS];
    const int one = predict(c, m, count, contexts, inputs);
    bit = narrow(c, one, bit);
    learn(m, count, contexts, inputs, one, bit);
    return bit;
}

/* ---- the whole ---- */

static pb_bit_coder *create(void)
{
    pb_bit_coder *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->high = UINT32_MAX;
    fill_tables(c);
    return c;
}

pb_bit_coder *pb_bit_encoder(void)
{
    return create();
}

pb_bit_coder *pb_bit_decoder(const uint8_t *bytes, size_t size)
{
    pb_bit_coder *c = create();
    if (!c) return NULL;
    c->decodes = true;
    c->in = bytes;
    c->size = size;
    for (int i = 0; i < 4; i++) c->code = c->code << 8 | get(c);
    return c;
}

void pb_bit_coder_free(pb_bit_coder **coder)
{
    if (*coder) free((*coder)->out);
    free(*coder);
    *coder = NULL;
}

/* The fewest bytes that lie within the interval when what follows them reads as zeros, as a number
 * of 32 bits; how many they are. */
static int last_bytes(const pb_bit_coder *c, uint32_t *value)
{
    for (int bytes = 1;; bytes++) {
        const uint32_t unit = bytes < 4 ? (uint32_t)1 << (32 - 8 * bytes) : 1;
        const uint64_t least = ((uint64_t)c->low + unit - 1) / unit * unit;
        *value = (uint32_t)least;
        if (bytes == 4 || least <= c->high) return bytes;
    }
}

const uint8_t *pb_bit_bytes(pb_bit_coder *c, size_t *size)
{
    uint32_t value;
    const int bytes = last_bytes(c, &value);
    for (int i = 0; i < bytes; i++) put(c, (uint8_t)(value >> (24 - 8 * i)));
    *size = c->size;
    return c->failed ? NULL : c->out;
}

/* A decoder has looked 4 bytes beyond those that are settled. */
bool pb_bit_is_whole(const pb_bit_coder *c)
{
    uint32_t value;
    const int bytes = last_bytes(c, &value);
    return c->at - 4 + (size_t)bytes == c->size && c->code == value;
}

bool pb_bit_overran(const pb_bit_coder *c)
{
    return c->at > c->size + SLACK;
}
