/* Convolution of any stride and padding, one work-item per element: right on every device, the
 * reference for the other solvers. Forward, data gradient and weight gradient.
 *
 * x [SAMPLES, CHANNELS, HEIGHT, WIDTH] not padded,
 * w [OUTPUTS, CHANNELS, KERNEL_HEIGHT, KERNEL_WIDTH],
 * y [SAMPLES, OUTPUTS, OUT_HEIGHT, OUT_WIDTH]: float32, row-major, dense;
 * OUT_HEIGHT = (HEIGHT + 2 PADDING_Y - KERNEL_HEIGHT) / STRIDE_Y + 1 and OUT_WIDTH likewise.
 *   y[n, o, p, q] = sum over c, i, j of
 *                   w[o, c, i, j] x[n, c, p STRIDE_Y - PADDING_Y + i, q STRIDE_X - PADDING_X + j]
 * where x is zero outside; each sum runs in one fixed order.
 *
 * Needs macros:
 *   NAME                        the kernels' common name
 *   X_OFFSET W_OFFSET Y_OFFSET  where x, w and y (or their gradients) begin in their buffers, in
 *                               elements
 *   RESULT                      0: y, 1: dx, 2: dw; the others' kernels are left out
 *   SAMPLES CHANNELS OUTPUTS HEIGHT WIDTH KERNEL_HEIGHT KERNEL_WIDTH
 *   STRIDE_Y STRIDE_X PADDING_Y PADDING_X
 *
 * Launched by the plan, any local size, global size of one dimension at least the elements of
 *   NAME(x, w, y)       y, SAMPLES OUTPUTS OUT_HEIGHT OUT_WIDTH
 *   NAME_dx(dy, w, dx)  dx, SAMPLES CHANNELS HEIGHT WIDTH
 *   NAME_dw(dy, x, dw)  dw, OUTPUTS CHANNELS KERNEL_HEIGHT KERNEL_WIDTH
 * Called from other kernels, which take bias, activation and pooling from it in registers:
 *   NAME_value(x, w, n, o, p, q)  y[n, o, p, q], 0 <= n < SAMPLES and so on */

#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)
#define OUT_HEIGHT   ((HEIGHT + 2 * PADDING_Y - KERNEL_HEIGHT) / STRIDE_Y + 1)
#define OUT_WIDTH    ((WIDTH + 2 * PADDING_X - KERNEL_WIDTH) / STRIDE_X + 1)

#if RESULT == 0
float PASTE(NAME, _value)(global const float *restrict x, global const float *restrict w, int n,
                          int o, int p, int q)
{
    const int row_begin = p * STRIDE_Y - PADDING_Y, column_begin = q * STRIDE_X - PADDING_X;
    x += X_OFFSET + (size_t)n * (CHANNELS * HEIGHT * WIDTH);
    w += W_OFFSET + o * (CHANNELS * KERNEL_HEIGHT * KERNEL_WIDTH);

    float sum = 0.0f;
    for (int c = 0; c < CHANNELS; c++)
        for (int i = max(0, -row_begin); i < min(KERNEL_HEIGHT, HEIGHT - row_begin); i++)
            for (int j = max(0, -column_begin); j < min(KERNEL_WIDTH, WIDTH - column_begin); j++)
                sum = fma(w[(c * KERNEL_HEIGHT + i) * KERNEL_WIDTH + j],
                          x[(c * HEIGHT + row_begin + i) * WIDTH + column_begin + j], sum);
    return sum;
}

kernel void NAME(global const float *restrict x, global const float *restrict w,
                 global float *restrict y)
{
    const size_t element = get_global_id(0);
    if (element >= (size_t)SAMPLES * OUTPUTS * OUT_HEIGHT * OUT_WIDTH) return;
    const int q = (int)(element % OUT_WIDTH), p = (int)(element / OUT_WIDTH % OUT_HEIGHT);
    const int o = (int)(element / (OUT_WIDTH * OUT_HEIGHT) % OUTPUTS);
    const int n = (int)(element / (OUT_WIDTH * OUT_HEIGHT) / OUTPUTS);
    y[Y_OFFSET + element] = PASTE(NAME, _value)(x, w, n, o, p, q);
}

