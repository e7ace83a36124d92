/* Studies in an SQLite file that Optuna reads and writes too.
 *
 * The file is what Optuna 3.1.0 (Debian's python3-optuna) creates for "sqlite:///study.db": schema
 * version 12, alembic revision v3.0.0.d. `optuna.load_study(study_name=NAME,
 * storage="sqlite:///study.db")` opens a study. How values are written:
 *
 *   studies, study_directions   a study's name, and MAXIMIZE or MINIMIZE
 *   trials                      number from 0 within the study; state RUNNING, COMPLETE, PRUNED,
 *                               FAIL or WAITING; local times "2026-01-31 23:59:59.123456"
 *   trial_params                param_value is the number, or the index of the choice;
 *                               distribution_json is {"name": "FloatDistribution", "attributes":
 *                               {"step", "low", "high", "log"}}, or IntDistribution, or
 *                               CategoricalDistribution with "choices"
 *   trial_values                the metric; value_type FINITE, or INF_POS and INF_NEG with a NULL
 *                               value
 *   trial_intermediate_values   the metric after each epoch, counted from 1; value_type may be NAN
 *                               too
 *   trial_user_attributes       JSON: "worker", "seed", "seconds", "problem"
 *   trial_system_attributes     JSON: "grid_id" of grid searches and "completed_rung_N" of
 *                               successive halving, as Optuna's own sampler and pruner name them
 *   trial_heartbeats            empty: that a process lives is told by a lock on a file
 *                               (train/worker.h)
 *
 * Several processes may have the file open. Writers take turns: each transaction begins with the
 * write lock and waits for it up to a minute. A transaction of a process that was killed is rolled
 * back by the next one. */
#ifndef PB_TRAIN_OPTUNA_STORE_H
#define PB_TRAIN_OPTUNA_STORE_H

#include "train/trial.h"

typedef struct pb_store pb_store;

/** Opens a file, made with its tables when it is not there. PB_ERR_IO: it is damaged, it is not one
 * of Optuna's, or of another revision. */
pb_status pb_store_open(pb_context *ctx, const char *path, pb_store **store);
void pb_store_close(pb_store **store);

/** Opens a study by name, made when it is not there. PB_ERR_CONFIG: its direction is another, or
 * its trials are of another space. */
pb_status pb_store_study(pb_store *store, const char *name, bool maximise, const pb_space *space,
                         int64_t *study);

/** Holds the write lock until commit or rollback. The functions below may be called within or
 * without. */
pb_status pb_store_begin(pb_store *store);
pb_status pb_store_commit(pb_store *store);
/** Takes everything back since begin; does nothing without one. */
void pb_store_rollback(pb_store *store);

/** Reads all trials of a study. PB_ERR_CONFIG: a trial is of another space. */
pb_status pb_store_load(pb_store *store, int64_t study, const pb_space *space, pb_trials *trials);
/** Appends a running trial with the next number. */
typedef struct pb_new_trial {
    const double *point;
    int64_t grid; /* -1: none */
    int64_t seed;
    const char *worker;
} pb_new_trial;
pb_status pb_store_add(pb_store *store, int64_t study, const pb_space *space,
                       const pb_new_trial *trial, int64_t *id, int *number);
/** Appends what was reported of a running trial. */
pb_status pb_store_report(pb_store *store, int64_t id, int count, const pb_trial_report reports[]);
/** Notes that a running trial completed a rung with that value. */
pb_status pb_store_rung(pb_store *store, int64_t id, int rung, double value);
/** Ends a running trial; does nothing to one that has ended. */
typedef struct pb_trial_end {
    pb_trial_state state;
    double value;        /* NaN: none */
    double seconds;      /* NaN: unknown */
    const char *problem; /* NULL: none */
} pb_trial_end;
pb_status pb_store_end(pb_store *store, int64_t id, const pb_trial_end *end);

#endif
