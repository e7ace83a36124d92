/* Philox against Random123's known answers, and the distributions drawn from it. */
#include <math.h>

#include "base/rng.h"
#include "base/scratch.h"

/* kat_vectors of Random123 1.14, philox4x32 with 10 rounds: counter, key, answer. */
static const uint32_t answers[][10] = {
    {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
    {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e,
     0xa20bc7c6, 0x6d5451fd},
    {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb,
     0x5001e420, 0x24126ea1},
};

START_TEST(philox_gives_the_known_answers)
{
    const uint32_t *row = answers[_i];
    uint32_t out[4];
    pb_philox4x32(row, row + 4, out);
    for (int i = 0; i < 4; i++) ck_assert_uint_eq(out[i], row[6 + i]);
}
END_TEST

START_TEST(the_hash_is_fnv_1a)
{
    ck_assert_uint_eq(pb_hash32(""), 0x811c9dc5);
    ck_assert_uint_eq(pb_hash32("a"), 0xe40c292c);
    ck_assert_uint_eq(pb_hash32("foobar"), 0xbf9cf968);
}
END_TEST

START_TEST(a_stream_counts_as_documented)
{
    /* key = (low ^ high, hash), counter = (index low, index high, epoch, 0) */
    const pb_stream s = pb_stream_make(0x0000000500000006u, "foobar", 9);
    const uint32_t key[2] = {3, 0xbf9cf968}, counter[4] = {2, 1, 9, 0};
    uint32_t words[4];
    pb_philox4x32(counter, key, words);
    for (uint64_t i = 0; i < 4; i++) {
        const uint64_t index = 4 * ((UINT64_C(1) << 32) + 2) + i;
        ck_assert_uint_eq(pb_stream_u32(s, index), words[i]);
        ck_assert(pb_stream_uniform(s, index) == (float)(words[i] >> 8) / 16777216.0f);
    }
}
END_TEST

START_TEST(streams_differ_in_seed_purpose_and_epoch)
{
    const uint32_t a = pb_stream_u32(pb_stream_make(1, "shuffle", 0), 0);
    ck_assert_uint_ne(a, pb_stream_u32(pb_stream_make(2, "shuffle", 0), 0));
    ck_assert_uint_ne(a, pb_stream_u32(pb_stream_make(1, "dropout", 0), 0));
    ck_assert_uint_ne(a, pb_stream_u32(pb_stream_make(1, "shuffle", 1), 0));
    ck_assert_uint_ne(a, pb_stream_u32(pb_stream_make(UINT64_C(1) << 33 | 1, "shuffle", 0), 0));
    ck_assert_uint_eq(a, pb_stream_u32(pb_stream_make(1, "shuffle", 0), 0));
}
END_TEST

/* seed 1, purpose "foobar", epoch 2; computed by Python's float64 from the same Philox words */
START_TEST(normals_are_box_muller)
{
    const double expected[] = {-0.542382183119, 0.999998921052, -1.51463743526, 1.12236992405};
    const pb_stream s = pb_stream_make(1, "foobar", 2);
    for (uint64_t i = 0; i < 4; i++)
        ck_assert_double_eq_tol(pb_stream_normal(s, i), expected[i], 1e-7);
}
END_TEST

enum { DRAWS = 40000 };

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double uniform_cdf(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static double normal_cdf(double x)
{
    return 0.5 * erfc(-x / sqrt(2.0));
}

/* Kolmogorov-Smirnov: the largest gap to the distribution function, times sqrt(n). Above 1.95 once
 * in 1000. */
static double kolmogorov(float *draws, double (*cdf)(double))
{
    qsort(draws, DRAWS, sizeof *draws, by_value);
    double gap = 0;
    for (int i = 0; i < DRAWS; i++) {
        const double p = cdf(draws[i]);
        gap = fmax(gap, fmax(fabs(p - (double)i / DRAWS), fabs((i + 1.0) / DRAWS - p)));
    }
    return gap * sqrt(DRAWS);
}

START_TEST(uniforms_and_normals_follow_their_distributions)
{
    const pb_stream s = pb_stream_make(42, "distribution", 0);
    static float draws[DRAWS];
    int inside = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        draws[i] = pb_stream_uniform(s, i);
        inside += draws[i] >= 0.0f && draws[i] < 1.0f;
    }
    ck_assert_int_eq(inside, DRAWS);
    ck_assert_double_lt(kolmogorov(draws, uniform_cdf), 1.95);
    for (uint64_t i = 0; i < DRAWS; i++) draws[i] = pb_stream_normal(s, i);
    ck_assert_double_lt(kolmogorov(draws, normal_cdf), 1.95);
    ck_assert_double_gt(kolmogorov(draws, uniform_cdf), 10); /* the test can fail */
}
END_TEST

START_TEST(a_shuffle_is_a_permutation)
{
    enum { COUNT = 1000 };
    int32_t values[COUNT];
    char seen[COUNT] = {0};
    int moved = 0;
    for (int i = 0; i < COUNT; i++) values[i] = i;
    pb_stream_shuffle(pb_stream_make(7, "shuffle", 3), values, COUNT);
    for (int i = 0; i < COUNT; i++) {
        ck_assert_int_eq(seen[values[i]]++, 0);
        moved += values[i] != i;
    }
    ck_assert_int_gt(moved, 950);

    int32_t one = 5;
    pb_stream_shuffle(pb_stream_make(7, "shuffle", 3), &one, 1);
    pb_stream_shuffle(pb_stream_make(7, "shuffle", 3), NULL, 0);
    ck_assert_int_eq(one, 5);
}
END_TEST

START_TEST(all_orders_are_equally_likely)
{
    enum { ROUNDS = 12000 };
    int counts[4][4][4] = {0};
    for (int i = 0; i < ROUNDS; i++) {
        int32_t v[4] = {0, 1, 2, 3};
        pb_stream_shuffle(pb_stream_make((uint64_t)i, "orders", 0), v, 4);
        counts[v[0]][v[1]][v[2]]++;
    }
    double chi_squared = 0;
    const double expected = ROUNDS / 24.0;
    for (int a = 0; a < 4; a++)
        for (int b = 0; b < 4; b++)
            for (int c = 0; c < 4; c++)
                if (a != b && b != c && a != c)
                    chi_squared += pow(counts[a][b][c] - expected, 2) / expected;
    ck_assert_double_lt(chi_squared, 49.7); /* 23 degrees of freedom, once in 1000 */
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("rng");
    tcase_add_loop_test(t, philox_gives_the_known_answers, 0, 3);
    tcase_add_test(t, the_hash_is_fnv_1a);
    tcase_add_test(t, a_stream_counts_as_documented);
    tcase_add_test(t, streams_differ_in_seed_purpose_and_epoch);
    tcase_add_test(t, normals_are_box_muller);
    tcase_add_test(t, uniforms_and_normals_follow_their_distributions);
    tcase_add_test(t, a_shuffle_is_a_permutation);
    tcase_add_test(t, all_orders_are_equally_likely);
    return run_case("rng", t);
}
