#include "data/regular.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

pb_status pb_regular_open(pb_context *ctx, const char *path, int *descriptor, uint64_t *bytes)
{
    *descriptor = -1;
    *bytes = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return pb_fail(ctx, PB_ERR_DATA, "%s: cannot be opened: %s", path, strerror(errno));
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(fd);
        return pb_fail(ctx, PB_ERR_DATA, "%s: is not a regular file", path);
    }
    *descriptor = fd;
    *bytes = (uint64_t)info.st_size;
    return PB_OK;
}
