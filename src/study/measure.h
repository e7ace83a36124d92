/* What one compressed data set keeps and gives away: information, reconstruction, identity. */
#ifndef PB_STUDY_MEASURE_H
#define PB_STUDY_MEASURE_H

#include <jansson.h>

#include <passband/dataset.h>
#include <passband/device.h>

/** How to measure; zero stands for the default. */
typedef struct pb_measure_options {
    uint64_t seed;  /* of the noise and of every draw                                                       */
    int probes;     /* samples that are looked for among all (1000)                                         */
    double noise;   /* standard deviation, in parts of the range of the originals' numbers (0.1)            */
    int trials;     /* most trials of each data set to tell apart, for each number of samples (300)         */
    int shown;      /* samples in the sheet of reconstructions (10)                                         */
    int other_count; /* data sets to tell this one from, of the same shape and dtype; those of another are
                        left out. Noise is always among them                                                */
    const pb_dataset *const *others;
    const volatile int *stop; /* becomes non-zero to stop: PB_INTERRUPTED; may be NULL                      */
} pb_measure_options;

/** Measures one compressed file against the data set that it was made from. PB_ERR_DATA when it was made from another.
 *
 *  @param original  as it was loaded to compress it, samples not packed
 *  @param options   NULL: all defaults
 *  @param folder    made where it is missing; receives
 *    entropy.npy             float32, shape of a sample's values: bits of each, plug-in estimate
 *    mutual_information.npy  the same: bits that each value tells of the label
 *    information_map.npy     float32, the same as a picture shows it: frequencies that a dct2 selected at their places,
 *                            NaN elsewhere, of blocks the mean; [channels, height, width], [height, width] or [length]
 *    reconstructions.npy     float32 [2, n, ...]: originals as `load` makes them, and what the file gives back;
 *                            the same test samples for every file of a data set. Absent without a way back
 *  @param result    new reference: {information, reconstruction, identity}; numbers that do not exist are null
 *    information    {samples, values, bits_stored, bits_entropy, bits_zstd, zstd_over_entropy, label_bits,
 *                    mutual_information {largest, mean}}; bits are those of one sample. pb_information_bound
 *                    (information.h) gives the bound on I(X; Y) from a classifier's test cross-entropy
 *    reconstruction null without a way back, else {samples, exact, mse, psnr, ssim {mean, deviation, window}}
 *    identity {
 *      collisions     {samples, groups, largest, of_originals {samples, groups, largest}}
 *      reidentification [{key: "known" | "unknown", noise, probes, among, rank_1 {share, low, high}, rank_10 {...}}]
 *                     key "unknown" only where the chain has a random projection
 *      data_sets      {names [...], trials [{samples, trials, accuracy {share, low, high}}]}, samples 1, 10, 100
 *      fingerprint    of the file
 *      fingerprint_changes [{change, by, fingerprint, same}] of a small part of the file, really changed }
 */
pb_status pb_measure_file(pb_context *ctx, pb_device *device, const char *pbz_path, const pb_dataset *original,
                          const pb_measure_options *options, const char *folder, json_t **result);

#endif
