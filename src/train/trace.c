/* Chrome's trace format: "Trace Event Format", complete events ("X") and metadata ("M").
 *
 * The device is process 1, the host process 2, so that a viewer draws a track for each. Times are
 * microseconds since the trace was opened. Events go to the file as they come. */
#include "train/trace.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "train/session.h"

enum {
    DEVICE = 1,
    HOST = 2,
    MOST_LAUNCHES = 500000, /* some 150 MB: what viewers open without complaint */
};

struct pb_trace {
    pb_context *ctx;
    pb_device *device; /* it listens to, NULL: none yet */
    pb_file_writer file;
    double start;
    long launches;
    bool begun;  /* an event stands in the file */
    bool failed; /* one could not be made or written */
};

/* Takes over `event`. */
static void append(pb_trace *t, json_t *event)
{
    fputs(t->begun ? ",\n" : "\n", t->file.stream);
    t->begun = true;
    if (!event || json_dumpf(event, t->file.stream, JSON_COMPACT | JSON_REAL_PRECISION(15)) != 0)
        t->failed = true;
    json_decref(event);
}

static void name_process(pb_trace *t, int process, const char *name)
{
    append(t, json_pack("{s:s, s:s, s:i, s:{s:s}}", "name", "process_name", "ph", "M", "pid",
                        process, "args", "name", name));
    append(t, json_pack("{s:s, s:s, s:i, s:{s:i}}", "name", "process_sort_index", "ph", "M", "pid",
                        process, "args", "sort_index", process));
}

/* Microseconds, to the nanosecond. */
static double microseconds(double seconds)
{
    return round(1e9 * seconds) / 1e3;
}

/* `arguments` may be NULL; it is taken over. */
static void append_span(pb_trace *t, int process, const char *name, double begin, double seconds,
                        json_t *arguments)
{
    append(t, json_pack("{s:s, s:s, s:f, s:f, s:i, s:i, s:o*}", "name", name, "ph", "X", "ts",
                        microseconds(begin - t->start), "dur", microseconds(seconds), "pid",
                        process, "tid", 1, "args", arguments));
}

pb_status pb_trace_open(pb_context *ctx, const char *path, pb_trace **trace)
{
    *trace = NULL;
    pb_trace *t = calloc(1, sizeof *t);
    if (!t) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a trace");
    t->ctx = ctx;
    const pb_status status = pb_file_open(ctx, path, &t->file);
    if (status != PB_OK) {
        free(t);
        return status;
    }
    t->start = pb_seconds();
    fputs("{\"displayTimeUnit\": \"ms\", \"traceEvents\": [", t->file.stream);
    name_process(t, HOST, "host");
    *trace = t;
    return PB_OK;
}

/* Where the shape begins in a label such as "conv_tile 128x16x1x130 o32 k1x3"; its end when it has
 * none. */
static const char *shape_in(const char *label)
{
    const char *at = strchr(label, ' ');
    while (at && !(at[1] >= '0' && at[1] <= '9')) at = strchr(at + 1, ' ');
    return at ? at : label + strlen(label);
}

static void hear_launch(void *user, const pb_launch_time *launch)
{
    pb_trace *t = user;
    if (++t->launches > MOST_LAUNCHES) return;
    const char *shape = shape_in(launch->label);
    json_t *arguments = json_pack(
        "{s:s%, s:s, s:f, s:f, s:o, s:o}", "kernel", launch->label, (size_t)(shape - launch->label),
        "shape", shape + (*shape == ' '), "flops", launch->flops, "bytes", launch->bytes,
        "gflops_per_second", pb_json_real(1e-9 * launch->flops / launch->seconds),
        "gigabytes_per_second", pb_json_real(1e-9 * launch->bytes / launch->seconds));
    append_span(t, DEVICE, launch->label, launch->begin, launch->seconds, arguments);
}

pb_status pb_trace_listen(pb_trace *trace, pb_device *device)
{
    name_process(trace, DEVICE, pb_device_describe(device)->name);
    trace->device = device;
    return pb_device_trace(device, hear_launch, trace);
}

void pb_trace_span(pb_trace *trace, double begin, const char *format, ...)
{
    if (!trace) return;
    char name[128];
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    append_span(trace, HOST, name, begin, pb_seconds() - begin, NULL);
}

static pb_status commit(pb_trace *t)
{
    fputs("\n]}\n", t->file.stream);
    if (t->launches > MOST_LAUNCHES)
        pb_log(t->ctx, PB_LOG_WARN, "%s: holds the first %d of %ld launches", t->file.path,
               MOST_LAUNCHES, t->launches);
    if (t->failed || ferror(t->file.stream))
        return pb_fail(t->ctx, PB_ERR_IO, "%s: the trace cannot be written", t->file.path);
    return pb_file_commit(t->ctx, &t->file);
}

pb_status pb_trace_close(pb_trace **trace, bool keep)
{
    pb_trace *t = *trace;
    if (!t) return PB_OK;
    pb_status status = t->device ? pb_device_trace(t->device, NULL, NULL) : PB_OK;
    if (keep && status == PB_OK) status = commit(t);
    pb_file_abandon(&t->file); /* nothing to do once it is committed */
    free(t);
    *trace = NULL;
    return status;
}
