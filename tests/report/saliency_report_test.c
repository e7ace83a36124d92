/* Pictures of saliency: heat maps and coloured samples where inputs are rows of numbers, sheets
 * where they are images, and what is said of arrays that do not fit each other. */
#include <png.h>

#include <passband/report.h>

#include "report/report_fixture.h"

enum { CLASSES = 3, SHOWN = 4, SIDE = 8, COLUMNS = SIDE / 2 + 1 };

/* Spectra that have frequency 0 alone. */
static void put_constant_spectra(const char *run)
{
    FILE *file = made_open(at(run), "saliency_spectra.npy");
    made_npy_header(file, "<f4", 3, (int[]){CLASSES, SIDE, COLUMNS});
    for (int i = 0; i < CLASSES * SIDE * COLUMNS; i++)
        made_f32(file, i % (SIDE * COLUMNS) == 0 ? 1 : 0);
    fclose(file);
}

static void make(const char *run)
{
    made_run made = made_default;
    made.name = run;
    made.seeds = 1;
    made.epochs = 2;
    made.steps_per_epoch = 10;
    made.classes = CLASSES;
    made.bands = 0;
    made.shown = SHOWN;
    make_run(at(run), &made);
}

static void report(const char *run)
{
    ck_assert_msg(pb_report_run(ctx, at(run)) == PB_OK, "%s", pb_error(ctx));
}

static void put_rows(const char *run)
{
    put_array(run, "saliency.npy", 3, (int[]){CLASSES, 1, SIDE}); /* one channel */
    put_array(run, "saliency_spectra.npy", 2, (int[]){CLASSES, COLUMNS});
    put_array(run, "saliency_inputs.npy", 3, (int[]){SHOWN, 1, SIDE});
    put_array(run, "saliency_samples.npy", 3, (int[]){SHOWN, 1, SIDE});
}

START_TEST(rows_are_heat_maps)
{
    make("rows");
    put_rows("rows");
    report("rows");
    static const char *const names[] = {"saliency", "saliency_spectra", "salient_samples"};
    for (int i = 0; i < 3; i++) {
        char name[64];
        for (int svg = 0; svg < 2; svg++) {
            snprintf(name, sizeof name, "rows/plots/%s.%s", names[i], svg ? "svg" : "png");
            ck_assert_msg(exists(name), "%s is missing", name);
        }
        snprintf(name, sizeof name, "plots/%s.png", names[i]);
        assert_holds("rows/index.html", name);
    }
    /* column, row, value: class 1 starts with value 8 of the saliency, 5 of the spectra */
    assert_holds("rows/plots/saliency.dat", "\n0 1 -1.5\n");
    assert_holds("rows/plots/saliency_spectra.dat", "\n0 1 2.5\n");
    assert_holds("rows/plots/saliency.gp", "'Trouser' 1");
    assert_holds("rows/plots/saliency.gp", "set cbrange [0:3.5]");
    assert_holds("rows/plots/saliency.gp", "set ylabel 'class'");
    assert_holds("rows/plots/saliency.gp", "set cblabel 'mean |gradient|'");
    assert_holds("rows/plots/salient_samples.gp", "label 1003 'a test sample of class Trouser'");
    /* sample 1 is -1.5 at its first point, the gradient there 1.5 */
    assert_holds("rows/plots/salient_samples.dat", "\n0 -1.5 1.5\n");
    ck_assert(!exists("rows/plots/saliency_maps.png"));
    ck_assert(!exists("rows/plots/salient_images.png"));
}
END_TEST

START_TEST(runs_are_compared_in_panels)
{
    make("one");
    put_rows("one");
    make("without");
    make("two");
    put_rows("two");
    char folders[3][100];
    snprintf(folders[0], sizeof *folders, "%s", at("one"));
    snprintf(folders[1], sizeof *folders, "%s", at("without"));
    snprintf(folders[2], sizeof *folders, "%s", at("two"));
    const char *const list[] = {folders[0], folders[1], folders[2]};
    ck_assert_msg(pb_report_compare(ctx, 3, list, at("all")) == PB_OK, "%s", pb_error(ctx));
    assert_holds("all/plots/saliency_spectra.gp", "label 1003 'one'");
    assert_holds("all/plots/saliency_spectra.gp", "label 1003 'two'");
    ck_assert(exists("all/plots/saliency.png"));
    ck_assert(!exists("all/plots/salient_samples.png"));
}
END_TEST

/* How bright each pixel is in the middle of the cell that starts at (x, y). */
static int gray_at(const png_image *image, const uint8_t *rgb, int x, int y)
{
    return rgb[((size_t)y * image->width + (size_t)x) * 3];
}

