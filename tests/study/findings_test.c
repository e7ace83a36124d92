/* Sentences of a study whose numbers are made up: every claim has an interval without zero, and
 * what has zero in it is not claimed. */
#include <string.h>

#include "../base/scratch.h"
#include "study/findings.h"

static json_t *study_of(const char *points, const char *comparisons, const char *leaders,
                        const char *seeds)
{
    pb_text text = {0};
    pb_text_append(&text,
                   "{\"name\": \"made_up\", \"data_set\": \"shells\", \"reference\": \"raw\","
                   "\"seeds\": [%s], \"points\": [%s], \"comparisons\": [%s], \"leaders\": [%s]}",
                   seeds, points, comparisons, leaders);
    json_error_t error;
    json_t *json = json_loads(text.text, 0, &error);
    ck_assert_msg(json, "%s at %d", error.text, error.position);
    pb_text_free(&text);
    return json;
}

#define RAW                                                                                        \
    "{\"point\": \"raw\", \"method\": \"raw\", \"bytes_per_sample\": 200,"                         \
    " \"accuracy\": {\"mean\": 0.985}}"
#define POINT(name, bytes, accuracy, mean, low, high)                                              \
    "{\"point\": \"" name "\", \"method\": \"m\", \"bytes_per_sample\": " bytes ","                \
    " \"accuracy\": {\"mean\": " accuracy "}, \"difference\": {\"mean\": " mean                    \
    ", \"interval\": [" low ", " high "]}}"
/* A file that is compared with another method's, not with raw. */
#define PLAIN(name, bytes)                                                                         \
    "{\"point\": \"" name "\", \"method\": \"a\", \"bytes_per_sample\": " bytes "}"
#define COMPARISON(method, other, budget, mean, low, high)                                         \
    "{\"point\": \"" method "-" budget "\", \"other\": \"" other "-" budget "\","                  \
    " \"method\": \"" method "\", \"against\": \"" other "\","                                     \
    " \"difference\": {\"mean\": " mean ", \"interval\": [" low ", " high "]}}"

static json_t *study, *found;

static void find(const char *points, const char *comparisons, const char *leaders,
                 const char *seeds)
{
    study = study_of(points, comparisons, leaders, seeds);
    found = pb_findings_make(study);
    ck_assert_ptr_nonnull(found);
}

static void drop(void)
{
    json_decref(found);
    json_decref(study);
}

/* How many sentences of a list hold these words. */
static int count(const char *list, const char *words)
{
    size_t i;
    json_t *sentence;
    int n = 0;
    json_array_foreach(json_object_get(found, list), i, sentence) n +=
        strstr(json_string_value(sentence), words) != NULL;
    return n;
}

static void says(const char *list, const char *words)
{
    char *all = json_dumps(found, 0);
    ck_assert_msg(count(list, words) == 1, "%s: \"%s\" is not once in %s", list, words, all);
    free(all);
}

#define FILES RAW ", " PLAIN("a-8", "7.9") ", " PLAIN("a-16", "16") ", " PLAIN("a-32", "31.5")

START_TEST(a_difference_without_zero_is_claimed)
{
    find(FILES,
         COMPARISON("a", "b", "8", "0.012", "0.002", "0.022") ", " COMPARISON(
             "a", "b", "32", "0.02", "0.01", "0.03") ", " COMPARISON("a", "b", "16", "-0.03",
                                                                     "-0.05", "-0.01"),
         "", "0, 1, 2");
    says("claims", "a is better than b by 1.20 points at 7.9 bytes (95 % interval 0.20 to 2.20), "
                   "by 2.00 at 31.5 bytes (1.00 to 3.00).");
    says("claims", "a is worse than b by 3.00 points at 16.0 bytes (95 % interval 1.00 to 5.00).");
    ck_assert_int_eq(count("open", "a and b"), 0);
    drop();
}
END_TEST

