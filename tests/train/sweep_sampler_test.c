/* Samplers: mixtures against Optuna's numbers, the order of a grid, draws that repeat, and a search
 * that learns. */
#include "../base/scratch.h"
#include "sweep_fixture.h"
#include "train/parzen.h"
#include "train/sampler.h"

/* ---- the mixtures of the tree-structured Parzen estimator ---- */

START_TEST(mixtures_are_as_optunas)
{
    pb_context *ctx = pb_context_create();
    FILE *file = open_fixture("sweep_parzen.txt");
    char word[32];
    int cases = 0;
    while (fscanf(file, "%31s", word) == 1) {
        double observed[64], asked[64], expected[64];
        int count, points;
        const pb_dimension d = read_dimension(file);
        ck_assert_int_eq(fscanf(file, " observations %d", &count), 1);
        read_numbers(file, count, observed);
        ck_assert_int_eq(fscanf(file, " densities %d", &points), 1);
        read_numbers(file, points, asked);
        read_numbers(file, points, expected);
        pb_parzen p;
        ck_assert_int_eq(pb_parzen_create(ctx, &d, observed, count, &p), PB_OK);
        for (int i = 0; i < points; i++) {
            const double got = pb_parzen_score(&p, asked[i]);
            ck_assert_msg(fabs(got - expected[i]) <= 1e-9 * fmax(1, fabs(expected[i])),
                          "case %d, %d observations, at %g: %.15g, Optuna says %.15g", cases, count,
                          asked[i], got, expected[i]);
        }
        pb_parzen_clear(&p);
        cases++;
    }
    ck_assert_int_eq(cases, 58);
    fclose(file);
    pb_context_free(&ctx);
}
END_TEST

/* P(Z < z) */
static double below(double z)
{
    return 0.5 * (1 + erf(z / sqrt(2)));
}

/* Draws of a mixture fall into equal pieces of its range as its kernels, cut off at the bounds,
 * say. */
START_TEST(draws_follow_the_mixture)
{
    enum { PIECES = 8, DRAWS = 20000 };
    pb_context *ctx = pb_context_create();
    const double observed[] = {0.3, 0.35, 0.9};
    const pb_dimension d = {.key = "x", .low = 0, .high = 1};
    pb_parzen p;
    ck_assert_int_eq(pb_parzen_create(ctx, &d, observed, 3, &p), PB_OK);
    int hits[PIECES] = {0};
    for (int i = 0; i < DRAWS; i++) { /* a rank-1 lattice: even in both coordinates */
        const double x =
            pb_parzen_sample(&p, fmod((i + 0.5) * 0.6180339887498949, 1), (i + 0.5) / DRAWS);
        ck_assert(x >= 0 && x <= 1);
        hits[x < 1 ? (int)(PIECES * x) : PIECES - 1]++;
    }
    for (int piece = 0; piece < PIECES; piece++) {
        double mass = 0;
        const double from = (double)piece / PIECES, to = (piece + 1.0) / PIECES;
        for (int k = 0; k < p.count; k++) {
            const double mu = p.mus[k], sigma = p.sigmas[k];
            mass += p.weights[k] * (below((to - mu) / sigma) - below((from - mu) / sigma)) /
                    (below((1 - mu) / sigma) - below(-mu / sigma));
        }
        ck_assert_double_eq_tol((double)hits[piece] / DRAWS, mass, 0.004);
    }
    pb_parzen_clear(&p);
    pb_context_free(&ctx);
}
END_TEST

/* ---- grid ---- */

static const char *const activations[] = {"relu", "tanh"};
static pb_dimension grid_dimensions[] = {
    {.key = "a",
     .kind = PB_DIMENSION_CATEGORICAL,
     .choices = (const char **)activations,
     .choice_count = 2},
    {.key = "lr", .log = true, .low = 0.01, .high = 1, .points = 3},
    {.key = "n", .kind = PB_DIMENSION_INT, .low = 2, .high = 6, .step = 2},
};
static const pb_space grid_space = {grid_dimensions, 3};

