/* Transfer: a network of PyTorch's gives here what it gives there, whatever domain its weights live
 * in; runs start from runs, resume to the same bits, and what does not fit is one sentence. */
#include <unistd.h>

#include "tiny_fixture.h"
#include "train/checkpoint.h"
#include "train/config.h"
#include "train/predict.h"
#include "train/pretrained.h"
#include "train/sweep_trial.h"
#include "train/weight_training.h"

#define FIXTURES TESTS_FOLDER "/train/fixtures/pretrained"

static void opened(pb_session *session, const pb_config *config, bool predicts)
{
    const pb_status status = predicts ? pb_session_open_to_predict(ctx, config, NULL, session)
                                      : pb_session_open(ctx, config, NULL, session);
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
}

/* ---- PyTorch ---- */

/* The network of make_pretrained.py. A test fills in the options of its convolutions and of all
 * weights. */
static const char pytorch[] = "name: pytorch\n"
                              "data: {name: npy, path: " FIXTURES ", validation: 0}\n"
                              "train: {epochs: 1, batch_size: 8, seeds: [1, 2]}\n"
                              "transfer:\n"
                              "  from: " FIXTURES "/network.safetensors\n"
                              "  map:\n"
                              "    \"image.0.*\": \"conv2d_1.*\"\n"
                              "    \"image.1.*\": \"batch_norm2d_1.*\"\n"
                              "    \"line.0.*\": \"conv1d_1.*\"\n"
                              "    line.1.weight: batch_norm1d_1.weight\n"
                              "    line.1.bias: batch_norm1d_1.bias\n"
                              "    line.1.running_mean: batch_norm1d_1.running_mean\n"
                              "    line.1.running_var: batch_norm1d_1.running_var\n"
                              "    \"head.0.*\": \"linear_1.*\"\n"
                              "    \"head.2.*\": \"linear_2.*\"\n"
                              "stages:\n"
                              "  - load\n"
                              "  - conv2d: {channels: 4, padding: 1}\n"
                              "  - batch_norm2d\n"
                              "  - relu\n"
                              "  - max_pool2d: {kernel: 2}\n"
                              "  - reshape: {shape: [4, 16]}\n"
                              "  - conv1d: {channels: 6, kernel: 5, padding: 2}\n"
                              "  - batch_norm1d\n"
                              "  - relu\n"
                              "  - linear: {features: 8}\n"
                              "  - relu\n"
                              "  - linear: {features: 3}\n"
                              "  - cross_entropy\n"
                              "  - freeze: {params: \"conv*\"}\n"
                              "  - sgd: {params: \"linear_2.*\", lr: 0.1}\n"
                              "  - sgd: {lr: 0.01}\n";

static pb_status pytorch_try(const char *overrides, pb_config **config)
{
    const char *list[16];
    char *copy = overrides ? strdup(overrides) : NULL;
    const int count = tiny_overrides(copy, list);
    scratch_put(&s, "pytorch.yaml", pytorch, strlen(pytorch));
    const pb_status status =
        pb_config_load(ctx, scratch_path(&s, "pytorch.yaml"), count, list, config);
    free(copy);
    return status;
}

static pb_config *pytorch_config(const char *overrides)
{
    pb_config *config;
    ck_assert_msg(pytorch_try(overrides, &config) == PB_OK, "%s", pb_error(ctx));
    return config;
}

/* Coefficients of a wavelet, without thresholds, are made of the weights of the file and give them
 * back; so do more atoms than weights. */
static const char *const domains[] = {
    NULL,
    "weight_transform={wavelet: db2, level: 2, layout: rows}|"
    "stages.linear.0.weight_transform={wavelet: mexh}",
};

START_TEST(test_a_network_of_pytorch)
{
    pb_session session;
    pb_npy wanted;
    pb_config *config = pytorch_config(domains[_i]);
    opened(&session, config, true);
    ck_assert_msg(pb_pretrained_read(&session) == PB_OK, "%s", pb_error(ctx));
    ck_assert_msg(pb_session_plan(&session, NULL) == PB_OK, "%s", pb_error(ctx));
    ck_assert_int_eq(pb_session_upload(&session), PB_OK);
    ck_assert_int_eq(pb_npy_load(ctx, FIXTURES "/log_probabilities.npy", &wanted), PB_OK);
    for (int64_t seed = 1; seed <= 2; seed++) {
        double found[20 * 3];
        ck_assert_int_eq(pb_weights_begin(&session, seed), PB_OK);
        ck_assert_msg(pb_predict(&session, NULL, 40, 20, found) == PB_OK, "%s", pb_error(ctx));
        for (int i = 0; i < 20 * 3; i++)
            ck_assert_double_eq_tol(log(found[i]), ((const float *)wanted.data)[i], 1e-5);
    }
    pb_npy_clear(&wanted);
    pb_session_close(&session);
    pb_config_free(&config);
}
END_TEST

