/* Every solver of products, convolutions and the like, at shapes that fill its tiles and leave
 * rests, with operands that lie within larger buffers.
 *
 * solver_test [MOST]: only cases of at most so many multiplications (Oclgrind interprets them). */
#include <passband/wavelet.h>

#include "device_check.h"
#include "plan/choice.h"
#include "plan/plan_state.h"

static double most_multiplications = 1e9;

static const char *const all_solvers[] = {
    "product_dot",   "product_tile", "product_plain", "clblast",     "conv_tile",   "conv_dw",
    "conv_dw_panel", "conv_columns", "conv_im2col",   "conv_direct", "filter_bank", "histogram"};
enum { SOLVERS = sizeof all_solvers / sizeof all_solvers[0] };

static void add_values(joined *j, op_built *b, int count, const pb_value wanted[], const char *what)
{
    joined_add(j, b, count, wanted, what);
    op_case_free(b);
}

static op_built begin(joined *j, unsigned long long seed)
{
    return (op_built){.g = pb_graph_create(j->ctx), .random = seed};
}

static const struct {
    int m, n, k, batch;
} products[] = {
    {4, 6, 64, 1},      {7, 31, 65, 1},   {128, 10, 128, 1}, {1, 1, 600, 1},  {33, 47, 513, 1},
    {8, 32, 16, 1},     {65, 129, 67, 1}, {17, 16, 300, 1},  {3, 2, 5, 4},    {20, 33, 64, 3},
    {160, 150, 128, 1}, {1, 300, 7, 1},   {300, 1, 7, 1},    {10, 64, 37, 1}, {512, 40, 520, 1},
    {12, 96, 700, 1}, /* B where it lies, in two depths */
};

/* a b with B transposed, and with another combination of transposes. */
static void add_product(joined *j, int i)
{
    static const int others[] = {0, 1, 3};
    for (int side = 0; side < 2; ++side) {
        const int transposed = side ? others[i % 3] : 2;
        const int m = products[i].m, n = products[i].n, k = products[i].k;
        if ((double)m * n * k * products[i].batch > most_multiplications) return;
        op_built b = begin(j, (unsigned)(100 * i + transposed));
        const bool ta = transposed & 1, tb = transposed & 2;
        pb_shape left = PB_SHAPE(products[i].batch, ta ? k : m, ta ? m : k),
                 right = PB_SHAPE(products[i].batch, tb ? n : k, tb ? k : n);
        if (products[i].batch == 1) {
            left = PB_SHAPE(left.dim[1], left.dim[2]);
            right = PB_SHAPE(right.dim[1], right.dim[2]);
        }
        const pb_value x = op_case_uniform(&b, left, -1, 1), z = op_case_uniform(&b, right, -1, 1);
        const pb_value y = pb_matmul_t(b.g, x, z, ta, tb);
        char what[64];
        snprintf(what, sizeof what, "product %dx%dx%dx%d %d%d", products[i].batch, m, n, k, ta, tb);
        add_values(j, &b, 1, &y, what);
    }
}

/* One matrix for the whole batch; operands and results that begin inside joined values. */
static void add_placed_products(joined *j)
{
    op_built b = begin(j, 5);
    const pb_value x = op_case_uniform(&b, PB_SHAPE(3, 5, 70), -1, 1);
    const pb_value w = op_case_uniform(&b, PB_SHAPE(9, 70), -1, 1);
    const pb_value every =
        pb_broadcast(b.g, pb_reshape(b.g, w, PB_SHAPE(1, 9, 70)), PB_SHAPE(3, 9, 70));
    const pb_value y = pb_matmul_t(b.g, x, every, false, true);
    const pb_value first = pb_matmul_t(b.g, w, w, false, true), second = pb_tanh(b.g, first);
    const pb_value third = pb_matmul(b.g, second, w);
    const pb_value parts[] = {first, second, third};
    const pb_value whole = pb_flatten_all(b.g, 3, parts);
    const pb_value sum = pb_matmul_t(b.g, third, w, false, true);
    add_values(j, &b, 3, (pb_value[]){y, whole, sum}, "products in joined values");
}

