/* Which values of a program are stored. Products, convolutions and reductions are, and what they
 * read; values that are joined or padded are written straight to their place in the whole, and a
 * product or convolution that is there for an assignment alone to the leaf that it is assigned to;
 * everything else is recomputed where it is used, unless that would repeat much work. */
#include <stdlib.h>
#include <string.h>

#include "plan/build.h"

/* Operations that a value with several users may repeat before it is stored instead. What was
 * pooled is stored for them in any case: it would read several times its size again. */
#define REPEAT_LIMIT 14
/* And those that a broadcast or a gather may repeat: random numbers of a sample are drawn once, not
 * once for each of its pixels. */
#define BROADCAST_LIMIT 30

const pb_record *pb_build_record(const pb_build *b, pb_value v)
{
    return pb_record_of(b->g, v);
}

pb_value pb_build_strip(const pb_build *b, pb_value v)
{
    while (pb_build_record(b, v)->op == PB_OP_RESHAPE) v = pb_build_record(b, v)->in[0];
    return v;
}

pb_place pb_place_dense(pb_shape shape, int region, int64_t offset)
{
    pb_place place = {.region = region, .offset = offset};
    int strides[PB_MAX_AXES];
    pb_shape_strides(shape, strides);
    for (int i = 0; i < shape.axes; ++i) place.stride[i] = strides[i];
    return place;
}

bool pb_place_is_dense(const pb_place *place, pb_shape shape)
{
    int strides[PB_MAX_AXES];
    pb_shape_strides(shape, strides);
    for (int i = 0; i < shape.axes; ++i)
        if (shape.dim[i] > 1 && place->stride[i] != strides[i]) return false;
    return true;
}

/* The same elements seen in another shape: any shape of a dense place, and of others the shapes
 * that differ in axes of extent 1 only. */
static pb_place place_reshaped(pb_place place, pb_shape from, pb_shape to)
{
    if (place.region < 0 || pb_place_is_dense(&place, from))
        return place.region < 0 ? place : pb_place_dense(to, place.region, place.offset);
    pb_place seen = {.region = place.region, .offset = place.offset};
    int i = 0;
    for (int k = 0; k < to.axes; ++k) {
        if (to.dim[k] == 1) continue;
        while (i < from.axes && from.dim[i] == 1) ++i;
        if (i == from.axes || from.dim[i] != to.dim[k]) return (pb_place){.region = -1};
        seen.stride[k] = place.stride[i++];
    }
    return seen;
}

pb_place pb_build_place(const pb_build *b, const pb_program_build *p, pb_value v)
{
    const pb_record *r = pb_build_record(b, v);
    if (p && p->place[v].region >= 0) return p->place[v];
    if (b->place[v].region >= 0 && !(p && p->is_setup && p->root_of[v] >= 0)) return b->place[v];
    if (r->op == PB_OP_RESHAPE)
        return place_reshaped(pb_build_place(b, p, r->in[0]), pb_build_record(b, r->in[0])->shape,
                              r->shape);
    return (pb_place){.region = -1};
}

pb_status pb_build_region(pb_build *b, pb_dtype dtype, size_t count, int *region)
{
    if (b->region_count == b->region_capacity) {
        const int capacity = b->region_capacity ? 2 * b->region_capacity : 64;
        pb_region *grown = realloc(b->regions, (size_t)capacity * sizeof *grown);
        if (!grown)
            return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for %d regions of a plan", capacity);
        b->regions = grown;
        b->region_capacity = capacity;
    }
    *region = b->region_count++;
    b->regions[*region] =
        (pb_region){.dtype = dtype, .count = count, .first = -1, .last = -1, .program = -1};
    return PB_OK;
}

pb_value pb_library_operand(const pb_build *b, pb_value library, int input)
{
    const pb_record *r = pb_build_record(b, library);
    pb_value v = pb_build_strip(b, r->in[input]);
    const pb_record *operand = pb_build_record(b, v);
    if (r->op != PB_OP_MATMUL || operand->op != PB_OP_BROADCAST || v != r->in[input]) return v;
    /* repeated along leading axes only: the solver repeats it by a stride of 0 */
    const pb_shape from = pb_build_record(b, operand->in[0])->shape, to = operand->shape;
    for (int i = 0; i < to.axes; ++i) {
        const bool leading = i < to.axes - 2;
        if (leading ? from.dim[i] != 1 : from.dim[i] != to.dim[i]) return v;
    }
    return pb_build_strip(b, operand->in[0]);
}

