/* Simplifications of the fold pass: each returns an existing or cheaper value equal to the op on
 * its inputs, or PB_NONE. An op that moves elements of a constant of one number gives that number
 * again. */
#include "graph/rules.h"
#include "graph/store.h"

#include <string.h>

static bool is_number(const pb_graph *g, pb_value v, double wanted)
{
    double number;
    return pb_is_splat(g, v, &number) && number == wanted;
}

/* Input of v when v is that op, else PB_NONE. */
static pb_value behind(const pb_graph *g, pb_value v, pb_op op)
{
    const pb_record *r = pb_record_of(g, v);
    return r->op == op ? r->in[0] : PB_NONE;
}

static pb_value moved_splat(pb_graph *g, const pb_record *r, pb_value in)
{
    double number;
    return pb_is_splat(g, in, &number) ? pb_splat(g, number, r->dtype, r->shape) : PB_NONE;
}

/* A reshape that looks through the reshape before it. */
static pb_value reshaped(pb_graph *g, pb_value v, pb_shape shape)
{
    const pb_value inner = behind(g, v, PB_OP_RESHAPE);
    return pb_reshape(g, inner != PB_NONE ? inner : v, shape);
}

static bool same_shape(const pb_graph *g, const pb_record *r, pb_value in)
{
    return pb_shape_equal(pb_value_shape(g, in), r->shape);
}

/* ---- elementwise ---- */

pb_value pb_simplify_add(pb_graph *g, const pb_record *r, const pb_value in[])
{
    (void)r;
    if (is_number(g, in[0], 0)) return in[1];
    return is_number(g, in[1], 0) ? in[0] : PB_NONE;
}

pb_value pb_simplify_sub(pb_graph *g, const pb_record *r, const pb_value in[])
{
    (void)r;
    if (is_number(g, in[1], 0)) return in[0];
    return is_number(g, in[0], 0) ? pb_neg(g, in[1]) : PB_NONE;
}

static pb_value owner(const pb_graph *g, pb_value v)
{
    for (pb_value inner; (inner = behind(g, v, PB_OP_RESHAPE)) != PB_NONE;) v = inner;
    return v;
}

/* Of a gradient that pooling scatters to where relu was largest, what relu's own gradient keeps: it
 * can be told from what was pooled, which is a fraction as large, and spares the layer before it
 * another look at all of its results. */
static pb_value masked_before_scatter(pb_graph *g, pb_value scattered, pb_value mask)
{
    const pb_value scatter = owner(g, scattered), of = behind(g, owner(g, mask), PB_OP_STEP);
    const pb_record *s = pb_record_of(g, scatter);
    if (s->op != PB_OP_POOL_SCATTER || of == PB_NONE) return PB_NONE;
    const pb_value index = s->in[1], dy = s->in[0];
    const pb_value pooled = behind(g, index, PB_OP_POOL_INDEX);
    if (pooled == PB_NONE || !same_shape(g, s, pooled)) return PB_NONE;
    const pb_value before = behind(g, owner(g, pooled), PB_OP_RELU);
    if (before == PB_NONE || owner(g, before) != owner(g, of)) return PB_NONE;
    const pb_window window = s->attrs.window;
    const pb_shape image = s->shape, shape = pb_value_shape(g, scattered);
    const pb_value kept = pb_mul(g, dy, pb_step(g, pb_pool_gather(g, pooled, index, window)));
    return pb_reshape(g, pb_pool_scatter(g, kept, index, window, image.dim[2], image.dim[3]),
                      shape);
}

pb_value pb_simplify_mul(pb_graph *g, const pb_record *r, const pb_value in[])
{
    for (int i = 0; i < 2; i++) {
        if (is_number(g, in[i], 1)) return in[1 - i];
        if (is_number(g, in[i], -1)) return pb_neg(g, in[1 - i]);
        if (is_number(g, in[i], 0)) return pb_splat(g, 0, r->dtype, r->shape);
        const pb_value kept = masked_before_scatter(g, in[i], in[1 - i]);
        if (kept != PB_NONE) return kept;
    }
    return PB_NONE;
}

pb_value pb_simplify_div(pb_graph *g, const pb_record *r, const pb_value in[])
{
    (void)r;
    return is_number(g, in[1], 1) ? in[0] : PB_NONE;
}

pb_value pb_simplify_neg(pb_graph *g, const pb_record *r, const pb_value in[])
{
    (void)r;
    return behind(g, in[0], PB_OP_NEG);
}

pb_value pb_simplify_select(pb_graph *g, const pb_record *r, const pb_value in[])
{
    double condition;
    (void)r;
    if (in[1] == in[2]) return in[1];
    if (!pb_is_splat(g, in[0], &condition)) return PB_NONE;
    return condition != 0 ? in[1] : in[2];
}

pb_value pb_simplify_cast(pb_graph *g, const pb_record *r, const pb_value in[])
{
    return pb_value_dtype(g, in[0]) == r->dtype ? in[0] : PB_NONE;
}

/* Gradients were taken before the passes. */
pb_value pb_simplify_detach(pb_graph *g, const pb_record *r, const pb_value in[])
{
    (void)g, (void)r;
    return in[0];
}

/* ---- movement ---- */

