/* study.json: what became of every point, and what it is worth against the others. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "study/pareto.h"
#include "study/same_values.h"
#include "study/study.h"
#include "study/study_measures.h"
#include "study/training.h"
#include "train/student.h"
#include "train/summary.h"

static const double losses[] = {0.005, 0.01}; /* of accuracy against the reference's */
enum { LOSSES = sizeof losses / sizeof *losses };

/* What is gathered. */
typedef struct gathering {
    pb_study *s;
    pb_trials trials;
    json_t *points; /* [{...}] of those trained on */
    json_t *left;   /* [{point, method, budget, reason}] of the others */
    double *all;    /* [points, seeds] accuracies, in the order of `points` */
    pb_outcome *outcomes;
    pb_sorted_values *values; /* [points] of their files */
    json_t *networks;         /* [{method, ...}] that are not the reference's */
} gathering;

static pb_status no_memory(pb_study *s)
{
    return pb_fail(s->ctx, PB_ERR_MEMORY, "out of memory for study.json");
}

static const double *row(const gathering *g, size_t point)
{
    return g->all + point * (size_t)g->s->seed_count;
}

/* ---- trials ---- */

/* The last trial of a point and seed that ended for good. */
static const pb_trial *trial_of(const gathering *g, const pb_point *point, int seed)
{
    const pb_trial *found = NULL;
    for (int i = 0; i < g->trials.count; i++) {
        const pb_trial *t = &g->trials.trial[i];
        if ((t->state == PB_TRIAL_COMPLETE || t->state == PB_TRIAL_PRUNED) &&
            t->point[0] == point->place[0] && t->point[1] == point->place[1] && t->point[2] == seed)
            found = t;
    }
    return found;
}

static json_t *budget_json(const pb_point *point)
{
    return point->budget ? json_integer((json_int_t)point->budget) : json_null();
}

static void leave_out(gathering *g, const pb_point *point, const char *reason)
{
    json_array_append_new(g->left, json_pack("{s:s, s:s, s:o, s:s}", "point", point->name, "method",
                                             point->method->name, "budget", budget_json(point),
                                             "reason", reason));
}

/* Whether a smaller budget has the same file, which is then what is shown. */
static pb_status leave_same_out(gathering *g, const pb_point *point, bool *left)
{
    int64_t value;
    const pb_point *same = NULL;
    pb_text reason = {0};
    PB_TRY(pb_study_value(g->s, point, &value));
    if (value > 0) PB_TRY(pb_study_find_same(g->s, point, value, &same));
    *left = same != NULL;
    if (same) {
        pb_study_tell_same(point, same, value, &reason);
        leave_out(g, point, reason.failed ? "unknown" : reason.text);
        pb_text_free(&reason);
    }
    return PB_OK;
}

/* ---- a point ---- */

static pb_status add_file(pb_study *s, const pb_point *point, json_t *json, double *bytes,
                          pb_sorted_values *values)
{
    char *path, fingerprint[65];
    int64_t value;
    bool exhausted;
    PB_TRY(pb_study_value(s, point, &value));
    PB_TRY(pb_study_file(s, point, &path));
    pb_status status = pb_study_measure(s, path, bytes, fingerprint);
    if (status == PB_OK) status = pb_sorted_values_read(s->ctx, path, values);
    free(path);
    PB_TRY(status);
    PB_TRY(pb_study_is_exhausted(s, point, value, *bytes, &exhausted));
    json_object_set_new(json, "bytes_per_sample", pb_json_real(*bytes));
    if (point->method->vary) {
        json_object_set_new(json, "option", json_string(point->method->vary));
        json_object_set_new(json, "value", json_integer((json_int_t)value));
        json_object_set_new(json, "exhausted", json_boolean(exhausted));
    }
    json_object_set_new(json, "fingerprint", json_string(fingerprint));
    return PB_OK;
}

static pb_status add_summary(pb_study *s, const pb_point *point, json_t *json)
{
    static const char *const keys[] = {"test_loss", "seconds_per_epoch", "parameters"};
    json_t *summary;
    PB_TRY(pb_study_summary(s, point, &summary));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        json_object_set(json, keys[i], json_object_get(summary, keys[i]));
    json_decref(summary);
    return PB_OK;
}

static pb_status add_point(gathering *g, const pb_point *point)
{
    pb_study *s = g->s;
    const size_t index = json_array_size(g->points);
    double *values = g->all + index * (size_t)s->seed_count, seconds = 0;
    for (int k = 0; k < s->seed_count; k++) {
        const pb_trial *t = trial_of(g, point, k);
        if (!t || t->state != PB_TRIAL_COMPLETE) {
            leave_out(g, point, t && t->problem ? t->problem : "unknown");
            return PB_OK;
        }
        values[k] = t->value;
        seconds += t->seconds / s->seed_count;
    }
    bool left;
    PB_TRY(leave_same_out(g, point, &left));
    if (left) return PB_OK;
    json_t *json = json_pack("{s:s, s:s, s:o}", "point", point->name, "method", point->method->name,
                             "budget", budget_json(point));
    if (!json || json_array_append_new(g->points, json) != 0) return no_memory(s);
    PB_TRY(add_file(s, point, json, &g->outcomes[index].bytes, &g->values[index]));
    json_object_set_new(json, "accuracy", pb_spread(values, s->seed_count));
    json_object_set_new(json, "seconds", pb_json_real(seconds));
    g->outcomes[index].accuracy =
        json_number_value(json_object_get(json_object_get(json, "accuracy"), "mean"));
    PB_TRY(add_summary(s, point, json));
    return pb_study_add_measures(s, point, json);
}

