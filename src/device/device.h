/* What the plan needs of a device: buffers, modules of kernels, prepared launches, profiling. Only this room calls
 * OpenCL and CLBlast. */
#ifndef PB_DEVICE_DEVICE_H
#define PB_DEVICE_DEVICE_H

#include <passband/device.h>

/* Whatever is made on a device is freed before the device is closed. */
pb_context *pb_device_context(const pb_device *device);
/** Whether PoCL implements a device. */
bool pb_device_is_pocl(const pb_device_info *info);
/** Loads the libraries that OpenCL consists of, compilers among them, which takes a tenth of a second. Nobody has to:
 *  pb_device_open does it as well. */
void pb_device_load(void);
/** From now on the device is said to have so many bytes of memory at most, and gives no more; before its first buffer. */
void pb_device_limit(pb_device *device, uint64_t bytes);

/** Splits a device into `count` parts of equally many compute units, each with a queue and, for its sentences, a context
 *  of its own, so that a thread can work with each. Launches of any module of the whole device run on a part, over buffers
 *  that were made on that part. Close the parts before the whole. PB_ERR_DEVICE, and no part, where the
 *  device cannot be split or has fewer compute units. */
pb_status pb_device_split(pb_device *whole, int count, pb_context *const ctxs[], pb_device *parts[]);

/* ---- buffers ---- */
typedef struct pb_buffer pb_buffer;
/** Device memory, not cleared. PB_ERR_DEVICE with both figures when it does not fit. */
pb_status pb_buffer_create(pb_device *device, size_t bytes, pb_buffer **buffer);
/** The same, all zeros. */
pb_status pb_buffer_create_zeroed(pb_device *device, size_t bytes, pb_buffer **buffer);
/** A part of another buffer; offset_bytes must be a multiple of the device's base address alignment. The parent must
 *  outlive it. */
pb_status pb_buffer_view(pb_device *device, pb_buffer *parent, size_t offset_bytes, size_t bytes,
                         pb_buffer **view);
void pb_buffer_free(pb_buffer **buffer);
size_t pb_buffer_bytes(const pb_buffer *buffer);
/** Blocking copies, in order with the launches before them. */
pb_status pb_buffer_write(pb_device *device, pb_buffer *buffer, size_t offset, const void *data, size_t bytes);
pb_status pb_buffer_read(pb_device *device, pb_buffer *buffer, size_t offset, void *data, size_t bytes);
/** A copy on the device, in order with the launches before and after; does not wait. */
pb_status pb_buffer_copy(pb_device *device, pb_buffer *from, size_t from_offset, pb_buffer *to, size_t to_offset,
                         size_t bytes);
pb_status pb_buffer_zero(pb_device *device, pb_buffer *buffer);

/* ---- transfers beside launches ---- */
/** A second buffer, through which the host refills a part of `target` while launches still read it. The target must
 *  outlive it. */
typedef struct pb_transfer pb_transfer;
pb_status pb_transfer_create(pb_device *device, pb_buffer *target, size_t offset, size_t bytes,
                             pb_transfer **transfer);
void pb_transfer_free(pb_transfer **transfer);
/** Starts copying into the second buffer, as soon as what it held has landed. Does not wait: `data` must stay as it is
 *  until pb_transfer_wait. */
pb_status pb_transfer_send(pb_transfer *transfer, const void *data, size_t bytes);
/** Waits until all that was sent has left host memory. */
pb_status pb_transfer_wait(pb_transfer *transfer);
/** Puts what was sent into the target, in order with the launches before and after; does not wait. */
pb_status pb_transfer_land(pb_transfer *transfer);

/* ---- embedded kernel sources ---- */
/** Text of cl/<name>.cl without a #line, or NULL. */
const char *pb_cl_source(const char *name);

/* ---- modules: a built program ---- */
typedef struct pb_module pb_module;
/** Builds source as OpenCL C 1.2 with options (NULL: none), from the binary cache where the device does not cache by itself. A build error gives the
 *  first lines of the log. */
pb_status pb_module_build(pb_device *device, const char *source, const char *options, pb_module **module);
void pb_module_free(pb_module **module);
/** How many programs the device builds side by side; 1: it gains nothing from threads. */
int pb_device_builders(const pb_device *device);
/** Builds several programs in as many threads; all or none. */
pb_status pb_modules_build(pb_device *device, int count, const char *const sources[], const char *options,
                           pb_module *modules[]);

/* ---- launches: a kernel with its arguments bound once, run many times ---- */
typedef struct pb_arg {
    enum { PB_ARG_BUFFER, PB_ARG_I32, PB_ARG_F32, PB_ARG_LOCAL } kind;
    pb_buffer *buffer;
    int32_t i32;
    float f32;
    size_t local_bytes;
} pb_arg;
#define PB_ARG_BUF(b)  ((pb_arg){.kind = PB_ARG_BUFFER, .buffer = (b)})
#define PB_ARG_INT(n)  ((pb_arg){.kind = PB_ARG_I32, .i32 = (n)})
#define PB_ARG_REAL(x) ((pb_arg){.kind = PB_ARG_F32, .f32 = (x)})
#define PB_ARG_SHARED(n) ((pb_arg){.kind = PB_ARG_LOCAL, .local_bytes = (n)})

