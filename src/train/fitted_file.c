/* What the stages of a run learned, in its folder. */
#include <stdlib.h>

#include "base/file.h"
#include "train/fit.h"
#include "train/safetensors.h"

static const char file_name[] = "fitted.safetensors";

pb_status pb_fitted_save(pb_context *ctx, const char *folder, const pb_fitted *fitted)
{
    if (fitted->count == 0) return PB_OK;
    pb_tensors file = {0};
    char *path = pb_path_join(folder, file_name);
    pb_status status = path ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    for (int i = 0; status == PB_OK && i < fitted->count; i++) {
        const pb_fitted_array *array = &fitted->array[i];
        size_t dim[PB_MAX_AXES];
        for (int a = 0; a < array->shape.axes; a++) dim[a] = (size_t)array->shape.dim[a];
        status =
            pb_tensors_add(ctx, &file, array->name, PB_F32, array->shape.axes, dim, array->data);
    }
    if (status == PB_OK) status = pb_safetensors_save(ctx, path, &file);
    pb_tensors_clear(&file);
    free(path);
    return status;
}

static pb_status take(pb_context *ctx, const char *path, const pb_tensors *file, pb_fitted *fitted)
{
    for (int i = 0; i < file->count; i++) {
        const pb_tensor *t = &file->tensor[i];
        pb_shape shape = {.axes = t->axes};
        bool fits = t->dtype == PB_F32 && t->axes <= PB_MAX_AXES;
        for (int a = 0; fits && a < t->axes; a++) {
            fits = t->dim[a] > 0 && t->dim[a] <= 1u << 30;
            shape.dim[a] = (int)t->dim[a];
        }
        if (!fits)
            return pb_fail(ctx, PB_ERR_IO, "%s: %s is nothing that a stage learned", path, t->name);
        PB_TRY(pb_fitted_put(ctx, fitted, t->name, shape, t->data));
    }
    return PB_OK;
}

pb_status pb_fitted_load(pb_context *ctx, const char *folder, pb_fitted *fitted)
{
    pb_tensors file = {0};
    char *path = pb_path_join(folder, file_name);
    pb_status status = path ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    if (path && pb_file_exists(path)) {
        status = pb_safetensors_load(ctx, path, &file);
        if (status == PB_OK) status = take(ctx, path, &file, fitted);
    }
    pb_tensors_clear(&file);
    free(path);
    return status;
}
