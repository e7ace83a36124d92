/* Weight gradient of a convolution of stride 1 on padded input by register tiles, for CPU devices.
 *
 * dy [SAMPLES, OUTPUTS, OUT_HEIGHT, OUT_WIDTH] and
 * x [SAMPLES, CHANNELS, HEIGHT, WIDTH], already padded, their rows dense,
 * dw [OUTPUTS, TAPS] with TAPS = CHANNELS KERNEL_HEIGHT KERNEL_WIDTH, dense: float32, row-major;
 * OUT_HEIGHT = HEIGHT - KERNEL_HEIGHT + 1 and OUT_WIDTH likewise. One dimension is
 * HEIGHT = KERNEL_HEIGHT = 1.
 *   dw[o, (c, i, j)] = sum over n, p, q of dy[n, o, p, q] x[n, c, p+i, q+j]
 *
 * NAME sums CHUNK samples: an element has LANES partial sums in a register, which add up as a fixed
 * tree to partial [ceil(SAMPLES / CHUNK), OUTPUTS, TAPS]. NAME_sum adds the chunks in order. So the
 * result is the same in every run.
 *
 * Needs macros:
 *   NAME                          the first function's name
 *   X_OFFSET DY_OFFSET DW_OFFSET  where x, dy and dw begin in their buffers, in elements
 *   DY_SAMPLE DY_OUTPUT DY_ROW    elements from a sample, output channel, row of dy to the next
 *   X_SAMPLE X_CHANNEL X_ROW      elements from a sample, channel, row of x to the next
 *   SAMPLES CHANNELS OUTPUTS HEIGHT WIDTH KERNEL_HEIGHT KERNEL_WIDTH
 *   CHUNK                         samples of a work-item, 1 <= CHUNK <= SAMPLES
 *   LANES                         width of a vector: 4, 8 or 16; at most OUT_WIDTH, or 2 OUT_WIDTH
 *                                 if OUT_HEIGHT > 1
 *   TILE_OUTPUTS TILE_TAPS        a register tile: at most OUTPUTS and TAPS, product at most 24
 *
 * Called from kernels of one work-item a group: NAME(dy, x, partial) for the chunk of samples
 * [row_begin, row_end), row_begin a multiple of CHUNK, and output channels [column_begin, column_end),
 * column_begin a multiple of TILE_OUTPUTS; then NAME_sum(partial, partial, dw) for elements
 * [row_begin, row_end) of dw. Neither takes scratch. */

#define PASTE_(a, b)  a##b
#define PASTE(a, b)   PASTE_(a, b)
#define sum_lanes     PASTE(NAME, _lanes)
#define kept_lanes    PASTE(NAME, _kept)
#define multiply_tile PASTE(NAME, _tile)
#define VECTOR        PASTE(float, LANES)
#define BITS          PASTE(int, LANES)
#define AS_BITS       PASTE(as_int, LANES)
#define AS_VECTOR     PASTE(as_float, LANES)
#define LOAD          PASTE(vload, LANES)
#if LANES == 16
#define FIRST_LANES(v) (v)
#elif LANES == 8
#define FIRST_LANES(v) ((v).lo)
#else
#define FIRST_LANES(v) ((v).lo.lo)
#endif
#define OUT_HEIGHT (HEIGHT - KERNEL_HEIGHT + 1)
#define OUT_WIDTH  (WIDTH - KERNEL_WIDTH + 1)
#define TAPS       (CHANNELS * KERNEL_HEIGHT * KERNEL_WIDTH)
#define FULL_WIDTH (OUT_WIDTH / LANES * LANES)
#define CHUNKS     ((SAMPLES + CHUNK - 1) / CHUNK)

