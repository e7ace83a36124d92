/* Writing a compressed data set. */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

#include "base/file.h"
#include "base/parallel.h"
#include "data/loader.h"
#include "data/pbz.h"

enum {
    LEVEL_DEFAULT = 6,
    LEVEL_FLOATS = 3,
    LEVEL_FAST = 1,
    CHUNK_DEFAULT = 8192,
    CHUNK_BYTES_MOST = 1 << 26
};
/* Floats' usual level is worth its time, twice the fast one's, if it saves one byte of so many. */
enum { WORTH_ONE_OF = 32 };

/* A chunk on its way: samples of a part, and what they become. */
typedef struct packing {
    bool is_test;
    int first, count;
    pb_chunk_order order;
    unsigned char *data; /* [bytes] */
    size_t bytes;
} packing;

/* A file in the making: everything lies in memory until all sizes are known. */
typedef struct making {
    pb_context *ctx;
    pb_dataset *d;
    int level;
    pb_pbz_prefix prefix;
    char *header;
    unsigned char *arrays, *table;
    packing *chunks;
    int chunk_count;
    uint64_t chunk_bytes;
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

static void clear(packing *p)
{
    free(p->data);
    p->data = NULL;
}

/* What fits is known only afterwards: the rest of the room is given back. */
static pb_status pack(pb_context *ctx, const making *m, packing *p)
{
    const pb_samples *part = p->is_test ? &m->d->test : &m->d->train;
    const pb_pbz_rows rows = pb_pbz_rows_of(m->d, p->order, p->count);
    p->data = malloc(pb_pbz_bound(&rows));
    if (!p->data) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a chunk");
    PB_TRY(pb_pbz_pack(ctx, m->level, &rows,
                       (const unsigned char *)part->data + (size_t)p->first * rows.bytes,
                       part->labels + p->first, p->data, &p->bytes));
    unsigned char *less = realloc(p->data, p->bytes);
    if (less) p->data = less;
    return PB_OK;
}

/* The first chunk in order i; orders that the samples cannot have stay empty. */
typedef struct trial {
    const making *m;
    packing first[PB_ORDERS];
} trial;

static pb_status try_order(pb_context *ctx, void *user, int i)
{
    trial *t = user;
    const pb_compressed *c = t->m->d->compressed;
    const int all = t->m->d->train.count;
    t->first[i].order = (pb_chunk_order)i;
    t->first[i].count = all < c->chunk_samples ? all : c->chunk_samples;
    return pb_pbz_may_lie(t->m->d, t->first[i].order) ? pack(ctx, t->m, &t->first[i]) : PB_OK;
}

/* The order in which the first chunk is smallest, and how many bytes that is. */
static pb_status choose_order(making *m, size_t *bytes)
{
    trial t = {.m = m};
    pb_compressed *c = m->d->compressed;
    c->order = PB_ORDER_SAMPLES;
    const pb_status status = pb_parallel(m->ctx, PB_ORDERS, try_order, &t);
    for (int i = 0; i < PB_ORDERS; i++) {
        if (t.first[i].data && t.first[i].bytes < t.first[c->order].bytes)
            c->order = t.first[i].order;
    }
    *bytes = t.first[c->order].bytes;
    for (int i = 0; i < PB_ORDERS; i++) clear(&t.first[i]);
    return status;
}

static bool are_codes(const pb_dataset *d)
{
    const int bits = d->compressed->packing.bits;
    return d->dtype == PB_U8 && bits <= PB_BITS_CODE_MAX;
}

/* Chooses order and level. Most bits of a float are noise, in which a search for what came before
 * finds nothing: where that is so in the first chunk, the fast level makes a file as small. */
static pb_status choose(making *m, bool any_level)
{
    size_t fast, usual;
    m->d->compressed->order = PB_ORDER_SAMPLES;
    if (m->d->train.count == 0) return PB_OK;
    if (!any_level || are_codes(m->d)) return choose_order(m, &usual);
    m->level = LEVEL_FAST;
    PB_TRY(choose_order(m, &fast));
    m->level = LEVEL_FLOATS;
    trial t = {.m = m};
    const int order = (int)m->d->compressed->order;
    const pb_status status = try_order(m->ctx, &t, order);
    usual = t.first[order].bytes;
    clear(&t.first[order]);
    if (status == PB_OK && usual >= fast - fast / WORTH_ONE_OF) m->level = LEVEL_FAST;
    return status;
}

/* First the fingerprint, which takes as long as a few chunks, then chunk after chunk. */
static pb_status pack_one(pb_context *ctx, void *user, int i)
{
    making *m = user;
    if (i == 0) return pb_pbz_fingerprint(ctx, m->d, m->d->compressed->fingerprint);
    return pack(ctx, m, &m->chunks[i - 1]);
}

static void put_entry(const packing *p, unsigned char *entry)
{
    pb_put_u32(entry, p->is_test);
    pb_put_u32(entry + 4, (uint32_t)p->count);
    pb_put_u32(entry + 8, (uint32_t)p->bytes);
    pb_put_u32(entry + 12, sum_of(p->data, p->bytes));
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
    m->chunks = calloc((size_t)count + 1, sizeof *m->chunks);
    if (!m->table || !m->chunks) return no_memory(m);
    for (int is_test = 0; is_test < 2; is_test++) {
        const int all = is_test ? m->d->test.count : m->d->train.count;
        for (int first = 0; first < all; first += most)
            m->chunks[m->chunk_count++] =
                (packing){.is_test = is_test,
                          .first = first,
                          .count = all - first < most ? all - first : most,
                          .order = m->d->compressed->order};
    }
    PB_TRY(pb_parallel(m->ctx, count + 1, pack_one, m));
    for (int i = 0; i < count; i++) {
        put_entry(&m->chunks[i], m->table + (size_t)i * PB_PBZ_ENTRY_BYTES);
        m->chunk_bytes += m->chunks[i].bytes;
    }
    m->prefix.entries = (uint32_t)count;
    m->prefix.table_crc32 = sum_of(m->table, (size_t)count * PB_PBZ_ENTRY_BYTES);
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

static pb_status make_all(making *m, int level)
{
    m->level = level ? level : LEVEL_DEFAULT;
    m->d->compressed->train_count = m->d->train.count;
    m->d->compressed->test_count = m->d->test.count;
    PB_TRY(choose(m, level == 0));
    PB_TRY(make_chunks(m)); /* and the fingerprint for the header */
    PB_TRY(make_header(m));
    PB_TRY(make_arrays(m));
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
    for (int i = 0; i < m->chunk_count; i++)
        fwrite(m->chunks[i].data, 1, m->chunks[i].bytes, writer.stream);
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
    making m = {.ctx = ctx, .d = d};
    d->compressed->chunk_samples = chunk_samples(d, options ? options->chunk_samples : 0);
    pb_status status = make_all(&m, options ? options->level : 0);
    if (status == PB_OK) status = write_file(&m, path);
    free(m.header);
    free(m.arrays);
    free(m.table);
    for (int i = 0; i < m.chunk_count; i++) clear(&m.chunks[i]);
    free(m.chunks);
    return status;
}
