/* Choices: which solver computes which product or convolution on a device; and wisdom, the choices that were measured
 * to be fastest, kept in the user's cache folder. */
#ifndef PASSBAND_WISDOM_H
#define PASSBAND_WISDOM_H

#include <stdbool.h>
#include <stdio.h>

#include <passband/device.h>
#include <passband/graph.h>
#include <passband/plan.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How much trouble a plan takes over its choices. */
typedef enum pb_effort {
    PB_ESTIMATE,   /* rules and shipped choices; nothing is timed, no wisdom is read                            */
    PB_MEASURE,    /* wisdom; what it does not know is timed, one parameter after another, within a time budget */
    PB_EXHAUSTIVE, /* wisdom of this effort; else every combination of parameters is timed, and one after another those
                      that CLBlast has for all products, however long                                           */
} pb_effort;

const char *pb_effort_name(pb_effort effort);
/** The effort of a name: "estimate", "measure", "exhaustive". False for any other. */
bool pb_effort_find(const char *name, pb_effort *effort);

/** Choices by key: "product 1x128x256x256 Bt" is "product_tile rows=8 vectors=2". */
typedef struct pb_choices pb_choices;
/** None yet; NULL when memory is out. Free with pb_choices_free, which takes NULL and clears the pointer. */
pb_choices *pb_choices_create(void);
void pb_choices_free(pb_choices **choices);
/** Makes a choice, in place of an earlier one for the same key. `seconds`: what it took when it was measured, else 0.
 *  False when memory is out. */
bool pb_choices_set(pb_choices *choices, const char *key, const char *words, pb_effort effort, double seconds);
/** The words of a key, owned by the choices until the key is set again; NULL when there are none. */
const char *pb_choices_get(const pb_choices *choices, const char *key);
/** The effort that made a choice; false when there is none. */
bool pb_choices_effort(const pb_choices *choices, const char *key, pb_effort *effort);
int pb_choices_count(const pb_choices *choices);

/** pb_plan_create with choices; NULL: shipped ones and rules. A choice that a solver cannot follow is passed over. */
pb_status pb_plan_create_with(pb_device *device, const pb_graph *g, const pb_choices *choices, pb_plan **plan);
/** What a plan.json says was chosen, for a plan that gives the same bits. A file of an older version has none. */
pb_status pb_choices_load(pb_context *ctx, const char *plan_json, pb_choices **choices);

/* ---- wisdom ---- */
/** What the wisdom file knows of this device with this driver, platform and version of passband. A file that is missing
 *  gives no choices; so does a damaged one, with a warning. */
pb_status pb_wisdom_load(pb_device *device, pb_choices **choices);
/** Adds choices to the wisdom file, under a lock, beside what other processes wrote meanwhile. A choice of less effort
 *  does not replace one of more. A damaged file is kept under another name. */
pb_status pb_wisdom_save(pb_device *device, const pb_choices *choices);

/** How to measure. */
typedef struct pb_tuning {
    pb_effort effort;
    double budget_seconds;     /* of PB_MEASURE: no further candidate is begun after it    */
    bool settled;              /* measure also what an earlier search left to the rules    */
    const volatile int *stop;  /* becomes non-zero to end with PB_INTERRUPTED; may be NULL */
} pb_tuning;

/** Measures the products and convolutions of the graph's programs that `choices` do not know with the effort asked for,
 *  and adds the fastest ways to `choices`. Each candidate is planned by itself, compared with the float64 reference, and
 *  timed. What the budget did not reach is chosen by rule, so that a second run is like the first. What is computed only
 *  once, from data alone, is left to the rules. `measured` counts keys and may be NULL. */
pb_status pb_wisdom_measure(pb_device *device, const pb_graph *g, const pb_tuning *tuning, pb_choices *choices,
                            int *measured);
/** Load, measure, save, and a line in the log of how many took how long: the choices to plan the graph with. None for
 *  PB_ESTIMATE: NULL. What was measured before an interruption is saved. */
pb_status pb_wisdom_tune(pb_device *device, const pb_graph *g, const pb_tuning *tuning, pb_choices **choices);

#ifdef __cplusplus
}
#endif
#endif
