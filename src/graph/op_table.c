/* The table: the only place that knows an op. A reader who knows one row knows them all. */
#include "graph/onnx_rules.h"
#include "graph/rules.h"

/* clang-format off */
const pb_op_row pb_ops[PB_OP_COUNT] = {
    /* ---- leaves ---- */
    [PB_OP_LEAF] = {
        .name = "leaf", .class = PB_LEAF, .arity = 0,
        .attrs = PB_HAS_SHAPE | PB_HAS_DTYPE | PB_HAS_LEAF,
        .infer = pb_infer_asked, .no_gradient = true,
    },
    [PB_OP_CONSTANT] = {
        .name = "constant", .class = PB_LEAF, .arity = 0,
        .attrs = PB_HAS_SHAPE | PB_HAS_DTYPE | PB_HAS_NUMBER,
        .infer = pb_infer_asked, .no_gradient = true, .reference = pb_ref_constant,
        .onnx_rule = pb_onnx_constant,
    },
    [PB_OP_IOTA] = {
        .name = "iota", .class = PB_LEAF, .arity = 0,
        .attrs = PB_HAS_SHAPE | PB_HAS_AXIS,
        .infer = pb_infer_iota, .no_gradient = true, .reference = pb_ref_iota,
    },

    /* ---- elementwise: expressions hold for floats and ints alike where both are allowed ---- */
    [PB_OP_ADD] = {
        .name = "add", .class = PB_ELEMENTWISE, .arity = 2, .expr = "($0 + $1)",
        .infer = pb_infer_number, .gradient = pb_grad_add, .reference = pb_ref_add,
        .simplify = pb_simplify_add, .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_elementwise, .onnx = "Add",
    },
    [PB_OP_SUB] = {
        .name = "sub", .class = PB_ELEMENTWISE, .arity = 2, .expr = "($0 - $1)",
        .infer = pb_infer_number, .gradient = pb_grad_sub, .reference = pb_ref_sub,
        .simplify = pb_simplify_sub, .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_elementwise, .onnx = "Sub",
    },
    [PB_OP_MUL] = {
        .name = "mul", .class = PB_ELEMENTWISE, .arity = 2, .expr = "($0 * $1)",
        .infer = pb_infer_number, .gradient = pb_grad_mul, .reference = pb_ref_mul,
        .simplify = pb_simplify_mul, .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_elementwise, .onnx = "Mul",
    },
    [PB_OP_DIV] = {
        .name = "div", .class = PB_ELEMENTWISE, .arity = 2, .expr = "($0 / $1)",
        .infer = pb_infer_float, .gradient = pb_grad_div, .reference = pb_ref_div,
        .simplify = pb_simplify_div, .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_elementwise, .onnx = "Div",
    },
    [PB_OP_MAXIMUM] = { /* NaN on either side stays NaN */
        .name = "maximum", .class = PB_ELEMENTWISE, .arity = 2,
        .expr = "($0 >= $1 || $0 != $0 ? $0 : $1)",
        .infer = pb_infer_number, .gradient = pb_grad_maximum, .reference = pb_ref_maximum,
        .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_elementwise, .onnx = "Max",
    },
    [PB_OP_MINIMUM] = {
        .name = "minimum", .class = PB_ELEMENTWISE, .arity = 2,
        .expr = "($0 <= $1 || $0 != $0 ? $0 : $1)",
        .infer = pb_infer_number, .gradient = pb_grad_minimum, .reference = pb_ref_minimum,
        .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_elementwise, .onnx = "Min",
    },
    [PB_OP_LESS] = {
        .name = "less", .class = PB_ELEMENTWISE, .arity = 2, .expr = "($0 < $1 ? 1 : 0)",
        .infer = pb_infer_number, .no_gradient = true, .reference = pb_ref_less,
        .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_truth, .onnx = "Less",
    },
    [PB_OP_EQUAL] = {
        .name = "equal", .class = PB_ELEMENTWISE, .arity = 2, .expr = "($0 == $1 ? 1 : 0)",
        .infer = pb_infer_number, .no_gradient = true, .reference = pb_ref_equal,
        .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_truth, .onnx = "Equal",
    },
    [PB_OP_NEG] = {
        .name = "neg", .class = PB_ELEMENTWISE, .arity = 1, .expr = "(-$0)",
        .infer = pb_infer_number, .gradient = pb_grad_neg, .reference = pb_ref_neg,
        .simplify = pb_simplify_neg, .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_elementwise, .onnx = "Neg",
    },
    [PB_OP_ABS] = {
        .name = "abs", .class = PB_ELEMENTWISE, .arity = 1, .expr = "($0 < 0 ? 0 - $0 : $0)",
        .infer = pb_infer_number, .gradient = pb_grad_abs, .reference = pb_ref_abs,
        .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_elementwise, .onnx = "Abs",
    },
    [PB_OP_SIGN] = {
        .name = "sign", .class = PB_ELEMENTWISE, .arity = 1, .expr = "(($0 > 0) - ($0 < 0))",
        .infer = pb_infer_number, .no_gradient = true, .reference = pb_ref_sign,
        .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_elementwise, .onnx = "Sign",
    },
    [PB_OP_EXP] = {
        .name = "exp", .class = PB_ELEMENTWISE, .arity = 1, .expr = "EXP($0)",
        .infer = pb_infer_float, .gradient = pb_grad_exp, .reference = pb_ref_exp,
        .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_elementwise, .onnx = "Exp",
    },
    [PB_OP_LOG] = {
        .name = "log", .class = PB_ELEMENTWISE, .arity = 1, .expr = "log($0)",
        .infer = pb_infer_float, .gradient = pb_grad_log, .reference = pb_ref_log,
        .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_elementwise, .onnx = "Log",
    },
    [PB_OP_SQRT] = {
        .name = "sqrt", .class = PB_ELEMENTWISE, .arity = 1, .expr = "sqrt($0)",
        .infer = pb_infer_float, .gradient = pb_grad_sqrt, .reference = pb_ref_sqrt,
        .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_elementwise, .onnx = "Sqrt",
    },
    [PB_OP_SIN] = {
        .name = "sin", .class = PB_ELEMENTWISE, .arity = 1, .expr = "sin($0)",
        .infer = pb_infer_float, .gradient = pb_grad_sin, .reference = pb_ref_sin,
        .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_elementwise, .onnx = "Sin",
    },
    [PB_OP_COS] = {
        .name = "cos", .class = PB_ELEMENTWISE, .arity = 1, .expr = "cos($0)",
        .infer = pb_infer_float, .gradient = pb_grad_cos, .reference = pb_ref_cos,
        .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_elementwise, .onnx = "Cos",
    },
    [PB_OP_TANH] = {
        .name = "tanh", .class = PB_ELEMENTWISE, .arity = 1, .expr = "tanh($0)",
        .infer = pb_infer_float, .gradient = pb_grad_tanh, .reference = pb_ref_tanh,
        .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_elementwise, .onnx = "Tanh",
    },
    [PB_OP_FLOOR] = {
        .name = "floor", .class = PB_ELEMENTWISE, .arity = 1, .expr = "floor($0)",
        .infer = pb_infer_float, .no_gradient = true, .reference = pb_ref_floor,
        .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_elementwise, .onnx = "Floor",
    },
    [PB_OP_HALF] = { /* to the nearest multiple of 2^-24 where halves are subnormal, else to 11 bits */
        .name = "half", .class = PB_ELEMENTWISE, .arity = 1,
        .expr = "($0 != $0 ? $0 : fabs($0) >= 65520.0f ? copysign(INFINITY, $0) :"
                " fabs($0) < 0x1p-14f ? rint($0 * 0x1p24f) * 0x1p-24f :"
                " as_float((as_uint($0) + 0xFFFu + ((as_uint($0) >> 13) & 1u)) & 0xFFFFE000u))",
        .infer = pb_infer_float, .no_gradient = true, .reference = pb_ref_half,
        .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_half,
    },
    [PB_OP_RELU] = { /* NaN stays NaN, so that a broken run is noticed */
        .name = "relu", .class = PB_ELEMENTWISE, .arity = 1, .expr = "($0 < 0 ? 0 : $0)",
        .infer = pb_infer_number, .gradient = pb_grad_relu, .reference = pb_ref_relu,
        .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_relu,
    },
    [PB_OP_STEP] = {
        .name = "step", .class = PB_ELEMENTWISE, .arity = 1, .expr = "($0 > 0 ? 1 : 0)",
        .infer = pb_infer_number, .no_gradient = true, .reference = pb_ref_step,
        .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_step,
    },
    [PB_OP_SELECT] = {
        .name = "select", .class = PB_ELEMENTWISE, .arity = 3, .expr = "($0 != 0 ? $1 : $2)",
        .infer = pb_infer_select, .gradient = pb_grad_select, .reference = pb_ref_select,
        .simplify = pb_simplify_select, .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_select,
    },
    [PB_OP_CAST] = {
        .name = "cast", .class = PB_ELEMENTWISE, .arity = 1,
        .attrs = PB_HAS_DTYPE, .expr = "$0",
        .infer = pb_infer_cast, .gradient = pb_grad_same, .reference = pb_ref_cast,
        .simplify = pb_simplify_cast, .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_cast,
    },
    [PB_OP_DETACH] = {
        .name = "detach", .class = PB_ELEMENTWISE, .arity = 1, .expr = "$0",
        .infer = pb_infer_any, .no_gradient = true, .reference = pb_ref_copy,
        .simplify = pb_simplify_detach, .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_same,
    },
    [PB_OP_EACH_STEP] = { /* by_rows is missing on purpose: that is what stops the hoist pass */
        .name = "each_step", .class = PB_ELEMENTWISE, .arity = 1, .expr = "$0",
        .infer = pb_infer_any, .gradient = pb_grad_same, .reference = pb_ref_copy,
        .onnx_rule = pb_onnx_same,
    },
    /* random: number sample * count + place of a stream, as base/rng.h has it; in every step too */
    [PB_OP_UNIFORM] = {
        .name = "uniform", .class = PB_ELEMENTWISE, .arity = 4,
        .attrs = PB_HAS_COUNT | PB_HAS_PURPOSE, .expr = "philox_uniform($0, $1, $2, $3, $c, $p)",
        .infer = pb_infer_random, .no_gradient = true, .reference = pb_ref_uniform,
    },
    [PB_OP_NORMAL] = {
        .name = "normal", .class = PB_ELEMENTWISE, .arity = 4,
        .attrs = PB_HAS_COUNT | PB_HAS_PURPOSE, .expr = "philox_normal($0, $1, $2, $3, $c, $p)",
        .infer = pb_infer_random, .no_gradient = true, .reference = pb_ref_normal,
    },

    /* ---- movement ---- */
    [PB_OP_RESHAPE] = {
        .name = "reshape", .class = PB_MOVEMENT, .arity = 1,
        .attrs = PB_HAS_SHAPE,
        .infer = pb_infer_reshape, .gradient = pb_grad_reshape, .reference = pb_ref_copy,
        .simplify = pb_simplify_reshape, .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_reshape,
    },
    [PB_OP_PERMUTE] = {
        .name = "permute", .class = PB_MOVEMENT, .arity = 1,
        .attrs = PB_HAS_ORDER,
        .infer = pb_infer_permute, .gradient = pb_grad_permute, .reference = pb_ref_permute,
        .simplify = pb_simplify_permute, .by_rows = pb_rows_permute,
        .onnx_rule = pb_onnx_permute,
    },
    [PB_OP_BROADCAST] = {
        .name = "broadcast", .class = PB_MOVEMENT, .arity = 1,
        .attrs = PB_HAS_SHAPE,
        .infer = pb_infer_broadcast, .gradient = pb_grad_broadcast, .reference = pb_ref_broadcast,
        .simplify = pb_simplify_broadcast, .by_rows = pb_rows_whole,
        .onnx_rule = pb_onnx_broadcast,
    },
    [PB_OP_SLICE] = {
        .name = "slice", .class = PB_MOVEMENT, .arity = 1,
        .attrs = PB_HAS_SHAPE | PB_HAS_BEFORE,
        .infer = pb_infer_slice, .gradient = pb_grad_slice, .reference = pb_ref_slice,
        .simplify = pb_simplify_slice, .by_rows = pb_rows_whole,
        .onnx_rule = pb_onnx_slice,
    },
    [PB_OP_PAD] = {
        .name = "pad", .class = PB_MOVEMENT, .arity = 1,
        .attrs = PB_HAS_BEFORE | PB_HAS_AFTER,
        .infer = pb_infer_pad, .gradient = pb_grad_pad, .reference = pb_ref_pad,
        .simplify = pb_simplify_pad, .by_rows = pb_rows_whole,
        .onnx_rule = pb_onnx_pad,
    },
    [PB_OP_CONCAT] = {
        .name = "concat", .class = PB_MOVEMENT, .arity = -1,
        .attrs = PB_HAS_AXIS,
        .infer = pb_infer_concat, .gradient = pb_grad_concat, .reference = pb_ref_concat,
        .by_rows = pb_rows_concat,
        .onnx_rule = pb_onnx_concat,
    },
    [PB_OP_GATHER] = {
        .name = "gather", .class = PB_MOVEMENT, .arity = 2,
        .infer = pb_infer_gather, .gradient = pb_grad_gather, .reference = pb_ref_gather,
        .simplify = pb_simplify_gather,
        .onnx_rule = pb_onnx_gather,
    },
    [PB_OP_SCATTER_ADD] = {
        .name = "scatter_add", .class = PB_MOVEMENT, .arity = 2,
        .attrs = PB_HAS_COUNT,
        .infer = pb_infer_scatter_add, .gradient = pb_grad_scatter_add,
        .reference = pb_ref_scatter_add,
    },
    [PB_OP_TAKE] = {
        .name = "take", .class = PB_MOVEMENT, .arity = 2,
        .infer = pb_infer_take, .gradient = pb_grad_take, .reference = pb_ref_take,
        .by_rows = pb_rows_take,
        .onnx_rule = pb_onnx_take,
    },
    [PB_OP_PICK] = {
        .name = "pick", .class = PB_MOVEMENT, .arity = 2,
        .infer = pb_infer_pick, .gradient = pb_grad_pick, .reference = pb_ref_pick,
        .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_pick,
    },
    [PB_OP_POOL_INDEX] = {
        .name = "pool_index", .class = PB_MOVEMENT, .arity = 1,
        .attrs = PB_HAS_WINDOW,
        .infer = pb_infer_pool_index, .no_gradient = true, .reference = pb_ref_pool_index,
        .by_rows = pb_rows_all,
    },
    [PB_OP_POOL_GATHER] = {
        .name = "pool_gather", .class = PB_MOVEMENT, .arity = 2,
        .attrs = PB_HAS_WINDOW,
        .infer = pb_infer_pool_gather, .gradient = pb_grad_pool_gather,
        .reference = pb_ref_pool_gather,
        .by_rows = pb_rows_all,
        .onnx_rule = pb_onnx_pool_gather,
    },
    [PB_OP_POOL_SCATTER] = {
        .name = "pool_scatter", .class = PB_MOVEMENT, .arity = 2,
        .attrs = PB_HAS_WINDOW | PB_HAS_EXTENT,
        .infer = pb_infer_pool_scatter, .gradient = pb_grad_pool_scatter,
        .reference = pb_ref_pool_scatter,
        .by_rows = pb_rows_all,
    },

    /* ---- reductions ---- */
    [PB_OP_SUM] = {
        .name = "sum", .class = PB_REDUCTION, .arity = 1,
        .attrs = PB_HAS_AXIS,
        .infer = pb_infer_reduce, .gradient = pb_grad_sum, .reference = pb_ref_sum,
        .simplify = pb_simplify_sum, .by_rows = pb_rows_reduce,
        .onnx_rule = pb_onnx_sum,
    },
    [PB_OP_MAX] = {
        .name = "max", .class = PB_REDUCTION, .arity = 1,
        .attrs = PB_HAS_AXIS,
        .infer = pb_infer_reduce, .gradient = pb_grad_max, .reference = pb_ref_max,
        .simplify = pb_simplify_max, .by_rows = pb_rows_reduce,
        .onnx_rule = pb_onnx_max,
    },
    [PB_OP_ARGMAX] = {
        .name = "argmax", .class = PB_REDUCTION, .arity = 1,
        .attrs = PB_HAS_AXIS,
        .infer = pb_infer_argmax, .no_gradient = true, .reference = pb_ref_argmax,
        .by_rows = pb_rows_reduce,
        .onnx_rule = pb_onnx_argmax,
    },

    /* ---- contractions ---- */
    [PB_OP_MATMUL] = {
        .name = "matmul", .class = PB_CONTRACTION, .arity = 2,
        .attrs = PB_HAS_TRANSPOSE,
        .infer = pb_infer_matmul, .gradient = pb_grad_matmul, .reference = pb_ref_matmul,
        .simplify = pb_simplify_matmul, .by_rows = pb_rows_matmul,
        .onnx_rule = pb_onnx_matmul,
    },
    [PB_OP_CONV] = {
        .name = "conv", .class = PB_CONTRACTION, .arity = 2,
        .attrs = PB_HAS_WINDOW,
        .infer = pb_infer_conv, .gradient = pb_grad_conv, .reference = pb_ref_conv,
        .by_rows = pb_rows_first,
        .onnx_rule = pb_onnx_conv,
    },
    [PB_OP_CONV_DX] = {
        .name = "conv_dx", .class = PB_CONTRACTION, .arity = 2,
        .attrs = PB_HAS_WINDOW | PB_HAS_EXTENT,
        .infer = pb_infer_conv_dx, .gradient = pb_grad_conv_dx, .reference = pb_ref_conv_dx,
        .by_rows = pb_rows_first,
    },
    [PB_OP_CONV_DW] = {
        .name = "conv_dw", .class = PB_CONTRACTION, .arity = 2,
        .attrs = PB_HAS_WINDOW,
        .infer = pb_infer_conv_dw, .gradient = pb_grad_conv_dw, .reference = pb_ref_conv_dw,
    },

    [PB_OP_ANALYSIS] = {
        .name = "analysis", .class = PB_CONTRACTION, .arity = 2,
        .attrs = PB_HAS_AXIS | PB_HAS_EXTENSION,
        .infer = pb_infer_analysis, .gradient = pb_grad_analysis, .reference = pb_ref_analysis,
        .by_rows = pb_rows_reduce,
        .onnx_rule = pb_onnx_filter_bank,
    },
    [PB_OP_SYNTHESIS] = {
        .name = "synthesis", .class = PB_CONTRACTION, .arity = 2,
        .attrs = PB_HAS_AXIS | PB_HAS_EXTENSION | PB_HAS_COUNT,
        .infer = pb_infer_synthesis, .gradient = pb_grad_synthesis, .reference = pb_ref_synthesis,
        .by_rows = pb_rows_reduce,
        .onnx_rule = pb_onnx_filter_bank,
    },

    [PB_OP_HISTOGRAM] = {
        .name = "histogram", .class = PB_CONTRACTION, .arity = 1,
        .attrs = PB_HAS_COUNT,
        .infer = pb_infer_histogram, .no_gradient = true, .reference = pb_ref_histogram,
        .by_rows = pb_rows_first,
        .onnx_rule = pb_onnx_histogram,
    },

    /* ---- effects ---- */
    [PB_OP_ASSIGN] = {
        .name = "assign", .class = PB_EFFECT, .arity = 2, .infer = pb_infer_assign,
    },
};
/* clang-format on */
