/* The most a device does: the fastest of a few variants of two kernels, cl/bench_copy.cl and
 * cl/bench_fma.cl. Which variant that is tells something of the device, so the result names it. */
#include "bench/ceilings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum {
    COPY_FLOATS = 1 << 24, /* 64 MB: more than caches hold          */
    ITEMS_OF_UNIT = 8,     /* chunks of a copy for each compute unit */
    LEAST_ROUNDS = 1 << 5,
    MOST_ROUNDS = 1 << 24,
};
static const double launch_seconds =
    0.004; /* of multiply-adds: long beside a wait for the device */

typedef struct copy_variant {
    int lanes, local;
    bool chunks, past;
    int ahead; /* vectors that PoCL's kernels ask for before they read them */
} copy_variant;

static const copy_variant copies[] = {
    /* vectors in turn: what GPUs like */
    {1, 256, false, false, 0},
    {4, 64, false, false, 0},
    {16, 64, false, true, 0},
    /* a piece of memory for each work-item: what CPUs like */
    {16, 1, true, false, 0},
    {16, 1, true, true, 0},
    {16, 1, true, true, 16},
};

typedef struct fma_variant {
    int lanes, chains, local;
    int items; /* of a compute unit */
    bool fused;
} fma_variant;

static const fma_variant fmas[] = {
    {16, 8, 1, 4, true},    {16, 12, 1, 4, true},     {8, 12, 1, 4, true},
    {8, 12, 1, 4, false},   {4, 10, 1, 4, false},     {1, 16, 64, 2048, true},
    {4, 4, 64, 2048, true}, {1, 16, 64, 2048, false}, {4, 4, 64, 2048, false},
};

void pb_ceiling_clear(pb_ceiling *c)
{
    pb_launch_free(&c->launch);
    pb_module_free(&c->module);
    for (int i = 0; i < 2; i++) pb_buffer_free(&c->buffer[i]);
}

pb_status pb_ceiling_run(void *what, int times)
{
    pb_ceiling *c = what;
    for (int i = 0; i < times; i++) PB_TRY(pb_launch_run(c->device, c->launch));
    return pb_device_finish(c->device);
}

static pb_status build(const pb_bench *b, pb_ceiling *c, const char *source, const char *options)
{
    pb_launch_free(&c->launch);
    pb_module_free(&c->module);
    return pb_module_build(b->device, pb_cl_source(source), options, &c->module);
}

static pb_status launch(const pb_bench *b, pb_ceiling *c, pb_launch_spec spec)
{
    spec.module = c->module;
    pb_launch_free(&c->launch);
    return pb_launch_create(b->device, &spec, &c->launch);
}

static bool knows_prefetch(const pb_bench *b)
{
    const pb_device_info *info = pb_device_describe(b->device);
    return info->is_cpu && pb_device_is_pocl(info);
}

static bool fits(const pb_bench *b, int local)
{
    return (size_t)local <= pb_device_describe(b->device)->max_work_group_size;
}

/* ---- copy ---- */

static pb_status prepare_copy(const pb_bench *b, pb_ceiling *c, const copy_variant *v)
{
    char options[160];
    const int units = (int)pb_device_describe(b->device)->compute_units;
    const int count = COPY_FLOATS / v->lanes, items = v->chunks ? units * ITEMS_OF_UNIT : count;
    const int chunk = v->chunks ? (count + items - 1) / items : 0;
    const pb_arg args[] = {PB_ARG_BUF(c->buffer[0]), PB_ARG_BUF(c->buffer[1])};
    const pb_launch_spec spec = {.kernel = "k_bench_copy",
                                 .arg_count = 2,
                                 .args = args,
                                 .global = {(size_t)items},
                                 .local = {(size_t)v->local}};
    snprintf(options, sizeof options, "-D LANES=%d -D COUNT=%d -D CHUNK=%d -D PAST=%d -D AHEAD=%d",
             v->lanes, count, chunk, v->past, v->ahead);
    snprintf(c->variant, sizeof c->variant, "float%d %s%s%s", v->lanes,
             v->chunks ? "in pieces" : "in turn", v->past ? ", stores past the caches" : "",
             v->ahead ? ", reads asked for" : "");
    c->work = 2.0 * COPY_FLOATS * sizeof(float);
    PB_TRY(build(b, c, "bench_copy", options));
    return launch(b, c, spec);
}