pb_status pb_root_add(pb_build *b, pb_program_build *p, pb_root root)
{
    if (p->root_count == p->root_capacity) {
        const int capacity = p->root_capacity ? 2 * p->root_capacity : 64;
        pb_root *grown = realloc(p->roots, (size_t)capacity * sizeof *grown);
        if (!grown)
            return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for %d stored values of a plan",
                           capacity);
        p->roots = grown;
        p->root_capacity = capacity;
    }
    root.unit = -1;
    root.stored = true;
    p->roots[p->root_count++] = root;
    return PB_OK;
}

static bool has_place(const pb_build *b, const pb_program_build *p, pb_value v)
{
    return p->place[v].region >= 0 || (b->place[v].region >= 0 && !p->is_setup) ||
           (p->is_setup && b->place[v].region >= 0 &&
            pb_ops[pb_build_record(b, v)->op].class == PB_LEAF);
}

static void mark_needed(const pb_build *b, pb_program_build *p, pb_value v)
{
    if (p->needed[v]) return;
    p->needed[v] = true;
    if (!p->is_setup && b->place[v].region >= 0) return; /* static, leaf or constant data */
    const pb_record *r = pb_build_record(b, v);
    for (int i = 0; i < r->arity; ++i) mark_needed(b, p, r->in[i]);
}

/* Operations to compute one element from stored values. */
static int repeat_cost(const pb_build *b, const pb_program_build *p, pb_value v)
{
    const pb_record *r = pb_build_record(b, v);
    if (p->stored[v] || has_place(b, p, v) || pb_ops[r->op].class == PB_LEAF) return 0;
    int cost = 0;
    switch (pb_ops[r->op].class) {
    case PB_ELEMENTWISE:
        cost = r->op == PB_OP_UNIFORM || r->op == PB_OP_NORMAL ? 40
               : r->op == PB_OP_EXP || r->op == PB_OP_LOG || r->op == PB_OP_SIN ||
                       r->op == PB_OP_COS || r->op == PB_OP_TANH
                   ? 8
               : r->op == PB_OP_DIV || r->op == PB_OP_SQRT ? 3
                                                           : 1;
        break;
    case PB_MOVEMENT:
        cost = r->op == PB_OP_GATHER || r->op == PB_OP_PICK || r->op == PB_OP_PAD;
        break;
    default: break;
    }
    int times = 1;
    if (r->op == PB_OP_POOL_INDEX || r->op == PB_OP_POOL_GATHER)
        times = r->attrs.window.kernel[0] * r->attrs.window.kernel[1];
    for (int i = 0; i < r->arity && cost < 1000; ++i) cost += times * repeat_cost(b, p, r->in[i]);
    return cost;
}

/* Stored values may be asked for as reshapes or not at all: leaves and constants with data have
 * their place. */
static void mark_stored(const pb_build *b, pb_program_build *p, pb_value v, bool dense)
{
    v = pb_build_strip(b, v);
    if (has_place(b, p, v)) return;
    p->stored[v] = true;
    if (dense) p->dense[v] = true;
}

/* Whether a value that is stored padded may do without a copy of its own: readers take it from
 * inside the padding. */
static bool lives_in_padding(const pb_build *b, const pb_program_build *p, pb_value v)
{
    const pb_op op = pb_build_record(b, v)->op;
    return p->stored[v] && !p->dense[v] && p->place[v].region < 0 &&
           !(p->is_setup && b->place[v].region >= 0) && op != PB_OP_CONCAT && op != PB_OP_PAD &&
           (pb_ops[op].class == PB_ELEMENTWISE || pb_ops[op].class == PB_MOVEMENT);
}

/* An axis-0 join (or one whose outer axes are 1) lays its parts one after another. */
static bool parts_are_dense(const pb_record *r)
{
    for (int i = 0; i < r->attrs.axis; ++i)
        if (r->shape.dim[i] != 1) return false;
    return true;
}

