/* Compressed data sets: files come back bit for bit, no damage goes unnoticed, and nothing that a
 * file promises is believed. */
#include <passband/dataset.h>
#include <zlib.h>
#include <zstd.h>

#include "base/file.h"
#include "base/scratch.h"
#include "data/compressed_set.h"
#include "data/pbz.h"

enum { PREFIX = 52, ENTRY = 16, LIMIT = 1 << 22, MUTATIONS = 200 };

static scratch s;
static pb_context *ctx;
static const char *path;

static void setup(void)
{
    scratch_open(&s);
    ctx = pb_context_create();
    path = scratch_path(&s, "set.pbz");
}

static void teardown(void)
{
    pb_context_free(&ctx);
    scratch_close(&s);
}

#define OK(call)                                                                                   \
    do {                                                                                           \
        const pb_status got_ = (call);                                                             \
        ck_assert_msg(got_ == PB_OK, "%s: %s: %s", #call, pb_status_name(got_), pb_error(ctx));    \
    } while (0)

static pb_status load(bool skip_damaged, pb_dataset **d)
{
    const pb_dataset_options wanted = {
        .name = "compressed", .path = path, .skip_damaged = skip_damaged};
    return pb_dataset_load(ctx, &wanted, d);
}

/* A written file, in memory. */
typedef struct content {
    unsigned char *bytes;
    size_t count;
} content;

static content read_file(void)
{
    content c;
    OK(pb_file_read(ctx, path, LIMIT, (char **)&c.bytes, &c.count));
    return c;
}

static void put_file(const unsigned char *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
    fclose(file);
}

static content write_set(set_kind kind, const pb_compressed_options *how)
{
    pb_dataset *d = set_make(ctx, kind);
    OK(pb_compressed_write(ctx, path, d, how));
    pb_dataset_free(&d);
    return read_file();
}

static uint32_t u32_at(const unsigned char *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put_u32_at(unsigned char *at, uint32_t number)
{
    for (int i = 0; i < 4; i++) at[i] = (unsigned char)(number >> 8 * i);
}

/* ---- whole files ---- */

static void compare_part(const pb_dataset *d, const pb_samples *got, const pb_samples *want)
{
    ck_assert_int_eq(got->count, want->count);
    ck_assert_mem_eq(got->data, want->data, set_sample_bytes(d) * (size_t)want->count);
    ck_assert_mem_eq(got->labels, want->labels, sizeof *want->labels * (size_t)want->count);
}

static void compare_sets(const pb_dataset *got, const pb_dataset *want)
{
    const pb_compressed *a = got->compressed, *b = want->compressed;
    ck_assert_str_eq(got->name, want->name);
    ck_assert_int_eq(got->dtype, want->dtype);
    ck_assert_mem_eq(&got->sample_shape, &want->sample_shape, sizeof got->sample_shape);
    ck_assert_int_eq(got->classes, 3);
    for (int i = 0; i < 3; i++) ck_assert_str_eq(got->class_names[i], want->class_names[i]);
    ck_assert_int_eq(a->packing.bits, b->packing.bits);
    ck_assert_int_eq(a->packing.steps, b->packing.steps);
    const size_t steps = sizeof(float) * (size_t)b->packing.steps;
    if (b->packing.bits)
        ck_assert_mem_eq(&a->packing.shape, &b->packing.shape, sizeof a->packing.shape);
    if (steps) ck_assert_mem_eq(a->packing.offset, b->packing.offset, steps);
    if (steps) ck_assert_mem_eq(a->packing.step, b->packing.step, steps);
    ck_assert_str_eq(a->chain, b->chain ? b->chain : "");
    ck_assert_int_eq(a->fitted.count, b->fitted.count);
    for (int i = 0; i < b->fitted.count; i++) {
        ck_assert_str_eq(a->fitted.array[i].name, b->fitted.array[i].name);
        ck_assert_mem_eq(a->fitted.array[i].data, b->fitted.array[i].data, 4 * sizeof(float));
    }
    ck_assert_str_eq(a->source.sha256, b->source.sha256);
    ck_assert_str_eq(a->source.name, b->source.name);
    ck_assert_mem_eq(&a->source.shape, &b->source.shape, sizeof a->source.shape);
    compare_part(want, &got->train, &want->train);
    compare_part(want, &got->test, &want->test);
}

/* Reading gives what was written, and writing that gives the same file. */
START_TEST(files_come_back_bit_for_bit)
{
    const pb_compressed_options how = {.chunk_samples = 16};
    const content first = write_set((set_kind)_i, &how);
    pb_dataset *want = set_make(ctx, (set_kind)_i), *got;
    OK(load(false, &got));
    compare_sets(got, want);
    ck_assert_uint_eq(got->compressed->file_bytes, first.count);
    ck_assert_double_eq_tol(pb_compressed_bytes_per_sample(got->compressed),
                            (double)first.count / (SET_TRAIN + SET_TEST), 1e-12);
    OK(pb_compressed_write(ctx, path, got, &how));
    const content second = read_file();
    ck_assert_uint_eq(second.count, first.count);
    ck_assert_mem_eq(second.bytes, first.bytes, first.count);
    pb_dataset_free(&got);
    pb_dataset_free(&want);
    free(first.bytes);
    free(second.bytes);
}
END_TEST

/* Value i of a packed sample, read bit by bit as passband/packing.h says. */
static int code_in(const unsigned char *sample, size_t stride, int bits, int i)
{
    const size_t plane = (SET_VALUES + 7) / 8;
    int code = 0;
    for (int p = 0; p < bits; p++)
        code |= (sample[((size_t)p * plane + (size_t)i / 8) * stride] >> i % 8 & 1) << p;
    return code;
}

/* The file again, with nothing but FORMAT.md, zlib's checksum and zstd. */
START_TEST(layout_is_the_documented_one)
{
    const content f = write_set(SET_CODES_3, &(pb_compressed_options){.chunk_samples = 16});
    ck_assert_mem_eq(f.bytes, "\x89PBZ\r\n\x1a\n", 8);
    ck_assert_uint_eq(u32_at(f.bytes + 8), 1);
    const uint32_t header = u32_at(f.bytes + 12), entries = u32_at(f.bytes + 20),
                   arrays = u32_at(f.bytes + 28);
    ck_assert_uint_eq(u32_at(f.bytes + 16), crc32(0, f.bytes + PREFIX, header));
    ck_assert_uint_eq(entries, 4 + 2);
    const unsigned char *table = f.bytes + PREFIX + header;
    ck_assert_uint_eq(u32_at(f.bytes + 24), crc32(0, table, entries * ENTRY));
    const unsigned char *chunk = table + entries * ENTRY;
    ck_assert_uint_eq(u32_at(f.bytes + 32), crc32(0, chunk, arrays));
    ck_assert_uint_eq(u32_at(f.bytes + 36), f.count);
    ck_assert_uint_eq(u32_at(f.bytes + 40), 0);
    ck_assert_uint_eq(u32_at(f.bytes + 48), crc32(0, f.bytes, 48));
    chunk += arrays;
    const bool by_columns = strstr((char *)f.bytes + PREFIX, "\"order\":\"columns\"") != NULL;
    const int bytes = 3 * 5; /* planes of 35 bits */
    for (uint32_t e = 0, sample = 0; e < entries; e++) {
        const unsigned char *entry = table + e * ENTRY;
        const int count = (int)u32_at(entry + 4);
        ck_assert_uint_eq(u32_at(entry), e >= 4);
        ck_assert_uint_eq(u32_at(entry + 12), crc32(0, chunk, u32_at(entry + 8)));
        unsigned char raw[16 * (15 + 1)];
        ck_assert_uint_eq(ZSTD_decompress(raw, sizeof raw, chunk, u32_at(entry + 8)),
                          (size_t)count * (15 + 1));
        for (int n = 0; n < count; n++, sample++) {
            const unsigned char *at = raw + (by_columns ? n : n * bytes);
            for (int i = 0; i < SET_VALUES; i++)
                ck_assert_int_eq(code_in(at, by_columns ? (size_t)count : 1, 3, i),
                                 set_value((int)sample, i, SET_CODES_3));
            ck_assert_int_eq(raw[count * bytes + n], set_label((int)sample));
        }
        chunk += u32_at(entry + 8);
    }
    ck_assert_ptr_eq(chunk, f.bytes + f.count);
    free(f.bytes);
}
END_TEST

/* Chunks of every kind in every order that it may lie in. */
START_TEST(chunks_come_back_in_every_order)
{
    pb_dataset *d = set_make(ctx, (set_kind)_i);
    const bool may_be_codes = _i == SET_CODES_3;
    ck_assert_int_eq(pb_pbz_may_lie(d, PB_ORDER_CODES), may_be_codes);
    for (int order = 0; order < (may_be_codes ? PB_ORDERS : PB_ORDER_CODES); order++) {
        const pb_pbz_rows rows = pb_pbz_rows_of(d, (pb_chunk_order)order, SET_TRAIN);
        const size_t bytes = rows.bytes * rows.count;
        unsigned char *packed = malloc(pb_pbz_bound(&rows)), *samples = malloc(bytes);
        int32_t labels[SET_TRAIN];
        const char *problem = NULL;
        size_t stored;
        OK(pb_pbz_pack(ctx, 9, &rows, d->train.data, d->train.labels, packed, &stored));
        OK(pb_pbz_unpack(ctx, &rows, packed, stored, samples, labels, &problem));
        ck_assert_mem_eq(samples, d->train.data, bytes);
        ck_assert_mem_eq(labels, d->train.labels, sizeof labels);
        free(packed);
        free(samples);
    }
    pb_dataset_free(&d);
}
END_TEST

/* Columns of bytes with two codes of 3 bits each, the first in the lowest; the last has one alone.
 */
START_TEST(whole_codes_lie_as_documented)
{
    enum { COLUMNS = (SET_VALUES + 1) / 2, BYTES = SET_TRAIN * (COLUMNS + 1) };
    pb_dataset *d = set_make(ctx, SET_CODES_3);
    const pb_pbz_rows rows = pb_pbz_rows_of(d, PB_ORDER_CODES, SET_TRAIN);
    unsigned char packed[2 * BYTES + 4096], raw[BYTES + 1], samples[SET_TRAIN * 15];
    int32_t labels[SET_TRAIN];
    const char *problem = NULL;
    size_t stored;
    ck_assert_uint_le(pb_pbz_bound(&rows), sizeof packed);
    OK(pb_pbz_pack(ctx, 1, &rows, d->train.data, d->train.labels, packed, &stored));
    ck_assert_uint_eq(ZSTD_decompress(raw, sizeof raw, packed, stored), BYTES);
    for (int n = 0; n < SET_TRAIN; n++)
        for (int i = 0; i < SET_VALUES + 1; i++) {
            const int want = i < SET_VALUES ? set_value(n, i, SET_CODES_3) : 0;
            ck_assert_int_eq(raw[i / 2 * SET_TRAIN + n] >> i % 2 * 3 & 7, want);
            ck_assert_int_lt(raw[i / 2 * SET_TRAIN + n], 64);
        }
    static const int wrong[] = {7, COLUMNS * SET_TRAIN - 1}; /* of two codes, and of one */
    static const unsigned char bit[] = {64, 8};
    for (int i = 0; i < 2; i++) {
        raw[wrong[i]] ^= bit[i];
        stored = ZSTD_compress(packed, sizeof packed, raw, BYTES, 1);
        raw[wrong[i]] ^= bit[i];
        ck_assert_int_eq(pb_pbz_unpack(ctx, &rows, packed, stored, samples, labels, &problem),
                         PB_ERR_DATA);
        ck_assert_str_eq(problem, "a code is out of range");
    }
    pb_dataset_free(&d);
}
END_TEST

/* With more than 256 classes a label takes two bytes, which lie apart. */
START_TEST(labels_of_two_bytes_come_back)
{
    enum { CLASSES = 300 };
    pb_dataset *d = set_make(ctx, (set_kind)_i), *got;
    char name[32];
    d->class_names = realloc(d->class_names, CLASSES * sizeof *d->class_names);
    for (; d->classes < CLASSES; d->classes++) {
        snprintf(name, sizeof name, "class %d", d->classes);
        d->class_names[d->classes] = strdup(name);
    }
    for (int i = 0; i < SET_TRAIN; i++) d->train.labels[i] = (i * 37 + 250) % CLASSES;
    d->test.labels[0] = CLASSES - 1;
    OK(pb_compressed_write(ctx, path, d, &(pb_compressed_options){.chunk_samples = 16}));
    OK(load(false, &got));
    ck_assert_int_eq(got->classes, CLASSES);
    ck_assert_str_eq(got->class_names[CLASSES - 1], "class 299");
    compare_part(d, &got->train, &d->train);
    compare_part(d, &got->test, &d->test);
    pb_dataset_free(&got);
    pb_dataset_free(&d);
}
END_TEST

/* ---- damage ---- */

START_TEST(every_flipped_byte_is_noticed)
{
    const content f = write_set(SET_CODES_3, &(pb_compressed_options){.chunk_samples = 16});
    for (size_t i = 0; i < f.count; i++) {
        pb_dataset *d;
        const unsigned char before = f.bytes[i];
        f.bytes[i] ^= (unsigned char)(1 + i * 37 % 255);
        put_file(f.bytes, f.count);
        f.bytes[i] = before;
        ck_assert_msg(load(false, &d) == PB_ERR_DATA, "byte %zu of %zu", i, f.count);
        ck_assert_ptr_null(d);
        ck_assert_ptr_nonnull(strstr(pb_error(ctx), path));
    }
    free(f.bytes);
}
END_TEST

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* Bytes changed, moved, cut off, put in. Returns how many bytes there are now. */
static size_t mutate(unsigned char *bytes, size_t count, uint32_t *state)
{
    const uint32_t how = next_random(state) % 5, at = next_random(state) % (uint32_t)count,
                   other = next_random(state) % (uint32_t)count;
    const size_t run = 1 + next_random(state) % 40;
    switch (how) {
    case 0: return at;
    case 1: memmove(bytes + at, bytes + at / 2, count - at); return count;
    case 2: memmove(bytes + at + 1, bytes + at, count - at); return count + 1;
    case 3:
        for (size_t i = at; i < at + run && i < count; i++)
            bytes[i] = (unsigned char)next_random(state);
        return count;
    default:
        bytes[at] = (unsigned char)(bytes[at] + 1 + other % 255);
        bytes[other] = (unsigned char)next_random(state);
        return count;
    }
}

/* What is left are samples of the original, with their labels, in its order. */
static void assert_rows_of(const pb_dataset *d, const pb_samples *left, const pb_samples *whole)
{
    const size_t bytes = set_sample_bytes(d);
    ck_assert_uint_eq(bytes, 15);
    for (int n = 0, at = 0; n < left->count; n++, at++) {
        const char *sample = (const char *)left->data + (size_t)n * bytes;
        while (at < whole->count &&
               (memcmp(sample, (const char *)whole->data + (size_t)at * bytes, bytes) != 0 ||
                left->labels[n] != whole->labels[at]))
            at++;
        ck_assert_int_lt(at, whole->count);
    }
}

START_TEST(mutated_files_never_change_silently)
{
    const content f = write_set(SET_CODES_3, &(pb_compressed_options){.chunk_samples = 16});
    unsigned char *bytes = malloc(2 * f.count);
    pb_dataset *want = set_make(ctx, SET_CODES_3);
    uint32_t state = 5;
    for (int i = 0; i < MUTATIONS; i++) {
        pb_dataset *d;
        char *json;
        memcpy(bytes, f.bytes, f.count);
        const size_t count = mutate(bytes, f.count, &state);
        put_file(bytes, count);
        const bool is_same = count == f.count && memcmp(bytes, f.bytes, count) == 0;
        const pb_status status = load(false, &d);
        ck_assert_int_eq(status, is_same ? PB_OK : PB_ERR_DATA);
        if (status == PB_OK) compare_sets(d, want);
        pb_dataset_free(&d);
        if (load(true, &d) == PB_OK) {
            assert_rows_of(d, &d->train, &want->train);
            assert_rows_of(d, &d->test, &want->test);
        }
        pb_dataset_free(&d);
        if (pb_compressed_inspect(ctx, path, true, &json) == PB_OK) free(json);
    }
    pb_dataset_free(&want);
    free(bytes);
    free(f.bytes);
}
END_TEST

START_TEST(chunks_are_read_in_any_order)
{
    const content f = write_set(SET_CODES_3, &(pb_compressed_options){.chunk_samples = 16});
    pb_compressed_file *file;
    pb_dataset *want = set_make(ctx, SET_CODES_3);
    OK(pb_compressed_open(ctx, path, &file));
    int count;
    const pb_compressed_chunk *chunks = pb_compressed_chunks(file, &count);
    ck_assert_int_eq(count, 6);
    for (int i = count - 1; i >= 0; i--) {
        uint8_t samples[16 * 15];
        int32_t labels[16];
        const pb_samples *part = chunks[i].is_test ? &want->test : &want->train;
        const size_t n = (size_t)chunks[i].count, first = (size_t)chunks[i].first;
        OK(pb_compressed_read(file, i, samples, labels));
        ck_assert_mem_eq(samples, (uint8_t *)part->data + 15 * first, 15 * n);
        ck_assert_mem_eq(labels, part->labels + first, sizeof *labels * n);
    }
    pb_compressed_close(&file);
    pb_dataset_free(&want);
    free(f.bytes);
}
END_TEST

static void count_lines(void *user, pb_log_level level, const char *line)
{
    ck_assert_int_eq(level, PB_LOG_WARN);
    ck_assert_ptr_nonnull(strstr(line, "chunk 2 of 6 (training samples 16 to 31"));
    ++*(int *)user;
}

/* Without the second chunk, every other sample is there. */
START_TEST(the_rest_of_a_damaged_file_can_be_read)
{
    const content f = write_set(SET_CODES_3, &(pb_compressed_options){.chunk_samples = 16});
    pb_compressed_file *file;
    int count, lines = 0;
    OK(pb_compressed_open(ctx, path, &file));
    f.bytes[pb_compressed_chunks(file, &count)[1].offset + 3] ^= 1;
    pb_compressed_close(&file);
    put_file(f.bytes, f.count);
    pb_dataset *d, *want = set_make(ctx, SET_CODES_3);
    ck_assert_int_eq(load(false, &d), PB_ERR_DATA);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "chunk 2 of 6 (training samples 16 to 31"));
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "--skip-damaged reads the rest"));
    pb_log_to(ctx, PB_LOG_WARN, count_lines, &lines);
    OK(load(true, &d));
    ck_assert_int_eq(lines, 1);
    ck_assert_int_eq(d->train.count, SET_TRAIN - 16);
    ck_assert_mem_eq(d->train.data, want->train.data, 16 * 15);
    ck_assert_mem_eq((uint8_t *)d->train.data + 16 * 15, (uint8_t *)want->train.data + 32 * 15,
                     (SET_TRAIN - 32) * 15);
    ck_assert_mem_eq(d->train.labels + 16, want->train.labels + 32, (SET_TRAIN - 32) * 4);
    compare_part(want, &d->test, &want->test);
    pb_dataset_free(&d);
    pb_dataset_free(&want);
    free(f.bytes);
}
END_TEST

