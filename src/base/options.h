/* Parsing of option tables against YAML nodes. The table's row type is public: passband/option.h.
 */
#ifndef PB_BASE_OPTIONS_H
#define PB_BASE_OPTIONS_H

#include <stdio.h>

#include <passband/option.h>

#include "base/arena.h"
#include "base/yaml.h"

/** Reads a map (NULL: empty) against a table. `path` ("train", "stages.3.conv1d") goes before keys
 * in errors, which read "file:line: path.key: what is wrong, what is allowed (did you mean ...?)".
 */
pb_status pb_options_parse(pb_context *ctx, const pb_option table[], const pb_node *map,
                           const char *path, pb_options **values);
/** Appends "indent key: value" lines of every option: YAML that parses to the same values. */
void pb_options_yaml(const pb_options *values, int indent, pb_text *out);
/** One line a row: name, type, default, range or choices, help. */
void pb_options_print_table(const pb_option table[], int indent, FILE *out);
/** The nearest of `names` by edit distance if it is near enough to be meant, else NULL. */
const char *pb_nearest(const char *word, const char *const names[], int count);

#endif
