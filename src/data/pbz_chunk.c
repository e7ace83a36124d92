/* Chunks of a compressed data set: samples, one after another, as byte columns or as columns of
 * codes, and labels.
 *
 * A column holds the same bits of every sample. Their distribution is that of a few coefficients,
 * so an entropy code of its own, which each column gets, fits it better than one code fits whole
 * samples. Bytes of whole codes have the distribution of one coefficient or of a few, which bits of
 * many coefficients blur. Pixels are better kept in the order of the image, where the same strokes
 * come again. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/packing.h"
#include "data/loader.h"
#include "data/pbz.h"

/* Rows and columns at a time, so that both sides of a transposition stay in the cache. */
enum { TILE = 64 };
enum { BLOCK_MOST = 1 << 17, BLOCK_LEAST = 4 };
/* Among codes short matches are chance, and cost more than the codes themselves. */
enum { LONG_MATCH = 7 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static uint64_t get_8(const unsigned char *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof word);
    return le64toh(word);
}

static void put_8(uint64_t word, unsigned char *to)
{
    const uint64_t bytes = htole64(word);
    memcpy(to, &bytes, sizeof bytes);
}

/* Exchanges what lies `distance` columns right in one of two rows with what lies left in the other.
 */
static void exchange(uint64_t *upper, uint64_t *lower, int distance, uint64_t left)
{
    const uint64_t other = (*upper >> 8 * distance ^ *lower) & left;
    *lower ^= other;
    *upper ^= other << 8 * distance;
}

/* 8 x 8 bytes, as a transposition of blocks of 4 x 4, then of 2 x 2 in these, then of bytes in
 * those. */
static void transpose_8(const unsigned char *from, size_t columns, unsigned char *to, size_t rows)
{
    uint64_t row[8];
    for (size_t i = 0; i < 8; i++) row[i] = get_8(from + i * columns);
    for (int i = 0; i < 4; i++) exchange(&row[i], &row[i + 4], 4, 0x00000000ffffffffu);
    for (int i = 0; i < 8; i += i % 2 ? 3 : 1)
        exchange(&row[i], &row[i + 2], 2, 0x0000ffff0000ffffu);
    for (int i = 0; i < 8; i += 2) exchange(&row[i], &row[i + 1], 1, 0x00ff00ff00ff00ffu);
    for (size_t i = 0; i < 8; i++) put_8(row[i], to + i * rows);
}

/* from [rows, columns], `from_step` bytes a row -> to [columns, rows], `to_step` bytes a row */
static void transpose_tile(const unsigned char *from, size_t rows, size_t columns, size_t from_step,
                           unsigned char *to, size_t to_step)
{
    unsigned char
        near[TILE * TILE]; /* rows a power of two apart would share few places of the cache */
    for (size_t i = 0; i < rows; i++) memcpy(near + i * TILE, from + i * from_step, columns);
    for (size_t j = 0; j < columns; j += 8)
        for (size_t i = 0; i < rows; i += 8)
            if (i + 8 <= rows && j + 8 <= columns)
                transpose_8(near + i * TILE + j, TILE, to + j * to_step + i, to_step);
            else
                for (size_t c = j; c < least(j + 8, columns); c++)
                    for (size_t r = i; r < least(i + 8, rows); r++)
                        to[c * to_step + r] = near[r * TILE + c];
}

/* from [rows, columns] -> to [columns, rows] */
static void transpose(const unsigned char *from, size_t rows, size_t columns, unsigned char *to)
{
    for (size_t r = 0; r < rows; r += TILE)
        for (size_t c = 0; c < columns; c += TILE)
            transpose_tile(from + r * columns + c, least(TILE, rows - r), least(TILE, columns - c),
                           columns, to + c * rows + r, rows);
}

bool pb_pbz_may_lie(const pb_dataset *d, pb_chunk_order order)
{
    const int bits = d->compressed->packing.bits;
    return order != PB_ORDER_CODES || (bits > 1 && bits < PB_BITS_CODE_MAX);
}

pb_pbz_rows pb_pbz_rows_of(const pb_dataset *d, pb_chunk_order order, int count)
{
    const pb_packing *p = &d->compressed->packing;
    return (pb_pbz_rows){.count = (size_t)count,
                         .bytes = pb_sample_bytes(d),
                         .label_bytes = pb_pbz_label_bytes(d),
                         .order = order,
                         .values = p->bits ? pb_shape_count(p->shape) : 0,
                         .bits = p->bits};
}

/* Whole codes that fit a byte. */
static size_t codes_per_byte(const pb_pbz_rows *rows)
{
    return 8 / (size_t)rows->bits;
}

