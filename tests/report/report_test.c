/* Reports of made run folders: what is drawn, what is written, and what happens without gnuplot. */
#include <passband/report.h>

#include "base/arena.h"
#include "report/image.h"
#include "report/page.h"
#include "report/plot.h"
#include "report/record.h"
#include "report/report_fixture.h"
#include "report/statistics.h"

/* ---- figures ---- */

START_TEST(mean_and_error_leave_out_what_is_not_finite)
{
    const double numbers[] = {1, NAN, 2, 6, INFINITY};
    double mean, error;
    ck_assert_int_eq(pb_mean_and_error(numbers, 5, &mean, &error), 3);
    ck_assert_double_eq_tol(mean, 3, 1e-12);
    ck_assert_double_eq_tol(error, sqrt(14.0 / 2 / 3), 1e-12); /* (4 + 1 + 9) / 2, n = 3 */
    ck_assert_int_eq(pb_mean_and_error(numbers, 1, &mean, &error), 1);
    ck_assert_double_eq(error, 0);
    ck_assert_int_eq(pb_mean_and_error(numbers + 1, 1, &mean, &error), 0);
    ck_assert(isnan(mean));
}
END_TEST

START_TEST(training_loss_is_averaged_in_bins_and_a_stopped_seed_leaves_the_mean)
{
    double loss[] = {1, 3, 5, 7, 9, /* second seed stops after three points */ 3, 5, 7, NAN, NAN};
    const pb_record run = {.train_loss = {2, {2, 5}, loss}, .log_every = 10, .seed_count = 2};
    pb_curve curve;
    int64_t bin;
    ck_assert_int_eq(pb_curve_train_loss(ctx, &run, 3, &curve, &bin), PB_OK);
    ck_assert_int_eq(bin, 20);
    ck_assert_uint_eq(curve.count, 3);
    const double x[] = {15, 35, 50}, mean[] = {3, 6.5, 9}, error[] = {1, 0.5, 0};
    for (int i = 0; i < 3; i++) {
        ck_assert_double_eq_tol(curve.x[i], x[i], 1e-12);
        ck_assert_double_eq_tol(curve.mean[i], mean[i], 1e-12);
        ck_assert_double_eq_tol(curve.high[i] - curve.mean[i], error[i], 1e-12);
        ck_assert_double_eq_tol(curve.mean[i] - curve.low[i], error[i], 1e-12);
    }
    ck_assert(curve.has_band);
    pb_curve_clear(&curve);
}
END_TEST

