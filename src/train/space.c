#include "train/space.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/options.h"

enum { MOST_DIMENSIONS = 64, MOST_CHOICES = 1000, MOST_POINTS = 100000 };

/* ---- reading ---- */

// clang-format off
static const pb_option number_options[] = {
    {.name = "type", .type = PB_OPTION_CHOICE, .choices = "log|linear|int|categorical",
     .help = "how values are spread"},
    {.name = "low", .type = PB_OPTION_FLOAT, .help = "smallest value"},
    {.name = "high", .type = PB_OPTION_FLOAT, .help = "largest value"},
    {.name = "step", .type = PB_OPTION_FLOAT, .fallback = "0", .min = 0, .max = 1e300,
     .help = "distance of values, from low on; 0: none, or 1 for int"},
    {.name = "log", .type = PB_OPTION_BOOL, .fallback = "false",
     .help = "spread int values by their logarithm"},
    {.name = "points", .type = PB_OPTION_INT, .fallback = "0", .min = 0, .max = MOST_POINTS,
     .help = "values of a grid; 0: all there are"},
    {0},
};
static const pb_option choice_options[] = {
    {.name = "type", .type = PB_OPTION_CHOICE, .choices = "log|linear|int|categorical",
     .help = "how values are spread"},
    {0},
};
// clang-format on

static pb_status no_memory(pb_context *ctx)
{
    return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for the space of a search");
}

static bool is_whole(double number)
{
    return floor(number) == number && fabs(number) <= 9007199254740992.0;
}

static pb_status check_step(pb_context *ctx, const pb_dimension *d)
{
    const double steps = d->step > 0 ? (d->high - d->low) / d->step : 0;
    if (fabs(steps - round(steps)) <= 1e-9 * fmax(1, steps)) return PB_OK;
    return pb_fail(ctx, PB_ERR_CONFIG,
                   "%s: high lies %.6g steps above low, must be a whole number of them", d->where,
                   steps);
}

static pb_status check_numbers(pb_context *ctx, const pb_dimension *d)
{
    char low[32], high[32];
    pb_number_format(d->low, low);
    pb_number_format(d->high, high);
    if (d->kind == PB_DIMENSION_INT &&
        !(is_whole(d->low) && is_whole(d->high) && is_whole(d->step)))
        return pb_fail(ctx, PB_ERR_CONFIG, "%s: low, high and step of an int must be whole numbers",
                       d->where);
    if (d->low >= d->high)
        return pb_fail(ctx, PB_ERR_CONFIG, "%s: low is %s and high is %s, low must be below high",
                       d->where, low, high);
    if (d->log && !(d->low > 0))
        return pb_fail(ctx, PB_ERR_CONFIG, "%s: low is %s, must be above 0 on a logarithmic scale",
                       d->where, low);
    if (d->log && d->step > (d->kind == PB_DIMENSION_INT ? 1 : 0))
        return pb_fail(ctx, PB_ERR_CONFIG, "%s: a logarithmic scale has no step", d->where);
    if (d->points == 1)
        return pb_fail(ctx, PB_ERR_CONFIG, "%s: points is 1, must be at least 2", d->where);
    return check_step(ctx, d);
}

static void take_numbers(const pb_options *o, pb_dimension *d)
{
    const char *type = pb_option_string(o, "type");
    const bool is_int = strcmp(type, "int") == 0;
    d->kind = is_int ? PB_DIMENSION_INT : PB_DIMENSION_FLOAT;
    d->log = strcmp(type, "log") == 0 || pb_option_bool(o, "log");
    d->low = pb_option_float(o, "low");
    d->high = pb_option_float(o, "high");
    d->step = pb_option_float(o, "step");
    if (is_int && d->step == 0) d->step = 1;
    d->points = (int)pb_option_int(o, "points");
}

