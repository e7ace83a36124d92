/* A seed of a run: what it has learned so far and what that came to. A checkpoint is this on disk.
 */
#ifndef PB_TRAIN_SEED_H
#define PB_TRAIN_SEED_H

#include <jansson.h>

#include "train/safetensors.h"
#include "train/session.h"

typedef struct pb_seed {
    int64_t seed;
    int epoch;            /* epochs done */
    int best_epoch;       /* counted from 1; 0: none done yet */
    double best_accuracy; /* of the best parameters on the validation part, and their loss; NaN
                             without one */
    double best_loss;
    double mark; /* accuracy, or loss with its sign changed, to be beaten by min_delta for a gain */
    int stale;   /* epochs since the last gain */
    json_t *metrics;       /* array: the lines of metrics.jsonl */
    pb_tensors lasting;    /* graph.lasting as of the last epoch */
    pb_tensors best;       /* the parameters of the best epoch */
    pb_tensors recordings; /* [points, ...] each, as graph.recordings */
    /* once it is finished */
    json_t *result;   /* test_loss, test_accuracy, class_accuracies; NULL before */
    pb_tensors views; /* as graph.views */
    double weight_bytes, compressed_accuracy; /* of the file of its compressed network: its size,
                                            and test accuracy from it; NaN where none is made */
} pb_seed;

/** Makes room for a seed of this run, nothing learned yet. */
pb_status pb_seed_create(pb_session *s, int64_t seed, pb_seed *state);
void pb_seed_clear(pb_seed *state);

/** Puts a seed as of its last epoch into the plan, which then holds no other: before the first of
 * some epochs. */
pb_status pb_seed_take(pb_session *s, const pb_seed *state);
/** One more epoch of the seed that the plan holds, and a checkpoint in the seed's own folder, where
 * snapshots go too. */
pb_status pb_seed_advance(pb_session *s, const char *folder, pb_seed *state);
/** After the last epoch: tests the best parameters, whatever the plan holds, and keeps the result
 * in a checkpoint. */
pb_status pb_seed_conclude(pb_session *s, const char *folder, pb_seed *state);

/** One more epoch: trains it and scores it on the validation part. Writes no file and never looks
 * at the test part. The plan must hold the seed's parameters. */
pb_status pb_seed_epoch(pb_session *s, pb_seed *state);
/** Whether a seed has all its epochs, or has stopped early. */
bool pb_seed_is_over(const pb_session *s, const pb_seed *state);

/** The file of parameters that eval scores. */
pb_status pb_seed_save_best(pb_session *s, const char *folder, const pb_seed *state);
/** Puts parameters of a file of a seed's folder into the plan: "best.safetensors", or a snapshot.
 * PB_ERR_IO when they are not those of this run. */
pb_status pb_seed_load_network(pb_session *s, const char *folder, const char *file);
pb_status pb_seed_load_best(pb_session *s, const char *folder);
/** "snapshot-<k>.safetensors", counted from 1. */
typedef struct pb_snapshot_name {
    char text[40];
} pb_snapshot_name;
pb_snapshot_name pb_snapshot_file(int k);

/** Scores the parameters that the plan holds on the test part: test_loss, test_accuracy,
 * class_accuracies. */
pb_status pb_seed_test(pb_session *s, json_t **result);

#endif
