/* Matrix product C[b] = op(A[b]) op(B[b]) by register tiles, for CPU devices.
 *
 * A [M, K] (TRANSPOSE_A 0) or [K, M] (1), B [K, N] (TRANSPOSE_B 0) or [N, K] (1), C [M, N]:
 * float32, row-major, dense.
 *
 * A panel of B, DEPTH x 16 COLUMN_VECTORS, is copied to local memory, where it lies contiguous and
 * padded with zeros; it is multiplied with every tile of TILE_ROWS rows of A, each element of A
 * broadcast against vectors of B. A large A, whose rows or columns would fall out of the cache
 * between two uses, is copied too, COPY_ROWS rows at a time, and then PANELS panels of B lie in local
 * memory together, so that each is copied once. Products are summed in ascending order of k, so the
 * result depends on no block size.
 *
 * Needs macros:
 *   NAME                        the function's name
 *   M N K                       extents, at least 1
 *   TRANSPOSE_A TRANSPOSE_B     0 or 1
 *   STRIDE_A STRIDE_B           elements from one batch entry to the next, 0 for one shared matrix
 *   A_OFFSET B_OFFSET C_OFFSET  where the operands begin in their buffers, in elements
 *   TILE_ROWS                   rows of a register tile, 1 <= TILE_ROWS <= min(M, 12)
 *   COLUMN_VECTORS              vectors of 16 columns of a register tile, 1 or 2
 *   DEPTH                       rows of B in a panel, 1 <= DEPTH <= K
 *   COPY_ROWS                   rows of A that are copied to local memory at a time, a multiple of
 *                               TILE_ROWS; 1: A is read where it lies
 *   TRANSPOSED                  side of the blocks in which a transposed B is copied: 8 or 16, the
 *                               floats of a register
 *   PANELS                      panels of B in local memory at a time; 1 where A is not copied
 *
 * Called from a kernel of one work-item a group, for rows [row_begin, row_end), at least TILE_ROWS
 * of them or all that there are up to row_end, and columns [column_begin, column_end) of batch entry
 * `layer`; column_begin is a multiple of 16 COLUMN_VECTORS. scratch holds 16 DEPTH COLUMN_VECTORS
 * PANELS floats, with copies DEPTH COPY_ROWS more, and is aligned to 64 bytes. */

#define PASTE_(a, b)    a##b
#define PASTE(a, b)     PASTE_(a, b)
#define transpose_block PASTE(NAME, _transpose)
#define transpose_rows  PASTE(NAME, _transpose_rows)
#define pack_columns    PASTE(NAME, _pack)
#define pack_rows       PASTE(NAME, _pack_rows)
#define copy_block      PASTE(NAME, _copy)
#define load_columns    PASTE(NAME, _load)
#define store_columns   PASTE(NAME, _store)
#define multiply_tile   PASTE(NAME, _tile)
#define TILE_COLUMNS    (16 * COLUMN_VECTORS)
#define B_ROW           (TRANSPOSE_B ? 1 : N) /* elements from one k to the next      */
#define B_COLUMN        (TRANSPOSE_B ? K : 1) /* elements from one column to the next */
#define COPY_A          (COPY_ROWS > 1)
#if COPY_A
#define A_SPACE  local
#define A_ROW    1         /* elements of A, as a tile reads it, from one row to the next */
#define A_COLUMN TILE_ROWS /* and from one k to the next                                  */
#else
#define A_SPACE  global
#define A_ROW    (TRANSPOSE_A ? 1 : K)
#define A_COLUMN (TRANSPOSE_A ? M : 1)
#endif

