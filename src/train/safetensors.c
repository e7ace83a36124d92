#include "train/safetensors.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "train/tensor_types.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors files are little-endian and so must be the host"
#endif

enum { LENGTH_BYTES = 8, ALIGN_BYTES = 8 };
static const uint64_t max_header_bytes = 100000000; /* the limit of the reference implementation */
static const size_t max_file_bytes = (size_t)1 << 36;

static const char *const dtype_names[] = {[PB_F32] = "F32", [PB_I32] = "I32", [PB_U8] = "U8"};
enum { DTYPE_COUNT = sizeof dtype_names / sizeof *dtype_names };

void pb_tensors_clear(pb_tensors *tensors)
{
    for (int i = 0; i < tensors->count; i++) {
        free(tensors->tensor[i].name);
        free(tensors->tensor[i].data);
    }
    free(tensors->tensor);
    json_decref(tensors->notes);
    *tensors = (pb_tensors){0};
}

const pb_tensor *pb_tensors_find(const pb_tensors *tensors, const char *name)
{
    for (int i = 0; i < tensors->count; i++)
        if (strcmp(tensors->tensor[i].name, name) == 0) return &tensors->tensor[i];
    return NULL;
}

pb_status pb_tensors_note(pb_context *ctx, pb_tensors *tensors, const char *key, const char *text)
{
    if (!tensors->notes) tensors->notes = json_object();
    if (json_object_set_new(tensors->notes, key, text ? json_string(text) : NULL) != 0)
        return pb_fail(ctx, PB_ERR_MEMORY, "no memory for the note %s of a safetensors file", key);
    return PB_OK;
}

const char *pb_tensors_noted(const pb_tensors *tensors, const char *key)
{
    return json_string_value(json_object_get(tensors->notes, key));
}

static bool make_room(pb_tensors *tensors)
{
    if (tensors->count < tensors->capacity) return true;
    const int capacity = tensors->capacity ? 2 * tensors->capacity : 16;
    pb_tensor *grown = realloc(tensors->tensor, (size_t)capacity * sizeof *grown);
    if (!grown) return false;
    tensors->tensor = grown;
    tensors->capacity = capacity;
    return true;
}

/* Number of bytes of a shape, `each` a number; false when it does not fit a size_t. */
static bool count_bytes(size_t each, int axes, const size_t dim[], size_t *bytes)
{
    *bytes = each;
    for (int a = 0; a < axes; a++)
        if (__builtin_mul_overflow(*bytes, dim[a], bytes)) return false;
    return true;
}

pb_status pb_tensors_add(pb_context *ctx, pb_tensors *tensors, const char *name, pb_dtype dtype,
                         int axes, const size_t dim[], const void *data)
{
    pb_tensor t = {.dtype = dtype, .axes = axes};
    if (axes > 0) memcpy(t.dim, dim, (size_t)axes * sizeof *dim);
    if (axes > PB_TENSOR_MAX_AXES || !count_bytes(pb_dtype_bytes(dtype), axes, dim, &t.bytes))
        return pb_fail(ctx, PB_ERR_SHAPE, "tensor %s is too large to store", name);
    t.name = strdup(name);
    t.data = malloc(t.bytes ? t.bytes : 1);
    if (!t.name || !t.data || !make_room(tensors)) {
        free(t.name);
        free(t.data);
        return pb_fail(ctx, PB_ERR_MEMORY, "no memory for tensor %s of %zu bytes", name, t.bytes);
    }
    if (t.bytes) memcpy(t.data, data, t.bytes);
    tensors->tensor[tensors->count++] = t;
    return PB_OK;
}

/* ---- writing ---- */

static json_t *header_of(const pb_tensors *tensors)
{
    json_t *header = json_object();
    if (json_object_size(tensors->notes) > 0)
        json_object_set(header, "__metadata__", tensors->notes);
    size_t offset = 0;
    for (int i = 0; header && i < tensors->count; i++) {
        const pb_tensor *t = &tensors->tensor[i];
        json_t *shape = json_array();
        for (int a = 0; a < t->axes; a++)
            json_array_append_new(shape, json_integer((json_int_t)t->dim[a]));
        json_t *entry =
            json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtype_names[t->dtype], "shape", shape,
                      "data_offsets", (json_int_t)offset, (json_int_t)(offset + t->bytes));
        if (json_object_set_new(header, t->name, entry) != 0) {
            json_decref(header);
            return NULL;
        }
        offset += t->bytes;
    }
    return header;
}

