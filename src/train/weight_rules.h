/* Thresholds and steps of coefficients: what the options of a weight_transform make of the numbers themselves. */
#ifndef PB_TRAIN_WEIGHT_RULES_H
#define PB_TRAIN_WEIGHT_RULES_H

#include <passband/weights.h>

#include "train/config.h"

/** How much of the threshold is there in an epoch, counted from 0, of `epochs`: from 0 to 1. `at_end`: after the last. A
 *  ramp rises as 1 - (1 - x)^3. Source: Zhu and Gupta, "To prune, or not to prune" (2017). */
double pb_weight_strength(const pb_options *options, int epoch, int epochs, bool at_end);
/** Whether every layer has its whole threshold in that epoch, as far as it will have it in training. */
bool pb_weights_settled(const pb_config *config, int epoch);

/** Fills settings [3, part_count] from coefficients [lines, count] for that strength.
 *
 *  absolute   t = threshold
 *  relative   t = threshold max |c|
 *  quantile   t such that this share of the layer's coefficients is not larger
 *  universal  t = threshold s sqrt(2 ln n) of each part's n coefficients (Donoho and Johnstone, Biometrika 81, 1994)
 *  sure       t = threshold times the minimiser of Stein's unbiased risk of each part (the same, JASA 90, 1995)
 *  bayes      t = threshold s^2 / sqrt(var - s^2), max |c| where var <= s^2 (Chang, Yu and Vetterli, IEEE TIP 9, 2000)
 *
 *  where s = median |c| / 0.6745 of the finest details. Steps: max |c| / (2^(bits - 1) - 1) at full strength, else 0. */
pb_status pb_weight_settings(pb_context *ctx, const pb_weights *w, const float coefficients[], double strength,
                             float settings[]);

/** What the graph makes of coefficients before synthesis, in place. */
void pb_weight_effective(const pb_weights *w, const float settings[], float coefficients[]);

/** The part of each coefficient of a line is the one that holds it. */
int pb_weight_part_of(const pb_weights *w, int place);

#endif
