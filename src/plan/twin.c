/* Twins: a plan's programs once more, on memory of their own. */
#include <stdlib.h>
#include <string.h>

#include "plan/plan_state.h"

/* CLBlast has programs and parameters for each device, a part too, so that it may give other bits
 * there. */
static bool has_products_of_clblast(const pb_plan *plan)
{
    for (int i = 1; i < plan->build.program_count; ++i) /* the setup has run */
        for (int k = 0; k < plan->build.programs[i].dispatch_count; ++k)
            if (plan->build.programs[i].dispatches[k].is_gemm) return true;
    return false;
}

/* Whether no program but the setup writes a region. */
static void find_kept(const pb_plan *plan, bool kept[])
{
    const pb_build *b = &plan->build;
    for (int i = 0; i < b->region_count; ++i)
        kept[i] = b->regions[i].persistent && pb_plan_sets_up(b, i);
    for (pb_value v = 0; v < b->count; ++v) {
        const pb_record *r = pb_record_of(plan->g, v);
        if (r->op == PB_OP_LEAF && r->attrs.role == PB_ROLE_DATA && b->place[v].region >= 0)
            kept[b->place[v].region] = true;
    }
}

/* Data and what depends on that alone are copied: PoCL 3.1 notes in a buffer which command wrote
 * it last, and two queues that share it may release that note twice. */
static pb_status copy_kept(const pb_plan *plan, pb_plan *twin)
{
    const pb_build *b = &plan->build;
    bool *kept = calloc((size_t)b->region_count + 1, sizeof *kept);
    if (!kept) return pb_fail(twin->ctx, PB_ERR_MEMORY, "no memory for a plan");
    find_kept(plan, kept);
    pb_status status = PB_OK;
    for (int i = 0; i < b->region_count && status == PB_OK; ++i)
        if (kept[i])
            status =
                pb_buffer_copy(plan->device, b->regions[i].buffer, 0, twin->build.regions[i].buffer,
                               0, pb_buffer_bytes(b->regions[i].buffer));
    free(kept);
    if (status == PB_OK) status = pb_device_finish(plan->device);
    return status == PB_OK ? status : pb_fail(twin->ctx, status, "%s", pb_error(plan->ctx));
}

pb_status pb_plan_twin(const pb_plan *plan, pb_device *part, pb_plan **twin)
{
    pb_context *ctx = pb_device_context(part);
    *twin = NULL;
    if (plan->windowed || has_products_of_clblast(plan))
        return pb_fail(ctx, PB_ERR_DEVICE, "%s",
                       plan->windowed ? "a plan whose data is streamed has no twins"
                                      : "a plan with CLBlast's products has no twins");
    if (!plan->setup_done)
        return pb_fail(ctx, PB_ERR_INTERNAL, "a plan has no twins before its first run");
    const size_t count = (size_t)plan->build.region_count;
    pb_plan *t = malloc(sizeof *t);
    pb_region *regions = calloc(count + 1, sizeof *regions);
    if (!t || !regions) {
        free(t);
        free(regions);
        return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a plan");
    }
    *t = *plan;
    t->original = plan;
    t->piece = NULL; /* its data stays, and so what was computed of it */
    t->ctx = ctx;
    t->device = part;
    t->arena = NULL;
    t->build.regions = memcpy(regions, plan->build.regions, count * sizeof *regions);
    for (size_t i = 0; i < count; ++i) regions[i].buffer = NULL;
    for (int i = 0; i < PB_MAX_PROGRAMS; ++i) {
        t->launches[i] = NULL;
        t->launch_count[i] = 0;
        t->recordings[i] = NULL;
        t->considered[i] = true;
    }
    pb_status status = pb_plan_create_buffers(t);
    if (status == PB_OK) status = copy_kept(plan, t);
    if (status != PB_OK) pb_plan_free(&t);
    *twin = t;
    return status;
}

void pb_plan_free_twin(pb_plan **plan)
{
    pb_plan *twin = *plan;
    const pb_build *b = &twin->build;
    for (int i = 0; i < b->program_count; ++i) pb_plan_free_launches(twin, i);
    for (int i = 0; i < b->region_count; ++i) pb_buffer_free(&b->regions[i].buffer);
    free(b->regions);
    pb_buffer_free(&twin->arena);
    free(twin);
    *plan = NULL;
}
