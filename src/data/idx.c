/* IDX, the format of MNIST, raw or gzipped: two zero bytes, a type, a number of axes, an extent of
 * four big-endian bytes for each axis, then the elements.
 * Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits". */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "data/packed.h"
#include "data/registry.h"

#define TYPE_U8  0x08
#define AXES_MAX 3

typedef struct idx_header {
    int axes;
    uint32_t dim[AXES_MAX];
} idx_header;

static pb_status read_header(pb_context *ctx, pb_packed *file, int axes, idx_header *header)
{
    unsigned char b[4];
    PB_TRY(pb_packed_read(ctx, file, b, sizeof b));
    if (b[0] != 0 || b[1] != 0)
        return pb_fail(
            ctx, PB_ERR_DATA,
            "%s: is not an IDX file, it begins with %02x%02x%02x%02x instead of 0000%02x%02x",
            file->path, b[0], b[1], b[2], b[3], TYPE_U8, axes);
    if (b[2] != TYPE_U8)
        return pb_fail(ctx, PB_ERR_DATA,
                       "%s: has elements of type 0x%02x, only unsigned bytes (0x08) are allowed",
                       file->path, b[2]);
    if (b[3] != axes)
        return pb_fail(ctx, PB_ERR_DATA, "%s: has %d axes, %d are needed", file->path, b[3], axes);
    header->axes = axes;
    for (int i = 0; i < axes; i++) {
        PB_TRY(pb_packed_read(ctx, file, b, sizeof b));
        header->dim[i] = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    }
    return PB_OK;
}

/* "folder/name", or with ".gz" where only that exists; NULL without memory. */
static char *idx_path(const char *folder, const char *name)
{
    char *path = pb_path_join(folder, name);
    if (!path || pb_file_exists(path)) return path;
    char packed[64];
    snprintf(packed, sizeof packed, "%s.gz", name);
    char *other = pb_path_join(folder, packed);
    if (other && !pb_file_exists(other)) {
        free(other);
        return path;
    }
    free(path);
    return other;
}

static bool is_there(const char *folder, const char *name)
{
    char *path = idx_path(folder, name);
    const bool there = path && pb_file_exists(path);
    free(path);
    return there;
}

static pb_status find_idx(pb_context *ctx, const char *folder, const char *name, char **path)
{
    *path = idx_path(folder, name);
    if (!*path) return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory to read it", folder);
    if (pb_file_exists(*path)) return PB_OK;
    const pb_status status =
        pb_fail(ctx, PB_ERR_DATA, "%s: is missing, also as %s.gz", *path, name);
    free(*path);
    return status;
}

/* Images [count, H, W] of u8, up to their pixels; sets the sample shape, or compares with the one
 * that is set. */
static pb_status begin_images(pb_context *ctx, pb_packed *file, pb_dataset *d, pb_samples *samples)
{
    idx_header header;
    PB_TRY(read_header(ctx, file, 3, &header));
    const uint32_t count = header.dim[0], height = header.dim[1], width = header.dim[2];
    if (count == 0) return pb_fail(ctx, PB_ERR_DATA, "%s: holds no samples", file->path);
    if (height < 1 || width < 1 || height > PB_DATA_SIDE_MAX || width > PB_DATA_SIDE_MAX)
        return pb_fail(ctx, PB_ERR_DATA, "%s: images of %u x %u pixels, 1 to %d a side are allowed",
                       file->path, height, width, PB_DATA_SIDE_MAX);
    pb_shape *shape = &d->sample_shape;
    if (shape->axes == 0) *shape = (pb_shape){.axes = 2, .dim = {(int)height, (int)width}};
    if (shape->dim[0] != (int)height || shape->dim[1] != (int)width)
        return pb_fail(ctx, PB_ERR_DATA,
                       "%s: images of %u x %u pixels, those to train on have %d x %d", file->path,
                       height, width, shape->dim[0], shape->dim[1]);
    const uint64_t bytes = (uint64_t)count * height * width;
    if (bytes <= PB_DATA_BYTES_MAX) PB_TRY(pb_packed_expect(ctx, file, bytes));
    return pb_labels_alloc(ctx, d, file->path, count, samples);
}

