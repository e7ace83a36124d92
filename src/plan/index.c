#include "plan/index.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TERMS 24
#define BUCKETS   1024

enum atom_kind { ATOM_NAME, ATOM_DIV, ATOM_MOD };

typedef struct atom {
    enum atom_kind kind;
    bool opaque;
    const char *name;   /* ATOM_NAME            */
    const pb_index *of; /* ATOM_DIV, ATOM_MOD   */
    int64_t by;
    int64_t min, max;
    int level, serial;
    struct atom *next;
} atom;

typedef struct term {
    int64_t factor;
    const atom *atom;
} term;

struct pb_index {
    int64_t constant;
    int count; /* terms, in order of their atoms' serial numbers */
    const term *terms;
    int64_t min, max;
    int level;
    const pb_index *next; /* in its bucket */
};

struct pb_index_pool {
    pb_arena *arena;
    atom *atoms;
    int serial;
    const pb_index *buckets[BUCKETS];
    bool failed;
};

pb_index_pool *pb_index_pool_create(void)
{
    pb_index_pool *pool = calloc(1, sizeof *pool);
    if (!pool) return NULL;
    pool->arena = pb_arena_create();
    if (!pool->arena) pb_index_pool_free(&pool);
    return pool;
}

void pb_index_pool_free(pb_index_pool **pool)
{
    if (!*pool) return;
    pb_arena_free(&(*pool)->arena);
    free(*pool);
    *pool = NULL;
}

bool pb_index_pool_ok(const pb_index_pool *pool)
{
    return !pool->failed;
}

static void *pool_alloc(pb_index_pool *pool, size_t bytes)
{
    void *memory = pb_arena_alloc(pool->arena, bytes);
    if (!memory) pool->failed = true;
    return memory;
}

static const atom *atom_intern(pb_index_pool *pool, const atom *wanted)
{
    for (const atom *a = pool->atoms; a; a = a->next) {
        if (a->kind != wanted->kind) continue;
        if (a->kind == ATOM_NAME ? strcmp(a->name, wanted->name) == 0
                                 : a->of == wanted->of && a->by == wanted->by)
            return a;
    }
    atom *made = pool_alloc(pool, sizeof *made);
    if (!made) return NULL;
    *made = *wanted;
    if (wanted->name) made->name = pb_arena_strdup(pool->arena, wanted->name);
    made->serial = pool->serial++;
    made->next = pool->atoms;
    pool->atoms = made;
    return made;
}

static unsigned hash_terms(int64_t constant, int count, const term terms[])
{
    uint64_t hash = (uint64_t)constant * 0x9E3779B97F4A7C15u;
    for (int i = 0; i < count; ++i)
        hash =
            (hash ^ (uint64_t)terms[i].factor) * 0x100000001B3u + (uint64_t)terms[i].atom->serial;
    return (unsigned)(hash >> 20) % BUCKETS;
}

static const pb_index *index_intern(pb_index_pool *pool, int64_t constant, int count,
                                    const term terms[])
{
    const unsigned bucket = hash_terms(constant, count, terms);
    for (const pb_index *i = pool->buckets[bucket]; i; i = i->next) {
        bool same = i->constant == constant && i->count == count;
        for (int k = 0; same && k < count; ++k)
            same = i->terms[k].atom == terms[k].atom && i->terms[k].factor == terms[k].factor;
        if (same) return i;
    }
    pb_index *made = pool_alloc(pool, sizeof *made);
    term *copy = pool_alloc(pool, sizeof(term) * (size_t)(count ? count : 1));
    if (!made || !copy) return NULL;
    *made = (pb_index){.constant = constant,
                       .count = count,
                       .terms = copy,
                       .min = constant,
                       .max = constant,
                       .next = pool->buckets[bucket]};
    for (int k = 0; k < count; ++k) {
        copy[k] = terms[k];
        const int64_t low = terms[k].factor * terms[k].atom->min;
        const int64_t high = terms[k].factor * terms[k].atom->max;
        made->min += low < high ? low : high;
        made->max += low < high ? high : low;
        if (terms[k].atom->level > made->level) made->level = terms[k].atom->level;
    }
    pool->buckets[bucket] = made;
    return made;
}

