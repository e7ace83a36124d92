#include "train/look_graph.h"

#include <stdlib.h>
#include <string.h>

#include "train/applied.h"

static pb_value input(pb_graph *g, const char *name, pb_dtype dtype, pb_shape shape)
{
    return pb_leaf(g, PB_ROLE_INPUT, name, dtype, shape, (pb_init){.kind = PB_INIT_CONSTANT});
}

/* A state of that name, and its assignment. */
static pb_value keep(pb_builder *b, const char *name, pb_value value)
{
    if (value == PB_NONE) return PB_NONE;
    const pb_value leaf = pb_leaf(b->g, PB_ROLE_STATE, name, PB_F32, pb_value_shape(b->g, value),
                                  (pb_init){.kind = PB_INIT_CONSTANT});
    pb_builder_assign(b, leaf, value);
    return leaf;
}

static pb_status end_program(pb_builder *b, const char *name)
{
    const pb_status status = pb_program(b->g, name, b->assign_count, b->assigns);
    b->assign_count = 0;
    return status;
}

/* ---- the network ---- */

/* Puts scale x + shift in the place of what has been built so far; returns x and, in `moved`, what
 * the network sees. */
static pb_value move_input(pb_builder *b, pb_look_graph *look, pb_value *moved)
{
    pb_graph *g = b->g;
    const pb_value x = b->x;
    const pb_shape shape = pb_value_shape(g, x);
    pb_shape each = {.axes = shape.axes};
    for (int a = 0; a < shape.axes; a++) each.dim[a] = a == 0 ? b->batch : 1;
    look->sample = pb_shape_sample(shape);
    look->scale = input(g, "look.scale", PB_F32, PB_SHAPE(b->batch));
    look->shift = input(g, "look.shift", PB_F32, shape);
    *moved = b->x = pb_add(g, pb_mul(g, x, pb_reshape(g, look->scale, each)), look->shift);
    return x;
}

static void describe(pb_builder *b, const pb_config_stage *stage, pb_look_layer *layer)
{
    const pb_shape s = pb_value_shape(b->g, b->x);
    layer->value = b->x;
    layer->convolves = strncmp(stage->stage->name, "conv", 4) == 0;
    layer->channels = s.axes > 2 ? s.dim[1] : 1;
    layer->height = s.axes > 3 ? s.dim[2] : 1;
    layer->width = s.dim[s.axes - 1];
}

/* Whether a stage finishes what the layer before it began, as an activation does. */
static bool belongs_to_layer(const pb_stage *stage)
{
    return strcmp(stage->name, "relu") == 0 || strncmp(stage->name, "batch_norm", 10) == 0;
}

static void note_layer(pb_builder *b, const pb_config_stage *stage, pb_look_graph *look,
                       bool *is_open)
{
    if (stage->stage->has_weights) {
        if (look->layer_count == PB_BUILDER_MAX) return;
        pb_look_layer *layer = &look->layers[look->layer_count++];
        *layer = (pb_look_layer){.leaf = PB_NONE};
        snprintf(layer->name, sizeof layer->name, "%s", b->scope);
        describe(b, stage, layer);
        *is_open = true;
    } else if (*is_open && belongs_to_layer(stage->stage)) {
        const bool convolves = look->layers[look->layer_count - 1].convolves;
        describe(b, stage, &look->layers[look->layer_count - 1]);
        look->layers[look->layer_count - 1].convolves = convolves;
    } else {
        *is_open = false;
    }
}

static bool is_reshape(const pb_config_stage *stage)
{
    return strcmp(stage->stage->name, "reshape") == 0;
}

/* The stage before which the input is moved: the one behind load, or the first layer and what only
 * lays its input out anew, since an image is a better picture than a row. */
static int find_input(const pb_config *config, int applied, bool pixels)
{
    int at = 0;
    const pb_config_stage *stages = config->stages;
    while (at < config->stage_count && (pixels ? stages[at].stage->kind == PB_STAGE_INPUT
                                               : stages[at].stage->kind != PB_STAGE_LAYER))
        at++;
    while (!pixels && at > applied && is_reshape(&stages[at - 1])) at--;
    return at;
}

