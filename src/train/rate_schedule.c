#include "train/rate_schedule.h"

#include <math.h>
#include <string.h>

/* base */
static double constant(const pb_rate *rate, int epoch, int epochs)
{
    (void)epoch, (void)epochs;
    return rate->base;
}

/* base gamma^floor(epoch / step_size) */
static double step(const pb_rate *rate, int epoch, int epochs)
{
    (void)epochs;
    return rate->base * pow(rate->gamma, rate->step_size > 0 ? epoch / rate->step_size : 0);
}

/* floor + (base - floor) (1 + cos(pi epoch / epochs)) / 2 */
static double cosine(const pb_rate *rate, int epoch, int epochs)
{
    const double pi = 3.14159265358979323846;
    return rate->floor + (rate->base - rate->floor) * (1 + cos(pi * epoch / epochs)) / 2;
}

static const struct {
    const char *name;
    double (*at)(const pb_rate *rate, int epoch, int epochs);
} schedules[] = {{"constant", constant}, {"step", step}, {"cosine", cosine}};

double pb_rate_at(const pb_rate *rate, int epoch, int epochs)
{
    for (size_t i = 0; i < sizeof schedules / sizeof *schedules; i++)
        if (strcmp(rate->schedule, schedules[i].name) == 0)
            return schedules[i].at(rate, epoch, epochs);
    return rate->base;
}
