/* Paths and folders. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/file.h"

bool pb_file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

char *pb_path_join(const char *a, const char *b)
{
    const size_t length = strlen(a);
    const bool bare = length == 0 || b[0] == '/';
    const char *slash = length > 0 && a[length - 1] == '/' ? "" : "/";
    pb_text path = {0};
    pb_text_append(&path, "%s%s%s", bare ? "" : a, bare ? "" : slash, b);
    if (!path.failed) return path.text;
    pb_text_free(&path);
    return NULL;
}

char *pb_cache_folder(void)
{
    /* The XDG specification says to ignore a path that is not absolute. */
    const char *cache = getenv("XDG_CACHE_HOME");
    if (cache && cache[0] == '/') return pb_path_join(cache, "passband");
    const char *home = getenv("HOME");
    return home && home[0] ? pb_path_join(home, ".cache/passband") : NULL;
}

static pb_status make_one(pb_context *ctx, const char *path)
{
    if (mkdir(path, 0777) == 0) return PB_OK;
    const int problem = errno;
    struct stat info;
    if (stat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode)) return PB_OK;
        return pb_fail(ctx, PB_ERR_IO, "%s: the folder cannot be made, a file has its name", path);
    }
    return pb_fail(ctx, PB_ERR_IO, "%s: the folder cannot be made: %s", path, strerror(problem));
}

pb_status pb_folder_make(pb_context *ctx, const char *path)
{
    if (!path[0]) return pb_fail(ctx, PB_ERR_IO, "a folder with an empty name cannot be made");
    char *part = strdup(path);
    if (!part) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for the path %s", path);
    pb_status status = PB_OK;
    for (char *slash = strchr(part + 1, '/'); slash && status == PB_OK;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        status = make_one(ctx, part);
        *slash = '/';
    }
    free(part);
    return status == PB_OK ? make_one(ctx, path) : status;
}
