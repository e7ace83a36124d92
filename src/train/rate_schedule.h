/* Learning rates over the epochs of a seed. */
#ifndef PB_TRAIN_RATE_SCHEDULE_H
#define PB_TRAIN_RATE_SCHEDULE_H

#include <passband/stage.h>

/** The rate of an epoch, counted from 0, of `epochs` planned ones: what PyTorch's StepLR and
 * CosineAnnealingLR (T_max = epochs) give when stepped once an epoch. */
double pb_rate_at(const pb_rate *rate, int epoch, int epochs);

#endif
