/* Products and convolutions. Each solver is a row: whether it can compute a value on this device,
 * whether it should, how it writes what computes the value, and what of that may be chosen.
 * choice.c takes one. On a CPU a solver writes a function over a block of the result, which any
 * launch may call; elsewhere a kernel of its own, or a call of CLBlast. */
#include <string.h>

#include "plan/choice.h"

/** A product C[batch] = op(A) op(B) of stored operands. */
typedef struct product {
    int m, n, k, batch;
    bool transpose_a, transpose_b;
    size_t stride_a, stride_b; /* 0: the same matrix for every batch */
    pb_place place[3];
} product;

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int ceil_div(int a, int b)
{
    return (a + b - 1) / b;
}

/* The largest part of at most `most` that cuts `extent` into nearly equal ones: 10 by 8 is 5 and 5,
 * not 8 and 2. */
static int balanced(int extent, int most)
{
    return ceil_div(extent, ceil_div(extent, most));
}

static int round_up(int a, int multiple)
{
    return ceil_div(a, multiple) * multiple;
}

static product product_of(const pb_build *b, const pb_program_build *p, const pb_unit *u)
{
    const pb_record *r = pb_build_record(b, u->value);
    const pb_shape y = r->shape, a = pb_build_record(b, r->in[0])->shape;
    product x = {.m = y.dim[y.axes - 2],
                 .n = y.dim[y.axes - 1],
                 .batch = 1,
                 .transpose_a = r->attrs.transpose_a,
                 .transpose_b = r->attrs.transpose_b};
    x.k = a.dim[a.axes - (x.transpose_a ? 2 : 1)];
    for (int i = 0; i < y.axes - 2; ++i) x.batch *= y.dim[i];
    for (int i = 0; i < 2; ++i) {
        const pb_value v = pb_library_operand(b, u->value, i);
        x.place[i] = pb_build_place(b, p, v);
        const size_t one = (size_t)x.k * (size_t)(i == 0 ? x.m : x.n);
        const bool repeated = x.batch > 1 && pb_shape_count(pb_build_record(b, v)->shape) == one;
        *(i == 0 ? &x.stride_a : &x.stride_b) = repeated || x.batch == 1 ? 0 : one;
    }
    x.place[2] = p->place[u->value];
    return x;
}

/* A kernel of cl/<family>.cl: its macros, collected in b->macros, then its text. Equal kernels are
 * written once. */
static void define(pb_build *b, const char *macro, long value)
{
    pb_text_append(&b->macros, "#define %s %ld\n", macro, value);
}

static const char *include_family(pb_build *b, const char *family)
{
    const char *text = pb_cl_source(family), *name = "";
    pb_text_append(&b->macros, "#line 1 \"cl/%s.cl\"\n%s", family,
                   text ? text : "#error missing\n");
    if (b->macros.failed || pb_build_kernel(b, b->macros.text, &name) != PB_OK)
        b->source.failed = 1;
    pb_text_free(&b->macros);
    return name;
}

/* A launch of a kernel that is written for work-groups. */
static void set_own(pb_unit *u, const char *kernel, const int regions[3], size_t x, size_t y,
                    size_t z, size_t local)
{
    u->own = (pb_dispatch){.kernel = kernel, .global = {x, y, z}, .local = {local, 1, 1}};
    for (int k = 0; k < 3; ++k) u->own.args[u->own.arg_count++] = regions[k];
}

/* What a block function reads and writes, as the plan's edges and liveness see it. */
static void note_regions(pb_unit *u, const int regions[3])
{
    pb_parameters *t = &u->touches;
    *t = (pb_parameters){0};
    for (int i = 0; i < 3; ++i) {
        if (regions[i] < 0) continue;
        t->region[t->count] = regions[i];
        t->read[t->count] = i < 2;
        t->written[t->count++] = i == 2;
    }
}

static void define_offsets(pb_build *b, const char *const names[3], const pb_place places[3])
{
    for (int i = 0; i < 3; ++i) define(b, names[i], (long)places[i].offset);
}

