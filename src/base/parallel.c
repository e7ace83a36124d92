#include "base/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

enum { MOST_THREADS = 16 };

/* What the threads share: each takes the next thing that nobody has taken. */
typedef struct job {
    int count;
    pb_task *task;
    void *user;
    atomic_int next;
} job;

/* A thread, with a context of its own: contexts are not shared. */
typedef struct worker {
    pthread_t thread;
    pb_context *ctx;
    job *job;
    pb_status status;
} worker;

static void *work(void *of)
{
    worker *w = of;
    job *j = w->job;
    for (int i; w->status == PB_OK && (i = atomic_fetch_add(&j->next, 1)) < j->count;)
        w->status = j->task(w->ctx, j->user, i);
    if (w->status != PB_OK) atomic_store(&j->next, j->count);
    return NULL;
}

static bool start(worker *w, job *shared)
{
    *w = (worker){.ctx = pb_context_create(), .job = shared, .status = PB_OK};
    if (w->ctx && pthread_create(&w->thread, NULL, work, w) == 0) return true;
    pb_context_free(&w->ctx);
    return false;
}

static int threads_for(int count)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const int most = cores < MOST_THREADS ? (int)cores : MOST_THREADS;
    return count < most ? count : most;
}

pb_status pb_parallel(pb_context *ctx, int count, pb_task *task, void *user)
{
    worker others[MOST_THREADS - 1];
    job shared = {.count = count, .task = task, .user = user};
    const int wanted = threads_for(count) - 1;
    int started = 0;
    while (started < wanted && start(&others[started], &shared)) started++; /* fewer do */
    worker self = {.ctx = ctx, .job = &shared, .status = PB_OK};
    work(&self);
    pb_status status = self.status;
    for (int i = 0; i < started; i++) {
        pthread_join(others[i].thread, NULL);
        if (others[i].status != PB_OK && status == PB_OK)
            status = pb_fail(ctx, others[i].status, "%s", pb_error(others[i].ctx));
        pb_context_free(&others[i].ctx);
    }
    return status;
}
