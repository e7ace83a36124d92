/* What thresholds made of the weights of a run, for pictures: coefficients, and weights without
 * thresholds and with them.
 */
#ifndef PB_TRAIN_WEIGHT_RECORD_H
#define PB_TRAIN_WEIGHT_RECORD_H

#include "train/seed.h"

/** Writes `weights` into the folder of a run whose layers have a weight_transform, of the best
 * parameters of a seed; nothing where none has. Of each layer "<layer>.npy", float32 [2, shape of
 * its weights]: the synthesis of the coefficients as they are, and of what thresholds and
 * quantisers leave; "<layer>.coefficients.npy", float32 [lines, count]; then layers.json, what they
 * are:
 *
 *    [{layer, wavelet, mode, layout, kind, rule, level, threshold, bits, lines, count, zeros,
 *      image: [height, width], parts: [{level, offset, count, threshold, zeros}]}]
 *
 *  `level` is how often the layer was transformed, 0 where it was not. Parts are coefficients
 * `offset` to `offset + count - 1` of each line, level 0 the approximation; zeros are shares;
 * `image` is there where the layer takes the numbers of an image in one row. The weights are
 * computed on the host, by the float64 reference. */
pb_status pb_weight_record_write(pb_session *s, const pb_seed *state, const char *folder);

#endif
