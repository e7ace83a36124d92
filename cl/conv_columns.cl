/* Convolution of any stride and its data gradient as products of the weights with columns, on CPU
 * devices. A column is what the taps of one position read (im2col); columns are gathered a panel
 * at a time and never stored whole.
 *
 * x [SAMPLES, CHANNELS, ., .] already padded, its rows dense, w dense, y [SAMPLES, OUTPUTS, OUT_HEIGHT,
 * OUT_WIDTH] dense: float32, row-major.
 *   forward (BACKWARD 0), w [OUTPUTS, CHANNELS, KERNEL_HEIGHT, KERNEL_WIDTH]:
 *     y[n, o, p, q] = sum over c, i, j of w[o, c, i, j] x[n, c, p STRIDE_Y + i, q STRIDE_X + j]
 *   data gradient (1), where x is dy, CHANNELS = O and OUTPUTS = C,
 *   w [CHANNELS, OUTPUTS, KERNEL_HEIGHT, KERNEL_WIDTH]:
 *     y[n, o, h, v] = sum over c, i, j, those that divide, of
 *                     w[c, o, i, j] x[n, c, (h + PADDING_Y - i) / STRIDE_Y, (v + PADDING_X - j) / STRIDE_X]
 *   with PADDING at least KERNEL - 1 on both axes, so that nothing outside of x is read
 *
 * Towards the data, taps i of one remainder by STRIDE_Y meet the rows h of one remainder, and columns
 * likewise: STRIDE_Y STRIDE_X phases, each a convolution of stride 1 with some of the taps. So
 * nothing is multiplied in vain, and no two sums meet in one element.
 *
 * A panel holds DEPTH taps of 16 COLUMN_VECTORS positions in local memory; it is multiplied with every
 * tile of TILE_ROWS outputs, each weight broadcast against vectors of positions, as product_tile.cl
 * does it. Products are summed in ascending order of c, i, j, so the result depends on no block size.
 *
 * Needs macros:
 *   NAME                        the function's name
 *   X_OFFSET W_OFFSET Y_OFFSET  where the operands begin in their buffers, in elements
 *   X_SAMPLE X_CHANNEL X_ROW    elements from a sample, channel, row of x to the next
 *   CHANNELS OUTPUTS KERNEL_HEIGHT KERNEL_WIDTH OUT_HEIGHT OUT_WIDTH STRIDE_Y STRIDE_X BACKWARD
 *   PADDING_Y PADDING_X         of a data gradient
 *   LANES                       positions that are copied at a time: 8 or 4, at most those of a phase's row,
 *                               forward STRIDE_X at most 2 and STRIDE_X OUT_WIDTH <= STRIDE_Y X_ROW;
 *                               1 where that is not so
 *   TILE_ROWS                   outputs of a register tile, 1 <= TILE_ROWS <= min(OUTPUTS, 12)
 *   COLUMN_VECTORS              vectors of 16 positions of a register tile, 1 or 2
 *   DEPTH                       taps in a panel, at least 1
 *   LAYERS                      parts that the positions of a phase are cut into
 *
 * Called from a kernel of one work-item a group, for samples [row_begin, row_end), outputs
 * [column_begin, column_end), at least TILE_ROWS of them, and part `layer` of the positions. scratch
 * holds DEPTH (16 COLUMN_VECTORS + 2) floats and is aligned to 64 bytes. */

