/* Pictures and tables of what the files of a study keep and give away. */
#ifndef PB_REPORT_STUDY_MEASURES_H
#define PB_REPORT_STUDY_MEASURES_H

#include <jansson.h>

#include "base/arena.h"

/** `folder` is that of the study, whose measures/POINT/ holds the arrays of a point; pictures go to its plots/.
 *
 *  study_entropy            bits after zstd over those of independent values
 *  study_label_bits         least information about the label
 *  study_information        what each value tells of the label: a heat map of the largest file of each method
 *  study_sheet_METHOD       originals above reconstructions at each budget, drawn without gnuplot
 *  study_quality            PSNR of the reconstructions
 *  study_reidentification   originals found among all
 *  study_data_sets          data sets told apart */
pb_status pb_draw_study_measures(pb_context *ctx, const json_t *study, const char *folder);
pb_status pb_draw_study_information(pb_context *ctx, const json_t *study, const char *folder);
pb_status pb_draw_study_sheets(pb_context *ctx, const json_t *study, const char *folder);

/** Appends the measures of every point, the sheets, and what changes a fingerprint; nothing where none was measured. */
void pb_page_add_measures(pb_text *page, const json_t *study, const char *folder);

/** A number within nested objects and lists, "identity.collisions.samples", "list.0"; NaN where there is none. */
double pb_measure_number(const json_t *json, const char *path);
/** A file of a point's folder of measures, on the heap. */
char *pb_measure_path(const char *folder, const json_t *point, const char *file);

#endif
