/* Option tables: reading a YAML map into typed values, and asking for them. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "base/options.h"
#include "base/options_internal.h"

/* ---- errors ---- */

static const char *type_noun(pb_option_type type)
{
    static const char *const nouns[] = {
        [PB_OPTION_INT] = "an integer",
        [PB_OPTION_FLOAT] = "a number",
        [PB_OPTION_BOOL] = "true or false",
        [PB_OPTION_STRING] = "a text",
        [PB_OPTION_CHOICE] = "a word",
        [PB_OPTION_INTS] = "a list of integers",
        [PB_OPTION_FLOATS] = "a list of numbers",
        [PB_OPTION_BYTES] = "a size in bytes such as 64M",
        [PB_OPTION_TEXTS] = "a list of texts",
        [PB_OPTION_NAMES] = "a map of names to names",
    };
    return nouns[type];
}

static const char *range_prefix(const char *range)
{
    return range[0] ? ", " : "";
}

static pb_status fail_type(pb_context *ctx, const pb_option *row, const pb_node *node)
{
    const bool single = node->kind == PB_NODE_SCALAR;
    const char *noun = single && row->type == PB_OPTION_INTS ? "an integer or a list of integers"
                       : single && row->type == PB_OPTION_FLOATS ? "a number or a list of numbers"
                       : single && row->type == PB_OPTION_TEXTS  ? "a text or a list of texts"
                                                                 : type_noun(row->type);
    char range[PB_RANGE_TEXT];
    pb_option_range(row, range);
    if (node->kind != PB_NODE_SCALAR)
        return pb_fail(ctx, PB_ERR_CONFIG, "is a %s, must be %s%s%s",
                       node->kind == PB_NODE_LIST ? "list" : "map", noun, range_prefix(range),
                       range);
    if (pb_node_is_null(node))
        return pb_fail(ctx, PB_ERR_CONFIG, "has no value, must be %s%s%s", noun,
                       range_prefix(range), range);
    return pb_fail(ctx, PB_ERR_CONFIG, "%s'%.60s' is not allowed, must be %s%s%s",
                   node->quoted ? "the quoted text " : "", node->text, noun, range_prefix(range),
                   range);
}

static pb_status fail_range(pb_context *ctx, const pb_option *row, const char *text)
{
    char range[PB_RANGE_TEXT];
    pb_option_range(row, range);
    return pb_fail(ctx, PB_ERR_CONFIG, "%.60s is out of range, allowed: %s", text,
                   range[0] ? range : "what fits into 64 bits");
}

static bool in_range(const pb_option *row, double number)
{
    return !pb_option_has_range(row) || (number >= row->min && number <= row->max);
}

/* ---- one value ---- */

static pb_status read_int(pb_context *ctx, const pb_option *row, const pb_node *node, int64_t *out)
{
    if (node->kind != PB_NODE_SCALAR || node->quoted) return fail_type(ctx, row, node);
    switch (pb_number_int(node->text, out)) {
    case PB_NUMBER_SYNTAX: return fail_type(ctx, row, node);
    case PB_NUMBER_OVERFLOW: return fail_range(ctx, row, node->text);
    default: return in_range(row, (double)*out) ? PB_OK : fail_range(ctx, row, node->text);
    }
}

static pb_status read_bytes(pb_context *ctx, const pb_option *row, const pb_node *node,
                            int64_t *out)
{
    if (node->kind != PB_NODE_SCALAR || node->quoted) return fail_type(ctx, row, node);
    switch (pb_number_bytes(node->text, out)) {
    case PB_NUMBER_SYNTAX: return fail_type(ctx, row, node);
    case PB_NUMBER_OVERFLOW: return fail_range(ctx, row, node->text);
    default: return in_range(row, (double)*out) ? PB_OK : fail_range(ctx, row, node->text);
    }
}

static pb_status read_float(pb_context *ctx, const pb_option *row, const pb_node *node, double *out)
{
    if (node->kind != PB_NODE_SCALAR || node->quoted) return fail_type(ctx, row, node);
    switch (pb_number_float(node->text, out)) {
    case PB_NUMBER_SYNTAX: return fail_type(ctx, row, node);
    case PB_NUMBER_OVERFLOW: return fail_range(ctx, row, node->text);
    default: return in_range(row, *out) ? PB_OK : fail_range(ctx, row, node->text);
    }
}

static pb_status read_bool(pb_context *ctx, const pb_option *row, const pb_node *node, bool *out)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
    if (node->kind == PB_NODE_SCALAR && !node->quoted) {
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            if (strcasecmp(node->text, words[i]) != 0) continue;
            *out = i % 2 == 1;
            return PB_OK;
        }
    }
    return fail_type(ctx, row, node);
}

