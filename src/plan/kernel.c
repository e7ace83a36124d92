/* What fused units do in OpenCL C: how their work is cut into work-items or by samples, and what it
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
        const int64_t most = PB_MOST_ITEMS * (int64_t)b->info->compute_units;
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

static double elements_of(const pb_unit *u)
{
    return u->kind == PB_UNIT_COLUMNS ? (double)u->outer * (double)u->reduced * (double)u->inner
                                      : (double)u->rows * (double)u->columns;
}

/* Elements of a region that are operands of inlined units. */
static double operand_elements(const pb_program_build *p, const pb_unit *u, int region)
{
    double elements = 0;
    for (int i = 0; i < u->inlined_count; ++i) {
        const pb_element_function *f = &p->units[u->inlined[i]].element;
        for (int k = 0; k < 2; ++k)
            if (f->regions[k] == region) elements += f->counts[k];
    }
    return elements;
}

static double unit_bytes(const pb_build *b, const pb_program_build *p, const pb_unit *u)
{
    double bytes = 0;
    for (int i = 0; i < u->touches.count; ++i) {
        const pb_region *region = &b->regions[u->touches.region[i]];
        double elements = operand_elements(p, u, u->touches.region[i]);
        if (elements == 0) elements = elements_of(u); /* gathers touch a part of a data set */
        if (elements > (double)region->count) elements = (double)region->count;
        const bool in_place = u->touches.read[i] && u->touches.written[i]; /* goes both ways */
        bytes += (in_place ? 2 : 1) * elements * (double)pb_dtype_bytes(region->dtype);
    }
    return bytes;
}

int pb_parameters_find(const pb_parameters *all, int region)
{
    for (int i = 0; i < all->count; ++i)
        if (all->region[i] == region) return i;
    return -1;
}

int pb_parameters_place(pb_parameters *all, int region)
{
    const int known = pb_parameters_find(all, region);
    if (known >= 0 || all->count == PB_MAX_ARGS) return known;
    all->region[all->count] = region;
    all->by_sample[all->count] = true;
    return all->count++;
}

const char *pb_unit_words(const pb_build *b, const pb_unit *u)
{
    if (u->kind == PB_UNIT_LIBRARY) return u->label;
    if (u->kind == PB_UNIT_COLUMNS)
        return pb_arena_printf(b->arena, "columns %dx%dx%d", (int)u->outer, (int)u->reduced,
                               (int)u->inner);
    /* "conv_direct 128x1x28x28 o8 k3x3 + map 1x173056" */
    return pb_arena_printf(b->arena, "%s%s%s %dx%d", u->label ? u->label : "",
                           u->label ? " + " : "", u->kind == PB_UNIT_MAP ? "map" : "rows",
                           (int)u->rows, (int)u->columns);
}

/* The loop over a block of samples, and over the `rows` that the unit has of each. */
static void append_sample_loop(const pb_writer *w, pb_text *out, int64_t rows)
{
    pb_text_append(out, "    for (int s = s_begin; s < s_end; ++s)\n");
    if (rows > w->samples)
        pb_text_append(out, "    for (int k = 0; k < %d; ++k)\n", (int)(rows / w->samples));
}

/* Inner elements that a work-item sums at a time: long runs, for memory is read in order then, but
 * work enough for every unit. */
static int column_block(const pb_build *b, const pb_unit *u)
{
    const int64_t shared = u->outer * u->inner / (PB_MOST_ITEMS * (int64_t)b->info->compute_units);
    const int64_t most = 4096 / u->root_count, least = 64;
    const int64_t block = (shared < least ? least : shared > most ? most : shared) / 16 * 16;
    return (int)(block > u->inner ? u->inner : block < least ? least : block);
}

