/* Pictures of weights that are thresholded coefficients, of one run and of several. */
#define _GNU_SOURCE /* memmem */
#include <jansson.h>

#include <passband/report.h>

#include "report/report_fixture.h"
#include "report/weight_layers.h"

static made_run made(const char *name)
{
    made_run r = small(name);
    r.epochs = 2;
    r.bands = 0;
    r.classes = 3;
    return r;
}

/* Of two seeds and epochs, how many coefficients are 0. */
static void put_sparsity(const char *run)
{
    static const double share[2][2] = {{0.2, 0.6}, {0.4, 0.8}};
    FILE *file = made_open(at(run), "metrics.jsonl");
    for (int seed = 0; seed < 2; seed++)
        for (int epoch = 0; epoch < 2; epoch++)
            fprintf(file,
                    "{\"seed\": %d, \"epoch\": %d, \"step\": %d, \"train_loss\": 1, \"sparsity\": "
                    "{\"linear_1.approximation\": 0, \"linear_1.level_1\": %g, "
                    "\"linear_1.level_2\": 0.5, \"linear_2.level_1\": 1}}\n",
                    seed, epoch + 1, 20 * epoch + 20, share[seed][epoch]);
    fclose(file);
}

#define OPTIONS(wavelet, level, threshold)                                                         \
    "\"wavelet\": \"" wavelet "\", \"mode\": \"periodization\", \"layout\": \"rows\", \"kind\": "  \
    "\"hard\", \"rule\": \"quantile\", \"bits\": 0, \"level\": " #level                            \
    ", \"threshold\": " #threshold
#define FIRST_LAYER                                                                                \
    "{\"layer\": \"linear_1\", " OPTIONS("haar", 1,                                                \
                                         0.9) ", \"lines\": 2, \"count\": 12, "                    \
                                              "\"zeros\": 0.75, \"parts\": [{\"level\": 0, "       \
                                              "\"offset\": 0, \"count\": 6, \"threshold\": 1, "    \
                                              "\"zeros\": 1}, {\"level\": 1, \"offset\": 6, "      \
                                              "\"count\": 6, \"threshold\": 2, \"zeros\": 0.5}]}"
#define SECOND_LAYER                                                                               \
    "{\"layer\": \"linear_2\", " OPTIONS("none", 1,                                                \
                                         0.5) ", \"lines\": 3, \"count\": 2, "                     \
                                              "\"zeros\": 0.25, \"parts\": [{\"level\": 1, "       \
                                              "\"offset\": 0, \"count\": 2, \"threshold\": 0, "    \
                                              "\"zeros\": 0.25}]}"

/* Two outputs of 4 x 3 numbers, then three of 2. */
static void put_weights(const char *run)
{
    char folder[64], name[96];
    snprintf(folder, sizeof folder, "%s/weights", run);
    mkdir(at(folder), 0777);
    put_array(folder, "linear_1.npy", 4, (int[]){2, 2, 4, 3});
    put_array(folder, "linear_1.coefficients.npy", 2, (int[]){2, 12});
    put_array(folder, "linear_2.npy", 3, (int[]){2, 3, 2});
    put_array(folder, "linear_2.coefficients.npy", 2, (int[]){3, 2});
    snprintf(name, sizeof name, "%s/layers.json", folder);
    overwrite(name, "[" FIRST_LAYER ", " SECOND_LAYER "]");
}

static void make(const char *run)
{
    const made_run r = made(run);
    make_run(at(run), &r);
    put_sparsity(run);
    put_weights(run);
}

static void draw(const char *run)
{
    ck_assert_msg(pb_report_run(ctx, at(run)) == PB_OK, "%s", pb_error(ctx));
}

