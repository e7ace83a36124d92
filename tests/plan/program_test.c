/* What a program does to its leaves: values come from before the program, whatever the order of its
 * kernels; repeated runs, several programs, static parts, long sums, and the same bits every time.
 */
#include "device_fixture.h"

/* Launches of one training step of build_training; more means that fusion got worse. */
#define MOST_LAUNCHES 33

static pb_plan *plan_of(pb_graph *g)
{
    pb_plan *plan;
    OK(ctx, pb_graph_status(g));
    OK(ctx, pb_plan_create(device, g, &plan));
    OK(ctx, pb_plan_init(plan, 7));
    return plan;
}

static void check(pb_plan *plan, pb_value leaf, const double *want, size_t count, const char *what)
{
    compare_leaf(ctx, plan, leaf, want, count, what);
}

/* Numbers between -1 and 1 that look random. */
static float number(size_t i)
{
    return (float)sin(0.7 + 12.9898 * (double)(i % 7919));
}

/* Writes number(first), number(first + 1), ... into a leaf; free() what it returns: the same. */
static double *start_leaf(pb_plan *plan, pb_value leaf, size_t count, size_t first)
{
    double *data = malloc(count * sizeof *data);
    for (size_t i = 0; i < count; ++i) data[i] = number(first + i);
    write_leaf(ctx, plan, PB_F32, leaf, data, count);
    return data;
}

/* A program makes each leaf of g what `next` says of it: every leaf after every step. */
static void check_steps(pb_graph *g, int count, const pb_value leaves[], const pb_value next[],
                        int steps)
{
    pb_value assigns[4];
    double *now[4], *then[4];
    size_t sizes[4];
    ck_assert_int_le(count, 4);
    for (int i = 0; i < count; ++i) assigns[i] = pb_assign(g, leaves[i], next[i]);
    OK(ctx, pb_program(g, "step", count, assigns));
    pb_plan *plan = plan_of(g);
    for (int i = 0; i < count; ++i) {
        sizes[i] = pb_shape_count(pb_value_shape(g, leaves[i]));
        now[i] = start_leaf(plan, leaves[i], sizes[i], 1000 * (size_t)i);
    }
    for (int step = 0; step < steps; ++step) {
        OK(ctx, pb_plan_run(plan, "step", 1));
        OK(ctx, pb_reference(g, count, leaves, (const double *const *)now, count, next, then));
        for (int i = 0; i < count; ++i) {
            char what[32];
            snprintf(what, sizeof what, "%s after step %d", pb_value_name(g, leaves[i]), step);
            check(plan, leaves[i], then[i], sizes[i], what);
            free(now[i]);
            now[i] = then[i];
        }
    }
    for (int i = 0; i < count; ++i) free(now[i]);
    pb_plan_free(&plan);
}

/** Leaves a, b, c and d, of which d is to become a product, and what it is that a program makes of
 * them. */
typedef struct made {
    pb_value leaf[4], next[4];
    int copies; /* of products to their leaves */
} made;

static made make_products(pb_graph *g, int number)
{
    enum { N = 24 };
    const pb_shape square = PB_SHAPE(N, N), row = PB_SHAPE(N * N);
    const pb_init zero = {.kind = PB_INIT_CONSTANT};
    made m = {.copies = 1};
    for (int i = 0; i < 4; ++i) {
        const char name[] = {(char)('a' + i), (char)('0' + number), 0};
        m.leaf[i] =
            pb_leaf(g, PB_ROLE_STATE, name, PB_F32, i == 3 && number == 0 ? row : square, zero);
    }
    const pb_value half = pb_scale(g, m.leaf[0], 0.5), product = pb_matmul(g, half, m.leaf[1]);
    m.next[0] = pb_neg(g, m.leaf[0]);
    m.next[1] = pb_scale(g, m.leaf[1], 0.5);
    m.next[2] = pb_neg(g, m.leaf[2]);
    m.next[3] = product;
    switch (number) {
    case 0: /* in another shape */
        m.next[3] = pb_reshape(g, product, row);
        m.copies = 0;
        break;
    case 1: m.next[2] = m.leaf[3]; break; /* the old value */
    case 2:                               /* for two leaves */
        m.next[2] = product;
        m.copies = 2;
        break;
    case 3: m.next[2] = pb_scale(g, product, 2); break;            /* and for another */
    case 4: m.next[2] = pb_matmul(g, product, m.leaf[1]); break;   /* by a product    */
    case 5: m.next[3] = pb_matmul(g, m.leaf[3], m.leaf[1]); break; /* of itself       */
    default: /* two of them     */ m.next[2] = pb_matmul(g, m.leaf[1], half); m.copies = 0;
    }
    return m;
}

