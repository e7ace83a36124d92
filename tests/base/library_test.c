/* Functions of a library that is opened when it is needed; what is missing is named. */
#include <string.h>

#include "base/library.h"
#include "base/scratch.h"

START_TEST(functions_are_found)
{
    double (*root)(double) = NULL, (*sine)(double) = NULL;
    const pb_library_function functions[] = {{"sqrt", &root}, {"sin", &sine}};
    pb_context *ctx = pb_context_create();
    ck_assert_int_eq(pb_library_load(ctx, "libm.so.6", 2, functions), PB_OK);
    ck_assert(root(9) == 3);
    ck_assert(sine(0) == 0);
    pb_context_free(&ctx);
}
END_TEST

START_TEST(what_is_missing_is_named)
{
    double (*root)(double) = NULL, (*other)(double) = NULL;
    const pb_library_function functions[] = {{"sqrt", &root}, {"square_circle", &other}};
    pb_context *ctx = pb_context_create();
    ck_assert_int_eq(pb_library_load(ctx, "libm.so.6", 2, functions), PB_ERR_RUN);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "square_circle"));
    ck_assert_int_eq(pb_library_load(ctx, "libnothing.so.1", 1, functions), PB_ERR_RUN);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "libnothing.so.1"));
    pb_context_free(&ctx);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("library");
    tcase_add_test(tcase, functions_are_found);
    tcase_add_test(tcase, what_is_missing_is_named);
    return run_case("library", tcase);
}
