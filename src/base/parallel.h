/* The same task for many things, on all cores. */
#ifndef PB_BASE_PARALLEL_H
#define PB_BASE_PARALLEL_H

#include <passband/status.h>

/** Does one of many things. `ctx` belongs to the thread, `user` is shared by all. */
typedef pb_status pb_task(pb_context *ctx, void *user, int i);

/** Calls task(..., i) once for every i in [0, count), on as many threads as there are cores, and waits for all. After a
 *  failure none is begun; the sentence of a failed task goes to `ctx`. */
pb_status pb_parallel(pb_context *ctx, int count, pb_task *task, void *user);

#endif