const pb_index *pb_index_constant(pb_index_pool *pool, int64_t number)
{
    return index_intern(pool, number, 0, NULL);
}

static const pb_index *index_of_atom(pb_index_pool *pool, const atom *wanted)
{
    const atom *a = atom_intern(pool, wanted);
    return a ? index_intern(pool, 0, 1, &(term){1, a}) : NULL;
}

const pb_index *pb_index_variable(pb_index_pool *pool, const char *name, int64_t extent, int level)
{
    if (extent == 1) return pb_index_constant(pool, 0);
    return index_of_atom(
        pool, &(atom){.kind = ATOM_NAME, .name = name, .max = extent - 1, .level = level});
}

const pb_index *pb_index_opaque(pb_index_pool *pool, const char *name, int64_t min, int64_t max,
                                int level)
{
    return index_of_atom(pool, &(atom){.kind = ATOM_NAME,
                                       .opaque = true,
                                       .name = name,
                                       .min = min,
                                       .max = max,
                                       .level = level});
}

/* Sum of two term lists, merged in order of serial numbers; -1 when there are too many. */
static int merge_terms(const pb_index *a, const pb_index *b, int64_t factor_b, term out[MAX_TERMS])
{
    int i = 0, j = 0, n = 0;
    while (i < a->count || j < b->count) {
        term t;
        if (j == b->count ||
            (i < a->count && a->terms[i].atom->serial < b->terms[j].atom->serial)) {
            t = a->terms[i++];
        } else if (i == a->count || b->terms[j].atom->serial < a->terms[i].atom->serial) {
            t = (term){b->terms[j].factor * factor_b, b->terms[j].atom};
            ++j;
        } else {
            t = (term){a->terms[i].factor + b->terms[j].factor * factor_b, a->terms[i].atom};
            ++i, ++j;
        }
        if (t.factor == 0) continue;
        if (n == MAX_TERMS) return -1;
        out[n++] = t;
    }
    return n;
}

static int64_t factor_of(const pb_index *a, const atom *wanted)
{
    for (int i = 0; i < a->count; ++i)
        if (a->terms[i].atom == wanted) return a->terms[i].factor;
    return 0;
}

static const pb_index *add_scaled(pb_index_pool *pool, const pb_index *a, const pb_index *b,
                                  int64_t factor)
{
    if (!a || !b) return NULL;
    term terms[MAX_TERMS];
    const int count = merge_terms(a, b, factor, terms);
    if (count < 0) {
        pool->failed = true;
        return NULL;
    }
    return index_intern(pool, a->constant + factor * b->constant, count, terms);
}

/* A sum with f (X mod m), its term number i, that has a whole quotient beside it:
 *    f m (X / m) + f (X mod m) = f X */
static const pb_index *join_quotient(pb_index_pool *pool, const pb_index *sum, int i)
{
    const atom *rest = sum->terms[i].atom;
    const int64_t factor = sum->terms[i].factor;
    const pb_index *quotient = pb_index_div(pool, rest->of, rest->by);
    if (!quotient) return NULL;
    bool complete = quotient->count > 0;
    for (int k = 0; complete && k < quotient->count; ++k)
        complete = factor_of(sum, quotient->terms[k].atom) ==
                   factor * rest->by * quotient->terms[k].factor;
    if (!complete) return sum;
    const pb_index *joined = add_scaled(pool, sum, index_of_atom(pool, rest), -factor);
    joined = add_scaled(pool, joined, quotient, -factor * rest->by);
    return add_scaled(pool, joined, rest->of, factor);
}

/* The same with a quotient that is cut off itself:
 *    f m ((X / m) mod n) + f (X mod m) = f (X mod (m n)) */
static const pb_index *join_remainders(pb_index_pool *pool, const pb_index *sum, int i)
{
    const atom *rest = sum->terms[i].atom;
    const int64_t factor = sum->terms[i].factor;
    const pb_index *quotient = pb_index_div(pool, rest->of, rest->by);
    if (!quotient) return NULL;
    for (int k = 0; k < sum->count; ++k) {
        const atom *other = sum->terms[k].atom;
        if (other->kind != ATOM_MOD || sum->terms[k].factor != factor * rest->by ||
            pb_index_mod(pool, quotient, other->by) != index_of_atom(pool, other))
            continue;
        const pb_index *joined = add_scaled(pool, sum, index_of_atom(pool, rest), -factor);
        joined = add_scaled(pool, joined, index_of_atom(pool, other), -factor * rest->by);
        return add_scaled(pool, joined, pb_index_mod(pool, rest->of, rest->by * other->by), factor);
    }
    return sum;
}