START_TEST(an_axis_of_percentages_zooms_no_more_than_to_half)
{
    const struct {
        double least, largest, bottom;
    } cases[] = {{97.02, 97.6, 94}, {88, 90, 75}, {85, 98, 70},
                 {69, 90, 0},       {45, 99, 0},  {10, 12, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const pb_percent_axis axis = pb_percent_axis_for(cases[i].least, cases[i].largest);
        ck_assert_msg(fabs(axis.bottom - cases[i].bottom) < 1e-9, "%g: starts at %g",
                      cases[i].least, axis.bottom);
    }
    const pb_percent_axis full = pb_percent_axis_for(100, 100);
    ck_assert_double_eq_tol(full.bottom, 99, 1e-9);
    ck_assert_double_eq_tol(full.step, 0.1, 1e-9);
}
END_TEST

START_TEST(curves_of_a_folder_are_those_of_its_files)
{
    const made_run made = small("small");
    make_run(at("run"), &made);
    pb_record run;
    ck_assert_int_eq(pb_record_load(ctx, at("run"), &run), PB_OK);
    ck_assert_str_eq(run.name, "small");
    ck_assert_int_eq(run.seed_count, 2);
    ck_assert_int_eq(run.epoch_count, 8);
    ck_assert_int_eq(run.log_every, 5);
    ck_assert_uint_eq(run.train_loss.dim[1], 16);
    ck_assert_uint_eq(run.band_weights.dim[2], 8);
    ck_assert(pb_record_learns_bands(&run));
    double sum = 0; /* softmax weights of a point add up to one */
    for (int k = 0; k < 8; k++) sum += run.band_weights.data[(1 * 16 + 3) * 8 + k];
    ck_assert_double_eq_tol(sum, 1, 1e-5);
    pb_curve curve;
    ck_assert_int_eq(pb_curve_val_loss(ctx, &run, &curve), PB_OK);
    ck_assert_uint_eq(curve.count, 4);
    ck_assert_double_eq(curve.x[3], 80);
    ck_assert_double_eq_tol(curve.mean[3], (run.epochs[3].val_loss + run.epochs[7].val_loss) / 2,
                            1e-12);
    pb_curve_clear(&curve);
    pb_record_clear(&run);
}
END_TEST

/* ---- folders that are wrong ---- */

static void assert_refused(pb_status expected, const char *words)
{
    pb_record run;
    const pb_status status = pb_record_load(ctx, at("run"), &run);
    ck_assert_msg(status == expected, "%s: %s", pb_status_name(status), pb_error(ctx));
    ck_assert_msg(strstr(pb_error(ctx), words) != NULL, "\"%s\" lacks \"%s\"", pb_error(ctx),
                  words);
}

START_TEST(damaged_folders_are_refused_in_words)
{
    assert_refused(PB_ERR_USAGE, "not a run folder");
    const made_run made = small("small");
    make_run(at("run"), &made);
    overwrite("run/metrics.jsonl", "{\"seed\": 0, \"epoch\": 1}\nnonsense\n");
    assert_refused(PB_ERR_DATA, "metrics.jsonl:2");
    overwrite("run/metrics.jsonl", "{\"epoch\": 1}\n");
    assert_refused(PB_ERR_DATA, "seed");
    overwrite("run/metrics.jsonl", "{\"seed\": 0, \"epoch\": 1}\n");
    assert_refused(PB_ERR_DATA, "train_loss.npy: 2 seeds");
    made_metrics(at("run"), &made);
    overwrite("run/mask.npy", "\x93NUMPY");
    assert_refused(PB_ERR_DATA, "mask.npy");
    make_run(at("run"), &made);
    ck_assert_int_eq(rename(at("run/mask.npy"), at("run/train_loss.npy")), 0);
    assert_refused(PB_ERR_DATA, "3 axes, 2 expected");
    make_run(at("run"), &made);
    overwrite("run/summary.json", "[1]");
    assert_refused(PB_ERR_DATA, "summary.json");
}
END_TEST

START_TEST(a_line_cut_off_by_a_crash_is_left_out)
{
    made_run made = small("small");
    made.unfinished = true;
    make_run(at("run"), &made);
    FILE *file = fopen(at("run/metrics.jsonl"), "ab");
    fputs("{\"seed\": 1, \"epo", file);
    fclose(file);
    pb_record run;
    ck_assert_int_eq(pb_record_load(ctx, at("run"), &run), PB_OK);
    ck_assert_int_eq(run.epoch_count, 8);
    ck_assert_str_eq(run.name, "small"); /* from config.yaml */
    pb_record_clear(&run);
    ck_assert_int_eq(pb_report_run(ctx, at("run")), PB_OK);
    ck_assert(exists("run/plots/loss.png"));
    ck_assert(!exists("run/plots/test_accuracy.png"));
    ck_assert(file_holds("run/index.html", "not finished"));
}
END_TEST

/* ---- pictures ---- */

static void assert_picture(const char *folder, const char *name, unsigned width, unsigned height)
{
    char path[256];
    uint8_t *rgb;
    snprintf(path, sizeof path, "%s/%s.png", folder, name);
    const png_image image = decode(path, &rgb);
    ck_assert_msg(image.width == width && image.height == height, "%s: %u x %u", name, image.width,
                  image.height);
    size_t dark = 0;
    for (size_t i = 0; i < PNG_IMAGE_SIZE(image); i++) dark += rgb[i] < 128;
    ck_assert_msg(dark > 2000, "%s is all but empty", name);
    free(rgb);
    const char *const suffixes[] = {"svg", "gp", "dat"};
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s.%s", folder, name, suffixes[i]);
        ck_assert_msg(exists(path), "%s is missing", path);
    }
    snprintf(path, sizeof path, "%s/%s.svg", folder, name);
    ck_assert(file_holds(path, "</svg>"));
}

