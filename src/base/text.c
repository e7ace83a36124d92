/* A growing text buffer. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

static int reserve(pb_text *t, size_t more)
{
    if (t->capacity - t->length > more) return 1;
    size_t capacity = t->capacity ? t->capacity : 256;
    while (capacity - t->length <= more) capacity *= 2;
    char *text = realloc(t->text, capacity);
    if (!text) return 0;
    t->text = text;
    t->capacity = capacity;
    return 1;
}

void pb_text_append_va(pb_text *t, const char *format, va_list args)
{
    if (t->failed) return;
    va_list again;
    va_copy(again, args);
    const int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0 || !reserve(t, (size_t)length)) {
        t->failed = 1;
        return;
    }
    vsnprintf(t->text + t->length, (size_t)length + 1, format, args);
    t->length += (size_t)length;
}

void pb_text_append(pb_text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pb_text_append_va(t, format, args);
    va_end(args);
}

void pb_text_free(pb_text *t)
{
    if (!t) return;
    free(t->text);
    *t = (pb_text){0};
}
