/* Regularisers: fifty steps against PyTorch (fixtures/make_regularisers.py), evaluation with
 * running statistics, and what they say when they do not fit. */
#include "network.h"

enum { STEPS = 50, CASES = 9 };

static void assert_leaves(network *n, const fixture *f, const char *name, const char *kind,
                          int count, const pb_value leaves[])
{
    for (int i = 0; i < count; i++) {
        char key[32];
        snprintf(key, sizeof key, "%s_%d", kind, i);
        assert_fixture(leaf_content(n, leaves[i]), f, name, key,
                       (int)pb_shape_count(pb_value_shape(n->g, leaves[i])));
    }
}

static double evaluate(network *n, pb_value scalar)
{
    double *out;
    network_evaluate(n, 1, &scalar, &out);
    const double number = *out;
    free(out);
    return number;
}

/* The evaluation program of the same network, in the same graph. */
static void start_evaluation(network *n, const char *stages)
{
    pb_builder_init(&n->b, n->ctx, n->g, false, 3, n->samples, n->labels);
    n->b.fitted = &n->fitted;
    ck_assert_msg(network_build(n, stages) == PB_OK, "%s: %s", stages, pb_error(n->ctx));
    ck_assert_msg(pb_builder_finish(&n->b) == PB_OK, "%s: %s", stages, pb_error(n->ctx));
}

START_TEST(test_fifty_steps)
{
    fixture *f = fixture_load("regularisers.txt");
    const char *name = fixture_case(f, _i), *stages = fixture_text(f, name, "stages");
    network n;
    network_start(&n, PB_F32, fixture_shape(f, name, "input_shape"), 3, true);
    ck_assert_msg(network_build(&n, stages) == PB_OK, "%s: %s", name, pb_error(n.ctx));
    ck_assert_msg(pb_builder_finish(&n.b) == PB_OK, "%s: %s", name, pb_error(n.ctx));
    double losses[STEPS];
    for (int i = 0; i < STEPS; i++) {
        losses[i] = evaluate(&n, n.b.loss);
        network_step(&n);
    }
    assert_fixture(losses, f, name, "losses", STEPS);
    assert_leaves(&n, f, name, "param", n.b.param_count, n.b.params);
    const double buffers = n.b.buffer_count;
    assert_fixture(&buffers, f, name, "buffer_count", 1);
    assert_leaves(&n, f, name, "buffer", n.b.buffer_count, n.b.buffers);

    start_evaluation(&n, stages);
    ck_assert_int_eq(n.b.assign_count, 0);
    ck_assert_int_eq(n.b.buffer_count, (int)buffers);
    double *of_samples;
    const pb_value wanted = pb_builder_find(&n.b, "sample_loss");
    network_evaluate(&n, 1, &wanted, &of_samples);
    assert_fixture(of_samples, f, name, "sample_loss", n.b.batch);
    double mean = 0;
    for (int i = 0; i < n.b.batch; i++) mean += of_samples[i] / n.b.batch;
    ck_assert_double_eq_tol(evaluate(&n, n.b.loss), mean, 1e-6 * mean); /* no penalty in it */
    free(of_samples);
    network_free(&n);
    fixture_free(f);
}
END_TEST

START_TEST(test_fixtures_all_run)
{
    fixture *f = fixture_load("regularisers.txt");
    ck_assert_ptr_nonnull(fixture_case(f, CASES - 1));
    ck_assert_ptr_null(fixture_case(f, CASES)); /* the loop of test_fifty_steps ends here */
    fixture_free(f);
}
END_TEST

static const struct {
    const char *stages, *words;
    pb_status code;
} bad[] = {
    {"[linear: {features: 3}, cross_entropy, l1: {weight: 1, params: 'conv*'}]",
     "l1_1: params: \"conv*\" fits no parameter before it", PB_ERR_CONFIG},
    {"[linear: {features: 3}, cross_entropy, l1]", "l1.weight", PB_ERR_CONFIG},
    {"[linear: {features: 3}, cross_entropy, l2: {weight: 1}, l2: {weight: 1}]",
     "l2_2: there is a loss named l2 already", PB_ERR_CONFIG},
    {"[linear: {features: 3}, cross_entropy, clip_norm: {norm: 0}]", "clip_norm.norm",
     PB_ERR_CONFIG},
    {"[linear: {features: 3}, cross_entropy, clip_norm, clip_norm]",
     "clip_norm_2: the gradient is clipped already", PB_ERR_CONFIG},
    {"[linear: {features: 3}, cross_entropy: {smoothing: 1.5}]", "cross_entropy.smoothing",
     PB_ERR_CONFIG},
    {"[batch_norm2d]", "batch_norm2d_1: takes [batch, height, width]", PB_ERR_SHAPE},
    {"[reshape: {shape: [1, 2, 3]}, batch_norm1d]",
     "batch_norm1d_1: takes [batch, features] or [batch, channels, length], but gets [5, 1, 2, 3]",
     PB_ERR_SHAPE},
    {"[linear: {features: 3}, group_lasso: {weight: 1}]",
     "group_lasso_1: needs coefficients [batch, height, width]", PB_ERR_SHAPE},
    {"[reshape: {shape: [2, 3]}, dct2: {keep: 2}, linear: {features: 3}, linear: {features: 3}, "
     "group_lasso: {weight: 1, params: linear_2.weight}]",
     "linear_2.weight is [3, 3]; it must be of a linear stage that takes the 4 coefficients "
     "[1, 2, 2]",
     PB_ERR_SHAPE},
    {"[linear: {features: 3}, group_lasso: {weight: 1, params: conv1d_1.weight}]",
     "there is no parameter conv1d_1.weight", PB_ERR_CONFIG},
};

