/* Device memory: what is written is read, views share it, what does not fit is refused. */
#include <stdint.h>

#include "device/cl_device.h"
#include "every_device.h"

static void fill(unsigned char *bytes, size_t count, unsigned seed)
{
    for (size_t i = 0; i < count; i++) bytes[i] = (unsigned char)(i * 31 + seed + i / 256);
}

static void all_are_zero(pb_context *ctx, pb_device *device, pb_buffer *buffer, unsigned char *got)
{
    const size_t bytes = pb_buffer_bytes(buffer);
    memset(got, 1, bytes);
    OK(ctx, pb_buffer_read(device, buffer, 0, got, bytes));
    size_t zeros = 0; /* Check writes to a file at every assertion */
    while (zeros < bytes && got[zeros] == 0) zeros++;
    ck_assert_uint_eq(zeros, bytes);
}

static void round_trip(pb_context *ctx, pb_device *device)
{
    static const size_t sizes[] = {1, 3, 4, 1000, 4096, 1 << 20, (5 << 20) + 3};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        const size_t bytes = sizes[s], half = bytes / 2;
        unsigned char *sent = malloc(bytes), *got = calloc(bytes, 1);
        fill(sent, bytes, (unsigned)s);
        pb_buffer *buffer;
        OK(ctx, pb_buffer_create(device, bytes, &buffer));
        ck_assert_uint_eq(pb_buffer_bytes(buffer), bytes);
        ck_assert_uint_eq(device->held_bytes, bytes);
        OK(ctx, pb_buffer_write(device, buffer, 0, sent, bytes));
        OK(ctx, pb_buffer_read(device, buffer, 0, got, bytes));
        ck_assert_mem_eq(sent, got, bytes);
        /* in two parts */
        fill(sent, bytes, 77);
        OK(ctx, pb_buffer_write(device, buffer, half, sent + half, bytes - half));
        OK(ctx, pb_buffer_write(device, buffer, 0, sent, half));
        OK(ctx, pb_buffer_read(device, buffer, 0, got, half));
        OK(ctx, pb_buffer_read(device, buffer, half, got + half, bytes - half));
        ck_assert_mem_eq(sent, got, bytes);
        OK(ctx, pb_buffer_zero(device, buffer));
        all_are_zero(ctx, device, buffer, got);
        pb_buffer_free(&buffer);
        ck_assert_ptr_null(buffer);
        OK(ctx, pb_buffer_create_zeroed(device, bytes, &buffer));
        all_are_zero(ctx, device, buffer, got);
        pb_buffer_free(&buffer);
        ck_assert_uint_eq(device->held_bytes, 0);
        free(sent);
        free(got);
    }
}

START_TEST(written_is_read)
{
    every_device(round_trip);
}
END_TEST

static void share_memory(pb_context *ctx, pb_device *device)
{
    const size_t align = pb_device_describe(device)->base_address_align_bytes;
    const size_t bytes = 8 * align;
    unsigned char *all = malloc(bytes), *got = malloc(bytes);
    fill(all, bytes, 5);
    pb_buffer *whole, *view, *inner;
    OK(ctx, pb_buffer_create(device, bytes, &whole));
    OK(ctx, pb_buffer_write(device, whole, 0, all, bytes));
    OK(ctx, pb_buffer_view(device, whole, 2 * align, 4 * align, &view));
    OK(ctx, pb_buffer_view(device, view, align, align + 1, &inner)); /* starts at 3 */
    ck_assert_uint_eq(device->held_bytes, bytes);
    ck_assert_uint_eq(pb_buffer_bytes(inner), align + 1);

    OK(ctx, pb_buffer_read(device, view, 0, got, 4 * align));
    ck_assert_mem_eq(got, all + 2 * align, 4 * align);
    OK(ctx, pb_buffer_read(device, inner, 0, got, align + 1));
    ck_assert_mem_eq(got, all + 3 * align, align + 1);

    OK(ctx, pb_buffer_zero(device, inner));
    memset(all + 3 * align, 0, align + 1);
    OK(ctx, pb_buffer_write(device, view, 4 * align - 2, "ab", 2));
    memcpy(all + 6 * align - 2, "ab", 2);
    OK(ctx, pb_buffer_read(device, whole, 0, got, bytes));
    ck_assert_mem_eq(got, all, bytes);

    pb_buffer_free(&inner);
    pb_buffer_free(&view);
    ck_assert_uint_eq(device->held_bytes, bytes);
    OK(ctx, pb_buffer_read(device, whole, 0, got, bytes));
    ck_assert_mem_eq(got, all, bytes);

    FAILS(ctx, PB_ERR_INTERNAL, "aligned", pb_buffer_view(device, whole, 4, 4, &view));
    FAILS(ctx, PB_ERR_INTERNAL, "lie in",
          pb_buffer_view(device, whole, 7 * align, align + 1, &view));
    FAILS(ctx, PB_ERR_INTERNAL, "lie in", pb_buffer_view(device, whole, SIZE_MAX, 2, &view));
    FAILS(ctx, PB_ERR_INTERNAL, "lie in", pb_buffer_view(device, whole, 0, 0, &view));
    ck_assert_ptr_null(view);
    pb_buffer_free(&whole);
    free(all);
    free(got);
}

