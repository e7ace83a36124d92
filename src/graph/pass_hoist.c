/* Moves gathers of static rows as late as they go.
 *
 * A value is *late* when it equals rows of something static: v = table[index], seen as v's shape. A
 * gather of static rows starts one; an op that works on each row by itself turns late inputs into a
 * late value by working on the table instead. A gather is appended only where something else needs
 * the rows.
 *
 * What only programs need that run seldom is left as it is: their few rows are no reason to work on
 * a whole table.
 *
 * Axis 0 of a late value may be merged with what follows it ([N, H, W] seen as [N H, W]): its table
 * is merged in the same way, so that extent / N rows of the table belong to one index. */
#include "graph/rewrite.h"

#include <limits.h>
#include <stdlib.h>

/* A row may grow that much before it is cheaper to compute it in every step. */
#define GROWTH_LIMIT 4
/* How far to look into what an op works with for something that is the same in every row. */
#define DEPTH_LIMIT 16

typedef struct late {
    pb_value
        table; /* in the new graph: [table_rows * extent / count, ...]; PB_NONE: v is not late  */
    pb_value index; /* in the new graph: [count] */
    int count, table_rows;
    size_t row_elements; /* of the row that was first gathered */
} late;

typedef struct hoist {
    bool *is_static; /* of the old graph's values                                */
    bool *seldom;    /* of the old graph's values: needed by seldom programs alone */
    late *late;      /* of the old graph's values */
} hoist;

void pb_graph_static(const pb_graph *g, bool is_static[])
{
    for (pb_value v = 0; v < pb_graph_count(g); v++) {
        const pb_record *r = pb_record_of(g, v);
        is_static[v] = r->op != PB_OP_LEAF || r->attrs.role == PB_ROLE_DATA;
        if (pb_ops[r->op].class == PB_EFFECT) is_static[v] = false;
        for (int i = 0; i < r->arity; i++) is_static[v] &= is_static[r->in[i]];
    }
}

/* `shape` with the extent of axis 0 that it has over the whole table, or false when it does not
 * consist of whole rows or would be too large. */
static bool table_shape(const late *like, pb_shape *shape)
{
    if (shape->axes < 1 || shape->dim[0] % like->count != 0) return false;
    const double growth = (double)like->table_rows / like->count;
    if ((double)pb_shape_count(*shape) * growth > INT_MAX) return false;
    shape->dim[0] = shape->dim[0] / like->count * like->table_rows;
    return true;
}

static pb_value over_table(pb_rewrite *w, const pb_record *r, const late *like, int depth);

/* A static value that is the same in every row, with as many rows as the table has; PB_NONE when it
 * is not. */
static pb_value stretch(pb_rewrite *w, pb_value v, const late *like, int depth)
{
    const pb_record *r = pb_record_of(w->from, v);
    pb_shape shape = r->shape;
    double number;
    if (!table_shape(like, &shape)) return PB_NONE;
    if (pb_is_splat(w->from, v, &number)) return pb_splat(w->to, number, r->dtype, shape);
    if (r->op == PB_OP_IOTA && r->attrs.axis != 0) return pb_iota(w->to, shape, r->attrs.axis);
    if (r->op == PB_OP_BROADCAST && pb_value_shape(w->from, r->in[0]).dim[0] == 1)
        return pb_broadcast(w->to, w->map[r->in[0]], shape);
    if (r->shape.dim[0] == 1) return pb_broadcast(w->to, w->map[v], shape);
    return depth > 0 ? over_table(w, r, like, depth - 1) : PB_NONE;
}

static pb_value input_over_table(pb_rewrite *w, pb_value v, const late *like, int depth)
{
    const hoist *h = w->user;
    const late *l = &h->late[v];
    if (h->is_static[v]) return stretch(w, v, like, depth);
    const bool same = l->index == like->index && l->table_rows == like->table_rows;
    return l->table != PB_NONE && same ? l->table : PB_NONE;
}

/* The op on the whole table instead of on the gathered rows; PB_NONE when it does not work on each
 * row by itself. */
static pb_value over_table(pb_rewrite *w, const pb_record *r, const late *like, int depth)
{
    const hoist *h = w->user;
    pb_attrs attrs = r->attrs;
    pb_shape shape = r->shape;
    if (r->arity == 0 || !pb_ops[r->op].by_rows || !table_shape(like, &shape)) return PB_NONE;
    if (pb_ops[r->op].attrs & PB_HAS_SHAPE) attrs.shape = shape;
    bool *by_row = malloc((size_t)r->arity * sizeof *by_row);
    pb_value *in = malloc((size_t)r->arity * sizeof *in);
    bool fits = by_row && in && pb_ops[r->op].by_rows(w->from, r, by_row);
    if (!by_row || !in) pb_graph_fail(w->to, PB_ERR_MEMORY, "no memory for a pass");
    for (int i = 0; fits && i < r->arity; i++) {
        if (by_row[i])
            in[i] = input_over_table(w, r->in[i], like, depth);
        else
            in[i] = h->is_static[r->in[i]] ? w->map[r->in[i]] : PB_NONE;
        fits = in[i] != PB_NONE;
    }
    const pb_value v = fits ? pb_append(w->to, r->op, r->arity, in, &attrs) : PB_NONE;
    free(by_row);
    free(in);
    return v;
}