/* Products too small to share among compute units. */
#define SMALL_FLOPS 200000.0

static void describe_product(pb_build *b, pb_unit *u, const product *x, const char *solver_name)
{
    u->solver = solver_name;
    u->label = pb_arena_printf(b->arena, "%s %dx%dx%dx%d%s%s", solver_name, x->batch, x->m, x->n,
                               x->k, x->transpose_a ? " At" : "", x->transpose_b ? " Bt" : "");
    u->flops = 2.0 * x->batch * x->m * x->n * (double)x->k;
    u->bytes = 4.0 * x->batch * ((double)x->m * x->k + (double)x->k * x->n + (double)x->m * x->n);
    u->small = b->on_cpu && u->flops <= SMALL_FLOPS;
}

/* ---- products ---- */

static void define_product(pb_build *b, const product *x)
{
    static const char *const offsets[] = {"A_OFFSET", "B_OFFSET", "C_OFFSET"};
    define(b, "M", x->m);
    define(b, "N", x->n);
    define(b, "K", x->k);
    define(b, "STRIDE_A", (long)x->stride_a);
    define(b, "STRIDE_B", (long)x->stride_b);
    define_offsets(b, offsets, x->place);
}

static void regions_of(const product *x, int regions[3])
{
    for (int i = 0; i < 3; ++i) regions[i] = x->place[i].region;
}

/* Whether a region holds nothing but `samples` parts of equal size, of which part s is row block s
 * of a matrix [rows, columns]. */
static bool is_cut_in_rows(const pb_build *b, const pb_place *place, int64_t rows, int64_t columns)
{
    return place->offset == 0 && b->regions[place->region].count == (size_t)(rows * columns);
}

/* A product as a function over blocks: rows of C are cut by samples where a row of C takes a row of
 * A. */
static void set_product_block(pb_build *b, pb_program_build *p, pb_unit *u, const product *x,
                              const char *name, int tile_rows, int item_rows, int item_columns)
{
    u->block = (pb_block_function){.name = name,
                                   .rows = x->m,
                                   .columns = x->n,
                                   .layers = x->batch,
                                   .item_rows = item_rows,
                                   .item_columns = item_columns,
                                   .least_rows = tile_rows};
    regions_of(x, u->block.regions);
    note_regions(u, u->block.regions);
    if (p->samples == 0 || x->batch != 1 || x->m % p->samples || x->transpose_a) return;
    u->samples = p->samples;
    u->touches.by_sample[0] = is_cut_in_rows(b, &x->place[0], x->m, x->k);
    u->touches.by_sample[2] = is_cut_in_rows(b, &x->place[2], x->m, x->n);
}

/** How a product or convolution is cut into work-items, in whole register tiles. */
typedef struct items {
    int rows, columns; /* of one work-item */
} items;

/* Fewer samples are not worth cutting. */
#define LEAST_SAMPLES 16

/* What a work-item must have to do for it to be worth its start. */
#define ITEM_FLOPS 300000.0

/* Work-items for a product: a few for each unit, or as many as there is work for. */
static int wanted_items(const pb_build *b, const product *x)
{
    const double most = 2.0 * x->batch * x->m * x->n * x->k / ITEM_FLOPS;
    const int units = 4 * (int)b->info->compute_units;
    return most < units ? 1 + (int)most : units;
}

/* Enough items for every unit: columns are halved first, down to two tiles, then rows. */
static items cut_items(const pb_build *b, const product *x, int tile_rows, int tile_columns,
                       int most_columns)
{
    items c = {round_up(x->m, tile_rows), round_up(smaller(x->n, most_columns), tile_columns)};
    const int wanted = wanted_items(b, x);
    while (ceil_div(x->n, c.columns) * x->batch < wanted && c.columns > 2 * tile_columns)
        c.columns = round_up(ceil_div(c.columns, 2), tile_columns);
    while (ceil_div(x->n, c.columns) * ceil_div(x->m, c.rows) * x->batch < wanted &&
           c.rows > tile_rows)
        c.rows = round_up(ceil_div(c.rows, 2), tile_rows);
    return c;
}

