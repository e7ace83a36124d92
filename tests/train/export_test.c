/* Trained networks as ONNX models: an evaluator that knows nothing of this program gives the logits
 * that the device gives, and predicts the same class, for every test sample, from the samples as
 * they come.
 *
 * `export_test RUN` checks the networks of any run so, with the data set that it was trained on. */
#include <sys/wait.h>

#include <passband/export.h>
#include <passband/plan.h>

#include "base/file.h"
#include "data/loader.h"
#include "tiny_fixture.h"
#include "train/fit.h"
#include "train/inference.h"
#include "train/run_data.h"
#include "train/safetensors.h"

/* A run that somebody trained, or NULL. */
static const char *given;

static const char head[] =
    "name: net\n"
    "data: {name: npy, path: %s, validation: 0.2}\n"
    "train: {epochs: 1, batch_size: 16, eval_batch_size: 65, seeds: [3, 5]}\n"
    "stages: [load, %s, cross_entropy, {adam: {lr: 0.01}}%s]\n";

static const struct {
    const char *stages, *last;
    int opset;
} networks[] = {
    /* adaptive_bands */
    {"{dct2: {keep: 6}}, {band_mask: {bands: 3}}, {reshape: {shape: [1, 36]}}, "
     "{conv1d: {channels: 4, kernel: 3, padding: 1}}, relu, {max_pool1d: {kernel: 2}}, {linear: "
     "{features: 3}}",
     "", 13},
    /* bits, planes, batch normalisation, an average of the weights */
    {"{binarize: {method: otsu, size: 6}}, {conv2d: {channels: 4, kernel: 3, padding: 1, bias: "
     "false}}, batch_norm2d, "
     "relu, {max_pool2d: {kernel: 2}}, {linear: {features: 3}}",
     ", {average: {decay: 0.9}}", 16},
    /* codes of random projections, weights that are coefficients */
    {"{random_projection: {size: 24}}, {quantize: {bits: 4, dead_zone: 0.5}}, "
     "{linear: {features: 8, weight_transform: {wavelet: haar, rule: quantile, threshold: 0.5, "
     "bits: 5}}}, "
     "batch_norm1d, relu, {linear: {features: 3}}",
     "", 13},
    {"{dwt2: {wavelet: db2, level: 1}}, {quantize: {bits: 16}}, {pca: {size: 12}}, {linear: "
     "{features: 3}}",
     "", 13},
};

/* The test samples as the network takes them, for the evaluator. */
static void save_samples(const pb_dataset *data)
{
    const pb_shape sample = data->sample_shape;
    size_t dim[1 + PB_MAX_AXES] = {(size_t)data->test.count};
    for (int a = 0; a < sample.axes; a++) dim[1 + a] = (size_t)sample.dim[a];
    ck_assert_int_eq(pb_npy_save(ctx, scratch_path(&s, "samples.npy"),
                                 data->dtype == PB_U8 ? PB_NPY_U8 : PB_NPY_F32, 1 + sample.axes,
                                 dim, data->test.data),
                     PB_OK);
    ck_assert_int_eq(
        pb_npy_save(ctx, scratch_path(&s, "labels.npy"), PB_NPY_I32, 1, dim, data->test.labels),
        PB_OK);
}

