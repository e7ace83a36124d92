/* Line after line, a code is a bit that says whether it is not 0, its magnitude in unary as far as
 * MOST_UNARY and then as an Elias gamma code, and its sign. What is known of its surroundings
 * predicts each bit: how often its column and its line were not 0, its neighbours in the plane, and
 * the same place of the parts before. */
#include "train/code_grid.h"

#include <stdlib.h>
#include <string.h>

#include "train/bit_coder.h"

enum {
    MOST_UNARY = 14,
    GAMMA_BITS = 17,
    SHADES = 12, /* of how dense a column or line is */
    NEIGHBOURS = 32,
    LEVELS = 8, /* parts that are told apart */
    MAGNITUDES = 4,
};

typedef struct book {
    pb_bit_context level[LEVELS], neighbours[LEVELS * NEIGHBOURS], column_shade[LEVELS * SHADES],
        line_shade[LEVELS * SHADES], both_shades[SHADES * SHADES];
    pb_bit_mixer is_kept[SHADES];
    pb_bit_context unary[LEVELS * MOST_UNARY], unary_before[MAGNITUDES * MOST_UNARY],
        unary_shade[SHADES * MOST_UNARY];
    pb_bit_mixer of_unary[MOST_UNARY];
    pb_bit_context gamma[GAMMA_BITS], gamma_bit;
    pb_bit_mixer of_gamma;
    pb_bit_context sign, sign_left[3], sign_above[3];
    pb_bit_mixer of_sign;
    pb_bit_context *column; /* [count] */
    int *filled;            /* [count] codes of the column so far that are not 0 */
} book;

void pb_code_grid_plain(pb_code_grid *grid, int lines, int count)
{
    grid->lines = lines;
    grid->count = count;
    grid->part_count = 1;
    grid->part[0] = (pb_weight_part){.level = 1, .count = count, .width = count};
}

/* ---- surroundings ---- */

typedef struct place {
    const pb_code_grid *grid;
    const int32_t *line; /* codes of the line, known before `at` */
    int row, at, part, level;
    int recent; /* how many of the last 64 of the line are not 0, times 16 in a fading sum */
} place;

static int is_filled(const place *p, int at)
{
    const pb_weight_part *part = &p->grid->part[p->part];
    return at >= part->offset && at < p->at && p->line[at] != 0;
}

/* The code to the left or above in the plane, 0 beyond it. */
static int32_t left_of(const place *p)
{
    const pb_weight_part *part = &p->grid->part[p->part];
    return (p->at - part->offset) % part->width ? p->line[p->at - 1] : 0;
}

static int32_t above(const place *p)
{
    const pb_weight_part *part = &p->grid->part[p->part];
    return p->at - part->width >= part->offset ? p->line[p->at - part->width] : 0;
}

/* Whether the same place of an earlier part of the same size is not 0. */
static int is_filled_before(const place *p)
{
    const pb_weight_part *part = &p->grid->part[p->part];
    for (int i = p->part - 1; i >= 0; i--) {
        const pb_weight_part *before = &p->grid->part[i];
        if (before->count == part->count && p->line[before->offset + p->at - part->offset])
            return 1;
    }
    return 0;
}

static int neighbours(const place *p)
{
    const int width = p->grid->part[p->part].width;
    return (left_of(p) != 0) | is_filled(p, p->at - 2) << 1 | (above(p) != 0) << 2 |
           (is_filled(p, p->at - width + 1) | is_filled(p, p->at - width - 1)) << 3 |
           is_filled_before(p) << 4;
}

/* A share from 0 to 1 as one of SHADES, finer where it is small: about 2 log2(1 + 64 share). */
static int shade(int64_t part, int64_t whole)
{
    int64_t x = whole > 0 ? 64 * 16 * part / whole + 16 : 16; /* 16 stands for 1 */
    int s = 0;
    while (x >= 32 && s < SHADES - 2) x /= 2, s += 2;
    return s + (x >= 23 && s < SHADES - 1);
}

/* How dense the column and those beside it were in the lines before. */
static int column_shade(const book *k, const place *p)
{
    const pb_weight_part *part = &p->grid->part[p->part];
    const bool has_left = p->at > part->offset, has_right = p->at + 1 < part->offset + part->count;
    const int filled = 2 * k->filled[p->at] + (has_left ? k->filled[p->at - 1] : 0) +
                       (has_right ? k->filled[p->at + 1] : 0);
    return shade(filled, (int64_t)p->row * (2 + has_left + has_right));
}

/* ---- one code ---- */

static int code_kept(pb_bit_coder *c, book *k, const place *p, int bit)
{
    const int of_column = column_shade(k, p), of_line = shade(p->recent, 64 * 16);
    pb_bit_context *contexts[] = {&k->level[p->level],
                                  &k->column[p->at],
                                  &k->neighbours[p->level * NEIGHBOURS + neighbours(p)],
                                  &k->column_shade[p->level * SHADES + of_column],
                                  &k->line_shade[p->level * SHADES + of_line],
                                  &k->both_shades[of_column * SHADES + of_line]};
    return pb_bit_code(c, &k->is_kept[of_column], 6, contexts, bit);
}

