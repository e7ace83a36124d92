#include "data/packed.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libdeflate.h>

#include "base/pages.h"
#include "data/regular.h"

/* Deflate cannot pack more than 1032 bytes into one (zlib's technical notes). */
#define DEFLATE_RATIO_MAX 1032
#define CHUNK_BYTES       ((size_t)1 << 26)
/* Of a file that is unpacked at once. */
#define STORED_LEAST 18 /* a header of 10 bytes and a trailer of 8 */
#define STORED_MOST  ((uint64_t)1 << 28)

/* ---- at once ---- */

static unsigned char *allocate(size_t bytes)
{
    unsigned char *memory = malloc(bytes);
    if (memory) pb_pages_large(memory, bytes);
    return memory;
}

/* From its beginning, wherever the file is read otherwise. */
static unsigned char *read_all(int fd, size_t bytes)
{
    unsigned char *all = allocate(bytes);
    size_t at = 0;
    for (ssize_t got; all && at < bytes && (got = pread(fd, all + at, bytes - at, (off_t)at)) > 0;)
        at += (size_t)got;
    if (at == bytes) return all;
    free(all);
    return NULL;
}

/* The size that the last four bytes of a gzip file promise; 0 of one that cannot be unpacked at
 * once. */
static size_t promised(const unsigned char *stored, size_t bytes)
{
    if (stored[0] != 0x1f || stored[1] != 0x8b) return 0;
    const unsigned char *end = stored + bytes;
    const size_t promise =
        (size_t)end[-1] << 24 | (size_t)end[-2] << 16 | (size_t)end[-3] << 8 | end[-4];
    return promise <= bytes * DEFLATE_RATIO_MAX ? promise : 0;
}

/* A file of one intact gzip member: libdeflate takes a quarter of zlib's time. Of any other zlib
 * tells what it is. */
static void unpack_at_once(int fd, pb_packed *file)
{
    if (file->stored_bytes < STORED_LEAST || file->stored_bytes > STORED_MOST) return;
    const size_t bytes = (size_t)file->stored_bytes;
    unsigned char *stored = read_all(fd, bytes);
    const size_t room = stored ? promised(stored, bytes) : 0;
    unsigned char *unpacked = room > 0 ? allocate(room) : NULL;
    struct libdeflate_decompressor *z = unpacked ? libdeflate_alloc_decompressor() : NULL;
    size_t taken = 0, made = 0;
    const bool whole = z &&
                       libdeflate_gzip_decompress_ex(z, stored, bytes, unpacked, room, &taken,
                                                     &made) == LIBDEFLATE_SUCCESS &&
                       taken == bytes && made == room;
    libdeflate_free_decompressor(z);
    free(stored);
    if (whole) {
        file->unpacked = unpacked;
        file->unpacked_bytes = room;
    } else {
        free(unpacked);
    }
}

static size_t take(pb_packed *file, void *to, size_t bytes)
{
    const uint64_t left = file->unpacked_bytes - file->read_bytes;
    const size_t got = bytes < left ? bytes : (size_t)left;
    memcpy(to, file->unpacked + file->read_bytes, got);
    return got;
}

/* ---- an open file ---- */

static pb_status open_packed(pb_context *ctx, const char *path, bool at_once, pb_packed *file)
{
    *file = (pb_packed){0};
    int fd;
    PB_TRY(pb_regular_open(ctx, path, &fd, &file->stored_bytes));
    file->path = strdup(path);
    if (at_once) unpack_at_once(fd, file);
    if (!file->unpacked) file->file = gzdopen(fd, "rb");
    if (!file->file) close(fd);
    file->fd = fd;
    if (file->file) gzbuffer(file->file, 1 << 17);
    if (file->path && (file->file || file->unpacked)) return PB_OK;
    pb_packed_close(file);
    return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory to read it", path);
}

pb_status pb_packed_open(pb_context *ctx, const char *path, pb_packed *file)
{
    return open_packed(ctx, path, true, file);
}

pb_status pb_packed_begin(pb_context *ctx, const char *path, pb_packed *file)
{
    return open_packed(ctx, path, false, file);
}

