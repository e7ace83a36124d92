#include "graph/onnx.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <passband/version.h>

#include "base/arena.h"
#include "graph/onnx_model.h"

enum { LEAST_OPSET = 13, IR_VERSION = 7, IR_VERSION_16 = 8 };

/* Fields of the messages of onnx.proto. */
enum {
    MODEL_IR = 1,
    MODEL_PRODUCER = 2,
    MODEL_VERSION = 3,
    MODEL_GRAPH = 7,
    MODEL_OPSET = 8,
    MODEL_NOTE = 14
};
enum { OPSET_VERSION = 2, NOTE_KEY = 1, NOTE_TEXT = 2 };
enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_TENSOR = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP = 4, NODE_ATTRIBUTE = 5 };
enum {
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_INT = 3,
    ATTRIBUTE_TEXT = 4,
    ATTRIBUTE_INTS = 8,
    ATTRIBUTE_TYPE = 20
};
enum { TYPE_INT = 2, TYPE_STRING = 3, TYPE_INTS = 7 };
enum { TENSOR_DIM = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW = 9 };
enum { VALUE_NAME = 1, VALUE_TYPE = 2, TYPE_TENSOR = 1, TENSOR_ELEMENT = 1, TENSOR_SHAPE = 2 };
enum { SHAPE_DIM = 1, DIM_VALUE = 1, DIM_NAME = 2 };

struct pb_onnx {
    const pb_onnx_ask *ask;
    const pb_graph *g;
    pb_context *ctx;
    pb_status status;
    pb_arena *arena;
    int count;          /* of values                                             */
    const char **names; /* [count] tensor of a value, NULL: not written yet      */
    bool *settled;      /* [count] depends neither on the input nor on the batch */
    pb_value *wanted;   /* [count] settled values to be initializers             */
    int wanted_count;
    const char *batch;          /* int64 [1]: the number of samples; NULL: not asked for yet */
    pb_protobuf nodes, tensors; /* fields of the graph                            */
    pb_protobuf node;           /* at work                                               */
    const char *op_type;        /* its                                                   */
    int parts;                  /* names given out                                       */
    pb_onnx_facts facts;
};

const pb_record *pb_onnx_record(const pb_onnx *o, pb_value v)
{
    return pb_record_of(o->g, v);
}

static void no_memory(pb_onnx *o)
{
    if (o->status == PB_OK)
        o->status = pb_fail(o->ctx, PB_ERR_MEMORY, "no memory for the ONNX model");
}

void pb_onnx_fail(pb_onnx *o, pb_value v, const char *format, ...)
{
    const pb_record *r = pb_onnx_record(o, v);
    va_list args;
    if (o->status != PB_OK) return;
    va_start(args, format);
    o->status = pb_fail_va(o->ctx, PB_ERR_USAGE, format, args);
    va_end(args);
    pb_fail_prefix(o->ctx, o->status, "%s", pb_ops[r->op].name);
    if (r->scope) pb_fail_prefix(o->ctx, o->status, "%s", r->scope);
}

/* ---- names ---- */

static const char *keep(pb_onnx *o, const char *name)
{
    if (!name) no_memory(o);
    return name;
}

static const char *name_of(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    if (r->name) return r->name;
    if (v == o->ask->output) return o->ask->output_name;
    return keep(o, pb_arena_printf(o->arena, "%s/%s_%d", r->scope ? r->scope : "network",
                                   pb_ops[r->op].name, v));
}

static const char *name_of_part(pb_onnx *o, const char *what)
{
    return keep(o, pb_arena_printf(o->arena, "%s:%d", what, o->parts++));
}

/* ---- tensors ---- */

pb_onnx_type pb_onnx_type_of(pb_dtype dtype)
{
    return dtype == PB_F32 ? PB_ONNX_FLOAT : dtype == PB_I32 ? PB_ONNX_INT32 : PB_ONNX_UINT8;
}

static void put_tensor(pb_onnx *o, const char *name, pb_onnx_type type, int axes,
                       const int64_t dim[], const void *data, size_t bytes)
{
    pb_protobuf tensor = {0};
    for (int i = 0; i < axes; i++) pb_protobuf_put_int(&tensor, TENSOR_DIM, dim[i]);
    pb_protobuf_put_int(&tensor, TENSOR_TYPE, type);
    pb_protobuf_put_text(&tensor, TENSOR_NAME, name);
    pb_protobuf_put_bytes(&tensor, TENSOR_RAW, data, bytes);
    pb_protobuf_put(&o->tensors, GRAPH_TENSOR, &tensor);
    o->facts.initializers++;
}