static void assert_sparsity_is_a_line_a_level(void)
{
    ck_assert(exists("run/plots/weight_sparsity.png"));
    ck_assert(exists("run/plots/weight_sparsity.svg"));
    assert_holds("run/index.html", "plots/weight_sparsity.png");
    /* in percent: mean over seeds -+ one standard error */
    assert_holds("run/plots/weight_sparsity.dat", "1 30 20 40\n2 70 60 80\n");
    assert_holds("run/plots/weight_sparsity.gp", "label 1003 'linear_1'");
    assert_holds("run/plots/weight_sparsity.gp", "title 'level 2'");
    assert_holds("run/plots/weight_sparsity.gp", "title 'level 1 (finest)'");
    assert_holds("run/plots/weight_sparsity.gp", "label 1003 'linear_2'");
    assert_holds("run/plots/weight_sparsity.gp", "title 'all'");
    assert_holds("run/plots/weight_sparsity.gp", "set ylabel 'coefficients that are 0 (%)'");
    assert_holds("run/plots/weight_sparsity.gp", "mean over seeds, band: one standard error");
}

static void assert_histograms_mark_the_threshold(void)
{
    ck_assert(exists("run/plots/weight_histograms.png"));
    assert_holds("run/index.html", "plots/weight_histograms.png");
    /* the coefficients of level 1 are twice each of -2.5, -1.5, -0.5, 1.5 and 3.5, and 0.5 and 2.5;
       of 61 bins from -3.5 to 3.5 their middles, and whether they exceed the threshold of 2 */
    const char *name = "run/plots/weight_histograms.dat";
    assert_holds(name, "# linear_1, level 1: coefficient count kept\n-3.44262295 0 1\n");
    assert_holds(name, "\n-2.52459016 2 1\n");
    assert_holds(name, "\n-0.459016393 2 0\n");
    assert_holds(name, "\n1.49180328 2 0\n");
    assert_holds(name, "\n2.52459016 1 1\n");
    assert_holds(name, "\n3.44262295 2 1\n");
    const char *script = "run/plots/weight_histograms.gp";
    assert_holds(script, "'linear_1, approximation: 100.0 % are 0'");
    assert_holds(script, "'linear_1, level 1: 50.0 % are 0'");
    assert_holds(script, "'linear_2, weights: 25.0 % are 0'");
    assert_holds(script, "from first -2, graph 0 to first -2, graph 1");
    assert_holds(script, "from first 2, graph 0 to first 2, graph 1");
}

static void assert_pixel(const uint8_t *rgb, png_image image, int x, int y, int r, int g, int b)
{
    const uint8_t *pixel = rgb + (y * (int)image.width + x) * 3;
    ck_assert_msg(pixel[0] == r && pixel[1] == g && pixel[2] == b, "pixel %d, %d is %d, %d, %d", x,
                  y, pixel[0], pixel[1], pixel[2]);
}

/* Weights are -2.5 to 3.5, blue and red on one scale: the first is -2.5 before the threshold and
 * 0.5 after. */
static void assert_units_of_the_first_layer_are_images(void)
{
    enum { LEFT = 92, TOP = 50, ROW = 120 }; /* of the first picture; from one row to the next */
    uint8_t *rgb;
    const png_image image = decode("run/plots/first_weights.png", &rgb);
    assert_pixel(rgb, image, LEFT, TOP, 96, 146, 196);
    assert_pixel(rgb, image, LEFT + 23, TOP + 23, 96, 146, 196);
    assert_pixel(rgb, image, LEFT + 24, TOP, 160, 189, 219); /* -1.5 */
    assert_pixel(rgb, image, LEFT, TOP + ROW, 244, 222, 225);
    free(rgb);
    assert_holds("run/index.html", "plots/first_weights.png");
    assert_holds("run/index.html", "plots/weights_before_after.png");
}