/* Puts remainders of the sum together with the quotients that are there too. */
static const pb_index *rejoin(pb_index_pool *pool, const pb_index *sum)
{
    for (int i = 0; sum && i < sum->count; ++i) {
        if (sum->terms[i].atom->kind != ATOM_MOD) continue;
        const pb_index *joined = join_quotient(pool, sum, i);
        if (joined == sum) joined = join_remainders(pool, sum, i);
        if (joined == sum) continue;
        sum = joined;
        i = -1;
    }
    return sum;
}

const pb_index *pb_index_add(pb_index_pool *pool, const pb_index *a, const pb_index *b)
{
    return rejoin(pool, add_scaled(pool, a, b, 1));
}

const pb_index *pb_index_mul(pb_index_pool *pool, const pb_index *a, int64_t factor)
{
    const pb_index *zero = pb_index_constant(pool, 0);
    return zero ? add_scaled(pool, zero, a, factor) : NULL;
}

/* a = by * whole + rest with 0 <= rest's constant < by. */
static bool split(pb_index_pool *pool, const pb_index *a, int64_t by, const pb_index **whole,
                  const pb_index **rest)
{
    term wholes[MAX_TERMS], rests[MAX_TERMS];
    int whole_count = 0, rest_count = 0;
    for (int i = 0; i < a->count; ++i) {
        if (a->terms[i].factor % by == 0)
            wholes[whole_count++] = (term){a->terms[i].factor / by, a->terms[i].atom};
        else
            rests[rest_count++] = a->terms[i];
    }
    int64_t quotient = a->constant / by, remainder = a->constant % by;
    if (remainder < 0) remainder += by, quotient -= 1;
    *whole = index_intern(pool, quotient, whole_count, wholes);
    *rest = index_intern(pool, remainder, rest_count, rests);
    return *whole && *rest;
}

