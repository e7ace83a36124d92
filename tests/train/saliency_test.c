/* What a run writes of saliency. The logits of one linear layer have the rows of its weight as
 * gradients, whatever the sample, so every array follows from the weights that the run saved. */
#include "tiny_fixture.h"
#include "train/safetensors.h"

enum { PIXELS = TINY_SIDE * TINY_SIDE, COLUMNS = TINY_SIDE / 2 + 1, SHOWN = 10, SEED = 3 };

static const char yaml[] = "name: looks\n"
                           "data: {name: npy, path: %s, validation: 0.2}\n"
                           "train: {epochs: 2, batch_size: 16, eval_batch_size: 25, "
                           "seeds: [3, 5]}\n"
                           "stages:\n"
                           "  - load\n"
                           "  - linear: {features: 3}\n"
                           "  - cross_entropy\n"
                           "  - ssc: {weight: %s, spectrum: image}\n"
                           "  - sgd: {lr: 0.05}\n";

static const char *run_folder;

/* Trains into run_folder with that weight of the term. */
static void train_weighted(const char *weight)
{
    char text[1024];
    pb_config *config;
    run_folder = tiny_folder(&s, "run");
    snprintf(text, sizeof text, yaml, s.folder, weight);
    scratch_put(&s, "looks.yaml", text, strlen(text));
    pb_status status = pb_config_load(ctx, scratch_path(&s, "looks.yaml"), 0, NULL, &config);
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
    const pb_run_options options = {.folder = run_folder};
    status = pb_run_train(ctx, config, &options, NULL);
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
    pb_config_free(&config);
}

/* The weight [3, 64] that seed 3 ended with. */
static void load_weight(double weight[TINY_CLASSES][PIXELS])
{
    char path[700];
    pb_tensors file = {0};
    snprintf(path, sizeof path, "%s/seed-%d/best.safetensors", run_folder, SEED);
    ck_assert_msg(pb_safetensors_load(ctx, path, &file) == PB_OK, "%s", pb_error(ctx));
    const pb_tensor *t = pb_tensors_find(&file, "linear_1.weight");
    ck_assert_ptr_nonnull(t);
    ck_assert_uint_eq(t->bytes, sizeof(float) * TINY_CLASSES * PIXELS);
    for (int i = 0; i < TINY_CLASSES * PIXELS; i++)
        weight[i / PIXELS][i % PIXELS] = (double)((const float *)t->data)[i];
    pb_tensors_clear(&file);
}

static void load(const char *name, size_t rows, size_t columns, pb_npy *array)
{
    char path[700];
    snprintf(path, sizeof path, "%s/%s", run_folder, name);
    ck_assert_msg(pb_npy_load(ctx, path, array) == PB_OK, "%s", pb_error(ctx));
    ck_assert_int_eq(array->dtype, PB_NPY_F32);
    ck_assert_int_eq(array->axes, 3);
    ck_assert_uint_eq(array->dim[0], rows);
    ck_assert_uint_eq(array->dim[1], TINY_SIDE);
    ck_assert_uint_eq(array->dim[2], columns);
}

static void assert_row(const pb_npy *array, size_t row, size_t width, const double want[],
                       const char *what)
{
    const float *got = (const float *)array->data + row * width;
    for (size_t i = 0; i < width; i++)
        ck_assert_msg(fabs((double)got[i] - want[i]) <= 1e-5, "%s[%zu][%zu] is %.9g, not %.9g",
                      what, row, i, (double)got[i], want[i]);
}

/* |rfft2| over its 2-norm, term by term. */
static void spectrum_of(const double image[PIXELS], double spectrum[TINY_SIDE * COLUMNS])
{
    double norm = 0;
    for (int u = 0; u < TINY_SIDE; u++)
        for (int v = 0; v < COLUMNS; v++) {
            double re = 0, im = 0;
            for (int i = 0; i < PIXELS; i++) {
                const double turns =
                    (double)(u * (i / TINY_SIDE) + v * (i % TINY_SIDE)) / TINY_SIDE;
                re += image[i] * cos(2 * M_PI * turns);
                im -= image[i] * sin(2 * M_PI * turns);
            }
            spectrum[u * COLUMNS + v] = hypot(re, im);
            norm += re * re + im * im;
        }
    for (int i = 0; i < TINY_SIDE * COLUMNS; i++) spectrum[i] /= sqrt(norm) + 1e-8;
}

static void check_arrays(void)
{
    double weight[TINY_CLASSES][PIXELS], absolute[PIXELS], spectrum[TINY_SIDE * COLUMNS];
    pb_npy maps, spectra, inputs, samples;
    load_weight(weight);
    load("saliency.npy", TINY_CLASSES, TINY_SIDE, &maps);
    load("saliency_spectra.npy", TINY_CLASSES, COLUMNS, &spectra);
    load("saliency_inputs.npy", SHOWN, TINY_SIDE, &inputs);
    load("saliency_samples.npy", SHOWN, TINY_SIDE, &samples);
    for (size_t c = 0; c < TINY_CLASSES; c++) {
        for (int i = 0; i < PIXELS; i++) absolute[i] = fabs(weight[c][i]);
        spectrum_of(weight[c], spectrum);
        assert_row(&maps, c, PIXELS, absolute, "saliency");
        assert_row(&spectra, c, TINY_SIDE * COLUMNS, spectrum, "saliency_spectra");
    }
    /* the first sample of each class, 0, 1 and 2, then those that follow: 3, 4, ... */
    for (size_t i = 0; i < SHOWN; i++) {
        uint8_t bytes[PIXELS];
        double pixels[PIXELS];
        tiny_image((int)i % TINY_CLASSES, 1000 + (unsigned)i, bytes);
        for (int k = 0; k < PIXELS; k++) pixels[k] = bytes[k] / 255.0 - 0.5;
        assert_row(&inputs, i, PIXELS, pixels, "saliency_inputs");
        assert_row(&samples, i, PIXELS, weight[i % TINY_CLASSES], "saliency_samples");
    }
    pb_npy_clear(&maps);
    pb_npy_clear(&spectra);
    pb_npy_clear(&inputs);
    pb_npy_clear(&samples);
}

START_TEST(test_arrays_follow_from_the_weights)
{
    train_weighted(_i == 0 ? "0.01" : "0");
    check_arrays();
    json_t *summary = run_json(run_folder, "summary.json");
    ck_assert_ptr_nonnull(json_object_get(summary, "test_accuracy"));
    const json_t *labels = json_object_get(summary, "shown_labels");
    ck_assert_uint_eq(json_array_size(labels), SHOWN);
    for (size_t i = 0; i < SHOWN; i++)
        ck_assert_int_eq(json_integer_value(json_array_get(labels, i)), i % TINY_CLASSES);
    json_decref(summary);

    /* the term is part of the loss only where it has a weight */
    json_t *metrics = run_metrics(run_folder);
    const json_t *losses = json_object_get(json_array_get(metrics, 0), "losses");
    ck_assert_int_eq(json_object_get(losses, "ssc") != NULL, _i == 0);
    json_decref(metrics);
}
END_TEST

/* A run without the stage has none of it. */
START_TEST(test_no_saliency_without_the_stage)
{
    size_t bytes;
    const char *folder = train("train.epochs=1|train.seeds=[3]", "run");
    ck_assert_ptr_null(run_file(folder, "saliency.npy", &bytes));
    ck_assert_ptr_null(run_file(folder, "saliency_samples.npy", &bytes));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("saliency");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, test_arrays_follow_from_the_weights, 0, 2);
    tcase_add_test(tests, test_no_saliency_without_the_stage);
    return run_case("saliency", tests);
}
