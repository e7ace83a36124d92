/* The float64 reference and the composed functions agree with NumPy, SciPy and PyTorch:
 * fixtures/make_forward.py. */
#include "graph_check.h"

#include <stdio.h>

#define TOLERANCE 1e-9
#define ARRAYS    4

typedef struct array {
    char key[64];
    pb_shape shape;
    double *numbers;
} array;

/* A case of the fixture: named arrays, and leaves made of them. */
typedef struct fixture {
    op_built b;
    int count;
    array arrays[ARRAYS];
} fixture;

static array read_array(FILE *file, const char *key)
{
    array a = {.shape = PB_SCALAR};
    snprintf(a.key, sizeof a.key, "%s", key);
    ck_assert_int_eq(fscanf(file, "%d", &a.shape.axes), 1);
    for (int i = 0; i < a.shape.axes; i++) ck_assert_int_eq(fscanf(file, "%d", &a.shape.dim[i]), 1);
    const size_t count = pb_shape_count(a.shape);
    a.numbers = malloc(count * sizeof *a.numbers);
    for (size_t i = 0; i < count; i++) ck_assert_int_eq(fscanf(file, "%lf", &a.numbers[i]), 1);
    return a;
}

static void open_fixture(fixture *f, const char *name)
{
    char word[64], wanted[64];
    FILE *file = fopen(TESTS_FOLDER "/graph/fixtures/forward.txt", "r");
    ck_assert_ptr_nonnull(file);
    *f = (fixture){.count = 0};
    f->b.g = pb_graph_create(pb_context_create());
    snprintf(wanted, sizeof wanted, "case %s\n", name);
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, file) >= 0 && strcmp(line, wanted) != 0) {
    }
    free(line);
    while (fscanf(file, "%63s", word) == 1 && strcmp(word, "end") != 0) {
        ck_assert_int_lt(f->count, ARRAYS);
        f->arrays[f->count++] = read_array(file, word);
    }
    fclose(file);
    ck_assert_msg(f->count > 0, "the fixture has no case %s", name);
}

static void close_fixture(fixture *f)
{
    pb_context *ctx = pb_graph_context(f->b.g);
    for (int i = 0; i < f->count; i++) free(f->arrays[i].numbers);
    pb_graph_free(&f->b.g);
    pb_context_free(&ctx);
}

static const array *find(const fixture *f, const char *key)
{
    for (int i = 0; i < f->count; i++)
        if (strcmp(f->arrays[i].key, key) == 0) return &f->arrays[i];
    ck_abort_msg("no array %s", key);
    return NULL;
}

static pb_value leaf_of(fixture *f, const char *key, pb_dtype dtype)
{
    const array *a = find(f, key);
    op_built *b = &f->b;
    b->leaves[b->count] =
        pb_leaf(b->g, PB_ROLE_INPUT, key, dtype, a->shape, (pb_init){PB_INIT_CONSTANT, 0, 0});
    b->data[b->count] = a->numbers;
    return b->leaves[b->count++];
}

static void check_value(const fixture *f, pb_value v, const char *key)
{
    const array *want = find(f, key);
    OK(pb_graph_context(f->b.g), pb_graph_status(f->b.g));
    ck_assert(pb_shape_equal(pb_value_shape(f->b.g, v), want->shape));
    double *got = evaluate(&f->b, v);
    for (size_t i = 0; i < pb_shape_count(want->shape); i++)
        ck_assert_msg(fabs(got[i] - want->numbers[i]) <= TOLERANCE * (1 + fabs(want->numbers[i])),
                      "%s, element %zu: got %.12g, want %.12g", key, i, got[i], want->numbers[i]);
    free(got);
}

/* ---- elementwise ---- */

static const struct {
    const char *name;
    pb_value (*unary)(pb_graph *g, pb_value a);
    pb_value (*binary)(pb_graph *g, pb_value a, pb_value b);
} elementwise[] = {
    {"add", NULL, pb_add},
    {"sub", NULL, pb_sub},
    {"mul", NULL, pb_mul},
    {"div", NULL, pb_div},
    {"maximum", NULL, pb_maximum},
    {"minimum", NULL, pb_minimum},
    {"less", NULL, pb_less},
    {"equal", NULL, pb_equal},
    {"broadcast_add", NULL, pb_add},
    {"matmul", NULL, pb_matmul},
    {"neg", pb_neg, NULL},
    {"abs", pb_abs, NULL},
    {"sign", pb_sign, NULL},
    {"exp", pb_exp, NULL},
    {"log", pb_log_natural, NULL},
    {"sqrt", pb_sqrt, NULL},
    {"sin", pb_sin, NULL},
    {"cos", pb_cos, NULL},
    {"tanh", pb_tanh, NULL},
    {"floor", pb_floor, NULL},
    {"relu", pb_relu, NULL},
    {"step", pb_step, NULL},
    {"softmax", pb_softmax, NULL},
    {"log_softmax", pb_log_softmax, NULL},
    {"matmul_shared_right", NULL, pb_matmul},
    {"matmul_shared_left", NULL, pb_matmul},
};

