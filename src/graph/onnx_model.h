/* A model being written, as the rules of ops see it. Names live as long as it; NULL stands for what
 * failed, and any call on it does nothing. */
#ifndef PB_GRAPH_ONNX_MODEL_H
#define PB_GRAPH_ONNX_MODEL_H

#include "graph/op.h"

/** Element types by their numbers in TensorProto.DataType. */
typedef enum pb_onnx_type {
    PB_ONNX_FLOAT = 1,
    PB_ONNX_UINT8 = 2,
    PB_ONNX_INT32 = 6,
    PB_ONNX_INT64 = 7,
    PB_ONNX_BOOL = 9,
    PB_ONNX_FLOAT16 = 10
} pb_onnx_type;

typedef struct pb_onnx pb_onnx;

/** Appends the nodes of a value, of which the last is ended with pb_onnx_end, or gives it the name
 * of another by pb_onnx_alias. */
typedef void pb_onnx_rule(pb_onnx *o, pb_value v);

const pb_record *pb_onnx_record(const pb_onnx *o, pb_value v);
/** Records why the value has no ONNX form here. */
void pb_onnx_fail(pb_onnx *o, pb_value v, const char *format, ...) PB_PRINTF(3, 4);

/* ---- operands ---- */
/** The tensor of a value, whose nodes are appended first where they are not there yet. */
const char *pb_onnx_full(pb_onnx *o, pb_value v);
/** Whether a smaller tensor broadcasts to the value, by ONNX's rule, and that tensor. */
bool pb_onnx_is_broadcast(const pb_onnx *o, pb_value v);
const char *pb_onnx_narrow(pb_onnx *o, pb_value v);
/** Where the extent of an axis grows with the batch: how often the batch is in it; else 0. */
int pb_onnx_batch_in(const pb_onnx *o, pb_value v, int axis);
/** A constant tensor; int64 of one axis; a scalar of a type of the graph. */
const char *pb_onnx_tensor(pb_onnx *o, pb_onnx_type type, int axes, const int64_t dim[],
                           const void *data, size_t bytes);
const char *pb_onnx_ints(pb_onnx *o, int count, const int64_t numbers[]);
const char *pb_onnx_scalar(pb_onnx *o, pb_dtype dtype, double number);
/** An int64 tensor [axes] that holds a value's extents; with `widening`, 1 where its only input, of
 * as many axes, has them already. */
const char *pb_onnx_extents(pb_onnx *o, pb_value v, bool widening);
/** The type of a dtype. */
pb_onnx_type pb_onnx_type_of(pb_dtype dtype);

/* ---- a node: begin, attributes, end ---- */
void pb_onnx_begin(pb_onnx *o, const char *op_type, int count, const char *const inputs[]);
void pb_onnx_set_int(pb_onnx *o, const char *attribute, int64_t number);
void pb_onnx_set_ints(pb_onnx *o, const char *attribute, int count, const int numbers[]);
void pb_onnx_set_text(pb_onnx *o, const char *attribute, const char *text);
/** The least version of the operator set that has what the node uses; 13 goes without saying. */
void pb_onnx_need_opset(pb_onnx *o, int opset);
/** Ends the node whose result is the value. */
void pb_onnx_end(pb_onnx *o, pb_value v);
/** Ends a node on the way to the value; its result's name. */
const char *pb_onnx_end_part(pb_onnx *o, pb_value v);
/** The value is that tensor. */
void pb_onnx_alias(pb_onnx *o, pb_value v, const char *name);

#endif
