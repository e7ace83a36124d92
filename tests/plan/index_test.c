/* The index algebra: what it simplifies equals what was asked for, at every value of the loop
 * variables; ranges hold; what is equal is the same pointer. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <check.h>

#include "base/rng.h"
#include "plan/index.h"

#define VARIABLES   3
#define EXPRESSIONS 24

typedef struct point {
    int64_t at[VARIABLES];
} point;

/* A random expression: how it was made, beside what the algebra made of it. */
typedef struct made {
    enum { CONSTANT, VARIABLE, ADD, MUL, DIV, MOD } kind;
    int a, b; /* earlier expressions */
    int64_t number;
    const pb_index *index;
} made;

typedef struct dice {
    pb_stream stream;
    uint64_t count;
} dice;

static int roll(dice *d, int sides)
{
    return (int)(pb_stream_uniform(d->stream, d->count++) * (float)sides) % sides;
}

/* Direct evaluation, by definition: floor division and its remainder. */
static int64_t value_of(const made *list, int i, const point *p)
{
    const made *e = &list[i];
    switch (e->kind) {
    case CONSTANT: return e->number;
    case VARIABLE: return p->at[e->a];
    case ADD: return value_of(list, e->a, p) + value_of(list, e->b, p);
    case MUL: return value_of(list, e->a, p) * e->number;
    case DIV: return value_of(list, e->a, p) / e->number;
    default: return value_of(list, e->a, p) % e->number;
    }
}

/* A reader of pb_index_text: C's grammar of sums and products of integers and variables, the third
 * implementation, so that what is printed is what is meant. */
static int64_t read_sum(const char **t, const point *p);

static void skip(const char **t)
{
    while (**t == ' ') ++*t;
}

static int64_t read_atom(const char **t, const point *p)
{
    skip(t);
    if (**t == '(') {
        ++*t;
        const int64_t x = read_sum(t, p);
        skip(t);
        if (**t != ')') ck_abort_msg("unexpected text \"%s\"", *t);
        ++*t;
        return x;
    }
    if (**t == 'v') {
        const int64_t x = p->at[(*t)[1] - '0'];
        *t += 2;
        return x;
    }
    if (**t == '-') {
        ++*t;
        return -read_atom(t, p);
    }
    if (**t < '0' || **t > '9') ck_abort_msg("unexpected text \"%s\"", *t);
    return strtoll(*t, (char **)t, 10);
}

static int64_t read_product(const char **t, const point *p)
{
    int64_t x = read_atom(t, p);
    for (skip(t); **t == '*' || **t == '/' || **t == '%'; skip(t)) {
        const char op = *(*t)++;
        const int64_t y = read_atom(t, p);
        x = op == '*' ? x * y : op == '/' ? x / y : x % y;
    }
    return x;
}

static int64_t read_sum(const char **t, const point *p)
{
    int64_t x = read_product(t, p);
    for (skip(t); **t == '+' || **t == '-'; skip(t)) {
        const char op = *(*t)++;
        const int64_t y = read_product(t, p);
        x = op == '+' ? x + y : x - y;
    }
    return x;
}

/* Fills the list; quotients and remainders are taken of what is never negative, as the plan does.
 */
static void make_expressions(pb_index_pool *pool, dice *d, const int64_t extent[VARIABLES],
                             made list[EXPRESSIONS])
{
    for (int i = 0; i < EXPRESSIONS; ++i) {
        made *e = &list[i];
        if (i < VARIABLES) {
            *e = (made){.kind = VARIABLE, .a = i};
            static const char *const names[VARIABLES] = {"v0", "v1", "v2"};
            e->index = pb_index_variable(pool, names[i], extent[i], i);
            continue;
        }
        const int a = roll(d, i), b = roll(d, i);
        const int64_t number = 1 + roll(d, 12);
        const bool divides = list[a].index && pb_index_min(list[a].index) >= 0;
        *e = (made){.a = a, .b = b, .number = number};
        switch (roll(d, 6)) {
        case 0:
            e->kind = CONSTANT;
            e->index = pb_index_constant(pool, number);
            break;
        case 1:
        case 2:
            e->kind = ADD;
            e->index = pb_index_add(pool, list[a].index, list[b].index);
            break;
        case 3:
            e->kind = MUL;
            e->number = roll(d, 8) == 0 ? -number : number;
            e->index = pb_index_mul(pool, list[a].index, e->number);
            break;
        case 4:
            e->kind = divides ? DIV : ADD;
            e->index = divides ? pb_index_div(pool, list[a].index, number)
                               : pb_index_add(pool, list[a].index, list[b].index);
            break;
        default:
            e->kind = divides ? MOD : ADD;
            e->index = divides ? pb_index_mod(pool, list[a].index, number)
                               : pb_index_add(pool, list[a].index, list[b].index);
            break;
        }
    }
}

