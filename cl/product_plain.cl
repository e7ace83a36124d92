/* Matrix product C[b] = op(A[b]) op(B[b]) through tiles in local memory: right on every device, the
 * reference for the other solvers.
 *
 * A [M, K] (TRANSPOSE_A 0) or [K, M] (1), B [K, N] (TRANSPOSE_B 0) or [N, K] (1), C [M, N]:
 * float32, row-major, dense. A work-group computes TILE WORK x TILE WORK elements of C, each
 * work-item WORK x WORK of them, TILE apart.
 *
 * Needs macros:
 *   NAME                        the kernel's name
 *   M N K                       extents, at least 1
 *   TRANSPOSE_A TRANSPOSE_B     0 or 1
 *   STRIDE_A STRIDE_B           elements from one batch entry to the next, 0 for one shared matrix
 *   A_OFFSET B_OFFSET C_OFFSET  where the operands begin in their buffers, in elements
 *   TILE                        work-items of a group on each axis, such as 16: TILE TILE must fit
 *                               the device's group size
 *   WORK                        elements of a work-item on each axis, such as 1, 2 or 4; uses
 *                               8 TILE (TILE WORK + 1) bytes of local memory
 *
 * With FOLLOWER, C is not stored: the kernel has the parameters FOLLOWER_PARAMETERS, of which A and
 * B are FOLLOWER_A and FOLLOWER_B, and calls FOLLOWER(FOLLOWER_ARGUMENTS, number, value) for each
 * element of [batch, M, N], from registers.
 *
 * Launched by the plan: global size (TILE ceil(N / (TILE WORK)), TILE ceil(M / (TILE WORK)),
 * batch), local size (TILE, TILE, 1). Every work-item reaches every barrier. */

#define SPAN (TILE * WORK)

#ifndef FOLLOWER
#define FOLLOWER_PARAMETERS                                                                        \
    global const float *restrict operand_a, global const float *restrict operand_b,                \
        global float *restrict result
#define FOLLOWER_A                      operand_a
#define FOLLOWER_B                      operand_b
#define FOLLOWER_ARGUMENTS              result
#define FOLLOWER(result, number, value) (result)[C_OFFSET + (number)] = (value)
#endif

kernel __attribute__((reqd_work_group_size(TILE, TILE, 1))) void NAME(FOLLOWER_PARAMETERS)
{
    /* [k][row] and [k][column]; one more element spreads columns over memory banks */
    local float tile_a[TILE][SPAN + 1], tile_b[TILE][SPAN + 1];
    const size_t batch = get_global_id(2);
    const int x = (int)get_local_id(0), y = (int)get_local_id(1);
    const int column = (int)get_group_id(0) * SPAN, row = (int)get_group_id(1) * SPAN;
    global const float *a = FOLLOWER_A + A_OFFSET + batch * STRIDE_A;
    global const float *b = FOLLOWER_B + B_OFFSET + batch * STRIDE_B;

    float sum[WORK][WORK];
    for (int i = 0; i < WORK; i++)
        for (int j = 0; j < WORK; j++) sum[i][j] = 0.0f;

    for (int base = 0; base < K; base += TILE) {
        /* Neighbours along x read neighbours in memory, whichever way a matrix lies. */
        for (int w = 0; w < WORK; w++) {
#if TRANSPOSE_A
            const int ka = y, ra = w * TILE + x;
#else
            const int ka = x, ra = w * TILE + y;
#endif
            tile_a[ka][ra] =
                row + ra < M && base + ka < K
                    ? a[TRANSPOSE_A ? (base + ka) * M + row + ra : (row + ra) * K + base + ka]
                    : 0.0f;
#if TRANSPOSE_B
            const int kb = x, cb = w * TILE + y;
#else
            const int kb = y, cb = w * TILE + x;
#endif
            tile_b[kb][cb] =
                column + cb < N && base + kb < K
                    ? b[TRANSPOSE_B ? (column + cb) * K + base + kb : (base + kb) * N + column + cb]
                    : 0.0f;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < TILE; k++)
            for (int i = 0; i < WORK; i++)
                for (int j = 0; j < WORK; j++)
                    sum[i][j] = fma(tile_a[k][i * TILE + y], tile_b[k][j * TILE + x], sum[i][j]);
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    for (int i = 0; i < WORK; i++)
        for (int j = 0; j < WORK; j++) {
            const int r = row + i * TILE + y, s = column + j * TILE + x;
            if (r < M && s < N)
                FOLLOWER(FOLLOWER_ARGUMENTS, (batch * M + r) * N + s, sum[i][j]);
        }
}

#undef SPAN
#undef FOLLOWER
#undef FOLLOWER_PARAMETERS
#undef FOLLOWER_ARGUMENTS
#undef FOLLOWER_A
#undef FOLLOWER_B
#undef NAME
#undef M
#undef N
#undef K
#undef TRANSPOSE_A
#undef TRANSPOSE_B
#undef STRIDE_A
#undef STRIDE_B
#undef TILE
#undef WORK
#undef A_OFFSET
#undef B_OFFSET
#undef C_OFFSET
