/* Compressing what a run learned, and scoring such a file. */
#include <passband/model.h>

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "train/checkpoint.h"
#include "train/config_internal.h"
#include "train/model.h"
#include "train/model_file.h"
#include "train/saved_network.h"
#include "train/weight_training.h"

/* ---- a run ---- */

/* The best parameters of a seed, as its checkpoint has them. */
static pb_status load_seed(pb_session *s, const pb_run_folder *folder, int64_t seed, pb_seed *state)
{
    char *path = NULL;
    pb_tensors file = {0};
    pb_status status = pb_saved_network(s->ctx, folder, seed, &path, &file);
    if (status == PB_OK) status = pb_checkpoint_take(s->ctx, path, &file, "", &state->best);
    pb_tensors_clear(&file);
    free(path);
    return status;
}

static pb_status compress(pb_session *s, const pb_run_folder *folder,
                          const pb_model_options *options, const char *path, pb_model_facts *facts)
{
    int64_t seed;
    char *selector = NULL;
    pb_seed state;
    PB_TRY(pb_run_folder_seed(s->ctx, s->config, folder, options->seed, &seed));
    PB_TRY(pb_run_folder_choices(s, folder));
    PB_TRY(pb_fitted_load(s->ctx, folder->path, &s->fitted));
    PB_TRY(pb_run_folder_selector(s->ctx, folder, &selector));
    pb_status status = pb_session_plan(s, options->device ? options->device : selector);
    free(selector);
    PB_TRY(status);
    PB_TRY(pb_run_folder_compare(s, folder));
    PB_TRY(pb_session_upload(s));
    PB_TRY(pb_weights_begin(s, seed));
    PB_TRY(pb_seed_create(s, seed, &state));
    status = load_seed(s, folder, seed, &state);
    if (status == PB_OK) status = pb_model_make(s, seed, &state.best, options, path, facts);
    pb_seed_clear(&state);
    return status;
}

pb_status pb_model_compress(pb_context *ctx, const char *run, const pb_model_options *options,
                            const char *path, pb_model_facts *facts)
{
    pb_run_folder folder;
    pb_config *config = NULL;
    PB_TRY(pb_run_folder_open(ctx, run, false, &folder));
    pb_status status = pb_run_folder_config_of_one(ctx, &folder, &config);
    if (status == PB_OK) {
        pb_session session;
        const pb_run_options of_run = {.stop = options->stop};
        status = pb_session_open(ctx, config, &of_run, &session);
        if (status == PB_OK) status = compress(&session, &folder, options, path, facts);
        pb_session_close(&session);
    }
    pb_config_free(&config);
    pb_run_folder_close(&folder);
    return status;
}

/* ---- a file ---- */

/* The configuration of a file, whose name stands in its errors. */
static pb_status load_config(pb_context *ctx, const char *path, const json_t *notes,
                             pb_config **config)
{
    const json_t *text = json_object_get(notes, "config");
    if (!json_is_string(text))
        return pb_fail(ctx, PB_ERR_DATA, "%s: its notes have no configuration", path);
    return pb_config_from_text(ctx, path, json_string_value(text), 0, NULL, config);
}

/* What a configuration gets wrong is the fault of the file that holds it. */
static pb_status blame(pb_context *ctx, const char *path, pb_status status)
{
    if (status != PB_ERR_CONFIG && status != PB_ERR_SHAPE) return status;
    if (strncmp(pb_error(ctx), path, strlen(path)) != 0)
        return pb_fail_prefix(ctx, PB_ERR_DATA, "%s", path);
    char *said = strdup(pb_error(ctx));
    status = pb_fail(ctx, PB_ERR_DATA, "%s", said ? said : path);
    free(said);
    return status;
}

static pb_status compare_data(pb_session *s, const char *path, const json_t *notes)
{
    const json_t *extents = json_object_get(notes, "sample");
    const pb_shape shape = s->data->sample_shape;
    bool same = json_array_size(extents) == (size_t)shape.axes &&
                json_array_size(json_object_get(notes, "class_names")) == (size_t)s->data->classes;
    for (int a = 0; same && a < shape.axes; a++)
        same = json_integer_value(json_array_get(extents, (size_t)a)) == shape.dim[a];
    if (same) return PB_OK;
    return pb_fail(s->ctx, PB_ERR_DATA,
                   "%s: was trained on samples of another shape or with other classes than %s has",
                   path, s->data->name);
}

static pb_status score(pb_session *s, const char *path, const pb_model_data *file,
                       const pb_model_head *head, const char *device, char **text)
{
    json_t *result = NULL;
    PB_TRY(compare_data(s, path, head->notes));
    for (int i = 0; i < head->fitted.count; i++)
        PB_TRY(pb_fitted_put(s->ctx, &s->fitted, head->fitted.array[i].name,
                             head->fitted.array[i].shape, head->fitted.array[i].data));
    PB_TRY(pb_session_plan(s, device ? device : getenv("PASSBAND_DEVICE")));
    PB_TRY(pb_session_upload(s));
    PB_TRY(pb_weights_begin(s, 0));
    PB_TRY(pb_model_load(s, path, file, head));
    PB_TRY(pb_seed_test(s, &result));
    json_object_set_new(result, "name", json_string(pb_config_name(s->config)));
    json_object_set_new(result, "data_set", json_string(s->data->name));
    json_object_set_new(result, "device", json_string(pb_device_describe(s->device)->name));
    json_object_set_new(result, "weight_bytes", json_integer((json_int_t)file->size));
    json_object_set_new(result, "bytes_as_floats",
                        json_integer((json_int_t)(4 * s->graph.parameters)));
    json_object_set(result, "bits", json_object_get(head->notes, "bits"));
    json_object_set(result, "seed", json_object_get(head->notes, "seed"));
    json_object_set(result, "class_names", json_object_get(head->notes, "class_names"));
    json_object_set(result, "test_accuracy_when_compressed",
                    json_object_get(head->notes, "test_accuracy"));
    *text = json_dumps(result, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    json_decref(result);
    return *text ? PB_OK : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for the scores");
}

pb_status pb_model_eval(pb_context *ctx, const char *path, const pb_run_options *options,
                        char **json)
{
    pb_model_data file;
    pb_model_head head;
    pb_config *config = NULL;
    *json = NULL;
    PB_TRY(pb_model_open(ctx, path, &file, &head));
    pb_status status = blame(ctx, path, load_config(ctx, path, head.notes, &config));
    if (status == PB_OK) {
        pb_session session;
        status = blame(ctx, path, pb_session_open(ctx, config, options, &session));
        if (status == PB_OK)
            status = score(&session, path, &file, &head, options ? options->device : NULL, json);
        pb_session_close(&session);
    }
    pb_config_free(&config);
    pb_model_head_clear(&head);
    pb_model_close(&file);
    return status;
}
