/* Thresholds against their formulas: values, gradients and second gradients, exact and straight. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <passband/weights.h>

#include "graph/op.h"

enum { COUNT = 9 };
static const float numbers[COUNT] = {-3, -1.5f, -0.75f, -0.25f, 0, 0.25f, 0.75f, 1.5f, 3};
static const double t = 0.5;

static double value_of(int kind, double c)
{
    if (fabs(c) <= t) return 0;
    if (kind == PB_THRESHOLD_HARD) return c;
    return kind == PB_THRESHOLD_SOFT ? (c > 0 ? c - t : c + t) : c - t * t / c;
}

static double slope_of(int kind, double c)
{
    if (fabs(c) <= t) return 0;
    return kind == PB_THRESHOLD_GARROTE ? 1 + t * t / (c * c) : 1;
}

static double curve_of(int kind, double c)
{
    return kind == PB_THRESHOLD_GARROTE && fabs(c) > t ? -2 * t * t / (c * c * c) : 0;
}

START_TEST(single_numbers_follow_the_formulas)
{
    for (int i = 0; i < COUNT; i++)
        ck_assert_double_eq_tol(
            (double)pb_threshold_number((pb_threshold_kind)_i, numbers[i], (float)t),
            value_of(_i, (double)numbers[i]), 1e-6);
}
END_TEST

START_TEST(names_are_those_of_the_options)
{
    ck_assert_int_eq(pb_threshold_find("soft"), PB_THRESHOLD_SOFT);
    ck_assert_int_eq(pb_threshold_find("hard"), PB_THRESHOLD_HARD);
    ck_assert_int_eq(pb_threshold_find("garrote"), PB_THRESHOLD_GARROTE);
}
END_TEST

/* y, dy / dc and d^2 y / dc^2 of every number, by the float64 reference. */
static void evaluate(int kind, bool straight, double y[COUNT], double slope[COUNT],
                     double curve[COUNT])
{
    pb_context *ctx = pb_context_create();
    pb_graph *g = pb_graph_create(ctx);
    const pb_value c = pb_param(g, "c", PB_SHAPE(COUNT), 1),
                   limit = pb_constant(g, (float)t, PB_SCALAR);
    pb_value wanted[3];
    wanted[0] = pb_threshold(g, (pb_threshold_kind)kind, straight, c, limit);
    ck_assert_int_eq(pb_gradient(g, wanted[0], 1, &c, &wanted[1]), PB_OK);
    ck_assert_int_eq(pb_gradient(g, wanted[1], 1, &c, &wanted[2]), PB_OK);
    double content[COUNT];
    const double *const data[] = {content};
    double *out[3], *const into[] = {y, slope, curve};
    for (int i = 0; i < COUNT; i++) content[i] = (double)numbers[i];
    ck_assert_int_eq(pb_reference(g, 1, &c, data, 3, wanted, out), PB_OK);
    for (int k = 0; k < 3; k++) {
        memcpy(into[k], out[k], COUNT * sizeof(double));
        free(out[k]);
    }
    pb_graph_free(&g);
    pb_context_free(&ctx);
}

START_TEST(graphs_follow_the_formulas)
{
    double y[COUNT], slope[COUNT], curve[COUNT];
    evaluate(_i, false, y, slope, curve);
    for (int i = 0; i < COUNT; i++) {
        ck_assert_double_eq_tol(y[i], value_of(_i, (double)numbers[i]), 1e-9);
        ck_assert_double_eq_tol(slope[i], slope_of(_i, (double)numbers[i]), 1e-9);
        ck_assert_double_eq_tol(curve[i], curve_of(_i, (double)numbers[i]), 1e-9);
    }
}
END_TEST

START_TEST(straight_gradients_pass)
{
    double y[COUNT], slope[COUNT], curve[COUNT];
    evaluate(_i, true, y, slope, curve);
    for (int i = 0; i < COUNT; i++) {
        ck_assert_double_eq_tol(y[i], value_of(_i, (double)numbers[i]), 1e-9);
        ck_assert_double_eq(slope[i], 1);
        ck_assert_double_eq(curve[i], 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("threshold");
    TCase *tests = tcase_create("thresholds");
    tcase_add_loop_test(tests, single_numbers_follow_the_formulas, 0, 3);
    tcase_add_test(tests, names_are_those_of_the_options);
    tcase_add_loop_test(tests, graphs_follow_the_formulas, 0, 3);
    tcase_add_loop_test(tests, straight_gradients_pass, 0, 3);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
