/* The dataflow graph: values, the ops that make them, gradients closed over the ops, and passes.
 *
 * A value is one id in an append-only array; its inputs have smaller ids, so id order is execution order.
 * Every function that appends returns the new value, or PB_NONE after the graph recorded an error; any op on
 * PB_NONE is PB_NONE again, so a caller may build a whole network and ask pb_graph_status once.
 * Nothing here touches a device. */
#ifndef PASSBAND_GRAPH_H
#define PASSBAND_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <passband/packing.h>
#include <passband/shape.h>
#include <passband/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pb_graph pb_graph;
typedef int32_t pb_value;
#define PB_NONE ((pb_value)-1)

/** What a leaf is for. Data and constants never change during a run: whatever depends on nothing else is hoisted
 *  out of the step and computed once. */
typedef enum pb_role {
    PB_ROLE_DATA,  /* the data set; written once before the first run */
    PB_ROLE_INPUT, /* written by the caller between runs              */
    PB_ROLE_PARAM, /* learned                                       */
    PB_ROLE_STATE, /* optimiser state, counters, accumulated metrics  */
} pb_role;

/** How a leaf starts. Random values come from Philox keyed by (seed, hash of the leaf's name). */
typedef struct pb_init {
    enum { PB_INIT_CONSTANT, PB_INIT_UNIFORM, PB_INIT_NORMAL } kind;
    float a; /* constant: the value; uniform: lower bound; normal: mean              */
    float b; /* uniform: upper bound; normal: standard deviation                     */
} pb_init;

pb_graph *pb_graph_create(pb_context *ctx);
void pb_graph_free(pb_graph **g);
/** PB_OK, or the first error of any append; its sentence is pb_error(ctx). */
pb_status pb_graph_status(const pb_graph *g);
/** Words that errors and printed values carry from now on ("conv1d 2"), or NULL for none. */
void pb_graph_scope(pb_graph *g, const char *scope);

/* ---- what a value is ---- */
int pb_graph_count(const pb_graph *g);
pb_shape pb_value_shape(const pb_graph *g, pb_value v);
pb_dtype pb_value_dtype(const pb_graph *g, pb_value v);
/** Name of a leaf, NULL for other values. */
const char *pb_value_name(const pb_graph *g, pb_value v);
/** The leaf of that name, or PB_NONE. */
pb_value pb_graph_find(const pb_graph *g, const char *name);

/* ---- leaves and constants ---- */
/** A named leaf. Names are unique in a graph. */
pb_value pb_leaf(pb_graph *g, pb_role role, const char *name, pb_dtype dtype, pb_shape shape, pb_init init);
/** A learned parameter, float32: uniform in [-bound, bound). */
pb_value pb_param(pb_graph *g, const char *name, pb_shape shape, float bound);
/** An input of float32 that the caller writes. */
pb_value pb_input(pb_graph *g, const char *name, pb_shape shape);
/** The same number everywhere. */
pb_value pb_constant(pb_graph *g, float number, pb_shape shape);
pb_value pb_constant_i32(pb_graph *g, int32_t number, pb_shape shape);
/** Given numbers, copied; row-major. */
pb_value pb_constant_data(pb_graph *g, const float *data, pb_shape shape);
/** The index along an axis, int32: y[..., i, ...] = i. */
pb_value pb_iota(pb_graph *g, pb_shape shape, int axis);

/* ---- elementwise; shapes broadcast as in NumPy ---- */
pb_value pb_add(pb_graph *g, pb_value a, pb_value b);
pb_value pb_sub(pb_graph *g, pb_value a, pb_value b);
pb_value pb_mul(pb_graph *g, pb_value a, pb_value b);
pb_value pb_div(pb_graph *g, pb_value a, pb_value b);
pb_value pb_maximum(pb_graph *g, pb_value a, pb_value b);
pb_value pb_minimum(pb_graph *g, pb_value a, pb_value b);
pb_value pb_less(pb_graph *g, pb_value a, pb_value b);  /* 1 where a < b, else 0, in a's dtype  */
pb_value pb_equal(pb_graph *g, pb_value a, pb_value b); /* 1 where a == b, else 0, in a's dtype */
pb_value pb_neg(pb_graph *g, pb_value a);
pb_value pb_abs(pb_graph *g, pb_value a);
pb_value pb_sign(pb_graph *g, pb_value a);
pb_value pb_exp(pb_graph *g, pb_value a);
pb_value pb_log_natural(pb_graph *g, pb_value a);
pb_value pb_sqrt(pb_graph *g, pb_value a);
pb_value pb_sin(pb_graph *g, pb_value a);
pb_value pb_cos(pb_graph *g, pb_value a);
pb_value pb_tanh(pb_graph *g, pb_value a);
pb_value pb_floor(pb_graph *g, pb_value a);
pb_value pb_half(pb_graph *g, pb_value a); /* the nearest IEEE half, ties to even */
pb_value pb_relu(pb_graph *g, pb_value a);
pb_value pb_step(pb_graph *g, pb_value a); /* 1 where a > 0, else 0 */
pb_value pb_select(pb_graph *g, pb_value condition, pb_value a, pb_value b); /* a where condition != 0 */
pb_value pb_cast(pb_graph *g, pb_value a, pb_dtype dtype);
pb_value pb_scale(pb_graph *g, pb_value a, float factor);
pb_value pb_square(pb_graph *g, pb_value a);

