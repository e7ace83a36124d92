/* Weights in the wavelet domain from the command line: the shipped configuration, folders of
 * save_dir, files of compressed networks. */
#include <math.h>
#include <stdint.h>

#include <jansson.h>

#include "data/npy.h"
#include "tiny_set.h"
#include "user.h"

static const char shipped[] = SOURCE_FOLDER "/configs/dwt_weights.yaml";

static void set_up(void)
{
    scratch_open(&s);
    tiny_data(&s);
}

static void tear_down(void)
{
    scratch_close(&s);
}

/* The shipped configuration on the tiny data set, for an epoch, with one layer and further words.
 */
static const char *example(const char *words)
{
    static char line[600];
    snprintf(line, sizeof line,
             "run -q %s data.name=idx data.path=data epochs=1 save_dir=SavedModels "
             "stages=[load,{\"linear\":{\"features\":0}},cross_entropy,adam] %s",
             shipped, words);
    return line;
}

/* The same with its warnings. */
static const char *loud(const char *words)
{
    static char line[600];
    snprintf(line, sizeof line, "run%s", example(words) + strlen("run -q"));
    return line;
}

static json_t *json_in(const char *name)
{
    json_t *json = json_load_file(scratch_path(&s, name), 0, NULL);
    ck_assert_msg(json != NULL, "%s cannot be read", name);
    return json;
}

static double only_number(const json_t *json, const char *key)
{
    const json_t *numbers = json_object_get(json_object_get(json, key), "per_seed");
    ck_assert_msg(json_array_size(numbers) == 1, "%s has not one number", key);
    return json_number_value(json_array_get(numbers, 0));
}

static long bytes_of(const char *name)
{
    struct stat entry;
    ck_assert_msg(stat(scratch_path(&s, name), &entry) == 0, "%s is missing", name);
    return (long)entry.st_size;
}

#define HAAR "SavedModels/haar-level-1-threshold-0.9-batch-32"

START_TEST(the_example_command_works)
{
    run(example("wavelet=haar batch_size=32"), 0);
    json_t *summary = json_in(HAAR "/summary.json");
    ck_assert_double_eq(only_number(summary, "weight_bytes"),
                        (double)bytes_of(HAAR "/seed-0/model.pbw"));
    run("eval " HAAR "/seed-0/model.pbw", 0);
    json_t *scores = json_loads(said.out, 0, NULL);
    ck_assert_ptr_nonnull(scores);
    ck_assert_double_eq(json_number_value(json_object_get(scores, "test_accuracy")),
                        only_number(summary, "compressed_accuracy"));
    json_decref(scores);
    json_decref(summary);

    fails(example("wavelet=haar batch_size=32"), 2, "holds a run already"); /* it is not replaced */

    /* both thresholds are one comparison, in the folder of them */
    run(loud("wavelet=haar threshold=0.5 batch_size=32 weight_transform.schedule=start "
             "weight_transform.begin=1"),
        0);
    assert_says(said.err, "linear_1: schedule start knows no begin\n");
    run("report SavedModels", 0);
    assert_says(said.out, "compressed network");
    assert_says(said.out, "haar-level-1-threshold-0.5-batch-32");
    assert_says(said.out, "SavedModels/index.html");
    ck_assert(exists("SavedModels/plots/weight_bytes.png"));
    ck_assert(exists(HAAR "/plots/first_weights.png"));
}
END_TEST

static pb_npy array_in(pb_context *ctx, const char *name)
{
    pb_npy array;
    ck_assert_msg(pb_npy_load(ctx, scratch_path(&s, name), &array) == PB_OK, "%s", pb_error(ctx));
    return array;
}

static void assert_close(double number, double expected)
{
    ck_assert_msg(fabs(number - expected) < 1e-6, "%.9g instead of %.9g", number, expected);
}

/* w[2 k], w[2 k + 1] = (a[k] +- d[k]) / sqrt(2), of all coefficients and of those larger than the
 * threshold of their part; rows of the tiny images' 8 x 8 numbers. */
START_TEST(recorded_weights_are_those_of_the_recorded_coefficients)
{
    pb_context *ctx = pb_context_create();
    run(loud("wavelet=haar batch_size=32 weight_transform.full=9"), 0);
    assert_says(said.err,
                "linear_1: the schedule (ramp, begin 0, full 9) brings its threshold to 27 % "
                "in 1 epoch\n"); /* 1 - (1 - 1/10)^3 of 0.9 */
    const pb_npy c = array_in(ctx, HAAR "/weights/linear_1.coefficients.npy"),
                 w = array_in(ctx, HAAR "/weights/linear_1.npy");
    json_t *layers = json_in(HAAR "/weights/layers.json"), *layer = json_array_get(layers, 0),
           *parts = json_object_get(layer, "parts");
    ck_assert_str_eq(json_string_value(json_object_get(layer, "wavelet")), "haar");
    ck_assert_uint_eq(json_array_size(parts), 2);
    ck_assert_uint_eq(w.count, 2 * c.count);
    const size_t half = c.dim[1] / 2;
    size_t zeros = 0;
    for (size_t i = 0; i < w.count / 2; i++) {
        double number[2][2]; /* without thresholds and with them: approximation, detail */
        for (int p = 0; p < 2; p++) {
            const json_t *t = json_object_get(json_array_get(parts, (size_t)p), "threshold");
            number[0][p] =
                ((const float *)
                     c.data)[i / c.dim[1] * c.dim[1] + (size_t)p * half + i % c.dim[1] / 2];
            number[1][p] = fabs(number[0][p]) > json_number_value(t) ? number[0][p] : 0;
            zeros += i % 2 == 0 && number[1][p] == 0;
        }
        for (int after = 0; after < 2; after++)
            assert_close(((const float *)w.data)[(size_t)after * w.count / 2 + i],
                         (number[after][0] + (i % 2 ? -1 : 1) * number[after][1]) / sqrt(2));
    }
    const double share = json_number_value(json_object_get(layer, "zeros"));
    ck_assert(share > 0.1 && share < 0.9);
    assert_close(share, (double)zeros / (double)c.count);
    json_decref(layers);
    pb_context_free(&ctx);
}
END_TEST

