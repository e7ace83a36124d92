/* Convolution of stride 1 on padded input by register tiles, and its data gradient, on CPU devices.
 *
 * x [N, CHANNELS, HEIGHT, WIDTH] already padded, its rows dense, y [N, OUTPUTS, OUT_HEIGHT,
 * OUT_WIDTH] dense: float32, row-major; OUT_HEIGHT = HEIGHT - KERNEL_HEIGHT + 1 and OUT_WIDTH
 * likewise. One dimension is HEIGHT = KERNEL_HEIGHT = 1.
 *   y[n, o, p, q] = sum over c, i, j of x[n, c, p+i, q+j]
 *                   weight[W_BASE + o W_OUTPUT + c W_CHANNEL + i W_ROW + j W_COLUMN]
 * The strides make the same kernel compute both directions with weights [O, C, kh, kw]:
 *   forward        W_BASE 0, W_OUTPUT C kh kw, W_CHANNEL kh kw, W_ROW kw, W_COLUMN 1
 *   data gradient  x is dy padded by kernel - 1 - padding, CHANNELS = O, OUTPUTS = C, and the
 *                  weights are read flipped:
 *                  W_BASE kh kw - 1, W_OUTPUT kh kw, W_CHANNEL C kh kw, W_ROW -kw, W_COLUMN -1
 *
 * The rows of a block of outputs are taken as one line of positions, X_ROW apart, in which each tap
 * reads a shifted piece of a channel; the X_ROW - OUT_WIDTH positions between two are computed
 * too and dropped. The last tile of a block moves back to end with it, so nothing is read behind
 * the input. Products are summed in the order c, i, j.
 *
 * Needs macros:
 *   NAME                        the function's name
 *   X_OFFSET W_OFFSET Y_OFFSET  where the operands begin in their buffers, in elements
 *   X_SAMPLE X_CHANNEL X_ROW    elements from a sample, channel, row of x to the next
 *   CHANNELS OUTPUTS HEIGHT WIDTH KERNEL_HEIGHT KERNEL_WIDTH
 *   W_BASE W_OUTPUT W_CHANNEL W_ROW W_COLUMN
 *   LANES                       width of a vector: 4, 8 or 16
 *   VECTORS                     vectors of positions of a register tile
 *   TILE_OUTPUTS                output channels of a register tile, at most OUTPUTS;
 *                               VECTORS TILE_OUTPUTS at most 24
 *   ITEM_ROWS                   output rows of a block, at most OUT_HEIGHT, such that
 *                               positions = (ITEM_ROWS - 1) X_ROW + OUT_WIDTH >= LANES VECTORS
 *
 * Called from a kernel of one work-item a group, for samples [row_begin, row_end), output channels
 * [column_begin, column_end), and the block of output rows number `layer`. column_begin is a multiple
 * of TILE_OUTPUTS. Where OUT_HEIGHT > 1, scratch holds TILE_OUTPUTS positions floats and is aligned to
 * 64 bytes. */

#define PASTE_(a, b)   a##b
#define PASTE(a, b)    PASTE_(a, b)
#define convolve_tile  PASTE(NAME, _tile)
#define copy_row       PASTE(NAME, _copy)
#define VECTOR         PASTE(float, LANES)
#define LOAD           PASTE(vload, LANES)
#define STORE          PASTE(vstore, LANES)
#define OUT_HEIGHT     (HEIGHT - KERNEL_HEIGHT + 1)
#define OUT_WIDTH      (WIDTH - KERNEL_WIDTH + 1)
#define TILE_POSITIONS (LANES * VECTORS)
#define ITEM_POSITIONS ((ITEM_ROWS - 1) * X_ROW + OUT_WIDTH)

/* With one output row the line of positions is the output itself; else it is in local memory. */
#define ONE_ROW (HEIGHT == KERNEL_HEIGHT)
#if ONE_ROW
#define LINE_SPACE global
#else
#define LINE_SPACE local
#endif

/* One register tile: x and line at its first position; outputs from `first` on are stored,
 * ITEM_POSITIONS apart. */
