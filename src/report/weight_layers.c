#include "report/weight_layers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"

#define MOST_NUMBERS ((double)(1 << 30)) /* of a line of coefficients */

const char *pb_weight_text(const json_t *layer, const char *key)
{
    const char *text = json_string_value(json_object_get(layer, key));
    return text ? text : "";
}

double pb_weight_number(const json_t *layer, const char *key)
{
    return json_number_value(json_object_get(layer, key));
}

/* ---- layers.json ---- */

static bool is_share(const json_t *json, const char *key)
{
    const json_t *number = json_object_get(json, key);
    return json_is_number(number) && json_number_value(number) >= 0 &&
           json_number_value(number) <= 1;
}

static bool is_count(const json_t *json, const char *key)
{
    const json_t *number = json_object_get(json, key);
    return json_is_integer(number) && json_integer_value(number) >= 0 &&
           (double)json_integer_value(number) <= MOST_NUMBERS;
}

/* What is wrong with a layer; NULL: nothing. */
static const char *fault_of(const json_t *layer)
{
    static const char *const words[] = {"wavelet", "mode", "layout", "kind", "rule"};
    const char *name = pb_weight_text(layer, "layer");
    const json_t *parts = json_object_get(layer, "parts");
    size_t i;
    json_t *part;
    if (!*name || strchr(name, '/')) return "has no name";
    for (i = 0; i < sizeof words / sizeof *words; i++)
        if (!*pb_weight_text(layer, words[i])) return "lacks an option of its weight_transform";
    if (!is_count(layer, "lines") || !is_count(layer, "count") || !is_count(layer, "level") ||
        !is_count(layer, "bits") || !(pb_weight_number(layer, "threshold") >= 0) ||
        !is_share(layer, "zeros"))
        return "has a number that is missing or out of range";
    if (json_array_size(parts) == 0) return "has no parts";
    json_array_foreach(parts, i, part)
    {
        if (!is_count(part, "level") || !is_count(part, "offset") || !is_count(part, "count") ||
            pb_weight_number(part, "count") < 1 || !(pb_weight_number(part, "threshold") >= 0) ||
            !is_share(part, "zeros"))
            return "has a part with a number that is missing or out of range";
    }
    return NULL;
}

static pb_status check(pb_context *ctx, const char *path, const json_t *layers)
{
    size_t i;
    json_t *layer;
    if (!json_is_array(layers))
        return pb_fail(ctx, PB_ERR_DATA, "%s: not a JSON array of layers", path);
    json_array_foreach(layers, i, layer)
    {
        const char *fault = fault_of(layer);
        if (fault) return pb_fail(ctx, PB_ERR_DATA, "%s: layer %zu %s", path, i + 1, fault);
    }
    return PB_OK;
}

/* "FOLDER/weights/NAME", "FOLDER/fold-1/weights/NAME" where that is there; NULL: no memory. */
static char *path_of(const pb_record *run, const char *name)
{
    pb_text path = {0};
    pb_text_append(&path, "%s/fold-1/weights/%s", run->folder, name);
    if (!path.failed && !pb_file_exists(path.text)) {
        path.length = 0;
        pb_text_append(&path, "%s/weights/%s", run->folder, name);
    }
    if (path.failed) pb_text_free(&path);
    return path.text;
}

pb_status pb_weight_layers_load(pb_context *ctx, const pb_record *run, json_t **layers)
{
    char *path = path_of(run, "layers.json");
    *layers = NULL;
    pb_status status = path ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    if (!status && pb_file_exists(path)) {
        status = pb_json_load(ctx, path, layers);
        if (status == PB_ERR_IO) status = pb_fail(ctx, PB_ERR_DATA, "%s", pb_error(ctx));
        if (!status) status = check(ctx, path, *layers);
        if (status) {
            json_decref(*layers);
            *layers = NULL;
        }
    }
    free(path);
    return status;
}

double pb_weight_layers_zeros(const json_t *layers)
{
    double zeros = 0, all = 0;
    size_t i;
    json_t *layer;
    json_array_foreach(layers, i, layer)
    {
        const double count = pb_weight_number(layer, "lines") * pb_weight_number(layer, "count");
        zeros += pb_weight_number(layer, "zeros") * count;
        all += count;
    }
    return all > 0 ? zeros / all : 0;
}

/* ---- in words ---- */

