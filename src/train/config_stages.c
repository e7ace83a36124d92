/* The list of stages of a configuration: names, options, and what a list must have to be trained.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <passband/cwt.h>
#include <passband/wavelet.h>

#include "base/arena.h"
#include "graph/wavelets.h"
#include "train/config_internal.h"

enum { MOST_STAGES = 256 };

static pb_status fail_at(pb_context *ctx, const pb_node *node, const char *format, ...)
    PB_PRINTF(3, 4);
static pb_status fail_at(pb_context *ctx, const pb_node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pb_fail_va(ctx, PB_ERR_CONFIG, format, args);
    va_end(args);
    return node->line > 0
               ? pb_fail_prefix(ctx, PB_ERR_CONFIG, "%s:%d: stages", node->file, node->line)
               : pb_fail_prefix(ctx, PB_ERR_CONFIG, "%s: stages", node->file);
}

const char *pb_config_entry_name(const pb_node *entry)
{
    if (entry->kind == PB_NODE_SCALAR && !pb_node_is_null(entry)) return entry->text;
    return entry->kind == PB_NODE_MAP && entry->count == 1 ? entry->first->key : NULL;
}

static pb_status fail_entry(pb_context *ctx, const pb_node *entry)
{
    if (entry->kind == PB_NODE_MAP && entry->count > 1) {
        return fail_at(ctx, entry,
                       "an entry holds %d keys (%s, %s, ...), must be one stage's name; its "
                       "options stand indented "
                       "below it or in braces",
                       entry->count, entry->first->key, entry->first->next->key);
    }
    return fail_at(ctx, entry,
                   "an entry is %s, must be a stage's name, or a name with a map of options",
                   entry->kind == PB_NODE_LIST ? "a list" : "empty");
}

static pb_status fail_name(pb_context *ctx, const pb_node *entry, const char *name)
{
    int count;
    const pb_stage *const *stages = pb_stages(&count);
    const char *names[64];
    if (count > 64) count = 64;
    for (int i = 0; i < count; i++) names[i] = stages[i]->name;
    const char *near = pb_nearest(name, names, count);
    if (near != NULL)
        return fail_at(ctx, entry, "there is no stage '%.60s' (did you mean %s?)", name, near);
    return fail_at(ctx, entry, "there is no stage '%.60s', `passband stages` lists them", name);
}

/* How many entries before `end` have that name; NULL counts the whole list. */
static int count_named(const pb_node *list, const pb_node *end, const char *name)
{
    int count = 0;
    for (const pb_node *n = list->first; n != end; n = n->next) {
        const char *entry_name = pb_config_entry_name(n);
        count += entry_name != NULL && strcmp(entry_name, name) == 0;
    }
    return count;
}

/* The weights of a layer by its own keys, which come before those of the section. */
static pb_status read_weights(pb_context *ctx, const pb_node *own, const pb_node *section,
                              const char *path, pb_config_stage *s)
{
    enum { MOST_KEYS = 64 };
    char full[128];
    pb_node copies[2 * MOST_KEYS], all = own != NULL ? *own : *section;
    int used = 0;
    if (own == NULL && pb_node_is_null(section)) return PB_OK;
    snprintf(full, sizeof full, "%s." PB_CONFIG_WEIGHTS, path);
    s->own_weights = own != NULL;
    if (own == NULL || own->kind != PB_NODE_MAP || section == NULL || section->kind != PB_NODE_MAP)
        return pb_options_parse(ctx, pb_weight_options, &all, own ? full : PB_CONFIG_WEIGHTS,
                                &s->weights);
    all.first = NULL;
    for (const pb_node *n = own->first; n != NULL && used < MOST_KEYS; n = n->next)
        copies[used++] = *n;
    for (const pb_node *n = section->first; n != NULL && used < 2 * MOST_KEYS; n = n->next)
        if (pb_node_find(own, n->key) == NULL) copies[used++] = *n;
    for (all.count = 0; all.count < used; all.count++) {
        copies[all.count].next = all.first;
        all.first = &copies[all.count];
    }
    return pb_options_parse(ctx, pb_weight_options, &all, full, &s->weights);
}

/* What no single option's range says. */
static pb_status check_weights(pb_context *ctx, const pb_options *o)
{
    const char *rule = pb_option_string(o, "rule"), *wavelet = pb_option_string(o, "wavelet");
    const bool is_share = strcmp(rule, "relative") == 0 || strcmp(rule, "quantile") == 0;
    const double threshold = pb_option_float(o, "threshold");
    const int begin = (int)pb_option_int(o, "begin"), full = (int)pb_option_int(o, "full");
    pb_continuous continuous;
    if (strcmp(wavelet, "none") != 0 && !pb_wavelet_find(wavelet) &&
        !pb_continuous_find(wavelet, &continuous))
        return pb_fail_prefix(
            ctx, pb_wavelet_unknown(ctx, wavelet, PB_WAVELET_DISCRETE | PB_WAVELET_CONTINUOUS),
            "%s", pb_option_where(o, "wavelet"));
    if (is_share && threshold > 1)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s: %g is no share, which rule %s takes: allowed is 0 to 1",
                       pb_option_where(o, "threshold"), threshold, rule);
    if (pb_option_int(o, "bits") == 1)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s: one bit holds no sign and no zero: allowed is 0 (not quantised) or 2 "
                       "to 16",
                       pb_option_where(o, "bits"));
    if (strcmp(pb_option_string(o, "schedule"), "ramp") == 0 && full > 0 && full <= begin)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s: is %d, but the threshold begins to rise after epoch %d (begin); "
                       "allowed is more than that, or 0",
                       pb_option_where(o, "full"), full, begin);
    return PB_OK;
}

