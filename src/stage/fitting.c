/* Learning from the training split before a graph is built: what a stage asks for, and what it
 * keeps. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage/stages.h"

/* ---- asking ---- */

static void observe(pb_builder *b, const char *name, pb_statistic statistic, pb_value value)
{
    if (b->observation_count == PB_BUILDER_MAX) {
        pb_graph_fail(b->g, PB_ERR_CONFIG, "a stage can observe at most %d values", PB_BUILDER_MAX);
        return;
    }
    pb_observation *o = &b->observations[b->observation_count++];
    *o = (pb_observation){.statistic = statistic, .value = value};
    snprintf(o->name, sizeof o->name, "%s", name);
}

void pb_builder_observe_batch(pb_builder *b, const char *name, pb_value value)
{
    observe(b, name, PB_STATISTIC_SUM, value);
}

void pb_builder_observe(pb_builder *b, const char *name, pb_statistic statistic,
                        pb_value of_samples)
{
    pb_graph *g = b->g;
    pb_value rows = pb_reshape(g, of_samples, PB_SHAPE(b->batch, -1)), value;
    if (statistic == PB_STATISTIC_SUM) {
        if (b->weights != PB_NONE)
            rows = pb_mul(g, rows, pb_reshape(g, b->weights, PB_SHAPE(b->batch, 1)));
        value = pb_sum(g, rows, 0, false);
    } else if (statistic == PB_STATISTIC_MOST) {
        value = pb_max(g, rows, 0, false); /* a batch is filled up with real samples */
    } else {
        value = pb_neg(g, pb_max(g, pb_neg(g, rows), 0, false));
    }
    const pb_shape sample = pb_shape_sample(pb_value_shape(g, of_samples));
    observe(b, name, statistic, pb_reshape(g, value, sample));
}

/* ---- learning ---- */

const double *pb_fitting_observed(const pb_fitting *fitting, const char *name, size_t *count)
{
    int at = 0;
    while (at < fitting->count && strcmp(fitting->observed[at].name, name) != 0) at++;
    assert(at < fitting->count);
    if (count) *count = fitting->observed[at].count;
    return fitting->observed[at].numbers;
}

pb_status pb_fitting_put(pb_fitting *fitting, const char *name, pb_shape shape,
                         const double *numbers)
{
    char full[96];
    snprintf(full, sizeof full, "%s.%s", fitting->scope, name);
    const size_t count = pb_shape_count(shape);
    float *rounded = malloc(count * sizeof *rounded);
    if (!rounded) return pb_fail(fitting->ctx, PB_ERR_MEMORY, "no memory for %s", full);
    for (size_t i = 0; i < count; i++) rounded[i] = (float)numbers[i];
    const pb_status status = pb_fitted_put(fitting->ctx, fitting->fitted, full, shape, rounded);
    free(rounded);
    return status;
}

/* ---- using ---- */

const float *pb_builder_learned(pb_builder *b, const char *name, pb_shape shape)
{
    char full[96];
    snprintf(full, sizeof full, "%s.%s", b->scope, name);
    if (!b->fitted) {
        b->unlearned = true;
        return NULL;
    }
    const pb_fitted_array *array = pb_fitted_find(b->fitted, full);
    if (array && pb_shape_equal(array->shape, shape)) return array->data;
    if (array)
        pb_graph_fail(b->g, PB_ERR_SHAPE, "%s is %s, these samples need %s", full,
                      pb_shape_words(array->shape).text, pb_shape_words(shape).text);
    else
        pb_graph_fail(b->g, PB_ERR_CONFIG,
                      "%s is missing: it is learned from the training split before", full);
    return NULL;
}

pb_value pb_builder_fitted(pb_builder *b, const char *name, pb_shape shape)
{
    const float *numbers = pb_builder_learned(b, name, shape);
    if (numbers) return pb_constant_data(b->g, numbers, shape);
    return b->fitted ? PB_NONE : pb_constant(b->g, 0, shape);
}