static void check_copies(const pb_plan *plan, int number, int copies)
{
    const pb_build *build = pb_plan_build_of(plan);
    const pb_program_build *program = &build->programs[1 + number];
    int found = 0;
    for (int i = 0; i < program->root_count; ++i) {
        const pb_root *root = &program->roots[i];
        if (root->leaf == PB_NONE || !root->stored) continue;
        found += pb_build_record(build, pb_build_strip(build, root->v))->op == PB_OP_MATMUL;
    }
    ck_assert_msg(found == copies, "case %d: %d copies, not %d", number, found, copies);
}

/* A product that is there for one leaf alone is computed there, but not where its leaf's old value,
 * or the product, is read by anybody else. */
START_TEST(products_go_into_leaves)
{
    enum { CASES = 7 };
    pb_graph *g = pb_graph_create(ctx);
    made cases[CASES];
    for (int k = 0; k < CASES; ++k) {
        const char name[] = {(char)('0' + k), 0};
        pb_value assigns[4];
        cases[k] = make_products(g, k);
        for (int i = 0; i < 4; ++i) assigns[i] = pb_assign(g, cases[k].leaf[i], cases[k].next[i]);
        OK(ctx, pb_program(g, name, 4, assigns));
    }
    pb_plan *plan = plan_of(g);
    for (int k = 0; k < CASES; ++k) {
        const char name[] = {(char)('0' + k), 0};
        const made *m = &cases[k];
        double *now[4], *then[4];
        size_t sizes[4];
        for (int i = 0; i < 4; ++i) {
            sizes[i] = pb_shape_count(pb_value_shape(g, m->leaf[i]));
            now[i] = start_leaf(plan, m->leaf[i], sizes[i], 1000 * (size_t)i);
        }
        OK(ctx, pb_plan_run(plan, name, 1));
        OK(ctx, pb_reference(g, 4, m->leaf, (const double *const *)now, 4, m->next, then));
        for (int i = 0; i < 4; ++i) {
            check(plan, m->leaf[i], then[i], sizes[i], pb_value_name(g, m->leaf[i]));
            free(now[i]);
            free(then[i]);
        }
        check_copies(plan, k, m->copies);
    }
    pb_plan_free(&plan);
    pb_graph_free(&g);
}
END_TEST

/* a' = f(b), b' = g(a): neither sees the other's new value. */
START_TEST(leaves_swap)
{
    pb_graph *g = pb_graph_create(ctx);
    const pb_shape shape = PB_SHAPE(3, 37);
    const pb_value a = state(g, "a", shape), b = state(g, "b", shape);
    const pb_value assigns[] = {pb_assign(g, a, b), pb_assign(g, b, pb_scale(g, a, 2))};
    OK(ctx, pb_program(g, "swap", 2, assigns));
    pb_plan *plan = plan_of(g);
    double *x = start_leaf(plan, a, 111, 0), *y = start_leaf(plan, b, 111, 500);
    OK(ctx, pb_plan_run(plan, "swap", 5));
    for (int i = 0; i < 111; ++i) { /* a b -> b 2a -> 2a 2b -> 2b 4a -> 4a 4b -> 4b 8a */
        x[i] *= 8;
        y[i] *= 4;
    }
    check(plan, a, y, 111, "a after five swaps");
    check(plan, b, x, 111, "b after five swaps");
    free(x);
    free(y);
    pb_plan_free(&plan);
    pb_graph_free(&g);
}
END_TEST

