/* Augmented samples against pixels computed here in another way: the matrix of a movement inverted,
 * and its random numbers from base/rng.h. */
#include "draws.h"
#include "stage/beta.h"

enum { CHANNELS = 2, HEIGHT = 7, WIDTH = 9, PIXELS = CHANNELS * HEIGHT * WIDTH };

/* What `augment_1` draws first for a sample and a purpose, in [low, high). */
static double drawn(const char *purpose, int number, double low, double high)
{
    char full[64];
    snprintf(full, sizeof full, "augment_1.%s", purpose);
    return low +
           (high - low) * pb_stream_uniform(pb_stream_make(SEED, full, EPOCH), (uint64_t)number);
}

/* ---- movements ---- */

typedef enum { EDGE, WRAP, FILL } outside;

static double pixel(const double *plane, int y, int x, outside border, double fill)
{
    if (border == EDGE) {
        y = y < 0 ? 0 : y < HEIGHT ? y : HEIGHT - 1;
        x = x < 0 ? 0 : x < WIDTH ? x : WIDTH - 1;
    }
    if (border == WRAP) y = (y % HEIGHT + HEIGHT) % HEIGHT, x = (x % WIDTH + WIDTH) % WIDTH;
    return y < 0 || y >= HEIGHT || x < 0 || x >= WIDTH ? fill : plane[y * WIDTH + x];
}

/* A border of edges goes on with the nearest point of the image, between pixels too. */
static double between_pixels(const double *plane, double y, double x, outside border, double fill)
{
    if (border == EDGE) y = fmin(fmax(y, 0), HEIGHT - 1), x = fmin(fmax(x, 0), WIDTH - 1);
    const int top = (int)floor(y), left = (int)floor(x);
    const double v = y - top, u = x - left;
    return (1 - v) * ((1 - u) * pixel(plane, top, left, border, fill) +
                      u * pixel(plane, top, left + 1, border, fill)) +
           v * ((1 - u) * pixel(plane, top + 1, left, border, fill) +
                u * pixel(plane, top + 1, left + 1, border, fill));
}

/* q = M p + t, all from the centre of the image. */
typedef struct movement {
    double m[2][2], t[2]; /* [x, y] */
} movement;

static void apply(double m[2][2], double a, double b, double c, double d)
{
    const double n[2][2] = {{a * m[0][0] + b * m[1][0], a * m[0][1] + b * m[1][1]},
                            {c * m[0][0] + d * m[1][0], c * m[0][1] + d * m[1][1]}};
    memcpy(m, n, sizeof n);
}

static movement movement_of(int number)
{
    const double degree = acos(-1) / 180, s = drawn("scale", number, 0.8, 1.2),
                 turn = drawn("rotate", number, -30 * degree, 30 * degree),
                 slant = drawn("shear", number, -15 * degree, 15 * degree);
    movement m = {.m = {{1, 0}, {0, 1}},
                  .t = {drawn("shift.x", number, -2, 2), drawn("shift.y", number, -2, 2)}};
    apply(m.m, drawn("flip.x", number, 0, 1) < 0.5 ? -1 : 1, 0, 0,
          drawn("flip.y", number, 0, 1) < 0.5 ? -1 : 1);
    apply(m.m, 1, tan(slant), 0, 1);
    apply(m.m, cos(turn), -sin(turn), sin(turn), cos(turn));
    apply(m.m, s, 0, 0, s);
    return m;
}

/* Where the pixel at (x, y) was. */
static void undo(const movement *m, double x, double y, double *px, double *py)
{
    const double dx = x - (WIDTH - 1) / 2.0 - m->t[0], dy = y - (HEIGHT - 1) / 2.0 - m->t[1];
    const double det = m->m[0][0] * m->m[1][1] - m->m[0][1] * m->m[1][0];
    *px = (m->m[1][1] * dx - m->m[0][1] * dy) / det + (WIDTH - 1) / 2.0;
    *py = (m->m[0][0] * dy - m->m[1][0] * dx) / det + (HEIGHT - 1) / 2.0;
}

