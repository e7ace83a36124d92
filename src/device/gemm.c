/* Matrix products by CLBlast. */
#include "device/cl_device.h"

#include <clblast_c.h>

/* CLBlast's defaults for a CPU keep tiles in local memory, which there is only a detour through the
 * cache. These give ten times its speed on PoCL: rows of eight columns, vectors of sixteen floats,
 * nothing in local memory. */
static const struct {
    const char *name;
    size_t value;
} cpu_parameters[] = {
    {"GEMMK", 0}, {"KREG", 1},  {"KWG", 1},   {"KWI", 1}, {"MDIMA", 1}, {"MDIMC", 1},
    {"MWG", 32},  {"NDIMB", 1}, {"NDIMC", 1}, {"NWG", 8}, {"SA", 0},    {"SB", 0},
    {"STRM", 0},  {"STRN", 0},  {"VWM", 16},  {"VWN", 8},
};
enum { CPU_PARAMETER_COUNT = sizeof cpu_parameters / sizeof cpu_parameters[0] };

pb_status pb_gemm_tune(pb_device *device)
{
    if (!device->info.is_cpu) return PB_OK;
    const char *names[CPU_PARAMETER_COUNT];
    size_t values[CPU_PARAMETER_COUNT];
    for (int i = 0; i < CPU_PARAMETER_COUNT; i++) {
        names[i] = cpu_parameters[i].name;
        values[i] = cpu_parameters[i].value;
    }
    const int error = CLBlastOverrideParameters(device->id, "Xgemm", CLBlastPrecisionSingle,
                                                CPU_PARAMETER_COUNT, names, values);
    if (error) return pb_cl_fail(device, error, "cannot tune CLBlast for %s", device->info.name);
    return PB_OK;
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

/* One scratch buffer serves all products, since the queue is in order; it grows to the largest
 * need. */
static int grow_scratch(pb_device *device, const pb_gemm *g)
{
    size_t bytes = 0;
    int error = CLBlastSGemmTempBufferSize(CLBlastLayoutRowMajor, transpose(g->transpose_a),
                                           transpose(g->transpose_b), g->m, g->n, g->k, g->offset_a,
                                           g->lda, g->offset_b, g->ldb, g->offset_c, g->n, &device->queue, &bytes);
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
        .a = spec->a->mem,
        .b = spec->b->mem,
        .c = spec->c->mem,
    };
    device->gemm_used = true;
    if (gemm->batch > 1) return PB_OK; /* CLBlast takes no scratch for these */
    const int error = grow_scratch(device, gemm);
    if (error) return pb_cl_fail(device, error, "%s: no scratch memory for the product", label);
    return PB_OK;
}

int pb_gemm_enqueue(pb_device *device, const pb_gemm *g, cl_event *event)
{
    const CLBlastTranspose ta = transpose(g->transpose_a), tb = transpose(g->transpose_b);
    if (g->batch > 1) {
        return CLBlastSgemmStridedBatched(
            CLBlastLayoutRowMajor, ta, tb, g->m, g->n, g->k, 1, g->a, g->offset_a, g->lda, g->stride_a,
            g->b, g->offset_b, g->ldb, g->stride_b, 0, g->c, g->offset_c, g->n, g->stride_c, g->batch, &device->queue, event);
    }
    return CLBlastSgemmWithTempBuffer(CLBlastLayoutRowMajor, ta, tb, g->m, g->n, g->k, 1, g->a,
                                      g->offset_a, g->lda, g->b, g->offset_b, g->ldb, 0, g->c,
                                      g->offset_c, g->n, &device->queue,
                                      event, device->gemm_scratch);
}

void pb_gemm_release(pb_device *device)
{
    if (device->gemm_scratch) clReleaseMemObject(device->gemm_scratch);
    device->gemm_scratch = NULL;
    /* CLBlast keeps programs for the whole process, and with them our context. */
    if (device->gemm_used) CLBlastClearCache();
    device->gemm_used = false;
}