static pb_status read_string(pb_context *ctx, pb_arena *arena, const pb_option *row,
                             const pb_node *node, const char **out)
{
    if (node->kind != PB_NODE_SCALAR) return fail_type(ctx, row, node);
    *out = pb_arena_strdup(arena, pb_node_is_null(node) ? "" : node->text);
    return *out ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "out of memory for an option");
}

/* The choices as separate words in the arena. */
static pb_status split_choices(pb_context *ctx, pb_arena *arena, const char *choices,
                               const char ***words, int *count)
{
    *count = 1;
    for (const char *c = choices; *c; c++) *count += *c == '|';
    char *text = pb_arena_strdup(arena, choices);
    *words = pb_arena_alloc(arena, (size_t)*count * sizeof **words);
    if (!text || !*words) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for an option");
    for (int i = 0; i < *count; i++) {
        (*words)[i] = text;
        char *bar = strchr(text, '|');
        if (!bar) break;
        *bar = '\0';
        text = bar + 1;
    }
    return PB_OK;
}

static pb_status read_choice(pb_context *ctx, pb_arena *arena, const pb_option *row,
                             const pb_node *node, const char **out)
{
    if (node->kind != PB_NODE_SCALAR) return fail_type(ctx, row, node);
    const char **words;
    int count;
    PB_TRY(split_choices(ctx, arena, row->choices, &words, &count));
    pb_text list = {0};
    for (int i = 0; i < count; i++) {
        if (strcmp(words[i], node->text) == 0) {
            *out = words[i];
            pb_text_free(&list);
            return PB_OK;
        }
        pb_text_append(&list, "%s%s", i ? ", " : "", words[i]);
    }
    const char *nearest = pb_nearest(node->text, words, count);
    const pb_status status =
        pb_fail(ctx, PB_ERR_CONFIG, "'%.60s' is not allowed, allowed: %s%s%s%s", node->text,
                list.failed ? row->choices : list.text, nearest ? " (did you mean " : "",
                nearest ? nearest : "", nearest ? "?)" : "");
    pb_text_free(&list);
    return status;
}

static pb_status read_item(pb_context *ctx, const pb_option *row, const pb_node *node, int i,
                           option_value *value)
{
    return row->type == PB_OPTION_INTS ? read_int(ctx, row, node, &value->integers[i])
                                       : read_float(ctx, row, node, &value->numbers[i]);
}

static pb_status read_list(pb_context *ctx, pb_arena *arena, const pb_option *row,
                           const pb_node *node, option_value *value)
{
    const bool is_list = node->kind == PB_NODE_LIST;
    value->count = is_list ? node->count : 1;
    value->integers = pb_arena_alloc(arena, (size_t)value->count * sizeof *value->integers);
    value->numbers = pb_arena_alloc(arena, (size_t)value->count * sizeof *value->numbers);
    if (!value->integers || !value->numbers)
        return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for an option");
    if (!is_list) return read_item(ctx, row, node, 0, value);

    int i = 0;
    for (const pb_node *item = node->first; item; item = item->next, i++) {
        const pb_status status = read_item(ctx, row, item, i, value);
        if (status != PB_OK) return pb_fail_prefix(ctx, status, "item %d", i);
    }
    return PB_OK;
}

/* A list of texts, or a map of them. */
static pb_status read_texts(pb_context *ctx, pb_arena *arena, const pb_option *row,
                            const pb_node *node, option_value *value)
{
    const pb_node_kind wanted = row->type == PB_OPTION_NAMES ? PB_NODE_MAP : PB_NODE_LIST;
    const bool is_single = wanted == PB_NODE_LIST && node->kind == PB_NODE_SCALAR;
    if (node->kind != wanted && !is_single) return fail_type(ctx, row, node);
    const size_t bytes = (size_t)(is_single ? 1 : node->count) * sizeof *value->texts;
    value->texts = pb_arena_alloc(arena, bytes);
    value->keys = pb_arena_alloc(arena, bytes);
    if (!value->texts || !value->keys)
        return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for an option");
    for (const pb_node *item = is_single ? node : node->first; item != NULL;
         item = is_single ? NULL : item->next) {
        const char *key = wanted == PB_NODE_MAP ? item->key : NULL;
        if (item->kind != PB_NODE_SCALAR || pb_node_is_null(item)) {
            const char *what = item->kind == PB_NODE_SCALAR ? "empty" : "a list or a map";
            return key ? pb_fail(ctx, PB_ERR_CONFIG, "%.60s is %s, must be a text", key, what)
                       : pb_fail(ctx, PB_ERR_CONFIG, "item %d is %s, must be a text", value->count,
                                 what);
        }
        value->keys[value->count] = key ? pb_arena_strdup(arena, key) : NULL;
        value->texts[value->count] = pb_arena_strdup(arena, item->text);
        if (!value->texts[value->count] || (key && !value->keys[value->count]))
            return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for an option");
        value->count++;
    }
    return PB_OK;
}

