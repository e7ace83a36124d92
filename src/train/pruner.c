#include "train/pruner.h"

#include <math.h>
#include <stdlib.h>

#include "base/median.h"

enum { MEDIAN_TRIALS = 5 };

static bool is_better(double a, double b, bool maximise)
{
    return maximise ? a > b : a < b;
}

/* ---- median ---- */

/* The value of a trial after an epoch, NaN when it reported none. */
static double value_after(const pb_trial *t, int epoch)
{
    for (int i = 0; i < t->report_count; i++)
        if (t->reports[i].epoch == epoch) return t->reports[i].value;
    return NAN;
}

/* Median of what the complete trials had after an epoch, NaN when none of them came there. */
static double median_after(const pb_trials *trials, int epoch)
{
    double *values = calloc((size_t)trials->count + 1, sizeof *values);
    if (!values) return NAN; /* a trial that goes on is no error */
    size_t count = 0;
    for (int i = 0; i < trials->count; i++) {
        if (trials->trial[i].state != PB_TRIAL_COMPLETE) continue;
        const double value = value_after(&trials->trial[i], epoch);
        if (!isnan(value)) values[count++] = value;
    }
    const double median = pb_median(values, count);
    free(values);
    return median;
}

bool pb_prune_median(const pb_trials *trials, const pb_trial_report reports[], int report_count,
                     bool maximise, int warmup)
{
    if (report_count == 0 || pb_trials_count(trials, PB_TRIAL_COMPLETE) < MEDIAN_TRIALS)
        return false;
    const int epoch = reports[report_count - 1].epoch;
    if (epoch <= warmup) return false;
    double best = NAN;
    for (int i = 0; i < report_count; i++)
        if (isnan(best) || is_better(reports[i].value, best, maximise)) best = reports[i].value;
    if (isnan(best)) return true;
    const double median = median_after(trials, epoch);
    return !isnan(median) && is_better(median, best, maximise);
}

/* ---- successive halving ---- */

/* Whether `value` is among the best 1 / factor of all that came to the rung, itself included; while
 * there are fewer than `factor` of them, whether it is the best. */
static bool goes_on(const pb_trials *trials, int number, int rung, double value, bool maximise,
                    int factor)
{
    int all = 1, better = 0;
    for (int i = 0; i < trials->count; i++) {
        const pb_trial *t = &trials->trial[i];
        if (t->number == number || t->rung_count <= rung) continue;
        all++;
        better += is_better(t->rungs[rung], value, maximise);
    }
    const int places = all / factor > 0 ? all / factor : 1;
    return better < places;
}

bool pb_prune_halving(const pb_trials *trials, int number, int epoch, double value, bool maximise,
                      int first, int factor, int *rung)
{
    double epochs = (first > 1 ? first : 1) * pow(factor, *rung);
    for (; epoch >= epochs; epochs *= factor) {
        if (isnan(value)) return true;
        const bool on = goes_on(trials, number, *rung, value, maximise, factor);
        ++*rung;
        if (!on) return true;
    }
    return false;
}
