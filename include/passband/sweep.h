/* Searches for the best values of a configuration's keys, and fair comparisons of what they find. */
#ifndef PASSBAND_SWEEP_H
#define PASSBAND_SWEEP_H

#include <stdbool.h>
#include <stdio.h>

#include <passband/run.h>
#include <passband/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What the caller hears while a search goes on: after each epoch of a trial, and at its end. */
typedef struct pb_sweep_progress {
    const char *arm;
    int number;            /* of the trial within its arm, from 0                         */
    int finished, planned; /* trials of the arm, by every process that works on it        */
    const char *point;     /* "stages.adamw.lr=0.003 train.batch_size=64"                  */
    int epoch, epochs;     /* of this trial: done, planned                                */
    double value, best;    /* of the metric: this trial's and the arm's best so far, or NaN */
    bool maximise;         /* whether the metric is an accuracy rather than a loss        */
    bool over;             /* the trial has ended                                         */
    const char *problem;   /* why it ended early, or NULL                                 */
} pb_sweep_progress;
typedef void pb_sweep_sink(void *user, const pb_sweep_progress *progress);

typedef struct pb_sweep_options {
    const char *folder;         /* where the search goes, or one to go on with; NULL: runs/<name>-<date>-<time> */
    const char *device;         /* selector as in pb_device_open, NULL for the configuration's                  */
    pb_sweep_sink *trial;       /* may be NULL                                                                  */
    pb_progress_sink *progress; /* of the winners' trainings, may be NULL                                       */
    void *user;                 /* of both                                                                      */
    const volatile int *stop;   /* becomes non-zero to stop, may be NULL                                        */
} pb_sweep_options;

/** Runs a search: all trials of every arm, then the best of each arm with the final seeds, tested.
 *
 *  `path` is a configuration with a section `sweep`, or the folder of a search to go on with. Trials are chosen by the
 *  validation part alone; the test part is looked at once, by the winners. Several processes may work in one folder;
 *  trials of a process that was killed are marked failed and made up for. The folder holds sweep.yaml and arms/<arm>.yaml
 *  (the search), study.db (trials, in Optuna's schema), <arm>-trial-<n>/ (the winners' runs) and sweep.json.
 *
 *  `folder`, when not NULL, receives the folder's name (free()), also when the search is interrupted. */
pb_status pb_sweep_run(pb_context *ctx, const char *path, int override_count,
                       const char *const overrides[], const pb_sweep_options *options, char **folder);

/** Prints the options of the section `sweep`. */
void pb_sweep_print_schema(FILE *out);

#ifdef __cplusplus
}
#endif
#endif
