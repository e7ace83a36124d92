/* Kernels of fused units: how their work is cut into work-items, their signature, and what they
 * cost. Units so small that starting them takes longer than doing them share a kernel of one
 * work-item, one after another. */
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

/* Work of a unit that one work-item does sooner than a launch of its own would start. */
#define SMALL_WORK 32768.0

static double elements_of(const pb_unit *u)
{
    return u->kind == PB_UNIT_COLUMNS ? (double)u->outer * (double)u->reduced * (double)u->inner
                                      : (double)u->rows * (double)u->columns;
}

static void append_signature(const pb_build *b, const pb_unit *u, pb_text *out)
{
    pb_text_append(out, "kernel void NAME(");
    for (int i = 0; i < u->arg_count; ++i)
        pb_text_append(out, "%sglobal %s%s *restrict a%d", i ? ", " : "",
                       u->arg_written[i] ? "" : "const ", pb_c_type(b->regions[u->args[i]].dtype),
                       i);
    pb_text_append(out, ")\n{\n");
}

static double unit_bytes(const pb_build *b, const pb_unit *u)
{
    double bytes = 0;
    for (int i = 0; i < u->arg_count; ++i) {
        const pb_region *region = &b->regions[u->args[i]];
        double elements = (double)region->count;
        if (elements > elements_of(u))
            elements = elements_of(u); /* gathers touch a part of a data set */
        bytes += elements * (double)pb_dtype_bytes(region->dtype);
    }
    return bytes;
}

/* "rows 128x10" */
static const char *domain_words(const pb_build *b, const pb_unit *u)
{
    if (u->kind == PB_UNIT_COLUMNS)
        return pb_arena_printf(b->arena, "columns %dx%dx%d", (int)u->outer, (int)u->reduced,
                               (int)u->inner);
    return pb_arena_printf(b->arena, "%s %dx%d", u->kind == PB_UNIT_MAP ? "map" : "rows",
                           (int)u->rows, (int)u->columns);
}

/* What a unit does, between the braces of a kernel: the whole of it, or the share of a work-item.
 */
static void write_columns_body(pb_writer *w, pb_text *out, bool whole, size_t global[3])
{
    const pb_unit *u = w->unit;
    const int block = w->b->on_cpu ? (u->inner < 64 ? (int)u->inner : 64) : 1;
    pb_text body = {0};
    pb_write_columns(w, &body, block);
    const char *text = body.text ? body.text : "";
    pb_text_append(out, "%s", w->kernel_text.text ? w->kernel_text.text : "");
    if (whole) {
        pb_text_append(out,
                       "    for (int o = 0; o < %d; ++o)\n"
                       "    for (int i_begin = 0; i_begin < %d; i_begin += %d) {\n%s    }\n",
                       (int)u->outer, (int)u->inner, block, text);
    } else {
        global[0] = (size_t)pb_ceil_div(u->inner, block);
        global[1] = (size_t)u->outer;
        pb_text_append(
            out,
            "    const int i_begin = (int)get_global_id(0) * %d, o = (int)get_global_id(1);\n"
            "    if (i_begin < %d && o < %d) {\n%s    }\n",
            block, (int)u->inner, (int)u->outer, text);
    }
    if (body.failed) out->failed = 1;
    pb_text_free(&body);
}

static void write_rows_body(pb_writer *w, pb_text *out, bool whole, size_t global[3])
{
    const pb_unit *u = w->unit;
    const bool splits = u->kind == PB_UNIT_MAP;
    int unroll;
    pb_text body = {0};
    pb_write_rows(w, &body, splits, &unroll);
    const int64_t turns = u->columns / unroll;
    cut c = cut_rows(w->b, u, turns, w->statements, splits);
    if (whole) c = (cut){u->rows, turns, 1, 1};
    pb_text_append(out, "%s", w->kernel_text.text ? w->kernel_text.text : "");
    if (c.row_items == 1)
        pb_text_append(out, "    enum { r_begin = 0, r_end = %d };\n", (int)u->rows);
    else
        pb_text_append(
            out,
            "    const int r_begin = (int)get_global_id(1) * %d, r_end = min(r_begin + %d, %d);\n",
            (int)c.rows_each, (int)c.rows_each, (int)u->rows);
    if (splits && c.column_items == 1)
        pb_text_append(out, "    enum { j_begin = 0, j_end = %d };\n", (int)turns);
    else if (splits)
        pb_text_append(
            out,
            "    const int j_begin = (int)get_global_id(0) * %d, j_end = min(j_begin + %d, %d);\n",
            (int)c.columns_each, (int)c.columns_each, (int)turns);
    /* a launch is padded to whole groups: items beyond the first must not repeat its work */
    const char *first = w->b->on_cpu ? "" : c.row_items == 1 ? "if (get_global_id(1) == 0) " : "";
    pb_text_append(out, "    %s%sfor (int r = r_begin; r < r_end; ++r) {\n%s    }\n", first,
                   c.column_items > 1 || w->b->on_cpu ? "" : "if (get_global_id(0) == 0) ",
                   body.text ? body.text : "");
    global[0] = (size_t)c.column_items;
    global[1] = (size_t)c.row_items;
    if (body.failed) out->failed = 1;
    pb_text_free(&body);
}

