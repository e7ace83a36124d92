/* Bagging, snapshots and boosting: draws, weights and votes are what their papers say, and a run
 * that was stopped or has its members side by side comes to the same bits. */
#include <passband/ensemble.h>

#include "base/rng.h"
#include "tiny_fixture.h"
#include "train/resample.h"

enum { ROWS = 120 }; /* of the tiny training part */

/* ---- draws ---- */

START_TEST(test_bootstrap_draws_are_philox)
{
    enum { COUNT = 20001 };
    static int32_t draws[COUNT], again[COUNT], others[COUNT];
    static bool seen[COUNT];
    pb_bootstrap_draw(77, COUNT, draws);
    pb_bootstrap_draw(77, COUNT, again);
    pb_bootstrap_draw(78, COUNT, others);
    ck_assert_mem_eq(draws, again, sizeof draws);
    ck_assert_mem_ne(draws, others, sizeof draws);
    const uint32_t key[2] = {77, pb_hash32("bootstrap")};
    int distinct = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        const uint32_t counter[4] = {i / 4, 0, 0, 0};
        uint32_t words[4];
        pb_philox4x32(counter, key, words);
        ck_assert_int_eq(draws[i], (int64_t)((double)words[i % 4] / 4294967296.0 * COUNT));
        distinct += !seen[draws[i]];
        seen[draws[i]] = true;
    }
    ck_assert_double_eq_tol((double)distinct / COUNT, 1 - exp(-1), 0.01); /* 1 - (1 - 1/n)^n */
}
END_TEST

START_TEST(test_weighted_draws_come_as_often_as_weights_say)
{
    enum { COUNT = 1000 };
    double weights[COUNT], sum = 0;
    int32_t draws[COUNT];
    int times[COUNT];
    for (uint64_t seed = 0; seed < 20; seed++) {
        for (int i = 0; i < COUNT; i++) weights[i] = 1.0 / COUNT;
        pb_weighted_draw(seed, COUNT, weights, draws);
        for (int i = 0; i < COUNT; i++) ck_assert_int_eq(draws[i], i);
    }
    for (int i = 0; i < COUNT; i++) sum += weights[i] = i % 7 == 0 ? 0 : exp(i % 31 / 5.0);
    for (int i = 0; i < COUNT; i++) weights[i] /= sum;
    for (uint64_t seed = 0; seed < 20; seed++) {
        memset(times, 0, sizeof times);
        pb_weighted_draw(seed, COUNT, weights, draws);
        for (int i = 0; i < COUNT; i++) times[draws[i]]++;
        for (int i = 0; i < COUNT; i++) {
            ck_assert_int_ge(times[i], (int)floor(COUNT * weights[i] - 1e-9));
            ck_assert_int_le(times[i], (int)floor(COUNT * weights[i] + 1e-9) + 1);
        }
    }
}
END_TEST

/* ---- SAMME ---- */

/* Written as Zhu and others put it: the error is a quotient of sums, and weights are divided last.
 */
static double samme(int count, int classes, const bool wrong[], const double before[],
                    double after[])
{
    double bad = 0, all = 0, sum = 0;
    for (int i = 0; i < count; i++) all += before[i];
    for (int i = 0; i < count; i++) bad += before[i] * (wrong[i] ? 1 : 0);
    const double error = bad / all, alpha = log((1 - error) / error) + log(classes - 1);
    for (int i = 0; i < count; i++) sum += after[i] = before[i] * exp(alpha * (wrong[i] ? 1 : 0));
    for (int i = 0; i < count; i++) after[i] /= sum;
    return alpha;
}

