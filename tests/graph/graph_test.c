/* Building graphs: shapes, error sentences, programs, assignments, printing. */
#include "graph_check.h"

#include <float.h>
#include <stdio.h>

static pb_context *ctx;
static pb_graph *g;

static void setup(void)
{
    ctx = pb_context_create();
    g = pb_graph_create(ctx);
}

static void teardown(void)
{
    pb_graph_free(&g);
    pb_context_free(&ctx);
}

static void check_shape(pb_value v, pb_shape want)
{
    OK(ctx, pb_graph_status(g));
    ck_assert(pb_shape_equal(pb_value_shape(g, v), want));
}

/* ---- shapes that constructors give ---- */

START_TEST(shapes_follow_numpy)
{
    const pb_value a = pb_input(g, "a", PB_SHAPE(5, 1, 4)), b = pb_input(g, "b", PB_SHAPE(3, 1));
    const pb_value batch = pb_input(g, "batch", PB_SHAPE(2, 3, 4, 5));
    const pb_value matrix = pb_input(g, "matrix", PB_SHAPE(5, 7));
    check_shape(pb_add(g, a, b), PB_SHAPE(5, 3, 4));
    check_shape(pb_mul(g, pb_constant(g, 2, PB_SCALAR), a), PB_SHAPE(5, 1, 4));
    check_shape(pb_reshape(g, a, PB_SHAPE(-1, 2)), PB_SHAPE(10, 2));
    check_shape(pb_transpose(g, batch), PB_SHAPE(2, 3, 5, 4));
    check_shape(pb_sum(g, batch, 1, false), PB_SHAPE(2, 4, 5));
    check_shape(pb_sum(g, batch, 1, true), PB_SHAPE(2, 1, 4, 5));
    check_shape(pb_sum_all(g, batch), PB_SCALAR);
    check_shape(pb_mean_all(g, batch), PB_SCALAR);
    check_shape(pb_sum_to(g, batch, PB_SHAPE(3, 1, 5)), PB_SHAPE(3, 1, 5));
    check_shape(pb_matmul(g, batch, matrix), PB_SHAPE(2, 3, 4, 7));
    check_shape(pb_matmul_t(g, matrix, batch, true, true), PB_SHAPE(2, 3, 7, 4));
    check_shape(pb_matmul_t(g, batch, pb_input(g, "tall", PB_SHAPE(4, 6)), true, false),
                PB_SHAPE(2, 3, 5, 6));
    const pb_value parts[] = {a, matrix, pb_constant(g, 1, PB_SCALAR)};
    check_shape(pb_flatten_all(g, 3, parts), PB_SHAPE(20 + 35 + 1));
    check_shape(pb_max_pool(g, batch, (pb_window){{2, 2}, {2, 2}, {0, 0}}), PB_SHAPE(2, 3, 2, 2));
}
END_TEST

/* A matrix for a whole batch is one large product, not a product a sample. */
START_TEST(matmul_folds_batches_into_rows)
{
    const pb_value x = pb_input(g, "x", PB_SHAPE(8, 3, 4)), w = pb_input(g, "w", PB_SHAPE(4, 5));
    const pb_record *y = pb_record_of(g, pb_matmul(g, x, w));
    ck_assert_int_eq(y->op, PB_OP_RESHAPE);
    const pb_record *product = pb_record_of(g, y->in[0]);
    ck_assert_int_eq(product->op, PB_OP_MATMUL);
    ck_assert(pb_shape_equal(product->shape, PB_SHAPE(24, 5)));
}
END_TEST

START_TEST(constants_take_the_other_type)
{
    const pb_value i = pb_leaf(g, PB_ROLE_STATE, "i", PB_I32, PB_SHAPE(3), (pb_init){0});
    const pb_value next = pb_add(g, i, pb_constant(g, 1, PB_SCALAR));
    ck_assert_int_eq(pb_value_dtype(g, next), PB_I32);
    ck_assert_int_eq(pb_value_dtype(g, pb_scale(g, i, 3)), PB_I32);
    const pb_value f = pb_input(g, "f", PB_SHAPE(3));
    ck_assert_int_eq(pb_value_dtype(g, pb_mul(g, pb_constant_i32(g, 2, PB_SCALAR), f)), PB_F32);
    OK(ctx, pb_graph_status(g));
}
END_TEST

/* ---- numbers that break naive formulas ---- */