/* ---- movement ---- */
/** Same elements in row-major order; one extent of `shape` may be -1. */
pb_value pb_reshape(pb_graph *g, pb_value a, pb_shape shape);
/** y's axis i is a's axis order[i]. */
pb_value pb_permute(pb_graph *g, pb_value a, const int order[]);
/** The last two axes swapped. */
pb_value pb_transpose(pb_graph *g, pb_value a);
/** To a larger shape by NumPy's rule. */
pb_value pb_broadcast(pb_graph *g, pb_value a, pb_shape shape);
/** y = a[begin : begin + shape]. */
pb_value pb_slice(pb_graph *g, pb_value a, const int begin[], pb_shape shape);
/** Zeros before and after every axis. */
pb_value pb_pad(pb_graph *g, pb_value a, const int before[], const int after[]);
/** Joins along an axis. */
pb_value pb_concat(pb_graph *g, int count, const pb_value parts[], int axis);
/** All elements of all parts, one after another: [sum of counts]. */
pb_value pb_flatten_all(pb_graph *g, int count, const pb_value parts[]);
/** Rows by index: a [R, ...], index [N] int32 in [0, R) -> [N, ...]. */
pb_value pb_gather(pb_graph *g, pb_value a, pb_value index);
/** The adjoint of gather: rows [N, ...], index [N] -> [count, ...], rows of one index added in order. */
pb_value pb_scatter_add(pb_graph *g, pb_value rows, pb_value index, int count);
/** Elements of the last axis by index: a [..., F], index [n] int32 in [0, F) -> [..., n]. */
pb_value pb_take(pb_graph *g, pb_value a, pb_value index);
/** Elements of each row by an index of its own: a [N, F], index [N, n] int32 in [0, F) -> [N, n]. */
pb_value pb_pick(pb_graph *g, pb_value a, pb_value index);

/* ---- reductions; the axis goes away unless it is kept ---- */
pb_value pb_sum(pb_graph *g, pb_value a, int axis, bool keep);
pb_value pb_max(pb_graph *g, pb_value a, int axis, bool keep);
/** Index of the first largest element, int32. */
pb_value pb_argmax(pb_graph *g, pb_value a, int axis, bool keep);
/** How often each number stands in each row: a [N, P] int32 -> [N, bins] float32; numbers outside [0, bins) do not
 *  count. */
pb_value pb_histogram(pb_graph *g, pb_value a, int bins);
pb_value pb_sum_all(pb_graph *g, pb_value a);  /* scalar */
pb_value pb_mean_all(pb_graph *g, pb_value a); /* scalar */
/** Sums broadcast axes away until the shape fits: the adjoint of pb_broadcast. */
pb_value pb_sum_to(pb_graph *g, pb_value a, pb_shape shape);

/* ---- contractions ---- */
/** a [..., M, K] times b [..., K, N] -> [..., M, N]; leading axes equal, or absent on one side. */
pb_value pb_matmul(pb_graph *g, pb_value a, pb_value b);
/** The same with either operand read transposed. */
pb_value pb_matmul_t(pb_graph *g, pb_value a, pb_value b, bool transpose_a, bool transpose_b);

/** Geometry of a convolution or pooling window over the last two axes. */
typedef struct pb_window {
    int kernel[2], stride[2], padding[2];
} pb_window;
/** x [N, C, H, W], w [O, C, kh, kw] -> [N, O, H', W'], H' = (H + 2 padding - kh) / stride + 1. Correlation, as
 *  PyTorch's conv2d; one-dimensional convolutions have H = kh = 1. */
pb_value pb_conv(pb_graph *g, pb_value x, pb_value w, pb_window window);
/** The gradient of pb_conv with respect to x: dy [N, O, H', W'], w -> [N, C, height, width]. */
pb_value pb_conv_dx(pb_graph *g, pb_value dy, pb_value w, pb_window window, int height, int width);
/** The gradient of pb_conv with respect to w: x, dy -> [O, C, kh, kw]. */
pb_value pb_conv_dw(pb_graph *g, pb_value x, pb_value dy, pb_window window);
/** Position of the first largest element of each window, int32 in [0, kh kw): x [N, C, H, W] -> [N, C, H', W']. */
pb_value pb_pool_index(pb_graph *g, pb_value x, pb_window window);
/** The elements at those positions. */
pb_value pb_pool_gather(pb_graph *g, pb_value x, pb_value index, pb_window window);
/** The adjoint of pb_pool_gather: dy, index [N, C, H', W'] -> [N, C, height, width]. */
pb_value pb_pool_scatter(pb_graph *g, pb_value dy, pb_value index, pb_window window, int height, int width);
pb_value pb_max_pool(pb_graph *g, pb_value x, pb_window window);

