/* The continuous wavelet transform of lines, as PyWavelets computes it: the line is convolved with
 * the integral of the wavelet, tabulated at 2^precision points of which each scale takes some, and
 * differences of neighbours are the coefficients. Here the filter takes the differences, in double
 * precision, and what is left is a linear map of the line.
 *
 * Source: Mallat, A Wavelet Tour of Signal Processing, Academic Press (1999), chapter 4. */
#include <passband/cwt.h>

#include <math.h>
#include <stdlib.h>

#include "graph/store.h"

static const double pi = 3.14159265358979323846;

/* ---- the wavelet as a table ---- */

/* Values or sums of them at `count` points from `lower` to `upper`, `step` apart. */
typedef struct table {
    int count;
    double step;
    double *value[2]; /* real and imaginary parts, [count] each */
} table;

static void table_free(table *t)
{
    free(t->value[0]);
    *t = (table){0};
}

/* The rounding is NumPy's linspace: which points a scale takes depends on the last bit of the step.
 */
static bool tabulate(const pb_continuous *w, int precision, table *t)
{
    const int count = 1 << precision;
    const double between = (w->upper - w->lower) / (count - 1);
    *t = (table){.count = count, .step = between + w->lower - w->lower};
    t->value[0] = malloc(2 * (size_t)count * sizeof(double));
    if (!t->value[0]) return false;
    t->value[1] = t->value[0] + count;
    for (int i = 0; i < count; i++) {
        double value[2];
        w->psi(w, i == count - 1 ? w->upper : i * between + w->lower, value);
        t->value[0][i] = value[0];
        t->value[1][i] = value[1];
    }
    return true;
}

/* From -infinity to each point, by rectangles. */
static void integrate(table *t)
{
    for (int part = 0; part < 2; part++) {
        double sum = 0;
        for (int i = 0; i < t->count; i++) {
            sum += t->value[part][i];
            t->value[part][i] = sum * t->step;
        }
    }
}

/* ---- its frequency ---- */

static void exchange(table *t, int i, int k)
{
    for (int part = 0; part < 2; part++) {
        const double kept = t->value[part][i];
        t->value[part][i] = t->value[part][k];
        t->value[part][k] = kept;
    }
}

static void bring_into_order(table *t)
{
    for (int i = 0, mirrored = 0; i < t->count; i++) {
        if (i < mirrored) exchange(t, i, mirrored);
        int bit = t->count / 2;
        for (; bit > 0 && (mirrored & bit); bit /= 2) mirrored ^= bit;
        mirrored |= bit;
    }
}

/* Discrete Fourier transform in place. Source: Cooley and Tukey, Math. Comp. 19 (1965). */
static void fourier(table *t)
{
    double *re = t->value[0], *im = t->value[1];
    bring_into_order(t);
    for (int half = 1; half < t->count; half *= 2)
        for (int k = 0; k < half; k++) {
            const double c = cos(pi * k / half), s = -sin(pi * k / half);
            for (int i = k; i < t->count; i += 2 * half) {
                const int j = i + half;
                const double a = re[j] * c - im[j] * s, b = re[j] * s + im[j] * c;
                re[j] = re[i] - a;
                im[j] = im[i] - b;
                re[i] += a;
                im[i] += b;
            }
        }
}

double pb_continuous_frequency(const pb_continuous *w, int precision)
{
    table t;
    int largest = 1;
    double most = 0;
    if (!tabulate(w, precision, &t)) return 0;
    fourier(&t);
    for (int i = 1; i < t.count; i++) {
        const double size = hypot(t.value[0][i], t.value[1][i]);
        if (size > most) most = size, largest = i;
    }
    if (largest + 1 > t.count / 2) largest = t.count - largest;
    table_free(&t);
    return largest / (w->upper - w->lower);
}

/* ---- the filter of a scale ---- */

/* Which point of the table is point k of the wavelet at a scale. */
static double point_of(const table *t, double scale, int64_t k)
{
    return floor((double)k / (scale * t->step));
}

