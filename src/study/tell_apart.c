/* Telling data sets apart by what is compressed of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "data/loader.h"
#include "study/measure_identity.h"
#include "study/parts.h"

enum { SETS_MOST = 16, FIT_MOST = 2000, HELD_MOST = 10000 };

/* Of the mean variance, added to each: no value decides alone because it hardly ever changes. */
static const double floor_share = 1e-2;

/* A data set, or noise where it has none. */
typedef struct source {
    const char *name;
    const pb_dataset *data;
    int fit, held;           /* samples to describe it by, samples to be told apart  */
    uint8_t *rows;           /* [fit + held] packed                                  */
    double *mean, *variance; /* [values] of the first                                */
    double *likely;          /* [held, sources] log likelihood of the others         */
} source;

typedef struct sources {
    const pb_stored *s;
    const pb_measure_options *options;
    int count;
    source all[SETS_MOST];
    float *values; /* of a sample */
} sources;

static pb_status no_memory(const sources *t)
{
    return pb_fail(t->s->ctx, PB_ERR_MEMORY, "no memory to tell data sets apart");
}

/* ---- which ---- */

static void add_source(sources *t, const char *name, const pb_dataset *data, int train, int test)
{
    if (t->count == SETS_MOST) return;
    t->all[t->count++] = (source){.name = name,
                                  .data = data,
                                  .fit = train < FIT_MOST ? train : FIT_MOST,
                                  .held = test < HELD_MOST ? test : HELD_MOST};
}

static bool is_comparable(const pb_stored *s, const pb_dataset *other)
{
    return other->dtype == s->original->dtype && !other->compressed && other->train.count > 0 &&
           pb_shape_equal(other->sample_shape, s->original->sample_shape);
}

static void choose_sources(sources *t)
{
    const pb_stored *s = t->s;
    add_source(t, s->original->name, s->original, s->file->train.count, s->file->test.count);
    add_source(t, "noise", NULL, FIT_MOST, HELD_MOST);
    for (int i = 0; i < t->options->other_count; i++) {
        const pb_dataset *other = t->options->others[i];
        if (is_comparable(s, other))
            add_source(t, other->name, other, other->train.count, other->test.count);
    }
}

/* ---- their samples ---- */

/* Bytes uniform in 0..255, numbers uniform from the least to the largest of the originals. */
static void make_noise(const sources *t, int count, char *samples)
{
    const pb_stored *s = t->s;
    const pb_stream stream = pb_stream_make(t->options->seed, "study.data_sets.noise", 0);
    const size_t numbers = (size_t)count * pb_shape_count(s->original->sample_shape);
    for (size_t i = 0; i < numbers; i++) {
        const double u = (double)pb_stream_uniform(stream, i);
        if (s->original->dtype == PB_U8)
            ((uint8_t *)samples)[i] = (uint8_t)(256 * u);
        else
            ((float *)(void *)samples)[i] = (float)(s->low + u * (s->high - s->low));
    }
}

/* Samples of a part in a random order; of the file itself as it has them. */
static pb_status draw(const sources *t, const source *from, bool is_test, int count, char *to)
{
    const bool is_own = from->data == t->s->original;
    const pb_dataset *d = is_own ? t->s->file : from->data;
    const pb_samples *part = is_test ? &d->test : &d->train;
    const size_t bytes = pb_sample_bytes(d);
    int32_t *drawn =
        pb_draw_samples(t->options->seed, is_test ? "study.held" : "study.fit", part->count);
    for (int i = 0; drawn && i < count; i++)
        memcpy(to + (size_t)i * bytes, (const char *)part->data + (size_t)drawn[i] * bytes, bytes);
    free(drawn);
    return drawn ? PB_OK : no_memory(t);
}

static pb_status draw_both(const sources *t, const source *from, size_t bytes, char *to)
{
    PB_TRY(draw(t, from, false, from->fit, to));
    return draw(t, from, true, from->held, to + (size_t)from->fit * bytes);
}

static pb_status compress(const sources *t, source *of, char *samples)
{
    const size_t bytes = pb_sample_bytes(t->s->original);
    if (of->data)
        PB_TRY(draw_both(t, of, bytes, samples));
    else
        make_noise(t, of->fit + of->held, samples);
    return pb_stored_encode(t->s, samples, of->fit + of->held, of->rows);
}

static pb_status take_rows(const sources *t, source *of)
{
    const size_t count = (size_t)of->fit + (size_t)of->held;
    of->rows = malloc(count * t->s->row_bytes + 1);
    if (!of->rows) return no_memory(t);
    if (of->data == t->s->original) return draw_both(t, of, t->s->row_bytes, (char *)of->rows);
    char *samples = malloc(count * pb_sample_bytes(t->s->original) + 1);
    const pb_status status = samples ? compress(t, of, samples) : no_memory(t);
    free(samples);
    return status;
}

/* ---- likelihood ---- */

static void take_values(const sources *t, const source *of, int row)
{
    pb_stored_values(t->s, of->rows + (size_t)row * t->s->row_bytes, t->values);
}

