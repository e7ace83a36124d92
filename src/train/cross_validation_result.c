/* What the folds of a cross-validation came to together, from the files that each has left. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/median.h"
#include "data/npy.h"
#include "train/config.h"
#include "train/cross_validation.h"
#include "train/summary.h"

enum { METRICS_LIMIT_BYTES = 1 << 28 };

static pb_status no_memory(pb_context *ctx)
{
    return pb_fail(ctx, PB_ERR_MEMORY, "no memory for what the folds came to");
}

/* "<folder>/fold-<n>/<file>" on the heap, NULL when memory is out. */
static char *path_in_fold(const char *folder, int fold, const char *file)
{
    char *place = pb_fold_path(folder, fold), *path = place ? pb_path_join(place, file) : NULL;
    free(place);
    return path;
}

/* ---- metrics ---- */

/* Appends a file of a fold, if it is there, without its first `skip` lines. */
static pb_status append_file(pb_context *ctx, const char *folder, int fold, const char *file,
                             int skip, pb_text *out)
{
    char *path = path_in_fold(folder, fold, file), *text = NULL;
    size_t bytes;
    pb_status status = path ? PB_OK : no_memory(ctx);
    if (path && pb_file_exists(path))
        status = pb_file_read(ctx, path, METRICS_LIMIT_BYTES, &text, &bytes);
    const char *from = text;
    for (int i = 0; from && i < skip; i++) {
        const char *end = strchr(from, '\n');
        from = end ? end + 1 : NULL;
    }
    if (from) pb_text_append(out, "%s", from);
    free(text);
    free(path);
    return status == PB_OK && out->failed ? no_memory(ctx) : status;
}

static pb_status join_files(pb_context *ctx, const char *folder, int folds, const char *file,
                            bool has_head)
{
    pb_text all = {0};
    pb_status status = PB_OK;
    for (int fold = 1; status == PB_OK && fold <= folds; fold++)
        status = append_file(ctx, folder, fold, file, has_head && all.length > 0, &all);
    char *path = pb_path_join(folder, file);
    if (status == PB_OK && !path) status = no_memory(ctx);
    if (status == PB_OK && all.length > 0) status = pb_file_write(ctx, path, all.text, all.length);
    free(path);
    pb_text_free(&all);
    return status;
}

pb_status pb_folds_write_metrics(pb_context *ctx, const char *folder, int folds)
{
    PB_TRY(join_files(ctx, folder, folds, "metrics.jsonl", false));
    return join_files(ctx, folder, folds, "metrics.csv", true);
}

/* ---- arrays ---- */

/* Rows of floats of every fold below each other. Folds may differ in their iterations, which the
 * second axis counts: the shorter end in NaN. */
static void stack(const pb_npy parts[], int folds, const size_t dim[], void *all)
{
    const size_t item = pb_npy_dtype_bytes(parts[0].dtype);
    size_t inner = 1, row = 0;
    for (int a = 2; a < parts[0].axes; a++) inner *= dim[a];
    for (size_t i = 0; i < dim[0] * dim[1] * inner; i++) {
        if (parts[0].dtype == PB_NPY_F64)
            ((double *)all)[i] = NAN;
        else
            ((float *)all)[i] = NAN;
    }
    for (int f = 0; f < folds; f++) {
        const size_t bytes = parts[f].dim[1] * inner * item;
        for (size_t r = 0; r < parts[f].dim[0]; r++, row++)
            memcpy((char *)all + row * dim[1] * inner * item, (char *)parts[f].data + r * bytes,
                   bytes);
    }
}

static bool fit_together(const pb_npy parts[], int folds)
{
    const pb_npy *first = &parts[0];
    bool fit = first->axes >= 2 && (first->dtype == PB_NPY_F32 || first->dtype == PB_NPY_F64);
    for (int f = 1; fit && f < folds; f++) {
        fit = parts[f].dtype == first->dtype && parts[f].axes == first->axes;
        for (int a = 2; fit && a < first->axes; a++) fit = parts[f].dim[a] == first->dim[a];
    }
    return fit;
}

static pb_status save_stacked(pb_context *ctx, const char *folder, const char *file,
                              const pb_npy parts[], int folds)
{
    if (!fit_together(parts, folds))
        return pb_fail(ctx, PB_ERR_DATA, "%s: %s differs in shape between folds", folder, file);
    size_t dim[PB_NPY_AXES_MAX], count = 1;
    memcpy(dim, parts[0].dim, sizeof dim);
    for (int f = 1; f < folds; f++) {
        dim[0] += parts[f].dim[0];
        if (parts[f].dim[1] > dim[1]) dim[1] = parts[f].dim[1];
    }
    for (int a = 0; a < parts[0].axes; a++) count *= dim[a];
    void *all = malloc(count * pb_npy_dtype_bytes(parts[0].dtype) + 1);
    char *path = pb_path_join(folder, file);
    pb_status status = all && path ? PB_OK : no_memory(ctx);
    if (status == PB_OK) {
        stack(parts, folds, dim, all);
        status = pb_npy_save(ctx, path, parts[0].dtype, parts[0].axes, dim, all);
    }
    free(path);
    free(all);
    return status;
}