static pb_tensors network_of(const char *folder, const char *file)
{
    char path[700];
    pb_tensors tensors = {0};
    snprintf(path, sizeof path, "%s/%s", folder, file);
    ck_assert_msg(pb_safetensors_load(ctx, path, &tensors) == PB_OK, "%s", pb_error(ctx));
    return tensors;
}

static bool same_tensor(const pb_tensors *a, const pb_tensors *b, const char *name)
{
    const pb_tensor *x = pb_tensors_find(a, name), *y = pb_tensors_find(b, name);
    ck_assert_msg(x && y && x->bytes == y->bytes, "%s", name);
    return memcmp(x->data, y->data, x->bytes) == 0;
}

/* Frozen layers stay what the file made them, others learn from there, each group at its rate: a
 * step of SGD changes no number by more than its rate times the largest gradient there can be. */
START_TEST(test_freezing_and_rates)
{
    pb_config *config = pytorch_config("train.seeds=1");
    const pb_run_options options = {.folder = tiny_folder(&s, "run")};
    ck_assert_msg(pb_run_train(ctx, config, &options, NULL) == PB_OK, "%s", pb_error(ctx));
    pb_tensors start = network_of(options.folder, "start.safetensors");
    pb_tensors end = network_of(options.folder, "seed-1/best.safetensors");
    ck_assert(same_tensor(&start, &end, "conv2d_1.weight"));
    ck_assert(same_tensor(&start, &end, "conv1d_1.bias"));
    ck_assert(!same_tensor(&start, &end, "batch_norm2d_1.running_mean"));
    ck_assert(!same_tensor(&start, &end, "linear_1.weight"));
    /* gradients of a bias before softmax are means of differences of probabilities: at most 1 */
    const double furthest = 0.1 * 40 / 8;
    const float *a = pb_tensors_find(&start, "linear_2.bias")->data;
    const float *b = pb_tensors_find(&end, "linear_2.bias")->data;
    for (int i = 0; i < 3; i++) ck_assert(a[i] != b[i] && fabs(a[i] - b[i]) <= furthest);
    pb_tensors_clear(&start);
    pb_tensors_clear(&end);
    pb_config_free(&config);
}
END_TEST

/* ---- what was asked for ---- */

/* Overrides of the configuration above, and words of the sentence. */
static const struct {
    const char *overrides, *words;
} refused[] = {
    {"transfer.from=nothing.safetensors",
     "transfer.from: 'nothing.safetensors' is neither a safetensors file nor the folder of a run"},
    {"transfer.from=" TESTS_FOLDER "/train", "train: cannot be read"},
    {"transfer.from=" FIXTURES "/x.npy", "x.npy: "},
    {"stages.conv1d.kernel=3", "network.safetensors: tensor line.0.weight is [6, 4, 5], but "
                               "conv1d_1.weight must be [6, 4, 3]"},
    {"stages.linear.0.features=9",
     "tensor head.0.weight is [8, 96], but linear_1.weight must be [9, 96]"},
    {"transfer.map={}",
     "network.safetensors: has no tensor conv2d_1.weight to start from; transfer.map can name"},
    {"transfer.map={\"image.0.*\": \"conv2d_1.*\", \"image.1.wieght\": \"batch_norm2d_1.weight\"}",
     "has no tensor image.1.wieght for batch_norm2d_1.weight to start from (did you mean "
     "image.1.weight?)"},
    {"transfer.map={\"image.0.*\": \"conv2d_1.*\", \"image.1.*\": \"batch_norm2d_1.*\", "
     "\"line.0.*\": \"conv1d_1.*\", \"line.1.*\": \"batch_norm1d_1.*\", \"head.0.*\": "
     "\"linear_1.*\", \"head.2.weight\": \"linear_2.wieght\"}|transfer.fresh=\"linear_2.*\"",
     "transfer.map: "},
    {"transfer.map={\"zzz.*\": \"conv2d_1.*\"}|transfer.fresh=\"*\"",
     "transfer.map: " FIXTURES "/network.safetensors: zzz.* fits no tensor of the file"},
    {"transfer.map={\"image.*\": \"conv2d_1.weight\"}", "both names have one * or none"},
    {"transfer.map={\"a\": \"conv2d_1.bias\", \"b\": \"conv2d_1.bias\"}",
     "conv2d_1.bias is given by both a and b"},
    {"transfer.fresh=[\"linear_2.*\", \"linear_3.*\"]",
     "\"linear_3.*\" fits nothing of the network"},
    {"transfer.fresh=batch_norm1d_1.bias",
     "transfer.fresh: " FIXTURES "/network.safetensors: batch_norm1d_1.bias is to start anew, but "
     "transfer.map gives it line.1.bias"},
};

