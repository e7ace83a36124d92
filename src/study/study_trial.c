/* The trials of a study: which point is next, training on it with every seed, telling the study how
 * it went. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "study/study.h"
#include "study/training.h"
#include "train/folder_lock.h"
#include "train/reap.h"

/* A point at work. */
typedef struct attempt {
    pb_study *s;
    const pb_point *point;
    int64_t *ids; /* [seed_count] of its trials in the store; -1: that seed is finished already */
    int finished; /* points, this one not counted */
    pb_text reason;
} attempt;

/* ---- asking for a point ---- */

static bool is_of(const pb_trial *t, const pb_point *point, int seed)
{
    return t->point[0] == point->place[0] && t->point[1] == point->place[1] && t->point[2] == seed;
}

/* Whether a trial of a point and seed has ended for good, or is at work. */
static void look_up(const pb_trials *trials, const pb_point *point, int seed, bool *ended,
                    bool *runs)
{
    *ended = *runs = false;
    for (int i = 0; i < trials->count; i++) {
        const pb_trial *t = &trials->trial[i];
        if (!is_of(t, point, seed)) continue;
        *ended = *ended || t->state == PB_TRIAL_COMPLETE || t->state == PB_TRIAL_PRUNED;
        *runs = *runs || (t->state == PB_TRIAL_RUNNING && t->worker);
    }
}

/* Registers trials of the seeds of a point that have none; `ids` tells which. */
static pb_status claim(attempt *a, const pb_trials *trials, const pb_point *point)
{
    pb_study *s = a->s;
    for (int k = 0; k < s->seed_count; k++) {
        bool ended, runs;
        int number;
        const double place[] = {point->place[0], point->place[1], k};
        const pb_new_trial trial = {place, -1, s->seeds[k], s->worker.name};
        look_up(trials, point, k, &ended, &runs);
        a->ids[k] = -1;
        if (!ended) PB_TRY(pb_store_add(s->store, s->id, &s->space, &trial, &a->ids[k], &number));
    }
    a->point = point;
    return PB_OK;
}

/* Within a transaction: takes the first point that nobody has finished or works on. */
static pb_status ask_locked(attempt *a, bool *others)
{
    pb_study *s = a->s;
    pb_trials trials;
    PB_TRY(pb_store_load(s->store, s->id, &s->space, &trials));
    pb_status status = pb_trials_reap(s->store, &s->worker, &trials);
    *others = false;
    const pb_point *next = NULL;
    for (int i = 0; i < s->point_count; i++) {
        bool all_ended = true, any_runs = false;
        for (int k = 0; k < s->seed_count; k++) {
            bool ended, runs;
            look_up(&trials, &s->points[i], k, &ended, &runs);
            all_ended = all_ended && ended;
            any_runs = any_runs || (runs && !ended);
        }
        a->finished += all_ended;
        *others = *others || any_runs;
        if (!all_ended && !any_runs && !next) next = &s->points[i];
    }
    if (status == PB_OK && next) status = claim(a, &trials, next);
    pb_trials_clear(&trials);
    return status;
}

static pb_status ask(attempt *a, bool *others)
{
    PB_TRY(pb_store_begin(a->s->store));
    const pb_status status = ask_locked(a, others);
    if (status == PB_OK) return pb_store_commit(a->s->store);
    pb_store_rollback(a->s->store);
    return status;
}

/* ---- the end of a point ---- */

static pb_status end_all(attempt *a, pb_trial_state state, const double *values,
                         const double *seconds, const char *problem)
{
    pb_study *s = a->s;
    PB_TRY(pb_store_begin(s->store));
    for (int k = 0; k < s->seed_count; k++) {
        const pb_trial_end end = {.state = state,
                                  .value = values ? values[k] : (double)NAN,
                                  .seconds = seconds ? seconds[k] : (double)NAN,
                                  .problem = problem};
        const pb_status status = a->ids[k] < 0 ? PB_OK : pb_store_end(s->store, a->ids[k], &end);
        if (status == PB_OK) continue;
        pb_store_rollback(s->store);
        return status;
    }
    return pb_store_commit(s->store);
}

