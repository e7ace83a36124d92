#include "train/weight_rules.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/median.h"

/* ---- schedules ---- */

double pb_weight_strength(const pb_options *options, int epoch, int epochs, bool at_end)
{
    const char *schedule = pb_option_string(options, "schedule");
    const int begin = (int)pb_option_int(options, "begin");
    int full = (int)pb_option_int(options, "full");
    if (at_end || strcmp(schedule, "start") == 0) return 1;
    if (strcmp(schedule, "end") == 0) return 0;
    if (strcmp(schedule, "after") == 0) return epoch >= begin;
    if (full == 0) full = 2 * epochs / 3;
    if (epoch >= full) return 1;
    const double left = epoch < begin ? 1 : 1 - (double)(epoch + 1 - begin) / (full + 1 - begin);
    return 1 - left * left * left;
}

bool pb_weights_settled(const pb_config *config, int epoch)
{
    const int epochs = (int)pb_option_int(config->train, "epochs");
    for (int i = 0; i < config->stage_count; i++) {
        const pb_options *o = config->stages[i].weights;
        if (!o || strcmp(pb_option_string(o, "schedule"), "end") == 0) continue;
        if (pb_weight_strength(o, epoch, epochs, false) < 1) return false;
    }
    return true;
}

/* ---- sets of coefficients ---- */

/* Magnitudes of the parts that `takes` chooses, on the heap. */
typedef struct magnitudes {
    double *value;
    size_t count;
} magnitudes;

typedef bool choice(const pb_weights *w, int part, int chosen);

static bool is_chosen(const pb_weights *w, int part, int chosen)
{
    (void)w;
    return part == chosen;
}

static bool is_thresholded(const pb_weights *w, int part, int chosen)
{
    (void)chosen;
    return w->part[part].level > 0 || !pb_option_bool(w->options, "details_only");
}

static bool is_finest(const pb_weights *w, int part, int chosen)
{
    (void)chosen;
    return w->part[part].level == 1;
}

static magnitudes collect(const pb_weights *w, const float c[], choice *takes, int chosen)
{
    magnitudes m = {malloc(((size_t)w->lines * (size_t)w->count + 1) * sizeof *m.value), 0};
    for (int p = 0; m.value && p < w->part_count; p++) {
        if (!takes(w, p, chosen)) continue;
        for (int line = 0; line < w->lines; line++)
            for (int k = 0; k < w->part[p].count; k++)
                m.value[m.count++] = fabs(
                    (double)c[(size_t)line * (size_t)w->count + (size_t)(w->part[p].offset + k)]);
    }
    return m;
}

static double largest(const magnitudes *m)
{
    double most = 0;
    for (size_t i = 0; i < m->count; i++) most = fmax(most, m->value[i]);
    return most;
}

/* ---- rules ---- */

/* The least t that is not exceeded by a share of the magnitudes. A product that lacks no more than
 * rounding of a whole number is that number: 0.29 of 100 are 29. */
static double quantile(magnitudes *m, double share)
{
    const double places = floor(fmin(share, 1) * (double)m->count * (1 + 4 * DBL_EPSILON));
    if (places < 1) return 0;
    pb_numbers_sort(m->value, m->count);
    return m->value[(size_t)places - 1];
}

static double universal(magnitudes *m, double noise)
{
    return m->count > 1 ? noise * sqrt(2 * log((double)m->count)) : 0;
}

/* risk(t) = n - 2 #{x <= t} + sum of min(x, t)^2 at the magnitudes x themselves, in units of the
 * noise. */
static double sure(magnitudes *m, double noise)
{
    double best = 0, least = (double)m->count, below = 0;
    if (noise <= 0) return 0;
    pb_numbers_sort(m->value, m->count);
    for (size_t i = 0; i < m->count; i++) {
        const double x = m->value[i] / noise, n = (double)m->count, larger = n - (double)(i + 1);
        below += x * x;
        const double risk = n - 2 * (double)(i + 1) + below + larger * x * x;
        if (risk < least) {
            least = risk;
            best = m->value[i];
        }
    }
    return best;
}