typedef struct pb_launch pb_launch;
typedef struct pb_launch_spec {
    const char *label; /* what profiles and explain call it, copied                      */
    pb_module *module;
    const char *kernel;
    int arg_count;
    const pb_arg *args;
    size_t global[3];  /* in work-items, padded to whole groups here; 0 counts as 1      */
    size_t local[3];   /* 0: the implementation chooses                                  */
    double flops, bytes; /* of one run, for profiles                                     */
} pb_launch_spec;
/** Prepares a launch: binds the arguments and checks their number, and, as far as the driver tells, their address
 *  space and type. PB_ERR_INTERNAL names the kernel and the argument; PB_ERR_DEVICE when the device does not take such a
 *  work-group. The module may be freed afterwards, the buffers must outlive the launch. */
pb_status pb_launch_create(pb_device *device, const pb_launch_spec *spec, pb_launch **launch);

/** C [batch, m, n] = op(A) op(B), row-major and dense, by CLBlast. batch strides in elements may be 0 for A and B.
 *  A is [m, k], or [k, m] when transposed; B is [k, n], or [n, k]. What C held is not read. CLBlast compiles a
 *  shape's kernels when it first runs. */
typedef enum pb_gemm_way {
    PB_GEMM_EACH,    /* a call for each product of the batch, or one for all where CLBlast's is known to be right */
    PB_GEMM_STRIDED, /* CLBlast's strided-batched call                                                            */
    PB_GEMM_BATCHED, /* CLBlast's batched call                                                                    */
} pb_gemm_way;
typedef struct pb_gemm_spec {
    const char *label;
    pb_gemm_way way;
    int m, n, k, batch;
    bool transpose_a, transpose_b;
    size_t stride_a, stride_b, stride_c;
    size_t offset_a, offset_b, offset_c; /* where they begin in their buffers, in elements; multiples of the device's base
                                            address alignment save CLBlast a copy */
    pb_buffer *a, *b, *c;
    pb_buffer *workspace; /* of at least pb_gemm_workspace bytes; NULL where that is 0 */
} pb_gemm_spec;
/** Bytes that a product needs for copies of its operands; buffers are not looked at. */
pb_status pb_gemm_workspace(pb_device *device, const pb_gemm_spec *spec, size_t *bytes);
/** Gives one of CLBlast's kernels other parameters: "Xgemm", "XgemmDirect", or "GemmRoutine", which holds
 *  XGEMM_MIN_INDIRECT_SIZE. `words` are "clblast NAME=number ...", all that the kernel has. CLBlast keeps them for the
 *  device and the whole process and compiles the kernel again; words that it has already are passed over. */
pb_status pb_gemm_parameters(pb_device *device, const char *kernel, const char *words);
enum { PB_GEMM_KERNELS = 3 }; /* that take parameters */
/** Words that "Xgemm" and "GemmRoutine" have on a CPU where nobody gives them others. */
extern const char pb_gemm_cpu_tiles[], pb_gemm_cpu_routine[];
pb_status pb_launch_gemm(pb_device *device, const pb_gemm_spec *spec, pb_launch **launch);

void pb_launch_free(pb_launch **launch);
/** Puts it into the queue. Waits only when the device is more than some thousand launches behind. */
pb_status pb_launch_run(pb_device *device, pb_launch *launch);
pb_status pb_device_flush(pb_device *device);
pb_status pb_device_finish(pb_device *device);

/* ---- recordings: launches that go into the queue as one command ---- */
typedef struct pb_recording pb_recording;
/** Records launches, in their order; they must outlive it. `*recording` is NULL where that cannot be: the device does not
 *  offer it, or a launch is a matrix product, which CLBlast puts into the queue by itself. */
pb_status pb_recording_create(pb_device *device, int count, pb_launch *const launches[], pb_recording **recording);
void pb_recording_free(pb_recording **recording);
/** As pb_launch_run of its launches, one after the other; that is what it does while they are profiled. */
pb_status pb_recording_run(pb_device *device, pb_recording *recording);
/** Whether recordings are faster on this device. Measured when it is first asked, by launches that do next to nothing, which
 *  waits for the queue and takes some milliseconds. */
bool pb_device_records(pb_device *device);

/* ---- profile ---- */
/** From now on every launch is timed by its events, from zero; off keeps what was summed. A device without a timer is
 *  timed by the host's clock, one launch at a time. Finishes all work before it. */
pb_status pb_device_profile(pb_device *device, bool on);
typedef struct pb_profile_row {
    char label[96];
    long calls;
    double seconds, flops, bytes; /* totals over the calls */
} pb_profile_row;
/** One launch of a profiled device. */
typedef struct pb_launch_time {
    const char *label;
    double begin, seconds; /* begin: on the clock that only goes forward (CLOCK_MONOTONIC) */
    double flops, bytes;
} pb_launch_time;
typedef void pb_launch_sink(void *user, const pb_launch_time *launch);
/** From now on tells `sink` (NULL: nobody) of every launch of a profiled device, in order, once its time is known. The sink
 *  before it has heard of all launches so far. */
pb_status pb_device_trace(pb_device *device, pb_launch_sink *sink, void *user);
/** One row a label, largest time first; `*rows` is freed with free(). */
pb_status pb_device_profile_rows(pb_device *device, pb_profile_row **rows, int *count);

#endif
