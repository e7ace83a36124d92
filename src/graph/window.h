/* Windows over the last two axes, shared by convolution and pooling. */
#ifndef PB_GRAPH_WINDOW_H
#define PB_GRAPH_WINDOW_H

#include "graph/op.h"

/** Windows along one axis: floor((extent + 2 padding - kernel) / stride) + 1; below 1 when none
 * fits. */
int pb_window_count(int extent, pb_window window, int axis);
/** Checks kernel, stride and padding and that [height, width] holds at least one window. */
pb_status pb_window_check(pb_graph *g, const pb_record *r, int height, int width);

#endif
