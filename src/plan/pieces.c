/* The setup in pieces. What depends on data alone is computed from each row of the data by itself
 * (graph/pass_hoist.c), so a plan of the same graph over fewer rows computes as many rows of it at
 * a time, in an arena as much smaller. */
#include <string.h>

#include "plan/plan_state.h"

/* Rows of all data, and of a piece. */
typedef struct extent {
    size_t rows, piece_rows;
} extent;

static bool is_data(const pb_plan *plan, pb_value v)
{
    const pb_record *r = pb_record_of(plan->g, v);
    return r->op == PB_OP_LEAF && r->attrs.role == PB_ROLE_DATA;
}

static size_t value_bytes(const pb_plan *plan, pb_value v)
{
    const pb_record *r = pb_record_of(plan->g, v);
    return pb_shape_count(r->shape) * pb_dtype_bytes(r->dtype);
}

static size_t place_offset(const pb_plan *plan, pb_value v)
{
    return (size_t)plan->build.place[v].offset * pb_dtype_bytes(pb_record_of(plan->g, v)->dtype);
}

static pb_buffer *place_buffer(const pb_plan *plan, pb_value v)
{
    return plan->build.regions[plan->build.place[v].region].buffer;
}

static pb_status fail_unlike(const pb_plan *plan)
{
    return pb_fail(plan->ctx, PB_ERR_INTERNAL,
                   "a plan and its piece do not compute the same from the data");
}

/* Bytes of `rows` rows of a value that has `all` bytes; 0: it does not consist of rows. */
static size_t rows_bytes(size_t all, size_t rows_of_all, size_t rows)
{
    return all % rows_of_all ? 0 : all / rows_of_all * rows;
}

static bool has_rows(size_t bytes, size_t piece_bytes, const extent *e)
{
    const size_t expected = rows_bytes(bytes, e->rows, e->piece_rows);
    return expected > 0 && expected == piece_bytes;
}

/* The piece's data leaf of the same name, PB_NONE where it has none. */
static pb_value leaf_of(const pb_plan *piece, const char *name)
{
    for (pb_value v = 0; v < piece->build.count; ++v)
        if (is_data(piece, v) && strcmp(pb_record_of(piece->g, v)->name, name) == 0) return v;
    return PB_NONE;
}

static pb_status bring_data(pb_plan *plan, pb_plan *piece, const extent *e, size_t row)
{
    for (pb_value v = 0; v < plan->build.count; ++v) {
        if (!is_data(plan, v)) continue;
        const pb_value leaf = leaf_of(piece, pb_record_of(plan->g, v)->name);
        if (leaf == PB_NONE) continue; /* only programs read it */
        const size_t bytes = value_bytes(piece, leaf);
        if (!has_rows(value_bytes(plan, v), bytes, e)) return fail_unlike(plan);
        PB_TRY(pb_buffer_copy(plan->device, place_buffer(plan, v),
                              place_offset(plan, v) + rows_bytes(bytes, e->piece_rows, row),
                              place_buffer(piece, leaf), place_offset(piece, leaf), bytes));
    }
    return PB_OK;
}

/* A value that is the same for every row, such as a basis, comes over as a whole. */
static pb_status take_results(pb_plan *plan, pb_plan *piece, const extent *e, size_t row)
{
    const pb_program_build *setup = &plan->build.programs[0], *part = &piece->build.programs[0];
    if (setup->assign_count != part->assign_count) return fail_unlike(plan);
    for (int i = 0; i < setup->assign_count; ++i) {
        const pb_value to = setup->assigns[i], from = part->assigns[i];
        const size_t bytes = value_bytes(piece, from), all = value_bytes(plan, to);
        const bool by_row = has_rows(all, bytes, e);
        if (!by_row && all != bytes) return fail_unlike(plan);
        const size_t offset = by_row ? rows_bytes(bytes, e->piece_rows, row) : 0;
        PB_TRY(pb_buffer_copy(plan->device, place_buffer(piece, from), place_offset(piece, from),
                              place_buffer(plan, to), place_offset(plan, to) + offset, bytes));
    }
    return PB_OK;
}

static pb_status find_extent(const pb_plan *plan, const pb_plan *piece, extent *e)
{
    for (pb_value v = 0; v < plan->build.count; ++v) {
        const pb_value leaf =
            is_data(plan, v) ? leaf_of(piece, pb_record_of(plan->g, v)->name) : PB_NONE;
        if (leaf == PB_NONE) continue;
        e->rows = (size_t)pb_record_of(plan->g, v)->shape.dim[0];
        e->piece_rows = (size_t)pb_record_of(piece->g, leaf)->shape.dim[0];
        return e->piece_rows < e->rows ? PB_OK : fail_unlike(plan);
    }
    return fail_unlike(plan);
}

/* The last piece overlaps the one before where the rows do not divide evenly. */
static pb_status run_pieces(pb_plan *plan, pb_plan *piece)
{
    extent e = {0};
    PB_TRY(find_extent(plan, piece, &e));
    for (size_t row = 0, next; row < e.rows; row = next) {
        next = row + e.piece_rows;
        if (next < e.rows && next + e.piece_rows > e.rows) next = e.rows - e.piece_rows;
        PB_TRY(bring_data(plan, piece, &e, row));
        PB_TRY(pb_plan_submit(piece, 0));
        PB_TRY(take_results(plan, piece, &e, row));
    }
    return pb_device_finish(plan->device);
}

pb_status pb_plan_run_pieces(pb_plan *plan)
{
    pb_status status = pb_plan_create_buffers(plan->piece);
    if (status == PB_OK) status = run_pieces(plan, plan->piece);
    pb_plan_free_buffers(plan->piece);
    plan->setup_done = status == PB_OK;
    return status;
}

/* Kernels of both become one program: a compiler that reads a thousand built-in functions before it
 * comes to ours does so once. */
pb_status pb_plan_set_up_by(pb_plan *plan, const pb_graph *g)
{
    const pb_manner how = {
        .on_cpu = plan->build.on_cpu, .windowed = true, .setup_only = true, .whole = plan};
    if (plan->piece || plan->module_count > 0)
        return pb_fail(plan->ctx, PB_ERR_INTERNAL, "a plan takes one piece, before it is realised");
    PB_TRY(pb_plan_make(plan->device, g, &how, &plan->piece));
    plan->build.kernels = plan->piece->build.kernels;
    plan->build.kernel_count = plan->piece->build.kernel_count;
    return PB_OK;
}
