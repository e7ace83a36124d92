/* Joining what the networks of finished runs say of the same test samples. */
#include <passband/ensemble.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "data/npy.h"
#include "train/calibration.h"
#include "train/cross_validation.h"
#include "train/predict.h"
#include "train/run_folder.h"
#include "train/seed.h"

/* An ensemble being gathered. */
typedef struct gathering {
    pb_context *ctx;
    const pb_ensemble_options *options;
    const char *first; /* folder of the run whose test samples the others must have */
    int count, classes;
    int32_t *labels; /* [count]                                       */
    json_t *class_names, *about;
    double *own, *sum;                  /* [count][classes]: of one network, and of all  */
    json_t *members;                    /* array                                         */
    double accuracy, likelihood, error; /* sums over members             */
} gathering;

static pb_status no_memory(pb_context *ctx)
{
    return pb_fail(ctx, PB_ERR_MEMORY, "no memory for an ensemble");
}

/* ---- the test samples ---- */

static json_t *names_of(const pb_dataset *data)
{
    json_t *names = json_array();
    for (int c = 0; c < data->classes; c++)
        json_array_append_new(names, json_string(data->class_names[c]));
    return names;
}

/* The first run says what the ensemble is about. */
static pb_status begin(gathering *g, const pb_session *s, const char *folder)
{
    const pb_samples *test = &s->data->test;
    g->first = folder;
    g->count = test->count;
    g->classes = s->data->classes;
    const size_t numbers = (size_t)g->count * (size_t)g->classes;
    g->labels = malloc((size_t)g->count * sizeof *g->labels);
    g->own = malloc(numbers * sizeof *g->own);
    g->sum = calloc(numbers, sizeof *g->sum);
    g->members = json_array();
    g->class_names = names_of(s->data);
    g->about =
        json_pack("{s:s, s:s}", "name", pb_config_name(s->config), "data_set", s->data->name);
    if (!g->labels || !g->own || !g->sum || !g->members || !g->class_names || !g->about)
        return no_memory(g->ctx);
    memcpy(g->labels, test->labels, (size_t)g->count * sizeof *g->labels);
    return PB_OK;
}

static pb_status compare(const gathering *g, const pb_session *s, const char *folder)
{
    const pb_samples *test = &s->data->test;
    json_t *names = names_of(s->data);
    const bool same = test->count == g->count && s->data->classes == g->classes &&
                      memcmp(test->labels, g->labels, (size_t)g->count * sizeof *g->labels) == 0 &&
                      json_equal(names, g->class_names);
    json_decref(names);
    if (same) return PB_OK;
    return pb_fail(g->ctx, PB_ERR_DATA,
                   "%s: its test samples are not those of %s: their classes must be the same, and "
                   "their labels in the same order",
                   folder, g->first);
}

/* ---- a network ---- */

static json_t *scores_json(const pb_calibration *c)
{
    return json_pack("{s:o, s:o, s:o}", "accuracy", pb_json_real(c->accuracy),
                     "negative_log_likelihood", pb_json_real(c->negative_log_likelihood),
                     "calibration_error", pb_json_real(c->error));
}

static pb_status add_member(gathering *g, pb_session *s, const char *folder, int64_t seed)
{
    const int64_t fold = pb_option_int(s->config->train, "fold");
    pb_calibration own;
    PB_TRY(pb_predict(s, NULL, s->data->train.count, g->count, g->own));
    pb_calibrate(g->own, g->labels, g->count, g->classes, &own);
    for (int64_t i = 0; i < (int64_t)g->count * g->classes; i++) g->sum[i] += g->own[i];
    g->accuracy += own.accuracy;
    g->likelihood += own.negative_log_likelihood;
    g->error += own.error;
    json_t *member = json_pack("{s:s, s:I}", "run", folder, "seed", (json_int_t)seed);
    json_t *scores = scores_json(&own);
    int bad = !member || !scores;
    if (fold > 0) bad |= json_object_set_new(member, "fold", json_integer(fold));
    bad |= json_object_update(member, scores);
    json_decref(scores);
    bad |= json_array_append_new(g->members, member);
    return bad ? no_memory(g->ctx) : PB_OK;
}

static pb_status add_seed(gathering *g, pb_session *s, const pb_run_folder *folder, int64_t seed)
{
    char *path = pb_run_folder_of_seed(folder, seed);
    pb_status status = path ? PB_OK : no_memory(g->ctx);
    if (pb_session_stopped(s)) status = pb_fail(g->ctx, PB_INTERRUPTED, "interrupted");
    if (status == PB_OK) status = pb_seed_load_best(s, path);
    if (status == PB_OK) status = add_member(g, s, folder->path, seed);
    free(path);
    return status;
}

/* ---- a run ---- */

static pb_status add_seeds(gathering *g, pb_session *s, const pb_run_folder *folder)
{
    int count;
    const int64_t *seeds = pb_option_ints(s->config->train, "seeds", &count);
    char *selector = NULL;
    PB_TRY(g->first ? compare(g, s, folder->path) : begin(g, s, folder->path));
    PB_TRY(pb_run_folder_choices(s, folder));
    PB_TRY(pb_fitted_load(g->ctx, folder->path, &s->fitted));
    PB_TRY(pb_run_folder_selector(g->ctx, folder, &selector));
    pb_status status = pb_session_plan(s, g->options->device ? g->options->device : selector);
    free(selector);
    if (status == PB_OK) status = pb_session_upload(s);
    for (int i = 0; status == PB_OK && i < count; i++) status = add_seed(g, s, folder, seeds[i]);
    return status;
}