/* Number i is written as a small whole number that follows from i. */
enum { PERIOD = 8191 };

static void write_period(float *data)
{
    for (int i = 0; i < PERIOD; i++) data[i] = (float)i;
}

static size_t period_at(size_t i)
{
    return i + PERIOD < COPY_FLOATS ? PERIOD : COPY_FLOATS - i;
}

static pb_status check_copy(const pb_bench *b, pb_ceiling *c)
{
    float *data = malloc(COPY_FLOATS * sizeof *data);
    if (!data) return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to check a copy");
    pb_status status = pb_buffer_zero(b->device, c->buffer[1]);
    if (status == PB_OK) status = pb_ceiling_run(c, 1);
    if (status == PB_OK)
        status = pb_buffer_read(b->device, c->buffer[1], 0, data, COPY_FLOATS * sizeof *data);
    float wanted[PERIOD];
    write_period(wanted);
    for (size_t i = 0; status == PB_OK && i < COPY_FLOATS; i += PERIOD)
        if (memcmp(data + i, wanted, period_at(i) * sizeof *data) != 0)
            status = pb_fail(b->ctx, PB_ERR_RUN,
                             "copy of %s: of the numbers from %zu on, one is wrong", c->variant, i);
    free(data);
    return status;
}

static pb_status open_copy(const pb_bench *b, pb_ceiling *c)
{
    const size_t bytes = COPY_FLOATS * sizeof(float);
    for (int i = 0; i < 2; i++) PB_TRY(pb_buffer_create(b->device, bytes, &c->buffer[i]));
    float *data = malloc(bytes);
    if (!data) return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to check a copy");
    write_period(data);
    for (size_t i = PERIOD; i < COPY_FLOATS; i += PERIOD)
        memcpy(data + i, data, period_at(i) * sizeof *data);
    const pb_status status = pb_buffer_write(b->device, c->buffer[0], 0, data, bytes);
    free(data);
    return status;
}

/* ---- arithmetic ---- */

static size_t items_of(const pb_bench *b, const fma_variant *v)
{
    return (size_t)v->items * pb_device_describe(b->device)->compute_units;
}

static pb_status build_fma(const pb_bench *b, pb_ceiling *c, const fma_variant *v)
{
    char options[120];
    snprintf(options, sizeof options, "-D LANES=%d -D CHAINS=%d -D FUSED=%d", v->lanes, v->chains,
             v->fused);
    snprintf(c->variant, sizeof c->variant, "float%d, %d chains%s, %zu work-items", v->lanes,
             v->chains, v->fused ? "" : " of mad", items_of(b, v));
    return build(b, c, "bench_fma", options);
}

static pb_status launch_fma(const pb_bench *b, pb_ceiling *c, const fma_variant *v, int rounds)
{
    const size_t items = items_of(b, v);
    const pb_arg args[] = {PB_ARG_BUF(c->buffer[0]), PB_ARG_INT(rounds)};
    const pb_launch_spec spec = {.kernel = "k_bench_fma",
                                 .arg_count = 2,
                                 .args = args,
                                 .global = {items},
                                 .local = {(size_t)v->local}};
    c->work = 2.0 * v->lanes * v->chains * rounds * (double)items;
    return launch(b, c, spec);
}

/* v <- v / 2 + 1 tends to 2, whatever it starts from. */
static pb_status check_fma(const pb_bench *b, pb_ceiling *c)
{
    float first;
    PB_TRY(pb_buffer_read(b->device, c->buffer[0], 0, &first, sizeof first));
    if (fabsf(first - 2.0f) <= 1e-6f) return PB_OK;
    return pb_fail(b->ctx, PB_ERR_RUN, "arithmetic of %s: the sum is %g instead of 2", c->variant,
                   (double)first);
}

