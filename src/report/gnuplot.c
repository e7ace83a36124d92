/* Runs gnuplot on the script of a picture. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "report/plot.h"

#define COMPLAINT_BYTES 2048

static const struct {
    const char *suffix, *end; /* what a whole file ends with, but for white space */
} formats[] = {{"png", "IEND\xae\x42\x60\x82"}, {"svg", "</svg>"}};
enum { FORMATS = sizeof formats / sizeof *formats };

/* What one drawing needs; paths are on the heap. Temporary names are this process's: the gnuplot of
 * one that was killed may be drawing the same picture still. */
typedef struct drawing {
    char prefix[32];                             /* of temporary names               */
    char *temporary[FORMATS], *picture[FORMATS]; /* full paths                       */
    char complaint[COMPLAINT_BYTES];             /* what gnuplot wrote to its stderr */
} drawing;

/* "folder/" before "prefix name suffix"; NULL when memory is out. */
static char *path_of(const char *folder, const char *prefix, const char *name, const char *suffix)
{
    pb_text path = {0};
    pb_text_append(&path, "%s/%s%s.%s", folder, prefix, name, suffix);
    if (!path.failed) return path.text;
    pb_text_free(&path);
    return NULL;
}

static pb_status write_text(pb_context *ctx, const char *folder, const char *name,
                            const char *suffix, const pb_text *text)
{
    if (text->failed) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory drawing %s", name);
    char *path = path_of(folder, "", name, suffix);
    if (!path) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory drawing %s", name);
    const pb_status status = pb_file_write(ctx, path, text->length ? text->text : "", text->length);
    free(path);
    return status;
}

/* The commands: they fit the pipe's buffer, so they are written before gnuplot starts and a gnuplot
 * that dies early cannot raise SIGPIPE here. */
static pb_status fill_pipe(pb_context *ctx, int fd, const pb_plot *plot, const char *folder,
                           const char *prefix)
{
    pb_text commands = {0};
    pb_text_append(&commands, "cd ");
    pb_plot_quote(&commands, folder);
    pb_text_append(&commands, "\n");
    for (int f = 0; f < FORMATS; f++)
        pb_text_append(&commands, "format = '%s'\npicture = '%s%s.%s'\nload '%s.gp'\n",
                       formats[f].suffix, prefix, plot->name, formats[f].suffix, plot->name);
    const pb_status status =
        !commands.failed && write(fd, commands.text, commands.length) == (ssize_t)commands.length
            ? PB_OK
            : pb_fail(ctx, PB_ERR_RUN, "the commands for gnuplot could not be written");
    pb_text_free(&commands);
    return status;
}

/* Starts gnuplot with `in` as its standard input and `out` as both of its outputs. */
static pb_status start(pb_context *ctx, int in, int out, pid_t *child)
{
    char *arguments[] = {"gnuplot", "--default-settings", NULL};
    extern char **environ;
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions))
        return pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
    const int error = posix_spawnp(child, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error == ENOENT)
        return pb_fail(ctx, PB_ERR_RUN,
                       "gnuplot is not installed, so no plots were drawn: install it (apt-get "
                       "install gnuplot-nox), "
                       "then draw them with passband report");
    if (error) return pb_fail(ctx, PB_ERR_RUN, "gnuplot cannot be started: %s", strerror(error));
    return PB_OK;
}

/* Reads to the end; keeps the beginning. */
static void listen_to(int fd, char complaint[COMPLAINT_BYTES])
{
    char chunk[512];
    size_t length = 0;
    for (;;) {
        const ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        const size_t room = COMPLAINT_BYTES - 1 - length;
        const size_t kept = (size_t)got < room ? (size_t)got : room;
        memcpy(complaint + length, chunk, kept);
        length += kept;
    }
    complaint[length] = '\0';
}

/* gnuplot's last line of words says what is wrong; the lines before it point at the place. */
static const char *last_line(char *complaint)
{
    char *rest = NULL, *line = complaint;
    for (char *next = strtok_r(complaint, "\n", &rest); next; next = strtok_r(NULL, "\n", &rest))
        if (next[strspn(next, " ^\t")]) line = next + strspn(next, " \t");
    return *line ? line : "it gave no reason";
}

