/* Trained networks for other programs. */
#ifndef PASSBAND_EXPORT_H
#define PASSBAND_EXPORT_H

#include <passband/run.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pb_export_facts {
    size_t bytes;                 /* of the file                                    */
    int nodes, initializers;      /* of its graph                                   */
    int opset;                    /* version of ONNX's operators that it needs      */
    pb_dtype dtype;               /* of the input "samples"                         */
    pb_shape sample;              /* it is [batch, sample...]                       */
    int classes;                  /* the output "logits" is float32 [batch, classes] */
} pb_export_facts;

/** Writes the network of a seed of a run, -1: the first, as an ONNX model, whole or not at all: everything from samples as
 *  their source has them (bytes of pixels) to logits, tensors inline, the batch axis free. Layers with a weight_transform
 *  have plain weights, batch normalisation takes its running statistics. Needs no device. `facts` may be NULL.
 *  PB_ERR_USAGE when the run has not that seed, or names an operation that ONNX has no form for. */
pb_status pb_run_export(pb_context *ctx, const char *run, int64_t seed, const char *path, pb_export_facts *facts);

#ifdef __cplusplus
}
#endif
#endif
