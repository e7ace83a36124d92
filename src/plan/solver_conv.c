/* Convolutions and their gradients. */
#include "plan/solver_conv.h"

pb_conv_geometry pb_conv_shapes(const pb_build *b, const pb_record *r)
{
    const pb_shape in0 = pb_build_record(b, r->in[0])->shape,
                   in1 = pb_build_record(b, r->in[1])->shape;
    pb_conv_geometry c = {.window = r->attrs.window};
    c.x = r->op == PB_OP_CONV_DX ? r->shape : in0;
    c.w = r->op == PB_OP_CONV_DW ? r->shape : in1;
    c.y = r->op == PB_OP_CONV ? r->shape : r->op == PB_OP_CONV_DX ? in0 : in1;
    return c;
}

double pb_conv_operations(const pb_conv_geometry *c)
{
    return 2.0 * (double)pb_shape_count(c->y) * c->w.dim[1] * c->w.dim[2] * c->w.dim[3];
}

pb_conv_geometry pb_conv_of(const pb_build *b, const pb_program_build *p, const pb_unit *u)
{
    const pb_record *r = pb_build_record(b, u->value);
    pb_conv_geometry c = pb_conv_shapes(b, r);
    for (int i = 0; i < 2; ++i) c.place[i] = pb_build_place(b, p, r->in[i]);
    c.place[2] = p->place[u->value];
    return c;
}

void pb_conv_describe(pb_build *b, pb_unit *u, const pb_conv_geometry *c, const char *solver)
{
    const pb_op op = pb_build_record(b, u->value)->op;
    const char *what = op == PB_OP_CONV ? "" : op == PB_OP_CONV_DX ? " dx" : " dw";
    u->solver = solver;
    u->label = pb_arena_printf(b->arena, "%s%s %dx%dx%dx%d o%d k%dx%d", solver, what, c->x.dim[0],
                               c->x.dim[1], c->x.dim[2], c->x.dim[3], c->w.dim[0], c->w.dim[2],
                               c->w.dim[3]);
    pb_conv_geometry unpadded = *c; /* what dy was padded with counts for nothing */
    const pb_record *r = pb_build_record(b, u->value), *dy = pb_build_record(b, r->in[0]);
    if (op == PB_OP_CONV_DX && dy->op == PB_OP_PAD)
        unpadded.y = pb_build_record(b, dy->in[0])->shape;
    u->flops = pb_conv_operations(&unpadded);
    u->bytes = 4.0 * (double)(pb_shape_count(c->x) + pb_shape_count(c->w) + pb_shape_count(c->y));
}

static bool is_conv(const pb_build *b, const pb_record *r)
{
    (void)b;
    return r->op == PB_OP_CONV || r->op == PB_OP_CONV_DX || r->op == PB_OP_CONV_DW;
}

static bool is_valid_unit_stride(const pb_build *b, const pb_record *r)
{
    const pb_window *w = &r->attrs.window;
    if (!b->on_cpu || w->stride[0] != 1 || w->stride[1] != 1) return false;
    if (r->op == PB_OP_CONV_DX)
        return w->padding[0] == w->kernel[0] - 1 && w->padding[1] == w->kernel[1] - 1;
    return w->padding[0] == 0 && w->padding[1] == 0;
}

/* Positions of a line of `rows` output rows, as conv_tile counts them. */
static int block_positions(int rows, const pb_place *x, pb_shape out)
{
    return (rows - 1) * (int)x->stride[2] + out.dim[3];
}

void pb_conv_define_x(pb_build *b, const pb_place *x)
{
    pb_solver_define(b, "X_SAMPLE", (long)x->stride[0]);
    pb_solver_define(b, "X_CHANNEL", (long)x->stride[1]);
    pb_solver_define(b, "X_ROW", (long)x->stride[2]);
}

/* The widest vector of positions that a block of output rows holds. */
static int lanes_of(int positions)
{
    return positions >= 16 ? 16 : positions >= 8 ? 8 : 4;
}

bool pb_conv_is_cut(const pb_build *b, const pb_place *place, int samples)
{
    return b->regions[place->region].count == (size_t)(place->stride[0] * samples);
}

/* The tile of at most `most` outputs that computes all of them with the least work: a tile costs
 * its outputs, those computed twice among them, and half of one more for what it loads. */
