/* The order of a program's units, and which of them share a launch. A launch costs as much as some
 * hundred thousand operations, so on a CPU
 *   - what takes each sample of the batch by itself (layers, their gradients towards the input) is
 *     done for a block of samples after another, without a launch in between
 *   - small units run one after another in one work-item
 *   - tasks that do not wait for each other lie side by side in one launch
 * Everywhere else each unit has a launch of its own. */
#include <stdlib.h>
#include <string.h>

#include "plan/tasks.h"

/** The units being put in order. */
typedef struct order {
    pb_build *b;
    pb_program_build *p;
    int unit_count;
    bool *before; /* [unit_count, unit_count], as pb_unit_edges */
    bool *placed; /* [unit_count]                               */
    bool *lonely; /* [unit_count] small, and no other unit joins it for blocks of samples */
    int *task_of; /* [unit_count]                               */
    int placed_count;
    int *sequence; /* [unit_count] */
    int task_count;
    pb_task *tasks; /* [unit_count] */
} order;

static bool is_alive(const pb_unit *u)
{
    return u->root_count > 0 || (u->kind == PB_UNIT_LIBRARY && !u->is_inlined);
}

bool pb_unit_is_part(const pb_build *b, const pb_unit *u)
{
    return b->on_cpu && (u->kind != PB_UNIT_LIBRARY || u->block.name);
}

static bool is_ready(const order *o, int y)
{
    bool ready = !o->placed[y];
    for (int x = 0; ready && x < o->unit_count; ++x)
        ready = o->placed[x] || !o->before[x * o->unit_count + y];
    return ready;
}

/* Whether no block of samples of one unit touches what another block of the other writes. */
static bool keep_to_their_samples(const pb_parameters *x, const pb_parameters *y)
{
    for (int i = 0; i < x->count; ++i)
        for (int k = 0; k < y->count; ++k)
            if (x->region[i] == y->region[k] && (x->written[i] || y->written[k]) &&
                !(x->by_sample[i] && y->by_sample[k]))
                return false;
    return true;
}

static void add_regions(pb_parameters *all, const pb_parameters *more)
{
    for (int i = 0; i < more->count; ++i) pb_parameters_place(all, more->region[i]);
}

/* Regions of units [first, first + count) of the sequence; PB_MAX_ARGS means too many. */
static int regions_of(const order *o, int first, int count, const pb_unit *more)
{
    pb_parameters all = {0};
    for (int i = first; i < first + count; ++i)
        add_regions(&all, &o->p->units[o->sequence[i]].touches);
    if (more) add_regions(&all, &more->touches);
    return all.count;
}

static bool can_join(const order *o, const pb_task *t, int y)
{
    const pb_unit *u = &o->p->units[y];
    if (!o->b->joins || !pb_unit_is_part(o->b, u) || t->kind == PB_TASK_ALONE ||
        regions_of(o, t->first, t->count, u) == PB_MAX_ARGS)
        return false;
    if (t->kind == PB_TASK_CHAIN) return u->small;
    bool joins = u->samples > 0 && !o->lonely[y];
    for (int i = t->first; joins && i < t->first + t->count; ++i)
        joins = keep_to_their_samples(&o->p->units[o->sequence[i]].touches, &u->touches);
    return joins;
}

static void place(order *o, pb_task *t, int y)
{
    o->placed[y] = true;
    o->task_of[y] = (int)(t - o->tasks);
    o->sequence[o->placed_count++] = y;
    ++t->count;
}

/* The last unit of a task is not placed after all. */
static void take_back(order *o, pb_task *t)
{
    o->placed[o->sequence[--o->placed_count]] = false;
    --t->count;
}

/* The first ready unit that joins a task, or -1. */
static int find_joining(const order *o, const pb_task *t)
{
    for (int y = 0; y < o->unit_count; ++y)
        if (is_alive(&o->p->units[y]) && is_ready(o, y) && can_join(o, t, y)) return y;
    return -1;
}

/* Opens tasks and fills each as far as it goes, of those that can be opened first the ones that
 * take most with them. A small unit that nothing joins is better off among other small ones. */