/* Bytes of a sample's values before compression. */
static size_t columns(const pb_pbz_rows *rows)
{
    if (rows->order != PB_ORDER_CODES) return rows->bytes;
    return (rows->values + codes_per_byte(rows) - 1) / codes_per_byte(rows);
}

size_t pb_pbz_raw_bytes(const pb_pbz_rows *rows)
{
    return rows->count * (columns(rows) + rows->label_bytes);
}

bool pb_pbz_may_hold(uint64_t stored, uint64_t raw)
{
    return raw / BLOCK_MOST <= stored / BLOCK_LEAST;
}

/* A block of its own may cost each column more than the frame's bound counts with: as much again as
 * the heads of blocks and of their tables, when nothing can be compressed. */
size_t pb_pbz_bound(const pb_pbz_rows *rows)
{
    return ZSTD_compressBound(pb_pbz_raw_bytes(rows)) + 64 * (columns(rows) + rows->label_bytes) +
           64;
}

/* ---- the order of samples ---- */

/* Codes of a sample, as many in a byte as fit: codes [values] -> bytes [columns] */
static void join(const pb_pbz_rows *rows, const unsigned char *codes, unsigned char *bytes)
{
    const size_t per = codes_per_byte(rows), bits = (size_t)rows->bits;
    for (size_t v = 0; v < rows->values; v += per, bytes++) {
        unsigned byte = 0;
        for (size_t k = 0; k < per && v + k < rows->values; k++)
            byte |= (unsigned)codes[v + k] << k * bits;
        *bytes = (unsigned char)byte;
    }
}

/* And back; false where a bit is set that belongs to no code. */
static bool part(const pb_pbz_rows *rows, const unsigned char *bytes, unsigned char *codes)
{
    const size_t per = codes_per_byte(rows), bits = (size_t)rows->bits;
    unsigned left = 0;
    for (size_t v = 0; v < rows->values; v += per, bytes++) {
        unsigned byte = *bytes;
        for (size_t k = 0; k < per && v + k < rows->values; k++, byte >>= bits)
            codes[v + k] = (unsigned char)(byte & ((1u << bits) - 1));
        left |= byte;
    }
    return left == 0;
}

/* Joined codes lie in [count, columns] on their way, the codes of one sample behind them. */
static unsigned char *code_memory(const pb_pbz_rows *rows)
{
    return malloc(rows->count * columns(rows) + rows->values);
}

static pb_status lay_codes(pb_context *ctx, const pb_pbz_rows *rows, const unsigned char *samples,
                           unsigned char *raw)
{
    unsigned char *joined = code_memory(rows);
    if (!joined) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a chunk");
    unsigned char *codes = joined + rows->count * columns(rows);
    for (size_t i = 0; i < rows->count; i++) {
        pb_unpack_codes(samples + i * rows->bytes, rows->values, rows->bits, codes);
        join(rows, codes, joined + i * columns(rows));
    }
    transpose(joined, rows->count, columns(rows), raw);
    free(joined);
    return PB_OK;
}

static pb_status take_codes(pb_context *ctx, const pb_pbz_rows *rows, const unsigned char *raw,
                            unsigned char *samples, const char **problem)
{
    unsigned char *joined = code_memory(rows);
    if (!joined) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a chunk");
    unsigned char *codes = joined + rows->count * columns(rows);
    transpose(raw, columns(rows), rows->count, joined);
    for (size_t i = 0; i < rows->count; i++) {
        if (!part(rows, joined + i * columns(rows), codes)) *problem = "a code is out of range";
        pb_pack_codes(codes, rows->values, rows->bits, samples + i * rows->bytes);
    }
    free(joined);
    return *problem ? PB_ERR_DATA : PB_OK;
}

/* samples [count, bytes] -> raw */
static pb_status lay(pb_context *ctx, const pb_pbz_rows *rows, const unsigned char *samples,
                     unsigned char *raw)
{
    if (rows->order == PB_ORDER_CODES) return lay_codes(ctx, rows, samples, raw);
    if (rows->order == PB_ORDER_COLUMNS)
        transpose(samples, rows->count, rows->bytes, raw);
    else
        memcpy(raw, samples, rows->count * rows->bytes);
    return PB_OK;
}

static pb_status take_up(pb_context *ctx, const pb_pbz_rows *rows, const unsigned char *raw,
                         unsigned char *samples, const char **problem)
{
    if (rows->order == PB_ORDER_CODES) return take_codes(ctx, rows, raw, samples, problem);
    if (rows->order == PB_ORDER_COLUMNS)
        transpose(raw, rows->bytes, rows->count, samples);
    else
        memcpy(samples, raw, rows->count * rows->bytes);
    return PB_OK;
}