static int fitting(int outputs, int most)
{
    int best = smaller(outputs, most);
    for (int tile = best - 1; tile > 0; --tile)
        if (ceil_div(outputs, tile) * (2 * tile + 1) < ceil_div(outputs, best) * (2 * best + 1))
            best = tile;
    return best;
}

static bool can_conv_tile(const pb_build *b, const pb_record *r)
{
    if (!is_conv(b, r) || r->op == PB_OP_CONV_DW || !is_valid_unit_stride(b, r)) return false;
    const pb_shape out = r->shape, in = pb_build_record(b, r->in[0])->shape;
    /* it keeps at least a row of each output channel of its tile in local memory */
    const uint64_t row_bytes =
        sizeof(float) * (uint64_t)smaller(out.dim[1], 8) * (uint64_t)out.dim[3];
    if (out.dim[2] > 1 && row_bytes > b->info->local_memory_bytes) return false;
    return (out.dim[2] - 1) * in.dim[3] + out.dim[3] >= 4;
}

/* Unless conv_columns would compute far fewer positions: this one computes those between rows, that
 * one those of vectors beyond the plane, and copying its columns costs as much as 8 outputs. */
static bool suits_conv_tile(const pb_build *b, const pb_record *r)
{
    const pb_shape out = r->shape, in = pb_build_record(b, r->in[0])->shape;
    const int line = (out.dim[2] - 1) * in.dim[3] + out.dim[3];
    const double here = round_up(line, lanes_of(line)),
                 columns = round_up(out.dim[2] * out.dim[3], 16) * (1.0 + 8.0 / out.dim[1]);
    return !pb_can_conv_columns(b, r) || !pb_suits_conv_columns(b, r) || columns > 0.7 * here;
}

static pb_status write_conv_tile(pb_build *b, pb_program_build *p, pb_unit *u, const pb_record *r)
{
    const pb_tiles *tiles = pb_tiles_of(b->info);
    static const char *const offsets[] = {"X_OFFSET", "W_OFFSET", "Y_OFFSET"};
    const pb_conv_geometry c = pb_conv_of(b, p, u);
    const bool backward = r->op == PB_OP_CONV_DX;
    const pb_shape in = pb_build_record(b, r->in[0])->shape, out = r->shape;
    const int kh = c.w.dim[2], kw = c.w.dim[3], taps = kh * kw, outputs = out.dim[1];
    const int tile =
        pb_choice_pick(b, u, "outputs", fitting(outputs, tiles->conv_outputs), smaller(outputs, 8));
    int rows = out.dim[2]; /* of the output in one work-item: a block of each channel lies in local
                              memory */
    const uint64_t room =
        b->info->local_memory_bytes / 2 < 65536 ? b->info->local_memory_bytes / 2 : 65536;
    while (rows > 1 &&
           4u * (uint64_t)tile * (uint64_t)block_positions(rows, &c.place[0], out) > room)
        rows = ceil_div(rows, 2);
    const int positions = block_positions(rows, &c.place[0], out);
    const int lanes = lanes_of(positions);
    const int most_vectors = smaller(8, positions / lanes);
    const int vectors =
        pb_choice_pick(b, u, "vectors",
                       smaller(most_vectors, smaller(ceil_div(tiles->conv_vectors, tile),
                                                     larger(1, tiles->conv_sums / tile))),
                       smaller(most_vectors, 24 / tile));
    int item_outputs = round_up(outputs, tile);
    while (ceil_div(outputs, item_outputs) * ceil_div(out.dim[2], rows) * out.dim[0] <
               4 * (int)b->info->compute_units &&
           item_outputs > tile)
        item_outputs = round_up(ceil_div(item_outputs, 2), tile);
    item_outputs = round_up(pb_choice_pick(b, u, "item_outputs", item_outputs, outputs), tile);
    pb_solver_define(b, "CHANNELS", in.dim[1]);
    pb_solver_define(b, "OUTPUTS", outputs);
    pb_solver_define(b, "HEIGHT", in.dim[2]);
    pb_solver_define(b, "WIDTH", in.dim[3]);
    pb_solver_define(b, "KERNEL_HEIGHT", kh);
    pb_solver_define(b, "KERNEL_WIDTH", kw);
    pb_solver_define(b, "W_BASE", backward ? taps - 1 : 0);
    pb_solver_define(b, "W_OUTPUT", backward ? taps : c.w.dim[1] * taps);
    pb_solver_define(b, "W_CHANNEL", backward ? c.w.dim[1] * taps : taps);
    pb_solver_define(b, "W_ROW", backward ? -kw : kw);
    pb_solver_define(b, "W_COLUMN", backward ? -1 : 1);
    pb_solver_define(b, "LANES", lanes);
    pb_solver_define(b, "VECTORS", vectors);
    pb_solver_define(b, "TILE_OUTPUTS", tile);
    pb_solver_define(b, "ITEM_ROWS", rows);
    pb_solver_offsets(b, offsets, c.place);
    pb_conv_define_x(b, &c.place[0]);
    u->block = (pb_block_function){
        .name = pb_solver_family(b, "conv_tile"),
        .rows = out.dim[0],
        .columns = outputs,
        .layers = ceil_div(out.dim[2], rows),
        .item_rows = 1,
        .item_columns = item_outputs,
        .least_rows = 1,
        .takes_few = true,
        .regions = {c.place[0].region, c.place[1].region, c.place[2].region},
        .local_floats = out.dim[2] > 1 ? tile * positions : 0,
    };
    pb_solver_regions(u, u->block.regions);
    if (p->samples == out.dim[0]) {
        const int64_t each = (int64_t)pb_shape_count(out) / out.dim[0];
        u->samples = p->samples;
        u->touches.by_sample[0] = pb_conv_is_cut(b, &c.place[0], in.dim[0]);
        u->touches.by_sample[2] = pb_is_cut_in_rows(b, &c.place[2], out.dim[0], each);
    }
    pb_conv_describe(b, u, &c, "conv_tile");
    return PB_OK;
}