static pb_status read_labels(pb_context *ctx, pb_packed *file, pb_dataset *d, pb_samples *samples)
{
    idx_header header;
    PB_TRY(read_header(ctx, file, 1, &header));
    if (header.dim[0] != (uint32_t)samples->count)
        return pb_fail(ctx, PB_ERR_DATA, "%s: holds %u labels for %d images", file->path,
                       header.dim[0], samples->count);
    void *bytes;
    PB_TRY(pb_packed_rest(ctx, file, (size_t)samples->count, &bytes));
    for (int i = 0; i < samples->count; i++) samples->labels[i] = ((const uint8_t *)bytes)[i];
    free(bytes);
    return pb_labels_check(ctx, file->path, samples->labels, samples->count, d);
}

static pb_status find_labels(pb_context *ctx, const char *folder, const char *name, pb_dataset *d,
                             pb_samples *samples)
{
    char *path;
    PB_TRY(find_idx(ctx, folder, name, &path));
    pb_packed file;
    pb_status status = pb_packed_begin(ctx, path, &file);
    free(path);
    PB_TRY(status);
    status = read_labels(ctx, &file, d, samples);
    pb_packed_close(&file);
    return status;
}

/* Labels that do not fit images which are themselves damaged are not what is wrong. */
static pb_status blame(pb_context *ctx, pb_status status, pb_packed *images, size_t bytes)
{
    char sentence[1024];
    void *pixels;
    snprintf(sentence, sizeof sentence, "%s", pb_error(ctx));
    PB_TRY(pb_packed_rest(ctx, images, bytes, &pixels));
    free(pixels);
    return pb_fail(ctx, status, "%s", sentence);
}

/* All but the pixels, whose file stays open. */
static pb_status begin_part(pb_context *ctx, const char *folder, const char *images,
                            const char *labels, pb_dataset *d, pb_samples *samples, pb_packed *file)
{
    char *path;
    PB_TRY(find_idx(ctx, folder, images, &path));
    pb_status status = pb_packed_begin(ctx, path, file);
    free(path);
    PB_TRY(status);
    PB_TRY(begin_images(ctx, file, d, samples));
    status = find_labels(ctx, folder, labels, d, samples);
    if (status == PB_OK) return PB_OK;
    return blame(ctx, status, file, (size_t)samples->count * pb_sample_bytes(d));
}

/* ---- both parts ---- */

typedef struct image_files {
    pb_packed train, test;
    int train_count, test_count; /* as many as the files say, whatever the data set uses */
} image_files;

static pb_status read_images(pb_context *ctx, void *files, pb_dataset *d)
{
    image_files *f = files;
    const size_t bytes = pb_sample_bytes(d);
    PB_TRY(pb_packed_rest(ctx, &f->train, (size_t)f->train_count * bytes, &d->train.data));
    if (f->test_count == 0) return PB_OK;
    return pb_packed_rest(ctx, &f->test, (size_t)f->test_count * bytes, &d->test.data);
}

static void close_images(void *files)
{
    image_files *f = files;
    pb_packed_close(&f->train);
    pb_packed_close(&f->test);
    free(f);
}

/* A registered data set has all four files; a folder of the user's may lack the test part. */
static pb_status begin_parts(pb_context *ctx, const pb_data_row *row, const char *folder,
                             pb_dataset *d, image_files *f)
{
    static const char test_images[] = "t10k-images-idx3-ubyte";
    static const char test_labels[] = "t10k-labels-idx1-ubyte";
    PB_TRY(begin_part(ctx, folder, "train-images-idx3-ubyte", "train-labels-idx1-ubyte", d,
                      &d->train, &f->train));
    f->train_count = d->train.count;
    PB_TRY(pb_class_names_set(ctx, row->class_names, d));
    if (row->needs_path && !is_there(folder, test_images) && !is_there(folder, test_labels))
        return PB_OK;
    PB_TRY(begin_part(ctx, folder, test_images, test_labels, d, &d->test, &f->test));
    f->test_count = d->test.count;
    return PB_OK;
}

pb_status pb_idx_load_folder(pb_context *ctx, const pb_data_row *row, const char *folder,
                             pb_dataset *d)
{
    d->dtype = PB_U8;
    d->classes = row->classes;
    image_files *files = calloc(1, sizeof *files);
    d->unread = calloc(1, sizeof *d->unread);
    if (!files || !d->unread) {
        free(files);
        free(d->unread);
        d->unread = NULL;
        return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory to read it", folder);
    }
    *d->unread = (pb_unread){.read = read_images, .close = close_images, .files = files};
    return begin_parts(ctx, row, folder, d, files);
}
