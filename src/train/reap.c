#include "train/reap.h"

#include <math.h>

pb_status pb_trials_reap(pb_store *store, const pb_worker *worker, pb_trials *trials)
{
    const pb_trial_end gone = {.state = PB_TRIAL_FAIL,
                               .value = NAN,
                               .seconds = NAN,
                               .problem = "the process that ran it is gone"};
    for (int i = 0; i < trials->count; i++) {
        pb_trial *t = &trials->trial[i];
        if (t->state != PB_TRIAL_RUNNING || !t->worker || pb_worker_lives(worker, t->worker))
            continue;
        PB_TRY(pb_store_end(store, t->id, &gone));
        pb_worker_bury(worker, t->worker);
        t->state = PB_TRIAL_FAIL;
    }
    return PB_OK;
}
