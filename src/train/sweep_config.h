/* The section `sweep` of a configuration: what is searched, how, and between which arms. */
#ifndef PB_TRAIN_SWEEP_CONFIG_H
#define PB_TRAIN_SWEEP_CONFIG_H

#include <passband/option.h>
#include <passband/run.h>

#include "train/space.h"

/** One of the configurations that a search compares; a search without arms has one. */
typedef struct pb_arm {
    const char *name; /* fit for a folder and a study */
    char *base;       /* its configuration, resolved: YAML */
    int planned;      /* trials */
    pb_space space;
} pb_arm;

/** Keys of `sweep`; `passband help sweep` prints the table of its options. */
typedef struct pb_sweep_config {
    const char *name;
    bool maximise;
    pb_arm *arms; /* [arm_count] */
    int arm_count;
    const char **final; /* [final_count] "key=value": overrides for the winners' trainings */
    int final_count;
    pb_options *options; /* sampler, pruner, trials, metric, seeds, ... */
    pb_arena *arena;
} pb_sweep_config;

/** The options of `sweep`, beside `space`, `arms` and `final`. */
extern const pb_option pb_sweep_options_table[];

/** Reads a search. Overrides of "sweep.KEY" change the options of the search, others the
 * configuration of every arm. Every value that a trial may come to is checked against the schema at
 * the ends of its range. */
pb_status pb_sweep_config_load(pb_context *ctx, const char *path, int override_count,
                               const char *const overrides[], pb_sweep_config **config);
void pb_sweep_config_free(pb_sweep_config **config);

/** The search as YAML, with arms whose configurations lie beside it as "arms/<arm>.yaml"; NULL when
 * memory is out. */
char *pb_sweep_config_yaml(const pb_sweep_config *config);
/** PB_ERR_USAGE, naming `folder`, when two searches cannot share their trials: other arms, spaces
 * or metric. */
pb_status pb_sweep_config_compare(pb_context *ctx, const char *folder, const pb_sweep_config *a,
                                  const pb_sweep_config *b);

/** Configuration of a trial of an arm at a point of its space. */
pb_status pb_arm_trial_config(pb_context *ctx, const pb_sweep_config *sweep, const pb_arm *arm,
                              const double point[], pb_config **config);
/** Configuration of an arm's winner: all final seeds and the overrides of `final`. */
pb_status pb_arm_final_config(pb_context *ctx, const pb_sweep_config *sweep, const pb_arm *arm,
                              const double point[], pb_config **config);
/** Appends "key=value key=value ..." of a point: `exact` as overrides that give it again, else with
 * four digits. */
void pb_arm_point(const pb_arm *arm, const double point[], bool exact, pb_text *out);

#endif
