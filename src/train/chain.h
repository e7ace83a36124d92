/* The stages before the network: what a compressed data set has behind it. */
#ifndef PB_TRAIN_CHAIN_H
#define PB_TRAIN_CHAIN_H

#include <passband/dataset.h>
#include <passband/stage.h>

#include "train/config.h"

/** The program "encode": a batch through the first stages of a configuration. */
typedef struct pb_chain {
    pb_graph *g;
    int stages;         /* of the configuration that it consists of                 */
    int batch;
    pb_value samples;   /* input, [batch, ...] as the data set has them             */
    pb_value out;       /* state, float32 [batch, values]: codes, or the values     */
    pb_packing packing; /* its arrays are the graph's; without bits: float32 values */
    pb_shape shape;     /* of a sample as it comes out                              */
} pb_chain;

/** How many stages: `load` and the transforms after it that learn nothing while training. */
pb_status pb_chain_length(pb_context *ctx, const pb_config *config, const pb_dataset *data, int *stages);
/** `fitted` is what the stages learned from the training split; may be NULL. */
pb_status pb_chain_create(pb_context *ctx, const pb_config *config, const pb_dataset *data, const pb_fitted *fitted,
                          int stages, int batch, pb_chain *chain);
void pb_chain_clear(pb_chain *chain);

#endif
