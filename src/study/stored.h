/* A compressed data set beside the one it was made from, and the way from one to the other. */
#ifndef PB_STUDY_STORED_H
#define PB_STUDY_STORED_H

#include <passband/dataset.h>
#include <passband/device.h>

#include "train/encoder.h"

/** Samples are numbered from 0: the training part, then the test part. */
typedef struct pb_stored {
    pb_context *ctx;
    pb_device *device;
    const char *path;
    const pb_dataset *original;
    pb_dataset *file; /* samples packed */
    pb_config *config; /* its stages are the file's chain */
    int count;
    pb_shape shape;            /* of a sample's values */
    size_t values, row_bytes;  /* of a sample, and how many bytes it takes packed */
    pb_encoder *encoder;       /* of its own chain; NULL: it has none */
    double low, high;          /* least and largest number of the originals: 0 and 255 of bytes */
} pb_stored;

/** PB_ERR_DATA when the file was not made from that data set. Close it whatever came of opening it. */
pb_status pb_stored_open(pb_context *ctx, pb_device *device, const char *path, const pb_dataset *original,
                         pb_stored *stored);
void pb_stored_close(pb_stored *stored);

/** A sample as packed, as it was before, and its label. */
const uint8_t *pb_stored_row(const pb_stored *stored, int sample);
const void *pb_stored_original(const pb_stored *stored, int sample);
int32_t pb_stored_label(const pb_stored *stored, int sample);
/** The values of a packed sample, [stored->values]: offset + step * code, or the numbers as they are. */
void pb_stored_values(const pb_stored *stored, const uint8_t *row, float *values);
/** What stands for them in the file, as whole numbers in the same order: codes, bytes, or the bits of halves and floats. Of
 *  values `first` to `first + count`, a multiple of 8 and at most PB_SYMBOLS_MOST. */
enum { PB_SYMBOLS_MOST = 64 };
void pb_stored_symbols(const pb_stored *stored, const uint8_t *row, size_t first, size_t count, uint32_t *symbols);
/** Different symbols that a value can be: 2 to 256, or 0: a half or a float, too many for a table. */
int pb_stored_alphabet(const pb_stored *stored);

/** Samples shaped as the originals through the file's chain: [count, originals] -> packed rows [count, row_bytes]. */
pb_status pb_stored_encode(const pb_stored *stored, const void *samples, int count, uint8_t *rows);
/** The same on another device, or with another chain that learned what the file's did. */
pb_status pb_stored_encode_by(const pb_stored *stored, pb_device *device, const pb_config *config, const void *samples,
                              int count, uint8_t *rows);
bool pb_stored_has_chain(const pb_stored *stored);

/** The file's chain with another seed in every stage of that name; NULL where there is no such stage. */
pb_status pb_stored_reseeded(const pb_stored *stored, const char *name, pb_config **config);

#endif
