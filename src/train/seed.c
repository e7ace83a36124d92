#include "train/seed.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "train/checkpoint.h"
#include "train/epoch.h"
#include "train/metrics.h"
#include "train/weight_rules.h"
#include "train/weight_training.h"

/* ---- room ---- */

/* Appends a zeroed tensor of a float leaf's shape under `name`. */
static pb_status add_like(pb_session *s, pb_tensors *into, const char *name, pb_value leaf)
{
    const pb_shape shape = pb_value_shape(s->graph.g, leaf);
    size_t dim[PB_MAX_AXES];
    for (int a = 0; a < shape.axes; a++) dim[a] = (size_t)shape.dim[a];
    void *zeros = calloc(1, pb_leaf_bytes(s->graph.g, leaf));
    if (!zeros) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for %s", name);
    const pb_status status = pb_tensors_add(s->ctx, into, name, pb_value_dtype(s->graph.g, leaf),
                                            shape.axes, dim, zeros);
    free(zeros);
    return status;
}

/* A recording starts as NaN: what a seed that stops early never reaches. */
static pb_status add_recording(pb_session *s, pb_tensors *into, const pb_recording *log)
{
    const size_t dim[] = {(size_t)s->graph.points, (size_t)log->width};
    const size_t count = dim[0] * dim[1];
    float *nan = malloc(count * sizeof *nan);
    if (!nan) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory to record %s", log->name);
    for (size_t i = 0; i < count; i++) nan[i] = NAN;
    const pb_status status =
        pb_tensors_add(s->ctx, into, log->name, PB_F32, 1 + log->axes, dim, nan);
    free(nan);
    return status;
}

static pb_status make_room(pb_session *s, pb_seed *state)
{
    const pb_run_graph *r = &s->graph;
    for (int i = 0; i < r->lasting_count; i++) {
        const char *name = pb_value_name(r->g, r->lasting[i]);
        PB_TRY(add_like(s, &state->lasting, name, r->lasting[i]));
        if (i < r->network_count) PB_TRY(add_like(s, &state->best, name, r->lasting[i]));
    }
    for (int i = 0; i < r->recording_count; i++)
        PB_TRY(add_recording(s, &state->recordings, &r->recordings[i]));
    for (int i = 0; i < r->view_count; i++)
        PB_TRY(add_like(s, &state->views, r->views[i].name, r->views[i].leaf));
    return PB_OK;
}

pb_status pb_seed_create(pb_session *s, int64_t seed, pb_seed *state)
{
    *state = (pb_seed){.seed = seed,
                       .best_accuracy = NAN,
                       .best_loss = NAN,
                       .mark = NAN,
                       .weight_bytes = NAN,
                       .compressed_accuracy = NAN};
    state->metrics = json_array();
    const pb_status status = state->metrics
                                 ? make_room(s, state)
                                 : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for the metrics");
    if (status != PB_OK) pb_seed_clear(state);
    return status;
}

void pb_seed_clear(pb_seed *state)
{
    json_decref(state->metrics);
    json_decref(state->result);
    pb_tensors_clear(&state->lasting);
    pb_tensors_clear(&state->best);
    pb_tensors_clear(&state->recordings);
    pb_tensors_clear(&state->views);
    *state = (pb_seed){0};
}

/* ---- between plan and tensors ---- */

static pb_status write_tensors(pb_session *s, const pb_value leaves[], const pb_tensors *from)
{
    for (int i = 0; i < from->count; i++)
        PB_TRY(pb_session_write(s, leaves[i], from->tensor[i].data));
    return PB_OK;
}

/* Puts a network where evaluation takes it from. */
static pb_status write_network(pb_session *s, const pb_tensors *network)
{
    for (int i = 0; i < network->count; i++)
        PB_TRY(
            pb_session_write(s, s->graph.lasting[s->graph.evaluated[i]], network->tensor[i].data));
    return PB_OK;
}

static bool all_finite(const pb_tensor *t)
{
    const float *values = t->data;
    for (size_t i = 0; t->dtype == PB_F32 && i < t->bytes / sizeof *values; i++)
        if (!isfinite(values[i])) return false;
    return true;
}

