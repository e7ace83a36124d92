/* Programs: build errors, and the cache of binaries. */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "every_device.h"

static const char source[] = "kernel void k_fill(global int *x, int n)\n"
                             "{\n"
                             "    const int i = get_global_id(0);\n"
                             "    if (i < n) x[i] = 3 * i + OFFSET;\n"
                             "}\n";

static void expect_fill(pb_context *ctx, pb_device *device, const char *options, int offset)
{
    pb_module *module;
    pb_buffer *x;
    pb_launch *launch;
    int got[50];
    OK(ctx, pb_module_build(device, source, options, &module));
    OK(ctx, pb_buffer_create(device, sizeof got, &x));
    const pb_arg args[] = {PB_ARG_BUF(x), PB_ARG_INT(50)};
    const pb_launch_spec spec = {
        .module = module, .kernel = "k_fill", .arg_count = 2, .args = args, .global = {50}};
    OK(ctx, pb_launch_create(device, &spec, &launch));
    pb_module_free(&module); /* a launch outlives its module */
    ck_assert_ptr_null(module);
    OK(ctx, pb_launch_run(device, launch));
    OK(ctx, pb_buffer_read(device, x, 0, got, sizeof got));
    for (int i = 0; i < 50; i++) ck_assert_int_eq(got[i], 3 * i + offset);
    pb_launch_free(&launch);
    pb_buffer_free(&x);
}

static void build(pb_context *ctx, pb_device *device)
{
    expect_fill(ctx, device, "-DOFFSET=7", 7);
    expect_fill(ctx, device, "-DOFFSET=-9", -9);

    pb_module *module;
    FAILS(ctx, PB_ERR_INTERNAL, "OFFSET", pb_module_build(device, source, NULL, &module));
    ck_assert_ptr_null(module);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), pb_device_describe(device)->name));
}

START_TEST(builds_with_options)
{
    every_device(build);
}
END_TEST

/* Program i holds a kernel that adds i; one of them may be wrong. */
static pb_status build_many(pb_device *device, int count, int wrong, pb_module *modules[])
{
    char text[9][128];
    const char *sources[9];
    for (int i = 0; i < count; i++) {
        snprintf(text[i], sizeof text[i], "kernel void k_add(global int *x) { *x += 1 << %d%s; }\n",
                 i, i == wrong ? " + unknown_name" : "");
        sources[i] = text[i];
    }
    return pb_modules_build(device, count, sources, NULL, modules);
}

static void build_side_by_side(pb_context *ctx, pb_device *device)
{
    enum { COUNT = 9 };
    pb_module *modules[COUNT];
    pb_buffer *x;
    int sum = 0;
    OK(ctx, build_many(device, COUNT, -1, modules));
    OK(ctx, pb_buffer_create(device, sizeof sum, &x));
    OK(ctx, pb_buffer_write(device, x, 0, &sum, sizeof sum));
    for (int i = 0; i < COUNT; i++) {
        const pb_arg arg = PB_ARG_BUF(x);
        const pb_launch_spec spec = {
            .module = modules[i], .kernel = "k_add", .arg_count = 1, .args = &arg, .global = {1}};
        pb_launch *launch;
        OK(ctx, pb_launch_create(device, &spec, &launch));
        OK(ctx, pb_launch_run(device, launch));
        OK(ctx, pb_device_finish(device));
        pb_launch_free(&launch);
        pb_module_free(&modules[i]);
    }
    OK(ctx, pb_buffer_read(device, x, 0, &sum, sizeof sum));
    ck_assert_int_eq(sum, (1 << COUNT) - 1);
    pb_buffer_free(&x);
    for (int wrong = 0; wrong < COUNT; wrong += 4) {
        FAILS(ctx, PB_ERR_INTERNAL, "unknown_name", build_many(device, COUNT, wrong, modules));
        for (int i = 0; i < COUNT; i++) ck_assert_ptr_null(modules[i]);
    }
}

START_TEST(builds_several_side_by_side)
{
    every_device(build_side_by_side);
}
END_TEST

