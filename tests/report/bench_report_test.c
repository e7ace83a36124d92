/* Tables and the picture of benchmarks, of results whose figures are known. */
#include <math.h>

#include <passband/report.h>

#include "../base/scratch.h"

static pb_context *ctx;
static scratch s;

static void set_up(void)
{
    ctx = pb_context_create();
    scratch_open(&s);
}

static void tear_down(void)
{
    scratch_close(&s);
    pb_context_free(&ctx);
}

#define MACHINE(name)                                                                              \
    "\"machine\": {\"device\": \"" name "\", \"driver\": \"1\", \"platform_version\": \"P\", "     \
    "\"system\": \"S\", \"passband\": \"0.1.0\"}, \"repetitions\": 3, \"warm_up_seconds\": 0.1, "  \
    "\"ceilings\": {\"flops_per_second\": 2e11, \"bytes_per_second\": 5e10}, "
#define OP(name, ms, more)                                                                         \
    "{\"name\": \"" name "\", \"unit\": \"ms\", \"better\": \"lower\", \"value\": " ms             \
    ", \"spread\": [0.5, 2.5], \"gflops_per_second\": 12.5, \"share\": 0.25, \"solver\": \"a, "    \
    "b\"" more "}"
#define RATE(name, rate)                                                                           \
    "{\"name\": \"" name "\", \"unit\": \"GB/s\", \"better\": \"higher\", \"value\": " rate        \
    ", \"spread\": [1, 2], \"variant\": \"float4\"}"
#define OPS(machine, rows)    "{\"part\": \"ops\", " MACHINE(machine) "\"rows\": [" rows "]}"
#define DEVICE(machine, rows) "{\"part\": \"device\", " MACHINE(machine) "\"rows\": [" rows "]}"
#define FILE_OF(results)      "{\"passband\": \"0.1.0\", \"results\": [" results "]}"

/* Text is not read by a test without being there. */
static void assert_says(const char *text, const char *words)
{
    ck_assert_msg(strstr(text, words) != NULL, "\"%s\" is not in: %s", words, text);
}

static char *printed(FILE *file)
{
    static char text[1 << 15];
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static char *table(const char *json, pb_table_format format)
{
    FILE *file = tmpfile();
    const pb_status status = pb_report_bench(ctx, json, format, file);
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
    return printed(file);
}

static const char result[] =
    FILE_OF(OPS("cpu", OP("product", "2.0",
                          "") ", "
                              "{\"name\": \"conv\", \"problem\": \"element 3 is 1 instead of 2\"}, "
                              "{\"name\": \"dct\", \"note\": \"left out: too long\"}"));

START_TEST(a_result_is_a_table)
{
    const char *text = table(result, PB_TABLE_MARKDOWN);
    assert_says(text, "## ops on cpu\n");
    assert_says(text, "median of 3 blocks after 0.1 s");
    assert_says(text, "ceilings: 200 GFLOP/s of float32 multiply-adds, 50 GB/s of copying");
    assert_says(text,
                "| operation |    ms | middle half | GFLOP/s | GB/s | % of ceiling | solver |");
    assert_says(text,
                "|-----------|------:|-------------|--------:|-----:|-------------:|--------|");
    assert_says(text,
                "| product   | 2.000 | 0.5 - 2.5   |   12.50 |      |         25.0 | a, b   |");
    assert_says(text, "\nconv: element 3 is 1 instead of 2\n");
    assert_says(text,
                "| dct       |       |             |         |      |              |        |");
    assert_says(text, "\ndct: left out: too long\n");

    text = table(result, PB_TABLE_CSV);
    assert_says(text, "device,driver,part,name,unit,value,low,high,gflops_per_second,");
    assert_says(text, "\ncpu,1,ops,product,ms,2.000000,0.5000000,2.500000,12.50000,,0.2500000,");
    assert_says(text, ",\"a, b\",,\n");
    assert_says(text, "element 3 is 1 instead of 2,\n");
    assert_says(text, ",left out: too long\n");
}
END_TEST

START_TEST(what_is_no_result_is_told)
{
    FILE *file = tmpfile();
    ck_assert_int_eq(pb_report_bench(ctx, "{", PB_TABLE_CSV, file), PB_ERR_DATA);
    ck_assert_int_eq(pb_report_bench(ctx, "{}", PB_TABLE_CSV, file), PB_ERR_DATA);
    assert_says(pb_error(ctx), "holds no result of passband bench");
    fclose(file);
}
END_TEST

/* ---- comparing ---- */

static char *compared(int count, const char *const texts[], pb_status wanted, const char *folder)
{
    char paths[3][600];
    const char *files[3];
    for (int i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "%c.json", 'a' + i);
        scratch_put(&s, name, texts[i], strlen(texts[i]));
        snprintf(paths[i], sizeof paths[i], "%s", scratch_path(&s, name));
        files[i] = paths[i];
    }
    FILE *file = tmpfile();
    const pb_status status = pb_report_bench_compare(ctx, count, files, folder, PB_TABLE_CSV, file);
    ck_assert_msg(status == wanted, "%d: %s", status, pb_error(ctx));
    return printed(file);
}

