/* Means over seeds and the curves that pictures draw. */
#ifndef PB_REPORT_STATISTICS_H
#define PB_REPORT_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

#include "report/record.h"

/** Mean of the finite ones of `count` numbers and its standard error s / sqrt(n), s with n - 1 in
 * the denominator. Returns n; the mean is NaN when n is 0, the error is 0 when n < 2. */
int pb_mean_and_error(const double *numbers, size_t count, double *mean, double *error);

/** A curve over iterations: mean over seeds and the band mean -+ one standard error. */
typedef struct pb_curve {
    size_t count;
    double *x, *mean, *low, *high; /* [count] */
    bool has_band;                 /* more than one seed contributes somewhere */
} pb_curve;
void pb_curve_clear(pb_curve *curve);

/** Training loss against iterations: points are averaged in equal bins, at most `bins` of them;
 * `*bin_iterations` is a bin's width. A seed that stopped early leaves the mean. count is 0 when
 * nothing was recorded. */
pb_status pb_curve_train_loss(pb_context *ctx, const pb_record *record, size_t bins,
                              pb_curve *curve, int64_t *bin_iterations);
/** Validation loss against iterations, a point an epoch. */
pb_status pb_curve_val_loss(pb_context *ctx, const pb_record *record, pb_curve *curve);
/** Weight of a band against iterations, thinned to at most `points`. */
pb_status pb_curve_band(pb_context *ctx, const pb_record *record, size_t band, size_t points,
                        pb_curve *curve);

/** Whether seeds trained for different numbers of epochs. */
bool pb_record_stopped_early(const pb_record *record);

/** An axis of percentages that ends at 100. */
typedef struct pb_percent_axis {
    double bottom, step; /* where it starts, a multiple of the distance between ticks */
} pb_percent_axis;
/** The axis for bars of which the least and the largest are given: it starts at 0 unless the bars
 * would look alike, then so that the least bar keeps about half of it. */
pb_percent_axis pb_percent_axis_for(double least, double largest);

#endif
