/* Kinds of operations: the op, and one element of its result by its definition. */
#include <math.h>

#include <passband/wavelet.h>

#include "bench/op_rows.h"

static void add(pb_element *e, double term)
{
    e->value += term;
    e->scale += fabs(term);
}

/* ---- products ---- */

enum { BATCH, M, N, K, A_TRANSPOSED, B_TRANSPOSED };

static pb_shape matrices(int batch, int rows, int columns)
{
    return batch == 1 ? PB_SHAPE(rows, columns) : PB_SHAPE(batch, rows, columns);
}

static pb_value product(pb_graph *g, const int n[], pb_value leaves[])
{
    leaves[0] = pb_input(
        g, "a", n[A_TRANSPOSED] ? matrices(n[BATCH], n[K], n[M]) : matrices(n[BATCH], n[M], n[K]));
    leaves[1] = pb_input(
        g, "b", n[B_TRANSPOSED] ? matrices(n[BATCH], n[N], n[K]) : matrices(n[BATCH], n[K], n[N]));
    return pb_matmul_t(g, leaves[0], leaves[1], n[A_TRANSPOSED], n[B_TRANSPOSED]);
}

/* C[i, j] = sum over k of A[i, k] B[k, j] */
static pb_element product_element(const int n[], const float *const in[], size_t index)
{
    const size_t m = (size_t)n[M], columns = (size_t)n[N], depth = (size_t)n[K];
    const size_t j = index % columns, i = index / columns % m, batch = index / columns / m;
    const float *a = in[0] + batch * m * depth, *b = in[1] + batch * depth * columns;
    pb_element e = {0};
    for (size_t k = 0; k < depth; k++)
        add(&e, (double)(n[A_TRANSPOSED] ? a[k * m + i] : a[i * depth + k]) *
                    (double)(n[B_TRANSPOSED] ? b[j * depth + k] : b[k * columns + j]));
    return e;
}

static double product_flops(const int n[])
{
    return 2.0 * n[BATCH] * n[M] * n[N] * n[K];
}

const pb_op_kind pb_kind_product = {product, product_element, product_flops};

/* ---- convolutions ---- */

enum { SAMPLES, CHANNELS, HEIGHT, WIDTH, OUTPUTS, KERNEL_HEIGHT, KERNEL_WIDTH, STRIDE };

static pb_window window(const int n[])
{
    return (pb_window){.kernel = {n[KERNEL_HEIGHT], n[KERNEL_WIDTH]},
                       .stride = {n[STRIDE], n[STRIDE]},
                       .padding = {n[KERNEL_HEIGHT] / 2, n[KERNEL_WIDTH] / 2}};
}

static int out_height(const int n[])
{
    return (n[HEIGHT] + 2 * (n[KERNEL_HEIGHT] / 2) - n[KERNEL_HEIGHT]) / n[STRIDE] + 1;
}

static int out_width(const int n[])
{
    return (n[WIDTH] + 2 * (n[KERNEL_WIDTH] / 2) - n[KERNEL_WIDTH]) / n[STRIDE] + 1;
}

static pb_value input_x(pb_graph *g, const int n[])
{
    return pb_input(g, "x", PB_SHAPE(n[SAMPLES], n[CHANNELS], n[HEIGHT], n[WIDTH]));
}

static pb_value input_w(pb_graph *g, const int n[])
{
    return pb_input(g, "w", PB_SHAPE(n[OUTPUTS], n[CHANNELS], n[KERNEL_HEIGHT], n[KERNEL_WIDTH]));
}

static pb_value input_dy(pb_graph *g, const int n[])
{
    return pb_input(g, "dy", PB_SHAPE(n[SAMPLES], n[OUTPUTS], out_height(n), out_width(n)));
}

static pb_value conv(pb_graph *g, const int n[], pb_value leaves[])
{
    leaves[0] = input_x(g, n);
    leaves[1] = input_w(g, n);
    return pb_conv(g, leaves[0], leaves[1], window(n));
}

