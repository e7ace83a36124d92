/* JSON is read with a sentence on error and written whole. */
#include <math.h>

#include "base/file.h"
#include "base/json.h"
#include "base/scratch.h"

static scratch s;
static pb_context *ctx;

static void setup(void)
{
    scratch_open(&s);
    ctx = pb_context_create();
}

static void teardown(void)
{
    pb_context_free(&ctx);
    scratch_close(&s);
}

START_TEST(the_text_is_as_documented)
{
    json_t *json = json_pack("{s:i, s:o, s:o, s:[s]}", "z", 1, "a", pb_json_real(0.1 + 0.2), "n",
                             pb_json_real(NAN), "list", "\xc3\xa9");
    const char *path = scratch_path(&s, "file.json");
    ck_assert_int_eq(pb_json_save(ctx, path, json), PB_OK);
    json_decref(json);
    char *text;
    size_t bytes;
    ck_assert_int_eq(pb_file_read(ctx, path, 1000, &text, &bytes), PB_OK);
    ck_assert_str_eq(text, "{\n  \"z\": 1,\n  \"a\": 0.3,\n  \"n\": null,\n  \"list\": [\n    "
                           "\"\xc3\xa9\"\n  ]\n}\n");
    free(text);

    json_t *back;
    ck_assert_int_eq(pb_json_load(ctx, path, &back), PB_OK);
    ck_assert_int_eq(json_integer_value(json_object_get(back, "z")), 1);
    ck_assert_double_eq(json_real_value(json_object_get(back, "a")), 0.3);
    ck_assert(json_is_null(json_object_get(back, "n")));
    json_decref(back);
}
END_TEST

START_TEST(nine_digits_keep_a_float)
{
    const float numbers[] = {0.1f, 1.0f / 3.0f, 16777217.0f, 1e-38f, 3.4028235e38f};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        json_t *json = json_pack("[o]", pb_json_real(numbers[i])), *back;
        const char *path = scratch_path(&s, "file.json");
        ck_assert_int_eq(pb_json_save(ctx, path, json), PB_OK);
        ck_assert_int_eq(pb_json_load(ctx, path, &back), PB_OK);
        ck_assert((float)json_real_value(json_array_get(back, 0)) == numbers[i]);
        json_decref(json);
        json_decref(back);
    }
}
END_TEST

START_TEST(what_is_not_finite_is_null)
{
    json_t *plus = pb_json_real(INFINITY), *minus = pb_json_real(-INFINITY);
    ck_assert(json_is_null(plus) && json_is_null(minus));
}
END_TEST

static const struct {
    const char *text, *words;
} damaged[] = {
    {"{\"a\": 1,\n \"b\": }", ":2: not valid JSON"},
    {"", "not valid JSON"},
    {"{\"a\": 1, \"a\": 2}", "duplicate"},
    {"[1, 2] x", "not valid JSON"},
    {"[\"\xff\"]", "unable to decode"},
    {"[1e999]", "not valid JSON"},
};

START_TEST(a_damaged_file_is_an_error)
{
    json_t *json;
    scratch_put(&s, "bad.json", damaged[_i].text, strlen(damaged[_i].text));
    ck_assert_int_eq(pb_json_load(ctx, s.path, &json), PB_ERR_IO);
    ck_assert_ptr_null(json);
    ck_assert_msg(strstr(pb_error(ctx), damaged[_i].words) && strstr(pb_error(ctx), s.path), "%s",
                  pb_error(ctx));
}
END_TEST

START_TEST(a_missing_place_is_an_error)
{
    json_t *json = json_object();
    ck_assert_int_eq(pb_json_save(ctx, scratch_path(&s, "none/file"), json), PB_ERR_IO);
    json_decref(json);
    ck_assert_int_eq(pb_json_load(ctx, s.path, &json), PB_ERR_IO);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "No such file"));
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("json");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, the_text_is_as_documented);
    tcase_add_test(t, nine_digits_keep_a_float);
    tcase_add_test(t, what_is_not_finite_is_null);
    tcase_add_loop_test(t, a_damaged_file_is_an_error, 0, sizeof damaged / sizeof *damaged);
    tcase_add_test(t, a_missing_place_is_an_error);
    return run_case("json", t);
}
