/* Index algebra: the integer expressions that generated kernels address memory with, kept in a
 * normal form so that the div and mod of a reshape vanish where they cancel, and "is this the same
 * element" is a comparison of pointers.
 *
 * An index is constant + sum of coefficient * atom; an atom is a loop variable, the quotient or
 * remainder of an index by a constant, or an opaque integer computed in the kernel. Every index
 * knows its range. Indices and atoms are interned: equal ones are the same pointer. */
#ifndef PB_PLAN_INDEX_H
#define PB_PLAN_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

typedef struct pb_index pb_index;
typedef struct pb_index_pool pb_index_pool;

pb_index_pool *pb_index_pool_create(void); /* NULL when memory is out */
void pb_index_pool_free(pb_index_pool **pool);
/** False after an allocation failed: every index since then is NULL. */
bool pb_index_pool_ok(const pb_index_pool *pool);

const pb_index *pb_index_constant(pb_index_pool *pool, int64_t number);
/** A loop variable in [0, extent); of extent 1 it is the constant 0. `level` is the depth of its
 * loop. */
const pb_index *pb_index_variable(pb_index_pool *pool, const char *name, int64_t extent, int level);
/** An int32 named in the kernel, in [min, max]. */
const pb_index *pb_index_opaque(pb_index_pool *pool, const char *name, int64_t min, int64_t max,
                                int level);
const pb_index *pb_index_add(pb_index_pool *pool, const pb_index *a, const pb_index *b);
const pb_index *pb_index_mul(pb_index_pool *pool, const pb_index *a, int64_t factor);
/** Floor division and remainder by a positive constant; exact for a >= 0. */
const pb_index *pb_index_div(pb_index_pool *pool, const pb_index *a, int64_t by);
const pb_index *pb_index_mod(pb_index_pool *pool, const pb_index *a, int64_t by);

int64_t pb_index_min(const pb_index *a);
int64_t pb_index_max(const pb_index *a);
/** Depth of the innermost loop it depends on. */
int pb_index_level(const pb_index *a);
/** How many quotients, remainders and opaque integers at or below that loop level it takes: a
 * measure of cost. */
int pb_index_irregular(const pb_index *a, int level);
/** The factor of a variable in the sum; what quotients and remainders take of it does not count. */
int64_t pb_index_factor(const pb_index *a, const pb_index *variable);
/** Whether a = variable + a multiple of `step`, whatever the other variables are. */
bool pb_index_is_run(const pb_index *a, const pb_index *variable, int64_t step);
/** Whether a = part * variable + rest with 0 <= rest < part: whatever else it takes, each value of
 * the variable has a part of its own. */
bool pb_index_in_part(const pb_index *a, const pb_index *variable, int64_t part);
/** As OpenCL C, in parentheses where needed; owned by the pool. */
const char *pb_index_text(pb_index_pool *pool, const pb_index *a);

#endif
