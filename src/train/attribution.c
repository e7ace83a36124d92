#include "train/attribution.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "train/run_graph.h"

enum { FIRST_POINTS = 32 };
static const double complete = 1e-3;

const char *pb_method_name(pb_method method)
{
    static const char *const names[PB_METHODS] = {
        [PB_GRADIENT] = "gradient",     [PB_GRADIENT_X_INPUT] = "gradient_x_input",
        [PB_SMOOTHGRAD] = "smoothgrad", [PB_INTEGRATED_GRADIENTS] = "integrated_gradients",
        [PB_GRAD_CAM] = "grad_cam",
    };
    return names[method];
}

/* ---- the device ---- */

static pb_status write(pb_looking *l, pb_value leaf, const void *data)
{
    if (!pb_plan_has(l->plan, leaf)) return PB_OK;
    return pb_plan_write(l->plan, leaf, data, pb_leaf_bytes(l->graph.g, leaf));
}

pb_status pb_look_read(pb_looking *l, pb_value leaf, float *values)
{
    return pb_plan_read(l->plan, leaf, values, pb_leaf_bytes(l->graph.g, leaf));
}

pb_status pb_look_run(pb_looking *l, const char *program)
{
    if (l->options->stop && *l->options->stop)
        return pb_fail(l->ctx, PB_INTERRUPTED, "interrupted");
    PB_TRY(pb_plan_run(l->plan, program, 1));
    return pb_plan_finish(l->plan);
}

/* The network sees scale x + shift, the same scale for every sample; a NULL shift is 0. */
static pb_status move(pb_looking *l, float scale, const float shift[])
{
    const size_t batch = (size_t)l->graph.batch;
    float *scales = malloc(batch * sizeof *scales);
    float *zeros = shift ? NULL : calloc(batch * l->width, sizeof *zeros);
    pb_status status = scales && (shift || zeros)
                           ? PB_OK
                           : pb_fail(l->ctx, PB_ERR_MEMORY, "no memory to move samples");
    for (size_t i = 0; status == PB_OK && i < batch; i++) scales[i] = scale;
    if (status == PB_OK) status = write(l, l->graph.scale, scales);
    if (status == PB_OK) status = write(l, l->graph.shift, shift ? shift : zeros);
    free(scales);
    free(zeros);
    return status;
}

/* A last batch is filled up with its first sample. */
pb_status pb_look_take(pb_looking *l, const int32_t rows[], const int32_t targets[], int count)
{
    const size_t batch = (size_t)l->graph.batch;
    const size_t bytes = pb_leaf_bytes(l->graph.g, l->graph.rows) / batch;
    char *samples = malloc(batch * bytes);
    int32_t *classes = malloc(2 * batch * sizeof *classes);
    pb_status status = samples && classes
                           ? PB_OK
                           : pb_fail(l->ctx, PB_ERR_MEMORY, "no memory for a batch of samples");
    for (size_t i = 0; status == PB_OK && i < batch; i++) {
        const size_t k = i < (size_t)count ? i : 0;
        memcpy(samples + i * bytes, (const char *)l->data->test.data + (size_t)rows[k] * bytes,
               bytes);
        classes[i] = targets ? targets[k] : 0;
        classes[batch + i] = l->data->test.labels[rows[k]];
    }
    if (status == PB_OK) status = write(l, l->graph.rows, samples);
    if (status == PB_OK) status = write(l, l->graph.target, classes);
    if (status == PB_OK) status = write(l, l->graph.labels, classes + batch);
    if (status == PB_OK) status = move(l, 1, NULL);
    free(samples);
    free(classes);
    return status;
}

/* ---- methods ---- */

pb_status pb_attributions_create(const pb_looking *l, pb_attributions *a)
{
    const size_t batch = (size_t)l->graph.batch, size = batch * l->width;
    *a = (pb_attributions){.x = malloc(size * sizeof *a->x), .gap = calloc(batch, sizeof *a->gap)};
    bool there = a->x && a->gap;
    for (int m = 0; m < PB_METHODS; m++) {
        a->map[m] = calloc(size, sizeof *a->map[m]);
        there = there && a->map[m];
    }
    return there ? PB_OK : pb_fail(l->ctx, PB_ERR_MEMORY, "no memory for saliency maps");
}

void pb_attributions_clear(pb_attributions *a)
{
    for (int m = 0; m < PB_METHODS; m++) free(a->map[m]);
    free(a->x);
    free(a->gap);
    *a = (pb_attributions){0};
}

static pb_status gradient_at(pb_looking *l, float scale, const float shift[], float *gradient)
{
    PB_TRY(move(l, scale, shift));
    PB_TRY(pb_look_run(l, "gradient"));
    return pb_look_read(l, l->graph.gradient, gradient);
}

/* Room for numbers of a batch. */
typedef struct scratch {
    float *shift, *gradient; /* [batch, width] */
    double *sum;             /* [batch, width] */
    float *logits;           /* [batch, classes] */
} scratch;

