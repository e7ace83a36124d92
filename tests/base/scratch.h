/* A folder for the files of one test, and small helpers about files. */
#ifndef TESTS_BASE_SCRATCH_H
#define TESTS_BASE_SCRATCH_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

typedef struct scratch {
    char folder[64];
    char path[512]; /* of the last scratch_path() */
} scratch;

static inline void scratch_open(scratch *s)
{
    strcpy(s->folder, "/tmp/passband-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(s->folder));
}

static inline const char *scratch_path(scratch *s, const char *name)
{
    snprintf(s->path, sizeof s->path, "%s/%s", s->folder, name);
    return s->path;
}

static inline void scratch_put(scratch *s, const char *name, const void *data, size_t bytes)
{
    FILE *file = fopen(scratch_path(s, name), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, bytes, file), bytes);
    ck_assert_int_eq(fclose(file), 0);
}

/* Entries of a folder without . and .. */
static inline int scratch_count(const char *folder)
{
    DIR *dir = opendir(folder);
    ck_assert_ptr_nonnull(dir);
    int count = 0;
    for (struct dirent *e; (e = readdir(dir));)
        count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(dir);
    return count;
}

/* Removes a file, or a folder and all in it; `at` is an open folder or AT_FDCWD. */
static inline void scratch_remove(int at, const char *name)
{
    const int file = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    DIR *dir = file < 0 ? NULL : fdopendir(file);
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            scratch_remove(file, e->d_name);
    unlinkat(at, name, dir ? AT_REMOVEDIR : 0);
    if (dir) closedir(dir);
}

static inline void scratch_close(scratch *s)
{
    scratch_remove(AT_FDCWD, s->folder);
}

/* PoCL finds the kernels that it has compiled for other tests, whatever HOME and XDG_CACHE_HOME are
 * set to from now on: compiling takes most of the time of a test. */
static inline void keep_kernels(void)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char kernels[512];
    if (cache && cache[0] == '/')
        snprintf(kernels, sizeof kernels, "%s/pocl/kcache", cache);
    else
        snprintf(kernels, sizeof kernels, "%s/.cache/pocl/kcache", home ? home : "");
    if (cache || home) setenv("POCL_CACHE_DIR", kernels, 0);
}

/* Runs one suite; what main() returns. */
static inline int run_case(const char *name, TCase *tcase)
{
    Suite *suite = suite_create(name);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

#endif