static void form_tasks(order *o)
{
    static const pb_task_kind kinds[] = {PB_TASK_SAMPLES, PB_TASK_CHAIN, PB_TASK_ALONE};
    for (;;) {
        int first = -1;
        pb_task *t = &o->tasks[o->task_count];
        for (int k = 0; k < 3 && first < 0; ++k) {
            *t = (pb_task){.kind = kinds[k], .first = o->placed_count};
            if (kinds[k] != PB_TASK_ALONE) {
                first = find_joining(o, t);
                continue;
            }
            for (int y = 0; y < o->unit_count && first < 0; ++y)
                if (is_alive(&o->p->units[y]) && is_ready(o, y)) first = y;
        }
        if (first < 0) return;
        for (int next = first; next >= 0; next = find_joining(o, t)) place(o, t, next);
        o->lonely[first] = t->kind == PB_TASK_SAMPLES && t->count == 1 && o->p->units[first].small;
        if (o->lonely[first])
            take_back(o, t);
        else
            ++o->task_count;
    }
}

/* The assignments among a kernel's roots are made by kernels of their own: what they assign is
 * stored first. */
static pb_status assign_apart(pb_build *b, pb_program_build *p, int number)
{
    /* its parts could not all compute for themselves what the whole did */
    if (p->units[number].inlined_count) return pb_unit_read_again(b, p, &p->units[number]);
    const pb_unit whole = p->units[number];
    p->units[number].root_count = 0;
    for (int i = 0; i < whole.root_count; ++i) {
        const int root = whole.roots[i];
        const pb_value v = pb_build_strip(b, p->roots[root].v);
        if (p->roots[root].leaf != PB_NONE && pb_build_place(b, p, v).region >= 0) {
            if (p->root_of[v] >= 0) p->roots[p->root_of[v]].stored = true;
            PB_TRY(pb_unit_of_root(b, p, root));
            continue;
        }
        if (p->roots[root].leaf != PB_NONE) {
            PB_TRY(pb_root_aside(b, p, root));
            PB_TRY(pb_unit_of_root(b, p, p->root_count - 1));
        }
        pb_unit *rest = &p->units[number];
        rest->roots[rest->root_count++] = root;
    }
    return pb_units_check(b, p);
}

/* A kernel that waits for itself through others, and assigns a leaf of which it is not just a copy;
 * -1 when there is none. */
static int find_circle(const pb_build *b, const pb_program_build *p, const bool *ordered)
{
    for (int y = 0; y < p->unit_count; ++y) {
        const pb_unit *u = &p->units[y];
        for (int i = 0; !ordered[y] && i < u->root_count; ++i) {
            const pb_root *root = &p->roots[u->roots[i]];
            if (root->leaf == PB_NONE) continue;
            if (u->root_count > 1 || pb_build_place(b, p, pb_build_strip(b, root->v)).region < 0)
                return y;
        }
    }
    return -1;
}

/* How many launches each task waits for; where launches are not shared, tasks follow one another.
 */
static void find_levels(order *o)
{
    for (int t = 0; t < o->task_count; ++t) {
        pb_task *task = &o->tasks[t];
        task->level = o->b->joins ? 0 : t;
        for (int i = task->first; i < task->first + task->count; ++i)
            for (int x = 0; x < o->unit_count; ++x) {
                if (!is_alive(&o->p->units[x]) || o->task_of[x] == t ||
                    !o->before[x * o->unit_count + o->sequence[i]])
                    continue;
                const int level = o->tasks[o->task_of[x]].level + 1;
                if (level > task->level) task->level = level;
            }
    }
}

/* Sorts tasks by level; the sequence follows them. */
static void sort_by_level(order *o, int *sequence)
{
    int done = 0, tasks_done = 0;
    pb_task *sorted = o->tasks + o->unit_count; /* the second half of the array */
    for (int level = 0; tasks_done < o->task_count; ++level)
        for (int t = 0; t < o->task_count; ++t) {
            if (o->tasks[t].level != level) continue;
            pb_task *task = &sorted[tasks_done++];
            *task = o->tasks[t];
            memcpy(sequence + done, o->sequence + task->first,
                   sizeof *sequence * (size_t)task->count);
            task->first = done;
            done += task->count;
        }
    memcpy(o->tasks, sorted, sizeof *sorted * (size_t)tasks_done);
    memcpy(o->sequence, sequence, sizeof *sequence * (size_t)done);
}