void pb_weight_layers_wavelets(const json_t *layers, char *text, size_t size)
{
    size_t at = 0;
    *text = 0;
    for (size_t i = 0; i < json_array_size(layers) && at < size; i++) {
        const char *name = pb_weight_text(json_array_get(layers, i), "wavelet");
        bool is_new = true;
        for (size_t k = 0; k < i; k++)
            is_new =
                is_new && strcmp(pb_weight_text(json_array_get(layers, k), "wavelet"), name) != 0;
        if (is_new) at += (size_t)snprintf(text + at, size - at, "%s%s", at ? ", " : "", name);
    }
}

void pb_weight_layers_levels(const json_t *layers, char *text, size_t size)
{
    int least = -1, most = -1;
    size_t i;
    json_t *layer;
    json_array_foreach(layers, i, layer)
    {
        const int level = (int)pb_weight_number(layer, "level");
        if (strcmp(pb_weight_text(layer, "wavelet"), "none") == 0) continue;
        if (least < 0 || level < least) least = level;
        if (level > most) most = level;
    }
    if (most <= 0)
        snprintf(text, size, "%s", most < 0 ? "-" : "deepest");
    else if (least < most)
        snprintf(text, size, "%d to %d", least, most);
    else
        snprintf(text, size, "%d", most);
}

void pb_weight_layers_thresholds(const json_t *layers, char *text, size_t size)
{
    double least = INFINITY, most = 0;
    size_t i;
    json_t *layer;
    json_array_foreach(layers, i, layer)
    {
        least = fmin(least, pb_weight_number(layer, "threshold"));
        most = fmax(most, pb_weight_number(layer, "threshold"));
    }
    if (least < most)
        snprintf(text, size, "%.4g to %.4g", least, most);
    else
        snprintf(text, size, "%.4g", most);
}

/* ---- arrays ---- */

static pb_status load(pb_context *ctx, const char *path, int least_axes, int most_axes,
                      pb_npy *array)
{
    if (!pb_file_exists(path)) return pb_fail(ctx, PB_ERR_DATA, "%s: is missing", path);
    PB_TRY(pb_npy_load(ctx, path, array));
    if (array->dtype == PB_NPY_F32 && array->axes >= least_axes && array->axes <= most_axes &&
        array->count > 0)
        return PB_OK;
    return pb_fail(ctx, PB_ERR_DATA,
                   "%s: holds a %s array of %d axes with %zu numbers, not a "
                   "float32 array of %d to %d axes",
                   path, pb_npy_dtype_name(array->dtype), array->axes, array->count, least_axes,
                   most_axes);
}

static pb_status load_named(pb_context *ctx, const pb_record *run, const json_t *layer,
                            const char *suffix, int least_axes, int most_axes, pb_npy *array)
{
    pb_text name = {0};
    pb_text_append(&name, "%s%s", pb_weight_text(layer, "layer"), suffix);
    char *path = name.failed ? NULL : path_of(run, name.text);
    const pb_status status = path ? load(ctx, path, least_axes, most_axes, array)
                                  : pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    pb_text_free(&name);
    free(path);
    return status;
}

/* Parts lie within a line, and weights are there twice. */
static pb_status check_arrays(pb_context *ctx, const pb_record *run, const json_t *layer,
                              const pb_weight_arrays *arrays)
{
    const json_t *parts = json_object_get(layer, "parts");
    bool fits = arrays->weights.dim[0] == 2 &&
                pb_weight_number(layer, "lines") == (double)arrays->coefficients.dim[0] &&
                pb_weight_number(layer, "count") == (double)arrays->coefficients.dim[1];
    size_t i;
    json_t *part;
    json_array_foreach(parts, i, part)
    {
        fits = fits && pb_weight_number(part, "offset") + pb_weight_number(part, "count") <=
                           (double)arrays->coefficients.dim[1];
    }
    if (fits) return PB_OK;
    return pb_fail(ctx, PB_ERR_DATA,
                   "%s/weights: the arrays of %s and layers.json do not belong together",
                   run->folder, pb_weight_text(layer, "layer"));
}

pb_status pb_weight_arrays_load(pb_context *ctx, const pb_record *run, const json_t *layer,
                                pb_weight_arrays *arrays)
{
    *arrays = (pb_weight_arrays){0};
    pb_status status =
        load_named(ctx, run, layer, ".coefficients.npy", 2, 2, &arrays->coefficients);
    if (!status) status = load_named(ctx, run, layer, ".npy", 3, 5, &arrays->weights);
    if (!status) status = check_arrays(ctx, run, layer, arrays);
    if (status) pb_weight_arrays_clear(arrays);
    return status;
}

void pb_weight_arrays_clear(pb_weight_arrays *arrays)
{
    pb_npy_clear(&arrays->coefficients);
    pb_npy_clear(&arrays->weights);
}