START_TEST(test_what_does_not_fit)
{
    pb_session session;
    pb_config *config = pytorch_config(refused[_i].overrides);
    opened(&session, config, false);
    ck_assert_int_ne(pb_pretrained_read(&session), PB_OK);
    ck_assert_msg(strstr(pb_error(ctx), refused[_i].words) != NULL, "%s, expected: %s",
                  pb_error(ctx), refused[_i].words);
    ck_assert_int_eq(session.start.count, 0);
    pb_session_close(&session);
    pb_config_free(&config);
}
END_TEST

/* Of the section itself. */
static const struct {
    const char *override, *words;
} malformed[] = {
    {"transfer={}", "transfer.from: is missing"},
    {"transfer.map=[a, b]", "transfer.map: is a list, must be a map of names to names"},
    {"transfer.map={a: [b]}", "transfer.map: a is a list or a map, must be a text"},
    {"transfer.fresh={a: b}", "transfer.fresh: is a map, must be a list of texts"},
    {"transfer.fresh=[a, ~]", "transfer.fresh: item 1 is empty, must be a text"},
    {"transfer.form=a", "transfer.form: unknown option (did you mean from?)"},
    {"trasnfer.from=a", "unknown key (did you mean transfer?)"},
};

START_TEST(test_what_is_malformed)
{
    pb_config *config = NULL;
    ck_assert_int_eq(pytorch_try(malformed[_i].override, &config), PB_ERR_CONFIG);
    ck_assert_msg(strstr(pb_error(ctx), malformed[_i].words) != NULL, "%s, expected: %s",
                  pb_error(ctx), malformed[_i].words);
}
END_TEST

static void keep_line(void *user, pb_log_level level, const char *line)
{
    (void)level;
    if (strstr(line, "starts from")) snprintf(user, 600, "%s", line);
}

/* A resolved configuration says the same, and what is left out of a file is said. */
START_TEST(test_the_resolved_configuration)
{
    char line[600] = "";
    pb_session session;
    pb_config *config = pytorch_config("transfer.fresh=[\"linear_2.*\"]"), *again;
    char *yaml = pb_config_yaml(config);
    scratch_put(&s, "again.yaml", yaml, strlen(yaml));
    ck_assert_msg(pb_config_load(ctx, scratch_path(&s, "again.yaml"), 0, NULL, &again) == PB_OK,
                  "%s", pb_error(ctx));
    char *yaml_again = pb_config_yaml(again);
    ck_assert_str_eq(yaml, yaml_again);
    ck_assert_ptr_nonnull(strstr(yaml, "fresh: [\"linear_2.*\"]"));
    pb_log_to(ctx, PB_LOG_INFO, keep_line, line);
    opened(&session, again, false);
    ck_assert_int_eq(pb_pretrained_read(&session), PB_OK);
    ck_assert_int_eq(session.start.count, 14);
    ck_assert_ptr_null(pb_tensors_find(&session.start, "linear_2.weight"));
    ck_assert_msg(strstr(line, "pytorch: starts from 14 tensors of " FIXTURES) &&
                      strstr(line, "; anew: linear_2.weight, linear_2.bias; not used: "
                                   "image.1.num_batches_tracked, line.1.num_batches_tracked, "
                                   "head.2.weight, head.2.bias"),
                  "%s", line);
    pb_session_close(&session);
    free(yaml);
    free(yaml_again);
    pb_config_free(&config);
    pb_config_free(&again);
}
END_TEST

/* ---- runs ---- */

static void stop(void *user, const pb_progress *progress)
{
    *(volatile int *)user = progress->seed_index == 0 && progress->epoch == 1;
}

/* A new head over layers that are kept, from the first seed of a run. When it goes on, nothing is
 * left of that run, and its second seed has not begun. */
