/* Every op as an ONNX model, evaluated with NumPy, gives what the float64 reference gives; the
 * batch is free; what has no form there is named. */
#include <check.h>
#include <sys/wait.h>

#include <passband/wavelet.h>

#include "../base/scratch.h"
#include "graph/onnx.h"
#include "op_cases.h"

static pb_context *ctx;
static scratch s;

static void setup(void)
{
    ctx = pb_context_create();
    scratch_open(&s);
}

static void teardown(void)
{
    scratch_close(&s);
    pb_context_free(&ctx);
}

static void python(void)
{
    char command[600];
    snprintf(command, sizeof command, "/usr/bin/python3 '%s/onnx_numpy.py' cases '%s'",
             TESTS_FOLDER, s.folder);
    const int how = system(command);
    ck_assert_msg(WIFEXITED(how) && WEXITSTATUS(how) == 0, "%s", command);
}

static void put(const char *name, const char *ending, const void *data, size_t bytes)
{
    char file[128];
    snprintf(file, sizeof file, "%s.%s", name, ending);
    scratch_put(&s, file, data, bytes);
}

/* ---- ops ---- */

/* Ops that no network is used with: they make gradients, or chance for training. */
static bool has_no_form(pb_op op)
{
    return op == PB_OP_SCATTER_ADD || op == PB_OP_POOL_INDEX || op == PB_OP_POOL_SCATTER ||
           op == PB_OP_CONV_DX || op == PB_OP_CONV_DW || op == PB_OP_UNIFORM || op == PB_OP_NORMAL;
}

/* The op of its first leaf; the others are given. */
static void export_case(pb_op op, int shape_number)
{
    op_built b;
    char name[64];
    double *wanted = NULL;
    pb_protobuf model = {0};
    pb_onnx_facts facts;
    op_case_build(ctx, op, shape_number, &b);
    if (b.count == 0) op_case_uniform(&b, PB_SHAPE(2, 3), -1, 1); /* a constant has no input */
    ck_assert_int_eq(pb_graph_status(b.g), PB_OK);
    const pb_onnx_ask ask = {.g = b.g,
                             .other = b.g,
                             .batch = 1,
                             .input = b.leaves[0],
                             .output = b.y,
                             .output_name = "y",
                             .leaf_count = b.count - 1,
                             .leaves = b.leaves + 1,
                             .leaf_data = (const double *const *)b.data + 1,
                             .name = pb_ops[op].name};
    const pb_status status = pb_onnx_write(&ask, &model, &facts);
    if (has_no_form(op)) {
        ck_assert_int_eq(status, PB_ERR_USAGE);
        ck_assert_msg(strstr(pb_error(ctx), pb_ops[op].name) != NULL, "%s", pb_error(ctx));
    } else {
        ck_assert_msg(status == PB_OK, "%s at shape %d: %s", pb_ops[op].name, shape_number,
                      pb_error(ctx));
        snprintf(name, sizeof name, "%s-%d", pb_ops[op].name, shape_number);
        ck_assert_int_eq(
            pb_reference(b.g, b.count, b.leaves, (const double *const *)b.data, 1, &b.y, &wanted),
            PB_OK);
        put(name, "onnx", model.bytes, model.length);
        put(name, "in", b.data[0], 8 * pb_shape_count(pb_value_shape(b.g, b.leaves[0])));
        put(name, "out", wanted, 8 * pb_shape_count(pb_value_shape(b.g, b.y)));
    }
    pb_protobuf_clear(&model);
    free(wanted);
    op_case_free(&b);
}

START_TEST(test_ops_mean_the_same)
{
    for (int op = 0; op < PB_OP_COUNT; op++)
        for (int shape = 0; op_cases[op].build && shape < OP_CASE_SHAPES; shape++)
            export_case((pb_op)op, shape);
    python();
}
END_TEST

/* ---- a free batch ---- */

typedef struct network {
    pb_graph *g;
    pb_value x, w, y;
} network;

static pb_value rule_of_plane(pb_graph *g, pb_value x, pb_value w, int batch)
{
    const float filters[] = {0.5f, 0.5f, 0.25f, -0.75f};
    const pb_window window = {{3, 3}, {1, 1}, {1, 1}}, pool = {{2, 2}, {2, 2}, {0, 0}};
    pb_value p =
        pb_reshape(g, pb_sub(g, x, pb_constant(g, 0.5f, PB_SCALAR)), PB_SHAPE(batch, 2, 6, 4));
    p = pb_max_pool(g, pb_relu(g, pb_conv(g, p, pb_reshape(g, w, PB_SHAPE(2, 2, 3, 3)), window)),
                    pool);
    p = pb_reshape(g, p, PB_SHAPE(2 * batch, 3, 2)); /* the batch twice in an extent */
    return pb_analysis(g, p, pb_constant_data(g, filters, PB_SHAPE(2, 2)), 1, PB_EXTEND_SYMMETRIC);
}

/* Constants and parameters as wide as the batch, by themselves. */
static pb_value rule_of_batch(pb_graph *g, pb_value w, int batch)
{
    const pb_value ones = pb_exp(g, pb_constant(g, 0, PB_SHAPE(batch, 3)));
    const pb_value few = pb_slice(g, w, (int[]){3}, PB_SHAPE(3));
    const pb_value wide = pb_broadcast(g, few, PB_SHAPE(batch, 3));
    return pb_pad(g, pb_mul(g, ones, wide), (int[]){0, 1}, (int[]){0, 2});
}