const char *pb_onnx_tensor(pb_onnx *o, pb_onnx_type type, int axes, const int64_t dim[],
                           const void *data, size_t bytes)
{
    const char *name = name_of_part(o, "constant");
    if (o->status != PB_OK) return NULL;
    put_tensor(o, name, type, axes, dim, data, bytes);
    return name;
}

const char *pb_onnx_ints(pb_onnx *o, int count, const int64_t numbers[])
{
    return pb_onnx_tensor(o, PB_ONNX_INT64, 1, (int64_t[]){count}, numbers,
                          (size_t)count * sizeof *numbers);
}

/* Numbers of the graph's reference as they are stored; false when memory is out. */
static bool put_numbers(pb_onnx *o, const char *name, pb_dtype dtype, pb_shape shape,
                        const double numbers[])
{
    const size_t count = pb_shape_count(shape), size = pb_dtype_bytes(dtype);
    int64_t dim[PB_MAX_AXES];
    void *data = malloc(count * size);
    for (int i = 0; i < shape.axes; i++) dim[i] = shape.dim[i];
    for (size_t i = 0; data && i < count; i++) {
        if (dtype == PB_F32) ((float *)data)[i] = (float)numbers[i];
        if (dtype == PB_I32) ((int32_t *)data)[i] = (int32_t)numbers[i];
        if (dtype == PB_U8) ((uint8_t *)data)[i] = (uint8_t)numbers[i];
    }
    if (data) put_tensor(o, name, pb_onnx_type_of(dtype), shape.axes, dim, data, count * size);
    free(data);
    return data != NULL;
}

const char *pb_onnx_scalar(pb_onnx *o, pb_dtype dtype, double number)
{
    const char *name = name_of_part(o, "constant");
    if (o->status == PB_OK && !put_numbers(o, name, dtype, PB_SCALAR, &number)) no_memory(o);
    return name;
}

/* ---- the batch ---- */

int pb_onnx_batch_in(const pb_onnx *o, pb_value v, int axis)
{
    const int extent = pb_value_shape(o->g, v).dim[axis];
    return extent == pb_value_shape(o->ask->other, v).dim[axis] ? 0 : extent / o->ask->batch;
}

static bool has_batch(const pb_onnx *o, pb_value v)
{
    return !pb_shape_equal(pb_value_shape(o->g, v), pb_value_shape(o->ask->other, v));
}

/* int64 [1]: so many times the batch. */
static const char *batch_times(pb_onnx *o, pb_value v, int times)
{
    if (!o->batch) {
        const char *input = pb_onnx_full(o, o->ask->input);
        const char *zero = pb_onnx_ints(o, 1, (int64_t[]){0}),
                   *one = pb_onnx_ints(o, 1, (int64_t[]){1});
        pb_onnx_begin(o, "Shape", 1, &input);
        const char *shape = pb_onnx_end_part(o, v);
        pb_onnx_begin(o, "Slice", 3, (const char *[]){shape, zero, one});
        o->batch = pb_onnx_end_part(o, v);
    }
    if (times == 1) return o->batch;
    pb_onnx_begin(o, "Mul", 2, (const char *[]){o->batch, pb_onnx_ints(o, 1, (int64_t[]){times})});
    return pb_onnx_end_part(o, v);
}

const char *pb_onnx_extents(pb_onnx *o, pb_value v, bool widening)
{
    const pb_record *r = pb_onnx_record(o, v);
    const char *parts[PB_MAX_AXES];
    int64_t extents[PB_MAX_AXES];
    bool is_constant = true;
    for (int i = 0; i < r->shape.axes; i++) {
        const int times = pb_onnx_batch_in(o, v, i);
        const bool is_there = widening && times && pb_onnx_batch_in(o, r->in[0], i) == times;
        extents[i] = is_there ? 1 : r->shape.dim[i];
        parts[i] = times && !is_there ? batch_times(o, v, times) : NULL;
        is_constant = is_constant && !parts[i];
    }
    if (is_constant) return pb_onnx_ints(o, r->shape.axes, extents);
    for (int i = 0; i < r->shape.axes; i++)
        if (!parts[i]) parts[i] = pb_onnx_ints(o, 1, &extents[i]);
    pb_onnx_begin(o, "Concat", r->shape.axes, parts);
    pb_onnx_set_int(o, "axis", 0);
    return pb_onnx_end_part(o, v);
}