/* Two seeds on three folds; each seed's last epoch is worse than its first. */
static void make_folds(void)
{
    ck_assert_int_eq(mkdir(at("cv"), 0777), 0);
    FILE *file = made_open(at("cv"), "metrics.jsonl");
    for (int fold = 1; fold <= 3; fold++)
        for (int seed = 4; seed <= 5; seed++)
            for (int epoch = 1; epoch <= 2; epoch++)
                fprintf(file,
                        "{\"seed\": %d, \"epoch\": %d, \"step\": %d, \"train_loss\": %d.5, "
                        "\"val_loss\": %d.25, \"fold\": %d}\n",
                        seed, epoch, 10 * epoch, seed, fold, fold);
    fclose(file);
    file = made_open(at("cv"), "summary.json");
    fputs("{\"name\": \"cv\", \"seeds\": [4, 5], \"folds\": {\"count\": 3, \"repeats\": 1},"
          " \"val_accuracy\": {\"mean\": 0.75, \"std\": 0.1, \"per_seed\": [0.7, 0.8],"
          " \"per_fold\": [[0.6, 0.7, 0.8], [0.7, 0.75, 0.95]]}}\n",
          file);
    fclose(file);
}

START_TEST(folds_are_drawn)
{
    pb_record run;
    pb_curve curve = {0};
    make_folds();
    ck_assert_int_eq(pb_record_load(ctx, at("cv"), &run), PB_OK);
    ck_assert_int_eq(run.seed_count, 6);
    ck_assert_int_eq(run.folds[5], 3);
    ck_assert_int_eq(run.seeds[5], 5);
    ck_assert_int_eq(pb_record_folds(&run), 3);
    ck_assert_uint_eq(pb_record_score(&run, "val_accuracy").count, 6);
    ck_assert_str_eq(pb_record_repeats(&run), "folds and seeds");
    ck_assert_int_eq(pb_curve_val_loss(ctx, &run, &curve), PB_OK);
    ck_assert_double_eq_tol(curve.mean[0], 2.25, 1e-12);
    pb_curve_clear(&curve);
    pb_record_clear(&run);

    ck_assert_int_eq(pb_report_run(ctx, at("cv")), PB_OK);
    /* the last bar of each seed: its mean over folds, with the standard deviation */
    ck_assert(file_holds("cv/plots/fold_val_accuracy.dat", "2.795 70 10\n"));
    ck_assert(file_holds("cv/plots/fold_val_accuracy.dat", "3.205 80 13.2287566\n"));
    ck_assert(exists("cv/plots/fold_val_accuracy.png"));
    ck_assert(!exists("cv/plots/fold_test_accuracy.png"));
    ck_assert(file_holds("cv/index.html", "2 seeds on each of 3 folds"));
    ck_assert(file_holds("cv/index.html", "75.00 % &plusmn; 10.00"));
    ck_assert(file_holds("cv/index.html", "standard deviation over folds and seeds"));
    ck_assert(exists("cv/events/fold-3/seed-5/events.out.tfevents.passband"));
}
END_TEST

START_TEST(a_run_is_drawn_whole)
{
    const made_run made = small("it's <small>_run");
    make_run(at("run"), &made);
    const pb_status status = pb_report_run(ctx, at("run"));
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
    const char *const names[] = {"loss", "test_accuracy", "class_accuracies", "band_weights",
                                 "mask"};
    for (int i = 0; i < 5; i++) assert_picture("run/plots", names[i], 1200, 800);
    ck_assert(exists("run/plots/reconstructions.png"));
    assert_no_temporary_files("run/plots");
    assert_no_temporary_files("run");
    ck_assert(file_holds("run/plots/loss.gp", "'Loss of it''s <small>_run'"));
    ck_assert(file_holds("run/plots/class_accuracies.gp", "'T-shirt/top' 0"));
    ck_assert(file_holds("run/plots/class_accuracies.gp", "set xlabel 'class'"));
    ck_assert(file_holds("run/plots/band_weights.gp", "'band 0 (lowest)'"));
    ck_assert(
        file_holds("run/plots/test_accuracy.dat", "0 97.41 0\n")); /* mean 97.46, seeds 0.1 apart */
    ck_assert(file_holds("run/plots/test_accuracy.dat", "2 97.46 0.07071")); /* 0.1 / sqrt(2) */
}
END_TEST

