/* Bars of percentages with the figure on top, shared by the pictures of accuracies. */
#ifndef PB_REPORT_BARS_H
#define PB_REPORT_BARS_H

#include "report/plot.h"

/** One bar, in percent; error 0: no whisker. */
typedef struct pb_bar {
    double at, percent, error;
} pb_bar;

/** Bars of one colour. */
typedef struct pb_series {
    const char *colour;
    pb_bar *rows; /* [capacity] */
    int count;
} pb_series;

typedef struct pb_bars {
    pb_series *series; /* [series_count] */
    int series_count;
    double width; /* of a bar, where places lie 1 apart */
} pb_bars;

/** Room for `rows` bars in each series. */
pb_status pb_bars_create(pb_context *ctx, int series_count, int rows, double width, pb_bars *bars);
void pb_bars_clear(pb_bars *bars);
/** Appends a bar; one that is not finite is left out. */
void pb_bars_add(pb_series *series, double at, double percent, double error);
bool pb_bars_have_whiskers(const pb_bars *bars);

/** Names places 0, 1, ... below the axis, sloped when they do not fit side by side, else above the
 * word for what they are, where it is not NULL. `name` may use the buffer. */
typedef const char *pb_place_name(const void *of, int index, char buffer[16]);
void pb_bars_name_places(pb_plot *plot, int count, const char *what, pb_place_name *name,
                         const void *of);
/** Writes the data, the axis ("WHAT (%)", starting above 0 when bars would look alike) and the
 * bars. */
void pb_bars_plot(pb_plot *plot, const pb_bars *bars, const char *what);

#endif