static pb_status join_array(pb_context *ctx, const char *folder, int folds, const char *file)
{
    pb_npy *parts = calloc((size_t)folds, sizeof *parts);
    pb_status status = parts ? PB_OK : no_memory(ctx);
    bool there = true;
    for (int f = 0; status == PB_OK && there && f < folds; f++) {
        char *path = path_in_fold(folder, f + 1, file);
        there = path && pb_file_exists(path);
        status = !path ? no_memory(ctx) : there ? pb_npy_load(ctx, path, &parts[f]) : PB_OK;
        free(path);
    }
    if (status == PB_OK && there) status = save_stacked(ctx, folder, file, parts, folds);
    for (int f = 0; parts && f < folds; f++) pb_npy_clear(&parts[f]);
    free(parts);
    return status;
}

/* ---- summary.json ---- */

static double number_at(const json_t *object, const char *key)
{
    const json_t *number = json_object_get(object, key);
    return json_is_number(number) ? json_number_value(number) : (double)NAN;
}

void pb_fold_numbers(json_t *const summaries[], int folds, const char *key, int seeds,
                     double numbers[])
{
    for (int f = 0; f < folds; f++)
        for (int i = 0; i < seeds; i++) {
            const json_t *list = json_object_get(json_object_get(summaries[f], key), "per_seed"),
                         *number = json_array_get(list, (size_t)i);
            numbers[f * seeds + i] =
                json_is_number(number) ? json_number_value(number) : (double)NAN;
        }
}

json_t *pb_fold_spread(const double numbers[], int folds, int seeds)
{
    json_t *json = pb_spread(numbers, folds * seeds), *means = json_array(), *lists = json_array();
    int bad = 0;
    for (int i = 0; i < seeds; i++) {
        json_t *list = json_array();
        double sum = 0;
        for (int f = 0; f < folds; f++) {
            sum += numbers[f * seeds + i];
            bad |= json_array_append_new(list, pb_json_real(numbers[f * seeds + i]));
        }
        bad |= json_array_append_new(means, pb_json_real(sum / folds));
        bad |= json_array_append_new(lists, list);
    }
    bad |= json_object_set_new(json, "per_seed", means);
    bad |= json_object_set_new(json, "per_fold", lists);
    if (!bad) return json;
    json_decref(json);
    return NULL;
}

/* The spread over all trainings of {mean [n], std [n]} of the seeds of each fold: what varies
 * within folds and between them adds up. */
static json_t *join_spreads(json_t *const summaries[], int folds, int seeds, const char *key)
{
    json_t *means = json_array(), *stds = json_array();
    const json_t *first = json_object_get(json_object_get(summaries[0], key), "mean");
    for (size_t k = 0; k < json_array_size(first); k++) {
        double mean = 0, squares = 0;
        for (int f = 0; f < folds; f++) {
            const json_t *of = json_object_get(summaries[f], key);
            mean += json_number_value(json_array_get(json_object_get(of, "mean"), k)) / folds;
        }
        for (int f = 0; f < folds; f++) {
            const json_t *of = json_object_get(summaries[f], key);
            const double m = json_number_value(json_array_get(json_object_get(of, "mean"), k)),
                         s = json_number_value(json_array_get(json_object_get(of, "std"), k));
            squares += seeds * (m - mean) * (m - mean) + (seeds - 1) * s * s;
        }
        const int rest = folds * seeds - 1;
        json_array_append_new(means, pb_json_real(mean));
        json_array_append_new(stds, pb_json_real(rest > 0 ? sqrt(squares / rest) : 0));
    }
    return json_pack("{s:o, s:o}", "mean", means, "std", stds);
}

/* A list over folds of one member of their summaries. */
static json_t *list_over_folds(json_t *const summaries[], int folds, const char *key)
{
    json_t *list = json_array();
    for (int f = 0; f < folds; f++) json_array_append(list, json_object_get(summaries[f], key));
    return list;
}

