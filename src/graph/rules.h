/* The rules that the op table points to: one shape rule, gradient rule and float64 reference an op.
 */
#ifndef PB_GRAPH_RULES_H
#define PB_GRAPH_RULES_H

#include "graph/op.h"

typedef pb_status pb_infer_rule(pb_graph *g, pb_record *r);
typedef void pb_gradient_rule(pb_graph *g, pb_value y, pb_value dy, pb_value d[]);
typedef void pb_reference_rule(const pb_graph *g, const pb_record *r, const double *const in[],
                               double *out);

/* Shape rules. */
pb_infer_rule pb_infer_asked; /* leaf, constant: as attrs say */
pb_infer_rule pb_infer_iota;
pb_infer_rule pb_infer_float;  /* elementwise on f32         */
pb_infer_rule pb_infer_number; /* elementwise on f32 or i32  */
pb_infer_rule pb_infer_any;    /* elementwise on any dtype   */
pb_infer_rule pb_infer_select, pb_infer_cast, pb_infer_random;
pb_infer_rule pb_infer_reshape, pb_infer_permute, pb_infer_broadcast, pb_infer_slice;
pb_infer_rule pb_infer_pad, pb_infer_concat, pb_infer_gather, pb_infer_scatter_add;
pb_infer_rule pb_infer_pool_index, pb_infer_pool_gather, pb_infer_pool_scatter;
pb_infer_rule pb_infer_take, pb_infer_pick, pb_infer_histogram;
pb_infer_rule pb_infer_reduce, pb_infer_argmax;
pb_infer_rule pb_infer_matmul, pb_infer_conv, pb_infer_conv_dx, pb_infer_conv_dw;
pb_infer_rule pb_infer_analysis, pb_infer_synthesis;
pb_infer_rule pb_infer_assign;

/* Gradient rules. */
pb_gradient_rule pb_grad_add, pb_grad_sub, pb_grad_mul, pb_grad_div, pb_grad_maximum;
pb_gradient_rule pb_grad_minimum, pb_grad_neg, pb_grad_abs, pb_grad_exp, pb_grad_log, pb_grad_sqrt;
pb_gradient_rule pb_grad_sin, pb_grad_cos, pb_grad_tanh, pb_grad_relu, pb_grad_select, pb_grad_same;
pb_gradient_rule pb_grad_reshape, pb_grad_permute, pb_grad_broadcast, pb_grad_slice, pb_grad_pad;
pb_gradient_rule pb_grad_concat, pb_grad_gather, pb_grad_scatter_add, pb_grad_take, pb_grad_pick;
pb_gradient_rule pb_grad_pool_gather, pb_grad_pool_scatter;
pb_gradient_rule pb_grad_sum, pb_grad_max;
pb_gradient_rule pb_grad_matmul, pb_grad_conv, pb_grad_conv_dx, pb_grad_conv_dw;
pb_gradient_rule pb_grad_analysis, pb_grad_synthesis;

/* References. */
pb_reference_rule pb_ref_constant, pb_ref_iota;
pb_reference_rule pb_ref_add, pb_ref_sub, pb_ref_mul, pb_ref_div, pb_ref_maximum, pb_ref_minimum;
pb_reference_rule pb_ref_less, pb_ref_equal, pb_ref_neg, pb_ref_abs, pb_ref_sign, pb_ref_exp;
pb_reference_rule pb_ref_log, pb_ref_sqrt, pb_ref_sin, pb_ref_cos, pb_ref_tanh, pb_ref_floor;
pb_reference_rule pb_ref_relu, pb_ref_step, pb_ref_select, pb_ref_cast, pb_ref_copy;
pb_reference_rule pb_ref_uniform, pb_ref_normal;
pb_reference_rule pb_ref_permute, pb_ref_broadcast, pb_ref_slice, pb_ref_pad, pb_ref_concat;
pb_reference_rule pb_ref_gather, pb_ref_scatter_add, pb_ref_take, pb_ref_pick;
pb_reference_rule pb_ref_histogram, pb_ref_half;
pb_reference_rule pb_ref_pool_index, pb_ref_pool_gather, pb_ref_pool_scatter;
pb_reference_rule pb_ref_sum, pb_ref_max, pb_ref_argmax;
pb_reference_rule pb_ref_matmul, pb_ref_conv, pb_ref_conv_dx, pb_ref_conv_dw;
pb_reference_rule pb_ref_analysis, pb_ref_synthesis;

/* Simplifications and the rules of rows. */
typedef pb_value pb_simplify_rule(pb_graph *g, const pb_record *r, const pb_value in[]);
typedef bool pb_rows_rule(const pb_graph *g, const pb_record *r, bool by_row[]);
pb_simplify_rule pb_simplify_add, pb_simplify_sub, pb_simplify_mul, pb_simplify_div;
pb_simplify_rule pb_simplify_neg, pb_simplify_select, pb_simplify_cast, pb_simplify_detach;
pb_simplify_rule pb_simplify_reshape, pb_simplify_permute, pb_simplify_broadcast, pb_simplify_slice;
pb_simplify_rule pb_simplify_pad, pb_simplify_gather, pb_simplify_sum, pb_simplify_max;
pb_simplify_rule pb_simplify_matmul;
pb_rows_rule pb_rows_all;   /* every input                      */
pb_rows_rule pb_rows_first; /* the first, with the whole others */
pb_rows_rule pb_rows_whole; /* axis 0 is passed through whole   */
pb_rows_rule pb_rows_permute, pb_rows_concat, pb_rows_reduce, pb_rows_matmul, pb_rows_take;

/** Input i's record, and the input itself. */
static inline pb_value pb_in(const pb_graph *g, pb_value v, int i)
{
    return pb_record_of(g, v)->in[i];
}
static inline const pb_record *pb_in_record(const pb_graph *g, const pb_record *r, int i)
{
    return pb_record_of(g, r->in[i]);
}

#endif