START_TEST(test_rounds_of_samme)
{
    enum { COUNT = 500, CLASSES = 7 };
    double weights[COUNT], before[COUNT], after[COUNT];
    bool wrong[COUNT];
    for (int i = 0; i < COUNT; i++) weights[i] = 1.0 / COUNT;
    for (int round = 0; round < 6; round++) {
        double still = 0;
        for (int i = 0; i < COUNT; i++) wrong[i] = (i * 7 + round * 11) % 13 < 4;
        memcpy(before, weights, sizeof before);
        const double alpha = samme(COUNT, CLASSES, wrong, before, after);
        const pb_boosted member = pb_samme_round(COUNT, CLASSES, wrong, weights);
        ck_assert_double_eq_tol(member.alpha, alpha, 1e-12);
        for (int i = 0; i < COUNT; i++) {
            ck_assert_double_eq_tol(weights[i], after[i], 1e-15);
            if (wrong[i]) still += weights[i];
        }
        /* by its new weights a member is as good as guessing */
        ck_assert_double_eq_tol(still, 1 - 1.0 / CLASSES, 1e-12);
    }
    memset(wrong, 0, sizeof wrong);
    const pb_boosted perfect = pb_samme_round(COUNT, CLASSES, wrong, weights);
    ck_assert_double_eq(perfect.error, 0);
    ck_assert_double_eq_tol(perfect.alpha, log(2.0 * COUNT - 1) + log(CLASSES - 1), 1e-12);
    for (int i = 0; i < COUNT; i++) ck_assert_double_eq_tol(weights[i], after[i], 1e-15);
    memset(wrong, true, sizeof wrong);
    const pb_boosted useless = pb_samme_round(COUNT, CLASSES, wrong, weights);
    ck_assert_double_eq(useless.alpha, 0);
    for (int i = 0; i < COUNT; i++) ck_assert_double_eq(weights[i], 1.0 / COUNT);
}
END_TEST

/* With two classes f is +-(a - b) and p the logistic function of twice that; the most voted class
 * is the most probable. */
START_TEST(test_votes_become_probabilities)
{
    double two[] = {1.7, 0.4}, four[] = {0.2, 2.5, 1.1, 2.4};
    pb_samme_probabilities(2, two);
    ck_assert_double_eq_tol(two[0], 1 / (1 + exp(-2 * (1.7 - 0.4))), 1e-12);
    ck_assert_double_eq_tol(two[0] + two[1], 1, 1e-12);
    double f[4], sum = 0;
    for (int k = 0; k < 4; k++) {
        f[k] = 0;
        for (int j = 0; j < 4; j++) f[k] += four[j] * (j == k ? 1 : -1.0 / 3);
        sum += exp(f[k] / 3);
    }
    pb_samme_probabilities(4, four);
    for (int k = 0; k < 4; k++) ck_assert_double_eq_tol(four[k], exp(f[k] / 3) / sum, 1e-12);
}
END_TEST

/* ---- runs ---- */

static json_t *ensemble_of(const char *folder)
{
    json_t *json = run_json(folder, "ensemble.json");
    json_t *members = json_object_get(json, "members");
    for (size_t i = 0; i < json_array_size(members); i++)
        json_object_del(json_array_get(members, i), "run"); /* its folder */
    return json;
}

/* The ensembles of two runs agree, and what `passband ensemble` makes of the second agrees with
 * what the run wrote. */
static void same_ensemble(const char *a, const char *b)
{
    same_file(a, b, "ensemble_probabilities.npy");
    same_file(a, b, "train_loss.npy");
    json_t *x = ensemble_of(a), *y = ensemble_of(b);
    ck_assert_msg(json_equal(x, y), "ensemble.json differs");
    json_decref(y);
    const char *again = tiny_folder(&s, "again");
    ck_assert_msg(pb_ensemble_run(ctx, 1, &b, NULL, again) == PB_OK, "%s", pb_error(ctx));
    same_file(a, again, "ensemble_probabilities.npy");
    y = ensemble_of(again);
    ck_assert_msg(json_equal(x, y), "passband ensemble says something else");
    json_decref(x);
    json_decref(y);
}

/* summary.json tells of it as ensemble.json does. */
static void check_summary(const char *folder, const char *kind, size_t members)
{
    json_t *summary = run_json(folder, "summary.json"), *whole = run_json(folder, "ensemble.json"),
           *told = json_object_get(summary, "ensemble"),
           *scores = json_object_get(whole, "ensemble");
    ck_assert_str_eq(json_string_value(json_object_get(told, "kind")), kind);
    ck_assert_uint_eq(json_array_size(json_object_get(told, "members")), members);
    ck_assert_double_eq(run_number(told, "accuracy", NULL), run_number(scores, "accuracy", NULL));
    ck_assert_double_eq(run_number(told, "calibration_error", NULL),
                        run_number(scores, "calibration_error", NULL));
    json_decref(summary);
    json_decref(whole);
}

typedef struct stopper {
    int after, heard;
    volatile int stop;
} stopper;

