#include "data/npy.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "data/npy_header.h"
#include "data/regular.h"

#define PREFIX_BYTES     8 /* magic and version                                      */
#define HEADER_BYTES_MAX 65536
#define ALIGNMENT        64 /* of the first element, as NumPy writes it               */

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE_ORDER  '<'
#define FOREIGN_ORDER '>'
#else
#define NATIVE_ORDER  '>'
#define FOREIGN_ORDER '<'
#endif

static const unsigned char magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

/* Kind and size as in a descr ("<f4"). */
static const struct {
    const char *name;
    char kind;
    int bytes;
} dtypes[] = {
    [PB_NPY_F32] = {"float32", 'f', 4}, [PB_NPY_F64] = {"float64", 'f', 8},
    [PB_NPY_U8] = {"uint8", 'u', 1},    [PB_NPY_I32] = {"int32", 'i', 4},
    [PB_NPY_I64] = {"int64", 'i', 8},   [PB_NPY_BOOL] = {"bool", 'b', 1},
    [PB_NPY_I8] = {"int8", 'i', 1},     [PB_NPY_I16] = {"int16", 'i', 2},
    [PB_NPY_U16] = {"uint16", 'u', 2},  [PB_NPY_U32] = {"uint32", 'u', 4},
    [PB_NPY_U64] = {"uint64", 'u', 8},
};

#define DTYPES ((int)(sizeof dtypes / sizeof dtypes[0]))

size_t pb_npy_dtype_bytes(pb_npy_dtype dtype)
{
    return (size_t)dtypes[dtype].bytes;
}

const char *pb_npy_dtype_name(pb_npy_dtype dtype)
{
    return dtypes[dtype].name;
}

/* ---- reading ---- */

static pb_status find_dtype(pb_context *ctx, const char *path, const pb_npy_header *h,
                            pb_npy_dtype *dtype)
{
    for (int i = 0; i < DTYPES; i++) {
        if (dtypes[i].kind != h->kind || dtypes[i].bytes != h->item_bytes) continue;
        *dtype = (pb_npy_dtype)i;
        return PB_OK;
    }
    if (h->kind == 'O')
        return pb_fail(ctx, PB_ERR_DATA, "%s: holds Python objects, only numbers are allowed",
                       path);
    return pb_fail(ctx, PB_ERR_DATA,
                   "%s: has dtype %c%d, only float32, float64, bool and integers are allowed", path,
                   h->kind, h->item_bytes);
}

/* Elements of a shape; false when their bytes do not fit in size_t. */
static bool count_elements(int axes, const size_t dim[], size_t item_bytes, size_t *count)
{
    size_t n = 1;
    bool is_empty = false;
    for (int i = 0; i < axes; i++) {
        is_empty = is_empty || dim[i] == 0;
        if (dim[i] == 0) continue;
        if (n > SIZE_MAX / item_bytes / dim[i]) return false;
        n *= dim[i];
    }
    *count = is_empty ? 0 : n;
    return true;
}

static bool read_bytes(FILE *file, void *data, size_t bytes)
{
    return bytes == 0 || fread(data, 1, bytes, file) == bytes;
}

static pb_status truncated(pb_context *ctx, const char *path, FILE *file)
{
    if (ferror(file))
        return pb_fail(ctx, PB_ERR_DATA, "%s: cannot be read: %s", path, strerror(errno));
    return pb_fail(ctx, PB_ERR_DATA, "%s: is truncated", path);
}

/* Reads magic, version and the dictionary; the stream then stands at the first element. */
static pb_status read_header(pb_context *ctx, const char *path, FILE *file, pb_npy_header *header,
                             size_t *header_bytes)
{
    unsigned char p[PREFIX_BYTES], b[4] = {0};
    if (!read_bytes(file, p, sizeof p) || memcmp(p, magic, sizeof magic) != 0) {
        if (ferror(file)) return truncated(ctx, path, file);
        return pb_fail(ctx, PB_ERR_DATA, "%s: is not an NPY file", path);
    }
    const int version = p[6];
    if (version < 1 || version > 3 || p[7] != 0)
        return pb_fail(ctx, PB_ERR_DATA, "%s: has format version %d.%d, 1.0 to 3.0 are allowed",
                       path, version, p[7]);
    const size_t length_bytes = version == 1 ? 2 : 4;
    if (!read_bytes(file, b, length_bytes)) return truncated(ctx, path, file);
    const size_t length =
        (size_t)b[0] | (size_t)b[1] << 8 | (size_t)b[2] << 16 | (size_t)b[3] << 24;
    if (length > HEADER_BYTES_MAX)
        return pb_fail(ctx, PB_ERR_DATA, "%s: has a header of %zu bytes, at most %d are allowed",
                       path, length, HEADER_BYTES_MAX);
    char *text = malloc(length + 1);
    if (!text) return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory to read it", path);
    pb_status status = PB_OK;
    if (!read_bytes(file, text, length)) {
        status = truncated(ctx, path, file);
    } else {
        text[length] = '\0';
        status = pb_npy_header_parse(ctx, path, text, length, header);
    }
    free(text);
    *header_bytes = PREFIX_BYTES + length_bytes + length;
    return status;
}

static void swap_bytes(unsigned char *data, size_t count, size_t item_bytes)
{
    for (size_t i = 0; i < count; i++, data += item_bytes)
        for (size_t a = 0, b = item_bytes - 1; a < b; a++, b--) {
            const unsigned char byte = data[a];
            data[a] = data[b];
            data[b] = byte;
        }
}

