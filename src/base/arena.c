/* An arena: a list of zeroed blocks, handed out from the front of the first. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { BLOCK_BYTES = 16 * 1024 };

typedef struct block {
    struct block *next;
    size_t used, capacity; /* bytes of memory */
    max_align_t memory[];
} block;

struct pb_arena {
    block *first;
};

pb_arena *pb_arena_create(void)
{
    return calloc(1, sizeof(pb_arena));
}

void pb_arena_free(pb_arena **arena)
{
    if (!arena || !*arena) return;
    for (block *b = (*arena)->first; b;) {
        block *next = b->next;
        free(b);
        b = next;
    }
    free(*arena);
    *arena = NULL;
}

/* A large request gets a block of its own behind the first, whose rest stays in use. */
static block *add_block(pb_arena *arena, size_t bytes)
{
    const size_t capacity = bytes > BLOCK_BYTES / 4 ? bytes : BLOCK_BYTES;
    block *b = calloc(1, sizeof(block) + capacity);
    if (!b) return NULL;
    b->capacity = capacity;
    block **place = capacity == bytes && arena->first ? &arena->first->next : &arena->first;
    b->next = *place;
    *place = b;
    return b;
}

void *pb_arena_alloc(pb_arena *arena, size_t bytes)
{
    const size_t step = sizeof(max_align_t);
    if (bytes > SIZE_MAX / 4) return NULL;
    const size_t needed = (bytes / step + 1) * step;

    block *b = arena->first;
    if (!b || b->capacity - b->used < needed) b = add_block(arena, needed);
    if (!b) return NULL;
    void *memory = (char *)b->memory + b->used;
    b->used += needed;
    return memory;
}

char *pb_arena_strdup(pb_arena *arena, const char *text)
{
    const size_t bytes = strlen(text) + 1;
    char *copy = pb_arena_alloc(arena, bytes);
    return copy ? memcpy(copy, text, bytes) : NULL;
}

char *pb_arena_printf(pb_arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = length < 0 ? NULL : pb_arena_alloc(arena, (size_t)length + 1);
    if (text) vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}
