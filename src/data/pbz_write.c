/* Writing a compressed data set. */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

#include "base/file.h"
#include "data/loader.h"
#include "data/pbz.h"

enum { LEVEL_DEFAULT = 9, CHUNK_DEFAULT = 8192, CHUNK_BYTES_MOST = 1 << 26 };

/* A file in the making: everything lies in memory until all sizes are known. */
typedef struct making {
    pb_context *ctx;
    pb_dataset *d;
    int level;
    pb_pbz_prefix prefix;
    char *header;
    unsigned char *arrays, *table, *chunks;
    size_t chunk_bytes, chunk_room;
} making;

static pb_status no_memory(making *m)
{
    return pb_fail(m->ctx, PB_ERR_MEMORY, "no memory for a compressed data set");
}

static uint32_t sum_of(const void *data, size_t bytes)
{
    return (uint32_t)crc32_z(0, data, bytes);
}

/* ---- its parts ---- */

static pb_status make_arrays(making *m)
{
    const size_t bytes = pb_pbz_array_count(m->d) * sizeof(float), room = ZSTD_compressBound(bytes);
    float *numbers;
    if (bytes == 0) return PB_OK;
    PB_TRY(pb_pbz_arrays_get(m->ctx, m->d, &numbers));
    m->arrays = malloc(room);
    const size_t got = m->arrays ? ZSTD_compress(m->arrays, room, numbers, bytes, m->level) : 0;
    free(numbers);
    if (!m->arrays || ZSTD_isError(got) || got > UINT32_MAX) return no_memory(m);
    m->prefix.arrays_bytes = (uint32_t)got;
    m->prefix.arrays_crc32 = sum_of(m->arrays, got);
    return PB_OK;
}

static pb_status room_for(making *m, size_t bytes)
{
    if (m->chunk_room - m->chunk_bytes >= bytes) return PB_OK;
    const size_t room = 2 * m->chunk_room + bytes;
    unsigned char *grown = realloc(m->chunks, room);
    if (!grown) return no_memory(m);
    m->chunks = grown;
    m->chunk_room = room;
    return PB_OK;
}

/* Compresses samples of a part behind the chunks that there are; `*stored` is how many bytes. */
static pb_status pack(making *m, bool is_test, int first, int count, size_t *stored)
{
    const pb_samples *part = is_test ? &m->d->test : &m->d->train;
    const pb_pbz_rows rows = pb_pbz_rows_of(m->d, m->d->compressed->order, count);
    PB_TRY(room_for(m, pb_pbz_bound(&rows)));
    return pb_pbz_pack(m->ctx, m->level, &rows,
                       (const unsigned char *)part->data + (size_t)first * rows.bytes,
                       part->labels + first, m->chunks + m->chunk_bytes, stored);
}

/* The order in which the first chunk is smallest. */
static pb_status choose_order(making *m)
{
    pb_compressed *c = m->d->compressed;
    const int all = m->d->train.count, count = all < c->chunk_samples ? all : c->chunk_samples;
    pb_chunk_order best = PB_ORDER_SAMPLES;
    size_t least = SIZE_MAX;
    for (int i = 0; count > 0 && i < PB_ORDERS; i++) {
        size_t stored;
        if (!pb_pbz_may_lie(m->d, (pb_chunk_order)i)) continue;
        c->order = (pb_chunk_order)i;
        PB_TRY(pack(m, false, 0, count, &stored));
        if (stored < least) best = c->order;
        if (stored < least) least = stored;
    }
    c->order = best;
    return PB_OK;
}

static pb_status add_chunk(making *m, bool is_test, int first, int count)
{
    size_t stored;
    PB_TRY(pack(m, is_test, first, count, &stored));
    unsigned char *entry = m->table + (size_t)m->prefix.entries * PB_PBZ_ENTRY_BYTES;
    pb_put_u32(entry, is_test);
    pb_put_u32(entry + 4, (uint32_t)count);
    pb_put_u32(entry + 8, (uint32_t)stored);
    pb_put_u32(entry + 12, sum_of(m->chunks + m->chunk_bytes, stored));
    m->prefix.entries++;
    m->chunk_bytes += stored;
    return PB_OK;
}

static int chunks_of(const pb_samples *part, int chunk_samples)
{
    return part->count ? (part->count - 1) / chunk_samples + 1 : 0;
}

