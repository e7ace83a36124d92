/* Random graphs, and their gradients, equal the float64 reference however the plan fuses them; and
 * so does what follows a product or convolution, which are fused where that computes no element
 * twice.
 *
 * fusion_test [FIRST [COUNT]]: the groups of graphs to take; a failure names a graph by its seed.
 * Hundreds of them run under Oclgrind, where compiling takes no time. */
#include <passband/wisdom.h>

#include "device_check.h"
#include "plan/plan_state.h"
#include "random_graph.h"

#define GROUP 8 /* graphs of one plan */

static int first_group = 0, group_count = 3;

static void add_random(joined *j, unsigned seed, int batch)
{
    random_graph r;
    char what[64];
    random_graph_build(j->ctx, seed, batch, &r);
    OK(j->ctx, pb_graph_status(r.b.g));
    pb_value wanted[4 + OP_CASE_LEAVES], gradients[OP_CASE_LEAVES];
    int count = 0;
    for (int i = 0; i < 3; ++i)
        wanted[count++] = r.values[i == 0 ? r.count - 1 : (int)random_below(&r, (unsigned)r.count)];
    /* a weighted sum of two outputs: their gradients meet in what they share */
    const pb_value loss =
        pb_add(r.b.g, weighted(&r.b, wanted[0]), pb_mean_all(r.b.g, pb_square(r.b.g, wanted[1])));
    gradients_of(&r.b, loss, gradients);
    for (int k = 0; k < r.b.count; ++k)
        if (gradients[k] != PB_NONE) wanted[count++] = gradients[k];
    snprintf(what, sizeof what, "random graph %u, output", seed);
    joined_add(j, &r.b, count, wanted, what);
    op_case_free(&r.b);
}

/* Every third group has batches of samples, which can be cut for four compute units. */
static void check_group(int group, bool on_cpu)
{
    const int batch = group % 3 == 1 ? 16 + group / 3 % 5 : 0;
    pb_context *ctx;
    pb_device *device;
    open_device(&ctx, &device);
    pretend_units(device, batch ? 4 : 0);
    joined *j = joined_create(ctx);
    for (int i = 0; i < GROUP; ++i) {
        add_random(j, (unsigned)(group * GROUP + i), batch);
        if (i == GROUP / 2) joined_program(j, "one");
    }
    joined_program(j, "two");
    pb_plan *plan = joined_check(j, device, on_cpu);
    pb_plan_free(&plan);
    joined_free(&j);
    close_device(&ctx, &device);
}

/* Every fourth group with the kernels of a GPU. */
START_TEST(random_graphs)
{
    check_group(first_group + _i, (first_group + _i) % 4 != 3);
}
END_TEST

/** A convolution, or a product with `outputs` columns, and what follows it. */
typedef struct follow {
    const char *what;
    pb_shape x;
    int outputs;
    pb_window conv, pool;
    pb_value (*then)(op_built *b, pb_value y, const struct follow *f);
    int fused, apart; /* of them, with the kernels of a GPU, whose elements are taken in registers,
                         and those that are stored for others */
    bool gradient;
    const char *key, *words; /* NULL, or by what it shall be computed */
} follow;

static pb_value biased(op_built *b, pb_value y)
{
    pb_shape shape = pb_value_shape(b->g, y);
    for (int i = 0; i < shape.axes; ++i)
        if (i != (shape.axes == 4 ? 1 : shape.axes - 1)) shape.dim[i] = 1;
    const pb_value bias = op_case_uniform(b, shape, -0.5, 0.5);
    return pb_add(b->g, y, bias);
}

static pb_value then_relu(op_built *b, pb_value y, const follow *f)
{
    (void)f;
    return pb_relu(b->g, biased(b, y));
}

static pb_value then_pool(op_built *b, pb_value y, const follow *f)
{
    return pb_tanh(b->g, pb_max_pool(b->g, then_relu(b, y, f), f->pool));
}

/* One kernel reads the elements, and another one windows of them that overlap. */
static pb_value then_both(op_built *b, pb_value y, const follow *f)
{
    const pb_value pooled = pb_max_pool(b->g, pb_tanh(b->g, y), f->pool);
    return pb_flatten_all(b->g, 2, (pb_value[]){pb_tanh(b->g, biased(b, y)), pooled});
}