START_TEST(elementwise_agrees)
{
    fixture f;
    open_fixture(&f, elementwise[_i].name);
    const pb_value a = leaf_of(&f, "a", PB_F32);
    if (elementwise[_i].unary)
        check_value(&f, elementwise[_i].unary(f.b.g, a), "y");
    else
        check_value(&f, elementwise[_i].binary(f.b.g, a, leaf_of(&f, "b", PB_F32)), "y");
    close_fixture(&f);
}
END_TEST

/* ---- the rest: one small function a case ---- */

static pb_value make_select(fixture *f)
{
    const pb_value condition = leaf_of(f, "condition", PB_I32), a = leaf_of(f, "a", PB_F32);
    return pb_select(f->b.g, condition, a, leaf_of(f, "b", PB_F32));
}

static pb_value make_truncate(fixture *f)
{
    return pb_cast(f->b.g, leaf_of(f, "a", PB_F32), PB_I32);
}

static pb_value make_permute(fixture *f)
{
    return pb_permute(f->b.g, leaf_of(f, "a", PB_F32), (const int[]){2, 0, 1});
}

static pb_value make_broadcast(fixture *f)
{
    return pb_broadcast(f->b.g, leaf_of(f, "a", PB_F32), PB_SHAPE(2, 5, 4));
}

static pb_value make_slice(fixture *f)
{
    return pb_slice(f->b.g, leaf_of(f, "a", PB_F32), (const int[]){1, 1, 0}, PB_SHAPE(1, 2, 3));
}

static pb_value make_pad(fixture *f)
{
    return pb_pad(f->b.g, leaf_of(f, "a", PB_F32), (const int[]){0, 2, 1}, (const int[]){1, 0, 1});
}

static pb_value make_concat(fixture *f)
{
    const pb_value a = leaf_of(f, "a", PB_F32);
    return pb_concat(f->b.g, 2, (const pb_value[]){a, leaf_of(f, "b", PB_F32)}, 1);
}

static pb_value make_gather(fixture *f)
{
    const pb_value a = leaf_of(f, "a", PB_F32);
    return pb_gather(f->b.g, a, leaf_of(f, "index", PB_I32));
}

static pb_value make_scatter_add(fixture *f)
{
    const pb_value a = leaf_of(f, "a", PB_F32);
    return pb_scatter_add(f->b.g, a, leaf_of(f, "index", PB_I32), 6);
}

static pb_value make_sum(fixture *f)
{
    return pb_sum(f->b.g, leaf_of(f, "a", PB_F32), 1, false);
}

static pb_value make_max(fixture *f)
{
    return pb_max(f->b.g, leaf_of(f, "a", PB_F32), 2, false);
}

static pb_value make_argmax(fixture *f)
{
    return pb_argmax(f->b.g, leaf_of(f, "a", PB_F32), 2, false);
}

static pb_value gradient_of(fixture *f, pb_value y, pb_value x)
{
    pb_value dx;
    OK(pb_graph_context(f->b.g), pb_gradient(f->b.g, y, 1, &x, &dx));
    return dx;
}

static pb_value make_max_gradient(fixture *f)
{
    const pb_value a = leaf_of(f, "a", PB_F32);
    return gradient_of(f, pb_max(f->b.g, a, 2, false), a);
}

static pb_value make_matmul_t(fixture *f)
{
    const pb_value a = leaf_of(f, "a", PB_F32);
    return pb_matmul_t(f->b.g, a, leaf_of(f, "b", PB_F32), true, true);
}

static const pb_window conv_window = {{3, 2}, {2, 1}, {1, 0}};

static pb_value make_conv(fixture *f)
{
    const pb_value x = leaf_of(f, "x", PB_F32);
    return pb_conv(f->b.g, x, leaf_of(f, "w", PB_F32), conv_window);
}