static pb_status make_chunks(making *m)
{
    const int most = m->d->compressed->chunk_samples;
    const int count = chunks_of(&m->d->train, most) + chunks_of(&m->d->test, most);
    if (count > PB_PBZ_ENTRIES_MAX)
        return pb_fail(m->ctx, PB_ERR_USAGE,
                       "chunks of %d samples are too many: %d, at most %d are allowed", most, count,
                       PB_PBZ_ENTRIES_MAX);
    m->table = malloc(((size_t)count + 1) * PB_PBZ_ENTRY_BYTES);
    if (!m->table) return no_memory(m);
    for (int is_test = 0; is_test < 2; is_test++) {
        const int all = is_test ? m->d->test.count : m->d->train.count;
        for (int first = 0; first < all; first += most)
            PB_TRY(add_chunk(m, is_test, first, all - first < most ? all - first : most));
    }
    m->prefix.table_crc32 = sum_of(m->table, m->prefix.entries * (size_t)PB_PBZ_ENTRY_BYTES);
    return PB_OK;
}

/* The header is JSON, which holds UTF-8 alone; folders may have other names. */
static pb_status check_name(const making *m, const char *name)
{
    json_t *word = json_string(name);
    json_decref(word);
    if (word) return PB_OK;
    return pb_fail(m->ctx, PB_ERR_DATA, "%s: the name \"%s\" is not UTF-8 and cannot be stored",
                   m->d->name, name);
}

static pb_status make_header(making *m)
{
    pb_compressed *c = m->d->compressed;
    PB_TRY(check_name(m, m->d->name));
    PB_TRY(check_name(m, c->source.name));
    for (int i = 0; i < m->d->classes; i++) PB_TRY(check_name(m, m->d->class_names[i]));
    c->train_count = m->d->train.count;
    c->test_count = m->d->test.count;
    PB_TRY(pb_pbz_fingerprint(m->ctx, m->d, c->fingerprint));
    m->header = pb_pbz_header_text(m->d);
    if (!m->header) return no_memory(m);
    const size_t bytes = strlen(m->header);
    if (bytes > PB_PBZ_HEADER_MAX)
        return pb_fail(m->ctx, PB_ERR_USAGE, "the names of classes take %zu bytes, at most %d fit",
                       bytes, PB_PBZ_HEADER_MAX);
    m->prefix.header_bytes = (uint32_t)bytes;
    m->prefix.header_crc32 = sum_of(m->header, bytes);
    return PB_OK;
}

/* ---- the whole ---- */

static pb_status make_all(making *m)
{
    PB_TRY(choose_order(m));
    PB_TRY(make_header(m));
    PB_TRY(make_arrays(m));
    PB_TRY(make_chunks(m));
    pb_pbz_prefix *p = &m->prefix;
    p->file_bytes = PB_PBZ_PREFIX_BYTES + p->header_bytes +
                    p->entries * (uint64_t)PB_PBZ_ENTRY_BYTES + p->arrays_bytes + m->chunk_bytes;
    m->d->compressed->file_bytes = p->file_bytes;
    m->d->compressed->chunks = (int)p->entries;
    return PB_OK;
}

static pb_status write_file(const making *m, const char *path)
{
    pb_file_writer writer;
    unsigned char prefix[PB_PBZ_PREFIX_BYTES];
    pb_pbz_prefix_put(&m->prefix, prefix);
    PB_TRY(pb_file_open(m->ctx, path, &writer));
    fwrite(prefix, 1, sizeof prefix, writer.stream); /* committing notices what went wrong */
    fwrite(m->header, 1, m->prefix.header_bytes, writer.stream);
    fwrite(m->table, PB_PBZ_ENTRY_BYTES, m->prefix.entries, writer.stream);
    if (m->arrays) fwrite(m->arrays, 1, m->prefix.arrays_bytes, writer.stream);
    fwrite(m->chunks, 1, m->chunk_bytes, writer.stream);
    return pb_file_commit(m->ctx, &writer);
}

/* A chunk is also what must lie in memory to read one sample. */
static int chunk_samples(const pb_dataset *d, int wanted)
{
    const size_t fit = CHUNK_BYTES_MOST / pb_sample_bytes(d);
    const size_t samples = wanted ? (size_t)wanted : CHUNK_DEFAULT;
    return (int)(samples < fit ? samples : fit > 0 ? fit : 1);
}

pb_status pb_compressed_write(pb_context *ctx, const char *path, pb_dataset *d,
                              const pb_compressed_options *options)
{
    making m = {.ctx = ctx, .d = d, .level = options ? options->level : 0};
    if (m.level == 0) m.level = LEVEL_DEFAULT;
    d->compressed->chunk_samples = chunk_samples(d, options ? options->chunk_samples : 0);
    pb_status status = make_all(&m);
    if (status == PB_OK) status = write_file(&m, path);
    free(m.header);
    free(m.arrays);
    free(m.table);
    free(m.chunks);
    return status;
}
