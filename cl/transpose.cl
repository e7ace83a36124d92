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
#define VECTOR        float16
#define PLACES        uint16
#define STORE         vstore16
#define OF_LOW        0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29
#define OF_HIGH       2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31
#define OF_LOW_PAIRS  0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define OF_HIGH_PAIRS 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#else
#define VECTOR        float8
#define PLACES        uint8
#define STORE         vstore8
#define OF_LOW        0, 8, 1, 9, 4, 12, 5, 13
#define OF_HIGH       2, 10, 3, 11, 6, 14, 7, 15
#define OF_LOW_PAIRS  0, 1, 8, 9, 4, 5, 12, 13
#define OF_HIGH_PAIRS 2, 3, 10, 11, 6, 7, 14, 15
#endif
#define OF_FOURS  0, 1, 2, 3, 4, 5, 6, 7
#define OF_EIGHTS OF_FOURS, 8, 9, 10, 11, 12, 13, 14, 15

/* PoCL's shuffle2 takes vectors apart, element by element, before its compiler sees them. Those
 * that compile for SPIR know the function, and Oclgrind follows it alone. */
#if defined(__clang__) && !defined(__SPIR__) && !defined(__SPIRV__)
#define FOURS(a, b)      __builtin_shufflevector(a, b, OF_FOURS)
#define EIGHTS(a, b)     __builtin_shufflevector(a, b, OF_EIGHTS)
#define LOW(a, b)        __builtin_shufflevector(a, b, OF_LOW)
#define HIGH(a, b)       __builtin_shufflevector(a, b, OF_HIGH)
#define LOW_PAIRS(a, b)  __builtin_shufflevector(a, b, OF_LOW_PAIRS)
#define HIGH_PAIRS(a, b) __builtin_shufflevector(a, b, OF_HIGH_PAIRS)
#else
#define FOURS(a, b)      shuffle2(a, b, (uint8)(OF_FOURS))
#define EIGHTS(a, b)     shuffle2(a, b, (uint16)(OF_EIGHTS))
#define LOW(a, b)        shuffle2(a, b, (PLACES)(OF_LOW))
#define HIGH(a, b)       shuffle2(a, b, (PLACES)(OF_HIGH))
#define LOW_PAIRS(a, b)  shuffle2(a, b, (PLACES)(OF_LOW_PAIRS))
#define HIGH_PAIRS(a, b) shuffle2(a, b, (PLACES)(OF_HIGH_PAIRS))
#endif

/* Four columns at a time: fours of floats of rows four apart make a vector, and of four such
 * vectors the fours are transposed within themselves, by floats, then by pairs: each is an instruction. */
void NAME(global const float *restrict source, int apart, local float *restrict target,
          int target_apart)
{
#pragma unroll
    for (int j = 0; j < SIDE; j += 4) {
        VECTOR row[4];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            global const float *from = source + i * apart + j;
            const float8 upper = FOURS(vload4(0, from), vload4(0, from + 4 * apart));
#if SIDE == 16
            const float8 lower = FOURS(vload4(0, from + 8 * apart), vload4(0, from + 12 * apart));
            row[i] = EIGHTS(upper, lower);
#else
            row[i] = upper;
#endif
        }
        const VECTOR a = LOW(row[0], row[1]), b = HIGH(row[0], row[1]);
        const VECTOR c = LOW(row[2], row[3]), d = HIGH(row[2], row[3]);
        STORE(LOW_PAIRS(a, c), 0, target + j * target_apart);
        STORE(HIGH_PAIRS(a, c), 0, target + (j + 1) * target_apart);
        STORE(LOW_PAIRS(b, d), 0, target + (j + 2) * target_apart);
        STORE(HIGH_PAIRS(b, d), 0, target + (j + 3) * target_apart);
    }
}

#undef VECTOR
#undef PLACES
#undef OF_LOW
#undef OF_HIGH
#undef OF_LOW_PAIRS
#undef OF_HIGH_PAIRS
#undef OF_FOURS
#undef OF_EIGHTS
#undef FOURS
#undef EIGHTS
#undef STORE
#undef LOW
#undef HIGH
#undef LOW_PAIRS
#undef HIGH_PAIRS
#undef NAME
#undef SIDE