START_TEST(softmax_does_not_overflow)
{
    const float logits[] = {1000, 1001, -FLT_MAX, 0};
    const pb_value x = pb_constant_data(g, logits, PB_SHAPE(1, 4));
    const pb_value wanted[] = {pb_softmax(g, x), pb_log_softmax(g, x),
                               pb_cross_entropy(g, pb_slice(g, x, (int[]){0, 0}, PB_SHAPE(1, 2)),
                                                pb_constant_i32(g, 0, PB_SHAPE(1)))};
    double *out[3];
    OK(ctx, pb_reference(g, 0, NULL, NULL, 3, wanted, out));
    ck_assert_double_eq_tol(out[0][0], 1 / (1 + exp(1)), 1e-12);
    ck_assert_double_eq_tol(out[0][1], 1 / (1 + exp(-1)), 1e-12);
    ck_assert_double_eq(out[0][3], 0);
    ck_assert_double_eq_tol(out[1][0], -log(1 + exp(1)), 1e-12);
    ck_assert(isfinite(out[1][2]));
    ck_assert_double_eq_tol(out[2][0], log(1 + exp(1)), 1e-12);
    for (int i = 0; i < 3; i++) free(out[i]);
}
END_TEST

START_TEST(nan_stays_nan)
{
    const float numbers[] = {NAN, 1};
    const pb_value x = pb_constant_data(g, numbers, PB_SHAPE(2));
    const pb_value one = pb_constant(g, 1, PB_SHAPE(2));
    const pb_value wanted[] = {pb_relu(g, x),         pb_maximum(g, x, one), pb_maximum(g, one, x),
                               pb_minimum(g, x, one), pb_minimum(g, one, x), pb_abs(g, x),
                               pb_max(g, x, 0, true)};
    double *out[7];
    OK(ctx, pb_reference(g, 0, NULL, NULL, 7, wanted, out));
    for (int i = 0; i < 7; i++) {
        ck_assert_msg(isnan(out[i][0]), "value %d lost a NaN", i);
        free(out[i]);
    }
}
END_TEST

/* ---- gradients ---- */

START_TEST(gradient_of_what_y_does_not_need_is_zero)
{
    const pb_value x = pb_input(g, "x", PB_SHAPE(2)), z = pb_input(g, "z", PB_SHAPE(3, 2));
    pb_value d[2];
    double *out;
    OK(ctx, pb_gradient(g, pb_square(g, x), 2, (pb_value[]){x, z}, d));
    check_shape(d[1], PB_SHAPE(3, 2));
    OK(ctx, pb_reference(g, 1, &x, (const double *[]){(double[]){3, -4}}, 1, d, &out));
    ck_assert_double_eq(out[0], 6);
    ck_assert_double_eq(out[1], -8);
    free(out);
}
END_TEST

/* x^4: 4 x^3, 12 x^2, 24 x, 24 */
START_TEST(gradients_nest)
{
    const pb_value x = pb_input(g, "x", PB_SCALAR);
    pb_value y = pb_square(g, pb_square(g, x));
    const double want[] = {32, 48, 48, 24, 0}, at = 2;
    for (int order = 0; order < 5; order++) {
        double *out;
        OK(ctx, pb_gradient(g, y, 1, &x, &y));
        OK(ctx, pb_reference(g, 1, &x, (const double *[]){&at}, 1, &y, &out));
        ck_assert_double_eq_tol(out[0], want[order], 1e-12);
        free(out);
    }
}
END_TEST

/* d/dh through the middle of a chain, and past it to x. */
START_TEST(gradient_by_a_value_between)
{
    const pb_value x = pb_input(g, "x", PB_SCALAR), h = pb_square(g, x), y = pb_square(g, h);
    const double at = 3;
    pb_value d[2];
    double *out[2];
    OK(ctx, pb_gradient(g, y, 2, (pb_value[]){x, h}, d));
    OK(ctx, pb_reference(g, 1, &x, (const double *[]){&at}, 2, d, out));
    ck_assert_double_eq_tol(out[0][0], 4 * 27, 1e-12);
    ck_assert_double_eq_tol(out[1][0], 2 * 9, 1e-12);
    free(out[0]);
    free(out[1]);
}
END_TEST

