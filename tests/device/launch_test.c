/* Launches: arguments checked and bound, work padded to whole groups, order kept. */
#include <dirent.h>

#include "base/clock.h"
#include "device/cl_device.h"
#include "every_device.h"

static const char source[] =
    "kernel void k_affine(global float *x, int n, float f, constant float *c, local float *t)\n"
    "{\n"
    "    const int i = get_global_id(0);\n"
    "    const int l = get_local_id(0);\n"
    "    t[l] = i < n ? x[i] : 0.0f;\n"
    "    barrier(CLK_LOCAL_MEM_FENCE);\n"
    "    if (i < n) x[i] = f * t[l] + c[0];\n"
    "}\n"
    "kernel void k_place(global int *sizes, int rows, int columns)\n"
    "{\n"
    "    const int x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);\n"
    "    if (x == 0 && y == 0 && z == 0)\n"
    "        for (int d = 0; d < 3; d++) {\n"
    "            sizes[d] = get_global_size(d);\n"
    "            sizes[3 + d] = get_local_size(d);\n"
    "        }\n"
    "    if (x < columns && y < rows) sizes[6 + (z * rows + y) * columns + x] = 100 * z + 10 * y + "
    "x;\n"
    "}\n"
    "kernel void k_long(global uint *x, int rounds)\n"
    "{\n"
    "    uint n = x[0];\n"
    "    for (int i = 0; i < rounds; i++) n = n * 1664525u + 1013904223u;\n"
    "    x[0] = n;\n"
    "}\n"
    "kernel void k_next(global uint *x) { x[0] = x[0] * 1664525u + 1013904223u; }\n";

typedef struct bench {
    pb_module *module;
    pb_buffer *x, *c;
} bench;

static bench set_up(pb_context *ctx, pb_device *device, size_t bytes)
{
    bench b;
    OK(ctx, pb_module_build(device, source, NULL, &b.module));
    OK(ctx, pb_buffer_create(device, bytes, &b.x));
    OK(ctx, pb_buffer_create(device, 16, &b.c));
    OK(ctx, pb_buffer_zero(device, b.x));
    return b;
}

static void tear_down(bench *b)
{
    pb_buffer_free(&b->x);
    pb_buffer_free(&b->c);
    pb_module_free(&b->module);
}

static void run_affine(pb_context *ctx, pb_device *device)
{
    enum { N = 1000 };
    bench b = set_up(ctx, device, N * sizeof(float));
    float x[N], c = 0.5f, got[N];
    for (int i = 0; i < N; i++) x[i] = (float)i;
    OK(ctx, pb_buffer_write(device, b.x, 0, x, sizeof x));
    OK(ctx, pb_buffer_write(device, b.c, 0, &c, sizeof c));
    const pb_arg args[] = {PB_ARG_BUF(b.x), PB_ARG_INT(N - 1), PB_ARG_REAL(2.0f), PB_ARG_BUF(b.c),
                           PB_ARG_SHARED(64 * sizeof(float))};
    pb_launch_spec spec = {.label = "affine",
                           .module = b.module,
                           .kernel = "k_affine",
                           .arg_count = 5,
                           .args = args,
                           .global = {N},
                           .local = {64}};
    pb_launch *launch;
    OK(ctx, pb_launch_create(device, &spec, &launch));
    OK(ctx, pb_launch_run(device, launch));
    OK(ctx, pb_launch_run(device, launch)); /* arguments stay bound */
    OK(ctx, pb_buffer_read(device, b.x, 0, got, sizeof got));
    for (int i = 0; i < N - 1; i++) ck_assert_float_eq(got[i], 4.0f * (float)i + 1.5f);
    ck_assert_float_eq(got[N - 1], (float)(N - 1));
    pb_launch_free(&launch);
    ck_assert_ptr_null(launch);
    tear_down(&b);
}

START_TEST(arguments_of_every_kind)
{
    every_device(run_affine);
}
END_TEST

