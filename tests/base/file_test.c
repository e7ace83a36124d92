/* A file is written whole or not at all, whatever goes wrong. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/scratch.h"

static scratch s;
static pb_context *ctx;

static void setup(void)
{
    scratch_open(&s);
    ctx = pb_context_create();
}

static void teardown(void)
{
    pb_context_free(&ctx);
    scratch_close(&s);
}

static void assert_content(const char *path, const char *expected)
{
    char *data;
    size_t bytes;
    ck_assert_int_eq(pb_file_read(ctx, path, 1 << 24, &data, &bytes), PB_OK);
    ck_assert_uint_eq(bytes, strlen(expected));
    ck_assert_str_eq(data, expected);
    free(data);
}

static void assert_error(const char *path, const char *words)
{
    ck_assert_msg(strstr(pb_error(ctx), path) && strstr(pb_error(ctx), words),
                  "'%s' names no %s, %s", pb_error(ctx), path, words);
}

START_TEST(what_is_written_is_read)
{
    const char data[] = "a\0b\xff\n";
    const char *path = scratch_path(&s, "file");
    ck_assert_int_eq(pb_file_write(ctx, path, data, 5), PB_OK);
    char *back;
    size_t bytes;
    ck_assert_int_eq(pb_file_read(ctx, path, 5, &back, &bytes), PB_OK);
    ck_assert_uint_eq(bytes, 5);
    ck_assert_mem_eq(back, data, 5);
    ck_assert_int_eq(back[5], 0);
    free(back);
    ck_assert_int_eq(pb_file_write(ctx, path, "", 0), PB_OK);
    assert_content(path, "");
    ck_assert_int_eq(scratch_count(s.folder), 1);
}
END_TEST

START_TEST(reading_stops_at_the_limit)
{
    char *data;
    size_t bytes;
    scratch_put(&s, "large", "123456", 6);
    ck_assert_int_eq(pb_file_read(ctx, s.path, 5, &data, &bytes), PB_ERR_IO);
    assert_error(s.path, "larger than the 5 bytes");
    ck_assert_ptr_null(data);
    ck_assert_int_eq(pb_file_read(ctx, "/dev/zero", 100000, &data, &bytes), PB_ERR_IO);
    assert_error("/dev/zero", "larger than");
    ck_assert_int_eq(pb_file_read(ctx, scratch_path(&s, "none"), 5, &data, &bytes), PB_ERR_IO);
    assert_error(s.path, "No such file");
    ck_assert_int_eq(pb_file_read(ctx, s.folder, 5000000, &data, &bytes), PB_ERR_IO);
    assert_error(s.folder, "Is a directory");
}
END_TEST

START_TEST(a_pipe_can_be_read)
{
    const char *path = scratch_path(&s, "pipe");
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    enum { BYTES = 300000 };
    const pid_t child = fork();
    if (child == 0) {
        FILE *pipe = fopen(path, "wb");
        for (int i = 0; i < BYTES; i++) fputc('a' + i % 26, pipe);
        fclose(pipe);
        _exit(0);
    }
    char *data;
    size_t bytes;
    ck_assert_int_eq(pb_file_read(ctx, path, 1 << 20, &data, &bytes), PB_OK);
    waitpid(child, NULL, 0);
    ck_assert_uint_eq(bytes, BYTES);
    int right = 0;
    for (int i = 0; i < BYTES; i++) right += data[i] == 'a' + i % 26;
    ck_assert_int_eq(right, BYTES);
    free(data);
}
END_TEST

START_TEST(the_mode_honours_the_umask)
{
    struct stat info;
    umask(027);
    ck_assert_int_eq(pb_file_write(ctx, scratch_path(&s, "mode"), "x", 1), PB_OK);
    ck_assert_int_eq(stat(s.path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0640);
}
END_TEST

START_TEST(an_impossible_target_is_an_error)
{
    scratch_put(&s, "file", "x", 1);
    ck_assert_int_eq(pb_file_write(ctx, scratch_path(&s, "file/below"), "y", 1), PB_ERR_IO);
    assert_error(s.path, "Not a directory");
    ck_assert_int_eq(pb_file_write(ctx, scratch_path(&s, "missing/file"), "y", 1), PB_ERR_IO);
    assert_error(s.path, "No such file");
    ck_assert_int_eq(pb_file_write(ctx, s.folder, "y", 1), PB_ERR_IO);
    assert_error(s.folder, "it is a folder");
    ck_assert_int_eq(pb_file_write(ctx, "/dev/null", "y", 1), PB_ERR_IO);
    assert_error("/dev/null", "not a regular file");
    ck_assert_int_eq(scratch_count(s.folder), 1);
}
END_TEST

START_TEST(a_folder_without_permission_is_an_error)
{
    const char *folder = scratch_path(&s, "locked");
    ck_assert_int_eq(mkdir(folder, 0555), 0);
    ck_assert_int_eq(chmod(s.folder, 0755), 0);
    if (geteuid() == 0) ck_assert_int_eq(seteuid(65534), 0);
    char path[600];
    snprintf(path, sizeof path, "%s/file", folder);
    const pb_status status = pb_file_write(ctx, path, "x", 1);
    if (getuid() == 0) ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(status, PB_ERR_IO);
    assert_error(path, "Permission denied");
    ck_assert_int_eq(scratch_count(folder), 0);
}
END_TEST

START_TEST(a_full_disk_leaves_the_old_file)
{
    scratch_put(&s, "file", "old", 3);
    pb_file_writer writer;
    ck_assert_int_eq(pb_file_open(ctx, s.path, &writer), PB_OK);
    writer.stream = freopen("/dev/full", "wb", writer.stream); /* every write: ENOSPC */
    fputs("new", writer.stream);
    ck_assert_int_eq(pb_file_commit(ctx, &writer), PB_ERR_IO);
    assert_error(s.path, "No space left");
    assert_content(s.path, "old");
    ck_assert_int_eq(scratch_count(s.folder), 1);
}
END_TEST

