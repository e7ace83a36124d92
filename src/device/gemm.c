/* Matrix products by CLBlast. */
#include "device/cl_device.h"

#include <clblast_c.h>

typedef struct parameter {
    const char *name;
    size_t value;
} parameter;

/* CLBlast's defaults for a CPU keep tiles in local memory, which there is only a detour through the
 * cache, and send all but the largest products to the kernel for small ones. These do 512 x 512 x
 * 512 on two cores with PoCL at eight times the speed: a tile of 16 x 16 in registers, nothing in
 * local memory. A tile of 16 columns also keeps the parts of the scratch buffer at multiples of the
 * vector, which CLBlast demands and does not see to. */
// clang-format off
static const parameter cpu_tiles[] = {
    {"GEMMK", 0}, {"KREG", 1},  {"KWG", 1},   {"KWI", 1}, {"MDIMA", 1}, {"MDIMC", 1}, {"MWG", 16}, {"NDIMB", 1},
    {"NDIMC", 1}, {"NWG", 16},  {"SA", 0},    {"SB", 0},  {"STRM", 0},  {"STRN", 0},  {"VWM", 16}, {"VWN", 16},
};
// clang-format on
/* Products below 32 x 32 x 32 are left to the kernel for small ones, which is a single launch. */
static const parameter cpu_choice[] = {{"XGEMM_MIN_INDIRECT_SIZE", 32}};

static pb_status override(pb_device *device, const char *kernel, const parameter table[],
                          size_t count)
{
    const char *names[16];
    size_t values[16];
    for (size_t i = 0; i < count; i++) {
        names[i] = table[i].name;
        values[i] = table[i].value;
    }
    const int error =
        CLBlastOverrideParameters(device->id, kernel, CLBlastPrecisionSingle, count, names, values);
    if (error) return pb_cl_fail(device, error, "cannot tune CLBlast for %s", device->info.name);
    return PB_OK;
}

pb_status pb_gemm_tune(pb_device *device)
{
    if (!device->info.is_cpu) return PB_OK;
    PB_TRY(override(device, "Xgemm", cpu_tiles, sizeof cpu_tiles / sizeof cpu_tiles[0]));
    return override(device, "GemmRoutine", cpu_choice, 1);
}

/* ---- preparing ---- */

static pb_status check_operand(pb_device *device, const pb_gemm_spec *spec, const char *name,
                               const pb_buffer *buffer, int rows, int columns, size_t stride,
                               size_t offset)
{
    const char *label = spec->label ? spec->label : "gemm";
    if (!buffer) return pb_fail(device->ctx, PB_ERR_INTERNAL, "%s: %s is no buffer", label, name);
    const size_t needed =
        (offset + (size_t)(spec->batch - 1) * stride + (size_t)rows * (size_t)columns) *
        sizeof(float);
    if (buffer->bytes >= needed) return PB_OK;
    return pb_fail(device->ctx, PB_ERR_INTERNAL, "%s: %s needs %zu bytes and its buffer has %zu",
                   label, name, needed, buffer->bytes);
}

static CLBlastTranspose transpose(bool yes)
{
    return yes ? CLBlastTransposeYes : CLBlastTransposeNo;
}

/* Rows of C = A B are columns of C' = B' A', which lies in memory just the same. CLBlast's fast
 * kernel writes columns: asked for these, it need not transpose the result, and is three times as
 * fast on tall matrices. So below, its A is our B and its m is our n. */

static int scratch_bytes(pb_device *device, const pb_gemm *g, size_t offset_a, size_t offset_b,
                         size_t offset_c, size_t *bytes)
{
    return CLBlastSGemmTempBufferSize(CLBlastLayoutColMajor, transpose(g->transpose_b),
                                      transpose(g->transpose_a), g->n, g->m, g->k, offset_b, g->ldb,
                                      offset_a, g->lda, offset_c, g->n, &device->queue, bytes);
}

/* Whether CLBlast takes its kernel for small products: that one alone needs no scratch where
 * nothing is in place. */
static int takes_small_kernel(pb_device *device, pb_gemm *g)
{
    size_t bytes = 0;
    const int error = scratch_bytes(device, g, 1, 1, 1, &bytes);
    g->small = bytes == 0;
    return error;
}

/* One scratch buffer serves all products, since the queue is in order; it grows to the largest
 * need. */
static int grow_scratch(pb_device *device, const pb_gemm *g)
{
    size_t bytes = 0, in_batch = 0;
    int error = scratch_bytes(device, g, g->offset_a, g->offset_b, g->offset_c, &bytes);
    if (!error && g->batch > 1) error = scratch_bytes(device, g, 1, 1, 1, &in_batch);
    if (in_batch > bytes) bytes = in_batch;
    if (error || bytes <= device->gemm_scratch_bytes) return error;
    cl_int made;
    const cl_mem scratch = clCreateBuffer(device->context, CL_MEM_READ_WRITE, bytes, NULL, &made);
    if (made != CL_SUCCESS) return made;
    /* Work under way keeps the old one alive until it is done. */
    if (device->gemm_scratch) clReleaseMemObject(device->gemm_scratch);
    device->held_bytes += bytes - device->gemm_scratch_bytes;
    device->gemm_scratch = scratch;
    device->gemm_scratch_bytes = bytes;
    return CL_SUCCESS;
}

/* CLBlast copies whatever does not begin where its buffer does, so an operand that may have a
 * buffer of its own gets one. `offset` becomes what is left of it, in elements. */
