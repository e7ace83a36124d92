/* JSON by jansson. */
#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"

enum { LIMIT_BYTES = 256 * 1024 * 1024 };

pb_status pb_json_load(pb_context *ctx, const char *path, json_t **json)
{
    *json = NULL;
    char *data = NULL;
    size_t bytes = 0;
    PB_TRY(pb_file_read(ctx, path, LIMIT_BYTES, &data, &bytes));
    json_error_t error;
    *json = json_loadb(data, bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    free(data);
    if (*json) return PB_OK;
    if (json_error_code(&error) == json_error_out_of_memory)
        return pb_fail(ctx, PB_ERR_MEMORY, "%s: out of memory to read it", path);
    return pb_fail(ctx, PB_ERR_IO, "%s:%d: not valid JSON: %s", path, error.line, error.text);
}

static int append(const char *buffer, size_t size, void *stream)
{
    return fwrite(buffer, 1, size, stream) == size ? 0 : -1;
}

pb_status pb_json_save(pb_context *ctx, const char *path, const json_t *json)
{
    const size_t flags = JSON_INDENT(2) | JSON_REAL_PRECISION(9) | JSON_ENCODE_ANY;
    pb_file_writer writer;
    PB_TRY(pb_file_open(ctx, path, &writer));
    if (json_dump_callback(json, append, writer.stream, flags) != 0 && !ferror(writer.stream)) {
        pb_file_abandon(&writer);
        return pb_fail(ctx, PB_ERR_MEMORY, "%s: out of memory to write it", path);
    }
    fputc('\n', writer.stream);
    return pb_file_commit(ctx, &writer);
}

json_t *pb_json_real(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}