static pb_status run(pb_context *ctx, const pb_plot *plot, const char *folder, drawing *d)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    pid_t child = 0;
    pb_status status = PB_OK;
    if (pipe(in) || pipe(out)) {
        status = pb_fail(ctx, PB_ERR_RUN, "no pipe to gnuplot: %s", strerror(errno));
        goto done;
    }
    for (int end = 0; end < 2; end++) {
        fcntl(in[end], F_SETFD, FD_CLOEXEC);
        fcntl(out[end], F_SETFD, FD_CLOEXEC);
    }
    status = fill_pipe(ctx, in[1], plot, folder, d->prefix);
    if (!status) status = start(ctx, in[0], out[1], &child);
    close(in[1]), in[1] = -1;
    close(out[1]), out[1] = -1;
    if (status) goto done;
    listen_to(out[0], d->complaint);
    int ended = 0;
    while (waitpid(child, &ended, 0) < 0 && errno == EINTR) continue;
    if (!WIFEXITED(ended) || WEXITSTATUS(ended))
        status = pb_fail(ctx, PB_ERR_IO, "gnuplot could not draw %s/%s.gp: %s", folder, plot->name,
                         last_line(d->complaint));
done:
    for (int end = 0; end < 2; end++) {
        if (in[end] >= 0) close(in[end]);
        if (out[end] >= 0) close(out[end]);
    }
    return status;
}

/* gnuplot does not notice that a write failed. */
static bool is_whole(const char *path, const char *end)
{
    char tail[16];
    const size_t length = strlen(end);
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    size_t got = fseek(file, -(long)sizeof tail, SEEK_END) ? 0 : fread(tail, 1, sizeof tail, file);
    fclose(file);
    while (got && strchr(" \r\n", tail[got - 1])) got--;
    return got >= length && memcmp(tail + got - length, end, length) == 0;
}

static pb_status reveal(pb_context *ctx, drawing *d)
{
    for (int f = 0; f < FORMATS; f++)
        if (!is_whole(d->temporary[f], formats[f].end))
            return pb_fail(ctx, PB_ERR_IO,
                           "%s: gnuplot could not write all of it: is the disk full?",
                           d->picture[f]);
    for (int f = 0; f < FORMATS; f++)
        if (rename(d->temporary[f], d->picture[f]))
            return pb_fail(ctx, PB_ERR_IO, "%s: %s", d->picture[f], strerror(errno));
    return PB_OK;
}

pb_status pb_plot_draw(pb_context *ctx, pb_plot *plot, const char *folder)
{
    drawing *d = calloc(1, sizeof *d);
    if (!d) {
        pb_plot_clear(plot);
        return pb_fail(ctx, PB_ERR_MEMORY, "out of memory drawing a picture");
    }
    pb_text_append(&plot->script, "unset multiplot\nunset output\n");
    snprintf(d->prefix, sizeof d->prefix, ".%ld-", (long)getpid());
    pb_status status = PB_OK;
    for (int f = 0; f < FORMATS; f++) {
        d->temporary[f] = path_of(folder, d->prefix, plot->name, formats[f].suffix);
        d->picture[f] = path_of(folder, "", plot->name, formats[f].suffix);
        if (!d->temporary[f] || !d->picture[f])
            status = pb_fail(ctx, PB_ERR_MEMORY, "out of memory drawing a picture");
    }
    if (!status) status = write_text(ctx, folder, plot->name, "gp", &plot->script);
    if (!status) status = write_text(ctx, folder, plot->name, "dat", &plot->data);
    if (!status) status = run(ctx, plot, folder, d);
    if (!status) status = reveal(ctx, d);
    for (int f = 0; f < FORMATS; f++) {
        if (status && d->temporary[f]) unlink(d->temporary[f]);
        free(d->temporary[f]);
        free(d->picture[f]);
    }
    free(d);
    pb_plot_clear(plot);
    return status;
}

pb_status pb_plot_discard(const char *folder, const char *name)
{
    static const char *const suffixes[] = {"png", "svg", "gp", "dat"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char *path = path_of(folder, "", name, suffixes[i]);
        if (path) unlink(path);
        free(path);
    }
    return PB_OK;
}
