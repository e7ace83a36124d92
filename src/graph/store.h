/* What the graph room's own files share: copying values between graphs, and words for errors. */
#ifndef PB_GRAPH_STORE_H
#define PB_GRAPH_STORE_H

#include "graph/op.h"

/** Records "<op>: ..." as a shape error of the graph and returns PB_ERR_SHAPE: for shape rules. */
pb_status pb_infer_fail(pb_graph *g, const pb_record *record, const char *format, ...)
    PB_PRINTF(3, 4);

/** Zeroed memory that lives as long as the graph; records PB_ERR_MEMORY and returns NULL when there
 * is none. */
void *pb_graph_memory(pb_graph *g, size_t bytes);

/** Sets the scope without copying it and returns the one before: both must outlive the graph or be
 * its own. */
const char *pb_graph_scope_swap(pb_graph *g, const char *scope);

/** Appends a copy of another graph's value with new inputs; data, name and scope are copied too. */
pb_value pb_graph_copy(pb_graph *to, const pb_record *record, const pb_value in[]);
/** Copies every program through `map` and passes on the first error of `to`. */
pb_status pb_graph_copy_programs(const pb_graph *from, pb_graph *to, const pb_value map[]);

/** Whether v is a constant of one number, and which. `number` may be NULL. */
bool pb_is_splat(const pb_graph *g, pb_value v, double *number);
/** A constant of one number in any dtype. */
pb_value pb_splat(pb_graph *g, double number, pb_dtype dtype, pb_shape shape);

#endif
