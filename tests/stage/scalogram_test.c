/* Gradients and second gradients through scalograms, and what the stage cwt says of options that do
 * not go together. Values: tests/train/transform_test.c. */
#include "network.h"

static const char *const stages[] = {
    "[cwt: {wavelet: mexh, scales: [1, 3]}]",
    "[cwt: {wavelet: cmor1.5-1.0, scales: [1.5, 4]}]",
    "[cwt: {wavelet: cgau2, scales: [1, 2], output: power}]",
    "[cwt: {wavelet: shan, frequencies: [0.3, 0.1], output: coefficients, method: conv}]",
};

/* Of y = sum of w s, w growing along the points of s, and of the squares of that gradient again. */
START_TEST(gradients_are_differences)
{
    network n;
    network_start(&n, PB_F32, PB_SHAPE(2, 3, 9), 2, true);
    ck_assert_msg(network_build(&n, stages[_i]) == PB_OK, "%s", pb_error(n.ctx));
    pb_graph *g = n.g;
    const pb_shape shape = pb_value_shape(g, n.b.x);
    const pb_value weights = pb_cast(g, pb_iota(g, shape, 3), PB_F32);
    const pb_value y = pb_sum_all(g, pb_mul(g, n.b.x, weights));
    pb_value wanted[2], scalars[2] = {y};
    ck_assert_int_eq(pb_gradient(g, y, 1, &n.samples, &wanted[0]), PB_OK);
    scalars[1] = pb_sum_all(g, pb_square(g, wanted[0]));
    ck_assert_int_eq(pb_gradient(g, scalars[1], 1, &n.samples, &wanted[1]), PB_OK);
    double *slope[2], *x = leaf_content(&n, n.samples);
    network_evaluate(&n, 2, wanted, slope);
    for (int i = 0; i < 54; i += 5) {
        const double before = x[i], step = 1e-6;
        double *above[2], *below[2];
        x[i] = before + step;
        network_evaluate(&n, 2, scalars, above);
        x[i] = before - step;
        network_evaluate(&n, 2, scalars, below);
        x[i] = before;
        for (int k = 0; k < 2; k++) {
            const double want = (above[k][0] - below[k][0]) / (2 * step);
            ck_assert_msg(fabs(slope[k][i] - want) <= 1e-4 + 1e-3 * fabs(want),
                          "%s: derivative %d by number %d is %g, differences give %g", stages[_i],
                          k + 1, i, slope[k][i], want);
            free(above[k]);
            free(below[k]);
        }
    }
    free(slope[0]);
    free(slope[1]);
    network_free(&n);
}
END_TEST

/* A modulus of 0 has no direction: its gradient is 0, and no gradient is anything but a number. */
START_TEST(silence_has_gradients)
{
    network n;
    network_start(&n, PB_F32, PB_SHAPE(1, 9), 2, true);
    ck_assert_msg(network_build(&n, stages[_i]) == PB_OK, "%s", pb_error(n.ctx));
    pb_graph *g = n.g;
    pb_value wanted[3] = {n.b.x};
    ck_assert_int_eq(pb_gradient(g, pb_sum_all(g, n.b.x), 1, &n.samples, &wanted[1]), PB_OK);
    const pb_value again = pb_sum_all(g, pb_square(g, wanted[1]));
    ck_assert_int_eq(pb_gradient(g, again, 1, &n.samples, &wanted[2]), PB_OK);
    memset(leaf_content(&n, n.samples), 0, 9 * sizeof(double));
    double *got[3];
    network_evaluate(&n, 3, wanted, got);
    for (size_t i = 0; i < pb_shape_count(pb_value_shape(g, n.b.x)); i++)
        ck_assert_double_eq(got[0][i], 0);
    for (int i = 0; i < 9; i++) {
        ck_assert(isfinite(got[1][i]) && isfinite(got[2][i]));
        if (_i < 3) ck_assert_double_eq(got[1][i], 0); /* coefficients are linear */
    }
    for (int k = 0; k < 3; k++) free(got[k]);
    network_free(&n);
}
END_TEST

static const struct {
    const char *stages, *sentence;
    pb_status status;
} bad[] = {
    {"[cwt: {wavelet: mexx}]",
     "cwt_1: \"mexx\" is no wavelet (did you mean mexh?); there are cgau1", PB_ERR_CONFIG},
    {"[cwt: {wavelet: db2}]", "cwt_1: \"db2\" is a discrete wavelet, this takes continuous ones",
     PB_ERR_CONFIG},
    {"[cwt: {scales: [1, 2], frequencies: 0.1}]",
     "cwt.frequencies: there are scales already; allowed is one of both", PB_ERR_CONFIG},
    {"[cwt: {scales: [1, 0.01]}]",
     "cwt_1: a scale of 0.01 leaves fewer than two points of morl; allowed is more than 0.06244",
     PB_ERR_CONFIG},
    {"[cwt: {frequencies: 1000}]", "leaves fewer than two points of morl", PB_ERR_CONFIG},
    {"[cwt: {scales: [1, -2]}]", "item 1: -2 is out of range", PB_ERR_CONFIG},
    {"[dwt1: {wavelet: morl}]", "\"morl\" is a continuous wavelet, this takes discrete ones",
     PB_ERR_CONFIG},
};

START_TEST(errors_tell_what_is_allowed)
{
    network n;
    network_start(&n, PB_F32, PB_SHAPE(2, 9), 2, true);
    ck_assert_int_eq(network_build(&n, bad[_i].stages), bad[_i].status);
    ck_assert_msg(strstr(pb_error(n.ctx), bad[_i].sentence), "%s gives: %s", bad[_i].stages,
                  pb_error(n.ctx));
    network_free(&n);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scalograms");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, gradients_are_differences, 0, 4);
    tcase_add_loop_test(all, silence_has_gradients, 0, 4);
    tcase_add_loop_test(all, errors_tell_what_is_allowed, 0, (int)(sizeof bad / sizeof *bad));
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