static pb_status add_run(gathering *g, const char *path);

static pb_status add_folds(gathering *g, const char *path, int folds)
{
    pb_status status = PB_OK;
    for (int fold = 1; status == PB_OK && fold <= folds; fold++) {
        char *of_fold = pb_fold_path(path, fold);
        status = of_fold ? add_run(g, of_fold) : no_memory(g->ctx);
        free(of_fold);
    }
    return status;
}

static pb_status add_open_run(gathering *g, const pb_run_folder *folder, const pb_config *config)
{
    const pb_run_options options = {.stop = g->options->stop};
    pb_session session;
    if (pb_config_cross_validates(config))
        return add_folds(g, folder->path, pb_config_folds(config));
    PB_TRY(pb_session_open_to_predict(g->ctx, config, &options, &session));
    const pb_status status = add_seeds(g, &session, folder);
    pb_session_close(&session);
    return status;
}

static pb_status add_run(gathering *g, const char *path)
{
    pb_run_folder folder;
    pb_config *config = NULL;
    PB_TRY(pb_run_folder_open(g->ctx, path, false, &folder));
    char *summary = pb_path_join(path, "summary.json");
    pb_status status = summary ? PB_OK : no_memory(g->ctx);
    if (status == PB_OK && !pb_file_exists(summary))
        status = pb_fail(g->ctx, PB_ERR_USAGE, "%s: has not finished; passband resume %s goes on",
                         path, path);
    if (status == PB_OK) status = pb_run_folder_config(g->ctx, &folder, &config);
    if (status == PB_OK) status = add_open_run(g, &folder, config);
    pb_config_free(&config);
    pb_run_folder_close(&folder);
    free(summary);
    return status;
}

/* ---- the whole ---- */

static json_t *bins_json(const pb_calibration *c)
{
    json_t *bins = json_array();
    for (int b = 0; b < PB_CALIBRATION_BINS; b++)
        json_array_append_new(bins, json_pack("{s:o, s:o, s:i, s:o, s:o}", "from",
                                              pb_json_real((double)b / PB_CALIBRATION_BINS), "to",
                                              pb_json_real((double)(b + 1) / PB_CALIBRATION_BINS),
                                              "count", c->bins[b].count, "confidence",
                                              pb_json_real(c->bins[b].confidence), "accuracy",
                                              pb_json_real(c->bins[b].accuracy)));
    return bins;
}

static json_t *result_json(const gathering *g, const pb_calibration *together)
{
    const double n = (double)json_array_size(g->members);
    const pb_calibration mean = {.accuracy = g->accuracy / n,
                                 .negative_log_likelihood = g->likelihood / n,
                                 .error = g->error / n};
    json_t *json = json_deep_copy(g->about), *ensemble = scores_json(together);
    int bad = json_object_set_new(ensemble, "bins", bins_json(together));
    bad |= json_object_set_new(json, "test_samples", json_integer(g->count));
    bad |= json_object_set_new(json, "ensemble", ensemble);
    bad |= json_object_set_new(json, "mean_of_members", scores_json(&mean));
    bad |= json_object_set(json, "members", g->members);
    bad |= json_object_set(json, "class_names", g->class_names);
    if (!bad) return json;
    json_decref(json);
    return NULL;
}

/* ensemble.json comes last, and without it nothing is left. */
static pb_status write_result(gathering *g, const char *folder)
{
    pb_calibration together;
    const size_t dim[] = {(size_t)g->count, (size_t)g->classes};
    const double n = (double)json_array_size(g->members);
    for (size_t i = 0; i < dim[0] * dim[1]; i++) g->sum[i] /= n;
    pb_calibrate(g->sum, g->labels, g->count, g->classes, &together);
    json_t *json = result_json(g, &together);
    char *array = pb_path_join(folder, "ensemble_probabilities.npy"),
         *path = pb_path_join(folder, "ensemble.json");
    pb_status status = json && array && path ? pb_folder_make(g->ctx, folder) : no_memory(g->ctx);
    if (status == PB_OK) status = pb_npy_save(g->ctx, array, PB_NPY_F64, 2, dim, g->sum);
    if (status == PB_OK) {
        status = pb_json_save(g->ctx, path, json);
        if (status != PB_OK) remove(array);
    }
    free(array);
    free(path);
    json_decref(json);
    return status;
}

pb_status pb_ensemble_run(pb_context *ctx, int count, const char *const runs[],
                          const pb_ensemble_options *options, const char *folder)
{
    static const pb_ensemble_options usual = {0};
    gathering g = {.ctx = ctx, .options = options ? options : &usual};
    pb_status status = PB_OK;
    for (int i = 0; status == PB_OK && i < count; i++) status = add_run(&g, runs[i]);
    if (status == PB_OK && json_array_size(g.members) < 2)
        status =
            pb_fail(ctx, PB_ERR_USAGE,
                    "%s: has one network, and an ensemble needs two or more: of several seeds, "
                    "folds or runs",
                    runs[0]);
    if (status == PB_OK) status = write_result(&g, folder);
    json_decref(g.members);
    json_decref(g.class_names);
    json_decref(g.about);
    free(g.labels);
    free(g.own);
    free(g.sum);
    return status;
}