/* What a unit has of the samples of a launch that cuts them. */
static int samples_of_unit(const pb_build *b, const pb_conv_geometry *c)
{
    return ceil_div(c->x.dim[0], (int)b->info->compute_units);
}

/* Samples of a partial sum of a weight gradient: a few sums for each unit, of what the second cache
 * holds, and a whole number of them for each unit. */
static int pick_chunk(pb_build *b, pb_unit *u, const pb_conv_geometry *c)
{
    const int samples = c->x.dim[0];
    const int sample_floats =
        c->x.dim[1] * c->x.dim[2] * c->x.dim[3] + c->y.dim[1] * c->y.dim[2] * c->y.dim[3];
    int chunk = smaller(ceil_div(samples, 4 * (int)b->info->compute_units), 100000 / sample_floats);
    if (chunk < 1) chunk = 1;
    while (samples_of_unit(b, c) % chunk) --chunk;
    return pb_choice_pick(b, u, "chunk", chunk, samples);
}

/* The macros that kernels of weight gradients share. */
static void define_dw(pb_build *b, const pb_conv_geometry *c, int chunk)
{
    static const char *const offsets[] = {"X_OFFSET", "DY_OFFSET", "DW_OFFSET"};
    pb_solver_define(b, "SAMPLES", c->x.dim[0]);
    pb_solver_define(b, "CHANNELS", c->x.dim[1]);
    pb_solver_define(b, "OUTPUTS", c->w.dim[0]);
    pb_solver_define(b, "KERNEL_HEIGHT", c->w.dim[2]);
    pb_solver_define(b, "KERNEL_WIDTH", c->w.dim[3]);
    pb_solver_define(b, "CHUNK", chunk);
    pb_solver_offsets(b, offsets, c->place);
    pb_solver_define(b, "DY_SAMPLE", (long)c->place[1].stride[0]);
    pb_solver_define(b, "DY_OUTPUT", (long)c->place[1].stride[1]);
    pb_solver_define(b, "DY_ROW", (long)c->place[1].stride[2]);
    pb_conv_define_x(b, &c->place[0]);
}

#define SUM_FLOATS 4096 /* of dw that a work-item adds up */

/** The two functions of a weight gradient: sums over chunks of samples, and their sum. */
typedef struct dw_blocks {
    int chunk, tile_outputs;
    int partial_floats;          /* of a chunk's sums                                          */
    int local_floats;            /* of scratch                                                 */
    bool takes_few;              /* a chunk's samples in several calls                         */
    int sum_rows, sum_item_rows; /* of what the second function is called for: taps, elements  */
} dw_blocks;

