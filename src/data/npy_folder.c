/* A folder of NPY arrays: x.npy and y.npy, and x_test.npy and y_test.npy where there is a test
 * part. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "data/npy.h"
#include "data/registry.h"

/* Sample shape and dtype of the first array; the second must have the same. */
static pb_status match_shape(pb_context *ctx, const char *path, const pb_npy *x, pb_dataset *d)
{
    const bool is_bytes = x->dtype == PB_NPY_U8;
    if (!is_bytes && x->dtype != PB_NPY_F32 && x->dtype != PB_NPY_F64)
        return pb_fail(ctx, PB_ERR_DATA,
                       "%s: samples of %s, uint8, float32 and float64 are allowed", path,
                       pb_npy_dtype_name(x->dtype));
    if (x->axes < 2 || x->axes > 4)
        return pb_fail(ctx, PB_ERR_DATA,
                       "%s: has %d axes, [N, L], [N, H, W] and [N, C, H, W] are allowed", path,
                       x->axes);
    if (x->count == 0) return pb_fail(ctx, PB_ERR_DATA, "%s: holds no samples", path);
    pb_shape shape = {.axes = x->axes - 1};
    for (int i = 0; i < shape.axes; i++) {
        if (x->dim[i + 1] > INT_MAX)
            return pb_fail(ctx, PB_ERR_DATA, "%s: axis %d has %zu elements, at most %d are allowed",
                           path, i + 1, x->dim[i + 1], INT_MAX);
        shape.dim[i] = (int)x->dim[i + 1];
    }
    const pb_dtype dtype = is_bytes ? PB_U8 : PB_F32;
    if (d->sample_shape.axes == 0) {
        d->sample_shape = shape;
        d->dtype = dtype;
        return PB_OK;
    }
    if (shape.axes != d->sample_shape.axes ||
        memcmp(shape.dim, d->sample_shape.dim, sizeof shape.dim) != 0)
        return pb_fail(ctx, PB_ERR_DATA, "%s: its samples have another shape than those of x.npy",
                       path);
    if (dtype != d->dtype)
        return pb_fail(ctx, PB_ERR_DATA, "%s: its samples are %s, those of x.npy are not", path,
                       pb_npy_dtype_name(x->dtype));
    return PB_OK;
}

/* u8 as it is, f32 as it is, f64 rounded to f32; a number that is not finite would end a run later
 * and say less. */
static pb_status copy_samples(pb_context *ctx, const char *path, const pb_npy *x,
                              const pb_dataset *d, pb_samples *samples)
{
    PB_TRY(pb_samples_alloc(ctx, d, path, x->dim[0], samples));
    if (x->dtype == PB_NPY_U8) {
        memcpy(samples->data, x->data, x->count);
        return PB_OK;
    }
    float *to = samples->data;
    for (size_t i = 0; i < x->count; i++) {
        to[i] = x->dtype == PB_NPY_F32 ? ((const float *)x->data)[i]
                                       : (float)((const double *)x->data)[i];
        if (!isfinite(to[i]))
            return pb_fail(ctx, PB_ERR_DATA,
                           "%s: sample %zu holds a number that is not finite in float32", path,
                           i / (x->count / x->dim[0]));
    }
    return PB_OK;
}

static pb_status load_samples(pb_context *ctx, const char *path, pb_dataset *d, pb_samples *samples)
{
    pb_npy x;
    PB_TRY(pb_npy_load(ctx, path, &x));
    pb_status status = match_shape(ctx, path, &x, d);
    if (status == PB_OK) status = copy_samples(ctx, path, &x, d, samples);
    pb_npy_clear(&x);
    return status;
}

/* A label of any integer dtype; INT64_MIN stands for a dtype that holds none. */
static int64_t label_at(const pb_npy *y, size_t i)
{
    switch (y->dtype) {
    case PB_NPY_U8: return ((const uint8_t *)y->data)[i];
    case PB_NPY_U16: return ((const uint16_t *)y->data)[i];
    case PB_NPY_U32: return ((const uint32_t *)y->data)[i];
    case PB_NPY_I8: return ((const int8_t *)y->data)[i];
    case PB_NPY_I16: return ((const int16_t *)y->data)[i];
    case PB_NPY_I32: return ((const int32_t *)y->data)[i];
    case PB_NPY_I64: return ((const int64_t *)y->data)[i];
    case PB_NPY_U64: {
        const uint64_t label = ((const uint64_t *)y->data)[i];
        return label > INT64_MAX ? INT64_MAX : (int64_t)label;
    }
    default: return INT64_MIN;
    }
}

static pb_status copy_labels(pb_context *ctx, const char *path, const pb_npy *y, pb_dataset *d,
                             pb_samples *samples)
{
    if (y->axes != 1)
        return pb_fail(ctx, PB_ERR_DATA, "%s: has %d axes, labels have one", path, y->axes);
    if (y->dim[0] != (size_t)samples->count)
        return pb_fail(ctx, PB_ERR_DATA, "%s: holds %zu labels for %d samples", path, y->dim[0],
                       samples->count);
    if (label_at(y, 0) == INT64_MIN)
        return pb_fail(ctx, PB_ERR_DATA, "%s: labels of %s, only integers are allowed", path,
                       pb_npy_dtype_name(y->dtype));
    for (int i = 0; i < samples->count; i++) {
        const int64_t label = label_at(y, (size_t)i);
        if (label < 0 || label >= PB_DATA_CLASSES_MAX)
            return pb_fail(ctx, PB_ERR_DATA,
                           "%s: label %lld of sample %d is out of range, 0 to %d are allowed", path,
                           (long long)label, i, PB_DATA_CLASSES_MAX - 1);
        samples->labels[i] = (int32_t)label;
    }
    return pb_labels_check(ctx, path, samples->labels, samples->count, d);
}

static pb_status load_labels(pb_context *ctx, const char *path, pb_dataset *d, pb_samples *samples)
{
    pb_npy y;
    PB_TRY(pb_npy_load(ctx, path, &y));
    const pb_status status = copy_labels(ctx, path, &y, d, samples);
    pb_npy_clear(&y);
    return status;
}

static pb_status load_file(pb_context *ctx, const char *folder, const char *name,
                           pb_status (*load)(pb_context *, const char *, pb_dataset *,
                                             pb_samples *),
                           pb_dataset *d, pb_samples *samples)
{
    char *path = pb_path_join(folder, name);
    if (!path) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    const pb_status status = load(ctx, path, d, samples);
    free(path);
    return status;
}

static bool is_there(const char *folder, const char *name)
{
    char *path = pb_path_join(folder, name);
    const bool there = path && pb_file_exists(path);
    free(path);
    return there;
}

pb_status pb_npy_load_folder(pb_context *ctx, const pb_data_row *row, const char *folder,
                             pb_dataset *d)
{
    (void)row;
    PB_TRY(load_file(ctx, folder, "x.npy", load_samples, d, &d->train));
    PB_TRY(load_file(ctx, folder, "y.npy", load_labels, d, &d->train));
    PB_TRY(pb_class_names_set(ctx, NULL, d));
    if (!is_there(folder, "x_test.npy") && !is_there(folder, "y_test.npy")) return PB_OK;
    PB_TRY(load_file(ctx, folder, "x_test.npy", load_samples, d, &d->test));
    return load_file(ctx, folder, "y_test.npy", load_labels, d, &d->test);
}
