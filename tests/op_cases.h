/* A case for every op at a dozen shapes and more, odd extents and ones among them: the gradient
 * tests differentiate them, the device tests compare kernels with the float64 reference on them. */
#ifndef PB_TEST_OP_CASES_H
#define PB_TEST_OP_CASES_H

#include "graph/op.h"

#define OP_CASE_SHAPES 14
#define OP_CASE_LEAVES 4

/** One op at one shape: its value and the leaves it is made from, with their content. */
typedef struct op_built {
    pb_graph *g;
    pb_value y;
    int count;
    pb_value leaves[OP_CASE_LEAVES];
    double *data[OP_CASE_LEAVES]; /* exact in the leaf's dtype, away from kinks */
    unsigned long long random;    /* state of the generator                     */
} op_built;

typedef struct op_case {
    void (*build)(op_built *b, int shape_number);
    const char *absent; /* without build: why there is nothing to compute        */
    bool stops;         /* the gradient is zero although the value is not constant */
} op_case;

/** A new op without a row here fails the tests. */
extern const op_case op_cases[PB_OP_COUNT];

/** Builds the case of an op; shape_number in [0, OP_CASE_SHAPES). The graph's status tells whether
 * it went well. */
void op_case_build(pb_context *ctx, pb_op op, int shape_number, op_built *b);
void op_case_free(op_built *b);

/** More leaves for a test's own use: uniform in [low, high) rounded to float32, and integers in
 * [low, high]. */
pb_value op_case_uniform(op_built *b, pb_shape shape, double low, double high);
pb_value op_case_integers(op_built *b, pb_dtype dtype, pb_shape shape, int low, int high);
/** Numbers far enough from each other that no small step changes their order. */
pb_value op_case_distinct(op_built *b, pb_shape shape);

#endif