/* Where a == b the whole gradient goes to a. */
START_TEST(ties_of_maximum_go_to_the_first)
{
    const pb_value x = pb_input(g, "x", PB_SCALAR), z = pb_input(g, "z", PB_SCALAR);
    const double one = 1;
    const pb_value y[] = {pb_maximum(g, x, z), pb_minimum(g, x, z)};
    for (int i = 0; i < 2; i++) {
        pb_value d[2];
        double *out[2];
        OK(ctx, pb_gradient(g, y[i], 2, (pb_value[]){x, z}, d));
        OK(ctx, pb_reference(g, 2, (pb_value[]){x, z}, (const double *[]){&one, &one}, 2, d, out));
        ck_assert_double_eq(out[0][0], 1);
        ck_assert_double_eq(out[1][0], 0);
        free(out[0]);
        free(out[1]);
    }
}
END_TEST

START_TEST(gradient_rules_carry_the_scope)
{
    const pb_value x = pb_input(g, "x", PB_SHAPE(2));
    pb_value d;
    pb_graph_scope(g, "layer 1");
    const pb_value y = pb_tanh(g, x);
    pb_graph_scope(g, "sgd 1");
    OK(ctx, pb_gradient(g, y, 1, &x, &d));
    ck_assert_str_eq(pb_record_of(g, d)->scope, "layer 1");
    ck_assert_str_eq(pb_record_of(g, pb_neg(g, x))->scope, "sgd 1");
}
END_TEST

/* ---- errors: the first one is kept, later ops stay silent ---- */

static pb_value leaf_a(void)
{
    const pb_value found = pb_graph_find(g, "a");
    return found != PB_NONE ? found : pb_input(g, "a", PB_SHAPE(4, 6));
}

static pb_value leaf_i32(void)
{
    return pb_leaf(g, PB_ROLE_INPUT, "i", PB_I32, PB_SHAPE(6), (pb_init){0});
}

static pb_value image(void)
{
    return pb_input(g, "image", PB_SHAPE(8, 3, 5, 5));
}

static const pb_window kernel3 = {{3, 3}, {1, 1}, {0, 0}};

static void bad_add(void)
{
    pb_add(g, leaf_a(), pb_input(g, "b", PB_SHAPE(4)));
}
static void bad_types(void)
{
    pb_mul(g, leaf_a(), leaf_i32());
}
static void bad_constant(void)
{
    pb_add(g, leaf_i32(), pb_constant(g, 0.5f, PB_SCALAR));
}
static void bad_u8(void)
{
    pb_neg(g, pb_leaf(g, PB_ROLE_DATA, "pixels", PB_U8, PB_SHAPE(3), (pb_init){0}));
}
static void bad_exp(void)
{
    pb_exp(g, leaf_i32());
}
static void bad_reshape(void)
{
    pb_reshape(g, leaf_a(), PB_SHAPE(5, 5));
}
static void bad_open_reshape(void)
{
    pb_reshape(g, leaf_a(), PB_SHAPE(-1, 7));
}
static void bad_permute(void)
{
    pb_permute(g, leaf_a(), (int[]){1, 1});
}
static void bad_broadcast(void)
{
    pb_broadcast(g, leaf_a(), PB_SHAPE(4, 7));
}
static void bad_slice(void)
{
    pb_slice(g, leaf_a(), (int[]){2, 0}, PB_SHAPE(3, 6));
}
static void bad_pad(void)
{
    pb_pad(g, leaf_a(), (int[]){0, -1}, (int[]){0, 0});
}
static void bad_concat(void)
{
    pb_concat(g, 2, (pb_value[]){leaf_a(), pb_input(g, "b", PB_SHAPE(3, 6))}, 1);
}
static void bad_gather(void)
{
    pb_gather(g, leaf_a(), leaf_a());
}
static void bad_scatter(void)
{
    pb_scatter_add(g, leaf_a(), leaf_i32(), 9);
}
static void bad_axis(void)
{
    pb_sum(g, leaf_a(), 2, false);
}
static void bad_matmul(void)
{
    pb_matmul(g, leaf_a(), leaf_a());
}
static void bad_conv(void)
{
    pb_conv(g, image(), pb_input(g, "w", PB_SHAPE(4, 2, 3, 3)), kernel3);
}
static void bad_conv_axes(void)
{
    pb_conv(g, leaf_a(), leaf_a(), kernel3);
}
static void bad_kernel(void)
{
    pb_max_pool(g, image(), (pb_window){{6, 6}, {1, 1}, {0, 0}});
}
static void bad_stride(void)
{
    pb_max_pool(g, image(), (pb_window){{2, 2}, {0, 1}, {0, 0}});
}
static void bad_pool_padding(void)
{
    pb_max_pool(g, image(), (pb_window){{2, 2}, {1, 1}, {2, 2}});
}
static void bad_labels(void)
{
    pb_one_hot(g, leaf_a(), 10);
}
static void bad_keep(void)
{
    pb_dct2(g, pb_input(g, "x", PB_SHAPE(2, 8, 6)), 7);
}
static void bad_extent(void)
{
    pb_constant(g, 1, PB_SHAPE(3, 0));
}
static void bad_data_extent(void)
{
    pb_constant_data(g, (float[]){1}, PB_SHAPE(-1));
}
static void bad_size(void)
{
    pb_constant(g, 1, PB_SHAPE(65536, 65536));
}
static void bad_name(void)
{
    leaf_a();
    pb_input(g, "a", PB_SCALAR);
}
static void bad_assign_shape(void)
{
    pb_assign(g, leaf_a(), pb_constant(g, 0, PB_SHAPE(24)));
}
static void bad_assign_target(void)
{
    pb_assign(g, pb_neg(g, leaf_a()), leaf_a());
}
static void bad_assign_data(void)
{
    const pb_value data = pb_leaf(g, PB_ROLE_DATA, "samples", PB_F32, PB_SHAPE(2), (pb_init){0});
    pb_assign(g, data, data);
}
static void bad_gradient(void)
{
    pb_value d;
    const pb_value i = leaf_i32();
    ck_assert_int_ne(pb_gradient(g, i, 1, &i, &d), PB_OK);
}
static void bad_program(void)
{
    const pb_value a = leaf_a(), assign = pb_assign(g, a, pb_neg(g, a));
    ck_assert_int_ne(pb_program(g, "train", 2, (pb_value[]){assign, assign}), PB_OK);
}
static void bad_program_name(void)
{
    OK(ctx, pb_program(g, "train", 0, NULL));
    pb_program(g, "train", 0, NULL);
}
static void bad_program_entry(void)
{
    pb_program(g, "train", 1, (pb_value[]){leaf_a()});
}