static void limit_file_size(rlim_t bytes)
{
    const struct rlimit limit = {bytes, bytes};
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_failed_write_before_the_commit_is_not_forgotten)
{
    scratch_put(&s, "file", "old", 3);
    pb_file_writer writer;
    ck_assert_int_eq(pb_file_open(ctx, s.path, &writer), PB_OK);
    setvbuf(writer.stream, NULL, _IONBF, 0); /* nothing is left to fail at the commit */
    limit_file_size(4);
    fputs("longer", writer.stream);
    ck_assert(ferror(writer.stream));
    ck_assert_int_eq(pb_file_commit(ctx, &writer), PB_ERR_IO);
    assert_content(s.path, "old");
    ck_assert_int_eq(scratch_count(s.folder), 1);
}
END_TEST

START_TEST(a_file_size_limit_leaves_the_old_file)
{
    scratch_put(&s, "file", "old", 3);
    static char large[200000];
    limit_file_size(100000);
    ck_assert_int_eq(pb_file_write(ctx, s.path, large, sizeof large), PB_ERR_IO);
    assert_error(s.path, "File too large");
    assert_content(s.path, "old");
    ck_assert_int_eq(scratch_count(s.folder), 1);
}
END_TEST

START_TEST(abandoning_leaves_nothing)
{
    pb_file_writer writer;
    ck_assert_int_eq(pb_file_open(ctx, scratch_path(&s, "file"), &writer), PB_OK);
    fputs("half", writer.stream);
    ck_assert_int_eq(scratch_count(s.folder), 1);
    pb_file_abandon(&writer);
    ck_assert_int_eq(scratch_count(s.folder), 0);
    pb_file_abandon(&writer);
    pb_file_abandon(NULL);
}
END_TEST

START_TEST(two_writers_of_one_file_do_not_mix)
{
    pb_file_writer a, b;
    const char *path = scratch_path(&s, "file");
    ck_assert_int_eq(pb_file_open(ctx, path, &a), PB_OK);
    ck_assert_int_eq(pb_file_open(ctx, path, &b), PB_OK);
    ck_assert_str_ne(a.temporary, b.temporary);
    fputs("first", a.stream);
    fputs("second", b.stream);
    ck_assert_int_eq(pb_file_commit(ctx, &b), PB_OK);
    assert_content(path, "second");
    ck_assert_int_eq(pb_file_commit(ctx, &a), PB_OK);
    assert_content(path, "first");
    ck_assert_int_eq(scratch_count(s.folder), 1);
}
END_TEST

/* Writes a megabyte of one letter again and again until it is killed. */
static void write_for_ever(const char *path)
{
    static char text[1 << 20];
    for (int i = 0;; i++) {
        memset(text, 'a' + i % 2, sizeof text);
        pb_file_write(NULL, path, text, sizeof text);
    }
}

