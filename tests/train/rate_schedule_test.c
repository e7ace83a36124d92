/* Learning rates: fifty steps of each schedule against PyTorch's
 * (../stage/fixtures/make_schedules.py), what the device sees of them, and options that contradict
 * each other. */
#include "../stage/network.h"
#include "train/rate_schedule.h"

enum { STEPS = 50, CASES = 20 };

static double *numbers(const fixture *f, const char *name, const char *key, int wanted)
{
    int count;
    double *found = fixture_numbers(f, name, key, &count);
    ck_assert_int_eq(count, wanted);
    return found;
}

/* A network whose epochs have so many steps. */
static void start(network *n, int steps)
{
    network_start(n, PB_F32, PB_SHAPE(5, 6), 3, true);
    n->b.steps = steps;
    n->b.step = pb_leaf(n->g, PB_ROLE_STATE, "step", PB_I32, PB_SCALAR, (pb_init){0});
}

static void build(network *n, const char *stages)
{
    ck_assert_msg(network_build(n, stages) == PB_OK, "%s: %s", stages, pb_error(n->ctx));
    ck_assert_msg(pb_builder_finish(&n->b) == PB_OK, "%s: %s", stages, pb_error(n->ctx));
}

static void assert_close(const double *got, const double *expected, double tolerance,
                         const char *name, const char *what)
{
    for (int i = 0; i < STEPS; i++)
        ck_assert_msg(fabs(got[i] - expected[i]) <= tolerance * fabs(expected[i]) + 1e-15,
                      "%s: %s[%d] is %.17g, not %.17g", name, what, i, got[i], expected[i]);
}

START_TEST(test_fifty_steps)
{
    fixture *f = fixture_load("schedules.txt");
    const char *name = fixture_case(f, _i);
    ck_assert_ptr_nonnull(name);
    double *epochs = numbers(f, name, "epochs", 1), *expected = numbers(f, name, "rates", STEPS);
    double *expected_losses = numbers(f, name, "losses", STEPS), rates[STEPS], losses[STEPS];
    int given_count;
    double *given = fixture_numbers(f, name, "given", &given_count);
    pb_rate_time time = {
        .epochs = (int)epochs[0], .steps = STEPS / (int)epochs[0], .losses = given};
    ck_assert_int_eq(given_count, time.epochs);

    network n;
    start(&n, time.steps);
    build(&n, fixture_text(f, name, "stages"));
    ck_assert_int_eq(n.b.rate_count, 1);
    const pb_shape leaf_shape = pb_value_shape(n.g, n.b.rates[0].leaf);
    const bool varies = n.b.rates[0].by_step || n.b.rates[0].warmup > 0;
    ck_assert_int_eq((int)pb_shape_count(leaf_shape), varies ? time.steps : 1);
    for (; time.epoch < time.epochs; time.epoch++) {
        double *table = leaf_content(&n, n.b.rates[0].leaf);
        double *of_epoch = rates + time.epoch * time.steps;
        pb_rate_epoch(&n.b.rates[0], &time, of_epoch);
        memcpy(table, of_epoch, pb_shape_count(leaf_shape) * sizeof *table);
        for (int i = 0; i < time.steps; i++) {
            double *loss;
            leaf_content(&n, n.b.step)[0] = i;
            network_evaluate(&n, 1, &n.b.loss, &loss);
            losses[time.epoch * time.steps + i] = *loss;
            free(loss);
            network_step(&n);
        }
    }
    assert_close(rates, expected, 1e-12, name, "rate");
    assert_close(losses, expected_losses, 1e-5, name, "loss");
    free(epochs), free(expected), free(expected_losses), free(given);
    network_free(&n);
    fixture_free(f);
}
END_TEST

START_TEST(test_fixtures_all_run)
{
    fixture *f = fixture_load("schedules.txt");
    ck_assert_ptr_nonnull(fixture_case(f, CASES - 1));
    ck_assert_ptr_null(fixture_case(f, CASES)); /* the loop of test_fifty_steps ends here */
    fixture_free(f);
}
END_TEST

