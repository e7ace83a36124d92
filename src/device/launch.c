/* Launches: a kernel with its arguments bound once, or a matrix product, run many times. */
#include <stdlib.h>
#include <string.h>

#include "device/cl_device.h"

/* A fence goes into the queue every so many launches; see pb_launch_run. */
enum { FENCE_EVERY = 512 };

/* ---- checking and binding arguments ---- */

static const char *const kind_names[] = {
    [PB_ARG_BUFFER] = "a buffer",
    [PB_ARG_I32] = "an int",
    [PB_ARG_F32] = "a float",
    [PB_ARG_LOCAL] = "local memory",
};

/* Catches at preparation what clSetKernelArg cannot see: an int given where a float stands has the
 * right size. */
static bool fits(const pb_arg *arg, cl_kernel_arg_address_qualifier address, const char *type)
{
    switch (arg->kind) {
    case PB_ARG_BUFFER:
        return address == CL_KERNEL_ARG_ADDRESS_GLOBAL || address == CL_KERNEL_ARG_ADDRESS_CONSTANT;
    case PB_ARG_LOCAL: return address == CL_KERNEL_ARG_ADDRESS_LOCAL;
    case PB_ARG_I32: return address == CL_KERNEL_ARG_ADDRESS_PRIVATE && strcmp(type, "float") != 0;
    case PB_ARG_F32:
        return address == CL_KERNEL_ARG_ADDRESS_PRIVATE && strcmp(type, "int") != 0 &&
               strcmp(type, "uint") != 0;
    }
    return false;
}

/* A program that came from a binary may not know its arguments; clSetKernelArg then checks the
 * sizes at least. */
static pb_status check_arg(pb_device *device, cl_kernel kernel, const char *name, cl_uint index,
                           const pb_arg *arg)
{
    cl_kernel_arg_address_qualifier address;
    char type[64] = "";
    if (clGetKernelArgInfo(kernel, index, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof address, &address,
                           NULL) != CL_SUCCESS)
        return PB_OK;
    if (clGetKernelArgInfo(kernel, index, CL_KERNEL_ARG_TYPE_NAME, sizeof type, type, NULL) !=
        CL_SUCCESS)
        type[0] = 0;
    if (fits(arg, address, type)) return PB_OK;
    static const struct {
        cl_kernel_arg_address_qualifier address;
        const char *name;
    } spaces[] = {{CL_KERNEL_ARG_ADDRESS_GLOBAL, "global"},
                  {CL_KERNEL_ARG_ADDRESS_CONSTANT, "constant"},
                  {CL_KERNEL_ARG_ADDRESS_LOCAL, "local"},
                  {CL_KERNEL_ARG_ADDRESS_PRIVATE, "private"}};
    const char *space = "unknown";
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
        if (spaces[i].address == address) space = spaces[i].name;
    }
    return pb_fail(device->ctx, PB_ERR_INTERNAL,
                   "kernel %s: argument %u is declared %s %s and was given %s", name, index, space,
                   type, kind_names[arg->kind]);
}

static pb_status bind_arg(pb_device *device, cl_kernel kernel, const char *name, cl_uint index,
                          const pb_arg *arg)
{
    if (arg->kind == PB_ARG_BUFFER && !arg->buffer) {
        return pb_fail(device->ctx, PB_ERR_INTERNAL, "kernel %s: argument %u is no buffer", name,
                       index);
    }
    PB_TRY(check_arg(device, kernel, name, index, arg));
    cl_int error = CL_INVALID_ARG_VALUE;
    switch (arg->kind) {
    case PB_ARG_BUFFER:
        error = clSetKernelArg(kernel, index, sizeof arg->buffer->mem, &arg->buffer->mem);
        break;
    case PB_ARG_I32: error = clSetKernelArg(kernel, index, sizeof arg->i32, &arg->i32); break;
    case PB_ARG_F32: error = clSetKernelArg(kernel, index, sizeof arg->f32, &arg->f32); break;
    case PB_ARG_LOCAL: error = clSetKernelArg(kernel, index, arg->local_bytes, NULL); break;
    }
    if (error == CL_SUCCESS) return PB_OK;
    return pb_cl_fail(device, error, "kernel %s: argument %u was given %s", name, index,
                      kind_names[arg->kind]);
}

static pb_status bind_args(pb_device *device, cl_kernel kernel, const pb_launch_spec *spec)
{
    cl_uint declared = 0;
    const cl_int error =
        clGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, sizeof declared, &declared, NULL);
    if (error != CL_SUCCESS) return pb_cl_fail(device, error, "kernel %s", spec->kernel);
    if (spec->arg_count < 0 || (cl_uint)spec->arg_count != declared) {
        return pb_fail(device->ctx, PB_ERR_INTERNAL,
                       "kernel %s takes %u arguments and was given %d", spec->kernel, declared,
                       spec->arg_count);
    }
    for (cl_uint i = 0; i < declared; i++)
        PB_TRY(bind_arg(device, kernel, spec->kernel, i, &spec->args[i]));
    return PB_OK;
}

