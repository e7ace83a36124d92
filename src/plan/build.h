/* The inside of planning one graph: where values are stored, which kernels compute them, in which
 * order.
 *
 * Planning a program (one list of assignments) goes through these steps, a file each:
 *   roots.c     which values must be stored; the others are recomputed where they are used
 *   units.c     stored values of one iteration domain join one kernel; units are sorted
 *   memory.c    regions of the shared arena by liveness
 *   kernel.c    a kernel's source: loops.c from the expressions of its roots (expression.c,
 * index.c) solver.c    products and convolutions, by one of several solvers */
#ifndef PB_PLAN_BUILD_H
#define PB_PLAN_BUILD_H

#include <passband/plan.h>

#include "base/arena.h"
#include "device/device.h"
#include "graph/op.h"

/** Device memory of one or several values. */
typedef struct pb_region {
    pb_dtype dtype;
    size_t count;    /* elements                                                               */
    bool persistent; /* a buffer of its own, living as long as the plan; else a part of the arena */
    bool zeroed;     /* must be zero before the first run (margins of padded values)           */
    int first, last; /* units of its program between which it lives (arena only)               */
    int program;     /* the program it belongs to, -1: all (leaves, constants, static values)  */
    size_t arena_offset; /* bytes                                                        */
    pb_buffer *buffer;
    const void *initial; /* contents of a constant, else NULL                            */
} pb_region;

/** Where a value's elements are: region[offset + sum index_i stride_i]. region < 0: nowhere. */
typedef struct pb_place {
    int region;
    int64_t offset;
    int64_t stride[PB_MAX_AXES];
} pb_place;

/** A stored result of a fused kernel: every element of `v` goes to `place`. */
typedef struct pb_root {
    pb_value v;
    pb_place place;
    bool reduction; /* v is a sum, maximum or argmax computed by the kernel itself       */
    bool stored;    /* false: only the kernel itself needs it                            */
    bool forced;    /* an assignment, a padded or a joined place: stored in any case     */
    pb_value leaf;  /* the leaf (or joined leaves) it assigns, else PB_NONE              */
    int unit;
} pb_root;

typedef enum pb_unit_kind {
    PB_UNIT_MAP,     /* elementwise over a space of `rows` x `columns`                            */
    PB_UNIT_ROWS,    /* the same, with reductions along the columns of each row                   */
    PB_UNIT_COLUMNS, /* reductions along the middle axis of outer x reduced x inner               */
    PB_UNIT_LIBRARY  /* a product or convolution                                                  */
} pb_unit_kind;

#define PB_UNIT_MAX_ROOTS 24
#define PB_UNIT_MAX_ARGS  28
#define PB_MAX_LAUNCHES   4 /* of one unit */

/** One kernel, or one library call with its helpers. */
typedef struct pb_unit {
    pb_unit_kind kind;
    int64_t rows, columns;         /* MAP, ROWS                                       */
    int64_t outer, reduced, inner; /* COLUMNS                                         */
    int root_count;
    int roots[PB_UNIT_MAX_ROOTS];
    pb_value value; /* LIBRARY: the value it computes                  */
    int order;      /* position among the program's units              */
    int irregular;  /* addresses with quotients, remainders or gathers  */
    /* filled by codegen and solvers */
    const char *name, *label, *solver;
    const char *wish;   /* LIBRARY: words that chose the solver, or NULL */
    const char *choice; /* LIBRARY: the solver and the parameters it has  */
    int arg_count;
    int args[PB_UNIT_MAX_ARGS]; /* regions it touches                              */
    bool arg_read[PB_UNIT_MAX_ARGS], arg_written[PB_UNIT_MAX_ARGS];
    bool small; /* not worth a launch of its own                    */
    double flops, bytes;
    double launch_flops, launch_bytes; /* of the launch, which may hold several units      */
    int launch_count;
    struct {
        const char *kernel;
        int arg_count, args[PB_UNIT_MAX_ARGS]; /* regions */
        size_t global[3], local[3];
    } launches[PB_MAX_LAUNCHES];
    bool is_gemm;
    pb_gemm_spec gemm;
    int gemm_region[3];
    int scratch; /* region of partial results, -1: none */
} pb_unit;

