#include "train/epoch.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "train/rate_schedule.h"
#include "train/resample.h"

/* ---- before an epoch ---- */

/* What is trained on: the training part, or as many samples drawn from it. */
static void take_rows(const pb_session *s, int64_t seed, int32_t rows[])
{
    const int count = s->train_count;
    if (s->drawn || pb_config_ensemble_kind(s->config) != PB_ENSEMBLE_BAGGING) {
        memcpy(rows, s->drawn ? s->drawn : s->train_rows, (size_t)count * sizeof *rows);
        return;
    }
    pb_bootstrap_draw((uint64_t)seed, count, rows);
    for (int i = 0; i < count; i++) rows[i] = s->train_rows[rows[i]];
}

/* This epoch's samples: all of them shuffled; those at the end that fill no batch are left out. */
static pb_status shuffle(pb_session *s, int64_t seed, int epoch, int32_t **order)
{
    const size_t bytes = (size_t)s->train_count * sizeof(int32_t);
    *order = malloc(bytes);
    if (!*order) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for the order of an epoch");
    take_rows(s, seed, *order);
    pb_stream_shuffle(pb_stream_make((uint64_t)seed, "order", (uint32_t)epoch), *order,
                      s->train_count);
    return PB_OK;
}

/* Every optimiser's rates of an epoch, and the shares of its parameters in their average; `last`
 * are the rates of its last step. A leaf that has one number alone has it for all of them. */
static pb_status write_rates(pb_session *s, const pb_rate_time *time, double last[])
{
    double *rates = malloc((size_t)time->steps * sizeof *rates);
    float *table = malloc((size_t)time->steps * sizeof *table);
    pb_status status = rates && table
                           ? PB_OK
                           : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for the rates of an epoch");
    for (int i = 0; status == PB_OK && i < s->graph.rate_count; i++) {
        pb_rate_epoch(&s->graph.rates[i], time, rates);
        for (int k = 0; k < time->steps; k++) table[k] = (float)rates[k];
        last[i] = rates[time->steps - 1];
        status = pb_session_write(s, s->graph.rates[i].leaf, table);
    }
    if (status == PB_OK && s->graph.average.share != PB_NONE) {
        pb_average_epoch(&s->graph.average, time, rates);
        for (int k = 0; k < time->steps; k++) table[k] = (float)rates[k];
        status = pb_session_write(s, s->graph.average.leaf, table);
    }
    free(rates);
    free(table);
    return status;
}

/* Iterations before this epoch. */
static int64_t iterations_before(const pb_session *s, int epoch)
{
    return (int64_t)epoch * s->graph.steps;
}

/* What random numbers depend on, where something draws them. */
static pb_status write_draws(pb_session *s, int64_t seed, int epoch, const int32_t *order)
{
    const pb_run_graph *r = &s->graph;
    const int32_t key = (int32_t)pb_stream_make((uint64_t)seed, "", 0).key[0], now = epoch;
    if (!pb_plan_has(s->plan, r->key)) return PB_OK;
    PB_TRY(pb_session_write(s, r->key, &key));
    PB_TRY(pb_session_write(s, r->epoch, &now));
    return r->numbers == PB_NONE ? PB_OK : pb_session_write(s, r->numbers, order);
}

static pb_status reset(pb_session *s, int epoch)
{
    const pb_run_graph *r = &s->graph;
    const int32_t phase = (int32_t)(iterations_before(s, epoch) % r->log_every);
    PB_TRY(pb_session_write(s, r->phase, &phase));
    const pb_value sums[] = {r->step, r->finite_steps, r->last_loss, r->loss_sum, r->hits};
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) PB_TRY(pb_session_zero(s, sums[i]));
    for (int i = 0; i < r->part_count; i++) PB_TRY(pb_session_zero(s, r->parts[i].sum));
    return PB_OK;
}

/* ---- after an epoch ---- */

static pb_status check_finite(pb_session *s, int64_t seed, int epoch)
{
    int32_t finite_steps = 0;
    float loss = 0;
    PB_TRY(pb_session_read(s, s->graph.finite_steps, &finite_steps));
    if (finite_steps == s->graph.steps) return PB_OK;
    PB_TRY(pb_session_read(s, s->graph.last_loss, &loss));
    return pb_fail(s->ctx, PB_ERR_NOT_FINITE,
                   "seed %" PRId64 ", epoch %d, iteration %" PRId64
                   ": the training loss is %s; a lower learning rate may help",
                   seed, epoch + 1, iterations_before(s, epoch) + finite_steps + 1,
                   isnan(loss) ? "nan" : "infinite");
}

static pb_status read_scalar(pb_session *s, pb_value leaf, double divisor, double *mean)
{
    float sum = 0;
    PB_TRY(pb_session_read(s, leaf, &sum));
    *mean = (double)sum / divisor;
    return PB_OK;
}

