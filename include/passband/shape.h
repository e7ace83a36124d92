/* Shapes and data types: the words that data sets, graphs and devices share. */
#ifndef PASSBAND_SHAPE_H
#define PASSBAND_SHAPE_H

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

#endif
