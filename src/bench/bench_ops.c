/* The part "ops": graphs of one op through the ordinary plan, so that what is measured is what
 * training uses. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <passband/plan.h>

#include "base/clock.h"
#include "base/rng.h"
#include "bench/bench.h"
#include "bench/op_rows.h"
#include "bench/plan_facts.h"

enum { CHECKED = 64 }; /* elements of a result, and the first and the last */
static const double tolerance = 1e-5;
/* How many times as long as a row's limit the first run may take, which compiles. */
#define COMPILING 2

typedef struct measured_op {
    const pb_bench_op *op;
    pb_graph *g;
    pb_plan *plan;
    pb_value leaves[PB_BENCH_LEAVES], result;
    float *in[PB_BENCH_LEAVES];
    double bytes; /* of inputs and result, each once */
    double error; /* largest difference from float64, as a share of what was added up */
} measured_op;

static size_t elements_of(const measured_op *m, pb_value leaf)
{
    return pb_shape_count(pb_value_shape(m->g, leaf));
}

/* ---- numbers in ---- */

/* Between -1 and 1, by xorshift: the numbers need only be different. */
static void make_up(float *data, size_t count, uint32_t seed)
{
    uint32_t state = seed;
    for (size_t i = 0; i < count; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        data[i] = (float)(int32_t)state * 0x1p-31f;
    }
}

static pb_status write_inputs(const pb_bench *b, measured_op *m)
{
    m->bytes = (double)elements_of(m, m->result) * sizeof(float);
    for (int i = 0; i < PB_BENCH_LEAVES && m->leaves[i] != PB_NONE; i++) {
        const size_t count = elements_of(m, m->leaves[i]), bytes = count * sizeof(float);
        m->in[i] = malloc(bytes);
        if (!m->in[i]) return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for the input of an op");
        make_up(m->in[i], count, 2463534242u + (uint32_t)i);
        PB_TRY(pb_plan_write(m->plan, m->leaves[i], m->in[i], bytes));
        m->bytes += (double)bytes;
    }
    return PB_OK;
}

/* ---- numbers out ---- */

static pb_status check_element(const pb_bench *b, measured_op *m, const float *result, size_t index)
{
    const pb_element wanted = m->op->kind->element(m->op->n, (const float *const *)m->in, index);
    const double error = fabs((double)result[index] - wanted.value);
    if (!(error <= tolerance * wanted.scale))
        return pb_fail(b->ctx, PB_ERR_RUN, "element %zu is %.9g instead of %.9g", index,
                       (double)result[index], wanted.value);
    if (wanted.scale > 0) m->error = fmax(m->error, error / wanted.scale);
    return PB_OK;
}

static pb_status check_elements(const pb_bench *b, measured_op *m, const float *result)
{
    const size_t count = elements_of(m, m->result);
    const pb_stream stream = pb_stream_make(0, m->op->name, 0);
    PB_TRY(check_element(b, m, result, 0));
    for (size_t i = 0; i < CHECKED && count > 2; i++)
        PB_TRY(check_element(b, m, result, pb_stream_u32(stream, i) % count));
    return check_element(b, m, result, count - 1);
}

static pb_status check(const pb_bench *b, measured_op *m, double *seconds)
{
    const size_t bytes = elements_of(m, m->result) * sizeof(float);
    float *result = malloc(bytes);
    if (!result) return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for the result of an op");
    *seconds = pb_seconds();
    pb_status status = pb_plan_run(m->plan, "op", 1);
    if (status == PB_OK) status = pb_plan_finish(m->plan);
    *seconds = pb_seconds() - *seconds;
    if (status == PB_OK) status = pb_plan_read(m->plan, m->result, result, bytes);
    if (status == PB_OK) status = check_elements(b, m, result);
    free(result);
    return status;
}

/* ---- timing ---- */

static pb_status run_plan(void *what, int times)
{
    const measured_op *m = what;
    PB_TRY(pb_plan_run(m->plan, "op", times));
    return pb_plan_finish(m->plan);
}

static pb_status add_row(pb_bench *b, const measured_op *m, const pb_timing *timing,
                         const pb_ceilings *ceilings)
{
    const double flops = m->op->kind->flops(m->op->n);
    pb_plan_facts facts;
    PB_TRY(pb_plan_facts_read(b->ctx, m->plan, "op", &facts));
    json_t *row = pb_bench_row(m->op->name, "ms", false, 1e3, timing), *choices = facts.choices;
    const int failed =
        !row ||
        json_object_update_new(
            row,
            json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:o, s:s, s:i, s:O, s:o}", "flops", flops,
                      "bytes", m->bytes, "gflops_per_second", 1e-9 * flops / timing->median,
                      "gigabytes_per_second", 1e-9 * m->bytes / timing->median, "flops_ceiling",
                      ceilings->flops_per_second, "bytes_ceiling", ceilings->bytes_per_second,
                      "share",
                      pb_json_real(pb_ceilings_seconds(ceilings, flops, m->bytes) / timing->median),
                      "solver", facts.solvers, "launches", facts.launch_count, "choices", choices,
                      "error", pb_json_real(m->error)));
    pb_plan_facts_clear(&facts);
    if (failed) {
        json_decref(row);
        row = NULL;
    }
    pb_bench_tell_shortened(b, row, timing);
    return pb_bench_add(b, row);
}

