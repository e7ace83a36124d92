/* Training programs whose samples have numbers in a data set, so that stages may draw random
 * numbers. */
#ifndef DRAWS_H
#define DRAWS_H

#include "base/rng.h"
#include "network.h"

enum { SEED = 41, EPOCH = 3, BATCH = 5 };

/* Of the samples of a batch, in a data set of more than there are. */
static const int numbers[BATCH] = {7, 0, 60000, 2, 9};

static inline pb_value draws_leaf(network *n, const char *name, pb_shape shape)
{
    return pb_leaf(n->g, PB_ROLE_INPUT, name, PB_I32, shape, (pb_init){.kind = PB_INIT_CONSTANT});
}

static inline void draws_start(network *n, pb_shape shape, const char *stages)
{
    network_start(n, PB_F32, shape, 3, true);
    n->b.draws = (pb_draw){.key = draws_leaf(n, "key", PB_SCALAR),
                           .epoch = draws_leaf(n, "epoch", PB_SCALAR),
                           .sample = draws_leaf(n, "numbers", PB_SHAPE(BATCH))};
    *leaf_content(n, n->b.draws.key) = SEED;
    *leaf_content(n, n->b.draws.epoch) = EPOCH;
    for (int i = 0; i < BATCH; i++) leaf_content(n, n->b.draws.sample)[i] = numbers[i];
    ck_assert_msg(network_build(n, stages) == PB_OK, "%s: %s", stages, pb_error(n->ctx));
}

/* The elements of a value; free() them. */
static inline double *draws_content(network *n, pb_value v)
{
    double *out;
    network_evaluate(n, 1, &v, &out);
    return out;
}

#endif
