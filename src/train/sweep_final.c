/* The winners of a search: each trained with the final seeds, and only then tested. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "train/folder_lock.h"
#include "train/sweep.h"

enum { CONFIG_LIMIT_BYTES = 1 << 20 };

static pb_status no_memory(pb_sweep *s)
{
    return pb_fail(s->ctx, PB_ERR_MEMORY, "out of memory for a winner's run");
}

/* Whether a file of a folder is there, and what it holds when `text` is not NULL (free()). */
static pb_status look_into(pb_sweep *s, const char *run, const char *file, bool *there, char **text)
{
    char *folder = pb_path_join(s->folder, run), *path = folder ? pb_path_join(folder, file) : NULL;
    size_t bytes;
    pb_status status = path ? PB_OK : no_memory(s);
    *there = path && pb_file_exists(path);
    if (text) *text = NULL;
    if (*there && text) status = pb_file_read(s->ctx, path, CONFIG_LIMIT_BYTES, text, &bytes);
    free(path);
    free(folder);
    return status;
}

/* Names the folder of a winner: "<arm>-trial-<n>". When that holds a run of another configuration,
 * with other final seeds say, "-2", "-3", ... is appended. */
static pb_status name_run(pb_sweep *s, const pb_arm *arm, int number, const char *yaml, char **name,
                          bool *begun)
{
    for (int attempt = 1;; attempt++) {
        pb_text text = {0};
        char *held = NULL;
        pb_text_append(&text, "%s-trial-%d", arm->name, number);
        if (attempt > 1) pb_text_append(&text, "-%d", attempt);
        pb_status status =
            text.failed ? no_memory(s) : look_into(s, text.text, "config.yaml", begun, &held);
        const bool fits = !held || strcmp(held, yaml) == 0;
        free(held);
        if (status == PB_OK && fits) {
            *name = text.text;
            return PB_OK;
        }
        pb_text_free(&text);
        PB_TRY(status);
    }
}

static pb_status train(pb_sweep *s, const pb_config *config, const char *run, bool begun)
{
    bool done;
    char *folder;
    PB_TRY(look_into(s, run, "summary.json", &done, NULL));
    if (done) return PB_OK;
    PB_TRY(pb_sweep_path(s, run, &folder));
    const pb_run_options options = {.folder = folder,
                                    .device = s->options.device,
                                    .progress = s->options.progress,
                                    .user = s->options.user,
                                    .stop = s->options.stop};
    const pb_status status = begun ? pb_run_resume(s->ctx, folder, &options)
                                   : pb_run_train(s->ctx, config, &options, NULL);
    free(folder);
    return status;
}

/* Trains the best trial of an arm anew unless that is done; `*run` names its folder. */
static pb_status crown(pb_sweep *s, const pb_arm *arm, const pb_trials *trials, char **run)
{
    const pb_trial *best = pb_trials_best(trials, s->config->maximise);
    pb_config *config = NULL;
    if (!best)
        return pb_fail(
            s->ctx, PB_ERR_RUN,
            "%s: none of its %d trials is complete (%d pruned, %d failed), so there is no "
            "winner; study.db tells why each ended",
            arm->name, trials->count, pb_trials_count(trials, PB_TRIAL_PRUNED),
            pb_trials_count(trials, PB_TRIAL_FAIL));
    PB_TRY(pb_arm_final_config(s->ctx, s->config, arm, best->point, &config));
    char *yaml = pb_config_yaml(config);
    bool begun = false;
    pb_status status = yaml ? name_run(s, arm, best->number, yaml, run, &begun) : no_memory(s);
    if (status == PB_OK) status = train(s, config, *run, begun);
    free(yaml);
    pb_config_free(&config);
    return status;
}

static pb_status conclude(pb_sweep *s, pb_trials trials[], char *runs[])
{
    for (int i = 0; i < s->config->arm_count; i++)
        PB_TRY(pb_store_load(s->store, s->studies[i], &s->config->arms[i].space, &trials[i]));
    for (int i = 0; i < s->config->arm_count; i++)
        PB_TRY(crown(s, &s->config->arms[i], &trials[i], &runs[i]));
    return pb_sweep_write_result(s, trials, runs);
}

/* Of several processes the first does it all; the others wait and find it done. */
pb_status pb_sweep_conclude(pb_sweep *s)
{
    const size_t arms = (size_t)s->config->arm_count;
    pb_trials *trials = calloc(arms, sizeof *trials);
    char **runs = calloc(arms, sizeof *runs);
    pb_status status = trials && runs ? pb_folder_lock(s->ctx, s->folder, s->options.stop, &s->lock)
                                      : no_memory(s);
    if (status == PB_OK) status = conclude(s, trials, runs);
    pb_folder_unlock(&s->lock);
    for (size_t i = 0; i < arms; i++) {
        if (trials) pb_trials_clear(&trials[i]);
        if (runs) free(runs[i]);
    }
    free(trials);
    free(runs);
    return status;
}