/* Positions within a window, which gradients read again, take a byte. */
static pb_dtype stored_type(const pb_record *r)
{
    const pb_window *window = &r->attrs.window;
    const bool small =
        r->op == PB_OP_POOL_INDEX && window->kernel[0] * window->kernel[1] <= UINT8_MAX;
    return small ? PB_U8 : r->dtype;
}

/* Storage of a joined or padded value: what other programs read of the setup has its place already.
 */
static pb_status whole_region(pb_build *b, pb_program_build *p, pb_value v, int *region)
{
    const pb_record *r = pb_build_record(b, v);
    if (p->is_setup && b->place[v].region >= 0) {
        *region = b->place[v].region;
    } else {
        PB_TRY(pb_build_region(b, stored_type(r), pb_shape_count(r->shape), region));
        b->regions[*region].program = p->index;
    }
    p->place[v] = pb_place_dense(r->shape, *region, 0);
    return PB_OK;
}

/* Whether v is read once, and so is every reshape between it and its owner. A part of a joined
 * value that others read too has storage of its own: else they would wait for all the other parts.
 */
static bool is_read_once(const pb_build *b, const int users[], pb_value v)
{
    while (users[v] == 1 && pb_build_record(b, v)->op == PB_OP_RESHAPE)
        v = pb_build_record(b, v)->in[0];
    return users[v] == 1;
}

/* A joined value: its parts are written to their place in it. */
static pb_status place_concat(pb_build *b, pb_program_build *p, const int users[], pb_value v)
{
    const pb_record *r = pb_build_record(b, v);
    int region;
    PB_TRY(whole_region(b, p, v, &region));
    int begin = 0;
    for (int i = 0; i < r->arity; ++i) {
        pb_place place = p->place[v];
        place.offset += begin * place.stride[r->attrs.axis];
        begin += pb_build_record(b, r->in[i])->shape.dim[r->attrs.axis];
        const pb_value part = pb_build_strip(b, r->in[i]);
        const pb_record *owner = pb_build_record(b, part);
        const pb_op_class class = pb_ops[owner->op].class;
        if (!has_place(b, p, part) && class != PB_LEAF && owner->op != PB_OP_PAD &&
            owner->op != PB_OP_CONCAT && parts_are_dense(r) && is_read_once(b, users, r->in[i])) {
            p->stored[part] = true;
            p->place[part] = pb_place_dense(owner->shape, region, place.offset);
            continue;
        }
        place = (pb_place){.region = region, .offset = place.offset};
        for (int k = 0; k < r->shape.axes; ++k) place.stride[k] = p->place[v].stride[k];
        PB_TRY(pb_root_add(
            b, p, (pb_root){.v = r->in[i], .place = place, .forced = true, .leaf = PB_NONE}));
    }
    return PB_OK;
}

#define ALIGNED_FLOATS 16 /* of a cache line and a vector register */

/* Long rows of one-dimensional signals that only strided readers take. Planes are left dense: what
 * lies between their rows is computed too. */
static bool suits_aligned_rows(const pb_build *b, const pb_program_build *p, pb_value v)
{
    const pb_record *r = pb_build_record(b, v);
    const pb_shape inner = pb_build_record(b, r->in[0])->shape;
    return b->on_cpu && !p->dense[v] && !(p->is_setup && b->place[v].region >= 0) &&
           r->shape.axes == 4 && r->shape.dim[2] == 1 &&
           r->attrs.before[0] + r->attrs.after[0] + r->attrs.before[1] + r->attrs.after[1] == 0 &&
           inner.dim[3] >= 4 * ALIGNED_FLOATS;
}

/* Lets the elements inside the padding begin on whole cache lines: stores that straddle two cost
 * several times more. */
static void align_rows(pb_build *b, pb_program_build *p, pb_value v)
{
    const pb_record *r = pb_build_record(b, v);
    pb_place *place = &p->place[v];
    const int lead = (ALIGNED_FLOATS - r->attrs.before[3] % ALIGNED_FLOATS) % ALIGNED_FLOATS;
    const int64_t row =
        (lead + r->shape.dim[3] + ALIGNED_FLOATS - 1) / ALIGNED_FLOATS * ALIGNED_FLOATS;
    place->offset = lead;
    place->stride[2] = place->stride[1] = row;
    place->stride[0] = row * r->shape.dim[1];
    b->regions[place->region].count = (size_t)(place->stride[0] * r->shape.dim[0]);
}