/* Points of the wavelet at a scale that are within the table. */
static int64_t points_of(const pb_continuous *w, const table *t, double scale)
{
    int64_t count = (int64_t)ceil(scale * (w->upper - w->lower) + 1);
    while (count > 0 && point_of(t, scale, count - 1) >= t->count) count--;
    return count;
}

double pb_cwt_least_scale(const pb_continuous *w, int precision)
{
    const int count = 1 << precision;
    return (count - 1.0) / count / (w->upper - w->lower);
}

int pb_cwt_filters(const pb_cwt *t)
{
    return t->count * (t->wavelet.is_complex ? 2 : 1);
}

/* y[n] = sum over u of w[u] x[n + u], -reach <= u <= reach: points further off are beyond the other
 * end of the line. */
static int reach_of(const pb_cwt *t, const table *integral, int filter)
{
    const int64_t points = points_of(&t->wavelet, integral, t->scales[filter % t->count]);
    const int64_t reach = (points + 1) / 2;
    return (int)(reach < t->length ? reach : t->length - 1);
}

/* With the K points of the integral in reverse order, conjugated, r[i] (0 beyond its ends), what
 * PyWavelets has is -sqrt(scale) (r[i + 1] - r[i]) at i = first - u, where first is K / 2 - 1,
 * rounded down. */
static double weight_at(const pb_cwt *t, const table *integral, int filter, int64_t points, int u)
{
    const double scale = t->scales[filter % t->count];
    const int part = filter / t->count;
    const int64_t first = points / 2 - 1, i = first - u;
    double r[2] = {0, 0};
    for (int k = 0; k < 2; k++) {
        const int64_t at = points - 1 - (i + k);
        if (at < 0 || at >= points) continue;
        const double value = integral->value[part][(size_t)point_of(integral, scale, at)];
        r[k] = part ? -value : value;
    }
    return -sqrt(scale) * (r[1] - r[0]);
}

/* [2 reach + 1], of any reach. */
static void write_filter(const pb_cwt *t, const table *integral, int filter, int reach, double w[])
{
    const int64_t points = points_of(&t->wavelet, integral, t->scales[filter % t->count]);
    for (int u = -reach; u <= reach; u++) w[u + reach] = weight_at(t, integral, filter, points, u);
}

static bool is_ready(pb_graph *g, const pb_cwt *t, table *integral)
{
    const double least = pb_cwt_least_scale(&t->wavelet, t->precision);
    for (int i = 0; i < t->count; i++)
        if (!(t->scales[i] > least)) {
            pb_graph_fail(
                g, PB_ERR_CONFIG,
                "a scale of %g leaves fewer than two points of %s; allowed is more than %.4g",
                t->scales[i], t->wavelet.name, least);
            return false;
        }
    if (!tabulate(&t->wavelet, t->precision, integral)) {
        pb_graph_fail(g, PB_ERR_MEMORY, "no memory for %s", t->wavelet.name);
        return false;
    }
    integrate(integral);
    return true;
}

/* ---- as a matrix ---- */

static size_t matrix_numbers(const pb_cwt *t)
{
    return (size_t)t->length * (size_t)t->length * (size_t)pb_cwt_filters(t);
}

double *pb_cwt_matrix(pb_graph *g, const pb_cwt *t)
{
    table integral;
    const int length = t->length, filters = pb_cwt_filters(t);
    double *w = pb_graph_memory(g, 2 * (size_t)length * sizeof *w);
    if (!w || !is_ready(g, t, &integral)) return NULL;
    double *m = calloc(matrix_numbers(t), sizeof *m);
    if (!m)
        pb_graph_fail(g, PB_ERR_MEMORY, "no memory for a matrix of %d x %d", length,
                      filters * length);
    for (int f = 0; m && f < filters; f++) {
        const int reach = reach_of(t, &integral, f);
        write_filter(t, &integral, f, reach, w);
        for (int n = 0; n < length; n++)
            for (int u = -reach; u <= reach; u++)
                if (n + u >= 0 && n + u < length)
                    m[((size_t)(n + u) * (size_t)filters + (size_t)f) * (size_t)length +
                      (size_t)n] = w[u + reach];
    }
    table_free(&integral);
    return m;
}

