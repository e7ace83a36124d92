#include "train/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/file.h"
#include "base/json.h"
#include "base/median.h"
#include "data/npy.h"

/* ---- numbers ---- */

static void mean_and_std(const double values[], int count, double *mean, double *std)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < count; i++) sum += values[i];
    *mean = sum / count;
    for (int i = 0; i < count; i++) squares += (values[i] - *mean) * (values[i] - *mean);
    *std = count > 1 ? sqrt(squares / (count - 1)) : 0;
}

json_t *pb_spread(const double values[], int count)
{
    double mean, std;
    mean_and_std(values, count, &mean, &std);
    json_t *list = json_array();
    for (int i = 0; i < count; i++) json_array_append_new(list, pb_json_real(values[i]));
    return json_pack("{s:o, s:o, s:o}", "mean", pb_json_real(mean), "std", pb_json_real(std),
                     "per_seed", list);
}

/* Median seconds of the epochs after the first of each seed, or of all where there is only one. */
static double median_seconds(const pb_seed seeds[], int count)
{
    size_t most = 0, taken = 0;
    for (int i = 0; i < count; i++) most += json_array_size(seeds[i].metrics);
    double *seconds = malloc((most + 1) * sizeof *seconds);
    if (!seconds) return NAN;
    for (size_t first = 1; taken == 0 && first < 2; first--)
        for (int i = 0; i < count; i++)
            for (size_t k = first; k < json_array_size(seeds[i].metrics); k++) {
                const json_t *line = json_array_get(seeds[i].metrics, k);
                seconds[taken++] = json_number_value(json_object_get(line, "seconds"));
            }
    const double median = pb_median(seconds, taken);
    free(seconds);
    return median;
}

static json_t *spread_of(const pb_seed seeds[], int count, double (*of)(const pb_seed *))
{
    double *values = calloc((size_t)count, sizeof *values);
    if (!values) return NULL;
    for (int i = 0; i < count; i++) values[i] = of(&seeds[i]);
    json_t *json = pb_spread(values, count);
    free(values);
    return json;
}

static double result_number(const pb_seed *seed, const char *key)
{
    const json_t *number = json_object_get(seed->result, key);
    return json_is_number(number) ? json_number_value(number) : (double)NAN;
}

static double test_accuracy(const pb_seed *seed)
{
    return result_number(seed, "test_accuracy");
}

static double test_loss(const pb_seed *seed)
{
    return result_number(seed, "test_loss");
}

static double val_accuracy(const pb_seed *seed)
{
    return seed->best_accuracy;
}

static double val_loss(const pb_seed *seed)
{
    return seed->best_loss;
}

static double weight_bytes(const pb_seed *seed)
{
    return seed->weight_bytes;
}

static double compressed_accuracy(const pb_seed *seed)
{
    return seed->compressed_accuracy;
}

/* {mean [n], std [n]} over seeds of what a recording was with the best parameters. */
static json_t *spread_of_view(const pb_seed seeds[], int count, const char *name)
{
    json_t *means = json_array(), *stds = json_array();
    double *values = calloc((size_t)count, sizeof *values);
    const size_t width = pb_tensors_find(&seeds[0].views, name)->bytes / sizeof(float);
    for (size_t k = 0; values && k < width; k++) {
        double mean, std;
        for (int i = 0; i < count; i++)
            values[i] = (double)((const float *)pb_tensors_find(&seeds[i].views, name)->data)[k];
        mean_and_std(values, count, &mean, &std);
        json_array_append_new(means, pb_json_real(mean));
        json_array_append_new(stds, pb_json_real(std));
    }
    free(values);
    return json_pack("{s:o, s:o}", "mean", means, "std", stds);
}

/* ---- arrays ---- */

static pb_status save_array(pb_session *s, const char *folder, const char *name, pb_npy_dtype dtype,
                            int axes, const size_t dim[], const void *data)
{
    char file[96];
    snprintf(file, sizeof file, "%s.npy", name);
    char *path = pb_path_join(folder, file);
    const pb_status status = path ? pb_npy_save(s->ctx, path, dtype, axes, dim, data)
                                  : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for a path");
    free(path);
    return status;
}

/* A float32 tensor of every seed, stacked: [seeds, ...]. `group` is the offset of the tensors in
 * pb_seed. */
static pb_status save_stacked(pb_session *s, const char *folder, const char *file,
                              const pb_seed seeds[], int count, size_t group, const char *name)
{
    const pb_tensor *first =
        pb_tensors_find((const pb_tensors *)((const char *)&seeds[0] + group), name);
    size_t dim[PB_NPY_AXES_MAX] = {(size_t)count};
    for (int a = 0; a < first->axes; a++) dim[a + 1] = first->dim[a];
    char *all = malloc((size_t)count * first->bytes);
    if (!all) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for %s.npy", file);
    for (int i = 0; i < count; i++) {
        const pb_tensors *tensors = (const pb_tensors *)((const char *)&seeds[i] + group);
        memcpy(all + (size_t)i * first->bytes, pb_tensors_find(tensors, name)->data, first->bytes);
    }
    const pb_status status = save_array(s, folder, file, PB_NPY_F32, first->axes + 1, dim, all);
    free(all);
    return status;
}