#define PASTE_(a, b)   a##b
#define PASTE(a, b)    PASTE_(a, b)
#define find_taps      PASTE(NAME, _taps)
#define find_places    PASTE(NAME, _places)
#define load_lanes     PASTE(NAME, _lanes)
#define pack_columns   PASTE(NAME, _pack)
#define multiply_tile  PASTE(NAME, _tile)
#define multiply_phase PASTE(NAME, _phase)
#define TILE_COLUMNS   (16 * COLUMN_VECTORS)
#define TAPS           (KERNEL_HEIGHT * KERNEL_WIDTH)
#define PLANE          (OUT_HEIGHT * OUT_WIDTH)
#if BACKWARD
#define PHASES_Y  STRIDE_Y
#define PHASES_X  STRIDE_X
#define X_STEP_Y  1 /* rows of x from a row of positions to the next */
#define X_STEP_X  1
#define DIRECTION (-1) /* of x, from a tap to the next */
#define W_OUTPUT  TAPS
#define W_CHANNEL (OUTPUTS * TAPS)
#else
#define PHASES_Y  1
#define PHASES_X  1
#define X_STEP_Y  STRIDE_Y
#define X_STEP_X  STRIDE_X
#define DIRECTION 1
#define W_OUTPUT  (CHANNELS * TAPS)
#define W_CHANNEL TAPS
#endif
#define SCATTERS (PHASES_Y * PHASES_X > 1) /* positions of a phase lie apart in y */

/* Where taps [begin, begin + depth) of a phase, of which a channel has [rows, width], read x and w. */
void find_taps(local int *restrict tap, local int *restrict weight, int begin, int depth, int rows,
               int width)
{
    int j = begin % width, i = begin / width % rows, c = begin / (width * rows);
    for (int k = 0; k < depth; k++) {
        tap[k] = c * X_CHANNEL + DIRECTION * (i * X_ROW + j);
        weight[k] = c * W_CHANNEL + i * (PHASES_Y * KERNEL_WIDTH) + j * PHASES_X;
        if (++j < width) continue;
        j = 0;
        if (++i < rows) continue;
        i = 0;
        c++;
    }
}

/* Where positions [begin, begin + count) of a phase with rows of `width` read x and write y. */
void find_places(int *restrict place, int *restrict target, int begin, int count, int width)
{
    int q = begin % width, p = begin / width;
    for (int j = 0; j < count; j++) {
        place[j] = p * (X_STEP_Y * X_ROW) + q * X_STEP_X;
        target[j] = p * (PHASES_Y * OUT_WIDTH) + q * PHASES_X;
        if (++q < width) continue;
        q = 0;
        p++;
    }
}

#if LANES > 1
#define VECTOR PASTE(float, LANES)
#define MASK   PASTE(int, LANES)
#define LOAD   PASTE(vload, LANES)
#define STORE  PASTE(vstore, LANES)

/* LANES positions of one row. */
VECTOR load_lanes(global const float *restrict x)
{
#if X_STEP_X == 1
    return LOAD(0, x);
#elif LANES == 8 /* not a float further than the last one */
    return shuffle2(LOAD(0, x), LOAD(0, x + 7), (uint8)(0, 2, 4, 6, 9, 11, 13, 15));
#else
    return shuffle2(LOAD(0, x), LOAD(0, x + 3), (uint4)(0, 2, 5, 7));
#endif
}
#endif

/* Gathers `depth` taps of `width` positions, zeros beyond. */
void pack_columns(global const float *restrict x, local float *restrict panel,
                  local const int *restrict tap, const int *restrict place, int depth, int width)
{
    for (int first = 0; first < TILE_COLUMNS; first += LANES) {
        local float *restrict target = panel + first;
#if LANES > 1
        if (first + LANES <= width) { /* they lie in one row, or in two */
            int lanes = 1;
            while (lanes < LANES && place[first + lanes] == place[first] + lanes * X_STEP_X) lanes++;
            global const float *row = x + place[first];
            if (lanes == LANES) {
                for (int k = 0; k < depth; k++)
                    STORE(load_lanes(row + tap[k]), 0, target + k * TILE_COLUMNS);
                continue;
            }
            global const float *next = x + place[first + lanes] - lanes * X_STEP_X;
            int of_next[LANES];
            for (int j = 0; j < LANES; j++) of_next[j] = j < lanes ? 0 : -1;
            const MASK mask = LOAD(0, of_next);
            for (int k = 0; k < depth; k++)
                STORE(select(load_lanes(row + tap[k]), load_lanes(next + tap[k]), mask), 0,
                      target + k * TILE_COLUMNS);
            continue;
        }
#endif
        for (int k = 0; k < depth; k++)
            for (int j = 0; j < LANES; j++)
                target[k * TILE_COLUMNS + j] =
                    first + j < width ? x[tap[k] + place[first + j]] : 0.0f;
    }
}