/* ---- nodes ---- */

void pb_onnx_begin(pb_onnx *o, const char *op_type, int count, const char *const inputs[])
{
    pb_protobuf_clear(&o->node);
    o->op_type = op_type;
    for (int i = 0; i < count && o->status == PB_OK; i++)
        pb_protobuf_put_text(&o->node, NODE_INPUT, inputs[i]);
}

static void put_attribute(pb_onnx *o, const char *name, int type, pb_protobuf *content)
{
    pb_protobuf attribute = {0};
    pb_protobuf_put_text(&attribute, ATTRIBUTE_NAME, name);
    pb_protobuf_join(&attribute, content);
    pb_protobuf_put_int(&attribute, ATTRIBUTE_TYPE, type);
    pb_protobuf_put(&o->node, NODE_ATTRIBUTE, &attribute);
}

void pb_onnx_set_int(pb_onnx *o, const char *attribute, int64_t number)
{
    pb_protobuf content = {0};
    pb_protobuf_put_int(&content, ATTRIBUTE_INT, number);
    put_attribute(o, attribute, TYPE_INT, &content);
}

void pb_onnx_set_ints(pb_onnx *o, const char *attribute, int count, const int numbers[])
{
    pb_protobuf content = {0};
    for (int i = 0; i < count; i++) pb_protobuf_put_int(&content, ATTRIBUTE_INTS, numbers[i]);
    put_attribute(o, attribute, TYPE_INTS, &content);
}

void pb_onnx_set_text(pb_onnx *o, const char *attribute, const char *text)
{
    pb_protobuf content = {0};
    pb_protobuf_put_text(&content, ATTRIBUTE_TEXT, text);
    put_attribute(o, attribute, TYPE_STRING, &content);
}

void pb_onnx_need_opset(pb_onnx *o, int opset)
{
    if (opset > o->facts.opset) o->facts.opset = opset;
}

static void end_node(pb_onnx *o, const char *result)
{
    if (o->status == PB_OK) {
        pb_protobuf_put_text(&o->node, NODE_OUTPUT, result);
        pb_protobuf_put_text(&o->node, NODE_NAME, result); /* a node has one result */
        pb_protobuf_put_text(&o->node, NODE_OP, o->op_type);
        pb_protobuf_put(&o->nodes, GRAPH_NODE, &o->node);
        o->facts.nodes++;
    }
    pb_protobuf_clear(&o->node);
}

void pb_onnx_end(pb_onnx *o, pb_value v)
{
    o->names[v] = name_of(o, v);
    end_node(o, o->names[v]);
}

const char *pb_onnx_end_part(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    char what[128];
    snprintf(what, sizeof what, "%s/%s_%d", r->scope ? r->scope : "network", pb_ops[r->op].name, v);
    const char *name = name_of_part(o, what);
    end_node(o, name);
    return name;
}

void pb_onnx_alias(pb_onnx *o, pb_value v, const char *name)
{
    o->names[v] = name;
}

/* ---- operands ---- */

static void write_value(pb_onnx *o, pb_value v)
{
    const pb_op_row *row = &pb_ops[pb_onnx_record(o, v)->op];
    if (o->settled[v]) {
        o->names[v] = name_of(o, v);
        o->wanted[o->wanted_count++] = v;
    } else if (row->onnx_rule) {
        row->onnx_rule(o, v);
    } else {
        pb_onnx_fail(o, v, "has no ONNX form");
    }
}

const char *pb_onnx_full(pb_onnx *o, pb_value v)
{
    if (o->status == PB_OK && !o->names[v]) write_value(o, v);
    return o->status == PB_OK ? o->names[v] : NULL;
}

bool pb_onnx_is_broadcast(const pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    return !o->names[v] &&
           (r->op == PB_OP_BROADCAST || (r->op == PB_OP_CONSTANT && !r->attrs.data));
}

