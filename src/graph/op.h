/* The op table and the graph's inside: for the rooms that turn graphs into something (passes,
 * plan). */
#ifndef PB_GRAPH_OP_H
#define PB_GRAPH_OP_H

#include <passband/graph.h>

#include "base/shape.h"

typedef enum pb_op {
    /* leaves */
    PB_OP_LEAF,     /* storage with a role                                   */
    PB_OP_CONSTANT, /* attrs.number everywhere, or attrs.data                */
    PB_OP_IOTA,     /* index along attrs.axis, int32                         */
    /* elementwise: inputs have the shape of the value */
    PB_OP_ADD,
    PB_OP_SUB,
    PB_OP_MUL,
    PB_OP_DIV,
    PB_OP_MAXIMUM,
    PB_OP_MINIMUM,
    PB_OP_LESS,
    PB_OP_EQUAL,
    PB_OP_NEG,
    PB_OP_ABS,
    PB_OP_SIGN,
    PB_OP_EXP,
    PB_OP_LOG,
    PB_OP_SQRT,
    PB_OP_SIN,
    PB_OP_COS,
    PB_OP_TANH,
    PB_OP_FLOOR,
    PB_OP_HALF,
    PB_OP_RELU,
    PB_OP_STEP,
    PB_OP_SELECT,
    PB_OP_CAST,
    PB_OP_DETACH,
    PB_OP_EACH_STEP, /* the same, but the hoist pass does not move it: computed in every step */
    PB_OP_UNIFORM,
    PB_OP_NORMAL, /* (sample, place, epoch, key): attrs.count, attrs.purpose */
    /* movement: an element of the value is one element of an input, or zero */
    PB_OP_RESHAPE,
    PB_OP_PERMUTE,     /* attrs.order                                          */
    PB_OP_BROADCAST,   /* input has the same number of axes, extents 1 or same */
    PB_OP_SLICE,       /* attrs.before                                         */
    PB_OP_PAD,         /* attrs.before, attrs.after                            */
    PB_OP_CONCAT,      /* attrs.axis                                           */
    PB_OP_GATHER,      /* (a, index)                                           */
    PB_OP_SCATTER_ADD, /* (rows, index), attrs.count rows                    */
    PB_OP_TAKE,        /* (a, index): of the last axis                         */
    PB_OP_PICK,        /* (a, index): of each row by an index of its own       */
    PB_OP_POOL_INDEX,
    PB_OP_POOL_GATHER,
    PB_OP_POOL_SCATTER, /* attrs.window; scatter: attrs.height, width */
    /* reductions along attrs.axis, which stays with extent 1; pb_sum(keep = false) appends a
       reshape */
    PB_OP_SUM,
    PB_OP_MAX,
    PB_OP_ARGMAX,
    /* contractions */
    PB_OP_MATMUL, /* attrs.transpose_a, transpose_b; equal leading axes; a 2-D operand against a
                     batched one is an explicit broadcast */
    PB_OP_CONV,
    PB_OP_CONV_DX,
    PB_OP_CONV_DW, /* attrs.window (+ height, width) */
    PB_OP_ANALYSIS,  /* (x, filters): attrs.axis, attrs.extension (pb_extension)  */
    PB_OP_SYNTHESIS, /* (y, filters): its adjoint, lines of attrs.count points    */
    PB_OP_HISTOGRAM, /* of the rows of a matrix, attrs.count bins                 */
    /* effects */
    PB_OP_ASSIGN, /* (target, value) */
    PB_OP_COUNT
} pb_op;

typedef enum pb_op_class {
    PB_LEAF,
    PB_ELEMENTWISE,
    PB_MOVEMENT,
    PB_REDUCTION,
    PB_CONTRACTION,
    PB_EFFECT
} pb_op_class;

typedef struct pb_attrs {
    pb_shape shape; /* leaf, constant, iota, reshape, broadcast, slice: what was asked for */
    pb_dtype dtype; /* leaf, constant, cast: what was asked for */
    pb_role role;
    pb_init init;
    double number;    /* constant without data: exact in the value's dtype */
    const void *data; /* constant with data, in the value's dtype; owned by the graph */
    int axis;
    int order[PB_MAX_AXES], before[PB_MAX_AXES], after[PB_MAX_AXES];
    int count, height, width, extension;
    uint32_t purpose; /* hash of what random numbers are for */
    pb_window window;
    bool transpose_a, transpose_b;
} pb_attrs;

/** What the graph holds of one value. */
typedef struct pb_record {
    pb_op op;
    pb_dtype dtype;
    pb_shape shape;
    int arity;
    const pb_value *in; /* [arity], owned by the graph */
    pb_attrs attrs;
    const char *name;  /* leaf's name, else NULL      */
    const char *scope; /* stage that appended it, or NULL */
} pb_record;

/* Which attributes an op has; printing shows them and equal values agree in them. */
enum {
    PB_HAS_SHAPE = 1 << 0,  /* shape asked for                          */
    PB_HAS_DTYPE = 1 << 1,  /* dtype asked for                          */
    PB_HAS_LEAF = 1 << 2,   /* role, init                               */
    PB_HAS_NUMBER = 1 << 3, /* number, data                            */
    PB_HAS_AXIS = 1 << 4,
    PB_HAS_ORDER = 1 << 5,
    PB_HAS_BEFORE = 1 << 6,
    PB_HAS_AFTER = 1 << 7,
    PB_HAS_COUNT = 1 << 8,
    PB_HAS_EXTENT = 1 << 9, /* height, width                           */
    PB_HAS_WINDOW = 1 << 10,
    PB_HAS_TRANSPOSE = 1 << 11,
    PB_HAS_EXTENSION = 1 << 12,
    PB_HAS_PURPOSE = 1 << 13,
};

