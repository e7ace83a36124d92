/* Which device is picked, and what is said when none can be. */
#include <unistd.h>

#include "device/cl_device.h"
#include "every_device.h"

static pb_found fake(const char *name, const char *platform, bool gpu, bool cpu, unsigned units)
{
    pb_found found = {.major = 3, .ready = true};
    snprintf(found.info.name, sizeof found.info.name, "%s", name);
    snprintf(found.info.platform, sizeof found.info.platform, "%s", platform);
    snprintf(found.info.device_version, sizeof found.info.device_version, "OpenCL 3.0");
    found.info.is_gpu = gpu;
    found.info.is_cpu = cpu;
    found.info.compute_units = units;
    return found;
}

START_TEST(best_of_a_list)
{
    const pb_found list[] = {
        fake("Xeon", "Portable Computing Language", false, true, 64),
        fake("Radeon RX 580", "AMD", true, false, 36),
        fake("Arc A770", "Intel", true, false, 32),
        fake("Radeon RX 581", "AMD", true, false, 36),
        fake("FPGA", "Intel FPGA", false, false, 500),
    };
    static const struct {
        const char *wish;
        int index;
    } cases[] = {
        {NULL, 1},                   /* GPU before CPU, most units, first of two that tie */
        {"0", 0},        {"4", 4},   /* a number of the list                              */
        {"580", 1},                  /* too large for a number: a part of a name          */
        {"arc", 2},      {"ARC", 2}, /* any case                                          */
        {"intel", 2},                /* platform's name; GPU before others                */
        {"portable", 0}, {"xe", 0},  {"-1", -1}, {"nvidia", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int got = pb_found_choose(list, 5, cases[i].wish);
        ck_assert_msg(got == cases[i].index, "\"%s\": %d, not %d",
                      cases[i].wish ? cases[i].wish : "(none)", got, cases[i].index);
    }
    ck_assert_int_eq(pb_found_choose(&list[3], 2, NULL), 0);
    const pb_found hosts[] = {list[4], list[0]};
    ck_assert_int_eq(pb_found_choose(hosts, 2, NULL), 1); /* CPU before others */
    ck_assert_int_eq(pb_found_choose(list, 0, NULL), -1);
}
END_TEST

/* Of one processor: Rusticl says of llvmpipe that it is a CPU of 8 units, other versions that it is
 * a GPU. */
START_TEST(software_rasterisers_come_after_all_that_is_made_for_computing)
{
    const pb_found drawing_cpu =
                       fake("llvmpipe (LLVM 15.0.6, 256 bits)", "rusticl", false, true, 8),
                   drawing_gpu =
                       fake("llvmpipe (LLVM 19.1.7, 256 bits)", "rusticl", true, false, 8),
                   pocl = fake("pthread-haswell-AMD EPYC", "Portable Computing Language", false,
                               true, 2),
                   intel = fake("AMD EPYC", "Intel(R) OpenCL", false, true, 2),
                   radeon = fake("AMD Radeon RX 6600", "rusticl", true, false, 28);
    const pb_found list[] = {drawing_cpu, drawing_gpu, pocl, intel, radeon};
    ck_assert_int_eq(pb_found_choose(list, 5, NULL), 4);
    ck_assert_int_eq(pb_found_choose(list, 4, NULL), 2);
    ck_assert_int_eq(pb_found_choose(list, 2, NULL), 1);
    ck_assert_int_eq(pb_found_choose(list, 5, "LLVM 15"), 0); /* a wish still has its way */
    ck_assert_int_eq(pb_found_choose(list, 5, "rusticl"), 4);
    pb_found off = pocl;
    off.ready = false;
    const pb_found alone[] = {off, drawing_cpu};
    ck_assert_int_eq(pb_found_choose(alone, 2, NULL), 1);
}
END_TEST

START_TEST(what_is_not_ready_comes_last)
{
    pb_context *ctx = pb_context_create();
    pb_found list[] = {fake("Old", "Clover", true, false, 99), fake("CPU", "PoCL", false, true, 1)};
    list[0].ready = false;
    list[0].major = 1;
    list[0].minor = 1;
    snprintf(list[0].info.device_version, sizeof list[0].info.device_version, "OpenCL 1.1 Mesa");
    int index;
    OK(ctx, pb_found_pick(ctx, list, 2, NULL, &index));
    ck_assert_int_eq(index, 1);
    FAILS(ctx, PB_ERR_DEVICE, "OpenCL 1.2", pb_found_pick(ctx, list, 2, "old", &index));
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "OpenCL 1.1 Mesa"));
    FAILS(ctx, PB_ERR_DEVICE, "OpenCL 1.2", pb_found_pick(ctx, list, 1, NULL, &index));
    list[0].major = 3;
    FAILS(ctx, PB_ERR_DEVICE, "compiler", pb_found_pick(ctx, list, 1, NULL, &index));
    pb_context_free(&ctx);
}
END_TEST

