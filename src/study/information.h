/* How much information the stored codes hold: entropy, what zstd makes of it, and what they tell of the label. */
#ifndef PB_STUDY_INFORMATION_H
#define PB_STUDY_INFORMATION_H

#include <jansson.h>

#include "study/stored.h"

/** Entropy in bits of what was counted `counts` [n] times; 0 of nothing.
 *  Plug-in estimate -sum p log2 p; `corrected` adds (m - 1) / (2 N ln 2), m being how many of the counts are not 0.
 *  Source: Miller, "Note on the bias of information estimates" (1955). */
double pb_entropy_bits(const uint32_t counts[], size_t n, bool corrected);

/** Mutual information in bits of two things that were seen together counts [rows, columns] times: H(row) + H(column) -
 *  H(row, column), each corrected after Miller and Madow. Slightly negative where there is none. PB_ERR_MEMORY alone. */
pb_status pb_mutual_information_bits(pb_context *ctx, const uint32_t counts[], size_t rows, size_t columns, double *bits);

/** Lower bound in bits on I(X; Y) from a classifier of Y by X: H(Y) - cross-entropy. At most H(Y); below 0 it says nothing.
 *
 *  @param labels_bits   H(Y), by pb_entropy_bits of how often each label stands in the samples that were classified
 *  @param cross_entropy mean over these, in nats: the test loss of a run
 *  Source: Barber and Agakov, "The IM algorithm" (NIPS 2003): E[log q(y|x)] <= -H(Y|X) for any q. */
double pb_information_bound(double label_bits, double cross_entropy);
/** H(Y) in bits of the labels of one part of a data set. */
pb_status pb_label_bits(pb_context *ctx, const pb_samples *part, int classes, double *bits);

/** Values of more symbols than a table has are put into this many bins of equally many samples each, equal ones together,
 *  before they are compared with labels. */
enum { PB_INFORMATION_BINS = 64 };

/** The measures of pb_measure_file under "information", over all samples of the file, and their arrays in `folder`. */
pb_status pb_measure_information(const pb_stored *stored, const volatile int *stop, const char *folder, json_t **result);

#endif
