/* Device memory. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/pages.h"
#include "device/cl_device.h"

enum { LARGE_BYTES = 4 << 20 };

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

/* ---- memory of the host as that of the device ---- */

/* Given back when OpenCL has done with it, which may be later than we have. */
typedef struct host_memory {
    void *start;
    size_t bytes;
} host_memory;

static void CL_CALLBACK give_back(cl_mem mem, void *user)
{
    (void)mem;
    host_memory *h = user;
    munmap(h->start, h->bytes);
    free(h);
}

/* PoCL computes in whatever memory of the host it is given. What it takes by itself comes in small
 * pages, each of which costs more when it is first touched than to fill it. */
static bool takes_host_memory(const pb_device *device)
{
    return device->info.is_cpu && pb_device_is_pocl(&device->info);
}

/* A buffer of zeros, or NULL: then the driver has to find the memory. */
static cl_mem create_on_host(pb_device *device, size_t bytes)
{
    if (bytes < LARGE_BYTES || !takes_host_memory(device)) return NULL;
    host_memory *h = malloc(sizeof *h);
    void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!h || start == MAP_FAILED) {
        if (start != MAP_FAILED) munmap(start, bytes);
        free(h);
        return NULL;
    }
    *h = (host_memory){.start = start, .bytes = bytes};
    pb_pages_large(start, bytes);
    cl_int error;
    cl_mem mem = clCreateBuffer(device->context, CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, bytes,
                                start, &error);
    if (error == CL_SUCCESS && clSetMemObjectDestructorCallback(mem, give_back, h) == CL_SUCCESS)
        return mem;
    if (error == CL_SUCCESS) clReleaseMemObject(mem);
    munmap(start, bytes);
    free(h);
    return NULL;
}

/* ---- buffers ---- */

static pb_status create(pb_device *device, size_t bytes, bool zeroed, pb_buffer **buffer)
{
    *buffer = NULL;
    if (!bytes) return pb_fail(device->ctx, PB_ERR_INTERNAL, "a buffer of no bytes was asked for");
    PB_TRY(check_fits(device, bytes));
    pb_buffer *b = allocate(device, bytes);
    if (!b) return PB_ERR_MEMORY;
    cl_int error = CL_SUCCESS;
    b->mem = create_on_host(device, bytes);
    const bool is_zero = b->mem != NULL;
    if (!b->mem) b->mem = clCreateBuffer(device->context, CL_MEM_READ_WRITE, bytes, NULL, &error);
    if (error != CL_SUCCESS) {
        free(b);
        return pb_cl_fail(device, error, "cannot make a buffer of %s", pb_amount_of(bytes).text);
    }
    device->held_bytes += bytes;
    const pb_status status = zeroed && !is_zero ? pb_buffer_zero(device, b) : PB_OK;
    if (status == PB_OK)
        *buffer = b;
    else
        pb_buffer_free(&b);
    return status;
}

pb_status pb_buffer_create(pb_device *device, size_t bytes, pb_buffer **buffer)
{
    return create(device, bytes, false, buffer);
}

pb_status pb_buffer_create_zeroed(pb_device *device, size_t bytes, pb_buffer **buffer)
{
    return create(device, bytes, true, buffer);
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