static pb_status describe(const sources *t, source *of)
{
    const size_t values = t->s->values;
    of->mean = calloc(values, sizeof *of->mean);
    of->variance = calloc(values, sizeof *of->variance);
    if (!of->mean || !of->variance) return no_memory(t);
    for (int i = 0; i < of->fit; i++) {
        take_values(t, of, i);
        for (size_t k = 0; k < values; k++) of->mean[k] += (double)t->values[k] / of->fit;
    }
    for (int i = 0; i < of->fit; i++) {
        take_values(t, of, i);
        for (size_t k = 0; k < values; k++) {
            const double off = (double)t->values[k] - of->mean[k];
            of->variance[k] += off * off / of->fit;
        }
    }
    return PB_OK;
}

/* The same is added everywhere, or it would tell them apart. */
static void raise_variances(sources *t)
{
    double sum = 0;
    for (int i = 0; i < t->count; i++)
        for (size_t k = 0; k < t->s->values; k++) sum += t->all[i].variance[k];
    const double least = floor_share * sum / ((double)t->s->values * t->count) + 1e-12;
    for (int i = 0; i < t->count; i++)
        for (size_t k = 0; k < t->s->values; k++) t->all[i].variance[k] += least;
}

/* log of the density of independent normal values, without the terms that are the same under all.
 */
static double log_likelihood(const sources *t, const source *under, double log_variances)
{
    double sum = log_variances;
    for (size_t k = 0; k < t->s->values; k++) {
        const double off = (double)t->values[k] - under->mean[k];
        sum += off * off / under->variance[k];
    }
    return -sum / 2;
}

static pb_status compare(sources *t, source *of)
{
    double log_variances[SETS_MOST] = {0};
    of->likely = malloc((size_t)of->held * (size_t)t->count * sizeof *of->likely + 1);
    if (!of->likely) return no_memory(t);
    for (int c = 0; c < t->count; c++)
        for (size_t k = 0; k < t->s->values; k++) log_variances[c] += log(t->all[c].variance[k]);
    for (int i = 0; i < of->held; i++) {
        take_values(t, of, of->fit + i);
        for (int c = 0; c < t->count; c++)
            of->likely[(size_t)i * (size_t)t->count + (size_t)c] =
                log_likelihood(t, &t->all[c], log_variances[c]);
    }
    return PB_OK;
}

/* ---- trials ---- */

/* Whether samples `first` to `first + n` of source i are likelier under it than under any other. */
static bool is_recognised(const sources *t, int i, int first, int n)
{
    double sums[SETS_MOST] = {0};
    for (int k = first; k < first + n; k++)
        for (int c = 0; c < t->count; c++)
            sums[c] += t->all[i].likely[(size_t)k * (size_t)t->count + (size_t)c];
    for (int c = 0; c < t->count; c++)
        if (c != i && sums[c] >= sums[i]) return false;
    return true;
}

static void try_samples(const sources *t, int n, json_t *list)
{
    int trials = t->options->trials;
    double hits = 0;
    for (int i = 0; i < t->count; i++)
        if (t->all[i].held / n < trials) trials = t->all[i].held / n;
    if (trials == 0) return;
    for (int i = 0; i < t->count; i++)
        for (int k = 0; k < trials; k++) hits += is_recognised(t, i, k * n, n);
    json_array_append_new(list,
                          json_pack("{s:i, s:i, s:o}", "samples", n, "trials", trials * t->count,
                                    "accuracy", pb_share_json(hits, (double)trials * t->count)));
}

static pb_status tell(const sources *t, json_t **result)
{
    json_t *names = json_array(), *trials = json_array();
    for (int i = 0; i < t->count; i++) json_array_append_new(names, json_string(t->all[i].name));
    for (int n = 1; n <= 100; n *= 10) try_samples(t, n, trials);
    *result = json_pack("{s:o, s:o}", "names", names, "trials", trials);
    return *result ? PB_OK : no_memory(t);
}

/* ---- the whole ---- */

static pb_status measure(sources *t, json_t **result)
{
    choose_sources(t);
    t->values = malloc(t->s->values * sizeof *t->values);
    if (!t->values) return no_memory(t);
    for (int i = 0; i < t->count; i++) {
        PB_TRY(pb_measure_stopped(t->s->ctx, t->options->stop));
        PB_TRY(take_rows(t, &t->all[i]));
        PB_TRY(describe(t, &t->all[i]));
    }
    raise_variances(t);
    for (int i = 0; i < t->count; i++) PB_TRY(compare(t, &t->all[i]));
    return tell(t, result);
}

pb_status pb_measure_data_sets(const pb_stored *s, const pb_measure_options *options,
                               json_t **result)
{
    sources t = {.s = s, .options = options};
    *result = NULL;
    const pb_status status = measure(&t, result);
    for (int i = 0; i < t.count; i++) {
        free(t.all[i].rows);
        free(t.all[i].mean);
        free(t.all[i].variance);
        free(t.all[i].likely);
    }
    free(t.values);
    return status;
}
