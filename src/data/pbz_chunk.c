/* Chunks of a compressed data set: samples, either one after another or as byte columns, and
 * labels.
 *
 * A column holds the same bits of every sample. Their distribution is that of a few coefficients,
 * so an entropy code of its own, which each column gets, fits it better than one code fits whole
 * samples. Pixels are better kept in the order of the image, where the same strokes come again. */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "data/pbz.h"

/* Rows and columns at a time, so that both sides of a transposition stay in the cache. */
enum { TILE = 64 };
enum { BLOCK_MOST = 1 << 17, BLOCK_LEAST = 4 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* from [rows, columns] -> to [columns, rows] */
static void transpose(const unsigned char *from, size_t rows, size_t columns, unsigned char *to)
{
    for (size_t r = 0; r < rows; r += TILE)
        for (size_t c = 0; c < columns; c += TILE)
            for (size_t j = c; j < least(c + TILE, columns); j++)
                for (size_t i = r; i < least(r + TILE, rows); i++)
                    to[j * rows + i] = from[i * columns + j];
}

static size_t raw_bytes(const pb_pbz_rows *rows)
{
    return rows->count * (rows->bytes + rows->label_bytes);
}

bool pb_pbz_may_hold(uint64_t stored, uint64_t raw)
{
    return raw / BLOCK_MOST <= stored / BLOCK_LEAST;
}

/* A block of its own may cost each column more than the frame's bound counts with: as much again as
 * the heads of blocks and of their tables, when nothing can be compressed. */
size_t pb_pbz_bound(const pb_pbz_rows *rows)
{
    return ZSTD_compressBound(raw_bytes(rows)) + 64 * (rows->bytes + rows->label_bytes) + 64;
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
    const bool is_sample = at < rows->count * rows->bytes;
    return is_sample && !rows->by_columns ? rows->count * rows->bytes : rows->count;
}

/* Every piece ends a block; the last one ends the frame. */
static size_t compress_pieces(ZSTD_CCtx *context, const pb_pbz_rows *rows, const unsigned char *raw,
                              ZSTD_outBuffer *out)
{
    for (size_t at = 0, bytes; at < raw_bytes(rows); at += bytes) {
        bytes = piece_bytes(rows, at);
        ZSTD_inBuffer in = {raw + at, bytes, 0};
        const ZSTD_EndDirective end = at + bytes < raw_bytes(rows) ? ZSTD_e_flush : ZSTD_e_end;
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
    if (!ZSTD_isError(code)) code = ZSTD_CCtx_setPledgedSrcSize(context, raw_bytes(rows));
    if (!ZSTD_isError(code)) code = compress_pieces(context, rows, raw, out);
    ZSTD_freeCCtx(context);
    return code;
}

pb_status pb_pbz_pack(pb_context *ctx, int level, const pb_pbz_rows *rows,
                      const unsigned char *samples, const int32_t *labels, unsigned char *to,
                      size_t *stored)
{
    unsigned char *raw = malloc(raw_bytes(rows));
    if (!raw) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a chunk");
    if (rows->by_columns)
        transpose(samples, rows->count, rows->bytes, raw);
    else
        memcpy(raw, samples, rows->count * rows->bytes);
    put_labels(labels, rows, raw + rows->count * rows->bytes);
    ZSTD_outBuffer out = {to, pb_pbz_bound(rows), 0};
    const size_t code = compress_frame(level, rows, raw, &out);
    free(raw);
    *stored = out.pos;
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
    unsigned char *raw = malloc(raw_bytes(rows));
    if (!raw) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a chunk");
    const size_t got = ZSTD_decompress(raw, raw_bytes(rows), from, stored);
    const bool is_whole = !ZSTD_isError(got) && got == raw_bytes(rows);
    if (is_whole) {
        if (rows->by_columns)
            transpose(raw, rows->bytes, rows->count, samples);
        else
            memcpy(samples, raw, rows->count * rows->bytes);
        get_labels(raw + rows->count * rows->bytes, rows, labels);
    }
    free(raw);
    if (ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation) /* no damage to be left out */
        return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a chunk");
    *problem = ZSTD_isError(got) ? ZSTD_getErrorName(got) : "it is of another size than it should";
    return is_whole ? PB_OK : PB_ERR_DATA;
}
