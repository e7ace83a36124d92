/* What the host packs, every device unpacks, exactly; and it does so in every step, so that a
 * device keeps the packed bytes alone. */
#include <math.h>
#include <stdint.h>

#include <passband/plan.h>

#include "base/packing.h"
#include "device/every_device.h"

enum { SAMPLES = 40, HEIGHT = 3, WIDTH = 7, VALUES = HEIGHT * WIDTH, HALVES = 65536 };

/* rows [n, bytes] -> values [n, ...] on the device, into `got`; the bytes that the plan holds. */
static size_t unpack(pb_context *ctx, pb_device *device, const pb_packing *packing,
                     const uint8_t *rows, int n, float *got)
{
    const pb_init none = {.kind = PB_INIT_CONSTANT};
    const size_t bytes = pb_packing_bytes(packing), count = pb_shape_count(packing->shape);
    pb_graph *g = pb_graph_create(ctx);
    pb_plan *plan;
    const pb_value samples =
        pb_leaf(g, PB_ROLE_DATA, "samples", PB_U8, PB_SHAPE(n, (int)bytes), none);
    const pb_value order = pb_leaf(g, PB_ROLE_INPUT, "order", PB_I32, PB_SHAPE(n), none);
    const pb_value values = pb_unpack(g, pb_gather(g, samples, order), packing);
    const pb_value out = pb_leaf(g, PB_ROLE_STATE, "out", PB_F32, PB_SHAPE(n, (int)count), none);
    const pb_value assigned = pb_assign(g, out, pb_reshape(g, values, PB_SHAPE(n, (int)count)));
    OK(ctx, pb_program(g, "unpack", 1, &assigned));
    OK(ctx, pb_plan_create(device, g, &plan));
    int32_t *backwards = malloc(sizeof *backwards * (size_t)n);
    for (int i = 0; i < n; i++) backwards[i] = n - 1 - i;
    OK(ctx, pb_plan_write(plan, samples, rows, bytes * (size_t)n));
    OK(ctx, pb_plan_write(plan, order, backwards, sizeof *backwards * (size_t)n));
    OK(ctx, pb_plan_run(plan, "unpack", 1));
    OK(ctx, pb_plan_read(plan, out, got, sizeof *got * count * (size_t)n));
    const size_t held = pb_plan_memory_bytes(plan);
    free(backwards);
    pb_plan_free(&plan);
    pb_graph_free(&g);
    return held;
}

static int code_of(int sample, int i, int bits)
{
    return (sample * 131 + i * 17 + sample * i * 5) % 257 % (1 << bits);
}

static void check_codes(pb_context *ctx, pb_device *device, int bits)
{
    float offset[VALUES], step[VALUES], got[SAMPLES * VALUES];
    uint8_t rows[SAMPLES * VALUES];
    for (int i = 0; i < VALUES; i++) {
        offset[i] = -4 + (float)i / 16;
        step[i] = ldexpf(1 + (float)i / 32, -i % 3); /* few bits: the sum is exact */
    }
    const pb_packing packing = {.shape = PB_SHAPE(HEIGHT, WIDTH),
                                .bits = bits,
                                .steps = VALUES,
                                .offset = offset,
                                .step = step};
    for (int n = 0; n < SAMPLES; n++) {
        uint8_t codes[VALUES];
        for (int i = 0; i < VALUES; i++) codes[i] = (uint8_t)code_of(n, i, bits);
        pb_pack_codes(codes, VALUES, bits, rows + (size_t)n * pb_packing_bytes(&packing));
    }
    unpack(ctx, device, &packing, rows, SAMPLES, got);
    for (int n = 0; n < SAMPLES; n++)
        for (int i = 0; i < VALUES; i++)
            ck_assert_msg(got[n * VALUES + i] ==
                              offset[i] + step[i] * (float)code_of(SAMPLES - 1 - n, i, bits),
                          "%d bits, sample %d, value %d is %g", bits, n, i, got[n * VALUES + i]);
}

static void check_widths(pb_context *ctx, pb_device *device)
{
    check_codes(ctx, device, 1);
    check_codes(ctx, device, 7); /* as many planes as there can be */
    check_codes(ctx, device, 8);
}

START_TEST(codes)
{
    every_device(check_widths);
}
END_TEST

