/* What the graph tests share: evaluating with the float64 reference, and gradients against central
 * differences. */
#ifndef PB_TEST_GRAPH_CHECK_H
#define PB_TEST_GRAPH_CHECK_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "op_cases.h"

#define OK(ctx, call)                                                                              \
    do {                                                                                           \
        const pb_status got_ = (call);                                                             \
        ck_assert_msg(got_ == PB_OK, "%s: %s: %s", #call, pb_status_name(got_), pb_error(ctx));    \
    } while (0)

/* The elements of v given the case's leaves; free() them. */
static inline double *evaluate(const op_built *b, pb_value v)
{
    double *out;
    OK(pb_graph_context(b->g),
       pb_reference(b->g, b->count, b->leaves, (const double *const *)b->data, 1, &v, &out));
    return out;
}

static inline double evaluate_scalar(const op_built *b, pb_value v)
{
    double *out = evaluate(b, v);
    const double number = out[0];
    free(out);
    return number;
}

static inline int runs(SRunner *runner)
{
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}

#define PROBES 24 /* elements of each leaf that are moved */

/* d y / d leaf by pb_gradient against (y(x + eps) - y(x - eps)) / 2 eps, for a scalar y and every
 * f32 leaf. */
static inline void check_gradient(op_built *b, pb_value y, const pb_value gradients[],
                                  const char *what)
{
    const double eps = 1e-6;
    for (int k = 0; k < b->count; k++) {
        if (pb_value_dtype(b->g, b->leaves[k]) != PB_F32) continue;
        const size_t count = pb_shape_count(pb_value_shape(b->g, b->leaves[k]));
        ck_assert(
            pb_shape_equal(pb_value_shape(b->g, b->leaves[k]), pb_value_shape(b->g, gradients[k])));
        double *got = evaluate(b, gradients[k]);
        const size_t step = count / PROBES + 1;
        for (size_t i = 0; i < count; i += step) {
            double *x = &b->data[k][i];
            const double before = *x;
            *x = before + eps;
            const double above = evaluate_scalar(b, y);
            *x = before - eps;
            const double below = evaluate_scalar(b, y);
            *x = before;
            const double want = (above - below) / (2 * eps);
            if (!(fabs(got[i] - want) <=
                  1e-5 + 1e-3 * fabs(want))) /* Check writes at every assertion */
                ck_abort_msg("%s: gradient of leaf %d, element %zu is %g, differences give %g",
                             what, k, i, got[i], want);
        }
        free(got);
    }
}

/* Gradients of scalar y by every f32 leaf; PB_NONE for the others. */
static inline void gradients_of(op_built *b, pb_value y, pb_value gradients[])
{
    for (int k = 0; k < b->count; k++) {
        gradients[k] = PB_NONE;
        if (pb_value_dtype(b->g, b->leaves[k]) == PB_F32)
            OK(pb_graph_context(b->g), pb_gradient(b->g, y, 1, &b->leaves[k], &gradients[k]));
    }
}

/* sum(a * random numbers) */
static inline pb_value weighted(op_built *b, pb_value a)
{
    const pb_shape shape = pb_value_shape(b->g, a);
    const size_t count = pb_shape_count(shape);
    float *weights = malloc(count * sizeof *weights);
    for (size_t i = 0; i < count; i++) weights[i] = (float)sin(1.0 + 3.7 * (double)i);
    const pb_value w = pb_constant_data(b->g, weights, shape);
    free(weights);
    return pb_sum_all(b->g, pb_mul(b->g, pb_cast(b->g, a, PB_F32), w));
}

/* First and second gradients of b->y. One more leaf multiplies y, so that the second gradient of a
 * linear op is not trivial. */
static inline void check_both_gradients(op_built *b, const char *what)
{
    pb_value first[OP_CASE_LEAVES], second[OP_CASE_LEAVES];
    pb_context *ctx = pb_graph_context(b->g);
    char words[128];
    OK(ctx, pb_graph_status(b->g));
    const pb_shape shape = pb_value_shape(b->g, b->y);
    const pb_value w = op_case_uniform(b, shape, -1, 1);
    const pb_value loss = pb_sum_all(b->g, pb_mul(b->g, pb_cast(b->g, b->y, PB_F32), w));
    gradients_of(b, loss, first);
    snprintf(words, sizeof words, "%s, first", what);
    check_gradient(b, loss, first, words);

    pb_value total = pb_constant(b->g, 0, PB_SCALAR);
    for (int k = 0; k < b->count; k++)
        if (first[k] != PB_NONE) total = pb_add(b->g, total, weighted(b, first[k]));
    gradients_of(b, total, second);
    snprintf(words, sizeof words, "%s, second", what);
    check_gradient(b, total, second, words);
}

#endif