static void refuse(pb_context *ctx, pb_device *device)
{
    bench b = set_up(ctx, device, 4096);
    const pb_arg right[5] = {PB_ARG_BUF(b.x), PB_ARG_INT(8), PB_ARG_REAL(2), PB_ARG_BUF(b.c),
                             PB_ARG_SHARED(256)};
    const struct {
        int index;
        pb_arg wrong;
        const char *words;
    } cases[] = {
        {0, PB_ARG_INT(1), "argument 0"},     {0, PB_ARG_SHARED(64), "argument 0"},
        {0, PB_ARG_BUF(NULL), "argument 0"},  {1, PB_ARG_BUF(b.x), "argument 1"},
        {1, PB_ARG_REAL(1), "argument 1"},    {1, PB_ARG_SHARED(4), "argument 1"},
        {2, PB_ARG_INT(2), "argument 2"},     {3, PB_ARG_REAL(2), "argument 3"},
        {3, PB_ARG_SHARED(64), "argument 3"}, {4, PB_ARG_BUF(b.x), "argument 4"},
        {4, PB_ARG_INT(64), "argument 4"},
    };
    pb_launch *launch;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pb_arg args[5];
        memcpy(args, right, sizeof args);
        args[cases[i].index] = cases[i].wrong;
        const pb_launch_spec spec = {
            .module = b.module, .kernel = "k_affine", .arg_count = 5, .args = args, .global = {8}};
        FAILS(ctx, PB_ERR_INTERNAL, cases[i].words, pb_launch_create(device, &spec, &launch));
        ck_assert_ptr_nonnull(strstr(pb_error(ctx), "k_affine"));
        ck_assert_ptr_null(launch);
    }
    pb_launch_spec spec = {
        .module = b.module, .kernel = "k_affine", .arg_count = 4, .args = right, .global = {8}};
    FAILS(ctx, PB_ERR_INTERNAL, "takes 5 arguments and was given 4",
          pb_launch_create(device, &spec, &launch));
    spec.arg_count = 5;
    spec.kernel = "k_none";
    FAILS(ctx, PB_ERR_INTERNAL, "k_none", pb_launch_create(device, &spec, &launch));
    spec.kernel = "k_affine";
    spec.local[0] = 1 << 20;
    FAILS(ctx, PB_ERR_DEVICE, "1048576 x 1 x 1", pb_launch_create(device, &spec, &launch));
    tear_down(&b);
}

/* Without a cache: Intel's programs that come from binaries know no types of arguments. */
START_TEST(wrong_arguments_are_refused)
{
    setenv("XDG_CACHE_HOME", "/dev/null/cache", 1);
    every_device(refuse);
}
END_TEST

static void place(pb_context *ctx, pb_device *device)
{
    static const struct {
        size_t global[3], local[3];
        int padded[3], group[3]; /* group 0: the implementation's choice */
    } cases[] = {
        {{5, 3, 2}, {4, 2, 1}, {8, 4, 2}, {4, 2, 1}}, {{5, 3, 0}, {8, 1, 0}, {8, 3, 1}, {8, 1, 1}},
        {{5, 0, 0}, {0, 0, 0}, {5, 1, 1}, {0, 0, 0}}, {{1, 1, 3}, {1, 1, 2}, {1, 1, 4}, {1, 1, 2}},
        {{5, 1, 1}, {2, 4, 1}, {6, 4, 1}, {2, 4, 1}},
    };
    bench b = set_up(ctx, device, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int got[6 + 64], size[3];
        for (int d = 0; d < 3; d++) size[d] = cases[i].global[d] ? (int)cases[i].global[d] : 1;
        const pb_arg args[] = {PB_ARG_BUF(b.x), PB_ARG_INT(size[1]), PB_ARG_INT(size[0])};
        pb_launch_spec spec = {
            .module = b.module, .kernel = "k_place", .arg_count = 3, .args = args};
        memcpy(spec.global, cases[i].global, sizeof spec.global);
        memcpy(spec.local, cases[i].local, sizeof spec.local);
        pb_launch *launch;
        OK(ctx, pb_launch_create(device, &spec, &launch));
        OK(ctx, pb_buffer_zero(device, b.x));
        OK(ctx, pb_launch_run(device, launch));
        OK(ctx, pb_buffer_read(device, b.x, 0, got, sizeof got));
        for (int d = 0; d < 3; d++) {
            ck_assert_int_eq(got[d], cases[i].padded[d]);
            if (cases[i].group[d]) ck_assert_int_eq(got[3 + d], cases[i].group[d]);
        }
        for (int z = 0; z < size[2]; z++)
            for (int y = 0; y < size[1]; y++)
                for (int x = 0; x < size[0]; x++)
                    ck_assert_int_eq(got[6 + (z * size[1] + y) * size[0] + x],
                                     100 * z + 10 * y + x);
        pb_launch_free(&launch);
    }
    tear_down(&b);
}

START_TEST(work_is_padded_to_whole_groups)
{
    every_device(place);
}
END_TEST