/* Moves an epoch's slots to their points of the run. */
static pb_status read_recording(pb_session *s, int epoch, int index, const pb_tensor *whole)
{
    const pb_run_graph *r = &s->graph;
    const pb_recording *log = &r->recordings[index];
    const size_t row_bytes = (size_t)log->width * sizeof(float);
    char *slots = malloc((size_t)r->slots * row_bytes);
    if (!slots) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for what was recorded");
    const pb_status status = pb_session_read(s, log->leaf, slots);
    const int64_t phase = iterations_before(s, epoch) % r->log_every;
    const int64_t first = (iterations_before(s, epoch) - phase) / r->log_every;
    for (int64_t k = 0; status == PB_OK && k < r->slots; k++) {
        const int64_t iteration = k * r->log_every - phase;
        if (iteration < 0 || iteration >= r->steps) continue;
        memcpy((char *)whole->data + (size_t)(first + k) * row_bytes, slots + (size_t)k * row_bytes,
               row_bytes);
    }
    free(slots);
    return status;
}

static pb_status read_results(pb_session *s, int epoch, pb_tensors *recordings, pb_trained *result)
{
    const pb_run_graph *r = &s->graph;
    PB_TRY(read_scalar(s, r->loss_sum, r->steps, &result->loss));
    PB_TRY(read_scalar(s, r->hits, (double)r->steps * r->batch, &result->accuracy));
    for (int i = 0; i < r->part_count; i++)
        PB_TRY(read_scalar(s, r->parts[i].sum, r->steps, &result->parts[i]));
    for (int i = 0; i < r->recording_count; i++)
        PB_TRY(read_recording(s, epoch, i, &recordings->tensor[i]));
    return PB_OK;
}

/* The epoch's samples once more, where the averaged network has statistics of its own. */
static pb_status update_statistics(pb_session *s, const pb_pass *trained, int epoch)
{
    const pb_run_graph *r = &s->graph;
    pb_pass pass = *trained;
    pass.program = "update_bn";
    if (r->update_step == PB_NONE || epoch < r->average.start) return PB_OK;
    PB_TRY(pb_session_zero(s, r->update_step));
    return pb_session_pass(s, &pass);
}

static pb_status train(pb_session *s, int64_t seed, int epoch, const double losses[],
                       pb_trained *result)
{
    const pb_run_graph *r = &s->graph;
    int32_t *order;
    PB_TRY(shuffle(s, seed, epoch, &order));
    const pb_pass pass = {.program = "train",
                          .order = r->order,
                          .batch = r->batch,
                          .steps = r->steps,
                          .count = r->steps * r->batch,
                          .rows = order};
    pb_status status = pb_session_order(s, &pass);
    const pb_rate_time time = {.epochs = (int)pb_option_int(s->config->train, "epochs"),
                               .steps = r->steps,
                               .epoch = epoch,
                               .losses = losses};
    if (status == PB_OK) status = write_rates(s, &time, result->rates);
    if (status == PB_OK) status = write_draws(s, seed, epoch, order);
    if (status == PB_OK) status = reset(s, epoch);
    if (status == PB_OK) status = pb_session_pass(s, &pass);
    if (status == PB_OK) status = update_statistics(s, &pass, epoch);
    free(order);
    return status;
}

pb_status pb_epoch_train(pb_session *s, int64_t seed, int epoch, const double losses[],
                         pb_tensors *recordings, pb_trained *result)
{
    const double start = pb_seconds();
    PB_TRY(train(s, seed, epoch, losses, result));
    result->seconds = pb_seconds() - start;
    PB_TRY(check_finite(s, seed, epoch));
    return read_results(s, epoch, recordings, result);
}

/* ---- scoring ---- */

static void divide_by_class(const float hits[], const int32_t labels[], int count, int classes,
                            double accuracies[])
{
    for (int c = 0; c < classes; c++) {
        int samples = 0;
        for (int i = 0; i < count; i++) samples += labels[i] == c;
        accuracies[c] = samples ? (double)hits[c] / samples : (double)NAN;
    }
}

pb_status pb_epoch_score(pb_session *s, const pb_scoring *scoring, const int32_t *labels,
                         pb_scored *result)
{
    PB_TRY(pb_session_zero(s, scoring->step));
    PB_TRY(pb_session_zero(s, scoring->loss));
    PB_TRY(pb_session_zero(s, scoring->class_hits));
    for (int i = 0; i < s->graph.view_count; i++)
        if (s->graph.views[i].by_class) PB_TRY(pb_session_zero(s, s->graph.views[i].leaf));
    const bool is_test = scoring == &s->graph.test;
    const pb_pass pass = is_test ? pb_session_test(s) : pb_session_validation(s);
    PB_TRY(pb_session_pass(s, &pass));
    PB_TRY(read_scalar(s, scoring->loss, scoring->count, &result->loss));

    const int classes = s->data->classes;
    float *hits = malloc((size_t)classes * sizeof *hits);
    if (!hits)
        return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for the hits of %d classes", classes);
    const pb_status status = pb_session_read(s, scoring->class_hits, hits);
    if (status == PB_OK) {
        double all = 0;
        for (int c = 0; c < classes; c++) all += (double)hits[c];
        result->accuracy = all / scoring->count;
        if (result->class_accuracies)
            divide_by_class(hits, labels, scoring->count, classes, result->class_accuracies);
    }
    free(hits);
    return status;
}
