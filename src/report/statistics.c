/* Means over seeds and curves. */
#include "report/statistics.h"

#include <math.h>
#include <stdlib.h>

int pb_mean_and_error(const double *numbers, size_t count, double *mean, double *error)
{
    double sum = 0, squares = 0;
    int n = 0;
    for (size_t i = 0; i < count; i++)
        if (isfinite(numbers[i])) sum += numbers[i], n++;
    *mean = n ? sum / n : NAN;
    for (size_t i = 0; i < count; i++)
        if (isfinite(numbers[i])) squares += (numbers[i] - *mean) * (numbers[i] - *mean);
    *error = n > 1 ? sqrt(squares / (n - 1) / n) : 0;
    return n;
}

static pb_status create(pb_context *ctx, size_t count, pb_curve *curve)
{
    *curve = (pb_curve){0};
    double *memory = malloc((count ? count : 1) * 4 * sizeof *memory);
    if (!memory)
        return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for a curve of %zu points", count);
    *curve = (pb_curve){
        .x = memory, .mean = memory + count, .low = memory + 2 * count, .high = memory + 3 * count};
    return PB_OK;
}

void pb_curve_clear(pb_curve *curve)
{
    free(curve->x); /* the four lie in one block */
    *curve = (pb_curve){0};
}

/* Appends the point at x from one number of each seed; nothing where no seed has one. */
static void append(pb_curve *curve, double x, const double *of_seeds, size_t seeds)
{
    double mean, error;
    const int n = pb_mean_and_error(of_seeds, seeds, &mean, &error);
    if (n == 0) return;
    curve->x[curve->count] = x;
    curve->mean[curve->count] = mean;
    curve->low[curve->count] = mean - error;
    curve->high[curve->count] = mean + error;
    curve->count++;
    if (n > 1) curve->has_band = true;
}

/* Mean of each bin of `width` points of numbers[seed][point * stride], a curve over iterations. */
static pb_status binned(pb_context *ctx, const double *numbers, size_t seeds, size_t points,
                        size_t stride, size_t width, double iterations_per_point, pb_curve *curve)
{
    const size_t bins = (points + width - 1) / width;
    double *of_seeds = malloc(seeds * sizeof *of_seeds);
    if (!of_seeds) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for %zu seeds", seeds);
    const pb_status status = create(ctx, bins, curve);
    for (size_t bin = 0; !status && bin < bins; bin++) {
        const size_t first = bin * width;
        const size_t last = first + width < points ? first + width : points; /* exclusive */
        for (size_t s = 0; s < seeds; s++) {
            double sum = 0;
            size_t n = 0;
            for (size_t p = first; p < last; p++) {
                const double number = numbers[(s * points + p) * stride];
                if (isfinite(number)) sum += number, n++;
            }
            of_seeds[s] = n ? sum / (double)n : NAN;
        }
        /* points are counted from 1: the first was recorded at iteration log_every */
        append(curve, ((double)(first + last) + 1) / 2 * iterations_per_point, of_seeds, seeds);
    }
    free(of_seeds);
    return status;
}

static size_t bin_width(size_t points, size_t bins)
{
    return points > bins ? (points + bins - 1) / bins : 1;
}

pb_status pb_curve_band(pb_context *ctx, const pb_record *record, size_t band, size_t points,
                        pb_curve *curve)
{
    const pb_array *weights = &record->band_weights;
    *curve = (pb_curve){0};
    if (!weights->data) return PB_OK;
    return binned(ctx, weights->data + band, weights->dim[0], weights->dim[1], weights->dim[2],
                  bin_width(weights->dim[1], points), (double)record->log_every, curve);
}

static double train_loss_of(const pb_epoch *e)
{
    return e->train_loss;
}

static double val_loss_of(const pb_epoch *e)
{
    return e->val_loss;
}

/* A point an epoch. */
static pb_status of_epochs(pb_context *ctx, const pb_record *record,
                           double (*number)(const pb_epoch *), pb_curve *curve)
{
    const size_t seeds = (size_t)record->seed_count;
    int epochs = 0;
    for (int i = 0; i < record->epoch_count; i++)
        if (record->epochs[i].epoch > epochs) epochs = record->epochs[i].epoch;
    *curve = (pb_curve){0};
    if (!seeds || !epochs) return PB_OK;
    double *of_seeds = malloc(seeds * sizeof *of_seeds);
    if (!of_seeds) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for %zu seeds", seeds);
    const pb_status status = create(ctx, (size_t)epochs + 1, curve);
    for (int epoch = 0; !status && epoch <= epochs; epoch++) {
        double step = 0;
        for (size_t s = 0; s < seeds; s++) of_seeds[s] = NAN;
        for (int i = 0; i < record->epoch_count; i++) {
            const pb_epoch *e = &record->epochs[i];
            if (e->epoch != epoch) continue;
            of_seeds[e->seed_index] = number(e);
            step = (double)e->step;
        }
        append(curve, step, of_seeds, seeds);
    }
    free(of_seeds);
    return status;
}

pb_status pb_curve_train_loss(pb_context *ctx, const pb_record *record, size_t bins,
                              pb_curve *curve, int64_t *bin_iterations)
{
    const pb_array *loss = &record->train_loss;
    *bin_iterations = 0;
    if (!loss->data) return of_epochs(ctx, record, train_loss_of, curve);
    const size_t width = bin_width(loss->dim[1], bins);
    *bin_iterations = (int64_t)width * record->log_every;
    return binned(ctx, loss->data, loss->dim[0], loss->dim[1], 1, width, (double)record->log_every,
                  curve);
}

pb_status pb_curve_val_loss(pb_context *ctx, const pb_record *record, pb_curve *curve)
{
    return of_epochs(ctx, record, val_loss_of, curve);
}

bool pb_record_stopped_early(const pb_record *record)
{
    int last[2] = {0, 0}; /* least and most epochs of a seed */
    for (int s = 0; s < record->seed_count; s++) {
        int most = 0;
        for (int i = 0; i < record->epoch_count; i++)
            if (record->epochs[i].seed_index == s && record->epochs[i].epoch > most)
                most = record->epochs[i].epoch;
        if (s == 0 || most < last[0]) last[0] = most;
        if (most > last[1]) last[1] = most;
    }
    return last[0] != last[1];
}

pb_percent_axis pb_percent_axis_for(double least, double largest)
{
    static const double steps[] = {0.1, 0.2, 0.5, 1, 2, 5, 10};
    const pb_percent_axis whole = {0, 20};
    const double half = fmin(2 * least - 100, 99); /* from here the least bar fills half */
    if (largest > 100 || !(half >= 40)) return whole;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const double bottom = floor(half / steps[i]) * steps[i];
        if ((100 - bottom) / steps[i] <= 10) return (pb_percent_axis){bottom, steps[i]};
    }
    return whole;
}
