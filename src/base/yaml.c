/* YAML as a tree of nodes, read from libyaml's events. */
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/yaml.h"

enum { LIMIT_BYTES = 1024 * 1024, LIMIT_LEVELS = 32 };

struct pb_yaml {
    pb_arena *arena;
    pb_node *root;
};

/* One text on its way into a tree. */
typedef struct reader {
    pb_context *ctx;
    pb_arena *arena;
    const char *file; /* of the nodes, in the arena */
    const char *what; /* what errors name: the file, or "command line: train.epochs" */
    bool has_lines;   /* a value from the command line has none */
    const char *text;
    size_t bytes;
    yaml_parser_t parser;
    yaml_event_t event; /* the current one; zeroed when there is none */
} reader;

static pb_status fail_at(reader *r, int line, const char *format, ...) PB_PRINTF(3, 4);
static pb_status fail_at(reader *r, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pb_fail_va(r->ctx, PB_ERR_CONFIG, format, args);
    va_end(args);
    return r->has_lines ? pb_fail_prefix(r->ctx, PB_ERR_CONFIG, "%s:%d", r->what, line)
                        : pb_fail_prefix(r->ctx, PB_ERR_CONFIG, "%s", r->what);
}

static pb_status fail_memory(pb_context *ctx, const char *what)
{
    return pb_fail(ctx, PB_ERR_MEMORY, "%s: out of memory to read the YAML", what);
}

static int line_of(yaml_mark_t mark)
{
    return (int)mark.line + 1;
}

static int event_line(const reader *r)
{
    return line_of(r->event.start_mark);
}

/* libyaml names no line for bytes that are not text. */
static int line_of_offset(const reader *r, size_t offset)
{
    int line = 1;
    for (size_t i = 0; i < offset && i < r->bytes; i++) line += r->text[i] == '\n';
    return line;
}

static pb_status fail_syntax(reader *r)
{
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem ? p->problem : "unknown problem";
    if (p->error == YAML_MEMORY_ERROR) return fail_memory(r->ctx, r->what);
    if (p->error == YAML_READER_ERROR)
        return fail_at(r, line_of_offset(r, p->problem_offset), "not UTF-8 text: %s", problem);

    const int line = line_of(p->problem_mark);
    if (p->problem_mark.index < r->bytes && r->text[p->problem_mark.index] == '\t')
        return fail_at(r, line, "a tab where YAML allows only spaces");
    if (p->context && r->has_lines)
        return fail_at(r, line, "not valid YAML: %s (%s begun on line %d)", problem, p->context,
                       line_of(p->context_mark));
    return fail_at(r, line, "not valid YAML: %s", problem);
}

static pb_status next_event(reader *r)
{
    yaml_event_delete(&r->event);
    return yaml_parser_parse(&r->parser, &r->event) ? PB_OK : fail_syntax(r);
}

static pb_status check_plain(reader *r, const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor) return fail_at(r, event_line(r), "anchors (&%s) are not allowed", anchor);
    if (tag) return fail_at(r, event_line(r), "tags (%s) are not allowed", tag);
    return PB_OK;
}

/* The text of the current scalar event, in the arena. */
static pb_status scalar_text(reader *r, char **text)
{
    const char *value = (const char *)r->event.data.scalar.value;
    PB_TRY(check_plain(r, r->event.data.scalar.anchor, r->event.data.scalar.tag));
    if (strlen(value) != r->event.data.scalar.length)
        return fail_at(r, event_line(r), "a NUL character in a string is not allowed");
    *text = pb_arena_strdup(r->arena, value);
    return *text ? PB_OK : fail_memory(r->ctx, r->what);
}

static pb_status read_node(reader *r, int level, pb_node **node);

