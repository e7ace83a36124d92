/* Quantising what a network learned: every coefficient of layers with a weight_transform, every
 * other number with OTHER_BITS. */
#include "train/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <passband/version.h>

#include "base/json.h"
#include "train/code_grid.h"
#include "train/epoch.h"
#include "train/model_file.h"
#include "train/weight_rules.h"

enum { OTHER_BITS = 8, MOST_BITS = 16 };

/* A network being quantised: its parameters without the settings of thresholds. */
typedef struct network {
    pb_session *s;
    int count;
    pb_value *leaf;             /* [count]                                                  */
    pb_value *evaluated;        /* [count] which leaf evaluation takes: the average, if any */
    const pb_weights **weights; /* [count] NULL: not coefficients                           */
    float **exact;              /* [count] what the layers worked with, before quantisation */
    float *trained;             /* [count] steps they were trained with, 0: none            */
    pb_code_grid *grid;         /* [count]                                                  */
    float *step;                /* [count]                                                  */
} network;

static size_t numbers_of(const network *n, int i)
{
    return (size_t)n->grid[i].lines * (size_t)n->grid[i].count;
}

static const pb_weights *layer_of(const pb_session *s, pb_value leaf, bool *is_settings)
{
    *is_settings = false;
    for (int k = 0; k < s->graph.layer_count; k++) {
        const pb_weights *w = &s->graph.layers[k];
        if (w->coefficients == leaf) return w;
        if (w->settings == leaf) *is_settings = true;
    }
    return NULL;
}

/* Names of weights that have no transform: they are quantised as coefficients are. */
static bool is_weight(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && strcmp(dot, ".weight") == 0;
}

static pb_status no_memory(pb_session *s)
{
    return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory to quantise the network");
}

static void network_clear(network *n)
{
    for (int i = 0; n->grid && n->exact && i < n->count; i++) {
        free(n->grid[i].codes);
        free(n->exact[i]);
    }
    free(n->leaf);
    free(n->evaluated);
    free(n->weights);
    free(n->exact);
    free(n->trained);
    free(n->grid);
    free(n->step);
    *n = (network){0};
}

static void measure_grid(const pb_session *s, network *n, int i)
{
    const pb_weights *w = n->weights[i];
    const pb_shape shape = pb_value_shape(s->graph.g, n->leaf[i]);
    const int all = (int)pb_shape_count(shape), lines = shape.axes > 1 ? shape.dim[0] : 1;
    pb_code_grid_plain(&n->grid[i], lines, all / lines);
    if (!w) return;
    n->grid[i].part_count = w->part_count;
    memcpy(n->grid[i].part, w->part, sizeof w->part);
}

/* The parameters of the graph, no numbers yet. */
static pb_status network_create(pb_session *s, network *n)
{
    const pb_run_graph *r = &s->graph;
    const size_t most = (size_t)r->network_count + 1;
    *n = (network){.s = s,
                   .leaf = calloc(most, sizeof *n->leaf),
                   .evaluated = calloc(most, sizeof *n->evaluated),
                   .weights = calloc(most, sizeof *n->weights),
                   .exact = calloc(most, sizeof *n->exact),
                   .trained = calloc(most, sizeof *n->trained),
                   .grid = calloc(most, sizeof *n->grid),
                   .step = calloc(most, sizeof *n->step)};
    if (!n->leaf || !n->evaluated || !n->weights || !n->exact || !n->trained || !n->grid ||
        !n->step)
        return no_memory(s);
    for (int k = 0; k < r->network_count; k++) {
        bool is_settings;
        const pb_weights *w = layer_of(s, r->lasting[k], &is_settings);
        if (is_settings) continue;
        const int i = n->count++;
        n->leaf[i] = r->lasting[k];
        n->evaluated[i] = r->lasting[r->evaluated[k]];
        n->weights[i] = w;
        measure_grid(s, n, i);
        n->exact[i] = malloc(numbers_of(n, i) * sizeof **n->exact);
        n->grid[i].codes = calloc(numbers_of(n, i), sizeof *n->grid[i].codes);
        if (!n->exact[i] || !n->grid[i].codes) return no_memory(s);
    }
    return PB_OK;
}

