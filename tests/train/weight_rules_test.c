/* Thresholds of each rule against closed forms computed another way, and schedules. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "train/weight_rules.h"

/* 5 lines of 20 coefficients in three parts: approximation, level 2, level 1. */
enum { LINES = 5, COUNT = 20, PARTS = 3, ALL = LINES * COUNT };

static pb_context *ctx;
static pb_options *options;
static pb_weights w;
static float c[ALL], settings[PB_WEIGHT_SETTINGS * PARTS];

static void set_options(const char *yaml)
{
    pb_yaml *tree;
    pb_options_free(&options);
    ck_assert_int_eq(pb_yaml_parse(ctx, "test", yaml, strlen(yaml), &tree), PB_OK);
    const pb_status status =
        pb_options_parse(ctx, pb_weight_options, pb_yaml_root(tree), "weight_transform", &options);
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
    pb_yaml_free(&tree);
    w.options = options;
}

static uint32_t state;

static double uniform(void)
{
    state = state * 1664525u + 1013904223u;
    return ((state >> 8) + 0.5) / 16777216.0;
}

/* Normal noise of 0.1 everywhere, and now and then a coefficient of 3. */
static void set_up(void)
{
    static const pb_weight_part parts[] = {
        {.level = 0, .offset = 0, .count = 5, .width = 5},
        {.level = 2, .offset = 5, .count = 5, .width = 5},
        {.level = 1, .offset = 10, .count = 10, .width = 10},
    };
    ctx = pb_context_create();
    w = (pb_weights){.layer = "linear_1", .lines = LINES, .count = COUNT, .part_count = PARTS};
    memcpy(w.part, parts, sizeof parts);
    state = 17;
    for (int i = 0; i < ALL; i++) {
        const double noise = 0.1 * sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
        c[i] = (float)(noise + (uniform() < 0.15 ? 3 : 0));
    }
}

static void tear_down(void)
{
    pb_options_free(&options);
    pb_context_free(&ctx);
}

static const float *thresholds(const char *yaml, double strength)
{
    set_options(yaml);
    const pb_status status = pb_weight_settings(ctx, &w, c, strength, settings);
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
    return settings + PB_WEIGHT_THRESHOLD * PARTS;
}

/* ---- the other way ---- */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Magnitudes of a part in order, or of all (-1). */
static int sorted(int part, double m[ALL])
{
    int n = 0;
    for (int line = 0; line < LINES; line++)
        for (int k = 0; k < COUNT; k++)
            if (part < 0 ||
                (k >= w.part[part].offset && k < w.part[part].offset + w.part[part].count))
                m[n++] = fabs((double)c[line * COUNT + k]);
    qsort(m, (size_t)n, sizeof *m, compare);
    return n;
}

/* Donoho's estimate from the finest details, of which there are 50. */
static double noise(void)
{
    double m[ALL];
    ck_assert_int_eq(sorted(2, m), 50);
    return (m[24] + m[25]) / 2 / 0.6745;
}

/* Stein's estimate of the risk of a soft threshold t, in units of s^2. */
static double risk(const double m[], int n, double s, double t)
{
    double sum = n;
    for (int i = 0; i < n; i++) sum += m[i] <= t ? m[i] * m[i] / (s * s) - 2 : t * t / (s * s);
    return sum;
}

START_TEST(universal_is_the_noise_times_the_root_of_two_logarithms)
{
    double m[ALL];
    const float *t = thresholds("{rule: universal, threshold: 1.5}", 1);
    for (int p = 0; p < PARTS; p++)
        ck_assert_double_eq_tol((double)t[p], 1.5 * noise() * sqrt(2 * log(sorted(p, m))), 1e-6);
}
END_TEST

START_TEST(sure_has_the_least_risk)
{
    const float *t = thresholds("{rule: sure, threshold: 1}", 1);
    for (int p = 0; p < PARTS; p++) {
        double m[ALL], best = 0, least;
        const int n = sorted(p, m);
        const double s = noise();
        least = risk(m, n, s, 0);
        for (int i = 0; i < n; i++)
            if (risk(m, n, s, m[i]) < least) {
                least = risk(m, n, s, m[i]);
                best = m[i];
            }
        ck_assert_double_eq_tol((double)t[p], best, 1e-6);
        for (double other = 0; other < 4; other += 0.001) /* nor between the magnitudes */
            ck_assert_double_ge(risk(m, n, s, other), least - 1e-9);
    }
}
END_TEST

START_TEST(bayes_is_the_variance_of_the_noise_over_the_signal)
{
    const float *t = thresholds("{rule: bayes, threshold: 1}", 1);
    for (int p = 0; p < PARTS; p++) {
        double m[ALL], squares = 0;
        const int n = sorted(p, m);
        for (int i = 0; i < n; i++) squares += m[i] * m[i] / n;
        ck_assert_double_gt(squares, noise() * noise());
        ck_assert_double_eq_tol((double)t[p], noise() * noise() / sqrt(squares - noise() * noise()),
                                1e-6);
    }
    for (int line = 0; line < LINES; line++)
        for (int k = 0; k < 5; k++) c[line * COUNT + k] *= 1e-3f; /* a part below the noise */
    double m[ALL];
    t = thresholds("{rule: bayes, threshold: 1}", 1);
    ck_assert_double_eq_tol((double)t[0], m[sorted(0, m) - 1], 1e-9);
}
END_TEST

