/* Training a run from its configuration, and going on with one that was interrupted. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "train/augmented.h"
#include "train/checkpoint.h"
#include "train/cross_validation.h"
#include "train/metrics.h"
#include "train/model.h"
#include "train/pretrained.h"
#include "train/run_one.h"
#include "train/summary.h"
#include "train/weight_record.h"
#include "train/weight_training.h"

/* A run at work. */
typedef struct run {
    pb_context *ctx;
    pb_session session;
    pb_run_folder folder;
    pb_seed *seeds; /* [count], the first `begun` of them created */
    int count, begun;
} run;

/* ---- after each epoch ---- */

static double number_or_nan(const json_t *line, const char *key)
{
    const json_t *number = json_object_get(line, key);
    return json_is_number(number) ? json_number_value(number) : (double)NAN;
}

static pb_status write_metrics(run *r)
{
    return pb_metrics_write(&r->session, r->folder.path, r->seeds, r->begun);
}

static pb_status after_epoch(void *user, const pb_seed *state)
{
    run *r = user;
    const double start = pb_seconds();
    PB_TRY(write_metrics(r));
    pb_trace_span(r->session.trace, start, "metrics");
    const pb_run_options *o = &r->session.options;
    if (!o->progress) return PB_OK;
    const json_t *line = json_array_get(state->metrics, (size_t)state->epoch - 1);
    const pb_progress progress = {
        .run = pb_config_name(r->session.config),
        .seed_index = r->begun - 1,
        .seed_count = r->count,
        .seed = state->seed,
        .epoch = state->epoch,
        .epochs = (int)pb_option_int(r->session.config->train, "epochs"),
        .train_loss = number_or_nan(line, "train_loss"),
        .val_loss = number_or_nan(line, "val_loss"),
        .val_accuracy = number_or_nan(line, "val_accuracy"),
        .seconds_per_epoch = number_or_nan(line, "seconds"),
    };
    o->progress(o->user, &progress);
    return PB_OK;
}

/* ---- seeds ---- */

/* Says where a run that ended early stands. The sentence so far is copied: it lives in the context.
 */
static pb_status explain_end(run *r, pb_status status, const pb_seed *state)
{
    if (status == PB_INTERRUPTED)
        return pb_fail(r->ctx, status,
                       "interrupted: seed %" PRId64
                       " has %d of %d epochs done; passband resume %s goes on",
                       state->seed, state->epoch,
                       (int)pb_option_int(r->session.config->train, "epochs"), r->folder.path);
    if (status != PB_ERR_NOT_FINITE) return status;
    char *said = strdup(pb_error(r->ctx));
    if (!said) return status;
    if (state->epoch > 0)
        pb_fail(r->ctx, status, "%s; the checkpoint of epoch %d stays in %s/seed-%" PRId64, said,
                state->epoch, r->folder.path, state->seed);
    else
        pb_fail(r->ctx, status, "%s; no epoch was done before", said);
    free(said);
    return status;
}

/* Makes the files that follow from a checkpoint: the process may have died between them. */
static pb_status restore(run *r, const char *folder, const char *checkpoint, pb_seed *state)
{
    if (!pb_file_exists(checkpoint)) return PB_OK;
    PB_TRY(pb_checkpoint_load(&r->session, checkpoint, state));
    PB_TRY(pb_seed_save_best(&r->session, folder, state));
    return write_metrics(r);
}

/* The network that the seed learned, as small as `compress-model` makes it by default, with 8 bits
 * where no validation part tells how many are needed. */
static pb_status save_model(run *r, const char *folder, pb_seed *state)
{
    const pb_model_options options = {.loss = PB_MODEL_LOSS, .bits_unless_searched = 8};
    pb_model_facts facts;
    const double start = pb_seconds();
    char *path = pb_path_join(folder, "model.pbw");
    pb_status status = path ? pb_weights_begin(&r->session, state->seed)
                            : pb_fail(r->ctx, PB_ERR_MEMORY, "no memory for a path");
    if (status == PB_OK)
        status = pb_model_make(&r->session, state->seed, &state->best, &options, path, &facts);
    if (status == PB_OK) {
        state->weight_bytes = (double)facts.bytes;
        state->compressed_accuracy = facts.test_accuracy;
    }
    pb_trace_span(r->session.trace, start, "compressed network");
    free(path);
    return status;
}

static pb_status run_seed(run *r, pb_seed *state)
{
    char *folder = pb_run_folder_of_seed(&r->folder, state->seed);
    char *checkpoint = folder ? pb_path_join(folder, "checkpoint.safetensors") : NULL;
    pb_status status = checkpoint ? PB_OK : pb_fail(r->ctx, PB_ERR_MEMORY, "no memory for a path");
    if (status == PB_OK) status = pb_folder_make(r->ctx, folder);
    if (status == PB_OK) status = restore(r, folder, checkpoint, state);
    if (status == PB_OK && !state->result)
        status = explain_end(r, pb_seed_run(&r->session, folder, state, after_epoch, r), state);
    if (status == PB_OK && r->session.graph.layer_count > 0)
        status = explain_end(r, save_model(r, folder, state), state);
    if (status == PB_OK && state == r->seeds)
        status = pb_weight_record_write(&r->session, state, r->folder.path);
    pb_tensors_clear(&state->lasting); /* the summary needs neither */
    pb_tensors_clear(&state->best);
    free(checkpoint);
    free(folder);
    return status;
}