static void cut_log(pb_context *ctx, pb_device *device)
{
    char text[8000] = "kernel void k(global int *x)\n{\n";
    for (int i = 0; i < 15; i++) {
        char line[64];
        snprintf(line, sizeof line, "    x[%d] = unknown_%d;\n", i, i);
        strcat(text, line);
    }
    strcat(text, "}\n");
    pb_module *module;
    FAILS(ctx, PB_ERR_INTERNAL, "unknown_0", pb_module_build(device, text, "", &module));
    int lines = 1;
    for (const char *c = pb_error(ctx); *c; c++) lines += *c == '\n';
    ck_assert_int_le(lines, 13); /* the sentence and 12 of the log */
}

START_TEST(long_logs_are_cut)
{
    every_device(cut_log);
}
END_TEST

/* ---- cache ---- */

/* Rusticl, since PoCL caches by itself and is left alone. False where there is none. */
static bool open_caching(pb_context *ctx, pb_device **device)
{
    setenv("RUSTICL_ENABLE", "llvmpipe", 1);
    return pb_device_open(ctx, "rusticl", device) == PB_OK;
}

/* A cache folder of its own for the test. PoCL's stays, as its programs take long. */
static void use_cache(char *folder)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    setenv("XDG_CACHE_HOME", folder, 1);
}

static void remove_cache(const char *folder)
{
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

/* Counts the files of the cache; the last one's name goes to `path`. */
static int cache_files(const char *folder, char path[512])
{
    char kernels[256];
    snprintf(kernels, sizeof kernels, "%s/passband/kernels", folder);
    DIR *dir = opendir(kernels);
    if (!dir) return 0;
    int count = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        if (e->d_name[0] == '.') continue;
        snprintf(path, 512, "%s/%.200s", kernels, e->d_name);
        count++;
    }
    closedir(dir);
    return count;
}

/* A file written anew is another file: it was renamed into place. */
static struct stat state_of(const char *path)
{
    struct stat s;
    ck_assert_int_eq(stat(path, &s), 0);
    return s;
}

static bool same_file(struct stat a, struct stat b)
{
    return a.st_ino == b.st_ino && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
           a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

START_TEST(a_second_build_comes_from_the_cache)
{
    char folder[] = "/tmp/passband-cache-XXXXXX", path[512];
    use_cache(folder);
    pb_context *ctx = pb_context_create();
    pb_device *device;
    if (!open_caching(ctx, &device)) return;
    expect_fill(ctx, device, "-DOFFSET=1", 1);
    ck_assert_int_eq(cache_files(folder, path), 1);
    const struct stat first = state_of(path);
    ck_assert_int_gt(first.st_size, 200);
    expect_fill(ctx, device, "-DOFFSET=1", 1);
    ck_assert(same_file(first, state_of(path)));
    ck_assert_int_eq(cache_files(folder, path), 1);
    expect_fill(ctx, device, "-DOFFSET=2", 2); /* another program */
    ck_assert_int_eq(cache_files(folder, path), 2);
    pb_device_close(&device);

    /* and from another opening of the device */
    ck_assert(open_caching(ctx, &device));
    expect_fill(ctx, device, "-DOFFSET=1", 1);
    expect_fill(ctx, device, "-DOFFSET=2", 2);
    ck_assert_int_eq(cache_files(folder, path), 2);
    pb_device_close(&device);
    pb_context_free(&ctx);
    remove_cache(folder);
}
END_TEST

typedef struct content {
    unsigned char bytes[1 << 20];
    size_t count;
} content;

static void load(const char *path, content *c)
{
    FILE *f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    c->count = fread(c->bytes, 1, sizeof c->bytes, f);
    fclose(f);
    ck_assert_uint_lt(c->count, sizeof c->bytes);
}

static void store(const char *path, const content *c)
{
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(c->bytes, 1, c->count, f), c->count);
    fclose(f);
}

/* The layout of a cache file: magic, length, key, SHA-256 of the binary, binary. */
enum { KEY_AT = 16, KEY_BYTES = 64, SHA_AT = 80, BINARY_AT = 144 };

/* One program's file under the name of another is refused for the key it holds; with that key put
 * right, the wrong program runs, so it is the binary that runs and nothing was compiled. */
