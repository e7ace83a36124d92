/* Stages: the named boxes of a configuration. Each appends ops to a graph and never touches a device. */
#ifndef PASSBAND_STAGE_H
#define PASSBAND_STAGE_H

#include <passband/fitted.h>
#include <passband/graph.h>
#include <passband/option.h>
#include <passband/packing.h>
#include <passband/weights.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PB_BUILDER_MAX 64

/** A named value that a stage leaves for later stages, for the log or for the loss. */
typedef struct pb_named_value {
    char name[64];
    pb_value value;
} pb_named_value;

#define PB_MILESTONES_MAX 32

/** One optimiser's learning rate: an input leaf "<scope>.rate" that the trainer writes before each epoch, a scalar, or
 *  where it moves within an epoch the rate of each step, [builder's steps]. Lengths are in epochs. */
typedef struct pb_rate {
    char name[64]; /* scope of the optimiser: "sgd_1" */
    pb_value leaf;
    double base;       /* lr */
    char schedule[16]; /* constant, step, multistep, exponential, polynomial, cosine, restarts, cyclic, one_cycle,
                          plateau */
    bool by_step;      /* it moves in every step, not in every epoch                                     */
    double warmup;     /* length of the linear rise before the schedule begins; it moves in every step   */
    double warmup_from; /* share of base at its first step                                               */
    int step_size;     /* between drops (step); of a rise, and of a fall (cyclic)                        */
    int milestones[PB_MILESTONES_MAX], milestone_count; /* when it drops (multistep), ascending          */
    double gamma;      /* factor of each drop (step, multistep, plateau), of each epoch (exponential)    */
    double power;      /* of the fall (polynomial)                                                       */
    double floor;      /* lowest rate (polynomial, cosine, restarts, cyclic, plateau)                    */
    int period, growth; /* length of the first cycle, factor of each next (restarts)                     */
    double rise;       /* share of the run in which it rises (one_cycle)                                 */
    double divisor, last_divisor; /* base / first rate, first rate / last rate (one_cycle)               */
    int patience, cooldown;       /* epochs without a lower loss before a drop; after one before they are counted
                                     again (plateau)                                                     */
    double threshold;  /* share by which a loss must be lower to count (plateau)                         */
} pb_rate;

/** An average of the parameters, which evaluation takes instead of them. The trainer writes the share that the new
 *  parameters have in it at each step into an input leaf, [builder's steps] or a scalar. */
typedef struct pb_average {
    pb_value leaf, share; /* share: at the step at work, a scalar; PB_NONE: parameters are not averaged */
    bool by_epoch;        /* the mean over the ends of epochs; else a moving average over steps         */
    double decay;         /* of the moving average                                                      */
    int start;            /* epochs before it begins                                                    */
    bool update_bn;       /* running statistics become those of the average, anew after each epoch      */
} pb_average;

/** What the last stage cwt makes of lines, for a picture. */
typedef struct pb_scalogram {
    int count;             /* scales; 0: there is no such stage                             */
    char wavelet[48];
    const double *scales, *frequencies; /* [count], in memory of the graph                  */
    double sampling_period;
} pb_scalogram;

typedef struct pb_builder pb_builder;

/** What an optimiser stage leaves for pb_builder_finish. All parameters it took are one flat buffer. */
typedef struct pb_optimiser {
    char scope[64];
    const pb_options *options; /* must live until pb_builder_finish */
    pb_value rate;             /* scalar */
    /* Appends the new parameters [P] given the old ones and their gradients [P], and assigns its own state. */
    pb_value (*update)(pb_builder *b, const struct pb_optimiser *o, pb_value params, pb_value gradients);
} pb_optimiser;

/** The way back through one transform: from what it leaves to what it took. */
typedef struct pb_inverse {
    char scope[64];            /* of the transform                                       */
    const pb_options *options; /* its own; must live as long as the builder is used      */
    pb_shape taken, left;      /* shapes of what it takes and of what it leaves          */
    /* Appends the inverse of `left`, or the least-squares reconstruction where there is none. */
    pb_value (*apply)(pb_builder *b, const struct pb_inverse *inverse, pb_value left);
} pb_inverse;

typedef enum pb_statistic { PB_STATISTIC_SUM, PB_STATISTIC_LEAST, PB_STATISTIC_MOST } pb_statistic;

/** What a stage must know of a batch of its input to learn from the training split. */
typedef struct pb_observation {
    char name[64];
    pb_statistic statistic; /* how the values of all batches become one */
    pb_value value;
} pb_observation;

