/* Convolution as a closed triple: forward, gradient of the input, gradient of the weights. Each is
 * linear in both of its operands, and the derivative of any by either operand is one of the three
 * again. */
#include "graph/rules.h"
#include "graph/store.h"
#include "graph/window.h"

#include <string.h>

/* ---- shapes ---- */

/* Checks that x [N, C, H, W], w [O, C, kh, kw] and y [N, O, H', W'] belong together; one of them is
 * what the op computes and was put together from the others. */
static pb_status check_triple(pb_graph *g, const pb_record *r, pb_shape x, pb_shape w, pb_shape y)
{
    const pb_window window = r->attrs.window;
    char xs[PB_SHAPE_TEXT], ws[PB_SHAPE_TEXT], ys[PB_SHAPE_TEXT];
    for (int i = 0; i < 2; i++)
        if (pb_in_record(g, r, i)->dtype != PB_F32)
            return pb_infer_fail(g, r, "input %d is %s, it must be f32", i,
                                 pb_dtype_name(pb_in_record(g, r, i)->dtype));
    PB_TRY(pb_window_check(g, r, x.dim[2], x.dim[3]));
    const pb_shape weights = PB_SHAPE(y.dim[1], x.dim[1], window.kernel[0], window.kernel[1]);
    const pb_shape windows = PB_SHAPE(x.dim[0], w.dim[0], pb_window_count(x.dim[2], window, 0),
                                      pb_window_count(x.dim[3], window, 1));
    if (!pb_shape_equal(w, weights))
        return pb_infer_fail(g, r, "input %s needs weights [out, %d, %d, %d], they are %s",
                             pb_shape_text(x, xs), weights.dim[1], weights.dim[2], weights.dim[3],
                             pb_shape_text(w, ws));
    if (!pb_shape_equal(y, windows))
        return pb_infer_fail(g, r, "input %s and weights %s give %s, the gradient is %s",
                             pb_shape_text(x, xs), pb_shape_text(w, ws),
                             pb_shape_text(windows, (char[PB_SHAPE_TEXT]){0}),
                             pb_shape_text(y, ys));
    return PB_OK;
}

static pb_status four_axes(pb_graph *g, const pb_record *r, const char *first, const char *second)
{
    const char *const words[] = {first, second};
    char text[PB_SHAPE_TEXT];
    for (int i = 0; i < 2; i++) {
        const pb_shape shape = pb_in_record(g, r, i)->shape;
        if (shape.axes != 4)
            return pb_infer_fail(g, r, "%s is %s, it needs four axes", words[i],
                                 pb_shape_text(shape, text));
    }
    return PB_OK;
}

pb_status pb_infer_conv(pb_graph *g, pb_record *r)
{
    PB_TRY(four_axes(g, r, "input [N, C, H, W]", "weights [O, C, kh, kw]"));
    const pb_shape x = pb_in_record(g, r, 0)->shape, w = pb_in_record(g, r, 1)->shape;
    r->dtype = PB_F32;
    PB_TRY(pb_window_check(g, r, x.dim[2], x.dim[3]));
    r->shape = PB_SHAPE(x.dim[0], w.dim[0], pb_window_count(x.dim[2], r->attrs.window, 0),
                        pb_window_count(x.dim[3], r->attrs.window, 1));
    return check_triple(g, r, x, w, r->shape);
}

pb_status pb_infer_conv_dx(pb_graph *g, pb_record *r)
{
    PB_TRY(four_axes(g, r, "gradient [N, O, H', W']", "weights [O, C, kh, kw]"));
    const pb_shape y = pb_in_record(g, r, 0)->shape, w = pb_in_record(g, r, 1)->shape;
    r->dtype = PB_F32;
    r->shape = PB_SHAPE(y.dim[0], w.dim[1], r->attrs.height, r->attrs.width);
    return check_triple(g, r, r->shape, w, y);
}

pb_status pb_infer_conv_dw(pb_graph *g, pb_record *r)
{
    PB_TRY(four_axes(g, r, "input [N, C, H, W]", "gradient [N, O, H', W']"));
    const pb_shape x = pb_in_record(g, r, 0)->shape, y = pb_in_record(g, r, 1)->shape;
    r->dtype = PB_F32;
    r->shape = PB_SHAPE(y.dim[1], x.dim[1], r->attrs.window.kernel[0], r->attrs.window.kernel[1]);
    return check_triple(g, r, x, r->shape, y);
}