pb_value pb_simplify_reshape(pb_graph *g, const pb_record *r, const pb_value in[])
{
    if (same_shape(g, r, in[0])) return in[0];
    if (behind(g, in[0], PB_OP_RESHAPE) != PB_NONE) return reshaped(g, in[0], r->shape);
    return moved_splat(g, r, in[0]);
}

pb_value pb_simplify_permute(pb_graph *g, const pb_record *r, const pb_value in[])
{
    const pb_record *a = pb_record_of(g, in[0]);
    int order[PB_MAX_AXES] = {0}, last = -1;
    bool in_order = true;
    /* Moving axes of extent 1 about moves no element. */
    for (int i = 0; i < r->shape.axes; i++) {
        const int from = r->attrs.order[i];
        if (a->shape.dim[from] == 1) continue;
        in_order &= from > last;
        last = from;
    }
    if (in_order) return reshaped(g, in[0], r->shape);
    if (a->op != PB_OP_PERMUTE) return moved_splat(g, r, in[0]);
    for (int i = 0; i < r->shape.axes; i++) order[i] = a->attrs.order[r->attrs.order[i]];
    /* Both together may move nothing, so look again. */
    const pb_record both = {.op = PB_OP_PERMUTE,
                            .dtype = r->dtype,
                            .shape = r->shape,
                            .attrs.order = {order[0], order[1], order[2], order[3]}};
    const pb_value simpler = pb_simplify_permute(g, &both, a->in);
    return simpler != PB_NONE ? simpler : pb_permute(g, a->in[0], order);
}

pb_value pb_simplify_broadcast(pb_graph *g, const pb_record *r, const pb_value in[])
{
    if (same_shape(g, r, in[0])) return in[0];
    const pb_record *a = pb_record_of(g, in[0]);
    if (a->op == PB_OP_BROADCAST) return pb_broadcast(g, a->in[0], r->shape);
    if (a->op == PB_OP_IOTA && a->shape.dim[a->attrs.axis] == r->shape.dim[a->attrs.axis])
        return pb_iota(g, r->shape, a->attrs.axis);
    return moved_splat(g, r, in[0]);
}

pb_value pb_simplify_slice(pb_graph *g, const pb_record *r, const pb_value in[])
{
    if (same_shape(g, r, in[0])) return in[0];
    const pb_record *a = pb_record_of(g, in[0]);
    const int axes = r->shape.axes;
    if (a->op == PB_OP_SLICE) {
        int begin[PB_MAX_AXES] = {0};
        for (int i = 0; i < axes; i++) begin[i] = a->attrs.before[i] + r->attrs.before[i];
        return pb_slice(g, a->in[0], begin, r->shape);
    }
    if (a->op == PB_OP_PAD && same_shape(g, r, a->in[0]) &&
        memcmp(a->attrs.before, r->attrs.before, (size_t)axes * sizeof(int)) == 0)
        return a->in[0];
    return moved_splat(g, r, in[0]);
}

pb_value pb_simplify_pad(pb_graph *g, const pb_record *r, const pb_value in[])
{
    if (same_shape(g, r, in[0])) return in[0];
    const pb_record *a = pb_record_of(g, in[0]);
    if (is_number(g, in[0], 0)) return moved_splat(g, r, in[0]);
    if (a->op != PB_OP_PAD) return PB_NONE;
    int before[PB_MAX_AXES] = {0}, after[PB_MAX_AXES] = {0};
    for (int i = 0; i < r->shape.axes; i++) {
        before[i] = a->attrs.before[i] + r->attrs.before[i];
        after[i] = a->attrs.after[i] + r->attrs.after[i];
    }
    return pb_pad(g, a->in[0], before, after);
}

pb_value pb_simplify_gather(pb_graph *g, const pb_record *r, const pb_value in[])
{
    return moved_splat(g, r, in[0]);
}

/* ---- reductions of one element ---- */

pb_value pb_simplify_sum(pb_graph *g, const pb_record *r, const pb_value in[])
{
    return same_shape(g, r, in[0]) ? in[0] : PB_NONE;
}

pb_value pb_simplify_max(pb_graph *g, const pb_record *r, const pb_value in[])
{
    return same_shape(g, r, in[0]) ? in[0] : moved_splat(g, r, in[0]);
}

/* ---- contractions ---- */

/* What v is the transpose of, or PB_NONE. */
static pb_value untransposed(const pb_graph *g, pb_value v)
{
    const pb_record *r = pb_record_of(g, v);
    const int axes = r->shape.axes;
    if (r->op != PB_OP_PERMUTE || r->attrs.order[axes - 1] != axes - 2) return PB_NONE;
    for (int i = 0; i < axes - 2; i++)
        if (r->attrs.order[i] != i) return PB_NONE;
    return r->in[0];
}

pb_value pb_simplify_matmul(pb_graph *g, const pb_record *r, const pb_value in[])
{
    const pb_value a = untransposed(g, in[0]), b = untransposed(g, in[1]);
    if (a == PB_NONE && b == PB_NONE) return PB_NONE;
    return pb_matmul_t(g, a != PB_NONE ? a : in[0], b != PB_NONE ? b : in[1],
                       r->attrs.transpose_a != (a != PB_NONE),
                       r->attrs.transpose_b != (b != PB_NONE));
}
