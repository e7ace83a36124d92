/* How a row is timed: by the host's clock, over blocks of runs that are submitted at once. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/median.h"
#include "bench/bench.h"

enum { MOST_RUNS = 1 << 16 };
static const double block_seconds = 0.01; /* long beside one wait for the device */
static const double long_enough = 0.2;    /* to tell variants apart              */

/* Of ascending numbers, between neighbours where the place falls between them. */
static double quantile(const double sorted[], int count, double share)
{
    const double place = share * (count - 1);
    const int below = (int)place;
    if (below + 1 >= count) return sorted[count - 1];
    return sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]);
}

pb_timing pb_timing_of(double seconds[], int count)
{
    pb_numbers_sort(seconds, (size_t)count);
    return (pb_timing){
        .median = quantile(seconds, count, 0.5),
        .quartile = {quantile(seconds, count, 0.25), quantile(seconds, count, 0.75)},
        .least = seconds[0],
        .count = count,
    };
}

static pb_status run_block(const pb_bench *b, pb_timed *run, void *what, int times, double *seconds)
{
    if (b->options->stop && *b->options->stop)
        return pb_fail(b->ctx, PB_INTERRUPTED, "interrupted");
    const double start = pb_seconds();
    PB_TRY(run(what, times));
    *seconds = pb_seconds() - start;
    return PB_OK;
}

/* Before a deadline, or without one. */
static bool has_time(const pb_bench *b, double start)
{
    return b->limit_seconds == 0 || pb_seconds() - start < b->limit_seconds;
}

/* What is compiled or computed once happens in a run that is not counted, unless it alone takes all
 * the time that there is. */
static pb_status find_length(const pb_bench *b, pb_timed *run, void *what, int *times,
                             double *seconds)
{
    *times = 1;
    PB_TRY(run_block(b, run, what, 1, seconds));
    if (b->limit_seconds > 0 && *seconds > b->limit_seconds) return PB_OK;
    for (;; *times *= 2) {
        PB_TRY(run_block(b, run, what, *times, seconds));
        if (*seconds >= block_seconds || *times >= MOST_RUNS) return PB_OK;
    }
}

static pb_status measure(const pb_bench *b, pb_timed *run, void *what, double seconds[], int *count)
{
    int times;
    const double start = pb_seconds();
    PB_TRY(find_length(b, run, what, &times, &seconds[0]));
    while (pb_seconds() - start < b->warm_up_seconds)
        PB_TRY(run_block(b, run, what, times, &seconds[0]));
    seconds[0] /= times;
    for (*count = has_time(b, start) ? 0 : 1; *count < b->repetitions && has_time(b, start);
         ++*count) {
        PB_TRY(run_block(b, run, what, times, &seconds[*count]));
        seconds[*count] /= times;
    }
    return PB_OK;
}

pb_status pb_timing_measure(const pb_bench *b, pb_timed *run, void *what, pb_timing *timing)
{
    double *seconds = calloc((size_t)b->repetitions, sizeof *seconds);
    if (!seconds) return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for %d times", b->repetitions);
    int count = 0;
    const pb_status status = measure(b, run, what, seconds, &count);
    if (status == PB_OK) *timing = pb_timing_of(seconds, count);
    free(seconds);
    return status;
}

pb_status pb_timing_least(const pb_bench *b, pb_timed *run, void *what, double *seconds)
{
    enum { FEW = 4 };
    double each, spent = 0;
    PB_TRY(run_block(b, run, what, 1, seconds));
    for (int i = 0; i < FEW && spent < long_enough; i++) {
        PB_TRY(run_block(b, run, what, 1, &each));
        if (i == 0 || each < *seconds) *seconds = each;
        spent += each;
    }
    return PB_OK;
}
