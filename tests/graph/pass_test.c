/* Passes keep every value's content and make graphs smaller. */
#include "graph_check.h"

#include <stdio.h>

static pb_context *ctx;
static op_built b;

static void setup(void)
{
    ctx = pb_context_create();
    b = (op_built){.g = pb_graph_create(ctx), .random = 11};
}

static void teardown(void)
{
    op_case_free(&b);
    pb_context_free(&ctx);
}

typedef pb_status pass(const pb_graph *g, pb_graph **out, pb_value **map);

/* The same values in the graph that a pass made. */
typedef struct passed {
    op_built b;
    pb_value *map;
} passed;

static passed run_pass(pass *p)
{
    passed after = {.b = b};
    OK(ctx, p(b.g, &after.b.g, &after.map));
    after.b.count = 0;
    for (int i = 0; i < b.count; i++) {
        const pb_value leaf = after.map[b.leaves[i]];
        if (leaf == PB_NONE) continue;
        ck_assert_str_eq(pb_value_name(after.b.g, leaf), pb_value_name(b.g, b.leaves[i]));
        after.b.leaves[after.b.count] = leaf;
        after.b.data[after.b.count++] = b.data[i];
    }
    return after;
}

static void free_passed(passed *p)
{
    pb_graph_free(&p->b.g);
    free(p->map);
}

static void check_same(const passed *p, pb_value v, double tolerance)
{
    ck_assert_int_ne(p->map[v], PB_NONE);
    ck_assert(pb_shape_equal(pb_value_shape(b.g, v), pb_value_shape(p->b.g, p->map[v])));
    ck_assert_int_eq(pb_value_dtype(b.g, v), pb_value_dtype(p->b.g, p->map[v]));
    double *before = evaluate(&b, v), *after = evaluate(&p->b, p->map[v]);
    for (size_t i = 0; i < pb_shape_count(pb_value_shape(b.g, v)); i++)
        if (!(fabs(after[i] - before[i]) <=
              tolerance)) /* Check writes to a file at every assertion */
            ck_abort_msg("element %zu was %.17g and is %.17g", i, before[i], after[i]);
    free(before);
    free(after);
}

static int count_ops(const pb_graph *g, pb_op op)
{
    int count = 0;
    for (pb_value v = 0; v < pb_graph_count(g); v++) count += pb_record_of(g, v)->op == op;
    return count;
}

/* ---- every op and its gradients under every pass ---- */

static pass *const passes[] = {pb_pass_fold, pb_pass_share, pb_pass_hoist, pb_pass_dead, pb_passes};

START_TEST(every_op_survives)
{
    const pb_op op = (pb_op)_i;
    if (!op_cases[op].build) return;
    for (int shape = 0; shape < OP_CASE_SHAPES; shape++) {
        pb_value first[OP_CASE_LEAVES];
        pb_value kept[2 * OP_CASE_LEAVES + 1], assigns[2 * OP_CASE_LEAVES + 1];
        int count = 0;
        op_case_free(&b);
        op_case_build(ctx, op, shape, &b);
        const pb_value w = op_case_uniform(&b, pb_value_shape(b.g, b.y), -1, 1);
        kept[count++] = b.y;
        const pb_value loss = pb_sum_all(b.g, pb_mul(b.g, pb_cast(b.g, b.y, PB_F32), w));
        gradients_of(&b, loss, first);
        for (int k = 0; k < b.count; k++) {
            if (first[k] == PB_NONE) continue;
            pb_value second;
            const pb_value total = weighted(&b, first[k]);
            OK(ctx, pb_gradient(b.g, total, 1, &b.leaves[k], &second));
            kept[count++] = first[k];
            kept[count++] = second;
        }
        for (int i = 0; i < count; i++) {
            char name[16];
            snprintf(name, sizeof name, "state%d", i);
            const pb_record *r = pb_record_of(b.g, kept[i]);
            assigns[i] = pb_assign(
                b.g, pb_leaf(b.g, PB_ROLE_STATE, name, r->dtype, r->shape, (pb_init){0}), kept[i]);
        }
        OK(ctx, pb_program(b.g, "all", count, assigns));
        for (size_t p = 0; p < sizeof passes / sizeof passes[0]; p++) {
            passed after = run_pass(passes[p]);
            ck_assert_int_eq(pb_graph_programs(after.b.g)->program[0].assign_count, count);
            /* Folded numbers are rounded to float32. */
            for (int i = 0; i < count; i++) check_same(&after, kept[i], 1e-5);
            free_passed(&after);
        }
    }
}
END_TEST

