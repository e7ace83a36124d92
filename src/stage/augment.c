/* augment: in training, each sample is turned, shifted, stretched and the like by chance, another
 * way in each epoch. What happens to a sample follows from the seed, the epoch and its number in
 * the data set, whatever batch it stands in; its partner in mixup alone is a matter of the batch.
 * Sources: DeVries and Taylor, "Improved regularization of convolutional neural networks with
 * cutout", 2017; Zhang et al., "mixup: beyond empirical risk minimization", ICLR 2018. */
#include <math.h>
#include <string.h>

#include "stage/beta.h"
#include "stage/separable.h"

static const pb_option augment_options[] = {
    {.name = "rotate",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = 0,
     .max = 180,
     .help = "turn images about their centre by up to so many degrees either way"},
    {.name = "shift",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = 0,
     .max = 4096,
     .help = "move them by up to so many pixels, or points of a signal, along each axis"},
    {.name = "scale",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = 0,
     .max = 0.9,
     .help = "enlarge them by a factor from 1 - scale to 1 + scale"},
    {.name = "shear",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = 0,
     .max = 80,
     .help = "slant images by up to so many degrees either way"},
    {.name = "flip",
     .type = PB_OPTION_CHOICE,
     .fallback = "none",
     .choices = "none|horizontal|vertical|both",
     .help = "mirror every second one, by chance; horizontal swaps left and right"},
    {.name = "border",
     .type = PB_OPTION_CHOICE,
     .fallback = "edge",
     .choices = "edge|wrap|fill",
     .help = "what comes in from outside: the nearest pixel, the other side, or `fill`"},
    {.name = "fill",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = -1e6,
     .max = 1e6,
     .help = "number for `border: fill` and for what cutout takes away; pixels begin from -0.5, "
             "which is black, to 0.5"},
    {.name = "noise",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = 0,
     .max = 1e6,
     .help = "add normal noise of this standard deviation"},
    {.name = "cutout",
     .type = PB_OPTION_INT,
     .fallback = "0",
     .min = 0,
     .max = 4096,
     .help = "fill a square of so many pixels, or so many points of a signal, somewhere"},
    {.name = "mixup",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = 0,
     .max = 100,
     .help = "mix each sample and its label with the next of the batch, the share drawn from "
             "Beta(mixup, mixup)"},
    {0},
};

/* ---- drawing ---- */

static pb_value number(pb_builder *b, double x)
{
    return pb_constant(b->g, (float)x, PB_SCALAR);
}

/* One number for each sample, uniform in [low, high): [batch, 1, 1, 1]. */
static pb_value between(pb_builder *b, const char *purpose, double low, double high)
{
    const pb_value u = pb_builder_uniform(b, purpose, PB_SHAPE(b->batch, 1, 1, 1));
    return pb_add(b->g, pb_scale(b->g, u, (float)(high - low)), number(b, low));
}

/* 1 or -1. */
static pb_value either_sign(pb_builder *b, const char *purpose)
{
    const pb_value u = pb_builder_uniform(b, purpose, PB_SHAPE(b->batch, 1, 1, 1));
    const pb_value lower = pb_less(b->g, u, number(b, 0.5));
    return pb_sub(b->g, number(b, 1), pb_scale(b->g, lower, 2));
}

/* ---- where pixels come from ---- */

/* Where the pixel at (x, y) was before: both from the centre, [batch, 1, 1, w] and [batch, 1, h, 1]
 * or what they broadcast to. */
typedef struct point {
    pb_value x, y;
} point;

/* Of each sample: a pixel q is what was at M (q - t). */
typedef struct movement {
    pb_value m[2][2], t[2]; /* [batch, 1, 1, 1], x before y */
    bool mixes;             /* M is not diagonal            */
} movement;

/* Of each sample, [batch, 1, 1, 1]. A joined value has memory of its own: what is drawn for a
 * sample, its sines and its cosines are computed once, and not for each row of pixels. */
