/* Elementwise ops: every input has the shape of the value. */
#include "graph/rules.h"
#include "graph/store.h"

#include <math.h>

/* ---- shapes ---- */

static pb_status same_inputs(pb_graph *g, pb_record *r, int first)
{
    const pb_record *a = pb_in_record(g, r, first);
    char one[PB_SHAPE_TEXT], other[PB_SHAPE_TEXT];
    r->shape = a->shape;
    r->dtype = a->dtype;
    for (int i = 0; i < r->arity; i++) {
        const pb_record *b = pb_in_record(g, r, i);
        if (!pb_shape_equal(a->shape, b->shape))
            return pb_infer_fail(g, r, "inputs %s and %s differ in shape",
                                 pb_shape_text(a->shape, one), pb_shape_text(b->shape, other));
        if (i > first && a->dtype != b->dtype)
            return pb_infer_fail(g, r, "inputs %s and %s differ in type: pb_cast one of them",
                                 pb_dtype_name(a->dtype), pb_dtype_name(b->dtype));
    }
    return PB_OK;
}

pb_status pb_infer_any(pb_graph *g, pb_record *r)
{
    return same_inputs(g, r, 0);
}

pb_status pb_infer_number(pb_graph *g, pb_record *r)
{
    PB_TRY(same_inputs(g, r, 0));
    if (r->dtype == PB_U8) return pb_infer_fail(g, r, "inputs are u8: pb_cast them to f32 or i32");
    return PB_OK;
}

pb_status pb_infer_float(pb_graph *g, pb_record *r)
{
    PB_TRY(same_inputs(g, r, 0));
    if (r->dtype != PB_F32)
        return pb_infer_fail(g, r, "inputs are %s: pb_cast them to f32", pb_dtype_name(r->dtype));
    return PB_OK;
}

/* The condition may have another type than the two it chooses from. */
pb_status pb_infer_select(pb_graph *g, pb_record *r)
{
    PB_TRY(same_inputs(g, r, 1));
    if (r->dtype == PB_U8 || pb_in_record(g, r, 0)->dtype == PB_U8)
        return pb_infer_fail(g, r, "inputs are u8: pb_cast them to f32 or i32");
    return PB_OK;
}

pb_status pb_infer_cast(pb_graph *g, pb_record *r)
{
    PB_TRY(same_inputs(g, r, 0));
    r->dtype = r->attrs.dtype;
    return PB_OK;
}

/* ---- gradients ---- */

/* y = a + b:  da = dy,  db = dy */
void pb_grad_add(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    (void)g, (void)y;
    d[0] = dy;
    d[1] = dy;
}

/* y = a - b:  da = dy,  db = -dy */
void pb_grad_sub(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    (void)y;
    d[0] = dy;
    d[1] = pb_neg(g, dy);
}

/* y = a b:  da = dy b,  db = dy a */
void pb_grad_mul(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    d[0] = pb_mul(g, dy, pb_in(g, y, 1));
    d[1] = pb_mul(g, dy, pb_in(g, y, 0));
}

/* y = a / b:  da = dy / b,  db = -y da */
void pb_grad_div(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    d[0] = pb_div(g, dy, pb_in(g, y, 1));
    d[1] = pb_neg(g, pb_mul(g, y, d[0]));
}

/* The gradient goes to b where `to_b` is 1, else to a. */
static void grad_either(pb_graph *g, pb_value to_b, pb_value dy, pb_value d[])
{
    d[1] = pb_mul(g, dy, to_b);
    d[0] = pb_sub(g, dy, d[1]);
}

/* y = max(a, b):  da = dy where a >= b,  db = dy where a < b */
void pb_grad_maximum(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    grad_either(g, pb_less(g, pb_in(g, y, 0), pb_in(g, y, 1)), dy, d);
}

/* y = min(a, b):  da = dy where a <= b,  db = dy where b < a */
void pb_grad_minimum(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    grad_either(g, pb_less(g, pb_in(g, y, 1), pb_in(g, y, 0)), dy, d);
}

/* y = -a:  da = -dy */
void pb_grad_neg(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    (void)y;
    d[0] = pb_neg(g, dy);
}

/* y = |a|:  da = dy sign(a) */
void pb_grad_abs(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    d[0] = pb_mul(g, dy, pb_sign(g, pb_in(g, y, 0)));
}

/* y = e^a:  da = dy y */
void pb_grad_exp(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    d[0] = pb_mul(g, dy, y);
}

