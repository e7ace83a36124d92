/* Samples through the stages of a chain on the device, then packed on the host: what a compressed data set keeps. */
#ifndef PB_TRAIN_ENCODER_H
#define PB_TRAIN_ENCODER_H

#include <passband/plan.h>

#include "train/chain.h"

typedef struct pb_encoder {
    pb_context *ctx;
    pb_chain chain; /* chain.batch samples go through the device together */
    pb_plan *plan;
    size_t source_bytes, packed_bytes; /* of a sample */
    void *batch;  /* samples of the source on their way to the device */
    float *out;   /* [batch, values] from it */
    uint8_t *one; /* codes of one sample */
} pb_encoder;

/** The first `stages` stages of a configuration over samples as `source` has them; `fitted` is what they learned, and must
 *  live as long. Close it whatever came of opening it. */
pb_status pb_encoder_open(pb_context *ctx, pb_device *device, const pb_config *config, const pb_dataset *source,
                          const pb_fitted *fitted, int stages, pb_encoder *encoder);
void pb_encoder_close(pb_encoder *encoder);
/** samples [count, source_bytes] -> packed [count, packed_bytes]. PB_ERR_NOT_FINITE when a value cannot be stored. */
pb_status pb_encoder_pack(pb_encoder *encoder, const void *samples, int count, void *packed);

#endif
