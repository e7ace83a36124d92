/* The header of a compressed data set: a data set's description as JSON, and back. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "data/loader.h"
#include "data/pbz.h"

/* How values lie, by the header's word for it. */
static const char *const kinds[] = {"bytes", "floats", "codes", "halves"};
enum { BYTES, FLOATS, CODES, HALVES, KINDS };

/* How a chunk holds its samples. */
static const char *const orders[PB_ORDERS] = {"samples", "columns", "codes"};

static int kind_of(const pb_dataset *d)
{
    if (d->compressed->packing.bits == 0) return d->dtype == PB_U8 ? BYTES : FLOATS;
    return d->compressed->packing.bits == PB_BITS_HALF ? HALVES : CODES;
}

const char *pb_pbz_values(const pb_dataset *d)
{
    return kinds[kind_of(d)];
}

bool pb_compressed_is_named(const char *path)
{
    const size_t length = strlen(path), ending = strlen(PB_COMPRESSED_ENDING);
    return length > ending && strcmp(path + length - ending, PB_COMPRESSED_ENDING) == 0;
}

double pb_compressed_bytes_per_sample(const pb_compressed *c)
{
    const int samples = c->train_count + c->test_count;
    return samples > 0 ? (double)c->file_bytes / samples : 0;
}

size_t pb_pbz_label_bytes(const pb_dataset *d)
{
    return d->classes <= 256 ? 1 : 2;
}

/* ---- writing ---- */

json_t *pb_pbz_shape_json(pb_shape shape)
{
    json_t *list = json_array();
    for (int a = 0; a < shape.axes; a++) json_array_append_new(list, json_integer(shape.dim[a]));
    return list;
}

json_t *pb_pbz_arrays_json(const pb_fitted *fitted)
{
    json_t *list = json_array();
    for (int i = 0; i < fitted->count; i++)
        json_array_append_new(list, json_pack("{s:s, s:o}", "name", fitted->array[i].name, "shape",
                                              pb_pbz_shape_json(fitted->array[i].shape)));
    return list;
}

json_t *pb_pbz_source_json(const pb_compressed *c)
{
    return json_pack("{s:s, s:s, s:o, s:s}", "name", c->source.name, "dtype",
                     pb_dtype_name(c->source.dtype), "shape", pb_pbz_shape_json(c->source.shape),
                     "sha256", c->source.sha256);
}

pb_shape pb_pbz_values_shape(const pb_dataset *d)
{
    return d->compressed->packing.bits ? d->compressed->packing.shape : d->sample_shape;
}

static json_t *names_json(const pb_dataset *d)
{
    json_t *list = json_array();
    for (int i = 0; i < d->classes; i++)
        json_array_append_new(list, json_string(d->class_names[i]));
    return list;
}

/* What the fingerprint covers. */
static json_t *content_json(const pb_dataset *d)
{
    const pb_compressed *c = d->compressed;
    const int kind = kind_of(d);
    json_t *json = json_pack("{s:s, s:o, s:i, s:i, s:o, s:s, s:o}", "values", kinds[kind], "shape",
                             pb_pbz_shape_json(pb_pbz_values_shape(d)), "train", c->train_count,
                             "test", c->test_count, "classes", names_json(d), "chain",
                             c->chain ? c->chain : "", "arrays", pb_pbz_arrays_json(&c->fitted));
    if (json && kind == CODES) {
        json_object_set_new(json, "bits", json_integer(c->packing.bits));
        json_object_set_new(json, "steps", json_integer(c->packing.steps));
    }
    return json;
}

char *pb_pbz_header_text(const pb_dataset *d)
{
    const pb_compressed *c = d->compressed;
    json_t *json =
        json_pack("{s:s, s:s, s:o, s:i, s:s, s:o}", "name", d->name, "fingerprint", c->fingerprint,
                  "content", content_json(d), "chunk_samples", c->chunk_samples, "order",
                  orders[c->order], "source", pb_pbz_source_json(c));
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}

/* ---- reading ---- */

static pb_status wrong(pb_context *ctx, const char *path, const char *what)
{
    return pb_fail(ctx, PB_ERR_DATA, "%s: its header is wrong: %s", path, what);
}

/* One to three axes of a sample, up to four of an array, and no more numbers than fit an int. */
static bool read_shape(const json_t *list, size_t axes_max, pb_shape *shape)
{
    const size_t axes = json_array_size(list);
    uint64_t count = 1;
    if (axes < 1 || axes > axes_max) return false;
    *shape = (pb_shape){.axes = (int)axes};
    for (size_t a = 0; a < axes; a++) {
        const json_int_t extent = json_integer_value(json_array_get(list, a));
        if (extent < 1 || extent > INT_MAX) return false;
        count *= (uint64_t)extent;
        if (count > INT_MAX / sizeof(float)) return false;
        shape->dim[a] = (int)extent;
    }
    return true;
}

