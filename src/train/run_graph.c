#include "train/run_graph.h"

#include <float.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "graph/op.h"
#include "train/applied.h"

enum {
    AUTOMATIC_POINTS = 1000, /* of a recording when train.log_every is 0 */
    MOST_SHOWN = 10,
    MOST_AUGMENTED = 8,
};

size_t pb_leaf_bytes(const pb_graph *g, pb_value leaf)
{
    return pb_shape_count(pb_value_shape(g, leaf)) * pb_dtype_bytes(pb_value_dtype(g, leaf));
}

/* ---- leaves ---- */

/* A state that is set before each use, so no checkpoint needs it. */
static pb_status keep_transient(pb_run_graph *r, pb_value leaf)
{
    if (r->transient_count == 4 * PB_BUILDER_MAX)
        pb_graph_fail(r->g, PB_ERR_CONFIG, "too many values to record");
    else
        r->transient[r->transient_count++] = leaf;
    return pb_graph_status(r->g);
}

/* A state of the trainer's own, which it zeroes. */
static pb_value transient(pb_run_graph *r, const char *name, pb_dtype dtype, pb_shape shape)
{
    const pb_init zero = {.kind = PB_INIT_CONSTANT};
    const pb_value leaf = pb_leaf(r->g, PB_ROLE_STATE, name, dtype, shape, zero);
    return keep_transient(r, leaf) == PB_OK ? leaf : PB_NONE;
}

static pb_value input_i32(pb_graph *g, const char *name, pb_shape shape)
{
    return pb_leaf(g, PB_ROLE_INPUT, name, PB_I32, shape, (pb_init){.kind = PB_INIT_CONSTANT});
}

/* target += value */
static void accumulate(pb_builder *b, pb_value target, pb_value value)
{
    pb_builder_assign(b, target, pb_add(b->g, target, value));
}

/* ---- batches and stages ---- */

/* Positions in an order list of batch number `step`: [batch]. */
static pb_value batch_positions(pb_graph *g, pb_value step, int batch)
{
    const pb_value first = pb_mul(g, step, pb_constant_i32(g, batch, PB_SCALAR));
    return pb_add(g, pb_iota(g, PB_SHAPE(batch), 0), first);
}

static void start_builder(pb_context *ctx, const pb_run_graph *r, const pb_dataset *data,
                          bool training, pb_value index, pb_builder *b)
{
    const pb_value rows = pb_gather(r->g, r->samples, index);
    pb_builder_init(b, ctx, r->g, training, data->classes, pb_sample_values(r->g, data, rows),
                    pb_gather(r->g, r->labels, index));
    b->fitted = r->fitted;
}

static pb_status build_stages(pb_builder *b, const pb_config *config, const pb_dataset *data)
{
    PB_TRY(pb_build_stages(b, config, data, config->stage_count));
    PB_TRY(pb_builder_finish(b));
    if (pb_builder_find(b, "hits") == PB_NONE)
        return pb_fail(b->ctx, PB_ERR_CONFIG,
                       "stages: none of them says which samples were classified correctly; a run "
                       "needs a cross_entropy stage");
    return PB_OK;
}

static pb_status finish_program(pb_builder *b, const char *name)
{
    PB_TRY(pb_program(b->g, name, b->assign_count, b->assigns));
    return pb_graph_status(b->g);
}

/* ---- program "train" ---- */

/* Appends a recording of `value` in the slot whose iteration this is. */
static void record(pb_run_graph *r, pb_builder *b, pb_value due, const char *name, pb_value value)
{
    pb_graph *g = r->g;
    const pb_shape shape = pb_value_shape(g, value);
    pb_recording *log = &r->recordings[r->recording_count++];
    *log = (pb_recording){.leaf = PB_NONE};
    snprintf(log->name, sizeof log->name, "%s", name);
    log->axes = shape.axes;
    log->width = (int)pb_shape_count(shape);

    char leaf_name[80];
    snprintf(leaf_name, sizeof leaf_name, "log.%s", name);
    if (shape.axes > 1) {
        pb_graph_fail(g, PB_ERR_SHAPE, "%s has %d axes; only scalars and vectors are recorded",
                      name, shape.axes);
        return;
    }
    const pb_shape slots = shape.axes ? PB_SHAPE(r->slots, log->width) : PB_SHAPE(r->slots);
    log->leaf = transient(r, leaf_name, PB_F32, slots);
    if (shape.axes) due = pb_reshape(g, due, PB_SHAPE(r->slots, 1));
    pb_builder_assign(b, log->leaf, pb_select(g, due, value, log->leaf));
}

