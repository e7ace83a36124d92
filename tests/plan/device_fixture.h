/* A context and an open device for each test, and what most graphs and plans of tests are made of.
 */
#ifndef PB_TEST_DEVICE_FIXTURE_H
#define PB_TEST_DEVICE_FIXTURE_H

#include "device_check.h"

static pb_context *ctx;
static pb_device *device;

static void setup(void)
{
    open_device(&ctx, &device);
}

static void teardown(void)
{
    close_device(&ctx, &device);
}

/* A float32 state leaf that starts at 0. */
static inline pb_value state(pb_graph *g, const char *name, pb_shape shape)
{
    return pb_leaf(g, PB_ROLE_STATE, name, PB_F32, shape, (pb_init){0});
}

#endif
