#include "train/session.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "data/mnist1d.h"
#include "device/device.h"

enum { FIRST_CHUNK = 8, LARGEST_CHUNK = 1 << 20 };
static const double chunk_seconds = 0.25; /* aim: long beside one wait, short beside a second */

double pb_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- data ---- */

static pb_status load_data(pb_session *s)
{
    const pb_options *o = s->config->data;
    const char *path = pb_option_string(o, "path");
    pb_mnist1d_options mnist1d;
    if (s->config->mnist1d) PB_TRY(pb_mnist1d_read(s->ctx, s->config->mnist1d, &mnist1d));
    const pb_dataset_options wanted = {
        .name = pb_option_string(o, "name"),
        .path = path[0] ? path : NULL,
        .test_fraction = pb_option_float(o, "test_fraction"),
        .split_seed = (uint64_t)pb_option_int(o, "split_seed"),
        .limit = (int)pb_option_int(o, "limit"),
        .mnist1d = s->config->mnist1d ? &mnist1d : NULL,
    };
    PB_TRY(pb_dataset_load(s->ctx, &wanted, &s->data));
    if (s->data->train.count == 0 || s->data->test.count == 0)
        return pb_fail(s->ctx, PB_ERR_DATA,
                       "data set %s: %d training and %d test samples; a run needs both",
                       s->data->name, s->data->train.count, s->data->test.count);
    return PB_OK;
}

static pb_status split_data(pb_session *s)
{
    const pb_samples *train = &s->data->train;
    const double held_out = pb_option_float(s->config->data, "validation");
    if (held_out > 0)
        return pb_dataset_split(s->ctx, train->labels, train->count, s->data->classes, held_out,
                                (uint64_t)pb_option_int(s->config->data, "split_seed"),
                                &s->train_rows, &s->train_count, &s->held_rows, &s->held_count);
    s->train_rows = malloc((size_t)train->count * sizeof *s->train_rows);
    if (!s->train_rows) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for a list of samples");
    s->train_count = train->count;
    for (int i = 0; i < train->count; i++) s->train_rows[i] = i;
    return PB_OK;
}

static pb_status hash_config(pb_session *s)
{
    char *yaml = pb_config_yaml(s->config);
    if (!yaml) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for the configuration's text");
    pb_sha256_hex(yaml, strlen(yaml), s->config_sha256);
    free(yaml);
    return PB_OK;
}

static pb_status open_session(pb_session *s)
{
    if (s->options.trace) PB_TRY(pb_trace_open(s->ctx, s->options.trace, &s->trace));
    PB_TRY(hash_config(s));
    PB_TRY(load_data(s));
    PB_TRY(split_data(s));
    const pb_run_rows rows = {s->train_count, s->held_count, s->data->test.count};
    return pb_run_graph_create(s->ctx, s->config, s->data, rows, &s->graph);
}

pb_status pb_session_open(pb_context *ctx, const pb_config *config, const pb_run_options *options,
                          pb_session *s)
{
    const double start = pb_seconds();
    *s = (pb_session){.ctx = ctx, .config = config, .chunk = FIRST_CHUNK};
    if (options) s->options = *options;
    const pb_status status = open_session(s);
    pb_trace_span(s->trace, start, "load data and build the graph");
    if (status != PB_OK) pb_session_close(s);
    s->setup_seconds = pb_seconds() - start;
    return status;
}

/* ---- device ---- */

/* Writes a data leaf: training samples, then test samples. */
static pb_status upload(pb_session *s, pb_value leaf, const void *train, const void *test)
{
    const size_t bytes = pb_leaf_bytes(s->graph.g, leaf);
    const size_t train_count = (size_t)s->data->train.count;
    const size_t row_bytes = bytes / (train_count + (size_t)s->data->test.count);
    char *all = malloc(bytes);
    if (!all) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for %zu bytes of data", bytes);
    memcpy(all, train, train_count * row_bytes);
    memcpy(all + train_count * row_bytes, test, bytes - train_count * row_bytes);
    const pb_status status = pb_plan_write(s->plan, leaf, all, bytes);
    free(all);
    return status;
}

static pb_status upload_data(pb_session *s)
{
    pb_samples *train = &s->data->train, *test = &s->data->test;
    PB_TRY(upload(s, s->graph.samples, train->data, test->data));
    PB_TRY(upload(s, s->graph.labels, train->labels, test->labels));
    free(train->data);
    free(test->data);
    train->data = test->data = NULL;
    return PB_OK;
}

