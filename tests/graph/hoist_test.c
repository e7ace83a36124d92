/* The hoist pass moves gathers of data rows behind everything that works on each row by itself. */
#include "graph_check.h"

#include <stdio.h>

#define ROWS  7
#define BATCH 3

static pb_context *ctx;
static pb_graph *g;
static pb_value samples, index_leaf;
static double sample_data[ROWS * 8 * 8], index_data[BATCH] = {5, 0, 5};

static void setup(void)
{
    ctx = pb_context_create();
    g = pb_graph_create(ctx);
    for (int i = 0; i < ROWS * 64; i++) sample_data[i] = (i * 37) % 256;
    samples = pb_leaf(g, PB_ROLE_DATA, "samples", PB_U8, PB_SHAPE(ROWS, 8, 8), (pb_init){0});
    index_leaf = pb_leaf(g, PB_ROLE_INPUT, "index", PB_I32, PB_SHAPE(BATCH), (pb_init){0});
}

static void teardown(void)
{
    pb_graph_free(&g);
    pb_context_free(&ctx);
}

/* A program that keeps y, so that the dead pass does too. */
static void keep(pb_value y)
{
    const pb_value state = pb_leaf(g, PB_ROLE_STATE, "state", pb_value_dtype(g, y),
                                   pb_value_shape(g, y), (pb_init){0});
    const pb_value assign = pb_assign(g, state, y);
    OK(ctx, pb_program(g, "step", 1, &assign));
}

static double *content(const pb_graph *of, pb_value y)
{
    const pb_value leaves[] = {pb_graph_find(of, "samples"), pb_graph_find(of, "index")};
    double *out;
    OK(ctx, pb_reference(of, 2, leaves, (const double *[]){sample_data, index_data}, 1, &y, &out));
    return out;
}

/* Passes keep y's content; returns the new graph and y's place in it. */
static pb_graph *pass_and_compare(pb_value y, pb_value *moved)
{
    pb_graph *out;
    pb_value *map;
    keep(y);
    OK(ctx, pb_passes(g, &out, &map));
    *moved = map[y];
    ck_assert_int_ne(*moved, PB_NONE);
    double *want = content(g, y), *got = content(out, *moved);
    for (size_t i = 0; i < pb_shape_count(pb_value_shape(g, y)); i++)
        ck_assert_double_eq_tol(got[i], want[i], 1e-4);
    free(want);
    free(got);
    free(map);
    return out;
}

/* Values computed in each step from what is there, other than leaves and assignments. */
static int computed_each_step(const pb_graph *of)
{
    bool is_static[512];
    int count = 0;
    ck_assert_int_lt(pb_graph_count(of), 512);
    pb_graph_static(of, is_static);
    for (pb_value v = 0; v < pb_graph_count(of); v++)
        count += !is_static[v] && pb_record_of(of, v)->arity > 0 &&
                 pb_ops[pb_record_of(of, v)->op].class != PB_EFFECT;
    return count;
}

static pb_value batch(void)
{
    return pb_gather(g, samples, index_leaf);
}

/* u8 / 255 - 0.5 */
static pb_value pixels(void)
{
    const pb_value x = pb_scale(g, pb_cast(g, batch(), PB_F32), 1.0f / 255);
    return pb_sub(g, x, pb_constant(g, 0.5f, PB_SCALAR));
}

/* The main job: pixels and their transform become static; one gather of [ROWS, 4, 4] remains. */
START_TEST(dct_of_pixels_is_static)
{
    pb_value y;
    pb_graph *out = pass_and_compare(pb_dct2(g, pixels(), 4), &y);
    const pb_record *r = pb_record_of(out, y);
    ck_assert_int_eq(r->op, PB_OP_GATHER);
    ck_assert_int_eq(r->in[1], pb_graph_find(out, "index"));
    ck_assert(pb_shape_equal(pb_value_shape(out, r->in[0]), PB_SHAPE(ROWS, 4, 4)));
    ck_assert_int_eq(computed_each_step(out), 1);
    pb_graph_free(&out);
}
END_TEST

/* And back: a row may grow up to fourfold. */
START_TEST(inverse_dct_is_static)
{
    pb_value y;
    pb_graph *out = pass_and_compare(pb_idct2(g, pb_dct2(g, pixels(), 4), 8, 8), &y);
    ck_assert_int_eq(pb_record_of(out, y)->op, PB_OP_GATHER);
    ck_assert_int_eq(computed_each_step(out), 1);
    pb_graph_free(&out);
}
END_TEST