/* finite_steps stops at the first loss that is not finite, and last_loss keeps that loss. */
static void watch_loss(pb_run_graph *r, pb_builder *b)
{
    pb_graph *g = r->g;
    r->finite_steps = transient(r, "train.finite_steps", PB_I32, PB_SCALAR);
    r->last_loss = transient(r, "train.last_loss", PB_F32, PB_SCALAR);
    const pb_value all_finite = pb_equal(g, r->finite_steps, r->step);
    const pb_value finite =
        pb_less(g, pb_abs(g, b->loss), pb_constant(g, FLT_MAX, PB_SCALAR)); /* 0 for NaN too */
    accumulate(b, r->finite_steps, pb_mul(g, all_finite, pb_cast(g, finite, PB_I32)));
    pb_builder_assign(b, r->last_loss, pb_select(g, all_finite, b->loss, r->last_loss));
}

static void add_up(pb_run_graph *r, pb_builder *b)
{
    r->loss_sum = transient(r, "train.loss", PB_F32, PB_SCALAR);
    r->hits = transient(r, "train.hits", PB_F32, PB_SCALAR);
    accumulate(b, r->loss_sum, b->loss);
    accumulate(b, r->hits, pb_sum_all(r->g, pb_builder_find(b, "hits")));
    for (int i = 0; i < b->loss_count; i++) {
        char leaf_name[32];
        pb_loss_part *part = &r->parts[r->part_count++];
        snprintf(part->name, sizeof part->name, "%s", b->losses[i].name);
        snprintf(leaf_name, sizeof leaf_name, "train.loss.%d", i);
        part->sum = transient(r, leaf_name, PB_F32, PB_SCALAR);
        accumulate(b, part->sum, b->losses[i].value);
    }
}

/* ---- program "begin" ---- */

/* Coefficients start as those of the weights that the layer would start with. */
static pb_status build_begin(pb_run_graph *r, const pb_builder *b)
{
    pb_value assigns[PB_BUILDER_MAX];
    r->layer_count = b->layer_count;
    memcpy(r->layers, b->layers, sizeof r->layers);
    for (int i = 0; i < b->layer_count; i++) {
        PB_TRY(keep_transient(r, b->layers[i].start));
        assigns[i] = pb_assign(r->g, b->layers[i].coefficients, b->layers[i].begun);
    }
    return b->layer_count ? pb_program(r->g, "begin", b->layer_count, assigns) : PB_OK;
}

/* Random numbers follow from the seed, the epoch and a sample's number in the data set, which is
 * not its number in a window. */
static pb_draw start_draws(pb_run_graph *r, bool windowed, pb_value position, pb_value index)
{
    pb_graph *g = r->g;
    r->key = input_i32(g, "train.key", PB_SCALAR);
    r->epoch = input_i32(g, "train.epoch", PB_SCALAR);
    r->numbers = PB_NONE;
    if (windowed) {
        r->numbers = input_i32(g, "train.numbers", PB_SHAPE(r->steps * r->batch));
        index = pb_gather(g, r->numbers, position);
    }
    return (pb_draw){.key = r->key, .epoch = r->epoch, .sample = index};
}

