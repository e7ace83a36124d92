#include "train/session.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/pages.h"
#include "device/device.h"
#include "train/applied.h"
#include "train/run_data.h"
#include "train/window.h"

enum { FIRST_CHUNK = 8, LARGEST_CHUNK = 1 << 20 };
enum { PIECE_BYTES = 4 << 20 }; /* of the set-up: what caches hold, and some hundred rows */
enum { UPLOAD_BYTES = 8 << 20 };
static const double chunk_seconds = 0.25; /* aim: long beside one wait, short beside a second */

/* ---- data ---- */

static pb_status hash_config(pb_session *s)
{
    char *yaml = pb_config_yaml(s->config);
    if (!yaml) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for the configuration's text");
    pb_sha256_hex(yaml, strlen(yaml), s->config_sha256);
    free(yaml);
    return PB_OK;
}

pb_run_rows pb_session_rows(const pb_session *s)
{
    return (pb_run_rows){.train = s->train_count,
                         .validation = s->held_count,
                         .test = s->data->test.count,
                         .predicts = s->predicts};
}

static pb_status open_session(pb_session *s)
{
    if (s->options.trace) PB_TRY(pb_trace_open(s->ctx, s->options.trace, &s->trace));
    PB_TRY(hash_config(s));
    PB_TRY(pb_run_data_begin(s->ctx, s->config, s->options.skip_damaged, &s->data, &s->reading));
    PB_TRY(pb_run_data_split(s->ctx, s->config, s->data, &s->train_rows, &s->train_count,
                             &s->held_rows, &s->held_count));
    PB_TRY(pb_applied_fitted(s->ctx, s->config, s->data, &s->fitted));
    return pb_run_graph_create(s->ctx, s->config, s->data, pb_session_rows(s), NULL, &s->graph);
}

static pb_status wait_for_samples(pb_session *s)
{
    if (!s->reading) return PB_OK;
    const double start = pb_seconds();
    PB_TRY(pb_reading_end(s->ctx, &s->reading));
    pb_trace_span(s->trace, start, "wait for the samples");
    return PB_OK;
}

static pb_status open_any(pb_context *ctx, const pb_config *config, const pb_run_options *options,
                          bool waits, bool predicts, pb_session *s)
{
    const double start = pb_seconds();
    *s = (pb_session){.ctx = ctx, .config = config, .chunk = FIRST_CHUNK};
    s->predicts = predicts || config->ensemble;
    if (options) s->options = *options;
    pb_status status = open_session(s);
    pb_trace_span(s->trace, start, "load data and build the graph");
    if (status == PB_OK && waits) status = wait_for_samples(s);
    if (status != PB_OK) pb_session_close(s);
    s->setup_seconds = s->seconds.load = pb_seconds() - start;
    return status;
}

pb_status pb_session_open(pb_context *ctx, const pb_config *config, const pb_run_options *options,
                          pb_session *s)
{
    return open_any(ctx, config, options, true, false, s);
}

pb_status pb_session_begin(pb_context *ctx, const pb_config *config, const pb_run_options *options,
                           pb_session *s)
{
    return open_any(ctx, config, options, false, false, s);
}

pb_status pb_session_open_to_predict(pb_context *ctx, const pb_config *config,
                                     const pb_run_options *options, pb_session *s)
{
    return open_any(ctx, config, options, true, true, s);
}

/* ---- device ---- */

/* Copies samples a piece at a time and gives the pages of each back at once: a device that computes
 * in the host's memory takes them for the next piece, and none is held twice. */
static pb_status upload_samples(pb_session *s, size_t offset, char *samples, size_t bytes)
{
    for (size_t at = 0, next; at < bytes; at = next) {
        next = at + UPLOAD_BYTES - (uintptr_t)(samples + at) % UPLOAD_BYTES; /* whole large pages */
        if (next > bytes) next = bytes;
        PB_TRY(pb_plan_write_part(s->plan, s->graph.samples, offset + at, samples + at, next - at));
        pb_pages_release(samples + at, next - at);
    }
    return PB_OK;
}

