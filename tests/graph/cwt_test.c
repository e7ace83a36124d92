/* Continuous wavelets and their transform agree with PyWavelets: fixtures/make_cwt.py.
 *
 * cwt_test -: compares with the cases that come by the standard input instead. */
#include <stdio.h>

#include <passband/cwt.h>
#include <passband/wavelet.h>

#include "graph_check.h"

#define TOLERANCE 1e-5 /* of the largest number at that scale */

static FILE *cases;
static int least_cases;

static void read_numbers(size_t count, double *numbers)
{
    size_t read = 0;
    while (read < count && fscanf(cases, "%lf", &numbers[read]) == 1) read++;
    ck_assert_uint_eq(read, count);
}

/* [filters, length] each */
static void compare(const char *what, const pb_cwt *t, const double *got, const double *want)
{
    const int filters = pb_cwt_filters(t), n = t->length;
    for (int scale = 0; scale < t->count; scale++) {
        double largest = 0;
        for (int f = scale; f < filters; f += t->count)
            for (int i = 0; i < n; i++) largest = fmax(largest, fabs(want[f * n + i]));
        for (int f = scale; f < filters; f += t->count)
            for (int i = 0; i < n; i++)
                if (!(fabs(got[f * n + i] - want[f * n + i]) <=
                      TOLERANCE * largest)) /* assertions are slow */
                    ck_abort_msg("%s: scale %g, part %d, number %d is %.9g, PyWavelets has %.9g",
                                 what, t->scales[scale], f / t->count, i, got[f * n + i],
                                 want[f * n + i]);
    }
}

static void check_method(const pb_cwt *with, pb_cwt_method method, const char *word, double *x,
                         const double *want)
{
    pb_context *ctx = pb_context_create();
    pb_cwt t = *with;
    char what[128];
    t.method = method;
    snprintf(what, sizeof what, "%s at precision %d of %d points, %s", t.wavelet.name, t.precision,
             t.length, word);
    op_built b = {.g = pb_graph_create(ctx), .count = 1};
    b.leaves[0] = pb_input(b.g, "x", PB_SHAPE(t.length));
    b.data[0] = x;
    const pb_value y = pb_cwt_apply(b.g, b.leaves[0], &t);
    OK(ctx, pb_graph_status(b.g));
    ck_assert(pb_shape_equal(pb_value_shape(b.g, y), PB_SHAPE(1, pb_cwt_filters(&t), t.length)));
    double *got = evaluate(&b, y);
    compare(what, &t, got, want);
    free(got);
    pb_graph_free(&b.g);
    pb_context_free(&ctx);
}

/* False at the end. */
static bool check_case(pb_context *ctx)
{
    static double scales[64], x[1024], y[64 * 1024];
    char name[48];
    int is_complex;
    double frequency;
    pb_cwt t = {.scales = scales};
    const int fields = fscanf(cases, "%47s %d %d %d %d %lf", name, &t.precision, &t.length,
                              &is_complex, &t.count, &frequency);
    if (fields == EOF) return false;
    ck_assert_int_eq(fields, 6);
    ck_assert(t.count <= 64 && t.length <= 1024 && t.count * t.length <= 32 * 1024);
    OK(ctx, pb_continuous_get(ctx, name, &t.wavelet));
    ck_assert_str_eq(t.wavelet.name, name);
    ck_assert_int_eq(t.wavelet.is_complex, is_complex);
    ck_assert_double_eq_tol(pb_continuous_frequency(&t.wavelet, t.precision), frequency, 1e-12);
    read_numbers((size_t)t.count, scales);
    read_numbers((size_t)t.length, x);
    read_numbers((size_t)(pb_cwt_filters(&t) * t.length), y);
    check_method(&t, PB_CWT_MATRIX, "by a matrix", x, y);
    check_method(&t, PB_CWT_CONVOLUTION, "by convolutions", x, y);
    return true;
}

START_TEST(transforms_are_those_of_pywavelets)
{
    pb_context *ctx = pb_context_create();
    int count = 0;
    if (!cases) cases = fopen(TESTS_FOLDER "/graph/fixtures/cwt.txt", "r");
    ck_assert_ptr_nonnull(cases);
    while (check_case(ctx)) count++;
    fclose(cases);
    ck_assert_int_ge(count, least_cases);
    pb_context_free(&ctx);
}
END_TEST

