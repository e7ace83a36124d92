/* Overrides: "path=value" from the command line, put into the tree before it is checked.
 *
 * "name", "data.name", "train.epochs", "stages.dct2.keep", "stages.conv1d.1.channels" (the second
 * conv1d, counted from 0); without the last part ("stages.reconstruction={weight: 1}") all options
 * of the section or stage are replaced. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "train/config_internal.h"

enum { MAX_PARTS = 5 };

/* "stages.conv1d.1.channels" in parts, and the value's text. */
typedef struct override {
    const char *path;
    const char *part[MAX_PARTS];
    int count;
    const char *value;
} override;

static pb_status fail(pb_context *ctx, const override *o, const char *format, ...) PB_PRINTF(3, 4);
static pb_status fail(pb_context *ctx, const override *o, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pb_fail_va(ctx, PB_ERR_CONFIG, format, args);
    va_end(args);
    return pb_fail_prefix(ctx, PB_ERR_CONFIG, "command line: %s", o->path);
}

static pb_status too_deep(pb_context *ctx, const override *o, int allowed)
{
    return fail(ctx, o, "there is nothing below %s", o->part[allowed - 1]);
}

/* map.key, made an empty map where it is absent; null stands for an empty map too. */
static pb_status child_map(pb_context *ctx, pb_yaml *yaml, pb_node *map, const char *key,
                           const override *o, pb_node **child)
{
    if (pb_node_find(map, key) == NULL) PB_TRY(pb_node_set(ctx, yaml, map, key, "{}"));
    *child = pb_node_find(map, key);
    if ((*child)->kind == PB_NODE_MAP || pb_node_is_null(*child)) return PB_OK;
    return fail(ctx, o, "%s is not a map of options, so it has no %s", key, o->part[o->count - 1]);
}

/* ---- stages ---- */

/* The index-th entry of that name, or NULL; counts all of them. */
static pb_node *find_entry(const pb_node *list, const char *name, int64_t index, int *count)
{
    pb_node *found = NULL;
    *count = 0;
    for (pb_node *entry = list->first; entry != NULL; entry = entry->next) {
        const char *entry_name = pb_config_entry_name(entry);
        if (entry_name == NULL || strcmp(entry_name, name) != 0) continue;
        if (*count == index) found = entry;
        ++*count;
    }
    return found;
}

static pb_status missing_entry(pb_context *ctx, const override *o, const pb_node *list, int count)
{
    const char *name = o->part[1];
    if (count > 0) {
        return fail(ctx, o, "there %s %d %s, counted from 0", count == 1 ? "is" : "are", count,
                    name);
    }
    const char **names = calloc((size_t)list->count + 1, sizeof *names);
    if (names == NULL) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for the configuration");
    int known = 0;
    for (const pb_node *entry = list->first; entry != NULL; entry = entry->next) {
        const char *entry_name = pb_config_entry_name(entry);
        if (entry_name != NULL) names[known++] = entry_name;
    }
    const char *near = pb_nearest(name, names, known);
    const pb_status status =
        near != NULL ? fail(ctx, o, "there is no stage %s (did you mean %s?)", name, near)
                     : fail(ctx, o, "there is no stage %s in the list", name);
    free(names);
    return status;
}

/* The value of "stages.NAME[.INDEX][.OPTION]". */
static pb_status override_stage(pb_context *ctx, pb_yaml *yaml, pb_node *root, const override *o)
{
    const pb_node *list = pb_node_find(root, "stages");
    if (list == NULL || list->kind != PB_NODE_LIST)
        return fail(ctx, o, "the file has no list of stages");
    int next = 2, count;
    int64_t index = 0;
    const bool indexed = o->count > 2 && o->part[2][strspn(o->part[2], "0123456789")] == '\0';
    if (indexed) index = strlen(o->part[2]) > 6 ? 1000000 : strtol(o->part[next++], NULL, 10);
    pb_node *entry = find_entry(list, o->part[1], index, &count);
    if (entry == NULL) return missing_entry(ctx, o, list, count);
    if (count > 1 && !indexed) {
        return fail(ctx, o, "there are %d %s, say which: stages.%s.0 to stages.%s.%d", count,
                    o->part[1], o->part[1], o->part[1], count - 1);
    }
    const bool of_weights = o->count == next + 2 && strcmp(o->part[next], PB_CONFIG_WEIGHTS) == 0;
    if (o->count > next + 1 && !of_weights) return too_deep(ctx, o, next + 1);

    if (entry->kind == PB_NODE_SCALAR) { /* "relu" becomes "relu: {}" */
        entry->kind = PB_NODE_MAP;
        PB_TRY(pb_node_set(ctx, yaml, entry, o->part[1], "{}"));
    }
    if (o->count == next) return pb_node_set(ctx, yaml, entry, o->part[1], o->value);
    pb_node *options;
    PB_TRY(child_map(ctx, yaml, entry, o->part[1], o, &options));
    if (!of_weights) return pb_node_set(ctx, yaml, options, o->part[next], o->value);
    pb_node *weights;
    PB_TRY(child_map(ctx, yaml, options, PB_CONFIG_WEIGHTS, o, &weights));
    return pb_node_set(ctx, yaml, weights, o->part[next + 1], o->value);
}

/* ---- sections ---- */

