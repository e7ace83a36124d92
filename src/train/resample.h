/* Samples drawn anew for the members of an ensemble, and what boosting does between members. */
#ifndef PB_TRAIN_RESAMPLE_H
#define PB_TRAIN_RESAMPLE_H

#include <stdbool.h>
#include <stdint.h>

/** A bootstrap sample: draws[i], i < count, is each of [0, count) with the same probability, by the
 *  Philox stream (seed, "bootstrap"). Source: Breiman, "Bagging predictors", Machine Learning 24 (1996). */
void pb_bootstrap_draw(uint64_t seed, int count, int32_t draws[]);

/** As many draws by weights [count] that add up to 1: sample i comes floor(count weights[i]) times or once
 *  more, in ascending order, and with equal weights each comes once. One number of the Philox stream (seed, "boosting") says
 *  where. Source: systematic resampling, Kitagawa, J. Comp. Graph. Stat. 5 (1996). */
void pb_weighted_draw(uint64_t seed, int count, const double weights[], int32_t draws[]);

/** What a member of boosting is worth. */
typedef struct pb_boosted {
    double error; /* sum of the weights of the samples that it gets wrong */
    double alpha; /* its vote; 0: it is no better than guessing           */
} pb_boosted;

/** A round of SAMME, from the weights [count] that a member was trained with, which add up to 1, to those of the next:
 *
 *    error = sum of w_i over wrong i,   alpha = ln((1 - error) / error) + ln(classes - 1)
 *    w_i <- w_i exp(alpha) for wrong i, then divided by their sum
 *
 *  An error below 1 / (2 count) counts as that, so that a vote is finite. Where it is no less than that of guessing,
 *  1 - 1 / classes, alpha is 0 and all weights are equal again (Breiman, "Arcing classifiers", Ann. Stat. 26, 1998).
 *  Source: Zhu, Zou, Rosset and Hastie, "Multi-class AdaBoost", Statistics and Its Interface 2 (2009), algorithm 2. */
pb_boosted pb_samme_round(int count, int classes, const bool wrong[], double weights[]);

/** Probabilities [classes] from votes [classes], the sums of the alphas of the members that choose each class, in
 *  place: the classes' f = sum of alpha (1, or -1 / (classes - 1)) minimise the exponential loss where
 *  f_k = (classes - 1) (ln p_k - mean of ln p), so p is the softmax of f / (classes - 1). The same paper, section 2.3. */
void pb_samme_probabilities(int classes, double votes[]);

#endif