/* Each of these works on rows; only the gather is left for the step. */
static pb_value row_reshape(void)
{
    return pb_reshape(g, pixels(), PB_SHAPE(BATCH, 4, 16));
}
static pb_value row_flat(void)
{
    return pb_neg(g, pb_reshape(g, pixels(), PB_SHAPE(BATCH * 8, 8)));
}
static pb_value row_flat_rows(void)
{
    return pb_exp(g, pb_reshape(g, pixels(), PB_SHAPE(BATCH * 64)));
}
static pb_value row_permute(void)
{
    return pb_transpose(g, pixels());
}
static pb_value row_slice(void)
{
    return pb_slice(g, pixels(), (int[]){0, 2, 1}, PB_SHAPE(BATCH, 3, 5));
}
static pb_value row_pad(void)
{
    return pb_pad(g, pixels(), (int[]){0, 1, 0}, (int[]){0, 0, 2});
}
static pb_value row_concat(void)
{
    const pb_value x = pixels();
    const pb_value parts[] = {x, pb_constant(g, 3, PB_SHAPE(BATCH, 1, 8)), pb_neg(g, x)};
    return pb_concat(g, 3, parts, 1);
}
static pb_value row_norm(void)
{
    const pb_value x = pixels();
    return pb_sub(g, x, pb_scale(g, pb_sum(g, x, 2, true), 1.0f / 8));
}
static pb_value row_argmax(void)
{
    return pb_argmax(g, pixels(), 1, false);
}
static pb_value row_weights(void)
{
    float weights[64];
    for (int i = 0; i < 64; i++) weights[i] = (float)i;
    const pb_value w = pb_constant_data(g, weights, PB_SHAPE(8, 8));
    return pb_mul(g, pixels(), pb_tanh(g, pb_scale(g, w, 0.1f)));
}
static pb_value row_computed_weights(void)
{
    const pb_value w = pb_iota(g, PB_SHAPE(BATCH, 8, 8), 2);
    return pb_mul(g, pixels(), pb_sqrt(g, pb_cast(g, w, PB_F32)));
}
static pb_value row_product(void)
{
    float weights[64 * 10];
    for (int i = 0; i < 640; i++) weights[i] = (float)sin(i);
    const pb_value x = pb_reshape(g, pixels(), PB_SHAPE(BATCH, 64));
    return pb_matmul(g, x, pb_constant_data(g, weights, PB_SHAPE(64, 10)));
}
static pb_value row_left_product(void)
{
    float weights[16];
    for (int i = 0; i < 16; i++) weights[i] = (float)cos(i);
    return pb_matmul(g, pb_constant_data(g, weights, PB_SHAPE(2, 8)), pixels());
}
static pb_value row_gram(void)
{
    const pb_value x = pixels();
    return pb_matmul_t(g, x, x, false, true);
}
static pb_value row_conv(void)
{
    float weights[2 * 9];
    for (int i = 0; i < 18; i++) weights[i] = (float)sin(i);
    const pb_value x = pb_reshape(g, pixels(), PB_SHAPE(BATCH, 1, 8, 8));
    const pb_value w = pb_constant_data(g, weights, PB_SHAPE(2, 1, 3, 3));
    return pb_max_pool(g, pb_conv(g, x, w, (pb_window){{3, 3}, {1, 1}, {1, 1}}),
                       (pb_window){{2, 2}, {2, 2}, {0, 0}});
}
static pb_value row_two_gathers(void)
{
    const pb_value flat = pb_reshape(g, samples, PB_SHAPE(ROWS, 64));
    const pb_value x = pb_cast(g, pb_gather(g, flat, index_leaf), PB_F32);
    return pb_add(g, pb_sum(g, x, 1, false), pb_sum(g, pb_sum(g, pixels(), 2, false), 1, false));
}

static pb_value (*const by_rows[])(void) = {
    row_reshape,
    row_flat,
    row_flat_rows,
    row_permute,
    row_slice,
    row_pad,
    row_concat,
    row_norm,
    row_argmax,
    row_weights,
    row_computed_weights,
    row_product,
    row_left_product,
    row_gram,
    row_conv,
    row_two_gathers,
};

START_TEST(ops_on_rows_are_static)
{
    pb_value y;
    pb_graph *out = pass_and_compare(by_rows[_i](), &y);
    bool is_static[512];
    pb_graph_static(out, is_static);
    /* The gather and at most the reshape of its rows. */
    ck_assert_int_le(computed_each_step(out), 2);
    for (pb_value v = 0; v < pb_graph_count(out); v++) {
        const pb_record *r = pb_record_of(out, v);
        if (r->op == PB_OP_GATHER) ck_assert(is_static[r->in[0]] && !is_static[v]);
    }
    pb_graph_free(&out);
}
END_TEST

/* ---- what must stay where it is ---- */