static int64_t greatest_common_divisor(int64_t a, int64_t b)
{
    if (a < 0) a = -a;
    while (b) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The largest divisor g of `by` with a = g * whole + rest, 0 <= rest < g: then a / by = whole / (by
 * / g) and a mod by = g (whole mod (by / g)) + rest. 1 when there is none. */
static int64_t common_step(pb_index_pool *pool, const pb_index *a, int64_t by,
                           const pb_index **whole, const pb_index **rest)
{
    int64_t best = 1;
    for (int i = 0; i < a->count; ++i) {
        const int64_t g = greatest_common_divisor(a->terms[i].factor, by);
        const pb_index *w, *r;
        if (g <= best || g >= by || !split(pool, a, g, &w, &r)) continue;
        if (r->min < 0 || r->max >= g || w->min < 0) continue;
        best = g;
        *whole = w;
        *rest = r;
    }
    return best;
}

const pb_index *pb_index_div(pb_index_pool *pool, const pb_index *a, int64_t by)
{
    if (!a || by == 1) return a;
    const pb_index *whole, *rest, *inner_whole, *inner_rest;
    if (!split(pool, a, by, &whole, &rest)) return NULL;
    if (rest->min >= 0 && rest->max < by) return whole;
    if (rest->min < 0) { /* the quotient of a negative number is not C's: leave the sum together */
        rest = a;
        whole = pb_index_constant(pool, 0);
    }
    const int64_t step = common_step(pool, rest, by, &inner_whole, &inner_rest);
    if (step > 1) return pb_index_add(pool, whole, pb_index_div(pool, inner_whole, by / step));
    /* (X / m) / n = X / (m n) */
    if (rest->count == 1 && rest->constant == 0 && rest->terms[0].factor == 1 &&
        rest->terms[0].atom->kind == ATOM_DIV) {
        const atom *inner = rest->terms[0].atom;
        return pb_index_add(pool, whole, pb_index_div(pool, inner->of, inner->by * by));
    }
    const atom quotient = {.kind = ATOM_DIV,
                           .of = rest,
                           .by = by,
                           .min = rest->min < 0 ? rest->min : rest->min / by,
                           .max = rest->max / by,
                           .level = rest->level};
    return pb_index_add(pool, whole, index_of_atom(pool, &quotient));
}

const pb_index *pb_index_mod(pb_index_pool *pool, const pb_index *a, int64_t by)
{
    if (!a) return NULL;
    if (by == 1) return pb_index_constant(pool, 0);
    const pb_index *whole, *rest, *inner_whole, *inner_rest;
    if (!split(pool, a, by, &whole, &rest)) return NULL;
    if (rest->min >= 0 && rest->max < by) return rest;
    if (rest->min < 0) rest = a;
    const int64_t step = common_step(pool, rest, by, &inner_whole, &inner_rest);
    if (step > 1)
        return pb_index_add(
            pool, pb_index_mul(pool, pb_index_mod(pool, inner_whole, by / step), step), inner_rest);
    /* (X mod (by k)) mod by = X mod by */
    if (rest->count == 1 && rest->constant == 0 && rest->terms[0].factor == 1 &&
        rest->terms[0].atom->kind == ATOM_MOD && rest->terms[0].atom->by % by == 0)
        return pb_index_mod(pool, rest->terms[0].atom->of, by);
    return index_of_atom(pool, &(atom){.kind = ATOM_MOD,
                                       .of = rest,
                                       .by = by,
                                       .min = rest->min < 0 ? 1 - by : 0,
                                       .max = by - 1,
                                       .level = rest->level});
}

int64_t pb_index_min(const pb_index *a)
{
    return a->min;
}

int64_t pb_index_max(const pb_index *a)
{
    return a->max;
}

int pb_index_level(const pb_index *a)
{
    return a->level;
}

int pb_index_irregular(const pb_index *a, int level)
{
    int count = 0;
    for (int i = 0; i < a->count; ++i) {
        const atom *part = a->terms[i].atom;
        if (part->level < level) continue;
        if (part->kind == ATOM_NAME)
            count += part->opaque;
        else
            count += 1 + pb_index_irregular(part->of, level);
    }
    return count;
}

int64_t pb_index_factor(const pb_index *a, const pb_index *variable)
{
    return variable->count == 1 ? factor_of(a, variable->terms[0].atom) : 0;
}

bool pb_index_is_run(const pb_index *a, const pb_index *variable, int64_t step)
{
    if (pb_index_factor(a, variable) != 1 || a->constant % step) return false;
    for (int i = 0; i < a->count; ++i)
        if (a->terms[i].atom != variable->terms[0].atom && a->terms[i].factor % step) return false;
    return true;
}

bool pb_index_in_part(const pb_index *a, const pb_index *variable, int64_t part)
{
    const atom *wanted = variable->terms[0].atom;
    return factor_of(a, wanted) == part && a->min >= 0 && a->max - part * wanted->max < part;
}

static void write_index(pb_text *t, const pb_index *a);

static void write_atom(pb_text *t, const atom *a)
{
    if (a->kind == ATOM_NAME) {
        pb_text_append(t, "%s", a->name);
        return;
    }
    pb_text_append(t, "((");
    write_index(t, a->of);
    pb_text_append(t, ") %c %" PRId64 ")", a->kind == ATOM_DIV ? '/' : '%', a->by);
}

static void write_index(pb_text *t, const pb_index *a)
{
    for (int i = 0; i < a->count; ++i) {
        if (i) pb_text_append(t, " + ");
        if (a->terms[i].factor != 1) pb_text_append(t, "%" PRId64 " * ", a->terms[i].factor);
        write_atom(t, a->terms[i].atom);
    }
    if (a->count == 0)
        pb_text_append(t, "%" PRId64, a->constant);
    else if (a->constant)
        pb_text_append(t, " %c %" PRId64, a->constant < 0 ? '-' : '+',
                       a->constant < 0 ? -a->constant : a->constant);
}

const char *pb_index_text(pb_index_pool *pool, const pb_index *a)
{
    pb_text t = {0};
    write_index(&t, a);
    const char *text = t.failed || !t.text ? NULL : pb_arena_strdup(pool->arena, t.text);
    pb_text_free(&t);
    if (!text) pool->failed = true;
    return text ? text : "0";
}
