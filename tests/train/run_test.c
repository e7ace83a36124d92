/* A whole run on a tiny data set: it learns, repeats itself, and fails with a sentence. */
#include "base/rng.h"
#include "tiny_fixture.h"

/* ---- what a run leaves ---- */

/* An array of a run; pb_npy_clear it. */
static pb_npy load(const char *folder, const char *name)
{
    char path[700];
    pb_npy array;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert_msg(pb_npy_load(ctx, path, &array) == PB_OK, "%s", pb_error(ctx));
    return array;
}

START_TEST(test_learns_a_separable_problem)
{
    const char *folder = train("train.epochs=12", "run");
    json_t *summary = run_json(folder, "summary.json");
    ck_assert_double_eq(run_number(summary, "test_accuracy", "mean"), 1.0);
    ck_assert_double_eq(run_number(summary, "test_accuracy", "std"), 0.0);
    ck_assert_double_eq(run_number(summary, "val_accuracy", "mean"), 1.0);
    ck_assert_double_eq(run_number(summary, "train_samples", NULL), 120);
    ck_assert_double_eq(run_number(summary, "steps_per_epoch", NULL), 7); /* 120 / 16 */
    /* 3 band weights; conv1d 4 x 1 x 3 + 4; linear 3 x (4 x 18) + 3 */
    ck_assert_double_eq(run_number(summary, "parameters", NULL), 3 + 16 + 219);
    ck_assert_double_gt(run_number(summary, "seconds_per_epoch", NULL), 0);
    json_decref(summary);

    json_t *metrics = run_metrics(folder);
    ck_assert_uint_eq(json_array_size(metrics), 24);
    const json_t *first = json_array_get(metrics, 0), *last = json_array_get(metrics, 11);
    ck_assert_double_eq(run_number(first, "epoch", NULL), 1);
    ck_assert_double_eq(run_number(first, "step", NULL), 7);
    ck_assert_double_eq(run_number(last, "step", NULL), 84);
    ck_assert_double_lt(run_number(last, "train_loss", NULL),
                        run_number(first, "train_loss", NULL));
    ck_assert_double_eq_tol(run_number(last, "train_loss", NULL),
                            run_number(last, "losses", "cross_entropy") +
                                0.1 * run_number(last, "losses", "reconstruction"),
                            1e-5);
    ck_assert_double_eq(run_number(first, "rate", "sgd_1"), 0.1);
    json_decref(metrics);
}
END_TEST

START_TEST(test_arrays_have_the_shapes_of_the_map)
{
    const char *folder = train(NULL, "run");
    static const struct {
        const char *name;
        pb_npy_dtype dtype;
        int axes;
        size_t dim[4];
    } arrays[] = {
        {"train_loss.npy", PB_NPY_F32, 2, {2, 10}}, /* iterations 0, 3, ... 27 of 28 */
        {"band_weights.npy", PB_NPY_F32, 3, {2, 10, 3}},
        {"class_accuracies.npy", PB_NPY_F64, 2, {2, 3}},
        {"mask.npy", PB_NPY_F32, 3, {2, 6, 6}},
        {"reconstructions.npy", PB_NPY_F32, 4, {2, 10, 8, 8}},
    };
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        pb_npy array = load(folder, arrays[i].name);
        ck_assert_int_eq(array.dtype, arrays[i].dtype);
        ck_assert_int_eq(array.axes, arrays[i].axes);
        for (int a = 0; a < array.axes; a++)
            ck_assert_msg(array.dim[a] == arrays[i].dim[a], "%s axis %d", arrays[i].name, a);
        for (size_t k = 0; array.dtype == PB_NPY_F32 && k < array.count; k++)
            ck_assert_msg(isfinite(((float *)array.data)[k]), "%s [%zu]", arrays[i].name, k);
        pb_npy_clear(&array);
    }
}
END_TEST

/* The recorded losses average to the epoch's mean when every iteration is recorded, and band
 * weights sum to one. */
