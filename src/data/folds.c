/* Folds for cross-validation: shuffled samples dealt out one by one, as cards are. Dealt class
 * after class, without beginning anew, every fold gets as many of each class as any other, or one
 * more, and folds differ by at most one sample in all. */
#include <stdlib.h>

#include <passband/dataset.h>

#include "base/rng.h"

static pb_status check(pb_context *ctx, const int32_t *labels, int count, int classes,
                       const pb_fold_options *o, int sizes[])
{
    if (o->count < 2)
        return pb_fail(ctx, PB_ERR_CONFIG, "%d folds are wanted, 2 or more are allowed", o->count);
    for (int i = 0; i < count; i++) {
        if (labels[i] < 0 || labels[i] >= classes)
            return pb_fail(ctx, PB_ERR_DATA,
                           "label %d of sample %d is out of range, 0 to %d are allowed",
                           (int)labels[i], i, classes - 1);
        sizes[labels[i]]++;
    }
    if (o->count > count)
        return pb_fail(ctx, PB_ERR_CONFIG, "%d folds of %d samples: at most one for each sample",
                       o->count, count);
    if (!o->stratified) return PB_OK;
    int least = -1;
    for (int c = 0; c < classes; c++)
        if (sizes[c] > 0 && (least < 0 || sizes[c] < sizes[least])) least = c;
    if (o->count <= sizes[least]) return PB_OK;
    return pb_fail(ctx, PB_ERR_CONFIG,
                   "%d stratified folds need as many samples of every class, but class %d has %d; "
                   "at most %d folds are allowed, or plain ones",
                   o->count, least, sizes[least], sizes[least]);
}

/* Deals the samples of class c, or all of them where c < 0; returns the fold that is next. */
static int deal(const int32_t *labels, int count, const int32_t *order, int c, int folds, int next,
                int32_t *fold_of)
{
    for (int i = 0; i < count; i++) {
        const int32_t row = order[i];
        if (c >= 0 && labels[row] != c) continue;
        fold_of[row] = next;
        next = (next + 1) % folds;
    }
    return next;
}

pb_status pb_dataset_folds(pb_context *ctx, const int32_t *labels, int count, int classes,
                           const pb_fold_options *options, int32_t *fold_of)
{
    int *sizes = calloc((size_t)classes + 1, sizeof *sizes);
    int32_t *order = malloc(((size_t)count + 1) * sizeof *order);
    pb_status status =
        sizes && order ? check(ctx, labels, count, classes, options, sizes)
                       : pb_fail(ctx, PB_ERR_MEMORY, "no memory for folds of %d samples", count);
    if (status == PB_OK) {
        for (int32_t i = 0; i < count; i++) order[i] = i;
        pb_stream_shuffle(pb_stream_make(options->seed, "folds", (uint32_t)options->repeat), order,
                          count);
        int next = 0;
        for (int c = 0; options->stratified && c < classes; c++)
            next = deal(labels, count, order, c, options->count, next, fold_of);
        if (!options->stratified) deal(labels, count, order, -1, options->count, 0, fold_of);
    }
    free(sizes);
    free(order);
    return status;
}
