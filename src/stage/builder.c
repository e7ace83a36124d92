/* Building a program stage by stage: names, parameters, losses, and what stages leave for each
 * other. */
#include <stdio.h>
#include <string.h>

#include "graph/op.h"
#include "stage/stages.h"

void pb_builder_init(pb_builder *b, pb_context *ctx, pb_graph *g, bool training, int classes,
                     pb_value samples, pb_value labels)
{
    memset(b, 0, sizeof *b);
    b->ctx = ctx;
    b->g = g;
    b->training = training;
    b->classes = classes;
    b->x = samples;
    b->labels = labels;
    b->batch = samples == PB_NONE ? 0 : pb_value_shape(g, samples).dim[0];
    b->average.leaf = b->average.share = b->statistics_share = PB_NONE;
    b->draws = (pb_draw){PB_NONE, PB_NONE, PB_NONE};
    b->targets = b->step = b->input = b->codes = b->quantised = b->weights = b->weight_sum =
        b->logits = b->loss = PB_NONE;
}

/* Calls one of the stage's functions under its scope. */
static pb_status call(pb_builder *b, const pb_stage *stage, int ordinal, const pb_options *options,
                      pb_status (*function)(pb_builder *b, const pb_options *options))
{
    PB_TRY(pb_graph_status(b->g));
    snprintf(b->scope, sizeof b->scope, "%s_%d", stage->name, ordinal);
    pb_graph_scope(b->g, b->scope);
    const pb_status status = function(b, options);
    pb_graph_scope(b->g, NULL);
    PB_TRY(pb_graph_status(b->g)); /* the graph has put the scope before its sentence already */
    if (status != PB_OK) return pb_fail_prefix(b->ctx, status, "%s", b->scope);
    return PB_OK;
}

pb_status pb_stage_build(pb_builder *b, const pb_stage *stage, int ordinal,
                         const pb_options *options)
{
    if (stage->kind == PB_STAGE_LAYER && b->input == PB_NONE) b->input = b->x;
    const int inverses = b->inverse_count;
    const pb_value taken = b->x;
    PB_TRY(call(b, stage, ordinal, options, stage->build));
    const bool transforms = stage->kind == PB_STAGE_TRANSFORM && b->input == PB_NONE;
    if (transforms && b->x != taken && b->inverse_count == inverses && !b->irreversible)
        b->irreversible = stage->name;
    return PB_OK;
}

pb_status pb_stage_observe(pb_builder *b, const pb_stage *stage, int ordinal,
                           const pb_options *options)
{
    return call(b, stage, ordinal, options, stage->observe);
}

/* ---- lists of named values ---- */

/* The lists are far longer than any real network needs; a full one is an error of the graph, so
 * that build functions need not check every call. */
static bool has_room(pb_builder *b, int count, int capacity, const char *what)
{
    if (count < capacity) return true;
    pb_graph_fail(b->g, PB_ERR_CONFIG, "a network can have at most %d %s", capacity, what);
    return false;
}

static int find_named(const pb_named_value *list, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(list[i].name, name) == 0) return i;
    }
    return -1;
}

static void append_named(pb_builder *b, pb_named_value *list, int *count, const char *name,
                         pb_value value, const char *what)
{
    if (!has_room(b, *count, PB_BUILDER_MAX, what)) return;
    snprintf(list[*count].name, sizeof list[*count].name, "%s", name);
    list[(*count)++].value = value;
}

void pb_builder_add_loss(pb_builder *b, const char *name, pb_value value, float weight)
{
    if (find_named(b->losses, b->loss_count, name) >= 0) {
        pb_graph_fail(b->g, PB_ERR_CONFIG,
                      "there is a loss named %s already: a network has one of each", name);
        return;
    }
    append_named(b, b->losses, &b->loss_count, name, value, "losses");
    const pb_value weighted = weight == 1 ? value : pb_scale(b->g, value, weight);
    b->loss = b->loss == PB_NONE ? weighted : pb_add(b->g, b->loss, weighted);
}

void pb_builder_log(pb_builder *b, const char *name, pb_value value)
{
    if (find_named(b->logs, b->log_count, name) >= 0) {
        pb_graph_fail(b->g, PB_ERR_CONFIG, "%s is recorded already: a network has one of each",
                      name);
        return;
    }
    append_named(b, b->logs, &b->log_count, name, value, "recorded values");
}

void pb_builder_keep(pb_builder *b, const char *name, pb_value value)
{
    const int at = find_named(b->kept, b->kept_count, name);
    if (at >= 0) {
        b->kept[at].value = value; /* the stage nearest before a reader is the one it means */
    } else {
        append_named(b, b->kept, &b->kept_count, name, value, "kept values");
    }
}

pb_value pb_builder_find(const pb_builder *b, const char *name)
{
    const int at = find_named(b->kept, b->kept_count, name);
    return at < 0 ? PB_NONE : b->kept[at].value;
}

void pb_builder_assign(pb_builder *b, pb_value target, pb_value value)
{
    if (!has_room(b, b->assign_count, PB_BUILDER_MAX, "assignments")) return;
    b->assigns[b->assign_count++] = pb_assign(b->g, target, value);
}

/* ---- quantised values ---- */