/* A constant with a leaf's content. */
static pb_value constant_of(pb_graph *g, pb_dtype dtype, pb_shape shape, const double *numbers)
{
    static union {
        float f32[4096];
        int32_t i32[4096];
        uint8_t u8[4096];
    } data[OP_CASE_LEAVES]; /* lives as long as the graph: each test has its own process */
    static int used;
    void *content = &data[used++ % OP_CASE_LEAVES];
    for (size_t i = 0; i < pb_shape_count(shape); i++) {
        if (dtype == PB_F32)
            ((float *)content)[i] = (float)numbers[i];
        else if (dtype == PB_I32)
            ((int32_t *)content)[i] = (int32_t)numbers[i];
        else
            ((uint8_t *)content)[i] = (uint8_t)numbers[i];
    }
    const pb_attrs attrs = {.data = content, .dtype = dtype, .shape = shape};
    return pb_append(g, PB_OP_CONSTANT, 0, NULL, &attrs);
}

/* Every op on constants becomes a constant (or a view of one) of the same content. */
START_TEST(every_op_folds)
{
    const pb_op op = (pb_op)_i;
    if (!op_cases[op].build) return;
    for (int shape = 0; shape < OP_CASE_SHAPES; shape++) {
        op_built c;
        pb_value map[64], in[OP_CASE_LEAVES];
        op_case_build(ctx, op, shape, &c);
        pb_graph *g = pb_graph_create(ctx), *folded;
        for (pb_value v = 0; v < pb_graph_count(c.g); v++) {
            const pb_record *r = pb_record_of(c.g, v);
            for (int k = 0; k < r->arity; k++) in[k] = map[r->in[k]];
            int leaf = 0;
            while (leaf < c.count && c.leaves[leaf] != v) leaf++;
            map[v] = r->op == PB_OP_LEAF ? constant_of(g, r->dtype, r->shape, c.data[leaf])
                                         : pb_append(g, r->op, r->arity, in, &r->attrs);
        }
        pb_value *after;
        OK(ctx, pb_pass_fold(g, &folded, &after));
        const pb_value y = after[map[c.y]];
        double *want = evaluate(&c, c.y), *got;
        OK(ctx, pb_reference(folded, 0, NULL, NULL, 1, &y, &got));
        const pb_op left = pb_record_of(folded, y)->op;
        ck_assert_msg(left == PB_OP_CONSTANT || left == PB_OP_IOTA || left == PB_OP_BROADCAST,
                      "%s at shape %d is still %s", pb_ops[op].name, shape, pb_ops[left].name);
        for (size_t i = 0; i < pb_shape_count(pb_value_shape(c.g, c.y)); i++)
            ck_assert_double_eq_tol(got[i], want[i], 1e-6);
        free(want);
        free(got);
        free(after);
        pb_graph_free(&folded);
        pb_graph_free(&g);
        op_case_free(&c);
    }
}
END_TEST

/* ---- dead ---- */

START_TEST(dead_keeps_what_programs_need)
{
    const pb_value x = op_case_uniform(&b, PB_SHAPE(3), -1, 1);
    const pb_value unused = op_case_uniform(&b, PB_SHAPE(3), -1, 1);
    const pb_value y = pb_exp(b.g, x), z = pb_sin(b.g, unused);
    const pb_value s = pb_param(b.g, "s", PB_SHAPE(3), 1), assign = pb_assign(b.g, s, y);
    OK(ctx, pb_program(b.g, "train", 1, &assign));
    passed after = run_pass(pb_pass_dead);
    ck_assert_int_eq(pb_graph_count(after.b.g), 4);
    ck_assert_int_eq(after.map[z], PB_NONE);
    ck_assert_int_eq(after.map[unused], PB_NONE);
    const pb_program_list *list = pb_graph_programs(after.b.g);
    ck_assert_int_eq(list->count, 1);
    ck_assert_str_eq(list->program[0].name, "train");
    ck_assert_int_eq(list->program[0].assigns[0], after.map[assign]);
    ck_assert_int_eq(pb_graph_find(after.b.g, "s"), after.map[s]);
    free_passed(&after);
}
END_TEST

