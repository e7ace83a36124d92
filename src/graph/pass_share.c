/* Makes equal values one: a hash table of the new graph's values by op, inputs and attributes. */
#include "graph/rewrite.h"

#include <stdlib.h>
#include <string.h>

typedef struct table {
    size_t capacity; /* a power of two, at least twice the number of values */
    pb_value *slot;
} table;

/* ---- equality ---- */

static bool equal_ints(const int a[], const int b[], int count)
{
    return memcmp(a, b, (size_t)count * sizeof *a) == 0;
}

static bool equal_numbers(const pb_record *a, const pb_record *b)
{
    if (!a->attrs.data != !b->attrs.data) return false;
    /* Bits, so that NaN equals itself and 0 differs from -0. */
    if (!a->attrs.data) return memcmp(&a->attrs.number, &b->attrs.number, sizeof(double)) == 0;
    const size_t bytes = pb_shape_count(a->shape) * pb_dtype_bytes(a->dtype);
    return memcmp(a->attrs.data, b->attrs.data, bytes) == 0;
}

/* Shape and dtype agree already, so attributes that only ask for them do too. */
static bool equal_attrs(const pb_record *a, const pb_record *b)
{
    const unsigned has = pb_ops[a->op].attrs;
    const pb_attrs *x = &a->attrs, *y = &b->attrs;
    const int axes = a->shape.axes;
    if ((has & PB_HAS_NUMBER) && !equal_numbers(a, b)) return false;
    if ((has & PB_HAS_AXIS) && x->axis != y->axis) return false;
    if ((has & PB_HAS_EXTENSION) && x->extension != y->extension) return false;
    if ((has & PB_HAS_ORDER) && !equal_ints(x->order, y->order, axes)) return false;
    if ((has & PB_HAS_BEFORE) && !equal_ints(x->before, y->before, axes)) return false;
    if ((has & PB_HAS_AFTER) && !equal_ints(x->after, y->after, axes)) return false;
    if ((has & PB_HAS_WINDOW) && memcmp(&x->window, &y->window, sizeof x->window) != 0)
        return false;
    if ((has & PB_HAS_PURPOSE) && (x->purpose != y->purpose || x->count != y->count)) return false;
    if ((has & PB_HAS_TRANSPOSE) &&
        (x->transpose_a != y->transpose_a || x->transpose_b != y->transpose_b))
        return false;
    return true;
}

static bool equal(const pb_record *a, const pb_value in[], const pb_record *b)
{
    if (a->op != b->op || a->arity != b->arity || a->dtype != b->dtype) return false;
    if (!pb_shape_equal(a->shape, b->shape)) return false;
    if (a->arity > 0 && !equal_ints(in, b->in, a->arity)) return false;
    return equal_attrs(a, b);
}

/* ---- the table ---- */

static uint64_t mix(uint64_t hash, uint64_t word)
{
    return (hash ^ word) * 0x9E3779B97F4A7C15u ^ (hash >> 29);
}

static uint64_t hash_of(const pb_record *r, const pb_value in[])
{
    uint64_t hash = mix((uint64_t)r->op + 1, (uint64_t)r->dtype);
    for (int i = 0; i < r->shape.axes; i++) hash = mix(hash, (uint64_t)r->shape.dim[i]);
    for (int i = 0; i < r->arity; i++) hash = mix(hash, (uint64_t)in[i]);
    if (pb_ops[r->op].attrs & PB_HAS_NUMBER) {
        uint64_t bits;
        memcpy(&bits, &r->attrs.number, sizeof bits);
        hash = mix(hash, bits);
    }
    return hash ^ (hash >> 32);
}

static pb_value share(pb_rewrite *w, pb_value v, const pb_record *r, const pb_value in[])
{
    table *t = w->user;
    (void)v;
    if (r->op == PB_OP_LEAF) return pb_graph_copy(w->to, r, in);
    size_t i = hash_of(r, in) & (t->capacity - 1);
    for (; t->slot[i] != PB_NONE; i = (i + 1) & (t->capacity - 1))
        if (equal(r, in, pb_record_of(w->to, t->slot[i]))) return t->slot[i];
    return t->slot[i] = pb_graph_copy(w->to, r, in);
}

pb_status pb_pass_share(const pb_graph *g, pb_graph **out, pb_value **map)
{
    table t = {.capacity = 16};
    while (t.capacity < 2 * (size_t)pb_graph_count(g)) t.capacity *= 2;
    t.slot = malloc(t.capacity * sizeof *t.slot);
    if (!t.slot) return pb_fail(pb_graph_context(g), PB_ERR_MEMORY, "no memory for a pass");
    for (size_t i = 0; i < t.capacity; i++) t.slot[i] = PB_NONE;
    pb_rewrite w = {.from = g, .rule = share, .user = &t};
    const pb_status status = pb_rewrite_run(&w, out, map);
    free(t.slot);
    return status;
}
