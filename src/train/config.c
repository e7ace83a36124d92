/* A configuration: a YAML file and overrides, checked against the tables of the schema and of the
 * stages. */
#include "train/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <passband/compressed.h>

#include "base/arena.h"
#include "data/mnist1d.h"
#include "data/registry.h"
#include "train/config_internal.h"

/* ---- name ---- */

static const char folder_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
enum { LONGEST_NAME = 100, LONGEST_PLACE = 1024 };

/* A run that has no name is called after its file, with '_' for what a folder's name should not
 * hold. */
static pb_status name_after_file(pb_context *ctx, pb_yaml *yaml, const char *path)
{
    const char *slash = strrchr(path, '/'), *stem = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(stem, '.');
    size_t length = dot != NULL && dot != stem ? (size_t)(dot - stem) : strlen(stem);
    if (length > LONGEST_NAME) length = LONGEST_NAME;
    char quoted[LONGEST_NAME + 3] = "\"";
    for (size_t i = 0; i < length; i++) {
        quoted[1 + i] = strchr(folder_letters, stem[i]) != NULL ? stem[i] : '_';
    }
    if (length == 0 || quoted[1] == '.' || quoted[1] == '-') quoted[1] = '_';
    strcpy(quoted + 1 + (length > 0 ? length : 1), "\"");
    return pb_node_set(ctx, yaml, pb_yaml_root(yaml), "name", quoted);
}

static pb_status check_name(pb_context *ctx, const pb_config *config)
{
    const char *name = config->name;
    const size_t length = strlen(name);
    if (length >= 1 && length <= LONGEST_NAME && name[0] != '.' && name[0] != '-' &&
        strspn(name, folder_letters) == length) {
        return PB_OK;
    }
    return pb_fail(ctx, PB_ERR_CONFIG,
                   "%s: '%.100s' cannot name a folder, allowed: 1 to %d letters, digits, '_', '-' "
                   "and '.', not "
                   "beginning with '-' or '.'",
                   pb_option_where(config->top, "name"), name, LONGEST_NAME);
}

/* ---- sections ---- */

static bool is_row(const pb_option table[], const char *key)
{
    for (; table->name != NULL; table++) {
        if (strcmp(table->name, key) == 0) return true;
    }
    return false;
}

/* "a.yaml:7: train.epoch" */
static void place(const char *section, const pb_node *node, char where[], size_t size)
{
    char line[16] = "";
    if (node->line > 0) snprintf(line, sizeof line, "%d:", node->line);
    snprintf(where, size, "%s:%s %s%s%.60s", node->file, line, section,
             section[0] != '\0' ? "." : "", node->key);
}

static pb_status unknown_key(pb_context *ctx, const char *section, const pb_node *node)
{
    char where[LONGEST_PLACE];
    place(section, node, where, sizeof where);
    return pb_config_fail_unknown(ctx, section, node->key, where);
}

/* The map of a section, an empty one where it is absent. */
static pb_node section_map(const pb_node *root, const char *name)
{
    const pb_node *map = pb_node_find(root, name);
    if (map != NULL && !pb_node_is_null(map)) return *map;
    return (pb_node){.kind = PB_NODE_MAP, .file = root->file, .line = root->line};
}

static pb_status read_train(pb_context *ctx, const pb_node *root, pb_config *config)
{
    const pb_node map = section_map(root, "train");
    for (const pb_node *n = map.kind == PB_NODE_MAP ? map.first : NULL; n != NULL; n = n->next) {
        if (!is_row(pb_config_train, n->key)) return unknown_key(ctx, "train", n);
    }
    return pb_options_parse(ctx, pb_config_train, &map, "train", &config->train);
}

/* Said here, where the line is known. */
static pb_status check_data(pb_context *ctx, const pb_config *config)
{
    const pb_data_row *row;
    if (pb_data_find(ctx, pb_option_string(config->data, "name"), &row) == PB_OK) return PB_OK;
    return pb_fail_prefix(ctx, PB_ERR_CONFIG, "%s", pb_option_where(config->data, "name"));
}

