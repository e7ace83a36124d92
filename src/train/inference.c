#include "train/inference.h"

#include <stdlib.h>

#include "graph/store.h"
#include "train/applied.h"

static bool is_packed(const pb_dataset *data)
{
    return data->compressed && data->compressed->packing.bits;
}

static pb_value samples_leaf(pb_graph *g, const pb_config *config, const pb_dataset *data,
                             int batch)
{
    pb_dtype dtype = data->dtype;
    pb_shape shape = data->sample_shape;
    if (pb_applied_stages(config, data) > 0) {
        dtype = data->compressed->source.dtype;
        shape = data->compressed->source.shape;
    } else if (is_packed(data)) {
        dtype = PB_F32;
        shape = data->compressed->packing.shape;
    }
    return pb_leaf(g, PB_ROLE_INPUT, "samples", dtype, pb_shape_batch(batch, shape), (pb_init){0});
}

/* All stages up to the one that says what the logits are. */
static pb_status build_stages(pb_builder *b, const pb_config *config)
{
    for (int i = 0; i < config->stage_count && b->logits == PB_NONE; i++) {
        const pb_config_stage *s = &config->stages[i];
        b->weight_transform = s->weights;
        const pb_status status = pb_stage_build(b, s->stage, s->ordinal, s->options);
        if (status != PB_OK) return pb_fail_prefix(b->ctx, status, "%s", s->where);
    }
    if (b->logits == PB_NONE)
        return pb_fail(b->ctx, PB_ERR_USAGE,
                       "the network has no logits: it has no cross_entropy stage");
    if (b->unlearned)
        return pb_fail(b->ctx, PB_ERR_USAGE, "what its stages learned before training is missing");
    return PB_OK;
}

static pb_status list_leaves(pb_inference *n)
{
    const int count = pb_graph_count(n->g);
    n->leaves = calloc((size_t)count, sizeof *n->leaves);
    if (!n->leaves)
        return pb_fail(pb_graph_context(n->g), PB_ERR_MEMORY, "no memory for a list of parameters");
    for (pb_value v = 0; v < count; v++) {
        const pb_record *r = pb_record_of(n->g, v);
        if (r->op == PB_OP_LEAF && r->attrs.role != PB_ROLE_INPUT) n->leaves[n->leaf_count++] = v;
    }
    return PB_OK;
}

static pb_status build(pb_builder *b, pb_context *ctx, const pb_config *config,
                       const pb_dataset *data, const pb_fitted *fitted, int batch, pb_inference *n)
{
    n->samples = samples_leaf(n->g, config, data, batch);
    const pb_value labels =
        pb_leaf(n->g, PB_ROLE_INPUT, "labels", PB_I32, PB_SHAPE(batch), (pb_init){0});
    pb_builder_init(b, ctx, n->g, false, data->classes, n->samples, labels);
    b->fitted = fitted;
    PB_TRY(build_stages(b, config));
    n->logits = b->logits;
    return list_leaves(n);
}

pb_status pb_inference_create(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                              const pb_fitted *fitted, int batch, pb_inference *n)
{
    *n = (pb_inference){.g = pb_graph_create(ctx)};
    pb_builder *b = malloc(sizeof *b);
    const pb_status status =
        n->g && b ? build(b, ctx, config, data, fitted, batch, n)
                  : pb_fail(ctx, PB_ERR_MEMORY, "no memory for the graph of a network");
    free(b);
    if (status != PB_OK) pb_inference_clear(n);
    return status;
}

void pb_inference_clear(pb_inference *n)
{
    pb_graph_free(&n->g);
    free(n->leaves);
    *n = (pb_inference){0};
}

/* ---- what was learned ---- */

static bool has_shape(const pb_tensor *t, pb_shape shape)
{
    bool same = t->dtype == PB_F32 && t->axes == shape.axes;
    for (int a = 0; same && a < shape.axes; a++) same = t->dim[a] == (size_t)shape.dim[a];
    return same;
}

pb_status pb_inference_numbers(const pb_inference *n, const char *path, const pb_tensors *file,
                               const double **numbers)
{
    pb_context *ctx = pb_graph_context(n->g);
    for (int i = 0; i < n->leaf_count; i++) {
        const pb_record *leaf = pb_record_of(n->g, n->leaves[i]);
        const pb_tensor *t = pb_tensors_find(file, leaf->name);
        if (!t || !has_shape(t, leaf->shape))
            return pb_fail(ctx, PB_ERR_IO,
                           "%s: %s %s, which the network of this configuration needs", path,
                           t ? "has another shape of" : "has no", leaf->name);
        const size_t count = pb_shape_count(leaf->shape);
        double *own = pb_graph_memory(n->g, count * sizeof *own);
        if (!own) return PB_ERR_MEMORY;
        for (size_t k = 0; k < count; k++) own[k] = (double)((const float *)t->data)[k];
        numbers[i] = own;
    }
    return PB_OK;
}
