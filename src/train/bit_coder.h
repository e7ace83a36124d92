/* An adaptive binary arithmetic coder: each bit is predicted from several contexts at once, whose predictions are mixed
 * with weights that learn too. Encoding and decoding are one code path, in whole numbers alone, so that a file reads
 * back on every machine.
 *
 * Sources: Witten, Neal and Cleary, "Arithmetic coding for data compression", Comm. ACM 30 (1987); Mahoney, "Adaptive
 * weighing of context models for lossless data compression", Florida Tech CS-2005-16 (2005). */
#ifndef PB_TRAIN_BIT_CODER_H
#define PB_TRAIN_BIT_CODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PB_BIT_INPUTS 8

/** How often a bit was 1 in one context. Zeroed: never seen. */
typedef struct pb_bit_context {
    uint16_t one;  /* probability of a 1, of 65536 */
    uint16_t seen; /* at most LONGEST_MEMORY      */
} pb_bit_context;

/** Weights of the predictions; zeroed: none yet. */
typedef struct pb_bit_mixer {
    int32_t weight[PB_BIT_INPUTS];
    bool begun;
} pb_bit_mixer;

typedef struct pb_bit_coder pb_bit_coder;

/** NULL when memory is out. */
pb_bit_coder *pb_bit_encoder(void);
pb_bit_coder *pb_bit_decoder(const uint8_t *bytes, size_t size);
void pb_bit_coder_free(pb_bit_coder **coder);

/** Codes one bit by `count` contexts, the most general one first, from which others start. Returns the bit: the given one
 *  when encoding, the read one when decoding, where `bit` means nothing. */
int pb_bit_code(pb_bit_coder *coder, pb_bit_mixer *mixer, int count, pb_bit_context *const contexts[], int bit);

/** Ends encoding; the bytes belong to the coder. NULL when memory was out on the way. */
const uint8_t *pb_bit_bytes(pb_bit_coder *coder, size_t *size);
/** Whether a decoder has read more than there was, as it does from a damaged file. */
bool pb_bit_overran(const pb_bit_coder *coder);
/** Whether its bytes are the very ones that an encoder would end with here: none is missing, none is left. */
bool pb_bit_is_whole(const pb_bit_coder *coder);

#endif