static pb_value conv_dx(pb_graph *g, const int n[], pb_value leaves[])
{
    leaves[0] = input_dy(g, n);
    leaves[1] = input_w(g, n);
    return pb_conv_dx(g, leaves[0], leaves[1], window(n), n[HEIGHT], n[WIDTH]);
}

static pb_value conv_dw(pb_graph *g, const int n[], pb_value leaves[])
{
    leaves[0] = input_x(g, n);
    leaves[1] = input_dy(g, n);
    return pb_conv_dw(g, leaves[0], leaves[1], window(n));
}

/* Planes [samples, channels, height, width] of an operand. */
typedef struct planes {
    const float *data;
    int channels, height, width;
} planes;

static planes planes_x(const int n[], const float *x)
{
    return (planes){x, n[CHANNELS], n[HEIGHT], n[WIDTH]};
}

static planes planes_dy(const int n[], const float *dy)
{
    return (planes){dy, n[OUTPUTS], out_height(n), out_width(n)};
}

/* Element [sample, channel, i, j], zero outside of the planes. */
static double at(const planes *s, int sample, int channel, int i, int j)
{
    if (i < 0 || j < 0 || i >= s->height || j >= s->width) return 0;
    const size_t plane = (size_t)sample * (size_t)s->channels + (size_t)channel;
    return (double)s->data[(plane * (size_t)s->height + (size_t)i) * (size_t)s->width + (size_t)j];
}

static double weight(const float *w, const int n[], int output, int channel, int i, int j)
{
    const int filter = output * n[CHANNELS] + channel;
    return (double)w[(filter * n[KERNEL_HEIGHT] + i) * n[KERNEL_WIDTH] + j];
}

/* Takes the last extent off an index. */
static int take(size_t *index, int extent)
{
    const int last = (int)(*index % (size_t)extent);
    *index /= (size_t)extent;
    return last;
}

/* y[s, o, p, q] = sum over c, i, j of
 *                 w[o, c, i, j] x[s, c, p stride + i - padding, q stride + j - padding] */
static pb_element conv_element(const int n[], const float *const in[], size_t index)
{
    const int q = take(&index, out_width(n)), p = take(&index, out_height(n));
    const int o = take(&index, n[OUTPUTS]);
    const pb_window w = window(n);
    const planes x = planes_x(n, in[0]);
    pb_element e = {0};
    for (int c = 0; c < n[CHANNELS]; c++)
        for (int i = 0; i < w.kernel[0]; i++)
            for (int j = 0; j < w.kernel[1]; j++)
                add(&e, weight(in[1], n, o, c, i, j) * at(&x, (int)index, c,
                                                          p * w.stride[0] + i - w.padding[0],
                                                          q * w.stride[1] + j - w.padding[1]));
    return e;
}

/* dx[s, c, p, q] = sum over o, i, j, of those that divide, of
 *                  w[o, c, i, j] dy[s, o, (p - i + padding) / stride, (q - j + padding) / stride]
 */
static pb_element conv_dx_element(const int n[], const float *const in[], size_t index)
{
    const int q = take(&index, n[WIDTH]), p = take(&index, n[HEIGHT]);
    const int c = take(&index, n[CHANNELS]);
    const pb_window w = window(n);
    const planes dy = planes_dy(n, in[0]);
    pb_element e = {0};
    for (int o = 0; o < n[OUTPUTS]; o++)
        for (int i = 0; i < w.kernel[0]; i++)
            for (int j = 0; j < w.kernel[1]; j++) {
                const int down = p - i + w.padding[0], right = q - j + w.padding[1];
                if (down % w.stride[0] || right % w.stride[1]) continue;
                add(&e, weight(in[1], n, o, c, i, j) *
                            at(&dy, (int)index, o, down / w.stride[0], right / w.stride[1]));
            }
    return e;
}