/* ---- promises ---- */

/* A file whose header has other words, and checksums that fit them. */
static void rewrite_header(const content *f, const char *from, const char *to)
{
    const uint32_t header = u32_at(f->bytes + 12);
    char *text = strndup((const char *)f->bytes + PREFIX, header), *at = strstr(text, from);
    ck_assert_msg(at, "the header has no %s", from);
    const size_t room = f->count + strlen(to) + 64;
    unsigned char *bytes = calloc(1, room);
    const int length = snprintf((char *)bytes + PREFIX, room - PREFIX, "%.*s%s%s", (int)(at - text),
                                text, to, at + strlen(from));
    const size_t rest = f->count - PREFIX - header, count = PREFIX + (size_t)length + rest;
    memcpy(bytes, f->bytes, PREFIX);
    memcpy(bytes + PREFIX + length, f->bytes + PREFIX + header, rest);
    put_u32_at(bytes + 12, (uint32_t)length);
    put_u32_at(bytes + 16, (uint32_t)crc32(0, bytes + PREFIX, (uInt)length));
    put_u32_at(bytes + 36, (uint32_t)count);
    put_u32_at(bytes + 48, (uint32_t)crc32(0, bytes, 48));
    put_file(bytes, count);
    free(bytes);
    free(text);
}