START_TEST(a_difference_with_zero_is_not)
{
    find(FILES,
         COMPARISON("a", "b", "8", "0.012", "-0.001", "0.025") ", " COMPARISON(
             "a", "b", "16", "-0.03", "-0.06", "0") ", " COMPARISON("a", "c", "32", "0.01", "0",
                                                                    "0.02"),
         "", "0, 1, 2");
    ck_assert_int_eq(count("claims", "than"), 0);
    says("open", "a and b: no difference told apart at 7.9 bytes (+1.20 points, -0.10 to +2.50), "
                 "16.0 bytes (-3.00 points, -6.00 to +0.00).");
    says("open", "a and c: no difference told apart at 31.5 bytes (+1.00 points, +0.00 to +2.00).");
    drop();
}
END_TEST

START_TEST(without_an_interval_nothing_is_said)
{
    find(RAW ", " POINT("a-8", "8", "0.9", "-0.085", "null", "null"),
         COMPARISON("a", "b", "8", "0.5", "null", "null"), "", "0");
    ck_assert_int_eq(count("claims", ""), 0);
    ck_assert_int_eq(count("open", "told apart"), 0);
    says("facts", "One seed says nothing about noise");
    drop();
}
END_TEST

/* The file of 8 bytes may lose more than a point, for all that is known; that of 16 loses less. */
START_TEST(the_smallest_file_is_one_that_is_shown_to_do)
{
    find(RAW ", " POINT("a-8", "7.9", "0.978", "-0.007", "-0.012", "-0.002") ", " POINT(
             "a-16", "16", "0.979", "-0.006", "-0.008",
             "-0.004") ", " POINT("a-64", "60", "0.985", "0.0", "-0.003", "0.003"),
         "", "", "0, 1, 2");
    says("claims", "a-16 loses less than 1 point from 16.0 bytes a sample, 12.5 times fewer than "
                   "raw: 97.90 % are told right, 0.40 points above the least allowed (95 % "
                   "interval 0.20 to 0.60).");
    says("claims", "a-64 loses less than 0.5 points from 60.0 bytes a sample");
    says("claims", "m is worse than raw by 0.70 points at 7.9 bytes");
    says("open", "m and raw: no difference told apart at 60.0 bytes (+0.00 points");
    drop();
}
END_TEST

START_TEST(no_file_may_be_shown_to_do)
{
    find(RAW ", " POINT("a-8", "8", "0.9", "-0.085", "-0.1", "-0.07"), "", "", "0, 1, 2");
    ck_assert_int_eq(count("claims", "loses less"), 0);
    says("open", "No file smaller than raw is shown to lose less than 1 point.");
    says("open", "No file smaller than raw is shown to lose less than 0.5 points.");
    drop();
}
END_TEST

/* What rounds to zero is not said to exclude it. */
START_TEST(an_interval_that_shows_zero_is_not_claimed)
{
    find(RAW ", " POINT("a-8", "8", "0.989", "0.004", "0.00002", "0.008"), "", "", "0, 1, 2");
    ck_assert_int_eq(count("claims", "better"), 0);
    says("open", "m and raw: no difference told apart at 8.0 bytes (+0.40 points, +0.00 to +0.80)");
    drop();
}
END_TEST

/* The leader of a budget is not compared again with what it was asked to be compared with. */
START_TEST(the_same_two_are_compared_once)
{
    find(FILES ", " PLAIN("b-8", "8"), COMPARISON("a", "b", "8", "-0.012", "-0.022", "-0.002"),
         COMPARISON("b", "a", "8", "0.012", "0.002", "0.022") ", " COMPARISON("b", "c", "8", "0.02",
                                                                              "0.01", "0.03"),
         "0, 1, 2");
    says("claims", "a is worse than b by 1.20 points");
    ck_assert_int_eq(count("claims", "than a"), 0);
    says("claims", "b-8 is better than c-8 by 2.00 points (95 % interval 1.00 to 3.00).");
    drop();
}
END_TEST

START_TEST(the_page_has_every_sentence)
{
    pb_text page = {0};
    find(FILES, COMPARISON("a", "b", "8", "0.012", "0.002", "0.022"), "", "0, 1, 2");
    pb_findings_print(study, found, &page);
    ck_assert_ptr_nonnull(strstr(page.text, "# Findings of made_up\n"));
    ck_assert_ptr_nonnull(strstr(page.text, "\n- a is better than b by 1.20 points"));
    ck_assert_ptr_nonnull(strstr(page.text, "samples take 200.0 bytes each and 98.50 %"));
    ck_assert_ptr_nonnull(strstr(page.text, "Of 1 comparisons of two files"));
    pb_text_free(&page);
    drop();
}
END_TEST

