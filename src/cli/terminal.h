/* What is on the other side of a stream: a terminal, its width, whether it wants colours. */
#ifndef PB_CLI_TERMINAL_H
#define PB_CLI_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/** A terminal that can rewrite a line (TERM is not "dumb"). */
bool pb_terminal_is(FILE *stream);
/** The same, and NO_COLOR (no-color.org) is not set. */
bool pb_terminal_has_colour(FILE *stream);
/** Columns of the terminal, 80 when it does not tell. */
int pb_terminal_columns(FILE *stream);
/** Clears the line that a progress bar stands on; does nothing elsewhere. */
void pb_terminal_clear_line(FILE *stream);
/** Writes a line over the one before, cut to the width of the terminal. */
void pb_terminal_rewrite(FILE *stream, const char *line);
/** "[#####-----]" of `width` columns between the brackets. */
void pb_terminal_bar(char *out, size_t bytes, double share, int width);

#endif