static pb_value stay_sum_of_batch(void)
{
    return pb_sum(g, pixels(), 0, false);
}
static pb_value stay_param(void)
{
    const pb_value w = pb_leaf(g, PB_ROLE_DATA, "w", PB_F32, PB_SHAPE(BATCH, 8, 8), (pb_init){0});
    return pb_scale(g, pb_add(g, pixels(), pb_scale(g, w, 0)), 2);
}
static pb_value stay_slice_of_batch(void)
{
    return pb_slice(g, pixels(), (int[]){1, 0, 0}, PB_SHAPE(2, 8, 8));
}
static pb_value stay_permuted_batch(void)
{
    return pb_permute(g, pixels(), (int[]){1, 0, 2});
}
static pb_value stay_reshaped_batch(void)
{
    return pb_reshape(g, pixels(), PB_SHAPE(2, BATCH * 32));
}
static pb_value stay_transposed_product(void)
{
    const pb_value x = pb_reshape(g, pixels(), PB_SHAPE(BATCH, 64));
    return pb_matmul_t(g, x, x, true, false);
}
static pb_value stay_weights_that_vary(void)
{
    const pb_value w = pb_iota(g, PB_SHAPE(BATCH, 8, 8), 0);
    return pb_mul(g, pixels(), pb_cast(g, w, PB_F32));
}
/* As many columns as rows in the batch, so that only the axis tells them apart. */
static pb_value square_batch(void)
{
    return pb_slice(g, pixels(), (int[]){0, 0, 0}, PB_SHAPE(BATCH, BATCH, 8));
}
static pb_value stay_permuted_square(void)
{
    return pb_permute(g, square_batch(), (int[]){1, 0, 2});
}
static pb_value stay_joined_batches(void)
{
    return pb_concat(g, 2, (pb_value[]){pixels(), pb_neg(g, pixels())}, 0);
}
static pb_value stay_transposed_square(void)
{
    const pb_value x = pb_sum(g, square_batch(), 2, false);
    return pb_matmul_t(g, x, pb_constant(g, 2, PB_SHAPE(BATCH, 5)), true, false);
}
static pb_value one_row(void)
{
    const pb_value one = pb_slice(g, index_leaf, (int[]){1}, PB_SHAPE(1));
    return pb_cast(g, pb_gather(g, samples, one), PB_F32);
}
static pb_value stay_largest_of_one_row(void)
{
    const pb_value x = one_row();
    return pb_append(g, PB_OP_MAX, 1, &x, &(pb_attrs){.axis = 0});
}
static pb_value stay_repeated_row(void)
{
    return pb_neg(g, pb_broadcast(g, one_row(), PB_SHAPE(4, 8, 8)));
}
static pb_value stay_double_gather(void)
{
    return pb_gather(g, pixels(), index_leaf);
}

static const struct {
    pb_value (*build)(void);
    pb_op last;
} stays[] = {
    {stay_permuted_square, PB_OP_PERMUTE},  {stay_joined_batches, PB_OP_CONCAT},
    {stay_transposed_square, PB_OP_MATMUL}, {stay_largest_of_one_row, PB_OP_GATHER},
    {stay_repeated_row, PB_OP_NEG},         {stay_sum_of_batch, PB_OP_RESHAPE},
    {stay_slice_of_batch, PB_OP_SLICE},     {stay_permuted_batch, PB_OP_PERMUTE},
    {stay_reshaped_batch, PB_OP_RESHAPE},   {stay_transposed_product, PB_OP_MATMUL},
    {stay_weights_that_vary, PB_OP_MUL},
};

START_TEST(ops_across_rows_stay)
{
    pb_value y;
    index_data[0] = 1;
    index_data[1] = 2;
    index_data[2] = 0;
    pb_graph *out = pass_and_compare(stays[_i].build(), &y);
    ck_assert_int_eq(pb_record_of(out, y)->op, stays[_i].last);
    pb_graph_free(&out);
}
END_TEST

/* A gather of gathered rows, with an index within the batch. */
START_TEST(rows_of_rows)
{
    pb_value y;
    index_data[0] = 2;
    index_data[1] = 2;
    index_data[2] = 0;
    pb_graph *out = pass_and_compare(stay_double_gather(), &y);
    pb_graph_free(&out);
}
END_TEST

/* Data with as many rows as the batch is not the same in every row. */
START_TEST(data_of_the_size_of_a_batch)
{
    const pb_value y = stay_param();
    pb_graph *out;
    pb_value *map;
    keep(y);
    OK(ctx, pb_passes(g, &out, &map));
    ck_assert(pb_shape_equal(pb_value_shape(out, map[y]), PB_SHAPE(BATCH, 8, 8)));
    pb_graph_free(&out);
    free(map);
}
END_TEST

