/* The kernels of launches: tasks side by side, in each of them its units one after another.
 *
 * Every task is cut into as many slots as the largest one has work-items, and the slots of all
 * tasks take turns: PoCL gives its threads half of the work-items that are left, a quarter, an
 * eighth, in order, so each share holds as much of every task. */
#include <stdlib.h>
#include <string.h>

#include "plan/loops.h"
#include "plan/tasks.h"

#define MOST_SLOTS 32 /* of a task, for each compute unit */

/** A kernel being written. */
typedef struct dispatch_text {
    pb_text task; /* what a work-item of the task being written does */
    pb_parameters all;
    int local_floats; /* that its parts share; 0: there are none */
} dispatch_text;

static const char *const no_memory = "no memory to write a kernel";

static pb_unit *unit_at(const pb_program_build *p, int position)
{
    return &p->units[p->sequence[position]];
}

/* Tasks of a launch have no more regions than parameters fit (tasks.c). */
static int parameter(pb_parameters *all, int region, bool written)
{
    const int i = pb_parameters_place(all, region);
    *(written ? &all->written[i] : &all->read[i]) = true;
    return i;
}

/* The call of a block function, for a block that the words tell. */
static void append_call(dispatch_text *t, const pb_unit *u, const char *rows, const char *columns,
                        const char *layer)
{
    const pb_block_function *f = &u->block;
    const int a = parameter(&t->all, f->regions[0], false),
              b = f->regions[1] < 0 ? a : parameter(&t->all, f->regions[1], false),
              c = parameter(&t->all, f->regions[2], true);
    pb_text_append(&t->task, "    %s(a%d, a%d, a%d, scratch, %s, %s, %s);\n", f->name, a, b, c,
                   rows, columns, layer);
    const int floats = f->local_floats > 0 ? f->local_floats : 1;
    if (floats > t->local_floats) t->local_floats = floats;
}

/* A call for every layer. */
static void append_calls(const pb_build *b, dispatch_text *t, const pb_unit *u, const char *rows)
{
    const char *columns = pb_arena_printf(b->arena, "0, %d", u->block.columns);
    if (u->block.layers > 1)
        pb_text_append(&t->task, "    for (int z = 0; z < %d; ++z)\n", u->block.layers);
    append_call(t, u, rows, columns, u->block.layers > 1 ? "z" : "0");
}

static int least_common_multiple(int a, int b)
{
    int multiple = a;
    while (multiple % b) multiple += a;
    return multiple;
}

/* A number of samples for each work-item, such that every block has the rows that block functions
 * need, the last one too, and begins where they may. */
static int samples_each(const pb_build *b, const pb_program_build *p, const pb_task *task)
{
    const int samples = p->samples, items = (int)b->info->compute_units;
    int least = 1, chunk = 1;
    for (int i = task->first; i < task->first + task->count; ++i) {
        const pb_unit *u = unit_at(p, i);
        if (u->kind != PB_UNIT_LIBRARY) continue;
        if (u->block.chunk_rows > 0) chunk = least_common_multiple(chunk, u->block.chunk_rows);
        const int needed = (int)pb_ceil_div(u->block.least_rows, u->block.rows / samples);
        if (needed > least) least = needed;
    }
    int each = (int)pb_ceil_div(samples, items);
    if (each < least) each = least;
    while (each < samples && ((samples % each && samples % each < least) || each % chunk)) ++each;
    return each;
}

/* A unit of a task, the share of it that the work-item has. */
static pb_status write_unit(pb_build *b, pb_program_build *p, pb_unit *u, dispatch_text *t,
                            pb_share share)
{
    size_t ignored[2];
    pb_text_append(&t->task, "    { /* %s */\n", pb_unit_words(b, u));
    if (u->kind != PB_UNIT_LIBRARY) {
        PB_TRY(pb_codegen(b, p, u, share, &t->task, &t->all, ignored));
    } else if (share == PB_SHARE_SAMPLES) {
        const int rows = u->block.rows / p->samples;
        append_calls(b, t, u, pb_arena_printf(b->arena, "s_begin * %d, s_end * %d", rows, rows));
    } else {
        append_calls(b, t, u, pb_arena_printf(b->arena, "0, %d", u->block.rows));
    }
    pb_text_append(&t->task, "    }\n");
    return PB_OK;
}

/* Whether a unit takes a few samples as fast, each, as many. A product does not: it copies weights,
 * for a tile of rows at least. */
