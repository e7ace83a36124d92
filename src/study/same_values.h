/* Whether two compressed files hold the same values of their samples, in whatever order. */
#ifndef PB_STUDY_SAME_VALUES_H
#define PB_STUDY_SAME_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include <passband/status.h>

/** The values of the first samples of a file, those of each sample ascending. */
typedef struct pb_sorted_values {
    size_t values; /* of a sample */
    int samples;
    float *sorted; /* [samples, values] */
} pb_sorted_values;

/** Reads the first chunk of a file: at most 256 samples, or a sample of more than 2^18 values. */
pb_status pb_sorted_values_read(pb_context *ctx, const char *path, pb_sorted_values *v);
void pb_sorted_values_clear(pb_sorted_values *v);
/** Whether both have as many of each, and they agree to 1e-5 of a sample's largest value. */
bool pb_sorted_values_agree(const pb_sorted_values *a, const pb_sorted_values *b);

#endif