START_TEST(test_moves_images)
{
    static const char *const borders[] = {"edge", "wrap", "fill"};
    char stages[256];
    snprintf(stages, sizeof stages,
             "[load, augment: {rotate: 30, shift: 2, scale: 0.2, shear: 15, flip: both, "
             "border: %s, fill: 3}]",
             borders[_i]);
    network n;
    draws_start(&n, PB_SHAPE(BATCH, CHANNELS, HEIGHT, WIDTH), stages);
    double *got = draws_content(&n, n.b.x);
    const double *x = leaf_content(&n, n.samples);
    for (int i = 0; i < BATCH; i++) {
        const movement m = movement_of(numbers[i]);
        for (int k = 0; k < PIXELS; k++) {
            double px, py;
            undo(&m, k % WIDTH, k / WIDTH % HEIGHT, &px, &py);
            const double *plane = x + i * PIXELS + k / (HEIGHT * WIDTH) * HEIGHT * WIDTH;
            const double want = between_pixels(plane, py, px, (outside)_i, 3);
            ck_assert_double_eq_tol(got[i * PIXELS + k], want, 1e-4);
        }
    }
    free(got);
    network_free(&n);
}
END_TEST

/* Nothing is blurred: a mirrored pixel is a pixel. */
START_TEST(test_mirrors_exactly)
{
    network n;
    draws_start(&n, PB_SHAPE(BATCH, HEIGHT, WIDTH), "[load, augment: {flip: both}]");
    double *got = draws_content(&n, n.b.x);
    const double *x = leaf_content(&n, n.samples);
    int mirrored = 0;
    for (int i = 0; i < BATCH; i++) {
        const bool across = drawn("flip.x", numbers[i], 0, 1) < 0.5,
                   down = drawn("flip.y", numbers[i], 0, 1) < 0.5;
        mirrored += across + down;
        for (int k = 0; k < HEIGHT * WIDTH; k++) {
            const int row = k / WIDTH, column = k % WIDTH;
            const int from =
                (down ? HEIGHT - 1 - row : row) * WIDTH + (across ? WIDTH - 1 - column : column);
            ck_assert_double_eq(got[i * HEIGHT * WIDTH + k], x[i * HEIGHT * WIDTH + from]);
        }
    }
    ck_assert(mirrored > 0 && mirrored < 2 * BATCH);
    free(got);
    network_free(&n);
}
END_TEST

/* A signal goes round, and both of its channels alike. */
START_TEST(test_moves_signals)
{
    enum { LENGTH = 11 };
    network n;
    draws_start(&n, PB_SHAPE(BATCH, 2 * LENGTH),
                "[load, reshape: {shape: [2, 1, 11]}, augment: {shift: 20, border: wrap}]");
    double *got = draws_content(&n, n.b.x);
    const double *x = leaf_content(&n, n.samples);
    for (int i = 0; i < BATCH; i++) {
        const double shift = drawn("shift.x", numbers[i], -20, 20);
        for (int k = 0; k < 2 * LENGTH; k++) {
            const double from = k % LENGTH - shift, u = from - floor(from);
            const int low = (int)floor(from) + 20 * LENGTH;
            const double *line = x + (2 * i + k / LENGTH) * LENGTH;
            const double want = (1 - u) * line[low % LENGTH] + u * line[(low + 1) % LENGTH];
            ck_assert_double_eq_tol(got[2 * i * LENGTH + k], want, 1e-4);
        }
    }
    free(got);
    network_free(&n);
}
END_TEST

/* ---- noise, cutout ---- */

START_TEST(test_adds_noise)
{
    network n;
    draws_start(&n, PB_SHAPE(BATCH, HEIGHT, WIDTH), "[load, augment: {noise: 0.2}]");
    double *got = draws_content(&n, n.b.x);
    const double *x = leaf_content(&n, n.samples);
    const pb_stream s = pb_stream_make(SEED, "augment_1.noise", EPOCH);
    for (int i = 0; i < BATCH * HEIGHT * WIDTH; i++) {
        const uint64_t index = (uint64_t)numbers[i / (HEIGHT * WIDTH)] * HEIGHT * WIDTH +
                               (uint64_t)(i % (HEIGHT * WIDTH));
        ck_assert_double_eq_tol(got[i], x[i] + 0.2 * pb_stream_normal(s, index), 1e-6);
    }
    free(got);
    network_free(&n);
}
END_TEST

