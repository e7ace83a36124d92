/* The table of operations that are measured. A row is a kind and its extents; a kind is how the graph of one op is
 * built and what its result should be. */
#ifndef PB_BENCH_OP_ROWS_H
#define PB_BENCH_OP_ROWS_H

#include <passband/graph.h>

enum { PB_BENCH_EXTENTS = 8, PB_BENCH_LEAVES = 3 };

/** One element of a result, computed in float64 from the inputs. */
typedef struct pb_element {
    double value;
    double scale; /* sum of the magnitudes that were added up: what rounding is measured by */
} pb_element;

typedef struct pb_op_kind {
    /** Appends the op; sets the inputs it made, float32 each. Unused places of `leaves` are PB_NONE already. */
    pb_value (*build)(pb_graph *g, const int n[], pb_value leaves[]);
    pb_element (*element)(const int n[], const float *const in[], size_t index);
    double (*flops)(const int n[]); /* of the op as it is defined, however it is computed */
} pb_op_kind;

typedef struct pb_bench_op {
    const char *name; /* unique; of results on different machines, equal names are compared */
    const pb_op_kind *kind;
    int n[PB_BENCH_EXTENTS];
} pb_bench_op;

/** Every row, in the order they are measured. */
const pb_bench_op *pb_bench_op_rows(int *count);

/** A graph of the op with inputs `leaves` [PB_BENCH_LEAVES], PB_NONE where there are fewer. Program "op" stores its value in
 *  the state leaf `result`. Free it with pb_graph_free, whatever comes of it. */
pb_status pb_bench_op_graph(pb_context *ctx, const pb_bench_op *op, pb_graph **g, pb_value leaves[], pb_value *result);

struct pb_bench;
/** Checks an op and times it on the device of `b`; adds its row, which has a note instead of figures where a run would
 *  take longer than the limit. PB_ERR_RUN: an element is wrong. */
pb_status pb_bench_measure_op(struct pb_bench *b, const pb_bench_op *op);

/* ---- kinds ---- */
/* product: batch, m, n, k, a transposed, b transposed: C [batch, m, n], one operand where batch is 1 */
extern const pb_op_kind pb_kind_product;
/* convolution and its gradients: samples, channels, height, width, outputs, kernel height, kernel width; stride 1,
 * padded to keep the size */
extern const pb_op_kind pb_kind_conv, pb_kind_conv_dx, pb_kind_conv_dw;
/* cosine transform: samples, side, coefficients kept on each axis */
extern const pb_op_kind pb_kind_dct;
/* wavelet transform with db2 and symmetric extension: images, side, levels */
extern const pb_op_kind pb_kind_wavedec2;
/* elementwise: elements */
extern const pb_op_kind pb_kind_relu, pb_kind_add, pb_kind_exp;
/* along rows, columns: rows, columns */
extern const pb_op_kind pb_kind_sum_rows, pb_kind_sum_columns, pb_kind_max_rows, pb_kind_sum_all,
    pb_kind_transpose;

#endif
