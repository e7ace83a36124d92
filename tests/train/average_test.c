/* Averages of parameters: fifty steps, five an epoch, against PyTorch's AveragedModel
 * (../stage/fixtures/make_schedules.py), and which parameters evaluation takes. */
#include "../stage/network.h"
#include "train/rate_schedule.h"

enum { STEPS = 5, EPOCHS = 10, CASES = 4, UNSEEN = 4 };

static void build(network *n, const char *stages)
{
    ck_assert_msg(network_build(n, stages) == PB_OK, "%s: %s", stages, pb_error(n->ctx));
    ck_assert_msg(pb_builder_finish(&n->b) == PB_OK, "%s: %s", stages, pb_error(n->ctx));
}

static double squares(network *n, int count, const pb_value leaves[])
{
    double sum = 0;
    for (int i = 0; i < count; i++) {
        const double *content = leaf_content(n, leaves[i]);
        const size_t size = pb_shape_count(pb_value_shape(n->g, leaves[i]));
        for (size_t k = 0; k < size; k++) sum += content[k] * content[k];
    }
    return sum;
}

static void assert_close(double got, double expected, const char *name, const char *what, int at)
{
    ck_assert_msg(fabs(got - expected) <= 1e-5 * fmax(1, fabs(expected)),
                  "%s: %s[%d] is %.12g, not %.12g", name, what, at, got, expected);
}

START_TEST(test_fifty_steps)
{
    fixture *f = fixture_load("averages.txt");
    const char *name = fixture_case(f, _i), *stages = fixture_text(f, name, "stages");
    network n;
    network_start(&n, PB_F32, PB_SHAPE(5, 6), 3, true);
    n.b.steps = STEPS;
    n.b.step = pb_leaf(n.g, PB_ROLE_STATE, "step", PB_I32, PB_SCALAR, (pb_init){0});
    build(&n, stages);
    pb_value averages[4];
    for (int i = 0; i < 4; i++) averages[i] = pb_builder_average_of(n.g, n.b.params[i]);
    const pb_value step = n.b.step;
    const pb_average average = n.b.average;
    int count;
    double *expected = fixture_numbers(f, name, "squares", &count);
    ck_assert_int_eq(count, STEPS * EPOCHS - UNSEEN);
    for (int i = 0; i < STEPS * EPOCHS; i++) {
        const pb_rate_time time = {.epochs = EPOCHS, .steps = STEPS, .epoch = i / STEPS};
        pb_average_epoch(&average, &time, leaf_content(&n, average.leaf));
        leaf_content(&n, step)[0] = i % STEPS;
        network_step(&n);
        if (i >= UNSEEN)
            assert_close(squares(&n, 4, averages), expected[i - UNSEEN], name, "squares", i);
    }
    free(expected);

    pb_builder_init(&n.b, n.ctx, n.g, false, 3, n.samples, n.labels);
    build(&n, stages);
    for (int i = 0; i < 4; i++) {
        char key[32];
        snprintf(key, sizeof key, "average_%d", i);
        ck_assert_int_eq(n.b.params[i], averages[i]); /* evaluation takes the average */
        expected = fixture_numbers(f, name, key, &count);
        for (int k = 0; k < count; k++)
            assert_close(leaf_content(&n, averages[i])[k], expected[k], name, key, k);
        free(expected);
    }
    network_free(&n);
    fixture_free(f);
}
END_TEST

/* A frozen parameter has no average, and is evaluated itself. */
START_TEST(test_frozen_has_no_average)
{
    static const char stages[] = "[load, linear: {features: 3}, cross_entropy, "
                                 "freeze: {params: '*.bias'}, sgd, average]";
    network n;
    network_start(&n, PB_F32, PB_SHAPE(5, 6), 3, true);
    build(&n, stages);
    const pb_value bias = n.b.params[1];
    ck_assert_int_ne(pb_builder_average_of(n.g, n.b.params[0]), PB_NONE);
    ck_assert_int_eq(pb_builder_average_of(n.g, bias), PB_NONE);
    pb_builder_init(&n.b, n.ctx, n.g, false, 3, n.samples, n.labels);
    build(&n, stages);
    ck_assert_int_eq(n.b.params[1], bias);
    network_free(&n);
}
END_TEST

START_TEST(test_twice_is_an_error)
{
    network n;
    network_start(&n, PB_F32, PB_SHAPE(5, 6), 3, true);
    ck_assert_int_eq(network_build(&n, "[linear: {features: 3}, average, average]"), PB_ERR_CONFIG);
    ck_assert_ptr_nonnull(
        strstr(pb_error(n.ctx), "average_2: the parameters are averaged already"));
    network_free(&n);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("average");
    TCase *tcase = tcase_create("average");
    tcase_add_loop_test(tcase, test_fifty_steps, 0, CASES);
    tcase_add_test(tcase, test_frozen_has_no_average);
    tcase_add_test(tcase, test_twice_is_an_error);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
