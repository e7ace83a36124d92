/* The part "device": what it does at most, and what it costs to ask it. */
#include <stdlib.h>

#include "bench/ceilings.h"

enum { TRANSFER_BYTES = 1 << 26, MANY = 256, STEP = 8 };

/* ---- copy and arithmetic ---- */

static pb_status add_ceiling(pb_bench *b, const char *name, const char *unit, pb_ceiling_open *open,
                             double *rate)
{
    pb_ceiling c;
    pb_timing timing;
    pb_status status = pb_ceiling_measure(b, open, &c, &timing, rate);
    if (status == PB_OK) {
        json_t *row = pb_bench_row(name, unit, true, 1e-9 * c.work, &timing);
        if (row) json_object_set_new(row, "variant", json_string(c.variant));
        pb_bench_tell_shortened(b, row, &timing);
        status = pb_bench_add(b, row);
    }
    pb_ceiling_clear(&c);
    return status;
}

static pb_status bench_copy(pb_bench *b, const char *name)
{
    return add_ceiling(b, name, "GB/s", pb_ceiling_copy, &b->ceilings.bytes_per_second);
}

static pb_status bench_fma(pb_bench *b, const char *name)
{
    return add_ceiling(b, name, "GFLOP/s", pb_ceiling_fma, &b->ceilings.flops_per_second);
}

/* ---- launches ---- */

static const char empty_kernel[] = "kernel void k_bench_empty(global float *x)\n"
                                   "{\n"
                                   "    if (get_global_id(0) == 0) x[0] += 1.0f;\n"
                                   "}\n";

/* A launch and the wait for it, again and again. */
static pb_status run_one_by_one(void *what, int times)
{
    pb_ceiling *c = what;
    for (int i = 0; i < times; i++) PB_TRY(pb_ceiling_run(c, 1));
    return PB_OK;
}

/* Launches one behind the other, and one wait. */
static pb_status run_in_a_row(void *what, int times)
{
    return pb_ceiling_run(what, times * MANY);
}

/* The same, recorded by STEP of them. */
typedef struct recorded {
    pb_ceiling empty;
    pb_recording *recording;
} recorded;

static pb_status run_recorded(void *what, int times)
{
    const recorded *r = what;
    for (int i = 0; i < times * MANY / STEP; i++)
        PB_TRY(pb_recording_run(r->empty.device, r->recording));
    return pb_device_finish(r->empty.device);
}

static pb_status open_empty(const pb_bench *b, pb_ceiling *c)
{
    pb_module *module = NULL;
    *c = (pb_ceiling){.device = b->device};
    PB_TRY(pb_buffer_create(b->device, 64, &c->buffer[0]));
    PB_TRY(pb_buffer_zero(b->device, c->buffer[0]));
    PB_TRY(pb_module_build(b->device, empty_kernel, NULL, &module));
    const pb_arg args[] = {PB_ARG_BUF(c->buffer[0])};
    const pb_launch_spec spec = {.module = module,
                                 .kernel = "k_bench_empty",
                                 .arg_count = 1,
                                 .args = args,
                                 .global = {1},
                                 .local = {1}};
    const pb_status status = pb_launch_create(b->device, &spec, &c->launch);
    pb_module_free(&module);
    return status;
}

/* The kernel counts how often it ran. */
static pb_status check_count(const pb_bench *b, const pb_ceiling *c, int launches)
{
    float count = 0;
    PB_TRY(pb_buffer_read(b->device, c->buffer[0], 0, &count, sizeof count));
    if (count == (float)launches) return PB_OK;
    return pb_fail(b->ctx, PB_ERR_RUN, "%d launches ran %g times", launches, (double)count);
}

static pb_status check_empty(const pb_bench *b, pb_ceiling *c)
{
    PB_TRY(pb_ceiling_run(c, 3));
    return check_count(b, c, 3);
}

static pb_status time_launches(pb_bench *b, const char *name, pb_timed *run, int launches)
{
    pb_ceiling c;
    pb_timing timing;
    pb_status status = open_empty(b, &c);
    if (status == PB_OK) status = check_empty(b, &c);
    if (status == PB_OK) status = pb_timing_measure(b, run, &c, &timing);
    if (status == PB_OK)
        status = pb_bench_add(b, pb_bench_row(name, "us", false, 1e6 / launches, &timing));
    pb_ceiling_clear(&c);
    return status;
}

static pb_status bench_latency(pb_bench *b, const char *name)
{
    return time_launches(b, name, run_one_by_one, 1);
}

