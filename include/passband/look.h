/* Looking inside a trained network: what it looks at, what its layers make of it, and what it gets wrong. */
#ifndef PASSBAND_LOOK_H
#define PASSBAND_LOOK_H

#include <stdbool.h>

#include <passband/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How to look; begin from PB_LOOK_DEFAULTS. With x the input of the network, z the logit that is explained and b the
 *  baseline, the methods are
 *
 *    gradient              dz / dx                                        Simonyan et al., ICLR workshop 2014
 *    gradient_x_input      x dz / dx                                      Shrikumar et al., ICML 2017
 *    smoothgrad            mean of dz / dx at x + noise                   Smilkov et al., 2017
 *    integrated_gradients  (x - b) mean of dz / dx between b and x, by the midpoint rule, with twice as many points until
 *                          the sum is z(x) - z(b) to 1e-3 of it or of 1, whichever is larger
 *                                                                         Sundararajan et al., ICML 2017
 *    grad_cam              relu(sum over channels of A mean(dz / dA)) of the last convolution's maps A, enlarged to the
 *                          input; absent without a convolution            Selvaraju et al., ICCV 2017 */
typedef struct pb_look_options {
    int64_t seed;        /* of the run's; -1: its first                                             */
    int per_class;       /* test samples of each class to look at, 1 to 1000                        */
    bool pixels;         /* x is what load made; else what the first layer takes, before any reshape */
    bool prediction;     /* z is the logit of the predicted class; else of the sample's own         */
    bool mean_baseline;  /* b is the mean of the samples looked at; else zeros                      */
    double noise;        /* standard deviation of smoothgrad, in parts of a sample's range          */
    int draws;           /* of noise for each sample                                                */
    int points;          /* at most, of integrated gradients                                        */
    const char *device;  /* selector as in pb_device_open, NULL for the run's own                   */
    const volatile int *stop; /* as in pb_run_options                                               */
} pb_look_options;
#define PB_LOOK_DEFAULTS                                                                                               \
    {                                                                                                                  \
        .seed = -1, .per_class = 10, .noise = 0.15, .draws = 25, .points = 2048                                        \
    }

/** Looks at the best parameters of a seed of a finished run and writes into `folder`, made where it is missing:
 *
 *    look.json              {run, seed, data_set, input, of, baseline, class_names, samples [{row, label, predicted,
 *                           probability}], methods [...], integrated_gradients {points, largest_gap}, grad_cam_layer, layers
 *                           [{name, channels, height, width}], test {samples, accuracy, confusion [true][predicted]},
 *                           mistakes [{row, label, predicted, probability}], most confident first}. Written last.
 *    inputs.npy             float32 [n, ...], the samples looked at, class after class
 *    <method>.npy           float32 [n, ...], of each of them
 *    <method>_spectra.npy   float32 [n, ..., F]: Fourier magnitudes of that over the last axis, of images over the last
 *                           two, over their 2-norm + 1e-8
 *    activations_<layer>.npy, activations_<layer>_spectra.npy
 *                           float32 [n, channels, height, width] and [..., width / 2 + 1] (not normalised)
 *    mistakes.npy           float32 [m, ...], the most confident mistakes as load made them
 *
 *  Rows count test samples from 0. PB_ERR_USAGE: no such seed, or the run is not finished. PB_ERR_GRADIENT: a transform has no
 *  gradient and `pixels` was asked for. */
pb_status pb_run_look(pb_context *ctx, const char *run, const pb_look_options *options, const char *folder);

#ifdef __cplusplus
}
#endif
#endif
