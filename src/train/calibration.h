/* How good probabilities are: accuracy, likelihood, and whether they are as often right as they
 * say. */
#ifndef PB_TRAIN_CALIBRATION_H
#define PB_TRAIN_CALIBRATION_H

#include <stdint.h>

enum { PB_CALIBRATION_BINS = 15 };

/** Samples whose largest probability lies in (b / 15, (b + 1) / 15]. */
typedef struct pb_calibration_bin {
    int count;
    double confidence, accuracy; /* means over its samples; 0 where it has none */
} pb_calibration_bin;

typedef struct pb_calibration {
    double accuracy;
    double negative_log_likelihood; /* mean of -ln p[label], p no smaller than the least normal
                                       double */
    double error;                   /* sum over bins of count / samples * |accuracy - confidence| */
    pb_calibration_bin bins[PB_CALIBRATION_BINS];
} pb_calibration;

/** The first of the largest of probabilities [classes]. */
int pb_most_probable(const double row[], int classes);

/** Judges probabilities [count][classes], rows of which add up to 1, by labels [count]; the first
 * of equally probable classes counts as predicted. Source of the error: Guo, Pleiss, Sun and
 * Weinberger, "On calibration of modern neural networks", ICML 2017. */
void pb_calibrate(const double probabilities[], const int32_t labels[], int count, int classes,
                  pb_calibration *result);

#endif