/* Millions of comparisons: an assertion that holds, too, costs Check a write to a file. */
static void check_expressions(pb_index_pool *pool, const made list[EXPRESSIONS],
                              const int64_t extent[VARIABLES])
{
    for (int i = 0; i < EXPRESSIONS; ++i) {
        const pb_index *index = list[i].index;
        if (!index) break; /* too many terms for one sum: the plan then gives up that kernel */
        const char *text = pb_index_text(pool, index);
        point p;
        for (p.at[0] = 0; p.at[0] < extent[0]; ++p.at[0])
            for (p.at[1] = 0; p.at[1] < extent[1]; ++p.at[1])
                for (p.at[2] = 0; p.at[2] < extent[2]; ++p.at[2]) {
                    const int64_t want = value_of(list, i, &p);
                    const char *t = text;
                    const int64_t got = read_sum(&t, &p);
                    if (got != want || *t != 0)
                        ck_abort_msg("%s at %" PRId64 ", %" PRId64 ", %" PRId64 " is %" PRId64
                                     " instead of %" PRId64,
                                     text, p.at[0], p.at[1], p.at[2], got, want);
                    if (want < pb_index_min(index) || want > pb_index_max(index))
                        ck_abort_msg("%s is %" PRId64 ", outside [%" PRId64 ", %" PRId64 "]", text,
                                     want, pb_index_min(index), pb_index_max(index));
                }
    }
}

START_TEST(random_expressions)
{
    int simplified = 0;
    for (int round = 0; round < 400; ++round) {
        dice d = {.stream = pb_stream_make((uint64_t)round, "index", 0)};
        pb_index_pool *pool = pb_index_pool_create();
        made list[EXPRESSIONS];
        int64_t extent[VARIABLES];
        for (int i = 0; i < VARIABLES; ++i) extent[i] = 1 + roll(&d, 9);
        make_expressions(pool, &d, extent, list);
        check_expressions(pool, list, extent);
        for (int i = 0; i < EXPRESSIONS; ++i)
            simplified += list[i].index && pb_index_irregular(list[i].index, 0) == 0;
        pb_index_pool_free(&pool);
    }
    ck_assert_int_gt(simplified, 400 * EXPRESSIONS / 4);
}
END_TEST

/* Row-major index -> axes -> row-major index, through shapes that share their elements. */
START_TEST(reshapes_cancel)
{
    static const int shapes[][4] = {{6, 4, 5, 2},  {24, 10, 1, 1}, {2, 12, 10, 1},
                                    {3, 8, 1, 10}, {240, 1, 1, 1}, {6, 4, 10, 1}};
    const int count = sizeof shapes / sizeof shapes[0];
    static const char *const names[4] = {"v0", "v1", "v2", "v3"};
    for (int from = 0; from < count; ++from)
        for (int to = 0; to < count; ++to) {
            pb_index_pool *pool = pb_index_pool_create();
            const pb_index *linear = pb_index_constant(pool, 0), *back = linear;
            int64_t stride = 240;
            for (int i = 0; i < 4; ++i) {
                stride /= shapes[from][i];
                linear = pb_index_add(
                    pool, linear,
                    pb_index_mul(pool, pb_index_variable(pool, names[i], shapes[from][i], i),
                                 stride));
            }
            stride = 240;
            for (int i = 0; i < 4; ++i) {
                stride /= shapes[to][i];
                const pb_index *axis =
                    pb_index_mod(pool, pb_index_div(pool, linear, stride), shapes[to][i]);
                back = pb_index_add(pool, back, pb_index_mul(pool, axis, stride));
            }
            ck_assert_msg(back == linear, "%s instead of %s", pb_index_text(pool, back),
                          pb_index_text(pool, linear));
            ck_assert(pb_index_pool_ok(pool));
            pb_index_pool_free(&pool);
        }
}
END_TEST

