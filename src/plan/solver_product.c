/* Matrix products: by kernels of ours, or by CLBlast. */
#include "plan/solver_product.h"

static pb_product product_of(const pb_build *b, const pb_program_build *p, const pb_unit *u)
{
    const pb_record *r = pb_build_record(b, u->value);
    const pb_shape y = r->shape, a = pb_build_record(b, r->in[0])->shape;
    pb_product x = {.m = y.dim[y.axes - 2],
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

/* Products too small to share among compute units. */
#define SMALL_FLOPS 1000000.0

static void describe_product(pb_build *b, pb_unit *u, const pb_product *x, const char *solver_name)
{
    u->solver = solver_name;
    u->label = pb_arena_printf(b->arena, "%s %dx%dx%dx%d%s%s", solver_name, x->batch, x->m, x->n,
                               x->k, x->transpose_a ? " At" : "", x->transpose_b ? " Bt" : "");
    u->flops = 2.0 * x->batch * x->m * x->n * (double)x->k;
    u->bytes = 4.0 * x->batch * ((double)x->m * x->k + (double)x->k * x->n + (double)x->m * x->n);
    u->small = b->on_cpu && u->flops <= SMALL_FLOPS;
}

static bool is_product(const pb_build *b, const pb_record *r)
{
    (void)b;
    return r->op == PB_OP_MATMUL;
}

static void define_product(pb_build *b, const pb_product *x)
{
    static const char *const offsets[] = {"A_OFFSET", "B_OFFSET", "C_OFFSET"};
    pb_solver_define(b, "M", x->m);
    pb_solver_define(b, "N", x->n);
    pb_solver_define(b, "K", x->k);
    pb_solver_define(b, "STRIDE_A", (long)x->stride_a);
    pb_solver_define(b, "STRIDE_B", (long)x->stride_b);
    pb_solver_offsets(b, offsets, x->place);
}

static void regions_of(const pb_product *x, int regions[3])
{
    for (int i = 0; i < 3; ++i) regions[i] = x->place[i].region;
}

/* A product as a function over blocks: rows of C are cut by samples where a row of C takes a row of
 * A. */
static void set_product_block(pb_build *b, pb_program_build *p, pb_unit *u, const pb_product *x,
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
    pb_solver_regions(u, u->block.regions);
    if (p->samples == 0 || x->batch != 1 || x->m % p->samples || x->transpose_a) return;
    u->samples = p->samples;
    u->touches.by_sample[0] = pb_is_cut_in_rows(b, &x->place[0], x->m, x->k);
    u->touches.by_sample[2] = pb_is_cut_in_rows(b, &x->place[2], x->m, x->n);
}

/** How a product or convolution is cut into work-items, in whole register tiles. */
typedef struct items {
    int rows, columns; /* of one work-item */
} items;

/* What a work-item must have to do for it to be worth its start. */
#define ITEM_FLOPS 300000.0

/* Work-items for a product: a few for each unit, or as many as there is work for. */
static int wanted_items(const pb_build *b, const pb_product *x)
{
    const double most = 2.0 * x->batch * x->m * x->n * x->k / ITEM_FLOPS;
    const int units = 4 * (int)b->info->compute_units;
    return most < units ? 1 + (int)most : units;
}

/* Enough items for every unit: columns are halved first, down to two tiles, then rows. */
static items cut_items(const pb_build *b, const pb_product *x, int tile_rows, int tile_columns,
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
static items pick_items(pb_build *b, pb_unit *u, const pb_product *x, items rule, int tile_rows,
                        int tile_columns)
{
    const int rows = round_up(x->m, tile_rows), columns = round_up(x->n, tile_columns);
    return (items){
        round_up(pb_choice_pick(b, u, "item_rows", rule.rows, rows), tile_rows),
        round_up(pb_choice_pick(b, u, "item_columns", rule.columns, columns), tile_columns)};
}

/* Whether the rows or columns of A would fall out of the cache between two uses, of which there are
 * enough. */
static bool copies_a(const pb_product *x, const pb_tiles *tiles)
{
    const double elements = (double)x->m * x->k;
    if (x->transpose_a && elements >= 262144.0) return true;
    return elements >= tiles->copied_from && x->n >= 256 && x->m > 2 * tiles->rows;
}

/* Where A is copied, so is B, once for all rows of an item: many rows, as many items as units. */
static items cut_copied(const pb_build *b, const pb_product *x, int tile_rows, int tile_columns)
{
    items c = {round_up(smaller(x->m, 512), tile_rows), round_up(smaller(x->n, 256), tile_columns)};
    const int wanted = ceil_div(wanted_items(b, x), 4);
    while (ceil_div(x->n, c.columns) * ceil_div(x->m, c.rows) * x->batch < wanted &&
           c.rows > 4 * tile_rows)
        c.rows = round_up(ceil_div(c.rows, 2), tile_rows);
    return c;
}

/* Rows of B that panels of so many vectors hold: at most as many as given, and as local memory has
 * room for beside the copied rows of A. */
static int panel_depth(const pb_build *b, const pb_product *x, int vectors, int copied, int most)
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
    const pb_product x = product_of(b, p, u);
    const int rule_rows = x.m <= tiles->most_rows ? x.m : balanced(x.m, tiles->rows);
    const int tile = pb_choice_pick(b, u, "rows", rule_rows, smaller(x.m, 12));
    const bool is_full = x.n % 32 > 16 || x.n % 32 == 0 || x.n > 64;
    const int vectors = pb_choice_pick(b, u, "vectors", is_full ? tiles->vectors : 1, 2);
    const bool copies = copies_a(&x, tiles);
    const items rule =
        copies ? cut_copied(b, &x, tile, 16 * vectors) : cut_items(b, &x, tile, 16 * vectors, 256);
    const items c = pick_items(b, u, &x, rule, tile, 16 * vectors);
    int copied = copies ? round_up(balanced(c.rows, tiles->copy_rows), tile) : 1;
    copied = pb_choice_pick(b, u, "copy_rows", copied, c.rows);
    copied = copied > 1 ? round_up(copied, tile) : 1;
    const int panels = copied > 1 ? ceil_div(c.columns, 16 * vectors) : 1;
    /* two tiles of rows or fewer use a panel too seldom for a copy of it to pay */
    const bool copies_b = copied > 1 || x.transpose_b || x.m > 2 * tile || x.n % (16 * vectors) > 0;
    const int depth =
        pb_choice_pick(b, u, "depth", panel_depth(b, &x, panels * vectors, copied, tiles->depth),
                       panel_depth(b, &x, panels * vectors, copied, x.k));
    const int side = pb_solver_transpose_side(b);
    const char *transpose = x.transpose_b ? pb_solver_transpose(b, side) : NULL;
    const char *transpose_8 =
        copied > 1 && (tile == 6 || tile == 8) && !x.transpose_a ? pb_solver_transpose(b, 8) : NULL;
    define_product(b, &x);
    pb_solver_define(b, "TRANSPOSE_A", x.transpose_a);
    pb_solver_define(b, "TRANSPOSE_B", x.transpose_b);
    pb_solver_define(b, "TRANSPOSE_SIDE", side);
    if (transpose) pb_solver_define_name(b, "TRANSPOSE", transpose);
    if (transpose_8) pb_solver_define_name(b, "TRANSPOSE_8", transpose_8);
    pb_solver_define(b, "TILE_ROWS", tile);
    pb_solver_define(b, "COLUMN_VECTORS", vectors);
    pb_solver_define(b, "COPY_ROWS", copied);
    pb_solver_define(b, "PANELS", panels);
    pb_solver_define(b, "COPY_B", copies_b);
    pb_solver_define(b, "DEPTH", depth);
    set_product_block(b, p, u, &x, pb_solver_family(b, "product_tile"), tile, c.rows, c.columns);
    u->block.local_floats =
        copies_b ? depth * (16 * vectors * panels + (copied > 1 ? copied : 0)) : 0;
    describe_product(b, u, &x, "product_tile");
    return PB_OK;
}

static bool can_dot(const pb_build *b, const pb_record *r)
{
    return r->op == PB_OP_MATMUL && b->on_cpu && !r->attrs.transpose_a && r->attrs.transpose_b;
}

/* Long rows against few, long rows. */
static bool suits_dot(const pb_build *b, const pb_record *r)
{
    const pb_shape a = pb_build_record(b, r->in[0])->shape;
    return a.dim[a.axes - 1] >= 64 && r->shape.dim[r->shape.axes - 1] < 32;
}

static pb_status write_product_dot(pb_build *b, pb_program_build *p, pb_unit *u, const pb_record *r)
{
    const pb_tiles *tiles = pb_tiles_of(b->info);
    (void)r;
    const pb_product x = product_of(b, p, u);
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
    pb_solver_define(b, "LANES", pb_has_wide_registers(b->info) ? 16 : 8);
    pb_solver_define(b, "TILE_ROWS", tile);
    pb_solver_define(b, "TILE_COLUMNS", tile_columns);
    set_product_block(b, p, u, &x, pb_solver_family(b, "product_dot"), tile, c.rows, c.columns);
    describe_product(b, u, &x, "product_dot");
    return PB_OK;
}

/* Products that are done before CLBlast's helpers would have started, and batches of them, of which
 * CLBlast computes one after another. */
bool pb_product_suits_plain(int m, int n, int k)
{
    return 2.0 * m * n * k < 4e6;
}

static bool suits_plain(const pb_build *b, const pb_record *r)
{
    const pb_shape y = r->shape, a = pb_build_record(b, r->in[0])->shape;
    const int k = a.dim[a.axes - (r->attrs.transpose_a ? 2 : 1)];
    return pb_product_suits_plain(y.dim[y.axes - 2], y.dim[y.axes - 1], k);
}

/* That its registers and the group's local memory hold. */
int pb_product_most_work(const pb_build *b, int tile)
{
    int work = 8;
    while (work > 1 &&
           8u * (unsigned)tile * (unsigned)(tile * work + 1) > b->info->local_memory_bytes)
        --work;
    return work;
}

static int most_tile(const pb_build *b)
{
    return b->info->max_work_group_size >= 256 ? 16 : 8;
}

int pb_product_tile(const pb_build *b, int m, int n)
{
    return m > 8 && n > 8 ? most_tile(b) : 8;
}

pb_status pb_product_write_plain(pb_build *b, pb_unit *u, const pb_product *x, int tile, int work)
{
    define_product(b, x);
    pb_solver_define(b, "TRANSPOSE_A", x->transpose_a);
    pb_solver_define(b, "TRANSPOSE_B", x->transpose_b);
    pb_solver_define(b, "TILE", tile);
    pb_solver_define(b, "WORK", work);
    pb_solver_define_follower(b);
    int regions[3];
    regions_of(x, regions);
    pb_solver_own(u, pb_solver_family(b, "product_plain"), regions,
                  (size_t)(tile * ceil_div(x->n, tile * work)),
                  (size_t)(tile * ceil_div(x->m, tile * work)), (size_t)x->batch, (size_t)tile);
    u->own.local[1] = (size_t)tile;
    pb_solver_bind_follower(b, u);
    pb_solver_regions(u, regions);
    describe_product(b, u, x, "product_plain");
    return PB_OK;
}

/** What our kernel was written for. */
typedef struct plain {
    pb_product x;
    int tile, work;
} plain;

static pb_status write_plain_again(pb_build *b, pb_unit *u)
{
    const plain *of = u->element.made_of;
    return pb_product_write_plain(b, u, &of->x, of->tile, of->work);
}

pb_status pb_product_take_follower(pb_build *b, pb_unit *u, const pb_product *x, int tile, int work)
{
    plain *of = pb_arena_alloc(b->arena, sizeof *of);
    if (!of) return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to plan a product");
    *of = (plain){*x, tile, work};
    const double a = (double)x->m * x->k, c = (double)x->n * x->k;
    u->element = (pb_element_function){
        .write = write_plain_again,
        .made_of = of,
        .regions = {x->place[0].region, x->place[1].region},
        .counts = {x->stride_a ? a * x->batch : a, x->stride_b ? c * x->batch : c}};
    return PB_OK;
}

static pb_status write_product_plain(pb_build *b, pb_program_build *p, pb_unit *u,
                                     const pb_record *r)
{
    (void)r;
    const pb_product x = product_of(b, p, u);
    const int tile = pb_choice_pick(b, u, "tile", pb_product_tile(b, x.m, x.n), most_tile(b));
    const int work = pb_choice_pick(b, u, "work", 1, pb_product_most_work(b, tile));
    PB_TRY(pb_product_write_plain(b, u, &x, tile, work));
    return pb_product_take_follower(b, u, &x, tile, work);
}

/* Room for CLBlast's copies of operands, as a part of the arena. */
static pb_status add_workspace(pb_build *b, pb_program_build *p, pb_unit *u)
{
    size_t bytes;
    PB_TRY(pb_gemm_workspace(b->device, &u->own.gemm, &bytes));
    u->own.gemm_region[3] = -1;
    if (bytes == 0) return PB_OK;
    PB_TRY(pb_build_region(b, PB_F32, (bytes + 3) / 4, &u->own.gemm_region[3]));
    b->regions[u->own.gemm_region[3]].program = p->index;
    return PB_OK;
}

pb_status pb_product_write_gemm(pb_build *b, pb_program_build *p, pb_unit *u, const pb_product *x,
                                pb_gemm_way way)
{
    u->own.is_gemm = true;
    u->own.gemm = (pb_gemm_spec){.way = way,
                                 .m = x->m,
                                 .n = x->n,
                                 .k = x->k,
                                 .batch = x->batch,
                                 .transpose_a = x->transpose_a,
                                 .transpose_b = x->transpose_b,
                                 .stride_a = x->stride_a,
                                 .stride_b = x->stride_b,
                                 .stride_c = (size_t)x->m * (size_t)x->n,
                                 .offset_a = (size_t)x->place[0].offset,
                                 .offset_b = (size_t)x->place[1].offset,
                                 .offset_c = (size_t)x->place[2].offset};
    regions_of(x, u->own.gemm_region);
    pb_solver_regions(u, u->own.gemm_region);
    describe_product(b, u, x, u->solver);
    u->own.gemm.label = u->label;
    return add_workspace(b, p, u);
}

static pb_status write_gemm(pb_build *b, pb_program_build *p, pb_unit *u, pb_gemm_way way)
{
    const pb_product x = product_of(b, p, u);
    return pb_product_write_gemm(b, p, u, &x, way);
}

static pb_status write_product_clblast(pb_build *b, pb_program_build *p, pb_unit *u,
                                       const pb_record *r)
{
    (void)r;
    return write_gemm(b, p, u, PB_GEMM_EACH);
}

static pb_status write_product_strided(pb_build *b, pb_program_build *p, pb_unit *u,
                                       const pb_record *r)
{
    (void)r;
    return write_gemm(b, p, u, PB_GEMM_STRIDED);
}

static pb_status write_product_batched(pb_build *b, pb_program_build *p, pb_unit *u,
                                       const pb_record *r)
{
    (void)r;
    return write_gemm(b, p, u, PB_GEMM_BATCHED);
}

static bool is_batch(const pb_build *b, const pb_record *r)
{
    const size_t one =
        (size_t)r->shape.dim[r->shape.axes - 2] * (size_t)r->shape.dim[r->shape.axes - 1];
    return is_product(b, r) && pb_shape_count(r->shape) > one;
}

static bool never(const pb_build *b, const pb_record *r)
{
    (void)b;
    (void)r;
    return false;
}

static bool is_cpu_product(const pb_build *b, const pb_record *r)
{
    return is_product(b, r) && b->on_cpu;
}

bool pb_product_can_plain(const pb_build *b)
{
    return b->info->max_work_group_size >= 64;
}

static bool is_group_product(const pb_build *b, const pb_record *r)
{
    return is_product(b, r) && pb_product_can_plain(b);
}

static const pb_solver solvers[] = {
    {"product_dot",
     can_dot,
     suits_dot,
     write_product_dot,
     {{"rows", {2, 3, 4, 5, 6}}, {"columns", {2, 4, 5, 6}}, {"item_rows", {8, 16, 32, 64, 128}}}},
    {"product_tile",
     is_cpu_product,
     pb_solver_always,
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
    {"clblast", is_product, pb_solver_always, write_product_clblast, {{0}}},
    /* 1.5.3 computes large batches wrongly on some devices: only where measuring has checked it */
    {"clblast_strided", is_batch, never, write_product_strided, {{0}}},
    {"clblast_batched", is_batch, never, write_product_batched, {{0}}},
};

const pb_solver *pb_product_solvers(int *count)
{
    *count = (int)(sizeof solvers / sizeof solvers[0]);
    return solvers;
}
