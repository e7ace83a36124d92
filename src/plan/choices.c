/* Choices by key. They are kept as JSON, in the form in which files hold them. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "plan/choices.h"

static const char *const efforts[] = {"estimate", "measure", "exhaustive"};

const char *pb_effort_name(pb_effort effort)
{
    return efforts[effort];
}

bool pb_effort_find(const char *name, pb_effort *effort)
{
    for (int i = 0; i < 3; ++i)
        if (strcmp(name, efforts[i]) == 0) {
            *effort = (pb_effort)i;
            return true;
        }
    return false;
}

pb_choices *pb_choices_create(void)
{
    pb_choices *c = calloc(1, sizeof *c);
    if (c) c->by_key = json_object();
    if (c && !c->by_key) pb_choices_free(&c);
    return c;
}

void pb_choices_free(pb_choices **choices)
{
    if (!*choices) return;
    json_decref((*choices)->by_key);
    free(*choices);
    *choices = NULL;
}

bool pb_choices_set(pb_choices *choices, const char *key, const char *words, pb_effort effort,
                    double seconds)
{
    json_t *entry = json_pack("{s:s, s:s}", "choice", words, "effort", efforts[effort]);
    if (entry && seconds > 0) json_object_set_new(entry, "seconds", json_real(seconds));
    return entry && json_object_set_new(choices->by_key, key, entry) == 0;
}

const char *pb_choices_get(const pb_choices *choices, const char *key)
{
    return json_string_value(json_object_get(json_object_get(choices->by_key, key), "choice"));
}

bool pb_choices_effort(const pb_choices *choices, const char *key, pb_effort *effort)
{
    const json_t *entry = json_object_get(choices->by_key, key);
    const char *name = json_string_value(json_object_get(entry, "effort"));
    return name && pb_effort_find(name, effort);
}

int pb_choices_count(const pb_choices *choices)
{
    return (int)json_object_size(choices->by_key);
}

bool pb_choices_take(pb_choices *choices, const json_t *by_key)
{
    const char *key;
    json_t *entry;
    json_object_foreach((json_t *)(uintptr_t)by_key, key, entry)
    {
        pb_effort effort = PB_ESTIMATE, present;
        const char *words = json_string_value(json_object_get(entry, "choice")),
                   *name = json_string_value(json_object_get(entry, "effort"));
        if (!words || !name || !pb_effort_find(name, &effort)) continue;
        if (pb_choices_effort(choices, key, &present) && present > effort) continue;
        if (json_object_set(choices->by_key, key, entry) != 0) return false;
    }
    return true;
}

pb_status pb_choices_load(pb_context *ctx, const char *plan_json, pb_choices **choices)
{
    json_t *plan;
    *choices = NULL;
    PB_TRY(pb_json_load(ctx, plan_json, &plan));
    *choices = pb_choices_create();
    const char *key;
    json_t *words;
    bool good = *choices;
    json_object_foreach(json_object_get(plan, "choices"), key,
                        words) if (good && json_is_string(words)) good =
        pb_choices_set(*choices, key, json_string_value(words), PB_ESTIMATE, 0);
    json_decref(plan);
    if (good) return PB_OK;
    pb_choices_free(choices);
    return pb_fail(ctx, PB_ERR_MEMORY, "no memory for the choices of %s", plan_json);
}