/* Waits for a sum of all that it reads. */
static pb_value then_normal(op_built *b, pb_value y, const follow *f)
{
    (void)f;
    return pb_sub(b->g, pb_tanh(b->g, y), pb_mean_all(b->g, pb_square(b->g, y)));
}

static pb_value then_corner(op_built *b, pb_value y, const follow *f)
{
    (void)f;
    return pb_tanh(b->g, pb_slice(b->g, y, (int[PB_MAX_AXES]){0}, PB_SHAPE(1, 1, 2, 2)));
}

/* Another convolution reads it, of which half the elements are wanted with it. */
static pb_value then_another(op_built *b, pb_value y, const follow *f)
{
    const int channels = f->outputs;
    const pb_value w = op_case_uniform(b, PB_SHAPE(channels, channels, 3, 3), -0.3, 0.3);
    const pb_value z = pb_conv(b->g, y, w, (pb_window){{3, 3}, {1, 1}, {1, 1}});
    return pb_relu(b->g, pb_add(b->g, z, biased(b, y)));
}

/* Two of one data, added up. */
static pb_value then_sum(op_built *b, pb_value y, const follow *f)
{
    const pb_value w = op_case_uniform(b, PB_SHAPE(f->outputs, f->x.dim[1], 1, 1), -0.5, 0.5);
    const pb_value z = pb_conv(b->g, b->leaves[0], w, (pb_window){{1, 1}, {1, 1}, {0, 0}});
    return pb_relu(b->g, pb_add(b->g, z, biased(b, y)));
}

/* The kernel of a product has its elements in another order. */
static pb_value then_turned(op_built *b, pb_value y, const follow *f)
{
    (void)f;
    return pb_tanh(b->g, pb_permute(b->g, y, (int[PB_MAX_AXES]){1, 0}));
}

/* One kernel reads the elements, and another one sums of columns. */
static pb_value then_sums(op_built *b, pb_value y, const follow *f)
{
    (void)f;
    return pb_flatten_all(
        b->g, 2, (pb_value[]){pb_tanh(b->g, biased(b, y)), pb_sum(b->g, pb_exp(b->g, y), 0, true)});
}

static const follow follows[] = {
    {.what = "odd planes, pooled with a rest",
     .x = {4, {2, 1, 7, 9}},
     .outputs = 3,
     .conv = {{3, 3}, {1, 1}, {1, 1}},
     .pool = {{2, 2}, {2, 2}, {0, 0}},
     .then = then_pool,
     .fused = 1,
     .gradient = true},
    {.what = "strides, not pooled",
     .x = {4, {2, 3, 11, 13}},
     .outputs = 4,
     .conv = {{3, 2}, {2, 3}, {1, 1}},
     .then = then_relu,
     .fused = 1},
    {.what = "pooled beyond its rim",
     .x = {4, {2, 1, 20, 22}},
     .outputs = 2,
     .conv = {{3, 3}, {1, 1}, {0, 0}},
     .pool = {{2, 2}, {2, 2}, {1, 1}},
     .then = then_pool,
     .fused = 1},
    {.what = "pooled with gaps",
     .x = {4, {2, 2, 9, 11}},
     .outputs = 3,
     .conv = {{2, 2}, {1, 1}, {0, 0}},
     .pool = {{2, 2}, {3, 3}, {0, 0}},
     .then = then_pool,
     .fused = 1},
    {.what = "windows that overlap",
     .x = {4, {2, 2, 9, 8}},
     .outputs = 3,
     .conv = {{3, 3}, {1, 1}, {1, 1}},
     .pool = {{3, 3}, {2, 2}, {1, 1}},
     .then = then_pool,
     .apart = 1},
    {.what = "read twice",
     .x = {4, {2, 2, 8, 7}},
     .outputs = 3,
     .conv = {{3, 3}, {1, 1}, {1, 1}},
     .pool = {{3, 3}, {2, 2}, {1, 1}},
     .then = then_both,
     .fused = 1},
    {.what = "a sum of itself",
     .x = {4, {2, 2, 30, 21}},
     .outputs = 2,
     .conv = {{3, 3}, {1, 1}, {1, 1}},
     .then = then_normal,
     .apart = 1},
    {.what = "a corner",
     .x = {4, {2, 2, 8, 9}},
     .outputs = 3,
     .conv = {{3, 3}, {1, 1}, {1, 1}},
     .then = then_corner,
     .apart = 1},
    {.what = "read by another",
     .x = {4, {2, 1, 8, 7}},
     .outputs = 3,
     .conv = {{3, 3}, {1, 1}, {1, 1}},
     .then = then_another,
     .fused = 1,
     .apart = 1},
    {.what = "two in one",
     .x = {4, {2, 2, 7, 6}},
     .outputs = 3,
     .conv = {{3, 3}, {1, 1}, {1, 1}},
     .then = then_sum,
     .fused = 2},
    {.what = "a linear layer", .x = {2, {19, 33}}, .outputs = 21, .then = then_relu, .fused = 1},
    {.what = "a batch of products",
     .x = {3, {3, 5, 7}},
     .outputs = 9,
     .then = then_relu,
     .fused = 1},
    {.what = "a turned product", .x = {2, {9, 5}}, .outputs = 11, .then = then_turned, .apart = 1},
    {.what = "a product read twice",
     .x = {2, {17, 6}},
     .outputs = 12,
     .then = then_sums,
     .fused = 1},
    {.what = "a product with columns",
     .x = {4, {2, 3, 9, 8}},
     .outputs = 6,
     .conv = {{3, 3}, {1, 1}, {1, 1}},
     .then = then_relu,
     .fused = 1,
     .key = "conv 2x3x9x8 o6 k3x3 s1x1 p1x1",
     .words = "conv_im2col product=1"},
    {.what = "columns of a sample at a time",
     .x = {4, {2, 3, 9, 8}},
     .outputs = 7,
     .conv = {{3, 3}, {1, 1}, {1, 1}},
     .then = then_relu,
     .key = "conv 2x3x9x8 o7 k3x3 s1x1 p1x1",
     .words = "conv_im2col product=1 chunk=1"},
};
enum { FOLLOWS = sizeof follows / sizeof follows[0] };

