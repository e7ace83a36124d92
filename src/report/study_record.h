/* What study.json tells of a study, for its pictures and its page. */
#ifndef PB_REPORT_STUDY_RECORD_H
#define PB_REPORT_STUDY_RECORD_H

#include <stdbool.h>

#include <jansson.h>

#include <passband/status.h>

/** Reads `folder`/study.json. PB_ERR_USAGE: there is none; PB_ERR_DATA: it is damaged. */
pb_status pb_study_record_load(pb_context *ctx, const char *folder, json_t **study);

/** Text of a key, "" where there is none; a number, NaN where there is none. */
const char *pb_study_text(const json_t *json, const char *key);
double pb_study_number(const json_t *json, const char *key);
/** Mean and standard deviation over seeds of a point's test accuracy, in percent. */
double pb_study_accuracy(const json_t *point);
double pb_study_deviation(const json_t *point);
const json_t *pb_study_points(const json_t *study);
/** Whether a point is that of samples as they are. */
bool pb_study_is_reference(const json_t *study, const json_t *point);

/** Test accuracy against bytes a sample, a line a method, the Pareto front marked:
 * study_accuracy.png. */
pb_status pb_draw_study_accuracy(pb_context *ctx, const json_t *study, const char *folder);
/** Seconds of a training against bytes a sample, a line a method: study_time.png. */
pb_status pb_draw_study_time(pb_context *ctx, const json_t *study, const char *folder);
/** Writes `folder`/index.html, with the pictures that `folder`/plots holds. */
pb_status pb_page_study(pb_context *ctx, const json_t *study, const char *folder);

#endif
