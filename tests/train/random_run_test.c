/* Runs that draw random numbers: the same bits whether they are stopped and gone on with, or
 * stream their data; other bits with another seed. */
#include <unistd.h>

#include "../cli/program.h"
#include "tiny_fixture.h"

static const char stages[] =
    "stages=[load, augment: {rotate: 20, shift: 1, scale: 0.1, shear: 5, flip: both, noise: 0.1, "
    "cutout: 2, mixup: 0.3}, linear: {features: 16}, relu, dropout: {rate: 0.3}, "
    "linear: {features: 3}, cross_entropy, sgd]";

static const char *const files[] = {"seed-3/best.safetensors", "seed-5/best.safetensors",
                                    "train_loss.npy",          "class_accuracies.npy",
                                    "augmented.npy",           NULL};

static void same_results(const char *a, const char *b)
{
    for (int i = 0; files[i]; i++) same_file(a, b, files[i]);
}

static void stop_at_third(void *user, const pb_progress *progress)
{
    if (progress->epoch == 3) *(volatile int *)user = 1;
}

START_TEST(test_a_resumed_run_draws_the_same)
{
    volatile int stop = 0;
    const char *whole = train(stages, "whole");
    const pb_run_options options = {.folder = tiny_folder(&s, "part"),
                                    .progress = stop_at_third,
                                    .user = (void *)&stop,
                                    .stop = &stop};
    ck_assert_int_eq(tiny_try(ctx, &s, stages, &options), PB_INTERRUPTED);
    ck_assert_msg(pb_run_resume(ctx, options.folder, NULL) == PB_OK, "%s", pb_error(ctx));
    same_results(whole, options.folder);
}
END_TEST

/* The limit is the least that works, so that the data goes through in several windows. */
START_TEST(test_a_streamed_run_draws_the_same)
{
    char overrides[1024];
    const pb_run_options options = {.folder = tiny_folder(&s, "too-little")};
    const char *whole = train(stages, "whole");
    snprintf(overrides, sizeof overrides, "device.memory_limit=1|%s", stages);
    ck_assert_int_eq(tiny_try(ctx, &s, overrides, &options), PB_ERR_CONFIG);
    const char *at = strstr(pb_error(ctx), "the least that works is ");
    ck_assert_msg(at, "%s", pb_error(ctx));
    snprintf(overrides, sizeof overrides, "device.memory_limit=%ldk|%s",
             strtol(at + strlen("the least that works is "), NULL, 10), stages);
    same_results(whole, train(overrides, "streamed"));
}
END_TEST

/* The seeds of one run share a plan, and yet draw what each draws alone. */
START_TEST(test_seeds_draw_their_own)
{
    char overrides[1024];
    const char *both = train(stages, "both");
    snprintf(overrides, sizeof overrides, "train.seeds=[5]|%s", stages);
    same_file(both, train(overrides, "alone"), "seed-5/best.safetensors");
    snprintf(overrides, sizeof overrides, "%s|stages.dropout.rate=0", stages);
    const char *none = train(overrides, "none");
    json_t *with = run_metrics(both), *without = run_metrics(none);
    ck_assert(!json_equal(with, without));
    json_decref(with);
    json_decref(without);
}
END_TEST

/* Samples stand as they are before what seven epochs make of them, each something else. */
START_TEST(test_shows_what_augmentation_does)
{
    enum { SAMPLES = 8, ABREAST = 8, PIXELS = TINY_SIDE * TINY_SIDE };
    const char *folder = train(stages, "run");
    char path[700];
    snprintf(path, sizeof path, "%s/augmented.npy", folder);
    pb_npy sheet;
    ck_assert_int_eq(pb_npy_load(ctx, path, &sheet), PB_OK);
    ck_assert_int_eq(sheet.axes, 3);
    ck_assert_uint_eq(sheet.dim[0], SAMPLES * ABREAST);
    ck_assert_uint_eq(sheet.dim[1] * sheet.dim[2], PIXELS);
    const float *pixels = sheet.data;
    for (int i = 0; i < SAMPLES; i++) {
        const float *sample = pixels + i * ABREAST * PIXELS;
        for (int k = 0; k < PIXELS; k++) { /* levels of bytes, dark and bright ones */
            const double level = 255 * ((double)sample[k] + 0.5);
            ck_assert_double_eq_tol(level, round(level), 1e-3);
        }
        for (int v = 1; v < ABREAST; v++)
            for (int other = 0; other < v; other++)
                ck_assert_int_ne(
                    memcmp(sample + v * PIXELS, sample + other * PIXELS, PIXELS * sizeof *sample),
                    0);
    }
    pb_npy_clear(&sheet);
    snprintf(path, sizeof path, "%s/augmented.npy", train("train.seeds=[3]", "plain"));
    ck_assert_int_ne(access(path, F_OK), 0); /* nothing is augmented, so nothing is shown */
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("random runs");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_a_resumed_run_draws_the_same);
    tcase_add_test(tests, test_a_streamed_run_draws_the_same);
    tcase_add_test(tests, test_seeds_draw_their_own);
    tcase_add_test(tests, test_shows_what_augmentation_does);
    return run_case_warm("random runs", tests);
}
