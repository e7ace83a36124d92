/* Images of the shape of MNIST where there is no data set: what a step takes does not depend on what they show. */
#ifndef PB_BENCH_MADE_UP_H
#define PB_BENCH_MADE_UP_H

#include <passband/status.h>

typedef struct pb_made_up {
    char *folder;   /* for temporary files, with x.npy, y.npy, x_test.npy, y_test.npy */
    char *override; /* "data.path=<folder>" */
} pb_made_up;

/** 60000 images to learn from and 10000 to test, 28 x 28, of ten classes: noise over a grating of each class, so that a
 *  network can learn them. */
pb_status pb_made_up_create(pb_context *ctx, pb_made_up *data);
/** Removes the folder, also a half-written one. */
void pb_made_up_remove(pb_made_up *data);

#endif
