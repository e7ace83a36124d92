/* Values computed on a device against the float64 reference. Many small graphs are joined into one,
 * so that a whole family of cases costs one plan: each wanted value is assigned to a state leaf of
 * the joined graph.
 *
 * Check forks each test: call these within the test, never before the fork. */
#ifndef PB_TEST_DEVICE_CHECK_H
#define PB_TEST_DEVICE_CHECK_H

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <passband/plan.h>

#include "graph/graph_check.h"
#include "graph/store.h"
#include "plan/build.h"

/* The address sanitizer asks for this; drivers keep memory to the end of the process. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

/* Of the rounding of float32, per element and for what a sum gathers. */
#define TOLERANCE 1e-5

/* What no case computes: a target that keeps it was not written. */
#define UNWRITTEN 12345.0f

typedef struct joined_leaf {
    pb_value leaf;
    double *data;
} joined_leaf;

typedef struct joined_want {
    pb_value target; /* float32 state leaf */
    double *want;
    size_t count;
    char what[96];
} joined_want;

typedef struct joined {
    pb_context *ctx;
    pb_graph *g;
    int leaf_count, want_count, assign_count;
    joined_leaf leaves[512];
    joined_want wants[1024];
    pb_value assigns[1024]; /* since the last program */
} joined;

static inline joined *joined_create(pb_context *ctx)
{
    joined *j = calloc(1, sizeof *j);
    ck_assert_ptr_nonnull(j);
    j->ctx = ctx;
    j->g = pb_graph_create(ctx);
    return j;
}

static inline void joined_free(joined **j)
{
    for (int i = 0; i < (*j)->leaf_count; ++i) free((*j)->leaves[i].data);
    for (int i = 0; i < (*j)->want_count; ++i) free((*j)->wants[i].want);
    pb_graph_free(&(*j)->g);
    free(*j);
    *j = NULL;
}

/* Copies the values of b->g that `wanted` needs, and wants them all. */
static inline void joined_add(joined *j, const op_built *b, int count, const pb_value wanted[],
                              const char *what)
{
    OK(j->ctx, pb_graph_status(b->g));
    const int values = pb_graph_count(b->g);
    pb_value *map = malloc(sizeof *map * (size_t)(values + 1));
    double **want = calloc((size_t)count + 1, sizeof *want);
    OK(j->ctx, pb_reference(b->g, b->count, b->leaves, (const double *const *)b->data, count,
                            wanted, want));
    for (pb_value v = 0; v < values; ++v) {
        const pb_record *r = pb_record_of(b->g, v);
        if (r->op == PB_OP_LEAF) {
            char name[32];
            snprintf(name, sizeof name, "leaf%d", j->leaf_count);
            map[v] = pb_leaf(j->g, r->attrs.role, name, r->dtype, r->shape, r->attrs.init);
            ck_assert_int_lt(j->leaf_count, 512);
            for (int i = 0; i < b->count; ++i) {
                if (b->leaves[i] != v) continue;
                const size_t n = pb_shape_count(r->shape);
                joined_leaf *leaf = &j->leaves[j->leaf_count++];
                *leaf = (joined_leaf){map[v], malloc(n * sizeof(double))};
                memcpy(leaf->data, b->data[i], n * sizeof(double));
            }
            continue;
        }
        pb_value *in = malloc(sizeof *in * (size_t)(r->arity + 1));
        for (int i = 0; i < r->arity; ++i) in[i] = map[r->in[i]];
        map[v] = pb_graph_copy(j->g, r, in);
        free(in);
    }
    for (int i = 0; i < count; ++i) {
        ck_assert_int_lt(j->want_count, 1024);
        joined_want *w = &j->wants[j->want_count++];
        const pb_shape shape = pb_value_shape(b->g, wanted[i]);
        char name[32];
        snprintf(name, sizeof name, "want%d", j->want_count);
        w->want = want[i];
        w->count = pb_shape_count(shape);
        snprintf(w->what, sizeof w->what, "%s %d", what, i);
        w->target = pb_leaf(j->g, PB_ROLE_STATE, name, PB_F32, shape,
                            (pb_init){.kind = PB_INIT_CONSTANT, .a = UNWRITTEN});
        j->assigns[j->assign_count++] =
            pb_assign(j->g, w->target, pb_cast(j->g, map[wanted[i]], PB_F32));
    }
    free(want);
    free(map);
    OK(j->ctx, pb_graph_status(j->g));
}

/* What was added since the last program becomes one. */
static inline void joined_program(joined *j, const char *name)
{
    if (j->assign_count) OK(j->ctx, pb_program(j->g, name, j->assign_count, j->assigns));
    j->assign_count = 0;
}

