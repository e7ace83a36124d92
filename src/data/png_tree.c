/* A folder of PNG images, one sub-folder a class: all of one size, gray if every image is gray. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "data/png_read.h"
#include "data/registry.h"

/* Visible entries of a folder, sorted by bytes: the same order in every locale. */
typedef struct listing {
    struct dirent **entries;
    int count;
} listing;

typedef struct image {
    char *path;
    int32_t label;
    pb_png_info info;
} image;

typedef struct images {
    image *list;
    int count, capacity;
} images;

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static pb_status list_folder(pb_context *ctx, const char *folder, listing *out)
{
    *out = (listing){0};
    const int count = scandir(folder, &out->entries, is_visible, by_bytes);
    if (count < 0)
        return pb_fail(ctx, errno == ENOMEM ? PB_ERR_MEMORY : PB_ERR_DATA,
                       "%s: the folder cannot be read: %s", folder, strerror(errno));
    out->count = count;
    return PB_OK;
}

static void listing_clear(listing *l)
{
    for (int i = 0; i < l->count; i++) free(l->entries[i]);
    free(l->entries);
}

static void images_clear(images *all)
{
    for (int i = 0; i < all->count; i++) free(all->list[i].path);
    free(all->list);
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Takes over `path`. */
static pb_status add_image(pb_context *ctx, char *path, int32_t label, images *all)
{
    if (all->count == all->capacity) {
        const int capacity = all->capacity ? 2 * all->capacity : 256;
        image *list =
            capacity < INT_MAX / 2 ? realloc(all->list, (size_t)capacity * sizeof *list) : NULL;
        if (!list) {
            free(path);
            return pb_fail(ctx, PB_ERR_MEMORY, "no memory for %d images", capacity);
        }
        all->list = list;
        all->capacity = capacity;
    }
    all->list[all->count++] = (image){.path = path, .label = label};
    return PB_OK;
}

static pb_status add_entry(pb_context *ctx, const char *folder, const char *name, int32_t label,
                           images *all)
{
    char *path = pb_path_join(folder, name);
    if (!path) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    const char *ending = strrchr(name, '.');
    pb_status status = PB_OK;
    if (is_folder(path))
        status = pb_fail(ctx, PB_ERR_DATA,
                         "%s: is a folder, only PNG images are allowed in a class", path);
    else if (!ending || strcasecmp(ending, ".png") != 0)
        status = pb_fail(ctx, PB_ERR_DATA,
                         "%s: is not named .png, only PNG images are allowed here", path);
    if (status == PB_OK) return add_image(ctx, path, label, all);
    free(path);
    return status;
}

static pb_status add_class(pb_context *ctx, const char *folder, int32_t label, images *all)
{
    listing files;
    PB_TRY(list_folder(ctx, folder, &files));
    pb_status status =
        files.count ? PB_OK : pb_fail(ctx, PB_ERR_DATA, "%s: the class holds no image", folder);
    for (int i = 0; i < files.count && status == PB_OK; i++)
        status = add_entry(ctx, folder, files.entries[i]->d_name, label, all);
    listing_clear(&files);
    return status;
}

static pb_status name_classes(pb_context *ctx, const char *folder, const listing *classes,
                              pb_dataset *d)
{
    if (classes->count < 2)
        return pb_fail(ctx, PB_ERR_DATA,
                       "%s: holds %d sub-folders, one for each of at least two classes is needed",
                       folder, classes->count);
    if (classes->count > PB_DATA_CLASSES_MAX)
        return pb_fail(ctx, PB_ERR_DATA, "%s: holds %d sub-folders, at most %d classes are allowed",
                       folder, classes->count, PB_DATA_CLASSES_MAX);
    const char **names = calloc((size_t)classes->count, sizeof *names);
    if (!names) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for class names");
    for (int i = 0; i < classes->count; i++) names[i] = classes->entries[i]->d_name;
    d->classes = classes->count;
    const pb_status status = pb_class_names_set(ctx, names, d);
    free(names);
    return status;
}

static int32_t class_of(const pb_dataset *d, const char *name)
{
    for (int i = 0; i < d->classes; i++)
        if (strcmp(d->class_names[i], name) == 0) return i;
    return -1;
}

/* Every class of a folder; the first folder names the classes, another may only use those. */
static pb_status add_classes(pb_context *ctx, const char *folder, pb_dataset *d, images *all)
{
    listing classes;
    PB_TRY(list_folder(ctx, folder, &classes));
    pb_status status = PB_OK;
    for (int i = 0; i < classes.count && status == PB_OK; i++) {
        char *path = pb_path_join(folder, classes.entries[i]->d_name);
        if (!path)
            status = pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
        else if (!is_folder(path))
            status = pb_fail(ctx, PB_ERR_DATA,
                             "%s: is a file, only folders (one a class) are allowed here", path);
        free(path);
    }
    if (status == PB_OK && d->classes == 0) status = name_classes(ctx, folder, &classes, d);
    for (int i = 0; i < classes.count && status == PB_OK; i++) {
        const char *name = classes.entries[i]->d_name;
        const int32_t label = class_of(d, name);
        char *path = pb_path_join(folder, name);
        if (!path)
            status = pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
        else if (label < 0)
            status =
                pb_fail(ctx, PB_ERR_DATA, "%s: the class is not among those to train on", path);
        else
            status = add_class(ctx, path, label, all);
        free(path);
    }
    if (status == PB_OK && all->count == 0)
        status = pb_fail(ctx, PB_ERR_DATA, "%s: holds no images", folder);
    listing_clear(&classes);
    return status;
}

/* Reads the heads: all must be of the first one's size. */
static pb_status probe(pb_context *ctx, images *all, const pb_png_info *first, bool *is_gray)
{
    for (int i = 0; i < all->count; i++) {
        image *one = &all->list[i];
        PB_TRY(pb_png_probe(ctx, one->path, &one->info));
        *is_gray = *is_gray && one->info.is_gray;
        if (one->info.width != first->width || one->info.height != first->height)
            return pb_fail(ctx, PB_ERR_DATA,
                           "%s: has %d x %d pixels, the images before it %d x %d (width x height); "
                           "all must be of one size",
                           one->path, one->info.width, one->info.height, first->width,
                           first->height);
    }
    return PB_OK;
}

static pb_status decode(pb_context *ctx, const char *folder, const images *all, const pb_dataset *d,
                        pb_samples *samples)
{
    PB_TRY(pb_samples_alloc(ctx, d, folder, (uint64_t)all->count, samples));
    const int channels = d->sample_shape.axes == 3 ? 3 : 1;
    uint8_t *pixels = samples->data;
    for (int i = 0; i < all->count; i++) {
        const image *one = &all->list[i];
        PB_TRY(pb_png_decode(ctx, one->path, one->info, channels, pixels));
        samples->labels[i] = one->label;
        pixels += pb_sample_bytes(d);
    }
    return PB_OK;
}

/* A tree with train/ and test/ holds nothing else: a third part would silently be left out. */
static pb_status is_split_tree(pb_context *ctx, const char *folder, bool *is_split)
{
    listing l;
    PB_TRY(list_folder(ctx, folder, &l));
    int parts = 0;
    const char *other = NULL;
    for (int i = 0; i < l.count; i++) {
        const char *name = l.entries[i]->d_name;
        if (strcmp(name, "train") == 0 || strcmp(name, "test") == 0)
            parts++;
        else if (!other)
            other = name;
    }
    pb_status status = PB_OK;
    if (parts == 2 && other)
        status = pb_fail(ctx, PB_ERR_DATA, "%s/%s: nothing is allowed beside train and test",
                         folder, other);
    *is_split = parts == 2;
    listing_clear(&l);
    return status;
}

static pb_status load_parts(pb_context *ctx, const char *folder, const char *train_folder,
                            const char *test_folder, pb_dataset *d, images parts[2])
{
    PB_TRY(add_classes(ctx, train_folder, d, &parts[0]));
    if (test_folder) PB_TRY(add_classes(ctx, test_folder, d, &parts[1]));
    pb_png_info first;
    PB_TRY(pb_png_probe(ctx, parts[0].list[0].path, &first));
    bool is_gray = true;
    PB_TRY(probe(ctx, &parts[0], &first, &is_gray));
    PB_TRY(probe(ctx, &parts[1], &first, &is_gray));
    d->sample_shape =
        is_gray ? PB_SHAPE(first.height, first.width) : PB_SHAPE(3, first.height, first.width);
    PB_TRY(decode(ctx, folder, &parts[0], d, &d->train));
    if (test_folder) PB_TRY(decode(ctx, folder, &parts[1], d, &d->test));
    return PB_OK;
}

pb_status pb_png_load_folder(pb_context *ctx, const pb_data_row *row, const char *folder,
                             pb_dataset *d)
{
    (void)row;
    d->dtype = PB_U8;
    bool is_split;
    PB_TRY(is_split_tree(ctx, folder, &is_split));
    if (!is_split) {
        images parts[2] = {0};
        const pb_status status = load_parts(ctx, folder, folder, NULL, d, parts);
        images_clear(&parts[0]);
        return status;
    }
    char *train = pb_path_join(folder, "train"), *test = pb_path_join(folder, "test");
    images parts[2] = {0};
    const pb_status status = train && test ? load_parts(ctx, folder, train, test, d, parts)
                                           : pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    images_clear(&parts[0]);
    images_clear(&parts[1]);
    free(train);
    free(test);
    return status;
}