START_TEST(a_grid_goes_by_its_last_key)
{
    static const double lr[] = {0.01, 0.1, 1}, n[] = {2, 4, 6};
    ck_assert_int_eq(pb_grid_count(&grid_space), 18);
    for (int i = 0; i < 18; i++) {
        double point[3];
        pb_sample_grid(&grid_space, i, point);
        ck_assert_double_eq(point[0], i / 9);
        ck_assert_double_eq_tol(point[1], lr[i / 3 % 3], 1e-12);
        ck_assert_double_eq(point[2], n[i % 3]);
    }
}
END_TEST

/* A point whose trial failed is taken again; running, complete and pruned ones are not. */
START_TEST(a_grid_makes_up_for_failed_trials)
{
    static hand h;
    static const pb_trial_state states[] = {PB_TRIAL_COMPLETE, PB_TRIAL_FAIL, PB_TRIAL_RUNNING,
                                            PB_TRIAL_PRUNED};
    for (int i = 0; i < 4; i++) hand_add(&h, states[i], NAN)->grid = i;
    ck_assert_int_eq(pb_grid_next(&grid_space, &h.trials), 1);
    hand_add(&h, PB_TRIAL_RUNNING, NAN)->grid = 1;
    ck_assert_int_eq(pb_grid_next(&grid_space, &h.trials), 4);
}
END_TEST

START_TEST(a_grid_without_points_has_no_end)
{
    pb_dimension open = {.key = "x", .low = 0, .high = 1};
    const pb_space space = {&open, 1};
    ck_assert_int_eq(pb_grid_count(&space), -1);
    open.points = 2000000000;
    pb_dimension both[] = {open, open};
    const pb_space large = {both, 2};
    ck_assert_int_eq(pb_grid_count(&large), 0);
}
END_TEST

/* ---- random ---- */

START_TEST(random_draws_repeat_and_differ)
{
    double a[3], b[3];
    pb_sample_random(&grid_space, 7, 4, a);
    pb_sample_random(&grid_space, 7, 4, b);
    ck_assert_mem_eq(a, b, sizeof a);
    pb_sample_random(&grid_space, 7, 5, b);
    ck_assert_double_ne(a[1], b[1]);
    pb_sample_random(&grid_space, 8, 4, b);
    ck_assert_double_ne(a[1], b[1]);
    /* The stream of a key does not move when another key joins the space. */
    const pb_space alone = {&grid_dimensions[1], 1};
    pb_sample_random(&alone, 7, 4, b);
    ck_assert_double_eq(a[1], b[0]);
}
END_TEST

START_TEST(random_draws_are_spread_evenly)
{
    enum { DRAWS = 6000 };
    int decades[2] = {0}, sizes[3] = {0}, words[2] = {0};
    for (int i = 0; i < DRAWS; i++) {
        double p[3];
        pb_sample_random(&grid_space, 1, i, p);
        ck_assert(p[1] >= 0.01 && p[1] <= 1);
        decades[p[1] >= 0.1]++;
        sizes[(int)(p[2] / 2) - 1]++;
        words[(int)p[0]]++;
    }
    for (int i = 0; i < 3; i++) /* five standard deviations */
        ck_assert_double_eq_tol(sizes[i] / (double)DRAWS, 1 / 3.0, 5 * sqrt(2 / 9.0 / DRAWS));
    for (int i = 0; i < 2; i++) {
        ck_assert_double_eq_tol(words[i] / (double)DRAWS, 0.5, 5 * sqrt(0.25 / DRAWS));
        ck_assert_double_eq_tol(decades[i] / (double)DRAWS, 0.5, 5 * sqrt(0.25 / DRAWS));
    }
}
END_TEST

/* ---- a search that learns ---- */