/* The same between leaves of different shapes, through reductions, products and transposes, so that
 * the circle lies between kernels. */
START_TEST(leaves_of_other_shapes_in_a_circle)
{
    enum { M = 5, N = 300 };
    pb_graph *g = pb_graph_create(ctx);
    const pb_value a = state(g, "a", PB_SHAPE(M, N)), b = state(g, "b", PB_SHAPE(N, M)),
                   c = state(g, "c", PB_SHAPE(M, M)), d = state(g, "d", PB_SHAPE(M));
    const pb_value row = pb_reshape(g, d, PB_SHAPE(1, M));
    const pb_value next[] = {
        pb_tanh(g, pb_add(g, pb_transpose(g, b), pb_reshape(g, d, PB_SHAPE(M, 1)))),  /* a: b d */
        pb_scale(g, pb_add(g, pb_transpose(g, a), row), 0.5f),                        /* b: a d */
        pb_add(g, pb_scale(g, pb_matmul(g, a, b), 0.01f), pb_transpose(g, c)),        /* c: a b c */
        pb_scale(g, pb_sum(g, pb_mul(g, pb_sum(g, a, 1, true), c), 0, false), 0.01f), /* d: a c */
    };
    const pb_value leaves[] = {a, b, c, d};
    check_steps(g, 4, leaves, next, 3);
    pb_graph_free(&g);
}
END_TEST

/* A leaf that a reduction reads is assigned by the same program: every element sees the old sum. */
START_TEST(reduced_leaf_is_assigned)
{
    enum { ROWS = 7, COLUMNS = 130 };
    pb_graph *g = pb_graph_create(ctx);
    const pb_value a = state(g, "a", PB_SHAPE(ROWS, COLUMNS)), total = state(g, "total", PB_SCALAR);
    const pb_value sum = pb_mean_all(g, a), rows = pb_softmax(g, a);
    const pb_value next[] = {pb_sub(g, pb_add(g, a, rows), sum), pb_add(g, total, sum)};
    const pb_value leaves[] = {a, total};
    check_steps(g, 2, leaves, next, 1);
    pb_graph_free(&g);
}
END_TEST

/* So large that a core asks for their lines before it writes, with a rest beyond whole blocks. */
START_TEST(large_leaves_are_updated)
{
    enum { N = 20011, STEPS = 3 };
    pb_graph *g = pb_graph_create(ctx);
    const pb_value slope = pb_input(g, "slope", PB_SHAPE(N)), w = state(g, "w", PB_SHAPE(N)),
                   v = state(g, "v", PB_SHAPE(N));
    const pb_value next_v = pb_add(g, pb_scale(g, v, 0.9f), slope);
    const pb_value next[] = {pb_sub(g, w, pb_scale(g, next_v, 0.1f)), next_v};
    const pb_value assigns[] = {pb_assign(g, w, next[0]), pb_assign(g, v, next[1])};
    OK(ctx, pb_program(g, "step", 2, assigns));
    pb_plan *plan = plan_of(g);
    const pb_value leaves[] = {slope, w, v};
    double *now[3];
    for (int i = 0; i < 3; ++i) now[i] = start_leaf(plan, leaves[i], N, 70 * (size_t)i);
    for (int step = 0; step < STEPS; ++step) {
        double *then[2];
        OK(ctx, pb_reference(g, 3, leaves, (const double *const *)now, 2, next, then));
        for (int i = 0; i < 2; ++i) {
            free(now[1 + i]);
            now[1 + i] = then[i];
        }
    }
    OK(ctx, pb_plan_run(plan, "step", STEPS));
    check(plan, w, now[1], N, "w");
    check(plan, v, now[2], N, "v");
    for (int i = 0; i < 3; ++i) free(now[i]);
    pb_plan_free(&plan);
    pb_graph_free(&g);
}
END_TEST

/* Parameters in one flat buffer with state of its length, as optimisers have them; 100 steps of SGD
 * with momentum on a least-squares problem against the same on the host. */
