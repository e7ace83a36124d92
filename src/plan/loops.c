/* Loop nests of MAP and ROWS. Three shapes of loop nest share the expressions of expression.c:
 *
 *   MAP      rows x columns elements, each stored
 *   ROWS     the same with reductions along the columns of each row, in phases (maximum, then sum
 *            of exponentials, ...)
 *   COLUMNS  outer x reduced x inner: sums over the middle axis, then elements of outer x inner, in
 *            loops_columns.c
 *
 * A work-item takes a block of rows (and, in a MAP, a block of columns): large blocks on a CPU,
 * single elements on a GPU. Sums of a row run in 16 interleaved partial sums that are added as a
 * fixed tree, so they vectorise and always give the same bits. */
#include <stdlib.h>
#include <string.h>

#include "plan/loops.h"
#include "plan/nest.h"

#define LANES        16       /* partial results of a long row's reduction */
#define STREAM_BYTES 33554432 /* a value that no cache keeps               */
#define STREAM_AHEAD 1024     /* elements between what is read and what is asked for */
#define OWN_BYTES    65536    /* of a leaf that is asked for before it is written */
#define OWN_BLOCK    128      /* elements asked for together               */
#define OWN_AHEAD    256      /* elements between what is written and what is asked for */
#define TURN_AHEAD   128      /* elements of a row between what is read and what is asked for */

/* Elements that go past the caches at a time: four vectors, which stay in registers. */
static int stream_block(const pb_build *b)
{
    return pb_has_wide_registers(b->info) ? 64 : 32;
}

int64_t pb_ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* Pooling windows with the columns' stride let the loop take `stride` columns at a time, so that
 * quotients and remainders by the stride are constants. */
static int find_unroll(pb_writer *w, pb_value v, bool *seen)
{
    if (seen[v]) return 1;
    seen[v] = true;
    if (pb_is_load(w, v)) return 1;
    const pb_record *r = pb_build_record(w->b, v);
    int best = 1;
    if (r->op == PB_OP_POOL_SCATTER && w->unit->columns % r->attrs.window.stride[1] == 0)
        best = r->attrs.window.stride[1];
    for (int i = 0; i < r->arity; ++i) {
        const int deeper = find_unroll(w, r->in[i], seen);
        if (deeper > best) best = deeper;
    }
    return best;
}

static int unroll_of(pb_writer *w)
{
    bool *seen = calloc((size_t)w->b->count, sizeof *seen);
    if (!seen) return 1;
    int best = 1;
    for (int i = 0; i < w->unit->root_count; ++i) {
        const int deeper = find_unroll(w, pb_nest_root(w, i)->v, seen);
        if (deeper > best) best = deeper;
    }
    free(seen);
    return best <= 4 && w->unit->columns % best == 0 && !w->unit->follows ? best : 1;
}

/* How a phase runs along a row. A short row's reductions go into one scalar each. A long one is
 * taken in blocks, whose elements are computed side by side into private memory (a loop that
 * vectorises) and then added to LANES partial results. When a turn takes several columns, what is
 * stored goes through private memory too and is written array by array: then compilers see that the
 * stores interleave. */
typedef struct row_loop {
    int phase, unroll;
    int64_t turns; /* of `unroll` columns each */
    int block;     /* turns of a block, 0: scalar accumulators */
    int ahead;     /* elements between what is read and what is asked for, 0: nothing is */
    bool updates;  /* what is asked for is written, not read */
    int rows;      /* taken at once, 0: one after another */
    const pb_index *variable;
    bool streams[PB_UNIT_MAX_ROOTS]; /* roots that go past the caches, block by block */
    bool owns[PB_UNIT_MAX_ROOTS];    /* roots whose lines are asked for, to be written */
} row_loop;

/** What a block computes and keeps in private memory until the block is complete: w<number>[turn of
 * the block]. */
typedef struct waiting {
    int count;
    struct {
        const char *text, *type;
    } element[4 * PB_UNIT_MAX_ROOTS];
} waiting;

/* The private array of a scalar; the same one for every use of it. */
static int wait_for(waiting *list, const char *text, const char *type)
{
    int i = 0;
    while (i < list->count && strcmp(list->element[i].text, text) != 0) ++i;
    if (i == list->count) {
        list->element[list->count].text = text;
        list->element[list->count++].type = type;
    }
    return i;
}

