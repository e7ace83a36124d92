/* From the weights of a layer to their coefficients and back. */
#ifndef PB_STAGE_WEIGHT_DOMAIN_H
#define PB_STAGE_WEIGHT_DOMAIN_H

#include <passband/frame.h>
#include <passband/wavelet.h>

#include "stage/stages.h"

typedef struct pb_weight_domain {
    pb_shape shape;     /* of the weights: [out, in...]                                             */
    int lines;          /* lines, or planes, that are transformed each by itself                    */
    int height, width;  /* of each; lines have height 1                                             */
    bool is_identity;   /* the weights are the coefficients                                         */
    pb_pyramid pyramid; /* of a discrete wavelet                                                    */
    bool is_frame;      /* of a continuous wavelet, which has no pyramid                            */
    pb_frame frame[2];  /* along the height, of planes, and along the width                         */
} pb_weight_domain;

/** Lines and parts of `w` for weights of that shape, by its options. PB_ERR_CONFIG for an unknown wavelet, and for a layout
 *  that the layer does not have. */
pb_status pb_weight_domain_measure(pb_builder *b, pb_shape shape, pb_weights *w, pb_weight_domain *domain);
/** Weights -> coefficients [lines, count]: those whose synthesis is nearest to the weights, and of those the shortest. */
pb_value pb_weight_analysis(pb_builder *b, const pb_weight_domain *domain, pb_value weights);
/** Coefficients [lines, count] -> weights. */
pb_value pb_weight_synthesis(pb_builder *b, const pb_weight_domain *domain, pb_value coefficients);

/** The same of a frame: measuring after the layout is known. PB_ERR_CONFIG for lines that are too long. */
pb_status pb_weight_frame_measure(pb_builder *b, const pb_continuous *wavelet, pb_weights *w, pb_weight_domain *domain);
pb_value pb_weight_frame_analysis(pb_builder *b, const pb_weight_domain *domain, pb_value weights);
pb_value pb_weight_frame_synthesis(pb_builder *b, const pb_weight_domain *domain, pb_value coefficients);

#endif
