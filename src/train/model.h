/* A seed's parameters as a small file, and such a file scored again. */
#ifndef PB_TRAIN_MODEL_H
#define PB_TRAIN_MODEL_H

#include <passband/model.h>

#include "train/model_file.h"
#include "train/seed.h"

/** Quantises the parameters of a group (named as the graph's), writes the file and scores what it holds; `facts` gets
 *  what it came to. The plan holds the quantised parameters afterwards. */
pb_status pb_model_make(pb_session *s, int64_t seed, const pb_tensors *params, const pb_model_options *options,
                        const char *path, pb_model_facts *facts);
/** Rounds the parameters of a group that are no coefficients to the 8 bits that a file keeps of them where the bits of
 *  coefficients were trained. */
void pb_model_round(const pb_session *s, pb_tensors *params);
/** Puts the parameters of an opened file into the plan. */
pb_status pb_model_load(pb_session *s, const char *path, const pb_model_data *file, const pb_model_head *head);

#endif
