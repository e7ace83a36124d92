/* Histograms of the rows of a matrix, counted in integers: every order of counting comes to the
 * same. */
#include "plan/solver.h"

enum {
    GROUP = 64,       /* work-items that count a row together                      */
    MOST_BINS = 4096, /* counted together; a row is read again for the bins beyond */
    WAYS = 4,         /* tables in turn, on a CPU, where that many fit             */
};

static bool can(const pb_build *b, const pb_record *r)
{
    (void)b;
    return r->op == PB_OP_HISTOGRAM;
}

static void write_block(pb_build *b, const pb_program_build *p, pb_unit *u, const pb_place *from,
                        int rows, int columns, int bins)
{
    const int ways = bins * WAYS <= MOST_BINS ? WAYS : 1;
    const pb_place *to = &p->place[u->value];
    pb_solver_define(b, "WAYS", ways);
    pb_solver_define(b, "TILE", smaller(bins, MOST_BINS));
    u->block = (pb_block_function){
        .name = pb_solver_family(b, "histogram_block"),
        .rows = rows,
        .columns = 1,
        .layers = 1,
        .item_rows = ceil_div(rows, 4 * (int)b->info->compute_units),
        .item_columns = 1,
        .least_rows = 1,
        .regions = {from->region, -1, to->region},
    };
    pb_solver_regions(u, u->block.regions);
    if (p->samples == 0 || rows % p->samples != 0) return;
    u->samples = p->samples;
    const int64_t each = rows / p->samples;
    u->touches.by_sample[0] = pb_is_cut_in_rows(b, from, p->samples, each * columns);
    u->touches.by_sample[1] = pb_is_cut_in_rows(b, to, p->samples, each * bins);
}

/* A work-group for each row. */
static void write_group(pb_build *b, const pb_program_build *p, pb_unit *u, const pb_place *from,
                        int rows, int bins)
{
    const int group = smaller(GROUP, (int)b->info->max_work_group_size);
    const int fit = (int)(b->info->local_memory_bytes / 2 / sizeof(int32_t));
    const int regions[] = {from->region, -1, p->place[u->value].region};
    pb_solver_define(b, "ROWS", rows);
    pb_solver_define(b, "GROUP", group);
    pb_solver_define(b, "TILE", smaller(bins, smaller(fit, MOST_BINS)));
    pb_solver_own(u, pb_solver_family(b, "histogram"), regions, (size_t)rows * (size_t)group, 1, 1,
                  (size_t)group);
    pb_solver_regions(u, regions);
}

static pb_status write(pb_build *b, pb_program_build *p, pb_unit *u, const pb_record *r)
{
    const pb_place from = pb_build_place(b, p, r->in[0]);
    const pb_shape x = pb_build_record(b, r->in[0])->shape;
    const int rows = x.dim[0], columns = x.dim[1], bins = r->shape.dim[1];
    pb_solver_define(b, "COLUMNS", columns);
    pb_solver_define(b, "BINS", bins);
    pb_solver_define(b, "X_OFFSET", (long)from.offset);
    pb_solver_define(b, "Y_OFFSET", (long)p->place[u->value].offset);
    if (b->on_cpu)
        write_block(b, p, u, &from, rows, columns, bins);
    else
        write_group(b, p, u, &from, rows, bins);
    u->solver = "histogram";
    u->label = pb_arena_printf(b->arena, "histogram %dx%d bins %d", rows, columns, bins);
    u->flops = (double)rows * (double)columns;
    u->bytes = 4.0 * (double)rows * ((double)columns + (double)bins);
    return PB_OK;
}

static const pb_solver solvers[] = {{"histogram", can, pb_solver_always, write, {{0}}}};

const pb_solver *pb_histogram_solvers(int *count)
{
    *count = 1;
    return solvers;
}
