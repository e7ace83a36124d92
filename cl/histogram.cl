/* How often each number occurs in the rows of a matrix: a work-group for each row.
 *
 * x [ROWS, COLUMNS] int32, dense -> y [ROWS, BINS] float32, dense: y[i, k] = how many x[i, j] are k; other numbers are
 * not counted. Counts are integers until they are stored, so the order of counting does not matter.
 *
 * Needs macros: NAME ROWS COLUMNS BINS as above, GROUP work-items of a group, TILE bins that are counted together,
 * X_OFFSET and Y_OFFSET where x and y begin in their buffers, in elements.
 *
 * Launched by the plan: ROWS groups of GROUP work-items, in one dimension; TILE int32 of local memory. */

kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void NAME(global const int *restrict x,
                                                                    global float *restrict y)
{
    local int count[TILE];
    const size_t row = get_group_id(0);
    const int item = (int)get_local_id(0);
    x += X_OFFSET + row * COLUMNS;
    y += Y_OFFSET + row * BINS;
    for (int first = 0; first < BINS; first += TILE) {
        const int bins = min(TILE, BINS - first);
        for (int k = item; k < bins; k += GROUP) count[k] = 0;
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int j = item; j < COLUMNS; j += GROUP) {
            const uint bin = (uint)x[j] - (uint)first; /* what is less than `first` becomes large */
            if (bin < (uint)bins) atomic_inc(&count[bin]);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = item; k < bins; k += GROUP) y[first + k] = (float)count[k];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}

#undef NAME
#undef ROWS
#undef COLUMNS
#undef BINS
#undef GROUP
#undef TILE
#undef X_OFFSET
#undef Y_OFFSET