START_TEST(a_run_has_pictures_of_its_weights)
{
    make("run");
    draw("run");
    assert_sparsity_is_a_line_a_level();
    size_t bytes; /* and in TensorBoard */
    char *events = read_all("run/events/seed-1/events.out.tfevents.passband", &bytes);
    ck_assert_ptr_nonnull(memmem(events, bytes, "sparsity/linear_1.level_2", 25));
    free(events);
    assert_histograms_mark_the_threshold();
    assert_units_of_the_first_layer_are_images();
}
END_TEST

/* Coefficients of 1 and, in the bin around 0, 23 of 0.01, with a threshold that they exceed or not.
 */
static void assert_middle_bin(const char *layers, const char *line)
{
    FILE *file = made_open(at("run/weights"), "linear_1.coefficients.npy");
    made_npy_header(file, "<f4", 2, (int[]){2, 12});
    for (int i = 0; i < 24; i++) made_f32(file, i ? 0.01f : 1);
    fclose(file);
    overwrite("run/weights/layers.json", layers);
    draw("run");
    assert_holds("run/plots/weight_histograms.dat", line);
}

#define WHOLE_LAYER(threshold)                                                                     \
    "[{\"layer\": \"linear_1\", " OPTIONS(                                                         \
        "haar", 1, 0) ", \"lines\": 2, \"count\": 12, \"zeros\": 0, \"parts\": [{\"level\": 0, "   \
                      "\"offset\": 0, \"count\": 12, \"threshold\": " threshold                    \
                      ", \"zeros\": 0}]}]"

START_TEST(only_bins_of_what_becomes_0_are_gray)
{
    make("run");
    assert_middle_bin(WHOLE_LAYER("0"), "\n0 23 1\n");
    assert_middle_bin(WHOLE_LAYER("0.02"), "\n0 23 0\n");
}
END_TEST

START_TEST(units_of_numbers_in_a_row_are_images_where_the_samples_are)
{
    uint8_t *rgb;
    make("run");
    put_array("run/weights", "linear_1.npy", 3, (int[]){2, 2, 12});
    draw("run");
    const png_image curves = decode("run/plots/first_weights.png", &rgb);
    free(rgb);
    overwrite("run/weights/layers.json",
              "[{\"image\": [4, 3], " /* then the rest of the layer */
              "\"layer\": \"linear_1\", " OPTIONS(
                  "haar", 1,
                  0.9) ", \"lines\": 2, \"count\": 12, "
                       "\"zeros\": 0.75, \"parts\": [{\"level\": 0, \"offset\": 0, \"count\": 12, "
                       "\"threshold\": 1, \"zeros\": 0.75}]}]");
    draw("run");
    const png_image images = decode("run/plots/first_weights.png", &rgb);
    assert_pixel(rgb, images, 92, 50, 96, 146, 196);
    free(rgb);
    ck_assert_int_ne((int)curves.width, (int)images.width);
}
END_TEST

/* The sentence names the file; every other picture is there, and none of the weights. */
static void assert_left_out(const char *words)
{
    ck_assert_int_eq(pb_report_run(ctx, at("run")), PB_ERR_DATA);
    ck_assert_msg(strstr(pb_error(ctx), words) != NULL, "\"%s\" lacks \"%s\"", pb_error(ctx),
                  words);
    ck_assert(exists("run/plots/loss.png"));
    ck_assert(exists("run/plots/weight_sparsity.png"));
    assert_holds("run/index.html", "plots/loss.png");
    ck_assert(!file_holds("run/index.html", "weight_histograms.png"));
    ck_assert(!exists("run/plots/weight_histograms.png"));
    ck_assert(!exists("run/plots/first_weights.png"));
    ck_assert(!exists("run/plots/weights_before_after.png"));
    put_weights("run");
}

START_TEST(damaged_weights_leave_the_other_pictures)
{
    make("run");
    draw("run");
    unlink(at("run/weights/linear_2.npy"));
    assert_left_out("run/weights/linear_2.npy: is missing");
    overwrite("run/weights/layers.json", "{}");
    assert_left_out("run/weights/layers.json: not a JSON array of layers");
    overwrite("run/weights/layers.json", "[");
    assert_left_out("run/weights/layers.json:1: not valid JSON");
}
END_TEST

