/* Which of several files are worth their bytes. */
#ifndef PB_STUDY_PARETO_H
#define PB_STUDY_PARETO_H

#include <stdbool.h>

/** What a file costs and what a network learns from it. */
typedef struct pb_outcome {
    double bytes; /* a sample */
    double
        accuracy; /* in [0, 1]; NaN: it is no outcome, and neither on a front nor within anything */
} pb_outcome;

/** Marks the outcomes that no other one beats: with no more bytes and no less accuracy, and one of
 * them better. Equals are marked alike. */
void pb_pareto_front(const pb_outcome outcomes[], int count, bool on_front[]);

/** The fewest bytes of the outcomes whose accuracy is at least `accuracy` - `loss`, the more
 * accurate of equals; its index, or -1 when there is none. */
int pb_smallest_within(const pb_outcome outcomes[], int count, double accuracy, double loss);

#endif