static int join_scores(json_t *json, json_t *const summaries[], int folds, int seeds)
{
    static const char *const scores[] = {"test_accuracy", "test_loss",    "val_accuracy",
                                         "val_loss",      "weight_bytes", "compressed_accuracy"};
    static const char *const spreads[] = {"band_weights", "band_norms"};
    double *numbers = calloc((size_t)folds * (size_t)seeds, sizeof *numbers);
    int bad = !numbers;
    for (size_t i = 0; !bad && i < sizeof scores / sizeof *scores; i++) {
        if (!json_object_get(json, scores[i])) continue;
        pb_fold_numbers(summaries, folds, scores[i], seeds, numbers);
        bad |= json_object_set_new(json, scores[i], pb_fold_spread(numbers, folds, seeds));
    }
    for (int i = 0; i < 2; i++)
        if (json_object_get(json, spreads[i]))
            bad |= json_object_set_new(json, spreads[i],
                                       join_spreads(summaries, folds, seeds, spreads[i]));
    free(numbers);
    return bad;
}

static int join_speed(json_t *json, json_t *const summaries[], int folds)
{
    double *seconds = calloc((size_t)folds, sizeof *seconds), setup = 0, peak = 0;
    if (!seconds) return -1;
    for (int f = 0; f < folds; f++) {
        seconds[f] = number_at(summaries[f], "seconds_per_epoch");
        setup += number_at(summaries[f], "setup_seconds");
        peak = fmax(peak, number_at(summaries[f], "peak_host_bytes"));
    }
    const double median = pb_median(seconds, (size_t)folds);
    free(seconds);
    int bad = json_object_set_new(json, "seconds_per_epoch", pb_json_real(median));
    bad |= json_object_set_new(json, "setup_seconds", pb_json_real(setup));
    bad |= json_object_set_new(json, "steps_per_second",
                               pb_json_real(number_at(json, "steps_per_epoch") / median));
    bad |= json_object_set_new(json, "peak_host_bytes", json_integer((json_int_t)peak));
    return bad;
}

/* What is the same in all folds stands as the first fold has it. */
static json_t *join(json_t *const summaries[], const pb_config *config)
{
    static const char *const lists[] = {"steps_per_epoch", "train_samples", "val_samples"};
    const int folds = pb_config_folds(config);
    int seeds;
    pb_option_ints(config->train, "seeds", &seeds);
    json_t *json = json_deep_copy(summaries[0]), *best = json_array();
    json_t *about =
        json_pack("{s:I, s:s, s:I}", "count", (json_int_t)pb_option_int(config->train, "folds"),
                  "kind", pb_option_string(config->train, "fold_kind"), "repeats",
                  (json_int_t)pb_option_int(config->train, "fold_repeats"));
    int bad = join_scores(json, summaries, folds, seeds);
    bad |= join_speed(json, summaries, folds);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        bad |= json_object_set_new(about, lists[i], list_over_folds(summaries, folds, lists[i]));
    for (int f = 0; f < folds; f++)
        bad |= json_array_extend(best, json_object_get(summaries[f], "best_epoch"));
    bad |= json_object_set_new(json, "best_epoch", best);
    bad |= json_object_set_new(json, "folds", about);
    json_object_del(json, "shown_labels"); /* of pictures that each fold has */
    if (!bad) return json;
    json_decref(json);
    return NULL;
}

static pb_status load_summaries(pb_context *ctx, const char *folder, int folds, json_t *list[])
{
    pb_status status = PB_OK;
    for (int f = 0; status == PB_OK && f < folds; f++) {
        char *path = path_in_fold(folder, f + 1, "summary.json");
        status = path ? pb_json_load(ctx, path, &list[f]) : no_memory(ctx);
        free(path);
    }
    return status;
}

static pb_status write_joined(pb_context *ctx, const char *folder, const json_t *json)
{
    char *path = pb_path_join(folder, "summary.json");
    const pb_status status = json && path ? pb_json_save(ctx, path, json) : no_memory(ctx);
    free(path);
    return status;
}

pb_status pb_folds_write_summary(pb_context *ctx, const char *folder, const pb_config *config)
{
    static const char *const arrays[] = {"train_loss.npy", "band_weights.npy", "band_norms.npy",
                                         "class_accuracies.npy", "mask.npy"};
    const int folds = pb_config_folds(config);
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        PB_TRY(join_array(ctx, folder, folds, arrays[i]));
    json_t **summaries = calloc((size_t)folds, sizeof *summaries);
    pb_status status = summaries ? load_summaries(ctx, folder, folds, summaries) : no_memory(ctx);
    if (status == PB_OK) {
        json_t *json = join(summaries, config);
        status = write_joined(ctx, folder, json);
        json_decref(json);
    }
    for (int f = 0; summaries && f < folds; f++) json_decref(summaries[f]);
    free(summaries);
    return status;
}
