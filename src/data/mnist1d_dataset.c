/* mnist1d as a data set in memory, and as NPY files. */
#include <stdlib.h>

#include "base/file.h"
#include "data/mnist1d.h"
#include "data/npy.h"

/* ---- in memory ---- */

static pb_status copy_part(pb_context *ctx, const pb_mnist1d *a, int first, int count,
                           const pb_dataset *d, pb_samples *part)
{
    PB_TRY(pb_samples_alloc(ctx, d, "mnist1d", (uint64_t)count, part));
    const size_t length = (size_t)a->length;
    const double *x = a->x + (size_t)first * length;
    float *to = part->data;
    for (size_t i = 0; i < (size_t)count * length; i++) to[i] = (float)x[i];
    for (int i = 0; i < count; i++) part->labels[i] = (int32_t)a->y[first + i];
    return PB_OK;
}

pb_status pb_mnist1d_load(pb_context *ctx, const pb_dataset_options *options, pb_dataset *d)
{
    const pb_mnist1d_options published = PB_MNIST1D_DEFAULTS;
    pb_mnist1d a;
    PB_TRY(pb_mnist1d_generate(ctx, options->mnist1d ? options->mnist1d : &published, &a));
    d->dtype = PB_F32;
    d->sample_shape = (pb_shape){.axes = 1, .dim = {a.length}};
    d->classes = PB_MNIST1D_CLASSES;
    pb_status status = pb_class_names_set(ctx, NULL, d);
    if (status == PB_OK) status = copy_part(ctx, &a, 0, a.train_count, d, &d->train);
    if (status == PB_OK) status = copy_part(ctx, &a, a.train_count, a.test_count, d, &d->test);
    pb_mnist1d_clear(&a);
    return status;
}

/* ---- as files ---- */

static pb_status save(pb_context *ctx, const char *folder, const char *name, pb_npy_dtype dtype,
                      int count, int length, const void *data)
{
    char *path = pb_path_join(folder, name);
    if (!path) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    const size_t dim[] = {(size_t)count, (size_t)length};
    const pb_status status = pb_npy_save(ctx, path, dtype, length ? 2 : 1, dim, data);
    free(path);
    return status;
}

/* x.npy comes last: a folder that has it has all four, whatever happened on the way. */
static pb_status save_all(pb_context *ctx, const char *folder, const pb_mnist1d *a)
{
    const int train = a->train_count, test = a->test_count, length = a->length;
    const double *x_test = a->x + (size_t)train * (size_t)length;
    PB_TRY(save(ctx, folder, "x_test.npy", PB_NPY_F64, test, length, x_test));
    PB_TRY(save(ctx, folder, "y_test.npy", PB_NPY_I64, test, 0, a->y + train));
    PB_TRY(save(ctx, folder, "y.npy", PB_NPY_I64, train, 0, a->y));
    return save(ctx, folder, "x.npy", PB_NPY_F64, train, length, a->x);
}

static pb_status refuse_to_replace(pb_context *ctx, const char *folder)
{
    char *path = pb_path_join(folder, "x.npy");
    if (!path) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    const pb_status status =
        pb_file_exists(path)
            ? pb_fail(ctx, PB_ERR_IO, "%s: is there already, name another folder", path)
            : PB_OK;
    free(path);
    return status;
}

pb_status pb_mnist1d_export(pb_context *ctx, const pb_mnist1d_options *options, const char *folder)
{
    const pb_mnist1d_options published = PB_MNIST1D_DEFAULTS;
    pb_mnist1d a;
    PB_TRY(refuse_to_replace(ctx, folder));
    PB_TRY(pb_mnist1d_generate(ctx, options ? options : &published, &a));
    pb_status status = pb_folder_make(ctx, folder);
    if (status == PB_OK) status = save_all(ctx, folder, &a);
    pb_mnist1d_clear(&a);
    return status;
}
