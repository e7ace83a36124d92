/* Optimisers: fifty steps against PyTorch's (fixtures/make_fixtures.py), who takes which parameter,
 * and what they say when nothing fits. */
#include "network.h"

enum { STEPS = 50, CASES = 20 };

static void assert_params(network *n, const fixture *f, const char *name)
{
    for (int i = 0; i < n->b.param_count; i++) {
        char key[32];
        snprintf(key, sizeof key, "param_%d", i);
        assert_fixture(leaf_content(n, n->b.params[i]), f, name, key,
                       (int)pb_shape_count(pb_value_shape(n->g, n->b.params[i])));
    }
}

START_TEST(test_fifty_steps)
{
    fixture *f = fixture_load("optimisers.txt");
    const char *name = fixture_case(f, _i);
    ck_assert_ptr_nonnull(name);
    network n;
    network_start(&n, PB_F32, fixture_shape(f, name, "input_shape"), 3, true);
    ck_assert_msg(network_build(&n, fixture_text(f, name, "stages")) == PB_OK, "%s: %s", name,
                  pb_error(n.ctx));
    ck_assert_msg(pb_builder_finish(&n.b) == PB_OK, "%s: %s", name, pb_error(n.ctx));
    double losses[STEPS];
    for (int i = 0; i < STEPS; i++) {
        double *loss;
        network_evaluate(&n, 1, &n.b.loss, &loss);
        losses[i] = *loss;
        free(loss);
        network_step(&n);
    }
    ck_assert_int_eq(n.b.param_count, 4);
    assert_fixture(losses, f, name, "losses", STEPS);
    assert_params(&n, f, name);
    network_free(&n);
    fixture_free(f);
}
END_TEST

START_TEST(test_fixtures_all_run)
{
    fixture *f = fixture_load("optimisers.txt");
    ck_assert_ptr_nonnull(fixture_case(f, CASES - 1));
    ck_assert_ptr_null(fixture_case(f, CASES)); /* the loop of test_fifty_steps ends here */
    fixture_free(f);
}
END_TEST

START_TEST(test_state_and_rates)
{
    network n;
    network_start(&n, PB_F32, PB_SHAPE(5, 6), 3, true);
    ck_assert_msg(
        network_build(
            &n, "[linear: {features: 3}, cross_entropy, "
                "adam: {params: '*.bias', lr: 0.5, schedule: step, step_size: 7, gamma: 0.25}, "
                "sgd: {momentum: 0.9, schedule: cosine, floor: 0.001}]") == PB_OK,
        "%s", pb_error(n.ctx));
    ck_assert_int_eq(pb_builder_unclaimed(&n.b), PB_NONE);
    ck_assert_msg(pb_builder_finish(&n.b) == PB_OK, "%s", pb_error(n.ctx));
    static const struct {
        const char *name;
        size_t count;
    } leaves[] = {{"adam_1.m", 3},    {"adam_1.v", 3},           {"sgd_1.momentum", 18},
                  {"adam_1.rate", 1}, {"adam_1.correction1", 1}, {"adam_1.correction2", 1},
                  {"sgd_1.rate", 1}};
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++) {
        const pb_value leaf = pb_graph_find(n.g, leaves[i].name);
        ck_assert_msg(leaf != PB_NONE, "%s is missing", leaves[i].name);
        ck_assert_uint_eq(pb_shape_count(pb_value_shape(n.g, leaf)), leaves[i].count);
    }
    const pb_rate *adam = &n.b.rates[0], *sgd = &n.b.rates[1];
    ck_assert_int_eq(n.b.rate_count, 2);
    ck_assert_int_eq(adam->leaf, pb_graph_find(n.g, "adam_1.rate"));
    ck_assert_str_eq(adam->schedule, "step");
    ck_assert_int_eq(adam->step_size, 7);
    ck_assert_double_eq(adam->gamma, 0.25);
    ck_assert_double_eq(adam->base, 0.5);
    ck_assert_str_eq(sgd->schedule, "cosine");
    ck_assert_double_eq(sgd->floor, 0.001);
    ck_assert_double_eq(sgd->base, 0.01);
    ck_assert(!adam->by_step && !sgd->by_step);
    network_free(&n);
}
END_TEST

/* The gradient is built once, however many optimisers there are: the second one adds a handful of
 * values, not a second backward pass. */
