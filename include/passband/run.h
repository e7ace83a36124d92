/* A run: a configuration, training over seeds, and the folder that holds everything about it. */
#ifndef PASSBAND_RUN_H
#define PASSBAND_RUN_H

#include <stdbool.h>
#include <stdio.h>

#include <passband/device.h>
#include <passband/graph.h>
#include <passband/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A checked configuration: every key of the schema has a value. */
typedef struct pb_config pb_config;
/** Reads a YAML file and applies `key=value` overrides in order ("train.epochs=10", "stages.band_mask.bands=4").
 *  Errors read "file:line: key: what is wrong, what is allowed (did you mean ...?)". A folder of images or arrays, or a
 *  compressed data set, stands for a configuration that trains on it a network for samples of any shape. */
pb_status pb_config_load(pb_context *ctx, const char *path, int override_count,
                         const char *const overrides[], pb_config **config);
void pb_config_free(pb_config **config);
/** The resolved configuration as YAML text that loads again to the same; owned by the caller. */
char *pb_config_yaml(const pb_config *config);
const char *pb_config_name(const pb_config *config);
/** Prints the schema: section, key, type, default, range, help. */
void pb_config_print_schema(FILE *out);

/** What the caller hears while a run goes on. */
typedef struct pb_progress {
    const char *run;
    int fold, fold_count; /* of a cross-validation, counted from 1; else both 0 */
    int seed_index, seed_count;
    int64_t seed;
    int epoch, epochs; /* epochs done, epochs planned */
    int done, at_once; /* epochs done of all seeds (of the fold), and seeds at a time */
    double train_loss, val_loss, val_accuracy, seconds_per_epoch;
} pb_progress;
typedef void pb_progress_sink(void *user, const pb_progress *progress);

typedef struct pb_run_options {
    const char *folder;          /* where to put the run; NULL: runs/<name>-<date>-<time>           */
    const char *device;          /* selector as in pb_device_open, NULL for the configuration's     */
    pb_progress_sink *progress;  /* called after each epoch, may be NULL                            */
    void *user;
    const volatile int *stop;    /* becomes non-zero to stop within about a second; the epoch at work is
                                    dropped, the checkpoint of the last one stays; may be NULL */
    bool profile;                /* time every launch and write profile.json                        */
    bool skip_damaged;           /* leave damaged chunks of a compressed data set out; so does the
                                    configuration's data.skip_damaged                              */
    const char *trace;           /* write every launch, and what the host did, into this file in Chrome's trace
                                    format, which Perfetto opens; takes profile; NULL: no trace     */
    int side_by_side;            /* so many seeds at a time, each on its share of the device's compute units, where the
                                    device can be split (a CPU); same bits; 0 or 1: in turn, as with profile    */
} pb_run_options;

/** Trains every seed and writes the run folder. `folder`, when not NULL, receives the folder's name (free()); it stays NULL
 *  when the run did not begin. PB_INTERRUPTED when it was stopped, PB_ERR_NOT_FINITE when the loss was not a number: both
 *  leave the last checkpoint to resume from. */
pb_status pb_run_train(pb_context *ctx, const pb_config *config, const pb_run_options *options,
                       char **folder);
/** Continues an interrupted run; the result is bit-identical to the run never interrupted. A finished run logs that it is
 *  and succeeds. */
pb_status pb_run_resume(pb_context *ctx, const char *folder, const pb_run_options *options);
/** Scores the saved weights of every seed of a run on its test split and prints them as JSON text (free()). */
pb_status pb_run_eval(pb_context *ctx, const char *folder, const pb_run_options *options, char **json);
/** A configuration to compress with: as pb_config_load, but the stages need no loss and no optimiser. A folder of
 *  images or arrays stands for a configuration that stores them as they are. */
pb_status pb_config_load_compressing(pb_context *ctx, const char *path, int override_count,
                                     const char *const overrides[], pb_config **config);
typedef struct pb_compressing {
    const char *device;       /* selector as in pb_device_open, NULL for the configuration's              */
    int level, chunk_samples; /* as in pb_compressed_options                                              */
    bool skip_damaged;        /* leaves damaged chunks of a compressed source out                         */
    const volatile int *stop; /* as in pb_run_options                                                     */
} pb_compressing;
/** Compresses the data set of a configuration into a file: the samples as `load` and the transforms after it leave
 *  them, up to the first stage that learns or is no transform. Without any such transform, as they are. */
pb_status pb_run_compress(pb_context *ctx, const pb_config *config, const pb_compressing *options, const char *path);

/** The learning rate of an optimiser in every iteration. */
typedef struct pb_rate_curve {
    char name[64];     /* "sgd_1" */
    bool follows_loss; /* it also depends on losses that are not known yet; these are as if they fell */
    double *rates;     /* [epochs * steps] */
} pb_rate_curve;
typedef struct pb_rate_curves {
    int epochs, steps; /* planned epochs, iterations of each */
    int count;
    pb_rate_curve *curves; /* [count] */
} pb_rate_curves;
/** The rates that a configuration plans; loads the data to count its iterations and needs no device. Clear them when
 *  done. */
pb_status pb_run_rates(pb_context *ctx, const pb_config *config, pb_rate_curves *curves);
void pb_rate_curves_clear(pb_rate_curves *curves);

/** What `passband explain` shows of a configuration: the launches of its plan, its graph for Graphviz (needs no device),
 *  or the OpenCL C source of its kernels. */
typedef enum pb_explained { PB_EXPLAIN_PLAN, PB_EXPLAIN_GRAPH, PB_EXPLAIN_SOURCE } pb_explained;
pb_status pb_run_explain(pb_context *ctx, const pb_config *config, const pb_run_options *options,
                         pb_explained what, FILE *out);

#ifdef __cplusplus
}
#endif
#endif
