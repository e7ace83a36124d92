#include <passband/dataset.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "data/registry.h"

#define TEST_FRACTION_DEFAULT 0.2

static pb_status check_options(pb_context *ctx, const pb_dataset_options *o)
{
    if (!o->name || !*o->name) return pb_fail(ctx, PB_ERR_CONFIG, "the data set has no name");
    if (!(o->test_fraction >= 0 && o->test_fraction < 1))
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "the test fraction is %g, above 0 and below 1 is allowed", o->test_fraction);
    if (o->limit < 0)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "the limit of training samples is %d, it must be positive", o->limit);
    if (o->mnist1d && strcmp(o->name, "mnist1d") != 0)
        return pb_fail(ctx, PB_ERR_CONFIG, "%s: has no options of mnist1d", o->name);
    return PB_OK;
}

static pb_status need_path(pb_context *ctx, const pb_data_row *row)
{
    return pb_fail(ctx, PB_ERR_CONFIG, "%s: the path of a %s is needed%s%s", row->name,
                   row->read ? "file" : "folder", row->read ? ": " : ", with ", row->how);
}

static pb_status find_folder(pb_context *ctx, const pb_data_row *row, const char *path,
                             char **folder)
{
    struct stat info;
    if (!path || !*path)
        return row->needs_path ? need_path(ctx, row) : pb_data_folder(ctx, row, folder);
    if (stat(path, &info) != 0)
        return pb_fail(ctx, PB_ERR_DATA, "%s: the folder cannot be read: %s", path,
                       strerror(errno));
    if (!S_ISDIR(info.st_mode) && row->needs_path)
        return pb_fail(ctx, PB_ERR_DATA, "%s: is not a folder, it must be %s", path, row->summary);
    if (!S_ISDIR(info.st_mode))
        return pb_fail(ctx, PB_ERR_DATA, "%s: is not a folder, it must be one with the files of %s",
                       path, row->name);
    *folder = strdup(path);
    return *folder ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
}

/* A registered data set has its own name, a folder of the user's the folder's. What does not fit is
 * cut off between two characters of UTF-8. */
static void set_name(const pb_data_row *row, const char *folder, pb_dataset *d)
{
    char *whole = row->needs_path ? realpath(folder, NULL) : NULL;
    const char *slash = whole ? strrchr(whole, '/') : NULL;
    const char *name = slash && slash[1] ? slash + 1 : row->name;
    snprintf(d->name, sizeof d->name, "%s", name);
    size_t length = strlen(d->name);
    while (length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80) length--;
    d->name[length] = '\0';
    free(whole);
}

/* Takes the held-out rows out of the training part: they go to the test part, the others close up
 * in place, which their ascending order allows. */
static void move_rows(pb_dataset *d, const int32_t *train, int train_count, const int32_t *held_out)
{
    const size_t bytes = pb_sample_bytes(d);
    char *from = d->train.data, *to = d->test.data;
    for (int i = 0; i < d->test.count; i++) {
        memcpy(to + (size_t)i * bytes, from + (size_t)held_out[i] * bytes, bytes);
        d->test.labels[i] = d->train.labels[held_out[i]];
    }
    for (int i = 0; i < train_count; i++) {
        if (train[i] != i) memcpy(from + (size_t)i * bytes, from + (size_t)train[i] * bytes, bytes);
        d->train.labels[i] = d->train.labels[train[i]];
    }
    d->train.count = train_count;
}

static pb_status hold_out(pb_context *ctx, const char *folder, double fraction, uint64_t seed,
                          pb_dataset *d)
{
    int32_t *train, *held_out;
    int train_count, held_out_count;
    const pb_status split =
        pb_dataset_split(ctx, d->train.labels, d->train.count, d->classes, fraction, seed, &train,
                         &train_count, &held_out, &held_out_count);
    if (split != PB_OK) return pb_fail_prefix(ctx, split, "%s", folder);
    const pb_status status = pb_samples_alloc(ctx, d, folder, (uint64_t)held_out_count, &d->test);
    if (status == PB_OK) move_rows(d, train, train_count, held_out);
    free(train);
    free(held_out);
    return status;
}

static pb_status need_test_part(pb_context *ctx, const char *source, const pb_dataset_options *o,
                                pb_dataset *d)
{
    const double fraction = o->test_fraction > 0 ? o->test_fraction : TEST_FRACTION_DEFAULT;
    if (d->test.count > 0) return PB_OK;
    PB_TRY(pb_dataset_read(ctx, d));
    return hold_out(ctx, source, fraction, o->split_seed, d);
}

