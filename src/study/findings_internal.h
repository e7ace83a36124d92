/* What the sentences of a study are made with. */
#ifndef PB_STUDY_FINDINGS_INTERNAL_H
#define PB_STUDY_FINDINGS_INTERNAL_H

#include <stdbool.h>

#include "study/findings.h"

/** Findings at work. */
typedef struct pb_findings {
    const json_t *study;
    json_t *facts, *claims, *open; /* lists of sentences */
    int comparisons;               /* of two files       */
} pb_findings;

/** Appends a sentence to a list. */
void pb_findings_say(json_t *list, const char *format, ...) PB_PRINTF(2, 3);

/** Text of a key, "" where there is none; a number, NaN where there is none. */
const char *pb_findings_text(const json_t *json, const char *key);
double pb_findings_number(const json_t *json, const char *key);

/** Sentences about information, reconstruction and identity; none where nothing was measured. */
void pb_findings_measures(pb_findings *f);

#endif
