/* Time of launches by their events, summed by label. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/cl_device.h"

pb_status pb_profile_find(pb_device *device, const char *label, int *row)
{
    pb_profile *p = &device->profile;
    char cut[sizeof p->rows->label]; /* labels that agree in what is kept of them share a row */
    snprintf(cut, sizeof cut, "%s", label);
    for (*row = 0; *row < p->row_count; (*row)++) {
        if (strcmp(p->rows[*row].label, cut) == 0) return PB_OK;
    }
    if (p->row_count == p->row_capacity) {
        const int capacity = p->row_capacity ? 2 * p->row_capacity : 64;
        pb_profile_row *rows = realloc(p->rows, (size_t)capacity * sizeof *rows);
        if (!rows) return pb_fail(device->ctx, PB_ERR_MEMORY, "out of memory for a profile");
        p->rows = rows;
        p->row_capacity = capacity;
    }
    p->rows[p->row_count] = (pb_profile_row){0};
    memcpy(p->rows[p->row_count].label, cut, sizeof cut);
    p->row_count++;
    return PB_OK;
}

static cl_int nanoseconds(cl_event event, cl_profiling_info what, cl_ulong *time)
{
    return clGetEventProfilingInfo(event, what, sizeof *time, time, NULL);
}

static void release(pb_pending *launch)
{
    if (launch->before) clReleaseEvent(launch->before);
    if (launch->event) clReleaseEvent(launch->event);
    *launch = (pb_pending){0};
}

void pb_profile_add(pb_device *device, const pb_pending *launch, double begin, double seconds)
{
    const pb_profile *p = &device->profile;
    pb_profile_row *row = &p->rows[launch->row];
    if (p->sink) {
        const pb_launch_time time = {row->label, begin, seconds, launch->flops, launch->bytes};
        p->sink(p->user, &time);
    }
    row->calls++;
    row->seconds += seconds;
    row->flops += launch->flops;
    row->bytes += launch->bytes;
}

static pb_status sum_up(pb_device *device, const pb_pending *launch)
{
    cl_ulong begin = 0, end = 0;
    cl_int error = launch->before ? nanoseconds(launch->before, CL_PROFILING_COMMAND_END, &begin)
                                  : nanoseconds(launch->event, CL_PROFILING_COMMAND_START, &begin);
    if (error == CL_SUCCESS) error = nanoseconds(launch->event, CL_PROFILING_COMMAND_END, &end);
    if (error != CL_SUCCESS) {
        return pb_cl_fail(device, error, "cannot time \"%s\"",
                          device->profile.rows[launch->row].label);
    }
    pb_profile_add(device, launch, 1e-9 * (double)begin + device->profile.host_ahead,
                   end > begin ? (double)(end - begin) * 1e-9 : 0);
    return PB_OK;
}

pb_status pb_profile_drain(pb_device *device, int keep)
{
    pb_profile *p = &device->profile;
    const int done = p->pending_count - keep;
    if (done <= 0) return PB_OK;
    /* The queue is in order: when the youngest of them is done, all are. */
    const cl_int error = clWaitForEvents(1, &p->pending[done - 1].event);
    if (error != CL_SUCCESS)
        return pb_cl_fail(device, error, "work on %s failed", device->info.name);
    pb_status status = PB_OK;
    for (int i = 0; i < done; i++) {
        if (status == PB_OK) status = sum_up(device, &p->pending[i]);
        release(&p->pending[i]);
    }
    memmove(p->pending, p->pending + done, (size_t)keep * sizeof p->pending[0]);
    p->pending_count = keep;
    return status;
}

pb_status pb_profile_record(pb_device *device, pb_pending launch)
{
    pb_profile *p = &device->profile;
    if (p->pending_count == PB_PENDING_MAX) {
        const pb_status status = pb_profile_drain(device, PB_PENDING_MAX / 2);
        if (status != PB_OK) {
            release(&launch);
            return status;
        }
    }
    p->pending[p->pending_count++] = launch;
    return PB_OK;
}

/* The host's clock before and after an empty command, and the device's at its end. */
static cl_int read_clocks(pb_device *device, double *before, double *after, double *on_device)
{
    cl_event marker;
    cl_ulong end = 0;
    *before = pb_seconds();
    cl_int error = clEnqueueMarkerWithWaitList(device->queue, 0, NULL, &marker);
    if (error != CL_SUCCESS) return error;
    error = clWaitForEvents(1, &marker);
    *after = pb_seconds();
    if (error == CL_SUCCESS) error = nanoseconds(marker, CL_PROFILING_COMMAND_END, &end);
    clReleaseEvent(marker);
    *on_device = 1e-9 * (double)end;
    return error;
}

#define CLOCK_READINGS 16

/* Sets the device's clock by the host's, which it was read between: of several readings by the one
 * that took least, because a thread that had to wait for a processor spoils the others. */
static pb_status compare_clocks(pb_device *device)
{
    double least = 0;
    for (int i = 0; i < CLOCK_READINGS; i++) {
        double before, after, on_device;
        const cl_int error = read_clocks(device, &before, &after, &on_device);
        if (error != CL_SUCCESS) return pb_cl_fail(device, error, "cannot read the device's clock");
        if (i > 0 && after - before >= least) continue;
        least = after - before;
        device->profile.host_ahead = 0.5 * (before + after) - on_device;
    }
    return PB_OK;
}

pb_status pb_device_trace(pb_device *device, pb_launch_sink *sink, void *user)
{
    const pb_status status = pb_profile_drain(device, 0);
    device->profile.sink = sink;
    device->profile.user = user;
    return status;
}

pb_status pb_profile_switch(pb_device *device, bool on)
{
    pb_profile *p = &device->profile;
    if (on && !p->by_host) PB_TRY(compare_clocks(device));
    p->on = on;
    for (int i = 0; on && i < p->row_count; i++) {
        p->rows[i].calls = 0;
        p->rows[i].seconds = p->rows[i].flops = p->rows[i].bytes = 0;
    }
    return PB_OK;
}

void pb_profile_clear(pb_device *device)
{
    pb_profile *p = &device->profile;
    for (int i = 0; i < p->pending_count; i++) release(&p->pending[i]);
    p->pending_count = 0;
    free(p->rows);
    p->rows = NULL;
    p->row_count = p->row_capacity = 0;
}

static int longest_first(const void *left, const void *right)
{
    const pb_profile_row *a = left, *b = right;
    if (a->seconds != b->seconds) return a->seconds < b->seconds ? 1 : -1;
    return strcmp(a->label, b->label);
}

pb_status pb_device_profile_rows(pb_device *device, pb_profile_row **rows, int *count)
{
    const pb_profile *p = &device->profile;
    *rows = NULL;
    *count = 0;
    PB_TRY(pb_profile_drain(device, 0));
    pb_profile_row *used = malloc(((size_t)p->row_count + 1) * sizeof *used);
    if (!used) return pb_fail(device->ctx, PB_ERR_MEMORY, "out of memory for a profile");
    for (int i = 0; i < p->row_count; i++) {
        if (p->rows[i].calls) used[(*count)++] = p->rows[i];
    }
    qsort(used, (size_t)*count, sizeof *used, longest_first);
    *rows = used;
    return PB_OK;
}
