/* The trials of a search: asking for the next one, training it, telling the study how it went. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/folder_lock.h"
#include "train/pruner.h"
#include "train/reap.h"
#include "train/sampler.h"
#include "train/session.h"
#include "train/sweep.h"
#include "train/sweep_trial.h"

/* A trial at work. */
typedef struct attempt {
    pb_sweep *s;
    int arm;
    int64_t id;
    int number;
    double *point;            /* [space.count] */
    char *words;              /* the point as text */
    pb_trial_report *reports; /* [epochs] room */
    int report_count, written;
    int epochs; /* planned */
    int rung;   /* of successive halving, the next one */
    int finished;
    double best_of_arm, best, seconds;
} attempt;

static const pb_arm *arm_of(const attempt *a)
{
    return &a->s->config->arms[a->arm];
}

static bool is_better(const pb_sweep *s, double a, double b)
{
    return isnan(b) || (s->config->maximise ? a > b : a < b);
}

/* ---- asking for a trial ---- */

static int count_finished(const pb_trials *trials)
{
    return pb_trials_count(trials, PB_TRIAL_COMPLETE) + pb_trials_count(trials, PB_TRIAL_PRUNED);
}

/* Running trials of processes like this one; what Optuna runs itself is not waited for. */
static int count_running(const pb_trials *trials)
{
    int count = 0;
    for (int i = 0; i < trials->count; i++)
        count += trials->trial[i].state == PB_TRIAL_RUNNING && trials->trial[i].worker;
    return count;
}

/* Chooses the next point; `*grid` is -1 unless it is one of a grid, `*more` false when that has
 * none left. */
static pb_status sample(attempt *a, const pb_trials *trials, int64_t *grid, bool *more)
{
    pb_sweep *s = a->s;
    const pb_space *space = &arm_of(a)->space;
    const char *sampler = pb_option_string(s->config->options, "sampler");
    const uint64_t seed = (uint64_t)pb_option_int(s->config->options, "seed");
    const int number = trials->count ? trials->trial[trials->count - 1].number + 1 : 0;
    *grid = -1;
    *more = true;
    if (strcmp(sampler, "grid") == 0) {
        *grid = pb_grid_next(space, trials);
        *more = *grid < pb_grid_count(space);
        pb_sample_grid(space, *grid, a->point);
        return PB_OK;
    }
    if (strcmp(sampler, "tpe") == 0)
        return pb_sample_tpe(s->ctx, space, trials, s->config->maximise, seed, number, a->point);
    pb_sample_random(space, seed, number, a->point);
    return PB_OK;
}

/* Within a transaction: registers the arm's next trial unless it has all that were planned. */
static pb_status ask_locked(attempt *a, bool *got, bool *others)
{
    pb_sweep *s = a->s;
    const int64_t study = s->studies[a->arm];
    pb_trials trials;
    int64_t grid;
    PB_TRY(pb_store_load(s->store, study, &arm_of(a)->space, &trials));
    pb_status status = pb_trials_reap(s->store, &s->worker, &trials);
    const int finished = count_finished(&trials), running = count_running(&trials);
    const pb_trial *best = pb_trials_best(&trials, s->config->maximise);
    a->finished = finished;
    a->best_of_arm = best ? best->value : (double)NAN;
    *others = running > 0;
    *got = finished + running < arm_of(a)->planned;
    if (status == PB_OK && *got) status = sample(a, &trials, &grid, got);
    if (status == PB_OK && *got) {
        const pb_new_trial trial = {a->point, grid, pb_option_int(s->config->options, "trial_seed"),
                                    s->worker.name};
        status = pb_store_add(s->store, study, &arm_of(a)->space, &trial, &a->id, &a->number);
    }
    pb_trials_clear(&trials);
    return status;
}

static pb_status ask(attempt *a, bool *got, bool *others)
{
    PB_TRY(pb_store_begin(a->s->store));
    const pb_status status = ask_locked(a, got, others);
    if (status == PB_OK) return pb_store_commit(a->s->store);
    pb_store_rollback(a->s->store);
    return status;
}

/* ---- while it trains ---- */

static void show(const attempt *a, bool over, const char *problem)
{
    const pb_sweep *s = a->s;
    if (!s->options.trial) return;
    const pb_sweep_progress progress = {
        .arm = arm_of(a)->name,
        .number = a->number,
        .finished = a->finished,
        .planned = arm_of(a)->planned,
        .point = a->words,
        .epoch = a->report_count,
        .epochs = a->epochs,
        .value = a->best,
        .best = is_better(s, a->best, a->best_of_arm) && !isnan(a->best) ? a->best : a->best_of_arm,
        .maximise = s->config->maximise,
        .over = over,
        .problem = problem,
    };
    s->options.trial(s->options.user, &progress);
}

static pb_status write_reports(attempt *a)
{
    const int first = a->written;
    a->written = a->report_count;
    return pb_store_report(a->s->store, a->id, a->report_count - first, a->reports + first);
}

static pb_status ask_pruner(attempt *a, const char *pruner, bool *prune)
{
    const pb_sweep *s = a->s;
    const int warmup = (int)pb_option_int(s->config->options, "warmup_epochs");
    const pb_trial_report *last = &a->reports[a->report_count - 1];
    const int before = a->rung;
    pb_trials trials;
    PB_TRY(pb_store_load(s->store, s->studies[a->arm], &arm_of(a)->space, &trials));
    if (strcmp(pruner, "median") == 0)
        *prune = pb_prune_median(&trials, a->reports, a->report_count, s->config->maximise, warmup);
    else
        *prune = pb_prune_halving(
            &trials, a->number, last->epoch, last->value, s->config->maximise, warmup,
            (int)pb_option_int(s->config->options, "reduction_factor"), &a->rung);
    pb_trials_clear(&trials);
    for (int rung = before; rung < a->rung; rung++)
        PB_TRY(pb_store_rung(s->store, a->id, rung, last->value));
    return PB_OK;
}