static bool reduces_in(pb_writer *w, int i, int phase)
{
    return pb_nest_root(w, i)->reduction && pb_depth(w, pb_nest_root(w, i)->v) - 1 == phase;
}

/* The bytes of a stored value whose neighbours this loop writes one after another, else 0. */
static size_t bytes_in_run(const pb_writer *w, int i, const pb_index *address)
{
    const bool is_run = w->b->on_cpu && w->unit->kind == PB_UNIT_MAP && w->samples == 0 &&
                        pb_nest_root(w, i)->stored && pb_nest_record(w, i)->dtype == PB_F32 &&
                        address && pb_index_is_run(address, w->element, LANES);
    return is_run ? sizeof(float) * pb_shape_count(pb_nest_record(w, i)->shape) : 0;
}

/* Whether a stored value is longer than caches and lies in whole vectors: then stores that do not
 * read what they overwrite first save a third of the traffic. */
static bool is_stream(const pb_writer *w, int i, const pb_index *address)
{
    return w->unit->columns % LANES == 0 && bytes_in_run(w, i, address) >= STREAM_BYTES;
}

/* Whether a leaf is written that caches hold, other cores' among them: a core waits for each line
 * that another one has read, and has few such stores under way. One that asks for lines ahead of
 * time updates parameters in 0.4 of the time. */
static bool is_owned(const pb_writer *w, int i, const pb_index *address)
{
    const size_t bytes = bytes_in_run(w, i, address);
    return pb_build_can_own(w->b) && pb_nest_root(w, i)->leaf != PB_NONE && bytes >= OWN_BYTES &&
           bytes < STREAM_BYTES && w->unit->columns >= 4 * OWN_BLOCK;
}

/* Whether the unit reads more than caches hold, once, in rows enough for every work-item, and
 * stores none of their elements. What it touches is known when it is written for good. */
static bool reads_a_stream(const pb_writer *w, int last_phase)
{
    const pb_unit *u = w->unit;
    bool reads = false;
    if (!w->b->on_cpu || w->samples || u->kind != PB_UNIT_ROWS || last_phase > 0) return false;
    for (int i = 0; i < u->root_count; ++i)
        if (!pb_nest_root(w, i)->reduction && !pb_nest_is_row_value(w, i)) return false;
    for (int i = 0; i < u->touches.count; ++i) {
        const pb_region *region = &w->b->regions[u->touches.region[i]];
        reads |=
            u->touches.read[i] && region->count * pb_dtype_bytes(region->dtype) >= STREAM_BYTES;
    }
    return reads && u->rows >= PB_MOST_ITEMS * PB_ROWS_AT_ONCE * PB_ROWS_AT_ONCE *
                                   (int64_t)w->b->info->compute_units;
}

static row_loop plan_row_loop(pb_writer *w, int unroll, const pb_index *row, int last_phase)
{
    const int phase = w->phase;
    row_loop loop = {.phase = phase, .unroll = unroll, .turns = w->unit->columns / unroll};
    loop.variable = pb_index_variable(w->pool, "j", loop.turns, LEVEL_ELEMENT);
    w->element = loop.variable;
    for (int i = 0; unroll == 1 && i < w->unit->root_count; ++i) {
        const pb_index *linear =
            pb_index_add(w->pool, pb_index_mul(w->pool, row, w->unit->columns), loop.variable);
        if (!linear) continue;
        const pb_index *address = pb_nest_address(w, i, pb_nest_at(w, i, linear));
        loop.streams[i] = is_stream(w, i, address);
        loop.owns[i] = is_owned(w, i, address);
        if (loop.streams[i]) {
            loop.block = stream_block(w->b);
            loop.ahead = STREAM_AHEAD;
            loop.updates = false;
        } else if (loop.owns[i] && !loop.block) {
            loop.block = OWN_BLOCK;
            loop.ahead = OWN_AHEAD;
            loop.updates = true;
        }
    }
    if (loop.block) return loop;
    bool reduces = unroll > 1 && w->b->on_cpu, in_order = false;
    for (int i = 0; i < w->unit->root_count; ++i) {
        reduces |= reduces_in(w, i, phase);
        in_order |= reduces_in(w, i, phase) && (pb_nest_record(w, i)->op == PB_OP_ARGMAX ||
                                                pb_nest_record(w, i)->dtype == PB_U8);
    }
    if (reduces && !in_order && loop.turns >= 2 * LANES)
        loop.block =
            loop.turns >= PB_BLOCK ? PB_BLOCK : (int)pb_ceil_div(loop.turns, LANES) * LANES;
    if (loop.block && loop.turns % LANES == 0 && reads_a_stream(w, last_phase)) {
        loop.rows = PB_ROWS_AT_ONCE;
        loop.block = LANES;
        loop.ahead = TURN_AHEAD;
    }
    return loop;
}

