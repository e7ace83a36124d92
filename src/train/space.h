/* The space of a search: one dimension for each key of the configuration that it may set.
 *
 * A coordinate is a double: the number itself, or the index of a choice, as Optuna stores them. */
#ifndef PB_TRAIN_SPACE_H
#define PB_TRAIN_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/yaml.h"

typedef enum pb_dimension_kind {
    PB_DIMENSION_FLOAT,
    PB_DIMENSION_INT,
    PB_DIMENSION_CATEGORICAL
} pb_dimension_kind;

typedef struct pb_dimension {
    const char *key; /* "stages.adamw.lr" */
    pb_dimension_kind kind;
    bool log;
    double low, high;     /* both may be drawn */
    double step;          /* from low on; 0: any number between */
    int points;           /* of a grid; 0: all there are */
    const char **choices; /* [choice_count] as YAML */
    int choice_count;
    const char *where; /* "file:line: sweep.space.KEY" */
} pb_dimension;

typedef struct pb_space {
    pb_dimension *dimensions; /* [count], in the order of the file */
    int count;
} pb_space;

/** Reads a map of key to {type: log | linear | int | categorical, ...} and adds it to what `space`
 * holds; a key that is there already is replaced. All memory is the arena's. */
pb_status pb_space_read(pb_context *ctx, pb_arena *arena, const pb_node *map, const char *path,
                        pb_space *space);
/** Whether both have the same dimensions in the same order. */
bool pb_space_equal(const pb_space *a, const pb_space *b);
/** Appends "KEY: {type: ...}" of a dimension: YAML that reads back to the same. */
void pb_dimension_yaml(const pb_dimension *d, pb_text *out);

/** Appends a coordinate as the configuration writes it. */
void pb_dimension_value(const pb_dimension *d, double coordinate, pb_text *out);
/** Moves a number to the nearest one that the dimension allows. */
double pb_dimension_snap(const pb_dimension *d, double number);

/** Appends what Optuna writes into trial_params.distribution_json. */
void pb_dimension_json(const pb_dimension *d, pb_text *out);
/** Whether that column's text says the same distribution. */
bool pb_dimension_is(const pb_dimension *d, const char *distribution_json);

/** Values of a dimension in a grid, and one of them. 0: it has no end, and no points were given. */
int64_t pb_dimension_grid_count(const pb_dimension *d);
double pb_dimension_grid_value(const pb_dimension *d, int64_t index);

#endif