START_TEST(a_wish_that_fits_none_is_told_what_there_is)
{
    pb_context *ctx = pb_context_create();
    pb_device *device;
    FAILS(ctx, PB_ERR_DEVICE, "no OpenCL device fits \"abacus\"",
          pb_device_open(ctx, "abacus", &device));
    ck_assert_ptr_null(device);
    pb_device_info *list;
    int count;
    OK(ctx, pb_device_list(ctx, "abacus", &list, &count));
    ck_assert_int_gt(count, 0);
    for (int i = 0; i < count; i++) {
        ck_assert_ptr_nonnull(strstr(pb_error(ctx), list[i].name));
        ck_assert(!list[i].picked);
    }
    free(list);
    ck_assert_int_eq(pb_status_exit_code(PB_ERR_DEVICE), 3);
    pb_context_free(&ctx);
}
END_TEST

START_TEST(environment_chooses_where_the_caller_does_not)
{
    pb_context *ctx = pb_context_create();
    pb_device *device;
    setenv("PASSBAND_DEVICE", "abacus", 1);
    FAILS(ctx, PB_ERR_DEVICE, "abacus", pb_device_open(ctx, NULL, &device));
    FAILS(ctx, PB_ERR_DEVICE, "abacus", pb_device_open(ctx, "", &device));
    OK(ctx, pb_device_open(ctx, "0", &device));
    pb_device_close(&device);
    setenv("PASSBAND_DEVICE", "", 1);
    OK(ctx, pb_device_open(ctx, NULL, &device));
    pb_device_close(&device);
    setenv("PASSBAND_DEVICE", "PORTABLE computing", 1);
    OK(ctx, pb_device_open(ctx, NULL, &device));
    ck_assert_str_eq(pb_device_describe(device)->platform, "Portable Computing Language");
    pb_device_close(&device);
    pb_context_free(&ctx);
}
END_TEST

/* Rusticl without RUSTICL_ENABLE is a platform of no devices, and so is Clover on most machines. */
START_TEST(platforms_without_devices_are_skipped)
{
    unsetenv("RUSTICL_ENABLE");
    unsetenv("PASSBAND_DEVICE");
    pb_context *ctx = pb_context_create();
    pb_device_info *list;
    int count, picked = 0;
    OK(ctx, pb_device_list(ctx, NULL, &list, &count));
    for (int i = 0; i < count; i++) {
        ck_assert_str_ne(list[i].platform, "rusticl");
        ck_assert_uint_gt(list[i].compute_units, 0);
        ck_assert_uint_gt(list[i].max_work_group_size, 0);
        ck_assert_uint_gt(list[i].max_allocation_bytes, 1 << 20);
        ck_assert_uint_ge(list[i].global_memory_bytes, list[i].max_allocation_bytes);
        ck_assert_int_eq(strncmp(list[i].device_version, "OpenCL ", 7), 0);
        picked += list[i].picked;
    }
    ck_assert_int_eq(picked, 1);
    pb_device *device;
    OK(ctx, pb_device_open(ctx, NULL, &device));
    for (int i = 0; i < count; i++) {
        if (list[i].picked) ck_assert_str_eq(list[i].name, pb_device_describe(device)->name);
    }
    pb_device_close(&device);
    free(list);
    pb_context_free(&ctx);
}
END_TEST

/* The loader reads its drivers from the folder that OCL_ICD_VENDORS names. */
static void expect_no_device_from(const char *driver)
{
    char folder[] = "/tmp/passband-vendors-XXXXXX", path[128];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/some.icd", folder);
    if (driver) {
        FILE *f = fopen(path, "w");
        fprintf(f, "%s\n", driver);
        fclose(f);
    }
    setenv("OCL_ICD_VENDORS", folder, 1);
    pb_context *ctx = pb_context_create();
    pb_device_info *list;
    int count = -1;
    OK(ctx, pb_device_list(ctx, NULL, &list, &count));
    ck_assert_int_eq(count, 0);
    ck_assert_ptr_null(list);
    pb_device *device;
    FAILS(ctx, PB_ERR_DEVICE, "apt install pocl-opencl-icd", pb_device_open(ctx, NULL, &device));
    ck_assert_ptr_null(device);
    pb_context_free(&ctx);
    if (driver) unlink(path);
    rmdir(folder);
}

START_TEST(no_driver_at_all)
{
    expect_no_device_from(NULL);
}
END_TEST

START_TEST(a_broken_driver)
{
    expect_no_device_from("/nowhere/libbroken.so");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {best_of_a_list,
                                  software_rasterisers_come_after_all_that_is_made_for_computing,
                                  what_is_not_ready_comes_last,
                                  a_wish_that_fits_none_is_told_what_there_is,
                                  environment_chooses_where_the_caller_does_not,
                                  platforms_without_devices_are_skipped,
                                  no_driver_at_all,
                                  a_broken_driver};
    return RUN_TESTS("choosing a device", tests);
}