static const struct {
    void (*build)(void);
    pb_status status;
    const char *sentence;
} errors[] = {
    {bad_add, PB_ERR_SHAPE, "net 1: add: shapes [4, 6] and [4] do not broadcast"},
    {bad_types, PB_ERR_SHAPE, "net 1: mul: inputs f32 and i32 differ in type"},
    {bad_constant, PB_ERR_SHAPE, "net 1: add: inputs i32 and f32 differ in type"},
    {bad_u8, PB_ERR_SHAPE, "net 1: neg: inputs are u8: pb_cast them to f32 or i32"},
    {bad_exp, PB_ERR_SHAPE, "net 1: exp: inputs are i32: pb_cast them to f32"},
    {bad_reshape, PB_ERR_SHAPE, "net 1: reshape: [4, 6] holds 24 elements, [5, 5] needs 25"},
    {bad_open_reshape, PB_ERR_SHAPE, "net 1: reshape: [4, 6] has 24 elements, they do not fill"},
    {bad_permute, PB_ERR_SHAPE, "net 1: permute: axis 1 stands twice"},
    {bad_broadcast, PB_ERR_SHAPE, "net 1: broadcast: [4, 6] does not broadcast to [4, 7]"},
    {bad_slice, PB_ERR_SHAPE, "net 1: slice: [3, 6] at [2, 0] does not lie within [4, 6]"},
    {bad_pad, PB_ERR_SHAPE, "net 1: pad: axis 1: -1 before and 0 after"},
    {bad_concat, PB_ERR_SHAPE, "net 1: concat: part 1 is f32 [3, 6], it does not fit f32 [4, 6]"},
    {bad_gather, PB_ERR_SHAPE, "net 1: gather: the index is f32 [4, 6], it must be i32"},
    {bad_scatter, PB_ERR_SHAPE, "net 1: scatter_add: rows [4, 6] and index [6]"},
    {bad_axis, PB_ERR_SHAPE, "net 1: sum: axis 2 of [4, 6]"},
    {bad_matmul, PB_ERR_SHAPE, "net 1: matmul: [4, 6] times [4, 6]"},
    {bad_conv, PB_ERR_SHAPE,
     "net 1: conv: input [8, 3, 5, 5] needs weights [out, 3, 3, 3], they are [4, 2, 3, 3]"},
    {bad_conv_axes, PB_ERR_SHAPE, "net 1: conv: input [N, C, H, W] is [4, 6]"},
    {bad_kernel, PB_ERR_SHAPE, "net 1: pool_index: kernel [6, 6] is larger than the padded input"},
    {bad_stride, PB_ERR_SHAPE, "net 1: pool_index: kernel 2, stride 0, padding 0"},
    {bad_pool_padding, PB_ERR_SHAPE, "net 1: pool_index: padding 2, at most half of kernel 2"},
    {bad_labels, PB_ERR_SHAPE, "net 1: one_hot: labels are f32 [4, 6]"},
    {bad_keep, PB_ERR_SHAPE, "net 1: dct2: keep 7 of input [2, 8, 6], 1 to 6 are there"},
    {bad_extent, PB_ERR_SHAPE, "net 1: constant: shape [3, 0] has an extent below 1"},
    {bad_data_extent, PB_ERR_SHAPE, "net 1: constant: shape [-1] has an extent below 1"},
    {bad_size, PB_ERR_SHAPE, "net 1: constant: shape [65536, 65536] has more than 2147483647"},
    {bad_name, PB_ERR_CONFIG, "net 1: leaf: there is already a \"a\""},
    {bad_assign_shape, PB_ERR_SHAPE, "net 1: assign: a holds f32 [4, 6], the value is f32 [24]"},
    {bad_assign_target, PB_ERR_SHAPE, "net 1: assign: its target is neither a leaf"},
    {bad_assign_data, PB_ERR_SHAPE, "net 1: assign: its target samples holds data"},
    {bad_gradient, PB_ERR_GRADIENT, "net 1: gradient: i is i32"},
    {bad_program, PB_ERR_CONFIG, "program train: it assigns a 2 times"},
    {bad_program_name, PB_ERR_CONFIG, "program train: there is already one"},
    {bad_program_entry, PB_ERR_INTERNAL, "program train: entry 0 is no assignment"},
};

