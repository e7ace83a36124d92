#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include <passband/wisdom.h>

#include "base/clock.h"
#include "base/rng.h"
#include "plan/clblast.h"
#include "plan/plan_state.h"

static const char *const no_memory = "no memory for a plan";

/* Launches of a run, from which on it is worth while to measure whether to record them. */
enum { RECORD_FROM = 64 };

/* g -> passes -> lowering -> equal values shared -> dead ones dropped, with the caller's ids
 * carried along. */
static pb_status simplify(const pb_graph *g, const pb_device_info *info, bool on_cpu,
                          pb_graph **simple, pb_value **simple_map)
{
    pb_graph *graph = NULL;
    pb_value *map = NULL;
    PB_TRY(pb_passes(g, &graph, &map));
    for (int step = 0; step < 3; ++step) {
        pb_graph *next = NULL;
        pb_value *next_map = NULL;
        const pb_status status = step == 0   ? pb_lower(graph, info, on_cpu, &next, &next_map)
                                 : step == 1 ? pb_pass_share(graph, &next, &next_map)
                                             : pb_pass_dead(graph, &next, &next_map);
        pb_graph_free(&graph);
        if (status != PB_OK) {
            free(map);
            return status;
        }
        graph = next;
        for (int v = 0; v < pb_graph_count(g); ++v)
            map[v] = map[v] == PB_NONE ? PB_NONE : next_map[map[v]];
        free(next_map);
    }
    *simple = graph;
    *simple_map = map;
    return PB_OK;
}

