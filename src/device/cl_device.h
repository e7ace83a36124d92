/* The inside of a device, for this room only. */
#ifndef PB_DEVICE_CL_DEVICE_H
#define PB_DEVICE_CL_DEVICE_H

/* OpenCL 1.2 is the least a device must offer, so queues are made by its function. */
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>

#include "base/clock.h"
#include "device/device.h"

/* ---- what a machine has ---- */
typedef struct pb_found {
    pb_device_info info;
    cl_platform_id platform;
    cl_device_id id;
    int major, minor; /* OpenCL version of the device                        */
    bool ready;       /* available, has a compiler, speaks OpenCL 1.2        */
} pb_found;

/** Every device of every platform; `*found` is freed with free(). */
pb_status pb_found_scan(pb_context *ctx, pb_found **found, int *count);
/** What the user asked for: the argument, else $PASSBAND_DEVICE, else NULL. */
const char *pb_found_wish(const char *selector);
/** Index of the device to use, -1 when the wish fits none. Takes one that is not ready only if no
 * other fits. */
int pb_found_choose(const pb_found *found, int count, const char *wish);
/** The same, with a sentence where there is nothing to use. */
pb_status pb_found_pick(pb_context *ctx, const pb_found *found, int count, const char *wish,
                        int *index);

/* ---- profile ---- */
enum { PB_PENDING_MAX = 1024 };

/** A launch on its way. It took the time between the end of `before` and the end of `event`, or,
 * where there is no `before`, between start and end of `event`. */
typedef struct pb_pending {
    cl_event before, event;
    int row;
    double flops, bytes;
} pb_pending;

typedef struct pb_profile {
    bool on;
    bool by_host;         /* the device's events tell no time */
    double host_ahead;    /* seconds from the device's clock to the host's */
    pb_launch_sink *sink; /* hears of every launch, may be NULL */
    void *user;
    pb_profile_row *rows; /* one a label ever used, those without calls included */
    int row_count, row_capacity;
    pb_pending pending[PB_PENDING_MAX];
    int pending_count;
} pb_profile;

/** The row of a label, made if need be: at preparation, so that running never allocates. */
pb_status pb_profile_find(pb_device *device, const char *label, int *row);
/** Sums up a launch that began then, by the host's clock, and took so long. */
void pb_profile_add(pb_device *device, const pb_pending *launch, double begin, double seconds);
/** Takes over the events of a launch. */
pb_status pb_profile_record(pb_device *device, pb_pending launch);
/** Waits for all launches on their way but the `keep` youngest and sums them up. */
pb_status pb_profile_drain(pb_device *device, int keep);
/** Starts afresh, or stops and keeps what was summed. */
pb_status pb_profile_switch(pb_device *device, bool on);
void pb_profile_clear(pb_device *device);

/* ---- device ---- */

struct pb_device {
    pb_context *ctx;
    pb_context *quiet; /* takes the sentences of failures that are no failure for the caller */
    pb_device_info info;
    cl_platform_id platform;
    cl_device_id id;
    cl_context context;
    cl_command_queue queue;          /* in order */
    cl_command_queue transfer_queue; /* in order among themselves; NULL: none were needed */
    uint64_t held_bytes;
    int launches;    /* since the last fence             */
    cl_event fence;  /* the fence before, NULL: none yet */
    bool ends_early; /* clFinish does not wait for what was flushed */
    bool is_part;    /* of another device: `id` is a sub-device, and ours to release */
    bool gemm_used;
    char *gemm_words[PB_GEMM_KERNELS]; /* parameters that were set, NULL: none */
    pb_profile profile;
    enum { PB_RECORDS_UNKNOWN, PB_RECORDS_NO, PB_RECORDS_YES } records; /* what was measured */
};

/** clFinish, also where it needs to be asked twice. Returns OpenCL's code. */
int pb_queue_finish(const pb_device *device);

struct pb_buffer {
    pb_device *device;
    cl_mem mem;
    size_t bytes;
    pb_buffer *root; /* what a view is part of, NULL: this is no view */
    size_t root_offset;
};

struct pb_module {
    cl_program program;
};

/* ---- errors ---- */
/** Records "words: what the code means (CL_NAME)" and returns the status that fits the code, of
 * OpenCL or CLBlast. */
pb_status pb_cl_fail(const pb_device *device, int code, const char *format, ...) PB_PRINTF(3, 4);
/** "CL_OUT_OF_RESOURCES"; "unknown code" for one that no table knows. */
const char *pb_cl_error_name(int code);
/** "1.5 GiB" */
typedef struct pb_amount {
    char text[32];
} pb_amount;
pb_amount pb_amount_of(uint64_t bytes);

/* ---- matrix products ---- */
typedef struct pb_gemm {
    size_t m, n, k, batch, lda, ldb, stride_a, stride_b, stride_c;
    size_t offset_a, offset_b, offset_c;
    bool transpose_a, transpose_b;
    bool small; /* CLBlast does it by a single kernel */
    cl_mem a, b, c, workspace;
    pb_gemm_way way;
    size_t *offsets; /* PB_GEMM_BATCHED: of B, A and C for each product */
    float *factors;  /* PB_GEMM_BATCHED: ones, then zeros               */
} pb_gemm;

/** Tells CLBlast what suits the device; once, before its first product. */
pb_status pb_gemm_tune(pb_device *device);
/** Whatever comes of it, pb_gemm_free clears up. */
pb_status pb_gemm_prepare(pb_device *device, const pb_gemm_spec *spec, pb_gemm *gemm);
void pb_gemm_free(pb_gemm *gemm);
/** Returns a code for pb_cl_fail, 0 when all is well. */
int pb_gemm_enqueue(pb_device *device, const pb_gemm *gemm, cl_event *event);
void pb_gemm_release(pb_device *device);

/* ---- launches ---- */
struct pb_launch {
    cl_kernel kernel; /* NULL: a matrix product */
    cl_uint dims;
    size_t global[3], local[3];
    bool has_local;
    pb_gemm gemm;
    bool compiled; /* a matrix product that ran once while being timed */
    int row;
    double flops, bytes;
};

/** So many launches went into the queue: lets the host go no further ahead than it should. */
pb_status pb_launch_count(pb_device *device, int launches);

/* ---- binary cache ---- */
/** Name of the cache file of a program, on the heap; NULL where the cache is not used. `key` is
 * what the file must say of itself. */
char *pb_binary_path(const pb_device *device, const char *source, const char *options,
                     char key[65]);
/** The program built from its cache file, or NULL on any doubt. */
cl_program pb_binary_load(pb_device *device, const char *path, const char key[65],
                          const char *options);
/** Writes a built program into its cache file; not being able to is no failure. */
void pb_binary_save(pb_device *device, const char *path, const char key[65], cl_program program);

#endif
