/* What tests of data sets stand on: a context, and a scratch folder in which nothing is installed.
 */
#ifndef TESTS_DATA_DATA_FIXTURE_H
#define TESTS_DATA_DATA_FIXTURE_H

#include <passband/dataset.h>

#include "base/scratch.h"

static scratch s;
static pb_context *ctx;

static inline void setup(void)
{
    scratch_open(&s);
    ctx = pb_context_create();
    unsetenv("PASSBAND_DATA");
    setenv("HOME", s.folder, 1);
}

static inline void teardown(void)
{
    pb_context_free(&ctx);
    scratch_close(&s);
}

#endif
