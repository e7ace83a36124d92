#include "data/npy_header.h"

#include <string.h>

/* What is left to read, and the words of the first fault. */
typedef struct cursor {
    const char *p, *end;
    const char *fault;
} cursor;

static bool fail(cursor *c, const char *fault)
{
    if (!c->fault) c->fault = fault;
    return false;
}

static char peek(cursor *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\n')) c->p++;
    return c->p < c->end ? *c->p : '\0';
}

static bool accept(cursor *c, char sign)
{
    if (peek(c) != sign) return false;
    c->p++;
    return true;
}

static bool accept_word(cursor *c, const char *word)
{
    const size_t length = strlen(word);
    peek(c);
    if ((size_t)(c->end - c->p) < length || memcmp(c->p, word, length) != 0) return false;
    c->p += length;
    return true;
}

/* A quoted string without escapes; no key or simple dtype has any. */
static bool parse_string(cursor *c, char *out, size_t size)
{
    const char quote = peek(c);
    if (quote != '\'' && quote != '"') return fail(c, "a quoted string is missing");
    const char *begin = ++c->p;
    const char *close = memchr(begin, quote, (size_t)(c->end - begin));
    if (!close) return fail(c, "a quoted string has no end");
    if ((size_t)(close - begin) >= size) return fail(c, "a string is too long");
    memcpy(out, begin, (size_t)(close - begin));
    out[close - begin] = '\0';
    c->p = close + 1;
    return true;
}

static bool parse_extent(cursor *c, size_t *extent)
{
    const char first = peek(c);
    if (first < '0' || first > '9') return fail(c, "an extent of the shape is not a whole number");
    size_t n = 0;
    for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
        const size_t digit = (size_t)(*c->p - '0');
        if (n > (SIZE_MAX - digit) / 10) return fail(c, "an extent of the shape is absurd");
        n = 10 * n + digit;
    }
    if (c->p < c->end && *c->p == 'L') c->p++; /* Python 2 wrote long integers so */
    *extent = n;
    return true;
}

/* "()", "(3,)", "(3, 4)", "(3, 4,)" */
static bool parse_shape(cursor *c, pb_npy_header *h)
{
    if (!accept(c, '(')) return fail(c, "the shape is not a tuple");
    while (!accept(c, ')')) {
        if (h->axes == PB_NPY_AXES_MAX) return fail(c, "it has more than 8 axes");
        if (!parse_extent(c, &h->dim[h->axes])) return false;
        h->axes++;
        if (accept(c, ',')) continue;
        if (h->axes == 1) return fail(c, "the shape is not a tuple");
        if (peek(c) != ')') return fail(c, "the shape is not a tuple");
    }
    return true;
}

static bool parse_descr(cursor *c, pb_npy_header *h)
{
    char descr[32];
    if (peek(c) == '[' || peek(c) == '(')
        return fail(c, "it holds structured elements, only plain numbers are allowed");
    if (!parse_string(c, descr, sizeof descr)) return false;
    const char *p = descr;
    h->order = *p && strchr("<>|=", *p) ? *p++ : '|';
    h->kind = *p ? *p++ : '?';
    for (; *p >= '0' && *p <= '9' && h->item_bytes < 1000; p++)
        h->item_bytes = 10 * h->item_bytes + (*p - '0');
    return *p == '\0' || fail(c, "its dtype is not understood");
}

static bool parse_bool(cursor *c, bool *value)
{
    *value = accept_word(c, "True");
    return *value || accept_word(c, "False") || fail(c, "fortran_order is not True or False");
}

static bool parse_entry(cursor *c, pb_npy_header *h, unsigned *seen)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    char key[32];
    if (!parse_string(c, key, sizeof key)) return false;
    unsigned k = 0;
    while (k < 3 && strcmp(key, keys[k]) != 0) k++;
    if (k == 3) return fail(c, "it has a key other than descr, fortran_order and shape");
    if (*seen & 1u << k) return fail(c, "a key stands twice");
    *seen |= 1u << k;
    if (!accept(c, ':')) return fail(c, "a colon is missing");
    switch (k) {
    case 0: return parse_descr(c, h);
    case 1: return parse_bool(c, &h->is_fortran);
    default: return parse_shape(c, h);
    }
}

static bool parse_dictionary(cursor *c, pb_npy_header *h)
{
    unsigned seen = 0;
    if (!accept(c, '{')) return fail(c, "it is not a dictionary");
    while (!accept(c, '}')) {
        if (!parse_entry(c, h, &seen)) return false;
        if (!accept(c, ',') && peek(c) != '}') return fail(c, "a comma is missing");
    }
    if (seen != 7) return fail(c, "descr, fortran_order or shape is missing");
    return (peek(c) == '\0' && c->p == c->end) || fail(c, "something follows the dictionary");
}

pb_status pb_npy_header_parse(pb_context *ctx, const char *path, const char *text, size_t bytes,
                              pb_npy_header *header)
{
    *header = (pb_npy_header){0};
    cursor c = {.p = text, .end = text + bytes};
    if (parse_dictionary(&c, header)) return PB_OK;
    return pb_fail(ctx, PB_ERR_DATA, "%s: its header is wrong: %s", path, c.fault);
}
