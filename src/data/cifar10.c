/* CIFAR-10 in its binary version: five files of training images and one to test, of records of a
 * label and 3072 pixels, red, green and blue planes of 32 x 32, in a folder or in the archive as it
 * is published. Source: Krizhevsky, "Learning multiple layers of features from tiny images" (2009),
 * https://www.cs.toronto.edu/~kriz/cifar.html. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "data/registry.h"
#include "data/tar.h"

enum { SIDE = 32, PIXELS = 3 * SIDE * SIDE, RECORD = 1 + PIXELS, CLASSES = 10 };
enum { BATCHES = 6, TRAIN_BATCHES = 5, MOST_NAME_BYTES = 4096 }; /* of class names */

static const char *const batch_names[BATCHES] = {
    "data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
    "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin",
};
static const char names_file[] = "batches.meta.txt";
static const char archive_file[] = "cifar-10-binary.tar.gz";

/* A data set that is being read: batches come in the order of the archive. */
typedef struct reading {
    pb_context *ctx;
    const pb_data_row *row;
    pb_dataset *d;
    int per_batch; /* images of each batch to train on; 0: none has come */
    bool has[BATCHES];
} reading;

/* ---- batches ---- */

/* Where the images of a batch go; the first to train on makes room for all of them. */
static pb_status make_room(reading *r, const char *name, int batch, uint64_t count,
                           pb_samples **samples, int *first)
{
    const bool trains = batch < TRAIN_BATCHES;
    *samples = trains ? &r->d->train : &r->d->test;
    *first = trains ? batch * (int)count : 0;
    if (trains && r->per_batch > 0) {
        if (count == (uint64_t)r->per_batch) return PB_OK;
        return pb_fail(r->ctx, PB_ERR_DATA,
                       "%s: holds %llu images, but another batch %d; all to train on hold as many",
                       name, (unsigned long long)count, r->per_batch);
    }
    PB_TRY(pb_samples_alloc(r->ctx, r->d, name, trains ? TRAIN_BATCHES * count : count, *samples));
    if (trains) r->per_batch = (int)count;
    return PB_OK;
}

/* Reads a batch of so many bytes; `name` is what errors call it. */
static pb_status read_batch(reading *r, pb_packed *file, const char *name, int batch,
                            uint64_t bytes)
{
    pb_samples *samples;
    int first;
    const uint64_t count = bytes / RECORD;
    if (count == 0 || bytes % RECORD != 0)
        return pb_fail(
            r->ctx, PB_ERR_DATA,
            "%s: is %llu bytes long, must be whole records of %d bytes (a label and 32 x "
            "32 pixels of three colours); the published ones are 10000",
            name, (unsigned long long)bytes, RECORD);
    if (file->read_bytes > 0) PB_TRY(pb_packed_expect(r->ctx, file, bytes)); /* of an archive */
    PB_TRY(make_room(r, name, batch, count, &samples, &first));
    uint8_t *pixels = (uint8_t *)samples->data + (size_t)first * PIXELS;
    for (uint64_t i = 0; i < count; i++, pixels += PIXELS) {
        uint8_t label;
        PB_TRY(pb_packed_read(r->ctx, file, &label, 1));
        if (label >= CLASSES)
            return pb_fail(r->ctx, PB_ERR_DATA,
                           "%s: label %d of image %llu is out of range, 0 to %d are allowed", name,
                           label, (unsigned long long)i, CLASSES - 1);
        samples->labels[(uint64_t)first + i] = label;
        PB_TRY(pb_packed_read(r->ctx, file, pixels, PIXELS));
    }
    r->has[batch] = true;
    return PB_OK;
}

static int batch_of(const char *name)
{
    for (int i = 0; i < BATCHES; i++)
        if (strcmp(name, batch_names[i]) == 0) return i;
    return -1;
}

/* ---- class names ---- */

/* A name a line; `text` is changed. */
static pb_status take_names(reading *r, const char *path, char *text)
{
    const char *names[CLASSES];
    char *rest = NULL;
    int count = 0;
    for (char *line = strtok_r(text, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest))
        if (count++ < CLASSES) names[count - 1] = line;
    if (count != CLASSES)
        return pb_fail(r->ctx, PB_ERR_DATA, "%s: holds %d names of classes, there are %d", path,
                       count, CLASSES);
    return pb_class_names_set(r->ctx, names, r->d);
}