static pb_status build_train(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                             bool windowed, pb_run_graph *r, pb_builder *b)
{
    pb_graph *g = r->g;
    r->order = input_i32(g, "train.order", PB_SHAPE(r->steps * r->batch));
    r->phase = input_i32(g, "train.phase", PB_SCALAR);
    r->step = transient(r, "train.step", PB_I32, PB_SCALAR);
    const pb_value position = batch_positions(g, r->step, r->batch);
    const pb_value index = pb_gather(g, r->order, position);
    start_builder(ctx, r, data, true, index, b);
    b->steps = r->steps;
    b->step = r->step;
    b->draws = start_draws(r, windowed, position, index);
    PB_TRY(build_stages(b, config, data));

    pb_graph_scope(g, "train");
    const pb_value slot =
        pb_mul(g, pb_iota(g, PB_SHAPE(r->slots), 0), pb_constant_i32(g, r->log_every, PB_SCALAR));
    const pb_value due = pb_equal(g, slot, pb_add(g, r->step, r->phase));
    record(r, b, due, "loss", b->loss);
    for (int i = 0; i < b->log_count; i++) record(r, b, due, b->logs[i].name, b->logs[i].value);
    watch_loss(r, b);
    add_up(r, b);
    accumulate(b, r->step, pb_constant_i32(g, 1, PB_SCALAR));
    pb_graph_scope(g, NULL);

    r->rate_count = b->rate_count;
    memcpy(r->rates, b->rates, sizeof r->rates);
    r->average = b->average;
    r->buffer_count = b->buffer_count;
    memcpy(r->buffers, b->buffers, sizeof r->buffers);
    PB_TRY(finish_program(b, "train"));
    return build_begin(r, b);
}

/* ---- program "update_bn" ---- */

static int stages_before_loss(const pb_config *config)
{
    int count = 0;
    while (count < config->stage_count && config->stages[count].stage->kind != PB_STAGE_LOSS)
        count++;
    return count;
}

/* The batches of an epoch once more, through the averaged network: running statistics become the
 * plain mean over them. */
static pb_status build_update(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                              pb_run_graph *r, pb_builder *b)
{
    pb_graph *g = r->g;
    r->update_step = PB_NONE;
    if (!r->average.update_bn) return PB_OK;
    r->update_step = transient(r, "update_bn.step", PB_I32, PB_SCALAR);
    const pb_value position = batch_positions(g, r->update_step, r->batch);
    const pb_value index = pb_gather(g, r->order, position);
    start_builder(ctx, r, data, true, index, b);
    b->averaged = true;
    b->draws = (pb_draw){.key = r->key, .epoch = r->epoch, .sample = index};
    if (r->numbers != PB_NONE) b->draws.sample = pb_gather(g, r->numbers, position);
    const pb_value one = pb_constant(g, 1, PB_SCALAR);
    b->statistics_share = pb_div(g, one, pb_add(g, pb_cast(g, r->update_step, PB_F32), one));
    PB_TRY(pb_build_stages(b, config, data, stages_before_loss(config)));
    accumulate(b, r->update_step, pb_constant_i32(g, 1, PB_SCALAR));
    return finish_program(b, "update_bn");
}

/* ---- views ---- */

/* A state of the shape of `value`, to be read under that name. */
static pb_value add_view(pb_run_graph *r, const char *name, pb_value value, bool by_class)
{
    char leaf_name[80];
    snprintf(leaf_name, sizeof leaf_name, "view.%s", name);
    const pb_value leaf = transient(r, leaf_name, PB_F32, pb_value_shape(r->g, value));
    pb_view *view = &r->views[r->view_count++];
    *view = (pb_view){.leaf = leaf, .by_class = by_class};
    snprintf(view->name, sizeof view->name, "%s", name);
    return leaf;
}

/* A view that takes `value`, if there is one, when the program runs. */
static void show(pb_run_graph *r, pb_builder *b, const char *name, pb_value value)
{
    if (value != PB_NONE) pb_builder_assign(b, add_view(r, name, value, false), value);
}

/* A view of `value` [batch, ...], summed over the real samples of each class. */
static void sum_by_class(pb_run_graph *r, pb_builder *b, const char *name, pb_value value)
{
    pb_graph *g = r->g;
    pb_shape shape = pb_value_shape(g, value);
    pb_value member = pb_one_hot(g, b->labels, b->classes);
    if (b->weights != PB_NONE)
        member = pb_mul(g, member, pb_reshape(g, b->weights, PB_SHAPE(b->batch, 1)));
    const pb_value rows = pb_reshape(g, value, PB_SHAPE(b->batch, -1));
    shape.dim[0] = b->classes;
    const pb_value sums = pb_reshape(g, pb_matmul_t(g, member, rows, true, false), shape);
    accumulate(b, add_view(r, name, sums, true), sums);
}