/* What is said when weights are read; then they are whole again. */
static void assert_refused(const char *words)
{
    pb_record run = {.folder = (char *)at("run")};
    json_t *layers;
    pb_weight_arrays arrays = {0};
    pb_status status = pb_weight_layers_load(ctx, &run, &layers);
    if (status == PB_OK)
        status = pb_weight_arrays_load(ctx, &run, json_array_get(layers, 0), &arrays);
    ck_assert_int_eq(status, PB_ERR_DATA);
    ck_assert_msg(strstr(pb_error(ctx), words) != NULL, "\"%s\" lacks \"%s\"", pb_error(ctx),
                  words);
    json_decref(layers);
    put_weights("run");
}

START_TEST(damaged_weights_are_refused_in_words)
{
    make("run");
    overwrite("run/weights/linear_1.coefficients.npy", "\x93NUMPY");
    assert_refused("linear_1.coefficients.npy: is not an NPY file");
    put_array("run/weights", "linear_1.coefficients.npy", 2, (int[]){2, 11});
    assert_refused("the arrays of linear_1 and layers.json do not belong together");
    put_array("run/weights", "linear_1.npy", 2, (int[]){2, 24});
    assert_refused("linear_1.npy: holds a float32 array of 2 axes with 48 numbers, not a float32 "
                   "array of 3 to 5 axes");
    overwrite("run/weights/layers.json", "[{\"layer\": \"../linear_1\"}]");
    assert_refused("layers.json: layer 1 has no name");
    overwrite("run/weights/layers.json", "[{\"layer\": \"x\", \"wavelet\": \"haar\"}]");
    assert_refused("layers.json: layer 1 lacks an option of its weight_transform");
    overwrite("run/weights/layers.json",
              "[" FIRST_LAYER ", {\"layer\": \"x\", " OPTIONS(
                  "haar", 1, 0.9) ", \"lines\": 1, \"count\": 1, \"zeros\": 2, \"parts\": [1]}]");
    assert_refused("layers.json: layer 2 has a number that is missing or out of range");
}
END_TEST

START_TEST(without_gnuplot_the_sheets_are_drawn)
{
    make("run");
    mkdir(at("bin"), 0777);
    setenv("PATH", at("bin"), 1);
    ck_assert_int_eq(pb_report_run(ctx, at("run")), PB_ERR_RUN);
    ck_assert(exists("run/plots/first_weights.png"));
    ck_assert(exists("run/plots/weights_before_after.png"));
    ck_assert(!exists("run/plots/weight_histograms.png"));
}
END_TEST

/* ---- several runs ---- */

/* A run of two seeds with a compressed network; the standard error of its bytes is 50, of its
 * accuracy 0.5 %. */
static void make_compressed(const char *run, const char *layers, int bytes, double accuracy)
{
    char name[96];
    const made_run r = made("small");
    make_run(at(run), &r);
    snprintf(name, sizeof name, "%s/summary.json", run);
    json_t *summary = json_load_file(at(name), 0, NULL);
    ck_assert_ptr_nonnull(summary);
    json_object_set_new(summary, "weight_bytes",
                        json_pack("{s:i, s:f, s:[i, i]}", "mean", bytes, "std", 50 * sqrt(2),
                                  "per_seed", bytes - 50, bytes + 50));
    json_object_set_new(summary, "compressed_accuracy",
                        json_pack("{s:f, s:f, s:[f, f]}", "mean", accuracy, "std", 0.005 * sqrt(2),
                                  "per_seed", accuracy, accuracy));
    ck_assert_int_eq(json_dump_file(summary, at(name), 0), 0);
    json_decref(summary);
    snprintf(name, sizeof name, "%s/weights", run);
    mkdir(at(name), 0777);
    snprintf(name, sizeof name, "%s/weights/layers.json", run);
    overwrite(name, layers);
}

