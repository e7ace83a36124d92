/* Whole searches on a tiny data set: what they choose by, what they leave behind, and going on with
 * them. */
#include <passband/sweep.h>

#include "tiny_run.h"
#include "train/optuna_store.h"
#include "train/sweep_config.h"

static const char arms_yaml[] = "name: duel\n"
                                "sweep:\n"
                                "  sampler: random\n"
                                "  trials: 4\n"
                                "  trial_seed: 3\n"
                                "  final_seeds: [5, 6, 7]\n"
                                "  space:\n"
                                "    stages.sgd.lr: {type: log, low: 0.001, high: 0.3}\n"
                                "  arms:\n"
                                "    bands: {config: tiny.yaml}\n"
                                "    coarse:\n"
                                "      config: tiny.yaml\n"
                                "      set: {stages.dct2.keep: 2}\n";

typedef struct hall {
    pb_context *ctx;
    scratch s;
    char file[128], folder[128];
    volatile int stop;
    int ended, stop_after; /* trials; 0: never stop */
    char said[1024];
} hall;

/* Two layers, so that a rate that is far too high comes to no number at all. */
static const char plain_yaml[] =
    "name: tiny\n"
    "data: {name: npy, path: %s, validation: 0.2}\n"
    "train: {epochs: 4, batch_size: 16, eval_batch_size: 25, seeds: [0]}\n"
    "stages:\n"
    "  - load\n"
    "  - dct2: {keep: 4}\n"
    "  - linear: {features: 8}\n"
    "  - linear: {features: 3}\n"
    "  - cross_entropy\n"
    "  - sgd: {lr: 0.1, momentum: 0.9}\n";

static void put(hall *h, const char *name, const char *format)
{
    char text[2048];
    snprintf(text, sizeof text, format, h->s.folder);
    scratch_put(&h->s, name, text, strlen(text));
}

static void setup(hall *h, const char *sweep)
{
    *h = (hall){.ctx = pb_context_create()};
    scratch_open(&h->s);
    tiny_data(h->ctx, &h->s);
    put(h, "tiny.yaml", plain_yaml);
    scratch_put(&h->s, "sweep.yaml", sweep, strlen(sweep));
    strcpy(h->file, scratch_path(&h->s, "sweep.yaml"));
    strcpy(h->folder, scratch_path(&h->s, "out"));
}

static void teardown(hall *h)
{
    scratch_close(&h->s);
    pb_context_free(&h->ctx);
}

static void hear(void *user, const pb_sweep_progress *p)
{
    hall *h = user;
    ck_assert_int_le(p->finished, p->planned);
    ck_assert_int_le(p->epoch, p->epochs);
    if (!p->over) return;
    h->ended++;
    if (h->ended == h->stop_after) h->stop = 1;
}

/* Runs the search of a file, or of a folder that holds one, into a folder, NULL: the same;
 * overrides are separated by '|', NULL: none. */
static pb_status run_into(hall *h, const char *file, const char *folder, const char *overrides)
{
    const char *list[16];
    char *copy = overrides ? strdup(overrides) : NULL;
    const int count = tiny_overrides(copy, list);
    const pb_sweep_options options = {.folder = folder, .trial = hear, .user = h, .stop = &h->stop};
    h->ended = 0;
    const pb_status status = pb_sweep_run(h->ctx, file, count, list, &options, NULL);
    snprintf(h->said, sizeof h->said, "%s", pb_error(h->ctx));
    free(copy);
    return status;
}

static pb_status run(hall *h, const char *overrides)
{
    return run_into(h, h->file, h->folder, overrides);
}

/* Runs a search to its end; its sweep.json. */
static json_t *search(hall *h, const char *overrides)
{
    const pb_status status = run(h, overrides);
    ck_assert_msg(status == PB_OK, "%s", h->said);
    return run_json(h->folder, "sweep.json");
}