static void write_columns_body(pb_writer *w, pb_share share, pb_text *out, size_t items[2])
{
    const pb_unit *u = w->unit;
    const int block = w->b->on_cpu ? column_block(w->b, u) : 1;
    pb_text body = {0};
    pb_write_columns(w, &body, block);
    const char *text = body.text ? body.text : "";
    pb_text_append(out, "%s", w->kernel_text.text ? w->kernel_text.text : "");
    if (share == PB_SHARE_ITEM) {
        items[0] = (size_t)pb_ceil_div(u->inner, block);
        items[1] = (size_t)u->outer;
        pb_text_append(out,
                       "    const int i_begin = x * %d, o = y;\n"
                       "    if (i_begin < %d && o < %d) {\n%s    }\n",
                       block, (int)u->inner, (int)u->outer, text);
    } else {
        if (share == PB_SHARE_SAMPLES)
            append_sample_loop(w, out, u->outer);
        else
            pb_text_append(out, "    for (int o = 0; o < %d; ++o)\n", (int)u->outer);
        pb_text_append(out, "    for (int i_begin = 0; i_begin < %d; i_begin += %d) {\n%s    }\n",
                       (int)u->inner, block, text);
    }
    if (body.failed) out->failed = 1;
    pb_text_free(&body);
}

#define STRIDED_COLUMNS 64 /* whose cache lines a core keeps at a time */

/* Whether neighbouring rows read what lies on the same cache lines, and columns do not. */
static bool takes_blocks(const pb_writer *w, bool splits)
{
    return splits && w->strided && w->b->on_cpu && w->unit->rows > 1;
}

/* The part of its rows and columns that work-item (x, y) has. */
static void append_item_loop(const pb_writer *w, pb_text *out, const cut *c, int64_t turns,
                             bool splits)
{
    const int rows = (int)w->unit->rows;
    if (c->row_items == 1)
        pb_text_append(out, "    enum { r_begin = 0, r_end = %d };\n", rows);
    else
        pb_text_append(out, "    const int r_begin = y * %d, r_end = min(r_begin + %d, %d);\n",
                       (int)c->rows_each, (int)c->rows_each, rows);
    if (!splits) {
        /* all of them */
    } else if (takes_blocks(w, splits)) {
        /* a block of columns for all rows, then the next: rows find what others have fetched */
        const char *item = c->column_items > 1 ? "x" : "0";
        pb_text_append(
            out,
            "    for (int b_begin = %s * %d; b_begin < min((%s + 1) * %d, %d); b_begin += "
            "%d) {\n    const int j_begin = b_begin, j_end = min(j_begin + %d, %d);\n",
            item, (int)c->columns_each, item, (int)c->columns_each, (int)turns, STRIDED_COLUMNS,
            STRIDED_COLUMNS, (int)turns);
    } else if (c->column_items == 1) {
        pb_text_append(out, "    enum { j_begin = 0, j_end = %d };\n", (int)turns);
    } else {
        pb_text_append(out, "    const int j_begin = x * %d, j_end = min(j_begin + %d, %d);\n",
                       (int)c->columns_each, (int)c->columns_each, (int)turns);
    }
    if (w->rows_at_once) {
        pb_text_append(out,
                       "    const int part = (r_end - r_begin + %d) / %d;\n"
                       "    for (int p = r_begin; p < r_begin + part; ++p)\n",
                       w->rows_at_once - 1, w->rows_at_once);
        return;
    }
    /* a launch is padded to whole groups: items beyond the first must not repeat its work */
    const bool padded = !w->b->on_cpu;
    pb_text_append(out, "    %s%sfor (int r = r_begin; r < r_end; ++r)\n",
                   padded && c->row_items == 1 ? "if (y == 0) " : "",
                   padded && c->column_items == 1 ? "if (x == 0) " : "");
}

static void write_rows_body(pb_writer *w, pb_share share, pb_text *out, size_t items[2])
{
    const pb_unit *u = w->unit;
    const bool splits = u->kind == PB_UNIT_MAP;
    int unroll;
    pb_text body = {0};
    pb_write_rows(w, &body, splits, &unroll);
    const int64_t turns = u->columns / unroll;
    const cut c = share == PB_SHARE_ITEM ? cut_rows(w->b, u, turns, w->statements, splits)
                                         : (cut){u->rows, turns, 1, 1};
    pb_text_append(out, "%s", w->kernel_text.text ? w->kernel_text.text : "");
    if (share == PB_SHARE_ELEMENT) {
        pb_text_append(out, "    const int j_begin = element, j_end = element + 1;\n");
    } else if (share == PB_SHARE_SAMPLES) {
        if (splits) pb_text_append(out, "    enum { j_begin = 0, j_end = %d };\n", (int)turns);
        append_sample_loop(w, out, u->rows);
    } else {
        append_item_loop(w, out, &c, turns, splits);
    }
    pb_text_append(out, "    {\n%s    }\n", body.text ? body.text : "");
    if (share != PB_SHARE_SAMPLES && takes_blocks(w, splits)) pb_text_append(out, "    }\n");
    items[0] = (size_t)c.column_items;
    items[1] = (size_t)c.row_items;
    w->evaluations = (double)w->calls * (double)u->rows * (double)turns;
    if (body.failed) out->failed = 1;
    pb_text_free(&body);
}

