/* Values that no cache keeps, which are stored past the caches, read by blocks or summed in order;
 * and what exp makes of the ends of its range. Compared with loops on the host, which assert only
 * what is wrong: Check notes each assertion in a file. */
#include <float.h>
#include <string.h>

#include "device_check.h"

enum { ROWS = 2112, COLUMNS = 4800, COUNT = ROWS * COLUMNS }; /* 40 MB */

static pb_context *ctx;
static pb_device *device;
static pb_graph *g;

static void set_up(void)
{
    open_device(&ctx, &device);
    g = pb_graph_create(ctx);
}

static void tear_down(void)
{
    pb_graph_free(&g);
    close_device(&ctx, &device);
}

static float number_at(size_t i)
{
    return (float)((i * 2654435761u >> 7) % 20011) / 10007.0f - 1.0f;
}

static float *numbers(size_t count)
{
    float *x = malloc(count * sizeof *x);
    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < count; ++i) x[i] = number_at(i);
    return x;
}

static pb_value leaf(const char *name, pb_shape shape)
{
    return pb_leaf(g, PB_ROLE_STATE, name, PB_F32, shape, (pb_init){.kind = PB_INIT_CONSTANT});
}

/* Runs the assignments once with the kernels for a CPU, from x in the leaf `in`. */
static pb_plan *run(int count, const pb_value assigns[], pb_value in, const float *x, size_t n)
{
    pb_plan *plan;
    OK(ctx, pb_program(g, "p", count, assigns));
    OK(ctx, pb_plan_create_as(device, g, true, &plan));
    OK(ctx, pb_plan_init(plan, 0));
    OK(ctx, pb_plan_write(plan, in, x, n * sizeof *x));
    OK(ctx, pb_plan_run(plan, "p", 1));
    return plan;
}

static float *read_back(pb_plan *plan, pb_value from, size_t count)
{
    float *y = malloc(count * sizeof *y);
    ck_assert_ptr_nonnull(y);
    OK(ctx, pb_plan_read(plan, from, y, count * sizeof *y));
    return y;
}

static int count_of(const char *text, const char *words)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, words)); ++at) ++count;
    return count;
}

START_TEST(maps_store_past_the_caches)
{
    const pb_shape shape = PB_SHAPE(ROWS, COLUMNS);
    const pb_value a = leaf("a", shape), y = leaf("y", shape);
    const pb_value twice = pb_scale(g, pb_relu(g, a), 2);
    const pb_value assigns[] = {pb_assign(g, y, twice), pb_assign(g, a, pb_sub(g, a, twice))};
    float *x = numbers(COUNT);
    pb_plan *plan = run(2, assigns, a, x, COUNT);
    ck_assert_int_ge(count_of(pb_plan_source(plan), "STREAM(vload16"), 2);
    float *got = read_back(plan, y, COUNT), *rest = read_back(plan, a, COUNT);
    for (size_t i = 0; i < COUNT; ++i) {
        const float want = x[i] > 0 ? 2 * x[i] : 0;
        if (got[i] != want || rest[i] != x[i] - want)
            ck_abort_msg("%zu: %g and %g of %g", i, got[i], rest[i], x[i]);
    }
    free(x);
    free(got);
    free(rest);
    pb_plan_free(&plan);
}
END_TEST

/* Whole vectors in a row of the result, and none. */
START_TEST(transposes_read_by_blocks)
{
    static const int rows[] = {ROWS, ROWS + 5};
    const int m = rows[_i];
    const size_t count = (size_t)m * COLUMNS;
    const pb_value a = leaf("a", PB_SHAPE(m, COLUMNS)), y = leaf("y", PB_SHAPE(COLUMNS, m));
    const pb_value assign = pb_assign(g, y, pb_transpose(g, a));
    float *x = numbers(count);
    pb_plan *plan = run(1, &assign, a, x, count);
    ck_assert_int_eq(count_of(pb_plan_source(plan), "STREAM(vload16") > 0, m % 16 == 0);
    ck_assert_int_gt(count_of(pb_plan_source(plan), "b_begin"), 0);
    float *got = read_back(plan, y, count);
    for (int j = 0; j < COLUMNS; ++j)
        for (int i = 0; i < m; ++i)
            if (got[(size_t)j * m + i] != x[(size_t)i * COLUMNS + j])
                ck_abort_msg("row %d, column %d", j, i);
    free(x);
    free(got);
    pb_plan_free(&plan);
}
END_TEST

/* Rows that are read several at a time, the last ones of a work-item fewer: sums with a factor that
 * is read beside them, into a leaf that has a sum already, and maxima; then all of them. */
