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

pb_status pb_folder_try_lock(pb_context *ctx, const char *folder, int *lock)
{
    *lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock < 0)
        return pb_fail(ctx, PB_ERR_IO, "%s: cannot be opened: %s", folder, strerror(errno));
    if (flock(*lock, LOCK_EX | LOCK_NB) == 0) return PB_OK;
    const int error = errno;
    pb_folder_unlock(lock);
    return error == EWOULDBLOCK || error == EINTR
               ? PB_OK
               : pb_fail(ctx, PB_ERR_IO, "%s: cannot be locked: %s", folder, strerror(error));
}

pb_status pb_folder_lock(pb_context *ctx, const char *folder, const volatile int *stop, int *lock)
{
    for (;;) {
        PB_TRY(pb_folder_try_lock(ctx, folder, lock));
        if (*lock >= 0) return PB_OK;
        if (stop && *stop) return pb_fail(ctx, PB_INTERRUPTED, "interrupted");
        pb_folder_nap();
    }
}

void pb_folder_unlock(int *lock)
{
    if (*lock >= 0) close(*lock);
    *lock = -1;
}
