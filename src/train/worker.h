/* Workers: processes that run trials of one search.
 *
 * A worker holds a lock on a file of its own in the folder "workers"; the kernel drops the lock
 * when the process ends, however it does. Trials name their worker, so whoever finds a running
 * trial can tell whether anybody still runs it. */
#ifndef PB_TRAIN_WORKER_H
#define PB_TRAIN_WORKER_H

#include <stdbool.h>

#include <passband/status.h>

typedef struct pb_worker {
    char *folder; /* ".../workers" */
    char *name;   /* of the file: "host-1234-x7Qa2b" */
    int lock;     /* descriptor, -1: none */
} pb_worker;

pb_status pb_worker_begin(pb_context *ctx, const char *search_folder, pb_worker *worker);
/** Removes the file. */
void pb_worker_end(pb_worker *worker);

/** Whether the worker of that name still lives. */
bool pb_worker_lives(const pb_worker *self, const char *name);
/** Removes what a worker left that lives no longer. */
void pb_worker_bury(const pb_worker *self, const char *name);

#endif