/* dw[o, c, i, j] = sum over s, p, q of
 *                  dy[s, o, p, q] x[s, c, p stride + i - padding, q stride + j - padding] */
static pb_element conv_dw_element(const int n[], const float *const in[], size_t index)
{
    const int j = take(&index, n[KERNEL_WIDTH]), i = take(&index, n[KERNEL_HEIGHT]);
    const int c = take(&index, n[CHANNELS]), o = (int)index;
    const pb_window w = window(n);
    const planes x = planes_x(n, in[0]), dy = planes_dy(n, in[1]);
    pb_element e = {0};
    for (int s = 0; s < n[SAMPLES]; s++)
        for (int p = 0; p < dy.height; p++)
            for (int q = 0; q < dy.width; q++)
                add(&e, at(&dy, s, o, p, q) * at(&x, s, c, p * w.stride[0] + i - w.padding[0],
                                                 q * w.stride[1] + j - w.padding[1]));
    return e;
}

static double conv_flops(const int n[])
{
    return 2.0 * n[SAMPLES] * n[CHANNELS] * out_height(n) * out_width(n) * n[OUTPUTS] *
           n[KERNEL_HEIGHT] * n[KERNEL_WIDTH];
}

const pb_op_kind pb_kind_conv = {conv, conv_element, conv_flops};
const pb_op_kind pb_kind_conv_dx = {conv_dx, conv_dx_element, conv_flops};
const pb_op_kind pb_kind_conv_dw = {conv_dw, conv_dw_element, conv_flops};

/* ---- the cosine transform ---- */

enum { IMAGES, SIDE, KEEP };

static pb_value dct(pb_graph *g, const int n[], pb_value leaves[])
{
    leaves[0] = pb_input(g, "x", PB_SHAPE(n[IMAGES], n[SIDE], n[SIDE]));
    return pb_dct2(g, leaves[0], n[KEEP]);
}

/* Basis function k of `side` at point i, orthonormal. */
static double basis(int side, int k, int i)
{
    const double pi = 3.14159265358979323846;
    return sqrt((k ? 2.0 : 1.0) / side) * cos(pi * (2 * i + 1) * k / (2.0 * side));
}

/* X[u, v] = sum over i, j of basis(u, i) basis(v, j) x[i, j] */
static pb_element dct_element(const int n[], const float *const in[], size_t index)
{
    const int v = take(&index, n[KEEP]), u = take(&index, n[KEEP]);
    const float *image = in[0] + index * (size_t)n[SIDE] * (size_t)n[SIDE];
    pb_element e = {0};
    for (int i = 0; i < n[SIDE]; i++)
        for (int j = 0; j < n[SIDE]; j++)
            add(&e, basis(n[SIDE], u, i) * basis(n[SIDE], v, j) * (double)image[i * n[SIDE] + j]);
    return e;
}

/* Two products, first along one axis, then along the other. */
static double dct_flops(const int n[])
{
    return 2.0 * n[IMAGES] * n[KEEP] * n[SIDE] * (n[SIDE] + n[KEEP]);
}

const pb_op_kind pb_kind_dct = {dct, dct_element, dct_flops};

/* ---- the wavelet transform ---- */

enum { LEVELS = 2, DB2_TAPS = 4 };

static bool pyramid(const int n[], pb_pyramid *p)
{
    return pb_pyramid_measure(NULL, pb_wavelet_find("db2"), PB_EXTEND_SYMMETRIC, n[LEVELS], true, 2,
                              n[SIDE], n[SIDE], p) == PB_OK;
}

static pb_value wavedec2(pb_graph *g, const int n[], pb_value leaves[])
{
    pb_pyramid p;
    leaves[0] = pb_input(g, "x", PB_SHAPE(n[IMAGES], n[SIDE], n[SIDE]));
    return pyramid(n, &p) ? pb_wavedec(g, leaves[0], &p) : PB_NONE;
}