START_TEST(identities)
{
    pb_index_pool *pool = pb_index_pool_create();
    const pb_index *zero = pb_index_constant(pool, 0);
    const pb_index *x = pb_index_variable(pool, "v0", 7, 1),
                   *y = pb_index_variable(pool, "v1", 5, 3);
    const pb_index *row = pb_index_add(pool, pb_index_mul(pool, x, 5), y);

    ck_assert_ptr_eq(pb_index_variable(pool, "v2", 1, 0), zero);
    ck_assert_ptr_eq(pb_index_add(pool, x, zero), x);
    ck_assert_ptr_eq(pb_index_add(pool, x, y), pb_index_add(pool, y, x));
    ck_assert_ptr_eq(pb_index_add(pool, x, pb_index_mul(pool, x, -1)), zero);
    ck_assert_ptr_eq(pb_index_mul(pool, x, 0), zero);
    ck_assert_ptr_eq(pb_index_div(pool, x, 1), x);
    ck_assert_ptr_eq(pb_index_mod(pool, x, 1), zero);
    ck_assert_ptr_eq(pb_index_div(pool, row, 5), x);
    ck_assert_ptr_eq(pb_index_mod(pool, row, 5), y);
    ck_assert_ptr_eq(pb_index_div(pool, row, 35), zero);
    ck_assert_ptr_eq(pb_index_mod(pool, row, 35), row);
    /* a (x / a) + x mod a = x, where neither goes away by itself */
    const pb_index *odd = pb_index_add(pool, pb_index_mul(pool, x, 3), y);
    ck_assert_ptr_eq(pb_index_add(pool, pb_index_mul(pool, pb_index_div(pool, odd, 4), 4),
                                  pb_index_mod(pool, odd, 4)),
                     odd);
    /* (x / a) / b = x / (a b), (x mod a b) mod a = x mod a */
    ck_assert_ptr_eq(pb_index_div(pool, pb_index_div(pool, odd, 4), 2), pb_index_div(pool, odd, 8));
    ck_assert_ptr_eq(pb_index_mod(pool, pb_index_mod(pool, odd, 8), 4), pb_index_mod(pool, odd, 4));
    /* a ((x / a) mod b) + x mod a = x mod a b, also as a multiple and beside something else */
    const pb_index *large =
        pb_index_add(pool, pb_index_mul(pool, odd, 7), pb_index_variable(pool, "v2", 9, 2));
    const pb_index *both = pb_index_add(
        pool, pb_index_mul(pool, pb_index_mod(pool, pb_index_div(pool, large, 4), 3), 4),
        pb_index_mod(pool, large, 4));
    ck_assert_ptr_eq(both, pb_index_mod(pool, large, 12));
    ck_assert_ptr_eq(
        pb_index_add(pool,
                     pb_index_add(pool, x, pb_index_mul(pool, pb_index_mod(pool, large, 4), -5)),
                     pb_index_mul(pool, pb_index_mod(pool, pb_index_div(pool, large, 4), 3), -20)),
        pb_index_add(pool, x, pb_index_mul(pool, both, -5)));
    ck_assert_int_eq(pb_index_level(row), 3);
    ck_assert_int_eq(pb_index_level(pb_index_mul(pool, x, 2)), 1);
    ck_assert_int_eq(pb_index_irregular(row, 0), 0);
    ck_assert_int_eq(pb_index_irregular(pb_index_mod(pool, odd, 4), 0), 1);
    const pb_index *opaque = pb_index_opaque(pool, "t1", 0, 9, 2);
    ck_assert_int_eq(pb_index_irregular(opaque, 0), 1);
    ck_assert_int_eq(pb_index_irregular(opaque, 3), 0);
    ck_assert_int_eq(pb_index_min(opaque), 0);
    ck_assert_int_eq(pb_index_max(opaque), 9);
    ck_assert(pb_index_pool_ok(pool));
    pb_index_pool_free(&pool);
    ck_assert_ptr_null(pool);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("index algebra");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, random_expressions);
    tcase_add_test(tests, reshapes_cancel);
    tcase_add_test(tests, identities);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