START_TEST(test_recordings_agree_with_the_metrics)
{
    const char *folder = train("train.log_every=1", "run");
    pb_npy loss = load(folder, "train_loss.npy"), bands = load(folder, "band_weights.npy");
    ck_assert_uint_eq(loss.dim[1], 28);
    json_t *metrics = run_metrics(folder);
    for (int line = 0; line < 8; line++) {
        double sum = 0;
        for (int k = 0; k < 7; k++) sum += ((float *)loss.data)[7 * line + k];
        ck_assert_double_eq_tol(
            sum / 7, run_number(json_array_get(metrics, (size_t)line), "train_loss", NULL), 1e-6);
    }
    for (size_t k = 0; k < bands.count; k += 3) {
        const float *w = (float *)bands.data + k;
        ck_assert_double_eq_tol(w[0] + w[1] + w[2], 1, 1e-6);
    }
    ck_assert_double_eq_tol(((float *)bands.data)[0], 1 / 3.0, 1e-6); /* they start equal */
    json_decref(metrics);
    pb_npy_clear(&loss);
    pb_npy_clear(&bands);
}
END_TEST

/* A recording with log_every 3 is every third point of one with log_every 1, across epochs of 7
 * iterations. */
START_TEST(test_recordings_thin_out)
{
    pb_npy all = load(train("train.log_every=1", "all"), "train_loss.npy");
    pb_npy some = load(train(NULL, "some"), "train_loss.npy");
    for (size_t seed = 0; seed < 2; seed++)
        for (size_t k = 0; k < some.dim[1]; k++)
            ck_assert_float_eq(((float *)some.data)[seed * some.dim[1] + k],
                               ((float *)all.data)[seed * all.dim[1] + 3 * k]);
    pb_npy_clear(&all);
    pb_npy_clear(&some);
}
END_TEST

START_TEST(test_two_runs_are_the_same_bits)
{
    const char *a = train(NULL, "a");
    same_run(a, train(NULL, "b"));
}
END_TEST

/* The epoch with the highest validation accuracy, of these the one with the lowest loss: from the
 * metrics. */
static int best_of(const json_t *metrics, size_t first, size_t count)
{
    size_t best = first;
    for (size_t k = first; k < first + count; k++) {
        const json_t *a = json_array_get(metrics, k), *b = json_array_get(metrics, best);
        const double gain =
            run_number(a, "val_accuracy", NULL) - run_number(b, "val_accuracy", NULL);
        if (gain > 0 ||
            (gain == 0 && run_number(a, "val_loss", NULL) < run_number(b, "val_loss", NULL)))
            best = k;
    }
    return (int)(best - first) + 1;
}

/* A rate so high that the last epoch is not always the best: eval and the summary score the best.
 */
START_TEST(test_eval_gives_the_summary_again)
{
    const char *folder = train("train.epochs=3|train.seeds=[0,1,2,3,4,5]|"
                               "stages.sgd.lr=1|stages.sgd.schedule=constant",
                               "run");
    char *text = NULL;
    ck_assert_msg(pb_run_eval(ctx, folder, NULL, &text) == PB_OK, "%s", pb_error(ctx));
    json_t *eval = json_loads(text, 0, NULL), *summary = run_json(folder, "summary.json");
    ck_assert(json_equal(json_object_get(eval, "test_accuracy"),
                         json_object_get(summary, "test_accuracy")));
    ck_assert(
        json_equal(json_object_get(eval, "test_loss"), json_object_get(summary, "test_loss")));
    ck_assert_double_lt(run_number(summary, "test_accuracy", "mean"), 1); /* so it says something */

    int early = 0;
    json_t *metrics = run_metrics(folder);
    for (size_t i = 0; i < 6; i++) {
        const json_t *best = json_array_get(json_object_get(summary, "best_epoch"), i);
        ck_assert_int_eq(json_integer_value(best), best_of(metrics, 3 * i, 3));
        early += json_integer_value(best) < 3;
        const json_t *line = json_array_get(metrics, 3 * i + (size_t)json_integer_value(best) - 1);
        const json_t *kept = json_object_get(json_object_get(summary, "val_accuracy"), "per_seed");
        ck_assert_double_eq(json_number_value(json_array_get(kept, i)),
                            run_number(line, "val_accuracy", NULL));
    }
    ck_assert_int_gt(early, 0);
    json_decref(metrics);
    json_decref(eval);
    json_decref(summary);
    free(text);
}
END_TEST