static bool write_all(FILE *stream, const pb_tensors *tensors, const char *text)
{
    const size_t length = strlen(text);
    const size_t padded = (length + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
    unsigned char prefix[LENGTH_BYTES];
    for (int i = 0; i < LENGTH_BYTES; i++)
        prefix[i] = (unsigned char)((uint64_t)padded >> (8 * i) & 0xff);
    if (fwrite(prefix, 1, sizeof prefix, stream) != sizeof prefix) return false;
    if (fwrite(text, 1, length, stream) != length) return false;
    for (size_t i = length; i < padded; i++)
        if (fputc(' ', stream) == EOF) return false;
    for (int i = 0; i < tensors->count; i++) {
        const pb_tensor *t = &tensors->tensor[i];
        if (fwrite(t->data, 1, t->bytes, stream) != t->bytes) return false;
    }
    return true;
}

pb_status pb_safetensors_save(pb_context *ctx, const char *path, const pb_tensors *tensors)
{
    json_t *header = header_of(tensors);
    char *text = header ? json_dumps(header, JSON_COMPACT) : NULL;
    json_decref(header);
    if (!text) return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory for the header", path);

    pb_file_writer writer = {0};
    pb_status status = pb_file_open(ctx, path, &writer);
    if (status == PB_OK) {
        if (write_all(writer.stream, tensors, text)) {
            status = pb_file_commit(ctx, &writer);
        } else {
            const int problem = errno;
            pb_file_abandon(&writer);
            status = pb_fail(ctx, PB_ERR_IO, "%s: cannot be written: %s", path, strerror(problem));
        }
    }
    free(text);
    return status;
}

/* ---- reading ---- */

/* The place of one tensor in the data part of a file. */
typedef struct extent {
    size_t begin, end;
    int index;                  /* of the tensor */
    const pb_tensor_type *type; /* of numbers that become F32; NULL: they stay as they are */
} extent;

static int by_begin(const void *a, const void *b)
{
    const extent *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

static pb_status read_notes(pb_context *ctx, const char *path, json_t *notes, pb_tensors *tensors)
{
    const char *key;
    json_t *text;
    if (!json_is_object(notes))
        return pb_fail(ctx, PB_ERR_IO, "%s: __metadata__ is not an object", path);
    json_object_foreach(notes, key, text)
    {
        if (!json_is_string(text))
            return pb_fail(ctx, PB_ERR_IO, "%s: __metadata__.%s is not a string", path, key);
    }
    tensors->notes = json_incref(notes);
    return PB_OK;
}

static bool read_size(const json_t *number, size_t *size)
{
    if (!json_is_integer(number) || json_integer_value(number) < 0) return false;
    *size = (size_t)json_integer_value(number);
    return true;
}

/* What the numbers of a tensor are in the file and in memory. */
static pb_status read_type(pb_context *ctx, const char *path, const char *name, const char *dtype,
                           bool floats, pb_tensor *t, extent *place)
{
    int row = 0;
    t->dtype = PB_F32;
    if (floats) {
        place->type = pb_tensor_type_find(dtype);
        if (place->type) return PB_OK;
        return pb_fail(ctx, PB_ERR_IO,
                       "%s: tensor %s has dtype %s; F64, F32, F16, BF16, integers and BOOL can be "
                       "read",
                       path, name, dtype);
    }
    while (row < DTYPE_COUNT && strcmp(dtype, dtype_names[row]) != 0) row++;
    if (row == DTYPE_COUNT)
        return pb_fail(ctx, PB_ERR_IO, "%s: tensor %s has dtype %s; F32, I32 and U8 can be read",
                       path, name, dtype);
    t->dtype = (pb_dtype)row;
    return PB_OK;
}

/* Reads the header's entry of one tensor: everything but its data. */
static pb_status read_entry(pb_context *ctx, const char *path, const char *name,
                            const json_t *entry, bool floats, pb_tensor *t, extent *place)
{
    const json_t *shape = json_object_get(entry, "shape");
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    if (!dtype || !json_is_array(shape) || !json_is_array(offsets) || json_array_size(offsets) != 2)
        return pb_fail(ctx, PB_ERR_IO,
                       "%s: tensor %s does not have a dtype, a shape and two data_offsets", path,
                       name);
    PB_TRY(read_type(ctx, path, name, dtype, floats, t, place));

    if (json_array_size(shape) > PB_TENSOR_MAX_AXES)
        return pb_fail(ctx, PB_ERR_IO, "%s: tensor %s has %zu axes; at most %d can be read", path,
                       name, json_array_size(shape), PB_TENSOR_MAX_AXES);
    t->axes = (int)json_array_size(shape);
    for (int a = 0; a < t->axes; a++)
        if (!read_size(json_array_get(shape, (size_t)a), &t->dim[a]))
            return pb_fail(ctx, PB_ERR_IO, "%s: the shape of tensor %s is not a list of sizes",
                           path, name);

    if (!read_size(json_array_get(offsets, 0), &place->begin) ||
        !read_size(json_array_get(offsets, 1), &place->end) || place->end < place->begin)
        return pb_fail(ctx, PB_ERR_IO, "%s: the data_offsets of tensor %s are not an interval",
                       path, name);
    size_t stored;
    if (!count_bytes(place->type ? place->type->bytes : pb_dtype_bytes(t->dtype), t->axes, t->dim,
                     &stored) ||
        stored != place->end - place->begin ||
        !count_bytes(pb_dtype_bytes(t->dtype), t->axes, t->dim, &t->bytes))
        return pb_fail(ctx, PB_ERR_IO,
                       "%s: tensor %s has %zu bytes of data, which is not what its shape needs",
                       path, name, place->end - place->begin);
    return PB_OK;
}

/* The extents must cover the data part from its first to its last byte, each byte once. */
static pb_status check_extents(pb_context *ctx, const char *path, const pb_tensors *tensors,
                               extent places[], size_t data_bytes)
{
    size_t end = 0;
    qsort(places, (size_t)tensors->count, sizeof *places, by_begin);
    for (int i = 0; i < tensors->count; i++) {
        const char *name = tensors->tensor[places[i].index].name;
        if (places[i].begin < end)
            return pb_fail(ctx, PB_ERR_IO, "%s: tensor %s overlaps the one before it", path, name);
        if (places[i].begin > end)
            return pb_fail(ctx, PB_ERR_IO, "%s: there is a hole before tensor %s", path, name);
        end = places[i].end;
        if (end > data_bytes)
            return pb_fail(ctx, PB_ERR_IO, "%s: truncated: tensor %s ends at byte %zu of %zu", path,
                           name, end, data_bytes);
    }
    if (end != data_bytes)
        return pb_fail(ctx, PB_ERR_IO, "%s: %zu bytes belong to no tensor", path, data_bytes - end);
    return PB_OK;
}

static void read_numbers(const pb_tensor_type *type, const char *from, pb_tensor *t)
{
    if (t->bytes == 0) return;
    if (type)
        pb_tensor_type_read(type, from, t->bytes / sizeof(float), t->data);
    else
        memcpy(t->data, from, t->bytes);
}

static pb_status read_tensors(pb_context *ctx, const char *path, json_t *header, bool floats,
                              const char *data, size_t data_bytes, pb_tensors *tensors)
{
    pb_status status = PB_OK;
    const char *name;
    json_t *entry;
    extent *places = calloc(json_object_size(header) + 1, sizeof *places);
    if (!places) return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory for the header", path);

    json_object_foreach(header, name, entry)
    {
        if (strcmp(name, "__metadata__") == 0) {
            status = read_notes(ctx, path, entry, tensors);
            if (status != PB_OK) goto done;
            continue;
        }
        pb_tensor t = {0};
        extent *place = &places[tensors->count];
        status = read_entry(ctx, path, name, entry, floats, &t, place);
        if (status != PB_OK) goto done;
        place->index = tensors->count;
        t.name = strdup(name);
        if (!t.name || !make_room(tensors)) {
            free(t.name);
            status = pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory for the header", path);
            goto done;
        }
        tensors->tensor[tensors->count++] = t;
    }
    status = check_extents(ctx, path, tensors, places, data_bytes);
    for (int i = 0; status == PB_OK && i < tensors->count; i++) {
        pb_tensor *t = &tensors->tensor[places[i].index];
        t->data = malloc(t->bytes ? t->bytes : 1);
        if (!t->data)
            status = pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory for tensor %s", path, t->name);
        else
            read_numbers(places[i].type, data + places[i].begin, t);
    }
done:
    free(places);
    return status;
}

static pb_status load(pb_context *ctx, const char *path, bool floats, pb_tensors *tensors)
{
    char *file = NULL;
    size_t bytes = 0;
    json_error_t error;
    json_t *header = NULL;
    PB_TRY(pb_file_read(ctx, path, max_file_bytes, &file, &bytes));

    pb_status status = PB_OK;
    uint64_t length = 0;
    for (int i = 0; i < LENGTH_BYTES && bytes >= LENGTH_BYTES; i++)
        length |= (uint64_t)(unsigned char)file[i] << (8 * i);
    if (bytes < LENGTH_BYTES) {
        status = pb_fail(ctx, PB_ERR_IO, "%s: truncated: %zu bytes are no safetensors file", path,
                         bytes);
    } else if (length > max_header_bytes) {
        status = pb_fail(ctx, PB_ERR_IO,
                         "%s: a header of %" PRIu64 " bytes; at most %" PRIu64 " are allowed", path,
                         length, max_header_bytes);
    } else if (length > bytes - LENGTH_BYTES) {
        status =
            pb_fail(ctx, PB_ERR_IO, "%s: truncated: a header of %" PRIu64 " bytes in a file of %zu",
                    path, length, bytes);
    } else {
        header = json_loadb(file + LENGTH_BYTES, (size_t)length, JSON_REJECT_DUPLICATES, &error);
        if (!json_is_object(header))
            status = pb_fail(ctx, PB_ERR_IO, "%s: the header is not a JSON object: %s", path,
                             header ? "it is something else" : error.text);
        else
            status = read_tensors(ctx, path, header, floats, file + LENGTH_BYTES + length,
                                  bytes - LENGTH_BYTES - (size_t)length, tensors);
    }
    if (status != PB_OK) pb_tensors_clear(tensors);
    json_decref(header);
    free(file);
    return status;
}

pb_status pb_safetensors_load(pb_context *ctx, const char *path, pb_tensors *tensors)
{
    return load(ctx, path, false, tensors);
}

pb_status pb_safetensors_load_floats(pb_context *ctx, const char *path, pb_tensors *tensors)
{
    return load(ctx, path, true, tensors);
}