/* One launch a level, or several where a level has too many regions or kernels of its own. */
static pb_status write_dispatches(order *o)
{
    for (int t = 0; t < o->task_count;) {
        const pb_task *first = &o->tasks[t];
        int count = 1, units = first->count;
        while (pb_unit_is_part(o->b, &o->p->units[o->sequence[first->first]]) &&
               t + count < o->task_count) {
            const pb_task *next = first + count;
            if (next->level != first->level ||
                !pb_unit_is_part(o->b, &o->p->units[o->sequence[next->first]]) ||
                regions_of(o, first->first, units + next->count, NULL) == PB_MAX_ARGS)
                break;
            units += next->count;
            ++count;
        }
        PB_TRY(pb_dispatch_write(o->b, o->p, first, count));
        t += count;
    }
    return PB_OK;
}

/* Puts units in order, as far as they can be; `stuck` is one that keeps the others from it, or -1.
 */
static pb_status try_order(order *o, int *stuck)
{
    pb_program_build *p = o->p;
    const size_t n = (size_t)p->unit_count;
    o->unit_count = p->unit_count;
    o->placed_count = o->task_count = 0;
    o->before = malloc(n * n * sizeof *o->before + 1);
    o->placed = calloc(n + 1, sizeof *o->placed);
    o->lonely = calloc(n + 1, sizeof *o->lonely);
    o->task_of = calloc(n + 1, sizeof *o->task_of);
    o->sequence = malloc((2 * n + 1) * sizeof *o->sequence);
    o->tasks = malloc((2 * n + 1) * sizeof *o->tasks);
    *stuck = -1;
    if (!o->before || !o->placed || !o->lonely || !o->task_of || !o->sequence || !o->tasks)
        return pb_fail(o->b->ctx, PB_ERR_MEMORY, "no memory to order %d kernels", o->unit_count);
    pb_unit_edges(o->b, p, o->before);
    form_tasks(o);
    int alive = 0;
    for (int y = 0; y < p->unit_count; ++y) alive += is_alive(&p->units[y]);
    if (o->placed_count == alive) return PB_OK;
    *stuck = find_circle(o->b, p, o->placed);
    if (*stuck >= 0) return PB_OK;
    return pb_fail(o->b->ctx, PB_ERR_INTERNAL, "the kernels of program %s wait for each other",
                   p->name);
}

static void clear(order *o)
{
    free(o->before);
    free(o->placed);
    free(o->lonely);
    free(o->task_of);
    free(o->sequence);
    free(o->tasks);
    *o = (order){.b = o->b, .p = o->p};
}

/* How fused units can be cut by samples. */
static pb_status cut_by_samples(pb_build *b, pb_program_build *p)
{
    for (int y = 0; p->samples > 0 && y < p->unit_count; ++y)
        if (p->units[y].root_count > 0 && p->units[y].samples == 0)
            PB_TRY(pb_codegen_samples(b, p, &p->units[y]));
    return PB_OK;
}

pb_status pb_plan_tasks(pb_build *b, pb_program_build *p)
{
    order o = {.b = b, .p = p};
    int stuck = -1;
    pb_status status = PB_OK;
    do { /* a' = f(b) and b' = g(a) in kernels of different shapes: one of them is computed aside
            and copied in the end */
        clear(&o);
        if (stuck >= 0) status = assign_apart(b, p, stuck);
        if (status == PB_OK) status = cut_by_samples(b, p);
        if (status == PB_OK) status = try_order(&o, &stuck);
    } while (status == PB_OK && stuck >= 0);
    if (status == PB_OK) {
        find_levels(&o);
        sort_by_level(&o, o.sequence + o.unit_count);
        p->sequence = o.sequence;
        p->sequence_count = o.placed_count;
        status = write_dispatches(&o);
        o.sequence = NULL; /* the program's now */
    }
    clear(&o);
    return status;
}
