/* A table of words and numbers, printed as Markdown or as CSV. */
#ifndef PB_REPORT_CELLS_H
#define PB_REPORT_CELLS_H

#include <stdbool.h>
#include <stdio.h>

#include <passband/report.h>

typedef struct pb_cells {
    int columns;
    char **text; /* [count] row by row, headings first */
    int count, capacity;
    bool failed; /* memory ran out */
} pb_cells;

/** Appends a cell, as printf does. */
void pb_cells_add(pb_cells *cells, const char *format, ...) PB_PRINTF(2, 3);
/** Appends a number with so many significant digits; a number that is not finite is an empty cell. */
void pb_cells_number(pb_cells *cells, double number, int digits);
/** Prints it; in Markdown aligned, the first column at the left and figures at the right. PB_ERR_MEMORY when a cell is
 *  missing. */
pb_status pb_cells_print(pb_context *ctx, const pb_cells *cells, pb_table_format format, FILE *out);
void pb_cells_clear(pb_cells *cells);

#endif
