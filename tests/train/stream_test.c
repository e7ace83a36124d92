/* Data larger than the device: a run that streams it gives the bits of a run that holds it whole.
 */
#include "device/device.h"
#include "tiny_fixture.h"

static pb_status train_with_too_little(const char *overrides)
{
    const pb_run_options options = {.folder = tiny_folder(&s, "too-little")};
    return tiny_try(ctx, &s, overrides, &options);
}

/* The least limit in KiB, out of the sentence about a limit that is too small. */
static long least_limit(const char *more)
{
    char overrides[256];
    snprintf(overrides, sizeof overrides, "device.memory_limit=1%s", more);
    ck_assert_int_eq(train_with_too_little(overrides), PB_ERR_CONFIG);
    const char *words = "device.memory_limit: 1 bytes are too few, the least that works is ";
    const char *at = strstr(pb_error(ctx), words);
    ck_assert_msg(at, "%s", pb_error(ctx));
    char *end;
    const long least = strtol(at + strlen(words), &end, 10);
    ck_assert_msg(least > 0 && *end == 'k', "%s", pb_error(ctx));
    return least;
}

static void same_results(const char *a, const char *b, const char *const files[])
{
    for (; *files; files++) same_file(a, b, *files);
    json_t *x = run_metrics(a), *y = run_metrics(b);
    ck_assert(json_equal(x, y));
    json_decref(x);
    json_decref(y);
}

/* Samples of all parts, shuffled ones and fillings of a last batch come to the same places. The
 * cosine transform, which a whole data set goes through once, is computed for each window. */
START_TEST(test_streams_to_the_same_bits)
{
    static const char *const files[] = {"seed-3/best.safetensors", "seed-5/best.safetensors",
                                        "train_loss.npy",          "band_weights.npy",
                                        "class_accuracies.npy",    "mask.npy",
                                        "reconstructions.npy",     NULL};
    const char *whole = train(NULL, "whole");
    const long least = least_limit("");
    char overrides[128];
    const long limits[] = {least, least + 6};
    for (int i = 0; i < 2; i++) {
        char name[32];
        snprintf(name, sizeof name, "limit-%d", i);
        snprintf(overrides, sizeof overrides, "device.memory_limit=%ldk", limits[i]);
        same_results(whole, train(overrides, name), files);
    }
    snprintf(overrides, sizeof overrides, "device.memory_limit=%ldk", least - 1);
    ck_assert_int_eq(train_with_too_little(overrides), PB_ERR_CONFIG);
}
END_TEST

/* No transform and so nothing hoisted: the programs read the bytes themselves. */
START_TEST(test_streams_raw_pixels)
{
    static const char *const files[] = {"seed-3/best.safetensors", "train_loss.npy",
                                        "class_accuracies.npy", NULL};
    static const char raw[] = "|train.seeds=[3]|stages=[load, reshape: {shape: [64]}, "
                              "linear: {features: 3}, cross_entropy, sgd]";
    char overrides[256];
    const char *whole = train(raw + 1, "whole");
    snprintf(overrides, sizeof overrides, "device.memory_limit=%ldk%s", least_limit(raw), raw);
    same_results(whole, train(overrides, "streamed"), files);
}
END_TEST

static void stop_at_third(void *user, const pb_progress *progress)
{
    if (progress->epoch == 3) *(volatile int *)user = 1;
}

/* Interrupted with a window on its way, and gone on with. */
START_TEST(test_resumes_a_streamed_run)
{
    static const char *const files[] = {"seed-3/best.safetensors", "train_loss.npy", NULL};
    volatile int stop = 0;
    char overrides[128];
    const char *whole = train("train.seeds=[3]", "whole");
    snprintf(overrides, sizeof overrides, "train.seeds=[3]|device.memory_limit=%ldk",
             least_limit("|train.seeds=[3]"));
    const pb_run_options options = {.folder = tiny_folder(&s, "part"),
                                    .progress = stop_at_third,
                                    .user = (void *)&stop,
                                    .stop = &stop};
    ck_assert_int_eq(tiny_try(ctx, &s, overrides, &options), PB_INTERRUPTED);
    ck_assert_msg(pb_run_resume(ctx, options.folder, NULL) == PB_OK, "%s", pb_error(ctx));
    same_results(whole, options.folder, files);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("streamed data");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_streams_to_the_same_bits);
    tcase_add_test(tests, test_streams_raw_pixels);
    tcase_add_test(tests, test_resumes_a_streamed_run);
    return run_case("stream", tests);
}
