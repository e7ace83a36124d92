/* The plan: a graph turned into an immutable, printable list of launches on one device, and its execution. */
#ifndef PASSBAND_PLAN_H
#define PASSBAND_PLAN_H

#include <passband/device.h>
#include <passband/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pb_plan pb_plan;
typedef struct pb_choices pb_choices; /* passband/wisdom.h */

/** Compiles every program of the graph. The graph is not needed afterwards, its value ids of leaves are.
 *  PB_ERR_DEVICE when the device's memory cannot hold it (the sentence gives both figures). */
pb_status pb_plan_create(pb_device *device, const pb_graph *g, pb_plan **plan);
void pb_plan_free(pb_plan **plan);

/** A plan of which nothing was made on the device yet; `choices` as pb_plan_create_with takes them. It cannot be written,
 *  read or run before pb_plan_realise. PB_ERR_DEVICE as of pb_plan_create. */
pb_status pb_plan_draft(pb_device *device, const pb_graph *g, const pb_choices *choices, pb_plan **plan);
/** Of a draft: bytes that computing what depends on data alone takes for a while, beside pb_plan_memory_bytes. */
size_t pb_plan_setup_bytes(const pb_plan *plan);
/** Of a draft: has what depends on data alone computed piece by piece, which takes less memory. `g`, not needed afterwards,
 *  is the draft's graph over fewer rows of data. Once. */
pb_status pb_plan_set_up_by(pb_plan *plan, const pb_graph *g);
/** Compiles a draft's programs and takes its memory. */
pb_status pb_plan_realise(pb_plan *plan);

/** A plan for data that comes in windows: the data leaves hold one window and pb_plan_send brings the next one.
 *  `choices` as pb_plan_create_with takes them. */
pb_status pb_plan_create_windowed(pb_device *device, const pb_graph *g, const pb_choices *choices, pb_plan **plan);
/** The same programs on memory of their own, on a part of the plan's device (device/device.h): a twin runs beside the plan
 *  and beside other twins, and gives the same bits. It begins with a copy of the plan's data and of what depends on that
 *  alone, so the plan must have run before, and it shares the programs, so the plan must outlive it. PB_ERR_DEVICE where the data
 *  is streamed, a product is CLBlast's, or the memory is not enough. */
pb_status pb_plan_twin(const pb_plan *plan, pb_device *part, pb_plan **twin);
/** What a plan of the graph would take of the device's memory: bytes in all, and those of its largest buffer. Makes
 *  nothing on the device. */
pb_status pb_plan_measure(pb_device *device, const pb_graph *g, const pb_choices *choices, bool windowed,
                          size_t *bytes, size_t *largest);

/** Sets every parameter and state leaf to its start; random ones from Philox keyed by (seed, name). */
pb_status pb_plan_init(pb_plan *plan, uint64_t seed);
/** Copies host memory into a leaf, or a leaf back; `bytes` must be the leaf's size. Blocks. */
pb_status pb_plan_write(pb_plan *plan, pb_value leaf, const void *data, size_t bytes);
/** Copies host memory into a part of a leaf. Blocks. */
pb_status pb_plan_write_part(pb_plan *plan, pb_value leaf, size_t offset_bytes, const void *data,
                             size_t bytes);
/** Whether a program of the plan uses that leaf: one that none needs cannot be written or read. */
bool pb_plan_has(const pb_plan *plan, pb_value leaf);
pb_status pb_plan_read(pb_plan *plan, pb_value leaf, void *data, size_t bytes);
/** Of a windowed plan: starts to copy the next window of a data leaf to the device, the first `bytes` of the leaf, beside
 *  the runs under way. Does not wait: `data` must stay as it is until pb_plan_sent. */
pb_status pb_plan_send(pb_plan *plan, pb_value leaf, const void *data, size_t bytes);
/** Waits until all that was sent has left host memory. */
pb_status pb_plan_sent(pb_plan *plan);
/** Puts all that was sent into its leaves, after the runs before and before the runs after, which compute anew what
 *  depends on it. Does not wait. */
pb_status pb_plan_land(pb_plan *plan);
/** Computes what depends on data and constants alone, unless that was done since a data leaf was written: pb_plan_run
 *  does it as well. */
pb_status pb_plan_set_up(pb_plan *plan);
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
/** Seconds that the device's compiler took when the plan was made. */
double pb_plan_build_seconds(const pb_plan *plan);
/** Bytes of device memory the plan holds. */
size_t pb_plan_memory_bytes(const pb_plan *plan);

#ifdef __cplusplus
}
#endif
#endif
