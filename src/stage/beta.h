/* The symmetric beta distribution. */
#ifndef PB_STAGE_BETA_H
#define PB_STAGE_BETA_H

#include <stdbool.h>

/** Quantiles of Beta(alpha, alpha), alpha > 0: quantiles[k] is where its distribution function is k / pieces, for k from 0
 *  to `pieces`. False when memory is out. */
bool pb_beta_quantiles(double alpha, int pieces, float quantiles[]);

#endif
