/* One pass over the training samples, and one over samples to score. What the device added up is
 * read once, at the end. */
#ifndef PB_TRAIN_EPOCH_H
#define PB_TRAIN_EPOCH_H

#include "train/safetensors.h"
#include "train/session.h"

/** What an epoch of training came to. */
typedef struct pb_trained {
    double loss, accuracy;        /* means over its iterations and samples */
    double parts[PB_BUILDER_MAX]; /* of the loss, as session.graph.parts */
    double rates[PB_BUILDER_MAX]; /* in its last step, as session.graph.rates */
    double seconds;               /* training alone, without scoring */
} pb_trained;

/** Trains epoch number `epoch`, counted from 0, and writes its points into `recordings`: one
 * float32 tensor [points, ...] for each recording of the graph, in order. `losses` [epoch] are
 * those of the epochs before, by which a schedule may lower the rate; NULL: none does.
 * PB_ERR_NOT_FINITE names seed, epoch, iteration and loss. */
pb_status pb_epoch_train(pb_session *s, int64_t seed, int epoch, const double losses[],
                         pb_tensors *recordings, pb_trained *result);

/** What scoring came to. */
typedef struct pb_scored {
    double loss, accuracy;
    double
        *class_accuracies; /* [classes], owned by the caller; NULL: not wanted. NaN: no samples */
} pb_scored;

/** Scores the parameters that the plan holds. `labels` are those of the scored rows, for the counts
 * of each class; they are read only when class_accuracies is set. */
pb_status pb_epoch_score(pb_session *s, const pb_scoring *scoring, const int32_t *labels,
                         pb_scored *result);

#endif