static const struct {
    pb_shape x;
    int outputs;
    pb_window window;
} convolutions[] = {
    {{4, {5, 1, 1, 256}}, 16, {{1, 3}, {1, 1}, {0, 1}}},
    {{4, {3, 16, 1, 128}}, 32, {{1, 3}, {1, 1}, {0, 1}}},
    {{4, {2, 3, 1, 37}}, 9, {{1, 5}, {1, 1}, {0, 0}}},
    {{4, {24, 2, 1, 20}}, 16, {{1, 3}, {1, 1}, {0, 1}}},
    {{4, {24, 16, 1, 128}}, 32, {{1, 3}, {1, 1}, {0, 1}}}, /* a few samples at a time */
    {{4, {24, 2, 9, 5}}, 18, {{3, 3}, {2, 1}, {1, 1}}},
    {{4, {3, 2, 11, 13}}, 5, {{3, 3}, {1, 1}, {1, 1}}},
    {{4, {2, 7, 6, 19}}, 17, {{2, 5}, {1, 1}, {1, 2}}},
    {{4, {1, 1, 28, 28}}, 8, {{5, 5}, {1, 1}, {0, 0}}},
    {{4, {9, 4, 4, 4}}, 3, {{1, 1}, {1, 1}, {0, 0}}},
    {{4, {2, 3, 17, 9}}, 4, {{3, 3}, {2, 2}, {1, 1}}},
    {{4, {2, 2, 5, 16}}, 3, {{3, 4}, {1, 1}, {2, 3}}},
    {{4, {2, 2, 4, 7}}, 3, {{3, 2}, {1, 1}, {4, 3}}},     /* more padding than the kernel is wide */
    {{4, {1, 16, 56, 56}}, 24, {{3, 3}, {2, 2}, {1, 1}}}, /* as much as CLBlast takes */
};

/* A convolution, its data gradient, and its weight gradient where `count` is 3. */
static void add_convolution(joined *j, pb_shape s, int outputs, pb_window window, int count,
                            unsigned seed, const char *what)
{
    if ((double)pb_shape_count(s) * outputs * window.kernel[0] * window.kernel[1] >
        most_multiplications)
        return;
    op_built b = begin(j, seed);
    const pb_value x = op_case_uniform(&b, s, -1, 1);
    const pb_value w =
        op_case_uniform(&b, PB_SHAPE(outputs, s.dim[1], window.kernel[0], window.kernel[1]), -1, 1);
    const pb_value y = pb_conv(b.g, x, w, window);
    const pb_value dy = op_case_uniform(&b, pb_value_shape(b.g, y), -1, 1);
    const pb_value wanted[] = {y, pb_conv_dx(b.g, dy, w, window, s.dim[2], s.dim[3]),
                               pb_conv_dw(b.g, x, dy, window)};
    add_values(j, &b, count, wanted, what);
}

static void add_convolutions(joined *j)
{
    for (size_t i = 0; i < sizeof convolutions / sizeof convolutions[0]; ++i) {
        char what[64];
        snprintf(what, sizeof what, "convolution case %zu, result", i);
        add_convolution(j, convolutions[i].x, convolutions[i].outputs, convolutions[i].window, 3,
                        1000u + (unsigned)i, what);
    }
}

/* What is asked for by name, whatever the rules would take: rows of positions that vectors fit and
 * do not fit, panels that end within a channel, strides beyond the kernel. */
static const struct {
    pb_shape x;
    int outputs; /* of one row of a form only */
    pb_window window;
    const char *words[2]; /* of a GPU, of a CPU; NULL: not there */
} column_cases[] = {
    {{4, {1, 1, 5, 7}}, 3, {{1, 1}, {1, 1}, {0, 0}}, {NULL, "conv_columns rows=2 depth=1"}},
    {{4, {3, 2, 9, 11}},
     7,
     {{3, 3}, {1, 1}, {1, 1}},
     {NULL, "conv_columns rows=3 vectors=2 depth=5"}},
    {{4, {17, 3, 8, 8}}, 12, {{3, 3}, {2, 2}, {1, 1}}, {NULL, "conv_columns rows=12 depth=64"}},
    {{4, {20, 4, 1, 41}}, 6, {{1, 3}, {1, 2}, {0, 1}}, {NULL, "conv_columns"}},
    {{4, {5, 3, 11, 9}}, 1, {{5, 3}, {3, 3}, {2, 2}}, {NULL, "conv_columns vectors=2 depth=4"}},
    {{4, {2, 3, 7, 6}}, 2, {{1, 1}, {2, 2}, {0, 0}}, {"conv_im2col", "conv_columns"}},
    {{4, {1, 2, 6, 45}}, 4, {{2, 5}, {3, 2}, {1, 2}}, {NULL, "conv_columns"}},
    {{4, {2, 2, 4, 10}}, 8, {{2, 2}, {1, 2}, {3, 1}}, {NULL, "conv_columns"}},
    {{4, {3, 2, 4, 5}}, 6, {{2, 2}, {1, 1}, {1, 1}}, {"conv_im2col work=2 chunk=2", NULL}},
    {{4, {1, 1, 5, 6}}, 5, {{5, 3}, {2, 1}, {2, 0}}, {"conv_im2col", NULL}},
};
enum { COLUMNS = sizeof column_cases / sizeof column_cases[0] };