static pb_status upload_data(pb_session *s)
{
    pb_samples *train = &s->data->train, *test = &s->data->test;
    const size_t train_count = (size_t)train->count, test_count = (size_t)test->count;
    const size_t row = pb_leaf_bytes(s->graph.g, s->graph.samples) / (train_count + test_count);
    const size_t label = sizeof *train->labels;
    PB_TRY(upload_samples(s, 0, train->data, train_count * row));
    PB_TRY(upload_samples(s, train_count * row, test->data, test_count * row));
    PB_TRY(pb_plan_write_part(s->plan, s->graph.labels, 0, train->labels, train_count * label));
    PB_TRY(pb_plan_write_part(s->plan, s->graph.labels, train_count * label, test->labels,
                              test_count * label));
    free(train->data);
    free(test->data);
    train->data = test->data = NULL;
    return pb_plan_set_up(s->plan);
}

static pb_pass scoring_pass(const pb_scoring *scoring, const int32_t *rows, int32_t first)
{
    return (pb_pass){.program = scoring->program,
                     .order = scoring->order,
                     .batch = scoring->batch,
                     .steps = scoring->steps,
                     .count = scoring->count,
                     .rows = rows,
                     .first = first};
}

pb_pass pb_session_validation(const pb_session *s)
{
    return scoring_pass(&s->graph.validate, s->held_rows, 0);
}

pb_pass pb_session_test(const pb_session *s)
{
    return scoring_pass(&s->graph.test, NULL, s->data->train.count);
}

pb_pass pb_session_inspection(const pb_session *s)
{
    return (pb_pass){.program = "inspect",
                     .order = s->graph.shown_order,
                     .batch = s->graph.shown,
                     .steps = 1,
                     .count = s->graph.shown,
                     .rows = s->shown};
}

pb_pass pb_session_augmentation(const pb_session *s)
{
    return (pb_pass){.program = "augmented",
                     .order = s->graph.sheet.order,
                     .batch = s->graph.sheet.count,
                     .steps = 1,
                     .count = s->graph.sheet.count,
                     .rows = s->augmented};
}

/* A streamed pass finds its samples in the order of its batches, in window after window. */
static int32_t place_of(const pb_session *s, const pb_pass *pass, int i)
{
    if (s->feed.window == 0) return pb_pass_row(pass, i);
    return i % (pb_pass_window_steps(pass, s->feed.window) * pass->batch);
}

static pb_status write_places(pb_session *s, const pb_pass *pass)
{
    const int count = pass->steps * pass->batch;
    if (count == 0) return PB_OK;
    int32_t *order = malloc((size_t)count * sizeof *order);
    if (!order) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for a list of samples");
    for (int i = 0; i < count; i++) order[i] = place_of(s, pass, i);
    const pb_status status = pb_session_write(s, pass->order, order);
    free(order);
    return status;
}

pb_status pb_session_order(pb_session *s, const pb_pass *pass)
{
    return s->feed.window > 0 ? PB_OK : write_places(s, pass);
}

static pb_status write_orders(pb_session *s)
{
    const pb_run_graph *r = &s->graph;
    const pb_pass validation = pb_session_validation(s), test = pb_session_test(s),
                  inspection = pb_session_inspection(s), augmentation = pb_session_augmentation(s);
    const pb_pass training = {.order = r->order, .batch = r->batch, .steps = r->steps};
    PB_TRY(write_places(s, &validation));
    PB_TRY(write_places(s, &test));
    if (r->inspects) PB_TRY(write_places(s, &inspection));
    if (r->sheet.count) PB_TRY(write_places(s, &augmentation));
    const pb_pass prediction = {
        .order = r->predict.order, .batch = r->predict.batch, .steps = 1, .count = 1};
    if (s->predicts) PB_TRY(write_places(s, &prediction));
    return s->feed.window > 0 ? write_places(s, &training) : PB_OK;
}

static bool contains(const int32_t *values, int count, int32_t value)
{
    for (int i = 0; i < count; i++)
        if (values[i] == value) return true;
    return false;
}

/* Of `among` samples, `rows` of a part of the data set or NULL for the first ones, `wanted` to look
 * at: the first of each class, then the first of the others. */
