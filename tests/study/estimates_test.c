/* The estimates behind the measures, against closed forms and what scikit-image, scikit-learn,
 * SciPy and NumPy make of the same numbers (fixtures/make_measures.py). */
#include <math.h>

#include "../stage/network.h"
#include "base/scratch.h"
#include "study/information.h"
#include "study/measure_identity.h"
#include "study/parts.h"
#include "study/similarity.h"

static pb_context *ctx;
static fixture *measures;

static void setup(void)
{
    ctx = pb_context_create();
    measures = fixture_load("../../study/fixtures/measures.txt");
}

static void teardown(void)
{
    fixture_free(measures);
    pb_context_free(&ctx);
}

static double number(const char *name, const char *key, int index)
{
    int count;
    double *numbers = fixture_numbers(measures, name, key, &count);
    ck_assert_int_lt(index, count);
    const double wanted = numbers[index];
    free(numbers);
    return wanted;
}

/* A fair choice among 2^k takes k bits; one that is always the same takes none. */
START_TEST(entropy_of_fair_and_certain_choices)
{
    uint32_t counts[256];
    for (int i = 0; i < 256; i++) counts[i] = 31;
    for (int k = 0; k <= 8; k++)
        ck_assert_double_eq_tol(pb_entropy_bits(counts, (size_t)1 << k, false), k, 1e-12);
    ck_assert_double_eq_tol(pb_entropy_bits(counts, 256, true), 8 + 255 / (2.0 * 31 * 256 * log(2)),
                            1e-12);
    const uint32_t certain[] = {0, 1000, 0}, none[] = {0, 0};
    ck_assert_double_eq(pb_entropy_bits(certain, 3, true), 0);
    ck_assert_double_eq(pb_entropy_bits(none, 2, true), 0);
    const uint32_t quarters[] = {3000, 1000};
    ck_assert_double_eq_tol(pb_entropy_bits(quarters, 2, false), 2 - 0.75 * log2(3), 1e-12);
}
END_TEST

/* A noiseless channel of four symbols tells 2 bits, a binary symmetric one that errs one time in
 * four 1 - h(1/4). */
START_TEST(mutual_information_of_known_channels)
{
    uint32_t same[16] = {0}, apart[16];
    const uint32_t symmetric[] = {3000000, 1000000, 1000000, 3000000};
    double bits;
    for (int i = 0; i < 4; i++) same[5 * i] = 1000000;
    for (int i = 0; i < 16; i++) apart[i] = 1000000;
    ck_assert_int_eq(pb_mutual_information_bits(ctx, same, 4, 4, &bits), PB_OK);
    ck_assert_double_eq_tol(bits, 2, 1e-5);
    ck_assert_int_eq(pb_mutual_information_bits(ctx, symmetric, 2, 2, &bits), PB_OK);
    ck_assert_double_eq_tol(bits, 1 - (2 - 0.75 * log2(3)), 1e-5);
    ck_assert_int_eq(pb_mutual_information_bits(ctx, apart, 4, 4, &bits), PB_OK);
    ck_assert_double_eq_tol(bits, -9 / (2.0 * 16e6 * log(2)), 1e-9);
}
END_TEST

/* Independent codes and labels: the plug-in estimate is (m - 1) (k - 1) / (2 N ln 2) too large, the
 * corrected one is not. */
START_TEST(correction_takes_the_bias_away)
{
    enum { SYMBOLS = 16, CLASSES = 10, SAMPLES = 4000, REPEATS = 50 };
    double corrected = 0, plain = 0;
    for (int r = 0; r < REPEATS; r++) {
        uint32_t joint[SYMBOLS * CLASSES] = {0}, codes[SYMBOLS] = {0}, labels[CLASSES] = {0};
        for (uint32_t i = 0; i < SAMPLES; i++) {
            const int code = (int)(SYMBOLS * pseudo(900 + (uint32_t)r, 2 * i));
            const int label = (int)(CLASSES * pseudo(900 + (uint32_t)r, 2 * i + 1));
            joint[code * CLASSES + label]++, codes[code]++, labels[label]++;
        }
        double bits;
        ck_assert_int_eq(pb_mutual_information_bits(ctx, joint, SYMBOLS, CLASSES, &bits), PB_OK);
        corrected += bits / REPEATS;
        plain += (pb_entropy_bits(codes, SYMBOLS, false) + pb_entropy_bits(labels, CLASSES, false) -
                  pb_entropy_bits(joint, SYMBOLS * CLASSES, false)) /
                 REPEATS;
    }
    ck_assert_double_eq_tol(plain, 15 * 9 / (2.0 * SAMPLES * log(2)), 2e-3);
    ck_assert_double_eq_tol(corrected, 0, 2e-3);
}
END_TEST

/* Ten fair labels and a classifier that gives the right one 90 %: log2(10) + log2(0.9). One that
 * knows nothing: 0. */
