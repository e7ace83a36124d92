#include "train/chain.h"

#include <stdlib.h>

#include "graph/op.h"

static void begin(pb_context *ctx, pb_graph *g, const pb_dataset *data, int batch,
                  const pb_fitted *fitted, pb_builder *b)
{
    const pb_init none = {.kind = PB_INIT_CONSTANT};
    const pb_shape shape = pb_shape_batch(batch, data->sample_shape);
    const pb_value samples = pb_leaf(g, PB_ROLE_INPUT, "samples", data->dtype, shape, none);
    const pb_value labels = pb_leaf(g, PB_ROLE_INPUT, "labels", PB_I32, PB_SHAPE(batch), none);
    pb_builder_init(b, ctx, g, false, data->classes, samples, labels);
    b->fitted = fitted;
}

static pb_status build(pb_builder *b, const pb_config_stage *s)
{
    const pb_status status = pb_stage_build(b, s->stage, s->ordinal, s->options);
    return status == PB_OK ? PB_OK : pb_fail_prefix(b->ctx, status, "%s", s->where);
}

static bool may_belong(const pb_config_stage *s)
{
    return s->stage->kind == PB_STAGE_INPUT || s->stage->kind == PB_STAGE_TRANSFORM;
}

pb_status pb_chain_length(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                          int *stages)
{
    pb_graph *g = pb_graph_create(ctx);
    pb_builder *b = malloc(sizeof *b);
    pb_status status = g && b ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "no memory for a graph");
    *stages = 0;
    if (status == PB_OK) begin(ctx, g, data, 1, NULL, b);
    while (status == PB_OK && *stages < config->stage_count &&
           may_belong(&config->stages[*stages])) {
        status = build(b, &config->stages[*stages]);
        if (b->param_count > 0) break;
        ++*stages;
    }
    free(b);
    pb_graph_free(&g);
    return status;
}

/* Reshaping moves no value, so what was quantised before it still is. */
static bool is_quantised(const pb_builder *b)
{
    pb_value x = b->x;
    while (x != b->quantised && pb_record_of(b->g, x)->op == PB_OP_RESHAPE)
        x = pb_record_of(b->g, x)->in[0];
    return b->quantised != PB_NONE && x == b->quantised;
}

static pb_status finish(pb_builder *b, pb_chain *c)
{
    c->shape = pb_shape_sample(pb_value_shape(b->g, b->x));
    pb_value out = b->x;
    if (is_quantised(b)) {
        c->packing = b->packing;
        c->packing.shape = c->shape;
        if (b->codes != PB_NONE) out = b->codes;
    }
    const pb_shape flat = PB_SHAPE(c->batch, (int)pb_shape_count(c->shape));
    c->out = pb_leaf(b->g, PB_ROLE_STATE, "out", PB_F32, flat, (pb_init){.kind = PB_INIT_CONSTANT});
    const pb_value assigned = pb_assign(b->g, c->out, pb_reshape(b->g, out, flat));
    PB_TRY(pb_program(b->g, "encode", 1, &assigned));
    return pb_graph_status(b->g);
}

static pb_status create(pb_builder *b, const pb_config *config, pb_chain *c)
{
    c->samples = b->x;
    for (int i = 0; i < c->stages; i++) PB_TRY(build(b, &config->stages[i]));
    return finish(b, c);
}

pb_status pb_chain_create(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                          const pb_fitted *fitted, int stages, int batch, pb_chain *c)
{
    *c = (pb_chain){.g = pb_graph_create(ctx), .stages = stages, .batch = batch};
    pb_builder *b = malloc(sizeof *b);
    pb_status status = c->g && b ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "no memory for a graph");
    if (status == PB_OK) {
        begin(ctx, c->g, data, batch, fitted, b);
        status = create(b, config, c);
    }
    free(b);
    if (status != PB_OK) pb_chain_clear(c);
    return status;
}

void pb_chain_clear(pb_chain *chain)
{
    pb_graph_free(&chain->g);
    *chain = (pb_chain){0};
}
