/* quantize: numbers become codes of a few bits, and codes become the numbers that the network sees:
 *
 *     code = clamp(floor((x - low) / step + 1/2), 0, 2^bits - 1),    x' = low + step code.
 *
 * Source of the spans of a normal distribution: Max, "Quantizing for minimum distortion", IRE
 * Trans. IT-6 (1960), table II. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "stage/separable.h"

enum { HALF_BITS = 16 };

static const pb_option quantize_options[] = {
    {.name = "bits",
     .type = PB_OPTION_INT,
     .fallback = "8",
     .min = 1,
     .max = HALF_BITS,
     .help = "of a number: 1 to 8, or 16 for IEEE halves, which need nothing else"},
    {.name = "range",
     .type = PB_OPTION_CHOICE,
     .fallback = "extremes",
     .choices = "extremes|deviation",
     .help = "what the codes span: from the least to the largest number of the training split, or "
             "the mean and as many deviations as suit a normal distribution"},
    {.name = "steps",
     .type = PB_OPTION_CHOICE,
     .fallback = "each",
     .choices = "each|shared",
     .help = "each number of a sample has its own step, or all have that of the widest"},
    {.name = "dead_zone",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = 0,
     .max = 1e3,
     .help = "steps by which the interval about 0 that becomes 0 is widened on either side"},
    {.name = "rounding",
     .type = PB_OPTION_CHOICE,
     .fallback = "nearest",
     .choices = "nearest|stochastic",
     .help = "stochastic: up or down by chance, so that the mean stays; the chance follows from "
             "the seed and the sample"},
    {.name = "seed",
     .type = PB_OPTION_INT,
     .fallback = "0",
     .min = 0,
     .max = 9e18,
     .help = "of the chance (rounding: stochastic)"},
    {0},
};

static bool is_choice(const pb_options *options, const char *name, const char *choice)
{
    return strcmp(pb_option_string(options, name), choice) == 0;
}

static pb_status check(pb_context *ctx, const pb_options *options)
{
    const int bits = (int)pb_option_int(options, "bits");
    if (bits > 8 && bits < HALF_BITS)
        return pb_fail(ctx, PB_ERR_CONFIG, "bits is %d; allowed is 1 to 8, or 16", bits);
    if (bits == 1 && pb_option_float(options, "dead_zone") > 0)
        return pb_fail(ctx, PB_ERR_CONFIG, "a dead zone needs at least 2 bits");
    return PB_OK;
}

/* ---- learning the steps ---- */

static pb_status quantize_observe(pb_builder *b, const pb_options *options)
{
    PB_TRY(check(b->ctx, options));
    if (pb_option_int(options, "bits") == HALF_BITS) return PB_OK;
    if (is_choice(options, "range", "extremes")) {
        pb_builder_observe(b, "least", PB_STATISTIC_LEAST, b->x);
        pb_builder_observe(b, "most", PB_STATISTIC_MOST, b->x);
    } else {
        pb_builder_observe(b, "sum", PB_STATISTIC_SUM, b->x);
        pb_builder_observe(b, "squares", PB_STATISTIC_SUM, pb_square(b->g, b->x));
    }
    return PB_OK;
}

/* Least and largest number that number i of a sample should be able to become. */
static void span_of(const pb_fitting *f, const pb_options *options, size_t i, double *low,
                    double *high)
{
    static const double deviations[] = {0,      0.7980, 1.4935, 2.0510, 2.5139,
                                        2.9161, 3.2785, 3.6135, 3.9244};
    if (is_choice(options, "range", "extremes")) {
        *low = pb_fitting_observed(f, "least", NULL)[i];
        *high = pb_fitting_observed(f, "most", NULL)[i];
        return;
    }
    const double rows = (double)f->rows;
    const double mean = pb_fitting_observed(f, "sum", NULL)[i] / rows;
    const double square = pb_fitting_observed(f, "squares", NULL)[i] / rows;
    const double half =
        deviations[pb_option_int(options, "bits")] * sqrt(fmax(square - mean * mean, 0));
    *low = mean - half;
    *high = mean + half;
}

/* A number that never changes has a step too: any will do. */
static double step_of(double low, double high, int levels)
{
    return high > low ? (high - low) / (levels - 1) : 1;
}

static void learn(const pb_fitting *f, const pb_options *options, size_t count, double *low,
                  double *step)
{
    const int levels = 1 << pb_option_int(options, "bits");
    double widest = 0;
    for (size_t i = 0; i < count; i++) {
        double high;
        span_of(f, options, i, &low[i], &high);
        widest = fmax(widest, high - low[i]);
        step[i] = step_of(low[i], high, levels);
        if (!is_choice(options, "steps", "shared")) continue;
        low[i] = (low[i] + high) / 2; /* the middle, until the widest is known */
    }
    for (size_t i = 0; is_choice(options, "steps", "shared") && i < count; i++) {
        step[i] = step_of(0, widest, levels);
        low[i] -= step[i] * (levels - 1) / 2;
    }
    /* With a dead zone, 0 must be one of the levels. */
    for (size_t i = 0; pb_option_float(options, "dead_zone") > 0 && i < count; i++)
        low[i] = -step[i] * round(-low[i] / step[i]);
}

