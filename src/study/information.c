#include "study/information.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "data/pbz.h"
#include "study/parts.h"
#include "study/plane.h"

enum { ZSTD_LEVEL = 9, RADIX_BITS = 11, RADIX = 1 << RADIX_BITS };

/* ---- estimates ---- */

double pb_entropy_bits(const uint32_t counts[], size_t n, bool corrected)
{
    double total = 0, bits = 0;
    size_t seen = 0;
    for (size_t i = 0; i < n; i++) total += counts[i];
    for (size_t i = 0; i < n; i++) {
        if (counts[i] == 0) continue;
        bits += counts[i] / total * log2(total / counts[i]);
        seen++;
    }
    if (seen == 0) return 0;
    return corrected ? bits + (double)(seen - 1) / (2 * total * log(2)) : bits;
}

pb_status pb_mutual_information_bits(pb_context *ctx, const uint32_t counts[], size_t rows,
                                     size_t columns, double *bits)
{
    uint32_t *sums = calloc(rows + columns, sizeof *sums);
    if (!sums) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a histogram");
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) {
            sums[r] += counts[r * columns + c];
            sums[rows + c] += counts[r * columns + c];
        }
    *bits = pb_entropy_bits(sums, rows, true) + pb_entropy_bits(sums + rows, columns, true) -
            pb_entropy_bits(counts, rows * columns, true);
    free(sums);
    return PB_OK;
}

double pb_information_bound(double label_bits, double cross_entropy)
{
    return label_bits - cross_entropy / log(2);
}

pb_status pb_label_bits(pb_context *ctx, const pb_samples *part, int classes, double *bits)
{
    uint32_t *counts = calloc((size_t)classes, sizeof *counts);
    if (!counts) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a histogram");
    for (int i = 0; i < part->count; i++) counts[part->labels[i]]++;
    *bits = pb_entropy_bits(counts, (size_t)classes, false);
    free(counts);
    return PB_OK;
}

/* ---- one value of all samples ---- */

/* What a value is in all samples, and the room to count it. */
typedef struct column {
    const pb_stored *s;
    size_t count, classes;
    int32_t *labels;          /* [count]                                                      */
    uint32_t *symbols;        /* [PB_SYMBOLS_MOST, count]                                     */
    uint64_t *sorted, *spare; /* [count] symbol and label; where there is no table of symbols */
    uint32_t *joint;          /* [symbols or bins, classes]                                   */
    uint32_t *runs;           /* [count] how often each symbol stands there                   */
} column;

/* Ascending by symbol, by the radix. */
static void sort(column *c, const uint32_t *symbols)
{
    for (size_t i = 0; i < c->count; i++)
        c->sorted[i] = (uint64_t)symbols[i] << 32 | (uint32_t)c->labels[i];
    for (int shift = 32; shift < 64; shift += RADIX_BITS) {
        size_t at[RADIX] = {0};
        for (size_t i = 0; i < c->count; i++) at[c->sorted[i] >> shift & (RADIX - 1)]++;
        for (size_t k = 0, sum = 0; k < RADIX; k++) {
            const size_t here = at[k];
            at[k] = sum;
            sum += here;
        }
        for (size_t i = 0; i < c->count; i++)
            c->spare[at[c->sorted[i] >> shift & (RADIX - 1)]++] = c->sorted[i];
        uint64_t *swap = c->sorted;
        c->sorted = c->spare;
        c->spare = swap;
    }
}

/* Entropy by the runs of equal symbols; a run falls into the bin that its first sample does. */
static double count_sorted(column *c, const uint32_t *symbols)
{
    sort(c, symbols);
    size_t runs = 0, first = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (i == 0 || c->sorted[i] >> 32 != c->sorted[first] >> 32) {
            first = i;
            c->runs[runs++] = 0;
        }
        c->runs[runs - 1]++;
        const size_t bin = first * PB_INFORMATION_BINS / c->count;
        c->joint[bin * c->classes + (uint32_t)c->sorted[i]]++;
    }
    return pb_entropy_bits(c->runs, runs, false);
}

