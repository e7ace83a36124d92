#include "report/study_record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"

/* Pictures lean on these; the rest may be absent. */
static bool is_whole(const json_t *study)
{
    size_t i;
    json_t *point;
    if (!json_is_array(json_object_get(study, "methods")) ||
        !json_is_array(json_object_get(study, "points")))
        return false;
    json_array_foreach(json_object_get(study, "points"), i, point)
    {
        if (!json_is_string(json_object_get(point, "point")) ||
            !json_is_string(json_object_get(point, "method")))
            return false;
    }
    return true;
}

pb_status pb_study_record_load(pb_context *ctx, const char *folder, json_t **study)
{
    *study = NULL;
    char *path = pb_path_join(folder, "study.json");
    if (!path) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    pb_status status = PB_OK;
    if (!pb_file_exists(path))
        status = pb_fail(ctx, PB_ERR_USAGE, "%s: holds no finished study: there is no study.json",
                         folder);
    if (status == PB_OK) status = pb_json_load(ctx, path, study);
    if (status == PB_ERR_IO) status = PB_ERR_DATA;
    if (status == PB_OK && !is_whole(*study))
        status = pb_fail(ctx, PB_ERR_DATA, "%s: is not what a study writes", path);
    if (status != PB_OK) {
        json_decref(*study);
        *study = NULL;
    }
    free(path);
    return status;
}

const char *pb_study_text(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text ? text : "";
}

double pb_study_number(const json_t *json, const char *key)
{
    const json_t *number = json_object_get(json, key);
    return json_is_number(number) ? json_number_value(number) : (double)NAN;
}

double pb_study_accuracy(const json_t *point)
{
    return 100 * pb_study_number(json_object_get(point, "accuracy"), "mean");
}

double pb_study_deviation(const json_t *point)
{
    return 100 * pb_study_number(json_object_get(point, "accuracy"), "std");
}

const json_t *pb_study_points(const json_t *study)
{
    return json_object_get(study, "points");
}

bool pb_study_is_reference(const json_t *study, const json_t *point)
{
    return strcmp(pb_study_text(point, "method"), pb_study_text(study, "reference")) == 0;
}
