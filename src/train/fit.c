#include "train/fit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <passband/plan.h>
#include <passband/stage.h>

#include "data/loader.h"
#include "train/applied.h"
#include "train/band_weights.h"

enum { BATCH = 1024 };

/* The graph that looks at what flows into one stage. */
typedef struct look {
    pb_context *ctx;
    const pb_config *config;
    const pb_dataset *data;
    const int32_t *rows;
    int count, batch;
    const pb_fitted *fitted; /* of the stages before */
    pb_graph *g;
    pb_plan *plan;
    pb_builder *builder;
    pb_value samples, labels, weights, leaves[PB_BUILDER_MAX];
} look;

static pb_status no_memory(pb_context *ctx)
{
    return pb_fail(ctx, PB_ERR_MEMORY, "no memory to learn from the training samples");
}

/* ---- the graph ---- */

static void start_builder(look *l)
{
    const pb_init zero = {.kind = PB_INIT_CONSTANT};
    const pb_shape shape = pb_shape_batch(l->batch, l->data->sample_shape);
    l->samples = pb_leaf(l->g, PB_ROLE_INPUT, "samples", l->data->dtype, shape, zero);
    l->labels = pb_leaf(l->g, PB_ROLE_INPUT, "labels", PB_I32, PB_SHAPE(l->batch), zero);
    l->weights = pb_input(l->g, "weights", PB_SHAPE(l->batch));
    pb_builder_init(l->builder, l->ctx, l->g, false, l->data->classes,
                    pb_sample_values(l->g, l->data, l->samples), l->labels);
    l->builder->fitted = l->fitted;
    l->builder->weights = l->weights;
    l->builder->weight_sum = pb_sum_all(l->g, l->weights);
}

static pb_status at_stage(const look *l, int i, pb_status status)
{
    return status == PB_OK ? status
                           : pb_fail_prefix(l->ctx, status, "%s", l->config->stages[i].where);
}

/* The stages before, then what the stage wants to know, each in a leaf. */
static pb_status build(look *l, int stage)
{
    pb_builder *b = l->builder;
    start_builder(l);
    PB_TRY(pb_build_stages(b, l->config, l->data, stage));
    const pb_config_stage *s = &l->config->stages[stage];
    PB_TRY(at_stage(l, stage, pb_stage_observe(b, s->stage, s->ordinal, s->options)));
    if (b->observation_count == 0) return PB_OK;
    if (b->param_count > 0)
        return pb_fail(l->ctx, PB_ERR_CONFIG,
                       "%s: learns from the training samples before training, so it cannot stand "
                       "behind %s, which is trained",
                       s->where, pb_value_name(l->g, b->params[0]));
    pb_value assigns[PB_BUILDER_MAX];
    for (int i = 0; i < b->observation_count; i++) {
        char name[80];
        snprintf(name, sizeof name, "observed.%s", b->observations[i].name);
        const pb_shape shape = pb_value_shape(l->g, b->observations[i].value);
        l->leaves[i] = pb_leaf(l->g, PB_ROLE_STATE, name, PB_F32, shape, (pb_init){0});
        assigns[i] = pb_assign(l->g, l->leaves[i], b->observations[i].value);
    }
    PB_TRY(pb_program(l->g, "observe", b->observation_count, assigns));
    return pb_graph_status(l->g);
}

/* ---- running it over the samples ---- */

/* A batch as the host gathers it; a last one is filled up with its first sample, of weight 0. */
typedef struct batch {
    char *samples;
    int32_t *labels;
    float *weights;
} batch;

static pb_status send(look *l, batch *m, int first)
{
    const size_t bytes = pb_sample_bytes(l->data), count = (size_t)l->batch;
    for (int i = 0; i < l->batch; i++) {
        const bool real = first + i < l->count;
        const int32_t row = l->rows[real ? first + i : first];
        memcpy(m->samples + (size_t)i * bytes,
               (const char *)l->data->train.data + (size_t)row * bytes, bytes);
        m->labels[i] = l->data->train.labels[row];
        m->weights[i] = real;
    }
    /* what no observation needs is not in the plan */
    const struct {
        pb_value leaf;
        const void *data;
        size_t bytes;
    } parts[] = {{l->samples, m->samples, count * bytes},
                 {l->labels, m->labels, count * sizeof *m->labels},
                 {l->weights, m->weights, count * sizeof *m->weights}};
    for (int i = 0; i < 3; i++) {
        if (!pb_plan_has(l->plan, parts[i].leaf)) continue;
        PB_TRY(pb_plan_write(l->plan, parts[i].leaf, parts[i].data, parts[i].bytes));
    }
    return PB_OK;
}

