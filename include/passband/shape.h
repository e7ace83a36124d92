/* Shapes and data types: the words that data sets, graphs and devices share. */
#ifndef PASSBAND_SHAPE_H
#define PASSBAND_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PB_MAX_AXES 4

typedef enum pb_dtype { PB_F32, PB_I32, PB_U8 } pb_dtype;

/** Up to four axes, outermost first; axes == 0 is a scalar. Every extent is at least 1. */
typedef struct pb_shape {
    int axes;
    int dim[PB_MAX_AXES];
} pb_shape;

/** PB_SHAPE(128, 10) is a shape of two axes; PB_SCALAR has none. */
#define PB_SHAPE(...)                                                        \
    ((pb_shape){.axes = (int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)), .dim = {__VA_ARGS__}})
#define PB_SCALAR ((pb_shape){.axes = 0, .dim = {0}})

/** Bytes of one number, and "f32", "i32" or "u8". */
size_t pb_dtype_bytes(pb_dtype dtype);
const char *pb_dtype_name(pb_dtype dtype);
/** Numbers in all, 1 for a scalar. */
size_t pb_shape_count(pb_shape shape);
bool pb_shape_equal(pb_shape a, pb_shape b);
/** [count, sample...]; a sample has fewer than PB_MAX_AXES axes. */
pb_shape pb_shape_batch(int count, pb_shape sample);
/** The way back: `batch` without its first axis; a scalar stays one. */
pb_shape pb_shape_sample(pb_shape batch);

#ifdef __cplusplus
}
#endif

#endif