static pb_status read_numbers(pb_context *ctx, const pb_node *node, const char *path,
                              pb_dimension *d)
{
    pb_options *o;
    PB_TRY(pb_options_parse(ctx, number_options, node, path, &o));
    take_numbers(o, d);
    pb_status status = PB_OK;
    if (d->log && pb_option_given(o, "log") && d->kind != PB_DIMENSION_INT)
        status = pb_fail(ctx, PB_ERR_CONFIG, "%s: `log` is for int; write type: log", d->where);
    pb_options_free(&o);
    return status == PB_OK ? check_numbers(ctx, d) : status;
}

/* A choice as YAML that reads back to the same; NULL when memory is out. */
static const char *quote_choice(pb_arena *arena, const pb_node *n)
{
    if (!n->quoted) return pb_arena_strdup(arena, n->text);
    json_t *string = json_string(n->text);
    char *text = string ? json_dumps(string, JSON_ENCODE_ANY) : NULL; /* JSON is YAML */
    const char *kept = text ? pb_arena_strdup(arena, text) : NULL;
    free(text);
    json_decref(string);
    return kept;
}

static pb_status read_choices(pb_context *ctx, pb_arena *arena, const pb_node *list,
                              pb_dimension *d)
{
    if (!list || list->kind != PB_NODE_LIST || list->count == 0)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s: a categorical needs `choices`, a list of at least one value", d->where);
    if (list->count > MOST_CHOICES)
        return pb_fail(ctx, PB_ERR_CONFIG, "%s: has %d choices, allowed: 1 to %d", d->where,
                       list->count, MOST_CHOICES);
    d->choices = pb_arena_alloc(arena, (size_t)list->count * sizeof *d->choices);
    if (!d->choices) return no_memory(ctx);
    for (const pb_node *n = list->first; n; n = n->next) {
        if (n->kind != PB_NODE_SCALAR || pb_node_is_null(n))
            return pb_fail(ctx, PB_ERR_CONFIG,
                           "%s: choice %d is not a single value such as 0.1 or relu", d->where,
                           d->choice_count + 1);
        const char *text = quote_choice(arena, n);
        if (!text) return no_memory(ctx);
        for (int i = 0; i < d->choice_count; i++)
            if (strcmp(d->choices[i], text) == 0)
                return pb_fail(ctx, PB_ERR_CONFIG, "%s: has the choice %.60s twice", d->where,
                               text);
        d->choices[d->choice_count++] = text;
    }
    return PB_OK;
}

static pb_status read_categorical(pb_context *ctx, pb_arena *arena, const pb_node *node,
                                  const char *path, pb_dimension *d)
{
    pb_node rest[4], map = *node; /* without the list, which an option table does not know */
    map.first = NULL;
    map.count = 0;
    for (const pb_node *n = node->first; n && map.count < 4; n = n->next) {
        if (strcmp(n->key, "choices") == 0) continue;
        rest[map.count] = *n;
        rest[map.count].next = map.first;
        map.first = &rest[map.count++];
    }
    pb_options *o;
    PB_TRY(pb_options_parse(ctx, choice_options, &map, path, &o));
    pb_options_free(&o);
    d->kind = PB_DIMENSION_CATEGORICAL;
    return read_choices(ctx, arena, pb_node_find(node, "choices"), d);
}

static pb_status read_dimension(pb_context *ctx, pb_arena *arena, const pb_node *node,
                                const char *path, pb_dimension *d)
{
    char *full = pb_arena_printf(arena, "%s.%s", path, node->key);
    d->key = pb_arena_strdup(arena, node->key);
    d->where = full && node->line > 0
                   ? pb_arena_printf(arena, "%s:%d: %s", node->file, node->line, full)
                   : full;
    if (!full || !d->key || !d->where) return no_memory(ctx);
    const pb_node *type = pb_node_find(node, "type");
    if (node->kind != PB_NODE_MAP || !type)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s: must be a map such as {type: log, low: 0.001, high: 0.1}; types are "
                       "log, linear, int and categorical",
                       d->where);
    const bool categorical = type->kind == PB_NODE_SCALAR && strcmp(type->text, "categorical") == 0;
    return categorical ? read_categorical(ctx, arena, node, full, d)
                       : read_numbers(ctx, node, full, d);
}