START_TEST(test_runs_without_validation)
{
    const char *folder = train("data.validation=0", "run");
    json_t *summary = run_json(folder, "summary.json");
    ck_assert_ptr_null(json_object_get(summary, "val_accuracy"));
    ck_assert_int_eq(json_integer_value(json_array_get(json_object_get(summary, "best_epoch"), 0)),
                     4);
    json_decref(summary);
    json_t *metrics = run_metrics(folder);
    ck_assert(json_is_null(json_object_get(json_array_get(metrics, 0), "val_loss")));
    json_decref(metrics);
}
END_TEST

/* With a learning rate of 0 nothing gets better: epoch 1 is the best, and patience ends the seed.
 */
START_TEST(test_patience_stops_a_seed)
{
    const char *folder = train(
        "train.epochs=9|train.patience=2|stages.sgd.lr=0|stages.adam.lr=0|train.seeds=[1]", "run");
    json_t *metrics = run_metrics(folder);
    ck_assert_uint_eq(json_array_size(metrics), 3);
    json_decref(metrics);
    pb_npy loss = load(folder, "train_loss.npy");
    ck_assert_uint_eq(loss.dim[1], 21);
    ck_assert(isfinite(((float *)loss.data)[6])); /* iteration 18 of 21 done */
    ck_assert(isnan(((float *)loss.data)[7]));
    pb_npy_clear(&loss);
}
END_TEST

/* Epochs a seed should take whose validation accuracies, or losses, were these. */
static int epochs_until_stale(const json_t *metrics, size_t first, size_t end, bool by_loss,
                              double min_delta, int *recoveries)
{
    double mark = -INFINITY;
    int stale = 0;
    for (size_t k = first; k < end; k++) {
        const json_t *line = json_array_get(metrics, k);
        const double now =
            by_loss ? -run_number(line, "val_loss", NULL) : run_number(line, "val_accuracy", NULL);
        const bool gain = now > mark + min_delta;
        *recoveries += gain && stale > 0;
        stale = gain ? 0 : stale + 1;
        if (stale == 0) mark = now;
        if (stale == 3) return (int)(k - first) + 1;
    }
    return 12; /* all of them */
}

/* Six seeds at a low rate: accuracies dither, and each seed ends after three epochs in a row
 * without a gain. */
/* Nothing gets better here either, and the last epoch is tested where the configuration asks for
 * it.
 */
START_TEST(test_keeps_the_last_epoch)
{
    const char *folder = train("train.epochs=9|train.patience=2|train.keep=last|stages.sgd.lr=0|"
                               "stages.adam.lr=0|train.seeds=[1]",
                               "run");
    json_t *summary = run_json(folder, "summary.json");
    const json_t *kept = json_array_get(json_object_get(summary, "best_epoch"), 0);
    ck_assert_int_eq(json_integer_value(kept), 3);
    json_decref(summary);
}
END_TEST

START_TEST(test_patience_counts_epochs_in_a_row)
{
    const char *folder = train("train.epochs=12|train.patience=3|train.min_delta=0.04|"
                               "train.seeds=[0,1,2,3,4,5]|stages.sgd.lr=0.01",
                               "run");
    json_t *metrics = run_metrics(folder);
    size_t first = 0;
    int early = 0, recoveries = 0;
    for (int seed = 0; seed < 6; seed++) {
        size_t end = first;
        while (end < json_array_size(metrics) &&
               run_number(json_array_get(metrics, end), "seed", NULL) == seed)
            end++;
        const int epochs = (int)(end - first);
        ck_assert_int_eq(epochs, epochs_until_stale(metrics, first, end, false, 0.04, &recoveries));
        early += epochs < 12;
        first = end;
    }
    ck_assert_int_gt(early, 0);
    ck_assert_int_gt(recoveries, 0);
    json_decref(metrics);
}
END_TEST

/* The same rate makes losses dither too: epochs end by them, and the best of an epoch is that of
 * the lowest loss. */
