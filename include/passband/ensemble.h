/* An ensemble: networks of finished runs, judged together. Nothing is trained: pb_run_train does that, of a configuration
 * with a section `ensemble`, and then judges in the same way. */
#ifndef PASSBAND_ENSEMBLE_H
#define PASSBAND_ENSEMBLE_H

#include <passband/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pb_ensemble_options {
    const char *device;       /* selector as in pb_device_open, NULL: that on which each run began */
    const volatile int *stop; /* as in pb_run_options                                              */
} pb_ensemble_options;

/** Averages the probabilities that the networks of runs give to the classes of every test sample: of every seed, and of
 *  every fold of a cross-validation. Scores each of them and their mean by accuracy, negative log-likelihood and expected
 *  calibration error (15 bins of equal width; Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks",
 *  ICML 2017), and writes ensemble_probabilities.npy (float64 [test samples, classes]), then ensemble.json into `folder`,
 *  which is made where it is missing. Runs may differ in all but their test samples and classes, which must be the same in
 *  the same order. A single run that trained an ensemble is judged as that: its snapshots; bagging's members, also on the
 *  training samples that they have not seen; the votes of boosting, which join no other runs. PB_ERR_USAGE when a run has not finished, or there are fewer than two networks; PB_ERR_DATA when the
 *  test samples differ. What `folder` held before stays unless all of it could be written. */
pb_status pb_ensemble_run(pb_context *ctx, int count, const char *const runs[], const pb_ensemble_options *options,
                          const char *folder);

#ifdef __cplusplus
}
#endif
#endif
