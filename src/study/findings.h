/* What a study found, in plain sentences made from its numbers. */
#ifndef PB_STUDY_FINDINGS_H
#define PB_STUDY_FINDINGS_H

#include <jansson.h>

#include "base/arena.h"

/** Reads the content of study.json and makes {facts [...], claims [...], open [...], comparisons} (new
 * reference; NULL when memory is out): what was measured; what differs, each with its 95 %
 * interval, which excludes zero (or chance); and what could not be told apart. Accuracies first,
 * then information, reconstruction and identity where they were measured. */
json_t *pb_findings_make(const json_t *study);
/** The same as a page of Markdown. */
void pb_findings_print(const json_t *study, const json_t *findings, pb_text *out);

#endif