/* ---- what would take too long ---- */

/* What share of the ceilings the last row of the same kind came to; 1 where there was none. */
static double share_of_its_kind(const pb_bench *b, const pb_bench_op *op)
{
    int count;
    const pb_bench_op *ops = pb_bench_op_rows(&count);
    double share = 1;
    for (size_t i = 0; i < json_array_size(b->rows); i++) {
        const json_t *row = json_array_get(b->rows, i), *number = json_object_get(row, "share");
        const char *name = json_string_value(json_object_get(row, "name"));
        for (int k = 0; k < count && json_is_number(number); k++)
            if (ops[k].kind == op->kind && strcmp(ops[k].name, name) == 0)
                share = json_number_value(number);
    }
    return share;
}

/* Seconds that one run will take, as far as rows before it tell. */
static double estimate(const pb_bench *b, const measured_op *m)
{
    double bytes = (double)elements_of(m, m->result) * sizeof(float);
    for (int i = 0; i < PB_BENCH_LEAVES && m->leaves[i] != PB_NONE; i++)
        bytes += (double)elements_of(m, m->leaves[i]) * sizeof(float);
    return pb_ceilings_seconds(&b->ceilings, m->op->kind->flops(m->op->n), bytes) /
           share_of_its_kind(b, m->op);
}

static bool is_too_long(const pb_bench *b, const measured_op *m, double *seconds)
{
    *seconds = estimate(b, m);
    return b->limit_seconds > 0 && *seconds > b->limit_seconds;
}

static pb_status leave_out(pb_bench *b, const char *name, double seconds)
{
    return pb_bench_add(b,
                        json_pack("{s:s, s:o}", "name", name, "note",
                                  json_sprintf("left out: a run takes about %.2g s, and a row has "
                                               "%.3g s (--limit)",
                                               seconds, b->limit_seconds)));
}

static pb_status plan(pb_bench *b, measured_op *m)
{
    pb_choices *choices = NULL;
    if (b->options->tune) PB_TRY(pb_bench_tune(b, m->g, &choices));
    const pb_status status = pb_plan_create_with(b->device, m->g, choices, &m->plan);
    pb_choices_free(&choices);
    return status;
}

static pb_status measure(pb_bench *b, measured_op *m)
{
    pb_timing timing;
    pb_ceilings ceilings;
    double seconds;
    PB_TRY(pb_bench_op_graph(b->ctx, m->op, &m->g, m->leaves, &m->result));
    if (is_too_long(b, m, &seconds)) return leave_out(b, m->op->name, seconds);
    PB_TRY(plan(b, m));
    PB_TRY(pb_plan_init(m->plan, 0));
    PB_TRY(write_inputs(b, m));
    PB_TRY(check(b, m, &seconds));
    if (b->limit_seconds > 0 && seconds > COMPILING * b->limit_seconds)
        return leave_out(b, m->op->name, seconds);
    for (int i = 0; i < PB_BENCH_LEAVES; i++) {
        free(m->in[i]); /* they are large, and the timing needs them no more */
        m->in[i] = NULL;
    }
    PB_TRY(pb_timing_measure_in_turn(b, run_plan, m, &timing, &ceilings));
    return add_row(b, m, &timing, &ceilings);
}

static void clear(measured_op *m)
{
    for (int i = 0; i < PB_BENCH_LEAVES; i++) free(m->in[i]);
    pb_plan_free(&m->plan);
    pb_graph_free(&m->g);
}

pb_status pb_bench_measure_op(pb_bench *b, const pb_bench_op *op)
{
    measured_op m = {.op = op};
    const pb_status status = measure(b, &m);
    clear(&m);
    return status;
}

pb_status pb_bench_ops(pb_bench *b)
{
    int count;
    const pb_bench_op *ops = pb_bench_op_rows(&count);
    for (int i = 0; i < count; i++) {
        if (!pb_bench_begins(b, ops[i].name, i + 1, count)) continue;
        PB_TRY(pb_bench_ceilings(b));
        PB_TRY(pb_bench_forgive(b, ops[i].name, pb_bench_measure_op(b, &ops[i])));
    }
    return PB_OK;
}
