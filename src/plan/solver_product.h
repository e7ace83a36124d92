/* Products that other solvers are made of, on devices of many small work-items. */
#ifndef PB_PLAN_SOLVER_PRODUCT_H
#define PB_PLAN_SOLVER_PRODUCT_H

#include "plan/solver.h"

/** A product C[batch] = op(A) op(B) of stored operands: A [m, k], or [k, m] transposed, B [k, n],
 * or [n, k], C [m, n]. */
typedef struct pb_product {
    int m, n, k, batch;
    bool transpose_a, transpose_b;
    size_t stride_a, stride_b; /* 0: the same matrix for every batch */
    pb_place place[3];
} pb_product;

/** Whether a kernel of ours should compute products of that size, be there one or many; else
 * CLBlast should. */
bool pb_product_suits_plain(int m, int n, int k);
/** Whether our kernel's work-groups are not too large for the device. */
bool pb_product_can_plain(const pb_build *b);
/** Writes a unit that computes a product. `work`: elements of a work-item on each axis, at most
 * what the device has room for. */
pb_status pb_product_write_plain(pb_build *b, pb_unit *u, const pb_product *x, int tile, int work);
/** Lets that kernel go on with what follows, where C is all that the unit computes. */
pb_status pb_product_take_follower(pb_build *b, pb_unit *u, const pb_product *x, int tile,
                                   int work);
pb_status pb_product_write_gemm(pb_build *b, pb_program_build *p, pb_unit *u, const pb_product *x,
                                pb_gemm_way way);
/** Work-items of a group of our kernel on each axis, and the most elements that one of them may
 * have. */
int pb_product_tile(const pb_build *b, int m, int n);
int pb_product_most_work(const pb_build *b, int tile);

#endif