static pb_status read_value(pb_context *ctx, pb_arena *arena, const pb_option *row,
                            const pb_node *node, option_value *value)
{
    switch (row->type) {
    case PB_OPTION_INT: return read_int(ctx, row, node, &value->integer);
    case PB_OPTION_FLOAT: return read_float(ctx, row, node, &value->number);
    case PB_OPTION_BOOL: return read_bool(ctx, row, node, &value->truth);
    case PB_OPTION_STRING: return read_string(ctx, arena, row, node, &value->text);
    case PB_OPTION_CHOICE: return read_choice(ctx, arena, row, node, &value->text);
    case PB_OPTION_INTS:
    case PB_OPTION_FLOATS: return read_list(ctx, arena, row, node, value);
    case PB_OPTION_BYTES: return read_bytes(ctx, row, node, &value->integer);
    case PB_OPTION_TEXTS:
    case PB_OPTION_NAMES: return read_texts(ctx, arena, row, node, value);
    }
    return pb_fail(ctx, PB_ERR_INTERNAL, "option '%s' has no type", row->name);
}

/* Texts may stand bare in a table ("*"), where YAML would want quotes. */
static pb_status read_fallback(pb_context *ctx, pb_arena *arena, const pb_option *row,
                               option_value *value)
{
    const bool is_text = row->type == PB_OPTION_STRING || row->type == PB_OPTION_CHOICE;
    if (is_text && row->fallback[0] != '"' && row->fallback[0] != '\'') {
        value->text = row->fallback;
        return PB_OK;
    }
    pb_yaml *yaml;
    PB_TRY(pb_yaml_parse(ctx, "default", row->fallback, strlen(row->fallback), &yaml));
    const pb_status status = read_value(ctx, arena, row, pb_yaml_root(yaml), value);
    pb_yaml_free(&yaml);
    return status;
}

/* ---- the table ---- */

/* "a.yaml:7: train.epochs", or "epochs" if that is what was given; without a node, where the map
 * is, or only the name. */
static char *describe(pb_arena *arena, const pb_node *node, const char *path, const char *name)
{
    const bool has_path = path && path[0] && !(node && node->is_short);
    char *full = pb_arena_printf(arena, "%s%s%s", has_path ? path : "",
                                 has_path && name[0] ? "." : "", name);
    if (!full || !node) return full;
    if (node->line == 0) return pb_arena_printf(arena, "%s: %s", node->file, full);
    return pb_arena_printf(arena, "%s:%d: %s", node->file, node->line, full);
}

static int row_count(const pb_option table[])
{
    int count = 0;
    while (table[count].name) count++;
    return count;
}

static pb_status fail_unknown(pb_context *ctx, const pb_options *values, const pb_node *node,
                              const char *path)
{
    pb_text list = {0};
    const char **names = pb_arena_alloc(values->arena, (size_t)values->count * sizeof *names);
    const char *where = describe(values->arena, node, path, node->key);
    if (!names || !where) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for options");
    for (int i = 0; i < values->count; i++) {
        names[i] = values->table[i].name;
        pb_text_append(&list, "%s%s", i ? ", " : "", names[i]);
    }
    const char *nearest = pb_nearest(node->key, names, values->count);
    const pb_status status =
        values->count == 0
            ? pb_fail(ctx, PB_ERR_CONFIG, "%s: unknown, no options are allowed", where)
        : nearest
            ? pb_fail(ctx, PB_ERR_CONFIG, "%s: unknown option (did you mean %s?)", where, nearest)
            : pb_fail(ctx, PB_ERR_CONFIG, "%s: unknown option, allowed: %s", where,
                      list.failed ? "see the help" : list.text);
    pb_text_free(&list);
    return status;
}

static pb_status check_names(pb_context *ctx, const pb_options *values, const pb_node *map,
                             const char *path)
{
    for (const pb_node *node = map->first; node; node = node->next) {
        int i = 0;
        while (i < values->count && strcmp(values->table[i].name, node->key) != 0) i++;
        if (i == values->count) return fail_unknown(ctx, values, node, path);
    }
    return PB_OK;
}