/* Gathers the rows of a late value, for an op that needs them. */
static pb_value rows_of(pb_rewrite *w, pb_value v)
{
    const hoist *h = w->user;
    const late *l = &h->late[v];
    if (w->map[v] != PB_NONE || l->table == PB_NONE) return w->map[v];
    const pb_shape shape = pb_value_shape(w->from, v);
    pb_value table = l->table;
    if (shape.dim[0] != l->count) table = pb_reshape(w->to, table, PB_SHAPE(l->table_rows, -1));
    return w->map[v] = pb_reshape(w->to, pb_gather(w->to, table, l->index), shape);
}

/* The late value that r is, if it is one. */
static late late_value(pb_rewrite *w, const pb_record *r)
{
    const hoist *h = w->user;
    late l = {.table = PB_NONE};
    if (r->op == PB_OP_GATHER && h->is_static[r->in[0]]) {
        const pb_shape table = pb_value_shape(w->from, r->in[0]);
        l = (late){.table = w->map[r->in[0]], .index = rows_of(w, r->in[1])};
        l.count = r->shape.dim[0];
        l.table_rows = table.dim[0];
        l.row_elements = pb_shape_count(table) / (size_t)table.dim[0];
        return l;
    }
    for (int i = 0; i < r->arity; i++) {
        const late *input = &h->late[r->in[i]];
        if (input->table != PB_NONE && (l.count == 0 || input->row_elements > l.row_elements))
            l = *input;
    }
    if (l.count == 0) return l;
    const size_t limit = GROWTH_LIMIT * l.row_elements * (size_t)l.count;
    l.table = pb_shape_count(r->shape) <= limit ? over_table(w, r, &l, DEPTH_LIMIT) : PB_NONE;
    return l;
}

static pb_value hoist_value(pb_rewrite *w, pb_value v, const pb_record *r, const pb_value in[])
{
    const hoist *h = w->user;
    if (!h->is_static[v]) {
        if (!h->seldom[v]) h->late[v] = late_value(w, r);
        if (h->late[v].table != PB_NONE || pb_graph_status(w->to) != PB_OK) return PB_NONE;
        for (int i = 0; i < r->arity; i++) w->in[i] = rows_of(w, r->in[i]);
    }
    return pb_graph_copy(w->to, r, in);
}

/* Rows that no op needed may still be what the caller looks for in the map. */
static void gather_the_rest(pb_rewrite *w)
{
    for (pb_value v = 0; v < pb_graph_count(w->from); v++) rows_of(w, v);
}

/* Marks what the programs need that run seldom, or the others. */
static void mark_needed(const pb_graph *g, bool by_seldom, bool needed[])
{
    const pb_program_list *list = pb_graph_programs(g);
    for (int i = 0; i < list->count; i++)
        for (int j = 0; j < list->program[i].assign_count; j++)
            if (list->program[i].seldom == by_seldom) needed[list->program[i].assigns[j]] = true;
    for (pb_value v = pb_graph_count(g) - 1; v >= 0; v--) {
        const pb_record *r = pb_record_of(g, v);
        for (int i = 0; needed[v] && i < r->arity; i++) needed[r->in[i]] = true;
    }
}

static void find_seldom(const pb_graph *g, bool often[], bool seldom[])
{
    mark_needed(g, false, often);
    mark_needed(g, true, seldom);
    for (pb_value v = 0; v < pb_graph_count(g); v++) seldom[v] &= !often[v];
}

pb_status pb_pass_hoist(const pb_graph *g, pb_graph **out, pb_value **map)
{
    const size_t count = (size_t)pb_graph_count(g) + 1;
    hoist h = {.is_static = malloc(count * sizeof *h.is_static),
               .seldom = calloc(count, sizeof *h.seldom),
               .late = malloc(count * sizeof *h.late)};
    bool *often = calloc(count, sizeof *often);
    pb_status status = PB_ERR_MEMORY;
    if (h.is_static && h.seldom && h.late && often) {
        pb_graph_static(g, h.is_static);
        find_seldom(g, often, h.seldom);
        for (size_t i = 0; i < count; i++) h.late[i] = (late){.table = PB_NONE};
        pb_rewrite w = {.from = g, .rule = hoist_value, .last = gather_the_rest, .user = &h};
        status = pb_rewrite_run(&w, out, map);
    } else {
        pb_fail(pb_graph_context(g), status, "no memory for a pass");
    }
    free(h.is_static);
    free(h.seldom);
    free(h.late);
    free(often);
    return status;
}
