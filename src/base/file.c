/* Files read whole, and written whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"

static pb_status status_of(int problem)
{
    return problem == ENOMEM ? PB_ERR_MEMORY : PB_ERR_IO;
}

/* ---- reading ---- */

static pb_status fail_read(pb_context *ctx, const char *path, int problem)
{
    return pb_fail(ctx, status_of(problem), "%s: cannot be read: %s", path, strerror(problem));
}

static pb_status fail_large(pb_context *ctx, const char *path, size_t limit_bytes)
{
    return pb_fail(ctx, PB_ERR_IO, "%s: is larger than the %zu bytes allowed", path, limit_bytes);
}

/* Reads to the end; sizes told by the file system are only a hint (pipes have none). */
static pb_status read_all(pb_context *ctx, const char *path, int file, size_t hint,
                          size_t limit_bytes, pb_text *out)
{
    size_t capacity = hint + 2; /* a byte to see the end, and the NUL */
    for (;;) {
        if (out->length + 2 > out->capacity) {
            if (out->capacity) capacity = out->capacity * 2;
            char *text = realloc(out->text, capacity);
            if (!text) return pb_fail(ctx, PB_ERR_MEMORY, "%s: out of memory to read it", path);
            out->text = text;
            out->capacity = capacity;
        }
        const ssize_t got = read(file, out->text + out->length, out->capacity - out->length - 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_read(ctx, path, errno);
        out->length += (size_t)got;
        out->text[out->length] = '\0';
        if (out->length > limit_bytes) return fail_large(ctx, path, limit_bytes);
        if (got == 0) return PB_OK;
    }
}

pb_status pb_file_read(pb_context *ctx, const char *path, size_t limit_bytes, char **data,
                       size_t *bytes)
{
    *data = NULL;
    *bytes = 0;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return fail_read(ctx, path, errno);

    pb_text text = {0};
    struct stat info;
    pb_status status = PB_OK;
    if (fstat(file, &info) != 0) {
        status = fail_read(ctx, path, errno);
    } else {
        const size_t hint = S_ISREG(info.st_mode) ? (size_t)info.st_size : 4096;
        status = S_ISREG(info.st_mode) && hint > limit_bytes
                     ? fail_large(ctx, path, limit_bytes)
                     : read_all(ctx, path, file, hint, limit_bytes, &text);
    }
    close(file);
    if (status != PB_OK) {
        pb_text_free(&text);
        return status;
    }
    *data = text.text;
    *bytes = text.length;
    return PB_OK;
}

/* ---- writing ---- */

static pb_status fail_write(pb_context *ctx, const char *path, int problem)
{
    return pb_fail(ctx, status_of(problem), "%s: cannot be written: %s", path, strerror(problem));
}

/* Renaming over a device or a folder would replace it, or fail late. */
static pb_status check_target(pb_context *ctx, const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0 || S_ISREG(info.st_mode)) return PB_OK;
    return pb_fail(ctx, PB_ERR_IO, "%s: cannot be written: it is %s", path,
                   S_ISDIR(info.st_mode) ? "a folder" : "not a regular file");
}

/* Opens a new file beside the target. open(), unlike mkstemp(), leaves the mode to the umask. */
static int open_temporary(const char *path, char **name)
{
    for (int attempt = 0; attempt < 1000; attempt++) {
        pb_text text = {0};
        pb_text_append(&text, "%s.%ld-%d.tmp", path, (long)getpid(), attempt);
        if (text.failed) {
            errno = ENOMEM;
            return -1;
        }
        const int file = open(text.text, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file >= 0) {
            *name = text.text;
            return file;
        }
        const int problem = errno;
        pb_text_free(&text);
        errno = problem;
        if (problem != EEXIST) return -1;
    }
    return -1;
}

pb_status pb_file_open(pb_context *ctx, const char *path, pb_file_writer *writer)
{
    *writer = (pb_file_writer){0};
    PB_TRY(check_target(ctx, path));
    writer->path = strdup(path);
    if (!writer->path) return pb_fail(ctx, PB_ERR_MEMORY, "%s: out of memory to write it", path);

    const int file = open_temporary(path, &writer->temporary);
    writer->stream = file < 0 ? NULL : fdopen(file, "wb");
    if (writer->stream) return PB_OK;

    const int problem = errno;
    if (file >= 0) close(file);
    pb_file_abandon(writer);
    return fail_write(ctx, path, problem);
}

void pb_file_abandon(pb_file_writer *writer)
{
    if (!writer) return;
    if (writer->stream) fclose(writer->stream);
    if (writer->temporary) unlink(writer->temporary);
    free(writer->temporary);
    free(writer->path);
    *writer = (pb_file_writer){0};
}

/* Makes a rename last. Some file systems cannot sync a folder, and say so. */
static int sync_folder_of(const char *path)
{
    char *folder = strdup(path);
    if (!folder) return ENOMEM;
    char *slash = strrchr(folder, '/');
    if (slash) slash[slash == folder ? 1 : 0] = '\0';
    const int file = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int problem = file < 0 || fsync(file) != 0 ? errno : 0;
    if (problem == EINVAL || problem == ENOTSUP) problem = 0;
    if (file >= 0) close(file);
    free(folder);
    return problem;
}

/* Everything up to the rename; the errno of the first step that failed, or 0. */
static int finish(pb_file_writer *writer)
{
    const int failed_before = ferror(writer->stream); /* its errno is long gone */
    if (fflush(writer->stream) != 0) return errno;
    if (failed_before) return EIO;
    if (fsync(fileno(writer->stream)) != 0) return errno;
    const int closed = fclose(writer->stream);
    writer->stream = NULL;
    if (closed != 0) return errno;
    if (rename(writer->temporary, writer->path) != 0) return errno;
    free(writer->temporary);
    writer->temporary = NULL;
    return sync_folder_of(writer->path);
}

pb_status pb_file_commit(pb_context *ctx, pb_file_writer *writer)
{
    const int problem = finish(writer);
    const pb_status status = problem ? fail_write(ctx, writer->path, problem) : PB_OK;
    pb_file_abandon(writer);
    return status;
}

pb_status pb_file_write(pb_context *ctx, const char *path, const void *data, size_t bytes)
{
    pb_file_writer writer;
    PB_TRY(pb_file_open(ctx, path, &writer));
    if (bytes > 0 && fwrite(data, 1, bytes, writer.stream) != bytes) {
        const int problem = errno;
        pb_file_abandon(&writer);
        return fail_write(ctx, path, problem);
    }
    return pb_file_commit(ctx, &writer);
}