static pb_value make_conv_dx(fixture *f)
{
    const pb_value dy = leaf_of(f, "dy", PB_F32);
    return pb_conv_dx(f->b.g, dy, leaf_of(f, "w", PB_F32), conv_window, 7, 6);
}

static pb_value make_conv_dw(fixture *f)
{
    const pb_value x = leaf_of(f, "x", PB_F32);
    return pb_conv_dw(f->b.g, x, leaf_of(f, "dy", PB_F32), conv_window);
}

static const pb_window pool_window = {{3, 2}, {2, 2}, {1, 0}};

static pb_value make_max_pool(fixture *f)
{
    return pb_max_pool(f->b.g, leaf_of(f, "x", PB_F32), pool_window);
}

static pb_value make_max_pool_gradient(fixture *f)
{
    const pb_value x = leaf_of(f, "x", PB_F32), y = pb_max_pool(f->b.g, x, pool_window);
    return gradient_of(f, pb_mul(f->b.g, y, leaf_of(f, "dy", PB_F32)), x);
}

static pb_value make_cross_entropy(fixture *f)
{
    const pb_value a = leaf_of(f, "a", PB_F32);
    return pb_cross_entropy(f->b.g, a, leaf_of(f, "labels", PB_I32));
}

static pb_value make_cross_entropy_gradient(fixture *f)
{
    const pb_value loss = make_cross_entropy(f);
    return gradient_of(f, loss, f->b.leaves[0]);
}

static pb_value make_one_hot(fixture *f)
{
    return pb_one_hot(f->b.g, leaf_of(f, "labels", PB_I32), 4);
}

static const struct {
    const char *name;
    pb_value (*make)(fixture *f);
} cases[] = {
    {"select", make_select},
    {"truncate", make_truncate},
    {"permute", make_permute},
    {"broadcast", make_broadcast},
    {"slice", make_slice},
    {"pad", make_pad},
    {"concat", make_concat},
    {"gather", make_gather},
    {"scatter_add", make_scatter_add},
    {"sum", make_sum},
    {"max", make_max},
    {"argmax", make_argmax},
    {"max_gradient", make_max_gradient},
    {"matmul_t", make_matmul_t},
    {"conv", make_conv},
    {"conv_dx", make_conv_dx},
    {"conv_dw", make_conv_dw},
    {"max_pool", make_max_pool},
    {"max_pool_gradient", make_max_pool_gradient},
    {"cross_entropy", make_cross_entropy},
    {"cross_entropy_gradient", make_cross_entropy_gradient},
    {"one_hot", make_one_hot},
};

START_TEST(case_agrees)
{
    fixture f;
    open_fixture(&f, cases[_i].name);
    check_value(&f, cases[_i].make(&f), "y");
    close_fixture(&f);
}
END_TEST

/* The basis is float32, so the transform is as exact as that. */
START_TEST(dct_agrees_with_scipy)
{
    static const char *const names[] = {"dct2_square", "dct2_odd"};
    fixture f;
    open_fixture(&f, names[_i]);
    const array *want = find(&f, "y"), *back = find(&f, "back");
    const pb_value x = leaf_of(&f, "x", PB_F32);
    const pb_value y = pb_dct2(f.b.g, x, want->shape.dim[1]);
    const pb_value z = pb_idct2(f.b.g, y, back->shape.dim[1], back->shape.dim[2]);
    OK(pb_graph_context(f.b.g), pb_graph_status(f.b.g));
    for (int i = 0; i < 2; i++) {
        const array *expected = i ? back : want;
        ck_assert(pb_shape_equal(pb_value_shape(f.b.g, i ? z : y), expected->shape));
        double *got = evaluate(&f.b, i ? z : y);
        for (size_t k = 0; k < pb_shape_count(expected->shape); k++)
            ck_assert_double_eq_tol(got[k], expected->numbers[k], 2e-6);
        free(got);
    }
    close_fixture(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("forward");
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, elementwise_agrees, 0,
                        (int)(sizeof elementwise / sizeof elementwise[0]));
    tcase_add_loop_test(tests, case_agrees, 0, (int)(sizeof cases / sizeof cases[0]));
    tcase_add_loop_test(tests, dct_agrees_with_scipy, 0, 2);
    suite_add_tcase(suite, tests);
    return runs(srunner_create(suite));
}