START_TEST(machines_stand_side_by_side)
{
    const char *const texts[] = {
        FILE_OF(OPS("cpu", OP("x", "2.0", "") ", " OP("y", "8.0", "") ", " OP("mine", "1.0", ""))),
        FILE_OF(OPS("gpu", OP("y", "1.0", "") ", " OP("x", "1.0", "") ", " OP("its", "3.0", ""))),
        FILE_OF(DEVICE("cpu", RATE("copy", "10")) ", " DEVICE("gpu", RATE("copy", "45"))),
    };
    char folder[600];
    snprintf(folder, sizeof folder, "%s", scratch_path(&s, "drawn/here"));
    const char *text = compared(3, texts, PB_OK, folder);
    assert_says(text, "part,row,unit,cpu,gpu,gpu: times as fast\n");
    assert_says(text, "device,copy,GB/s,10.00,45.00,4.50\n"); /* more is better */
    assert_says(text, "ops,x,ms,2.000,1.000,2.00\n");         /* less is better */
    assert_says(text, "ops,y,ms,8.000,1.000,8.00\n");
    assert_says(text, "ops,mine,ms,1.000,,\n");
    assert_says(text, "ops,its,ms,,3.000,\n");
    assert_says(text, "ops,geometric mean,,,,4.00\n"); /* of 2 and 8 */
    ck_assert_int_eq(access(scratch_path(&s, "drawn/here/bench.png"), F_OK), 0);
    ck_assert_int_eq(access(scratch_path(&s, "drawn/here/bench.svg"), F_OK), 0);
    char data[512] = "";
    FILE *file = fopen(scratch_path(&s, "drawn/here/bench.dat"), "r");
    ck_assert_uint_gt(fread(data, 1, sizeof data - 1, file), 0);
    fclose(file);
    assert_says(data, "4.5 0\n2 1\n8 2\n");
}
END_TEST

START_TEST(one_device_measured_twice_is_two)
{
    const char *const texts[] = {FILE_OF(OPS("cpu", OP("x", "2.0", ""))),
                                 FILE_OF(OPS("cpu", OP("x", "4.0", "")))};
    assert_says(compared(2, texts, PB_OK, NULL),
                "part,row,unit,\"cpu, a.json\",\"cpu, b.json\",\"cpu, b.json: times as fast\"\n"
                "ops,x,ms,2.000,4.000,0.500\n");
    compared(1, texts, PB_ERR_USAGE, NULL);
    assert_says(pb_error(ctx), "nothing to compare with");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("bench_report");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_result_is_a_table);
    tcase_add_test(tests, what_is_no_result_is_told);
    tcase_add_test(tests, machines_stand_side_by_side);
    tcase_add_test(tests, one_device_measured_twice_is_two);
    return run_case("bench_report", tests);
}