/* Weights stay as they are unless the section is there. */
static pb_status read_weights(pb_context *ctx, const pb_node *root, pb_config *config)
{
    const pb_node *map = pb_node_find(root, PB_CONFIG_WEIGHTS);
    if (map == NULL || pb_node_is_null(map)) return PB_OK;
    return pb_options_parse(ctx, pb_weight_options, map, PB_CONFIG_WEIGHTS, &config->weights);
}

/* Parameters start at random unless the section is there. */
static pb_status read_transfer(pb_context *ctx, const pb_node *root, pb_config *config)
{
    const pb_node *map = pb_node_find(root, "transfer");
    if (map == NULL || pb_node_is_null(map)) return PB_OK;
    return pb_options_parse(ctx, pb_config_transfer, map, "transfer", &config->transfer);
}

static pb_status read_mnist1d(pb_context *ctx, const pb_node *map, pb_config *config)
{
    const char *name = pb_option_string(config->data, "name");
    if (strcmp(name, "mnist1d") == 0) {
        pb_mnist1d_options options;
        PB_TRY(pb_options_parse(ctx, pb_mnist1d_table, map, "data", &config->mnist1d));
        return pb_mnist1d_read(ctx, config->mnist1d, &options);
    }
    if (map->first == NULL) return PB_OK;
    char where[LONGEST_PLACE];
    place("data", map->first, where, sizeof where);
    return pb_fail(ctx, PB_ERR_CONFIG, "%s: is for mnist1d alone, but data.name is %.60s", where,
                   name);
}

/* A file's name says what it is: `data.path=mnist.pbz` is enough to replace a data set. */
static pb_status name_compressed(pb_context *ctx, pb_yaml *yaml)
{
    pb_node *data = pb_node_find(pb_yaml_root(yaml), "data");
    const pb_node *path = data && data->kind == PB_NODE_MAP ? pb_node_find(data, "path") : NULL;
    const size_t ending = strlen(PB_COMPRESSED_ENDING);
    if (!path || path->kind != PB_NODE_SCALAR || !path->text || strlen(path->text) <= ending ||
        strcmp(path->text + strlen(path->text) - ending, PB_COMPRESSED_ENDING) != 0)
        return PB_OK;
    return pb_node_set(ctx, yaml, data, "name", "compressed");
}

/* Its keys are of two tables: those of every data set, and those of mnist1d. */
static pb_status read_data(pb_context *ctx, const pb_node *root, pb_config *config)
{
    enum { MOST_KEYS = 32 };
    const pb_node map = section_map(root, "data");
    if (map.kind != PB_NODE_MAP)
        return pb_options_parse(ctx, pb_config_data, &map, "data", &config->data);
    pb_node copies[MOST_KEYS], common = map, own = map;
    common.first = own.first = NULL;
    int used = 0;
    for (const pb_node *n = map.first; n != NULL; n = n->next) {
        const bool is_own = is_row(pb_mnist1d_table, n->key);
        if (!is_own && !is_row(pb_config_data, n->key)) return unknown_key(ctx, "data", n);
        pb_node *to = is_own ? &own : &common;
        copies[used] = *n; /* keys are unique, so there are no more than the tables have */
        copies[used].next = to->first;
        to->first = &copies[used++];
    }
    PB_TRY(pb_options_parse(ctx, pb_config_data, &common, "data", &config->data));
    PB_TRY(check_data(ctx, config));
    return read_mnist1d(ctx, &own, config);
}

/* `device: pocl` stands for `device: {name: pocl}`. */
static pb_status read_device(pb_context *ctx, const pb_node *root, pb_config *config)
{
    pb_node map = section_map(root, "device"), name = map;
    if (map.kind == PB_NODE_SCALAR) {
        name.key = "name";
        name.next = NULL;
        map.kind = PB_NODE_MAP;
        map.first = &name;
        map.count = 1;
    }
    for (const pb_node *n = map.kind == PB_NODE_MAP ? map.first : NULL; n != NULL; n = n->next) {
        if (!is_row(pb_config_device, n->key)) return unknown_key(ctx, "device", n);
    }
    PB_TRY(pb_options_parse(ctx, pb_config_device, &map, "device", &config->machine));
    config->device = pb_option_string(config->machine, "name");
    if (config->device[0] == '\0') config->device = NULL;
    return PB_OK;
}

