/* What tests of reports stand on: a context, a temporary folder for each test, and what is in it.
 */
#ifndef TESTS_REPORT_REPORT_FIXTURE_H
#define TESTS_REPORT_REPORT_FIXTURE_H

#include <check.h>
#include <dirent.h>
#include <png.h>
#include <stdlib.h>
#include <unistd.h>

#include <passband/status.h>

#include "base/scratch.h"
#include "report/made_run.h"

static char base[64]; /* a temporary folder for each test */
static pb_context *ctx;

static inline void set_up(void)
{
    snprintf(base, sizeof base, "/tmp/passband-report-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    ctx = pb_context_create();
}

static inline void tear_down(void)
{
    char command[128];
    setenv("PATH", "/usr/bin:/bin", 1);
    snprintf(command, sizeof command, "rm -rf %s", base);
    ck_assert_int_eq(system(command), 0);
    pb_context_free(&ctx);
}

static inline const char *at(const char *name)
{
    static char paths[8][600];
    static int next;
    next = (next + 1) % 8;
    snprintf(paths[next], sizeof paths[next], "%s/%s", base, name);
    return paths[next];
}

static inline bool exists(const char *name)
{
    return access(at(name), F_OK) == 0;
}

static inline char *read_all(const char *name, size_t *bytes)
{
    FILE *file = fopen(at(name), "rb");
    ck_assert_msg(file != NULL, "%s is missing", name);
    char *text = calloc(1, 1 << 22);
    *bytes = fread(text, 1, (1 << 22) - 1, file);
    fclose(file);
    return text;
}

static inline bool file_holds(const char *name, const char *words)
{
    size_t bytes;
    char *text = read_all(name, &bytes);
    const bool found = strstr(text, words) != NULL;
    free(text);
    return found;
}

static inline void assert_no_temporary_files(const char *folder)
{
    DIR *dir = opendir(at(folder));
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            ck_assert_msg(entry->d_name[0] != '.' && !strstr(entry->d_name, "tmp"),
                          "left behind: %s", entry->d_name);
    closedir(dir);
}

/* A picture, its pixels on the heap. */
static inline png_image decode(const char *name, uint8_t **rgb)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    ck_assert_msg(png_image_begin_read_from_file(&image, at(name)), "%s: %s", name, image.message);
    image.format = PNG_FORMAT_RGB;
    *rgb = malloc(PNG_IMAGE_SIZE(image));
    ck_assert(png_image_finish_read(&image, NULL, *rgb, 0, NULL));
    return image;
}

static inline void overwrite(const char *name, const char *text)
{
    FILE *file = fopen(at(name), "wb");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

/* A run so small that its figures can be worked out by hand. */
static inline made_run small(const char *name)
{
    made_run r = made_default;
    r.name = name;
    r.seeds = 2;
    r.epochs = 4;
    r.steps_per_epoch = 20;
    return r;
}

static inline void assert_holds(const char *name, const char *words)
{
    FILE *file = fopen(at(name), "rb");
    ck_assert_msg(file != NULL, "%s is missing", name);
    char *text = calloc(1, 1 << 18);
    ck_assert_uint_gt(fread(text, 1, (1 << 18) - 1, file), 0);
    fclose(file);
    ck_assert_msg(strstr(text, words) != NULL, "%s does not hold '%s':\n%.2000s", name, words,
                  text);
    free(text);
}

/* Numbers that repeat, below and above 0. */
static inline double value_at(int i)
{
    return i % 7 - 2.5;
}

/* An array of them in a run's folder. */
static inline void put_array(const char *run, const char *name, int axes, const int dim[])
{
    FILE *file = made_open(at(run), name);
    int count = 1;
    for (int a = 0; a < axes; a++) count *= dim[a];
    made_npy_header(file, "<f4", axes, dim);
    for (int i = 0; i < count; i++) made_f32(file, value_at(i));
    fclose(file);
}

#endif
