/* Student's t test on pairs. */
#ifndef PB_TRAIN_STUDENT_H
#define PB_TRAIN_STUDENT_H

/** The regularised incomplete beta function I_x(a, b), a, b > 0, x in [0, 1], to about 14 digits by
 * its continued fraction. Source: Abramowitz and Stegun 26.5.8. */
double pb_incomplete_beta(double x, double a, double b);

/** Probability that |t| with `degrees` degrees of freedom is at least as large; NaN where t or
 * degrees is not a number, or degrees is below 1. */
double pb_student_p(double t, double degrees);

/** What a paired test says about d = b - a. */
typedef struct pb_paired_test {
    int count;        /* pairs */
    double mean;      /* of d */
    double std;       /* of d, with count - 1; 0 for one pair */
    double t;         /* mean / (std / sqrt(count)); infinite where only std is 0 */
    double p;         /* two-sided; NaN for fewer than two pairs */
    double low, high; /* 95 % confidence interval of the mean; NaN for fewer than two pairs */
} pb_paired_test;
pb_paired_test pb_test_pairs(const double a[], const double b[], int count);

#endif