static double count_table(column *c, const uint32_t *symbols, size_t alphabet)
{
    uint32_t counts[256] = {0};
    for (size_t i = 0; i < c->count; i++) {
        counts[symbols[i]]++;
        c->joint[symbols[i] * c->classes + (size_t)c->labels[i]]++;
    }
    return pb_entropy_bits(counts, alphabet, false);
}

static pb_status measure_value(column *c, const uint32_t *symbols, float *entropy, float *mutual)
{
    const int alphabet = pb_stored_alphabet(c->s);
    const size_t rows = alphabet ? (size_t)alphabet : PB_INFORMATION_BINS;
    double bits;
    memset(c->joint, 0, rows * c->classes * sizeof *c->joint);
    *entropy = (float)(alphabet ? count_table(c, symbols, rows) : count_sorted(c, symbols));
    PB_TRY(pb_mutual_information_bits(c->s->ctx, c->joint, rows, c->classes, &bits));
    *mutual = (float)bits;
    return PB_OK;
}

/* ---- all values ---- */

static void take_symbols(column *c, size_t first, size_t count)
{
    uint32_t symbols[PB_SYMBOLS_MOST];
    for (size_t i = 0; i < c->count; i++) {
        pb_stored_symbols(c->s, pb_stored_row(c->s, (int)i), first, count, symbols);
        for (size_t k = 0; k < count; k++) c->symbols[k * c->count + i] = symbols[k];
    }
}

static pb_status measure_values(column *c, const volatile int *stop, float *entropy, float *mutual)
{
    for (size_t first = 0; first < c->s->values; first += PB_SYMBOLS_MOST) {
        const size_t left = c->s->values - first;
        const size_t count = left < PB_SYMBOLS_MOST ? left : PB_SYMBOLS_MOST;
        PB_TRY(pb_measure_stopped(c->s->ctx, stop));
        take_symbols(c, first, count);
        for (size_t k = 0; k < count; k++)
            PB_TRY(measure_value(c, c->symbols + k * c->count, &entropy[first + k],
                                 &mutual[first + k]));
    }
    return PB_OK;
}

static pb_status open_column(const pb_stored *s, column *c)
{
    const int alphabet = pb_stored_alphabet(s);
    const size_t count = (size_t)s->count, classes = (size_t)s->file->classes;
    *c = (column){.s = s, .count = count, .classes = classes};
    c->labels = malloc(count * sizeof *c->labels);
    c->symbols = malloc(PB_SYMBOLS_MOST * count * sizeof *c->symbols);
    c->joint =
        malloc((alphabet ? (size_t)alphabet : PB_INFORMATION_BINS) * classes * sizeof *c->joint);
    c->sorted = malloc((alphabet ? 1 : count) * sizeof *c->sorted);
    c->spare = malloc((alphabet ? 1 : count) * sizeof *c->spare);
    c->runs = malloc((alphabet ? 1 : count) * sizeof *c->runs);
    if (!c->labels || !c->symbols || !c->joint || !c->sorted || !c->spare || !c->runs)
        return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for a histogram");
    for (int i = 0; i < s->count; i++) c->labels[i] = pb_stored_label(s, i);
    return PB_OK;
}

static void close_column(column *c)
{
    free(c->labels);
    free(c->symbols);
    free(c->joint);
    free(c->sorted);
    free(c->spare);
    free(c->runs);
}

/* ---- zstd ---- */

/* A chunk without its labels, which are no part of what the samples hold. */
static pb_pbz_rows rows_of(const pb_stored *s, int count)
{
    pb_pbz_rows rows = pb_pbz_rows_of(s->file, s->file->compressed->order, count);
    rows.label_bytes = 0;
    return rows;
}

