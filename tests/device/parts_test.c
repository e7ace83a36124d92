/* Devices are split where they can be, and refuse in words where they cannot. */
#include "every_device.h"

static const char source[] = "kernel void k_add(global uint *x, int by)\n"
                             "{\n"
                             "    x[get_global_id(0)] += by;\n"
                             "}\n";

/* A module of the whole device, launched on a part over the part's memory. */
static void add_on(pb_module *module, pb_context *ctx, pb_device *part, int by)
{
    enum { COUNT = 1000 };
    static uint32_t x[COUNT];
    pb_buffer *buffer;
    pb_launch *launch;
    OK(ctx, pb_buffer_create(part, sizeof x, &buffer));
    OK(ctx, pb_buffer_zero(part, buffer));
    const pb_arg args[] = {PB_ARG_BUF(buffer), PB_ARG_INT(by)};
    const pb_launch_spec spec = {.module = module,
                                 .kernel = "k_add",
                                 .arg_count = 2,
                                 .args = args,
                                 .global = {COUNT},
                                 .local = {1}};
    OK(ctx, pb_launch_create(part, &spec, &launch));
    for (int i = 0; i < 3; i++) OK(ctx, pb_launch_run(part, launch));
    OK(ctx, pb_buffer_read(part, buffer, 0, x, sizeof x));
    for (int i = 0; i < COUNT; i++) ck_assert_uint_eq(x[i], 3 * (uint32_t)by);
    pb_launch_free(&launch);
    pb_buffer_free(&buffer);
}

static void split(pb_context *ctx, pb_device *device)
{
    pb_context *own[2] = {pb_context_create(), pb_context_create()};
    pb_device *parts[2];
    const pb_status status = pb_device_split(device, 2, own, parts);
    if (status == PB_OK) {
        pb_module *module;
        OK(ctx, pb_module_build(device, source, NULL, &module));
        for (int i = 0; i < 2; i++) add_on(module, own[i], parts[i], i + 1);
        const unsigned units = pb_device_describe(device)->compute_units;
        ck_assert_uint_eq(pb_device_describe(parts[1])->compute_units, units / 2);
        pb_module_free(&module);
    } else {
        ck_assert_int_eq(status, PB_ERR_DEVICE);
        ck_assert_str_ne(pb_error(ctx), "");
    }
    for (int i = 0; i < 2; i++) {
        if (status != PB_OK) ck_assert_ptr_null(parts[i]);
        pb_device_close(&parts[i]);
        pb_context_free(&own[i]);
    }
}

START_TEST(parts_run_what_the_whole_built)
{
    every_device(split);
}
END_TEST

static void split_too_often(pb_context *ctx, pb_device *device)
{
    enum { MANY = 300 };
    pb_context *own[MANY];
    pb_device *parts[MANY];
    for (int i = 0; i < MANY; i++) own[i] = ctx;
    if (pb_device_describe(device)->compute_units < MANY)
        FAILS(ctx, PB_ERR_DEVICE, "too few for 300 parts",
              pb_device_split(device, MANY, own, parts));
}

START_TEST(too_many_parts_are_refused)
{
    every_device(split_too_often);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {parts_run_what_the_whole_built, too_many_parts_are_refused};
    return RUN_TESTS("parts", tests);
}
