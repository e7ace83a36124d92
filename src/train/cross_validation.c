#include "train/cross_validation.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "train/config_internal.h"
#include "train/environment.h"
#include "train/run_one.h"

/* A cross-validation at work. */
typedef struct folds {
    pb_context *ctx;
    const pb_config *config;
    const pb_run_options *options;
    const char *folder;
    int fold, count; /* the one at work, counted from 1, and all of them */
    bool is_ready;   /* the folder tells of a run */
} folds;

char *pb_fold_path(const char *folder, int fold)
{
    char name[32];
    snprintf(name, sizeof name, "fold-%d", fold);
    return pb_path_join(folder, name);
}

pb_status pb_fold_config(pb_context *ctx, const pb_config *config, int fold, pb_config **one)
{
    char chosen[40], *text = pb_config_yaml(config);
    const char *const overrides[] = {chosen};
    snprintf(chosen, sizeof chosen, "train.fold=%d", fold);
    const pb_status status =
        text ? pb_config_from_text(ctx, config->name, text, 1, overrides, one)
             : pb_fail(ctx, PB_ERR_MEMORY, "no memory for a fold's configuration");
    free(text);
    return status;
}

/* ---- files of the whole ---- */

static pb_status write_config(const folds *f)
{
    char *text = pb_config_yaml(f->config), *path = pb_path_join(f->folder, "config.yaml");
    const pb_status status = text && path
                                 ? pb_file_write(f->ctx, path, text, strlen(text))
                                 : pb_fail(f->ctx, PB_ERR_MEMORY, "no memory for config.yaml");
    free(text);
    free(path);
    return status;
}

/* The first fold is set up, so nothing is left that could refuse the run. */
static pb_status ready(void *user, pb_session *s, const char *selector)
{
    folds *f = user;
    if (f->is_ready) return PB_OK;
    json_t *json = pb_environment_json(s->device, selector);
    char *path = pb_path_join(f->folder, "env.json");
    pb_status status = json && path ? pb_json_save(f->ctx, path, json)
                                    : pb_fail(f->ctx, PB_ERR_MEMORY, "no memory for env.json");
    free(path);
    json_decref(json);
    if (status == PB_OK) status = write_config(f);
    f->is_ready = status == PB_OK;
    return status;
}

/* ---- a fold ---- */

static void pass_on(void *user, const pb_progress *progress)
{
    const folds *f = user;
    pb_progress of_fold = *progress;
    of_fold.fold = f->fold;
    of_fold.fold_count = f->count;
    f->options->progress(f->options->user, &of_fold);
}

static bool holds(const char *folder, const char *name)
{
    char *path = pb_path_join(folder, name);
    const bool found = path && pb_file_exists(path);
    free(path);
    return found;
}

static pb_status run_fold(folds *f, const char *path, const char *first, const char *selector)
{
    const pb_run_shared shared = {
        .choices_of = holds(first, "plan.json") ? first : NULL, .ready = ready, .user = f};
    pb_run_options options = *f->options;
    pb_config *config = NULL;
    if (options.progress) {
        options.progress = pass_on;
        options.user = f;
    }
    if (holds(path, "summary.json")) return PB_OK;
    if (holds(path, "config.yaml")) return pb_run_resume(f->ctx, path, &options);
    options.folder = path;
    if (!options.device) options.device = selector;
    PB_TRY(pb_fold_config(f->ctx, f->config, f->fold, &config));
    const pb_status status = pb_run_train_one(f->ctx, config, &options, &shared, NULL);
    pb_config_free(&config);
    return status;
}

/* `selector` is the device that the run began on, NULL: it begins now. */
static pb_status run_folds(folds *f, const char *selector)
{
    pb_status status = PB_OK;
    char *first = pb_fold_path(f->folder, 1);
    for (f->fold = 1; status == PB_OK && f->fold <= f->count; f->fold++) {
        char *path = pb_fold_path(f->folder, f->fold);
        status = path && first ? run_fold(f, path, first, selector)
                               : pb_fail(f->ctx, PB_ERR_MEMORY, "no memory for a path");
        free(path);
        if (status == PB_INTERRUPTED)
            pb_fail(f->ctx, status, "interrupted in fold %d of %d; passband resume %s goes on",
                    f->fold, f->count, f->folder);
        else if (status != PB_OK)
            pb_fail_prefix(f->ctx, status, "fold %d of %d", f->fold, f->count);
        const bool joins = status == PB_OK || status == PB_INTERRUPTED;
        if (joins && f->is_ready) {
            const pb_status joined = pb_folds_write_metrics(f->ctx, f->folder, f->count);
            if (status == PB_OK) status = joined;
        }
    }
    free(first);
    return status == PB_OK ? pb_folds_write_summary(f->ctx, f->folder, f->config) : status;
}

/* ---- the ways in ---- */