/* The place of a key, a new one at the end when there is none. */
static pb_dimension *place_of(pb_space *space, const char *key)
{
    for (int i = 0; i < space->count; i++)
        if (strcmp(space->dimensions[i].key, key) == 0) return &space->dimensions[i];
    return &space->dimensions[space->count++];
}

pb_status pb_space_read(pb_context *ctx, pb_arena *arena, const pb_node *map, const char *path,
                        pb_space *space)
{
    if (map->kind != PB_NODE_MAP)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s:%d: %s: must be a map from keys such as train.batch_size to ranges",
                       map->file, map->line, path);
    if (space->count + map->count > MOST_DIMENSIONS)
        return pb_fail(ctx, PB_ERR_CONFIG, "%s:%d: %s: at most %d keys are allowed", map->file,
                       map->line, path, MOST_DIMENSIONS);
    const pb_space before = *space;
    space->dimensions = pb_arena_alloc(arena, MOST_DIMENSIONS * sizeof *space->dimensions);
    if (!space->dimensions) return no_memory(ctx);
    for (int i = 0; i < before.count; i++) space->dimensions[i] = before.dimensions[i];
    for (const pb_node *n = map->first; n; n = n->next) {
        pb_dimension d = {0};
        PB_TRY(read_dimension(ctx, arena, n, path, &d));
        *place_of(space, d.key) = d;
    }
    return PB_OK;
}

/* ---- coordinates ---- */

void pb_dimension_value(const pb_dimension *d, double coordinate, pb_text *out)
{
    char number[32];
    if (d->kind == PB_DIMENSION_CATEGORICAL) {
        pb_text_append(out, "%s", d->choices[(int)coordinate]);
    } else if (d->kind == PB_DIMENSION_INT) {
        pb_text_append(out, "%" PRId64, (int64_t)coordinate);
    } else {
        pb_number_format(coordinate, number);
        pb_text_append(out, "%s", number);
    }
}

double pb_dimension_snap(const pb_dimension *d, double number)
{
    const double last = d->choice_count - 1;
    if (d->kind == PB_DIMENSION_CATEGORICAL) return fmin(fmax(nearbyint(number), 0), last);
    if (d->step > 0) number = d->low + nearbyint((number - d->low) / d->step) * d->step;
    return fmin(fmax(number, d->low), d->high);
}

/* ---- grids ---- */

int64_t pb_dimension_grid_count(const pb_dimension *d)
{
    if (d->kind == PB_DIMENSION_CATEGORICAL) return d->choice_count;
    const double all = d->step > 0 ? 1 + nearbyint((d->high - d->low) / d->step) : 0;
    if (d->points > 0 && (all < 1 || d->points < all)) return d->points;
    return all < 9e15 ? (int64_t)all : INT64_MAX;
}

double pb_dimension_grid_value(const pb_dimension *d, int64_t index)
{
    if (d->kind == PB_DIMENSION_CATEGORICAL) return (double)index;
    const double share = (double)index / (double)(pb_dimension_grid_count(d) - 1);
    if (index == 0) return d->low;
    if (share >= 1) return d->high; /* exp(log(high)) is not always high */
    if (d->log)
        return pb_dimension_snap(d, exp(log(d->low) + share * (log(d->high) - log(d->low))));
    return pb_dimension_snap(d, d->low + share * (d->high - d->low));
}

/* ---- as text ---- */

static void append_number(const pb_dimension *d, double number, pb_text *out)
{
    const pb_dimension plain = {.kind = d->kind};
    pb_dimension_value(&plain, number, out);
}

