/* group_lasso: a penalty under which a layer does without whole bands of frequencies.
 * Source: Yuan and Lin, "Model selection and estimation in regression with grouped variables",
 * J. R. Statist. Soc. B 68 (2006). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage/bands.h"
#include "stage/stages.h"

static const pb_option group_lasso_options[] = {
    {.name = "weight",
     .type = PB_OPTION_FLOAT,
     .min = 0,
     .max = 1e6,
     .help = "factor of the penalty beside the losses"},
    {.name = "params",
     .type = PB_OPTION_STRING,
     .fallback = "linear_1.weight",
     .help = "weights [out, in] of the linear stage that takes the coefficients"},
    {.name = "bands",
     .type = PB_OPTION_INT,
     .fallback = "8",
     .min = 1,
     .max = 256,
     .help = "rings of equal width, as band_mask has them"},
    {0},
};

/* Coefficients of a sample as [planes, height, width], as the first layer takes them. */
static pb_status block_of(pb_builder *b, pb_shape *block)
{
    const pb_value found = pb_builder_find(b, "coefficients");
    const pb_shape s = pb_value_shape(b->g, found != PB_NONE ? found : pb_builder_transformed(b));
    if (s.axes < 3)
        return pb_fail(
            b->ctx, PB_ERR_SHAPE,
            "needs coefficients [batch, height, width] before the first layer, but there "
            "is %s",
            pb_shape_words(s).text);
    *block = PB_SHAPE(s.axes == 4 ? s.dim[1] : 1, s.dim[s.axes - 2], s.dim[s.axes - 1]);
    return PB_OK;
}

/* A parameter, or what a layer with a weight_transform makes of its own: [out, in]. */
static pb_value find_weights(const pb_builder *b, const char *name)
{
    const pb_value leaf = pb_graph_find(b->g, name);
    for (int i = 0; i < b->param_count; i++)
        if (b->params[i] == leaf) return leaf;
    for (int i = 0; i < b->layer_count; i++) {
        char weight[sizeof b->layers[i].layer + 8];
        snprintf(weight, sizeof weight, "%s.weight", b->layers[i].layer);
        if (strcmp(weight, name) != 0) continue;
        const pb_value w = b->layers[i].after;
        return pb_reshape(b->g, w, PB_SHAPE(pb_value_shape(b->g, w).dim[0], -1));
    }
    return PB_NONE;
}

/* [in, bands]: 1 where the input lies in the band; and how many inputs each band has. */
static float *membership(pb_shape block, int bands, int sizes[])
{
    const int height = block.dim[1], width = block.dim[2];
    const size_t in = pb_shape_count(block);
    float *m = calloc(in * (size_t)bands, sizeof *m);
    for (size_t i = 0; m && i < in; i++) {
        const int place = (int)(i % (size_t)(height * width));
        const int band = pb_band_of(place / width, place % width, height, width, bands);
        m[i * (size_t)bands + (size_t)band] = 1;
        sizes[band]++;
    }
    return m;
}

/* sum_k sqrt(n_k) sqrt(sum of the squares of the n_k weights of band k + 1e-12) */
static pb_value penalty(pb_builder *b, pb_value weights, pb_shape block, int bands)
{
    pb_graph *g = b->g;
    const pb_shape s = pb_value_shape(g, weights);
    int sizes[256] = {0};
    float roots[256], *m = membership(block, bands, sizes);
    if (!m) return PB_NONE;
    for (int k = 0; k < bands; k++) roots[k] = sqrtf((float)(sizes[k] * s.dim[0]));
    const pb_value rings = pb_constant_data(g, m, PB_SHAPE(s.dim[1], bands));
    free(m);
    const pb_value of_inputs = pb_sum(g, pb_square(g, weights), 0, false);
    const pb_value column = pb_reshape(g, of_inputs, PB_SHAPE(s.dim[1], 1));
    const pb_value squares = pb_sum(g, pb_mul(g, column, rings), 0, false);
    const pb_value norms = pb_sqrt(g, pb_add(g, squares, pb_constant(g, 1e-12f, PB_SCALAR)));
    pb_builder_log(b, "band_norms", norms);
    return pb_sum_all(g, pb_mul(g, norms, pb_constant_data(g, roots, PB_SHAPE(bands))));
}

static pb_status group_lasso_build(pb_builder *b, const pb_options *options)
{
    if (!b->training) return PB_OK;
    const char *name = pb_option_string(options, "params");
    const pb_value weights = find_weights(b, name);
    if (weights == PB_NONE)
        return pb_fail(b->ctx, PB_ERR_CONFIG, "params: there is no parameter %s before it", name);
    pb_shape block;
    PB_TRY(block_of(b, &block));
    const pb_shape s = pb_value_shape(b->g, weights);
    if (s.axes != 2 || (size_t)s.dim[1] != pb_shape_count(block))
        return pb_fail(b->ctx, PB_ERR_SHAPE,
                       "%s is %s; it must be of a linear stage that takes the %d coefficients %s",
                       name, pb_shape_words(s).text, (int)pb_shape_count(block),
                       pb_shape_words(block).text);
    const pb_value sum = penalty(b, weights, block, (int)pb_option_int(options, "bands"));
    if (sum == PB_NONE) return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for bands");
    pb_builder_add_loss(b, "group_lasso", sum, (float)pb_option_float(options, "weight"));
    return PB_OK;
}

const pb_stage pb_stage_group_lasso = {
    .name = "group_lasso",
    .summary = "loss: lengths of a layer's weights for each band of frequencies",
    .kind = PB_STAGE_LOSS,
    .options = group_lasso_options,
    .build = group_lasso_build,
};
