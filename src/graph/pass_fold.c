/* Computes what depends on constants alone, and applies the table's simplifications. */
#include "graph/rewrite.h"

#include <limits.h>
#include <stdlib.h>

/* Larger results are cheaper to compute on the device than to keep. */
#define FOLD_LIMIT 65536

static bool known(const pb_graph *g, pb_value v)
{
    const pb_op op = pb_record_of(g, v)->op;
    return op == PB_OP_CONSTANT || op == PB_OP_IOTA;
}

static bool foldable(const pb_graph *g, const pb_record *r, const pb_value in[])
{
    /* A broadcast costs nothing where it is read, its elements would cost memory. */
    if (r->arity == 0 || !pb_ops[r->op].reference || r->op == PB_OP_BROADCAST) return false;
    size_t elements = pb_shape_count(r->shape);
    for (int i = 0; i < r->arity; i++) {
        if (!known(g, in[i])) return false;
        const size_t count = pb_shape_count(pb_value_shape(g, in[i]));
        /* Reductions may read more than they give. */
        if (count / 16 > elements) elements = count / 16;
    }
    return elements <= FOLD_LIMIT;
}

static double clamp(double x, double lowest, double highest)
{
    if (!(x > lowest)) return lowest;
    return x < highest ? x : highest;
}

/* Numbers as a constant: one number when they are all equal. */
static pb_value constant_of(pb_graph *g, const pb_record *r, const double *numbers)
{
    const size_t count = pb_shape_count(r->shape);
    void *data = pb_graph_memory(g, count * pb_dtype_bytes(r->dtype));
    if (!data) return PB_NONE;
    bool all_equal = true;
    double first = 0;
    for (size_t i = 0; i < count; i++) {
        double number;
        if (r->dtype == PB_F32)
            number = ((float *)data)[i] = (float)numbers[i];
        else if (r->dtype == PB_I32)
            number = ((int32_t *)data)[i] = (int32_t)clamp(numbers[i], INT32_MIN, INT32_MAX);
        else
            number = ((uint8_t *)data)[i] = (uint8_t)clamp(numbers[i], 0, UINT8_MAX);
        if (i == 0) first = number;
        all_equal &= number == first;
    }
    if (all_equal) return pb_splat(g, first, r->dtype, r->shape);
    const pb_attrs attrs = {.data = data, .dtype = r->dtype, .shape = r->shape};
    return pb_append(g, PB_OP_CONSTANT, 0, NULL, &attrs);
}

/* The value of the op on constants; the reference sees the new graph's inputs. */
static pb_value fold_constants(pb_graph *g, const pb_record *r, const pb_value in[])
{
    pb_record moved = *r;
    moved.in = in;
    double **content = calloc((size_t)r->arity + 1, sizeof *content);
    bool complete = content != NULL;
    for (int i = 0; complete && i < r->arity; i++) {
        const pb_record *input = pb_record_of(g, in[i]);
        content[i] = malloc(pb_shape_count(input->shape) * sizeof **content);
        complete = content[i] != NULL;
        if (complete) pb_ops[input->op].reference(g, input, NULL, content[i]);
    }
    double *out = complete ? malloc(pb_shape_count(r->shape) * sizeof *out) : NULL;
    pb_value folded = PB_NONE;
    if (out) {
        pb_ops[r->op].reference(g, &moved, (const double *const *)content, out);
        folded = constant_of(g, r, out);
    } else {
        pb_graph_fail(g, PB_ERR_MEMORY, "no memory for a pass");
    }
    free(out);
    for (int i = 0; content && i < r->arity; i++) free(content[i]);
    free(content);
    return folded;
}

static pb_value fold(pb_rewrite *w, pb_value v, const pb_record *r, const pb_value in[])
{
    pb_value simpler = PB_NONE;
    (void)v;
    if (pb_ops[r->op].simplify) simpler = pb_ops[r->op].simplify(w->to, r, in);
    if (simpler != PB_NONE) {
        r = pb_record_of(w->to, simpler);
        in = r->in;
    }
    if (foldable(w->to, r, in)) return fold_constants(w->to, r, in);
    return simpler != PB_NONE ? simpler : pb_graph_copy(w->to, r, in);
}

pb_status pb_pass_fold(const pb_graph *g, pb_graph **out, pb_value **map)
{
    pb_rewrite w = {.from = g, .rule = fold};
    return pb_rewrite_run(&w, out, map);
}