static pb_status run_seeds(run *r)
{
    const int64_t *seeds = pb_option_ints(r->session.config->train, "seeds", &r->count);
    r->seeds = calloc((size_t)r->count, sizeof *r->seeds);
    if (!r->seeds) return pb_fail(r->ctx, PB_ERR_MEMORY, "no memory for %d seeds", r->count);
    for (int i = 0; i < r->count; i++) {
        PB_TRY(pb_seed_create(&r->session, seeds[i], &r->seeds[i]));
        r->begun = i + 1;
        PB_TRY(run_seed(r, &r->seeds[i]));
    }
    if (r->session.options.profile) PB_TRY(pb_profile_write(&r->session, r->folder.path));
    return pb_summary_write(&r->session, r->folder.path, r->seeds, r->count);
}

/* An interrupted run leaves its trace too. */
static void close_run(run *r, pb_status *status)
{
    const bool keep = *status == PB_OK || *status == PB_INTERRUPTED;
    const pb_status traced = pb_trace_close(&r->session.trace, keep);
    if (*status == PB_OK) *status = traced;
    for (int i = 0; i < r->begun; i++) pb_seed_clear(&r->seeds[i]);
    free(r->seeds);
    pb_session_close(&r->session);
    pb_run_folder_close(&r->folder);
}

/* ---- the two ways in ---- */

static pb_status take_choices(run *r, const char *folder)
{
    const pb_run_folder from = {.path = (char *)folder};
    return folder ? pb_run_folder_choices(&r->session, &from) : PB_OK;
}

static pb_status begin(run *r, const pb_config *config, const pb_run_options *options,
                       const pb_run_shared *shared)
{
    const char *chosen = options ? options->device : NULL;
    const char *selector = chosen           ? chosen
                           : config->device ? config->device
                                            : getenv("PASSBAND_DEVICE");
    const double start = pb_seconds();
    PB_TRY(pb_session_open(r->ctx, config, options, &r->session));
    PB_TRY(take_choices(r, shared->choices_of));
    PB_TRY(pb_pretrained_read(&r->session)); /* so that a wrong name costs no kernels */
    PB_TRY(pb_session_plan(&r->session, selector));
    PB_TRY(pb_pretrained_read(&r->session));
    PB_TRY(pb_session_upload(&r->session));
    PB_TRY(pb_session_warm_up(&r->session));
    if (shared->ready) PB_TRY(shared->ready(shared->user, &r->session, selector));
    PB_TRY(pb_pretrained_save(&r->session, r->folder.path));
    PB_TRY(pb_run_folder_begin(&r->session, &r->folder, selector));
    pb_weights_foretell(&r->session);
    PB_TRY(pb_augmented_write(&r->session, r->folder.path));
    pb_trace_span(r->session.trace, start, "setup");
    return PB_OK;
}

pb_status pb_run_train_one(pb_context *ctx, const pb_config *config, const pb_run_options *options,
                           const pb_run_shared *shared, char **folder)
{
    run r = {.ctx = ctx};
    char *saved = NULL;
    if (!options || !options->folder) PB_TRY(pb_run_folder_saved(ctx, config, &saved));
    pb_status status = pb_run_folder_create(ctx, saved || !options ? saved : options->folder,
                                            config->name, &r.folder);
    free(saved);
    PB_TRY(status);
    status = begin(&r, config, options, shared);
    if (status == PB_OK && folder && !(*folder = strdup(r.folder.path)))
        status = pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    if (status == PB_OK) status = run_seeds(&r);
    close_run(&r, &status);
    return status;
}

pb_status pb_run_train(pb_context *ctx, const pb_config *config, const pb_run_options *options,
                       char **folder)
{
    static const pb_run_shared alone = {0};
    if (folder) *folder = NULL;
    return pb_config_cross_validates(config)
               ? pb_cross_validation_train(ctx, config, options, folder)
               : pb_run_train_one(ctx, config, options, &alone, folder);
}

static pb_status go_on(run *r, const pb_config *config, const pb_run_options *options)
{
    char *selector = NULL;
    const double start = pb_seconds();
    PB_TRY(pb_session_open(r->ctx, config, options, &r->session));
    PB_TRY(pb_run_folder_choices(&r->session, &r->folder));
    PB_TRY(pb_fitted_load(r->ctx, r->folder.path, &r->session.fitted));
    PB_TRY(pb_run_folder_selector(r->ctx, &r->folder, &selector));
    const pb_status status =
        pb_session_plan(&r->session, options && options->device ? options->device : selector);
    free(selector);
    PB_TRY(status);
    PB_TRY(pb_pretrained_load(&r->session, r->folder.path));
    PB_TRY(pb_run_folder_compare(&r->session, &r->folder));
    PB_TRY(pb_session_upload(&r->session));
    PB_TRY(pb_session_warm_up(&r->session));
    PB_TRY(pb_augmented_write(&r->session, r->folder.path));
    pb_trace_span(r->session.trace, start, "setup");
    return run_seeds(r);
}

pb_status pb_run_resume(pb_context *ctx, const char *folder, const pb_run_options *options)
{
    run r = {.ctx = ctx};
    pb_config *config = NULL;
    PB_TRY(pb_run_folder_open(ctx, folder, true, &r.folder));
    pb_status status = PB_OK;
    char *summary = pb_path_join(folder, "summary.json"),
         *path = pb_path_join(folder, "config.yaml");
    if (!summary || !path) {
        status = pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    } else if (pb_file_exists(summary)) {
        pb_log(ctx, PB_LOG_INFO, "%s: is finished already", folder);
    } else {
        status = pb_config_load(ctx, path, 0, NULL, &config);
        if (status == PB_OK)
            status = pb_config_cross_validates(config)
                         ? pb_cross_validation_resume(ctx, &r.folder, config, options)
                         : go_on(&r, config, options);
    }
    close_run(&r, &status);
    pb_config_free(&config);
    free(summary);
    free(path);
    return status;
}