/* ---- what files keep and give away ---- */

/* A file whose network proves so many bits of the label, and that gives so much away. */
#define MEASURED(name, method, budget, bytes, bound, low, high, ssim, rank, rank_low, rank_high,   \
                 more)                                                                             \
    "{\"point\": \"" name "\", \"method\": \"" method "\", \"budget\": " budget                    \
    ", \"bytes_per_sample\": " bytes ", \"information\": {\"bits_entropy\": 100, \"bits_zstd\":"   \
    " 90, \"zstd_over_entropy\": 0.9, \"label_bits\": 3.32, \"label_bound\": {\"mean\": " bound    \
    ", \"interval\": [" low ", " high "]}}, \"reconstruction\": {\"samples\": 10000, \"psnr\": "   \
    "2" bytes ", \"ssim\": {\"mean\": " ssim                                                       \
    ", \"deviation\": 0.1}}, \"identity\": {\"collisions\":"                                       \
    " {\"samples\": " bytes ", \"of_originals\": {\"samples\": 2}}, \"reidentification\": ["       \
    "{\"key\": \"known\", \"noise\": 0, \"among\": 7000, \"rank_1\": {\"share\": 1, \"low\": "     \
    "0.99,"                                                                                        \
    " \"high\": 1}}, {\"key\": \"known\", \"noise\": 0.1, \"among\": 7000, \"rank_1\": "           \
    "{\"share\": " rank ", \"low\": " rank_low ", \"high\": " rank_high                            \
    "}, \"rank_10\": {\"share\": 0.9, \"low\":"                                                    \
    " 0.88, \"high\": 0.92}}" more "]"
#define DATA_SETS(share, low, high)                                                                \
    ", \"data_sets\": {\"names\": [\"shells\", \"noise\"], \"trials\": [{\"samples\": 1,"          \
    " \"accuracy\": {\"share\": " share ", \"low\": " low ", \"high\": " high                      \
    "}}, {\"samples\": 10,"                                                                        \
    " \"accuracy\": {\"share\": 1, \"low\": 0.99, \"high\": 1}}]}"
#define CHANGES(same)                                                                              \
    ", \"fingerprint_changes\": [{\"change\": \"nothing\", \"same\": true}, {\"change\": \"a "     \
    "label\","                                                                                     \
    " \"same\": false}, {\"change\": \"zstd level\", \"same\": true}, {\"change\": \"device\","    \
    " \"same\": " same "}]"
#define NO_KEY(share, low, high)                                                                   \
    ", {\"key\": \"unknown\", \"noise\": 0, \"among\": 7000, \"rank_1\": {\"share\": " share       \
    ", \"low\": " low ", \"high\": " high "}}"
#define END "}}"

START_TEST(what_files_keep_is_claimed_without_zero)
{
    find(MEASURED("a-8", "a", "8", "7", "2.1", "2.0", "2.2", "0.80", "0.4", "0.37", "0.43", "") END
         ", " MEASURED("b-8", "b", "8", "8", "3.1", "3.05", "3.15", "0.70", "0.6", "0.57", "0.63",
                       "") END,
         "", "", "0, 1, 2");
    says("facts", "zstd does best on a-8, 0.90 times as many bits (90 of 100 a sample)");
    says("facts", "27.0 dB at worst (a-8) and 28.0 dB at best (b-8)");
    says("facts",
         "2 originals have an equal among the others; of what a file gives, at most 8 have one: "
         "b-8.");
    says("claims", "a-8, of 7.0 bytes a sample, tells at least 2.10 of the 3.32 bits of the label "
                   "(95 % interval over seeds 2.00 to 2.20)");
    says("claims", "b-8, of 8.0 bytes a sample, tells at least 3.10 of the 3.32 bits");
    /* 0.1 +- sqrt(2) 1.96 0.1 / 100 */
    says("claims", "Of the 2 files made for 8 bytes, a-8 gives back what is most like the "
                   "originals: a structural "
                   "similarity of 0.800 against 0.700 of b-8, which comes next, a difference of "
                   "0.100 (95 % interval 0.097 to 0.103).");
    /* 0.2 +- sqrt(2) 0.03 */
    says("claims",
         "Of the 2 files made for 8 bytes, a-8 gives its samples away least: with noise, 40.0 % "
         "against 60.0 "
         "% of b-8, which comes next, a difference of 20.0 (95 % interval 15.8 to 24.2).");
    says("claims",
         "Even in a-8, which gives its samples away least (b-8, which comes next, by 20.0 points "
         "more, 95 % interval 15.8 to 24.2), 40.0 % of originals with noise "
         "of 0.1 of their range are nearest to their own of 7000 compressed samples (95 "
         "% interval 37.0 to 43.0) and 90.0 % are among the ten nearest; without noise "
         "100.0 % are nearest. Chance finds 0.0143 %.");
    ck_assert_int_eq((int)json_integer_value(json_object_get(found, "comparisons")), 3);
    drop();
}
END_TEST