/* ---- fold: what each expression must become ---- */

static pb_value x_leaf(void)
{
    return b.leaves[0];
}

/* The last op may be any of those, whose name is given; "x" is the leaf itself. */
static pb_value add_zero(void)
{
    return pb_add(b.g, x_leaf(), pb_constant(b.g, 0, PB_SCALAR));
}
static pb_value zero_add(void)
{
    return pb_add(b.g, pb_constant(b.g, 0, PB_SCALAR), x_leaf());
}
static pb_value sub_zero(void)
{
    return pb_sub(b.g, x_leaf(), pb_constant(b.g, 0, PB_SCALAR));
}
static pb_value zero_sub(void)
{
    return pb_sub(b.g, pb_constant(b.g, 0, PB_SCALAR), x_leaf());
}
static pb_value mul_one(void)
{
    return pb_scale(b.g, x_leaf(), 1);
}
static pb_value mul_minus_one(void)
{
    return pb_scale(b.g, x_leaf(), -1);
}
static pb_value mul_zero(void)
{
    return pb_scale(b.g, x_leaf(), 0);
}
static pb_value div_one(void)
{
    return pb_div(b.g, x_leaf(), pb_constant(b.g, 1, PB_SCALAR));
}
static pb_value neg_neg(void)
{
    return pb_neg(b.g, pb_neg(b.g, x_leaf()));
}
static pb_value select_constant(void)
{
    return pb_select(b.g, pb_constant(b.g, 1, PB_SCALAR), x_leaf(), pb_neg(b.g, x_leaf()));
}
static pb_value cast_same(void)
{
    const pb_value x = x_leaf();
    return pb_append(b.g, PB_OP_CAST, 1, &x, &(pb_attrs){.dtype = PB_F32});
}
static pb_value detach(void)
{
    return pb_detach(b.g, x_leaf());
}
static pb_value reshape_back(void)
{
    return pb_reshape(b.g, pb_reshape(b.g, x_leaf(), PB_SHAPE(24)), PB_SHAPE(2, 3, 4));
}
static pb_value reshape_twice(void)
{
    return pb_reshape(b.g, pb_reshape(b.g, x_leaf(), PB_SHAPE(24)), PB_SHAPE(6, 4));
}
static pb_value permute_back(void)
{
    const pb_value y = pb_permute(b.g, x_leaf(), (int[]){1, 2, 0});
    return pb_permute(b.g, y, (int[]){2, 0, 1});
}
static pb_value permute_twice(void)
{
    const pb_value y = pb_permute(b.g, x_leaf(), (int[]){1, 0, 2});
    return pb_permute(b.g, y, (int[]){0, 2, 1});
}
static pb_value permute_ones(void)
{
    const pb_value y = pb_reshape(b.g, x_leaf(), PB_SHAPE(1, 24, 1));
    return pb_permute(b.g, y, (int[]){1, 2, 0});
}
static pb_value broadcast_twice(void)
{
    const pb_value y =
        pb_broadcast(b.g, pb_reshape(b.g, x_leaf(), PB_SHAPE(24, 1, 1)), PB_SHAPE(24, 1, 3));
    return pb_broadcast(b.g, y, PB_SHAPE(24, 2, 3));
}
static pb_value slice_twice(void)
{
    const pb_value y = pb_slice(b.g, x_leaf(), (int[]){0, 1, 1}, PB_SHAPE(2, 2, 3));
    return pb_slice(b.g, y, (int[]){1, 0, 1}, PB_SHAPE(1, 2, 2));
}
static pb_value slice_of_pad(void)
{
    const pb_value y = pb_pad(b.g, x_leaf(), (int[]){1, 0, 2}, (int[]){0, 3, 1});
    return pb_slice(b.g, y, (int[]){1, 0, 2}, PB_SHAPE(2, 3, 4));
}
static pb_value pad_twice(void)
{
    const pb_value y = pb_pad(b.g, x_leaf(), (int[]){1, 0, 2}, (int[]){0, 3, 1});
    return pb_pad(b.g, y, (int[]){0, 1, 0}, (int[]){2, 0, 0});
}
static pb_value sum_of_one(void)
{
    return pb_sum(b.g, pb_reshape(b.g, x_leaf(), PB_SHAPE(24, 1)), 1, false);
}
static pb_value matmul_of_transposed(void)
{
    const pb_value y = pb_reshape(b.g, x_leaf(), PB_SHAPE(6, 4));
    return pb_matmul(b.g, pb_transpose(b.g, y), y);
}
static pb_value matmul_of_both(void)
{
    const pb_value y = pb_transpose(b.g, x_leaf());
    return pb_matmul_t(b.g, y, y, true, false);
}
static pb_value constants(void)
{
    const pb_value c = pb_constant_data(b.g, (float[]){1, 4, 9}, PB_SHAPE(3));
    return pb_sum_all(b.g, pb_sqrt(b.g, c));
}
static pb_value constant_data(void)
{
    return pb_scale(b.g, pb_cast(b.g, pb_iota(b.g, PB_SHAPE(5), 0), PB_F32), 0.5f);
}
static pb_value splat_broadcast(void)
{
    const pb_value c = pb_exp(b.g, pb_constant(b.g, 0, PB_SHAPE(1, 1)));
    return pb_broadcast(b.g, c, PB_SHAPE(300, 300));
}
static pb_value iota_broadcast(void)
{
    return pb_broadcast(b.g, pb_iota(b.g, PB_SHAPE(1, 10), 1), PB_SHAPE(7, 10));
}
static pb_value huge(void)
{
    return pb_cast(b.g, pb_iota(b.g, PB_SHAPE(70000), 0), PB_F32);
}
static pb_value broadcast_data(void)
{
    return pb_broadcast(b.g, pb_constant_data(b.g, (float[]){1, 2}, PB_SHAPE(1, 2)),
                        PB_SHAPE(30, 2));
}

