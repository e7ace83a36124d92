/* Graph to graph, before planning: ops in the forms that kernels take.
 *   - convolutions and their gradients read zero-padded copies, so that the fast kernels never
 *     test bounds: the padding becomes an op of its own and is written by whoever computes the
 *     input
 *   - long sums go in two steps, so that there is work for every compute unit
 *   - scatter_add becomes a product with the one-hot matrix of its index, which has a fixed order
 *     of summation
 *   - take becomes a gather of single elements
 *   - a leaf assigned to a leaf becomes a value
 * The lowered graph means the same, op by op; the float64 reference can evaluate it too. */
#include <stdlib.h>

#include "graph/store.h"
#include "plan/build.h"

#define PART_LENGTH 512 /* elements of a row that one work-item sums */

typedef struct lowering {
    const pb_graph *from;
    pb_graph *to;
    const pb_device_info *info;
    bool on_cpu;
    pb_value *map;
} lowering;

static pb_value pad_plane(pb_graph *g, pb_value x, int vertical, int horizontal)
{
    if (vertical == 0 && horizontal == 0) return x;
    const int margin[PB_MAX_AXES] = {0, 0, vertical, horizontal};
    return pb_pad(g, x, margin, margin);
}

/* Rows (or columns) of zeros around dy, in steps of the convolution, such that no tap of the data
 * gradient reads outside of it. */
static int dx_margin(int kernel, int stride, int padding)
{
    return padding < kernel - 1 ? (kernel - 1 - padding + stride - 1) / stride : 0;
}

static pb_value lower_conv(lowering *l, const pb_record *r, const pb_value in[])
{
    if (!l->on_cpu) return pb_append(l->to, r->op, r->arity, in, &r->attrs);
    pb_window window = r->attrs.window;
    if (r->op == PB_OP_CONV_DX) { /* m more rows of y on both sides, and m stride more of padding */
        int margin[2];
        for (int i = 0; i < 2; ++i) {
            margin[i] = dx_margin(window.kernel[i], window.stride[i], window.padding[i]);
            window.padding[i] += margin[i] * window.stride[i];
        }
        const pb_value dy = pad_plane(l->to, in[0], margin[0], margin[1]);
        return pb_conv_dx(l->to, dy, in[1], window, r->attrs.height, r->attrs.width);
    }
    const pb_value x = pad_plane(l->to, in[0], window.padding[0], window.padding[1]);
    window.padding[0] = window.padding[1] = 0;
    if (r->op == PB_OP_CONV_DW) return pb_conv_dw(l->to, x, in[1], window);
    return pb_conv(l->to, x, in[1], window);
}

/* How many parts a sum of `length` elements with `others` results is cut into; 1: none. */
static int parts_of(const lowering *l, int length, int64_t outer, int64_t inner)
{
    const int units = (int)l->info->compute_units;
    if (inner == 1) {
        if (length <= 2 * PART_LENGTH || outer >= 64) return 1;
        return (length + PART_LENGTH - 1) / PART_LENGTH;
    }
    /* so much that reading it in order is worth partial results of all columns */
    if (l->on_cpu && inner >= 512 && length >= 64 * units && (double)length * (double)inner > 2e6 &&
        outer < units)
        return 4 * units;
    const int64_t items = outer * ((inner + 63) / 64);
    if (items >= 2 * units || (int64_t)length * inner < 65536 || length < 64) return 1;
    const int parts = 4 * units;
    return parts < length / 8 ? parts : length / 8;
}

/* [outer, length, inner] -> [outer parts, length / parts, inner] -> sum -> [outer, parts, inner] ->
 * sum */
static pb_value lower_sum(lowering *l, const pb_record *r, const pb_value in[])
{
    const pb_shape shape = pb_value_shape(l->to, in[0]);
    const int axis = r->attrs.axis, length = shape.dim[axis];
    if (length == 1) return in[0];
    int64_t outer = 1, inner = 1;
    for (int i = 0; i < shape.axes; ++i) {
        if (i < axis) outer *= shape.dim[i];
        if (i > axis) inner *= shape.dim[i];
    }
    const int wanted = parts_of(l, length, outer, inner);
    if (wanted <= 1 || r->dtype != PB_F32) return pb_append(l->to, r->op, r->arity, in, &r->attrs);
    int parts = wanted;
    while (parts < 2 * wanted && length % parts) ++parts;
    if (length % parts) parts = wanted;
    const int part = (length + parts - 1) / parts;
    pb_value x = pb_reshape(l->to, in[0], PB_SHAPE((int)outer, length, (int)inner));
    if (part * parts != length) {
        const int before[PB_MAX_AXES] = {0}, after[PB_MAX_AXES] = {0, part * parts - length, 0};
        x = pb_pad(l->to, x, before, after);
    }
    x = pb_reshape(l->to, x, PB_SHAPE((int)outer * parts, part, (int)inner));
    x = pb_sum(l->to, x, 1, true);
    x = pb_reshape(l->to, x, PB_SHAPE((int)outer, parts, (int)inner));
    const pb_record second = {.op = PB_OP_SUM, .dtype = PB_F32, .arity = 1, .attrs = {.axis = 1}};
    x = lower_sum(l, &second, &x); /* still long when there are millions */
    return pb_reshape(l->to, x, r->shape);
}

