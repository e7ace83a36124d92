/* Matrix product C[b] = op(A[b]) op(B[b]) by register tiles, for CPU devices.
 *
 * A [M, K] (TRANSPOSE_A 0) or [K, M] (1), B [K, N] (TRANSPOSE_B 0) or [N, K] (1), C [M, N]:
 * float32, row-major, dense.
 *
 * A panel of B, DEPTH x 16 COLUMN_VECTORS, is copied to local memory, where it lies contiguous; what
 * columns beyond the last hold is multiplied and dropped. Every tile of TILE_ROWS rows of A is
 * multiplied with it, each element of A broadcast against vectors of B. Few rows of A take B where it
 * lies. A large A, whose rows or columns would fall out of the cache between two uses, is copied too,
 * COPY_ROWS rows at a time, and then PANELS panels of B lie in local memory together, so that each is
 * copied once. Products are summed in ascending order of k, so the result depends on no block size.
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
 *   TRANSPOSE_SIDE TRANSPOSE    of blocks in which a transposed B is copied, and the function of
 *                               transpose.cl that copies one; needed with TRANSPOSE_B
 *   TRANSPOSE_8                 its function for blocks of 8; needed where A is copied by 6 or 8 rows
 *   COPY_B                      whether B is copied; may be 0 where neither A is copied nor B is
 *                               transposed and N is a multiple of 16 COLUMN_VECTORS
 *   PANELS                      panels of B in local memory at a time; 1 where A is not copied
 *
 * Called from a kernel of one work-item a group, for rows [row_begin, row_end), at least TILE_ROWS
 * of them or all that there are up to row_end, and columns [column_begin, column_end) of batch entry
 * `layer`; both are multiples of 16 COLUMN_VECTORS, but for a column_end of N. With COPY_B scratch
 * holds 16 DEPTH COLUMN_VECTORS PANELS floats, with copies of A DEPTH COPY_ROWS more, and is aligned to
 * 64 bytes. */

#define PASTE_(a, b)    a##b
#define PASTE(a, b)     PASTE_(a, b)
#define pack_columns    PASTE(NAME, _pack)
#define pack_rows       PASTE(NAME, _pack_rows)
#define copy_block      PASTE(NAME, _copy)
#define load_columns    PASTE(NAME, _load)
#define store_columns   PASTE(NAME, _store)
#define multiply_tile   PASTE(NAME, _tile)
#define TILE_COLUMNS    (16 * COLUMN_VECTORS)
#define B_ROW           (TRANSPOSE_B ? 1 : N) /* elements from one k to the next      */
#define B_COLUMN        (TRANSPOSE_B ? K : 1) /* elements from one column to the next */
/* elements of B from there on, as many as an int holds */
#define B_LEFT(k, column) ((int)min((long)(K - (k)) * N - (column), 0x7fffffffL))
#define COPY_A          (COPY_ROWS > 1)
#if COPY_B
#define B_SPACE   local
#define PANEL_ROW TILE_COLUMNS
#else
#define B_SPACE   global
#define PANEL_ROW N
#endif
/* rows of B that are copied to all panels, one after another: they are read as they lie */
#define PACK_DEPTH (TRANSPOSE_B ? DEPTH : 8)
#if COPY_A
#define A_SPACE  local
#define A_ROW    1         /* elements of A, as a tile reads it, from one row to the next */
#define A_COLUMN TILE_ROWS /* and from one k to the next                                  */
#else
#define A_SPACE  global
#define A_ROW    (TRANSPOSE_A ? 1 : K)
#define A_COLUMN (TRANSPOSE_A ? M : 1)
#endif

/* Copies `depth` rows of `width` columns of B, beyond them whatever is there: a vector that ends in
 * one of the next rows is read whole where B, which holds `left` elements from here on, does not end
 * before; else zeros. */
void pack_columns(global const float *restrict b, local float *restrict panel, int depth, int width,
                  int left)
{
    int k = 0;
    if (width == TILE_COLUMNS || !TRANSPOSE_B) {
#if TRANSPOSE_B
        /* few rows of B at a time: powers of two apart, they would drive each other from the cache */
        for (int j = 0; j < TILE_COLUMNS; j += TRANSPOSE_SIDE)
            for (k = 0; k + TRANSPOSE_SIDE <= depth; k += TRANSPOSE_SIDE)
                TRANSPOSE(b + j * K + k, K, panel + k * TILE_COLUMNS + j, TILE_COLUMNS);
#else
        int whole = depth;
        if (width < TILE_COLUMNS)
            whole = left < TILE_COLUMNS ? 0 : min(depth, (left - TILE_COLUMNS) / N + 1);
        for (; k < whole; k++)
            for (int j = 0; j < TILE_COLUMNS; j += 16)
                vstore16(vload16(0, b + k * N + j), 0, panel + k * TILE_COLUMNS + j);
#endif
    }
    for (; k < depth; k++)
        for (int j = 0; j < TILE_COLUMNS; j++)
            panel[k * TILE_COLUMNS + j] = j < width ? b[k * B_ROW + j * B_COLUMN] : 0.0f;
}

