/* TensorBoard event files. */
#include "report/events.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/protobuf.h"

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

static void put_little(uint8_t *out, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++) out[i] = (uint8_t)(number >> 8 * i);
}

/* ---- events ---- */

/* Fields of Event, of Summary and of Summary.Value. */
enum { EVENT_WALL_TIME = 1, EVENT_STEP = 2, EVENT_FILE_VERSION = 3, EVENT_SUMMARY = 5 };
enum { SUMMARY_VALUE = 1, VALUE_TAG = 1, VALUE_SIMPLE = 2, TAG_BYTES = 128 };

/* One frame: length, its masked CRC, the message, its masked CRC; none of a message that memory was
 * out for. Clears the message. */
static void write_frame(FILE *out, pb_protobuf *m)
{
    uint8_t head[12], tail[4];
    if (m->failed) {
        pb_protobuf_clear(m);
        return;
    }
    put_little(head, m->length, 8);
    put_little(head + 8, masked_crc(head, 8), 4);
    put_little(tail, masked_crc(m->bytes, m->length), 4);
    fwrite(head, 1, sizeof head, out);
    fwrite(m->bytes, 1, m->length, out);
    fwrite(tail, 1, sizeof tail, out);
    pb_protobuf_clear(m);
}

static void write_version(FILE *out, double wall_time)
{
    static const char version[] = "brain.Event:2";
    pb_protobuf event = {0};
    pb_protobuf_put_double(&event, EVENT_WALL_TIME, wall_time);
    pb_protobuf_put_text(&event, EVENT_FILE_VERSION, version);
    write_frame(out, &event);
}

static void write_scalar(FILE *out, double wall_time, int64_t step, const char *tag, double number)
{
    if (!isfinite(number)) return;
    pb_protobuf value = {0}, summary = {0}, event = {0};
    pb_protobuf_put_text(&value, VALUE_TAG, tag);
    pb_protobuf_put_float(&value, VALUE_SIMPLE, (float)number);
    pb_protobuf_put(&summary, SUMMARY_VALUE, &value);
    pb_protobuf_put_double(&event, EVENT_WALL_TIME, wall_time);
    pb_protobuf_put_int(&event, EVENT_STEP, step);
    pb_protobuf_put(&event, EVENT_SUMMARY, &summary);
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
    write_group(out, wall_time, e, "sparsity");
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
