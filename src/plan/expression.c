#include "plan/expression.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct memo {
    pb_value v;
    bool window; /* the largest element of a pooling window rather than its position */
    pb_at at;
    pb_scalar scalar;
    struct memo *next;
} memo;

#define LINE_FLOATS 16 /* of a cache line */

static const pb_scalar nothing = {"0", LEVEL_KERNEL, 0};

bool pb_writer_open(pb_writer *w, pb_build *b, pb_program_build *p, pb_unit *unit,
                    pb_parameters *all, int samples)
{
    *w = (pb_writer){.b = b, .p = p, .unit = unit, .all = all, .samples = samples};
    w->pool = pb_index_pool_create();
    w->arena = pb_arena_create();
    w->depths = malloc((size_t)b->count);
    if (w->depths) memset(w->depths, -1, (size_t)b->count);
    return w->pool && w->arena && w->depths;
}

void pb_writer_close(pb_writer *w)
{
    pb_index_pool_free(&w->pool);
    pb_arena_free(&w->arena);
    free(w->depths);
    pb_text_free(&w->kernel_text);
    for (int i = 0; i <= PB_MAX_PHASES; ++i) pb_text_free(&w->row_text[i]);
    pb_text_free(&w->middle_text);
    pb_text_free(&w->element_text);
    pb_text_free(&w->ahead_text);
}

void pb_writer_next_loop(pb_writer *w)
{
    for (size_t i = 0; i < sizeof w->memos / sizeof w->memos[0]; ++i)
        for (memo **m = &w->memos[i]; *m;) {
            if ((*m)->scalar.level > LEVEL_ROW)
                *m = (*m)->next;
            else
                m = &(*m)->next;
        }
    pb_text_free(&w->middle_text);
    pb_text_free(&w->element_text);
    pb_text_free(&w->ahead_text);
}

const char *pb_c_type(pb_dtype dtype)
{
    return dtype == PB_F32 ? "float" : dtype == PB_I32 ? "int" : "uchar";
}

static const pb_record *record(const pb_writer *w, pb_value v)
{
    return pb_build_record(w->b, v);
}

/* A temporary: `const type name = text` in the outermost loop that knows it. */
static pb_scalar temporary(pb_writer *w, const char *type, int level, int depth, const char *format,
                           ...) PB_PRINTF(5, 6);
static pb_scalar temporary(pb_writer *w, const char *type, int level, int depth, const char *format,
                           ...)
{
    if (depth > 0 && level < LEVEL_ROW) level = LEVEL_ROW;
    pb_text *text = level == LEVEL_KERNEL   ? &w->kernel_text
                    : level == LEVEL_ROW    ? &w->row_text[depth]
                    : level == LEVEL_MIDDLE ? &w->middle_text
                                            : &w->element_text;
    const char *name = pb_arena_printf(w->arena, "t%d", w->serial++);
    pb_text_append(text, "%*sconst %s %s = ",
                   level >= LEVEL_MIDDLE ? 12
                   : level == LEVEL_ROW  ? 8
                                         : 4,
                   "", type, name);
    va_list args;
    va_start(args, format);
    pb_text_append_va(text, format, args);
    va_end(args);
    pb_text_append(text, ";\n");
    if (level == LEVEL_ELEMENT) ++w->statements;
    return (pb_scalar){name, level, depth};
}

const pb_index *pb_row_index(pb_writer *w, const char *name, int64_t rows)
{
    if (w->samples == 0) return pb_index_variable(w->pool, name, rows, LEVEL_ROW);
    const int64_t each = rows / w->samples;
    w->sample = pb_index_variable(w->pool, "s", w->samples, LEVEL_ROW);
    return pb_index_add(w->pool, pb_index_mul(w->pool, w->sample, each),
                        pb_index_variable(w->pool, "k", each, LEVEL_ROW));
}

