/* What follows training: pictures, the profile, the table. */
#ifndef PB_CLI_FINISH_H
#define PB_CLI_FINISH_H

#include "cli/cli.h"

/** A missing gnuplot, told by PB_ERR_RUN, becomes a warning. */
pb_status pb_cli_forgive_gnuplot(pb_cli *cli, pb_status status);
/** Draws the report of a run. A missing gnuplot is a warning: the run itself did not fail. */
pb_status pb_cli_draw_run(pb_cli *cli, const char *folder);
/** Draws a comparison into `folder`, likewise. */
pb_status pb_cli_draw_comparison(pb_cli *cli, int count, const char *const runs[],
                                 const char *folder);
/** "runs/compare-<date>-<time>" on the heap, made now; NULL with an error recorded. */
char *pb_cli_comparison_folder(pb_cli *cli);
/** The same of another kind: "runs/ensemble-<date>-<time>". */
char *pb_cli_dated_folder(pb_cli *cli, const char *kind);
/** The file that --profile was given, NULL: none. */
const char *pb_cli_trace(const pb_cli *cli);
/** Prints profile.json of a run as a table, largest share first; kernels of less than 0.5 % are
 * added up unless
 * --verbose is given. */
pb_status pb_cli_print_profile(pb_cli *cli, const char *folder);
/** Prints ensemble.json of a folder: accuracy, likelihood and calibration of the members' mean and of the ensemble. */
pb_status pb_cli_print_ensemble(pb_cli *cli, const char *folder);
/** The same where the folder has one. */
pb_status pb_cli_print_any_ensemble(pb_cli *cli, const char *folder);

#endif
