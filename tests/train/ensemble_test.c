/* An ensemble averages what the networks of runs say; its scores are those of scikit-learn and
 * NumPy. */
#include <passband/ensemble.h>

#include "tiny_fixture.h"
#include "train/calibration.h"

START_TEST(test_scores_are_those_of_sklearn)
{
    FILE *file = fopen(TESTS_FOLDER "/train/fixtures/calibration.txt", "r");
    ck_assert_ptr_nonnull(file);
    int count, classes, cases = 0;
    double accuracy, likelihood, error;
    while (fscanf(file, "%d %d %lf %lf %lf", &count, &classes, &accuracy, &likelihood, &error) ==
           5) {
        double p[60 * 10];
        int32_t labels[60];
        pb_calibration c;
        ck_assert_int_le(count * classes, 600);
        for (int i = 0; i < count; i++) {
            ck_assert_int_eq(fscanf(file, "%d", &labels[i]), 1);
            for (int k = 0; k < classes; k++)
                ck_assert_int_eq(fscanf(file, "%lf", &p[i * classes + k]), 1);
        }
        pb_calibrate(p, labels, count, classes, &c);
        ck_assert_double_eq_tol(c.accuracy, accuracy, 1e-12);
        ck_assert_double_eq_tol(c.negative_log_likelihood, likelihood, 1e-10);
        ck_assert_double_eq_tol(c.error, error, 1e-12);
        cases++;
    }
    fclose(file);
    ck_assert_int_eq(cases, 4);
}
END_TEST

static void join(int count, const char *const runs[], const char *folder)
{
    const pb_status status = pb_ensemble_run(ctx, count, runs, NULL, folder);
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
}

static double per_seed(const json_t *summary, const char *key, size_t index)
{
    const json_t *list = json_object_get(json_object_get(summary, key), "per_seed");
    return json_number_value(json_array_get(list, index));
}

/* The loss is the cross-entropy alone, which is what a likelihood is. */
#define ALONE "train.epochs=2|stages.reconstruction.weight=0"

/* Two seeds of a run, and of two runs, are the same networks: the members score as their runs did,
 * and both ways to join them give the same bits. */
START_TEST(test_joins_seeds_and_runs)
{
    const char *both = train(ALONE, "both");
    const char *const alone[] = {train(ALONE "|train.seeds=3", "three"),
                                 train(ALONE "|train.seeds=5", "five")};
    const char *joined = tiny_folder(&s, "joined");
    ck_assert_int_eq(pb_ensemble_run(ctx, 1, alone, NULL, joined), PB_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "has one network"));
    ck_assert_int_ne(access(joined, F_OK), 0);
    join(1, &both, both);
    join(2, alone, joined);
    same_file(both, joined, "ensemble_probabilities.npy");

    json_t *json = run_json(both, "ensemble.json"), *summary = run_json(both, "summary.json");
    for (size_t i = 0; i < 2; i++) {
        const json_t *member = json_array_get(json_object_get(json, "members"), i);
        ck_assert_double_eq_tol(run_number(member, "accuracy", NULL),
                                per_seed(summary, "test_accuracy", i), 1e-8);
        ck_assert_double_eq_tol(run_number(member, "negative_log_likelihood", NULL),
                                per_seed(summary, "test_loss", i), 1e-5);
    }
    /* the mean of distributions is never less likely than their mean likelihood: Jensen */
    ck_assert_double_le(run_number(json, "ensemble", "negative_log_likelihood"),
                        run_number(json, "mean_of_members", "negative_log_likelihood"));
    pb_npy p;
    ck_assert_int_eq(pb_npy_load(ctx, scratch_path(&s, "both/ensemble_probabilities.npy"), &p),
                     PB_OK);
    ck_assert_uint_eq(p.dim[0], 65);
    ck_assert_uint_eq(p.dim[1], TINY_CLASSES);
    for (size_t i = 0; i < p.dim[0]; i++) {
        double sum = 0;
        for (size_t c = 0; c < p.dim[1]; c++) sum += ((double *)p.data)[i * p.dim[1] + c];
        ck_assert_double_eq_tol(sum, 1, 1e-5);
    }
    pb_npy_clear(&p);
    json_decref(json);
    json_decref(summary);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("ensemble");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, test_scores_are_those_of_sklearn);
    tcase_add_test(tcase, test_joins_seeds_and_runs);
    return run_case("ensemble", tcase);
}