/* The lanes of a root's reduction: of rows taken at once, those of row k. */
static const char *accumulator(pb_writer *w, int i)
{
    return pb_arena_printf(w->arena, w->rows_at_once ? "c%d[k]" : "c%d", i);
}

static void declare_accumulators(pb_writer *w, pb_text *out, const row_loop *loop)
{
    for (int i = 0; i < w->unit->root_count; ++i) {
        if (!reduces_in(w, i, loop->phase)) continue;
        const pb_record *r = pb_nest_record(w, i);
        const char *type = pb_nest_accumulator_type(r), *identity = pb_nest_identity(r);
        if (w->rows_at_once)
            pb_text_append(out,
                           "        %s%d c%d[%d];\n        #pragma unroll\n"
                           "        for (int k = 0; k < %d; ++k) c%d[k] = (%s%d)(%s);\n",
                           type, LANES, i, w->rows_at_once, w->rows_at_once, i, type, LANES,
                           identity);
        else if (loop->block)
            pb_text_append(out, "        %s%d c%d = (%s%d)(%s);\n", type, LANES, i, type, LANES,
                           identity);
        else
            pb_text_append(out, "        %s c%d = %s;\n", type, i, identity);
        if (r->op == PB_OP_ARGMAX) pb_text_append(out, "        int c%d_at = 0;\n", i);
    }
}

/* The sum or maximum of two vectors. */
static const char *combined(pb_writer *w, const pb_record *r, const char *a, const char *b)
{
    if (r->op == PB_OP_SUM) return pb_arena_printf(w->arena, "%s + %s", a, b);
    return pb_arena_printf(w->arena, "select(%s, %s, %s < %s)", a, b, a, b);
}

/** The texts that one phase's loop is put together from. */
typedef struct turn_text {
    pb_text stores;                   /* accumulations and stores of a turn              */
    pb_text later[PB_UNIT_MAX_ROOTS]; /* stores of each root after a block               */
    pb_text folds;                    /* accumulations after a block, over its elements  */
    pb_text streams, whole_streams;   /* stores past the caches, after a block, a whole one */
    waiting list;
    bool irregular; /* addresses with quotients, remainders or gathers in it         */
} turn_text;

/* An element's addition to the lanes of its reduction, once its block is complete. */
static void fold_later(pb_writer *w, turn_text *t, const row_loop *loop, int i, const char *x)
{
    const pb_record *r = pb_nest_record(w, i);
    const int array = wait_for(&t->list, x, pb_nest_accumulator_type(r));
    if (loop->turns % loop->block)
        pb_text_append(&t->folds, "        for (int l = n; l < %d; ++l) w%d[l] = %s;\n",
                       loop->block, array, pb_nest_identity(r));
    const char *lanes = accumulator(w, i);
    const char *next = pb_arena_printf(w->arena, "vload%d(l, w%d)", LANES, array);
    pb_text_append(&t->folds, "        for (int l = 0; l < %d; ++l) %s = %s;\n",
                   loop->block / LANES, lanes, combined(w, r, lanes, next));
}

/* Writes one turn of a loop at column `column` (an index in loop variables): accumulations and
 * stores. */