/* A layer's options, and those of its weights, which are none of its table. */
static pb_status read_layer(pb_context *ctx, const pb_node *options, const pb_node *section,
                            const char *path, pb_config_stage *s)
{
    enum { MOST_KEYS = 64 };
    pb_node copies[MOST_KEYS], rest = *options;
    const pb_node *own = NULL, *map = options;
    if (options->kind == PB_NODE_MAP && options->count <= MOST_KEYS &&
        (own = pb_node_find(options, PB_CONFIG_WEIGHTS)) != NULL) {
        pb_node *last = NULL;
        rest.first = NULL;
        rest.count = 0;
        for (const pb_node *n = options->first; n != NULL; n = n->next) {
            if (n == own) continue;
            copies[rest.count] = *n;
            copies[rest.count].next = NULL;
            if (last != NULL)
                last->next = &copies[rest.count];
            else
                rest.first = &copies[rest.count];
            last = &copies[rest.count++];
        }
        map = &rest;
    }
    PB_TRY(pb_options_parse(ctx, s->stage->options, map, path, &s->options));
    if (own != NULL || section != NULL) PB_TRY(read_weights(ctx, own, section, path, s));
    return s->weights ? check_weights(ctx, s->weights) : PB_OK;
}

/* One entry into the next place of config->stages. Its path is what an override would call it:
 * "stages.conv1d.1". */
static pb_status read_entry(pb_context *ctx, const pb_node *list, const pb_node *entry,
                            const pb_node *weights, pb_config *config)
{
    static const pb_option no_options[] = {{0}};
    const char *name = pb_config_entry_name(entry);
    if (name == NULL) return fail_entry(ctx, entry);
    const pb_stage *stage = pb_stage_find(name);
    if (stage == NULL) return fail_name(ctx, entry, name);
    const int before = count_named(list, entry, name);

    char path[96];
    if (count_named(list, NULL, name) > 1) {
        snprintf(path, sizeof path, "stages.%s.%d", name, before);
    } else {
        snprintf(path, sizeof path, "stages.%s", name);
    }
    pb_text where = {0};
    pb_text_append(&where, "%s:", entry->file);
    if (entry->line > 0) pb_text_append(&where, "%d:", entry->line);
    pb_text_append(&where, " %s", path);
    if (where.failed) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for the configuration");

    pb_config_stage *s = &config->stages[config->stage_count++];
    *s = (pb_config_stage){.stage = stage, .ordinal = before + 1, .where = where.text};
    const pb_node empty = {.kind = PB_NODE_MAP, .file = entry->file, .line = entry->line};
    const pb_node *options = entry->kind == PB_NODE_MAP ? entry->first : &empty;
    if (pb_node_is_null(options)) options = &empty;
    if (stage->has_weights) return read_layer(ctx, options, weights, path, s);
    return pb_options_parse(ctx, stage->options != NULL ? stage->options : no_options,
                            pb_node_is_null(options) ? &empty : options, path, &s->options);
}

/* What cannot be seen in one stage alone. */
static pb_status check_list(pb_context *ctx, const pb_node *list, const pb_config *config)
{
    bool has_labels_loss = false, has_optimiser = false;
    for (int i = 0; i < config->stage_count; i++) {
        const pb_config_stage *s = &config->stages[i];
        if ((s->stage->kind == PB_STAGE_INPUT) != (i == 0)) {
            return i == 0 ? fail_at(ctx, list, "must begin with load, but begin with %s",
                                    s->stage->name)
                          : pb_fail(ctx, PB_ERR_CONFIG,
                                    "%s: must be the first stage and the only one of its kind",
                                    s->where);
        }
        has_labels_loss = has_labels_loss || strcmp(s->stage->name, "cross_entropy") == 0;
        has_optimiser = has_optimiser || s->stage->kind == PB_STAGE_OPTIMISER;
    }
    if (config->compresses) return PB_OK;
    if (!has_labels_loss)
        return fail_at(ctx, list, "have no loss that looks at the labels, add cross_entropy");
    if (!has_optimiser)
        return fail_at(ctx, list, "have no optimiser, add sgd, adam or adamw at the end");
    return PB_OK;
}

pb_status pb_config_read_stages(pb_context *ctx, const pb_node *list, const pb_node *weights,
                                pb_config *config)
{
    if (list->kind != PB_NODE_LIST) {
        return fail_at(ctx, list, "is %s, must be a list of stages that begins with load",
                       list->kind == PB_NODE_MAP ? "a map"
                       : pb_node_is_null(list)   ? "empty"
                                                 : "a single value");
    }
    if (list->count < 1 || list->count > MOST_STAGES) {
        return fail_at(ctx, list, "has %d entries, allowed: 1 to %d", list->count, MOST_STAGES);
    }
    config->stages = calloc((size_t)list->count, sizeof *config->stages);
    if (config->stages == NULL)
        return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for the configuration");
    for (const pb_node *entry = list->first; entry != NULL; entry = entry->next) {
        PB_TRY(read_entry(ctx, list, entry, weights, config));
    }
    return check_list(ctx, list, config);
}