static pb_status compress(const pb_stored *s, uint8_t *room, size_t *bytes)
{
    const pb_samples *parts[] = {&s->file->train, &s->file->test};
    const int most = s->file->compressed->chunk_samples;
    *bytes = 0;
    for (int p = 0; p < 2; p++)
        for (int first = 0; first < parts[p]->count; first += most) {
            const int left = parts[p]->count - first;
            const pb_pbz_rows rows = rows_of(s, left < most ? left : most);
            size_t stored;
            PB_TRY(pb_pbz_pack(s->ctx, ZSTD_LEVEL, &rows,
                               (const uint8_t *)parts[p]->data + (size_t)first * s->row_bytes,
                               parts[p]->labels + first, room, &stored));
            *bytes += stored;
        }
    return PB_OK;
}

/* In the order that the file has. */
static pb_status zstd_bits(const pb_stored *s, double *bits)
{
    const pb_compressed *about = s->file->compressed;
    const int longest =
        s->file->train.count > s->file->test.count ? s->file->train.count : s->file->test.count;
    const pb_pbz_rows rows =
        rows_of(s, longest < about->chunk_samples ? longest : about->chunk_samples);
    uint8_t *room = malloc(pb_pbz_bound(&rows));
    size_t bytes = 0;
    const pb_status status =
        room ? compress(s, room, &bytes) : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for a chunk");
    free(room);
    *bits = 8 * (double)bytes / s->count;
    return status;
}

/* ---- the whole ---- */

static double sum_of(const float *numbers, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)numbers[i];
    return sum;
}

static double largest_of(const float *numbers, size_t count)
{
    double largest = -INFINITY;
    for (size_t i = 0; i < count; i++) largest = fmax(largest, (double)numbers[i]);
    return largest;
}

static pb_status describe(const pb_stored *s, const float *entropy, const float *mutual,
                          json_t **result)
{
    const pb_samples *judged = s->file->test.count > 0 ? &s->file->test : &s->file->train;
    double zstd, label_bits, stored = 8 * (double)s->row_bytes;
    const double independent = sum_of(entropy, s->values);
    PB_TRY(zstd_bits(s, &zstd));
    PB_TRY(pb_label_bits(s->ctx, judged, s->file->classes, &label_bits));
    *result =
        json_pack("{s:i, s:I, s:f, s:o, s:o, s:o, s:o, s:{s:o, s:o}}", "samples", s->count,
                  "values", (json_int_t)s->values, "bits_stored", stored, "bits_entropy",
                  pb_json_real(independent), "bits_zstd", pb_json_real(zstd), "zstd_over_entropy",
                  pb_json_real(zstd / independent), "label_bits", pb_json_real(label_bits),
                  "mutual_information", "largest", pb_json_real(largest_of(mutual, s->values)),
                  "mean", pb_json_real(sum_of(mutual, s->values) / (double)s->values));
    return *result ? PB_OK : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for measures");
}

/* As the heat map shows it. */
static pb_status save_map(const pb_stored *s, const char *folder, const float *mutual)
{
    pb_shape shape;
    float *plane;
    PB_TRY(pb_plane_of(s, mutual, &shape, &plane));
    const pb_status status = pb_measure_save(s, folder, "information_map.npy", 0, shape, plane);
    free(plane);
    return status;
}

static pb_status measure(const pb_stored *s, const volatile int *stop, const char *folder,
                         float *entropy, float *mutual, json_t **result)
{
    column c;
    pb_status status = open_column(s, &c);
    if (status == PB_OK) status = measure_values(&c, stop, entropy, mutual);
    close_column(&c);
    PB_TRY(status);
    PB_TRY(pb_measure_save(s, folder, "entropy.npy", 0, s->shape, entropy));
    PB_TRY(pb_measure_save(s, folder, "mutual_information.npy", 0, s->shape, mutual));
    PB_TRY(save_map(s, folder, mutual));
    return describe(s, entropy, mutual, result);
}

pb_status pb_measure_information(const pb_stored *s, const volatile int *stop, const char *folder,
                                 json_t **result)
{
    float *entropy = malloc(s->values * sizeof *entropy);
    float *mutual = malloc(s->values * sizeof *mutual);
    const pb_status status = entropy && mutual
                                 ? measure(s, stop, folder, entropy, mutual, result)
                                 : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for measures");
    free(entropy);
    free(mutual);
    return status;
}