/** The state of building one program (training or evaluation) stage by stage; pb_builder_init starts it. */
struct pb_builder {
    pb_context *ctx;
    pb_graph *g;
    bool training;          /* false: the evaluation program; optimisers and dropout do nothing          */
    int batch, classes;
    int steps;              /* of an epoch of training; 0: unknown, and rates are scalars                */
    pb_value step;          /* int32 scalar: steps done in this epoch; needed with steps                 */
    pb_draw draws;          /* of the samples of the batch; `sample` PB_NONE: stages cannot draw random numbers */
    pb_value x;             /* what flows from stage to stage: [batch, ...]                              */
    pb_value input;         /* x as the first layer takes it, PB_NONE before                             */
    pb_value codes;         /* of what was quantised last: [batch, ...] whole numbers, PB_NONE for halves  */
    pb_value quantised;     /* x as they gave it, PB_NONE before                                         */
    pb_packing packing;     /* how a file keeps it; its arrays live as long as the graph                  */
    pb_value labels;        /* [batch] int32                                                             */
    pb_value targets;       /* [batch, classes] float32: what the losses take for the labels, each row of sum 1;
                               PB_NONE: the labels                                                       */
    pb_value weights;       /* [batch] float32: 1 for a real sample, 0 for the filling of a last batch;
                               PB_NONE: every sample is real, and means are plain means                  */
    pb_value weight_sum;    /* scalar: how many real samples; needed with weights                        */
    pb_value logits;        /* [batch, classes], set by cross_entropy                                    */
    pb_value loss;          /* scalar: the weighted sum of all losses so far, PB_NONE before the first   */
    char scope[64];         /* "conv1d_2": kind and ordinal of the stage being built                     */
    pb_named_value losses[PB_BUILDER_MAX]; /* scalar parts of the loss, before their weight              */
    int loss_count;
    pb_named_value logs[PB_BUILDER_MAX]; /* recorded every iteration: scalars or short vectors           */
    int log_count;
    pb_named_value kept[PB_BUILDER_MAX]; /* what later stages and the trainer look up:
                                            "pixels"       [batch, ...] what load made
                                            "levels"       [batch, ...] the bytes it made them of
                                            "coefficients" [batch, K, K] what dct2 made
                                            "mask"         [K, K] and
                                            "masked"       [batch, K, K], what band_mask made
                                            "unaugmented"  [batch, ...] what the first augmentation took, and
                                            "augmented"    [batch, ...] what it left, in training
                                            "hits"         [batch] 1 where argmax(logits) is the label
                                            "sample_loss"  [batch] cross-entropy of each sample,
                                            "salient"      [batch, ...] what ssc differentiates by,
                                            "scalogram"    [batch, scales, length] magnitudes that cwt made, of
                                                           planes those of the middle row
                                            "saliency"     [batch, ...] the gradient, and
                                            "saliency_spectra" [batch, ...] its normalised magnitudes    */
    int kept_count;
    pb_value params[PB_BUILDER_MAX * 4]; /* every parameter leaf in order of creation                    */
    int owner[PB_BUILDER_MAX * 4];       /* 1 + index of the optimiser that took it, 0 before one did,
                                            or PB_FROZEN                                                 */
    pb_value gradients[PB_BUILDER_MAX * 4]; /* d loss / d params[i], set by pb_builder_finish            */
    int param_count;
    pb_value buffers[PB_BUILDER_MAX]; /* states that belong to the network as its parameters do:
                                         evaluation reads them, and whoever keeps a network keeps them   */
    int buffer_count;
    double clip_norm;                 /* longest gradient, 0: any                                        */
    pb_average average;               /* of the parameters, in leaves "<parameter>.average"              */
    bool averaged;                    /* the program takes them although it trains: it is for statistics */
    pb_value statistics_share;        /* scalar: of this batch in running statistics; PB_NONE: each stage's own */
    pb_value assigns[PB_BUILDER_MAX]; /* what the program assigns                                        */
    int assign_count;
    pb_rate rates[PB_BUILDER_MAX];
    int rate_count;
    pb_optimiser optimisers[PB_BUILDER_MAX]; /* as many as rates */
    const pb_fitted *fitted; /* what stages have learned from the training split; NULL: nothing yet, and zeros
                                stand for it in a graph that has the right shapes but is not to be run   */
    bool unlearned;          /* zeros do stand for something                                             */
    pb_inverse inverses[PB_BUILDER_MAX]; /* of the transforms before the first layer, in their order     */
    int inverse_count;
    pb_scalogram scalogram;
    const char *irreversible; /* name of the first of them that has no inverse, NULL: all have one       */
    pb_observation observations[PB_BUILDER_MAX];
    int observation_count;
    const pb_options *weight_transform; /* of the layer to be built next; NULL: its weights are parameters */
    pb_weights layers[PB_BUILDER_MAX]; /* that have one                                                      */
    int layer_count;
};

