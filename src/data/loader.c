#include "data/loader.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t pb_sample_bytes(const pb_dataset *dataset)
{
    return pb_dtype_bytes(dataset->dtype) * pb_shape_count(dataset->sample_shape);
}

static pb_status no_memory(pb_context *ctx, const pb_dataset *dataset, const char *source,
                           uint64_t count, pb_samples *samples)
{
    pb_samples_clear(samples);
    return pb_fail(ctx, PB_ERR_MEMORY, "%s: no memory for %llu samples of %zu bytes", source,
                   (unsigned long long)count, pb_sample_bytes(dataset));
}

pb_status pb_labels_alloc(pb_context *ctx, const pb_dataset *dataset, const char *source,
                          uint64_t count, pb_samples *samples)
{
    const size_t bytes = pb_sample_bytes(dataset);
    if (count == 0) return pb_fail(ctx, PB_ERR_DATA, "%s: holds no samples", source);
    if (count > INT_MAX || count > PB_DATA_BYTES_MAX / bytes)
        return pb_fail(ctx, PB_ERR_DATA,
                       "%s: %llu samples of %zu bytes are too many, at most 4 GiB are read", source,
                       (unsigned long long)count, bytes);
    samples->count = (int)count;
    samples->labels = calloc((size_t)count, sizeof *samples->labels);
    return samples->labels ? PB_OK : no_memory(ctx, dataset, source, count, samples);
}

pb_status pb_samples_alloc(pb_context *ctx, const pb_dataset *dataset, const char *source,
                           uint64_t count, pb_samples *samples)
{
    PB_TRY(pb_labels_alloc(ctx, dataset, source, count, samples));
    samples->data = malloc((size_t)count * pb_sample_bytes(dataset));
    return samples->data ? PB_OK : no_memory(ctx, dataset, source, count, samples);
}

void pb_samples_clear(pb_samples *samples)
{
    free(samples->data);
    free(samples->labels);
    *samples = (pb_samples){0};
}

void pb_compressed_free(pb_compressed **compressed)
{
    pb_compressed *c = *compressed;
    if (!c) return;
    free(c->packing.offset);
    free(c->packing.step);
    free(c->chain);
    pb_fitted_clear(&c->fitted);
    free(c);
    *compressed = NULL;
}

pb_status pb_labels_check(pb_context *ctx, const char *path, const int32_t *labels, int count,
                          pb_dataset *dataset)
{
    const bool open = dataset->classes == 0;
    const int limit = open ? PB_DATA_CLASSES_MAX : dataset->classes;
    int32_t largest = 0;
    for (int i = 0; i < count; i++) {
        if (labels[i] < 0 || labels[i] >= limit)
            return pb_fail(ctx, PB_ERR_DATA,
                           "%s: label %d of sample %d is out of range, 0 to %d are allowed", path,
                           (int)labels[i], i, limit - 1);
        if (labels[i] > largest) largest = labels[i];
    }
    if (!open) return PB_OK;
    if (largest == 0)
        return pb_fail(ctx, PB_ERR_DATA, "%s: every label is 0, at least two classes are needed",
                       path);
    dataset->classes = largest + 1;
    return PB_OK;
}

pb_status pb_class_names_set(pb_context *ctx, const char *const *names, pb_dataset *dataset)
{
    dataset->class_names = calloc((size_t)dataset->classes, sizeof *dataset->class_names);
    if (!dataset->class_names) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for class names");
    for (int i = 0; i < dataset->classes; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        dataset->class_names[i] = strdup(names ? names[i] : number);
        if (!dataset->class_names[i])
            return pb_fail(ctx, PB_ERR_MEMORY, "no memory for class names");
    }
    return PB_OK;
}
