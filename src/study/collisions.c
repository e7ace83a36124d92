/* Samples that are the same once they are compressed. */
#include <stdlib.h>
#include <string.h>

#include "data/loader.h"
#include "study/measure_identity.h"

typedef struct row {
    const uint8_t *bytes;
    size_t count;
} row;

static int compare(const void *a, const void *b)
{
    const row *x = a, *y = b;
    return memcmp(x->bytes, y->bytes, x->count);
}

static void count_group(int size, pb_collisions *c)
{
    if (size < 2) return;
    c->samples += size;
    c->groups++;
    if (size > c->largest) c->largest = size;
}

static void find(row rows[], int count, pb_collisions *c)
{
    int first = 0;
    *c = (pb_collisions){0};
    qsort(rows, (size_t)count, sizeof *rows, compare);
    for (int i = 1; i <= count; i++) {
        if (i < count && compare(&rows[i], &rows[first]) == 0) continue;
        count_group(i - first, c);
        first = i;
    }
}

pb_status pb_collisions_find(pb_context *ctx, const void *const rows[], int count, size_t bytes,
                             pb_collisions *c)
{
    row *sorted = malloc((size_t)count * sizeof *sorted);
    if (!sorted) return pb_fail(ctx, PB_ERR_MEMORY, "no memory to compare samples");
    for (int i = 0; i < count; i++) sorted[i] = (row){rows[i], bytes};
    find(sorted, count, c);
    free(sorted);
    return PB_OK;
}

static json_t *describe(const pb_collisions *c)
{
    return json_pack("{s:i, s:i, s:i}", "samples", c->samples, "groups", c->groups, "largest",
                     c->largest);
}

static pb_status measure(const pb_stored *s, const void **rows, json_t **result)
{
    pb_collisions stored, before;
    for (int i = 0; i < s->count; i++) rows[i] = pb_stored_row(s, i);
    PB_TRY(pb_collisions_find(s->ctx, rows, s->count, s->row_bytes, &stored));
    for (int i = 0; i < s->count; i++) rows[i] = pb_stored_original(s, i);
    PB_TRY(pb_collisions_find(s->ctx, rows, s->count, pb_sample_bytes(s->original), &before));
    *result = describe(&stored);
    json_object_set_new(*result, "of_originals", describe(&before));
    return *result ? PB_OK : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for measures");
}

pb_status pb_measure_collisions(const pb_stored *s, json_t **result)
{
    const void **rows = malloc((size_t)s->count * sizeof *rows);
    const pb_status status = rows ? measure(s, rows, result)
                                  : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory to compare samples");
    free(rows);
    return status;
}