static pb_value lower_scatter_add(lowering *l, const pb_record *r, const pb_value in[])
{
    const pb_shape rows = pb_value_shape(l->to, in[0]);
    const int count = r->attrs.count, length = rows.dim[0];
    const pb_value targets = pb_iota(l->to, PB_SHAPE(count, length), 0);
    const pb_value index = pb_reshape(l->to, in[1], PB_SHAPE(1, length));
    const pb_value hot = pb_cast(l->to, pb_equal(l->to, targets, index), PB_F32);
    const pb_value flat = pb_reshape(l->to, in[0], PB_SHAPE(length, -1));
    return pb_reshape(l->to, pb_matmul(l->to, hot, flat), r->shape);
}

/* a [rows, F] seen as [rows F]: element j of row i is number i F + index[j]. */
static pb_value lower_take(lowering *l, const pb_record *r, const pb_value in[])
{
    pb_graph *g = l->to;
    const pb_shape a = pb_value_shape(g, in[0]);
    const int extent = a.dim[a.axes - 1], taken = r->shape.dim[r->shape.axes - 1];
    const int rows = (int)(pb_shape_count(a) / (size_t)extent);
    const pb_value row = pb_iota(g, PB_SHAPE(rows, taken), 0);
    const pb_value start = pb_mul(g, row, pb_constant_i32(g, extent, PB_SCALAR));
    const pb_value at = pb_add(g, start, pb_reshape(g, in[1], PB_SHAPE(1, taken)));
    const pb_value elements = pb_reshape(g, in[0], PB_SHAPE(-1));
    const pb_value all = pb_gather(g, elements, pb_reshape(g, at, PB_SHAPE(-1)));
    return pb_reshape(g, all, r->shape);
}

/* What is assigned to a leaf from another leaf becomes a value of its own, which the plan can store
 * aside. */
static pb_value lower_assign(lowering *l, const pb_record *r, const pb_value in[])
{
    pb_value owner = in[1];
    while (pb_record_of(l->to, owner)->op == PB_OP_RESHAPE)
        owner = pb_record_of(l->to, owner)->in[0];
    if (pb_record_of(l->to, owner)->op != PB_OP_LEAF) return pb_graph_copy(l->to, r, in);
    return pb_graph_copy(l->to, r, (pb_value[]){in[0], pb_detach(l->to, in[1])});
}

static pb_value lower_value(lowering *l, const pb_record *r, const pb_value in[])
{
    switch (r->op) { /* the ops that have another form here */
    case PB_OP_CONV:
    case PB_OP_CONV_DX:
    case PB_OP_CONV_DW: return lower_conv(l, r, in);
    case PB_OP_SUM: return lower_sum(l, r, in);
    case PB_OP_SCATTER_ADD: return lower_scatter_add(l, r, in);
    case PB_OP_TAKE: return lower_take(l, r, in);
    case PB_OP_ASSIGN: return lower_assign(l, r, in);
    default: return pb_graph_copy(l->to, r, in);
    }
}

pb_status pb_lower(const pb_graph *g, const pb_device_info *info, bool on_cpu, pb_graph **out,
                   pb_value **map)
{
    pb_context *ctx = pb_graph_context(g);
    const int count = pb_graph_count(g);
    lowering l = {.from = g,
                  .to = pb_graph_create(ctx),
                  .info = info,
                  .on_cpu = on_cpu,
                  .map = malloc(sizeof(pb_value) * (size_t)(count + 1))};
    pb_value *in = NULL;
    pb_status status = PB_OK;
    if (!l.to || !l.map)
        status = pb_fail(ctx, PB_ERR_MEMORY, "no memory to lower a graph of %d values", count);
    for (pb_value v = 0; status == PB_OK && v < count; ++v) {
        const pb_record *r = pb_record_of(g, v);
        pb_value *grown = realloc(in, sizeof(pb_value) * (size_t)(r->arity + 1));
        if (!grown) {
            status = pb_fail(ctx, PB_ERR_MEMORY, "no memory to lower a graph of %d values", count);
            break;
        }
        in = grown;
        for (int i = 0; i < r->arity; ++i) in[i] = l.map[r->in[i]];
        pb_graph_scope(l.to, r->scope);
        l.map[v] = lower_value(&l, r, in);
        status = pb_graph_status(l.to);
    }
    free(in);
    if (status == PB_OK) status = pb_graph_copy_programs(g, l.to, l.map);
    if (status != PB_OK) {
        pb_graph_free(&l.to);
        free(l.map);
        return status;
    }
    *out = l.to;
    *map = l.map;
    return PB_OK;
}
