/* Stages that draw random numbers: the very numbers of base/rng.h, what they make of a batch, and
 * gradients of gradients through them. */
#include "draws.h"

/* ---- dropout ---- */

/* What torch.nn.functional.dropout makes of x with a mask drawn here. */
START_TEST(test_dropout_takes_its_mask_from_the_stream)
{
    enum { LENGTH = 12 };
    network n;
    draws_start(&n, PB_SHAPE(BATCH, LENGTH),
                "[load, dropout: {rate: 0.25}, dropout: {rate: 0.25}]");
    double *got = draws_content(&n, n.b.x);
    const double *x = leaf_content(&n, n.samples);
    const pb_stream first = pb_stream_make(SEED, "dropout_1.drop", EPOCH),
                    second = pb_stream_make(SEED, "dropout_2.drop", EPOCH);
    int differ = 0;
    for (int i = 0; i < BATCH; i++)
        for (int j = 0; j < LENGTH; j++) {
            const uint64_t index = (uint64_t)numbers[i] * LENGTH + (uint64_t)j;
            const bool a = pb_stream_uniform(first, index) >= 0.25f,
                       b = pb_stream_uniform(second, index) >= 0.25f;
            const double want = a && b ? x[i * LENGTH + j] / 0.75 / 0.75 : 0;
            ck_assert_double_eq_tol(got[i * LENGTH + j], want, 1e-6);
            differ += a != b;
        }
    ck_assert_int_gt(differ, 0);
    free(got);
    network_free(&n);
}
END_TEST

START_TEST(test_dropout_keeps_the_mean_and_drops_its_share)
{
    enum { LENGTH = 4000 };
    static const double rates[] = {0.1, 0.5, 0.8};
    for (int k = 0; k < 3; k++) {
        char stages[64];
        snprintf(stages, sizeof stages, "[load, dropout: {rate: %g}]", rates[k]);
        network n;
        draws_start(&n, PB_SHAPE(BATCH, LENGTH), stages);
        for (int i = 0; i < BATCH * LENGTH; i++) leaf_content(&n, n.samples)[i] = 1;
        double *got = draws_content(&n, n.b.x), mean = 0, dropped = 0;
        for (int i = 0; i < BATCH * LENGTH; i++) {
            mean += got[i] / (BATCH * LENGTH);
            dropped += got[i] == 0;
        }
        const double deviation = sqrt(rates[k] * (1 - rates[k]) / (BATCH * LENGTH));
        ck_assert_double_eq_tol(dropped / (BATCH * LENGTH), rates[k], 4 * deviation);
        ck_assert_double_eq_tol(mean, 1, 4 * deviation / (1 - rates[k]));
        free(got);
        network_free(&n);
    }
}
END_TEST

START_TEST(test_dropout_of_channels_drops_them_whole)
{
    network n;
    draws_start(&n, PB_SHAPE(BATCH, 8, 3, 2), "[load, dropout: {of: channels}]");
    double *got = draws_content(&n, n.b.x);
    const double *x = leaf_content(&n, n.samples);
    int dropped = 0;
    for (int i = 0; i < BATCH * 8; i++) {
        dropped += got[6 * i] == 0;
        for (int j = 0; j < 6; j++)
            ck_assert_double_eq(got[6 * i + j], got[6 * i] == 0 ? 0 : 2 * x[6 * i + j]);
    }
    ck_assert(dropped > BATCH && dropped < 7 * BATCH);
    free(got);
    network_free(&n);
}
END_TEST

START_TEST(test_dropout_of_everything_and_of_nothing)
{
    network n;
    draws_start(&n, PB_SHAPE(BATCH, 4), "[load, dropout: {rate: 0}]");
    ck_assert_int_eq(n.b.x, pb_builder_find(&n.b, "pixels"));
    network_free(&n);
    draws_start(&n, PB_SHAPE(BATCH, 4), "[load, dropout: {rate: 1}]");
    double *got = draws_content(&n, n.b.x);
    for (int i = 0; i < BATCH * 4; i++) ck_assert_double_eq(got[i], 0);
    free(got);
    network_free(&n);
}
END_TEST

START_TEST(test_evaluation_drops_nothing)
{
    network n;
    network_start(&n, PB_F32, PB_SHAPE(BATCH, 4), 3, false);
    ck_assert_int_eq(network_build(&n, "[load, dropout]"), PB_OK);
    ck_assert_int_eq(n.b.x, pb_builder_find(&n.b, "pixels"));
    network_free(&n);
}
END_TEST

START_TEST(test_says_what_is_missing)
{
    network n;
    network_start(&n, PB_F32, PB_SHAPE(BATCH, 4), 3, true);
    ck_assert_int_eq(network_build(&n, "[load, dropout]"), PB_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(pb_error(n.ctx), "dropout_1: it draws random numbers"));
    network_free(&n);
    network_start(&n, PB_F32, PB_SHAPE(BATCH, 4), 3, true);
    ck_assert_int_eq(network_build(&n, "[load, dropout: {of: channels}]"), PB_ERR_SHAPE);
    ck_assert_ptr_nonnull(strstr(pb_error(n.ctx), "of: channels takes [batch, channels, ...]"));
    network_free(&n);
}
END_TEST

/* ---- gradients ---- */

/* d total / d parameter against central differences, where total holds a gradient itself. */
START_TEST(test_gradients_of_gradients)
{
    network n;
    draws_start(&n, PB_SHAPE(BATCH, 6),
                "[load, augment: {shift: 1.5, noise: 0.1, mixup: 0.4}, linear: {features: 8}, "
                "dropout, linear: {features: 3}, cross_entropy, "
                "ssc: {weight: 0.5, input: pixels}]");
    pb_value gradient;
    const pb_value weight = n.b.params[0];
    ck_assert_int_eq(pb_gradient(n.g, n.b.loss, 1, &weight, &gradient), PB_OK);
    double *got = draws_content(&n, gradient), *w = leaf_content(&n, weight);
    for (int i = 0; i < 48; i += 5) {
        const double at = w[i], eps = 1e-5;
        w[i] = at + eps;
        double *above = draws_content(&n, n.b.loss);
        w[i] = at - eps;
        double *below = draws_content(&n, n.b.loss);
        w[i] = at;
        ck_assert_double_eq_tol(got[i], (*above - *below) / (2 * eps), 1e-5);
        free(above);
        free(below);
    }
    free(got);
    network_free(&n);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("random stages");
    TCase *tests = tcase_create("all");
    const TTest *const list[] = {test_dropout_takes_its_mask_from_the_stream,
                                 test_dropout_keeps_the_mean_and_drops_its_share,
                                 test_dropout_of_channels_drops_them_whole,
                                 test_dropout_of_everything_and_of_nothing,
                                 test_evaluation_drops_nothing,
                                 test_says_what_is_missing,
                                 test_gradients_of_gradients};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) tcase_add_test(tests, list[i]);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
