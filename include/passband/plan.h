/* The plan: a graph turned into an immutable, printable list of launches on one device, and its execution. */
#ifndef PASSBAND_PLAN_H
#define PASSBAND_PLAN_H

#include <passband/device.h>
#include <passband/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pb_plan pb_plan;

/** Compiles every program of the graph. The graph is not needed afterwards, its value ids of leaves are.
 *  PB_ERR_DEVICE when the device's memory cannot hold it (the sentence gives both figures). */
pb_status pb_plan_create(pb_device *device, const pb_graph *g, pb_plan **plan);
void pb_plan_free(pb_plan **plan);

/** Sets every parameter and state leaf to its start; random ones from Philox keyed by (seed, name). */
pb_status pb_plan_init(pb_plan *plan, uint64_t seed);
/** Copies host memory into a leaf, or a leaf back; `bytes` must be the leaf's size. Blocks. */
pb_status pb_plan_write(pb_plan *plan, pb_value leaf, const void *data, size_t bytes);
pb_status pb_plan_read(pb_plan *plan, pb_value leaf, void *data, size_t bytes);
/** Runs a program `times` times without waiting: results are there when pb_plan_read returns. What depends only on data
 *  and constants is computed before the first run after a data leaf was written. */
pb_status pb_plan_run(pb_plan *plan, const char *program, int times);
/** Waits until everything submitted is done. */
pb_status pb_plan_finish(pb_plan *plan);

/** The list of launches of every program: kernel, shape, solver, FLOPs, bytes. */
pb_status pb_plan_print(const pb_plan *plan, FILE *out);
/** The same as JSON text, owned by the caller: solver choices that make a run repeatable. */
char *pb_plan_json(const pb_plan *plan);
/** The OpenCL C source of every kernel, owned by the plan. */
const char *pb_plan_source(const pb_plan *plan);
/** Bytes of device memory the plan holds. */
size_t pb_plan_memory_bytes(const pb_plan *plan);

#ifdef __cplusplus
}
#endif
#endif