START_TEST(the_binary_is_what_runs)
{
    char folder[] = "/tmp/passband-cache-XXXXXX", path[512];
    use_cache(folder);
    pb_context *ctx = pb_context_create();
    pb_device *device;
    if (!open_caching(ctx, &device)) return;
    static content one, two;
    expect_fill(ctx, device, "-DOFFSET=1", 1);
    ck_assert_int_eq(cache_files(folder, path), 1);
    load(path, &one);
    ck_assert_int_eq(unlink(path), 0);
    expect_fill(ctx, device, "-DOFFSET=2", 2);
    ck_assert_int_eq(cache_files(folder, path), 1);
    load(path, &two);

    store(path, &one);
    expect_fill(ctx, device, "-DOFFSET=2", 2);
    memcpy(one.bytes + KEY_AT, two.bytes + KEY_AT, KEY_BYTES);
    store(path, &one);
    expect_fill(ctx, device, "-DOFFSET=2", 1);
    pb_device_close(&device);
    pb_context_free(&ctx);
    remove_cache(folder);
}
END_TEST

START_TEST(a_damaged_file_is_made_again)
{
    char folder[] = "/tmp/passband-cache-XXXXXX", path[512];
    use_cache(folder);
    pb_context *ctx = pb_context_create();
    pb_device *device;
    if (!open_caching(ctx, &device)) return;
    static content sound, damaged;
    expect_fill(ctx, device, "-DOFFSET=1", 1);
    ck_assert_int_eq(cache_files(folder, path), 1);
    load(path, &sound);
    const size_t flips[] = {0, 9, KEY_AT + 5, SHA_AT + 5, BINARY_AT, sound.count - 1};
    const size_t lengths[] = {0, 10, BINARY_AT, sound.count - 1, sound.count + 1};
    for (size_t i = 0; i < 6 + 5; i++) {
        damaged = sound;
        if (i < 6) {
            damaged.bytes[flips[i]] ^= 0x40;
        } else {
            damaged.count = lengths[i - 6];
        }
        store(path, &damaged);
        const struct stat before = state_of(path);
        expect_fill(ctx, device, "-DOFFSET=1", 1);
        const struct stat after = state_of(path);
        ck_assert_msg(!same_file(before, after), "damage %zu went unseen", i);
        expect_fill(ctx, device, "-DOFFSET=1", 1);
        ck_assert_msg(same_file(after, state_of(path)), "damage %zu was not mended", i);
    }
    ck_assert_str_eq(pb_error(ctx), "");
    pb_device_close(&device);
    pb_context_free(&ctx);
    remove_cache(folder);
}
END_TEST

START_TEST(without_a_cache_folder_it_builds_all_the_same)
{
    setenv("XDG_CACHE_HOME", "/dev/null/cache", 1);
    pb_context *ctx = pb_context_create();
    pb_device *device;
    if (!open_caching(ctx, &device)) return;
    expect_fill(ctx, device, "-DOFFSET=1", 1);
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    expect_fill(ctx, device, "-DOFFSET=2", 2);
    ck_assert_str_eq(pb_error(ctx), "");
    pb_device_close(&device);
    pb_context_free(&ctx);
}
END_TEST

START_TEST(pocl_is_left_to_cache_by_itself)
{
    char folder[] = "/tmp/passband-cache-XXXXXX", path[512];
    use_cache(folder);
    pb_context *ctx = pb_context_create();
    pb_device *device;
    if (pb_device_open(ctx, "portable computing", &device) != PB_OK) return;
    expect_fill(ctx, device, "-DOFFSET=1", 1);
    ck_assert_int_eq(cache_files(folder, path), 0);
    pb_device_close(&device);
    pb_context_free(&ctx);
    remove_cache(folder);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {builds_with_options,
                                  builds_several_side_by_side,
                                  long_logs_are_cut,
                                  a_second_build_comes_from_the_cache,
                                  the_binary_is_what_runs,
                                  a_damaged_file_is_made_again,
                                  without_a_cache_folder_it_builds_all_the_same,
                                  pocl_is_left_to_cache_by_itself};
    return RUN_TESTS("programs", tests);
}
