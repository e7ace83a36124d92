/* Options: one table of rows drives parsing, defaults, ranges, help and errors, for stages and for
 * configuration. */
#ifndef PASSBAND_OPTION_H
#define PASSBAND_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <passband/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pb_option_type {
    PB_OPTION_INT,
    PB_OPTION_FLOAT,
    PB_OPTION_BOOL,
    PB_OPTION_STRING,
    PB_OPTION_CHOICE,
    PB_OPTION_INTS,   /* a list of integers; one integer stands for a list of one */
    PB_OPTION_FLOATS, /* a list of numbers, likewise */
    PB_OPTION_BYTES,  /* a size: 33554432, 32768k, 32M, 0.5G; k, M, G, T are powers of 1024 */
    PB_OPTION_TEXTS,  /* a list of texts; one text stands for a list of one */
    PB_OPTION_NAMES,  /* a map of texts to texts, in the order of the file */
} pb_option_type;

/** One row of a table; a row whose name is NULL ends it. */
typedef struct pb_option {
    const char *name;
    pb_option_type type;
    const char
        *fallback; /* the default as it would be written in YAML; NULL: the option must be given */
    double min, max; /* inclusive range of numbers and of each list element; both 0: no range     */
    const char *choices; /* "a|b|c" for PB_OPTION_CHOICE */
    const char *help;    /* one line    */
} pb_option;

/** Parsed values of one table. Asking for a name that is not in the table, or by another type, is
 * our own mistake and asserts. Strings and lists are owned by the values. */
typedef struct pb_options pb_options;
int64_t pb_option_int(const pb_options *values, const char *name); /* integers and sizes */
double pb_option_float(const pb_options *values, const char *name);
bool pb_option_bool(const pb_options *values, const char *name);
const char *pb_option_string(const pb_options *values, const char *name); /* strings and choices */
const int64_t *pb_option_ints(const pb_options *values, const char *name, int *count);
const double *pb_option_floats(const pb_options *values, const char *name, int *count);
const char *const *pb_option_texts(const pb_options *values, const char *name, int *count);
/** Of a map of texts: what entry i stands for is `to[i]`, its key `from[i]`. */
int pb_option_names(const pb_options *values, const char *name, const char *const **from,
                    const char *const **to);
/** Whether the user gave it, rather than the default filling it in. */
bool pb_option_given(const pb_options *values, const char *name);
/** "file:line: stages.3.conv1d.kernel" of an option, for errors that only the caller can find. */
const char *pb_option_where(const pb_options *values, const char *name);
void pb_options_free(pb_options **values);

#ifdef __cplusplus
}
#endif
#endif