START_TEST(absolute_and_relative_are_what_they_say)
{
    double m[ALL];
    const float *t = thresholds("{rule: absolute, threshold: 0.25}", 1);
    for (int p = 0; p < PARTS; p++) ck_assert_double_eq((double)t[p], 0.25);
    t = thresholds("{rule: relative, threshold: 0.25, details_only: true}", 0.5);
    sorted(-1, m);
    ck_assert_double_eq(t[0], 0);
    double details = 0;
    for (int p = 1; p < PARTS; p++) {
        const int n = sorted(p, m);
        details = fmax(details, m[n - 1]);
    }
    for (int p = 1; p < PARTS; p++) ck_assert_double_eq_tol((double)t[p], 0.125 * details, 1e-7);
}
END_TEST

/* Of 100 coefficients 0.29 are 29, though 0.29 x 100 is a little less in binary. */
START_TEST(quantile_leaves_the_share)
{
    char yaml[64];
    for (int i = 0; i < ALL; i++) c[i] = (float)((i * 37) % ALL + 1) * (i % 2 ? 0.01f : -0.01f);
    for (int percent = 0; percent <= 100; percent++) {
        float left[ALL];
        int zeros = 0;
        snprintf(yaml, sizeof yaml, "{rule: quantile, threshold: %d.%02d}", percent / 100,
                 percent % 100);
        thresholds(yaml, 1);
        memcpy(left, c, sizeof left);
        pb_weight_effective(&w, settings, left);
        for (int i = 0; i < ALL; i++) zeros += left[i] == 0;
        ck_assert_int_eq(zeros, percent);
    }
}
END_TEST

START_TEST(noise_of_nothing_makes_no_threshold)
{
    static const char *const rules[] = {"universal", "sure", "bayes", "quantile", "relative"};
    memset(c, 0, sizeof c);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        char yaml[64];
        snprintf(yaml, sizeof yaml, "{rule: %s, threshold: 0.5}", rules[i]);
        const float *t = thresholds(yaml, 1);
        for (int p = 0; p < PARTS; p++) ck_assert_double_eq((double)t[p], 0);
    }
}
END_TEST

START_TEST(steps_have_the_bits)
{
    double m[ALL];
    thresholds("{bits: 4}", 0.9); /* not before the threshold is full */
    for (int p = 0; p < PARTS; p++)
        ck_assert_double_eq((double)settings[PB_WEIGHT_STEP * PARTS + p], 0);
    thresholds("{bits: 4}", 1);
    sorted(-1, m);
    for (int p = 0; p < PARTS; p++)
        ck_assert_double_eq_tol((double)settings[PB_WEIGHT_STEP * PARTS + p], m[ALL - 1] / 7, 1e-7);
}
END_TEST

START_TEST(schedules_begin_and_rise)
{
    set_options("{schedule: start}");
    ck_assert_double_eq(pb_weight_strength(options, 0, 10, false), 1);
    set_options("{schedule: after, begin: 3}");
    ck_assert_double_eq(pb_weight_strength(options, 2, 10, false), 0);
    ck_assert_double_eq(pb_weight_strength(options, 3, 10, false), 1);
    set_options("{schedule: end}");
    ck_assert_double_eq(pb_weight_strength(options, 9, 10, false), 0);
    ck_assert_double_eq(pb_weight_strength(options, 9, 10, true), 1);
    set_options("{schedule: ramp, begin: 1, full: 4}");
    static const double rising[] = {0, 1 - 27.0 / 64, 1 - 1.0 / 8, 1 - 1.0 / 64, 1, 1};
    for (int epoch = 0; epoch < 6; epoch++)
        ck_assert_double_eq_tol(pb_weight_strength(options, epoch, 9, false), rising[epoch], 1e-12);
    set_options("{schedule: ramp}"); /* two thirds of the epochs */
    ck_assert_double_lt(pb_weight_strength(options, 5, 9, false), 1);
    ck_assert_double_eq(pb_weight_strength(options, 6, 9, false), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("weight_rules");
    TCase *tests = tcase_create("rules");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, universal_is_the_noise_times_the_root_of_two_logarithms);
    tcase_add_test(tests, sure_has_the_least_risk);
    tcase_add_test(tests, bayes_is_the_variance_of_the_noise_over_the_signal);
    tcase_add_test(tests, absolute_and_relative_are_what_they_say);
    tcase_add_test(tests, quantile_leaves_the_share);
    tcase_add_test(tests, noise_of_nothing_makes_no_threshold);
    tcase_add_test(tests, steps_have_the_bits);
    tcase_add_test(tests, schedules_begin_and_rise);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
