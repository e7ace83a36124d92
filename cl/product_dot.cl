/* Matrix product C[b] = A[b] B[b]^T by dot products of rows, for CPU devices and few, long rows.
 *
 * A [M, K], B [N, K], C [M, N]: float32, row-major, dense. Both operands are read as vectors of
 * LANES along K, nothing is copied; each element of C has LANES partial sums, added up at the end as
 * a fixed tree.
 *
 * Needs macros:
 *   NAME                        the function's name
 *   M N K                       extents, at least 1
 *   STRIDE_A STRIDE_B           elements from one batch entry to the next, 0 for one shared matrix
 *   A_OFFSET B_OFFSET C_OFFSET  where the operands begin in their buffers, in elements
 *   LANES                       width of a vector: 8 or 16
 *   TILE_ROWS TILE_COLUMNS      a register tile, at most M and N, their product at most 24
 *
 * Called from a kernel of one work-item a group, for rows [row_begin, row_end), at least TILE_ROWS
 * of them or all that there are up to row_end, and columns [column_begin, column_end), likewise, of
 * batch entry `layer`. It takes no scratch. */

#define PASTE_(a, b)  a##b
#define PASTE(a, b)   PASTE_(a, b)
#define sum_lanes     PASTE(NAME, _sum)
#define load_tail     PASTE(NAME, _tail)
#define multiply_tile PASTE(NAME, _tile)
#define VECTOR        PASTE(float, LANES)
#define LOAD          PASTE(vload, LANES)

/* Adds lanes 8, 4, 2 and 1 apart. */
float sum_lanes(VECTOR lanes)
{
#if LANES == 16
    const float8 eight = lanes.lo + lanes.hi;
#else
    const float8 eight = lanes;
#endif
    const float4 four = eight.lo + eight.hi;
    const float2 two = four.lo + four.hi;
    return two.s0 + two.s1;
}

/* The last K % LANES elements of a row in lanes of their own, zero in the others. */
VECTOR load_tail(global const float *restrict row)
{
    float lanes[LANES];
#pragma unroll
    for (int l = 0; l < LANES; l++)
        lanes[l] = l < K % LANES ? row[K / LANES * LANES + (l < K % LANES ? l : 0)] : 0.0f;
    return LOAD(0, lanes);
}

/* One register tile; only elements from (first_row, first_column) on are stored. */
void multiply_tile(global const float *restrict a, global const float *restrict b,
                   global float *restrict c, int first_row, int first_column)
{
    VECTOR sum[TILE_ROWS][TILE_COLUMNS];
#pragma unroll
    for (int i = 0; i < TILE_ROWS; i++)
#pragma unroll
        for (int j = 0; j < TILE_COLUMNS; j++) sum[i][j] = (VECTOR)(0.0f);

    for (int k = 0; k < K / LANES * LANES; k += LANES) {
        VECTOR left[TILE_ROWS];
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++) left[i] = LOAD(0, a + i * K + k);
#pragma unroll
        for (int j = 0; j < TILE_COLUMNS; j++) {
            const VECTOR right = LOAD(0, b + j * K + k);
#pragma unroll
            for (int i = 0; i < TILE_ROWS; i++) sum[i][j] = fma(left[i], right, sum[i][j]);
        }
    }
#if K % LANES
    {
        VECTOR left[TILE_ROWS];
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++) left[i] = load_tail(a + i * K);
#pragma unroll
        for (int j = 0; j < TILE_COLUMNS; j++) {
            const VECTOR right = load_tail(b + j * K);
#pragma unroll
            for (int i = 0; i < TILE_ROWS; i++) sum[i][j] = fma(left[i], right, sum[i][j]);
        }
    }
#endif

#pragma unroll
    for (int i = 0; i < TILE_ROWS; i++)
#pragma unroll
        for (int j = 0; j < TILE_COLUMNS; j++)
            if (i >= first_row && j >= first_column) c[i * N + j] = sum_lanes(sum[i][j]);
}

void NAME(global const float *restrict a, global const float *restrict b, global float *restrict c,
          local float *restrict scratch, int row_begin, int row_end, int column_begin,
          int column_end, int layer)
{
    a += A_OFFSET + (size_t)layer * STRIDE_A;
    b += B_OFFSET + (size_t)layer * STRIDE_B;
    c += C_OFFSET + (size_t)layer * (M * N);

    for (int row = row_begin; row < row_end; row += TILE_ROWS) {
        const int top = min(row, row_end - TILE_ROWS); /* the last tiles move back */
        for (int column = column_begin; column < column_end; column += TILE_COLUMNS) {
            const int left = min(column, column_end - TILE_COLUMNS);
            multiply_tile(a + top * K, b + left * K, c + top * N + left, row - top, column - left);
        }
    }
}

#undef PASTE_
#undef PASTE
#undef sum_lanes
#undef load_tail
#undef multiply_tile
#undef VECTOR
#undef LOAD
#undef NAME
#undef M
#undef N
#undef K
#undef STRIDE_A
#undef STRIDE_B
#undef A_OFFSET
#undef B_OFFSET
#undef C_OFFSET
#undef LANES
#undef TILE_ROWS
#undef TILE_COLUMNS
