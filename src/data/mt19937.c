#include "data/mt19937.h"

#include <math.h>

enum { WORDS = PB_MT19937_WORDS, SHIFT = 397 };

void pb_mt19937_seed(pb_mt19937 *r, uint32_t seed)
{
    r->next = WORDS;
    r->has_normal = false;
    r->normal = 0;
    r->key[0] = seed;
    for (uint32_t i = 1; i < WORDS; i++) {
        const uint32_t before = r->key[i - 1];
        r->key[i] = 1812433253u * (before ^ before >> 30) + i;
    }
}

/* x[k + 624] = x[k + 397] ^ A (upper bit of x[k], lower bits of x[k + 1]), for all words */
static void refill(pb_mt19937 *r)
{
    for (int k = 0; k < WORDS; k++) {
        const uint32_t y = (r->key[k] & 0x80000000u) | (r->key[(k + 1) % WORDS] & 0x7fffffffu);
        r->key[k] = r->key[(k + SHIFT) % WORDS] ^ y >> 1 ^ (y & 1 ? 0x9908b0dfu : 0);
    }
    r->next = 0;
}

uint32_t pb_mt19937_u32(pb_mt19937 *r)
{
    if (r->next == WORDS) refill(r);
    uint32_t y = r->key[r->next++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680u;
    y ^= y << 15 & 0xefc60000u;
    return y ^ y >> 18;
}

double pb_mt19937_uniform(pb_mt19937 *r)
{
    const uint32_t high = pb_mt19937_u32(r) >> 5, low = pb_mt19937_u32(r) >> 6;
    return ((double)high * 0x1p26 + (double)low) / 0x1p53;
}

double pb_mt19937_normal(pb_mt19937 *r)
{
    if (r->has_normal) {
        r->has_normal = false;
        return r->normal;
    }
    double a, b, square;
    do {
        a = 2 * pb_mt19937_uniform(r) - 1;
        b = 2 * pb_mt19937_uniform(r) - 1;
        square = a * a + b * b;
    } while (square >= 1 || square == 0);
    const double factor = sqrt(-2 * log(square) / square);
    r->has_normal = true;
    r->normal = factor * a;
    return factor * b;
}

/* Uniform in [0, last]: low bits, drawn again until they fit. */
static uint32_t up_to(pb_mt19937 *r, uint32_t last)
{
    uint32_t mask = last, drawn;
    for (int shift = 1; shift < 32; shift *= 2) mask |= mask >> shift;
    if (last == 0) return 0; /* draws nothing */
    do drawn = pb_mt19937_u32(r) & mask;
    while (drawn > last);
    return drawn;
}

uint32_t pb_mt19937_choice(pb_mt19937 *r, uint32_t count)
{
    return up_to(r, count - 1);
}

void pb_mt19937_permutation(pb_mt19937 *r, uint32_t count, uint32_t order[])
{
    for (uint32_t i = 0; i < count; i++) order[i] = i;
    for (uint32_t i = count; i-- > 1;) {
        const uint32_t k = up_to(r, i), kept = order[i];
        order[i] = order[k];
        order[k] = kept;
    }
}
