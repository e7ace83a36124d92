#include "train/calibration.h"

#include <float.h>
#include <math.h>

/* Of equal widths, each with its upper end. */
static int bin_of(double confidence)
{
    const int bin = (int)ceil(confidence * PB_CALIBRATION_BINS) - 1;
    return bin < 0 ? 0 : bin < PB_CALIBRATION_BINS ? bin : PB_CALIBRATION_BINS - 1;
}

int pb_most_probable(const double row[], int classes)
{
    int best = 0;
    for (int c = 1; c < classes; c++)
        if (row[c] > row[best]) best = c;
    return best;
}

void pb_calibrate(const double probabilities[], const int32_t labels[], int count, int classes,
                  pb_calibration *result)
{
    pb_calibration r = {0};
    for (int i = 0; i < count; i++) {
        const double *row = probabilities + (int64_t)i * classes;
        const int predicted = pb_most_probable(row, classes);
        const int hit = predicted == labels[i];
        pb_calibration_bin *bin = &r.bins[bin_of(row[predicted])];
        r.accuracy += hit;
        r.negative_log_likelihood -= log(fmax(row[labels[i]], DBL_MIN));
        bin->count++;
        bin->confidence += row[predicted];
        bin->accuracy += hit;
    }
    r.accuracy /= count;
    r.negative_log_likelihood /= count;
    for (int b = 0; b < PB_CALIBRATION_BINS; b++) {
        pb_calibration_bin *bin = &r.bins[b];
        if (bin->count == 0) continue;
        bin->confidence /= bin->count;
        bin->accuracy /= bin->count;
        r.error += bin->count * fabs(bin->accuracy - bin->confidence) / count;
    }
    *result = r;
}
