/* Looking inside what a run learned. */
#include <passband/look.h>

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "data/npy.h"
#include "train/attribution.h"
#include "train/magnitude.h"
#include "train/run_folder.h"
#include "train/safetensors.h"

enum { BATCH = 128, MOST_MISTAKES = 40 };

typedef struct prediction {
    int32_t row, label, predicted;
    double probability; /* of the predicted class */
} prediction;

/* All that is found out, until it is written. */
typedef struct findings {
    prediction *tests;    /* [test samples]           */
    int64_t *confusion;   /* [classes, classes]: true, predicted */
    prediction *looked;   /* [count] class after class */
    prediction *mistakes; /* [mistake_count], most confident first */
    int count, mistake_count;
    int points;
    double largest_gap;
    float *maps[PB_METHODS + 1];   /* [count, width]; the last: inputs */
    float *layers[PB_BUILDER_MAX]; /* [count, channels, height, width] */
    float *wrong;                  /* [mistake_count, pixels] */
} findings;

static void clear(findings *f)
{
    free(f->tests);
    free(f->confusion);
    free(f->looked);
    free(f->mistakes);
    free(f->wrong);
    for (int m = 0; m <= PB_METHODS; m++) free(f->maps[m]);
    for (int i = 0; i < PB_BUILDER_MAX; i++) free(f->layers[i]);
}

static pb_status no_memory(pb_context *ctx)
{
    return pb_fail(ctx, PB_ERR_MEMORY, "no memory to look inside a network");
}

/* ---- the test part ---- */

static prediction predict(const float logits[], int classes)
{
    int best = 0;
    double sum = 0;
    for (int c = 1; c < classes; c++)
        if (logits[c] > logits[best]) best = c;
    for (int c = 0; c < classes; c++) sum += exp((double)logits[c] - (double)logits[best]);
    return (prediction){.predicted = best, .probability = 1 / sum};
}

static pb_status predict_tests(pb_looking *l, findings *f)
{
    const int classes = l->data->classes, count = l->data->test.count, batch = l->graph.batch;
    float *logits = malloc((size_t)batch * (size_t)classes * sizeof *logits);
    pb_status status = logits ? PB_OK : no_memory(l->ctx);
    for (int first = 0; status == PB_OK && first < count; first += batch) {
        int32_t rows[BATCH];
        const int now = count - first < batch ? count - first : batch;
        for (int i = 0; i < now; i++) rows[i] = first + i;
        status = pb_look_take(l, rows, NULL, now);
        if (status == PB_OK) status = pb_look_run(l, "score");
        if (status == PB_OK) status = pb_look_read(l, l->graph.logits, logits);
        for (int i = 0; status == PB_OK && i < now; i++) {
            prediction p = predict(logits + i * classes, classes);
            p.row = rows[i];
            p.label = l->data->test.labels[rows[i]];
            f->tests[p.row] = p;
            f->confusion[p.label * classes + p.predicted]++;
        }
    }
    free(logits);
    return status;
}

