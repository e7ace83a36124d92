/* A cross-validation is its folds, each a run of its own: what they came to together, going on with
 * it to the same bits, and a search that chooses by it. */
#include "tiny_fixture.h"
#include "train/config.h"
#include "train/run_data.h"
#include "train/sweep_trial.h"

#define FOLDS "data.validation=0|train.folds=3|train.epochs=3"

/* ---- numbers ---- */

static double at(const json_t *list, size_t index)
{
    const json_t *number = json_array_get(list, index);
    ck_assert(json_is_number(number));
    return json_number_value(number);
}

/* Mean and standard deviation of numbers in two passes, as any book has them. */
static void check_spread(const json_t *spread, const double numbers[], int count)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < count; i++) sum += numbers[i];
    for (int i = 0; i < count; i++) squares += pow(numbers[i] - sum / count, 2);
    ck_assert_double_eq_tol(run_number(spread, "mean", NULL), sum / count, 1e-8);
    ck_assert_double_eq_tol(run_number(spread, "std", NULL), sqrt(squares / (count - 1)), 1e-8);
}

/* Good until it is asked for a fourth time. */
static const char *fold_folder(const char *folder, int fold)
{
    static char paths[4][300];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%.250s/fold-%d", folder, fold);
    return path;
}

/* Seeds 3 and 5 on folds 1, 2 and 3. */
static void check_scores(const char *folder, const json_t *summary, const char *key)
{
    const json_t *spread = json_object_get(summary, key);
    double numbers[6];
    for (int fold = 1; fold <= 3; fold++) {
        json_t *one = run_json(fold_folder(folder, fold), "summary.json");
        const json_t *per_seed = json_object_get(json_object_get(one, key), "per_seed");
        for (size_t i = 0; i < 2; i++) {
            numbers[2 * (fold - 1) + (int)i] = at(per_seed, i);
            const json_t *list = json_array_get(json_object_get(spread, "per_fold"), i);
            ck_assert_uint_eq(json_array_size(list), 3);
            ck_assert_double_eq(at(list, (size_t)fold - 1), at(per_seed, i));
        }
        json_decref(one);
    }
    check_spread(spread, numbers, 6);
    for (size_t i = 0; i < 2; i++)
        ck_assert_double_eq_tol(at(json_object_get(spread, "per_seed"), i),
                                (numbers[i] + numbers[2 + i] + numbers[4 + i]) / 3, 1e-8);
}

START_TEST(test_joins_its_folds)
{
    const char *folder = train(FOLDS, "cv");
    json_t *summary = run_json(folder, "summary.json"), *metrics = run_metrics(folder);
    check_scores(folder, summary, "test_accuracy");
    check_scores(folder, summary, "val_accuracy");
    check_scores(folder, summary, "val_loss");
    const json_t *folds = json_object_get(summary, "folds");
    ck_assert_int_eq((int)run_number(folds, "count", NULL), 3);
    ck_assert_uint_eq(json_array_size(json_object_get(summary, "best_epoch")), 6);
    ck_assert_double_eq(at(json_object_get(folds, "train_samples"), 2), 100);
    ck_assert_double_eq(at(json_object_get(folds, "val_samples"), 0), 50);

    ck_assert_uint_eq(json_array_size(metrics), 3 * 2 * 3);
    for (size_t i = 0; i < json_array_size(metrics); i++)
        ck_assert_int_eq((int)run_number(json_array_get(metrics, i), "fold", NULL), 1 + (int)i / 6);

    pb_npy losses, classes;
    ck_assert_int_eq(pb_npy_load(ctx, scratch_path(&s, "cv/train_loss.npy"), &losses), PB_OK);
    ck_assert_int_eq(pb_npy_load(ctx, scratch_path(&s, "cv/class_accuracies.npy"), &classes),
                     PB_OK);
    ck_assert_uint_eq(losses.dim[0], 6);
    ck_assert_uint_eq(classes.dim[0], 6);
    ck_assert_uint_eq(classes.dim[1], TINY_CLASSES);
    pb_npy_clear(&losses);
    pb_npy_clear(&classes);
    json_decref(metrics);
    json_decref(summary);

    char *text;
    ck_assert_msg(pb_run_eval(ctx, folder, NULL, &text) == PB_OK, "%s", pb_error(ctx));
    json_t *scores = json_loads(text, 0, NULL);
    summary = run_json(folder, "summary.json");
    ck_assert(json_equal(json_object_get(scores, "test_accuracy"),
                         json_object_get(summary, "test_accuracy")));
    json_decref(summary);
    json_decref(scores);
    free(text);
}
END_TEST

