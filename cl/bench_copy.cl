/* Copies a buffer: how fast can memory be read and written?
 *
 * from, to: COUNT vectors of LANES float32. The plan's kernels are measured against the fastest of
 * several variants of this one.
 *
 * Needs macros:
 *   LANES    width of a vector: 1, 4 or 16
 *   COUNT    vectors
 *   CHUNK    0: work-items take vectors in turn, so that neighbours read neighbours; else each takes
 *            so many in a row, and there are ceil(COUNT / CHUNK) work-items or more
 *   AHEAD    with chunks: how many vectors before they are read they are asked for, in the way of
 *            clang; 0: not at all
 *   PAST     1: stores go past the caches where the compiler can say so, as nothing reads them soon
 *
 * Launched by bench/ceilings.c: any global and local size. */

#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)
#if LANES == 1
#define VECTOR float
#else
#define VECTOR PASTE(float, LANES)
#endif

#if PAST && defined(__has_builtin)
#if __has_builtin(__builtin_nontemporal_store)
#define STORE(value, place) __builtin_nontemporal_store(value, place)
#endif
#endif
#ifndef STORE
#define STORE(value, place) (*(place) = (value))
#endif

#if AHEAD
#define PREFETCH(place) __builtin_prefetch(place)
#else
#define PREFETCH(place)
#endif

kernel void k_bench_copy(global const VECTOR *restrict from, global VECTOR *restrict to)
{
#if CHUNK
    const int first = (int)get_global_id(0) * CHUNK, last = min(COUNT, first + CHUNK), step = 1;
#else
    const int first = (int)get_global_id(0), last = COUNT, step = (int)get_global_size(0);
#endif
    for (int i = first; i < last; i += step) {
        PREFETCH(from + i + AHEAD);
        STORE(from[i], to + i);
    }
}
