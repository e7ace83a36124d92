#include "study/study_config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "base/yaml.h"
#include "data/registry.h"
#include "train/config.h"
#include "train/config_internal.h"
#include "train/overrides.h"

enum { MOST_METHODS = 64, LONGEST_NAME = 60 };

// clang-format off
const pb_option pb_study_options_table[] = {
    {.name = "config", .type = PB_OPTION_STRING, .fallback = "",
     .help = "file of the network and its training; \"\": the keys of this file"},
    {.name = "budgets", .type = PB_OPTION_INTS, .fallback = "[]", .min = 1, .max = 1 << 30,
     .help = "bytes a sample, at most, of the files compared; []: 1/2 to 1/64 of what raw takes"},
    {.name = "seeds", .type = PB_OPTION_INTS, .fallback = "[0, 1, 2]", .min = 0,
     .max = 4294967295.0, .help = "that each file is trained on with"},
    {.name = "only", .type = PB_OPTION_STRING, .fallback = "",
     .help = "methods to study, such as \"dct, pca\"; \"\": all"},
    {.name = "measures", .type = PB_OPTION_BOOL, .fallback = "true",
     .help = "whether to measure what each file keeps and gives away"},
    {.name = "probes", .type = PB_OPTION_INT, .fallback = "1000", .min = 1, .max = 1 << 20,
     .help = "samples that are looked for among all by their compressed form"},
    {.name = "tell_from", .type = PB_OPTION_STRING, .fallback = "mnist, fashion-mnist",
     .help = "data sets of the same shape to tell apart, where they are installed; \"\": noise alone"},
    {0},
};
// clang-format on

/* What is read, and what all of it needs. */
typedef struct reader {
    pb_context *ctx;
    const char *path;
    const char *text; /* of the study where no file holds it; NULL: `path` does */
    pb_node *root;
    const pb_node *section;
    int override_count;
    const char *const *overrides;
    pb_study_config *config;
} reader;

static pb_status no_memory(pb_context *ctx)
{
    return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for the study");
}

static pb_status fail_at(reader *r, const pb_node *node, const char *format, ...) PB_PRINTF(3, 4);
static pb_status fail_at(reader *r, const pb_node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const pb_status status = pb_fail_at_va(r->ctx, node, "study", format, args);
    va_end(args);
    return status;
}

static pb_status load_tree(reader *r, pb_yaml **yaml)
{
    return r->text ? pb_yaml_parse(r->ctx, r->path, r->text, strlen(r->text), yaml)
                   : pb_yaml_load(r->ctx, r->path, yaml);
}

/* ---- overrides ---- */

static bool is_kept(const char *key)
{
    return strncmp(key, "methods", 7) == 0 || strncmp(key, "compare", 7) == 0;
}

static const pb_own_section own_section = {.name = "study",
                                           .example = "study.seeds=[0]",
                                           .is_kept = is_kept,
                                           .kept =
                                               "methods and comparisons are changed in the file"};

/* ---- the configuration of a method ---- */

/* Adds a copy of a node and all that it holds to a list or map: overrides of one method must not
 * reach the others. */
static pb_status append_copy(reader *r, pb_node *to, const pb_node *node)
{
    pb_node *copy = pb_arena_alloc(r->config->arena, sizeof *copy), **end = &to->first;
    if (!copy) return no_memory(r->ctx);
    *copy = *node;
    copy->next = copy->first = NULL;
    copy->count = 0;
    for (const pb_node *n = node->first; n; n = n->next) PB_TRY(append_copy(r, copy, n));
    while (*end) end = &(*end)->next;
    *end = copy;
    to->count++;
    return PB_OK;
}

/* Data, training and device of the study hold for every network. */
static pb_status take_common(reader *r, pb_node *root)
{
    static const char *const keys[] = {"data", "train", "device"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const pb_node *common = pb_node_find(r->root, keys[i]);
        if (!common) continue;
        pb_node_cut(root, keys[i]);
        PB_TRY(append_copy(r, root, common));
    }
    return PB_OK;
}

static bool compresses(const pb_stage *stage)
{
    return stage && stage->kind == PB_STAGE_TRANSFORM && strcmp(stage->name, "reshape") != 0;
}