static const struct promise {
    const char *from, *to, *words;
} promises[] = {
    {"\"train\":50", "\"train\":2000000000", "table of chunks is wrong"},
    {"\"train\":50", "\"train\":49", "table of chunks is wrong"},
    {"\"train\":50", "\"train\":-1", "out of range"},
    {"\"train\":50", "\"train\":\"50\"", "lacks a key"},
    {"\"train\":50,", "", "lacks a key"},
    {"\"order\":\"", "\"order\":\"un", "order is samples, columns or codes"},
    {"\"shape\":[5,7],\"train\"", "\"shape\":[50000,10000],\"train\"", "one step"},
    {"\"shape\":[5,7],\"train\"", "\"shape\":[5,0],\"train\"", "no shape"},
    {"\"shape\":[5,7],\"train\"", "\"shape\":[1,5,7,1],\"train\"", "no shape"},
    {"\"shape\":[5,7],\"train\"", "\"shape\":[100000,100000],\"train\"", "no shape"},
    {"\"steps\":35", "\"steps\":1", "arrays"},
    {"\"bits\":3", "\"bits\":9", "1 to 8 bits"},
    {"\"bits\":3", "\"bits\":2", "chunk 1 of 6"},
    {"\"values\":\"codes\"", "\"values\":\"floats\"", "arrays"},
    {"\"values\":\"codes\"", "\"values\":\"words\"", "values are"},
    {"\"chunk_samples\":16", "\"chunk_samples\":15", "table of chunks is wrong"},
    {"\"chunk_samples\":16", "\"chunk_samples\":0", "out of range"},
    {"\"shape\":[2,2]", "\"shape\":[20000,20000]", "arrays that are not there"},
    {"\"shape\":[2,2]", "\"shape\":[2,3]", "arrays are damaged"},
    {"[\"left\",\"right\",\"\xc3\xbc"
     "ber\"]",
     "[\"left\"]", "2 to 65536"},
    {"[\"left\",\"right\",\"\xc3\xbc"
     "ber\"]",
     "[\"left\",\"right\"]", "label"},
    {"\"right\"", "\"wrong\"", "fingerprint"},
    {"scale: unit", "scale: none", "fingerprint"},
    {"{", "[", "header is wrong"},
};

