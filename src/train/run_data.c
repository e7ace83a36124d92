#include "train/run_data.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "data/loader.h"
#include "data/mnist1d.h"
#include "device/device.h"
#include "train/applied.h"

struct pb_reading {
    pb_context *ctx; /* for its sentences: contexts are not shared */
    pthread_t thread;
    sem_t outlined;
    const pb_dataset_options *wanted; /* the caller's, who waits until it is `outlined` */
    pb_dataset *data;
    pb_status outline, status;
};

static void *read_data(void *of)
{
    pb_reading *r = of;
    r->outline = r->status = pb_dataset_outline(r->ctx, r->wanted, &r->data);
    pb_dataset *data = r->data;
    pb_log_to(r->ctx, PB_LOG_ERROR, NULL, NULL); /* from here on the caller's context is in use */
    sem_post(&r->outlined);
    if (r->status == PB_OK) r->status = pb_dataset_read(r->ctx, data);
    return NULL;
}

static void pass_on(void *user, pb_log_level level, const char *line)
{
    pb_log(user, level, "%s", line);
}

static pb_reading *start_reading(pb_context *ctx, const pb_dataset_options *wanted)
{
    pb_reading *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->ctx = pb_context_create();
    r->wanted = wanted;
    if (r->ctx) pb_log_to(r->ctx, PB_LOG_DEBUG, pass_on, ctx);
    if (r->ctx && sem_init(&r->outlined, 0, 0) == 0) {
        if (pthread_create(&r->thread, NULL, read_data, r) == 0) return r;
        sem_destroy(&r->outlined);
    }
    pb_context_free(&r->ctx);
    free(r);
    return NULL;
}

pb_status pb_reading_end(pb_context *ctx, pb_reading **reading)
{
    pb_reading *r = *reading;
    if (!r) return PB_OK;
    pthread_join(r->thread, NULL);
    const pb_status status =
        r->status == PB_OK ? PB_OK : pb_fail(ctx, r->status, "%s", pb_error(r->ctx));
    sem_destroy(&r->outlined);
    pb_context_free(&r->ctx);
    free(r);
    *reading = NULL;
    return status;
}

/* Unpacking images takes longer than loading what OpenCL consists of. The latter stays with this
 * thread, for drivers leave things behind in theirs. */
static pb_status begin(pb_context *ctx, const pb_dataset_options *wanted, pb_dataset **data,
                       pb_reading **reading)
{
    pb_reading *r = *reading = start_reading(ctx, wanted);
    if (!r) return pb_dataset_load(ctx, wanted, data);
    pb_device_load();
    while (sem_wait(&r->outlined) != 0) continue; /* a signal came */
    *data = r->data;
    return r->outline == PB_OK ? PB_OK : pb_reading_end(ctx, reading);
}

static pb_status check(pb_context *ctx, const pb_config *config, const pb_dataset *d)
{
    const char *again = pb_applied_again(config, d);
    if (again)
        pb_log(ctx, PB_LOG_WARN,
               "%s: %s was applied when the file was made, with other stages or options than the "
               "configuration begins with, and is applied again to what the file holds; passband "
               "inspect prints its stages",
               pb_option_string(config->data, "path"), again);
    if (d->train.count > 0 && d->test.count > 0) return PB_OK;
    return pb_fail(ctx, PB_ERR_DATA,
                   "data set %s: %d training and %d test samples; a run needs both", d->name,
                   d->train.count, d->test.count);
}

pb_status pb_run_data_begin(pb_context *ctx, const pb_config *config, bool skip_damaged,
                            pb_dataset **data, pb_reading **reading)
{
    const pb_options *o = config->data;
    const char *path = pb_option_string(o, "path");
    pb_mnist1d_options mnist1d;
    if (config->mnist1d) PB_TRY(pb_mnist1d_read(ctx, config->mnist1d, &mnist1d));
    const pb_dataset_options wanted = {
        .name = pb_option_string(o, "name"),
        .path = path[0] ? path : NULL,
        .test_fraction = pb_option_float(o, "test_fraction"),
        .split_seed = (uint64_t)pb_option_int(o, "split_seed"),
        .limit = (int)pb_option_int(o, "limit"),
        .mnist1d = config->mnist1d ? &mnist1d : NULL,
        .skip_damaged = skip_damaged || pb_option_bool(o, "skip_damaged"),
    };
    PB_TRY(begin(ctx, &wanted, data, reading));
    return check(ctx, config, *data);
}

pb_status pb_run_data_load(pb_context *ctx, const pb_config *config, bool skip_damaged,
                           pb_dataset **data)
{
    pb_reading *reading = NULL;
    const pb_status status = pb_run_data_begin(ctx, config, skip_damaged, data, &reading);
    const pb_status read = pb_reading_end(status == PB_OK ? ctx : NULL, &reading);
    return status == PB_OK ? read : status;
}

/* The rows of one fold, and those of all others. */
static pb_status split_by_fold(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                               int fold, int32_t **train, int *train_count, int32_t **held,
                               int *held_count)
{
    const int folds = (int)pb_option_int(config->train, "folds"), count = data->train.count;
    const pb_fold_options options = {
        .count = folds,
        .stratified = strcmp(pb_option_string(config->train, "fold_kind"), "stratified") == 0,
        .seed = (uint64_t)pb_option_int(config->data, "split_seed"),
        .repeat = fold / folds,
    };
    int32_t *fold_of = malloc((size_t)count * sizeof *fold_of);
    *train = malloc((size_t)count * sizeof **train);
    *held = malloc((size_t)count * sizeof **held);
    pb_status status =
        fold_of && *train && *held
            ? pb_dataset_folds(ctx, data->train.labels, count, data->classes, &options, fold_of)
            : pb_fail(ctx, PB_ERR_MEMORY, "no memory for a list of samples");
    for (int32_t i = 0; status == PB_OK && i < count; i++) {
        if (fold_of[i] == fold % folds)
            (*held)[(*held_count)++] = i;
        else
            (*train)[(*train_count)++] = i;
    }
    free(fold_of);
    if (status == PB_OK) return PB_OK;
    free(*train);
    free(*held);
    *train = *held = NULL;
    return pb_fail_prefix(ctx, status, "%s", pb_option_where(config->train, "folds"));
}

pb_status pb_run_data_split(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                            int32_t **train, int *train_count, int32_t **held, int *held_count)
{
    const double held_out = pb_option_float(config->data, "validation");
    const int count = data->train.count;
    *train = *held = NULL;
    *train_count = *held_count = 0;
    if (pb_config_folds(config) > 0) {
        const int64_t fold = pb_option_int(config->train, "fold");
        return split_by_fold(ctx, config, data, fold > 0 ? (int)fold - 1 : 0, train, train_count,
                             held, held_count);
    }
    if (held_out > 0)
        return pb_dataset_split(ctx, data->train.labels, count, data->classes, held_out,
                                (uint64_t)pb_option_int(config->data, "split_seed"), train,
                                train_count, held, held_count);
    *train = malloc((size_t)count * sizeof **train);
    if (!*train) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a list of samples");
    *train_count = count;
    for (int i = 0; i < count; i++) (*train)[i] = i;
    return PB_OK;
}
