/* One level of a wavelet transform along an axis, or its adjoint, for lines [row_begin, row_end) on CPU devices.
 *
 * ADJOINT 0: x [OUTER, LENGTH, INNER] -> y [OUTER, 2, BAND, INNER],
 *            y[f, k] = sum over j of t[f TAPS + j] x[2 k + START - j]          for k in [FIRST, LAST)
 * ADJOINT 1: x [OUTER, 2, BAND, INNER] -> y [OUTER, LENGTH, INNER],
 *            y[i] = sum over f and k of t[f TAPS + 2 k + START - i] x[f, k]    for i in [FIRST, LAST)
 * All float32, dense. Every other row of the result is one of the table behind the taps, in order: WIDTH pairs of the
 * row of x that it reads, an int32, and its weight.
 *
 * Rows are taken LANES columns at a time; the last vector moves back to end with them. Where INNER is 1 and TRANSPOSED
 * is set, LANES lines lie beside each other in local memory meanwhile.
 *
 * Needs macros: NAME ADJOINT LENGTH BAND TAPS START INNER FIRST LAST WIDTH as above, LANES 1, 4, 8 or 16, at most INNER
 * unless TRANSPOSED, LAYERS in which regular rows are cut,
 * UNROLLED how many taps in a row of text, X_OFFSET and Y_OFFSET where x and y begin in their buffers,
 * in elements.
 *
 * Called from a kernel of one work-item a group, `layer` in [0, LAYERS). Where TRANSPOSED, scratch holds LANES (LENGTH
 * + 2 BAND) floats and is aligned to 64 bytes. */

#define PASTE_(a, b)     a##b
#define PASTE(a, b)      PASTE_(a, b)
#define transform        PASTE(NAME, _rows)
#define tabled           PASTE(NAME, _tabled)
#if LANES == 1
#define VECTOR           float
#define LOAD(from)       (*(from))
#define STORE(what, to)  (*(to) = (what))
#else
#define VECTOR           PASTE(float, LANES)
#define LOAD(from)       PASTE(vload, LANES)(0, from)
#define STORE(what, to)  PASTE(vstore, LANES)(what, 0, to)
#endif
#if ADJOINT
#define X_ROWS           (2 * BAND)
#define Y_ROWS           LENGTH
#define PARTS            1
#define EACH             LENGTH
#define K_FIRST          ((FIRST + 1 - START) / 2)
#define K_LAST           ((LAST + 1 - START) / 2)
#else
#define X_ROWS           LENGTH
#define Y_ROWS           (2 * BAND)
#define PARTS            2
#define EACH             BAND
#define K_FIRST          FIRST
#define K_LAST           LAST
#endif
#if TRANSPOSED
#define SPACE            local
#define STEP             LANES
#else
#define SPACE            global
#define STEP             INNER
#endif

/* The sum that the table tells for row number `border`. */
VECTOR tabled(SPACE const float *restrict x, global const float *restrict t, int border)
{
    VECTOR sum = (VECTOR)(0.0f);
    t += 2 * TAPS + (size_t)border * 2 * WIDTH;
    for (int e = 0; e < WIDTH; e++)
        sum = fma((VECTOR)(t[2 * e + 1]), LOAD(x + (size_t)as_int(t[2 * e]) * STEP), sum);
    return sum;
}

/* LANES columns of a line. */
void transform(SPACE const float *restrict x, global const float *restrict t,
               SPACE float *restrict y, int layer)
{
    float tap[2 * TAPS];
    for (int j = 0; j < 2 * TAPS; j++) tap[j] = t[j];
    const int begin = K_FIRST + (int)((long)(K_LAST - K_FIRST) * layer / LAYERS),
              end = K_FIRST + (int)((long)(K_LAST - K_FIRST) * (layer + 1) / LAYERS);
    for (int k = begin; k < end; k++) {
        VECTOR a = (VECTOR)(0.0f), b = (VECTOR)(0.0f);
#if ADJOINT
#pragma unroll UNROLLED
        for (int m = 0; m < TAPS / 2; m++) {
            const VECTOR low = LOAD(x + (size_t)(k + m) * STEP),
                         high = LOAD(x + (size_t)(BAND + k + m) * STEP);
            a = fma((VECTOR)(tap[2 * m]), low, a);
            a = fma((VECTOR)(tap[TAPS + 2 * m]), high, a);
            b = fma((VECTOR)(tap[2 * m + 1]), low, b);
            b = fma((VECTOR)(tap[TAPS + 2 * m + 1]), high, b);
        }
        STORE(a, y + (size_t)(2 * k + START) * STEP);
        STORE(b, y + (size_t)(2 * k + START - 1) * STEP);
#else
#pragma unroll UNROLLED
        for (int j = 0; j < TAPS; j++) {
            const VECTOR point = LOAD(x + (size_t)(2 * k + START - j) * STEP);
            a = fma((VECTOR)(tap[j]), point, a);
            b = fma((VECTOR)(tap[TAPS + j]), point, b);
        }
        STORE(a, y + (size_t)k * STEP);
        STORE(b, y + (size_t)(BAND + k) * STEP);
#endif
    }
    if (layer > 0) return;
    int border = 0;
    for (int part = 0; part < PARTS; part++) {
        for (int row = 0; row < FIRST; row++, border++)
            STORE(tabled(x, t, border), y + (size_t)(part * EACH + row) * STEP);
        for (int row = LAST; row < EACH; row++, border++)
            STORE(tabled(x, t, border), y + (size_t)(part * EACH + row) * STEP);
    }
}

void NAME(global const float *restrict x, global const float *restrict t, global float *restrict y,
          local float *restrict scratch, int row_begin, int row_end, int column_begin,
          int column_end, int layer)
{
    x += X_OFFSET + (size_t)row_begin * X_ROWS * INNER;
    y += Y_OFFSET + (size_t)row_begin * Y_ROWS * INNER;
#if TRANSPOSED
    local float *restrict out = scratch + X_ROWS * LANES;
    for (int o = row_begin; o < row_end; o += LANES, x += X_ROWS * LANES, y += Y_ROWS * LANES) {
        const int lines = min(LANES, row_end - o);
        for (int l = 0; l < lines; l++)
            for (int r = 0; r < X_ROWS; r++) scratch[r * LANES + l] = x[l * X_ROWS + r];
        for (int l = lines; l < LANES; l++)
            for (int r = 0; r < X_ROWS; r++) scratch[r * LANES + l] = 0.0f;
        transform(scratch, t, out, 0);
        for (int l = 0; l < lines; l++)
            for (int r = 0; r < Y_ROWS; r++) y[l * Y_ROWS + r] = out[r * LANES + l];
    }
#else
    for (int o = row_begin; o < row_end; o++, x += X_ROWS * INNER, y += Y_ROWS * INNER)
        for (int i = 0; i < INNER; i += LANES) {
            const int at = min(i, INNER - LANES);
            transform(x + at, t, y + at, layer);
        }
#endif
}

#undef PASTE_
#undef PASTE
#undef transform
#undef tabled
#undef VECTOR
#undef LOAD
#undef STORE
#undef X_ROWS
#undef Y_ROWS
#undef PARTS
#undef EACH
#undef K_FIRST
#undef K_LAST
#undef SPACE
#undef STEP
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
#undef LANES
#undef LAYERS
#undef UNROLLED
#undef TRANSPOSED
#undef X_OFFSET
#undef Y_OFFSET