START_TEST(errors_are_sentences)
{
    pb_graph_scope(g, "net 1");
    errors[_i].build();
    ck_assert_msg(strstr(pb_error(ctx), errors[_i].sentence), "got \"%s\", want \"%s\"",
                  pb_error(ctx), errors[_i].sentence);
    ck_assert_int_eq(pb_graph_status(g), errors[_i].status);

    /* The first error stays, ops on its result are PB_NONE, and nothing runs. */
    pb_graph_scope(g, "net 2");
    ck_assert_int_eq(pb_relu(g, pb_add(g, PB_NONE, PB_NONE)), PB_NONE);
    ck_assert_int_eq(pb_cross_entropy(g, PB_NONE, PB_NONE), PB_NONE);
    ck_assert_int_eq(pb_dct2(g, PB_NONE, 3), PB_NONE);
    ck_assert_int_eq(pb_softmax(g, PB_NONE), PB_NONE);
    ck_assert_int_eq(pb_one_hot(g, PB_NONE, 3), PB_NONE);
    ck_assert_int_eq(pb_sum_all(g, PB_NONE), PB_NONE);
    ck_assert_int_eq(pb_transpose(g, PB_NONE), PB_NONE);
    ck_assert_int_eq(pb_matmul(g, PB_NONE, PB_NONE), PB_NONE);
    ck_assert_int_eq(pb_flatten_all(g, 1, (pb_value[]){PB_NONE}), PB_NONE);
    ck_assert_int_eq(pb_sum_to(g, PB_NONE, PB_SCALAR), PB_NONE);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), errors[_i].sentence));
    ck_assert_int_ne(pb_program(g, "late", 0, NULL), PB_OK);
    pb_graph *out;
    pb_value *map;
    ck_assert_int_ne(pb_passes(g, &out, &map), PB_OK);
    ck_assert_ptr_null(out);
}
END_TEST

/* A value that was never there is a mistake of its own, also without an earlier error. */
START_TEST(none_alone_is_an_error)
{
    ck_assert_int_eq(pb_neg(g, PB_NONE), PB_NONE);
    ck_assert_int_eq(pb_graph_status(g), PB_ERR_INTERNAL);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "neg: input 0 is no value"));
}
END_TEST

