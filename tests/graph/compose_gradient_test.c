/* First and second gradients of composed functions and of a small network, against central
 * differences. */
#include "graph_check.h"

#include <stdio.h>

static pb_value softmax(op_built *b, int i)
{
    return pb_softmax(b->g, op_case_uniform(b, PB_SHAPE(1 + i % 3, 2 + i), -3, 3));
}

static pb_value log_softmax(op_built *b, int i)
{
    return pb_log_softmax(b->g, op_case_uniform(b, PB_SHAPE(2, 1 + i % 2, 3 + i), -3, 3));
}

static pb_value cross_entropy(op_built *b, int i)
{
    const pb_value logits = op_case_uniform(b, PB_SHAPE(3 + i, 2 + i), -3, 3);
    const pb_value labels = op_case_integers(b, PB_I32, PB_SHAPE(3 + i), 0, 1 + i);
    return pb_cross_entropy(b->g, logits, labels);
}

static pb_value dct_there_and_back(op_built *b, int i)
{
    const pb_value x = op_case_uniform(b, PB_SHAPE(2, 5 + i, 4 + 2 * i), -1, 1);
    return pb_idct2(b->g, pb_square(b->g, pb_dct2(b->g, x, 2 + i)), 5 + i, 4 + 2 * i);
}

static pb_value mean_of_squares(op_built *b, int i)
{
    const pb_value x = op_case_uniform(b, PB_SHAPE(2 + i, 3), -1, 1);
    return pb_mean_all(b->g, pb_square(b->g, pb_square(b->g, x)));
}

/* Broadcasting on either side, and a value used twice. */
static pb_value broadcasts(op_built *b, int i)
{
    const pb_value row = op_case_uniform(b, PB_SHAPE(3 + i), 0.5, 2);
    const pb_value column = op_case_uniform(b, PB_SHAPE(2, 1 + i, 1), 0.5, 2);
    return pb_div(b->g, pb_mul(b->g, row, column), pb_add(b->g, row, pb_square(b->g, column)));
}

static pb_value shared_right(op_built *b, int i)
{
    const pb_value x = op_case_uniform(b, PB_SHAPE(2, 3, 4 + i), -1, 1);
    return pb_tanh(b->g, pb_matmul(b->g, x, op_case_uniform(b, PB_SHAPE(4 + i, 2), -1, 1)));
}

static pb_value shared_left(op_built *b, int i)
{
    const pb_value w = op_case_uniform(b, PB_SHAPE(3, 2), -1, 1);
    const pb_value x = op_case_uniform(b, PB_SHAPE(2, 3, 1 + i), -1, 1);
    return pb_tanh(b->g, pb_matmul_t(b->g, w, x, true, false));
}

/* |rfft|-like saliency term: a product, a square root, a normalisation. */
static pb_value normalised(op_built *b, int i)
{
    const pb_value x = op_case_uniform(b, PB_SHAPE(2, 4 + i), 0.5, 2);
    const pb_value norm = pb_sqrt(b->g, pb_sum(b->g, pb_square(b->g, x), 1, true));
    return pb_div(b->g, pb_abs(b->g, x), pb_add(b->g, norm, pb_constant(b->g, 1e-3f, PB_SCALAR)));
}

/* Convolution, ReLU, pooling, a linear layer and its cross-entropy. */
static pb_value network(op_built *b, int i)
{
    const int length = 8 + 2 * i;
    const pb_value x = op_case_uniform(b, PB_SHAPE(2, 1, 1, length), -1, 1);
    const pb_value w = op_case_uniform(b, PB_SHAPE(2, 1, 1, 3), -1, 1);
    const pb_value v = op_case_uniform(b, PB_SHAPE(length, 3), -1, 1);
    const pb_window three = {{1, 3}, {1, 1}, {0, 1}}, two = {{1, 2}, {1, 2}, {0, 0}};
    pb_value h = pb_relu(b->g, pb_conv(b->g, x, w, three));
    h = pb_reshape(b->g, pb_max_pool(b->g, h, two), PB_SHAPE(2, length));
    return pb_cross_entropy(b->g, pb_matmul(b->g, h, v), pb_constant_i32(b->g, 1, PB_SHAPE(2)));
}

static const struct {
    const char *name;
    pb_value (*build)(op_built *b, int i);
} functions[] = {
    {"softmax", softmax},           {"log_softmax", log_softmax},  {"cross_entropy", cross_entropy},
    {"dct2", dct_there_and_back},   {"mean_all", mean_of_squares}, {"broadcasts", broadcasts},
    {"shared_right", shared_right}, {"shared_left", shared_left},  {"normalised", normalised},
    {"network", network},
};

START_TEST(composed_gradients)
{
    pb_context *ctx = pb_context_create();
    for (int i = 0; i < 4; i++) {
        op_built b = {.g = pb_graph_create(ctx), .random = (unsigned)(100 * _i + i)};
        char what[64];
        b.y = functions[_i].build(&b, i);
        snprintf(what, sizeof what, "%s %d", functions[_i].name, i);
        check_both_gradients(&b, what);
        op_case_free(&b);
    }
    pb_context_free(&ctx);
}
END_TEST

/* The gradient of a gradient inside a loss: d/dw sum (d net / dx)^2 reaches the weights, and a
 * third time. */
START_TEST(gradient_penalty)
{
    pb_context *ctx = pb_context_create();
    op_built b = {.g = pb_graph_create(ctx), .random = 5};
    const pb_value x = op_case_uniform(&b, PB_SHAPE(3, 4), -1, 1);
    const pb_value w = op_case_uniform(&b, PB_SHAPE(4, 5), -1, 1);
    const pb_value y = pb_tanh(b.g, pb_matmul(b.g, x, w));
    pb_value dx;
    OK(ctx, pb_gradient(b.g, y, 1, &x, &dx));
    b.y = pb_sum(b.g, pb_square(b.g, dx), 1, false);
    check_both_gradients(&b, "penalty");
    op_case_free(&b);
    pb_context_free(&ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("composed gradients");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, composed_gradients, 0,
                        (int)(sizeof functions / sizeof functions[0]));
    tcase_add_test(tests, gradient_penalty);
    suite_add_tcase(suite, tests);
    return runs(srunner_create(suite));
}
