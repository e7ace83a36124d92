/* Packed samples become values again, by ordinary ops. passband/packing.h tells the layout. */
#include "graph/store.h"

#include <math.h>

/* Bit k of each number 0..255 of x [..., 1]: floor(x / 2^k) mod 2 -> [..., 8]. All of it is exact.
 */
static pb_value bits_of(pb_graph *g, pb_value x)
{
    float low[8], high[8];
    for (int k = 0; k < 8; k++) {
        low[k] = ldexpf(1, -k);
        high[k] = ldexpf(1, -k - 1);
    }
    const pb_value down = pb_mul(g, x, pb_constant_data(g, low, PB_SHAPE(8)));
    const pb_value further = pb_mul(g, x, pb_constant_data(g, high, PB_SHAPE(8)));
    return pb_sub(g, pb_floor(g, down), pb_scale(g, pb_floor(g, further), 2));
}

/* code = sum of 2^p times bit p, over the planes: [N, bits * plane] -> [N, count] */
static pb_value codes_of_planes(pb_graph *g, pb_value rows, int bits, int count)
{
    const int samples = pb_value_shape(g, rows).dim[0], plane = (count + 7) / 8;
    pb_value codes = PB_NONE;
    for (int p = 0; p < bits; p++) {
        const int begin[] = {0, p * plane};
        const pb_value bytes = pb_slice(g, rows, begin, PB_SHAPE(samples, plane));
        const pb_value one = pb_reshape(g, bytes, PB_SHAPE(samples, plane, 1));
        const pb_value weighted = pb_scale(g, bits_of(g, one), ldexpf(1, p));
        codes = p == 0 ? weighted : pb_add(g, codes, weighted);
    }
    const pb_value all = pb_reshape(g, codes, PB_SHAPE(samples, 8 * plane));
    return pb_slice(g, all, (const int[]){0, 0}, PB_SHAPE(samples, count));
}

/* 2^e, 0 <= e < 32, exactly: the product of 2^(2^k) over the bits k of e. */
static pb_value power_of_two(pb_graph *g, pb_value e)
{
    pb_value power = PB_NONE;
    for (int k = 0; k < 5; k++) {
        const pb_value down = pb_floor(g, pb_scale(g, e, ldexpf(1, -k)));
        const pb_value twice = pb_scale(g, pb_floor(g, pb_scale(g, e, ldexpf(1, -k - 1))), 2);
        const pb_value one = pb_constant(g, 1, PB_SCALAR);
        const pb_value factor =
            pb_select(g, pb_sub(g, down, twice), pb_constant(g, ldexpf(1, 1 << k), PB_SCALAR), one);
        power = k == 0 ? factor : pb_mul(g, power, factor);
    }
    return power;
}

/* (-1)^s m 2^-24 where e = 0, else (-1)^s (1024 + m) 2^(e - 25), from s e m in 1 + 5 + 10 bits. */
static pb_value values_of_halves(pb_graph *g, pb_value rows, int count)
{
    const pb_shape shape = PB_SHAPE(pb_value_shape(g, rows).dim[0], count);
    const pb_value low = pb_slice(g, rows, (const int[]){0, 0}, shape);
    const pb_value high = pb_slice(g, rows, (const int[]){0, count}, shape);
    const pb_value negative = pb_less(g, pb_constant(g, 127.5f, PB_SCALAR), high);
    const pb_value upper = pb_sub(g, high, pb_scale(g, negative, 128));
    const pb_value e = pb_floor(g, pb_scale(g, upper, 0.25f));
    const pb_value m =
        pb_add(g, pb_scale(g, pb_sub(g, upper, pb_scale(g, e, 4)), 256), low); /* below 1024 */
    const pb_value normal = pb_mul(g, pb_add(g, m, pb_constant(g, 1024, PB_SCALAR)),
                                   pb_scale(g, power_of_two(g, e), ldexpf(1, -25)));
    const pb_value size = pb_select(g, e, normal, pb_scale(g, m, ldexpf(1, -24)));
    return pb_select(g, negative, pb_neg(g, size), size);
}

/* [N, count] or anything of as many numbers -> [N, shape...] */
static pb_value shaped(pb_graph *g, pb_value x, const pb_packing *packing)
{
    return pb_reshape(g, x, pb_shape_batch(pb_value_shape(g, x).dim[0], packing->shape));
}

static pb_value levels(pb_graph *g, const float *numbers, const pb_packing *packing)
{
    if (packing->steps == 1) return pb_constant(g, numbers[0], PB_SCALAR);
    return pb_constant_data(g, numbers, packing->shape);
}

pb_value pb_dequantise(pb_graph *g, pb_value codes, const pb_packing *packing)
{
    if (pb_graph_status(g) != PB_OK) return PB_NONE;
    const pb_value scaled = pb_mul(g, codes, levels(g, packing->step, packing));
    return pb_add(g, scaled, levels(g, packing->offset, packing));
}

pb_value pb_unpack(pb_graph *g, pb_value rows, const pb_packing *packing)
{
    if (pb_graph_status(g) != PB_OK) return PB_NONE;
    if (packing->bits == PB_BITS_FLOAT) return shaped(g, rows, packing);
    const int count = (int)pb_shape_count(packing->shape);
    const pb_value bytes = pb_cast(g, pb_each_step(g, rows), PB_F32);
    if (packing->bits == PB_BITS_HALF) return shaped(g, values_of_halves(g, bytes, count), packing);
    const pb_value codes =
        packing->bits == 8 ? bytes : codes_of_planes(g, bytes, packing->bits, count);
    return pb_dequantise(g, shaped(g, codes, packing), packing);
}
