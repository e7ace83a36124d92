/* Seeds side by side come to the bits of seeds in turn, also when they are stopped and go on. */
#include "tiny_fixture.h"

static const char four[] = "train.seeds=[3, 5, 0, 11]";

/* What the library logs last of lanes. */
typedef struct heard {
    char lanes[200], in_turn[400];
} heard;

static void listen(void *user, pb_log_level level, const char *line)
{
    (void)level;
    heard *h = user;
    if (strstr(line, " lanes")) snprintf(h->lanes, sizeof h->lanes, "%s", line);
    if (strstr(line, "in turn")) snprintf(h->in_turn, sizeof h->in_turn, "%s", line);
}

/* Whether the device can be split between two seeds; PoCL's can where it has two threads. */
static bool can_be_split(const heard *h)
{
    return strstr(h->lanes, "4 seeds in 2 lanes") != NULL;
}

/* Trains four seeds, two at a time. */
static const char *train_beside(const char *overrides, const char *name)
{
    heard h = {"", ""};
    char all[1000];
    snprintf(all, sizeof all, "%s%s%s", four, overrides ? "|" : "", overrides ? overrides : "");
    pb_log_to(ctx, PB_LOG_DEBUG, listen, &h);
    const pb_run_options options = {.folder = tiny_folder(&s, name), .side_by_side = 2};
    const pb_status status = tiny_try(ctx, &s, all, &options);
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
    pb_log_to(ctx, PB_LOG_ERROR, NULL, NULL);
    if (!can_be_split(&h)) printf("%s\n", h.in_turn); /* the rest holds nevertheless */
    return options.folder;
}

static const char *train_in_turn(const char *overrides, const char *name)
{
    char all[1000];
    snprintf(all, sizeof all, "%s%s%s", four, overrides ? "|" : "", overrides ? overrides : "");
    return train(all, name);
}

/* The numbers of a checkpoint; what is before them has times in it. */
static char *checkpoint_data(const char *folder, int seed, size_t *bytes)
{
    char name[64];
    snprintf(name, sizeof name, "seed-%d/checkpoint.safetensors", seed);
    char *file = run_file(folder, name, bytes);
    ck_assert_msg(file != NULL, "%s: no %s", folder, name);
    uint64_t header;
    memcpy(&header, file, sizeof header);
    ck_assert_uint_lt(sizeof header + header, *bytes);
    *bytes -= sizeof header + header;
    memmove(file, file + sizeof header + header, *bytes);
    return file;
}

static void same_seeds(const char *a, const char *b)
{
    static const int seeds[] = {3, 5, 0, 11};
    same_run(a, b);
    for (int i = 0; i < 4; i++) {
        size_t x_bytes, y_bytes;
        char *x = checkpoint_data(a, seeds[i], &x_bytes),
             *y = checkpoint_data(b, seeds[i], &y_bytes);
        ck_assert_msg(x_bytes == y_bytes && memcmp(x, y, x_bytes) == 0,
                      "checkpoints of seed %d differ", seeds[i]);
        free(x);
        free(y);
    }
}

START_TEST(test_side_by_side_gives_the_bits_of_in_turn)
{
    same_seeds(train_in_turn(NULL, "in-turn"), train_beside(NULL, "beside"));
}
END_TEST

/* Random numbers, states that last, thresholds that the host computes, and seeds that stop early.
 */
START_TEST(test_whatever_a_step_holds)
{
    static const char much[] =
        "stages=[load, dct2: {keep: 6}, band_mask: {bands: 3}, reshape: {shape: [1, 36]}, conv1d: "
        "{channels: 4, kernel: 3, padding: 1}, batch_norm1d, relu, dropout: {rate: 0.3}, linear: "
        "{features: 3}, cross_entropy, reconstruction, average: {decay: 0.9}, adam: {lr: 0.02}]|"
        "weight_transform={wavelet: haar, rule: quantile, threshold: 0.5, schedule: ramp, full: 2}|"
        "train.epochs=6|train.patience=1";
    const char *whole = train_in_turn(much, "in-turn"), *beside = train_beside(much, "beside");
    json_t *metrics = run_metrics(whole);
    ck_assert_uint_lt(json_array_size(metrics), 24); /* some stop early */
    json_decref(metrics);
    same_seeds(whole, beside);
    same_file(whole, beside, "seed-11/model.pbw");
}
END_TEST

/* ---- stopping and going on ---- */

typedef struct stopper {
    int after, heard, last_done;
    volatile int stop;
} stopper;

static void stop_after(void *user, const pb_progress *progress)
{
    stopper *stopper_ = user;
    ck_assert_int_gt(progress->done, stopper_->last_done); /* of all seeds */
    ck_assert_int_le(progress->done, 16);
    stopper_->last_done = progress->done;
    if (++stopper_->heard == stopper_->after) stopper_->stop = 1;
}

START_TEST(test_stops_and_goes_on)
{
    const char *whole = train_in_turn(NULL, "whole");
    for (int after = 1; after < 16; after += 4) {
        char name[32];
        snprintf(name, sizeof name, "stopped-%d", after);
        stopper state = {.after = after};
        const pb_run_options options = {.folder = tiny_folder(&s, name),
                                        .progress = stop_after,
                                        .user = &state,
                                        .stop = &state.stop,
                                        .side_by_side = 4},
                             rest = {.side_by_side = after % 8 == 1 ? 0 : 2};
        pb_status status = tiny_try(ctx, &s, four, &options);
        ck_assert_msg(status == PB_INTERRUPTED, "%s: %s", pb_status_name(status), pb_error(ctx));
        ck_assert_ptr_nonnull(strstr(pb_error(ctx), "of 4 epochs done; passband resume"));
        status = pb_run_resume(ctx, options.folder, &rest);
        ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
        same_seeds(whole, options.folder);
    }
}
END_TEST

/* One of the images is far too bright; the sentence names the seed that met it. */
START_TEST(test_a_failing_seed_ends_all)
{
    const size_t dim[] = {150, TINY_SIDE, TINY_SIDE};
    static float x[150 * TINY_SIDE * TINY_SIDE];
    for (int i = 0; i < 150 * TINY_SIDE * TINY_SIDE; i++)
        x[i] = i / (TINY_SIDE * TINY_SIDE) == 17 ? 3e38f : (float)(i % 7) / 7 - 0.5f;
    ck_assert_int_eq(pb_npy_save(ctx, scratch_path(&s, "x.npy"), PB_NPY_F32, 3, dim, x), PB_OK);
    const size_t test_dim[] = {65, TINY_SIDE, TINY_SIDE};
    ck_assert_int_eq(pb_npy_save(ctx, scratch_path(&s, "x_test.npy"), PB_NPY_F32, 3, test_dim, x),
                     PB_OK);
    const pb_run_options options = {.folder = tiny_folder(&s, "run"), .side_by_side = 2};
    const pb_status status =
        tiny_try(ctx, &s, "train.seeds=[3, 5, 0, 11]|data.validation=0", &options);
    ck_assert_int_eq(status, PB_ERR_NOT_FINITE);
    ck_assert_msg(strncmp(pb_error(ctx), "seed ", 5) == 0, "%s", pb_error(ctx));
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "the training loss is "));
    ck_assert(access(scratch_path(&s, "run/summary.json"), F_OK) != 0);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("side by side");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, test_side_by_side_gives_the_bits_of_in_turn);
    tcase_add_test(tcase, test_whatever_a_step_holds);
    tcase_add_test(tcase, test_stops_and_goes_on);
    tcase_add_test(tcase, test_a_failing_seed_ends_all);
    return run_case("side by side", tcase);
}