/* In memory of the graph; NULL stands for zeros. */
static float *copy_numbers(pb_builder *b, const float numbers[], int count)
{
    float *copy = pb_graph_memory(b->g, (size_t)count * sizeof *copy);
    if (copy && numbers) memcpy(copy, numbers, (size_t)count * sizeof *copy);
    return copy;
}

void pb_builder_coded(pb_builder *b, pb_value codes, int bits, int steps, const float offset[],
                      const float step[])
{
    if (pb_graph_status(b->g) != PB_OK) return;
    const pb_shape sample = pb_shape_sample(pb_value_shape(b->g, b->x));
    b->packing = (pb_packing){.shape = sample, .bits = bits, .steps = steps};
    if (steps) b->packing.offset = copy_numbers(b, offset, steps);
    if (steps) b->packing.step = copy_numbers(b, step, steps);
    b->codes = codes;
    b->quantised = b->x;
}

/* ---- leaves ---- */

/* The leaf of that name if an earlier program of the graph made it. */
static pb_value shared_leaf(pb_builder *b, const char *name, pb_shape shape)
{
    const pb_value leaf = pb_graph_find(b->g, name);
    if (leaf == PB_NONE || pb_shape_equal(pb_value_shape(b->g, leaf), shape)) return leaf;
    return pb_graph_fail(b->g, PB_ERR_SHAPE, "%s has shape %s in one program and %s in another",
                         name, pb_shape_words(pb_value_shape(b->g, leaf)).text,
                         pb_shape_words(shape).text);
}

/* "<scope>.<name>": the leaf of an earlier program, or a new one. */
static pb_value common_leaf(pb_builder *b, pb_role role, const char *name, pb_shape shape,
                            pb_init start)
{
    char full[128];
    snprintf(full, sizeof full, "%s.%s", b->scope, name);
    const pb_value leaf = shared_leaf(b, full, shape);
    return leaf != PB_NONE ? leaf : pb_leaf(b->g, role, full, PB_F32, shape, start);
}

static pb_value common_param(pb_builder *b, const char *name, pb_shape shape, pb_init start)
{
    if (!has_room(b, b->param_count, PB_BUILDER_MAX * 4, "parameters")) return PB_NONE;
    const pb_value leaf = common_leaf(b, PB_ROLE_PARAM, name, shape, start);
    const pb_value average =
        b->training && !b->averaged ? PB_NONE : pb_builder_average_of(b->g, leaf);
    return b->params[b->param_count++] = average != PB_NONE ? average : leaf;
}

pb_value pb_builder_average_of(const pb_graph *g, pb_value param)
{
    char name[160];
    snprintf(name, sizeof name, "%s.average", param == PB_NONE ? "" : pb_value_name(g, param));
    return pb_graph_find(g, name);
}

pb_value pb_builder_param(pb_builder *b, const char *name, pb_shape shape, float bound)
{
    const pb_init uniform = {.kind = PB_INIT_UNIFORM, .a = -bound, .b = bound};
    return common_param(b, name, shape, uniform);
}

pb_value pb_builder_param_from(pb_builder *b, const char *name, pb_shape shape, float number)
{
    return common_param(b, name, shape, (pb_init){.kind = PB_INIT_CONSTANT, .a = number});
}

pb_value pb_builder_buffer(pb_builder *b, const char *name, pb_shape shape, float number)
{
    if (!has_room(b, b->buffer_count, PB_BUILDER_MAX, "running statistics")) return PB_NONE;
    const pb_init start = {.kind = PB_INIT_CONSTANT, .a = number};
    const pb_value leaf = common_leaf(b, PB_ROLE_STATE, name, shape, start);
    b->buffers[b->buffer_count++] = leaf;
    return leaf;
}

pb_value pb_builder_state(pb_builder *b, const char *name, pb_shape shape)
{
    return pb_builder_state_from(b, name, shape, 0);
}

pb_value pb_builder_state_from(pb_builder *b, const char *name, pb_shape shape, float number)
{
    char full[128];
    snprintf(full, sizeof full, "%s.%s", b->scope, name);
    const pb_init start = {.kind = PB_INIT_CONSTANT, .a = number};
    return pb_leaf(b->g, PB_ROLE_STATE, full, PB_F32, shape, start);
}

/* ---- random numbers ---- */

static pb_value draw(pb_builder *b, const char *purpose, pb_shape shape,
                     pb_value (*numbers)(pb_graph *g, const pb_draw *draws, pb_shape shape,
                                         const char *purpose))
{
    char full[128];
    if (b->draws.sample == PB_NONE)
        return pb_graph_fail(b->g, PB_ERR_USAGE,
                             "it draws random numbers, but this program does not tell its samples' "
                             "numbers in the data set");
    snprintf(full, sizeof full, "%s.%s", b->scope, purpose);
    return numbers(b->g, &b->draws, shape, full);
}

pb_value pb_builder_uniform(pb_builder *b, const char *purpose, pb_shape shape)
{
    return draw(b, purpose, shape, pb_random_uniform);
}

pb_value pb_builder_normal(pb_builder *b, const char *purpose, pb_shape shape)
{
    return draw(b, purpose, shape, pb_random_normal);
}

pb_value pb_builder_mean(pb_builder *b, pb_value of_samples)
{
    if (b->weights == PB_NONE) return pb_mean_all(b->g, of_samples);
    return pb_div(b->g, pb_sum_all(b->g, pb_mul(b->g, of_samples, b->weights)), b->weight_sum);
}