static void stop_after(void *user, const pb_progress *progress)
{
    (void)progress;
    stopper *stopper_ = user;
    if (++stopper_->heard == stopper_->after) stopper_->stop = 1;
}

/* Stops after so many epochs, then goes on. */
static const char *stop_and_go_on(const char *overrides, int after, int side_by_side)
{
    char name[32];
    snprintf(name, sizeof name, "stopped-%d", after);
    stopper state = {.after = after};
    const pb_run_options options = {.folder = tiny_folder(&s, name),
                                    .progress = stop_after,
                                    .user = &state,
                                    .stop = &state.stop,
                                    .side_by_side = side_by_side};
    ck_assert_int_eq(tiny_try(ctx, &s, overrides, &options), PB_INTERRUPTED);
    ck_assert_msg(pb_run_resume(ctx, options.folder, NULL) == PB_OK, "%s", pb_error(ctx));
    return options.folder;
}

/* Samples of the training part that at least one of the seeds 3, 4, 5 has not drawn. */
static int out_of_bag(void)
{
    int times[ROWS] = {0}, left = 0;
    for (uint64_t seed = 3; seed <= 5; seed++) {
        int32_t draws[ROWS];
        bool drawn[ROWS] = {false};
        pb_bootstrap_draw(seed, ROWS, draws);
        for (int i = 0; i < ROWS; i++) drawn[draws[i]] = true;
        for (int i = 0; i < ROWS; i++) times[i] += drawn[i];
    }
    for (int i = 0; i < ROWS; i++) left += times[i] < 3;
    return left;
}

START_TEST(test_bagging)
{
    static const char bagging[] = "ensemble={kind: bagging, members: 3}|train.seeds=[3]";
    const char *whole = train(bagging, "whole"), *plain = train("train.seeds=[3, 4, 5]", "plain");
    check_summary(whole, "bagging", 3);
    same_ensemble(whole, stop_and_go_on(bagging, 5, 3));
    json_t *json = run_json(whole, "ensemble.json"), *bag = json_object_get(json, "out_of_bag");
    ck_assert_int_eq((int)run_number(bag, "samples", NULL), out_of_bag());
    ck_assert_double_gt(run_number(bag, "accuracy", NULL), 1.0 / TINY_CLASSES);
    json_decref(json);
    size_t a_bytes, b_bytes;
    char *a = run_file(whole, "seed-3/best.safetensors", &a_bytes),
         *b = run_file(plain, "seed-3/best.safetensors", &b_bytes);
    ck_assert_msg(a_bytes == b_bytes && memcmp(a, b, a_bytes) != 0, "it learned from all samples");
    free(a);
    free(b);
}
END_TEST

/* A snapshot is the network of a training that ends there; the last one is kept as the last. */
START_TEST(test_snapshots)
{
    static const char snapshots[] =
        "ensemble={kind: snapshots, members: 2}|train.keep=last|train.seeds=[3]|"
        "stages.sgd.schedule=restarts|stages.sgd.period=2";
    const char *whole = train(snapshots, "whole");
    const char *half = train("train.epochs=2|train.keep=last|train.seeds=[3]|"
                             "stages.sgd.schedule=restarts|stages.sgd.period=2",
                             "half");
    size_t a_bytes = 0, b_bytes = 0;
    char *a = run_file(whole, "seed-3/snapshot-1.safetensors", &a_bytes),
         *b = run_file(half, "seed-3/best.safetensors", &b_bytes);
    ck_assert_msg(a && a_bytes == b_bytes && memcmp(a, b, a_bytes) == 0, "snapshot 1 differs");
    free(a);
    free(b);
    a = run_file(whole, "seed-3/snapshot-2.safetensors", &a_bytes);
    b = run_file(whole, "seed-3/best.safetensors", &b_bytes);
    ck_assert_msg(a && a_bytes == b_bytes && memcmp(a, b, a_bytes) == 0, "snapshot 2 differs");
    free(a);
    free(b);
    const char *const warm[] = {"ensemble={kind: snapshots, members: 2}", "train.keep=last",
                                "stages.sgd.schedule=restarts", "stages.sgd.period=2",
                                "stages.sgd.warmup=1"};
    pb_config *config = NULL;
    ck_assert_int_eq(pb_config_load(ctx, scratch_path(&s, "tiny.yaml"), 5, warm, &config),
                     PB_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "no warmup"));
    check_summary(whole, "snapshots", 2);
    same_ensemble(whole, stop_and_go_on(snapshots, 3, 0));
}
END_TEST

