/* Transforms, layers and losses against PyTorch and SciPy (fixtures/make_fixtures.py), and what
 * stages say of shapes that do not fit. */
#include "network.h"

START_TEST(test_layers)
{
    fixture *f = fixture_load("layers.txt");
    const char *name = fixture_case(f, _i);
    ck_assert_ptr_nonnull(name);
    network n;
    network_start(&n, PB_F32, fixture_shape(f, name, "input_shape"), 10, true);
    ck_assert_msg(network_build(&n, fixture_text(f, name, "stages")) == PB_OK, "%s: %s", name,
                  pb_error(n.ctx));
    const pb_shape shape = fixture_shape(f, name, "output_shape");
    ck_assert_msg(pb_shape_equal(pb_value_shape(n.g, n.b.x), shape), "%s gives %s", name,
                  pb_shape_words(pb_value_shape(n.g, n.b.x)).text);
    assert_value(&n, n.b.x, f, name, "output");
    network_free(&n);
    fixture_free(f);
}
END_TEST

START_TEST(test_layer_fixtures_all_run)
{
    fixture *f = fixture_load("layers.txt");
    ck_assert_ptr_nonnull(fixture_case(f, 18));
    ck_assert_ptr_null(fixture_case(f, 19)); /* the loop of test_layers ends here */
    fixture_free(f);
}
END_TEST

START_TEST(test_load)
{
    static const struct {
        pb_dtype dtype;
        const char *stages;
        double factor, offset;
    } cases[] = {
        {PB_U8, "[load]", 1 / 255.0, -0.5},
        {PB_U8, "[load: {scale: centered}]", 1 / 255.0, -0.5},
        {PB_U8, "[load: {scale: unit}]", 1 / 255.0, 0},
        {PB_U8, "[load: {scale: none}]", 1, 0},
        {PB_F32, "[load]", 1, 0},
        {PB_F32, "[load: {scale: unit}]", 1 / 255.0, 0},
    };
    network n;
    network_start(&n, cases[_i].dtype, PB_SHAPE(2, 3, 4), 10, false);
    ck_assert_msg(network_build(&n, cases[_i].stages) == PB_OK, "%s", pb_error(n.ctx));
    ck_assert_int_eq(pb_value_dtype(n.g, n.b.x), PB_F32);
    ck_assert_int_eq(pb_builder_find(&n.b, "pixels"), n.b.x);
    double *got, expected[24];
    for (int i = 0; i < 24; i++)
        expected[i] = leaf_content(&n, n.samples)[i] * cases[_i].factor + cases[_i].offset;
    network_evaluate(&n, 1, &n.b.x, &got);
    assert_near(got, expected, 24, cases[_i].stages);
    free(got);
    network_free(&n);
}
END_TEST

static pb_value loss_named(const network *n, const char *name)
{
    for (int i = 0; i < n->b.loss_count; i++) {
        if (strcmp(n->b.losses[i].name, name) == 0) return n->b.losses[i].value;
    }
    return PB_NONE;
}

/* sum, norm and every so many elements, as the fixture tells a gradient */
static void assert_gradient(const double *g, int size, const fixture *f, const char *key)
{
    int count;
    double *expected = fixture_numbers(f, "adaptive", key, &count), got[128] = {0};
    const int step = size / 50 > 1 ? size / 50 : 1;
    for (int i = 0; i < size; i++) {
        got[0] += g[i];
        got[1] += g[i] * g[i];
        if (i % step == 0) got[2 + i / step] = g[i];
    }
    got[1] = sqrt(got[1]);
    ck_assert_int_eq(count, 2 + (size + step - 1) / step);
    assert_near(got, expected, 2, key);
    assert_near(got + 2, expected + 2, count - 2, key);
    free(expected);
}

