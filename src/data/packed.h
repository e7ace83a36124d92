/* Files that may be gzipped: read to an exact length, never beyond what was promised. */
#ifndef PB_DATA_PACKED_H
#define PB_DATA_PACKED_H

#include <stddef.h>
#include <stdint.h>

#include <zlib.h>

#include <passband/status.h>

/** An open file, unpacked while it is read where it is gzip; errors name its path. */
typedef struct pb_packed {
    gzFile file;             /* NULL where it never was needed    */
    int fd;                  /* the file's, which closes it       */
    unsigned char *unpacked; /* all of it, or NULL                */
    uint64_t unpacked_bytes;
    char *path;
    uint64_t stored_bytes; /* as it lies on disk */
    uint64_t read_bytes;   /* unpacked so far    */
} pb_packed;

/** Opens a regular file to read all of it. Every error is PB_ERR_DATA and names the file. */
pb_status pb_packed_open(pb_context *ctx, const char *path, pb_packed *file);
/** Opens a regular file whose beginning tells how much follows: only what is read is unpacked. */
pb_status pb_packed_begin(pb_context *ctx, const char *path, pb_packed *file);
/** Reads exactly `bytes` into memory of their own, and checks that the file ends there; free() it.
 * After it only closing may follow. */
pb_status pb_packed_rest(pb_context *ctx, pb_packed *file, size_t bytes, void **data);
/** Reads exactly so many bytes; fewer are an error. */
pb_status pb_packed_read(pb_context *ctx, pb_packed *file, void *data, size_t bytes);
/** Fails unless so many more bytes can still come, judged by the size on disk, so that memory for a
 *  promise is only asked for where the file could keep it. Call it after the first read. */
pb_status pb_packed_expect(pb_context *ctx, const pb_packed *file, uint64_t bytes);
/** Checks that the file ends here, and its check sum where it is gzip. */
pb_status pb_packed_end(pb_context *ctx, pb_packed *file);
/** Closes; takes what never was opened. */
void pb_packed_close(pb_packed *file);

#endif