START_TEST(flat_parameters_for_a_hundred_steps)
{
    enum { N = 12, IN = 5, OUT = 3, P = IN * OUT + OUT + 1 };
    pb_graph *g = pb_graph_create(ctx);
    const pb_value x = pb_input(g, "x", PB_SHAPE(N, IN)), y = pb_input(g, "y", PB_SHAPE(N, OUT));
    const pb_value params[] = {pb_param(g, "w", PB_SHAPE(IN, OUT), 1),
                               pb_param(g, "b", PB_SHAPE(OUT), 1), pb_param(g, "s", PB_SCALAR, 1)};
    const pb_value steps = state(g, "steps", PB_SCALAR), v = state(g, "v", PB_SHAPE(P));
    pb_value gradients[3];
    const pb_value out = pb_add(g, pb_mul(g, pb_matmul(g, x, params[0]), params[2]), params[1]);
    const pb_value loss = pb_mean_all(g, pb_square(g, pb_sub(g, out, y)));
    OK(ctx, pb_gradient(g, loss, 3, params, gradients));
    /* the rate falls with the step counter, which the same program counts up */
    const pb_value rate = pb_div(g, pb_constant(g, 0.1f, PB_SCALAR),
                                 pb_add(g, pb_scale(g, steps, 0.1f), pb_constant(g, 1, PB_SCALAR)));
    const pb_value flat = pb_flatten_all(g, 3, params), slope = pb_flatten_all(g, 3, gradients);
    const pb_value next_v = pb_add(g, pb_scale(g, v, 0.9f), slope);
    const pb_value next[] = {pb_sub(g, flat, pb_mul(g, next_v, rate)), next_v,
                             pb_add(g, steps, pb_constant(g, 1, PB_SCALAR))};
    const pb_value assigns[] = {pb_assign(g, flat, next[0]), pb_assign(g, v, next[1]),
                                pb_assign(g, steps, next[2])};
    OK(ctx, pb_program(g, "step", 3, assigns));

    const pb_value leaves[] = {x, y, params[0], params[1], params[2], v, steps};
    const size_t counts[] = {N * IN, N * OUT, IN * OUT, OUT, 1, P, 1};
    double *now[7];
    pb_plan *plan = plan_of(g);
    for (int i = 0; i < 5; ++i) now[i] = start_leaf(plan, leaves[i], counts[i], 100 * (size_t)i);
    for (int i = 5; i < 7; ++i) now[i] = calloc(counts[i], sizeof *now[i]); /* states start at 0 */
    for (int step = 0; step < 100; ++step) {
        double *then[3];
        OK(ctx, pb_reference(g, 7, leaves, (const double *const *)now, 3, next, then));
        size_t offset = 0;
        for (int i = 2; i < 5; ++i) {
            memcpy(now[i], then[0] + offset, counts[i] * sizeof(double));
            offset += counts[i];
        }
        memcpy(now[5], then[1], counts[5] * sizeof(double));
        memcpy(now[6], then[2], sizeof(double));
        for (int i = 0; i < 3; ++i) free(then[i]);
    }
    OK(ctx, pb_plan_run(plan, "step", 100));
    ck_assert_double_eq(now[6][0], 100);
    for (int i = 2; i < 7; ++i) check(plan, leaves[i], now[i], counts[i], "after 100 steps");
    for (int i = 0; i < 7; ++i) free(now[i]);
    pb_plan_free(&plan);
    pb_graph_free(&g);
}
END_TEST

/* Who reads a joined value waits for all of its parts, although the kernel that writes a part goes
 * over as many elements. */
