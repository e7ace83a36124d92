#include "study/measure.h"

#include "base/file.h"
#include "study/information.h"
#include "study/measure_identity.h"
#include "study/measure_reconstruction.h"
#include "study/parts.h"

static pb_measure_options complete(const pb_measure_options *given)
{
    pb_measure_options o = given ? *given : (pb_measure_options){0};
    if (o.probes == 0) o.probes = 1000;
    if (o.noise <= 0) o.noise = 0.1;
    if (o.trials == 0) o.trials = 300;
    if (o.shown == 0) o.shown = 10;
    return o;
}

/* Puts a measure under its name; NULL after an error. */
static pb_status put(const pb_stored *s, json_t *object, const char *name, pb_status status,
                     json_t *measure)
{
    if (status != PB_OK) return status;
    return json_object_set_new(object, name, measure) == 0
               ? PB_OK
               : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for measures");
}

static pb_status measure_identity(const pb_stored *s, const pb_measure_options *o,
                                  const char *folder, json_t *identity)
{
    json_t *part = NULL;
    pb_status status = pb_measure_collisions(s, &part);
    PB_TRY(put(s, identity, "collisions", status, part));
    status = pb_measure_reidentification(s, o, &part);
    PB_TRY(put(s, identity, "reidentification", status, part));
    status = pb_measure_data_sets(s, o, &part);
    PB_TRY(put(s, identity, "data_sets", status, part));
    PB_TRY(put(s, identity, "fingerprint", PB_OK, json_string(s->file->compressed->fingerprint)));
    PB_TRY(pb_measure_stopped(s->ctx, o->stop));
    status = pb_measure_fingerprint(s, folder, &part);
    return put(s, identity, "fingerprint_changes", status, part);
}

static pb_status measure(const pb_stored *s, const pb_measure_options *o, const char *folder,
                         json_t *result)
{
    json_t *part = NULL;
    PB_TRY(pb_folder_make(s->ctx, folder));
    pb_status status = pb_measure_information(s, o->stop, folder, &part);
    PB_TRY(put(s, result, "information", status, part));
    status = pb_measure_reconstruction(s, o->shown, o->stop, folder, &part);
    PB_TRY(put(s, result, "reconstruction", status, part));
    json_t *identity = json_object();
    PB_TRY(put(s, result, "identity", PB_OK, identity));
    return measure_identity(s, o, folder, identity);
}

pb_status pb_measure_file(pb_context *ctx, pb_device *device, const char *pbz_path,
                          const pb_dataset *original, const pb_measure_options *options,
                          const char *folder, json_t **result)
{
    const pb_measure_options o = complete(options);
    pb_stored stored;
    *result = json_object();
    pb_status status = *result ? pb_stored_open(ctx, device, pbz_path, original, &stored)
                               : pb_fail(ctx, PB_ERR_MEMORY, "no memory for measures");
    if (*result) {
        if (status == PB_OK) status = measure(&stored, &o, folder, *result);
        pb_stored_close(&stored);
    }
    if (status != PB_OK) {
        json_decref(*result);
        *result = NULL;
    }
    return status;
}
