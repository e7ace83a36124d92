/* The loop nest of COLUMNS: sums over the middle axis, several of its rows at a time, then elements
 * of outer x inner. */
#include "plan/loops.h"
#include "plan/nest.h"

#define SHORT_TURN 24 /* statements of an element that may stand several times in a loop */

static void declare_column_accumulators(pb_writer *w, pb_text *out, const char *size)
{
    for (int i = 0; i < w->unit->root_count; ++i) {
        const pb_record *r = pb_nest_record(w, i);
        if (!pb_nest_root(w, i)->reduction) continue;
        pb_text_append(out,
                       "        %s c%d[%s];\n        for (int l = 0; l < %s; ++l) c%d[l] = %s;\n",
                       pb_nest_accumulator_type(r), i, size, size, i, pb_nest_identity(r));
        if (r->op == PB_OP_ARGMAX)
            pb_text_append(
                out,
                "        int c%d_at[%s];\n        for (int l = 0; l < %s; ++l) c%d_at[l] = 0;\n", i,
                size, size, i);
    }
}

/* A loop over the reduced axis from `first` to `end`, `step` of its elements in a turn. */
static void append_reduced_loop(const pb_writer *w, pb_text *out, int first, int end, int step,
                                const char *turn, const char *count)
{
    if (first == end) return;
    pb_text_append(out, "        for (int m = %d; m < %d; m += %d) {\n", first, end, step);
    if (w->middle_text.text)
        pb_text_append(out, "        const int r = m;\n%s", w->middle_text.text);
    pb_text_append(out,
                   "        for (int l = 0; l < %s; ++l) {\n"
                   "            const int i = i_begin + l;\n",
                   count);
    for (int k = 0; k < step; ++k)
        pb_text_append(out, "            {\n            const int r = m + %d;\n%s            }\n",
                       k, turn);
    pb_text_append(out, "        }\n        }\n");
}

/* Several rows at a time on a CPU: accumulators are loaded and stored for all of them once, and
 * memory has as many streams to deliver. Each is added after the one before, so the bits are the
 * same. */
static void append_reduced_loops(const pb_writer *w, pb_text *out, const char *turn,
                                 const char *count)
{
    const int reduced = (int)w->unit->reduced;
    const bool several = w->b->on_cpu && !w->middle_text.text && w->statements <= SHORT_TURN;
    const int whole = several ? reduced - reduced % PB_ROWS_AT_ONCE : 0;
    append_reduced_loop(w, out, 0, whole, PB_ROWS_AT_ONCE, turn, count);
    append_reduced_loop(w, out, whole, reduced, 1, turn, count);
}

/* COLUMNS: accumulators of a block of inner elements, a loop over the reduced axis, then the
 * elements. */
void pb_write_columns(pb_writer *w, pb_text *body, int block)
{
    pb_unit *u = w->unit;
    const pb_index *o = pb_row_index(w, "o", u->outer);
    const pb_index *r = pb_index_variable(w->pool, "r", u->reduced, LEVEL_MIDDLE);
    const pb_index *i = pb_index_variable(w->pool, "i", u->inner, LEVEL_ELEMENT);
    const pb_index *out = pb_index_add(w->pool, pb_index_mul(w->pool, o, u->inner), i);
    const pb_index *in = pb_index_add(
        w->pool,
        pb_index_mul(w->pool, pb_index_add(w->pool, pb_index_mul(w->pool, o, u->reduced), r),
                     u->inner),
        i);
    pb_text declared = {0}, first = {0}, turn = {0}, stores = {0};
    const char *size = pb_arena_printf(w->arena, "%d", block);
    declare_column_accumulators(w, &declared, size);
    const char *count = u->inner % block == 0 ? size
                                              : pb_arena_printf(w->arena, "min(%d, %d - i_begin)",
                                                                block, (int)u->inner);
    /* phase 0 */
    for (int k = 0; k < u->root_count && !w->impossible; ++k) {
        const pb_root *root = pb_nest_root(w, k);
        const pb_record *rec = pb_nest_record(w, k);
        if (!root->reduction) continue;
        if (pb_depth(w, root->v) != 1) w->impossible = true;
        const pb_scalar x = pb_element(
            w, rec->in[0], pb_at_linear(w, pb_build_record(w->b, rec->in[0])->shape, in));
        const bool arg = rec->op == PB_OP_ARGMAX;
        pb_nest_accumulate(&stores, rec, pb_arena_printf(w->arena, "c%d[l]", k),
                           pb_arena_printf(w->arena, "c%d_at[l]", k), x.text, "r");
        w->reduced[k] = pb_arena_printf(w->arena, arg ? "c%d_at[l]" : "c%d[l]", k);
    }
    pb_nest_append_turn(w, &turn, &stores);
    append_reduced_loops(w, &first, turn.text ? turn.text : "", count);
    pb_text_free(&stores);
    pb_text_free(&turn);
    /* phase 1 */
    pb_writer_next_loop(w);
    w->phase = 1;
    w->reduced_at = out;
    w->reduced_level = LEVEL_ELEMENT;
    pb_nest_note_assigned(w, out, out);
    for (int k = 0; k < u->root_count && !w->impossible; ++k) {
        const pb_root *root = pb_nest_root(w, k);
        if (!root->stored) continue;
        if (pb_depth(w, root->v) > 1) w->impossible = true;
        const pb_at at = pb_nest_at(w, k, out);
        pb_nest_store(w, k, at, pb_element(w, root->v, at).text, &stores);
    }
    pb_nest_append_turn(w, &turn, &stores);
    pb_text_append(body, "%s%s%s%s", w->row_text[0].text ? w->row_text[0].text : "",
                   declared.text ? declared.text : "", first.text ? first.text : "",
                   w->row_text[1].text ? w->row_text[1].text : "");
    pb_text_append(body,
                   "        ELEMENTWISE\n        for (int l = 0; l < %s; ++l) {\n            const "
                   "int i = i_begin + "
                   "l;\n%s        }\n",
                   count, turn.text ? turn.text : "");
    if (declared.failed || first.failed || turn.failed) w->impossible = true;
    pb_text_free(&declared);
    pb_text_free(&first);
    pb_text_free(&stores);
    pb_text_free(&turn);
}
