/* study.json as tables. */
#ifndef PB_STUDY_STUDY_TABLE_H
#define PB_STUDY_STUDY_TABLE_H

#include <jansson.h>

#include "base/arena.h"

/** A row a point, numbers in full, empty where there is none. */
void pb_study_csv(const json_t *study, pb_text *out);
/** A table to read, the smallest files within half a point and a point of raw, and what was left
 * out. */
void pb_study_markdown(const json_t *study, pb_text *out);

#endif