START_TEST(test_monitors_the_loss)
{
    const char *folder =
        train("train.epochs=12|train.patience=3|train.min_delta=0.002|train.monitor=loss|"
              "train.seeds=[0,1,2,3]|stages.sgd.lr=0.5",
              "run");
    json_t *metrics = run_metrics(folder), *summary = run_json(folder, "summary.json");
    size_t first = 0;
    int early = 0, recoveries = 0, other = 0;
    for (int seed = 0; seed < 4; seed++) {
        size_t end = first, lowest = first, highest = first;
        for (; end < json_array_size(metrics); end++) {
            const json_t *line = json_array_get(metrics, end);
            if (run_number(line, "seed", NULL) != seed) break;
            const json_t *low = json_array_get(metrics, lowest),
                         *high = json_array_get(metrics, highest);
            if (run_number(line, "val_loss", NULL) < run_number(low, "val_loss", NULL))
                lowest = end;
            if (run_number(line, "val_accuracy", NULL) > run_number(high, "val_accuracy", NULL))
                highest = end;
        }
        const int epochs = (int)(end - first);
        const json_t *best = json_array_get(json_object_get(summary, "best_epoch"), (size_t)seed);
        ck_assert_int_eq(epochs, epochs_until_stale(metrics, first, end, true, 0.002, &recoveries));
        ck_assert_int_eq(json_integer_value(best), (int)(lowest - first) + 1);
        early += epochs < 12;
        other += lowest != highest;
        first = end;
    }
    ck_assert_int_gt(early, 0);
    ck_assert_int_gt(other, 0); /* accuracy would have chosen otherwise */
    json_decref(metrics);
    json_decref(summary);
}
END_TEST

/* The samples of a class decide its accuracy: hits of all classes are hits of the whole. */
START_TEST(test_class_accuracies_add_up)
{
    const char *folder = train("train.epochs=1|train.seeds=[4]", "run");
    json_t *summary = run_json(folder, "summary.json");
    pb_npy classes = load(folder, "class_accuracies.npy");
    const double *a = classes.data;
    for (int c = 0; c < 3; c++) ck_assert(a[c] >= 0 && a[c] <= 1);
    const double hits = 22 * a[0] + 22 * a[1] + 21 * a[2]; /* of 65 */
    ck_assert_double_eq_tol(hits / 65, run_number(summary, "test_accuracy", "mean"), 1e-8);
    pb_npy_clear(&classes);
    json_decref(summary);
}
END_TEST

/* How samples to score are cut into batches, and how the last one is filled up, changes no score.
 */
START_TEST(test_scores_do_not_depend_on_the_batch)
{
    static const char *const cuts[] = {"train.eval_batch_size=7|train.epochs=2",
                                       "train.eval_batch_size=40|train.epochs=2",
                                       "train.eval_batch_size=65|train.epochs=2"};
    json_t *summaries[3], *metrics[3];
    for (int i = 0; i < 3; i++) {
        const char *folder = train(cuts[i], cuts[i] + strlen("train."));
        summaries[i] = run_json(folder, "summary.json");
        metrics[i] = run_metrics(folder);
    }
    for (int i = 1; i < 3; i++) {
        ck_assert(json_equal(json_object_get(summaries[i], "test_accuracy"),
                             json_object_get(summaries[0], "test_accuracy")));
        ck_assert_double_eq_tol(run_number(summaries[i], "test_loss", "mean"),
                                run_number(summaries[0], "test_loss", "mean"), 1e-6);
        for (size_t line = 0; line < 4; line++) {
            const json_t *a = json_array_get(metrics[i], line),
                         *b = json_array_get(metrics[0], line);
            ck_assert_double_eq(run_number(a, "val_accuracy", NULL),
                                run_number(b, "val_accuracy", NULL));
            ck_assert_double_eq_tol(run_number(a, "val_loss", NULL),
                                    run_number(b, "val_loss", NULL), 1e-6);
        }
    }
    for (int i = 0; i < 3; i++) {
        json_decref(summaries[i]);
        json_decref(metrics[i]);
    }
}
END_TEST

/* ---- what goes wrong ---- */

static void expect_failure(const char *overrides, const char *name, pb_status code,
                           const char *words)
{
    const pb_run_options options = {.folder = tiny_folder(&s, name)};
    const pb_status status = tiny_try(ctx, &s, overrides, &options);
    ck_assert_msg(status == code, "%s: %s", pb_status_name(status), pb_error(ctx));
    ck_assert_msg(strstr(pb_error(ctx), words) != NULL, "%s", pb_error(ctx));
}