START_TEST(reference_names_the_leaf_without_content)
{
    double *out;
    const pb_value y = pb_neg(g, leaf_a());
    ck_assert_int_eq(pb_reference(g, 0, NULL, NULL, 1, &y, &out), PB_ERR_INTERNAL);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "leaf a has no content"));
    ck_assert_ptr_null(out);
}
END_TEST

/* ---- assignments and programs ---- */

START_TEST(programs_hold_assignments)
{
    const pb_value a = leaf_a(), b = pb_param(g, "b", PB_SHAPE(3), 0.5f);
    const pb_value flat = pb_flatten_all(g, 2, (pb_value[]){a, b});
    const pb_value assign = pb_assign(g, flat, pb_scale(g, flat, 0.5f));
    const pb_value other = pb_assign(g, b, pb_neg(g, b));
    OK(ctx, pb_program(g, "train", 1, &assign));
    OK(ctx, pb_program(g, "turn", 1, &other));
    const pb_program_list *list = pb_graph_programs(g);
    ck_assert_int_eq(list->count, 2);
    ck_assert_str_eq(list->program[1].name, "turn");
    ck_assert_int_eq(list->program[0].assigns[0], assign);
    ck_assert_int_eq(pb_graph_find(g, "b"), b);
    ck_assert_str_eq(pb_value_name(g, b), "b");
    ck_assert_float_eq(pb_record_of(g, b)->attrs.init.a, -0.5f);
    /* The same leaf twice, once within a flat target. */
    ck_assert_int_eq(pb_program(g, "both", 2, (pb_value[]){assign, other}), PB_ERR_CONFIG);
}
END_TEST

/* ---- printing ---- */

static char *printed(pb_status (*print)(const pb_graph *g, FILE *out))
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    OK(ctx, print(g, out));
    fclose(out);
    return text;
}

START_TEST(graphs_print)
{
    pb_graph_scope(g, "net \"1\"");
    const pb_value a = leaf_a(), y = pb_matmul_t(g, a, a, false, true);
    const pb_value s = pb_param(g, "s", PB_SHAPE(4, 4), 1), assign = pb_assign(g, s, y);
    OK(ctx, pb_program(g, "train", 1, &assign));
    char *text = printed(pb_graph_print), *dot = printed(pb_graph_print_dot);
    ck_assert_str_eq(text, "# net \"1\"\n"
                           "%0 f32 [4, 6] = leaf input \"a\"\n"
                           "%1 f32 [4, 4] = matmul %0, %0 transpose_b\n"
                           "%2 f32 [4, 4] = leaf param \"s\"\n"
                           "%3 f32 [4, 4] = assign %2, %1\n"
                           "program train: %3\n");
    ck_assert_ptr_nonnull(strstr(dot, "digraph passband {\n"));
    ck_assert_ptr_nonnull(strstr(dot, "label=\"net \\\"1\\\"\\n%1 matmul\\nf32 [4, 4]\""));
    ck_assert_ptr_nonnull(strstr(dot, "v0 -> v1;"));
    free(text);
    free(dot);
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
    FILE *out = fopen("/dev/full", "w");
    leaf_a();
    ck_assert_int_eq(pb_graph_print(g, out), PB_ERR_IO);
    fclose(out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("graph");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, shapes_follow_numpy);
    tcase_add_test(tests, matmul_folds_batches_into_rows);
    tcase_add_test(tests, constants_take_the_other_type);
    tcase_add_test(tests, softmax_does_not_overflow);
    tcase_add_test(tests, nan_stays_nan);
    tcase_add_test(tests, gradient_of_what_y_does_not_need_is_zero);
    tcase_add_test(tests, gradients_nest);
    tcase_add_test(tests, gradient_by_a_value_between);
    tcase_add_test(tests, ties_of_maximum_go_to_the_first);
    tcase_add_test(tests, gradient_rules_carry_the_scope);
    tcase_add_loop_test(tests, errors_are_sentences, 0, (int)(sizeof errors / sizeof errors[0]));
    tcase_add_test(tests, none_alone_is_an_error);
    tcase_add_test(tests, reference_names_the_leaf_without_content);
    tcase_add_test(tests, programs_hold_assignments);
    tcase_add_test(tests, graphs_print);
    tcase_add_test(tests, a_full_disk_is_an_error);
    suite_add_tcase(suite, tests);
    return runs(srunner_create(suite));
}
