#include "data/download.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <curl/curl.h>

#include <passband/version.h>

#include "base/library.h"

#define STALL_BYTES_PER_SECOND 1024L
#define REDIRECTS_MAX          5L

/* What is used of libcurl. */
typedef struct library {
    __typeof__(curl_easy_init) *init;
    __typeof__(curl_easy_setopt) *set;
    __typeof__(curl_easy_getinfo) *get;
    __typeof__(curl_easy_perform) *perform;
    __typeof__(curl_easy_strerror) *explain;
    __typeof__(curl_easy_cleanup) *cleanup;
} library;

typedef struct transfer {
    const pb_download *job;
    library lib;
    CURL *curl;
    char error[CURL_ERROR_SIZE];
    int fd;
    uint64_t offset;      /* bytes that lay in `part` before this response  */
    uint64_t bytes;       /* bytes that lie there now                        */
    uint64_t range_start; /* of a partial response                      */
    int io_error;
    bool is_started, is_too_long, is_wrong_range, is_stopped;
} transfer;

/* It brings two dozen libraries along. */
static pb_status load(pb_context *ctx, library *l)
{
    const pb_library_function functions[] = {
        {"curl_easy_init", &l->init},        {"curl_easy_setopt", &l->set},
        {"curl_easy_getinfo", &l->get},      {"curl_easy_perform", &l->perform},
        {"curl_easy_strerror", &l->explain}, {"curl_easy_cleanup", &l->cleanup},
    };
    return pb_library_load(ctx, "libcurl.so.4", sizeof functions / sizeof functions[0], functions);
}

static long response_code(const transfer *t)
{
    long code = 0;
    t->lib.get(t->curl, CURLINFO_RESPONSE_CODE, &code);
    return code;
}

/* Settles where the body goes: a whole response starts over, a partial one must fit what is there.
 */
static bool start_body(transfer *t)
{
    t->is_started = true;
    if (response_code(t) == 206) {
        t->is_wrong_range = t->range_start != t->offset;
        return !t->is_wrong_range;
    }
    if (ftruncate(t->fd, 0) != 0 || lseek(t->fd, 0, SEEK_SET) != 0) {
        t->io_error = errno;
        return false;
    }
    t->offset = t->bytes = 0;
    return true;
}

static size_t on_header(char *line, size_t size, size_t count, void *user)
{
    static const char name[] = "Content-Range: bytes ";
    transfer *t = user;
    const size_t length = size * count;
    char text[64];
    if (length >= sizeof name && strncasecmp(line, name, sizeof name - 1) == 0) {
        snprintf(text, sizeof text, "%.*s", (int)(length - (sizeof name - 1)),
                 line + sizeof name - 1);
        t->range_start = strtoull(text, NULL, 10);
    }
    return length;
}

/* Returning less than was given makes curl stop. */
static size_t on_body(char *data, size_t size, size_t count, void *user)
{
    transfer *t = user;
    const size_t length = size * count;
    const long code = response_code(t);
    if (code != 200 && code != 206) return length; /* the page that goes with an error */
    if (!t->is_started && !start_body(t)) return 0;
    if (length > t->job->limit_bytes - t->bytes) {
        t->is_too_long = true;
        return 0;
    }
    for (size_t done = 0; done < length;) {
        const ssize_t n = write(t->fd, data + done, length - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            t->io_error = errno;
            return 0;
        }
        done += (size_t)n;
        t->bytes += (uint64_t)n;
    }
    return length;
}

static int on_progress(void *user, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up_now)
{
    transfer *t = user;
    (void)now, (void)up_total, (void)up_now;
    if (!t->job->progress) return 0;
    const uint64_t whole = t->is_started && total > 0 ? t->offset + (uint64_t)total : 0;
    t->is_stopped = !t->job->progress(t->job->user, t->job->label, t->bytes, whole);
    return t->is_stopped;
}