START_TEST(a_script_draws_its_picture_again)
{
    const made_run made = small("small");
    char command[400];
    make_run(at("run"), &made);
    ck_assert_int_eq(pb_report_run(ctx, at("run")), PB_OK);
    ck_assert_int_eq(unlink(at("run/plots/mask.png")), 0);
    snprintf(command, sizeof command, "cd %s/run/plots && gnuplot mask.gp", base);
    ck_assert_int_eq(system(command), 0);
    assert_picture("run/plots", "mask", 1200, 800);
}
END_TEST

START_TEST(one_seed_has_no_band_and_fixed_weights_no_evolution)
{
    made_run made = small("one");
    made.seeds = 1;
    made.learned = false;
    make_run(at("run"), &made);
    ck_assert_int_eq(pb_report_run(ctx, at("run")), PB_OK);
    ck_assert(!file_holds("run/plots/loss.gp", "filledcurves"));
    ck_assert(!file_holds("run/plots/loss.gp", "standard error"));
    ck_assert(!file_holds("run/plots/test_accuracy.gp", "vectors"));
    ck_assert(!exists("run/plots/band_weights.png"));
    ck_assert(exists("run/plots/mask.png"));
}
END_TEST

START_TEST(several_runs_share_their_pictures)
{
    made_run a = small("same"), b = small("same"), c = small("no_bands");
    c.bands = 0;
    c.early = true;
    make_run(at("first"), &a);
    make_run(at("second"), &b);
    make_run(at("third"), &c);
    char first[100], second[100], third[100];
    snprintf(first, sizeof first, "%s/first", base);
    snprintf(second, sizeof second, "%s/second/", base);
    snprintf(third, sizeof third, "%s/third", base);
    const char *const folders[] = {first, second, third};
    const pb_status status = pb_report_compare(ctx, 3, folders, at("all/of/them"));
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
    assert_picture("all/of/them/plots", "loss", 1200, 800);
    assert_picture("all/of/them/plots", "test_accuracy", 1200, 800);
    assert_picture("all/of/them/plots", "class_accuracies", 1200, 800);
    assert_picture("all/of/them/plots", "band_weights", 1600, 648);
    ck_assert(
        file_holds("all/of/them/plots/test_accuracy.gp", "'first' 0, 'second' 1, 'no_bands' 2"));
    ck_assert(file_holds("all/of/them/plots/loss.gp", "stopped early"));
    ck_assert(file_holds("all/of/them/plots/loss.gp", "'Training and validation loss'"));
    ck_assert(
        file_holds("all/of/them/index.html", "<td>second</td><td>97.46 % &plusmn; 0.10</td>"));
    assert_no_temporary_files("all/of/them/plots");

    /* a comparison without bands in the same folder leaves no picture of bands behind */
    ck_assert_int_eq(pb_report_compare(ctx, 1, folders + 2, at("all/of/them")), PB_OK);
    ck_assert(!exists("all/of/them/plots/band_weights.png"));
    ck_assert(!file_holds("all/of/them/index.html", "band_weights"));
}
END_TEST

