/* Files that name other files of configurations, and what they change in them. */
#ifndef PB_TRAIN_OVERRIDES_H
#define PB_TRAIN_OVERRIDES_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/yaml.h"

/** "key=value" of an entry of a map of single values; NULL when memory is out. */
const char *pb_override_of(pb_arena *arena, const pb_node *entry);
/** The path of a file that the file `path` names: relative to it. On the heap; NULL when memory is
 * out. */
char *pb_path_beside(const char *path, const char *file);
/** Takes a section out of a map. */
void pb_node_cut(pb_node *map, const char *key);
/** Fails with PB_ERR_CONFIG: "file:line: section: " and the sentence; without a line, "file:
 * section: ". */
pb_status pb_fail_at_va(pb_context *ctx, const pb_node *node, const char *section,
                        const char *format, va_list args);

/** A section of a file that the command line may change, as "section.key=value". */
typedef struct pb_own_section {
    const char *name, *example;       /* "sweep", "sweep.trials=10"            */
    bool (*is_kept)(const char *key); /* what can be changed in the file alone */
    const char *kept;                 /* "a space is changed in the file"      */
} pb_own_section;

/** Whether an override changes the section, or the name of the whole. */
bool pb_override_is_of(const pb_own_section *own, const char *override);
/** "section.key=value" into `section`, "name=value" into the root. */
pb_status pb_override_section(pb_context *ctx, const pb_own_section *own, pb_yaml *yaml,
                              pb_node *section, const char *override);

#endif
