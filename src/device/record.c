/* Recordings: launches that go into the queue as one command (cl_khr_command_buffer), which may
 * spare the host and the driver work. Whether it does is measured. */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include <CL/cl_ext.h>

#include "device/cl_device.h"

/* The extension's functions, which no loader exports. Those used here have kept their parameters
 * from version 0.9.0 to 1.0.0. */
typedef struct functions {
    clCreateCommandBufferKHR_fn create;
    clCommandNDRangeKernelKHR_fn add;
    clFinalizeCommandBufferKHR_fn finalize;
    clEnqueueCommandBufferKHR_fn enqueue;
    clReleaseCommandBufferKHR_fn release;
} functions;

struct pb_recording {
    functions cl;
    cl_command_queue queue; /* what it was recorded for, retained; NULL: not recorded yet */
    cl_command_buffer_khr buffer;
    int count;
    pb_launch **launches; /* the caller's, in an array of ours */
};

/* ---- what the device can ---- */

static bool find_functions(const pb_device *device, functions *cl)
{
    const struct {
        void *place;
        const char *name;
    } wanted[] = {
        {&cl->create, "clCreateCommandBufferKHR"},     {&cl->add, "clCommandNDRangeKernelKHR"},
        {&cl->finalize, "clFinalizeCommandBufferKHR"}, {&cl->enqueue, "clEnqueueCommandBufferKHR"},
        {&cl->release, "clReleaseCommandBufferKHR"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        void *found = clGetExtensionFunctionAddressForPlatform(device->platform, wanted[i].name);
        if (!found) return false;
        memcpy(wanted[i].place, &found, sizeof found); /* ISO C has no cast for it */
    }
    return true;
}

/* A recording goes into the queue again before it has run, and our queue has no properties. */
static bool can_record(const pb_device *device)
{
    cl_device_command_buffer_capabilities_khr can = 0;
    cl_command_queue_properties required = 0;
    return device->info.has_command_buffer &&
           clGetDeviceInfo(device->id, CL_DEVICE_COMMAND_BUFFER_CAPABILITIES_KHR, sizeof can, &can,
                           NULL) == CL_SUCCESS &&
           (can & CL_COMMAND_BUFFER_CAPABILITY_SIMULTANEOUS_USE_KHR) != 0 &&
           clGetDeviceInfo(device->id, CL_DEVICE_COMMAND_BUFFER_REQUIRED_QUEUE_PROPERTIES_KHR,
                           sizeof required, &required, NULL) == CL_SUCCESS &&
           required == 0;
}

/* ---- recording ---- */

static void drop_buffer(pb_recording *r)
{
    if (r->buffer) r->cl.release(r->buffer);
    if (r->queue) clReleaseCommandQueue(r->queue);
    r->buffer = NULL;
    r->queue = NULL;
}

/* The queue is in order, and so is what is recorded for it. */
static cl_int record_all(pb_recording *r)
{
    for (int i = 0; i < r->count; i++) {
        const pb_launch *l = r->launches[i];
        const cl_int error = r->cl.add(r->buffer, NULL, NULL, l->kernel, l->dims, NULL, l->global,
                                       l->has_local ? l->local : NULL, 0, NULL, NULL, NULL);
        if (error != CL_SUCCESS) return error;
    }
    return r->cl.finalize(r->buffer);
}

static pb_status record(pb_device *device, pb_recording *r)
{
    const cl_command_buffer_properties_khr properties[] = {
        CL_COMMAND_BUFFER_FLAGS_KHR, CL_COMMAND_BUFFER_SIMULTANEOUS_USE_KHR, 0};
    cl_int error;
    drop_buffer(r);
    r->buffer = r->cl.create(1, &device->queue, properties, &error);
    if (error != CL_SUCCESS) r->buffer = NULL;
    if (error == CL_SUCCESS) error = record_all(r);
    if (error != CL_SUCCESS) {
        drop_buffer(r);
        return pb_cl_fail(device, error, "cannot record %d launches", r->count);
    }
    r->queue = device->queue;
    clRetainCommandQueue(r->queue);
    return PB_OK;
}

pb_status pb_recording_create(pb_device *device, int count, pb_launch *const launches[],
                              pb_recording **recording)
{
    functions cl;
    *recording = NULL;
    if (!can_record(device) || !find_functions(device, &cl)) return PB_OK;
    for (int i = 0; i < count; i++)
        if (!launches[i]->kernel) return PB_OK;
    pb_recording *r = calloc(1, sizeof *r);
    if (r) r->launches = calloc((size_t)count + 1, sizeof(pb_launch *));
    if (!r || !r->launches) {
        free(r);
        return pb_fail(device->ctx, PB_ERR_MEMORY, "out of memory while recording launches");
    }
    r->cl = cl;
    r->count = count;
    for (int i = 0; i < count; i++) r->launches[i] = launches[i];
    *recording = r;
    return PB_OK;
}

void pb_recording_free(pb_recording **recording)
{
    pb_recording *r = recording ? *recording : NULL;
    if (!r) return;
    drop_buffer(r);
    free(r->launches);
    free(r);
    *recording = NULL;
}

pb_status pb_recording_run(pb_device *device, pb_recording *r)
{
    if (device->profile.on) { /* which asks for the time of each launch */
        for (int i = 0; i < r->count; i++) PB_TRY(pb_launch_run(device, r->launches[i]));
        return PB_OK;
    }
    if (r->queue != device->queue) PB_TRY(record(device, r)); /* first, or after a profile */
    const cl_int error = r->cl.enqueue(0, NULL, r->buffer, 0, NULL, NULL);
    if (error != CL_SUCCESS)
        return pb_cl_fail(device, error, "cannot launch a recording of %d launches", r->count);
    return pb_launch_count(device, r->count);
}

/* ---- whether it wins ---- */

enum { KINDS = 2, STEP = 8, STEPS = 16, ROUNDS = 7 };
#define GAIN 0.9 /* of the time one by one: less is noise */

/* What two kinds of them leave behind depends on their order. */
static const char nothing[] = "kernel void k_record_next(global uint *x, int add)\n"
                              "{\n"
                              "    if (get_global_id(0) == 0) x[0] = x[0] * 1664525u + add;\n"
                              "}\n";

typedef struct trial {
    pb_buffer *x;
    pb_launch *kinds[KINDS], *step[STEP];
    pb_recording *recording;
} trial;

static pb_status open_trial(pb_device *device, trial *t)
{
    pb_module *module;
    PB_TRY(pb_buffer_create(device, 64, &t->x));
    PB_TRY(pb_module_build(device, nothing, NULL, &module));
    pb_status status = PB_OK;
    for (int i = 0; i < KINDS && status == PB_OK; i++) {
        const pb_arg args[] = {PB_ARG_BUF(t->x), PB_ARG_INT(i + 1)};
        const pb_launch_spec spec = {.module = module,
                                     .kernel = "k_record_next",
                                     .arg_count = 2,
                                     .args = args,
                                     .global = {1},
                                     .local = {1}};
        status = pb_launch_create(device, &spec, &t->kinds[i]);
    }
    pb_module_free(&module);
    PB_TRY(status);
    for (int i = 0; i < STEP; i++) t->step[i] = t->kinds[i % KINDS];
    return pb_recording_create(device, STEP, t->step, &t->recording);
}

static void close_trial(trial *t)
{
    pb_recording_free(&t->recording);
    for (int i = 0; i < KINDS; i++) pb_launch_free(&t->kinds[i]);
    pb_buffer_free(&t->x);
}

static pb_status run_round(pb_device *device, trial *t, bool recorded, double *least, uint32_t *x)
{
    PB_TRY(pb_buffer_zero(device, t->x));
    PB_TRY(pb_device_finish(device));
    const double start = pb_seconds();
    for (int s = 0; s < STEPS; s++) {
        if (recorded) PB_TRY(pb_recording_run(device, t->recording));
        for (int i = 0; !recorded && i < STEP; i++) PB_TRY(pb_launch_run(device, t->step[i]));
    }
    PB_TRY(pb_device_finish(device));
    const double seconds = pb_seconds() - start;
    if (seconds < *least) *least = seconds;
    return pb_buffer_read(device, t->x, 0, x, sizeof *x);
}

static pb_status compare(pb_device *device, trial *t, bool *wins)
{
    double direct = DBL_MAX, recorded = DBL_MAX;
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t a, b;
        PB_TRY(run_round(device, t, false, &direct, &a));
        PB_TRY(run_round(device, t, true, &recorded, &b));
        if (a != b) {
            return pb_fail(device->ctx, PB_ERR_DEVICE,
                           "recorded launches give %u on %s, where launches one by one give %u", b,
                           device->info.name, a);
        }
    }
    *wins = recorded < GAIN * direct;
    pb_log(device->ctx, PB_LOG_DEBUG, "a launch of %s takes %.1f us, a recorded one %.1f us",
           device->info.name, 1e6 * direct / (STEP * STEPS), 1e6 * recorded / (STEP * STEPS));
    return PB_OK;
}

bool pb_device_records(pb_device *device)
{
    if (device->records != PB_RECORDS_UNKNOWN || device->profile.on)
        return device->records == PB_RECORDS_YES;
    bool wins = false;
    trial t = {0};
    if (can_record(device)) {
        pb_status status = open_trial(device, &t);
        if (status == PB_OK && t.recording) status = compare(device, &t, &wins);
        if (status != PB_OK)
            pb_log(device->ctx, PB_LOG_DEBUG, "launches are not recorded: %s",
                   pb_error(device->ctx));
    }
    close_trial(&t);
    device->records = wins ? PB_RECORDS_YES : PB_RECORDS_NO;
    return wins;
}