/* One register tile over `depth` taps, which goes on from what y holds unless it starts. Of its
 * outputs the first `old` were done before, and are left alone. */
void multiply_tile(global const float *restrict w, local const int *restrict weight,
                   local const float *restrict panel, global float *restrict y,
                   const int *restrict target, int depth, int width, int old, bool start)
{
    const bool is_whole = !SCATTERS && width == TILE_COLUMNS; /* else y goes through `part` */
    float part[TILE_ROWS * TILE_COLUMNS];
    float16 sum[TILE_ROWS][COLUMN_VECTORS];
    if (!start && !is_whole)
        for (int i = old; i < TILE_ROWS; i++)
            for (int j = 0; j < TILE_COLUMNS; j++)
                part[i * TILE_COLUMNS + j] =
                    j < width ? y[i * PLANE + (SCATTERS ? target[j] : j)] : 0.0f;
#pragma unroll
    for (int i = 0; i < TILE_ROWS; i++)
#pragma unroll
        for (int j = 0; j < COLUMN_VECTORS; j++) {
            sum[i][j] = (float16)(0.0f);
            if (!start && i >= old)
                sum[i][j] = is_whole ? vload16(j, y + i * PLANE)
                                     : vload16(i * COLUMN_VECTORS + j, part);
        }

#pragma unroll 4
    for (int k = 0; k < depth; k++) {
        float16 row[COLUMN_VECTORS];
#pragma unroll
        for (int j = 0; j < COLUMN_VECTORS; j++)
            row[j] = vload16(0, panel + k * TILE_COLUMNS + 16 * j);
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++) {
            const float16 factor = (float16)(w[i * W_OUTPUT + (BACKWARD ? weight[k] : k)]);
#pragma unroll
            for (int j = 0; j < COLUMN_VECTORS; j++) sum[i][j] = fma(factor, row[j], sum[i][j]);
        }
    }

#pragma unroll
    for (int i = 0; i < TILE_ROWS; i++)
#pragma unroll
        for (int j = 0; j < COLUMN_VECTORS; j++) {
            if (!is_whole)
                vstore16(sum[i][j], i * COLUMN_VECTORS + j, part);
            else if (i >= old)
                vstore16(sum[i][j], j, y + i * PLANE);
        }
    if (!is_whole)
        for (int i = old; i < TILE_ROWS; i++)
            for (int j = 0; j < width; j++)
                y[i * PLANE + (SCATTERS ? target[j] : j)] = part[i * TILE_COLUMNS + j];
}

