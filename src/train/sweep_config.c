#include "train/sweep_config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "train/config_internal.h"
#include "train/overrides.h"
#include "train/sampler.h"

enum { MOST_ARMS = 16, USUAL_TRIALS = 30, LONGEST_NAME = 100 };

// clang-format off
const pb_option pb_sweep_options_table[] = {
    {.name = "sampler", .type = PB_OPTION_CHOICE, .fallback = "tpe", .choices = "grid|random|tpe",
     .help = "how points are chosen"},
    {.name = "pruner", .type = PB_OPTION_CHOICE, .fallback = "none",
     .choices = "none|median|successive_halving", .help = "how hopeless trials are stopped early"},
    {.name = "trials", .type = PB_OPTION_INT, .fallback = "0", .min = 0, .max = 100000,
     .help = "of each arm; 0: every point of a grid, else 30"},
    {.name = "metric", .type = PB_OPTION_CHOICE, .fallback = "val_accuracy",
     .choices = "val_accuracy|val_loss", .help = "what is maximised or minimised: its best epoch"},
    {.name = "seed", .type = PB_OPTION_INT, .fallback = "0", .min = 0, .max = 4294967295.0,
     .help = "of the sampler"},
    {.name = "trial_seed", .type = PB_OPTION_INT, .fallback = "0", .min = 0, .max = 4294967295.0,
     .help = "that every trial trains with"},
    {.name = "final_seeds", .type = PB_OPTION_INTS, .fallback = "[1, 2, 3, 4, 5]", .min = 0,
     .max = 4294967295.0, .help = "that the winner of each arm trains with to be tested"},
    {.name = "warmup_epochs", .type = PB_OPTION_INT, .fallback = "5", .min = 0, .max = 1000000,
     .help = "epochs that no pruner interrupts"},
    {.name = "reduction_factor", .type = PB_OPTION_INT, .fallback = "4", .min = 2, .max = 100,
     .help = "one in how many trials successive halving lets go on at each rung"},
    {0},
};
// clang-format on

/* What is read, and what all of it needs. */
typedef struct reader {
    pb_context *ctx;
    const char *path;
    int override_count;
    const char *const *overrides;
    pb_sweep_config *config;
} reader;

static pb_status no_memory(pb_context *ctx)
{
    return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for the search");
}

static pb_status fail_at(reader *r, const pb_node *node, const char *format, ...) PB_PRINTF(3, 4);
static pb_status fail_at(reader *r, const pb_node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const pb_status status = pb_fail_at_va(r->ctx, node, "sweep", format, args);
    va_end(args);
    return status;
}

/* Puts the place in the file before what the schema said of a made-up override. */
static pb_status blame(reader *r, pb_status status, const char *where)
{
    static const char made_up[] = "command line: ";
    char *said = strdup(pb_error(r->ctx));
    if (!said) return no_memory(r->ctx);
    const bool cut = strncmp(said, made_up, strlen(made_up)) == 0;
    pb_fail(r->ctx, status, "%s: %s", where, said + (cut ? strlen(made_up) : 0));
    free(said);
    return status;
}

/* ---- overrides ---- */

static bool is_kept(const char *key)
{
    return strncmp(key, "space", 5) == 0 || strncmp(key, "arms", 4) == 0 ||
           strncmp(key, "final.", 6) == 0 || strcmp(key, "final") == 0;
}

static const pb_own_section own_section = {.name = "sweep",
                                           .example = "sweep.trials=10",
                                           .is_kept = is_kept,
                                           .kept =
                                               "a space, an arm and final are changed in the file"};

/* ---- what an arm trains ---- */

