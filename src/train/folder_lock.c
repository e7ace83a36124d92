#include "train/folder_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

void pb_folder_nap(void)
{
    const struct timespec pause = {.tv_nsec = 200000000};
    nanosleep(&pause, NULL);
}

pb_status pb_folder_lock(pb_context *ctx, const char *folder, const volatile int *stop, int *lock)
{
    *lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock < 0)
        return pb_fail(ctx, PB_ERR_IO, "%s: cannot be opened: %s", folder, strerror(errno));
    while (flock(*lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return pb_fail(ctx, PB_ERR_IO, "%s: cannot be locked: %s", folder, strerror(errno));
        if (stop && *stop) return pb_fail(ctx, PB_INTERRUPTED, "interrupted");
        pb_folder_nap();
    }
    return PB_OK;
}

void pb_folder_unlock(int *lock)
{
    if (*lock >= 0) close(*lock);
    *lock = -1;
}
