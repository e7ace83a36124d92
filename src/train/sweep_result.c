/* sweep.json: what a search found, and what its arms are worth against the first of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "train/student.h"
#include "train/sweep.h"

static const double noise_level = 0.05; /* p values from here on count as noise */

static pb_status no_memory(pb_sweep *s)
{
    return pb_fail(s->ctx, PB_ERR_MEMORY, "out of memory for sweep.json");
}

/* ---- trials ---- */

static json_t *coordinate_json(const pb_dimension *d, double coordinate)
{
    if (isnan(coordinate)) return json_null();
    if (d->kind == PB_DIMENSION_CATEGORICAL) return json_string(d->choices[(int)coordinate]);
    if (d->kind == PB_DIMENSION_INT) return json_integer((json_int_t)coordinate);
    return json_real(coordinate);
}

static json_t *point_json(const pb_space *space, const double point[])
{
    json_t *json = json_object();
    for (int i = 0; i < space->count; i++)
        json_object_set_new(json, space->dimensions[i].key,
                            coordinate_json(&space->dimensions[i], point[i]));
    return json;
}

static json_t *trial_json(const pb_space *space, const pb_trial *t)
{
    json_t *json = json_pack("{s:i, s:s, s:o, s:o, s:i, s:o}", "number", t->number, "state",
                             pb_trial_state_name(t->state), "value", pb_json_real(t->value),
                             "params", point_json(space, t->point), "epochs", t->report_count,
                             "seconds", pb_json_real(t->seconds));
    if (json && t->problem) json_object_set_new(json, "problem", json_string(t->problem));
    return json;
}

static json_t *history_json(const pb_space *space, const pb_trials *trials)
{
    json_t *list = json_array();
    for (int i = 0; i < trials->count; i++)
        json_array_append_new(list, trial_json(space, &trials->trial[i]));
    return list;
}

static json_t *space_json(const pb_space *space)
{
    json_t *list = json_array();
    for (int i = 0; i < space->count; i++) {
        const pb_dimension *d = &space->dimensions[i];
        json_t *json = json_pack("{s:s, s:b}", "key", d->key, "log", d->log);
        if (d->kind == PB_DIMENSION_CATEGORICAL) {
            json_t *choices = json_array();
            for (int c = 0; c < d->choice_count; c++)
                json_array_append_new(choices, json_string(d->choices[c]));
            json_object_set_new(json, "choices", choices);
        } else {
            json_object_set_new(json, "low", json_real(d->low));
            json_object_set_new(json, "high", json_real(d->high));
        }
        json_array_append_new(list, json);
    }
    return list;
}

/* ---- arms ---- */

/* The parts of a winner's summary that matter here. */
static pb_status add_scores(pb_sweep *s, const char *run, json_t *arm)
{
    static const char *const keys[] = {"data_set",     "test_accuracy", "test_loss",
                                       "val_accuracy", "val_loss",      "seconds_per_epoch"};
    json_t *summary = NULL;
    char *folder = pb_path_join(s->folder, run);
    char *path = folder ? pb_path_join(folder, "summary.json") : NULL;
    const pb_status status = path ? pb_json_load(s->ctx, path, &summary) : no_memory(s);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        json_object_set(arm, keys[i], json_object_get(summary, keys[i]));
    json_decref(summary);
    free(path);
    free(folder);
    return status;
}

static json_t *best_json(const pb_arm *arm, const pb_trial *best)
{
    pb_text words = {0};
    pb_arm_point(arm, best->point, true, &words);
    json_t *json = json_pack("{s:i, s:o, s:s, s:o}", "number", best->number, "value",
                             pb_json_real(best->value), "point", words.failed ? "" : words.text,
                             "params", point_json(&arm->space, best->point));
    pb_text_free(&words);
    return json;
}

static pb_status arm_json(pb_sweep *s, const pb_arm *arm, const pb_trials *trials, const char *run,
                          json_t **json)
{
    const pb_trial *best = pb_trials_best(trials, s->config->maximise);
    *json = json_pack(
        "{s:s, s:s, s:i, s:i, s:i, s:i, s:o, s:s, s:o}", "name", arm->name, "study", arm->name,
        "planned", arm->planned, "complete", pb_trials_count(trials, PB_TRIAL_COMPLETE), "pruned",
        pb_trials_count(trials, PB_TRIAL_PRUNED), "failed", pb_trials_count(trials, PB_TRIAL_FAIL),
        "best", best_json(arm, best), "run", run, "space", space_json(&arm->space));
    if (!*json) return no_memory(s);
    PB_TRY(add_scores(s, run, *json));
    json_object_set_new(*json, "trials", history_json(&arm->space, trials));
    return PB_OK;
}

/* ---- comparing arms ---- */