/* A CPU has other ways to the weight gradients. */
static void add_columns(joined *j, bool on_cpu)
{
    for (int i = 0; i < COLUMNS; ++i) {
        char what[64];
        snprintf(what, sizeof what, "columns case %d, result", i);
        if (column_cases[i].words[on_cpu])
            add_convolution(j, column_cases[i].x, column_cases[i].outputs, column_cases[i].window,
                            on_cpu ? 2 : 3, 4000u + (unsigned)i, what);
    }
}

/* Chooses what the row of `column_cases` with as many outputs says, wherever its solver can. */
static int choose_columns(const pb_build *b, pb_choices *choices)
{
    int chosen = 0;
    for (pb_value v = 0; v < b->count; ++v) {
        int count;
        const pb_record *r = pb_build_record(b, v);
        if (r->op != PB_OP_CONV && r->op != PB_OP_CONV_DX && r->op != PB_OP_CONV_DW) continue;
        const pb_shape w = r->op == PB_OP_CONV_DW ? r->shape : pb_build_record(b, r->in[1])->shape;
        const pb_solver *solvers = pb_solvers(r->op, &count);
        for (int i = 0; i < COLUMNS; ++i)
            for (int k = 0; k < count && column_cases[i].outputs == w.dim[0]; ++k) {
                char key[PB_KEY_BYTES];
                const char *words = column_cases[i].words[b->on_cpu];
                if (!words || strncmp(solvers[k].name, words, strcspn(words, " ")) != 0) continue;
                ck_assert(solvers[k].can(b, r));
                pb_choice_key(b, v, key);
                ck_assert(pb_choices_set(choices, key, words, PB_MEASURE, 1e-3));
                ++chosen;
            }
    }
    return chosen;
}

/* Lines beside each other with a rest, planes whose columns leave a rest, lines longer than one
 * work-item takes, and filters longer than the line. */
static const struct {
    pb_shape x;
    int axis, taps;
    pb_extension extension;
} banks[] = {
    {{2, {37, 28}}, 1, 4, PB_EXTEND_SYMMETRIC},
    {{3, {3, 28, 28}}, 1, 4, PB_EXTEND_ANTIREFLECT},
    {{2, {1, 70001}}, 1, 2, PB_EXTEND_PERIODIC},
    {{3, {2, 33, 5}}, 1, 20, PB_EXTEND_SMOOTH},
    {{2, {21, 40}}, 1, 76, PB_EXTEND_REFLECT},
    {{2, {2, 600}}, 1, 12, PB_EXTEND_PERIODIZATION},
    {{2, {66001, 3}}, 0, 6, PB_EXTEND_ANTISYMMETRIC},
    {{3, {4, 19, 11}}, 1, 8, PB_EXTEND_CONSTANT},
};

static void add_bank(joined *j, int i)
{
    if (2.0 * (double)pb_shape_count(banks[i].x) * banks[i].taps > most_multiplications) return;
    op_built b = begin(j, (unsigned)(2000 + i));
    float filters[2 * 76];
    for (int k = 0; k < 2 * banks[i].taps; ++k)
        filters[k] = (float)cos(1 + 3.7 * k) / (float)banks[i].taps;
    const pb_value by = pb_constant_data(b.g, filters, PB_SHAPE(2, banks[i].taps));
    const pb_value x = op_case_uniform(&b, banks[i].x, -1, 1);
    const pb_value y = pb_analysis(b.g, x, by, banks[i].axis, banks[i].extension);
    const pb_value z = op_case_uniform(&b, pb_value_shape(b.g, y), -1, 1);
    const pb_value back =
        pb_synthesis(b.g, z, by, banks[i].axis, banks[i].extension, banks[i].x.dim[banks[i].axis]);
    char what[64];
    snprintf(what, sizeof what, "filter bank case %d, analysis", i);
    add_values(j, &b, 2, (pb_value[]){y, back}, what);
}