/* A bowl in the logarithm of x, in y and in a choice; its least value is 0. */
static double bowl(const double p[3])
{
    const double u = log10(p[0]) + 2, v = p[1] - 0.7, w = p[2] == 2 ? 0 : 0.5;
    return u * u + 4 * v * v + w;
}

static double search(pb_context *ctx, bool learns, bool maximise, uint64_t seed)
{
    static const char *const words[] = {"a", "b", "c", "d"};
    pb_dimension d[] = {{.key = "x", .log = true, .low = 1e-5, .high = 10},
                        {.key = "y", .low = -1, .high = 2},
                        {.key = "z",
                         .kind = PB_DIMENSION_CATEGORICAL,
                         .choices = (const char **)words,
                         .choice_count = 4}};
    const pb_space space = {d, 3};
    static hand h;
    double best = INFINITY;
    h.trials.count = 0;
    for (int i = 0; i < 60; i++) {
        double p[3];
        if (learns)
            ck_assert_int_eq(pb_sample_tpe(ctx, &space, &h.trials, maximise, seed, i, p), PB_OK);
        else
            pb_sample_random(&space, seed, i, p);
        const double value = bowl(p);
        memcpy(hand_add(&h, PB_TRIAL_COMPLETE, maximise ? -value : value)->point, p, sizeof p);
        best = fmin(best, value);
    }
    return best;
}

/* Over 20 seeds of 60 trials, the mean of the best value is at most 0.4 of what random draws find;
 * about 0.2 is usual. */
START_TEST(tpe_finds_what_chance_does_not)
{
    pb_context *ctx = pb_context_create();
    for (int maximise = 0; maximise < 2; maximise++) {
        double learned = 0, drawn = 0;
        for (uint64_t seed = 0; seed < 20; seed++) {
            learned += search(ctx, true, maximise, seed) / 20;
            drawn += search(ctx, false, maximise, seed) / 20;
        }
        ck_assert_msg(learned < 0.4 * drawn, "TPE comes to %g, random draws to %g", learned, drawn);
    }
    pb_context_free(&ctx);
}
END_TEST

/* The first ten are random; failed and running trials teach nothing. */
START_TEST(tpe_begins_at_random)
{
    pb_context *ctx = pb_context_create();
    static hand h;
    pb_dimension d = {.key = "x", .low = 0, .high = 1};
    const pb_space space = {&d, 1};
    for (int i = 0; i < 9; i++) *hand_add(&h, PB_TRIAL_COMPLETE, i)->point = 0.1 * i;
    for (int i = 0; i < 9; i++)
        *hand_add(&h, i % 2 ? PB_TRIAL_FAIL : PB_TRIAL_RUNNING, NAN)->point = 0.5;
    double drawn, learned;
    pb_sample_random(&space, 3, 18, &drawn);
    ck_assert_int_eq(pb_sample_tpe(ctx, &space, &h.trials, true, 3, 18, &learned), PB_OK);
    ck_assert_double_eq(drawn, learned);
    *hand_add(&h, PB_TRIAL_PRUNED, NAN)->point = 0.9;
    pb_sample_random(&space, 3, 19, &drawn);
    ck_assert_int_eq(pb_sample_tpe(ctx, &space, &h.trials, true, 3, 19, &learned), PB_OK);
    ck_assert_double_ne(drawn, learned);
    pb_context_free(&ctx);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("samplers");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, mixtures_are_as_optunas);
    tcase_add_test(tcase, draws_follow_the_mixture);
    tcase_add_test(tcase, a_grid_goes_by_its_last_key);
    tcase_add_test(tcase, a_grid_makes_up_for_failed_trials);
    tcase_add_test(tcase, a_grid_without_points_has_no_end);
    tcase_add_test(tcase, random_draws_repeat_and_differ);
    tcase_add_test(tcase, random_draws_are_spread_evenly);
    tcase_add_test(tcase, tpe_finds_what_chance_does_not);
    tcase_add_test(tcase, tpe_begins_at_random);
    return run_case("sweep_sampler", tcase);
}
