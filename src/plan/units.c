/* Stored values join kernels. Every root starts as a kernel of its own; kernels over the same
 * iteration domain merge when one can be generated for both and no cycle arises. What only the
 * kernel itself reads is then not stored. */
#include <stdlib.h>
#include <string.h>

#include "plan/build.h"

#define SMALL_DOMAIN 1024

static int64_t count_of(const pb_build *b, pb_value v)
{
    return (int64_t)pb_shape_count(pb_build_record(b, v)->shape);
}

pb_status pb_unit_add(pb_build *b, pb_program_build *p, pb_unit **unit)
{
    if (p->unit_count == p->unit_capacity) {
        const int capacity = p->unit_capacity ? 2 * p->unit_capacity : 64;
        pb_unit *grown = realloc(p->units, (size_t)capacity * sizeof *grown);
        if (!grown)
            return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for %d kernels of a plan", capacity);
        p->units = grown;
        p->unit_capacity = capacity;
    }
    *unit = &p->units[p->unit_count++];
    **unit = (pb_unit){.value = PB_NONE};
    return PB_OK;
}

static void set_domain(const pb_build *b, pb_unit *unit, const pb_root *root)
{
    const pb_record *r = pb_build_record(b, root->v);
    if (!root->reduction) {
        unit->kind = PB_UNIT_MAP;
        unit->rows = 1;
        unit->columns = count_of(b, root->v);
        return;
    }
    const pb_shape in = pb_build_record(b, r->in[0])->shape;
    int64_t outer = 1, inner = 1;
    for (int i = 0; i < in.axes; ++i) {
        if (i < r->attrs.axis) outer *= in.dim[i];
        if (i > r->attrs.axis) inner *= in.dim[i];
    }
    const int64_t reduced = in.dim[r->attrs.axis];
    unit->kind = inner == 1 ? PB_UNIT_ROWS : PB_UNIT_COLUMNS;
    unit->rows = unit->outer = outer;
    unit->columns = unit->reduced = reduced;
    unit->inner = inner;
}

/* Whether the last axes of every root multiply up to `columns`, so that rows start on whole axes.
 */
static bool rows_fit(const pb_build *b, const pb_program_build *p, const pb_unit *u,
                     int64_t columns)
{
    for (int i = 0; i < u->root_count; ++i) {
        const pb_shape s = pb_build_record(b, p->roots[u->roots[i]].v)->shape;
        int64_t product = 1;
        for (int k = s.axes - 1; k >= 0 && product < columns; --k) product *= s.dim[k];
        if (product != columns) return false;
    }
    return true;
}

static int64_t domain_size(const pb_unit *u)
{
    return u->kind == PB_UNIT_COLUMNS ? u->outer * u->reduced * u->inner : u->rows * u->columns;
}

/* The domain of two kernels in one, or false. */
static bool join_domains(const pb_build *b, const pb_program_build *p, const pb_unit *x,
                         const pb_unit *y, pb_unit *both)
{
    if (x->kind == PB_UNIT_LIBRARY || y->kind == PB_UNIT_LIBRARY) return false;
    if (x->kind == PB_UNIT_MAP && y->kind != PB_UNIT_MAP) return join_domains(b, p, y, x, both);
    *both = *x;
    const int64_t n = y->rows * y->columns;
    switch (x->kind) {
    case PB_UNIT_MAP: return n == x->rows * x->columns;
    case PB_UNIT_ROWS:
        if (y->kind == PB_UNIT_ROWS) return x->rows == y->rows && x->columns == y->columns;
        if (y->kind != PB_UNIT_MAP) return false;
        return (n == x->rows * x->columns && rows_fit(b, p, y, x->columns)) || n == x->rows;
    case PB_UNIT_COLUMNS:
        if (y->kind == PB_UNIT_COLUMNS)
            return x->outer == y->outer && x->reduced == y->reduced && x->inner == y->inner;
        return y->kind == PB_UNIT_MAP && n == x->outer * x->inner;
    default: return false;
    }
}

static bool related(const pb_unit *x, const pb_unit *y)
{
    for (int i = 0; i < x->touches.count; ++i)
        for (int k = 0; k < y->touches.count; ++k)
            if (x->touches.region[i] == y->touches.region[k]) return true;
    return domain_size(x) <= SMALL_DOMAIN && domain_size(y) <= SMALL_DOMAIN;
}

/* Regions that leaves live in: reading them waits for nobody, writing them waits for every reader.
 */
static bool is_leaf_region(const pb_build *b, int region)
{
    return b->regions[region].program == -1 && b->regions[region].persistent;
}