static pb_status save_class_accuracies(pb_session *s, const char *folder, const pb_seed seeds[],
                                       int count)
{
    const size_t dim[] = {(size_t)count, (size_t)s->data->classes};
    double *all = malloc(dim[0] * dim[1] * sizeof *all);
    if (!all) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for class_accuracies.npy");
    for (size_t i = 0; i < dim[0]; i++) {
        const json_t *list = json_object_get(seeds[i].result, "class_accuracies");
        for (size_t c = 0; c < dim[1]; c++) {
            const json_t *number = json_array_get(list, c);
            all[i * dim[1] + c] = json_is_real(number) ? json_real_value(number) : (double)NAN;
        }
    }
    const pb_status status = save_array(s, folder, "class_accuracies", PB_NPY_F64, 2, dim, all);
    free(all);
    return status;
}

/* Originals above what comes back of them, of the first seed: [2, n, H, W]. */
static pb_status save_reconstructions(pb_session *s, const char *folder, const pb_seed *first)
{
    const pb_tensor *originals = pb_tensors_find(&first->views, "originals");
    const pb_tensor *back = pb_tensors_find(&first->views, "reconstructed");
    if (!originals || !back) return PB_OK;
    const size_t dim[] = {2, originals->dim[0], originals->dim[1], originals->dim[2]};
    char *both = malloc(2 * originals->bytes);
    if (!both) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for reconstructions.npy");
    memcpy(both, originals->data, originals->bytes);
    memcpy(both + originals->bytes, back->data, originals->bytes);
    const pb_status status = save_array(s, folder, "reconstructions", PB_NPY_F32, 4, dim, both);
    free(both);
    return status;
}

/* What the network takes and looks at, as the first seed learned it. */
static pb_status save_looks(pb_session *s, const char *folder, const pb_seed *first)
{
    static const char *const names[] = {"scalograms", "saliency", "saliency_spectra",
                                        "saliency_inputs", "saliency_samples"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const pb_tensor *view = pb_tensors_find(&first->views, names[i]);
        if (view)
            PB_TRY(save_array(s, folder, names[i], PB_NPY_F32, view->axes, view->dim, view->data));
    }
    return PB_OK;
}

static pb_status save_arrays(pb_session *s, const char *folder, const pb_seed seeds[], int count)
{
    for (int i = 0; i < s->graph.recording_count; i++) {
        const char *name = s->graph.recordings[i].name;
        PB_TRY(save_stacked(s, folder, i == 0 ? "train_loss" : name, seeds, count,
                            offsetof(pb_seed, recordings), name));
    }
    PB_TRY(save_class_accuracies(s, folder, seeds, count));
    if (pb_tensors_find(&seeds[0].views, "mask"))
        PB_TRY(save_stacked(s, folder, "mask", seeds, count, offsetof(pb_seed, views), "mask"));
    PB_TRY(save_reconstructions(s, folder, &seeds[0]));
    return save_looks(s, folder, &seeds[0]);
}

/* ---- summary.json ---- */

/* Each takes the reference of what it adds; jansson refuses NULL, which stands for no memory. */
static void add_scores(json_t *json, const pb_session *s, const pb_seed seeds[], int count,
                       int *bad)
{
    *bad |= json_object_set_new(json, "test_accuracy", spread_of(seeds, count, test_accuracy));
    *bad |= json_object_set_new(json, "test_loss", spread_of(seeds, count, test_loss));
    if (s->held_count == 0) return;
    *bad |= json_object_set_new(json, "val_accuracy", spread_of(seeds, count, val_accuracy));
    *bad |= json_object_set_new(json, "val_loss", spread_of(seeds, count, val_loss));
}

static void add_speed(json_t *json, const pb_session *s, const pb_seed seeds[], int count, int *bad)
{
    const double seconds = median_seconds(seeds, count);
    *bad |= json_object_set_new(json, "seconds_per_epoch", pb_json_real(seconds));
    *bad |= json_object_set_new(json, "setup_seconds", pb_json_real(s->setup_seconds));
    *bad |= json_object_set_new(json, "steps_per_second", pb_json_real(s->graph.steps / seconds));
    *bad |= json_object_set_new(json, "device", json_string(pb_device_describe(s->device)->name));
}

/* The most memory of the host that this process ever held, its libraries and a CPU device included.
 */
static json_int_t peak_host_bytes(void)
{
    struct rusage used;
    return getrusage(RUSAGE_SELF, &used) == 0 ? (json_int_t)used.ru_maxrss * 1024 : 0;
}