START_TEST(runs_without_validation_are_not_said_to_have_it)
{
    made_run made = small("plain");
    made.unheld = true;
    make_run(at("one"), &made);
    make_run(at("two"), &made);
    char one[100], two[100];
    snprintf(one, sizeof one, "%s/one", base);
    snprintf(two, sizeof two, "%s/two", base);
    const char *const folders[] = {one, two};
    ck_assert_msg(pb_report_compare(ctx, 2, folders, at("both")) == PB_OK, "%s", pb_error(ctx));
    ck_assert(file_holds("both/plots/loss.gp", "'Training loss'"));
    ck_assert(!file_holds("both/plots/loss.gp", "alidation"));
}
END_TEST

START_TEST(reconstructions_show_enlarged_pixels_side_by_side)
{
    const made_run made = small("small");
    make_run(at("run"), &made);
    ck_assert_int_eq(pb_report_run(ctx, at("run")), PB_OK);
    uint8_t *rgb;
    const png_image image = decode("run/plots/reconstructions.png", &rgb);
    /* 28 pixels enlarged 5 times; four pairs abreast with gaps of 18 and a separator of 2; heading
     * of 36 */
    ck_assert_uint_eq(image.width, 4 * (2 * 140 + 2 + 18) + 18);
    ck_assert_uint_eq(image.height, 36 + 4 * (140 + 18));
    for (int y = 0; y < 28; y++)
        for (int x = 0; x < 28; x++) { /* second image: pair 1 of row 0 */
            const double r2 = (x - 13.5) * (x - 13.5) + (y - 13.5) * (y - 13.5);
            const int expected = fabs(sqrt(r2) - 3 - 1) < 2 ? 255 : 0;
            const size_t row = 36 + y * 5 + 2, column = 18 + 300 + x * 5 + 2;
            ck_assert_int_eq(rgb[(row * image.width + column) * 3], expected);
        }
    /* its masked half, on a scale of its own: from -1/16 at the middle of an empty ring to the
     * brightest ring, that of image 0 nearest to the middle */
    for (int y = 0; y < 28; y++)
        for (int x = 0; x < 28; x++) {
            const double r2 = (x - 13.5) * (x - 13.5) + (y - 13.5) * (y - 13.5);
            const double ring = fabs(sqrt(r2) - 3 - 1) < 2 ? 0.5 : -0.5;
            const double dark = -0.0625 * (1 - 0.5 / 800), bright = 0.0625 * (1 - 2.5 / 800);
            const double expected = 255 * (ring / 8 * (1 - r2 / 800) - dark) / (bright - dark);
            const size_t row = 36 + y * 5 + 2, column = 18 + 300 + 142 + x * 5 + 2;
            ck_assert_double_eq_tol(rgb[(row * image.width + column) * 3], expected, 1);
        }
    const uint8_t *separator = rgb + ((36 + 70) * image.width + 18 + 140) * 3;
    ck_assert_int_eq(separator[0], 170);

    /* without a mask the right halves have another heading, and nothing else is different */
    ck_assert_int_eq(unlink(at("run/mask.npy")), 0);
    ck_assert_int_eq(pb_report_run(ctx, at("run")), PB_OK);
    uint8_t *unmasked;
    const png_image again = decode("run/plots/reconstructions.png", &unmasked);
    const size_t head = 36 * (size_t)image.width * 3, size = PNG_IMAGE_SIZE(image);
    ck_assert_uint_eq(PNG_IMAGE_SIZE(again), size);
    ck_assert_int_ne(memcmp(rgb, unmasked, head), 0);
    ck_assert_int_eq(memcmp(rgb + head, unmasked + head, size - head), 0);
    free(unmasked);
    free(rgb);
}
END_TEST

