/* Cross-validation: a run of each fold, in folders fold-1, fold-2, ... of one run. */
#ifndef PB_TRAIN_CROSS_VALIDATION_H
#define PB_TRAIN_CROSS_VALIDATION_H

#include <jansson.h>

#include "train/run_folder.h"

/** As pb_run_train, of a configuration that cross-validates. */
pb_status pb_cross_validation_train(pb_context *ctx, const pb_config *config,
                                    const pb_run_options *options, char **folder);
/** Goes on with one whose folder is open and locked. */
pb_status pb_cross_validation_resume(pb_context *ctx, const pb_run_folder *folder,
                                     const pb_config *config, const pb_run_options *options);
/** As pb_run_eval. */
pb_status pb_cross_validation_eval(pb_context *ctx, const char *folder, const pb_config *config,
                                   const pb_run_options *options, char **json);

/** The configuration of one fold, counted from 1. */
pb_status pb_fold_config(pb_context *ctx, const pb_config *config, int fold, pb_config **one);
/** "<folder>/fold-<n>" on the heap, NULL when memory is out. */
char *pb_fold_path(const char *folder, int fold);

/* ---- what the folds came to: cross_validation_result.c ---- */

/** {mean, std, per_seed, per_fold} of numbers [folds][seeds]: mean and standard deviation (of a
 * sample) over all of them, the mean over folds for each seed, and for each seed a list over
 * folds. New reference, NULL when memory is out. */
json_t *pb_fold_spread(const double numbers[], int folds, int seeds);
/** The numbers of a member {per_seed} of the summaries of folds: [folds][seeds], NaN where there is
 * none. */
void pb_fold_numbers(json_t *const summaries[], int folds, const char *key, int seeds,
                     double numbers[]);
/** Joins metrics.jsonl and metrics.csv of the folds that have some. */
pb_status pb_folds_write_metrics(pb_context *ctx, const char *folder, int folds);
/** Joins arrays and summaries: a folder that has summary.json is finished. */
pb_status pb_folds_write_summary(pb_context *ctx, const char *folder, const pb_config *config);

#endif
