/* Types of numbers that safetensors files hold, beyond those of this program. */
#ifndef PB_TRAIN_TENSOR_TYPES_H
#define PB_TRAIN_TENSOR_TYPES_H

#include <stddef.h>

typedef struct pb_tensor_type {
    const char *name; /* "BF16" */
    size_t bytes;
    double (*read)(const unsigned char *at); /* one number, little-endian and anywhere */
} pb_tensor_type;

/** The type of that name, or NULL. */
const pb_tensor_type *pb_tensor_type_find(const char *name);
/** Reads numbers of a type, one after another, as the nearest float32. */
void pb_tensor_type_read(const pb_tensor_type *type, const void *from, size_t count, float to[]);

#endif
