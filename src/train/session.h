/* Everything a run works with: its data, its device and its plan. */
#ifndef PB_TRAIN_SESSION_H
#define PB_TRAIN_SESSION_H

#include <passband/plan.h>
#include <passband/run.h>
#include <passband/wisdom.h>

#include "base/clock.h"
#include "train/feed.h"
#include "train/fit.h"
#include "train/run_data.h"
#include "train/run_graph.h"
#include "train/safetensors.h"
#include "train/trace.h"

typedef struct pb_session {
    pb_context *ctx;
    const pb_config *config;
    pb_run_options options;
    pb_dataset
        *data; /* its samples are freed once the device has them all; labels and counts stay */
    pb_reading *reading; /* of its samples, by another thread; NULL: they are there */
    int32_t *train_rows; /* [train_count] rows of `samples` to learn from */
    int32_t *held_rows;  /* [held_count] rows of the validation part */
    int train_count, held_count;
    bool predicts; /* its graph has the program "predict": to look at networks, and of ensembles */
    const int32_t *drawn; /* [train_count] rows in place of train_rows, of a member of boosting;
                             NULL: none; the caller's */
    pb_fitted fitted;     /* what stages have learned from the training samples */
    pb_run_graph graph;
    pb_tensors start;  /* what every seed starts from in place of random numbers, by the names of
                          leaves (train/pretrained.h); empty: nothing */
    pb_feed feed;      /* of data that does not fit the device */
    int32_t shown[16]; /* [graph.shown] rows that "inspect" looks at */
    int32_t augmented[16]; /* [graph.sheet.count] rows that "augmented" looks at */
    pb_device *device;
    pb_plan *plan;
    pb_choices *choices; /* of solvers: those that a run began with, or the wisdom's; NULL: rules */
    pb_trace *trace;     /* NULL: none */
    char *plan_json;
    char config_sha256[65], plan_sha256[65];
    int chunk; /* iterations to submit before looking at the stop flag */
    double setup_seconds;
    struct {
        double load, device, plan, build, upload, first; /* parts of setup_seconds */
    } seconds;
} pb_session;

/** Loads the data and builds the graph, which needs no device. `options` may be NULL. */
pb_status pb_session_open(pb_context *ctx, const pb_config *config, const pb_run_options *options,
                          pb_session *s);
/** The same, but samples may still be on their way: errors in them are told by pb_session_plan
 * where a stage learns from them, else by pb_session_upload. */
pb_status pb_session_begin(pb_context *ctx, const pb_config *config, const pb_run_options *options,
                           pb_session *s);
/** As pb_session_open with the program "predict" in the graph (train/predict.h). */
pb_status pb_session_open_to_predict(pb_context *ctx, const pb_config *config,
                                     const pb_run_options *options, pb_session *s);
/** Opens the device, lets stages learn that have not yet, and makes the plan, with data in windows
 * where it does not fit the device. `selector` NULL: as the configuration says. */
pb_status pb_session_plan(pb_session *s, const char *selector);
/** Copies the data to the device, or makes ready to stream it. */
pb_status pb_session_upload(pb_session *s);
/** Runs a step of training on nothing in particular: what is compiled or computed once then counts
 * as setup and not as training. Parameters and states are those of no seed afterwards. The programs
 * that score are left to their first use, where nothing is timed. */
pb_status pb_session_warm_up(pb_session *s);
void pb_session_close(pb_session *s);

/** A session beside another one that is warm: the same graph and data, with parameters and states
 * of its own, on a part of the other's device, and for its sentences the part's context. Nothing of
 * it is traced or profiled. Close it before the other one. PB_ERR_DEVICE where the plan has no
 * twins. */
pb_status pb_session_twin(const pb_session *s, pb_device *part, pb_session *twin);
void pb_session_close_twin(pb_session *twin);

/** Whether the caller asked to stop. */
bool pb_session_stopped(const pb_session *s);
/** Runs a program `times` times and waits, in pieces short enough to hear the stop flag within
 * about a second: PB_INTERRUPTED then. */
pb_status pb_session_submit(pb_session *s, const char *program, int times);
/** Runs the program of a pass over its samples in the same way. */
pb_status pb_session_pass(pb_session *s, const pb_pass *pass);
/** The passes that are the same in every epoch. */
pb_pass pb_session_validation(const pb_session *s);
pb_pass pb_session_test(const pb_session *s);
pb_pass pb_session_inspection(const pb_session *s);
pb_pass pb_session_augmentation(const pb_session *s);
/** How many rows each part of its data has. */
pb_run_rows pb_session_rows(const pb_session *s);
/** Puts the order of a pass's samples on the device, where they all lie there. */
pb_status pb_session_order(pb_session *s, const pb_pass *pass);

/** Reads a whole leaf, or writes one. */
pb_status pb_session_read(pb_session *s, pb_value leaf, void *data);
pb_status pb_session_write(pb_session *s, pb_value leaf, const void *data);
/** Writes zeros into a leaf. */
pb_status pb_session_zero(pb_session *s, pb_value leaf);

#endif
