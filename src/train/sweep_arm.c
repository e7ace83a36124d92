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
    for (int i = 0; i < config->final_count; i++) {
        const char *equals = strchr(config->final[i], '=');
        pb_text_append(&out, "%s    %.*s: %s\n", i == 0 ? "  final:\n" : "",
                       (int)(equals - config->final[i]), config->final[i], equals + 1);
    }
    pb_text_append(&out, "  arms:\n");
    for (int i = 0; i < config->arm_count; i++) {
        const pb_arm *arm = &config->arms[i];
        pb_text_append(&out, "    \"%s\":\n      config: \"arms/%s.yaml\"\n      space:\n",
                       arm->name, arm->name);
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

/* The overrides that make a configuration out of an arm's, in order. */
typedef struct override_list {
    pb_text *texts;
    const char **texts_of; /* [count], as pb_config_from_yaml takes them */
    int count;
} override_list;

static pb_text *next_override(override_list *list)
{
    return &list->texts[list->count++];
}

static pb_status read_with(pb_context *ctx, const pb_arm *arm, override_list *list,
                           pb_config **config)
{
    for (int i = 0; i < list->count; i++) {
        if (list->texts[i].failed) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for a trial");
        list->texts_of[i] = list->texts[i].text;
    }
    return pb_config_from_text(ctx, arm->name, arm->base, list->count, list->texts_of, config);
}

static pb_status make_config(pb_context *ctx, const pb_arm *arm, const double point[],
                             int seed_count, const int64_t seeds[], int more_count,
                             const char *const more[], pb_config **config)
{
    const size_t room = (size_t)arm->space.count + (size_t)more_count + 1;
    override_list list = {.texts = calloc(room, sizeof *list.texts),
                          .texts_of = calloc(room, sizeof *list.texts_of)};
    pb_status status = PB_ERR_MEMORY;
    if (list.texts && list.texts_of) {
        for (int i = 0; i < arm->space.count; i++) {
            pb_text *text = next_override(&list);
            pb_text_append(text, "%s=", arm->space.dimensions[i].key);
            pb_dimension_value(&arm->space.dimensions[i], point[i], text);
        }
        for (int i = 0; i < more_count; i++) pb_text_append(next_override(&list), "%s", more[i]);
        append_seeds(next_override(&list), seed_count, seeds);
        status = read_with(ctx, arm, &list, config);
    } else {
        pb_fail(ctx, status, "out of memory for a trial");
    }
    for (int i = 0; i < list.count; i++) pb_text_free(&list.texts[i]);
    free(list.texts);
    free(list.texts_of);
    return status;
}

pb_status pb_arm_trial_config(pb_context *ctx, const pb_sweep_config *sweep, const pb_arm *arm,
                              const double point[], pb_config **config)
{
    const int64_t seed = pb_option_int(sweep->options, "trial_seed");
    return make_config(ctx, arm, point, 1, &seed, 0, NULL, config);
}

pb_status pb_arm_final_config(pb_context *ctx, const pb_sweep_config *sweep, const pb_arm *arm,
                              const double point[], pb_config **config)
{
    int count;
    const int64_t *seeds = pb_option_ints(sweep->options, "final_seeds", &count);
    return make_config(ctx, arm, point, count, seeds, sweep->final_count, sweep->final, config);
}