static pb_status read_classes(pb_context *ctx, const char *path, const json_t *list, pb_dataset *d)
{
    const size_t count = json_array_size(list);
    if (count < 2 || count > PB_DATA_CLASSES_MAX)
        return wrong(ctx, path, "classes are a list of 2 to 65536 names");
    d->class_names = calloc(count, sizeof *d->class_names);
    if (!d->class_names) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for class names");
    d->classes = (int)count;
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (!name) return wrong(ctx, path, "a class has no name");
        d->class_names[i] = strdup(name);
        if (!d->class_names[i]) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for class names");
    }
    return PB_OK;
}

/* Room for the arrays; their numbers follow later. */
static pb_status read_arrays(pb_context *ctx, const char *path, const json_t *list,
                             pb_fitted *fitted)
{
    const size_t count = json_array_size(list);
    if (!json_is_array(list) || count > PB_PBZ_ARRAYS_MAX)
        return wrong(ctx, path, "arrays are a list of at most 128");
    fitted->array = calloc(count ? count : 1, sizeof *fitted->array);
    if (!fitted->array) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for arrays");
    fitted->capacity = (int)count;
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(entry, "name"));
        pb_fitted_array *array = &fitted->array[i];
        if (!name || strlen(name) >= sizeof array->name || pb_fitted_find(fitted, name))
            return wrong(ctx, path, "an array has no name, or one too long or used before");
        const json_t *shape = json_object_get(entry, "shape");
        if (json_array_size(shape) > 0 && !read_shape(shape, PB_MAX_AXES, &array->shape))
            return wrong(ctx, path, "an array has no shape");
        snprintf(array->name, sizeof array->name, "%s", name);
        fitted->count++;
    }
    return PB_OK;
}

static pb_status read_values(pb_context *ctx, const char *path, const char *kind, json_int_t bits,
                             json_int_t steps, pb_shape shape, pb_dataset *d)
{
    int k = 0;
    while (k < KINDS && strcmp(kinds[k], kind) != 0) k++;
    if (k == KINDS) return wrong(ctx, path, "values are bytes, floats, codes or halves");
    d->dtype = k == FLOATS ? PB_F32 : PB_U8;
    d->sample_shape = shape;
    if (k == BYTES || k == FLOATS) return PB_OK;
    pb_packing *p = &d->compressed->packing;
    if (k == CODES && (bits < 1 || bits > PB_BITS_CODE_MAX))
        return wrong(ctx, path, "codes have 1 to 8 bits");
    if (k == CODES && steps != 1 && steps != (json_int_t)pb_shape_count(shape))
        return wrong(ctx, path, "codes have one step, or as many as a sample has values");
    p->shape = shape;
    p->bits = k == CODES ? (int)bits : PB_BITS_HALF;
    p->steps = k == CODES ? (int)steps : 0;
    d->sample_shape = PB_SHAPE((int)pb_packing_bytes(p));
    return PB_OK;
}

static pb_status read_content(pb_context *ctx, const char *path, json_t *json, pb_dataset *d)
{
    const char *kind, *chain;
    json_t *list, *classes, *arrays;
    json_int_t train, test, bits = 0, steps = 0;
    pb_shape shape;
    pb_compressed *c = d->compressed;
    if (json_unpack(json, "{s:s, s:o, s:I, s:I, s:o, s:s, s:o, s?I, s?I}", "values", &kind, "shape",
                    &list, "train", &train, "test", &test, "classes", &classes, "chain", &chain,
                    "arrays", &arrays, "bits", &bits, "steps", &steps) != 0)
        return wrong(ctx, path, "content lacks a key");
    if (!read_shape(list, PB_MAX_AXES - 1, &shape))
        return wrong(ctx, path, "samples have no shape of one to three extents");
    if (train < 0 || train > INT_MAX || test < 0 || test > INT_MAX)
        return wrong(ctx, path, "numbers of samples are out of range");
    c->train_count = (int)train;
    c->test_count = (int)test;
    c->chain = strdup(chain);
    if (!c->chain) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a chain of stages");
    PB_TRY(read_values(ctx, path, kind, bits, steps, shape, d));
    PB_TRY(read_classes(ctx, path, classes, d));
    return read_arrays(ctx, path, arrays, &c->fitted);
}

static pb_status read_source(pb_context *ctx, const char *path, json_t *json, pb_compressed *c)
{
    const char *name, *dtype, *sha256;
    json_t *shape;
    if (json_unpack(json, "{s:s, s:s, s:o, s:s}", "name", &name, "dtype", &dtype, "shape", &shape,
                    "sha256", &sha256) != 0 ||
        !read_shape(shape, PB_MAX_AXES - 1, &c->source.shape))
        return wrong(ctx, path, "source lacks a key");
    c->source.dtype = strcmp(dtype, "u8") == 0 ? PB_U8 : PB_F32;
    snprintf(c->source.name, sizeof c->source.name, "%s", name);
    snprintf(c->source.sha256, sizeof c->source.sha256, "%s", sha256);
    return PB_OK;
}

