/* A picture drawn by gnuplot: a script and its data, which stay beside the picture. */
#ifndef PB_REPORT_PLOT_H
#define PB_REPORT_PLOT_H

#include "base/arena.h"
#include "report/record.h"
#include "report/statistics.h"

typedef struct pb_plot {
    const char *name; /* of the files, without extension */
    pb_text script, data;
    int blocks;             /* of data so far   */
    int width, height;      /* in pixels        */
    int entries;            /* of the legend    */
    int legend_x, legend_y; /* where the next entry goes, in pixels from the top left */
} pb_plot;

/** Colours that stay apart for the colour-blind (Okabe and Ito), for the runs of a comparison in
 * order. */
const char *pb_plot_colour(int index);
/** gnuplot's point type of curve `index`: another one beyond the colours there are. */
int pb_plot_shape(int index, bool filled);
/** Colour of band `index` of `count`: from dark (lowest) to light along viridis. */
void pb_plot_band_colour(int index, int count, char colour[8]);

/** Colours of a heat map, dark to light along viridis. */
void pb_plot_palette(pb_plot *plot);

/** Starts a picture of that many pixels: terminal, fonts, grid. A script may `set multiplot`;
 * drawing ends it. */
void pb_plot_begin(pb_plot *plot, const char *name, int width, int height);
/** The large line at the top left, and the small one below it. */
void pb_plot_title(pb_plot *plot, const char *format, ...) PB_PRINTF(2, 3);
void pb_plot_subtitle(pb_plot *plot, const char *format, ...) PB_PRINTF(2, 3);
/** Puts an entry into the legend below the subtitle: a line or a square of a colour, and words. */
void pb_plot_legend(pb_plot *plot, const char *colour, bool square, const char *words);
/** The entry of curve `index`: a line of its colour with a point of its shape, and words. */
void pb_plot_legend_of(pb_plot *plot, int index, const char *words);
/** Leaves the picture below the title and the legend to what is plotted next. */
void pb_plot_top_margin(pb_plot *plot);
/** Width of words in pixels, a little more rather than less. */
int pb_plot_text_width(const char *words);
/** Appends text in single quotes as gnuplot reads it. */
void pb_plot_quote(pb_text *out, const char *text);
/** Appends x, mean, low, high of a curve as the next block of data and returns the block's index.
 */
int pb_plot_curve(pb_plot *plot, const pb_curve *curve);
/** Ends a block of data that the caller appended and returns its index. */
int pb_plot_end_block(pb_plot *plot);
/** A y axis that holds [low, high]; returns whether it is logarithmic, which it is from a ratio of
 * 5 on, with labels at 1, 2, 5 times powers of ten. */
bool pb_plot_loss_axis(pb_plot *plot, double low, double high);

/** Writes the script and its data into `folder` and draws NAME.png and NAME.svg there. Clears the
 * plot. PB_ERR_RUN: gnuplot is missing or failed. */
pb_status pb_plot_draw(pb_context *ctx, pb_plot *plot, const char *folder);
void pb_plot_clear(pb_plot *plot);
/** Removes the files of a picture that has nothing to show: an earlier drawing would tell of other
 * data. Returns PB_OK, so that it can be a picture's last line. */
pb_status pb_plot_discard(const char *folder, const char *name);

#endif
