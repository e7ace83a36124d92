/* The section `study` of a configuration: which ways to compress are compared, and at which sizes.
 */
#ifndef PB_STUDY_STUDY_CONFIG_H
#define PB_STUDY_STUDY_CONFIG_H

#include <passband/option.h>
#include <passband/run.h>

#include "base/arena.h"

/** The method that the others are compared with: samples as they are. */
#define PB_STUDY_REFERENCE "raw"
/** The option that takes learned weights. */
#define PB_STUDY_WEIGHTS "stages.dct2.weights"

/** A way to compress, and the network that learns from what it leaves. */
typedef struct pb_method {
    const char *name; /* fit for a folder                                                     */
    char *base;       /* configuration that trains it, resolved: YAML                         */
    int chain;        /* stages of it that compress: load, and the transforms before a reshape */
    const char *vary; /* key of the option that a budget decides; NULL: it has one size       */
    char *learner;    /* configuration whose band weights its dct2 takes: YAML; NULL: none    */
    char *weights;    /* these, as its option `weights` has them; NULL: not learned yet       */
    const char **against; /* [against_count] methods that it is compared with at equal budgets    */
    int against_count;
} pb_method;

/** Keys of `study`; `passband help study` prints the table of its options. */
typedef struct pb_study_config {
    const char *name;
    pb_method *methods; /* [method_count], the reference first */
    int method_count;
    pb_options *options; /* seeds, budgets */
    pb_arena *arena;
} pb_study_config;

/** The options of `study`, beside `methods` and `compare`. */
extern const pb_option pb_study_options_table[];

/** Reads a study. Overrides of "study.KEY" change its options, others the configuration of every
 * method. */
pb_status pb_study_config_load(pb_context *ctx, const char *path, int override_count,
                               const char *const overrides[], pb_study_config **config);
/** The same from YAML text, which `name` stands for in errors. */
pb_status pb_study_config_parse(pb_context *ctx, const char *name, const char *text,
                                int override_count, const char *const overrides[],
                                pb_study_config **config);
void pb_study_config_free(pb_study_config **config);

/** The study as YAML, with methods whose configurations lie beside it as "methods/<method>.yaml", and
 * what they learn from as "learners/<method>.yaml"; NULL when memory is out. */
char *pb_study_config_yaml(const pb_study_config *config);
/** PB_ERR_USAGE, naming `folder`, when two studies cannot share their trials. */
pb_status pb_study_config_compare(pb_context *ctx, const char *folder, const pb_study_config *a,
                                  const pb_study_config *b);

/** Whether a method can take the band weights of its learner: that has a learned band mask over the
 * block of coefficients of which the method's dct2 selects bands. */
pb_status pb_method_check_learner(pb_context *ctx, const pb_method *method);

/** Configuration of a method with a value of the option that varies (ignored where none does).
 * `more` are further overrides; with `chain_only`, a configuration of the stages that compress. */
pb_status pb_method_config(pb_context *ctx, const pb_method *method, int64_t value, int more_count,
                           const char *const more[], bool chain_only, pb_config **config);

/** What makes a method's networks differ from another's, whatever their files are. */
typedef struct pb_network_difference {
    bool layers;   /* behind the file                                     */
    bool training; /* loss, optimiser, augmentation or options of `train` */
    int64_t epochs, other_epochs;
} pb_network_difference;
/** Both as they were read. PB_ERR_MEMORY alone. */
pb_status pb_method_compare_networks(pb_context *ctx, const pb_method *method,
                                     const pb_method *other, pb_network_difference *difference);

#endif