static void choose_samples(const pb_session *s, const pb_samples *part, const int32_t *rows,
                           int among, int wanted, int32_t chosen[])
{
    int count = 0;
    for (int label = 0; label < s->data->classes && count < wanted; label++)
        for (int i = 0; i < among; i++)
            if (part->labels[rows ? rows[i] : i] == label) {
                chosen[count++] = rows ? rows[i] : i;
                break;
            }
    for (int i = 0; count < wanted; i++)
        if (!contains(chosen, count, rows ? rows[i] : i)) chosen[count++] = rows ? rows[i] : i;
}

static void choose_shown(pb_session *s)
{
    const pb_samples *train = &s->data->train, *test = &s->data->test;
    choose_samples(s, test, NULL, test->count, s->graph.shown, s->shown);
    for (int i = 0; i < s->graph.shown; i++) s->shown[i] += train->count;
    choose_samples(s, train, s->train_rows, s->train_count, s->graph.sheet.count, s->augmented);
}

static pb_run_parts parts_of(const pb_session *s)
{
    return (pb_run_parts){.ctx = s->ctx,
                          .config = s->config,
                          .data = s->data,
                          .rows = pb_session_rows(s),
                          .fitted = &s->fitted,
                          .choices = s->choices};
}

/* The graph again, over a window of the data. */
static pb_status plan_windows(pb_session *s)
{
    pb_run_parts parts = parts_of(s);
    PB_TRY(pb_window_choose(&parts, s->device, &s->graph, &parts.rows.window));
    pb_run_graph_clear(&s->graph);
    PB_TRY(pb_run_graph_create(s->ctx, s->config, s->data, parts.rows, &s->fitted, &s->graph));
    PB_TRY(pb_feed_open(s->ctx, s->data, parts.rows.window, &s->feed));
    pb_log(s->ctx, PB_LOG_INFO, "%s: the data is streamed in windows of %d samples",
           pb_config_name(s->config), parts.rows.window);
    return pb_plan_create_windowed(s->device, s->graph.g, s->choices, &s->plan);
}

/* What depends on the data alone (its cosine transform, say) is computed in pieces where its
 * intermediate values would take much memory at once. */
static pb_status set_up_in_pieces(pb_session *s)
{
    const size_t bytes = pb_plan_setup_bytes(s->plan);
    if (bytes <= 2 * PIECE_BYTES) return PB_OK;
    const double rows = (double)(s->data->train.count + s->data->test.count);
    pb_run_rows piece = pb_session_rows(s);
    piece.window = 1 + (int)(rows * PIECE_BYTES / (double)bytes);
    pb_run_graph graph;
    PB_TRY(pb_run_graph_create(s->ctx, s->config, s->data, piece, &s->fitted, &graph));
    const pb_status status = pb_plan_set_up_by(s->plan, graph.g);
    pb_run_graph_clear(&graph);
    return status;
}

static pb_status plan_resident(pb_session *s)
{
    PB_TRY(pb_plan_draft(s->device, s->graph.g, s->choices, &s->plan));
    pb_status status = set_up_in_pieces(s);
    if (status == PB_OK) status = pb_plan_realise(s->plan);
    if (status != PB_OK) pb_plan_free(&s->plan);
    return status;
}

static pb_status make_plan(pb_session *s)
{
    const pb_status status = plan_resident(s);
    if (status != PB_ERR_DEVICE) return status;
    const pb_run_parts parts = parts_of(s);
    bool fits;
    PB_TRY(pb_window_fits(&parts, s->device, 0, &fits));
    return fits ? status : plan_windows(s);
}

/* What a run began with stays; a new one takes the trouble that its configuration asks for. */
static pb_status choose_solvers(pb_session *s)
{
    if (s->choices) return PB_OK;
    pb_tuning tuning = {.budget_seconds = pb_option_float(s->config->top, "plan_seconds"),
                        .stop = s->options.stop};
    pb_effort_find(pb_option_string(s->config->top, "plan"), &tuning.effort);
    return pb_wisdom_tune(s->device, s->graph.g, &tuning, &s->choices);
}

