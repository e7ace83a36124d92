/* What a network makes of samples: the program "predict", a batch at a time. */
#ifndef PB_TRAIN_PREDICT_H
#define PB_TRAIN_PREDICT_H

#include "train/session.h"

/** Probabilities [count][classes] of samples by the parameters that the plan holds: rows[i] of the
 * data set, or first + i where rows is NULL. The session must have been opened to predict. */
pb_status pb_predict(pb_session *s, const int32_t *rows, int32_t first, int count,
                     double probabilities[]);

#endif
