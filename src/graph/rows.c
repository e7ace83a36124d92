/* Which ops work on each row by itself, a row being one index of axis 0. */
#include "graph/rules.h"

/* Marks the inputs whose row i is what row i of the value reads. */
static bool mark(const pb_record *r, bool by_row[], int count)
{
    for (int i = 0; i < r->arity; i++) by_row[i] = i < count;
    return r->shape.axes > 0;
}

bool pb_rows_all(const pb_graph *g, const pb_record *r, bool by_row[])
{
    (void)g;
    return mark(r, by_row, r->arity);
}

bool pb_rows_first(const pb_graph *g, const pb_record *r, bool by_row[])
{
    (void)g;
    return mark(r, by_row, 1);
}

bool pb_rows_permute(const pb_graph *g, const pb_record *r, bool by_row[])
{
    (void)g;
    return mark(r, by_row, 1) && r->attrs.order[0] == 0;
}

/* Axis 0 is passed through whole: broadcast, slice, pad. */
bool pb_rows_whole(const pb_graph *g, const pb_record *r, bool by_row[])
{
    return mark(r, by_row, r->arity) && pb_in_record(g, r, 0)->shape.dim[0] == r->shape.dim[0];
}

bool pb_rows_concat(const pb_graph *g, const pb_record *r, bool by_row[])
{
    (void)g;
    return mark(r, by_row, r->arity) && r->attrs.axis != 0;
}

bool pb_rows_reduce(const pb_graph *g, const pb_record *r, bool by_row[])
{
    (void)g;
    return mark(r, by_row, 1) && r->attrs.axis != 0;
}

/* Batches are rows of both operands; without a batch, rows of the first are rows of the product. */
bool pb_rows_matmul(const pb_graph *g, const pb_record *r, bool by_row[])
{
    (void)g;
    if (r->shape.axes > 2) return mark(r, by_row, 2);
    return mark(r, by_row, 1) && !r->attrs.transpose_a;
}
