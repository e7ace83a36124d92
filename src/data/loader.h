/* What the loaders of the kinds of data share: limits, memory for samples, labels. */
#ifndef PB_DATA_LOADER_H
#define PB_DATA_LOADER_H

#include <stddef.h>
#include <stdint.h>

#include <passband/dataset.h>

#define PB_DATA_BYTES_MAX   ((uint64_t)4 << 30) /* of one part (training or test) in memory */
#define PB_DATA_SIDE_MAX    8192                /* pixels along a side of an image          */
#define PB_DATA_CLASSES_MAX 65536

struct pb_data_row;

/** Fills dtype, sample_shape, classes, class_names, train and, where the source has a test split,
 * test of an empty data set; the caller frees what was filled before an error. `row` is the row
 * that names this loader. */
typedef pb_status pb_loader(pb_context *ctx, const struct pb_data_row *row, const char *folder,
                            pb_dataset *dataset);

/** Fills a data set that is generated, both parts of it, as a loader does. */
typedef pb_status pb_generator(pb_context *ctx, const pb_dataset_options *options,
                               pb_dataset *dataset);

/** Reads a data set from one file. */
typedef pb_status pb_file_loader(pb_context *ctx, const pb_dataset_options *options,
                                 pb_dataset **dataset);

/** What a loader leaves to be read where all else is known of a data set: its samples. */
typedef struct pb_unread {
    /* fills the data of both parts, which have as many samples as the loader said */
    pb_status (*read)(pb_context *ctx, void *files, pb_dataset *dataset);
    void (*close)(void *files);
    void *files;     /* open */
    const char *how; /* to get the data set anew, or NULL: the caller chose the files */
} pb_unread;

pb_file_loader pb_pbz_load;
pb_loader pb_idx_load_folder, pb_png_load_folder, pb_npy_load_folder, pb_cifar10_load_folder;

/** Bytes of one sample. */
size_t pb_sample_bytes(const pb_dataset *dataset);
/** As pb_dataset_load, but the samples may still have to be read: then `unread` is not NULL, and
 * their data is. */
pb_status pb_dataset_outline(pb_context *ctx, const pb_dataset_options *options,
                             pb_dataset **dataset);
/** Reads the samples of an outline, if they are not there; another thread may look at everything
 * else of the data set meanwhile. Errors as of pb_dataset_load. */
pb_status pb_dataset_read(pb_context *ctx, pb_dataset *dataset);
/** SHA-256 of samples and labels of both parts, as a compressed data set tells of its source. */
void pb_dataset_sha256(const pb_dataset *dataset, char hex[65]);
/** Memory for the labels of `count` samples, whose data are not too much to be read. */
pb_status pb_labels_alloc(pb_context *ctx, const pb_dataset *dataset, const char *source,
                          uint64_t count, pb_samples *samples);
/** Memory for data and labels of `count` samples; `source` is what an error names. */
pb_status pb_samples_alloc(pb_context *ctx, const pb_dataset *dataset, const char *source,
                           uint64_t count, pb_samples *samples);
void pb_samples_clear(pb_samples *samples);

/** Frees what a compressed data set says about itself; takes NULL. */
void pb_compressed_free(pb_compressed **compressed);

/** Checks labels against dataset->classes, or sets it to the largest label + 1 where it is 0 (at
 * least two classes). `path` is the file that errors name. */
pb_status pb_labels_check(pb_context *ctx, const char *path, const int32_t *labels, int count,
                          pb_dataset *dataset);
/** class_names from the given ones, or "0", "1", ... where `names` is NULL. */
pb_status pb_class_names_set(pb_context *ctx, const char *const *names, pb_dataset *dataset);

#endif