/* Test accuracies of an arm by seed; NULL when memory is out. */
static double *accuracies(const json_t *arm, int *count)
{
    const json_t *list = json_object_get(json_object_get(arm, "test_accuracy"), "per_seed");
    *count = (int)json_array_size(list);
    double *values = calloc((size_t)*count + 1, sizeof *values);
    for (int i = 0; values && i < *count; i++)
        values[i] = json_number_value(json_array_get(list, (size_t)i));
    return values;
}

static double mean_of(const json_t *arm)
{
    return json_number_value(json_object_get(json_object_get(arm, "test_accuracy"), "mean"));
}

/* Says in words what the test says in numbers. */
static void append_sentence(pb_text *out, const char *a, const char *b, const json_t *of_a,
                            const json_t *of_b, const pb_paired_test *t)
{
    pb_text_append(out, "%s %.2f %% against %s %.2f %%: ", b, 100 * mean_of(of_b), a,
                   100 * mean_of(of_a));
    if (t->count < 2) {
        pb_text_append(out, "%+.2f points with one seed, which says nothing about noise",
                       100 * t->mean);
        return;
    }
    pb_text_append(out,
                   "%+.2f points over %d seeds (95 %% interval %+.2f to %+.2f, paired t test "
                   "t(%d) = %.2f, p = %.3g): ",
                   100 * t->mean, t->count, 100 * t->low, 100 * t->high, t->count - 1, t->t, t->p);
    if (t->p >= noise_level)
        pb_text_append(out, "within noise, neither is shown to be better");
    else
        pb_text_append(out, "beyond noise, %s is better", t->mean > 0 ? b : a);
}

static json_t *comparison_json(const json_t *of_a, const json_t *of_b)
{
    const char *a = json_string_value(json_object_get(of_a, "name"));
    const char *b = json_string_value(json_object_get(of_b, "name"));
    int count_a, count_b;
    double *x = accuracies(of_a, &count_a), *y = accuracies(of_b, &count_b);
    json_t *json = NULL;
    if (x && y) {
        const pb_paired_test t = pb_test_pairs(x, y, count_a < count_b ? count_a : count_b);
        pb_text words = {0};
        append_sentence(&words, a, b, of_a, of_b, &t);
        json = json_pack("{s:s, s:s, s:i, s:o, s:o, s:[o, o], s:o, s:i, s:o, s:b, s:s}", "against",
                         a, "arm", b, "pairs", t.count, "difference", pb_json_real(t.mean), "std",
                         pb_json_real(t.std), "interval", pb_json_real(t.low), pb_json_real(t.high),
                         "t", pb_json_real(t.t), "degrees", t.count - 1, "p", pb_json_real(t.p),
                         "within_noise", !(t.p < noise_level), "sentence",
                         words.failed ? "" : words.text);
        pb_text_free(&words);
    }
    free(x);
    free(y);
    return json;
}

/* ---- the whole ---- */

static pb_status add_arms(pb_sweep *s, const pb_trials trials[], char *const runs[], json_t *arms)
{
    for (int i = 0; i < s->config->arm_count; i++) {
        json_t *arm = NULL;
        const pb_status status = arm_json(s, &s->config->arms[i], &trials[i], runs[i], &arm);
        if (status != PB_OK) {
            json_decref(arm);
            return status;
        }
        if (json_array_append_new(arms, arm) != 0) return no_memory(s);
    }
    return PB_OK;
}

static json_t *seeds_json(const pb_options *options)
{
    int count;
    const int64_t *seeds = pb_option_ints(options, "final_seeds", &count);
    json_t *list = json_array();
    for (int i = 0; i < count; i++) json_array_append_new(list, json_integer(seeds[i]));
    return list;
}

pb_status pb_sweep_write_result(pb_sweep *s, const pb_trials trials[], char *const runs[])
{
    const pb_options *o = s->config->options;
    json_t *arms = json_array(), *comparisons = json_array();
    pb_status status = arms && comparisons ? add_arms(s, trials, runs, arms) : no_memory(s);
    for (size_t i = 1; status == PB_OK && i < json_array_size(arms); i++) {
        json_t *json = comparison_json(json_array_get(arms, 0), json_array_get(arms, i));
        if (json_array_append_new(comparisons, json) != 0) status = no_memory(s);
    }
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:O, s:O}", "name", s->config->name, "metric",
        pb_option_string(o, "metric"), "direction", s->config->maximise ? "maximise" : "minimise",
        "sampler", pb_option_string(o, "sampler"), "pruner", pb_option_string(o, "pruner"),
        "trial_seed", (json_int_t)pb_option_int(o, "trial_seed"), "final_seeds", seeds_json(o),
        "arms", arms, "comparisons", comparisons);
    char *path = NULL;
    if (status == PB_OK) status = json ? pb_sweep_path(s, "sweep.json", &path) : no_memory(s);
    if (status == PB_OK) status = pb_json_save(s->ctx, path, json);
    free(path);
    json_decref(json);
    json_decref(arms);
    json_decref(comparisons);
    return status;
}