static bool entry_compresses(const pb_node *entry)
{
    const char *name = pb_config_entry_name(entry);
    return name && compresses(pb_stage_find(name));
}

/* The method's stages between `load` and the network, in place of the transforms that are there. */
static pb_status put_stages(reader *r, pb_node *root, const pb_node *own)
{
    pb_node *list = pb_node_find(root, "stages");
    if (!list || list->kind != PB_NODE_LIST || !list->first)
        return PB_OK; /* told when it is read */
    const pb_node *rest = list->first->next;
    while (rest && entry_compresses(rest)) rest = rest->next;
    pb_node whole = *list;
    whole.first = NULL;
    whole.count = 0;
    PB_TRY(append_copy(r, &whole, list->first));
    for (const pb_node *n = own->first; n; n = n->next) PB_TRY(append_copy(r, &whole, n));
    for (; rest; rest = rest->next) PB_TRY(append_copy(r, &whole, rest));
    list->first = whole.first;
    list->count = whole.count;
    return PB_OK;
}

/* The overrides of the method and of the command line. */
static pb_status list_overrides(reader *r, const pb_node *set, const char *name, const char ***list,
                                int *count)
{
    pb_arena *arena = r->config->arena;
    const size_t room = (size_t)(set ? set->count : 0) + (size_t)r->override_count + 1;
    *count = 0;
    *list = pb_arena_alloc(arena, room * sizeof **list);
    if (!*list) return no_memory(r->ctx);
    for (const pb_node *n = set ? set->first : NULL; n; n = n->next) {
        if (n->kind != PB_NODE_SCALAR)
            return fail_at(r, n, "methods.%s.set.%.60s: must be a single value", name, n->key);
        (*list)[(*count)++] = pb_override_of(arena, n);
    }
    for (int i = 0; i < r->override_count; i++)
        if (!pb_override_is_of(&own_section, r->overrides[i]))
            (*list)[(*count)++] = r->overrides[i];
    (*list)[(*count)++] = pb_arena_printf(arena, "name=%s", name);
    for (int i = 0; i < *count; i++)
        if (!(*list)[i]) return no_memory(r->ctx);
    return PB_OK;
}

static pb_status read_tree_of(reader *r, const char *file, char **path, pb_yaml **yaml)
{
    *path = file ? pb_path_beside(r->path, file) : strdup(r->path);
    if (!*path) return no_memory(r->ctx);
    PB_TRY(file ? pb_yaml_load(r->ctx, *path, yaml) : load_tree(r, yaml));
    if (!file) pb_node_cut(pb_yaml_root(*yaml), "study");
    return file ? take_common(r, pb_yaml_root(*yaml)) : PB_OK;
}

static pb_status read_base(reader *r, const pb_node *node, pb_method *method)
{
    const pb_node *file = pb_node_find(node, "config"), *own = pb_node_find(node, "stages");
    const char *common = pb_option_string(r->config->options, "config");
    const pb_node none = {.kind = PB_NODE_LIST};
    const char **overrides;
    char *path = NULL;
    pb_yaml *yaml = NULL;
    pb_config *config = NULL;
    int count;
    if (!node) own = &none; /* the reference, where the study does not say otherwise */
    PB_TRY(list_overrides(r, pb_node_find(node, "set"), method->name, &overrides, &count));
    pb_status status = read_tree_of(r, file ? file->text : common[0] ? common : NULL, &path, &yaml);
    if (status == PB_OK && own) status = put_stages(r, pb_yaml_root(yaml), own);
    if (status == PB_OK)
        status = pb_config_from_yaml(r->ctx, path, yaml, count, overrides, &config);
    if (status == PB_OK && pb_config_folds(config) > 0)
        status = pb_fail(r->ctx, PB_ERR_CONFIG,
                         "%s: a study tests every network on the test part; allowed: 0",
                         pb_option_where(config->train, "folds"));
    if (status == PB_OK && config->ensemble)
        status =
            pb_fail(r->ctx, PB_ERR_CONFIG, "%s: a study is of single networks, not of ensembles",
                    pb_option_where(config->ensemble, "kind"));
    if (status == PB_OK) {
        method->base = pb_config_yaml(config);
        for (method->chain = 1;
             method->chain < config->stage_count && compresses(config->stages[method->chain].stage);
             method->chain++)
            continue;
        if (!method->base) status = no_memory(r->ctx);
    }
    pb_config_free(&config);
    pb_yaml_free(&yaml);
    free(path);
    return status;
}

