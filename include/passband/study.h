/* Studies: ways to compress a data set compared by the bytes they take and by what a network still learns from them. */
#ifndef PASSBAND_STUDY_H
#define PASSBAND_STUDY_H

#include <stdio.h>

#include <passband/run.h>
#include <passband/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What the caller hears when a method at a budget has been trained on with all seeds, or left out. */
typedef struct pb_study_progress {
    const char *point;               /* "zigzag-32"                                      */
    int finished, planned;           /* points, by every process that works on the study */
    double bytes_per_sample;         /* NaN where there is no such file                  */
    double accuracy;                 /* on the test part, mean over seeds; NaN: none     */
    const char *problem;             /* why it was left out, or NULL                     */
} pb_study_progress;
typedef void pb_study_sink(void *user, const pb_study_progress *progress);

typedef struct pb_study_options {
    const char *folder;         /* where the study goes, or one to go on with; NULL: runs/<name>-<date>-<time> */
    const char *device;         /* selector as in pb_device_open, NULL for the configuration's                 */
    pb_study_sink *point;       /* may be NULL                                                                 */
    pb_progress_sink *progress; /* of the trainings, may be NULL                                               */
    void *user;                 /* of both                                                                     */
    const volatile int *stop;   /* becomes non-zero to stop, may be NULL                                       */
} pb_study_options;

/** Runs a study: every method at every budget becomes a compressed data set, and a network trains on it with every seed.
 *
 *  `path` is a configuration with a section `study`, the folder of a study to go on with, or a folder of images or
 *  arrays, which is studied with the methods that are shipped. Several processes may work in one folder; trials of a
 *  process that was killed are marked failed and made up for, and its training goes on from its last checkpoint. The
 *  folder holds study.yaml and methods/<method>.yaml (the study), study.db (trials, in Optuna's schema),
 *  sets/<point>.pbz (the files), runs/<point>/ (the trainings), measures/<point>/ (what the files keep and give away),
 *  and study.json, study.csv, study.md and findings.md.
 *
 *  `folder`, when not NULL, receives the folder's name (free()), also when the study is interrupted. */
pb_status pb_study_run(pb_context *ctx, const char *path, int override_count, const char *const overrides[],
                       const pb_study_options *options, char **folder);

/** Prints the options of the section `study`. */
void pb_study_print_schema(FILE *out);

#ifdef __cplusplus
}
#endif
#endif
