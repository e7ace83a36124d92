#include "train/checkpoint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static const char format[] = "passband checkpoint 1";

/* ---- JSON notes: numbers that come back as the same doubles ---- */

/* Adds JSON as a note; takes the reference. */
static pb_status note_json(pb_context *ctx, pb_tensors *file, const char *key, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(json);
    const pb_status status = pb_tensors_note(ctx, file, key, text);
    free(text);
    return status;
}

/* The JSON of a note, or NULL. New reference. */
static json_t *noted_json(const pb_tensors *file, const char *key)
{
    const char *text = pb_tensors_noted(file, key);
    return text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

static double real_or_nan(const json_t *number)
{
    return json_is_number(number) ? json_number_value(number) : (double)NAN;
}

/* ---- saving ---- */

static pb_status add_group(pb_context *ctx, pb_tensors *file, const char *prefix,
                           const pb_tensors *group)
{
    for (int i = 0; i < group->count; i++) {
        const pb_tensor *t = &group->tensor[i];
        char name[256];
        snprintf(name, sizeof name, "%s%s", prefix, t->name);
        PB_TRY(pb_tensors_add(ctx, file, name, t->dtype, t->axes, t->dim, t->data));
    }
    return PB_OK;
}

static json_t *progress_of(const pb_seed *state)
{
    return json_pack("{s:I, s:i, s:i, s:o, s:o, s:o, s:i}", "seed", (json_int_t)state->seed,
                     "epoch", state->epoch, "best_epoch", state->best_epoch, "best_accuracy",
                     pb_json_real(state->best_accuracy), "best_loss",
                     pb_json_real(state->best_loss), "mark", pb_json_real(state->mark), "stale",
                     state->stale);
}

static pb_status fill(pb_session *s, const pb_seed *state, pb_tensors *file)
{
    PB_TRY(pb_tensors_note(s->ctx, file, "format", format));
    PB_TRY(pb_tensors_note(s->ctx, file, "config_sha256", s->config_sha256));
    PB_TRY(pb_tensors_note(s->ctx, file, "plan_sha256", s->plan_sha256));
    PB_TRY(note_json(s->ctx, file, "progress", progress_of(state)));
    PB_TRY(note_json(s->ctx, file, "metrics", json_incref(state->metrics)));
    if (state->result) PB_TRY(note_json(s->ctx, file, "result", json_incref(state->result)));
    PB_TRY(add_group(s->ctx, file, "", &state->lasting));
    PB_TRY(add_group(s->ctx, file, "best/", &state->best));
    PB_TRY(add_group(s->ctx, file, "recording/", &state->recordings));
    if (state->result) PB_TRY(add_group(s->ctx, file, "view/", &state->views));
    return PB_OK;
}

pb_status pb_checkpoint_save(pb_session *s, const char *path, const pb_seed *state)
{
    pb_tensors file = {0};
    pb_status status = fill(s, state, &file);
    if (status == PB_OK) status = pb_safetensors_save(s->ctx, path, &file);
    pb_tensors_clear(&file);
    return status;
}

/* ---- loading ---- */

static bool same_kind(const pb_tensor *a, const pb_tensor *b)
{
    return a->dtype == b->dtype && a->axes == b->axes &&
           memcmp(a->dim, b->dim, (size_t)a->axes * sizeof *a->dim) == 0;
}

pb_status pb_checkpoint_take(pb_context *ctx, const char *path, const pb_tensors *file,
                             const char *prefix, pb_tensors *into)
{
    for (int i = 0; i < into->count; i++) {
        pb_tensor *t = &into->tensor[i];
        char name[256];
        snprintf(name, sizeof name, "%s%s", prefix, t->name);
        const pb_tensor *saved = pb_tensors_find(file, name);
        if (!saved)
            return pb_fail(ctx, PB_ERR_IO, "%s: has no %s, which this configuration needs", path,
                           name);
        if (!same_kind(saved, t))
            return pb_fail(ctx, PB_ERR_IO, "%s: %s has another shape than in this configuration",
                           path, name);
        memcpy(t->data, saved->data, t->bytes);
    }
    return PB_OK;
}

static pb_status read_progress(pb_session *s, const char *path, const pb_tensors *file,
                               pb_seed *state)
{
    json_t *progress = noted_json(file, "progress");
    json_int_t seed = -1;
    const json_t *accuracy = NULL, *loss = NULL, *mark = NULL;
    const int bad =
        json_unpack(progress, "{s:I, s:i, s:i, s:o, s:o, s:o, s:i}", "seed", &seed, "epoch",
                    &state->epoch, "best_epoch", &state->best_epoch, "best_accuracy", &accuracy,
                    "best_loss", &loss, "mark", &mark, "stale", &state->stale);
    if (!bad) {
        state->best_accuracy = real_or_nan(accuracy);
        state->best_loss = real_or_nan(loss);
        state->mark = real_or_nan(mark);
    }
    json_decref(progress);
    json_decref(state->metrics);
    state->metrics = noted_json(file, "metrics");
    const int64_t epochs = pb_option_int(s->config->train, "epochs");
    if (bad || seed != state->seed || state->epoch < 1 || state->epoch > epochs ||
        json_array_size(state->metrics) != (size_t)state->epoch)
        return pb_fail(s->ctx, PB_ERR_IO, "%s: its notes do not say how far seed %lld has come",
                       path, (long long)state->seed);
    return PB_OK;
}

static pb_status read_result(pb_session *s, const char *path, const pb_tensors *file,
                             pb_seed *state)
{
    if (!pb_tensors_noted(file, "result")) return PB_OK;
    state->result = noted_json(file, "result");
    const json_t *accuracies = json_object_get(state->result, "class_accuracies");
    if (json_array_size(accuracies) != (size_t)s->data->classes)
        return pb_fail(s->ctx, PB_ERR_IO, "%s: its note of the result is damaged", path);
    return pb_checkpoint_take(s->ctx, path, file, "view/", &state->views);
}

static pb_status read_file(pb_session *s, const char *path, const pb_tensors *file, pb_seed *state)
{
    const char *noted = pb_tensors_noted(file, "format");
    if (!noted || strcmp(noted, format) != 0)
        return pb_fail(s->ctx, PB_ERR_IO, "%s: is not a checkpoint of this version of passband",
                       path);
    const char *config = pb_tensors_noted(file, "config_sha256");
    if (!config || strcmp(config, s->config_sha256) != 0)
        return pb_fail(s->ctx, PB_ERR_CONFIG,
                       "%s: was written with another configuration; config.yaml has been changed "
                       "since",
                       path);
    const char *plan = pb_tensors_noted(file, "plan_sha256");
    if (!plan || strcmp(plan, s->plan_sha256) != 0)
        pb_log(s->ctx, PB_LOG_WARN,
               "%s: was written with another plan; the result may differ in its last bits", path);
    PB_TRY(read_progress(s, path, file, state));
    PB_TRY(pb_checkpoint_take(s->ctx, path, file, "", &state->lasting));
    PB_TRY(pb_checkpoint_take(s->ctx, path, file, "best/", &state->best));
    PB_TRY(pb_checkpoint_take(s->ctx, path, file, "recording/", &state->recordings));
    return read_result(s, path, file, state);
}

pb_status pb_checkpoint_load(pb_session *s, const char *path, pb_seed *state)
{
    pb_tensors file = {0};
    PB_TRY(pb_safetensors_load(s->ctx, path, &file));
    const pb_status status = read_file(s, path, &file, state);
    pb_tensors_clear(&file);
    return status;
}