static pb_status read_lasting(pb_session *s, pb_seed *state)
{
    for (int i = 0; i < state->lasting.count; i++) {
        const pb_tensor *t = &state->lasting.tensor[i];
        PB_TRY(pb_session_read(s, s->graph.lasting[i], t->data));
        if (!all_finite(t))
            return pb_fail(s->ctx, PB_ERR_NOT_FINITE,
                           "seed %" PRId64 ", epoch %d: %s has a value that is not finite; a lower "
                           "learning rate may help",
                           state->seed, state->epoch + 1, t->name);
    }
    return PB_OK;
}

static pb_status save_in(pb_session *s, const char *folder, const char *file,
                         pb_status (*save)(pb_session *, const char *, const pb_seed *),
                         const pb_seed *state)
{
    char *path = pb_path_join(folder, file);
    if (!path) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for a path");
    const double start = pb_seconds();
    const pb_status status = save(s, path, state);
    pb_trace_span(s->trace, start, "checkpoint: %s", file);
    free(path);
    return status;
}

static pb_status save_best(pb_session *s, const char *path, const pb_seed *state)
{
    return pb_safetensors_save(s->ctx, path, &state->best);
}

pb_status pb_seed_save_best(pb_session *s, const char *folder, const pb_seed *state)
{
    return save_in(s, folder, "best.safetensors", save_best, state);
}

pb_status pb_seed_load_network(pb_session *s, const char *folder, const char *file_name)
{
    pb_tensors file = {0}, best = {0};
    char *path = pb_path_join(folder, file_name);
    pb_status status = path ? PB_OK : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for a path");
    for (int i = 0; status == PB_OK && i < s->graph.network_count; i++)
        status =
            add_like(s, &best, pb_value_name(s->graph.g, s->graph.lasting[i]), s->graph.lasting[i]);
    if (status == PB_OK) status = pb_safetensors_load(s->ctx, path, &file);
    if (status == PB_OK) status = pb_checkpoint_take(s->ctx, path, &file, "", &best);
    if (status == PB_OK) status = write_network(s, &best);
    pb_tensors_clear(&file);
    pb_tensors_clear(&best);
    free(path);
    return status;
}

pb_status pb_seed_load_best(pb_session *s, const char *folder)
{
    return pb_seed_load_network(s, folder, "best.safetensors");
}

/* ---- snapshots ---- */

pb_snapshot_name pb_snapshot_file(int k)
{
    pb_snapshot_name name;
    snprintf(name.text, sizeof name.text, "snapshot-%d.safetensors", k);
    return name;
}

/* The network as of the epoch just done, laid out as the best one is. */
static pb_status save_snapshot(pb_session *s, const char *path, const pb_seed *state)
{
    pb_tensors network = {0};
    pb_status status = PB_OK;
    for (int i = 0; status == PB_OK && i < state->best.count; i++) {
        const pb_tensor *t = &state->best.tensor[i];
        status = pb_tensors_add(s->ctx, &network, t->name, t->dtype, t->axes, t->dim,
                                state->lasting.tensor[s->graph.evaluated[i]].data);
    }
    if (status == PB_OK) status = pb_safetensors_save(s->ctx, path, &network);
    pb_tensors_clear(&network);
    return status;
}

/* ---- one epoch ---- */

static bool monitors_loss(const pb_session *s)
{
    return strcmp(pb_option_string(s->config->train, "monitor"), "loss") == 0;
}

/* The best epoch has the highest accuracy, then the lowest loss, or where that is monitored the
 * lowest loss, then the highest accuracy. Without validation, or where the last is to be kept, it
 * is the last, and so it is as long as thresholds of weights rise: before, they cost less accuracy.
 */