static pb_status check_finite(pb_session *s, const pb_tensor *t)
{
    const float *numbers = t->data;
    for (size_t i = 0; i < t->bytes / sizeof *numbers; i++)
        if (!isfinite(numbers[i]))
            return pb_fail(s->ctx, PB_ERR_DATA,
                           "%s has a value that is not finite: there is no network to compress",
                           t->name);
    return PB_OK;
}

/* What the graph of training makes of the coefficients, thresholds applied. */
static pb_status take_numbers(network *n, const pb_tensors *params)
{
    const pb_graph *g = n->s->graph.g;
    for (int i = 0; i < n->count; i++) {
        const pb_tensor *t = pb_tensors_find(params, pb_value_name(g, n->leaf[i]));
        const pb_weights *w = n->weights[i];
        PB_TRY(check_finite(n->s, t));
        memcpy(n->exact[i], t->data, t->bytes);
        if (!w) continue;
        const pb_tensor *settings = pb_tensors_find(params, pb_value_name(g, w->settings));
        PB_TRY(check_finite(n->s, settings));
        n->trained[i] = ((const float *)settings->data)[PB_WEIGHT_STEP * w->part_count];
        pb_weight_effective(w, settings->data, n->exact[i]);
    }
    return PB_OK;
}

/* ---- quantising ---- */

static float largest(const float numbers[], size_t count)
{
    float most = 0;
    for (size_t i = 0; i < count; i++) most = fmaxf(most, fabsf(numbers[i]));
    return most;
}

/* The step that reaches `most` with codes of -count to count. It has 16 significant bits: a step
 * times a code of 8 bits is exact, so that quantising again changes nothing. */
static float step_of(float most, int count)
{
    int exponent;
    const float fraction = frexpf(most / (float)count, &exponent);
    return ldexpf(roundf(ldexpf(fraction, 16)), exponent - 16);
}

static int32_t code_of(float number, float step)
{
    const double code = step > 0 ? round((double)number / (double)step) : 0;
    return (int32_t)fmax(fmin(code, PB_CODE_MOST), -PB_CODE_MOST);
}

/* Codes of -most to most; steps that a layer was trained with stay. */
static void quantise(network *n, int i, int most, bool keeps_trained)
{
    const size_t count = numbers_of(n, i);
    const bool trained = keeps_trained && n->trained[i] > 0;
    n->step[i] = trained ? n->trained[i] : step_of(largest(n->exact[i], count), most);
    for (size_t k = 0; k < count; k++) n->grid[i].codes[k] = code_of(n->exact[i][k], n->step[i]);
}

static int codes_of_bits(int bits)
{
    return (1 << (bits - 1)) - 1;
}

static int bits_of_codes(int most)
{
    int bits = 2;
    while (codes_of_bits(bits) < most) bits++;
    return bits;
}

static void quantise_all(network *n, int most, bool keeps_trained)
{
    for (int i = 0; i < n->count; i++) {
        const bool is_main = n->weights[i] || is_weight(pb_value_name(n->s->graph.g, n->leaf[i]));
        quantise(n, i, is_main ? most : codes_of_bits(OTHER_BITS), keeps_trained);
    }
}

void pb_model_round(const pb_session *s, pb_tensors *params)
{
    for (int k = 0; k < s->graph.network_count; k++) {
        bool is_settings;
        const pb_weights *w = layer_of(s, s->graph.lasting[k], &is_settings);
        if (w || is_settings) continue;
        const pb_tensor *t =
            pb_tensors_find(params, pb_value_name(s->graph.g, s->graph.lasting[k]));
        const size_t count = t->bytes / sizeof(float);
        float *numbers = t->data;
        const float step = step_of(largest(numbers, count), codes_of_bits(OTHER_BITS));
        for (size_t i = 0; i < count; i++) numbers[i] = step * (float)code_of(numbers[i], step);
    }
}

