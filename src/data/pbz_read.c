/* Reading a compressed data set: what it says about itself, then its chunks in any order. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "data/loader.h"
#include "data/pbz.h"
#include "data/regular.h"

struct pb_compressed_file {
    pb_context *ctx;
    char *path;
    int descriptor;
    pb_pbz_prefix prefix;
    pb_dataset *d; /* without samples */
    pb_compressed_chunk *chunks;
    int chunk_count;
};

static pb_status read_at(const pb_compressed_file *f, uint64_t offset, void *to, size_t bytes)
{
    for (size_t done = 0; done < bytes;) {
        const ssize_t got =
            pread(f->descriptor, (char *)to + done, bytes - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return pb_fail(f->ctx, PB_ERR_DATA, "%s: cannot be read: %s", f->path, strerror(errno));
        if (got == 0)
            return pb_fail(f->ctx, PB_ERR_DATA, "%s: is truncated, it ends after %llu bytes",
                           f->path, (unsigned long long)(offset + done));
        done += (size_t)got;
    }
    return PB_OK;
}

/* A part of the file under a checksum; free() it. */
static pb_status read_part(const pb_compressed_file *f, uint64_t offset, size_t bytes,
                           uint32_t checksum, const char *what, unsigned char **data)
{
    *data = malloc(bytes + 1);
    if (!*data) return pb_fail(f->ctx, PB_ERR_MEMORY, "%s: no memory to read it", f->path);
    PB_TRY(read_at(f, offset, *data, bytes));
    if ((uint32_t)crc32_z(0, *data, bytes) == checksum) return PB_OK;
    return pb_fail(f->ctx, PB_ERR_DATA, "%s: its %s is damaged, the checksum is wrong", f->path,
                   what);
}

/* ---- opening ---- */

static uint64_t chunks_offset(const pb_pbz_prefix *p)
{
    return PB_PBZ_PREFIX_BYTES + p->header_bytes + p->entries * (uint64_t)PB_PBZ_ENTRY_BYTES +
           p->arrays_bytes;
}

static pb_status read_prefix(pb_compressed_file *f, uint64_t stored)
{
    unsigned char bytes[PB_PBZ_PREFIX_BYTES];
    pb_pbz_prefix *p = &f->prefix;
    PB_TRY(read_at(f, 0, bytes, sizeof bytes));
    PB_TRY(pb_pbz_prefix_get(f->ctx, f->path, bytes, p));
    if (stored != p->file_bytes)
        return pb_fail(f->ctx, PB_ERR_DATA, "%s: is %s, it has %llu bytes and should have %llu",
                       f->path, stored < p->file_bytes ? "truncated" : "too long",
                       (unsigned long long)stored, (unsigned long long)p->file_bytes);
    if (p->header_bytes > PB_PBZ_HEADER_MAX || p->entries > PB_PBZ_ENTRIES_MAX ||
        chunks_offset(p) > stored)
        return pb_fail(f->ctx, PB_ERR_DATA, "%s: its parts are larger than the file", f->path);
    return PB_OK;
}

static pb_status read_header(pb_compressed_file *f)
{
    unsigned char *text = NULL;
    pb_status status = read_part(f, PB_PBZ_PREFIX_BYTES, f->prefix.header_bytes,
                                 f->prefix.header_crc32, "header", &text);
    if (status == PB_OK)
        status =
            pb_pbz_header_read(f->ctx, f->path, (const char *)text, f->prefix.header_bytes, f->d);
    free(text);
    f->d->compressed->file_bytes = f->prefix.file_bytes;
    return status;
}

static pb_status unpack_arrays(pb_compressed_file *f, const unsigned char *stored, size_t bytes)
{
    float *numbers = malloc(bytes);
    if (!numbers) return pb_fail(f->ctx, PB_ERR_MEMORY, "%s: no memory for its arrays", f->path);
    const size_t got = ZSTD_decompress(numbers, bytes, stored, f->prefix.arrays_bytes);
    pb_status status =
        got == bytes ? pb_pbz_arrays_put(f->ctx, f->d, numbers)
                     : pb_fail(f->ctx, PB_ERR_DATA, "%s: its arrays are damaged: %s", f->path,
                               ZSTD_isError(got) ? ZSTD_getErrorName(got) : "they are too short");
    free(numbers);
    return status;
}

static pb_status read_arrays(pb_compressed_file *f)
{
    const pb_pbz_prefix *p = &f->prefix;
    const size_t bytes = pb_pbz_array_count(f->d) * sizeof(float);
    unsigned char *stored = NULL;
    if ((bytes == 0) != (p->arrays_bytes == 0) || !pb_pbz_may_hold(p->arrays_bytes, bytes))
        return pb_fail(f->ctx, PB_ERR_DATA, "%s: its header promises arrays that are not there",
                       f->path);
    if (bytes == 0) return PB_OK;
    pb_status status = read_part(f, chunks_offset(p) - p->arrays_bytes, p->arrays_bytes,
                                 p->arrays_crc32, "part of arrays", &stored);
    if (status == PB_OK) status = unpack_arrays(f, stored, bytes);
    free(stored);
    return status;
}

static pb_status wrong_table(const pb_compressed_file *f, int entry)
{
    return pb_fail(f->ctx, PB_ERR_DATA, "%s: its table of chunks is wrong at entry %d", f->path,
                   entry + 1);
}

/* Entries in the order of the file: training samples, then test samples. */
static pb_status read_entries(pb_compressed_file *f, const unsigned char *table)
{
    const pb_compressed *c = f->d->compressed;
    const pb_pbz_rows row = pb_pbz_rows_of(f->d, c->order, 1);
    const uint64_t row_bytes = pb_pbz_raw_bytes(&row);
    uint64_t offset = chunks_offset(&f->prefix);
    int64_t counts[2] = {0};
    for (int i = 0; i < f->chunk_count; i++) {
        const unsigned char *entry = table + (size_t)i * PB_PBZ_ENTRY_BYTES;
        const uint32_t part = pb_get_u32(entry), count = pb_get_u32(entry + 4);
        pb_compressed_chunk *chunk = &f->chunks[i];
        if (part > 1 || (i > 0 && part < f->chunks[i - 1].is_test) || count < 1 ||
            count > (uint32_t)c->chunk_samples)
            return wrong_table(f, i);
        *chunk = (pb_compressed_chunk){.is_test = part == 1,
                                       .first = (int)counts[part],
                                       .count = (int)count,
                                       .offset = offset,
                                       .bytes = pb_get_u32(entry + 8),
                                       .crc32 = pb_get_u32(entry + 12)};
        counts[part] += count;
        offset += chunk->bytes;
        if (counts[part] > (part ? c->test_count : c->train_count) ||
            offset > f->prefix.file_bytes || !pb_pbz_may_hold(chunk->bytes, count * row_bytes))
            return wrong_table(f, i);
    }
    if (counts[0] != c->train_count || counts[1] != c->test_count || offset != f->prefix.file_bytes)
        return wrong_table(f, f->chunk_count - 1);
    return PB_OK;
}

static pb_status read_table(pb_compressed_file *f)
{
    const pb_pbz_prefix *p = &f->prefix;
    unsigned char *table = NULL;
    f->chunk_count = f->d->compressed->chunks = (int)p->entries;
    f->chunks = calloc((size_t)f->chunk_count + 1, sizeof *f->chunks);
    if (!f->chunks) return pb_fail(f->ctx, PB_ERR_MEMORY, "%s: no memory to read it", f->path);
    pb_status status =
        read_part(f, PB_PBZ_PREFIX_BYTES + p->header_bytes, p->entries * (size_t)PB_PBZ_ENTRY_BYTES,
                  p->table_crc32, "table of chunks", &table);
    if (status == PB_OK) status = read_entries(f, table);
    free(table);
    return status;
}

static pb_status open_file(pb_compressed_file *f, const char *path)
{
    uint64_t stored;
    f->path = strdup(path);
    f->d = calloc(1, sizeof *f->d);
    if (f->d) f->d->compressed = calloc(1, sizeof *f->d->compressed);
    if (!f->path || !f->d || !f->d->compressed)
        return pb_fail(f->ctx, PB_ERR_MEMORY, "%s: no memory to read it", path);
    PB_TRY(pb_regular_open(f->ctx, path, &f->descriptor, &stored));
    PB_TRY(read_prefix(f, stored));
    PB_TRY(read_header(f));
    PB_TRY(read_arrays(f));
    return read_table(f);
}

pb_status pb_compressed_open(pb_context *ctx, const char *path, pb_compressed_file **file)
{
    pb_compressed_file *f = *file = calloc(1, sizeof *f);
    if (!f) return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory to read it", path);
    f->ctx = ctx;
    f->descriptor = -1;
    const pb_status status = open_file(f, path);
    if (status != PB_OK) pb_compressed_close(file);
    return status;
}

void pb_compressed_close(pb_compressed_file **file)
{
    pb_compressed_file *f = *file;
    if (!f) return;
    if (f->descriptor >= 0) close(f->descriptor);
    pb_dataset_free(&f->d);
    free(f->chunks);
    free(f->path);
    free(f);
    *file = NULL;
}

const pb_dataset *pb_compressed_describe(const pb_compressed_file *file)
{
    return file->d;
}

pb_dataset *pb_compressed_dataset(pb_compressed_file *file)
{
    return file->d;
}

pb_dataset *pb_compressed_take(pb_compressed_file *file)
{
    pb_dataset *d = file->d;
    file->d = NULL;
    return d;
}

const pb_compressed_chunk *pb_compressed_chunks(const pb_compressed_file *file, int *count)
{
    *count = file->chunk_count;
    return file->chunks;
}

/* ---- chunks ---- */

static pb_status damaged(const pb_compressed_file *f, int chunk, const char *problem)
{
    const pb_compressed_chunk *c = &f->chunks[chunk];
    return pb_fail(f->ctx, PB_ERR_DATA,
                   "%s: chunk %d of %d (%s samples %d to %d, %lu bytes from byte %llu) is damaged: "
                   "%s",
                   f->path, chunk + 1, f->chunk_count, c->is_test ? "test" : "training", c->first,
                   c->first + c->count - 1, (unsigned long)c->bytes, (unsigned long long)c->offset,
                   problem);
}

static pb_status check_labels(const pb_compressed_file *f, int chunk, const int32_t *labels)
{
    for (int i = 0; i < f->chunks[chunk].count; i++)
        if (labels[i] >= f->d->classes) return damaged(f, chunk, "a label is out of range");
    return PB_OK;
}

pb_status pb_compressed_read(pb_compressed_file *f, int chunk, void *samples, int32_t *labels)
{
    const pb_compressed_chunk *c = &f->chunks[chunk];
    const pb_pbz_rows rows = pb_pbz_rows_of(f->d, f->d->compressed->order, c->count);
    const char *problem = NULL;
    unsigned char *stored = malloc((size_t)c->bytes + 1);
    if (!stored) return pb_fail(f->ctx, PB_ERR_MEMORY, "%s: no memory for a chunk", f->path);
    pb_status status = read_at(f, c->offset, stored, c->bytes);
    if (status == PB_OK && (uint32_t)crc32_z(0, stored, c->bytes) != c->crc32)
        status = damaged(f, chunk, "its checksum is wrong");
    else if (status == PB_OK)
        status = pb_pbz_unpack(f->ctx, &rows, stored, c->bytes, samples, labels, &problem);
    free(stored);
    if (problem && status == PB_ERR_DATA) return damaged(f, chunk, problem);
    return status == PB_OK ? check_labels(f, chunk, labels) : status;
}