static int by_key(const void *a, const void *b)
{
    const pb_node *x = *(pb_node *const *)a, *y = *(pb_node *const *)b;
    const int order = strcmp(x->key, y->key);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* Sorts the keys, so that a file of a hundred thousand keys does not take minutes. */
static pb_status check_duplicates(reader *r, const pb_node *map)
{
    if (map->count < 2) return PB_OK;
    pb_node **nodes = malloc((size_t)map->count * sizeof *nodes);
    if (!nodes) return fail_memory(r->ctx, r->what);
    int count = 0;
    for (pb_node *n = map->first; n; n = n->next) nodes[count++] = n;
    qsort(nodes, (size_t)count, sizeof *nodes, by_key);

    pb_status status = PB_OK;
    for (int i = 1; i < count && status == PB_OK; i++) {
        if (strcmp(nodes[i - 1]->key, nodes[i]->key) != 0) continue;
        status = r->has_lines ? fail_at(r, nodes[i]->line, "%s: given twice, first on line %d",
                                        nodes[i]->key, nodes[i - 1]->line)
                              : fail_at(r, 0, "%s: given twice", nodes[i]->key);
    }
    free(nodes);
    return status;
}

/* Reads the children of a list or map up to its end event. */
static pb_status read_children(reader *r, int level, pb_node *parent)
{
    const bool is_map = parent->kind == PB_NODE_MAP;
    const yaml_event_type_t end = is_map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    if (level >= LIMIT_LEVELS)
        return fail_at(r, event_line(r), "more than %d levels are not allowed", LIMIT_LEVELS);

    pb_node **place = &parent->first;
    PB_TRY(next_event(r));
    while (r->event.type != end) {
        char *key = NULL;
        const int key_line = event_line(r);
        if (is_map) {
            if (r->event.type == YAML_SEQUENCE_START_EVENT ||
                r->event.type == YAML_MAPPING_START_EVENT)
                return fail_at(r, key_line, "a list or a map as a key is not allowed");
            if (r->event.type == YAML_ALIAS_EVENT)
                return fail_at(r, key_line, "aliases (*%s) are not allowed",
                               r->event.data.alias.anchor);
            PB_TRY(scalar_text(r, &key));
            PB_TRY(next_event(r));
        }
        PB_TRY(read_node(r, level + 1, place));
        (*place)->key = key;
        if (is_map && r->has_lines) (*place)->line = key_line;
        place = &(*place)->next;
        parent->count++;
        PB_TRY(next_event(r));
    }
    return is_map ? check_duplicates(r, parent) : PB_OK;
}

/* Reads the node that begins with the current event. */
static pb_status read_node(reader *r, int level, pb_node **node)
{
    pb_node *n = pb_arena_alloc(r->arena, sizeof *n);
    if (!n) return fail_memory(r->ctx, r->what);
    n->file = r->file;
    n->line = r->has_lines ? event_line(r) : 0;
    *node = n;

    switch (r->event.type) {
    case YAML_SCALAR_EVENT:
        n->kind = PB_NODE_SCALAR;
        n->quoted = r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        return scalar_text(r, &n->text);
    case YAML_SEQUENCE_START_EVENT:
        n->kind = PB_NODE_LIST;
        PB_TRY(
            check_plain(r, r->event.data.sequence_start.anchor, r->event.data.sequence_start.tag));
        return read_children(r, level, n);
    case YAML_MAPPING_START_EVENT:
        n->kind = PB_NODE_MAP;
        PB_TRY(check_plain(r, r->event.data.mapping_start.anchor, r->event.data.mapping_start.tag));
        return read_children(r, level, n);
    case YAML_ALIAS_EVENT:
        return fail_at(r, event_line(r), "aliases (*%s) are not allowed",
                       r->event.data.alias.anchor);
    default:
        return pb_fail(r->ctx, PB_ERR_INTERNAL, "%s: unexpected YAML event %d", r->what,
                       (int)r->event.type);
    }
}

/* An empty text is an empty scalar, like the value of "key:". */
static pb_status empty_document(reader *r, pb_node **root)
{
    *root = pb_arena_alloc(r->arena, sizeof **root);
    char *text = pb_arena_strdup(r->arena, "");
    if (!*root || !text) return fail_memory(r->ctx, r->what);
    **root = (pb_node){
        .kind = PB_NODE_SCALAR, .file = r->file, .line = r->has_lines ? 1 : 0, .text = text};
    return PB_OK;
}

static pb_status read_document(reader *r, pb_node **root)
{
    PB_TRY(next_event(r)); /* stream start */
    PB_TRY(next_event(r));
    if (r->event.type == YAML_STREAM_END_EVENT) return empty_document(r, root);
    PB_TRY(next_event(r)); /* behind the document's start */
    PB_TRY(read_node(r, 0, root));
    PB_TRY(next_event(r)); /* document end */
    PB_TRY(next_event(r));
    if (r->event.type != YAML_STREAM_END_EVENT)
        return fail_at(r, event_line(r), "a second YAML document is not allowed");
    return PB_OK;
}

static pb_status read_text(reader *r, const char *text, size_t bytes, pb_node **root)
{
    if (bytes > LIMIT_BYTES)
        return pb_fail(r->ctx, PB_ERR_CONFIG, "%s: is larger than the %d bytes allowed", r->what,
                       LIMIT_BYTES);
    r->text = text;
    r->bytes = bytes;
    if (!yaml_parser_initialize(&r->parser)) return fail_memory(r->ctx, r->what);
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, bytes);
    const pb_status status = read_document(r, root);
    yaml_event_delete(&r->event);
    yaml_parser_delete(&r->parser);
    return status;
}