START_TEST(rows_add_up)
{
    enum { MANY = 2051, WIDE = 4112 };
    pretend_units(device, 4); /* rows are many for each work-item */
    const size_t count = (size_t)MANY * WIDE;
    const pb_value a = leaf("a", PB_SHAPE(MANY, WIDE)), rows = leaf("rows", PB_SHAPE(MANY));
    const pb_value most = leaf("most", PB_SHAPE(MANY)), all = leaf("all", PB_SCALAR);
    const pb_value sum = pb_sum(g, a, 1, false);
    const pb_value assigns[] = {pb_assign(g, rows, pb_add(g, rows, pb_scale(g, sum, 0.5f))),
                                pb_assign(g, most, pb_max(g, a, 1, false)),
                                pb_assign(g, all, pb_sum_all(g, a))};
    float *x = numbers(count);
    pb_plan *plan = run(3, assigns, a, x, count);
    ck_assert_int_gt(count_of(pb_plan_source(plan), "p + k * part"), 0);
    ck_assert_int_gt(count_of(pb_plan_source(plan), "PREFETCH(a"), 0);
    OK(ctx, pb_plan_run(plan, "p", 1));
    float *got = read_back(plan, rows, MANY), *largest = read_back(plan, most, MANY);
    float *whole = read_back(plan, all, 1);
    double total = 0;
    for (size_t i = 0; i < MANY; ++i) {
        double want = 0;
        float best = x[i * WIDE];
        for (size_t j = 0; j < WIDE; ++j) {
            want += x[i * WIDE + j];
            if (x[i * WIDE + j] > best) best = x[i * WIDE + j];
        }
        total += want;
        if (!(fabs(got[i] - want) <= 1e-3) || largest[i] != best)
            ck_abort_msg("row %zu: %g and %g, not %g and %g", i, got[i], largest[i], want, best);
    }
    ck_assert_double_eq_tol(whole[0], total, 1e-1);
    free(x);
    free(got);
    free(largest);
    free(whole);
    pb_plan_free(&plan);
}
END_TEST

START_TEST(tall_columns_add_up)
{
    enum { TALL = 9001, WIDE = 1040 };
    const size_t count = (size_t)TALL * WIDE;
    const pb_value a = leaf("a", PB_SHAPE(TALL, WIDE)), y = leaf("y", PB_SHAPE(1, WIDE));
    const pb_value assign = pb_assign(g, y, pb_sum(g, a, 0, true));
    float *x = numbers(count);
    double *want = calloc(WIDE, sizeof *want);
    for (size_t i = 0; i < count; ++i) want[i % WIDE] += x[i];
    pb_plan *plan = run(1, &assign, a, x, count);
    float *got = read_back(plan, y, WIDE);
    /* float32 sums of thousands of numbers up to 1 */
    for (int j = 0; j < WIDE; ++j) ck_assert_double_eq_tol(got[j], want[j], 1e-2);
    free(x);
    free(want);
    free(got);
    pb_plan_free(&plan);
}
END_TEST

START_TEST(exp_holds_at_the_ends_of_its_range)
{
    enum { N = 4099 };
    static const float special[] = {0,         -0.0f,    INFINITY, -INFINITY, NAN,
                                    88.72283f, 88.7229f, 1e30f,    -1e30f,    -87.3f,
                                    -87.4f,    -103.9f,  -104.1f,  1e-8f};
    enum { SPECIAL = sizeof special / sizeof *special };
    float x[N];
    for (int i = 0; i < N; ++i)
        x[i] = i < SPECIAL ? special[i] : -105.0f + 194.0f * (float)i / (float)N;
    const pb_value a = leaf("a", PB_SHAPE(N)), y = leaf("y", PB_SHAPE(N));
    const pb_value assign = pb_assign(g, y, pb_exp(g, a));
    pb_plan *plan = run(1, &assign, a, x, N);
    float *got = read_back(plan, y, N);
    for (int i = 0; i < N; ++i) {
        const double want = exp((double)x[i]);
        if (isnan(x[i]))
            ck_assert_msg(isnan(got[i]), "exp of NaN is %g", got[i]);
        else if (want > FLT_MAX)
            ck_assert_msg(isinf(got[i]) && got[i] > 0, "exp(%.9g) is %g", x[i], got[i]);
        else /* what is below the normal numbers may be flushed to zero */
            ck_assert_msg(fabs(got[i] - want) <= 3e-7 * want + FLT_MIN * (want < FLT_MIN),
                          "exp(%.9g) is %.9g, not %.9g", x[i], got[i], want);
    }
    free(got);
    pb_plan_free(&plan);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("large values");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, maps_store_past_the_caches);
    tcase_add_loop_test(tests, transposes_read_by_blocks, 0, 2);
    tcase_add_test(tests, rows_add_up);
    tcase_add_test(tests, tall_columns_add_up);
    tcase_add_test(tests, exp_holds_at_the_ends_of_its_range);
    suite_add_tcase(suite, tests);
    return runs(srunner_create(suite));
}
