/* safetensors files (https://github.com/huggingface/safetensors): 8 bytes of header length, a JSON
 * header, the data. Read with every check, written whole or not at all. */
#ifndef PB_TRAIN_SAFETENSORS_H
#define PB_TRAIN_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include <passband/graph.h>

#define PB_TENSOR_MAX_AXES 8

/** One named array, row-major: F32, I32 or U8. */
typedef struct pb_tensor {
    char *name;
    pb_dtype dtype;
    int axes;
    size_t dim[PB_TENSOR_MAX_AXES];
    size_t bytes;
    void *data;
} pb_tensor;

/** A file in memory: tensors in the order of the file, and its notes (`__metadata__`), an object of
 * strings. */
typedef struct pb_tensors {
    int count, capacity;
    pb_tensor *tensor;
    json_t *notes;
} pb_tensors;

/** Zero-initialised tensors are empty and valid; clear frees and empties them. */
void pb_tensors_clear(pb_tensors *tensors);
/** Appends a copy of an array. */
pb_status pb_tensors_add(pb_context *ctx, pb_tensors *tensors, const char *name, pb_dtype dtype,
                         int axes, const size_t dim[], const void *data);
/** The tensor of that name, or NULL. */
const pb_tensor *pb_tensors_find(const pb_tensors *tensors, const char *name);
/** Sets a note; a NULL or unencodable text is PB_ERR_MEMORY. */
pb_status pb_tensors_note(pb_context *ctx, pb_tensors *tensors, const char *key, const char *text);
/** The text of a note, or NULL. */
const char *pb_tensors_noted(const pb_tensors *tensors, const char *key);

pb_status pb_safetensors_save(pb_context *ctx, const char *path, const pb_tensors *tensors);
/** PB_ERR_IO names the file and the fault: truncated, a header beyond 100 MB or no JSON, an unknown
 * dtype, a size that differs from shape times element, offsets that overlap, leave a hole or pass
 * the end. `*tensors` must be empty. */
pb_status pb_safetensors_load(pb_context *ctx, const char *path, pb_tensors *tensors);
/** The same of a file that another program wrote: numbers of every type that PyTorch saves (F16,
 * BF16, F64, integers, BOOL) come as F32, the nearest there is. */
pb_status pb_safetensors_load_floats(pb_context *ctx, const char *path, pb_tensors *tensors);

#endif