static pb_status show(const attempt *a, const double *values)
{
    pb_study *s = a->s;
    pb_study_progress p = {.point = a->point->name,
                           .finished = a->finished + 1,
                           .planned = s->point_count,
                           .bytes_per_sample = NAN,
                           .accuracy = NAN,
                           .problem = values ? NULL : a->reason.text};
    if (!s->options.point) return PB_OK;
    if (values) {
        char *path;
        PB_TRY(pb_study_file(s, a->point, &path));
        const pb_status status = pb_study_measure(s, path, &p.bytes_per_sample, NULL);
        free(path);
        PB_TRY(status);
        p.accuracy = 0;
        for (int k = 0; k < s->seed_count; k++) p.accuracy += values[k] / s->seed_count;
    }
    s->options.point(s->options.user, &p);
    return PB_OK;
}

/* A point that cannot be, or whose training does not go well, is a finding; any other error ends
 * the study. */
static bool is_finding(pb_status status)
{
    return status == PB_ERR_SHAPE || status == PB_ERR_NOT_FINITE;
}

static pb_status conclude(attempt *a, pb_status status, const double *values, const double *seconds)
{
    pb_context *ctx = a->s->ctx;
    if (status == PB_OK && a->reason.length == 0) {
        PB_TRY(end_all(a, PB_TRIAL_COMPLETE, values, seconds, NULL));
        return show(a, values);
    }
    if (status != PB_OK) pb_text_append(&a->reason, "%s", pb_error(ctx));
    if (a->reason.failed) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for the study");
    if (status == PB_OK || is_finding(status)) {
        PB_TRY(end_all(a, PB_TRIAL_PRUNED, NULL, NULL, a->reason.text));
        return show(a, NULL);
    }
    end_all(a, PB_TRIAL_FAIL, NULL, NULL, a->reason.text);
    return pb_fail(ctx, status, "%s: %s", a->point->name, a->reason.text);
}

/* ---- all of them ---- */

static pb_status run_point(attempt *a)
{
    pb_study *s = a->s;
    double *values = calloc((size_t)s->seed_count, sizeof *values);
    double *seconds = calloc((size_t)s->seed_count, sizeof *seconds);
    pb_status status =
        values && seconds ? PB_OK : pb_fail(s->ctx, PB_ERR_MEMORY, "out of memory for the study");
    if (status == PB_OK) status = pb_study_make_file(s, a->point, &a->reason);
    if (status == PB_OK && a->reason.length == 0)
        status = pb_study_train_point(s, a->point, values, seconds);
    status = conclude(a, status, values, seconds);
    free(values);
    free(seconds);
    return status;
}

/* Takes the next point, if there is one to take. */
static pb_status run_next(pb_study *s, bool *got, bool *others)
{
    attempt a = {.s = s, .ids = calloc((size_t)s->seed_count, sizeof(int64_t))};
    pb_status status =
        a.ids ? ask(&a, others) : pb_fail(s->ctx, PB_ERR_MEMORY, "out of memory for the study");
    *got = status == PB_OK && a.point;
    if (*got) status = run_point(&a);
    pb_text_free(&a.reason);
    free(a.ids);
    return status;
}

pb_status pb_study_train(pb_study *s)
{
    for (bool told = false;;) {
        bool got, others = false;
        if (pb_study_stopped(s)) return pb_fail(s->ctx, PB_INTERRUPTED, "interrupted");
        PB_TRY(run_next(s, &got, &others));
        if (got) continue;
        if (!others) return PB_OK;
        if (!told) pb_log(s->ctx, PB_LOG_INFO, "waiting for trials of other processes");
        told = true;
        pb_folder_nap();
    }
}
