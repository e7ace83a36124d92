/* The kernel of a fused unit: how its work is cut into work-items, its signature, and what it
 * costs. */
#include <stdlib.h>
#include <string.h>

#include "plan/loops.h"

/* How rows and columns are cut into work-items. */
typedef struct cut {
    int64_t rows_each, columns_each, row_items, column_items;
} cut;

static cut cut_rows(const pb_build *b, const pb_unit *u, int64_t turns, int statements, bool splits)
{
    cut c = {.rows_each = 1, .columns_each = splits ? 1 : turns};
    if (b->on_cpu) {
        const double work = (double)u->rows * (double)turns * (statements + 2);
        int64_t items = (int64_t)(work / 16384) + 1;
        const int64_t most = 4 * (int64_t)b->info->compute_units;
        if (items > most) items = most;
        if (items > 1 && items < b->info->compute_units) items = b->info->compute_units;
        c.rows_each = pb_ceil_div(u->rows, items);
        if (splits) {
            const int64_t pieces = u->rows >= items ? 1 : pb_ceil_div(items, u->rows);
            c.columns_each = pb_ceil_div(pb_ceil_div(turns, pieces), PB_BLOCK) * PB_BLOCK;
        }
    }
    c.row_items = pb_ceil_div(u->rows, c.rows_each);
    c.column_items = splits ? pb_ceil_div(turns, c.columns_each) : 1;
    return c;
}

static void append_signature(pb_writer *w, pb_text *out)
{
    pb_text_append(out, "kernel void NAME(");
    for (int i = 0; i < w->arg_count; ++i)
        pb_text_append(out, "%sglobal %s%s *restrict a%d", i ? ", " : "",
                       w->arg_written[i] ? "" : "const ",
                       pb_c_type(w->b->regions[w->args[i]].dtype), i);
    pb_text_append(out, ")\n{\n%s", w->kernel_text.text ? w->kernel_text.text : "");
}

static double unit_bytes(const pb_writer *w)
{
    double bytes = 0;
    for (int i = 0; i < w->arg_count; ++i) {
        const pb_region *region = &w->b->regions[w->args[i]];
        double elements = (double)region->count;
        const pb_unit *u = w->unit;
        const double space = u->kind == PB_UNIT_COLUMNS
                                 ? (double)u->outer * (double)u->reduced * (double)u->inner
                                 : (double)u->rows * (double)u->columns;
        if (elements > space) elements = space; /* gathers touch a part of a data set */
        bytes += elements * (double)pb_dtype_bytes(region->dtype);
    }
    return bytes;
}

static void describe(pb_writer *w, const char *name)
{
    pb_unit *u = w->unit;
    pb_text label = {0};
    const char *kind = u->kind == PB_UNIT_MAP    ? "map"
                       : u->kind == PB_UNIT_ROWS ? "rows"
                                                 : "columns";
    pb_text_append(&label, "%s %s", name, kind);
    if (u->kind == PB_UNIT_COLUMNS)
        pb_text_append(&label, " %dx%dx%d", (int)u->outer, (int)u->reduced, (int)u->inner);
    else
        pb_text_append(&label, " %dx%d", (int)u->rows, (int)u->columns);
    u->label = pb_arena_strdup(w->b->arena, label.text ? label.text : name);
    pb_text_free(&label);
    u->name = name;
    u->solver = "generated";
    u->bytes = unit_bytes(w);
    const double elements = u->kind == PB_UNIT_COLUMNS
                                ? (double)u->outer * (double)u->reduced * (double)u->inner
                                : (double)u->rows * (double)u->columns;
    u->flops = elements * w->statements;
}

static void finish_unit(pb_writer *w, const char *name, const size_t global[3])
{
    pb_unit *u = w->unit;
    u->launch_count = 1;
    u->launches[0].kernel = name;
    u->launches[0].arg_count = w->arg_count;
    memcpy(u->launches[0].args, w->args, sizeof w->args);
    for (int i = 0; i < 3; ++i) {
        u->launches[0].global[i] = global[i];
        u->launches[0].local[i] = 1;
    }
    if (!w->b->on_cpu) {
        const int axis = global[0] >= global[1] ? 0 : 1;
        u->launches[0].local[axis] =
            w->b->info->max_work_group_size < 64 ? w->b->info->max_work_group_size : 64;
    }
    describe(w, name);
}

