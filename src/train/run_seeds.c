/* The work on a seed comes in pieces: its checkpoint, an epoch, its end. A lane is a session that
 * does them. In turn there is one, the run's own, which stays with a seed to its end. Side by side
 * each lane has a part of the device, and a thread; no seed falls far behind the others, so that
 * the lanes run out of work together. Whichever lane does an epoch, the bits are the same: they
 * follow from what the seed came to before. */
#include "train/run_seeds.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "device/device.h"
#include "train/boosting.h"
#include "train/checkpoint.h"
#include "train/ensemble_members.h"
#include "train/metrics.h"
#include "train/model.h"
#include "train/summary.h"
#include "train/weight_record.h"
#include "train/weight_training.h"

enum { MOST_LANES = 16, LAG_PARTS = 10 };

/* How far a seed has come. */
typedef struct work {
    char *folder;
    bool begun, busy, done; /* busy: in a lane's hands */
} work;

typedef struct crew {
    pb_session *session;
    const pb_run_folder *folder;
    pb_seed *seeds; /* [count], those begun were created */
    json_t **lines; /* [count] the metrics of each as they were written last */
    work *works;    /* [count] */
    int count, epochs, lanes;
    pb_boosting *boosting; /* NULL: it is none */
    pthread_mutex_t lock;  /* of works, lines, the run's files and its context */
    bool failed, told;     /* told: of layers that thresholds left nothing of */
} crew;

typedef struct lane {
    crew *crew;
    pb_session *session;
    int held; /* the seed that its plan holds; -1: none */
    pb_status status;
    pthread_t thread;
    /* Side by side, of the lane alone: */
    pb_context *ctx;
    pb_device *part;
    pb_session twin; /* on that part */
} lane;

static void lock(crew *c)
{
    pthread_mutex_lock(&c->lock);
}

static void unlock(crew *c)
{
    pthread_mutex_unlock(&c->lock);
}

/* ---- what the run hears of a seed ---- */

static double number_or_nan(const json_t *line, const char *key)
{
    const json_t *number = json_object_get(line, key);
    return json_is_number(number) ? json_number_value(number) : (double)NAN;
}

/* The metrics of all seeds. Other lanes append to theirs meanwhile, so each has a copy here. */
static pb_status write_metrics(const lane *l, int i)
{
    crew *c = l->crew;
    json_decref(c->lines[i]);
    c->lines[i] = json_copy(c->seeds[i].metrics);
    if (!c->lines[i]) return pb_fail(l->session->ctx, PB_ERR_MEMORY, "no memory for the metrics");
    return pb_metrics_write(l->session, c->folder->path, c->lines, c->count);
}

/* Of a seed that stopped early all that were planned count. */
static int epochs_done(const crew *c)
{
    int done = 0;
    for (int i = 0; i < c->count; i++)
        done += c->works[i].done ? c->epochs : (int)json_array_size(c->lines[i]);
    return done;
}

static void tell(const crew *c, int i)
{
    const pb_run_options *o = &c->session->options;
    const pb_seed *state = &c->seeds[i];
    const json_t *line = json_array_get(state->metrics, (size_t)state->epoch - 1);
    const pb_progress progress = {
        .run = pb_config_name(c->session->config),
        .seed_index = i,
        .seed_count = c->count,
        .seed = state->seed,
        .epoch = state->epoch,
        .epochs = c->epochs,
        .done = epochs_done(c),
        .at_once = c->lanes,
        .train_loss = number_or_nan(line, "train_loss"),
        .val_loss = number_or_nan(line, "val_loss"),
        .val_accuracy = number_or_nan(line, "val_accuracy"),
        .seconds_per_epoch = number_or_nan(line, "seconds"),
    };
    if (o->progress) o->progress(o->user, &progress);
}

/* Says where a run that ended early stands. The sentence so far is copied: it lives in the context.
 */
