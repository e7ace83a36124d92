#include "train/trial.h"

#include <math.h>
#include <stddef.h>

const char *pb_trial_state_name(pb_trial_state state)
{
    static const char *const names[] = {
#define NAME(name) #name,
        PB_TRIAL_STATE_MAP(NAME)
#undef NAME
    };
    return names[state];
}

void pb_trials_clear(pb_trials *trials)
{
    pb_arena_free(&trials->arena);
    *trials = (pb_trials){0};
}

const pb_trial *pb_trials_best(const pb_trials *trials, bool maximise)
{
    const pb_trial *best = NULL;
    for (int i = 0; i < trials->count; i++) {
        const pb_trial *t = &trials->trial[i];
        if (t->state != PB_TRIAL_COMPLETE || isnan(t->value)) continue;
        if (!best || (maximise ? t->value > best->value : t->value < best->value)) best = t;
    }
    return best;
}

int pb_trials_count(const pb_trials *trials, pb_trial_state state)
{
    int count = 0;
    for (int i = 0; i < trials->count; i++) count += trials->trial[i].state == state;
    return count;
}
