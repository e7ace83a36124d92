/* The pictures of a report, one function each. A picture whose data no run has is not drawn, and is
 * no error. */
#ifndef PB_REPORT_PICTURES_H
#define PB_REPORT_PICTURES_H

#include "report/record.h"

/** Training and validation loss against iterations: loss.png. */
pb_status pb_draw_loss(pb_context *ctx, int count, const pb_record runs[], const char *folder);
/** Test accuracy as bars, of seeds for one run, of runs for several: test_accuracy.png. */
pb_status pb_draw_test_accuracy(pb_context *ctx, int count, const pb_record runs[],
                                const char *folder);
/** Accuracies of each fold of a cross-validation, on the fold and on the test part:
 * fold_val_accuracy.png, fold_test_accuracy.png. */
pb_status pb_draw_folds(pb_context *ctx, const pb_record *run, const char *folder);
/** Test accuracy of each class: class_accuracies.png. */
pb_status pb_draw_class_accuracies(pb_context *ctx, int count, const pb_record runs[],
                                   const char *folder);
/** Evolution of learned band weights over iterations, a panel a run: band_weights.png. */
pb_status pb_draw_band_weights(pb_context *ctx, int count, const pb_record runs[],
                               const char *folder);
/** The mask on the coefficients as a heat map, a panel a run: mask.png. */
pb_status pb_draw_mask(pb_context *ctx, int count, const pb_record runs[], const char *folder);
/** Originals beside their masked reconstructions, drawn without gnuplot: reconstructions.png. */
pb_status pb_draw_reconstructions(pb_context *ctx, const pb_record *run, const char *folder);
/** Training samples and what augmentation makes of them, drawn without gnuplot: augmented.png. */
pb_status pb_draw_augmented(pb_context *ctx, const pb_record *run, const char *folder);
/** Scalograms of samples of one run, times by scales: scalograms.png. */
pb_status pb_draw_scalograms(pb_context *ctx, int count, const pb_record runs[],
                             const char *folder);
/** Saliency of each class against the points of the input, for inputs that are rows of numbers, a
 * panel a run: saliency.png. */
pb_status pb_draw_saliency(pb_context *ctx, int count, const pb_record runs[], const char *folder);
/** Its spectra against frequencies, a panel a run: saliency_spectra.png. */
pb_status pb_draw_saliency_spectra(pb_context *ctx, int count, const pb_record runs[],
                                   const char *folder);
/** Samples of one run, coloured by saliency: salient_samples.png. */
pb_status pb_draw_salient_samples(pb_context *ctx, int count, const pb_record runs[],
                                  const char *folder);
/** The same of inputs that are images, drawn without gnuplot: saliency_maps.png and
 * salient_images.png. */
pb_status pb_draw_saliency_images(pb_context *ctx, const pb_record *run, const char *folder);

/** Share of the coefficients of weights that are 0 after each epoch, by layer and level:
 * weight_sparsity.png. */
pb_status pb_draw_weight_sparsity(pb_context *ctx, int count, const pb_record runs[],
                                  const char *folder);
/** Weights of the first seed: weight_histograms.png, weights_before_after.png, first_weights.png.
 * PB_ERR_DATA names a file of theirs that is damaged, and then none of these is drawn. */
pb_status pb_draw_weights(pb_context *ctx, const pb_record *run, const char *folder);
/** Test accuracy against bytes of the compressed networks of several runs, grouped by wavelet and
 * level, thresholds along the lines: weight_bytes.png. */
pb_status pb_draw_weight_bytes(pb_context *ctx, int count, const pb_record runs[],
                               const char *folder);

#endif