/* ---- against each other ---- */

/* What b is more than a, over seeds. Accuracies are counts of test samples, so that seeds may
 * differ by the same number for no reason: an interval is at least one sample wide on either side.
 */
static json_t *difference_json(const gathering *g, size_t a, size_t b)
{
    const pb_paired_test t = pb_test_pairs(row(g, a), row(g, b), g->s->seed_count);
    const double one = 1.0 / g->s->original->test.count;
    const double half = t.high - t.mean < one ? one : t.high - t.mean;
    return json_pack("{s:o, s:[o, o], s:o, s:i}", "mean", pb_json_real(t.mean), "interval",
                     pb_json_real(t.mean - half), pb_json_real(t.mean + half), "p",
                     pb_json_real(t.p), "pairs", t.count);
}

static const char *text(const json_t *json, const char *key)
{
    const char *found = json_string_value(json_object_get(json, key));
    return found ? found : "";
}

/* Index of the point of a method at a budget (NULL: any), -1 when there is none. */
static int find_point(const gathering *g, const char *method, const json_t *budget)
{
    for (size_t i = 0; i < json_array_size(g->points); i++) {
        const json_t *p = json_array_get(g->points, i);
        if (strcmp(text(p, "method"), method) == 0 &&
            (!budget || json_equal(json_object_get(p, "budget"), budget)))
            return (int)i;
    }
    return -1;
}

static void judge_points(gathering *g)
{
    const size_t count = json_array_size(g->points);
    const int reference = find_point(g, PB_STUDY_REFERENCE, NULL);
    bool *front = calloc(count + 1, sizeof *front);
    if (front) pb_pareto_front(g->outcomes, (int)count, front);
    for (size_t i = 0; front && i < count; i++) {
        json_t *json = json_array_get(g->points, i);
        json_object_set_new(json, "on_front", json_boolean(front[i]));
        if (reference >= 0 && (size_t)reference != i)
            json_object_set_new(json, "difference", difference_json(g, (size_t)reference, i));
    }
    free(front);
}

/* The smallest file that loses no more than so much, by its mean accuracy. */
static json_t *smallest_json(const gathering *g)
{
    const int reference = find_point(g, PB_STUDY_REFERENCE, NULL);
    json_t *list = json_array();
    for (int i = 0; reference >= 0 && i < LOSSES; i++) {
        const int found = pb_smallest_within(g->outcomes, (int)json_array_size(g->points),
                                             g->outcomes[reference].accuracy, losses[i]);
        const json_t *point = json_array_get(g->points, (size_t)found);
        json_array_append_new(list, json_pack("{s:f, s:s, s:o}", "within", losses[i], "point",
                                              text(point, "point"), "bytes_per_sample",
                                              pb_json_real(g->outcomes[found].bytes)));
    }
    return list;
}

static json_t *comparison_json(const gathering *g, size_t a, size_t b)
{
    const json_t *x = json_array_get(g->points, a), *y = json_array_get(g->points, b);
    return json_pack("{s:s, s:s, s:O, s:s, s:s, s:o}", "method", text(y, "method"), "against",
                     text(x, "method"), "budget", json_object_get(y, "budget"), "point",
                     text(y, "point"), "other", text(x, "point"), "difference",
                     difference_json(g, a, b));
}

/* What the study was asked to tell apart. */
static json_t *comparisons_json(const gathering *g)
{
    json_t *list = json_array();
    for (int m = 0; m < g->s->config->method_count; m++) {
        const pb_method *method = &g->s->config->methods[m];
        for (int r = 0; r < method->against_count; r++)
            for (size_t i = 0; i < json_array_size(g->points); i++) {
                const json_t *p = json_array_get(g->points, i);
                if (strcmp(text(p, "method"), method->name) != 0) continue;
                const int other = find_point(g, method->against[r], json_object_get(p, "budget"));
                if (other >= 0) json_array_append_new(list, comparison_json(g, (size_t)other, i));
            }
    }
    return list;
}

/* The most accurate file of each budget against all others there. */
static json_t *leaders_json(const gathering *g)
{
    const pb_dimension *budgets = &g->s->space.dimensions[1];
    json_t *list = json_array();
    for (int k = 1; k < budgets->choice_count; k++) {
        json_t *budget = json_loads(budgets->choices[k], JSON_DECODE_ANY, NULL);
        int best = -1;
        for (int i = 0; i < (int)json_array_size(g->points); i++) {
            const json_t *p = json_array_get(g->points, (size_t)i);
            if (json_equal(json_object_get(p, "budget"), budget) &&
                (best < 0 || g->outcomes[i].accuracy > g->outcomes[best].accuracy))
                best = i;
        }
        for (int i = 0; best >= 0 && i < (int)json_array_size(g->points); i++) {
            const json_t *p = json_array_get(g->points, (size_t)i);
            if (i != best && json_equal(json_object_get(p, "budget"), budget))
                json_array_append_new(list, comparison_json(g, (size_t)i, (size_t)best));
        }
        json_decref(budget);
    }
    return list;
}