static bool is_best(const pb_session *s, const pb_seed *state, bool validated,
                    const pb_scored *held)
{
    const bool keeps_last = strcmp(pb_option_string(s->config->train, "keep"), "last") == 0;
    if (!validated || keeps_last || state->best_epoch == 0) return true;
    if (!pb_weights_settled(s->config, state->best_epoch - 1)) return true;
    const bool by_loss = monitors_loss(s) && held->loss != state->best_loss;
    if (!by_loss && held->accuracy != state->best_accuracy)
        return held->accuracy > state->best_accuracy;
    return held->loss < state->best_loss;
}

static void judge(pb_session *s, pb_seed *state, bool validated, const pb_scored *held)
{
    if (is_best(s, state, validated, held)) {
        state->best_epoch = state->epoch;
        state->best_accuracy = validated ? held->accuracy : (double)NAN;
        state->best_loss = validated ? held->loss : (double)NAN;
        for (int i = 0; i < state->best.count; i++)
            memcpy(state->best.tensor[i].data, state->lasting.tensor[s->graph.evaluated[i]].data,
                   state->best.tensor[i].bytes);
    }
    if (!validated) return;
    const double min_delta = pb_option_float(s->config->train, "min_delta");
    const double now = monitors_loss(s) ? -held->loss : held->accuracy;
    if (isnan(state->mark) || !pb_weights_settled(s->config, state->epoch - 1) ||
        now > state->mark + min_delta) {
        state->mark = now;
        state->stale = 0;
    } else {
        state->stale++;
    }
}

bool pb_seed_is_over(const pb_session *s, const pb_seed *state)
{
    const int64_t patience = pb_option_int(s->config->train, "patience");
    return state->epoch >= pb_option_int(s->config->train, "epochs") ||
           (patience > 0 && state->stale >= patience);
}

/* What the epochs so far came to, for schedules: the validation loss, without one the training
 * loss.
 */
static void list_losses(const pb_seed *state, double losses[])
{
    for (int e = 0; e < state->epoch; e++) {
        const json_t *line = json_array_get(state->metrics, (size_t)e);
        const json_t *held = json_object_get(line, "val_loss");
        losses[e] =
            json_number_value(json_is_number(held) ? held : json_object_get(line, "train_loss"));
    }
}

static pb_status train_epoch(pb_session *s, pb_seed *state, pb_trained *trained)
{
    double *losses = malloc(((size_t)state->epoch + 1) * sizeof *losses);
    if (!losses) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for the losses of a seed");
    list_losses(state, losses);
    const pb_status status =
        pb_epoch_train(s, state->seed, state->epoch, losses, &state->recordings, trained);
    free(losses);
    return status;
}

pb_status pb_seed_epoch(pb_session *s, pb_seed *state)
{
    pb_trained trained = {0};
    pb_scored held = {.loss = NAN, .accuracy = NAN};
    const bool validated = s->held_count > 0;
    const double start = pb_seconds();
    PB_TRY(pb_weights_prepare(s, state->epoch));
    PB_TRY(train_epoch(s, state, &trained));
    PB_TRY(read_lasting(s, state));
    pb_trace_span(s->trace, start, "epoch %d of seed %" PRId64, state->epoch + 1, state->seed);
    if (validated) {
        const double middle = pb_seconds();
        PB_TRY(pb_epoch_score(s, &s->graph.validate, NULL, &held));
        pb_trace_span(s->trace, middle, "validation");
        if (!isfinite(held.loss))
            return pb_fail(s->ctx, PB_ERR_NOT_FINITE,
                           "seed %" PRId64 ", epoch %d: the validation loss is not finite; a lower "
                           "learning rate may help",
                           state->seed, state->epoch + 1);
    }
    state->epoch++;
    judge(s, state, validated, &held);
    return pb_metrics_append(s, state, &trained, &held);
}

/* ---- the end ---- */

