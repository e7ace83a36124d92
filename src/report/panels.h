/* Several panels of one kind in a picture, two abreast, a panel a run. */
#ifndef PB_REPORT_PANELS_H
#define PB_REPORT_PANELS_H

#include "report/plot.h"

typedef struct pb_panels {
    int count, columns, rows;
    int width, height; /* of a panel, in pixels */
} pb_panels;

/** One panel fills 1200 x 800; more are `width` x `height` pixels each. */
pb_panels pb_panels_arrange(int count, int width, int height);
/** Starts the picture and its multiplot. */
void pb_panels_begin(pb_plot *plot, const pb_panels *panels, const char *name);
/** Sets margins for panel `index`, given the room within it in pixels that axes and legends take,
 * and writes its name above when there are several. */
typedef struct pb_room {
    int left, right, top, bottom;
} pb_room;
void pb_panels_next(pb_plot *plot, const pb_panels *panels, int index, pb_room room,
                    const char *name);
/** Where a point of panel `index`, in pixels from its top left corner, lies on the screen: "screen
 * x, screen y". */
void pb_panels_place(pb_plot *plot, const pb_panels *panels, int index, double x, double y);

#endif
