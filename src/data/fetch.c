#include "data/fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "data/download.h"
#include "data/packed.h"

#define PACKED_SLACK_BYTES 65536 /* what gzip may add to a file that does not pack */

static const pb_fetch_patience default_patience = {
    .connect_ms = 10000, .stall_seconds = 20, .rounds = 3, .pause_ms = 1000};

/* What one fetch works with; paths live in the arena. */
typedef struct fetch {
    const pb_data_row *row;
    const char *folder;
    const pb_fetch_patience *patience;
    pb_fetch_progress *progress;
    void *user;
    const char *mirrors[PB_DATA_URLS_MAX];
    int mirror_count;
} fetch;

typedef struct target {
    const pb_data_file *file;
    bool as_is;                  /* an archive */
    char *final, *packed, *part; /* folder/name, .gz (NULL: an archive), and what comes .part */
} target;

static pb_status wrong(pb_context *ctx, const char *path, const pb_data_file *file)
{
    return pb_fail(ctx, PB_ERR_DATA, "%s: is not the known %s, its SHA-256 differs", path,
                   file->name);
}

/* Unpacks at most what the file must hold and checks its SHA-256; `*data` is freed by the caller.
 */
static pb_status unpack(pb_context *ctx, const char *path, const pb_data_file *file, void **data)
{
    pb_packed packed;
    char hex[65];
    *data = NULL;
    PB_TRY(pb_packed_open(ctx, path, &packed));
    void *bytes = malloc((size_t)file->bytes);
    pb_status status = bytes ? pb_packed_read(ctx, &packed, bytes, (size_t)file->bytes)
                             : pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory to unpack it", path);
    if (status == PB_OK) status = pb_packed_end(ctx, &packed);
    pb_packed_close(&packed);
    if (status == PB_OK) {
        pb_sha256_hex(bytes, (size_t)file->bytes, hex);
        if (strcmp(hex, file->sha256) != 0) status = wrong(ctx, path, file);
    }
    if (status == PB_OK)
        *data = bytes;
    else
        free(bytes);
    return status;
}

/* The whole file that a row tells of, checked: an archive as it is, others unpacked. */
static pb_status read_right(pb_context *ctx, const char *path, const target *t, void **data)
{
    const pb_data_file *file = t->file;
    char *bytes = NULL, hex[65];
    size_t count = 0;
    *data = NULL;
    if (!t->as_is) return unpack(ctx, path, file, data);
    if (pb_file_read(ctx, path, (size_t)file->bytes, &bytes, &count) != PB_OK)
        return wrong(ctx, path, file);
    pb_sha256_hex(bytes, count, hex);
    if (count != file->bytes || strcmp(hex, file->sha256) != 0) {
        free(bytes);
        return wrong(ctx, path, file);
    }
    *data = bytes;
    return PB_OK;
}

static bool is_right(pb_context *ctx, const char *path, const target *t)
{
    void *data = NULL;
    const bool right = path && pb_file_exists(path) && read_right(ctx, path, t, &data) == PB_OK;
    free(data);
    return right;
}

/* Gives a download its final name, unpacked and whole; one that is wrong is removed. */
static pb_status accept_part(pb_context *ctx, const target *t)
{
    void *data;
    pb_status status = read_right(ctx, t->part, t, &data);
    if (status == PB_OK) status = pb_file_write(ctx, t->final, data, (size_t)t->file->bytes);
    free(data);
    if (status == PB_OK || status == PB_ERR_DATA) unlink(t->part);
    return status;
}

/* One download and its check; `*is_resumed` says that part of it came from an earlier try. */
static pb_status try_once(pb_context *ctx, const pb_download *job, const target *t, bool *is_gone,
                          bool *is_resumed)
{
    *is_resumed = pb_file_exists(t->part);
    PB_TRY(pb_download_run(ctx, job, is_gone));
    const pb_status status = accept_part(ctx, t);
    return status == PB_ERR_DATA ? pb_fail_prefix(ctx, status, "%s", job->url) : status;
}

static pb_status try_mirror(pb_context *ctx, const fetch *f, const char *mirror, const target *t,
                            bool *is_gone)
{
    pb_text url = {0};
    const size_t length = strlen(mirror);
    pb_text_append(&url, "%s%s%s%s", mirror, length && mirror[length - 1] == '/' ? "" : "/",
                   t->file->name, t->as_is ? "" : ".gz");
    if (url.failed) {
        pb_text_free(&url);
        return pb_fail(ctx, PB_ERR_MEMORY, "no memory for an address");
    }
    const pb_download job = {
        .url = url.text,
        .part = t->part,
        .label = t->file->name,
        .limit_bytes = t->file->bytes + PACKED_SLACK_BYTES,
        .patience = f->patience,
        .progress = f->progress,
        .user = f->user,
    };
    pb_log(ctx, PB_LOG_DEBUG, "fetching %s", url.text);
    bool is_resumed;
    pb_status status = try_once(ctx, &job, t, is_gone, &is_resumed);
    /* A wrong beginning left by another mirror must not be held against this one. */
    if (status == PB_ERR_DATA && is_resumed && !pb_file_exists(t->part))
        status = try_once(ctx, &job, t, is_gone, &is_resumed);
    pb_text_free(&url);
    return status;
}

