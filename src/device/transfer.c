/* Transfers beside launches: the host fills a second buffer through a queue of its own while the
 * device still works on the first, and a copy on the device brings it over. */
#include <stdlib.h>

#include "device/cl_device.h"

struct pb_transfer {
    pb_device *device;
    pb_buffer *target, *second;
    size_t offset;    /* of what is refilled, in the target */
    size_t sent;      /* bytes that wait in the second buffer */
    cl_event arrived; /* they are all there; NULL: nothing was sent yet */
    cl_event landed;  /* the second buffer is free again; NULL: it was never used */
};

static void release(cl_event *event)
{
    if (*event) clReleaseEvent(*event);
    *event = NULL;
}

static pb_status make_transfer_queue(pb_device *device)
{
    if (device->transfer_queue) return PB_OK;
    cl_int error;
    device->transfer_queue = clCreateCommandQueue(device->context, device->id, 0, &error);
    if (error == CL_SUCCESS) return PB_OK;
    device->transfer_queue = NULL;
    return pb_cl_fail(device, error, "cannot make a second queue on %s", device->info.name);
}

pb_status pb_transfer_create(pb_device *device, pb_buffer *target, size_t offset, size_t bytes,
                             pb_transfer **transfer)
{
    *transfer = NULL;
    if (offset > target->bytes || bytes > target->bytes - offset)
        return pb_fail(device->ctx, PB_ERR_INTERNAL,
                       "%zu bytes at %zu do not lie in a buffer of %zu", bytes, offset,
                       target->bytes);
    PB_TRY(make_transfer_queue(device));
    pb_transfer *t = calloc(1, sizeof *t);
    if (!t) return pb_fail(device->ctx, PB_ERR_MEMORY, "out of memory while making a transfer");
    t->device = device;
    t->target = target;
    t->offset = offset;
    const pb_status status = pb_buffer_create(device, bytes, &t->second);
    if (status != PB_OK) {
        free(t);
        return status;
    }
    *transfer = t;
    return PB_OK;
}

void pb_transfer_free(pb_transfer **transfer)
{
    pb_transfer *t = transfer ? *transfer : NULL;
    if (!t) return;
    if (t->arrived) clWaitForEvents(1, &t->arrived); /* the caller's memory is his own again */
    release(&t->arrived);
    release(&t->landed);
    pb_buffer_free(&t->second);
    free(t);
    *transfer = NULL;
}

pb_status pb_transfer_send(pb_transfer *t, const void *data, size_t bytes)
{
    pb_device *device = t->device;
    if (bytes == 0 || bytes > t->second->bytes)
        return pb_fail(device->ctx, PB_ERR_INTERNAL, "cannot send %zu bytes into a buffer of %zu",
                       bytes, t->second->bytes);
    release(&t->arrived);
    t->sent = 0;
    cl_int error =
        clEnqueueWriteBuffer(device->transfer_queue, t->second->mem, CL_FALSE, 0, bytes, data,
                             t->landed ? 1 : 0, t->landed ? &t->landed : NULL, &t->arrived);
    if (error == CL_SUCCESS) error = clFlush(device->transfer_queue);
    if (error != CL_SUCCESS)
        return pb_cl_fail(device, error, "cannot copy %s to %s", pb_amount_of(bytes).text,
                          device->info.name);
    t->sent = bytes;
    return PB_OK;
}

pb_status pb_transfer_wait(pb_transfer *t)
{
    const cl_int error = t->arrived ? clWaitForEvents(1, &t->arrived) : CL_SUCCESS;
    if (error == CL_SUCCESS) return PB_OK;
    return pb_cl_fail(t->device, error, "a copy to %s failed", t->device->info.name);
}

pb_status pb_transfer_land(pb_transfer *t)
{
    pb_device *device = t->device;
    if (!t->sent) return PB_OK;
    release(&t->landed);
    cl_int error = clEnqueueCopyBuffer(device->queue, t->second->mem, t->target->mem, 0, t->offset,
                                       t->sent, 1, &t->arrived, &t->landed);
    if (error == CL_SUCCESS) error = clFlush(device->queue);
    if (error != CL_SUCCESS)
        return pb_cl_fail(device, error, "cannot copy %s within %s", pb_amount_of(t->sent).text,
                          device->info.name);
    t->sent = 0;
    return PB_OK;
}