static void add_follow(joined *j, const follow *f)
{
    const pb_shape *x = &f->x;
    op_built b = {.g = pb_graph_create(j->ctx), .random = (unsigned)(500 + (f - follows))};
    const pb_value data = op_case_uniform(&b, *x, -1, 1);
    const bool is_conv = x->axes == 4;
    pb_shape weights = PB_SHAPE(f->outputs, x->dim[1], f->conv.kernel[0], f->conv.kernel[1]);
    if (x->axes == 3) weights = PB_SHAPE(x->dim[0], x->dim[2], f->outputs);
    if (x->axes == 2) weights = PB_SHAPE(x->dim[1], f->outputs);
    const pb_value w = op_case_uniform(&b, weights, -0.5, 0.5);
    pb_value wanted[1 + OP_CASE_LEAVES];
    int count = 0;
    const pb_value y = is_conv ? pb_conv(b.g, data, w, f->conv) : pb_matmul(b.g, data, w);
    wanted[count++] = f->then(&b, y, f);
    if (f->gradient) {
        OK(j->ctx, pb_gradient(b.g, weighted(&b, wanted[0]), b.count, b.leaves, wanted + 1));
        count += b.count;
    }
    joined_add(j, &b, count, wanted, f->what);
    joined_program(j, f->what);
    op_case_free(&b);
}

static void check_follow(const pb_program_build *p, const follow *f)
{
    int fused = 0, apart = 0, called = 0;
    for (int i = 0; i < p->unit_count; ++i) {
        const pb_unit *u = &p->units[i];
        const bool takes = u->element.name || u->element.write;
        fused += takes && u->is_inlined;
        apart += takes && !u->is_inlined;
    }
    for (int i = 0; i < p->sequence_count; ++i) {
        const pb_unit *u = &p->units[p->sequence[i]];
        ck_assert(!u->is_inlined);
        called += u->inlined_count;
    }
    ck_assert_msg(fused == f->fused && apart == f->apart && called == fused,
                  "%s: %d taken in registers (by %d kernels), not %d; %d apart, not %d", f->what,
                  fused, called, f->fused, apart, f->apart);
}