#define LAYER(wavelet, level, threshold)                                                           \
    "[{\"layer\": \"linear_1\", " OPTIONS(                                                         \
        wavelet, level, threshold) ", \"lines\": 2, "                                              \
                                   "\"count\": 8, \"zeros\": 0.75, \"parts\": [{\"level\": 1, "    \
                                   "\"offset\": 0, \"count\": 8, "                                 \
                                   "\"threshold\": 1, \"zeros\": 0.75}]}]"

static void make_comparison(char folders[5][300], const char *list[5])
{
    static const char *const names[] = {"haar-8", "haar-9", "db2", "cross", "plain"};
    make_compressed("haar-8", LAYER("haar", 1, 0.8), 16000, 0.975);
    make_compressed("haar-9", LAYER("haar", 1, 0.9), 8000, 0.965);
    make_compressed("db2", LAYER("db2", 2, 0.9), 9000, 0.97);
    /* the weights of a cross-validation are those of its folds */
    make_compressed("cross", "[]", 12000, 0.98);
    mkdir(at("cross/fold-1"), 0777);
    ck_assert_int_eq(rename(at("cross/weights"), at("cross/fold-1/weights")), 0);
    overwrite("cross/fold-1/weights/layers.json", LAYER("haar", 1, 0.85));
    const made_run plain = made("small");
    make_run(at("plain"), &plain);
    for (int i = 0; i < 5; i++) {
        snprintf(folders[i], sizeof *folders, "%s", at(names[i]));
        list[i] = folders[i];
    }
}

START_TEST(runs_are_drawn_by_what_their_networks_take)
{
    char folders[5][300];
    const char *list[5];
    make_comparison(folders, list);
    ck_assert_msg(pb_report_compare(ctx, 5, list, at("all")) == PB_OK, "%s", pb_error(ctx));
    ck_assert(exists("all/plots/weight_bytes.png"));
    ck_assert(exists("all/plots/weight_bytes.svg"));
    ck_assert(!exists("all/plots/weight_sparsity.png"));
    assert_holds("all/index.html", "plots/weight_bytes.png");
    assert_holds("all/index.html", "8000 (134.0 times fewer)");
    /* a line a wavelet and level, by bytes */
    const char *name = "all/plots/weight_bytes.dat";
    assert_holds(name,
                 "# haar, level 1: bytes, percent, errors of both, threshold\n"
                 "8000 96.5 50 0.5 \"0.9\"\n12000 98 50 0.5 \"0.85\"\n16000 97.5 50 0.5 \"0.8\"\n");
    assert_holds(name, "# db2, level 2: bytes, percent, errors of both, threshold\n"
                       "9000 97 50 0.5 \"0.9\"\n");
    assert_holds(name, "# plain, as float32: bytes, percent, errors of both, threshold\n"
                       "1072104 97.46 0 0.0707106781 \"\"\n"); /* 4 x 268026 parameters */
    assert_holds("all/plots/weight_bytes.gp", "title 'haar, level 1'");
    assert_holds("all/plots/weight_bytes.gp", "whiskers: one standard error");
}
END_TEST

/* Layers of two wavelets and thresholds, one quantised in training; an unfinished run tells no data
 * set, and long names slope to the right and stay within the picture. */
