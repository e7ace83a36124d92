/* A plan that was made, for the files that run it. */
#ifndef PB_PLAN_PLAN_STATE_H
#define PB_PLAN_PLAN_STATE_H

#include "plan/build.h"

#define PB_PLAN_PROGRAMS 8 /* at most, built side by side */

struct pb_plan {
    pb_context *ctx;
    pb_device *device;
    pb_graph *g;   /* lowered; owned */
    pb_value *map; /* the caller's values to ours */
    int map_count;
    pb_build build;
    pb_module *modules[PB_PLAN_PROGRAMS]; /* the source in parts */
    int module_count;
    int *program_of; /* [build.kernel_count] the module that holds a kernel */
    pb_buffer *arena;
    size_t arena_bytes, setup_bytes, persistent_bytes;
    bool windowed; /* data leaves are refilled: the setup runs again and again, in the arena */
    pb_transfer **windows; /* [values], of data leaves of a windowed plan */
    size_t window_bytes;
    pb_launch **launches[PB_MAX_PROGRAMS];
    int launch_count[PB_MAX_PROGRAMS];
    pb_recording *recordings[PB_MAX_PROGRAMS]; /* of programs that are faster as one command   */
    bool considered[PB_MAX_PROGRAMS];          /* whether they are                             */
    bool setup_done;
    double build_seconds;
    const struct pb_plan *original; /* of a twin: what it shares programs and more with */
    struct pb_plan *piece; /* NULL, or a plan of the setup alone over fewer rows of data, without
                              memory while it does not run */
    const struct pb_plan *whole; /* of a piece: the plan whose modules hold its kernels */
};

/** How a plan is made, beside what it plans. */
typedef struct pb_manner {
    bool on_cpu;
    bool windowed;   /* data leaves are refilled while programs run */
    bool setup_only; /* no programs: only what depends on data alone */
    const pb_choices *choices;
    const pb_plan *whole; /* NULL, or the plan that this is to be a piece of */
} pb_manner;

/** Whatever needs no memory of the device. */
pb_status pb_plan_make(pb_device *device, const pb_graph *g, const pb_manner *how, pb_plan **plan);
pb_status pb_plan_create_how(pb_device *device, const pb_graph *g, const pb_manner *how,
                             pb_plan **plan);
/** Whether the setup writes the whole region before anything reads it. */
bool pb_plan_sets_up(const pb_build *b, int region);
/** A plan's memory, and its launches on that. */
pb_status pb_plan_create_buffers(pb_plan *plan);
void pb_plan_free_buffers(pb_plan *plan);
void pb_plan_free_launches(pb_plan *plan, int program);
/** Runs the setup of a plan that has a piece. */
pb_status pb_plan_run_pieces(pb_plan *plan);
void pb_plan_free_twin(pb_plan **plan);
pb_status pb_plan_build_modules(pb_plan *plan);
void pb_plan_free_modules(pb_plan *plan);
pb_module *pb_plan_module_of(const pb_plan *plan, const char *kernel);
/** Puts the launches of a program into the queue; 0: the setup. */
pb_status pb_plan_submit(pb_plan *plan, int program);

#endif