const char *const pb_config_sections[PB_CONFIG_SECTIONS] = {
    "device", "data", PB_CONFIG_WEIGHTS, "transfer", "ensemble", "train", "stages"};

bool pb_config_is_section(const char *key)
{
    for (int i = 0; i < PB_CONFIG_SECTIONS; i++)
        if (strcmp(key, pb_config_sections[i]) == 0) return true;
    return false;
}

/* The keys of the root that are not sections, as a map of their own. */
static pb_status read_top(pb_context *ctx, const pb_node *root, pb_config *config)
{
    pb_node copies[8], top = {.kind = PB_NODE_MAP, .file = root->file, .line = root->line};
    for (const pb_node *n = root->first; n != NULL; n = n->next) {
        if (pb_config_is_section(n->key)) continue;
        if (strcmp(n->key, "sweep") == 0 || strcmp(n->key, "study") == 0)
            return pb_fail(ctx, PB_ERR_CONFIG, "%s:%d: %s: is a %s, which passband %s runs",
                           n->file, n->line, n->key,
                           strcmp(n->key, "sweep") == 0 ? "search" : "study", n->key);
        if (!is_row(pb_config_top, n->key)) return unknown_key(ctx, "", n);
        copies[top.count] = *n; /* keys are unique, so there are no more than the table has */
        copies[top.count].next = top.first;
        top.first = &copies[top.count++];
    }
    PB_TRY(pb_options_parse(ctx, pb_config_top, &top, "", &config->top));
    config->name = pb_option_string(config->top, "name");
    return check_name(ctx, config);
}

int pb_config_folds(const pb_config *config)
{
    return (int)(pb_option_int(config->train, "folds") *
                 pb_option_int(config->train, "fold_repeats"));
}

bool pb_config_cross_validates(const pb_config *config)
{
    return pb_config_folds(config) > 0 && pb_option_int(config->train, "fold") == 0;
}

/* What says how folds are is wrong where there are none. */
static pb_status check_without_folds(pb_context *ctx, const pb_config *config)
{
    const char *key = pb_option_int(config->train, "fold") > 0           ? "fold"
                      : pb_option_int(config->train, "fold_repeats") > 1 ? "fold_repeats"
                      : strcmp(pb_option_string(config->train, "fold_kind"), "plain") == 0
                          ? "fold_kind"
                          : NULL;
    if (key == NULL) return PB_OK;
    return pb_fail(ctx, PB_ERR_CONFIG, "%s: is for a cross-validation, but train.folds is 0",
                   pb_option_where(config->train, key));
}

static pb_status check_folds(pb_context *ctx, const pb_config *config)
{
    const int64_t folds = pb_option_int(config->train, "folds"),
                  fold = pb_option_int(config->train, "fold");
    const double validation = pb_option_float(config->data, "validation");
    if (folds == 0) return check_without_folds(ctx, config);
    if (folds == 1) {
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s: 1 fold leaves nothing to train on, allowed: 2 and more, or 0 for none",
                       pb_option_where(config->train, "folds"));
    }
    if (validation > 0) {
        return pb_fail(
            ctx, PB_ERR_CONFIG,
            "%s: is %g, but with train.folds each fold is the validation part; allowed: 0",
            pb_option_where(config->data, "validation"), validation);
    }
    if (fold > pb_config_folds(config)) {
        return pb_fail(ctx, PB_ERR_CONFIG, "%s: is %d, but there are %d folds, counted from 1",
                       pb_option_where(config->train, "fold"), (int)fold, pb_config_folds(config));
    }
    return PB_OK;
}