#if COPY_A
/* Copies `depth` columns of one tile of rows of A: block[k][row]. A has `rows` from here on. */
void pack_rows(global const float *restrict a, local float *restrict block, int depth, int rows)
{
    int k = 0;
#if TRANSPOSE_A && TILE_ROWS == 8
    for (; k < depth; k++) vstore8(vload8(0, a + k * M), 0, block + k * 8);
#elif !TRANSPOSE_A && TILE_ROWS == 8
    for (; k + 8 <= depth; k += 8) TRANSPOSE_8(a + k, K, block + k * 8, 8);
#elif TRANSPOSE_A && TILE_ROWS == 6 /* two rows too many, which the next k lies on */
    for (; k + 1 < depth && rows >= 8; k++) vstore8(vload8(0, a + k * M), 0, block + k * 6);
#elif !TRANSPOSE_A && TILE_ROWS == 6
    for (; k + 8 < depth && rows >= 8; k += 8) TRANSPOSE_8(a + k, K, block + k * 6, 6);
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
    if (width <= 0) return;
    float part[16]; /* the last N % 16 */
    vstore16(sum, 0, part);
#if N & 8
    vstore8(vload8(0, part), 0, c);
#endif
#pragma unroll
    for (int j = N & 8; j < N % 16; j++) c[j] = part[j];
}

/* One register tile over `depth` of k, which goes on from what C holds unless it starts. Of its
 * rows the first `old` were done before, and are left alone. */
void multiply_tile(A_SPACE const float *restrict a, B_SPACE const float *restrict panel,
                   global float *restrict c, int depth, int width, int old, bool start)
{
    float16 sum[TILE_ROWS][COLUMN_VECTORS];
#pragma unroll
    for (int i = 0; i < TILE_ROWS; i++)
#pragma unroll
        for (int j = 0; j < COLUMN_VECTORS; j++) {
            PREFETCH_TO_WRITE(c + i * N + 16 * j);
            sum[i][j] = (float16)(0.0f);
            if (!start && i >= old) sum[i][j] = load_columns(c + i * N + 16 * j, width - 16 * j);
        }

#pragma unroll 4
    for (int k = 0; k < depth; k++) {
        float16 row[COLUMN_VECTORS];
#pragma unroll
        for (int j = 0; j < COLUMN_VECTORS; j++)
            row[j] = vload16(0, panel + k * PANEL_ROW + 16 * j);
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
    for (int row = first; row < last; row += TILE_ROWS) {
        const int base = min(row, row_end - TILE_ROWS);
        pack_rows(a + base * (TRANSPOSE_A ? 1 : K), block + (row - first) * DEPTH, depth, M - base);
    }
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
            for (int row = 0; row < depth; row += PACK_DEPTH)
                for (int column = begin; column < end; column += TILE_COLUMNS)
                    pack_columns(b + (k + row) * B_ROW + column * B_COLUMN,
                                 scratch + (column - begin) * DEPTH + row * TILE_COLUMNS,
                                 min(PACK_DEPTH, depth - row), min(TILE_COLUMNS, end - column),
                                 B_LEFT(k + row, column));
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
#if COPY_B
            local const float *panel = scratch;
            pack_columns(b + k * B_ROW + column * B_COLUMN, scratch, depth, width,
                         B_LEFT(k, column));
#else
            global const float *panel = b + k * N + column;
#endif
            for (int row = row_begin; row < row_end; row += TILE_ROWS) {
                const int base = min(row, row_end - TILE_ROWS); /* the last tile moves up */
                multiply_tile(a + base * A_ROW + k * A_COLUMN, panel, c + base * N + column,
                              depth, width, row - base, k == 0);
            }
        }
#endif
}

#undef PASTE_
#undef PASTE
#undef pack_columns
#undef pack_rows
#undef load_columns
#undef store_columns
#undef multiply_tile
#undef TILE_COLUMNS
#undef B_ROW
#undef B_COLUMN
#undef B_LEFT
#undef COPY_A
#undef PACK_DEPTH
#undef COPY_ROWS
#undef PANELS
#undef B_SPACE
#undef PANEL_ROW
#undef COPY_B
#undef TRANSPOSE_SIDE
#undef TRANSPOSE
#undef TRANSPOSE_8
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
