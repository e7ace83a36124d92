/* What a plan looks like: for people, and as JSON for the run folder. */
#include <jansson.h>
#include <stdlib.h>

#include "plan/choice.h"

static void global_text(const pb_unit *u, char text[64])
{
    if (u->launch_count == 0)
        snprintf(text, 64, "-");
    else
        snprintf(text, 64, "%zux%zux%zu", u->launches[0].global[0], u->launches[0].global[1],
                 u->launches[0].global[2]);
}

pb_status pb_plan_print(const pb_plan *plan, FILE *out)
{
    const pb_build *b = pb_plan_build_of(plan);
    fprintf(out, "device   %s (%s)\n", b->info->name, b->info->platform);
    fprintf(out, "memory   %.1f MB on the device\n", (double)pb_plan_memory_bytes(plan) / 1e6);
    for (int i = 0; i < b->program_count; ++i) {
        const pb_program_build *p = &b->programs[i];
        double flops = 0, bytes = 0;
        int launches = 0, values = 0;
        for (int k = 0; k < p->sequence_count; ++k) {
            const pb_unit *u = &p->units[p->sequence[k]];
            flops += u->flops;
            bytes += u->bytes;
            launches += u->launch_count + u->is_gemm;
        }
        for (pb_value v = 0; v < b->count; ++v) values += p->needed[v];
        fprintf(out, "\nprogram %s: %d launches for %d values, %.3f MFLOP, %.3f MB\n", p->name,
                launches, values, flops / 1e6, bytes / 1e6);
        if (p->sequence_count)
            fprintf(out, "  %-44s %-13s %14s %10s %10s  %s\n", "kernel", "solver", "work-items",
                    "MFLOP", "MB", "stores");
        for (int k = 0; k < p->sequence_count; ++k) {
            const pb_unit *u = &p->units[p->sequence[k]];
            char global[64];
            global_text(u, global);
            fprintf(out, "  %-44s %-13s %14s %10.3f %10.3f ", u->label, u->solver, global,
                    u->flops / 1e6, u->bytes / 1e6);
            if (u->kind == PB_UNIT_LIBRARY) fprintf(out, " %%%d", u->value);
            for (int j = 0; j < u->root_count; ++j) {
                const pb_root *root = &p->roots[u->roots[j]];
                if (!root->stored) continue;
                const char *leaf =
                    root->leaf == PB_NONE ? NULL : pb_build_record(b, root->leaf)->name;
                if (leaf)
                    fprintf(out, " %s", leaf);
                else if (root->leaf != PB_NONE)
                    fprintf(out, " parameters");
                else
                    fprintf(out, " %%%d", root->v);
            }
            fprintf(out, "\n");
        }
    }
    if (ferror(out)) return pb_fail(b->ctx, PB_ERR_IO, "the plan could not be printed");
    return PB_OK;
}

/* The stage that a launch works for: that of the first value it stores which has one. */
static const char *stage_of(const pb_build *b, const pb_program_build *p, const pb_unit *u)
{
    if (u->kind == PB_UNIT_LIBRARY) return pb_build_record(b, u->value)->scope;
    const char *scope = NULL;
    for (int i = 0; i < u->root_count && !scope; ++i)
        if (p->roots[u->roots[i]].stored)
            scope = pb_build_record(b, p->roots[u->roots[i]].v)->scope;
    return scope;
}

/* {key: words} of every product and convolution: with them planning gives this plan again. */
static json_t *choices_json(const pb_build *b)
{
    json_t *choices = json_object();
    for (int i = 0; i < b->program_count; ++i) {
        const pb_program_build *p = &b->programs[i];
        for (int k = 0; k < p->unit_count; ++k) {
            if (p->units[k].kind != PB_UNIT_LIBRARY) continue;
            char key[PB_KEY_BYTES];
            pb_choice_key(b, p->units[k].value, key);
            json_object_set_new(choices, key, json_string(p->units[k].choice));
        }
    }
    return choices;
}

char *pb_plan_json(const pb_plan *plan)
{
    const pb_build *b = pb_plan_build_of(plan);
    json_t *programs = json_array();
    for (int i = 0; i < b->program_count; ++i) {
        const pb_program_build *p = &b->programs[i];
        json_t *launches = json_array();
        for (int k = 0; k < p->sequence_count; ++k) {
            const pb_unit *u = &p->units[p->sequence[k]];
            char global[64];
            global_text(u, global);
            json_array_append_new(launches, json_pack("{s:s, s:s, s:s?, s:s, s:f, s:f}", "kernel",
                                                      u->label, "solver", u->solver, "stage",
                                                      stage_of(b, p, u), "work_items", global,
                                                      "flops", u->flops, "bytes", u->bytes));
        }
        json_array_append_new(programs,
                              json_pack("{s:s, s:o}", "name", p->name, "launches", launches));
    }
    json_t *root = json_pack("{s:s, s:s, s:s, s:o, s:o}", "device", b->info->name, "driver",
                             b->info->driver_version, "platform", b->info->platform_version,
                             "choices", choices_json(b), "programs", programs);
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    json_decref(root);
    return text;
}
