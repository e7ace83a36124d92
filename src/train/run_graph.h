/* The graph of a run: its programs, and the leaves through which the host and the device speak. */
#ifndef PB_TRAIN_RUN_GRAPH_H
#define PB_TRAIN_RUN_GRAPH_H

#include <passband/dataset.h>
#include <passband/stage.h>

#include "train/config.h"

/** A program that scores rows of the data set and adds up what it finds. Its last batch is filled
 * up with rows of weight 0, so a sum counts each row once. */
typedef struct pb_scoring {
    const char *program; /* "validate", "test" */
    int count;           /* rows to score; 0: there is no program */
    int batch, steps;
    pb_value order;      /* input, i32 [steps * batch]: row numbers */
    pb_value step;       /* state, i32 scalar */
    pb_value loss;       /* state, scalar: sum over rows */
    pb_value class_hits; /* state, [classes] */
} pb_scoring;

/** The program "predict": what the network makes of one batch, absent unless it is asked for. */
typedef struct pb_predicting {
    int batch;
    pb_value order;             /* input, i32 [batch]: row numbers */
    pb_value log_probabilities; /* state, [batch, classes] */
} pb_predicting;

/** A value recorded every log_every iterations: state [slots] of scalars or [slots, width] of
 * vectors. Slot k of an epoch belongs to its iteration k * log_every - phase. */
typedef struct pb_recording {
    char name[64];
    int axes; /* 0: scalars, 1: vectors */
    int width;
    pb_value leaf;
} pb_recording;

/** Something to look at with a seed's best parameters: a state that the program "inspect" takes
 * from a few test samples, or that the program "test" adds up over all of them. */
typedef struct pb_view {
    char name[64];
    pb_value leaf;
    bool by_class; /* [classes, ...] of sums over the test samples of each class; the view is their
                      mean */
} pb_view;

/** A part of the loss, added up over the iterations of an epoch. */
typedef struct pb_loss_part {
    char name[64];
    pb_value sum; /* state, scalar */
} pb_loss_part;

/** A few training samples as they are and as an epoch sees them, by the program "augmented". */
typedef struct pb_augmented_sheet {
    int count;              /* samples; 0: nothing is augmented, and there is no program */
    pb_value order;         /* input, i32 [count] */
    pb_value numbers;       /* input, i32 [count]: row numbers in the data set */
    pb_value epoch;         /* input, i32 scalar */
    pb_value before, after; /* states, [count, ...] */
} pb_augmented_sheet;

typedef struct pb_run_graph {
    pb_graph *g;
    const pb_fitted *fitted; /* what its stages were built with */
    bool unlearned;          /* a stage has to learn before this graph can be run */
    pb_value
        samples; /* data [rows, ...]: training samples, then test samples; or a window of them */
    pb_value labels; /* data, i32 [rows] */

    /* program "train": one iteration */
    int batch, steps; /* iterations an epoch */
    int log_every, slots;
    int64_t points;      /* of a recording over the whole run */
    pb_value order;      /* input, i32 [steps * batch]: this epoch's row numbers */
    pb_value phase;      /* input, i32 scalar: iterations before this epoch modulo log_every */
    pb_value step;       /* state, i32 scalar: iterations done in this epoch */
    pb_value key, epoch; /* inputs, i32 scalars: of the seed, and epochs done, for random numbers */
    pb_value numbers; /* input, i32 [steps * batch]: this epoch's row numbers in the data set where
                         `order` has those in a window; else PB_NONE */
    pb_value finite_steps; /* state, i32 scalar: iterations before the first bad loss */
    pb_value last_loss;    /* state, scalar: the first loss that is not finite, or the last loss */
    pb_value loss_sum, hits; /* state, scalars: over iterations, over samples */
    pb_loss_part parts[PB_BUILDER_MAX];
    int part_count;
    pb_recording recordings[PB_BUILDER_MAX + 1]; /* the loss comes first */
    int recording_count;
    pb_rate rates[PB_BUILDER_MAX];
    int rate_count;

    pb_value update_step; /* state, i32 scalar: batches of "update_bn" done; PB_NONE: there is no such
                             program */

    pb_scoring validate, test;
    pb_predicting predict; /* batch 0: there is no such program */

    /* program "inspect": a look inside; absent when there is nothing to look at */
    bool inspects;
    int shown;            /* samples looked at */
    pb_value shown_order; /* input, i32 [shown] */

    /* what there is of
     *   mask [K, K]; originals, reconstructed [shown, H, W]
     *   saliency [classes, ...], saliency_spectra [classes, ...], both by class;
     *   saliency_inputs, saliency_samples [shown, ...]
     * and what each recording, by its name, is with the best parameters */
    pb_view views[PB_BUILDER_MAX + 8];
    int view_count;

    pb_augmented_sheet sheet;
    pb_scalogram scalogram; /* axes of the view "scalograms" */

    pb_weights layers[PB_BUILDER_MAX]; /* that have a weight_transform */
    int layer_count;

    pb_value *lasting; /* [lasting_count] what makes the network, then the other states of stages: a
                          checkpoint */
    int lasting_count;
    int network_count; /* parameters, then the buffers of stages (running statistics) */
    int *evaluated; /* [network_count] which of `lasting` evaluation takes: itself or its average */
    pb_average average;
    pb_value buffers[PB_BUILDER_MAX];
    int buffer_count;
    int64_t parameters; /* numbers learned */

    pb_value transient[4 * PB_BUILDER_MAX]; /* states that the trainer resets before it uses them */
    int transient_count;
} pb_run_graph;

/** How many rows each part of the data set has. */
typedef struct pb_run_rows {
    int train, validation, test;
    int window;    /* rows that lie on the device at a time; 0: all of them */
    bool predicts; /* with the program "predict" */
} pb_run_rows;

/** Builds every program of a run. `fitted` is what stages have learned (train/fit.h); NULL: nothing
 * yet, which is enough for a graph to look at. PB_ERR_CONFIG when the batch is larger than the data
 * or a stage is missing. */
pb_status pb_run_graph_create(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                              pb_run_rows rows, const pb_fitted *fitted, pb_run_graph *r);
void pb_run_graph_clear(pb_run_graph *r);

/** Bytes of a leaf. */
size_t pb_leaf_bytes(const pb_graph *g, pb_value leaf);

#endif