static pb_value relu_mask_of(pb_window window, pb_window other, int height, int width)
{
    const pb_shape shape = PB_SHAPE(2, 3, 4);
    const pb_value image = pb_reshape(b.g, pb_relu(b.g, x_leaf()), PB_SHAPE(2, 3, 1, 4));
    const pb_value index = pb_pool_index(b.g, image, window);
    const pb_value pooled = pb_pool_gather(b.g, image, index, window);
    const pb_value back = pb_pool_scatter(b.g, pooled, index, other, height, width);
    const pb_value step = pb_step(b.g, pb_reshape(b.g, x_leaf(), PB_SHAPE(2, 3, height * width)));
    return pb_reshape(b.g, pb_mul(b.g, pb_reshape(b.g, back, PB_SHAPE(2, 3, height * width)), step),
                      shape);
}
static pb_value relu_mask_of_pooled(void)
{
    const pb_window two = {.kernel = {1, 2}, .stride = {1, 2}};
    return relu_mask_of(two, two, 1, 4);
}
static pb_value relu_mask_of_overlapping(void)
{
    const pb_window three = {.kernel = {1, 3}, .stride = {1, 2}, .padding = {0, 1}};
    return relu_mask_of(three, three, 1, 4);
}
/* The same elements in another image: there the pooled ones do not tell of relu. */
static pb_value relu_mask_of_another_image(void)
{
    const pb_window two = {.kernel = {1, 2}, .stride = {1, 2}};
    const pb_window flat = {.kernel = {2, 1}, .stride = {1, 1}};
    return relu_mask_of(two, flat, 2, 2);
}

