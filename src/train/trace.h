/* What happened when, in Chrome's trace format: launches on the device, spans of work on the host. */
#ifndef PB_TRAIN_TRACE_H
#define PB_TRAIN_TRACE_H

#include "base/clock.h"
#include "device/device.h"

typedef struct pb_trace pb_trace;

/** Begins the file `path`, which appears whole when the trace is closed. */
pb_status pb_trace_open(pb_context *ctx, const char *path, pb_trace **trace);
/** Listens to the launches of a profiled device, which must outlive the trace. */
pb_status pb_trace_listen(pb_trace *trace, pb_device *device);
/** Adds what the host did from `begin` (pb_seconds) till now, named as printf does. Spans nest. `trace` may be NULL. */
void pb_trace_span(pb_trace *trace, double begin, const char *format, ...) PB_PRINTF(3, 4);
/** Writes the file, or removes it; NULL is no error. PB_ERR_IO when it cannot be written. */
pb_status pb_trace_close(pb_trace **trace, bool keep);

#endif
