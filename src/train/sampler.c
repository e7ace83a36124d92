#include "train/sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "train/parzen.h"

enum { STARTUP_TRIALS = 10, CANDIDATES = 24, MOST_BEST = 25 };

/* ---- grid ---- */

int64_t pb_grid_count(const pb_space *space)
{
    int64_t all = 1;
    for (int i = 0; i < space->count; i++) {
        const int64_t count = pb_dimension_grid_count(&space->dimensions[i]);
        if (count == 0) return -1;
        if (all > INT32_MAX / count) return 0;
        all *= count;
    }
    return all;
}

void pb_sample_grid(const pb_space *space, int64_t index, double point[])
{
    for (int i = space->count - 1; i >= 0; i--) {
        const int64_t count = pb_dimension_grid_count(&space->dimensions[i]);
        point[i] = pb_dimension_grid_value(&space->dimensions[i], index % count);
        index /= count;
    }
}

static bool is_taken(const pb_trials *trials, int64_t index)
{
    for (int i = 0; i < trials->count; i++) {
        const pb_trial *t = &trials->trial[i];
        if (t->grid == index && t->state != PB_TRIAL_FAIL) return true;
    }
    return false;
}

int64_t pb_grid_next(const pb_space *space, const pb_trials *trials)
{
    const int64_t count = pb_grid_count(space);
    int64_t index = 0;
    while (index < count && is_taken(trials, index)) index++;
    return index;
}

/* ---- random ---- */

/* Draw `index` of a key's stream: uniform in [0, 1) with 53 bits. */
static double uniform(uint64_t seed, const pb_dimension *d, int number, uint64_t index)
{
    const pb_stream stream = pb_stream_make(seed, d->key, (uint32_t)number);
    const uint64_t high = pb_stream_u32(stream, 2 * index),
                   low = pb_stream_u32(stream, 2 * index + 1);
    return (double)((high << 32 | low) >> 11) * 0x1p-53;
}

static double draw(uint64_t seed, const pb_dimension *d, int number)
{
    const double u = uniform(seed, d, number, 0);
    const double last = d->choice_count - 1;
    if (d->kind == PB_DIMENSION_CATEGORICAL) return fmin(floor(u * d->choice_count), last);
    const double half = d->step / 2; /* so that the ends are as likely as what lies between */
    const double low = d->low - half, high = d->high + half;
    if (!d->log) return pb_dimension_snap(d, low + u * (high - low));
    return pb_dimension_snap(d, exp(log(low) + u * (log(high) - log(low))));
}

void pb_sample_random(const pb_space *space, uint64_t seed, int number, double point[])
{
    for (int i = 0; i < space->count; i++) point[i] = draw(seed, &space->dimensions[i], number);
}

/* ---- tree-structured Parzen estimator ---- */

/* A finished trial by its rank: complete ones first, then those pruned late; then by value. */
typedef struct ranked {
    double epochs, loss; /* minus the epochs reported, -infinity: complete */
    int index;
} ranked;

static int by_rank(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->epochs != y->epochs) return (x->epochs > y->epochs) - (x->epochs < y->epochs);
    if (x->loss != y->loss) return (x->loss > y->loss) - (x->loss < y->loss);
    return x->index - y->index;
}

static int by_index(const void *a, const void *b)
{
    return ((const ranked *)a)->index - ((const ranked *)b)->index;
}

static bool rank_trial(const pb_trial *t, bool maximise, int index, ranked *r)
{
    const double sign = maximise ? -1 : 1;
    *r = (ranked){.index = index};
    if (t->state == PB_TRIAL_COMPLETE && !isnan(t->value)) {
        r->epochs = -INFINITY;
        r->loss = sign * t->value;
        return true;
    }
    if (t->state != PB_TRIAL_PRUNED) return false;
    r->epochs = 1; /* pruned before it reported anything: last of all */
    if (t->report_count == 0) return true;
    const pb_trial_report *last = &t->reports[t->report_count - 1];
    r->epochs = -last->epoch;
    r->loss = isnan(last->value) ? INFINITY : sign * last->value;
    return true;
}

/* What one coordinate was in each of the ranked trials. */
static void gather(const pb_trials *trials, const ranked list[], int count, int dimension,
                   double out[])
{
    for (int i = 0; i < count; i++) out[i] = trials->trial[list[i].index].point[dimension];
}

static double best_candidate(const pb_parzen *good, const pb_parzen *rest, uint64_t seed,
                             int number)
{
    double best = NAN, best_ratio = -INFINITY;
    for (uint64_t c = 0; c < CANDIDATES; c++) {
        const double pick = uniform(seed, good->dimension, number, 2 * c + 1);
        const double quantile = uniform(seed, good->dimension, number, 2 * c + 2);
        const double candidate = pb_parzen_sample(good, pick, quantile);
        const double ratio = pb_parzen_score(good, candidate) - pb_parzen_score(rest, candidate);
        if (c == 0 || ratio > best_ratio) {
            best = candidate;
            best_ratio = ratio;
        }
    }
    return best;
}

/* Models a coordinate of the first `best` trials of the list and of the others, and chooses. */
static pb_status choose(pb_context *ctx, const pb_dimension *d, const double values[], int best,
                        int count, uint64_t seed, int number, double *coordinate)
{
    pb_parzen good, rest;
    PB_TRY(pb_parzen_create(ctx, d, values, best, &good));
    const pb_status status = pb_parzen_create(ctx, d, values + best, count - best, &rest);
    if (status == PB_OK) {
        *coordinate = best_candidate(&good, &rest, seed, number);
        pb_parzen_clear(&rest);
    }
    pb_parzen_clear(&good);
    return status;
}

pb_status pb_sample_tpe(pb_context *ctx, const pb_space *space, const pb_trials *trials,
                        bool maximise, uint64_t seed, int number, double point[])
{
    ranked *list = calloc((size_t)trials->count + 1, sizeof *list);
    double *values = calloc((size_t)trials->count + 1, sizeof *values);
    int count = 0;
    pb_status status =
        list && values ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "out of memory to sample");
    for (int i = 0; status == PB_OK && i < trials->count; i++)
        count += rank_trial(&trials->trial[i], maximise, i, &list[count]);
    if (status == PB_OK && count < STARTUP_TRIALS) {
        pb_sample_random(space, seed, number, point);
    } else if (status == PB_OK) {
        const int tenth = (count + 9) / 10, best = tenth < MOST_BEST ? tenth : MOST_BEST;
        qsort(list, (size_t)count, sizeof *list, by_rank);
        qsort(list, (size_t)best, sizeof *list, by_index); /* weights go by age */
        qsort(list + best, (size_t)(count - best), sizeof *list, by_index);
        for (int i = 0; status == PB_OK && i < space->count; i++) {
            gather(trials, list, count, i, values);
            status =
                choose(ctx, &space->dimensions[i], values, best, count, seed, number, &point[i]);
        }
    }
    free(list);
    free(values);
    return status;
}