static void compute_once(pb_builder *b, int count, pb_value *const values[])
{
    pb_graph *g = b->g;
    const pb_shape each = PB_SHAPE(b->batch, 1, 1, 1), column = PB_SHAPE(b->batch, 1);
    pb_value columns[6];
    for (int i = 0; i < count; i++) columns[i] = pb_reshape(g, *values[i], column);
    const pb_value all = pb_concat(g, count, columns, 1);
    for (int i = 0; i < count; i++)
        *values[i] = pb_reshape(g, pb_slice(g, all, (int[]){0, i}, column), each);
}

/* An image moves by q = s R(a) K(b) F p + t: mirrored, slanted, turned, enlarged, shifted. So each
 * pixel q was at p = F K(-b) R(-a) (q - t) / s. */
static movement draw_movement(pb_builder *b, const pb_options *o, bool line)
{
    const double degree = 3.14159265358979323846 / 180;
    pb_graph *g = b->g;
    const double rotate = degree * pb_option_float(o, "rotate"),
                 shift = pb_option_float(o, "shift"), scale = pb_option_float(o, "scale"),
                 shear = degree * pb_option_float(o, "shear");
    const char *flip = pb_option_string(o, "flip");
    const bool both = strcmp(flip, "both") == 0;
    const pb_shape each = PB_SHAPE(b->batch, 1, 1, 1);
    const pb_value zero = pb_constant(g, 0, each), one = pb_constant(g, 1, each);
    movement v = {{{one, zero}, {zero, one}}, {zero, zero}, rotate > 0 || shear > 0};
    if (shift > 0) v.t[0] = between(b, "shift.x", -shift, shift);
    if (shift > 0 && !line) v.t[1] = between(b, "shift.y", -shift, shift);
    if (rotate > 0) {
        const pb_value a = between(b, "rotate", -rotate, rotate), c = pb_cos(g, a),
                       s = pb_sin(g, a);
        v.m[0][0] = v.m[1][1] = c;
        v.m[0][1] = s;
        v.m[1][0] = pb_neg(g, s);
    }
    if (shear > 0) {
        const pb_value a = between(b, "shear", -shear, shear),
                       tangent = pb_div(g, pb_sin(g, a), pb_cos(g, a));
        for (int k = 0; k < 2; k++) v.m[0][k] = pb_sub(g, v.m[0][k], pb_mul(g, tangent, v.m[1][k]));
    }
    pb_value factor[2] = {one, one};
    if (both || strcmp(flip, "horizontal") == 0) factor[0] = either_sign(b, "flip.x");
    if (both || strcmp(flip, "vertical") == 0) factor[1] = either_sign(b, "flip.y");
    if (scale > 0) {
        const pb_value s = between(b, "scale", 1 - scale, 1 + scale);
        for (int i = 0; i < 2; i++) factor[i] = pb_div(g, factor[i], s);
    }
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 2; k++) v.m[i][k] = pb_mul(g, v.m[i][k], factor[i]);
    pb_value *drawn[6];
    int count = 0;
    for (int i = 0; i < (line ? 1 : 2); i++) {
        if (shift > 0) drawn[count++] = &v.t[i];
        if (v.mixes || factor[i] != one) drawn[count++] = &v.m[i][i];
        if (v.mixes) drawn[count++] = &v.m[i][1 - i];
    }
    compute_once(b, count, drawn);
    return v;
}

static point source(pb_builder *b, const pb_options *o, const pb_planes *planes)
{
    pb_graph *g = b->g;
    const int extent[] = {planes->width, planes->height};
    const movement v = draw_movement(b, o, pb_planes_are_lines(planes));
    pb_value q[2], p[2];
    for (int i = 0; i < 2; i++) {
        const pb_shape axis = i == 0 ? PB_SHAPE(1, 1, 1, extent[0]) : PB_SHAPE(1, 1, extent[1], 1);
        const pb_value at = pb_cast(g, pb_iota(g, axis, 3 - i), PB_F32);
        q[i] = pb_sub(g, pb_sub(g, at, number(b, (extent[i] - 1) / 2.0)), v.t[i]);
    }
    for (int i = 0; i < 2; i++) {
        p[i] = pb_mul(g, v.m[i][i], q[i]);
        if (v.mixes) p[i] = pb_add(g, p[i], pb_mul(g, v.m[i][1 - i], q[1 - i]));
    }
    return (point){p[0], p[1]};
}