/* Every fold is the run that trains it alone. */
START_TEST(test_a_fold_is_a_run)
{
    const char *folder = train(FOLDS, "cv"), *alone = train(FOLDS "|train.fold=2", "alone");
    same_run(fold_folder(folder, 2), alone);
}
END_TEST

static int32_t *rows_of(const char *overrides, bool held, int *count)
{
    pb_config *config = tiny_config(ctx, &s, overrides);
    pb_dataset *data;
    int32_t *train_rows, *held_rows;
    int train_count, held_count;
    ck_assert_int_eq(pb_run_data_load(ctx, config, false, &data), PB_OK);
    ck_assert_int_eq(
        pb_run_data_split(ctx, config, data, &train_rows, &train_count, &held_rows, &held_count),
        PB_OK);
    ck_assert_int_eq(train_count + held_count, data->train.count);
    pb_dataset_free(&data);
    pb_config_free(&config);
    free(held ? train_rows : held_rows);
    *count = held ? held_count : train_count;
    return held ? held_rows : train_rows;
}

/* Each repeat holds every sample out once; rows learned from are never those held out. */
START_TEST(test_folds_of_each_repeat_cover_all)
{
    int seen[2][150] = {{0}}, same = 0;
    for (int fold = 1; fold <= 6; fold++) {
        char overrides[100];
        int held_count, train_count;
        snprintf(overrides, sizeof overrides, FOLDS "|train.fold_repeats=2|train.fold=%d", fold);
        int32_t *held = rows_of(overrides, true, &held_count),
                *learned = rows_of(overrides, false, &train_count);
        for (int i = 0; i < held_count; i++) seen[(fold - 1) / 3][held[i]] += fold;
        for (int i = 0; i < train_count; i++)
            for (int k = 0; k < held_count; k++) ck_assert_int_ne(learned[i], held[k]);
        free(held);
        free(learned);
    }
    for (int i = 0; i < 150; i++) {
        ck_assert_int_ge(seen[0][i], 1);
        ck_assert_int_le(seen[0][i], 3);
        ck_assert_int_ge(seen[1][i], 4);
        ck_assert_int_le(seen[1][i], 6);
        same += seen[0][i] == seen[1][i] - 3;
    }
    ck_assert_int_lt(same, 100); /* the repeat has other folds: a third agrees by chance */
}
END_TEST

/* ---- stopping and going on ---- */

typedef struct stopper {
    int after, heard, folds;
    volatile int stop;
} stopper;

static void stop_after(void *user, const pb_progress *progress)
{
    stopper *st = user;
    ck_assert_int_eq(progress->fold_count, 3);
    if (progress->fold > st->folds) st->folds = progress->fold;
    if (++st->heard == st->after) st->stop = 1;
}

static void same_cross_validation(const char *a, const char *b)
{
    static const char *const files[] = {"config.yaml", "train_loss.npy", "band_weights.npy",
                                        "class_accuracies.npy", "mask.npy"};
    for (int fold = 1; fold <= 3; fold++) {
        same_run(fold_folder(a, fold), fold_folder(b, fold));
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) same_file(a, b, files[i]);
    json_t *x = timeless_summary(a), *y = timeless_summary(b);
    ck_assert(json_equal(x, y));
    json_decref(x), json_decref(y);
    x = run_metrics(a), y = run_metrics(b);
    ck_assert(json_equal(x, y));
    json_decref(x), json_decref(y);
}

START_TEST(test_resumes_to_the_same_bits)
{
    const char *whole = train(FOLDS, "whole"), *folder = tiny_folder(&s, "cv");
    stopper st = {.after = 4}; /* amid the first fold, then amid the next, then its last epoch */
    pb_run_options options = {
        .folder = folder, .progress = stop_after, .user = &st, .stop = &st.stop};
    ck_assert_int_eq(tiny_try(ctx, &s, FOLDS, &options), PB_INTERRUPTED);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "passband resume"));
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "fold 1 of 3"));
    st = (stopper){.after = 4};
    ck_assert_int_eq(pb_run_resume(ctx, folder, &options), PB_INTERRUPTED);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "fold 2 of 3"));
    json_t *metrics = run_metrics(folder);
    ck_assert_uint_eq(json_array_size(metrics), 8);
    json_decref(metrics);
    st = (stopper){0};
    ck_assert_msg(pb_run_resume(ctx, folder, &options) == PB_OK, "%s", pb_error(ctx));
    ck_assert_int_eq(st.folds, 3);
    same_cross_validation(whole, folder);
}
END_TEST

