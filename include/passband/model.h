/* Compressed networks: the trained parameters of a run, quantised and coded, and everything to rebuild the network, in one
 * file. src/train/MODEL.md is the format. */
#ifndef PASSBAND_MODEL_H
#define PASSBAND_MODEL_H

#include <passband/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Validation accuracy that the search for the fewest bits may lose where nothing else is said. */
#define PB_MODEL_LOSS 0.001

typedef struct pb_model_options {
    const char *device;       /* selector as in pb_device_open, NULL for the run's                              */
    int64_t seed;             /* of the run's seeds; -1: the first                                              */
    int bits;                 /* of a weight or coefficient, 2 to 16; 0: those that it was trained with, else the
                                 fewest that keep the validation accuracy within `loss`                         */
    double loss;              /* of validation accuracy that may be lost, 0 to 1                                */
    int bits_unless_searched; /* where bits is 0, none were trained and no validation part tells how many; 0: that
                                 is an error                                                                    */
    const volatile int *stop; /* as in pb_run_options                                                           */
} pb_model_options;

typedef struct pb_model_facts {
    size_t bytes, parameters;    /* of the file; numbers that it stands for           */
    size_t kept;                 /* of them that are not 0                            */
    int bits;                    /* of a weight or coefficient                        */
    double val_accuracy;         /* NaN without a validation part                     */
    double test_accuracy;        /* of the network that the file holds                */
} pb_model_facts;

/** Compresses the network that a seed of a finished run learned. PB_ERR_USAGE when the run has not that seed or the search
 *  for bits has no validation part. */
pb_status pb_model_compress(pb_context *ctx, const char *run, const pb_model_options *options, const char *path,
                            pb_model_facts *facts);
/** Scores a file on the test part of its data set, as JSON text (free()). PB_ERR_DATA when the file is damaged or the data
 *  set has other samples than those it was trained on. */
pb_status pb_model_eval(pb_context *ctx, const char *path, const pb_run_options *options, char **json);

#ifdef __cplusplus
}
#endif
#endif
