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
         COMPARISON("a", "b", "8", "0.012", "0.002",
                    "0.022") ", " COMPARISON("a", "b", "16", "-0.03", "-0.05", "-0.01"),
         "", "0, 1, 2");
    says("claims", "a-8 is better than b-8 by 1.20 points (95 % interval 0.20 to 2.20).");
    says("claims", "a-16 is worse than b-16 by 3.00 points (95 % interval 1.00 to 5.00).");
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
                   "raw: 97.90 % are told right, which leaves 0.40 of the 1 allowed (95 % interval "
                   "0.20 to 0.60).");
    says("claims", "a-64 loses less than 0.5 points from 60.0 bytes a sample");
    says("claims", "a-8 is worse than raw by 0.70 points");
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

/* The leader of a budget is not compared again with what it was asked to be compared with. */
START_TEST(the_same_two_are_compared_once)
{
    find(FILES ", " PLAIN("b-8", "8"), COMPARISON("a", "b", "8", "-0.012", "-0.022", "-0.002"),
         COMPARISON("b", "a", "8", "0.012", "0.002", "0.022") ", " COMPARISON("b", "c", "8", "0.02",
                                                                              "0.01", "0.03"),
         "0, 1, 2");
    ck_assert_int_eq(count("claims", "a-8"), 1);
    says("claims", "b-8 is better than c-8 by 2.00 points");
    drop();
}
END_TEST

START_TEST(the_page_has_every_sentence)
{
    pb_text page = {0};
    find(FILES, COMPARISON("a", "b", "8", "0.012", "0.002", "0.022"), "", "0, 1, 2");
    pb_findings_print(study, found, &page);
    ck_assert_ptr_nonnull(strstr(page.text, "# Findings of made_up\n"));
    ck_assert_ptr_nonnull(strstr(page.text, "\n- a-8 is better than b-8 by 1.20 points"));
    ck_assert_ptr_nonnull(strstr(page.text, "samples take 200.0 bytes each and 98.50 %"));
    ck_assert_ptr_nonnull(strstr(page.text, "Of 1 comparisons of two files"));
    pb_text_free(&page);
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
    tcase_add_test(tcase, the_same_two_are_compared_once);
    tcase_add_test(tcase, the_page_has_every_sentence);
    return run_case("findings", tcase);
}