static pb_status check_train(pb_context *ctx, const pb_config *config)
{
    enum { MOST_SEEDS = 1000 };
    int count;
    const int64_t *seeds = pb_option_ints(config->train, "seeds", &count);
    const char *where = pb_option_where(config->train, "seeds");
    if (count < 1 || count > MOST_SEEDS) {
        return pb_fail(ctx, PB_ERR_CONFIG, "%s: has %d seeds, allowed: 1 to %d", where, count,
                       MOST_SEEDS);
    }
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < i; k++) {
            if (seeds[i] != seeds[k]) continue;
            return pb_fail(ctx, PB_ERR_CONFIG, "%s: has %lld twice, each seed must be different",
                           where, (long long)seeds[i]);
        }
    }
    PB_TRY(check_folds(ctx, config));
    if (pb_option_int(config->train, "patience") > 0 && pb_config_folds(config) == 0 &&
        pb_option_float(config->data, "validation") <= 0) {
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s: stopping early needs validation samples, but data.validation is 0",
                       pb_option_where(config->train, "patience"));
    }
    return PB_OK;
}

/* ---- the whole ---- */

static pb_status read_root(pb_context *ctx, const pb_node *root, pb_config *config)
{
    PB_TRY(read_top(ctx, root, config));
    PB_TRY(read_device(ctx, root, config));
    PB_TRY(read_data(ctx, root, config));
    PB_TRY(read_train(ctx, root, config));
    PB_TRY(check_train(ctx, config));
    PB_TRY(read_weights(ctx, root, config));
    PB_TRY(read_transfer(ctx, root, config));
    PB_TRY(pb_config_read_ensemble(ctx, root, config));
    const pb_node *stages = pb_node_find(root, "stages");
    if (stages == NULL) {
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s: stages: is missing, must be a list of stages that begins with load",
                       root->file);
    }
    PB_TRY(pb_config_read_stages(ctx, stages, pb_node_find(root, PB_CONFIG_WEIGHTS), config));
    return pb_config_check_ensemble(ctx, config);
}

/* A share held out is the default; with folds there is none unless somebody asks for it. */
static pb_status hold_out_folds(pb_context *ctx, pb_yaml *yaml)
{
    pb_node *train = pb_node_find(pb_yaml_root(yaml), "train"),
            *data = pb_node_find(pb_yaml_root(yaml), "data");
    const pb_node *folds =
        train && train->kind == PB_NODE_MAP ? pb_node_find(train, "folds") : NULL;
    const bool has_data = data && !pb_node_is_null(data);
    if (!folds || folds->kind != PB_NODE_SCALAR || !folds->text || strcmp(folds->text, "0") == 0)
        return PB_OK;
    if (has_data && (data->kind != PB_NODE_MAP || pb_node_find(data, "validation"))) return PB_OK;
    return pb_config_override(ctx, yaml, "data.validation=0");
}

static pb_status read_tree(pb_context *ctx, const char *path, int override_count,
                           const char *const overrides[], pb_yaml *yaml, pb_config *config)
{
    pb_node *root = pb_yaml_root(yaml);
    if (root->kind != PB_NODE_MAP && !pb_node_is_null(root)) {
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s:%d: is not a map, must hold keys such as train and stages", root->file,
                       root->line);
    }
    for (int i = 0; i < override_count; i++) PB_TRY(pb_config_override(ctx, yaml, overrides[i]));
    PB_TRY(pb_config_expand(ctx, yaml));
    if (pb_node_find(root, "name") == NULL) PB_TRY(name_after_file(ctx, yaml, path));
    PB_TRY(name_compressed(ctx, yaml));
    PB_TRY(hold_out_folds(ctx, yaml));
    PB_TRY(pb_config_number_members(ctx, yaml));
    return read_root(ctx, root, config);
}

static pb_status from_yaml(pb_context *ctx, const char *path, bool compresses, pb_yaml *yaml,
                           int override_count, const char *const overrides[], pb_config **config)
{
    *config = NULL;
    pb_config *c = calloc(1, sizeof *c);
    if (c == NULL) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for the configuration");
    c->compresses = compresses;
    const pb_status status = read_tree(ctx, path, override_count, overrides, yaml, c);
    if (status != PB_OK) {
        pb_config_free(&c);
        return status;
    }
    *config = c;
    return PB_OK;
}