static void sum_saliency(pb_run_graph *r, pb_builder *b)
{
    const pb_value saliency = pb_builder_find(b, "saliency");
    if (saliency == PB_NONE) return;
    sum_by_class(r, b, "saliency", pb_abs(r->g, saliency));
    sum_by_class(r, b, "saliency_spectra", pb_builder_find(b, "saliency_spectra"));
}

/* ---- programs "validate" and "test" ---- */

static pb_status build_scoring(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                               pb_run_graph *r, const char *program, int count, pb_scoring *s,
                               pb_builder *b)
{
    *s = (pb_scoring){.program = program, .count = count};
    if (count == 0) return PB_OK;
    const int most = (int)pb_option_int(config->train, "eval_batch_size");
    s->steps = (count - 1) / most + 1;
    s->batch = (count - 1) / s->steps + 1; /* as even as can be: little filling */

    pb_graph *g = r->g;
    char name[32];
    snprintf(name, sizeof name, "%s.order", program);
    s->order = input_i32(g, name, PB_SHAPE(s->steps * s->batch));
    snprintf(name, sizeof name, "%s.step", program);
    s->step = transient(r, name, PB_I32, PB_SCALAR);
    const pb_value position = batch_positions(g, s->step, s->batch);
    start_builder(ctx, r, data, false, pb_gather(g, s->order, position), b);
    if (s->steps * s->batch != count) {
        const pb_value real = pb_less(g, position, pb_constant_i32(g, count, PB_SCALAR));
        b->weights = pb_cast(g, real, PB_F32);
        b->weight_sum = pb_sum_all(g, b->weights);
    }
    PB_TRY(build_stages(b, config, data));

    pb_graph_scope(g, program);
    pb_value hits = pb_builder_find(b, "hits");
    pb_value loss = pb_scale(g, b->loss, (float)s->batch);
    if (b->weights != PB_NONE) {
        hits = pb_mul(g, hits, b->weights);
        loss = pb_mul(g, b->loss, b->weight_sum);
    }
    snprintf(name, sizeof name, "%s.loss", program);
    s->loss = transient(r, name, PB_F32, PB_SCALAR);
    accumulate(b, s->loss, loss);
    snprintf(name, sizeof name, "%s.class_hits", program);
    s->class_hits = transient(r, name, PB_F32, PB_SHAPE(data->classes));
    const pb_value by_class = pb_mul(g, pb_one_hot(g, b->labels, data->classes),
                                     pb_reshape(g, hits, PB_SHAPE(s->batch, 1)));
    accumulate(b, s->class_hits, pb_sum(g, by_class, 0, false));
    accumulate(b, s->step, pb_constant_i32(g, 1, PB_SCALAR));
    if (s == &r->test) sum_saliency(r, b);
    pb_graph_scope(g, NULL);
    return finish_program(b, program);
}

/* ---- program "inspect" ---- */

/* What the network takes, on its way back through the transforms. */
static void show_reconstruction(pb_run_graph *r, pb_builder *b)
{
    const pb_value pixels = pb_builder_find(b, "pixels");
    if (pixels == PB_NONE || pb_value_shape(r->g, pixels).axes != 3)
        return; /* only gray images have pictures of this kind */
    const pb_value back = pb_builder_reconstruct(b, pb_builder_transformed(b));
    if (back == PB_NONE) return;
    show(r, b, "originals", pixels);
    show(r, b, "reconstructed", back);
}

static pb_status build_predict(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                               pb_run_graph *r, pb_builder *b)
{
    r->predict.batch = r->test.batch;
    r->predict.order = input_i32(r->g, "predict.order", PB_SHAPE(r->predict.batch));
    start_builder(ctx, r, data, false, r->predict.order, b);
    PB_TRY(build_stages(b, config, data));
    const pb_value logs = pb_log_softmax(r->g, b->logits);
    r->predict.log_probabilities = transient(r, "predict.log_probabilities", PB_F32,
                                             PB_SHAPE(r->predict.batch, data->classes));
    pb_builder_assign(b, r->predict.log_probabilities, logs);
    PB_TRY(finish_program(b, "predict"));
    return pb_program_seldom(r->g, "predict");
}