static pb_status smoothgrad(pb_looking *l, int first, int count, pb_attributions *a, scratch *t)
{
    const size_t width = l->width, size = (size_t)count * width;
    memset(t->sum, 0, size * sizeof *t->sum);
    for (int draw = 0; draw < l->options->draws; draw++) {
        const pb_stream stream =
            pb_stream_make((uint64_t)l->seed, "look.smoothgrad", (uint32_t)draw);
        for (int i = 0; i < count; i++) {
            const float *x = a->x + (size_t)i * width;
            float low = x[0], high = x[0];
            for (size_t k = 0; k < width; k++) low = fminf(low, x[k]), high = fmaxf(high, x[k]);
            const float deviation = (float)l->options->noise * (high - low);
            for (size_t k = 0; k < width; k++)
                t->shift[(size_t)i * width + k] =
                    deviation * pb_stream_normal(stream, (uint64_t)(first + i) * width + k);
        }
        PB_TRY(gradient_at(l, 1, t->shift, t->gradient));
        for (size_t k = 0; k < size; k++) t->sum[k] += t->gradient[k];
    }
    for (size_t k = 0; k < size; k++)
        a->map[PB_SMOOTHGRAD][k] = (float)(t->sum[k] / l->options->draws);
    return PB_OK;
}

/* What is left of b where the network sees scale x + (1 - scale) b. */
static const float *rest_of_baseline(const pb_looking *l, double scale, scratch *t)
{
    for (int i = 0; i < l->graph.batch; i++)
        for (size_t k = 0; k < l->width; k++)
            t->shift[(size_t)i * l->width + k] = (float)((1 - scale) * l->baseline[k]);
    return t->shift;
}

/* The explained logit of each sample where the network sees scale x + (1 - scale) b. */
static pb_status logits_at(pb_looking *l, double scale, const int32_t targets[], int count,
                           scratch *t, double logits[])
{
    PB_TRY(move(l, (float)scale, rest_of_baseline(l, scale, t)));
    PB_TRY(pb_look_run(l, "score"));
    PB_TRY(pb_look_read(l, l->graph.logits, t->logits));
    for (int i = 0; i < count; i++) logits[i] = t->logits[i * l->data->classes + targets[i]];
    return PB_OK;
}

static pb_status integrate(pb_looking *l, int points, int count, const double rise[],
                           pb_attributions *a, scratch *t, double *worst)
{
    const size_t width = l->width, size = (size_t)count * width;
    memset(t->sum, 0, size * sizeof *t->sum);
    for (int k = 0; k < points; k++) {
        const double at = (k + 0.5) / points;
        PB_TRY(gradient_at(l, (float)at, rest_of_baseline(l, at, t), t->gradient));
        for (size_t j = 0; j < size; j++) t->sum[j] += t->gradient[j];
    }
    *worst = 0;
    for (int i = 0; i < count; i++) {
        double sum = 0;
        for (size_t k = 0; k < width; k++) {
            const size_t j = (size_t)i * width + k;
            const double share = ((double)a->x[j] - l->baseline[k]) * t->sum[j] / points;
            a->map[PB_INTEGRATED_GRADIENTS][j] = (float)share;
            sum += share;
        }
        a->gap[i] = fabs(sum - rise[i]) / fmax(fabs(rise[i]), 1);
        *worst = fmax(*worst, a->gap[i]);
    }
    a->points = points;
    return PB_OK;
}

static pb_status integrated_gradients(pb_looking *l, const int32_t targets[], int count,
                                      pb_attributions *a, scratch *t)
{
    double *rise = malloc(2 * (size_t)count * sizeof *rise), worst = INFINITY;
    if (!rise) return pb_fail(l->ctx, PB_ERR_MEMORY, "no memory for logits");
    pb_status status = logits_at(l, 1, targets, count, t, rise);
    if (status == PB_OK) status = logits_at(l, 0, targets, count, t, rise + count);
    for (int i = 0; i < count; i++) rise[i] -= rise[count + i];
    const int most = l->options->points;
    int points = most < FIRST_POINTS ? most : FIRST_POINTS;
    for (;;) {
        if (status == PB_OK) status = integrate(l, points, count, rise, a, t, &worst);
        if (status != PB_OK || worst <= complete || points == most) break;
        points = 2 * points < most ? 2 * points : most;
    }
    free(rise);
    return status;
}

