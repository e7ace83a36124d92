#include "train/weight_record.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "data/npy.h"
#include "graph/op.h"
#include "train/weight_rules.h"

/* A layer at work. */
typedef struct layer {
    pb_session *s;
    const pb_weights *weights;
    const float *coefficients, *settings; /* of the parameters                       */
    float *effective;                     /* [lines, count] what thresholds leave    */
} layer;

static pb_status no_memory(const layer *l)
{
    return pb_fail(l->s->ctx, PB_ERR_MEMORY, "no memory for the weights of %s", l->weights->layer);
}

static pb_status save(const layer *l, const char *folder, const char *suffix, int axes,
                      const size_t dim[], const float numbers[])
{
    char name[sizeof l->weights->layer + 32];
    snprintf(name, sizeof name, "%s%s.npy", l->weights->layer, suffix);
    char *path = pb_path_join(folder, name);
    const pb_status status =
        path ? pb_npy_save(l->s->ctx, path, PB_NPY_F32, axes, dim, numbers) : no_memory(l);
    free(path);
    return status;
}

/* ---- arrays ---- */

static double *in_double(const float numbers[], size_t count)
{
    double *copy = malloc((count + 1) * sizeof *copy);
    for (size_t i = 0; copy && i < count; i++) copy[i] = numbers[i];
    return copy;
}

/* Weights without thresholds and with them, in float64. */
static pb_status synthesise(const layer *l, double *both[2])
{
    const pb_graph *g = l->s->graph.g;
    const pb_weights *w = l->weights;
    const size_t lines = (size_t)w->lines, count = (size_t)w->count;
    double *c = in_double(l->coefficients, lines * count);
    double *settings = in_double(l->settings, PB_WEIGHT_SETTINGS * (size_t)w->part_count);
    const pb_value leaves[] = {w->coefficients, w->settings}, wanted[] = {w->before, w->after};
    const double *const data[] = {c, settings};
    const pb_status status =
        c && settings ? pb_reference(g, 2, leaves, data, 2, wanted, both) : no_memory(l);
    free(c);
    free(settings);
    return status;
}

static pb_status save_weights(const layer *l, const char *folder)
{
    const pb_shape shape = pb_value_shape(l->s->graph.g, l->weights->after);
    const size_t count = pb_shape_count(shape);
    size_t dim[PB_MAX_AXES + 1] = {2};
    for (int a = 0; a < shape.axes; a++) dim[a + 1] = (size_t)shape.dim[a];
    double *both[2] = {NULL, NULL};
    float *numbers = malloc(2 * count * sizeof *numbers);
    pb_status status = numbers ? synthesise(l, both) : no_memory(l);
    for (size_t i = 0; status == PB_OK && i < 2 * count; i++)
        numbers[i] = (float)both[i / count][i % count];
    if (status == PB_OK) status = save(l, folder, "", shape.axes + 1, dim, numbers);
    free(both[0]);
    free(both[1]);
    free(numbers);
    return status;
}

static pb_status save_arrays(const layer *l, const char *folder)
{
    const size_t dim[] = {(size_t)l->weights->lines, (size_t)l->weights->count};
    PB_TRY(save(l, folder, ".coefficients", 2, dim, l->coefficients));
    return save_weights(l, folder);
}

/* ---- layers.json ---- */

/* Share of a part's coefficients that are 0 once thresholded; of all of them for part -1. */
static double zeros_of(const layer *l, int part)
{
    const pb_weights *w = l->weights;
    const int first = part < 0 ? 0 : w->part[part].offset;
    const int count = part < 0 ? w->count : w->part[part].count;
    size_t zeros = 0;
    for (int line = 0; line < w->lines; line++)
        for (int k = 0; k < count; k++)
            zeros += l->effective[(size_t)line * (size_t)w->count + (size_t)(first + k)] == 0;
    return (double)zeros / ((double)w->lines * count);
}

