/* The part "train": what a step takes, which stages it works for, and how near it is to what the
 * device's arithmetic and memory allow. */
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/contender.h"
#include "bench/plan_facts.h"

enum { EPOCHS = 2, PROFILED_STEPS = 50, STAGES_MAX = 128 };

/* ---- where the time of a step goes ---- */

typedef struct stage_time {
    const char *name;
    double seconds, floor; /* of a step */
} stage_time;

typedef struct step_facts {
    pb_plan_facts plan;
    pb_ceilings ceilings;          /* when the steps were timed */
    stage_time stages[STAGES_MAX]; /* in the order in which a step comes to them */
    int stage_count;
    double floor; /* seconds of a step whose every launch is as fast as the device */
} step_facts;

/* What works for no stage is the trainer's bookkeeping; beyond the last place, all else is. */
static stage_time *find_stage(step_facts *f, const char *name)
{
    if (!*name) name = "train";
    for (int i = 0; i < f->stage_count; i++)
        if (strcmp(f->stages[i].name, name) == 0) return &f->stages[i];
    if (f->stage_count == STAGES_MAX) return &f->stages[STAGES_MAX - 1];
    f->stages[f->stage_count] = (stage_time){.name = name};
    return &f->stages[f->stage_count++];
}

/* Whether launches of these labels have one row of a profile, which cuts labels. */
static bool share_row(const char *a, const char *b)
{
    return strncmp(a, b, sizeof((pb_profile_row *)NULL)->label - 1) == 0;
}

static double seconds_of(const pb_profile_row rows[], int count, const char *label)
{
    for (int i = 0; i < count; i++)
        if (share_row(rows[i].label, label)) return rows[i].seconds;
    return 0;
}

/* Kernels [begin, end) are one launch. */
static int launch_end(const pb_plan_facts *plan, int begin)
{
    int end = begin + 1;
    while (end < plan->kernel_count && plan->kernels[end].launch == plan->kernels[begin].launch)
        end++;
    return end;
}

static int launches_of(const pb_plan_facts *plan, const char *label)
{
    int count = 0;
    for (int i = 0; i < plan->kernel_count; i = launch_end(plan, i))
        count += share_row(plan->kernels[i].label, label);
    return count;
}

/* Launches that share a row of the profile have each taken an equal part of it. What a launch took
 * falls on its kernels as the ceilings would have it. */
static void sum_up(step_facts *f, const pb_profile_row rows[], int count, int steps)
{
    const pb_plan_facts *plan = &f->plan;
    for (int i = 0, end; i < plan->kernel_count; i = end) {
        double flops = 0, bytes = 0, apart = 0;
        end = launch_end(plan, i);
        for (int k = i; k < end; k++) {
            flops += plan->kernels[k].flops;
            bytes += plan->kernels[k].bytes;
            apart +=
                pb_ceilings_seconds(&f->ceilings, plan->kernels[k].flops, plan->kernels[k].bytes);
        }
        const char *label = plan->kernels[i].label;
        const double taken = seconds_of(rows, count, label) / launches_of(plan, label) / steps;
        const double least = pb_ceilings_seconds(&f->ceilings, flops, bytes);
        f->floor += least;
        for (int k = i; k < end && apart > 0; k++) {
            const double share =
                pb_ceilings_seconds(&f->ceilings, plan->kernels[k].flops, plan->kernels[k].bytes) /
                apart;
            stage_time *stage = find_stage(f, plan->kernels[k].stage);
            stage->seconds += taken * share;
            stage->floor += least * share;
        }
    }
}

static pb_status profile_steps(const pb_bench *b, pb_contender *c, step_facts *f)
{
    pb_device *device = c->session.device;
    pb_profile_row *rows = NULL;
    int count = 0;
    const int steps =
        c->session.graph.steps < PROFILED_STEPS ? c->session.graph.steps : PROFILED_STEPS;
    PB_TRY(pb_plan_facts_read(b->ctx, c->session.plan, "train", &f->plan));
    PB_TRY(pb_device_profile(device, true));
    PB_TRY(pb_contender_steps(c, steps));
    PB_TRY(pb_device_profile_rows(device, &rows, &count));
    sum_up(f, rows, count, steps);
    free(rows);
    return pb_device_profile(device, false);
}

