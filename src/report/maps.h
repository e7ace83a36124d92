/* The arrays of saliency as pictures see them: a row of numbers for each class or sample, or an
 * image of each. */
#ifndef PB_REPORT_MAPS_H
#define PB_REPORT_MAPS_H

#include "report/record.h"

/** What is behind the first axis once axes of extent 1 are left out: height 1 is a row. Channels,
 * in front of the last two axes, are averaged. */
typedef struct pb_maps {
    size_t count, height, width;
    double *pixels; /* [count, height, width] */
} pb_maps;

typedef enum pb_maps_look {
    PB_MAPS_PLAIN,
    PB_MAPS_ABSOLUTE, /* of absolute values                                                */
    PB_MAPS_CENTRED   /* rows turned by half their number: frequency 0 stands in the middle */
} pb_maps_look;

/** Whether the array has rows, rather than images, behind its first axis. */
bool pb_maps_are_rows(const pb_array *array);
pb_status pb_maps_make(pb_context *ctx, const pb_array *array, pb_maps_look look, pb_maps *maps);
void pb_maps_clear(pb_maps *maps);

#endif
