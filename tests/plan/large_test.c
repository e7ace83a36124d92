/* What no cache keeps is read and stored in other ways, whose results are the definitions': shapes
 * here are just too large for a cache, and divide by none of the blocks. */
#include "device_fixture.h"

enum { ROWS = 2051, COLUMNS = 4112 }; /* 33.7 MB */

static const double tolerance = 2e-6; /* of what is added up */

typedef struct large {
    pb_graph *g;
    pb_plan *plan;
    pb_value x, factor; /* [ROWS, COLUMNS], [ROWS] */
    float *data;        /* x                       */
    float factors[ROWS];
} large;

static void open_large(large *l)
{
    l->g = pb_graph_create(ctx);
    l->x = pb_param(l->g, "x", PB_SHAPE(ROWS, COLUMNS), 2.0f);
    l->factor = pb_param(l->g, "factor", PB_SHAPE(ROWS), 2.0f);
    l->data = malloc(sizeof(float) * ROWS * COLUMNS);
    ck_assert_ptr_nonnull(l->data);
}

static void run_large(large *l, int count, const pb_value assigns[])
{
    OK(ctx, pb_program(l->g, "step", count, assigns));
    OK(ctx, pb_plan_create(device, l->g, &l->plan));
    OK(ctx, pb_plan_init(l->plan, 3));
    OK(ctx, pb_plan_read(l->plan, l->x, l->data, sizeof(float) * ROWS * COLUMNS));
    OK(ctx, pb_plan_run(l->plan, "step", 1));
}

static void close_large(large *l)
{
    free(l->data);
    pb_plan_free(&l->plan);
    pb_graph_free(&l->g);
}

/* The worst of all elements is told. */
static void check(const char *what, int count, const float got[], const double wanted[],
                  const double scale[])
{
    int worst = 0;
    double most = 0;
    for (int i = 0; i < count; ++i) {
        const double error = fabs(got[i] - wanted[i]) / scale[i];
        if (error <= most) continue;
        most = error;
        worst = i;
    }
    ck_assert_msg(most <= tolerance, "%s %d is %.9g instead of %.9g", what, worst,
                  (double)got[worst], wanted[worst]);
}

/* Rows with a factor that is read beside the sum, columns, and all. */
START_TEST(large_reductions)
{
    static float rows[ROWS], most[ROWS], columns[COLUMNS], all;
    static double row[ROWS], row_scale[ROWS], largest[ROWS], column[COLUMNS], column_scale[COLUMNS];
    large l = {0};
    open_large(&l);
    pb_graph *g = l.g;
    const pb_value to[] = {state(g, "rows", PB_SHAPE(ROWS)), state(g, "most", PB_SHAPE(ROWS)),
                           state(g, "columns", PB_SHAPE(COLUMNS)), state(g, "all", PB_SCALAR)};
    const pb_value assigns[] = {
        pb_assign(g, to[0], pb_mul(g, pb_sum(g, l.x, 1, false), l.factor)),
        pb_assign(g, to[1], pb_max(g, l.x, 1, false)),
        pb_assign(g, to[2], pb_sum(g, pb_relu(g, l.x), 0, false)),
        pb_assign(g, to[3], pb_sum_all(g, l.x)),
    };
    run_large(&l, 4, assigns);
    OK(ctx, pb_plan_read(l.plan, l.factor, l.factors, sizeof l.factors));
    OK(ctx, pb_plan_read(l.plan, to[0], rows, sizeof rows));
    OK(ctx, pb_plan_read(l.plan, to[1], most, sizeof most));
    OK(ctx, pb_plan_read(l.plan, to[2], columns, sizeof columns));
    OK(ctx, pb_plan_read(l.plan, to[3], &all, sizeof all));
    double sum = 0, scale = 0;
    memset(column, 0, sizeof column);
    for (int r = 0; r < ROWS; ++r) {
        row[r] = row_scale[r] = 0;
        largest[r] = -2;
        for (int c = 0; c < COLUMNS; ++c) {
            const double x = l.data[r * COLUMNS + c];
            row[r] += x;
            row_scale[r] += fabs(x);
            if (x > largest[r]) largest[r] = x;
            if (x > 0) column[c] += x;
            column_scale[c] = column[c];
        }
        sum += row[r];
        scale += row_scale[r];
        row[r] *= (double)l.factors[r];
    }
    check("row", ROWS, rows, row, row_scale);
    check("maximum of row", ROWS, most, largest, row_scale);
    check("column", COLUMNS, columns, column, column_scale);
    check("sum", 1, &all, &sum, &scale);
    close_large(&l);
}
END_TEST

/* Each element, and a factor for each row. */
START_TEST(large_maps)
{
    large l = {0};
    open_large(&l);
    pb_graph *g = l.g;
    const pb_value to = state(g, "y", PB_SHAPE(ROWS, COLUMNS));
    const pb_value y = pb_add(
        g, pb_exp(g, l.x), pb_mul(g, pb_relu(g, l.x), pb_reshape(g, l.factor, PB_SHAPE(ROWS, 1))));
    const pb_value assign = pb_assign(g, to, y);
    run_large(&l, 1, &assign);
    float *got = malloc(sizeof(float) * ROWS * COLUMNS);
    ck_assert_ptr_nonnull(got);
    OK(ctx, pb_plan_read(l.plan, l.factor, l.factors, sizeof l.factors));
    OK(ctx, pb_plan_read(l.plan, to, got, sizeof(float) * ROWS * COLUMNS));
    int wrong = 0;
    for (int r = 0; r < ROWS; ++r)
        for (int c = 0; c < COLUMNS; ++c) {
            const double x = l.data[r * COLUMNS + c];
            const double wanted = exp(x) + fmax(x, 0) * (double)l.factors[r];
            wrong += !(fabs((double)got[r * COLUMNS + c] - wanted) <= tolerance * 8);
        }
    ck_assert_int_eq(wrong, 0);
    free(got);
    close_large(&l);
}
END_TEST

int main(void)
{
    if (!may_run()) return 77;
    Suite *suite = suite_create("large values");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, large_reductions);
    tcase_add_test(tests, large_maps);
    suite_add_tcase(suite, tests);
    return runs(srunner_create(suite));
}
