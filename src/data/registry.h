/* The table of data sets and kinds of data: what each is, where it lies and how to get it. */
#ifndef PB_DATA_REGISTRY_H
#define PB_DATA_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include <passband/status.h>

#include "data/loader.h"

#define PB_DATA_FILES_MAX 4
#define PB_DATA_URLS_MAX  3
#define PB_DATA_SIGNS_MAX 3

/** A file of a data set, unpacked; on disk it may also lie as <name>.gz. */
typedef struct pb_data_file {
    const char *name;
    uint64_t bytes;
    const char *sha256; /* 64 hexadecimal digits */
} pb_data_file;

/** A data set, found by its name, or a kind of files that data.path points at. */
typedef struct pb_data_row {
    const char *name;
    const char *summary; /* one line                                                   */
    const char *how;     /* how to get it; for a kind, what its path must hold         */
    bool needs_path;     /* a kind of files                                            */
    pb_loader *load;
    pb_generator *generate;                /* instead of `load`: nothing lies on a disk */
    pb_file_loader *read;                  /* instead of `load`: its path is one file   */
    int classes;                           /* 0: as many as the labels say             */
    const char *const *class_names;        /* [classes]; NULL: "0", "1", ...           */
    pb_data_file files[PB_DATA_FILES_MAX]; /* unused ones have no name                 */
    const char *urls[PB_DATA_URLS_MAX];    /* mirrors of <file>.gz; none: not fetched  */
    bool is_archive;                       /* files are fetched by their names and kept packed, as
                                              their sums say */
    const char *signs[PB_DATA_SIGNS_MAX];  /* a folder with any of these has it; none: the first of
                                              `files`, or its .gz */
} pb_data_row;

/** Every row, in the order `passband data list` prints them. */
const pb_data_row *pb_data_rows(int *count);
/** The row of that name; PB_ERR_CONFIG lists what there is. */
pb_status pb_data_find(pb_context *ctx, const char *name, const pb_data_row **row);
/** The folder that holds a data set: $PASSBAND_DATA/<name>, ~/.local/share/passband/<name> or
 *  /usr/share/datasets/<name>; free() it. PB_ERR_DATA says how to get a missing one. */
pb_status pb_data_folder(pb_context *ctx, const pb_data_row *row, char **folder);
/** What a folder holds, by the names of its files: "idx", "npy", "cifar10", else "png". */
const char *pb_data_kind(const char *folder);
/** ~/.local/share/passband/<name>, free() it; PB_ERR_DATA when there is no home. */
pb_status pb_data_home(pb_context *ctx, const char *name, char **folder);

#endif