static void write_turn(pb_writer *w, turn_text *t, const row_loop *loop, const pb_index *row,
                       const pb_index *column)
{
    const pb_unit *u = w->unit;
    const pb_index *linear = pb_index_add(w->pool, pb_index_mul(w->pool, row, u->columns), column);
    pb_nest_note_assigned(w, linear, row);
    for (int i = 0; i < u->root_count && !w->impossible; ++i) {
        const pb_root *root = pb_nest_root(w, i);
        const pb_record *r = pb_nest_record(w, i);
        if (reduces_in(w, i, loop->phase)) {
            const pb_shape inner = pb_build_record(w->b, r->in[0])->shape;
            const pb_scalar x = pb_element(w, r->in[0], pb_at_linear(w, inner, linear));
            if (loop->block)
                fold_later(w, t, loop, i, x.text);
            else
                pb_nest_accumulate(&t->stores, r, pb_arena_printf(w->arena, "c%d", i),
                                   pb_arena_printf(w->arena, "c%d_at", i), x.text,
                                   pb_index_text(w->pool, column));
        } else if (!root->reduction && !pb_nest_is_row_value(w, i) &&
                   pb_depth(w, root->v) == loop->phase && root->stored) {
            const pb_at at = pb_nest_at(w, i, linear);
            const pb_scalar x = pb_element(w, root->v, at);
            const pb_index *address = pb_nest_address(w, i, at);
            if (loop->owns[i])
                pb_text_append(&w->ahead_text, "            PREFETCH_TO_WRITE(%s + %s);\n",
                               pb_parameter(w, root->place.region, true, address),
                               pb_index_text(w->pool, address));
            if (loop->streams[i]) {
                const int array = wait_for(&t->list, x.text, "float");
                const char *stores = pb_arena_printf(
                    w->arena,
                    "        for (int l = 0; l < n; l += %d) {\n"
                    "            const int j = q + l;\n"
                    "            STREAM(vload%d(0, w%d + l), %s + %s);\n        }\n",
                    LANES, LANES, array, pb_parameter(w, root->place.region, true, address),
                    pb_index_text(w->pool, address));
                pb_text_append(&t->streams, "%s", stores);
                pb_text_append(&t->whole_streams, "        #pragma unroll\n%s", stores);
            } else if (loop->block && loop->unroll > 1) {
                const int array = wait_for(&t->list, x.text, pb_c_type(r->dtype));
                pb_nest_store(w, i, at, pb_arena_printf(w->arena, "w%d[l]", array), &t->later[i]);
            } else {
                pb_nest_store(w, i, at, x.text, &t->stores);
            }
        }
    }
}

/* Lane by lane: a compiler sees `.hi`, Oclgrind loses track of a lane of that. */
static const char *upper_half_of_16(pb_writer *w, const pb_record *r, const char *lanes)
{
    pb_text text = {0};
    pb_text_append(&text, "(%s8)(", pb_nest_accumulator_type(r));
    for (const char *digit = "89abcdef"; *digit; ++digit)
        pb_text_append(&text, "%s.s%c%s", lanes, *digit, digit[1] ? ", " : ")");
    const char *copy = text.failed ? lanes : pb_arena_strdup(w->arena, text.text);
    w->impossible |= text.failed;
    pb_text_free(&text);
    return copy;
}

/* The lanes as a fixed tree; from here on the reduction is known. */
static void finish_reductions(pb_writer *w, pb_text *out, const row_loop *loop)
{
    for (int i = 0; i < w->unit->root_count; ++i) {
        if (!reduces_in(w, i, loop->phase)) continue;
        const pb_record *r = pb_nest_record(w, i);
        const char *lanes =
            r->op == PB_OP_ARGMAX ? pb_arena_printf(w->arena, "c%d_at", i) : accumulator(w, i);
        for (int width = LANES / 2; loop->block && width > 1; width /= 2) {
            const char *half = pb_arena_printf(w->arena, "c%d_%d", i, width);
            const char *upper = width == 8 ? upper_half_of_16(w, r, lanes)
                                           : pb_arena_printf(w->arena, "%s.hi", lanes);
            pb_text_append(out, "        const %s%d %s = %s;\n", pb_nest_accumulator_type(r), width,
                           half, combined(w, r, pb_arena_printf(w->arena, "%s.lo", lanes), upper));
            lanes = half;
        }
        if (loop->block) { /* two scalars: select takes vectors only */
            const char *low = pb_arena_printf(w->arena, "%s.lo", lanes),
                       *high = pb_arena_printf(w->arena, "%s.hi", lanes);
            lanes = r->op == PB_OP_SUM
                        ? combined(w, r, low, high)
                        : pb_arena_printf(w->arena, "%s < %s ? %s : %s", low, high, high, low);
        }
        pb_text_append(out, "        const %s r%d = %s;\n", pb_c_type(r->dtype), i, lanes);
        w->reduced[i] = pb_arena_printf(w->arena, "r%d", i);
    }
}

/* The type of a loop's variable: on a CPU long, so that compilers see neighbours in x[2 * j] and
 * x[2 * j + 1], whatever is added to both; but a quotient of long is no vector's. */
