/* Runs a check on every OpenCL device there is. Rusticl shows its CPU device only when asked before
 * the first OpenCL call, so this belongs into the test (Check forks each), never before the fork.
 */
#ifndef PB_TEST_EVERY_DEVICE_H
#define PB_TEST_EVERY_DEVICE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "device/device.h"

#define OK(ctx, call)                                                                              \
    do {                                                                                           \
        const pb_status got_ = (call);                                                             \
        ck_assert_msg(got_ == PB_OK, "%s: %s: %s", #call, pb_status_name(got_), pb_error(ctx));    \
    } while (0)

#define FAILS(ctx, status, words, call)                                                            \
    do {                                                                                           \
        ck_assert_int_eq(call, status);                                                            \
        ck_assert_msg(strstr(pb_error(ctx), words), "\"%s\" lacks \"%s\"", pb_error(ctx), words);  \
    } while (0)

/* The address sanitizer asks for this. Drivers keep memory to the end of the process and are
 * unloaded before their leaks could be told from ours by name. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static inline void every_device(void (*check)(pb_context *ctx, pb_device *device))
{
    setenv("RUSTICL_ENABLE", "llvmpipe", 1);
    pb_context *ctx = pb_context_create();
    pb_device_info *list;
    int count;
    OK(ctx, pb_device_list(ctx, NULL, &list, &count));
    ck_assert_int_gt(count, 0);
    free(list);
    for (int i = 0; i < count; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        pb_device *device;
        OK(ctx, pb_device_open(ctx, number, &device));
        mark_point();
        check(ctx, device);
        pb_device_close(&device);
        ck_assert_ptr_null(device);
    }
    pb_context_free(&ctx);
}

/* Exit code of a program of one test case. */
static inline int run_tests(const char *name, const TTest *const tests[], size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 300);
    for (size_t i = 0; i < count; i++) tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
#define RUN_TESTS(name, tests) run_tests(name, tests, sizeof(tests) / sizeof(tests)[0])

#endif