static void pause_ms(long ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* Every mirror in turn, for some rounds. A broken download is continued by the next try, a wrong
 * one starts over; a mirror that does not have the file is not asked again. */
static pb_status fetch_file(pb_context *ctx, const fetch *f, const target *t)
{
    bool is_gone[PB_DATA_URLS_MAX] = {false};
    for (int round = 0; round < f->patience->rounds; round++) {
        if (round > 0) pause_ms(f->patience->pause_ms);
        for (int i = 0; i < f->mirror_count; i++) {
            if (is_gone[i]) continue;
            const pb_status status = try_mirror(ctx, f, f->mirrors[i], t, &is_gone[i]);
            if (status != PB_ERR_DATA) return status;
            pb_log(ctx, PB_LOG_WARN, "%s", pb_error(ctx));
        }
    }
    return pb_fail_prefix(ctx, PB_ERR_DATA, "%s: %s could not be fetched, the last try said",
                          f->row->name, t->file->name);
}

static pb_status set_target(pb_context *ctx, const fetch *f, const pb_data_file *file,
                            pb_arena *arena, target *t)
{
    t->file = file;
    t->as_is = f->row->is_archive;
    t->final = pb_arena_printf(arena, "%s/%s", f->folder, file->name);
    t->packed = t->as_is ? NULL : pb_arena_printf(arena, "%s/%s.gz", f->folder, file->name);
    t->part = pb_arena_printf(arena, "%s/%s%s.part", f->folder, file->name, t->as_is ? "" : ".gz");
    return t->final && (t->packed || t->as_is) && t->part
               ? PB_OK
               : pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
}

static pb_status fetch_files(pb_context *ctx, const fetch *f, pb_arena *arena)
{
    for (int i = 0; i < PB_DATA_FILES_MAX && f->row->files[i].name; i++) {
        target t;
        PB_TRY(set_target(ctx, f, &f->row->files[i], arena, &t));
        /* The loader takes the raw file first, so a wrong one there is not made good by a .gz. */
        const bool has_raw = pb_file_exists(t.final);
        if (is_right(ctx, t.final, &t) || (!has_raw && is_right(ctx, t.packed, &t))) {
            pb_log(ctx, PB_LOG_INFO, "%s: is there already", t.final);
            continue;
        }
        PB_TRY(fetch_file(ctx, f, &t));
    }
    return PB_OK;
}

static void set_mirrors(fetch *f)
{
    const char *own = getenv("PASSBAND_MIRROR");
    if (own && *own) {
        f->mirrors[0] = own;
        f->mirror_count = 1;
        return;
    }
    for (int i = 0; i < PB_DATA_URLS_MAX && f->row->urls[i]; i++)
        f->mirrors[f->mirror_count++] = f->row->urls[i];
}

pb_status pb_data_fetch_row(pb_context *ctx, const pb_data_row *row, const char *folder,
                            const pb_fetch_patience *patience, pb_fetch_progress *progress,
                            void *user)
{
    if (!row->urls[0])
        return pb_fail(ctx, PB_ERR_DATA,
                       row->needs_path ? "%s: is a kind of files and not fetched; it needs %s"
                       : row->generate ? "%s: is not fetched, it is %s"
                                       : "%s: is not fetched, get it with: %s",
                       row->name, row->how);
    fetch f = {.row = row, .patience = patience, .progress = progress, .user = user};
    set_mirrors(&f);
    char *home = NULL;
    if (!folder) PB_TRY(pb_data_home(ctx, row->name, &home));
    f.folder = folder ? folder : home;
    pb_arena *arena = pb_arena_create();
    pb_status status =
        arena ? pb_folder_make(ctx, f.folder) : pb_fail(ctx, PB_ERR_MEMORY, "no memory for paths");
    if (status == PB_OK) status = fetch_files(ctx, &f, arena);
    pb_arena_free(&arena);
    free(home);
    return status;
}

pb_status pb_data_fetch(pb_context *ctx, const char *name, const char *folder,
                        pb_fetch_progress *progress, void *user)
{
    const pb_data_row *row;
    PB_TRY(pb_data_find(ctx, name, &row));
    return pb_data_fetch_row(ctx, row, folder, &default_patience, progress, user);
}
