/* Regions of one program share an arena: each gets an offset that no region alive at the same time
 * overlaps. */
#include <stdlib.h>

#include "plan/build.h"

static void note_use(pb_build *b, int region, int order)
{
    pb_region *r = &b->regions[region];
    if (r->persistent) return;
    if (r->first < 0 || order < r->first) r->first = order;
    if (order > r->last) r->last = order;
}

static int by_size_descending(const void *x, const void *y)
{
    const pb_region *const *a = x, *const *b = y;
    const size_t i = (*a)->count * pb_dtype_bytes((*a)->dtype),
                 k = (*b)->count * pb_dtype_bytes((*b)->dtype);
    return i > k ? -1 : i < k ? 1 : *a < *b ? -1 : 1;
}

static bool alive_together(const pb_region *a, const pb_region *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* Largest first, each at the lowest offset that is free while it lives. */
static size_t place_regions(pb_region *const regions[], int count, size_t alignment)
{
    size_t arena = 0;
    for (int i = 0; i < count; ++i) {
        const size_t bytes = regions[i]->count * pb_dtype_bytes(regions[i]->dtype);
        size_t offset = 0;
        for (bool moved = true; moved;) {
            moved = false;
            for (int k = 0; k < i; ++k) {
                const size_t begin = regions[k]->arena_offset;
                const size_t end = begin + regions[k]->count * pb_dtype_bytes(regions[k]->dtype);
                if (!alive_together(regions[i], regions[k]) || offset >= end ||
                    offset + bytes <= begin)
                    continue;
                offset = (end + alignment - 1) / alignment * alignment;
                moved = true;
            }
        }
        regions[i]->arena_offset = offset;
        if (offset + bytes > arena) arena = offset + bytes;
    }
    return arena;
}

pb_status pb_plan_memory(pb_build *b, size_t *arena_bytes, size_t *setup_bytes)
{
    *arena_bytes = *setup_bytes = 0;
    pb_region **alive = malloc(sizeof *alive * (size_t)(b->region_count + 1));
    if (!alive)
        return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to place %d regions", b->region_count);
    const size_t alignment =
        b->info->base_address_align_bytes > 64 ? b->info->base_address_align_bytes : 64;
    for (int i = 0; i < b->program_count; ++i) {
        const pb_program_build *p = &b->programs[i];
        for (int k = 0; k < p->dispatch_count; ++k) {
            const pb_dispatch *dispatch = &p->dispatches[k];
            for (int a = 0; a < dispatch->arg_count; ++a) note_use(b, dispatch->args[a], k);
            for (int a = 0; dispatch->is_gemm && a < 4; ++a)
                if (dispatch->gemm_region[a] >= 0) note_use(b, dispatch->gemm_region[a], k);
        }
        int count = 0;
        for (int r = 0; r < b->region_count; ++r)
            if (!b->regions[r].persistent && b->regions[r].program == p->index &&
                b->regions[r].first >= 0)
                alive[count++] = &b->regions[r];
        qsort(alive, (size_t)count, sizeof *alive, by_size_descending);
        const size_t bytes = place_regions(alive, count, alignment);
        size_t *total = p->is_setup ? setup_bytes : arena_bytes;
        if (bytes > *total) *total = bytes;
    }
    free(alive);
    return PB_OK;
}
