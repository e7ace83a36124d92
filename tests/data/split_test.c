/* The split is stratified, disjoint, and the same everywhere: equal to one that fixtures.py made.
 */
#include <math.h>

#include <passband/dataset.h>

#include "base/scratch.h"

static pb_context *ctx;

static void setup(void)
{
    ctx = pb_context_create();
}

static void teardown(void)
{
    pb_context_free(&ctx);
}

typedef struct parts {
    int32_t *train, *held_out;
    int train_count, held_out_count;
} parts;

static pb_status split(const int32_t *labels, int count, int classes, double fraction,
                       uint64_t seed, parts *p)
{
    return pb_dataset_split(ctx, labels, count, classes, fraction, seed, &p->train, &p->train_count,
                            &p->held_out, &p->held_out_count);
}

static void parts_free(parts *p)
{
    free(p->train);
    free(p->held_out);
}

START_TEST(equals_the_split_of_another_implementation)
{
    int32_t labels[60];
    for (int i = 0; i < 60; i++) labels[i] = (i * i + 3 * i) % 7 % 4;
    FILE *file = fopen(TESTS_FOLDER "/data/fixtures/splits.txt", "r");
    ck_assert_ptr_nonnull(file);
    char line[1024];
    int lines = 0;
    for (; fgets(line, sizeof line, file); lines++) {
        char *at = line;
        const double fraction = strtod(at, &at);
        const uint64_t seed = strtoull(at, &at, 10);
        parts p;
        ck_assert_int_eq(split(labels, 60, 4, fraction, seed, &p), PB_OK);
        for (int i = 0; i < p.held_out_count; i++)
            ck_assert_int_eq(p.held_out[i], strtol(at, &at, 10));
        while (*at == ' ' || *at == '\n') at++;
        ck_assert_msg(*at == '\0', "more should be held out: %s", at);
        parts_free(&p);
    }
    fclose(file);
    ck_assert_int_eq(lines, 5);
}
END_TEST

START_TEST(is_a_stratified_partition)
{
    enum { COUNT = 1003, CLASSES = 7 };
    static int32_t labels[COUNT];
    int size[CLASSES] = {0};
    for (int i = 0; i < COUNT; i++) size[labels[i] = i % 13 % CLASSES]++;
    for (int percent = 1; percent < 100; percent += 7) {
        const double fraction = percent / 100.0;
        parts p;
        ck_assert_int_eq(split(labels, COUNT, CLASSES, fraction, 5, &p), PB_OK);
        ck_assert_int_eq(p.train_count + p.held_out_count, COUNT);
        ck_assert_int_eq(p.held_out_count, (int)round(fraction * COUNT));
        char seen[COUNT] = {0};
        int held[CLASSES] = {0};
        for (int i = 0; i < p.held_out_count; i++) {
            ck_assert(i == 0 || p.held_out[i] > p.held_out[i - 1]);
            seen[p.held_out[i]]++;
            held[labels[p.held_out[i]]]++;
        }
        for (int i = 0; i < p.train_count; i++) {
            ck_assert(i == 0 || p.train[i] > p.train[i - 1]);
            seen[p.train[i]]++;
        }
        for (int i = 0; i < COUNT; i++) ck_assert_int_eq(seen[i], 1);
        for (int c = 0; c < CLASSES; c++) ck_assert(fabs(held[c] - fraction * size[c]) < 1);
        parts_free(&p);
    }
}
END_TEST

START_TEST(depends_on_the_seed)
{
    int32_t labels[40] = {0};
    parts a, b;
    ck_assert_int_eq(split(labels, 40, 1, 0.5, 1, &a), PB_OK);
    ck_assert_int_eq(split(labels, 40, 1, 0.5, 2, &b), PB_OK);
    ck_assert_int_eq(a.held_out_count, b.held_out_count);
    ck_assert_mem_ne(a.held_out, b.held_out, 20 * sizeof(int32_t));
    parts_free(&a);
    parts_free(&b);
}
END_TEST

START_TEST(takes_nothing_or_all_when_asked)
{
    const int32_t labels[] = {0, 1, 1};
    parts p;
    ck_assert_int_eq(split(labels, 3, 2, 0, 0, &p), PB_OK);
    ck_assert_int_eq(p.train_count, 3);
    ck_assert_int_eq(p.held_out_count, 0);
    ck_assert_ptr_nonnull(p.held_out);
    parts_free(&p);
    ck_assert_int_eq(split(labels, 3, 2, 1, 0, &p), PB_OK);
    ck_assert_int_eq(p.held_out_count, 3);
    parts_free(&p);
}
END_TEST

START_TEST(refuses_what_cannot_be_split)
{
    const int32_t labels[] = {0, 1, 1}, wrong[] = {0, 2, 1}, negative[] = {0, -1, 1};
    parts p;
    ck_assert_int_eq(split(labels, 3, 2, 0.1, 0, &p), PB_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "the held-out part empty"));
    ck_assert_int_eq(split(labels, 3, 2, 0.9, 0, &p), PB_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "the rest empty"));
    ck_assert_int_eq(split(labels, 3, 2, -0.1, 0, &p), PB_ERR_CONFIG);
    ck_assert_int_eq(split(labels, 3, 2, 1.1, 0, &p), PB_ERR_CONFIG);
    ck_assert_int_eq(split(labels, 3, 2, NAN, 0, &p), PB_ERR_CONFIG);
    ck_assert_int_eq(split(labels, 0, 2, 0.5, 0, &p), PB_ERR_DATA);
    ck_assert_int_eq(split(wrong, 3, 2, 0.5, 0, &p), PB_ERR_DATA);
    ck_assert_int_eq(split(negative, 3, 2, 0.5, 0, &p), PB_ERR_DATA);
    ck_assert_ptr_null(p.train);
    ck_assert_ptr_null(p.held_out);
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("split");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, equals_the_split_of_another_implementation);
    tcase_add_test(t, is_a_stratified_partition);
    tcase_add_test(t, depends_on_the_seed);
    tcase_add_test(t, takes_nothing_or_all_when_asked);
    tcase_add_test(t, refuses_what_cannot_be_split);
    return run_case("split", t);
}