/* One image, and the filters by whether they are those of details. */
typedef struct wavelet_image {
    const pb_pyramid *p;
    const float *pixels;
    double filter[2][DB2_TAPS];
} wavelet_image;

static int mirrored(int i, int length)
{
    return i < 0 ? -1 - i : i >= length ? 2 * length - 1 - i : i;
}

/* y[i, j] = sum over a, b of f[a] g[b] x[2 i + 1 - a, 2 j + 1 - b], x the approximation before */
static pb_element coefficient(const wavelet_image *w, int level, bool down, bool right, int i,
                              int j)
{
    if (level == 0) {
        const double x = (double)w->pixels[i * w->p->width[0] + j];
        return (pb_element){x, fabs(x)};
    }
    const int height = w->p->height[level - 1], width = w->p->width[level - 1];
    pb_element e = {0};
    for (int a = 0; a < DB2_TAPS; a++)
        for (int b = 0; b < DB2_TAPS; b++) {
            const double tap = w->filter[down][a] * w->filter[right][b];
            const pb_element x =
                coefficient(w, level - 1, false, false, mirrored(2 * i + 1 - a, height),
                            mirrored(2 * j + 1 - b, width));
            e.value += tap * x.value;
            e.scale += fabs(tap) * x.scale;
        }
    return e;
}

static pb_element wavedec2_element(const int n[], const float *const in[], size_t index)
{
    pb_pyramid p;
    double low[DB2_TAPS], high[DB2_TAPS], unused[2][DB2_TAPS];
    if (!pyramid(n, &p)) return (pb_element){NAN, 0};
    wavelet_image w = {.p = &p};
    pb_wavelet_filters(p.wavelet, low, high, unused[0], unused[1]);
    for (int k = 0; k < DB2_TAPS; k++) w.filter[0][k] = low[k], w.filter[1][k] = high[k];
    const size_t pixels = (size_t)n[SIDE] * (size_t)n[SIDE];
    const int within = take(&index, p.count);
    w.pixels = in[0] + index * pixels;
    int i = 0;
    pb_pyramid_part part = pb_pyramid_part_at(&p, 0);
    while (within >= part.offset + part.height * part.width) part = pb_pyramid_part_at(&p, ++i);
    return coefficient(&w, part.level, part.down, part.right, (within - part.offset) / part.width,
                       (within - part.offset) % part.width);
}

/* Of each level both filters along the rows, then down the columns. */
static double wavedec2_flops(const int n[])
{
    pb_pyramid p;
    double sum = 0;
    if (!pyramid(n, &p)) return 0;
    for (int level = 1; level <= p.levels; level++)
        sum += 2.0 * DB2_TAPS * 2 * p.width[level] * (p.height[level - 1] + 2 * p.height[level]);
    return sum * n[IMAGES];
}

const pb_op_kind pb_kind_wavedec2 = {wavedec2, wavedec2_element, wavedec2_flops};

/* ---- elementwise ---- */

static pb_value relu(pb_graph *g, const int n[], pb_value leaves[])
{
    leaves[0] = pb_input(g, "x", PB_SHAPE(n[0]));
    return pb_relu(g, leaves[0]);
}

static pb_value exponential(pb_graph *g, const int n[], pb_value leaves[])
{
    leaves[0] = pb_input(g, "x", PB_SHAPE(n[0]));
    return pb_exp(g, leaves[0]);
}

static pb_value sum_of_two(pb_graph *g, const int n[], pb_value leaves[])
{
    leaves[0] = pb_input(g, "x", PB_SHAPE(n[0]));
    leaves[1] = pb_input(g, "y", PB_SHAPE(n[0]));
    return pb_add(g, leaves[0], leaves[1]);
}

static pb_element relu_element(const int n[], const float *const in[], size_t index)
{
    (void)n;
    const double x = (double)in[0][index];
    return (pb_element){x > 0 ? x : 0, fabs(x)};
}

