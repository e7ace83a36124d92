/* The graph that looks inside a network: it takes samples from the host, moves the network's input,
 * and keeps what it meets. */
#ifndef PB_TRAIN_LOOK_GRAPH_H
#define PB_TRAIN_LOOK_GRAPH_H

#include <passband/dataset.h>
#include <passband/fitted.h>
#include <passband/stage.h>

#include "train/config.h"

/** What a layer leaves: [batch, channels, height, width], with height 1 of a line, and one channel
 * of height 1 where a layer leaves a row of numbers. */
typedef struct pb_look_layer {
    char name[64]; /* scope of the layer with weights; batch_norm and relu behind it count to it */
    int channels, height, width;
    bool convolves;
    pb_value value, leaf; /* leaf: state, after program "layers" */
} pb_look_layer;

typedef struct pb_look_graph {
    pb_graph *g;
    int batch;
    pb_value rows;   /* input [batch, ...] of the data set's type, samples as they are stored    */
    pb_value labels; /* input, i32 [batch]                                                      */
    pb_value target; /* input, i32 [batch]: the class whose logit is explained                  */
    pb_value scale;  /* input [batch]: the network sees scale x + shift                         */
    pb_value shift;  /* input, shape of x                                                       */
    pb_shape sample; /* of x, without the batch                                                 */
    pb_value x;      /* state: the input itself, after program "score"                          */
    pb_value pixels; /* state: what load made, after "score"; PB_NONE where that is not known   */
    pb_value logits; /* state [batch, classes], after "score" and "gradient"                    */
    pb_value gradient; /* state, shape of x, after "gradient": d logit of the target / d input   */
    pb_look_layer layers[PB_BUILDER_MAX];
    int layer_count;
    int cam; /* layer of Grad-CAM, -1: none                                              */
    pb_value cam_map, cam_gradient; /* states, shape of its value, after "cam"                    */
} pb_look_graph;

/** Builds it. `pixels`: x is what load made. PB_ERR_USAGE when that is wanted and the data set
 * holds transformed samples; PB_ERR_GRADIENT when a transform has no gradient. */
pb_status pb_look_graph_create(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                               const pb_fitted *fitted, bool pixels, int batch,
                               pb_look_graph *look);
void pb_look_graph_clear(pb_look_graph *look);

#endif