/* Adds lanes LANES / 2, ... 2 and 1 apart. */
float sum_lanes(VECTOR lanes)
{
    const uint16 lane = (uint16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#pragma unroll
    for (uint apart = LANES / 2; apart > 0; apart /= 2)
        lanes += shuffle(lanes, FIRST_LANES(lane) ^ apart);
    return lanes.s0;
}

/* The last vector of a row is moved back so far that it ends with the row; a row narrower than a
 * vector has no other, and where it is the first of its plane the vector begins with it. */
#if OUT_WIDTH > LANES
#define BACK(p) (LANES - OUT_WIDTH % LANES)
#else
#define BACK(p) ((p) > 0 ? LANES - OUT_WIDTH : 0)
#endif

#if FULL_WIDTH != OUT_WIDTH
/* All bits in the lanes that no other vector of the row has. */
BITS kept_lanes(int back)
{
    const int16 lane = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return FIRST_LANES(lane) >= back && FIRST_LANES(lane) < back + OUT_WIDTH % LANES;
}
#endif

/* One register tile: samples [0, count) of dy and x; what comes before (first_output, first_tap) is
 * left alone. */
void multiply_tile(global const float *restrict dy, global const float *restrict x,
                   global float *restrict partial, int tap, int count, int first_output,
                   int first_tap)
{
    VECTOR sum[TILE_OUTPUTS][TILE_TAPS];
    int offset[TILE_TAPS];
#pragma unroll
    for (int t = 0; t < TILE_TAPS; t++) {
        const int line = (tap + t) / KERNEL_WIDTH, c = (tap + t) / (KERNEL_HEIGHT * KERNEL_WIDTH);
        /* c X_CHANNEL + i X_ROW + j; line = c KERNEL_HEIGHT + i, tap + t = line KERNEL_WIDTH + j */
        offset[t] =
            tap + t + line * (X_ROW - KERNEL_WIDTH) + c * (X_CHANNEL - KERNEL_HEIGHT * X_ROW);
#pragma unroll
        for (int o = 0; o < TILE_OUTPUTS; o++) sum[o][t] = (VECTOR)(0.0f);
    }

    for (int n = 0; n < count; n++)
        for (int p = 0; p < OUT_HEIGHT; p++) {
            global const float *dy_row = dy + n * DY_SAMPLE + p * DY_ROW;
            global const float *x_row = x + n * X_SAMPLE + p * X_ROW;
            for (int q = 0; q + LANES <= OUT_WIDTH; q += LANES) {
                VECTOR upstream[TILE_OUTPUTS];
#pragma unroll
                for (int o = 0; o < TILE_OUTPUTS; o++)
                    upstream[o] = LOAD(0, dy_row + o * DY_OUTPUT + q);
#pragma unroll
                for (int t = 0; t < TILE_TAPS; t++) {
                    const VECTOR piece = LOAD(0, x_row + offset[t] + q);
#pragma unroll
                    for (int o = 0; o < TILE_OUTPUTS; o++)
                        sum[o][t] = fma(upstream[o], piece, sum[o][t]);
                }
            }
#if FULL_WIDTH != OUT_WIDTH
            const int at = FULL_WIDTH - BACK(p);
            const BITS kept = kept_lanes(FULL_WIDTH - at);
            VECTOR upstream[TILE_OUTPUTS];
#pragma unroll
            for (int o = 0; o < TILE_OUTPUTS; o++)
                upstream[o] = AS_VECTOR(AS_BITS(LOAD(0, dy_row + o * DY_OUTPUT + at)) & kept);
#pragma unroll
            for (int t = 0; t < TILE_TAPS; t++) {
                const VECTOR piece = LOAD(0, x_row + offset[t] + at);
#pragma unroll
                for (int o = 0; o < TILE_OUTPUTS; o++)
                    sum[o][t] = fma(upstream[o], piece, sum[o][t]);
            }
#endif
        }

#pragma unroll
    for (int o = 0; o < TILE_OUTPUTS; o++)
#pragma unroll
        for (int t = 0; t < TILE_TAPS; t++)
            if (o >= first_output && t >= first_tap)
                partial[o * TAPS + tap + t] = sum_lanes(sum[o][t]);
}

void NAME(global const float *restrict dy, global const float *restrict x,
          global float *restrict partial, local float *restrict scratch, int row_begin, int row_end,
          int column_begin, int column_end, int layer)
{
    dy += DY_OFFSET + (size_t)row_begin * DY_SAMPLE;
    x += X_OFFSET + (size_t)row_begin * X_SAMPLE;
    partial += (size_t)(row_begin / CHUNK) * (OUTPUTS * TAPS);

    for (int output = column_begin; output < column_end; output += TILE_OUTPUTS) {
        const int base = min(output, OUTPUTS - TILE_OUTPUTS); /* the last tiles move back */
        for (int tap = 0; tap < TAPS; tap += TILE_TAPS) {
            const int at = min(tap, TAPS - TILE_TAPS);
            multiply_tile(dy + base * DY_OUTPUT, x, partial + base * TAPS, at, row_end - row_begin,
                          output - base, tap - at);
        }
    }
}

void PASTE(NAME, _sum)(global const float *restrict partial, global const float *restrict same,
                       global float *restrict dw, local float *restrict scratch, int row_begin,
                       int row_end, int column_begin, int column_end, int layer)
{
    dw += DW_OFFSET;
    for (int element = row_begin; element < row_end; element++) dw[element] = partial[element];
    for (int chunk = 1; chunk < CHUNKS; chunk++)
        for (int element = row_begin; element < row_end; element++)
            dw[element] += partial[chunk * (OUTPUTS * TAPS) + element];
}

#undef PASTE_
#undef PASTE
#undef sum_lanes
#undef kept_lanes
#undef multiply_tile
#undef VECTOR
#undef BITS
#undef AS_BITS
#undef AS_VECTOR
#undef LOAD
#undef FIRST_LANES
#undef OUT_HEIGHT
#undef OUT_WIDTH
#undef TAPS
#undef DY_SAMPLE
#undef X_SAMPLE
#undef X_CHANNEL
#undef X_ROW
#undef FULL_WIDTH
#undef BACK
#undef CHUNKS
#undef NAME
#undef SAMPLES
#undef CHANNELS
#undef OUTPUTS
#undef HEIGHT
#undef WIDTH
#undef KERNEL_HEIGHT
#undef KERNEL_WIDTH
#undef CHUNK
#undef LANES
#undef TILE_OUTPUTS
#undef TILE_TAPS
#undef X_OFFSET
#undef DY_OFFSET
#undef DY_OUTPUT
#undef DY_ROW
#undef DW_OFFSET
