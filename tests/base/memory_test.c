/* Whichever allocation fails, the caller gets PB_ERR_MEMORY or a result, and nothing leaks.
 * The allocator of the C library is wrapped, so this test runs without the sanitizers only. */
#include <errno.h>

#include "base/file.h"
#include "base/json.h"
#include "base/options.h"
#include "base/scratch.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

#if defined(SANITIZED) || !defined(__GLIBC__)
int main(void)
{
    return 77; /* skipped */
}
#else

static int until_failure = -1; /* allocations that still succeed; negative: all */
static int fails_once;         /* whether those behind the failed one succeed again */
static long live;              /* blocks taken and not given back */

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);
void __libc_free(void *memory);

static int fails(void)
{
    if (until_failure < 0) return 0;
    if (until_failure == 0) {
        if (fails_once) until_failure = -1;
        errno = ENOMEM;
        return 1;
    }
    until_failure--;
    return 0;
}

void *malloc(size_t bytes)
{
    void *memory = fails() ? NULL : __libc_malloc(bytes);
    live += memory != NULL;
    return memory;
}

void *calloc(size_t count, size_t bytes)
{
    void *memory = fails() ? NULL : __libc_calloc(count, bytes);
    live += memory != NULL;
    return memory;
}

void *realloc(void *memory, size_t bytes)
{
    void *moved = fails() ? NULL : __libc_realloc(memory, bytes);
    live += moved != NULL && memory == NULL;
    return moved;
}

void free(void *memory)
{
    live -= memory != NULL;
    __libc_free(memory);
}

static const pb_option table[] = {
    {"epochs", PB_OPTION_INT, "30", 1, 1000, NULL, "times through the data"},
    {"lr", PB_OPTION_FLOAT, "0.001", 0, 10, NULL, "learning rate"},
    {"params", PB_OPTION_STRING, "'*'", 0, 0, NULL, "which parameters"},
    {"schedule", PB_OPTION_CHOICE, "constant", 0, 0, "constant|step|cosine", "of the rate"},
    {"seeds", PB_OPTION_INTS, "[0, 1]", 0, 0, NULL, "one run each"},
    {NULL, 0, NULL, 0, 0, NULL, NULL},
};

static const char text[] = "epochs: 3\nschedule: step\nseeds: [1, 2, 3]\n";

static pb_status configure(pb_context *ctx)
{
    pb_yaml *yaml = NULL;
    pb_options *values = NULL;
    pb_text out = {0};
    pb_status status = pb_yaml_parse(ctx, "a.yaml", text, strlen(text), &yaml);
    if (status == PB_OK) status = pb_node_set(ctx, yaml, pb_yaml_root(yaml), "lr", "1");
    if (status == PB_OK)
        status = pb_options_parse(ctx, table, pb_yaml_root(yaml), "train", &values);
    if (status == PB_OK) {
        pb_options_yaml(values, 0, &out);
        if (out.failed) status = pb_fail(ctx, PB_ERR_MEMORY, "out of memory for the text");
    }
    pb_text_free(&out);
    pb_options_free(&values);
    pb_yaml_free(&yaml);
    return status;
}

static scratch s;

static pb_status write_and_read(pb_context *ctx)
{
    char *data = NULL;
    size_t bytes;
    pb_status status = pb_file_write(ctx, s.path, "abc", 3);
    if (status == PB_OK) status = pb_file_read(ctx, s.path, 10, &data, &bytes);
    free(data);
    return status;
}

static pb_status complain(pb_context *ctx)
{
    pb_options *values = NULL;
    pb_yaml *yaml = NULL;
    pb_status status = pb_yaml_parse(ctx, "a.yaml", "epoch: 3", 8, &yaml);
    if (status == PB_OK)
        status = pb_options_parse(ctx, table, pb_yaml_root(yaml), "train", &values);
    pb_yaml_free(&yaml);
    return status;
}

/* Fails the first allocation, then the second, ... until the work needs no more of them. */
static void sweep(pb_status (*work)(pb_context *), pb_status expected)
{
    enum { MOST = 1000 };
    int n = 0;
    for (int failed = 1; failed; n++) {
        ck_assert_int_lt(n, MOST);
        pb_context *ctx = pb_context_create();
        const long before = live;
        until_failure = n;
        const pb_status status = work(ctx);
        failed = until_failure <= 0;
        until_failure = -1;
        ck_assert_msg(status == expected || (failed && status == PB_ERR_MEMORY),
                      "allocation %d: %s %s", n, pb_status_name(status), pb_error(ctx));
        if (status != PB_OK) ck_assert_str_ne(pb_error(ctx), "");
        const long kept = live - before; /* the context keeps its sentence */
        ck_assert_msg(kept == 0 || kept == 1, "allocation %d leaks %ld blocks", n, kept);
        pb_context_free(&ctx);
    }
    ck_assert_int_gt(n, 3);
}

START_TEST(every_lost_allocation_is_an_error)
{
    scratch_open(&s);
    scratch_path(&s, "file");
    fails_once = _i;
    sweep(configure, PB_OK);
    sweep(write_and_read, PB_OK);
    sweep(complain, PB_ERR_CONFIG);
    ck_assert_int_eq(scratch_count(s.folder), 1);
    scratch_close(&s);
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("memory");
    tcase_add_loop_test(t, every_lost_allocation_is_an_error, 0, 2);
    return run_case("memory", t);
}
#endif
