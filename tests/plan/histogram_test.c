/* A histogram of so many rows and bins that comparing every number with every bin would pass what
 * an int can count. */
#include "device_fixture.h"

enum { ROWS = 2800, COLUMNS = 800, BINS = 1000 };

static int number_at(int row, int column)
{
    return (int)(((unsigned)row * 2654435761u + (unsigned)column * 40503u) >> 11) % (BINS + 8) - 4;
}

START_TEST(test_many_rows)
{
    pb_plan *plan;
    ck_assert((int64_t)ROWS * COLUMNS * BINS > INT32_MAX);
    pb_graph *g = pb_graph_create(ctx);
    const pb_value a =
        pb_leaf(g, PB_ROLE_INPUT, "a", PB_I32, PB_SHAPE(ROWS, COLUMNS), (pb_init){0});
    const pb_value y = state(g, "y", PB_SHAPE(ROWS, BINS));
    const pb_value assign = pb_assign(g, y, pb_histogram(g, a, BINS));
    OK(ctx, pb_program(g, "count", 1, &assign));
    OK(ctx, pb_plan_create(device, g, &plan));

    int32_t *numbers = malloc(sizeof *numbers * ROWS * COLUMNS);
    float *want = calloc((size_t)ROWS * BINS, sizeof *want),
          *got = malloc(sizeof *got * ROWS * BINS);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++) {
            const int n = numbers[i * COLUMNS + j] = number_at(i, j);
            if (n >= 0 && n < BINS) want[i * BINS + n]++;
        }
    OK(ctx, pb_plan_init(plan, 0));
    OK(ctx, pb_plan_write(plan, a, numbers, sizeof *numbers * ROWS * COLUMNS));
    OK(ctx, pb_plan_run(plan, "count", 1));
    OK(ctx, pb_plan_read(plan, y, got, sizeof *got * ROWS * BINS));
    for (int i = 0; i < ROWS * BINS; i++)
        ck_assert_msg(got[i] == want[i], "row %d has %g times %d, not %g", i / BINS, got[i],
                      i % BINS, want[i]);
    free(numbers);
    free(want);
    free(got);
    pb_plan_free(&plan);
    pb_graph_free(&g);
}
END_TEST

int main(void)
{
    if (!may_run()) return 77;
    Suite *suite = suite_create("histogram");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, test_many_rows);
    suite_add_tcase(suite, all);
    return runs(srunner_create(suite));
}
