/* Copies a block of SIDE x SIDE floats transposed, in registers, on CPU devices.
 *
 * NAME(source, apart, target, target_apart): element j of source row i becomes element i of target
 * row j; rows lie `apart` and `target_apart` elements from each other. Target rows are stored in
 * order: of those that lie closer than SIDE, the next one lies on the end of the one before.
 *
 * Needs macros:
 *   NAME  the function's name
 *   SIDE  8 or 16, the floats of a register */

#if SIDE == 16
/* In four rounds, each interleaving row i with row i + 8. */
void NAME(global const float *restrict source, int apart, local float *restrict target,
          int target_apart)
{
    const uint16 low = (uint16)(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const uint16 high = low + 8u;
    float16 row[16], next[16];
#pragma unroll
    for (int i = 0; i < 16; i++) row[i] = vload16(0, source + i * apart);
#pragma unroll
    for (int round = 0; round < 2; round++) {
#pragma unroll
        for (int i = 0; i < 8; i++) {
            next[2 * i] = shuffle2(row[i], row[i + 8], low);
            next[2 * i + 1] = shuffle2(row[i], row[i + 8], high);
        }
#pragma unroll
        for (int i = 0; i < 8; i++) {
            row[2 * i] = shuffle2(next[i], next[i + 8], low);
            row[2 * i + 1] = shuffle2(next[i], next[i + 8], high);
        }
    }
#pragma unroll
    for (int i = 0; i < 16; i++) vstore16(row[i], 0, target + i * target_apart);
}
#else
/* In three rounds, by floats, pairs and quads; the first two stay within halves of a vector. */
void NAME(global const float *restrict source, int apart, local float *restrict target,
          int target_apart)
{
    float8 row[8], next[8];
#pragma unroll
    for (int i = 0; i < 8; i++) row[i] = vload8(0, source + i * apart);
#pragma unroll
    for (int i = 0; i < 8; i += 2) {
        next[i] = shuffle2(row[i], row[i + 1], (uint8)(0, 8, 1, 9, 4, 12, 5, 13));
        next[i + 1] = shuffle2(row[i], row[i + 1], (uint8)(2, 10, 3, 11, 6, 14, 7, 15));
    }
#pragma unroll
    for (int i = 0; i < 8; i += 4)
#pragma unroll
        for (int j = 0; j < 2; j++) {
            const float8 upper = next[i + j], lower = next[i + j + 2];
            row[i + 2 * j] = shuffle2(upper, lower, (uint8)(0, 1, 8, 9, 4, 5, 12, 13));
            row[i + 2 * j + 1] = shuffle2(upper, lower, (uint8)(2, 3, 10, 11, 6, 7, 14, 15));
        }
#pragma unroll
    for (int i = 0; i < 4; i++)
        vstore8(shuffle2(row[i], row[i + 4], (uint8)(0, 1, 2, 3, 8, 9, 10, 11)), 0,
                target + i * target_apart);
#pragma unroll
    for (int i = 0; i < 4; i++)
        vstore8(shuffle2(row[i], row[i + 4], (uint8)(4, 5, 6, 7, 12, 13, 14, 15)), 0,
                target + (i + 4) * target_apart);
}
#endif

#undef NAME
#undef SIDE
