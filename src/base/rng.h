/* Philox 4x32-10: random numbers as a function of (seed, purpose, epoch, index), the same on host
 * and device. Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011. */
#ifndef PB_BASE_RNG_H
#define PB_BASE_RNG_H

#include <stdint.h>

void pb_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/** A stream: key = (low seed ^ high seed, FNV-1a hash of the purpose); counter = (index low, index
 * high, epoch, 0). */
typedef struct pb_stream {
    uint32_t key[2];
    uint32_t epoch;
} pb_stream;
pb_stream pb_stream_make(uint64_t seed, const char *purpose, uint32_t epoch);
/** Uniform in [0, 1) with 24 bits, from word (index % 4) of block (index / 4). */
float pb_stream_uniform(pb_stream s, uint64_t index);
/** Standard normal by Box-Muller from block `index`. */
float pb_stream_normal(pb_stream s, uint64_t index);
uint32_t pb_stream_u32(pb_stream s, uint64_t index);
/** Fisher-Yates: values[0..count) permuted in place. */
void pb_stream_shuffle(pb_stream s, int32_t *values, int count);
/** FNV-1a, 32 bit. */
uint32_t pb_hash32(const char *text);

#endif
