/* Weight gradient of a convolution on padded input by products of panels, for CPU devices.
 *
 * dy [SAMPLES, OUTPUTS, OUT_HEIGHT, OUT_WIDTH] and
 * x [SAMPLES, CHANNELS, HEIGHT, WIDTH], already padded, their rows dense,
 * dw [OUTPUTS, TAPS] with TAPS = CHANNELS KERNEL_HEIGHT KERNEL_WIDTH, dense: float32, row-major.
 *   dw[o, (c, i, j)] = sum over n, p, q of dy[n, o, p, q] x[n, c, p STRIDE_Y + i, q STRIDE_X + j]
 *
 * Of a sample, rows of dy are copied to local memory as a panel in which the output channels of a
 * position lie side by side; each element of x is broadcast against them, as a product of
 * matrices does it. NAME sums CHUNK samples in order, to
 * partial [ceil(SAMPLES / CHUNK), TAPS, PADDED] with PADDED = OUTPUTS rounded up to 16 VECTORS.
 * NAME_sum adds the chunks in order. So the result is the same in every run.
 *
 * Needs macros:
 *   NAME                          the first function's name
 *   X_OFFSET DY_OFFSET DW_OFFSET  where x, dy and dw begin in their buffers, in elements
 *   DY_SAMPLE DY_OUTPUT DY_ROW    elements from a sample, output channel, row of dy to the next
 *   X_SAMPLE X_CHANNEL X_ROW      elements from a sample, channel, row of x to the next
 *   SAMPLES CHANNELS OUTPUTS KERNEL_HEIGHT KERNEL_WIDTH OUT_HEIGHT OUT_WIDTH STRIDE_Y STRIDE_X
 *   CHUNK                         samples of a partial sum, 1 <= CHUNK <= SAMPLES
 *   VECTORS                       of 16 outputs of a panel and register tile: 1 or 2
 *   TILE_TAPS                     taps of a register tile, at most TAPS
 *   PANEL_ROWS                    rows of dy in a panel, 1 <= PANEL_ROWS <= OUT_HEIGHT
 *   SIDE TRANSPOSE                of blocks in which dy is copied, and transpose.cl's function for them
 *
 * Called from kernels of one work-item a group: NAME(dy, x, partial) for samples
 * [row_begin, row_end) and output channels [column_begin, column_end), column_begin a multiple of
 * 16 VECTORS; a work-item takes whole chunks, and the samples of one in order, in one call or
 * several; scratch holds 16 VECTORS PANEL_ROWS OUT_WIDTH floats and is aligned to 64 bytes. Then
 * NAME_sum(partial, partial, dw) for taps [row_begin, row_end). */

#define PASTE_(a, b)    a##b
#define PASTE(a, b)     PASTE_(a, b)
#define pack_line       PASTE(NAME, _pack)
#define multiply_tile   PASTE(NAME, _tile)
#define TAPS            (CHANNELS * KERNEL_HEIGHT * KERNEL_WIDTH)
#define TILE_OUTPUTS    (16 * VECTORS)
#define PADDED          ((OUTPUTS + TILE_OUTPUTS - 1) / TILE_OUTPUTS * TILE_OUTPUTS)
#define CHUNKS          ((SAMPLES + CHUNK - 1) / CHUNK)
/* Where rows of dy follow one another without a gap, those of a panel are one line. */
#define IS_ONE_LINE     (DY_ROW == OUT_WIDTH)

/* Copies `length` positions of `width` outputs, zeros beyond. */
void pack_line(global const float *restrict dy, local float *restrict panel, int length, int width)
{
    for (int first = 0; first < TILE_OUTPUTS; first += SIDE) {
        int q = 0;
        if (width >= first + SIDE)
            for (; q + SIDE <= length; q += SIDE)
                TRANSPOSE(dy + first * DY_OUTPUT + q, DY_OUTPUT,
                          panel + q * TILE_OUTPUTS + first, TILE_OUTPUTS);
        for (; q < length; q++)
            for (int o = first; o < first + SIDE; o++)
                panel[q * TILE_OUTPUTS + o] = o < width ? dy[o * DY_OUTPUT + q] : 0.0f;
    }
}

/* One register tile over `rows` rows of a panel, which goes on from what partial holds unless it
 * starts. Of its taps the first `old` were done before, and are left alone. */
