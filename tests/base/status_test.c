/* A status has a name, a message and an exit code; a context carries the last sentence and the log.
 */
#include <passband/status.h>

#include "base/scratch.h"

START_TEST(statuses_have_the_documented_exit_codes)
{
    ck_assert_int_eq(pb_status_exit_code(PB_OK), 0);
    ck_assert_int_eq(pb_status_exit_code(PB_ERR_RUN), 1);
    ck_assert_int_eq(pb_status_exit_code(PB_ERR_NOT_FINITE), 1);
    ck_assert_int_eq(pb_status_exit_code(PB_ERR_USAGE), 2);
    ck_assert_int_eq(pb_status_exit_code(PB_ERR_CONFIG), 2);
    ck_assert_int_eq(pb_status_exit_code(PB_ERR_SHAPE), 2);
    ck_assert_int_eq(pb_status_exit_code(PB_ERR_DEVICE), 3);
    ck_assert_int_eq(pb_status_exit_code(PB_ERR_DATA), 4);
    ck_assert_int_eq(pb_status_exit_code(PB_INTERRUPTED), 130);
    ck_assert_str_eq(pb_status_name(PB_ERR_SHAPE), "ERR_SHAPE");
    ck_assert_str_eq(pb_status_message(PB_ERR_MEMORY), "out of memory");
    ck_assert_str_eq(pb_status_name((pb_status)999), "UNKNOWN");
    ck_assert_int_eq(pb_status_exit_code((pb_status)-1), 1);
}
END_TEST

START_TEST(a_context_carries_the_last_sentence)
{
    pb_context *ctx = pb_context_create();
    ck_assert_str_eq(pb_error(ctx), "");
    ck_assert_int_eq(pb_fail(ctx, PB_ERR_SHAPE, "%d is not %s", 3, "four"), PB_ERR_SHAPE);
    ck_assert_str_eq(pb_error(ctx), "3 is not four");
    ck_assert_int_eq(pb_fail_prefix(ctx, PB_ERR_SHAPE, "stage %d", 7), PB_ERR_SHAPE);
    ck_assert_str_eq(pb_error(ctx), "stage 7: 3 is not four");
    pb_fail(ctx, PB_ERR_DATA, "again: %s", pb_error(ctx)); /* its own sentence as an argument */
    ck_assert_str_eq(pb_error(ctx), "again: stage 7: 3 is not four");
    pb_context_free(&ctx);
    ck_assert_ptr_null(ctx);
    pb_context_free(&ctx);
    pb_context_free(NULL);
}
END_TEST

START_TEST(a_sentence_may_be_long)
{
    pb_context *ctx = pb_context_create();
    char *words = malloc(100001);
    memset(words, 'x', 100000);
    words[100000] = '\0';
    pb_fail(ctx, PB_ERR_IO, "<%s>", words);
    ck_assert_uint_eq(strlen(pb_error(ctx)), 100002);
    free(words);
    pb_context_free(&ctx);
}
END_TEST

START_TEST(a_context_is_optional)
{
    ck_assert_int_eq(pb_fail(NULL, PB_ERR_IO, "%s", "lost"), PB_ERR_IO);
    ck_assert_int_eq(pb_fail_prefix(NULL, PB_ERR_IO, "%s", "lost"), PB_ERR_IO);
    ck_assert_str_eq(pb_error(NULL), "");
    pb_log(NULL, PB_LOG_ERROR, "nothing");
    pb_log_to(NULL, PB_LOG_DEBUG, NULL, NULL);
}
END_TEST

static void collect(void *user, pb_log_level level, const char *line)
{
    char *text = user;
    sprintf(text + strlen(text), "%d:%s|", (int)level, line);
}

START_TEST(a_log_line_goes_to_the_sink_up_to_its_level)
{
    char text[256] = "";
    pb_context *ctx = pb_context_create();
    pb_log(ctx, PB_LOG_ERROR, "before there is a sink");
    pb_log_to(ctx, PB_LOG_INFO, collect, text);
    pb_log(ctx, PB_LOG_ERROR, "a %d", 1);
    pb_log(ctx, PB_LOG_INFO, "b");
    pb_log(ctx, PB_LOG_DEBUG, "c");
    ck_assert_str_eq(text, "0:a 1|2:b|");
    pb_context_free(&ctx);
}
END_TEST

static pb_status counted(int *calls, pb_status status)
{
    ++*calls;
    return status;
}

static pb_status try_both(int *calls, pb_status first)
{
    PB_TRY(counted(calls, first));
    PB_TRY(counted(calls, PB_OK));
    return PB_OK;
}

START_TEST(try_passes_an_error_on)
{
    int calls = 0;
    ck_assert_int_eq(try_both(&calls, PB_ERR_DATA), PB_ERR_DATA);
    ck_assert_int_eq(calls, 1);
    ck_assert_int_eq(try_both(&calls, PB_OK), PB_OK);
    ck_assert_int_eq(calls, 3);
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("status");
    tcase_add_test(t, statuses_have_the_documented_exit_codes);
    tcase_add_test(t, a_context_carries_the_last_sentence);
    tcase_add_test(t, a_sentence_may_be_long);
    tcase_add_test(t, a_context_is_optional);
    tcase_add_test(t, a_log_line_goes_to_the_sink_up_to_its_level);
    tcase_add_test(t, try_passes_an_error_on);
    return run_case("status", t);
}
