/* Pictures of scalograms, and what is said of axes that do not fit them. */
#include <jansson.h>

#include <passband/report.h>

#include "report/report_fixture.h"

enum { CLASSES = 3, SHOWN = 4, SCALES = 3, POINTS = 5 };

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

/* Puts the axes of so many scales into the summary. */
static void put_axes(const char *run, int scales)
{
    char name[100];
    snprintf(name, sizeof name, "%s/summary.json", run);
    json_t *summary = json_load_file(at(name), 0, NULL),
           *axes = json_pack("{s:s, s:f}", "wavelet", "morl", "sampling_period", 0.5),
           *list = json_array(), *frequencies = json_array();
    ck_assert_ptr_nonnull(summary);
    for (int i = 0; i < scales; i++) {
        json_array_append_new(list, json_real(1 << i));
        json_array_append_new(frequencies, json_real(1.625 / (1 << i)));
    }
    json_object_set_new(axes, "scales", list);
    json_object_set_new(axes, "frequencies", frequencies);
    json_object_set_new(summary, "scalogram", axes);
    ck_assert_int_eq(json_dump_file(summary, at(name), 0), 0);
    json_decref(summary);
}

START_TEST(samples_are_heat_maps)
{
    make("run");
    put_array("run", "scalograms.npy", 3, (int[]){SHOWN, SCALES, POINTS});
    put_axes("run", SCALES);
    ck_assert_msg(pb_report_run(ctx, at("run")) == PB_OK, "%s", pb_error(ctx));
    ck_assert(exists("run/plots/scalograms.png"));
    ck_assert(exists("run/plots/scalograms.svg"));
    assert_holds("run/index.html", "plots/scalograms.png");
    /* time, row, value: number 6 of the first sample is 3.5, at its second scale and point */
    assert_holds("run/plots/scalograms.dat", "\n0.5 1 3.5\n");
    assert_holds("run/plots/scalograms.gp", "'1 (1.62)' 0, '2 (0.812)' 1, '4 (0.406)' 2");
    assert_holds("run/plots/scalograms.gp", "set ylabel 'scale (cycles per unit of time)'");
    assert_holds("run/plots/scalograms.gp", "set xlabel 'time'");
    assert_holds("run/plots/scalograms.gp", "set xrange [-0.25:2.25]");
    assert_holds("run/plots/scalograms.gp", "set cbrange [0:3.5]");
    assert_holds("run/plots/scalograms.gp", "label 1003 'a test sample of class Trouser'");
}
END_TEST

START_TEST(axes_must_fit)
{
    make("bad");
    put_array("bad", "scalograms.npy", 3, (int[]){SHOWN, SCALES, POINTS});
    for (int scales = -1; scales < SCALES; scales++) {
        if (scales >= 0) put_axes("bad", scales);
        ck_assert_int_eq(pb_report_run(ctx, at("bad")), PB_ERR_DATA);
        ck_assert_ptr_nonnull(strstr(pb_error(ctx), "scalograms.npy and \"scalogram\" of "
                                                    "summary.json do not belong together"));
    }
}
END_TEST

START_TEST(comparisons_and_other_runs_have_none)
{
    make("with");
    put_array("with", "scalograms.npy", 3, (int[]){SHOWN, SCALES, POINTS});
    put_axes("with", SCALES);
    make("without");
    char folders[2][300];
    snprintf(folders[0], sizeof *folders, "%s", at("with"));
    snprintf(folders[1], sizeof *folders, "%s", at("without"));
    const char *const list[] = {folders[0], folders[1]};
    ck_assert_msg(pb_report_compare(ctx, 2, list, at("all")) == PB_OK, "%s", pb_error(ctx));
    ck_assert(!exists("all/plots/scalograms.png"));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, samples_are_heat_maps);
    tcase_add_test(tests, axes_must_fit);
    tcase_add_test(tests, comparisons_and_other_runs_have_none);
    return run_case("scalogram pictures", tests);
}
