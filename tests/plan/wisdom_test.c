/* Choices and wisdom: that a choice is followed and is right whatever it says, that measuring finds
 * one that is right, and what becomes of the wisdom file.
 *
 * wisdom_test: every test has a cache folder of its own. */
#include "device_check.h"

#include <jansson.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "plan/choice.h"
#include <passband/wavelet.h>

static char folder[] = "/tmp/passband-wisdom-XXXXXX";

static char *wisdom_path(void)
{
    char *cache = pb_path_join(folder, "passband");
    char *path = pb_path_join(cache, "wisdom.json");
    free(cache);
    return path;
}

static void begin(pb_context **ctx, pb_device **device)
{
    setenv("XDG_CACHE_HOME", folder, 1);
    char *path = wisdom_path();
    unlink(path);
    free(path);
    open_device(ctx, device);
}

/* ---- choices ---- */

static const struct {
    const char *words;   /* what is asked for                        */
    const char *granted; /* what the plan must say it took, NULL: anything of another solver */
    bool ta, tb;
} asked[] = {
    {"product_tile rows=6 vectors=1 item_rows=24 item_columns=32 copy_rows=12 depth=17",
     "product_tile rows=6 vectors=1 item_rows=24 item_columns=32 copy_rows=12 depth=17", false,
     false},
    {"product_tile rows=6 vectors=1 item_rows=24 item_columns=32 copy_rows=12 depth=17",
     "product_tile rows=6 vectors=1 item_rows=24 item_columns=32 copy_rows=12 depth=17", true,
     false},
    {"product_tile rows=8 vectors=2 item_rows=40 item_columns=64 copy_rows=16 depth=37",
     "product_tile rows=8 vectors=2 item_rows=40 item_columns=64 copy_rows=16 depth=37", false,
     true},
    {"product_tile rows=8 vectors=2 item_rows=32 item_columns=32 copy_rows=32 depth=64",
     "product_tile rows=8 vectors=2 item_rows=32 item_columns=32 copy_rows=32 depth=64", true,
     false},
    {"product_tile rows=12 vectors=2 item_rows=12 item_columns=64 copy_rows=1 depth=8",
     "product_tile rows=12 vectors=2 item_rows=12 item_columns=64 copy_rows=1 depth=8", true, true},
    {"product_dot rows=2 columns=6 item_rows=10 item_columns=12",
     "product_dot rows=2 columns=6 item_rows=10 item_columns=12", false, true},
    {"product_plain tile=8 work=3", "product_plain tile=8 work=3", false, false},
    {"clblast", "clblast", false, true},
    /* what no solver can do is left to the rules */
    {"product_dot rows=4", NULL, true, false},
    {"nonsense rows=8", NULL, false, false},
    {"conv_tile", NULL, false, false},
    {"product_plain tile=100000 work=-3", "product_plain tile=16 work=1", false, false},
};
enum { CASES = sizeof asked / sizeof asked[0], M = 43, N = 83, K = 101 };

/* Case i has a key of its own: n is N + i. */
static void case_key(int i, char key[PB_KEY_BYTES])
{
    snprintf(key, PB_KEY_BYTES, "product 1x%dx%dx%d%s%s", M, N + i, K, asked[i].ta ? " At" : "",
             asked[i].tb ? " Bt" : "");
}

static void add_case(joined *j, int i)
{
    const int n = N + i;
    op_built b = {.g = pb_graph_create(j->ctx), .random = 7u + (unsigned)i};
    const pb_value x = op_case_uniform(&b, asked[i].ta ? PB_SHAPE(K, M) : PB_SHAPE(M, K), -1, 1);
    const pb_value y = op_case_uniform(&b, asked[i].tb ? PB_SHAPE(n, K) : PB_SHAPE(K, n), -1, 1);
    const pb_value z = pb_matmul_t(b.g, x, y, asked[i].ta, asked[i].tb);
    joined_add(j, &b, 1, &z, asked[i].words);
    op_case_free(&b);
}

/* Parameters of CLBlast other than those it has here by rule. */
static const char tiles[] = "clblast GEMMK=0 KREG=1 KWG=1 KWI=1 MDIMA=1 MDIMC=1 MWG=16 NDIMB=1 "
                            "NDIMC=1 NWG=16 SA=0 SB=0 STRM=0 STRN=0 VWM=16 VWN=4";

