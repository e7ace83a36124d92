/* Trained networks as ONNX models: an evaluator that knows nothing of this program gives the logits
 * that the device gives, for every test sample, from the samples as they come. */
#include <sys/wait.h>

#include <passband/export.h>
#include <passband/plan.h>

#include "base/file.h"
#include "tiny_fixture.h"
#include "train/fit.h"
#include "train/inference.h"
#include "train/run_data.h"
#include "train/safetensors.h"

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
        pb_plan_write(plan, n.samples, data->test.data, (size_t)count * TINY_SIDE * TINY_SIDE),
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
             "/usr/bin/python3 '%s/onnx_numpy.py' logits '%s' '%s/x_test.npy' '%s/y_test.npy' "
             "'%s/logits.npy'",
             TESTS_FOLDER, model, s.folder, s.folder, s.folder);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    said[fread(said, 1, sizeof said - 1, pipe)] = '\0';
    ck_assert_msg(pclose(pipe) == 0, "%s: %s", command, said);
    const char *samples = strstr(said, "samples, ");
    ck_assert_ptr_nonnull(samples);
    return strtod(samples + strlen("samples, "), NULL);
}

static const char *train_network(int i)
{
    static char yaml[4096];
    pb_config *config;
    const pb_run_options options = {.folder = tiny_folder(&s, "run")};
    snprintf(yaml, sizeof yaml, head, s.folder, networks[i].stages, networks[i].last);
    scratch_put(&s, "net.yaml", yaml, strlen(yaml));
    ck_assert_msg(pb_config_load(ctx, scratch_path(&s, "net.yaml"), 0, NULL, &config) == PB_OK,
                  "%s", pb_error(ctx));
    ck_assert_msg(pb_run_train(ctx, config, &options, NULL) == PB_OK, "%s", pb_error(ctx));
    pb_config_free(&config);
    return options.folder;
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
    const char *folder = train_network(_i), *model = tiny_folder(&s, "net.onnx");
    char config[700];
    pb_export_facts facts;
    snprintf(config, sizeof config, "%s/config.yaml", folder);
    ck_assert_msg(pb_run_export(ctx, folder, 5, model, &facts) == PB_OK, "%s", pb_error(ctx));
    ck_assert_int_eq(facts.opset, networks[_i].opset);
    ck_assert_int_eq(facts.dtype, PB_U8);
    ck_assert_int_eq(facts.classes, TINY_CLASSES);
    ck_assert_int_eq(facts.sample.dim[1], TINY_SIDE);
    device_logits(folder, config, 5);
    json_t *summary = run_json(folder, "summary.json");
    const json_t *each = json_object_get(json_object_get(summary, "test_accuracy"), "per_seed");
    ck_assert_double_eq_tol(evaluate(model), json_number_value(json_array_get(each, 1)), 1e-4);
    json_decref(summary);
    if (_i == 0) check_errors(folder);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("export");
    if (system("/usr/bin/python3 -c 'import numpy, onnx' 2> /dev/null") != 0) {
        puts("skipped: python3-onnx is not installed");
        return 77;
    }
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, test_another_evaluator_agrees, 0,
                        sizeof networks / sizeof *networks);
    return run_case("ONNX models of runs", tests);
}
