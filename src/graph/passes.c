/* All passes in the order that the plan wants them. */
#include "graph/op.h"

#include <stdlib.h>

typedef pb_status pass(const pb_graph *g, pb_graph **out, pb_value **map);

/* first[v] = second[first[v]]; frees the second. */
static void compose(pb_value *first, pb_value *second, int count)
{
    for (int v = 0; v < count; v++)
        if (first[v] != PB_NONE) first[v] = second[first[v]];
    free(second);
}

pb_status pb_passes(const pb_graph *g, pb_graph **out, pb_value **map)
{
    /* Sharing first lets the hoist pass see that two gathers have one index. */
    static pass *const order[] = {pb_pass_dead, pb_pass_share, pb_pass_hoist,
                                  pb_pass_fold, pb_pass_share, pb_pass_dead};
    pb_graph *current = NULL;
    pb_value *total = NULL;
    *out = NULL;
    *map = NULL;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        pb_graph *next;
        pb_value *step;
        const pb_status status = order[i](current ? current : g, &next, &step);
        pb_graph_free(&current);
        if (status != PB_OK) {
            free(total);
            return status;
        }
        current = next;
        if (total)
            compose(total, step, pb_graph_count(g));
        else
            total = step;
    }
    *out = current;
    *map = total;
    return PB_OK;
}
