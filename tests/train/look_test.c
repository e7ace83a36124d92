/* What a look inside a network finds, against the network computed here in float64 from the weights
 * that the run saved: z = W relu(conv(x) + b) + c of one convolution and one linear layer. */
#include <passband/look.h>

#include "tiny_fixture.h"
#include "train/attribution.h"
#include "train/magnitude.h"
#include "train/safetensors.h"

enum {
    PIXELS = TINY_SIDE * TINY_SIDE,
    CHANNELS = 4,
    UNITS = CHANNELS * PIXELS,
    EACH = 5,
    SEED = 3
};
enum { COLUMNS = TINY_SIDE / 2 + 1, COUNT = EACH * TINY_CLASSES };

static const char yaml[] = "name: seen\n"
                           "data: {name: npy, path: %s, validation: 0.2}\n"
                           "train: {epochs: 3, batch_size: 16, eval_batch_size: 25, seeds: [3]}\n"
                           "stages:\n"
                           "  - load\n"
                           "  - conv2d: {channels: 4, kernel: 3, padding: 1}\n"
                           "  - relu\n"
                           "  - linear: {features: 3}\n"
                           "  - cross_entropy\n"
                           "  - sgd: {lr: 0.1}\n";

static const char *run_folder, *look_folder;

static void train_and_look(const pb_look_options *options)
{
    char text[1024];
    pb_config *config;
    run_folder = tiny_folder(&s, "run");
    look_folder = tiny_folder(&s, "look");
    snprintf(text, sizeof text, yaml, s.folder);
    scratch_put(&s, "seen.yaml", text, strlen(text));
    pb_status status = pb_config_load(ctx, scratch_path(&s, "seen.yaml"), 0, NULL, &config);
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
    const pb_run_options of_run = {.folder = run_folder};
    status = pb_run_train(ctx, config, &of_run, NULL);
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
    pb_config_free(&config);
    status = pb_run_look(ctx, run_folder, options, look_folder);
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
}

/* ---- the network in float64 ---- */

static double kernel[CHANNELS][9], bias[CHANNELS], weight[TINY_CLASSES][UNITS],
    offset[TINY_CLASSES];

static void take(const pb_tensors *file, const char *name, size_t count, double *to)
{
    const pb_tensor *t = pb_tensors_find(file, name);
    ck_assert_ptr_nonnull(t);
    ck_assert_uint_eq(t->bytes, sizeof(float) * count);
    for (size_t i = 0; i < count; i++) to[i] = (double)((const float *)t->data)[i];
}

static void load_network(void)
{
    char path[700];
    pb_tensors file = {0};
    snprintf(path, sizeof path, "%s/seed-%d/best.safetensors", run_folder, SEED);
    ck_assert_msg(pb_safetensors_load(ctx, path, &file) == PB_OK, "%s", pb_error(ctx));
    take(&file, "conv2d_1.weight", CHANNELS * 9, &kernel[0][0]);
    take(&file, "conv2d_1.bias", CHANNELS, bias);
    take(&file, "linear_1.weight", TINY_CLASSES * UNITS, &weight[0][0]);
    take(&file, "linear_1.bias", TINY_CLASSES, offset);
    pb_tensors_clear(&file);
}

static double pixel(const double x[PIXELS], int row, int column)
{
    const int inside = row >= 0 && row < TINY_SIDE && column >= 0 && column < TINY_SIDE;
    return inside ? x[row * TINY_SIDE + column] : 0;
}

/* The maps behind the rectifier: [CHANNELS, PIXELS]. */
static void maps_of(const double x[PIXELS], double maps[UNITS])
{
    for (int u = 0; u < UNITS; u++) {
        const int channel = u / PIXELS, row = u % PIXELS / TINY_SIDE, column = u % TINY_SIDE;
        double sum = bias[channel];
        for (int k = 0; k < 9; k++)
            sum += kernel[channel][k] * pixel(x, row + k / 3 - 1, column + k % 3 - 1);
        maps[u] = fmax(sum, 0);
    }
}

static double logit_of(const double x[PIXELS], int class)
{
    double maps[UNITS], sum = offset[class];
    maps_of(x, maps);
    for (int u = 0; u < UNITS; u++) sum += weight[class][u] * maps[u];
    return sum;
}

static void gradient_of(const double x[PIXELS], int class, double gradient[PIXELS])
{
    double maps[UNITS];
    maps_of(x, maps);
    memset(gradient, 0, PIXELS * sizeof *gradient);
    for (int u = 0; u < UNITS; u++) {
        const int channel = u / PIXELS, row = u % PIXELS / TINY_SIDE, column = u % TINY_SIDE;
        for (int k = 0; maps[u] > 0 && k < 9; k++) {
            const int r = row + k / 3 - 1, c = column + k % 3 - 1;
            if (r >= 0 && r < TINY_SIDE && c >= 0 && c < TINY_SIDE)
                gradient[r * TINY_SIDE + c] += weight[class][u] * kernel[channel][k];
        }
    }
}