START_TEST(joined_values_are_complete)
{
    enum { ROWS = 40 };
    pb_graph *g = pb_graph_create(ctx);
    const pb_value x = pb_input(g, "x", PB_SHAPE(ROWS, 2));
    const pb_value sums[] = {pb_sum(g, x, 1, false), pb_sum(g, pb_square(g, x), 1, false)};
    const pb_value values[] = {pb_concat(g, 1, &x, 0), pb_tanh(g, pb_concat(g, 2, sums, 0)),
                               pb_mul(g, pb_reshape(g, pb_concat(g, 2, sums, 0), PB_SHAPE(ROWS, 2)),
                                      pb_add(g, x, pb_constant(g, 1, PB_SCALAR)))};
    pb_value targets[3], assigns[3];
    for (int i = 0; i < 3; ++i) {
        char name[8];
        snprintf(name, sizeof name, "y%d", i);
        targets[i] = state(g, name, pb_value_shape(g, values[i]));
        assigns[i] = pb_assign(g, targets[i], values[i]);
    }
    OK(ctx, pb_program(g, "join", 3, assigns));
    pb_plan *plan = plan_of(g);
    double *data = start_leaf(plan, x, 2 * ROWS, 0), *want[3];
    OK(ctx, pb_plan_run(plan, "join", 1));
    OK(ctx, pb_reference(g, 1, &x, (const double *const[]){data}, 3, values, want));
    for (int i = 0; i < 3; ++i) {
        check(plan, targets[i], want[i], 2 * ROWS, "joined value");
        free(want[i]);
    }
    free(data);
    pb_plan_free(&plan);
    pb_graph_free(&g);
}
END_TEST

/* One program changes a leaf, the other reads it; what is not named stays. */
START_TEST(programs_share_leaves)
{
    pb_graph *g = pb_graph_create(ctx);
    const pb_value w = state(g, "w", PB_SHAPE(9)), sum = state(g, "sum", PB_SCALAR);
    const pb_value grow = pb_assign(g, w, pb_add(g, w, pb_constant(g, 1, PB_SCALAR)));
    const pb_value add = pb_assign(g, sum, pb_add(g, sum, pb_sum_all(g, w)));
    OK(ctx, pb_program(g, "grow", 1, &grow));
    OK(ctx, pb_program(g, "add", 1, &add));
    pb_plan *plan = plan_of(g);
    OK(ctx, pb_plan_run(plan, "grow", 3));
    OK(ctx, pb_plan_run(plan, "add", 1)); /* 27 */
    OK(ctx, pb_plan_run(plan, "grow", 1));
    OK(ctx, pb_plan_run(plan, "add", 2)); /* 27 + 72 */
    const double four[9] = {4, 4, 4, 4, 4, 4, 4, 4, 4}, all = 99;
    check(plan, w, four, 9, "w");
    check(plan, sum, &all, 1, "sum");
    OK(ctx, pb_plan_init(plan, 7));
    const double zeros[9] = {0};
    check(plan, w, zeros, 9, "w after init");
    pb_plan_free(&plan);
    pb_graph_free(&g);
}
END_TEST

/* The DCT of the data set is computed before the first run, and again when the data change. */
START_TEST(data_rewritten)
{
    enum { SAMPLES = 6, SIDE = 8, KEEP = 4, BATCH = 3 };
    pb_graph *g = pb_graph_create(ctx);
    const pb_value data =
        pb_leaf(g, PB_ROLE_DATA, "data", PB_U8, PB_SHAPE(SAMPLES, SIDE, SIDE), (pb_init){0});
    const pb_value index =
        pb_leaf(g, PB_ROLE_INPUT, "index", PB_I32, PB_SHAPE(BATCH), (pb_init){0});
    const pb_value batch = pb_cast(g, pb_gather(g, data, index), PB_F32);
    const pb_value dct = pb_dct2(g, pb_scale(g, batch, 1.0f / 255), KEEP);
    const pb_value out = state(g, "out", PB_SHAPE(BATCH, KEEP, KEEP));
    const pb_value assign = pb_assign(g, out, dct);
    OK(ctx, pb_program(g, "step", 1, &assign));
    pb_plan *plan = plan_of(g);
    const pb_build *build = pb_plan_build_of(plan);
    ck_assert_msg(build->programs[0].sequence_count > 0, "nothing is computed once");
    ck_assert_int_le(build->programs[1].sequence_count, 1); /* the gather */
    const int32_t rows[BATCH] = {5, 0, 3};
    OK(ctx, pb_plan_write(plan, index, rows, sizeof rows));
    const pb_value leaves[] = {data, index};
    for (int round = 0; round < 3; ++round) {
        uint8_t bytes[SAMPLES * SIDE * SIDE];
        double content[SAMPLES * SIDE * SIDE], row_numbers[BATCH], *want;
        for (size_t i = 0; i < sizeof bytes; ++i)
            content[i] = bytes[i] = (uint8_t)((i * 37 + (size_t)round * 11) % 251);
        for (int i = 0; i < BATCH; ++i) row_numbers[i] = rows[i];
        OK(ctx, pb_plan_write(plan, data, bytes, sizeof bytes));
        OK(ctx, pb_plan_run(plan, "step", 2));
        OK(ctx, pb_reference(g, 2, leaves, (const double *const[]){content, row_numbers}, 1, &dct,
                             &want));
        check(plan, out, want, BATCH * KEEP * KEEP, "DCT of new data");
        free(want);
    }
    pb_plan_free(&plan);
    pb_graph_free(&g);
}
END_TEST