START_TEST(test_optimisers_share_the_gradient)
{
    static const char *const tails[] = {"sgd]",
                                        "sgd: {params: '*_1.*'}, sgd: {params: '*_2.*'}, sgd]"};
    int counts[2];
    for (int i = 0; i < 2; i++) {
        char list[400];
        snprintf(list, sizeof list,
                 "[linear: {features: 8}, relu, linear: {features: 8}, relu, linear: {features: "
                 "3}, cross_entropy, %s",
                 tails[i]);
        network n;
        network_start(&n, PB_F32, PB_SHAPE(5, 6), 3, true);
        ck_assert_msg(network_build(&n, list) == PB_OK, "%s", pb_error(n.ctx));
        ck_assert_msg(pb_builder_finish(&n.b) == PB_OK, "%s", pb_error(n.ctx));
        counts[i] = 0;
        for (pb_value v = 0; v < pb_graph_count(n.g); v++)
            counts[i] += pb_record_of(n.g, v)->op == PB_OP_MATMUL;
        network_free(&n);
    }
    ck_assert_int_gt(counts[0], 5);
    ck_assert_int_eq(counts[0], counts[1]);
}
END_TEST

typedef struct bad_case {
    const char *stages;
    bool built; /* the fault shows only when the program is finished */
    const char *fragment;
} bad_case;

// clang-format off
static const bad_case bad_cases[] = {
    {"[linear: {features: 3}, cross_entropy, sgd: {params: 'conv*'}]", false, "sgd_1: params: \"conv*\" fits no parameter that is left; there are linear_1.weight, linear_1.bias"},
    {"[linear: {features: 3}, cross_entropy, sgd, adam]", false, "adam_1: params: \"*\" fits no parameter that is left; there is none"},
    {"[linear: {features: 3}, cross_entropy, sgd: {nesterov: true}]", false, "sgd_1: nesterov needs a momentum above 0"},
    {"[linear: {features: 3}, cross_entropy, sgd: {schedule: cosine, floor: 1}]", false, "sgd_1: floor 1 lies above lr 0.01"},
    {"[linear: {features: 3}, cross_entropy, sgd: {lr: -1}]", false, "sgd.lr"},
    {"[linear: {features: 3}, cross_entropy, sgd: {momentum: 2}]", false, "sgd.momentum"},
    {"[linear: {features: 3}, cross_entropy, adam: {beta1: 1}]", false, "adam.beta1"},
    {"[linear: {features: 3}, cross_entropy, adam: {epsilon: 0}]", false, "adam.epsilon"},
    {"[linear: {features: 3}, cross_entropy, sgd: {params: '*.bias'}]", true, "no optimiser takes linear_1.weight"},
    {"[linear: {features: 3}, cross_entropy, freeze: {params: '*'}, sgd]", false, "sgd_1: params: \"*\" fits no parameter that is left; there is none"},
    {"[linear: {features: 3}, cross_entropy, freeze: {params: 'conv*'}, sgd]", false, "freeze_1: params: \"conv*\" fits no parameter"},
    {"[linear: {features: 3}, cross_entropy, freeze, sgd]", false, "freeze.params"},
    {"[linear: {features: 3}, cross_entropy, rmsprop: {alpha: 1}]", false, "rmsprop.alpha"},
    {"[linear: {features: 3}, cross_entropy, lion: {beta2: 1}]", false, "lion.beta2"},
    {"[linear: {features: 3}, cross_entropy, adagrad: {initial: -1}]", false, "adagrad.initial"},
    {"[linear: {features: 3}, cross_entropy]", true, "no optimiser takes linear_1.weight"},
    {"[linear: {features: 3}, cross_entropy, sgd, linear: {features: 2}]", true, "no optimiser takes linear_2.weight"},
    {"[linear: {features: 3}, sgd]", true, "the stages have no loss"},
};
// clang-format on

START_TEST(test_bad)
{
    const bad_case *bad = &bad_cases[_i];
    network n;
    network_start(&n, PB_F32, PB_SHAPE(5, 6), 3, true);
    const pb_status built = network_build(&n, bad->stages);
    ck_assert_msg((built == PB_OK) == bad->built, "%s: %s", bad->stages, pb_error(n.ctx));
    const pb_status status = bad->built ? pb_builder_finish(&n.b) : built;
    ck_assert_int_eq(status, PB_ERR_CONFIG);
    ck_assert_msg(strstr(pb_error(n.ctx), bad->fragment) != NULL, "for %s\nexpected '%s', got\n%s",
                  bad->stages, bad->fragment, pb_error(n.ctx));
    network_free(&n);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("optimiser");
    TCase *steps = tcase_create("steps"), *errors = tcase_create("errors");
    tcase_add_loop_test(steps, test_fifty_steps, 0, CASES);
    tcase_add_test(steps, test_fixtures_all_run);
    tcase_add_test(steps, test_state_and_rates);
    tcase_add_test(steps, test_optimisers_share_the_gradient);
    tcase_add_loop_test(errors, test_bad, 0, (int)(sizeof bad_cases / sizeof *bad_cases));
    suite_add_tcase(suite, steps);
    suite_add_tcase(suite, errors);
    return run_suite(suite);
}
