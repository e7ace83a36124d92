/* How a row is timed: by the host's clock, over blocks of runs that are submitted at once. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/median.h"
#include "bench/ceilings.h"

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

/* What is timed in turn: a block of each, and again. */
typedef struct turn {
    pb_timed *run;
    void *what;
    int times;       /* runs of a block                          */
    double *seconds; /* [repetitions] of a run, the block's mean */
} turn;

/* The first turn decides how long its blocks are and when there is no more time. */
static pb_status measure(const pb_bench *b, turn turns[], int turn_count, int *count)
{
    turn *row = &turns[0];
    const double start = pb_seconds();
    PB_TRY(find_length(b, row->run, row->what, &row->times, &row->seconds[0]));
    while (pb_seconds() - start < b->warm_up_seconds)
        PB_TRY(run_block(b, row->run, row->what, row->times, &row->seconds[0]));
    bool timed = !has_time(b, start); /* by the one run that there was time for */
    for (*count = 0; *count < b->repetitions && (*count == 0 || has_time(b, start)); ++*count) {
        if (turn_count > 1 && row->times > 1 && !timed) /* the others have emptied the caches */
            PB_TRY(run_block(b, row->run, row->what, 1, &row->seconds[*count]));
        for (int i = timed ? 1 : 0; i < turn_count; i++)
            PB_TRY(run_block(b, turns[i].run, turns[i].what, turns[i].times,
                             &turns[i].seconds[*count]));
        timed = false;
        for (int i = 0; i < turn_count; i++) turns[i].seconds[*count] /= turns[i].times;
    }
    return PB_OK;
}

enum { ROW, COPY, ARITHMETIC, TURNS };

static pb_status measure_turns(const pb_bench *b, turn turns[], int turn_count, pb_timing timings[])
{
    const size_t each = (size_t)b->repetitions;
    double *seconds = calloc(each * (size_t)turn_count, sizeof *seconds);
    if (!seconds) return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for %d times", b->repetitions);
    int count = 0;
    for (int i = 0; i < turn_count; i++) turns[i].seconds = seconds + (size_t)i * each;
    const pb_status status = measure(b, turns, turn_count, &count);
    for (int i = 0; status == PB_OK && i < turn_count; i++)
        timings[i] = pb_timing_of(turns[i].seconds, count);
    free(seconds);
    return status;
}

pb_status pb_timing_measure(const pb_bench *b, pb_timed *run, void *what, pb_timing *timing)
{
    turn row = {.run = run, .what = what};
    return measure_turns(b, &row, 1, timing);
}

pb_status pb_timing_measure_in_turn(const pb_bench *b, pb_timed *run, void *what, pb_timing *timing,
                                    pb_ceilings *ceilings)
{
    pb_timing timings[TURNS];
    turn turns[TURNS] = {[ROW] = {.run = run, .what = what},
                         [COPY] = {.run = pb_ceiling_run, .what = b->copy},
                         [ARITHMETIC] = {.run = pb_ceiling_run, .what = b->arithmetic}};
    const int count = b->copy && b->arithmetic ? TURNS : 1;
    for (int i = COPY; i < count; i++) turns[i].times = ((pb_ceiling *)turns[i].what)->times;
    PB_TRY(measure_turns(b, turns, count, timings));
    *timing = timings[ROW];
    *ceilings = b->ceilings;
    if (count == 1) return PB_OK;
    ceilings->bytes_per_second = b->copy->work / timings[COPY].median;
    ceilings->flops_per_second = b->arithmetic->work / timings[ARITHMETIC].median;
    return PB_OK;
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
