#include "op_cases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <passband/wavelet.h>

#include "base/rng.h"

/* ---- content of leaves ---- */

/* SplitMix64 */
static double uniform(op_built *b)
{
    unsigned long long z = b->random += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static double sign(op_built *b)
{
    return uniform(b) < 0.5 ? -1 : 1;
}

static pb_value leaf(op_built *b, pb_dtype dtype, pb_shape shape)
{
    char name[16];
    if (b->count == OP_CASE_LEAVES) return PB_NONE;
    snprintf(name, sizeof name, "x%d", b->count);
    b->leaves[b->count] = pb_leaf(b->g, PB_ROLE_INPUT, name, dtype, shape, (pb_init){0});
    b->data[b->count] = malloc(pb_shape_count(shape) * sizeof(double));
    return b->leaves[b->count++];
}

/* Content of the newest leaf. */
#define FILL(b, shape, number)                                                                     \
    for (size_t i_ = 0; i_ < pb_shape_count(shape); i_++)                                          \
    (b)->data[(b)->count - 1][i_] = (double)(float)(number)

pb_value op_case_uniform(op_built *b, pb_shape shape, double low, double high)
{
    const pb_value v = leaf(b, PB_F32, shape);
    FILL(b, shape, low + (high - low) * uniform(b));
    return v;
}

pb_value op_case_integers(op_built *b, pb_dtype dtype, pb_shape shape, int low, int high)
{
    const pb_value v = leaf(b, dtype, shape);
    FILL(b, shape, low + floor(uniform(b) * (high - low + 1)));
    return v;
}

pb_value op_case_distinct(op_built *b, pb_shape shape)
{
    const pb_value v = leaf(b, PB_F32, shape);
    const size_t count = pb_shape_count(shape);
    double *data = b->data[b->count - 1];
    for (size_t i = 0; i < count; i++)
        data[i] = (double)(float)(0.05 * ((double)i - (double)count / 2) + 0.01 * uniform(b));
    for (size_t i = count; i > 1; i--) {
        const size_t j = (size_t)(uniform(b) * (double)i);
        const double other = data[j];
        data[j] = data[i - 1];
        data[i - 1] = other;
    }
    return v;
}

/* Of either sign, magnitude in [low, high). */
static pb_value away_from_zero(op_built *b, pb_shape shape, double low, double high)
{
    const pb_value v = leaf(b, PB_F32, shape);
    FILL(b, shape, sign(b) * (low + (high - low) * uniform(b)));
    return v;
}

/* At least 0.2 from the nearest integer. */
static pb_value between_integers(op_built *b, pb_shape shape, int low, int high)
{
    const pb_value v = leaf(b, PB_F32, shape);
    FILL(b, shape, low + floor(uniform(b) * (high - low + 1)) + 0.2 + 0.6 * uniform(b));
    return v;
}

/* At least 0.1 from the leaf before it, element by element. */
static pb_value beside(op_built *b, pb_shape shape)
{
    const pb_value v = leaf(b, PB_F32, shape);
    FILL(b, shape, b->data[b->count - 2][i_] + sign(b) * (0.1 + uniform(b)));
    return v;
}

/* ---- shapes ---- */

static const pb_shape shapes[OP_CASE_SHAPES] = {
    {1, {1}},          {1, {7}},       {2, {1, 1}},     {2, {3, 5}},       {2, {5, 1}},
    {2, {1, 9}},       {3, {2, 3, 5}}, {3, {4, 1, 3}},  {4, {1, 1, 1, 1}}, {4, {2, 3, 2, 5}},
    {4, {3, 1, 7, 2}}, {0, {0}},       {3, {1, 11, 3}}, {2, {17, 3}},
};

/* The last shapes are i32 where an op takes both. */
static bool integers_at(int i)
{
    return i >= OP_CASE_SHAPES - 2;
}

/* Shapes with at least one axis. */
static pb_shape shape_with_axes(int i)
{
    return shapes[i].axes ? shapes[i] : PB_SHAPE(13);
}

/* ---- leaves ---- */

static void build_constant(op_built *b, int i)
{
    float data[256];
    for (int k = 0; k < 256; k++) data[k] = (float)(2 * uniform(b) - 1);
    if (integers_at(i))
        b->y = pb_constant_i32(b->g, -7 * i, shapes[i]);
    else
        b->y =
            i % 2 ? pb_constant(b->g, data[0], shapes[i]) : pb_constant_data(b->g, data, shapes[i]);
}

static void build_iota(op_built *b, int i)
{
    const pb_shape shape = shape_with_axes(i);
    b->y = pb_iota(b->g, shape, i % shape.axes);
}

/* ---- elementwise ---- */

#define UNARY_CASE(name, function, content)                                                        \
    static void name(op_built *b, int i)                                                           \
    {                                                                                              \
        b->y = function(b->g, content);                                                            \
    }

/* An op of f32 and i32. */
#define UNARY_NUMBER(name, function)                                                               \
    UNARY_CASE(name, function,                                                                     \
               integers_at(i) ? op_case_integers(b, PB_I32, shapes[i], -5, 5)                      \
                              : away_from_zero(b, shapes[i], 0.2, 2))

UNARY_NUMBER(build_neg, pb_neg)
UNARY_NUMBER(build_abs, pb_abs)
UNARY_NUMBER(build_sign, pb_sign)
UNARY_NUMBER(build_relu, pb_relu)
UNARY_NUMBER(build_step, pb_step)
UNARY_CASE(build_exp, pb_exp, op_case_uniform(b, shapes[i], -2, 2))
UNARY_CASE(build_log, pb_log_natural, op_case_uniform(b, shapes[i], 0.3, 3))
UNARY_CASE(build_sqrt, pb_sqrt, op_case_uniform(b, shapes[i], 0.3, 3))
UNARY_CASE(build_sin, pb_sin, op_case_uniform(b, shapes[i], -4, 4))
UNARY_CASE(build_cos, pb_cos, op_case_uniform(b, shapes[i], -4, 4))
UNARY_CASE(build_tanh, pb_tanh, op_case_uniform(b, shapes[i], -2, 2))
UNARY_CASE(build_floor, pb_floor, between_integers(b, shapes[i], -4, 3))
/* Where the steps between halves are wide beside those of differences. */
UNARY_CASE(build_half, pb_half, away_from_zero(b, shapes[i], ldexp(0.5, i), ldexp(1, i)))
UNARY_CASE(build_detach, pb_detach, op_case_uniform(b, shapes[i], -1, 1))
UNARY_CASE(build_each_step, pb_each_step, op_case_uniform(b, shapes[i], -1, 1))

/* Samples so many that their numbers take more than 32 bits to count, and seeds of either sign. */
static void build_random(op_built *b, int i, pb_op op)
{
    const pb_shape shape = shapes[i];
    const pb_attrs attrs = {.count = i % 2 ? 5 : 100003, .purpose = pb_hash32("a case")};
    const pb_value in[] = {
        op_case_integers(b, PB_I32, shape, 0, i % 3 ? 70000 : 3),
        op_case_integers(b, PB_I32, shape, 0, attrs.count - 1),
        op_case_integers(b, PB_I32, shape, 0, 500),
        pb_broadcast(b->g, pb_constant_i32(b->g, i % 2 ? -77 : 123456789, PB_SCALAR), shape)};
    b->y = pb_append(b->g, op, 4, in, &attrs);
}

static void build_uniform(op_built *b, int i)
{
    build_random(b, i, PB_OP_UNIFORM);
}

static void build_normal(op_built *b, int i)
{
    build_random(b, i, PB_OP_NORMAL);
}

static void build_binary(op_built *b, int i, pb_op op)
{
    pb_value in[2];
    for (int k = 0; k < 2; k++) {
        if (integers_at(i))
            in[k] = op_case_integers(b, PB_I32, shapes[i], -3, 3);
        else if (k == 0)
            in[k] = op_case_uniform(b, shapes[i], -2, 2);
        else
            in[k] = beside(b, shapes[i]);
    }
    b->y = pb_append(b->g, op, 2, in, NULL);
}

#define BINARY_CASE(name, op)                                                                      \
    static void name(op_built *b, int i)                                                           \
    {                                                                                              \
        build_binary(b, i, op);                                                                    \
    }

BINARY_CASE(build_add, PB_OP_ADD)
BINARY_CASE(build_sub, PB_OP_SUB)
BINARY_CASE(build_mul, PB_OP_MUL)
BINARY_CASE(build_maximum, PB_OP_MAXIMUM)
BINARY_CASE(build_minimum, PB_OP_MINIMUM)
BINARY_CASE(build_less, PB_OP_LESS)

static void build_div(op_built *b, int i)
{
    const pb_value a = op_case_uniform(b, shapes[i], -2, 2);
    b->y = pb_div(b->g, a, away_from_zero(b, shapes[i], 0.5, 2));
}

/* Few numbers, so that some are equal; as f32 they pass through a cast, which no small step moves.
 */
static void build_equal(op_built *b, int i)
{
    pb_value x = op_case_integers(b, PB_I32, shapes[i], 0, 2);
    pb_value z = op_case_integers(b, PB_I32, shapes[i], 0, 2);
    if (!integers_at(i)) {
        x = pb_cast(b->g, x, PB_F32);
        z = pb_cast(b->g, z, PB_F32);
    }
    b->y = pb_equal(b->g, x, z);
}

static void build_select(op_built *b, int i)
{
    const bool whole = integers_at(i);
    const pb_value condition = i % 2 ? op_case_integers(b, PB_I32, shapes[i], 0, 1)
                                     : pb_step(b->g, away_from_zero(b, shapes[i], 0.2, 1));
    const pb_value x = whole ? op_case_integers(b, PB_I32, shapes[i], -9, 9)
                             : op_case_uniform(b, shapes[i], -1, 1);
    const pb_value z = whole ? op_case_integers(b, PB_I32, shapes[i], -9, 9)
                             : op_case_uniform(b, shapes[i], -1, 1);
    b->y = pb_select(b->g, condition, x, z);
}

static void build_cast(op_built *b, int i)
{
    static const struct {
        pb_dtype from, to;
    } pairs[] = {{PB_F32, PB_F32}, {PB_F32, PB_I32}, {PB_I32, PB_F32},
                 {PB_U8, PB_F32},  {PB_U8, PB_I32},  {PB_F32, PB_U8}};
    const pb_dtype from = pairs[i % 6].from, to = pairs[i % 6].to;
    pb_value x;
    if (from == PB_F32)
        x = between_integers(b, shapes[i], to == PB_U8 ? 0 : -9, 9);
    else
        x = op_case_integers(b, from, shapes[i], from == PB_U8 ? 0 : -99, 255);
    b->y = pb_append(b->g, PB_OP_CAST, 1, &x, &(pb_attrs){.dtype = to});
}

/* ---- movement ---- */

static void build_reshape(op_built *b, int i)
{
    static const pb_shape to[OP_CASE_SHAPES] = {
        {0, {0}},     {2, {7, 1}},       {1, {1}},    {1, {15}},    {4, {1, 5, 1, 1}},
        {2, {3, 3}},  {2, {6, 5}},       {2, {2, 6}}, {3, {1, 1}},  {3, {5, 4, 3}},
        {2, {14, 3}}, {4, {1, 1, 1, 1}}, {1, {33}},   {2, {3, 17}},
    };
    pb_shape shape = to[i];
    if (i == 8) shape = PB_SHAPE(1, 1, 1);
    b->y = pb_reshape(b->g, op_case_uniform(b, shapes[i], -1, 1), shape);
}

static void build_permute(op_built *b, int i)
{
    static const int orders[OP_CASE_SHAPES][PB_MAX_AXES] = {
        {0},       {0},          {1, 0},       {1, 0},       {1, 0}, {1, 0},    {2, 0, 1},
        {1, 2, 0}, {3, 2, 1, 0}, {0, 2, 3, 1}, {0, 1, 3, 2}, {0},    {0, 2, 1}, {1, 0},
    };
    const pb_value x = i % 4 == 3 ? op_case_integers(b, PB_U8, shapes[i], 0, 255)
                                  : op_case_uniform(b, shapes[i], -1, 1);
    b->y = pb_permute(b->g, x, orders[i]);
}

static void build_broadcast(op_built *b, int i)
{
    static const struct {
        pb_shape from, to;
    } pairs[OP_CASE_SHAPES] = {
        {{1, {1}}, {1, {7}}},
        {{2, {1, 5}}, {2, {3, 5}}},
        {{2, {3, 1}}, {2, {3, 5}}},
        {{2, {1, 1}}, {2, {5, 3}}},
        {{3, {2, 1, 3}}, {3, {2, 5, 3}}},
        {{3, {1, 3, 1}}, {3, {5, 3, 2}}},
        {{3, {1, 1, 1}}, {3, {2, 3, 1}}},
        {{4, {1, 3, 1, 1}}, {4, {2, 3, 2, 3}}},
        {{4, {2, 1, 3, 1}}, {4, {2, 3, 3, 2}}},
        {{4, {1, 1, 1, 1}}, {4, {1, 1, 1, 2}}},
        {{4, {1, 2, 3, 1}}, {4, {3, 2, 3, 1}}},
        {{2, {1, 17}}, {2, {2, 17}}},
        {{2, {17, 1}}, {2, {17, 3}}},
        {{3, {1, 1, 7}}, {3, {3, 3, 7}}},
    };
    b->y = pb_broadcast(b->g, op_case_uniform(b, pairs[i].from, -1, 1), pairs[i].to);
}

/* What a slice keeps of each axis, and what a pad puts around it. */
static void around(pb_shape shape, int i, int before[], int after[])
{
    for (int axis = 0; axis < shape.axes; axis++) {
        before[axis] = (i + axis) % 3;
        after[axis] = (i + 2 * axis) % 2;
    }
}

static void build_slice(op_built *b, int i)
{
    int before[PB_MAX_AXES] = {0}, after[PB_MAX_AXES] = {0};
    pb_shape outer = shapes[i];
    around(outer, i, before, after);
    for (int axis = 0; axis < outer.axes; axis++) outer.dim[axis] += before[axis] + after[axis];
    b->y = pb_slice(b->g, op_case_uniform(b, outer, -1, 1), before, shapes[i]);
}

static void build_pad(op_built *b, int i)
{
    int before[PB_MAX_AXES] = {0}, after[PB_MAX_AXES] = {0};
    around(shapes[i], i + 1, before, after);
    b->y = pb_pad(b->g, op_case_uniform(b, shapes[i], -1, 1), before, after);
}

static void build_concat(op_built *b, int i)
{
    const pb_shape shape = shape_with_axes(i);
    const int axis = (i + 1) % shape.axes, count = 1 + i % 3;
    pb_value parts[3];
    for (int k = 0; k < count; k++) {
        pb_shape part = shape;
        part.dim[axis] += k;
        parts[k] = op_case_uniform(b, part, -1, 1);
    }
    b->y = pb_concat(b->g, count, parts, axis);
}

static void build_gather(op_built *b, int i)
{
    const pb_shape shape = shape_with_axes(i);
    const pb_value rows =
        i % 5 == 4 ? op_case_integers(b, PB_U8, shape, 0, 255) : op_case_uniform(b, shape, -1, 1);
    const pb_value index = op_case_integers(b, PB_I32, PB_SHAPE(1 + i % 5), 0, shape.dim[0] - 1);
    b->y = pb_gather(b->g, rows, index);
}

static void build_scatter_add(op_built *b, int i)
{
    const pb_shape shape = shape_with_axes(i);
    const int rows = 1 + i % 4;
    const pb_value x = op_case_uniform(b, shape, -1, 1);
    const pb_value index = op_case_integers(b, PB_I32, PB_SHAPE(shape.dim[0]), 0, rows - 1);
    b->y = pb_scatter_add(b->g, x, index, rows);
}

static void build_take(op_built *b, int i)
{
    const pb_shape shape = shape_with_axes(i);
    const int extent = shape.dim[shape.axes - 1];
    const pb_value x =
        i % 5 == 4 ? op_case_integers(b, PB_U8, shape, 0, 255) : op_case_uniform(b, shape, -1, 1);
    b->y = pb_take(b->g, x, op_case_integers(b, PB_I32, PB_SHAPE(1 + i % 7), 0, extent - 1));
}

static void build_pick(op_built *b, int i)
{
    const pb_shape rows = PB_SHAPE(1 + i % 4, 1 + 3 * (i % 5));
    const pb_value x =
        i % 5 == 4 ? op_case_integers(b, PB_U8, rows, 0, 255) : op_case_uniform(b, rows, -1, 1);
    const pb_shape picked = PB_SHAPE(rows.dim[0], 1 + i % 7);
    b->y = pb_pick(b->g, x, op_case_integers(b, PB_I32, picked, 0, rows.dim[1] - 1));
}

static void build_histogram(op_built *b, int i)
{
    const pb_value x = op_case_integers(b, PB_I32, PB_SHAPE(1 + i % 4, 1 + 5 * i), -1, 1 + 2 * i);
    b->y = pb_histogram(b->g, x, 1 + 2 * i);
}

/* ---- pooling ---- */

static const struct {
    pb_shape image;
    pb_window window;
} pools[OP_CASE_SHAPES] = {
    {{4, {1, 1, 1, 1}}, {{1, 1}, {1, 1}, {0, 0}}}, {{4, {1, 1, 1, 8}}, {{1, 2}, {1, 2}, {0, 0}}},
    {{4, {2, 3, 1, 7}}, {{1, 2}, {1, 2}, {0, 0}}}, {{4, {2, 1, 4, 4}}, {{2, 2}, {2, 2}, {0, 0}}},
    {{4, {1, 2, 5, 7}}, {{2, 2}, {2, 2}, {0, 0}}}, {{4, {1, 1, 5, 5}}, {{3, 3}, {1, 1}, {0, 0}}},
    {{4, {2, 1, 5, 4}}, {{3, 3}, {2, 2}, {1, 1}}}, {{4, {1, 3, 3, 3}}, {{3, 3}, {1, 1}, {1, 1}}},
    {{4, {1, 1, 6, 5}}, {{3, 2}, {2, 1}, {1, 0}}}, {{4, {3, 1, 1, 9}}, {{1, 3}, {1, 3}, {0, 1}}},
    {{4, {1, 2, 7, 1}}, {{4, 1}, {3, 1}, {2, 0}}}, {{4, {1, 1, 2, 2}}, {{2, 2}, {1, 1}, {1, 1}}},
    {{4, {2, 2, 3, 5}}, {{1, 1}, {2, 2}, {0, 0}}}, {{4, {1, 5, 4, 3}}, {{4, 3}, {1, 1}, {0, 0}}},
};

static void build_pool_index(op_built *b, int i)
{
    b->y = pb_pool_index(b->g, op_case_distinct(b, pools[i].image), pools[i].window);
}

static void build_pool_gather(op_built *b, int i)
{
    b->y = pb_max_pool(b->g, op_case_distinct(b, pools[i].image), pools[i].window);
}

static void build_pool_scatter(op_built *b, int i)
{
    const pb_shape image = pools[i].image;
    const pb_value x = op_case_distinct(b, image);
    const pb_value index = pb_pool_index(b->g, x, pools[i].window);
    const pb_value dy = op_case_uniform(b, pb_value_shape(b->g, index), -1, 1);
    b->y = pb_pool_scatter(b->g, dy, index, pools[i].window, image.dim[2], image.dim[3]);
}

/* ---- reductions ---- */

static void build_sum(op_built *b, int i)
{
    const pb_shape shape = shape_with_axes(i);
    const pb_value x = integers_at(i) ? op_case_integers(b, PB_I32, shape, -9, 9)
                                      : op_case_uniform(b, shape, -1, 1);
    b->y = pb_sum(b->g, x, i % shape.axes, true);
}

static void build_max(op_built *b, int i)
{
    const pb_shape shape = shape_with_axes(i);
    const pb_value x =
        integers_at(i) ? op_case_integers(b, PB_I32, shape, -9, 9) : op_case_distinct(b, shape);
    b->y = pb_max(b->g, x, (i + 1) % shape.axes, true);
}

static void build_argmax(op_built *b, int i)
{
    const pb_shape shape = shape_with_axes(i);
    const pb_value x =
        integers_at(i) ? op_case_integers(b, PB_I32, shape, 0, 3) : op_case_distinct(b, shape);
    b->y = pb_argmax(b->g, x, i % shape.axes, true);
}

/* ---- contractions ---- */

static void build_matmul(op_built *b, int i)
{
    static const struct {
        int axes, batch[2], m, k, n;
    } products[OP_CASE_SHAPES] = {
        {2, {0, 0}, 1, 1, 1},  {2, {0, 0}, 3, 5, 7}, {2, {0, 0}, 1, 7, 3}, {2, {0, 0}, 5, 1, 4},
        {2, {0, 0}, 6, 3, 1},  {2, {0, 0}, 4, 8, 4}, {3, {2, 0}, 3, 2, 5}, {3, {1, 0}, 2, 3, 1},
        {3, {3, 0}, 1, 5, 2},  {3, {2, 0}, 4, 1, 3}, {4, {2, 3}, 2, 3, 2}, {4, {1, 2}, 1, 1, 5},
        {2, {0, 0}, 9, 11, 5}, {3, {5, 0}, 3, 3, 3},
    };
    const bool ta = i & 1, tb = i & 2;
    const int m = products[i].m, k = products[i].k, n = products[i].n, axes = products[i].axes;
    pb_shape left = {.axes = axes, .dim = {products[i].batch[0], products[i].batch[1]}};
    pb_shape right = left;
    left.dim[axes - 2] = ta ? k : m;
    left.dim[axes - 1] = ta ? m : k;
    right.dim[axes - 2] = tb ? n : k;
    right.dim[axes - 1] = tb ? k : n;
    const pb_value x = op_case_uniform(b, left, -1, 1);
    b->y = pb_matmul_t(b->g, x, op_case_uniform(b, right, -1, 1), ta, tb);
}

static const struct {
    pb_shape x;
    int channels;
    pb_window window;
} convolutions[OP_CASE_SHAPES] = {
    {{4, {1, 1, 1, 1}}, 1, {{1, 1}, {1, 1}, {0, 0}}},
    {{4, {2, 1, 1, 9}}, 2, {{1, 3}, {1, 1}, {0, 1}}},
    {{4, {1, 2, 1, 8}}, 3, {{1, 3}, {1, 1}, {0, 0}}},
    {{4, {2, 3, 1, 7}}, 2, {{1, 5}, {1, 2}, {0, 2}}},
    {{4, {1, 1, 5, 5}}, 2, {{3, 3}, {1, 1}, {1, 1}}},
    {{4, {2, 2, 4, 3}}, 1, {{2, 2}, {1, 1}, {0, 0}}},
    {{4, {1, 2, 5, 7}}, 2, {{3, 3}, {2, 2}, {1, 1}}},
    {{4, {1, 3, 3, 4}}, 2, {{1, 1}, {1, 1}, {0, 0}}},
    {{4, {2, 1, 6, 4}}, 3, {{3, 2}, {2, 1}, {0, 1}}},
    {{4, {1, 1, 7, 1}}, 2, {{4, 1}, {3, 1}, {2, 0}}},
    {{4, {1, 1, 3, 3}}, 1, {{3, 3}, {1, 1}, {2, 2}}},
    {{4, {3, 1, 2, 2}}, 2, {{1, 1}, {2, 2}, {0, 0}}},
    {{4, {1, 2, 4, 4}}, 1, {{2, 2}, {3, 3}, {0, 0}}},
    {{4, {1, 1, 2, 3}}, 1, {{4, 5}, {1, 1}, {2, 2}}},
};

/* The shapes of input, weights and output at shape number i. */
static void triple(op_built *b, int i, pb_shape *x, pb_shape *w, pb_shape *y)
{
    const pb_window window = convolutions[i].window;
    (void)b;
    *x = convolutions[i].x;
    *w = PB_SHAPE(convolutions[i].channels, x->dim[1], window.kernel[0], window.kernel[1]);
    *y = *x;
    y->dim[1] = w->dim[0];
    for (int k = 0; k < 2; k++)
        y->dim[2 + k] =
            (x->dim[2 + k] + 2 * window.padding[k] - window.kernel[k]) / window.stride[k] + 1;
}

static void build_conv(op_built *b, int i)
{
    pb_shape x, w, y;
    triple(b, i, &x, &w, &y);
    const pb_value image = op_case_uniform(b, x, -1, 1);
    b->y = pb_conv(b->g, image, op_case_uniform(b, w, -1, 1), convolutions[i].window);
}

static void build_conv_dx(op_built *b, int i)
{
    pb_shape x, w, y;
    triple(b, i, &x, &w, &y);
    const pb_value dy = op_case_uniform(b, y, -1, 1);
    b->y = pb_conv_dx(b->g, dy, op_case_uniform(b, w, -1, 1), convolutions[i].window, x.dim[2],
                      x.dim[3]);
}

static void build_conv_dw(op_built *b, int i)
{
    pb_shape x, w, y;
    triple(b, i, &x, &w, &y);
    const pb_value image = op_case_uniform(b, x, -1, 1);
    b->y = pb_conv_dw(b->g, image, op_case_uniform(b, y, -1, 1), convolutions[i].window);
}

/* ---- the table ---- */

/* ---- levels of wavelet transforms: every extension, long and short lines, even and odd ---- */

static const struct {
    pb_shape x;
    int axis, taps;
    pb_extension extension;
} banks[OP_CASE_SHAPES] = {
    {{1, {8}}, 0, 2, PB_EXTEND_SYMMETRIC},
    {{2, {3, 17}}, 1, 4, PB_EXTEND_PERIODIC},
    {{2, {5, 3}}, 1, 6, PB_EXTEND_ANTIREFLECT},
    {{2, {9, 17}}, 0, 4, PB_EXTEND_ZERO},
    {{3, {2, 7, 5}}, 1, 6, PB_EXTEND_CONSTANT},
    {{2, {19, 26}}, 1, 4, PB_EXTEND_SMOOTH},
    {{3, {1, 12, 9}}, 1, 8, PB_EXTEND_REFLECT},
    {{3, {5, 1, 21}}, 2, 6, PB_EXTEND_ANTISYMMETRIC},
    {{2, {4, 40}}, 1, 8, PB_EXTEND_ANTIREFLECT},
    {{2, {17, 11}}, 1, 6, PB_EXTEND_PERIODIZATION},
    {{4, {2, 2, 12, 3}}, 2, 4, PB_EXTEND_PERIODIZATION},
    {{2, {2, 1}}, 1, 4, PB_EXTEND_REFLECT},
    {{2, {1, 30}}, 1, 20, PB_EXTEND_SMOOTH},
    {{3, {1, 5, 7}}, 0, 2, PB_EXTEND_SYMMETRIC},
};

static pb_value bank_filters(op_built *b, int taps)
{
    float filters[64];
    for (int k = 0; k < 2 * taps; k++) filters[k] = (float)((2 * uniform(b) - 1) / taps);
    return pb_constant_data(b->g, filters, PB_SHAPE(2, taps));
}

static void build_analysis(op_built *b, int i)
{
    const pb_value filters = bank_filters(b, banks[i].taps);
    b->y = pb_analysis(b->g, op_case_uniform(b, banks[i].x, -1, 1), filters, banks[i].axis,
                       banks[i].extension);
}

static void build_synthesis(op_built *b, int i)
{
    const int axis = banks[i].axis, taps = banks[i].taps, length = banks[i].x.dim[axis];
    pb_shape bands = banks[i].x;
    bands.dim[axis] = banks[i].extension == PB_EXTEND_PERIODIZATION ? 2 * ((length + 1) / 2)
                                                                    : 2 * ((length + taps - 1) / 2);
    const pb_value filters = bank_filters(b, taps);
    b->y = pb_synthesis(b->g, op_case_uniform(b, bands, -1, 1), filters, axis, banks[i].extension,
                        length);
}

const op_case op_cases[PB_OP_COUNT] = {
    [PB_OP_LEAF] = {.absent = "every case has leaves"},
    [PB_OP_CONSTANT] = {.build = build_constant},
    [PB_OP_IOTA] = {.build = build_iota},
    [PB_OP_ADD] = {.build = build_add},
    [PB_OP_SUB] = {.build = build_sub},
    [PB_OP_MUL] = {.build = build_mul},
    [PB_OP_DIV] = {.build = build_div},
    [PB_OP_MAXIMUM] = {.build = build_maximum},
    [PB_OP_MINIMUM] = {.build = build_minimum},
    [PB_OP_LESS] = {.build = build_less},
    [PB_OP_EQUAL] = {.build = build_equal},
    [PB_OP_NEG] = {.build = build_neg},
    [PB_OP_ABS] = {.build = build_abs},
    [PB_OP_SIGN] = {.build = build_sign},
    [PB_OP_EXP] = {.build = build_exp},
    [PB_OP_LOG] = {.build = build_log},
    [PB_OP_SQRT] = {.build = build_sqrt},
    [PB_OP_SIN] = {.build = build_sin},
    [PB_OP_COS] = {.build = build_cos},
    [PB_OP_TANH] = {.build = build_tanh},
    [PB_OP_FLOOR] = {.build = build_floor},
    [PB_OP_HALF] = {.build = build_half},
    [PB_OP_RELU] = {.build = build_relu},
    [PB_OP_STEP] = {.build = build_step},
    [PB_OP_SELECT] = {.build = build_select},
    [PB_OP_CAST] = {.build = build_cast},
    [PB_OP_DETACH] = {.build = build_detach, .stops = true},
    [PB_OP_EACH_STEP] = {.build = build_each_step},
    [PB_OP_UNIFORM] = {.build = build_uniform},
    [PB_OP_NORMAL] = {.build = build_normal},
    [PB_OP_RESHAPE] = {.build = build_reshape},
    [PB_OP_PERMUTE] = {.build = build_permute},
    [PB_OP_BROADCAST] = {.build = build_broadcast},
    [PB_OP_SLICE] = {.build = build_slice},
    [PB_OP_PAD] = {.build = build_pad},
    [PB_OP_CONCAT] = {.build = build_concat},
    [PB_OP_GATHER] = {.build = build_gather},
    [PB_OP_SCATTER_ADD] = {.build = build_scatter_add},
    [PB_OP_TAKE] = {.build = build_take},
    [PB_OP_PICK] = {.build = build_pick},
    [PB_OP_POOL_INDEX] = {.build = build_pool_index},
    [PB_OP_POOL_GATHER] = {.build = build_pool_gather},
    [PB_OP_POOL_SCATTER] = {.build = build_pool_scatter},
    [PB_OP_SUM] = {.build = build_sum},
    [PB_OP_MAX] = {.build = build_max},
    [PB_OP_ARGMAX] = {.build = build_argmax},
    [PB_OP_HISTOGRAM] = {.build = build_histogram},
    [PB_OP_MATMUL] = {.build = build_matmul},
    [PB_OP_CONV] = {.build = build_conv},
    [PB_OP_CONV_DX] = {.build = build_conv_dx},
    [PB_OP_CONV_DW] = {.build = build_conv_dw},
    [PB_OP_ANALYSIS] = {.build = build_analysis},
    [PB_OP_SYNTHESIS] = {.build = build_synthesis},
    [PB_OP_ASSIGN] = {.absent = "it writes a leaf and has no value of its own"},
};

void op_case_build(pb_context *ctx, pb_op op, int shape_number, op_built *b)
{
    *b = (op_built){.y = PB_NONE, .random = 1000u * (unsigned)op + (unsigned)shape_number};
    b->g = pb_graph_create(ctx);
    op_cases[op].build(b, shape_number);
}

void op_case_free(op_built *b)
{
    for (int i = 0; i < b->count; i++) free(b->data[i]);
    pb_graph_free(&b->g);
}
