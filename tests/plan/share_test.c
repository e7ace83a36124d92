/* Kernels that share launches: networks whose batch is cut into blocks of samples equal the float64
 * reference, whatever the batch, the compute units of the device and the widths of the layers.
 *
 * share_test [UNITS [FIRST [COUNT]]]: as for a device of so many compute units, 0: as many as it
 * has; the rows of `cases` to take. The training step goes with row 0. */
#include "device_fixture.h"

#define CLASSES 5

static int compute_units = 0, first_case = 0, case_count = 2;

/** A network of a batch: what it wants beside the gradients of its loss by all leaves. */
typedef struct network {
    op_built b;
    pb_value outputs[2]; /* PB_NONE: there is none */
    pb_value loss;
} network;

/* One-hot labels: class (7 i) mod CLASSES of sample i, all classes about as often. */
static pb_value labels_of(pb_graph *g, int batch)
{
    float *hot = calloc((size_t)batch * CLASSES, sizeof *hot);
    for (int i = 0; i < batch; ++i) hot[i * CLASSES + 7 * i % CLASSES] = 1;
    const pb_value labels = pb_constant_data(g, hot, PB_SHAPE(batch, CLASSES));
    free(hot);
    return labels;
}

static pb_value cross_entropy(pb_graph *g, pb_value logits)
{
    const int batch = pb_value_shape(g, logits).dim[0];
    const pb_value chosen = pb_mul(g, labels_of(g, batch), pb_log_softmax(g, logits));
    return pb_scale(g, pb_sum_all(g, chosen), -1.0f / (float)batch);
}

static pb_value leaf(network *n, pb_shape shape, double bound)
{
    return op_case_uniform(&n->b, shape, -bound, bound);
}

static pb_value flat(pb_graph *g, pb_value x)
{
    return pb_reshape(g, x, PB_SHAPE(pb_value_shape(g, x).dim[0], -1));
}

/* Linear layers of odd widths. */
static void build_linear(network *n, int batch)
{
    pb_graph *g = n->b.g;
    pb_value x = leaf(n, PB_SHAPE(batch, 13), 1);
    static const int widths[] = {13, 37, 19, CLASSES};
    for (int i = 0; i < 3; ++i) {
        x = pb_matmul(g, x, leaf(n, PB_SHAPE(widths[i], widths[i + 1]), 0.4));
        if (i < 2) x = pb_tanh(g, x);
    }
    n->outputs[0] = pb_softmax(g, x);
    n->loss = cross_entropy(g, x);
}

/* Padded convolutions along a line, pooled. */
static void build_line(network *n, int batch)
{
    pb_graph *g = n->b.g;
    const pb_window near = {{1, 3}, {1, 1}, {0, 1}}, halves = {{1, 2}, {1, 2}, {0, 0}};
    pb_value x = leaf(n, PB_SHAPE(batch, 2, 1, 22), 1);
    x = pb_relu(g, pb_conv(g, x, leaf(n, PB_SHAPE(9, 2, 1, 3), 0.5), near));
    x = pb_max_pool(g, x, halves);
    x = pb_relu(g, pb_conv(g, x, leaf(n, PB_SHAPE(6, 9, 1, 3), 0.4), near));
    x = pb_matmul(g, flat(g, x), leaf(n, PB_SHAPE(6 * 11, CLASSES), 0.2));
    n->outputs[0] = x;
    n->loss = cross_entropy(g, x);
}

/* Padded convolutions over planes of odd sizes, pooled by overlapping windows. */
static void build_plane(network *n, int batch)
{
    pb_graph *g = n->b.g;
    const pb_window near = {{3, 3}, {1, 1}, {1, 1}}, inside = {{2, 1}, {1, 1}, {0, 0}},
                    pool = {{3, 3}, {2, 2}, {1, 1}};
    pb_value x = leaf(n, PB_SHAPE(batch, 2, 5, 7), 1);
    x = pb_tanh(g, pb_conv(g, x, leaf(n, PB_SHAPE(5, 2, 3, 3), 0.3), near));
    x = pb_max_pool(g, x, pool);
    x = pb_tanh(g, pb_conv(g, x, leaf(n, PB_SHAPE(3, 5, 2, 1), 0.3), inside));
    x = pb_matmul(g, flat(g, x), leaf(n, PB_SHAPE(3 * 2 * 4, CLASSES), 0.2));
    n->outputs[0] = x;
    n->loss = cross_entropy(g, x);
}

/* The gradient at each sample, its mean over the samples of a class, and back to the samples: the
 * loss is the spread within the classes. */