/* Sums along axes of awkward lengths, larger than any block: within what a tree of float32 loses.
 */
START_TEST(long_sums)
{
    static const struct {
        pb_shape shape;
        int axis;
    } sums[] = {
        {{1, {100003}}, 0},       {{2, {5000, 3}}, 0},   {{2, {3, 5000}}, 1},
        {{2, {1, 65537}}, 1},     {{2, {65537, 1}}, 0},  {{3, {3, 4099, 5}}, 1},
        {{2, {1000, 257}}, 0},    {{2, {257, 1000}}, 1}, {{4, {2, 129, 31, 7}}, 2},
        {{3, {129, 4, 1025}}, 2}, {{1, {1023}}, 0},      {{1, {1025}}, 0},
    };
    enum { COUNT = sizeof sums / sizeof sums[0] };
    pb_graph *g = pb_graph_create(ctx);
    pb_value leaves[COUNT], values[2 * COUNT], targets[2 * COUNT], assigns[2 * COUNT];
    double *data[COUNT], *want[2 * COUNT];
    for (int i = 0; i < COUNT; ++i) {
        char name[32];
        snprintf(name, sizeof name, "x%d", i);
        leaves[i] = pb_input(g, name, sums[i].shape);
        values[2 * i] = pb_sum(g, leaves[i], sums[i].axis, false);
        values[2 * i + 1] = pb_max(g, pb_square(g, leaves[i]), sums[i].axis, false);
    }
    for (int i = 0; i < 2 * COUNT; ++i) {
        char name[32];
        snprintf(name, sizeof name, "y%d", i);
        targets[i] = state(g, name, pb_value_shape(g, values[i]));
        assigns[i] = pb_assign(g, targets[i], values[i]);
    }
    OK(ctx, pb_program(g, "sums", 2 * COUNT, assigns));
    pb_plan *plan = plan_of(g);
    for (int i = 0; i < COUNT; ++i) {
        const size_t count = pb_shape_count(sums[i].shape);
        data[i] = malloc(count * sizeof *data[i]);
        for (size_t k = 0; k < count; ++k) data[i][k] = number(k) + 0.25f;
        write_leaf(ctx, plan, PB_F32, leaves[i], data[i], count);
    }
    OK(ctx, pb_plan_run(plan, "sums", 1));
    OK(ctx, pb_reference(g, COUNT, leaves, (const double *const *)data, 2 * COUNT, values, want));
    for (int i = 0; i < 2 * COUNT; ++i) {
        char what[64];
        snprintf(what, sizeof what, "%s of case %d", i % 2 ? "maximum" : "sum", i / 2);
        check(plan, targets[i], want[i], pb_shape_count(pb_value_shape(g, values[i])), what);
        free(want[i]);
    }
    for (int i = 0; i < COUNT; ++i) free(data[i]);
    pb_plan_free(&plan);
    pb_graph_free(&g);
}
END_TEST

typedef struct training {
    pb_graph *g;
    pb_value samples, labels, index, params[8], state[3];
    size_t flat;
} training;

/* The network of the main job, small: masked coefficients, two convolutions with pooling, two
 * linear layers, cross-entropy, SGD with momentum over flat parameters, a loss that adds up. */