/* Dead units (no roots, not library, or computed by another unit) have no edges. */
void pb_unit_edges(const pb_build *b, const pb_program_build *p, bool *before)
{
    const int n = p->unit_count;
    memset(before, 0, (size_t)n * (size_t)n * sizeof *before);
    for (int x = 0; x < n; ++x)
        for (int y = 0; y < n; ++y) {
            if (x == y || p->units[x].is_inlined || p->units[y].is_inlined) continue;
            const pb_parameters *writer = &p->units[x].touches, *reader = &p->units[y].touches;
            for (int i = 0; i < writer->count; ++i) {
                if (!writer->written[i]) continue;
                for (int k = 0; k < reader->count; ++k) {
                    if (reader->region[k] != writer->region[i] || !reader->read[k]) continue;
                    if (is_leaf_region(b, writer->region[i]) && !p->is_setup)
                        before[y * n + x] = true;
                    else
                        before[x * n + y] = true;
                }
            }
        }
}

static bool reaches(const bool *before, int n, int from, int to, bool *seen)
{
    if (from == to) return true;
    if (seen[from]) return false;
    seen[from] = true;
    for (int y = 0; y < n; ++y)
        if (before[from * n + y] && reaches(before, n, y, to, seen)) return true;
    return false;
}

/* A path from x to y, or back, through a third unit makes a cycle of the merged unit. */
bool pb_unit_makes_cycle(const bool *before, int n, int x, int y, bool *seen)
{
    const int ends[2][2] = {{x, y}, {y, x}};
    for (int side = 0; side < 2; ++side)
        for (int middle = 0; middle < n; ++middle) {
            const int from = ends[side][0], to = ends[side][1];
            if (middle == to || middle == from || !before[from * n + middle]) continue;
            memset(seen, 0, (size_t)n * sizeof *seen);
            seen[from] = true;
            if (reaches(before, n, middle, to, seen)) return true;
        }
    return false;
}

static void absorb(pb_program_build *p, int into, int from)
{
    pb_unit *y = &p->units[from];
    for (int i = 0; i < y->root_count; ++i) p->roots[y->roots[i]].unit = into;
    y->root_count = 0;
    y->touches.count = 0;
}

/* Edges after x took the place of x and y. */
static void merge_edges(bool *before, int n, int x, int y)
{
    for (int k = 0; k < n; ++k) {
        if (k != x) {
            before[x * n + k] |= before[y * n + k];
            before[k * n + x] |= before[k * n + y];
        }
        before[y * n + k] = before[k * n + y] = false;
    }
    before[x * n + x] = false;
}

static pb_status merge_units(pb_build *b, pb_program_build *p)
{
    const int n = p->unit_count;
    bool *before = malloc((size_t)n * (size_t)n * sizeof *before + 1);
    bool *seen = malloc((size_t)n * sizeof *seen + 1);
    pb_status status =
        before && seen ? PB_OK : pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to merge %d kernels", n);
    if (status == PB_OK) pb_unit_edges(b, p, before);
    for (int y = 0; status == PB_OK && y < n; ++y) {
        for (int x = y - 1; status == PB_OK && x >= 0; --x) {
            pb_unit *first = &p->units[x], *second = &p->units[y], both;
            if (first->root_count == 0 || second->root_count == 0) continue;
            if (first->root_count + second->root_count > PB_UNIT_MAX_ROOTS) continue;
            if (!join_domains(b, p, first, second, &both) || !related(first, second)) continue;
            if (pb_unit_makes_cycle(before, n, x, y, seen)) continue;
            both.root_count = 0;
            for (int i = 0; i < first->root_count; ++i)
                both.roots[both.root_count++] = first->roots[i];
            for (int i = 0; i < second->root_count; ++i)
                both.roots[both.root_count++] = second->roots[i];
            bool possible;
            status = pb_codegen_check(b, p, &both, &possible);
            if (status != PB_OK || !possible) continue;
            absorb(p, x, y);
            p->units[x] = both;
            merge_edges(before, n, x, y);
            y = x; /* the merged kernel may merge with earlier ones */
            x = y;
        }
    }
    free(before);
    free(seen);
    return status;
}

pb_status pb_units_check(pb_build *b, pb_program_build *p)
{
    for (int y = 0; y < p->unit_count; ++y) {
        bool possible = true;
        if (p->units[y].root_count) PB_TRY(pb_codegen_check(b, p, &p->units[y], &possible));
        if (!possible)
            return pb_fail(b->ctx, PB_ERR_INTERNAL, "kernel %d of program %s cannot be written", y,
                           p->name);
    }
    return PB_OK;
}

/* What nobody outside a kernel reads is not stored. */
static pb_status drop_private_stores(pb_build *b, pb_program_build *p)
{
    for (int i = 0; i < p->root_count; ++i) {
        pb_root *root = &p->roots[i];
        if (root->forced) continue;
        root->stored = false;
        for (int y = 0; y < p->unit_count && !root->stored; ++y) {
            if (y == root->unit) continue;
            const pb_parameters *touches = &p->units[y].touches;
            for (int k = 0; k < touches->count; ++k)
                root->stored |= touches->region[k] == root->place.region && touches->read[k];
        }
    }
    return pb_units_check(b, p);
}

