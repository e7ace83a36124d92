/* Levels of wavelet transforms and their adjoints. A result far enough from the ends of its line is
 * the same sum everywhere, which the kernel has in its text; those near the ends are rows of a
 * table. */
#include <stdlib.h>
#include <string.h>

#include "graph/filter_bank.h"
#include "plan/solver.h"

#define MOST_TRANSPOSED                                                                            \
    512 /* points and coefficients of a line that are taken side by side with others */
#define LONG_BAND 32768 /* coefficients that are worth several work-items */

/** What a kernel computes: rows of the matrix, of which those in [first, last) (of each filter)
 * need no table. */
typedef struct job {
    pb_filter_bank bank;
    pb_lines lines;
    bool adjoint;
    int rows;        /* of the result: a band of each filter, or the line */
    int first, last; /* of a band, or of the line                         */
    int border;      /* rows of the table                                 */
    int width;       /* entries of each                                   */
} job;

/* ---- which rows are regular ---- */

static int half_up(int a)
{
    return a >= 0 ? (a + 1) / 2 : -(-a / 2);
}

static int half_down(int a)
{
    return a >= 0 ? a / 2 : -((1 - a) / 2);
}

/* y[k] needs x[2 k + start - taps + 1] to x[2 k + start]. */
static void find_regular_results(job *j)
{
    const pb_filter_bank *b = &j->bank;
    j->first = half_up(b->taps - 1 - b->start);
    j->last = half_down(b->length - 1 - b->start) + 1;
    if (j->first < 0) j->first = 0;
    if (j->last > b->band) j->last = b->band;
    if (j->first >= j->last) j->first = j->last = b->band;
}

typedef struct touched {
    int length, first, last; /* points that the line takes from within its extension: x[0 ...
                                first), x[last ... ) */
} touched;

static void touch(touched *t, const pb_beyond *p)
{
    const int points[] = {p->index, 0, t->length - 1};
    const double weights[] = {p->weight, p->first, p->last};
    for (int i = 0; i < 3; ++i) {
        if (weights[i] == 0) continue;
        if (points[i] < t->length / 2) {
            if (points[i] >= t->first) t->first = points[i] + 1;
        } else if (points[i] < t->last) {
            t->last = points[i];
        }
    }
}

/* x[2 k + start] and x[2 k + start - 1] need y[k] to y[k + taps / 2 - 1], and nothing else where no
 * point beyond the ends is made of them. */
static void find_regular_points(job *j)
{
    const pb_filter_bank *b = &j->bank;
    touched t = {b->length, 0, b->length};
    const int lowest = b->start - (b->taps - 1), highest = 2 * (b->band - 1) + b->start;
    for (int at = lowest; at <= highest; at = at == -1 ? b->length : at + 1) {
        const pb_beyond p = pb_extension_at(b->extension, at, b->length);
        if (at < 0 || at >= b->length) touch(&t, &p);
    }
    int k_first = half_up(t.first - b->start + 1), k_last = half_down(t.last - b->start - 1) + 1;
    if (k_first < 0) k_first = 0;
    if (k_last > b->band - b->taps / 2 + 1) k_last = b->band - b->taps / 2 + 1;
    j->first = 2 * k_first + b->start - 1;
    j->last = 2 * k_last + b->start - 1;
    if (k_first >= k_last) j->first = j->last = b->length;
}

/* ---- the table ---- */

/** Entries of border rows as they are found: of each row pairs of what it reads and a weight. */
typedef struct table {
    const job *j;
    int room;   /* of a row */
    int *count; /* [border] */
    int *from;  /* [border, room], NULL while they are counted */
    float *weight;
} table;

/* The table's number of a row, or -1. */
static int border_row(const job *j, int row)
{
    const int each = j->adjoint ? j->bank.length : j->bank.band, within = row % each;
    const int regular = j->last - j->first;
    if (within >= j->first && within < j->last) return -1;
    return row / each * (each - regular) + (within < j->first ? within : within - regular);
}

