#include "data/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/options.h"
#include "data/mnist1d.h"

#define SYSTEM_FOLDER "/usr/share/datasets"

static const char *const fashion_names[] = {
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot",
};

static const char *const cifar10_names[] = {
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
};

// clang-format off
static const pb_data_row rows[] = {
    {
        .name = "fashion-mnist",
        .summary = "70000 gray images of clothes, 28 x 28, 10 classes (Xiao et al. 2017)",
        .how = "apt install dataset-fashion-mnist",
        .load = pb_idx_load_folder,
        .classes = 10,
        .class_names = fashion_names,
        .files = {
            {"train-images-idx3-ubyte", 47040016,
             "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"},
            {"train-labels-idx1-ubyte", 60008,
             "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"},
            {"t10k-images-idx3-ubyte", 7840016,
             "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"},
            {"t10k-labels-idx1-ubyte", 10008,
             "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"},
        },
    },
    {
        .name = "mnist",
        .summary = "70000 gray images of handwritten digits, 28 x 28, 10 classes (LeCun et al. 1998)",
        .how = "passband data fetch mnist",
        .load = pb_idx_load_folder,
        .classes = 10,
        .files = {
            {"train-images-idx3-ubyte", 47040016,
             "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"},
            {"train-labels-idx1-ubyte", 60008,
             "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"},
            {"t10k-images-idx3-ubyte", 7840016,
             "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"},
            {"t10k-labels-idx1-ubyte", 10008,
             "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"},
        },
        .urls = {
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
        },
    },
    {
        .name = "mnist1d",
        .summary = "signals of 40 points that look like digits, 10 classes (Greydanus and Kobak 2024)",
        .how = "generated where it is used; passband data export mnist1d DIR writes it to files",
        .generate = pb_mnist1d_load,
        .classes = PB_MNIST1D_CLASSES,
    },
    {
        .name = "cifar10",
        .summary = "60000 colour images of animals and vehicles, 32 x 32, 10 classes (Krizhevsky 2009)",
        .how = "passband data fetch cifar10",
        .load = pb_cifar10_load_folder,
        .classes = 10,
        .class_names = cifar10_names,
        .files = {
            {"cifar-10-binary.tar.gz", 170052171,
             "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"},
        },
        .urls = {"https://www.cs.toronto.edu/~kriz/"},
        .is_archive = true,
        .signs = {"data_batch_1.bin", "cifar-10-batches-bin/data_batch_1.bin", "cifar-10-binary.tar.gz"},
    },
    {
        .name = "png",
        .summary = "a folder of PNG images of one size, one sub-folder a class",
        .how = "a folder of classes, or one with train/ and test/ that each hold the classes",
        .needs_path = true,
        .load = pb_png_load_folder,
    },
    {
        .name = "idx",
        .summary = "a folder of IDX files named as those of MNIST, raw or gzipped",
        .how = "train-images-idx3-ubyte, train-labels-idx1-ubyte and, for a test part, "
               "t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte",
        .needs_path = true,
        .load = pb_idx_load_folder,
    },
    {
        .name = "npy",
        .summary = "a folder of NPY arrays: uint8, float32 or float64 samples and integer labels",
        .how = "x.npy [N, L], [N, H, W] or [N, C, H, W], y.npy [N] and, for a test part, "
               "x_test.npy, y_test.npy",
        .needs_path = true,
        .load = pb_npy_load_folder,
    },
    {
        .name = "compressed",
        .summary = "one file with packed samples, labels and all it takes to read them",
        .how = "a file.pbz that passband compress wrote",
        .needs_path = true,
        .read = pb_pbz_load,
    },
};
// clang-format on

#define ROWS ((int)(sizeof rows / sizeof rows[0]))

const pb_data_row *pb_data_rows(int *count)
{
    *count = ROWS;
    return rows;
}

pb_status pb_data_find(pb_context *ctx, const char *name, const pb_data_row **row)
{
    const char *names[ROWS];
    pb_text list = {0};
    for (int i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            *row = &rows[i];
            pb_text_free(&list);
            return PB_OK;
        }
        names[i] = rows[i].name;
        pb_text_append(&list, "%s%s", i ? ", " : "", rows[i].name);
    }
    const char *near = pb_nearest(name, names, ROWS);
    const pb_status status =
        pb_fail(ctx, PB_ERR_CONFIG, "there is no data set '%s', there are %s%s%s%s", name,
                list.failed ? "others" : list.text, near ? " (did you mean " : "", near ? near : "",
                near ? "?)" : "");
    pb_text_free(&list);
    return status;
}

/* base/passband/name, or base/name; NULL without memory. */
static char *folder_below(const char *base, const char *middle, const char *name)
{
    char *between = pb_path_join(base, middle);
    char *folder = between ? pb_path_join(between, name) : NULL;
    free(between);
    return folder;
}

static const char *setting(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value ? value : NULL;
}

pb_status pb_data_home(pb_context *ctx, const char *name, char **folder)
{
    const char *home = setting("HOME");
    if (!home)
        return pb_fail(ctx, PB_ERR_DATA,
                       "%s: there is no home folder to keep it in, set HOME or name a folder",
                       name);
    *folder = folder_below(home, ".local/share/passband", name);
    return *folder ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
}

/* A folder counts where its first file lies, so that an empty one does not hide the next place. */
static bool has(const char *folder, const char *name)
{
    char *path = pb_path_join(folder, name);
    const bool found = path && pb_file_exists(path);
    free(path);
    return found;
}

static bool holds(const char *folder, const pb_data_row *row)
{
    char packed[64];
    for (int i = 0; i < PB_DATA_SIGNS_MAX && row->signs[i]; i++)
        if (has(folder, row->signs[i])) return true;
    if (row->signs[0]) return false;
    snprintf(packed, sizeof packed, "%s.gz", row->files[0].name);
    return has(folder, row->files[0].name) || has(folder, packed);
}

const char *pb_data_kind(const char *folder)
{
    static const char *const signs[][2] = {{"x.npy", "npy"},
                                           {"train-images-idx3-ubyte", "idx"},
                                           {"train-images-idx3-ubyte.gz", "idx"},
                                           {"data_batch_1.bin", "cifar10"}};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (has(folder, signs[i][0])) return signs[i][1];
    return "png";
}

pb_status pb_data_folder(pb_context *ctx, const pb_data_row *row, char **folder)
{
    const char *own = setting("PASSBAND_DATA"), *home = setting("HOME");
    char *places[] = {
        own ? pb_path_join(own, row->name) : NULL,
        home ? folder_below(home, ".local/share/passband", row->name) : NULL,
        pb_path_join(SYSTEM_FOLDER, row->name),
    };
    *folder = NULL;
    for (int i = 0; i < 3; i++) {
        if (places[i] && !*folder && holds(places[i], row))
            *folder = places[i];
        else
            free(places[i]);
    }
    if (*folder) return PB_OK;
    return pb_fail(ctx, PB_ERR_DATA,
                   "%s: is not in %s, in ~/.local/share/passband or in " SYSTEM_FOLDER
                   "; get it with: %s",
                   row->name, own ? own : "$PASSBAND_DATA (not set)", row->how);
}