static pb_value rule_of_levels(pb_graph *g, pb_value x, int batch)
{
    const pb_value level = pb_cast(g, pb_scale(g, x, 5), PB_I32); /* some of them in no bin */
    return pb_histogram(g, pb_reshape(g, level, PB_SHAPE(batch, 48)), 4);
}

/* One product for each sample, with the same matrix from the left. */
static pb_value rule_of_products(pb_graph *g, pb_value x, pb_value w, int batch)
{
    const pb_value left = pb_reshape(g, pb_slice(g, w, (int[]){0}, PB_SHAPE(24)), PB_SHAPE(2, 12));
    const pb_value y = pb_matmul(g, left, pb_reshape(g, x, PB_SHAPE(batch, 12, 4)));
    const pb_value z = pb_matmul_t(g, y, y, false, true);
    return pb_reshape(g, pb_sum(g, pb_softmax(g, z), 1, true), PB_SHAPE(batch, 2));
}

static network make_network(int batch)
{
    network n = {.g = pb_graph_create(ctx)};
    n.x = pb_input(n.g, "x", PB_SHAPE(batch, 48));
    n.w = pb_param(n.g, "w", PB_SHAPE(36), 1);
    const pb_value parts[] = {
        pb_reshape(n.g, rule_of_plane(n.g, n.x, n.w, batch), PB_SHAPE(batch, 16)),
        rule_of_batch(n.g, n.w, batch), rule_of_levels(n.g, n.x, batch),
        rule_of_products(n.g, n.x, n.w, batch)};
    n.y = pb_concat(n.g, 4, parts, 1);
    ck_assert_msg(pb_graph_status(n.g) == PB_OK, "%s", pb_error(ctx));
    return n;
}

static pb_status write_network(const network *n, const network *other, const double *w,
                               pb_protobuf *model)
{
    const double *const content[] = {w};
    const pb_onnx_ask ask = {.g = n->g,
                             .other = other->g,
                             .batch = pb_value_shape(n->g, n->x).dim[0],
                             .input = n->x,
                             .output = n->y,
                             .output_name = "y",
                             .leaf_count = 1,
                             .leaves = &n->w,
                             .leaf_data = content,
                             .name = "network"};
    pb_onnx_facts facts;
    return pb_onnx_write(&ask, model, &facts);
}

START_TEST(test_batch_is_free)
{
    static const int batches[] = {1, 2, 5, 17};
    network n = make_network(17), other = make_network(19);
    double w[36], x[17 * 48];
    pb_protobuf model = {0};
    for (int i = 0; i < 36; i++) w[i] = (i * 37 % 19 - 9) / 8.0;
    for (int i = 0; i < 17 * 48; i++) x[i] = (i * 101 % 257) / 256.0;
    ck_assert_msg(write_network(&n, &other, w, &model) == PB_OK, "%s", pb_error(ctx));
    for (int i = 0; i < 4; i++) {
        char name[32];
        double *wanted;
        network of_size = make_network(batches[i]);
        const pb_value leaves[] = {of_size.x, of_size.w};
        const double *const content[] = {x, w};
        ck_assert_int_eq(pb_reference(of_size.g, 2, leaves, content, 1, &of_size.y, &wanted),
                         PB_OK);
        snprintf(name, sizeof name, "batch-%d", batches[i]);
        put(name, "onnx", model.bytes, model.length);
        put(name, "in", x, (size_t)batches[i] * 48 * 8);
        put(name, "out", wanted, (size_t)batches[i] * 28 * 8);
        free(wanted);
        pb_graph_free(&of_size.g);
    }
    python();
    pb_protobuf_clear(&model);
    pb_graph_free(&n.g);
    pb_graph_free(&other.g);
}
END_TEST

/* A mean over the batch has one number that only its size tells. */
START_TEST(test_what_depends_on_the_batch_is_named)
{
    network n = make_network(17), other = make_network(19);
    double w[36] = {0};
    pb_protobuf model = {0};
    for (int i = 0; i < 2; i++) {
        network *of = i ? &other : &n;
        const int batch = i ? 19 : 17;
        of->y = pb_mul(of->g, of->x,
                       pb_broadcast(of->g, pb_mean_all(of->g, of->x), PB_SHAPE(batch, 48)));
    }
    ck_assert_int_eq(write_network(&n, &other, w, &model), PB_ERR_USAGE);
    ck_assert_msg(strstr(pb_error(ctx), "how many samples"), "%s", pb_error(ctx));
    ck_assert_uint_eq(model.length, 0);
    pb_graph_free(&n.g);
    pb_graph_free(&other.g);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("onnx");
    if (system("/usr/bin/python3 -c 'import numpy, onnx' 2> /dev/null") != 0) {
        puts("skipped: python3-onnx is not installed");
        return 77;
    }
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_ops_mean_the_same);
    tcase_add_test(tests, test_batch_is_free);
    tcase_add_test(tests, test_what_depends_on_the_batch_is_named);
    return run_case("ONNX models of graphs", tests);
}
