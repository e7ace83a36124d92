/* The ensemble that a run has just trained, as passband/ensemble.h judges those of finished runs. */
#ifndef PB_TRAIN_ENSEMBLE_MEMBERS_H
#define PB_TRAIN_ENSEMBLE_MEMBERS_H

#include "train/run_folder.h"

/** Judges the members of a run whose configuration is of an ensemble, and writes its files into the folder. The session
 *  is the run's own; its plan holds another network afterwards. */
pb_status pb_ensemble_of_session(pb_session *s, const pb_run_folder *folder);

#endif