typedef enum pb_stage_kind {
    PB_STAGE_INPUT,
    PB_STAGE_TRANSFORM,
    PB_STAGE_AUGMENTATION, /* in training alone, before the first layer */
    PB_STAGE_LAYER,
    PB_STAGE_LOSS,
    PB_STAGE_OPTIMISER
} pb_stage_kind;

/** What a stage learns from: its observations over the whole training split, in float64. */
typedef struct pb_fitting {
    pb_context *ctx;
    const char *scope;
    pb_shape sample; /* shape of one sample of the stage's input */
    int64_t rows;    /* samples observed                         */
    int count;
    struct {
        const char *name;
        size_t count;
        double *numbers; /* row-major */
    } observed[PB_BUILDER_MAX];
    pb_fitted *fitted; /* where it goes */
    /** The mean weight of each band that the finished run in a folder learned: weights [most]. */
    pb_status (*read_band_weights)(pb_context *ctx, const char *run, int most, double weights[], int *count);
} pb_fitting;

/** One file, one row in the table of stages. */
typedef struct pb_stage {
    const char *name;
    const char *summary; /* one line */
    pb_stage_kind kind;
    const pb_option *options; /* ends with a row whose name is NULL; NULL: none */
    pb_status (*build)(pb_builder *b, const pb_options *options);
    /* Both NULL: the stage learns nothing before it is built. `observe` appends what it must know of its input b->x,
     * if its options make it learn (pb_builder_observe); `fit` then makes of that what `build` asks for by
     * pb_builder_fitted. */
    pb_status (*observe)(pb_builder *b, const pb_options *options);
    pb_status (*fit)(pb_fitting *fitting, const pb_options *options);
    bool has_weights; /* a layer whose weights may be coefficients: it takes weight_transform */
} pb_stage;

/** Every stage, in the order `passband stages` prints them. */
const pb_stage *const *pb_stages(int *count);
/** The stage of that name, or NULL. */
const pb_stage *pb_stage_find(const char *name);

/** Starts building a program. `samples` [batch, ...] (bytes or floats) and `labels` [batch] int32 are the batch as it
 *  was gathered; weights and weight_sum are PB_NONE until the caller sets them. */
void pb_builder_init(pb_builder *b, pb_context *ctx, pb_graph *g, bool training, int classes,
                     pb_value samples, pb_value labels);

/** Builds one stage: sets the scope, calls build, turns a graph error into a sentence that names the stage. */
pb_status pb_stage_build(pb_builder *b, const pb_stage *stage, int ordinal, const pb_options *options);

/** Lets one stage append what it must know of its input; the stages before it have been built. */
pb_status pb_stage_observe(pb_builder *b, const pb_stage *stage, int ordinal, const pb_options *options);

/** What the transforms before the first layer make of a sample: [batch, ...]. */
pb_value pb_builder_transformed(const pb_builder *b);
/** From `y`, shaped as pb_builder_transformed, back to what load made: the inverse of each transform, or the
 *  least-squares reconstruction of one that drops something. PB_NONE when a transform has neither, which
 *  b->irreversible names, or when there is no transform. */
pb_value pb_builder_reconstruct(pb_builder *b, pb_value y);

/** After the last stage. Checks that there is a loss and, when training, appends its gradients once for all optimisers
 *  and each optimiser's update. PB_ERR_CONFIG names a parameter that no optimiser took. */
pb_status pb_builder_finish(pb_builder *b);
/** The first parameter that no optimiser took, or PB_NONE. */
pb_value pb_builder_unclaimed(const pb_builder *b);

/* ---- for the build functions ---- */
/** "<scope>.<name>" as a float32 leaf of zeros that keeps its value from step to step; or of that number. */
pb_value pb_builder_state(pb_builder *b, const char *name, pb_shape shape);
pb_value pb_builder_state_from(pb_builder *b, const char *name, pb_shape shape, float number);
/** Random numbers of the samples of the batch for a purpose of this stage, uniform in [0, 1) or standard normal: `shape`
 *  is [batch, ...]. They depend on the seed, the epoch and the sample's number in the data set, not on the batch. */
pb_value pb_builder_uniform(pb_builder *b, const char *purpose, pb_shape shape);
pb_value pb_builder_normal(pb_builder *b, const char *purpose, pb_shape shape);
/** Mean over the real samples of a value of each sample [batch]: a scalar. */
pb_value pb_builder_mean(pb_builder *b, pb_value of_samples);
/** Gives the parameters not taken yet whose names fit the glob pattern to an owner: 1 + the index of an optimiser, or
 *  PB_FROZEN. PB_ERR_CONFIG when none fits. Does nothing in an evaluation program. */
