/* Append-only storage of values, their scopes, the first error, and programs. */
#include "graph/store.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct pb_graph {
    pb_context *ctx;
    pb_arena *arena;
    pb_record **values; /* pointers, so that a record stays where it is while others are appended */
    int count, capacity;
    pb_status status;
    const char *scope;
    pb_program_list programs;
};

pb_graph *pb_graph_create(pb_context *ctx)
{
    pb_graph *g = calloc(1, sizeof *g);
    if (g) {
        g->ctx = ctx;
        g->arena = pb_arena_create();
        if (g->arena) return g;
        free(g);
    }
    pb_fail(ctx, PB_ERR_MEMORY, "no memory for a graph");
    return NULL;
}

void pb_graph_free(pb_graph **g)
{
    if (!g || !*g) return;
    pb_arena_free(&(*g)->arena);
    free((*g)->values);
    free(*g);
    *g = NULL;
}

/* ---- errors and scopes ---- */

pb_context *pb_graph_context(const pb_graph *g)
{
    return g->ctx;
}

pb_status pb_graph_status(const pb_graph *g)
{
    return g ? g->status : PB_ERR_MEMORY;
}

static pb_value fail_va(pb_graph *g, pb_status code, const char *op, const char *format,
                        va_list args)
{
    if (g->status != PB_OK) return PB_NONE;
    g->status = code;
    pb_fail_va(g->ctx, code, format, args);
    if (op) pb_fail_prefix(g->ctx, code, "%s", op);
    if (g->scope) pb_fail_prefix(g->ctx, code, "%s", g->scope);
    return PB_NONE;
}

pb_value pb_graph_fail(pb_graph *g, pb_status code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail_va(g, code, NULL, format, args);
    va_end(args);
    return PB_NONE;
}

pb_status pb_infer_fail(pb_graph *g, const pb_record *record, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail_va(g, PB_ERR_SHAPE, pb_ops[record->op].name, format, args);
    va_end(args);
    return PB_ERR_SHAPE;
}

void *pb_graph_memory(pb_graph *g, size_t bytes)
{
    void *memory = pb_arena_alloc(g->arena, bytes ? bytes : 1);
    if (!memory) pb_graph_fail(g, PB_ERR_MEMORY, "no memory for the graph");
    return memory;
}

static const char *copy_text(pb_graph *g, const char *text)
{
    const char *copy = text ? pb_arena_strdup(g->arena, text) : NULL;
    if (text && !copy) pb_graph_fail(g, PB_ERR_MEMORY, "no memory for the graph");
    return copy;
}

void pb_graph_scope(pb_graph *g, const char *scope)
{
    /* Stages set the same words again and again. */
    if (scope && g->scope && strcmp(scope, g->scope) == 0) return;
    g->scope = copy_text(g, scope);
}

const char *pb_graph_scope_swap(pb_graph *g, const char *scope)
{
    const char *before = g->scope;
    g->scope = scope;
    return before;
}

/* ---- values ---- */

int pb_graph_count(const pb_graph *g)
{
    return g->count;
}

const pb_record *pb_record_of(const pb_graph *g, pb_value v)
{
    return v >= 0 && v < g->count ? g->values[v] : NULL;
}

pb_shape pb_value_shape(const pb_graph *g, pb_value v)
{
    const pb_record *r = pb_record_of(g, v);
    return r ? r->shape : PB_SCALAR;
}

pb_dtype pb_value_dtype(const pb_graph *g, pb_value v)
{
    const pb_record *r = pb_record_of(g, v);
    return r ? r->dtype : PB_F32;
}

const char *pb_value_name(const pb_graph *g, pb_value v)
{
    const pb_record *r = pb_record_of(g, v);
    return r ? r->name : NULL;
}

pb_value pb_graph_find(const pb_graph *g, const char *name)
{
    for (pb_value v = 0; v < g->count; v++)
        if (g->values[v]->name && strcmp(g->values[v]->name, name) == 0) return v;
    return PB_NONE;
}