/* The logits of the test samples, by the device. */
static void device_logits(const char *folder, const char *config_path, int64_t seed)
{
    pb_config *config;
    pb_dataset *data;
    pb_fitted fitted = {0};
    pb_tensors file = {0};
    pb_inference n;
    pb_device *device = NULL;
    pb_plan *plan = NULL;
    char network[700];
    ck_assert_int_eq(pb_config_load(ctx, config_path, 0, NULL, &config), PB_OK);
    ck_assert_int_eq(pb_run_data_load(ctx, config, false, &data), PB_OK);
    ck_assert_int_eq(pb_fitted_load(ctx, folder, &fitted), PB_OK);
    const int count = data->test.count, classes = data->classes;
    save_samples(data);
    ck_assert_msg(pb_inference_create(ctx, config, data, &fitted, count, &n) == PB_OK, "%s",
                  pb_error(ctx));
    const pb_value kept =
        pb_leaf(n.g, PB_ROLE_STATE, "kept", PB_F32, PB_SHAPE(count, classes), (pb_init){0});
    const pb_value assign = pb_assign(n.g, kept, n.logits);
    ck_assert_int_eq(pb_program(n.g, "infer", 1, &assign), PB_OK);
    ck_assert_int_eq(pb_device_open(ctx, NULL, &device), PB_OK);
    ck_assert_int_eq(pb_plan_create(device, n.g, &plan), PB_OK);
    ck_assert_int_eq(pb_plan_init(plan, 0), PB_OK);
    snprintf(network, sizeof network, "%s/seed-%d/best.safetensors", folder, (int)seed);
    ck_assert_int_eq(pb_safetensors_load(ctx, network, &file), PB_OK);
    for (int i = 0; i < n.leaf_count; i++) {
        const pb_tensor *t = pb_tensors_find(&file, pb_value_name(n.g, n.leaves[i]));
        ck_assert_ptr_nonnull(t);
        ck_assert_int_eq(pb_plan_write(plan, n.leaves[i], t->data, t->bytes), PB_OK);
    }
    ck_assert_int_eq(
        pb_plan_write(plan, n.samples, data->test.data, (size_t)count * pb_sample_bytes(data)),
        PB_OK);
    ck_assert_int_eq(pb_plan_run(plan, "infer", 1), PB_OK);
    float *logits = malloc((size_t)(count * classes) * sizeof *logits);
    ck_assert_int_eq(pb_plan_read(plan, kept, logits, (size_t)(count * classes) * sizeof *logits),
                     PB_OK);
    const size_t dim[] = {(size_t)count, (size_t)classes};
    ck_assert_int_eq(pb_npy_save(ctx, scratch_path(&s, "logits.npy"), PB_NPY_F32, 2, dim, logits),
                     PB_OK);
    free(logits);
    pb_plan_free(&plan);
    pb_device_close(&device);
    pb_inference_clear(&n);
    pb_tensors_clear(&file);
    pb_fitted_clear(&fitted);
    pb_dataset_free(&data);
    pb_config_free(&config);
}

/* Runs the evaluator; the share of samples that it classifies correctly. */
static double evaluate(const char *model)
{
    char command[2000], said[600] = "";
    snprintf(command, sizeof command,
             "/usr/bin/python3 '%s/onnx_numpy.py' logits '%s' '%s/samples.npy' '%s/labels.npy' "
             "'%s/logits.npy'",
             TESTS_FOLDER, model, s.folder, s.folder, s.folder);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    said[fread(said, 1, sizeof said - 1, pipe)] = '\0';
    ck_assert_msg(pclose(pipe) == 0, "%s: %s", command, said);
    if (given) fputs(said, stdout);
    const char *samples = strstr(said, "samples, ");
    ck_assert_ptr_nonnull(samples);
    return strtod(samples + strlen("samples, "), NULL);
}

static const char *train_yaml(const char *yaml)
{
    pb_config *config;
    const pb_run_options options = {.folder = tiny_folder(&s, "run")};
    scratch_put(&s, "net.yaml", yaml, strlen(yaml));
    ck_assert_msg(pb_config_load(ctx, scratch_path(&s, "net.yaml"), 0, NULL, &config) == PB_OK,
                  "%s", pb_error(ctx));
    ck_assert_msg(pb_run_train(ctx, config, &options, NULL) == PB_OK, "%s", pb_error(ctx));
    pb_config_free(&config);
    return options.folder;
}

static const char *train_network(int i)
{
    char yaml[4096];
    snprintf(yaml, sizeof yaml, head, s.folder, networks[i].stages, networks[i].last);
    return train_yaml(yaml);
}

/* The evaluator gives the logits of the device, and their accuracy is that of the run. */
static void check_seed(const char *folder, int64_t seed, size_t place, pb_export_facts *facts)
{
    const char *model = tiny_folder(&s, "net.onnx");
    char config[1100];
    snprintf(config, sizeof config, "%s/config.yaml", folder);
    ck_assert_msg(pb_run_export(ctx, folder, seed, model, facts) == PB_OK, "%s", pb_error(ctx));
    device_logits(folder, config, seed);
    json_t *summary = run_json(folder, "summary.json");
    const json_t *each = json_object_get(json_object_get(summary, "test_accuracy"), "per_seed");
    ck_assert_double_eq_tol(evaluate(model), json_number_value(json_array_get(each, place)), 1e-4);
    json_decref(summary);
}

