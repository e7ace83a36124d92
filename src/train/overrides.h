/* Files that name other files of configurations, and what they change in them. */
#ifndef PB_TRAIN_OVERRIDES_H
#define PB_TRAIN_OVERRIDES_H

#include "base/arena.h"
#include "base/yaml.h"

/** "key=value" of an entry of a map of single values; NULL when memory is out. */
const char *pb_override_of(pb_arena *arena, const pb_node *entry);
/** The path of a file that the file `path` names: relative to it. On the heap; NULL when memory is
 * out. */
char *pb_path_beside(const char *path, const char *file);
/** Takes a section out of a map. */
void pb_node_cut(pb_node *map, const char *key);

#endif