#define MAX_CUTS 16

/* Ways to cut a kernel's elements into rows: the products of last axes of every value that it looks
 * through. */
typedef struct cuts {
    int64_t elements;
    int count;
    int64_t columns[MAX_CUTS]; /* descending */
    bool *seen;
} cuts;

static void add_cut(cuts *c, int64_t columns)
{
    int at = 0;
    while (at < c->count && c->columns[at] > columns) ++at;
    if (c->count == MAX_CUTS || (at < c->count && c->columns[at] == columns)) return;
    memmove(&c->columns[at + 1], &c->columns[at], (size_t)(c->count - at) * sizeof c->columns[0]);
    c->columns[at] = columns;
    ++c->count;
}

static void find_cuts(const pb_build *b, const pb_program_build *p, cuts *c, pb_value v, int unit,
                      bool is_root)
{
    if (c->seen[v]) return;
    c->seen[v] = true;
    const pb_record *r = pb_build_record(b, v);
    int64_t columns = 1;
    for (int i = r->shape.axes - 1; i >= 0; --i) {
        columns *= r->shape.dim[i];
        if (columns > 1 && c->elements % columns == 0) add_cut(c, columns);
    }
    const bool own = p->root_of[v] >= 0 && p->roots[p->root_of[v]].unit == unit;
    if (!is_root && !own && pb_build_place(b, p, v).region >= 0) return;
    for (int i = 0; i < r->arity; ++i) find_cuts(b, p, c, r->in[i], unit, false);
}

/* Of the ways to cut an elementwise kernel's elements into rows, the one whose addresses are
 * simplest; of equals, the one with the longest rows. Beside a convolution addresses cost little,
 * and along one row neighbouring work-items read neighbours. */
static pb_status choose_rows(pb_build *b, pb_program_build *p, pb_unit *u)
{
    if (u->kind != PB_UNIT_MAP || u->root_count == 0 || u->inlined_count > 0) return PB_OK;
    cuts c = {.elements = u->rows * u->columns};
    c.seen = calloc((size_t)b->count, sizeof *c.seen);
    if (!c.seen) return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to plan %d values", b->count);
    add_cut(&c, c.elements);
    for (int i = 0; i < u->root_count; ++i)
        find_cuts(b, p, &c, p->roots[u->roots[i]].v, p->roots[u->roots[i]].unit, true);
    free(c.seen);
    int64_t best_columns = c.elements;
    int best = -1;
    for (int i = 0; i < c.count && best != 0; ++i) {
        u->columns = c.columns[i];
        u->rows = c.elements / u->columns;
        bool possible;
        PB_TRY(pb_codegen_check(b, p, u, &possible));
        if (!possible || (best >= 0 && u->irregular >= best)) continue;
        best = u->irregular;
        best_columns = u->columns;
    }
    u->columns = best_columns;
    u->rows = c.elements / best_columns;
    return PB_OK;
}

pb_status pb_unit_of_root(pb_build *b, pb_program_build *p, int root)
{
    pb_unit *unit;
    PB_TRY(pb_unit_add(b, p, &unit));
    unit->roots[unit->root_count++] = root;
    p->roots[root].unit = p->unit_count - 1;
    set_domain(b, unit, &p->roots[root]);
    return PB_OK;
}

pb_status pb_plan_units(pb_build *b, pb_program_build *p)
{
    p->samples = b->on_cpu && !p->is_setup ? pb_samples(b, p) : 0;
    for (pb_value v = 0; v < b->count; ++v) /* in order of values, assignments last */
        if (p->needed[v] && p->stored[v] &&
            pb_ops[pb_build_record(b, v)->op].class == PB_CONTRACTION)
            PB_TRY(pb_solve(b, p, v));
    for (int next_root = 0; next_root < p->root_count; ++next_root) {
        PB_TRY(pb_unit_of_root(b, p, next_root));
        bool possible;
        PB_TRY(pb_codegen_check(b, p, &p->units[p->unit_count - 1], &possible));
        /* a leaf that is assigned from other elements of itself */
        if (!possible && p->roots[next_root].leaf != PB_NONE) {
            PB_TRY(pb_root_aside(b, p, next_root));
            PB_TRY(pb_codegen_check(b, p, &p->units[p->unit_count - 1], &possible));
        }
        if (!possible)
            return pb_fail(b->ctx, PB_ERR_INTERNAL,
                           "no kernel can be written for value %d (%s) of program %s",
                           p->roots[next_root].v,
                           pb_ops[pb_build_record(b, p->roots[next_root].v)->op].name, p->name);
    }
    PB_TRY(pb_units_check(b, p));
    PB_TRY(merge_units(b, p));
    PB_TRY(drop_private_stores(b, p));
    PB_TRY(pb_plan_inline(b, p));
    for (int i = 0; i < p->unit_count; ++i) PB_TRY(choose_rows(b, p, &p->units[i]));
    return PB_OK;
}