static inline void write_leaf(pb_context *ctx, pb_plan *plan, pb_dtype dtype, pb_value leaf,
                              const double *data, size_t count)
{
    const size_t bytes = count * pb_dtype_bytes(dtype);
    void *content = malloc(bytes);
    for (size_t i = 0; i < count; ++i) {
        if (dtype == PB_F32) ((float *)content)[i] = (float)data[i];
        if (dtype == PB_I32) ((int32_t *)content)[i] = (int32_t)data[i];
        if (dtype == PB_U8) ((uint8_t *)content)[i] = (uint8_t)data[i];
    }
    OK(ctx, pb_plan_write(plan, leaf, content, bytes));
    free(content);
}

/* Writes the leaves that the plan has (passes drop what no value needs). */
static inline void joined_write(const joined *j, pb_plan *plan)
{
    for (int i = 0; i < j->leaf_count; ++i) {
        const pb_value leaf = j->leaves[i].leaf;
        const pb_dtype dtype = pb_value_dtype(j->g, leaf);
        const size_t count = pb_shape_count(pb_value_shape(j->g, leaf));
        float probe;
        if (pb_plan_read(plan, leaf, &probe, 0) == PB_ERR_USAGE) continue;
        write_leaf(j->ctx, plan, dtype, leaf, j->leaves[i].data, count);
    }
}

static inline void compare(const float *got, const double *want, size_t count, const char *what)
{
    double most = 1;
    for (size_t i = 0; i < count; ++i) most = fmax(most, fabs(want[i]));
    for (size_t i = 0; i < count; ++i)
        if (!(fabs(got[i] - want[i]) <=
              TOLERANCE * most)) /* Check writes to a file at every assertion */
            ck_abort_msg("%s: element %zu of %zu is %.9g on the device, %.9g in float64", what, i,
                         count, got[i], want[i]);
}

/* Compares what a float32 leaf holds now. */
static inline void compare_leaf(pb_context *ctx, pb_plan *plan, pb_value leaf, const double *want,
                                size_t count, const char *what)
{
    float *got = malloc(count * sizeof *got);
    OK(ctx, pb_plan_read(plan, leaf, got, count * sizeof *got));
    compare(got, want, count, what);
    free(got);
}

static inline void joined_compare(const joined *j, pb_plan *plan)
{
    for (int i = 0; i < j->want_count; ++i) {
        const joined_want *w = &j->wants[i];
        compare_leaf(j->ctx, plan, w->target, w->want, w->count, w->what);
    }
}

/* Runs every program of a plan of the joined graph once and compares what they assigned. */
static inline void joined_run(const joined *j, pb_plan *plan)
{
    if (getenv("PASSBAND_TEST_PRINT")) OK(j->ctx, pb_plan_print(plan, stdout));
    OK(j->ctx, pb_plan_init(plan, 1));
    joined_write(j, plan);
    const pb_program_list *programs = pb_graph_programs(j->g);
    for (int i = 0; i < programs->count; ++i)
        OK(j->ctx, pb_plan_run(plan, programs->program[i].name, 1));
    joined_compare(j, plan);
}

/* Plans the joined graph and runs it. `on_cpu`: with the kernels for a CPU, else with those for a
 * GPU. The plan is the caller's. */
static inline pb_plan *joined_check(const joined *j, pb_device *device, bool on_cpu)
{
    pb_plan *plan;
    OK(j->ctx, pb_plan_create_as(device, j->g, on_cpu, &plan));
    joined_run(j, plan);
    return plan;
}

/* Whether there is a device; only where PASSBAND_TEST_SKIPS is set does it matter. Asked in a
 * child, because OpenCL does not survive a fork. */
static inline bool may_run(void)
{
    if (!getenv("PASSBAND_TEST_SKIPS") || getenv("PASSBAND_TEST_NO_SKIPS")) return true;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        pb_context *ctx = pb_context_create();
        pb_device *device = NULL;
        const bool there = pb_device_open(ctx, NULL, &device) == PB_OK;
        if (!there) printf("skipped: %s\n", pb_error(ctx));
        fflush(stdout);
        _exit(there ? 0 : 1);
    }
    int status = 1;
    waitpid(child, &status, 0);
    return status == 0;
}

static inline void open_device(pb_context **ctx, pb_device **device)
{
    *ctx = pb_context_create();
    OK(*ctx, pb_device_open(*ctx, NULL, device));
}

/* Plans from now on as for a device of so many compute units, by which work is cut; 0: as many as
 * it has. */
static inline void pretend_units(pb_device *device, int units)
{
    if (units > 0) ((pb_device_info *)pb_device_describe(device))->compute_units = (unsigned)units;
}

static inline void close_device(pb_context **ctx, pb_device **device)
{
    pb_device_close(device);
    pb_context_free(ctx);
}

#endif