static double bayes(magnitudes *m, double noise)
{
    double squares = 0;
    for (size_t i = 0; i < m->count; i++) squares += m->value[i] * m->value[i];
    const double signal = m->count ? squares / (double)m->count - noise * noise : 0;
    return signal > 0 ? noise * noise / sqrt(signal) : largest(m);
}

static const struct {
    const char *name;
    double (*of)(magnitudes *m, double noise);
} by_part[] = {{"universal", universal}, {"sure", sure}, {"bayes", bayes}};

/* One threshold for all parts. */
static double common(const pb_weights *w, magnitudes *m, double threshold, double strength)
{
    const char *rule = pb_option_string(w->options, "rule");
    if (strcmp(rule, "relative") == 0) return threshold * strength * largest(m);
    if (strcmp(rule, "quantile") == 0) return quantile(m, threshold * strength);
    return threshold * strength;
}

static pb_status set_thresholds(pb_context *ctx, const pb_weights *w, const float c[],
                                double strength, float settings[])
{
    const double threshold = pb_option_float(w->options, "threshold");
    double (*rule)(magnitudes *, double) = NULL;
    for (size_t i = 0; i < sizeof by_part / sizeof *by_part; i++)
        if (strcmp(by_part[i].name, pb_option_string(w->options, "rule")) == 0)
            rule = by_part[i].of;
    magnitudes m = collect(w, c, rule ? is_finest : is_thresholded, 0);
    if (!m.value)
        return pb_fail(ctx, PB_ERR_MEMORY, "no memory for the thresholds of %s", w->layer);
    const double noise = rule && m.count ? pb_median(m.value, m.count) / 0.6745 : 0;
    const double same = rule ? 0 : common(w, &m, threshold, strength);
    free(m.value);
    for (int p = 0; p < w->part_count; p++) {
        double t = same;
        if (rule) {
            m = collect(w, c, is_chosen, p);
            if (!m.value)
                return pb_fail(ctx, PB_ERR_MEMORY, "no memory for the thresholds of %s", w->layer);
            t = threshold * strength * rule(&m, noise);
            free(m.value);
        }
        settings[PB_WEIGHT_THRESHOLD * w->part_count + p] =
            is_thresholded(w, p, 0) && threshold > 0 && strength > 0 ? (float)t : 0;
    }
    return PB_OK;
}

pb_status pb_weight_settings(pb_context *ctx, const pb_weights *w, const float c[], double strength,
                             float settings[])
{
    const int bits = (int)pb_option_int(w->options, "bits");
    PB_TRY(set_thresholds(ctx, w, c, strength, settings));
    float most = 0;
    for (size_t i = 0; i < (size_t)w->lines * (size_t)w->count; i++)
        most = fmaxf(most, fabsf(c[i]));
    const float step =
        bits > 0 && strength >= 1 ? most / (float)pb_weight_code_most(w->options) : 0;
    for (int p = 0; p < w->part_count; p++) {
        settings[PB_WEIGHT_STEP * w->part_count + p] = step;
        settings[PB_WEIGHT_PER_STEP * w->part_count + p] = step > 0 ? 1 / step : 0;
    }
    return PB_OK;
}

/* ---- what they do ---- */

int pb_weight_part_of(const pb_weights *w, int place)
{
    int p = 0;
    while (p + 1 < w->part_count && place >= w->part[p].offset + w->part[p].count) p++;
    return p;
}

void pb_weight_effective(const pb_weights *w, const float settings[], float c[])
{
    const pb_threshold_kind kind = pb_threshold_find(pb_option_string(w->options, "kind"));
    const float most = (float)pb_weight_code_most(w->options);
    for (int p = 0; p < w->part_count; p++) {
        const float t = settings[PB_WEIGHT_THRESHOLD * w->part_count + p];
        const float step = settings[PB_WEIGHT_STEP * w->part_count + p];
        const float per_step = settings[PB_WEIGHT_PER_STEP * w->part_count + p];
        for (int line = 0; line < w->lines; line++)
            for (int k = 0; k < w->part[p].count; k++) {
                float *number =
                    &c[(size_t)line * (size_t)w->count + (size_t)(w->part[p].offset + k)];
                *number = pb_threshold_number(kind, *number, t);
                if (step > 0)
                    *number = step * fmaxf(fminf(floorf(*number * per_step + 0.5f), most), -most);
            }
    }
}
