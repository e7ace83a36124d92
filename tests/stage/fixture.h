/* Reads the text fixtures of this folder: lines "case NAME", "text KEY WORDS" and "numbers KEY
 * COUNT N1 N2 ...". */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct fixture {
    char *lines[1024];
    int count;
} fixture;

static inline fixture *fixture_load(const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/stage/fixtures/%s", TESTS_FOLDER, name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    fixture *f = calloc(1, sizeof *f);
    size_t size = 0;
    while (getline(&f->lines[f->count], &size, file) > 0) {
        f->lines[f->count][strcspn(f->lines[f->count], "\n")] = '\0';
        ck_assert_int_lt(++f->count, 1024);
        size = 0;
    }
    fclose(file);
    return f;
}

static inline void fixture_free(fixture *f)
{
    for (int i = 0; i <= f->count; i++) free(f->lines[i]);
    free(f);
}

/* Name of the index-th case, or NULL. */
static inline const char *fixture_case(const fixture *f, int index)
{
    for (int i = 0; i < f->count; i++) {
        if (strncmp(f->lines[i], "case ", 5) == 0 && index-- == 0) return f->lines[i] + 5;
    }
    return NULL;
}

/* What follows "text KEY " or "numbers KEY " in a case. */
static inline const char *fixture_find(const fixture *f, const char *name, const char *kind,
                                       const char *key)
{
    char start[128];
    const int length = snprintf(start, sizeof start, "%s %s ", kind, key);
    bool inside = false;
    for (int i = 0; i < f->count; i++) {
        if (strncmp(f->lines[i], "case ", 5) == 0) inside = strcmp(f->lines[i] + 5, name) == 0;
        if (inside && strncmp(f->lines[i], start, (size_t)length) == 0) return f->lines[i] + length;
    }
    ck_abort_msg("the fixture has no %s %s in case %s", kind, key, name);
    return NULL;
}

static inline const char *fixture_text(const fixture *f, const char *name, const char *key)
{
    return fixture_find(f, name, "text", key);
}

/* The numbers (free() them) and how many. */
static inline double *fixture_numbers(const fixture *f, const char *name, const char *key,
                                      int *count)
{
    char *at = (char *)fixture_find(f, name, "numbers", key);
    *count = (int)strtol(at, &at, 10);
    double *numbers = calloc((size_t)*count + 1, sizeof *numbers);
    for (int i = 0; i < *count; i++) numbers[i] = strtod(at, &at);
    ck_assert_str_eq(at, "");
    return numbers;
}

#endif