/* What zlib holds against the file; a file that merely ends early is no error to gzread. */
static pb_status fault(pb_context *ctx, const pb_packed *file, pb_status otherwise)
{
    if (file->unpacked) return otherwise;
    int code;
    const char *message = gzerror(file->file, &code);
    switch (code) {
    case Z_OK: return otherwise;
    case Z_BUF_ERROR:
        return pb_fail(ctx, PB_ERR_DATA, "%s: is truncated, its gzip stream has no end",
                       file->path);
    case Z_MEM_ERROR: return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory to unpack it", file->path);
    case Z_ERRNO:
        return pb_fail(ctx, PB_ERR_DATA, "%s: cannot be read: %s", file->path, strerror(errno));
    default: { /* zlib writes "<fd:8>: " before what it found */
        const char *found = message[0] == '<' ? strstr(message, ": ") : NULL;
        return pb_fail(ctx, PB_ERR_DATA, "%s: is damaged: %s", file->path,
                       found ? found + 2 : message);
    }
    }
}

/* Up to so many bytes; fewer at the end, -1 after a fault. */
static int64_t read_some(pb_packed *file, void *to, size_t bytes)
{
    if (file->unpacked) return (int64_t)take(file, to, bytes);
    return gzread(file->file, to, (unsigned)(bytes < CHUNK_BYTES ? bytes : CHUNK_BYTES));
}

pb_status pb_packed_read(pb_context *ctx, pb_packed *file, void *data, size_t bytes)
{
    unsigned char *to = data;
    const uint64_t want = file->read_bytes + bytes;
    while (bytes > 0) {
        const int64_t got = read_some(file, to, bytes);
        if (got < 0) return fault(ctx, file, PB_ERR_INTERNAL);
        if (got == 0) {
            PB_TRY(fault(ctx, file, PB_OK));
            return pb_fail(ctx, PB_ERR_DATA, "%s: is truncated, it ends after %llu of %llu bytes",
                           file->path, (unsigned long long)file->read_bytes,
                           (unsigned long long)want);
        }
        to += got;
        bytes -= (size_t)got;
        file->read_bytes += (uint64_t)got;
    }
    return PB_OK;
}

pb_status pb_packed_expect(pb_context *ctx, const pb_packed *file, uint64_t bytes)
{
    const bool plain = !file->unpacked && gzdirect(file->file);
    const uint64_t most = plain ? file->stored_bytes : file->stored_bytes * DEFLATE_RATIO_MAX;
    if (most >= file->read_bytes && most - file->read_bytes >= bytes) return PB_OK;
    return pb_fail(ctx, PB_ERR_DATA, "%s: is truncated, its header promises %llu bytes more",
                   file->path, (unsigned long long)bytes);
}

pb_status pb_packed_end(pb_context *ctx, pb_packed *file)
{
    char byte;
    const int64_t got = read_some(file, &byte, 1);
    if (got < 0) return fault(ctx, file, PB_ERR_INTERNAL);
    if (got > 0)
        return pb_fail(ctx, PB_ERR_DATA, "%s: is too long, it must end after %llu bytes",
                       file->path, (unsigned long long)file->read_bytes);
    return fault(ctx, file, PB_OK);
}

pb_status pb_packed_rest(pb_context *ctx, pb_packed *file, size_t bytes, void **data)
{
    *data = NULL;
    if (!file->unpacked) unpack_at_once(file->fd, file);
    if (file->unpacked && file->unpacked_bytes == file->read_bytes + bytes) {
        memmove(file->unpacked, file->unpacked + file->read_bytes, bytes);
        *data = file->unpacked; /* and no copy of it */
        file->unpacked = NULL;
        return PB_OK;
    }
    void *memory = allocate(bytes);
    if (!memory) return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory to read it", file->path);
    pb_status status = pb_packed_read(ctx, file, memory, bytes);
    if (status == PB_OK) status = pb_packed_end(ctx, file);
    if (status == PB_OK)
        *data = memory;
    else
        free(memory);
    return status;
}

void pb_packed_close(pb_packed *file)
{
    if (file->file) gzclose(file->file);
    free(file->unpacked);
    free(file->path);
    *file = (pb_packed){0};
}