static const struct {
    pb_value (*build)(void);
    const char *becomes; /* the printed ops from the leaf on, last first */
} folds[] = {
    {add_zero, "leaf"},
    {zero_add, "leaf"},
    {sub_zero, "leaf"},
    {zero_sub, "neg leaf"},
    {mul_one, "leaf"},
    {mul_minus_one, "neg leaf"},
    {mul_zero, "constant"},
    {div_one, "leaf"},
    {neg_neg, "leaf"},
    {select_constant, "leaf"},
    {cast_same, "leaf"},
    {detach, "leaf"},
    {reshape_back, "leaf"},
    {reshape_twice, "reshape leaf"},
    {permute_back, "leaf"},
    {permute_twice, "permute leaf"},
    {permute_ones, "reshape leaf"},
    {broadcast_twice, "broadcast reshape leaf"},
    {slice_twice, "slice leaf"},
    {slice_of_pad, "leaf"},
    {pad_twice, "pad leaf"},
    {sum_of_one, "reshape leaf"},
    {matmul_of_transposed, "matmul reshape leaf"},
    {matmul_of_both, "matmul leaf"},
    {constants, "constant"},
    {constant_data, "constant"},
    {splat_broadcast, "constant"},
    {iota_broadcast, "iota"},
    {huge, "cast iota"},
    {broadcast_data, "broadcast constant"},
    {relu_mask_of_pooled, "reshape pool_scatter mul pool_gather reshape relu leaf"},
    {relu_mask_of_overlapping, "reshape pool_scatter mul pool_gather reshape relu leaf"},
    {relu_mask_of_another_image, "mul reshape pool_scatter pool_gather reshape relu leaf"},
};

START_TEST(fold_simplifies)
{
    op_case_uniform(&b, PB_SHAPE(2, 3, 4), -1, 1);
    const pb_value y = folds[_i].build();
    OK(ctx, pb_graph_status(b.g));
    passed after = run_pass(pb_pass_fold);
    char chain[128] = "";
    for (pb_value v = after.map[y];;) {
        const pb_record *r = pb_record_of(after.b.g, v);
        strcat(chain, pb_ops[r->op].name);
        if (r->arity == 0) break;
        strcat(chain, " ");
        v = r->in[0];
    }
    ck_assert_str_eq(chain, folds[_i].becomes);
    check_same(&after, y, 1e-6);
    free_passed(&after);
}
END_TEST

START_TEST(fold_keeps_one_number_one_number)
{
    const pb_value y = splat_broadcast(), z = constant_data();
    passed after = run_pass(pb_pass_fold);
    double number;
    ck_assert_ptr_null(pb_record_of(after.b.g, after.map[y])->attrs.data);
    number = pb_record_of(after.b.g, after.map[y])->attrs.number;
    ck_assert_double_eq(number, 1);
    const float *data = pb_record_of(after.b.g, after.map[z])->attrs.data;
    for (int i = 0; i < 5; i++) ck_assert_float_eq(data[i], 0.5f * (float)i);
    free_passed(&after);
}
END_TEST

START_TEST(fold_sets_transposition_flags)
{
    op_case_uniform(&b, PB_SHAPE(2, 3, 4), -1, 1);
    const pb_value y = matmul_of_transposed(), z = matmul_of_both();
    passed after = run_pass(pb_pass_fold);
    const pb_attrs *one = &pb_record_of(after.b.g, after.map[y])->attrs;
    const pb_attrs *two = &pb_record_of(after.b.g, after.map[z])->attrs;
    ck_assert(one->transpose_a && !one->transpose_b);
    ck_assert(!two->transpose_a && two->transpose_b);
    free_passed(&after);
}
END_TEST

/* ---- share ---- */

START_TEST(share_merges_equal_values)
{
    const pb_value x = op_case_uniform(&b, PB_SHAPE(2, 6), -1, 1);
    const pb_value other = op_case_uniform(&b, PB_SHAPE(2, 6), -1, 1);
    float data[] = {1, 2};
    pb_value equal[2][4], different[6];
    for (int i = 0; i < 2; i++) {
        equal[i][0] = pb_exp(b.g, pb_add(b.g, x, other));
        equal[i][1] = pb_sum(b.g, x, 1, true);
        equal[i][2] = pb_constant_data(b.g, data, PB_SHAPE(2));
        equal[i][3] = pb_slice(b.g, x, (int[]){0, 2}, PB_SHAPE(2, 3));
    }
    data[1] = 3;
    different[0] = pb_constant_data(b.g, data, PB_SHAPE(2));
    different[1] = pb_slice(b.g, x, (int[]){0, 1}, PB_SHAPE(2, 3));
    different[2] = pb_exp(b.g, pb_add(b.g, x, x));
    different[3] = pb_constant(b.g, 0.0f, PB_SHAPE(2));
    different[4] = pb_constant(b.g, -0.0f, PB_SHAPE(2));
    different[5] = pb_constant_i32(b.g, 0, PB_SHAPE(2));
    OK(ctx, pb_graph_status(b.g));
    passed after = run_pass(pb_pass_share);
    for (int i = 0; i < 4; i++) ck_assert_int_eq(after.map[equal[0][i]], after.map[equal[1][i]]);
    for (int i = 0; i < 6; i++) {
        for (int k = 0; k < 4; k++)
            ck_assert_int_ne(after.map[different[i]], after.map[equal[0][k]]);
        for (int k = 0; k < i; k++)
            ck_assert_int_ne(after.map[different[i]], after.map[different[k]]);
    }
    ck_assert_int_ne(after.map[x], after.map[other]);
    ck_assert_int_eq(count_ops(after.b.g, PB_OP_EXP), 2);
    free_passed(&after);
}
END_TEST

