/* A search and its arms once they are read: as text, compared, and as the configurations of trials.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "train/config_internal.h"
#include "train/sweep_config.h"

char *pb_sweep_config_yaml(const pb_sweep_config *config)
{
    pb_text out = {0};
    pb_text_append(&out, "name: \"%s\"\nsweep:\n", config->name);
    pb_options_yaml(config->options, 2, &out);
    pb_text_append(&out, "  arms:\n");
    for (int i = 0; i < config->arm_count; i++) {
        const pb_arm *arm = &config->arms[i];
        pb_text_append(&out, "    \"%s\":\n      config: \"%s.yaml\"\n      space:\n", arm->name,
                       arm->name);
        for (int k = 0; k < arm->space.count; k++) {
            pb_text_append(&out, "        ");
            pb_dimension_yaml(&arm->space.dimensions[k], &out);
            pb_text_append(&out, "\n");
        }
    }
    if (out.failed) pb_text_free(&out);
    return out.text;
}

pb_status pb_sweep_config_compare(pb_context *ctx, const char *folder, const pb_sweep_config *a,
                                  const pb_sweep_config *b)
{
    static const char advice[] = "; give this search another folder";
    bool same_arms = a->arm_count == b->arm_count;
    for (int i = 0; same_arms && i < a->arm_count; i++)
        same_arms = strcmp(a->arms[i].name, b->arms[i].name) == 0;
    if (!same_arms || strcmp(a->name, b->name) != 0)
        return pb_fail(ctx, PB_ERR_USAGE, "%s: holds the search %s of other arms%s", folder,
                       b->name, advice);
    if (a->maximise != b->maximise)
        return pb_fail(ctx, PB_ERR_USAGE, "%s: holds a search by %s%s", folder,
                       pb_option_string(b->options, "metric"), advice);
    if (pb_option_int(a->options, "trial_seed") != pb_option_int(b->options, "trial_seed"))
        return pb_fail(ctx, PB_ERR_USAGE, "%s: holds a search with another trial_seed%s", folder,
                       advice);
    for (int i = 0; i < a->arm_count; i++) {
        const pb_arm *x = &a->arms[i], *y = &b->arms[i];
        if (!pb_space_equal(&x->space, &y->space))
            return pb_fail(ctx, PB_ERR_USAGE, "%s: holds a search of %s over another space%s",
                           folder, x->name, advice);
        if (strcmp(x->base, y->base) != 0)
            return pb_fail(ctx, PB_ERR_USAGE,
                           "%s: holds a search of %s with another configuration%s", folder, x->name,
                           advice);
    }
    return PB_OK;
}

void pb_arm_point(const pb_arm *arm, const double point[], bool exact, pb_text *out)
{
    for (int i = 0; i < arm->space.count; i++) {
        const pb_dimension *d = &arm->space.dimensions[i];
        pb_text_append(out, "%s%s=", i ? " " : "", d->key);
        if (exact || d->kind != PB_DIMENSION_FLOAT)
            pb_dimension_value(d, point[i], out);
        else
            pb_text_append(out, "%.4g", point[i]);
    }
}

/* "train.seeds=[1, 2]" */
static void append_seeds(pb_text *out, int count, const int64_t seeds[])
{
    pb_text_append(out, "train.seeds=[");
    for (int i = 0; i < count; i++) pb_text_append(out, "%s%" PRId64, i ? ", " : "", seeds[i]);
    pb_text_append(out, "]");
}

static pb_status config_with(pb_context *ctx, const pb_arm *arm, int count,
                             const char *const overrides[], pb_config **config)
{
    pb_yaml *yaml;
    PB_TRY(pb_yaml_parse(ctx, arm->name, arm->base, strlen(arm->base), &yaml));
    const pb_status status = pb_config_from_yaml(ctx, arm->name, yaml, count, overrides, config);
    pb_yaml_free(&yaml);
    return status;
}

pb_status pb_arm_config(pb_context *ctx, const pb_arm *arm, const double point[], int seed_count,
                        const int64_t seeds[], pb_config **config)
{
    const int dimensions = point ? arm->space.count : 0;
    pb_text *texts = calloc((size_t)dimensions + 1, sizeof *texts);
    const char **overrides = calloc((size_t)dimensions + 1, sizeof *overrides);
    pb_status status =
        texts && overrides ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "out of memory for a trial");
    for (int i = 0; status == PB_OK && i <= dimensions; i++) {
        if (i < dimensions) {
            pb_text_append(&texts[i], "%s=", arm->space.dimensions[i].key);
            pb_dimension_value(&arm->space.dimensions[i], point[i], &texts[i]);
        } else {
            append_seeds(&texts[i], seed_count, seeds);
        }
        if (texts[i].failed) status = pb_fail(ctx, PB_ERR_MEMORY, "out of memory for a trial");
        overrides[i] = texts[i].text;
    }
    if (status == PB_OK) status = config_with(ctx, arm, dimensions + 1, overrides, config);
    for (int i = 0; texts && i <= dimensions; i++) pb_text_free(&texts[i]);
    free(texts);
    free(overrides);
    return status;
}
