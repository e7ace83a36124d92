/* A level of a wavelet transform along an axis, and its adjoint: a closed pair. With the filters of
 * synthesis, mirrored, and zeros (or one period) beyond the ends, the adjoint is the inverse
 * transform. */
#include <string.h>

#include "graph/filter_bank.h"
#include "graph/rules.h"
#include "graph/store.h"

pb_filter_bank pb_filter_bank_make(pb_extension extension, int length, int taps,
                                   const float *filters)
{
    const bool periodized = extension == PB_EXTEND_PERIODIZATION;
    return (pb_filter_bank){.extension = extension,
                            .length = length,
                            .band = periodized ? length / 2 + length % 2
                                               : (int)(((int64_t)length + taps - 1) / 2),
                            .taps = taps,
                            .start = periodized ? taps / 2 : 1,
                            .filters = filters};
}

static int length_of(const pb_graph *g, const pb_record *r)
{
    return r->op == PB_OP_SYNTHESIS ? r->attrs.count
                                    : pb_in_record(g, r, 0)->shape.dim[r->attrs.axis];
}

pb_filter_bank pb_filter_bank_of(const pb_graph *g, const pb_record *r)
{
    const pb_record *filters = pb_in_record(g, r, 1);
    return pb_filter_bank_make((pb_extension)r->attrs.extension, length_of(g, r),
                               filters->shape.dim[1], filters->attrs.data);
}

pb_lines pb_lines_of(pb_shape shape, int axis)
{
    pb_lines lines = {1, 1};
    for (int i = 0; i < shape.axes; i++)
        if (i != axis) *(i < axis ? &lines.outer : &lines.inner) *= (size_t)shape.dim[i];
    return lines;
}

void pb_filter_bank_walk(const pb_filter_bank *bank,
                         void (*visit)(void *user, int filter, int k, int column, double weight),
                         void *user)
{
    const int n = bank->length;
    for (int k = 0; k < bank->band; k++)
        for (int j = 0; j < bank->taps; j++) {
            const pb_beyond p =
                pb_extension_at(bank->extension, 2 * (int64_t)k + bank->start - j, n);
            for (int f = 0; f < 2; f++) {
                const double tap = (double)bank->filters[f * bank->taps + j];
                if (p.weight != 0) visit(user, f, k, p.index, tap * p.weight);
                if (p.first != 0) visit(user, f, k, 0, tap * p.first);
                if (p.last != 0) visit(user, f, k, n - 1, tap * p.last);
            }
        }
}

/* ---- shapes ---- */

static pb_status check(pb_graph *g, const pb_record *r)
{
    const pb_record *x = pb_in_record(g, r, 0), *filters = pb_in_record(g, r, 1);
    char text[PB_SHAPE_TEXT];
    if (x->dtype != PB_F32)
        return pb_infer_fail(g, r, "input is %s, it must be f32", pb_dtype_name(x->dtype));
    if (r->attrs.axis < 0 || r->attrs.axis >= x->shape.axes)
        return pb_infer_fail(g, r, "axis %d of input %s", r->attrs.axis,
                             pb_shape_text(x->shape, text));
    if (filters->op != PB_OP_CONSTANT || !filters->attrs.data || filters->dtype != PB_F32 ||
        filters->shape.axes != 2 || filters->shape.dim[0] != 2 || filters->shape.dim[1] % 2)
        return pb_infer_fail(g, r, "filters are %s %s, they must be a constant f32 [2, even]",
                             pb_ops[filters->op].name, pb_shape_text(filters->shape, text));
    if (length_of(g, r) < 1)
        return pb_infer_fail(g, r, "lines of %d points, at least 1 is needed", length_of(g, r));
    return PB_OK;
}

