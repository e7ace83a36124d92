/* Benchmarks: what is timed is checked, and what is reckoned from times is right. */
#include <math.h>
#include <time.h>

#include "../train/tiny_run.h"
#include "base/json.h"
#include "bench/bench.h"
#include "bench/contender.h"
#include "bench/made_up.h"
#include "bench/op_rows.h"
#include "graph/op.h"

#define OK(ctx, call) ck_assert_msg((call) == PB_OK, "%s", pb_error(ctx))

static pb_context *ctx;

static void set_up(void)
{
    ctx = pb_context_create();
}

static void tear_down(void)
{
    pb_context_free(&ctx);
}

/* ---- times ---- */

START_TEST(times_are_summed_up_by_quantiles)
{
    double five[] = {5, 1, 4, 2, 3}, four[] = {10, 40, 20, 30}, one[] = {7};
    pb_timing t = pb_timing_of(five, 5); /* numpy.quantile([1..5], [0, .25, .5, .75]) */
    ck_assert_double_eq(t.least, 1);
    ck_assert_double_eq(t.quartile[0], 2);
    ck_assert_double_eq(t.median, 3);
    ck_assert_double_eq(t.quartile[1], 4);
    t = pb_timing_of(four, 4);
    ck_assert_double_eq(t.median, 25);
    ck_assert_double_eq(t.quartile[0], 17.5);
    ck_assert_double_eq(t.quartile[1], 32.5);
    t = pb_timing_of(one, 1);
    ck_assert_double_eq(t.median, 7);
    ck_assert_double_eq(t.quartile[1], 7);
}
END_TEST

static pb_status sleep_for(void *what, int times)
{
    int *runs = what;
    *runs += times;
    const struct timespec pause = {0, 2000000L * times % 1000000000L};
    nanosleep(&pause, NULL);
    return PB_OK;
}

START_TEST(a_run_of_known_length_is_timed)
{
    int runs = 0, stop = 1;
    pb_bench_options options = {0};
    const pb_bench b = {.ctx = ctx, .options = &options, .repetitions = 5};
    pb_timing t;
    OK(ctx, pb_timing_measure(&b, sleep_for, &runs, &t));
    ck_assert_msg(t.least >= 0.002 && t.least < 0.02, "%g s", t.least);
    ck_assert_int_ge(runs, 1 + 1); /* found their length, then ran five times as long or longer */
    ck_assert_int_le(runs, 1 + 1 + 2 + 4 + 8 + 5 * 8); /* 8 of them last 10 ms in any case */
    ck_assert_int_eq(t.count, 5);
    const pb_bench hurried = {
        .ctx = ctx, .options = &options, .repetitions = 500, .limit_seconds = 0.1};
    OK(ctx, pb_timing_measure(&hurried, sleep_for, &runs, &t));
    ck_assert_int_ge(t.count, 1);
    ck_assert_int_le(t.count, 10); /* blocks of 10 ms or more */
    options.stop = &stop;
    ck_assert_int_eq(pb_timing_measure(&b, sleep_for, &runs, &t), PB_INTERRUPTED);
}
END_TEST

START_TEST(rows_tell_speeds_the_right_way_round)
{
    const pb_timing t = {.median = 0.5, .quartile = {0.25, 1}, .least = 0.2};
    json_t *speed = pb_bench_row("copy", "GB/s", true, 8, &t);
    json_t *time = pb_bench_row("wait", "us", false, 1e6, &t);
    const json_t *spread = json_object_get(speed, "spread");
    ck_assert_double_eq(json_number_value(json_object_get(speed, "value")), 16);
    ck_assert_double_eq(json_number_value(json_array_get(spread, 0)), 8);
    ck_assert_double_eq(json_number_value(json_object_get(speed, "best")), 40);
    ck_assert_double_eq(json_number_value(json_array_get(spread, 1)), 32);
    ck_assert_str_eq(json_string_value(json_object_get(speed, "better")), "higher");
    ck_assert_double_eq(json_number_value(json_object_get(time, "value")), 5e5);
    ck_assert_str_eq(json_string_value(json_object_get(time, "better")), "lower");
    json_decref(speed);
    json_decref(time);
    const pb_ceilings ceilings = {.flops_per_second = 100, .bytes_per_second = 10};
    ck_assert_double_eq(pb_ceilings_seconds(&ceilings, 300, 20), 3); /* bound by arithmetic */
    ck_assert_double_eq(pb_ceilings_seconds(&ceilings, 300, 50), 5); /* bound by memory     */
}
END_TEST

