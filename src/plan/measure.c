/* Which solver is the fastest for each product and convolution of a graph, and with which
 * parameters. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "plan/clblast.h"

typedef struct search {
    pb_context *ctx;
    const pb_tuning *tuning;
    const pb_problem *problem;
    double deadline; /* infinite without a budget */
    double seconds;  /* of the best candidate      */
    char *choice;    /* its words, NULL: none yet   */
    pb_text seen;    /* "|words|words|": what need not be timed again */
    int timed;
} search;

static bool is_over(const search *s)
{
    return pb_seconds() > s->deadline;
}

static bool was_seen(const search *s, const char *words)
{
    const size_t length = strlen(words);
    for (const char *at = s->seen.text; at && (at = strstr(at, words)); at += length)
        if (at[-1] == '|' && at[length] == '|') return true;
    return false;
}

/* A candidate that does not compile or run on this device is no failure of the search. */
static bool is_fatal(pb_status status)
{
    return status == PB_ERR_MEMORY || status == PB_INTERRUPTED;
}

static pb_status try_words(search *s, const char *words)
{
    if (s->tuning->stop && *s->tuning->stop) return pb_fail(s->ctx, PB_INTERRUPTED, "interrupted");
    if (was_seen(s, words) || (s->timed > 0 && is_over(s))) return PB_OK;
    double seconds;
    char *choice;
    const pb_status status =
        pb_candidate_time(s->problem, words, NULL, NULL, s->seconds, &seconds, &choice);
    ++s->timed;
    pb_text_append(&s->seen, "%s%s|%s|", s->seen.length ? "" : "|", words, choice ? choice : "-");
    pb_log(s->ctx, PB_LOG_DEBUG, "%s: %s: %.1f us", s->problem->key, choice ? choice : words,
           1e6 * seconds);
    if (choice && seconds < PB_GAIN * s->seconds) {
        free(s->choice);
        s->choice = choice;
        s->seconds = seconds;
    } else {
        free(choice);
    }
    if (status != PB_OK && !is_fatal(status))
        pb_log(s->ctx, PB_LOG_DEBUG, "%s: %s: %s", s->problem->key, words, pb_error(s->ctx));
    if (s->seen.failed) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory to measure");
    return is_fatal(status) ? status : PB_OK;
}

/* The words with another value of one parameter. */
static void replace(pb_text *out, const char *words, const char *name, int value)
{
    const size_t length = strlen(name);
    const char *at = words;
    while ((at = strchr(at, ' ')))
        if (strncmp(++at, name, length) == 0 && at[length] == '=') break;
    const char *rest = at ? strchr(at, ' ') : NULL;
    if (at)
        pb_text_append(out, "%.*s%s=%d%s", (int)(at - words), words, name, value, rest ? rest : "");
    else
        pb_text_append(out, "%s %s=%d", words, name, value);
}

/* From the best words of a solver on, one parameter after the other. */
static pb_status descend(search *s, const pb_solver *solver)
{
    for (int i = 0; i < PB_MAX_PARAMETERS && solver->parameters[i].name; ++i) {
        const pb_parameter *parameter = &solver->parameters[i];
        char *from = s->choice ? strdup(s->choice) : NULL;
        const size_t length = strlen(solver->name);
        pb_status status = PB_OK;
        const bool leads = from && strncmp(from, solver->name, length) == 0 &&
                           (from[length] == ' ' || from[length] == '\0');
        for (int k = 0; leads && parameter->values[k] && status == PB_OK; ++k) {
            pb_text words = {0};
            replace(&words, from, parameter->name, parameter->values[k]);
            status = words.failed ? pb_fail(s->ctx, PB_ERR_MEMORY, "no memory to measure")
                                  : try_words(s, words.text);
            pb_text_free(&words);
        }
        free(from);
        PB_TRY(status);
    }
    return PB_OK;
}

/* Every combination of the parameters from number `at` on. */
static pb_status try_all(search *s, const pb_solver *solver, int at, const char *words)
{
    if (at == PB_MAX_PARAMETERS || !solver->parameters[at].name) return try_words(s, words);
    for (int k = 0; solver->parameters[at].values[k]; ++k) {
        pb_text longer = {0};
        pb_text_append(&longer, "%s %s=%d", words, solver->parameters[at].name,
                       solver->parameters[at].values[k]);
        const pb_status status = longer.failed
                                     ? pb_fail(s->ctx, PB_ERR_MEMORY, "no memory to measure")
                                     : try_all(s, solver, at + 1, longer.text);
        pb_text_free(&longer);
        PB_TRY(status);
    }
    return PB_OK;
}