static pb_status check_options(pb_context *ctx, const pb_run_options *options)
{
    if (!options->profile && !options->trace) return PB_OK;
    return pb_fail(ctx, PB_ERR_USAGE,
                   "a profile is of one training, but this is one of every fold; train.fold=1 "
                   "chooses one");
}

/* What is wrong with it is said here, where the lines of the user's file are known. */
static pb_status try_config(pb_context *ctx, const pb_config *config)
{
    pb_session session;
    const pb_status status = pb_session_open(ctx, config, NULL, &session);
    pb_session_close(&session);
    return status;
}

pb_status pb_cross_validation_train(pb_context *ctx, const pb_config *config,
                                    const pb_run_options *options, char **folder)
{
    static const pb_run_options usual = {0};
    folds f = {.ctx = ctx,
               .config = config,
               .options = options ? options : &usual,
               .count = pb_config_folds(config)};
    pb_run_folder place;
    char *saved = NULL;
    PB_TRY(check_options(ctx, f.options));
    PB_TRY(try_config(ctx, config));
    if (!f.options->folder) PB_TRY(pb_run_folder_saved(ctx, config, &saved));
    pb_status status =
        pb_run_folder_create(ctx, saved ? saved : f.options->folder, config->name, &place);
    free(saved);
    PB_TRY(status);
    f.folder = place.path;
    status = run_folds(&f, NULL);
    if (f.is_ready && folder && !(*folder = strdup(place.path)))
        status = pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    pb_run_folder_close(&place);
    return status;
}

pb_status pb_cross_validation_resume(pb_context *ctx, const pb_run_folder *folder,
                                     const pb_config *config, const pb_run_options *options)
{
    static const pb_run_options usual = {0};
    folds f = {.ctx = ctx,
               .config = config,
               .options = options ? options : &usual,
               .folder = folder->path,
               .count = pb_config_folds(config),
               .is_ready = true};
    char *selector = NULL;
    PB_TRY(check_options(ctx, f.options));
    PB_TRY(pb_run_folder_selector(ctx, folder, &selector));
    const pb_status status = run_folds(&f, selector);
    free(selector);
    return status;
}

/* ---- scoring ---- */

static pb_status eval_folds(folds *f, json_t *scores[])
{
    pb_status status = PB_OK;
    for (f->fold = 1; status == PB_OK && f->fold <= f->count; f->fold++) {
        char *path = pb_fold_path(f->folder, f->fold), *text = NULL;
        status = path ? pb_run_eval(f->ctx, path, f->options, &text)
                      : pb_fail(f->ctx, PB_ERR_MEMORY, "no memory for a path");
        if (status == PB_OK && !(scores[f->fold - 1] = json_loads(text, 0, NULL)))
            status = pb_fail(f->ctx, PB_ERR_MEMORY, "no memory for the scores of a fold");
        free(text);
        free(path);
    }
    return status;
}

/* What one fold says of all of them, then the spreads, then what each says of itself. */
static pb_status join_scores(const folds *f, json_t *scores[], char **text)
{
    static const char *const keys[] = {"test_accuracy", "test_loss"};
    int seeds, bad = 0;
    pb_option_ints(f->config->train, "seeds", &seeds);
    double *numbers = calloc((size_t)f->count * (size_t)seeds, sizeof *numbers);
    json_t *json = json_deep_copy(scores[0]), *each = json_array();
    bad |= !numbers || json_object_del(json, "class_accuracies");
    for (int i = 0; !bad && i < 2; i++) {
        pb_fold_numbers(scores, f->count, keys[i], seeds, numbers);
        bad |= json_object_set_new(json, keys[i], pb_fold_spread(numbers, f->count, seeds));
    }
    for (int i = 0; i < f->count; i++)
        bad |=
            json_array_append_new(each, json_pack("{s:i, s:O}", "fold", i + 1, "class_accuracies",
                                                  json_object_get(scores[i], "class_accuracies")));
    bad |= json_object_set_new(json, "folds", each);
    *text = bad ? NULL : json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    json_decref(json);
    free(numbers);
    return *text ? PB_OK : pb_fail(f->ctx, PB_ERR_MEMORY, "no memory for the scores");
}

pb_status pb_cross_validation_eval(pb_context *ctx, const char *folder, const pb_config *config,
                                   const pb_run_options *options, char **json)
{
    folds f = {.ctx = ctx,
               .config = config,
               .options = options,
               .folder = folder,
               .count = pb_config_folds(config)};
    json_t **scores = calloc((size_t)f.count, sizeof *scores);
    pb_status status = scores ? eval_folds(&f, scores)
                              : pb_fail(ctx, PB_ERR_MEMORY, "no memory for the scores of folds");
    if (status == PB_OK) status = join_scores(&f, scores, json);
    for (int i = 0; scores && i < f.count; i++) json_decref(scores[i]);
    free(scores);
    return status;
}