START_TEST(promises_are_not_believed)
{
    const content f = write_set(SET_CODES_3, &(pb_compressed_options){.chunk_samples = 16});
    const struct promise *p = &promises[_i];
    pb_dataset *d;
    rewrite_header(&f, p->from, p->to);
    ck_assert_int_eq(load(false, &d), PB_ERR_DATA);
    ck_assert_msg(strstr(pb_error(ctx), p->words), "%s -> %s: \"%s\" lacks \"%s\"", p->from, p->to,
                  pb_error(ctx), p->words);
    free(f.bytes);
}
END_TEST

/* Chunks may be smaller than the header allows: their number is the table's. */
START_TEST(inspect_counts_the_chunks_that_there_are)
{
    const content f = write_set(SET_CODES_3, &(pb_compressed_options){.chunk_samples = 16});
    char *text;
    rewrite_header(&f, "\"chunk_samples\":16", "\"chunk_samples\":2147483647");
    OK(pb_compressed_inspect(ctx, path, false, &text));
    ck_assert_ptr_nonnull(strstr(text, "\"chunks\": 6,"));
    free(text);
    free(f.bytes);
}
END_TEST

/* ---- fingerprints ---- */

static void fingerprint_of(pb_dataset *d, const pb_compressed_options *how, char hex[65])
{
    OK(pb_compressed_write(ctx, path, d, how));
    strcpy(hex, d->compressed->fingerprint);
    ck_assert_uint_eq(strlen(hex), 64);
}