pb_status pb_seed_test(pb_session *s, json_t **result)
{
    const int classes = s->data->classes;
    double *accuracies = calloc((size_t)classes, sizeof *accuracies);
    if (!accuracies) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for %d classes", classes);
    pb_scored scored = {.class_accuracies = accuracies};
    pb_status status = pb_epoch_score(s, &s->graph.test, s->data->test.labels, &scored);
    if (status == PB_OK) {
        json_t *list = json_array();
        for (int c = 0; c < classes; c++) json_array_append_new(list, pb_json_real(accuracies[c]));
        *result =
            json_pack("{s:o, s:o, s:o}", "test_loss", pb_json_real(scored.loss), "test_accuracy",
                      pb_json_real(scored.accuracy), "class_accuracies", list);
        if (!*result) status = pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for the test's result");
    }
    free(accuracies);
    return status;
}

/* Sums over the test samples of each class become means: NaN for a class without any. */
static void divide_by_class(const pb_session *s, const pb_tensor *view)
{
    const pb_samples *test = &s->data->test;
    const size_t classes = view->dim[0], width = view->bytes / sizeof(float) / classes;
    for (size_t c = 0; c < classes; c++) {
        int samples = 0;
        for (int i = 0; i < test->count; i++) samples += (size_t)test->labels[i] == c;
        float *row = (float *)view->data + c * width;
        for (size_t k = 0; k < width; k++) row[k] = samples ? row[k] / (float)samples : NAN;
    }
}

/* The best parameters, where they are no longer those that the epoch was judged by. */
static pb_status validate_again(pb_session *s, pb_seed *state)
{
    pb_scored held = {.loss = NAN, .accuracy = NAN};
    if (s->held_count == 0) return PB_OK;
    PB_TRY(pb_epoch_score(s, &s->graph.validate, NULL, &held));
    state->best_accuracy = held.accuracy;
    state->best_loss = held.loss;
    return PB_OK;
}

/* Tests the best parameters and looks inside them. */
static pb_status finish(pb_session *s, pb_seed *state, bool changed)
{
    const pb_run_graph *r = &s->graph;
    PB_TRY(write_network(s, &state->best));
    if (changed) PB_TRY(validate_again(s, state));
    const pb_pass inspection = pb_session_inspection(s);
    if (r->inspects) PB_TRY(pb_session_pass(s, &inspection));
    PB_TRY(pb_seed_test(s, &state->result));
    for (int i = 0; i < r->view_count; i++) {
        const pb_tensor *view = &state->views.tensor[i];
        PB_TRY(pb_session_read(s, r->views[i].leaf, view->data));
        if (r->views[i].by_class) divide_by_class(s, view);
    }
    return PB_OK;
}

pb_status pb_seed_take(pb_session *s, const pb_seed *state)
{
    PB_TRY(pb_weights_begin(s, state->seed));
    return state->epoch > 0 ? write_tensors(s, s->graph.lasting, &state->lasting) : PB_OK;
}

pb_status pb_seed_advance(pb_session *s, const char *folder, pb_seed *state)
{
    PB_TRY(pb_seed_epoch(s, state));
    const int every = pb_config_snapshot_every(s->config);
    if (every > 0 &&
        state->epoch % every == 0) /* before the checkpoint: then it is there after a kill */
        PB_TRY(
            save_in(s, folder, pb_snapshot_file(state->epoch / every).text, save_snapshot, state));
    PB_TRY(save_in(s, folder, "checkpoint.safetensors", pb_checkpoint_save, state));
    return state->best_epoch == state->epoch ? pb_seed_save_best(s, folder, state) : PB_OK;
}

pb_status pb_seed_conclude(pb_session *s, const char *folder, pb_seed *state)
{
    if (state->epoch < pb_option_int(s->config->train, "epochs"))
        pb_log(s->ctx, PB_LOG_INFO,
               "seed %" PRId64 ": stopped after epoch %d, %d epochs without a better validation "
               "%s",
               state->seed, state->epoch, state->stale, monitors_loss(s) ? "loss" : "accuracy");
    bool changed;
    PB_TRY(pb_weights_end(s, state, &changed));
    PB_TRY(pb_seed_save_best(s, folder, state));
    const double start = pb_seconds();
    PB_TRY(finish(s, state, changed));
    pb_trace_span(s->trace, start, "test");
    return save_in(s, folder, "checkpoint.safetensors", pb_checkpoint_save, state);
}
