/* Trials of a search: what a study remembers of each. */
#ifndef PB_TRAIN_TRIAL_H
#define PB_TRAIN_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "train/space.h"

/* One list makes the state and its name in a study. */
#define PB_TRIAL_STATE_MAP(X) X(RUNNING) X(COMPLETE) X(PRUNED) X(FAIL) X(WAITING)

typedef enum pb_trial_state {
#define PB_TRIAL_STATE_ENUM(name) PB_TRIAL_##name,
    PB_TRIAL_STATE_MAP(PB_TRIAL_STATE_ENUM)
#undef PB_TRIAL_STATE_ENUM
} pb_trial_state;

/** The metric after an epoch, counted from 1. */
typedef struct pb_trial_report {
    int epoch;
    double value; /* NaN and infinities are kept */
} pb_trial_report;

typedef struct pb_trial {
    int64_t id; /* in the file */
    int number; /* in the study, from 0 */
    pb_trial_state state;
    double *point;            /* [space.count] coordinates; NaN where the trial has none */
    double value;             /* the metric it came to; NaN: none */
    pb_trial_report *reports; /* [report_count], by epoch */
    int report_count;
    double *rungs; /* [rung_count] values at the rungs of successive halving that it completed */
    int rung_count;
    int64_t grid;        /* which point of the grid; -1: none */
    const char *worker;  /* who runs it or ran it; NULL: not this program */
    const char *problem; /* why it did not complete; NULL: nothing is known */
    double seconds;      /* it took; NaN: unknown */
} pb_trial;

/** Trials in the order of their numbers, and the memory they live in. */
typedef struct pb_trials {
    pb_trial *trial;
    int count;
    pb_arena *arena;
} pb_trials;
void pb_trials_clear(pb_trials *trials);

/** The complete trial with the best value, the first of equals; NULL: none is complete. */
const pb_trial *pb_trials_best(const pb_trials *trials, bool maximise);
int pb_trials_count(const pb_trials *trials, pb_trial_state state);
/** "RUNNING". */
const char *pb_trial_state_name(pb_trial_state state);

#endif