START_TEST(layers_that_differ_are_told_in_legends)
{
    enum { RUNS = 12 };
    char folders[RUNS][300], *text = NULL;
    const char *list[RUNS];
    size_t size;
    for (int i = 0; i < RUNS; i++) {
        char name[64];
        snprintf(name, sizeof name, "haar-level-1-threshold-0.%d-batch-128", 50 + i);
        make_compressed(name, i == 1 ? "[" FIRST_LAYER "]" : "[" FIRST_LAYER ", " SECOND_LAYER "]",
                        9000 + i, 0.97);
        snprintf(folders[i], sizeof *folders, "%s", at(name));
        list[i] = folders[i];
    }
    char summary[400];
    snprintf(summary, sizeof summary, "%s/summary.json", folders[2]);
    unlink(summary);
    ck_assert_msg(pb_report_compare(ctx, RUNS, list, at("all")) == PB_OK, "%s", pb_error(ctx));
    assert_holds("all/plots/weight_bytes.dat", "# haar, none, level 1: ");
    assert_holds("all/plots/weight_bytes.dat", "\"0.5 to 0.9\"\n");
    assert_holds("all/plots/weight_bytes.dat", "# haar, level 1: ");
    ck_assert(!file_holds("all/plots/weight_bytes.gp", "several data sets"));
    double right = 1;
    char *script = read_all("all/plots/test_accuracy.gp", &size);
    const char *margin = strstr(script, "set rmargin at screen ");
    ck_assert(margin && sscanf(margin, "set rmargin at screen %lf", &right) == 1);
    ck_assert_double_lt(right, 0.9);
    free(script);
    FILE *out = open_memstream(&text, &size);
    ck_assert_int_eq(pb_report_table(ctx, 1, list, out), PB_OK);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "  haar, none      1  0.5 to 0.9  "));
    free(text);
}
END_TEST

START_TEST(a_damaged_description_leaves_the_other_pictures_of_a_comparison)
{
    char folders[5][300];
    const char *list[5];
    make_comparison(folders, list);
    overwrite("db2/weights/layers.json", "[{}]");
    ck_assert_int_eq(pb_report_compare(ctx, 5, list, at("all")), PB_ERR_DATA);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "db2/weights/layers.json: layer 1 has no name"));
    ck_assert(exists("all/plots/test_accuracy.png"));
    ck_assert(exists("all/index.html"));
    ck_assert(!exists("all/plots/weight_bytes.png"));
}
END_TEST

START_TEST(the_table_has_compressed_networks)
{
    char folders[5][300], *text = NULL;
    const char *list[5];
    size_t size;
    make_comparison(folders, list);
    FILE *out = open_memstream(&text, &size);
    ck_assert_int_eq(pb_report_table(ctx, 5, list, out), PB_OK);
    fclose(out);
    static const char expected[] = "\n\n"
                                   "compressed network  wavelet  level  threshold  coefficients 0  "
                                   "bytes  times fewer    test accuracy\n"
                                   "haar-8                 haar      1        0.8          75.0 %  "
                                   "16000         67.0  97.50 % +- 0.71\n"
                                   "haar-9                 haar      1        0.9          75.0 %  "
                                   " 8000        134.0  96.50 % +- 0.71\n"
                                   "db2                     db2      2        0.9          75.0 %  "
                                   " 9000        119.1  97.00 % +- 0.71\n"
                                   "cross                  haar      1       0.85          75.0 %  "
                                   "12000         89.3  98.00 % +- 0.71\n";
    ck_assert_msg(strstr(text, expected) != NULL, "%s", text);
    free(text);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_run_has_pictures_of_its_weights);
    tcase_add_test(tests, only_bins_of_what_becomes_0_are_gray);
    tcase_add_test(tests, units_of_numbers_in_a_row_are_images_where_the_samples_are);
    tcase_add_test(tests, damaged_weights_leave_the_other_pictures);
    tcase_add_test(tests, damaged_weights_are_refused_in_words);
    tcase_add_test(tests, without_gnuplot_the_sheets_are_drawn);
    tcase_add_test(tests, runs_are_drawn_by_what_their_networks_take);
    tcase_add_test(tests, layers_that_differ_are_told_in_legends);
    tcase_add_test(tests, a_damaged_description_leaves_the_other_pictures_of_a_comparison);
    tcase_add_test(tests, the_table_has_compressed_networks);
    return run_case("pictures of weights", tests);
}
