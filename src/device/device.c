/* Opening and closing a device; its queue. */
#include <stdlib.h>
#include <string.h>

#include "device/cl_device.h"

static pb_status make_queue(pb_device *device, bool profiling)
{
    cl_int error;
    device->queue = clCreateCommandQueue(device->context, device->id,
                                         profiling ? CL_QUEUE_PROFILING_ENABLE : 0, &error);
    if (error != CL_SUCCESS) {
        device->queue = NULL;
        return pb_cl_fail(device, error, "cannot make a queue on %s", device->info.name);
    }
    return PB_OK;
}

static pb_status set_up(pb_device *device)
{
    device->quiet = pb_context_create();
    if (!device->quiet) return pb_fail(device->ctx, PB_ERR_MEMORY, "out of memory");
    const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM,
                                                (cl_context_properties)device->platform, 0};
    cl_int error;
    device->context = clCreateContext(properties, 1, &device->id, NULL, NULL, &error);
    if (error != CL_SUCCESS) {
        device->context = NULL;
        return pb_cl_fail(device, error, "cannot open %s", device->info.name);
    }
    /* Rusticl of Mesa 22 counts the events of a command instead of timing them, and admits it by a
     * timer of no resolution. */
    size_t resolution = 0;
    clGetDeviceInfo(device->id, CL_DEVICE_PROFILING_TIMER_RESOLUTION, sizeof resolution,
                    &resolution, NULL);
    device->profile.by_host = resolution == 0;
    device->ends_early = strcmp(device->info.platform, "rusticl") == 0;
    PB_TRY(make_queue(device, false));
    return pb_gemm_tune(device);
}

static pb_status pick(pb_device *device, const char *selector)
{
    pb_found *found;
    int count, i;
    PB_TRY(pb_found_scan(device->ctx, &found, &count));
    const pb_status status = pb_found_pick(device->ctx, found, count, pb_found_wish(selector), &i);
    if (status == PB_OK) {
        device->info = found[i].info;
        device->info.picked = true;
        device->platform = found[i].platform;
        device->id = found[i].id;
    }
    free(found);
    return status;
}

pb_status pb_device_open(pb_context *ctx, const char *selector, pb_device **device)
{
    *device = NULL;
    pb_device *d = calloc(1, sizeof *d);
    if (!d) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory while opening a device");
    d->ctx = ctx;
    pb_status status = pick(d, selector);
    if (status == PB_OK) status = set_up(d);
    if (status != PB_OK) {
        pb_device_close(&d);
        return status;
    }
    pb_log(ctx, PB_LOG_DEBUG, "device %s on %s, driver %s", d->info.name, d->info.platform,
           d->info.driver_version);
    *device = d;
    return PB_OK;
}

/* Rusticl of Mesa 22 waits in clFinish for the last command that was not flushed yet, and for
 * nothing where all of them were; its queue is in order, so a marker is enough. */
int pb_queue_finish(const pb_device *device)
{
    cl_int error = CL_SUCCESS;
    if (device->ends_early) error = clEnqueueMarkerWithWaitList(device->queue, 0, NULL, NULL);
    return error == CL_SUCCESS ? clFinish(device->queue) : error;
}

static void drop_fence(pb_device *device)
{
    if (device->fence) clReleaseEvent(device->fence);
    device->fence = NULL;
    device->launches = 0;
}

void pb_device_close(pb_device **device)
{
    pb_device *d = device ? *device : NULL;
    if (!d) return;
    if (d->queue) pb_queue_finish(d);
    drop_fence(d);
    pb_profile_clear(d);
    pb_gemm_release(d);
    if (d->transfer_queue) clReleaseCommandQueue(d->transfer_queue);
    if (d->queue) clReleaseCommandQueue(d->queue);
    if (d->context) clReleaseContext(d->context);
    if (d->is_part) clReleaseDevice(d->id);
    pb_context_free(&d->quiet);
    free(d);
    *device = NULL;
}

const pb_device_info *pb_device_describe(const pb_device *device)
{
    return &device->info;
}

pb_context *pb_device_context(const pb_device *device)
{
    return device->ctx;
}

void pb_device_limit(pb_device *device, uint64_t bytes)
{
    pb_device_info *info = &device->info;
    if (bytes < info->global_memory_bytes) info->global_memory_bytes = bytes;
    if (bytes < info->max_allocation_bytes) info->max_allocation_bytes = bytes;
}

pb_status pb_device_flush(pb_device *device)
{
    const cl_int error = clFlush(device->queue);
    if (error != CL_SUCCESS) return pb_cl_fail(device, error, "cannot submit work");
    return PB_OK;
}

pb_status pb_device_finish(pb_device *device)
{
    const cl_int error = pb_queue_finish(device);
    drop_fence(device);
    if (error != CL_SUCCESS) {
        return pb_cl_fail(device, error, "work on %s failed", device->info.name);
    }
    return PB_OK;
}

pb_status pb_device_profile(pb_device *device, bool on)
{
    PB_TRY(pb_device_finish(device));
    PB_TRY(pb_profile_drain(device, 0));
    /* Whether commands are timed is a property that a queue is born with. */
    const cl_command_queue before = device->queue;
    const pb_status status = make_queue(device, on);
    if (status != PB_OK) {
        device->queue = before;
        return status;
    }
    clReleaseCommandQueue(before);
    return pb_profile_switch(device, on);
}