/* Errors leave no file. */
static void check_errors(const char *folder)
{
    const char *model = tiny_folder(&s, "none.onnx");
    char file[700];
    pb_tensors none = {0};
    ck_assert_int_eq(pb_run_export(ctx, folder, 4, model, NULL), PB_ERR_USAGE);
    ck_assert_msg(strstr(pb_error(ctx), "no seed 4"), "%s", pb_error(ctx));
    ck_assert_int_eq(pb_run_export(ctx, folder, -1, tiny_folder(&s, "missing/net.onnx"), NULL),
                     PB_ERR_IO);
    snprintf(file, sizeof file, "%s/seed-3/best.safetensors", folder);
    ck_assert_int_eq(pb_safetensors_save(ctx, file, &none), PB_OK);
    ck_assert_int_eq(pb_run_export(ctx, folder, -1, model, NULL), PB_ERR_IO);
    ck_assert_msg(strstr(pb_error(ctx), "has no band_mask_1.weights"), "%s", pb_error(ctx));
    ck_assert_int_eq(unlink(file), 0);
    ck_assert_int_eq(pb_run_export(ctx, folder, -1, model, NULL), PB_ERR_USAGE);
    ck_assert(!pb_file_exists(model));
}

START_TEST(test_another_evaluator_agrees)
{
    const char *folder = train_network(_i);
    pb_export_facts facts;
    check_seed(folder, 5, 1, &facts);
    ck_assert_int_eq(facts.opset, networks[_i].opset);
    ck_assert_int_eq(facts.dtype, PB_U8);
    ck_assert_int_eq(facts.classes, TINY_CLASSES);
    ck_assert_int_eq(facts.sample.dim[1], TINY_SIDE);
    if (_i == 0) check_errors(folder);
}
END_TEST

/* The thousand test signals of mnist1d, by convolutions trained for an epoch on the four thousand
 * others: better than chance by far, so that there is something to predict. */
START_TEST(test_predictions_of_mnist1d)
{
    pb_export_facts facts;
    const char *folder =
        train_yaml("name: net\n"
                   "data: {name: mnist1d, validation: 0}\n"
                   "train: {epochs: 1, batch_size: 50, eval_batch_size: 1000, seeds: [0]}\n"
                   "stages: [load, {reshape: {shape: [1, 40]}}, {conv1d: {channels: 16, kernel: 5, "
                   "stride: 2}}, relu, "
                   "{linear: {features: 10}}, cross_entropy, {adam: {lr: 0.01}}]\n");
    check_seed(folder, 0, 0, &facts);
    ck_assert_int_eq(facts.dtype, PB_F32);
    json_t *summary = run_json(folder, "summary.json");
    ck_assert_double_eq(run_number(summary, "test_samples", NULL), 1000);
    ck_assert_double_gt(run_number(summary, "test_accuracy", "mean"), 0.3);
    json_decref(summary);
}
END_TEST

/* Every network of it. */
START_TEST(test_a_given_run)
{
    char path[1100];
    pb_config *config;
    pb_export_facts facts;
    int count;
    snprintf(path, sizeof path, "%s/config.yaml", given);
    ck_assert_msg(pb_config_load(ctx, path, 0, NULL, &config) == PB_OK, "%s", pb_error(ctx));
    const int64_t *seeds = pb_option_ints(config->train, "seeds", &count);
    for (int i = 0; i < count; i++) check_seed(given, seeds[i], (size_t)i, &facts);
    pb_config_free(&config);
}
END_TEST

int main(int argc, char **argv)
{
    TCase *tests = tcase_create("export");
    if (system("/usr/bin/python3 -c 'import numpy, onnx' 2> /dev/null") != 0) {
        puts("skipped: python3-onnx is not installed");
        return 77;
    }
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, argc > 1 ? 3000 : 300);
    given = argv[1];
    if (given) {
        tcase_add_test(tests, test_a_given_run);
        return run_case("ONNX models of a run", tests);
    }
    tcase_add_loop_test(tests, test_another_evaluator_agrees, 0,
                        sizeof networks / sizeof *networks);
    tcase_add_test(tests, test_predictions_of_mnist1d);
    return run_case("ONNX models of runs", tests);
}
