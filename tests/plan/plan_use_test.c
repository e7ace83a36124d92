/* What a caller of plans gets told: mistakes as one sentence, and a plan in print. */
#include <jansson.h>

#include "base/rng.h"
#include "device_fixture.h"

#define FAILS(status, words, call)                                                                 \
    do {                                                                                           \
        ck_assert_int_eq(call, status);                                                            \
        ck_assert_msg(strstr(pb_error(ctx), words), "\"%s\" lacks \"%s\"", pb_error(ctx), words);  \
    } while (0)

/* Two programs over three leaves; `unused` is in none. */
static pb_graph *small_graph(pb_value leaves[4])
{
    pb_graph *g = pb_graph_create(ctx);
    leaves[0] = pb_input(g, "x", PB_SHAPE(4, 3));
    leaves[1] = state(g, "sum", PB_SHAPE(4));
    leaves[2] = state(g, "product", PB_SHAPE(4, 4));
    leaves[3] = state(g, "unused", PB_SHAPE(9));
    const pb_value sum = pb_assign(g, leaves[1], pb_sum(g, leaves[0], 1, false));
    const pb_value product =
        pb_assign(g, leaves[2], pb_matmul_t(g, leaves[0], leaves[0], false, true));
    OK(ctx, pb_program(g, "add", 1, &sum));
    OK(ctx, pb_program(g, "multiply", 1, &product));
    return g;
}

START_TEST(wrong_use_of_a_plan)
{
    pb_value leaves[4];
    pb_graph *g = small_graph(leaves);
    pb_plan *plan;
    float data[16] = {0};
    OK(ctx, pb_plan_create(device, g, &plan));
    FAILS(PB_ERR_USAGE, "no program train", pb_plan_run(plan, "train", 1));
    FAILS(PB_ERR_USAGE, "no program setup", pb_plan_run(plan, "setup", 1));
    FAILS(PB_ERR_USAGE, "not a leaf that a program uses",
          pb_plan_write(plan, leaves[3], data, 9 * sizeof *data));
    FAILS(PB_ERR_USAGE, "not a leaf", pb_plan_read(plan, leaves[3], data, 9 * sizeof *data));
    FAILS(PB_ERR_USAGE, "not a leaf", pb_plan_read(plan, PB_NONE, data, sizeof *data));
    FAILS(PB_ERR_USAGE, "not a leaf", pb_plan_read(plan, 10000, data, sizeof *data));
    FAILS(PB_ERR_USAGE, "not a leaf",
          pb_plan_read(plan, pb_graph_count(g) - 1, data, sizeof *data));
    FAILS(PB_ERR_SHAPE, "leaf x has 48 bytes, not 44",
          pb_plan_write(plan, leaves[0], data, 11 * sizeof *data));
    FAILS(PB_ERR_SHAPE, "leaf sum has 16 bytes, not 0", pb_plan_read(plan, leaves[1], data, 0));
    OK(ctx, pb_plan_run(plan, "add", 0));
    OK(ctx, pb_plan_finish(plan));
    pb_plan_free(&plan);
    ck_assert_ptr_null(plan);
    pb_plan_free(&plan);
    pb_graph_free(&g);
}
END_TEST

START_TEST(wrong_graphs)
{
    pb_plan *plan = (pb_plan *)&ctx;
    pb_graph *g = pb_graph_create(ctx);
    pb_add(g, pb_input(g, "x", PB_SHAPE(2)), pb_input(g, "y", PB_SHAPE(3)));
    FAILS(PB_ERR_SHAPE, "[2]", pb_plan_create(device, g, &plan));
    ck_assert_ptr_null(plan);
    pb_graph_free(&g);

    /* one buffer cannot be a part of two */
    g = pb_graph_create(ctx);
    const pb_value a = state(g, "a", PB_SHAPE(2)), b = state(g, "b", PB_SHAPE(3)),
                   c = state(g, "c", PB_SHAPE(4));
    const pb_value one = pb_flatten_all(g, 2, (pb_value[]){a, b}),
                   other = pb_flatten_all(g, 2, (pb_value[]){b, c});
    const pb_value assigns[] = {pb_assign(g, one, pb_scale(g, one, 2)),
                                pb_assign(g, other, pb_scale(g, other, 2))};
    OK(ctx, pb_program(g, "first", 1, &assigns[0]));
    OK(ctx, pb_program(g, "second", 1, &assigns[1]));
    FAILS(PB_ERR_SHAPE, "leaf b", pb_plan_create(device, g, &plan));
    ck_assert_ptr_null(plan);
    pb_graph_free(&g);

    /* nothing to do is no mistake */
    g = pb_graph_create(ctx);
    pb_input(g, "x", PB_SHAPE(2));
    OK(ctx, pb_plan_create(device, g, &plan));
    ck_assert_uint_eq(pb_plan_memory_bytes(plan), 0);
    pb_plan_free(&plan);
    pb_graph_free(&g);
}
END_TEST

