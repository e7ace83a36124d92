/* A configuration whose training steps are timed, after it was seen to learn. */
#ifndef PB_BENCH_CONTENDER_H
#define PB_BENCH_CONTENDER_H

#include "bench/bench.h"
#include "train/seed.h"

typedef struct pb_contender {
    pb_config *config;
    pb_session session;
    pb_seed seed;
    double first_loss, last_loss; /* of the first and the last epoch trained */
    double accuracy;              /* on the test part after them             */
    bool made_up;                 /* the data set is not there: images were made up in its place */
} pb_contender;

/** Loads a configuration and plans it. `selector` NULL: the configuration's device. With `make_up`, images are made up
 *  in place of a registered data set that is missing. `tuner` measures its products and convolutions first; NULL: none. Close it whatever comes of it. */
pb_status pb_contender_open(pb_context *ctx, const char *path, int override_count, const char *const overrides[],
                            const char *selector, bool make_up, const pb_bench *tuner, pb_contender *c);
/** Trains `epochs` epochs from seed 0. PB_ERR_RUN when the loss does not fall or the network scores no better than
 *  twice guessing on the test part. */
pb_status pb_contender_check(pb_contender *c, int epochs);
/** Runs `steps` training steps, at most an epoch of them, and waits: with the samples and rates of the last epoch. */
pb_status pb_contender_steps(pb_contender *c, int steps);
void pb_contender_close(pb_contender *c);

#endif