/* It tells contents apart and nothing else. */
START_TEST(fingerprints_identify_the_content)
{
    pb_dataset *d = set_make(ctx, SET_CODES_3);
    char first[65], other[65];
    fingerprint_of(d, NULL, first);
    fingerprint_of(d, &(pb_compressed_options){.level = 1, .chunk_samples = 7}, other);
    ck_assert_str_eq(first, other);
    strcpy(d->name, "another name");
    fingerprint_of(d, NULL, other);
    ck_assert_str_eq(first, other);
    d->test.labels[3] ^= 1;
    fingerprint_of(d, NULL, other);
    ck_assert_str_ne(first, other);
    d->test.labels[3] ^= 1;
    ((uint8_t *)d->train.data)[100] ^= 2;
    fingerprint_of(d, NULL, other);
    ck_assert_str_ne(first, other);
    ((uint8_t *)d->train.data)[100] ^= 2;
    d->compressed->packing.step[34] *= 2;
    fingerprint_of(d, NULL, other);
    ck_assert_str_ne(first, other);
    pb_dataset_free(&d);
}
END_TEST

/* The header is JSON, which would leave out what it cannot hold. */
START_TEST(names_that_are_not_utf8_are_refused)
{
    for (int which = 0; which < 3; which++) {
        pb_dataset *d = set_make(ctx, SET_BYTES);
        char *const names[] = {d->name, d->compressed->source.name, d->class_names[1]};
        strcpy(names[which], "caf\xe9");
        ck_assert_int_eq(pb_compressed_write(ctx, path, d, NULL), PB_ERR_DATA);
        ck_assert_ptr_nonnull(strstr(pb_error(ctx), "the name \"caf\xe9\" is not UTF-8"));
        ck_assert(!pb_file_exists(path));
        pb_dataset_free(&d);
    }
}
END_TEST

