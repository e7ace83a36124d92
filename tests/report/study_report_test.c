/* Pictures, page and words of a study whose numbers are made up. */
#include <jansson.h>
#include <sys/stat.h>

#include <passband/report.h>

#include "report/report_fixture.h"

#define RANKS(one, ten)                                                                            \
    "\"rank_1\": {\"share\": " one ", \"low\": 0.1, \"high\": 0.9}, \"rank_10\": {\"share\": " ten \
    ", \"low\": 0.1, \"high\": 0.9}"
#define POINT(name, method, bytes, more)                                                           \
    "{\"point\": \"" name "\", \"method\": \"" method "\", \"bytes_per_sample\": " bytes           \
    ", \"accuracy\": {\"mean\": 0.9, \"std\": 0.01, \"per_seed\": [0.89, 0.91]}, \"seconds\": 3"   \
    ", \"information\": {\"zstd_over_entropy\": 0.9, \"bits_zstd\": 9, \"bits_entropy\": 10},"     \
    " \"identity\": {\"reidentification\": [" more "]}}"

#define LOOKED(key, noise, one, ten)                                                               \
    "{\"key\": \"" key "\", \"noise\": " noise ", \"among\": 50, " RANKS(one, ten) "}"

static const char known[] = LOOKED("known", "0", "0.625", "0.75");
static const char noisy[] = LOOKED("known", "0.1", "0.375", "0.5");
static const char unknown[] = LOOKED("unknown", "0", "0.02", "0.25");

static const char study[] =
    "{\"name\": \"made_up\", \"data_set\": \"shells\", \"reference\": \"raw\", \"seeds\": [0, 1],"
    " \"methods\": [\"raw\", \"line\", \"plane\", \"absent\"], \"points\": [" POINT(
        "raw", "raw", "200",
        "%s, %s, %s") ", " POINT("line-8", "line", "8",
                                 "") ", " POINT("plane-8", "plane", "7",
                                                "") "], \"smallest\": [{\"within\": 0.005, "
                                                    "\"point\": \"line-8\", \"bytes_per_sample\": "
                                                    "8},"
                                                    " {\"within\": 0.01, \"point\": \"plane-8\", "
                                                    "\"bytes_per_sample\": 7}]}";

static void put_map(const char *point, int axes, const int dim[])
{
    char name[100];
    snprintf(name, sizeof name, "study/measures/%s", point);
    mkdir(at(name), 0777);
    put_array(name, "information_map.npy", axes, dim);
}

static void make(void)
{
    mkdir(at("study"), 0777);
    mkdir(at("study/measures"), 0777);
    char text[4096];
    snprintf(text, sizeof text, study, known, noisy, unknown);
    overwrite("study/study.json", text);
    put_map("raw", 3, (int[]){3, 4, 5});
    put_map("line-8", 1, (int[]){6});
    put_map("plane-8", 2, (int[]){4, 5});
    ck_assert_msg(pb_report_study(ctx, at("study")) == PB_OK, "%s", pb_error(ctx));
}

START_TEST(methods_without_points_are_in_no_legend)
{
    static const char *const pictures[] = {"accuracy", "time", "entropy"};
    make();
    for (int i = 0; i < 3; i++) {
        char name[100];
        snprintf(name, sizeof name, "study/plots/study_%s.gp", pictures[i]);
        assert_holds(name, "'raw'");
        assert_holds(name, "'line'");
        ck_assert(!file_holds(name, "'absent'"));
    }
    assert_holds("study/plots/study_entropy.gp",
                 "Bits after zstd over the entropy of independent values: shells");
    assert_holds("study/index.html", "Bits after zstd over the entropy of independent values.");
}
END_TEST

/* Beside maps, whose bits are a colour, bars have axes with names. */
START_TEST(values_without_a_place_are_bars_with_named_axes)
{
    static const char axes[] = "set xlabel 'value'\nset ylabel 'bits' offset 1.4\nplot",
                      none[] = "unset xlabel\nunset ylabel\n";
    size_t bytes;
    int named = 0, unnamed = 0;
    make();
    char *script = read_all("study/plots/study_information.gp", &bytes);
    for (const char *c = script; (c = strstr(c, axes)); c++) named++;
    for (const char *c = script; (c = strstr(c, none)); c++) unnamed++;
    ck_assert_int_eq(named, 1);
    ck_assert_int_eq(unnamed, 2);
    ck_assert_ptr_nonnull(strstr(script, "of channels and blocks the mean"));
    /* the first value of three channels: numbers 0, 20 and 40 of the array */
    double mean = 0;
    for (int c = 0; c < 3; c++) mean += value_at(20 * c) / 3;
    char cell[64];
    snprintf(cell, sizeof cell, "# column row bits\n0 0 %.6g\n", mean > 0 ? mean : 0);
    assert_holds("study/plots/study_information.dat", cell);
    free(script);
}
END_TEST

START_TEST(the_page_has_both_ranks_and_one_spelling)
{
    make();
    assert_holds("study/index.html", "<th>Found, %</th><th>among ten, %</th><th>With noise, %</th>"
                                     "<th>among ten, %</th><th>Without the key, %</th>"
                                     "<th>among ten, %</th>");
    assert_holds("study/index.html", "<td>62.5</td><td>75.0</td><td>37.5</td><td>50.0</td>"
                                     "<td>2.00</td><td>25.00</td>");
    assert_holds("study/index.html",
                 "Smallest file whose mean is within 0.5 points of raw: line-8, 8.00 bytes");
    assert_holds("study/index.html",
                 "Smallest file whose mean is within 1 point of raw: plane-8, 7.00 bytes");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, methods_without_points_are_in_no_legend);
    tcase_add_test(tests, values_without_a_place_are_bars_with_named_axes);
    tcase_add_test(tests, the_page_has_both_ranks_and_one_spelling);
    return run_case("reports of studies", tests);
}