/* What the rules would take comes first, so that there is a choice when time is out; then the other
 * solvers with their own rules; then the parameters of the winner, or all there are. */
static pb_status search_solvers(search *s, const pb_build *b, pb_value v)
{
    int count;
    const char *words;
    const pb_record *r = pb_build_record(b, v);
    const pb_solver *solvers = pb_solvers(r->op, &count), *rule = pb_choice_solver(b, v, &words);
    if (rule) PB_TRY(try_words(s, words ? words : rule->name));
    for (int i = 0; i < count; ++i)
        if (solvers[i].can(b, r)) PB_TRY(try_words(s, solvers[i].name));
    for (int i = 0; i < count; ++i) {
        if (!solvers[i].can(b, r)) continue;
        PB_TRY(descend(s, &solvers[i]));
        if (s->tuning->effort == PB_EXHAUSTIVE) PB_TRY(try_all(s, &solvers[i], 0, solvers[i].name));
    }
    return PB_OK;
}

static pb_status measure_value(const pb_build *b, pb_value v, const pb_tuning *tuning,
                               double deadline, pb_choices *choices, int *measured)
{
    pb_problem problem;
    pb_status status = pb_problem_create(b, v, &problem);
    search s = {.ctx = b->ctx,
                .tuning = tuning,
                .problem = &problem,
                .deadline = deadline,
                .seconds = (double)INFINITY};
    if (status == PB_OK) status = search_solvers(&s, b, v);
    if (s.choice && status != PB_INTERRUPTED) {
        ++*measured;
        if (!pb_choices_set(choices, problem.key, s.choice, tuning->effort, s.seconds))
            status = pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for choices");
    }
    free(s.choice);
    pb_text_free(&s.seen);
    pb_problem_clear(&problem);
    return status;
}

static double multiplications(const pb_build *b, pb_value product)
{
    const pb_record *r = pb_build_record(b, product);
    const pb_shape a = pb_build_record(b, r->in[0])->shape;
    return (double)pb_shape_count(r->shape) * a.dim[a.axes - (r->attrs.transpose_a ? 2 : 1)];
}

/* ---- the keys of a graph ---- */

static void mark_needed(const pb_build *b, pb_value v, bool needed[])
{
    if (needed[v]) return;
    needed[v] = true;
    const pb_record *r = pb_build_record(b, v);
    for (int i = 0; i < r->arity; ++i) mark_needed(b, r->in[i], needed);
}

/* Whether there is anything to choose: another solver, or a parameter. */
static bool has_choice(const pb_build *b, const pb_record *r)
{
    int count, able = 0;
    const pb_solver *solvers = pb_solvers(r->op, &count);
    for (int i = 0; i < count; ++i)
        if (solvers[i].can(b, r)) able += solvers[i].parameters[0].name ? 2 : 1;
    return able > 1;
}

/* Values to measure, one of each key: those that programs compute again and again and that are not
 * chosen yet. Programs that were made first run most. */
static pb_status find_values(const pb_build *b, const pb_tuning *tuning, const pb_choices *choices,
                             pb_value values[], int *count)
{
    const pb_program_list *list = pb_graph_programs(b->g);
    const size_t n = (size_t)b->count;
    bool *needed = pb_arena_alloc(b->arena, n), *is_static = pb_arena_alloc(b->arena, n);
    pb_choices *met = pb_choices_create();
    bool good = needed && is_static && met;
    if (good) pb_graph_static(b->g, is_static);
    *count = 0;
    for (int i = 0; good && i < list->count; ++i) {
        memset(needed, 0, n);
        for (int k = 0; k < list->program[i].assign_count; ++k)
            mark_needed(b, list->program[i].assigns[k], needed);
        for (pb_value v = 0; good && v < b->count; ++v) {
            const pb_record *r = pb_build_record(b, v);
            if (!needed[v] || is_static[v] || pb_ops[r->op].class != PB_CONTRACTION ||
                !has_choice(b, r))
                continue;
            char key[PB_KEY_BYTES];
            pb_effort effort;
            pb_choice_key(b, v, key);
            if (pb_choices_get(met, key)) continue;
            good = pb_choices_set(met, key, "", PB_ESTIMATE, 0);
            const bool known =
                pb_choices_effort(choices, key, &effort) &&
                (effort >= tuning->effort ||
                 (effort == PB_ESTIMATE && tuning->effort == PB_MEASURE && !tuning->settled));
            if (!known) values[(*count)++] = v;
        }
    }
    pb_choices_free(&met);
    return good ? PB_OK : pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to measure");
}

