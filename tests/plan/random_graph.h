/* Random graphs over every kind of fusion: elementwise chains, movement, reductions, softmax,
 * products, convolutions, pooling, shared parts. Values stay of the order of 1, so that rounding
 * does; nothing jumps where a computed value is compared. */
#ifndef PB_TEST_RANDOM_GRAPH_H
#define PB_TEST_RANDOM_GRAPH_H

#include "op_cases.h"

#define RANDOM_STEPS  14
#define RANDOM_VALUES (OP_CASE_LEAVES + RANDOM_STEPS)
#define RANDOM_MOST   1200 /* elements of a value */

typedef struct random_graph {
    op_built b;
    int batch; /* the first extent of every leaf; 0: any */
    int count;
    pb_value values[RANDOM_VALUES]; /* float32 */
    pb_value index;                 /* the int32 leaf [4], 0 or 1 */
} random_graph;

static inline unsigned random_below(random_graph *r, unsigned sides)
{
    unsigned long long z = r->b.random += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (unsigned)((z ^ (z >> 31)) >> 33) % sides;
}

static inline pb_shape random_shape(random_graph *r)
{
    static const int extents[] = {1, 2, 3, 4, 5, 6, 7, 16, 17};
    pb_shape shape = {.axes = 1 + (int)random_below(r, 4)};
    int count = 1;
    for (int i = 0; i < shape.axes; ++i) {
        shape.dim[i] = i == 0 && r->batch ? r->batch : extents[random_below(r, 9)];
        if (count * shape.dim[i] > RANDOM_MOST / 3) shape.dim[i] = 1;
        count *= shape.dim[i];
    }
    return shape;
}

static inline pb_value random_unary(random_graph *r, pb_value x)
{
    pb_graph *g = r->b.g;
    switch (random_below(r, 9)) {
    case 0: return pb_tanh(g, x);
    case 1: return pb_sin(g, x);
    case 2: return pb_relu(g, x);
    case 3: return pb_neg(g, x);
    case 4: return pb_tanh(g, pb_exp(g, pb_scale(g, x, 0.5f)));
    case 5: return pb_scale(g, x, 0.75f);
    case 6: return pb_tanh(g, pb_square(g, x));
    case 7: return pb_div(g, x, pb_add(g, pb_square(g, x), pb_constant(g, 1, PB_SCALAR)));
    default: return pb_sqrt(g, pb_add(g, pb_square(g, x), pb_constant(g, 0.5f, PB_SCALAR)));
    }
}

/* z in a shape that broadcasts against x: itself, or what is left of it after sums over axes. */
static inline pb_value random_binary(random_graph *r, pb_value x, pb_value z)
{
    pb_graph *g = r->b.g;
    const pb_shape to = pb_value_shape(g, x), from = pb_value_shape(g, z);
    if (!pb_shape_equal(to, from)) {
        z = pb_tanh(g, pb_scale(g, pb_sum_all(g, z), 0.1f));
        if (to.axes && random_below(r, 2)) { /* a vector along one axis of x */
            const int axis = (int)random_below(r, (unsigned)to.axes);
            z = pb_scale(g, pb_add(g, pb_sum(g, x, axis, true), z), 1.0f / (float)to.dim[axis]);
        }
    }
    switch (random_below(r, 5)) {
    case 0: return pb_add(g, x, z);
    case 1: return pb_sub(g, x, z);
    case 2: return pb_mul(g, x, z);
    case 3: return pb_maximum(g, x, pb_scale(g, z, 0.9f));
    default: return pb_minimum(g, x, pb_scale(g, z, 1.1f));
    }
}

static inline pb_value random_movement(random_graph *r, pb_value x)
{
    pb_graph *g = r->b.g;
    pb_shape shape = pb_value_shape(g, x);
    const int axes = shape.axes, axis = axes ? (int)random_below(r, (unsigned)axes) : 0;
    const int count = (int)pb_shape_count(shape);
    int order[PB_MAX_AXES] = {0, 1, 2, 3}, before[PB_MAX_AXES] = {0}, after[PB_MAX_AXES] = {0};
    if (axes == 0) return pb_reshape(g, x, PB_SHAPE(1));
    switch (random_below(r, 8)) {
    case 0: /* two axes into one, or one into two */
        if (shape.dim[axis] % 2 == 0) return pb_reshape(g, x, PB_SHAPE(-1, 2));
        return pb_reshape(g, x, PB_SHAPE(shape.dim[axis], count / shape.dim[axis]));
    case 1: {
        const int other = (int)random_below(r, (unsigned)axes);
        order[axis] = other;
        order[other] = axis;
        return pb_permute(g, x, order);
    }
    case 2: /* repeated along a new axis, or along one of extent 1 */
        if (count > RANDOM_MOST / 3) return x;
        if (shape.dim[axis] == 1) {
            shape.dim[axis] = 3;
            return pb_broadcast(g, x, shape);
        }
        if (axes == PB_MAX_AXES) return x;
        for (int i = axes; i > 0; --i) shape.dim[i] = shape.dim[i - 1];
        shape.dim[0] = 3;
        ++shape.axes;
        return pb_broadcast(g, x, shape);
    case 3:
    case 4:
        if (shape.dim[axis] < 3) return x;
        before[axis] = (int)random_below(r, 2);
        shape.dim[axis] -= before[axis] + (int)random_below(r, 2);
        return pb_slice(g, x, before, shape);
    case 5:
        if (count > RANDOM_MOST / 3) return x;
        before[axis] = (int)random_below(r, 3);
        after[axes - 1] = (int)random_below(r, 3);
        return pb_pad(g, x, before, after);
    case 6: {
        if (count > RANDOM_MOST / 3) return x;
        const pb_value parts[] = {x, pb_scale(g, x, 0.5f), x};
        return pb_concat(g, 2 + (int)random_below(r, 2), parts, axis);
    }
    default:
        if (shape.dim[0] < 2 || 4 * count / shape.dim[0] > RANDOM_MOST) return x;
        return pb_gather(g, x, r->index);
    }
}

