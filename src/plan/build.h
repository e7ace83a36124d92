/* The inside of planning one graph: where values are stored, which kernels compute them, in which
 * order.
 *
 * Planning a program (one list of assignments) goes through these steps, a file each:
 *   roots.c    which values must be stored; the others are recomputed where they are used
 *   choice.c   which solver computes a product or convolution (solver_*.c)
 *   units.c    stored values of one iteration domain join one unit
 *   inline.c   units that compute a convolution themselves instead of reading it
 *   tasks.c    units are put in order; those that can share a launch do
 *   kernel.c   what a unit does in OpenCL C: loops.c from the expressions of its roots
 *              (expression.c, index.c)
 *   dispatch.c the kernels of the launches
 *   memory.c   regions of the shared arena by liveness */
#ifndef PB_PLAN_BUILD_H
#define PB_PLAN_BUILD_H

#include <passband/plan.h>

#include "base/arena.h"
#include "device/device.h"
#include "graph/op.h"

#define PB_MAX_PROGRAMS (1 + PB_GRAPH_PROGRAMS) /* of a plan: the setup and the graph's */

/** Device memory of one or several values. */
typedef struct pb_region {
    pb_dtype dtype;
    size_t count;    /* elements                                                               */
    bool persistent; /* a buffer of its own, living as long as the plan; else a part of the arena */
    bool zeroed;     /* must be zero before the first run (margins of padded values)           */
    int first, last; /* launches of its program between which it lives (arena only)            */
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

#define PB_UNIT_MAX_ROOTS   24
#define PB_UNIT_MAX_ARGS    28
#define PB_UNIT_MAX_INLINED 4
#define PB_MAX_ARGS         96 /* eight bytes each; every device takes 1024 bytes of arguments */

/** Work of a unit, in operations, that one work-item does sooner than a launch of its own would
 * start. */
#define PB_SMALL_WORK 32768.0

/** Regions that a kernel touches: its parameters. */
typedef struct pb_parameters {
    int count;
    int region[PB_MAX_ARGS];
    bool read[PB_MAX_ARGS], written[PB_MAX_ARGS];
    /** with the rows cut into as many equal parts as there are samples, part s touches the s-th
     * part of the region alone */
    bool by_sample[PB_MAX_ARGS];
} pb_parameters;

/** The place of a region among them, or -1. */
int pb_parameters_find(const pb_parameters *all, int region);
/** The same, where a region that is new is added; -1 when they are full. */
int pb_parameters_place(pb_parameters *all, int region);

/** How much of a unit a piece of a kernel does. */
typedef enum pb_share {
    PB_SHARE_ITEM,    /* the part that work-item (x, y) has */
    PB_SHARE_SAMPLES, /* samples [s_begin, s_end)           */
    PB_SHARE_WHOLE,   /* all of it                          */
    PB_SHARE_ELEMENT  /* element number `element` of a MAP  */
} pb_share;

/** A library unit whose solver is a function of OpenCL C
 *    void name(global const float *a, global const float *b, global float *c, local float *scratch,
 *              int row_begin, int row_end, int column_begin, int column_end, int layer)
 *  that computes a block of its result. */
typedef struct pb_block_function {
    const char *name; /* NULL: the unit has kernels of its own                               */
    int rows, columns, layers;   /* extents of the three ways to cut it                        */
    int item_rows, item_columns; /* of one work-item                                           */
    int least_rows;              /* that a block must have                                     */
    int chunk_rows;              /* a work-item's samples begin at a multiple of it; 0: anywhere */
    bool takes_few;              /* samples as fast, each, in calls for few as for many        */
    int regions[3];              /* a, b (-1: none, a is passed) and c                         */
    int local_floats;            /* of scratch                                                 */
} pb_block_function;

struct pb_build;
struct pb_unit;

/** How other units may take elements of a library unit's result in registers, instead of reading
 * what it stored: they call a function of OpenCL C that computes one of four axes,
 *    float name(global const float *a, global const float *b, int n, int o, int p, int q)
 *  or the library unit's kernel calls theirs with each. */
typedef struct pb_element_function {
    const char *name; /* NULL: there is none */
    /* writes the unit's kernel once more, which calls pb_build.follower; NULL: it cannot */
    pb_status (*write)(struct pb_build *b, struct pb_unit *u);
    const void *made_of; /* what `write` needs to know                      */
    int regions[2];      /* a, b: what is read to compute elements          */
    double counts[2];    /* and how much of them                            */
} pb_element_function;

/** What the kernel of a library unit calls for each element of its result. */
typedef struct pb_follower {
    const char *name;       /* of the function                                             */
    const char *parameters; /* of the kernel, as declared; and the function's first ones   */
    const char *arguments;
    const char *a, *b; /* of the parameters, the operands                             */
    const pb_parameters *all;
} pb_follower;

/** A launch of a program: one kernel, or a product by CLBlast. */
typedef struct pb_dispatch {
    const char *kernel, *label;
    int arg_count, args[PB_MAX_ARGS]; /* regions */
    size_t global[3], local[3];
    double flops, bytes;
    bool is_gemm;
    pb_gemm_spec gemm;
    int gemm_region[4]; /* A, B, C, workspace (-1: none) */
} pb_dispatch;

/** A fused kernel's work, or a product or convolution. */
typedef struct pb_unit {
    pb_unit_kind kind;
    int64_t rows, columns;         /* MAP, ROWS                                       */
    int64_t outer, reduced, inner; /* COLUMNS                                         */
    int root_count;
    int roots[PB_UNIT_MAX_ROOTS];
    pb_value value;                   /* LIBRARY: the value it computes                  */
    int irregular;                    /* addresses with quotients, remainders or gathers  */
    int inlined_count;                /* library units whose elements this one computes itself */
    int inlined[PB_UNIT_MAX_INLINED]; /* instead of reading them                               */
    bool follows;                     /* the kernel of the only one does this unit's work */
    /* filled by codegen and solvers */
    const char *label, *solver;
    const char *wish;   /* LIBRARY: words that chose the solver, or NULL */
    const char *choice; /* LIBRARY: the solver and the parameters it has */
    pb_parameters touches;
    int samples; /* it can be cut by that many samples of a batch; 0: it cannot */
    bool small;  /* one work-item does it sooner than a launch starts           */
    double flops, bytes;
    double evaluations;          /* of elements of inlined units                        */
    pb_block_function block;     /* LIBRARY                                             */
    pb_element_function element; /* LIBRARY                                             */
    bool is_inlined;             /* LIBRARY: another unit computes it; it has no launch */
    pb_dispatch own;             /* LIBRARY without a block function                    */
    int dispatch;                /* the launch that does it          */
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
    int samples; /* of a batch, by which units are cut; 0: unknown */
    int dispatch_count;
    pb_dispatch *dispatches;
} pb_program_build;

/** A piece of source, whose kernels' names begin with its own. Others may call its functions. */
typedef struct pb_kernel {
    const char *name, *text;
    struct pb_kernel *before; /* which was written before it */
} pb_kernel;

/** One plan being made. */
typedef struct pb_build {
    pb_context *ctx;
    pb_device *device;
    const pb_device_info *info;
    const pb_graph *g;                    /* lowered */
    const struct pb_choices *choices;     /* of solvers, NULL: none */
    const char *clblast[PB_GEMM_KERNELS]; /* parameters that the choices gave CLBlast, else NULL */
    int count;                            /* values  */
    pb_arena *arena;
    pb_place *place; /* [values] persistent places: leaves, constants, static values */
    bool *is_static; /* [values] */
    int region_count, region_capacity;
    pb_region *regions;
    int program_count;
    pb_program_build programs[PB_MAX_PROGRAMS]; /* setup first */
    pb_text source;                             /* of all kernels                              */
    pb_text macros;                             /* of the kernel being written by a solver     */
    pb_kernel *kernels;                         /* already in the source, the last one         */
    int kernel_count;
    const pb_follower *follower; /* of the kernel being written by a solver     */
    bool on_cpu;                 /* the kernels are for long work-items                          */
    bool joins;      /* units share launches: the compiler takes large kernels as well */
    bool setup_only; /* plan no program but the setup                                */
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
/** Whether kernels may ask for what they will write, with PREFETCH_TO_WRITE. */
bool pb_build_can_own(const pb_build *b);
/** What every source begins with, and a kernel as it stands in one. */
void pb_build_prelude(const pb_build *b, pb_text *source);
void pb_build_append(pb_text *source, const pb_kernel *kernel);

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
/** A new unit without roots. The array of units may move; a unit that is being added to keeps its
 * number only. */
pb_status pb_unit_add(pb_build *b, pb_program_build *p, pb_unit **unit);
/** A new unit that stores a root. */
pb_status pb_unit_of_root(pb_build *b, pb_program_build *p, int root);
/** What every unit touches anew, after values got places. */
pb_status pb_units_check(pb_build *b, pb_program_build *p);
/** before[x * n + y]: unit x must run before unit y, of n units. */
void pb_unit_edges(const pb_build *b, const pb_program_build *p, bool *before);
/** Whether units x and y, as one, would wait for themselves; `seen` has room for n. */
bool pb_unit_makes_cycle(const bool *before, int n, int x, int y, bool *seen);
/** Lets units compute, element by element, the convolutions that they alone read. */
pb_status pb_plan_inline(pb_build *b, pb_program_build *p);
/** A unit reads again what it computed of other units. */
pb_status pb_unit_read_again(pb_build *b, pb_program_build *p, pb_unit *unit);
/** A new root, of which the unit that it shall belong to is not yet told. */
pb_status pb_root_add(pb_build *b, pb_program_build *p, pb_root root);
/** Whether a fused unit can be written as a kernel; notes what it touches and what it costs. */
pb_status pb_codegen_check(pb_build *b, pb_program_build *p, pb_unit *unit, bool *possible);
/** Notes whether a fused unit can be cut by the program's samples, and cuts it so that it can. */
pb_status pb_codegen_samples(pb_build *b, pb_program_build *p, pb_unit *unit);
/** Appends what a unit does, the whole or a share, to a kernel with the parameters of `all`, which
 * grow. ITEM: the numbers of items along x and y. */
pb_status pb_codegen(pb_build *b, pb_program_build *p, pb_unit *unit, pb_share share, pb_text *out,
                     pb_parameters *all, size_t items[2]);
const char *pb_unit_words(const pb_build *b, const pb_unit *unit);
/** Chooses the solvers of a product or convolution and adds the units that do it. */
pb_status pb_solve(pb_build *b, pb_program_build *p, pb_value value);
/** Samples of a batch in a program: of the values that its products and convolutions make, the most
 * frequent number; 0 when there are none. */
int pb_samples(const pb_build *b, const pb_program_build *p);
/** Whether a library op takes an input whose rows are dense but lie apart, as inside a padded
 * value. */
bool pb_reads_strided(const pb_build *b, pb_value library, int input);
/** The value that must be stored for an input of a library op (broadcasts of a product's leading
 * axes need no storage of their own). */
pb_value pb_library_operand(const pb_build *b, pb_value library, int input);
/** The launches of a program, and the order of its units. */
pb_status pb_plan_tasks(pb_build *b, pb_program_build *p);
/** Whether a CPU device has registers of 16 floats. */
bool pb_has_wide_registers(const pb_device_info *info);
/** Offsets of arena regions; the bytes of the arena of all programs, and of the setup's. */
pb_status pb_plan_memory(pb_build *b, size_t *arena_bytes, size_t *setup_bytes);
const pb_build *pb_plan_build_of(const pb_plan *plan);
/** The graph as it is planned, owned by the caller, and a build that tells what its values are. */
pb_status pb_plan_lowered(pb_device *device, const pb_graph *g, pb_build *build,
                          pb_graph **lowered);
/** pb_plan_create with the kernels and solvers for a CPU or for a GPU, whatever the device is. */
pb_status pb_plan_create_as(pb_device *device, const pb_graph *g, bool on_cpu, pb_plan **plan);

#endif
