/* Convolutions of any stride and padding as products with columns that are stored (im2col), on
 * devices of many small work-items. Columns, product and what follows it have kernels of their own,
 * for as many samples at a time as there is room for. */
#include "plan/solver_conv.h"
#include "plan/solver_product.h"

#define WORKSPACE_BYTES  134217728.0 /* of columns at a time, at most               */
#define WORKSPACE_SHARE  16.0        /* of the device's memory                      */
#define MOST_CHUNKS      16          /* each has kernels of its own                 */
#define LEAST_TAPS       16          /* of all channels: fewer are no product       */
#define LEAST_OPERATIONS 4e6         /* that are worth launches beside the product's */

/** The parameter "product". */
enum { BY_KERNEL = 1, BY_CLBLAST, BY_CLBLAST_STRIDED };

/** A convolution being written. */
typedef struct im2col {
    pb_build *b;
    pb_program_build *p;
    pb_value value;
    int unit_count; /* written so far */
    pb_conv_geometry conv;
    int outputs;
    int taps, positions; /* rows and columns of a sample's columns */
    int product, tile, work;
} im2col;

/** Samples that are taken together. */
typedef struct chunk {
    int first, samples;
} chunk;

/* Samples whose columns, and partial sums of a weight gradient, have room; 0: not even one. */
static int samples_at_a_time(const pb_build *b, const pb_record *r)
{
    const pb_conv_geometry c = pb_conv_shapes(b, r);
    const double taps = (double)c.w.dim[1] * c.w.dim[2] * c.w.dim[3];
    double floats = taps * c.y.dim[2] * c.y.dim[3];
    if (r->op == PB_OP_CONV_DW) floats += taps * c.w.dim[0];
    const double share = (double)b->info->global_memory_bytes / WORKSPACE_SHARE;
    const double bytes = share < WORKSPACE_BYTES ? share : WORKSPACE_BYTES;
    const double samples = bytes / ((double)sizeof(float) * floats);
    return samples >= c.x.dim[0] ? c.x.dim[0] : (int)samples;
}

bool pb_can_conv_im2col(const pb_build *b, const pb_record *r)
{
    if (b->on_cpu || (r->op != PB_OP_CONV && r->op != PB_OP_CONV_DX && r->op != PB_OP_CONV_DW))
        return false;
    return MOST_CHUNKS * samples_at_a_time(b, r) >= pb_conv_shapes(b, r).x.dim[0];
}

bool pb_suits_conv_im2col(const pb_build *b, const pb_record *r)
{
    const pb_conv_geometry c = pb_conv_shapes(b, r);
    return c.w.dim[1] * c.w.dim[2] * c.w.dim[3] >= LEAST_TAPS &&
           pb_conv_operations(&c) >= LEAST_OPERATIONS;
}

/* The next unit of the convolution; pb_solve made the first. */
static pb_status next_unit(im2col *m, pb_unit **u)
{
    if (m->unit_count++ == 0) {
        *u = &m->p->units[m->p->unit_count - 1];
        return PB_OK;
    }
    PB_TRY(pb_unit_add(m->b, m->p, u));
    (*u)->kind = PB_UNIT_LIBRARY;
    (*u)->value = m->value;
    return PB_OK;
}

/* A place for `count` floats that this program alone needs. */
static pb_status workspace(im2col *m, size_t count, pb_place *place)
{
    *place = (pb_place){0};
    PB_TRY(pb_build_region(m->b, PB_F32, count, &place->region));
    m->b->regions[place->region].program = m->p->index;
    return PB_OK;
}

/* A kernel of one work-item an element. */
static void write_elements(pb_unit *u, const char *kernel, const char *label, const pb_place *from,
                           const pb_place *to, size_t elements, double bytes)
{
    const int regions[3] = {from->region, -1, to->region};
    pb_solver_own(u, kernel, regions, elements, 1, 1, 64);
    pb_solver_regions(u, regions);
    u->solver = "conv_im2col";
    u->label = label;
    u->bytes = bytes;
}