/* More than any device has: the sentence names both figures. */
START_TEST(too_little_memory)
{
    pb_graph *g = pb_graph_create(ctx);
    pb_value assigns[64];
    pb_plan *plan;
    char needed[64], there[64];
    for (int i = 0; i < 64; ++i) {
        char name[16];
        snprintf(name, sizeof name, "big%d", i);
        const pb_value big = state(g, name, PB_SHAPE(40000, 50000));
        assigns[i] = pb_assign(g, big, pb_add(g, big, pb_constant(g, 1, PB_SCALAR)));
    }
    OK(ctx, pb_program(g, "grow", 64, assigns));
    snprintf(needed, sizeof needed, "%.1f MB", 64 * 4e4 * 5e4 * 4 / 1e6);
    snprintf(there, sizeof there, "%.1f MB",
             (double)pb_device_describe(device)->global_memory_bytes / 1e6);
    FAILS(PB_ERR_DEVICE, needed, pb_plan_create(device, g, &plan));
    FAILS(PB_ERR_DEVICE, there, pb_plan_create(device, g, &plan));
    ck_assert_ptr_null(plan);
    pb_graph_free(&g);
}
END_TEST

/* Every program and launch is in the text and in the JSON. */
START_TEST(plans_in_print)
{
    pb_value leaves[4];
    pb_graph *g = small_graph(leaves);
    pb_plan *plan;
    char *text = NULL;
    size_t length;
    OK(ctx, pb_plan_create(device, g, &plan));
    FILE *out = open_memstream(&text, &length);
    OK(ctx, pb_plan_print(plan, out));
    fclose(out);
    ck_assert_msg(strstr(text, "program add: 3 values in 1 kernels in 1 launches"), "%s", text);
    ck_assert_msg(strstr(text, "program multiply: "), "%s", text);
    ck_assert_msg(strstr(text, pb_device_describe(device)->name), "%s", text);
    free(text);

    char *json = pb_plan_json(plan);
    json_t *root = json_loads(json, 0, NULL);
    ck_assert_ptr_nonnull(root);
    const json_t *programs = json_object_get(root, "programs");
    double flops = 0;
    for (size_t i = 0; i < json_array_size(programs); ++i) {
        const json_t *program = json_array_get(programs, i);
        const json_t *launches = json_object_get(program, "launches");
        const bool multiplies =
            strcmp(json_string_value(json_object_get(program, "name")), "multiply") == 0;
        for (size_t k = 0; multiplies && k < json_array_size(launches); ++k)
            flops += json_real_value(json_object_get(json_array_get(launches, k), "flops"));
    }
    ck_assert_double_ge(flops, 2 * 4 * 4 * 3);
    json_decref(root);
    free(json);
    ck_assert_msg(strstr(pb_plan_source(plan), "kernel"), "no kernels in the source");
    ck_assert_uint_ge(pb_plan_memory_bytes(plan), (12 + 4 + 16) * sizeof(float));
    pb_plan_free(&plan);
    pb_graph_free(&g);
}
END_TEST