static pb_status explain_end(const lane *l, pb_status status, int i)
{
    pb_context *ctx = l->session->ctx;
    const crew *c = l->crew;
    const pb_seed *state = &c->seeds[i];
    if (status == PB_INTERRUPTED)
        return pb_fail(ctx, status,
                       "interrupted: seed %" PRId64
                       " has %d of %d epochs done; passband resume %s goes on",
                       state->seed, state->epoch, c->epochs, c->folder->path);
    if (status != PB_ERR_NOT_FINITE) return status;
    char *said = strdup(pb_error(ctx));
    if (!said) return status;
    if (state->epoch > 0)
        pb_fail(ctx, status, "%s; the checkpoint of epoch %d stays in %s/seed-%" PRId64, said,
                state->epoch, c->folder->path, state->seed);
    else
        pb_fail(ctx, status, "%s; no epoch was done before", said);
    free(said);
    return status;
}

/* ---- pieces of work ---- */

/* Makes the files that follow from a checkpoint: the process may have died between them. */
static pb_status restore(const lane *l, int i, const char *checkpoint)
{
    crew *c = l->crew;
    if (!pb_file_exists(checkpoint)) return PB_OK;
    PB_TRY(pb_checkpoint_load(l->session, checkpoint, &c->seeds[i]));
    PB_TRY(pb_seed_save_best(l->session, c->works[i].folder, &c->seeds[i]));
    lock(c);
    const pb_status status = write_metrics(l, i);
    unlock(c);
    return status;
}

static pb_status begin(const lane *l, int i)
{
    work *w = &l->crew->works[i];
    pb_context *ctx = l->session->ctx;
    char *checkpoint = w->folder ? pb_path_join(w->folder, "checkpoint.safetensors") : NULL;
    pb_status status = checkpoint ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "no memory for a path");
    if (status == PB_OK)
        status = pb_seed_create(l->session, l->crew->seeds[i].seed, &l->crew->seeds[i]);
    w->begun = status == PB_OK;
    if (status == PB_OK) status = pb_folder_make(ctx, w->folder);
    if (status == PB_OK) status = restore(l, i, checkpoint);
    free(checkpoint);
    return status;
}

static pb_status train(lane *l, int i)
{
    crew *c = l->crew;
    pb_session *s = l->session;
    if (l->held != i) PB_TRY(pb_seed_take(s, &c->seeds[i]));
    l->held = i;
    PB_TRY(pb_seed_advance(s, c->works[i].folder, &c->seeds[i]));
    const double start = pb_seconds();
    lock(c);
    const pb_status status = write_metrics(l, i);
    pb_trace_span(s->trace, start, "metrics");
    if (status == PB_OK) tell(c, i);
    unlock(c);
    return status;
}

/* The network that the seed learned, as small as `compress-model` makes it by default, with 8 bits
 * where no validation part tells how many are needed. */
static pb_status save_model(const lane *l, int i)
{
    const pb_model_options options = {.loss = PB_MODEL_LOSS, .bits_unless_searched = 8};
    pb_session *s = l->session;
    pb_seed *state = &l->crew->seeds[i];
    pb_model_facts facts;
    const double start = pb_seconds();
    char *path = pb_path_join(l->crew->works[i].folder, "model.pbw");
    pb_status status = path ? pb_weights_begin(s, state->seed)
                            : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for a path");
    if (status == PB_OK)
        status = pb_model_make(s, state->seed, &state->best, &options, path, &facts);
    if (status == PB_OK) {
        state->weight_bytes = (double)facts.bytes;
        state->compressed_accuracy = facts.test_accuracy;
    }
    pb_trace_span(s->trace, start, "compressed network");
    free(path);
    return status;
}

/* What the end of a seed added to its metrics; a warning comes once in a run. */
static pb_status end_metrics(const lane *l, int i)
{
    crew *c = l->crew;
    if (l->session->graph.layer_count == 0) return PB_OK;
    lock(c);
    const pb_status status = write_metrics(l, i);
    c->told = c->told || pb_weights_tell_of_nothing(l->session, &c->seeds[i].best);
    unlock(c);
    return status;
}

static pb_status conclude(lane *l, int i)
{
    pb_seed *state = &l->crew->seeds[i];
    l->held = -1;
    if (!state->result) PB_TRY(pb_seed_conclude(l->session, l->crew->works[i].folder, state));
    PB_TRY(end_metrics(l, i));
    if (l->session->graph.layer_count > 0) PB_TRY(save_model(l, i));
    if (i == 0) PB_TRY(pb_weight_record_write(l->session, state, l->crew->folder->path));
    pb_tensors_clear(&state->lasting); /* the summary needs neither */
    pb_tensors_clear(&state->best);
    lock(l->crew);
    l->crew->works[i].done = true;
    unlock(l->crew);
    return PB_OK;
}

