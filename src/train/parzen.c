#include "train/parzen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FULL_WEIGHTS = 25 };

/* ---- fitting ---- */

/* 1 for the latest 25 observations, rising from 1 / n to 1 over those before; the prior has 1. */
static void set_weights(pb_parzen *p)
{
    const int n = p->count - 1, ramp = n >= FULL_WEIGHTS ? n - FULL_WEIGHTS : 0;
    double sum = 0;
    for (int i = 0; i < p->count; i++) {
        const double share = ramp > 1 ? (double)i / (ramp - 1) : 0;
        p->weights[i] = i < ramp ? 1.0 / n + share * (1 - 1.0 / n) : 1;
        sum += p->weights[i];
    }
    for (int i = 0; i < p->count; i++) p->weights[i] /= sum;
}

/* Bounds of the scale that kernels live on; discrete values own half a step on either side. */
static void set_bounds(pb_parzen *p)
{
    const pb_dimension *d = p->dimension;
    const double half = d->kind == PB_DIMENSION_INT && d->log ? 0.5 : d->log ? 0 : d->step / 2;
    p->low = d->low - half;
    p->high = d->high + half;
    p->step = d->log ? 0 : d->step;
    if (d->log) {
        p->low = log(p->low);
        p->high = log(p->high);
    }
}

typedef struct placed {
    double mu;
    int index;
} placed;

static int by_place(const void *a, const void *b)
{
    const placed *x = a, *y = b;
    if (x->mu != y->mu) return (x->mu > y->mu) - (x->mu < y->mu);
    return x->index - y->index;
}

/* A kernel is as wide as the larger gap to its neighbours, within limits; at the ends only
 * neighbours count, not bounds. The prior is as wide as the range. */
static void set_widths(pb_parzen *p, placed order[])
{
    const int n = p->count;
    const double range = p->high - p->low, least = range / fmin(100, 1 + n);
    for (int i = 0; i < n; i++) order[i] = (placed){p->mus[i], i};
    qsort(order, (size_t)n, sizeof *order, by_place);
    for (int i = 0; i < n; i++) {
        const double below = order[i].mu - (i > 0 ? order[i - 1].mu : p->low);
        const double above = (i + 1 < n ? order[i + 1].mu : p->high) - order[i].mu;
        double width = fmax(below, above);
        if (n > 1 && i == 0) width = above;
        if (n > 1 && i == n - 1) width = below;
        p->sigmas[order[i].index] = fmin(fmax(width, least), range);
    }
    p->sigmas[n - 1] = range;
}

/* Each kernel gives its own choice 1 and every choice prior 1 / kernels; the mixture is their
 * weighted sum. */
static void set_probabilities(pb_parzen *p, const double observations[])
{
    const int choices = p->dimension->choice_count;
    const double prior = 1.0 / p->count;
    for (int i = 0; i < p->count; i++) {
        const bool is_prior = i == p->count - 1;
        const double sum = choices * prior + (is_prior ? 0 : 1);
        for (int c = 0; c < choices; c++) {
            const double own = !is_prior && (int)observations[i] == c ? 1 : 0;
            p->probabilities[c] += p->weights[i] * (prior + own) / sum;
        }
    }
}

static pb_status allocate(pb_context *ctx, pb_parzen *p, placed **order)
{
    const size_t n = (size_t)p->count, choices = (size_t)p->dimension->choice_count;
    p->weights = calloc(n, sizeof *p->weights);
    p->mus = calloc(n, sizeof *p->mus);
    p->sigmas = calloc(n, sizeof *p->sigmas);
    p->probabilities = calloc(choices + 1, sizeof *p->probabilities);
    *order = calloc(n, sizeof **order);
    if (p->weights && p->mus && p->sigmas && p->probabilities && *order) return PB_OK;
    return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for %d kernels", p->count);
}

