/* What augmentation makes of a few training samples, for a picture. */
#ifndef PB_TRAIN_AUGMENTED_H
#define PB_TRAIN_AUGMENTED_H

#include "train/session.h"

/** Writes augmented.npy into the folder of a run whose plan is ready, where it augments anything: float32 [8 n, ...], n
 *  samples, each as it is and then as the first 7 epochs of the first seed see it. */
pb_status pb_augmented_write(pb_session *s, const char *folder);

#endif
