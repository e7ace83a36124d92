/* What the solvers of convolutions share. */
#ifndef PB_PLAN_SOLVER_CONV_H
#define PB_PLAN_SOLVER_CONV_H

#include "plan/solver.h"

/** Geometry of a convolution from its data (x), its weights (w) and its result (y). */
typedef struct pb_conv_geometry {
    pb_shape x, w, y;
    pb_window window;
    pb_place place[3]; /* of what the op reads, and of its result */
} pb_conv_geometry;

/** Without places. */
pb_conv_geometry pb_conv_shapes(const pb_build *b, const pb_record *r);
double pb_conv_operations(const pb_conv_geometry *c);
pb_conv_geometry pb_conv_of(const pb_build *b, const pb_program_build *p, const pb_unit *u);
/** Label and work of a unit that a solver writes. */
void pb_conv_describe(pb_build *b, pb_unit *u, const pb_conv_geometry *c, const char *solver);
/** Defines how far samples, channels and rows of an operand lie apart. */
void pb_conv_define_x(pb_build *b, const pb_place *x);
/** Whether a region holds nothing but the samples of a value, padded or not, one after another. */
bool pb_conv_is_cut(const pb_build *b, const pb_place *place, int samples);

/* ---- solver_conv_columns.c ---- */
bool pb_can_conv_columns(const pb_build *b, const pb_record *r);
/** Whether there is enough to compute for its kernels, which take longer to compile. */
bool pb_suits_conv_columns(const pb_build *b, const pb_record *r);
pb_status pb_write_conv_columns(pb_build *b, pb_program_build *p, pb_unit *u, const pb_record *r);

/* ---- solver_conv_im2col.c ---- */
bool pb_can_conv_im2col(const pb_build *b, const pb_record *r);
/** Whether it is a product of some depth, and large enough for launches beside it. */
bool pb_suits_conv_im2col(const pb_build *b, const pb_record *r);
pb_status pb_write_conv_im2col(pb_build *b, pb_program_build *p, pb_unit *u, const pb_record *r);

#endif