static json_t *stages_json(const step_facts *f)
{
    double all = 0;
    json_t *list = json_array();
    for (int i = 0; i < f->stage_count; i++) all += f->stages[i].seconds;
    for (int i = 0; i < f->stage_count; i++) {
        const stage_time *s = &f->stages[i];
        json_array_append_new(list, json_pack("{s:s, s:f, s:f, s:o}", "name", s->name, "seconds",
                                              s->seconds, "floor_seconds", s->floor, "share",
                                              pb_json_real(s->seconds / all)));
    }
    return list;
}

/* ---- a row ---- */

static pb_status run_steps(void *what, int times)
{
    pb_contender *c = what;
    const int most = c->session.graph.steps;
    for (; times > 0; times -= most) PB_TRY(pb_contender_steps(c, times < most ? times : most));
    return PB_OK;
}

static json_t *row_of(const pb_contender *c, const step_facts *f, const pb_timing *timing)
{
    const pb_session *s = &c->session;
    json_t *row = pb_bench_row(pb_config_name(c->config), "steps/s", true, 1, timing);
    json_t *more = json_pack(
        "{s:f, s:f, s:o, s:f, s:f, s:f, s:i, s:i, s:i, s:s, s:b, s:f, s:f, s:f, s:o, s:O}",
        "step_seconds", timing->median, "floor_seconds", f->floor, "ratio_to_floor",
        pb_json_real(timing->median / f->floor), "flops_ceiling", f->ceilings.flops_per_second,
        "bytes_ceiling", f->ceilings.bytes_per_second, "epoch_seconds",
        timing->median * s->graph.steps, "batch_size", s->graph.batch, "steps_per_epoch",
        s->graph.steps, "launches", f->plan.launch_count, "data_set", s->data->name, "made_up",
        c->made_up, "first_loss", c->first_loss, "last_loss", c->last_loss, "test_accuracy",
        c->accuracy, "stages", stages_json(f), "choices", f->plan.choices);
    if (row && json_object_update_new(row, more) == 0) return row;
    json_decref(row);
    return NULL;
}

static pb_status measure(pb_bench *b, pb_contender *c, step_facts *f)
{
    pb_timing timing;
    const int planned = (int)pb_option_int(c->config->train, "epochs");
    PB_TRY(pb_contender_check(c, planned < EPOCHS ? planned : EPOCHS));
    PB_TRY(pb_timing_measure_in_turn(b, run_steps, c, &timing, &f->ceilings));
    PB_TRY(profile_steps(b, c, f));
    return pb_bench_add(b, row_of(c, f, &timing));
}

static pb_status measure_config(pb_bench *b, const char *path)
{
    const pb_bench_options *o = b->options;
    const char *name = pb_device_describe(b->device)->name;
    pb_contender c;
    step_facts *f = calloc(1, sizeof *f);
    if (!f) return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for what is known of a step");
    pb_status status =
        pb_contender_open(b->ctx, path, o->override_count, o->overrides,
                          b->selector ? b->selector : name, true, o->tune ? b : NULL, &c);
    if (status == PB_OK) status = measure(b, &c, f);
    pb_plan_facts_clear(&f->plan);
    free(f);
    pb_contender_close(&c);
    return status;
}

pb_status pb_bench_train(pb_bench *b)
{
    const pb_bench_options *o = b->options;
    for (int i = 0; i < o->config_count; i++) {
        if (!pb_bench_begins(b, o->configs[i], i + 1, o->config_count)) continue;
        PB_TRY(pb_bench_ceilings(b));
        PB_TRY(pb_bench_forgive(b, o->configs[i], measure_config(b, o->configs[i])));
    }
    return PB_OK;
}