/* [{point, other}] of the same budget whose files hold the same values. */
static json_t *same_values_json(const gathering *g)
{
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(g->points); i++)
        for (size_t k = 0; k < i; k++) {
            const json_t *p = json_array_get(g->points, i), *other = json_array_get(g->points, k);
            if (json_equal(json_object_get(p, "budget"), json_object_get(other, "budget")) &&
                pb_sorted_values_agree(&g->values[i], &g->values[k]))
                json_array_append_new(list, json_pack("{s:s, s:s}", "point", text(p, "point"),
                                                      "other", text(other, "point")));
        }
    return list;
}

/* ---- the whole ---- */

/* Of the methods whose networks are not the reference's. */
static pb_status own_networks(const pb_study *s, json_t **list)
{
    const pb_method *reference = &s->config->methods[0];
    *list = json_array();
    for (int i = 1; i < s->config->method_count; i++) {
        pb_network_difference d;
        const pb_method *m = &s->config->methods[i];
        PB_TRY(pb_method_compare_networks(s->ctx, m, reference, &d));
        if (d.layers || d.training)
            json_array_append_new(*list, json_pack("{s:s, s:b, s:b, s:I, s:I}", "method", m->name,
                                                   "layers", d.layers, "training", d.training,
                                                   "epochs", (json_int_t)d.epochs,
                                                   "reference_epochs", (json_int_t)d.other_epochs));
    }
    return PB_OK;
}

static json_t *seeds_json(const pb_study *s)
{
    json_t *list = json_array();
    for (int k = 0; k < s->seed_count; k++)
        json_array_append_new(list, json_integer((json_int_t)s->seeds[k]));
    return list;
}

static json_t *methods_json(const pb_study *s)
{
    json_t *list = json_array();
    for (int i = 0; i < s->config->method_count; i++)
        json_array_append_new(list, json_string(s->config->methods[i].name));
    return list;
}

/* {method: [weight of each band]} of those that learned them. */
static json_t *band_weights_json(const pb_study *s)
{
    json_t *all = json_object();
    for (int i = 0; i < s->config->method_count; i++) {
        const pb_method *m = &s->config->methods[i];
        json_t *list = m->weights ? json_array() : NULL;
        for (const char *at = m->weights; at && *at;) {
            char *end;
            json_array_append_new(list, json_real(strtod(at, &end)));
            at = end;
        }
        if (list) json_object_set_new(all, m->name, list);
    }
    return all;
}

static json_t *whole_json(const gathering *g)
{
    const pb_study *s = g->s;
    return json_pack(
        "{s:s, s:s, s:{s:i, s:i}, s:s, s:o, s:o, s:o, s:O, s:o, s:o, s:o, s:O, s:o, s:O}", "name",
        s->config->name, "data_set", s->original->name, "samples", "train",
        s->original->train.count, "test", s->original->test.count, "reference", PB_STUDY_REFERENCE,
        "seeds", seeds_json(s), "methods", methods_json(s), "band_weights", band_weights_json(s),
        "points", g->points, "smallest", smallest_json(g), "comparisons", comparisons_json(g),
        "leaders", leaders_json(g), "left_out", g->left, "same_values", same_values_json(g),
        "own_networks", g->networks);
}

static pb_status gather(gathering *g)
{
    pb_study *s = g->s;
    PB_TRY(pb_store_load(s->store, s->id, &s->space, &g->trials));
    g->points = json_array();
    g->left = json_array();
    g->all = calloc((size_t)s->point_count * (size_t)s->seed_count, sizeof *g->all);
    g->outcomes = calloc((size_t)s->point_count, sizeof *g->outcomes);
    g->values = calloc((size_t)s->point_count + 1, sizeof *g->values);
    if (!g->points || !g->left || !g->all || !g->outcomes || !g->values) return no_memory(s);
    PB_TRY(own_networks(s, &g->networks));
    for (int i = 0; i < s->point_count; i++) PB_TRY(add_point(g, &s->points[i]));
    judge_points(g);
    return PB_OK;
}

pb_status pb_study_result(pb_study *s, json_t **result)
{
    gathering g = {.s = s};
    *result = NULL;
    pb_status status = gather(&g);
    if (status == PB_OK) {
        *result = whole_json(&g);
        if (!*result) status = no_memory(s);
    }
    pb_trials_clear(&g.trials);
    json_decref(g.points);
    json_decref(g.left);
    json_decref(g.networks);
    for (int i = 0; g.values && i < s->point_count; i++) pb_sorted_values_clear(&g.values[i]);
    free(g.values);
    free(g.all);
    free(g.outcomes);
    return status;
}