pb_status pb_builder_take(pb_builder *b, const char *pattern, int owner);
#define PB_FROZEN (-1)
/** Registers an optimiser: takes the parameters not taken yet whose names fit the glob pattern of option `params`, and
 *  makes the rate leaf from its PB_RATE_OPTIONS. Does nothing in an evaluation program. */
pb_status pb_builder_optimiser(pb_builder *b, const pb_options *options,
                               pb_value (*update)(pb_builder *b, const pb_optimiser *o, pb_value params,
                                                  pb_value gradients));
/** The parameter "<scope>.<name>", uniform in [-bound, bound): created by the first program that asks for it, shared
 *  by the next. An evaluation program gets its average where the training program before it keeps one. */
pb_value pb_builder_param(pb_builder *b, const char *name, pb_shape shape, float bound);
/** The same, starting as that number everywhere. */
pb_value pb_builder_param_from(pb_builder *b, const char *name, pb_shape shape, float number);
/** The leaf with the average of a parameter, or PB_NONE. */
pb_value pb_builder_average_of(const pb_graph *g, pb_value param);
/** The state "<scope>.<name>" that belongs to the network: shared by programs, kept beside its parameters. */
pb_value pb_builder_buffer(pb_builder *b, const char *name, pb_shape shape, float number);
/** The weights of a layer: the parameter "<scope>.weight", or, where the layer has a weight_transform, what synthesis
 *  makes of the parameter "<scope>.coefficients". `shape` is [out, in...]; they begin uniform in [-bound, bound). */
pb_value pb_builder_weight(pb_builder *b, pb_shape shape, float bound);
/** What the stage learned under "<scope>.<name>", as a constant. An error of the graph when it is missing or
 *  was learned from samples of another shape. */
pb_value pb_builder_fitted(pb_builder *b, const char *name, pb_shape shape);
/** The same numbers on the host, row-major, owned by b->fitted. NULL when there is an error of the graph, and as long as
 *  nothing has been learned (b->fitted is NULL). */
const float *pb_builder_learned(pb_builder *b, const char *name, pb_shape shape);
/** Says how the transform being built, which took samples of shape `taken`, is undone. Call it once b->x is what the
 *  transform leaves; behind the first layer it does nothing. */
void pb_builder_inverse(pb_builder *b, const pb_options *options, pb_shape taken,
                        pb_value (*apply)(pb_builder *b, const pb_inverse *inverse, pb_value left));
/** The way back that changes no number: of transforms that only give another shape, or whose loss stays a loss. */
pb_value pb_inverse_same(pb_builder *b, const pb_inverse *inverse, pb_value left);
/** Asks for a statistic over the training split: of_samples [batch, ...] -> [...]. A sum counts real samples alone. */
void pb_builder_observe(pb_builder *b, const char *name, pb_statistic statistic, pb_value of_samples);
/** Asks for the sum over all batches of a value of a batch, any shape. */
void pb_builder_observe_batch(pb_builder *b, const char *name, pb_value value);
/** The numbers observed under that name; asking for another one is our own mistake and asserts. */
const double *pb_fitting_observed(const pb_fitting *fitting, const char *name, size_t *count);
/** Keeps numbers as "<scope>.<name>". */
pb_status pb_fitting_put(pb_fitting *fitting, const char *name, pb_shape shape, const double *numbers);
/** Adds weight * value (scalar) to the loss and records the value under that name. */
void pb_builder_add_loss(pb_builder *b, const char *name, pb_value value, float weight);
void pb_builder_log(pb_builder *b, const char *name, pb_value value);
void pb_builder_keep(pb_builder *b, const char *name, pb_value value);
/** What was kept under that name, or PB_NONE. */
pb_value pb_builder_find(const pb_builder *b, const char *name);
void pb_builder_assign(pb_builder *b, pb_value target, pb_value value);
/** For stages that quantise, once b->x is what they leave: x is offset + step * codes, and a compressed data set keeps the
 *  codes: [batch, ...] float32, whole numbers from 0 to 2^bits - 1, 1 <= bits <= 8. `offset` and `step` have `steps`
 *  numbers, 1 or as many as a sample has, and are copied; NULL stands for zeros. With PB_BITS_HALF, x has numbers of
 *  binary16 alone and is kept as such; there are neither codes nor steps. */
void pb_builder_coded(pb_builder *b, pb_value codes, int bits, int steps, const float offset[], const float step[]);

#ifdef __cplusplus
}
#endif
#endif