static pb_status build_inspect(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                               int test_rows, pb_run_graph *r, pb_builder *b)
{
    r->shown = test_rows < MOST_SHOWN ? test_rows : MOST_SHOWN;
    r->shown_order = input_i32(r->g, "inspect.order", PB_SHAPE(r->shown));
    start_builder(ctx, r, data, false, r->shown_order, b);
    PB_TRY(build_stages(b, config, data));

    pb_graph_scope(r->g, "inspect");
    for (int i = 0; i < b->log_count; i++) show(r, b, b->logs[i].name, b->logs[i].value);
    show(r, b, "mask", pb_builder_find(b, "mask"));
    show_reconstruction(r, b);
    show(r, b, "scalograms", pb_builder_find(b, "scalogram"));
    r->scalogram = b->scalogram;
    show(r, b, "saliency_inputs", pb_builder_find(b, "salient"));
    show(r, b, "saliency_samples", pb_builder_find(b, "saliency"));
    pb_graph_scope(r->g, NULL);
    r->inspects = b->assign_count > 0;
    if (!r->inspects) return pb_graph_status(r->g);
    PB_TRY(finish_program(b, "inspect"));
    return pb_program_seldom(r->g, "inspect");
}

/* ---- program "augmented" ---- */

/* Stages up to the first augmentation; 0: there is none. */
static int stages_to_augment(const pb_config *config)
{
    for (int i = 0; i < config->stage_count; i++)
        if (config->stages[i].stage->kind == PB_STAGE_AUGMENTATION) return i + 1;
    return 0;
}

static pb_value taken_by_sheet(pb_run_graph *r, pb_builder *b, const char *name, const char *kept)
{
    const pb_value value = pb_builder_find(b, kept);
    const pb_value leaf = transient(r, name, PB_F32, pb_value_shape(r->g, value));
    pb_builder_assign(b, leaf, value);
    return leaf;
}

static pb_status build_augmented(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                                 int train_rows, pb_run_graph *r, pb_builder *b)
{
    const int stages = stages_to_augment(config);
    pb_augmented_sheet *s = &r->sheet;
    if (stages == 0) return PB_OK;
    s->count = train_rows < MOST_AUGMENTED ? train_rows : MOST_AUGMENTED;
    s->order = input_i32(r->g, "augmented.order", PB_SHAPE(s->count));
    s->numbers = input_i32(r->g, "augmented.numbers", PB_SHAPE(s->count));
    s->epoch = input_i32(r->g, "augmented.epoch", PB_SCALAR);
    start_builder(ctx, r, data, true, s->order, b);
    b->draws = (pb_draw){.key = r->key, .epoch = s->epoch, .sample = s->numbers};
    PB_TRY(pb_build_stages(b, config, data, stages));
    b->assign_count = 0; /* what stages before it would keep is none of a picture's business */
    s->before = taken_by_sheet(r, b, "augmented.before", "unaugmented");
    s->after = taken_by_sheet(r, b, "augmented.after", "augmented");
    PB_TRY(finish_program(b, "augmented"));
    return pb_program_seldom(r->g, "augmented");
}

/* ---- the whole ---- */

static bool is_among(const pb_value leaves[], int count, pb_value leaf)
{
    for (int i = 0; i < count; i++)
        if (leaves[i] == leaf) return true;
    return false;
}

/* What a checkpoint holds: every parameter, the buffers, then every other state that is not ours.
 */
static pb_status list_lasting(pb_context *ctx, pb_run_graph *r)
{
    const int count = pb_graph_count(r->g);
    r->lasting = calloc((size_t)count, sizeof *r->lasting);
    r->evaluated = calloc((size_t)count, sizeof *r->evaluated);
    if (!r->lasting || !r->evaluated)
        return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a list of parameters");
    for (pb_value v = 0; v < count; v++) {
        const pb_record *leaf = pb_record_of(r->g, v);
        if (leaf->op != PB_OP_LEAF || leaf->attrs.role != PB_ROLE_PARAM) continue;
        r->lasting[r->lasting_count++] = v;
        r->parameters += (int64_t)pb_shape_count(leaf->shape);
    }
    for (int i = 0; i < r->buffer_count; i++) r->lasting[r->lasting_count++] = r->buffers[i];
    r->network_count = r->lasting_count;
    for (pb_value v = 0; v < count; v++) {
        const pb_record *leaf = pb_record_of(r->g, v);
        if (leaf->op != PB_OP_LEAF || leaf->attrs.role != PB_ROLE_STATE ||
            is_among(r->transient, r->transient_count, v) ||
            is_among(r->buffers, r->buffer_count, v))
            continue;
        r->lasting[r->lasting_count++] = v;
    }
    for (int i = 0; i < r->network_count; i++) {
        const pb_value average = pb_builder_average_of(r->g, r->lasting[i]);
        r->evaluated[i] = i;
        for (int k = r->network_count; k < r->lasting_count; k++)
            if (r->lasting[k] == average) r->evaluated[i] = k;
    }
    return PB_OK;
}

