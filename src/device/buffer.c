/* Device memory. */
#include <stdlib.h>

#include "device/cl_device.h"

static pb_status check_fits(const pb_device *device, size_t bytes)
{
    const pb_device_info *info = &device->info;
    if (bytes > info->max_allocation_bytes) {
        return pb_fail(
            device->ctx, PB_ERR_DEVICE, "a buffer of %s is needed and %s gives at most %s at once",
            pb_amount_of(bytes).text, info->name, pb_amount_of(info->max_allocation_bytes).text);
    }
    if (device->held_bytes + bytes > info->global_memory_bytes) {
        return pb_fail(device->ctx, PB_ERR_DEVICE, "%s of device memory are needed and %s has %s",
                       pb_amount_of(device->held_bytes + bytes).text, info->name,
                       pb_amount_of(info->global_memory_bytes).text);
    }
    return PB_OK;
}

static pb_buffer *allocate(pb_device *device, size_t bytes)
{
    pb_buffer *b = calloc(1, sizeof *b);
    if (!b) {
        pb_fail(device->ctx, PB_ERR_MEMORY, "out of memory while making a buffer");
        return NULL;
    }
    b->device = device;
    b->bytes = bytes;
    return b;
}

pb_status pb_buffer_create(pb_device *device, size_t bytes, pb_buffer **buffer)
{
    *buffer = NULL;
    if (!bytes) return pb_fail(device->ctx, PB_ERR_INTERNAL, "a buffer of no bytes was asked for");
    PB_TRY(check_fits(device, bytes));
    pb_buffer *b = allocate(device, bytes);
    if (!b) return PB_ERR_MEMORY;
    cl_int error;
    b->mem = clCreateBuffer(device->context, CL_MEM_READ_WRITE, bytes, NULL, &error);
    if (error != CL_SUCCESS) {
        free(b);
        return pb_cl_fail(device, error, "cannot make a buffer of %s", pb_amount_of(bytes).text);
    }
    device->held_bytes += bytes;
    *buffer = b;
    return PB_OK;
}

/* A view of a view is one of the root: OpenCL knows no deeper nesting. */
pb_status pb_buffer_view(pb_device *device, pb_buffer *parent, size_t offset_bytes, size_t bytes,
                         pb_buffer **view)
{
    *view = NULL;
    if (!bytes || offset_bytes > parent->bytes || bytes > parent->bytes - offset_bytes) {
        return pb_fail(device->ctx, PB_ERR_INTERNAL,
                       "a view of %zu bytes at %zu does not lie in a buffer of %zu", bytes,
                       offset_bytes, parent->bytes);
    }
    pb_buffer *root = parent->root ? parent->root : parent;
    const cl_buffer_region region = {.origin = parent->root_offset + offset_bytes, .size = bytes};
    const unsigned align = device->info.base_address_align_bytes;
    if (region.origin % align) {
        return pb_fail(device->ctx, PB_ERR_INTERNAL,
                       "a view at byte %zu is not aligned: %s needs multiples of %u", region.origin,
                       device->info.name, align);
    }
    pb_buffer *b = allocate(device, bytes);
    if (!b) return PB_ERR_MEMORY;
    cl_int error;
    b->mem = clCreateSubBuffer(root->mem, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &region,
                               &error);
    if (error != CL_SUCCESS) {
        free(b);
        return pb_cl_fail(device, error, "cannot make a view of %zu bytes at %zu", bytes,
                          region.origin);
    }
    b->root = root;
    b->root_offset = region.origin;
    *view = b;
    return PB_OK;
}

void pb_buffer_free(pb_buffer **buffer)
{
    pb_buffer *b = buffer ? *buffer : NULL;
    if (!b) return;
    if (!b->root) b->device->held_bytes -= b->bytes;
    clReleaseMemObject(b->mem);
    free(b);
    *buffer = NULL;
}

size_t pb_buffer_bytes(const pb_buffer *buffer)
{
    return buffer->bytes;
}

static pb_status check_range(const pb_buffer *b, size_t offset, size_t bytes, const char *verb)
{
    if (offset <= b->bytes && bytes <= b->bytes - offset) return PB_OK;
    return pb_fail(b->device->ctx, PB_ERR_INTERNAL, "cannot %s %zu bytes at %zu of a buffer of %zu",
                   verb, bytes, offset, b->bytes);
}

pb_status pb_buffer_write(pb_device *device, pb_buffer *buffer, size_t offset, const void *data,
                          size_t bytes)
{
    PB_TRY(check_range(buffer, offset, bytes, "write"));
    if (!bytes) return PB_OK;
    const cl_int error = clEnqueueWriteBuffer(device->queue, buffer->mem, CL_TRUE, offset, bytes,
                                              data, 0, NULL, NULL);
    if (error == CL_SUCCESS) return PB_OK;
    return pb_cl_fail(device, error, "cannot copy %s to %s", pb_amount_of(bytes).text,
                      device->info.name);
}

pb_status pb_buffer_read(pb_device *device, pb_buffer *buffer, size_t offset, void *data,
                         size_t bytes)
{
    PB_TRY(check_range(buffer, offset, bytes, "read"));
    if (!bytes) return PB_OK;
    const cl_int error = clEnqueueReadBuffer(device->queue, buffer->mem, CL_TRUE, offset, bytes,
                                             data, 0, NULL, NULL);
    if (error == CL_SUCCESS) return PB_OK;
    return pb_cl_fail(device, error, "cannot copy %s from %s", pb_amount_of(bytes).text,
                      device->info.name);
}

pb_status pb_buffer_copy(pb_device *device, pb_buffer *from, size_t from_offset, pb_buffer *to,
                         size_t to_offset, size_t bytes)
{
    PB_TRY(check_range(from, from_offset, bytes, "copy"));
    PB_TRY(check_range(to, to_offset, bytes, "copy"));
    if (!bytes) return PB_OK;
    const cl_int error = clEnqueueCopyBuffer(device->queue, from->mem, to->mem, from_offset,
                                             to_offset, bytes, 0, NULL, NULL);
    if (error == CL_SUCCESS) return PB_OK;
    return pb_cl_fail(device, error, "cannot copy %s within %s", pb_amount_of(bytes).text,
                      device->info.name);
}

pb_status pb_buffer_zero(pb_device *device, pb_buffer *buffer)
{
    /* Written rather than filled, and as a whole: Oclgrind takes all else for uninitialised. Pages
     * of zeros that are only read take no memory. */
    void *zeros = calloc(buffer->bytes, 1);
    if (!zeros)
        return pb_fail(device->ctx, PB_ERR_MEMORY, "no memory to clear %s on %s",
                       pb_amount_of(buffer->bytes).text, device->info.name);
    const cl_int error = clEnqueueWriteBuffer(device->queue, buffer->mem, CL_TRUE, 0, buffer->bytes,
                                              zeros, 0, NULL, NULL);
    free(zeros);
    if (error == CL_SUCCESS) return PB_OK;
    return pb_cl_fail(device, error, "cannot clear %s on %s", pb_amount_of(buffer->bytes).text,
                      device->info.name);
}
