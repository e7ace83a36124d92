/* How the values of a sample are written as bits: what a quantiser leaves, and what a compressed data set keeps. */
#ifndef PASSBAND_PACKING_H
#define PASSBAND_PACKING_H

#include <stddef.h>

#include <passband/shape.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bits of a value: 1 to 8 are unsigned codes, and the value is offset + step * code; a half is IEEE 754 binary16, a
 *  float binary32. */
enum { PB_BITS_CODE_MAX = 8, PB_BITS_HALF = 16, PB_BITS_FLOAT = 32 };

/** How a sample of values is packed. */
typedef struct pb_packing {
    pb_shape shape; /* of the values: [H, W], [C, H, W] or [L]                                              */
    int bits;
    int steps;           /* of codes: 1, or as many as a sample has values                                  */
    float *offset, *step; /* [steps]; NULL unless the values are codes                                      */
} pb_packing;

/** Bytes of one packed sample of n values, as they lie in a file and on a device:
 *
 *    1..7 bits  bit planes, the lowest first: bit k of byte j of plane p is bit p of value 8 j + k; each plane is
 *               filled up with zeros to whole bytes
 *    8 bits     a byte a value
 *    16 bits    byte planes, the lower first
 *    32 bits    four bytes a value, the lowest first */
size_t pb_packing_bytes(const pb_packing *packing);

#ifdef __cplusplus
}
#endif
#endif