/* Writes a unit; its parameters follow on those of the units before it in the kernel. */
static pb_status write_unit(pb_build *b, pb_program_build *p, pb_unit *unit, const pb_unit *before,
                            bool whole, pb_text *out, size_t global[3], bool *possible)
{
    pb_writer *w = malloc(sizeof *w);
    pb_status status = PB_OK;
    if (!w || !pb_writer_open(w, b, p, unit)) {
        status = pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to write a kernel");
    } else {
        if (before) {
            w->arg_count = before->arg_count;
            memcpy(w->args, before->args, sizeof w->args);
            memcpy(w->arg_written, before->arg_written, sizeof w->arg_written);
            memcpy(w->arg_read, before->arg_read, sizeof w->arg_read);
        }
        if (unit->kind == PB_UNIT_COLUMNS)
            write_columns_body(w, out, whole, global);
        else
            write_rows_body(w, out, whole, global);
        if (out->failed || !pb_index_pool_ok(w->pool))
            status = pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to write a kernel");
    }
    if (status == PB_OK) {
        *possible = !w->impossible;
        unit->irregular = w->irregular;
        unit->flops = elements_of(unit) * w->statements;
        unit->small = b->on_cpu && elements_of(unit) * (w->statements + 2) <= SMALL_WORK;
        unit->arg_count = w->arg_count;
        memcpy(unit->args, w->args, sizeof w->args);
        memcpy(unit->arg_written, w->arg_written, sizeof w->arg_written);
        memcpy(unit->arg_read, w->arg_read, sizeof w->arg_read);
    }
    if (w) pb_writer_close(w);
    free(w);
    return status;
}

pb_status pb_codegen_check(pb_build *b, pb_program_build *p, pb_unit *unit, bool *possible)
{
    pb_text text = {0};
    size_t global[3];
    *possible = false;
    const pb_status status = write_unit(b, p, unit, NULL, false, &text, global, possible);
    pb_text_free(&text);
    return status;
}

static void set_launch(const pb_build *b, pb_unit *u, const char *kernel, const pb_unit *all,
                       const size_t global[3])
{
    u->launch_count = 1;
    u->launches[0].kernel = kernel;
    u->launches[0].arg_count = all->arg_count;
    memcpy(u->launches[0].args, all->args, sizeof u->launches[0].args);
    for (int i = 0; i < 3; ++i) {
        u->launches[0].global[i] = global[i];
        u->launches[0].local[i] = 1;
    }
    if (b->on_cpu) return;
    const int axis = global[0] >= global[1] ? 0 : 1;
    u->launches[0].local[axis] =
        b->info->max_work_group_size < 64 ? b->info->max_work_group_size : 64;
}

pb_status pb_codegen(pb_build *b, pb_program_build *p, pb_unit *const units[], int count)
{
    pb_text text = {0}, body = {0};
    size_t global[3] = {1, 1, 1};
    pb_unit all = {0}; /* the parameters of the kernel */
    pb_status status = PB_OK;
    double flops = 0, bytes = 0;
    for (int i = 0; status == PB_OK && i < count; ++i) {
        bool possible;
        if (count > 1) pb_text_append(&body, "    { /* %s */\n", domain_words(b, units[i]));
        status = write_unit(b, p, units[i], &all, count > 1, &body, global, &possible);
        if (count > 1) pb_text_append(&body, "    }\n");
        if (status == PB_OK && !possible)
            status = pb_fail(b->ctx, PB_ERR_INTERNAL, "a kernel of program %s cannot be written",
                             p->name);
        all = *units[i];
        units[i]->bytes = unit_bytes(b, units[i]);
        flops += units[i]->flops;
        bytes += units[i]->bytes;
    }
    const char *name = NULL;
    if (status == PB_OK) {
        append_signature(b, &all, &text);
        pb_text_append(&text, "%s}\n", body.text ? body.text : "");
        status = text.failed || body.failed
                     ? pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to write a kernel")
                     : pb_build_kernel(b, text.text, &name);
    }
    if (status == PB_OK) {
        for (int i = 0; i < count; ++i) {
            units[i]->name = name;
            units[i]->solver = i == 0 ? "generated" : "same launch";
            units[i]->label = pb_arena_printf(
                b->arena, "%s %s%s", name, domain_words(b, units[i]),
                i == 0 && count > 1 ? pb_arena_printf(b->arena, " and %d more", count - 1) : "");
        }
        set_launch(b, units[0], name, &all, global);
        units[0]->launch_flops = flops;
        units[0]->launch_bytes = bytes;
    }
    pb_text_free(&text);
    pb_text_free(&body);
    return status;
}
