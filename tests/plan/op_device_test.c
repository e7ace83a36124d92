/* Every op, its gradient and its second gradient, computed on the device that PASSBAND_DEVICE names
 * at every shape of op_cases.c, equal the float64 reference: with the kernels of a CPU, and with
 * those of a GPU. The cases of one shape share a plan, so that their kernels fuse: compiling them
 * takes most of the time.
 *
 * op_device_test [A [B]]: every A-th shape with the kernels of a CPU, every B-th with those of a
 * GPU. */
#include "device_check.h"

static int cpu_step = 1, gpu_step = OP_CASE_SHAPES;

/* y, d sum(y w) / d leaves, and the gradients of a weighted sum of those. */
static void add_case(joined *j, pb_op op, int shape_number)
{
    op_built b;
    char what[64];
    op_case_build(j->ctx, op, shape_number, &b);
    OK(j->ctx, pb_graph_status(b.g));
    pb_value wanted[1 + 2 * OP_CASE_LEAVES] = {b.y}, first[OP_CASE_LEAVES], second[OP_CASE_LEAVES];
    int count = 1;
    if (!op_cases[op].stops) {
        const pb_value w = op_case_uniform(&b, pb_value_shape(b.g, b.y), -1, 1);
        gradients_of(&b, pb_sum_all(b.g, pb_mul(b.g, pb_cast(b.g, b.y, PB_F32), w)), first);
        pb_value total = pb_constant(b.g, 0, PB_SCALAR);
        for (int k = 0; k < b.count; ++k)
            if (first[k] != PB_NONE) total = pb_add(b.g, total, weighted(&b, first[k]));
        gradients_of(&b, total, second);
        for (int k = 0; k < b.count; ++k)
            if (first[k] != PB_NONE) wanted[count++] = first[k];
        for (int k = 0; k < b.count; ++k)
            if (second[k] != PB_NONE) wanted[count++] = second[k];
    }
    snprintf(what, sizeof what, "%s at shape %d, value", pb_ops[op].name, shape_number);
    joined_add(j, &b, count, wanted, what);
    op_case_free(&b);
}

static void check_shape(int shape_number, bool on_cpu)
{
    pb_context *ctx;
    pb_device *device;
    open_device(&ctx, &device);
    joined *j = joined_create(ctx);
    for (int op = 0; op < PB_OP_COUNT; ++op) {
        ck_assert_msg(op_cases[op].build || op_cases[op].absent, "the op %s has no row in op_cases",
                      pb_ops[op].name);
        if (op_cases[op].build) add_case(j, (pb_op)op, shape_number);
    }
    joined_program(j, "all");
    pb_plan *plan = joined_check(j, device, on_cpu);
    pb_plan_free(&plan);
    joined_free(&j);
    close_device(&ctx, &device);
}

START_TEST(shape_with_cpu_kernels)
{
    if (_i % cpu_step == 0) check_shape(_i, true);
}
END_TEST

START_TEST(shape_with_gpu_kernels)
{
    if (_i % gpu_step == gpu_step / 2) check_shape(_i, false);
}
END_TEST

int main(int argument_count, char **arguments)
{
    if (argument_count > 1) cpu_step = atoi(arguments[1]);
    if (argument_count > 2) gpu_step = atoi(arguments[2]);
    if (!may_run()) return 77;
    Suite *suite = suite_create("ops on a device");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, shape_with_cpu_kernels, 0, OP_CASE_SHAPES);
    tcase_add_loop_test(tests, shape_with_gpu_kernels, 0, OP_CASE_SHAPES);
    suite_add_tcase(suite, tests);
    return runs(srunner_create(suite));
}
