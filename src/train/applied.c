#include "train/applied.h"

#include <stdlib.h>
#include <string.h>

pb_value pb_sample_values(pb_graph *g, const pb_dataset *data, pb_value rows)
{
    const bool is_packed = data->compressed && data->compressed->packing.bits;
    return is_packed ? pb_unpack(g, rows, &data->compressed->packing) : rows;
}

static bool has_chain(const pb_dataset *data)
{
    return data->compressed && data->compressed->chain && data->compressed->chain[0];
}

int pb_applied_stages(const pb_config *config, const pb_dataset *data)
{
    for (int count = 1; has_chain(data) && count <= config->stage_count; count++) {
        char *text = pb_config_chain_yaml(config, count);
        const bool is_same = text && strcmp(text, data->compressed->chain) == 0;
        free(text);
        if (is_same) return count;
    }
    return 0;
}

/* Whether a chain, a YAML list of stages, names this one. */
static bool names(const char *chain, const char *stage)
{
    const size_t length = strlen(stage);
    for (const char *line = chain; line; line = strchr(line, '\n')) {
        line += strspn(line, "\n");
        if (strncmp(line, "- ", 2) == 0 && strncmp(line + 2, stage, length) == 0 &&
            strchr(":\n", line[2 + length]))
            return true;
    }
    return false;
}

const char *pb_applied_again(const pb_config *config, const pb_dataset *data)
{
    if (!has_chain(data) || pb_applied_stages(config, data) > 0) return NULL;
    for (int i = 1; i < config->stage_count; i++) {
        const pb_stage *stage = config->stages[i].stage;
        if (stage->kind == PB_STAGE_TRANSFORM && strcmp(stage->name, "reshape") != 0 &&
            names(data->compressed->chain, stage->name))
            return stage->name;
    }
    return NULL;
}

pb_status pb_applied_fitted(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                            pb_fitted *fitted)
{
    if (pb_applied_stages(config, data) == 0) return PB_OK;
    const pb_fitted *from = &data->compressed->fitted;
    for (int i = 0; i < from->count; i++)
        PB_TRY(pb_fitted_put(ctx, fitted, from->array[i].name, from->array[i].shape,
                             from->array[i].data));
    return PB_OK;
}

pb_status pb_build_stage(pb_builder *b, const pb_config *config, int index)
{
    const pb_config_stage *s = &config->stages[index];
    b->weight_transform = s->weights;
    const pb_status status = pb_stage_build(b, s->stage, s->ordinal, s->options);
    return status == PB_OK ? PB_OK : pb_fail_prefix(b->ctx, status, "%s", s->where);
}

static pb_status build(pb_builder *b, const pb_config *config, int first, int count)
{
    for (int i = first; i < count; i++) PB_TRY(pb_build_stage(b, config, i));
    return PB_OK;
}

/* The stages are built over nothing, for the shapes between them, which the way back must know;
 * what they make of nothing is dropped, and the samples of the file take its place. */
static pb_status build_way_back(pb_builder *b, const pb_config *config, const pb_dataset *data,
                                int count)
{
    const pb_value x = b->x;
    b->x = pb_constant(b->g, 0, pb_shape_batch(b->batch, data->compressed->source.shape));
    PB_TRY(build(b, config, 0, count));
    if (!pb_shape_equal(pb_value_shape(b->g, b->x), pb_value_shape(b->g, x)))
        return pb_fail(b->ctx, PB_ERR_DATA,
                       "data set %s: its samples are not of the shape that its stages leave",
                       data->name);
    b->x = x;
    b->kept_count = 0;
    b->codes = b->quantised = PB_NONE;
    const pb_value back = pb_builder_reconstruct(b, x);
    if (back != PB_NONE) pb_builder_keep(b, "pixels", back);
    return PB_OK;
}

pb_status pb_build_stages(pb_builder *b, const pb_config *config, const pb_dataset *data, int count)
{
    const int applied = pb_applied_stages(config, data);
    if (applied == 0 && has_chain(data)) b->irreversible = data->name; /* nothing tells the way */
    if (applied == 0) return build(b, config, 0, count);
    PB_TRY(build_way_back(b, config, data, applied));
    return build(b, config, applied, count);
}
