#include "train/overrides.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

const char *pb_override_of(pb_arena *arena, const pb_node *entry)
{
    pb_text text = {0};
    pb_text_append(&text, "%s=%s", entry->key, entry->quoted ? "'" : "");
    for (const char *c = entry->text; *c; c++)
        pb_text_append(&text, "%c%s", *c, entry->quoted && *c == '\'' ? "'" : "");
    pb_text_append(&text, "%s", entry->quoted ? "'" : "");
    const char *kept = text.failed ? NULL : pb_arena_strdup(arena, text.text);
    pb_text_free(&text);
    return kept;
}

char *pb_path_beside(const char *path, const char *file)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("");
    char *joined = folder ? pb_path_join(folder, file) : NULL;
    free(folder);
    return joined;
}

void pb_node_cut(pb_node *map, const char *key)
{
    for (pb_node **place = &map->first; *place; place = &(*place)->next) {
        if (strcmp((*place)->key, key) != 0) continue;
        *place = (*place)->next;
        map->count--;
        return;
    }
}

pb_status pb_fail_at_va(pb_context *ctx, const pb_node *node, const char *section,
                        const char *format, va_list args)
{
    pb_fail_va(ctx, PB_ERR_CONFIG, format, args);
    return node->line > 0
               ? pb_fail_prefix(ctx, PB_ERR_CONFIG, "%s:%d: %s", node->file, node->line, section)
               : pb_fail_prefix(ctx, PB_ERR_CONFIG, "%s: %s", node->file, section);
}

/* What follows "section."; NULL of an override that does not begin so. */
static const char *key_within(const pb_own_section *own, const char *override)
{
    const size_t length = strlen(own->name);
    return strncmp(override, own->name, length) == 0 && override[length] == '.'
               ? override + length + 1
               : NULL;
}

bool pb_override_is_of(const pb_own_section *own, const char *override)
{
    return key_within(own, override) || strncmp(override, "name=", 5) == 0;
}

pb_status pb_override_section(pb_context *ctx, const pb_own_section *own, pb_yaml *yaml,
                              pb_node *section, const char *override)
{
    const char *within = key_within(own, override), *from = within ? within : override;
    const char *equals = strchr(from, '=');
    if (!equals)
        return pb_fail(ctx, PB_ERR_USAGE,
                       "command line: '%.100s' is not an override, which reads key=value (%s)",
                       override, own->example);
    char *key = strndup(from, (size_t)(equals - from));
    if (!key) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for an override");
    const pb_status status =
        within && own->is_kept(key)
            ? pb_fail(ctx, PB_ERR_USAGE, "command line: %s.%.60s: %s", own->name, key, own->kept)
            : pb_node_set(ctx, yaml, within ? section : pb_yaml_root(yaml), key, equals + 1);
    free(key);
    return status;
}