START_TEST(test_adaptive_network)
{
    fixture *f = fixture_load("network.txt");
    network n;
    network_start(&n, PB_U8, fixture_shape(f, "adaptive", "input_shape"), 10, true);
    ck_assert_msg(network_build(&n, fixture_text(f, "adaptive", "stages")) == PB_OK, "%s",
                  pb_error(n.ctx));
    ck_assert_msg(pb_builder_finish(&n.b) == PB_OK, "%s", pb_error(n.ctx));
    assert_value(&n, n.b.loss, f, "adaptive", "loss");
    assert_value(&n, loss_named(&n, "cross_entropy"), f, "adaptive", "cross_entropy");
    assert_value(&n, loss_named(&n, "reconstruction"), f, "adaptive", "reconstruction");
    assert_value(&n, n.b.logits, f, "adaptive", "logits");
    assert_value(&n, pb_builder_find(&n.b, "mask"), f, "adaptive", "mask");
    assert_value(&n, pb_builder_find(&n.b, "hits"), f, "adaptive", "hits");
    assert_value(&n, pb_builder_find(&n.b, "sample_loss"), f, "adaptive", "sample_loss");
    ck_assert_int_eq(n.b.log_count, 1);
    ck_assert_str_eq(n.b.logs[0].name, "band_weights");
    assert_value(&n, n.b.logs[0].value, f, "adaptive", "band_weights");
    ck_assert_int_eq(n.b.loss_count, 2);

    static const char *const names[] = {
        "band_mask_1.weights", "conv1d_1.weight", "conv1d_1.bias",
        "conv1d_2.weight",     "conv1d_2.bias",   "linear_1.weight",
        "linear_1.bias",       "linear_2.weight", "linear_2.bias",
    };
    ck_assert_int_eq(n.b.param_count, 9);
    double *gradients[9];
    network_evaluate(&n, 9, n.b.gradients, gradients);
    for (int i = 0; i < 9; i++) {
        char key[32];
        ck_assert_str_eq(pb_value_name(n.g, n.b.params[i]), names[i]);
        snprintf(key, sizeof key, "gradient_%d", i);
        assert_gradient(gradients[i], (int)pb_shape_count(pb_value_shape(n.g, n.b.params[i])), f,
                        key);
        free(gradients[i]);
    }
    /* adam took the band weights, sgd the rest */
    ck_assert_int_eq(n.b.rate_count, 2);
    ck_assert_str_eq(n.b.rates[0].name, "adam_1");
    ck_assert_int_eq(n.b.owner[0], 1);
    for (int i = 1; i < 9; i++) ck_assert_int_eq(n.b.owner[i], 2);
    network_free(&n);
    fixture_free(f);
}
END_TEST

/* The evaluation program: parameters are shared with the training program, samples of weight 0 do
 * not count. */
START_TEST(test_evaluation_shares_and_weighs)
{
    fixture *f = fixture_load("network.txt");
    const char *stages = fixture_text(f, "adaptive", "stages");
    network n;
    network_start(&n, PB_U8, fixture_shape(f, "adaptive", "input_shape"), 10, true);
    ck_assert_msg(network_build(&n, stages) == PB_OK, "%s", pb_error(n.ctx));
    ck_assert_msg(pb_builder_finish(&n.b) == PB_OK, "%s", pb_error(n.ctx));
    const pb_builder training = n.b;

    pb_builder_init(&n.b, n.ctx, n.g, false, 10, n.samples, n.labels);
    const float weights[] = {1, 1, 1, 0};
    n.b.weights = pb_constant_data(n.g, weights, PB_SHAPE(4));
    n.b.weight_sum = pb_sum_all(n.g, n.b.weights);
    ck_assert_msg(network_build(&n, stages) == PB_OK, "%s", pb_error(n.ctx));
    ck_assert_msg(pb_builder_finish(&n.b) == PB_OK, "%s", pb_error(n.ctx));
    assert_value(&n, n.b.loss, f, "adaptive_filled_up", "loss");
    assert_value(&n, loss_named(&n, "cross_entropy"), f, "adaptive_filled_up", "cross_entropy");
    assert_value(&n, loss_named(&n, "reconstruction"), f, "adaptive_filled_up", "reconstruction");
    ck_assert_int_eq(n.b.param_count, 9);
    for (int i = 0; i < 9; i++) ck_assert_int_eq(n.b.params[i], training.params[i]);
    ck_assert_int_eq(n.b.assign_count, 0); /* nothing learns */
    ck_assert_int_eq(n.b.rate_count, 0);
    network_free(&n);
    fixture_free(f);
}
END_TEST

