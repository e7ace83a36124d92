/* The inside of compressed data sets: the header's text, chunks, and the fixed parts of a file. FORMAT.md describes
 * them. */
#ifndef PB_DATA_PBZ_H
#define PB_DATA_PBZ_H

#include <stddef.h>

#include <jansson.h>

#include <passband/dataset.h>

enum {
    PB_PBZ_VERSION = 1,
    PB_PBZ_PREFIX_BYTES = 52,
    PB_PBZ_ENTRY_BYTES = 16,
    PB_PBZ_HEADER_MAX = 1 << 24,
    PB_PBZ_ENTRIES_MAX = 1 << 20,
    PB_PBZ_ARRAYS_MAX = 128,
};

/** The fixed beginning of a file. */
typedef struct pb_pbz_prefix {
    uint32_t header_bytes, header_crc32;
    uint32_t entries, table_crc32;
    uint32_t arrays_bytes, arrays_crc32;
    uint64_t file_bytes;
} pb_pbz_prefix;

void pb_pbz_prefix_put(const pb_pbz_prefix *prefix, unsigned char to[PB_PBZ_PREFIX_BYTES]);
/** PB_ERR_DATA says what is wrong with it. */
pb_status pb_pbz_prefix_get(pb_context *ctx, const char *path, const unsigned char from[PB_PBZ_PREFIX_BYTES],
                            pb_pbz_prefix *prefix);

/** Little-endian numbers. */
void pb_put_u32(unsigned char *to, uint32_t number);
uint32_t pb_get_u32(const unsigned char *from);

/* ---- header ---- */

/** "bytes", "floats", "codes" or "halves": how values lie. */
const char *pb_pbz_values(const pb_dataset *d);
/** The text of the header of a data set; NULL when memory is out. free() it. */
char *pb_pbz_header_text(const pb_dataset *d);
/** Fills a data set, its samples and the numbers of its arrays aside. PB_ERR_DATA names what is wrong. */
pb_status pb_pbz_header_read(pb_context *ctx, const char *path, const char *text, size_t bytes, pb_dataset *d);
/** What the fingerprint is taken of: the content as text, then the numbers of arrays, then samples and labels of both
 *  parts. PB_ERR_MEMORY alone. */
pb_status pb_pbz_fingerprint(pb_context *ctx, const pb_dataset *d, char hex[65]);

/** Parts that the header and what inspect tells of have in common: "shape" [extents], "arrays" [{name, shape}], "source"
 *  {name, dtype, shape, sha256}. New references, NULL when memory is out. */
json_t *pb_pbz_shape_json(pb_shape shape);
json_t *pb_pbz_arrays_json(const pb_fitted *fitted);
json_t *pb_pbz_source_json(const pb_compressed *compressed);
/** Of a sample's values, before they are packed. */
pb_shape pb_pbz_values_shape(const pb_dataset *d);

/** Bytes of a label: 1 or 2. */
size_t pb_pbz_label_bytes(const pb_dataset *d);
/** Every float of the fitted arrays and of the packing, in the order of the header. */
size_t pb_pbz_array_count(const pb_dataset *d);
pb_status pb_pbz_arrays_get(pb_context *ctx, const pb_dataset *d, float **numbers);
pb_status pb_pbz_arrays_put(pb_context *ctx, pb_dataset *d, const float *numbers);

/** What the file describes, to be filled with samples; once taken, the file can only be closed. */
pb_dataset *pb_compressed_dataset(pb_compressed_file *file);
pb_dataset *pb_compressed_take(pb_compressed_file *file);

/** A whole file, samples packed as they are, its fingerprint checked. Sentences about damaged chunks go to the array
 *  `damaged`; where it is NULL, the first one is an error. */
pb_status pb_pbz_read_all(pb_context *ctx, const char *path, json_t *damaged, pb_dataset **dataset);

/* ---- chunks ---- */

/** Samples of `bytes` each and labels, which always lie by columns. */
typedef struct pb_pbz_rows {
    size_t count, bytes, label_bytes;
    pb_chunk_order order;
    size_t values; /* of a sample packed as codes of so many bits */
    int bits;
} pb_pbz_rows;

/** So many samples of a data set, in an order. */
pb_pbz_rows pb_pbz_rows_of(const pb_dataset *d, pb_chunk_order order, int count);
/** Whether the samples of a data set can lie so. */
bool pb_pbz_may_lie(const pb_dataset *d, pb_chunk_order order);
/** Bytes before compression. */
size_t pb_pbz_raw_bytes(const pb_pbz_rows *rows);
/** Compresses into memory of at least pb_pbz_bound bytes; `*stored` is how many it took. PB_ERR_MEMORY, or PB_ERR_INTERNAL
 *  with words of zstd. */
size_t pb_pbz_bound(const pb_pbz_rows *rows);
pb_status pb_pbz_pack(pb_context *ctx, int level, const pb_pbz_rows *rows, const unsigned char *samples,
                      const int32_t *labels, unsigned char *to, size_t *stored);
/** `problem` is set to words about what is wrong, with PB_ERR_DATA. */
pb_status pb_pbz_unpack(pb_context *ctx, const pb_pbz_rows *rows, const unsigned char *from, size_t stored,
                        unsigned char *samples, int32_t *labels, const char **problem);
/** Whether so many bytes can hold so many: one block of zstd holds at most 128 KiB and takes at least 4 bytes. */
bool pb_pbz_may_hold(uint64_t stored, uint64_t raw);

#endif
