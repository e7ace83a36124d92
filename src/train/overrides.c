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
