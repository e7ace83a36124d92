/* What a compressed data set gives away of whose samples it holds. */
#ifndef PB_STUDY_MEASURE_IDENTITY_H
#define PB_STUDY_MEASURE_IDENTITY_H

#include <jansson.h>

#include "study/measure.h"
#include "study/stored.h"

/** Samples whose bytes equal another's. */
typedef struct pb_collisions {
    int samples; /* that have an equal  */
    int groups;  /* of equal ones       */
    int largest; /* samples of a group; 0 where there is none */
} pb_collisions;
/** `rows` [count] point at so many bytes each. PB_ERR_MEMORY alone. */
pb_status pb_collisions_find(pb_context *ctx, const void *const rows[], int count, size_t bytes,
                             pb_collisions *collisions);

/** Expected share of draws in which the one wanted is among the first k, when so many others are nearer and so many are as
 *  near, and ties are broken by chance: 1 where closer + equal < k, 0 where closer >= k. */
double pb_rank_chance(int k, int closer, int equal);

/** {collisions}, the samples and the originals compared byte by byte. */
pb_status pb_measure_collisions(const pb_stored *stored, json_t **result);

/** Finding an original among all by its compressed form. The attacker knows the file's chain and compresses every
 *  original that may be in question; the nearest compressed sample, by the Euclidean distance of values, is his guess. The
 *  form he has is that of the original as it was, or of one with normal noise on every number (rounded and clipped for
 *  bytes). With the key unknown he has another seed for every random projection. [{key, noise, probes, among, rank_1,
 *  rank_10}] */
pb_status pb_measure_reidentification(const pb_stored *stored, const pb_measure_options *options, json_t **result);

/** Telling the data set from others and from noise by n compressed samples, all by the file's chain. Each data set is
 *  described by mean and variance of each value over at most 2000 training samples; n test samples belong to the one under
 *  which they are likeliest, values taken as independent and normal. No sample is in two trials of the same n. {names,
 *  trials [{samples, trials, accuracy}]} */
pb_status pb_measure_data_sets(const pb_stored *stored, const pb_measure_options *options, json_t **result);

/** What changes the fingerprint: a part of the file is written anew with one thing changed each, into `folder` for a
 *  moment. [{change, by, fingerprint, same}], the first one with nothing changed, which the others are compared with. */
pb_status pb_measure_fingerprint(const pb_stored *stored, const char *folder, json_t **result);

#endif