/* x -> columns, or the adjoint, of a chunk's samples. */
static pb_status write_columns(im2col *m, chunk s, const pb_place *x, const pb_place *columns,
                               bool back)
{
    pb_build *b = m->b;
    const pb_conv_geometry *c = &m->conv;
    const size_t sample = (size_t)c->x.dim[1] * (size_t)c->x.dim[2] * (size_t)c->x.dim[3];
    const size_t plane = (size_t)m->taps * (size_t)m->positions, n = (size_t)s.samples;
    pb_unit *u;
    PB_TRY(next_unit(m, &u));
    pb_solver_define(b, "X_OFFSET", (long)x->offset);
    pb_solver_define(b, "FIRST", s.first);
    pb_solver_define(b, "SAMPLES", s.samples);
    pb_solver_define(b, "CHANNELS", c->x.dim[1]);
    pb_solver_define(b, "HEIGHT", c->x.dim[2]);
    pb_solver_define(b, "WIDTH", c->x.dim[3]);
    pb_solver_define(b, "KERNEL_HEIGHT", c->w.dim[2]);
    pb_solver_define(b, "KERNEL_WIDTH", c->w.dim[3]);
    pb_solver_define(b, "OUT_HEIGHT", c->y.dim[2]);
    pb_solver_define(b, "OUT_WIDTH", c->y.dim[3]);
    pb_solver_define(b, "STRIDE_Y", c->window.stride[0]);
    pb_solver_define(b, "STRIDE_X", c->window.stride[1]);
    pb_solver_define(b, "PADDING_Y", c->window.padding[0]);
    pb_solver_define(b, "PADDING_X", c->window.padding[1]);
    const char *name = pb_solver_family(b, "im2col");
    const char *label =
        pb_arena_printf(b->arena, "conv_im2col %s %dx%dx%d", back ? "back" : "columns", s.samples,
                        m->taps, m->positions);
    if (back) name = pb_arena_printf(b->arena, "%s_back", name);
    write_elements(u, name, label, back ? columns : x, back ? x : columns,
                   n * (back ? sample : plane), 4.0 * (double)(n * (sample + plane)));
    return PB_OK;
}

/* `is_result`: it is all that the convolution computes. */
static pb_status write_product(im2col *m, const pb_product *x, bool is_result)
{
    pb_unit *u;
    PB_TRY(next_unit(m, &u));
    u->solver = "conv_im2col";
    if (m->product == BY_KERNEL) {
        PB_TRY(pb_product_write_plain(m->b, u, x, m->tile, m->work));
        if (is_result) PB_TRY(pb_product_take_follower(m->b, u, x, m->tile, m->work));
    } else {
        PB_TRY(pb_product_write_gemm(m->b, m->p, u, x,
                                     m->product == BY_CLBLAST ? PB_GEMM_EACH : PB_GEMM_STRIDED));
    }
    u->solver = "conv_im2col"; /* whichever product it is */
    u->label =
        pb_arena_printf(m->b->arena, "conv_im2col product %dx%dx%dx%d", x->batch, x->m, x->n, x->k);
    u->own.gemm.label = u->label;
    return PB_OK;
}

static pb_status write_sum(im2col *m, const pb_place *parts, int count, const pb_place *sum)
{
    pb_unit *u;
    const int elements = m->outputs * m->taps;
    PB_TRY(next_unit(m, &u));
    pb_solver_define(m->b, "COUNT", count);
    pb_solver_define(m->b, "ELEMENTS", elements);
    pb_solver_define(m->b, "PARTS_OFFSET", (long)parts->offset);
    pb_solver_define(m->b, "SUM_OFFSET", (long)sum->offset);
    write_elements(u, pb_solver_family(m->b, "sum_parts"),
                   pb_arena_printf(m->b->arena, "conv_im2col sum %dx%d", count, elements), parts,
                   sum, (size_t)elements, 4.0 * (count + 1.0) * elements);
    u->flops = (double)count * elements;
    return PB_OK;
}

/* A part of the samples of y, or of its gradient. */
static pb_place outputs_of(const im2col *m, chunk s, pb_place y)
{
    y.offset += (int64_t)s.first * m->outputs * m->positions;
    return y;
}

/* y[n] = w columns[n] */
static pb_status write_forward(im2col *m, chunk s, const pb_place *columns)
{
    const pb_place *place = m->conv.place;
    PB_TRY(write_columns(m, s, &place[0], columns, false));
    return write_product(m,
                         &(pb_product){.m = m->outputs,
                                       .n = m->positions,
                                       .k = m->taps,
                                       .batch = s.samples,
                                       .stride_b = (size_t)m->taps * (size_t)m->positions,
                                       .place = {place[1], *columns, outputs_of(m, s, place[2])}},
                         s.samples == m->conv.x.dim[0]);
}