/* The items that were chosen, in whole tiles. */
static items pick_items(pb_build *b, pb_unit *u, const product *x, items rule, int tile_rows,
                        int tile_columns)
{
    const int rows = round_up(x->m, tile_rows), columns = round_up(x->n, tile_columns);
    return (items){
        round_up(pb_choice_pick(b, u, "item_rows", rule.rows, rows), tile_rows),
        round_up(pb_choice_pick(b, u, "item_columns", rule.columns, columns), tile_columns)};
}

/* Whether the rows or columns of A would fall out of the cache between two uses. */
static bool copies_a(const product *x)
{
    return x->transpose_a && (double)x->m * x->k > 524288.0;
}

/* Rows of B that a panel holds: at most as many as given, and as local memory has room for beside
 * the copied rows of A. */
static int panel_depth(const pb_build *b, const product *x, int vectors, int copied, int most)
{
    int depth = smaller(x->k, most);
    const uint64_t each = 64u * (unsigned)vectors + (copied > 1 ? 4u * (unsigned)copied : 0);
    while (depth > 1 && each * (unsigned)depth > b->info->local_memory_bytes) depth /= 2;
    return depth;
}

static pb_status write_product_tile(pb_build *b, pb_program_build *p, pb_unit *u,
                                    const pb_record *r)
{
    const pb_tiles *tiles = pb_tiles_of(b->info);
    (void)r;
    const product x = product_of(b, p, u);
    const int tile = pb_choice_pick(b, u, "rows", balanced(x.m, tiles->rows), smaller(x.m, 12));
    const bool is_full = x.n % 32 > 16 || x.n % 32 == 0 || x.n > 64;
    const int vectors = pb_choice_pick(b, u, "vectors", is_full ? tiles->vectors : 1, 2);
    const items c =
        pick_items(b, u, &x, cut_items(b, &x, tile, 16 * vectors, 256), tile, 16 * vectors);
    define_product(b, &x);
    define(b, "TRANSPOSE_A", x.transpose_a);
    define(b, "TRANSPOSE_B", x.transpose_b);
    define(b, "TILE_ROWS", tile);
    define(b, "COLUMN_VECTORS", vectors);
    int copied = copies_a(&x) ? smaller(c.rows, 128 / tile * tile) : 1;
    copied = pb_choice_pick(b, u, "copy_rows", copied, c.rows);
    copied = copied > 1 ? round_up(copied, tile) : 1;
    const int depth = pb_choice_pick(b, u, "depth", panel_depth(b, &x, vectors, copied, 512),
                                     panel_depth(b, &x, vectors, copied, x.k));
    define(b, "COPY_ROWS", copied);
    define(b, "DEPTH", depth);
    set_product_block(b, p, u, &x, include_family(b, "product_tile"), tile, c.rows, c.columns);
    u->block.local_floats = depth * (16 * vectors + (copied > 1 ? copied : 0));
    describe_product(b, u, &x, "product_tile");
    return PB_OK;
}

static bool can_dot(const pb_build *b, const pb_record *r)
{
    return r->op == PB_OP_MATMUL && b->on_cpu && !r->attrs.transpose_a && r->attrs.transpose_b;
}

/* Few, long rows against few, long rows. */
static bool suits_dot(const pb_build *b, const pb_record *r)
{
    const pb_shape a = pb_build_record(b, r->in[0])->shape;
    const int m = r->shape.dim[r->shape.axes - 2], n = r->shape.dim[r->shape.axes - 1],
              k = a.dim[a.axes - 1];
    return k >= 64 && (n < 32 || (k >= 512 && (double)m * n <= 65536));
}

