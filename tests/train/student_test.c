/* Student's t test against SciPy's. */
#include "../base/scratch.h"
#include "sweep_fixture.h"
#include "train/student.h"

static void near_to(double got, double expected, const char *what)
{
    ck_assert_msg(fabs(got - expected) <= 1e-10 * fabs(expected) + 1e-300,
                  "%s: %.15g, SciPy says %.15g", what, got, expected);
}

START_TEST(numbers_are_as_scipys)
{
    FILE *file = open_fixture("sweep_student.txt");
    char what[16];
    int lines = 0;
    double n[32];
    for (; fscanf(file, "%15s", what) == 1; lines++) {
        if (strcmp(what, "beta") == 0) {
            read_numbers(file, 4, n);
            near_to(pb_incomplete_beta(n[0], n[1], n[2]), n[3], what);
        } else if (strcmp(what, "student") == 0) {
            read_numbers(file, 3, n);
            near_to(pb_student_p(n[0], n[1]), n[2], what);
        } else {
            int count;
            ck_assert_int_eq(fscanf(file, "%d", &count), 1);
            read_numbers(file, 2 * count + 4, n);
            const pb_paired_test t = pb_test_pairs(n, n + count, count);
            const double *expected = n + 2 * count;
            near_to(t.t, expected[0], "t");
            near_to(t.p, expected[1], "p");
            ck_assert_double_eq_tol(t.low, expected[2], 1e-10);
            ck_assert_double_eq_tol(t.high, expected[3], 1e-10);
        }
    }
    ck_assert_int_eq(lines, 128);
    fclose(file);
}
END_TEST

START_TEST(ends_are_told_apart)
{
    const double a[] = {1, 2, 3}, b[] = {2, 3, 4};
    pb_paired_test t = pb_test_pairs(a, a, 3);
    ck_assert_double_eq(t.t, 0);
    ck_assert_double_eq_tol(t.p, 1, 1e-12); /* equal arms differ by nothing */
    t = pb_test_pairs(a, b, 3);
    ck_assert_double_eq(t.mean, 1);
    ck_assert_double_eq(t.p, 0); /* every pair differs by exactly 1 */
    t = pb_test_pairs(a, b, 1);
    ck_assert_double_eq(t.mean, 1);
    ck_assert(isnan(t.p) && isnan(t.low));
    ck_assert_double_eq(pb_incomplete_beta(0, 2, 3), 0);
    ck_assert_double_eq(pb_incomplete_beta(1, 2, 3), 1);
    ck_assert(isnan(pb_student_p(1, 0)));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("student");
    tcase_add_test(tcase, numbers_are_as_scipys);
    tcase_add_test(tcase, ends_are_told_apart);
    return run_case("student", tcase);
}
