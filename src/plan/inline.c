/* Products and convolutions whose elements do not go through memory, where a launch has a unit to
 * itself, as on GPUs. A unit over single elements that alone reads the result takes them in
 * registers:
 *   - of a convolution of few terms, which costs less than storing it and reading it again: it
 *     calls the solver's function for each element where it needs it, and takes bias, maximum and
 *     position of what that returns
 *   - of a product, whose operands have tiles in local memory: its kernel calls the unit's function
 *     with each element, so what lies at the same place follows, such as bias and activation
 * If others read the result too, a unit over its own elements stores it for them.
 *
 * On CPUs a unit follows the product or convolution within a few samples, whose values stay in a
 * near cache (dispatch.c), and takes the time that its own stores take: on the main job, pooling
 * units have 5 % of a step, and had 3 % when they read, compared and added nothing. So no result is
 * handed over in registers there. */
#include <limits.h>
#include <stdlib.h>

#include "plan/build.h"

/* Evaluations of elements, of the result's. Windows that overlap would compute most of them several
 * times; those that do not add a few where they reach into the padding. A unit that reads a small
 * part is left alone: so few work-items would compute it, and what measures a convolution reads one
 * element of all that are to be computed. */
#define MOST_EVALUATIONS  1.25
#define LEAST_EVALUATIONS 0.25

/** What reads and writes the result of a library unit. */
typedef struct users {
    int readers; /* other units                                 */
    bool shared; /* its region holds what other units write too */
    bool kept;   /* other programs read it                      */
} users;

static users find_users(const pb_build *b, const pb_program_build *p, int library)
{
    const pb_value v = p->units[library].value;
    const int number = p->place[v].region;
    const pb_region *region = &b->regions[number];
    users found = {.kept = region->persistent};
    found.shared = region->count != pb_shape_count(pb_build_record(b, v)->shape);
    for (int y = 0; y < p->unit_count; ++y) {
        const pb_parameters *touches = &p->units[y].touches;
        const int k = pb_parameters_find(touches, number);
        if (k < 0 || y == library || p->units[y].is_inlined) continue;
        found.readers += touches->read[k];
        found.shared |= touches->written[k];
    }
    return found;
}

/* The unit that computes all elements of the library unit once, and stores them if it must; false
 * in `fits` where it cannot, and nothing changed then. */
static pb_status try_reader(pb_build *b, pb_program_build *p, int library, int reader, bool stores,
                            bool *fits)
{
    const pb_value v = p->units[library].value;
    const double count = (double)pb_shape_count(pb_build_record(b, v)->shape);
    pb_unit *unit = &p->units[reader], trial = *unit;
    const bool follows = p->units[library].element.write != NULL,
               whole = (double)(unit->rows * unit->columns) == count;
    *fits = false;
    if (count > INT_MAX || unit->kind != PB_UNIT_MAP ||
        unit->inlined_count == PB_UNIT_MAX_INLINED || unit->follows ||
        (follows && (!whole || unit->inlined_count > 0)))
        return PB_OK;
    trial.follows = follows;
    trial.inlined[trial.inlined_count++] = library;
    trial.label = trial.inlined_count == 1
                      ? p->units[library].label
                      : pb_arena_printf(b->arena, "%s + %s", unit->label, p->units[library].label);
    trial.solver = p->units[library].solver;
    if (stores) {
        if (unit->root_count == PB_UNIT_MAX_ROOTS || !whole) return PB_OK;
        p->root_of[v] = p->root_count;
        trial.roots[trial.root_count++] = p->root_count;
        PB_TRY(pb_root_add(
            b, p, (pb_root){.v = v, .place = p->place[v], .forced = true, .leaf = PB_NONE}));
        p->roots[p->root_count - 1].unit = reader;
    }
    trial.rows = 1;
    trial.columns = unit->rows * unit->columns;
    bool possible;
    PB_TRY(pb_codegen_check(b, p, &trial, &possible));
    const double evaluations = trial.evaluations - unit->evaluations;
    *fits = possible && (follows || (evaluations >= LEAST_EVALUATIONS * count &&
                                     evaluations <= MOST_EVALUATIONS * count));
    if (*fits) {
        *unit = trial;
        p->units[library].is_inlined = true;
    } else if (stores) {
        p->root_of[v] = -1;
        --p->root_count;
    }
    return PB_OK;
}

static pb_status inline_library(pb_build *b, pb_program_build *p, int library, const bool *before,
                                bool *seen)
{
    const users found = find_users(b, p, library);
    const bool stores = found.readers > 1 || found.kept;
    bool fits = false;
    if (found.shared) return PB_OK;
    for (int y = 0; y < p->unit_count && !fits; ++y) {
        const pb_parameters *touches = &p->units[y].touches;
        const int k = pb_parameters_find(touches, p->place[p->units[library].value].region);
        if (k >= 0 && touches->read[k] &&
            !pb_unit_makes_cycle(before, p->unit_count, library, y, seen))
            PB_TRY(try_reader(b, p, library, y, stores, &fits));
    }
    return PB_OK;
}

pb_status pb_plan_inline(pb_build *b, pb_program_build *p)
{
    const int n = p->unit_count;
    bool *before = malloc((size_t)n * (size_t)n * sizeof *before + 1);
    bool *seen = malloc((size_t)n * sizeof *seen + 1);
    pb_status status =
        before && seen ? PB_OK : pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to fuse %d kernels", n);
    for (int i = 0; status == PB_OK && i < n && !b->on_cpu; ++i) {
        if (!p->units[i].element.name && !p->units[i].element.write) continue;
        pb_unit_edges(b, p, before);
        status = inline_library(b, p, i, before, seen);
    }
    free(before);
    free(seen);
    return status;
}

pb_status pb_unit_read_again(pb_build *b, pb_program_build *p, pb_unit *unit)
{
    for (int i = 0; i < unit->inlined_count; ++i) {
        pb_unit *library = &p->units[unit->inlined[i]];
        library->is_inlined = false;
        for (int k = 0; k < unit->root_count; ++k) { /* the library unit stores it again */
            if (p->root_of[library->value] != unit->roots[k]) continue;
            unit->roots[k--] = unit->roots[--unit->root_count];
            p->root_of[library->value] = -1;
        }
    }
    unit->inlined_count = 0;
    unit->follows = false;
    unit->label = unit->solver = NULL;
    return pb_units_check(b, p);
}
