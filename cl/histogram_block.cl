/* How often each number occurs in rows [row_begin, row_end) of a matrix, on CPU devices.
 *
 * x [ROWS, COLUMNS] int32, dense -> y [ROWS, BINS] float32, dense: y[i, k] = how many x[i, j] are k; other numbers are
 * not counted. Neighbours are counted in WAYS tables that are added up: in one, equal neighbours, of which images are
 * full, would wait for each other's count.
 *
 * Needs macros: NAME COLUMNS BINS as above, WAYS tables of TILE bins that are counted together, X_OFFSET and Y_OFFSET
 * where x and y begin in their buffers, in elements.
 *
 * Called from a kernel of one work-item a group; WAYS TILE int32 of private memory. */

void NAME(global const int *restrict x, global const int *restrict unused,
          global float *restrict y, local float *restrict scratch, int row_begin, int row_end,
          int column_begin, int column_end, int layer)
{
    int count[WAYS * TILE];
    x += X_OFFSET + (size_t)row_begin * COLUMNS;
    y += Y_OFFSET + (size_t)row_begin * BINS;
    for (int i = row_begin; i < row_end; i++, x += COLUMNS, y += BINS)
        for (int first = 0; first < BINS; first += TILE) {
            const int bins = min(TILE, BINS - first);
            for (int k = 0; k < WAYS * TILE; k++) count[k] = 0;
            for (int j = 0; j < COLUMNS; j++) {
                const uint bin = (uint)x[j] - (uint)first; /* what is less becomes large */
                if (bin < (uint)bins) count[j % WAYS * TILE + (int)bin]++;
            }
            for (int k = 0; k < bins; k++) {
                int sum = 0;
                for (int w = 0; w < WAYS; w++) sum += count[w * TILE + k];
                y[first + k] = (float)sum;
            }
        }
}

#undef NAME
#undef COLUMNS
#undef BINS
#undef WAYS
#undef TILE
#undef X_OFFSET
#undef Y_OFFSET