/* ---- work size ---- */

/* Every dimension of whole groups: OpenCL 1.2 knows no others. */
static void shape_work(pb_launch *launch, const pb_launch_spec *spec)
{
    launch->has_local = spec->local[0] || spec->local[1] || spec->local[2];
    launch->dims = 1;
    for (cl_uint d = 0; d < 3; d++) {
        const size_t local = spec->local[d] ? spec->local[d] : 1;
        const size_t global = spec->global[d] ? spec->global[d] : 1;
        launch->local[d] = local;
        launch->global[d] = (global + local - 1) / local * local;
        if (launch->global[d] > 1) launch->dims = d + 1;
    }
}

/* Rusticl of Mesa 22 answers with the sub-group size (32 on llvmpipe) and runs groups of 1024 all
 * the same: there, an answer equal to the preferred multiple says nothing. */
static size_t largest_group(const pb_device *device, cl_kernel kernel)
{
    const pb_device_info *info = &device->info;
    size_t most = info->max_work_group_size, multiple = 0;
    clGetKernelWorkGroupInfo(kernel, device->id, CL_KERNEL_WORK_GROUP_SIZE, sizeof most, &most,
                             NULL);
    clGetKernelWorkGroupInfo(kernel, device->id, CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE,
                             sizeof multiple, &multiple, NULL);
    if (most == multiple && strcmp(info->platform, "rusticl") == 0)
        return info->max_work_group_size;
    return most;
}

static pb_status check_work(pb_device *device, const pb_launch *launch, const char *name)
{
    const pb_device_info *info = &device->info;
    const size_t *local = launch->local;
    const size_t most = largest_group(device, launch->kernel);
    bool allowed = local[0] * local[1] * local[2] <= most;
    for (int d = 0; d < 3; d++) allowed &= local[d] <= info->max_work_item_sizes[d];
    if (!allowed) {
        return pb_fail(device->ctx, PB_ERR_DEVICE,
                       "kernel %s wants groups of %zu x %zu x %zu and %s allows %zu work-items, "
                       "%zu x %zu x %zu at most",
                       name, local[0], local[1], local[2], info->name, most,
                       info->max_work_item_sizes[0], info->max_work_item_sizes[1],
                       info->max_work_item_sizes[2]);
    }
    cl_ulong local_bytes = 0;
    clGetKernelWorkGroupInfo(launch->kernel, device->id, CL_KERNEL_LOCAL_MEM_SIZE,
                             sizeof local_bytes, &local_bytes, NULL);
    if (local_bytes > info->local_memory_bytes) {
        return pb_fail(device->ctx, PB_ERR_DEVICE,
                       "kernel %s needs %s of local memory and %s has %s", name,
                       pb_amount_of(local_bytes).text, info->name,
                       pb_amount_of(info->local_memory_bytes).text);
    }
    return PB_OK;
}

/* ---- preparing ---- */

static pb_status prepare(pb_device *device, const pb_launch_spec *spec, pb_launch *launch)
{
    launch->flops = spec->flops;
    launch->bytes = spec->bytes;
    shape_work(launch, spec);
    PB_TRY(pb_profile_find(device, spec->label ? spec->label : spec->kernel, &launch->row));
    cl_int error;
    launch->kernel = clCreateKernel(spec->module->program, spec->kernel, &error);
    if (error != CL_SUCCESS) {
        launch->kernel = NULL;
        return pb_cl_fail(device, error, "cannot take kernel %s from its program", spec->kernel);
    }
    PB_TRY(bind_args(device, launch->kernel, spec));
    return check_work(device, launch, spec->kernel);
}

static pb_status prepare_gemm(pb_device *device, const pb_gemm_spec *spec, pb_launch *launch)
{
    PB_TRY(pb_gemm_prepare(device, spec, &launch->gemm));
    const double m = spec->m, n = spec->n, k = spec->k, batch = spec->batch;
    const double a_count = spec->stride_a ? batch : 1, b_count = spec->stride_b ? batch : 1;
    launch->flops = 2 * m * n * k * batch;
    launch->bytes = sizeof(float) * (m * k * a_count + k * n * b_count + m * n * batch);
    return pb_profile_find(device, spec->label ? spec->label : "gemm", &launch->row);
}

