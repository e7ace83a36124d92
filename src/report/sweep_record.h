/* What sweep.json tells of a search, for its pictures and its page. */
#ifndef PB_REPORT_SWEEP_RECORD_H
#define PB_REPORT_SWEEP_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include <passband/status.h>

#include "base/arena.h"

/** Reads `folder`/sweep.json. PB_ERR_USAGE: there is none; PB_ERR_DATA: it is damaged. */
pb_status pb_sweep_record_load(pb_context *ctx, const char *folder, json_t **sweep);

/** Whether the metric is an accuracy, which pictures show in percent, rather than a loss. */
bool pb_sweep_is_accuracy(const json_t *sweep);
/** "validation accuracy (%)". */
const char *pb_sweep_metric(const json_t *sweep);
const json_t *pb_sweep_arms(const json_t *sweep);
/** Text of a key, "" where there is none. */
const char *pb_sweep_text(const json_t *json, const char *key);

/** Value of a trial as pictures show it; NaN where it has none. */
double pb_sweep_value(const json_t *sweep, const json_t *trial);
bool pb_sweep_is_complete(const json_t *trial);
/** Whether pictures show a trial that ended early. */
bool pb_sweep_has_pruned(const json_t *sweep);
/** The range of values that pictures show; false when no trial has one. A diverging trial's loss
 * would hide all others, so losses end at 50 times the least one. */
bool pb_sweep_range(const json_t *sweep, double *low, double *high);

/** Appends "best of 30 trials (28 complete, 2 pruned): trial 17, key=value ..." of an arm. */
void pb_sweep_describe_best(const json_t *sweep, const json_t *arm, pb_text *out);

/** History of all arms: a dot a trial, a line for the best so far: sweep_history.png. */
pb_status pb_draw_sweep_history(pb_context *ctx, const json_t *sweep, const char *folder);
/** Value against each coordinate, a panel each: sweep_slices.png. */
pb_status pb_draw_sweep_slices(pb_context *ctx, const json_t *sweep, const char *folder);
/** Writes `folder`/index.html, with the pictures that `folder`/plots holds. */
pb_status pb_page_sweep(pb_context *ctx, const json_t *sweep, const char *folder);

#endif