/* The two pixels of an axis that a coordinate lies between, and the share of each. Shares add up to
 * 1, or with `border: fill` to how much of the pixel lies inside. */
typedef struct neighbours {
    pb_value at[2]; /* int32 in [0, extent) */
    pb_value share[2];
} neighbours;

/* 1 where -1 < x < extent, whole numbers. */
static pb_value is_inside(pb_builder *b, pb_value x, int extent)
{
    return pb_mul(b->g, pb_less(b->g, number(b, -0.5), x),
                  pb_less(b->g, x, number(b, extent - 0.5)));
}

static pb_value clamped(pb_builder *b, pb_value x, int extent)
{
    return pb_minimum(b->g, pb_maximum(b->g, x, number(b, 0)), number(b, extent - 1));
}

static neighbours around(pb_builder *b, const pb_options *o, pb_value from_centre, int extent)
{
    pb_graph *g = b->g;
    const char *border = pb_option_string(o, "border");
    pb_value x = pb_add(g, from_centre, number(b, (extent - 1) / 2.0));
    if (strcmp(border, "edge") == 0) x = clamped(b, x, extent);
    const pb_value low = pb_floor(g, x), high = pb_add(g, low, number(b, 1));
    const pb_value part = pb_sub(g, x, low);
    neighbours n = {.share = {pb_sub(g, number(b, 1), part), part}};
    const pb_value at[] = {low, high};
    for (int i = 0; i < 2; i++) {
        pb_value whole = at[i];
        if (strcmp(border, "wrap") == 0) {
            const pb_value turns =
                pb_floor(g, pb_scale(g, pb_add(g, whole, number(b, 0.5)), 1 / (float)extent));
            whole = pb_sub(g, whole, pb_scale(g, turns, (float)extent));
        }
        if (strcmp(border, "fill") == 0)
            n.share[i] = pb_mul(g, n.share[i], is_inside(b, whole, extent));
        n.at[i] = pb_cast(g, clamped(b, whole, extent), PB_I32);
    }
    return n;
}

/* Pixels between which each new one lies, weighed: x [batch, C, H, W]. */
static pb_value bilinear(pb_builder *b, const pb_options *o, const pb_planes *planes, pb_value x)
{
    pb_graph *g = b->g;
    const pb_shape shape = PB_SHAPE(planes->batch, planes->channels, planes->height, planes->width);
    const int plane = planes->height * planes->width;
    const pb_value rows = pb_reshape(g, x, PB_SHAPE(planes->batch, planes->channels * plane));
    const pb_value first = pb_mul(g, pb_iota(g, PB_SHAPE(1, planes->channels, 1, 1), 1),
                                  pb_constant_i32(g, plane, PB_SCALAR));
    const point p = source(b, o, planes);
    const neighbours across = around(b, o, p.x, planes->width),
                     down = around(b, o, p.y, planes->height);
    const bool line = pb_planes_are_lines(planes);
    pb_value sum = PB_NONE;
    for (int i = 0; i < (line ? 1 : 2); i++)
        for (int j = 0; j < 2; j++) {
            pb_value at = pb_add(g, first, across.at[j]), share = across.share[j];
            if (!line) {
                const pb_value row =
                    pb_mul(g, down.at[i], pb_constant_i32(g, planes->width, PB_SCALAR));
                at = pb_add(g, at, row);
                share = pb_mul(g, share, down.share[i]);
            }
            const pb_value index =
                pb_reshape(g, pb_broadcast(g, at, shape), PB_SHAPE(planes->batch, -1));
            const pb_value term = pb_mul(g, pb_reshape(g, pb_pick(g, rows, index), shape), share);
            sum = sum == PB_NONE ? term : pb_add(g, sum, term);
        }
    if (strcmp(pb_option_string(o, "border"), "fill") != 0) return sum;
    pb_value inside = pb_add(g, across.share[0], across.share[1]);
    if (!line) inside = pb_mul(g, inside, pb_add(g, down.share[0], down.share[1]));
    const pb_value outside = pb_sub(g, number(b, 1), inside);
    return pb_add(g, sum, pb_scale(g, outside, (float)pb_option_float(o, "fill")));
}