void pb_enlarge(int h, int w, const float map[], int height, int width, float result[])
{
    for (int y = 0; y < height; y++) {
        const double v = fmin(fmax((y + 0.5) * h / height - 0.5, 0), h - 1);
        const int top = (int)v, bottom = top + 1 < h ? top + 1 : top;
        for (int x = 0; x < width; x++) {
            const double u = fmin(fmax((x + 0.5) * w / width - 0.5, 0), w - 1);
            const int left = (int)u, right = left + 1 < w ? left + 1 : left;
            const double above =
                map[top * w + left] * (1 - (u - left)) + map[top * w + right] * (u - left);
            const double below =
                map[bottom * w + left] * (1 - (u - left)) + map[bottom * w + right] * (u - left);
            result[y * width + x] = (float)(above * (1 - (v - top)) + below * (v - top));
        }
    }
}

/* relu(sum over channels of A mean(dz / dA)) of one sample. */
static void weigh_channels(const pb_look_layer *layer, const float map[], const float gradient[],
                           float cam[])
{
    const int area = layer->height * layer->width;
    memset(cam, 0, (size_t)area * sizeof *cam);
    for (int c = 0; c < layer->channels; c++) {
        double mean = 0;
        for (int k = 0; k < area; k++) mean += gradient[c * area + k];
        mean /= area;
        for (int k = 0; k < area; k++) cam[k] += (float)mean * map[c * area + k];
    }
    for (int k = 0; k < area; k++) cam[k] = fmaxf(cam[k], 0);
}

/* A map of planes is one of the input's last two axes; a map of lines is one of its numbers in a
 * row. */
static void spread(const pb_looking *l, const pb_look_layer *layer, bool planes, const float cam[],
                   float result[])
{
    const pb_shape s = l->graph.sample;
    const bool image = planes && s.axes > 1;
    const int width = image ? s.dim[s.axes - 1] : (int)l->width;
    const int height = image ? s.dim[s.axes - 2] : 1;
    const size_t area = (size_t)height * (size_t)width;
    for (size_t at = 0; at < l->width; at += area)
        pb_enlarge(layer->height, layer->width, cam, height, width, result + at);
}

static pb_status grad_cam(pb_looking *l, int count, pb_attributions *a)
{
    const pb_look_graph *graph = &l->graph;
    if (graph->cam < 0) return PB_OK;
    const pb_look_layer *layer = &graph->layers[graph->cam];
    const size_t bytes = pb_leaf_bytes(graph->g, graph->cam_map);
    const size_t each = bytes / sizeof(float) / (size_t)graph->batch;
    float *map = malloc(bytes), *gradient = malloc(bytes);
    float *cam = malloc((size_t)layer->height * (size_t)layer->width * sizeof *cam);
    pb_status status = map && gradient && cam
                           ? move(l, 1, NULL)
                           : pb_fail(l->ctx, PB_ERR_MEMORY, "no memory for the maps of a layer");
    if (status == PB_OK) status = pb_look_run(l, "cam");
    if (status == PB_OK) status = pb_look_read(l, graph->cam_map, map);
    if (status == PB_OK) status = pb_look_read(l, graph->cam_gradient, gradient);
    const bool planes = pb_value_shape(graph->g, layer->value).axes > 3;
    for (int i = 0; status == PB_OK && i < count; i++) {
        weigh_channels(layer, map + (size_t)i * each, gradient + (size_t)i * each, cam);
        spread(l, layer, planes, cam, a->map[PB_GRAD_CAM] + (size_t)i * l->width);
    }
    free(map);
    free(gradient);
    free(cam);
    return status;
}

static pb_status every_method(pb_looking *l, const int32_t targets[], int first, int count,
                              pb_attributions *a, scratch *t)
{
    const size_t size = (size_t)count * l->width;
    PB_TRY(pb_look_run(l, "score"));
    PB_TRY(pb_look_read(l, l->graph.x, a->x));
    PB_TRY(gradient_at(l, 1, NULL, a->map[PB_GRADIENT]));
    for (size_t k = 0; k < size; k++)
        a->map[PB_GRADIENT_X_INPUT][k] = a->map[PB_GRADIENT][k] * a->x[k];
    PB_TRY(smoothgrad(l, first, count, a, t));
    PB_TRY(integrated_gradients(l, targets, count, a, t));
    return grad_cam(l, count, a);
}

pb_status pb_attribute(pb_looking *l, const int32_t rows[], const int32_t targets[], int first,
                       int count, pb_attributions *a)
{
    const size_t batch = (size_t)l->graph.batch, size = batch * l->width;
    scratch t = {.shift = calloc(size, sizeof *t.shift),
                 .gradient = malloc(size * sizeof *t.gradient),
                 .sum = malloc(size * sizeof *t.sum),
                 .logits = malloc(batch * (size_t)l->data->classes * sizeof *t.logits)};
    pb_status status = t.shift && t.gradient && t.sum && t.logits
                           ? pb_look_take(l, rows, targets, count)
                           : pb_fail(l->ctx, PB_ERR_MEMORY, "no memory for saliency maps");
    if (status == PB_OK) status = every_method(l, targets, first, count, a, &t);
    free(t.shift);
    free(t.gradient);
    free(t.sum);
    free(t.logits);
    return status;
}
