/* What the files of this room share: the descriptors and helpers for shapes. */
#ifndef PB_STAGE_STAGES_H
#define PB_STAGE_STAGES_H

#include <passband/stage.h>

#include "graph/store.h"

extern const pb_stage pb_stage_load, pb_stage_dct2, pb_stage_band_mask, pb_stage_reshape, pb_stage_conv1d,
    pb_stage_conv2d, pb_stage_max_pool1d, pb_stage_max_pool2d, pb_stage_linear, pb_stage_relu,
    pb_stage_cross_entropy, pb_stage_reconstruction, pb_stage_ssc, pb_stage_sgd, pb_stage_adam, pb_stage_adamw;
extern const pb_stage pb_stage_identity, pb_stage_ycbcr, pb_stage_random_projection, pb_stage_downsample,
    pb_stage_binarize, pb_stage_dwt1, pb_stage_dwt2, pb_stage_cwt, pb_stage_pca, pb_stage_quantize;
extern const pb_stage pb_stage_batch_norm1d, pb_stage_batch_norm2d, pb_stage_l1, pb_stage_l2, pb_stage_group_lasso,
    pb_stage_clip_norm, pb_stage_average, pb_stage_dropout,
    pb_stage_augment;
extern const pb_stage pb_stage_rmsprop, pb_stage_adagrad, pb_stage_lion, pb_stage_freeze;

/** A shape as "[128, 16, 16]", to print in the expression that asks for it. */
typedef struct pb_shape_phrase {
    char text[PB_SHAPE_TEXT];
} pb_shape_phrase;
pb_shape_phrase pb_shape_words(pb_shape shape);

/** Numbers of one sample of x. */
size_t pb_builder_sample_count(const pb_builder *b);
/** Sets the window's kernel, stride and padding from options of those names, each one number or [height, width];
 *  stride 0 stands for the kernel. PB_ERR_CONFIG for lists of another length. */
pb_status pb_window_options(pb_builder *b, const pb_options *options, pb_window *window);
/** The same for the last axis alone, from single numbers. */
pb_window pb_window_line(const pb_options *options);
/** x as [batch, channels, height, width]: [batch, L] and [batch, C, L] of a line (height 1), or [batch, H, W] and
 *  [batch, C, H, W] of a plane. PB_ERR_SHAPE where the window with its padding does not fit. */
pb_status pb_builder_planes(pb_builder *b, bool line, const pb_window *window, pb_value *planes);

/** Convolution of b->x with new parameters "weight" and, where the option says so, "bias". */
pb_status pb_builder_convolve(pb_builder *b, const pb_options *options, bool line, pb_window window);
pb_status pb_builder_max_pool(pb_builder *b, bool line, pb_window window);

/** share old + (1 - share) new, elementwise. */
pb_value pb_blend(pb_graph *g, double share, pb_value old, pb_value new);

/** Reads the PB_RATE_OPTIONS of the stage being built and makes the leaf. PB_ERR_CONFIG for options that contradict each
 *  other. `value` is the rate of the step at work, a scalar. */
pb_status pb_rate_read(pb_builder *b, const pb_options *options, pb_rate *rate, pb_value *value);

/* Option rows that every optimiser ends with. */
// clang-format off
#define PB_RATE_OPTIONS(lr)                                                                                         \
    {.name = "lr", .type = PB_OPTION_FLOAT, .fallback = lr, .min = 0, .max = 1e3,                                   \
     .help = "learning rate; the highest there is of cyclic and one_cycle"},                                        \
    {.name = "schedule", .type = PB_OPTION_CHOICE, .fallback = "constant",                                          \
     .choices = "constant|step|multistep|exponential|polynomial|cosine|restarts|cyclic|one_cycle|plateau",          \
     .help = "how the rate moves; lengths are in epochs"},                                                          \
    {.name = "moves", .type = PB_OPTION_CHOICE, .fallback = "auto", .choices = "auto|epoch|step",                   \
     .help = "when: every epoch or every step; auto: every step for cyclic and one_cycle"},                         \
    {.name = "warmup", .type = PB_OPTION_FLOAT, .fallback = "0.0", .min = 0, .max = 1e6,                            \
     .help = "epochs, or a part of one, of a linear rise before the schedule begins; it moves every step"},         \
    {.name = "warmup_from", .type = PB_OPTION_FLOAT, .fallback = "0.1", .min = 0, .max = 1,                         \
     .help = "share of lr that the rise begins with"},                                                              \
    {.name = "step_size", .type = PB_OPTION_INT, .fallback = "10", .min = 1, .max = 1e6,                            \
     .help = "epochs between drops (schedule: step); of each rise and each fall (cyclic)"},                         \
    {.name = "milestones", .type = PB_OPTION_INTS, .fallback = "[]", .min = 1, .max = 1e6,                          \
     .help = "epochs after which the rate drops (schedule: multistep)"},                                            \
    {.name = "gamma", .type = PB_OPTION_FLOAT, .fallback = "0.1", .min = 0, .max = 1,                               \
     .help = "factor of each drop (schedule: step, multistep, plateau) or each epoch (exponential)"},               \
    {.name = "power", .type = PB_OPTION_FLOAT, .fallback = "1.0", .min = 0, .max = 100,                             \
     .help = "of the share of the run that is left (schedule: polynomial)"},                                        \
    {.name = "floor", .type = PB_OPTION_FLOAT, .fallback = "0.0", .min = 0, .max = 1e3,                             \
     .help = "lowest rate (schedule: polynomial, cosine, restarts, cyclic, plateau)"},                              \
    {.name = "period", .type = PB_OPTION_INT, .fallback = "10", .min = 1, .max = 1e6,                               \
     .help = "epochs of the first cycle (schedule: restarts)"},                                                     \
    {.name = "growth", .type = PB_OPTION_INT, .fallback = "1", .min = 1, .max = 100,                                \
     .help = "factor from cycle to cycle (schedule: restarts)"},                                                    \
    {.name = "rise", .type = PB_OPTION_FLOAT, .fallback = "0.3", .min = 0, .max = 1,                                \
     .help = "share of the run in which the rate rises (schedule: one_cycle)"},                                     \
    {.name = "divisor", .type = PB_OPTION_FLOAT, .fallback = "25", .min = 1, .max = 1e9,                            \
     .help = "lr over the first rate (schedule: one_cycle)"},                                                       \
    {.name = "last_divisor", .type = PB_OPTION_FLOAT, .fallback = "1e4", .min = 1, .max = 1e9,                      \
     .help = "first rate over the last (schedule: one_cycle)"},                                                     \
    {.name = "patience", .type = PB_OPTION_INT, .fallback = "10", .min = 0, .max = 1e6,                             \
     .help = "epochs without a lower validation loss that are borne before a drop (schedule: plateau)"},            \
    {.name = "threshold", .type = PB_OPTION_FLOAT, .fallback = "1e-4", .min = 0, .max = 1,                          \
     .help = "share by which the loss must fall to count as lower (schedule: plateau)"},                            \
    {.name = "cooldown", .type = PB_OPTION_INT, .fallback = "0", .min = 0, .max = 1e6,                              \
     .help = "epochs after a drop that do not count (schedule: plateau)"},                                          \
    {.name = "params", .type = PB_OPTION_STRING, .fallback = "\"*\"",                                               \
     .help = "glob pattern: which of the parameters not taken yet it updates"}
// clang-format on

#endif
