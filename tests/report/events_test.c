/* TensorBoard events: every frame, checksum and scalar, decoded here by the formats' own rules. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include "report/events.h"
#include "report/record.h"
#include "report/report_fixture.h"

static uint64_t little(const uint8_t *bytes, int count)
{
    uint64_t number = 0;
    for (int i = count - 1; i >= 0; i--) number = number << 8 | bytes[i];
    return number;
}

/* CRC-32C by the table of RFC 3720's reflected polynomial, written apart from the library's. */
static uint32_t reference_mask(const uint8_t *data, size_t bytes)
{
    uint32_t crc = ~0u;
    for (size_t i = 0; i < bytes; i++) {
        uint32_t entry = (crc ^ data[i]) & 0xff;
        for (int bit = 0; bit < 8; bit++) entry = entry & 1 ? entry >> 1 ^ 0x82F63B78u : entry >> 1;
        crc = crc >> 8 ^ entry;
    }
    crc = ~crc;
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

static uint64_t varint(const uint8_t **p)
{
    uint64_t number = 0;
    for (int shift = 0;; shift += 7) {
        const uint8_t byte = *(*p)++;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) return number;
    }
}

typedef struct scalar {
    int64_t step;
    char tag[128];
    float value;
} scalar;

/* Fields of a message; nested ones are followed where they hold the scalar. */
static void decode_message(const uint8_t *p, const uint8_t *end, int depth, scalar *s)
{
    while (p < end) {
        const uint64_t key = varint(&p), field = key >> 3, wire = key & 7;
        if (wire == 0) {
            const uint64_t number = varint(&p);
            if (depth == 0 && field == 2) s->step = (int64_t)number;
        } else if (wire == 1) {
            p += 8;
        } else if (wire == 5) {
            const uint32_t bits = (uint32_t)little(p, 4);
            if (depth == 2 && field == 2) memcpy(&s->value, &bits, 4);
            p += 4;
        } else {
            ck_assert_uint_eq(wire, 2);
            const uint64_t bytes = varint(&p);
            ck_assert(bytes <= (uint64_t)(end - p));
            if ((depth == 0 && field == 5) || (depth == 1 && field == 1))
                decode_message(p, p + bytes, depth + 1, s);
            if (depth == 2 && field == 1)
                snprintf(s->tag, sizeof s->tag, "%.*s", (int)bytes, (const char *)p);
            p += bytes;
        }
    }
    ck_assert_ptr_eq(p, end);
}

START_TEST(events_decode_to_the_metrics)
{
    ck_assert_uint_eq(pb_crc32c("123456789", 9), 0xe3069283u); /* RFC 3720's check value */
    const made_run made = small("small");
    make_run(at("run"), &made);
    pb_record run;
    ck_assert_int_eq(pb_record_load(ctx, at("run"), &run), PB_OK);
    ck_assert_int_eq(pb_events_write(ctx, &run, at("run")), PB_OK);
    size_t bytes;
    uint8_t *file = (uint8_t *)read_all("run/events/seed-1/events.out.tfevents.passband", &bytes),
            *p = file;
    int frames = 0, validation = 0, bands = 0, iterations = 0;
    for (; p < file + bytes; frames++) {
        const uint64_t length = little(p, 8);
        ck_assert_uint_eq(little(p + 8, 4), reference_mask(p, 8));
        ck_assert_uint_eq(little(p + 12 + length, 4), reference_mask(p + 12, length));
        scalar s = {.step = 0};
        if (frames == 0)
            ck_assert(memmem(p + 12, length, "brain.Event:2", 13) != NULL);
        else
            decode_message(p + 12, p + 12 + length, 0, &s);
        if (strcmp(s.tag, "loss/validation") == 0) {
            const pb_epoch *e = &run.epochs[4 + validation++]; /* the second seed's lines */
            ck_assert_int_eq(s.step, e->step);
            ck_assert_float_eq(s.value, (float)e->val_loss);
        }
        if (strcmp(s.tag, "band_weights/band_5") == 0) {
            ck_assert_int_eq(s.step, (bands + 1) * 5);
            ck_assert_float_eq(s.value, (float)run.band_weights.data[(16 + bands++) * 8 + 5]);
        }
        iterations += strcmp(s.tag, "loss/iteration") == 0;
        p += length + 16;
    }
    ck_assert_ptr_eq(p, file + bytes);
    ck_assert_int_eq(validation, 4);
    ck_assert_int_eq(bands, 16);
    ck_assert_int_eq(iterations, 16);
    /* version, 16 losses, 16 x 8 weights, and per epoch: 2 losses, 2 accuracies, seconds, epoch, 2
     * parts, 2 rates */
    ck_assert_int_eq(frames, 1 + 16 + 128 + 4 * 10);
    free(file);
    pb_record_clear(&run);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("events");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, events_decode_to_the_metrics);
    return run_case("events", tests);
}
