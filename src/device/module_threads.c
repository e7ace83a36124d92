/* Building several programs side by side. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/cl_device.h"

enum { MOST_BUILDERS = 8 };

/* PoCL builds one program at a time whoever asks, and reads its built-in functions anew for each.
 * Oclgrind crashes where two threads build. */
static bool builds_alone(const pb_device *device)
{
    return pb_device_is_pocl(&device->info) || strcmp(device->info.platform, "Oclgrind") == 0;
}

int pb_device_builders(const pb_device *device)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (builds_alone(device) || cores < 2) return 1;
    return cores < MOST_BUILDERS ? (int)cores : MOST_BUILDERS;
}

/* What the threads share: each takes the next program that nobody has taken. */
typedef struct job {
    int count;
    const char *const *sources;
    const char *options;
    pb_module **modules;
    atomic_int next;
} job;

/* A thread and what it works with: sentences of failures of its own, for contexts are not shared.
 */
typedef struct builder {
    pthread_t thread;
    pb_device device;
    job *job;
    pb_status status;
} builder;

static void *build_next(void *of)
{
    builder *b = of;
    for (int i; b->status == PB_OK && (i = atomic_fetch_add(&b->job->next, 1)) < b->job->count;)
        b->status =
            pb_module_build(&b->device, b->job->sources[i], b->job->options, &b->job->modules[i]);
    return NULL;
}

static bool start(builder *b, const pb_device *device, job *shared)
{
    b->device = *device;
    b->job = shared;
    b->device.ctx = pb_context_create();
    b->device.quiet = pb_context_create();
    return b->device.ctx && b->device.quiet && pthread_create(&b->thread, NULL, build_next, b) == 0;
}

static void finish(builder *b)
{
    pb_context_free(&b->device.ctx);
    pb_context_free(&b->device.quiet);
}

pb_status pb_modules_build(pb_device *device, int count, const char *const sources[],
                           const char *options, pb_module *modules[])
{
    builder others[MOST_BUILDERS - 1];
    job shared = {.count = count, .sources = sources, .options = options, .modules = modules};
    int most = pb_device_builders(device) - 1, started = 0;
    for (int i = 0; i < count; i++) modules[i] = NULL;
    if (most > count - 1) most = count - 1;
    memset(others, 0, sizeof others);
    while (started < most && start(&others[started], device, &shared)) started++;
    if (started < most) finish(&others[started]); /* fewer threads do */
    builder self = {.device = *device, .job = &shared};
    build_next(&self);
    pb_status status = self.status;
    for (int i = 0; i < started; i++) {
        pthread_join(others[i].thread, NULL);
        if (others[i].status != PB_OK && status == PB_OK)
            status = pb_fail(device->ctx, others[i].status, "%s", pb_error(others[i].device.ctx));
        finish(&others[i]);
    }
    for (int i = 0; status != PB_OK && i < count; i++) pb_module_free(&modules[i]);
    return status;
}
