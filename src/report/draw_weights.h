/* Pictures of the weights of layers with a weight_transform, of a run's first seed. */
#ifndef PB_REPORT_DRAW_WEIGHTS_H
#define PB_REPORT_DRAW_WEIGHTS_H

#include "report/weight_layers.h"

/** Coefficients by size, a panel for each layer and level, the threshold marked:
 * weight_histograms.png. */
pb_status pb_draw_weight_histograms(pb_context *ctx, const pb_record *run, const json_t *layers,
                                    const pb_weight_arrays arrays[], const char *folder);
/** The weights of each layer without the threshold and with it, outputs down and inputs across,
 * drawn without gnuplot: weights_before_after.png. */
pb_status pb_draw_weight_matrices(pb_context *ctx, const json_t *layers,
                                  const pb_weight_arrays arrays[], const char *folder);
/** Weights of the first layer as images, or curves where they have no second axis, drawn without
 * gnuplot: first_weights.png. */
pb_status pb_draw_first_weights(pb_context *ctx, const json_t *layer,
                                const pb_weight_arrays *arrays, const char *folder);

#endif
