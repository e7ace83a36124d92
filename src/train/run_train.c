/* Training a run from its configuration, and going on with one that was interrupted. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "train/augmented.h"
#include "train/cross_validation.h"
#include "train/pretrained.h"
#include "train/run_one.h"
#include "train/run_seeds.h"
#include "train/weight_training.h"

/* A run at work. */
typedef struct run {
    pb_context *ctx;
    pb_session session;
    pb_run_folder folder;
} run;

/* An interrupted run leaves its trace too. */
static void close_run(run *r, pb_status *status)
{
    const bool keep = *status == PB_OK || *status == PB_INTERRUPTED;
    const pb_status traced = pb_trace_close(&r->session.trace, keep);
    if (*status == PB_OK) *status = traced;
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
    PB_TRY(pb_session_begin(r->ctx, config, options, &r->session));
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
    if (status == PB_OK) status = pb_run_seeds(&r.session, &r.folder);
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
    PB_TRY(pb_session_begin(r->ctx, config, options, &r->session));
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
    return pb_run_seeds(&r->session, &r->folder);
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