static const char *variable_type(const pb_writer *w, const turn_text *t)
{
    return w->b->on_cpu && !t->irregular ? "long" : "int";
}

/* A loop over the turns of a block. */
static void append_block_loop(pb_text *out, const char *hint, const char *type, const char *count,
                              const char *body)
{
    pb_text_append(out,
                   "        %s\n        for (%s l = 0; l < %s; ++l) {\n"
                   "            const %s j = q + l;\n%s        }\n",
                   hint, type, count, type, body);
}

/* Row k of those taken at once, which lie `part` rows apart; what is known of a row is read again.
 * A row beyond the last is the last once more, whose results are not stored. */
static void begin_row_of_several(const pb_writer *w, pb_text *out)
{
    if (w->rows_at_once)
        pb_text_append(out,
                       "        #pragma unroll\n        for (int k = 0; k < %d; ++k) {\n"
                       "        const int r = min(p + k * part, r_end - 1);\n%s",
                       w->rows_at_once, w->row_text[0].text ? w->row_text[0].text : "");
}

static void append_blocks(pb_writer *w, pb_text *out, const row_loop *loop, const char *body,
                          const turn_text *t, bool columns_split)
{
    const char *begin = columns_split ? "j_begin" : "0";
    const char *end = columns_split ? "j_end" : pb_arena_printf(w->arena, "%d", (int)loop->turns);
    const bool known = t->streams.text || loop->updates;
    const bool whole = loop->turns % loop->block == 0 && !known;
    const char *type = variable_type(w, t);
    const char *count = whole ? pb_arena_printf(w->arena, "%d", loop->block) : "n";
    pb_text_append(out, "        for (int q = %s; q < %s; q += %d) {\n", begin, end, loop->block);
    begin_row_of_several(w, out);
    for (int i = 0; i < t->list.count; ++i)
        pb_text_append(out, "        %s w%d[%d];\n", t->list.element[i].type, i, loop->block);
    if (!whole) pb_text_append(out, "        const int n = min(%d, %s - q);\n", loop->block, end);
    if (w->ahead_text.text) /* another work-item writes what is beyond the end */
        pb_text_append(out,
                       "        for (int l = 0; l < %s; l += %d) {\n"
                       "            const long j = q + l + %d;\n%s        }\n",
                       loop->updates ? pb_arena_printf(w->arena, "min(%d, %s - q - %d)",
                                                       loop->block, end, loop->ahead)
                                     : pb_arena_printf(w->arena, "%d", loop->block),
                       LANES, loop->ahead, w->ahead_text.text);
    if (known) { /* loops of known length take a third less: their arrays are registers */
        pb_text_append(out, "        if (n == %d) {\n        enum { n = %d };\n", loop->block,
                       loop->block);
        append_block_loop(out, "ELEMENTWISE_BLOCK", type, count, body);
        pb_text_append(out, "%s        } else {\n",
                       t->whole_streams.text ? t->whole_streams.text : "");
    }
    append_block_loop(out, "ELEMENTWISE", type, count, body);
    if (known) pb_text_append(out, "%s        }\n", t->streams.text ? t->streams.text : "");
    for (int i = 0; i < w->unit->root_count; ++i)
        if (t->later[i].text) append_block_loop(out, "ELEMENTWISE", type, count, t->later[i].text);
    pb_text_append(out, "%s%s        }\n", t->folds.text ? t->folds.text : "",
                   w->rows_at_once ? "        }\n" : "");
}

/* The loop of one phase over the columns of row r, and what makes its reductions known at its end.
 */