/* ---- on the device ---- */

/* Thresholds and steps of 0: the coefficients are what they shall be already. */
static pb_status write_settings(pb_session *s)
{
    for (int k = 0; k < s->graph.layer_count; k++)
        PB_TRY(pb_session_zero(s, s->graph.layers[k].settings));
    return PB_OK;
}

static pb_status write_numbers(network *n, int i, const float numbers[])
{
    if (n->evaluated[i] != n->leaf[i]) PB_TRY(pb_session_write(n->s, n->evaluated[i], numbers));
    return pb_session_write(n->s, n->leaf[i], numbers);
}

static pb_status write_codes(network *n)
{
    for (int i = 0; i < n->count; i++) {
        const size_t count = numbers_of(n, i);
        float *numbers = malloc(count * sizeof *numbers);
        if (!numbers) return no_memory(n->s);
        for (size_t k = 0; k < count; k++) numbers[k] = n->step[i] * (float)n->grid[i].codes[k];
        const pb_status status = write_numbers(n, i, numbers);
        free(numbers);
        PB_TRY(status);
    }
    return PB_OK;
}

static pb_status validate(network *n, double *accuracy)
{
    pb_scored scored = {0};
    *accuracy = NAN;
    if (n->s->held_count == 0) return PB_OK;
    PB_TRY(pb_epoch_score(n->s, &n->s->graph.validate, NULL, &scored));
    *accuracy = scored.accuracy;
    return PB_OK;
}

static pb_status try_codes(network *n, int most, bool keeps_trained, double *accuracy)
{
    quantise_all(n, most, keeps_trained);
    PB_TRY(write_codes(n));
    return validate(n, accuracy);
}

/* The fewest codes that keep the validation accuracy: more and more, in steps of about a seventh.
 */
static pb_status search_codes(network *n, double loss, int *most, double *accuracy)
{
    double wanted;
    for (int i = 0; i < n->count; i++) PB_TRY(write_numbers(n, i, n->exact[i]));
    PB_TRY(validate(n, &wanted));
    for (*most = 1;; *most += 1 + *most / 7) {
        if (*most > codes_of_bits(MOST_BITS)) *most = codes_of_bits(MOST_BITS);
        PB_TRY(try_codes(n, *most, false, accuracy));
        if (*accuracy >= wanted - loss || *most == codes_of_bits(MOST_BITS)) return PB_OK;
    }
}

static pb_status choose_codes(network *n, const pb_model_options *options, int *most,
                              double *accuracy)
{
    pb_session *s = n->s;
    bool is_trained = false;
    for (int i = 0; i < n->count; i++) is_trained = is_trained || n->trained[i] > 0;
    *most = codes_of_bits(options->bits ? options->bits : OTHER_BITS);
    if (options->bits || is_trained) return try_codes(n, *most, options->bits == 0, accuracy);
    if (s->held_count > 0) return search_codes(n, options->loss, most, accuracy);
    if (options->bits_unless_searched) {
        *most = codes_of_bits(options->bits_unless_searched);
        return try_codes(n, *most, false, accuracy);
    }
    return pb_fail(s->ctx, PB_ERR_USAGE,
                   "the run has no validation part, by which the fewest bits are found; say how "
                   "many with --bits");
}

/* ---- the file ---- */

static json_t *shape_json(pb_shape shape)
{
    json_t *list = json_array();
    for (int a = 0; a < shape.axes; a++) json_array_append_new(list, json_integer(shape.dim[a]));
    return list;
}

