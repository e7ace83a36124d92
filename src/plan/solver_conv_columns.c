/* Convolutions as products with columns (im2col), of any stride and padding. */
#include "plan/solver_conv.h"

bool pb_can_conv_columns(const pb_build *b, const pb_record *r)
{
    const pb_window *w = &r->attrs.window;
    if (!b->on_cpu) return false;
    for (int i = 0; i < 2; ++i)
        if (r->op == PB_OP_CONV_DX ? w->padding[i] < w->kernel[i] - 1 : w->padding[i] != 0)
            return false;
    return r->op == PB_OP_CONV || r->op == PB_OP_CONV_DX;
}

bool pb_suits_conv_columns(const pb_build *b, const pb_record *r)
{
    const pb_conv_geometry c = pb_conv_shapes(b, r);
    return pb_conv_operations(&c) > PB_SMALL_WORK;
}

/* Positions that lie in at most two rows of x and are read together, or 1 (cl/conv_columns.cl). */
static int lanes_of(const pb_conv_geometry *c, bool backward)
{
    const int *stride = c->window.stride;
    const int row = backward ? c->x.dim[3] / stride[1] : c->y.dim[3];
    if (!backward &&
        (stride[1] > 2 || (int64_t)stride[1] * row > (int64_t)stride[0] * c->place[0].stride[2]))
        return 1;
    return row >= 8 ? 8 : row >= 4 ? 4 : 1;
}

/* Taps of a panel of `columns` positions that local memory has room for. */
static int panel_depth(const pb_build *b, int taps, int columns, int most)
{
    const uint64_t bytes = sizeof(float) * ((uint64_t)columns + 2);
    int depth = smaller(taps, most);
    while (depth > 1 && bytes * (uint64_t)depth > b->info->local_memory_bytes) depth /= 2;
    return depth;
}

pb_status pb_write_conv_columns(pb_build *b, pb_program_build *p, pb_unit *u, const pb_record *r)
{
    static const char *const offsets[] = {"X_OFFSET", "W_OFFSET", "Y_OFFSET"};
    const pb_tiles *tiles = pb_tiles_of(b->info);
    const pb_conv_geometry c = pb_conv_of(b, p, u);
    const bool backward = r->op == PB_OP_CONV_DX;
    const pb_shape in = pb_build_record(b, r->in[0])->shape, out = r->shape;
    const int *stride = c.window.stride;
    const int phases = backward ? stride[0] * stride[1] : 1;
    const int taps = in.dim[1] * c.w.dim[2] * c.w.dim[3]; /* of all phases */
    const int tile =
        pb_choice_pick(b, u, "rows", balanced(out.dim[1], tiles->rows), smaller(out.dim[1], 12));
    const int positions = ceil_div(out.dim[2] * out.dim[3], phases);
    const int vectors = pb_choice_pick(b, u, "vectors", positions > 16 ? tiles->vectors : 1, 2);
    const int columns = 16 * vectors;
    const int depth = pb_choice_pick(b, u, "depth", panel_depth(b, taps, columns, tiles->depth),
                                     panel_depth(b, taps, columns, taps));
    /* few samples are not enough work-items */
    const int wanted = 4 * (int)b->info->compute_units;
    const int layers = larger(1, smaller(ceil_div(positions, columns),
                                         out.dim[0] < wanted ? ceil_div(wanted, out.dim[0]) : 1));
    pb_solver_define(b, "CHANNELS", in.dim[1]);
    pb_solver_define(b, "OUTPUTS", out.dim[1]);
    pb_solver_define(b, "KERNEL_HEIGHT", c.w.dim[2]);
    pb_solver_define(b, "KERNEL_WIDTH", c.w.dim[3]);
    pb_solver_define(b, "OUT_HEIGHT", out.dim[2]);
    pb_solver_define(b, "OUT_WIDTH", out.dim[3]);
    pb_solver_define(b, "STRIDE_Y", stride[0]);
    pb_solver_define(b, "STRIDE_X", stride[1]);
    pb_solver_define(b, "BACKWARD", backward);
    pb_solver_define(b, "PADDING_Y", c.window.padding[0]);
    pb_solver_define(b, "PADDING_X", c.window.padding[1]);
    pb_solver_define(b, "LANES", lanes_of(&c, backward));
    pb_solver_define(b, "TILE_ROWS", tile);
    pb_solver_define(b, "COLUMN_VECTORS", vectors);
    pb_solver_define(b, "DEPTH", depth);
    pb_solver_define(b, "LAYERS", layers);
    pb_solver_offsets(b, offsets, c.place);
    pb_conv_define_x(b, &c.place[0]);
    u->block = (pb_block_function){
        .name = pb_solver_family(b, "conv_columns"),
        .rows = out.dim[0],
        .columns = out.dim[1],
        .layers = layers,
        .item_rows = 1,
        .item_columns = out.dim[1],
        .least_rows = 1,
        .takes_few = true,
        .regions = {c.place[0].region, c.place[1].region, c.place[2].region},
        .local_floats = depth * (columns + 2),
    };
    pb_solver_regions(u, u->block.regions);
    if (p->samples == out.dim[0]) {
        const int64_t each = (int64_t)pb_shape_count(out) / out.dim[0];
        u->samples = p->samples;
        u->touches.by_sample[0] = pb_conv_is_cut(b, &c.place[0], in.dim[0]);
        u->touches.by_sample[2] = pb_is_cut_in_rows(b, &c.place[2], out.dim[0], each);
    }
    pb_conv_describe(b, u, &c, "conv_columns");
    return PB_OK;
}
