/* A study and its methods once they are read: as text, compared, and as configurations. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "study/study_config.h"
#include "train/config.h"
#include "train/config_internal.h"

static void append_numbers(const pb_options *options, const char *name, pb_text *out)
{
    int count;
    const int64_t *numbers = pb_option_ints(options, name, &count);
    pb_text_append(out, "  %s: [", name);
    for (int i = 0; i < count; i++) pb_text_append(out, "%s%" PRId64, i ? ", " : "", numbers[i]);
    pb_text_append(out, "]\n");
}

static void append_measures(const pb_options *options, pb_text *out)
{
    pb_text_append(out, "  measures: %s\n  probes: %" PRId64 "\n  tell_from: '",
                   pb_option_bool(options, "measures") ? "true" : "false",
                   pb_option_int(options, "probes"));
    for (const char *c = pb_option_string(options, "tell_from"); *c; c++)
        pb_text_append(out, "%.*s%c", *c == '\'', "'", *c);
    pb_text_append(out, "'\n");
}

char *pb_study_config_yaml(const pb_study_config *config)
{
    pb_text out = {0};
    bool any = false;
    pb_text_append(&out, "name: \"%s\"\nstudy:\n", config->name);
    append_numbers(config->options, "budgets", &out);
    append_numbers(config->options, "seeds", &out);
    append_measures(config->options, &out);
    pb_text_append(&out, "  methods:\n");
    for (int i = 0; i < config->method_count; i++) {
        const pb_method *m = &config->methods[i];
        pb_text_append(&out, "    \"%s\": {config: \"methods/%s.yaml\"", m->name, m->name);
        if (m->vary) pb_text_append(&out, ", vary: %s", m->vary);
        if (m->learner) pb_text_append(&out, ", weights_of: \"learners/%s.yaml\"", m->name);
        pb_text_append(&out, "}\n");
        any = any || m->against_count > 0;
    }
    if (any) pb_text_append(&out, "  compare:\n");
    for (int i = 0; i < config->method_count; i++) {
        const pb_method *m = &config->methods[i];
        if (m->against_count == 0) continue;
        pb_text_append(&out, "    \"%s\": [", m->name);
        for (int k = 0; k < m->against_count; k++)
            pb_text_append(&out, "%s\"%s\"", k ? ", " : "", m->against[k]);
        pb_text_append(&out, "]\n");
    }
    if (out.failed) pb_text_free(&out);
    return out.text;
}

static bool same_text(const char *a, const char *b)
{
    return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static bool same_numbers(const pb_options *a, const pb_options *b, const char *name)
{
    int m, n;
    const int64_t *x = pb_option_ints(a, name, &m), *y = pb_option_ints(b, name, &n);
    return m == n && (m == 0 || memcmp(x, y, (size_t)m * sizeof *x) == 0);
}

pb_status pb_study_config_compare(pb_context *ctx, const char *folder, const pb_study_config *a,
                                  const pb_study_config *b)
{
    static const char *const lists[] = {"seeds", "budgets"};
    static const char advice[] = "; give this study another folder";
    bool same = a->method_count == b->method_count;
    for (int i = 0; same && i < a->method_count; i++)
        same = strcmp(a->methods[i].name, b->methods[i].name) == 0;
    if (!same || strcmp(a->name, b->name) != 0)
        return pb_fail(ctx, PB_ERR_USAGE, "%s: holds the study %s of other methods%s", folder,
                       b->name, advice);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (!same_numbers(a->options, b->options, lists[i]))
            return pb_fail(ctx, PB_ERR_USAGE, "%s: holds a study with other %s%s", folder, lists[i],
                           advice);
    if (pb_option_int(a->options, "probes") != pb_option_int(b->options, "probes") ||
        !same_text(pb_option_string(a->options, "tell_from"),
                   pb_option_string(b->options, "tell_from")))
        return pb_fail(ctx, PB_ERR_USAGE, "%s: holds a study with other probes or tell_from%s",
                       folder, advice);
    for (int i = 0; i < a->method_count; i++) {
        const pb_method *x = &a->methods[i], *y = &b->methods[i];
        if (!same_text(x->vary, y->vary) || !same_text(x->learner, y->learner) ||
            strcmp(x->base, y->base) != 0)
            return pb_fail(ctx, PB_ERR_USAGE,
                           "%s: holds a study of %s with another configuration%s", folder, x->name,
                           advice);
    }
    return PB_OK;
}

/* What stands behind the stages that compress is left out. */
static void cut_network(pb_yaml *yaml, int chain)
{
    pb_node *list = pb_node_find(pb_yaml_root(yaml), "stages");
    pb_node *last = pb_node_at(list, chain - 1);
    last->next = NULL;
    list->count = chain;
}