static void build_saliency(network *n, int batch)
{
    pb_graph *g = n->b.g;
    const pb_value x = leaf(n, PB_SHAPE(batch, 14), 1);
    const pb_value hidden = pb_tanh(g, pb_matmul(g, x, leaf(n, PB_SHAPE(14, 23), 0.5)));
    const pb_value logits = pb_matmul(g, hidden, leaf(n, PB_SHAPE(23, CLASSES), 0.5));
    const pb_value hot = labels_of(g, batch);
    pb_value saliency;
    OK(pb_graph_context(g),
       pb_gradient(g, pb_sum_all(g, pb_mul(g, logits, hot)), 1, &x, &saliency));
    const pb_value size = pb_sum(g, pb_square(g, saliency), 1, true);
    const pb_value scaled =
        pb_div(g, saliency, pb_sqrt(g, pb_add(g, size, pb_constant(g, 0.1f, PB_SCALAR))));
    const pb_value share = pb_scale(g, hot, (float)CLASSES / (float)batch);
    const pb_value means = pb_matmul_t(g, share, scaled, true, false);
    const pb_value apart = pb_sub(g, scaled, pb_matmul(g, hot, means));
    n->outputs[0] = saliency;
    n->outputs[1] = means;
    n->loss = pb_add(g, pb_mean_all(g, pb_square(g, apart)), cross_entropy(g, logits));
}

/* A product for each sample: rows weigh each other, between linear layers. */
static void build_batched(network *n, int batch)
{
    pb_graph *g = n->b.g;
    const pb_value x = leaf(n, PB_SHAPE(batch, 30), 1);
    pb_value rows = pb_tanh(g, pb_matmul(g, x, leaf(n, PB_SHAPE(30, 30), 0.3)));
    rows = pb_reshape(g, rows, PB_SHAPE(batch, 5, 6));
    const pb_value weights = pb_softmax(g, pb_matmul_t(g, rows, rows, false, true));
    const pb_value mixed = flat(g, pb_matmul(g, weights, rows));
    const pb_value logits = pb_matmul(g, mixed, leaf(n, PB_SHAPE(30, CLASSES), 0.3));
    n->outputs[0] = flat(g, weights);
    n->loss = cross_entropy(g, logits);
}

/* Samples weigh all samples of the batch and take from the next one: no block of them may begin
 * before all blocks are done. */
static void build_neighbours(network *n, int batch)
{
    pb_graph *g = n->b.g;
    const pb_value x = leaf(n, PB_SHAPE(batch, 9), 1);
    const pb_value hidden = pb_tanh(g, pb_matmul(g, x, leaf(n, PB_SHAPE(9, 15), 0.5)));
    const pb_value weights = pb_softmax(g, pb_matmul_t(g, hidden, hidden, false, true));
    const pb_value mixed = pb_matmul(g, weights, hidden);
    const pb_value turned[] = {pb_slice(g, mixed, (int[PB_MAX_AXES]){1}, PB_SHAPE(batch - 1, 15)),
                               pb_slice(g, mixed, (int[PB_MAX_AXES]){0}, PB_SHAPE(1, 15))};
    const pb_value both = pb_tanh(g, pb_add(g, hidden, pb_concat(g, 2, turned, 0)));
    n->outputs[0] = pb_matmul(g, both, leaf(n, PB_SHAPE(15, CLASSES), 0.5));
    n->loss = cross_entropy(g, n->outputs[0]);
}

static const struct {
    const char *name;
    void (*build)(network *n, int batch);
    int batch;
} cases[] = {
    {"saliency", build_saliency, 17}, {"line", build_line, 17},
    {"linear", build_linear, 16},     {"plane", build_plane, 16},
    {"batched", build_batched, 16},   {"neighbours", build_neighbours, 16},
    {"plane", build_plane, 40},       {"batched", build_batched, 37},
    {"linear", build_linear, 130},    {"saliency", build_saliency, 100},
    {"line", build_line, 37},         {"linear", build_linear, 40},
    {"line", build_line, 100},        {"neighbours", build_neighbours, 100},
    {"plane", build_plane, 130},      {"batched", build_batched, 130},
};
enum { CASES = sizeof cases / sizeof cases[0] };

