/* A list of named arrays. */
#include <passband/fitted.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pb_fitted_array *find(const pb_fitted *fitted, const char *name)
{
    for (int i = 0; fitted && i < fitted->count; i++)
        if (strcmp(fitted->array[i].name, name) == 0) return &fitted->array[i];
    return NULL;
}

const pb_fitted_array *pb_fitted_find(const pb_fitted *fitted, const char *name)
{
    return find(fitted, name);
}

static size_t bytes_of(pb_shape shape)
{
    return pb_shape_count(shape) * sizeof(float);
}

/* Room for one more array. */
static pb_fitted_array *append(pb_fitted *fitted)
{
    if (fitted->count == fitted->capacity) {
        const int capacity = fitted->capacity ? 2 * fitted->capacity : 8;
        pb_fitted_array *grown = realloc(fitted->array, (size_t)capacity * sizeof *grown);
        if (!grown) return NULL;
        fitted->array = grown;
        fitted->capacity = capacity;
    }
    return &fitted->array[fitted->count];
}

pb_status pb_fitted_put(pb_context *ctx, pb_fitted *fitted, const char *name, pb_shape shape,
                        const float *data)
{
    pb_fitted_array *old = find(fitted, name);
    pb_fitted_array *place = old ? old : append(fitted);
    float *copy = place ? malloc(bytes_of(shape)) : NULL;
    if (!copy) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for %s", name);
    memcpy(copy, data, bytes_of(shape));
    if (old)
        free(old->data);
    else
        fitted->count++;
    snprintf(place->name, sizeof place->name, "%s", name);
    place->shape = shape;
    place->data = copy;
    return PB_OK;
}

void pb_fitted_clear(pb_fitted *fitted)
{
    for (int i = 0; i < fitted->count; i++) free(fitted->array[i].data);
    free(fitted->array);
    *fitted = (pb_fitted){0};
}
