/* Results of benchmarks, as passband/bench.h describes their JSON, sorted by machine. */
#ifndef PB_REPORT_BENCH_RESULT_H
#define PB_REPORT_BENCH_RESULT_H

#include <stdbool.h>

#include "base/json.h"

/** What was measured on one machine; strings and JSON belong to the results. */
typedef struct pb_bench_machine {
    const char *device, *driver, *platform, *system;
    char name[160];         /* tells it apart from the others: its device, and its file where devices are the same */
    const json_t *parts[3]; /* results "device", "ops", "train"; NULL: not measured */
} pb_bench_machine;

typedef struct pb_bench_results {
    json_t **files; /* [file_count] */
    int file_count;
    pb_bench_machine *machines;
    int machine_count;
} pb_bench_results;

extern const char *const pb_bench_part_names[3];

/** Parts of one machine that lie in several files become one machine; the same part twice is two. Clear it whatever
 *  comes of it. PB_ERR_DATA: a file holds no result. */
pb_status pb_bench_results_load(pb_context *ctx, int count, const char *const paths[], pb_bench_results *results);
/** The same of JSON text. */
pb_status pb_bench_results_read(pb_context *ctx, const char *json, pb_bench_results *results);
void pb_bench_results_clear(pb_bench_results *results);

/** A number of a row, or NaN. */
double pb_bench_number(const json_t *row, const char *key);
/** Words of a row, or "". */
const char *pb_bench_words(const json_t *row, const char *key);
/** The row of that name, or NULL; `part` may be NULL. */
const json_t *pb_bench_find(const json_t *part, const char *name);
/** How many times as fast `row` is as `base`: NaN where one has no figure. */
double pb_bench_speed(const json_t *row, const json_t *base);

/** Draws speeds relative to the first machine, a line a row of any machine: bench.png. */
pb_status pb_draw_bench(pb_context *ctx, const pb_bench_results *results, const char *folder);

#endif