static pb_status write_product_dot(pb_build *b, pb_program_build *p, pb_unit *u, const pb_record *r)
{
    const pb_tiles *tiles = pb_tiles_of(b->info);
    (void)r;
    const product x = product_of(b, p, u);
    const int tile = pb_choice_pick(b, u, "rows", balanced(x.m, tiles->dot_rows), smaller(x.m, 8));
    const int tile_columns =
        pb_choice_pick(b, u, "columns", balanced(x.n, smaller(tiles->dot_columns, 24 / tile)),
                       smaller(x.n, 24 / tile));
    items c = {round_up(x.m, tile), round_up(x.n, tile_columns)};
    const int wanted = wanted_items(b, &x);
    while (ceil_div(x.m, c.rows) * x.batch < wanted && c.rows > tile)
        c.rows = round_up(ceil_div(c.rows, 2), tile);
    c = pick_items(b, u, &x, c, tile, tile_columns);
    define_product(b, &x);
    define(b, "TILE_ROWS", tile);
    define(b, "TILE_COLUMNS", tile_columns);
    set_product_block(b, p, u, &x, include_family(b, "product_dot"), tile, c.rows, c.columns);
    describe_product(b, u, &x, "product_dot");
    return PB_OK;
}

/* Products that are done before CLBlast's helpers would have started. */
static bool suits_plain(const pb_build *b, const pb_record *r)
{
    const pb_shape a = pb_build_record(b, r->in[0])->shape;
    const int k = a.dim[a.axes - (r->attrs.transpose_a ? 2 : 1)];
    return 2.0 * (double)pb_shape_count(r->shape) * k < 4e6;
}

/* Elements of a work-item on each axis that its registers and the group's local memory hold. */
static int most_work(const pb_build *b, int tile)
{
    int work = 8;
    while (work > 1 &&
           8u * (unsigned)tile * (unsigned)(tile * work + 1) > b->info->local_memory_bytes)
        --work;
    return work;
}

static pb_status write_product_plain(pb_build *b, pb_program_build *p, pb_unit *u,
                                     const pb_record *r)
{
    (void)r;
    const product x = product_of(b, p, u);
    const int most = b->info->max_work_group_size >= 256 ? 16 : 8;
    const int tile = pb_choice_pick(b, u, "tile", x.m > 8 && x.n > 8 ? most : 8, most);
    const int work = pb_choice_pick(b, u, "work", 1, most_work(b, tile));
    define_product(b, &x);
    define(b, "TRANSPOSE_A", x.transpose_a);
    define(b, "TRANSPOSE_B", x.transpose_b);
    define(b, "TILE", tile);
    define(b, "WORK", work);
    int regions[3];
    regions_of(&x, regions);
    set_own(u, include_family(b, "product_plain"), regions,
            (size_t)(tile * ceil_div(x.n, tile * work)),
            (size_t)(tile * ceil_div(x.m, tile * work)), (size_t)x.batch, (size_t)tile);
    u->own.local[1] = (size_t)tile;
    note_regions(u, regions);
    describe_product(b, u, &x, "product_plain");
    return PB_OK;
}

static pb_status write_product_clblast(pb_build *b, pb_program_build *p, pb_unit *u,
                                       const pb_record *r)
{
    (void)r;
    const product x = product_of(b, p, u);
    u->own.is_gemm = true;
    u->own.gemm = (pb_gemm_spec){.m = x.m,
                                 .n = x.n,
                                 .k = x.k,
                                 .batch = x.batch,
                                 .transpose_a = x.transpose_a,
                                 .transpose_b = x.transpose_b,
                                 .stride_a = x.stride_a,
                                 .stride_b = x.stride_b,
                                 .stride_c = (size_t)x.m * (size_t)x.n,
                                 .offset_a = (size_t)x.place[0].offset,
                                 .offset_b = (size_t)x.place[1].offset,
                                 .offset_c = (size_t)x.place[2].offset};
    regions_of(&x, u->own.gemm_region);
    note_regions(u, u->own.gemm_region);
    describe_product(b, u, &x, "clblast");
    u->own.gemm.label = u->label;
    return PB_OK;
}

/* ---- convolutions ---- */

/** Geometry of a convolution from its data (x), its weights (w) and its result (y). */
typedef struct conv {
    pb_shape x, w, y;
    pb_window window;
    pb_place place[3];
} conv;