/* ---- methods ---- */

static pb_status check_name(reader *r, const pb_node *node, const char *name)
{
    const size_t length = strlen(name);
    const char *dash = strrchr(name, '-');
    if (dash && dash[1] && dash[1 + strspn(dash + 1, "0123456789")] == '\0')
        return fail_at(r, node, "'%.100s' ends in a number, as the names of its files do", name);
    if (length >= 1 && length <= LONGEST_NAME && name[0] != '.' && name[0] != '-' &&
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == length)
        return PB_OK;
    return fail_at(r, node,
                   "'%.100s' cannot name a folder, allowed: 1 to %d letters, digits, '_', '-' and "
                   "'.', not beginning with '-' or '.'",
                   name, LONGEST_NAME);
}

static pb_status check_method(reader *r, const pb_node *node)
{
    static const struct {
        const char *key;
        pb_node_kind kind;
        const char *words;
    } keys[] = {{"config", PB_NODE_SCALAR, "a file of a configuration"},
                {"stages", PB_NODE_LIST, "a list of transforms"},
                {"set", PB_NODE_MAP, "a map of overrides such as {train.epochs: 10}"},
                {"vary", PB_NODE_SCALAR, "the key of an option, such as stages.dct2.count"},
                {"weights_of", PB_NODE_SCALAR, "a file of a configuration with a band mask"}};
    enum { KEYS = sizeof keys / sizeof *keys };
    PB_TRY(check_name(r, node, node->key));
    if (node->kind != PB_NODE_MAP)
        return fail_at(r, node,
                       "methods.%s: must be a map of config, stages, set, vary and weights_of",
                       node->key);
    for (const pb_node *n = node->first; n; n = n->next) {
        int i = 0;
        while (i < KEYS && strcmp(keys[i].key, n->key) != 0) i++;
        if (i == KEYS)
            return fail_at(r, n,
                           "methods.%s.%.60s: unknown key, allowed: config, stages, set, vary, "
                           "weights_of",
                           node->key, n->key);
        if (n->kind != keys[i].kind)
            return fail_at(r, n, "methods.%s.%s: must be %s", node->key, n->key, keys[i].words);
        if (strcmp(node->key, PB_STUDY_REFERENCE) == 0 &&
            (strcmp(n->key, "vary") == 0 || strcmp(n->key, "weights_of") == 0))
            return fail_at(r, n,
                           "methods.%s.%s: the others are compared with %s, which has one size and "
                           "learns no weights first; allowed: config, stages, set",
                           node->key, n->key, node->key);
    }
    return PB_OK;
}

/* The stages of a method that do not compress would lie behind its file. */
static pb_status check_stages(reader *r, const pb_node *node)
{
    const pb_node *own = pb_node_find(node, "stages");
    for (const pb_node *n = own ? own->first : NULL; n; n = n->next) {
        const char *name = pb_config_entry_name(n);
        const pb_stage *stage = name ? pb_stage_find(name) : NULL;
        if (stage && !compresses(stage))
            return fail_at(r, n, "methods.%s.stages: %s does not compress; allowed are transforms",
                           node->key, name);
    }
    return PB_OK;
}

/* The option must be one of a stage that compresses, and take whole numbers. */
static pb_status check_vary(reader *r, const pb_node *node, pb_method *method)
{
    const pb_node *key = pb_node_find(node, "vary");
    pb_config *config = NULL;
    if (!key) return PB_OK;
    if (strncmp(key->text, "stages.", 7) != 0)
        return fail_at(r, key, "methods.%s.vary: is %.60s, must be an option of a stage", node->key,
                       key->text);
    method->vary = pb_arena_strdup(r->config->arena, key->text);
    if (!method->vary) return no_memory(r->ctx);
    const pb_status status = pb_method_config(r->ctx, method, 1, 0, NULL, false, &config);
    pb_config_free(&config);
    if (status == PB_OK) return PB_OK;
    char *said = strdup(pb_error(r->ctx));
    if (!said) return no_memory(r->ctx);
    const char *cut = strncmp(said, "command line: ", 14) == 0 ? said + 14 : said;
    pb_fail(r->ctx, status, "%s:%d: study.methods.%s.vary: must be an option of whole numbers: %s",
            key->file, key->line, node->key, cut);
    free(said);
    return status;
}

