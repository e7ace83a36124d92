/* The float64 reference: any graph on the host, one value after another. */
#include "graph/op.h"

#include <stdlib.h>
#include <string.h>

typedef struct evaluation {
    const pb_graph *g;
    int count;
    bool *needed;     /* [count] */
    double **content; /* [count] elements of the values computed so far, else NULL */
} evaluation;

static void mark_needed(evaluation *e)
{
    for (pb_value v = e->count - 1; v >= 0; v--) {
        if (!e->needed[v] || e->content[v]) continue;
        const pb_record *r = pb_record_of(e->g, v);
        for (int i = 0; i < r->arity; i++) e->needed[r->in[i]] = true;
    }
}

static pb_status no_memory(const evaluation *e)
{
    return pb_fail(pb_graph_context(e->g), PB_ERR_MEMORY, "no memory for the reference");
}

static double *copy(const double *from, size_t count)
{
    double *to = malloc(count * sizeof *to);
    if (to) memcpy(to, from, count * sizeof *to);
    return to;
}

static pb_status compute(evaluation *e, pb_value v)
{
    const pb_record *r = pb_record_of(e->g, v);
    const pb_op_row *row = &pb_ops[r->op];
    if (!row->reference)
        return pb_fail(pb_graph_context(e->g), PB_ERR_INTERNAL, "reference: %s %s has no content",
                       row->name, r->name ? r->name : "");
    const double **in = malloc(((size_t)r->arity + 1) * sizeof *in);
    e->content[v] = malloc(pb_shape_count(r->shape) * sizeof **e->content);
    if (in && e->content[v]) {
        for (int i = 0; i < r->arity; i++) in[i] = e->content[r->in[i]];
        row->reference(e->g, r, in, e->content[v]);
    }
    const bool done = in && e->content[v];
    free(in);
    return done ? PB_OK : no_memory(e);
}

static pb_status evaluate(evaluation *e, int leaf_count, const pb_value leaves[],
                          const double *const leaf_data[], int wanted_count,
                          const pb_value wanted[], double *out[])
{
    for (int i = 0; i < leaf_count; i++) {
        if (e->content[leaves[i]]) continue;
        e->content[leaves[i]] = copy(leaf_data[i], pb_shape_count(pb_value_shape(e->g, leaves[i])));
        if (!e->content[leaves[i]]) return no_memory(e);
    }
    for (int i = 0; i < wanted_count; i++) e->needed[wanted[i]] = true;
    mark_needed(e);
    for (pb_value v = 0; v < e->count; v++)
        if (e->needed[v] && !e->content[v]) PB_TRY(compute(e, v));
    for (int i = 0; i < wanted_count; i++) {
        out[i] = copy(e->content[wanted[i]], pb_shape_count(pb_value_shape(e->g, wanted[i])));
        if (!out[i]) return no_memory(e);
    }
    return PB_OK;
}

pb_status pb_reference(const pb_graph *g, int leaf_count, const pb_value leaves[],
                       const double *const leaf_data[], int wanted_count, const pb_value wanted[],
                       double *out[])
{
    for (int i = 0; i < wanted_count; i++) out[i] = NULL;
    PB_TRY(pb_graph_status(g));
    for (int i = 0; i < leaf_count + wanted_count; i++)
        if (!pb_record_of(g, i < leaf_count ? leaves[i] : wanted[i - leaf_count]))
            return pb_fail(pb_graph_context(g), PB_ERR_INTERNAL,
                           "reference: no value of this graph was given");
    evaluation e = {.g = g, .count = pb_graph_count(g)};
    e.needed = calloc((size_t)e.count + 1, sizeof *e.needed);
    e.content = calloc((size_t)e.count + 1, sizeof *e.content);
    const pb_status status = e.needed && e.content ? evaluate(&e, leaf_count, leaves, leaf_data,
                                                              wanted_count, wanted, out)
                                                   : no_memory(&e);
    for (int v = 0; e.content && v < e.count; v++) free(e.content[v]);
    free(e.content);
    free(e.needed);
    for (int i = 0; status != PB_OK && i < wanted_count; i++) {
        free(out[i]);
        out[i] = NULL;
    }
    return status;
}
