/* Reverse-mode differentiation by the table's gradient rules. What it appends are ops of the same
 * table, so its result can be differentiated again. */
#include "graph/store.h"

#include <stdlib.h>

typedef struct backward {
    pb_graph *g;
    int count;          /* values of the graph before the first gradient was appended */
    bool *depends;      /* [count] whether the value depends on any of wrt            */
    pb_value *upstream; /* [count] the gradient so far, or PB_NONE                    */
} backward;

/* Gradients flow through f32 values of ops that are not piecewise constant. */
static bool carries(const pb_record *r)
{
    return r->dtype == PB_F32 && r->arity > 0 && !pb_ops[r->op].no_gradient;
}

static void mark_dependents(backward *b, pb_value y)
{
    for (pb_value v = 0; v <= y; v++) {
        const pb_record *r = pb_record_of(b->g, v);
        if (b->depends[v] || !carries(r)) continue;
        for (int i = 0; i < r->arity; i++) b->depends[v] |= b->depends[r->in[i]];
    }
}

static void accumulate(backward *b, pb_value v, pb_value gradient)
{
    if (gradient == PB_NONE || !b->depends[v]) return;
    const pb_value before = b->upstream[v];
    b->upstream[v] = before == PB_NONE ? gradient : pb_add(b->g, before, gradient);
}

/* Hands the gradient of one value to its inputs. The rule's ops carry the scope of the value. */
static pb_status step_back(backward *b, pb_value v)
{
    const pb_record *r = pb_record_of(b->g, v);
    bool goes_on = false;
    for (int i = 0; i < r->arity; i++) goes_on |= b->depends[r->in[i]];
    if (!goes_on || !carries(r)) return PB_OK;
    if (!pb_ops[r->op].gradient) {
        pb_graph_fail(b->g, PB_ERR_GRADIENT, "gradient: the op %s has no gradient rule",
                      pb_ops[r->op].name);
        return PB_ERR_GRADIENT;
    }
    pb_value *d = malloc((size_t)r->arity * sizeof *d);
    if (!d) {
        pb_graph_fail(b->g, PB_ERR_MEMORY, "no memory for gradients");
        return PB_ERR_MEMORY;
    }
    for (int i = 0; i < r->arity; i++) d[i] = PB_NONE;
    const char *scope = pb_graph_scope_swap(b->g, r->scope);
    pb_ops[r->op].gradient(b->g, v, b->upstream[v], d);
    for (int i = 0; i < r->arity; i++)
        if (pb_value_dtype(b->g, r->in[i]) == PB_F32) accumulate(b, r->in[i], d[i]);
    pb_graph_scope_swap(b->g, scope);
    free(d);
    return pb_graph_status(b->g);
}

static pb_status check(pb_graph *g, pb_value y, int count, const pb_value wrt[])
{
    PB_TRY(pb_graph_status(g));
    for (int i = -1; i < count; i++) {
        const pb_value v = i < 0 ? y : wrt[i];
        if (!pb_record_of(g, v))
            pb_graph_fail(g, PB_ERR_INTERNAL, "gradient: no value of this graph was given");
        else if (pb_value_dtype(g, v) != PB_F32)
            pb_graph_fail(g, PB_ERR_GRADIENT, "gradient: %s is %s, only f32 values have gradients",
                          pb_value_name(g, v) ? pb_value_name(g, v) : "the value",
                          pb_dtype_name(pb_value_dtype(g, v)));
    }
    return pb_graph_status(g);
}

static pb_status differentiate(backward *b, pb_value y, int count, const pb_value wrt[],
                               pb_value gradients[])
{
    for (pb_value v = 0; v < b->count; v++) b->upstream[v] = PB_NONE;
    for (int i = 0; i < count; i++) b->depends[wrt[i]] = true;
    mark_dependents(b, y);
    accumulate(b, y, pb_constant(b->g, 1, pb_value_shape(b->g, y)));
    for (pb_value v = y; v >= 0; v--)
        if (b->upstream[v] != PB_NONE) PB_TRY(step_back(b, v));
    for (int i = 0; i < count; i++) {
        const pb_value gradient = b->upstream[wrt[i]];
        gradients[i] =
            gradient != PB_NONE ? gradient : pb_constant(b->g, 0, pb_value_shape(b->g, wrt[i]));
    }
    return pb_graph_status(b->g);
}

pb_status pb_gradient(pb_graph *g, pb_value y, int count, const pb_value wrt[],
                      pb_value gradients[])
{
    for (int i = 0; i < count; i++) gradients[i] = PB_NONE;
    PB_TRY(check(g, y, count, wrt));
    backward b = {.g = g, .count = pb_graph_count(g)};
    b.depends = calloc((size_t)b.count, sizeof *b.depends);
    b.upstream = malloc((size_t)b.count * sizeof *b.upstream);
    pb_status status = PB_ERR_MEMORY;
    if (b.depends && b.upstream)
        status = differentiate(&b, y, count, wrt, gradients);
    else
        pb_graph_fail(g, status, "no memory for gradients");
    free(b.depends);
    free(b.upstream);
    return status;
}
