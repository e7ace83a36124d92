/* Matrix products of CLBlast against a plain product in float64. */
#include <math.h>

#include "every_device.h"

typedef struct product {
    int m, n, k, batch;
    bool ta, tb;
    bool shared_a, shared_b; /* one matrix for the whole batch */
    int offset;              /* elements before each operand in its buffer */
} product;

static const product products[] = {
    {1, 1, 1, 1, false, false, false, false, 0},
    {7, 5, 3, 1, false, false, false, false, 0},
    {33, 17, 65, 1, true, false, false, false, 0},
    {13, 40, 9, 1, false, true, false, false, 0},
    {16, 9, 31, 1, true, true, false, false, 0},
    {1, 64, 20, 1, false, true, false, false, 0},
    {130, 67, 129, 1, false, false, false, false, 0}, /* by tiles, with a rest on each side */
    {128, 128, 64, 1, true, true, false, false, 0},
    {5, 7, 11, 3, false, false, false, false, 0},
    {9, 4, 6, 5, true, false, false, true, 0},
    {4, 9, 6, 5, false, true, true, false, 0},
    {3, 3, 3, 2, true, true, false, false, 0},
    {40, 20, 51, 2, false, true, false, false, 0}, /* batches of what is done by tiles */
    {64, 48, 32, 3, false, false, true, false, 0}, /* whole tiles: nothing is padded   */
    {48, 32, 64, 2, true, false, false, true, 128},
    {64, 64, 64, 1, false, false, false, false, 128}, /* aligned                     */
    {64, 64, 64, 1, false, true, false, false, 3},    /* not aligned                 */
    {7, 5, 3, 1, true, false, false, false, 1},
    {7, 5, 3, 2, false, false, false, false, 130},
    {33, 5, 203, 1, false, false, false, false, 0},
};

static unsigned next_random(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static float *random_numbers(size_t count, unsigned *state)
{
    float *numbers = malloc(count * sizeof(float));
    for (size_t i = 0; i < count; i++)
        numbers[i] = (float)next_random(state) / (float)(1 << 23) - 1.0f;
    return numbers;
}

static pb_buffer *upload(pb_context *ctx, pb_device *device, const float *numbers, size_t count)
{
    pb_buffer *buffer;
    OK(ctx, pb_buffer_create(device, count * sizeof(float), &buffer));
    OK(ctx, pb_buffer_write(device, buffer, 0, numbers, count * sizeof(float)));
    return buffer;
}

/* One product of the batch, in float64. */
static void check_one(const product *p, int index, const float *a, const float *b, const float *c)
{
    for (int i = 0; i < p->m; i++)
        for (int j = 0; j < p->n; j++) {
            double sum = 0, size = 0;
            for (int l = 0; l < p->k; l++) {
                const double term = (double)a[p->ta ? l * p->m + i : i * p->k + l] *
                                    (double)b[p->tb ? j * p->k + l : l * p->n + j];
                sum += term;
                size += fabs(term);
            }
            ck_assert_msg(fabs(c[i * p->n + j] - sum) <= 1e-6 * (size + 1),
                          "%dx%dx%d%s%s, product %d of %d, (%d, %d): %g, not %g", p->m, p->n, p->k,
                          p->ta ? " ta" : "", p->tb ? " tb" : "", index, p->batch, i, j,
                          (double)c[i * p->n + j], sum);
        }
}

static pb_buffer *workspace_of(pb_context *ctx, pb_device *device, const pb_gemm_spec *spec)
{
    size_t bytes;
    pb_buffer *workspace = NULL;
    OK(ctx, pb_gemm_workspace(device, spec, &bytes));
    if (bytes) OK(ctx, pb_buffer_create(device, bytes, &workspace));
    return workspace;
}

static void check_product(pb_context *ctx, pb_device *device, const product *p, pb_gemm_way way)
{
    const size_t mk = (size_t)(p->m * p->k), kn = (size_t)(p->k * p->n), mn = (size_t)(p->m * p->n);
    const size_t batch = (size_t)p->batch, offset = (size_t)p->offset;
    const size_t gap = p->batch > 1 ? 3 : 0; /* what lies between products stays as it is */
    const size_t stride_c = mn + gap;
    const size_t a_count = offset + mk * (p->shared_a ? 1 : batch);
    const size_t b_count = offset + kn * (p->shared_b ? 1 : batch);
    const size_t c_count = offset + stride_c * batch;
    unsigned state = (unsigned)(p->m * 1000 + p->n * 100 + p->k);
    float *a = random_numbers(a_count, &state), *b = random_numbers(b_count, &state);
    float *c = random_numbers(c_count, &state);
    for (size_t i = 0; i < c_count; i++) c[i] = NAN; /* must not be read */
    pb_buffer *da = upload(ctx, device, a, a_count), *db = upload(ctx, device, b, b_count);
    pb_buffer *dc = upload(ctx, device, c, c_count);

    pb_gemm_spec spec = {.label = "product",
                         .way = way,
                         .m = p->m,
                         .n = p->n,
                         .k = p->k,
                         .batch = p->batch,
                         .transpose_a = p->ta,
                         .transpose_b = p->tb,
                         .stride_a = p->shared_a ? 0 : mk,
                         .stride_b = p->shared_b ? 0 : kn,
                         .stride_c = stride_c,
                         .offset_a = offset,
                         .offset_b = offset,
                         .offset_c = offset,
                         .a = da,
                         .b = db,
                         .c = dc};
    pb_launch *launch;
    spec.workspace = workspace_of(ctx, device, &spec);
    OK(ctx, pb_launch_gemm(device, &spec, &launch));
    OK(ctx, pb_launch_run(device, launch));
    OK(ctx, pb_launch_run(device, launch));
    OK(ctx, pb_buffer_read(device, dc, 0, c, c_count * sizeof(float)));

    for (size_t i = 0; i < offset; i++) ck_assert(isnan(c[i]));
    for (int s = 0; s < p->batch; s++) {
        const float *result = c + offset + (size_t)s * stride_c;
        check_one(p, s, a + offset + (size_t)s * spec.stride_a,
                  b + offset + (size_t)s * spec.stride_b, result);
        for (size_t i = 0; i < gap; i++) ck_assert(isnan(result[mn + i]));
    }
    pb_launch_free(&launch);
    pb_buffer_free(&spec.workspace);
    pb_buffer_free(&da);
    pb_buffer_free(&db);
    pb_buffer_free(&dc);
    free(a);
    free(b);
    free(c);
}

static void check_products(pb_context *ctx, pb_device *device)
{
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++)
        check_product(ctx, device, &products[i], PB_GEMM_EACH);
    /* CLBlast's own batches are right where it needs no copies of operands */
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        if (products[i].batch == 1 || products[i].m > 16) continue;
        check_product(ctx, device, &products[i], PB_GEMM_BATCHED);
        check_product(ctx, device, &products[i], PB_GEMM_STRIDED);
    }
}