START_TEST(test_uniform_mask_has_no_parameter)
{
    network n;
    network_start(&n, PB_U8, PB_SHAPE(2, 8, 8), 64, true);
    ck_assert_msg(
        network_build(
            &n, "[load, dct2: {keep: 8}, band_mask: {weights: uniform}, reshape: {shape: 64}, "
                "cross_entropy, reconstruction]") == PB_OK,
        "%s", pb_error(n.ctx));
    ck_assert_int_eq(n.b.param_count, 0);
    ck_assert_str_eq(n.b.logs[0].name, "band_weights");
    double *got;
    network_evaluate(&n, 1, &n.b.logs[0].value, &got);
    for (int i = 0; i < 8; i++) ck_assert_double_eq(got[i], 0.125);
    free(got);
    network_free(&n);
}
END_TEST

/* The transforms of a batch that is gathered from the data set are computed once for the whole data
 * set: what is left of them in a step is the gather, and with learned weights the product with the
 * mask. */
START_TEST(test_transforms_are_hoisted)
{
    static const char *const stages[] = {
        "[load, dct2: {keep: 4}]", "[load, dct2: {keep: 4}, band_mask: {weights: uniform}]",
        "[load, dct2: {keep: 4}, band_mask, reshape: {shape: [1, 16]}]"};
    const pb_init zero = {.kind = PB_INIT_CONSTANT};
    network n;
    network_start(&n, PB_U8, PB_SHAPE(20, 8, 8), 10, true);
    const pb_value index = pb_leaf(n.g, PB_ROLE_INPUT, "index", PB_I32, PB_SHAPE(3), zero);
    pb_builder_init(&n.b, n.ctx, n.g, true, 10, pb_gather(n.g, n.samples, index),
                    pb_gather(n.g, n.labels, index));
    ck_assert_msg(network_build(&n, stages[_i]) == PB_OK, "%s", pb_error(n.ctx));
    const pb_value sink =
        pb_leaf(n.g, PB_ROLE_STATE, "sink", PB_F32, pb_value_shape(n.g, n.b.x), zero);
    const pb_value assign = pb_assign(n.g, sink, n.b.x);
    ck_assert_int_eq(pb_program(n.g, "p", 1, &assign), PB_OK);

    pb_graph *optimised = NULL;
    pb_value *map = NULL;
    ck_assert_msg(pb_passes(n.g, &optimised, &map) == PB_OK, "%s", pb_error(n.ctx));
    const int count = pb_graph_count(optimised);
    bool *is_static = calloc((size_t)count, sizeof *is_static);
    pb_graph_static(optimised, is_static);
    int gathers = 0;
    for (pb_value v = 0; v < count; v++) {
        const pb_record *r = pb_record_of(optimised, v);
        if (r->op == PB_OP_MATMUL || (r->op == PB_OP_CAST && r->shape.dim[0] == 20))
            ck_assert(is_static[v]);
        if (r->op != PB_OP_GATHER) continue;
        gathers++;
        ck_assert(is_static[r->in[0]]);
        ck_assert_int_eq(pb_shape_count(r->shape), 3 * 16); /* coefficients, not pixels */
    }
    ck_assert_int_eq(gathers, 1);
    free(is_static);
    free(map);
    pb_graph_free(&optimised);
    network_free(&n);
}
END_TEST

typedef struct bad_case {
    int dims[5]; /* of the samples, ends with 0 */
    const char *stages;
    const char *fragment;
    pb_status status;
} bad_case;

