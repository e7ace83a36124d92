#include "study/ranks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <passband/plan.h>

#include "study/parts.h"

enum { BATCH = 4096, BATCH_BYTES = 1 << 26 };

/* The program "compare": |y|^2 - 2 x y for every probe x and every sample y of a batch; |x|^2,
 * which is the same for all samples, is left out. All are taken from a centre, so that little is
 * lost where they are far from 0. */
typedef struct search {
    const pb_stored *s;
    int probes, batch;
    const float *probe;                 /* [probes, values]                                  */
    const int32_t *own;                 /* [probes]                                          */
    float *centre;                      /* [values]                                          */
    double *squares;                    /* [probes] |x|^2, from the centre                   */
    double *distance;                   /* [probes] |x - y|^2 to the probe's own             */
    double *lengths;                    /* [batch] |y|^2                                     */
    float *values, *centred, *compared; /* [batch, values], the same, [probes, batch] */
    pb_graph *g;
    pb_plan *plan;
    pb_value x, y, out;
    pb_rank *ranks;
} search;

/* ---- numbers ---- */

static double squared_distance(const float *a, const float *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const double difference = (double)a[i] - (double)b[i];
        sum += difference * difference;
    }
    return sum;
}

static double squared_length(const float *a, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)a[i] * (double)a[i];
    return sum;
}

/* The mean of the probes. */
static void find_centre(search *f)
{
    const size_t values = f->s->values;
    for (size_t k = 0; k < values; k++) {
        double sum = 0;
        for (int i = 0; i < f->probes; i++) sum += (double)f->probe[(size_t)i * values + k];
        f->centre[k] = (float)(sum / f->probes);
    }
}

static void subtract_centre(const search *f, const float *from, int count, float *to)
{
    const size_t values = f->s->values;
    for (size_t i = 0; i < (size_t)count; i++)
        for (size_t k = 0; k < values; k++)
            to[i * values + k] = from[i * values + k] - f->centre[k];
}

static void find_distances(search *f)
{
    const size_t values = f->s->values;
    for (int i = 0; i < f->probes; i++) {
        const float *x = f->probe + (size_t)i * values;
        pb_stored_values(f->s, pb_stored_row(f->s, f->own[i]), f->values);
        f->distance[i] = squared_distance(x, f->values, values);
        f->squares[i] = squared_distance(x, f->centre, values);
    }
}

/* ---- the device ---- */

static pb_status make_plan(search *f)
{
    pb_graph *g = f->g = pb_graph_create(f->s->ctx);
    const int values = (int)f->s->values;
    if (!g) return pb_fail(f->s->ctx, PB_ERR_MEMORY, "no memory for a graph");
    f->x = pb_input(g, "probes", PB_SHAPE(f->probes, values));
    f->y = pb_input(g, "samples", PB_SHAPE(f->batch, values));
    const pb_value lengths =
        pb_reshape(g, pb_sum(g, pb_square(g, f->y), 1, false), PB_SHAPE(1, f->batch));
    const pb_value products = pb_matmul_t(g, f->x, f->y, false, true);
    f->out = pb_leaf(g, PB_ROLE_STATE, "compared", PB_F32, PB_SHAPE(f->probes, f->batch),
                     (pb_init){.kind = PB_INIT_CONSTANT});
    const pb_value assigned = pb_assign(g, f->out, pb_sub(g, lengths, pb_scale(g, products, 2)));
    PB_TRY(pb_program(g, "compare", 1, &assigned));
    PB_TRY(pb_graph_status(g));
    return pb_plan_create(f->s->device, g, &f->plan);
}

/* The probes go through the room of a batch, which may hold fewer. */
static pb_status send_probes(search *f)
{
    const size_t bytes = (size_t)f->probes * f->s->values * sizeof(float);
    float *centred = malloc(bytes);
    if (!centred) return pb_fail(f->s->ctx, PB_ERR_MEMORY, "no memory for probes");
    subtract_centre(f, f->probe, f->probes, centred);
    const pb_status status = pb_plan_write(f->plan, f->x, centred, bytes);
    free(centred);
    return status;
}

