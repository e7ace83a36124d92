/* One level of a wavelet transform along a line, as the ops analysis and synthesis compute it. */
#ifndef PB_GRAPH_FILTER_BANK_H
#define PB_GRAPH_FILTER_BANK_H

#include <passband/wavelet.h>

#include "graph/op.h"

/** y_f[k] = sum over j of filter_f[j] x[2 k + start - j], for both filters f and k < band, where x
 * goes on beyond its ends as the extension says; the adjoint adds filter_f[j] y_f[k] to x at the
 * same places. */
typedef struct pb_filter_bank {
    pb_extension extension;
    int length; /* of the line */
    int band;   /* of what each filter gives */
    int taps;   /* even */
    int start;
    const float *filters; /* [2, taps] */
} pb_filter_bank;

/** Of lines of so many points. */
pb_filter_bank pb_filter_bank_make(pb_extension extension, int length, int taps,
                                   const float *filters);
/** Of an analysis or a synthesis. */
pb_filter_bank pb_filter_bank_of(const pb_graph *g, const pb_record *r);
/** Calls `visit` for every element of the matrix [2, band] x [length] that is not zero, some of
 * them several times: their weights add up. */
void pb_filter_bank_walk(const pb_filter_bank *bank,
                         void (*visit)(void *user, int filter, int k, int column, double weight),
                         void *user);

/** A point beyond the ends of a line: weight x[index] + first x[0] + last x[length - 1]. */
typedef struct pb_beyond {
    int index;
    double weight, first, last;
} pb_beyond;
pb_beyond pb_extension_at(pb_extension extension, int64_t at, int length);

/** Lines along the axis of an analysis or synthesis: [outer, length, inner]. */
typedef struct pb_lines {
    size_t outer, inner;
} pb_lines;
pb_lines pb_lines_of(pb_shape shape, int axis);

#endif