static pb_status read_json(pb_context *ctx, const char *path, json_t *json, pb_dataset *d)
{
    const char *name, *fingerprint, *order;
    json_t *content, *source;
    json_int_t chunk_samples;
    pb_compressed *c = d->compressed;
    if (json_unpack(json, "{s:s, s:s, s:o, s:I, s:s, s:o}", "name", &name, "fingerprint",
                    &fingerprint, "content", &content, "chunk_samples", &chunk_samples, "order",
                    &order, "source", &source) != 0)
        return wrong(ctx, path, "it lacks a key");
    if (chunk_samples < 1 || chunk_samples > INT_MAX)
        return wrong(ctx, path, "chunk_samples is out of range");
    while (c->order < PB_ORDERS && strcmp(order, orders[c->order]) != 0) c->order++;
    if (c->order == PB_ORDERS) return wrong(ctx, path, "order is samples, columns or codes");
    c->chunk_samples = (int)chunk_samples;
    snprintf(d->name, sizeof d->name, "%s", name);
    snprintf(c->fingerprint, sizeof c->fingerprint, "%s", fingerprint);
    PB_TRY(read_content(ctx, path, content, d));
    if (!pb_pbz_may_lie(d, c->order))
        return wrong(ctx, path, "order is codes, but values are no codes of 2 to 7 bits");
    return read_source(ctx, path, source, c);
}

pb_status pb_pbz_header_read(pb_context *ctx, const char *path, const char *text, size_t bytes,
                             pb_dataset *d)
{
    json_error_t error;
    json_t *json = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    if (!json) return wrong(ctx, path, error.text);
    const pb_status status = read_json(ctx, path, json, d);
    json_decref(json);
    return status;
}

/* ---- arrays ---- */

size_t pb_pbz_array_count(const pb_dataset *d)
{
    const pb_compressed *c = d->compressed;
    size_t count = 2 * (size_t)c->packing.steps;
    for (int i = 0; i < c->fitted.count; i++) count += pb_shape_count(c->fitted.array[i].shape);
    return count;
}

pb_status pb_pbz_arrays_get(pb_context *ctx, const pb_dataset *d, float **numbers)
{
    const pb_compressed *c = d->compressed;
    const size_t steps = (size_t)c->packing.steps;
    float *to = *numbers = malloc((pb_pbz_array_count(d) + 1) * sizeof *to);
    if (!to) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for arrays");
    if (steps) memcpy(to, c->packing.offset, steps * sizeof *to);
    if (steps) memcpy(to + steps, c->packing.step, steps * sizeof *to);
    to += 2 * steps;
    for (int i = 0; i < c->fitted.count; i++) {
        const size_t count = pb_shape_count(c->fitted.array[i].shape);
        memcpy(to, c->fitted.array[i].data, count * sizeof *to);
        to += count;
    }
    return PB_OK;
}

static float *copy_floats(const float *from, size_t count)
{
    float *copy = malloc((count + 1) * sizeof *copy);
    if (copy) memcpy(copy, from, count * sizeof *copy);
    return copy;
}

pb_status pb_pbz_arrays_put(pb_context *ctx, pb_dataset *d, const float *numbers)
{
    pb_compressed *c = d->compressed;
    const size_t steps = (size_t)c->packing.steps;
    bool good = true;
    if (steps) {
        c->packing.offset = copy_floats(numbers, steps);
        c->packing.step = copy_floats(numbers + steps, steps);
        good = c->packing.offset && c->packing.step;
    }
    numbers += 2 * steps;
    for (int i = 0; i < c->fitted.count; i++) {
        pb_fitted_array *array = &c->fitted.array[i];
        array->data = copy_floats(numbers, pb_shape_count(array->shape));
        good = good && array->data;
        numbers += pb_shape_count(array->shape);
    }
    return good ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "no memory for arrays");
}

/* ---- fingerprint ---- */

static void add_part(pb_sha256 *sum, const pb_dataset *d, const pb_samples *part)
{
    pb_sha256_add(sum, part->data, (size_t)part->count * pb_sample_bytes(d));
    for (int i = 0; i < part->count; i++) {
        const unsigned char label[] = {(unsigned char)part->labels[i],
                                       (unsigned char)(part->labels[i] >> 8)};
        pb_sha256_add(sum, label, pb_pbz_label_bytes(d));
    }
}

pb_status pb_pbz_fingerprint(pb_context *ctx, const pb_dataset *d, char hex[65])
{
    json_t *content = content_json(d);
    char *text = content ? json_dumps(content, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    float *numbers = NULL;
    pb_sha256 *sum = text ? pb_sha256_begin() : NULL;
    pb_status status = sum ? pb_pbz_arrays_get(ctx, d, &numbers)
                           : pb_fail(ctx, PB_ERR_MEMORY, "no memory for a fingerprint");
    if (status == PB_OK) {
        pb_sha256_add(sum, text, strlen(text));
        pb_sha256_add(sum, numbers, pb_pbz_array_count(d) * sizeof *numbers);
        add_part(sum, d, &d->train);
        add_part(sum, d, &d->test);
    }
    pb_sha256_end(sum, hex);
    free(numbers);
    free(text);
    json_decref(content);
    return status;
}