/* The graph again, with what its stages have learned; a run that goes on has brought that along. */
static pb_status learn(pb_session *s)
{
    if (!s->graph.unlearned) return PB_OK;
    PB_TRY(wait_for_samples(s));
    const double start = pb_seconds();
    PB_TRY(
        pb_fit(s->ctx, s->device, s->config, s->data, s->train_rows, s->train_count, &s->fitted));
    pb_run_graph_clear(&s->graph);
    PB_TRY(
        pb_run_graph_create(s->ctx, s->config, s->data, pb_session_rows(s), &s->fitted, &s->graph));
    pb_trace_span(s->trace, start, "learn from the training samples");
    return PB_OK;
}

pb_status pb_session_plan(pb_session *s, const char *selector)
{
    const double start = pb_seconds();
    PB_TRY(pb_device_open(s->ctx, selector ? selector : s->config->device, &s->device));
    s->seconds.device = pb_seconds() - start;
    PB_TRY(learn(s));
    PB_TRY(choose_solvers(s));
    if (s->options.profile || s->trace) PB_TRY(pb_device_profile(s->device, true));
    if (s->trace) PB_TRY(pb_trace_listen(s->trace, s->device));
    const int64_t limit = pb_option_int(s->config->machine, "memory_limit");
    if (limit > 0) pb_device_limit(s->device, (uint64_t)limit);
    PB_TRY(make_plan(s));
    s->plan_json = pb_plan_json(s->plan);
    if (!s->plan_json) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for the plan's text");
    pb_sha256_hex(s->plan_json, strlen(s->plan_json), s->plan_sha256);
    pb_trace_span(s->trace, start, "plan");
    const double all = pb_seconds() - start;
    s->seconds.build = pb_plan_build_seconds(s->plan);
    s->seconds.plan = all - s->seconds.device - s->seconds.build;
    s->setup_seconds += all;
    return PB_OK;
}

pb_status pb_session_upload(pb_session *s)
{
    const double start = pb_seconds();
    PB_TRY(wait_for_samples(s));
    if (s->feed.window == 0) PB_TRY(upload_data(s));
    choose_shown(s);
    PB_TRY(write_orders(s));
    pb_trace_span(s->trace, start, "upload");
    s->seconds.upload = pb_seconds() - start;
    s->setup_seconds += s->seconds.upload;
    return PB_OK;
}

pb_status pb_session_warm_up(pb_session *s)
{
    const double start = pb_seconds();
    const pb_run_graph *r = &s->graph;
    PB_TRY(pb_plan_init(s->plan, 0));
    if (s->feed.window == 0) PB_TRY(pb_session_zero(s, r->order)); /* row 0 again and again */
    PB_TRY(pb_session_zero(s, r->phase));
    for (int i = 0; i < r->rate_count; i++) PB_TRY(pb_session_zero(s, r->rates[i].leaf));
    PB_TRY(pb_plan_run(s->plan, "train", 1));
    PB_TRY(pb_plan_finish(s->plan));
    pb_trace_span(s->trace, start, "warm up");
    s->seconds.first = pb_seconds() - start;
    s->setup_seconds += s->seconds.first;
    pb_log(s->ctx, PB_LOG_DEBUG,
           "%s: set-up took %.2f s: data's outline and graph %.2f, device %.2f, plan %.2f, its "
           "programs %.2f, samples and what is computed of them once %.2f, first step %.2f",
           pb_config_name(s->config), s->setup_seconds, s->seconds.load, s->seconds.device,
           s->seconds.plan, s->seconds.build, s->seconds.upload, s->seconds.first);
    return PB_OK;
}

pb_status pb_session_twin(const pb_session *s, pb_device *part, pb_session *twin)
{
    *twin = *s;
    twin->ctx = pb_device_context(part);
    twin->device = part;
    twin->trace = NULL;
    twin->chunk = FIRST_CHUNK;
    PB_TRY(pb_plan_twin(s->plan, part, &twin->plan));
    const pb_status status = write_orders(twin);
    if (status != PB_OK) pb_plan_free(&twin->plan);
    return status;
}