static bool takes_few(const pb_unit *u)
{
    return u->kind != PB_UNIT_LIBRARY || u->block.takes_few;
}

/* Bytes of a sample that units [first, last) of the sequence touch. */
static double sample_bytes(const pb_build *b, const pb_program_build *p, int first, int last)
{
    pb_parameters all = {0};
    double bytes = 0.0;
    for (int i = first; i < last; ++i) {
        const pb_parameters *touches = &unit_at(p, i)->touches;
        for (int k = 0; k < touches->count; ++k) {
            const int known = all.count;
            const pb_region *region = &b->regions[touches->region[k]];
            if (touches->by_sample[k] && pb_parameters_place(&all, touches->region[k]) == known)
                bytes += (double)region->count * (double)pb_dtype_bytes(region->dtype) / p->samples;
        }
    }
    return bytes;
}

#define FEW_BYTES 196608.0 /* of samples taken together: the second cache holds them */

/* Units of a task that take a few samples at a time, one unit after another. */
typedef struct run {
    int first, last; /* in the sequence */
    int few, each;   /* samples taken together, and of a work-item */
} run;

static bool is_loop(const run *r)
{
    return r->last - r->first > 1 && r->few < r->each;
}

/* Whether a region holds nothing but what units of the run leave for later ones of it, which need
 * no sample but their own. */
static bool passes_through(const pb_build *b, const pb_program_build *p, const run *r, int number)
{
    const pb_region *region = &b->regions[number];
    bool written = false;
    if (region->program != p->index || region->initial || region->count % (size_t)p->samples)
        return false;
    for (int i = 0; i < p->sequence_count; ++i) {
        const pb_parameters *touches = &unit_at(p, i)->touches;
        const int k = pb_parameters_find(touches, number);
        if (k < 0) continue;
        if (i < r->first || i >= r->last || !touches->by_sample[k]) return false;
        if (!written && touches->read[k]) return false;
        written |= touches->written[k];
    }
    return written;
}

/* Samples for which a region that passes through has room: those of a turn, for each work-item. */
static size_t near_samples(const pb_program_build *p, const run *r)
{
    return (size_t)pb_ceil_div(p->samples, r->each) * (size_t)r->few;
}

/* Regions that nothing outside a run reads have room for the samples of a turn alone, and stay in a
 * near cache. A sample's part is found by its number, so pointers begin as far before the room as
 * the turn's first sample lies behind it. */
static void keep_near(pb_build *b, const pb_program_build *p, const run *r, dispatch_text *t,
                      pb_text *inside, bool kept[])
{
    if (near_samples(p, r) >= (size_t)p->samples) return;
    for (int i = r->first; i < r->last; ++i) {
        const pb_parameters *touches = &unit_at(p, i)->touches;
        for (int k = 0; k < touches->count; ++k) {
            const int region = touches->region[k];
            if (kept[region] || !passes_through(b, p, r, region)) continue;
            kept[region] = true;
            const int number = pb_parameters_place(&t->all, region);
            const char *type = pb_c_type(b->regions[region].dtype);
            pb_text_append(&t->task, "    global %s *const near%d = a%d;\n", type, number, number);
            pb_text_append(
                inside, "    global %s *restrict a%d = near%d + (item * %d - few) * %ldL;\n", type,
                number, number, r->few, (long)(b->regions[region].count / (size_t)p->samples));
        }
    }
}

/* The units of a run, one after another. */
static pb_status write_run(pb_build *b, pb_program_build *p, const run *r, dispatch_text *t)
{
    if (!is_loop(r)) {
        for (int i = r->first; i < r->last; ++i)
            PB_TRY(write_unit(b, p, unit_at(p, i), t, PB_SHARE_SAMPLES));
        return PB_OK;
    }
    bool *kept = calloc((size_t)b->region_count, sizeof *kept);
    if (!kept) return pb_fail(b->ctx, PB_ERR_MEMORY, "%s", no_memory);
    pb_text inside = {0};
    keep_near(b, p, r, t, &inside, kept);
    pb_text_append(&t->task,
                   "    for (int few = s_begin, end = s_end; few < end; few += %d) {\n"
                   "    const int s_begin = few, s_end = min(few + %d, end);\n%s",
                   r->few, r->few, inside.text ? inside.text : "");
    pb_status status = inside.failed ? pb_fail(b->ctx, PB_ERR_MEMORY, "%s", no_memory) : PB_OK;
    for (int i = r->first; status == PB_OK && i < r->last; ++i)
        status = write_unit(b, p, unit_at(p, i), t, PB_SHARE_SAMPLES);
    pb_text_append(&t->task, "    }\n");
    for (int i = 0; i < b->region_count; ++i)
        if (kept[i])
            b->regions[i].count = b->regions[i].count / (size_t)p->samples * near_samples(p, r);
    pb_text_free(&inside);
    free(kept);
    return status;
}

