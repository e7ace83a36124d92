/* What a plan looks like: for people, and as JSON for the run folder. */
#include <jansson.h>
#include <stdlib.h>

#include "plan/clblast.h"

/* "8" or "16x128": a launch's work-items. */
static void items_text(const pb_dispatch *dispatch, char text[64])
{
    if (dispatch->is_gemm)
        snprintf(text, 64, "-");
    else if (dispatch->global[1] == 1 && dispatch->global[2] == 1)
        snprintf(text, 64, "%zu", dispatch->global[0]);
    else
        snprintf(text, 64, "%zux%zux%zu", dispatch->global[0], dispatch->global[1],
                 dispatch->global[2]);
}

pb_status pb_plan_print(const pb_plan *plan, FILE *out)
{
    const pb_build *b = pb_plan_build_of(plan);
    fprintf(out, "device   %s (%s)\n", b->info->name, b->info->platform);
    fprintf(out, "memory   %.1f MB on the device\n", (double)pb_plan_memory_bytes(plan) / 1e6);
    for (int i = 0; i < b->program_count; ++i) {
        const pb_program_build *p = &b->programs[i];
        double flops = 0, bytes = 0;
        int values = 0;
        for (int k = 0; k < p->dispatch_count; ++k) {
            flops += p->dispatches[k].flops;
            bytes += p->dispatches[k].bytes;
        }
        for (pb_value v = 0; v < b->count; ++v) values += p->needed[v];
        fprintf(out, "\nprogram %s: %d values in %d kernels in %d launches, %.3f MFLOP, %.3f MB\n",
                p->name, values, p->sequence_count, p->dispatch_count, flops / 1e6, bytes / 1e6);
        if (p->sequence_count)
            fprintf(out, "  %-6s %-42s %-13s %10s %10s %10s  %s\n", "launch", "kernel", "solver",
                    "work-items", "MFLOP", "MB", "stores");
        for (int k = 0; k < p->sequence_count; ++k) {
            const pb_unit *u = &p->units[p->sequence[k]];
            const pb_dispatch *dispatch = &p->dispatches[u->dispatch];
            const bool opens = k == 0 || p->units[p->sequence[k - 1]].dispatch != u->dispatch;
            char items[64] = "";
            if (opens) items_text(dispatch, items);
            fprintf(out, "  %-6s %-42s %-13s %10s %10.3f %10.3f ",
                    !opens             ? ""
                    : dispatch->kernel ? dispatch->kernel
                                       : "gemm",
                    pb_unit_words(b, u), u->solver ? u->solver : "generated", items, u->flops / 1e6,
                    u->bytes / 1e6);
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
            if (!p->units[k].choice) continue; /* it has none, or another unit has it */
            char key[PB_KEY_BYTES];
            pb_choice_key(b, p->units[k].value, key);
            json_object_set_new(choices, key, json_string(p->units[k].choice));
        }
    }
    for (int i = 0; i < PB_GEMM_KERNELS; ++i)
        if (b->clblast[i])
            json_object_set_new(choices, pb_clblast_key(i), json_string(b->clblast[i]));
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
            char items[64];
            items_text(&p->dispatches[u->dispatch], items);
            json_array_append_new(
                launches, json_pack("{s:i, s:s, s:s, s:s, s:s?, s:s, s:f, s:f}", "launch",
                                    u->dispatch, "launched_as", p->dispatches[u->dispatch].label,
                                    "kernel", pb_unit_words(b, u), "solver",
                                    u->solver ? u->solver : "generated", "stage", stage_of(b, p, u),
                                    "work_items", items, "flops", u->flops, "bytes", u->bytes));
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
