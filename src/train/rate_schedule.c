#include "train/rate_schedule.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Where a schedule has come to, its warm-up apart. */
typedef struct moment {
    double epoch, epochs; /* gone by, and in all; whole numbers where the rate moves by epochs */
    double move, moves;   /* the same counted in moves of the rate */
} moment;

/* base */
static double constant(const pb_rate *rate, const moment *m)
{
    (void)m;
    return rate->base;
}

/* base gamma^floor(epoch / step_size) */
static double step(const pb_rate *rate, const moment *m)
{
    return rate->base * pow(rate->gamma, floor(m->epoch / rate->step_size));
}

/* base gamma^(milestones gone by) */
static double multistep(const pb_rate *rate, const moment *m)
{
    int gone = 0;
    while (gone < rate->milestone_count && m->epoch >= rate->milestones[gone]) gone++;
    return rate->base * pow(rate->gamma, gone);
}

/* base gamma^epoch */
static double exponential(const pb_rate *rate, const moment *m)
{
    return rate->base * pow(rate->gamma, m->epoch);
}

/* floor + (base - floor) (1 - epoch / epochs)^power */
static double polynomial(const pb_rate *rate, const moment *m)
{
    return rate->floor + (rate->base - rate->floor) * pow(1 - m->epoch / m->epochs, rate->power);
}

/* From `from` at share 0 to `to` at share 1 along half a cosine. */
static double anneal(double from, double to, double share)
{
    const double pi = 3.14159265358979323846;
    return to + (from - to) * (1 + cos(pi * share)) / 2;
}

static double cosine(const pb_rate *rate, const moment *m)
{
    return anneal(rate->base, rate->floor, m->epoch / m->epochs);
}

/* A cosine over each cycle. Source: Loshchilov and Hutter, "SGDR", ICLR 2017. */
static double restarts(const pb_rate *rate, const moment *m)
{
    double begin = 0, length = rate->period;
    if (rate->growth == 1) begin = floor(m->epoch / length) * length;
    while (rate->growth > 1 && m->epoch >= begin + length) {
        begin += length;
        length *= rate->growth;
    }
    return anneal(rate->base, rate->floor, (m->epoch - begin) / length);
}

/* Up and down between floor and base in straight lines.
 * Source: Smith, "Cyclical learning rates for training neural networks", WACV 2017. */
static double cyclic(const pb_rate *rate, const moment *m)
{
    const double place = fmod(m->epoch / rate->step_size, 2); /* 0 to 1 up, 1 to 2 down */
    return rate->floor + (rate->base - rate->floor) * (place <= 1 ? place : 2 - place);
}

/* Up to base over the first moves, then down further than it began.
 * Source: Smith and Topin, "Super-convergence", SPIE 11006 (2019). */
static double one_cycle(const pb_rate *rate, const moment *m)
{
    const double first = rate->base / rate->divisor;
    const double top = fmax(rate->rise * m->moves - 1, 0), end = m->moves - 1;
    if (m->move <= top && top > 0) return anneal(first, rate->base, m->move / top);
    const double left = end > top ? (m->move - top) / (end - top) : 0;
    return anneal(rate->base, first / rate->last_divisor, left);
}

static const struct {
    const char *name;
    double (*at)(const pb_rate *rate, const moment *m);
} schedules[] = {
    {"constant", constant},     {"step", step},
    {"multistep", multistep},   {"exponential", exponential},
    {"polynomial", polynomial}, {"cosine", cosine},
    {"restarts", restarts},     {"cyclic", cyclic},
    {"one_cycle", one_cycle},   {"plateau", constant},
};

/* What is left of `base` after drops, one whenever the loss has not been lower for more than
 * `patience` epochs. Losses of the warm-up do not count. */
static double reduced(const pb_rate *rate, const pb_rate_time *time)
{
    double base = rate->base, lowest = INFINITY;
    int bad = 0, cooling = 0;
    for (int e = (int)ceil(rate->warmup); time->losses && e < time->epoch; e++) {
        if (time->losses[e] < lowest * (1 - rate->threshold)) {
            lowest = time->losses[e];
            bad = 0;
        } else {
            bad++;
        }
        if (cooling > 0) {
            cooling--;
            bad = 0;
        }
        if (bad <= rate->patience) continue;
        base = fmax(base * rate->gamma, rate->floor);
        cooling = rate->cooldown;
        bad = 0;
    }
    return base;
}

/* When the schedule is `steps` steps after the warm-up of `warmup` steps. */
static moment moment_at(const pb_rate *rate, const pb_rate_time *time, double steps, double warmup)
{
    const double all = (double)time->epochs * time->steps - warmup;
    moment m = {
        .epoch = steps / time->steps, .epochs = all / time->steps, .move = steps, .moves = all};
    if (rate->by_step) return m;
    m.epoch = m.move = floor(m.epoch);
    m.epochs = m.moves = ceil(m.epochs);
    return m;
}

void pb_rate_epoch(const pb_rate *rate, const pb_rate_time *time, double rates[])
{
    const double warmup = round(rate->warmup * time->steps);
    pb_rate now = *rate;
    size_t schedule = 0;
    while (strcmp(schedules[schedule].name, rate->schedule) != 0) schedule++;
    assert(schedule < sizeof schedules / sizeof *schedules); /* the options allow no other */
    if (strcmp(rate->schedule, "plateau") == 0) now.base = reduced(rate, time);
    for (int i = 0; i < time->steps; i++) {
        const double steps = (double)time->epoch * time->steps + i;
        if (steps < warmup) {
            rates[i] = rate->base * (rate->warmup_from + (1 - rate->warmup_from) * steps / warmup);
            continue;
        }
        const moment m = moment_at(rate, time, steps - warmup, warmup);
        rates[i] = schedules[schedule].at(&now, &m);
    }
}

void pb_average_epoch(const pb_average *average, const pb_rate_time *time, double shares[])
{
    const int since = time->epoch - average->start;
    for (int i = 0; i < time->steps; i++) {
        if (since < 0)
            shares[i] = 1;
        else if (average->by_epoch)
            shares[i] = since == 0 ? 1 : i + 1 == time->steps ? 1.0 / (since + 1) : 0;
        else
            shares[i] = since == 0 && i == 0 ? 1 : 1 - average->decay;
    }
}