/* ---- static ---- */

static pb_value random_input(const char *name, pb_shape shape)
{
    return pb_leaf(b.g, PB_ROLE_INPUT, name, PB_I32, shape, (pb_init){0});
}

/* Numbers of one purpose are the same numbers; those of another, or of longer rows, are not. None
 * is computed once for the whole data set. */
START_TEST(random_numbers_are_shared_by_purpose)
{
    const pb_draw draws = {random_input("key", PB_SCALAR), random_input("epoch", PB_SCALAR),
                           random_input("sample", PB_SHAPE(3))};
    const pb_value values[] = {pb_random_uniform(b.g, &draws, PB_SHAPE(3, 4), "one"),
                               pb_random_uniform(b.g, &draws, PB_SHAPE(3, 4), "one"),
                               pb_random_uniform(b.g, &draws, PB_SHAPE(3, 4), "another"),
                               pb_random_normal(b.g, &draws, PB_SHAPE(3, 4), "one"),
                               pb_random_uniform(b.g, &draws, PB_SHAPE(3, 2, 2), "one"),
                               pb_random_uniform(b.g, &draws, PB_SHAPE(3, 5), "one")};
    OK(ctx, pb_graph_status(b.g));
    passed after = run_pass(pb_pass_share);
    bool is_static[64];
    ck_assert_int_lt(pb_graph_count(after.b.g), 64);
    pb_graph_static(after.b.g, is_static);
    ck_assert_int_eq(after.map[values[0]], after.map[values[1]]);
    for (int i = 1; i < 6; i++) {
        ck_assert(!is_static[after.map[values[i]]]);
        for (int k = 1; k < i; k++) ck_assert_int_ne(after.map[values[i]], after.map[values[k]]);
    }
    free_passed(&after);
}
END_TEST

START_TEST(static_means_data_and_constants)
{
    const pb_value data = pb_leaf(b.g, PB_ROLE_DATA, "data", PB_F32, PB_SHAPE(3), (pb_init){0});
    const pb_value input = pb_input(b.g, "input", PB_SHAPE(3));
    const pb_value param = pb_param(b.g, "param", PB_SHAPE(3), 1);
    const pb_value y = pb_scale(b.g, data, 2), z = pb_add(b.g, y, input);
    const pb_value assign = pb_assign(b.g, param, y), iota = pb_iota(b.g, PB_SHAPE(3), 0);
    bool is_static[16];
    pb_graph_static(b.g, is_static);
    ck_assert(is_static[data] && is_static[y] && is_static[iota]);
    ck_assert(!is_static[input] && !is_static[param] && !is_static[z] && !is_static[assign]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("passes");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, every_op_survives, 0, PB_OP_COUNT);
    tcase_add_loop_test(tests, every_op_folds, 0, PB_OP_COUNT);
    tcase_add_test(tests, dead_keeps_what_programs_need);
    tcase_add_loop_test(tests, fold_simplifies, 0, (int)(sizeof folds / sizeof folds[0]));
    tcase_add_test(tests, fold_keeps_one_number_one_number);
    tcase_add_test(tests, fold_sets_transposition_flags);
    tcase_add_test(tests, share_merges_equal_values);
    tcase_add_test(tests, random_numbers_are_shared_by_purpose);
    tcase_add_test(tests, static_means_data_and_constants);
    suite_add_tcase(suite, tests);
    return runs(srunner_create(suite));
}