/* Of continuous wavelets, which have frames instead of filters. */
START_TEST(continuous_wavelets_work_too)
{
    static const char *const wavelets[] = {"morl", "cgau1"};
    char words[128], name[128];
    snprintf(words, sizeof words, "wavelet=%s batch_size=32 level=2", wavelets[_i]);
    run(example(words), 0);
    snprintf(name, sizeof name, "SavedModels/%s-level-2-threshold-0.9-batch-32/summary.json",
             wavelets[_i]);
    json_t *summary = json_in(name);
    snprintf(words, sizeof words,
             "eval SavedModels/%s-level-2-threshold-0.9-batch-32/seed-0/model.pbw", wavelets[_i]);
    run(words, 0);
    json_t *scores = json_loads(said.out, 0, NULL);
    ck_assert_double_eq(json_number_value(json_object_get(scores, "test_accuracy")),
                        only_number(summary, "compressed_accuracy"));
    json_decref(scores);
    json_decref(summary);
}
END_TEST

/* Everything 0 after the last epoch, so that one class of the three is right, in validation as in
 * the test; and lines of 64 numbers halve six times. */
START_TEST(a_threshold_at_the_end_is_in_every_score)
{
#define DEEP "SavedModels/haar-level-9-threshold-1-batch-16/"
    run(loud("wavelet=haar level=9 threshold=1 batch_size=16 data.validation=0.3 "
             "weight_transform.schedule=end"),
        0);
    assert_says(said.err,
                "weight_transform.level: lines are too short for it: linear_1 has 6 of 9\n");
    assert_says(said.err, "linear_1: all its coefficients are 0 (threshold ");
    json_t *summary = json_in(DEEP "summary.json"), *layers = json_in(DEEP "weights/layers.json"),
           *line = json_in(DEEP "metrics.jsonl");
    ck_assert_double_eq_tol(only_number(summary, "test_accuracy"), 1.0 / 3, 1e-6);
    ck_assert_double_eq_tol(only_number(summary, "val_accuracy"), 1.0 / 3, 1e-6);
    ck_assert_double_eq_tol(only_number(summary, "val_loss"), only_number(summary, "test_loss"),
                            1e-5);
    ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(layers, 0), "level")), 6);
    json_t *sparsity = json_object_get(line, "sparsity");
    assert_close(json_number_value(json_object_get(sparsity, "linear_1.level_1")), 1);
    assert_close(json_number_value(json_object_get(sparsity, "linear_1.approximation")), 1);
    json_decref(summary);
    json_decref(layers);
    json_decref(line);
}
END_TEST

START_TEST(bits_are_none_or_at_least_two)
{
    fails(example("wavelet=haar batch_size=32 weight_transform.bits=1"), 2,
          "weight_transform.bits: one bit holds no sign and no zero: allowed is 0 (not quantised) "
          "or 2 to 16");
    fails("compress-model . -o x -b 1", 2, "--bits must be a whole number from 2 to 16, not 1");
    fails("compress-model . -o x -b 17", 2, "--bits must be a whole number from 2 to 16, not 17");
    fails("eval nothere.pbw", 2,
          "nothere.pbw: there is no such run folder and no such file of a compressed network");
}
END_TEST

START_TEST(a_misspelt_wavelet_is_told_what_there_is)
{
    fails(loud("wavelet=harr batch_size=32"), 2, "\"harr\" is no wavelet (did you mean haar?)");
    assert_says(said.err, "coif17, bior1.1, ");
    assert_says(said.err, "dmey, cgau1, ");
    assert_says(said.err, "passband: command line: wavelet: "); /* nothing is prepared before */
    ck_assert_ptr_null(strstr(said.err, "preparing"));
    ck_assert_ptr_null(strstr(said.err, "weight_transform"));
    ck_assert(!exists("SavedModels"));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("weights");
    tcase_set_timeout(tests, 240);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_example_command_works);
    tcase_add_test(tests, recorded_weights_are_those_of_the_recorded_coefficients);
    tcase_add_loop_test(tests, continuous_wavelets_work_too, 0, 2);
    tcase_add_test(tests, a_threshold_at_the_end_is_in_every_score);
    tcase_add_test(tests, bits_are_none_or_at_least_two);
    tcase_add_test(tests, a_misspelt_wavelet_is_told_what_there_is);
    return run_case_warm("weights_command", tests);
}
