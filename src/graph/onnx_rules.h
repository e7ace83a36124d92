/* The rules that the op table points to for an ONNX model: one an op, or shared by ops that differ
 * in their name there. */
#ifndef PB_GRAPH_ONNX_RULES_H
#define PB_GRAPH_ONNX_RULES_H

#include "graph/onnx_model.h"

pb_onnx_rule pb_onnx_elementwise; /* the row's ONNX op on the same operands                */
pb_onnx_rule pb_onnx_truth;       /* the same for one that gives truth values, as numbers  */
pb_onnx_rule pb_onnx_same;        /* the value is its input                                */
pb_onnx_rule pb_onnx_constant, pb_onnx_half, pb_onnx_relu, pb_onnx_step, pb_onnx_select,
    pb_onnx_cast;
pb_onnx_rule pb_onnx_reshape, pb_onnx_permute, pb_onnx_broadcast, pb_onnx_slice, pb_onnx_pad,
    pb_onnx_concat;
pb_onnx_rule pb_onnx_gather, pb_onnx_take, pb_onnx_pick, pb_onnx_pool_gather;
pb_onnx_rule pb_onnx_sum, pb_onnx_max, pb_onnx_argmax, pb_onnx_histogram;
pb_onnx_rule pb_onnx_matmul, pb_onnx_conv, pb_onnx_filter_bank;

#endif
