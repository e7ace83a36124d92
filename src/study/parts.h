/* What the measures of a compressed data set share. */
#ifndef PB_STUDY_PARTS_H
#define PB_STUDY_PARTS_H

#include <jansson.h>

#include "study/stored.h"

/** PB_INTERRUPTED when the caller asked to stop. `stop` may be NULL. */
pb_status pb_measure_stopped(pb_context *ctx, const volatile int *stop);

/** Writes float32 [count, shape...] as `folder`/`name`; count 0: [shape...]. */
pb_status pb_measure_save(const pb_stored *stored, const char *folder, const char *name, size_t count, pb_shape shape,
                          const float *numbers);

/** A share of so many trials and its 95 % interval: {share, low, high}; all null without trials. Hits need not be whole.
 *  Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927). */
json_t *pb_share_json(double hits, double trials);

/** The numbers below `count` in a random order, the same for the same seed and purpose; free() them. NULL when memory is
 *  out. */
int32_t *pb_draw_samples(uint64_t seed, const char *purpose, int count);

#endif