static void add_sizes(json_t *json, const pb_session *s, int *bad)
{
    const struct {
        const char *key;
        json_int_t value;
    } sizes[] = {
        {"parameters", s->graph.parameters},
        {"steps_per_epoch", s->graph.steps},
        {"batch_size", s->graph.batch},
        {"log_every", s->graph.log_every},
        {"train_samples", s->train_count},
        {"val_samples", s->held_count},
        {"test_samples", s->data->test.count},
        {"peak_host_bytes", peak_host_bytes()},
        {"device_bytes", (json_int_t)pb_plan_memory_bytes(s->plan)},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        *bad |= json_object_set_new(json, sizes[i].key, json_integer(sizes[i].value));
}

static void add_lists(json_t *json, const pb_session *s, const pb_seed seeds[], int count, int *bad)
{
    json_t *numbers = json_array(), *best = json_array(), *names = json_array();
    for (int i = 0; i < count; i++) {
        *bad |= json_array_append_new(numbers, json_integer(seeds[i].seed));
        *bad |= json_array_append_new(best, json_integer(seeds[i].best_epoch));
    }
    json_t *shown = json_array();
    for (int i = 0; s->graph.inspects && i < s->graph.shown; i++) {
        const int row = s->shown[i] - s->data->train.count;
        *bad |= json_array_append_new(shown, json_integer(s->data->test.labels[row]));
    }
    for (int c = 0; c < s->data->classes; c++)
        *bad |= json_array_append_new(names, json_string(s->data->class_names[c]));
    *bad |= json_object_set_new(json, "seeds", numbers);
    *bad |= json_object_set_new(json, "best_epoch", best);
    *bad |= json_object_set_new(json, "class_names", names);
    if (json_array_size(shown)) *bad |= json_object_set(json, "shown_labels", shown);
    json_decref(shown);
    for (int i = 0; i < s->graph.recording_count; i++) {
        const pb_recording *log = &s->graph.recordings[i];
        if (pb_tensors_find(&seeds[0].views, log->name))
            *bad |= json_object_set_new(json, log->name, spread_of_view(seeds, count, log->name));
    }
}

static void add_scalogram(json_t *json, const pb_scalogram *scalogram, int *bad)
{
    json_t *axes = json_object(), *scales = json_array(), *frequencies = json_array();
    for (int i = 0; i < scalogram->count; i++) {
        *bad |= json_array_append_new(scales, pb_json_real(scalogram->scales[i]));
        *bad |= json_array_append_new(frequencies, pb_json_real(scalogram->frequencies[i]));
    }
    *bad |= json_object_set_new(axes, "wavelet", json_string(scalogram->wavelet));
    *bad |= json_object_set_new(axes, "sampling_period", pb_json_real(scalogram->sampling_period));
    *bad |= json_object_set_new(axes, "scales", scales);
    *bad |= json_object_set_new(axes, "frequencies", frequencies);
    *bad |= json_object_set_new(json, "scalogram", axes);
}

/* ensemble.json without what summary.json says already, and without bins. */
static pb_status add_ensemble(json_t *json, const pb_session *s, const char *folder)
{
    static const char *const keys[] = {"kind", "members", "mean_of_members", "out_of_bag"};
    json_t *all = NULL, *ensemble = NULL;
    char *path = pb_path_join(folder, "ensemble.json");
    pb_status status =
        path ? pb_json_load(s->ctx, path, &all) : pb_fail(s->ctx, PB_ERR_MEMORY, "out of memory");
    if (status == PB_OK) {
        ensemble = json_deep_copy(json_object_get(all, "ensemble"));
        json_object_del(ensemble, "bins");
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            json_object_set(ensemble, keys[i],
                            json_object_get(all, keys[i])); /* or it is not there */
        if (json_object_set_new(json, "ensemble", ensemble) != 0)
            status = pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for summary.json");
    }
    json_decref(all);
    free(path);
    return status;
}

static json_t *summarise(const pb_session *s, const pb_seed seeds[], int count)
{
    int bad = 0;
    json_t *json = json_object();
    bad |= json_object_set_new(json, "name", json_string(pb_config_name(s->config)));
    bad |= json_object_set_new(json, "data_set", json_string(s->data->name));
    add_scores(json, s, seeds, count, &bad);
    add_speed(json, s, seeds, count, &bad);
    add_sizes(json, s, &bad);
    if (s->data->compressed)
        bad |=
            json_object_set_new(json, "bytes_per_sample",
                                pb_json_real(pb_compressed_bytes_per_sample(s->data->compressed)));
    if (s->graph.layer_count > 0) {
        bad |= json_object_set_new(json, "weight_bytes", spread_of(seeds, count, weight_bytes));
        bad |= json_object_set_new(json, "compressed_accuracy",
                                   spread_of(seeds, count, compressed_accuracy));
    }
    if (s->graph.scalogram.count > 0) add_scalogram(json, &s->graph.scalogram, &bad);
    add_lists(json, s, seeds, count, &bad);
    if (!bad) return json;
    json_decref(json);
    return NULL;
}

pb_status pb_summary_write(pb_session *s, const char *folder, const pb_seed seeds[], int count)
{
    PB_TRY(save_arrays(s, folder, seeds, count));
    json_t *json = summarise(s, seeds, count);
    char *path = pb_path_join(folder, "summary.json");
    pb_status status =
        json && path ? PB_OK : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for summary.json");
    if (status == PB_OK && s->config->ensemble) status = add_ensemble(json, s, folder);
    if (status == PB_OK) status = pb_json_save(s->ctx, path, json);
    free(path);
    json_decref(json);
    return status;
}
