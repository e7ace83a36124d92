/* Opening and closing a device; its queue. */
#include <stdlib.h>

#include "base/arena.h"
#include "device/cl_device.h"

static pb_status fail_no_such(pb_context *ctx, const pb_found *found, int count, const char *wish)
{
    pb_text list = {0};
    for (int i = 0; i < count; i++) {
        pb_text_append(&list, "%s%d \"%s\" (%s)", i ? ", " : "", i, found[i].info.name,
                       found[i].info.platform);
    }
    const pb_status status =
        pb_fail(ctx, PB_ERR_DEVICE,
                "no OpenCL device fits \"%s\"; give a number or a part of a name of: %s", wish,
                list.failed ? "what `passband devices` lists" : list.text);
    pb_text_free(&list);
    return status;
}

static pb_status pick(pb_context *ctx, const char *selector, pb_found *picked)
{
    pb_found *found;
    int count;
    PB_TRY(pb_found_scan(ctx, &found, &count));
    const char *wish = pb_found_wish(selector);
    const int i = pb_found_choose(found, count, wish);
    pb_status status = PB_OK;
    if (!count) {
        status = pb_fail(ctx, PB_ERR_DEVICE,
                         "there is no OpenCL device on this machine; `apt install "
                         "pocl-opencl-icd` makes its CPU one");
    } else if (i < 0) {
        status = fail_no_such(ctx, found, count, wish);
    } else if (found[i].ready) {
        *picked = found[i];
    } else if (found[i].major * 10 + found[i].minor < 12) {
        status = pb_fail(ctx, PB_ERR_DEVICE,
                         "device %s (%s) offers \"%s\" and passband needs OpenCL 1.2 or newer",
                         found[i].info.name, found[i].info.platform, found[i].info.device_version);
    } else {
        status =
            pb_fail(ctx, PB_ERR_DEVICE, "device %s (%s) is switched off or has no OpenCL compiler",
                    found[i].info.name, found[i].info.platform);
    }
    free(found);
    return status;
}

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
    PB_TRY(make_queue(device, false));
    return pb_gemm_tune(device);
}

pb_status pb_device_open(pb_context *ctx, const char *selector, pb_device **device)
{
    *device = NULL;
    pb_found picked = {0};
    PB_TRY(pick(ctx, selector, &picked));
    pb_device *d = calloc(1, sizeof *d);
    if (!d) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory while opening a device");
    d->ctx = ctx;
    d->info = picked.info;
    d->info.picked = true;
    d->platform = picked.platform;
    d->id = picked.id;
    const pb_status status = set_up(d);
    if (status != PB_OK) {
        pb_device_close(&d);
        return status;
    }
    pb_log(ctx, PB_LOG_DEBUG, "device %s on %s, driver %s", d->info.name, d->info.platform,
           d->info.driver_version);
    *device = d;
    return PB_OK;
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
    if (d->queue) clFinish(d->queue);
    drop_fence(d);
    pb_profile_clear(d);
    pb_gemm_release(d);
    if (d->queue) clReleaseCommandQueue(d->queue);
    if (d->context) clReleaseContext(d->context);
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

pb_status pb_device_flush(pb_device *device)
{
    const cl_int error = clFlush(device->queue);
    if (error != CL_SUCCESS) return pb_cl_fail(device, error, "cannot submit work");
    return PB_OK;
}

pb_status pb_device_finish(pb_device *device)
{
    const cl_int error = clFinish(device->queue);
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
    pb_profile_switch(device, on);
    return PB_OK;
}
