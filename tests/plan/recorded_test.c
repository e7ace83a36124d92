/* A program that runs recorded gives the bits that it gives launch by launch. */
#include "device/cl_device.h"
#include "device_fixture.h"
#include "plan/plan_state.h"

enum { N = 24, IN = 10, HIDDEN = 16, OUT = 3, STEPS = 200 };

typedef struct job {
    pb_graph *g;
    pb_value x, y, w1, w2, sum;
} job;

typedef struct outcome {
    float w1[IN * HIDDEN], w2[HIDDEN * OUT], sum;
} outcome;

/* Steps of gradient descent on two layers, with a sum of the losses. */
static job build(void)
{
    job j = {.g = pb_graph_create(ctx)};
    pb_graph *g = j.g;
    j.x = pb_input(g, "x", PB_SHAPE(N, IN));
    j.y = pb_input(g, "y", PB_SHAPE(N, OUT));
    j.w1 = pb_param(g, "w1", PB_SHAPE(IN, HIDDEN), 0.3f);
    j.w2 = pb_param(g, "w2", PB_SHAPE(HIDDEN, OUT), 0.3f);
    j.sum = state(g, "sum", PB_SCALAR);
    const pb_value hidden = pb_relu(g, pb_matmul(g, j.x, j.w1)), out = pb_matmul(g, hidden, j.w2);
    const pb_value loss = pb_mean_all(g, pb_square(g, pb_sub(g, out, j.y)));
    const pb_value params[] = {j.w1, j.w2};
    pb_value slopes[2];
    OK(ctx, pb_gradient(g, loss, 2, params, slopes));
    const pb_value assigns[] = {
        pb_assign(g, j.w1, pb_sub(g, j.w1, pb_scale(g, slopes[0], 0.1f))),
        pb_assign(g, j.w2, pb_sub(g, j.w2, pb_scale(g, slopes[1], 0.1f))),
        pb_assign(g, j.sum, pb_add(g, j.sum, loss)),
    };
    OK(ctx, pb_program(g, "step", 3, assigns));
    return j;
}

static void start(const job *j, pb_plan *plan)
{
    float x[N * IN], y[N * OUT];
    for (int i = 0; i < N * IN; ++i) x[i] = (float)sin(0.7 + 12.9898 * i);
    for (int i = 0; i < N * OUT; ++i) y[i] = (float)cos(0.3 + 4.1414 * i);
    OK(ctx, pb_plan_init(plan, 5));
    OK(ctx, pb_plan_write(plan, j->x, x, sizeof x));
    OK(ctx, pb_plan_write(plan, j->y, y, sizeof y));
}

static void look(const job *j, pb_plan *plan, outcome *o)
{
    OK(ctx, pb_plan_read(plan, j->w1, o->w1, sizeof o->w1));
    OK(ctx, pb_plan_read(plan, j->w2, o->w2, sizeof o->w2));
    OK(ctx, pb_plan_read(plan, j->sum, &o->sum, sizeof o->sum));
}

START_TEST(recorded_steps_give_the_same_bits)
{
    outcome direct, recorded;
    job j = build();
    for (int way = 0; way < 2; ++way) {
        pb_plan *plan;
        device->records = way ? PB_RECORDS_YES : PB_RECORDS_NO;
        OK(ctx, pb_plan_create(device, j.g, &plan));
        start(&j, plan);
        OK(ctx, pb_plan_run(plan, "step", 1)); /* too little to record */
        ck_assert_ptr_null(plan->recordings[1]);
        OK(ctx, pb_plan_run(plan, "step", STEPS));
        if (!way || !pb_device_describe(device)->has_command_buffer)
            ck_assert_ptr_null(plan->recordings[1]);
        else
            ck_assert_ptr_nonnull(plan->recordings[1]);
        look(&j, plan, way ? &recorded : &direct);
        pb_plan_free(&plan);
    }
    ck_assert_float_gt(direct.sum, 0);
    ck_assert_int_eq(memcmp(&direct, &recorded, sizeof direct), 0);
    pb_graph_free(&j.g);
}
END_TEST

int main(void)
{
    if (!may_run()) return 77;
    Suite *suite = suite_create("recorded programs");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, recorded_steps_give_the_same_bits);
    suite_add_tcase(suite, tests);
    return runs(srunner_create(suite));
}