START_TEST(bound_from_a_classifier)
{
    int32_t labels[1000];
    const pb_samples part = {.count = 1000, .labels = labels};
    double bits;
    for (int i = 0; i < 1000; i++) labels[i] = i % 10;
    ck_assert_int_eq(pb_label_bits(ctx, &part, 12, &bits), PB_OK);
    ck_assert_double_eq_tol(bits, log2(10), 1e-12);
    ck_assert_double_eq_tol(pb_information_bound(bits, -log(0.9)), log2(10) + log2(0.9), 1e-12);
    ck_assert_double_eq_tol(pb_information_bound(bits, log(10)), 0, 1e-12);
}
END_TEST

static void compare_images(int height, int width)
{
    float a[1024], b[1024];
    char name[64];
    double mse = 0, ssim;
    for (uint32_t i = 0; i < (uint32_t)(height * width); i++) {
        a[i] = (float)pseudo(3, i);
        b[i] = 0.7f * a[i];
        b[i] += 0.3f * (float)pseudo(4, i);
        mse += ((double)a[i] - b[i]) * ((double)a[i] - b[i]) / (height * width);
    }
    snprintf(name, sizeof name, "image_%d_%d", height, width);
    ck_assert_int_eq(pb_ssim(ctx, a, b, height, width, 1, &ssim), PB_OK);
    ck_assert_double_eq_tol(ssim, number(name, "ssim", 0), 1e-6);
    ck_assert_double_eq_tol(pb_psnr(mse, 1), number(name, "psnr", 0), 1e-5);
    ck_assert_int_eq(pb_ssim(ctx, a, a, height, width, 1, &ssim), PB_OK);
    ck_assert_double_eq_tol(ssim, 1, 1e-12);
}

START_TEST(likeness_of_images_and_signals)
{
    compare_images(28, 28);
    compare_images(20, 31);
    compare_images(5, 6);
    compare_images(3, 9);
    compare_images(1, 40);
    double ssim;
    const float two[] = {0, 1, 1, 0};
    ck_assert_int_eq(pb_ssim(ctx, two, two, 2, 2, 1, &ssim), PB_OK);
    ck_assert(isnan(ssim));
    ck_assert_double_eq_tol(pb_psnr(0.01, 1), 20, 1e-12);
    ck_assert_double_eq_tol(pb_psnr(1, 255), 20 * log10(255), 1e-12);
}
END_TEST

static void check_share(int hits, int trials)
{
    char key[64];
    json_t *share = pb_share_json(hits, trials);
    snprintf(key, sizeof key, "wilson_%d_%d", hits, trials);
    ck_assert_double_eq_tol(json_number_value(json_object_get(share, "share")),
                            (double)hits / trials, 1e-12);
    ck_assert_double_eq_tol(json_number_value(json_object_get(share, "low")),
                            number("shares", key, 0), 1e-9);
    ck_assert_double_eq_tol(json_number_value(json_object_get(share, "high")),
                            number("shares", key, 1), 1e-9);
    json_decref(share);
}

START_TEST(intervals_of_shares)
{
    check_share(0, 20);
    check_share(7, 20);
    check_share(20, 20);
    check_share(924, 1000);
}
END_TEST

START_TEST(ties_are_broken_by_chance)
{
    ck_assert_double_eq(pb_rank_chance(1, 0, 0), 1);
    ck_assert_double_eq(pb_rank_chance(1, 1, 0), 0);
    ck_assert_double_eq(pb_rank_chance(1, 0, 3), 0.25);
    ck_assert_double_eq(pb_rank_chance(10, 9, 1), 0.5);
    ck_assert_double_eq(pb_rank_chance(10, 10, 5), 0);
    ck_assert_double_eq(pb_rank_chance(10, 4, 5), 1);
}
END_TEST

/* Samples of measure_test.c, of which only the first values are looked at. */
static void check_rows(const char *key, int width, bool bits)
{
    static uint8_t rows[500][12];
    const void *at[500];
    pb_collisions found;
    for (int n = 0; n < 500; n++) {
        at[n] = rows[n];
        for (int k = 0; k < width; k++) {
            const double weight = k / 35.0, u = pseudo(7, (uint32_t)(n * 35 + k));
            const double pixel = floor(256 * (u * (1 - weight) + weight * (n % 3) / 3));
            rows[n][k] = bits ? pixel > 100 : (uint8_t)pixel;
        }
    }
    ck_assert_int_eq(pb_collisions_find(ctx, at, 500, (size_t)width, &found), PB_OK);
    ck_assert_int_eq(found.samples, (int)number("rows", key, 0));
    ck_assert_int_eq(found.groups, (int)number("rows", key, 1));
    ck_assert_int_eq(found.largest, (int)number("rows", key, 2));
}

START_TEST(equal_samples_are_counted)
{
    check_rows("bytes", 2, false);
    check_rows("bits", 12, true);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("estimates");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, entropy_of_fair_and_certain_choices);
    tcase_add_test(tcase, mutual_information_of_known_channels);
    tcase_add_test(tcase, correction_takes_the_bias_away);
    tcase_add_test(tcase, bound_from_a_classifier);
    tcase_add_test(tcase, likeness_of_images_and_signals);
    tcase_add_test(tcase, intervals_of_shares);
    tcase_add_test(tcase, ties_are_broken_by_chance);
    tcase_add_test(tcase, equal_samples_are_counted);
    return run_case("estimates", tcase);
}