/* n >= 1: as many zeros as it has bits after the first, a one, those bits. */
static int code_gamma(pb_bit_coder *c, book *k, int n)
{
    int bits = 0, value = 1;
    while (n > 1 && n >> (bits + 1)) bits++; /* what a decoder is given means nothing */
    for (int i = 0; i < GAMMA_BITS; i++) {
        pb_bit_context *context = &k->gamma[i];
        if (pb_bit_code(c, &k->of_gamma, 1, &context, i == bits)) {
            bits = i;
            break;
        }
        if (i == GAMMA_BITS - 1) return 0;
    }
    for (int i = bits - 1; i >= 0; i--) {
        pb_bit_context *context = &k->gamma_bit;
        value = 2 * value + pb_bit_code(c, &k->of_gamma, 1, &context, n >> i & 1);
    }
    return value;
}

/* magnitude >= 1; 0: what was read is none */
static int code_magnitude(pb_bit_coder *c, book *k, const place *p, int before, int magnitude)
{
    const int of_column = column_shade(k, p);
    for (int i = 0; i < MOST_UNARY; i++) {
        pb_bit_context *contexts[] = {&k->unary[p->level * MOST_UNARY + i],
                                      &k->unary_before[before * MOST_UNARY + i],
                                      &k->unary_shade[of_column * MOST_UNARY + i]};
        if (!pb_bit_code(c, &k->of_unary[i], 3, contexts, magnitude > i + 1)) return i + 1;
    }
    const int more = code_gamma(c, k, magnitude - MOST_UNARY);
    return more ? MOST_UNARY + more : 0;
}

static int sign_of(int32_t code)
{
    return code > 0 ? 1 : code < 0 ? 2 : 0;
}

static int code_sign(pb_bit_coder *c, book *k, const place *p, int is_negative)
{
    pb_bit_context *contexts[] = {&k->sign, &k->sign_left[sign_of(left_of(p))],
                                  &k->sign_above[sign_of(above(p))]};
    return pb_bit_code(c, &k->of_sign, 3, contexts, is_negative);
}

/* Codes one line in place; false: what was read is none that was written. */
static bool code_line(pb_bit_coder *c, book *k, const pb_code_grid *grid, int row)
{
    int32_t *line = grid->codes + (size_t)row * (size_t)grid->count;
    place p = {.grid = grid, .line = line, .row = row};
    int before = 0;
    for (p.at = 0; p.at < grid->count; p.at++) {
        while (p.part + 1 < grid->part_count && p.at >= grid->part[p.part + 1].offset) p.part++;
        p.level = p.part < LEVELS ? p.part : LEVELS - 1;
        const int32_t code = line[p.at];
        const int kept = code_kept(c, k, &p, code != 0);
        p.recent += kept * 16 - p.recent / 64;
        line[p.at] = 0;
        if (!kept) continue;
        const int magnitude = code_magnitude(c, k, &p, before, abs(code));
        if (magnitude == 0 || magnitude > PB_CODE_MOST) return false;
        line[p.at] = code_sign(c, k, &p, code < 0) ? -magnitude : magnitude;
        before = magnitude < MAGNITUDES ? magnitude : MAGNITUDES - 1;
        k->filled[p.at]++;
    }
    return true;
}

/* ---- grids ---- */

/* Each grid has a book of its own. */
static pb_status code_grid(pb_context *ctx, pb_bit_coder *c, const pb_code_grid *grid, bool *sound)
{
    book *k = calloc(1, sizeof *k);
    const size_t columns = (size_t)grid->count;
    if (k) k->column = calloc(columns, sizeof *k->column);
    if (k) k->filled = calloc(columns, sizeof *k->filled);
    const bool has_room = k && k->column && k->filled;
    for (int row = 0; has_room && *sound && row < grid->lines; row++)
        *sound = code_line(c, k, grid, row) && !pb_bit_overran(c);
    if (k) free(k->column);
    if (k) free(k->filled);
    free(k);
    return has_room ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "no memory to code parameters");
}

pb_status pb_codes_pack(pb_context *ctx, int count, const pb_code_grid grids[],
                        unsigned char **bytes, size_t *size)
{
    bool sound = true;
    pb_bit_coder *c = pb_bit_encoder();
    pb_status status = c ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "no memory to code parameters");
    for (int i = 0; status == PB_OK && i < count; i++)
        status = code_grid(ctx, c, &grids[i], &sound);
    const unsigned char *coded = status == PB_OK ? pb_bit_bytes(c, size) : NULL;
    *bytes = coded ? malloc(*size + 1) : NULL;
    if (*bytes)
        memcpy(*bytes, coded, *size);
    else if (status == PB_OK)
        status = pb_fail(ctx, PB_ERR_MEMORY, "no memory for coded parameters");
    pb_bit_coder_free(&c);
    return status;
}

pb_status pb_codes_unpack(pb_context *ctx, const unsigned char *bytes, size_t size, int count,
                          pb_code_grid grids[])
{
    bool sound = true;
    pb_bit_coder *c = pb_bit_decoder(bytes, size);
    pb_status status =
        c ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "no memory to read coded parameters");
    for (int i = 0; status == PB_OK && i < count; i++)
        status = code_grid(ctx, c, &grids[i], &sound);
    sound = sound && c && pb_bit_is_whole(c);
    pb_bit_coder_free(&c);
    if (status == PB_OK && !sound)
        return pb_fail(ctx, PB_ERR_DATA, "its coded parameters are damaged");
    return status;
}