static json_t *describe_parts(const layer *l)
{
    const pb_weights *w = l->weights;
    json_t *parts = json_array();
    for (int p = 0; p < w->part_count; p++) {
        const float threshold = l->settings[PB_WEIGHT_THRESHOLD * w->part_count + p];
        json_array_append_new(parts,
                              json_pack("{s:i, s:i, s:i, s:o, s:o}", "level", w->part[p].level,
                                        "offset", w->part[p].offset, "count", w->part[p].count,
                                        "threshold", pb_json_real((double)threshold), "zeros",
                                        pb_json_real(zeros_of(l, p))));
    }
    return parts;
}

static bool changes_samples(const pb_stage *stage)
{
    return stage->kind == PB_STAGE_TRANSFORM && strcmp(stage->name, "reshape") != 0;
}

/* [height, width] of the samples, where the layer takes the numbers of images in one row; NULL:
 * else. */
static json_t *image_of(const layer *l)
{
    const pb_session *s = l->s;
    const pb_shape sample = s->data->sample_shape,
                   weights = pb_value_shape(s->graph.g, l->weights->after);
    for (int i = 0; i < s->config->stage_count; i++)
        if (changes_samples(s->config->stages[i].stage)) return NULL;
    if (sample.axes != 2 || weights.axes != 2 || weights.dim[1] != sample.dim[0] * sample.dim[1])
        return NULL;
    return json_pack("[i, i]", sample.dim[0], sample.dim[1]);
}

static json_t *describe(const layer *l)
{
    static const char *const words[] = {"wavelet", "mode", "layout", "kind", "rule"};
    const pb_options *o = l->weights->options;
    json_t *json = json_object();
    json_object_set_new(json, "layer", json_string(l->weights->layer));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        json_object_set_new(json, words[i], json_string(pb_option_string(o, words[i])));
    json_object_set_new(json, "level", json_integer(l->weights->level));
    json_object_set_new(json, "threshold", pb_json_real(pb_option_float(o, "threshold")));
    json_object_set_new(json, "bits", json_integer(pb_option_int(o, "bits")));
    json_object_set_new(json, "lines", json_integer(l->weights->lines));
    json_object_set_new(json, "count", json_integer(l->weights->count));
    json_object_set_new(json, "zeros", pb_json_real(zeros_of(l, -1)));
    json_t *image = image_of(l);
    if (image) json_object_set_new(json, "image", image);
    json_object_set_new(json, "parts", describe_parts(l));
    return json;
}

/* ---- all layers ---- */

static pb_status write_layer(pb_session *s, const pb_weights *w, const pb_seed *state,
                             const char *folder, json_t *list)
{
    const pb_graph *g = s->graph.g;
    const pb_tensor *c = pb_tensors_find(&state->best, pb_value_name(g, w->coefficients));
    const pb_tensor *settings = pb_tensors_find(&state->best, pb_value_name(g, w->settings));
    layer l = {.s = s, .weights = w, .coefficients = c->data, .settings = settings->data};
    l.effective = malloc(c->bytes);
    if (!l.effective) return no_memory(&l);
    memcpy(l.effective, c->data, c->bytes);
    pb_weight_effective(w, l.settings, l.effective);
    pb_status status = save_arrays(&l, folder);
    if (status == PB_OK && json_array_append_new(list, describe(&l))) status = no_memory(&l);
    free(l.effective);
    return status;
}

static pb_status write_all(pb_session *s, const pb_seed *state, const char *folder)
{
    json_t *list = json_array();
    char *path = pb_path_join(folder, "layers.json");
    pb_status status =
        list && path ? PB_OK : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for layers.json");
    for (int i = 0; status == PB_OK && i < s->graph.layer_count; i++)
        status = write_layer(s, &s->graph.layers[i], state, folder, list);
    if (status == PB_OK) status = pb_json_save(s->ctx, path, list);
    json_decref(list);
    free(path);
    return status;
}

pb_status pb_weight_record_write(pb_session *s, const pb_seed *state, const char *folder)
{
    if (s->graph.layer_count == 0) return PB_OK;
    const double start = pb_seconds();
    char *weights = pb_path_join(folder, "weights");
    pb_status status = weights ? pb_folder_make(s->ctx, weights)
                               : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for a path");
    if (status == PB_OK) status = write_all(s, state, weights);
    pb_trace_span(s->trace, start, "weights before and after thresholds");
    free(weights);
    return status;
}