/* Without losses of epochs plateau keeps its rate, as if they fell all the time. */
START_TEST(test_plateau_without_losses)
{
    const pb_rate rate = {.base = 0.25, .schedule = "plateau", .gamma = 0.1};
    double rates[2];
    pb_rate_epoch(&rate, &(pb_rate_time){.epochs = 9, .steps = 2, .epoch = 8}, rates);
    ck_assert_double_eq(rates[0], 0.25);
    ck_assert_double_eq(rates[1], 0.25);
}
END_TEST

/* An epoch of a warm-up is the epoch of no loss: what fell or rose then does not count. */
START_TEST(test_plateau_begins_after_the_warm_up)
{
    const pb_rate rate = {.base = 1, .schedule = "plateau", .gamma = 0.5, .warmup = 2};
    const double losses[] = {1, 1, 3, 3, 3};
    double found;
    pb_rate_time time = {.epochs = 9, .steps = 1, .epoch = 3, .losses = losses};
    pb_rate_epoch(&rate, &time, &found);
    ck_assert_double_eq(found, 1);
    time.epoch = 5;
    pb_rate_epoch(&rate, &time, &found);
    ck_assert_double_eq(found, 0.25);
}
END_TEST

/* One cycle of a single step, and one without a rise, divide by nothing. */
START_TEST(test_short_cycles)
{
    const pb_rate rate = {
        .base = 1, .schedule = "one_cycle", .by_step = true, .divisor = 10, .last_divisor = 10};
    double rates[3];
    pb_rate_epoch(&rate, &(pb_rate_time){.epochs = 1, .steps = 1}, rates);
    ck_assert_double_eq(rates[0], 1);
    pb_rate_epoch(&rate, &(pb_rate_time){.epochs = 1, .steps = 3}, rates);
    ck_assert_double_eq_tol(rates[0], 1, 1e-15);
    ck_assert_double_eq_tol(rates[1], 0.505, 1e-15);
    ck_assert_double_eq_tol(rates[2], 0.01, 1e-15);
}
END_TEST

static const struct {
    const char *options, *words;
} bad[] = {
    {"schedule: cosine, floor: 1", "sgd_1: floor 1 lies above lr 0.01"},
    {"schedule: cyclic, floor: 1", "sgd_1: floor 1 lies above lr 0.01"},
    {"schedule: multistep", "sgd_1: schedule multistep needs milestones"},
    {"schedule: multistep, milestones: [3, 3]", "milestone 3 comes after 3"},
    {"schedule: plateau, moves: step", "plateau looks at losses of epochs"},
    {"schedule: cosin", "did you mean cosine"},
    {"schedule: restarts, period: 0", "sgd.period"},
    {"warmup: -1", "sgd.warmup"},
};

START_TEST(test_bad_options)
{
    char stages[256];
    snprintf(stages, sizeof stages, "[load, linear: {features: 3}, cross_entropy, sgd: {%s}]",
             bad[_i].options);
    network n;
    start(&n, 4);
    ck_assert_int_eq(network_build(&n, stages), PB_ERR_CONFIG);
    ck_assert_msg(strstr(pb_error(n.ctx), bad[_i].words) != NULL, "%s: %s", stages,
                  pb_error(n.ctx));
    network_free(&n);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rate_schedule");
    TCase *tcase = tcase_create("rate_schedule");
    tcase_add_loop_test(tcase, test_fifty_steps, 0, CASES);
    tcase_add_test(tcase, test_fixtures_all_run);
    tcase_add_test(tcase, test_plateau_without_losses);
    tcase_add_test(tcase, test_plateau_begins_after_the_warm_up);
    tcase_add_test(tcase, test_short_cycles);
    tcase_add_loop_test(tcase, test_bad_options, 0, (int)(sizeof bad / sizeof *bad));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