static size_t region_bytes(const pb_region *r)
{
    return r->count * pb_dtype_bytes(r->dtype);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* A value whose leaf the host refills while programs read it. */
static bool is_window(const pb_plan *plan, pb_value v)
{
    const pb_record *r = pb_record_of(plan->g, v);
    return plan->windowed && !plan->build.setup_only && r->op == PB_OP_LEAF &&
           r->attrs.role == PB_ROLE_DATA;
}

static size_t leaf_bytes(const pb_plan *plan, pb_value v)
{
    const pb_record *r = pb_record_of(plan->g, v);
    return pb_shape_count(r->shape) * pb_dtype_bytes(r->dtype);
}

static pb_status measure(pb_plan *plan)
{
    const pb_build *b = &plan->build;
    PB_TRY(pb_plan_memory(&plan->build, &plan->arena_bytes, &plan->setup_bytes));
    for (int i = 0; i < b->region_count; ++i)
        if (b->regions[i].persistent) plan->persistent_bytes += region_bytes(&b->regions[i]);
    for (pb_value v = 0; v < b->count; ++v)
        if (is_window(plan, v)) plan->window_bytes += leaf_bytes(plan, v);
    if (plan->windowed) plan->arena_bytes = larger(plan->arena_bytes, plan->setup_bytes);
    return PB_OK;
}

/* At the worst moment: the setup of a plan that is not windowed has an arena of its own. */
static size_t most_bytes(const pb_plan *plan)
{
    return plan->persistent_bytes + plan->arena_bytes +
           (plan->windowed ? plan->window_bytes : plan->setup_bytes);
}

static size_t largest_buffer(const pb_plan *plan)
{
    const pb_build *b = &plan->build;
    size_t largest = larger(plan->arena_bytes, plan->setup_bytes);
    for (int i = 0; i < b->region_count; ++i)
        if (b->regions[i].persistent) largest = larger(largest, region_bytes(&b->regions[i]));
    return largest;
}

static pb_status check_memory(const pb_plan *plan)
{
    const pb_device_info *info = plan->build.info;
    const size_t most = most_bytes(plan), largest = largest_buffer(plan);
    if (most > info->global_memory_bytes)
        return pb_fail(plan->ctx, PB_ERR_DEVICE,
                       "the plan needs %.1f MB of device memory, %s has %.1f MB",
                       (double)most / 1e6, info->name, (double)info->global_memory_bytes / 1e6);
    if (largest <= info->max_allocation_bytes) return PB_OK;
    return pb_fail(plan->ctx, PB_ERR_DEVICE,
                   "the plan needs a buffer of %.1f MB, %s gives at most %.1f MB at once",
                   (double)largest / 1e6, info->name, (double)info->max_allocation_bytes / 1e6);
}

bool pb_plan_sets_up(const pb_build *b, int region)
{
    const pb_program_build *setup = &b->programs[0];
    for (int i = 0; i < setup->assign_count; ++i)
        if (b->place[setup->assigns[i]].region == region) return true;
    return false;
}

static pb_status create_persistent(pb_plan *plan)
{
    pb_build *b = &plan->build;
    for (int i = 0; i < b->region_count; ++i) {
        pb_region *r = &b->regions[i];
        if (!r->persistent) continue;
        if (!r->initial && (r->zeroed || !pb_plan_sets_up(b, i)))
            PB_TRY(pb_buffer_create_zeroed(plan->device, region_bytes(r), &r->buffer));
        else
            PB_TRY(pb_buffer_create(plan->device, region_bytes(r), &r->buffer));
        if (r->initial)
            PB_TRY(pb_buffer_write(plan->device, r->buffer, 0, r->initial, region_bytes(r)));
    }
    return PB_OK;
}

/* Views of an arena for the regions of programs that run in it. */
static pb_status create_views(pb_plan *plan, pb_buffer *arena, bool setup)
{
    pb_build *b = &plan->build;
    for (int i = 0; i < b->region_count; ++i) {
        pb_region *r = &b->regions[i];
        if (r->persistent || r->first < 0 || b->programs[r->program].is_setup != setup) continue;
        PB_TRY(pb_buffer_view(plan->device, arena, r->arena_offset, region_bytes(r), &r->buffer));
    }
    return PB_OK;
}

static pb_status create_launch(pb_plan *plan, const pb_dispatch *dispatch, pb_launch **launch)
{
    const pb_build *b = &plan->build;
    if (dispatch->is_gemm) {
        pb_gemm_spec gemm = dispatch->gemm;
        gemm.a = b->regions[dispatch->gemm_region[0]].buffer;
        gemm.b = b->regions[dispatch->gemm_region[1]].buffer;
        gemm.c = b->regions[dispatch->gemm_region[2]].buffer;
        if (dispatch->gemm_region[3] >= 0)
            gemm.workspace = b->regions[dispatch->gemm_region[3]].buffer;
        return pb_launch_gemm(plan->device, &gemm, launch);
    }
    pb_arg args[PB_MAX_ARGS];
    for (int k = 0; k < dispatch->arg_count; ++k)
        args[k] = PB_ARG_BUF(b->regions[dispatch->args[k]].buffer);
    pb_launch_spec spec = {
        .label = dispatch->label,
        .module = pb_plan_module_of(plan->whole ? plan->whole : plan, dispatch->kernel),
        .kernel = dispatch->kernel,
        .arg_count = dispatch->arg_count,
        .args = args,
        .flops = dispatch->flops,
        .bytes = dispatch->bytes};
    for (int k = 0; k < 3; ++k) {
        spec.global[k] = dispatch->global[k];
        spec.local[k] = dispatch->local[k];
    }
    return pb_launch_create(plan->device, &spec, launch);
}

static pb_status create_launches(pb_plan *plan, int program)
{
    const pb_program_build *p = &plan->build.programs[program];
    plan->launches[program] = calloc((size_t)p->dispatch_count + 1, sizeof(pb_launch *));
    if (!plan->launches[program]) return pb_fail(plan->ctx, PB_ERR_MEMORY, "%s", no_memory);
    for (int i = 0; i < p->dispatch_count; ++i)
        PB_TRY(create_launch(plan, &p->dispatches[i],
                             &plan->launches[program][plan->launch_count[program]++]));
    return PB_OK;
}

void pb_plan_free_launches(pb_plan *plan, int program)
{
    pb_recording_free(&plan->recordings[program]); /* before what it holds */
    for (int i = 0; i < plan->launch_count[program]; ++i)
        pb_launch_free(&plan->launches[program][i]);
    free(plan->launches[program]);
    plan->launches[program] = NULL;
    plan->launch_count[program] = 0;
}

static pb_status create_windows(pb_plan *plan)
{
    const pb_build *b = &plan->build;
    plan->windows = calloc((size_t)b->count + 1, sizeof(pb_transfer *));
    if (!plan->windows) return pb_fail(plan->ctx, PB_ERR_MEMORY, "%s", no_memory);
    for (pb_value v = 0; v < b->count; ++v) {
        if (!is_window(plan, v)) continue;
        const pb_place *place = &b->place[v];
        const size_t offset =
            (size_t)place->offset * pb_dtype_bytes(pb_record_of(plan->g, v)->dtype);
        PB_TRY(pb_transfer_create(plan->device, b->regions[place->region].buffer, offset,
                                  leaf_bytes(plan, v), &plan->windows[v]));
    }
    return PB_OK;
}

pb_status pb_plan_create_buffers(pb_plan *plan)
{
    pb_build *b = &plan->build;
    PB_TRY(create_persistent(plan));
    if (plan->arena_bytes) PB_TRY(pb_buffer_create(plan->device, plan->arena_bytes, &plan->arena));
    PB_TRY(create_views(plan, plan->arena, false));
    if (plan->windowed) {
        PB_TRY(create_windows(plan));
        PB_TRY(create_views(plan, plan->arena, true));
        PB_TRY(create_launches(plan, 0));
    }
    for (int i = 0; i < b->program_count; ++i)
        if (!b->programs[i].is_setup) PB_TRY(create_launches(plan, i));
    return PB_OK;
}

void pb_plan_free_buffers(pb_plan *plan)
{
    const pb_build *b = &plan->build;
    for (int i = 0; i < b->program_count; ++i) pb_plan_free_launches(plan, i);
    for (int v = 0; plan->windows && v < b->count; ++v) pb_transfer_free(&plan->windows[v]);
    free(plan->windows);
    plan->windows = NULL;
    for (int i = 0; i < b->region_count; ++i) pb_buffer_free(&b->regions[i].buffer);
    pb_buffer_free(&plan->arena);
}

pb_status pb_plan_realise(pb_plan *plan)
{
    const double start = pb_seconds();
    PB_TRY(pb_plan_build_modules(plan));
    plan->build_seconds = pb_seconds() - start;
    return pb_plan_create_buffers(plan);
}

/* Whether long work-items suit the device. Mesa's CPU device packs neighbouring work-items into the
 * lanes of a vector as a GPU does, and takes ten seconds to compile a kernel that holds tiles. */
static bool takes_cpu_kernels(const pb_device_info *info)
{
    return info->is_cpu && strcmp(info->platform, "rusticl") != 0;
}

pb_status pb_plan_make(pb_device *device, const pb_graph *g, const pb_manner *how, pb_plan **out)
{
    pb_context *ctx = pb_device_context(device);
    *out = NULL;
    PB_TRY(pb_graph_status(g));
    pb_plan *plan = calloc(1, sizeof *plan);
    if (!plan) return pb_fail(ctx, PB_ERR_MEMORY, "%s", no_memory);
    plan->ctx = ctx;
    plan->device = device;
    plan->windowed = how->windowed;
    plan->whole = how->whole;
    plan->map_count = pb_graph_count(g);
    pb_status status = simplify(g, pb_device_describe(device), how->on_cpu, &plan->g, &plan->map);
    if (status == PB_OK) {
        pb_build *b = &plan->build;
        b->ctx = ctx;
        b->device = device;
        b->info = pb_device_describe(device);
        b->g = plan->g;
        b->count = pb_graph_count(plan->g);
        b->on_cpu = how->on_cpu;
        b->joins = how->on_cpu && takes_cpu_kernels(b->info);
        b->choices = how->choices;
        b->setup_only = how->setup_only;
        if (how->whole) { /* its kernels are written after those of the whole */
            b->kernels = how->whole->build.kernels;
            b->kernel_count = how->whole->build.kernel_count;
        }
        b->arena = pb_arena_create();
        if (b->arena) pb_clblast_apply(b);
        status = b->arena ? pb_build_plan(b) : pb_fail(ctx, PB_ERR_MEMORY, "%s", no_memory);
    }
    plan->build.choices = NULL; /* the caller's */
    if (status == PB_OK) status = measure(plan);
    if (status != PB_OK) pb_plan_free(&plan);
    *out = plan;
    return status;
}

static pb_status draft(pb_device *device, const pb_graph *g, const pb_manner *how, pb_plan **plan)
{
    PB_TRY(pb_plan_make(device, g, how, plan));
    const pb_status status = check_memory(*plan);
    if (status != PB_OK) pb_plan_free(plan);
    return status;
}

pb_status pb_plan_create_how(pb_device *device, const pb_graph *g, const pb_manner *how,
                             pb_plan **plan)
{
    PB_TRY(draft(device, g, how, plan));
    const pb_status status = pb_plan_realise(*plan);
    if (status != PB_OK) pb_plan_free(plan);
    return status;
}

pb_status pb_plan_create_as(pb_device *device, const pb_graph *g, bool on_cpu, pb_plan **plan)
{
    return pb_plan_create_how(device, g, &(pb_manner){.on_cpu = on_cpu}, plan);
}

pb_status pb_plan_lowered(pb_device *device, const pb_graph *g, pb_build *build, pb_graph **lowered)
{
    const pb_device_info *info = pb_device_describe(device);
    pb_value *map = NULL;
    const bool on_cpu = takes_cpu_kernels(info);
    PB_TRY(pb_graph_status(g));
    PB_TRY(simplify(g, info, on_cpu, lowered, &map));
    free(map);
    *build = (pb_build){.ctx = pb_device_context(device),
                        .device = device,
                        .info = info,
                        .g = *lowered,
                        .count = pb_graph_count(*lowered),
                        .on_cpu = on_cpu};
    return PB_OK;
}

static pb_manner usual(const pb_device *device, const pb_choices *choices, bool windowed)
{
    return (pb_manner){.on_cpu = takes_cpu_kernels(pb_device_describe(device)),
                       .windowed = windowed,
                       .choices = choices};
}

pb_status pb_plan_draft(pb_device *device, const pb_graph *g, const pb_choices *choices,
                        pb_plan **plan)
{
    const pb_manner how = usual(device, choices, false);
    return draft(device, g, &how, plan);
}

pb_status pb_plan_create_with(pb_device *device, const pb_graph *g, const pb_choices *choices,
                              pb_plan **plan)
{
    const pb_manner how = usual(device, choices, false);
    return pb_plan_create_how(device, g, &how, plan);
}

pb_status pb_plan_create(pb_device *device, const pb_graph *g, pb_plan **plan)
{
    return pb_plan_create_with(device, g, NULL, plan);
}

pb_status pb_plan_create_windowed(pb_device *device, const pb_graph *g, const pb_choices *choices,
                                  pb_plan **plan)
{
    const pb_manner how = usual(device, choices, true);
    return pb_plan_create_how(device, g, &how, plan);
}

pb_status pb_plan_measure(pb_device *device, const pb_graph *g, const pb_choices *choices,
                          bool windowed, size_t *bytes, size_t *largest)
{
    const pb_manner how = usual(device, choices, windowed);
    pb_plan *plan;
    PB_TRY(pb_plan_make(device, g, &how, &plan));
    *bytes = most_bytes(plan);
    *largest = largest_buffer(plan);
    pb_plan_free(&plan);
    return PB_OK;
}

void pb_plan_free(pb_plan **plan)
{
    if (!*plan) return;
    if ((*plan)->original) {
        pb_plan_free_twin(plan);
        return;
    }
    pb_plan_free_buffers(*plan);
    pb_plan_free(&(*plan)->piece);
    pb_build_clear(&(*plan)->build);
    pb_plan_free_modules(*plan);
    pb_graph_free(&(*plan)->g);
    free((*plan)->map);
    free(*plan);
    *plan = NULL;
}

/* A program that runs often is recorded where that is faster on the device: measured once, so not
 * for a few launches. Both ways give the same bits. */
static pb_status consider_recording(pb_plan *plan, int program, int times)
{
    const int count = plan->launch_count[program];
    if (plan->considered[program] || count < 2 || times < RECORD_FROM / count) return PB_OK;
    plan->considered[program] = true;
    if (!pb_device_records(plan->device)) return PB_OK;
    return pb_recording_create(plan->device, count, plan->launches[program],
                               &plan->recordings[program]);
}

pb_status pb_plan_submit(pb_plan *plan, int program)
{
    if (plan->recordings[program]) return pb_recording_run(plan->device, plan->recordings[program]);
    for (int i = 0; i < plan->launch_count[program]; ++i)
        PB_TRY(pb_launch_run(plan->device, plan->launches[program][i]));
    return PB_OK;
}

/* Over the new window, in order with the programs around it. */
static pb_status run_setup_of_window(pb_plan *plan)
{
    const pb_status status = pb_plan_submit(plan, 0);
    plan->setup_done = status == PB_OK;
    return status;
}

/* The setup runs once, in an arena of its own that goes away afterwards. */
static pb_status run_setup(pb_plan *plan)
{
    pb_build *b = &plan->build;
    if (plan->windowed) return run_setup_of_window(plan);
    if (plan->piece) return pb_plan_run_pieces(plan);
    pb_buffer *arena = NULL;
    pb_status status =
        plan->setup_bytes ? pb_buffer_create(plan->device, plan->setup_bytes, &arena) : PB_OK;
    if (status == PB_OK) status = create_views(plan, arena, true);
    if (status == PB_OK) status = create_launches(plan, 0);
    if (status == PB_OK) status = pb_plan_submit(plan, 0);
    const pb_status finished = pb_device_finish(plan->device);
    pb_plan_free_launches(plan, 0);
    for (int i = 0; i < b->region_count; ++i)
        if (!b->regions[i].persistent && b->regions[i].program == 0)
            pb_buffer_free(&b->regions[i].buffer);
    pb_buffer_free(&arena);
    plan->setup_done = status == PB_OK && finished == PB_OK;
    return status != PB_OK ? status : finished;
}

bool pb_plan_has(const pb_plan *plan, pb_value leaf)
{
    const pb_value v = leaf >= 0 && leaf < plan->map_count ? plan->map[leaf] : PB_NONE;
    return v != PB_NONE && pb_record_of(plan->g, v)->op == PB_OP_LEAF;
}

static pb_status find_leaf(pb_plan *plan, pb_value leaf, pb_buffer **buffer, size_t *offset,
                           size_t *bytes)
{
    if (!pb_plan_has(plan, leaf))
        return pb_fail(plan->ctx, PB_ERR_USAGE, "value %d is not a leaf that a program uses", leaf);
    const pb_value v = plan->map[leaf];
    const pb_record *r = pb_record_of(plan->g, v);
    *bytes = leaf_bytes(plan, v);
    const pb_place *place = &plan->build.place[v];
    *buffer = plan->build.regions[place->region].buffer;
    *offset = (size_t)place->offset * pb_dtype_bytes(r->dtype);
    return PB_OK;
}

static pb_status fail_size(const pb_plan *plan, pb_value leaf, size_t has, size_t given)
{
    return pb_fail(plan->ctx, PB_ERR_SHAPE, "leaf %s has %zu bytes, not %zu",
                   pb_record_of(plan->g, plan->map[leaf])->name, has, given);
}

pb_status pb_plan_write_part(pb_plan *plan, pb_value leaf, size_t offset_bytes, const void *data,
                             size_t bytes)
{
    pb_buffer *buffer;
    size_t offset, size;
    PB_TRY(find_leaf(plan, leaf, &buffer, &offset, &size));
    if (offset_bytes > size || bytes > size - offset_bytes)
        return fail_size(plan, leaf, size, offset_bytes + bytes);
    if (pb_record_of(plan->g, plan->map[leaf])->attrs.role == PB_ROLE_DATA)
        plan->setup_done = false;
    return pb_buffer_write(plan->device, buffer, offset + offset_bytes, data, bytes);
}

pb_status pb_plan_write(pb_plan *plan, pb_value leaf, const void *data, size_t bytes)
{
    pb_buffer *buffer;
    size_t offset, size;
    PB_TRY(find_leaf(plan, leaf, &buffer, &offset, &size));
    return bytes == size ? pb_plan_write_part(plan, leaf, 0, data, bytes)
                         : fail_size(plan, leaf, size, bytes);
}

pb_status pb_plan_read(pb_plan *plan, pb_value leaf, void *data, size_t bytes)
{
    pb_buffer *buffer;
    size_t offset, size;
    PB_TRY(find_leaf(plan, leaf, &buffer, &offset, &size));
    if (bytes != size) return fail_size(plan, leaf, size, bytes);
    return pb_buffer_read(plan->device, buffer, offset, data, bytes);
}

/* ---- windows ---- */

static pb_status find_window(pb_plan *plan, pb_value leaf, pb_transfer **window)
{
    const pb_value v = leaf >= 0 && leaf < plan->map_count ? plan->map[leaf] : PB_NONE;
    *window = v == PB_NONE || !plan->windows ? NULL : plan->windows[v];
    if (*window) return PB_OK;
    return pb_fail(plan->ctx, PB_ERR_USAGE, "value %d is not a data leaf of a windowed plan", leaf);
}

pb_status pb_plan_send(pb_plan *plan, pb_value leaf, const void *data, size_t bytes)
{
    pb_transfer *window;
    PB_TRY(find_window(plan, leaf, &window));
    return pb_transfer_send(window, data, bytes);
}

pb_status pb_plan_sent(pb_plan *plan)
{
    for (int v = 0; plan->windows && v < plan->build.count; ++v)
        if (plan->windows[v]) PB_TRY(pb_transfer_wait(plan->windows[v]));
    return PB_OK;
}

pb_status pb_plan_land(pb_plan *plan)
{
    for (int v = 0; plan->windows && v < plan->build.count; ++v)
        if (plan->windows[v]) PB_TRY(pb_transfer_land(plan->windows[v]));
    plan->setup_done = false;
    return PB_OK;
}

static void fill(const pb_record *r, uint64_t seed, float *data, size_t count)
{
    const pb_stream stream = pb_stream_make(seed, r->name, 0);
    const pb_init *init = &r->attrs.init;
    for (size_t i = 0; i < count; ++i) {
        switch (init->kind) {
        case PB_INIT_CONSTANT: data[i] = init->a; break;
        case PB_INIT_UNIFORM:
            data[i] = init->a + (init->b - init->a) * pb_stream_uniform(stream, i);
            break;
        case PB_INIT_NORMAL: data[i] = init->a + init->b * pb_stream_normal(stream, i); break;
        }
    }
}

pb_status pb_plan_init(pb_plan *plan, uint64_t seed)
{
    for (pb_value v = 0; v < plan->map_count; ++v) {
        const pb_record *r = plan->map[v] == PB_NONE ? NULL : pb_record_of(plan->g, plan->map[v]);
        if (!r || r->op != PB_OP_LEAF ||
            (r->attrs.role != PB_ROLE_PARAM && r->attrs.role != PB_ROLE_STATE))
            continue;
        const size_t count = pb_shape_count(r->shape);
        float *data = malloc(count * sizeof *data);
        if (!data)
            return pb_fail(plan->ctx, PB_ERR_MEMORY, "no memory to initialise leaf %s", r->name);
        fill(r, seed, data, count);
        if (r->dtype == PB_I32)
            for (size_t i = 0; i < count; ++i) {
                const int32_t number = (int32_t)data[i];
                memcpy(&data[i], &number, sizeof number);
            }
        const pb_status status = pb_plan_write(plan, v, data, count * sizeof *data);
        free(data);
        PB_TRY(status);
    }
    return PB_OK;
}

pb_status pb_plan_set_up(pb_plan *plan)
{
    return plan->setup_done ? PB_OK : run_setup(plan);
}

pb_status pb_plan_run(pb_plan *plan, const char *program, int times)
{
    const pb_build *b = &plan->build;
    int index = 1;
    while (index < b->program_count && strcmp(b->programs[index].name, program) != 0) ++index;
    if (index == b->program_count)
        return pb_fail(plan->ctx, PB_ERR_USAGE, "the plan has no program %s", program);
    PB_TRY(pb_plan_set_up(plan));
    PB_TRY(consider_recording(plan, index, times));
    for (int t = 0; t < times; ++t) PB_TRY(pb_plan_submit(plan, index));
    return pb_device_flush(plan->device);
}

pb_status pb_plan_finish(pb_plan *plan)
{
    return pb_device_finish(plan->device);
}

double pb_plan_build_seconds(const pb_plan *plan)
{
    return plan->build_seconds;
}

size_t pb_plan_setup_bytes(const pb_plan *plan)
{
    return plan->windowed ? 0 : plan->setup_bytes;
}

size_t pb_plan_memory_bytes(const pb_plan *plan)
{
    return plan->persistent_bytes + plan->window_bytes + plan->arena_bytes;
}

const char *pb_plan_source(const pb_plan *plan)
{
    return plan->build.source.text;
}

const pb_build *pb_plan_build_of(const pb_plan *plan)
{
    return &plan->build;
}
