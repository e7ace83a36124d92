/* The Mersenne Twister as NumPy's legacy RandomState draws from it, number for number. For data
 * sets that were published by it; everything of our own uses base/rng.h.
 *
 * Sources: Matsumoto and Nishimura, ACM TOMACS 8 (1998); numpy.random.RandomState, whose stream is
 * frozen (NEP 19). */
#ifndef PB_DATA_MT19937_H
#define PB_DATA_MT19937_H

#include <stdbool.h>
#include <stdint.h>

#define PB_MT19937_WORDS 624

typedef struct pb_mt19937 {
    uint32_t key[PB_MT19937_WORDS];
    int next; /* first word of `key` that was not drawn yet     */
    bool has_normal;
    double normal; /* the second one of a pair, kept for the next draw */
} pb_mt19937;

/** RandomState(seed) of an integer. */
void pb_mt19937_seed(pb_mt19937 *r, uint32_t seed);
uint32_t pb_mt19937_u32(pb_mt19937 *r);
/** rand(): uniform in [0, 1) with 53 bits. */
double pb_mt19937_uniform(pb_mt19937 *r);
/** randn(): standard normal by Marsaglia's polar method. */
double pb_mt19937_normal(pb_mt19937 *r);
/** choice(count): uniform in [0, count), count >= 1. */
uint32_t pb_mt19937_choice(pb_mt19937 *r, uint32_t count);
/** permutation(count) into order[count]. */
void pb_mt19937_permutation(pb_mt19937 *r, uint32_t count, uint32_t order[]);

#endif