static pb_status place_pad(pb_build *b, pb_program_build *p, pb_value v)
{
    const pb_record *r = pb_build_record(b, v);
    int region;
    PB_TRY(whole_region(b, p, v, &region));
    b->regions[region].persistent = true;
    b->regions[region].zeroed = true;
    if (suits_aligned_rows(b, p, v)) align_rows(b, p, v);
    pb_place inside = p->place[v];
    for (int i = 0; i < r->shape.axes; ++i) inside.offset += r->attrs.before[i] * inside.stride[i];
    p->root_of[v] = p->root_count;
    const pb_value inner = pb_build_strip(b, r->in[0]);
    if (lives_in_padding(b, p, inner)) {
        const pb_place seen = place_reshaped(inside, pb_build_record(b, r->in[0])->shape,
                                             pb_build_record(b, inner)->shape);
        if (seen.region >= 0) {
            p->place[inner] = seen;
            p->root_of[inner] = p->root_count;
        }
    }
    return pb_root_add(b, p,
                       (pb_root){.v = r->in[0], .place = inside, .forced = true, .leaf = PB_NONE});
}

static pb_status place_value(pb_build *b, pb_program_build *p, pb_value v)
{
    const pb_record *r = pb_build_record(b, v);
    bool forced = p->place[v].region >= 0; /* a part of a joined value */
    if (p->is_setup && b->place[v].region >= 0) {
        p->place[v] = b->place[v];
        forced = true;
    }
    if (p->place[v].region < 0) {
        int region;
        PB_TRY(whole_region(b, p, v, &region));
    }
    if (pb_ops[r->op].class == PB_CONTRACTION) return PB_OK; /* a library unit writes it */
    p->root_of[v] = p->root_count;
    return pb_root_add(b, p,
                       (pb_root){.v = v,
                                 .place = p->place[v],
                                 .forced = forced,
                                 .leaf = PB_NONE,
                                 .reduction = pb_ops[r->op].class == PB_REDUCTION});
}

static pb_status place_assign(pb_build *b, pb_program_build *p, pb_value assign)
{
    const pb_record *r = pb_build_record(b, assign);
    const pb_place target = pb_build_place(b, p, r->in[0]);
    if (target.region < 0)
        return pb_fail(b->ctx, PB_ERR_INTERNAL, "an assignment's target has no storage of its own");
    const pb_shape shape = pb_build_record(b, r->in[1])->shape;
    return pb_root_add(b, p,
                       (pb_root){.v = r->in[1],
                                 .place = pb_place_dense(shape, target.region, target.offset),
                                 .forced = true,
                                 .leaf = r->in[0]});
}

/* Whether an assignment is all that its value and its target are there for: then a product or
 * convolution can write straight into the leaf. Who reads a leaf comes before who writes it, so
 * nobody else may read either. */
static bool is_made_in_leaf(const pb_build *b, const pb_program_build *p, const int users[],
                            pb_value assign)
{
    const pb_record *r = pb_build_record(b, assign);
    const pb_value leaf = r->in[0], v = pb_build_strip(b, r->in[1]);
    const pb_place target = pb_build_place(b, p, leaf);
    if (pb_ops[pb_build_record(b, v)->op].class != PB_CONTRACTION || has_place(b, p, v) ||
        pb_build_record(b, leaf)->op != PB_OP_LEAF || p->needed[leaf] || target.region < 0 ||
        b->regions[target.region].count != pb_shape_count(r->shape))
        return false;
    for (pb_value seen = r->in[1]; seen != v; seen = pb_build_record(b, seen)->in[0])
        if (users[seen] > (seen != r->in[1])) return false;
    if (users[v] > (v != r->in[1])) return false;
    for (int i = 0; i < p->assign_count; ++i) {
        const pb_record *other = pb_build_record(b, p->assigns[i]);
        if (p->assigns[i] != assign &&
            (other->in[0] == leaf || pb_build_strip(b, other->in[1]) == v))
            return false;
    }
    return true;
}

pb_status pb_root_aside(pb_build *b, pb_program_build *p, int number)
{
    const pb_root assignment = p->roots[number];
    const pb_value v = pb_build_strip(b, assignment.v);
    int region;
    PB_TRY(whole_region(b, p, v, &region));
    p->stored[v] = true;
    p->root_of[v] = number;
    p->roots[number].v = v;
    p->roots[number].place = p->place[v];
    p->roots[number].leaf = PB_NONE;
    return pb_root_add(b, p, assignment);
}

