/* One product or convolution by itself: planned with a choice, checked and timed. */
#ifndef PB_PLAN_CANDIDATE_H
#define PB_PLAN_CANDIDATE_H

#include "plan/choice.h"

/** What is to be computed: a graph of that one op with random operands, and what must come out. */
typedef struct pb_problem {
    pb_device *device;
    char key[PB_KEY_BYTES];
    pb_graph *g;
    pb_value operands[2];
    float *data[2];
    double *want;       /* the float64 reference                                                  */
    double *projection; /* of a large product instead: its rows, summed with the signs of `signs` */
    double *signs;
    size_t count;   /* elements of the result                                                 */
    int columns;    /* of a large product                                                     */
    double largest; /* magnitude of what must come out                                        */
} pb_problem;

/** Makes the problem that a value of a lowered graph poses; clear it whatever comes of it. */
pb_status pb_problem_create(const pb_build *b, pb_value v, pb_problem *problem);
void pb_problem_clear(pb_problem *problem);

/** What a candidate must gain over the best one so far: less is noise. */
#define PB_GAIN 0.97

/** Plans the problem with these words, and `other_words` under `other_key` unless that is NULL,
 * compares the result and takes the time of one run. `seconds` stays infinite when the solver does
 * not take the words, computes something else or is much slower than `best`; `choice` receives what
 * was computed with, on the heap. */
pb_status pb_candidate_time(const pb_problem *problem, const char *words, const char *other_key,
                            const char *other_words, double best, double *seconds, char **choice);

#endif