/* Goes on with the search of a folder, which alone is enough; the trials that ended meanwhile. */
static int go_on(hall *h, const char *overrides)
{
    const pb_status status = run_into(h, h->folder, NULL, overrides);
    ck_assert_msg(status == PB_OK, "%s", h->said);
    return h->ended;
}

static const json_t *arm(const json_t *sweep, size_t index)
{
    return json_array_get(json_object_get(sweep, "arms"), index);
}

static const json_t *trial(const json_t *sweep, size_t of_arm, size_t index)
{
    return json_array_get(json_object_get(arm(sweep, of_arm), "trials"), index);
}

static double number(const json_t *json, const char *key)
{
    const json_t *value = json_object_get(json, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static const char *text(const json_t *json, const char *key)
{
    const char *value = json_string_value(json_object_get(json, key));
    return value ? value : "";
}

/* ---- one search ---- */

static const char one_yaml[] = "name: one\n"
                               "sweep:\n"
                               "  sampler: random\n"
                               "  trials: 5\n"
                               "  trial_seed: 3\n"
                               "  final_seeds: [5, 6, 7]\n"
                               "  final: {train.epochs: 5}\n"
                               "  space:\n"
                               "    stages.sgd.lr: {type: log, low: 0.0001, high: 0.3}\n"
                               "    stages.sgd.momentum: {type: categorical, choices: [0, 0.9]}\n"
                               "  arms: {one: {config: tiny.yaml}}\n";

/* The best trial is the one with the best validation accuracy over its epochs, and its run has its
 * point. */
START_TEST(the_winner_is_the_best_trial)
{
    hall h;
    setup(&h, one_yaml);
    json_t *sweep = search(&h, NULL);
    ck_assert_int_eq(h.ended, 5);
    const json_t *one = arm(sweep, 0), *best = json_object_get(one, "best");
    double most = -1;
    for (size_t i = 0; i < 5; i++) {
        ck_assert_str_eq(text(trial(sweep, 0, i), "state"), "COMPLETE");
        most = fmax(most, number(trial(sweep, 0, i), "value"));
    }
    ck_assert_double_eq(number(best, "value"), most);
    char run_folder[256], name[64];
    snprintf(name, sizeof name, "one-trial-%d", (int)number(best, "number"));
    ck_assert_str_eq(text(one, "run"), name);
    snprintf(run_folder, sizeof run_folder, "%s/%s", h.folder, name);
    size_t bytes;
    char *config = run_file(run_folder, "config.yaml", &bytes), line[128];
    ck_assert_ptr_nonnull(strstr(config, "seeds: [5, 6, 7]\n"));
    ck_assert_ptr_nonnull(strstr(config, "epochs: 5\n"));
    const char *lr = strstr(text(best, "point"), "lr=");
    snprintf(line, sizeof line, "lr: %.*s\n", (int)strcspn(lr + 3, " "), lr + 3);
    ck_assert_msg(strstr(config, line) != NULL, "%s lacks %s", config, line);
    free(config);
    json_t *summary = run_json(run_folder, "summary.json");
    ck_assert(json_equal(json_object_get(summary, "test_accuracy"),
                         json_object_get(one, "test_accuracy")));
    ck_assert_uint_eq(
        json_array_size(json_object_get(json_object_get(one, "test_accuracy"), "per_seed")), 3);
    json_decref(summary);
    json_decref(sweep);
    teardown(&h);
}
END_TEST

/* A trial comes to what the same configuration comes to when it is run by itself. */
START_TEST(a_trial_is_an_ordinary_training)
{
    hall h;
    setup(&h, one_yaml);
    json_t *sweep = search(&h, "sweep.trials=1");
    char overrides[2][128], folder[128];
    const char *point = text(json_object_get(arm(sweep, 0), "best"), "point");
    ck_assert_int_eq(sscanf(point, "%127s %127s", overrides[0], overrides[1]), 2);
    const char *const list[] = {overrides[0], overrides[1], "train.seeds=[3]"};
    pb_config *config = NULL;
    ck_assert_int_eq(pb_config_load(h.ctx, scratch_path(&h.s, "tiny.yaml"), 3, list, &config),
                     PB_OK);
    strcpy(folder, scratch_path(&h.s, "alone"));
    const pb_run_options options = {.folder = folder};
    ck_assert_msg(pb_run_train(h.ctx, config, &options, NULL) == PB_OK, "%s", pb_error(h.ctx));
    pb_config_free(&config);
    json_t *metrics = run_metrics(folder);
    double best = -1;
    for (size_t i = 0; i < json_array_size(metrics); i++)
        best = fmax(best, number(json_array_get(metrics, i), "val_accuracy"));
    ck_assert_double_eq_tol(number(trial(sweep, 0, 0), "value"), best, 1e-9);
    json_decref(metrics);
    json_decref(sweep);
    teardown(&h);
}
END_TEST

/* Every label of the test part is made wrong: the search must not notice. */
START_TEST(the_test_part_decides_nothing)
{
    hall h, wrong;
    setup(&h, one_yaml);
    setup(&wrong, one_yaml);
    int32_t labels[65];
    for (int i = 0; i < 65; i++) labels[i] = (i + 1) % TINY_CLASSES;
    const size_t dim[] = {65};
    ck_assert_int_eq(
        pb_npy_save(wrong.ctx, scratch_path(&wrong.s, "y_test.npy"), PB_NPY_I32, 1, dim, labels),
        PB_OK);
    json_t *a = search(&h, NULL), *b = search(&wrong, NULL);
    for (size_t i = 0; i < 5; i++) {
        ck_assert(json_equal(json_object_get(trial(a, 0, i), "params"),
                             json_object_get(trial(b, 0, i), "params")));
        ck_assert_double_eq(number(trial(a, 0, i), "value"), number(trial(b, 0, i), "value"));
    }
    ck_assert_double_eq(number(json_object_get(arm(a, 0), "best"), "number"),
                        number(json_object_get(arm(b, 0), "best"), "number"));
    ck_assert_double_ne(number(json_object_get(arm(a, 0), "test_accuracy"), "mean"),
                        number(json_object_get(arm(b, 0), "test_accuracy"), "mean"));
    json_decref(a);
    json_decref(b);
    teardown(&h);
    teardown(&wrong);
}
END_TEST

/* ---- two arms ---- */

/* The table of Student's distribution: |t| of 2 degrees of freedom exceeds 4.303 with a probability
 * of 0.05. */
START_TEST(arms_are_compared_by_pairs)
{
    hall h;
    setup(&h, arms_yaml);
    json_t *sweep = search(&h, NULL);
    const json_t *c = json_array_get(json_object_get(sweep, "comparisons"), 0);
    const json_t *a = json_object_get(json_object_get(arm(sweep, 0), "test_accuracy"), "per_seed");
    const json_t *b = json_object_get(json_object_get(arm(sweep, 1), "test_accuracy"), "per_seed");
    double d[3], mean = 0, squares = 0;
    for (size_t i = 0; i < 3; i++) {
        d[i] = json_number_value(json_array_get(b, i)) - json_number_value(json_array_get(a, i));
        mean += d[i] / 3;
    }
    for (size_t i = 0; i < 3; i++) squares += (d[i] - mean) * (d[i] - mean);
    const double t = mean / (sqrt(squares / 2) / sqrt(3));
    ck_assert_str_eq(text(c, "against"), "bands");
    ck_assert_str_eq(text(c, "arm"), "coarse");
    ck_assert_double_eq_tol(number(c, "difference"), mean, 1e-8);
    if (isfinite(t)) ck_assert_double_eq_tol(number(c, "t"), t, 1e-5 * fabs(t));
    const bool noise = json_is_true(json_object_get(c, "within_noise"));
    ck_assert_int_eq(noise, !(fabs(t) > 4.302653));
    ck_assert_ptr_nonnull(strstr(text(c, "sentence"), noise ? "within noise" : "beyond noise"));
    json_decref(sweep);
    teardown(&h);
}
END_TEST

/* ---- going on ---- */

/* Stopped in the middle and gone on with: what was finished stays, and all comes to the same as a
 * search that was never stopped; then with more trials. */
START_TEST(a_stopped_search_goes_on)
{
    hall h, whole;
    setup(&h, one_yaml);
    setup(&whole, one_yaml);
    h.stop_after = 3;
    ck_assert_int_eq(run(&h, NULL), PB_INTERRUPTED);
    ck_assert_ptr_nonnull(strstr(h.said, "goes on with the search"));
    ck_assert_int_eq(h.ended, 3);
    h.stop = h.stop_after = 0;
    ck_assert_int_eq(go_on(&h, NULL), 2);
    json_t *a = run_json(h.folder, "sweep.json"), *b = search(&whole, NULL);
    for (size_t i = 0; i < 5; i++)
        ck_assert_double_eq(number(trial(a, 0, i), "value"), number(trial(b, 0, i), "value"));
    json_decref(a);
    json_decref(b);
    ck_assert_int_eq(go_on(&h, NULL), 0); /* nothing is left to do */
    ck_assert_int_eq(go_on(&h, "sweep.trials=6"), 1);
    teardown(&h);
    teardown(&whole);
}
END_TEST

START_TEST(another_search_is_refused)
{
    hall h;
    setup(&h, one_yaml);
    json_decref(search(&h, "sweep.trials=1"));
    ck_assert_int_eq(run(&h, "train.epochs=3"), PB_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(h.said, "with another configuration"));
    ck_assert_int_eq(run(&h, "sweep.metric=val_loss"), PB_ERR_USAGE);
    ck_assert_int_eq(run(&h, "sweep.trial_seed=4"), PB_ERR_USAGE);
    char wider[2048];
    snprintf(wider, sizeof wider, "%s", one_yaml);
    memcpy(strstr(wider, "0.3}"), "0.9}", 4);
    scratch_put(&h.s, "sweep.yaml", wider, strlen(wider));
    ck_assert_int_eq(run(&h, NULL), PB_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(h.said, "over another space"));
    char out[128];
    strcpy(out, scratch_path(&h.s, "out/sweep.yaml"));
    ck_assert_int_eq(remove(out), 0); /* the study alone must refuse it too */
    ck_assert_int_eq(run(&h, NULL), PB_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(h.said, "another space (stages.sgd.lr)"));
    scratch_put(&h.s, "out/study.db", "no data base at all, but long enough to look like one", 53);
    ck_assert_int_eq(run(&h, NULL), PB_ERR_IO);
    ck_assert_ptr_nonnull(strstr(h.said, "study.db: the study is damaged"));
    teardown(&h);
}
END_TEST

/* ---- trials that end early ---- */

static const char grid_yaml[] =
    "name: grid\n"
    "sweep:\n"
    "  sampler: grid\n"
    "  pruner: successive_halving\n"
    "  warmup_epochs: 1\n"
    "  reduction_factor: 2\n"
    "  metric: val_loss\n"
    "  final_seeds: [1]\n"
    "  space:\n"
    "    stages.sgd.lr: {type: categorical, choices: [0.03, 0.000001, 0.0000001]}\n"
    "  arms: {grid: {config: tiny.yaml}}\n";

/* Nearly nothing is learned at the last two rates: they are pruned at the first rung. */
START_TEST(hopeless_trials_are_pruned)
{
    hall h;
    setup(&h, grid_yaml);
    json_t *sweep = search(&h, NULL);
    static const char *const states[] = {"COMPLETE", "PRUNED", "PRUNED"};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_str_eq(text(trial(sweep, 0, i), "state"), states[i]);
        ck_assert_double_eq(number(trial(sweep, 0, i), "epochs"), i == 0 ? 4 : 1);
    }
    ck_assert_double_eq(number(arm(sweep, 0), "pruned"), 2);
    ck_assert_double_eq(number(json_object_get(arm(sweep, 0), "best"), "number"), 0);
    json_decref(sweep);
    teardown(&h);
}
END_TEST

/* A loss that is no number ends a trial, not the search; when no trial is left there is no winner.
 */
START_TEST(a_diverging_trial_is_a_finding)
{
    hall h;
    char yaml[1024];
    setup(&h, "");
    snprintf(yaml, sizeof yaml, "%s", grid_yaml);
    char *choices = strstr(yaml, "[0.03");
    char rest[256];
    strcpy(rest, strchr(choices, ']') + 1);
    sprintf(choices, "[1000, 0.1]%s", rest);
    memcpy(strstr(yaml, "successive_halving"), "none              ", 18);
    scratch_put(&h.s, "sweep.yaml", yaml, strlen(yaml));
    json_t *sweep = search(&h, "stages.sgd.momentum=0.999|train.epochs=40");
    ck_assert_str_eq(text(trial(sweep, 0, 0), "state"), "PRUNED");
    ck_assert_ptr_nonnull(strstr(text(trial(sweep, 0, 0), "problem"), "not finite"));
    ck_assert_str_eq(text(trial(sweep, 0, 1), "state"), "COMPLETE");
    json_decref(sweep);
    strcpy(h.folder, scratch_path(&h.s, "all"));
    strcpy(strstr(yaml, "[1000, 0.1]"), "[1000, 999]");
    strcat(yaml, rest);
    scratch_put(&h.s, "sweep.yaml", yaml, strlen(yaml));
    ck_assert_int_eq(run(&h, "stages.sgd.momentum=0.999|train.epochs=40"), PB_ERR_RUN);
    ck_assert_ptr_nonnull(strstr(h.said, "none of its 2 trials is complete"));
    teardown(&h);
}
END_TEST

/* An error that is no finding ends the search, names the trial, and leaves it failed. */
START_TEST(an_error_ends_the_search)
{
    hall h;
    char yaml[1024];
    setup(&h, "");
    snprintf(yaml, sizeof yaml, "%s", grid_yaml);
    sprintf(strstr(yaml, "    stages.sgd.lr"),
            "    train.batch_size: {type: categorical, choices: [16, 4096]}\n"
            "  arms: {grid: {config: tiny.yaml}}\n");
    scratch_put(&h.s, "sweep.yaml", yaml, strlen(yaml));
    ck_assert_int_eq(run(&h, NULL), PB_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(h.said, "trial 1 of grid (train.batch_size=4096): "));
    pb_sweep_config *config = NULL;
    pb_store *store = NULL;
    pb_trials trials;
    int64_t study;
    ck_assert_int_eq(pb_sweep_config_load(h.ctx, h.file, 0, NULL, &config), PB_OK);
    ck_assert_int_eq(pb_store_open(h.ctx, scratch_path(&h.s, "out/study.db"), &store), PB_OK);
    const pb_space *space = &config->arms[0].space;
    ck_assert_int_eq(pb_store_study(store, "grid", false, space, &study), PB_OK);
    ck_assert_int_eq(pb_store_load(store, study, space, &trials), PB_OK);
    ck_assert_int_eq(trials.count, 2);
    ck_assert_int_eq(trials.trial[0].state, PB_TRIAL_COMPLETE);
    ck_assert_int_eq(trials.trial[1].state, PB_TRIAL_FAIL);
    pb_trials_clear(&trials);
    pb_store_close(&store);
    pb_sweep_config_free(&config);
    teardown(&h);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("sweep_run");
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, the_winner_is_the_best_trial);
    tcase_add_test(tcase, a_trial_is_an_ordinary_training);
    tcase_add_test(tcase, the_test_part_decides_nothing);
    tcase_add_test(tcase, arms_are_compared_by_pairs);
    tcase_add_test(tcase, a_stopped_search_goes_on);
    tcase_add_test(tcase, another_search_is_refused);
    tcase_add_test(tcase, hopeless_trials_are_pruned);
    tcase_add_test(tcase, a_diverging_trial_is_a_finding);
    tcase_add_test(tcase, an_error_ends_the_search);
    return run_case("sweep_run", tcase);
}