START_TEST(test_cuts_squares_out)
{
    enum { SIZE = 4 };
    network n;
    draws_start(&n, PB_SHAPE(BATCH, CHANNELS, HEIGHT, WIDTH),
                "[load, augment: {cutout: 4, fill: -9}]");
    double *got = draws_content(&n, n.b.x);
    const double *x = leaf_content(&n, n.samples);
    for (int i = 0; i < BATCH * PIXELS; i++) {
        const int number = numbers[i / PIXELS], row = i / WIDTH % HEIGHT, column = i % WIDTH;
        const int top = (int)drawn("cutout.y", number, 0, HEIGHT) - SIZE / 2,
                  left = (int)drawn("cutout.x", number, 0, WIDTH) - SIZE / 2;
        const bool cut = row >= top && row < top + SIZE && column >= left && column < left + SIZE;
        ck_assert_double_eq_tol(got[i], cut ? -9 : x[i], 1e-12);
    }
    free(got);
    network_free(&n);
}
END_TEST

/* ---- mixup ---- */

/* Closed forms: Beta(1, 1) is uniform, Beta(1/2, 1/2) the arcsine distribution, and the
 * distribution function of Beta(2, 2) is x^2 (3 - 2 x). */
START_TEST(test_quantiles_of_beta)
{
    enum { PIECES = 64 };
    float q[PIECES + 1];
    ck_assert(pb_beta_quantiles(1, PIECES, q));
    for (int k = 0; k <= PIECES; k++) ck_assert_double_eq_tol(q[k], k / (double)PIECES, 1e-6);
    ck_assert(pb_beta_quantiles(0.5, PIECES, q));
    for (int k = 0; k <= PIECES; k++)
        ck_assert_double_eq_tol(q[k], pow(sin(acos(-1) / 2 * k / PIECES), 2), 1e-6);
    ck_assert(pb_beta_quantiles(2, PIECES, q));
    for (int k = 0; k <= PIECES; k++)
        ck_assert_double_eq_tol(q[k] * q[k] * (3 - 2 * q[k]), k / (double)PIECES, 1e-5);
    for (double alpha = 0.05; alpha < 100; alpha *= 1.7) {
        ck_assert(pb_beta_quantiles(alpha, PIECES, q));
        for (int k = 0; k < PIECES; k++) ck_assert(q[k] <= q[k + 1]);
        ck_assert(q[0] >= 0 && q[PIECES] <= 1 && fabs((double)q[PIECES / 2] - 0.5) < 1e-6);
    }
}
END_TEST

/* Beta(1, 1) makes the share of a sample the drawn number itself, or what is left of it. */
START_TEST(test_mixes_samples_and_labels)
{
    enum { LENGTH = 6 };
    network n;
    draws_start(&n, PB_SHAPE(BATCH, LENGTH),
                "[load, augment: {mixup: 1}, linear: {features: 3}, cross_entropy: "
                "{smoothing: 0.1}]");
    double *got = draws_content(&n, pb_builder_find(&n.b, "augmented")),
           *targets = draws_content(&n, n.b.targets), *logits = draws_content(&n, n.b.logits),
           *losses = draws_content(&n, pb_builder_find(&n.b, "sample_loss"));
    const double *x = leaf_content(&n, n.samples), *labels = leaf_content(&n, n.labels);
    for (int i = 0; i < BATCH; i++) {
        const int next = (i + 1) % BATCH;
        const double u = drawn("mixup", numbers[i], 0, 1), share = fmax(u, 1 - u);
        for (int k = 0; k < LENGTH; k++)
            ck_assert_double_eq_tol(got[i * LENGTH + k],
                                    share * x[i * LENGTH + k] + (1 - share) * x[next * LENGTH + k],
                                    1e-5);
        double sum = 0, loss = 0;
        for (int c = 0; c < 3; c++) sum += exp(logits[3 * i + c]);
        for (int c = 0; c < 3; c++) {
            const double p = share * (labels[i] == c) + (1 - share) * (labels[next] == c);
            ck_assert_double_eq_tol(targets[3 * i + c], p, 1e-5);
            loss -= (0.9 * p + 0.1 / 3) * (logits[3 * i + c] - log(sum));
        }
        ck_assert_double_eq_tol(losses[i], loss, 1e-5);
    }
    free(got);
    free(targets);
    free(logits);
    free(losses);
    network_free(&n);
}
END_TEST

/* ---- what it depends on ---- */