/* The next piece of a seed. */
static pb_status advance(lane *l, int i)
{
    const pb_seed *state = &l->crew->seeds[i];
    if (!l->crew->works[i].begun) return begin(l, i);
    const bool over = state->result || pb_seed_is_over(l->session, state);
    return explain_end(l, over ? conclude(l, i) : train(l, i), i);
}

/* ---- in turn ---- */

static pb_status run_in_turn(crew *c)
{
    c->lanes = 1;
    lane only = {.crew = c, .session = c->session, .held = -1};
    for (int i = 0; i < c->count; i++) {
        if (c->boosting) pb_boosting_draw(c->boosting, c->seeds[i].seed);
        while (!c->works[i].done) PB_TRY(advance(&only, i));
        if (c->boosting)
            PB_TRY(explain_end(
                &only,
                pb_boosting_add(c->boosting, c->seeds[i].seed, c->works[i].folder, c->folder->path),
                i));
    }
    return PB_OK;
}

static pb_status boost(crew *c)
{
    if (c->session->options.side_by_side > 1)
        pb_log(c->session->ctx, PB_LOG_INFO,
               "each member of boosting follows from those before; the seeds go in turn");
    PB_TRY(pb_boosting_create(c->session, &c->boosting));
    const pb_status status = run_in_turn(c);
    pb_boosting_free(&c->boosting);
    return status;
}

/* ---- side by side ---- */

static int epochs_of(const crew *c, int i)
{
    return c->works[i].begun ? c->seeds[i].epoch : 0;
}

/* The seed to work on: the one that the lane holds, unless another that is free has fallen far
 * behind it; without one, the free seed that has come least far. -1: others do what there is. */
static int choose(const crew *c, const lane *l)
{
    const int lag = (c->epochs + LAG_PARTS - 1) / LAG_PARTS;
    int least = -1;
    for (int i = 0; i < c->count; i++) {
        const work *w = &c->works[i];
        if (w->done || w->busy) continue;
        if (least < 0 || epochs_of(c, i) < epochs_of(c, least)) least = i;
    }
    const int held = l->held;
    if (held < 0 || c->works[held].done || c->works[held].busy) return least;
    return epochs_of(c, least) + lag <= epochs_of(c, held) ? least : held;
}

static void *run_lane(void *of)
{
    lane *l = of;
    crew *c = l->crew;
    lock(c);
    for (int i; !c->failed && (i = choose(c, l)) >= 0;) {
        c->works[i].busy = true;
        unlock(c);
        l->status = advance(l, i);
        lock(c);
        c->works[i].busy = false;
        if (l->status != PB_OK) c->failed = true;
    }
    unlock(c);
    return NULL;
}

/* What a lane logs goes to the run's log. */
static void relay(void *user, pb_log_level level, const char *line)
{
    crew *c = user;
    lock(c);
    pb_log(c->session->ctx, level, "%s", line);
    unlock(c);
}

static void close_lanes(lane lanes[], int count)
{
    for (int i = 0; i < count; i++) {
        pb_session_close_twin(&lanes[i].twin);
        pb_device_close(&lanes[i].part);
        pb_context_free(&lanes[i].ctx);
    }
}

static pb_status open_twins(crew *c, lane lanes[], int count)
{
    pb_context *ctxs[MOST_LANES];
    pb_device *parts[MOST_LANES];
    for (int i = 0; i < count; i++) {
        ctxs[i] = lanes[i].ctx = pb_context_create();
        if (!ctxs[i]) return pb_fail(c->session->ctx, PB_ERR_MEMORY, "no memory for a context");
        pb_log_to(ctxs[i], PB_LOG_DEBUG, relay, c);
    }
    PB_TRY(pb_device_split(c->session->device, count, ctxs, parts));
    for (int i = 0; i < count; i++) lanes[i].part = parts[i];
    for (int i = 0; i < count; i++) {
        const pb_status status = pb_session_twin(c->session, parts[i], &lanes[i].twin);
        if (status != PB_OK) return pb_fail(c->session->ctx, status, "%s", pb_error(ctxs[i]));
        lanes[i].session = &lanes[i].twin;
    }
    return PB_OK;
}