static void write_row_loop(pb_writer *w, pb_text *out, pb_text *end, int unroll,
                           const pb_index *row, bool columns_split, int last_phase)
{
    const row_loop loop = plan_row_loop(w, unroll, row, last_phase);
    w->fetches_ahead = loop.ahead > 0 && !loop.updates;
    w->rows_at_once = loop.rows;
    declare_accumulators(w, out, &loop);
    pb_writer_next_loop(w);
    turn_text t = {0};
    pb_text body = {0};
    const int irregular = w->irregular;
    for (int k = 0; k < unroll && !w->impossible; ++k) {
        const pb_index *column = pb_index_add(w->pool, pb_index_mul(w->pool, loop.variable, unroll),
                                              pb_index_constant(w->pool, k));
        write_turn(w, &t, &loop, row, column);
    }
    t.irregular = w->irregular > irregular;
    for (int i = 0; i < t.list.count; ++i)
        pb_text_append(&t.stores, "            w%d[l] = %s;\n", i, t.list.element[i].text);
    pb_nest_append_turn(w, &body, &t.stores);
    const char *text = body.text ? body.text : "";
    if ((t.stores.text || t.streams.text) && loop.block)
        append_blocks(w, out, &loop, text, &t, columns_split);
    else if (t.stores.text && loop.turns == 1)
        pb_text_append(out, "        {\n%s        }\n", text);
    else if (t.stores.text && columns_split)
        pb_text_append(
            out,
            "        ELEMENTWISE\n        for (%s j = j_begin; j < j_end; ++j) {\n%s        }\n",
            variable_type(w, &t), text);
    else if (t.stores.text)
        pb_text_append(out,
                       "        ELEMENTWISE\n        for (%s j = 0; j < %d; ++j) {\n%s        }\n",
                       variable_type(w, &t), (int)loop.turns, text);
    if (t.stores.failed || t.folds.failed || t.streams.failed || t.whole_streams.failed ||
        body.failed || w->ahead_text.failed)
        w->impossible = true;
    pb_text_free(&t.stores);
    pb_text_free(&t.folds);
    pb_text_free(&t.streams);
    pb_text_free(&t.whole_streams);
    pb_text_free(&body);
    for (int i = 0; i < w->unit->root_count; ++i) {
        if (t.later[i].failed) w->impossible = true;
        pb_text_free(&t.later[i]);
    }
    finish_reductions(w, end, &loop);
}

static int largest_depth(pb_writer *w)
{
    int depth = 0;
    for (int i = 0; i < w->unit->root_count; ++i) {
        const pb_root *root = pb_nest_root(w, i);
        int d = pb_depth(w, root->v) - (root->reduction ? 1 : 0);
        if (d > depth && !(pb_nest_is_row_value(w, i) && !root->reduction)) depth = d;
    }
    return depth;
}

/* MAP and ROWS. */
void pb_write_rows(pb_writer *w, pb_text *body, bool columns_split, int *unroll)
{
    pb_unit *u = w->unit;
    const pb_index *row = pb_row_index(w, "r", u->rows);
    w->row = w->samples ? NULL : row;
    w->rows_at_once = 0;
    *unroll = unroll_of(w);
    w->reduced_at = row;
    w->reduced_level = LEVEL_ROW;
    const int last = largest_depth(w);
    pb_text loops[PB_MAX_PHASES + 1] = {{0}}, ends[PB_MAX_PHASES + 1] = {{0}}, tail = {0};
    for (w->phase = 0; w->phase <= last && w->phase < PB_MAX_PHASES && !w->impossible; ++w->phase)
        write_row_loop(w, &loops[w->phase], &ends[w->phase], *unroll, row, columns_split, last);
    pb_writer_next_loop(w);
    pb_nest_note_assigned(w, NULL, row);
    for (int i = 0; i < u->root_count && !w->impossible; ++i) { /* values of the whole row */
        const pb_root *root = pb_nest_root(w, i);
        if (!pb_nest_is_row_value(w, i) && !root->reduction) continue;
        if (!root->stored) continue;
        w->phase = pb_depth(w, root->v);
        const pb_at at = pb_nest_at(w, i, row);
        pb_nest_store(w, i, at, pb_element(w, root->v, at).text, &tail);
    }
    for (int d = 0; d <= PB_MAX_PHASES; ++d) {
        if (d > 0 || !w->rows_at_once)
            pb_text_append(body, "%s", w->row_text[d].text ? w->row_text[d].text : "");
        pb_text_append(body, "%s", loops[d].text ? loops[d].text : "");
        if (d == 0) begin_row_of_several(w, body);
        pb_text_append(body, "%s", ends[d].text ? ends[d].text : "");
        if (loops[d].failed || ends[d].failed || w->row_text[d].failed) w->impossible = true;
        pb_text_free(&loops[d]);
        pb_text_free(&ends[d]);
    }
    const char *stores = tail.text ? tail.text : "";
    if (w->rows_at_once)
        pb_text_append(body, "        if (p + k * part < r_end) {\n%s        }\n        }\n",
                       stores);
    else
        pb_text_append(body, "%s", stores);
    pb_text_free(&tail);
}
