#include "base/packing.h"

#include <math.h>
#include <string.h>

size_t pb_packing_bytes(const pb_packing *packing)
{
    const size_t count = pb_shape_count(packing->shape);
    if (packing->bits < 8) return (count + 7) / 8 * (size_t)packing->bits;
    return count * (size_t)packing->bits / 8;
}

/* Bit p of eight codes as one byte: the codes stand in the bytes of a word, the first the lowest.
 * The product adds the word shifted by 7, 14, ... 56, which meets the bit of code k at 56 + k, and
 * no two terms meet. */
static uint8_t plane_byte(uint64_t codes, int p)
{
    return (uint8_t)((codes >> p & 0x0101010101010101) * 0x0102040810204080 >> 56);
}

void pb_pack_codes(const uint8_t *codes, size_t count, int bits, uint8_t *packed)
{
    if (bits == 8) {
        memcpy(packed, codes, count);
        return;
    }
    const size_t plane = (count + 7) / 8;
    for (size_t j = 0; j < plane; j++) {
        uint64_t eight = 0;
        for (size_t k = 0; k < 8 && 8 * j + k < count; k++)
            eight |= (uint64_t)codes[8 * j + k] << 8 * k;
        for (int p = 0; p < bits; p++) packed[(size_t)p * plane + j] = plane_byte(eight, p);
    }
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* A right shift that rounds to nearest, halves to even. */
static uint32_t shift_round(uint32_t number, int shift)
{
    const uint32_t half = (uint32_t)1 << (shift - 1), rest = number & (2 * half - 1);
    const uint32_t whole = number >> shift;
    return whole + (rest > half || (rest == half && whole & 1));
}

/* float32 has 8 bits of exponent (bias 127) and 23 of mantissa, float16 has 5 (bias 15) and 10. A
 * mantissa that rounds up carries into the exponent, as it should. */
static uint16_t half_of(float value)
{
    const uint32_t bits = bits_of(value), sign = bits >> 16 & 0x8000, size = bits & 0x7fffffff;
    uint32_t half;
    if (size > 0x7f800000) /* not a number */
        half = 0x7e00;
    else if (size >= 0x477ff000) /* rounds beyond 65504 */
        half = 0x7c00;
    else if (size >= 0x38800000) /* normal: at least 2^-14 */
        half = shift_round(size - ((127 - 15) << 23), 13);
    else if (size >= 0x33000000) /* subnormal: at least half of 2^-24 */
        half = shift_round((size & 0x7fffff) | 0x800000, 126 - (int)(size >> 23));
    else
        half = 0;
    return (uint16_t)(sign | half);
}

void pb_pack_halves(const float *values, size_t count, uint8_t *packed)
{
    for (size_t i = 0; i < count; i++) {
        const uint16_t half = half_of(values[i]);
        packed[i] = (uint8_t)half;
        packed[count + i] = (uint8_t)(half >> 8);
    }
}

/* The bits of a byte as the low bits of eight codes: the product of its low 7 bits leaves bit k at
 * 8 k, and the mask lets no other through; bit 7 would meet others there. */
static uint64_t spread(uint8_t byte)
{
    return ((byte & 0x7f) * (uint64_t)0x0000040810204081 & 0x0101010101010101) |
           (uint64_t)(byte >> 7) << 56;
}

void pb_unpack_codes(const uint8_t *packed, size_t count, int bits, uint8_t *codes)
{
    if (bits == 8) {
        memcpy(codes, packed, count);
        return;
    }
    const size_t plane = (count + 7) / 8;
    for (size_t j = 0; j < plane; j++) {
        uint64_t eight = 0;
        for (int p = 0; p < bits; p++) eight |= spread(packed[(size_t)p * plane + j]) << p;
        for (size_t k = 0; k < 8 && 8 * j + k < count; k++)
            codes[8 * j + k] = (uint8_t)(eight >> 8 * k);
    }
}

/* Infinite and no numbers are never stored. */
static float float_of(unsigned half)
{
    const int exponent = half >> 10 & 31, mantissa = half & 1023;
    const float size = exponent == 0 ? ldexpf((float)mantissa, -24)
                                     : ldexpf((float)(1024 + mantissa), exponent - 25);
    return half & 0x8000 ? -size : size;
}

void pb_unpack_halves(const uint8_t *packed, size_t count, float *values)
{
    for (size_t i = 0; i < count; i++)
        values[i] = float_of((unsigned)packed[i] | (unsigned)packed[count + i] << 8);
}