/* A sample is what it is in whatever place of a batch; another epoch makes it another. */
START_TEST(test_depends_on_sample_and_epoch)
{
    static const char stages[] =
        "[load, augment: {rotate: 20, shift: 1, noise: 0.1, cutout: 3, flip: both}]";
    enum { COUNT = HEIGHT * WIDTH };
    network n;
    draws_start(&n, PB_SHAPE(BATCH, HEIGHT, WIDTH), stages);
    double *x = leaf_content(&n, n.samples), *sample = leaf_content(&n, n.b.draws.sample);
    double *before = draws_content(&n, n.b.x);
    for (int k = 0; k < COUNT; k++) { /* the first and the fourth change places */
        const double kept = x[k];
        x[k] = x[3 * COUNT + k];
        x[3 * COUNT + k] = kept;
    }
    sample[0] = numbers[3];
    sample[3] = numbers[0];
    double *after = draws_content(&n, n.b.x);
    ck_assert_int_eq(memcmp(after, before + 3 * COUNT, COUNT * sizeof *after), 0);
    ck_assert_int_eq(memcmp(after + 3 * COUNT, before, COUNT * sizeof *after), 0);
    *leaf_content(&n, n.b.draws.epoch) = EPOCH + 1;
    double *later = draws_content(&n, n.b.x);
    ck_assert_int_ne(memcmp(after, later, COUNT * sizeof *after), 0);
    free(before);
    free(after);
    free(later);
    network_free(&n);
}
END_TEST

START_TEST(test_evaluation_changes_nothing)
{
    network n;
    network_start(&n, PB_F32, PB_SHAPE(BATCH, HEIGHT, WIDTH), 3, false);
    ck_assert_int_eq(network_build(&n, "[load, augment: {rotate: 9, mixup: 1}]"), PB_OK);
    ck_assert_int_eq(n.b.x, pb_builder_find(&n.b, "pixels"));
    ck_assert_int_eq(n.b.targets, PB_NONE);
    network_free(&n);
}
END_TEST

/* Pixels are now those of the augmented sample, and no bytes stand for them any more. */
START_TEST(test_pixels_are_the_augmented_ones)
{
    network n;
    network_start(&n, PB_U8, PB_SHAPE(BATCH, HEIGHT, WIDTH), 3, true);
    n.b.draws = (pb_draw){.key = draws_leaf(&n, "key", PB_SCALAR),
                          .epoch = draws_leaf(&n, "epoch", PB_SCALAR),
                          .sample = draws_leaf(&n, "numbers", PB_SHAPE(BATCH))};
    ck_assert_int_eq(network_build(&n, "[load, augment: {flip: both}]"), PB_OK);
    ck_assert_int_eq(n.b.x, pb_builder_find(&n.b, "pixels"));
    ck_assert_int_eq(pb_builder_find(&n.b, "levels"), PB_NONE);
    network_free(&n);
}
END_TEST

static const struct {
    const char *stages, *message;
} mistakes[] = {
    {"[load, augment: {rotate: 5}]", "augment_1: rotate needs images"},
    {"[load, augment: {shear: 5}]", "augment_1: shear needs images"},
    {"[load, augment: {flip: vertical}]", "augment_1: flip needs images"},
    {"[load, linear: {features: 4}, augment: {noise: 1}]", "augment_1: stands behind a layer"},
};

START_TEST(test_says_what_does_not_fit)
{
    network n;
    network_start(&n, PB_F32, PB_SHAPE(BATCH, 8), 3, false);
    ck_assert_int_eq(network_build(&n, mistakes[_i].stages), PB_ERR_CONFIG);
    ck_assert_msg(strstr(pb_error(n.ctx), mistakes[_i].message), "%s", pb_error(n.ctx));
    network_free(&n);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("augmentation");
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, test_moves_images, 0, 3);
    const TTest *const list[] = {test_mirrors_exactly,
                                 test_moves_signals,
                                 test_adds_noise,
                                 test_cuts_squares_out,
                                 test_quantiles_of_beta,
                                 test_mixes_samples_and_labels,
                                 test_depends_on_sample_and_epoch,
                                 test_evaluation_changes_nothing,
                                 test_pixels_are_the_augmented_ones};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) tcase_add_test(tests, list[i]);
    tcase_add_loop_test(tests, test_says_what_does_not_fit, 0,
                        (int)(sizeof mistakes / sizeof *mistakes));
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
