#include "data/packed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/regular.h"

/* Deflate cannot pack more than 1032 bytes into one (zlib's technical notes). */
#define DEFLATE_RATIO_MAX 1032
#define CHUNK_BYTES       ((size_t)1 << 26)

pb_status pb_packed_open(pb_context *ctx, const char *path, pb_packed *file)
{
    *file = (pb_packed){0};
    int fd;
    PB_TRY(pb_regular_open(ctx, path, &fd, &file->stored_bytes));
    file->path = strdup(path);
    file->file = gzdopen(fd, "rb");
    if (file->path && file->file) {
        gzbuffer(file->file, 1 << 17);
        return PB_OK;
    }
    if (!file->file) close(fd);
    pb_packed_close(file);
    return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory to read it", path);
}

/* What zlib holds against the file; a file that merely ends early is no error to gzread. */
static pb_status fault(pb_context *ctx, const pb_packed *file, pb_status otherwise)
{
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

pb_status pb_packed_read(pb_context *ctx, pb_packed *file, void *data, size_t bytes)
{
    unsigned char *to = data;
    const uint64_t want = file->read_bytes + bytes;
    while (bytes > 0) {
        const int got =
            gzread(file->file, to, (unsigned)(bytes < CHUNK_BYTES ? bytes : CHUNK_BYTES));
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
    const uint64_t most =
        gzdirect(file->file) ? file->stored_bytes : file->stored_bytes * DEFLATE_RATIO_MAX;
    if (most >= file->read_bytes && most - file->read_bytes >= bytes) return PB_OK;
    return pb_fail(ctx, PB_ERR_DATA, "%s: is truncated, its header promises %llu bytes more",
                   file->path, (unsigned long long)bytes);
}

pb_status pb_packed_end(pb_context *ctx, pb_packed *file)
{
    char byte;
    const int got = gzread(file->file, &byte, 1);
    if (got < 0) return fault(ctx, file, PB_ERR_INTERNAL);
    if (got > 0)
        return pb_fail(ctx, PB_ERR_DATA, "%s: is too long, it must end after %llu bytes",
                       file->path, (unsigned long long)file->read_bytes);
    return fault(ctx, file, PB_OK);
}

void pb_packed_close(pb_packed *file)
{
    if (file->file) gzclose(file->file);
    free(file->path);
    *file = (pb_packed){0};
}
