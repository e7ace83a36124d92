/* Every op's gradient and second gradient equals central differences of the float64 reference. */
#include "graph_check.h"

#include <stdio.h>

/* The gradient of a value that stops gradients is zero. */
static void check_stop(op_built *b)
{
    pb_value gradients[OP_CASE_LEAVES];
    const pb_value y = pb_sum_all(b->g, b->y);
    gradients_of(b, y, gradients);
    for (int k = 0; k < b->count; k++) {
        double *got = evaluate(b, gradients[k]);
        const size_t count = pb_shape_count(pb_value_shape(b->g, gradients[k]));
        for (size_t i = 0; i < count; i++)
            if (got[i] != 0) ck_abort_msg("element %zu of gradient %d is %g", i, k, got[i]);
        free(got);
    }
}

START_TEST(op_gradients)
{
    const pb_op op = (pb_op)_i;
    pb_context *ctx = pb_context_create();
    if (!op_cases[op].build) {
        ck_assert_msg(op_cases[op].absent, "the op %s has no row in op_cases.c", pb_ops[op].name);
        pb_context_free(&ctx);
        return;
    }
    for (int i = 0; i < OP_CASE_SHAPES; i++) {
        op_built b;
        char what[64];
        op_case_build(ctx, op, i, &b);
        OK(ctx, pb_graph_status(b.g));
        snprintf(what, sizeof what, "%s at shape %d", pb_ops[op].name, i);
        if (op_cases[op].stops)
            check_stop(&b);
        else
            check_both_gradients(&b, what);
        op_case_free(&b);
    }
    pb_context_free(&ctx);
}
END_TEST

/* Half-filled rows would crash those who walk the table. */
START_TEST(op_rows_are_complete)
{
    for (int op = 0; op < PB_OP_COUNT; op++) {
        const pb_op_row *row = &pb_ops[op];
        ck_assert_msg(row->name && row->infer, "op %d has no name or no shape rule", op);
        if (row->class == PB_EFFECT) continue;
        ck_assert_msg(row->reference || op == PB_OP_LEAF, "%s has no reference", row->name);
        ck_assert_msg(!row->gradient == row->no_gradient,
                      "%s must have a gradient rule or say that it has none", row->name);
        ck_assert_msg(!row->expr == (row->class != PB_ELEMENTWISE), "%s: expression", row->name);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("op gradients");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, op_rows_are_complete);
    tcase_add_loop_test(tests, op_gradients, 0, PB_OP_COUNT);
    suite_add_tcase(suite, tests);
    return runs(srunner_create(suite));
}