static pb_status build_network(pb_builder *b, const pb_config *config, const pb_dataset *data,
                               bool pixels, pb_look_graph *look, pb_value *x, pb_value *moved,
                               pb_value *loaded)
{
    const int applied = pb_applied_stages(config, data), at = find_input(config, applied, pixels);
    bool is_open = false;
    if (at == config->stage_count)
        return pb_fail(b->ctx, PB_ERR_USAGE, "the network has no layer to look at");
    if (at < applied)
        return pb_fail(
            b->ctx, PB_ERR_USAGE,
            "%s holds samples that are transformed already; the input of the network can "
            "be looked at, its pixels cannot",
            data->name);
    PB_TRY(pb_build_stages(b, config, data, at));
    *loaded = pb_builder_find(b, "pixels");
    *x = move_input(b, look, moved);
    for (int i = at; i < config->stage_count; i++) {
        PB_TRY(pb_build_stage(b, config, i));
        note_layer(b, &config->stages[i], look, &is_open);
        if (b->logits != PB_NONE) return PB_OK;
    }
    return pb_fail(b->ctx, PB_ERR_USAGE, "the network has no cross_entropy stage");
}

/* ---- programs ---- */

static pb_status add_programs(pb_builder *b, pb_look_graph *look, pb_value x, pb_value moved,
                              pb_value loaded)
{
    pb_graph *g = b->g;
    pb_value gradients[2];
    look->target = input(g, "look.target", PB_I32, PB_SHAPE(b->batch));
    const pb_value explained = pb_mul(g, b->logits, pb_one_hot(g, look->target, b->classes));

    look->logits = keep(b, "look.logits", b->logits);
    const pb_value score = b->assigns[0];
    look->x = keep(b, "look.x", x);
    look->pixels = keep(b, "look.pixels", loaded);
    PB_TRY(end_program(b, "score"));

    PB_TRY(pb_gradient(g, explained, 1, &moved, gradients));
    b->assigns[b->assign_count++] = score;
    look->gradient = keep(b, "look.gradient", gradients[0]);
    PB_TRY(end_program(b, "gradient"));

    for (int i = 0; i < look->layer_count; i++) {
        char name[80];
        snprintf(name, sizeof name, "look.%s", look->layers[i].name);
        look->layers[i].leaf = keep(b, name, look->layers[i].value);
        if (look->layers[i].convolves) look->cam = i;
    }
    PB_TRY(end_program(b, "layers"));
    if (look->cam < 0) return pb_graph_status(g);

    const pb_value map = look->layers[look->cam].value;
    PB_TRY(pb_gradient(g, explained, 1, &map, gradients));
    look->cam_map = keep(b, "look.cam_map", map);
    look->cam_gradient = keep(b, "look.cam_gradient", gradients[0]);
    return end_program(b, "cam");
}

static pb_status build(pb_builder *b, pb_context *ctx, const pb_config *config,
                       const pb_dataset *data, const pb_fitted *fitted, bool pixels,
                       pb_look_graph *look)
{
    pb_graph *g = look->g;
    pb_value x = PB_NONE, moved = PB_NONE, loaded = PB_NONE;
    look->rows =
        input(g, "look.rows", data->dtype, pb_shape_batch(look->batch, data->sample_shape));
    look->labels = input(g, "look.labels", PB_I32, PB_SHAPE(look->batch));
    pb_builder_init(b, ctx, g, false, data->classes, pb_sample_values(g, data, look->rows),
                    look->labels);
    b->fitted = fitted;
    PB_TRY(build_network(b, config, data, pixels, look, &x, &moved, &loaded));
    b->assign_count = 0; /* of the stages' own: nothing of them is needed */
    return add_programs(b, look, x, moved, loaded);
}

pb_status pb_look_graph_create(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                               const pb_fitted *fitted, bool pixels, int batch, pb_look_graph *look)
{
    *look = (pb_look_graph){.batch = batch, .cam = -1, .cam_map = PB_NONE, .cam_gradient = PB_NONE};
    look->g = pb_graph_create(ctx);
    pb_builder *b = malloc(sizeof *b);
    pb_status status = look->g && b ? build(b, ctx, config, data, fitted, pixels, look)
                                    : pb_fail(ctx, PB_ERR_MEMORY, "no memory for a graph");
    if (status == PB_OK) status = pb_graph_status(look->g);
    free(b);
    if (status != PB_OK) pb_look_graph_clear(look);
    return status;
}

void pb_look_graph_clear(pb_look_graph *look)
{
    pb_graph_free(&look->g);
    *look = (pb_look_graph){0};
}