/* Far more launches than go between two fences, each needing the one before. */
static void count(pb_context *ctx, pb_device *device)
{
    bench b = set_up(ctx, device, 4);
    const pb_arg args[] = {PB_ARG_BUF(b.x)};
    const pb_launch_spec spec = {.module = b.module,
                                 .kernel = "k_next",
                                 .arg_count = 1,
                                 .args = args,
                                 .global = {1},
                                 .local = {1}};
    pb_launch *launch;
    OK(ctx, pb_launch_create(device, &spec, &launch));
    uint32_t expected = 0, got;
    for (int i = 0; i < 3000; i++) {
        OK(ctx, pb_launch_run(device, launch));
        expected = expected * 1664525u + 1013904223u;
        if (i == 100) OK(ctx, pb_device_flush(device));
        if (i == 1500) OK(ctx, pb_device_finish(device));
        if (i == 2000) OK(ctx, pb_device_profile(device, true)); /* another queue, same order */
        if (i == 2500) OK(ctx, pb_device_profile(device, false));
    }
    OK(ctx, pb_buffer_read(device, b.x, 0, &got, sizeof got));
    ck_assert_uint_eq(got, expected);
    pb_launch_free(&launch);
    tear_down(&b);
}

START_TEST(launches_keep_their_order)
{
    every_device(count);
}
END_TEST

/* What was flushed before is waited for as well: nothing is left for who comes next. */
static void wait_for_a_long_one(pb_context *ctx, pb_device *device)
{
    enum { LAUNCHES = 100, ROUNDS = 50000 }; /* llvmpipe ends a loop after 65535 rounds */
    uint32_t wanted = 0, got;
    double seconds[2];
    bench b = set_up(ctx, device, 16);
    const pb_arg args[] = {PB_ARG_BUF(b.x), PB_ARG_INT(ROUNDS)};
    pb_launch *launch;
    OK(ctx, pb_launch_create(device,
                             &(pb_launch_spec){.module = b.module,
                                               .kernel = "k_long",
                                               .arg_count = 2,
                                               .args = args,
                                               .global = {1},
                                               .local = {1}},
                             &launch));
    for (int i = 0; i < ROUNDS; i++) wanted = wanted * 1664525u + 1013904223u;
    OK(ctx, pb_launch_run(device, launch)); /* compiled now */
    OK(ctx, pb_buffer_read(device, b.x, 0, &got, sizeof got));
    ck_assert_uint_eq(got, wanted);
    seconds[0] = pb_seconds();
    for (int i = 0; i < LAUNCHES; i++) OK(ctx, pb_launch_run(device, launch));
    OK(ctx, pb_device_flush(device));
    OK(ctx, pb_device_finish(device));
    seconds[0] = pb_seconds() - seconds[0];
    seconds[1] = pb_seconds();
    OK(ctx, pb_buffer_read(device, b.x, 0, &got, sizeof got));
    seconds[1] = pb_seconds() - seconds[1];
    ck_assert_msg(seconds[1] < seconds[0], "%s: %g s to finish, %g s to read",
                  pb_device_describe(device)->platform, seconds[0], seconds[1]);
    pb_launch_free(&launch);
    tear_down(&b);
}

START_TEST(finishing_waits_for_what_was_flushed)
{
    every_device(wait_for_a_long_one);
}
END_TEST

START_TEST(embedded_sources_are_the_files)
{
    ck_assert_ptr_null(pb_cl_source("no_such_kernels"));
    ck_assert_ptr_null(pb_cl_source(""));
    DIR *folder = opendir(SOURCE_FOLDER "/cl");
    ck_assert_ptr_nonnull(folder);
    int seen = 0;
    for (struct dirent *e; (e = readdir(folder));) {
        const size_t length = strlen(e->d_name);
        if (length < 4 || strcmp(e->d_name + length - 3, ".cl") != 0) continue;
        char path[512], name[256];
        snprintf(path, sizeof path, "%s/%.200s", SOURCE_FOLDER "/cl", e->d_name);
        snprintf(name, sizeof name, "%.*s", (int)length - 3, e->d_name);
        const char *text = pb_cl_source(name);
        ck_assert_msg(text, "%s is not embedded", name);
        FILE *f = fopen(path, "rb");
        ck_assert_ptr_nonnull(f);
        char *content = calloc(1, strlen(text) + 2);
        ck_assert_uint_eq(fread(content, 1, strlen(text) + 1, f), strlen(text));
        ck_assert_str_eq(content, text);
        free(content);
        fclose(f);
        seen++;
    }
    closedir(folder);
    ck_assert_int_gt(seen, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {arguments_of_every_kind,
                                  wrong_arguments_are_refused,
                                  work_is_padded_to_whole_groups,
                                  launches_keep_their_order,
                                  finishing_waits_for_what_was_flushed,
                                  embedded_sources_are_the_files};
    return RUN_TESTS("launches", tests);
}