pb_status pb_method_config(pb_context *ctx, const pb_method *method, int64_t value, int more_count,
                           const char *const more[], bool chain_only, pb_config **config)
{
    enum { MOST = 8 };
    const char *list[MOST];
    int count = 0;
    pb_text varied = {0}, weights = {0};
    pb_yaml *yaml;
    if (method->vary) {
        pb_text_append(&varied, "%s=%" PRId64, method->vary, value);
        list[count++] = varied.text;
    }
    if (method->weights) {
        pb_text_append(&weights, PB_STUDY_WEIGHTS "='%s'", method->weights);
        list[count++] = weights.text;
    }
    for (int i = 0; i < more_count; i++) list[count++] = more[i];
    pb_status status =
        varied.failed || weights.failed
            ? pb_fail(ctx, PB_ERR_MEMORY, "out of memory for the study")
            : pb_yaml_parse(ctx, method->name, method->base, strlen(method->base), &yaml);
    if (status == PB_OK) {
        if (chain_only) cut_network(yaml, method->chain);
        status = chain_only ? pb_config_to_compress(ctx, method->name, yaml, count, list, config)
                            : pb_config_from_yaml(ctx, method->name, yaml, count, list, config);
        pb_yaml_free(&yaml);
    }
    pb_text_free(&varied);
    pb_text_free(&weights);
    return status;
}

/* ---- networks of two methods ---- */

static bool same_nodes(const pb_node *a, const pb_node *b)
{
    if (a->kind != b->kind || a->count != b->count || !same_text(a->key, b->key) ||
        (a->kind == PB_NODE_SCALAR && !same_text(a->text, b->text)))
        return false;
    for (a = a->first, b = b->first; a && b; a = a->next, b = b->next)
        if (!same_nodes(a, b)) return false;
    return true;
}

/* The stages behind a file that make up its layers, or all others there. */
static const pb_node *next_stage(const pb_node *stage, bool layers)
{
    for (; stage; stage = stage->next) {
        const pb_stage *of = pb_stage_find(pb_config_entry_name(stage));
        const bool is_layer = of && (of->kind == PB_STAGE_LAYER || of->kind == PB_STAGE_TRANSFORM);
        if (is_layer == layers) break;
    }
    return stage;
}

static bool same_stages(const pb_node *a, const pb_node *b, bool layers)
{
    a = next_stage(a, layers);
    b = next_stage(b, layers);
    while (a && b && same_nodes(a, b)) {
        a = next_stage(a->next, layers);
        b = next_stage(b->next, layers);
    }
    return !a && !b;
}

/* What a study sets itself, and what changes no network, is left out. */
static bool same_training(const pb_node *a, const pb_node *b)
{
    static const char *const ignored[] = {"seeds", "eval_batch_size", "log_every"};
    enum { IGNORED = sizeof ignored / sizeof *ignored };
    for (const pb_node *n = a ? a->first : NULL; n; n = n->next) {
        const pb_node *other = b ? pb_node_find(b, n->key) : NULL;
        int i = 0;
        while (i < IGNORED && strcmp(ignored[i], n->key) != 0) i++;
        if (i == IGNORED && (!other || !same_nodes(n, other))) return false;
    }
    return true;
}

static int64_t epochs_of(const pb_node *train)
{
    const pb_node *epochs = train ? pb_node_find(train, "epochs") : NULL;
    return epochs && epochs->text ? strtoll(epochs->text, NULL, 10) : 0;
}

static pb_status parse_base(pb_context *ctx, const pb_method *method, pb_yaml **yaml)
{
    return pb_yaml_parse(ctx, method->name, method->base, strlen(method->base), yaml);
}

pb_status pb_method_compare_networks(pb_context *ctx, const pb_method *method,
                                     const pb_method *other, pb_network_difference *difference)
{
    pb_yaml *a, *b;
    PB_TRY(parse_base(ctx, method, &a));
    const pb_status status = parse_base(ctx, other, &b);
    if (status == PB_OK) {
        const pb_node *x = pb_node_at(pb_node_find(pb_yaml_root(a), "stages"), method->chain),
                      *y = pb_node_at(pb_node_find(pb_yaml_root(b), "stages"), other->chain);
        const pb_node *train = pb_node_find(pb_yaml_root(a), "train"),
                      *other_train = pb_node_find(pb_yaml_root(b), "train");
        *difference = (pb_network_difference){
            .layers = !same_stages(x, y, true),
            .training = !same_stages(x, y, false) || !same_training(train, other_train),
            .epochs = epochs_of(train),
            .other_epochs = epochs_of(other_train),
        };
        pb_yaml_free(&b);
    }
    pb_yaml_free(&a);
    return status;
}
