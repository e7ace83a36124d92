/* Matrix products by CLBlast. */
#include "device/cl_device.h"

#include <clblast_c.h>

#include <stdlib.h>
#include <string.h>

/* ---- parameters ---- */

static const char *const kernels[PB_GEMM_KERNELS] = {"Xgemm", "XgemmDirect", "GemmRoutine"};
enum { PARAMETERS_MAX = 24, NAME_BYTES = 32 };

/* CLBlast's defaults for a CPU keep tiles in local memory, which there is only a detour through the
 * cache, and send all but the largest products to the kernel for small ones. These do 512 x 512 x
 * 512 on two cores with PoCL at eight times the speed: a tile of 16 x 16 in registers, nothing in
 * local memory. A tile of 16 columns also keeps the parts of the scratch buffer at multiples of the
 * vector, which CLBlast demands and does not see to. */
const char pb_gemm_cpu_tiles[] =
    "clblast GEMMK=0 KREG=1 KWG=1 KWI=1 MDIMA=1 MDIMC=1 MWG=16 NDIMB=1 NDIMC=1 NWG=16 SA=0 SB=0 "
    "STRM=0 STRN=0 VWM=16 VWN=16";
/* Products below 32 x 32 x 32 are left to the kernel for small ones, which is a single launch. */
const char pb_gemm_cpu_routine[] = "clblast XGEMM_MIN_INDIRECT_SIZE=32";

/* Reads " NAME=number ..."; the count, -1 when the words are of another form. */
static int read_parameters(const char *words, char names[][NAME_BYTES], size_t values[])
{
    int count = 0;
    for (const char *at = strchr(words, ' '); at; at = strchr(at + 1, ' ')) {
        const char *equals = strchr(at, '=');
        const size_t length = equals ? (size_t)(equals - at - 1) : 0;
        if (length == 0 || length >= NAME_BYTES || count == PARAMETERS_MAX) return -1;
        memcpy(names[count], at + 1, length);
        names[count][length] = '\0';
        char *end;
        values[count++] = strtoul(equals + 1, &end, 10);
        if (end == equals + 1 || (*end != ' ' && *end != '\0')) return -1;
    }
    return count;
}

pb_status pb_gemm_parameters(pb_device *device, const char *kernel, const char *words)
{
    int which = 0;
    while (which < PB_GEMM_KERNELS && strcmp(kernels[which], kernel) != 0) ++which;
    char names[PARAMETERS_MAX][NAME_BYTES];
    const char *list[PARAMETERS_MAX];
    size_t values[PARAMETERS_MAX];
    const int count = read_parameters(words, names, values);
    if (which == PB_GEMM_KERNELS || count < 0)
        return pb_fail(device->ctx, PB_ERR_USAGE, "CLBlast's %s takes no parameters \"%s\"", kernel,
                       words);
    if (device->gemm_words[which] && strcmp(device->gemm_words[which], words) == 0) return PB_OK;
    char *copy = strdup(words);
    if (!copy) return pb_fail(device->ctx, PB_ERR_MEMORY, "out of memory for CLBlast's parameters");
    for (int i = 0; i < count; i++) list[i] = names[i];
    const int error = CLBlastOverrideParameters(device->id, kernel, CLBlastPrecisionSingle,
                                                (size_t)count, list, values);
    if (error) {
        free(copy);
        return pb_cl_fail(device, error, "CLBlast's %s takes no parameters \"%s\"", kernel, words);
    }
    free(device->gemm_words[which]);
    device->gemm_words[which] = copy;
    return PB_OK;
}

