/* The points of a study, and the space of their trials. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "study/study.h"

enum { HALVINGS = 6 };

static pb_status no_memory(pb_study *s)
{
    return pb_fail(s->ctx, PB_ERR_MEMORY, "out of memory for the study");
}

/* Ascending. */
static void sort_budgets(int64_t budgets[], int count)
{
    for (int i = 1; i < count; i++)
        for (int k = i; k > 0 && budgets[k] < budgets[k - 1]; k--) {
            const int64_t larger = budgets[k - 1];
            budgets[k - 1] = budgets[k];
            budgets[k] = larger;
        }
}

/* 1/64 to 1/2 of what the reference takes, in whole bytes. */
static pb_status halve_reference(pb_study *s, int64_t budgets[], int *count)
{
    const pb_point reference = {.method = &s->config->methods[0], .name = PB_STUDY_REFERENCE};
    pb_text reason = {0};
    char *path;
    double bytes;
    PB_TRY(pb_study_make_file(s, &reference, &reason));
    PB_TRY(pb_study_file(s, &reference, &path));
    const pb_status status = pb_study_measure(s, path, &bytes, NULL);
    free(path);
    PB_TRY(status);
    *count = 0;
    for (int i = HALVINGS; i > 0; i--) {
        const int64_t budget = (int64_t)floor(ldexp(bytes, -i));
        if (budget >= 1 && (*count == 0 || budgets[*count - 1] != budget))
            budgets[(*count)++] = budget;
    }
    return PB_OK;
}

static pb_status find_budgets(pb_study *s, int64_t **budgets, int *count)
{
    const int64_t *given = pb_option_ints(s->config->options, "budgets", count);
    *budgets = pb_arena_alloc(s->arena, ((size_t)*count + HALVINGS) * sizeof **budgets);
    if (!*budgets) return no_memory(s);
    if (*count == 0) return halve_reference(s, *budgets, count);
    memcpy(*budgets, given, (size_t)*count * sizeof **budgets);
    sort_budgets(*budgets, *count);
    return PB_OK;
}

/* ---- the space ---- */

static pb_status add_dimension(pb_study *s, const char *key, int count)
{
    pb_dimension *d = &s->space.dimensions[s->space.count++];
    *d = (pb_dimension){
        .key = key, .kind = PB_DIMENSION_CATEGORICAL, .choice_count = count, .where = key};
    d->choices = pb_arena_alloc(s->arena, (size_t)count * sizeof *d->choices);
    return d->choices ? PB_OK : no_memory(s);
}

static pb_status name_choice(pb_study *s, int dimension, int choice, const char *text)
{
    s->space.dimensions[dimension].choices[choice] = text;
    return text ? PB_OK : no_memory(s);
}

static pb_status make_space(pb_study *s, const int64_t budgets[], int count)
{
    const pb_study_config *c = s->config;
    s->space.dimensions = pb_arena_alloc(s->arena, 3 * sizeof *s->space.dimensions);
    if (!s->space.dimensions) return no_memory(s);
    PB_TRY(add_dimension(s, "method", c->method_count));
    PB_TRY(add_dimension(s, "budget", count + 1));
    PB_TRY(add_dimension(s, "seed", s->seed_count));
    for (int i = 0; i < c->method_count; i++) PB_TRY(name_choice(s, 0, i, c->methods[i].name));
    PB_TRY(name_choice(s, 1, 0, "'none'")); /* of methods that have one size */
    for (int i = 0; i < count; i++)
        PB_TRY(name_choice(s, 1, i + 1, pb_arena_printf(s->arena, "%" PRId64, budgets[i])));
    for (int i = 0; i < s->seed_count; i++)
        PB_TRY(name_choice(s, 2, i, pb_arena_printf(s->arena, "%" PRId64, s->seeds[i])));
    return PB_OK;
}

/* ---- points ---- */

static pb_status add_point(pb_study *s, int method, int64_t budget, int place)
{
    pb_point *p = &s->points[s->point_count++];
    const char *name = s->config->methods[method].name;
    *p = (pb_point){.method = &s->config->methods[method],
                    .budget = budget,
                    .name = budget ? pb_arena_printf(s->arena, "%s-%" PRId64, name, budget) : name,
                    .place = {method, place}};
    return p->name ? PB_OK : no_memory(s);
}

pb_status pb_study_plan_points(pb_study *s)
{
    int64_t *budgets;
    int count;
    PB_TRY(find_budgets(s, &budgets, &count));
    PB_TRY(make_space(s, budgets, count));
    const size_t most = (size_t)s->config->method_count * ((size_t)count + 1);
    s->points = pb_arena_alloc(s->arena, most * sizeof *s->points);
    if (!s->points) return no_memory(s);
    for (int i = 0; i < s->config->method_count; i++) {
        if (!s->config->methods[i].vary) PB_TRY(add_point(s, i, 0, 0));
        for (int k = 0; s->config->methods[i].vary && k < count; k++)
            PB_TRY(add_point(s, i, budgets[k], k + 1));
    }
    return PB_OK;
}
