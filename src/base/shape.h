/* Shapes as text and in memory. */
#ifndef PB_BASE_SHAPE_H
#define PB_BASE_SHAPE_H

#include <passband/shape.h>

/** Row-major strides in elements. */
void pb_shape_strides(pb_shape shape, int strides[PB_MAX_AXES]);

/** Room for "[128, 16, 28, 28]". */
#define PB_SHAPE_TEXT 64
/** Writes a shape as "[128, 10]" into `text` and returns it. */
const char *pb_shape_text(pb_shape shape, char text[PB_SHAPE_TEXT]);

#endif
