/* passband bench: what is measured goes into files that it can compare. */
#include <jansson.h>

#include "user.h"

static void set_up(void)
{
    scratch_open(&s);
}

static void tear_down(void)
{
    scratch_close(&s);
}

static void refuses(const char *arguments, const char *words)
{
    fails(arguments, 2, words);
    ck_assert_str_eq(said.out, "");
}

START_TEST(wrong_words_are_told)
{
    refuses("bench", "too few arguments");
    refuses("bench opps", "opps is none of device, ops, train and compare (did you mean ops?)");
    refuses("bench ops more", "bench ops: more is one argument too many");
    refuses("bench ops --format xml", "--format must be md, csv or json, not xml");
    refuses("bench ops -o result", "--output result must end in .md, .csv or .json");
    refuses("bench ops -o result.txt", "must be md, csv or json, not txt");
    refuses("bench ops -r 0", "--repetitions must be a whole number from 1 to 100000, not 0");
    refuses("bench ops -w long", "--warm-up must be seconds from 0 to 3600, not long");
    refuses("bench ops -l 0", "--limit must be seconds from 0.001 to 3600, not 0");
    refuses("bench ops -a -d 0", "--device and --all-devices exclude each other");
    refuses("bench train", "there is none in configs/ here");
    refuses("bench train no.yaml", "no.yaml: there is no such configuration");
    refuses("bench compare", "no file is given");
    refuses("bench compare -r 3 a.json", "--repetitions is for measuring");
    fails("bench compare a.json", 1, "a.json");
    fails("bench device -o missing/a.json", 1, "missing/a.json");
    ck_assert_ptr_null(strstr(said.err, "(1 of ")); /* nothing was measured */
    ck_assert_int_eq(scratch_count(scratch_path(&s, "runs")), 0);
}
END_TEST

START_TEST(what_is_measured_is_printed_saved_and_compared)
{
    run("bench device -r 2 -w 0 --only launch -o a.json", 0);
    assert_says(said.err, "launch and wait (3 of ");
    assert_says(said.out, "| launch and wait ");
    ck_assert_ptr_null(strstr(said.out, "copy"));
    json_t *json = json_load_file(scratch_path(&s, "a.json"), 0, NULL);
    const json_t *result = json_array_get(json_object_get(json, "results"), 0);
    const json_t *machine = json_object_get(result, "machine");
    static const char *const keys[] = {"device",   "driver", "platform", "platform_version",
                                       "passband", "system", "date"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        ck_assert_msg(json_is_string(json_object_get(machine, keys[i])), "no %s", keys[i]);
    ck_assert_uint_ge(json_array_size(json_object_get(result, "rows")), 2);
    ck_assert(
        json_is_null(json_object_get(json_object_get(result, "ceilings"), "flops_per_second")));
    json_decref(json);

    run("bench device -q -r 2 -w 0 --only launch -o b.json", 0);
    ck_assert_str_eq(said.out, "");
    ck_assert_str_eq(said.err, "");
    run("bench compare -f csv a.json b.json -o drawn", 0);
    assert_says(said.out, "\ndevice,launch behind another,us,");
    assert_says(said.out, "\ndevice,geometric mean,");
    ck_assert(exists("drawn/bench.png"));

    run("bench ops -r 2 -w 0 -f csv --only 10x256x128 -o o.md", 0);
    assert_says(said.out, ",ops,product 10x256x128 At,ms,");
    char text[OUTPUT_BYTES];
    program_read(scratch_path(&s, "o.md"), text);
    assert_says(text, "| product 10x256x128 At |");
    refuses("bench ops -q --only nothing", "no row of bench ops has \"nothing\" in its name");
}
END_TEST

START_TEST(every_device_is_measured)
{
    const setting both = {.environment = {"RUSTICL_ENABLE=llvmpipe"}};
    int devices = 0, results = 0;
    run_as(&both, "devices", 0);
    for (const char *at = said.out; (at = strstr(at, "driver ")); at++) devices++;
    run_as(&both, "bench device -q -a -r 1 -w 0 --only wait -f json", 0);
    json_t *json = json_loads(said.out, 0, NULL);
    results = (int)json_array_size(json_object_get(json, "results"));
    json_decref(json);
    ck_assert_int_eq(results, devices);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("bench_command");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, wrong_words_are_told);
    tcase_add_test(tests, what_is_measured_is_printed_saved_and_compared);
    tcase_add_test(tests, every_device_is_measured);
    return run_case_warm("bench_command", tests);
}
