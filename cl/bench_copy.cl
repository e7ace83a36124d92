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
 *   PARTS    with CHUNK: in so many parts of its piece a work-item copies blocks in turn, so that
 *            memory delivers as many streams; 1: in order
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

#define BLOCK 8 /* vectors */

kernel void k_bench_copy(global const VECTOR *restrict from, global VECTOR *restrict to)
{
#if CHUNK
    const int begin = (int)get_global_id(0) * CHUNK, end = min(COUNT, begin + CHUNK);
    const int part = (CHUNK + PARTS - 1) / PARTS;
    for (int block = begin; block < begin + part; block += BLOCK)
        for (int k = 0; k < PARTS; k++) {
            const int first = block + k * part;
            const int last = min(min(first + BLOCK, begin + (k + 1) * part), end);
            for (int i = first; i < last; i++) STORE(from[i], to + i);
        }
#else
    for (int i = (int)get_global_id(0); i < COUNT; i += (int)get_global_size(0))
        STORE(from[i], to + i);
#endif
}