/* "device: pocl" of the file becomes "device: {name: pocl}", which has room for more. */
static pb_status widen_device(pb_context *ctx, pb_yaml *yaml, pb_node *root)
{
    pb_node *device = pb_node_find(root, "device");
    if (device == NULL || device->kind != PB_NODE_SCALAR || pb_node_is_null(device)) return PB_OK;
    pb_text name = {0};
    pb_text_append(&name, "'");
    for (const char *c = device->text; *c; c++)
        pb_text_append(&name, "%.*s%c", *c == '\'', "'", *c);
    pb_text_append(&name, "'");
    pb_status status = PB_ERR_MEMORY;
    if (name.failed) {
        pb_fail(ctx, status, "out of memory for the configuration");
    } else {
        device->kind = PB_NODE_MAP;
        status = pb_node_set(ctx, yaml, device, "name", name.text);
    }
    pb_text_free(&name);
    return status;
}

/* "epochs=10" means train.epochs, unless the file itself has the short key. */
static pb_status override_top(pb_context *ctx, pb_yaml *yaml, pb_node *root, const override *o)
{
    const char *section, *name;
    pb_node *map;
    if (!pb_config_short(o->part[0], &section, &name) || pb_node_find(root, o->part[0]) != NULL)
        return pb_node_set(ctx, yaml, root, o->part[0], o->value);
    PB_TRY(child_map(ctx, yaml, root, section, o, &map));
    PB_TRY(pb_node_set(ctx, yaml, map, name, o->value));
    pb_node_find(map, name)->is_short = true;
    return PB_OK;
}

static pb_status apply(pb_context *ctx, pb_yaml *yaml, const override *o)
{
    pb_node *root = pb_yaml_root(yaml);
    if (o->count == 1) return override_top(ctx, yaml, root, o);
    if (strcmp(o->part[0], "stages") == 0) return override_stage(ctx, yaml, root, o);
    if (!pb_config_is_section(o->part[0])) {
        pb_text where = {0};
        pb_text_append(&where, "command line: %s", o->path);
        const pb_status status =
            where.failed ? pb_fail(ctx, PB_ERR_MEMORY, "out of memory for the configuration")
                         : pb_config_fail_unknown(ctx, "", o->part[0], where.text);
        pb_text_free(&where);
        return status;
    }
    if (o->count > 2) return too_deep(ctx, o, 2);
    if (strcmp(o->part[0], "device") == 0) PB_TRY(widen_device(ctx, yaml, root));
    pb_node *section;
    PB_TRY(child_map(ctx, yaml, root, o->part[0], o, &section));
    return pb_node_set(ctx, yaml, section, o->part[1], o->value);
}

bool pb_config_short(const char *key, const char **section, const char **name)
{
    static const char *const places[][2] = {
        {PB_CONFIG_WEIGHTS, "wavelet"},
        {PB_CONFIG_WEIGHTS, "level"},
        {PB_CONFIG_WEIGHTS, "threshold"},
        {"train", "batch_size"},
        {"train", "epochs"},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (strcmp(places[i][1], key) == 0) {
            *section = places[i][0];
            *name = places[i][1];
            return true;
        }
    return false;
}

pb_status pb_config_expand(pb_context *ctx, pb_yaml *yaml)
{
    pb_node *root = pb_yaml_root(yaml);
    for (pb_node **at = root->kind == PB_NODE_MAP ? &root->first : NULL;
         at != NULL && *at != NULL;) {
        pb_node *node = *at, *map;
        const char *section, *name;
        if (!pb_config_short(node->key, &section, &name)) {
            at = &node->next;
            continue;
        }
        const override o = {.path = node->key, .part = {section, name}, .count = 2};
        PB_TRY(child_map(ctx, yaml, root, section, &o, &map));
        if (pb_node_find(map, name) != NULL)
            return pb_fail(ctx, PB_ERR_CONFIG, "%s:%d: %s: is given a second time as %s.%s",
                           node->file, node->line, node->key, section, name);
        *at = node->next; /* from the root to the end of the section */
        root->count--;
        node->next = NULL;
        node->is_short = true;
        pb_node **end = &map->first;
        while (*end != NULL) end = &(*end)->next;
        *end = node;
        map->kind = PB_NODE_MAP;
        map->count++;
    }
    return PB_OK;
}

/* Cuts the path at its dots, in place. */
static pb_status split(pb_context *ctx, override *o, char *path)
{
    while (path != NULL) {
        if (o->count == MAX_PARTS)
            return fail(ctx, o, "too many parts, allowed is stages.conv1d.1.kernel at most");
        o->part[o->count++] = path;
        path = strchr(path, '.');
        if (path != NULL) *path++ = '\0';
        if (o->part[o->count - 1][0] == '\0') return fail(ctx, o, "a part between dots is empty");
    }
    return PB_OK;
}

pb_status pb_config_override(pb_context *ctx, pb_yaml *yaml, const char *text)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text) {
        return pb_fail(ctx, PB_ERR_USAGE,
                       "command line: '%.100s' is not an override, which reads key=value "
                       "(train.epochs=10)",
                       text);
    }
    char *path = strndup(text, (size_t)(equals - text)),
         *parts = path != NULL ? strdup(path) : NULL;
    pb_status status = PB_ERR_MEMORY;
    if (parts == NULL) {
        pb_fail(ctx, status, "out of memory for the configuration");
    } else {
        override o = {.path = path, .value = equals + 1};
        status = split(ctx, &o, parts);
        if (status == PB_OK) status = apply(ctx, yaml, &o);
    }
    free(parts);
    free(path);
    return status;
}
