#include "train/weight_training.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "train/model.h"
#include "train/weight_rules.h"

/* In place of a random start, what the session brought along for that leaf, if anything. */
static pb_status write_start(pb_session *s, pb_value leaf)
{
    const pb_tensor *t = pb_tensors_find(&s->start, pb_value_name(s->graph.g, leaf));
    return t ? pb_session_write(s, leaf, t->data) : PB_OK;
}

pb_status pb_weights_begin(pb_session *s, int64_t seed)
{
    const pb_run_graph *r = &s->graph;
    PB_TRY(pb_plan_init(s->plan, (uint64_t)seed));
    for (int i = 0; i < r->layer_count; i++) PB_TRY(write_start(s, r->layers[i].start));
    if (r->layer_count > 0) {
        PB_TRY(pb_plan_run(s->plan, "begin", 1));
        PB_TRY(pb_plan_finish(s->plan));
    }
    for (int i = 0; i < r->network_count; i++) PB_TRY(write_start(s, r->lasting[i]));
    return PB_OK;
}

static int epochs_of(const pb_session *s)
{
    return (int)pb_option_int(s->config->train, "epochs");
}

static bool is_thresholded_at_end(const pb_weights *w)
{
    return strcmp(pb_option_string(w->options, "schedule"), "end") == 0;
}

/* One level may be asked of all layers, though their sizes differ. */
static void foretell_levels(const pb_session *s)
{
    pb_text layers = {0};
    for (int i = 0; i < s->graph.layer_count; i++) {
        const pb_weights *w = &s->graph.layers[i];
        const int asked = (int)pb_option_int(w->options, "level");
        if (w->level > 0 && w->level < asked)
            pb_text_append(&layers, "%s%s has %d of %d", layers.length ? ", " : "", w->layer,
                           w->level, asked);
    }
    if (layers.length && !layers.failed)
        pb_log(s->ctx, PB_LOG_WARN, "weight_transform.level: lines are too short for it: %s",
               layers.text);
    pb_text_free(&layers);
}

void pb_weights_foretell(const pb_session *s)
{
    foretell_levels(s);
    for (int i = 0; i < s->graph.layer_count; i++) {
        const pb_weights *w = &s->graph.layers[i];
        const char *schedule = pb_option_string(w->options, "schedule");
        const int epochs = epochs_of(s), begin = (int)pb_option_int(w->options, "begin"),
                  full = (int)pb_option_int(w->options, "full");
        const double strength = pb_weight_strength(w->options, epochs - 1, epochs, false);
        const bool rises = strcmp(schedule, "ramp") == 0, waits = strcmp(schedule, "after") == 0;
        if ((begin > 0 && !rises && !waits) || (full > 0 && !rises))
            pb_log(s->ctx, PB_LOG_WARN, "%s: schedule %s knows no %s", w->layer, schedule,
                   begin > 0 && !waits ? "begin" : "full");
        if (is_thresholded_at_end(w) || strength >= 1) continue;
        pb_log(s->ctx, PB_LOG_WARN,
               "%s: the schedule (%s, begin %d, full %d) brings its threshold to %.0f %% in %d "
               "epoch%s",
               w->layer, schedule, begin, full, 100 * strength, epochs, epochs == 1 ? "" : "s");
    }
}

static pb_status prepare(pb_session *s, const pb_weights *w, double strength)
{
    float *c = malloc(pb_leaf_bytes(s->graph.g, w->coefficients));
    float *settings = malloc(pb_leaf_bytes(s->graph.g, w->settings));
    pb_status status = c && settings ? PB_OK
                                     : pb_fail(s->ctx, PB_ERR_MEMORY,
                                               "no memory for the thresholds of %s", w->layer);
    if (status == PB_OK) status = pb_session_read(s, w->coefficients, c);
    if (status == PB_OK) status = pb_weight_settings(s->ctx, w, c, strength, settings);
    if (status == PB_OK) status = pb_session_write(s, w->settings, settings);
    free(c);
    free(settings);
    return status;
}

pb_status pb_weights_prepare(pb_session *s, int epoch)
{
    for (int i = 0; i < s->graph.layer_count; i++) {
        const pb_weights *w = &s->graph.layers[i];
        PB_TRY(prepare(s, w, pb_weight_strength(w->options, epoch, epochs_of(s), false)));
    }
    return PB_OK;
}

/* The tensor of a leaf within a group of parameters. */
static const pb_tensor *tensor_of(const pb_session *s, const pb_tensors *params, pb_value leaf)
{
    return pb_tensors_find(params, pb_value_name(s->graph.g, leaf));
}

/* Whether the coefficients of a layer are those of some bits already. */
static bool has_bits(const pb_session *s, const pb_tensors *params)
{
    for (int i = 0; i < s->graph.layer_count; i++) {
        const pb_weights *w = &s->graph.layers[i];
        const float *settings = tensor_of(s, params, w->settings)->data;
        if (settings[PB_WEIGHT_STEP * w->part_count] > 0) return true;
    }
    return false;
}