static void build_training(training *t)
{
    enum { SAMPLES = 24, BATCH = 8, K = 16, LENGTH = K * K, BANDS = 4, CLASSES = 10 };
    pb_graph *g = t->g = pb_graph_create(ctx);
    t->samples =
        pb_leaf(g, PB_ROLE_DATA, "samples", PB_U8, PB_SHAPE(SAMPLES, 28, 28), (pb_init){0});
    t->labels = pb_leaf(g, PB_ROLE_DATA, "labels", PB_I32, PB_SHAPE(SAMPLES), (pb_init){0});
    t->index = pb_leaf(g, PB_ROLE_INPUT, "index", PB_I32, PB_SHAPE(BATCH), (pb_init){0});
    static const struct {
        const char *name;
        pb_shape shape;
        float bound;
    } params[8] = {
        {"conv1.w", {4, {4, 1, 1, 3}}, 0.5f}, {"conv1.b", {1, {4}}, 0.5f},
        {"conv2.w", {4, {6, 4, 1, 3}}, 0.3f}, {"conv2.b", {1, {6}}, 0.3f},
        {"fc1.w", {2, {20, 384}}, 0.05f},     {"fc1.b", {1, {20}}, 0.05f},
        {"fc2.w", {2, {CLASSES, 20}}, 0.2f},  {"fc2.b", {1, {CLASSES}}, 0.2f},
    };
    for (int i = 0; i < 8; ++i) {
        t->params[i] = pb_param(g, params[i].name, params[i].shape, params[i].bound);
        t->flat += pb_shape_count(params[i].shape);
    }
    const pb_value bands = pb_param(g, "bands", PB_SHAPE(BANDS), 0.1f);
    float masks[BANDS * LENGTH];
    for (int i = 0; i < BANDS * LENGTH; ++i)
        masks[i] = i / LENGTH == (i % LENGTH) * BANDS / LENGTH ? 1.0f : 0.0f;
    const pb_value mask = pb_matmul(g, pb_reshape(g, pb_softmax(g, bands), PB_SHAPE(1, BANDS)),
                                    pb_constant_data(g, masks, PB_SHAPE(BANDS, LENGTH)));
    const pb_value pixels =
        pb_scale(g, pb_cast(g, pb_gather(g, t->samples, t->index), PB_F32), 1.0f / 255);
    const pb_value labels = pb_gather(g, t->labels, t->index);
    const pb_value x =
        pb_mul(g, pb_reshape(g, pb_dct2(g, pixels, K), PB_SHAPE(BATCH, LENGTH)), mask);
    const pb_window conv = {{1, 3}, {1, 1}, {0, 1}}, pool = {{1, 2}, {1, 2}, {0, 0}};
    pb_value y = pb_reshape(g, x, PB_SHAPE(BATCH, 1, 1, LENGTH));
    for (int i = 0; i < 4; i += 2) {
        const pb_value bias = pb_reshape(g, t->params[i + 1], PB_SHAPE(1, -1, 1, 1));
        y = pb_relu(g, pb_add(g, pb_conv(g, y, t->params[i], conv), bias));
        y = pb_max_pool(g, y, pool);
    }
    y = pb_reshape(g, y, PB_SHAPE(BATCH, -1));
    y = pb_relu(g, pb_add(g, pb_matmul_t(g, y, t->params[4], false, true), t->params[5]));
    y = pb_add(g, pb_matmul_t(g, y, t->params[6], false, true), t->params[7]);
    const pb_value loss = pb_mean_all(g, pb_cross_entropy(g, y, labels));
    const pb_value sum = state(g, "loss", PB_SCALAR), v = state(g, "v", PB_SHAPE((int)t->flat));
    pb_value gradients[9], all[9];
    memcpy(all, t->params, sizeof t->params);
    all[8] = bands;
    OK(ctx, pb_gradient(g, loss, 9, all, gradients));
    const pb_value next_v = pb_add(g, pb_scale(g, v, 0.9f), pb_flatten_all(g, 8, gradients));
    const pb_value flat = pb_flatten_all(g, 8, t->params);
    const pb_value assigns[] = {
        pb_assign(g, flat, pb_sub(g, flat, pb_scale(g, next_v, 0.01f))), pb_assign(g, v, next_v),
        pb_assign(g, bands, pb_sub(g, bands, pb_scale(g, gradients[8], 0.1f))),
        pb_assign(g, sum, pb_add(g, sum, loss))};
    OK(ctx, pb_program(g, "train", 4, assigns));
    t->state[0] = sum;
    t->state[1] = v;
    t->state[2] = bands;
}

