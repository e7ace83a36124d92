/* Multiplies and adds in registers: how much arithmetic does the device do?
 *
 * x [global size] float32: each work-item starts CHAINS vectors of LANES from its number,
 *   v <- 0.5 v + 1, `rounds` times over, at least 1, which tends to 2,
 * and stores their mean. Chains do not wait for each other; two operations an element and round.
 *
 * Needs macros:
 *   LANES    width of a vector: 1, 4, 8 or 16
 *   CHAINS   vectors of a work-item; all should fit the registers
 *   FUSED    1: fma, 0: mad
 *
 * Launched by bench/ceilings.c: any global and local size. */

#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)
#if LANES == 1
#define VECTOR    float
#define ADD_UP(v) (v)
#else
#define VECTOR    PASTE(float, LANES)
#define ADD_UP(v) add_up((const float *)&(v))
#endif

/* Some compilers make two operations of mad, some devices many of fma. */
#if FUSED
#define MULTIPLY_ADD fma
#else
#define MULTIPLY_ADD mad
#endif

#if LANES > 1
float add_up(const float *v)
{
    float sum = 0.0f;
    for (int i = 0; i < LANES; i++) sum += v[i];
    return sum;
}
#endif

kernel void k_bench_fma(global float *x, int rounds)
{
    const size_t item = get_global_id(0);
    VECTOR v[CHAINS];
    for (int c = 0; c < CHAINS; c++) v[c] = (VECTOR)(x[item] + (float)c);
    for (int r = 0; r < rounds; r++) {
#pragma unroll
        for (int c = 0; c < CHAINS; c++)
            v[c] = MULTIPLY_ADD(v[c], (VECTOR)(0.5f), (VECTOR)(1.0f));
    }
    VECTOR sum = v[0];
    for (int c = 1; c < CHAINS; c++) sum += v[c];
    x[item] = ADD_UP(sum) / (float)(CHAINS * LANES);
}
