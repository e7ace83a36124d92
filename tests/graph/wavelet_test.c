/* Wavelet transforms several levels deep, and back, agree with PyWavelets:
 * fixtures/make_wavelets.py.
 *
 * wavelet_test -: compares with the cases that come by the standard input instead, numbers as
 * float64. */
#include <stdio.h>

#include <passband/wavelet.h>

#include "graph_check.h"

#define TOLERANCE 1e-5 /* of the largest number */

static FILE *cases;
static bool
    is_binary; /* numbers come as float64 behind the words of a case, which end with a newline */

static double *read_numbers(size_t count)
{
    double *numbers = malloc((count + 1) * sizeof *numbers);
    size_t read = 0;
    if (is_binary)
        read = fread(numbers, sizeof *numbers, count, cases);
    else
        while (read < count && fscanf(cases, "%lf", &numbers[read]) == 1) read++;
    ck_assert_uint_eq(read, count);
    return numbers;
}

static void compare(const char *what, const double *got, const double *want, size_t count)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(want[i]));
    for (size_t i = 0; i < count; i++)
        if (!(fabs(got[i] - want[i]) <=
              TOLERANCE * largest)) /* Check writes a file at every assertion */
            ck_abort_msg("%s: number %zu is %.9g, PyWavelets has %.9g", what, i, got[i], want[i]);
}

/* What `build` makes of a leaf with these numbers. */
static double *apply(pb_value build(pb_graph *g, pb_value x, const pb_pyramid *p),
                     const pb_pyramid *p, pb_shape shape, double *numbers)
{
    pb_context *ctx = pb_context_create();
    op_built b = {.g = pb_graph_create(ctx), .count = 1};
    b.leaves[0] = pb_input(b.g, "x", shape);
    b.data[0] = numbers;
    const pb_value y = build(b.g, b.leaves[0], p);
    OK(ctx, pb_graph_status(b.g));
    double *result = evaluate(&b, y);
    pb_graph_free(&b.g);
    pb_context_free(&ctx);
    return result;
}

/* False at the end. */
static bool check_case(pb_context *ctx)
{
    char name[16], mode[16], what[64];
    int level, axes, height, width, count;
    const pb_wavelet *wavelet;
    pb_pyramid p;
    const int fields = fscanf(cases, "%15s %15s %d %d %d %d %d", name, mode, &level, &axes, &height,
                              &width, &count);
    if (fields == EOF) return false;
    ck_assert_int_eq(fields, 7);
    if (is_binary) ck_assert_int_eq(getc(cases), '\n');
    const size_t points = (size_t)height * (size_t)width;
    double *x = read_numbers(points), *y = read_numbers((size_t)count),
           *back = read_numbers(points);
    OK(ctx, pb_wavelet_get(ctx, name, &wavelet));
    OK(ctx, pb_pyramid_measure(ctx, wavelet, (pb_extension)pb_extension_find(mode), level, true,
                               axes, height, width, &p));
    ck_assert_int_eq(p.count, count);
    double *got = apply(pb_wavedec, &p, axes == 1 ? PB_SHAPE(width) : PB_SHAPE(height, width), x);
    snprintf(what, sizeof what, "%s %s %dx%d", name, mode, height, width);
    compare(what, got, y, (size_t)count);
    free(got);
    got = apply(pb_waverec, &p, PB_SHAPE(count), y);
    snprintf(what, sizeof what, "%s %s %dx%d back", name, mode, height, width);
    compare(what, got, back, points);
    free(got);
    free(x);
    free(y);
    free(back);
    return true;
}

static int least_cases;

START_TEST(transforms_are_those_of_pywavelets)
{
    pb_context *ctx = pb_context_create();
    int count = 0;
    if (!cases) cases = fopen(TESTS_FOLDER "/graph/fixtures/wavelets.txt", "r");
    ck_assert_ptr_nonnull(cases);
    while (check_case(ctx)) count++;
    fclose(cases);
    ck_assert_int_ge(count, least_cases);
    pb_context_free(&ctx);
}
END_TEST

