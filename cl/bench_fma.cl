/* Multiplies and adds in registers: how much arithmetic does the device do?
 *
 * x [global size] float32: each work-item starts CHAINS vectors of LANES from its number,
 *   v <- 0.5 v + 1, ROUNDS times over, which tends to 2,
 * and stores their mean. Chains do not wait for each other; two operations an element and round.
 *
 * Needs macros:
 *   LANES    width of a vector: 1, 4, 8 or 16
 *   CHAINS   vectors of a work-item; all should fit the registers
 *   ROUNDS   times over, at least 1
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

/* Without a unit for it, fma is computed in many steps; mad is what such a device is fast at. */
#ifdef FP_FAST_FMAF
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

kernel void k_bench_fma(global float *x)
{
    const size_t item = get_global_id(0);
    VECTOR v[CHAINS];
    for (int c = 0; c < CHAINS; c++) v[c] = (VECTOR)(x[item] + (float)c);
    for (int r = 0; r < ROUNDS; r++) {
#pragma unroll
        for (int c = 0; c < CHAINS; c++)
            v[c] = MULTIPLY_ADD(v[c], (VECTOR)(0.5f), (VECTOR)(1.0f));
    }
    VECTOR sum = v[0];
    for (int c = 1; c < CHAINS; c++) sum += v[c];
    x[item] = ADD_UP(sum) / (float)(CHAINS * LANES);
}