/* The sentence, and how the data set can be had anew. */
static pb_status offer_help(pb_context *ctx, pb_status status, const char *how)
{
    char sentence[1024];
    if (status == PB_OK || !how) return status;
    snprintf(sentence, sizeof sentence, "%s", pb_error(ctx));
    return pb_fail(ctx, status, "%s (get the data set anew with: %s)", sentence, how);
}

static pb_status load_folder(pb_context *ctx, const pb_data_row *row, const char *folder,
                             const pb_dataset_options *o, pb_dataset *d)
{
    const char *how = row->needs_path || o->path ? NULL : row->how;
    set_name(row, folder, d);
    PB_TRY(offer_help(ctx, row->load(ctx, row, folder, d), how));
    if (d->unread) d->unread->how = how;
    return need_test_part(ctx, folder, o, d);
}

static pb_status load(pb_context *ctx, const pb_data_row *row, const pb_dataset_options *o,
                      pb_dataset *d)
{
    char *folder;
    PB_TRY(find_folder(ctx, row, o->path, &folder));
    const pb_status status = load_folder(ctx, row, folder, o, d);
    free(folder);
    return status;
}

static pb_status generate(pb_context *ctx, const pb_data_row *row, const pb_dataset_options *o,
                          pb_dataset *d)
{
    if (o->path && *o->path)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s: is generated and has no path; npy loads arrays from one", row->name);
    snprintf(d->name, sizeof d->name, "%s", row->name);
    return row->generate(ctx, o, d);
}

static pb_status make(pb_context *ctx, const pb_data_row *row, const pb_dataset_options *o,
                      pb_dataset **dataset)
{
    pb_dataset *d = *dataset = calloc(1, sizeof *d);
    if (!d) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a data set");
    return row->generate ? generate(ctx, row, o, d) : load(ctx, row, o, d);
}

static pb_status read_file(pb_context *ctx, const pb_data_row *row, const pb_dataset_options *o,
                           pb_dataset **dataset)
{
    if (!o->path || !*o->path) return need_path(ctx, row);
    PB_TRY(row->read(ctx, o, dataset));
    return need_test_part(ctx, o->path, o, *dataset);
}

pb_status pb_dataset_outline(pb_context *ctx, const pb_dataset_options *options,
                             pb_dataset **dataset)
{
    *dataset = NULL;
    const pb_data_row *row;
    PB_TRY(check_options(ctx, options));
    PB_TRY(pb_data_find(ctx, options->name, &row));
    pb_dataset *d = NULL;
    const pb_status status =
        row->read ? read_file(ctx, row, options, &d) : make(ctx, row, options, &d);
    if (status != PB_OK) {
        pb_dataset_free(&d);
        return status;
    }
    if (options->limit > 0 && options->limit < d->train.count) d->train.count = options->limit;
    *dataset = d;
    return PB_OK;
}

static void close_unread(pb_dataset *d)
{
    if (!d->unread) return;
    d->unread->close(d->unread->files);
    free(d->unread);
    d->unread = NULL;
}

pb_status pb_dataset_read(pb_context *ctx, pb_dataset *d)
{
    pb_unread *u = d->unread;
    if (!u) return PB_OK;
    PB_TRY(offer_help(ctx, u->read(ctx, u->files, d), u->how));
    close_unread(d);
    return PB_OK;
}

pb_status pb_dataset_load(pb_context *ctx, const pb_dataset_options *options, pb_dataset **dataset)
{
    PB_TRY(pb_dataset_outline(ctx, options, dataset));
    const pb_status status = pb_dataset_read(ctx, *dataset);
    if (status != PB_OK) pb_dataset_free(dataset);
    return status;
}

void pb_dataset_sha256(const pb_dataset *d, char hex[65])
{
    const pb_samples *parts[] = {&d->train, &d->test};
    pb_sha256 *sum = pb_sha256_begin();
    for (int p = 0; p < 2; p++) {
        const size_t count = (size_t)parts[p]->count;
        pb_sha256_add(sum, parts[p]->data, count * pb_sample_bytes(d));
        pb_sha256_add(sum, parts[p]->labels, count * sizeof *parts[p]->labels);
    }
    pb_sha256_end(sum, hex);
}

void pb_dataset_free(pb_dataset **dataset)
{
    pb_dataset *d = dataset ? *dataset : NULL;
    if (!d) return;
    close_unread(d);
    pb_samples_clear(&d->train);
    pb_samples_clear(&d->test);
    for (int i = 0; d->class_names && i < d->classes; i++) free(d->class_names[i]);
    free(d->class_names);
    pb_compressed_free(&d->compressed);
    free(d);
    *dataset = NULL;
}