START_TEST(what_files_keep_is_open_with_zero)
{
    find(MEASURED("a-8", "a", "8", "7", "-0.1", "-0.2", "0.0", "0.701", "0.0001", "0", "0.004", "")
             END ", " MEASURED("b-8", "b", "8", "8", "1", "-0.1", "2.1", "0.70", "0.0002", "0",
                               "0.004", "") END,
         "", "", "0, 1, 2");
    ck_assert_int_eq(count("claims", ""), 0);
    says("open", "That a-8 tells anything of the label is not shown: at least -0.10 bits");
    says("open", "That b-8 tells anything of the label is not shown: at least 1.00 bits");
    says("open", "Of the 2 files made for 8 bytes, which gives back what is most like the "
                 "originals was not told: a "
                 "structural similarity of 0.701 of a-8 against 0.700 of b-8, a difference of "
                 "0.001 (-0.002 to 0.004).");
    says("open", "which gives its samples away least was not told");
    says("open",
         "That originals with noise are found in a-8 is not told from chance: 0.0 % (0.0 to "
         "0.4).");
    drop();
}
END_TEST

/* Two files of which neither is told to give away less than the other, or to be harder. */
START_TEST(what_is_not_told_from_the_next_is_not_ranked)
{
    find(MEASURED("a-8", "a", "8", "7", "2", "1.9", "2.1", "0.7", "1", "0.996", "1", "")
             DATA_SETS("0.7", "0.65", "0.75") END
         ", " MEASURED("b-8", "b", "8", "8", "2", "1.9", "2.1", "0.7", "1", "0.996", "1", "")
             DATA_SETS("0.71", "0.66", "0.76") END,
         "", "", "0, 1, 2");
    says("claims",
         "In every file, 100.0 % of originals with noise of 0.1 of their range are nearest to "
         "their own of 7000 compressed samples (95 % interval 99.6 to 100.0 in a-8) and 90.0 % "
         "are among the ten nearest; without noise 100.0 % are nearest. Chance finds 0.0143 %.");
    says("claims", "In every file, one compressed sample tells which data set it is from (of "
                   "shells, noise) in at least 70.0 % of trials (95 % interval 65.0 to 75.0 in "
                   "a-8, by chance 50.0); ten 100.0 %.");
    ck_assert_int_eq(count("claims", "Even"), 0);
    ck_assert_int_eq(count("claims", "hardest"), 0);
    ck_assert_int_eq(count("claims", "away least"), 0);
    ck_assert_int_eq((int)json_integer_value(json_object_get(found, "comparisons")), 4);
    drop();
}
END_TEST