/* ---- operations ---- */

/* One small op of each kind, odd in every extent. */
static const pb_bench_op small[] = {
    {"product", &pb_kind_product, {1, 3, 5, 7, 0, 0}},
    {"product At", &pb_kind_product, {1, 3, 5, 7, 1, 0}},
    {"product Bt", &pb_kind_product, {1, 3, 5, 7, 0, 1}},
    {"products", &pb_kind_product, {2, 3, 5, 7, 1, 1}},
    {"conv", &pb_kind_conv, {2, 3, 5, 7, 4, 3, 3, 1}},
    {"conv 1", &pb_kind_conv, {2, 3, 1, 9, 4, 1, 5, 1}},
    {"conv dx", &pb_kind_conv_dx, {2, 3, 5, 7, 4, 3, 3, 1}},
    {"conv dw", &pb_kind_conv_dw, {2, 3, 5, 7, 4, 3, 3, 1}},
    {"dct", &pb_kind_dct, {3, 7, 4}},
    {"relu", &pb_kind_relu, {11}},
    {"add", &pb_kind_add, {11}},
    {"exp", &pb_kind_exp, {11}},
    {"sum of rows", &pb_kind_sum_rows, {3, 5}},
    {"sum of columns", &pb_kind_sum_columns, {3, 5}},
    {"largest of rows", &pb_kind_max_rows, {3, 5}},
    {"sum", &pb_kind_sum_all, {3, 5}},
    {"transpose", &pb_kind_transpose, {3, 5}},
    {"wavedec2", &pb_kind_wavedec2, {3, 7, 2}},
    {"strided conv", &pb_kind_conv, {2, 3, 5, 7, 4, 3, 3, 2}},
    {"strided conv dx", &pb_kind_conv_dx, {2, 3, 5, 8, 4, 3, 3, 2}},
    {"strided conv dw", &pb_kind_conv_dw, {2, 3, 5, 7, 4, 1, 5, 3}},
};
enum { SMALL = sizeof small / sizeof *small };

/* The value that a program assigns first. */
static pb_value assigned(const pb_graph *g, int program)
{
    const pb_program_list *list = pb_graph_programs(g);
    return pb_record_of(g, list->program[program].assigns[0])->in[1];
}

/* What rows are compared with says the same as the reference of the ops. */
START_TEST(every_kind_is_checked_by_its_definition)
{
    for (int i = 0; i < SMALL; i++) {
        const pb_bench_op *op = &small[i];
        pb_graph *g;
        pb_value leaves[PB_BENCH_LEAVES], result;
        float *in[PB_BENCH_LEAVES] = {0};
        double *wide[PB_BENCH_LEAVES] = {0}, *want;
        int count = 0;
        OK(ctx, pb_bench_op_graph(ctx, op, &g, leaves, &result));
        for (; count < PB_BENCH_LEAVES && leaves[count] != PB_NONE; count++) {
            const size_t n = pb_shape_count(pb_value_shape(g, leaves[count]));
            in[count] = malloc(n * sizeof(float));
            wide[count] = malloc(n * sizeof(double));
            for (size_t k = 0; k < n; k++)
                wide[count][k] = in[count][k] = sinf(1.7f * (float)k + (float)count);
        }
        const pb_value value = assigned(g, 0);
        OK(ctx, pb_reference(g, count, leaves, (const double *const *)wide, 1, &value, &want));
        const size_t n = pb_shape_count(pb_value_shape(g, result));
        for (size_t k = 0; k < n; k++) {
            const pb_element e = op->kind->element(op->n, (const float *const *)in, k);
            ck_assert_msg(fabs(e.value - want[k]) < 1e-6, "%s, element %zu: %g, not %g", op->name,
                          k, e.value, want[k]);
            ck_assert_double_ge(e.scale, fabs(e.value) - 1e-12);
        }
        free(want);
        for (int k = 0; k < count; k++) free(in[k]), free(wide[k]);
        pb_graph_free(&g);
    }
}
END_TEST