static double *doubles_of(const char *folder, const char *name, pb_npy *array)
{
    char path[700];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert_msg(pb_npy_load(ctx, path, array) == PB_OK, "%s", pb_error(ctx));
    ck_assert_int_eq(array->dtype, PB_NPY_F64);
    return array->data;
}

/* Each row is the softmax of some way that the members may have voted. */
static void check_votes(const char *folder, const double alphas[3])
{
    pb_npy array;
    const double *p = doubles_of(folder, "ensemble_probabilities.npy", &array);
    ck_assert_uint_eq(array.dim[1], TINY_CLASSES);
    for (size_t i = 0; i < array.dim[0]; i++, p += TINY_CLASSES) {
        bool found = false;
        for (int way = 0; way < 27 && !found; way++) {
            double votes[TINY_CLASSES] = {0};
            votes[way % 3] += alphas[0];
            votes[way / 3 % 3] += alphas[1];
            votes[way / 9] += alphas[2];
            found = true;
            for (int k = 1; k < TINY_CLASSES; k++)
                found = found && fabs(log(p[k] / p[0]) - 0.75 * (votes[k] - votes[0])) < 1e-9;
        }
        ck_assert_msg(found, "sample %zu has probabilities of no vote", i);
    }
    pb_npy_clear(&array);
}

START_TEST(test_boosting)
{
    static const char boosting[] =
        "ensemble={kind: samme, members: 3}|train.seeds=3|stages.sgd.lr=0.01";
    const char *whole = train(boosting, "whole");
    check_summary(whole, "samme", 3);
    json_t *json = run_json(whole, "boosting.json"), *members = json_object_get(json, "members");
    pb_npy array;
    const double *w = doubles_of(whole, "sample_weights.npy", &array);
    double alphas[3];
    ck_assert_uint_eq(array.dim[0], 3);
    ck_assert_uint_eq(array.dim[1], ROWS);
    for (int i = 0; i < ROWS; i++) ck_assert_double_eq(w[i], 1.0 / ROWS);
    for (size_t m = 0; m < 3; m++) {
        const json_t *member = json_array_get(members, m);
        const double error = run_number(member, "error", NULL);
        alphas[m] = run_number(member, "alpha", NULL);
        ck_assert_double_gt(error, 0); /* or the rest says nothing */
        ck_assert_double_lt(error, 2.0 / 3);
        ck_assert_double_eq_tol(alphas[m], log((1 - error) / error) + log(2), 1e-7);
        if (m == 2) continue;
        /* those that gained weight are those that it got wrong */
        const double *before = w + m * ROWS, *after = before + ROWS;
        bool wrong[ROWS];
        double expected[ROWS], sum = 0;
        for (int i = 0; i < ROWS; i++) {
            wrong[i] = after[i] > before[i];
            if (wrong[i]) sum += before[i];
        }
        ck_assert_double_eq_tol(sum, error, 1e-8); /* JSON has nine digits */
        samme(ROWS, TINY_CLASSES, wrong, before, expected);
        for (int i = 0; i < ROWS; i++) ck_assert_double_eq_tol(after[i], expected[i], 1e-12);
    }
    json_decref(json);
    pb_npy_clear(&array);
    check_votes(whole, alphas);
    const char *stopped = stop_and_go_on(boosting, 6, 2);
    same_file(whole, stopped, "boosting.json");
    same_file(whole, stopped, "sample_weights.npy");
    same_ensemble(whole, stopped);
    const char *const both[] = {whole, stopped};
    ck_assert_int_eq(pb_ensemble_run(ctx, 2, both, NULL, tiny_folder(&s, "both")), PB_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "joins no other runs"));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("training ensembles");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, test_bootstrap_draws_are_philox);
    tcase_add_test(tcase, test_weighted_draws_come_as_often_as_weights_say);
    tcase_add_test(tcase, test_rounds_of_samme);
    tcase_add_test(tcase, test_votes_become_probabilities);
    tcase_add_test(tcase, test_bagging);
    tcase_add_test(tcase, test_snapshots);
    tcase_add_test(tcase, test_boosting);
    return run_case("training ensembles", tcase);
}