/* Column-major to row-major: walks the target in order and the source by its strides. */
static pb_status to_row_major(pb_context *ctx, const char *path, pb_npy *array)
{
    const size_t item = pb_npy_dtype_bytes(array->dtype);
    if (array->axes < 2 || array->count < 2) return PB_OK;
    unsigned char *target = malloc(array->count * item);
    if (!target) return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory to read it", path);
    size_t stride[PB_NPY_AXES_MAX], at[PB_NPY_AXES_MAX] = {0}, from = 0;
    stride[0] = 1;
    for (int i = 1; i < array->axes; i++) stride[i] = stride[i - 1] * array->dim[i - 1];
    const unsigned char *source = array->data;
    for (size_t i = 0; i < array->count; i++) {
        memcpy(target + i * item, source + from * item, item);
        for (int axis = array->axes - 1; axis >= 0; axis--) {
            from += stride[axis];
            if (++at[axis] < array->dim[axis]) break;
            from -= stride[axis] * array->dim[axis];
            at[axis] = 0;
        }
    }
    free(array->data);
    array->data = target;
    return PB_OK;
}

static pb_status read_array(pb_context *ctx, const char *path, FILE *file, uint64_t file_bytes,
                            pb_npy *array)
{
    pb_npy_header h = {0};
    size_t header_bytes = 0;
    PB_TRY(read_header(ctx, path, file, &h, &header_bytes));
    PB_TRY(find_dtype(ctx, path, &h, &array->dtype));
    array->axes = h.axes;
    memcpy(array->dim, h.dim, sizeof array->dim);
    const size_t item = pb_npy_dtype_bytes(array->dtype);
    if (!count_elements(h.axes, h.dim, item, &array->count))
        return pb_fail(ctx, PB_ERR_DATA, "%s: has an absurd shape, its size overflows", path);
    const uint64_t need = array->count * item, have = file_bytes - header_bytes;
    if (have != need)
        return pb_fail(ctx, PB_ERR_DATA,
                       "%s: %s, its shape needs %llu bytes and %llu follow the header", path,
                       have < need ? "is truncated" : "is too long", (unsigned long long)need,
                       (unsigned long long)have);
    array->data = malloc(need ? (size_t)need : 1);
    if (!array->data) return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory to read it", path);
    if (!read_bytes(file, array->data, (size_t)need)) return truncated(ctx, path, file);
    if (item > 1 && h.order == FOREIGN_ORDER) swap_bytes(array->data, array->count, item);
    return h.is_fortran ? to_row_major(ctx, path, array) : PB_OK;
}

pb_status pb_npy_load(pb_context *ctx, const char *path, pb_npy *array)
{
    *array = (pb_npy){0};
    int fd;
    uint64_t file_bytes;
    PB_TRY(pb_regular_open(ctx, path, &fd, &file_bytes));
    FILE *file = fdopen(fd, "rb");
    if (!file) {
        close(fd);
        return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory to read it", path);
    }
    const pb_status status = read_array(ctx, path, file, file_bytes, array);
    fclose(file);
    if (status != PB_OK) pb_npy_clear(array);
    return status;
}

void pb_npy_clear(pb_npy *array)
{
    free(array->data);
    *array = (pb_npy){0};
}

/* ---- writing ---- */

static void compose_header(pb_text *t, pb_npy_dtype dtype, int axes, const size_t dim[])
{
    const char order = dtypes[dtype].bytes == 1 ? '|' : NATIVE_ORDER;
    pb_text_append(t, "{'descr': '%c%c%d', 'fortran_order': False, 'shape': (", order,
                   dtypes[dtype].kind, dtypes[dtype].bytes);
    for (int i = 0; i < axes; i++)
        pb_text_append(t, "%zu%s", dim[i], axes == 1 ? "," : i + 1 < axes ? ", " : "");
    pb_text_append(t, "), }");
    const size_t used = PREFIX_BYTES + 2 + t->length + 1;
    pb_text_append(t, "%*s\n", (int)((ALIGNMENT - used % ALIGNMENT) % ALIGNMENT), "");
}

static bool write_array(FILE *stream, const pb_text *header, const void *data, size_t bytes)
{
    const unsigned char rest[] = {1, 0, (unsigned char)(header->length & 255),
                                  (unsigned char)(header->length >> 8)};
    return fwrite(magic, sizeof magic, 1, stream) == 1 &&
           fwrite(rest, sizeof rest, 1, stream) == 1 &&
           fwrite(header->text, 1, header->length, stream) == header->length &&
           (bytes == 0 || fwrite(data, 1, bytes, stream) == bytes);
}

pb_status pb_npy_save(pb_context *ctx, const char *path, pb_npy_dtype dtype, int axes,
                      const size_t dim[], const void *data)
{
    size_t count;
    if (axes < 0 || axes > PB_NPY_AXES_MAX)
        return pb_fail(ctx, PB_ERR_INTERNAL, "%s: %d axes, at most %d are allowed", path, axes,
                       PB_NPY_AXES_MAX);
    if (!count_elements(axes, dim, pb_npy_dtype_bytes(dtype), &count))
        return pb_fail(ctx, PB_ERR_INTERNAL, "%s: has an absurd shape, its size overflows", path);
    pb_text header = {0};
    compose_header(&header, dtype, axes, dim);
    pb_file_writer writer = {0};
    pb_status status = header.failed
                           ? pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory to write it", path)
                           : pb_file_open(ctx, path, &writer);
    if (status != PB_OK) goto done;
    if (write_array(writer.stream, &header, data, count * pb_npy_dtype_bytes(dtype))) {
        status = pb_file_commit(ctx, &writer);
    } else {
        status = pb_fail(ctx, PB_ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
        pb_file_abandon(&writer);
    }
done:
    pb_text_free(&header);
    return status;
}
