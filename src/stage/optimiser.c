/* Optimisers register while stages are built; pb_builder_finish then asks for all gradients at
 * once, so that they share one backward pass, and lets each optimiser update its parameters as one
 * flat buffer. */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "stage/stages.h"

/* "conv1d_1.weight, conv1d_1.bias, ..." as far as the space goes: what a pattern can fit. */
static void list_free_params(const pb_builder *b, char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    for (int i = 0; i < b->param_count && length + 1 < size; i++) {
        if (b->owner[i] != 0) continue;
        length += (size_t)snprintf(text + length, size - length, "%s%s", length > 0 ? ", " : "",
                                   pb_value_name(b->g, b->params[i]));
    }
    if (length >= size) memcpy(text + size - 4, "...", 4);
}

pb_status pb_builder_take(pb_builder *b, const char *pattern, int owner)
{
    if (!b->training) return PB_OK;
    int taken = 0;
    for (int i = 0; i < b->param_count; i++) {
        const char *name = pb_value_name(b->g, b->params[i]);
        if (b->owner[i] == 0 && name != NULL && fnmatch(pattern, name, 0) == 0) {
            b->owner[i] = owner;
            taken++;
        }
    }
    if (taken > 0) return PB_OK;
    char names[400];
    list_free_params(b, names, sizeof names);
    return pb_fail(b->ctx, PB_ERR_CONFIG,
                   "params: \"%s\" fits no parameter that is left; there %s%s", pattern,
                   names[0] != '\0' ? "are " : "is none", names);
}

pb_status pb_builder_optimiser(pb_builder *b, const pb_options *options,
                               pb_value (*update)(pb_builder *b, const pb_optimiser *o,
                                                  pb_value params, pb_value gradients))
{
    if (!b->training) return PB_OK;
    if (b->rate_count == PB_BUILDER_MAX) {
        return pb_fail(b->ctx, PB_ERR_CONFIG, "a network can have at most %d optimisers",
                       PB_BUILDER_MAX);
    }
    PB_TRY(pb_builder_take(b, pb_option_string(options, "params"), 1 + b->rate_count));
    pb_rate *rate = &b->rates[b->rate_count];
    pb_optimiser *optimiser = &b->optimisers[b->rate_count];
    *optimiser = (pb_optimiser){.options = options, .update = update};
    PB_TRY(pb_rate_read(b, options, rate, &optimiser->rate));
    snprintf(optimiser->scope, sizeof optimiser->scope, "%s", b->scope);
    b->rate_count++;
    return PB_OK;
}

pb_value pb_blend(pb_graph *g, double share, pb_value old, pb_value new)
{
    return pb_add(g, pb_scale(g, old, (float)share), pb_scale(g, new, (float)(1 - share)));
}

pb_value pb_builder_unclaimed(const pb_builder *b)
{
    for (int i = 0; i < b->param_count; i++) {
        if (b->owner[i] == 0) return b->params[i];
    }
    return PB_NONE;
}

/* Those of `values`, [param_count], whose parameters an optimiser took, one after another in a flat
 * buffer. */
static pb_value flatten(pb_builder *b, int index, const pb_value values[])
{
    pb_value own[PB_BUILDER_MAX * 4];
    int count = 0;
    for (int i = 0; i < b->param_count; i++)
        if (b->owner[i] == 1 + index) own[count++] = values[i];
    return pb_flatten_all(b->g, count, own);
}

/* min(1, norm / (sqrt(sum of all squares) + 1e-6)): what gradients are multiplied by. */
static pb_value clip_factor(pb_builder *b)
{
    pb_value squares = pb_constant(b->g, 0, PB_SCALAR);
    for (int i = 0; i < b->rate_count; i++) {
        const pb_value slope = flatten(b, i, b->gradients);
        squares = pb_add(b->g, squares, pb_sum_all(b->g, pb_square(b->g, slope)));
    }
    const pb_value one = pb_constant(b->g, 1, PB_SCALAR);
    const pb_value norm = pb_add(b->g, pb_sqrt(b->g, squares), pb_constant(b->g, 1e-6f, PB_SCALAR));
    const pb_value most = pb_constant(b->g, (float)b->clip_norm, PB_SCALAR);
    return pb_minimum(b->g, one, pb_div(b->g, most, norm));
}

/* average = average + share (new - average) */
static void update_average(pb_builder *b, int index, pb_value new)
{
    pb_value averages[PB_BUILDER_MAX * 4];
    for (int i = 0; i < b->param_count; i++) {
        if (b->owner[i] != 1 + index) continue;
        char name[160];
        snprintf(name, sizeof name, "%s.average", pb_value_name(b->g, b->params[i]));
        averages[i] = pb_leaf(b->g, PB_ROLE_STATE, name, PB_F32, pb_value_shape(b->g, b->params[i]),
                              (pb_init){.kind = PB_INIT_CONSTANT});
    }
    const pb_value flat = flatten(b, index, averages);
    const pb_value change = pb_mul(b->g, b->average.share, pb_sub(b->g, new, flat));
    pb_builder_assign(b, flat, pb_add(b->g, flat, change));
}

static void update_params(pb_builder *b, int index, pb_value factor)
{
    const pb_optimiser *optimiser = &b->optimisers[index];
    snprintf(b->scope, sizeof b->scope, "%s", optimiser->scope);
    pb_graph_scope(b->g, b->scope);
    const pb_value flat = flatten(b, index, b->params);
    pb_value slope = flatten(b, index, b->gradients);
    if (factor != PB_NONE) slope = pb_mul(b->g, slope, factor);
    const pb_value new = optimiser->update(b, optimiser, flat, slope);
    pb_builder_assign(b, flat, new);
    if (b->average.share != PB_NONE) update_average(b, index, new);
}

pb_status pb_builder_finish(pb_builder *b)
{
    PB_TRY(pb_graph_status(b->g));
    if (b->loss == PB_NONE) {
        return pb_fail(b->ctx, PB_ERR_CONFIG, "the stages have no loss; cross_entropy is one");
    }
    if (!b->training) return PB_OK;
    const pb_value left = pb_builder_unclaimed(b);
    if (left != PB_NONE) {
        return pb_fail(
            b->ctx, PB_ERR_CONFIG,
            "no optimiser takes %s; add one after the layers, or widen the pattern `params` of one",
            pb_value_name(b->g, left));
    }
    if (b->param_count > 0) {
        pb_graph_scope(b->g, "gradient");
        PB_TRY(pb_gradient(b->g, b->loss, b->param_count, b->params, b->gradients));
    }
    const pb_value factor = b->clip_norm > 0 ? clip_factor(b) : PB_NONE;
    for (int i = 0; i < b->rate_count; i++) update_params(b, i, factor);
    pb_graph_scope(b->g, NULL);
    return pb_graph_status(b->g);
}
