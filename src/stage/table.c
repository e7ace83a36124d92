/* The table of stages. */
#include "stage/stages.h"

#include <string.h>

static const pb_stage *const stages[] = {
    &pb_stage_load,
    &pb_stage_augment,
    &pb_stage_identity,
    &pb_stage_ycbcr,
    &pb_stage_dct2,
    &pb_stage_dwt1,
    &pb_stage_dwt2,
    &pb_stage_cwt,
    &pb_stage_random_projection,
    &pb_stage_pca,
    &pb_stage_downsample,
    &pb_stage_binarize,
    &pb_stage_quantize,
    &pb_stage_band_mask,
    &pb_stage_reshape,
    &pb_stage_conv1d,
    &pb_stage_conv2d,
    &pb_stage_max_pool1d,
    &pb_stage_max_pool2d,
    &pb_stage_linear,
    &pb_stage_relu,
    &pb_stage_batch_norm1d,
    &pb_stage_batch_norm2d,
    &pb_stage_dropout,
    &pb_stage_cross_entropy,
    &pb_stage_reconstruction,
    &pb_stage_ssc,
    &pb_stage_l1,
    &pb_stage_l2,
    &pb_stage_group_lasso,
    &pb_stage_sgd,
    &pb_stage_adam,
    &pb_stage_adamw,
    &pb_stage_rmsprop,
    &pb_stage_adagrad,
    &pb_stage_lion,
    &pb_stage_freeze,
    &pb_stage_clip_norm,
    &pb_stage_average,
};

const pb_stage *const *pb_stages(int *count)
{
    *count = (int)(sizeof stages / sizeof stages[0]);
    return stages;
}

const pb_stage *pb_stage_find(const char *name)
{
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        if (strcmp(stages[i]->name, name) == 0) return stages[i];
    }
    return NULL;
}
