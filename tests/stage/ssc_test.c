/* Spectral saliency consistency: the loss, the saliency and the gradients against PyTorch
 * (fixtures/make_ssc.py), first and second gradients against central differences, and what the
 * stage says of networks that have no saliency. */
#include "network.h"

static pb_value ssc_of(const network *n)
{
    for (int i = 0; i < n->b.loss_count; i++) {
        if (strcmp(n->b.losses[i].name, "ssc") == 0) return n->b.losses[i].value;
    }
    return PB_NONE;
}

static double fixture_number(const fixture *f, const char *name, const char *key)
{
    int count;
    double *numbers = fixture_numbers(f, name, key, &count);
    const double number = numbers[0];
    ck_assert_int_eq(count, 1);
    free(numbers);
    return number;
}

static void build(network *n, const char *stages)
{
    ck_assert_msg(network_build(n, stages) == PB_OK, "%s: %s", stages, pb_error(n->ctx));
    ck_assert_msg(pb_builder_finish(&n->b) == PB_OK, "%s: %s", stages, pb_error(n->ctx));
}

/* Compares with sum, norm and every so many elements, as the fixture tells a large array. */
static void assert_brief(network *n, pb_value v, const fixture *f, const char *name,
                         const char *key)
{
    int count;
    double *want = fixture_numbers(f, name, key, &count), *got, brief[128] = {0};
    char what[128];
    snprintf(what, sizeof what, "%s: %s", name, key);
    ck_assert_msg(v != PB_NONE, "%s was not built", what);
    const int size = (int)pb_shape_count(pb_value_shape(n->g, v));
    const int step = size / 50 > 1 ? size / 50 : 1;
    ck_assert_int_eq(count, 2 + (size + step - 1) / step);
    ck_assert_int_le(count, 128);
    network_evaluate(n, 1, &v, &got);
    for (int i = 0; i < size; i++) {
        brief[0] += got[i];
        brief[1] += got[i] * got[i];
        if (i % step == 0) brief[2 + i / step] = got[i];
    }
    brief[1] = sqrt(brief[1]);
    assert_near(brief, want, 2, what);
    assert_near(brief + 2, want + 2, count - 2, what);
    free(want);
    free(got);
}

static void set_labels(network *n, const fixture *f, const char *name)
{
    int count;
    double *labels = fixture_numbers(f, name, "labels", &count);
    ck_assert_int_eq(count, n->b.batch);
    memcpy(leaf_content(n, n->labels), labels, (size_t)count * sizeof *labels);
    free(labels);
}

/* The last `filling` samples of a batch only fill it up. */
static void set_weights(network *n, int filling)
{
    float weights[64];
    if (filling == 0) return;
    for (int i = 0; i < n->b.batch; i++) weights[i] = i < n->b.batch - filling;
    n->b.weights = pb_constant_data(n->g, weights, PB_SHAPE(n->b.batch));
    n->b.weight_sum = pb_sum_all(n->g, n->b.weights);
}

enum { CASES = 8 }; /* what follows is for tests/train/ssc_step_test.c */

START_TEST(test_against_torch)
{
    fixture *f = fixture_load("ssc.txt");
    const char *name = fixture_case(f, _i);
    ck_assert_ptr_nonnull(name);
    network n;
    network_start(&n, PB_F32, fixture_shape(f, name, "input_shape"),
                  (int)fixture_number(f, name, "classes"), true);
    set_labels(&n, f, name);
    set_weights(&n, (int)fixture_number(f, name, "filling"));
    build(&n, fixture_text(f, name, "stages"));
    assert_value(&n, ssc_of(&n), f, name, "ssc");
    assert_value(&n, n.b.loss, f, name, "loss");
    assert_brief(&n, pb_builder_find(&n.b, "saliency"), f, name, "saliency");
    assert_brief(&n, pb_builder_find(&n.b, "saliency_spectra"), f, name, "spectra");
    ck_assert_int_ge(n.b.param_count, 4);
    for (int i = 0; i < n.b.param_count; i++) {
        char key[32];
        snprintf(key, sizeof key, "gradient_%d", i);
        assert_brief(&n, n.b.gradients[i], f, name, key);
    }
    network_free(&n);
    fixture_free(f);
}
END_TEST

START_TEST(test_fixtures_all_run)
{
    fixture *f = fixture_load("ssc.txt");
    ck_assert_str_eq(fixture_case(f, CASES), "step");
    ck_assert_str_eq(fixture_case(f, CASES + 1), "heavy_step");
    ck_assert_ptr_null(fixture_case(f, CASES + 2));
    fixture_free(f);
}
END_TEST

/* ---- central differences ---- */