/* ---- comparing ---- */

/* float32 products of n terms are off by less than this share of the lengths. */
static const double doubt = 2e-5;

/* Sample j of a batch. */
static void rank_sample(search *f, int i, int j)
{
    const size_t values = f->s->values;
    const double compared = (double)f->compared[(size_t)i * (size_t)f->batch + (size_t)j];
    const double tolerance = doubt * (f->squares[i] + f->lengths[j]);
    double difference = compared + f->squares[i] - f->distance[i];
    if (fabs(difference) < tolerance)
        difference = squared_distance(f->probe + (size_t)i * values, f->values + (size_t)j * values,
                                      values) -
                     f->distance[i];
    f->ranks[i].closer += difference < 0;
    f->ranks[i].equal += !(difference < 0) && !(difference > 0);
}

static pb_status compare_batch(search *f, int first, int count)
{
    const size_t values = f->s->values, batch = (size_t)f->batch;
    for (int j = 0; j < count; j++)
        pb_stored_values(f->s, pb_stored_row(f->s, first + j), f->values + (size_t)j * values);
    subtract_centre(f, f->values, count, f->centred);
    PB_TRY(pb_plan_write(f->plan, f->y, f->centred, batch * values * sizeof(float)));
    PB_TRY(pb_plan_run(f->plan, "compare", 1));
    PB_TRY(pb_plan_read(f->plan, f->out, f->compared,
                        (size_t)f->probes * batch * sizeof *f->compared));
    for (int j = 0; j < count; j++)
        f->lengths[j] = squared_length(f->centred + (size_t)j * values, values);
    for (int i = 0; i < f->probes; i++)
        for (int j = 0; j < count; j++)
            if (first + j != f->own[i]) rank_sample(f, i, j);
    return PB_OK;
}

/* ---- the whole ---- */

static pb_status open_search(search *f)
{
    const size_t values = f->s->values, fit = BATCH_BYTES / (values * sizeof(float));
    const size_t most = fit < 1 ? 1 : fit < BATCH ? fit : BATCH;
    f->batch = (size_t)f->s->count < most ? f->s->count : (int)most;
    const size_t batch = (size_t)f->batch, probes = (size_t)f->probes;
    f->centre = malloc(values * sizeof *f->centre);
    f->squares = malloc(probes * sizeof *f->squares);
    f->distance = malloc(probes * sizeof *f->distance);
    f->lengths = malloc(batch * sizeof *f->lengths);
    f->values = malloc(batch * values * sizeof *f->values);
    f->centred = calloc(batch * values, sizeof *f->centred);
    f->compared = malloc(probes * batch * sizeof *f->compared);
    if (!f->centre || !f->squares || !f->distance || !f->lengths || !f->values || !f->centred ||
        !f->compared)
        return pb_fail(f->s->ctx, PB_ERR_MEMORY, "no memory to compare samples");
    find_centre(f);
    find_distances(f);
    PB_TRY(make_plan(f));
    return send_probes(f);
}

static void close_search(search *f)
{
    pb_plan_free(&f->plan);
    pb_graph_free(&f->g);
    free(f->centre);
    free(f->squares);
    free(f->distance);
    free(f->lengths);
    free(f->values);
    free(f->centred);
    free(f->compared);
}

pb_status pb_nearest_rank(const pb_stored *s, const float *probes, const int32_t own[], int count,
                          const volatile int *stop, pb_rank ranks[])
{
    search f = {.s = s, .probes = count, .probe = probes, .own = own, .ranks = ranks};
    memset(ranks, 0, (size_t)count * sizeof *ranks);
    pb_status status = open_search(&f);
    for (int first = 0; status == PB_OK && first < s->count; first += f.batch) {
        const int left = s->count - first;
        status = pb_measure_stopped(s->ctx, stop);
        if (status == PB_OK) status = compare_batch(&f, first, left < f.batch ? left : f.batch);
    }
    close_search(&f);
    return status;
}