struct pb_onnx;
typedef struct pb_op_row {
    const char *name;
    pb_op_class class;
    int arity;        /* -1: any number                                                           */
    unsigned attrs;   /* PB_HAS_...                                                               */
    const char *expr; /* elementwise: OpenCL C on float or int scalars, $0 to $3 the inputs, $c and
                         $p attrs.count and attrs.purpose                                         */
    /* Checks inputs and sets record->shape and record->dtype. Errors name op and shapes. */
    pb_status (*infer)(pb_graph *g, pb_record *record);
    /* Appends the gradient of each input given that of the value; leaves PB_NONE where there is
     * none to give (integer inputs, piecewise constant functions). NULL: no gradient, an error
     * naming the op; see no_gradient. */
    void (*gradient)(pb_graph *g, pb_value y, pb_value dy, pb_value d[]);
    bool no_gradient; /* piecewise constant: gradients stop here without an error (step, argmax,
                         iota, ...)     */
    /* Float64 reference: inputs and output as doubles, row-major. Tests compare kernels with it,
     * fold uses it. */
    void (*reference)(const pb_graph *g, const pb_record *r, const double *const in[], double *out);
    /* A simpler value equal to the op on `in`, for the fold pass, or PB_NONE; `r` gives attributes,
     * shape and dtype. */
    pb_value (*simplify)(pb_graph *g, const pb_record *r, const pb_value in[]);
    /* For the hoist pass: whether row i of the value (axis 0) depends on row i of the inputs with
     * by_row[k] and on the whole of the others. NULL: no. */
    bool (*by_rows)(const pb_graph *g, const pb_record *r, bool by_row[]);
    /* For an ONNX model: appends the nodes of the value (graph/onnx_model.h). NULL: the op has no form there. */
    void (*onnx_rule)(struct pb_onnx *o, pb_value v);
    const char *onnx; /* ONNX's name of an elementwise op on the same operands */
} pb_op_row;

extern const pb_op_row pb_ops[PB_OP_COUNT];

const pb_record *pb_record_of(const pb_graph *g, pb_value v);
pb_context *pb_graph_context(const pb_graph *g);
/** Appends any op after inference; `in` has `arity` values. */
pb_value pb_append(pb_graph *g, pb_op op, int arity, const pb_value in[], const pb_attrs *attrs);
/** Records an error of the graph (first one wins) with the current scope before it; returns
 * PB_NONE. */
pb_value pb_graph_fail(pb_graph *g, pb_status code, const char *format, ...) PB_PRINTF(3, 4);

#define PB_GRAPH_PROGRAMS 16 /* at most */

/* Programs of a graph, in order of creation. */
typedef struct pb_program_list {
    int count;
    struct {
        const char *name;
        bool seldom; /* not worth computing anything for beforehand */
        int assign_count;
        const pb_value *assigns; /* PB_OP_ASSIGN values */
    } program[PB_GRAPH_PROGRAMS];
} pb_program_list;
const pb_program_list *pb_graph_programs(const pb_graph *g);

/* ---- reference: every value that `wanted` needs, in float64 on the host ---- */
/** leaf_data[i] is the content of leaves[i] as doubles; out[j] is set to wanted[j]'s elements
 * (free() each). Assignments are not carried out. */
pb_status pb_reference(const pb_graph *g, int leaf_count, const pb_value leaves[],
                       const double *const leaf_data[], int wanted_count, const pb_value wanted[],
                       double *out[]);

/* ---- passes: each makes a new graph; map[old] = new value or PB_NONE; leaves keep their names
 * ---- */
/** Only what the programs need. */
pb_status pb_pass_dead(const pb_graph *g, pb_graph **out, pb_value **map);
/** What depends on constants alone becomes a constant; x + 0, x * 1, x * 0, a cast to the same
 * type, a reshape of a reshape, a transposed operand of a matmul (into its flag) and the like go
 * away. */
pb_status pb_pass_fold(const pb_graph *g, pb_graph **out, pb_value **map);
/** Equal values (same op, inputs, attributes) become one. */
pb_status pb_pass_share(const pb_graph *g, pb_graph **out, pb_value **map);
/** Moves gathers of static rows as late as they go: op(gather(data, i)) becomes gather(op(data), i)
 * for every op that works on each row by itself, so that op(data) depends on data only. It stops
 * where a row would grow more than fourfold (one_hot of labels). */
pb_status pb_pass_hoist(const pb_graph *g, pb_graph **out, pb_value **map);
/** dead, share, hoist, fold, share, dead. */
pb_status pb_passes(const pb_graph *g, pb_graph **out, pb_value **map);
/** is_static[v]: v depends on data leaves and constants only. `is_static` has pb_graph_count(g)
 * entries. */
void pb_graph_static(const pb_graph *g, bool is_static[]);

#endif
