/* Parts of a device: some of its compute units each, with a queue of their own. What was made on
 * the whole device serves its parts as well: they share its context, programs and memory. */
#include <stdlib.h>
#include <string.h>

#include "device/cl_device.h"

static pb_status fill(pb_device *part, const pb_device *whole, cl_device_id id, unsigned units)
{
    part->info = whole->info;
    part->info.compute_units = units;
    part->platform = whole->platform;
    part->id = id;
    part->is_part = true;
    part->context = whole->context;
    clRetainContext(part->context);
    part->ends_early = whole->ends_early;
    part->records = PB_RECORDS_NO; /* measured on the whole alone */
    part->quiet = pb_context_create();
    if (!part->quiet) return pb_fail(part->ctx, PB_ERR_MEMORY, "out of memory");
    cl_int error;
    part->queue = clCreateCommandQueue(part->context, part->id, 0, &error);
    if (error == CL_SUCCESS) return PB_OK;
    part->queue = NULL;
    pb_cl_fail(part, error, "cannot make a queue on a part of %s", whole->info.name);
    return PB_ERR_DEVICE;
}

static pb_status open_part(const pb_device *whole, pb_context *ctx, cl_device_id id, unsigned units,
                           uint64_t bytes, pb_device **part)
{
    *part = calloc(1, sizeof **part);
    if (!*part) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory while opening a device");
    (*part)->ctx = ctx;
    const pb_status status = fill(*part, whole, id, units);
    (*part)->info.global_memory_bytes = bytes;
    return status;
}

/* Asked before: Rusticl of Mesa 22 has no function behind clCreateSubDevices. */
static bool can_be_split(const pb_device *whole)
{
    cl_device_partition_property ways[16] = {0};
    cl_uint most = 0;
    size_t bytes = 0;
    if (clGetDeviceInfo(whole->id, CL_DEVICE_PARTITION_MAX_SUB_DEVICES, sizeof most, &most, NULL) !=
            CL_SUCCESS ||
        clGetDeviceInfo(whole->id, CL_DEVICE_PARTITION_PROPERTIES, sizeof ways, ways, &bytes) !=
            CL_SUCCESS)
        return false;
    for (size_t i = 0; most > 0 && i < bytes / sizeof *ways; i++)
        if (ways[i] == CL_DEVICE_PARTITION_EQUALLY) return true;
    return false;
}

/* The sub-devices; `*ids` is freed with free(). */
static pb_status split(pb_device *whole, unsigned units, cl_device_id **ids, cl_uint *count)
{
    const cl_device_partition_property by_units[] = {CL_DEVICE_PARTITION_EQUALLY,
                                                     (cl_device_partition_property)units, 0};
    *ids = NULL;
    if (!can_be_split(whole))
        return pb_fail(whole->ctx, PB_ERR_DEVICE, "%s cannot be split", whole->info.name);
    cl_int error = clCreateSubDevices(whole->id, by_units, 0, NULL, count);
    if (error == CL_SUCCESS && !(*ids = calloc(*count + 1, sizeof **ids)))
        return pb_fail(whole->ctx, PB_ERR_MEMORY, "out of memory while opening a device");
    if (error == CL_SUCCESS) error = clCreateSubDevices(whole->id, by_units, *count, *ids, NULL);
    if (error == CL_SUCCESS) return PB_OK;
    free(*ids);
    *ids = NULL;
    pb_cl_fail(whole, error, "%s cannot be split", whole->info.name);
    return PB_ERR_DEVICE; /* whatever the code says of who is to blame: it cannot */
}

pb_status pb_device_split(pb_device *whole, int count, pb_context *const ctxs[], pb_device *parts[])
{
    const unsigned units = count > 0 ? whole->info.compute_units / (unsigned)count : 0;
    for (int i = 0; i < count; i++) parts[i] = NULL;
    if (units == 0)
        return pb_fail(whole->ctx, PB_ERR_DEVICE, "%s has %u compute units, too few for %d parts",
                       whole->info.name, whole->info.compute_units, count);
    cl_device_id *ids;
    cl_uint given = 0;
    PB_TRY(split(whole, units, &ids, &given));
    pb_status status = given >= (cl_uint)count
                           ? PB_OK
                           : pb_fail(whole->ctx, PB_ERR_DEVICE, "%s gives %u parts instead of %d",
                                     whole->info.name, given, count);
    const uint64_t left = whole->info.global_memory_bytes - whole->held_bytes;
    for (int i = 0; i < count && status == PB_OK; i++) {
        status = open_part(whole, ctxs[i], ids[i], units, left / (unsigned)count, &parts[i]);
        if (parts[i]) ids[i] = NULL; /* the part's now */
        if (status != PB_OK) pb_fail(whole->ctx, status, "%s", pb_error(ctxs[i]));
    }
    if (status != PB_OK)
        for (int i = 0; i < count; i++) pb_device_close(&parts[i]);
    for (cl_uint i = 0; i < given; i++)
        if (ids[i]) clReleaseDevice(ids[i]);
    free(ids);
    return status;
}
