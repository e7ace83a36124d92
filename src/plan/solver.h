/* What solvers share: how they write kernels, and their tables. */
#ifndef PB_PLAN_SOLVER_H
#define PB_PLAN_SOLVER_H

#include "plan/choice.h"

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

static inline int larger(int a, int b)
{
    return a > b ? a : b;
}

static inline int ceil_div(int a, int b)
{
    return (a + b - 1) / b;
}

/* The largest part of at most `most` that cuts `extent` into nearly equal ones: 10 by 8 is 5 and 5,
 * not 8 and 2. */
static inline int balanced(int extent, int most)
{
    return ceil_div(extent, ceil_div(extent, most));
}

static inline int round_up(int a, int multiple)
{
    return ceil_div(a, multiple) * multiple;
}

/** Defines a macro for the kernel that is written next. */
void pb_solver_define(pb_build *b, const char *macro, long value);
/** Defines where three operands begin. */
void pb_solver_offsets(pb_build *b, const char *const names[3], const pb_place places[3]);
/** Defines a macro as a name that a family was given. */
void pb_solver_define_name(pb_build *b, const char *macro, const char *name);
/** The name of the function of cl/transpose.cl for blocks of 8 or 16 a side. It is written before
 * the first macro of the kernel that calls it is defined. */
const char *pb_solver_transpose(pb_build *b, int side);
/** The side of the largest blocks that registers hold. */
int pb_solver_transpose_side(const pb_build *b);
/** A kernel of cl/<family>.cl: its macros, collected in b->macros, then its text. Equal kernels are
 * written once. Returns the name that it has. */
const char *pb_solver_family(pb_build *b, const char *family);
/** A launch of a kernel that is written for work-groups; a region of -1 is no argument. */
void pb_solver_own(pb_unit *u, const char *kernel, const int regions[3], size_t x, size_t y,
                   size_t z, size_t local);
/** Lets the kernel of a unit call the function that follows it, if there is one: defines
 *    FOLLOWER             its name
 *    FOLLOWER_PARAMETERS  of the kernel
 *    FOLLOWER_ARGUMENTS   of the function, before an element's number and value
 *    FOLLOWER_A FOLLOWER_B  which of the parameters the operands are
 *  for the kernel that is written next; and gives the launch these parameters. */
void pb_solver_define_follower(pb_build *b);
void pb_solver_bind_follower(const pb_build *b, pb_unit *u);
/** What a block function reads and writes, as the plan's edges and liveness see it. */
void pb_solver_regions(pb_unit *u, const int regions[3]);
/** Whether a region holds nothing but `samples` parts of equal size, of which part s is row block s
 * of a matrix [rows, columns]. */
bool pb_is_cut_in_rows(const pb_build *b, const pb_place *place, int64_t rows, int64_t columns);
/** For solvers that can be taken whenever they compute the value at all. */
bool pb_solver_always(const pb_build *b, const pb_record *r);

const pb_solver *pb_product_solvers(int *count);
const pb_solver *pb_conv_solvers(int *count);
const pb_solver *pb_filter_bank_solvers(int *count);
const pb_solver *pb_histogram_solvers(int *count);

#endif