START_TEST(files_of_no_budget_are_named)
{
    find(RAW ", " MEASURED("a-8", "a", "8", "7", "2", "1.9", "2.1", "0.8", "0.5", "0.4", "0.6", "")
             END
         ", " MEASURED("b-8", "b", "8", "8", "2", "1.9", "2.1", "0.7", "0.5", "0.4", "0.6", "") END
         ", " MEASURED("own", "own", "null", "9", "2", "1.9", "2.1", "0.9", "0.5", "0.4", "0.6", "")
             END ", " MEASURED("two", "two", "null", "11", "2", "1.9", "2.1", "0.9", "0.5", "0.4",
                               "0.6", "") END,
         "", "", "0, 1, 2");
    says("facts", "Files made for the same budget are compared with each other; own (9.0 bytes a "
                  "sample) and two (11.0 bytes a sample) were made for none and are not among "
                  "them.");
    says("claims", "Of the 2 files made for 8 bytes, a-8 gives back what is most like");
    drop();
    find(RAW ", " PLAIN("own", "8"), "", "", "0, 1, 2");
    ck_assert_int_eq(count("facts", "made for"), 0);
    drop();
}
END_TEST

static void set(const char *key, const char *text)
{
    json_decref(found);
    json_object_set_new(study, key, json_loads(text, 0, NULL));
    found = pb_findings_make(study);
}

START_TEST(what_else_than_bytes_differs_is_told)
{
    find(RAW ", " PLAIN("a-8", "7"), "", "", "0, 1, 2");
    ck_assert_int_eq(count("facts", "network"), 0);
    ck_assert_int_eq(count("facts", "budget"), 0);
    ck_assert_int_eq(count("open", "same values"), 0);
    set("own_networks",
        "[{\"method\": \"a\", \"layers\": true, \"training\": false, \"epochs\": 6,"
        " \"reference_epochs\": 6}, {\"method\": \"b\", \"layers\": true, \"training\": true,"
        " \"epochs\": 4, \"reference_epochs\": 6}, {\"method\": \"c\", \"layers\": false,"
        " \"training\": true, \"epochs\": 6, \"reference_epochs\": 6}]");
    says("facts", "Not every network is that of raw: a has one of its own; b has one of its own "
                  "and trains 4 epochs instead of 6; c has the same but trains with other "
                  "settings. How accurate these are is not due to their files alone.");
    set("same_values", "[{\"point\": \"u-8\", \"other\": \"a-8\"}]");
    says("open", "a-8 and u-8 hold the same values");
    json_object_set_new(json_array_get(json_object_get(study, "points"), 1), "exhausted",
                        json_true());
    set("left_out", "[]");
    says("facts", "a-8 (7.0 bytes a sample) holds all that its stages allow, which does not fill "
                  "the budget.");
    drop();
}
END_TEST

/* 0.0035 bits are shown as 0.00, 0.0004 of likeness as 0.000, and so on. */
START_TEST(what_is_shown_as_zero_is_not_claimed)
{
    find(RAW ", " POINT("c-8", "8", "0.981", "-0.004", "-0.00999", "0.002") ", " MEASURED(
             "a-8", "a", "8", "7", "0.1", "0.0035", "0.2", "0.7032", "0.002", "0.0004", "0.004", "")
             END ", " MEASURED("b-8", "b", "8", "8", "0.3", "0.0049", "0.6", "0.70", "0.007",
                               "0.0049", "0.01", NO_KEY("0.985", "0.97", "0.9956"))
                 DATA_SETS("0.52", "0.5004", "0.57") END,
         "", "", "0, 1, 2");
    ck_assert_int_eq(count("claims", "loses less"), 0);
    ck_assert_int_eq(count("claims", "of the label"), 0);
    ck_assert_int_eq(count("claims", "originals"), 0);
    ck_assert_int_eq(count("claims", "0.0 to"), 0);
    ck_assert_int_eq(count("claims", "0.00 to"), 0);
    says("open", "That a-8 tells anything of the label is not shown: at least 0.10 bits, 0.00 to "
                 "0.20.");
    says("open", "That b-8 tells anything of the label is not shown: at least 0.30 bits, 0.00 to "
                 "0.60.");
    says("open", "That originals with noise are found in a-8 is not told from chance: 0.2 % (0.0 "
                 "to 0.4).");
    says("open", "which gives back what is most like the originals was not told");
    says("open", "That one sample of b-8 tells which data set it is from (of shells, noise) is not "
                 "told from chance: 52.0 % (50.0 to 57.0, by chance 50.0).");
    says("open", "No file smaller than raw is shown to lose less than 1 point.");
    drop();
}
END_TEST

