/* TensorBoard event files. */
#include "report/events.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/file.h"

/* ---- CRC-32C ---- */

uint32_t pb_crc32c(const void *data, size_t bytes)
{
    const uint8_t *byte = data;
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < bytes; i++) {
        crc ^= byte[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0x82f63b78 & (0u - (crc & 1)));
    }
    return ~crc;
}

static uint32_t masked_crc(const void *data, size_t bytes)
{
    const uint32_t crc = pb_crc32c(data, bytes);
    return (crc >> 15 | crc << 17) + 0xa282ead8;
}

/* ---- protocol buffers ---- */

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5, MESSAGE_BYTES = 512 };

/* A small message; one that does not fit is our own mistake: tags are cut to TAG_BYTES. */
enum { TAG_BYTES = 128 };
typedef struct message {
    uint8_t bytes[MESSAGE_BYTES];
    size_t length;
} message;

static void put(message *m, const void *data, size_t bytes)
{
    if (bytes > sizeof m->bytes - m->length) return;
    memcpy(m->bytes + m->length, data, bytes);
    m->length += bytes;
}

static void put_varint(message *m, uint64_t number)
{
    do {
        const uint8_t byte = (uint8_t)((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
        put(m, &byte, 1);
        number >>= 7;
    } while (number);
}

static void put_key(message *m, unsigned field, unsigned wire)
{
    put_varint(m, field << 3 | wire);
}

static void put_little(uint8_t *out, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++) out[i] = (uint8_t)(number >> 8 * i);
}

static void put_double(message *m, unsigned field, double number)
{
    uint64_t bits;
    uint8_t little[8];
    memcpy(&bits, &number, sizeof bits);
    put_little(little, bits, 8);
    put_key(m, field, WIRE_64);
    put(m, little, sizeof little);
}

static void put_float(message *m, unsigned field, float number)
{
    uint32_t bits;
    uint8_t little[4];
    memcpy(&bits, &number, sizeof bits);
    put_little(little, bits, 4);
    put_key(m, field, WIRE_32);
    put(m, little, sizeof little);
}

static void put_bytes(message *m, unsigned field, const void *data, size_t bytes)
{
    put_key(m, field, WIRE_BYTES);
    put_varint(m, bytes);
    put(m, data, bytes);
}

/* ---- events ---- */

/* Fields of Event, of Summary and of Summary.Value. */
enum { EVENT_WALL_TIME = 1, EVENT_STEP = 2, EVENT_FILE_VERSION = 3, EVENT_SUMMARY = 5 };
enum { SUMMARY_VALUE = 1, VALUE_TAG = 1, VALUE_SIMPLE = 2 };

/* One frame: length, its masked CRC, the message, its masked CRC. */
static void write_frame(FILE *out, const message *m)
{
    uint8_t head[12], tail[4];
    put_little(head, m->length, 8);
    put_little(head + 8, masked_crc(head, 8), 4);
    put_little(tail, masked_crc(m->bytes, m->length), 4);
    fwrite(head, 1, sizeof head, out);
    fwrite(m->bytes, 1, m->length, out);
    fwrite(tail, 1, sizeof tail, out);
}

static void write_version(FILE *out, double wall_time)
{
    static const char version[] = "brain.Event:2";
    message event = {.length = 0};
    put_double(&event, EVENT_WALL_TIME, wall_time);
    put_bytes(&event, EVENT_FILE_VERSION, version, strlen(version));
    write_frame(out, &event);
}

static void write_scalar(FILE *out, double wall_time, int64_t step, const char *tag, double number)
{
    if (!isfinite(number)) return;
    message value = {.length = 0}, summary = {.length = 0}, event = {.length = 0};
    put_bytes(&value, VALUE_TAG, tag, strnlen(tag, TAG_BYTES));
    put_float(&value, VALUE_SIMPLE, (float)number);
    put_bytes(&summary, SUMMARY_VALUE, value.bytes, value.length);
    put_double(&event, EVENT_WALL_TIME, wall_time);
    put_key(&event, EVENT_STEP, WIRE_VARINT);
    put_varint(&event, (uint64_t)step);
    put_bytes(&event, EVENT_SUMMARY, summary.bytes, summary.length);
    write_frame(out, &event);
}

static void write_group(FILE *out, double wall_time, const pb_epoch *e, const char *group)
{
    const char *key;
    json_t *number;
    char tag[TAG_BYTES];
    json_object_foreach(json_object_get(e->json, group), key, number)
    {
        snprintf(tag, sizeof tag, "%s/%s", group, key);
        if (json_is_number(number))
            write_scalar(out, wall_time, e->step, tag, json_number_value(number));
    }
}

static void write_epoch(FILE *out, double wall_time, const pb_epoch *e)
{
    write_scalar(out, wall_time, e->step, "loss/train", e->train_loss);
    write_scalar(out, wall_time, e->step, "loss/validation", e->val_loss);
    write_scalar(out, wall_time, e->step, "accuracy/train", e->train_accuracy);
    write_scalar(out, wall_time, e->step, "accuracy/validation", e->val_accuracy);
    write_scalar(out, wall_time, e->step, "seconds", e->seconds);
    write_scalar(out, wall_time, e->step, "epoch", e->epoch);
    write_group(out, wall_time, e, "losses");
    write_group(out, wall_time, e, "rate");
}

/* The loss and the band weights of every recorded iteration of a seed. */
static void write_iterations(FILE *out, double wall_time, const pb_record *run, size_t seed)
{
    const pb_array *loss = &run->train_loss, *bands = &run->band_weights;
    char tag[48];
    if (loss->data && seed < loss->dim[0])
        for (size_t p = 0; p < loss->dim[1]; p++)
            write_scalar(out, wall_time, (int64_t)(p + 1) * run->log_every, "loss/iteration",
                         loss->data[seed * loss->dim[1] + p]);
    if (!bands->data || seed >= bands->dim[0]) return;
    for (size_t p = 0; p < bands->dim[1]; p++)
        for (size_t k = 0; k < bands->dim[2]; k++) {
            snprintf(tag, sizeof tag, "band_weights/band_%zu", k);
            write_scalar(out, wall_time, (int64_t)(p + 1) * run->log_every, tag,
                         bands->data[(seed * bands->dim[1] + p) * bands->dim[2] + k]);
        }
}

/* When training began, by the clock: the metrics were written last when it ended. */
static double start_time(const pb_record *run, const char *folder)
{
    double seconds = 0;
    struct stat file;
    char *path = pb_path_join(folder, "metrics.jsonl");
    const double end = path && !stat(path, &file) ? (double)file.st_mtime : 0;
    free(path);
    for (int i = 0; i < run->epoch_count; i++)
        if (isfinite(run->epochs[i].seconds)) seconds += run->epochs[i].seconds;
    return end - seconds;
}

static pb_status write_seed(pb_context *ctx, const pb_record *run, size_t seed, double *clock,
                            const char *path)
{
    pb_file_writer writer;
    PB_TRY(pb_file_open(ctx, path, &writer));
    const double begin = *clock;
    write_version(writer.stream, begin);
    write_iterations(writer.stream, begin, run, seed);
    for (int i = 0; i < run->epoch_count; i++) {
        const pb_epoch *e = &run->epochs[i];
        if ((size_t)e->seed_index != seed) continue;
        if (isfinite(e->seconds)) *clock += e->seconds;
        write_epoch(writer.stream, *clock, e);
    }
    return pb_file_commit(ctx, &writer);
}

pb_status pb_events_write(pb_context *ctx, const pb_record *run, const char *folder)
{
    double clock = start_time(run, run->folder);
    for (int seed = 0; seed < run->seed_count; seed++) {
        pb_text path = {0};
        pb_text_append(&path, "%s/events/", folder);
        if (run->folds[seed]) pb_text_append(&path, "fold-%d/", run->folds[seed]);
        pb_text_append(&path, "seed-%lld", (long long)run->seeds[seed]);
        pb_status status = path.failed ? pb_fail(ctx, PB_ERR_MEMORY, "out of memory")
                                       : pb_folder_make(ctx, path.text);
        pb_text_append(&path, "/events.out.tfevents.passband");
        if (!status && path.failed) status = pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
        if (!status) status = write_seed(ctx, run, (size_t)seed, &clock, path.text);
        pb_text_free(&path);
        PB_TRY(status);
    }
    return PB_OK;
}
