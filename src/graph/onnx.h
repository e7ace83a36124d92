/* A graph as an ONNX model, op by op: each op's row of the table says which nodes stand for it.
 *
 * The batch axis is free. Which extents it is in, and how, is read off two graphs of the same
 * network for batches of different sizes: an extent that differs is the batch, or a multiple of it.
 * What depends on neither the batch nor the input is computed here and becomes an initializer. */
#ifndef PB_GRAPH_ONNX_H
#define PB_GRAPH_ONNX_H

#include "base/protobuf.h"
#include "graph/op.h"

/** What to export. */
typedef struct pb_onnx_ask {
    const pb_graph *g, *other; /* the same ops; batches of `batch` samples, and of another number */
    int batch;
    pb_value input, output; /* a leaf and what is wanted of it: axis 0 is the batch; their names in
                               the model are that of the leaf and `output_name` */
    const char *output_name;
    int leaf_count; /* other leaves that the output needs, and their contents                    */
    const pb_value *leaves;
    const double *const *leaf_data;
    const char *name;              /* of the model's graph            */
    int note_count;                /* metadata_props                  */
    const char *const (*notes)[2]; /* [note_count] key and text   */
} pb_onnx_ask;

typedef struct pb_onnx_facts {
    int nodes, initializers, opset;
} pb_onnx_facts;

/** Appends the model to an empty message. PB_ERR_USAGE names an op that has no ONNX form, and why,
 * where it has one at other places; PB_ERR_MEMORY. */
pb_status pb_onnx_write(const pb_onnx_ask *ask, pb_protobuf *model, pb_onnx_facts *facts);

#endif