START_TEST(parts_lie_one_after_another)
{
    pb_context *ctx = pb_context_create();
    pb_pyramid p;
    for (int axes = 1; axes <= 2; axes++) {
        OK(ctx, pb_pyramid_measure(ctx, pb_wavelet_find("db2"), PB_EXTEND_SYMMETRIC, 2, false, axes,
                                   31, 17, &p));
        int offset = 0;
        for (int i = 0; i < pb_pyramid_part_count(&p); i++) {
            const pb_pyramid_part part = pb_pyramid_part_at(&p, i);
            ck_assert_int_eq(part.offset, offset);
            ck_assert_int_eq(part.level, i == 0 ? 2 : 2 - (i - 1) / (axes == 1 ? 1 : 3));
            ck_assert_int_eq(part.down || part.right, i > 0);
            ck_assert_int_eq(part.width, part.level == 2 ? 6 : 10);
            ck_assert_int_eq(part.height, axes == 1 ? 1 : part.level == 2 ? 10 : 17);
            offset += part.height * part.width;
        }
        ck_assert_int_eq(offset, p.count);
    }
    pb_context_free(&ctx);
}
END_TEST

START_TEST(errors_tell_what_is_allowed)
{
    pb_context *ctx = pb_context_create();
    const pb_wavelet *w;
    pb_pyramid p;
    ck_assert_int_eq(pb_wavelet_get(ctx, "harr", &w), PB_ERR_CONFIG);
    ck_assert_ptr_null(w);
    ck_assert_ptr_nonnull(strstr(
        pb_error(ctx), "\"harr\" is no wavelet (did you mean haar?); there are haar, db1, "));
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "rbio6.8, dmey"));
    w = pb_wavelet_find("db2");
    ck_assert_int_eq(pb_pyramid_measure(ctx, w, PB_EXTEND_ZERO, 4, false, 2, 31, 28, &p),
                     PB_ERR_CONFIG);
    ck_assert_str_eq(pb_error(ctx),
                     "4 levels of db2 are too many for 31 x 28: at most 3 are free of the border "
                     "(force takes more)");
    OK(ctx, pb_pyramid_measure(ctx, w, PB_EXTEND_ZERO, 4, true, 2, 31, 28, &p));
    OK(ctx, pb_pyramid_measure(ctx, w, PB_EXTEND_ZERO, 0, false, 2, 31, 28, &p));
    ck_assert_int_eq(p.levels, 3);
    pb_graph *g = pb_graph_create(ctx);
    ck_assert_int_eq(pb_wavedec(g, pb_input(g, "x", PB_SHAPE(3, 31, 27)), &p), PB_NONE);
    ck_assert_str_eq(pb_error(ctx), "wavedec: the input is [3, 31, 27], it must end with 31 x 28");
    pb_graph_free(&g);
    pb_context_free(&ctx);
}
END_TEST

/* First and second gradients of analysis and of synthesis, for families and modes in turn. */
START_TEST(gradients_are_differences)
{
    static const char *const names[] = {"haar",    "db3",  "sym4",    "coif1",  "bior2.4",
                                        "rbio3.1", "dmey", "bior3.3", "rbio1.5"};
    pb_context *ctx = pb_context_create();
    for (int i = 0; i < 18; i++) {
        const int axes = 1 + i % 2;
        const bool back = i / 2 % 2;
        pb_pyramid p;
        char what[64];
        OK(ctx,
           pb_pyramid_measure(ctx, pb_wavelet_find(names[i % 9]), (pb_extension)((i + i / 9) % 9),
                              2, true, axes, 7, 12 + i % 3, &p));
        op_built b = {.g = pb_graph_create(ctx), .random = (unsigned)i};
        const pb_shape shape = back        ? PB_SHAPE(2, p.count)
                               : axes == 1 ? PB_SHAPE(2, p.width[0])
                                           : PB_SHAPE(2, 7, p.width[0]);
        const pb_value x = op_case_uniform(&b, shape, -1, 1);
        b.y = pb_square(b.g, back ? pb_waverec(b.g, x, &p) : pb_wavedec(b.g, x, &p));
        snprintf(what, sizeof what, "%s %s of %s", names[i % 9], pb_extension_name(p.extension),
                 axes == 1 ? "lines" : "planes");
        check_both_gradients(&b, what);
        op_case_free(&b);
    }
    pb_context_free(&ctx);
}
END_TEST

int main(int argument_count, char **arguments)
{
    const bool all = argument_count > 1 && strcmp(arguments[1], "-") == 0;
    if (all) cases = stdin;
    is_binary = all;
    least_cases = all ? 106 * 9 * 7 : 106;
    Suite *suite = suite_create("wavelets");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, transforms_are_those_of_pywavelets);
    if (!all) {
        tcase_add_test(tests, parts_lie_one_after_another);
        tcase_add_test(tests, errors_tell_what_is_allowed);
        tcase_add_test(tests, gradients_are_differences);
    }
    suite_add_tcase(suite, tests);
    return runs(srunner_create(suite));
}