static pb_status add_dw_blocks(pb_build *b, pb_program_build *p, pb_unit *u,
                               const pb_conv_geometry *c, const dw_blocks *dw)
{
    const int samples = c->x.dim[0], outputs = c->w.dim[0], chunks = ceil_div(samples, dw->chunk);
    const char *solver = u->solver, *name = pb_solver_family(b, solver);
    int partial;
    PB_TRY(pb_build_region(b, PB_F32, (size_t)chunks * (size_t)dw->partial_floats, &partial));
    b->regions[partial].program = p->index;
    u->block = (pb_block_function){
        .name = name,
        .rows = samples,
        .columns = outputs,
        .layers = 1,
        .item_rows = dw->chunk,
        .item_columns = round_up(outputs, dw->tile_outputs),
        .least_rows = 1,
        .chunk_rows = dw->chunk,
        .takes_few = dw->takes_few,
        .regions = {c->place[1].region, c->place[0].region, partial},
        .local_floats = dw->local_floats,
    };
    pb_solver_regions(u, u->block.regions);
    if (dw->takes_few && p->samples == samples && samples_of_unit(b, c) % dw->chunk == 0) {
        u->samples = samples;
        for (int i = 0; i < 2; ++i)
            u->touches.by_sample[i] = pb_conv_is_cut(b, &c->place[1 - i], samples);
    }
    pb_conv_describe(b, u, c, solver);

    pb_unit *sum;
    const pb_value value = u->value;
    const int elements = (int)pb_shape_count(c->w);
    PB_TRY(pb_unit_add(b, p, &sum));
    sum->kind = PB_UNIT_LIBRARY;
    sum->value = value;
    sum->solver = solver;
    sum->label = pb_arena_printf(b->arena, "%s sum %dx%d", solver, chunks, elements);
    sum->flops = (double)chunks * elements;
    sum->bytes = 4.0 * (chunks + 1.0) * elements;
    sum->small = sum->flops <= PB_SMALL_WORK;
    sum->block = (pb_block_function){
        .name = pb_arena_printf(b->arena, "%s_sum", name),
        .rows = dw->sum_rows,
        .columns = 1,
        .layers = 1,
        .item_rows = dw->sum_item_rows,
        .item_columns = 1,
        .least_rows = 1,
        .regions = {partial, -1, c->place[2].region},
    };
    pb_solver_regions(sum, sum->block.regions);
    return PB_OK;
}

static bool can_conv_dw(const pb_build *b, const pb_record *r)
{
    return r->op == PB_OP_CONV_DW && is_valid_unit_stride(b, r) &&
           pb_build_record(b, r->in[1])->shape.dim[3] >= 4;
}

static pb_status write_conv_dw(pb_build *b, pb_program_build *p, pb_unit *u, const pb_record *r)
{
    const pb_tiles *tiles = pb_tiles_of(b->info);
    (void)r;
    const pb_conv_geometry c = pb_conv_of(b, p, u);
    const int outputs = c.w.dim[0], taps = c.w.dim[1] * c.w.dim[2] * c.w.dim[3];
    const int tile_taps =
        pb_choice_pick(b, u, "taps", balanced(taps, tiles->taps), smaller(taps, 12));
    const int most_outputs = smaller(8, 24 / tile_taps);
    const int tile =
        pb_choice_pick(b, u, "outputs",
                       balanced(outputs, smaller(most_outputs, tile_taps < tiles->tap_outputs
                                                                   ? tiles->tap_outputs / tile_taps
                                                                   : 1)),
                       smaller(outputs, most_outputs));
    const int chunk = pick_chunk(b, u, &c), width = c.y.dim[3];
    define_dw(b, &c, chunk);
    pb_solver_define(b, "HEIGHT", c.x.dim[2]);
    pb_solver_define(b, "WIDTH", c.x.dim[3]);
    pb_solver_define(b, "LANES",
                     width >= 16                                    ? 16
                     : width >= 8 || (width >= 5 && c.y.dim[2] > 1) ? 8
                                                                    : 4);
    pb_solver_define(b, "TILE_OUTPUTS", tile);
    pb_solver_define(b, "TILE_TAPS", tile_taps);
    return add_dw_blocks(b, p, u, &c,
                         &(dw_blocks){.chunk = chunk,
                                      .tile_outputs = tile,
                                      .partial_floats = outputs * taps,
                                      .sum_rows = outputs * taps,
                                      .sum_item_rows = SUM_FLOATS});
}