void convolve_tile(global const float *restrict x, global const float *restrict weight,
                   LINE_SPACE float *restrict line, int first)
{
    VECTOR sum[TILE_OUTPUTS][VECTORS];
#pragma unroll
    for (int o = 0; o < TILE_OUTPUTS; o++)
#pragma unroll
        for (int v = 0; v < VECTORS; v++) sum[o][v] = (VECTOR)(0.0f);

    for (int c = 0; c < CHANNELS; c++)
        for (int i = 0; i < KERNEL_HEIGHT; i++)
#pragma unroll 8
            for (int j = 0; j < KERNEL_WIDTH; j++) {
                VECTOR piece[VECTORS];
#pragma unroll
                for (int v = 0; v < VECTORS; v++)
                    piece[v] = LOAD(v, x + c * X_CHANNEL + i * X_ROW + j);
#pragma unroll
                for (int o = 0; o < TILE_OUTPUTS; o++) {
                    const VECTOR factor = (VECTOR)(weight[o * W_OUTPUT + c * W_CHANNEL +
                                                          i * (W_ROW) + j * (W_COLUMN)]);
#pragma unroll
                    for (int v = 0; v < VECTORS; v++) sum[o][v] = fma(factor, piece[v], sum[o][v]);
                }
            }

#pragma unroll
    for (int o = 0; o < TILE_OUTPUTS; o++)
        if (o >= first) {
#pragma unroll
            for (int v = 0; v < VECTORS; v++) STORE(sum[o][v], v, line + o * ITEM_POSITIONS);
        }
}

#if !ONE_ROW
/* Copies the OUT_WIDTH valid positions of a row, the last vector moved back. */
void copy_row(local const float *restrict line, global float *restrict y)
{
#if OUT_WIDTH >= LANES
#pragma unroll
    for (int q = 0; q < OUT_WIDTH; q += LANES) {
        const int at = min(q, OUT_WIDTH - LANES);
        STORE(LOAD(0, line + at), 0, y + at);
    }
#else
    for (int q = 0; q < OUT_WIDTH; q++) y[q] = line[q];
#endif
}
#endif

void NAME(global const float *restrict x, global const float *restrict weight,
          global float *restrict y, local float *restrict scratch, int row_begin, int row_end,
          int column_begin, int column_end, int layer)
{
    const int block_begin = layer * ITEM_ROWS;
    const int block = min(block_begin, OUT_HEIGHT - ITEM_ROWS); /* the last block moves up */
    x += X_OFFSET + block * X_ROW;
    y += Y_OFFSET + block * OUT_WIDTH;

    for (int n = row_begin; n < row_end; n++)
        for (int output = column_begin; output < column_end; output += TILE_OUTPUTS) {
            const int base = min(output, OUTPUTS - TILE_OUTPUTS); /* so does the last tile */
            global const float *image = x + (size_t)n * X_SAMPLE;
            global const float *kernel_weight = weight + W_OFFSET + (W_BASE) + base * W_OUTPUT;
            global float *target = y + ((size_t)n * OUTPUTS + base) * (OUT_HEIGHT * OUT_WIDTH);
            for (int p = 0; p < ITEM_POSITIONS; p += TILE_POSITIONS) {
                const int at = min(p, ITEM_POSITIONS - TILE_POSITIONS);
#if ONE_ROW
                convolve_tile(image + at, kernel_weight, target + at, output - base);
#else
                convolve_tile(image + at, kernel_weight, scratch + at, 0);
#endif
            }
#if !ONE_ROW
            for (int o = output - base; o < TILE_OUTPUTS; o++)
                for (int r = block_begin - block; r < ITEM_ROWS; r++)
                    copy_row(scratch + o * ITEM_POSITIONS + r * X_ROW,
                             target + (o * OUT_HEIGHT + r) * OUT_WIDTH);
#endif
        }
}

#undef PASTE_
#undef PASTE
#undef convolve_tile
#undef copy_row
#undef VECTOR
#undef LOAD
#undef STORE
#undef OUT_HEIGHT
#undef OUT_WIDTH
#undef TILE_POSITIONS
#undef ITEM_POSITIONS
#undef ONE_ROW
#undef LINE_SPACE
#undef NAME
#undef CHANNELS
#undef OUTPUTS
#undef HEIGHT
#undef WIDTH
#undef KERNEL_HEIGHT
#undef KERNEL_WIDTH
#undef W_BASE
#undef W_OUTPUT
#undef W_CHANNEL
#undef W_ROW
#undef W_COLUMN
#undef LANES
#undef VECTORS
#undef TILE_OUTPUTS
#undef ITEM_ROWS
#undef X_SAMPLE
#undef X_CHANNEL
#undef X_ROW
#undef X_OFFSET
#undef W_OFFSET
#undef Y_OFFSET
