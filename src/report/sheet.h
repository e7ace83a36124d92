/* A sheet of pairs of small pictures: enlarged pixels with thin separators, drawn without gnuplot.
 */
#ifndef PB_REPORT_SHEET_H
#define PB_REPORT_SHEET_H

#include "report/image.h"

/** One side of every pair. Each side is scaled to its own range of gray, since the two are of
 * different things. */
typedef struct pb_sheet_side {
    const char *heading;  /* lower-case words */
    const double *pixels; /* [pairs, height, width] */
    size_t height, width; /* at most PB_SHEET_MAX */
} pb_sheet_side;

#define PB_SHEET_MAX 1024

/** Draws the first pairs, as many as a sheet shows, into FOLDER/NAME.png. A right side of width 0
 * leaves the left ones alone. */
pb_status pb_sheet_draw(pb_context *ctx, size_t pairs, pb_sheet_side left, pb_sheet_side right,
                        const char *folder, const char *name);

#endif