#if TRANSPOSE_B
#if TRANSPOSED == 16
/* Transposes a 16 x 16 block in four rounds, each interleaving row i with row i + 8. */
void transpose_block(global const float *restrict source, local float *restrict target)
{
    const uint16 low = (uint16)(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const uint16 high = low + 8u;
    float16 row[16], next[16];
#pragma unroll
    for (int i = 0; i < 16; i++) row[i] = vload16(0, source + i * K);
#pragma unroll
    for (int round = 0; round < 2; round++) {
#pragma unroll
        for (int i = 0; i < 8; i++) {
            next[2 * i] = shuffle2(row[i], row[i + 8], low);
            next[2 * i + 1] = shuffle2(row[i], row[i + 8], high);
        }
#pragma unroll
        for (int i = 0; i < 8; i++) {
            row[2 * i] = shuffle2(next[i], next[i + 8], low);
            row[2 * i + 1] = shuffle2(next[i], next[i + 8], high);
        }
    }
#pragma unroll
    for (int i = 0; i < 16; i++) vstore16(row[i], 0, target + i * TILE_COLUMNS);
}
#else
/* Transposes an 8 x 8 block in three rounds, by floats, pairs and quads; the first two stay within
 * halves of a vector. */
void transpose_block(global const float *restrict source, local float *restrict target)
{
    float8 row[8], next[8];
#pragma unroll
    for (int i = 0; i < 8; i++) row[i] = vload8(0, source + i * K);
#pragma unroll
    for (int i = 0; i < 8; i += 2) {
        next[i] = shuffle2(row[i], row[i + 1], (uint8)(0, 8, 1, 9, 4, 12, 5, 13));
        next[i + 1] = shuffle2(row[i], row[i + 1], (uint8)(2, 10, 3, 11, 6, 14, 7, 15));
    }
#pragma unroll
    for (int i = 0; i < 8; i += 4)
#pragma unroll
        for (int j = 0; j < 2; j++) {
            const float8 upper = next[i + j], lower = next[i + j + 2];
            row[i + 2 * j] = shuffle2(upper, lower, (uint8)(0, 1, 8, 9, 4, 5, 12, 13));
            row[i + 2 * j + 1] = shuffle2(upper, lower, (uint8)(2, 3, 10, 11, 6, 7, 14, 15));
        }
#pragma unroll
    for (int i = 0; i < 4; i++) {
        vstore8(shuffle2(row[i], row[i + 4], (uint8)(0, 1, 2, 3, 8, 9, 10, 11)), 0,
                target + i * TILE_COLUMNS);
        vstore8(shuffle2(row[i], row[i + 4], (uint8)(4, 5, 6, 7, 12, 13, 14, 15)), 0,
                target + (i + 4) * TILE_COLUMNS);
    }
}
#endif
#endif

/* Copies `depth` rows of `width` columns of B, zeros beyond. */
void pack_columns(global const float *restrict b, local float *restrict panel, int depth, int width)
{
    int k = 0;
    if (width == TILE_COLUMNS) {
#if TRANSPOSE_B
        /* few rows of B at a time: of powers of two apart, they would drive each other from the cache */
        for (int j = 0; j < TILE_COLUMNS; j += TRANSPOSED)
            for (k = 0; k + TRANSPOSED <= depth; k += TRANSPOSED)
                transpose_block(b + j * K + k, panel + k * TILE_COLUMNS + j);
#else
        for (; k < depth; k++)
            for (int j = 0; j < TILE_COLUMNS; j += 16)
                vstore16(vload16(0, b + k * N + j), 0, panel + k * TILE_COLUMNS + j);
#endif
    }
    for (; k < depth; k++)
        for (int j = 0; j < TILE_COLUMNS; j++)
            panel[k * TILE_COLUMNS + j] = j < width ? b[k * B_ROW + j * B_COLUMN] : 0.0f;
}

#if COPY_A
#if !TRANSPOSE_A && TILE_ROWS == 8
/* Transposes an 8 x 8 block in three rounds, each interleaving row i with row i + 4. */
void transpose_rows(global const float *restrict source, local float *restrict target)
{
    const uint8 low = (uint8)(0, 8, 1, 9, 2, 10, 3, 11), high = low + 4u;
    float8 row[8], next[8];
#pragma unroll
    for (int i = 0; i < 8; i++) row[i] = vload8(0, source + i * K);
#pragma unroll
    for (int round = 0; round < 3; round++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            next[2 * i] = shuffle2(row[i], row[i + 4], low);
            next[2 * i + 1] = shuffle2(row[i], row[i + 4], high);
        }
#pragma unroll
        for (int i = 0; i < 8; i++) row[i] = next[i];
    }
#pragma unroll
    for (int i = 0; i < 8; i++) vstore8(row[i], 0, target + i * 8);
}
#endif

/* Copies `depth` columns of one tile of rows of A: block[k][row]. */
void pack_rows(global const float *restrict a, local float *restrict block, int depth)
{
    int k = 0;
#if TRANSPOSE_A && TILE_ROWS == 8
    for (; k < depth; k++) vstore8(vload8(0, a + k * M), 0, block + k * 8);
#elif !TRANSPOSE_A && TILE_ROWS == 8
    for (; k + 8 <= depth; k += 8) transpose_rows(a + k, block + k * 8);
#endif
    for (; k < depth; k++)
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++)
            block[k * TILE_ROWS + i] = a[TRANSPOSE_A ? k * M + i : i * K + k];
}
#endif

/* Columns of C that a vector has: all 16, or the first `width`. */
float16 load_columns(global const float *restrict c, int width)
{
    if (width >= 16) return vload16(0, c);
    float part[16];
    for (int j = 0; j < 16; j++) part[j] = j < width ? c[j] : 0.0f;
    return vload16(0, part);
}

void store_columns(float16 sum, global float *restrict c, int width)
{
    if (width >= 16) {
        vstore16(sum, 0, c);
        return;
    }
    float part[16];
    vstore16(sum, 0, part);
    for (int j = 0; j < width; j++) c[j] = part[j];
}

/* One register tile over `depth` of k, which goes on from what C holds unless it starts. Of its
 * rows the first `old` were done before, and are left alone. */