void pb_session_close_twin(pb_session *twin)
{
    pb_plan_free(&twin->plan); /* the rest is the other session's */
    *twin = (pb_session){0};
}

void pb_session_close(pb_session *s)
{
    pb_trace_close(&s->trace, false); /* a run that went well has closed it before */
    pb_plan_free(&s->plan);
    pb_feed_close(&s->feed); /* the plan may have been reading from it */
    pb_choices_free(&s->choices);
    pb_device_close(&s->device);
    pb_run_graph_clear(&s->graph);
    pb_fitted_clear(&s->fitted);
    pb_tensors_clear(&s->start);
    pb_reading_end(NULL, &s->reading);
    pb_dataset_free(&s->data);
    free(s->train_rows);
    free(s->held_rows);
    free(s->plan_json);
    *s = (pb_session){0};
}

/* ---- running ---- */

bool pb_session_stopped(const pb_session *s)
{
    return s->options.stop && *s->options.stop;
}

/* Sends batches `step` and following of a pass, as many as a window has; `*steps` is how many. */
static pb_status send_window(pb_session *s, const pb_pass *pass, int step, int *steps)
{
    const int most = pb_pass_window_steps(pass, s->feed.window);
    *steps = pass->steps - step < most ? pass->steps - step : most;
    if (*steps == 0) return PB_OK;
    return pb_feed_send(&s->feed, s->data, pass, step, *steps, s->plan, s->graph.samples,
                        s->graph.labels);
}

/* The window that is sent while the device is busy. */
typedef struct ahead {
    const pb_pass *pass;
    int step, steps;
} ahead;

/* Runs a program so many times; sends what is ahead, if anything, after the first launches. */
static pb_status submit(pb_session *s, const char *program, int times, ahead *next)
{
    while (times > 0) {
        if (pb_session_stopped(s)) return pb_fail(s->ctx, PB_INTERRUPTED, "interrupted");
        const int now = times < s->chunk ? times : s->chunk;
        const double start = pb_seconds();
        PB_TRY(pb_plan_run(s->plan, program, now));
        if (next) PB_TRY(send_window(s, next->pass, next->step, &next->steps));
        next = NULL;
        PB_TRY(pb_plan_finish(s->plan));
        const double seconds = pb_seconds() - start;
        if (now == s->chunk && seconds < chunk_seconds && s->chunk < LARGEST_CHUNK)
            s->chunk *= 2;
        else if (seconds > 2 * chunk_seconds && s->chunk > 1)
            s->chunk /= 2;
        times -= now;
    }
    return PB_OK;
}

pb_status pb_session_submit(pb_session *s, const char *program, int times)
{
    return submit(s, program, times, NULL);
}

pb_status pb_session_pass(pb_session *s, const pb_pass *pass)
{
    if (s->feed.window == 0) return submit(s, pass->program, pass->steps, NULL);
    PB_TRY(pb_plan_sent(s->plan)); /* an interrupted pass left a window on its way */
    int steps;
    PB_TRY(send_window(s, pass, 0, &steps));
    for (int step = 0; step < pass->steps;) {
        ahead next = {.pass = pass, .step = step + steps};
        PB_TRY(pb_plan_land(s->plan));
        PB_TRY(submit(s, pass->program, steps, &next));
        step += steps;
        steps = next.steps;
    }
    return PB_OK;
}

pb_status pb_session_read(pb_session *s, pb_value leaf, void *data)
{
    return pb_plan_read(s->plan, leaf, data, pb_leaf_bytes(s->graph.g, leaf));
}

pb_status pb_session_write(pb_session *s, pb_value leaf, const void *data)
{
    return pb_plan_write(s->plan, leaf, data, pb_leaf_bytes(s->graph.g, leaf));
}

pb_status pb_session_zero(pb_session *s, pb_value leaf)
{
    void *zeros = calloc(1, pb_leaf_bytes(s->graph.g, leaf));
    if (!zeros) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory to clear a value");
    const pb_status status = pb_session_write(s, leaf, zeros);
    free(zeros);
    return status;
}