pb_status pb_config_from_yaml(pb_context *ctx, const char *path, pb_yaml *yaml, int override_count,
                              const char *const overrides[], pb_config **config)
{
    return from_yaml(ctx, path, false, yaml, override_count, overrides, config);
}

pb_status pb_config_from_text(pb_context *ctx, const char *name, const char *text,
                              int override_count, const char *const overrides[], pb_config **config)
{
    pb_yaml *yaml;
    *config = NULL;
    PB_TRY(pb_yaml_parse(ctx, name, text, strlen(text), &yaml));
    const pb_status status =
        pb_config_from_yaml(ctx, name, yaml, override_count, overrides, config);
    pb_yaml_free(&yaml);
    return status;
}

pb_status pb_config_to_compress(pb_context *ctx, const char *path, pb_yaml *yaml,
                                int override_count, const char *const overrides[],
                                pb_config **config)
{
    return from_yaml(ctx, path, true, yaml, override_count, overrides, config);
}

void pb_config_free(pb_config **config)
{
    if (config == NULL || *config == NULL) return;
    for (int i = 0; i < (*config)->stage_count; i++) {
        pb_options_free(&(*config)->stages[i].options);
        pb_options_free(&(*config)->stages[i].weights);
        free((*config)->stages[i].where);
    }
    free((*config)->stages);
    pb_options_free(&(*config)->top);
    pb_options_free(&(*config)->machine);
    pb_options_free(&(*config)->data);
    pb_options_free(&(*config)->mnist1d);
    pb_options_free(&(*config)->weights);
    pb_options_free(&(*config)->transfer);
    pb_options_free(&(*config)->ensemble);
    pb_options_free(&(*config)->train);
    free(*config);
    *config = NULL;
}

static void append_stages(const pb_config *config, int count, int indent, pb_text *out)
{
    for (int i = 0; i < count; i++) {
        const pb_config_stage *s = &config->stages[i];
        pb_text_append(out, "%*s- %s%s\n", indent, "", s->stage->name,
                       s->stage->options != NULL ? ":" : "");
        pb_options_yaml(s->options, indent + 4, out);
        if (!s->own_weights) continue;
        pb_text_append(out, "%*s" PB_CONFIG_WEIGHTS ":\n", indent + 4, "");
        pb_options_yaml(s->weights, indent + 6, out);
    }
}

char *pb_config_chain_yaml(const pb_config *config, int count)
{
    pb_text out = {0};
    append_stages(config, count, 0, &out);
    if (out.failed) pb_text_free(&out);
    return out.text;
}

char *pb_config_yaml(const pb_config *config)
{
    pb_text out = {0};
    pb_options_yaml(config->top, 0, &out);
    pb_text_append(&out, "device:\n");
    pb_options_yaml(config->machine, 2, &out);
    pb_text_append(&out, "data:\n");
    pb_options_yaml(config->data, 2, &out);
    if (config->mnist1d != NULL) pb_options_yaml(config->mnist1d, 2, &out);
    if (config->weights != NULL) {
        pb_text_append(&out, PB_CONFIG_WEIGHTS ":\n");
        pb_options_yaml(config->weights, 2, &out);
    }
    if (config->transfer != NULL) {
        pb_text_append(&out, "transfer:\n");
        pb_options_yaml(config->transfer, 2, &out);
    }
    if (config->ensemble != NULL) {
        pb_text_append(&out, "ensemble:\n");
        pb_options_yaml(config->ensemble, 2, &out);
    }
    pb_text_append(&out, "train:\n");
    pb_options_yaml(config->train, 2, &out);
    pb_text_append(&out, "stages:\n");
    append_stages(config, config->stage_count, 2, &out);
    if (out.failed) pb_text_free(&out);
    return out.text;
}

const char *pb_config_name(const pb_config *config)
{
    return config->name;
}
