#include "train/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"

static pb_status no_memory(pb_context *ctx)
{
    return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for a worker");
}

/* The host's name in letters that a file name may have. */
static void host_name(char host[64])
{
    if (gethostname(host, 64) != 0) strcpy(host, "host");
    host[63] = '\0';
    for (char *c = host; *c; c++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-", *c))
            *c = '_';
}

static pb_status make_file(pb_context *ctx, pb_worker *worker)
{
    char host[64];
    pb_text path = {0};
    host_name(host);
    pb_text_append(&path, "%s/%s-%ld-XXXXXX", worker->folder, host, (long)getpid());
    if (path.failed) {
        pb_text_free(&path);
        return no_memory(ctx);
    }
    worker->lock = mkstemp(path.text);
    if (worker->lock >= 0)
        fcntl(worker->lock, F_SETFD, FD_CLOEXEC); /* a child would keep the lock */
    pb_status status = PB_OK;
    if (worker->lock < 0 || flock(worker->lock, LOCK_EX | LOCK_NB) != 0) {
        status = pb_fail(ctx, PB_ERR_IO, "%s: a file in it cannot be made or locked: %s",
                         worker->folder, strerror(errno));
    } else {
        worker->name = strdup(strrchr(path.text, '/') + 1);
        if (!worker->name) status = no_memory(ctx);
    }
    pb_text_free(&path);
    return status;
}

pb_status pb_worker_begin(pb_context *ctx, const char *search_folder, pb_worker *worker)
{
    *worker = (pb_worker){.lock = -1, .folder = pb_path_join(search_folder, "workers")};
    pb_status status = worker->folder ? pb_folder_make(ctx, worker->folder) : no_memory(ctx);
    if (status == PB_OK) status = make_file(ctx, worker);
    if (status != PB_OK) pb_worker_end(worker);
    return status;
}

void pb_worker_end(pb_worker *worker)
{
    char *path = worker->name ? pb_path_join(worker->folder, worker->name) : NULL;
    if (path) unlink(path);
    if (worker->lock >= 0) close(worker->lock);
    free(path);
    free(worker->folder);
    free(worker->name);
    *worker = (pb_worker){.lock = -1};
}

bool pb_worker_lives(const pb_worker *self, const char *name)
{
    if (strchr(name, '/')) return true; /* not a name of ours: leave the trial alone */
    if (strcmp(name, self->name) == 0) return true;
    char *path = pb_path_join(self->folder, name);
    if (!path) return true;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    const bool lives = file >= 0 ? flock(file, LOCK_SH | LOCK_NB) != 0 : errno != ENOENT;
    if (file >= 0) close(file);
    free(path);
    return lives;
}

void pb_worker_bury(const pb_worker *self, const char *name)
{
    char *path = pb_path_join(self->folder, name);
    if (path) unlink(path);
    free(path);
}