void multiply_tile(local const float *restrict panel, global const float *restrict x,
                   global float *restrict partial, int tap, int rows, int old, bool start)
{
    float16 sum[TILE_TAPS][VECTORS];
    global const float *piece[TILE_TAPS]; /* of x, that a tap is multiplied with */
#pragma unroll
    for (int t = 0; t < TILE_TAPS; t++) {
        const int line = (tap + t) / KERNEL_WIDTH;
        piece[t] = x + line / KERNEL_HEIGHT * X_CHANNEL + line % KERNEL_HEIGHT * X_ROW +
                   (tap + t) % KERNEL_WIDTH;
#pragma unroll
        for (int v = 0; v < VECTORS; v++) {
            sum[t][v] = (float16)(0.0f);
            if (!start && t >= old) sum[t][v] = vload16(v, partial + t * PADDED);
        }
    }

    for (int p = 0; p < rows; p++) {
#pragma unroll 4
        for (size_t q = 0; q < OUT_WIDTH; q++) {
            float16 upstream[VECTORS];
#pragma unroll
            for (int v = 0; v < VECTORS; v++) upstream[v] = vload16(q * VECTORS + v, panel);
#pragma unroll
            for (int t = 0; t < TILE_TAPS; t++) {
                const float16 factor = (float16)(piece[t][q * STRIDE_X]);
#pragma unroll
                for (int v = 0; v < VECTORS; v++) sum[t][v] = fma(factor, upstream[v], sum[t][v]);
            }
        }
        panel += TILE_OUTPUTS * OUT_WIDTH;
#pragma unroll
        for (int t = 0; t < TILE_TAPS; t++) piece[t] += STRIDE_Y * X_ROW;
    }

#pragma unroll
    for (int t = 0; t < TILE_TAPS; t++)
        if (t >= old) {
#pragma unroll
            for (int v = 0; v < VECTORS; v++) vstore16(sum[t][v], v, partial + t * PADDED);
        }
}

void NAME(global const float *restrict dy, global const float *restrict x,
          global float *restrict partial, local float *restrict scratch, int row_begin, int row_end,
          int column_begin, int column_end, int layer)
{
    for (int n = row_begin; n < row_end; n++)
        for (int p = 0; p < OUT_HEIGHT; p += PANEL_ROWS)
            for (int output = column_begin; output < column_end; output += TILE_OUTPUTS) {
                const int rows = min(PANEL_ROWS, OUT_HEIGHT - p), width = column_end - output;
                global float *sums = partial + (size_t)(n / CHUNK) * (TAPS * PADDED) + output;
                global const float *upstream =
                    dy + DY_OFFSET + (size_t)n * DY_SAMPLE + p * DY_ROW + output * DY_OUTPUT;
                global const float *image =
                    x + X_OFFSET + (size_t)n * X_SAMPLE + p * (STRIDE_Y * X_ROW);
                if (IS_ONE_LINE)
                    pack_line(upstream, scratch, rows * OUT_WIDTH, width);
                else
                    for (int r = 0; r < rows; r++)
                        pack_line(upstream + r * DY_ROW, scratch + r * (TILE_OUTPUTS * OUT_WIDTH),
                                  OUT_WIDTH, width);
                for (int tap = 0; tap < TAPS; tap += TILE_TAPS) {
                    const int at = min(tap, TAPS - TILE_TAPS); /* the last tile moves back */
                    multiply_tile(scratch, image, sums + at * PADDED, at, rows, tap - at,
                                  n % CHUNK == 0 && p == 0);
                }
            }
}

void PASTE(NAME, _sum)(global const float *restrict partial, global const float *restrict same,
                       global float *restrict dw, local float *restrict scratch, int row_begin,
                       int row_end, int column_begin, int column_end, int layer)
{
    for (int tap = row_begin; tap < row_end; tap++)
        for (int output = 0; output < OUTPUTS; output += 16) {
            float16 sum = vload16(0, partial + tap * PADDED + output);
            for (int chunk = 1; chunk < CHUNKS; chunk++)
                sum += vload16(0, partial + (chunk * TAPS + tap) * PADDED + output);
            float part[16];
            vstore16(sum, 0, part);
            for (int o = output; o < min(output + 16, OUTPUTS); o++)
                dw[DW_OFFSET + o * TAPS + tap] = part[o - output];
        }
}

#undef PASTE_
#undef PASTE
#undef pack_line
#undef multiply_tile
#undef TAPS
#undef PADDED
#undef CHUNKS
#undef IS_ONE_LINE
#undef NAME
#undef X_OFFSET
#undef DY_OFFSET
#undef DW_OFFSET
#undef DY_SAMPLE
#undef DY_OUTPUT
#undef DY_ROW
#undef X_SAMPLE
#undef X_CHANNEL
#undef X_ROW
#undef SAMPLES
#undef CHANNELS
#undef OUTPUTS
#undef KERNEL_HEIGHT
#undef KERNEL_WIDTH
#undef OUT_HEIGHT
#undef OUT_WIDTH
#undef STRIDE_Y
#undef STRIDE_X
#undef CHUNK
#undef TILE_TAPS
#undef PANEL_ROWS
#undef SIDE
#undef TRANSPOSE
#undef VECTORS
#undef TILE_OUTPUTS
