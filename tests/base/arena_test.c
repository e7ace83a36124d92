/* Arena memory is zeroed, aligned, its own; texts grow. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/scratch.h"

/* An assertion for each byte would take minutes. */
static bool all_are(const unsigned char *bytes, size_t count, int expected)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != expected) return false;
    return true;
}

START_TEST(memory_is_zeroed_aligned_and_apart)
{
    pb_arena *arena = pb_arena_create();
    unsigned char *blocks[600];
    size_t sizes[600];
    for (int i = 0; i < 600; i++) {
        sizes[i] = (size_t)(i * 37 % 500) + (i % 97 == 0 ? 50000 : 0);
        blocks[i] = pb_arena_alloc(arena, sizes[i]);
        ck_assert_ptr_nonnull(blocks[i]);
        ck_assert_uint_eq((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        ck_assert(all_are(blocks[i], sizes[i], 0));
        memset(blocks[i], i % 255 + 1, sizes[i]);
    }
    for (int i = 0; i < 600; i++) ck_assert(all_are(blocks[i], sizes[i], i % 255 + 1));
    pb_arena_free(&arena);
    ck_assert_ptr_null(arena);
    pb_arena_free(&arena);
}
END_TEST

START_TEST(an_absurd_size_is_refused)
{
    pb_arena *arena = pb_arena_create();
    ck_assert_ptr_null(pb_arena_alloc(arena, SIZE_MAX));
    ck_assert_ptr_null(pb_arena_alloc(arena, SIZE_MAX / 2 - 5));
    ck_assert_ptr_nonnull(pb_arena_alloc(arena, 8));
    pb_arena_free(&arena);
}
END_TEST

START_TEST(strings_are_copies)
{
    pb_arena *arena = pb_arena_create();
    char word[] = "band";
    char *copy = pb_arena_strdup(arena, word);
    word[0] = 'h';
    ck_assert_str_eq(copy, "band");
    ck_assert_str_eq(pb_arena_printf(arena, "%s_%d", copy, 3), "band_3");
    ck_assert_str_eq(pb_arena_strdup(arena, ""), "");
    pb_arena_free(&arena);
}
END_TEST

START_TEST(a_text_grows)
{
    pb_text text = {0};
    for (int i = 0; i < 1000; i++) pb_text_append(&text, "%03d,", i);
    ck_assert_int_eq(text.failed, 0);
    ck_assert_uint_eq(text.length, 4000);
    ck_assert_uint_eq(strlen(text.text), 4000);
    ck_assert_int_eq(strncmp(text.text + 4 * 777, "777,", 4), 0);
    pb_text_append(&text, "%5000d", 1);
    ck_assert_uint_eq(strlen(text.text), 9000);
    pb_text_free(&text);
    ck_assert_ptr_null(text.text);
    pb_text_append(&text, "%s", "");
    ck_assert_str_eq(text.text, "");
    pb_text_free(&text);
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("arena");
    tcase_add_test(t, memory_is_zeroed_aligned_and_apart);
    tcase_add_test(t, an_absurd_size_is_refused);
    tcase_add_test(t, strings_are_copies);
    tcase_add_test(t, a_text_grows);
    return run_case("arena", t);
}