/** What is learned about a unit while it is written. */
typedef struct written {
    bool possible;
    int statements, irregular;
    double evaluations;
} written;

static pb_status write_unit(pb_build *b, pb_program_build *p, pb_unit *unit, pb_share share,
                            pb_text *out, pb_parameters *all, size_t items[2], written *found)
{
    pb_writer *w = malloc(sizeof *w);
    pb_status status = PB_OK;
    if (!w || !pb_writer_open(w, b, p, unit, all, share == PB_SHARE_SAMPLES ? p->samples : 0)) {
        status = pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to write a kernel");
    } else {
        if (unit->kind == PB_UNIT_COLUMNS)
            write_columns_body(w, share, out, items);
        else
            write_rows_body(w, share, out, items);
        if (out->failed || !pb_index_pool_ok(w->pool))
            status = pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to write a kernel");
    }
    if (status == PB_OK)
        *found = (written){.possible = !w->impossible,
                           .statements = w->statements,
                           .irregular = w->irregular,
                           .evaluations = w->evaluations};
    if (w) pb_writer_close(w);
    free(w);
    return status;
}

pb_status pb_codegen_check(pb_build *b, pb_program_build *p, pb_unit *unit, bool *possible)
{
    pb_text text = {0};
    size_t items[2];
    written found = {0};
    unit->touches = (pb_parameters){0};
    unit->samples = 0; /* what it touches is not told by samples */
    const pb_status status =
        write_unit(b, p, unit, PB_SHARE_ITEM, &text, &unit->touches, items, &found);
    pb_text_free(&text);
    *possible = found.possible && unit->touches.count <= PB_UNIT_MAX_ARGS;
    unit->irregular = found.irregular;
    unit->evaluations = found.evaluations;
    unit->flops = elements_of(unit) * found.statements;
    for (int i = 0; i < unit->inlined_count; ++i) unit->flops += p->units[unit->inlined[i]].flops;
    unit->bytes = unit_bytes(b, p, unit);
    unit->small = b->on_cpu && elements_of(unit) * (found.statements + 2) <= PB_SMALL_WORK;
    return status;
}

pb_status pb_codegen_samples(pb_build *b, pb_program_build *p, pb_unit *unit)
{
    pb_unit sampled = *unit;
    pb_text text = {0};
    size_t items[2];
    written found = {0};
    if (unit->kind == PB_UNIT_COLUMNS && unit->outer % p->samples) return PB_OK;
    if (unit->kind != PB_UNIT_COLUMNS && unit->rows % p->samples) {
        const int64_t elements = unit->rows * unit->columns;
        if (unit->kind != PB_UNIT_MAP || elements % p->samples) return PB_OK;
        sampled.rows = p->samples;
        sampled.columns = elements / p->samples;
    }
    sampled.touches = (pb_parameters){0};
    const pb_status status =
        write_unit(b, p, &sampled, PB_SHARE_SAMPLES, &text, &sampled.touches, items, &found);
    pb_text_free(&text);
    if (status != PB_OK || !found.possible || found.irregular > unit->irregular) return status;
    sampled.samples = p->samples;
    *unit = sampled;
    return PB_OK;
}

pb_status pb_codegen(pb_build *b, pb_program_build *p, pb_unit *unit, pb_share share, pb_text *out,
                     pb_parameters *all, size_t items[2])
{
    written found = {0};
    PB_TRY(write_unit(b, p, unit, share, out, all, items, &found));
    if (!found.possible)
        return pb_fail(b->ctx, PB_ERR_INTERNAL, "a kernel of program %s cannot be written",
                       p->name);
    return PB_OK;
}
