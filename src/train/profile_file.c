/* profile.json: where a run's device time went. */
#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "device/device.h"
#include "train/summary.h"

static json_t *rows_of(const pb_profile_row rows[], int count)
{
    double total = 0;
    for (int i = 0; i < count; i++) total += rows[i].seconds;
    json_t *list = json_array();
    for (int i = 0; i < count; i++) {
        const pb_profile_row *row = &rows[i];
        json_array_append_new(
            list, json_pack("{s:s, s:I, s:o, s:o, s:o, s:o}", "kernel", row->label, "calls",
                            (json_int_t)row->calls, "seconds", pb_json_real(row->seconds),
                            "gflops_per_second", pb_json_real(1e-9 * row->flops / row->seconds),
                            "gigabytes_per_second", pb_json_real(1e-9 * row->bytes / row->seconds),
                            "share", pb_json_real(row->seconds / total)));
    }
    return json_pack("{s:o, s:o}", "seconds", pb_json_real(total), "kernels", list);
}

pb_status pb_profile_write(pb_session *s, const char *folder)
{
    pb_profile_row *rows = NULL;
    int count = 0;
    PB_TRY(pb_device_profile_rows(s->device, &rows, &count));
    json_t *json = rows_of(rows, count);
    char *path = pb_path_join(folder, "profile.json");
    const pb_status status = json && path
                                 ? pb_json_save(s->ctx, path, json)
                                 : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for profile.json");
    free(path);
    json_decref(json);
    free(rows);
    return status;
}