static pb_status bench_interval(pb_bench *b, const char *name)
{
    return time_launches(b, name, run_in_a_row, MANY);
}

static pb_status record_empty(const pb_bench *b, recorded *r)
{
    pb_launch *launches[STEP];
    PB_TRY(open_empty(b, &r->empty));
    for (int i = 0; i < STEP; i++) launches[i] = r->empty.launch;
    return pb_recording_create(b->device, STEP, launches, &r->recording);
}

static pb_status time_recorded(pb_bench *b, const char *name, recorded *r)
{
    pb_timing timing;
    PB_TRY(run_recorded(r, 1));
    PB_TRY(check_count(b, &r->empty, MANY));
    PB_TRY(pb_timing_measure(b, run_recorded, r, &timing));
    return pb_bench_add(b, pb_bench_row(name, "us", false, 1e6 / MANY, &timing));
}

/* No row where the device does not record. */
static pb_status bench_recorded(pb_bench *b, const char *name)
{
    recorded r = {.recording = NULL};
    pb_status status = record_empty(b, &r);
    if (status == PB_OK && r.recording) status = time_recorded(b, name, &r);
    pb_recording_free(&r.recording);
    pb_ceiling_clear(&r.empty);
    return status;
}

/* ---- transfers ---- */

typedef struct transfer {
    pb_device *device;
    pb_buffer *buffer;
    unsigned char *sent, *got;
} transfer;

static pb_status send(void *what, int times)
{
    const transfer *t = what;
    for (int i = 0; i < times; i++)
        PB_TRY(pb_buffer_write(t->device, t->buffer, 0, t->sent, TRANSFER_BYTES));
    return PB_OK;
}

static pb_status fetch(void *what, int times)
{
    const transfer *t = what;
    for (int i = 0; i < times; i++)
        PB_TRY(pb_buffer_read(t->device, t->buffer, 0, t->got, TRANSFER_BYTES));
    return PB_OK;
}

static pb_status check_transfer(const pb_bench *b, transfer *t)
{
    for (size_t i = 0; i < TRANSFER_BYTES; i++) t->sent[i] = (unsigned char)(i * 31 + i / 251);
    PB_TRY(send(t, 1));
    PB_TRY(fetch(t, 1));
    for (size_t i = 0; i < TRANSFER_BYTES; i++)
        if (t->got[i] != t->sent[i])
            return pb_fail(b->ctx, PB_ERR_RUN, "byte %zu came back as %d instead of %d", i,
                           t->got[i], t->sent[i]);
    return PB_OK;
}

static pb_status time_transfer(pb_bench *b, const char *name, pb_timed *run)
{
    pb_timing timing;
    transfer t = {
        .device = b->device, .sent = malloc(TRANSFER_BYTES), .got = malloc(TRANSFER_BYTES)};
    pb_status status = t.sent && t.got ? pb_buffer_create(b->device, TRANSFER_BYTES, &t.buffer)
                                       : pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for transfers");
    if (status == PB_OK) status = check_transfer(b, &t);
    if (status == PB_OK) status = pb_timing_measure(b, run, &t, &timing);
    if (status == PB_OK)
        status = pb_bench_add(b, pb_bench_row(name, "GB/s", true, 1e-9 * TRANSFER_BYTES, &timing));
    pb_buffer_free(&t.buffer);
    free(t.sent);
    free(t.got);
    return status;
}

static pb_status bench_send(pb_bench *b, const char *name)
{
    return time_transfer(b, name, send);
}

static pb_status bench_fetch(pb_bench *b, const char *name)
{
    return time_transfer(b, name, fetch);
}

/* ---- the part ---- */

static const struct {
    const char *name;
    pb_status (*run)(pb_bench *b, const char *name);
} rows[] = {
    {"copy bandwidth, 64 MB read and written", bench_copy},
    {"float32 multiply-adds", bench_fma},
    {"launch and wait", bench_latency},
    {"launch behind another", bench_interval},
    {"launch behind another, recorded by 8", bench_recorded},
    {"host to device, 64 MB", bench_send},
    {"device to host, 64 MB", bench_fetch},
};

pb_status pb_bench_device(pb_bench *b)
{
    const int count = (int)(sizeof rows / sizeof *rows);
    for (int i = 0; i < count; i++)
        if (pb_bench_begins(b, rows[i].name, i + 1, count))
            PB_TRY(pb_bench_forgive(b, rows[i].name, rows[i].run(b, rows[i].name)));
    return PB_OK;
}
