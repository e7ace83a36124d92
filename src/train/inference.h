/* The graph that a trained network is used with: from samples as they come to logits. */
#ifndef PB_TRAIN_INFERENCE_H
#define PB_TRAIN_INFERENCE_H

#include <passband/dataset.h>

#include "train/config.h"
#include "train/safetensors.h"

typedef struct pb_inference {
    pb_graph *g;
    pb_value samples; /* input [batch, ...]: bytes or numbers as the source of the data has them; of a compressed data
                         set whose stages are not the configuration's first ones, the values of the file */
    pb_value logits;  /* [batch, classes] */
    int leaf_count;
    pb_value *leaves; /* [leaf_count] parameters and running statistics */
} pb_inference;

/** Builds it for batches of that size. PB_ERR_USAGE when `fitted` lacks what a stage had to learn. */
pb_status pb_inference_create(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                              const pb_fitted *fitted, int batch, pb_inference *inference);
void pb_inference_clear(pb_inference *inference);

/** The numbers of each leaf, as doubles in memory of the graph, from a network file. PB_ERR_IO names one that is missing
 *  or has another shape. */
pb_status pb_inference_numbers(const pb_inference *inference, const char *path, const pb_tensors *file,
                               const double **numbers);

#endif
