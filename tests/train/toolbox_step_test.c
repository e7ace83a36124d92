/* Steps of networks with the training toolbox on the device: parameters, running statistics and
 * states of optimisers come out as in float64, although batch normalisation looks across samples
 * and the rate changes with every step; and fifty steps of each optimiser and regulariser come to
 * what PyTorch's do.
 *
 * toolbox_step_test [pytorch]: the former, or the latter, each of whose cases compiles kernels of
 * its own. */
#include <passband/plan.h>

#include "../stage/network.h"

#define OK(call)                                                                                   \
    do {                                                                                           \
        const pb_status got_ = (call);                                                             \
        ck_assert_msg(got_ == PB_OK, "%s: %s: %s", #call, pb_status_name(got_), pb_error(n->ctx)); \
    } while (0)

enum { BATCH = 40, STEPS = 3, MOST = 64 };
enum {
    OPTIMISERS = 20,
    REGULARISERS = 9,
    PYTORCH_STEPS = 50
}; /* cases of the fixtures of stages */

/* A bias before batch normalisation has a gradient of rounding errors alone, so there is none that
 * learns. */
static const char *const networks[] = {
    "[load, conv1d: {channels: 4, padding: 1, bias: false}, batch_norm1d, relu, linear: {features: "
    "6, bias: false}, "
    "batch_norm1d, relu, linear: {features: 3}, cross_entropy: {smoothing: 0.1}, l1: {weight: "
    "0.001}, clip_norm: {norm: 0.5}, rmsprop: {params: '*.bias'}, sgd: {lr: 0.1, momentum: 0.9, "
    "schedule: one_cycle}, average: {decay: 0.5}]",
    "[load, reshape: {shape: [1, 3, 4]}, batch_norm2d, conv2d: {channels: 3, padding: 1}, "
    "batch_norm2d, relu, linear: {features: 3}, cross_entropy, freeze: {params: '*_1.bias'}, "
    "adagrad: {params: '*.weight'}, adam]",
};

static void write_leaf(network *n, pb_plan *plan, pb_value leaf)
{
    const size_t count = pb_shape_count(pb_value_shape(n->g, leaf));
    const double *content = leaf_content(n, leaf);
    float *numbers = malloc(count * sizeof *numbers);
    for (size_t i = 0; i < count; i++) numbers[i] = (float)content[i];
    if (pb_value_dtype(n->g, leaf) == PB_I32)
        for (size_t i = 0; i < count; i++) ((int32_t *)(void *)numbers)[i] = (int32_t)content[i];
    OK(pb_plan_write(plan, leaf, numbers, count * sizeof *numbers));
    free(numbers);
}

static void assert_leaf(network *n, pb_plan *plan, pb_value leaf)
{
    const size_t count = pb_shape_count(pb_value_shape(n->g, leaf));
    const double *want = leaf_content(n, leaf);
    float *got = malloc(count * sizeof *got);
    double largest = 0;
    OK(pb_plan_read(plan, leaf, got, count * sizeof *got));
    for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(want[i]));
    for (size_t i = 0; i < count && pb_value_dtype(n->g, leaf) == PB_F32; i++)
        ck_assert_msg(fabs((double)got[i] - want[i]) <= 2e-4 * largest + 1e-6,
                      "%s[%zu] is %.9g, not %.9g", pb_value_name(n->g, leaf), i, (double)got[i],
                      want[i]);
    free(got);
}

/* Rates that differ from step to step, and what counts the steps. */
static void prepare(network *n, pb_value step)
{
    pb_builder_assign(&n->b, step, pb_add(n->g, step, pb_constant_i32(n->g, 1, PB_SCALAR)));
    OK(pb_program(n->g, "step", n->b.assign_count, n->b.assigns));
    for (int i = 0; i < n->b.rate_count; i++) {
        double *rates = leaf_content(n, n->b.rates[i].leaf);
        const size_t count = pb_shape_count(pb_value_shape(n->g, n->b.rates[i].leaf));
        for (size_t k = 0; k < count; k++) rates[k] = 0.02 + 0.03 * (double)k;
    }
    if (n->b.average.leaf == PB_NONE) return;
    for (int k = 0; k < STEPS; k++) leaf_content(n, n->b.average.leaf)[k] = k == 0 ? 1 : 0.5;
}

