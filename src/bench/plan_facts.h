/* What a plan says of one of its programs: its launches, the work they do, who does it and for which stage. */
#ifndef PB_BENCH_PLAN_FACTS_H
#define PB_BENCH_PLAN_FACTS_H

#include <passband/plan.h>

#include "base/json.h"

/** One kernel, which may share its launch with others. */
typedef struct pb_kernel_fact {
    int launch;                         /* number of it, ascending                   */
    const char *label, *stage, *solver; /* of the launch; "" where it works for none */
    double flops, bytes;
} pb_kernel_fact;

typedef struct pb_plan_facts {
    pb_kernel_fact *kernels; /* [kernel_count] in order */
    int kernel_count, launch_count;
    char solvers[128]; /* of its products and convolutions, each once: "product_tile, conv_dw"; else "generated" */
    json_t *choices;   /* which solver with which parameters, as plan.json has them */
    json_t *plan;      /* owns the strings */
} pb_plan_facts;

/** Clear it, also after an error. */
pb_status pb_plan_facts_read(pb_context *ctx, const pb_plan *plan, const char *program, pb_plan_facts *facts);
void pb_plan_facts_clear(pb_plan_facts *facts);

#endif
