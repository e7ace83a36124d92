/* Random numbers, which depend on nothing but their seed, purpose, epoch and place: a run that goes
 * on draws what it would have drawn, whatever the launch order or the batch. */
#include "graph/rules.h"
#include "graph/store.h"

#include "base/rng.h"

pb_status pb_infer_random(pb_graph *g, pb_record *r)
{
    PB_TRY(pb_infer_any(g, r));
    if (r->dtype != PB_I32)
        return pb_infer_fail(g, r, "sample, place, epoch and key are %s, they must be i32",
                             pb_dtype_name(r->dtype));
    if (r->attrs.count < 1)
        return pb_infer_fail(g, r, "%d numbers of a sample, there must be 1 or more",
                             r->attrs.count);
    r->dtype = PB_F32;
    return PB_OK;
}

/* Each number of a stream, as pb_stream_... has it. */
static void draw(const pb_record *r, const double *const in[], double *out,
                 float (*number)(pb_stream s, uint64_t index))
{
    const size_t count = pb_shape_count(r->shape);
    for (size_t i = 0; i < count; i++) {
        const pb_stream s = {.key = {(uint32_t)(int32_t)in[3][i], r->attrs.purpose},
                             .epoch = (uint32_t)(int32_t)in[2][i]};
        const uint64_t sample = (uint32_t)(int32_t)in[0][i], place = (uint32_t)(int32_t)in[1][i];
        out[i] = (double)number(s, sample * (uint64_t)r->attrs.count + place);
    }
}

void pb_ref_uniform(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    (void)g;
    draw(r, in, out, pb_stream_uniform);
}

void pb_ref_normal(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    (void)g;
    draw(r, in, out, pb_stream_normal);
}

static pb_value random_value(pb_graph *g, pb_op op, const pb_draw *draws, pb_shape shape,
                             const char *purpose)
{
    if (pb_graph_status(g) != PB_OK) return PB_NONE;
    const int count = (int)(pb_shape_count(shape) / (size_t)shape.dim[0]);
    const pb_shape rows = PB_SHAPE(shape.dim[0], count), column = PB_SHAPE(shape.dim[0], 1);
    const pb_value in[] = {pb_broadcast(g, pb_reshape(g, draws->sample, column), rows),
                           pb_iota(g, rows, 1),
                           pb_broadcast(g, pb_reshape(g, draws->epoch, PB_SHAPE(1, 1)), rows),
                           pb_broadcast(g, pb_reshape(g, draws->key, PB_SHAPE(1, 1)), rows)};
    const pb_attrs attrs = {.count = count, .purpose = pb_hash32(purpose)};
    return pb_reshape(g, pb_append(g, op, 4, in, &attrs), shape);
}

pb_value pb_random_uniform(pb_graph *g, const pb_draw *draws, pb_shape shape, const char *purpose)
{
    return random_value(g, PB_OP_UNIFORM, draws, shape, purpose);
}

pb_value pb_random_normal(pb_graph *g, const pb_draw *draws, pb_shape shape, const char *purpose)
{
    return random_value(g, PB_OP_NORMAL, draws, shape, purpose);
}
