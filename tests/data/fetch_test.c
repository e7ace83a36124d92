/* Downloads from a server that also truncates, corrupts, stalls and lies: a file gets its name only
 * with the pinned SHA-256, and what came before a break is not fetched again. */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <time.h>

#include <zlib.h>

#include "base/file.h"
#include "base/scratch.h"
#include "data/fetch.h"
#include "data/mirror.h"

enum { FILE_BYTES = 300000 };

static scratch s;
static pb_context *ctx;
static mirror m;
static char urls[PB_DATA_URLS_MAX][64];
static pb_data_row row;

static const pb_fetch_patience patience = {
    .connect_ms = 2000, .stall_seconds = 1, .rounds = 4, .pause_ms = 1};

/* Byte i of file `which`; the sums below are sha256sum's of the same bytes made by Python:
 * bytes((i * i // 8 ^ i * (31 + which)) & 255 for i in range(300000)) */
static unsigned char byte_at(int which, uint64_t i)
{
    return (unsigned char)(i * i / 8 ^ i * (31 + (unsigned)which));
}

static const char *const sums[] = {
    "c9d22e9cd92ecb7394af0f6ebb83deb512a56d4d5f0614a715a76fa7203bc958",
    "c65ebbe9911d5c5ce7b34f95e6be23d95990e711163ae54e546e06ef013875a9",
};

static unsigned char *packed(int which, size_t *bytes)
{
    unsigned char *raw = malloc(FILE_BYTES), *out = malloc(FILE_BYTES + 1024);
    for (size_t i = 0; i < FILE_BYTES; i++) raw[i] = byte_at(which, i);
    z_stream z = {
        .next_in = raw, .avail_in = FILE_BYTES, .next_out = out, .avail_out = FILE_BYTES + 1024};
    ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    *bytes = z.total_out;
    deflateEnd(&z);
    free(raw);
    return out;
}

static void setup(void)
{
    scratch_open(&s);
    ctx = pb_context_create();
    unsetenv("PASSBAND_MIRROR");
    setenv("no_proxy", "127.0.0.1", 1);
    row = (pb_data_row){.name = "tiny", .how = "passband data fetch tiny"};
    row.files[0] = (pb_data_file){"first", FILE_BYTES, sums[0]};
    row.files[1] = (pb_data_file){"second", FILE_BYTES, sums[1]};
    for (int i = 0; i < 2; i++) {
        size_t bytes;
        unsigned char *data = packed(i, &bytes);
        mirror_add(&m, i ? "second.gz" : "first.gz", data, bytes);
    }
    mirror_start(&m);
}

static void teardown(void)
{
    mirror_stop(&m);
    pb_context_free(&ctx);
    scratch_close(&s);
}

static void set_mirrors(const char *first, const char *second)
{
    const char *const names[] = {first, second};
    memset(row.urls, 0, sizeof row.urls);
    for (int i = 0; i < 2 && names[i]; i++) {
        snprintf(urls[i], sizeof urls[i], "http://127.0.0.1:%d/%s/", m.port, names[i]);
        row.urls[i] = urls[i];
    }
}

static pb_status fetch(const char *first, const char *second)
{
    set_mirrors(first, second);
    return pb_data_fetch_row(ctx, &row, s.folder, &patience, NULL, NULL);
}

/* Both files whole under their names and nothing else in the folder. */
static void assert_fetched(void)
{
    for (int which = 0; which < 2; which++) {
        char *data;
        size_t bytes;
        ck_assert_msg(pb_file_read(ctx, scratch_path(&s, which ? "second" : "first"), 1 << 20,
                                   &data, &bytes) == PB_OK,
                      "%s", pb_error(ctx));
        ck_assert_uint_eq(bytes, FILE_BYTES);
        size_t wrong = 0;
        for (size_t i = 0; i < bytes; i++) wrong += (unsigned char)data[i] != byte_at(which, i);
        ck_assert_uint_eq(wrong, 0);
        free(data);
    }
    ck_assert_int_eq(scratch_count(s.folder), 2);
}

