/* The same task for many things on all cores: each is done once, and a failure reaches the caller.
 */
#include <stdatomic.h>

#include <check.h>

#include "base/parallel.h"
#include "base/scratch.h"

enum { THINGS = 1000 };

typedef struct things {
    atomic_int done[THINGS];
    int bad; /* the thing that cannot be done */
} things;

static pb_status count_one(pb_context *ctx, void *user, int i)
{
    things *t = user;
    atomic_fetch_add(&t->done[i], 1);
    return i == t->bad ? pb_fail(ctx, PB_ERR_DATA, "thing %d is bad", i) : PB_OK;
}

START_TEST(each_is_done_once)
{
    static things t = {.bad = -1};
    pb_context *ctx = pb_context_create();
    ck_assert_int_eq(pb_parallel(ctx, THINGS, count_one, &t), PB_OK);
    for (int i = 0; i < THINGS; i++) ck_assert_int_eq(t.done[i], 1);
    ck_assert_int_eq(pb_parallel(ctx, 0, count_one, &t), PB_OK);
    ck_assert_int_eq(pb_parallel(ctx, 1, count_one, &t), PB_OK);
    ck_assert_int_eq(t.done[0], 2);
    ck_assert_int_eq(t.done[1], 1);
    pb_context_free(&ctx);
}
END_TEST

/* Whichever thread meets it. */
START_TEST(a_failure_reaches_the_caller)
{
    for (int bad = 0; bad < THINGS; bad += 37) {
        things t = {.bad = bad};
        pb_context *ctx = pb_context_create();
        char sentence[32];
        snprintf(sentence, sizeof sentence, "thing %d is bad", bad);
        ck_assert_int_eq(pb_parallel(ctx, THINGS, count_one, &t), PB_ERR_DATA);
        ck_assert_str_eq(pb_error(ctx), sentence);
        for (int i = 0; i < THINGS; i++) ck_assert_int_le(t.done[i], 1);
        pb_context_free(&ctx);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("parallel");
    tcase_add_test(tcase, each_is_done_once);
    tcase_add_test(tcase, a_failure_reaches_the_caller);
    return run_case("parallel", tcase);
}