/* ---- compressing ---- */

static void put_labels(const int32_t *labels, const pb_pbz_rows *rows, unsigned char *to)
{
    for (size_t b = 0; b < rows->label_bytes; b++)
        for (size_t i = 0; i < rows->count; i++)
            to[b * rows->count + i] = (unsigned char)(labels[i] >> 8 * b);
}

/* What lies between two ends of blocks. */
static size_t piece_bytes(const pb_pbz_rows *rows, size_t at)
{
    const size_t samples = rows->count * columns(rows);
    return at < samples && rows->order == PB_ORDER_SAMPLES ? samples : rows->count;
}

/* Every piece ends a block; the last one ends the frame. */
static size_t compress_pieces(ZSTD_CCtx *context, const pb_pbz_rows *rows, const unsigned char *raw,
                              ZSTD_outBuffer *out)
{
    const size_t all = pb_pbz_raw_bytes(rows);
    for (size_t at = 0, bytes; at < all; at += bytes) {
        bytes = piece_bytes(rows, at);
        ZSTD_inBuffer in = {raw + at, bytes, 0};
        const ZSTD_EndDirective end = at + bytes < all ? ZSTD_e_flush : ZSTD_e_end;
        const size_t left = ZSTD_compressStream2(context, out, &in, end);
        if (ZSTD_isError(left)) return left;
        if (left > 0) return (size_t)-ZSTD_error_dstSize_tooSmall;
    }
    return 0;
}

static size_t compress_frame(int level, const pb_pbz_rows *rows, const unsigned char *raw,
                             ZSTD_outBuffer *out)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    if (!context) return (size_t)-ZSTD_error_memory_allocation;
    size_t code = ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    if (!ZSTD_isError(code) && rows->order == PB_ORDER_CODES)
        code = ZSTD_CCtx_setParameter(context, ZSTD_c_minMatch, LONG_MATCH);
    if (!ZSTD_isError(code)) code = ZSTD_CCtx_setPledgedSrcSize(context, pb_pbz_raw_bytes(rows));
    if (!ZSTD_isError(code)) code = compress_pieces(context, rows, raw, out);
    ZSTD_freeCCtx(context);
    return code;
}

pb_status pb_pbz_pack(pb_context *ctx, int level, const pb_pbz_rows *rows,
                      const unsigned char *samples, const int32_t *labels, unsigned char *to,
                      size_t *stored)
{
    unsigned char *raw = malloc(pb_pbz_raw_bytes(rows));
    if (!raw) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a chunk");
    const pb_status status = lay(ctx, rows, samples, raw);
    put_labels(labels, rows, raw + rows->count * columns(rows));
    ZSTD_outBuffer out = {to, pb_pbz_bound(rows), 0};
    const size_t code = status == PB_OK ? compress_frame(level, rows, raw, &out) : 0;
    free(raw);
    *stored = out.pos;
    PB_TRY(status);
    if (!ZSTD_isError(code)) return PB_OK;
    const bool no_memory = ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation;
    return pb_fail(ctx, no_memory ? PB_ERR_MEMORY : PB_ERR_INTERNAL, "zstd: %s",
                   ZSTD_getErrorName(code));
}

/* ---- and back ---- */

static void get_labels(const unsigned char *from, const pb_pbz_rows *rows, int32_t *labels)
{
    for (size_t i = 0; i < rows->count; i++) {
        labels[i] = from[i];
        if (rows->label_bytes > 1) labels[i] |= from[rows->count + i] << 8;
    }
}

pb_status pb_pbz_unpack(pb_context *ctx, const pb_pbz_rows *rows, const unsigned char *from,
                        size_t stored, unsigned char *samples, int32_t *labels,
                        const char **problem)
{
    const size_t bytes = pb_pbz_raw_bytes(rows);
    unsigned char *raw = malloc(bytes);
    if (!raw) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a chunk");
    const size_t got = ZSTD_decompress(raw, bytes, from, stored);
    pb_status status = PB_ERR_DATA;
    if (ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation) /* no damage to be left out */
        status = pb_fail(ctx, PB_ERR_MEMORY, "no memory for a chunk");
    else if (ZSTD_isError(got))
        *problem = ZSTD_getErrorName(got);
    else if (got != bytes)
        *problem = "it is of another size than it should";
    else
        status = take_up(ctx, rows, raw, samples, problem);
    if (status == PB_OK) get_labels(raw + rows->count * columns(rows), rows, labels);
    free(raw);
    return status;
}
