/* A web server on the loopback address in a process of its own, good or bad as the path asks:
 * http://127.0.0.1:<port>/<behaviour>/<file>. */
#ifndef TESTS_DATA_MIRROR_H
#define TESTS_DATA_MIRROR_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

typedef struct mirror_file {
    char name[64]; /* with .gz */
    unsigned char *data;
    size_t bytes;
} mirror_file;

/* What the server saw; shared with the test. */
typedef struct mirror_log {
    int requests, missing_requests;
    int ranges;       /* requests that asked for a range */
    long last_offset; /* of the last range               */
} mirror_log;

typedef struct mirror {
    mirror_file files[8];
    int count;
    int port;
    pid_t process;
    mirror_log *log;
} mirror;

static inline void mirror_send(int to, const void *data, size_t bytes)
{
    const char *p = data;
    while (bytes > 0) {
        const ssize_t n = send(to, p, bytes, MSG_NOSIGNAL);
        if (n <= 0) return;
        p += n;
        bytes -= (size_t)n;
    }
}

static inline void mirror_head(int to, const char *status, long length, const char *more)
{
    char head[512];
    int n = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nConnection: close\r\n%s", status, more);
    if (length >= 0)
        n += snprintf(head + n, sizeof head - (size_t)n, "Content-Length: %ld\r\n", length);
    n += snprintf(head + n, sizeof head - (size_t)n, "\r\n");
    mirror_send(to, head, (size_t)n);
}

/* Sends nothing more until the client goes away. */
static inline void mirror_hang(int client)
{
    char byte;
    while (recv(client, &byte, 1, 0) > 0) {
    }
}

/* A file, or the rest of it, of which at most `most` bytes really come. */
static inline void mirror_send_file(int client, const mirror_file *f, long offset, size_t most,
                                    long claimed_offset)
{
    char range[128] = "";
    if (offset > 0)
        snprintf(range, sizeof range, "Content-Range: bytes %ld-%zu/%zu\r\n", claimed_offset,
                 f->bytes - 1, f->bytes);
    const size_t rest = f->bytes - (size_t)offset;
    mirror_head(client, offset > 0 ? "206 Partial Content" : "200 OK", (long)rest, range);
    mirror_send(client, f->data + offset, rest < most ? rest : most);
}

static inline void mirror_answer(const mirror *m, int client, const char *behaviour,
                                 const char *name, long offset)
{
    const mirror_file *f = NULL;
    for (int i = 0; i < m->count; i++)
        if (strcmp(m->files[i].name, name) == 0) f = &m->files[i];
    if (!f || strcmp(behaviour, "missing") == 0) {
        m->log->missing_requests++;
        mirror_head(client, "404 Not Found", 9, "");
        mirror_send(client, "not here\n", 9);
    } else if (strcmp(behaviour, "busy") == 0) {
        mirror_head(client, "503 Service Unavailable", 5, "");
        mirror_send(client, "busy\n", 5);
    } else if (strcmp(behaviour, "silent") == 0) {
        mirror_hang(client);
    } else if (strcmp(behaviour, "endless") == 0) {
        static char chunk[1 << 16];
        mirror_head(client, "200 OK", -1, "");
        for (int i = 0; i < 4096; i++) mirror_send(client, chunk, sizeof chunk);
    } else if (strcmp(behaviour, "redirect") == 0) {
        char location[160];
        snprintf(location, sizeof location, "Location: /good/%s\r\n", name);
        mirror_head(client, "302 Found", 0, location);
    } else if (strcmp(behaviour, "loop") == 0) {
        char location[160];
        snprintf(location, sizeof location, "Location: /loop/%s\r\n", name);
        mirror_head(client, "302 Found", 0, location);
    } else if (strcmp(behaviour, "local") == 0) {
        mirror_head(client, "302 Found", 0, "Location: file:///etc/passwd\r\n");
    } else if (strcmp(behaviour, "norange") == 0) {
        mirror_send_file(client, f, 0, m->log->requests % 2 ? f->bytes / 2 : f->bytes, 0);
    } else if (offset >= (long)f->bytes) {
        mirror_head(client, "416 Range Not Satisfiable", 0, "");
    } else if (strcmp(behaviour, "truncate") == 0) {
        mirror_send_file(client, f, offset, f->bytes * 2 / 5, offset);
    } else if (strcmp(behaviour, "stall") == 0) {
        mirror_send_file(client, f, offset, f->bytes / 4, offset);
        mirror_hang(client);
    } else if (strcmp(behaviour, "wrongrange") == 0) {
        mirror_send_file(client, f, offset, f->bytes, offset + 1);
    } else if (strcmp(behaviour, "short") == 0) { /* whole, as HTTP sees it */
        const mirror_file half = {.data = f->data, .bytes = f->bytes / 2};
        mirror_send_file(client, &half, 0, half.bytes, 0);
    } else if (strcmp(behaviour, "corrupt") == 0) {
        unsigned char *copy = malloc(f->bytes);
        memcpy(copy, f->data, f->bytes);
        copy[f->bytes / 2] ^= 1;
        const mirror_file other = {.data = copy, .bytes = f->bytes};
        mirror_send_file(client, &other, offset, f->bytes, offset);
        free(copy);
    } else {
        mirror_send_file(client, f, offset, f->bytes, offset);
    }
}

static inline void mirror_serve(const mirror *m, int listener)
{
    for (;;) {
        const int client = accept(listener, NULL, NULL);
        if (client < 0) continue;
        char request[2048] = "", behaviour[32] = "", name[64] = "";
        for (size_t n = 0; n + 1 < sizeof request && !strstr(request, "\r\n\r\n");) {
            const ssize_t got = recv(client, request + n, sizeof request - 1 - n, 0);
            if (got <= 0) break;
            n += (size_t)got;
            request[n] = '\0';
        }
        long offset = 0;
        const char *range = strstr(request, "Range: bytes=");
        if (range) offset = atol(range + 13);
        m->log->requests++;
        if (range) m->log->ranges++, m->log->last_offset = offset;
        if (sscanf(request, "GET /%31[^/]/%63s", behaviour, name) == 2)
            mirror_answer(m, client, behaviour, name, offset);
        shutdown(client, SHUT_WR);
        mirror_hang(client);
        close(client);
    }
}

/* Adds a file; the server keeps the memory. */
static inline void mirror_add(mirror *m, const char *name, unsigned char *data, size_t bytes)
{
    mirror_file *f = &m->files[m->count++];
    snprintf(f->name, sizeof f->name, "%s", name);
    f->data = data;
    f->bytes = bytes;
}

static inline void mirror_start(mirror *m)
{
    m->log = mmap(NULL, sizeof *m->log, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(m->log, MAP_FAILED);
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, length), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    m->port = ntohs(address.sin_port);
    m->process = fork();
    ck_assert_int_ge(m->process, 0);
    if (m->process == 0) mirror_serve(m, listener);
    close(listener);
}

static inline void mirror_stop(mirror *m)
{
    kill(m->process, SIGKILL);
    waitpid(m->process, NULL, 0);
    for (int i = 0; i < m->count; i++) free(m->files[i].data);
    munmap(m->log, sizeof *m->log);
    *m = (mirror){0};
}

#endif