static pb_status quantize_fit(pb_fitting *f, const pb_options *options)
{
    const size_t count = pb_shape_count(f->sample);
    double *low = malloc(count * sizeof *low), *step = malloc(count * sizeof *step);
    pb_status status;
    if (low && step) {
        learn(f, options, count, low, step);
        status = pb_fitting_put(f, "low", f->sample, low);
        if (status == PB_OK) status = pb_fitting_put(f, "step", f->sample, step);
    } else {
        status = pb_fail(f->ctx, PB_ERR_MEMORY, "no memory for %zu steps", count);
    }
    free(low);
    free(step);
    return status;
}

/* ---- quantising ---- */

/* Uniform numbers in [0, 1), as a constant. */
static pb_value draw(pb_graph *g, uint64_t seed, const char *purpose, float scale, int count)
{
    float *u = pb_graph_memory(g, (size_t)count * sizeof *u);
    if (!u) return PB_NONE;
    const pb_stream stream = pb_stream_make(seed, purpose, 0);
    for (int i = 0; i < count; i++) u[i] = scale * pb_stream_uniform(stream, (uint64_t)i);
    return pb_constant_data(g, u, PB_SHAPE(count));
}

static pb_value fraction(pb_graph *g, pb_value a)
{
    return pb_sub(g, a, pb_floor(g, a));
}

/* What is added before rounding down, in [0, 1) and the same for a sample whenever it is asked: a
 * number of Philox for each place, shifted (Cranley and Patterson, 1976) by a hash of the sample.
 */
static pb_value chance(pb_builder *b, const pb_options *options, pb_value t)
{
    pb_graph *g = b->g;
    const int count = (int)pb_builder_sample_count(b);
    const uint64_t seed = (uint64_t)pb_option_int(options, "seed");
    const pb_value places = draw(g, seed, "quantize", 1, count);
    const pb_value factors = draw(g, seed, "quantize.hash", 64, count);
    const pb_value flat = pb_reshape(g, t, PB_SHAPE(b->batch, count));
    const pb_value hash = fraction(g, pb_sum(g, fraction(g, pb_mul(g, flat, factors)), 1, true));
    return pb_reshape(g, fraction(g, pb_add(g, places, hash)), pb_value_shape(g, t));
}

static pb_value zero_within(pb_graph *g, pb_value x, pb_value step, float dead_zone)
{
    const pb_value limit = pb_scale(g, step, 0.5f + dead_zone);
    return pb_mul(g, x, pb_sub(g, pb_constant(g, 1, PB_SCALAR), pb_less(g, pb_abs(g, x), limit)));
}

static pb_value codes_of(pb_builder *b, const pb_options *options, pb_value low, pb_value step)
{
    pb_graph *g = b->g;
    const float dead_zone = (float)pb_option_float(options, "dead_zone");
    const float most = (float)((1 << pb_option_int(options, "bits")) - 1);
    const pb_value x = dead_zone > 0 ? zero_within(g, b->x, step, dead_zone) : b->x;
    const pb_value t = pb_div(g, pb_sub(g, x, low), step);
    pb_value up = pb_constant(g, 0.5f, PB_SCALAR);
    if (is_choice(options, "rounding", "stochastic")) up = chance(b, options, t);
    const pb_value code = pb_floor(g, pb_add(g, t, up));
    return pb_minimum(g, pb_maximum(g, code, pb_constant(g, 0, PB_SCALAR)),
                      pb_constant(g, most, PB_SCALAR));
}

/* The gradient goes through as if nothing had been rounded (the straight-through estimator): x - x
 * is zero exactly, but only one of the two has a gradient. */
static pb_value straight_through(pb_graph *g, pb_value x, pb_value rounded)
{
    return pb_add(g, pb_detach(g, rounded), pb_sub(g, x, pb_detach(g, x)));
}

static pb_status quantize_build(pb_builder *b, const pb_options *options)
{
    pb_graph *g = b->g;
    const pb_shape taken = pb_value_shape(g, b->x);
    const int bits = (int)pb_option_int(options, "bits");
    const float *low_numbers = NULL, *step_numbers = NULL; /* on the host */
    pb_value rounded, codes = PB_NONE;
    PB_TRY(check(b->ctx, options));
    if (bits == HALF_BITS) {
        rounded = pb_half(g, b->x);
    } else {
        const pb_shape sample = pb_shape_sample(taken);
        const pb_value low = pb_builder_fitted(b, "low", sample);
        const pb_value step = pb_builder_fitted(b, "step", sample);
        low_numbers = pb_builder_learned(b, "low", sample);
        step_numbers = pb_builder_learned(b, "step", sample);
        codes = codes_of(b, options, low, step);
        pb_builder_keep(b, "codes", codes);
        rounded = pb_add(g, low, pb_mul(g, codes, step));
    }
    b->x = straight_through(g, b->x, rounded);
    const int steps = bits == HALF_BITS ? 0 : (int)pb_builder_sample_count(b);
    pb_builder_coded(b, codes, bits, steps, low_numbers, step_numbers);
    pb_builder_inverse(b, options, taken, pb_inverse_same);
    return PB_OK;
}

const pb_stage pb_stage_quantize = {
    .name = "quantize",
    .summary = "numbers of a few bits, their steps learned from the training split",
    .kind = PB_STAGE_TRANSFORM,
    .options = quantize_options,
    .build = quantize_build,
    .observe = quantize_observe,
    .fit = quantize_fit,
};