/* Two samples of three colours, each of one colour and its versions darker from left to right. */
START_TEST(augmented_samples_stand_beside_their_originals)
{
    enum { ABREAST = 8, SIDE = 4 };
    const made_run made = small("small");
    make_run(at("run"), &made);
    FILE *file = made_open(at("run"), "augmented.npy");
    made_npy_header(file, "<f4", 4, (int[]){2 * ABREAST, 3, SIDE, SIDE});
    for (int i = 0; i < 2 * ABREAST; i++)
        for (int c = 0; c < 3; c++)
            for (int k = 0; k < SIDE * SIDE; k++)
                made_f32(file, c == i / ABREAST ? 1 - i % ABREAST / 16.0 : 0);
    fclose(file);
    ck_assert_int_eq(pb_report_run(ctx, at("run")), PB_OK);
    uint8_t *rgb;
    const png_image image = decode("run/plots/augmented.png", &rgb);
    /* cells of 4 pixels enlarged 24 times, gaps of 10, a heading of 26 */
    ck_assert_uint_eq(image.width, 10 + ABREAST * (96 + 10));
    ck_assert_uint_eq(image.height, 26 + 10 + 2 * (96 + 10));
    for (int i = 0; i < 2 * ABREAST; i++) {
        const int column = i % ABREAST, row = i / ABREAST;
        const size_t x = 10 + (size_t)column * 106 + 48, y = 26 + (size_t)row * 106 + 48;
        const uint8_t *pixel = rgb + (y * image.width + x) * 3;
        for (int c = 0; c < 3; c++)
            ck_assert_int_eq(pixel[c], c == row ? (int)lround(255 * (1 - column / 16.0)) : 0);
    }
    free(rgb);
    ck_assert(file_holds("run/index.html", "plots/augmented.png"));
}
END_TEST

START_TEST(an_image_survives_its_file)
{
    pb_image image;
    uint8_t *rgb;
    ck_assert_int_eq(pb_image_create(ctx, 7, 5, (pb_colour){1, 2, 3}, &image), PB_OK);
    pb_image_fill(&image, -2, 3, 5, 9, (pb_colour){250, 0, 9}); /* partly outside */
    ck_assert_int_eq(pb_image_save(ctx, at("x.png"), &image), PB_OK);
    const png_image read = decode("x.png", &rgb);
    ck_assert(read.width == 7 && read.height == 5);
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 7; x++) {
            const uint8_t *pixel = rgb + (y * 7 + x) * 3;
            const bool inside = x < 3 && y >= 3;
            ck_assert(pixel[0] == (inside ? 250 : 1) && pixel[1] == (inside ? 0 : 2) &&
                      pixel[2] == (inside ? 9 : 3));
        }
    free(rgb);
    ck_assert_int_eq(pb_image_save(ctx, at("none/x.png"), &image), PB_ERR_IO);
    ck_assert_int_eq(pb_image_save(ctx, "/dev/full/x.png", &image), PB_ERR_IO);
    pb_image_clear(&image);
}
END_TEST

/* ---- gnuplot that is missing or fails ---- */

START_TEST(without_gnuplot_the_rest_is_written)
{
    const made_run made = small("small");
    make_run(at("run"), &made);
    mkdir(at("bin"), 0777);
    setenv("PATH", at("bin"), 1);
    ck_assert_int_eq(pb_report_run(ctx, at("run")), PB_ERR_RUN);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "gnuplot is not installed"));
    ck_assert(exists("run/index.html"));
    ck_assert(exists("run/plots/reconstructions.png"));
    ck_assert(!exists("run/plots/loss.png"));
    ck_assert(!file_holds("run/index.html", "loss.png"));
    assert_no_temporary_files("run/plots");
}
END_TEST

START_TEST(a_failing_gnuplot_is_quoted_and_harms_no_picture)
{
    const made_run made = small("small");
    struct stat before, after;
    make_run(at("run"), &made);
    ck_assert_int_eq(pb_report_run(ctx, at("run")), PB_OK);
    ck_assert_int_eq(stat(at("run/plots/loss.png"), &before), 0);
    mkdir(at("bin"), 0777);
    char script[400];
    snprintf(
        script, sizeof script,
        "#!/bin/sh\nwhile read -r word is name; do\n"
        "if [ \"$word\" = picture ]; then name=${name#?}; echo half > %s/run/plots/${name%%?}; fi\n"
        "done\necho 'line 3: the pen is dry' >&2\nexit 1\n",
        base);
    overwrite("bin/gnuplot", script);
    chmod(at("bin/gnuplot"), 0755);
    setenv("PATH", at("bin"), 1);
    ck_assert_int_eq(pb_report_run(ctx, at("run")), PB_ERR_IO);
    ck_assert_msg(strstr(pb_error(ctx), "the pen is dry") != NULL, "%s", pb_error(ctx));
    ck_assert_int_eq(stat(at("run/plots/loss.png"), &after), 0);
    ck_assert(before.st_ino == after.st_ino && before.st_size == after.st_size);
    assert_no_temporary_files("run/plots");
}
END_TEST