// clang-format off
static const bad_case bad_cases[] = {
    {{4, 28, 28}, "[load, dct2: {keep: 29}]", "dct2_1: cannot keep 29 x 29 coefficients of 28 x 28 images; allowed is 1 to 28", PB_ERR_SHAPE},
    {{4, 8, 8}, "[dct2: {block: 4, keep: 5}]", "dct2_1: cannot keep 5 x 5 coefficients of 4 x 4 blocks; allowed is 1 to 4", PB_ERR_SHAPE},
    {{4, 9}, "[dct2: {keep: 10}]", "dct2_1: cannot keep 10 coefficients of 9 points; allowed is 1 to 9", PB_ERR_SHAPE},
    {{4, 8, 8}, "[dct2: {select: zigzag, count: 65}]", "dct2_1: cannot keep 65 of 64 coefficients; allowed is 1 to 64", PB_ERR_SHAPE},
    {{4, 8, 8}, "[dct2: {select: bands, keep: 9}]", "dct2_1: cannot keep 9 x 9 coefficients of 8 x 8 images; allowed is 1 to 8", PB_ERR_SHAPE},
    {{4, 8, 8}, "[dct2: {select: bands, keep: 4, count: 17}]", "dct2_1: cannot keep 17 of 16 coefficients; allowed is 1 to 16", PB_ERR_SHAPE},
    {{4, 8, 8}, "[dct2: {select: bands, keep: 4, weights: '1, 2'}]", "weights: are of 2 bands, but bands is 8", PB_ERR_CONFIG},
    {{4, 8, 8}, "[ycbcr]", "ycbcr_1: takes colour images [batch, 3, height, width], but gets [4, 8, 8]", PB_ERR_SHAPE},
    {{4, 8, 8}, "[downsample: {size: 9}]", "downsample_1: cannot make 9 x 9 of 8 x 8; it makes fewer", PB_ERR_SHAPE},
    {{4, 9}, "[downsample: {size: [2, 2]}]", "downsample_1: size has 2 numbers; allowed is one for signals", PB_ERR_CONFIG},
    {{4, 8, 8}, "[downsample: {size: []}]", "downsample_1: size has 0 numbers; allowed is one, or [height, width]", PB_ERR_CONFIG},
    {{4, 9}, "[binarize: {size: []}]", "binarize_1: size has 0 numbers; allowed is one for signals", PB_ERR_CONFIG},
    {{4, 8, 8}, "[binarize: {size: [4, 9]}]", "binarize_1: cannot make 4 x 9 bits of 8 x 8 pixels", PB_ERR_SHAPE},
    {{4, 9}, "[random_projection: {size: 10}]", "random_projection_1: cannot project the 9 numbers of a sample to 10; allowed is 1 to 9", PB_ERR_SHAPE},
    {{4, 9}, "[pca: {size: 10}]", "pca_1: cannot make 10 components of the 9 numbers of a sample; allowed is 1 to 9", PB_ERR_SHAPE},
    {{4, 9}, "[binarize: {window: 4}]", "binarize_1: window is 4, it must be an odd number", PB_ERR_CONFIG},
    {{4, 9}, "[quantize: {bits: 9}]", "quantize_1: bits is 9; allowed is 1 to 8, or 16", PB_ERR_CONFIG},
    {{4, 9}, "[dwt2]", "dwt2_1: takes [batch, ..., height, width], but gets [4, 9]", PB_ERR_SHAPE},
    {{4, 4}, "[dwt1: {level: 3}]",
     "dwt1_1: 3 levels of haar are too many for 4 points: at most 2 are free of the border (force takes more)",
     PB_ERR_CONFIG},
    {{4}, "[load]", "load_1: takes samples [batch, ...], but gets [4]", PB_ERR_SHAPE},
    {{4, 9}, "[band_mask]", "band_mask_1: takes coefficients [batch, height, width], but gets [4, 9]", PB_ERR_SHAPE},
    {{4, 9}, "[reshape: {shape: [2, 4]}]", "reshape_1: 9 numbers a sample, [4, 9] with the batch, do not fit", PB_ERR_SHAPE},
    {{4, 9}, "[reshape: {shape: [2, -1]}]", "reshape_1: 9 numbers", PB_ERR_SHAPE},
    {{4, 9}, "[reshape: {shape: [16000000, 16000000, 16000000]}]", "reshape_1: 9 numbers", PB_ERR_SHAPE},
    {{4, 9}, "[reshape: {shape: [-1, 16000000, 16000000]}]", "reshape_1: 9 numbers", PB_ERR_SHAPE},
    {{4, 9}, "[reshape: {shape: [-1, 3, -1]}]", "reshape_1: shape has -1 twice", PB_ERR_CONFIG},
    {{4, 9}, "[reshape: {shape: [0, 9]}]", "reshape_1: shape has an axis of 0", PB_ERR_CONFIG},
    {{4, 9}, "[reshape: {shape: []}]", "reshape_1: shape has 0 axes", PB_ERR_CONFIG},
    {{4, 9}, "[reshape: {shape: [1, 1, 3, 3]}]", "reshape_1: shape has 4 axes; allowed is 1 to 3", PB_ERR_CONFIG},
    {{4, 9}, "[relu, conv1d: {channels: 2, kernel: 10}]", "conv1d_1: a kernel of 10 does not fit [4, 9] with padding 0", PB_ERR_SHAPE},
    {{4, 2, 3, 9}, "[conv1d: {channels: 2}]", "conv1d_1: takes [batch, length] or [batch, channels, length], but gets [4, 2, 3, 9]", PB_ERR_SHAPE},
    {{4, 9}, "[conv2d: {channels: 2}]", "conv2d_1: takes [batch, height, width] or [batch, channels, height, width], but gets [4, 9]", PB_ERR_SHAPE},
    {{4, 9, 9}, "[conv2d: {channels: 2, kernel: [3, 3, 3]}]", "conv2d_1: kernel has 3 numbers; allowed is one, or [height, width]", PB_ERR_CONFIG},
    {{4, 2, 9}, "[conv2d: {channels: 2, kernel: [3, 1]}]", "conv2d_1: a kernel of 3 does not fit [4, 2, 9]", PB_ERR_SHAPE},
    {{4, 9}, "[max_pool1d: {kernel: 3, padding: 2}]", "max_pool1d_1: padding 2 is more than half of the kernel 3", PB_ERR_CONFIG},
    {{4, 1}, "[max_pool1d]", "max_pool1d_1: a kernel of 2 does not fit [4, 1]", PB_ERR_SHAPE},
    {{4, 9, 9}, "[cross_entropy]", "cross_entropy_1: takes one number for each of the 10 classes, [batch, 10], but gets [4, 9, 9]", PB_ERR_SHAPE},
    {{4, 9}, "[relu, linear: {features: 9}, cross_entropy]", "features: 10", PB_ERR_SHAPE},
    {{4, 10}, "[cross_entropy, cross_entropy]", "cross_entropy_2: there is a loss named cross_entropy already", PB_ERR_CONFIG},
    {{4, 4, 4}, "[reconstruction]", "reconstruction_1: there are no coefficients to compare; it needs a dct2 and a band_mask", PB_ERR_CONFIG},
    {{4, 4, 4}, "[dct2: {keep: 2}, reconstruction]", "reconstruction_1: there are no masked coefficients to compare; it needs a band_mask", PB_ERR_CONFIG},
    {{4, 4, 4}, "[band_mask, band_mask]", "band_mask_2: band_weights is recorded already", PB_ERR_CONFIG},
    {{4, 9}, "[linear: {features: -1}]", "linear.features", PB_ERR_CONFIG},
};
// clang-format on