typedef struct difference_case {
    int dims[5]; /* of the samples, ends with 0 */
    const char *stages;
} difference_case;

#define TAIL(options) "linear: {features: 3}, cross_entropy, ssc: {" options "}, sgd]"

// clang-format off
static const difference_case networks[] = {
    {{8, 9}, "[load, linear: {features: 7}, relu, linear: {features: 6}, relu, " TAIL("weight: 4")},
    {{7, 2, 10}, "[load, conv1d: {channels: 3, padding: 1}, relu, max_pool1d, linear: {features: 6}, relu, " TAIL("weight: 4")},
    {{6, 5, 6}, "[load, conv2d: {channels: 2, padding: 1}, relu, max_pool2d, conv2d: {channels: 3, kernel: 2}, relu, " TAIL("weight: 4, spectrum: image")},
    {{6, 2, 4, 5}, "[load, conv2d: {channels: 2, kernel: [2, 3]}, relu, " TAIL("weight: 4, spectrum: flat")},
    {{7, 5, 5}, "[load, dct2: {keep: 3}, band_mask: {bands: 2}, linear: {features: 6}, relu, " TAIL("weight: 4, spectrum: image, input: pixels")},
};
// clang-format on

static double evaluate(network *n, pb_value v)
{
    double *out;
    network_evaluate(n, 1, &v, &out);
    const double number = out[0];
    free(out);
    return number;
}

/* d y / d leaf as the graph has it against (y(x + eps) - y(x - eps)) / 2 eps, at some elements of
 * each leaf; how many of the differences are not zero. */
static int check_differences(network *n, pb_value y, int count, const pb_value leaves[],
                             const pb_value gradients[], const char *what)
{
    const double eps = 1e-6;
    int moving = 0;
    for (int k = 0; k < count; k++) {
        double *x = leaf_content(n, leaves[k]), *got;
        const size_t size = pb_shape_count(pb_value_shape(n->g, leaves[k])), step = size / 12 + 1;
        network_evaluate(n, 1, &gradients[k], &got);
        for (size_t i = 0; i < size; i += step) {
            const double before = x[i];
            x[i] = before + eps;
            const double above = evaluate(n, y);
            x[i] = before - eps;
            const double below = evaluate(n, y);
            x[i] = before;
            const double want = (above - below) / (2 * eps);
            moving += fabs(want) > 1e-4;
            ck_assert_msg(fabs(got[i] - want) <= 1e-5 + 1e-3 * fabs(want),
                          "%s, %s[%zu] is %.9g, differences give %.9g", what,
                          pb_value_name(n->g, leaves[k]), i, got[i], want);
        }
        free(got);
    }
    return moving;
}

START_TEST(test_gradients_are_differences)
{
    const difference_case *c = &networks[_i];
    pb_shape shape = {0};
    while (c->dims[shape.axes] > 0) shape.dim[shape.axes] = c->dims[shape.axes], shape.axes++;
    network n;
    network_start(&n, PB_F32, shape, 3, true);
    build(&n, c->stages);

    /* the parameters, and the samples themselves */
    const int count = n.b.param_count + 1;
    pb_value leaves[16], first[16], second[16];
    ck_assert_int_le(count, 16);
    memcpy(leaves, n.b.params, sizeof leaves);
    leaves[count - 1] = n.samples;
    ck_assert_int_eq(pb_gradient(n.g, n.b.loss, count, leaves, first), PB_OK);
    ck_assert_int_gt(check_differences(&n, n.b.loss, count, leaves, first, "first"), count);

    pb_value total = pb_constant(n.g, 0, PB_SCALAR);
    for (int k = 0; k < count; k++) {
        const size_t size = pb_shape_count(pb_value_shape(n.g, leaves[k]));
        float *shares = malloc(size * sizeof *shares);
        for (size_t i = 0; i < size; i++) shares[i] = (float)pseudo(7 + (uint32_t)k, (uint32_t)i);
        const pb_value some = pb_constant_data(n.g, shares, pb_value_shape(n.g, leaves[k]));
        total = pb_add(n.g, total, pb_sum_all(n.g, pb_mul(n.g, first[k], some)));
        free(shares);
    }
    ck_assert_msg(pb_gradient(n.g, total, count, leaves, second) == PB_OK, "%s", pb_error(n.ctx));
    ck_assert_int_gt(check_differences(&n, total, count, leaves, second, "second"), count);
    network_free(&n);
}
END_TEST

/* ---- options ---- */