START_TEST(views_share_their_parent)
{
    every_device(share_memory);
}
END_TEST

static void refuse(pb_context *ctx, pb_device *device)
{
    pb_buffer *buffer, *small;
    /* The figures are pretended, so that no gigabytes are taken to see the refusals. */
    device->info.max_allocation_bytes = 3 << 20;
    device->info.global_memory_bytes = 4 << 20;
    FAILS(ctx, PB_ERR_DEVICE, "3.0 MiB", pb_buffer_create(device, 5 << 20, &buffer));
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "5.0 MiB"));
    ck_assert_ptr_null(buffer);
    OK(ctx, pb_buffer_create(device, 2 << 20, &small));
    FAILS(ctx, PB_ERR_DEVICE, "4.0 MiB", pb_buffer_create(device, (2 << 20) + 512 * 1024, &buffer));
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "4.5 MiB"));
    OK(ctx, pb_buffer_create(device, 2 << 20, &buffer));
    pb_buffer_free(&buffer);
    FAILS(ctx, PB_ERR_INTERNAL, "no bytes", pb_buffer_create(device, 0, &buffer));

    char byte = 0;
    FAILS(ctx, PB_ERR_INTERNAL, "write", pb_buffer_write(device, small, 2 << 20, &byte, 1));
    FAILS(ctx, PB_ERR_INTERNAL, "read", pb_buffer_read(device, small, SIZE_MAX, &byte, 1));
    OK(ctx, pb_buffer_read(device, small, 2 << 20, &byte, 0));
    pb_buffer_free(&small);
    pb_buffer_free(&small);
    pb_buffer_free(NULL);
}

START_TEST(what_does_not_fit_is_refused)
{
    every_device(refuse);
}
END_TEST

/* OpenCL allocates when memory is first used: the device may be full as late as a launch. */
static void full_at_launch(pb_context *ctx, pb_device *device)
{
    pb_buffer *buffer;
    OK(ctx, pb_buffer_create(device, 3 << 20, &buffer));
    FAILS(ctx, PB_ERR_DEVICE, "passband holds 3.0 MiB",
          pb_cl_fail(device, CL_MEM_OBJECT_ALLOCATION_FAILURE, "cannot launch \"%s\"", "conv"));
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "cannot launch \"conv\""));
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), device->info.name));
    FAILS(ctx, PB_ERR_DEVICE, "passband holds", pb_cl_fail(device, CL_OUT_OF_RESOURCES, "x"));
    FAILS(ctx, PB_ERR_MEMORY, "host", pb_cl_fail(device, CL_OUT_OF_HOST_MEMORY, "x"));
    FAILS(ctx, PB_ERR_INTERNAL, "CL_INVALID_ARG_SIZE",
          pb_cl_fail(device, CL_INVALID_ARG_SIZE, "x"));
    FAILS(ctx, PB_ERR_DEVICE, "-12345", pb_cl_fail(device, -12345, "x"));
    pb_buffer_free(&buffer);
}

START_TEST(codes_become_sentences)
{
    every_device(full_at_launch);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {written_is_read, views_share_their_parent,
                                  what_does_not_fit_is_refused, codes_become_sentences};
    return RUN_TESTS("device memory", tests);
}