/* The units of a work-item's samples. Those that can take a few samples at a time, one after
 * another, do so: what one of them writes the next ones find in a near cache. */
static pb_status write_samples(pb_build *b, pb_program_build *p, const pb_task *task,
                               dispatch_text *t, int64_t *items)
{
    const int each = samples_each(b, p, task), end = task->first + task->count;
    *items = pb_ceil_div(p->samples, each);
    pb_text_append(&t->task, "    const int s_begin = item * %d, s_end = min(s_begin + %d, %d);\n",
                   each, each, p->samples);
    for (run r = {.first = task->first, .each = each}; r.first < end; r.first = r.last) {
        for (r.last = r.first; r.last < end && takes_few(unit_at(p, r.last)); ++r.last) {
        }
        if (r.last == r.first) ++r.last;
        const double held = FEW_BYTES / (sample_bytes(b, p, r.first, r.last) + 1.0);
        r.few = held < 1.0 ? 1 : held < each ? (int)held : each;
        PB_TRY(write_run(b, p, &r, t));
    }
    return PB_OK;
}

static pb_status write_chain(pb_build *b, pb_program_build *p, const pb_task *task,
                             dispatch_text *t, int64_t *items)
{
    *items = 1;
    for (int i = task->first; i < task->first + task->count; ++i)
        PB_TRY(write_unit(b, p, unit_at(p, i), t, PB_SHARE_WHOLE));
    return PB_OK;
}

static pb_status write_alone(pb_build *b, pb_program_build *p, const pb_task *task,
                             dispatch_text *t, int64_t *items)
{
    pb_unit *u = unit_at(p, task->first);
    if (u->kind == PB_UNIT_LIBRARY) {
        const pb_block_function *f = &u->block;
        const int x = (int)pb_ceil_div(f->columns, f->item_columns),
                  y = (int)pb_ceil_div(f->rows, f->item_rows);
        *items = (int64_t)x * y * f->layers;
        pb_text_append(&t->task,
                       "    const int row = item / %d %% %d * %d, column = item %% %d * %d;\n", x,
                       y, f->item_rows, x, f->item_columns);
        append_call(
            t, u, pb_arena_printf(b->arena, "row, min(row + %d, %d)", f->item_rows, f->rows),
            pb_arena_printf(b->arena, "column, min(column + %d, %d)", f->item_columns, f->columns),
            pb_arena_printf(b->arena, "item / %d", x * y));
        return PB_OK;
    }
    size_t count[2];
    pb_text body = {0};
    const pb_status status = pb_codegen(b, p, u, PB_SHARE_ITEM, &body, &t->all, count);
    *items = (int64_t)(count[0] * count[1]);
    pb_text_append(&t->task, "    const int x = item %% %d, y = item / %d;\n%s", (int)count[0],
                   (int)count[0], body.text ? body.text : "");
    if (body.failed) t->task.failed = 1;
    pb_text_free(&body);
    return status;
}

static pb_status write_task(pb_build *b, pb_program_build *p, const pb_task *task, dispatch_text *t,
                            int64_t *items)
{
    typedef pb_status (*writer)(pb_build *, pb_program_build *, const pb_task *, dispatch_text *,
                                int64_t *);
    static const writer writers[] = {[PB_TASK_ALONE] = write_alone,
                                     [PB_TASK_CHAIN] = write_chain,
                                     [PB_TASK_SAMPLES] = write_samples};
    return writers[task->kind](b, p, task, t, items);
}

static void append_parameters(const pb_build *b, const pb_parameters *all, pb_text *out)
{
    for (int i = 0; i < all->count; ++i)
        pb_text_append(out, "%sglobal %s%s *restrict a%d", i ? ", " : "",
                       all->written[i] ? "" : "const ", pb_c_type(b->regions[all->region[i]].dtype),
                       i);
}

static void append_signature(const pb_build *b, const pb_parameters *all, pb_text *out)
{
    pb_text_append(out, "kernel %svoid NAME(",
                   b->on_cpu ? "__attribute__((reqd_work_group_size(1, 1, 1))) " : "");
    append_parameters(b, all, out);
    pb_text_append(out, ")\n{\n");
}

