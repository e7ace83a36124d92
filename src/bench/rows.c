/* Rows of a result. */
#include <string.h>

#include "bench/bench.h"

double pb_ceilings_seconds(const pb_ceilings *ceilings, double flops, double bytes)
{
    const double arithmetic = flops / ceilings->flops_per_second;
    const double traffic = bytes / ceilings->bytes_per_second;
    return arithmetic > traffic ? arithmetic : traffic;
}

bool pb_bench_begins(const pb_bench *b, const char *name, int number, int count)
{
    const pb_bench_options *o = b->options;
    if (o->only && !strstr(name, o->only)) return false;
    const pb_bench_progress progress = {pb_device_describe(b->device)->name, name, number, count};
    if (o->progress) o->progress(o->user, &progress);
    return true;
}

json_t *pb_bench_row(const char *name, const char *unit, bool per_second, double scale,
                     const pb_timing *timing)
{
    double value[4] = {timing->median, timing->quartile[0], timing->quartile[1], timing->least};
    if (per_second) { /* the longer half of the times is the slower half of the speeds */
        value[1] = timing->quartile[1];
        value[2] = timing->quartile[0];
    }
    for (int i = 0; i < 4; i++) value[i] = per_second ? scale / value[i] : scale * value[i];
    return json_pack("{s:s, s:s, s:s, s:o, s:[oo], s:o}", "name", name, "unit", unit, "better",
                     per_second ? "higher" : "lower", "value", pb_json_real(value[0]), "spread",
                     pb_json_real(value[1]), pb_json_real(value[2]), "best",
                     pb_json_real(value[3]));
}

void pb_bench_tell_shortened(const pb_bench *b, json_t *row, const pb_timing *timing)
{
    if (!row || timing->count >= b->repetitions) return;
    json_object_set_new(row, "note",
                        json_sprintf("%d of %d blocks were timed within %.3g s", timing->count,
                                     b->repetitions, b->limit_seconds));
}

pb_status pb_bench_add(pb_bench *b, json_t *row)
{
    if (row && json_array_append_new(b->rows, row) == 0) return PB_OK;
    return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for a row of the result");
}

pb_status pb_bench_forgive(pb_bench *b, const char *name, pb_status status)
{
    if (status == PB_OK || status == PB_INTERRUPTED || status == PB_ERR_MEMORY) return status;
    pb_log(b->ctx, PB_LOG_WARN, "%s: %s", name, pb_error(b->ctx));
    return pb_bench_add(b, json_pack("{s:s, s:s}", "name", name, "problem", pb_error(b->ctx)));
}