pb_status pb_gemm_tune(pb_device *device)
{
    if (!device->info.is_cpu) return PB_OK;
    PB_TRY(pb_gemm_parameters(device, "Xgemm", pb_gemm_cpu_tiles));
    return pb_gemm_parameters(device, "GemmRoutine", pb_gemm_cpu_routine);
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

/* Bytes of scratch of one product, or of the largest of a batch, whose later ones begin anywhere.
 */
static int needed_bytes(pb_device *device, const pb_gemm *g, size_t *bytes)
{
    const bool elsewhere = g->batch > 1;
    *bytes = 0;
    if (g->way != PB_GEMM_EACH || (elsewhere && g->small)) return CL_SUCCESS;
    return scratch_bytes(device, g, elsewhere ? 1 : g->offset_a, elsewhere ? 1 : g->offset_b,
                         elsewhere ? 1 : g->offset_c, bytes);
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

static pb_status check_spec(pb_device *device, const pb_gemm_spec *spec)
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
    return PB_OK;
}

static pb_gemm gemm_of(const pb_gemm_spec *spec)
{
    const int m = spec->m, n = spec->n, k = spec->k;
    return (pb_gemm){
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
        .way = spec->batch > 1 ? spec->way : PB_GEMM_EACH,
    };
}

/* What place() leaves of an offset: buffers begin at multiples of the alignment. */
static size_t offset_left(const pb_device *device, size_t offset)
{
    return offset * sizeof(float) % device->info.base_address_align_bytes ? offset : 0;
}

pb_status pb_gemm_workspace(pb_device *device, const pb_gemm_spec *spec, size_t *bytes)
{
    PB_TRY(check_spec(device, spec));
    pb_gemm g = gemm_of(spec);
    g.offset_a = offset_left(device, g.offset_a);
    g.offset_b = offset_left(device, g.offset_b);
    g.offset_c = offset_left(device, g.offset_c);
    int error = takes_small_kernel(device, &g);
    if (!error) error = needed_bytes(device, &g, bytes);
    if (error) return pb_cl_fail(device, error, "cannot size the scratch memory of a product");
    return PB_OK;
}

static pb_status take_workspace(pb_device *device, const pb_gemm_spec *spec, size_t bytes,
                                pb_gemm *gemm)
{
    if (bytes == 0) return PB_OK;
    const size_t there = spec->workspace ? spec->workspace->bytes : 0;
    if (there < bytes)
        return pb_fail(device->ctx, PB_ERR_INTERNAL, "%s: needs %zu bytes of workspace, not %zu",
                       spec->label ? spec->label : "gemm", bytes, there);
    gemm->workspace = spec->workspace->mem;
    return clRetainMemObject(gemm->workspace) == CL_SUCCESS
               ? PB_OK
               : pb_fail(device->ctx, PB_ERR_INTERNAL, "a product's workspace is no buffer");
}

/* The lists that the batched call reads. */
static pb_status list_batch(pb_device *device, pb_gemm *g)
{
    if (g->way != PB_GEMM_BATCHED) return PB_OK;
    g->offsets = malloc(3 * g->batch * sizeof *g->offsets);
    g->factors = malloc(2 * g->batch * sizeof *g->factors);
    if (!g->offsets || !g->factors)
        return pb_fail(device->ctx, PB_ERR_MEMORY, "out of memory for a batch of products");
    for (size_t i = 0; i < g->batch; i++) {
        g->offsets[i] = g->offset_b + i * g->stride_b;
        g->offsets[g->batch + i] = g->offset_a + i * g->stride_a;
        g->offsets[2 * g->batch + i] = g->offset_c + i * g->stride_c;
        g->factors[i] = 1;
        g->factors[g->batch + i] = 0;
    }
    return PB_OK;
}

pb_status pb_gemm_prepare(pb_device *device, const pb_gemm_spec *spec, pb_gemm *gemm)
{
    const char *label = spec->label ? spec->label : "gemm";
    const int m = spec->m, n = spec->n, k = spec->k;
    PB_TRY(check_spec(device, spec));
    PB_TRY(check_operand(device, spec, "A", spec->a, m, k, spec->stride_a, spec->offset_a));
    PB_TRY(check_operand(device, spec, "B", spec->b, k, n, spec->stride_b, spec->offset_b));
    PB_TRY(check_operand(device, spec, "C", spec->c, m, n, spec->stride_c, spec->offset_c));
    *gemm = gemm_of(spec);
    device->gemm_used = true;
    size_t bytes = 0;
    int error = place_operands(device, spec, gemm);
    if (!error) error = takes_small_kernel(device, gemm);
    if (!error) error = needed_bytes(device, gemm, &bytes);
    if (error) return pb_cl_fail(device, error, "%s: cannot prepare the product", label);
    PB_TRY(take_workspace(device, spec, bytes, gemm));
    return list_batch(device, gemm);
}

void pb_gemm_free(pb_gemm *gemm)
{
    if (gemm->a) clReleaseMemObject(gemm->a);
    if (gemm->b) clReleaseMemObject(gemm->b);
    if (gemm->c) clReleaseMemObject(gemm->c);
    if (gemm->workspace) clReleaseMemObject(gemm->workspace);
    free(gemm->offsets);
    free(gemm->factors);
    *gemm = (pb_gemm){0};
}

/* ---- running ---- */

static int enqueue_one(pb_device *device, const pb_gemm *g, size_t index, cl_event *event)
{
    return CLBlastSgemmWithTempBuffer(
        CLBlastLayoutColMajor, transpose(g->transpose_b), transpose(g->transpose_a), g->n, g->m,
        g->k, 1, g->b, g->offset_b + index * g->stride_b, g->ldb, g->a,
        g->offset_a + index * g->stride_a, g->lda, 0, g->c, g->offset_c + index * g->stride_c, g->n,
        &device->queue, event, g->workspace);
}

int pb_gemm_enqueue(pb_device *device, const pb_gemm *g, cl_event *event)
{
    /* Of its two ways to do a batch, CLBlast 1.5 has only the one for small products right: the
     * other leaves out strides and offsets of operands that need no padding, and rounds k otherwise
     * than it pads. */
    if (g->way == PB_GEMM_STRIDED || (g->way == PB_GEMM_EACH && g->batch > 1 && g->small)) {
        return CLBlastSgemmStridedBatched(
            CLBlastLayoutColMajor, transpose(g->transpose_b), transpose(g->transpose_a), g->n, g->m,
            g->k, 1, g->b, g->offset_b, g->ldb, g->stride_b, g->a, g->offset_a, g->lda, g->stride_a,
            0, g->c, g->offset_c, g->n, g->stride_c, g->batch, &device->queue, event);
    }
    if (g->way == PB_GEMM_BATCHED) {
        return CLBlastSgemmBatched(CLBlastLayoutColMajor, transpose(g->transpose_b),
                                   transpose(g->transpose_a), g->n, g->m, g->k, g->factors, g->b,
                                   g->offsets, g->ldb, g->a, g->offsets + g->batch, g->lda,
                                   g->factors + g->batch, g->c, g->offsets + 2 * g->batch, g->n,
                                   g->batch, &device->queue, event);
    }
    int error = CL_SUCCESS;
    for (size_t i = 0; !error && i < g->batch; i++)
        error = enqueue_one(device, g, i, i + 1 == g->batch ? event : NULL);
    return error;
}

void pb_gemm_release(pb_device *device)
{
    for (int i = 0; i < PB_GEMM_KERNELS; i++) {
        free(device->gemm_words[i]);
        device->gemm_words[i] = NULL;
    }
    /* CLBlast keeps programs for the whole process, and with them our context. */
    if (device->gemm_used) CLBlastClearCache();
    device->gemm_used = false;
}