/* Float images [150, 8, 8] of which one is too bright for float32 sums. */
static void put_poisoned_data(int bad)
{
    const size_t dim[] = {150, TINY_SIDE, TINY_SIDE};
    static float x[150 * TINY_SIDE * TINY_SIDE];
    for (int i = 0; i < 150 * TINY_SIDE * TINY_SIDE; i++)
        x[i] = i / (TINY_SIDE * TINY_SIDE) == bad ? 3e38f : (float)(i % 7) / 7 - 0.5f;
    ck_assert_int_eq(pb_npy_save(ctx, scratch_path(&s, "x.npy"), PB_NPY_F32, 3, dim, x), PB_OK);
    const size_t test_dim[] = {65, TINY_SIDE, TINY_SIDE};
    ck_assert_int_eq(pb_npy_save(ctx, scratch_path(&s, "x_test.npy"), PB_NPY_F32, 3, test_dim, x),
                     PB_OK);
}

/* The order of an epoch of seed 3 when all 150 samples are trained on, 144 of them in 9 whole
 * batches. */
static void shuffled(int epoch, int32_t order[150])
{
    for (int i = 0; i < 150; i++) order[i] = i;
    pb_stream_shuffle(pb_stream_make(3, "order", (uint32_t)epoch), order, 150);
}

START_TEST(test_a_loss_that_is_not_finite_stops_the_run)
{
    int32_t order[150];
    char words[80];
    shuffled(0, order);
    put_poisoned_data(order[37]); /* in the third batch of 16 */
    expect_failure("data.validation=0", "run", PB_ERR_NOT_FINITE,
                   "seed 3, epoch 1, iteration 3: the training loss is ");
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "no epoch was done before"));
    ck_assert(access(scratch_path(&s, "run/seed-3/checkpoint.safetensors"), F_OK) != 0);

    put_poisoned_data(order[149]); /* left out of the first epoch */
    const int32_t bad = order[149];
    int at = 0;
    for (shuffled(1, order); order[at] != bad; at++)
        ;
    ck_assert_int_lt(at, 144);
    snprintf(words, sizeof words, "seed 3, epoch 2, iteration %d: the training loss is ",
             9 + at / 16 + 1);
    expect_failure("data.validation=0", "later", PB_ERR_NOT_FINITE, words);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "the checkpoint of epoch 1 stays in "));
    ck_assert(access(scratch_path(&s, "later/seed-3/checkpoint.safetensors"), F_OK) == 0);
}
END_TEST

START_TEST(test_a_batch_larger_than_the_data)
{
    expect_failure("train.batch_size=121", "run", PB_ERR_CONFIG,
                   "a batch of 121 samples is larger than the 120 training samples");
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "train.batch_size"));
    ck_assert(access(scratch_path(&s, "run"), F_OK) != 0); /* no empty folder stays */
}
END_TEST

START_TEST(test_a_folder_that_holds_a_run)
{
    train("train.epochs=1", "run");
    expect_failure(NULL, "run", PB_ERR_USAGE, "holds a run already");
}
END_TEST

START_TEST(test_a_folder_that_cannot_be_made)
{
    scratch_put(&s, "file", "x", 1);
    expect_failure(NULL, "file/run", PB_ERR_IO, "the folder cannot be made");
}
END_TEST

START_TEST(test_a_folder_without_a_run)
{
    ck_assert_int_eq(pb_run_resume(ctx, s.folder, NULL), PB_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "holds no run"));
    char *json = NULL;
    ck_assert_int_eq(pb_run_eval(ctx, "/nowhere", NULL, &json), PB_ERR_USAGE);
    ck_assert_ptr_null(json);
}
END_TEST

/* A trace is an object of events. Those of the device last as long as the profile says and lie
 * within what the host did meanwhile. */
