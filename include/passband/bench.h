/* Benchmarks: what a device can do at most, how close operations come to it, and what a training step takes. */
#ifndef PASSBAND_BENCH_H
#define PASSBAND_BENCH_H

#include <stdbool.h>

#include <passband/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pb_bench_part {
    PB_BENCH_DEVICE, /* copy bandwidth, float32 FMA peak, launch latency, transfer rates                     */
    PB_BENCH_OPS,    /* a fixed table of products, convolutions, transforms, reductions, elementwise ops     */
    PB_BENCH_TRAIN,  /* training steps of configurations, and where their time goes                          */
} pb_bench_part;

/** What the caller hears before each row is measured. */
typedef struct pb_bench_progress {
    const char *device, *row;
    int number, count; /* of the row, from 1 */
} pb_bench_progress;
typedef void pb_bench_sink(void *user, const pb_bench_progress *progress);

typedef struct pb_bench_options {
    const char *device;     /* selector as in pb_device_open, may be NULL; not looked at with all_devices     */
    bool all_devices;       /* one after another; one that cannot be opened is a warning                      */
    int repetitions;        /* blocks that are timed of each row, at least 1; 0: 9                            */
    double warm_up_seconds; /* each row runs so long before it is timed; negative: 0.2                        */
    double limit_seconds;   /* of a row, for warming up and blocks; rows of ops of which one run would take longer are
                               left out; 0: 1                                                                 */
    const char *only;       /* rows and configurations whose names hold these words, NULL: all                */
    int config_count, override_count; /* of PB_BENCH_TRAIN, at least one configuration                        */
    const char *const *configs;       /* YAML files; a missing mnist or fashion-mnist is made up              */
    const char *const *overrides;     /* key=value                                                            */
    pb_bench_sink *progress;          /* may be NULL                                                          */
    void *user;
    bool tune; /* ops, train: measure each product and convolution first, however long, and plan with what is best */
    const volatile int *stop; /* becomes non-zero to stop: PB_INTERRUPTED; may be NULL                        */
} pb_bench_options;

/** Measures and returns the result as JSON text (free()). A row is timed only after what it computed was compared with a
 *  float64 computation on the host (ops), or after the network learned (train); one that fails carries a sentence
 *  under "problem" instead of figures.
 *
 *  {"passband": version, "results": [{
 *     "part": "device" | "ops" | "train",
 *     "machine": {device, driver, platform, versions, system, date, ...},
 *     "repetitions", "warm_up_seconds",
 *     "ceilings": {"flops_per_second", "bytes_per_second"},   the most that was measured
 *     "rows": [{"name", "unit", "better": "higher" | "lower", "value", "spread": [quartile, quartile],
     "best", ...}]
 *  }]}
 *
 *  `value` is the median of the repetitions. A row that was left out, or had fewer of them, as the limit of time allowed
 *  no more, carries a sentence under "note"; it is no failure. Rows have further fields, which bench/README.md tells of. */
pb_status pb_bench_run(pb_context *ctx, pb_bench_part part, const pb_bench_options *options, char **json);

/** How many rows of a result could not be measured; the sentence of the first one, if any, is recorded. */
int pb_bench_problems(pb_context *ctx, const char *json);

#ifdef __cplusplus
}
#endif
#endif