static void assert_refused(pb_status status, const char *words)
{
    ck_assert_msg(status == PB_ERR_DATA, "status %s", pb_status_name(status));
    ck_assert_msg(strstr(pb_error(ctx), words), "'%s' has no '%s'", pb_error(ctx), words);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "tiny: first"));
    ck_assert(!pb_file_exists(scratch_path(&s, "first")));
    ck_assert(!pb_file_exists(scratch_path(&s, "first.gz")));
}

static off_t part_bytes(void)
{
    struct stat info;
    return stat(scratch_path(&s, "first.gz.part"), &info) == 0 ? info.st_size : -1;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

START_TEST(fetches_and_keeps_what_is_right)
{
    ck_assert_msg(fetch("good", NULL) == PB_OK, "%s", pb_error(ctx));
    assert_fetched();
    ck_assert_int_eq(m.log->requests, 2);
    ck_assert_int_eq(fetch("good", NULL), PB_OK);
    ck_assert_int_eq(m.log->requests, 2);
    scratch_put(&s, "second", "wrong", 5);
    ck_assert_int_eq(fetch("good", NULL), PB_OK);
    ck_assert_int_eq(m.log->requests, 3);
    assert_fetched();
}
END_TEST

START_TEST(keeps_a_packed_file_that_is_right)
{
    scratch_put(&s, "first.gz", m.files[0].data, m.files[0].bytes);
    ck_assert_int_eq(fetch("good", NULL), PB_OK);
    ck_assert_int_eq(m.log->requests, 1);
}
END_TEST

/* An archive keeps its name and its packing; what is not the known one is fetched anew. */
START_TEST(fetches_an_archive_as_it_is)
{
    char sum[65], *data;
    size_t bytes;
    pb_sha256_hex(m.files[0].data, m.files[0].bytes, sum);
    row.files[0] = (pb_data_file){"first.gz", m.files[0].bytes, sum};
    row.is_archive = true;
    row.files[1] = (pb_data_file){0};
    scratch_put(&s, "first.gz", "wrong", 5);
    ck_assert_msg(fetch("corrupt", "good") == PB_OK, "%s", pb_error(ctx));
    ck_assert_int_eq(unlink(scratch_path(&s, "first.gz")), 0);
    ck_assert_msg(fetch("truncate", NULL) == PB_OK, "%s", pb_error(ctx));
    ck_assert_int_gt(m.log->ranges, 0);
    ck_assert_int_eq(pb_file_read(ctx, scratch_path(&s, "first.gz"), 1 << 20, &data, &bytes),
                     PB_OK);
    ck_assert_uint_eq(bytes, m.files[0].bytes);
    ck_assert_mem_eq(data, m.files[0].data, bytes);
    ck_assert_int_eq(scratch_count(s.folder), 1);
    free(data);
    const int requests = m.log->requests;
    ck_assert_int_eq(fetch("good", NULL), PB_OK);
    ck_assert_int_eq(m.log->requests, requests);
}
END_TEST

START_TEST(resumes_after_truncation)
{
    ck_assert_msg(fetch("truncate", NULL) == PB_OK, "%s", pb_error(ctx));
    assert_fetched();
    ck_assert_int_eq(m.log->requests, 6); /* 2/5, 4/5, the rest; of two files */
    ck_assert_int_eq(m.log->ranges, 4);
    ck_assert_int_eq(m.log->last_offset, (long)(m.files[1].bytes * 2 / 5 * 2));
}
END_TEST

START_TEST(starts_over_where_ranges_are_ignored)
{
    ck_assert_msg(fetch("norange", NULL) == PB_OK, "%s", pb_error(ctx));
    assert_fetched();
    ck_assert_int_eq(m.log->requests, 4);
    ck_assert_int_eq(m.log->ranges, 2);
}
END_TEST

START_TEST(goes_on_at_the_next_mirror)
{
    static const char *const bad[] = {"missing", "busy",  "corrupt", "short",
                                      "endless", "local", "loop"};
    for (int i = 0; i < 7; i++) {
        unlink(scratch_path(&s, "first"));
        unlink(scratch_path(&s, "second"));
        ck_assert_msg(fetch(bad[i], "good") == PB_OK, "%s: %s", bad[i], pb_error(ctx));
        assert_fetched();
    }
    unlink(scratch_path(&s, "first"));
    ck_assert_int_eq(fetch("redirect", NULL), PB_OK);
    assert_fetched();
}
END_TEST

START_TEST(gives_up_a_stalled_mirror_and_resumes_elsewhere)
{
    const double begin = now();
    ck_assert_msg(fetch("stall", "good") == PB_OK, "%s", pb_error(ctx));
    assert_fetched();
    ck_assert_int_eq(m.log->ranges, 2);
    ck_assert_int_eq(m.log->last_offset, (long)(m.files[1].bytes / 4));
    ck_assert(now() - begin < 12);
}
END_TEST

/* What another mirror left wrong in the part file is not held against a good one. */
START_TEST(starts_over_after_a_wrong_beginning)
{
    char garbage[1000] = {1};
    scratch_put(&s, "first.gz.part", garbage, sizeof garbage);
    ck_assert_msg(fetch("good", NULL) == PB_OK, "%s", pb_error(ctx));
    assert_fetched();
    ck_assert_int_eq(m.log->requests, 3);
}
END_TEST

START_TEST(gives_up_a_silent_mirror)
{
    ck_assert_msg(fetch("silent", "good") == PB_OK, "%s", pb_error(ctx));
    assert_fetched();
}
END_TEST

START_TEST(says_what_the_last_mirror_did)
{
    static const struct {
        const char *behaviour, *words;
        bool leaves_part;
    } bad[] = {
        {"corrupt", "", false},
        {"short", "truncated", false},
        {"missing", "status 404", true},
        {"busy", "status 503", true},
        {"endless", "larger than", false},
        {"local", "file", true},
        {"loop", "redirects", true},
    };
    for (int i = 0; i < 7; i++) {
        assert_refused(fetch(bad[i].behaviour, NULL), bad[i].words);
        ck_assert_msg(bad[i].leaves_part || part_bytes() < 0, "%s", bad[i].behaviour);
        unlink(scratch_path(&s, "first.gz.part"));
    }
}
END_TEST

START_TEST(refuses_another_file_that_unpacks)
{
    row.files[0].sha256 = sums[1];
    assert_refused(fetch("good", NULL), "SHA-256 differs");
    ck_assert_int_eq(part_bytes(), -1);
    ck_assert_int_eq(m.log->requests, patience.rounds);
}
END_TEST

START_TEST(refuses_a_bomb)
{
    row.files[0].bytes = 1000; /* the server's file unpacks to 300 times that */
    assert_refused(fetch("good", NULL), "");
    row.files[0].bytes = FILE_BYTES - 1;
    unlink(scratch_path(&s, "first.gz.part"));
    assert_refused(fetch("good", NULL), "too long");
}
END_TEST

START_TEST(asks_a_mirror_without_the_file_once)
{
    assert_refused(fetch("missing", "busy"), "503");
    ck_assert_int_eq(m.log->missing_requests, 1);
    ck_assert_int_eq(m.log->requests, 1 + patience.rounds);
}
END_TEST

START_TEST(refuses_a_range_it_did_not_ask_for)
{
    scratch_put(&s, "first.gz.part", m.files[0].data, 1000);
    assert_refused(fetch("wrongrange", NULL), "another range");
    ck_assert_int_eq(part_bytes(), 1000);
    ck_assert_int_eq(fetch("wrongrange", "good"), PB_OK);
    assert_fetched();
}
END_TEST

START_TEST(takes_a_part_that_is_whole_and_drops_one_that_is_wrong)
{
    scratch_put(&s, "first.gz.part", m.files[0].data, m.files[0].bytes);
    char *garbage = calloc(1, m.files[1].bytes + 7);
    scratch_put(&s, "second.gz.part", garbage, m.files[1].bytes + 7);
    free(garbage);
    ck_assert_msg(fetch("good", NULL) == PB_OK, "%s", pb_error(ctx));
    assert_fetched();
    ck_assert_int_eq(m.log->requests, 3); /* 416; 416 and a whole one */
}
END_TEST

/* ---- progress ---- */

typedef struct seen {
    int calls;
    uint64_t done, total, stop_at;
    char file[32];
} seen;

static bool watch(void *user, const char *file, uint64_t done, uint64_t total)
{
    seen *w = user;
    w->calls++;
    if (strcmp(w->file, file) == 0) ck_assert_uint_ge(done, w->done);
    snprintf(w->file, sizeof w->file, "%s", file);
    w->done = done;
    if (total) {
        w->total = total;
        ck_assert_uint_le(done, total);
    }
    return !w->stop_at || done < w->stop_at;
}

START_TEST(tells_progress_and_stops_when_told)
{
    seen w = {.stop_at = 1};
    set_mirrors("truncate", NULL);
    ck_assert_int_eq(pb_data_fetch_row(ctx, &row, s.folder, &patience, watch, &w), PB_INTERRUPTED);
    const off_t part = part_bytes();
    ck_assert_int_gt(part, 0);
    ck_assert(!pb_file_exists(scratch_path(&s, "first")));
    w = (seen){0};
    set_mirrors("good", NULL);
    ck_assert_int_eq(pb_data_fetch_row(ctx, &row, s.folder, &patience, watch, &w), PB_OK);
    assert_fetched();
    ck_assert_int_eq(m.log->ranges, 1);
    ck_assert_str_eq(w.file, "second");
    ck_assert_uint_eq(w.done, m.files[1].bytes);
    ck_assert_uint_eq(w.total, m.files[1].bytes);
}
END_TEST

/* ---- places and names ---- */

START_TEST(asks_only_the_mirror_of_the_environment)
{
    char own[64];
    snprintf(own, sizeof own, "http://127.0.0.1:%d/good", m.port); /* no slash at the end */
    setenv("PASSBAND_MIRROR", own, 1);
    ck_assert_msg(fetch("missing", NULL) == PB_OK, "%s", pb_error(ctx));
    assert_fetched();
    ck_assert_int_eq(m.log->missing_requests, 0);
}
END_TEST

START_TEST(says_when_nothing_listens)
{
    set_mirrors("good", NULL);
    kill(m.process, SIGKILL);
    waitpid(m.process, NULL, 0);
    assert_refused(pb_data_fetch_row(ctx, &row, s.folder, &patience, NULL, NULL), "connect");
    m.process = fork(); /* for teardown to end */
    if (m.process == 0) pause();
}
END_TEST

START_TEST(says_when_it_cannot_be_stored)
{
    set_mirrors("good", NULL);
    scratch_put(&s, "file", "x", 1);
    ck_assert_int_eq(pb_data_fetch_row(ctx, &row, scratch_path(&s, "file"), &patience, NULL, NULL),
                     PB_ERR_IO);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "file"));

    const int part = open(scratch_path(&s, "first.gz.part"), O_RDWR | O_CREAT, 0600);
    ck_assert_int_eq(flock(part, LOCK_EX), 0);
    ck_assert_int_eq(fetch("good", NULL), PB_ERR_IO);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "another download"));
    close(part);

    signal(SIGXFSZ, SIG_IGN);
    struct rlimit whole;
    getrlimit(RLIMIT_FSIZE, &whole);
    const struct rlimit small = {1000, whole.rlim_max};
    const int limited = setrlimit(RLIMIT_FSIZE, &small); /* Check keeps its results in a file, so */
    const pb_status status = fetch("good", NULL);        /* nothing is asserted while this holds  */
    setrlimit(RLIMIT_FSIZE, &whole);
    ck_assert_int_eq(limited, 0);
    ck_assert_int_eq(status, PB_ERR_IO);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "cannot be written"));
    ck_assert(!pb_file_exists(scratch_path(&s, "first")));
}
END_TEST

