/* Values of samples as bits, on the host. The layout is told in passband/packing.h. */
#ifndef PB_BASE_PACKING_H
#define PB_BASE_PACKING_H

#include <stdint.h>

#include <passband/packing.h>

/** Packs one sample: codes [count] below 2^bits, 1 <= bits <= 8 -> ceil(count / 8) bits bytes, or
 * count bytes for 8 bits. */
void pb_pack_codes(const uint8_t *codes, size_t count, int bits, uint8_t *packed);
/** Packs one sample of count numbers as halves, rounded to nearest even: 2 count bytes. Numbers
 * beyond 65504 become infinite. */
void pb_pack_halves(const float *values, size_t count, uint8_t *packed);

/** The way back of one sample: codes [count], or values [count]. */
void pb_unpack_codes(const uint8_t *packed, size_t count, int bits, uint8_t *codes);
void pb_unpack_halves(const uint8_t *packed, size_t count, float *values);

#endif