static pb_status create(pb_device *device, const pb_launch_spec *spec, const pb_gemm_spec *gemm,
                        pb_launch **launch)
{
    *launch = NULL;
    pb_launch *l = calloc(1, sizeof *l);
    if (!l) return pb_fail(device->ctx, PB_ERR_MEMORY, "out of memory while preparing a launch");
    const pb_status status = spec ? prepare(device, spec, l) : prepare_gemm(device, gemm, l);
    if (status != PB_OK) {
        pb_launch_free(&l);
        return status;
    }
    *launch = l;
    return PB_OK;
}

pb_status pb_launch_create(pb_device *device, const pb_launch_spec *spec, pb_launch **launch)
{
    return create(device, spec, NULL, launch);
}

pb_status pb_launch_gemm(pb_device *device, const pb_gemm_spec *spec, pb_launch **launch)
{
    return create(device, NULL, spec, launch);
}

void pb_launch_free(pb_launch **launch)
{
    pb_launch *l = launch ? *launch : NULL;
    if (!l) return;
    if (l->kernel) clReleaseKernel(l->kernel);
    pb_gemm_free(&l->gemm);
    free(l);
    *launch = NULL;
}

/* ---- running ---- */

/* Waits until the queue has passed the fence before this one: a host far ahead of its device would
 * otherwise pile up commands without end, and at most 2 FENCE_EVERY are enough to keep any device
 * busy. */
static pb_status pass_fence(pb_device *device)
{
    cl_event fence;
    cl_int error = clEnqueueMarkerWithWaitList(device->queue, 0, NULL, &fence);
    if (error == CL_SUCCESS) error = clFlush(device->queue);
    if (error != CL_SUCCESS) return pb_cl_fail(device, error, "cannot submit work");
    if (device->fence) {
        error = clWaitForEvents(1, &device->fence);
        clReleaseEvent(device->fence);
    }
    device->fence = fence;
    device->launches = 0;
    if (error != CL_SUCCESS)
        return pb_cl_fail(device, error, "work on %s failed", device->info.name);
    return PB_OK;
}

pb_status pb_launch_count(pb_device *device, int launches)
{
    device->launches += launches;
    return device->launches < FENCE_EVERY ? PB_OK : pass_fence(device);
}

static int enqueue(pb_device *device, const pb_launch *l, cl_event *event)
{
    if (!l->kernel) return pb_gemm_enqueue(device, &l->gemm, event);
    return clEnqueueNDRangeKernel(device->queue, l->kernel, l->dims, NULL, l->global,
                                  l->has_local ? l->local : NULL, 0, NULL, event);
}

/* A product is several kernels and CLBlast tells of the last alone: a marker before it shows where
 * it began. */
static int enqueue_timed(pb_device *device, const pb_launch *l, pb_pending *timed)
{
    int error = CL_SUCCESS;
    if (!l->kernel) error = clEnqueueMarkerWithWaitList(device->queue, 0, NULL, &timed->before);
    return error == CL_SUCCESS ? enqueue(device, l, &timed->event) : error;
}

static int run_by_host_clock(pb_device *device, const pb_launch *l, const pb_pending *timed)
{
    int error = pb_queue_finish(device);
    const double begin = pb_seconds();
    if (error == CL_SUCCESS) error = enqueue(device, l, NULL);
    if (error == CL_SUCCESS) error = pb_queue_finish(device);
    if (error == CL_SUCCESS) pb_profile_add(device, timed, begin, pb_seconds() - begin);
    return error;
}

static pb_status run_timed(pb_device *device, pb_launch *l)
{
    pb_pending timed = {.row = l->row, .flops = l->flops, .bytes = l->bytes};
    int error = CL_SUCCESS;
    if (!l->kernel && !l->compiled) {
        /* CLBlast compiles at the first call of a shape, which is no time of the product's. Twice
         * gives the same. */
        error = enqueue(device, l, NULL);
        l->compiled = true;
    }
    if (error == CL_SUCCESS && device->profile.by_host) {
        error = run_by_host_clock(device, l, &timed);
        if (error == CL_SUCCESS) return PB_OK;
    } else if (error == CL_SUCCESS) {
        error = enqueue_timed(device, l, &timed);
        if (error == CL_SUCCESS) return pb_profile_record(device, timed);
    }
    if (timed.before) clReleaseEvent(timed.before);
    return pb_cl_fail(device, error, "cannot launch \"%s\"", device->profile.rows[l->row].label);
}

pb_status pb_launch_run(pb_device *device, pb_launch *launch)
{
    if (device->profile.on) {
        PB_TRY(run_timed(device, launch));
    } else {
        const int error = enqueue(device, launch, NULL);
        if (error != CL_SUCCESS) {
            return pb_cl_fail(device, error, "cannot launch \"%s\"",
                              device->profile.rows[launch->row].label);
        }
    }
    return pb_launch_count(device, 1);
}