static pb_status read_final(reader *r, const pb_node *section)
{
    const pb_node *map = pb_node_find(section, "final");
    pb_sweep_config *c = r->config;
    if (!map) return PB_OK;
    if (map->kind != PB_NODE_MAP)
        return fail_at(r, map, "final: must be a map of overrides such as {data.validation: 0}");
    c->final = pb_arena_alloc(c->arena, ((size_t)map->count + 1) * sizeof *c->final);
    if (!c->final) return no_memory(r->ctx);
    for (const pb_node *n = map->first; n; n = n->next) {
        if (n->kind != PB_NODE_SCALAR || strcmp(n->key, "train.seeds") == 0)
            return fail_at(r, n, "final.%.60s: must be a single value, and seeds are final_seeds",
                           n->key);
        c->final[c->final_count] = pb_override_of(c->arena, n);
        if (!c->final[c->final_count++]) return no_memory(r->ctx);
    }
    return PB_OK;
}

/* The overrides of the command line and of the arm that concern its configuration. */
static pb_status list_overrides(reader *r, const pb_node *set, const char *name, const char ***list,
                                int *count)
{
    pb_arena *arena = r->config->arena;
    *count = 0;
    *list = pb_arena_alloc(arena, ((size_t)(set ? set->count : 0) + (size_t)r->override_count + 1) *
                                      sizeof **list);
    if (!*list) return no_memory(r->ctx);
    for (const pb_node *n = set ? set->first : NULL; n; n = n->next) {
        if (n->kind != PB_NODE_SCALAR)
            return fail_at(r, n, "set.%.60s: must be a single value", n->key);
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

static pb_status read_base(reader *r, const char *file, int count, const char *const overrides[],
                           pb_config **config)
{
    pb_yaml *yaml;
    char *path = file ? pb_path_beside(r->path, file) : strdup(r->path);
    if (!path) return no_memory(r->ctx);
    pb_status status = pb_yaml_load(r->ctx, path, &yaml);
    if (status == PB_OK) {
        if (!file) pb_node_cut(pb_yaml_root(yaml), "sweep");
        status = pb_config_from_yaml(r->ctx, path, yaml, count, overrides, config);
        pb_yaml_free(&yaml);
    }
    free(path);
    return status;
}

static pb_status keep_base(reader *r, const pb_config *config, pb_arm *arm)
{
    if (!(pb_option_float(config->data, "validation") > 0) && pb_config_folds(config) == 0)
        return pb_fail(r->ctx, PB_ERR_CONFIG,
                       "%s: a search chooses by validation samples, but data.validation is 0, and "
                       "train.folds too",
                       pb_option_where(config->data, "validation"));
    if (config->ensemble)
        return pb_fail(r->ctx, PB_ERR_CONFIG, "%s: a search is for one network, not for ensembles",
                       pb_option_where(config->ensemble, "kind"));
    arm->base = pb_config_yaml(config);
    return arm->base ? PB_OK : no_memory(r->ctx);
}

/* ---- checking an arm's space ---- */

/* Keys whose change would have trials scored on other samples, or is decided by the search. */
static pb_status check_key(reader *r, const pb_dimension *d)
{
    static const char *const kept[] = {"name",
                                       "device",
                                       "device.name",
                                       "device.memory_limit",
                                       "train.seeds",
                                       "data.name",
                                       "data.path",
                                       "data.validation",
                                       "data.test_fraction",
                                       "data.split_seed",
                                       "train.folds",
                                       "train.fold_kind",
                                       "train.fold_repeats",
                                       "train.fold"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (strcmp(d->key, kept[i]) == 0)
            return pb_fail(r->ctx, PB_ERR_CONFIG,
                           "%s: must be the same for all trials, so it cannot be searched over",
                           d->where);
    for (int i = 0; i < r->override_count; i++) {
        const size_t length = strlen(d->key);
        if (strncmp(r->overrides[i], d->key, length) == 0 && r->overrides[i][length] == '=')
            return pb_fail(r->ctx, PB_ERR_USAGE,
                           "command line: %s: is searched over, so it cannot be set", d->key);
    }
    return PB_OK;
}

/* Tries a coordinate of one dimension on the arm's configuration. */
static pb_status try_value(reader *r, const pb_arm *arm, const pb_dimension *d, double coordinate)
{
    pb_config *config = NULL;
    pb_text override = {0};
    pb_text_append(&override, "%s=", d->key);
    pb_dimension_value(d, coordinate, &override);
    if (override.failed) return no_memory(r->ctx);
    const char *const list[] = {override.text};
    const pb_status status = pb_config_from_text(r->ctx, arm->name, arm->base, 1, list, &config);
    pb_config_free(&config);
    pb_text_free(&override);
    return status == PB_OK ? PB_OK : blame(r, status, d->where);
}

static pb_status check_space(reader *r, const pb_arm *arm)
{
    for (int i = 0; i < arm->space.count; i++) {
        const pb_dimension *d = &arm->space.dimensions[i];
        const bool categorical = d->kind == PB_DIMENSION_CATEGORICAL;
        PB_TRY(check_key(r, d));
        for (int c = 0; c < d->choice_count; c++) PB_TRY(try_value(r, arm, d, c));
        if (!categorical) PB_TRY(try_value(r, arm, d, d->low));
        if (!categorical) PB_TRY(try_value(r, arm, d, d->high));
    }
    return PB_OK;
}

/* A winner must be what was chosen, and what `final` changes must fit the schema. */
static pb_status check_final(reader *r, const pb_node *section, const pb_arm *arm)
{
    double *corner = pb_arena_alloc(r->config->arena, (size_t)arm->space.count * sizeof *corner);
    pb_config *config = NULL;
    if (!corner) return no_memory(r->ctx);
    for (int i = 0; i < arm->space.count; i++) {
        const char *key = arm->space.dimensions[i].key;
        const size_t length = strlen(key);
        corner[i] = arm->space.dimensions[i].low; /* the first choice of a categorical */
        for (int k = 0; k < r->config->final_count; k++)
            if (strncmp(r->config->final[k], key, length) == 0 &&
                r->config->final[k][length] == '=')
                return fail_at(r, section, "final.%s: is searched over, so it cannot be set", key);
    }
    const pb_status status = pb_arm_final_config(r->ctx, r->config, arm, corner, &config);
    pb_config_free(&config);
    return status == PB_OK ? PB_OK : blame(r, status, r->path);
}

static pb_status plan_trials(reader *r, const pb_node *section, pb_arm *arm)
{
    const int64_t trials = pb_option_int(r->config->options, "trials");
    arm->planned = trials > 0 ? (int)trials : USUAL_TRIALS;
    if (strcmp(pb_option_string(r->config->options, "sampler"), "grid") != 0) return PB_OK;
    const int64_t points = pb_grid_count(&arm->space);
    for (int i = 0; points < 0 && i < arm->space.count; i++)
        if (pb_dimension_grid_count(&arm->space.dimensions[i]) == 0)
            return pb_fail(r->ctx, PB_ERR_CONFIG,
                           "%s: a grid needs `points`, how many values to take of this range",
                           arm->space.dimensions[i].where);
    if (points == 0 || (trials == 0 && points > 100000))
        return fail_at(r, section, "the grid of arm %s has more than 100000 points", arm->name);
    if (trials == 0 || points < trials) arm->planned = (int)points;
    return PB_OK;
}

/* ---- arms ---- */

static pb_status check_arm_name(reader *r, const pb_node *node, const char *name)
{
    const size_t length = strlen(name);
    if (length >= 1 && length <= LONGEST_NAME && name[0] != '.' && name[0] != '-' &&
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == length)
        return PB_OK;
    return fail_at(r, node,
                   "arms: '%.100s' cannot name a folder, allowed: 1 to %d letters, digits, '_', "
                   "'-' and '.', not beginning with '-' or '.'",
                   name, LONGEST_NAME);
}

/* node: the arm's map, NULL for the only arm of a search without arms. */
static pb_status read_arm(reader *r, const pb_node *section, const pb_node *node, const char *name,
                          pb_arm *arm)
{
    const pb_node *file = pb_node_find(node, "config"), *set = pb_node_find(node, "set");
    const pb_node *common = pb_node_find(section, "space"), *own = pb_node_find(node, "space");
    const char **overrides;
    pb_config *config = NULL;
    int count;
    arm->name = name;
    PB_TRY(list_overrides(r, set, name, &overrides, &count));
    PB_TRY(read_base(r, file ? file->text : NULL, count, overrides, &config));
    const pb_status status = keep_base(r, config, arm);
    pb_config_free(&config);
    PB_TRY(status);
    if (common) PB_TRY(pb_space_read(r->ctx, r->config->arena, common, "sweep.space", &arm->space));
    if (own) {
        const char *path = pb_arena_printf(r->config->arena, "sweep.arms.%s.space", name);
        if (!path) return no_memory(r->ctx);
        PB_TRY(pb_space_read(r->ctx, r->config->arena, own, path, &arm->space));
    }
    if (arm->space.count == 0)
        return fail_at(r, section, "there is nothing to search over: `space` is missing or empty");
    PB_TRY(check_space(r, arm));
    if (r->config->final_count > 0) PB_TRY(check_final(r, section, arm));
    return plan_trials(r, section, arm);
}

static pb_status check_arm(reader *r, const pb_node *node)
{
    static const struct {
        const char *key;
        pb_node_kind kind;
        const char *words;
    } keys[] = {{"config", PB_NODE_SCALAR, "a file of a configuration"},
                {"set", PB_NODE_MAP, "a map of overrides such as {train.epochs: 10}"},
                {"space", PB_NODE_MAP, "a map from keys to ranges"}};
    PB_TRY(check_arm_name(r, node, node->key));
    if (pb_node_is_null(node)) return PB_OK;
    if (node->kind != PB_NODE_MAP)
        return fail_at(r, node, "arms.%s: must be a map of config, set and space", node->key);
    for (const pb_node *n = node->first; n; n = n->next) {
        int i = 0;
        while (i < 3 && strcmp(keys[i].key, n->key) != 0) i++;
        if (i == 3)
            return fail_at(r, n, "arms.%s.%.60s: unknown key, allowed: config, set, space",
                           node->key, n->key);
        if (n->kind != keys[i].kind)
            return fail_at(r, n, "arms.%s.%s: must be %s", node->key, n->key, keys[i].words);
    }
    return PB_OK;
}

static pb_status read_arms(reader *r, const pb_node *section)
{
    pb_sweep_config *c = r->config;
    const pb_node *arms = pb_node_find(section, "arms");
    if (arms && (arms->kind != PB_NODE_MAP || arms->count < 1 || arms->count > MOST_ARMS))
        return fail_at(r, arms, "arms: must be a map of 1 to %d named arms", MOST_ARMS);
    c->arms = pb_arena_alloc(c->arena, MOST_ARMS * sizeof *c->arms);
    if (!c->arms) return no_memory(r->ctx);
    if (!arms) return read_arm(r, section, NULL, c->name, &c->arms[c->arm_count++]);
    for (const pb_node *n = arms->first; n; n = n->next) {
        const char *name = pb_arena_strdup(c->arena, n->key);
        if (!name) return no_memory(r->ctx);
        PB_TRY(check_arm(r, n));
        PB_TRY(read_arm(r, section, n, name, &c->arms[c->arm_count++]));
    }
    return PB_OK;
}

/* ---- the whole ---- */

/* The name in the file, else that of the file. */
static pb_status read_name(reader *r, const pb_node *root)
{
    const pb_node *name = pb_node_find(root, "name");
    const char *slash = strrchr(r->path, '/'), *stem = slash ? slash + 1 : r->path;
    const size_t length = strcspn(stem, ".");
    r->config->name = name && name->kind == PB_NODE_SCALAR
                          ? pb_arena_strdup(r->config->arena, name->text)
                          : pb_arena_printf(r->config->arena, "%.*s", (int)length, stem);
    if (!r->config->name) return no_memory(r->ctx);
    return check_arm_name(r, root, r->config->name);
}

static pb_status check_final_seeds(reader *r)
{
    int count;
    const int64_t *seeds = pb_option_ints(r->config->options, "final_seeds", &count);
    for (int i = 0; i < count; i++)
        for (int k = 0; k < i; k++)
            if (seeds[i] == seeds[k])
                return pb_fail(r->ctx, PB_ERR_CONFIG, "%s: has %" PRId64 " twice",
                               pb_option_where(r->config->options, "final_seeds"), seeds[i]);
    if (count >= 1 && count <= 1000) return PB_OK;
    return pb_fail(r->ctx, PB_ERR_CONFIG, "%s: has %d seeds, allowed: 1 to 1000",
                   pb_option_where(r->config->options, "final_seeds"), count);
}

/* The options of the section, which is a map of these and of `space` and `arms`. */
static pb_status read_options(reader *r, const pb_node *section)
{
    pb_node map = *section, *copies = pb_arena_alloc(r->config->arena,
                                                     ((size_t)section->count + 1) * sizeof *copies);
    if (!copies) return no_memory(r->ctx);
    map.first = NULL;
    map.count = 0;
    for (const pb_node *n = section->first; n; n = n->next) {
        if (strcmp(n->key, "space") == 0 || strcmp(n->key, "arms") == 0 ||
            strcmp(n->key, "final") == 0)
            continue;
        copies[map.count] = *n;
        copies[map.count].next = map.first;
        map.first = &copies[map.count++];
    }
    PB_TRY(pb_options_parse(r->ctx, pb_sweep_options_table, &map, "sweep", &r->config->options));
    r->config->maximise =
        strcmp(pb_option_string(r->config->options, "metric"), "val_accuracy") == 0;
    return check_final_seeds(r);
}

static pb_status read_tree(reader *r, pb_yaml *yaml)
{
    pb_node *root = pb_yaml_root(yaml), *section = pb_node_find(root, "sweep");
    if (!section || section->kind != PB_NODE_MAP)
        return pb_fail(r->ctx, PB_ERR_CONFIG,
                       "%s: sweep: is missing, must be a map that says what to search over",
                       r->path);
    for (int i = 0; i < r->override_count; i++)
        if (pb_override_is_of(&own_section, r->overrides[i]))
            PB_TRY(pb_override_section(r->ctx, &own_section, yaml, section, r->overrides[i]));
    PB_TRY(read_name(r, root));
    PB_TRY(read_options(r, section));
    PB_TRY(read_final(r, section));
    return read_arms(r, section);
}

pb_status pb_sweep_config_load(pb_context *ctx, const char *path, int override_count,
                               const char *const overrides[], pb_sweep_config **config)
{
    *config = NULL;
    pb_yaml *yaml;
    PB_TRY(pb_yaml_load(ctx, path, &yaml));
    pb_sweep_config *c = calloc(1, sizeof *c);
    if (c) c->arena = pb_arena_create();
    reader r = {ctx, path, override_count, overrides, c};
    const pb_status status = c && c->arena ? read_tree(&r, yaml) : no_memory(ctx);
    pb_yaml_free(&yaml);
    if (status != PB_OK) {
        pb_sweep_config_free(&c);
        return status;
    }
    *config = c;
    return PB_OK;
}

void pb_sweep_config_free(pb_sweep_config **config)
{
    if (!config || !*config) return;
    for (int i = 0; i < (*config)->arm_count; i++) free((*config)->arms[i].base);
    pb_options_free(&(*config)->options);
    pb_arena_free(&(*config)->arena);
    free(*config);
    *config = NULL;
}
