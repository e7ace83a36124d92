/* NPY files (numpy.lib.format): read with every check, written whole or not at all. */
#ifndef PB_DATA_NPY_H
#define PB_DATA_NPY_H

#include <stddef.h>
#include <stdint.h>

#include <passband/status.h>

typedef enum pb_npy_dtype {
    PB_NPY_F32,
    PB_NPY_F64,
    PB_NPY_U8,
    PB_NPY_I32,
    PB_NPY_I64,
    PB_NPY_BOOL,
    PB_NPY_I8,
    PB_NPY_I16,
    PB_NPY_U16,
    PB_NPY_U32,
    PB_NPY_U64,
} pb_npy_dtype;

#define PB_NPY_AXES_MAX 8

typedef struct pb_npy {
    pb_npy_dtype dtype;
    int axes;
    size_t dim[PB_NPY_AXES_MAX];
    size_t count; /* elements */
    void *data;   /* row-major, native byte order */
} pb_npy;

size_t pb_npy_dtype_bytes(pb_npy_dtype dtype);
/** NumPy's name of a dtype, such as "float32". */
const char *pb_npy_dtype_name(pb_npy_dtype dtype);
/** Versions 1 to 3, C or Fortran order (turned to C order), either byte order, the dtypes above.
 * PB_ERR_DATA names the file and the fault; `array` is then empty. */
pb_status pb_npy_load(pb_context *ctx, const char *path, pb_npy *array);
void pb_npy_clear(pb_npy *array);
/** PB_ERR_IO when the file cannot be written; then no file of that name is left or changed. */
pb_status pb_npy_save(pb_context *ctx, const char *path, pb_npy_dtype dtype, int axes,
                      const size_t dim[], const void *data);

#endif