static void enter(void *user, int filter, int k, int column, double weight)
{
    table *t = user;
    const int coefficient = filter * t->j->bank.band + k;
    const int row = border_row(t->j, t->j->adjoint ? column : coefficient);
    if (row < 0) return;
    int i = 0;
    if (t->from) {
        int *from = t->from + (size_t)row * (size_t)t->room;
        const int what = t->j->adjoint ? coefficient : column;
        while (i < t->count[row] && from[i] != what) ++i;
        from[i] = what;
        t->weight[(size_t)row * (size_t)t->room + (size_t)i] += (float)weight;
        if (i < t->count[row]) return;
    }
    ++t->count[row];
}

static int largest(const table *t)
{
    int most = 1;
    for (int i = 0; i < t->j->border; ++i)
        if (t->count[i] > most) most = t->count[i];
    return most;
}

static pb_status fill_table(pb_build *b, job *j, table *t, float **content, size_t *count)
{
    const size_t border = (size_t)j->border;
    t->count = calloc(border + 1, sizeof *t->count);
    if (t->count) pb_filter_bank_walk(&j->bank, enter, t);
    if (t->count) t->room = largest(t);
    t->from = calloc(border * (size_t)t->room + 1, sizeof *t->from);
    t->weight = calloc(border * (size_t)t->room + 1, sizeof *t->weight);
    if (!t->count || !t->from || !t->weight)
        return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for the ends of lines");
    memset(t->count, 0, border * sizeof *t->count);
    pb_filter_bank_walk(&j->bank, enter, t);
    j->width = largest(t);
    const size_t taps = 2 * (size_t)j->bank.taps, pairs = border * (size_t)j->width;
    *count = taps + 2 * pairs;
    *content = pb_arena_alloc(b->arena, *count * sizeof **content);
    if (!*content) return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for the ends of lines");
    memcpy(*content, j->bank.filters, taps * sizeof **content);
    float *at = *content + taps;
    for (size_t row = 0; row < border; ++row)
        for (size_t i = 0; i < (size_t)j->width; ++i) {
            const size_t entry = row * (size_t)t->room + i;
            const bool there = (int)i < t->count[row];
            const int32_t from = there ? t->from[entry] : 0;
            memcpy(at++, &from, sizeof from); /* the kernel takes its bits as a number again */
            *at++ = there ? t->weight[entry] : 0;
        }
    return PB_OK;
}

/* Taps and table in a region of their own: float32 [2, taps], then [border, width, 2]. */
static pb_status make_table(pb_build *b, job *j, int *region)
{
    table t = {.j = j};
    float *content = NULL;
    size_t count = 0;
    const pb_status status = fill_table(b, j, &t, &content, &count);
    free(t.count);
    free(t.from);
    free(t.weight);
    PB_TRY(status);
    PB_TRY(pb_build_region(b, PB_F32, count, region));
    b->regions[*region].persistent = true;
    b->regions[*region].initial = content;
    return PB_OK;
}

/* ---- the solver ---- */

static job job_of(const pb_build *b, const pb_record *r)
{
    job j = {.bank = pb_filter_bank_of(b->g, r),
             .lines = pb_lines_of(r->shape, r->attrs.axis),
             .adjoint = r->op == PB_OP_SYNTHESIS};
    if (j.adjoint)
        find_regular_points(&j);
    else
        find_regular_results(&j);
    j.rows = j.adjoint ? j.bank.length : 2 * j.bank.band;
    j.border =
        (j.adjoint ? 1 : 2) * ((j.adjoint ? j.bank.length : j.bank.band) - (j.last - j.first));
    return j;
}

static bool can(const pb_build *b, const pb_record *r)
{
    (void)b;
    return r->op == PB_OP_ANALYSIS || r->op == PB_OP_SYNTHESIS;
}