/* ---- a search ---- */

typedef struct listener {
    int epochs, prune_after;
    double val_loss, val_accuracy;
} listener;

static pb_status listen(void *user, int epoch, double train_loss, double val_loss,
                        double val_accuracy, bool *prune)
{
    listener *l = user;
    ck_assert_int_eq(epoch, ++l->epochs);
    ck_assert(isfinite(train_loss));
    l->val_loss = val_loss;
    l->val_accuracy = val_accuracy;
    *prune = epoch == l->prune_after;
    return PB_OK;
}

/* What a trial is judged by is what a run with its seed comes to. */
START_TEST(test_a_trial_is_the_mean_over_folds)
{
    const char *folder = train(FOLDS "|train.seeds=[3]", "cv");
    json_t *summary = run_json(folder, "summary.json");
    pb_config *config = tiny_config(ctx, &s, FOLDS "|train.seeds=[3]");
    listener l = {0};
    bool pruned;
    ck_assert_msg(pb_trial_train(ctx, config, &(pb_run_options){0}, listen, &l, &pruned) == PB_OK,
                  "%s", pb_error(ctx));
    ck_assert(!pruned);
    ck_assert_int_eq(l.epochs, 3);
    ck_assert_double_eq_tol(l.val_accuracy, run_number(summary, "val_accuracy", "mean"), 1e-8);
    l = (listener){.prune_after = 1};
    ck_assert_int_eq(pb_trial_train(ctx, config, &(pb_run_options){0}, listen, &l, &pruned), PB_OK);
    ck_assert(pruned);
    ck_assert_int_eq(l.epochs, 1);
    pb_config_free(&config);
    json_decref(summary);
}
END_TEST

/* ---- words ---- */

static void check_words(const char *overrides, const char *words)
{
    const char *list[16];
    char yaml[4096], *copy = strdup(overrides);
    snprintf(yaml, sizeof yaml, tiny_yaml, s.folder);
    scratch_put(&s, "tiny.yaml", yaml, strlen(yaml));
    const int count = tiny_overrides(copy, list);
    pb_config *config = NULL;
    pb_status status = pb_config_load(ctx, scratch_path(&s, "tiny.yaml"), count, list, &config);
    const pb_run_options options = {.folder = tiny_folder(&s, "refused")};
    if (status == PB_OK) status = pb_run_train(ctx, config, &options, NULL);
    ck_assert_msg(status == PB_ERR_CONFIG, "%s: %s", overrides, pb_status_name(status));
    ck_assert_msg(strstr(pb_error(ctx), words) != NULL, "%s lacks %s", pb_error(ctx), words);
    ck_assert_int_ne(access(options.folder, F_OK), 0);
    pb_config_free(&config);
    free(copy);
}

START_TEST(test_refuses_in_words)
{
    check_words("data.validation=0|train.folds=1", "train.folds: 1 fold leaves nothing");
    check_words("train.folds=3", "data.validation: is 0.2, but with train.folds");
    check_words("train.fold=1", "train.fold: is for a cross-validation");
    check_words("train.fold_kind=plain", "train.fold_kind: is for a cross-validation");
    check_words(FOLDS "|train.fold=4", "train.fold: is 4, but there are 3 folds");
    check_words("data.validation=0|train.folds=51", "class 0 has 50; at most 50 folds");
    check_words("data.validation=0|train.folds=151|train.fold_kind=plain", "151 folds of 150");
    check_words(FOLDS "|train.batch_size=101", "larger than the 100 training samples");
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("cross_validation");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, test_joins_its_folds);
    tcase_add_test(tcase, test_a_fold_is_a_run);
    tcase_add_test(tcase, test_folds_of_each_repeat_cover_all);
    tcase_add_test(tcase, test_resumes_to_the_same_bits);
    tcase_add_test(tcase, test_a_trial_is_the_mean_over_folds);
    tcase_add_test(tcase, test_refuses_in_words);
    return run_case("cross_validation", tcase);
}