/* one_hot of labels would grow each row tenfold: cheaper to compute in the step. */
START_TEST(growing_rows_stay)
{
    const pb_value labels =
        pb_leaf(g, PB_ROLE_DATA, "labels", PB_I32, PB_SHAPE(ROWS), (pb_init){0});
    const pb_value y = pb_one_hot(g, pb_gather(g, labels, index_leaf), 10);
    pb_graph *out;
    pb_value *map;
    keep(y);
    OK(ctx, pb_passes(g, &out, &map));
    for (pb_value v = 0; v < pb_graph_count(out); v++)
        if (pb_record_of(out, v)->op == PB_OP_GATHER)
            ck_assert_uint_eq(pb_shape_count(pb_value_shape(out, pb_record_of(out, v)->in[0])),
                              ROWS);
    pb_graph_free(&out);
    free(map);
}
END_TEST

/* A batch of one row: extents of 1 are rows and repeat. */
START_TEST(batches_of_one)
{
    const pb_value x = one_row();
    const pb_value mean = pb_scale(
        g, pb_cast(g, pb_gather(g, samples, pb_constant_i32(g, 3, PB_SHAPE(1))), PB_F32), 0.5f);
    pb_value y;
    pb_graph *out = pass_and_compare(pb_dct2(g, pb_sub(g, x, mean), 3), &y);
    ck_assert_int_eq(pb_record_of(out, y)->op, PB_OP_GATHER);
    pb_graph_free(&out);
}
END_TEST

/* Two users of the transform, one of which mixes rows, share one gather. */
START_TEST(one_gather_for_all)
{
    const pb_value x = pb_dct2(g, pixels(), 4), again = pb_dct2(g, pixels(), 4);
    pb_value y;
    pb_graph *out = pass_and_compare(
        pb_add(g, pb_sum(g, x, 0, false), pb_sum(g, pb_square(g, again), 0, false)), &y);
    int gathers = 0;
    for (pb_value v = 0; v < pb_graph_count(out); v++)
        gathers += pb_record_of(out, v)->op == PB_OP_GATHER;
    /* x and x^2, which is static too. */
    ck_assert_int_le(gathers, 2);
    pb_graph_free(&out);
}
END_TEST

/* A program that looks at two rows now and then takes pixels, as they are for no other; what it
 * shares with one that runs often stays static. */
START_TEST(seldom_programs_compute_their_rows)
{
    const pb_value few = pb_leaf(g, PB_ROLE_INPUT, "few", PB_I32, PB_SHAPE(2), (pb_init){0});
    const pb_value own = pb_exp(g, pb_cast(g, pb_gather(g, samples, few), PB_F32));
    const pb_value shared = pb_dct2(g, pixels(), 4);
    const pb_value state[] = {
        pb_leaf(g, PB_ROLE_STATE, "own", PB_F32, PB_SHAPE(2, 8, 8), (pb_init){0}),
        pb_leaf(g, PB_ROLE_STATE, "shared", PB_F32, PB_SHAPE(BATCH, 4, 4), (pb_init){0})};
    const pb_value look[] = {pb_assign(g, state[0], own), pb_assign(g, state[1], shared)};
    OK(ctx, pb_program(g, "look", 2, look));
    OK(ctx, pb_program_seldom(g, "look"));
    pb_value y;
    pb_graph *out = pass_and_compare(shared, &y);
    ck_assert_int_eq(pb_record_of(out, y)->op, PB_OP_GATHER);
    ck_assert(pb_graph_programs(out)->program[0].seldom);
    bool is_static[512];
    pb_graph_static(out, is_static);
    int gathers = 0;
    for (pb_value v = 0; v < pb_graph_count(out); v++) {
        const pb_record *r = pb_record_of(out, v);
        ck_assert(!is_static[v] || r->op != PB_OP_EXP);
        gathers += r->op == PB_OP_GATHER && r->in[0] == pb_graph_find(out, "samples");
    }
    ck_assert_int_eq(gathers, 1);
    pb_graph_free(&out);
}
END_TEST

START_TEST(seldom_is_said_of_programs)
{
    ck_assert_int_eq(pb_program_seldom(g, "nobody"), PB_ERR_USAGE);
    ck_assert_str_eq(pb_error(ctx), "there is no program nobody");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hoist");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, dct_of_pixels_is_static);
    tcase_add_test(tests, inverse_dct_is_static);
    tcase_add_loop_test(tests, ops_on_rows_are_static, 0,
                        (int)(sizeof by_rows / sizeof by_rows[0]));
    tcase_add_loop_test(tests, ops_across_rows_stay, 0, (int)(sizeof stays / sizeof stays[0]));
    tcase_add_test(tests, rows_of_rows);
    tcase_add_test(tests, data_of_the_size_of_a_batch);
    tcase_add_test(tests, growing_rows_stay);
    tcase_add_test(tests, batches_of_one);
    tcase_add_test(tests, one_gather_for_all);
    tcase_add_test(tests, seldom_programs_compute_their_rows);
    tcase_add_test(tests, seldom_is_said_of_programs);
    suite_add_tcase(suite, tests);
    return runs(srunner_create(suite));
}
