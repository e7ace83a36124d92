/* Boosting by SAMME: which samples each member is trained on, and what it is worth. */
#ifndef PB_TRAIN_BOOSTING_H
#define PB_TRAIN_BOOSTING_H

#include <jansson.h>

#include "train/session.h"

typedef struct pb_boosting pb_boosting;

/** Begins with equal weights. Nothing is read back from files but networks, so a run that goes on adds its members so far
 *  again and comes to the same bits. */
pb_status pb_boosting_create(pb_session *s, pb_boosting **boosting);
/** Takes NULL. The session draws from its training part as before. */
void pb_boosting_free(pb_boosting **boosting);
/** From now on the session trains on samples drawn for the next member, that seed. */
void pb_boosting_draw(pb_boosting *boosting, int64_t seed);
/** Adds that seed, a member that is trained, with its files in `seed_folder`: its predictions of the training part make the
 *  weights of the next. Writes sample_weights.npy (float64 [members so far, samples]: what each was trained with), then
 *  boosting.json {members [{seed, error, alpha}]} into `folder`. */
pb_status pb_boosting_add(pb_boosting *boosting, int64_t seed, const char *seed_folder, const char *folder);

/** Reads boosting.json: the array of members. New reference. */
pb_status pb_boosting_read(pb_context *ctx, const char *folder, json_t **members);

#endif
