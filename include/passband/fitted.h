/* What stages learn from the training split before a graph is built: named arrays of numbers.
 *
 * A chain of transforms is its list of stages (as YAML text, options resolved) and these arrays, named
 * "<scope>.<name>": "pca_1.basis" is what the first pca of the list learned. Both together are all it takes to build
 * the chain and its inverse again, so both are saved with a run and in whatever the chain has made. */
#ifndef PASSBAND_FITTED_H
#define PASSBAND_FITTED_H

#include <passband/shape.h>
#include <passband/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pb_fitted_array {
    char name[96];
    pb_shape shape;
    float *data; /* row-major, owned */
} pb_fitted_array;

/** Zero-initialised it is empty and valid. */
typedef struct pb_fitted {
    int count, capacity;
    pb_fitted_array *array; /* [count], in the order they were put */
} pb_fitted;

/** The array of that name, or NULL. `fitted` may be NULL. */
const pb_fitted_array *pb_fitted_find(const pb_fitted *fitted, const char *name);
/** Appends a copy of an array, or replaces the one of that name. PB_ERR_MEMORY leaves `fitted` as it was. */
pb_status pb_fitted_put(pb_context *ctx, pb_fitted *fitted, const char *name, pb_shape shape, const float *data);
/** Frees and empties it. */
void pb_fitted_clear(pb_fitted *fitted);

#ifdef __cplusplus
}
#endif
#endif