START_TEST(products_agree_with_float64)
{
    every_device(check_products);
}
END_TEST

/* Operands that are views: offsets are the buffer's own. */
static void check_views(pb_context *ctx, pb_device *device)
{
    const size_t align = pb_device_describe(device)->base_address_align_bytes;
    pb_buffer *all, *a, *b, *c;
    const float left[] = {1, 2, 3, 4, 5, 6}, right[] = {1, -1, 0, 2, 10, 0};
    float got[4];
    OK(ctx, pb_buffer_create(device, 4 * align, &all));
    OK(ctx, pb_buffer_view(device, all, align, sizeof left, &a));
    OK(ctx, pb_buffer_view(device, all, 2 * align, sizeof right, &b));
    OK(ctx, pb_buffer_view(device, all, 3 * align, sizeof got, &c));
    OK(ctx, pb_buffer_write(device, a, 0, left, sizeof left));
    OK(ctx, pb_buffer_write(device, b, 0, right, sizeof right));
    pb_launch *launch;
    pb_gemm_spec spec = {.m = 2, .n = 2, .k = 3, .batch = 1, .a = a, .b = b, .c = c};
    spec.workspace = workspace_of(ctx, device, &spec);
    OK(ctx, pb_launch_gemm(device, &spec, &launch));
    OK(ctx, pb_launch_run(device, launch));
    OK(ctx, pb_buffer_read(device, c, 0, got, sizeof got));
    const float expected[] = {31, 3, 64, 6}; /* [1 2 3; 4 5 6] [1 -1; 0 2; 10 0] */
    for (int i = 0; i < 4; i++) ck_assert_float_eq(got[i], expected[i]);
    pb_launch_free(&launch);

    pb_gemm_spec wrong = spec;
    wrong.k = 4;
    FAILS(ctx, PB_ERR_INTERNAL, "A needs 32 bytes", pb_launch_gemm(device, &wrong, &launch));
    wrong = spec;
    wrong.n = 0;
    FAILS(ctx, PB_ERR_INTERNAL, "2 x 0 x 3", pb_launch_gemm(device, &wrong, &launch));
    wrong = spec;
    wrong.c = NULL;
    FAILS(ctx, PB_ERR_INTERNAL, "C is no buffer", pb_launch_gemm(device, &wrong, &launch));
    wrong = spec;
    wrong.batch = 2;
    FAILS(ctx, PB_ERR_INTERNAL, "overlap", pb_launch_gemm(device, &wrong, &launch));
    ck_assert_ptr_null(launch);
    pb_buffer_free(&spec.workspace);
    pb_buffer_free(&a);
    pb_buffer_free(&b);
    pb_buffer_free(&c);
    pb_buffer_free(&all);
}

START_TEST(operands_may_be_views)
{
    every_device(check_views);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {products_agree_with_float64, operands_may_be_views};
    return RUN_TESTS("matrix products", tests);
}