const char *pb_parameter(pb_writer *w, int region, bool written, const pb_index *address)
{
    pb_parameters *all = w->all;
    const int i = pb_parameters_place(all, region);
    if (i < 0) {
        w->impossible = true;
        return "a0";
    }
    const size_t count = w->b->regions[region].count;
    all->by_sample[i] &=
        w->samples > 0 && count % (size_t)w->samples == 0 &&
        pb_index_in_part(address, w->sample, (int64_t)(count / (size_t)w->samples));
    *(written ? &all->written[i] : &all->read[i]) = true;
    return pb_arena_printf(w->arena, "a%d", i);
}

const pb_index *pb_linear(pb_writer *w, pb_shape shape, pb_at at)
{
    int strides[PB_MAX_AXES];
    pb_shape_strides(shape, strides);
    const pb_index *sum = pb_index_constant(w->pool, 0);
    for (int i = 0; i < shape.axes; ++i)
        sum = pb_index_add(w->pool, sum, pb_index_mul(w->pool, at.axis[i], strides[i]));
    return sum;
}

pb_at pb_at_linear(pb_writer *w, pb_shape shape, const pb_index *linear)
{
    int strides[PB_MAX_AXES];
    pb_shape_strides(shape, strides);
    pb_at at = {0};
    for (int i = 0; i < shape.axes; ++i)
        at.axis[i] = pb_index_mod(w->pool, pb_index_div(w->pool, linear, strides[i]), shape.dim[i]);
    return at;
}

const pb_index *pb_address(pb_writer *w, const pb_place *place, pb_shape shape, pb_at at)
{
    const pb_index *sum = pb_index_constant(w->pool, place->offset);
    for (int i = 0; i < shape.axes; ++i)
        sum = pb_index_add(w->pool, sum, pb_index_mul(w->pool, at.axis[i], place->stride[i]));
    return sum;
}

/* The unit's root that makes v, or -1. */
static int member(const pb_writer *w, pb_value v)
{
    const int root = w->p->root_of[v];
    if (root < 0) return -1;
    for (int i = 0; i < w->unit->root_count; ++i)
        if (w->unit->roots[i] == root) return i;
    return -1;
}

/* The inlined unit that computes v, or NULL. */
static const pb_unit *inlined(const pb_writer *w, pb_value v)
{
    for (int i = 0; i < w->unit->inlined_count; ++i)
        if (w->p->units[w->unit->inlined[i]].value == v) return &w->p->units[w->unit->inlined[i]];
    return NULL;
}

bool pb_is_load(const pb_writer *w, pb_value v)
{
    const pb_value owner = pb_build_strip(w->b, v);
    if (member(w, owner) >= 0 || inlined(w, owner)) return false;
    return pb_build_place(w->b, w->p, v).region >= 0;
}

int pb_depth(pb_writer *w, pb_value v)
{
    if (w->depths[v] >= 0) return w->depths[v];
    int depth = 0;
    if (!pb_is_load(w, v) && !inlined(w, v)) {
        const pb_record *r = record(w, v);
        for (int i = 0; i < r->arity; ++i) {
            const int d = pb_depth(w, r->in[i]);
            if (d > depth) depth = d;
        }
        if (pb_ops[r->op].class == PB_REDUCTION) ++depth;
        if (depth > PB_MAX_PHASES) {
            depth = PB_MAX_PHASES;
            w->impossible = true;
        }
    }
    w->depths[v] = (signed char)depth;
    return depth;
}

static const char *literal(pb_writer *w, float number)
{
    if (isnan(number)) return "NAN";
    if (isinf(number)) return number > 0 ? "INFINITY" : "(-INFINITY)";
    const char *digits = pb_arena_printf(w->arena, "%.9g", (double)number);
    const char *point = strpbrk(digits, ".e") ? "" : ".0";
    return pb_arena_printf(w->arena, number < 0 ? "(%s%sf)" : "%s%sf", digits, point);
}

