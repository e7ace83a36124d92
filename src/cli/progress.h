/* How a run goes on: a bar on a terminal, lines elsewhere; on standard error. */
#ifndef PB_CLI_PROGRESS_H
#define PB_CLI_PROGRESS_H

#include <passband/run.h>

typedef struct pb_cli_progress {
    bool quiet, is_terminal, has_colour;
    int epochs;            /* seen                          */
    double seconds, first; /* of all of them, of the first  */
} pb_cli_progress;

/** Says that a run is being prepared. */
void pb_cli_progress_begin(pb_cli_progress *progress, bool quiet, const char *run);
/** A pb_progress_sink; `user` is the pb_cli_progress. */
void pb_cli_progress_show(void *user, const pb_progress *p);
/** Takes the bar away. */
void pb_cli_progress_end(pb_cli_progress *progress);

#endif