START_TEST(test_bad)
{
    const bad_case *bad = &bad_cases[_i];
    pb_shape shape = {0};
    while (bad->dims[shape.axes] > 0) shape.dim[shape.axes] = bad->dims[shape.axes], shape.axes++;
    network n;
    network_start(&n, PB_F32, shape, 10, true);
    const pb_status status = network_build(&n, bad->stages);
    ck_assert_msg(status == bad->status, "%s gave %s: %s", bad->stages, pb_status_name(status),
                  pb_error(n.ctx));
    ck_assert_msg(strstr(pb_error(n.ctx), bad->fragment) != NULL, "for %s\nexpected '%s', got\n%s",
                  bad->stages, bad->fragment, pb_error(n.ctx));
    network_free(&n);
}
END_TEST

/* A dct2 uses what it learned as indices, and a file may say anything. */
START_TEST(test_learned_order_is_checked)
{
    static const float orders[][2] = {{0, 16}, {-1, 0}, {NAN, 0}, {3, 1e30f}};
    network n;
    network_start(&n, PB_F32, PB_SHAPE(4, 4, 4), 10, false);
    ck_assert_msg(network_build(&n, "[dct2: {select: energy, count: 2}]") == PB_OK, "%s",
                  pb_error(n.ctx));
    pb_fitted_put(n.ctx, &n.fitted, "dct2_1.order", PB_SHAPE(2), orders[_i]);
    n.b.x = n.samples;
    ck_assert_int_eq(pb_stage_build(&n.b, pb_stage_find("dct2"), 1, n.options[0]), PB_ERR_DATA);
    ck_assert_msg(strstr(pb_error(n.ctx), "allowed is 0 to 15") != NULL, "%s", pb_error(n.ctx));
    network_free(&n);
}
END_TEST