/* What the command line says of stages is meant for methods. */
static pb_status list_common_overrides(reader *r, const char ***list, int *count)
{
    *count = 0;
    *list = pb_arena_alloc(r->config->arena, ((size_t)r->override_count + 1) * sizeof **list);
    if (!*list) return no_memory(r->ctx);
    for (int i = 0; i < r->override_count; i++)
        if (!pb_override_is_of(&own_section, r->overrides[i]) &&
            strncmp(r->overrides[i], "stages.", 7) != 0)
            (*list)[(*count)++] = r->overrides[i];
    return PB_OK;
}

/* The configuration whose band weights the method takes. */
static pb_status read_learner(reader *r, const pb_node *node, pb_method *method)
{
    const pb_node *file = pb_node_find(node, "weights_of");
    const char **overrides;
    int count;
    char *path = NULL;
    pb_yaml *yaml = NULL;
    pb_config *config = NULL;
    if (!file) return PB_OK;
    PB_TRY(list_common_overrides(r, &overrides, &count));
    pb_status status = read_tree_of(r, file->text, &path, &yaml);
    if (status == PB_OK)
        status = pb_config_from_yaml(r->ctx, path, yaml, count, overrides, &config);
    if (status == PB_OK && !(method->learner = pb_config_yaml(config))) status = no_memory(r->ctx);
    pb_config_free(&config);
    pb_yaml_free(&yaml);
    if (status == PB_OK) {
        status = pb_method_check_learner(r->ctx, method);
        if (status != PB_OK)
            pb_fail_prefix(r->ctx, status, "%s:%d: study.methods.%s.weights_of: %s", file->file,
                           file->line, node->key, path);
    }
    free(path);
    return status;
}

static pb_status read_method(reader *r, const pb_node *node, const char *name)
{
    pb_study_config *c = r->config;
    pb_method *method = &c->methods[c->method_count++];
    method->name = pb_arena_strdup(c->arena, name);
    if (!method->name) return no_memory(r->ctx);
    if (node) PB_TRY(check_stages(r, node));
    PB_TRY(read_base(r, node, method));
    PB_TRY(check_vary(r, node, method));
    return read_learner(r, node, method);
}

/* Whether study.only, a list of names between commas and spaces, has this one. */
static bool is_wanted(const reader *r, const char *name)
{
    const char *only = pb_option_string(r->config->options, "only");
    const size_t length = strlen(name);
    for (const char *at = only; (at = strstr(at, name)); at += length)
        if ((at == only || strchr(", ", at[-1])) && strchr(", ", at[length])) return true;
    return strspn(only, ", ") == strlen(only);
}

/* All names of study.only are methods. */
static pb_status check_only(reader *r, const pb_node *map)
{
    char *names = strdup(pb_option_string(r->config->options, "only")), *rest = NULL;
    if (!names) return no_memory(r->ctx);
    pb_status status = PB_OK;
    for (char *name = strtok_r(names, ", ", &rest); status == PB_OK && name;
         name = strtok_r(NULL, ", ", &rest))
        if (!pb_node_find(map, name))
            status = pb_fail(r->ctx, PB_ERR_CONFIG, "%s: %.60s is not a method of this study",
                             pb_option_where(r->config->options, "only"), name);
    free(names);
    return status;
}

static pb_status read_methods(reader *r)
{
    pb_study_config *c = r->config;
    const pb_node *map = pb_node_find(r->section, "methods");
    if (!map || map->kind != PB_NODE_MAP || map->count < 1 || map->count >= MOST_METHODS)
        return fail_at(r, map ? map : r->section,
                       "methods: must be a map of 1 to %d named methods, each of them a map of "
                       "stages and vary",
                       MOST_METHODS - 1);
    c->methods = pb_arena_alloc(c->arena, MOST_METHODS * sizeof *c->methods);
    if (!c->methods) return no_memory(r->ctx);
    for (const pb_node *n = map->first; n; n = n->next) PB_TRY(check_method(r, n));
    PB_TRY(check_only(r, map));
    PB_TRY(read_method(r, pb_node_find(map, PB_STUDY_REFERENCE), PB_STUDY_REFERENCE));
    for (const pb_node *n = map->first; n; n = n->next)
        if (strcmp(n->key, PB_STUDY_REFERENCE) != 0 && is_wanted(r, n->key))
            PB_TRY(read_method(r, n, n->key));
    return PB_OK;
}

