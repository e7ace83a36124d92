/* Compressed data sets: one file with samples quantised, packed to bits and compressed in chunks, their labels, and
 * everything needed to read them. src/data/FORMAT.md describes it byte by byte. */
#ifndef PASSBAND_COMPRESSED_H
#define PASSBAND_COMPRESSED_H

#include <stdbool.h>
#include <stdint.h>

#include <passband/fitted.h>
#include <passband/packing.h>
#include <passband/shape.h>
#include <passband/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What the names of these files end with. */
#define PB_COMPRESSED_ENDING ".pbz"
/** Whether a path has that ending, by which every command knows these files. */
bool pb_compressed_is_named(const char *path);

/** How the samples of a chunk lie before they are compressed. */
typedef enum pb_chunk_order {
    PB_ORDER_SAMPLES, /* one after another                                                       */
    PB_ORDER_COLUMNS, /* the first byte of every sample, then the second of every sample, ...    */
    PB_ORDER_CODES,   /* columns of bytes that hold whole codes, as many as fit: only of 2 to 7 bits,
                         which lie as bit planes in memory                                       */
    PB_ORDERS
} pb_chunk_order;

/** What a file says about itself. */
typedef struct pb_compressed {
    pb_packing packing; /* of a sample; without bits, samples lie as the data set's dtype and shape say      */
    char *chain;        /* the stages that made the samples: a YAML list, every option given; "": none, the
                           samples are those of the source                                                  */
    pb_fitted fitted;   /* what those stages learned from the training split                                */
    struct {
        char name[64];
        pb_dtype dtype;
        pb_shape shape;  /* of a sample                                                                     */
        char sha256[65]; /* of samples and labels                                                           */
    } source;
    char fingerprint[65]; /* SHA-256 of all content: samples as packed, labels, classes, chain. How it was
                             divided and how hard it was compressed make no difference                      */
    int train_count, test_count; /* samples of the file; fewer are in memory where damaged ones are left out */
    int chunks, chunk_samples;   /* of the file; the most samples of one                                    */
    pb_chunk_order order;
    uint64_t file_bytes;
} pb_compressed;

/** Bytes of the file over its samples. */
double pb_compressed_bytes_per_sample(const pb_compressed *compressed);

/** A chunk: some samples of one part and their labels, compressed by themselves. */
typedef struct pb_compressed_chunk {
    bool is_test;
    int first, count;     /* samples of its part      */
    uint64_t offset;      /* in the file              */
    uint32_t bytes;       /* there                    */
    uint32_t crc32;       /* of them                  */
} pb_compressed_chunk;

struct pb_dataset;

/** Reading: opening checks everything but the chunks, which are read one by one, in any order. */
typedef struct pb_compressed_file pb_compressed_file;
pb_status pb_compressed_open(pb_context *ctx, const char *path, pb_compressed_file **file);
void pb_compressed_close(pb_compressed_file **file);
/** What the file holds: names, classes and shapes, but no samples. Owned by the file. */
const struct pb_dataset *pb_compressed_describe(const pb_compressed_file *file);
const pb_compressed_chunk *pb_compressed_chunks(const pb_compressed_file *file, int *count);
/** The samples of a chunk, packed one after another, and their labels. PB_ERR_DATA names a damaged one. */
pb_status pb_compressed_read(pb_compressed_file *file, int chunk, void *samples, int32_t *labels);

/** Reads a whole file and tells of it as JSON text (free() it): what it holds, and how each chunk fares. PB_ERR_DATA
 *  names the first damaged chunk, unless `skip_damaged`: then "damaged" lists what is wrong with each. */
pb_status pb_compressed_inspect(pb_context *ctx, const char *path, bool skip_damaged, char **json);

/** How to write; zero means the default. */
typedef struct pb_compressed_options {
    int level;         /* of zstd, 1 (fast) to 19 (small); default 6, of floats 3, or 1 where 3 saves nothing */
    int chunk_samples; /* samples of a chunk; default 8192                                                     */
} pb_compressed_options;

/** Writes a data set whose `compressed` tells packing, chain, fitted and source; fills in the fingerprint, the counts,
 *  and the size and chunks of the file. The file is written whole or not at all. */
pb_status pb_compressed_write(pb_context *ctx, const char *path, struct pb_dataset *dataset,
                              const pb_compressed_options *options);

#ifdef __cplusplus
}
#endif
#endif