START_TEST(test_weight_zero_only_records)
{
    network n;
    network_start(&n, PB_F32, PB_SHAPE(6, 9), 3, true);
    build(&n, "[load, linear: {features: 3}, cross_entropy, ssc: {weight: 0}, sgd]");
    ck_assert_int_eq(n.b.loss_count, 1);
    ck_assert_int_eq(pb_value_shape(n.g, pb_builder_find(&n.b, "saliency")).dim[1], 9);
    ck_assert_int_eq(pb_value_shape(n.g, pb_builder_find(&n.b, "saliency_spectra")).dim[1], 5);
    network_free(&n);
}
END_TEST

START_TEST(test_default_weight_is_the_published_one)
{
    network n;
    network_start(&n, PB_F32, PB_SHAPE(6, 9), 3, true);
    build(&n,
          "[load, linear: {features: 4}, relu, linear: {features: 3}, cross_entropy, ssc, sgd]");
    const double parts = evaluate(&n, n.b.losses[0].value) + 1.73e-3 * evaluate(&n, ssc_of(&n));
    ck_assert_double_eq_tol(evaluate(&n, n.b.loss), parts, 1e-9);
    ck_assert_double_gt(evaluate(&n, ssc_of(&n)), 1e-4);
    network_free(&n);
}
END_TEST

typedef struct bad_case {
    int dims[5];
    const char *stages;
    pb_status status;
    const char *fragment;
} bad_case;

// clang-format off
static const bad_case bad_cases[] = {
    {{4, 9}, "[load, linear: {features: 3}, ssc]", PB_ERR_CONFIG, "ssc_1: there are no logits yet; it needs a cross_entropy stage before it"},
    {{4, 3}, "[load, cross_entropy, ssc]", PB_ERR_CONFIG, "ssc_1: there is no layer whose input could be salient; it needs a layer, such as linear, before it"},
    {{4, 9}, "[linear: {features: 3}, cross_entropy, ssc: {input: pixels}]", PB_ERR_CONFIG, "ssc_1: there is no load stage whose input could be salient"},
    {{4, 9}, "[load, linear: {features: 3}, cross_entropy, ssc: {spectrum: image}]", PB_ERR_SHAPE, "ssc_1: spectrum: image takes samples of two axes or more, but gets [4, 9]"},
    {{4, 2, 4097}, "[load, linear: {features: 3}, cross_entropy, ssc]", PB_ERR_SHAPE, "ssc_1: spectrum: flat takes at most 8192 numbers in a line, but gets [4, 2, 4097]"},
    {{4, 1, 8193}, "[load, linear: {features: 3}, cross_entropy, ssc: {spectrum: image}]", PB_ERR_SHAPE, "spectrum: image takes at most 8192 numbers in a line"},
    {{4, 9}, "[load, linear: {features: 3}, cross_entropy, ssc, ssc]", PB_ERR_CONFIG, "ssc_2: there is a loss named ssc already"},
    {{4, 9}, "[load, linear: {features: 3}, cross_entropy, ssc: {weight: -1}]", PB_ERR_CONFIG, "ssc.weight"},
    {{4, 9}, "[load, linear: {features: 3}, cross_entropy, ssc: {spectrum: round}]", PB_ERR_CONFIG, "flat"},
};
// clang-format on

START_TEST(test_bad)
{
    const bad_case *bad = &bad_cases[_i];
    pb_shape shape = {0};
    while (bad->dims[shape.axes] > 0) shape.dim[shape.axes] = bad->dims[shape.axes], shape.axes++;
    network n;
    network_start(&n, PB_F32, shape, 3, true);
    const pb_status status = network_build(&n, bad->stages);
    ck_assert_msg(status == bad->status, "%s gave %s: %s", bad->stages, pb_status_name(status),
                  pb_error(n.ctx));
    ck_assert_msg(strstr(pb_error(n.ctx), bad->fragment) != NULL, "for %s\nexpected '%s', got\n%s",
                  bad->stages, bad->fragment, pb_error(n.ctx));
    network_free(&n);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ssc");
    TCase *numbers = tcase_create("numbers"), *options = tcase_create("options");
    tcase_set_timeout(numbers, 300);
    tcase_add_loop_test(numbers, test_against_torch, 0, CASES);
    tcase_add_test(numbers, test_fixtures_all_run);
    tcase_add_loop_test(numbers, test_gradients_are_differences, 0,
                        (int)(sizeof networks / sizeof *networks));
    tcase_add_test(options, test_weight_zero_only_records);
    tcase_add_test(options, test_default_weight_is_the_published_one);
    tcase_add_loop_test(options, test_bad, 0, (int)(sizeof bad_cases / sizeof *bad_cases));
    suite_add_tcase(suite, numbers);
    suite_add_tcase(suite, options);
    return run_suite(suite);
}