static json_t *notes_of(pb_session *s, int64_t seed, const pb_model_facts *facts)
{
    json_t *names = json_array();
    char *yaml = pb_config_yaml(s->config);
    for (int c = 0; c < s->data->classes; c++)
        json_array_append_new(names, json_string(s->data->class_names[c]));
    json_t *notes = json_pack("{s:s, s:I, s:i, s:o, s:o, s:o, s:o, s:s}", "program", PB_VERSION,
                              "seed", (json_int_t)seed, "bits", facts->bits, "class_names", names,
                              "sample", shape_json(s->data->sample_shape), "val_accuracy",
                              pb_json_real(facts->val_accuracy), "test_accuracy",
                              pb_json_real(facts->test_accuracy), "config", yaml ? yaml : "");
    free(yaml);
    return notes;
}

static pb_status save(network *n, int64_t seed, const char *path, pb_model_facts *facts)
{
    pb_model_head head = {.notes = notes_of(n->s, seed, facts),
                          .fitted = n->s->fitted,
                          .count = n->count,
                          .steps = n->step};
    if (!head.notes) return no_memory(n->s);
    const pb_status status = pb_model_save(n->s->ctx, path, &head, n->grid, &facts->bytes);
    json_decref(head.notes);
    return status;
}

static void count_codes(const network *n, pb_model_facts *facts)
{
    int largest_code = 1;
    for (int i = 0; i < n->count; i++) {
        const bool is_main = n->weights[i] || is_weight(pb_value_name(n->s->graph.g, n->leaf[i]));
        facts->parameters += numbers_of(n, i);
        for (size_t k = 0; k < numbers_of(n, i); k++) {
            const int code = abs(n->grid[i].codes[k]);
            facts->kept += code != 0;
            if (is_main && code > largest_code) largest_code = code;
        }
    }
    facts->bits = bits_of_codes(largest_code);
}

static pb_status test(pb_session *s, double *accuracy)
{
    json_t *result = NULL;
    PB_TRY(pb_seed_test(s, &result));
    *accuracy = json_number_value(json_object_get(result, "test_accuracy"));
    json_decref(result);
    return PB_OK;
}

static pb_status make(network *n, int64_t seed, const pb_tensors *params,
                      const pb_model_options *options, const char *path, pb_model_facts *facts)
{
    int most;
    PB_TRY(network_create(n->s, n));
    PB_TRY(take_numbers(n, params));
    PB_TRY(write_settings(n->s));
    PB_TRY(choose_codes(n, options, &most, &facts->val_accuracy));
    count_codes(n, facts);
    PB_TRY(test(n->s, &facts->test_accuracy));
    return save(n, seed, path, facts);
}

pb_status pb_model_make(pb_session *s, int64_t seed, const pb_tensors *params,
                        const pb_model_options *options, const char *path, pb_model_facts *facts)
{
    network n = {.s = s};
    *facts = (pb_model_facts){0};
    const pb_status status = make(&n, seed, params, options, path, facts);
    network_clear(&n);
    return status;
}

/* ---- reading ---- */

static pb_status damaged(pb_session *s, const char *path, const char *what)
{
    return pb_fail(s->ctx, PB_ERR_DATA, "%s: %s", path, what);
}

pb_status pb_model_load(pb_session *s, const char *path, const pb_model_data *file,
                        const pb_model_head *head)
{
    network n = {.s = s};
    pb_status status = network_create(s, &n);
    if (status == PB_OK && n.count != head->count)
        status = damaged(s, path, "has other parameters than its network");
    if (status == PB_OK)
        status = pb_codes_unpack(s->ctx, file->codes, file->code_size, n.count, n.grid);
    if (status == PB_ERR_DATA) status = pb_fail_prefix(s->ctx, status, "%s", path);
    if (status == PB_OK) {
        memcpy(n.step, head->steps, (size_t)n.count * sizeof *n.step);
        status = write_settings(s);
    }
    if (status == PB_OK) status = write_codes(&n);
    network_clear(&n);
    return status;
}
