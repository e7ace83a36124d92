/* Joining what the networks of finished runs say of the same test samples. */
#include <passband/ensemble.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "data/npy.h"
#include "train/boosting.h"
#include "train/calibration.h"
#include "train/cross_validation.h"
#include "train/ensemble_members.h"
#include "train/predict.h"
#include "train/resample.h"
#include "train/seed.h"

/* An ensemble being gathered. */
typedef struct gathering {
    pb_context *ctx;
    const pb_ensemble_options *options;
    char *first; /* folder of the run whose test samples the others must have */
    int count, classes;
    int32_t *labels; /* [count]                                       */
    json_t *class_names, *about;
    double *own, *sum;     /* [count][classes]: of one network, and of all; with boosting, votes */
    bool alone;            /* there is one run, which may be of an ensemble               */
    pb_ensemble_kind kind; /* of the run, where there is one alone                        */
    json_t *boosted;       /* of boosting: its members, with their votes                  */
    struct out_of_bag {    /* of bagging: of the training part, by members that did not see it */
        int count;         /* samples of the training part                                    */
        int32_t *labels;   /* [count]                                                         */
        int *members;      /* [count] that did not see it                                     */
        double *sum;       /* [count][classes]                                                */
    } bag;
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
    g->first = strdup(folder);
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
    if (!g->first || !g->labels || !g->own || !g->sum || !g->members || !g->class_names ||
        !g->about)
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

/* ---- scores ---- */

static json_t *scores_json(const pb_calibration *c)
{
    return json_pack("{s:o, s:o, s:o}", "accuracy", pb_json_real(c->accuracy),
                     "negative_log_likelihood", pb_json_real(c->negative_log_likelihood),
                     "calibration_error", pb_json_real(c->error));
}

/* ---- out of the bag ---- */

static pb_status begin_bag(gathering *g, const pb_session *s)
{
    struct out_of_bag *bag = &g->bag;
    bag->count = s->train_count;
    bag->labels = malloc((size_t)bag->count * sizeof *bag->labels);
    bag->members = calloc((size_t)bag->count, sizeof *bag->members);
    bag->sum = calloc((size_t)bag->count * (size_t)g->classes, sizeof *bag->sum);
    if (!bag->labels || !bag->members || !bag->sum) return no_memory(g->ctx);
    for (int i = 0; i < bag->count; i++) bag->labels[i] = s->data->train.labels[s->train_rows[i]];
    return PB_OK;
}

/* Places in the training part that a seed has not drawn; their number. `drawn` [count] is room. */
static int left_out(int count, int64_t seed, bool drawn[], int32_t places[])
{
    int left = 0;
    pb_bootstrap_draw((uint64_t)seed, count, places);
    memset(drawn, 0, (size_t)count * sizeof *drawn);
    for (int i = 0; i < count; i++) drawn[places[i]] = true;
    for (int32_t i = 0; i < count; i++)
        if (!drawn[i]) places[left++] = i;
    return left;
}

static pb_status add_left_out(gathering *g, pb_session *s, int64_t seed)
{
    struct out_of_bag *bag = &g->bag;
    const size_t count = (size_t)bag->count, classes = (size_t)g->classes;
    int32_t *places = malloc(count * sizeof *places), *rows = malloc(count * sizeof *rows);
    double *own = malloc(count * classes * sizeof *own);
    bool *drawn = malloc(count * sizeof *drawn);
    pb_status status = places && rows && own && drawn ? PB_OK : no_memory(g->ctx);
    if (status == PB_OK) {
        const int left = left_out(bag->count, seed, drawn, places);
        for (int i = 0; i < left; i++) rows[i] = s->train_rows[places[i]];
        status = pb_predict(s, rows, 0, left, own);
        for (int i = 0; status == PB_OK && i < left; i++) {
            bag->members[places[i]]++;
            for (size_t c = 0; c < classes; c++)
                bag->sum[(size_t)places[i] * classes + c] += own[(size_t)i * classes + c];
        }
    }
    free(places);
    free(rows);
    free(own);
    free(drawn);
    return status;
}

/* Scores of the samples that some member has not seen; NULL: every member has seen all. */
static json_t *bag_json(const gathering *g)
{
    const struct out_of_bag *bag = &g->bag;
    const size_t classes = (size_t)g->classes;
    pb_calibration scores;
    int left = 0;
    for (int i = 0; i < bag->count; i++) {
        if (bag->members[i] == 0) continue;
        for (size_t c = 0; c < classes; c++)
            bag->sum[(size_t)left * classes + c] =
                bag->sum[(size_t)i * classes + c] / bag->members[i];
        bag->labels[left++] = bag->labels[i];
    }
    if (left == 0) return NULL;
    pb_calibrate(bag->sum, bag->labels, left, g->classes, &scores);
    json_t *json = scores_json(&scores);
    json_object_set_new(json, "samples", json_integer(left));
    return json;
}

/* ---- a network ---- */

/* The vote of a member of boosting, which is also noted. */
static int add_votes(gathering *g, json_t *member)
{
    const json_t *boosted = json_array_get(g->boosted, json_array_size(g->members)),
                 *alpha = json_object_get(boosted, "alpha"),
                 *error = json_object_get(boosted, "error");
    for (int64_t i = 0; i < g->count; i++) {
        const int chosen = pb_most_probable(g->own + i * g->classes, g->classes);
        g->sum[i * g->classes + chosen] += json_number_value(alpha);
    }
    return json_object_set(member, "error", (json_t *)error) |
           json_object_set(member, "alpha", (json_t *)alpha);
}

/* `snapshot` is counted from 1, or 0. */
static pb_status add_member(gathering *g, pb_session *s, const char *folder, int64_t seed,
                            int snapshot)
{
    const int64_t fold = pb_option_int(s->config->train, "fold");
    pb_calibration own;
    PB_TRY(pb_predict(s, NULL, s->data->train.count, g->count, g->own));
    pb_calibrate(g->own, g->labels, g->count, g->classes, &own);
    g->accuracy += own.accuracy;
    g->likelihood += own.negative_log_likelihood;
    g->error += own.error;
    json_t *member = json_pack("{s:s, s:I}", "run", folder, "seed", (json_int_t)seed);
    json_t *scores = scores_json(&own);
    int bad = !member || !scores;
    if (fold > 0) bad |= json_object_set_new(member, "fold", json_integer(fold));
    if (snapshot > 0) bad |= json_object_set_new(member, "snapshot", json_integer(snapshot));
    if (g->boosted) bad |= add_votes(g, member);
    for (int64_t i = 0; !g->boosted && i < (int64_t)g->count * g->classes; i++)
        g->sum[i] += g->own[i];
    bad |= json_object_update(member, scores);
    json_decref(scores);
    bad |= json_array_append_new(g->members, member);
    return bad ? no_memory(g->ctx) : PB_OK;
}

/* A network of a seed: its best, or one of its snapshots. */
static pb_status add_network(gathering *g, pb_session *s, const pb_run_folder *folder, int64_t seed,
                             int snapshot)
{
    const pb_snapshot_name name = pb_snapshot_file(snapshot);
    char *path = pb_run_folder_of_seed(folder, seed);
    pb_status status = path ? PB_OK : no_memory(g->ctx);
    if (pb_session_stopped(s)) status = pb_fail(g->ctx, PB_INTERRUPTED, "interrupted");
    if (status == PB_OK)
        status = pb_seed_load_network(s, path, snapshot ? name.text : "best.safetensors");
    if (status == PB_OK) status = add_member(g, s, folder->path, seed, snapshot);
    free(path);
    return status;
}

static pb_status add_seed(gathering *g, pb_session *s, const pb_run_folder *folder, int64_t seed)
{
    const int every = pb_config_snapshot_every(s->config);
    if (every == 0) PB_TRY(add_network(g, s, folder, seed, 0));
    for (int k = 1; every > 0 && k <= pb_option_int(s->config->ensemble, "members"); k++)
        PB_TRY(add_network(g, s, folder, seed, k));
    return g->bag.count ? add_left_out(g, s, seed) : PB_OK;
}

/* What the kind of a run's ensemble needs beside its networks. */
static pb_status begin_kind(gathering *g, const pb_session *s, const pb_run_folder *folder,
                            int seeds)
{
    g->kind = pb_config_ensemble_kind(s->config);
    if (g->kind == PB_ENSEMBLE_BAGGING) return begin_bag(g, s);
    if (g->kind != PB_ENSEMBLE_SAMME) return PB_OK;
    PB_TRY(pb_boosting_read(g->ctx, folder->path, &g->boosted));
    bool whole = json_array_size(g->boosted) == (size_t)seeds;
    for (int i = 0; whole && i < seeds; i++) {
        const json_t *member = json_array_get(g->boosted, (size_t)i);
        whole = json_is_number(json_object_get(member, "alpha")) &&
                json_is_number(json_object_get(member, "error"));
    }
    if (whole) return PB_OK;
    return pb_fail(g->ctx, PB_ERR_DATA, "%s/boosting.json: does not tell of %d members",
                   folder->path, seeds);
}

static pb_status add_networks(gathering *g, pb_session *s, const pb_run_folder *folder)
{
    int count;
    const int64_t *seeds = pb_option_ints(s->config->train, "seeds", &count);
    PB_TRY(g->first ? compare(g, s, folder->path) : begin(g, s, folder->path));
    if (g->alone) PB_TRY(begin_kind(g, s, folder, count));
    for (int i = 0; i < count; i++) PB_TRY(add_seed(g, s, folder, seeds[i]));
    return PB_OK;
}

/* ---- a run ---- */

static pb_status make_ready(gathering *g, pb_session *s, const pb_run_folder *folder)
{
    char *selector = NULL;
    PB_TRY(pb_run_folder_choices(s, folder));
    PB_TRY(pb_fitted_load(g->ctx, folder->path, &s->fitted));
    PB_TRY(pb_run_folder_selector(g->ctx, folder, &selector));
    pb_status status = pb_session_plan(s, g->options->device ? g->options->device : selector);
    free(selector);
    return status == PB_OK ? pb_session_upload(s) : status;
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
    if (!g->alone && pb_config_ensemble_kind(config) == PB_ENSEMBLE_SAMME)
        return pb_fail(g->ctx, PB_ERR_USAGE,
                       "%s: its members vote by what each is worth, so it joins no other runs",
                       folder->path);
    PB_TRY(pb_session_open_to_predict(g->ctx, config, &options, &session));
    pb_status status = make_ready(g, &session, folder);
    if (status == PB_OK) status = add_networks(g, &session, folder);
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
    json_t *bag = g->bag.count ? bag_json(g) : NULL;
    int bad = json_object_set_new(ensemble, "bins", bins_json(together));
    bad |= json_object_set_new(json, "test_samples", json_integer(g->count));
    bad |= json_object_set_new(json, "kind", json_string(pb_ensemble_kind_name(g->kind)));
    bad |= json_object_set_new(json, "ensemble", ensemble);
    if (bag) bad |= json_object_set_new(json, "out_of_bag", bag);
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
    for (size_t i = 0; !g->boosted && i < dim[0] * dim[1]; i++) g->sum[i] /= n;
    for (size_t i = 0; g->boosted && i < dim[0]; i++)
        pb_samme_probabilities(g->classes, g->sum + i * dim[1]);
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

static void clear(gathering *g)
{
    json_decref(g->members);
    json_decref(g->class_names);
    json_decref(g->about);
    json_decref(g->boosted);
    free(g->labels);
    free(g->own);
    free(g->first);
    free(g->sum);
    free(g->bag.labels);
    free(g->bag.members);
    free(g->bag.sum);
}

pb_status pb_ensemble_run(pb_context *ctx, int count, const char *const runs[],
                          const pb_ensemble_options *options, const char *folder)
{
    static const pb_ensemble_options usual = {0};
    gathering g = {.ctx = ctx, .options = options ? options : &usual, .alone = count == 1};
    pb_status status = PB_OK;
    for (int i = 0; status == PB_OK && i < count; i++) status = add_run(&g, runs[i]);
    if (status == PB_OK && json_array_size(g.members) < 2)
        status =
            pb_fail(ctx, PB_ERR_USAGE,
                    "%s: has one network, and an ensemble needs two or more: of several seeds, "
                    "folds or runs",
                    runs[0]);
    if (status == PB_OK) status = write_result(&g, folder);
    clear(&g);
    return status;
}

pb_status pb_ensemble_of_session(pb_session *s, const pb_run_folder *folder)
{
    static const pb_ensemble_options usual = {0};
    gathering g = {.ctx = s->ctx, .options = &usual, .alone = true};
    pb_status status = add_networks(&g, s, folder);
    if (status == PB_OK) status = write_result(&g, folder->path);
    clear(&g);
    return status;
}