static inline pb_value random_reduction(random_graph *r, pb_value x)
{
    pb_graph *g = r->b.g;
    const pb_shape shape = pb_value_shape(g, x);
    if (!shape.axes) return x;
    const int axis = (int)random_below(r, (unsigned)shape.axes);
    const bool keep = random_below(r, 2);
    switch (random_below(r, 4)) {
    case 0: return pb_max(g, x, axis, keep);
    case 1: return pb_softmax(g, x);
    case 2: { /* normalised by its own mean */
        const pb_value mean = pb_scale(g, pb_sum(g, x, axis, true), 1.0f / (float)shape.dim[axis]);
        return pb_sub(g, x, mean);
    }
    default: return pb_scale(g, pb_sum(g, x, axis, keep), 1.0f / (float)shape.dim[axis]);
    }
}

/* A product with itself transposed, or with a part of another value. */
static inline pb_value random_product(random_graph *r, pb_value x, pb_value z)
{
    pb_graph *g = r->b.g;
    const pb_shape shape = pb_value_shape(g, x);
    if (shape.axes < 2) return x;
    const int m = shape.dim[shape.axes - 2], k = shape.dim[shape.axes - 1];
    if ((int)pb_shape_count(shape) / k * m > RANDOM_MOST) return x;
    const pb_shape other = pb_value_shape(g, z);
    if (other.axes == 2 && other.dim[0] >= k) {
        z = pb_slice(g, z, (int[]){other.dim[0] - k, 0, 0, 0}, PB_SHAPE(k, other.dim[1]));
        return pb_scale(g, pb_matmul(g, x, z), 1.0f / (float)k);
    }
    if (random_below(r, 2)) return pb_scale(g, pb_matmul_t(g, x, x, false, true), 1.0f / (float)k);
    return pb_scale(g, pb_matmul_t(g, pb_tanh(g, x), x, true, false), 1.0f / (float)m);
}

/* What follows a convolution in networks: an activation, of which half are pooled by windows that
 * do not overlap. */
static inline pb_value random_follow(random_graph *r, pb_value y)
{
    pb_graph *g = r->b.g;
    const pb_shape shape = pb_value_shape(g, y);
    y = random_unary(r, y);
    pb_window window = {{1, 1}, {1, 1}, {0, 0}};
    for (int i = 0; i < 2; ++i)
        if (shape.dim[2 + i] > 1) window.kernel[i] = window.stride[i] = 2;
    return random_below(r, 2) ? pb_max_pool(g, y, window) : y;
}

static inline pb_value random_window(random_graph *r, pb_value x)
{
    pb_graph *g = r->b.g;
    const pb_shape shape = pb_value_shape(g, x);
    if (shape.axes != 4) return x;
    pb_window window = {{1, 1}, {1, 1}, {0, 0}};
    for (int i = 0; i < 2; ++i) {
        const int extent = shape.dim[2 + i];
        if (extent < 2) continue;
        window.kernel[i] = 2 + (int)random_below(r, 2);
        if (window.kernel[i] > extent) window.kernel[i] = extent;
        window.stride[i] = 1 + (int)random_below(r, 2);
        window.padding[i] = (int)random_below(r, 2);
    }
    if (random_below(r, 2)) return pb_max_pool(g, x, window);
    const int outputs = shape.dim[0] < 3 ? shape.dim[0] : 3;
    const pb_value w =
        pb_slice(g, x, (int[PB_MAX_AXES]){0},
                 PB_SHAPE(outputs, shape.dim[1], window.kernel[0], window.kernel[1]));
    const float terms = (float)(shape.dim[1] * window.kernel[0] * window.kernel[1]);
    const pb_value y = pb_scale(g, pb_conv(g, x, w, window), 1.0f / terms);
    return random_below(r, 2) ? random_follow(r, y) : y;
}

static inline void random_graph_build(pb_context *ctx, unsigned long long seed, int batch,
                                      random_graph *r)
{
    *r = (random_graph){.b = {.random = seed * 77777u}, .batch = batch};
    r->b.g = pb_graph_create(ctx);
    r->index = op_case_integers(&r->b, PB_I32, PB_SHAPE(4), 0, 1);
    for (int i = 1; i < OP_CASE_LEAVES; ++i)
        r->values[r->count++] = op_case_uniform(&r->b, random_shape(r), -1, 1);
    for (int i = 0; i < RANDOM_STEPS; ++i) {
        /* mostly go on with what is new, so that chains get long */
        const unsigned back =
            random_below(r, 3) ? random_below(r, 3) : random_below(r, (unsigned)r->count);
        const pb_value x = r->values[r->count - 1 - (int)(back < (unsigned)r->count ? back : 0)];
        const pb_value z = r->values[random_below(r, (unsigned)r->count)];
        pb_value y;
        switch (random_below(r, 8)) {
        case 0:
        case 1: y = random_unary(r, x); break;
        case 2: y = random_binary(r, x, z); break;
        case 3:
        case 4: y = random_movement(r, x); break;
        case 5: y = random_reduction(r, x); break;
        case 6: y = random_product(r, x, z); break;
        default: y = random_window(r, x); break;
        }
        if (y != x) r->values[r->count++] = y;
    }
}

#endif