/* ---- the page and the table ---- */

START_TEST(the_page_escapes_what_it_quotes)
{
    const made_run made = small("a<b>&c");
    make_run(at("run"), &made);
    ck_assert_int_eq(pb_report_run(ctx, at("run")), PB_OK);
    ck_assert(file_holds("run/index.html", "<h1>a&lt;b&gt;&amp;c</h1>"));
    ck_assert(file_holds("run/index.html", "# &lt;first&gt; &amp; &quot;only&quot;"));
    ck_assert(!file_holds("run/index.html", "<first>"));
    ck_assert(file_holds("run/index.html", "&lt;a&amp;b&gt;.yaml"));
    ck_assert(file_holds("run/index.html", "prefers-color-scheme:dark"));
    ck_assert(!file_holds("run/index.html", "http"));
    pb_text text = {0};
    pb_html_escape(&text, "<'&\">");
    ck_assert_str_eq(text.text, "&lt;&#39;&amp;&quot;&gt;");
    pb_text_free(&text);
}
END_TEST

START_TEST(the_table_is_aligned)
{
    made_run a = small("adaptive"), b = small("b\xc3\xa4nder");
    b.seeds = 1;
    b.accuracy = 1;
    make_run(at("a"), &a);
    make_run(at("b"), &b);
    const char *const folders[] = {at("a"), at("b")};
    char text[1024] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    ck_assert_int_eq(pb_report_table(ctx, 2, folders, out), PB_OK);
    fclose(out);
    ck_assert_str_eq(
        text,
        "run         test accuracy  validation accuracy  seconds per epoch  parameters  host MB\n"
        "adaptive  97.46 % +- 0.10      97.06 % +- 0.10              0.457      268026      312\n"
        "b\xc3\xa4nder           100.00 %              99.60 %              0.457      268026      "
        "312\n");
    FILE *full = fopen("/dev/full", "w");
    setvbuf(full, NULL, _IONBF, 0);
    ck_assert_int_eq(pb_report_table(ctx, 2, folders, full), PB_ERR_IO);
    fclose(full);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("report");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, mean_and_error_leave_out_what_is_not_finite);
    tcase_add_test(tests, training_loss_is_averaged_in_bins_and_a_stopped_seed_leaves_the_mean);
    tcase_add_test(tests, an_axis_of_percentages_zooms_no_more_than_to_half);
    tcase_add_test(tests, curves_of_a_folder_are_those_of_its_files);
    tcase_add_test(tests, damaged_folders_are_refused_in_words);
    tcase_add_test(tests, a_line_cut_off_by_a_crash_is_left_out);
    tcase_add_test(tests, folds_are_drawn);
    tcase_add_test(tests, a_run_is_drawn_whole);
    tcase_add_test(tests, a_script_draws_its_picture_again);
    tcase_add_test(tests, one_seed_has_no_band_and_fixed_weights_no_evolution);
    tcase_add_test(tests, several_runs_share_their_pictures);
    tcase_add_test(tests, runs_without_validation_are_not_said_to_have_it);
    tcase_add_test(tests, reconstructions_show_enlarged_pixels_side_by_side);
    tcase_add_test(tests, augmented_samples_stand_beside_their_originals);
    tcase_add_test(tests, an_image_survives_its_file);
    tcase_add_test(tests, without_gnuplot_the_rest_is_written);
    tcase_add_test(tests, a_failing_gnuplot_is_quoted_and_harms_no_picture);
    tcase_add_test(tests, the_page_escapes_what_it_quotes);
    tcase_add_test(tests, the_table_is_aligned);
    return run_case("report", tests);
}