/* Writes the kernel of a COLUMNS unit, given its loops. */
static void write_columns_kernel(pb_writer *w, pb_text *out, size_t global[3])
{
    const pb_unit *u = w->unit;
    const int block = w->b->on_cpu ? (u->inner < 64 ? (int)u->inner : 64) : 1;
    pb_text body = {0};
    pb_write_columns(w, &body, block);
    global[0] = (size_t)pb_ceil_div(u->inner, block);
    global[1] = (size_t)u->outer;
    append_signature(w, out);
    pb_text_append(
        out,
        "    const int i_begin = (int)get_global_id(0) * %d, o = (int)get_global_id(1);\n"
        "    if (i_begin < %d && o < %d) {\n%s    }\n}\n",
        block, (int)u->inner, (int)u->outer, body.text ? body.text : "");
    if (body.failed) out->failed = 1;
    pb_text_free(&body);
}

/* Writes the kernel of a MAP or ROWS unit. */
static void write_rows_kernel(pb_writer *w, pb_text *out, size_t global[3])
{
    const pb_unit *u = w->unit;
    const bool splits = u->kind == PB_UNIT_MAP;
    int unroll;
    pb_text body = {0};
    pb_write_rows(w, &body, splits, &unroll);
    const int64_t turns = u->columns / unroll;
    const cut c = cut_rows(w->b, u, turns, w->statements, splits);
    global[0] = (size_t)c.column_items;
    global[1] = (size_t)c.row_items;
    append_signature(w, out);
    pb_text_append(
        out, "    const int r_begin = (int)get_global_id(1) * %d, r_end = min(r_begin + %d, %d);\n",
        (int)c.rows_each, (int)c.rows_each, (int)u->rows);
    if (splits && c.column_items == 1)
        pb_text_append(out, "    enum { j_begin = 0, j_end = %d };\n", (int)turns);
    else if (splits)
        pb_text_append(
            out,
            "    const int j_begin = (int)get_global_id(0) * %d, j_end = min(j_begin + %d, %d);\n",
            (int)c.columns_each, (int)c.columns_each, (int)turns);
    pb_text_append(out, "    %sfor (int r = r_begin; r < r_end; ++r) {\n%s    }\n}\n",
                   c.column_items > 1 ? "" : "if (get_global_id(0) == 0) ",
                   body.text ? body.text : "");
    if (body.failed) out->failed = 1;
    pb_text_free(&body);
}

pb_status pb_codegen(pb_build *b, pb_program_build *p, pb_unit *unit, bool check_only,
                     bool *possible)
{
    *possible = false;
    pb_writer *w = malloc(sizeof *w);
    pb_text text = {0};
    size_t global[3] = {1, 1, 1};
    pb_status status = PB_OK;
    if (!w || !pb_writer_open(w, b, p, unit)) {
        status = pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to write a kernel");
    } else {
        if (unit->kind == PB_UNIT_COLUMNS)
            write_columns_kernel(w, &text, global);
        else
            write_rows_kernel(w, &text, global);
        if (text.failed || !pb_index_pool_ok(w->pool))
            status = pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to write a kernel");
    }
    if (status == PB_OK) {
        *possible = !w->impossible;
        unit->irregular = w->irregular;
        unit->arg_count = w->arg_count;
        memcpy(unit->args, w->args, sizeof w->args);
        memcpy(unit->arg_written, w->arg_written, sizeof w->arg_written);
        memcpy(unit->arg_read, w->arg_read, sizeof w->arg_read);
        if (*possible && !check_only) {
            const char *name;
            status = pb_build_kernel(b, text.text, &name);
            if (status == PB_OK) finish_unit(w, name, global);
        }
    }
    if (w) pb_writer_close(w);
    free(w);
    pb_text_free(&text);
    return status;
}
