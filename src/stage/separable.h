/* Planes and lines as transforms see them, and linear maps of their axes. */
#ifndef PB_STAGE_SEPARABLE_H
#define PB_STAGE_SEPARABLE_H

#include "stage/stages.h"

/** Samples as planes: [batch, L] is a line (height 1), [batch, H, W] a plane, [batch, C, H, W] C planes. */
typedef struct pb_planes {
    int axes; /* of the samples with the batch: 2, 3 or 4 */
    int batch, channels, height, width;
} pb_planes;

/** `shape` as planes; PB_ERR_SHAPE when it has other axes. */
pb_status pb_planes_of(pb_builder *b, pb_shape shape, pb_planes *planes);
bool pb_planes_are_lines(const pb_planes *planes);
/** The samples' shape with planes of another height and width. */
pb_shape pb_planes_shape(const pb_planes *planes, int height, int width);
/** Option `size`: points on each axis that come out, one number, or [height, width]; 0 stands for as many as there are.
 *  Of lines one number, and the height stays 1. PB_ERR_CONFIG for lists of another length. */
pb_status pb_planes_size(pb_builder *b, const pb_options *options, const pb_planes *planes, int *height, int *width);
/** The samples' shape with `count` numbers in place of each plane: [batch, count] or [batch, C, count]. */
pb_shape pb_planes_vectors(const pb_planes *planes, int count);

/** A matrix [rows, columns] of doubles as a constant; PB_NONE when memory was out (the graph says so). */
pb_value pb_matrix_constant(pb_graph *g, int rows, int columns, const double *matrix);
/** Y = L X R^T for each plane X [H, W]: x [..., H, W], left [h, H], right [w, W] -> [planes, h, w]. Lines have no left:
 *  PB_NONE. */
pb_value pb_separable(pb_graph *g, const pb_planes *planes, pb_value x, pb_value left, pb_value right);
/** The least-squares way back: Y [..., h, w] -> L^+ Y R^+^T, [planes, H, W]. The matrices are doubles, left NULL for
 *  lines. */
pb_value pb_separable_back(pb_builder *b, const pb_planes *planes, pb_value y, int h, const double *left, int w,
                           const double *right);
/** Zeroed doubles that live as long as the graph. */
double *pb_matrix_memory(pb_graph *g, int rows, int columns);

/** How one line becomes another of `out` points: a matrix [out, in]. */
typedef void pb_resampling(double *matrix, int out, int in);
/** As torch.nn.functional.interpolate: bilinear with half-pixel centres and no antialiasing, area (the mean of all pixels
 *  that a new one touches), and nearest-exact. */
pb_resampling pb_resample_bilinear, pb_resample_area, pb_resample_nearest;
/** Planes resampled to h x w. */
pb_value pb_resample(pb_graph *g, const pb_planes *planes, pb_value x, int h, int w, pb_resampling *method);
pb_value pb_resample_back(pb_builder *b, const pb_planes *planes, pb_value y, int h, int w, pb_resampling *method);

#endif
