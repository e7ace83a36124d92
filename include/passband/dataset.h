/* Data sets in host memory: images or signals with labels, split into training and test samples. */
#ifndef PASSBAND_DATASET_H
#define PASSBAND_DATASET_H

#include <stdint.h>

#include <passband/shape.h>
#include <passband/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Samples [count, shape...] row-major and their labels [count] in [0, classes). */
typedef struct pb_samples {
    int count;
    void *data; /* uint8_t or float, as the data set's dtype says */
    int32_t *labels;
} pb_samples;

typedef struct pb_dataset {
    char name[64];         /* a registered one's own, else that of the folder it came from */
    pb_dtype dtype;        /* PB_U8 (pixels, 0..255) or PB_F32 (numbers as they are)       */
    pb_shape sample_shape; /* [H, W] gray image, [C, H, W] colour image, or [L] signal     */
    int classes;
    char **class_names; /* [classes] */
    pb_samples train, test;
} pb_dataset;

/** What to load; zero means the default. */
typedef struct pb_dataset_options {
    const char *name; /* a row of the registry (fashion-mnist, mnist), or "png", "idx", "npy"    */
    const char *path; /* a folder; needed for the three kinds, else NULL: the usual places       */
    double test_fraction; /* held out for testing where there is no test part (default 0.2)      */
    uint64_t split_seed;
    int limit; /* use only the first so many training samples; 0 for all                         */
} pb_dataset_options;

/** Loads a data set.
 *
 *  png  a folder with a sub-folder of PNG images for each class, or with train/ and test/ that each
 *       hold such sub-folders; gray if every image is gray, else RGB; transparency is ignored
 *  idx  a folder with the four files of MNIST by their usual names, raw or .gz, or with the two to
 *       train on
 *  npy  a folder with x.npy [N, L], [N, H, W] or [N, C, H, W] (u8; f32, and f64 rounded to f32) and
 *       y.npy [N] (any integers), and with x_test.npy and y_test.npy where there is a test part
 *
 *  A registered one is searched in $PASSBAND_DATA, ~/.local/share/passband, /usr/share/datasets.
 *  At most 4 GiB a part are read. PB_ERR_CONFIG when the options are wrong; PB_ERR_DATA names the
 *  file, the fault and what is allowed, and for a missing data set how to get it. */
pb_status pb_dataset_load(pb_context *ctx, const pb_dataset_options *options, pb_dataset **dataset);
void pb_dataset_free(pb_dataset **dataset);

/** Splits indices 0..count-1 into a training and a held-out part, the same for the same arguments
 *  everywhere: stratified by label, shuffled by Philox keyed by (seed, "split"). Both lists ascend;
 *  free() them. A fraction of 0 or 1 holds out nothing or all. PB_ERR_CONFIG when a part would be
 *  empty although fraction is in (0, 1). */
pb_status pb_dataset_split(pb_context *ctx, const int32_t *labels, int count, int classes,
                           double fraction, uint64_t seed, int32_t **train, int *train_count,
                           int32_t **held_out, int *held_out_count);

#ifdef __cplusplus
}
#endif
#endif