/* Vectors of outputs in a panel: as many as registers hold for tiles of a product, if local memory
 * holds a row of them. */
static int panel_vectors(const pb_build *b, const pb_record *r)
{
    const int most = smaller(pb_tiles_of(b->info)->vectors, ceil_div(r->shape.dim[0], 16));
    const uint64_t row = 64 * (uint64_t)pb_build_record(b, r->in[1])->shape.dim[3];
    return row * (uint64_t)most <= b->info->local_memory_bytes ? most : 1;
}

/* Floats of a row of dy in a panel. */
static int64_t panel_row(const pb_build *b, const pb_record *r)
{
    return 16 * panel_vectors(b, r) * (int64_t)pb_build_record(b, r->in[1])->shape.dim[3];
}

/* Of dy in local memory, so that the first cache holds them beside x and the sums. */
#define PANEL_FLOATS 4096

static bool can_conv_dw_panel(const pb_build *b, const pb_record *r)
{
    const pb_window *w = &r->attrs.window;
    return b->on_cpu && r->op == PB_OP_CONV_DW && w->padding[0] == 0 && w->padding[1] == 0 &&
           sizeof(float) * (uint64_t)panel_row(b, r) <= b->info->local_memory_bytes;
}

/* Where tiles are full: of outputs that are mostly no padding and, where registers are wide, of as
 * many taps; and instead of the direct kernel. */
static bool suits_conv_dw_panel(const pb_build *b, const pb_record *r)
{
    const pb_shape w = r->shape;
    const int outputs = w.dim[0], taps = w.dim[1] * w.dim[2] * w.dim[3],
              padded = round_up(outputs, 16 * panel_vectors(b, r));
    if (!can_conv_dw(b, r)) return true;
    if (pb_has_wide_registers(b->info) && taps < pb_tiles_of(b->info)->rows) return false;
    return 4 * outputs >= 3 * padded;
}

static pb_status write_conv_dw_panel(pb_build *b, pb_program_build *p, pb_unit *u,
                                     const pb_record *r)
{
    const pb_conv_geometry c = pb_conv_of(b, p, u);
    const int outputs = c.w.dim[0], taps = c.w.dim[1] * c.w.dim[2] * c.w.dim[3];
    const int most_taps = pb_tiles_of(b->info)->rows, vectors = panel_vectors(b, r);
    const int tile_taps =
        pb_choice_pick(b, u, "taps", balanced(taps, most_taps), smaller(taps, 12));
    const int chunk = pick_chunk(b, u, &c);
    const int64_t row = panel_row(b, r), room = (int64_t)b->info->local_memory_bytes / 4;
    const int most = (int)((room < PANEL_FLOATS ? room : PANEL_FLOATS) / row);
    const int rows = larger(1, smaller(c.y.dim[2], most));
    const int side = pb_solver_transpose_side(b);
    const char *transpose = pb_solver_transpose(b, side);
    define_dw(b, &c, chunk);
    pb_solver_define(b, "SIDE", side);
    pb_solver_define_name(b, "TRANSPOSE", transpose);
    pb_solver_define(b, "VECTORS", vectors);
    pb_solver_define(b, "OUT_HEIGHT", c.y.dim[2]);
    pb_solver_define(b, "OUT_WIDTH", c.y.dim[3]);
    pb_solver_define(b, "STRIDE_Y", c.window.stride[0]);
    pb_solver_define(b, "STRIDE_X", c.window.stride[1]);
    pb_solver_define(b, "TILE_TAPS", tile_taps);
    pb_solver_define(b, "PANEL_ROWS", rows);
    return add_dw_blocks(b, p, u, &c,
                         &(dw_blocks){.chunk = chunk,
                                      .tile_outputs = 16 * vectors,
                                      .partial_floats = taps * round_up(outputs, 16 * vectors),
                                      .local_floats = (int)(rows * row),
                                      .takes_few = true,
                                      .sum_rows = taps,
                                      .sum_item_rows = ceil_div(SUM_FLOATS, outputs)});
}

bool pb_reads_strided(const pb_build *b, pb_value library, int input)
{
    const pb_record *r = pb_build_record(b, library);
    const char *words;
    const pb_solver *solver = is_conv(b, r) ? pb_choice_solver(b, library, &words) : NULL;
    if (!solver) return false;
    return solver->write == write_conv_dw || solver->write == write_conv_dw_panel ||
           (input == 0 && (solver->write == write_conv_tile ||
                           (b->on_cpu && solver->write == pb_write_conv_columns)));
}

