/* Frames of continuous wavelets: their atoms by the formulas of the wavelets, and that every line
 * is a sum of them. */
#include <passband/frame.h>

#include "base/matrix.h"
#include "graph_check.h"

static const double pi = 3.14159265358979323846;

static double *matrix_of(const pb_frame *f)
{
    double *m = malloc((size_t)(f->length * f->count) * sizeof *m);
    pb_frame_matrix(f, m);
    return m;
}

static pb_frame measure(pb_context *ctx, const char *name, const char *mode, int levels, int length)
{
    pb_continuous w;
    pb_frame f;
    OK(ctx, pb_continuous_get(ctx, name, &w));
    OK(ctx, pb_frame_measure(ctx, &w, (pb_extension)pb_extension_find(mode), levels, length, &f));
    return f;
}

/* Closed forms of the root of the mean square of frequencies. */
START_TEST(mean_frequencies)
{
    static const struct {
        const char *name;
        double square; /* of 2 pi times it */
        int voices;
    } known[] = {
        {"mexh", 2.5, 1},
        {"gaus1", 3, 1},
        {"gaus4", 9, 1},
        {"cmor1-0.5", 9.869604401089358 * (1 + 1 / (9.869604401089358)),
         1}, /* (2 pi C)^2 + 1 / B */
        {"cmor2-1", 39.47841760435743 + 0.5, 2},
        {"shan", 39.47841760435743 * (1 + 0.25 / 12), 2}, /* (2 pi)^2 (C^2 + B^2 / 12) */
    };
    pb_context *ctx = pb_context_create();
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const pb_frame f = measure(ctx, known[i].name, "zero", 1, 16);
        ck_assert_double_eq_tol(2 * pi * f.frequency / sqrt(known[i].square), 1, 0.01);
        ck_assert_int_eq(f.voices, known[i].voices);
    }
    pb_context_free(&ctx);
}
END_TEST

/* Atom k of the finest level of a real wavelet stands at point k, or half a point further. */
START_TEST(atoms_are_the_wavelet)
{
    static const struct {
        const char *name;
        double shift, sign;
    } known[] = {{"mexh", 0, 1}, {"gaus1", 0.5, -1}};
    pb_context *ctx = pb_context_create();
    for (int c = 0; c < 2; c++) {
        const pb_frame f = measure(ctx, known[c].name, "zero", 2, 41);
        double *m = matrix_of(&f), want[41], squares = 0;
        const int k = 20, column = f.offset[2] + k;
        ck_assert_int_eq(f.offset[3] - f.offset[2], 41);
        ck_assert_int_eq(pb_frame_level(&f, 2), 1);
        for (int t = 0; t < 41; t++) {
            const double x = (t - k - known[c].shift) / (f.frequency / 0.375);
            want[t] = c == 0 ? (1 - x * x) * exp(-x * x / 2) : -x * exp(-x * x);
            squares += want[t] * want[t];
        }
        for (int t = 0; t < 41; t++)
            ck_assert_double_eq_tol(m[t * f.count + column], want[t] / sqrt(squares), 1e-9);
        free(m);
    }
    pb_context_free(&ctx);
}
END_TEST

/* Real and imaginary parts of a complex wavelet are atoms one after the other. */
START_TEST(parts_of_complex_wavelets_are_atoms)
{
    pb_context *ctx = pb_context_create();
    const pb_frame f = measure(ctx, "cmor1.5-0.5", "zero", 1, 40);
    double *m = matrix_of(&f);
    const int pairs = (f.offset[2] - f.offset[1]) / 2, pair = pairs / 2;
    ck_assert_int_eq(pairs, 20);
    const double place = (pair + 0.5) * 2 - 0.5, scale = f.frequency / 0.375;
    double re = 0, im = 0;
    for (int part = 0; part < 2; part++) {
        double squares = 0;
        for (int t = 0; t < 40; t++) {
            const double x = (t - place) / scale,
                         value = exp(-x * x / 1.5) * (part ? sin(pi * x) : cos(pi * x));
            squares += value * value;
        }
        for (int t = 0; t < 40; t++) {
            const double x = (t - place) / scale,
                         value = exp(-x * x / 1.5) * (part ? sin(pi * x) : cos(pi * x));
            const double got = m[t * f.count + f.offset[1] + 2 * pair + part];
            ck_assert_double_eq_tol(got, value / sqrt(squares), 1e-6);
            *(part ? &im : &re) += got * got;
        }
    }
    ck_assert_double_eq_tol(re, 1, 1e-6);
    ck_assert_double_eq_tol(im, 1, 1e-6);
    free(m);
    pb_context_free(&ctx);
}
END_TEST