static void cam_of(const double x[PIXELS], int class, double cam[PIXELS])
{
    double maps[UNITS];
    maps_of(x, maps);
    for (int p = 0; p < PIXELS; p++) {
        cam[p] = 0;
        for (int c = 0; c < CHANNELS; c++) {
            double mean = 0; /* d logit / d maps is the weight itself */
            for (int q = 0; q < PIXELS; q++) mean += weight[class][c * PIXELS + q] / PIXELS;
            cam[p] += mean * maps[c * PIXELS + p];
        }
        cam[p] = fmax(cam[p], 0);
    }
}

/* Sample `i` of those looked at: class after class, the first EACH of it; test image k is of class
 * k mod 3. */
static void sample_of(int i, double x[PIXELS])
{
    uint8_t bytes[PIXELS];
    const int label = i / EACH, number = label + i % EACH * TINY_CLASSES;
    tiny_image(label, 1000 + (unsigned)number, bytes);
    for (int k = 0; k < PIXELS; k++) x[k] = bytes[k] / 255.0 - 0.5;
}

/* ---- what was found ---- */

static void load(const char *name, pb_npy *array)
{
    char path[700];
    snprintf(path, sizeof path, "%s/%s.npy", look_folder, name);
    ck_assert_msg(pb_npy_load(ctx, path, array) == PB_OK, "%s", pb_error(ctx));
    ck_assert_int_eq(array->dtype, PB_NPY_F32);
}

static void assert_near(const pb_npy *array, size_t at, double want, double slack, const char *what)
{
    const double got = (double)((const float *)array->data)[at];
    ck_assert_msg(fabs(got - want) <= slack, "%s[%zu] is %.9g, not %.9g", what, at, got, want);
}

START_TEST(gradients_are_those_of_the_network)
{
    pb_look_options options = PB_LOOK_DEFAULTS;
    options.per_class = EACH;
    options.noise = 0; /* then smoothgrad is the gradient */
    options.draws = 3;
    train_and_look(&options);
    load_network();
    pb_npy inputs, gradient, by_input, smooth;
    load("inputs", &inputs);
    load("gradient", &gradient);
    load("gradient_x_input", &by_input);
    load("smoothgrad", &smooth);
    ck_assert_uint_eq(gradient.count, COUNT * PIXELS);
    for (int i = 0; i < COUNT; i++) {
        double x[PIXELS], want[PIXELS];
        sample_of(i, x);
        gradient_of(x, i / EACH, want);
        for (int k = 0; k < PIXELS; k++) {
            const size_t at = (size_t)(i * PIXELS + k);
            assert_near(&inputs, at, x[k], 1e-6, "inputs");
            assert_near(&gradient, at, want[k], 1e-5, "gradient");
            assert_near(&smooth, at, want[k], 1e-5, "smoothgrad");
            assert_near(&by_input, at, want[k] * x[k], 1e-5, "gradient_x_input");
        }
    }
    pb_npy_clear(&inputs);
    pb_npy_clear(&gradient);
    pb_npy_clear(&by_input);
    pb_npy_clear(&smooth);
}
END_TEST

START_TEST(integrated_gradients_are_complete)
{
    pb_look_options options = PB_LOOK_DEFAULTS;
    options.per_class = EACH;
    options.mean_baseline = _i == 1;
    train_and_look(&options);
    load_network();
    pb_npy integrated;
    double baseline[PIXELS] = {0}, x[PIXELS];
    load("integrated_gradients", &integrated);
    for (int i = 0; _i == 1 && i < COUNT; i++) {
        sample_of(i, x);
        for (int k = 0; k < PIXELS; k++) baseline[k] += x[k] / COUNT;
    }
    for (int i = 0; i < COUNT; i++) {
        double sum = 0;
        sample_of(i, x);
        for (int k = 0; k < PIXELS; k++)
            sum += (double)((const float *)integrated.data)[i * PIXELS + k];
        const double rise = logit_of(x, i / EACH) - logit_of(baseline, i / EACH);
        ck_assert_msg(fabs(sum - rise) <= 1e-3 * fmax(fabs(rise), 1), "%.6g is not %.6g", sum,
                      rise);
    }
    pb_npy_clear(&integrated);
}
END_TEST

START_TEST(grad_cam_weighs_the_maps)
{
    pb_look_options options = PB_LOOK_DEFAULTS;
    options.per_class = EACH;
    options.draws = 1;
    train_and_look(&options);
    load_network();
    pb_npy cam, maps;
    load("grad_cam", &cam);
    load("activations_conv2d_1", &maps);
    ck_assert_uint_eq(maps.count, COUNT * UNITS);
    for (int i = 0; i < COUNT; i++) {
        double x[PIXELS], want[PIXELS], all[UNITS];
        sample_of(i, x);
        cam_of(x, i / EACH, want);
        maps_of(x, all);
        for (int k = 0; k < PIXELS; k++)
            assert_near(&cam, (size_t)(i * PIXELS + k), want[k], 1e-5, "grad_cam");
        for (int u = 0; u < UNITS; u++)
            assert_near(&maps, (size_t)(i * UNITS + u), all[u], 1e-5, "activations");
    }
    pb_npy_clear(&cam);
    pb_npy_clear(&maps);
}
END_TEST

