/* Pictures of a study with bytes a sample along the axis, a line a method. */
#ifndef PB_REPORT_AGAINST_BYTES_H
#define PB_REPORT_AGAINST_BYTES_H

#include <jansson.h>

#include <passband/status.h>

/** Where a point stands, and the ends of its interval; what is not finite is left out. */
typedef struct pb_height {
    double at, low, high;
} pb_height;
/** Of curve number `curve` of the point's method, counted from 0. */
typedef pb_height pb_height_of(const json_t *point, int curve);

typedef struct pb_against_bytes {
    const char *name;     /* of the file */
    const char *title;    /* goes before ": DATA SET" */
    const char *subtitle; /* what the curves are */
    const char *axis;     /* words beside the axis */
    const char *range;    /* of gnuplot, such as "[0:1]" */
    pb_height_of *height;
    int curves;           /* of each method: solid, dashed, dotted */
    double line;          /* a height to compare with; NaN: none */
} pb_against_bytes;

/** Draws FOLDER/NAME.png and .svg; a picture without points is discarded. */
pb_status pb_draw_against_bytes(pb_context *ctx, const json_t *study, const pb_against_bytes *picture,
                                const char *folder);

#endif
