/* Drops what no program needs. */
#include "graph/rewrite.h"

#include <stdlib.h>

static pb_value keep_needed(pb_rewrite *w, pb_value v, const pb_record *r, const pb_value in[])
{
    const bool *needed = w->user;
    return needed[v] ? pb_graph_copy(w->to, r, in) : PB_NONE;
}

static void mark_needed(const pb_graph *g, bool needed[])
{
    const pb_program_list *list = pb_graph_programs(g);
    for (int i = 0; i < list->count; i++)
        for (int j = 0; j < list->program[i].assign_count; j++)
            needed[list->program[i].assigns[j]] = true;
    for (pb_value v = pb_graph_count(g) - 1; v >= 0; v--) {
        const pb_record *r = pb_record_of(g, v);
        for (int i = 0; needed[v] && i < r->arity; i++) needed[r->in[i]] = true;
    }
}

pb_status pb_pass_dead(const pb_graph *g, pb_graph **out, pb_value **map)
{
    bool *needed = calloc((size_t)pb_graph_count(g) + 1, sizeof *needed);
    if (!needed) return pb_fail(pb_graph_context(g), PB_ERR_MEMORY, "no memory for a pass");
    mark_needed(g, needed);
    pb_rewrite w = {.from = g, .rule = keep_needed, .user = needed};
    const pb_status status = pb_rewrite_run(&w, out, map);
    free(needed);
    return status;
}