static conv conv_of(const pb_build *b, const pb_program_build *p, const pb_unit *u)
{
    const pb_record *r = pb_build_record(b, u->value);
    const pb_shape in0 = pb_build_record(b, r->in[0])->shape,
                   in1 = pb_build_record(b, r->in[1])->shape;
    conv c = {.window = r->attrs.window};
    c.x = r->op == PB_OP_CONV_DX ? r->shape : in0;
    c.w = r->op == PB_OP_CONV_DW ? r->shape : in1;
    c.y = r->op == PB_OP_CONV ? r->shape : r->op == PB_OP_CONV_DX ? in0 : in1;
    for (int i = 0; i < 2; ++i) c.place[i] = pb_build_place(b, p, r->in[i]);
    c.place[2] = p->place[u->value];
    return c;
}

static void describe_conv(pb_build *b, pb_unit *u, const conv *c, const char *name)
{
    const pb_op op = pb_build_record(b, u->value)->op;
    const char *what = op == PB_OP_CONV ? "" : op == PB_OP_CONV_DX ? " dx" : " dw";
    u->solver = name;
    u->label = pb_arena_printf(b->arena, "%s%s %dx%dx%dx%d o%d k%dx%d", name, what, c->x.dim[0],
                               c->x.dim[1], c->x.dim[2], c->x.dim[3], c->w.dim[0], c->w.dim[2],
                               c->w.dim[3]);
    u->flops = 2.0 * (double)pb_shape_count(c->y) * c->w.dim[1] * c->w.dim[2] * c->w.dim[3];
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

static void define_x(pb_build *b, const pb_place *x)
{
    define(b, "X_SAMPLE", (long)x->stride[0]);
    define(b, "X_CHANNEL", (long)x->stride[1]);
    define(b, "X_ROW", (long)x->stride[2]);
}

/* The widest vector of positions that a block of output rows holds. */
static int lanes_of(int positions)
{
    return positions >= 16 ? 16 : positions >= 8 ? 8 : 4;
}

static bool can_conv_tile(const pb_build *b, const pb_record *r)
{
    if (!is_conv(b, r) || r->op == PB_OP_CONV_DW || !is_valid_unit_stride(b, r)) return false;
    const pb_shape out = r->shape, in = pb_build_record(b, r->in[0])->shape;
    return (out.dim[2] - 1) * in.dim[3] + out.dim[3] >= 4;
}

static pb_status write_conv_tile(pb_build *b, pb_program_build *p, pb_unit *u, const pb_record *r)
{
    const pb_tiles *tiles = pb_tiles_of(b->info);
    static const char *const offsets[] = {"X_OFFSET", "W_OFFSET", "Y_OFFSET"};
    const conv c = conv_of(b, p, u);
    const bool backward = r->op == PB_OP_CONV_DX;
    const pb_shape in = pb_build_record(b, r->in[0])->shape, out = r->shape;
    const int kh = c.w.dim[2], kw = c.w.dim[3], taps = kh * kw, outputs = out.dim[1];
    const int tile = pb_choice_pick(b, u, "outputs", balanced(outputs, tiles->conv_outputs),
                                    smaller(outputs, 8));
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
        pb_choice_pick(b, u, "vectors", smaller(most_vectors, ceil_div(tiles->conv_vectors, tile)),
                       smaller(most_vectors, 24 / tile));
    int item_outputs = round_up(outputs, tile);
    while (ceil_div(outputs, item_outputs) * ceil_div(out.dim[2], rows) * out.dim[0] <
               4 * (int)b->info->compute_units &&
           item_outputs > tile)
        item_outputs = round_up(ceil_div(item_outputs, 2), tile);
    item_outputs = round_up(pb_choice_pick(b, u, "item_outputs", item_outputs, outputs), tile);
    define(b, "CHANNELS", in.dim[1]);
    define(b, "OUTPUTS", outputs);
    define(b, "HEIGHT", in.dim[2]);
    define(b, "WIDTH", in.dim[3]);
    define(b, "KERNEL_HEIGHT", kh);
    define(b, "KERNEL_WIDTH", kw);
    define(b, "W_BASE", backward ? taps - 1 : 0);
    define(b, "W_OUTPUT", backward ? taps : c.w.dim[1] * taps);
    define(b, "W_CHANNEL", backward ? c.w.dim[1] * taps : taps);
    define(b, "W_ROW", backward ? -kw : kw);
    define(b, "W_COLUMN", backward ? -1 : 1);
    define(b, "LANES", lanes);
    define(b, "VECTORS", vectors);
    define(b, "TILE_OUTPUTS", tile);
    define(b, "ITEM_ROWS", rows);
    define_offsets(b, offsets, c.place);
    define_x(b, &c.place[0]);
    u->block = (pb_block_function){
        .name = include_family(b, "conv_tile"),
        .rows = out.dim[0],
        .columns = outputs,
        .layers = ceil_div(out.dim[2], rows),
        .item_rows = 1,
        .item_columns = item_outputs,
        .least_rows = 1,
        .regions = {c.place[0].region, c.place[1].region, c.place[2].region},
        .local_floats = out.dim[2] > 1 ? tile * positions : 0,
    };
    note_regions(u, u->block.regions);
    if (p->samples == out.dim[0]) {
        const int64_t each = (int64_t)pb_shape_count(out) / out.dim[0];
        u->samples = p->samples;
        u->touches.by_sample[0] =
            b->regions[c.place[0].region].count == (size_t)(c.place[0].stride[0] * in.dim[0]);
        u->touches.by_sample[2] = is_cut_in_rows(b, &c.place[2], out.dim[0], each);
    }
    describe_conv(b, u, &c, "conv_tile");
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
    static const char *const offsets[] = {"X_OFFSET", "DY_OFFSET", "DW_OFFSET"};
    (void)r;
    const conv c = conv_of(b, p, u);
    const int samples = c.x.dim[0], outputs = c.w.dim[0],
              taps = c.w.dim[1] * c.w.dim[2] * c.w.dim[3];
    const int tile_taps =
        pb_choice_pick(b, u, "taps", balanced(taps, tiles->taps), smaller(taps, 12));
    const int most_outputs = smaller(8, 24 / tile_taps);
    const int tile =
        pb_choice_pick(b, u, "outputs",
                       balanced(outputs, smaller(most_outputs, tile_taps < tiles->tap_outputs
                                                                   ? tiles->tap_outputs / tile_taps
                                                                   : 1)),
                       smaller(outputs, most_outputs));
    const int sample_floats =
        c.x.dim[1] * c.x.dim[2] * c.x.dim[3] + outputs * c.y.dim[2] * c.y.dim[3];
    int chunk = smaller(ceil_div(samples, 4 * (int)b->info->compute_units), 100000 / sample_floats);
    if (chunk < 1) chunk = 1;
    chunk = pb_choice_pick(b, u, "chunk", chunk, samples);
    const int chunks = ceil_div(samples, chunk);
    define(b, "SAMPLES", samples);
    define(b, "CHANNELS", c.x.dim[1]);
    define(b, "OUTPUTS", outputs);
    define(b, "HEIGHT", c.x.dim[2]);
    define(b, "WIDTH", c.x.dim[3]);
    define(b, "KERNEL_HEIGHT", c.w.dim[2]);
    define(b, "KERNEL_WIDTH", c.w.dim[3]);
    define(b, "CHUNK", chunk);
    const int width = c.y.dim[3];
    define(b, "LANES", width >= 16 ? 16 : width >= 8 || (width >= 5 && c.y.dim[2] > 1) ? 8 : 4);
    define(b, "TILE_OUTPUTS", tile);
    define(b, "TILE_TAPS", tile_taps);
    define_offsets(b, offsets, c.place);
    define(b, "DY_SAMPLE", (long)c.place[1].stride[0]);
    define(b, "DY_OUTPUT", (long)c.place[1].stride[1]);
    define(b, "DY_ROW", (long)c.place[1].stride[2]);
    define_x(b, &c.place[0]);
    const char *name = include_family(b, "conv_dw");
    int partial;
    PB_TRY(pb_build_region(b, PB_F32, (size_t)chunks * (size_t)outputs * (size_t)taps, &partial));
    b->regions[partial].program = p->index;
    u->block = (pb_block_function){
        .name = name,
        .rows = samples,
        .columns = outputs,
        .layers = 1,
        .item_rows = chunk,
        .item_columns = round_up(outputs, tile),
        .least_rows = 1,
        .regions = {c.place[1].region, c.place[0].region, partial},
    };
    note_regions(u, u->block.regions);
    describe_conv(b, u, &c, "conv_dw");

    pb_unit *sum;
    const pb_value value = u->value;
    PB_TRY(pb_unit_add(b, p, &sum));
    sum->kind = PB_UNIT_LIBRARY;
    sum->value = value;
    sum->solver = "conv_dw";
    sum->label = pb_arena_printf(b->arena, "conv_dw sum %dx%d", chunks, outputs * taps);
    sum->flops = (double)chunks * outputs * taps;
    sum->bytes = 4.0 * (chunks + 1.0) * outputs * taps;
    sum->small = sum->flops <= PB_SMALL_WORK;
    sum->block = (pb_block_function){
        .name = pb_arena_printf(b->arena, "%s_sum", name),
        .rows = outputs * taps,
        .columns = 1,
        .layers = 1,
        .item_rows = 4096,
        .item_columns = 1,
        .least_rows = 1,
        .regions = {partial, -1, c.place[2].region},
    };
    note_regions(sum, sum->block.regions);
    return PB_OK;
}

bool pb_reads_strided(const pb_build *b, pb_value library, int input)
{
    const pb_record *r = pb_build_record(b, library);
    const char *words;
    const pb_solver *solver = is_conv(b, r) ? pb_choice_solver(b, library, &words) : NULL;
    if (!solver) return false;
    return solver->write == write_conv_dw || (solver->write == write_conv_tile && input == 0);
}

static bool always(const pb_build *b, const pb_record *r)
{
    (void)b;
    (void)r;
    return true;
}

static pb_status write_conv_direct(pb_build *b, pb_program_build *p, pb_unit *u, const pb_record *r)
{
    static const char *const offsets[][3] = {{"X_OFFSET", "W_OFFSET", "Y_OFFSET"},
                                             {"Y_OFFSET", "W_OFFSET", "X_OFFSET"},
                                             {"X_OFFSET", "Y_OFFSET", "W_OFFSET"}};
    const conv c = conv_of(b, p, u);
    const int which = r->op == PB_OP_CONV ? 0 : r->op == PB_OP_CONV_DX ? 1 : 2;
    define(b, "SAMPLES", c.x.dim[0]);
    define(b, "CHANNELS", c.x.dim[1]);
    define(b, "OUTPUTS", c.w.dim[0]);
    define(b, "HEIGHT", c.x.dim[2]);
    define(b, "WIDTH", c.x.dim[3]);
    define(b, "KERNEL_HEIGHT", c.w.dim[2]);
    define(b, "KERNEL_WIDTH", c.w.dim[3]);
    define(b, "STRIDE_Y", c.window.stride[0]);
    define(b, "STRIDE_X", c.window.stride[1]);
    define(b, "PADDING_Y", c.window.padding[0]);
    define(b, "PADDING_X", c.window.padding[1]);
    define_offsets(b, offsets[which], c.place);
    const char *name = include_family(b, "conv_direct");
    static const char *const suffix[] = {"", "_dx", "_dw"};
    int regions[3] = {c.place[0].region, c.place[1].region, c.place[2].region};
    if (which == 2) { /* dw(dy, x) */
        regions[0] = c.place[1].region;
        regions[1] = c.place[0].region;
    }
    const size_t elements = pb_shape_count(r->shape);
    set_own(u, pb_arena_printf(b->arena, "%s%s", name, suffix[which]), regions, elements, 1, 1,
            b->on_cpu ? (size_t)smaller((int)elements, 16) : 64);
    note_regions(u, regions);
    describe_conv(b, u, &c, "conv_direct");
    return PB_OK;
}

static bool is_product(const pb_build *b, const pb_record *r)
{
    (void)b;
    return r->op == PB_OP_MATMUL;
}

static bool is_cpu_product(const pb_build *b, const pb_record *r)
{
    return is_product(b, r) && b->on_cpu;
}

static bool is_group_product(const pb_build *b, const pb_record *r)
{
    return is_product(b, r) && b->info->max_work_group_size >= 64;
}

/* Rows of a product's result that are made of rows of A, or samples of a convolution; 0: neither.
 */
static int samples_in(const pb_build *b, const pb_record *r)
{
    if (is_product(b, r)) return r->shape.axes == 2 && !r->attrs.transpose_a ? r->shape.dim[0] : 0;
    return r->op == PB_OP_CONV_DW ? pb_build_record(b, r->in[0])->shape.dim[0] : r->shape.dim[0];
}

int pb_samples(const pb_build *b, const pb_program_build *p)
{
    int best = 0, best_count = 0;
    for (pb_value v = 0; v < b->count; ++v) {
        const pb_record *r = pb_build_record(b, v);
        if (!p->needed[v] || !p->stored[v] || pb_ops[r->op].class != PB_CONTRACTION) continue;
        const int samples = samples_in(b, r);
        int count = 0;
        for (pb_value k = v; k < b->count; ++k) {
            const pb_record *other = pb_build_record(b, k);
            count += p->needed[k] && p->stored[k] && pb_ops[other->op].class == PB_CONTRACTION &&
                     samples_in(b, other) == samples;
        }
        if (samples < LEAST_SAMPLES || count <= best_count) continue;
        best = samples;
        best_count = count;
    }
    return best;
}

static const pb_solver solvers[] = {
    {"product_dot",
     can_dot,
     suits_dot,
     write_product_dot,
     {{"rows", {2, 3, 4, 5, 6}}, {"columns", {2, 4, 5, 6}}, {"item_rows", {8, 16, 32, 64, 128}}}},
    {"product_tile",
     is_cpu_product,
     always,
     write_product_tile,
     {{"rows", {4, 6, 8, 10, 12}},
      {"vectors", {1, 2}},
      {"item_columns", {64, 128, 256, 512, 1024}},
      {"item_rows", {32, 64, 128, 256, 512}},
      {"copy_rows", {1, 64, 128, 256}},
      {"depth", {128, 256, 512}}}},
    {"product_plain",
     is_group_product,
     suits_plain,
     write_product_plain,
     {{"tile", {8, 16}}, {"work", {1, 2, 4}}}},
    {"clblast", is_product, always, write_product_clblast, {{0}}},
    {"conv_tile",
     can_conv_tile,
     always,
     write_conv_tile,
     {{"outputs", {2, 4, 8}}, {"vectors", {1, 2, 4, 8}}, {"item_outputs", {4, 8, 16, 32, 64}}}},
    {"conv_dw",
     can_conv_dw,
     always,
     write_conv_dw,
     {{"outputs", {2, 4, 8}}, {"taps", {2, 3, 5, 6, 9}}, {"chunk", {1, 2, 4, 8, 16, 32, 64}}}},
    {"conv_direct", is_conv, always, write_conv_direct, {{0}}},
};

const pb_solver *pb_solvers(int *count)
{
    *count = (int)(sizeof solvers / sizeof solvers[0]);
    return solvers;
}

pb_status pb_solve(pb_build *b, pb_program_build *p, pb_value value)
{
    const char *words;
    const pb_solver *solver = pb_choice_solver(b, value, &words);
    pb_unit *u;
    const pb_record *r = pb_build_record(b, value);
    if (!solver) return pb_fail(b->ctx, PB_ERR_INTERNAL, "no solver for %s", pb_ops[r->op].name);
    PB_TRY(pb_unit_add(b, p, &u));
    u->kind = PB_UNIT_LIBRARY;
    u->value = value;
    pb_choice_begin(b, u, solver, words);
    PB_TRY(solver->write(b, p, u, r));
    if (b->source.failed) return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to write kernels");
    return PB_OK;
}
