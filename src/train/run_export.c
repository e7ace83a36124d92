/* A run's network as an ONNX model. */
#include <passband/export.h>

#include <inttypes.h>
#include <stdlib.h>

#include "base/file.h"
#include "graph/onnx.h"
#include "train/applied.h"
#include "train/fit.h"
#include "train/inference.h"
#include "train/run_data.h"
#include "train/saved_network.h"

/* Batches by whose difference the batch is told from other extents: both prime, so that no layer's
 * extent is likely to be a multiple of them. */
enum { BATCH = 17, OTHER_BATCH = 19 };
static const size_t most_bytes = (size_t)INT32_MAX; /* of a protocol buffer */

typedef struct exporting {
    pb_context *ctx;
    const pb_config *config;
    pb_dataset *data;
    pb_fitted fitted;
    pb_inference one, other;
    int64_t seed;
    char *network; /* path of its file */
    pb_tensors tensors;
    char *class_names;
} exporting;

/* A JSON list. */
static char *class_names(const pb_dataset *data)
{
    json_t *names = json_array();
    for (int c = 0; c < data->classes; c++)
        json_array_append_new(names, json_string(data->class_names[c]));
    char *text = json_dumps(names, JSON_COMPACT);
    json_decref(names);
    return text;
}

static pb_status write_file(exporting *e, const pb_onnx_ask *ask, const char *path,
                            pb_export_facts *facts)
{
    pb_protobuf model = {0};
    pb_onnx_facts written;
    pb_status status = pb_onnx_write(ask, &model, &written);
    const pb_shape samples = pb_value_shape(ask->g, ask->input);
    if (facts)
        *facts = (pb_export_facts){.bytes = model.length,
                                   .nodes = written.nodes,
                                   .initializers = written.initializers,
                                   .opset = written.opset,
                                   .dtype = pb_value_dtype(ask->g, ask->input),
                                   .sample = pb_shape_sample(samples),
                                   .classes = pb_value_shape(ask->g, ask->output).dim[1]};
    if (status == PB_OK && model.length > most_bytes)
        status =
            pb_fail(e->ctx, PB_ERR_USAGE, "%s: the model has %zu bytes; an ONNX file can have %zu",
                    path, model.length, most_bytes);
    if (status == PB_OK) status = pb_file_write(e->ctx, path, model.bytes, model.length);
    pb_protobuf_clear(&model);
    return status;
}

static pb_status write_model(exporting *e, const char *path, pb_export_facts *facts)
{
    char seed[32];
    snprintf(seed, sizeof seed, "%" PRId64, e->seed);
    e->class_names = class_names(e->data);
    const double **numbers = calloc((size_t)e->one.leaf_count + 1, sizeof *numbers);
    pb_status status =
        e->class_names && numbers ? PB_OK : pb_fail(e->ctx, PB_ERR_MEMORY, "no memory to export");
    if (status == PB_OK) status = pb_inference_numbers(&e->one, e->network, &e->tensors, numbers);
    if (status == PB_OK) {
        const char *const notes[][2] = {
            {"class_names", e->class_names}, {"data_set", e->data->name}, {"seed", seed}};
        const pb_onnx_ask ask = {.g = e->one.g,
                                 .other = e->other.g,
                                 .batch = BATCH,
                                 .input = e->one.samples,
                                 .output = e->one.logits,
                                 .output_name = "logits",
                                 .leaf_count = e->one.leaf_count,
                                 .leaves = e->one.leaves,
                                 .leaf_data = numbers,
                                 .name = pb_config_name(e->config),
                                 .note_count = (int)(sizeof notes / sizeof *notes),
                                 .notes = notes};
        status = write_file(e, &ask, path, facts);
    }
    free(numbers);
    return status;
}

static pb_status export_run(exporting *e, const pb_run_folder *folder, int64_t seed,
                            const char *path, pb_export_facts *facts)
{
    PB_TRY(pb_run_folder_seed(e->ctx, e->config, folder, seed, &e->seed));
    PB_TRY(pb_saved_network(e->ctx, folder, e->seed, &e->network, &e->tensors));
    PB_TRY(pb_run_data_load(e->ctx, e->config, false, &e->data));
    PB_TRY(pb_applied_fitted(e->ctx, e->config, e->data, &e->fitted));
    PB_TRY(pb_fitted_load(e->ctx, folder->path, &e->fitted));
    PB_TRY(pb_inference_create(e->ctx, e->config, e->data, &e->fitted, BATCH, &e->one));
    PB_TRY(pb_inference_create(e->ctx, e->config, e->data, &e->fitted, OTHER_BATCH, &e->other));
    return write_model(e, path, facts);
}

static void clear(exporting *e)
{
    pb_inference_clear(&e->one);
    pb_inference_clear(&e->other);
    pb_fitted_clear(&e->fitted);
    pb_dataset_free(&e->data);
    pb_tensors_clear(&e->tensors);
    free(e->network);
    free(e->class_names);
}

pb_status pb_run_export(pb_context *ctx, const char *run, int64_t seed, const char *path,
                        pb_export_facts *facts)
{
    pb_run_folder folder;
    pb_config *config = NULL;
    PB_TRY(pb_run_folder_open(ctx, run, false, &folder));
    pb_status status = pb_run_folder_config_of_one(ctx, &folder, &config);
    if (status == PB_OK) {
        exporting e = {.ctx = ctx, .config = config};
        status = export_run(&e, &folder, seed, path, facts);
        clear(&e);
    }
    pb_config_free(&config);
    pb_run_folder_close(&folder);
    return status;
}