static int by_confidence(const void *a, const void *b)
{
    const prediction *x = a, *y = b;
    if (x->probability != y->probability) return x->probability < y->probability ? 1 : -1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static void list_mistakes(const pb_looking *l, findings *f)
{
    for (int i = 0; i < l->data->test.count; i++)
        if (f->tests[i].predicted != f->tests[i].label)
            f->mistakes[f->mistake_count++] = f->tests[i];
    qsort(f->mistakes, (size_t)f->mistake_count, sizeof *f->mistakes, by_confidence);
    if (f->mistake_count > MOST_MISTAKES) f->mistake_count = MOST_MISTAKES;
}

/* The first test samples of each class. */
static void choose_samples(const pb_looking *l, findings *f)
{
    for (int label = 0; label < l->data->classes; label++) {
        int found = 0;
        for (int i = 0; i < l->data->test.count && found < l->options->per_class; i++) {
            if (f->tests[i].label != label) continue;
            f->looked[f->count++] = f->tests[i];
            found++;
        }
    }
}

static pb_status look_at_tests(pb_looking *l, findings *f)
{
    const size_t tests = (size_t)l->data->test.count, classes = (size_t)l->data->classes;
    f->tests = calloc(tests, sizeof *f->tests);
    f->mistakes = calloc(tests, sizeof *f->mistakes);
    f->looked = calloc(tests, sizeof *f->looked);
    f->confusion = calloc(classes * classes, sizeof *f->confusion);
    if (!f->tests || !f->mistakes || !f->looked || !f->confusion) return no_memory(l->ctx);
    PB_TRY(predict_tests(l, f));
    list_mistakes(l, f);
    choose_samples(l, f);
    return PB_OK;
}

/* ---- samples ---- */

static void rows_of(const prediction list[], int count, int32_t rows[])
{
    for (int i = 0; i < count; i++) rows[i] = list[i].row;
}

static int batch_from(const pb_looking *l, int first, int count)
{
    return count - first < l->graph.batch ? count - first : l->graph.batch;
}

/* The mean of the samples looked at, where that is the baseline. */
static pb_status find_baseline(pb_looking *l, const findings *f)
{
    float *x = malloc((size_t)l->graph.batch * l->width * sizeof *x);
    double *sum = calloc(l->width, sizeof *sum);
    l->baseline = calloc(l->width, sizeof *l->baseline);
    pb_status status = x && sum && l->baseline ? PB_OK : no_memory(l->ctx);
    for (int first = 0; status == PB_OK && l->options->mean_baseline && first < f->count;
         first += l->graph.batch) {
        int32_t rows[BATCH];
        const int now = batch_from(l, first, f->count);
        rows_of(f->looked + first, now, rows);
        status = pb_look_take(l, rows, NULL, now);
        if (status == PB_OK) status = pb_look_run(l, "score");
        if (status == PB_OK) status = pb_look_read(l, l->graph.x, x);
        for (size_t k = 0; status == PB_OK && k < (size_t)now * l->width; k++)
            sum[k % l->width] += x[k] / (double)f->count;
    }
    for (size_t k = 0; status == PB_OK && k < l->width; k++) l->baseline[k] = (float)sum[k];
    free(x);
    free(sum);
    return status;
}

static pb_status attribute_all(pb_looking *l, findings *f)
{
    pb_attributions a;
    pb_status status = pb_attributions_create(l, &a);
    for (int first = 0; status == PB_OK && first < f->count; first += l->graph.batch) {
        int32_t rows[BATCH], targets[BATCH];
        const int now = batch_from(l, first, f->count);
        rows_of(f->looked + first, now, rows);
        for (int i = 0; i < now; i++)
            targets[i] = l->options->prediction ? f->looked[first + i].predicted
                                                : f->looked[first + i].label;
        status = pb_attribute(l, rows, targets, first, now, &a);
        if (status != PB_OK) break;
        const size_t at = (size_t)first * l->width, bytes = (size_t)now * l->width * sizeof(float);
        for (int m = 0; m < PB_METHODS; m++) memcpy(f->maps[m] + at, a.map[m], bytes);
        memcpy(f->maps[PB_METHODS] + at, a.x, bytes);
        for (int i = 0; i < now; i++) f->largest_gap = fmax(f->largest_gap, a.gap[i]);
        if (a.points > f->points) f->points = a.points;
    }
    pb_attributions_clear(&a);
    return status;
}

static size_t width_of(const pb_look_layer *layer)
{
    return (size_t)layer->channels * (size_t)layer->height * (size_t)layer->width;
}

static pb_status read_layers(pb_looking *l, findings *f)
{
    for (int first = 0; first < f->count; first += l->graph.batch) {
        int32_t rows[BATCH];
        const int now = batch_from(l, first, f->count);
        rows_of(f->looked + first, now, rows);
        PB_TRY(pb_look_take(l, rows, NULL, now));
        PB_TRY(pb_look_run(l, "layers"));
        for (int i = 0; i < l->graph.layer_count; i++) {
            const size_t width = width_of(&l->graph.layers[i]);
            float *all = malloc((size_t)l->graph.batch * width * sizeof *all);
            if (!all) return no_memory(l->ctx);
            const pb_status status = pb_look_read(l, l->graph.layers[i].leaf, all);
            memcpy(f->layers[i] + (size_t)first * width, all, (size_t)now * width * sizeof *all);
            free(all);
            PB_TRY(status);
        }
    }
    return PB_OK;
}

/* As load made them; as the network takes them, where that is not known. */
static pb_value shown_leaf(const pb_looking *l)
{
    return l->graph.pixels != PB_NONE ? l->graph.pixels : l->graph.x;
}

static pb_status read_mistakes(pb_looking *l, findings *f)
{
    const pb_value leaf = shown_leaf(l);
    const size_t bytes = pb_leaf_bytes(l->graph.g, leaf), each = bytes / (size_t)l->graph.batch;
    float *all = malloc(bytes);
    f->wrong = malloc((size_t)f->mistake_count * each + 1);
    pb_status status = all && f->wrong ? PB_OK : no_memory(l->ctx);
    for (int first = 0; status == PB_OK && first < f->mistake_count; first += l->graph.batch) {
        int32_t rows[BATCH];
        const int now = batch_from(l, first, f->mistake_count);
        rows_of(f->mistakes + first, now, rows);
        status = pb_look_take(l, rows, NULL, now);
        if (status == PB_OK) status = pb_look_run(l, "score");
        if (status == PB_OK) status = pb_look_read(l, leaf, all);
        if (status == PB_OK)
            memcpy((char *)f->wrong + (size_t)first * each, all, (size_t)now * each);
    }
    free(all);
    return status;
}

static pb_status look_at_samples(pb_looking *l, findings *f)
{
    for (int m = 0; m <= PB_METHODS; m++) {
        f->maps[m] = malloc(((size_t)f->count * l->width + 1) * sizeof(float));
        if (!f->maps[m]) return no_memory(l->ctx);
    }
    for (int i = 0; i < l->graph.layer_count; i++) {
        f->layers[i] =
            malloc(((size_t)f->count * width_of(&l->graph.layers[i]) + 1) * sizeof(float));
        if (!f->layers[i]) return no_memory(l->ctx);
    }
    PB_TRY(find_baseline(l, f));
    PB_TRY(attribute_all(l, f));
    PB_TRY(read_layers(l, f));
    return read_mistakes(l, f);
}

/* ---- the folder ---- */

static pb_status save(pb_looking *l, const char *folder, const char *name, const char *suffix,
                      int axes, const size_t dim[], const float *values)
{
    char file[128];
    snprintf(file, sizeof file, "%s%s.npy", name, suffix);
    char *path = pb_path_join(folder, file);
    const pb_status status =
        path ? pb_npy_save(l->ctx, path, PB_NPY_F32, axes, dim, values) : no_memory(l->ctx);
    free(path);
    return status;
}

/* [count, planes..., height, width] as planes. */
typedef struct planes {
    int axes;
    size_t dim[PB_NPY_AXES_MAX];
    size_t each; /* planes of a sample */
    int height, width;
} planes;

static planes planes_of(int count, pb_shape sample)
{
    planes p = {.axes = sample.axes + 1, .dim = {(size_t)count}, .each = 1, .height = 1};
    for (int a = 0; a < sample.axes; a++) p.dim[a + 1] = (size_t)sample.dim[a];
    p.width = sample.dim[sample.axes - 1];
    if (sample.axes > 1) p.height = sample.dim[sample.axes - 2];
    for (int a = 0; a < sample.axes - 2; a++) p.each *= (size_t)sample.dim[a];
    return p;
}

/* Of each sample, over its 2-norm + 1e-8. */
static void normalise(float *spectra, size_t count, size_t each)
{
    for (size_t i = 0; i < count; i++) {
        double squares = 0;
        for (size_t k = 0; k < each; k++) squares += pow(spectra[i * each + k], 2);
        for (size_t k = 0; k < each; k++)
            spectra[i * each + k] = (float)(spectra[i * each + k] / (sqrt(squares) + 1e-8));
    }
}

static pb_status save_with_spectra(pb_looking *l, const char *folder, const char *name, planes p,
                                   bool normalised, const float *values)
{
    const size_t kept = (size_t)p.width / 2 + 1, each = p.each * (size_t)p.height * kept;
    float *spectra = malloc((p.dim[0] * each + 1) * sizeof *spectra);
    if (!spectra) return no_memory(l->ctx);
    pb_status status = save(l, folder, name, "", p.axes, p.dim, values);
    if (status == PB_OK)
        status =
            pb_magnitudes(l->ctx, (int)(p.dim[0] * p.each), p.height, p.width, values, spectra);
    if (status == PB_OK && normalised) normalise(spectra, p.dim[0], each);
    p.dim[p.axes - 1] = kept;
    if (status == PB_OK) status = save(l, folder, name, "_spectra", p.axes, p.dim, spectra);
    free(spectra);
    return status;
}

static pb_status save_layers(pb_looking *l, const char *folder, const findings *f)
{
    for (int i = 0; i < l->graph.layer_count; i++) {
        const pb_look_layer *layer = &l->graph.layers[i];
        char name[96];
        snprintf(name, sizeof name, "activations_%s", layer->name);
        const planes p =
            planes_of(f->count, PB_SHAPE(layer->channels, layer->height, layer->width));
        PB_TRY(save_with_spectra(l, folder, name, p, false, f->layers[i]));
    }
    return PB_OK;
}

static pb_status save_arrays(pb_looking *l, const char *folder, const findings *f)
{
    const planes p = planes_of(f->count, l->graph.sample);
    PB_TRY(save(l, folder, "inputs", "", p.axes, p.dim, f->maps[PB_METHODS]));
    for (int m = 0; m < PB_METHODS; m++)
        if (m != PB_GRAD_CAM || l->graph.cam >= 0)
            PB_TRY(save_with_spectra(l, folder, pb_method_name((pb_method)m), p, true, f->maps[m]));
    PB_TRY(save_layers(l, folder, f));
    const planes wrong =
        planes_of(f->mistake_count, pb_shape_sample(pb_value_shape(l->graph.g, shown_leaf(l))));
    return save(l, folder, "mistakes", "", wrong.axes, wrong.dim, f->wrong);
}

static json_t *json_of(const prediction list[], int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(array, json_pack("{s:i, s:i, s:i, s:o}", "row", list[i].row, "label",
                                               list[i].label, "predicted", list[i].predicted,
                                               "probability", pb_json_real(list[i].probability)));
    return array;
}

static json_t *json_of_test(const pb_looking *l, const findings *f)
{
    const int classes = l->data->classes;
    int64_t hits = 0;
    json_t *confusion = json_array();
    for (int t = 0; t < classes; t++) {
        json_t *row = json_array();
        for (int p = 0; p < classes; p++)
            json_array_append_new(row, json_integer(f->confusion[t * classes + p]));
        json_array_append_new(confusion, row);
        hits += f->confusion[t * classes + t];
    }
    return json_pack("{s:i, s:o, s:o}", "samples", l->data->test.count, "accuracy",
                     pb_json_real((double)hits / l->data->test.count), "confusion", confusion);
}

static json_t *json_of_layers(const pb_looking *l)
{
    json_t *array = json_array();
    for (int i = 0; i < l->graph.layer_count; i++) {
        const pb_look_layer *layer = &l->graph.layers[i];
        json_array_append_new(array, json_pack("{s:s, s:i, s:i, s:i}", "name", layer->name,
                                               "channels", layer->channels, "height", layer->height,
                                               "width", layer->width));
    }
    return array;
}

static json_t *json_of_methods(const pb_looking *l)
{
    json_t *array = json_array();
    for (int m = 0; m < PB_METHODS; m++)
        if (m != PB_GRAD_CAM || l->graph.cam >= 0)
            json_array_append_new(array, json_string(pb_method_name((pb_method)m)));
    return array;
}

static pb_status save_json(pb_looking *l, const pb_config *config, const char *folder,
                           const findings *f)
{
    const pb_look_options *o = l->options;
    json_t *names = json_array();
    for (int c = 0; c < l->data->classes; c++)
        json_array_append_new(names, json_string(l->data->class_names[c]));
    json_t *json = json_pack(
        "{s:s, s:I, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:{s:i, s:o}, s:o, s:o, s:o, s:o}", "run",
        pb_config_name(config), "seed", (json_int_t)l->seed, "data_set", l->data->name, "input",
        o->pixels ? "pixels" : "network", "of", o->prediction ? "prediction" : "label", "baseline",
        o->mean_baseline ? "mean" : "zero", "class_names", names, "samples",
        json_of(f->looked, f->count), "methods", json_of_methods(l), "integrated_gradients",
        "points", f->points, "largest_gap", pb_json_real(f->largest_gap), "grad_cam_layer",
        l->graph.cam < 0 ? json_null() : json_string(l->graph.layers[l->graph.cam].name), "layers",
        json_of_layers(l), "test", json_of_test(l, f), "mistakes",
        json_of(f->mistakes, f->mistake_count));
    char *path = pb_path_join(folder, "look.json");
    const pb_status status = json && path ? pb_json_save(l->ctx, path, json) : no_memory(l->ctx);
    free(path);
    json_decref(json);
    return status;
}

/* ---- the network ---- */

static pb_status fill_leaves(pb_looking *l, const char *path, const pb_tensors *file)
{
    const pb_graph *g = l->graph.g;
    for (pb_value v = 0; v < pb_graph_count(g); v++) {
        const char *name = pb_value_name(g, v);
        const pb_tensor *tensor = name ? pb_tensors_find(file, name) : NULL;
        if (!tensor || !pb_plan_has(l->plan, v)) continue;
        if (tensor->dtype != pb_value_dtype(g, v) || tensor->bytes != pb_leaf_bytes(g, v))
            return pb_fail(l->ctx, PB_ERR_IO, "%s: %s is not of this network", path, name);
        PB_TRY(pb_plan_write(l->plan, v, tensor->data, tensor->bytes));
    }
    return PB_OK;
}

static pb_status load_network(pb_looking *l, const pb_run_folder *folder)
{
    pb_tensors file = {0};
    char *path = pb_run_folder_of_seed(folder, l->seed);
    char *best = path ? pb_path_join(path, "best.safetensors") : NULL;
    pb_status status = best ? PB_OK : no_memory(l->ctx);
    if (status == PB_OK && !pb_file_exists(best))
        status = pb_fail(l->ctx, PB_ERR_USAGE,
                         "%s: seed %" PRId64 " has no best.safetensors yet; resume the run first",
                         folder->path, l->seed);
    if (status == PB_OK) status = pb_safetensors_load(l->ctx, best, &file);
    if (status == PB_OK) status = pb_plan_init(l->plan, (uint64_t)l->seed);
    if (status == PB_OK) status = fill_leaves(l, best, &file);
    pb_tensors_clear(&file);
    free(best);
    free(path);
    return status;
}

static pb_status prepare(pb_session *s, const pb_run_folder *folder, pb_looking *l)
{
    const char *device = l->options->device;
    char *selector = NULL;
    PB_TRY(pb_run_folder_seed(s->ctx, s->config, folder, l->options->seed, &l->seed));
    PB_TRY(pb_fitted_load(s->ctx, folder->path, &s->fitted));
    if (!device) PB_TRY(pb_run_folder_selector(s->ctx, folder, &selector));
    pb_status status = pb_device_open(s->ctx, device ? device : selector, &s->device);
    free(selector);
    PB_TRY(status);
    const int batch = s->data->test.count < BATCH ? s->data->test.count : BATCH;
    PB_TRY(pb_look_graph_create(s->ctx, s->config, s->data, &s->fitted, l->options->pixels, batch,
                                &l->graph));
    l->width = pb_shape_count(l->graph.sample);
    PB_TRY(pb_plan_create(s->device, l->graph.g, &l->plan));
    return load_network(l, folder);
}

static pb_status look(pb_session *s, const pb_run_folder *place, const pb_look_options *options,
                      const char *folder)
{
    pb_looking l = {.ctx = s->ctx, .data = s->data, .options = options};
    findings f = {0};
    pb_status status = prepare(s, place, &l);
    if (status == PB_OK) status = look_at_tests(&l, &f);
    if (status == PB_OK) status = look_at_samples(&l, &f);
    if (status == PB_OK) status = pb_folder_make(s->ctx, folder);
    if (status == PB_OK) status = save_arrays(&l, folder, &f);
    if (status == PB_OK) status = save_json(&l, s->config, folder, &f);
    if (status == PB_OK && f.largest_gap > 1e-3)
        pb_log(s->ctx, PB_LOG_WARN,
               "integrated gradients with %d points miss the difference of logits by up to %.2g",
               f.points, f.largest_gap);
    clear(&f);
    free(l.baseline);
    pb_plan_free(&l.plan);
    pb_look_graph_clear(&l.graph);
    return status;
}

pb_status pb_run_look(pb_context *ctx, const char *run, const pb_look_options *options,
                      const char *folder)
{
    pb_run_folder place;
    pb_config *config = NULL;
    PB_TRY(pb_run_folder_open(ctx, run, false, &place));
    pb_status status = pb_run_folder_config_of_one(ctx, &place, &config);
    if (status == PB_OK) {
        pb_session session;
        const pb_run_options of_run = {.stop = options->stop};
        status = pb_session_open(ctx, config, &of_run, &session);
        if (status == PB_OK) status = look(&session, &place, options, folder);
        pb_session_close(&session);
    }
    pb_config_free(&config);
    pb_run_folder_close(&place);
    return status;
}
