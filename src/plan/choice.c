/* Selection: what a product, convolution or level of a wavelet is called, and who computes it. */
#include "plan/choice.h"

#include <stdlib.h>
#include <string.h>

#include "graph/filter_bank.h"

/* " shared A": one matrix for the whole batch. */
static bool is_shared(const pb_build *b, pb_value v, int input, int batch)
{
    const pb_value operand = pb_library_operand(b, v, input);
    const pb_shape whole = pb_build_record(b, pb_build_record(b, v)->in[input])->shape;
    return batch > 1 && pb_shape_count(pb_build_record(b, operand)->shape) * (size_t)batch ==
                            pb_shape_count(whole);
}

static void product_key(const pb_build *b, pb_value v, char key[PB_KEY_BYTES])
{
    const pb_record *r = pb_build_record(b, v);
    const pb_shape y = r->shape, a = pb_build_record(b, r->in[0])->shape;
    int batch = 1;
    for (int i = 0; i < y.axes - 2; ++i) batch *= y.dim[i];
    snprintf(key, PB_KEY_BYTES, "product %dx%dx%dx%d%s%s%s%s", batch, y.dim[y.axes - 2],
             y.dim[y.axes - 1], a.dim[a.axes - (r->attrs.transpose_a ? 2 : 1)],
             r->attrs.transpose_a ? " At" : "", r->attrs.transpose_b ? " Bt" : "",
             is_shared(b, v, 0, batch) ? " shared A" : "",
             is_shared(b, v, 1, batch) ? " shared B" : "");
}

/* Lines [outer, length, inner], what goes on beyond their ends, and how many taps. */
static void filter_bank_key(const pb_build *b, const pb_record *r, char key[PB_KEY_BYTES])
{
    const pb_filter_bank bank = pb_filter_bank_of(b->g, r);
    const pb_lines lines = pb_lines_of(r->shape, r->attrs.axis);
    snprintf(key, PB_KEY_BYTES, "%s %zux%dx%zu %s taps %d", pb_ops[r->op].name, lines.outer,
             bank.length, lines.inner, pb_extension_name(bank.extension), bank.taps);
}

void pb_choice_key(const pb_build *b, pb_value v, char key[PB_KEY_BYTES])
{
    const pb_record *r = pb_build_record(b, v);
    if (r->op == PB_OP_MATMUL) {
        product_key(b, v, key);
        return;
    }
    if (r->op == PB_OP_ANALYSIS || r->op == PB_OP_SYNTHESIS) {
        filter_bank_key(b, r, key);
        return;
    }
    const pb_shape in = pb_build_record(b, r->in[0])->shape, out = r->shape;
    const pb_window *w = &r->attrs.window;
    const int outputs = r->op == PB_OP_CONV      ? out.dim[1]
                        : r->op == PB_OP_CONV_DX ? in.dim[1]
                                                 : out.dim[0];
    const pb_shape x = r->op == PB_OP_CONV_DX ? out : in; /* data */
    snprintf(key, PB_KEY_BYTES, "%s %dx%dx%dx%d o%d k%dx%d s%dx%d p%dx%d", pb_ops[r->op].name,
             x.dim[0], x.dim[1], x.dim[2], x.dim[3], outputs, w->kernel[0], w->kernel[1],
             w->stride[0], w->stride[1], w->padding[0], w->padding[1]);
}

/* The solver that words begin with. */
static const pb_solver *named(pb_op op, const char *words)
{
    int count;
    const pb_solver *solvers = pb_solvers(op, &count);
    const size_t length = strcspn(words, " ");
    for (int i = 0; i < count; ++i)
        if (strlen(solvers[i].name) == length && strncmp(solvers[i].name, words, length) == 0)
            return &solvers[i];
    return NULL;
}

const pb_solver *pb_choice_solver(const pb_build *b, pb_value v, const char **words)
{
    const pb_record *r = pb_build_record(b, v);
    char key[PB_KEY_BYTES];
    pb_choice_key(b, v, key);
    *words = b->choices ? pb_choices_get(b->choices, key) : NULL;
    const pb_solver *chosen = *words ? named(r->op, *words) : NULL;
    if (chosen && chosen->can(b, r)) return chosen;
    *words = NULL;
    int count;
    const pb_solver *solvers = pb_solvers(r->op, &count);
    for (int i = 0; i < count; ++i)
        if (solvers[i].can(b, r) && solvers[i].suits(b, r)) return &solvers[i];
    return NULL;
}

void pb_choice_begin(pb_unit *u, const pb_solver *solver, const char *words)
{
    u->solver = u->choice = solver->name;
    u->wish = words;
}

bool pb_choice_number(const char *words, const char *name, long *number)
{
    const size_t length = strlen(name);
    for (const char *at = strchr(words, ' '); at; at = strchr(at + 1, ' ')) {
        if (strncmp(at + 1, name, length) != 0 || at[1 + length] != '=') continue;
        char *end;
        *number = strtol(at + 2 + length, &end, 10);
        return end != at + 2 + length && (*end == ' ' || *end == '\0');
    }
    return false;
}

int pb_choice_pick(pb_build *b, pb_unit *u, const char *name, int rule, int most)
{
    long number;
    const bool chosen =
        u->wish && pb_choice_number(u->wish, name, &number) && number >= 1 && number <= most;
    const int value = chosen ? (int)number : rule;
    const char *noted = pb_arena_printf(b->arena, "%s %s=%d", u->choice, name, value);
    if (noted)
        u->choice = noted;
    else
        b->source.failed = 1;
    return value;
}