/* ---- comparisons ---- */

static pb_method *find_method(pb_study_config *c, const char *name)
{
    for (int i = 0; name && i < c->method_count; i++)
        if (strcmp(c->methods[i].name, name) == 0) return &c->methods[i];
    return NULL;
}

/* A method that study.only does not name is compared with nothing. */
static bool is_left_out(const reader *r, const char *name)
{
    const pb_node *methods = pb_node_find(r->section, "methods");
    return name && pb_node_find(methods, name) && strcmp(name, PB_STUDY_REFERENCE) != 0 &&
           !is_wanted(r, name);
}

static pb_status read_rivals(reader *r, const pb_node *list, pb_method *method)
{
    if (list->kind != PB_NODE_LIST || list->count < 1)
        return fail_at(r, list, "compare.%s: must be a list of methods", list->key);
    method->against = pb_arena_alloc(r->config->arena, (size_t)list->count * sizeof(char *));
    if (!method->against) return no_memory(r->ctx);
    for (const pb_node *n = list->first; n; n = n->next) {
        const pb_method *rival = n->kind == PB_NODE_SCALAR ? find_method(r->config, n->text) : NULL;
        if (is_left_out(r, n->text)) continue;
        if (!rival || rival == method)
            return fail_at(r, n, "compare.%s: %.60s is not another method of this study", list->key,
                           n->kind == PB_NODE_SCALAR ? n->text : "an entry");
        method->against[method->against_count++] = rival->name;
    }
    return PB_OK;
}

static pb_status read_comparisons(reader *r)
{
    const pb_node *map = pb_node_find(r->section, "compare");
    if (!map) return PB_OK;
    if (map->kind != PB_NODE_MAP)
        return fail_at(r, map, "compare: must be a map of methods to lists of methods");
    for (const pb_node *n = map->first; n; n = n->next) {
        pb_method *method = find_method(r->config, n->key);
        if (is_left_out(r, n->key)) continue;
        if (!method) return fail_at(r, n, "compare.%.60s: is not a method of this study", n->key);
        PB_TRY(read_rivals(r, n, method));
    }
    return PB_OK;
}

/* ---- the whole ---- */

/* The name in the file, else that of the file. */
static pb_status read_name(reader *r)
{
    const pb_node *name = pb_node_find(r->root, "name");
    const char *slash = strrchr(r->path, '/'), *stem = slash ? slash + 1 : r->path;
    pb_arena *arena = r->config->arena;
    r->config->name = name && name->kind == PB_NODE_SCALAR
                          ? pb_arena_strdup(arena, name->text)
                          : pb_arena_printf(arena, "%.*s", (int)strcspn(stem, "."), stem);
    if (!r->config->name) return no_memory(r->ctx);
    return check_name(r, r->root, r->config->name);
}

static pb_status check_numbers(reader *r, const char *name, int least)
{
    int count;
    const int64_t *numbers = pb_option_ints(r->config->options, name, &count);
    const char *where = pb_option_where(r->config->options, name);
    for (int i = 0; i < count; i++)
        for (int k = 0; k < i; k++)
            if (numbers[i] == numbers[k])
                return pb_fail(r->ctx, PB_ERR_CONFIG, "%s: has %" PRId64 " twice", where,
                               numbers[i]);
    if (count >= least && count <= 100) return PB_OK;
    return pb_fail(r->ctx, PB_ERR_CONFIG, "%s: has %d numbers, allowed: %d to 100", where, count,
                   least);
}

/* The data sets to tell the study's from are known, whether or not they lie on this machine. */
static pb_status check_others(reader *r)
{
    const pb_options *options = r->config->options;
    char *names = strdup(pb_option_string(options, "tell_from")), *rest = NULL;
    if (!names) return no_memory(r->ctx);
    pb_status status = PB_OK;
    for (char *name = strtok_r(names, ", ", &rest); status == PB_OK && name;
         name = strtok_r(NULL, ", ", &rest)) {
        const pb_data_row *row;
        status = pb_data_find(r->ctx, name, &row);
    }
    free(names);
    if (status == PB_OK) return PB_OK;
    return pb_fail_prefix(r->ctx, status, "%s", pb_option_where(options, "tell_from"));
}

