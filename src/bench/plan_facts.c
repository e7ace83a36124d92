/* Facts of a plan, from its JSON: what is printed of a plan is what is reckoned with. */
#include "bench/plan_facts.h"

#include <stdlib.h>
#include <string.h>

static const char *words(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text ? text : "";
}

static double number(const json_t *json, const char *key)
{
    return json_number_value(json_object_get(json, key));
}

static const json_t *find_program(const json_t *plan, const char *name)
{
    const json_t *programs = json_object_get(plan, "programs");
    for (size_t i = 0; i < json_array_size(programs); i++)
        if (strcmp(words(json_array_get(programs, i), "name"), name) == 0)
            return json_array_get(programs, i);
    return NULL;
}

static const char generated[] = "generated";

static void note_solver(pb_plan_facts *f, const char *solver)
{
    if (strcmp(solver, generated) == 0) return;
    const size_t length = strlen(f->solvers), room = sizeof f->solvers - length;
    if (strstr(f->solvers, solver)) return;
    snprintf(f->solvers + length, room, "%s%s", length ? ", " : "", solver);
}

static void read_kernels(pb_plan_facts *f, const json_t *launches)
{
    for (size_t i = 0; i < json_array_size(launches); i++) {
        const json_t *json = json_array_get(launches, i);
        const pb_kernel_fact fact = {
            .launch = (int)number(json, "launch"),
            .label = words(json, "launched_as"),
            .stage = words(json, "stage"),
            .solver = words(json, "solver"),
            .flops = number(json, "flops"),
            .bytes = number(json, "bytes"),
        };
        f->kernels[f->kernel_count++] = fact;
        f->launch_count = fact.launch + 1;
        note_solver(f, fact.solver);
    }
}

static pb_status read_plan(pb_context *ctx, const char *program, pb_plan_facts *f)
{
    const json_t *found = find_program(f->plan, program);
    if (!found) return pb_fail(ctx, PB_ERR_INTERNAL, "the plan tells of no program %s", program);
    const json_t *launches = json_object_get(found, "launches");
    f->kernels = calloc(json_array_size(launches) + 1, sizeof *f->kernels);
    if (!f->kernels) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a list of launches");
    read_kernels(f, launches);
    if (!f->solvers[0]) snprintf(f->solvers, sizeof f->solvers, "%s", generated);
    f->choices = json_object_get(f->plan, "choices");
    return PB_OK;
}

pb_status pb_plan_facts_read(pb_context *ctx, const pb_plan *plan, const char *program,
                             pb_plan_facts *facts)
{
    *facts = (pb_plan_facts){0};
    char *text = pb_plan_json(plan);
    facts->plan = text ? json_loads(text, 0, NULL) : NULL;
    free(text);
    if (!facts->plan) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for the plan's text");
    return read_plan(ctx, program, facts);
}

void pb_plan_facts_clear(pb_plan_facts *facts)
{
    free(facts->kernels);
    json_decref(facts->plan);
    *facts = (pb_plan_facts){0};
}