static void add_case(joined *j, int i)
{
    char name[32];
    network n = {.b = {.g = pb_graph_create(j->ctx), .random = (unsigned)(3000 + i)},
                 .outputs = {PB_NONE, PB_NONE}};
    cases[i].build(&n, cases[i].batch);
    pb_value wanted[3 + OP_CASE_LEAVES];
    int count = 0;
    wanted[count++] = n.loss;
    for (int k = 0; k < 2; ++k)
        if (n.outputs[k] != PB_NONE) wanted[count++] = n.outputs[k];
    OK(j->ctx, pb_gradient(n.b.g, n.loss, n.b.count, n.b.leaves, wanted + count));
    count += n.b.count;
    snprintf(name, sizeof name, "%s of %d", cases[i].name, cases[i].batch);
    joined_add(j, &n.b, count, wanted, name);
    joined_program(j, name);
    op_case_free(&n.b);
}

/* The most kernels of a program that take each sample by itself and share a launch. */
static int most_sharing(const pb_program_build *p, int samples)
{
    int most = 0;
    for (int d = 0; d < p->dispatch_count; ++d) {
        int sharing = 0;
        for (int i = 0; i < p->sequence_count; ++i) {
            const pb_unit *u = &p->units[p->sequence[i]];
            sharing += u->dispatch == d && u->samples == samples;
        }
        if (sharing > most) most = sharing;
    }
    return most;
}

/* A test of sharing must not pass where nothing is shared. */
static void check_shares(const pb_program_build *p, int samples)
{
    ck_assert_int_eq(p->samples, samples);
    ck_assert_msg(most_sharing(p, samples) >= 4, "program %s: at most %d kernels share a launch",
                  p->name, most_sharing(p, samples));
    ck_assert_msg(2 * p->dispatch_count <= p->sequence_count, "program %s: %d launches, %d kernels",
                  p->name, p->dispatch_count, p->sequence_count);
}

START_TEST(networks)
{
    pretend_units(device, compute_units);
    joined *j = joined_create(ctx);
    int count = 0;
    for (int i = first_case; i < CASES && count < case_count; ++i, ++count) add_case(j, i);
    pb_plan *plan = joined_check(j, device, true);
    const pb_build *build = pb_plan_build_of(plan);
    for (int i = 0; build->joins && i < count; ++i)
        check_shares(&build->programs[1 + i], cases[first_case + i].batch);
    pb_plan_free(&plan);
    joined_free(&j);
}
END_TEST

/* Convolutions over long lines, of which a cache holds but a few at a time: 2 or 3 of the 11 of
 * each work-item, the last turn fewer. */
static void build_long_line(network *n, int batch)
{
    pb_graph *g = n->b.g;
    const pb_window near = {{1, 3}, {1, 1}, {0, 1}}, halves = {{1, 2}, {1, 2}, {0, 0}};
    pb_value x = leaf(n, PB_SHAPE(batch, 1, 1, 256), 1);
    x = pb_relu(g, pb_conv(g, x, leaf(n, PB_SHAPE(16, 1, 1, 3), 0.5), near));
    x = pb_max_pool(g, x, halves);
    x = pb_relu(g, pb_conv(g, x, leaf(n, PB_SHAPE(32, 16, 1, 3), 0.2), near));
    x = pb_max_pool(g, x, halves);
    n->outputs[0] = pb_matmul(g, flat(g, x), leaf(n, PB_SHAPE(32 * 64, CLASSES), 0.05));
    n->loss = cross_entropy(g, n->outputs[0]);
}

/* What the lines of a turn leave for each other has room for those alone, and where a window's
 * largest was takes a byte. */
START_TEST(long_lines_stay_near)
{
    pretend_units(device, 2);
    joined *j = joined_create(ctx);
    network n = {.b = {.g = pb_graph_create(ctx), .random = 91}};
    build_long_line(&n, 22);
    pb_value wanted[2 + OP_CASE_LEAVES] = {n.loss, n.outputs[0]};
    OK(ctx, pb_gradient(n.b.g, n.loss, n.b.count, n.b.leaves, wanted + 2));
    joined_add(j, &n.b, 2 + n.b.count, wanted, "long lines");
    joined_program(j, "long lines");
    pb_plan *plan = joined_check(j, device, true);
    if (pb_plan_build_of(plan)->joins) {
        const char *source = pb_plan_source(plan);
        ck_assert_msg(strstr(source, "= near") && strstr(source, "few +="), "nothing stays near");
        ck_assert_msg(strstr(source, "global uchar *"), "positions take more than a byte");
    }
    pb_plan_free(&plan);
    op_case_free(&n.b);
    joined_free(&j);
}
END_TEST

#define STEP_BATCH 19

/** A training step: leaves and what it assigns to them. */
typedef struct step {
    network n;
    int count;
    pb_value targets[OP_CASE_LEAVES], values[OP_CASE_LEAVES], assigns[OP_CASE_LEAVES];
} step;