static pb_status open_lanes(crew *c, lane lanes[], int count)
{
    for (int i = 0; i < count; i++) lanes[i] = (lane){.crew = c, .held = -1};
    const pb_status status = open_twins(c, lanes, count);
    if (status != PB_OK) close_lanes(lanes, count);
    return status;
}

static pb_status run_lanes(crew *c, lane lanes[], int count)
{
    int started = 1;
    while (started < count &&
           pthread_create(&lanes[started].thread, NULL, run_lane, &lanes[started]) == 0)
        started++; /* fewer do */
    run_lane(&lanes[0]);
    for (int i = 1; i < started; i++) pthread_join(lanes[i].thread, NULL);
    for (int i = 0; i < started; i++)
        if (lanes[i].status != PB_OK)
            return pb_fail(c->session->ctx, lanes[i].status, "%s", pb_error(lanes[i].ctx));
    return PB_OK;
}

/* As many lanes as are asked for, at most one for each seed and each compute unit; 0: in turn. */
static int lanes_for(const crew *c)
{
    const pb_run_options *o = &c->session->options;
    const int units = (int)pb_device_describe(c->session->device)->compute_units;
    int count = o->side_by_side < c->count ? o->side_by_side : c->count;
    if (count > units) count = units;
    if (count > MOST_LANES) count = MOST_LANES;
    return o->profile || c->session->trace || count < 2 ? 0 : count; /* one queue is timed */
}

static pb_status run_all(crew *c)
{
    lane lanes[MOST_LANES];
    if (pb_config_ensemble_kind(c->session->config) == PB_ENSEMBLE_SAMME) return boost(c);
    const int count = lanes_for(c);
    if (count == 0) return run_in_turn(c);
    const pb_status status = open_lanes(c, lanes, count);
    if (status == PB_ERR_DEVICE) {
        pb_log(c->session->ctx, PB_LOG_INFO, "%s; the seeds go in turn", pb_error(c->session->ctx));
        return run_in_turn(c);
    }
    PB_TRY(status);
    pb_log(c->session->ctx, PB_LOG_DEBUG, "%s: %d seeds in %d lanes",
           pb_config_name(c->session->config), c->count, count);
    c->lanes = count;
    const pb_status ran = run_lanes(c, lanes, count);
    close_lanes(lanes, count);
    return ran;
}

/* ---- the whole ---- */

static pb_status make_room(crew *c)
{
    const int64_t *seeds = pb_option_ints(c->session->config->train, "seeds", &c->count);
    const size_t count = (size_t)c->count;
    c->seeds = calloc(count, sizeof *c->seeds);
    c->lines = calloc(count, sizeof(json_t *));
    c->works = calloc(count, sizeof *c->works);
    if (!c->seeds || !c->lines || !c->works)
        return pb_fail(c->session->ctx, PB_ERR_MEMORY, "no memory for %d seeds", c->count);
    for (int i = 0; i < c->count; i++) {
        c->seeds[i].seed = seeds[i];
        c->works[i].folder = pb_run_folder_of_seed(c->folder, seeds[i]);
    }
    return PB_OK;
}

static void clear(crew *c)
{
    for (int i = 0; i < c->count; i++) {
        if (c->works && c->works[i].begun) pb_seed_clear(&c->seeds[i]);
        if (c->works) free(c->works[i].folder);
        if (c->lines) json_decref(c->lines[i]);
    }
    free(c->seeds);
    free(c->lines);
    free(c->works);
}

/* What a lane holding the lock logs takes it again. */
static void create_lock(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(mutex, &kind);
    pthread_mutexattr_destroy(&kind);
}

pb_status pb_run_seeds(pb_session *s, const pb_run_folder *folder)
{
    crew c = {
        .session = s, .folder = folder, .epochs = (int)pb_option_int(s->config->train, "epochs")};
    create_lock(&c.lock);
    pb_status status = make_room(&c);
    if (status == PB_OK) status = run_all(&c);
    if (status == PB_OK && s->options.profile) status = pb_profile_write(s, folder->path);
    if (status == PB_OK && s->config->ensemble) status = pb_ensemble_of_session(s, folder);
    if (status == PB_OK) status = pb_summary_write(s, folder->path, c.seeds, c.count);
    clear(&c);
    pthread_mutex_destroy(&c.lock);
    return status;
}