/* Writes the rows a scoring program goes through; `rows` NULL: first, first + 1, ... */
static pb_status upload_order(pb_session *s, const pb_scoring *scoring, const int32_t *rows,
                              int32_t first)
{
    if (scoring->count == 0) return PB_OK;
    const int padded = scoring->steps * scoring->batch;
    int32_t *order = malloc((size_t)padded * sizeof *order);
    if (!order) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for a list of samples");
    for (int i = 0; i < padded; i++) {
        const int row = i < scoring->count ? i : 0; /* the filling has weight 0 */
        order[i] = rows ? rows[row] : first + row;
    }
    const pb_status status = pb_session_write(s, scoring->order, order);
    free(order);
    return status;
}

static bool contains(const int32_t *values, int count, int32_t value)
{
    for (int i = 0; i < count; i++)
        if (values[i] == value) return true;
    return false;
}

/* The test samples to look at: the first of each class, then the first of the others. */
static pb_status upload_shown(pb_session *s)
{
    if (!s->graph.inspects) return PB_OK;
    const pb_samples *test = &s->data->test;
    int32_t rows[16];
    int count = 0;
    for (int label = 0; label < s->data->classes && count < s->graph.shown; label++)
        for (int i = 0; i < test->count; i++)
            if (test->labels[i] == label) {
                rows[count++] = i;
                break;
            }
    for (int32_t i = 0; count < s->graph.shown; i++)
        if (!contains(rows, count, i)) rows[count++] = i;
    for (int i = 0; i < count; i++) rows[i] += s->data->train.count;
    return pb_session_write(s, s->graph.shown_order, rows);
}

pb_status pb_session_plan(pb_session *s, const char *selector)
{
    const double start = pb_seconds();
    PB_TRY(pb_device_open(s->ctx, selector ? selector : s->config->device, &s->device));
    if (s->options.profile || s->trace) PB_TRY(pb_device_profile(s->device, true));
    if (s->trace) PB_TRY(pb_trace_listen(s->trace, s->device));
    PB_TRY(pb_plan_create(s->device, s->graph.g, &s->plan));
    s->plan_json = pb_plan_json(s->plan);
    if (!s->plan_json) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for the plan's text");
    pb_sha256_hex(s->plan_json, strlen(s->plan_json), s->plan_sha256);
    pb_trace_span(s->trace, start, "plan");
    s->setup_seconds += pb_seconds() - start;
    return PB_OK;
}

pb_status pb_session_upload(pb_session *s)
{
    const double start = pb_seconds();
    PB_TRY(upload_data(s));
    PB_TRY(upload_order(s, &s->graph.validate, s->held_rows, 0));
    PB_TRY(upload_order(s, &s->graph.test, NULL, s->data->train.count));
    PB_TRY(upload_shown(s));
    pb_trace_span(s->trace, start, "upload");
    s->setup_seconds += pb_seconds() - start;
    return PB_OK;
}

pb_status pb_session_warm_up(pb_session *s)
{
    const double start = pb_seconds();
    const pb_run_graph *r = &s->graph;
    PB_TRY(pb_plan_init(s->plan, 0));
    PB_TRY(pb_session_zero(s, r->order)); /* row 0 again and again */
    PB_TRY(pb_session_zero(s, r->phase));
    for (int i = 0; i < r->rate_count; i++) PB_TRY(pb_session_zero(s, r->rates[i].leaf));
    PB_TRY(pb_plan_run(s->plan, "train", 1));
    if (r->validate.count > 0) PB_TRY(pb_plan_run(s->plan, "validate", 1));
    PB_TRY(pb_plan_run(s->plan, "test", 1));
    if (r->inspects) PB_TRY(pb_plan_run(s->plan, "inspect", 1));
    PB_TRY(pb_plan_finish(s->plan));
    pb_trace_span(s->trace, start, "warm up");
    s->setup_seconds += pb_seconds() - start;
    return PB_OK;
}

void pb_session_close(pb_session *s)
{
    pb_trace_close(&s->trace, false); /* a run that went well has closed it before */
    pb_plan_free(&s->plan);
    pb_device_close(&s->device);
    pb_run_graph_clear(&s->graph);
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

pb_status pb_session_submit(pb_session *s, const char *program, int times)
{
    while (times > 0) {
        if (pb_session_stopped(s)) return pb_fail(s->ctx, PB_INTERRUPTED, "interrupted");
        const int now = times < s->chunk ? times : s->chunk;
        const double start = pb_seconds();
        PB_TRY(pb_plan_run(s->plan, program, now));
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