pb_status pb_yaml_parse(pb_context *ctx, const char *name, const char *text, size_t bytes,
                        pb_yaml **yaml)
{
    *yaml = NULL;
    pb_yaml *y = calloc(1, sizeof *y);
    if (y) y->arena = pb_arena_create();
    const char *file = y && y->arena ? pb_arena_strdup(y->arena, name) : NULL;
    if (!file) {
        pb_yaml_free(&y);
        return fail_memory(ctx, name);
    }
    reader r = {.ctx = ctx, .arena = y->arena, .file = file, .what = file, .has_lines = true};
    const pb_status status = read_text(&r, text, bytes, &y->root);
    if (status != PB_OK) {
        pb_yaml_free(&y);
        return status;
    }
    *yaml = y;
    return PB_OK;
}

pb_status pb_yaml_load(pb_context *ctx, const char *path, pb_yaml **yaml)
{
    *yaml = NULL;
    char *text = NULL;
    size_t bytes = 0;
    pb_status status = pb_file_read(ctx, path, LIMIT_BYTES, &text, &bytes);
    /* A configuration that is not there is a wrong command line, not a failed run. */
    if (status == PB_ERR_IO) return PB_ERR_CONFIG;
    if (status == PB_OK) status = pb_yaml_parse(ctx, path, text, bytes, yaml);
    free(text);
    return status;
}

void pb_yaml_free(pb_yaml **yaml)
{
    if (!yaml || !*yaml) return;
    pb_arena_free(&(*yaml)->arena);
    free(*yaml);
    *yaml = NULL;
}

pb_node *pb_yaml_root(pb_yaml *yaml)
{
    return yaml->root;
}

bool pb_node_is_null(const pb_node *node)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    if (node->kind != PB_NODE_SCALAR || node->quoted) return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(node->text, words[i]) == 0) return true;
    return false;
}

pb_node *pb_node_find(const pb_node *map, const char *key)
{
    if (!map || map->kind != PB_NODE_MAP) return NULL;
    for (pb_node *n = map->first; n; n = n->next)
        if (strcmp(n->key, key) == 0) return n;
    return NULL;
}

pb_node *pb_node_at(const pb_node *list, int index)
{
    if (!list || index < 0) return NULL;
    pb_node *n = list->first;
    while (n && index-- > 0) n = n->next;
    return n;
}

pb_status pb_node_set(pb_context *ctx, pb_yaml *yaml, pb_node *map, const char *key,
                      const char *text)
{
    if (pb_node_is_null(map)) map->kind = PB_NODE_MAP;
    if (map->kind != PB_NODE_MAP)
        return pb_fail(ctx, PB_ERR_CONFIG, "command line: %s: there is no map to set it in", key);
    char *name = pb_arena_strdup(yaml->arena, key);
    char *what = pb_arena_printf(yaml->arena, "command line: %s", key);
    if (!name || !what) return fail_memory(ctx, "command line");
    reader r = {.ctx = ctx, .arena = yaml->arena, .file = "command line", .what = what};
    pb_node *value = NULL;
    PB_TRY(read_text(&r, text, strlen(text), &value));
    value->key = name;

    pb_node **place = &map->first;
    while (*place && strcmp((*place)->key, key) != 0) place = &(*place)->next;
    if (*place) {
        value->next = (*place)->next;
    } else {
        map->count++;
    }
    *place = value;
    return PB_OK;
}