static double *read_leaf(network *n, pb_plan *plan, pb_value leaf, int *count)
{
    *count = (int)pb_shape_count(pb_value_shape(n->g, leaf));
    float *numbers = malloc((size_t)*count * sizeof *numbers);
    double *wide = malloc((size_t)*count * sizeof *wide);
    OK(pb_plan_read(plan, leaf, numbers, (size_t)*count * sizeof *numbers));
    for (int i = 0; i < *count; i++) wide[i] = (double)numbers[i];
    free(numbers);
    return wide;
}

static void open_plan(network *n, pb_device **device, pb_plan **plan)
{
    OK(pb_device_open(n->ctx, NULL, device));
    OK(pb_plan_create(*device, n->g, plan));
    OK(pb_plan_init(*plan, 1));
    for (pb_value v = 0; v < pb_graph_count(n->g); v++)
        if (pb_record_of(n->g, v)->op == PB_OP_LEAF) write_leaf(n, *plan, v);
}

START_TEST(test_as_in_float64)
{
    network whole, *n = &whole;
    network_start(n, PB_F32, PB_SHAPE(BATCH, 12), 3, true);
    const pb_value step = pb_leaf(n->g, PB_ROLE_STATE, "step", PB_I32, PB_SCALAR, (pb_init){0});
    n->b.steps = STEPS;
    n->b.step = step;
    OK(network_build(n, networks[_i]));
    OK(pb_builder_finish(&n->b));
    prepare(n, step);

    pb_device *device = NULL;
    pb_plan *plan = NULL;
    pb_value leaves[MOST];
    int count = 0;
    open_plan(n, &device, &plan);
    for (pb_value v = 0; v < pb_graph_count(n->g); v++) {
        if (pb_record_of(n->g, v)->op != PB_OP_LEAF) continue;
        ck_assert_int_lt(count, MOST);
        leaves[count++] = v;
    }
    OK(pb_plan_run(plan, "step", STEPS));
    OK(pb_plan_finish(plan));
    for (int i = 0; i < STEPS; i++) network_step(n);
    for (int i = 0; i < count; i++) assert_leaf(n, plan, leaves[i]);
    pb_plan_free(&plan);
    pb_device_close(&device);
    network_free(n);
}
END_TEST

/* Steps of a case's network; `losses` are from before each. */
static void run_case_of(network *n, pb_plan *plan, pb_value loss, double losses[])
{
    for (int i = 0; i < PYTORCH_STEPS; i++) {
        int one;
        OK(pb_plan_run(plan, "step", 1));
        OK(pb_plan_finish(plan));
        double *before = read_leaf(n, plan, loss, &one);
        losses[i] = *before;
        free(before);
    }
}

START_TEST(test_as_in_pytorch)
{
    network whole, *n = &whole;
    fixture *f = fixture_load(_i < OPTIMISERS ? "optimisers.txt" : "regularisers.txt");
    const char *name = fixture_case(f, _i < OPTIMISERS ? _i : _i - OPTIMISERS);
    double losses[PYTORCH_STEPS];
    pb_device *device = NULL;
    pb_plan *plan = NULL;
    network_start(n, PB_F32, fixture_shape(f, name, "input_shape"), 3, true);
    const pb_value loss = pb_leaf(n->g, PB_ROLE_STATE, "loss", PB_F32, PB_SCALAR, (pb_init){0});
    OK(network_build(n, fixture_text(f, name, "stages")));
    OK(pb_builder_finish(&n->b));
    pb_builder_assign(&n->b, loss, n->b.loss);
    OK(pb_program(n->g, "step", n->b.assign_count, n->b.assigns));
    open_plan(n, &device, &plan);
    run_case_of(n, plan, loss, losses);
    assert_fixture(losses, f, name, "losses", PYTORCH_STEPS);
    for (int i = 0; i < n->b.param_count; i++) {
        char key[32];
        int count;
        double *got = read_leaf(n, plan, n->b.params[i], &count);
        snprintf(key, sizeof key, "param_%d", i);
        assert_fixture(got, f, name, key, count);
        free(got);
    }
    pb_plan_free(&plan);
    pb_device_close(&device);
    network_free(n);
    fixture_free(f);
}
END_TEST

int main(int argument_count, char **arguments)
{
    const bool pytorch = argument_count > 1 && strcmp(arguments[1], "pytorch") == 0;
    Suite *suite = suite_create("toolbox_step");
    TCase *tcase = tcase_create("toolbox_step");
    tcase_set_timeout(tcase, 120);
    if (pytorch)
        tcase_add_loop_test(tcase, test_as_in_pytorch, 0, OPTIMISERS + REGULARISERS);
    else
        tcase_add_loop_test(tcase, test_as_in_float64, 0,
                            (int)(sizeof networks / sizeof *networks));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
