/* The stratified split. Each class gives up its share of the held-out part, rounded by the largest
 * remainder so that the shares add up to round(fraction * count). */
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <passband/dataset.h>

#include "base/rng.h"

typedef struct split {
    int *quota;        /* [classes] how many to hold out still */
    double *remainder; /* [classes]                            */
    int32_t *order;    /* [count] shuffled indices             */
    bool *is_held_out; /* [count]                              */
} split;

static void split_clear(split *s)
{
    free(s->quota);
    free(s->remainder);
    free(s->order);
    free(s->is_held_out);
}

static pb_status split_alloc(pb_context *ctx, split *s, int count, int classes)
{
    s->quota = calloc((size_t)classes, sizeof *s->quota);
    s->remainder = calloc((size_t)classes, sizeof *s->remainder);
    s->order = calloc((size_t)count, sizeof *s->order);
    s->is_held_out = calloc((size_t)count, sizeof *s->is_held_out);
    if (s->quota && s->remainder && s->order && s->is_held_out) return PB_OK;
    return pb_fail(ctx, PB_ERR_MEMORY, "no memory to split %d samples", count);
}

/* Turns class sizes into quotas; what the floors leave over goes to the largest remainders, the
 * lower class first. */
static void set_quotas(split *s, int classes, double fraction, int total)
{
    int left = total;
    for (int c = 0; c < classes; c++) {
        const double share = fraction * s->quota[c];
        s->quota[c] = (int)floor(share);
        s->remainder[c] = share - floor(share);
        left -= s->quota[c];
    }
    for (; left > 0; left--) {
        int best = 0;
        for (int c = 1; c < classes; c++)
            if (s->remainder[c] > s->remainder[best]) best = c;
        s->quota[best]++;
        s->remainder[best] = -1;
    }
}

static pb_status choose(pb_context *ctx, split *s, const int32_t *labels, int count, int classes,
                        double fraction, uint64_t seed, int total)
{
    for (int i = 0; i < count; i++) {
        if (labels[i] < 0 || labels[i] >= classes)
            return pb_fail(ctx, PB_ERR_DATA,
                           "label %d of sample %d is out of range, 0 to %d are allowed",
                           (int)labels[i], i, classes - 1);
        s->quota[labels[i]]++;
        s->order[i] = i;
    }
    set_quotas(s, classes, fraction, total);
    pb_stream_shuffle(pb_stream_make(seed, "split", 0), s->order, count);
    for (int i = 0; i < count; i++) {
        int *quota = &s->quota[labels[s->order[i]]];
        if (*quota == 0) continue;
        s->is_held_out[s->order[i]] = true;
        --*quota;
    }
    return PB_OK;
}

pb_status pb_dataset_split(pb_context *ctx, const int32_t *labels, int count, int classes,
                           double fraction, uint64_t seed, int32_t **train, int *train_count,
                           int32_t **held_out, int *held_out_count)
{
    *train = *held_out = NULL;
    *train_count = *held_out_count = 0;
    if (count < 1 || classes < 1) return pb_fail(ctx, PB_ERR_DATA, "there are no samples to split");
    if (!(fraction >= 0 && fraction <= 1))
        return pb_fail(ctx, PB_ERR_CONFIG, "the share held out is %g, 0 to 1 is allowed", fraction);
    const int total = (int)lround(fraction * count);
    if (fraction > 0 && fraction < 1 && (total == 0 || total == count))
        return pb_fail(ctx, PB_ERR_CONFIG, "holding out %g of %d samples leaves %s empty", fraction,
                       count, total ? "the rest" : "the held-out part");
    split s = {0};
    pb_status status = split_alloc(ctx, &s, count, classes);
    if (status == PB_OK) status = choose(ctx, &s, labels, count, classes, fraction, seed, total);
    if (status != PB_OK) goto done;
    int32_t *parts[2] = {calloc((size_t)(count - total) + 1, sizeof **parts),
                         calloc((size_t)total + 1, sizeof **parts)};
    int counts[2] = {0, 0};
    if (!parts[0] || !parts[1]) {
        free(parts[0]);
        free(parts[1]);
        status = pb_fail(ctx, PB_ERR_MEMORY, "no memory to split %d samples", count);
        goto done;
    }
    for (int i = 0; i < count; i++) {
        const int part = s.is_held_out[i];
        parts[part][counts[part]++] = i;
    }
    *train = parts[0], *train_count = counts[0];
    *held_out = parts[1], *held_out_count = counts[1];
done:
    split_clear(&s);
    return status;
}