static pb_status read_row(pb_context *ctx, pb_options *values, int index, const pb_node *map,
                          const char *path)
{
    const pb_option *row = &values->table[index];
    option_value *value = &values->values[index];
    const pb_node *node = pb_node_find(map, row->name);
    value->given = node != NULL;
    value->where = describe(values->arena, node ? node : map, path, row->name);
    if (!value->where) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for options");

    pb_status status = PB_OK;
    if (node) {
        status = read_value(ctx, values->arena, row, node, value);
    } else if (row->fallback) {
        status = read_fallback(ctx, values->arena, row, value);
    } else {
        status =
            pb_fail(ctx, PB_ERR_CONFIG, "is missing, must be given as %s", type_noun(row->type));
    }
    return status == PB_OK ? PB_OK : pb_fail_prefix(ctx, status, "%s", value->where);
}

static pb_status read_table(pb_context *ctx, pb_options *values, const pb_node *map,
                            const char *path)
{
    if (map && pb_node_is_null(map)) {
        map = NULL;
    } else if (map && map->kind != PB_NODE_MAP) {
        const char *where = describe(values->arena, map, path, "");
        return pb_fail(ctx, PB_ERR_CONFIG, "%s: is a %s, must be a map of options",
                       where ? where : map->file,
                       map->kind == PB_NODE_LIST ? "list" : "single value");
    }
    if (map) PB_TRY(check_names(ctx, values, map, path));
    for (int i = 0; i < values->count; i++) PB_TRY(read_row(ctx, values, i, map, path));
    return PB_OK;
}

pb_status pb_options_parse(pb_context *ctx, const pb_option table[], const pb_node *map,
                           const char *path, pb_options **values)
{
    *values = NULL;
    pb_options *v = calloc(1, sizeof *v);
    if (v) v->arena = pb_arena_create();
    if (v && v->arena) {
        v->table = table;
        v->count = row_count(table);
        v->values = pb_arena_alloc(v->arena, (size_t)v->count * sizeof *v->values);
    }
    const pb_status status = v && v->values
                                 ? read_table(ctx, v, map, path)
                                 : pb_fail(ctx, PB_ERR_MEMORY, "out of memory for options");
    if (status != PB_OK) {
        pb_options_free(&v);
        return status;
    }
    *values = v;
    return PB_OK;
}

void pb_options_free(pb_options **values)
{
    if (!values || !*values) return;
    pb_arena_free(&(*values)->arena);
    free(*values);
    *values = NULL;
}

/* ---- asking ---- */

static int index_of(const pb_options *values, const char *name)
{
    int i = 0;
    while (i < values->count && strcmp(values->table[i].name, name) != 0) i++;
    assert(i < values->count && "an option that is not in the table");
    return i;
}

static const option_value *value_of(const pb_options *values, const char *name, pb_option_type type,
                                    pb_option_type or_type)
{
    const int i = index_of(values, name);
    assert((values->table[i].type == type || values->table[i].type == or_type) &&
           "an option of another type");
    (void)type;
    (void)or_type;
    return &values->values[i];
}

int64_t pb_option_int(const pb_options *values, const char *name)
{
    return value_of(values, name, PB_OPTION_INT, PB_OPTION_BYTES)->integer;
}

double pb_option_float(const pb_options *values, const char *name)
{
    return value_of(values, name, PB_OPTION_FLOAT, PB_OPTION_FLOAT)->number;
}

bool pb_option_bool(const pb_options *values, const char *name)
{
    return value_of(values, name, PB_OPTION_BOOL, PB_OPTION_BOOL)->truth;
}

const char *pb_option_string(const pb_options *values, const char *name)
{
    return value_of(values, name, PB_OPTION_STRING, PB_OPTION_CHOICE)->text;
}

const int64_t *pb_option_ints(const pb_options *values, const char *name, int *count)
{
    const option_value *value = value_of(values, name, PB_OPTION_INTS, PB_OPTION_INTS);
    *count = value->count;
    return value->integers;
}

const double *pb_option_floats(const pb_options *values, const char *name, int *count)
{
    const option_value *value = value_of(values, name, PB_OPTION_FLOATS, PB_OPTION_FLOATS);
    *count = value->count;
    return value->numbers;
}

const char *const *pb_option_texts(const pb_options *values, const char *name, int *count)
{
    const option_value *value = value_of(values, name, PB_OPTION_TEXTS, PB_OPTION_TEXTS);
    *count = value->count;
    return value->texts;
}

int pb_option_names(const pb_options *values, const char *name, const char *const **from,
                    const char *const **to)
{
    const option_value *value = value_of(values, name, PB_OPTION_NAMES, PB_OPTION_NAMES);
    *from = value->keys;
    *to = value->texts;
    return value->count;
}

bool pb_option_given(const pb_options *values, const char *name)
{
    return values->values[index_of(values, name)].given;
}

const char *pb_option_where(const pb_options *values, const char *name)
{
    return values->values[index_of(values, name)].where;
}