static pb_status new_dispatch(pb_build *b, pb_program_build *p, pb_dispatch **dispatch)
{
    pb_dispatch *grown = realloc(p->dispatches, sizeof *grown * (size_t)(p->dispatch_count + 1));
    if (!grown) return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for the launches of a plan");
    p->dispatches = grown;
    *dispatch = &p->dispatches[p->dispatch_count++];
    **dispatch = (pb_dispatch){0};
    return PB_OK;
}

static void bind(pb_dispatch *dispatch, const pb_parameters *all)
{
    dispatch->arg_count = all->count;
    memcpy(dispatch->args, all->region, sizeof(int) * (size_t)all->count);
}

/* A kernel of one fused unit in two dimensions, for devices with many small work-items. */
static pb_status write_wide(pb_build *b, pb_program_build *p, pb_unit *u, pb_dispatch *dispatch)
{
    pb_text text = {0}, body = {0};
    pb_parameters all = {0};
    size_t items[2] = {1, 1};
    pb_status status = pb_codegen(b, p, u, PB_SHARE_ITEM, &body, &all, items);
    append_signature(b, &all, &text);
    pb_text_append(&text,
                   "    const int x = (int)get_global_id(0), y = (int)get_global_id(1);\n%s}\n",
                   body.text ? body.text : "");
    if (status == PB_OK && (text.failed || body.failed))
        status = pb_fail(b->ctx, PB_ERR_MEMORY, "%s", no_memory);
    if (status == PB_OK) status = pb_build_kernel(b, text.text, &dispatch->kernel);
    pb_text_free(&text);
    pb_text_free(&body);
    bind(dispatch, &all);
    for (int i = 0; i < 3; ++i) {
        dispatch->global[i] = i < 2 ? items[i] : 1;
        dispatch->local[i] = 1;
    }
    dispatch->local[items[0] >= items[1] ? 0 : 1] =
        b->info->max_work_group_size < 64 ? b->info->max_work_group_size : 64;
    return status;
}

/* The kernel of a library unit, which calls a function of a fused unit with each element. */
static pb_status write_followed(pb_build *b, pb_program_build *p, pb_unit *u, pb_dispatch *dispatch)
{
    pb_unit *library = &p->units[u->inlined[0]];
    pb_text parameters = {0}, arguments = {0}, body = {0};
    pb_parameters all = {0};
    size_t ignored[2];
    pb_follower follower = {.all = &all};
    pb_status status = pb_codegen(b, p, u, PB_SHARE_ELEMENT, &body, &all, ignored);
    append_parameters(b, &all, &parameters);
    for (int i = 0; i < all.count; ++i) pb_text_append(&arguments, "%sa%d", i ? ", " : "", i);
    follower.parameters = pb_arena_strdup(b->arena, parameters.text ? parameters.text : "");
    follower.arguments = pb_arena_strdup(b->arena, arguments.text ? arguments.text : "");
    const char *text = NULL;
    if (follower.parameters && follower.arguments)
        text = pb_arena_printf(b->arena,
                               "void NAME(%s, const int element, const float value)\n{\n%s}\n",
                               follower.parameters, body.text ? body.text : "");
    follower.a =
        pb_arena_printf(b->arena, "a%d", pb_parameters_find(&all, library->element.regions[0]));
    follower.b =
        pb_arena_printf(b->arena, "a%d", pb_parameters_find(&all, library->element.regions[1]));
    if (status == PB_OK && (parameters.failed || arguments.failed || body.failed || !text))
        status = pb_fail(b->ctx, PB_ERR_MEMORY, "%s", no_memory);
    if (status == PB_OK) status = pb_build_kernel(b, text, &follower.name);
    b->follower = &follower;
    if (status == PB_OK) status = library->element.write(b, library);
    b->follower = NULL;
    if (status == PB_OK && b->source.failed)
        status = pb_fail(b->ctx, PB_ERR_MEMORY, "%s", no_memory);
    if (status == PB_OK) *dispatch = library->own;
    pb_text_free(&parameters);
    pb_text_free(&arguments);
    pb_text_free(&body);
    return status;
}

