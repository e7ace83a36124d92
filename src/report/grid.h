/* A sheet of small pictures in rows and columns with words beside them, drawn without gnuplot:
 * images as pixels, signals as curves. */
#ifndef PB_REPORT_GRID_H
#define PB_REPORT_GRID_H

#include <stdbool.h>
#include <stddef.h>

#include "report/image.h"

typedef enum pb_grid_look {
    PB_GRID_PLAIN,  /* gray from the lowest to the highest number of the picture; three planes are
                       colours */
    PB_GRID_SIGNED, /* blue below zero, white, red above, to the largest size; planes are added */
    PB_GRID_HEAT    /* dark to light along viridis from 0 to the largest; planes are averaged    */
} pb_grid_look;

typedef struct pb_grid_cell {
    double *pixels; /* [planes, height, width]; NULL: an empty place */
    size_t planes, height, width;
    pb_grid_look look;
    char words[40]; /* below it */
    double scale;   /* of signed pictures: the size of full colour; 0: that of its largest number */
} pb_grid_cell;

typedef struct pb_grid {
    int rows, columns;
    pb_grid_cell *cells;  /* [rows, columns]                                            */
    char title[96];       /* above all, "": none                                        */
    char (*headings)[40]; /* [columns] above each column                                */
    char (*names)[40];    /* [rows] left of each row                                    */
    bool has_words;
    int target;       /* pixels that the longer side of a small picture is enlarged to; 0: 96   */
    double low, high; /* one scale for all plain pictures; equal: each has its own */
} pb_grid;

pb_status pb_grid_create(pb_context *ctx, int rows, int columns, pb_grid *grid);
void pb_grid_clear(pb_grid *grid);
/** Puts a picture into a place; numbers are copied. A height of 1 makes it a curve. */
pb_status pb_grid_put(pb_context *ctx, pb_grid *grid, int row, int column, size_t planes,
                      size_t height, size_t width, const double pixels[], pb_grid_look look);
/** Letters that a picture can show of some words: lower case, others as spaces. */
void pb_grid_words(char words[40], const char *text);
/** The same of a title. */
void pb_grid_title(pb_grid *grid, const char *text);
/** Draws it as FOLDER/NAME.png, whole or not at all. */
pb_status pb_grid_draw(pb_context *ctx, const pb_grid *grid, const char *folder, const char *name);

#endif