static pb_status after_epoch(void *user, int epoch, double train_loss, double val_loss,
                             double val_accuracy, bool *prune)
{
    attempt *a = user;
    const char *pruner = pb_option_string(a->s->config->options, "pruner");
    const double value = a->s->config->maximise ? val_accuracy : val_loss;
    (void)train_loss;
    a->reports[a->report_count++] = (pb_trial_report){epoch, value};
    if (is_better(a->s, value, a->best)) a->best = value;
    show(a, false, NULL);
    if (strcmp(pruner, "none") == 0) return PB_OK; /* nobody reads the reports until the end */
    PB_TRY(write_reports(a));
    return ask_pruner(a, pruner, prune);
}

/* ---- the end of a trial ---- */

static pb_status tell(attempt *a, pb_trial_state state, const char *problem)
{
    pb_store *store = a->s->store;
    const double last = a->report_count ? a->reports[a->report_count - 1].value : (double)NAN;
    const pb_trial_end end = {
        .state = state,
        .value = state == PB_TRIAL_COMPLETE ? a->best
                 : state == PB_TRIAL_PRUNED ? last
                                            : (double)NAN,
        .seconds = a->seconds,
        .problem = problem,
    };
    PB_TRY(pb_store_begin(store));
    pb_status status = write_reports(a);
    if (status == PB_OK) status = pb_store_end(store, a->id, &end);
    if (status == PB_OK) return pb_store_commit(store);
    pb_store_rollback(store);
    return status;
}

/* What a training came to. One that diverged is a finding about its point; any other error ends the
 * search. */
static pb_status conclude(attempt *a, pb_status status, bool pruned)
{
    if (status == PB_OK) {
        PB_TRY(tell(a, pruned ? PB_TRIAL_PRUNED : PB_TRIAL_COMPLETE, pruned ? "pruned" : NULL));
        a->finished++;
        show(a, true, pruned ? "pruned" : NULL);
        return PB_OK;
    }
    char *problem = strdup(pb_error(a->s->ctx));
    if (!problem) return pb_fail(a->s->ctx, PB_ERR_MEMORY, "out of memory for a trial");
    const bool diverged = status == PB_ERR_NOT_FINITE;
    const pb_status told = tell(a, diverged ? PB_TRIAL_PRUNED : PB_TRIAL_FAIL, problem);
    if (diverged) {
        a->finished++;
        show(a, true, problem);
        status = told;
    } else {
        pb_fail(a->s->ctx, status, "trial %d of %s (%s): %s", a->number, arm_of(a)->name, a->words,
                problem);
    }
    free(problem);
    return status;
}

static pb_status make_room(attempt *a, const pb_config *config)
{
    a->epochs = (int)pb_option_int(config->train, "epochs");
    a->reports = calloc((size_t)a->epochs, sizeof *a->reports);
    if (a->reports) return PB_OK;
    return pb_fail(a->s->ctx, PB_ERR_MEMORY, "out of memory for a trial");
}

static pb_status train(attempt *a, bool *pruned)
{
    pb_sweep *s = a->s;
    const pb_run_options options = {.device = s->options.device, .stop = s->options.stop};
    pb_config *config = NULL;
    PB_TRY(pb_arm_trial_config(s->ctx, s->config, arm_of(a), a->point, &config));
    pb_status status = make_room(a, config);
    if (status == PB_OK) {
        const double start = pb_seconds();
        status = pb_trial_train(s->ctx, config, &options, after_epoch, a, pruned);
        a->seconds = pb_seconds() - start;
    }
    pb_config_free(&config);
    return status;
}

/* Runs the next trial of an arm, if there is one to run. */
static pb_status run_next(pb_sweep *s, int arm, bool *got, bool *others)
{
    attempt a = {.s = s, .arm = arm, .best = NAN, .seconds = NAN};
    bool pruned = false;
    a.point = calloc((size_t)s->config->arms[arm].space.count, sizeof *a.point);
    pb_status status =
        a.point ? PB_OK : pb_fail(s->ctx, PB_ERR_MEMORY, "out of memory for a trial");
    if (status == PB_OK) status = ask(&a, got, others);
    if (status == PB_OK && *got) {
        pb_text words = {0};
        pb_arm_point(arm_of(&a), a.point, false, &words);
        a.words = words.text ? words.text : strdup("");
        status = train(&a, &pruned);
        status = conclude(&a, status, pruned);
    }
    free(a.point);
    free(a.words);
    free(a.reports);
    return status;
}

/* ---- all of them ---- */

pb_status pb_sweep_search(pb_sweep *s)
{
    for (bool told = false;; pb_folder_nap()) {
        bool others = false;
        for (int i = 0; i < s->config->arm_count; i++) {
            bool got = true, other = false;
            while (got) {
                if (pb_sweep_stopped(s)) return pb_fail(s->ctx, PB_INTERRUPTED, "interrupted");
                PB_TRY(run_next(s, i, &got, &other));
            }
            others = others || other;
        }
        if (!others) return PB_OK;
        if (!told) pb_log(s->ctx, PB_LOG_INFO, "waiting for trials of other processes");
        told = true;
    }
}
