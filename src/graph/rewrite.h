/* What every pass shares: a new graph filled value by value, and the map from old to new. */
#ifndef PB_GRAPH_REWRITE_H
#define PB_GRAPH_REWRITE_H

#include "graph/store.h"

typedef struct pb_rewrite pb_rewrite;
struct pb_rewrite {
    const pb_graph *from;
    pb_graph *to;
    pb_value *map; /* [pb_graph_count(from)] */
    pb_value *in;  /* the new inputs of the value being rewritten */
    /* The new value of old value v; `in` holds its inputs where they are mapped already. */
    pb_value (*rule)(pb_rewrite *w, pb_value v, const pb_record *r, const pb_value in[]);
    /* Called after the last value; may be NULL. */
    void (*last)(pb_rewrite *w);
    void *user;
};

/** Runs the rule over every value of w->from, copies the programs and hands out the graph and the
 * map, or neither. */
pb_status pb_rewrite_run(pb_rewrite *w, pb_graph **out, pb_value **map);

#endif