static pb_status open_fma(const pb_bench *b, pb_ceiling *c)
{
    size_t most = 0;
    for (size_t i = 0; i < sizeof fmas / sizeof *fmas; i++)
        if ((size_t)fmas[i].items > most) most = (size_t)fmas[i].items;
    const size_t items = most * pb_device_describe(b->device)->compute_units + 256;
    PB_TRY(pb_buffer_create(b->device, items * sizeof(float), &c->buffer[0]));
    return pb_buffer_zero(b->device, c->buffer[0]);
}

/* Takes more rounds until a launch is long enough to tell arithmetic from launching. */
static pb_status lengthen_fma(const pb_bench *b, pb_ceiling *c, const fma_variant *v,
                              double *seconds)
{
    PB_TRY(build_fma(b, c, v));
    for (int rounds = LEAST_ROUNDS;; rounds *= 4) {
        PB_TRY(launch_fma(b, c, v, rounds));
        PB_TRY(pb_timing_least(b, pb_ceiling_run, c, seconds));
        if (*seconds >= launch_seconds || rounds >= MOST_ROUNDS) return check_fma(b, c);
    }
}

/* ---- the best of them ---- */

pb_status pb_ceiling_copy(const pb_bench *b, pb_ceiling *c)
{
    int best = -1;
    double most = 0;
    *c = (pb_ceiling){.device = b->device};
    PB_TRY(open_copy(b, c));
    for (int i = 0; i < (int)(sizeof copies / sizeof *copies); i++) {
        double seconds;
        if (!fits(b, copies[i].local) || (copies[i].ahead && !knows_prefetch(b))) continue;
        PB_TRY(prepare_copy(b, c, &copies[i]));
        PB_TRY(check_copy(b, c));
        PB_TRY(pb_timing_least(b, pb_ceiling_run, c, &seconds));
        if (c->work / seconds > most) {
            most = c->work / seconds;
            best = i;
        }
    }
    return prepare_copy(b, c, &copies[best]);
}

pb_status pb_ceiling_fma(const pb_bench *b, pb_ceiling *c)
{
    int best = -1;
    double most = 0, seconds;
    *c = (pb_ceiling){.device = b->device};
    PB_TRY(open_fma(b, c));
    for (int i = 0; i < (int)(sizeof fmas / sizeof *fmas); i++) {
        if (!fits(b, fmas[i].local)) continue;
        PB_TRY(lengthen_fma(b, c, &fmas[i], &seconds));
        if (c->work / seconds > most) {
            most = c->work / seconds;
            best = i;
        }
    }
    return lengthen_fma(b, c, &fmas[best], &seconds);
}

pb_status pb_ceiling_measure(const pb_bench *b, pb_ceiling_open *open, pb_ceiling *c,
                             pb_timing *timing, double *rate)
{
    PB_TRY(open(b, c));
    PB_TRY(pb_timing_measure(b, pb_ceiling_run, c, timing));
    *rate = c->work / timing->least;
    c->times = 1 + (int)(launch_seconds / timing->median);
    return PB_OK;
}

static pb_status keep(pb_bench *b, pb_ceiling_open *open, pb_ceiling **kept, double *rate)
{
    pb_timing timing;
    *kept = calloc(1, sizeof **kept);
    if (!*kept) return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for a ceiling");
    return pb_ceiling_measure(b, open, *kept, &timing, rate);
}

pb_status pb_bench_ceilings(pb_bench *b)
{
    if (b->ceilings.flops_per_second > 0) return PB_OK;
    PB_TRY(keep(b, pb_ceiling_copy, &b->copy, &b->ceilings.bytes_per_second));
    return keep(b, pb_ceiling_fma, &b->arithmetic, &b->ceilings.flops_per_second);
}

void pb_bench_ceilings_clear(pb_bench *b)
{
    pb_ceiling **const kept[] = {&b->copy, &b->arithmetic};
    for (int i = 0; i < 2; i++) {
        if (*kept[i]) pb_ceiling_clear(*kept[i]);
        free(*kept[i]);
        *kept[i] = NULL;
    }
}
