#include "report/sweep_record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"

/* Pictures lean on these; the rest may be absent. */
static bool is_whole(const json_t *sweep)
{
    size_t i, k;
    json_t *arm, *trial;
    const json_t *arms = json_object_get(sweep, "arms");
    if (!json_is_array(arms) || json_array_size(arms) == 0) return false;
    json_array_foreach(arms, i, arm)
    {
        if (!json_is_string(json_object_get(arm, "name")) ||
            !json_is_string(json_object_get(arm, "run")) ||
            !json_is_array(json_object_get(arm, "trials")) ||
            !json_is_array(json_object_get(arm, "space")))
            return false;
        json_array_foreach(json_object_get(arm, "trials"), k, trial)
        {
            if (!json_is_object(json_object_get(trial, "params"))) return false;
        }
    }
    return true;
}

pb_status pb_sweep_record_load(pb_context *ctx, const char *folder, json_t **sweep)
{
    *sweep = NULL;
    char *path = pb_path_join(folder, "sweep.json");
    if (!path) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    pb_status status = PB_OK;
    if (!pb_file_exists(path))
        status = pb_fail(ctx, PB_ERR_USAGE, "%s: holds no finished search: there is no sweep.json",
                         folder);
    if (status == PB_OK) status = pb_json_load(ctx, path, sweep);
    if (status == PB_ERR_IO) status = PB_ERR_DATA;
    if (status == PB_OK && !is_whole(*sweep))
        status = pb_fail(ctx, PB_ERR_DATA, "%s: is not what a search writes", path);
    if (status != PB_OK) {
        json_decref(*sweep);
        *sweep = NULL;
    }
    free(path);
    return status;
}

const char *pb_sweep_text(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text ? text : "";
}

bool pb_sweep_is_accuracy(const json_t *sweep)
{
    return strcmp(pb_sweep_text(sweep, "metric"), "val_loss") != 0;
}

const char *pb_sweep_metric(const json_t *sweep)
{
    return pb_sweep_is_accuracy(sweep) ? "validation accuracy (%)" : "validation loss";
}

const json_t *pb_sweep_arms(const json_t *sweep)
{
    return json_object_get(sweep, "arms");
}

double pb_sweep_value(const json_t *sweep, const json_t *trial)
{
    const json_t *value = json_object_get(trial, "value");
    if (!json_is_number(value)) return NAN;
    return json_number_value(value) * (pb_sweep_is_accuracy(sweep) ? 100 : 1);
}

bool pb_sweep_is_complete(const json_t *trial)
{
    return strcmp(pb_sweep_text(trial, "state"), "COMPLETE") == 0;
}

bool pb_sweep_has_pruned(const json_t *sweep)
{
    size_t i, k;
    json_t *arm, *trial;
    json_array_foreach(pb_sweep_arms(sweep), i, arm)
        json_array_foreach(json_object_get(arm, "trials"), k,
                           trial) if (!pb_sweep_is_complete(trial) &&
                                      isfinite(pb_sweep_value(sweep, trial))) return true;
    return false;
}

bool pb_sweep_range(const json_t *sweep, double *low, double *high)
{
    size_t i, k;
    json_t *arm, *trial;
    *low = INFINITY;
    *high = -INFINITY;
    json_array_foreach(pb_sweep_arms(sweep), i, arm)
    {
        json_array_foreach(json_object_get(arm, "trials"), k, trial)
        {
            const double value = pb_sweep_value(sweep, trial);
            if (!isfinite(value)) continue;
            *low = fmin(*low, value);
            *high = fmax(*high, value);
        }
    }
    if (!pb_sweep_is_accuracy(sweep) && *low > 0) *high = fmin(*high, 50 * *low);
    return isfinite(*low);
}

static void add_count(const json_t *arm, const char *key, const char **comma, pb_text *out)
{
    const json_int_t count = json_integer_value(json_object_get(arm, key));
    if (count == 0) return;
    pb_text_append(out, "%s%" JSON_INTEGER_FORMAT " %s", *comma, count, key);
    *comma = ", ";
}

void pb_sweep_describe_best(const json_t *sweep, const json_t *arm, pb_text *out)
{
    const json_t *best = json_object_get(arm, "best");
    const double value = pb_sweep_value(sweep, best);
    const char *comma = "", *key;
    json_t *coordinate;
    pb_text_append(out, "best of %zu trials (", json_array_size(json_object_get(arm, "trials")));
    add_count(arm, "complete", &comma, out);
    add_count(arm, "pruned", &comma, out);
    add_count(arm, "failed", &comma, out);
    pb_text_append(out, "): trial %" JSON_INTEGER_FORMAT ", ",
                   json_integer_value(json_object_get(best, "number")));
    if (pb_sweep_is_accuracy(sweep))
        pb_text_append(out, "%.2f %%", value);
    else
        pb_text_append(out, "%.4f", value);
    pb_text_append(out, " on validation,");
    json_object_foreach(json_object_get(best, "params"), key, coordinate)
    {
        pb_text_append(out, " %s=", key);
        if (json_is_real(coordinate))
            pb_text_append(out, "%.4g", json_real_value(coordinate));
        else if (json_is_integer(coordinate))
            pb_text_append(out, "%" JSON_INTEGER_FORMAT, json_integer_value(coordinate));
        else
            pb_text_append(out, "%s",
                           json_is_string(coordinate) ? json_string_value(coordinate) : "?");
    }
}