static void define(pb_build *b, const job *j, const pb_place *from, const pb_place *to)
{
    pb_solver_define(b, "ADJOINT", j->adjoint);
    pb_solver_define(b, "LENGTH", j->bank.length);
    pb_solver_define(b, "BAND", j->bank.band);
    pb_solver_define(b, "TAPS", j->bank.taps);
    pb_solver_define(b, "START", j->bank.start);
    pb_solver_define(b, "INNER", (long)j->lines.inner);
    pb_solver_define(b, "FIRST", j->first);
    pb_solver_define(b, "LAST", j->last);
    pb_solver_define(b, "WIDTH", j->width);
    pb_solver_define(b, "X_OFFSET", (long)from->offset);
    pb_solver_define(b, "Y_OFFSET", (long)to->offset);
}

static pb_status write(pb_build *b, pb_program_build *p, pb_unit *u, const pb_record *r)
{
    job j = job_of(b, r);
    int table_region;
    PB_TRY(make_table(b, &j, &table_region));
    const pb_place from = pb_build_place(b, p, r->in[0]), to = p->place[u->value];
    const int regions[] = {from.region, table_region, to.region}, outer = (int)j.lines.outer;
    const size_t read = pb_shape_count(pb_build_record(b, r->in[0])->shape);
    define(b, &j, &from, &to);
    if (b->on_cpu) {
        const int inner = (int)j.lines.inner, all = j.bank.length + 2 * j.bank.band;
        const bool transposed = inner == 1 && outer >= 4 && all <= MOST_TRANSPOSED;
        const int lanes = transposed || inner >= 16 ? 16 : inner >= 8 ? 8 : inner >= 4 ? 4 : 1;
        const int layers = j.bank.band >= LONG_BAND && outer < 4 * (int)b->info->compute_units
                               ? 4 * (int)b->info->compute_units
                               : 1;
        pb_solver_define(b, "TRANSPOSED", transposed);
        pb_solver_define(b, "LANES", lanes);
        pb_solver_define(b, "LAYERS", layers);
        pb_solver_define(b, "UNROLLED", j.bank.taps <= 16 ? j.bank.taps : 4);
        u->block = (pb_block_function){
            .name = pb_solver_family(b, "filter_bank_block"),
            .rows = outer,
            .columns = 1,
            .layers = layers,
            .item_rows =
                round_up(ceil_div(outer, 4 * (int)b->info->compute_units), transposed ? lanes : 1),
            .item_columns = 1,
            .least_rows = 1,
            .regions = {regions[0], regions[1], regions[2]},
            .local_floats = transposed ? lanes * all : 0,
        };
        pb_solver_regions(u, regions);
        if (p->samples && outer % p->samples == 0) {
            u->samples = p->samples;
            const int64_t each = (int64_t)pb_shape_count(r->shape) / p->samples;
            u->touches.by_sample[0] =
                pb_is_cut_in_rows(b, &from, p->samples, (int64_t)read / p->samples);
            u->touches.by_sample[2] = pb_is_cut_in_rows(b, &to, p->samples, each);
        }
    } else {
        pb_solver_define(b, "OUTER", outer);
        const size_t elements = pb_shape_count(r->shape);
        pb_solver_own(u, pb_solver_family(b, "filter_bank"), regions, elements, 1, 1, 64);
        pb_solver_regions(u, regions);
    }
    u->solver = "filter_bank";
    u->label = pb_arena_printf(b->arena, "%s %dx%dx%d taps %d", pb_ops[r->op].name, outer,
                               j.bank.length, (int)j.lines.inner, j.bank.taps);
    u->flops = 2.0 * (double)outer * (double)j.lines.inner * 2 * j.bank.band * j.bank.taps;
    u->bytes = 4.0 * (double)(read + pb_shape_count(r->shape));
    return PB_OK;
}

static const pb_solver solvers[] = {{"filter_bank", can, pb_solver_always, write, {{0}}}};

const pb_solver *pb_filter_bank_solvers(int *count)
{
    *count = 1;
    return solvers;
}