static pb_status write_conv_direct(pb_build *b, pb_program_build *p, pb_unit *u, const pb_record *r)
{
    static const char *const offsets[][3] = {{"X_OFFSET", "W_OFFSET", "Y_OFFSET"},
                                             {"Y_OFFSET", "W_OFFSET", "X_OFFSET"},
                                             {"X_OFFSET", "Y_OFFSET", "W_OFFSET"}};
    const pb_conv_geometry c = pb_conv_of(b, p, u);
    const int which = r->op == PB_OP_CONV ? 0 : r->op == PB_OP_CONV_DX ? 1 : 2;
    pb_solver_define(b, "RESULT", which);
    pb_solver_define(b, "SAMPLES", c.x.dim[0]);
    pb_solver_define(b, "CHANNELS", c.x.dim[1]);
    pb_solver_define(b, "OUTPUTS", c.w.dim[0]);
    pb_solver_define(b, "HEIGHT", c.x.dim[2]);
    pb_solver_define(b, "WIDTH", c.x.dim[3]);
    pb_solver_define(b, "KERNEL_HEIGHT", c.w.dim[2]);
    pb_solver_define(b, "KERNEL_WIDTH", c.w.dim[3]);
    pb_solver_define(b, "STRIDE_Y", c.window.stride[0]);
    pb_solver_define(b, "STRIDE_X", c.window.stride[1]);
    pb_solver_define(b, "PADDING_Y", c.window.padding[0]);
    pb_solver_define(b, "PADDING_X", c.window.padding[1]);
    pb_solver_offsets(b, offsets[which], c.place);
    const char *name = pb_solver_family(b, "conv_direct");
    static const char *const suffix[] = {"", "_dx", "_dw"};
    int regions[3] = {c.place[0].region, c.place[1].region, c.place[2].region};
    if (which == 2) { /* dw(dy, x) */
        regions[0] = c.place[1].region;
        regions[1] = c.place[0].region;
    }
    const size_t elements = pb_shape_count(r->shape);
    pb_solver_own(u, pb_arena_printf(b->arena, "%s%s", name, suffix[which]), regions, elements, 1,
                  1, b->on_cpu ? (size_t)smaller((int)elements, 16) : 64);
    pb_solver_regions(u, regions);
    if (which == 0)
        u->element = (pb_element_function){
            .name = pb_arena_printf(b->arena, "%s_value", name),
            .regions = {regions[0], regions[1]},
            .counts = {(double)pb_shape_count(c.x), (double)pb_shape_count(c.w)}};
    pb_conv_describe(b, u, &c, "conv_direct");
    return PB_OK;
}

static const pb_solver solvers[] = {
    {"conv_tile",
     can_conv_tile,
     suits_conv_tile,
     write_conv_tile,
     {{"outputs", {2, 4, 8}}, {"vectors", {1, 2, 4, 8}}, {"item_outputs", {4, 8, 16, 32, 64}}}},
    {"conv_dw_panel",
     can_conv_dw_panel,
     suits_conv_dw_panel,
     write_conv_dw_panel,
     {{"taps", {3, 4, 5, 6, 8}}, {"chunk", {1, 2, 4, 8, 16, 32, 64}}}},
    {"conv_dw",
     can_conv_dw,
     pb_solver_always,
     write_conv_dw,
     {{"outputs", {2, 4, 8}}, {"taps", {2, 3, 5, 6, 9}}, {"chunk", {1, 2, 4, 8, 16, 32, 64}}}},
    {"conv_columns",
     pb_can_conv_columns,
     pb_suits_conv_columns,
     pb_write_conv_columns,
     {{"rows", {2, 4, 6, 8, 12}}, {"vectors", {1, 2}}, {"depth", {64, 128, 256, 512}}}},
    {"conv_im2col",
     pb_can_conv_im2col,
     pb_suits_conv_im2col,
     pb_write_conv_im2col,
     {{"product", {1, 2, 3}}, {"work", {1, 2, 4}}, {"chunk", {8, 32, 128}}}},
    {"conv_direct", is_conv, pb_solver_always, write_conv_direct, {{0}}},
};

const pb_solver *pb_conv_solvers(int *count)
{
    *count = (int)(sizeof solvers / sizeof solvers[0]);
    return solvers;
}
