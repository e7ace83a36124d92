/* Learning rates over the steps of a seed. */
#ifndef PB_TRAIN_RATE_SCHEDULE_H
#define PB_TRAIN_RATE_SCHEDULE_H

#include <passband/stage.h>

/** How far a seed has come. */
typedef struct pb_rate_time {
    int epochs, steps;    /* planned epochs, steps of each                                        */
    int epoch;            /* that begins, from 0                                                  */
    const double *losses; /* [epoch] of the epochs before: what plateau looks at; NULL: as if they
                             fell all the time */
} pb_rate_time;

/** The rate of every step of an epoch: what PyTorch's schedulers give when stepped once an epoch,
 * or once a step where rate->by_step. rates [steps]. */
void pb_rate_epoch(const pb_rate *rate, const pb_rate_time *time, double rates[]);
/** The share of the new parameters in their average at every step of an epoch: shares [steps]. Before it begins, the
 *  average is the parameters. */
void pb_average_epoch(const pb_average *average, const pb_rate_time *time, double shares[]);

#endif