START_TEST(test_a_run_starts_from_a_run)
{
    static const char changes[] = "train.epochs=2|transfer={from: %s, fresh: [\"linear_*\"]}|"
                                  "stages.adam={params: \"[!l]*\", lr: 0.0}";
    char overrides[1200];
    volatile int stopped = 0;
    const char *source = train("train.epochs=1", "source");
    snprintf(overrides, sizeof overrides, changes, source);
    const char *whole = train(overrides, "whole");
    const pb_run_options options = {.folder = tiny_folder(&s, "stopped"),
                                    .progress = stop,
                                    .user = (void *)&stopped,
                                    .stop = &stopped};
    ck_assert_int_eq(tiny_try(ctx, &s, overrides, &options), PB_INTERRUPTED);
    ck_assert_int_eq(rename(source, tiny_folder(&s, "moved")), 0);
    ck_assert_msg(pb_run_resume(ctx, options.folder, NULL) == PB_OK, "%s", pb_error(ctx));
    same_run(whole, options.folder);

    pb_tensors from = network_of(tiny_folder(&s, "moved"), "seed-3/best.safetensors");
    pb_tensors other = network_of(tiny_folder(&s, "moved"), "seed-5/best.safetensors");
    pb_tensors first = network_of(whole, "seed-3/checkpoint.safetensors");
    pb_tensors second = network_of(whole, "seed-5/checkpoint.safetensors");
    ck_assert(!same_tensor(&from, &other, "conv1d_1.weight"));
    ck_assert(same_tensor(&from, &first, "conv1d_1.weight"));
    ck_assert(same_tensor(&from, &second, "conv1d_1.weight"));
    ck_assert(same_tensor(&from, &second, "band_mask_1.weights"));
    ck_assert(!same_tensor(&from, &first, "linear_1.weight"));
    ck_assert(!same_tensor(&first, &second, "linear_1.weight"));
    pb_tensors_clear(&from);
    pb_tensors_clear(&other);
    pb_tensors_clear(&first);
    pb_tensors_clear(&second);
}
END_TEST

static pb_status keep_loss(void *user, int epoch, double train_loss, double val_loss,
                           double val_accuracy, bool *pruned)
{
    ck_assert_int_eq(epoch, 1);
    ck_assert(isfinite(train_loss) && isfinite(val_accuracy));
    *(double *)user = val_loss;
    *pruned = false;
    return PB_OK;
}

/* A trial of a search that learns nothing has the loss of what it starts from. */
START_TEST(test_a_trial_starts_from_a_run)
{
    char overrides[1200];
    bool pruned;
    double loss = 0;
    const char *source = train("train.epochs=2|train.seeds=3", "source");
    json_t *summary = run_json(source, "summary.json");
    snprintf(overrides, sizeof overrides,
             "train.epochs=1|transfer.from=%s|stages.sgd.lr=0.0|stages.adam.lr=0.0", source);
    pb_config *config = tiny_config(ctx, &s, overrides);
    const pb_run_options options = {0};
    ck_assert_msg(pb_trial_train(ctx, config, &options, keep_loss, &loss, &pruned) == PB_OK, "%s",
                  pb_error(ctx));
    const json_t *losses = json_object_get(json_object_get(summary, "val_loss"), "per_seed");
    ck_assert_double_eq_tol(loss, json_number_value(json_array_get(losses, 0)), 1e-6);
    json_decref(summary);
    pb_config_free(&config);
}
END_TEST

/* Coefficients are taken as such where a file has them; nothing makes weights of them. */
START_TEST(test_coefficients_of_a_run)
{
    static const char haar[] = "train.epochs=1|train.seeds=3|weight_transform={wavelet: haar}";
    char overrides[1200];
    const char *source = train(haar, "source");
    pb_tensors from = network_of(source, "seed-3/best.safetensors");
    pb_session session;
    snprintf(overrides, sizeof overrides, "%s|transfer.from=%s/seed-3/best.safetensors", haar,
             source);
    pb_config *config = tiny_config(ctx, &s, overrides);
    opened(&session, config, false);
    ck_assert_msg(pb_pretrained_read(&session) == PB_OK, "%s", pb_error(ctx));
    ck_assert(same_tensor(&from, &session.start, "linear_1.coefficients"));
    ck_assert_ptr_null(pb_tensors_find(&session.start, "linear_1.settings"));
    pb_session_close(&session);
    pb_config_free(&config);

    snprintf(overrides, sizeof overrides, "transfer.from=%s", source);
    config = tiny_config(ctx, &s, overrides);
    opened(&session, config, false);
    ck_assert_int_eq(pb_pretrained_read(&session), PB_ERR_CONFIG);
    ck_assert_msg(strstr(pb_error(ctx), "seed-3/best.safetensors: has no tensor conv1d_1.weight"),
                  "%s", pb_error(ctx));
    pb_session_close(&session);
    pb_config_free(&config);
    pb_tensors_clear(&from);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("pretrained");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 240);
    tcase_add_loop_test(tcase, test_a_network_of_pytorch, 0, sizeof domains / sizeof *domains);
    tcase_add_test(tcase, test_freezing_and_rates);
    tcase_add_loop_test(tcase, test_what_does_not_fit, 0, sizeof refused / sizeof *refused);
    tcase_add_loop_test(tcase, test_what_is_malformed, 0, sizeof malformed / sizeof *malformed);
    tcase_add_test(tcase, test_the_resolved_configuration);
    tcase_add_test(tcase, test_a_run_starts_from_a_run);
    tcase_add_test(tcase, test_a_trial_starts_from_a_run);
    tcase_add_test(tcase, test_coefficients_of_a_run);
    return run_case("pretrained", tcase);
}