/* ---- what is done to pixels ---- */

/* 1 where a position of an axis lies in the `size` ones about a centre drawn from all. */
static pb_value is_cut(pb_builder *b, const char *purpose, int extent, int size, pb_shape shape,
                       int axis)
{
    pb_graph *g = b->g;
    const pb_value centre = pb_floor(g, between(b, purpose, 0, extent));
    const pb_value begin = pb_sub(g, centre, number(b, size / 2 + 0.5));
    const pb_value at = pb_cast(g, pb_iota(g, shape, axis), PB_F32);
    return pb_mul(g, pb_less(g, begin, at), pb_less(g, at, pb_add(g, begin, number(b, size))));
}

static pb_value cut_out(pb_builder *b, const pb_options *o, const pb_planes *planes, pb_value x)
{
    pb_graph *g = b->g;
    const int size = (int)pb_option_int(o, "cutout");
    pb_value cut = is_cut(b, "cutout.x", planes->width, size, PB_SHAPE(1, 1, 1, planes->width), 3);
    if (!pb_planes_are_lines(planes)) {
        const pb_shape rows = PB_SHAPE(1, 1, planes->height, 1);
        cut = pb_mul(g, cut, is_cut(b, "cutout.y", planes->height, size, rows, 2));
    }
    const pb_value fill = number(b, pb_option_float(o, "fill"));
    return pb_add(g, x, pb_mul(g, cut, pb_sub(g, fill, x)));
}

/* ---- mixup ---- */

/* Row i of the value is row i + 1 of a; that of the last is row 0. */
static pb_value next_row(pb_builder *b, pb_value a)
{
    pb_graph *g = b->g;
    const pb_value i = pb_iota(g, PB_SHAPE(b->batch), 0), one = pb_constant_i32(g, 1, PB_SCALAR);
    const pb_value has_next = pb_less(g, i, pb_constant_i32(g, b->batch - 1, PB_SCALAR));
    return pb_gather(g, a, pb_mul(g, has_next, pb_add(g, i, one)));
}

/* A share of at least a half for each sample, [batch]: the larger of l and 1 - l, l of the
 * distribution Beta(alpha, alpha), by its inverse at a uniform number. So a sample's own label is
 * what most of it is of. */
static pb_value own_share(pb_builder *b, double alpha)
{
    enum { PIECES = 1024 };
    pb_graph *g = b->g;
    float quantiles[PIECES + 1];
    if (!pb_beta_quantiles(alpha, PIECES, quantiles))
        return pb_graph_fail(g, PB_ERR_MEMORY, "no memory for a distribution");
    const pb_value table = pb_constant_data(g, quantiles, PB_SHAPE(PIECES + 1));
    const pb_value u = pb_builder_uniform(b, "mixup", PB_SHAPE(b->batch));
    const pb_value at = pb_scale(g, u, PIECES), low = pb_floor(g, at);
    const pb_value index = pb_cast(g, low, PB_I32), one = pb_constant_i32(g, 1, PB_SCALAR);
    const pb_value below = pb_gather(g, table, index),
                   above = pb_gather(g, table, pb_add(g, index, one));
    const pb_value share = pb_add(g, below, pb_mul(g, pb_sub(g, at, low), pb_sub(g, above, below)));
    return pb_maximum(g, share, pb_sub(g, number(b, 1), share));
}

/* share a + (1 - share) next(a), the share of each row [batch]. */
static pb_value mixed(pb_builder *b, pb_value share, pb_value a)
{
    const pb_shape s = pb_value_shape(b->g, a);
    pb_shape column = {.axes = s.axes, .dim = {b->batch, 1, 1, 1}};
    const pb_value other = next_row(b, a);
    const pb_value of_own = pb_mul(b->g, pb_reshape(b->g, share, column), pb_sub(b->g, a, other));
    return pb_add(b->g, other, of_own);
}