const char *pb_onnx_narrow(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    if (!pb_onnx_is_broadcast(o, v)) return pb_onnx_full(o, v);
    if (r->op == PB_OP_BROADCAST) return pb_onnx_full(o, r->in[0]);
    return pb_onnx_scalar(o, r->dtype, r->attrs.number);
}

/* ---- before the nodes ---- */

static bool same_content(const pb_record *a, const pb_record *b)
{
    if (!a->attrs.data || !b->attrs.data) return a->attrs.data == b->attrs.data;
    return pb_shape_equal(a->shape, b->shape) &&
           memcmp(a->attrs.data, b->attrs.data,
                  pb_shape_count(a->shape) * pb_dtype_bytes(a->dtype)) == 0;
}

/* But for extents. */
static bool same_op(const pb_record *a, const pb_record *b)
{
    const pb_attrs *p = &a->attrs, *q = &b->attrs;
    return a->op == b->op && a->dtype == b->dtype && a->arity == b->arity &&
           a->shape.axes == b->shape.axes &&
           (a->arity == 0 || memcmp(a->in, b->in, (size_t)a->arity * sizeof *a->in) == 0) &&
           p->number == q->number && p->axis == q->axis &&
           memcmp(p->order, q->order, sizeof p->order) == 0 &&
           memcmp(p->before, q->before, sizeof p->before) == 0 &&
           memcmp(p->after, q->after, sizeof p->after) == 0 && p->count == q->count &&
           p->height == q->height && p->width == q->width && p->extension == q->extension &&
           memcmp(&p->window, &q->window, sizeof p->window) == 0 &&
           p->transpose_a == q->transpose_a && p->transpose_b == q->transpose_b &&
           same_content(a, b);
}

/* Each extent is the same for both sizes of a batch, or a multiple of it. */
static bool scales(const pb_onnx *o, pb_shape a, pb_shape b)
{
    const int other = pb_value_shape(o->ask->other, o->ask->input).dim[0];
    for (int i = 0; i < a.axes; i++)
        if (a.dim[i] != b.dim[i] && (int64_t)a.dim[i] * other != (int64_t)b.dim[i] * o->ask->batch)
            return false;
    return true;
}

/* What the output needs must be the same in both graphs. */
static void compare(pb_onnx *o, bool needed[])
{
    needed[o->ask->output] = true;
    for (pb_value v = o->ask->output; v >= 0 && o->status == PB_OK; v--) {
        const pb_record *r = pb_onnx_record(o, v), *other = pb_record_of(o->ask->other, v);
        if (!needed[v]) continue;
        for (int i = 0; i < r->arity; i++) needed[r->in[i]] = true;
        if (!other || !same_op(r, other) || !scales(o, r->shape, other->shape))
            pb_onnx_fail(o, v,
                         "depends on how many samples a batch has, which is free in an ONNX model");
    }
}

static void settle(pb_onnx *o)
{
    for (pb_value v = 0; v < o->count; v++) {
        const pb_record *r = pb_onnx_record(o, v);
        o->settled[v] = v != o->ask->input && !has_batch(o, v);
        for (int i = 0; i < r->arity; i++) o->settled[v] = o->settled[v] && o->settled[r->in[i]];
    }
    o->names[o->ask->input] = pb_onnx_record(o, o->ask->input)->name;
}

/* ---- after them ---- */

static void put_initializers(pb_onnx *o)
{
    double **content = calloc((size_t)o->wanted_count + 1, sizeof *content);
    if (!content) no_memory(o);
    if (o->status == PB_OK)
        o->status = pb_reference(o->g, o->ask->leaf_count, o->ask->leaves, o->ask->leaf_data,
                                 o->wanted_count, o->wanted, content);
    for (int i = 0; o->status == PB_OK && i < o->wanted_count; i++) {
        const pb_record *r = pb_onnx_record(o, o->wanted[i]);
        if (!put_numbers(o, o->names[o->wanted[i]], r->dtype, r->shape, content[i])) no_memory(o);
    }
    for (int i = 0; content && i < o->wanted_count; i++) free(content[i]);
    free(content);
}

/* The output under its own name, even where it is another tensor. */
static void put_output(pb_onnx *o)
{
    const char *name = pb_onnx_full(o, o->ask->output);
    if (o->status != PB_OK || strcmp(name, o->ask->output_name) == 0) return;
    pb_onnx_begin(o, "Identity", 1, &name);
    end_node(o, o->ask->output_name);
}