START_TEST(names_have_their_numbers)
{
    pb_continuous w;
    ck_assert(pb_continuous_find("fbsp3-1.5-0.25", &w));
    ck_assert_int_eq(w.order, 3);
    ck_assert_double_eq(w.bandwidth, 1.5);
    ck_assert_double_eq(w.center, 0.25);
    ck_assert_str_eq(w.name, "fbsp3-1.5-0.25");
    ck_assert(pb_continuous_find("shan", &w));
    ck_assert_double_eq(w.bandwidth, 0.5);
    ck_assert_double_eq(w.center, 1);
    static const char *const none[] = {
        "gaus",    "gaus0",        "gaus9",     "gaus10",    "cmor1.5",  "cmor1.5-",
        "cmor-1",  "cmor1.5-1-1",  "cmor0-1",   "cmor1--1",  "cmorx-1",  "fbsp1.5-1-1",
        "fbsp1-1", "fbsp1000-1-1", "shan1-nan", "shan1-1e9", "mexh1-1",  "db2",
        "",        "morl ",        "Morl",      "shan1-1 ",  "shan1e-1", "fbsp0-1-1"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        ck_assert_msg(!pb_continuous_find(none[i], &w), "\"%s\" is a wavelet", none[i]);
    int count = 0;
    while (pb_continuous_at(count)) count++;
    ck_assert_int_eq(count, 21);
}
END_TEST

START_TEST(errors_tell_what_is_allowed)
{
    static const struct {
        const char *name, *sentence;
    } names[] = {
        {"mexx", "\"mexx\" is no wavelet (did you mean mexh?); there are cgau1, cgau2, "},
        {"gaus9", "\"gaus9\" is no wavelet (did you mean gaus"},
        {"db2", "\"db2\" is a discrete wavelet, this takes continuous ones; there are cgau1, "},
        {"cmor1.5", "\"cmor1.5\" is no wavelet: it is written cmorB-C with positive numbers; "},
        {"fbsp1.5-1-1", "it is written fbspM-B-C with positive numbers, M a whole one up to 100; "},
    };
    pb_context *ctx = pb_context_create();
    pb_continuous w;
    const pb_wavelet *discrete;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ck_assert_int_eq(pb_continuous_get(ctx, names[i].name, &w), PB_ERR_CONFIG);
        ck_assert_msg(strstr(pb_error(ctx), names[i].sentence), "%s", pb_error(ctx));
        ck_assert_ptr_nonnull(strstr(pb_error(ctx), "morl, shan"));
    }
    ck_assert_int_eq(pb_wavelet_get(ctx, "morl", &discrete), PB_ERR_CONFIG);
    ck_assert_ptr_nonnull(
        strstr(pb_error(ctx),
               "\"morl\" is a continuous wavelet, this takes discrete ones; there are haar, "));
    pb_graph *g = pb_graph_create(ctx);
    const double scales[] = {1, 0.06};
    pb_cwt t = {.precision = 10, .length = 9, .count = 2, .scales = scales};
    ck_assert(pb_continuous_find("mexh", &t.wavelet));
    ck_assert_int_eq(pb_cwt_apply(g, pb_input(g, "x", PB_SHAPE(3, 9)), &t), PB_NONE);
    ck_assert_str_eq(pb_error(ctx), "a scale of 0.06 leaves fewer than two points of mexh; allowed "
                                    "is more than 0.06244");
    pb_graph_free(&g);
    g = pb_graph_create(ctx);
    ck_assert_int_eq(pb_cwt_apply(g, pb_input(g, "x", PB_SHAPE(3, 8)), &t), PB_NONE);
    ck_assert_str_eq(pb_error(ctx), "cwt: the input is [3, 8], it must end with 9");
    pb_graph_free(&g);
    pb_context_free(&ctx);
}
END_TEST

/* First and second gradients, of real and complex wavelets by every method. */
START_TEST(gradients_are_differences)
{
    static const char *const names[] = {"gaus1", "cgau2", "mexh",          "morl",
                                        "shan",  "cmor",  "fbsp2-1.5-0.5", "gaus8"};
    static const double scales[] = {0.8, 2, 6};
    pb_context *ctx = pb_context_create();
    for (int i = 0; i < 8; i++) {
        pb_cwt t = {.precision = 10,
                    .length = 13,
                    .count = 3,
                    .scales = scales,
                    .method = i % 2 ? PB_CWT_MATRIX : PB_CWT_CONVOLUTION};
        ck_assert(pb_continuous_find(names[i], &t.wavelet));
        op_built b = {.g = pb_graph_create(ctx), .random = (unsigned)i};
        const pb_value x = op_case_uniform(&b, PB_SHAPE(2, 13), -1, 1);
        b.y = pb_square(b.g, pb_cwt_apply(b.g, x, &t));
        check_both_gradients(&b, names[i]);
        op_case_free(&b);
    }
    pb_context_free(&ctx);
}
END_TEST

int main(int argument_count, char **arguments)
{
    const bool all = argument_count > 1 && strcmp(arguments[1], "-") == 0;
    if (all) cases = stdin;
    least_cases = all ? 26 * 2 * 2 * 3 : 26;
    Suite *suite = suite_create("continuous wavelets");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, transforms_are_those_of_pywavelets);
    if (!all) {
        tcase_add_test(tests, names_have_their_numbers);
        tcase_add_test(tests, errors_tell_what_is_allowed);
        tcase_add_test(tests, gradients_are_differences);
    }
    suite_add_tcase(suite, tests);
    return runs(srunner_create(suite));
}
