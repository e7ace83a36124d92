/* Loop nests of fused units. */
#ifndef PB_PLAN_LOOPS_H
#define PB_PLAN_LOOPS_H

#include "plan/expression.h"

/** Elements of a row that are computed before they are reduced or stored; columns are cut at its
 * multiples. */
#define PB_BLOCK 256
/** Work-items of a fused kernel at most, for each compute unit of a CPU. */
#define PB_MOST_ITEMS 4

/** MAP and ROWS: what is done for a row, with its variables and (in a MAP) j_begin and j_end given.
 * The kernel takes `unroll` columns in a turn of its loops. */
void pb_write_rows(pb_writer *w, pb_text *body, bool columns_split, int *unroll);
/** COLUMNS: what is done for an outer element and `block` inner elements from i_begin on. */
void pb_write_columns(pb_writer *w, pb_text *body, int block);
int64_t pb_ceil_div(int64_t a, int64_t b);

#endif