/* A disk without room leaves the file of before. */
START_TEST(a_file_is_written_whole_or_not_at_all)
{
    const content before = write_set(SET_CODES_1, NULL);
    pb_dataset *d = set_make(ctx, SET_CODES_3);
    ck_assert_int_eq(pb_compressed_write(ctx, "/dev/full", d, NULL), PB_ERR_IO);
    ck_assert_int_eq(chmod(s.folder, 0555), 0);
    if (geteuid() != 0) ck_assert_int_eq(pb_compressed_write(ctx, path, d, NULL), PB_ERR_IO);
    ck_assert_int_eq(chmod(s.folder, 0755), 0);
    const content after = read_file();
    ck_assert_uint_eq(after.count, before.count);
    ck_assert_mem_eq(after.bytes, before.bytes, before.count);
    ck_assert_int_eq(scratch_count(s.folder), 1);
    pb_dataset_free(&d);
    free(before.bytes);
    free(after.bytes);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("compressed");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, files_come_back_bit_for_bit, 0, SET_KINDS);
    tcase_add_loop_test(tcase, chunks_come_back_in_every_order, 0, SET_KINDS);
    tcase_add_test(tcase, whole_codes_lie_as_documented);
    tcase_add_loop_test(tcase, labels_of_two_bytes_come_back, 0, SET_KINDS);
    tcase_add_test(tcase, layout_is_the_documented_one);
    tcase_add_test(tcase, every_flipped_byte_is_noticed);
    tcase_add_test(tcase, mutated_files_never_change_silently);
    tcase_add_test(tcase, chunks_are_read_in_any_order);
    tcase_add_test(tcase, the_rest_of_a_damaged_file_can_be_read);
    tcase_add_loop_test(tcase, promises_are_not_believed, 0, sizeof promises / sizeof promises[0]);
    tcase_add_test(tcase, inspect_counts_the_chunks_that_there_are);
    tcase_add_test(tcase, fingerprints_identify_the_content);
    tcase_add_test(tcase, names_that_are_not_utf8_are_refused);
    tcase_add_test(tcase, a_file_is_written_whole_or_not_at_all);
    return run_case("compressed", tcase);
}