/* A phase of samples [row_begin, row_end), as of NAME. */
void multiply_phase(global const float *restrict x, global const float *restrict w,
                    global float *restrict y, local float *restrict scratch, int phase,
                    int row_begin, int row_end, int column_begin, int column_end, int layer)
{
    local int *tap = (local int *)(scratch + DEPTH * TILE_COLUMNS), *weight = tap + DEPTH;
    int place[TILE_COLUMNS], target[TILE_COLUMNS];
    /* its first tap, and the taps and positions that have its remainder */
    const int i = phase / PHASES_X, j = phase % PHASES_X;
    const int tap_rows = (KERNEL_HEIGHT - i + PHASES_Y - 1) / PHASES_Y;
    const int tap_width = (KERNEL_WIDTH - j + PHASES_X - 1) / PHASES_X;
#if BACKWARD
    const int p = (PHASES_Y - (PADDING_Y - i) % PHASES_Y) % PHASES_Y;
    const int q = (PHASES_X - (PADDING_X - j) % PHASES_X) % PHASES_X;
    const int origin = (p + PADDING_Y - i) / PHASES_Y * X_ROW + (q + PADDING_X - j) / PHASES_X;
#else
    const int p = 0, q = 0, origin = 0;
#endif
    const int height = (OUT_HEIGHT - p + PHASES_Y - 1) / PHASES_Y;
    const int width = (OUT_WIDTH - q + PHASES_X - 1) / PHASES_X;
    const int count = CHANNELS * tap_rows * tap_width; /* none where the stride is larger */
    const int tiles = (height * width + TILE_COLUMNS - 1) / TILE_COLUMNS;
    const int begin = tiles * layer / LAYERS * TILE_COLUMNS;
    const int end = min(tiles * (layer + 1) / LAYERS * TILE_COLUMNS, height * width);

    for (int k = 0; k == 0 || k < count; k += DEPTH) {
        const int depth = min(DEPTH, count - k);
        if (depth > 0) find_taps(tap, weight, k, depth, tap_rows, tap_width);
        for (int n = row_begin; n < row_end; n++)
            for (int position = begin; position < end; position += TILE_COLUMNS) {
                const int columns = min(TILE_COLUMNS, end - position);
                find_places(place, target, position, columns, width);
                pack_columns(x + X_OFFSET + (size_t)n * X_SAMPLE + origin, scratch, tap, place,
                             depth, columns);
                for (int row = column_begin; row < column_end; row += TILE_ROWS) {
                    const int base = min(row, column_end - TILE_ROWS); /* the last moves up */
                    multiply_tile(w + W_OFFSET + base * W_OUTPUT +
                                      (BACKWARD ? i * KERNEL_WIDTH + j : k),
                                  weight, scratch,
                                  y + Y_OFFSET + ((size_t)n * OUTPUTS + base) * PLANE +
                                      (SCATTERS ? p * OUT_WIDTH + q : position),
                                  target, depth, columns, row - base, k == 0);
                }
            }
    }
}

void NAME(global const float *restrict x, global const float *restrict w, global float *restrict y,
          local float *restrict scratch, int row_begin, int row_end, int column_begin,
          int column_end, int layer)
{
#if SCATTERS /* all phases of a sample while the caches hold it */
    for (int n = row_begin; n < row_end; n++)
        for (int phase = 0; phase < PHASES_Y * PHASES_X; phase++)
            multiply_phase(x, w, y, scratch, phase, n, n + 1, column_begin, column_end, layer);
#else
    multiply_phase(x, w, y, scratch, 0, row_begin, row_end, column_begin, column_end, layer);
#endif
}

#undef PASTE_
#undef PASTE
#undef find_taps
#undef find_places
#undef load_lanes
#undef pack_columns
#undef multiply_tile
#undef multiply_phase
#undef VECTOR
#undef MASK
#undef LOAD
#undef STORE
#undef TILE_COLUMNS
#undef TAPS
#undef PLANE
#undef PHASES_Y
#undef PHASES_X
#undef X_STEP_Y
#undef X_STEP_X
#undef DIRECTION
#undef W_OUTPUT
#undef W_CHANNEL
#undef SCATTERS
#undef NAME
#undef X_OFFSET
#undef W_OFFSET
#undef Y_OFFSET
#undef X_SAMPLE
#undef X_CHANNEL
#undef X_ROW
#undef CHANNELS
#undef OUTPUTS
#undef KERNEL_HEIGHT
#undef KERNEL_WIDTH
#undef OUT_HEIGHT
#undef OUT_WIDTH
#undef STRIDE_Y
#undef STRIDE_X
#undef BACKWARD
#undef PADDING_Y
#undef PADDING_X
#undef LANES
#undef TILE_ROWS
#undef COLUMN_VECTORS
#undef DEPTH
#undef LAYERS