/* Leaves what there was no time for to the rules, for good: a second run shall not differ. */
static pb_status settle(const pb_build *b, pb_value v, pb_choices *choices)
{
    char key[PB_KEY_BYTES];
    const char *words;
    pb_choice_key(b, v, key);
    const pb_solver *solver = pb_choice_solver(b, v, &words);
    if (!solver || pb_choices_set(choices, key, words ? words : solver->name, PB_ESTIMATE, 0))
        return PB_OK;
    return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for choices");
}

enum { SAMPLES_OF_CLBLAST = 2 };

/* CLBlast's parameters are for all products: they are searched with the largest ones. */
static pb_status measure_clblast(const pb_build *b, const pb_tuning *tuning,
                                 const pb_value values[], int count, pb_choices *choices)
{
    pb_problem problems[SAMPLES_OF_CLBLAST];
    pb_value largest[SAMPLES_OF_CLBLAST];
    int products = 0, made = 0;
    pb_status status = PB_OK;
    for (int i = 0; i < count; ++i) {
        if (pb_build_record(b, values[i])->op != PB_OP_MATMUL) continue;
        int at = products < SAMPLES_OF_CLBLAST ? products++ : SAMPLES_OF_CLBLAST;
        for (; at > 0 && multiplications(b, values[i]) > multiplications(b, largest[at - 1]); --at)
            if (at < SAMPLES_OF_CLBLAST) largest[at] = largest[at - 1];
        if (at < SAMPLES_OF_CLBLAST) largest[at] = values[i];
    }
    while (made < products && status == PB_OK) {
        status = pb_problem_create(b, largest[made], &problems[made]);
        ++made; /* it is cleared whatever came of it */
    }
    if (status == PB_OK) status = pb_clblast_search(b, tuning, products, problems, choices);
    for (int i = 0; i < made; ++i) pb_problem_clear(&problems[i]);
    return status;
}

static pb_status measure_build(pb_build *b, const pb_tuning *tuning, pb_choices *choices,
                               int *measured)
{
    int count;
    pb_value *values = pb_arena_alloc(b->arena, (size_t)(b->count + 1) * sizeof *values);
    if (!values) return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to measure");
    PB_TRY(find_values(b, tuning, choices, values, &count));
    if (tuning->effort == PB_EXHAUSTIVE) PB_TRY(measure_clblast(b, tuning, values, count, choices));
    const bool limited = tuning->effort == PB_MEASURE;
    const double end = pb_seconds() + tuning->budget_seconds;
    for (int i = 0; i < count; ++i) {
        const double left = end - pb_seconds();
        if (limited && left <= 0) {
            PB_TRY(settle(b, values[i], choices));
            continue;
        }
        const double deadline = limited ? pb_seconds() + left / (count - i) : (double)INFINITY;
        PB_TRY(measure_value(b, values[i], tuning, deadline, choices, measured));
    }
    return PB_OK;
}

pb_status pb_wisdom_measure(pb_device *device, const pb_graph *g, const pb_tuning *tuning,
                            pb_choices *choices, int *measured)
{
    pb_build b;
    pb_graph *lowered = NULL;
    int count = 0;
    pb_status status = pb_plan_lowered(device, g, &b, &lowered);
    if (status == PB_OK) {
        b.arena = pb_arena_create();
        status = b.arena ? measure_build(&b, tuning, choices, &count)
                         : pb_fail(b.ctx, PB_ERR_MEMORY, "no memory to measure");
        pb_arena_free(&b.arena);
    }
    pb_graph_free(&lowered);
    if (measured) *measured = count;
    return status;
}

pb_status pb_wisdom_tune(pb_device *device, const pb_graph *g, const pb_tuning *tuning,
                         pb_choices **choices)
{
    pb_context *ctx = pb_device_context(device);
    *choices = NULL;
    if (tuning->effort == PB_ESTIMATE) return PB_OK;
    PB_TRY(pb_wisdom_load(device, choices));
    const double start = pb_seconds();
    const int known = pb_choices_count(*choices);
    int measured;
    pb_status status = pb_wisdom_measure(device, g, tuning, *choices, &measured);
    if (measured > 0 || pb_choices_count(*choices) > known) {
        pb_log(ctx, PB_LOG_INFO, "measured %d products and convolutions in %.1f s on %s", measured,
               pb_seconds() - start, pb_device_describe(device)->name);
        /* a read-only home costs time again, not the run */
        if (pb_wisdom_save(device, *choices) != PB_OK)
            pb_log(ctx, PB_LOG_WARN, "%s; the measurements are not kept", pb_error(ctx));
    }
    if (status == PB_INTERRUPTED) status = pb_fail(ctx, PB_INTERRUPTED, "interrupted");
    if (status != PB_OK) pb_choices_free(choices);
    return status;
}