START_TEST(a_killed_writer_leaves_no_half_file)
{
    const char *path = scratch_path(&s, "file");
    int seen = 0;
    for (int i = 0; i < 25; i++) {
        const pid_t child = fork();
        if (child == 0) write_for_ever(path);
        usleep((useconds_t)(1000 + i * 997 % 12000));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);

        char *data;
        size_t bytes;
        if (pb_file_read(ctx, path, 1 << 21, &data, &bytes) != PB_OK) continue; /* not one yet */
        seen++;
        ck_assert_uint_eq(bytes, 1 << 20);
        ck_assert_int_eq(memcmp(data, data + 1, bytes - 1), 0); /* every byte is the next one */
        free(data);
    }
    ck_assert_int_gt(seen, 0);
}
END_TEST

START_TEST(folders_are_made_with_their_parents)
{
    struct stat info;
    ck_assert_int_eq(pb_folder_make(ctx, scratch_path(&s, "a/b//c/")), PB_OK);
    ck_assert_int_eq(stat(scratch_path(&s, "a/b/c"), &info), 0);
    ck_assert(S_ISDIR(info.st_mode));
    ck_assert_int_eq(pb_folder_make(ctx, s.path), PB_OK);
    ck_assert_int_eq(pb_folder_make(ctx, "/"), PB_OK);
    scratch_put(&s, "file", "x", 1);
    ck_assert_int_eq(pb_folder_make(ctx, s.path), PB_ERR_IO);
    assert_error(s.path, "a file has its name");
    ck_assert_int_eq(pb_folder_make(ctx, scratch_path(&s, "file/below")), PB_ERR_IO);
    ck_assert_int_eq(pb_folder_make(ctx, ""), PB_ERR_IO);
    ck_assert_int_eq(pb_folder_make(ctx, "/proc/none/such"), PB_ERR_IO);
    assert_error("/proc/none", "cannot be made");
}
END_TEST

static void assert_joined(const char *a, const char *b, const char *expected)
{
    char *path = pb_path_join(a, b);
    ck_assert_str_eq(path, expected);
    free(path);
}

START_TEST(paths_join)
{
    assert_joined("a", "b", "a/b");
    assert_joined("a/", "b", "a/b");
    assert_joined("/", "b", "/b");
    assert_joined("", "b", "b");
    assert_joined("a", "/b", "/b");
    ck_assert(pb_file_exists(s.folder));
    ck_assert(!pb_file_exists(scratch_path(&s, "none")));
}
END_TEST

START_TEST(the_cache_folder_follows_xdg)
{
    setenv("XDG_CACHE_HOME", "/c", 1);
    setenv("HOME", "/h", 1);
    char *folder = pb_cache_folder();
    ck_assert_str_eq(folder, "/c/passband");
    free(folder);
    setenv("XDG_CACHE_HOME", "relative", 1);
    folder = pb_cache_folder();
    ck_assert_str_eq(folder, "/h/.cache/passband");
    free(folder);
    unsetenv("HOME");
    ck_assert_ptr_null(pb_cache_folder());
}
END_TEST

START_TEST(sha256_gives_the_published_sums)
{
    char hex[65];
    pb_sha256_hex("", 0, hex);
    ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    pb_sha256_hex("abc", 3, hex); /* FIPS 180-2, appendix B.1 */
    ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("file");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, what_is_written_is_read);
    tcase_add_test(t, reading_stops_at_the_limit);
    tcase_add_test(t, a_pipe_can_be_read);
    tcase_add_test(t, the_mode_honours_the_umask);
    tcase_add_test(t, an_impossible_target_is_an_error);
    tcase_add_test(t, a_folder_without_permission_is_an_error);
    tcase_add_test(t, a_full_disk_leaves_the_old_file);
    tcase_add_test(t, a_failed_write_before_the_commit_is_not_forgotten);
    tcase_add_test(t, a_file_size_limit_leaves_the_old_file);
    tcase_add_test(t, abandoning_leaves_nothing);
    tcase_add_test(t, two_writers_of_one_file_do_not_mix);
    tcase_add_test(t, a_killed_writer_leaves_no_half_file);
    tcase_add_test(t, folders_are_made_with_their_parents);
    tcase_add_test(t, paths_join);
    tcase_add_test(t, the_cache_folder_follows_xdg);
    tcase_add_test(t, sha256_gives_the_published_sums);
    return run_case("file", t);
}
