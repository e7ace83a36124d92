/* One level of a wavelet transform along an axis, or its adjoint: an element of the result for each work-item.
 *
 * ADJOINT 0: x [OUTER, LENGTH, INNER] -> y [OUTER, 2, BAND, INNER],
 *            y[f, k] = sum over j of t[f TAPS + j] x[2 k + START - j]          for k in [FIRST, LAST)
 * ADJOINT 1: x [OUTER, 2, BAND, INNER] -> y [OUTER, LENGTH, INNER],
 *            y[i] = sum over f and k of t[f TAPS + 2 k + START - i] x[f, k]    for i in [FIRST, LAST)
 * All float32, dense. Every other row of the result is one of the table behind the taps, in order: WIDTH pairs of the
 * row of x that it reads, an int32, and its weight.
 *
 * Needs macros: NAME ADJOINT LENGTH BAND TAPS START INNER FIRST LAST WIDTH OUTER as above, X_OFFSET and Y_OFFSET where
 * x and y begin in their buffers, in elements.
 *
 * Launched by the plan: global size of at least the elements of y, in one dimension. */

#if ADJOINT
#define X_ROWS (2 * BAND)
#define Y_ROWS LENGTH
#define EACH   LENGTH
#else
#define X_ROWS LENGTH
#define Y_ROWS (2 * BAND)
#define EACH   BAND
#endif

kernel void NAME(global const float *restrict x, global const float *restrict t,
                 global float *restrict y)
{
    const size_t id = get_global_id(0), o = id / (Y_ROWS * INNER);
    if (o >= OUTER) return;
    const int i = (int)(id % INNER), row = (int)(id / INNER % Y_ROWS);
    x += X_OFFSET + o * X_ROWS * INNER + i;
    const int part = row / EACH, within = row % EACH;
    float sum = 0;
    if (within >= FIRST && within < LAST) {
#if ADJOINT
        const int odd = (within + START) & 1, k = (within + odd - START) / 2;
        for (int f = 0; f < 2; f++)
            for (int m = 0; m < TAPS / 2; m++)
                sum = fma(t[f * TAPS + odd + 2 * m], x[(size_t)(f * BAND + k + m) * INNER], sum);
#else
        for (int j = 0; j < TAPS; j++)
            sum = fma(t[part * TAPS + j], x[(size_t)(2 * within + START - j) * INNER], sum);
#endif
    } else {
        const int border = part * (EACH - (LAST - FIRST)) +
                           (within < FIRST ? within : within - (LAST - FIRST));
        t += 2 * TAPS + (size_t)border * 2 * WIDTH;
        for (int e = 0; e < WIDTH; e++)
            sum = fma(t[2 * e + 1], x[(size_t)as_int(t[2 * e]) * INNER], sum);
    }
    y[Y_OFFSET + id] = sum;
}

#undef X_ROWS
#undef Y_ROWS
#undef EACH
#undef NAME
#undef ADJOINT
#undef LENGTH
#undef BAND
#undef TAPS
#undef START
#undef INNER
#undef FIRST
#undef LAST
#undef WIDTH
#undef OUTER
#undef X_OFFSET
#undef Y_OFFSET
