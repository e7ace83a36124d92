/* The loop that every pass is. */
#include "graph/rewrite.h"

#include <stdlib.h>

static int largest_arity(const pb_graph *g)
{
    int largest = 1;
    for (pb_value v = 0; v < pb_graph_count(g); v++)
        if (pb_record_of(g, v)->arity > largest) largest = pb_record_of(g, v)->arity;
    return largest;
}

static pb_status rewrite_all(pb_rewrite *w)
{
    for (pb_value v = 0; v < pb_graph_count(w->from); v++) {
        const pb_record *r = pb_record_of(w->from, v);
        for (int i = 0; i < r->arity; i++) w->in[i] = w->map[r->in[i]];
        pb_graph_scope(w->to, r->scope);
        w->map[v] = w->rule(w, v, r, w->in);
        PB_TRY(pb_graph_status(w->to));
    }
    if (w->last) w->last(w);
    return pb_graph_copy_programs(w->from, w->to, w->map);
}

pb_status pb_rewrite_run(pb_rewrite *w, pb_graph **out, pb_value **map)
{
    *out = NULL;
    *map = NULL;
    PB_TRY(pb_graph_status(w->from));
    const size_t count = (size_t)pb_graph_count(w->from) + 1;
    w->to = pb_graph_create(pb_graph_context(w->from));
    w->map = malloc(count * sizeof *w->map);
    w->in = malloc((size_t)largest_arity(w->from) * sizeof *w->in);
    pb_status status = PB_ERR_MEMORY;
    if (w->to && w->map && w->in) {
        for (size_t i = 0; i < count; i++) w->map[i] = PB_NONE;
        status = rewrite_all(w);
    } else {
        pb_fail(pb_graph_context(w->from), status, "no memory for a pass");
    }
    free(w->in);
    if (status == PB_OK) {
        pb_graph_scope(w->to, NULL);
        *out = w->to;
        *map = w->map;
    } else {
        pb_graph_free(&w->to);
        free(w->map);
    }
    return status;
}