/* What IEEE 754 says of a binary16 that is a number. */
static double half_value(int half)
{
    const int exponent = half >> 10 & 31, mantissa = half & 1023;
    const double size = exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
    return half & 0x8000 ? -size : size;
}

static bool is_number(int half)
{
    return (half >> 10 & 31) != 31;
}

static void check_halves(pb_context *ctx, pb_device *device)
{
    enum { ROWS = 64, COLUMNS = HALVES / ROWS };
    static uint8_t rows[2 * HALVES];
    static float got[HALVES];
    const pb_packing packing = {.shape = PB_SHAPE(COLUMNS), .bits = PB_BITS_HALF};
    for (int h = 0; h < HALVES; h++) {
        rows[h / COLUMNS * 2 * COLUMNS + h % COLUMNS] = (uint8_t)h;
        rows[h / COLUMNS * 2 * COLUMNS + COLUMNS + h % COLUMNS] = (uint8_t)(h >> 8);
    }
    unpack(ctx, device, &packing, rows, ROWS, got);
    for (int h = 0; h < HALVES; h++)
        if (is_number(h))
            ck_assert_msg(got[(ROWS - 1 - h / COLUMNS) * COLUMNS + h % COLUMNS] == half_value(h),
                          "half %#x", h);
}

START_TEST(every_half)
{
    every_device(check_halves);
}
END_TEST

/* Each half packs to itself, what lies between two to the nearer, and what lies in their middle to
 * the even one. */
START_TEST(halves_round_to_nearest_even)
{
    for (int h = 0; h < 0x7bff; h++) {
        const double low = half_value(h), high = half_value(h + 1), middle = (low + high) / 2;
        const float values[] = {(float)low, nextafterf((float)middle, (float)low), (float)middle,
                                nextafterf((float)middle, (float)high), -(float)high};
        const int want[] = {h, h, h + h % 2, h + 1, 0x8000 | (h + 1)};
        uint8_t packed[10];
        pb_pack_halves(values, 5, packed);
        for (int i = 0; i < 5; i++)
            ck_assert_msg((packed[i] | packed[5 + i] << 8) == want[i], "half %#x, case %d", h, i);
    }
    uint8_t infinite[2];
    pb_pack_halves(&(float){65520}, 1, infinite);
    ck_assert_int_eq(infinite[1] << 8 | infinite[0], 0x7c00);
}
END_TEST

/* 20000 samples of one bit: their bytes, the order and what comes out, but no second copy of the
 * data as floats. */
static void check_memory(pb_context *ctx, pb_device *device)
{
    enum { MANY = 20000 };
    float offset = 0, step = 1;
    const pb_packing packing = {
        .shape = PB_SHAPE(16, 16), .bits = 1, .steps = 1, .offset = &offset, .step = &step};
    const pb_init none = {.kind = PB_INIT_CONSTANT};
    pb_graph *g = pb_graph_create(ctx);
    pb_plan *plan;
    const pb_value samples = pb_leaf(g, PB_ROLE_DATA, "samples", PB_U8, PB_SHAPE(MANY, 32), none);
    const pb_value order = pb_leaf(g, PB_ROLE_INPUT, "order", PB_I32, PB_SHAPE(8), none);
    const pb_value x = pb_unpack(g, pb_gather(g, samples, order), &packing);
    const pb_value out = pb_leaf(g, PB_ROLE_STATE, "out", PB_F32, PB_SCALAR, none);
    const pb_value assigned = pb_assign(g, out, pb_mean_all(g, x));
    OK(ctx, pb_program(g, "mean", 1, &assigned));
    OK(ctx, pb_plan_create(device, g, &plan));
    ck_assert_uint_ge(pb_plan_memory_bytes(plan), MANY * 32);
    ck_assert_uint_lt(pb_plan_memory_bytes(plan), MANY * 32 * 5 / 4);
    pb_plan_free(&plan);
    pb_graph_free(&g);
}

START_TEST(a_device_keeps_the_packed_bytes_alone)
{
    every_device(check_memory);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {codes, every_half, halves_round_to_nearest_even,
                                  a_device_keeps_the_packed_bytes_alone};
    return RUN_TESTS("unpack", tests);
}