/* The options of the section, which is a map of these, of `methods` and of `compare`. */
static pb_status read_options(reader *r)
{
    pb_node map = *r->section, *copies;
    copies = pb_arena_alloc(r->config->arena, ((size_t)map.count + 1) * sizeof *copies);
    if (!copies) return no_memory(r->ctx);
    map.first = NULL;
    map.count = 0;
    for (const pb_node *n = r->section->first; n; n = n->next) {
        if (strcmp(n->key, "methods") == 0 || strcmp(n->key, "compare") == 0) continue;
        copies[map.count] = *n;
        copies[map.count].next = map.first;
        map.first = &copies[map.count++];
    }
    PB_TRY(pb_options_parse(r->ctx, pb_study_options_table, &map, "study", &r->config->options));
    PB_TRY(check_numbers(r, "seeds", 1));
    PB_TRY(check_numbers(r, "budgets", 0));
    return check_others(r);
}

/* Where another file holds the network, keys beside those that hold for all would be ignored. */
static pb_status check_root(reader *r)
{
    static const char *const common[] = {"name", "study", "data", "train", "device"};
    if (!pb_option_string(r->config->options, "config")[0]) return PB_OK;
    for (const pb_node *n = r->root->first; n; n = n->next) {
        size_t i = 0;
        while (i < 5 && strcmp(common[i], n->key) != 0) i++;
        if (i == 5)
            return pb_fail(r->ctx, PB_ERR_CONFIG,
                           "%s:%d: %.60s: cannot be given here, for study.config names a file that "
                           "holds the network; allowed: name, study, data, train, device",
                           n->file, n->line, n->key);
    }
    return PB_OK;
}

static pb_status read_tree(reader *r, pb_yaml *yaml)
{
    r->root = pb_yaml_root(yaml);
    pb_node *section = pb_node_find(r->root, "study");
    r->section = section;
    if (!section || section->kind != PB_NODE_MAP)
        return pb_fail(r->ctx, PB_ERR_CONFIG,
                       "%s: study: is missing, must be a map that says what to compare", r->path);
    for (int i = 0; i < r->override_count; i++)
        if (pb_override_is_of(&own_section, r->overrides[i]))
            PB_TRY(pb_override_section(r->ctx, &own_section, yaml, section, r->overrides[i]));
    PB_TRY(read_name(r));
    PB_TRY(read_options(r));
    PB_TRY(check_root(r));
    PB_TRY(read_methods(r));
    return read_comparisons(r);
}

static pb_status read_study(reader *r, pb_study_config **config)
{
    pb_yaml *yaml;
    *config = NULL;
    PB_TRY(load_tree(r, &yaml));
    r->config = calloc(1, sizeof *r->config);
    if (r->config) r->config->arena = pb_arena_create();
    const pb_status status = r->config && r->config->arena ? read_tree(r, yaml) : no_memory(r->ctx);
    pb_yaml_free(&yaml);
    if (status == PB_OK)
        *config = r->config;
    else
        pb_study_config_free(&r->config);
    return status;
}

pb_status pb_study_config_load(pb_context *ctx, const char *path, int override_count,
                               const char *const overrides[], pb_study_config **config)
{
    reader r = {.ctx = ctx, .path = path, .override_count = override_count, .overrides = overrides};
    return read_study(&r, config);
}

pb_status pb_study_config_parse(pb_context *ctx, const char *name, const char *text,
                                int override_count, const char *const overrides[],
                                pb_study_config **config)
{
    reader r = {.ctx = ctx,
                .path = name,
                .text = text,
                .override_count = override_count,
                .overrides = overrides};
    return read_study(&r, config);
}

void pb_study_config_free(pb_study_config **config)
{
    if (!config || !*config) return;
    for (int i = 0; i < (*config)->method_count; i++) {
        pb_method *m = &(*config)->methods[i];
        free(m->base);
        free(m->learner);
        free(m->weights);
    }
    pb_options_free(&(*config)->options);
    pb_arena_free(&(*config)->arena);
    free(*config);
    *config = NULL;
}
