#include "data/mnist1d.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/mt19937.h"

/* resample() counts on every rounding; in ISO C, GCC contracts nothing by itself. */
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

enum { CLASSES = PB_MNIST1D_CLASSES, TEMPLATE = 12 };
enum { SIGMA = 2, RADIUS = 4 * SIGMA }; /* of the filter that correlates the noise */

/* Heights of the pen along each digit, as published. */
static const double pen[CLASSES][TEMPLATE] = {
    {5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5},
    {5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5},
    {5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5},
    {5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5},
    {5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5},
    {5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5},
    {5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5},
    {5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5},
    {5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5},
    {5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5},
};

/* What one signal after the other is made in. */
typedef struct workshop {
    const pb_mnist1d_options *options;
    pb_mt19937 random;
    double templates[CLASSES][TEMPLATE];
    double weights[RADIUS + 1]; /* of the noise filter: the middle, then outwards */
    int length;                 /* of a signal before it is subsampled            */
    double *padded;             /* [TEMPLATE + the most padding]                  */
    double *signal, *moved;     /* [length]                                       */
    double *noise;              /* [RADIUS + length + RADIUS]                     */
} workshop;

/* ---- statistics ---- */

/* Sum of (x - center)^power in halves, which keeps rounding errors small, as NumPy's does. */
static double sum_powers(const double x[], size_t count, double center, int power)
{
    if (count > 128) {
        const size_t half = count / 2;
        return sum_powers(x, half, center, power) +
               sum_powers(x + half, count - half, center, power);
    }
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const double d = x[i] - center;
        sum += power == 1 ? d : d * d;
    }
    return sum;
}

static double mean(const double x[], size_t count)
{
    return sum_powers(x, count, 0, 1) / (double)count;
}

static double deviation(const double x[], size_t count)
{
    return sqrt(sum_powers(x, count, mean(x, count), 2) / (double)count);
}

/* ---- signals ---- */

/* Each digit with mean 0 and variance 1, moved to begin at 0, and divided by 6. */
static void make_templates(double templates[CLASSES][TEMPLATE])
{
    for (int digit = 0; digit < CLASSES; digit++) {
        double *t = templates[digit];
        const double center = mean(pen[digit], TEMPLATE);
        for (int i = 0; i < TEMPLATE; i++) t[i] = pen[digit][i] - center;
        const double scale = deviation(t, TEMPLATE), first = t[0] / scale;
        for (int i = 0; i < TEMPLATE; i++) t[i] = (t[i] / scale - first) / 6;
    }
}

static void make_weights(double weights[RADIUS + 1])
{
    double sum = 0;
    for (int i = -RADIUS; i <= RADIUS; i++) {
        const double w = exp(-0.5 / (SIGMA * SIGMA) * (i * i));
        weights[abs(i)] = w;
        sum += w;
    }
    for (int i = 0; i <= RADIUS; i++) weights[i] /= sum;
}

/* linspace(0, 1, count)[i], to the last bit. */
static double grid(int i, int count)
{
    if (i == 0) return 0;
    return i == count - 1 ? 1 : i * (1.0 / (count - 1));
}

/* Linear interpolation of from[count] at to_count even places. Its order of operations is NumPy's:
 * whether a point between zeros comes out as exactly 0 decides whether it gets noise. */
static void resample(const double from[], int count, double to[], int to_count)
{
    int left = 0;
    for (int i = 0; i < to_count; i++) {
        const double at = grid(i, to_count);
        while (left < count - 1 && grid(left + 1, count) <= at) left++;
        const double start = grid(left, count);
        if (left == count - 1 || start == at) {
            to[i] = from[left];
        } else {
            const double slope = (from[left + 1] - from[left]) / (grid(left + 1, count) - start);
            to[i] = slope * (at - start) + from[left];
        }
    }
}

/* Zeros behind the digit, all stretched to the length of a signal. */
static void pad(workshop *w, const double template[TEMPLATE])
{
    const int low = w->options->padding[0], high = w->options->padding[1];
    const int zeros = low + (int)(pb_mt19937_uniform(&w->random) * (high - low + 1));
    for (int i = 0; i < TEMPLATE; i++) w->padded[i] = template[i] + 1e-8; /* never exactly 0 */
    memset(w->padded + TEMPLATE, 0, (size_t)zeros * sizeof *w->padded);
    resample(w->padded, TEMPLATE + zeros, w->signal, w->length);
}

static void scale_and_translate(workshop *w)
{
    const double half = pb_mt19937_uniform(&w->random) - 0.5;
    const double factor = 1 + w->options->scale_coeff * half;
    const uint32_t most = (uint32_t)w->options->max_translation;
    const int drawn = (int)pb_mt19937_choice(&w->random, most);
    const int shift = drawn < w->length ? drawn : 0; /* beyond the end, nothing moves */
    for (int i = 0; i < w->length; i++) w->moved[(i + shift) % w->length] = factor * w->signal[i];
}

/* Position `i` in an endless row of x[0..n), x(n..0], x[0..n), ... */
static int reflected(int i, int n)
{
    const int within = ((i % (2 * n)) + 2 * n) % (2 * n);
    return within < n ? within : 2 * n - 1 - within;
}