/* ---- gradients ---- */

/* y = conv(x, w):  dx = conv_dx(dy, w),  dw = conv_dw(x, dy) */
void pb_grad_conv(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    const pb_record *r = pb_record_of(g, y);
    const pb_shape x = pb_in_record(g, r, 0)->shape;
    d[0] = pb_conv_dx(g, dy, r->in[1], r->attrs.window, x.dim[2], x.dim[3]);
    d[1] = pb_conv_dw(g, r->in[0], dy, r->attrs.window);
}

/* x = conv_dx(y, w):  dy = conv(dx, w),  dw = conv_dw(dx, y) */
void pb_grad_conv_dx(pb_graph *g, pb_value x, pb_value dx, pb_value d[])
{
    const pb_record *r = pb_record_of(g, x);
    d[0] = pb_conv(g, dx, r->in[1], r->attrs.window);
    d[1] = pb_conv_dw(g, dx, r->in[0], r->attrs.window);
}

/* w = conv_dw(x, y):  dx = conv_dx(y, dw),  dy = conv(x, dw) */
void pb_grad_conv_dw(pb_graph *g, pb_value w, pb_value dw, pb_value d[])
{
    const pb_record *r = pb_record_of(g, w);
    const pb_shape x = pb_in_record(g, r, 0)->shape;
    d[0] = pb_conv_dx(g, r->in[1], dw, r->attrs.window, x.dim[2], x.dim[3]);
    d[1] = pb_conv(g, r->in[0], dw, r->attrs.window);
}

/* ---- references: one loop over every (y, x, w) that meet ---- */

typedef enum { SOLVE_Y, SOLVE_X, SOLVE_W } unknown;

static void meet(pb_shape xs, pb_shape ws, pb_shape ys, pb_window window, double *x, double *w,
                 double *y, unknown solve)
{
    int xt[PB_MAX_AXES], wt[PB_MAX_AXES];
    pb_shape_strides(xs, xt);
    pb_shape_strides(ws, wt);
    for (int n = 0; n < ys.dim[0]; n++)
        for (int o = 0; o < ys.dim[1]; o++)
            for (int i = 0; i < ys.dim[2]; i++)
                for (int j = 0; j < ys.dim[3]; j++, y++)
                    for (int c = 0; c < xs.dim[1]; c++)
                        for (int p = 0; p < ws.dim[2]; p++)
                            for (int q = 0; q < ws.dim[3]; q++) {
                                const int row = i * window.stride[0] - window.padding[0] + p;
                                const int column = j * window.stride[1] - window.padding[1] + q;
                                if (row < 0 || row >= xs.dim[2] || column < 0 ||
                                    column >= xs.dim[3])
                                    continue;
                                double *xe = x + n * xt[0] + c * xt[1] + row * xt[2] + column;
                                double *we = w + o * wt[0] + c * wt[1] + p * wt[2] + q;
                                if (solve == SOLVE_Y) *y += *xe * *we;
                                if (solve == SOLVE_X) *xe += *y * *we;
                                if (solve == SOLVE_W) *we += *y * *xe;
                            }
}

static void clear(const pb_record *r, double *out)
{
    memset(out, 0, pb_shape_count(r->shape) * sizeof *out);
}

void pb_ref_conv(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    const pb_shape x = pb_in_record(g, r, 0)->shape, w = pb_in_record(g, r, 1)->shape;
    clear(r, out);
    meet(x, w, r->shape, r->attrs.window, (double *)in[0], (double *)in[1], out, SOLVE_Y);
}

void pb_ref_conv_dx(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    const pb_shape y = pb_in_record(g, r, 0)->shape, w = pb_in_record(g, r, 1)->shape;
    clear(r, out);
    meet(r->shape, w, y, r->attrs.window, out, (double *)in[1], (double *)in[0], SOLVE_X);
}

void pb_ref_conv_dw(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    const pb_shape x = pb_in_record(g, r, 0)->shape, y = pb_in_record(g, r, 1)->shape;
    clear(r, out);
    meet(x, r->shape, y, r->attrs.window, (double *)in[0], out, (double *)in[1], SOLVE_W);
}
