/* Codes packed and unpacked: to the same numbers, in few bytes, and never a crash of damaged ones.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "train/code_grid.h"

enum { LINES = 60, COUNT = 120, ALL = LINES * COUNT };

static uint32_t next_of(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Codes of which so many of 1000 are not 0, in two parts; now and then a large one. */
static void fill(int32_t codes[ALL], int share, uint32_t seed)
{
    for (int i = 0; i < ALL; i++) {
        const int kept = (int)(next_of(&seed) % 1000) < share;
        const int large = next_of(&seed) % 50 == 0;
        const int size = 1 + (int)(next_of(&seed) % (large ? PB_CODE_MOST : 7));
        codes[i] = !kept ? 0 : next_of(&seed) % 2 ? size : -size;
    }
}

static pb_code_grid grid_of(int32_t codes[ALL])
{
    pb_code_grid grid = {.lines = LINES, .count = COUNT, .part_count = 2, .codes = codes};
    grid.part[0] = (pb_weight_part){.level = 0, .offset = 0, .count = 60, .width = 10};
    grid.part[1] = (pb_weight_part){.level = 1, .offset = 60, .count = 60, .width = 60};
    return grid;
}

START_TEST(codes_come_back)
{
    static const int shares[] = {0, 1, 30, 500, 1000};
    int32_t codes[ALL], wanted[ALL], bias[10] = {-127, 3, 0, 0, 65535, -65535, 1, 2, -1, 14},
                                     read_bias[10] = {0};
    pb_context *ctx = pb_context_create();
    fill(codes, shares[_i], 7);
    memcpy(wanted, codes, sizeof codes);
    pb_code_grid grids[2] = {grid_of(codes)};
    pb_code_grid_plain(&grids[1], 1, 10);
    grids[1].codes = bias;
    unsigned char *bytes;
    size_t size;
    ck_assert_int_eq(pb_codes_pack(ctx, 2, grids, &bytes, &size), PB_OK);
    memset(codes, 1, sizeof codes);
    grids[1].codes = read_bias;
    ck_assert_int_eq(pb_codes_unpack(ctx, bytes, size, 2, grids), PB_OK);
    ck_assert_mem_eq(codes, wanted, sizeof codes);
    ck_assert_mem_eq(read_bias, bias, sizeof bias);
    free(bytes);
    pb_context_free(&ctx);
}
END_TEST

/* -log2 of the chance of each position, and a bit for each sign: no coder can be much below, ours
 * should be near. */
START_TEST(codes_take_little_more_than_their_entropy)
{
    int32_t codes[ALL];
    double kept = 0;
    uint32_t seed = 3;
    for (int i = 0; i < ALL; i++) {
        codes[i] = next_of(&seed) % 100 < 5 ? (next_of(&seed) % 2 ? 1 : -1) : 0;
        kept += codes[i] != 0;
    }
    pb_context *ctx = pb_context_create();
    const pb_code_grid grid = grid_of(codes);
    unsigned char *bytes;
    size_t size;
    ck_assert_int_eq(pb_codes_pack(ctx, 1, &grid, &bytes, &size), PB_OK);
    const double p = kept / ALL, entropy = ALL * -(p * log2(p) + (1 - p) * log2(1 - p)) + kept;
    ck_assert_double_gt(8.0 * (double)size, 0.97 * entropy);
    ck_assert_double_lt(8.0 * (double)size, 1.12 * entropy);
    free(bytes);
    pb_context_free(&ctx);
}
END_TEST

/* What zstd makes of the same codes, a byte each, takes more. */
START_TEST(codes_take_less_than_zstd)
{
    static const int shares[] = {30, 100, 300};
    int32_t codes[ALL];
    uint32_t seed = 21;
    signed char plain[ALL], packed[2 * ALL];
    for (int i = 0; i < ALL; i++) {
        const bool kept = (int)(next_of(&seed) % 1000) < shares[_i];
        codes[i] = plain[i] =
            (signed char)(!kept ? 0
                                : (int)(next_of(&seed) % 4 + 1) * (next_of(&seed) % 2 ? 1 : -1));
    }
    pb_context *ctx = pb_context_create();
    const pb_code_grid grid = grid_of(codes);
    unsigned char *bytes;
    size_t size;
    ck_assert_int_eq(pb_codes_pack(ctx, 1, &grid, &bytes, &size), PB_OK);
    ck_assert_uint_lt(size, ZSTD_compress(packed, sizeof packed, plain, sizeof plain, 19));
    free(bytes);
    pb_context_free(&ctx);
}
END_TEST

START_TEST(damaged_codes_end)
{
    int32_t codes[ALL];
    pb_context *ctx = pb_context_create();
    fill(codes, 300, 11);
    pb_code_grid grid = grid_of(codes);
    unsigned char *bytes;
    size_t size;
    ck_assert_int_eq(pb_codes_pack(ctx, 1, &grid, &bytes, &size), PB_OK);
    uint32_t seed = 5;
    for (int i = 0; i < 200; i++) {
        const size_t at = next_of(&seed) % size;
        const unsigned char was = bytes[at];
        bytes[at] = (unsigned char)next_of(&seed);
        const pb_status status = pb_codes_unpack(ctx, bytes, i % 2 ? size : at, 1, &grid);
        ck_assert(status == PB_OK || status == PB_ERR_DATA);
        bytes[at] = was;
    }
    free(bytes);
    pb_context_free(&ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("code_grid");
    TCase *tests = tcase_create("codes");
    tcase_add_loop_test(tests, codes_come_back, 0, 5);
    tcase_add_test(tests, codes_take_little_more_than_their_entropy);
    tcase_add_loop_test(tests, codes_take_less_than_zstd, 0, 3);
    tcase_add_test(tests, damaged_codes_end);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