static void step_assign(step *s, pb_value target, pb_value value)
{
    s->targets[s->count] = target;
    s->values[s->count] = value;
    s->assigns[s->count++] = pb_assign(s->n.b.g, target, value);
}

/* Weights move against their gradients; a state of each sample, which the loss reads, becomes what
 * the samples themselves made of it; one weight matrix takes from the other. */
static void build_step(step *s)
{
    network *n = &s->n;
    pb_graph *g = n->b.g;
    const pb_value x = leaf(n, PB_SHAPE(STEP_BATCH, 11), 1),
                   state = leaf(n, PB_SHAPE(STEP_BATCH, 11), 1),
                   first = leaf(n, PB_SHAPE(11, 21), 0.5),
                   second = leaf(n, PB_SHAPE(21, CLASSES), 0.5);
    const pb_value in = pb_add(g, x, pb_scale(g, state, 0.5f));
    const pb_value hidden = pb_tanh(g, pb_matmul(g, in, first));
    const pb_value logits = pb_matmul(g, hidden, second);
    const pb_value back = pb_matmul_t(g, hidden, first, false, true);
    n->loss = pb_add(g, cross_entropy(g, logits), pb_mean_all(g, pb_square(g, pb_sub(g, back, x))));
    const pb_value wrt[] = {first, second};
    pb_value gradients[2];
    OK(pb_graph_context(g), pb_gradient(g, n->loss, 2, wrt, gradients));
    const pb_value pull =
        pb_scale(g, pb_matmul_t(g, second, pb_softmax(g, logits), false, true), 0.01f);
    step_assign(s, state, pb_tanh(g, pb_add(g, pb_scale(g, back, 0.3f), in)));
    step_assign(s, first, pb_sub(g, first, pb_scale(g, gradients[0], 0.1f)));
    step_assign(
        s, second,
        pb_add(g, pb_sub(g, second, pb_scale(g, gradients[1], 0.1f)), pb_sum(g, pull, 1, true)));
}

static void check_step(pb_plan *plan, step *s)
{
    op_built *b = &s->n.b;
    double *want[OP_CASE_LEAVES];
    OK(ctx, pb_reference(b->g, b->count, b->leaves, (const double *const *)b->data, s->count,
                         s->values, want));
    OK(ctx, pb_plan_run(plan, "step", 1));
    for (int i = 0; i < s->count; ++i) {
        const size_t count = pb_shape_count(pb_value_shape(b->g, s->targets[i]));
        compare_leaf(ctx, plan, s->targets[i], want[i], count, "a leaf after a step");
        for (int k = 0; k < b->count; ++k)
            if (b->leaves[k] == s->targets[i]) memcpy(b->data[k], want[i], count * sizeof(double));
        free(want[i]);
    }
}

START_TEST(steps_read_what_they_assign)
{
    pretend_units(device, compute_units);
    step s = {.n = {.b = {.g = pb_graph_create(ctx), .random = 77}}};
    build_step(&s);
    OK(ctx, pb_graph_status(s.n.b.g));
    OK(ctx, pb_program(s.n.b.g, "step", s.count, s.assigns));
    pb_plan *plan;
    OK(ctx, pb_plan_create_as(device, s.n.b.g, true, &plan));
    if (getenv("PASSBAND_TEST_PRINT")) OK(ctx, pb_plan_print(plan, stdout));
    OK(ctx, pb_plan_init(plan, 1));
    for (int k = 0; k < s.n.b.count; ++k)
        write_leaf(ctx, plan, PB_F32, s.n.b.leaves[k], s.n.b.data[k],
                   pb_shape_count(pb_value_shape(s.n.b.g, s.n.b.leaves[k])));
    const pb_build *build = pb_plan_build_of(plan);
    if (build->joins) check_shares(&build->programs[1], STEP_BATCH);
    for (int i = 0; i < 3; ++i) check_step(plan, &s);
    pb_plan_free(&plan);
    op_case_free(&s.n.b);
}
END_TEST

int main(int argument_count, char **arguments)
{
    if (argument_count > 1) compute_units = atoi(arguments[1]);
    if (argument_count > 2) first_case = atoi(arguments[2]);
    if (argument_count > 3) case_count = atoi(arguments[3]);
    if (!may_run()) return 77;
    Suite *suite = suite_create("share");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, networks);
    if (first_case == 0) tcase_add_test(tests, steps_read_what_they_assign);
    if (first_case == 0) tcase_add_test(tests, long_lines_stay_near);
    suite_add_tcase(suite, tests);
    return runs(srunner_create(suite));
}