static pb_status check_extents(pb_graph *g, const pb_record *r)
{
    char text[PB_SHAPE_TEXT];
    if (r->shape.axes < 0 || r->shape.axes > PB_MAX_AXES)
        return pb_infer_fail(g, r, "%d axes, at most %d are allowed", r->shape.axes, PB_MAX_AXES);
    double elements = 1;
    for (int i = 0; i < r->shape.axes; i++) {
        if (r->shape.dim[i] < 1)
            return pb_infer_fail(g, r, "shape %s has an extent below 1",
                                 pb_shape_text(r->shape, text));
        elements *= r->shape.dim[i];
    }
    if (elements > INT_MAX)
        return pb_infer_fail(g, r, "shape %s has more than %d elements",
                             pb_shape_text(r->shape, text), INT_MAX);
    return PB_OK;
}

static bool reserve(pb_graph *g)
{
    if (g->count < g->capacity) return true;
    const int capacity = g->capacity ? 2 * g->capacity : 64;
    pb_record **values = realloc(g->values, (size_t)capacity * sizeof *values);
    if (!values) {
        pb_graph_fail(g, PB_ERR_MEMORY, "no memory for %d values", capacity);
        return false;
    }
    g->values = values;
    g->capacity = capacity;
    return true;
}

/* Inputs that do not exist: an op on the PB_NONE of a recorded error stays silent. */
static bool inputs_exist(pb_graph *g, pb_op op, int arity, const pb_value in[])
{
    const int wanted = pb_ops[op].arity;
    if (arity < 0 || (wanted >= 0 && arity != wanted)) {
        pb_graph_fail(g, PB_ERR_INTERNAL, "%s: %d inputs, it takes %d", pb_ops[op].name, arity,
                      wanted);
        return false;
    }
    for (int i = 0; i < arity; i++) {
        if (in[i] >= 0 && in[i] < g->count) continue;
        pb_graph_fail(g, PB_ERR_INTERNAL, "%s: input %d is no value of this graph", pb_ops[op].name,
                      i);
        return false;
    }
    return true;
}

static pb_value append(pb_graph *g, pb_op op, int arity, const pb_value in[], const pb_attrs *attrs,
                       const char *name)
{
    if (!g || !inputs_exist(g, op, arity, in) || !reserve(g)) return PB_NONE;
    pb_record *r = pb_graph_memory(g, sizeof *r);
    if (!r) return PB_NONE;
    *r = (pb_record){.op = op, .arity = arity, .scope = g->scope};
    if (attrs) r->attrs = *attrs;
    if (arity > 0) {
        pb_value *copy = pb_graph_memory(g, (size_t)arity * sizeof *copy);
        if (!copy) return PB_NONE;
        memcpy(copy, in, (size_t)arity * sizeof *copy);
        r->in = copy;
    }
    if (pb_ops[op].infer(g, r) != PB_OK || check_extents(g, r) != PB_OK) return PB_NONE;
    if (name && !(r->name = copy_text(g, name))) return PB_NONE;
    g->values[g->count] = r;
    return g->count++;
}

pb_value pb_append(pb_graph *g, pb_op op, int arity, const pb_value in[], const pb_attrs *attrs)
{
    return append(g, op, arity, in, attrs, NULL);
}

pb_value pb_leaf(pb_graph *g, pb_role role, const char *name, pb_dtype dtype, pb_shape shape,
                 pb_init init)
{
    if (!name || !*name) return pb_graph_fail(g, PB_ERR_INTERNAL, "a leaf needs a name");
    if (pb_graph_find(g, name) != PB_NONE)
        return pb_graph_fail(g, PB_ERR_CONFIG, "leaf: there is already a \"%s\"", name);
    const pb_attrs attrs = {.role = role, .dtype = dtype, .shape = shape, .init = init};
    return append(g, PB_OP_LEAF, 0, NULL, &attrs, name);
}

