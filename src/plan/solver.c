/* Products and convolutions. Each solver is a row of a table: whether it can compute a value on
 * this device, whether it should, how it writes what computes the value, and what of that may be
 * chosen. choice.c takes one. On a CPU a solver writes a function over a block of the result, which
 * any launch may call; elsewhere a kernel of its own, or a call of CLBlast. */
#include "plan/solver.h"

#include <string.h>

void pb_solver_define(pb_build *b, const char *macro, long value)
{
    pb_text_append(&b->macros, "#define %s %ld\n", macro, value);
}

const char *pb_solver_family(pb_build *b, const char *family)
{
    const char *text = pb_cl_source(family), *name = "";
    pb_text_append(&b->macros, "#line 1 \"cl/%s.cl\"\n%s", family,
                   text ? text : "#error missing\n");
    if (b->macros.failed || pb_build_kernel(b, b->macros.text, &name) != PB_OK)
        b->source.failed = 1;
    pb_text_free(&b->macros);
    return name;
}

void pb_solver_define_name(pb_build *b, const char *macro, const char *name)
{
    pb_text_append(&b->macros, "#define %s %s\n", macro, name);
}

int pb_solver_transpose_side(const pb_build *b)
{
    return pb_has_wide_registers(b->info) ? 16 : 8;
}

const char *pb_solver_transpose(pb_build *b, int side)
{
    pb_solver_define(b, "SIDE", side);
    return pb_solver_family(b, "transpose");
}

void pb_solver_own(pb_unit *u, const char *kernel, const int regions[3], size_t x, size_t y,
                   size_t z, size_t local)
{
    u->own = (pb_dispatch){.kernel = kernel, .global = {x, y, z}, .local = {local, 1, 1}};
    for (int k = 0; k < 3; ++k)
        if (regions[k] >= 0) u->own.args[u->own.arg_count++] = regions[k];
}

void pb_solver_define_follower(pb_build *b)
{
    const pb_follower *f = b->follower;
    if (!f) return;
    pb_solver_define_name(b, "FOLLOWER", f->name);
    pb_solver_define_name(b, "FOLLOWER_PARAMETERS", f->parameters);
    pb_solver_define_name(b, "FOLLOWER_ARGUMENTS", f->arguments);
    pb_solver_define_name(b, "FOLLOWER_A", f->a);
    pb_solver_define_name(b, "FOLLOWER_B", f->b);
}

void pb_solver_bind_follower(const pb_build *b, pb_unit *u)
{
    if (!b->follower) return;
    u->own.arg_count = b->follower->all->count;
    memcpy(u->own.args, b->follower->all->region, sizeof(int) * (size_t)u->own.arg_count);
}

void pb_solver_regions(pb_unit *u, const int regions[3])
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

void pb_solver_offsets(pb_build *b, const char *const names[3], const pb_place places[3])
{
    for (int i = 0; i < 3; ++i) pb_solver_define(b, names[i], (long)places[i].offset);
}

bool pb_is_cut_in_rows(const pb_build *b, const pb_place *place, int64_t rows, int64_t columns)
{
    return place->offset == 0 && b->regions[place->region].count == (size_t)(rows * columns);
}

bool pb_solver_always(const pb_build *b, const pb_record *r)
{
    (void)b;
    (void)r;
    return true;
}

/* Fewer samples are not worth cutting. */
#define LEAST_SAMPLES 16

/* Rows of a product's result that are made of rows of A, or samples of a convolution; 0: neither.
 */
static int samples_in(const pb_build *b, const pb_record *r)
{
    if (r->op == PB_OP_MATMUL)
        return r->shape.axes == 2 && !r->attrs.transpose_a ? r->shape.dim[0] : 0;
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

const pb_solver *pb_solvers(pb_op op, int *count)
{
    if (op == PB_OP_MATMUL) return pb_product_solvers(count);
    if (op == PB_OP_ANALYSIS || op == PB_OP_SYNTHESIS) return pb_filter_bank_solvers(count);
    if (op == PB_OP_HISTOGRAM) return pb_histogram_solvers(count);
    return pb_conv_solvers(count);
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
    pb_choice_begin(u, solver, words);
    PB_TRY(solver->write(b, p, u, r));
    if (b->source.failed) return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to write kernels");
    return PB_OK;
}
