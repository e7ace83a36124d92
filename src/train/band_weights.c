#include "train/band_weights.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"

static pb_status take(pb_context *ctx, const char *run, const json_t *summary, int most,
                      double weights[], int *count)
{
    const json_t *means = json_object_get(json_object_get(summary, "band_weights"), "mean");
    const size_t bands = json_array_size(means);
    if (bands == 0 || bands > (size_t)most)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s: is a run without a band mask, or one of more than %d bands; a run of "
                       "configs/adaptive_bands.yaml has what is needed",
                       run, most);
    for (size_t i = 0; i < bands; i++) {
        const json_t *mean = json_array_get(means, i);
        if (!json_is_number(mean))
            return pb_fail(ctx, PB_ERR_DATA,
                           "%s/summary.json: band_weights.mean is no list of "
                           "numbers",
                           run);
        weights[i] = json_number_value(mean);
    }
    *count = (int)bands;
    return PB_OK;
}

pb_status pb_band_weights_read(pb_context *ctx, const char *run, int most, double weights[],
                               int *count)
{
    json_t *summary = NULL;
    char *path = pb_path_join(run, "summary.json");
    if (!path) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    pb_status status =
        pb_file_exists(path)
            ? pb_json_load(ctx, path, &summary)
            : pb_fail(ctx, PB_ERR_CONFIG,
                      "'%.200s' is neither a list of numbers nor the folder of a finished run",
                      run);
    free(path);
    if (status == PB_OK) status = take(ctx, run, summary, most, weights, count);
    json_decref(summary);
    return status;
}