#elif RESULT == 1
kernel void PASTE(NAME, _dx)(global const float *restrict dy, global const float *restrict w,
                             global float *restrict dx)
{
    dy += Y_OFFSET, w += W_OFFSET, dx += X_OFFSET;
    const size_t element = get_global_id(0);
    if (element >= (size_t)SAMPLES * CHANNELS * HEIGHT * WIDTH) return;
    const int column = (int)(element % WIDTH), row = (int)(element / WIDTH % HEIGHT);
    const int c = (int)(element / (WIDTH * HEIGHT) % CHANNELS);
    const size_t n = element / (WIDTH * HEIGHT) / CHANNELS;

    float sum = 0.0f;
    for (int o = 0; o < OUTPUTS; o++)
        for (int i = 0; i < KERNEL_HEIGHT; i++) {
            const int down = row + PADDING_Y - i; /* p STRIDE_Y, if tap i of a window meets row */
            if (down < 0 || down % STRIDE_Y != 0 || down / STRIDE_Y >= OUT_HEIGHT) continue;
            for (int j = 0; j < KERNEL_WIDTH; j++) {
                const int right = column + PADDING_X - j;
                if (right < 0 || right % STRIDE_X != 0 || right / STRIDE_X >= OUT_WIDTH) continue;
                sum = fma(w[((o * CHANNELS + c) * KERNEL_HEIGHT + i) * KERNEL_WIDTH + j],
                          dy[((n * OUTPUTS + o) * OUT_HEIGHT + down / STRIDE_Y) * OUT_WIDTH +
                             right / STRIDE_X],
                          sum);
            }
        }
    dx[element] = sum;
}

#else
kernel void PASTE(NAME, _dw)(global const float *restrict dy, global const float *restrict x,
                             global float *restrict dw)
{
    dy += Y_OFFSET, x += X_OFFSET, dw += W_OFFSET;
    const size_t element = get_global_id(0);
    if (element >= (size_t)OUTPUTS * CHANNELS * KERNEL_HEIGHT * KERNEL_WIDTH) return;
    const int j = (int)(element % KERNEL_WIDTH), i = (int)(element / KERNEL_WIDTH % KERNEL_HEIGHT);
    const int c = (int)(element / (KERNEL_WIDTH * KERNEL_HEIGHT) % CHANNELS);
    const int o = (int)(element / (KERNEL_WIDTH * KERNEL_HEIGHT) / CHANNELS);

    float sum = 0.0f;
    for (size_t n = 0; n < SAMPLES; n++) {
        float sample = 0.0f; /* a sum of sums loses less than one long sum */
        for (int p = 0; p < OUT_HEIGHT; p++) {
            const int row = p * STRIDE_Y - PADDING_Y + i;
            if (row < 0 || row >= HEIGHT) continue;
            for (int q = 0; q < OUT_WIDTH; q++) {
                const int column = q * STRIDE_X - PADDING_X + j;
                if (column < 0 || column >= WIDTH) continue;
                sample = fma(dy[((n * OUTPUTS + o) * OUT_HEIGHT + p) * OUT_WIDTH + q],
                             x[((n * CHANNELS + c) * HEIGHT + row) * WIDTH + column], sample);
            }
        }
        sum += sample;
    }
    dw[element] = sum;
}
#endif

#undef PASTE_
#undef PASTE
#undef OUT_HEIGHT
#undef OUT_WIDTH
#undef NAME
#undef RESULT
#undef SAMPLES
#undef CHANNELS
#undef OUTPUTS
#undef HEIGHT
#undef WIDTH
#undef KERNEL_HEIGHT
#undef KERNEL_WIDTH
#undef STRIDE_Y
#undef STRIDE_X
#undef PADDING_Y
#undef PADDING_X
#undef X_OFFSET
#undef W_OFFSET
#undef Y_OFFSET