void multiply_tile(A_SPACE const float *restrict a, local const float *restrict panel,
                   global float *restrict c, int depth, int width, int old, bool start)
{
    float16 sum[TILE_ROWS][COLUMN_VECTORS];
#pragma unroll
    for (int i = 0; i < TILE_ROWS; i++)
#pragma unroll
        for (int j = 0; j < COLUMN_VECTORS; j++) {
            sum[i][j] = (float16)(0.0f);
            if (!start && i >= old) sum[i][j] = load_columns(c + i * N + 16 * j, width - 16 * j);
        }

#pragma unroll 4
    for (int k = 0; k < depth; k++) {
        float16 row[COLUMN_VECTORS];
#pragma unroll
        for (int j = 0; j < COLUMN_VECTORS; j++)
            row[j] = vload16(0, panel + k * TILE_COLUMNS + 16 * j);
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++) {
            const float16 factor = (float16)(a[i * A_ROW + k * A_COLUMN]);
#pragma unroll
            for (int j = 0; j < COLUMN_VECTORS; j++) sum[i][j] = fma(factor, row[j], sum[i][j]);
        }
    }

#pragma unroll
    for (int i = 0; i < TILE_ROWS; i++)
#pragma unroll
        for (int j = 0; j < COLUMN_VECTORS; j++)
            if (i >= old) store_columns(sum[i][j], c + i * N + 16 * j, width - 16 * j);
}

#if COPY_A
/* Copies rows [first, last) of A, tile after tile; the last one moves up. */
void copy_block(global const float *restrict a, local float *restrict block, int first, int last,
                int row_end, int depth)
{
    for (int row = first; row < last; row += TILE_ROWS)
        pack_rows(a + min(row, row_end - TILE_ROWS) * (TRANSPOSE_A ? 1 : K),
                  block + (row - first) * DEPTH, depth);
}
#endif

void NAME(global const float *restrict a, global const float *restrict b, global float *restrict c,
          local float *restrict scratch, int row_begin, int row_end, int column_begin,
          int column_end, int layer)
{
    a += A_OFFSET + (size_t)layer * STRIDE_A;
    b += B_OFFSET + (size_t)layer * STRIDE_B;
    c += C_OFFSET + (size_t)layer * (M * N);

#if COPY_A
    local float *block = scratch + DEPTH * TILE_COLUMNS * PANELS;
    for (int k = 0; k < K; k += DEPTH)
        for (int begin = column_begin; begin < column_end; begin += TILE_COLUMNS * PANELS) {
            const int depth = min(DEPTH, K - k);
            const int end = min(begin + TILE_COLUMNS * PANELS, column_end);
            for (int column = begin; column < end; column += TILE_COLUMNS)
                pack_columns(b + k * B_ROW + column * B_COLUMN, scratch + (column - begin) * DEPTH,
                             depth, min(TILE_COLUMNS, end - column));
            for (int first = row_begin; first < row_end; first += COPY_ROWS) {
                const int last = min(first + COPY_ROWS, row_end);
                copy_block(a + k * (TRANSPOSE_A ? M : 1), block, first, last, row_end, depth);
                for (int column = begin; column < end; column += TILE_COLUMNS)
                    for (int row = first; row < last; row += TILE_ROWS) {
                        const int base = min(row, row_end - TILE_ROWS);
                        multiply_tile(block + (row - first) * DEPTH,
                                      scratch + (column - begin) * DEPTH, c + base * N + column,
                                      depth, min(TILE_COLUMNS, end - column), row - base, k == 0);
                    }
            }
        }
#else
    for (int k = 0; k < K; k += DEPTH)
        for (int column = column_begin; column < column_end; column += TILE_COLUMNS) {
            const int depth = min(DEPTH, K - k), width = min(TILE_COLUMNS, column_end - column);
            pack_columns(b + k * B_ROW + column * B_COLUMN, scratch, depth, width);
            for (int row = row_begin; row < row_end; row += TILE_ROWS) {
                const int base = min(row, row_end - TILE_ROWS); /* the last tile moves up */
                multiply_tile(a + base * A_ROW + k * A_COLUMN, scratch, c + base * N + column,
                              depth, width, row - base, k == 0);
            }
        }
#endif
}

#undef PASTE_
#undef PASTE
#undef transpose_block
#undef transpose_rows
#undef pack_columns
#undef pack_rows
#undef load_columns
#undef store_columns
#undef multiply_tile
#undef TILE_COLUMNS
#undef B_ROW
#undef B_COLUMN
#undef COPY_A
#undef COPY_ROWS
#undef PANELS
#undef TRANSPOSED
#undef copy_block
#undef A_SPACE
#undef A_ROW
#undef A_COLUMN
#undef NAME
#undef M
#undef N
#undef K
#undef TRANSPOSE_A
#undef TRANSPOSE_B
#undef STRIDE_A
#undef STRIDE_B
#undef TILE_ROWS
#undef COLUMN_VECTORS
#undef DEPTH
#undef A_OFFSET
#undef B_OFFSET
#undef C_OFFSET
