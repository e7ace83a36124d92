#include "stage/beta.h"

#include <math.h>
#include <stdlib.h>

enum { STEPS = 8192 };

/* Up to the middle, F(x) is in proportion to the integral from 0 to x of (t (1 - t))^(alpha - 1)
 * dt; the other half is the mirror image. Below alpha = 1 there is a pole at 0: with s = t^alpha it
 * is the integral of (1 - s^(1 / alpha))^(alpha - 1) ds / alpha from 0 to x^alpha, without one. */
static double density(double alpha, double s)
{
    return alpha < 1 ? pow(1 - pow(s, 1 / alpha), alpha - 1) : pow(4 * s * (1 - s), alpha - 1);
}

static double from_s(double alpha, double s)
{
    return alpha < 1 ? pow(s, 1 / alpha) : s;
}

bool pb_beta_quantiles(double alpha, int pieces, float quantiles[])
{
    const double end = alpha < 1 ? pow(0.5, alpha) : 0.5, step = end / STEPS;
    double *sum = malloc((STEPS + 1) * sizeof *sum);
    if (!sum) return false;
    sum[0] = 0;
    for (int i = 0; i < STEPS; i++) /* Simpson's rule */
        sum[i + 1] = sum[i] + (density(alpha, i * step) + 4 * density(alpha, (i + 0.5) * step) +
                               density(alpha, (i + 1) * step)) /
                                  6;
    int i = 0;
    for (int k = 0; 2 * k <= pieces; k++) {
        const double wanted = 2.0 * k / pieces * sum[STEPS];
        while (i < STEPS - 1 && sum[i + 1] <= wanted) i++;
        const double s = step * (i + (wanted - sum[i]) / (sum[i + 1] - sum[i]));
        quantiles[k] = (float)from_s(alpha, s);
        quantiles[pieces - k] = (float)(1 - from_s(alpha, s));
    }
    free(sum);
    return true;
}
