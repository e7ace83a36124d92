/* Layers whose weights live in the wavelet domain: the parameters are coefficients, and what the layer works with is
 * synthesis(quantised(threshold(coefficients))). The trainer writes thresholds and steps between epochs. */
#ifndef PASSBAND_WEIGHTS_H
#define PASSBAND_WEIGHTS_H

#include <passband/graph.h>
#include <passband/option.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PB_WEIGHT_PARTS 96

/** Coefficients that share a threshold: numbers `offset` to `offset + count - 1` of each line. */
typedef struct pb_weight_part {
    int level; /* 1 is the finest, 0 the approximation */
    int offset, count;
    int width; /* of planes, which lie row by row; of lines `count` */
} pb_weight_part;

/** Rows of `settings`. */
enum { PB_WEIGHT_THRESHOLD, PB_WEIGHT_STEP, PB_WEIGHT_PER_STEP, PB_WEIGHT_SETTINGS };

/** The weights of one layer. */
typedef struct pb_weights {
    char layer[64];            /* "linear_1"                                                             */
    const pb_options *options; /* of pb_weight_options; live as long as the configuration                */
    int lines, count;          /* coefficients: so many lines of so many                                 */
    int level;                 /* how often the transform is done, which lines may allow less often than
                              option `level` says; 0: there is none                                     */
    pb_weight_part part[PB_WEIGHT_PARTS];
    int part_count;
    pb_value coefficients; /* parameter [lines, count]                                                   */
    pb_value settings;     /* buffer [3, part_count] that the trainer writes: of each
                              part the threshold, the step of its quantiser (0: none) and 1 / step            */
    pb_value start;        /* state "<layer>.weight", shaped as the weights: what they begin as; PB_NONE outside
                              training                                                                   */
    pb_value begun;        /* [lines, count] the coefficients of `start`: what the trainer assigns at first   */
    pb_value before, after; /* the weights without thresholds, and with them                             */
} pb_weights;

/** Options of a weight_transform; ends with a row whose name is NULL. */
extern const pb_option pb_weight_options[];

/** The largest code of a coefficient in training, by option `bits`: 2^(bits - 1) - 1; 1 where that is 0. */
int pb_weight_code_most(const pb_options *options);

/** How coefficients are thresholded. Of those larger than t, soft keeps sign(c) (|c| - t), hard c, and garrote
 *  c - t^2 / c; the others become 0. Sources: Donoho, "De-noising by soft-thresholding", IEEE Trans. IT 41 (1995);
 *  Gao, "Wavelet shrinkage denoising using the non-negative garrote", J. Comput. Graph. Stat. 7 (1998). */
typedef enum pb_threshold_kind { PB_THRESHOLD_SOFT, PB_THRESHOLD_HARD, PB_THRESHOLD_GARROTE } pb_threshold_kind;
pb_threshold_kind pb_threshold_find(const char *name);

/** Appends the thresholding of c by t, which broadcasts to it and is at least 0. With `straight` gradients pass as if
 *  nothing were done; without, they are those of the formula. */
pb_value pb_threshold(pb_graph *g, pb_threshold_kind kind, bool straight, pb_value c, pb_value t);
/** The same of one number on the host, to the same bits. */
float pb_threshold_number(pb_threshold_kind kind, float c, float t);

#ifdef __cplusplus
}
#endif
#endif
