/* What a run with a stage cwt leaves for pictures: magnitudes of the test samples it shows, and
 * what their axes are. */
#include <passband/cwt.h>

#include "tiny_fixture.h"

enum { SCALES = 2 };
static const double scales[SCALES] = {1, 2.5};

/* |x m| of the middle row of test image i. */
static void want(const double *matrix, int i, double out[SCALES * TINY_SIDE])
{
    const int columns = 2 * SCALES * TINY_SIDE; /* real parts, then imaginary ones */
    uint8_t pixels[TINY_SIDE * TINY_SIDE];
    double y[2 * SCALES * TINY_SIDE] = {0};
    tiny_image(i % TINY_CLASSES, 1000 + (unsigned)i, pixels);
    for (int k = 0; k < TINY_SIDE; k++)
        for (int c = 0; c < columns; c++)
            y[c] += (pixels[TINY_SIDE / 2 * TINY_SIDE + k] / 255.0 - 0.5) * matrix[k * columns + c];
    for (int c = 0; c < SCALES * TINY_SIDE; c++) out[c] = hypot(y[c], y[SCALES * TINY_SIDE + c]);
}

START_TEST(test_scalograms_are_kept)
{
    static const char wavelet[] = "cmor1-0.8";
    const char *folder =
        train("stages=[load, cwt: {wavelet: cmor1-0.8, scales: [1, 2.5], "
              "sampling_period: 0.5, output: coefficients}, linear: {features: 3}, "
              "cross_entropy, sgd]|train.epochs=1|train.seeds=3",
              "run");
    char path[400];
    pb_npy array;
    pb_cwt t = {.precision = 10, .length = TINY_SIDE, .count = SCALES, .scales = scales};
    ck_assert(pb_continuous_find(wavelet, &t.wavelet));
    snprintf(path, sizeof path, "%s/scalograms.npy", folder);
    ck_assert_msg(pb_npy_load(ctx, path, &array) == PB_OK, "%s", pb_error(ctx));
    ck_assert_int_eq(array.axes, 3);
    ck_assert_uint_eq(array.dim[1], SCALES);
    ck_assert_uint_eq(array.dim[2], TINY_SIDE);
    ck_assert_uint_ge(array.dim[0], 6);
    pb_graph *g = pb_graph_create(ctx);
    double *matrix = pb_cwt_matrix(g, &t), expected[SCALES * TINY_SIDE];
    for (int i = 0; i < (int)array.dim[0]; i++) { /* the first of each class are the first ones */
        want(matrix, i, expected);
        for (int k = 0; k < SCALES * TINY_SIDE; k++)
            ck_assert_double_eq_tol(((const float *)array.data)[i * SCALES * TINY_SIDE + k],
                                    expected[k], 1e-5);
    }
    free(matrix);
    pb_graph_free(&g);
    pb_npy_clear(&array);

    snprintf(path, sizeof path, "%s/summary.json", folder);
    json_t *summary = json_load_file(path, 0, NULL), *axes = json_object_get(summary, "scalogram");
    ck_assert_str_eq(json_string_value(json_object_get(axes, "wavelet")), wavelet);
    ck_assert_double_eq(json_number_value(json_object_get(axes, "sampling_period")), 0.5);
    for (size_t k = 0; k < SCALES; k++) {
        const double frequency =
            json_number_value(json_array_get(json_object_get(axes, "frequencies"), k));
        ck_assert_double_eq(json_number_value(json_array_get(json_object_get(axes, "scales"), k)),
                            scales[k]);
        ck_assert_double_eq_tol(frequency,
                                pb_continuous_frequency(&t.wavelet, 10) / scales[k] / 0.5, 1e-7);
    }
    json_decref(summary);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("scalograms");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_scalograms_are_kept);
    return run_case("scalograms", tests);
}