START_TEST(what_follows_in_registers)
{
    pb_context *ctx;
    pb_device *device;
    open_device(&ctx, &device);
    joined *j = joined_create(ctx);
    pb_plan *plan;
    pb_choices *choices = pb_choices_create();
    for (int i = 0; i < FOLLOWS; ++i) {
        const follow *f = &follows[i];
        add_follow(j, f);
        ck_assert(!f->key || pb_choices_set(choices, f->key, f->words, PB_MEASURE, 1e-3));
    }
    OK(ctx, pb_plan_create_how(device, j->g, &(pb_manner){.choices = choices}, &plan));
    pb_choices_free(&choices);
    joined_run(j, plan);
    for (int i = 0; i < FOLLOWS; ++i)
        check_follow(&pb_plan_build_of(plan)->programs[1 + i], &follows[i]);
    pb_plan_free(&plan);
    joined_free(&j);
    close_device(&ctx, &device);
}
END_TEST

/* a' = relu(x * w) b and b' = twice a part of a: each kernel must read before the other writes, so
 * one of them stores what it makes first, and the convolution, which it would have to compute twice
 * then, has its own kernel again. */
START_TEST(a_circle_of_leaves)
{
    enum { X = 2 * 7 * 6, W = 2 * 9, A = 2 * 2 * 7 * 6 };
    pb_context *ctx;
    pb_device *device;
    open_device(&ctx, &device);
    pb_graph *g = pb_graph_create(ctx);
    const pb_init zero = {.kind = PB_INIT_CONSTANT};
    const pb_value leaves[] = {pb_leaf(g, PB_ROLE_STATE, "x", PB_F32, PB_SHAPE(2, 1, 7, 6), zero),
                               pb_leaf(g, PB_ROLE_STATE, "w", PB_F32, PB_SHAPE(2, 1, 3, 3), zero),
                               pb_leaf(g, PB_ROLE_STATE, "a", PB_F32, PB_SHAPE(2, 2, 7, 6), zero),
                               pb_leaf(g, PB_ROLE_STATE, "b", PB_F32, PB_SHAPE(1, 2, 1, 1), zero)};
    const pb_value y = pb_conv(g, leaves[0], leaves[1], (pb_window){{3, 3}, {1, 1}, {1, 1}});
    const pb_value part =
        pb_slice(g, leaves[2], (int[PB_MAX_AXES]){1, 0, 2, 3}, PB_SHAPE(1, 2, 1, 1));
    const pb_value next[] = {pb_mul(g, pb_relu(g, y), leaves[3]), pb_scale(g, part, 2)};
    const pb_value assigns[] = {pb_assign(g, leaves[2], next[0]), pb_assign(g, leaves[3], next[1])};
    OK(ctx, pb_program(g, "step", 2, assigns));
    pb_plan *plan;
    OK(ctx, pb_plan_create_how(device, g, &(pb_manner){0}, &plan));
    static const size_t counts[] = {X, W, A, 2};
    double x[X], w[W], a[A], b[2] = {0.75, -0.5}, *want[2];
    const double *const given[] = {x, w, a, b};
    for (int i = 0; i < X; ++i) x[i] = sin(1.3 * i);
    for (int i = 0; i < W; ++i) w[i] = sin(0.7 * i + 1);
    for (int i = 0; i < A; ++i) a[i] = sin(0.9 * i + 2);
    for (int i = 0; i < 4; ++i) write_leaf(ctx, plan, PB_F32, leaves[i], given[i], counts[i]);
    OK(ctx, pb_plan_run(plan, "step", 1));
    OK(ctx, pb_reference(g, 4, leaves, given, 2, next, want));
    compare_leaf(ctx, plan, leaves[2], want[0], A, "a");
    compare_leaf(ctx, plan, leaves[3], want[1], 2, "b");
    const pb_program_build *p = &pb_plan_build_of(plan)->programs[1];
    for (int i = 0; i < p->unit_count; ++i)
        ck_assert(!p->units[i].is_inlined && p->units[i].inlined_count == 0);
    free(want[0]);
    free(want[1]);
    pb_plan_free(&plan);
    pb_graph_free(&g);
    close_device(&ctx, &device);
}
END_TEST

int main(int argument_count, char **arguments)
{
    if (argument_count > 1) first_group = atoi(arguments[1]);
    if (argument_count > 2) group_count = atoi(arguments[2]);
    if (!may_run()) return 77;
    Suite *suite = suite_create("fusion");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, random_graphs, 0, group_count);
    tcase_add_test(tests, what_follows_in_registers);
    tcase_add_test(tests, a_circle_of_leaves);
    suite_add_tcase(suite, tests);
    return runs(srunner_create(suite));
}