/* x [lines, length] -> [lines, filters, length] */
static pb_value by_matrix(pb_graph *g, pb_value x, const pb_cwt *t)
{
    const int filters = pb_cwt_filters(t);
    const size_t numbers = matrix_numbers(t);
    double *m = pb_cwt_matrix(g, t);
    float *rounded = m ? pb_graph_memory(g, numbers * sizeof *rounded) : NULL;
    for (size_t i = 0; rounded && i < numbers; i++) rounded[i] = (float)m[i];
    free(m);
    if (!rounded) return PB_NONE;
    const pb_value y =
        pb_matmul(g, x, pb_constant_data(g, rounded, PB_SHAPE(t->length, filters * t->length)));
    return pb_reshape(g, y, PB_SHAPE(-1, filters, t->length));
}

/* ---- as convolutions ---- */

/* Filters first to last - 1 in one convolution. */
static pb_value convolve(pb_graph *g, pb_value x, const pb_cwt *t, const table *integral, int first,
                         int last, int reach)
{
    const int taps = 2 * reach + 1, count = last - first;
    const pb_window window = {.kernel = {1, taps}, .stride = {1, 1}};
    float *rounded = pb_graph_memory(g, (size_t)count * (size_t)taps * sizeof *rounded);
    double *w = pb_graph_memory(g, (size_t)taps * sizeof *w);
    if (!rounded || !w) return PB_NONE;
    for (int f = first; f < last; f++) {
        write_filter(t, integral, f, reach, w);
        for (int i = 0; i < taps; i++) rounded[(f - first) * taps + i] = (float)w[i];
    }
    x = pb_pad(g, pb_reshape(g, x, PB_SHAPE(-1, 1, 1, t->length)), (const int[]){0, 0, 0, reach},
               (const int[]){0, 0, 0, reach});
    x = pb_conv(g, x, pb_constant_data(g, rounded, PB_SHAPE(count, 1, 1, taps)), window);
    return pb_reshape(g, x, PB_SHAPE(-1, count, t->length));
}

/* Filters of up to twice the length of the first share a convolution. */
static pb_value by_convolutions(pb_graph *g, pb_value x, const pb_cwt *t)
{
    table integral;
    const int filters = pb_cwt_filters(t);
    pb_value *parts = pb_graph_memory(g, (size_t)filters * sizeof *parts);
    int count = 0;
    if (!parts || !is_ready(g, t, &integral)) return PB_NONE;
    for (int first = 0, last; first < filters; first = last) {
        int least = reach_of(t, &integral, first), most = least;
        for (last = first + 1; last < filters; last++) {
            const int reach = reach_of(t, &integral, last);
            const int shorter = reach < least ? reach : least, longer = reach > most ? reach : most;
            if (longer > 2 * shorter) break;
            least = shorter;
            most = longer;
        }
        parts[count++] = convolve(g, x, t, &integral, first, last, most);
    }
    table_free(&integral);
    return pb_concat(g, count, parts, 1);
}

/* ---- any ---- */

/* The matrix is faster at every length that was tried (1.3 to 2.2 times, lines of 40 to 1000
 * points, on two cores of an AMD EPYC), so what bounds it is memory: 64 MiB. */
enum { MATRIX_NUMBERS_MAX = 1 << 24 };

pb_value pb_cwt_apply(pb_graph *g, pb_value x, const pb_cwt *t)
{
    const pb_shape s = pb_value_shape(g, x);
    char text[PB_SHAPE_TEXT];
    if (x == PB_NONE) return PB_NONE;
    if (s.axes < 1 || s.dim[s.axes - 1] != t->length)
        return pb_graph_fail(g, PB_ERR_SHAPE, "cwt: the input is %s, it must end with %d",
                             pb_shape_text(s, text), t->length);
    x = pb_reshape(g, x, PB_SHAPE(-1, t->length));
    if (t->method == PB_CWT_MATRIX ||
        (t->method == PB_CWT_AUTO && matrix_numbers(t) <= MATRIX_NUMBERS_MAX))
        return by_matrix(g, x, t);
    return by_convolutions(g, x, t);
}
