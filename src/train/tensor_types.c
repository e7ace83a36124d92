#include "train/tensor_types.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Bytes as a number of that type: the host is little-endian as the file is. */
#define READER(type, c_type)                                                                       \
    static double read_##type(const unsigned char *at)                                             \
    {                                                                                              \
        c_type number;                                                                             \
        memcpy(&number, at, sizeof number);                                                        \
        return (double)number;                                                                     \
    }
READER(f32, float)
READER(f64, double)
READER(i8, int8_t)
READER(i16, int16_t)
READER(i32, int32_t)
READER(i64, int64_t)
READER(u8, uint8_t)
READER(u16, uint16_t)
READER(u32, uint32_t)
READER(u64, uint64_t)
#undef READER

/* IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
static double read_f16(const unsigned char *at)
{
    const int bits = at[0] | at[1] << 8, exponent = bits >> 10 & 31, fraction = bits & 1023;
    const double size = exponent == 31  ? (fraction ? (double)NAN : (double)INFINITY)
                        : exponent == 0 ? ldexp(fraction, -24)
                                        : ldexp(fraction + 1024, exponent - 25);
    return bits >> 15 ? -size : size;
}

/* The upper half of a float32. */
static double read_bf16(const unsigned char *at)
{
    const unsigned char whole[4] = {0, 0, at[0], at[1]};
    return read_f32(whole);
}

static const pb_tensor_type types[] = {
    {"F32", 4, read_f32}, {"F64", 8, read_f64}, {"F16", 2, read_f16}, {"BF16", 2, read_bf16},
    {"I64", 8, read_i64}, {"I32", 4, read_i32}, {"I16", 2, read_i16}, {"I8", 1, read_i8},
    {"U64", 8, read_u64}, {"U32", 4, read_u32}, {"U16", 2, read_u16}, {"U8", 1, read_u8},
    {"BOOL", 1, read_u8},
};

const pb_tensor_type *pb_tensor_type_find(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0) return &types[i];
    return NULL;
}

void pb_tensor_type_read(const pb_tensor_type *type, const void *from, size_t count, float to[])
{
    const unsigned char *at = from;
    for (size_t i = 0; i < count; i++, at += type->bytes) to[i] = (float)type->read(at);
}