static bool set_up(transfer *t)
{
    const pb_fetch_patience *p = t->job->patience;
    CURL *c = t->curl;
    __typeof__(curl_easy_setopt) *set = t->lib.set;
    char range[32];
    snprintf(range, sizeof range, "%llu-", (unsigned long long)t->offset);
    return set(c, CURLOPT_URL, t->job->url) == CURLE_OK &&
           set(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           set(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           set(c, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK &&
           set(c, CURLOPT_MAXREDIRS, REDIRECTS_MAX) == CURLE_OK &&
           set(c, CURLOPT_USERAGENT, "passband/" PB_VERSION) == CURLE_OK &&
           set(c, CURLOPT_ERRORBUFFER, t->error) == CURLE_OK &&
           set(c, CURLOPT_CONNECTTIMEOUT_MS, p->connect_ms) == CURLE_OK &&
           set(c, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES_PER_SECOND) == CURLE_OK &&
           set(c, CURLOPT_LOW_SPEED_TIME, p->stall_seconds) == CURLE_OK &&
           set(c, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           set(c, CURLOPT_HEADERDATA, t) == CURLE_OK &&
           set(c, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           set(c, CURLOPT_WRITEDATA, t) == CURLE_OK &&
           set(c, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
           set(c, CURLOPT_XFERINFODATA, t) == CURLE_OK &&
           set(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           (t->offset == 0 || set(c, CURLOPT_RANGE, range) == CURLE_OK);
}

/* What the transfer came to. */
static pb_status judge(pb_context *ctx, const transfer *t, CURLcode result, bool *is_gone)
{
    const char *url = t->job->url;
    if (t->is_stopped) return pb_fail(ctx, PB_INTERRUPTED, "the download of %s was stopped", url);
    if (t->io_error)
        return pb_fail(ctx, PB_ERR_IO, "%s: cannot be written: %s", t->job->part,
                       strerror(t->io_error));
    if (t->is_too_long)
        return pb_fail(ctx, PB_ERR_DATA, "%s: is larger than the %llu bytes it may have", url,
                       (unsigned long long)t->job->limit_bytes);
    if (t->is_wrong_range)
        return pb_fail(ctx, PB_ERR_DATA, "%s: the server sent another range than asked for", url);
    if (result == CURLE_OUT_OF_MEMORY) return pb_fail(ctx, PB_ERR_MEMORY, "no memory to download");
    if (result != CURLE_OK)
        return pb_fail(ctx, PB_ERR_DATA, "%s: %s", url,
                       *t->error ? t->error : t->lib.explain(result));
    const long code = response_code(t);
    if (code == 200 || code == 206) return PB_OK;
    if (code == 416 && t->offset > 0)
        return PB_OK; /* nothing is left to send: the caller checks it */
    *is_gone = code >= 400 && code < 500 && code != 408 && code != 429;
    return pb_fail(ctx, PB_ERR_DATA, "%s: the server answered with status %ld", url, code);
}

/* The part file, locked so that two fetches do not write into one. */
static pb_status open_part(pb_context *ctx, transfer *t)
{
    const char *path = t->job->part;
    t->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (t->fd < 0)
        return pb_fail(ctx, PB_ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
    if (flock(t->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return pb_fail(ctx, PB_ERR_IO, "%s: another download is writing it", path);
    const off_t end = lseek(t->fd, 0, SEEK_END);
    if (end < 0) return pb_fail(ctx, PB_ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
    t->offset = t->bytes = (uint64_t)end;
    if (t->offset <= t->job->limit_bytes) return PB_OK;
    if (ftruncate(t->fd, 0) != 0 || lseek(t->fd, 0, SEEK_SET) != 0)
        return pb_fail(ctx, PB_ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
    t->offset = t->bytes = 0;
    return PB_OK;
}

pb_status pb_download_run(pb_context *ctx, const pb_download *job, bool *is_gone)
{
    transfer t = {.job = job, .fd = -1};
    *is_gone = false;
    pb_status status = open_part(ctx, &t);
    if (status != PB_OK) goto done;
    status = load(ctx, &t.lib);
    if (status != PB_OK) goto done;
    t.curl = t.lib.init();
    if (!t.curl || !set_up(&t)) {
        status = pb_fail(ctx, PB_ERR_MEMORY, "libcurl cannot be set up for %s", job->url);
        goto done;
    }
    status = judge(ctx, &t, t.lib.perform(t.curl), is_gone);
    if (t.is_too_long) unlink(job->part); /* no continuation can make it right */
done:
    if (t.curl) t.lib.cleanup(t.curl);
    if (t.fd >= 0) close(t.fd);
    return status;
}