START_TEST(fetches_into_the_home_folder)
{
    char folder[512];
    snprintf(folder, sizeof folder, "%s/.local/share/passband/tiny", s.folder);
    setenv("HOME", s.folder, 1);
    set_mirrors("good", NULL);
    ck_assert_int_eq(pb_data_fetch_row(ctx, &row, NULL, &patience, NULL, NULL), PB_OK);
    ck_assert_int_eq(scratch_count(folder), 2);
    unsetenv("HOME");
    ck_assert_int_eq(pb_data_fetch_row(ctx, &row, NULL, &patience, NULL, NULL), PB_ERR_DATA);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "HOME"));
}
END_TEST

START_TEST(says_how_to_get_what_is_not_fetched)
{
    ck_assert_int_eq(pb_data_fetch(ctx, "fashion-mnist", s.folder, NULL, NULL), PB_ERR_DATA);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "apt install dataset-fashion-mnist"));
    ck_assert_int_eq(pb_data_fetch(ctx, "png", s.folder, NULL, NULL), PB_ERR_DATA);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "not fetched"));
    ck_assert_int_eq(pb_data_fetch(ctx, "minst", s.folder, NULL, NULL), PB_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "did you mean mnist?"));
}
END_TEST

/* The registry's own row against the real files, where $PASSBAND_DATA/mnist has them packed. */
START_TEST(fetches_the_real_mnist)
{
    const pb_data_row *mnist;
    const char *own = getenv("PASSBAND_DATA");
    ck_assert_int_eq(pb_data_find(ctx, "mnist", &mnist), PB_OK);
    mirror real = {0};
    for (int i = 0; i < PB_DATA_FILES_MAX; i++) {
        char path[512], name[64], *data;
        size_t bytes;
        snprintf(name, sizeof name, "%s.gz", mnist->files[i].name);
        snprintf(path, sizeof path, "%s/mnist/%s", own ? own : "", name);
        if (!own || pb_file_read(ctx, path, 1 << 26, &data, &bytes) != PB_OK) {
            printf("skipped: set PASSBAND_DATA to a folder with mnist/%s\n", name);
            for (int k = 0; k < real.count; k++) free(real.files[k].data);
            return;
        }
        mirror_add(&real, name, (unsigned char *)data, bytes);
    }
    mirror_start(&real);
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/good/", real.port);
    setenv("PASSBAND_MIRROR", url, 1);
    ck_assert_msg(pb_data_fetch(ctx, "mnist", s.folder, NULL, NULL) == PB_OK, "%s", pb_error(ctx));
    ck_assert_int_eq(scratch_count(s.folder), 4);
    mirror_stop(&real);
    pb_dataset *d;
    const pb_dataset_options o = {.name = "mnist", .path = s.folder};
    ck_assert_msg(pb_dataset_load(ctx, &o, &d) == PB_OK, "%s", pb_error(ctx));
    ck_assert_int_eq(d->train.count, 60000);
    ck_assert_int_eq(d->test.labels[0], 7);
    pb_dataset_free(&d);
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("fetch");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, fetches_and_keeps_what_is_right);
    tcase_add_test(t, keeps_a_packed_file_that_is_right);
    tcase_add_test(t, fetches_an_archive_as_it_is);
    tcase_add_test(t, resumes_after_truncation);
    tcase_add_test(t, starts_over_where_ranges_are_ignored);
    tcase_add_test(t, goes_on_at_the_next_mirror);
    tcase_add_test(t, gives_up_a_stalled_mirror_and_resumes_elsewhere);
    tcase_add_test(t, starts_over_after_a_wrong_beginning);
    tcase_add_test(t, gives_up_a_silent_mirror);
    tcase_add_test(t, says_what_the_last_mirror_did);
    tcase_add_test(t, refuses_another_file_that_unpacks);
    tcase_add_test(t, refuses_a_bomb);
    tcase_add_test(t, asks_a_mirror_without_the_file_once);
    tcase_add_test(t, refuses_a_range_it_did_not_ask_for);
    tcase_add_test(t, takes_a_part_that_is_whole_and_drops_one_that_is_wrong);
    tcase_add_test(t, tells_progress_and_stops_when_told);
    tcase_add_test(t, asks_only_the_mirror_of_the_environment);
    tcase_add_test(t, says_when_nothing_listens);
    tcase_add_test(t, says_when_it_cannot_be_stored);
    tcase_add_test(t, fetches_into_the_home_folder);
    tcase_add_test(t, says_how_to_get_what_is_not_fetched);
    tcase_add_test(t, fetches_the_real_mnist);
    return run_case("fetch", t);
}
