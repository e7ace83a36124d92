#include "train/model_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/file.h"
#include "data/pbz.h"
#include "train/model_words.h"

static const char magic[] = "pbmodel1";
enum {
    MAGIC_BYTES = 8,
    FIXED_BYTES =
        MAGIC_BYTES +
        12, /* then the sizes of the notes, packed and not, and the number of parameters */
    SUM_BYTES = 8,
    NOTES_MOST = 1 << 24,
    PARAMETERS_MOST = 1 << 16,
    NUMBERS_MOST = 1 << 28,
    NOTES_LEVEL = 19,
};

static const size_t file_most = (size_t)1 << 31;

void pb_model_head_clear(pb_model_head *head)
{
    json_decref(head->notes);
    pb_fitted_clear(&head->fitted);
    free(head->steps);
    *head = (pb_model_head){0};
}

/* ---- pieces ---- */

/* A float32 by its bits, low byte first. */
static void put_float(unsigned char *to, float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    pb_put_u32(to, bits);
}

static float get_float(const unsigned char *from)
{
    const uint32_t bits = pb_get_u32(from);
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* Of SHA-256 as much as finds any damage. */
static bool sum_of(const void *data, size_t size, unsigned char sum[SUM_BYTES])
{
    char hex[65];
    pb_sha256_hex(data, size, hex);
    if (!hex[0]) return false;
    for (int i = 0; i < SUM_BYTES; i++) {
        const char digits[] = {hex[2 * i], hex[2 * i + 1], '\0'};
        sum[i] = (unsigned char)strtoul(digits, NULL, 16);
    }
    return true;
}

static bool are_finite(const float numbers[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(numbers[i])) return false;
    return true;
}

static bool are_steps(const float steps[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(steps[i]) || steps[i] < 0) return false;
    return true;
}

static size_t numbers_of(const pb_fitted *fitted)
{
    size_t count = 0;
    for (int i = 0; i < fitted->count; i++) count += pb_shape_count(fitted->array[i].shape);
    return count;
}

/* ---- saving ---- */

/* The notes with the names and shapes of what stages learned; NULL when memory is out. */
static char *notes_text(const pb_model_head *head)
{
    json_t *notes = json_copy(head->notes);
    if (notes && head->fitted.count)
        json_object_set_new(notes, "arrays", pb_pbz_arrays_json(&head->fitted));
    char *text = notes ? json_dumps(notes, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(notes);
    return text;
}

static size_t pack_notes(const char *text, unsigned char *to, size_t room)
{
    ZSTD_CCtx *z = ZSTD_createCCtx();
    if (!z) return 0;
    ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, NOTES_LEVEL);
    ZSTD_CCtx_setParameter(z, ZSTD_c_contentSizeFlag, 0);
    ZSTD_CCtx_refPrefix(z, pb_model_words, sizeof pb_model_words - 1);
    const size_t packed = ZSTD_compress2(z, to, room, text, strlen(text));
    ZSTD_freeCCtx(z);
    return ZSTD_isError(packed) ? 0 : packed;
}

/* Notes, steps and fitted numbers into memory with room for them and for `extra` bytes. */
static unsigned char *lay_out(const pb_model_head *head, const char *text, size_t extra,
                              size_t *size)
{
    const size_t room = ZSTD_compressBound(strlen(text));
    const size_t floats = (size_t)head->count + numbers_of(&head->fitted);
    unsigned char *file = malloc(FIXED_BYTES + room + 4 * floats + extra);
    const size_t packed = file ? pack_notes(text, file + FIXED_BYTES, room) : 0;
    if (packed == 0) {
        free(file);
        return NULL;
    }
    memcpy(file, magic, MAGIC_BYTES);
    pb_put_u32(file + MAGIC_BYTES, (uint32_t)packed);
    pb_put_u32(file + MAGIC_BYTES + 4, (uint32_t)strlen(text));
    pb_put_u32(file + MAGIC_BYTES + 8, (uint32_t)head->count);
    unsigned char *to = file + FIXED_BYTES + packed;
    for (int i = 0; i < head->count; i++, to += 4) put_float(to, head->steps[i]);
    for (int i = 0; i < head->fitted.count; i++)
        for (size_t k = 0; k < pb_shape_count(head->fitted.array[i].shape); k++, to += 4)
            put_float(to, head->fitted.array[i].data[k]);
    *size = (size_t)(to - file);
    return file;
}

pb_status pb_model_save(pb_context *ctx, const char *path, const pb_model_head *head,
                        const pb_code_grid grids[], size_t *bytes)
{
    unsigned char *codes = NULL;
    size_t code_size = 0, size = 0;
    PB_TRY(pb_codes_pack(ctx, head->count, grids, &codes, &code_size));
    char *text = notes_text(head);
    unsigned char *file = text ? lay_out(head, text, code_size + SUM_BYTES, &size) : NULL;
    pb_status status = PB_ERR_MEMORY;
    if (file) {
        memcpy(file + size, codes, code_size);
        size += code_size;
    }
    if (file && sum_of(file, size, file + size)) {
        size += SUM_BYTES;
        status = pb_file_write(ctx, path, file, size);
        *bytes = size;
    } else {
        pb_fail(ctx, status, "%s: no memory for the network", path);
    }
    free(file);
    free(text);
    free(codes);
    return status;
}

/* ---- opening ---- */

static pb_status damaged(pb_context *ctx, const char *path, const char *what)
{
    return pb_fail(ctx, PB_ERR_DATA, "%s: %s", path, what);
}

static pb_status read_notes(pb_context *ctx, const char *path, const unsigned char *from,
                            size_t packed, size_t raw, json_t **notes)
{
    ZSTD_DCtx *z = ZSTD_createDCtx();
    char *text = malloc(raw + 1);
    size_t got = 0;
    if (z && text) {
        ZSTD_DCtx_refPrefix(z, pb_model_words, sizeof pb_model_words - 1);
        got = ZSTD_decompressDCtx(z, text, raw, from, packed);
        *notes = ZSTD_isError(got) || got != raw
                     ? NULL
                     : json_loadb(text, raw, JSON_REJECT_DUPLICATES, NULL);
    }
    const bool had_memory = z && text;
    ZSTD_freeDCtx(z);
    free(text);
    if (!had_memory) return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory for its notes", path);
    return json_is_object(*notes) ? PB_OK : damaged(ctx, path, "its notes cannot be read");
}

static bool shape_of(const json_t *array, pb_shape *shape)
{
    const json_t *extents = json_object_get(array, "shape");
    *shape = (pb_shape){.axes = (int)json_array_size(extents)};
    if (!json_is_string(json_object_get(array, "name")) || shape->axes > PB_MAX_AXES) return false;
    size_t count = 1;
    for (int a = 0; a < shape->axes; a++) {
        const json_int_t extent = json_integer_value(json_array_get(extents, (size_t)a));
        if (extent < 1 || (size_t)extent > NUMBERS_MOST / count) return false;
        shape->dim[a] = (int)extent;
        count *= (size_t)extent;
    }
    return true;
}

/* What stages learned, by the names and shapes of the notes; moves *from behind it. */
static pb_status read_fitted(pb_context *ctx, const char *path, const unsigned char **from,
                             const unsigned char *end, pb_model_head *head)
{
    size_t i;
    json_t *array;
    json_array_foreach(json_object_get(head->notes, "arrays"), i, array)
    {
        pb_shape shape;
        if (!shape_of(array, &shape) || pb_shape_count(shape) > (size_t)(end - *from) / 4)
            return damaged(ctx, path, "what its stages learned is damaged");
        const size_t count = pb_shape_count(shape);
        float *numbers = malloc((count + 1) * sizeof *numbers);
        if (!numbers)
            return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory for what its stages learned", path);
        for (size_t k = 0; k < count; k++, *from += 4) numbers[k] = get_float(*from);
        const char *name = json_string_value(json_object_get(array, "name"));
        const pb_status status = are_finite(numbers, count)
                                     ? pb_fitted_put(ctx, &head->fitted, name, shape, numbers)
                                     : damaged(ctx, path, "what its stages learned is damaged");
        free(numbers);
        PB_TRY(status);
    }
    return PB_OK;
}

static pb_status read_head(pb_context *ctx, const char *path, pb_model_data *file,
                           pb_model_head *head)
{
    const unsigned char *data = (const unsigned char *)file->data;
    unsigned char sum[SUM_BYTES];
    if (file->size < MAGIC_BYTES || memcmp(data, magic, MAGIC_BYTES) != 0)
        return damaged(ctx, path, "is no compressed network of this version of passband");
    if (file->size < FIXED_BYTES + SUM_BYTES) return damaged(ctx, path, "is cut off");
    const size_t size = file->size - SUM_BYTES;
    if (!sum_of(data, size, sum))
        return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory to check it", path);
    if (memcmp(sum, data + size, SUM_BYTES) != 0)
        return damaged(ctx, path, "is damaged: its bytes do not have the sum at its end");
    const size_t packed = pb_get_u32(data + MAGIC_BYTES), raw = pb_get_u32(data + MAGIC_BYTES + 4),
                 count = pb_get_u32(data + MAGIC_BYTES + 8);
    if (raw > NOTES_MOST || count > PARAMETERS_MOST || packed > size - FIXED_BYTES ||
        4 * count > size - FIXED_BYTES - packed)
        return damaged(ctx, path, "its sizes contradict each other");
    PB_TRY(read_notes(ctx, path, data + FIXED_BYTES, packed, raw, &head->notes));
    head->count = (int)count;
    head->steps = malloc((count + 1) * sizeof *head->steps);
    if (!head->steps) return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory for its steps", path);
    const unsigned char *from = data + FIXED_BYTES + packed, *end = data + size;
    for (size_t i = 0; i < count; i++, from += 4) head->steps[i] = get_float(from);
    if (!are_steps(head->steps, count)) return damaged(ctx, path, "its steps are damaged");
    PB_TRY(read_fitted(ctx, path, &from, end, head));
    file->codes = from;
    file->code_size = (size_t)(end - from);
    return PB_OK;
}

pb_status pb_model_open(pb_context *ctx, const char *path, pb_model_data *file, pb_model_head *head)
{
    *file = (pb_model_data){0};
    *head = (pb_model_head){0};
    PB_TRY(pb_file_read(ctx, path, file_most, &file->data, &file->size));
    const pb_status status = read_head(ctx, path, file, head);
    if (status != PB_OK) {
        pb_model_close(file);
        pb_model_head_clear(head);
    }
    return status;
}

void pb_model_close(pb_model_data *file)
{
    free(file->data);
    *file = (pb_model_data){0};
}