static pb_status read_names(reading *r, pb_packed *file, const char *name, uint64_t bytes)
{
    char text[MOST_NAME_BYTES + 1] = "";
    if (bytes > MOST_NAME_BYTES)
        return pb_fail(r->ctx, PB_ERR_DATA, "%s: is %llu bytes long, at most %d are allowed", name,
                       (unsigned long long)bytes, MOST_NAME_BYTES);
    PB_TRY(pb_packed_read(r->ctx, file, text, (size_t)bytes));
    return take_names(r, name, text);
}

/* ---- a folder of files ---- */

static pb_status read_file(reading *r, const char *folder, const char *name, int batch)
{
    pb_packed file;
    char *path = pb_path_join(folder, name);
    if (!path) return pb_fail(r->ctx, PB_ERR_MEMORY, "%s: no memory to read it", folder);
    pb_status status = PB_OK;
    if (pb_file_exists(path)) {
        status = pb_packed_open(r->ctx, path, &file);
        if (status == PB_OK)
            status = batch < 0 ? read_names(r, &file, path, file.stored_bytes)
                               : read_batch(r, &file, path, batch, file.stored_bytes);
        if (status == PB_OK) status = pb_packed_end(r->ctx, &file);
        pb_packed_close(&file);
    } else if (batch >= 0) {
        status = pb_fail(r->ctx, PB_ERR_DATA, "%s: is missing", path);
    }
    free(path);
    return status;
}

static pb_status read_files(reading *r, const char *folder)
{
    PB_TRY(read_file(r, folder, names_file, -1));
    for (int i = 0; i < BATCHES; i++) PB_TRY(read_file(r, folder, batch_names[i], i));
    return PB_OK;
}

/* ---- the archive ---- */

static pb_status read_member(reading *r, pb_packed *archive, const pb_tar_member *member)
{
    char name[512];
    const int batch = batch_of(member->name);
    snprintf(name, sizeof name, "%s: %s", archive->path, member->name);
    if (member->is_file && batch >= 0 && r->has[batch])
        return pb_fail(r->ctx, PB_ERR_DATA, "%s is there a second time", name);
    if (member->is_file && batch >= 0)
        PB_TRY(read_batch(r, archive, name, batch, member->bytes));
    else if (member->is_file && strcmp(member->name, names_file) == 0 && !r->d->class_names)
        PB_TRY(read_names(r, archive, name, member->bytes));
    else
        PB_TRY(pb_tar_skip(r->ctx, archive, member->bytes));
    return pb_tar_skip(r->ctx, archive, pb_tar_padding(member->bytes));
}

static pb_status read_members(reading *r, pb_packed *archive)
{
    for (;;) {
        pb_tar_member member;
        bool more;
        PB_TRY(pb_tar_next(r->ctx, archive, &member, &more));
        if (!more) break;
        PB_TRY(read_member(r, archive, &member));
    }
    for (int i = 0; i < BATCHES; i++)
        if (!r->has[i])
            return pb_fail(r->ctx, PB_ERR_DATA, "%s: has no %s in it", archive->path,
                           batch_names[i]);
    return PB_OK;
}

static pb_status read_archive(reading *r, const char *path)
{
    pb_packed archive;
    PB_TRY(pb_packed_open(r->ctx, path, &archive));
    const pb_status status = read_members(r, &archive);
    pb_packed_close(&archive);
    return status;
}

/* ---- all of it ---- */

static bool has_batches(const char *folder)
{
    char *path = pb_path_join(folder, batch_names[0]);
    const bool found = path && pb_file_exists(path);
    free(path);
    return found;
}

/* The files in the folder, or in the one that the archive unpacks to, or the archive. */
static pb_status read_any(reading *r, const char *folder)
{
    char *inner = pb_path_join(folder, "cifar-10-batches-bin");
    char *archive = pb_path_join(folder, archive_file);
    pb_status status;
    if (!inner || !archive)
        status = pb_fail(r->ctx, PB_ERR_MEMORY, "%s: no memory to read it", folder);
    else if (!has_batches(folder) && has_batches(inner))
        status = read_files(r, inner);
    else if (!has_batches(folder) && pb_file_exists(archive))
        status = read_archive(r, archive);
    else
        status = read_files(r, folder);
    free(inner);
    free(archive);
    return status;
}

pb_status pb_cifar10_load_folder(pb_context *ctx, const pb_data_row *row, const char *folder,
                                 pb_dataset *d)
{
    reading r = {.ctx = ctx, .row = row, .d = d};
    d->dtype = PB_U8;
    d->sample_shape = (pb_shape){.axes = 3, .dim = {3, SIDE, SIDE}};
    d->classes = row->classes;
    PB_TRY(read_any(&r, folder));
    return d->class_names ? PB_OK : pb_class_names_set(ctx, row->class_names, d);
}
