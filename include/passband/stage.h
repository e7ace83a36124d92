/* Stages: the named boxes of a configuration. Each appends ops to a graph and never touches a device. */
#ifndef PASSBAND_STAGE_H
#define PASSBAND_STAGE_H

#include <passband/graph.h>
#include <passband/option.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PB_BUILDER_MAX 64

/** A named value that a stage leaves for later stages, for the log or for the loss. */
typedef struct pb_named_value {
    char name[64];
    pb_value value;
} pb_named_value;

/** One optimiser's learning rate: a scalar input leaf that the trainer writes before each epoch. */
typedef struct pb_rate {
    pb_value leaf;
    double base;
    char schedule[16]; /* constant, cosine, step */
    int step_size;     /* epochs between drops (step)  */
    double gamma;      /* factor of each drop (step)   */
    double floor;      /* lowest rate (cosine)         */
} pb_rate;

/** The state of building one program (training or evaluation) stage by stage. */
typedef struct pb_builder {
    pb_context *ctx;
    pb_graph *g;
    bool training;          /* false: the evaluation program; optimisers and dropout do nothing          */
    int batch, classes;
    pb_value x;             /* what flows from stage to stage: [batch, ...]                              */
    pb_value labels;        /* [batch] int32                                                             */
    pb_value weights;       /* [batch] float32: 1 for a real sample, 0 for the filling of a last batch   */
    pb_value weight_sum;    /* scalar: how many real samples                                             */
    pb_value logits;        /* [batch, classes], set by cross_entropy                                    */
    pb_value loss;          /* scalar: the weighted sum of all losses so far, PB_NONE before the first   */
    char scope[64];         /* "conv1d_2": kind and ordinal of the stage being built                     */
    pb_named_value losses[PB_BUILDER_MAX]; /* scalar parts of the loss, before their weight              */
    int loss_count;
    pb_named_value logs[PB_BUILDER_MAX]; /* recorded every iteration: scalars or short vectors           */
    int log_count;
    pb_named_value kept[PB_BUILDER_MAX]; /* "coefficients", "masked", "mask": what later stages look up  */
    int kept_count;
    pb_value params[PB_BUILDER_MAX * 4]; /* every parameter leaf in order of creation                    */
    bool claimed[PB_BUILDER_MAX * 4];    /* an optimiser already updates it                              */
    int param_count;
    pb_value assigns[PB_BUILDER_MAX]; /* what the program assigns                                        */
    int assign_count;
    pb_rate rates[PB_BUILDER_MAX];
    int rate_count;
} pb_builder;

typedef enum pb_stage_kind {
    PB_STAGE_INPUT,
    PB_STAGE_TRANSFORM,
    PB_STAGE_LAYER,
    PB_STAGE_LOSS,
    PB_STAGE_OPTIMISER
} pb_stage_kind;

/** One file, one row in the table of stages. */
typedef struct pb_stage {
    const char *name;
    const char *summary; /* one line */
    pb_stage_kind kind;
    const pb_option *options; /* ends with a row whose name is NULL; NULL: none */
    pb_status (*build)(pb_builder *b, const pb_options *options);
} pb_stage;

/** Every stage, in the order `passband stages` prints them. */
const pb_stage *const *pb_stages(int *count);
/** The stage of that name, or NULL. */
const pb_stage *pb_stage_find(const char *name);

/** Builds one stage: sets the scope, calls build, turns a graph error into a sentence that names the stage. */
pb_status pb_stage_build(pb_builder *b, const pb_stage *stage, int ordinal, const pb_options *options);

/* ---- for the build functions ---- */
/** The parameter "<scope>.<name>", uniform in [-bound, bound): created by the first program that asks for it, shared
 *  by the next. */
pb_value pb_builder_param(pb_builder *b, const char *name, pb_shape shape, float bound);
/** Adds weight * value (scalar) to the loss and records the value under that name. */
void pb_builder_add_loss(pb_builder *b, const char *name, pb_value value, float weight);
void pb_builder_log(pb_builder *b, const char *name, pb_value value);
void pb_builder_keep(pb_builder *b, const char *name, pb_value value);
/** What was kept under that name, or PB_NONE. */
pb_value pb_builder_find(const pb_builder *b, const char *name);
void pb_builder_assign(pb_builder *b, pb_value target, pb_value value);

#ifdef __cplusplus
}
#endif
#endif