pb_status pb_plan_roots(pb_build *b, pb_program_build *p)
{
    for (int i = 0; i < p->assign_count; ++i) {
        const pb_record *r = pb_build_record(b, p->assigns[i]);
        mark_needed(b, p, r->op == PB_OP_ASSIGN ? r->in[1] : p->assigns[i]);
        if (p->is_setup) p->stored[p->assigns[i]] = true;
    }
    int *users = pb_arena_alloc(b->arena, (size_t)b->count * sizeof *users);
    bool *spread = pb_arena_alloc(b->arena, (size_t)b->count * sizeof *spread);
    if (!users || !spread)
        return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to plan %d values", b->count);
    for (pb_value v = 0; v < b->count; ++v) {
        const pb_record *r = pb_build_record(b, v);
        if (!p->needed[v] || has_place(b, p, v)) continue;
        for (int i = 0; i < r->arity; ++i) ++users[r->in[i]];
        if (r->op == PB_OP_BROADCAST || r->op == PB_OP_GATHER)
            spread[pb_build_strip(b, r->in[0])] = true;
        const pb_op_class class = pb_ops[r->op].class;
        if (class == PB_REDUCTION || class == PB_CONTRACTION || r->op == PB_OP_CONCAT)
            p->stored[v] = true;
        /* positions are read instead of all that they were found in */
        if (r->op == PB_OP_POOL_SCATTER && pb_build_record(b, r->in[1])->op == PB_OP_POOL_INDEX)
            mark_stored(b, p, r->in[1], false);
        if (class == PB_CONTRACTION)
            for (int i = 0; i < r->arity; ++i)
                mark_stored(b, p, pb_library_operand(b, v, i), !pb_reads_strided(b, v, i));
    }
    for (pb_value v = 0; v < b->count; ++v) {
        const pb_op op = pb_build_record(b, v)->op;
        if (!p->needed[v] || p->stored[v] || has_place(b, p, v) || !(users[v] > 1 || spread[v]) ||
            (pb_ops[op].class != PB_ELEMENTWISE && op != PB_OP_POOL_GATHER))
            continue;
        const int cost = repeat_cost(b, p, v);
        if ((users[v] > 1 && (cost > REPEAT_LIMIT || op == PB_OP_POOL_GATHER)) ||
            (spread[v] && cost > BROADCAST_LIMIT))
            p->stored[v] = true;
    }
    for (int i = 0; i < p->assign_count && !p->is_setup; ++i) {
        const pb_record *r = pb_build_record(b, p->assigns[i]);
        const pb_value v = pb_build_strip(b, r->in[1]);
        if (is_made_in_leaf(b, p, users, p->assigns[i]))
            p->place[v] = pb_place_dense(pb_build_record(b, v)->shape,
                                         pb_build_place(b, p, r->in[0]).region, 0);
    }
    for (pb_value v = b->count - 1; v >= 0; --v) /* before their parts are placed */
        if (p->needed[v] && p->stored[v] && pb_build_record(b, v)->op == PB_OP_CONCAT &&
            p->place[v].region < 0)
            PB_TRY(place_concat(b, p, users, v));
    for (int pads = 1; pads >= 0; --pads) /* first: what they hold needs no other place */
        for (pb_value v = 0; v < b->count; ++v) {
            const pb_op op = pb_build_record(b, v)->op;
            if (!p->needed[v] || !p->stored[v] || op == PB_OP_CONCAT || (op == PB_OP_PAD) != pads ||
                p->root_of[v] >= 0)
                continue;
            PB_TRY(pads ? place_pad(b, p, v) : place_value(b, p, v));
        }
    for (int i = 0; i < p->assign_count && !p->is_setup; ++i) {
        const pb_record *r = pb_build_record(b, p->assigns[i]);
        const pb_place made = p->place[pb_build_strip(b, r->in[1])];
        if (made.region < 0 || made.region != pb_build_place(b, p, r->in[0]).region)
            PB_TRY(place_assign(b, p, p->assigns[i]));
    }
    return PB_OK;
}