/* The tasks' texts, each in a loop over the items of a slot. */
static void append_tasks(const pb_build *b, const pb_text texts[], const int64_t items[], int count,
                         pb_dispatch *dispatch, pb_text *out)
{
    int64_t slots = 1;
    for (int i = 0; i < count; ++i)
        if (items[i] > slots) slots = items[i];
    const int64_t most = MOST_SLOTS * (int64_t)b->info->compute_units;
    if (slots > most && count > 1) slots = most;
    dispatch->global[0] = (size_t)(slots * count);
    if (count == 1) {
        pb_text_append(out, "    const int item = (int)get_global_id(0);\n%s",
                       texts[0].text ? texts[0].text : "");
        return;
    }
    pb_text_append(out,
                   "    const int task = (int)get_global_id(0) %% %d, slot = "
                   "(int)get_global_id(0) / %d;\n",
                   count, count);
    for (int i = 0; i < count; ++i)
        pb_text_append(
            out,
            "    if (task == %d)\n"
            "    for (int item = (int)(slot * %dL / %d); item < (int)((slot + 1) * %dL / %d); "
            "++item) {\n"
            "%s    }\n",
            i, (int)items[i], (int)slots, (int)items[i], (int)slots,
            texts[i].text ? texts[i].text : "");
}

static pb_status write_parts(pb_build *b, pb_program_build *p, const pb_task tasks[], int count,
                             pb_dispatch *dispatch)
{
    dispatch_text t = {0};
    pb_text text = {0}, body = {0}, *texts = calloc((size_t)count, sizeof *texts);
    int64_t *items = calloc((size_t)count, sizeof *items);
    pb_status status = texts && items ? PB_OK : pb_fail(b->ctx, PB_ERR_MEMORY, "%s", no_memory);
    for (int i = 0; status == PB_OK && i < count; ++i) {
        status = write_task(b, p, &tasks[i], &t, &items[i]);
        texts[i] = t.task;
        t.task = (pb_text){0};
        if (status == PB_OK && texts[i].failed)
            status = pb_fail(b->ctx, PB_ERR_MEMORY, "%s", no_memory);
    }
    for (int i = 0; i < 3; ++i) dispatch->global[i] = dispatch->local[i] = 1;
    if (status == PB_OK) {
        append_tasks(b, texts, items, count, dispatch, &body);
        append_signature(b, &t.all, &text);
        if (t.local_floats)
            pb_text_append(&text, "    local float scratch[%d] __attribute__((aligned(64)));\n",
                           t.local_floats);
        pb_text_append(&text, "%s}\n", body.text ? body.text : "");
        status = text.failed || body.failed ? pb_fail(b->ctx, PB_ERR_MEMORY, "%s", no_memory)
                                            : pb_build_kernel(b, text.text, &dispatch->kernel);
        bind(dispatch, &t.all);
    }
    for (int i = 0; texts && i < count; ++i) pb_text_free(&texts[i]);
    free(texts);
    free(items);
    pb_text_free(&text);
    pb_text_free(&body);
    return status;
}

/* "k_012 map 128x256 and 3 more" */
static const char *label_of(const pb_build *b, const pb_program_build *p,
                            const pb_dispatch *dispatch, const pb_task tasks[], int units)
{
    const char *first = pb_unit_words(b, unit_at(p, tasks[0].first));
    const char *name = dispatch->kernel ? dispatch->kernel : "gemm";
    if (units == 1) return pb_arena_printf(b->arena, "%s %s", name, first);
    return pb_arena_printf(b->arena, "%s %s and %d more", name, first, units - 1);
}

pb_status pb_dispatch_write(pb_build *b, pb_program_build *p, const pb_task tasks[], int count)
{
    pb_dispatch *dispatch = NULL;
    PB_TRY(new_dispatch(b, p, &dispatch));
    pb_unit *first = unit_at(p, tasks[0].first);
    if (pb_unit_is_part(b, first))
        PB_TRY(write_parts(b, p, tasks, count, dispatch));
    else if (first->kind == PB_UNIT_LIBRARY)
        *dispatch = first->own;
    else if (first->follows)
        PB_TRY(write_followed(b, p, first, dispatch));
    else
        PB_TRY(write_wide(b, p, first, dispatch));
    int units = 0;
    for (int t = 0; t < count; ++t)
        for (int i = tasks[t].first; i < tasks[t].first + tasks[t].count; ++i, ++units) {
            pb_unit *u = unit_at(p, i);
            u->dispatch = p->dispatch_count - 1;
            dispatch->flops += u->flops;
            dispatch->bytes += u->bytes;
        }
    dispatch->label = label_of(b, p, dispatch, tasks, units);
    return PB_OK;
}
