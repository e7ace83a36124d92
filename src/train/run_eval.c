/* Scoring the saved parameters of a run again. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "train/cross_validation.h"
#include "train/seed.h"
#include "train/summary.h"

/* The scores of every seed that has parameters. */
typedef struct scores {
    int count;
    double *accuracies, *losses; /* [count] */
    json_t *seeds, *class_accuracies;
} scores;

static pb_status score_seed(pb_session *s, const pb_run_folder *folder, int64_t seed, scores *all)
{
    char *path = pb_run_folder_of_seed(folder, seed);
    char *best = path ? pb_path_join(path, "best.safetensors") : NULL;
    json_t *result = NULL;
    pb_status status = best ? PB_OK : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for a path");
    if (status == PB_OK && pb_file_exists(best)) {
        status = pb_seed_load_best(s, path);
        if (status == PB_OK) status = pb_seed_test(s, &result);
    }
    if (result) {
        all->accuracies[all->count] = json_number_value(json_object_get(result, "test_accuracy"));
        all->losses[all->count] = json_number_value(json_object_get(result, "test_loss"));
        all->count++;
        json_array_append_new(all->seeds, json_integer(seed));
        json_array_append(all->class_accuracies, json_object_get(result, "class_accuracies"));
    }
    json_decref(result);
    free(best);
    free(path);
    return status;
}

static pb_status score_seeds(pb_session *s, const pb_run_folder *folder, scores *all)
{
    int count = 0;
    const int64_t *seeds = pb_option_ints(s->config->train, "seeds", &count);
    all->accuracies = calloc((size_t)count, sizeof *all->accuracies);
    all->losses = calloc((size_t)count, sizeof *all->losses);
    all->seeds = json_array();
    all->class_accuracies = json_array();
    if (!all->accuracies || !all->losses || !all->seeds || !all->class_accuracies)
        return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for the scores of %d seeds", count);
    for (int i = 0; i < count; i++) PB_TRY(score_seed(s, folder, seeds[i], all));
    if (all->count == 0)
        return pb_fail(s->ctx, PB_ERR_USAGE,
                       "%s: no seed has best.safetensors yet; resume the run first", folder->path);
    return PB_OK;
}

static pb_status as_text(pb_session *s, const scores *all, char **text)
{
    json_t *names = json_array();
    for (int c = 0; c < s->data->classes; c++)
        json_array_append_new(names, json_string(s->data->class_names[c]));
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:O, s:o, s:o, s:o, s:O}", "name", pb_config_name(s->config),
                  "data_set", s->data->name, "device", pb_device_describe(s->device)->name, "seeds",
                  all->seeds, "test_accuracy", pb_spread(all->accuracies, all->count), "test_loss",
                  pb_spread(all->losses, all->count), "class_names", names, "class_accuracies",
                  all->class_accuracies);
    *text = json ? json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(json);
    return *text ? PB_OK : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for the scores");
}

static pb_status score_run(pb_session *s, const pb_run_folder *folder, const char *device,
                           char **text)
{
    scores all = {0};
    char *selector = NULL;
    PB_TRY(pb_run_folder_choices(s, folder));
    PB_TRY(pb_fitted_load(s->ctx, folder->path, &s->fitted));
    PB_TRY(pb_run_folder_selector(s->ctx, folder, &selector));
    pb_status status = pb_session_plan(s, device ? device : selector);
    free(selector);
    if (status == PB_OK) status = pb_run_folder_compare(s, folder);
    if (status == PB_OK) status = pb_session_upload(s);
    if (status == PB_OK) status = score_seeds(s, folder, &all);
    if (status == PB_OK) status = as_text(s, &all, text);
    free(all.accuracies);
    free(all.losses);
    json_decref(all.seeds);
    json_decref(all.class_accuracies);
    return status;
}

pb_status pb_run_eval(pb_context *ctx, const char *folder, const pb_run_options *options,
                      char **json)
{
    pb_run_folder place;
    pb_config *config = NULL;
    *json = NULL;
    PB_TRY(pb_run_folder_open(ctx, folder, false, &place));
    pb_status status = pb_run_folder_config(ctx, &place, &config);
    if (status == PB_OK && pb_config_cross_validates(config)) {
        status = pb_cross_validation_eval(ctx, folder, config, options, json);
    } else if (status == PB_OK) {
        pb_session session;
        status = pb_session_open(ctx, config, options, &session);
        if (status == PB_OK)
            status = score_run(&session, &place, options ? options->device : NULL, json);
        pb_session_close(&session);
    }
    pb_config_free(&config);
    pb_run_folder_close(&place);
    return status;
}