static void accumulate(pb_statistic statistic, size_t count, const float *from, double *into)
{
    for (size_t i = 0; i < count; i++) {
        const double x = (double)from[i];
        if (statistic == PB_STATISTIC_SUM) into[i] += x;
        if (statistic == PB_STATISTIC_LEAST) into[i] = fmin(into[i], x);
        if (statistic == PB_STATISTIC_MOST) into[i] = fmax(into[i], x);
    }
}

static pb_status collect(look *l, pb_fitting *f, float *room)
{
    PB_TRY(pb_plan_run(l->plan, "observe", 1));
    for (int i = 0; i < f->count; i++) {
        PB_TRY(pb_plan_read(l->plan, l->leaves[i], room, f->observed[i].count * sizeof *room));
        accumulate(l->builder->observations[i].statistic, f->observed[i].count, room,
                   f->observed[i].numbers);
    }
    return PB_OK;
}

/* Room for what is observed, and for the largest of it as it comes from the device. */
static float *make_room(const look *l, pb_fitting *f)
{
    size_t most = 0;
    f->count = l->builder->observation_count;
    for (int i = 0; i < f->count; i++) {
        const pb_observation *o = &l->builder->observations[i];
        const size_t count = pb_shape_count(pb_value_shape(l->g, o->value));
        const double start = o->statistic == PB_STATISTIC_SUM     ? 0
                             : o->statistic == PB_STATISTIC_LEAST ? (double)INFINITY
                                                                  : -(double)INFINITY;
        f->observed[i].name = o->name;
        f->observed[i].count = count;
        f->observed[i].numbers = malloc(count * sizeof(double));
        if (!f->observed[i].numbers) return NULL;
        for (size_t k = 0; k < count; k++) f->observed[i].numbers[k] = start;
        if (count > most) most = count;
    }
    return malloc(most * sizeof(float));
}

static pb_status watch(look *l, pb_fitting *f)
{
    batch m = {malloc((size_t)l->batch * pb_sample_bytes(l->data)),
               malloc((size_t)l->batch * sizeof *m.labels),
               malloc((size_t)l->batch * sizeof *m.weights)};
    float *room = make_room(l, f);
    pb_status status = m.samples && m.labels && m.weights && room ? PB_OK : no_memory(l->ctx);
    for (int first = 0; status == PB_OK && first < l->count; first += l->batch) {
        status = send(l, &m, first);
        if (status == PB_OK) status = collect(l, f, room);
    }
    free(m.samples);
    free(m.labels);
    free(m.weights);
    free(room);
    return status;
}

/* ---- a stage ---- */

static pb_status learn(look *l, pb_device *device, int stage, pb_fitted *fitted)
{
    const pb_config_stage *s = &l->config->stages[stage];
    pb_fitting f = {.ctx = l->ctx,
                    .scope = l->builder->scope,
                    .sample = pb_shape_sample(pb_value_shape(l->g, l->builder->x)),
                    .rows = l->count,
                    .fitted = fitted,
                    .read_band_weights = pb_band_weights_read};
    PB_TRY(pb_plan_create(device, l->g, &l->plan));
    PB_TRY(pb_plan_init(l->plan, 0));
    pb_status status = watch(l, &f);
    if (status == PB_OK) status = at_stage(l, stage, s->stage->fit(&f, s->options));
    for (int i = 0; i < f.count; i++) free(f.observed[i].numbers);
    return status;
}

static pb_status fit_stage(look *l, pb_device *device, int stage, pb_fitted *fitted)
{
    l->g = pb_graph_create(l->ctx);
    l->builder = malloc(sizeof *l->builder);
    l->plan = NULL;
    pb_status status = l->g && l->builder ? build(l, stage) : no_memory(l->ctx);
    if (status == PB_OK && l->builder->observation_count > 0)
        status = learn(l, device, stage, fitted);
    pb_plan_free(&l->plan);
    pb_graph_free(&l->g);
    free(l->builder);
    return status;
}

static bool has_learned(const pb_config_stage *s, const pb_fitted *fitted)
{
    char scope[80];
    const int length = snprintf(scope, sizeof scope, "%s_%d.", s->stage->name, s->ordinal);
    for (int i = 0; i < fitted->count; i++)
        if (strncmp(fitted->array[i].name, scope, (size_t)length) == 0) return true;
    return false;
}

pb_status pb_fit(pb_context *ctx, pb_device *device, const pb_config *config,
                 const pb_dataset *data, const int32_t *rows, int count, pb_fitted *fitted)
{
    look l = {.ctx = ctx,
              .config = config,
              .data = data,
              .rows = rows,
              .count = count,
              .batch = count < BATCH ? count : BATCH,
              .fitted = fitted};
    for (int i = 0; i < config->stage_count; i++)
        if (config->stages[i].stage->observe && !has_learned(&config->stages[i], fitted))
            PB_TRY(fit_stage(&l, device, i, fitted));
    return PB_OK;
}
