/* The data set mnist1d, generated as published: Greydanus and Kobak, "Scaling down deep learning
 * with MNIST-1D", ICML 2024. The options, pb_mnist1d_options, are public: passband/dataset.h. */
#ifndef PB_DATA_MNIST1D_H
#define PB_DATA_MNIST1D_H

#include <stdint.h>

#include <passband/dataset.h>
#include <passband/option.h>

#include "data/loader.h"

enum { PB_MNIST1D_CLASSES = 10 };

/** The arrays as the published generator returns them: training samples, then test samples. */
typedef struct pb_mnist1d {
    int train_count, test_count, length;
    double *x;  /* [train_count + test_count, length], mean 0, variance 1 */
    int64_t *y; /* [train_count + test_count]                             */
} pb_mnist1d;

/** The same arguments give the same numbers as the published generator to 1e-12, and the same
 *  labels. PB_ERR_CONFIG names the option that is wrong. Source: github.com/greydanus/mnist1d. */
pb_status pb_mnist1d_generate(pb_context *ctx, const pb_mnist1d_options *options,
                              pb_mnist1d *arrays);
void pb_mnist1d_clear(pb_mnist1d *arrays);

/** Generates by options->mnist1d into an empty data set, rounded to float32. */
pb_generator pb_mnist1d_load;

/** The options by their published names, for configurations and the command line. */
extern const pb_option pb_mnist1d_table[];
/** Parsed values of that table as options; PB_ERR_CONFIG names the place of a wrong one. */
pb_status pb_mnist1d_read(pb_context *ctx, const pb_options *values, pb_mnist1d_options *options);
/** PB_ERR_CONFIG when an option is out of range or two do not fit; `*key` is then its name, and the
 * sentence goes on behind it. */
pb_status pb_mnist1d_check(pb_context *ctx, const pb_mnist1d_options *options, const char **key);
/** Samples before and behind the split. */
void pb_mnist1d_count(const pb_mnist1d_options *options, int *train_count, int *test_count);

#endif
