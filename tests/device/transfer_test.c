/* Transfers beside launches: what was sent arrives in its place, and not before it lands. */
#include <stdint.h>

#include "device/cl_device.h"
#include "every_device.h"

enum { BYTES = 40000, OFFSET = 4096, ROUNDS = 20 };

static void numbers(unsigned char *bytes, size_t count, unsigned seed)
{
    for (size_t i = 0; i < count; i++) bytes[i] = (unsigned char)(i * 37 + seed * 101 + i / 251);
}

static void refill(pb_context *ctx, pb_device *device)
{
    static unsigned char sent[2][BYTES], got[OFFSET + BYTES];
    pb_buffer *target;
    pb_transfer *transfer;
    OK(ctx, pb_buffer_create(device, sizeof got, &target));
    OK(ctx, pb_buffer_zero(device, target));
    OK(ctx, pb_transfer_create(device, target, OFFSET, BYTES, &transfer));
    ck_assert_uint_eq(device->held_bytes, sizeof got + BYTES);
    OK(ctx, pb_transfer_land(transfer)); /* nothing was sent: nothing happens */
    for (unsigned round = 0; round < ROUNDS; round++) {
        const size_t bytes = round % 3 ? BYTES : BYTES / 2;
        unsigned char *data = sent[round % 2];
        OK(ctx, pb_transfer_wait(transfer)); /* this memory went out two rounds ago */
        numbers(data, bytes, round);
        OK(ctx, pb_transfer_send(transfer, data, bytes));
        if (round > 0) { /* still what the round before brought */
            const size_t before = (round - 1) % 3 ? BYTES : BYTES / 2;
            OK(ctx, pb_buffer_read(device, target, 0, got, sizeof got));
            ck_assert_mem_eq(got + OFFSET, sent[!(round % 2)], before);
        }
        OK(ctx, pb_transfer_land(transfer));
        OK(ctx, pb_buffer_read(device, target, 0, got, sizeof got));
        ck_assert_mem_eq(got + OFFSET, data, bytes);
        size_t zeros = 0;
        while (zeros < OFFSET && got[zeros] == 0) zeros++;
        ck_assert_uint_eq(zeros, OFFSET);
    }
    ck_assert_int_eq(pb_transfer_send(transfer, sent[0], BYTES + 1), PB_ERR_INTERNAL);
    OK(ctx, pb_transfer_send(transfer, sent[0], BYTES)); /* never lands */
    pb_transfer_free(&transfer);
    ck_assert_ptr_null(transfer);
    ck_assert_int_eq(pb_transfer_create(device, target, OFFSET, BYTES + 1, &transfer),
                     PB_ERR_INTERNAL);
    pb_buffer_free(&target);
    ck_assert_uint_eq(device->held_bytes, 0);
}

START_TEST(what_was_sent_lands)
{
    every_device(refill);
}
END_TEST

static void keep_limit(pb_context *ctx, pb_device *device)
{
    pb_buffer *first, *second;
    pb_device_limit(device, 100000);
    OK(ctx, pb_buffer_create(device, 60000, &first));
    ck_assert_int_eq(pb_buffer_create(device, 40001, &second), PB_ERR_DEVICE);
    OK(ctx, pb_buffer_create(device, 40000, &second));
    pb_buffer_free(&second);
    pb_buffer_free(&first);
}

START_TEST(limit_is_kept)
{
    every_device(keep_limit);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {what_was_sent_lands, limit_is_kept};
    return RUN_TESTS("transfers", tests);
}
