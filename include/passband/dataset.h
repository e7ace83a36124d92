/* Data sets in host memory: images or signals with labels, split into training and test samples. */
#ifndef PASSBAND_DATASET_H
#define PASSBAND_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include <passband/compressed.h>
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
    pb_compressed *compressed; /* of a compressed data set, else NULL. Where its packing has bits,
                                  samples are packed: u8, [bytes of a sample]                    */
    struct pb_unread *unread; /* of the library; NULL in a loaded data set                         */
} pb_dataset;

/** How the data set mnist1d is generated: the arguments of the published generator, by its names.
 */
typedef struct pb_mnist1d_options {
    int num_samples;         /* training and test together, a tenth of each digit             */
    double train_split;      /* share of the training samples                                 */
    int template_len;        /* with padding[1], points of a signal before it is subsampled   */
    int padding[2];          /* least and most zeros behind a digit                           */
    double scale_coeff;      /* heights vary by half of that                                  */
    int max_translation;     /* a digit moves by less than so many points                     */
    double corr_noise_scale; /* standard deviation of the smooth noise beside the digit       */
    double iid_noise_scale;  /* standard deviation of the noise at each point                 */
    double shear_scale;      /* tilts vary by half of that                                    */
    bool shuffle_seq;        /* points in a random order, the same for all samples            */
    int final_seq_length;    /* points of a sample                                            */
    uint32_t seed;
} pb_mnist1d_options;

/** What the published arrays were generated with; begin from it: `pb_mnist1d_options o =
 * PB_MNIST1D_DEFAULTS`. */
#define PB_MNIST1D_DEFAULTS                                                                        \
    {                                                                                              \
        .num_samples = 5000, .train_split = 0.8, .template_len = 12, .padding = {36, 60},          \
        .scale_coeff = 0.4, .max_translation = 48, .corr_noise_scale = 0.25,                       \
        .iid_noise_scale = 0.02, .shear_scale = 0.75, .shuffle_seq = false,                        \
        .final_seq_length = 40, .seed = 42,                                                        \
    }

/** What to load; zero means the default. */
typedef struct pb_dataset_options {
    const char *name; /* a row of the registry (mnist1d), or "png", "idx", "npy", "compressed"   */
    const char *path; /* a folder or file; needed for the four kinds, else NULL: the usual places */
    double test_fraction; /* held out for testing where there is no test part (default 0.2)      */
    uint64_t split_seed;
    int limit; /* use only the first so many training samples; 0 for all                         */
    const pb_mnist1d_options *mnist1d; /* of mnist1d alone; NULL: as published                   */
    bool skip_damaged; /* of compressed alone: leave damaged chunks out, with a warning each      */
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
 *  compressed  a file that pb_compressed_write made; samples stay packed
 *
 *  A registered one is read as its authors publish it: cifar10 as the six .bin files, or the
 * archive with them, cifar-10-binary.tar.gz, whose images are [3, 32, 32]. It is searched in
 * $PASSBAND_DATA, ~/.local/share/passband, /usr/share/datasets; mnist1d (Greydanus and Kobak, ICML
 * 2024) is generated and rounded to f32. At most 4 GiB a part are read. PB_ERR_CONFIG when the
 * options are wrong; PB_ERR_DATA names the file, the fault and what is allowed, and for a missing
 * data set how to get it. */
pb_status pb_dataset_load(pb_context *ctx, const pb_dataset_options *options, pb_dataset **dataset);
void pb_dataset_free(pb_dataset **dataset);

/** Generates mnist1d and writes x.npy [N, L] and x_test.npy (float64), y.npy [N] and y_test.npy
 *  (int64) into `folder`, which is made where it is missing; options may be NULL. With the defaults
 *  the numbers are the published ones to 1e-12. x.npy is written last, so a folder that has it has
 *  all four; PB_ERR_IO when it is there already or cannot be written. */
pb_status pb_mnist1d_export(pb_context *ctx, const pb_mnist1d_options *options, const char *folder);

/** Splits indices 0..count-1 into a training and a held-out part, the same for the same arguments
 *  everywhere: stratified by label, shuffled by Philox keyed by (seed, "split"). Both lists ascend;
 *  free() them. A fraction of 0 or 1 holds out nothing or all. PB_ERR_CONFIG when a part would be
 *  empty although fraction is in (0, 1). */
pb_status pb_dataset_split(pb_context *ctx, const int32_t *labels, int count, int classes,
                           double fraction, uint64_t seed, int32_t **train, int *train_count,
                           int32_t **held_out, int *held_out_count);

/** Folds of a cross-validation. */
typedef struct pb_fold_options {
    int count;       /* of folds, at least 2                                                     */
    bool stratified; /* every fold has as many samples of each class as any other, or one more   */
    uint64_t seed;
    int repeat; /* from 0: each shuffles anew                                               */
} pb_fold_options;
/** Says which fold, from 0, each of samples 0..count-1 is in: the same for the same arguments
 *  everywhere, shuffled by Philox keyed by (seed, "folds"); sizes differ by at most one. `fold_of`
 *  [count] is the caller's. PB_ERR_CONFIG when there are more folds than samples, or stratified
 * ones than samples of a class that has any; PB_ERR_DATA when a label is not in [0, classes). */
pb_status pb_dataset_folds(pb_context *ctx, const int32_t *labels, int count, int classes,
                           const pb_fold_options *options, int32_t *fold_of);

#ifdef __cplusplus
}
#endif
#endif
