/* The header of an NPY file: a Python dictionary with the keys descr, fortran_order and shape. */
#ifndef PB_DATA_NPY_HEADER_H
#define PB_DATA_NPY_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "data/npy.h"

typedef struct pb_npy_header {
    char order; /* '<' little endian, '>' big endian, '|' or '=' as it comes */
    char kind;  /* 'f', 'i', 'u', 'b', 'O', ...                              */
    int item_bytes;
    bool is_fortran;
    int axes;
    size_t dim[PB_NPY_AXES_MAX];
} pb_npy_header;

/** Parses a header; every fault is PB_ERR_DATA and names `path`. Structured dtypes are refused. */
pb_status pb_npy_header_parse(pb_context *ctx, const char *path, const char *text, size_t bytes,
                              pb_npy_header *header);

#endif