pb_value pb_graph_copy(pb_graph *to, const pb_record *record, const pb_value in[])
{
    pb_attrs attrs = record->attrs;
    if (attrs.data) {
        const size_t bytes = pb_shape_count(record->shape) * pb_dtype_bytes(record->dtype);
        void *data = pb_graph_memory(to, bytes);
        if (!data) return PB_NONE;
        memcpy(data, attrs.data, bytes);
        attrs.data = data;
    }
    pb_graph_scope(to, record->scope);
    return append(to, record->op, record->arity, in, &attrs, record->name);
}

/* ---- programs ---- */

/* The leaves a target stands for: itself, or the parts of a pb_flatten_all. */
static bool target_holds(const pb_graph *g, pb_value target, pb_value leaf)
{
    const pb_record *r = g->values[target];
    if (r->op == PB_OP_LEAF) return target == leaf;
    for (int i = 0; i < r->arity; i++)
        if (target_holds(g, r->in[i], leaf)) return true;
    return false;
}

static pb_status check_program(pb_graph *g, const char *name, int count, const pb_value assigns[])
{
    const int limit = (int)(sizeof g->programs.program / sizeof g->programs.program[0]);
    if (g->status != PB_OK) return g->status;
    if (g->programs.count == limit)
        pb_graph_fail(g, PB_ERR_CONFIG, "program %s: a graph holds at most %d", name, limit);
    for (int i = 0; i < g->programs.count; i++)
        if (strcmp(g->programs.program[i].name, name) == 0)
            pb_graph_fail(g, PB_ERR_CONFIG, "program %s: there is already one of that name", name);
    for (int i = 0; i < count; i++) {
        const pb_record *r = pb_record_of(g, assigns[i]);
        if (!r || r->op != PB_OP_ASSIGN)
            pb_graph_fail(g, PB_ERR_INTERNAL, "program %s: entry %d is no assignment", name, i);
    }
    for (pb_value leaf = 0; leaf < g->count && g->status == PB_OK; leaf++) {
        if (g->values[leaf]->op != PB_OP_LEAF) continue;
        int writers = 0;
        for (int i = 0; i < count; i++)
            writers += target_holds(g, g->values[assigns[i]]->in[0], leaf);
        if (writers > 1)
            pb_graph_fail(g, PB_ERR_CONFIG, "program %s: it assigns %s %d times, once is allowed",
                          name, g->values[leaf]->name, writers);
    }
    return g->status;
}

pb_status pb_program(pb_graph *g, const char *name, int count, const pb_value assigns[])
{
    PB_TRY(check_program(g, name, count, assigns));
    const char *own_name = copy_text(g, name);
    pb_value *own = pb_graph_memory(g, (size_t)count * sizeof *own);
    if (!own_name || !own) return g->status;
    if (count > 0) memcpy(own, assigns, (size_t)count * sizeof *own);
    const int i = g->programs.count++;
    g->programs.program[i].name = own_name;
    g->programs.program[i].seldom = false;
    g->programs.program[i].assign_count = count;
    g->programs.program[i].assigns = own;
    return PB_OK;
}

pb_status pb_program_seldom(pb_graph *g, const char *name)
{
    PB_TRY(g->status);
    for (int i = 0; i < g->programs.count; i++) {
        if (strcmp(g->programs.program[i].name, name) != 0) continue;
        g->programs.program[i].seldom = true;
        return PB_OK;
    }
    pb_graph_fail(g, PB_ERR_USAGE, "there is no program %s", name);
    return g->status;
}

const pb_program_list *pb_graph_programs(const pb_graph *g)
{
    return &g->programs;
}

pb_status pb_graph_copy_programs(const pb_graph *from, pb_graph *to, const pb_value map[])
{
    PB_TRY(to->status);
    for (int i = 0; i < from->programs.count; i++) {
        const int count = from->programs.program[i].assign_count;
        pb_value *assigns = pb_graph_memory(to, (size_t)count * sizeof *assigns);
        if (!assigns) return to->status;
        for (int j = 0; j < count; j++) assigns[j] = map[from->programs.program[i].assigns[j]];
        PB_TRY(pb_program(to, from->programs.program[i].name, count, assigns));
        if (from->programs.program[i].seldom)
            PB_TRY(pb_program_seldom(to, from->programs.program[i].name));
    }
    return PB_OK;
}
