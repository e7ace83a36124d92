#include "train/run_folder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/number.h"

static bool holds(const char *folder, const char *name)
{
    char *path = pb_path_join(folder, name);
    const bool found = path && pb_file_exists(path);
    free(path);
    return found;
}

/* Only one process may work on a run. The kernel drops the lock when the process ends, however it
 * does. */
static pb_status lock(pb_context *ctx, pb_run_folder *folder)
{
    folder->lock = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->lock < 0)
        return pb_fail(ctx, PB_ERR_IO, "%s: cannot be opened: %s", folder->path, strerror(errno));
    if (flock(folder->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return pb_fail(ctx, PB_ERR_USAGE, "%s: another process works on this run", folder->path);
    return PB_OK; /* a file system without locks is no reason not to train */
}

/* ---- a new one ---- */

/* Options of the weights of all layers, else of the first that has its own; NULL: none has any. */
static const pb_options *weights_of(const pb_config *config)
{
    const pb_options *weights = config->weights;
    for (int i = 0; !weights && i < config->stage_count; i++) weights = config->stages[i].weights;
    return weights;
}

static void append_name(pb_text *path, const char *name)
{
    for (const char *c = name; *c; c++)
        pb_text_append(path, "%c", isalnum((unsigned char)*c) || strchr("._-", *c) ? *c : '_');
}

pb_status pb_run_folder_saved(pb_context *ctx, const pb_config *config, char **saved)
{
    const char *parent = pb_option_string(config->top, "save_dir");
    const pb_options *weights = weights_of(config);
    pb_text path = {0};
    *saved = NULL;
    if (!parent[0]) return PB_OK;
    pb_text_append(&path, "%s/", parent);
    append_name(&path, weights ? pb_option_string(weights, "wavelet") : config->name);
    if (weights) {
        char threshold[32];
        pb_number_format(pb_option_float(weights, "threshold"), threshold);
        pb_text_append(&path, "-level-%" PRId64 "-threshold-%s", pb_option_int(weights, "level"),
                       threshold);
    }
    pb_text_append(&path, "-batch-%" PRId64, pb_option_int(config->train, "batch_size"));
    if (path.failed) {
        pb_text_free(&path);
        return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    }
    *saved = path.text;
    return PB_OK;
}

/* runs/<name>-<date>-<time>, with -2, -3, ... where that exists. */
static char *dated_path(const char *name, int attempt)
{
    char date[32];
    struct tm now;
    const time_t seconds = time(NULL);
    localtime_r(&seconds, &now);
    strftime(date, sizeof date, "%Y%m%d-%H%M%S", &now);

    pb_text path = {0};
    pb_text_append(&path, "runs/");
    append_name(&path, name);
    pb_text_append(&path, "-%s", date);
    if (attempt > 1) pb_text_append(&path, "-%d", attempt);
    if (path.failed) pb_text_free(&path);
    return path.text;
}

static pb_status make_dated(pb_context *ctx, const char *name, pb_run_folder *folder)
{
    PB_TRY(pb_folder_make(ctx, "runs"));
    for (int attempt = 1;; attempt++) {
        folder->path = dated_path(name, attempt);
        if (!folder->path) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
        if (mkdir(folder->path, 0777) == 0) break;
        if (errno != EEXIST)
            return pb_fail(ctx, PB_ERR_IO, "%s: the folder cannot be made: %s", folder->path,
                           strerror(errno));
        free(folder->path);
    }
    folder->is_new = true;
    folder->kept = strlen("runs");
    return PB_OK;
}

/* How much of a path names something that is there. */
static size_t existing(char *path)
{
    size_t length = strlen(path);
    while (length > 0 && !pb_file_exists(path)) {
        char *slash = strrchr(path, '/');
        length = slash ? (size_t)(slash - path) : 0;
        path[length] = '\0';
    }
    return length;
}

static pb_status make_wanted(pb_context *ctx, const char *wanted, pb_run_folder *folder)
{
    char *copy = strdup(wanted);
    folder->path = strdup(wanted);
    if (copy) folder->kept = existing(copy);
    free(copy);
    if (!copy || !folder->path) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    folder->is_new = folder->kept < strlen(wanted);
    return pb_folder_make(ctx, wanted);
}

pb_status pb_run_folder_create(pb_context *ctx, const char *wanted, const char *name,
                               pb_run_folder *folder)
{
    *folder = (pb_run_folder){.lock = -1};
    pb_status status = wanted ? make_wanted(ctx, wanted, folder) : make_dated(ctx, name, folder);
    if (status == PB_OK) status = lock(ctx, folder);
    if (status == PB_OK && holds(folder->path, "config.yaml"))
        status =
            pb_fail(ctx, PB_ERR_USAGE, "%s: holds a run already; resume it, or give another folder",
                    folder->path);
    if (status == PB_OK && access(folder->path, W_OK | X_OK) != 0)
        status =
            pb_fail(ctx, PB_ERR_IO, "%s: cannot be written to: %s", folder->path, strerror(errno));
    if (status != PB_OK) pb_run_folder_close(folder);
    return status;
}

/* ---- an old one ---- */

/* Removes "*.tmp": files that a killed process was about to rename. */
static void sweep(const char *path)
{
    DIR *entries = opendir(path);
    if (!entries) return;
    for (const struct dirent *entry; (entry = readdir(entries));) {
        const size_t length = strlen(entry->d_name);
        if (length > 4 && strcmp(entry->d_name + length - 4, ".tmp") == 0)
            unlinkat(dirfd(entries), entry->d_name, 0);
        if (strncmp(entry->d_name, "seed-", 5) == 0) {
            char *inner = pb_path_join(path, entry->d_name);
            if (inner) sweep(inner);
            free(inner);
        }
    }
    closedir(entries);
}

pb_status pb_run_folder_open(pb_context *ctx, const char *path, bool to_write,
                             pb_run_folder *folder)
{
    *folder = (pb_run_folder){.lock = -1};
    folder->path = strdup(path);
    if (!folder->path) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    pb_status status = PB_OK;
    if (!holds(path, "config.yaml"))
        status =
            pb_fail(ctx, PB_ERR_USAGE, "%s: holds no run: there is no config.yaml in it", path);
    if (status == PB_OK && to_write) status = lock(ctx, folder);
    if (status == PB_OK && to_write) sweep(path);
    if (status != PB_OK) pb_run_folder_close(folder);
    return status;
}

/* The folder and those around it that were made for it, as far as they are empty. */
static void remove_empty(const char *path, size_t kept)
{
    char *left = strdup(path);
    for (size_t length = strlen(path); left && length > kept && rmdir(left) == 0;) {
        const char *slash = strrchr(left, '/');
        length = slash ? (size_t)(slash - left) : 0;
        left[length] = '\0';
    }
    free(left);
}

pb_status pb_run_folder_config(pb_context *ctx, const pb_run_folder *folder, pb_config **config)
{
    char *path = pb_path_join(folder->path, "config.yaml");
    const pb_status status = path ? pb_config_load(ctx, path, 0, NULL, config)
                                  : pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    free(path);
    return status;
}

pb_status pb_run_folder_config_of_one(pb_context *ctx, const pb_run_folder *folder,
                                      pb_config **config)
{
    PB_TRY(pb_run_folder_config(ctx, folder, config));
    if (!pb_config_cross_validates(*config)) return PB_OK;
    const int folds = pb_config_folds(*config);
    pb_config_free(config);
    return pb_fail(ctx, PB_ERR_USAGE,
                   "%s: holds a run of each of %d folds; give one of them, as %s/fold-1",
                   folder->path, folds, folder->path);
}

void pb_run_folder_close(pb_run_folder *folder)
{
    if (folder->path && folder->is_new) remove_empty(folder->path, folder->kept);
    if (folder->path && folder->lock >= 0) close(folder->lock);
    free(folder->path);
    *folder = (pb_run_folder){.lock = -1};
}

char *pb_run_folder_of_seed(const pb_run_folder *folder, int64_t seed)
{
    char name[32];
    snprintf(name, sizeof name, "seed-%" PRId64, seed);
    return pb_path_join(folder->path, name);
}

pb_status pb_run_folder_seed(pb_context *ctx, const pb_config *config, const pb_run_folder *folder,
                             int64_t wanted, int64_t *seed)
{
    int count = 0;
    const int64_t *seeds = pb_option_ints(config->train, "seeds", &count);
    *seed = wanted < 0 ? seeds[0] : wanted;
    for (int i = 0; i < count; i++)
        if (seeds[i] == *seed) return PB_OK;
    return pb_fail(ctx, PB_ERR_USAGE, "%s: has no seed %" PRId64, folder->path, *seed);
}