/* Beyond the bins that are counted together, and beyond those that have several tables. */
static const struct {
    int rows, columns, bins;
} histograms[] = {{1, 1, 1}, {5, 784, 256}, {70, 33, 1025}, {3, 211, 9001}, {66, 7, 3}};

static void add_histogram(joined *j, int i)
{
    const int rows = histograms[i].rows, columns = histograms[i].columns, bins = histograms[i].bins;
    op_built b = begin(j, (unsigned)(3000 + i));
    const pb_value x = op_case_integers(&b, PB_I32, PB_SHAPE(rows, columns), -2, bins + 1);
    const pb_value y = pb_histogram(b.g, x, bins);
    char what[64];
    snprintf(what, sizeof what, "histogram case %d", i);
    add_values(j, &b, 1, &y, what);
}

static void note_solvers(const pb_plan *plan, bool used[SOLVERS])
{
    const pb_build *build = pb_plan_build_of(plan);
    for (int i = 0; i < build->program_count; ++i)
        for (int k = 0; k < build->programs[i].unit_count; ++k) {
            const char *solver = build->programs[i].units[k].solver;
            for (int s = 0; s < SOLVERS; ++s)
                used[s] |= solver && strcmp(solver, all_solvers[s]) == 0;
        }
}

static void check_solvers(bool on_cpu, bool used[SOLVERS])
{
    pb_context *ctx;
    pb_device *device;
    pb_plan *plan;
    open_device(&ctx, &device);
    joined *j = joined_create(ctx);
    for (size_t i = 0; i < sizeof products / sizeof products[0]; ++i) add_product(j, (int)i);
    add_placed_products(j);
    add_convolutions(j);
    for (size_t i = 0; i < sizeof banks / sizeof banks[0]; ++i) add_bank(j, (int)i);
    for (size_t i = 0; i < sizeof histograms / sizeof histograms[0]; ++i) add_histogram(j, (int)i);
    joined_program(j, "all");
    plan = joined_check(j, device, on_cpu);
    note_solvers(plan, used);
    pb_plan_free(&plan);
    joined_free(&j);
    close_device(&ctx, &device);
}

START_TEST(solvers)
{
    bool used[SOLVERS] = {false};
    check_solvers(true, used);
    check_solvers(false, used);
    for (int s = 0; s < SOLVERS && most_multiplications >= 1e9; ++s)
        ck_assert_msg(used[s], "no case took %s", all_solvers[s]);
}
END_TEST

static int units_of(const pb_plan *plan, const char *solver)
{
    const pb_build *b = pb_plan_build_of(plan);
    int count = 0;
    for (int i = 0; i < b->program_count; ++i)
        for (int k = 0; k < b->programs[i].unit_count; ++k) {
            const pb_unit *u = &b->programs[i].units[k];
            count += u->choice && strncmp(u->choice, solver, strlen(solver)) == 0;
        }
    return count;
}

/* _i: with the kernels of a GPU, or of a CPU. */
START_TEST(wished_columns)
{
    pb_context *ctx;
    pb_device *device;
    pb_plan *plan;
    open_device(&ctx, &device);
    joined *j = joined_create(ctx);
    pb_choices *choices = pb_choices_create();
    add_columns(j, _i);
    joined_program(j, "all");
    OK(ctx, pb_plan_make(device, j->g, &(pb_manner){.on_cpu = _i}, &plan));
    const int chosen = choose_columns(pb_plan_build_of(plan), choices);
    pb_plan_free(&plan);
    OK(ctx,
       pb_plan_create_how(device, j->g, &(pb_manner){.on_cpu = _i, .choices = choices}, &plan));
    ck_assert_int_eq(units_of(plan, _i ? "conv_columns" : "conv_im2col"), chosen);
    ck_assert(chosen > 0);
    joined_run(j, plan);
    pb_plan_free(&plan);
    pb_choices_free(&choices);
    joined_free(&j);
    close_device(&ctx, &device);
}
END_TEST

int main(int argument_count, char **arguments)
{
    if (argument_count > 1) most_multiplications = atof(arguments[1]);
    if (!may_run()) return 77;
    Suite *suite = suite_create("solvers");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, solvers);
    suite_add_tcase(suite, tests);
    static const char *const forms[] = {"columns of a GPU", "columns of a CPU"};
    for (int i = 0; i < 2; ++i) {
        TCase *columns = tcase_create(forms[i]);
        tcase_set_timeout(columns, 300);
        tcase_add_loop_test(columns, wished_columns, i, i + 1);
        suite_add_tcase(suite, columns);
    }
    return runs(srunner_create(suite));
}