static pb_status plan_iterations(pb_context *ctx, const pb_config *config, pb_run_rows rows,
                                 pb_run_graph *r)
{
    r->batch = (int)pb_option_int(config->train, "batch_size");
    if (r->batch > rows.train)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s: a batch of %d samples is larger than the %d training samples; at most "
                       "%d is allowed",
                       pb_option_where(config->train, "batch_size"), r->batch, rows.train,
                       rows.train);
    r->steps = rows.train / r->batch;
    const int64_t iterations = pb_option_int(config->train, "epochs") * r->steps;
    const int64_t chosen = pb_option_int(config->train, "log_every");
    const int64_t every = chosen > 0 ? chosen : (iterations - 1) / AUTOMATIC_POINTS + 1;
    r->log_every = (int)(every < iterations ? every : iterations);
    r->points = (iterations - 1) / r->log_every + 1;
    r->slots = (r->steps - 2 + r->log_every) / r->log_every + 1;
    return PB_OK;
}

static pb_status build_programs(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                                pb_run_rows rows, pb_run_graph *r, pb_builder *b)
{
    if (data->sample_shape.axes >= PB_MAX_AXES)
        return pb_fail(ctx, PB_ERR_SHAPE,
                       "data set %s: samples have %d axes; at most %d are allowed", data->name,
                       data->sample_shape.axes, PB_MAX_AXES - 1);
    const int count = rows.window > 0 ? rows.window : rows.test + data->train.count;
    const pb_shape shape = pb_shape_batch(count, data->sample_shape);
    const pb_init none = {.kind = PB_INIT_CONSTANT};
    r->samples = pb_leaf(r->g, PB_ROLE_DATA, "samples", data->dtype, shape, none);
    r->labels = pb_leaf(r->g, PB_ROLE_DATA, "labels", PB_I32, PB_SHAPE(count), none);

    PB_TRY(build_train(ctx, config, data, rows.window > 0, r, b));
    r->unlearned = b->unlearned;
    PB_TRY(build_update(ctx, config, data, r, b));
    PB_TRY(build_scoring(ctx, config, data, r, "validate", rows.validation, &r->validate, b));
    PB_TRY(build_scoring(ctx, config, data, r, "test", rows.test, &r->test, b));
    PB_TRY(build_inspect(ctx, config, data, rows.test, r, b));
    PB_TRY(build_augmented(ctx, config, data, rows.train, r, b));
    if (rows.predicts) PB_TRY(build_predict(ctx, config, data, r, b));
    return list_lasting(ctx, r);
}

pb_status pb_run_graph_create(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                              pb_run_rows rows, const pb_fitted *fitted, pb_run_graph *r)
{
    *r = (pb_run_graph){.fitted = fitted};
    PB_TRY(plan_iterations(ctx, config, rows, r));
    r->g = pb_graph_create(ctx);
    pb_builder *b = malloc(sizeof *b);
    const pb_status status = r->g && b
                                 ? build_programs(ctx, config, data, rows, r, b)
                                 : pb_fail(ctx, PB_ERR_MEMORY, "no memory for the graph of a run");
    free(b);
    if (status != PB_OK) pb_run_graph_clear(r);
    return status;
}

void pb_run_graph_clear(pb_run_graph *r)
{
    pb_graph_free(&r->g);
    free(r->lasting);
    free(r->evaluated);
    *r = (pb_run_graph){0};
}
