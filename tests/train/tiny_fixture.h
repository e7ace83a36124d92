/* What most tests of runs stand on: a context, and a folder with the tiny data set, made for each
 * test. */
#ifndef TESTS_TRAIN_TINY_FIXTURE_H
#define TESTS_TRAIN_TINY_FIXTURE_H

#include "tiny_run.h"

static pb_context *ctx;
static scratch s;

static void setup(void)
{
    ctx = pb_context_create();
    scratch_open(&s);
    tiny_data(ctx, &s);
}

static void teardown(void)
{
    scratch_close(&s);
    pb_context_free(&ctx);
}

/* Trains into a folder of that name; the folder's path. */
static inline const char *train(const char *overrides, const char *name)
{
    return tiny_train(ctx, &s, overrides, name);
}

#endif
