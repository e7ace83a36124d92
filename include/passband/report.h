/* Reports: pictures, a page and tables of runs, drawn from their folders alone.
 *
 * A report can be drawn of a run that is unfinished or was made long ago: what a folder does not
 * hold is left out. Pictures appear whole or not at all, and are replaced when a report is drawn
 * again. */
#ifndef PASSBAND_REPORT_H
#define PASSBAND_REPORT_H

#include <stdio.h>

#include <passband/run.h>
#include <passband/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Draws one run into its folder: plots/ (PNG, SVG, the gnuplot script and its data), events/
 * (TensorBoard) and index.html. Without gnuplot everything else is still written and PB_ERR_RUN
 * says what is missing, or PB_ERR_DATA which file of its weights is damaged; a gnuplot that fails, because
 * the disk is full say, is quoted with PB_ERR_IO. */
pb_status pb_report_run(pb_context *ctx, const char *folder);

/** Draws several runs in common pictures into out_folder: plots/ and index.html. Runs of the same
 * name are told apart by the names of their folders. */
pb_status pb_report_compare(pb_context *ctx, int count, const char *const folders[],
                            const char *out_folder);

/** Prints an aligned table: name, test and validation accuracy as mean +- standard deviation over
 * seeds, seconds an epoch, parameters; then, of runs that have one, what their compressed networks
 * take and how accurate these are. */
pb_status pb_report_table(pb_context *ctx, int count, const char *const folders[], FILE *out);

/** Draws a finished search (passband/sweep.h) into its folder: the winners' runs, their comparison, and the trials. Without
 * gnuplot the page is still written and PB_ERR_RUN says what is missing. PB_ERR_USAGE: the folder holds no sweep.json. */
pb_status pb_report_sweep(pb_context *ctx, const char *folder);

/** Prints the winners of a search side by side, how each was chosen, and whether they differ beyond noise. */
pb_status pb_report_sweep_table(pb_context *ctx, const char *folder, FILE *out);

/** Draws what passband/look.h wrote into a folder: plots/ and index.html there. Without gnuplot the page is still written and
 * PB_ERR_RUN says what is missing. */
pb_status pb_report_look(pb_context *ctx, const char *folder);

/** Draws learning rates over the epochs of a configuration of that name: schedule.png and .svg in `folder`, which is made
 * where it is missing. */
pb_status pb_report_rates(pb_context *ctx, const char *name, const pb_rate_curves *rates, const char *folder);

/** Draws a finished study (passband/study.h) into its folder: plots/ and index.html. Without gnuplot the page is still
 * written and PB_ERR_RUN says what is missing. PB_ERR_USAGE: the folder holds no study.json. */
pb_status pb_report_study(pb_context *ctx, const char *folder);

/** Prints every file of a study: bytes a sample, accuracy, seconds, and whether it is on the Pareto front; then what
 * differs. */
pb_status pb_report_study_table(pb_context *ctx, const char *folder, FILE *out);

/** Draws the reliability diagram of an ensemble (passband/ensemble.h) in its folder: plots/reliability.png and .svg.
 * PB_ERR_RUN: gnuplot is missing. */
pb_status pb_report_ensemble(pb_context *ctx, const char *folder);

typedef enum pb_table_format { PB_TABLE_MARKDOWN, PB_TABLE_CSV } pb_table_format;

/** Prints the JSON text of pb_bench_run as tables. */
pb_status pb_report_bench(pb_context *ctx, const char *json, pb_table_format format, FILE *out);

/** Prints one table of what several files with such JSON hold, machines side by side, and draws bench.png and bench.svg
 * into `folder` (NULL: no picture): speeds relative to the first machine. PB_ERR_RUN: gnuplot is missing; PB_ERR_USAGE:
 * the files hold only one machine. */
pb_status pb_report_bench_compare(pb_context *ctx, int count, const char *const files[], const char *folder,
                                  pb_table_format format, FILE *out);

#ifdef __cplusplus
}
#endif
#endif