/* ---- bands ---- */

enum { BLOCK = 9, RANKED = 7 }; /* the 3 x 3 lowest of 6 x 6 frequencies, and how many are kept */

/* floor(3 sqrt(i^2 + j^2) / sqrt(8)) */
static const int band_of[BLOCK] = {0, 1, 2, 1, 1, 2, 2, 2, 2};

static void put_images(network *n)
{
    double *x = leaf_content(n, n->samples);
    for (int i = 0; i < 4 * 36; i++) x[i] = pseudo(INPUT_SEED, (uint32_t)i);
}

/* Which of the block are kept, in their order. */
static void rank_by_bands(const char *weights, float order[RANKED])
{
    network n;
    char list[128];
    snprintf(list, sizeof list,
             "[dct2: {select: bands, keep: 3, bands: 3, count: %d, weights: %s}]", RANKED, weights);
    network_start(&n, PB_F32, PB_SHAPE(4, 6, 6), 10, false);
    put_images(&n);
    ck_assert_msg(network_build(&n, list) == PB_OK, "%s", pb_error(n.ctx));
    const pb_fitted_array *learned = pb_fitted_find(&n.fitted, "dct2_1.order");
    ck_assert(learned && learned->shape.dim[0] == RANKED);
    memcpy(order, learned->data, RANKED * sizeof *order);
    network_free(&n);
}

static void find_energies(double energy[BLOCK])
{
    network n;
    double *y;
    network_start(&n, PB_F32, PB_SHAPE(4, 6, 6), 10, false);
    put_images(&n);
    ck_assert_msg(network_build(&n, "[dct2: {keep: 3}]") == PB_OK, "%s", pb_error(n.ctx));
    network_evaluate(&n, 1, &n.b.x, &y);
    for (int k = 0; k < BLOCK; k++) energy[k] = 0;
    for (int i = 0; i < 4 * BLOCK; i++) energy[i % BLOCK] += y[i] * y[i];
    free(y);
    network_free(&n);
}

/* Whole bands, those of most weight first, or a coefficient of each in turn; within a band those of
 * most energy first. */
START_TEST(test_bands_rank_coefficients)
{
    static const struct {
        const char *weights;
        int bands[RANKED];
    } cases[] = {{"'0.2 0.5 0.3'", {1, 1, 1, 2, 2, 2, 2}},
                 {"'0.2, 0.3, 0.5'", {2, 2, 2, 2, 2, 1, 1}},
                 {"'1 1 1'", {0, 1, 1, 1, 2, 2, 2}},
                 {"uniform", {0, 1, 2, 1, 2, 1, 2}}};
    double energy[BLOCK];
    float order[RANKED];
    find_energies(energy);
    rank_by_bands(cases[_i].weights, order);
    for (int k = 0; k < RANKED; k++) {
        const int index = (int)order[k], band = cases[_i].bands[k];
        int larger = 0, before = 0;
        for (int j = 0; j < BLOCK; j++) larger += band_of[j] == band && energy[j] > energy[index];
        for (int j = 0; j < k; j++) before += cases[_i].bands[j] == band;
        ck_assert_int_eq(band_of[index], band);
        ck_assert_int_eq(larger, before);
    }
}
END_TEST

/* ---- stochastic rounding ---- */

enum { ROUNDED = 600, PLACES = 3 };

/* Two samples span four levels from 0 to 3; the others lie between 1.15 and 1.35. */
static double number_to_round(int i)
{
    return i < PLACES ? 0 : i < 2 * PLACES ? 3 : 1.15 + 0.2 * pseudo(INPUT_SEED, (uint32_t)i);
}