/* The line of the last epoch tells of the network that is kept. Lines are shared with those who
 * write files, so another takes its place. */
static pb_status end_metrics(const pb_session *s, pb_seed *state)
{
    const size_t count = json_array_size(state->metrics);
    if (count == 0) return PB_OK;
    json_t *line = json_deep_copy(json_array_get(state->metrics, count - 1));
    if (!line || json_object_set_new(line, "sparsity", pb_weights_sparsity(s, &state->best)) != 0 ||
        json_array_set(state->metrics, count - 1, line) != 0) {
        json_decref(line);
        return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for the metrics");
    }
    json_decref(line);
    return PB_OK;
}

pb_status pb_weights_end(pb_session *s, pb_seed *state, bool *changed)
{
    *changed = false;
    for (int i = 0; i < s->graph.layer_count; i++) {
        const pb_weights *w = &s->graph.layers[i];
        if (!is_thresholded_at_end(w)) continue;
        *changed = true;
        PB_TRY(pb_weight_settings(s->ctx, w, tensor_of(s, &state->best, w->coefficients)->data, 1,
                                  tensor_of(s, &state->best, w->settings)->data));
    }
    const bool at_end = *changed;
    if (has_bits(s, &state->best)) {
        pb_model_round(s, &state->best);
        *changed = true;
    }
    return at_end ? end_metrics(s, state) : PB_OK;
}

static void tell_of_nothing(const pb_session *s, const pb_weights *w, const float c[],
                            const float thresholds[])
{
    const size_t all = (size_t)w->lines * (size_t)w->count;
    double least = INFINITY, most = 0, largest = 0;
    for (int p = 0; p < w->part_count; p++) {
        least = fmin(least, (double)thresholds[p]);
        most = fmax(most, (double)thresholds[p]);
    }
    for (size_t i = 0; i < all; i++) largest = fmax(largest, fabs((double)c[i]));
    char range[64];
    snprintf(range, sizeof range, least < most ? "thresholds %.3g to %.3g" : "threshold %.3g",
             least, most);
    pb_log(s->ctx, PB_LOG_WARN,
           "%s: all its coefficients are 0 (%s, the largest was %.3g), so it passes nothing on; a "
           "lower weight_transform.threshold leaves some",
           w->layer, range, largest);
}

bool pb_weights_tell_of_nothing(const pb_session *s, const pb_tensors *params)
{
    bool told = false;
    for (int i = 0; i < s->graph.layer_count; i++) {
        const pb_weights *w = &s->graph.layers[i];
        const float *settings = tensor_of(s, params, w->settings)->data;
        const pb_tensor *t = tensor_of(s, params, w->coefficients);
        const float *thresholds = settings + PB_WEIGHT_THRESHOLD * w->part_count;
        size_t left = 0;
        float *c = malloc(t->bytes);
        if (!c) return told;
        memcpy(c, t->data, t->bytes);
        pb_weight_effective(w, settings, c);
        for (size_t k = 0; k < t->bytes / sizeof *c; k++) left += c[k] != 0;
        free(c);
        if (left > 0) continue;
        tell_of_nothing(s, w, t->data, thresholds);
        told = true;
    }
    return told;
}

static void add_layer(json_t *json, const pb_weights *w, const float c[])
{
    int zeros[PB_WAVELET_LEVELS + 1] = {0}, all[PB_WAVELET_LEVELS + 1] = {0};
    for (int p = 0; p < w->part_count; p++)
        for (int line = 0; line < w->lines; line++)
            for (int k = 0; k < w->part[p].count; k++) {
                const size_t at = (size_t)line * (size_t)w->count + (size_t)(w->part[p].offset + k);
                zeros[w->part[p].level] += c[at] == 0;
                all[w->part[p].level]++;
            }
    for (int level = 0; level <= PB_WAVELET_LEVELS; level++) {
        char name[96];
        if (all[level] == 0) continue;
        if (level == 0)
            snprintf(name, sizeof name, "%s.approximation", w->layer);
        else
            snprintf(name, sizeof name, "%s.level_%d", w->layer, level);
        json_object_set_new(json, name, pb_json_real((double)zeros[level] / all[level]));
    }
}

json_t *pb_weights_sparsity(const pb_session *s, const pb_tensors *params)
{
    json_t *json = s->graph.layer_count ? json_object() : NULL;
    for (int i = 0; i < s->graph.layer_count; i++) {
        const pb_weights *w = &s->graph.layers[i];
        const pb_tensor *t = tensor_of(s, params, w->coefficients);
        float *c = malloc(t->bytes);
        if (!c) break;
        memcpy(c, t->data, t->bytes);
        pb_weight_effective(w, tensor_of(s, params, w->settings)->data, c);
        add_layer(json, w, c);
        free(c);
    }
    return json;
}
