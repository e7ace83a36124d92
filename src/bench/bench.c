/* A part of a benchmark on one device, or on every device there is. */
#include "bench/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <passband/version.h>

#include "train/environment.h"

enum { REPETITIONS = 9 };
static const double warm_up_seconds = 0.2, limit_seconds = 1;

static const struct {
    const char *name;
    pb_status (*run)(pb_bench *b);
} parts[] = {
    [PB_BENCH_DEVICE] = {"device", pb_bench_device},
    [PB_BENCH_OPS] = {"ops", pb_bench_ops},
    [PB_BENCH_TRAIN] = {"train", pb_bench_train},
};

/* A ceiling that was not asked for is null. */
static json_t *rate_json(double rate)
{
    return rate > 0 ? json_real(rate) : json_null();
}

static json_t *describe(const pb_bench *b, pb_bench_part part)
{
    return json_pack("{s:s, s:o, s:i, s:f, s:f, s:{s:o, s:o}, s:O}", "part", parts[part].name,
                     "machine", pb_environment_json(b->device, b->selector), "repetitions",
                     b->repetitions, "warm_up_seconds", b->warm_up_seconds, "limit_seconds",
                     b->limit_seconds, "ceilings", "flops_per_second",
                     rate_json(b->ceilings.flops_per_second), "bytes_per_second",
                     rate_json(b->ceilings.bytes_per_second), "rows", b->rows);
}

pb_status pb_bench_tune(const pb_bench *b, const pb_graph *g, pb_choices **choices)
{
    const pb_tuning tuning = {.effort = PB_MEASURE,
                              .budget_seconds = (double)INFINITY,
                              .settled = true,
                              .stop = b->options->stop};
    return pb_wisdom_tune(b->device, g, &tuning, choices);
}

static pb_status measure(pb_bench *b, pb_bench_part part, json_t *results)
{
    PB_TRY(pb_device_open(b->ctx, b->selector, &b->device));
    PB_TRY(parts[part].run(b));
    if (json_array_size(b->rows) == 0)
        return pb_fail(b->ctx, PB_ERR_USAGE, "no row of bench %s has \"%s\" in its name",
                       parts[part].name, b->options->only);
    json_t *result = describe(b, part);
    if (result && json_array_append_new(results, result) == 0) return PB_OK;
    return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for a result");
}

static pb_status run_on(pb_context *ctx, pb_bench_part part, const pb_bench_options *o,
                        const char *selector, json_t *results)
{
    pb_bench b = {
        .ctx = ctx,
        .options = o,
        .selector = selector,
        .repetitions = o->repetitions ? o->repetitions : REPETITIONS,
        .warm_up_seconds = o->warm_up_seconds >= 0 ? o->warm_up_seconds : warm_up_seconds,
        .limit_seconds = o->limit_seconds > 0 ? o->limit_seconds : limit_seconds,
        .rows = json_array(),
    };
    const pb_status status =
        b.rows ? measure(&b, part, results) : pb_fail(ctx, PB_ERR_MEMORY, "no memory for a result");
    json_decref(b.rows);
    pb_bench_ceilings_clear(&b);
    pb_device_close(&b.device);
    return status;
}

/* One that cannot be measured does not keep the others from it. */
static pb_status run_on_all(pb_context *ctx, pb_bench_part part, const pb_bench_options *o,
                            json_t *results)
{
    pb_device_info *list = NULL;
    int count = 0;
    PB_TRY(pb_device_list(ctx, NULL, &list, &count));
    pb_status status = count ? PB_OK : pb_fail(ctx, PB_ERR_DEVICE, "no OpenCL device is there");
    for (int i = 0; i < count; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        status = run_on(ctx, part, o, number, results);
        if (status == PB_INTERRUPTED || status == PB_ERR_MEMORY || status == PB_ERR_USAGE) break;
        if (status != PB_OK)
            pb_log(ctx, PB_LOG_WARN, "%s is left out: %s", list[i].name, pb_error(ctx));
        if (json_array_size(results)) status = PB_OK;
    }
    free(list);
    return status;
}

pb_status pb_bench_run(pb_context *ctx, pb_bench_part part, const pb_bench_options *options,
                       char **json)
{
    *json = NULL;
    if (part == PB_BENCH_TRAIN && options->config_count == 0)
        return pb_fail(ctx, PB_ERR_USAGE, "no configuration is given");
    json_t *results = json_array();
    if (!results) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a result");
    pb_status status = options->all_devices ? run_on_all(ctx, part, options, results)
                                            : run_on(ctx, part, options, options->device, results);
    if (status == PB_OK) {
        json_t *all = json_pack("{s:s, s:O}", "passband", PB_VERSION, "results", results);
        *json = all ? json_dumps(all, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
        json_decref(all);
        if (!*json) status = pb_fail(ctx, PB_ERR_MEMORY, "no memory for a result's text");
    }
    json_decref(results);
    return status;
}

int pb_bench_problems(pb_context *ctx, const char *json)
{
    json_t *all = json_loads(json, 0, NULL);
    const json_t *results = json_object_get(all, "results");
    int problems = 0;
    for (size_t i = 0; i < json_array_size(results); i++) {
        const json_t *rows = json_object_get(json_array_get(results, i), "rows");
        for (size_t k = 0; k < json_array_size(rows); k++) {
            const json_t *row = json_array_get(rows, k);
            const char *problem = json_string_value(json_object_get(row, "problem"));
            if (problem && problems++ == 0)
                pb_fail(ctx, PB_ERR_RUN, "%s: %s", json_string_value(json_object_get(row, "name")),
                        problem);
        }
    }
    json_decref(all);
    return problems;
}
