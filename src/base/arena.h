/* An arena: many small allocations, one free. */
#ifndef PB_BASE_ARENA_H
#define PB_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include <passband/status.h>

typedef struct pb_arena pb_arena;
pb_arena *pb_arena_create(void); /* NULL when memory is out */
void pb_arena_free(pb_arena **arena);
/** Zeroed memory, aligned for any type; NULL when memory is out. */
void *pb_arena_alloc(pb_arena *arena, size_t bytes);
char *pb_arena_strdup(pb_arena *arena, const char *text);
char *pb_arena_printf(pb_arena *arena, const char *format, ...) PB_PRINTF(2, 3);

/** A growing text buffer on the heap; `text` is NUL-terminated and never NULL after the first
 * append. An append that runs out of memory sets `failed` and further appends do nothing. */
typedef struct pb_text {
    char *text;
    size_t length, capacity;
    int failed;
} pb_text;
void pb_text_append(pb_text *t, const char *format, ...) PB_PRINTF(2, 3);
void pb_text_append_va(pb_text *t, const char *format, va_list args);
void pb_text_free(pb_text *t);

#endif