static void put_value_info(pb_onnx *o, pb_protobuf *graph, unsigned field, pb_value v,
                           const char *name)
{
    const pb_record *r = pb_onnx_record(o, v);
    pb_protobuf shape = {0}, tensor = {0}, type = {0}, value = {0};
    for (int i = 0; i < r->shape.axes; i++) {
        pb_protobuf dim = {0};
        if (i == 0)
            pb_protobuf_put_text(&dim, DIM_NAME, "batch");
        else
            pb_protobuf_put_int(&dim, DIM_VALUE, r->shape.dim[i]);
        pb_protobuf_put(&shape, SHAPE_DIM, &dim);
    }
    pb_protobuf_put_int(&tensor, TENSOR_ELEMENT, pb_onnx_type_of(r->dtype));
    pb_protobuf_put(&tensor, TENSOR_SHAPE, &shape);
    pb_protobuf_put(&type, TYPE_TENSOR, &tensor);
    pb_protobuf_put_text(&value, VALUE_NAME, name);
    pb_protobuf_put(&value, VALUE_TYPE, &type);
    pb_protobuf_put(graph, field, &value);
}

static void put_model(pb_onnx *o, pb_protobuf *model)
{
    const pb_onnx_ask *ask = o->ask;
    pb_protobuf graph = {0}, opset = {0};
    pb_protobuf_join(&graph, &o->nodes);
    pb_protobuf_put_text(&graph, GRAPH_NAME, ask->name);
    pb_protobuf_join(&graph, &o->tensors);
    put_value_info(o, &graph, GRAPH_INPUT, ask->input, o->names[ask->input]);
    put_value_info(o, &graph, GRAPH_OUTPUT, ask->output, ask->output_name);
    pb_protobuf_put_int(model, MODEL_IR, o->facts.opset < 16 ? IR_VERSION : IR_VERSION_16);
    pb_protobuf_put_text(model, MODEL_PRODUCER, "passband");
    pb_protobuf_put_text(model, MODEL_VERSION, PB_VERSION);
    pb_protobuf_put(model, MODEL_GRAPH, &graph);
    pb_protobuf_put_int(&opset, OPSET_VERSION, o->facts.opset);
    pb_protobuf_put(model, MODEL_OPSET, &opset);
    for (int i = 0; i < ask->note_count; i++) {
        pb_protobuf note = {0};
        pb_protobuf_put_text(&note, NOTE_KEY, ask->notes[i][0]);
        pb_protobuf_put_text(&note, NOTE_TEXT, ask->notes[i][1]);
        pb_protobuf_put(model, MODEL_NOTE, &note);
    }
    if (model->failed) no_memory(o);
}

static void write_model(pb_onnx *o, pb_protobuf *model)
{
    bool *needed = calloc((size_t)o->count, sizeof *needed);
    if (!needed) no_memory(o);
    if (o->status == PB_OK) compare(o, needed);
    free(needed);
    if (o->status == PB_OK) settle(o);
    if (o->status == PB_OK) put_output(o);
    if (o->status == PB_OK) put_initializers(o);
    if (o->status == PB_OK) put_model(o, model);
}

pb_status pb_onnx_write(const pb_onnx_ask *ask, pb_protobuf *model, pb_onnx_facts *facts)
{
    const size_t count = (size_t)pb_graph_count(ask->g);
    pb_onnx o = {.ask = ask,
                 .g = ask->g,
                 .ctx = pb_graph_context(ask->g),
                 .arena = pb_arena_create(),
                 .count = (int)count,
                 .names = calloc(count, sizeof *o.names),
                 .settled = calloc(count, sizeof *o.settled),
                 .wanted = calloc(count, sizeof *o.wanted),
                 .facts = {.opset = LEAST_OPSET}};
    if (!o.arena || !o.names || !o.settled || !o.wanted) no_memory(&o);
    if (o.status == PB_OK) write_model(&o, model);
    *facts = o.facts;
    pb_protobuf_clear(&o.nodes);
    pb_protobuf_clear(&o.tensors);
    pb_protobuf_clear(&o.node);
    free(o.names);
    free(o.settled);
    free(o.wanted);
    pb_arena_free(&o.arena);
    return o.status;
}