/* y = ln a:  da = dy / a */
void pb_grad_log(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    d[0] = pb_div(g, dy, pb_in(g, y, 0));
}

/* y = a^(1/2):  da = dy / (2 y) */
void pb_grad_sqrt(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    d[0] = pb_scale(g, pb_div(g, dy, y), 0.5f);
}

/* y = sin a:  da = dy cos a */
void pb_grad_sin(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    d[0] = pb_mul(g, dy, pb_cos(g, pb_in(g, y, 0)));
}

/* y = cos a:  da = -dy sin a */
void pb_grad_cos(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    d[0] = pb_neg(g, pb_mul(g, dy, pb_sin(g, pb_in(g, y, 0))));
}

/* y = tanh a:  da = dy (1 - y^2) */
void pb_grad_tanh(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    d[0] = pb_sub(g, dy, pb_mul(g, dy, pb_square(g, y)));
}

/* y = max(a, 0):  da = dy where a > 0 */
void pb_grad_relu(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    d[0] = pb_mul(g, dy, pb_step(g, pb_in(g, y, 0)));
}

/* y = a where c, else b:  da = dy where c,  db = dy elsewhere */
void pb_grad_select(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    const pb_value condition = pb_in(g, y, 0);
    const pb_value zero = pb_constant(g, 0, pb_value_shape(g, y));
    d[1] = pb_select(g, condition, dy, zero);
    d[2] = pb_select(g, condition, zero, dy);
}

/* y = a. Of casts only f32 to f32 reaches here: integers have no gradient. */
void pb_grad_same(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    (void)g, (void)y;
    d[0] = dy;
}

/* ---- references ---- */

#define UNARY(name, formula)                                                                       \
    void name(const pb_graph *g, const pb_record *r, const double *const in[], double *out)        \
    {                                                                                              \
        (void)g;                                                                                   \
        const size_t count = pb_shape_count(r->shape);                                             \
        for (size_t i = 0; i < count; i++) {                                                       \
            const double a = in[0][i];                                                             \
            out[i] = formula;                                                                      \
        }                                                                                          \
    }

#define BINARY(name, formula)                                                                      \
    void name(const pb_graph *g, const pb_record *r, const double *const in[], double *out)        \
    {                                                                                              \
        (void)g;                                                                                   \
        const size_t count = pb_shape_count(r->shape);                                             \
        for (size_t i = 0; i < count; i++) {                                                       \
            const double a = in[0][i], b = in[1][i];                                               \
            out[i] = formula;                                                                      \
        }                                                                                          \
    }

BINARY(pb_ref_add, a + b)
BINARY(pb_ref_sub, a - b)
BINARY(pb_ref_mul, a *b)
BINARY(pb_ref_div, a / b)
BINARY(pb_ref_maximum, a >= b || isnan(a) ? a : b)
BINARY(pb_ref_minimum, a <= b || isnan(a) ? a : b)
BINARY(pb_ref_less, a < b)
BINARY(pb_ref_equal, a == b)
UNARY(pb_ref_neg, -a)
UNARY(pb_ref_abs, fabs(a))
UNARY(pb_ref_sign, (a > 0) - (a < 0))
UNARY(pb_ref_exp, exp(a))
UNARY(pb_ref_log, log(a))
UNARY(pb_ref_sqrt, sqrt(a))
UNARY(pb_ref_sin, sin(a))
UNARY(pb_ref_cos, cos(a))
UNARY(pb_ref_tanh, tanh(a))
UNARY(pb_ref_floor, floor(a))
UNARY(pb_ref_relu, a < 0 ? 0 : a)
UNARY(pb_ref_step, a > 0)
UNARY(pb_ref_cast, r->dtype == PB_F32 ? a : trunc(a))
UNARY(pb_ref_copy, a)

/* Halves have 11 significant bits and no bit below 2^-24; ties go to even. */
static double to_half(double a)
{
    if (!(fabs(a) < 65520)) return isnan(a) ? a : copysign(INFINITY, a);
    const int exponent = a == 0 ? -14 : ilogb(a);
    const int last_bit = (exponent > -14 ? exponent : -14) - 10;
    return ldexp(nearbyint(ldexp(a, -last_bit)), last_bit);
}

UNARY(pb_ref_half, to_half(a))

void pb_ref_select(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    (void)g;
    const size_t count = pb_shape_count(r->shape);
    for (size_t i = 0; i < count; i++) out[i] = in[0][i] != 0 ? in[1][i] : in[2][i];
}