static int place(const pb_device *device, const pb_buffer *buffer, cl_mem *mem, size_t *offset)
{
    const cl_buffer_region region = {.origin = buffer->root_offset + *offset * sizeof(float),
                                     .size = buffer->bytes - *offset * sizeof(float)};
    if (*offset == 0 || region.origin % device->info.base_address_align_bytes) {
        *mem = buffer->mem;
        return clRetainMemObject(buffer->mem);
    }
    cl_int error;
    *mem = clCreateSubBuffer(buffer->root ? buffer->root->mem : buffer->mem, CL_MEM_READ_WRITE,
                             CL_BUFFER_CREATE_TYPE_REGION, &region, &error);
    if (error != CL_SUCCESS) *mem = NULL;
    *offset = 0;
    return error;
}

static int place_operands(pb_device *device, const pb_gemm_spec *spec, pb_gemm *gemm)
{
    int error = place(device, spec->a, &gemm->a, &gemm->offset_a);
    if (!error) error = place(device, spec->b, &gemm->b, &gemm->offset_b);
    if (!error) error = place(device, spec->c, &gemm->c, &gemm->offset_c);
    return error;
}

pb_status pb_gemm_prepare(pb_device *device, const pb_gemm_spec *spec, pb_gemm *gemm)
{
    const char *label = spec->label ? spec->label : "gemm";
    const int m = spec->m, n = spec->n, k = spec->k;
    if (m < 1 || n < 1 || k < 1 || spec->batch < 1) {
        return pb_fail(device->ctx, PB_ERR_INTERNAL, "%s: a product of %d x %d x %d, batch %d",
                       label, m, n, k, spec->batch);
    }
    if (spec->batch > 1 && spec->stride_c < (size_t)m * (size_t)n) {
        return pb_fail(device->ctx, PB_ERR_INTERNAL, "%s: products of the batch overlap", label);
    }
    PB_TRY(check_operand(device, spec, "A", spec->a, m, k, spec->stride_a, spec->offset_a));
    PB_TRY(check_operand(device, spec, "B", spec->b, k, n, spec->stride_b, spec->offset_b));
    PB_TRY(check_operand(device, spec, "C", spec->c, m, n, spec->stride_c, spec->offset_c));
    *gemm = (pb_gemm){
        .m = (size_t)m,
        .n = (size_t)n,
        .k = (size_t)k,
        .batch = (size_t)spec->batch,
        .lda = (size_t)(spec->transpose_a ? m : k),
        .ldb = (size_t)(spec->transpose_b ? k : n),
        .stride_a = spec->stride_a,
        .stride_b = spec->stride_b,
        .stride_c = spec->stride_c,
        .offset_a = spec->offset_a,
        .offset_b = spec->offset_b,
        .offset_c = spec->offset_c,
        .transpose_a = spec->transpose_a,
        .transpose_b = spec->transpose_b,
    };
    device->gemm_used = true;
    int error = place_operands(device, spec, gemm);
    if (!error) error = takes_small_kernel(device, gemm);
    if (!error) error = grow_scratch(device, gemm);
    if (error) return pb_cl_fail(device, error, "%s: cannot prepare the product", label);
    return PB_OK;
}

void pb_gemm_free(pb_gemm *gemm)
{
    if (gemm->a) clReleaseMemObject(gemm->a);
    if (gemm->b) clReleaseMemObject(gemm->b);
    if (gemm->c) clReleaseMemObject(gemm->c);
    *gemm = (pb_gemm){0};
}

/* ---- running ---- */

static int enqueue_one(pb_device *device, const pb_gemm *g, size_t index, cl_event *event)
{
    return CLBlastSgemmWithTempBuffer(
        CLBlastLayoutColMajor, transpose(g->transpose_b), transpose(g->transpose_a), g->n, g->m,
        g->k, 1, g->b, g->offset_b + index * g->stride_b, g->ldb, g->a,
        g->offset_a + index * g->stride_a, g->lda, 0, g->c, g->offset_c + index * g->stride_c, g->n,
        &device->queue, event, device->gemm_scratch);
}

int pb_gemm_enqueue(pb_device *device, const pb_gemm *g, cl_event *event)
{
    /* Of its two ways to do a batch, CLBlast 1.5 has only the one for small products right: the
     * other leaves out strides and offsets of operands that need no padding, and rounds k otherwise
     * than it pads. */
    if (g->batch > 1 && g->small) {
        return CLBlastSgemmStridedBatched(
            CLBlastLayoutColMajor, transpose(g->transpose_b), transpose(g->transpose_a), g->n, g->m,
            g->k, 1, g->b, g->offset_b, g->ldb, g->stride_b, g->a, g->offset_a, g->lda, g->stride_a,
            0, g->c, g->offset_c, g->n, g->stride_c, g->batch, &device->queue, event);
    }
    int error = CL_SUCCESS;
    for (size_t i = 0; !error && i < g->batch; i++)
        error = enqueue_one(device, g, i, i + 1 == g->batch ? event : NULL);
    return error;
}

void pb_gemm_release(pb_device *device)
{
    if (device->gemm_scratch) clReleaseMemObject(device->gemm_scratch);
    device->gemm_scratch = NULL;
    /* CLBlast keeps programs for the whole process, and with them our context. */
    if (device->gemm_used) CLBlastClearCache();
    device->gemm_used = false;
}
