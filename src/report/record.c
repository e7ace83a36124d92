/* Reads run folders. */
#include "report/record.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"
#include "data/npy.h"

#define METRICS_LIMIT ((size_t)256 << 20)
#define CONFIG_LIMIT  ((size_t)1 << 20)
#define EPOCH_LIMIT   10000000
#define FOLD_LIMIT    100000
#define ANY_AXES      0

/* ---- JSON ---- */

static double real_of(const json_t *value)
{
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static double real_at(const json_t *object, const char *key)
{
    return real_of(json_object_get(object, key));
}

static pb_status load_optional_json(pb_context *ctx, const char *folder, const char *name,
                                    json_t **json)
{
    char *path = pb_path_join(folder, name);
    if (!path) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    pb_status status = PB_OK;
    *json = NULL;
    if (pb_file_exists(path)) {
        status = pb_json_load(ctx, path, json);
        if (!status && !json_is_object(*json))
            status = pb_fail(ctx, PB_ERR_DATA, "%s: not a JSON object", path);
    }
    free(path);
    return status;
}

/* ---- arrays ---- */

/* A run folder holds floats only. */
static double element(const pb_npy *npy, size_t i)
{
    return npy->dtype == PB_NPY_F32 ? ((const float *)npy->data)[i]
                                    : ((const double *)npy->data)[i];
}

/* Reads an array of that many axes, or of 2 to PB_ARRAY_AXES for ANY_AXES; absent is no error. */
static pb_status load_array(pb_context *ctx, const char *folder, const char *name, int axes,
                            pb_array *array)
{
    pb_npy npy = {0};
    char *path = pb_path_join(folder, name);
    if (!path) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    pb_status status = PB_OK;
    if (!pb_file_exists(path)) goto done;
    status = pb_npy_load(ctx, path, &npy);
    if (status) goto done;
    if (axes == ANY_AXES && npy.axes >= 2 && npy.axes <= PB_ARRAY_AXES) axes = npy.axes;
    if (npy.axes != axes) {
        status = pb_fail(ctx, PB_ERR_DATA, "%s: the array has %d axes, %d expected", path, npy.axes,
                         axes == ANY_AXES ? PB_ARRAY_AXES : axes);
        goto done;
    }
    if (npy.dtype != PB_NPY_F32 && npy.dtype != PB_NPY_F64) {
        status = pb_fail(ctx, PB_ERR_DATA, "%s: the array must hold float32 or float64", path);
        goto done;
    }
    if (npy.count == 0) goto done;
    array->data = malloc(npy.count * sizeof *array->data);
    if (!array->data) {
        status = pb_fail(ctx, PB_ERR_MEMORY, "out of memory reading %s", path);
        goto done;
    }
    array->axes = axes;
    for (int axis = 0; axis < axes; axis++) array->dim[axis] = npy.dim[axis];
    for (size_t i = 0; i < npy.count; i++) array->data[i] = element(&npy, i);
done:
    pb_npy_clear(&npy);
    free(path);
    return status;
}

/* Two arrays that are there together, of as many rows; rows of one shape where they are `alike`. */
static pb_status check_together(pb_context *ctx, const pb_record *r, const char *name,
                                const pb_array *a, const char *other, const pb_array *b, bool alike)
{
    bool fit = !a->data == !b->data && a->dim[0] == b->dim[0];
    for (int i = 1; alike && i < PB_ARRAY_AXES; i++) fit &= a->dim[i] == b->dim[i];
    if (fit) return PB_OK;
    return pb_fail(ctx, PB_ERR_DATA, "%s: %s.npy and %s.npy do not belong together", r->folder,
                   name, other);
}

/* A row of scalograms has a scale and a frequency in the summary, and lengths of time a unit. */
static pb_status check_scalograms(pb_context *ctx, const pb_record *r)
{
    const json_t *axis = json_object_get(r->summary, "scalogram");
    const size_t rows = r->scalograms.data ? r->scalograms.dim[1] : 0;
    if (rows == 0 || (json_array_size(json_object_get(axis, "scales")) == rows &&
                      json_array_size(json_object_get(axis, "frequencies")) == rows &&
                      json_is_string(json_object_get(axis, "wavelet")) &&
                      json_number_value(json_object_get(axis, "sampling_period")) > 0))
        return PB_OK;
    return pb_fail(ctx, PB_ERR_DATA,
                   "%s: scalograms.npy and \"scalogram\" of summary.json do not belong together",
                   r->folder);
}

static pb_status check_arrays(pb_context *ctx, const pb_record *r)
{
    const struct {
        const char *name;
        const pb_array *array;
    } of_seeds[] = {
        {"train_loss.npy", &r->train_loss},
        {"band_weights.npy", &r->band_weights},
        {"class_accuracies.npy", &r->class_accuracies},
        {"mask.npy", &r->mask},
    };
    for (size_t i = 0; i < sizeof of_seeds / sizeof *of_seeds; i++)
        if (of_seeds[i].array->data && of_seeds[i].array->dim[0] > (size_t)r->seed_count)
            return pb_fail(ctx, PB_ERR_DATA, "%s/%s: %zu seeds, but metrics.jsonl tells of %d",
                           r->folder, of_seeds[i].name, of_seeds[i].array->dim[0], r->seed_count);
    if (r->augmented.data && r->augmented.dim[0] % PB_AUGMENTED_ABREAST != 0)
        return pb_fail(ctx, PB_ERR_DATA,
                       "%s/augmented.npy: the first axis is %zu, no multiple of %d", r->folder,
                       r->augmented.dim[0], PB_AUGMENTED_ABREAST);
    if (r->reconstructions.data && r->reconstructions.dim[0] != 2)
        return pb_fail(ctx, PB_ERR_DATA,
                       "%s/reconstructions.npy: the first axis is %zu, 2 expected", r->folder,
                       r->reconstructions.dim[0]);
    PB_TRY(check_scalograms(ctx, r));
    PB_TRY(check_together(ctx, r, "saliency", &r->saliency, "saliency_spectra",
                          &r->saliency_spectra, false));
    return check_together(ctx, r, "saliency_inputs", &r->saliency_inputs, "saliency_samples",
                          &r->saliency_samples, true);
}

/* ---- metrics ---- */

static int seed_index(pb_record *r, int64_t seed, int fold)
{
    for (int i = 0; i < r->seed_count; i++)
        if (r->seeds[i] == seed && r->folds[i] == fold) return i;
    r->seeds[r->seed_count] = seed;
    r->folds[r->seed_count] = fold;
    return r->seed_count++;
}

static pb_status add_line(pb_context *ctx, pb_record *r, const char *path, int line,
                          const char *text, size_t bytes)
{
    json_error_t error;
    json_t *json = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    if (!json) return pb_fail(ctx, PB_ERR_DATA, "%s:%d: not JSON: %s", path, line, error.text);
    if (json_array_append_new(r->metrics, json))
        return pb_fail(ctx, PB_ERR_MEMORY, "out of memory reading %s", path);
    const json_t *seed = json_object_get(json, "seed"), *epoch = json_object_get(json, "epoch"),
                 *fold = json_object_get(json, "fold");
    if (!json_is_integer(seed) || !json_is_integer(epoch))
        return pb_fail(ctx, PB_ERR_DATA, "%s:%d: a line needs a seed and an epoch", path, line);
    if (fold && (!json_is_integer(fold) || json_integer_value(fold) < 1 ||
                 json_integer_value(fold) > FOLD_LIMIT))
        return pb_fail(ctx, PB_ERR_DATA, "%s:%d: the fold is no whole number from 1 to %d", path,
                       line, FOLD_LIMIT);
    if (json_integer_value(epoch) < 0 || json_integer_value(epoch) > EPOCH_LIMIT)
        return pb_fail(ctx, PB_ERR_DATA, "%s:%d: epoch %" JSON_INTEGER_FORMAT " is out of range",
                       path, line, json_integer_value(epoch));
    r->epochs[r->epoch_count++] = (pb_epoch){
        .seed_index = seed_index(r, json_integer_value(seed), (int)json_integer_value(fold)),
        .epoch = (int)json_integer_value(epoch),
        .step = json_integer_value(json_object_get(json, "step")),
        .train_loss = real_at(json, "train_loss"),
        .train_accuracy = real_at(json, "train_accuracy"),
        .val_loss = real_at(json, "val_loss"),
        .val_accuracy = real_at(json, "val_accuracy"),
        .seconds = real_at(json, "seconds"),
        .json = json,
    };
    return PB_OK;
}

/* A last line without its newline was cut off by a crash: it is left out. */
static pb_status parse_metrics(pb_context *ctx, pb_record *r, const char *path, const char *text)
{
    size_t lines = 0;
    for (const char *c = text; *c; c++) lines += *c == '\n';
    r->metrics = json_array();
    r->epochs = calloc(lines + 1, sizeof *r->epochs);
    r->seeds = calloc(lines + 1, sizeof *r->seeds);
    r->folds = calloc(lines + 1, sizeof *r->folds);
    if (!r->metrics || !r->epochs || !r->seeds || !r->folds)
        return pb_fail(ctx, PB_ERR_MEMORY, "out of memory reading %s", path);
    int line = 0;
    for (const char *start = text, *end; (end = strchr(start, '\n')); start = end + 1) {
        line++;
        if (end > start) PB_TRY(add_line(ctx, r, path, line, start, (size_t)(end - start)));
    }
    return PB_OK;
}

static pb_status load_metrics(pb_context *ctx, pb_record *r)
{
    char *text = NULL, *path = pb_path_join(r->folder, "metrics.jsonl");
    char *config = pb_path_join(r->folder, "config.yaml");
    size_t bytes = 0;
    pb_status status;
    if (!path || !config)
        status = pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    else if (pb_file_exists(path))
        status = pb_file_read(ctx, path, METRICS_LIMIT, &text, &bytes);
    else if (pb_file_exists(config))
        status = pb_fail(ctx, PB_ERR_USAGE,
                         "%s: no epoch is done yet, so there is nothing to report", r->folder);
    else
        status = pb_fail(ctx, PB_ERR_USAGE, "%s: not a run folder, it holds no metrics.jsonl",
                         r->folder);
    if (!status) status = parse_metrics(ctx, r, path, text);
    free(text);
    free(config);
    free(path);
    return status;
}

/* ---- the record ---- */

/* Last part of a path, without slashes at its end; a copy. */
static char *base_name(const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/') start--;
    return strndup(path + start, end - start);
}

static pb_status load_config(pb_context *ctx, pb_record *r)
{
    char *path = pb_path_join(r->folder, "config.yaml");
    if (!path) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    size_t bytes = 0;
    pb_status status =
        pb_file_exists(path) ? pb_file_read(ctx, path, CONFIG_LIMIT, &r->config, &bytes) : PB_OK;
    free(path);
    return status;
}

/* The name is the summary's, else (not finished) the configuration's, else the folder's. */
static pb_status name_run(pb_context *ctx, pb_record *r)
{
    pb_yaml *yaml = NULL;
    const char *name = pb_record_text(r, "name");
    if (!*name && r->config) {
        PB_TRY(pb_yaml_parse(ctx, "config.yaml", r->config, strlen(r->config), &yaml));
        const pb_node *node = pb_node_find(pb_yaml_root(yaml), "name");
        if (node && node->kind == PB_NODE_SCALAR) name = node->text;
    }
    r->name = *name ? strdup(name) : base_name(r->folder);
    pb_yaml_free(&yaml);
    return r->name ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
}

static pb_status load(pb_context *ctx, pb_record *r)
{
    PB_TRY(load_metrics(ctx, r));
    PB_TRY(load_optional_json(ctx, r->folder, "summary.json", &r->summary));
    PB_TRY(load_optional_json(ctx, r->folder, "env.json", &r->env));
    PB_TRY(load_config(ctx, r));
    if (!r->summary && !(r->summary = json_object()))
        return pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    PB_TRY(name_run(ctx, r));
    const double log_every = pb_record_number(r, "log_every");
    r->log_every = log_every >= 1 ? (int64_t)log_every : 1;
    PB_TRY(load_array(ctx, r->folder, "train_loss.npy", 2, &r->train_loss));
    PB_TRY(load_array(ctx, r->folder, "band_weights.npy", 3, &r->band_weights));
    PB_TRY(load_array(ctx, r->folder, "class_accuracies.npy", 2, &r->class_accuracies));
    PB_TRY(load_array(ctx, r->folder, "mask.npy", 3, &r->mask));
    PB_TRY(load_array(ctx, r->folder, "reconstructions.npy", 4, &r->reconstructions));
    PB_TRY(load_array(ctx, r->folder, "augmented.npy", ANY_AXES, &r->augmented));
    PB_TRY(load_array(ctx, r->folder, "scalograms.npy", 3, &r->scalograms));
    PB_TRY(load_array(ctx, r->folder, "saliency.npy", ANY_AXES, &r->saliency));
    PB_TRY(load_array(ctx, r->folder, "saliency_spectra.npy", ANY_AXES, &r->saliency_spectra));
    PB_TRY(load_array(ctx, r->folder, "saliency_inputs.npy", ANY_AXES, &r->saliency_inputs));
    PB_TRY(load_array(ctx, r->folder, "saliency_samples.npy", ANY_AXES, &r->saliency_samples));
    return check_arrays(ctx, r);
}

pb_status pb_record_load(pb_context *ctx, const char *folder, pb_record *record)
{
    *record = (pb_record){.folder = strdup(folder)};
    const pb_status status =
        record->folder ? load(ctx, record) : pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    if (status) pb_record_clear(record);
    return status;
}

void pb_record_clear(pb_record *record)
{
    json_decref(record->summary);
    json_decref(record->env);
    json_decref(record->metrics);
    free(record->folder);
    free(record->name);
    free(record->config);
    free(record->epochs);
    free(record->seeds);
    free(record->folds);
    free(record->train_loss.data);
    free(record->band_weights.data);
    free(record->class_accuracies.data);
    free(record->mask.data);
    free(record->reconstructions.data);
    free(record->augmented.data);
    free(record->scalograms.data);
    free(record->saliency.data);
    free(record->saliency_spectra.data);
    free(record->saliency_inputs.data);
    free(record->saliency_samples.data);
    *record = (pb_record){0};
}

static bool name_is_shared(const pb_record *runs, int count, int which)
{
    for (int i = 0; i < count; i++)
        if (i != which && strcmp(runs[i].name, runs[which].name) == 0) return true;
    return false;
}

static pb_status tell_apart(pb_context *ctx, pb_record *runs, int count)
{
    char **distinct = calloc((size_t)count, sizeof *distinct);
    pb_status status = distinct ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    for (int i = 0; !status && i < count; i++)
        if (name_is_shared(runs, count, i) && !(distinct[i] = base_name(runs[i].folder)))
            status = pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    for (int i = 0; distinct && i < count; i++) {
        if (!distinct[i]) continue;
        free(runs[i].name);
        runs[i].name = distinct[i];
    }
    free(distinct);
    return status;
}

pb_status pb_records_load(pb_context *ctx, int count, const char *const folders[],
                          pb_record **records)
{
    *records = calloc((size_t)count, sizeof **records);
    if (!*records) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    pb_status status = PB_OK;
    for (int i = 0; !status && i < count; i++)
        status = pb_record_load(ctx, folders[i], &(*records)[i]);
    if (!status) status = tell_apart(ctx, *records, count);
    if (status) pb_records_free(records, count);
    return status;
}

void pb_records_free(pb_record **records, int count)
{
    if (!*records) return;
    for (int i = 0; i < count; i++) pb_record_clear(&(*records)[i]);
    free(*records);
    *records = NULL;
}

/* ---- what the pictures ask ---- */

pb_score pb_record_score(const pb_record *record, const char *key)
{
    const json_t *score = json_object_get(record->summary, key);
    const json_t *per_seed = json_object_get(score, "per_seed");
    const size_t folds = json_array_size(json_array_get(json_object_get(score, "per_fold"), 0));
    return (pb_score){
        .mean = real_at(score, "mean"),
        .std = real_at(score, "std"),
        .count = json_array_size(per_seed) * (folds > 0 ? folds : 1),
        .per_seed = json_is_array(per_seed) ? per_seed : NULL,
    };
}

double pb_record_number(const pb_record *record, const char *key)
{
    return real_at(record->summary, key);
}

int pb_record_folds(const pb_record *record)
{
    const json_t *folds = json_object_get(record->summary, "folds");
    return (int)(real_at(folds, "count") > 0 ? real_at(folds, "count") * real_at(folds, "repeats")
                                             : 0);
}

const char *pb_record_repeats(const pb_record *record)
{
    bool has_folds = false, has_seeds = false;
    for (int i = 1; i < record->seed_count; i++) {
        has_folds = has_folds || record->folds[i] != record->folds[0];
        has_seeds = has_seeds || record->seeds[i] != record->seeds[0];
    }
    return has_folds && has_seeds ? "folds and seeds" : has_folds ? "folds" : "seeds";
}

const char *pb_records_repeats(int count, const pb_record records[])
{
    const char *words = pb_record_repeats(&records[0]);
    for (int i = 1; i < count; i++)
        if (strcmp(pb_record_repeats(&records[i]), words) != 0) return "trainings";
    return words;
}

const char *pb_record_text(const pb_record *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record->summary, key));
    return text ? text : "";
}

const char *pb_record_data_set(const pb_record *record)
{
    const char *name = pb_record_text(record, "data_set");
    return *name ? name : "not finished";
}

const char *pb_record_class(const pb_record *record, size_t index, char buffer[16])
{
    const json_t *names = json_object_get(record->summary, "class_names");
    const char *name = json_string_value(json_array_get(names, index));
    if (name) return name;
    snprintf(buffer, 16, "%zu", index);
    return buffer;
}

bool pb_record_learns_bands(const pb_record *record)
{
    const pb_array *w = &record->band_weights;
    if (!w->data) return false;
    for (size_t s = 0; s < w->dim[0]; s++) {
        const double *seed = w->data + s * w->dim[1] * w->dim[2];
        for (size_t i = w->dim[2]; i < w->dim[1] * w->dim[2]; i++)
            if (isfinite(seed[i]) && seed[i] != seed[i % w->dim[2]]) return true;
    }
    return false;
}
