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
    for (const char *c = name; *c; c++)
        pb_text_append(&path, "%c", isalnum((unsigned char)*c) || strchr("._-", *c) ? *c : '_');
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
    return PB_OK;
}

static pb_status make_wanted(pb_context *ctx, const char *wanted, pb_run_folder *folder)
{
    folder->path = strdup(wanted);
    if (!folder->path) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    folder->is_new = !pb_file_exists(wanted);
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

void pb_run_folder_close(pb_run_folder *folder)
{
    if (folder->path && folder->is_new) rmdir(folder->path); /* only when it is empty */
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
