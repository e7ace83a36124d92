/* The table: the only place that knows an op. One row an op; a reader who knows one row knows them
 * all. */
#include "graph/rules.h"

/* clang-format off */
const pb_op_row pb_ops[PB_OP_COUNT] = {
    /* ---- leaves ---- */
    [PB_OP_LEAF] = {
        .name = "leaf", .class = PB_LEAF, .arity = 0,
        .infer = pb_infer_asked, .no_gradient = true,
    },
    [PB_OP_CONSTANT] = {
        .name = "constant", .class = PB_LEAF, .arity = 0,
        .infer = pb_infer_asked, .no_gradient = true, .reference = pb_ref_constant,
    },
    [PB_OP_IOTA] = {
        .name = "iota", .class = PB_LEAF, .arity = 0,
        .infer = pb_infer_iota, .no_gradient = true, .reference = pb_ref_iota,
    },

    /* ---- elementwise: expressions hold for floats and ints alike where both are allowed ---- */
    [PB_OP_ADD] = {
        .name = "add", .class = PB_ELEMENTWISE, .arity = 2, .expr = "($0 + $1)",
        .infer = pb_infer_number, .gradient = pb_grad_add, .reference = pb_ref_add,
    },
    [PB_OP_SUB] = {
        .name = "sub", .class = PB_ELEMENTWISE, .arity = 2, .expr = "($0 - $1)",
        .infer = pb_infer_number, .gradient = pb_grad_sub, .reference = pb_ref_sub,
    },
    [PB_OP_MUL] = {
        .name = "mul", .class = PB_ELEMENTWISE, .arity = 2, .expr = "($0 * $1)",
        .infer = pb_infer_number, .gradient = pb_grad_mul, .reference = pb_ref_mul,
    },
    [PB_OP_DIV] = {
        .name = "div", .class = PB_ELEMENTWISE, .arity = 2, .expr = "($0 / $1)",
        .infer = pb_infer_float, .gradient = pb_grad_div, .reference = pb_ref_div,
    },
    [PB_OP_MAXIMUM] = { /* NaN on either side stays NaN */
        .name = "maximum", .class = PB_ELEMENTWISE, .arity = 2,
        .expr = "($0 >= $1 || $0 != $0 ? $0 : $1)",
        .infer = pb_infer_number, .gradient = pb_grad_maximum, .reference = pb_ref_maximum,
    },
    [PB_OP_MINIMUM] = {
        .name = "minimum", .class = PB_ELEMENTWISE, .arity = 2,
        .expr = "($0 <= $1 || $0 != $0 ? $0 : $1)",
        .infer = pb_infer_number, .gradient = pb_grad_minimum, .reference = pb_ref_minimum,
    },
    [PB_OP_LESS] = {
        .name = "less", .class = PB_ELEMENTWISE, .arity = 2, .expr = "($0 < $1 ? 1 : 0)",
        .infer = pb_infer_number, .no_gradient = true, .reference = pb_ref_less,
    },
    [PB_OP_EQUAL] = {
        .name = "equal", .class = PB_ELEMENTWISE, .arity = 2, .expr = "($0 == $1 ? 1 : 0)",
        .infer = pb_infer_number, .no_gradient = true, .reference = pb_ref_equal,
    },
    [PB_OP_NEG] = {
        .name = "neg", .class = PB_ELEMENTWISE, .arity = 1, .expr = "(-$0)",
        .infer = pb_infer_number, .gradient = pb_grad_neg, .reference = pb_ref_neg,
    },
    [PB_OP_ABS] = {
        .name = "abs", .class = PB_ELEMENTWISE, .arity = 1, .expr = "($0 > 0 ? $0 : 0 - $0)",
        .infer = pb_infer_number, .gradient = pb_grad_abs, .reference = pb_ref_abs,
    },
    [PB_OP_SIGN] = {
        .name = "sign", .class = PB_ELEMENTWISE, .arity = 1, .expr = "(($0 > 0) - ($0 < 0))",
        .infer = pb_infer_number, .no_gradient = true, .reference = pb_ref_sign,
    },
    [PB_OP_EXP] = {
        .name = "exp", .class = PB_ELEMENTWISE, .arity = 1, .expr = "exp($0)",
        .infer = pb_infer_float, .gradient = pb_grad_exp, .reference = pb_ref_exp,
    },
    [PB_OP_LOG] = {
        .name = "log", .class = PB_ELEMENTWISE, .arity = 1, .expr = "log($0)",
        .infer = pb_infer_float, .gradient = pb_grad_log, .reference = pb_ref_log,
    },
    [PB_OP_SQRT] = {
        .name = "sqrt", .class = PB_ELEMENTWISE, .arity = 1, .expr = "sqrt($0)",
        .infer = pb_infer_float, .gradient = pb_grad_sqrt, .reference = pb_ref_sqrt,
    },
    [PB_OP_SIN] = {
        .name = "sin", .class = PB_ELEMENTWISE, .arity = 1, .expr = "sin($0)",
        .infer = pb_infer_float, .gradient = pb_grad_sin, .reference = pb_ref_sin,
    },
    [PB_OP_COS] = {
        .name = "cos", .class = PB_ELEMENTWISE, .arity = 1, .expr = "cos($0)",
        .infer = pb_infer_float, .gradient = pb_grad_cos, .reference = pb_ref_cos,
    },
    [PB_OP_TANH] = {
        .name = "tanh", .class = PB_ELEMENTWISE, .arity = 1, .expr = "tanh($0)",
        .infer = pb_infer_float, .gradient = pb_grad_tanh, .reference = pb_ref_tanh,
    },
    [PB_OP_FLOOR] = {
        .name = "floor", .class = PB_ELEMENTWISE, .arity = 1, .expr = "floor($0)",
        .infer = pb_infer_float, .no_gradient = true, .reference = pb_ref_floor,
    },
    [PB_OP_RELU] = { /* NaN stays NaN, so that a broken run is noticed */
        .name = "relu", .class = PB_ELEMENTWISE, .arity = 1, .expr = "($0 < 0 ? 0 : $0)",
        .infer = pb_infer_number, .gradient = pb_grad_relu, .reference = pb_ref_relu,
    },
    [PB_OP_STEP] = {
        .name = "step", .class = PB_ELEMENTWISE, .arity = 1, .expr = "($0 > 0 ? 1 : 0)",
        .infer = pb_infer_number, .no_gradient = true, .reference = pb_ref_step,
    },
    [PB_OP_SELECT] = {
        .name = "select", .class = PB_ELEMENTWISE, .arity = 3, .expr = "($0 != 0 ? $1 : $2)",
        .infer = pb_infer_select, .gradient = pb_grad_select, .reference = pb_ref_select,
    },
    [PB_OP_CAST] = {
        .name = "cast", .class = PB_ELEMENTWISE, .arity = 1, .expr = "$0",
        .infer = pb_infer_cast, .gradient = pb_grad_cast, .reference = pb_ref_cast,
    },
    [PB_OP_DETACH] = {
        .name = "detach", .class = PB_ELEMENTWISE, .arity = 1, .expr = "$0",
        .infer = pb_infer_any, .no_gradient = true, .reference = pb_ref_copy,
    },

    /* ---- movement ---- */
    [PB_OP_RESHAPE] = {
        .name = "reshape", .class = PB_MOVEMENT, .arity = 1,
        .infer = pb_infer_reshape, .gradient = pb_grad_reshape, .reference = pb_ref_copy,
    },
    [PB_OP_PERMUTE] = {
        .name = "permute", .class = PB_MOVEMENT, .arity = 1,
        .infer = pb_infer_permute, .gradient = pb_grad_permute, .reference = pb_ref_permute,
    },
    [PB_OP_BROADCAST] = {
        .name = "broadcast", .class = PB_MOVEMENT, .arity = 1,
        .infer = pb_infer_broadcast, .gradient = pb_grad_broadcast, .reference = pb_ref_broadcast,
    },
    [PB_OP_SLICE] = {
        .name = "slice", .class = PB_MOVEMENT, .arity = 1,
        .infer = pb_infer_slice, .gradient = pb_grad_slice, .reference = pb_ref_slice,
    },
    [PB_OP_PAD] = {
        .name = "pad", .class = PB_MOVEMENT, .arity = 1,
        .infer = pb_infer_pad, .gradient = pb_grad_pad, .reference = pb_ref_pad,
    },
    [PB_OP_CONCAT] = {
        .name = "concat", .class = PB_MOVEMENT, .arity = -1,
        .infer = pb_infer_concat, .gradient = pb_grad_concat, .reference = pb_ref_concat,
    },
    [PB_OP_GATHER] = {
        .name = "gather", .class = PB_MOVEMENT, .arity = 2,
        .infer = pb_infer_gather, .gradient = pb_grad_gather, .reference = pb_ref_gather,
    },
    [PB_OP_SCATTER_ADD] = {
        .name = "scatter_add", .class = PB_MOVEMENT, .arity = 2,
        .infer = pb_infer_scatter_add, .gradient = pb_grad_scatter_add,
        .reference = pb_ref_scatter_add,
    },
    [PB_OP_POOL_INDEX] = {
        .name = "pool_index", .class = PB_MOVEMENT, .arity = 1,
        .infer = pb_infer_pool_index, .no_gradient = true, .reference = pb_ref_pool_index,
    },
    [PB_OP_POOL_GATHER] = {
        .name = "pool_gather", .class = PB_MOVEMENT, .arity = 2,
        .infer = pb_infer_pool_gather, .gradient = pb_grad_pool_gather,
        .reference = pb_ref_pool_gather,
    },
    [PB_OP_POOL_SCATTER] = {
        .name = "pool_scatter", .class = PB_MOVEMENT, .arity = 2,
        .infer = pb_infer_pool_scatter, .gradient = pb_grad_pool_scatter,
        .reference = pb_ref_pool_scatter,
    },

    /* ---- reductions ---- */
    [PB_OP_SUM] = {
        .name = "sum", .class = PB_REDUCTION, .arity = 1,
        .infer = pb_infer_reduce, .gradient = pb_grad_sum, .reference = pb_ref_sum,
    },
    [PB_OP_MAX] = {
        .name = "max", .class = PB_REDUCTION, .arity = 1,
        .infer = pb_infer_reduce, .gradient = pb_grad_max, .reference = pb_ref_max,
    },
    [PB_OP_ARGMAX] = {
        .name = "argmax", .class = PB_REDUCTION, .arity = 1,
        .infer = pb_infer_argmax, .no_gradient = true, .reference = pb_ref_argmax,
    },

    /* ---- contractions ---- */
    [PB_OP_MATMUL] = {
        .name = "matmul", .class = PB_CONTRACTION, .arity = 2,
        .infer = pb_infer_matmul, .gradient = pb_grad_matmul, .reference = pb_ref_matmul,
    },
    [PB_OP_CONV] = {
        .name = "conv", .class = PB_CONTRACTION, .arity = 2,
        .infer = pb_infer_conv, .gradient = pb_grad_conv, .reference = pb_ref_conv,
    },
    [PB_OP_CONV_DX] = {
        .name = "conv_dx", .class = PB_CONTRACTION, .arity = 2,
        .infer = pb_infer_conv_dx, .gradient = pb_grad_conv_dx, .reference = pb_ref_conv_dx,
    },
    [PB_OP_CONV_DW] = {
        .name = "conv_dw", .class = PB_CONTRACTION, .arity = 2,
        .infer = pb_infer_conv_dw, .gradient = pb_grad_conv_dw, .reference = pb_ref_conv_dw,
    },

    /* ---- effects ---- */
    [PB_OP_ASSIGN] = {
        .name = "assign", .class = PB_EFFECT, .arity = 2, .infer = pb_infer_assign,
    },
};
/* clang-format on */