/* ---- random numbers ---- */
/** What random numbers depend on beside their purpose: int32, the first two scalars. */
typedef struct pb_draw {
    pb_value key;    /* of the seed: its low word ^ its high word */
    pb_value epoch;
    pb_value sample; /* [N]: number of each row's sample in the data set */
} pb_draw;
/** Uniform numbers in [0, 1), multiples of 2^-24: element j of row i of `shape` [N, ...] is number sample[i] * M + j of
 *  the stream of seed, purpose and epoch, M numbers being those of a row; as pb_stream_uniform (base/rng.h) on the host.
 *  Computed in every step, without a gradient; other purposes draw other numbers.
 *  Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011: Philox 4x32-10. */
pb_value pb_random_uniform(pb_graph *g, const pb_draw *draws, pb_shape shape, const char *purpose);
/** The same of normal numbers, mean 0 and standard deviation 1, by Box and Muller's method. */
pb_value pb_random_normal(pb_graph *g, const pb_draw *draws, pb_shape shape, const char *purpose);

/* ---- composed of the above ---- */
/** Stops gradients: the same value, with no path back. */
pb_value pb_detach(pb_graph *g, pb_value a);
/** The same value, computed in every step: what depends on it is not computed once for the whole data set and kept.
 *  For what takes little time and much memory. */
pb_value pb_each_step(pb_graph *g, pb_value a);
pb_value pb_softmax(pb_graph *g, pb_value logits);     /* over the last axis */
pb_value pb_log_softmax(pb_graph *g, pb_value logits); /* over the last axis */
/** labels [N] int32 -> [N, classes] float32 of zeros and ones. */
pb_value pb_one_hot(pb_graph *g, pb_value labels, int classes);
/** logits [N, classes], labels [N] int32 -> loss of each sample [N]. */
pb_value pb_cross_entropy(pb_graph *g, pb_value logits, pb_value labels);
/** Orthonormal type-II discrete cosine transform of the last two axes, keeping the low-frequency corner.
 *
 *  @param x     [N, H, W] float32, any unit
 *  @param keep  coefficients kept on each axis, 1 <= keep <= min(H, W)
 *  @return      [N, keep, keep] float32, same unit as x
 *  Source: Ahmed, Natarajan and Rao, IEEE Trans. Computers C-23 (1974); agrees with
 *  scipy.fft.dctn(norm="ortho"). */
pb_value pb_dct2(pb_graph *g, pb_value x, int keep);
/** The inverse of pb_dct2 with absent coefficients zero: [N, K, K] -> [N, height, width]. */
pb_value pb_idct2(pb_graph *g, pb_value x, int height, int width);

/** Samples as they are packed -> their values: rows [N, pb_packing_bytes] u8, or float32 where that is how they are
 *  packed -> [N, shape...] float32. */
pb_value pb_unpack(pb_graph *g, pb_value rows, const pb_packing *packing);
/** offset + step * code: codes [N, shape...] float32 -> the same shape. */
pb_value pb_dequantise(pb_graph *g, pb_value codes, const pb_packing *packing);

/* ---- gradients ---- */
/** Appends d sum(y) / d wrt[i] for each i, as ops of the same table, so that the result can be differentiated
 *  again. A value that y does not depend on gets zeros. PB_ERR_GRADIENT names an op that has no rule. */
pb_status pb_gradient(pb_graph *g, pb_value y, int count, const pb_value wrt[], pb_value gradients[]);

/* ---- effects and programs ---- */
/** `target` takes the new value when the program runs. A target is a leaf, or pb_flatten_all of leaves: then all of
 *  them lie in one buffer and are written by one kernel. All values of a program are computed from what the leaves
 *  held before it. */
pb_value pb_assign(pb_graph *g, pb_value target, pb_value value);
/** A named list of assignments that run together; a graph has any number (train, evaluate, ...). */
pb_status pb_program(pb_graph *g, const char *name, int count, const pb_value assigns[]);
/** Says that a program runs a few times in all: what no other program takes from data leaves is then computed in it,
 *  for the rows it gathers, instead of beforehand for all of them. PB_ERR_USAGE when there is no such program. */
pb_status pb_program_seldom(pb_graph *g, const char *name);

/* ---- looking at it ---- */
pb_status pb_graph_print(const pb_graph *g, FILE *out);
pb_status pb_graph_print_dot(const pb_graph *g, FILE *out);

#ifdef __cplusplus
}
#endif
#endif