pb_status pb_infer_analysis(pb_graph *g, pb_record *r)
{
    PB_TRY(check(g, r));
    r->dtype = PB_F32;
    r->shape = pb_in_record(g, r, 0)->shape;
    r->shape.dim[r->attrs.axis] = 2 * pb_filter_bank_of(g, r).band;
    return PB_OK;
}

pb_status pb_infer_synthesis(pb_graph *g, pb_record *r)
{
    char text[PB_SHAPE_TEXT];
    PB_TRY(check(g, r));
    r->dtype = PB_F32;
    r->shape = pb_in_record(g, r, 0)->shape;
    const int bands = 2 * pb_filter_bank_of(g, r).band;
    if (r->shape.dim[r->attrs.axis] != bands)
        return pb_infer_fail(g, r, "lines of %d points have %d coefficients, the input is %s",
                             r->attrs.count, bands, pb_shape_text(r->shape, text));
    r->shape.dim[r->attrs.axis] = r->attrs.count;
    return PB_OK;
}

/* ---- building ---- */

pb_value pb_analysis(pb_graph *g, pb_value x, pb_value filters, int axis, pb_extension extension)
{
    const pb_attrs attrs = {.axis = axis, .extension = (int)extension};
    return pb_append(g, PB_OP_ANALYSIS, 2, (pb_value[]){x, filters}, &attrs);
}

pb_value pb_synthesis(pb_graph *g, pb_value y, pb_value filters, int axis, pb_extension extension,
                      int length)
{
    const pb_attrs attrs = {.axis = axis, .extension = (int)extension, .count = length};
    return pb_append(g, PB_OP_SYNTHESIS, 2, (pb_value[]){y, filters}, &attrs);
}

/* ---- gradients ---- */

/* y = A x:  dx = A^T dy */
void pb_grad_analysis(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    const pb_record *r = pb_record_of(g, y);
    d[0] = pb_synthesis(g, dy, r->in[1], r->attrs.axis, (pb_extension)r->attrs.extension,
                        length_of(g, r));
}

/* x = A^T y:  dy = A dx */
void pb_grad_synthesis(pb_graph *g, pb_value x, pb_value dx, pb_value d[])
{
    const pb_record *r = pb_record_of(g, x);
    d[0] = pb_analysis(g, dx, r->in[1], r->attrs.axis, (pb_extension)r->attrs.extension);
}

/* ---- references ---- */

typedef struct meeting {
    pb_lines lines;
    int length, band;
    double *points, *coefficients;
    bool adjoint;
} meeting;

static void meet(void *user, int filter, int k, int column, double weight)
{
    const meeting *m = user;
    const size_t inner = m->lines.inner;
    for (size_t o = 0; o < m->lines.outer; o++) {
        double *x = m->points + (o * (size_t)m->length + (size_t)column) * inner;
        double *y =
            m->coefficients + ((2 * o + (size_t)filter) * (size_t)m->band + (size_t)k) * inner;
        for (size_t i = 0; i < inner; i++)
            *(m->adjoint ? x + i : y + i) += weight * (m->adjoint ? y[i] : x[i]);
    }
}

void pb_ref_analysis(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    const pb_filter_bank bank = pb_filter_bank_of(g, r);
    meeting m = {.lines = pb_lines_of(r->shape, r->attrs.axis),
                 .length = bank.length,
                 .band = bank.band,
                 .points = (double *)in[0],
                 .coefficients = out};
    memset(out, 0, pb_shape_count(r->shape) * sizeof *out);
    pb_filter_bank_walk(&bank, meet, &m);
}

void pb_ref_synthesis(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    const pb_filter_bank bank = pb_filter_bank_of(g, r);
    meeting m = {.lines = pb_lines_of(r->shape, r->attrs.axis),
                 .length = bank.length,
                 .band = bank.band,
                 .points = out,
                 .coefficients = (double *)in[0],
                 .adjoint = true};
    memset(out, 0, pb_shape_count(r->shape) * sizeof *out);
    pb_filter_bank_walk(&bank, meet, &m);
}
