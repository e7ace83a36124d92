/* Columns of a convolution of any stride and padding, and their adjoint, one work-item per element:
 * for devices of many small work-items. A column is what the taps of one position read, so that the
 * convolution is a product of the weights with them.
 *
 * x [., CHANNELS, HEIGHT, WIDTH] not padded,
 * columns [SAMPLES, CHANNELS, KERNEL_HEIGHT, KERNEL_WIDTH, OUT_HEIGHT, OUT_WIDTH]: float32, row-major,
 * dense, of samples FIRST to FIRST + SAMPLES - 1 of x.
 *   NAME       columns[n, c, i, j, p, q] = x[FIRST + n, c, p STRIDE_Y - PADDING_Y + i,
 *                                                          q STRIDE_X - PADDING_X + j]
 *              where x is zero outside
 *   NAME_back  x[FIRST + n, c, h, v] = sum of the columns that read it, in ascending order of i, j
 *
 * Needs macros:
 *   NAME               the kernels' common name
 *   X_OFFSET           where x begins in its buffer, in elements; columns begin with theirs
 *   FIRST SAMPLES CHANNELS HEIGHT WIDTH KERNEL_HEIGHT KERNEL_WIDTH OUT_HEIGHT OUT_WIDTH
 *   STRIDE_Y STRIDE_X PADDING_Y PADDING_X
 *
 * Launched by the plan, any local size, global size of one dimension at least the elements of
 *   NAME(x, columns)       columns
 *   NAME_back(columns, x)  x, SAMPLES CHANNELS HEIGHT WIDTH */

#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)
#define TAPS         (KERNEL_HEIGHT * KERNEL_WIDTH)
#define POSITIONS    (OUT_HEIGHT * OUT_WIDTH)

kernel void NAME(global const float *restrict x, global float *restrict columns)
{
    const size_t element = get_global_id(0);
    if (element >= (size_t)SAMPLES * CHANNELS * TAPS * POSITIONS) return;
    const int q = (int)(element % OUT_WIDTH), p = (int)(element / OUT_WIDTH % OUT_HEIGHT);
    const size_t line = element / POSITIONS;
    const int j = (int)(line % KERNEL_WIDTH), i = (int)(line / KERNEL_WIDTH % KERNEL_HEIGHT);
    const size_t plane = (size_t)FIRST * CHANNELS + line / TAPS; /* of x */
    const int row = p * STRIDE_Y - PADDING_Y + i, column = q * STRIDE_X - PADDING_X + j;
    const bool inside = row >= 0 && row < HEIGHT && column >= 0 && column < WIDTH;
    columns[element] = inside ? x[X_OFFSET + (plane * HEIGHT + row) * WIDTH + column] : 0.0f;
}

kernel void PASTE(NAME, _back)(global const float *restrict columns, global float *restrict x)
{
    const size_t element = get_global_id(0);
    if (element >= (size_t)SAMPLES * CHANNELS * HEIGHT * WIDTH) return;
    const int column = (int)(element % WIDTH), row = (int)(element / WIDTH % HEIGHT);
    const size_t plane = element / (WIDTH * HEIGHT);
    float sum = 0.0f;
    for (int i = 0; i < KERNEL_HEIGHT; i++) {
        const int down = row + PADDING_Y - i; /* p STRIDE_Y, if tap i of a window meets row */
        if (down < 0 || down % STRIDE_Y != 0 || down / STRIDE_Y >= OUT_HEIGHT) continue;
        for (int j = 0; j < KERNEL_WIDTH; j++) {
            const int right = column + PADDING_X - j;
            if (right < 0 || right % STRIDE_X != 0 || right / STRIDE_X >= OUT_WIDTH) continue;
            sum += columns[(plane * TAPS + i * KERNEL_WIDTH + j) * POSITIONS +
                           down / STRIDE_Y * OUT_WIDTH + right / STRIDE_X];
        }
    }
    x[X_OFFSET + (size_t)FIRST * CHANNELS * HEIGHT * WIDTH + element] = sum;
}

#undef PASTE_
#undef PASTE
#undef TAPS
#undef POSITIONS
#undef NAME
#undef X_OFFSET
#undef FIRST
#undef SAMPLES
#undef CHANNELS
#undef HEIGHT
#undef WIDTH
#undef KERNEL_HEIGHT
#undef KERNEL_WIDTH
#undef OUT_HEIGHT
#undef OUT_WIDTH
#undef STRIDE_Y
#undef STRIDE_X
#undef PADDING_Y
#undef PADDING_X
