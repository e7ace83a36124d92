/* Folds cover every sample once, share out classes evenly, and are the same everywhere: equal to
 * those that fixtures.py made. */
#include <passband/dataset.h>

#include "base/scratch.h"

enum { COUNT = 60, CLASSES = 5 }; /* of the fixture; no sample has label 2 or 4 */

static pb_context *ctx;
static int32_t labels[COUNT], fold_of[COUNT];

static void setup(void)
{
    ctx = pb_context_create();
    for (int i = 0; i < COUNT; i++) labels[i] = (i * i + 3 * i) % 7 % 4;
}

static void teardown(void)
{
    pb_context_free(&ctx);
}

static pb_status folds(int count, bool stratified, uint64_t seed, int repeat)
{
    const pb_fold_options o = {count, stratified, seed, repeat};
    return pb_dataset_folds(ctx, labels, COUNT, CLASSES, &o, fold_of);
}

START_TEST(equal_those_of_another_implementation)
{
    FILE *file = fopen(TESTS_FOLDER "/data/fixtures/folds.txt", "r");
    ck_assert_ptr_nonnull(file);
    char line[1024];
    int lines = 0;
    for (; fgets(line, sizeof line, file); lines++) {
        char *at = line;
        const int count = (int)strtol(at, &at, 10);
        const bool stratified = strtol(at, &at, 10);
        const uint64_t seed = strtoull(at, &at, 10);
        const int repeat = (int)strtol(at, &at, 10);
        ck_assert_int_eq(folds(count, stratified, seed, repeat), PB_OK);
        for (int i = 0; i < COUNT; i++) ck_assert_int_eq(fold_of[i], strtol(at, &at, 10));
    }
    fclose(file);
    ck_assert_int_eq(lines, 5);
}
END_TEST

/* Largest less smallest number of samples of a class in a fold; of all samples where label < 0. */
static int unevenness(int count, int label)
{
    int sizes[COUNT] = {0}, least = COUNT, most = 0;
    for (int i = 0; i < COUNT; i++) {
        ck_assert_int_ge(fold_of[i], 0);
        ck_assert_int_lt(fold_of[i], count);
        if (label < 0 || labels[i] == label) sizes[fold_of[i]]++;
    }
    for (int f = 0; f < count; f++) {
        if (sizes[f] < least) least = sizes[f];
        if (sizes[f] > most) most = sizes[f];
    }
    return most - least;
}

START_TEST(share_out_samples_and_classes)
{
    for (int count = 2; count <= 9; count++) {
        ck_assert_int_eq(folds(count, true, 4, 0), PB_OK);
        for (int label = -1; label < CLASSES; label++)
            ck_assert_int_le(unevenness(count, label), 1);
        ck_assert_int_eq(folds(count, false, 4, 0), PB_OK);
        ck_assert_int_le(unevenness(count, -1), 1);
    }
}
END_TEST

START_TEST(are_refused_in_words)
{
    ck_assert_int_eq(folds(1, true, 0, 0), PB_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "2 or more"));
    ck_assert_int_eq(folds(10, true, 0, 0), PB_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "class 3 has 9"));
    ck_assert_int_eq(folds(10, false, 0, 0), PB_OK);
    ck_assert_int_eq(folds(61, false, 0, 0), PB_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "61 folds of 60 samples"));
    labels[17] = CLASSES;
    ck_assert_int_eq(folds(2, true, 0, 0), PB_ERR_DATA);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "label 5 of sample 17"));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("folds");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, equal_those_of_another_implementation);
    tcase_add_test(tcase, share_out_samples_and_classes);
    tcase_add_test(tcase, are_refused_in_words);
    return run_case("folds", tcase);
}
