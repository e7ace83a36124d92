/* One training of every seed into a folder: a whole run, or a fold of a cross-validation. */
#ifndef PB_TRAIN_RUN_ONE_H
#define PB_TRAIN_RUN_ONE_H

#include "train/run_folder.h"

/** What the folds of a cross-validation share; zero for a run by itself. */
typedef struct pb_run_shared {
    const char *choices_of; /* a folder whose choices of solvers hold here too, or NULL */
    /* before its folder begins, when nothing is left that could be refused; may be NULL */
    pb_status (*ready)(void *user, pb_session *s, const char *selector);
    void *user;
} pb_run_shared;

/** As pb_run_train, but never looks for folds. */
pb_status pb_run_train_one(pb_context *ctx, const pb_config *config, const pb_run_options *options,
                           const pb_run_shared *shared, char **folder);

#endif
