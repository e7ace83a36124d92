/* Recorded launches do what the same launches do one by one, in their order, as often as they are
 * run. */
#include "device/cl_device.h"
#include "every_device.h"

static const char source[] =
    "kernel void k_step(global uint *x, int add) { x[0] = x[0] * 1664525u + (uint)add; }\n";

enum { KINDS = 3, COUNT = 5, RUNS = 300 }; /* 1500 launches: past the fences of a queue */

typedef struct chain {
    pb_module *module;
    pb_buffer *x;
    pb_launch *kinds[KINDS], *launches[COUNT];
    pb_recording *recording;
} chain;

static const int order[COUNT] = {0, 1, 2, 1, 0};

static chain set_up(pb_context *ctx, pb_device *device)
{
    chain c;
    OK(ctx, pb_module_build(device, source, NULL, &c.module));
    OK(ctx, pb_buffer_create(device, 16, &c.x));
    OK(ctx, pb_buffer_zero(device, c.x));
    for (int i = 0; i < KINDS; i++) {
        const pb_arg args[] = {PB_ARG_BUF(c.x), PB_ARG_INT(7 * i + 3)};
        const pb_launch_spec spec = {
            .label = "step", .module = c.module, .kernel = "k_step", .arg_count = 2, .args = args};
        OK(ctx, pb_launch_create(device, &spec, &c.kinds[i]));
    }
    for (int i = 0; i < COUNT; i++) c.launches[i] = c.kinds[order[i]];
    OK(ctx, pb_recording_create(device, COUNT, c.launches, &c.recording));
    return c;
}

static void tear_down(chain *c)
{
    pb_recording_free(&c->recording);
    ck_assert_ptr_null(c->recording);
    for (int i = 0; i < KINDS; i++) pb_launch_free(&c->kinds[i]);
    pb_buffer_free(&c->x);
    pb_module_free(&c->module);
}

/* By the recurrence itself. */
static uint32_t expected(int runs)
{
    uint32_t x = 0;
    for (int run = 0; run < runs; run++)
        for (int i = 0; i < COUNT; i++) x = x * 1664525u + (uint32_t)(7 * order[i] + 3);
    return x;
}

static void check(pb_context *ctx, pb_device *device, const chain *c, int runs)
{
    uint32_t x;
    OK(ctx, pb_buffer_read(device, c->x, 0, &x, sizeof x));
    ck_assert_uint_eq(x, expected(runs));
}

static void run_in_order(pb_context *ctx, pb_device *device)
{
    chain c = set_up(ctx, device);
    if (!pb_device_describe(device)->has_command_buffer) ck_assert_ptr_null(c.recording);
    for (int run = 0; c.recording && run < RUNS; run++)
        OK(ctx, pb_recording_run(device, c.recording));
    if (c.recording) check(ctx, device, &c, RUNS);
    tear_down(&c);
}

START_TEST(recordings_keep_the_order)
{
    every_device(run_in_order);
}
END_TEST

/* A profile has a queue of its own, and the launches one by one. */
static void run_around_profile(pb_context *ctx, pb_device *device)
{
    pb_profile_row *rows;
    int count;
    chain c = set_up(ctx, device);
    if (c.recording) {
        OK(ctx, pb_recording_run(device, c.recording));
        OK(ctx, pb_device_profile(device, true));
        OK(ctx, pb_recording_run(device, c.recording));
        OK(ctx, pb_recording_run(device, c.recording));
        OK(ctx, pb_device_profile_rows(device, &rows, &count));
        ck_assert_int_eq(count, 1);
        ck_assert_int_eq(rows[0].calls, 2 * COUNT);
        free(rows);
        OK(ctx, pb_device_profile(device, false));
        OK(ctx, pb_recording_run(device, c.recording));
        check(ctx, device, &c, 4);
    }
    tear_down(&c);
}

START_TEST(profiles_see_each_launch)
{
    every_device(run_around_profile);
}
END_TEST

static void refuse_products(pb_context *ctx, pb_device *device)
{
    chain c = set_up(ctx, device);
    pb_buffer *matrix;
    OK(ctx, pb_buffer_create(device, 64 * sizeof(float), &matrix));
    const pb_gemm_spec spec = {
        .m = 8, .n = 8, .k = 8, .batch = 1, .a = matrix, .b = matrix, .c = matrix};
    pb_launch *launches[2] = {c.kinds[0], NULL};
    pb_recording *recording;
    OK(ctx, pb_launch_gemm(device, &spec, &launches[1]));
    OK(ctx, pb_recording_create(device, 2, launches, &recording));
    ck_assert_ptr_null(recording);
    pb_launch_free(&launches[1]);
    pb_buffer_free(&matrix);
    tear_down(&c);
}

START_TEST(products_cannot_be_recorded)
{
    every_device(refuse_products);
}
END_TEST

static void ask(pb_context *ctx, pb_device *device)
{
    const bool wins = pb_device_records(device);
    ck_assert_int_ne(device->records, PB_RECORDS_UNKNOWN);
    ck_assert(!wins || pb_device_describe(device)->has_command_buffer);
    ck_assert_int_eq(pb_device_records(device), wins);
    OK(ctx, pb_device_finish(device));
}

START_TEST(devices_are_measured_once)
{
    every_device(ask);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {recordings_keep_the_order, profiles_see_each_launch,
                                  products_cannot_be_recorded, devices_are_measured_once};
    return RUN_TESTS("recordings", tests);
}