pb_status pb_parzen_create(pb_context *ctx, const pb_dimension *dimension,
                           const double observations[], int count, pb_parzen *parzen)
{
    placed *order = NULL;
    *parzen = (pb_parzen){.dimension = dimension, .count = count + 1};
    pb_parzen *p = parzen;
    const pb_status status = allocate(ctx, p, &order);
    if (status != PB_OK) {
        free(order);
        pb_parzen_clear(parzen);
        return status;
    }
    set_weights(p);
    if (dimension->kind == PB_DIMENSION_CATEGORICAL) {
        set_probabilities(p, observations);
    } else {
        set_bounds(p);
        for (int i = 0; i < count; i++)
            p->mus[i] = dimension->log ? log(observations[i]) : observations[i];
        p->mus[count] = (p->low + p->high) / 2;
        set_widths(p, order);
    }
    free(order);
    return PB_OK;
}

void pb_parzen_clear(pb_parzen *parzen)
{
    free(parzen->weights);
    free(parzen->mus);
    free(parzen->sigmas);
    free(parzen->probabilities);
    *parzen = (pb_parzen){0};
}

/* ---- a truncated normal ---- */

/* P(Z < z) */
static double below(double z)
{
    return 0.5 * erfc(-z / sqrt(2));
}

/* P(a < Z < b), taken in the tail that keeps its digits. */
static double mass(double a, double b)
{
    if (a > 0) return below(-a) - below(-b);
    return below(b) - below(a);
}

/* The z in [a, b] below which a share of the mass between them lies. */
static double quantile_of(double share, double a, double b)
{
    const double all = mass(a, b);
    double from = a, to = b;
    for (int i = 0; i < 100 && to > from; i++) {
        const double middle = (from + to) / 2;
        if (mass(a, middle) < share * all)
            from = middle;
        else
            to = middle;
    }
    return (from + to) / 2;
}

/* ---- the mixture ---- */

/* The first index whose running sum exceeds `pick`. */
static int pick_of(const double weights[], int count, double pick)
{
    double sum = 0;
    for (int i = 0; i < count - 1; i++) {
        sum += weights[i];
        if (pick < sum) return i;
    }
    return count - 1;
}

double pb_parzen_sample(const pb_parzen *parzen, double pick, double quantile)
{
    const pb_dimension *d = parzen->dimension;
    if (d->kind == PB_DIMENSION_CATEGORICAL)
        return pick_of(parzen->probabilities, d->choice_count, pick);
    const int k = pick_of(parzen->weights, parzen->count, pick);
    const double mu = parzen->mus[k], sigma = parzen->sigmas[k];
    const double z = quantile_of(quantile, (parzen->low - mu) / sigma, (parzen->high - mu) / sigma);
    const double number = mu + sigma * z;
    return pb_dimension_snap(d, d->log ? exp(number) : number);
}

/* log N((x - mu) / sigma; 0, 1) cut off outside the bounds; a discrete value takes the mass of its
 * step. */
static double log_kernel(const pb_parzen *p, int k, double x)
{
    const double mu = p->mus[k], sigma = p->sigmas[k], z = (x - mu) / sigma;
    const double inside = mass((p->low - mu) / sigma, (p->high - mu) / sigma);
    if (p->step > 0) {
        const double from = fmax(x - p->step / 2, p->low), to = fmin(x + p->step / 2, p->high);
        return log(mass((from - mu) / sigma, (to - mu) / sigma)) - log(inside);
    }
    const double log_root_two_pi = 0.91893853320467274178;
    return -z * z / 2 - log_root_two_pi - log(inside);
}

double pb_parzen_score(const pb_parzen *parzen, double coordinate)
{
    const pb_dimension *d = parzen->dimension;
    if (d->kind == PB_DIMENSION_CATEGORICAL) return log(parzen->probabilities[(int)coordinate]);
    const double x = d->log ? log(coordinate) : coordinate;
    double largest = -INFINITY, sum = 0;
    for (int k = 0; k < parzen->count; k++) {
        const double term = log_kernel(parzen, k, x) + log(parzen->weights[k]);
        if (term > largest) largest = term;
    }
    for (int k = 0; k < parzen->count; k++)
        sum += exp(log_kernel(parzen, k, x) + log(parzen->weights[k]) - largest);
    return log(sum) + largest;
}