static pb_scalar load(pb_writer *w, pb_value v, pb_at at)
{
    const pb_record *r = record(w, v);
    const pb_place place = pb_build_place(w->b, w->p, v);
    const pb_index *address = pb_address(w, &place, r->shape, at);
    if (!address) return nothing;
    /* What this kernel assigns may be read only where it is written, and before; a joined value
     * only when all its parts are written. */
    const bool joined = record(w, pb_build_strip(w->b, v))->op == PB_OP_CONCAT;
    for (int i = 0; i < w->unit->root_count; ++i) {
        const pb_root *root = &w->p->roots[w->unit->roots[i]];
        if (root->place.region != place.region) continue;
        if (root->leaf == PB_NONE) {
            w->impossible |= joined;
            continue;
        }
        const bool stored_before = w->assigned_in_loop[i] && pb_depth(w, root->v) < w->phase;
        if (w->assigned[i] != address || stored_before) w->impossible = true;
    }
    if (w->element && pb_index_factor(address, w->element) >= LINE_FLOATS && w->row &&
        pb_index_factor(address, w->row) > 0 && pb_index_factor(address, w->row) < LINE_FLOATS)
        w->strided = true;
    const int level = pb_index_level(address);
    const int irregular = pb_index_irregular(address, LEVEL_ELEMENT);
    w->irregular += irregular;
    const char *from = pb_parameter(w, place.region, false, address);
    const char *text = pb_index_text(w->pool, address);
    if (w->fetches_ahead && irregular == 0 && pb_index_factor(address, w->element) == 1)
        pb_text_append(&w->ahead_text, "            PREFETCH(%s + %s);\n", from, text);
    return temporary(w, pb_c_type(r->dtype), level, 0, "%s[%s]", from, text);
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* What is read to compute elements of an inlined unit, this kernel must not write. */
static void check_inlined(pb_writer *w, const pb_element_function *f)
{
    for (int i = 0; i < w->unit->root_count; ++i) {
        const int written = w->p->roots[w->unit->roots[i]].place.region;
        if (written == f->regions[0] || written == f->regions[1]) w->impossible = true;
    }
    if (w->samples > 0) w->impossible = true; /* whose samples it reads is not told */
}

/* The element that the library unit's kernel has just computed. */
static pb_scalar given(pb_writer *w, const pb_unit *u, pb_at at)
{
    check_inlined(w, &u->element);
    if (pb_linear(w, record(w, u->value)->shape, at) != w->element) w->impossible = true;
    for (int i = 0; i < 2 && !w->impossible; ++i)
        pb_parameter(w, u->element.regions[i], false, NULL);
    return (pb_scalar){"value", LEVEL_ELEMENT, 0};
}

/* An element that a function computes. */
static pb_scalar call(pb_writer *w, const pb_unit *u, pb_at at)
{
    const pb_element_function *f = &u->element;
    int level = LEVEL_KERNEL;
    const char *index[4];
    for (int i = 0; i < 4; ++i) {
        level = larger(level, pb_index_level(at.axis[i]));
        index[i] = pb_index_text(w->pool, at.axis[i]);
        w->irregular += pb_index_irregular(at.axis[i], LEVEL_ELEMENT);
    }
    check_inlined(w, f);
    if (w->impossible) return nothing;
    ++w->calls;
    const char *a = pb_parameter(w, f->regions[0], false, NULL),
               *b = pb_parameter(w, f->regions[1], false, NULL);
    return temporary(w, "float", level, 0, "%s(%s, %s, %s, %s, %s, %s)", f->name, a, b, index[0],
                     index[1], index[2], index[3]);
}

static pb_scalar elementwise(pb_writer *w, pb_value v, pb_at at)
{
    const pb_record *r = record(w, v);
    pb_scalar in[4] = {nothing, nothing, nothing, nothing};
    int level = LEVEL_KERNEL, depth = 0;
    for (int i = 0; i < r->arity; ++i) {
        in[i] = pb_element(w, r->in[i], at);
        level = larger(level, in[i].level);
        depth = larger(depth, in[i].depth);
    }
    pb_text text = {0};
    for (const char *c = pb_ops[r->op].expr; *c; ++c) {
        if (*c != '$')
            pb_text_append(&text, "%c", *c);
        else if (*++c == 'c')
            pb_text_append(&text, "%du", r->attrs.count);
        else if (*c == 'p')
            pb_text_append(&text, "%uu", (unsigned)r->attrs.purpose);
        else
            pb_text_append(&text, "%s", in[*c - '0'].text);
    }
    const char *type = pb_c_type(r->dtype);
    const pb_scalar result =
        temporary(w, type, level, depth, "(%s)(%s)", type, text.text ? text.text : "0");
    if (text.failed) w->impossible = true;
    pb_text_free(&text);
    return result;
}

/* An index that may leave [0, extent): clamped to it, and the condition that it needed no clamping
 * ("" if it never does). */
static const pb_index *guarded(pb_writer *w, const pb_index *index, int extent,
                               const char **condition)
{
    *condition = "";
    if (!index || (pb_index_min(index) >= 0 && pb_index_max(index) < extent)) return index;
    const int level = pb_index_level(index);
    const char *text = pb_index_text(w->pool, index);
    const pb_scalar clamped =
        temporary(w, "int", level, 0, "clamp((int)(%s), 0, %d)", text, extent - 1);
    const char *name = temporary(w, "int", level, 0, "%s == %s", clamped.text, text).text;
    *condition = name;
    return pb_index_opaque(w->pool, clamped.text, 0, extent - 1, level);
}

/* "a && b" of conditions of which some are empty. */
static const char *both(pb_writer *w, const char *a, const char *b)
{
    if (!*a) return b;
    if (!*b) return a;
    return pb_arena_printf(w->arena, "%s && %s", a, b);
}

static pb_scalar pad(pb_writer *w, pb_value v, pb_at at)
{
    const pb_record *r = record(w, v);
    const pb_shape inner = record(w, r->in[0])->shape;
    const char *condition = "";
    int level = LEVEL_KERNEL;
    for (int i = 0; i < inner.axes; ++i) {
        const pb_index *before = pb_index_constant(w->pool, -r->attrs.before[i]);
        const pb_index *index = pb_index_add(w->pool, at.axis[i], before);
        const char *inside;
        if (index) level = larger(level, pb_index_level(index));
        at.axis[i] = guarded(w, index, inner.dim[i], &inside);
        condition = both(w, condition, inside);
    }
    const pb_scalar x = pb_element(w, r->in[0], at);
    if (!*condition) return x;
    return temporary(w, pb_c_type(r->dtype), larger(level, x.level), x.depth, "(%s) ? %s : (%s)0",
                     condition, x.text, pb_c_type(r->dtype));
}

/* An integer scalar as an index in [0, extent). */
static const pb_index *as_index(pb_writer *w, pb_scalar s, int extent)
{
    if (s.depth > 0)
        w->impossible = true; /* addresses that depend on reductions are not generated */
    if (extent == 1) return pb_index_constant(w->pool, 0);
    return pb_index_opaque(w->pool, s.text, 0, extent - 1, s.level);
}

/* Of values that this kernel stores at one place, it does not compute other rows once more. */
static pb_scalar gather(pb_writer *w, pb_value v, pb_at at)
{
    const pb_record *r = record(w, v);
    const pb_scalar row = pb_element(w, r->in[1], (pb_at){{at.axis[0]}});
    at.axis[0] = as_index(w, row, record(w, r->in[0])->shape.dim[0]);
    const bool outer = w->other_rows;
    w->other_rows = true;
    const pb_scalar element = pb_element(w, r->in[0], at);
    w->other_rows = outer;
    return element;
}

static pb_scalar pick(pb_writer *w, pb_value v, pb_at at)
{
    const pb_record *r = record(w, v);
    const pb_scalar index = pb_element(w, r->in[1], at);
    at.axis[1] = as_index(w, index, record(w, r->in[0])->shape.dim[1]);
    return pb_element(w, r->in[0], at);
}

static pb_scalar concat(pb_writer *w, pb_value v, pb_at at)
{
    const pb_record *r = record(w, v);
    const int axis = r->attrs.axis;
    const pb_index *index = at.axis[axis];
    pb_scalar result = nothing;
    int begin = 0;
    for (int i = 0; i < r->arity; ++i) {
        const int extent = record(w, r->in[i])->shape.dim[axis];
        const char *inside;
        pb_at part = at;
        part.axis[axis] = guarded(
            w, pb_index_add(w->pool, index, pb_index_constant(w->pool, -begin)), extent, &inside);
        const pb_scalar x = pb_element(w, r->in[i], part);
        const int level = index ? larger(larger(x.level, result.level), pb_index_level(index)) : 0;
        result = i == 0 || !*inside
                     ? x
                     : temporary(w, pb_c_type(r->dtype), level, larger(x.depth, result.depth),
                                 "%s ? %s : %s", inside, x.text, result.text);
        begin += extent;
    }
    return result;
}

/* Element `position` of the window at output index `at`; condition is "" where it is never in the
 * padding. */
static pb_scalar window_element(pb_writer *w, pb_value x, pb_at at, const pb_window *window,
                                int position, const char **condition)
{
    const pb_shape shape = record(w, x)->shape;
    const int offset[2] = {position / window->kernel[1] - window->padding[0],
                           position % window->kernel[1] - window->padding[1]};
    *condition = "";
    for (int i = 0; i < 2; ++i) {
        const char *inside;
        const pb_index *index =
            pb_index_add(w->pool, pb_index_mul(w->pool, at.axis[2 + i], window->stride[i]),
                         pb_index_constant(w->pool, offset[i]));
        at.axis[2 + i] = guarded(w, index, shape.dim[2 + i], &inside);
        *condition = both(w, *condition, inside);
    }
    return pb_element(w, x, at);
}

static memo *remember(pb_writer *w, pb_value v, bool window, pb_at at, pb_scalar scalar)
{
    memo *m = pb_arena_alloc(w->arena, sizeof *m);
    if (!m) {
        w->impossible = true;
        return NULL;
    }
    memo **head = &w->memos[(unsigned)v % 256];
    *m = (memo){v, window, at, scalar, *head};
    *head = m;
    return m;
}

static const memo *recall(const pb_writer *w, pb_value v, bool window, pb_at at)
{
    for (const memo *m = w->memos[(unsigned)v % 256]; m; m = m->next)
        if (m->v == v && m->window == window && memcmp(&m->at, &at, sizeof at) == 0) return m;
    return NULL;
}

/* The largest element of a pooling window and its position, written together. */
static pb_scalar pool_best(pb_writer *w, pb_value index, pb_at at, bool want_element)
{
    const memo *known = recall(w, index, want_element, at);
    if (known) return known->scalar;
    const pb_record *r = record(w, index);
    const pb_window *window = &r->attrs.window;
    const int count = window->kernel[0] * window->kernel[1];
    pb_scalar best = {"(-INFINITY)", LEVEL_KERNEL, 0}, position = {"0", LEVEL_KERNEL, 0};
    for (int k = 0; k < count; ++k) {
        const char *inside;
        const pb_scalar x = window_element(w, r->in[0], at, window, k, &inside);
        if (k == 0 && !*inside) {
            best = x;
            continue;
        }
        const int level = larger(larger(x.level, best.level), position.level);
        const int depth = larger(x.depth, best.depth);
        const char *test = pb_arena_printf(w->arena, "%s > %s", x.text, best.text);
        test = both(w, inside, test);
        position = temporary(w, "int", level, depth, "(%s) ? %d : %s", test, k, position.text);
        best = temporary(w, "float", level, depth, "(%s) ? %s : %s", test, x.text, best.text);
    }
    remember(w, index, true, at, best);
    remember(w, index, false, at, position);
    return want_element ? best : position;
}

static pb_scalar pool_gather(pb_writer *w, pb_value v, pb_at at)
{
    const pb_record *r = record(w, v), *index = record(w, r->in[1]);
    const pb_window *window = &r->attrs.window;
    if (index->op == PB_OP_POOL_INDEX && index->in[0] == r->in[0] && !pb_is_load(w, r->in[1]) &&
        memcmp(&index->attrs.window, window, sizeof *window) == 0)
        return pool_best(w, r->in[1], at, true);
    const pb_scalar position = pb_element(w, r->in[1], at);
    const int count = window->kernel[0] * window->kernel[1];
    pb_scalar result = nothing;
    for (int k = 0; k < count; ++k) {
        const char *inside;
        const pb_scalar x = window_element(w, r->in[0], at, window, k, &inside);
        const int level = larger(larger(x.level, position.level), result.level);
        const int depth = larger(larger(x.depth, position.depth), result.depth);
        result = k == 0 ? x
                        : temporary(w, pb_c_type(r->dtype), level, depth, "%s == %d ? %s : %s",
                                    position.text, k, x.text, result.text);
    }
    return result;
}

/* dx at (h, w) = sum over the windows that cover it of dy where the window chose it. */
static pb_scalar pool_scatter(pb_writer *w, pb_value v, pb_at at)
{
    const pb_record *r = record(w, v);
    const pb_shape out = record(w, r->in[0])->shape;
    const pb_window *window = &r->attrs.window;
    const int cover[2] = {(window->kernel[0] + window->stride[0] - 1) / window->stride[0],
                          (window->kernel[1] + window->stride[1] - 1) / window->stride[1]};
    pb_scalar sum = nothing;
    bool first = true;
    for (int a = 0; a < cover[0] * cover[1]; ++a) {
        const int back[2] = {a / cover[1], a % cover[1]};
        pb_at source = at;
        const pb_index *position = pb_index_constant(w->pool, 0);
        const char *valid = "";
        int level = LEVEL_KERNEL;
        for (int i = 0; i < 2; ++i) {
            const int stride = window->stride[i];
            const char *inside;
            const pb_index *padded = pb_index_add(w->pool, at.axis[2 + i],
                                                  pb_index_constant(w->pool, window->padding[i]));
            const pb_index *which = pb_index_add(w->pool, pb_index_div(w->pool, padded, stride),
                                                 pb_index_constant(w->pool, -back[i]));
            const pb_index *within =
                pb_index_add(w->pool, pb_index_mod(w->pool, padded, stride),
                             pb_index_constant(w->pool, (int64_t)back[i] * stride));
            if (!which || !within) return nothing;
            source.axis[2 + i] = guarded(w, which, out.dim[2 + i], &inside);
            valid = both(w, valid, inside);
            if (pb_index_max(within) >= window->kernel[i])
                valid = both(w, valid,
                             pb_arena_printf(w->arena, "%s < %d", pb_index_text(w->pool, within),
                                             window->kernel[i]));
            level = larger(level, pb_index_level(within));
            position = pb_index_add(w->pool, position,
                                    pb_index_mul(w->pool, within, i == 0 ? window->kernel[1] : 1));
        }
        if (!position) return nothing;
        const pb_scalar chosen = pb_element(w, r->in[1], source);
        const pb_scalar dy = pb_element(w, r->in[0], source);
        level = larger(level, larger(chosen.level, dy.level));
        const int depth = larger(chosen.depth, dy.depth);
        const char *test =
            pb_arena_printf(w->arena, "%s == %s", chosen.text, pb_index_text(w->pool, position));
        const pb_scalar part =
            temporary(w, "float", level, depth, "(%s) ? %s : 0.0f", both(w, valid, test), dy.text);
        sum = first ? part
                    : temporary(w, "float", larger(level, sum.level), larger(depth, sum.depth),
                                "%s + %s", sum.text, part.text);
        first = false;
    }
    return sum;
}

static pb_scalar compute(pb_writer *w, pb_value v, pb_at at)
{
    const pb_record *r = record(w, v);
    const pb_unit *library = inlined(w, v);
    if (library) return w->unit->follows ? given(w, library, at) : call(w, library, at);
    if (pb_ops[r->op].class == PB_ELEMENTWISE) return elementwise(w, v, at);
    pb_at inner = at;
    switch (r->op) { /* how each movement finds its element: the one place that knows addresses */
    case PB_OP_CONSTANT:
        if (r->dtype == PB_F32)
            return (pb_scalar){literal(w, (float)r->attrs.number), LEVEL_KERNEL, 0};
        return (pb_scalar){pb_arena_printf(w->arena, "(%d)", (int)r->attrs.number), LEVEL_KERNEL,
                           0};
    case PB_OP_IOTA:
        return temporary(w, "int", pb_index_level(at.axis[r->attrs.axis]), 0, "%s",
                         pb_index_text(w->pool, at.axis[r->attrs.axis]));
    case PB_OP_ASSIGN: return pb_element(w, r->in[1], at);
    case PB_OP_RESHAPE:
        return pb_element(w, r->in[0],
                          pb_at_linear(w, record(w, r->in[0])->shape, pb_linear(w, r->shape, at)));
    case PB_OP_PERMUTE:
        for (int i = 0; i < r->shape.axes; ++i) inner.axis[r->attrs.order[i]] = at.axis[i];
        return pb_element(w, r->in[0], inner);
    case PB_OP_BROADCAST:
        for (int i = 0; i < r->shape.axes; ++i)
            if (record(w, r->in[0])->shape.dim[i] == 1)
                inner.axis[i] = pb_index_constant(w->pool, 0);
        return pb_element(w, r->in[0], inner);
    case PB_OP_SLICE:
        for (int i = 0; i < r->shape.axes; ++i)
            inner.axis[i] =
                pb_index_add(w->pool, at.axis[i], pb_index_constant(w->pool, r->attrs.before[i]));
        return pb_element(w, r->in[0], inner);
    case PB_OP_PAD: return pad(w, v, at);
    case PB_OP_CONCAT: return concat(w, v, at);
    case PB_OP_GATHER: return gather(w, v, at);
    case PB_OP_PICK: return pick(w, v, at);
    case PB_OP_POOL_INDEX: return pool_best(w, v, at, false);
    case PB_OP_POOL_GATHER: return pool_gather(w, v, at);
    case PB_OP_POOL_SCATTER: return pool_scatter(w, v, at);
    default: w->impossible = true; return nothing;
    }
}

pb_scalar pb_element(pb_writer *w, pb_value v, pb_at at)
{
    for (int i = 0; i < record(w, v)->shape.axes; ++i)
        if (!at.axis[i]) { /* an index ran out of memory or terms */
            w->impossible = true;
            return nothing;
        }
    for (int i = record(w, v)->shape.axes; i < PB_MAX_AXES; ++i) at.axis[i] = NULL;
    if (w->impossible) return nothing;
    const int root = member(w, v);
    if (root >= 0 && pb_ops[record(w, v)->op].class == PB_REDUCTION) {
        if (!w->reduced[root] || pb_linear(w, record(w, v)->shape, at) != w->reduced_at) {
            w->impossible = true;
            return nothing;
        }
        return (pb_scalar){w->reduced[root], w->reduced_level, pb_depth(w, v)};
    }
    if (root >= 0 && w->other_rows) {
        w->impossible = true;
        return nothing;
    }
    const memo *known = recall(w, v, false, at);
    if (known) return known->scalar;
    const pb_scalar scalar = root < 0 && pb_is_load(w, v) ? load(w, v, at) : compute(w, v, at);
    if (!w->impossible) remember(w, v, false, at, scalar);
    return scalar;
}