/* Smooth noise where the signal is 0: scipy.ndimage.gaussian_filter with its defaults. */
static void add_correlated_noise(workshop *w)
{
    const int n = w->length;
    double *middle = w->noise + RADIUS;
    for (int i = 0; i < n; i++)
        middle[i] = w->options->corr_noise_scale * pb_mt19937_normal(&w->random);
    for (int i = 1; i <= RADIUS; i++) {
        middle[-i] = middle[reflected(-i, n)];
        middle[n - 1 + i] = middle[reflected(n - 1 + i, n)];
    }
    for (int i = 0; i < n; i++) {
        if (w->moved[i] != 0) continue;
        double sum = middle[i] * w->weights[0];
        for (int k = RADIUS; k > 0; k--) sum += (middle[i - k] + middle[i + k]) * w->weights[k];
        w->moved[i] = sum;
    }
}

static void add_noise_and_shear(workshop *w)
{
    for (int i = 0; i < w->length; i++)
        w->moved[i] += w->options->iid_noise_scale * pb_mt19937_normal(&w->random);
    const double slope = w->options->shear_scale * (pb_mt19937_uniform(&w->random) - 0.5);
    for (int i = 0; i < w->length; i++) w->moved[i] -= slope * (grid(i, w->length) - 0.5);
}

static void make_signal(workshop *w, int digit, double out[])
{
    pad(w, w->templates[digit]);
    scale_and_translate(w);
    add_correlated_noise(w);
    add_noise_and_shear(w);
    resample(w->moved, w->length, out, w->options->final_seq_length);
}

static bool open_workshop(workshop *w, const pb_mnist1d_options *o)
{
    const size_t length = (size_t)(o->template_len + o->padding[1]);
    w->options = o;
    w->length = (int)length;
    w->padded = malloc((size_t)(TEMPLATE + o->padding[1]) * sizeof(double));
    w->signal = malloc(length * sizeof(double));
    w->moved = malloc(length * sizeof(double));
    w->noise = malloc((length + 2 * RADIUS) * sizeof(double));
    make_templates(w->templates);
    make_weights(w->weights);
    pb_mt19937_seed(&w->random, o->seed);
    return w->padded && w->signal && w->moved && w->noise;
}

static void close_workshop(workshop *w)
{
    free(w->padded);
    free(w->signal);
    free(w->moved);
    free(w->noise);
}

/* ---- the arrays ---- */

/* Puts signals, made digit by digit, into the order `rows` and their points into `points`. */
static void gather(const double *signals, const uint32_t *rows, const uint32_t *points,
                   pb_mnist1d *a)
{
    const size_t count = (size_t)(a->train_count + a->test_count), length = (size_t)a->length;
    for (size_t i = 0; i < count; i++) {
        const double *from = signals + rows[i] * length;
        double *to = a->x + i * length;
        for (size_t k = 0; k < length; k++) to[k] = from[points[k]];
        a->y[i] = (int64_t)(rows[i] / (count / CLASSES));
    }
}

static void generate(workshop *w, double *signals, uint32_t *rows, uint32_t *points, pb_mnist1d *a)
{
    const int count = a->train_count + a->test_count;
    for (int i = 0; i < count; i++)
        make_signal(w, i / (count / CLASSES), signals + (size_t)i * (size_t)a->length);
    pb_mt19937_permutation(&w->random, (uint32_t)count, rows);
    if (w->options->shuffle_seq)
        pb_mt19937_permutation(&w->random, (uint32_t)a->length, points);
    else
        for (int k = 0; k < a->length; k++) points[k] = (uint32_t)k;
    gather(signals, rows, points, a);
}

static pb_status standardise(pb_context *ctx, pb_mnist1d *a)
{
    const size_t numbers = (size_t)(a->train_count + a->test_count) * (size_t)a->length;
    const double center = mean(a->x, numbers), scale = deviation(a->x, numbers);
    if (!(scale > 1e-14 * fabs(center))) /* nothing but rounding */
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "mnist1d: with these options every number is the same, %g", center);
    for (size_t i = 0; i < numbers; i++) a->x[i] = (a->x[i] - center) / scale;
    return PB_OK;
}

pb_status pb_mnist1d_generate(pb_context *ctx, const pb_mnist1d_options *o, pb_mnist1d *a)
{
    const char *key;
    *a = (pb_mnist1d){0};
    const pb_status checked = pb_mnist1d_check(ctx, o, &key);
    if (checked != PB_OK) return pb_fail_prefix(ctx, checked, "mnist1d: %s", key);

    pb_mnist1d_count(o, &a->train_count, &a->test_count);
    a->length = o->final_seq_length;
    const size_t count = (size_t)(a->train_count + a->test_count), length = (size_t)a->length;
    double *signals = malloc(count * length * sizeof *signals);
    uint32_t *rows = malloc(count * sizeof *rows), *points = malloc(length * sizeof *points);
    a->x = malloc(count * length * sizeof *a->x);
    a->y = malloc(count * sizeof *a->y);
    workshop w;
    const bool open = open_workshop(&w, o);
    pb_status status;
    if (open && signals && rows && points && a->x && a->y) {
        generate(&w, signals, rows, points, a);
        status = standardise(ctx, a);
    } else {
        status = pb_fail(ctx, PB_ERR_MEMORY, "mnist1d: no memory for %zu samples", count);
    }
    close_workshop(&w);
    free(signals);
    free(rows);
    free(points);
    if (status != PB_OK) pb_mnist1d_clear(a);
    return status;
}

void pb_mnist1d_clear(pb_mnist1d *a)
{
    free(a->x);
    free(a->y);
    *a = (pb_mnist1d){0};
}