static void mix_up(pb_builder *b, const pb_options *o)
{
    const pb_value share = own_share(b, pb_option_float(o, "mixup"));
    if (b->targets == PB_NONE) b->targets = pb_one_hot(b->g, b->labels, b->classes);
    b->targets = mixed(b, share, b->targets);
    b->x = mixed(b, share, b->x);
}

/* ---- the stage ---- */

static bool moves(const pb_options *o)
{
    return pb_option_float(o, "rotate") > 0 || pb_option_float(o, "shift") > 0 ||
           pb_option_float(o, "scale") > 0 || pb_option_float(o, "shear") > 0 ||
           strcmp(pb_option_string(o, "flip"), "none") != 0;
}

/* What a signal has no second axis for. */
static pb_status check_line(pb_builder *b, const pb_options *o)
{
    const char *flip = pb_option_string(o, "flip");
    const char *wrong = pb_option_float(o, "rotate") > 0                               ? "rotate"
                        : pb_option_float(o, "shear") > 0                              ? "shear"
                        : strcmp(flip, "none") != 0 && strcmp(flip, "horizontal") != 0 ? "flip"
                                                                                       : NULL;
    if (!wrong) return PB_OK;
    return pb_fail(
        b->ctx, PB_ERR_CONFIG,
        "%s needs images [batch, height, width] or [batch, channels, height, width], but "
        "gets %s; signals have shift, scale, flip: horizontal, noise, cutout and mixup",
        wrong, pb_shape_words(pb_value_shape(b->g, b->x)).text);
}

static pb_status augment_build(pb_builder *b, const pb_options *o)
{
    pb_graph *g = b->g;
    const pb_shape shape = pb_value_shape(g, b->x);
    pb_planes planes;
    PB_TRY(pb_planes_of(b, shape, &planes));
    if (planes.height == 1) planes.axes = 2; /* a signal, perhaps of several channels */
    if (pb_planes_are_lines(&planes)) PB_TRY(check_line(b, o));
    if (b->input != PB_NONE)
        return pb_fail(b->ctx, PB_ERR_CONFIG,
                       "stands behind a layer, but augments what the network takes: it belongs "
                       "before the first one");
    if (pb_value_dtype(g, b->x) != PB_F32)
        return pb_fail(b->ctx, PB_ERR_CONFIG, "takes numbers, but gets bytes");
    if (!b->training) return PB_OK;
    const pb_value taken = b->x;
    const bool pixels = b->x == pb_builder_find(b, "pixels");
    pb_value x =
        pb_reshape(g, b->x, PB_SHAPE(planes.batch, planes.channels, planes.height, planes.width));
    if (moves(o)) x = bilinear(b, o, &planes, x);
    if (pb_option_float(o, "noise") > 0) {
        const pb_value z = pb_builder_normal(b, "noise", pb_value_shape(g, x));
        x = pb_add(g, x, pb_scale(g, z, (float)pb_option_float(o, "noise")));
    }
    if (pb_option_int(o, "cutout") > 0) x = cut_out(b, o, &planes, x);
    b->x = pb_reshape(g, x, shape);
    if (pb_option_float(o, "mixup") > 0) mix_up(b, o);
    if (pb_builder_find(b, "unaugmented") == PB_NONE) {
        pb_builder_keep(b, "unaugmented", taken);
        pb_builder_keep(b, "augmented", b->x);
    }
    if (pixels) { /* whoever asks for the sample's pixels means those of the sample in training */
        pb_builder_keep(b, "pixels", b->x);
        pb_builder_keep(b, "levels", PB_NONE);
    }
    return PB_OK;
}

const pb_stage pb_stage_augment = {
    .name = "augment",
    .summary = "turn, shift, scale, slant, flip, blur by noise, cut and mix samples in training",
    .kind = PB_STAGE_AUGMENTATION,
    .options = augment_options,
    .build = augment_build,
};