START_TEST(choices_are_followed)
{
    pb_context *ctx;
    pb_device *device;
    begin(&ctx, &device);
    joined *j = joined_create(ctx);
    pb_choices *choices = pb_choices_create();
    char key[PB_KEY_BYTES];
    for (int i = 0; i < CASES; ++i) {
        add_case(j, i);
        case_key(i, key);
        ck_assert(pb_choices_set(choices, key, asked[i].words, PB_MEASURE, 1e-3));
    }
    ck_assert(pb_choices_set(choices, "clblast Xgemm", tiles, PB_EXHAUSTIVE, 1e-3));
    ck_assert(pb_choices_set(choices, "clblast GemmRoutine", "clblast X=1", PB_EXHAUSTIVE, 1e-3));
    joined_program(j, "all");
    pb_plan *plan;
    OK(ctx, pb_plan_create_with(device, j->g, choices, &plan));
    pb_choices_free(&choices);
    char *text = pb_plan_json(plan);
    json_t *json = json_loads(text, 0, NULL);
    for (int i = 0; i < CASES; ++i) {
        case_key(i, key);
        const char *words =
            json_string_value(json_object_get(json_object_get(json, "choices"), key));
        ck_assert_ptr_nonnull(words);
        if (asked[i].granted)
            ck_assert_str_eq(words, asked[i].granted);
        else
            ck_assert_int_eq(strncmp(words, "product_tile ", 13), 0);
    }
    json_t *all = json_object_get(json, "choices");
    ck_assert_str_eq(json_string_value(json_object_get(all, "clblast Xgemm")), tiles);
    ck_assert_ptr_null(json_object_get(all, "clblast GemmRoutine"));
    json_decref(json);
    free(text);
    OK(ctx, pb_plan_init(plan, 1));
    joined_write(j, plan);
    OK(ctx, pb_plan_run(plan, "all", 1));
    joined_compare(j, plan);
    pb_plan_free(&plan);
    joined_free(&j);
    close_device(&ctx, &device);
}
END_TEST

/* ---- measuring ---- */

/* A convolution, a product too large for the whole reference, and what only one solver can do. */
static const char conv_key[] = "conv 2x3x11x14 o4 k3x3 s1x1 p0x0"; /* padded by a unit before */

static pb_graph *network(pb_context *ctx)
{
    pb_graph *g = pb_graph_create(ctx);
    const pb_value c = pb_input(g, "c", PB_SHAPE(3, 300, 200)),
                   d = pb_input(g, "d", PB_SHAPE(1, 200, 150));
    const pb_value x = pb_input(g, "x", PB_SHAPE(2, 3, 9, 12)),
                   w = pb_input(g, "w", PB_SHAPE(4, 3, 3, 3));
    const pb_value every = pb_broadcast(g, d, PB_SHAPE(3, 200, 150));
    const float haar[] = {0.5f, 0.5f, -0.5f, 0.5f};
    const pb_value filters = pb_constant_data(g, haar, PB_SHAPE(2, 2));
    const pb_value values[] = {pb_conv(g, x, w, (pb_window){{3, 3}, {1, 1}, {1, 1}}),
                               pb_matmul(g, c, every),
                               pb_analysis(g, x, filters, 3, PB_EXTEND_SYMMETRIC)};
    pb_value assigns[3];
    for (int i = 0; i < 3; ++i) {
        char name[8];
        snprintf(name, sizeof name, "y%d", i);
        const pb_value y = pb_leaf(g, PB_ROLE_STATE, name, PB_F32, pb_value_shape(g, values[i]),
                                   (pb_init){.kind = PB_INIT_CONSTANT});
        assigns[i] = pb_assign(g, y, values[i]);
    }
    OK(ctx, pb_program(g, "all", 3, assigns));
    return g;
}

START_TEST(measuring_chooses_once)
{
    pb_context *ctx;
    pb_device *device;
    begin(&ctx, &device);
    pb_graph *g = network(ctx);
    const pb_tuning tuning = {.effort = PB_MEASURE, .budget_seconds = 1};
    pb_choices *first = pb_choices_create(), *again;
    int measured;
    OK(ctx, pb_wisdom_measure(device, g, &tuning, first, &measured));
    ck_assert_int_ge(measured, 1);
    ck_assert_int_eq(pb_choices_count(first), 2);
    const char *words = pb_choices_get(first, conv_key);
    ck_assert_ptr_nonnull(words);
    OK(ctx, pb_wisdom_measure(device, g, &tuning, first, &measured));
    ck_assert_int_eq(measured, 0);
    /* without time each is left to the rules, and stays so */
    const pb_tuning none = {.effort = PB_MEASURE, .budget_seconds = 0};
    OK(ctx, pb_wisdom_tune(device, g, &none, &again));
    ck_assert_int_eq(pb_choices_count(again), 2);
    pb_choices_free(&again);
    OK(ctx, pb_wisdom_load(device, &again));
    pb_effort effort;
    ck_assert(pb_choices_effort(again, conv_key, &effort));
    ck_assert_int_eq(effort, PB_ESTIMATE);
    /* what was measured stands above it */
    OK(ctx, pb_wisdom_save(device, first));
    OK(ctx, pb_wisdom_save(device, again));
    pb_choices_free(&again);
    OK(ctx, pb_wisdom_load(device, &again));
    ck_assert_str_eq(pb_choices_get(again, conv_key), words);
    int stop = 1;
    const pb_tuning stopped = {.effort = PB_EXHAUSTIVE, .stop = &stop};
    ck_assert_int_eq(pb_wisdom_measure(device, g, &stopped, again, NULL), PB_INTERRUPTED);
    pb_choices_free(&first);
    pb_choices_free(&again);
    pb_graph_free(&g);
    close_device(&ctx, &device);
}
END_TEST

/* ---- the file ---- */

static int warnings;

