#include "study/same_values.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include <passband/compressed.h>

#include "data/loader.h"
#include "data/pbz.h"
#include "study/stored.h"

enum { SAMPLES_MOST = 256, VALUES_MOST = 1 << 18 };

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The first samples of a chunk [count, row_bytes]. */
static pb_status sort_values(pb_context *ctx, pb_dataset *file, const uint8_t *rows, int count,
                             pb_sorted_values *v)
{
    const size_t row_bytes = pb_sample_bytes(file);
    pb_stored stored = {.ctx = ctx, .file = file, .shape = pb_pbz_values_shape(file)};
    stored.values = v->values = pb_shape_count(stored.shape);
    const size_t most = VALUES_MOST / v->values;
    v->samples = count < SAMPLES_MOST ? count : SAMPLES_MOST;
    if (most < (size_t)v->samples) v->samples = most ? (int)most : 1;
    v->sorted = malloc((size_t)v->samples * v->values * sizeof *v->sorted);
    if (!v->sorted) return pb_fail(ctx, PB_ERR_MEMORY, "no memory to compare files");
    for (int i = 0; i < v->samples; i++) {
        float *values = v->sorted + (size_t)i * v->values;
        pb_stored_values(&stored, rows + (size_t)i * row_bytes, values);
        qsort(values, v->values, sizeof *values, ascending);
    }
    return PB_OK;
}

pb_status pb_sorted_values_read(pb_context *ctx, const char *path, pb_sorted_values *v)
{
    int chunks;
    pb_compressed_file *file;
    *v = (pb_sorted_values){0};
    PB_TRY(pb_compressed_open(ctx, path, &file));
    pb_dataset *about = pb_compressed_dataset(file);
    const pb_compressed_chunk *chunk = pb_compressed_chunks(file, &chunks);
    pb_status status = PB_OK;
    if (chunks > 0) {
        const size_t count = (size_t)chunk->count;
        uint8_t *rows = malloc(count * pb_sample_bytes(about));
        int32_t *labels = malloc(count * sizeof *labels);
        status = rows && labels ? pb_compressed_read(file, 0, rows, labels)
                                : pb_fail(ctx, PB_ERR_MEMORY, "no memory to compare files");
        if (status == PB_OK) status = sort_values(ctx, about, rows, chunk->count, v);
        free(labels);
        free(rows);
    }
    pb_compressed_close(&file);
    return status;
}

void pb_sorted_values_clear(pb_sorted_values *v)
{
    free(v->sorted);
    *v = (pb_sorted_values){0};
}

bool pb_sorted_values_agree(const pb_sorted_values *a, const pb_sorted_values *b)
{
    if (a->values != b->values || a->samples != b->samples || a->samples == 0) return false;
    for (int i = 0; i < a->samples; i++) {
        const float *x = a->sorted + (size_t)i * a->values, *y = b->sorted + (size_t)i * b->values;
        const float largest = fmaxf(fabsf(x[0]), fabsf(x[a->values - 1]));
        for (size_t k = 0; k < a->values; k++)
            if (!(fabsf(x[k] - y[k]) <= 1e-5f * largest)) return false;
    }
    return true;
}