static void check_trace(const char *path, double device_seconds)
{
    json_t *json = json_load_file(path, 0, NULL);
    const json_t *events = json_object_get(json, "traceEvents");
    double seconds = 0, epoch[2] = {0}, gflop = 0;
    int launches = 0, in_epoch = 0, checkpoints = 0, validations = 0;
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < json_array_size(events); i++) {
            const json_t *event = json_array_get(events, i), *arguments;
            const char *name = json_string_value(json_object_get(event, "name"));
            if (strcmp(json_string_value(json_object_get(event, "ph")), "X") != 0) continue;
            const double begin = run_number(event, "ts", NULL);
            const double end = begin + run_number(event, "dur", NULL);
            const bool on_host = run_number(event, "pid", NULL) == 2;
            if (pass == 0) {
                if (strcmp(name, "epoch 1 of seed 0") == 0) epoch[0] = begin, epoch[1] = end;
                checkpoints += strcmp(name, "checkpoint: checkpoint.safetensors") == 0;
                validations += strcmp(name, "validation") == 0;
            } else if (!on_host) {
                arguments = json_object_get(event, "args");
                seconds += 1e-6 * (end - begin);
                launches++;
                in_epoch += begin >= epoch[0] && end <= epoch[1];
                gflop += run_number(arguments, "flops", NULL);
                const char *shape = json_string_value(json_object_get(arguments, "shape"));
                ck_assert_msg(shape && *shape >= '0' && *shape <= '9', "%s: %s", name, shape);
            }
        }
    ck_assert_double_eq_tol(seconds, device_seconds, 1e-8 * launches + 1e-6 * device_seconds);
    ck_assert_int_eq(checkpoints, 2); /* after the epoch and after the test */
    ck_assert_int_eq(validations, 1);
    ck_assert_int_ge(in_epoch, 7 * 2); /* 120 images in batches of 16, some launches each */
    ck_assert_int_lt(in_epoch, launches);
    ck_assert_double_gt(gflop, 0);
    json_decref(json);
}

START_TEST(test_profile_is_written)
{
    const char *trace = tiny_folder(&s, "trace.json");
    const pb_run_options options = {
        .folder = tiny_folder(&s, "run"), .profile = true, .trace = trace};
    const pb_status status = tiny_try(ctx, &s, "train.epochs=1|train.seeds=[0]", &options);
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
    json_t *profile = run_json(options.folder, "profile.json");
    const json_t *kernels = json_object_get(profile, "kernels");
    ck_assert_uint_gt(json_array_size(kernels), 0);
    double share = 0;
    for (size_t i = 0; i < json_array_size(kernels); i++)
        share += run_number(json_array_get(kernels, i), "share", NULL);
    ck_assert_double_eq_tol(share, 1, 1e-6);

    check_trace(trace, run_number(profile, "seconds", NULL));
    json_decref(profile);
}
END_TEST

START_TEST(test_explain_prints_plan_and_graph)
{
    pb_config *config = tiny_config(ctx, &s, NULL);
    for (int dot = 0; dot < 2; dot++) {
        char *text = NULL;
        size_t bytes = 0;
        FILE *out = open_memstream(&text, &bytes);
        ck_assert_msg(pb_run_explain(ctx, config, NULL, dot, out) == PB_OK, "%s", pb_error(ctx));
        fclose(out);
        ck_assert_uint_gt(bytes, 0);
        ck_assert_int_eq(strstr(text, "digraph") != NULL, dot);
        free(text);
    }
    pb_config_free(&config);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("run");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, test_learns_a_separable_problem);
    tcase_add_test(tcase, test_arrays_have_the_shapes_of_the_map);
    tcase_add_test(tcase, test_recordings_agree_with_the_metrics);
    tcase_add_test(tcase, test_recordings_thin_out);
    tcase_add_test(tcase, test_two_runs_are_the_same_bits);
    tcase_add_test(tcase, test_eval_gives_the_summary_again);
    tcase_add_test(tcase, test_runs_without_validation);
    tcase_add_test(tcase, test_patience_stops_a_seed);
    tcase_add_test(tcase, test_keeps_the_last_epoch);
    tcase_add_test(tcase, test_patience_counts_epochs_in_a_row);
    tcase_add_test(tcase, test_monitors_the_loss);
    tcase_add_test(tcase, test_class_accuracies_add_up);
    tcase_add_test(tcase, test_scores_do_not_depend_on_the_batch);
    tcase_add_test(tcase, test_a_loss_that_is_not_finite_stops_the_run);
    tcase_add_test(tcase, test_a_batch_larger_than_the_data);
    tcase_add_test(tcase, test_a_folder_that_holds_a_run);
    tcase_add_test(tcase, test_a_folder_that_cannot_be_made);
    tcase_add_test(tcase, test_a_folder_without_a_run);
    tcase_add_test(tcase, test_profile_is_written);
    tcase_add_test(tcase, test_explain_prints_plan_and_graph);
    return run_case("run", tcase);
}