START_TEST(the_table_is_whole)
{
    static const char *const wanted[] = {
        "product 128x256x256",    "product 128x128x2048",    "product 128x10x256",
        "product 2048x128x128",   "product 32x48x16384",     "product 512x512x512",
        "product 1024x1024x1024", "product 2048x2048x2048",  "product 128x128x2048 Bt",
        "product 128x2048x128",   "product 128x2048x128 At", "dct2 10000x28x28 keep 16"};
    int count;
    const pb_bench_op *ops = pb_bench_op_rows(&count);
    for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++) {
        int found = 0;
        for (int i = 0; i < count; i++) found += strcmp(ops[i].name, wanted[k]) == 0;
        ck_assert_msg(found == 1, "%s stands in the table %d times", wanted[k], found);
    }
    for (int i = 0; i < count; i++)
        for (int k = 0; k < i; k++) ck_assert_str_ne(ops[i].name, ops[k].name);
}
END_TEST

/* ---- on a device ---- */

static double number_of(const json_t *row, const char *key)
{
    const json_t *number = json_object_get(row, key);
    ck_assert_msg(json_is_number(number), "%s is no number", key);
    return json_number_value(number);
}

static pb_element off_by_a_little(const int n[], const float *const in[], size_t index)
{
    pb_element e = pb_kind_product.element(n, in, index);
    e.value += 1e-3 * e.scale;
    return e;
}

START_TEST(an_op_is_timed_when_it_is_right)
{
    const pb_bench_options options = {0};
    pb_bench b = {.ctx = ctx,
                  .options = &options,
                  .repetitions = 3,
                  .ceilings = {1e9, 1e9},
                  .rows = json_array()};
    OK(ctx, pb_device_open(ctx, NULL, &b.device));
    for (int i = 0; i < 4; i++) OK(ctx, pb_bench_measure_op(&b, &small[3 * i]));
    for (size_t i = 0; i < 4; i++) {
        const json_t *row = json_array_get(b.rows, i);
        const double seconds = 1e-3 * number_of(row, "value");
        ck_assert_double_gt(seconds, 0);
        ck_assert_double_lt(number_of(row, "error"), 1e-5);
        ck_assert_double_eq_tol(number_of(row, "gflops_per_second"),
                                1e-9 * number_of(row, "flops") / seconds, 1e-9);
        const double most = fmax(number_of(row, "flops"), number_of(row, "bytes"));
        ck_assert_double_eq_tol(number_of(row, "share"), most / 1e9 / seconds, 1e-6);
    }
    const json_t *product = json_array_get(b.rows, 0);
    ck_assert_double_eq(number_of(product, "flops"), 2 * 3 * 5 * 7);
    ck_assert_double_eq(number_of(product, "bytes"), 4 * (3 * 7 + 7 * 5 + 3 * 5));
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(b.rows, 3), "solver")),
                     "generated");

    /* a result that is wrong is no figure but a sentence */
    pb_op_kind wrong = pb_kind_product;
    wrong.element = off_by_a_little;
    const pb_bench_op op = {"wrong", &wrong, {1, 3, 5, 7, 0, 0}};
    const pb_status status = pb_bench_measure_op(&b, &op);
    ck_assert_int_eq(status, PB_ERR_RUN);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "element 0 is "));
    OK(ctx, pb_bench_forgive(&b, "wrong", status));
    ck_assert_ptr_nonnull(json_object_get(json_array_get(b.rows, 4), "problem"));

    /* 284 bytes at 200 a second; then 1e7 times as long as the ceilings allow, as others of the
     * kind */
    b.limit_seconds = 1;
    b.ceilings.flops_per_second = b.ceilings.bytes_per_second = 200;
    OK(ctx, pb_bench_measure_op(&b, &small[0]));
    const json_t *left_out = json_array_get(b.rows, 5);
    ck_assert_ptr_null(json_object_get(left_out, "value"));
    ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(left_out, "note")),
                                 "left out: a run takes about 1.4 s, and a row has 1 s"));
    b.ceilings.flops_per_second = b.ceilings.bytes_per_second = 1e9;
    json_t *before = json_pack("{s:s, s:f}", "name", "product 512x512x512", "share", 1e-7);
    json_array_append_new(b.rows, before);
    OK(ctx, pb_bench_measure_op(&b, &small[0]));
    ck_assert_ptr_nonnull(json_object_get(json_array_get(b.rows, 7), "note"));
    OK(ctx, pb_bench_measure_op(&b, &small[9])); /* of another kind */
    ck_assert_ptr_nonnull(json_object_get(json_array_get(b.rows, 8), "value"));
    json_decref(b.rows);
    pb_device_close(&b.device);
}
END_TEST