static pb_element exponential_element(const int n[], const float *const in[], size_t index)
{
    (void)n;
    const double y = exp((double)in[0][index]);
    return (pb_element){y, y};
}

static pb_element sum_of_two_element(const int n[], const float *const in[], size_t index)
{
    (void)n;
    pb_element e = {0};
    add(&e, (double)in[0][index]);
    add(&e, (double)in[1][index]);
    return e;
}

static double one_each(const int n[])
{
    return n[0];
}

const pb_op_kind pb_kind_relu = {relu, relu_element, one_each};
const pb_op_kind pb_kind_exp = {exponential, exponential_element, one_each};
const pb_op_kind pb_kind_add = {sum_of_two, sum_of_two_element, one_each};

/* ---- matrices ---- */

enum { ROWS, COLUMNS };

static pb_value matrix(pb_graph *g, const int n[], pb_value leaves[])
{
    return leaves[0] = pb_input(g, "x", PB_SHAPE(n[ROWS], n[COLUMNS]));
}

static pb_value sum_rows(pb_graph *g, const int n[], pb_value leaves[])
{
    return pb_sum(g, matrix(g, n, leaves), 1, false);
}

static pb_value sum_columns(pb_graph *g, const int n[], pb_value leaves[])
{
    return pb_sum(g, matrix(g, n, leaves), 0, false);
}

static pb_value max_rows(pb_graph *g, const int n[], pb_value leaves[])
{
    return pb_max(g, matrix(g, n, leaves), 1, false);
}

static pb_value sum_all(pb_graph *g, const int n[], pb_value leaves[])
{
    return pb_sum_all(g, matrix(g, n, leaves));
}

static pb_value transpose(pb_graph *g, const int n[], pb_value leaves[])
{
    return pb_transpose(g, matrix(g, n, leaves));
}

static pb_element sum_of(const float *x, size_t count, size_t step)
{
    pb_element e = {0};
    for (size_t i = 0; i < count; i++) add(&e, (double)x[i * step]);
    return e;
}

static pb_element sum_rows_element(const int n[], const float *const in[], size_t index)
{
    const size_t columns = (size_t)n[COLUMNS];
    return sum_of(in[0] + index * columns, columns, 1);
}

static pb_element sum_columns_element(const int n[], const float *const in[], size_t index)
{
    return sum_of(in[0] + index, (size_t)n[ROWS], (size_t)n[COLUMNS]);
}

static pb_element sum_all_element(const int n[], const float *const in[], size_t index)
{
    (void)index; /* there is one */
    return sum_of(in[0], (size_t)n[ROWS] * (size_t)n[COLUMNS], 1);
}

static pb_element max_rows_element(const int n[], const float *const in[], size_t index)
{
    const float *row = in[0] + index * (size_t)n[COLUMNS];
    double largest = (double)row[0];
    for (int i = 1; i < n[COLUMNS]; i++) largest = fmax(largest, (double)row[i]);
    return (pb_element){largest, fabs(largest)};
}

static pb_element transpose_element(const int n[], const float *const in[], size_t index)
{
    const size_t rows = (size_t)n[ROWS], columns = (size_t)n[COLUMNS];
    const double x = (double)in[0][index % rows * columns + index / rows];
    return (pb_element){x, fabs(x)};
}

static double one_an_element(const int n[])
{
    return (double)n[ROWS] * n[COLUMNS];
}

static double none(const int n[])
{
    (void)n;
    return 0;
}

const pb_op_kind pb_kind_sum_rows = {sum_rows, sum_rows_element, one_an_element};
const pb_op_kind pb_kind_sum_columns = {sum_columns, sum_columns_element, one_an_element};
const pb_op_kind pb_kind_sum_all = {sum_all, sum_all_element, one_an_element};
const pb_op_kind pb_kind_max_rows = {max_rows, max_rows_element, one_an_element};
const pb_op_kind pb_kind_transpose = {transpose, transpose_element, none};
