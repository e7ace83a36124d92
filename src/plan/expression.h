/* From values to OpenCL C: the expression of one element of a value at a symbolic index. */
#ifndef PB_PLAN_EXPRESSION_H
#define PB_PLAN_EXPRESSION_H

#include "plan/build.h"
#include "plan/index.h"

/** Loop levels of a generated kernel. A temporary is written in the outermost loop that knows its
 * index. */
enum { LEVEL_KERNEL, LEVEL_ROW, LEVEL_MIDDLE, LEVEL_ELEMENT, LEVEL_COUNT };

/** Reductions of a kernel are done in phases: what phase d computes is known from phase d + 1 on.
 */
#define PB_MAX_PHASES 8

/** A scalar of the kernel: a temporary's name or a literal. */
typedef struct pb_scalar {
    const char *text;
    int level, depth;
} pb_scalar;

/** Index of one element of a value. */
typedef struct pb_at {
    const pb_index *axis[PB_MAX_AXES];
} pb_at;

struct memo;

/** The state of writing one kernel. */
typedef struct pb_writer {
    pb_build *b;
    pb_program_build *p;
    pb_unit *unit;
    pb_index_pool *pool;
    pb_arena *arena;
    pb_text kernel_text;                 /* LEVEL_KERNEL                       */
    pb_text row_text[PB_MAX_PHASES + 1]; /* LEVEL_ROW, before the loop of phase */
    pb_text middle_text, element_text;   /* the loop being written             */
    bool fetches_ahead;                  /* the loop reads more than caches hold       */
    pb_text ahead_text;                  /* there: asks for what later turns read or write      */
    int rows_at_once; /* rows whose blocks are read in turn; 0: one row after another */
    int phase;
    int serial;         /* of temporaries                     */
    int statements;     /* at element level: a measure of work */
    int calls;          /* of functions that compute elements of inlined units */
    double evaluations; /* of them by the whole kernel */
    int irregular;      /* quotients, remainders and gathers in addresses at element level */
    bool impossible;    /* this kernel cannot compute that    */
    bool other_rows;    /* elements are asked for in rows that only the device knows */
    bool strided; /* it reads from far apart in turns of the element loop, but not in those of the
                     row loop */
    const pb_index *row, *element; /* the variables of these loops, where there are such */
    struct memo *memos[256];
    signed char *depths; /* [values] -1 unknown                */
    /* linear indices that this kernel's roots assign in place, per root of the unit */
    const pb_index *assigned[PB_UNIT_MAX_ROOTS];
    bool assigned_in_loop[PB_UNIT_MAX_ROOTS]; /* stored in a loop over columns, not after it */
    /* scalars of the unit's reductions, and the linear index where they are valid */
    const char *reduced[PB_UNIT_MAX_ROOTS];
    const pb_index *reduced_at;
    int reduced_level;
    pb_parameters *all; /* of the kernel, which may hold several units */
    int samples;        /* the unit is cut by so many samples; 0: it is not */
    const pb_index *sample;
} pb_writer;

/** Memory is out when it returns false. The kernel's parameters are added to `all`. */
bool pb_writer_open(pb_writer *w, pb_build *b, pb_program_build *p, pb_unit *unit,
                    pb_parameters *all, int samples);
void pb_writer_close(pb_writer *w);
/** Forgets temporaries of the element and middle loops, before the next loop is written. */
void pb_writer_next_loop(pb_writer *w);

/** Whether v is read from memory rather than computed in this kernel. */
bool pb_is_load(const pb_writer *w, pb_value v);
/** How many reductions of the unit must be done, one after another, before v is known. */
int pb_depth(pb_writer *w, pb_value v);
/** The element of v at an index; sets w->impossible when the unit cannot compute it. */
pb_scalar pb_element(pb_writer *w, pb_value v, pb_at at);
/** An index into `shape` from its linear index. */
pb_at pb_at_linear(pb_writer *w, pb_shape shape, const pb_index *linear);
const pb_index *pb_linear(pb_writer *w, pb_shape shape, pb_at at);
/** The address of an element in its place. */
const pb_index *pb_address(pb_writer *w, const pb_place *place, pb_shape shape, pb_at at);
/** The name of the kernel's parameter for a region, of which the element at `address` is read or
 * written. */
const char *pb_parameter(pb_writer *w, int region, bool written, const pb_index *address);
/** The index of a row (or of an outer element) in a loop over `rows` of them; pb_open_row_loop
 * writes the loop. */
const pb_index *pb_row_index(pb_writer *w, const char *name, int64_t rows);
const char *pb_c_type(pb_dtype dtype);

#endif
