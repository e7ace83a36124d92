#include "train/resample.h"

#include <math.h>

#include "base/rng.h"

void pb_bootstrap_draw(uint64_t seed, int count, int32_t draws[])
{
    const pb_stream stream = pb_stream_make(seed, "bootstrap", 0);
    for (int i = 0; i < count; i++)
        draws[i] = (int32_t)((uint64_t)pb_stream_u32(stream, (uint64_t)i) * (uint64_t)count >> 32);
}

void pb_weighted_draw(uint64_t seed, int count, const double weights[], int32_t draws[])
{
    const double offset =
        (pb_stream_u32(pb_stream_make(seed, "boosting", 0), 0) + 0.5) / 4294967296.0;
    double below = 0; /* weights of the samples before, times count */
    int drawn = 0;
    for (int i = 0; i < count; i++) {
        below += weights[i] * count;
        while (drawn < count && drawn + offset < below) draws[drawn++] = i;
    }
    while (drawn < count) draws[drawn++] = count - 1; /* what rounding left */
}

pb_boosted pb_samme_round(int count, int classes, const bool wrong[], double weights[])
{
    pb_boosted member = {0};
    for (int i = 0; i < count; i++)
        if (wrong[i]) member.error += weights[i];
    if (member.error >= 1 - 1.0 / classes) {
        for (int i = 0; i < count; i++) weights[i] = 1.0 / count;
        return member;
    }
    const double error = fmax(member.error, 0.5 / count);
    member.alpha = log((1 - error) / error) + log(classes - 1.0);
    double sum = 0;
    for (int i = 0; i < count; i++) {
        if (wrong[i]) weights[i] *= exp(member.alpha);
        sum += weights[i];
    }
    for (int i = 0; i < count; i++) weights[i] /= sum;
    return member;
}

/* f_k / (K - 1) = K / (K - 1)^2 votes_k, and the same number less for every class. */
void pb_samme_probabilities(int classes, double votes[])
{
    const double scale = classes / ((classes - 1.0) * (classes - 1.0));
    double most = votes[0], sum = 0;
    for (int k = 1; k < classes; k++) most = fmax(most, votes[k]);
    for (int k = 0; k < classes; k++) sum += votes[k] = exp(scale * (votes[k] - most));
    for (int k = 0; k < classes; k++) votes[k] /= sum;
}
