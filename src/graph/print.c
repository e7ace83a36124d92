/* A graph as text, one value a line, and as a Graphviz drawing. */
#include "graph/store.h"

#include <string.h>

#include <passband/wavelet.h>

static void print_extents(FILE *out, const char *word, int axes, const int numbers[])
{
    fprintf(out, " %s", word);
    for (int i = 0; i < axes; i++) fprintf(out, "%c%d", i ? ',' : '=', numbers[i]);
}

/* What the attributes that the op has add to its name. */
static void print_attrs(const pb_record *r, FILE *out)
{
    static const char *const roles[] = {"data", "input", "param", "state"};
    const unsigned has = pb_ops[r->op].attrs;
    const pb_attrs *a = &r->attrs;
    const int axes = r->shape.axes;
    if (has & PB_HAS_LEAF) fprintf(out, " %s \"%s\"", roles[a->role], r->name);
    if ((has & PB_HAS_NUMBER) && a->data) fprintf(out, " data");
    if ((has & PB_HAS_NUMBER) && !a->data) fprintf(out, " %.9g", a->number);
    if (has & PB_HAS_AXIS) fprintf(out, " axis=%d", a->axis);
    if (has & PB_HAS_EXTENSION) fprintf(out, " %s", pb_extension_name((pb_extension)a->extension));
    if (has & PB_HAS_ORDER) print_extents(out, "order", axes, a->order);
    if (has & PB_HAS_BEFORE) print_extents(out, "before", axes, a->before);
    if (has & PB_HAS_AFTER) print_extents(out, "after", axes, a->after);
    if (has & PB_HAS_WINDOW) {
        print_extents(out, "kernel", 2, a->window.kernel);
        print_extents(out, "stride", 2, a->window.stride);
        print_extents(out, "padding", 2, a->window.padding);
    }
    if (has & PB_HAS_PURPOSE) fprintf(out, " purpose=%08x", (unsigned)a->purpose);
    if ((has & PB_HAS_TRANSPOSE) && a->transpose_a) fprintf(out, " transpose_a");
    if ((has & PB_HAS_TRANSPOSE) && a->transpose_b) fprintf(out, " transpose_b");
}

static pb_status finish(const pb_graph *g, FILE *out)
{
    if (fflush(out) == 0 && !ferror(out)) return PB_OK;
    return pb_fail(pb_graph_context(g), PB_ERR_IO, "the graph could not be written");
}

pb_status pb_graph_print(const pb_graph *g, FILE *out)
{
    char text[PB_SHAPE_TEXT];
    const char *scope = NULL;
    for (pb_value v = 0; v < pb_graph_count(g); v++) {
        const pb_record *r = pb_record_of(g, v);
        if (r->scope && (!scope || strcmp(scope, r->scope) != 0)) fprintf(out, "# %s\n", r->scope);
        if (r->scope) scope = r->scope;
        fprintf(out, "%%%d %s %s = %s", v, pb_dtype_name(r->dtype), pb_shape_text(r->shape, text),
                pb_ops[r->op].name);
        for (int i = 0; i < r->arity; i++) fprintf(out, "%s%%%d", i ? ", " : " ", r->in[i]);
        print_attrs(r, out);
        fputc('\n', out);
    }
    const pb_program_list *list = pb_graph_programs(g);
    for (int i = 0; i < list->count; i++) {
        fprintf(out, "program %s:", list->program[i].name);
        for (int j = 0; j < list->program[i].assign_count; j++)
            fprintf(out, " %%%d", list->program[i].assigns[j]);
        fputc('\n', out);
    }
    return finish(g, out);
}

/* Text within a Graphviz string. */
static void print_quoted(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') fputc('\\', out);
        fputc(*text, out);
    }
}

pb_status pb_graph_print_dot(const pb_graph *g, FILE *out)
{
    static const char *const colours[] = {
        [PB_LEAF] = "lightyellow",    [PB_ELEMENTWISE] = "white",      [PB_MOVEMENT] = "lightgrey",
        [PB_REDUCTION] = "lightblue", [PB_CONTRACTION] = "lightgreen", [PB_EFFECT] = "pink"};
    char text[PB_SHAPE_TEXT];
    fprintf(out, "digraph passband {\n"
                 "  node [shape=box, style=filled, fontname=\"monospace\", fontsize=10];\n");
    for (pb_value v = 0; v < pb_graph_count(g); v++) {
        const pb_record *r = pb_record_of(g, v);
        fprintf(out, "  v%d [fillcolor=%s, label=\"", v, colours[pb_ops[r->op].class]);
        if (r->scope) {
            print_quoted(out, r->scope);
            fprintf(out, "\\n");
        }
        fprintf(out, "%%%d %s", v, pb_ops[r->op].name);
        if (r->name) {
            fputc(' ', out);
            print_quoted(out, r->name);
        }
        fprintf(out, "\\n%s %s\"];\n", pb_dtype_name(r->dtype), pb_shape_text(r->shape, text));
        for (int i = 0; i < r->arity; i++) fprintf(out, "  v%d -> v%d;\n", r->in[i], v);
    }
    fprintf(out, "}\n");
    return finish(g, out);
}
