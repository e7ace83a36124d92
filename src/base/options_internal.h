/* What the files that read, print and emit options share. */
#ifndef PB_BASE_OPTIONS_INTERNAL_H
#define PB_BASE_OPTIONS_INTERNAL_H

#include "base/options.h"

typedef struct option_value {
    bool given;
    const char *where; /* "file:line: path.name" */
    int64_t integer;
    double number;
    bool truth;
    const char *text; /* of strings and choices */
    int64_t *integers;
    double *numbers;
    const char **texts, **keys; /* of lists of texts, and of maps */
    int count;
} option_value;

struct pb_options {
    const pb_option *table; /* the caller's, alive as long as the values */
    pb_arena *arena;
    option_value *values; /* one a row */
    int count;
};

enum { PB_RANGE_TEXT = 80 };
bool pb_option_has_range(const pb_option *row);
/** "1 to 30", "at least 1", "at most 9"; "" without a range. */
void pb_option_range(const pb_option *row, char text[PB_RANGE_TEXT]);

#endif
