/* The source in as many programs as the device builds side by side. A program holds its share of
 * the kernels, and whatever functions they call. */
#include <stdlib.h>
#include <string.h>

#include "plan/plan_state.h"

/* How the kernels are shared out. */
typedef struct share {
    const pb_kernel **kernels; /* [count], as written */
    int count, programs;
    bool *needed; /* [programs * count] whether a program holds a kernel */
} share;

static void clear(share *s)
{
    free(s->kernels);
    free(s->needed);
}

static bool *needed(const share *s, int program, int kernel)
{
    return &s->needed[program * s->count + kernel];
}

/* Only what was written before can be called. */
static void need(const share *s, int program, int kernel)
{
    if (*needed(s, program, kernel)) return;
    *needed(s, program, kernel) = true;
    for (int k = 0; k < kernel; ++k)
        if (strstr(s->kernels[kernel]->text, s->kernels[k]->name)) need(s, program, k);
}

/* Whether a name is that of a kernel, or begins so: "k_004_dx" is k_004's. */
static bool is_of(const char *name, const char *kernel)
{
    const size_t length = strlen(kernel);
    const char next = strncmp(name, kernel, length) == 0 ? name[length] : '0';
    return next < '0' || next > '9';
}

static bool is_launched(const pb_build *b, const char *kernel)
{
    bool launched = false;
    for (int i = 0; i < b->program_count; ++i)
        for (int k = 0; k < b->programs[i].dispatch_count && !launched; ++k) {
            const char *name = b->programs[i].dispatches[k].kernel;
            launched = name && is_of(name, kernel);
        }
    return launched;
}

/* Each kernel goes to the program with the least to compile so far. What no launch takes was
 * written before another kernel took its work. */
static void share_out(const share *s, const pb_plan *plan, int program_of[])
{
    size_t bytes[PB_PLAN_PROGRAMS] = {0};
    for (int k = 0; k < s->count; ++k) {
        int least = 0;
        const char *name = s->kernels[k]->name;
        if (!is_launched(&plan->build, name) &&
            !(plan->piece && is_launched(&plan->piece->build, name)))
            continue;
        for (int i = 1; i < s->programs; ++i)
            if (bytes[i] < bytes[least]) least = i;
        program_of[k] = least;
        bytes[least] += strlen(s->kernels[k]->text);
        need(s, least, k);
    }
}

static pb_status write_sources(const pb_plan *plan, const share *s, pb_text sources[])
{
    for (int i = 0; i < s->programs; ++i) {
        pb_build_prelude(&plan->build, &sources[i]);
        for (int k = 0; k < s->count; ++k)
            if (*needed(s, i, k)) pb_build_append(&sources[i], s->kernels[k]);
        if (sources[i].failed)
            return pb_fail(plan->ctx, PB_ERR_MEMORY, "no memory for the source of kernels");
    }
    return PB_OK;
}

static pb_status build(pb_plan *plan, const share *s)
{
    pb_text sources[PB_PLAN_PROGRAMS] = {{0}};
    const char *texts[PB_PLAN_PROGRAMS];
    share_out(s, plan, plan->program_of);
    pb_status status = write_sources(plan, s, sources);
    for (int i = 0; i < s->programs; ++i) texts[i] = sources[i].text;
    if (status == PB_OK)
        status = pb_modules_build(plan->device, s->programs, texts, "", plan->modules);
    if (status == PB_OK) plan->module_count = s->programs;
    for (int i = 0; i < s->programs; ++i) pb_text_free(&sources[i]);
    return status;
}

pb_status pb_plan_build_modules(pb_plan *plan)
{
    const pb_build *b = &plan->build;
    share s = {.count = b->kernel_count, .programs = pb_device_builders(plan->device)};
    if (s.programs > PB_PLAN_PROGRAMS) s.programs = PB_PLAN_PROGRAMS;
    if (s.programs > s.count) s.programs = s.count > 0 ? s.count : 1;
    const size_t count = (size_t)s.count + 1;
    s.kernels = calloc(count, sizeof *s.kernels);
    s.needed = calloc(count * (size_t)s.programs, sizeof *s.needed);
    plan->program_of = calloc(count, sizeof *plan->program_of);
    pb_status status = PB_ERR_MEMORY;
    if (!s.kernels || !s.needed || !plan->program_of) {
        pb_fail(plan->ctx, status, "no memory for the programs of a plan");
    } else {
        int k = s.count;
        for (const pb_kernel *kernel = b->kernels; kernel; kernel = kernel->before)
            s.kernels[--k] = kernel;
        status = build(plan, &s);
    }
    clear(&s);
    return status;
}

/* A launch's kernel is called as the piece of source that holds it, or begins so. */
pb_module *pb_plan_module_of(const pb_plan *plan, const char *kernel)
{
    int k = plan->build.kernel_count;
    for (const pb_kernel *at = plan->build.kernels; at; at = at->before, --k) {
        if (is_of(kernel, at->name)) return plan->modules[plan->program_of[k - 1]];
    }
    return plan->modules[0];
}

void pb_plan_free_modules(pb_plan *plan)
{
    for (int i = 0; i < plan->module_count; ++i) pb_module_free(&plan->modules[i]);
    free(plan->program_of);
    plan->program_of = NULL;
}