START_TEST(confusion_counts_every_test_sample)
{
    pb_look_options options = PB_LOOK_DEFAULTS;
    options.per_class = 1;
    options.draws = 1;
    train_and_look(&options);
    load_network();
    int want[TINY_CLASSES][TINY_CLASSES] = {{0}}, wrong = 0;
    for (int i = 0; i < 65; i++) {
        uint8_t bytes[PIXELS];
        double x[PIXELS], logits[TINY_CLASSES];
        int best = 0;
        tiny_image(i % TINY_CLASSES, 1000 + (unsigned)i, bytes);
        for (int k = 0; k < PIXELS; k++) x[k] = bytes[k] / 255.0 - 0.5;
        for (int c = 0; c < TINY_CLASSES; c++) {
            logits[c] = logit_of(x, c);
            if (logits[c] > logits[best]) best = c;
        }
        want[i % TINY_CLASSES][best]++;
        wrong += best != i % TINY_CLASSES;
    }
    json_t *json = run_json(look_folder, "look.json");
    const json_t *confusion = json_object_get(json_object_get(json, "test"), "confusion");
    for (int t = 0; t < TINY_CLASSES; t++)
        for (int p = 0; p < TINY_CLASSES; p++)
            ck_assert_int_eq(
                json_integer_value(json_array_get(json_array_get(confusion, (size_t)t), (size_t)p)),
                want[t][p]);
    ck_assert_uint_eq(json_array_size(json_object_get(json, "mistakes")), wrong < 40 ? wrong : 40);
    ck_assert_double_eq_tol(run_number(json, "test", "accuracy"), (65 - wrong) / 65.0, 1e-9);
    json_decref(json);
}
END_TEST

START_TEST(wrong_questions_are_refused)
{
    pb_look_options options = PB_LOOK_DEFAULTS;
    options.per_class = 1;
    options.draws = 1;
    train_and_look(&options);
    options.seed = 4;
    ck_assert_int_eq(pb_run_look(ctx, run_folder, &options, look_folder), PB_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "has no seed 4"));
    ck_assert_int_eq(pb_run_look(ctx, s.folder, &options, look_folder), PB_ERR_USAGE);
}
END_TEST

/* ---- parts ---- */

START_TEST(magnitudes_are_those_of_waves)
{
    /* 2 + cos(2 pi (r / 3 + 2 c / 8)): the mean, and one wave, which a real signal has twice, at
     * (1, 2) and (2, 6) */
    enum { H = 3, W = 8 };
    float x[2 * H * W], found[2 * H * (W / 2 + 1)];
    for (int i = 0; i < 2 * H * W; i++) {
        const int r = i / W % H, c = i % W;
        x[i] = i < H * W ? (float)(2 + cos(2 * M_PI * (r / 3.0 + 2 * c / 8.0))) : 0;
    }
    ck_assert_int_eq(pb_magnitudes(ctx, 2, H, W, x, found), PB_OK);
    for (int i = 0; i < 2 * H * (W / 2 + 1); i++) {
        const double want = i == 0 ? 2 * H * W : i == (W / 2 + 1) + 2 ? H * W / 2.0 : 0;
        ck_assert_double_eq_tol((double)found[i], want, 1e-5);
    }
}
END_TEST

START_TEST(enlarging_keeps_planes_straight)
{
    /* bilinear interpolation of a + b row + c column is itself between the outermost centres */
    enum { H = 3, W = 4, UP = 5 };
    float map[H * W], large[H * UP * W * UP];
    for (int i = 0; i < H * W; i++) map[i] = (float)(1 + 2 * (i / W) - 3 * (i % W));
    pb_enlarge(H, W, map, H * UP, W * UP, large);
    for (int i = 0; i < H * UP * W * UP; i++) {
        const double row = (i / (W * UP) + 0.5) / UP - 0.5,
                     column = (i % (W * UP) + 0.5) / UP - 0.5;
        const double want = 1 + 2 * fmin(fmax(row, 0), H - 1) - 3 * fmin(fmax(column, 0), W - 1);
        ck_assert_double_eq_tol((double)large[i], want, 1e-5);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("look");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, gradients_are_those_of_the_network);
    tcase_add_loop_test(tests, integrated_gradients_are_complete, 0, 2);
    tcase_add_test(tests, grad_cam_weighs_the_maps);
    tcase_add_test(tests, confusion_counts_every_test_sample);
    tcase_add_test(tests, wrong_questions_are_refused);
    tcase_add_test(tests, magnitudes_are_those_of_waves);
    tcase_add_test(tests, enlarging_keeps_planes_straight);
    return run_case("look", tests);
}