START_TEST(images_are_sheets)
{
    make("images");
    put_array("images", "saliency.npy", 4, (int[]){CLASSES, 2, SIDE, SIDE}); /* two channels */
    put_constant_spectra("images");
    put_array("images", "saliency_inputs.npy", 3, (int[]){SHOWN, SIDE, SIDE});
    put_array("images", "saliency_samples.npy", 3, (int[]){SHOWN, SIDE, SIDE});
    report("images");
    assert_holds("images/index.html", "plots/saliency_maps.png");
    assert_holds("images/index.html", "plots/salient_images.png");
    ck_assert(!exists("images/plots/saliency.png"));
    ck_assert(!exists("images/plots/saliency_spectra.png"));
    ck_assert(!exists("images/plots/salient_samples.png"));

    /* 140 / 8 = 17 pixels an element; the pictures start at (18, 36), the second side 2 pixels
     * after the first. Frequency 0 stands at the left of the middle row. */
    png_image image = {.version = PNG_IMAGE_VERSION};
    ck_assert(png_image_begin_read_from_file(&image, at("images/plots/saliency_maps.png")));
    image.format = PNG_FORMAT_RGB;
    uint8_t *rgb = malloc(PNG_IMAGE_SIZE(image));
    ck_assert(png_image_finish_read(&image, NULL, rgb, 0, NULL));
    const int left = 18 + SIDE * 17 + 2 + 8, top = 36 + 8;
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < COLUMNS; column++)
            ck_assert_int_eq(gray_at(&image, rgb, left + 17 * column, top + 17 * row),
                             row == SIDE / 2 && column == 0 ? 255 : 0);
    free(rgb);
}
END_TEST

/* Images whose spectra were taken of all pixels in a row. */
START_TEST(images_with_flat_spectra)
{
    make("mixed");
    put_array("mixed", "saliency.npy", 3, (int[]){CLASSES, SIDE, SIDE});
    put_array("mixed", "saliency_spectra.npy", 2, (int[]){CLASSES, SIDE * SIDE / 2 + 1});
    put_array("mixed", "saliency_inputs.npy", 3, (int[]){SHOWN, SIDE, SIDE});
    put_array("mixed", "saliency_samples.npy", 3, (int[]){SHOWN, SIDE, SIDE});
    report("mixed");
    ck_assert(exists("mixed/plots/saliency_maps.png"));
    ck_assert(exists("mixed/plots/saliency_spectra.png"));
    ck_assert(!exists("mixed/plots/saliency.png"));
}
END_TEST

typedef struct bad_case {
    const char *name;
    int axes, dim[5];
    const char *fragment;
} bad_case;

static const bad_case bad_cases[] = {
    {"saliency.npy", 1, {CLASSES}, "saliency.npy: the array has 1 axes"},
    {"saliency.npy", 5, {CLASSES, 1, 1, 1, 1}, "saliency.npy: the array has 5 axes"},
    {"saliency_spectra.npy", 2, {CLASSES + 1, COLUMNS}, "saliency.npy and saliency_spectra.npy"},
    {"saliency_samples.npy", 2, {SHOWN, SIDE + 1}, "saliency_inputs.npy and saliency_samples.npy"},
};

START_TEST(arrays_that_do_not_fit_are_refused)
{
    const bad_case *bad = &bad_cases[_i];
    make("bad");
    put_rows("bad");
    put_array("bad", bad->name, bad->axes, bad->dim);
    ck_assert_int_eq(pb_report_run(ctx, at("bad")), PB_ERR_DATA);
    ck_assert_msg(strstr(pb_error(ctx), bad->fragment) != NULL, "%s", pb_error(ctx));
}
END_TEST

START_TEST(one_array_of_two_is_refused)
{
    make("half");
    put_rows("half");
    ck_assert_int_eq(unlink(at("half/saliency_spectra.npy")), 0);
    ck_assert_int_eq(pb_report_run(ctx, at("half")), PB_ERR_DATA);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, rows_are_heat_maps);
    tcase_add_test(tests, runs_are_compared_in_panels);
    tcase_add_test(tests, images_are_sheets);
    tcase_add_test(tests, images_with_flat_spectra);
    tcase_add_loop_test(tests, arrays_that_do_not_fit_are_refused, 0,
                        (int)(sizeof bad_cases / sizeof *bad_cases));
    tcase_add_test(tests, one_array_of_two_is_refused);
    return run_case("saliency report", tests);
}
