/* Weights in the wavelet domain from the command line: the shipped configuration, folders of
 * save_dir, files of compressed networks. */
#include <stdint.h>

#include <jansson.h>

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

START_TEST(a_misspelt_wavelet_is_told_what_there_is)
{
    fails(example("wavelet=harr batch_size=32"), 2, "\"harr\" is no wavelet (did you mean haar?)");
    assert_says(said.err, "coif17, bior1.1, ");
    assert_says(said.err, "dmey, cgau1, ");
    assert_says(said.err, "weight_transform.wavelet");
    ck_assert(!exists("SavedModels"));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("weights");
    tcase_set_timeout(tests, 240);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_example_command_works);
    tcase_add_loop_test(tests, continuous_wavelets_work_too, 0, 2);
    tcase_add_test(tests, a_misspelt_wavelet_is_told_what_there_is);
    return run_case_warm("weights_command", tests);
}