START_TEST(a_key_is_worth_what_is_not_found_without_it)
{
    find(MEASURED("p-8", "p", "8", "7", "2", "1.9", "2.1", "0.7", "0.5", "0.4", "0.6",
                  NO_KEY("0.001", "0.0005", "0.004")) END
         ", " MEASURED("p-16", "p", "16", "9", "2", "1.9", "2.1", "0.7", "0.5", "0.4", "0.6",
                       NO_KEY("0.0001", "0", "0.004")) END
         ", " MEASURED("p-32", "p", "32", "9", "2", "1.9", "2.1", "0.7", "0.5", "0.4", "0.6",
                       NO_KEY("0.995", "0.985", "0.999")) END,
         "", "", "0, 1, 2");
    says("claims", "Without the seed of its projection, p-8 gives 0.10 % of originals away instead "
                   "of 100.00 %: 99.9 points fewer");
    ck_assert_int_eq(count("claims", "still more than by chance"), 1);
    says("claims", "p-16 gives 0.01 % of originals away instead of 100.00 %");
    ck_assert_int_eq(count("claims", "which is not told from chance"), 1);
    says("open", "p-32 gives 99.50 % of originals away");
    drop();
}
END_TEST

START_TEST(data_sets_and_fingerprints_are_told_in_words)
{
    find(MEASURED("a-8", "a", "8", "7", "2", "1.9", "2.1", "0.7", "0.5", "0.4", "0.6", "")
             DATA_SETS("0.7", "0.65", "0.75") CHANGES("true") END
         ", " MEASURED("b-8", "b", "8", "8", "2", "1.9", "2.1", "0.7", "0.5", "0.4", "0.6", "")
             DATA_SETS("0.8", "0.75", "0.85") CHANGES("false") END,
         "", "", "0, 1, 2");
    says("claims", "One compressed sample tells which data set it is from (of shells, noise) in "
                   "70.0 % of trials even in a-8, where that is hardest (95 % interval 65.0 to "
                   "75.0, by chance 50.0; in b-8, which comes next, 10.0 points more, 95 % "
                   "interval 2.9 to 17.1); ten 100.0 %.");
    says("facts", "A fingerprint changes with: a label.");
    says("facts", "A fingerprint stays the same with: zstd level."); /* device: in one file alone */
    drop();
    find(MEASURED("a-8", "a", "8", "7", "2", "1.9", "2.1", "0.7", "0.5", "0.4", "0.6", "")
             DATA_SETS("0.52", "0.47", "0.57") END,
         "", "", "0, 1, 2");
    says("open", "That one sample of a-8 tells which data set it is from (of shells, noise) is not "
                 "told from chance: 52.0 % (47.0 to 57.0, by chance 50.0).");
    drop();
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("findings");
    tcase_add_test(tcase, a_difference_without_zero_is_claimed);
    tcase_add_test(tcase, a_difference_with_zero_is_not);
    tcase_add_test(tcase, without_an_interval_nothing_is_said);
    tcase_add_test(tcase, the_smallest_file_is_one_that_is_shown_to_do);
    tcase_add_test(tcase, no_file_may_be_shown_to_do);
    tcase_add_test(tcase, an_interval_that_shows_zero_is_not_claimed);
    tcase_add_test(tcase, the_same_two_are_compared_once);
    tcase_add_test(tcase, the_page_has_every_sentence);
    tcase_add_test(tcase, what_files_keep_is_claimed_without_zero);
    tcase_add_test(tcase, what_files_keep_is_open_with_zero);
    tcase_add_test(tcase, what_is_not_told_from_the_next_is_not_ranked);
    tcase_add_test(tcase, what_else_than_bytes_differs_is_told);
    tcase_add_test(tcase, files_of_no_budget_are_named);
    tcase_add_test(tcase, what_is_shown_as_zero_is_not_claimed);
    tcase_add_test(tcase, a_key_is_worth_what_is_not_found_without_it);
    tcase_add_test(tcase, data_sets_and_fingerprints_are_told_in_words);
    return run_case("findings", tcase);
}