START_TEST(test_bad)
{
    network n;
    network_start(&n, PB_F32, PB_SHAPE(5, 6), 3, true);
    ck_assert_msg(network_build(&n, bad[_i].stages) == bad[_i].code, "%s: %s", bad[_i].stages,
                  pb_error(n.ctx));
    ck_assert_msg(strstr(pb_error(n.ctx), bad[_i].words) != NULL, "%s: %s", bad[_i].stages,
                  pb_error(n.ctx));
    network_free(&n);
}
END_TEST

START_TEST(test_one_sample_has_no_variance)
{
    network n;
    network_start(&n, PB_F32, PB_SHAPE(1, 6), 3, true);
    ck_assert_int_eq(network_build(&n, "[batch_norm1d]"), PB_ERR_SHAPE);
    ck_assert_msg(strstr(pb_error(n.ctx), "batch_size of 2") != NULL, "%s", pb_error(n.ctx));
    network_free(&n);
}
END_TEST

/* Penalties take what a layer works with where its parameters are coefficients: orthonormal
 * wavelets keep the sum of squares, and a threshold leaves less of it. */
START_TEST(test_weights_of_coefficients_are_penalised)
{
    static const char *const thresholds[] = {"{wavelet: haar}", "{wavelet: haar, threshold: 0.4}"};
    double penalty[2], squares = 0;
    for (int i = 0; i < 2; i++) {
        network n;
        pb_yaml *yaml;
        pb_options *transform;
        network_start(&n, PB_F32, PB_SHAPE(5, 2, 4), 3, true);
        ck_assert_int_eq(pb_yaml_parse(n.ctx, "test", thresholds[i], strlen(thresholds[i]), &yaml),
                         PB_OK);
        ck_assert_int_eq(pb_options_parse(n.ctx, pb_weight_options, pb_yaml_root(yaml),
                                          "weight_transform", &transform),
                         PB_OK);
        n.b.weight_transform = transform;
        ck_assert_msg(network_build(&n,
                                    "[linear: {features: 3, bias: false}, cross_entropy, l2: "
                                    "{weight: 1}, group_lasso: {weight: 0.5, bands: 2}]") == PB_OK,
                      "%s", pb_error(n.ctx));
        const float settings[] = {0.4f * (float)i, 0.4f * (float)i, 0, 0, 0, 0};
        double *content = leaf_content(&n, n.b.layers[0].settings);
        for (int k = 0; k < 6; k++) content[k] = (double)settings[k];
        penalty[i] = evaluate(&n, n.b.losses[1].value);
        ck_assert_double_gt(evaluate(&n, n.b.losses[2].value), 0);
        const double *c = leaf_content(&n, n.b.layers[0].coefficients);
        for (int k = 0; i == 0 && k < 24; k++) squares += c[k] * c[k];
        pb_options_free(&transform);
        pb_yaml_free(&yaml);
        network_free(&n);
    }
    ck_assert_double_eq_tol(penalty[0], squares, 1e-6 * squares);
    ck_assert_double_lt(penalty[1], 0.9 * squares);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("regulariser");
    TCase *steps = tcase_create("steps"), *errors = tcase_create("errors");
    tcase_add_loop_test(steps, test_fifty_steps, 0, CASES);
    tcase_add_test(steps, test_fixtures_all_run);
    tcase_add_test(steps, test_weights_of_coefficients_are_penalised);
    tcase_add_loop_test(errors, test_bad, 0, (int)(sizeof bad / sizeof *bad));
    tcase_add_test(errors, test_one_sample_has_no_variance);
    suite_add_tcase(suite, steps);
    suite_add_tcase(suite, errors);
    return run_suite(suite);
}
