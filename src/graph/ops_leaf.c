/* Leaves, constants and indices; and assignment, the one op that writes a leaf. */
#include "graph/rules.h"
#include "graph/store.h"

pb_status pb_infer_asked(pb_graph *g, pb_record *r)
{
    (void)g;
    r->shape = r->attrs.shape;
    r->dtype = r->attrs.dtype;
    return PB_OK;
}

pb_status pb_infer_iota(pb_graph *g, pb_record *r)
{
    r->shape = r->attrs.shape;
    r->dtype = PB_I32;
    if (r->attrs.axis < 0 || r->attrs.axis >= r->shape.axes)
        return pb_infer_fail(g, r, "axis %d of a shape of %d axes", r->attrs.axis, r->shape.axes);
    return PB_OK;
}

void pb_ref_constant(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    (void)g, (void)in;
    const size_t count = pb_shape_count(r->shape);
    for (size_t i = 0; i < count; i++) {
        if (!r->attrs.data)
            out[i] = r->attrs.number;
        else if (r->dtype == PB_F32)
            out[i] = (double)((const float *)r->attrs.data)[i];
        else if (r->dtype == PB_I32)
            out[i] = ((const int32_t *)r->attrs.data)[i];
        else
            out[i] = ((const uint8_t *)r->attrs.data)[i];
    }
}

void pb_ref_iota(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    (void)g, (void)in;
    int strides[PB_MAX_AXES];
    pb_shape_strides(r->shape, strides);
    const size_t count = pb_shape_count(r->shape);
    const size_t stride = (size_t)strides[r->attrs.axis],
                 extent = (size_t)r->shape.dim[r->attrs.axis];
    for (size_t i = 0; i < count; i++) out[i] = (double)(i / stride % extent);
}

/* A part of a target: a leaf that may change, or a leaf seen as one row. */
static const pb_record *target_leaf(const pb_graph *g, pb_value part)
{
    const pb_record *r = pb_record_of(g, part);
    if (r->op == PB_OP_RESHAPE) r = pb_in_record(g, r, 0);
    return r->op == PB_OP_LEAF ? r : NULL;
}

static pb_status check_target(pb_graph *g, const pb_record *r, const pb_record *leaf)
{
    if (!leaf)
        return pb_infer_fail(g, r, "its target is neither a leaf nor pb_flatten_all of leaves");
    if (leaf->attrs.role == PB_ROLE_DATA)
        return pb_infer_fail(g, r, "its target %s holds data, which never changes", leaf->name);
    return PB_OK;
}

pb_status pb_infer_assign(pb_graph *g, pb_record *r)
{
    const pb_record *target = pb_in_record(g, r, 0), *value = pb_in_record(g, r, 1);
    char want[PB_SHAPE_TEXT], got[PB_SHAPE_TEXT];
    r->shape = target->shape;
    r->dtype = target->dtype;
    if (target->op == PB_OP_CONCAT) {
        for (int i = 0; i < target->arity; i++)
            PB_TRY(check_target(g, r, target_leaf(g, target->in[i])));
    } else {
        PB_TRY(check_target(g, r, target->op == PB_OP_LEAF ? target : NULL));
    }
    if (target->dtype != value->dtype || !pb_shape_equal(target->shape, value->shape))
        return pb_infer_fail(g, r, "%s holds %s %s, the value is %s %s",
                             target->name ? target->name : "the target",
                             pb_dtype_name(target->dtype), pb_shape_text(target->shape, want),
                             pb_dtype_name(value->dtype), pb_shape_text(value->shape, got));
    return PB_OK;
}
