/* NPY files (numpy.lib.format): read with every check, written whole or not at all. */
#ifndef PB_DATA_NPY_H
#define PB_DATA_NPY_H

#include <stddef.h>
#include <stdint.h>

#include <passband/status.h>

typedef enum pb_npy_dtype { PB_NPY_F32, PB_NPY_F64, PB_NPY_U8, PB_NPY_I32, PB_NPY_I64, PB_NPY_BOOL } pb_npy_dtype;

typedef struct pb_npy {
    pb_npy_dtype dtype;
    int axes;
    size_t dim[8];
    size_t count; /* elements */
    void *data;   /* row-major, native byte order */
} pb_npy;

size_t pb_npy_dtype_bytes(pb_npy_dtype dtype);
/** Versions 1 to 3, C or Fortran order (turned to C order), either byte order, the dtypes above. */
pb_status pb_npy_load(pb_context *ctx, const char *path, pb_npy *array);
void pb_npy_clear(pb_npy *array);
pb_status pb_npy_save(pb_context *ctx, const char *path, pb_npy_dtype dtype, int axes, const size_t dim[],
                      const void *data);

#endif