/** One program being planned. */
typedef struct pb_program_build {
    const char *name;
    int index;
    bool is_setup; /* computes the static values                                            */
    int assign_count;
    const pb_value *assigns; /* of the setup: the static values that other programs read          */
    pb_place *place; /* [values] of this program; falls back to the plan's persistent places */
    bool *needed;    /* [values] reachable from the assignments                              */
    bool *stored;    /* [values] gets a place                                                */
    bool *dense;     /* [values] a library reads it, and not by strides                        */
    int *root_of;    /* [values] the root that stores it, -1                                 */
    int root_count, root_capacity;
    pb_root *roots;
    int unit_count, unit_capacity;
    pb_unit *units;
    int *sequence; /* [unit_count] units in order of execution                             */
    int sequence_count;
} pb_program_build;

/** One plan being made. */
typedef struct pb_build {
    pb_context *ctx;
    pb_device *device;
    const pb_device_info *info;
    const pb_graph *g; /* lowered */
    const struct pb_choices *choices; /* of solvers, NULL: none */
    int count;         /* values  */
    pb_arena *arena;
    pb_place *place; /* [values] persistent places: leaves, constants, static values */
    bool *is_static; /* [values] */
    int region_count, region_capacity;
    pb_region *regions;
    int program_count;
    pb_program_build programs[18]; /* setup first */
    pb_text source;                /* of all kernels                              */
    pb_text macros;                /* of the kernel being written by a solver     */
    struct pb_kernel *kernels;     /* already in the source                       */
    int kernel_count;
    bool on_cpu;
    bool setup_only; /* plan no program but the setup */
} pb_build;

/* ---- helpers ---- */
const pb_record *pb_build_record(const pb_build *b, pb_value v);
/** Through reshapes (and detach) to the value that owns the storage. */
pb_value pb_build_strip(const pb_build *b, pb_value v);
pb_place pb_place_dense(pb_shape shape, int region, int64_t offset);
bool pb_place_is_dense(const pb_place *place, pb_shape shape);
/** The program's place of a value, or the plan's; region -1 when it has none. Reshapes share their
 * input's. */
pb_place pb_build_place(const pb_build *b, const pb_program_build *p, pb_value v);
pb_status pb_build_region(pb_build *b, pb_dtype dtype, size_t count, int *region);

/** Adds a kernel, written with the name NAME, to the source and gives it a name; one that is there
 * already, under the name that it has. The text undefines NAME, or leaves it to this. */
pb_status pb_build_kernel(pb_build *b, const char *text, const char **name);

/* ---- steps ---- */
/** All of them: b->g, device, info, arena and on_cpu are given; kernels are in b->source
 * afterwards. */
pb_status pb_build_plan(pb_build *b);
void pb_build_clear(pb_build *b);
/** Graph to graph: products and convolutions in the forms that solvers take; long reductions in two
 * steps. */
pb_status pb_lower(const pb_graph *g, const pb_device_info *info, bool on_cpu, pb_graph **out,
                   pb_value **map);
pb_status pb_plan_roots(pb_build *b, pb_program_build *p);
/** Gives the value of an assignment, which has no storage yet, storage of its own; a new root, the
 * last one, copies it from there to the leaf. */
pb_status pb_root_aside(pb_build *b, pb_program_build *p, int number);
pb_status pb_plan_units(pb_build *b, pb_program_build *p);
/** Whether a fused unit can be written as a kernel; notes what it reads and writes, and what it
 * costs. */
pb_status pb_codegen_check(pb_build *b, pb_program_build *p, pb_unit *unit, bool *possible);
/** Writes the kernel of a unit, or of several small ones in a row: source, parameters and geometry,
 * which the first unit holds for all. */
pb_status pb_codegen(pb_build *b, pb_program_build *p, pb_unit *const units[], int count);
pb_status pb_solve(pb_build *b, pb_program_build *p, pb_unit *unit);
/** Whether an input of a library op must be stored densely, and which value that is (broadcasts of
 * a product's leading axes need no storage of their own). */
/** Whether a library op takes an input whose rows are dense but lie apart, as inside a padded
 * value. */
bool pb_reads_strided(const pb_build *b, pb_value library, int input);
pb_value pb_library_operand(const pb_build *b, pb_value library, int input);
/** Offsets of arena regions; the bytes of the arena of all programs, and of the setup's. */
pb_status pb_plan_memory(pb_build *b, size_t *arena_bytes, size_t *setup_bytes);
const pb_build *pb_plan_build_of(const pb_plan *plan);
/** The graph as it is planned, owned by the caller, and a build that tells what its values are. */
pb_status pb_plan_lowered(pb_device *device, const pb_graph *g, pb_build *build,
                          pb_graph **lowered);
/** pb_plan_create with the kernels and solvers for a CPU or for a GPU, whatever the device is. */
pb_status pb_plan_create_as(pb_device *device, const pb_graph *g, bool on_cpu, pb_plan **plan);

#endif
