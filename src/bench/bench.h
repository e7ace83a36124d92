/* What the parts of a benchmark share: how a row is timed, what it is compared with, what it leaves. */
#ifndef PB_BENCH_BENCH_H
#define PB_BENCH_BENCH_H

#include <stddef.h>

#include <passband/bench.h>
#include <passband/wisdom.h>

#include "base/json.h"
#include "device/device.h"

/** What a device does at most, as measured. */
typedef struct pb_ceilings {
    double flops_per_second; /* float32 fused multiply-adds, two operations each   */
    double bytes_per_second; /* read and written by a copy of more than any cache  */
} pb_ceilings;

/** Seconds that work takes at least: its arithmetic or its traffic, whichever takes longer. */
double pb_ceilings_seconds(const pb_ceilings *ceilings, double flops, double bytes);

/** A kernel that does nothing but copy, or nothing but arithmetic; see bench/ceilings.h. */
typedef struct pb_ceiling pb_ceiling;

/** One part on one device. */
typedef struct pb_bench {
    pb_context *ctx;
    const pb_bench_options *options;
    int repetitions;
    double warm_up_seconds;
    double limit_seconds; /* of a row, 0: none */
    const char *selector; /* what chose the device, or NULL */
    pb_device *device;
    pb_ceilings ceilings;          /* the most that was measured                             */
    pb_ceiling *copy, *arithmetic; /* what rows are timed in turn with, NULL before it is known */
    json_t *rows;
} pb_bench;

/* ---- timing ---- */
/** Runs something so many times and waits for it. */
typedef pb_status pb_timed(void *what, int times);

/** Seconds of one run. */
typedef struct pb_timing {
    double median, quartile[2], least;
    int count; /* blocks that were timed */
} pb_timing;

/** Warms up, then times blocks of as many runs as make a block long beside the clock's grain: as many blocks as are
 *  wanted, or at least one before the limit of time is reached. PB_INTERRUPTED when the caller asked to stop. */
pb_status pb_timing_measure(const pb_bench *b, pb_timed *run, void *what, pb_timing *timing);
/** The same, with a block of the copy and one of the multiply-adds after each block; `ceilings` are their medians, of the
 *  same minute, or those of the device where nothing was kept to measure them with. */
pb_status pb_timing_measure_in_turn(const pb_bench *b, pb_timed *run, void *what, pb_timing *timing,
                                    pb_ceilings *ceilings);
/** Sorts `seconds` and sums it up. */
pb_timing pb_timing_of(double seconds[], int count);
/** The shortest of a few runs: to choose among variants. */
pb_status pb_timing_least(const pb_bench *b, pb_timed *run, void *what, double *seconds);

/* ---- tuning ---- */
/** Measures the products and convolutions of a graph that the wisdom does not know, without a limit of time, and keeps
 *  what is found. */
pb_status pb_bench_tune(const pb_bench *b, const pb_graph *g, pb_choices **choices);

/* ---- rows ---- */
/** Whether a row of that name is wanted; tells the caller that it comes next. */
bool pb_bench_begins(const pb_bench *b, const char *name, int number, int count);
/** {"name", "unit", "better", "value", "spread", "best"} of a time, as `scale` / seconds ("higher" is better) or, where
 *  `per_second` is false, as `scale` x seconds. New reference, NULL when memory is out. */
json_t *pb_bench_row(const char *name, const char *unit, bool per_second, double scale, const pb_timing *timing);
/** Tells in a row, which may be NULL, of blocks that there was no time for. */
void pb_bench_tell_shortened(const pb_bench *b, json_t *row, const pb_timing *timing);
/** Adds a row, which is taken over. */
pb_status pb_bench_add(pb_bench *b, json_t *row);
/** Turns a failure into a row with a sentence; being interrupted or out of memory stays one. */
pb_status pb_bench_forgive(pb_bench *b, const char *name, pb_status status);

/* ---- parts, a file each ---- */
/** Measures the ceilings of the device, once, and keeps what it does it with, so that the parts ops and train can measure
 *  them anew beside each row. The part device has them as rows. */
pb_status pb_bench_ceilings(pb_bench *b);
void pb_bench_ceilings_clear(pb_bench *b);
pb_status pb_bench_device(pb_bench *b);
pb_status pb_bench_ops(pb_bench *b);
pb_status pb_bench_train(pb_bench *b);

#endif
