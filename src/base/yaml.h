/* YAML as a tree of nodes that know their lines (libyaml). Duplicate keys, aliases, tags, several
 * documents, more than 32 levels and more than 1 MiB are errors: a configuration needs none of
 * them. */
#ifndef PB_BASE_YAML_H
#define PB_BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include <passband/status.h>

typedef enum pb_node_kind { PB_NODE_SCALAR, PB_NODE_LIST, PB_NODE_MAP } pb_node_kind;

typedef struct pb_node {
    pb_node_kind kind;
    const char *file;             /* "configs/a.yaml", or "command line"           */
    int line;                     /* from 1                                        */
    char *key;                    /* in a map, else NULL                           */
    char *text;                   /* scalar                                        */
    bool quoted;                  /* scalar in quotes: a string whatever it holds  */
    bool is_short;                /* its key was given without the map that it is in */
    struct pb_node *first, *next; /* children; next sibling            */
    int count;                    /* children                                      */
} pb_node;

/** A tree and the memory it lives in. */
typedef struct pb_yaml pb_yaml;
/** A file that cannot be read is PB_ERR_CONFIG too: the command line named it. An empty text is a
 * null scalar. */
pb_status pb_yaml_load(pb_context *ctx, const char *path, pb_yaml **yaml);
pb_status pb_yaml_parse(pb_context *ctx, const char *name, const char *text, size_t bytes,
                        pb_yaml **yaml);
void pb_yaml_free(pb_yaml **yaml);
pb_node *pb_yaml_root(pb_yaml *yaml);
/** Whether it is a plain scalar that YAML takes for nothing: empty, ~ or null. */
bool pb_node_is_null(const pb_node *node);
pb_node *pb_node_find(const pb_node *map, const char *key); /* NULL when absent */
pb_node *pb_node_at(const pb_node *list, int index);
/** Sets map.key to a value parsed from YAML text ("[1, 2]", "0.5"); replaces or appends; a null map
 * becomes a map. Line 0, file "command line". */
pb_status pb_node_set(pb_context *ctx, pb_yaml *yaml, pb_node *map, const char *key,
                      const char *text);

#endif