START_TEST(a_step_is_timed_when_it_learns)
{
    scratch s;
    scratch_open(&s);
    tiny_data(ctx, &s);
    char yaml[2048], path[600], data[600];
    snprintf(yaml, sizeof yaml, tiny_yaml, s.folder);
    scratch_put(&s, "tiny.yaml", yaml, strlen(yaml));
    snprintf(path, sizeof path, "%s", scratch_path(&s, "tiny.yaml"));
    snprintf(data, sizeof data, "data.path=%s", s.folder);
    const char *const configs[] = {path};
    const char *const overrides[] = {data};
    const pb_bench_options options = {.repetitions = 2,
                                      .config_count = 1,
                                      .configs = configs,
                                      .override_count = 1,
                                      .overrides = overrides};
    char *text = NULL;
    OK(ctx, pb_bench_run(ctx, PB_BENCH_TRAIN, &options, &text));
    ck_assert_int_eq(pb_bench_problems(ctx, text), 0);
    json_t *json = json_loads(text, 0, NULL);
    const json_t *result = json_array_get(json_object_get(json, "results"), 0);
    const json_t *row = json_array_get(json_object_get(result, "rows"), 0);
    const json_t *stages = json_object_get(row, "stages");
    ck_assert_str_eq(json_string_value(json_object_get(row, "name")), "tiny");
    ck_assert_double_gt(number_of(json_object_get(result, "ceilings"), "flops_per_second"), 1e8);
    ck_assert_double_gt(number_of(json_object_get(result, "ceilings"), "bytes_per_second"), 1e8);
    ck_assert_double_eq_tol(number_of(row, "value") * number_of(row, "step_seconds"), 1, 1e-6);
    ck_assert_double_eq(number_of(row, "steps_per_epoch"), 7);
    ck_assert_double_gt(number_of(row, "ratio_to_floor"), 1);
    ck_assert_double_gt(number_of(row, "test_accuracy"), 0.6);
    double share = 0, floor = 0;
    int convolutions = 0;
    for (size_t i = 0; i < json_array_size(stages); i++) {
        const json_t *stage = json_array_get(stages, i);
        share += number_of(stage, "share");
        floor += number_of(stage, "floor_seconds");
        convolutions += strcmp(json_string_value(json_object_get(stage, "name")), "conv1d_1") == 0;
    }
    ck_assert_double_eq_tol(share, 1, 1e-6);
    ck_assert_double_eq_tol(floor, number_of(row, "floor_seconds"), 1e-9);
    ck_assert_int_eq(convolutions, 1);
    json_decref(json);
    free(text);

    pb_contender c;
    const char *const still[] = {data, "stages.adam.lr=0", "stages.sgd.lr=0"};
    OK(ctx, pb_contender_open(ctx, path, 3, still, NULL, false, NULL, &c));
    ck_assert_int_eq(pb_contender_check(&c, 2), PB_ERR_RUN);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "tiny does not learn: loss "));
    pb_contender_close(&c);
    scratch_close(&s);
}
END_TEST

START_TEST(made_up_images_are_a_data_set)
{
    pb_made_up m;
    pb_dataset *d;
    OK(ctx, pb_made_up_create(ctx, &m));
    const pb_dataset_options options = {.name = "npy", .path = m.folder};
    OK(ctx, pb_dataset_load(ctx, &options, &d));
    ck_assert_int_eq(d->train.count, 60000);
    ck_assert_int_eq(d->test.count, 10000);
    ck_assert_int_eq(d->classes, 10);
    ck_assert_int_eq(d->sample_shape.dim[0], 28);
    ck_assert_int_eq(d->sample_shape.dim[1], 28);
    pb_dataset_free(&d);
    char folder[600];
    snprintf(folder, sizeof folder, "%s", m.folder);
    pb_made_up_remove(&m);
    ck_assert_int_ne(access(folder, F_OK), 0);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("bench");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, times_are_summed_up_by_quantiles);
    tcase_add_test(tests, a_run_of_known_length_is_timed);
    tcase_add_test(tests, rows_tell_speeds_the_right_way_round);
    tcase_add_test(tests, every_kind_is_checked_by_its_definition);
    tcase_add_test(tests, the_table_is_whole);
    tcase_add_test(tests, an_op_is_timed_when_it_is_right);
    tcase_add_test(tests, a_step_is_timed_when_it_learns);
    tcase_add_test(tests, made_up_images_are_a_data_set);
    return run_case("bench", tests);
}