static void count_warnings(void *user, pb_log_level level, const char *line)
{
    (void)user;
    (void)line;
    warnings += level == PB_LOG_WARN;
}

static void save_one(pb_context *ctx, pb_device *device, const char *key)
{
    pb_choices *choices = pb_choices_create();
    ck_assert(pb_choices_set(choices, key, "clblast", PB_MEASURE, 1e-5));
    OK(ctx, pb_wisdom_save(device, choices));
    pb_choices_free(&choices);
}

START_TEST(damaged_files_are_kept_aside)
{
    /* cut short, empty, of another form, of a later format */
    static const char *const damages[] = {"{\"format\": 1, \"machi", "", "[]",
                                          "{\"format\": 7, \"machines\": []}"};
    pb_context *ctx;
    pb_device *device;
    begin(&ctx, &device);
    pb_log_to(ctx, PB_LOG_WARN, count_warnings, NULL);
    char *path = wisdom_path(), aside[200];
    char *cache = pb_path_join(folder, "passband");
    OK(ctx, pb_folder_make(ctx, cache));
    free(cache);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; ++i) {
        pb_choices *choices;
        OK(ctx, pb_file_write(ctx, path, damages[i], strlen(damages[i])));
        warnings = 0;
        OK(ctx, pb_wisdom_load(device, &choices));
        ck_assert_int_eq(pb_choices_count(choices), 0);
        ck_assert_int_eq(warnings, 1);
        pb_choices_free(&choices);
        save_one(ctx, device, "product 1x2x3x4");
        snprintf(aside, sizeof aside, i ? "%s.damaged-%zu" : "%s.damaged", path, i + 1);
        char *kept;
        size_t bytes;
        OK(ctx, pb_file_read(ctx, aside, 1000, &kept, &bytes));
        ck_assert_str_eq(kept, damages[i]);
        free(kept);
        OK(ctx, pb_wisdom_load(device, &choices));
        ck_assert_str_eq(pb_choices_get(choices, "product 1x2x3x4"), "clblast");
        pb_choices_free(&choices);
        unlink(path);
    }
    free(path);
    close_device(&ctx, &device);
}
END_TEST

START_TEST(another_driver_is_another_machine)
{
    static const char *const parts[] = {"device", "driver", "platform", "passband"};
    pb_context *ctx;
    pb_device *device;
    begin(&ctx, &device);
    char *path = wisdom_path();
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; ++i) {
        pb_choices *choices;
        json_t *file;
        unlink(path);
        save_one(ctx, device, "product 1x2x3x4");
        OK(ctx, pb_json_load(ctx, path, &file));
        json_object_set_new(json_array_get(json_object_get(file, "machines"), 0), parts[i],
                            json_string("another"));
        OK(ctx, pb_json_save(ctx, path, file));
        json_decref(file);
        OK(ctx, pb_wisdom_load(device, &choices));
        ck_assert_int_eq(pb_choices_count(choices), 0);
        pb_choices_free(&choices);
        save_one(ctx, device, "product 5x6x7x8"); /* both stay */
        OK(ctx, pb_json_load(ctx, path, &file));
        ck_assert_int_eq((int)json_array_size(json_object_get(file, "machines")), 2);
        json_decref(file);
    }
    free(path);
    close_device(&ctx, &device);
}
END_TEST

enum { WRITERS = 4, KEYS = 12 };

START_TEST(writers_lose_nothing)
{
    setenv("XDG_CACHE_HOME", folder, 1);
    char *path = wisdom_path();
    unlink(path);
    pid_t writers[WRITERS];
    for (int i = 0; i < WRITERS; ++i) {
        writers[i] = fork();
        if (writers[i]) continue;
        pb_context *ctx;
        pb_device *device;
        open_device(&ctx, &device);
        for (int k = 0; k < KEYS; ++k) {
            char key[64];
            snprintf(key, sizeof key, "product %dx%dx1x1", i, k);
            save_one(ctx, device, key);
        }
        close_device(&ctx, &device);
        _exit(0);
    }
    for (int i = 0; i < WRITERS; ++i) {
        int status = 1;
        waitpid(writers[i], &status, 0);
        ck_assert_int_eq(status, 0);
    }
    pb_context *ctx;
    pb_device *device;
    pb_choices *choices;
    open_device(&ctx, &device);
    OK(ctx, pb_wisdom_load(device, &choices));
    ck_assert_int_eq(pb_choices_count(choices), WRITERS * KEYS);
    pb_choices_free(&choices);
    free(path);
    close_device(&ctx, &device);
}
END_TEST

int main(void)
{
    if (!may_run()) return 77;
    if (!mkdtemp(folder)) return 1;
    Suite *suite = suite_create("wisdom");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, choices_are_followed);
    tcase_add_test(tests, measuring_chooses_once);
    tcase_add_test(tests, damaged_files_are_kept_aside);
    tcase_add_test(tests, another_driver_is_another_machine);
    tcase_add_test(tests, writers_lose_nothing);
    suite_add_tcase(suite, tests);
    const int result = runs(srunner_create(suite));
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) != 0 || result;
}