/* Random starts depend on seed and name only, and are what Philox says. */
START_TEST(leaves_start)
{
    pb_graph *g = pb_graph_create(ctx);
    const pb_value uniform = pb_param(g, "w", PB_SHAPE(100), 0.5f);
    const pb_value normal =
        pb_leaf(g, PB_ROLE_PARAM, "n", PB_F32, PB_SHAPE(4001), (pb_init){PB_INIT_NORMAL, 3, 2});
    const pb_value count =
        pb_leaf(g, PB_ROLE_STATE, "c", PB_I32, PB_SCALAR, (pb_init){PB_INIT_CONSTANT, 7, 0});
    const pb_value assigns[] = {pb_assign(g, uniform, pb_scale(g, uniform, 2)),
                                pb_assign(g, normal, pb_neg(g, normal)),
                                pb_assign(g, count, pb_add(g, count, count))};
    OK(ctx, pb_program(g, "step", 3, assigns));
    float w[2][100], n[4001];
    int32_t c;
    for (int round = 0; round < 2; ++round) {
        pb_plan *plan;
        OK(ctx, pb_plan_create(device, g, &plan));
        if (round) OK(ctx, pb_plan_run(plan, "step", 1));
        OK(ctx, pb_plan_init(plan, 42));
        OK(ctx, pb_plan_read(plan, uniform, w[round], sizeof w[round]));
        OK(ctx, pb_plan_read(plan, normal, n, sizeof n));
        OK(ctx, pb_plan_read(plan, count, &c, sizeof c));
        ck_assert_int_eq(c, 7);
        OK(ctx, pb_plan_init(plan, 43));
        float other[100];
        OK(ctx, pb_plan_read(plan, uniform, other, sizeof other));
        ck_assert_int_ne(memcmp(other, w[round], sizeof other), 0);
        pb_plan_free(&plan);
    }
    ck_assert_int_eq(memcmp(w[0], w[1], sizeof w[0]), 0);
    const pb_stream stream = pb_stream_make(42, "w", 0);
    for (size_t i = 0; i < 100; ++i) {
        ck_assert(w[0][i] >= -0.5f && w[0][i] < 0.5f);
        ck_assert_double_eq_tol(w[0][i], pb_stream_uniform(stream, i) - 0.5, 1e-7);
    }
    double mean = 0, square = 0;
    for (int i = 0; i < 4001; ++i) mean += n[i] / 4001.0;
    for (int i = 0; i < 4001; ++i) square += (n[i] - mean) * (n[i] - mean) / 4001;
    ck_assert_double_eq_tol(mean, 3, 0.15);
    ck_assert_double_eq_tol(sqrt(square), 2, 0.1);
    pb_graph_free(&g);
}
END_TEST

static int count_of(const char *text, const char *words)
{
    int count = 0;
    while ((text = strstr(text, words))) ++count, ++text;
    return count;
}

/* What each row takes of the next one is there already: it is not drawn again for that. */
START_TEST(rows_are_drawn_once)
{
    enum { ROWS = 6, EACH = 8 };
    pb_graph *g = pb_graph_create(ctx);
    const pb_init seven = {PB_INIT_CONSTANT, 7, 0};
    const pb_draw draws = {.key = pb_leaf(g, PB_ROLE_STATE, "key", PB_I32, PB_SCALAR, seven),
                           .epoch = pb_leaf(g, PB_ROLE_STATE, "epoch", PB_I32, PB_SCALAR, seven),
                           .sample = pb_iota(g, PB_SHAPE(ROWS), 0)};
    const int32_t next[ROWS] = {1, 2, 3, 4, 5, 0};
    const pb_value target = state(g, "target", PB_SHAPE(ROWS, 2, EACH / 2));
    const pb_value index = pb_leaf(g, PB_ROLE_INPUT, "next", PB_I32, PB_SHAPE(ROWS),
                                   (pb_init){PB_INIT_CONSTANT, 0, 0});
    const pb_value drawn = pb_random_normal(g, &draws, PB_SHAPE(ROWS, 1, 2, EACH / 2), "noise");
    const pb_value rows = pb_reshape(g, drawn, PB_SHAPE(ROWS, 2, EACH / 2));
    const pb_value assign = pb_assign(g, target, pb_sub(g, rows, pb_gather(g, rows, index)));
    OK(ctx, pb_program(g, "step", 1, &assign));
    pb_plan *plan;
    float got[ROWS * EACH];
    OK(ctx, pb_plan_create(device, g, &plan));
    OK(ctx, pb_plan_init(plan, 0));
    OK(ctx, pb_plan_write(plan, index, next, sizeof next));
    OK(ctx, pb_plan_run(plan, "step", 1));
    OK(ctx, pb_plan_read(plan, target, got, sizeof got));
    const pb_stream stream = pb_stream_make(7, "noise", 7);
    for (size_t i = 0; i < ROWS * EACH; ++i) {
        const float other = pb_stream_normal(stream, (i + EACH) % (ROWS * EACH));
        ck_assert_double_eq_tol(got[i], pb_stream_normal(stream, i) - other, 1e-5);
    }
    ck_assert_int_eq(count_of(pb_plan_source(plan), "(philox_normal("), 1);
    pb_plan_free(&plan);
    pb_graph_free(&g);
}
END_TEST

int main(void)
{
    if (!may_run()) return 77;
    Suite *suite = suite_create("use of plans");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, wrong_use_of_a_plan);
    tcase_add_test(tests, wrong_graphs);
    tcase_add_test(tests, too_little_memory);
    tcase_add_test(tests, plans_in_print);
    tcase_add_test(tests, leaves_start);
    tcase_add_test(tests, rows_are_drawn_once);
    suite_add_tcase(suite, tests);
    return runs(srunner_create(suite));
}