/* Of periodic lines, atoms are the same at every place. */
START_TEST(atoms_go_round)
{
    pb_context *ctx = pb_context_create();
    const pb_frame f = measure(ctx, "morl", "periodic", 1, 12);
    double *m = matrix_of(&f);
    for (int t = 0; t < 12; t++)
        for (int k = 0; k < 12; k++)
            ck_assert_double_eq_tol(m[t * f.count + f.offset[1] + k],
                                    m[(t + 1) % 12 * f.count + f.offset[1] + (k + 1) % 12], 1e-12);
    free(m);
    pb_context_free(&ctx);
}
END_TEST

/* The matrix times its inverse is the identity: every line is a sum of atoms, and the canonical
 * dual finds which. */
START_TEST(every_line_is_a_sum_of_atoms)
{
    static const char *const modes[] = {"periodization", "zero",          "symmetric",
                                        "periodic",      "antisymmetric", "reflect"};
    static const int lengths[] = {28, 9, 25, 2, 5, 40}, levels[] = {1, 2, 3, 0};
    pb_context *ctx = pb_context_create();
    const pb_continuous *w;
    for (int i = 0; (w = pb_continuous_at(i)); i++)
        for (int c = 0; c < 6; c++) {
            const int n = lengths[(i + c) % 6];
            const pb_frame f = measure(ctx, w->name, modes[c], levels[(i + c / 2) % 4], n);
            double *m = matrix_of(&f), *inverse = malloc(sizeof *m * (size_t)(n * f.count)),
                   worst = 0;
            ck_assert_int_ge(f.count, n);
            ck_assert_int_le(f.count, 4 * n + 8 * f.levels * f.voices);
            OK(ctx, pb_pseudo_inverse(ctx, n, f.count, m, inverse));
            for (int a = 0; a < n; a++)
                for (int b = 0; b < n; b++) {
                    double sum = 0;
                    for (int k = 0; k < f.count; k++)
                        sum += m[a * f.count + k] * inverse[k * n + b];
                    worst = fmax(worst, fabs(sum - (a == b)));
                }
            ck_assert_msg(worst < 1e-6, "%s %s of %d points, %d levels: off by %g", w->name,
                          modes[c], n, f.levels, worst);
            free(m);
            free(inverse);
        }
    pb_context_free(&ctx);
}
END_TEST

START_TEST(long_lines_have_no_frame)
{
    pb_context *ctx = pb_context_create();
    pb_continuous w;
    pb_frame f;
    OK(ctx, pb_continuous_get(ctx, "morl", &w));
    ck_assert_int_eq(pb_frame_measure(ctx, &w, PB_EXTEND_ZERO, 1, 2049, &f), PB_ERR_CONFIG);
    ck_assert_str_eq(pb_error(ctx),
                     "a frame of morl for lines of 2049 points; at most 2048 are possible");
    OK(ctx, pb_frame_measure(ctx, &w, PB_EXTEND_ZERO, 0, 2048, &f));
    ck_assert_int_eq(f.levels, 8);
    OK(ctx, pb_frame_measure(ctx, &w, PB_EXTEND_ZERO, 7, 9, &f));
    ck_assert_int_eq(f.levels, 3);
    pb_context_free(&ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("frames");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, mean_frequencies);
    tcase_add_test(tests, atoms_are_the_wavelet);
    tcase_add_test(tests, parts_of_complex_wavelets_are_atoms);
    tcase_add_test(tests, atoms_go_round);
    tcase_add_test(tests, every_line_is_a_sum_of_atoms);
    tcase_add_test(tests, long_lines_have_no_frame);
    suite_add_tcase(suite, tests);
    return runs(srunner_create(suite));
}
