/* What a finished run learned about the frequencies that it needs. */
#ifndef PB_TRAIN_BAND_WEIGHTS_H
#define PB_TRAIN_BAND_WEIGHTS_H

#include <passband/status.h>

/** Weight of each band of a run's band mask, the mean over its seeds: weights [most]. PB_ERR_CONFIG
 * where the folder is no finished run with such a mask, or the mask has more bands than that. */
pb_status pb_band_weights_read(pb_context *ctx, const char *run, int most, double weights[],
                               int *count);

#endif
