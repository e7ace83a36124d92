/* Tasks: units that one work-item does one after another. Tasks that do not wait for each other
 * share a launch. */
#ifndef PB_PLAN_TASKS_H
#define PB_PLAN_TASKS_H

#include "plan/build.h"

typedef enum pb_task_kind {
    PB_TASK_ALONE,   /* one unit, cut into work-items by its rows and columns                     */
    PB_TASK_CHAIN,   /* small units, all of them in one work-item                                 */
    PB_TASK_SAMPLES, /* units that take each sample by itself; a work-item has a block of samples */
} pb_task_kind;

typedef struct pb_task {
    pb_task_kind kind;
    int first, count; /* its units in the program's sequence                  */
    int level;        /* 1 + that of the last task it waits for; 0: for none  */
} pb_task;

/** Writes the launch of tasks that do not wait for each other, and appends it to the program's. */
pb_status pb_dispatch_write(pb_build *b, pb_program_build *p, const pb_task tasks[], int count);
/** Whether a unit is a part that kernels of other units can hold. */
bool pb_unit_is_part(const pb_build *b, const pb_unit *u);

#endif