static double *rounded(const char *rounding)
{
    static network n;
    char list[160];
    double *out;
    snprintf(list, sizeof list, "[{quantize: {bits: 2, %s}}]", rounding);
    network_start(&n, PB_F32, PB_SHAPE(ROUNDED, PLACES), 2, false);
    double *x = leaf_content(&n, n.samples);
    for (int i = 0; i < ROUNDED * PLACES; i++) x[i] = number_to_round(i);
    ck_assert_msg(network_build(&n, list) == PB_OK, "%s", pb_error(n.ctx));
    network_evaluate(&n, 1, &n.b.x, &out);
    network_free(&n);
    return out;
}

/* A number goes to one of the two levels about it, to the upper one as often as it is near it: the
 * mean stays in each place, where rounding to nearest would move it by a quarter of a step. */
START_TEST(test_stochastic_rounding_keeps_the_mean)
{
    double *up = rounded("rounding: stochastic"), *nearest = rounded("seed: 0"),
           *again = rounded("rounding: stochastic"),
           *other = rounded("rounding: stochastic, seed: 1");
    int different = 0;
    for (int place = 0; place < PLACES; place++) {
        double sum = 0;
        for (int i = 2; i < ROUNDED; i++) {
            const int k = i * PLACES + place;
            ck_assert_msg(fabs(up[k] - 1) < 1e-6 || fabs(up[k] - 2) < 1e-6, "%g", up[k]);
            ck_assert_double_eq_tol(nearest[k], 1, 1e-6);
            ck_assert_double_eq(up[k], again[k]);
            different += fabs(up[k] - other[k]) > 0.5;
            sum += up[k] - number_to_round(k);
        }
        ck_assert_double_eq_tol(sum / (ROUNDED - 2), 0, 0.07); /* 4 deviations of the mean */
    }
    ck_assert_int_gt(different, ROUNDED * PLACES / 4); /* 2 * 0.25 * 0.75 of all */
    free(up);
    free(nearest);
    free(again);
    free(other);
}
END_TEST

START_TEST(test_table)
{
    int count;
    const pb_stage *const *stages = pb_stages(&count);
    ck_assert_int_ge(count, 15);
    for (int i = 0; i < count; i++) {
        ck_assert_ptr_eq(pb_stage_find(stages[i]->name), stages[i]);
        ck_assert_ptr_nonnull(stages[i]->build);
        ck_assert_uint_gt(strlen(stages[i]->summary), 10);
        for (const pb_option *o = stages[i]->options; o != NULL && o->name != NULL; o++) {
            ck_assert_msg(o->help != NULL, "%s.%s has no help", stages[i]->name, o->name);
            ck_assert_msg((o->type == PB_OPTION_CHOICE) == (o->choices != NULL), "%s.%s",
                          stages[i]->name, o->name);
        }
    }
    ck_assert_ptr_null(pb_stage_find("nothing"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stage");
    TCase *numbers = tcase_create("numbers"), *errors = tcase_create("errors");
    tcase_set_timeout(numbers, 120);
    tcase_add_loop_test(numbers, test_layers, 0, 19);
    tcase_add_test(numbers, test_layer_fixtures_all_run);
    tcase_add_loop_test(numbers, test_load, 0, 6);
    tcase_add_test(numbers, test_adaptive_network);
    tcase_add_test(numbers, test_evaluation_shares_and_weighs);
    tcase_add_test(numbers, test_uniform_mask_has_no_parameter);
    tcase_add_loop_test(numbers, test_transforms_are_hoisted, 0, 3);
    tcase_add_loop_test(errors, test_bad, 0, (int)(sizeof bad_cases / sizeof *bad_cases));
    tcase_add_loop_test(errors, test_learned_order_is_checked, 0, 4);
    tcase_add_loop_test(numbers, test_bands_rank_coefficients, 0, 4);
    tcase_add_test(numbers, test_stochastic_rounding_keeps_the_mean);
    tcase_add_test(errors, test_table);
    suite_add_tcase(suite, numbers);
    suite_add_tcase(suite, errors);
    return run_suite(suite);
}