void pb_dimension_yaml(const pb_dimension *d, pb_text *out)
{
    pb_text_append(out, "%s: {type: ", d->key);
    if (d->kind == PB_DIMENSION_CATEGORICAL) {
        pb_text_append(out, "categorical, choices: [");
        for (int i = 0; i < d->choice_count; i++)
            pb_text_append(out, "%s%s", i ? ", " : "", d->choices[i]);
        pb_text_append(out, "]}");
        return;
    }
    const bool is_int = d->kind == PB_DIMENSION_INT;
    pb_text_append(out, "%s, low: ", is_int ? "int" : d->log ? "log" : "linear");
    append_number(d, d->low, out);
    pb_text_append(out, ", high: ");
    append_number(d, d->high, out);
    if (d->step > 0 && !(is_int && d->step == 1)) {
        pb_text_append(out, ", step: ");
        append_number(d, d->step, out);
    }
    if (is_int && d->log) pb_text_append(out, ", log: true");
    if (d->points) pb_text_append(out, ", points: %d", d->points);
    pb_text_append(out, "}");
}

bool pb_space_equal(const pb_space *a, const pb_space *b)
{
    pb_text x = {0}, y = {0};
    for (int i = 0; i < a->count; i++) pb_dimension_yaml(&a->dimensions[i], &x);
    for (int i = 0; i < b->count; i++) pb_dimension_yaml(&b->dimensions[i], &y);
    const bool equal = a->count == b->count && !x.failed && !y.failed &&
                       (a->count == 0 || strcmp(x.text, y.text) == 0);
    pb_text_free(&x);
    pb_text_free(&y);
    return equal;
}

/* ---- as Optuna writes it ---- */

/* A float as Python prints it: 1.0, not 1. */
static void append_python_float(double number, pb_text *out)
{
    char text[32];
    pb_number_format(number, text);
    pb_text_append(out, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

/* What a choice means: a YAML scalar as Python would load it. New reference. */
static json_t *choice_json(const char *text)
{
    int64_t integer;
    double number;
    if (text[0] == '"') return json_loads(text, JSON_DECODE_ANY, NULL);
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return json_boolean(text[0] == 't');
    if (pb_number_int(text, &integer) == PB_NUMBER_OK) return json_integer(integer);
    if (pb_number_float(text, &number) == PB_NUMBER_OK) return json_real(number);
    return json_string(text);
}

static void append_choices(const pb_dimension *d, pb_text *out)
{
    pb_text_append(out, "{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [");
    for (int i = 0; i < d->choice_count; i++) {
        json_t *json = choice_json(d->choices[i]);
        pb_text_append(out, "%s", i ? ", " : "");
        char *text = json && !json_is_real(json)
                         ? json_dumps(json, JSON_ENCODE_ANY | JSON_ENSURE_ASCII)
                         : NULL;
        if (json_is_real(json))
            append_python_float(json_real_value(json), out);
        else if (text)
            pb_text_append(out, "%s", text);
        else
            out->failed = 1;
        free(text);
        json_decref(json);
    }
    pb_text_append(out, "]}}");
}

void pb_dimension_json(const pb_dimension *d, pb_text *out)
{
    const char *log = d->log ? "true" : "false";
    if (d->kind == PB_DIMENSION_CATEGORICAL) {
        append_choices(d, out);
    } else if (d->kind == PB_DIMENSION_INT) {
        pb_text_append(out,
                       "{\"name\": \"IntDistribution\", \"attributes\": {\"log\": %s, \"step\": "
                       "%" PRId64 ", \"low\": %" PRId64 ", \"high\": %" PRId64 "}}",
                       log, (int64_t)d->step, (int64_t)d->low, (int64_t)d->high);
    } else {
        pb_text_append(out, "{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": ");
        if (d->step > 0)
            append_python_float(d->step, out);
        else
            pb_text_append(out, "null");
        pb_text_append(out, ", \"low\": ");
        append_python_float(d->low, out);
        pb_text_append(out, ", \"high\": ");
        append_python_float(d->high, out);
        pb_text_append(out, ", \"log\": %s}}", log);
    }
}

bool pb_dimension_is(const pb_dimension *d, const char *distribution_json)
{
    pb_text text = {0};
    pb_dimension_json(d, &text);
    json_t *ours = text.failed ? NULL : json_loads(text.text, 0, NULL);
    json_t *theirs = json_loads(distribution_json, 0, NULL);
    const bool same = ours && theirs && json_equal(ours, theirs);
    json_decref(ours);
    json_decref(theirs);
    pb_text_free(&text);
    return same;
}