/* The loss after some steps, and v's bits. */
static double train(const training *t, pb_plan *plan, float *v)
{
    enum { SAMPLES = 24, BATCH = 8 };
    static uint8_t bytes[SAMPLES * 28 * 28];
    int32_t labels[SAMPLES], index[BATCH];
    for (size_t i = 0; i < sizeof bytes; ++i)
        bytes[i] = (uint8_t)(128 + 120 * number(i + i / 784 * 13));
    for (int i = 0; i < SAMPLES; ++i) labels[i] = i % 10;
    OK(ctx, pb_plan_init(plan, 3));
    OK(ctx, pb_plan_write(plan, t->samples, bytes, sizeof bytes));
    OK(ctx, pb_plan_write(plan, t->labels, labels, sizeof labels));
    for (int step = 0; step < 9; ++step) {
        for (int i = 0; i < BATCH; ++i) index[i] = (step * BATCH + i) % SAMPLES;
        OK(ctx, pb_plan_write(plan, t->index, index, sizeof index));
        OK(ctx, pb_plan_run(plan, "train", 1));
    }
    float sum;
    OK(ctx, pb_plan_read(plan, t->state[0], &sum, sizeof sum));
    OK(ctx, pb_plan_read(plan, t->state[1], v, t->flat * sizeof *v));
    return sum;
}

/* Two runs of a plan, and two plans, give the same bits; the step stays a short list of launches.
 */
START_TEST(training_repeats_bit_for_bit)
{
    training t = {0};
    build_training(&t);
    pb_plan *plan = plan_of(t.g);
    float *v[3];
    double loss[3];
    for (int i = 0; i < 3; ++i) v[i] = malloc(t.flat * sizeof *v[i]);
    loss[0] = train(&t, plan, v[0]);
    loss[1] = train(&t, plan, v[1]);
    const pb_build *build = pb_plan_build_of(plan);
    const int launches = build->programs[1].dispatch_count;
    ck_assert_msg(launches <= MOST_LAUNCHES, "%d launches a step", launches);
    pb_plan_free(&plan);
    plan = plan_of(t.g);
    loss[2] = train(&t, plan, v[2]);
    pb_plan_free(&plan);
    ck_assert_msg(isfinite(loss[0]) && loss[0] > 0 && loss[0] < 9 * 3, "loss %g", loss[0]);
    for (int i = 1; i < 3; ++i) {
        ck_assert_double_eq(loss[0], loss[i]);
        ck_assert_int_eq(memcmp(v[0], v[i], t.flat * sizeof *v[0]), 0);
    }
    for (int i = 0; i < 3; ++i) free(v[i]);
    pb_graph_free(&t.g);
}
END_TEST

int main(void)
{
    if (!may_run()) return 77;
    Suite *suite = suite_create("programs");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, products_go_into_leaves);
    tcase_add_test(tests, leaves_swap);
    tcase_add_test(tests, leaves_of_other_shapes_in_a_circle);
    tcase_add_test(tests, reduced_leaf_is_assigned);
    tcase_add_test(tests, large_leaves_are_updated);
    tcase_add_test(tests, flat_parameters_for_a_hundred_steps);
    tcase_add_test(tests, joined_values_are_complete);
    tcase_add_test(tests, programs_share_leaves);
    tcase_add_test(tests, data_rewritten);
    tcase_add_test(tests, long_sums);
    tcase_add_test(tests, training_repeats_bit_for_bit);
    suite_add_tcase(suite, tests);
    return runs(srunner_create(suite));
}