/* dcolumns[n] = w^T dy[n] */
static pb_status write_dx(im2col *m, chunk s, const pb_place *columns)
{
    const pb_place *place = m->conv.place;
    PB_TRY(write_product(m,
                         &(pb_product){.m = m->taps,
                                       .n = m->positions,
                                       .k = m->outputs,
                                       .batch = s.samples,
                                       .transpose_a = true,
                                       .stride_b = (size_t)m->outputs * (size_t)m->positions,
                                       .place = {place[1], outputs_of(m, s, place[0]), *columns}},
                         false));
    return write_columns(m, s, &place[2], columns, true);
}

/* parts[n] = dy[n] columns[n]^T, and their sum */
static pb_status write_dw(im2col *m, chunk s, const pb_place *columns, const pb_place *sum)
{
    const pb_place *place = m->conv.place;
    pb_place parts;
    PB_TRY(workspace(m, (size_t)s.samples * (size_t)m->outputs * (size_t)m->taps, &parts));
    PB_TRY(write_columns(m, s, &place[0], columns, false));
    PB_TRY(write_product(m,
                         &(pb_product){.m = m->outputs,
                                       .n = m->taps,
                                       .k = m->positions,
                                       .batch = s.samples,
                                       .transpose_b = true,
                                       .stride_a = (size_t)m->outputs * (size_t)m->positions,
                                       .stride_b = (size_t)m->taps * (size_t)m->positions,
                                       .place = {outputs_of(m, s, place[1]), *columns, parts}},
                         false));
    return write_sum(m, &parts, s.samples, sum);
}

/* How products are computed: as chosen, else as one of a graph would be. Our kernel's items have
 * 2 x 2 elements where there are enough; 4 x 4, which Mesa's device does not hold in registers, are
 * left to measuring. */
static void pick_product(im2col *m, pb_unit *u, pb_op op)
{
    pb_build *b = m->b;
    const int rows = op == PB_OP_CONV_DX ? m->taps : m->outputs;
    const int columns = op == PB_OP_CONV_DW ? m->taps : m->positions;
    const int depth = op == PB_OP_CONV ? m->taps : op == PB_OP_CONV_DX ? m->outputs : m->positions;
    const bool plain = pb_product_can_plain(b) && pb_product_suits_plain(rows, columns, depth);
    m->product =
        pb_choice_pick(b, u, "product", plain ? BY_KERNEL : BY_CLBLAST, BY_CLBLAST_STRIDED);
    if (m->product == BY_KERNEL && !pb_product_can_plain(b)) m->product = BY_CLBLAST;
    if (m->product != BY_KERNEL) return;
    m->tile = pb_product_tile(b, rows, columns);
    const bool is_wide = smaller(rows, columns) >= 2 * m->tile;
    m->work = pb_choice_pick(b, u, "work", is_wide ? 2 : 1, pb_product_most_work(b, m->tile));
}

pb_status pb_write_conv_im2col(pb_build *b, pb_program_build *p, pb_unit *u, const pb_record *r)
{
    im2col m = {.b = b, .p = p, .value = u->value, .conv = pb_conv_of(b, p, u)};
    const pb_conv_geometry *c = &m.conv;
    m.outputs = c->w.dim[0];
    m.taps = c->w.dim[1] * c->w.dim[2] * c->w.dim[3];
    m.positions = c->y.dim[2] * c->y.dim[3];
    pick_product(&m, u, r->op);
    const int samples = c->x.dim[0], most = samples_at_a_time(b, r);
    const int each = larger(pb_choice_pick(b, u, "chunk", balanced(samples, most), most),
                            ceil_div(samples, MOST_CHUNKS));
    const int chunks = ceil_div(samples, each);
    pb_place sums = c->place[2]; /* of a weight gradient: each chunk's, then theirs */
    if (r->op == PB_OP_CONV_DW && chunks > 1)
        PB_TRY(workspace(&m, (size_t)chunks * (size_t)m.outputs * (size_t)m.taps, &sums));
    for (int i = 0; i < chunks; ++i) {
        const chunk s = {i * each, smaller(each, samples - i * each)};
        pb_place columns, sum = sums;
        /* one for each chunk, so that no chunk waits for another; they take turns in the arena */
        PB_TRY(workspace(&m, (size_t)s.samples * (size_t)m.taps * (size_t)m.positions, &columns));
        sum.offset += (int64_t)i * m.outputs * m.taps;
        PB_TRY(r->op == PB_OP_CONV      ? write_forward(&m, s, &columns)
               : r->op == PB_OP_CONV_DX ? write_dx(&m, s, &columns)
                                        : write_dw(&m, s, &columns, &sum));
    }
    return chunks > 1 && r->op == PB_OP_CONV_DW ? write_sum(&m, &sums, chunks, &c->place[2])
                                                : PB_OK;
}
